// Package lint checks examples and says what is wrong with them, where, and
// what to do. It changes nothing and stores nothing.
//
// A rule is a definition: what it is called, why it exists, which parameters it
// takes, and a function that makes a check of it for one subcategory. New goes
// through a catalog once and makes, for every subcategory, the list of checks
// that run there, with their parameters read and their schemas compiled. Check
// then looks an example over: every text is scanned once for the kinds of bytes
// it holds, every structured answer is read once into a tree, and the checks
// share both.
//
// The rules of the families structure, text, privacy, tokens and json run in
// every category unless its catalog entry switches them off; json only looks at
// answers that the catalog calls structured. The families voice, injury and
// running run where a category's checks name them, so any team's catalog can
// use them. docs/checks.md, which is generated from the definitions, lists all.
package lint
