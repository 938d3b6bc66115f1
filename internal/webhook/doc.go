// Package webhook tells other programs what happened here: an import finished, a
// release was built, somebody needs an answer. Emit writes what is to be sent in
// the transaction of the change, so that nothing is told that did not happen and
// nothing that happened is forgotten; a worker sends it, signed, and tries again
// until it arrives or is given up. docs/webhooks.md is for those who receive.
package webhook
