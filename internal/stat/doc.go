// Package stat computes the figures that say how good the data and its review
// are: agreement between reviewers, intervals and plans for samples, calibration
// of confidences, balance, drift and diversity of a dataset.
//
// Everything here is arithmetic on numbers that are passed in: no database, no
// clock, no randomness but from a seed in the arguments, so that a figure can be
// computed again and is the same. Distributions and eigenvalues come from gonum;
// the formulas' sources are named beside them and in docs/agreement.md and
// docs/sampling.md, whose printed examples are this package's tests.
//
// A figure that the numbers don't determine (nobody disagreed because nobody had a
// choice, a share of nothing) is NaN, never zero. All functions may be called
// concurrently.
package stat
