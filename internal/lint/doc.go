// Package lint checks examples and says what is wrong with them, where, and
// what to do. It changes nothing and stores nothing.
package lint
