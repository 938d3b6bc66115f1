package templates

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Runs draws text. Invisible characters are named boxes; nothing in the text
// becomes HTML. It is written by hand because not one blank may come in
// between: the text is shown as it is.
func Runs(runs []Run) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, r := range runs {
			r.write(&b)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func (r Run) write(b *strings.Builder) {
	esc := templ.EscapeString[string]
	end := ""
	switch {
	case r.Mark == MarkGap:
		b.WriteString(`<span class="gap"`)
		end = "</span>"
	case r.Mark == MarkAdded:
		b.WriteString(`<ins`)
		end = "</ins>"
	case r.Mark == MarkRemoved:
		b.WriteString(`<del`)
		end = "</del>"
	case r.Mark == MarkSaid:
		b.WriteString(`<mark class="said"`)
		end = "</mark>"
	case r.Mark != "":
		b.WriteString(`<mark class="found found-` + known(severityWords, r.Mark, "info") + `"`)
		end = "</mark>"
	}
	if end != "" {
		if r.ID != "" {
			b.WriteString(` id="` + esc(r.ID) + `" tabindex="-1"`)
		}
		if r.Slot != "" {
			b.WriteString(` data-slot="` + esc(r.Slot) + `"`)
		}
		if r.Title != "" && !r.Invisible {
			b.WriteString(` title="` + esc(r.Title) + `"`)
		}
		b.WriteString(">")
	}
	if r.Invisible {
		t := esc(r.Title)
		b.WriteString(`<span class="inv" role="img" aria-label="` + t + `" title="` + t + `">` + esc(r.Text) + `</span>`)
	} else {
		b.WriteString(esc(r.Text))
	}
	b.WriteString(end)
}

// anchor lets a finding's link lead to the node.
func (n Node) anchor() templ.Attributes {
	if n.ID == "" {
		return templ.Attributes{}
	}
	return templ.Attributes{"id": n.ID, "tabindex": "-1"}
}

// tones are the classes of what is good or not.
var tones = map[string]string{"good": "tone-good", "caution": "tone-caution", "danger": "tone-danger"}

func tone(t string) string { return tones[t] }

// found is the class of a part that a finding is about.
func found(n Node) string {
	if n.Severity == "" {
		return ""
	}
	return "found-part found-" + known(severityWords, n.Severity, "info")
}

// rows splits the fields of an object into stretches of short ones, which stand
// side by side, and of others. No row is empty.
func rows(nodes []Node) [][]Node {
	var all [][]Node
	for i, n := range nodes {
		if i == 0 || n.plain() != nodes[i-1].plain() {
			all = append(all, nil)
		}
		last := len(all) - 1
		all[last] = append(all[last], n)
	}
	return all
}

// long says whether a short value is a phrase rather than a word or number.
func (n Node) long() bool {
	const words = 24
	length := 0
	for _, r := range n.Text {
		length += len(r.Text)
	}
	return length > words
}

func tableName(n Node) string {
	if n.Label != "" {
		return n.Label
	}
	return "Table"
}

// turnRoles are the roles that have a look of their own.
var turnRoles = map[string]string{"system": "", "user": "", "assistant": "", "tool": ""}

func severityClass(severity string) string { return found(Node{Severity: severity}) }
