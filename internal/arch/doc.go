// Package arch holds the test that keeps imports going down the floors of the
// house. It has no code of its own.
package arch
