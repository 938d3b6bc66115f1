package draw

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/web/templates"
)

// A Drawer draws examples. New makes one. It is safe for concurrent use.
type Drawer struct {
	markdown func(source string) (string, error)
	schemas  *schemas
}

// New returns a Drawer. markdown renders text into HTML that is safe to put into
// a page.
func New(markdown func(source string) (string, error)) Drawer {
	return Drawer{markdown: markdown, schemas: &schemas{parsed: map[string]value{}}}
}

// A Subject is an example to draw. Prefix begins every id that the drawing
// makes, so that several fit into one page. The zero Category draws structured
// answers by the types of their values.
type Subject struct {
	Prefix       string
	Category     catalog.Category
	Subcategory  string
	Conversation example.Conversation
	Findings     []lint.Finding
}

// Conversation draws a conversation, and returns for each finding the id of
// what it points at.
func (d Drawer) Conversation(s Subject) (templates.Conversation, []string, error) {
	c := templates.Conversation{Turns: make([]templates.Turn, len(s.Conversation.Messages))}
	anchors := make([]string, len(s.Findings))
	places := make([]place, len(s.Findings))
	for i, f := range s.Findings {
		places[i] = placeOf(f.Path)
		anchors[i] = s.Prefix
	}
	spoken := make(map[int][]span) // marks in user turns, by message
	for i, m := range s.Conversation.Messages {
		t, said, err := d.turn(s, i, m, places, anchors)
		if err != nil {
			return c, nil, err
		}
		c.Turns[i] = t
		for j := i - 1; j >= 0 && len(said) > 0; j-- {
			if user := s.Conversation.Messages[j]; user.Role == example.User {
				spoken[j] = append(spoken[j], hear(user.Content, said, c.Turns[i].Answer, turnID(s, i))...)
				c.Beside = true
				break
			}
		}
	}
	for i := range c.Turns {
		t := &c.Turns[i]
		if t.Answer == nil {
			marks := append(spoken[i], d.marksIn(s, places, anchors, i)...)
			t.Text = runs(s.Conversation.Messages[i].Content, marks)
		}
		for k, p := range places {
			if p.message == i && p.outside() {
				anchors[k] = t.ID
				t.Severity = worst(t.Severity, string(s.Findings[k].Severity))
			}
		}
	}
	c.Tools = tools(s.Conversation.Tools)
	return c, anchors, nil
}

// A place is where a finding points.
type place struct {
	message int    // -1: the whole example
	field   string // content, role, tool_calls, ...; empty: the whole message
	inside  string // JSON pointer inside the content's own JSON
}

// outside says whether p is about a message but not about its text.
func (p place) outside() bool { return p.message >= 0 && p.field != "content" }

func placeOf(path string) place {
	tokens := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 4)
	if len(tokens) < 2 || tokens[0] != "messages" {
		return place{message: -1}
	}
	n, err := strconv.Atoi(tokens[1])
	if err != nil || n < 0 {
		return place{message: -1}
	}
	p := place{message: n}
	if len(tokens) > 2 {
		p.field = tokens[2]
	}
	if len(tokens) > 3 {
		p.inside = "/" + tokens[3]
	}
	return p
}

// marksIn are the findings about the text of message i, as ranges of it; a
// finding about all of it leads to the turn.
func (d Drawer) marksIn(s Subject, places []place, anchors []string, i int) []span {
	var marks []span
	for k, p := range places {
		if p.message != i || p.field != "content" {
			continue
		}
		f := s.Findings[k]
		if f.End <= f.Start {
			anchors[k] = turnID(s, i)
			continue
		}
		anchors[k] = findingID(s, k)
		marks = append(marks, span{start: f.Start, end: f.End, mark: string(f.Severity), title: d.Finding(s.Category, f.Message), id: anchors[k]})
	}
	return marks
}

func turnID(s Subject, i int) string    { return s.Prefix + "-m" + strconv.Itoa(i) }
func findingID(s Subject, i int) string { return s.Prefix + "-f" + strconv.Itoa(i) }

// foldAbove is the length, in bytes, above which a system prompt or a tool's
// result starts folded.
const foldAbove = 200

// turn draws message i. Its text is left to the caller where it is not a
// structured answer.
func (d Drawer) turn(s Subject, i int, m example.Message, places []place, anchors []string) (templates.Turn, []said, error) {
	t := templates.Turn{ID: turnID(s, i), Role: string(m.Role), Who: roleWord(m.Role), Name: Plain(m.Name)}
	if m.Weight != nil && *m.Weight == 0 {
		t.Note = "not trained on"
	}
	for _, call := range m.ToolCalls {
		drawn := templates.ToolCall{Name: Plain(call.Name)}
		if v, err := parse(call.Arguments); err == nil && !v.scalar() {
			w := &drawing{markdown: d.markdown}
			n := w.node(v, nil, around{})
			drawn.Arguments = &n
		} else {
			drawn.Text = Text(call.Arguments)
		}
		t.ToolCalls = append(t.ToolCalls, drawn)
	}
	if m.Role == example.System || m.Role == example.Tool {
		t.Folded = len(m.Content) > foldAbove
		t.Summary = opening(m.Content)
	}
	structured := m.Role == example.Assistant || m.Role == example.Tool
	trimmed := strings.TrimLeft(m.Content, " \t\r\n")
	if !structured || trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		if structured && expectsJSON(s, i) && trimmed != "" {
			t.Problem = "A structured answer belongs here, but this is text."
		}
		var err error
		t.HTML, err = d.rendered(m)
		return t, nil, err
	}
	v, err := parse(m.Content)
	if err != nil {
		t.Problem = "This looks like a structured answer, but it cannot be read as one: " + reason(m.Content, err) + "."
		return t, nil, nil
	}
	w := d.begin(s, m.Content, v)
	w.findings = d.inside(s, places, i)
	n := w.node(v, nil, around{})
	if w.err != nil {
		return t, nil, w.failure()
	}
	t.Answer = &n
	t.Raw = Text(indent(m.Content))
	for k, p := range places {
		if p.message != i || p.field != "content" {
			continue
		}
		if p.inside == "" {
			anchors[k] = t.ID
			t.Severity = worst(t.Severity, string(s.Findings[k].Severity))
			continue
		}
		if anchors[k] = point(&n, p.inside, findingID(s, k), s.Findings[k].Severity); anchors[k] == "" {
			anchors[k] = t.ID
		}
	}
	return t, w.said, nil
}

// inside are the marks in texts of message i's answer.
func (d Drawer) inside(s Subject, places []place, i int) map[string][]span {
	marks := map[string][]span{}
	for k, p := range places {
		if f := s.Findings[k]; p.message == i && p.inside != "" && f.End > f.Start {
			marks[p.inside] = append(marks[p.inside], span{start: f.Start, end: f.End, mark: string(f.Severity), title: d.Finding(s.Category, f.Message)})
		}
	}
	return marks
}

// expectsJSON says whether the category wants a structured answer in message i.
func expectsJSON(s Subject, i int) bool {
	a := s.Category.AnswerFor(s.Subcategory)
	if a.Kind != catalog.KindJSON {
		return false
	}
	return a.Turns != catalog.TurnsFinal || i == len(s.Conversation.Messages)-1
}

// rendered is the message as Markdown where it uses any.
func (d Drawer) rendered(m example.Message) (string, error) {
	if m.Role != example.Assistant && m.Role != example.System || !strings.ContainsAny(m.Content, "*_#`[>|-\n") {
		return "", nil
	}
	html, err := d.markdown(spelled(m.Content))
	if err != nil {
		return "", fmt.Errorf("draw a message: %w", err)
	}
	return html, nil
}

// spelled is a text for a Markdown renderer: what cannot be seen stands in it by
// name, in brackets that mean nothing there.
func spelled(s string) string {
	var b strings.Builder
	for _, r := range Text(strings.ReplaceAll(s, "\r\n", "\n")) {
		if r.Invisible {
			b.WriteString("⟦" + r.Text + "⟧")
		} else {
			b.WriteString(r.Text)
		}
	}
	return b.String()
}

func reason(content string, err error) string {
	if better := Valid(content); better != nil {
		return better.Error()
	}
	return err.Error()
}

// indent is JSON laid out over lines; keys, numbers and escapes stay as they are.
func indent(content string) string {
	var buf bytes.Buffer
	if json.Indent(&buf, []byte(strings.TrimSpace(content)), "", "  ") != nil {
		return content
	}
	return buf.String()
}

// opening is the first words of a text, on one line.
func opening(s string) string {
	const limit = 100
	words := strings.Join(strings.Fields(s[:border(s, 4*limit)]), " ")
	if len(words) > limit {
		words = words[:border(words, limit)] + "…"
	}
	return Plain(words)
}

func roleWord(r example.Role) string {
	switch r {
	case example.System:
		return "System prompt"
	case example.User:
		return "User"
	case example.Assistant:
		return "Assistant"
	case example.Tool:
		return "Tool result"
	}
	return Plain(string(r))
}

// tools lists what the definitions name; any other shape is listed as it is.
func tools(raw json.RawMessage) []templates.Tool {
	if len(raw) == 0 {
		return nil
	}
	v, err := parse(string(raw))
	if err != nil || v.kind != list {
		return []templates.Tool{{Name: "Tools", Description: Text(string(raw))}}
	}
	var out []templates.Tool
	for _, item := range v.items {
		f := item
		if inner, ok := item.get("function"); ok {
			f = inner
		}
		name, _ := f.get("name")
		about, _ := f.get("description")
		out = append(out, templates.Tool{Name: Plain(name.text), Description: Text(about.text)})
	}
	return out
}

// hear finds the said values in the user's words, leads each to its words and
// back, and returns the ranges. id begins the names of these links.
func hear(words string, values []said, answer *templates.Node, id string) []span {
	low := lower(words)
	var marks []span
	for i, v := range values {
		found := false
		slot := id + "-s" + strconv.Itoa(i)
		same := func(o said) bool { return o.number == v.number && o.text == v.text }
		before, behind := 0, 0
		for j, o := range values {
			if j < i && same(o) {
				before++
			} else if j > i && same(o) {
				behind++
			}
		}
		for _, piece := range pieces(v) {
			places := occurrences(low, lower(piece), v.number)
			// What is said twice and stands twice was taken in the order of saying.
			from := min(before, max(len(places)-1, 0))
			places = places[from:]
			if behind > 0 && len(places) > 1 {
				places = places[:1]
			}
			for _, at := range places {
				m := span{start: at, end: at + len(piece), mark: templates.MarkSaid, title: v.label, slot: slot}
				if i := slices.IndexFunc(marks, func(o span) bool { return o.start < m.end && m.start < o.end }); i >= 0 {
					if !found && marks[i].id != "" { // other values came from these words, too
						heard(answer, v.node, marks[i].id)
						found = true
					}
					continue
				}
				if !found {
					m.id, found = slot, true
					heard(answer, v.node, slot)
				}
				marks = append(marks, m)
			}
		}
	}
	return marks
}

func heard(n *templates.Node, path, slot string) {
	if n == nil {
		return
	}
	if n.Path == path && (n.Kind == templates.NodeValue || n.Kind == templates.NodeText) {
		n.Said, n.Slot = slot, slot
		return
	}
	for i := range n.Nodes {
		heard(&n.Nodes[i], path, slot)
	}
}

// pieces are what to look for: a number as people say it, a name as a whole and
// by its longer words.
func pieces(v said) []string {
	if v.number {
		if whole, ok := strings.CutSuffix(v.text, ".0"); ok {
			return []string{whole, v.text}
		}
		return []string{v.text}
	}
	all := []string{v.text}
	for _, word := range strings.Fields(v.text) {
		if len(word) > 2 && len(word) < len(v.text) {
			all = append(all, word)
		}
	}
	return all
}

// occurrences finds piece where it stands by itself: not inside a longer number
// or word.
func occurrences(s, piece string, digits bool) []int {
	var at []int
	if piece == "" {
		return nil
	}
	for from := 0; ; {
		i := strings.Index(s[from:], piece)
		if i < 0 {
			return at
		}
		i += from
		before, after := s[:i], s[i+len(piece):]
		apart := class(last(before)) != 1 && class(first(after)) != 1
		if digits {
			apart = !digitEnd(before) && !digitStart(after)
		}
		if apart {
			at = append(at, i)
		}
		from = i + len(piece)
	}
}

func digitEnd(s string) bool {
	s = strings.TrimRight(s, ".,")
	return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9'
}

// digitStart says whether a number goes on in s: a point counts only before
// another digit.
func digitStart(s string) bool {
	if len(s) > 1 && (s[0] == '.' || s[0] == ',') {
		s = s[1:]
	}
	return s != "" && s[0] >= '0' && s[0] <= '9'
}

// lower is strings.ToLower for ASCII alone: lengths stay the same.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Gist is the beginning of a message in one line: of a structured answer the
// first values with their names, of a text its first words. It is for lists.
func (d Drawer) Gist(category catalog.Category, subcategory, content string) string {
	const limit = 160
	v, err := parse(content)
	if err != nil || v.scalar() {
		return opening(content)
	}
	w := d.begin(Subject{Category: category, Subcategory: subcategory}, content, v)
	var b strings.Builder
	var walk func(n templates.Node, label string)
	walk = func(n templates.Node, label string) {
		if b.Len() > limit || n.Folded {
			return
		}
		if n.Label != "" {
			label = n.Label
		}
		var words strings.Builder
		for _, r := range n.Text {
			words.WriteString(r.Text)
		}
		if words.Len() > 0 && !n.None {
			if b.Len() > 0 {
				b.WriteString(" · ")
			}
			if label != "" {
				b.WriteString(label + " ")
			}
			b.WriteString(opening(words.String()))
			if n.Unit != "" {
				b.WriteString(" " + n.Unit)
			}
		}
		for _, child := range n.Nodes {
			walk(child, label)
		}
	}
	h := w.hint(nil)
	as := w.shape(v, h)
	if !hasMembers(as) {
		walk(w.node(v, nil, around{}), "")
		return b.String()
	}
	for _, i := range w.order(v, nil, h) { // one by one: most of an answer is never looked at
		if b.Len() > limit {
			break
		}
		if !w.hint(v.keys[i : i+1]).Folded {
			walk(w.member(as, v, i, nil, around{}), w.label(nil, h))
		}
	}
	return b.String()
}
