package templates

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Tokens is an example as the chat template writes it, token by token.
type Tokens struct {
	Crumbs   []Link
	Problem  string // why there is no rendering; empty: there is one
	Notes    []string
	Total    string
	Trained  string
	Masked   string
	Share    string // of what is trained on: "12.5%"
	Limits   []TokenLimit
	Segments []TokenSegment
}

// TokenLimit is what a training platform does to the row.
type TokenLimit struct {
	Platform string
	Limit    string // "24,576"
	Text     string
	Cut      bool
}

// TokenSegment is a stretch that is trained on or masked.
type TokenSegment struct {
	Who     string
	Trained bool
	Count   string // with its noun
	Single  bool   // each part is one token, or one character of several
	Parts   []TokenPart
}

// TokenPart is the text of a token, or of many.
type TokenPart struct {
	Cuts  []string // what is cut before it
	Text  []Run
	Title string // what is remarkable about it; may be empty
}

// tokenParts writes the parts with nothing between them: a blank more would look
// like a blank of the text. That is why it is no template.
func tokenParts(parts []TokenPart) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		esc := templ.EscapeString[string]
		var b strings.Builder
		for _, p := range parts {
			for _, cut := range p.Cuts {
				b.WriteString(`<strong class="token-cut">` + esc(cut) + `</strong>`)
			}
			b.WriteString(`<span class="token"`)
			if p.Title != "" {
				b.WriteString(` title="` + esc(p.Title) + `"`)
			}
			b.WriteString(">")
			for _, r := range p.Text {
				r.write(&b)
			}
			b.WriteString("</span>")
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// Checked is what the checks find in a text that is not saved.
type Checked struct {
	Note     string
	Findings []Finding
	Proved   string // slugs of the checklist that the checks show of it, separated by spaces
}
