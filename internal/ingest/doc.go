// Package ingest takes files in: it keeps their original bytes, turns each
// record into an example or a reject, and puts examples into the database once.
//
// A file is stored first (Store) and imported after (Run), so a run can be
// stopped at any instant and carried on by anybody from the database alone. The
// merge of a batch and the progress of the run are one transaction; a worker
// holds a run by an id that it names in every such transaction, so one that was
// given up for dead cannot commit when it comes back.
//
// What a byte means is the business of internal/decode, what is wrong with an
// example that of internal/lint. The package is not for changing examples
// that are in.
package ingest
