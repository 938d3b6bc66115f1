// Package dedup finds examples that say the same: copies, near copies, commands
// that differ in a number only, and questions that are answered in two ways. It
// keeps the verified pairs and the groups they form, and carries out what people
// decide about a group. How it works, with which parameters and how well, is in
// docs/duplicates.md.
//
// It does not compare bytes: that an example with the same canonical form cannot
// come in twice is the importer's business.
//
// # How pairs are found
//
// No example is compared with all others. Each gets a few 64-bit keys; two
// examples are candidates when they share one. Short questions (commands) get
// keys of their content words, long ones bands of a MinHash signature. Every
// candidate is then verified by exact likeness, so keys decide only what is
// missed, never what is reported. A key that very many examples share costs
// each of them a bounded number of comparisons, with the oldest of them.
package dedup
