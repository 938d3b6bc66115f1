// Package sample writes deterministic, believable training data for tests,
// benchmarks and the demo: OpenAI-chat JSON Lines for the five VoiceFit
// categories, with planted duplicates, variants, contradictions and rule
// violations that are listed in a truth file beside the rows.
//
// It is not a model of real users, and nothing it writes belongs in a release:
// the answers are assembled from sentences, and they are only right in the
// sense that the checks of the product understand.
//
// # How a row is made
//
// Row i is a pure function of the seed, i and an attempt number, so rows are
// drafted in parallel. They are then settled in order by one goroutine, which
// keeps the index of what was said so far (the guard): a row whose user turns
// come too near an earlier row's is drafted again with the next attempt
// number. Planted duplicates are made while settling, from an earlier row that
// is drafted again from its index and attempt. The bytes therefore do not
// depend on the number of workers or on their timing.
package sample
