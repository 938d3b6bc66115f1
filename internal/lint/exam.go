package lint

import (
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
)

// An exam is the work on one example: what was read of it, shared by the checks,
// and what they found. It is used by one goroutine and then again for another
// example.
type exam struct {
	subject  *Subject
	plan     *plan
	messages []example.Message
	answers  []answer
	pieces   []piece

	run      *run
	found    int // by this run
	findings []Finding

	trees   []*tree // kept from example to example
	scratch scratch
}

// An answer is an assistant message that is, or should be, structured.
type answer struct {
	message int
	tree    *tree
	err     *syntaxError // why it could not be read; its tree is then empty
	final   bool         // the conversation's last assistant message
}

// A piece is a text to look at: the content of a message, or a string inside a
// structured answer.
type piece struct {
	text    string
	message int
	node    int32 // in the tree of the answer; whole for the message's content
	answer  int32 // index of the answer; meaningless where node is whole
	role    example.Role
	bytes   class
}

const whole = -1

// begin reads s.
func (x *exam) begin(s *Subject, p *plan) {
	x.subject, x.plan, x.messages = s, p, s.Conversation.Messages
	x.answers, x.pieces, x.findings = x.answers[:0], x.pieces[:0], x.findings[:0]
	last := -1
	for i := range x.messages {
		if x.messages[i].Role == example.Assistant && x.messages[i].Content != "" {
			last = i
		}
	}
	for i := range x.messages {
		m := &x.messages[i]
		if m.Content == "" {
			continue
		}
		if m.Role == example.Assistant && structured(p.answer, m, i == last) {
			t := x.tree()
			err := t.parse(m.Content)
			x.answers = append(x.answers, answer{message: i, tree: t, err: err, final: i == last})
			if err == nil {
				x.strings(i, int32(len(x.answers)-1), t)
				continue
			}
		}
		x.pieces = append(x.pieces, piece{text: m.Content, message: i, node: whole, role: m.Role, bytes: classify(m.Content)})
	}
}

// structured reports whether the assistant's message m should be JSON.
func structured(a catalog.Answer, m *example.Message, last bool) bool {
	if len(m.ToolCalls) > 0 {
		return false
	}
	switch a.Kind {
	case catalog.KindJSON:
		if last || a.Turns != catalog.TurnsFinal {
			return true
		}
	case catalog.KindAny:
	default:
		return false
	}
	for k := range len(m.Content) {
		switch m.Content[k] {
		case ' ', '\t', '\n', '\r':
			continue
		case '{':
			return true
		}
		return false
	}
	return false
}

// strings adds the strings of an answer to the pieces.
func (x *exam) strings(message int, a int32, t *tree) {
	for n := range t.nodes {
		v := &t.nodes[n]
		if v.kind == stringKind && v.text != "" {
			x.pieces = append(x.pieces, piece{text: v.text, message: message, node: int32(n), answer: a, role: example.Assistant, bytes: classify(v.text)})
		}
	}
}

// maxTurnsBack is how far before an answer checks look for what it rests on, so
// that the work on a conversation grows with its length and no faster.
const maxTurnsBack = 100

// asked calls visit with the index and text of the user's messages before
// message, until it returns false.
func (x *exam) asked(message int, visit func(i int, text string) bool) {
	for i := max(0, message-maxTurnsBack); i < message; i++ {
		if x.messages[i].Role == example.User && !visit(i, x.messages[i].Content) {
			return
		}
	}
}

// tree returns an empty tree.
func (x *exam) tree() *tree {
	if n := len(x.answers); n < len(x.trees) {
		return x.trees[n]
	}
	t := new(tree)
	x.trees = append(x.trees, t)
	return t
}

const (
	maxKeptNodes  = 1 << 13
	maxKeptPieces = 1 << 12
	maxKeptTrees  = 16
)

// end forgets the example, so that keeping x keeps nothing of it alive, and
// gives up memory that an unusually large one took.
func (x *exam) end() {
	for i, t := range x.trees {
		if cap(t.nodes) > maxKeptNodes || i >= maxKeptTrees {
			x.trees[i] = new(tree)
			continue
		}
		t.forget()
	}
	if len(x.trees) > maxKeptTrees {
		x.trees = x.trees[:maxKeptTrees]
	}
	if cap(x.pieces) > maxKeptPieces {
		x.pieces = nil
	}
	clear(x.pieces)
	clear(x.answers)
	clear(x.findings)
	x.subject, x.plan, x.messages, x.run = nil, nil, nil, nil
}

// A spot is a place in an example.
type spot struct {
	message    int
	tree       *tree // nil: the message's content as it stands
	node       int32
	key        string // below node, for something that is missing there
	itself     bool   // the message itself instead of its content
	start, end int    // in the text there; both 0 means all of it
}

// at is the content of a message, or a range of it.
func at(message, start, end int) spot {
	return spot{message: message, start: start, end: end}
}

// at is a value of the answer.
func (a *answer) at(node int32) spot {
	return spot{message: a.message, tree: a.tree, node: node}
}

// within is a range of a piece.
func (x *exam) within(p *piece, start, end int) spot {
	s := spot{message: p.message, start: start, end: end}
	if p.node != whole {
		s.tree, s.node = x.answers[p.answer].tree, p.node
	}
	return s
}

// pointer returns the JSON pointer of s.
func (s spot) pointer() string {
	b := make([]byte, 0, 64)
	b = append(b, "/messages"...)
	if s.message < 0 {
		return string(b)
	}
	b = append(b, '/')
	b = strconv.AppendInt(b, int64(s.message), 10)
	if s.itself {
		return string(b)
	}
	b = append(b, "/content"...)
	if s.tree != nil {
		b = s.tree.appendPointer(b, s.node)
	}
	if s.key != "" {
		b = appendToken(append(b, '/'), s.key)
	}
	return string(b)
}

// nowhere is the conversation as a whole.
var nowhere = spot{message: -1}

// appendToken appends a key as a token of a JSON pointer.
func appendToken(b []byte, key string) []byte {
	if strings.IndexByte(key, '~') < 0 && strings.IndexByte(key, '/') < 0 {
		return append(b, key...)
	}
	for i := range len(key) {
		switch key[i] {
		case '~':
			b = append(b, '~', '0')
		case '/':
			b = append(b, '~', '1')
		default:
			b = append(b, key[i])
		}
	}
	return b
}

// report adds a finding with the rule's own severity.
func (x *exam) report(s spot, message string) {
	x.reportAs(x.run.severity, s, message)
}

// reportAs adds a finding that is milder or graver than the rule's others,
// unless the catalog settled the rule's severity.
func (x *exam) reportAs(severity Severity, s spot, message string) {
	if x.found++; x.found > maxFindings {
		return
	}
	if x.run.fixed {
		severity = x.run.severity
	}
	x.findings = append(x.findings, Finding{
		Rule: x.run.rule, Severity: severity, Message: message, Path: s.pointer(), Start: s.start, End: s.end,
	})
}

// scratch is memory for checks to work in.
type scratch struct {
	numbers    []number
	quantities []quantity
}
