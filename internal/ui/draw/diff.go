package draw

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff/lcs"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/web/templates"
)

// aroundChange is how many bytes of unchanged text stay on either side of a
// change.
const aroundChange = 120

// Words compares two texts word by word. Unchanged text comes as it is, what is
// gone and what is new is marked, and long unchanged stretches are left out.
func Words(before, after string) []templates.Run {
	a, b := tokenise(before), tokenise(after)
	// Every different word gets a rune of its own, so that a diff of runes is one
	// of words.
	ids := map[string]rune{}
	code := func(words []string) []rune {
		out := make([]rune, len(words))
		for i, w := range words {
			id, ok := ids[w]
			if !ok {
				id = rune(len(ids))
				ids[w] = id
			}
			out[i] = id
		}
		return out
	}
	var out []templates.Run
	mark := func(words []string, how string) {
		for _, r := range Text(strings.Join(words, "")) {
			r.Mark = how
			out = append(out, r)
		}
	}
	at := 0
	diffs := lcs.DiffRunes(code(a), code(b))
	for i, d := range diffs {
		out = append(out, unchanged(strings.Join(a[at:d.Start], ""), i == 0, false)...)
		mark(a[d.Start:d.End], templates.MarkRemoved)
		mark(b[d.ReplStart:d.ReplEnd], templates.MarkAdded)
		at = d.End
	}
	return append(out, unchanged(strings.Join(a[at:], ""), len(diffs) == 0, true)...)
}

// unchanged draws text between changes; opening and closing say whether it
// stands before the first or after the last.
func unchanged(s string, opening, closing bool) []templates.Run {
	if len(s) <= 3*aroundChange || opening && closing {
		return Text(s)
	}
	head, tail := border(s, aroundChange), border(s, len(s)-aroundChange)
	var out []templates.Run
	if !opening {
		out = append(out, Text(s[:head])...)
	}
	out = append(out, templates.Run{Text: "…", Mark: templates.MarkGap, Title: "Unchanged text is left out here."})
	if !closing {
		out = append(out, Text(s[tail:])...)
	}
	return out
}

// tokenise splits s into words, stretches of white space and single other
// characters. Nothing is lost.
func tokenise(s string) []string {
	var words []string
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		end := i + size
		for class(r) != 0 && end < len(s) {
			next, n := utf8.DecodeRuneInString(s[end:])
			if class(next) != class(r) {
				break
			}
			end += n
		}
		words = append(words, s[i:end])
		i = end
	}
	return words
}

func class(r rune) int {
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return 1
	case unicode.IsSpace(r):
		return 2
	}
	return 0
}

// Changes compares the messages of two revisions; messages that are the same
// are left out. Structured answers are compared part by part.
func Changes(before, after []example.Message) []templates.Change {
	var out []templates.Change
	for i := range max(len(before), len(after)) {
		switch {
		case i >= len(before):
			out = append(out, templates.Change{Title: title(after[i], i), What: "added", Parts: whole(after[i], templates.MarkAdded)})
		case i >= len(after):
			out = append(out, templates.Change{Title: title(before[i], i), What: "removed", Parts: whole(before[i], templates.MarkRemoved)})
		default:
			if parts := compare(before[i], after[i]); len(parts) > 0 {
				out = append(out, templates.Change{Title: title(after[i], i), Parts: parts})
			}
		}
	}
	return out
}

func title(m example.Message, i int) string {
	return fmt.Sprintf("%s, message %d", roleWord(m.Role), i+1)
}

func whole(m example.Message, mark string) []templates.ChangePart {
	runs := Text(m.Content)
	for i := range runs {
		runs[i].Mark = mark
	}
	return []templates.ChangePart{{Runs: runs}}
}

// compare lists what differs between two states of one message.
func compare(a, b example.Message) []templates.ChangePart {
	var parts []templates.ChangePart
	aside := func(label, x, y string) {
		if x != y {
			parts = append(parts, templates.ChangePart{Label: label, Runs: Words(x, y)})
		}
	}
	aside("Role", string(a.Role), string(b.Role))
	aside("Name", a.Name, b.Name)
	aside("Call", a.ToolCallID, b.ToolCallID)
	aside("Trained on", weightWord(a.Weight), weightWord(b.Weight))
	aside("Calls", callsOf(a), callsOf(b))
	if a.Content == b.Content {
		return parts
	}
	x, errX := parse(a.Content)
	y, errY := parse(b.Content)
	if errX != nil || errY != nil || x.scalar() || y.scalar() {
		return append(parts, templates.ChangePart{Runs: Words(a.Content, b.Content)})
	}
	inside := leaves(x, y)
	if len(inside) == 0 {
		// Only the spelling of the JSON changed: white space or the order of keys.
		inside = []templates.ChangePart{{Label: "Spelling of the JSON", Runs: Words(a.Content, b.Content)}}
	}
	return append(parts, inside...)
}

func weightWord(w *int) string {
	switch {
	case w == nil:
		return ""
	case *w == 0:
		return "no"
	}
	return "yes"
}

func callsOf(m example.Message) string {
	var b strings.Builder
	for _, c := range m.ToolCalls {
		fmt.Fprintf(&b, "%s(%s)\n", c.Name, c.Arguments)
	}
	return b.String()
}

// A leaf is one value inside a structured answer.
type leaf struct {
	path, label, text string
}

// leaves compares two structured answers by the places of their values.
func leaves(a, b value) []templates.ChangePart {
	before, after := flatten(a), flatten(b)
	old := make(map[string]leaf, len(before))
	for _, l := range before {
		old[l.path] = l
	}
	var parts []templates.ChangePart
	kept := make(map[string]bool, len(after))
	for _, l := range after {
		kept[l.path] = true
		was, ok := old[l.path]
		if ok && was.text == l.text {
			continue
		}
		parts = append(parts, templates.ChangePart{Label: l.label, Runs: Words(was.text, l.text)})
	}
	for _, l := range before {
		if !kept[l.path] {
			parts = append(parts, templates.ChangePart{Label: l.label, Runs: Words(l.text, "")})
		}
	}
	return parts
}

// flatten lists the values of v in their order. A key that comes twice keeps
// both values, as two places.
func flatten(v value) []leaf {
	var out []leaf
	var walk func(v value, path string, label []string)
	walk = func(v value, path string, label []string) {
		if v.scalar() || len(v.items) == 0 {
			out = append(out, leaf{path, strings.Join(label, " › "), plainText(v)})
			return
		}
		seen := map[string]int{}
		for i, item := range v.items {
			token, name := fmt.Sprint(i), fmt.Sprint(i+1)
			if v.kind == object {
				token, name = escape(v.keys[i]), inWords(v.keys[i])
				if seen[token]++; seen[token] > 1 {
					token = fmt.Sprintf("%s#%d", token, seen[token])
				}
			}
			walk(item, path+"/"+token, append(label[:len(label):len(label)], name))
		}
	}
	walk(v, "", nil)
	return out
}

func plainText(v value) string {
	switch {
	case v.kind == null:
		return "(nothing)"
	case v.kind == list:
		return "(empty list)"
	case v.kind == object:
		return "(no fields)"
	case v.kind == text && v.text == "":
		return "(empty text)"
	}
	return v.text
}

func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
