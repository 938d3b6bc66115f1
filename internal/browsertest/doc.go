// Package browsertest drives the pages in a real browser: a whole server on a
// database of its own, and Chromium in front of it. Only tests import it. What
// pages answer without a browser is tested in internal/ui.
package browsertest
