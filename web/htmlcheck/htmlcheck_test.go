package htmlcheck_test

import (
	"strings"
	"testing"

	"github.com/voicefit/spotter/web/htmlcheck"
)

const good = `<!DOCTYPE html><html lang="en"><head><title>T</title></head><body><main id="m"><h1>H</h1>BODY</main></body></html>`

func TestPage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"nothing wrong", `<h2>x</h2><p id="h">x</p><label for="i">L</label><input id="i" aria-describedby="h"><a href="#m">x</a><svg aria-hidden="true"><a href="/x" tabindex="-1"><rect></rect></a></svg>`, ""},
		{"wrapped by its label", `<label>L <input type="checkbox"></label>`, ""},
		{"repeated id", `<p id="a"></p><p id="a"></p>`, "repeats the id"},
		{"no label", `<input id="i">`, "has no label"},
		{"label for nothing", `<label for="i">L</label>`, "not there"},
		{"described by nothing", `<p aria-describedby="x">y</p>`, "not there"},
		{"empty link", `<a href="/x"> </a>`, "without words"},
		{"link without words but for a picture", `<a href="/x"><svg aria-hidden="true"><title>x</title></svg></a>`, "without words"},
		{"link to nowhere", `<a href="">x</a>`, "empty href"},
		{"link to a missing part", `<a href="#x">x</a>`, "not there"},
		{"script link", `<a href="javascript:x">x</a>`, "javascript"},
		{"empty button", `<button></button>`, "without words"},
		{"inline style", `<p style="color:red">x</p>`, "inline style"},
		{"inline handler", `<p onclick="x()">x</p>`, "inline handler"},
		{"inline script", `<script>x()</script>`, "inline script"},
		{"inline style sheet", `<style>p{}</style>`, "inline style sheet"},
		{"image without alt", `<img src="/x">`, "without alt"},
		{"form in form", `<form action="/x"><div><form action="/y"></form></div></form>`, "inside a form"},
		{"wrong nesting", `<p><b>x</p></b>`, "closes nothing"},
		{"not closed", `<div>`, "closes nothing"},
		{"skipped heading", `<h3>x</h3>`, "skips a level"},
		{"second h1", `<h1>x</h1>`, "2 <h1>"},
		{"header cell without scope", `<table><tr><th>x</th></tr></table>`, "without scope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(htmlcheck.Page([]byte(strings.Replace(good, "BODY", tt.body, 1))), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("Page(%s) = %q, want %q in it", tt.body, got, tt.want)
			}
		})
	}
}
