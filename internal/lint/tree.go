package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

type nodeKind uint8

const (
	objectKind nodeKind = iota + 1
	listKind
	stringKind
	numberKind
	boolKind
	nullKind
)

// A node is a value in a tree. Indexes of nodes are positions in the tree's
// list; 0, the root, is nobody's child and so stands for "none".
type node struct {
	key        string  // in an object
	text       string  // of a string; the spelling of a number; true, false or null
	number     float64 // of a number
	start, end int32   // bytes in the source
	parent     int32
	first      int32 // child
	next       int32 // sibling
	count      int32 // of children
	index      int32 // in a list
	kind       nodeKind
}

// A tree is a JSON document. It keeps everything that could be read, and says
// apart what a strict reader would object to.
type tree struct {
	nodes   []node
	src     string
	doubled []int32       // members whose key stands in the object before
	lone    []syntaxError // escapes of half a surrogate pair
	seen    map[string]struct{}

	lastItem int32 // that item returned
}

// A syntaxError says why a text is not JSON.
type syntaxError struct {
	at  int
	msg string // what was found and what was expected, a clause
}

// maxDepth is how deep a tree may be nested.
const maxDepth = 200

// forget lets go of the source.
func (t *tree) forget() {
	clear(t.nodes)
	t.nodes, t.doubled, t.lone, t.src = t.nodes[:0], t.doubled[:0], t.lone[:0], ""
	t.lastItem = 0
}

// parse reads src. After an error the tree is empty.
func (t *tree) parse(src string) *syntaxError {
	t.forget()
	t.src = src
	at, err := t.value(space(src, 0), 0, 0)
	if err == nil {
		if at = space(src, at); at < len(src) {
			err = &syntaxError{at, "something follows the end of the document"}
		}
	}
	if err != nil {
		t.forget()
	}
	return err
}

func space(s string, at int) int {
	for at < len(s) && (s[at] == ' ' || s[at] == '\n' || s[at] == '\t' || s[at] == '\r') {
		at++
	}
	return at
}

// value reads the value at byte at, adds it as a node and returns where it ends.
func (t *tree) value(at int, parent int32, depth int) (int, *syntaxError) {
	if at >= len(t.src) {
		return at, &syntaxError{at, "the text ends where a value should stand"}
	}
	if depth > maxDepth {
		return at, &syntaxError{at, fmt.Sprintf("it is nested more than %d deep", maxDepth)}
	}
	self := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{start: int32(at), parent: parent})
	var err *syntaxError
	switch c := t.src[at]; {
	case c == '{':
		at, err = t.object(at, self, depth)
	case c == '[':
		at, err = t.list(at, self, depth)
	case c == '"':
		t.nodes[self].kind = stringKind
		t.nodes[self].text, at, err = t.string(at)
	case c == '-' || '0' <= c && c <= '9':
		at, err = t.number(at, self)
	default:
		at, err = t.word(at, self)
	}
	t.nodes[self].end = int32(at)
	return at, err
}

func (t *tree) object(at int, self int32, depth int) (int, *syntaxError) {
	t.nodes[self].kind = objectKind
	at = space(t.src, at+1)
	if at < len(t.src) && t.src[at] == '}' {
		return at + 1, nil
	}
	prev, count := int32(0), int32(0)
	for {
		if at >= len(t.src) {
			return at, &syntaxError{at, "the text ends inside an object"}
		}
		if t.src[at] != '"' {
			return at, &syntaxError{at, "a key in double quotes should stand here"}
		}
		key, end, err := t.string(at)
		if err != nil {
			return end, err
		}
		at = space(t.src, end)
		if at >= len(t.src) || t.src[at] != ':' {
			return at, &syntaxError{at, "a colon should follow the key"}
		}
		child := int32(len(t.nodes))
		if at, err = t.value(space(t.src, at+1), self, depth+1); err != nil {
			return at, err
		}
		t.nodes[child].key = key
		t.link(self, prev, child)
		prev, count = child, count+1
		at = space(t.src, at)
		if at < len(t.src) && t.src[at] == ',' {
			at = space(t.src, at+1)
			continue
		}
		if at < len(t.src) && t.src[at] == '}' {
			t.nodes[self].count = count
			t.findDoubled(self)
			return at + 1, nil
		}
		return at, &syntaxError{at, "a comma or a closing brace should stand here"}
	}
}

func (t *tree) link(parent, prev, child int32) {
	if prev == 0 {
		t.nodes[parent].first = child
	} else {
		t.nodes[prev].next = child
	}
}

// findDoubled looks for keys that the object has twice.
func (t *tree) findDoubled(self int32) {
	const few = 24
	if t.nodes[self].count <= few {
		for c := t.nodes[self].first; c != 0; c = t.nodes[c].next {
			for d := t.nodes[self].first; d != c; d = t.nodes[d].next {
				if t.nodes[d].key == t.nodes[c].key {
					t.doubled = append(t.doubled, c)
					break
				}
			}
		}
		return
	}
	if t.seen == nil {
		t.seen = make(map[string]struct{}, t.nodes[self].count)
	}
	for c := t.nodes[self].first; c != 0; c = t.nodes[c].next {
		if _, ok := t.seen[t.nodes[c].key]; ok {
			t.doubled = append(t.doubled, c)
		}
		t.seen[t.nodes[c].key] = struct{}{}
	}
	clear(t.seen)
}

func (t *tree) list(at int, self int32, depth int) (int, *syntaxError) {
	t.nodes[self].kind = listKind
	at = space(t.src, at+1)
	if at < len(t.src) && t.src[at] == ']' {
		return at + 1, nil
	}
	prev, count := int32(0), int32(0)
	for {
		child := int32(len(t.nodes))
		var err *syntaxError
		if at, err = t.value(at, self, depth+1); err != nil {
			return at, err
		}
		t.nodes[child].index = count
		t.link(self, prev, child)
		prev, count = child, count+1
		at = space(t.src, at)
		if at < len(t.src) && t.src[at] == ',' {
			at = space(t.src, at+1)
			continue
		}
		if at < len(t.src) && t.src[at] == ']' {
			t.nodes[self].count = count
			return at + 1, nil
		}
		return at, &syntaxError{at, "a comma or a closing bracket should stand here"}
	}
}

// string reads the string that starts at byte at. Without escapes it is a part
// of the source.
func (t *tree) string(at int) (string, int, *syntaxError) {
	s := t.src
	from := at + 1
	for i := from; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[from:i], i + 1, nil
		case c == '\\':
			return t.escaped(from, i)
		case c < ' ':
			return "", i, controlInString(s, i)
		}
	}
	return "", len(s), &syntaxError{at, "the string that starts here never ends"}
}

func controlInString(s string, at int) *syntaxError {
	what := fmt.Sprintf("the control character U+%04X", s[at])
	if s[at] == '\n' || s[at] == '\r' {
		what = "a line break"
	}
	return &syntaxError{at, what + " stands in a string; it must be written as an escape"}
}

// escaped reads on from the first escape of a string.
func (t *tree) escaped(from, at int) (string, int, *syntaxError) {
	s := t.src
	b := make([]byte, 0, at-from+64)
	b = append(b, s[from:at]...)
	for at < len(s) {
		c := s[at]
		switch {
		case c == '"':
			return string(b), at + 1, nil
		case c < ' ':
			return "", at, controlInString(s, at)
		case c != '\\':
			plain := at
			for at < len(s) && s[at] != '"' && s[at] != '\\' && s[at] >= ' ' {
				at++
			}
			b = append(b, s[plain:at]...)
			continue
		}
		if at+1 >= len(s) {
			break
		}
		if i := strings.IndexByte(`"\/bfnrt`, s[at+1]); i >= 0 {
			b = append(b, "\"\\/\b\f\n\r\t"[i])
			at += 2
			continue
		}
		if s[at+1] != 'u' {
			return "", at, &syntaxError{at, fmt.Sprintf("the escape \\%c is not known in JSON", s[at+1])}
		}
		r, ok := hex4(s, at+2)
		if !ok {
			return "", at, &syntaxError{at, "four hexadecimal digits must follow \\u"}
		}
		size := 6
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if strings.HasPrefix(s[at+6:], `\u`) {
				low, ok = hex4(s, at+8)
			}
			if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
				r, size = pair, 12
			} else {
				t.lone = append(t.lone, syntaxError{at, fmt.Sprintf("the escape %s is half a surrogate pair", s[at:at+6])})
				r = utf8.RuneError
			}
		}
		b = utf8.AppendRune(b, r)
		at += size
	}
	return "", len(s), &syntaxError{from - 1, "the string that starts here never ends"}
}

func hex4(s string, at int) (rune, bool) {
	if at+4 > len(s) {
		return 0, false
	}
	var r rune
	for i := at; i < at+4; i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func (t *tree) number(at int, self int32) (int, *syntaxError) {
	s, from := t.src, at
	digits := func() bool {
		first := at
		for at < len(s) && '0' <= s[at] && s[at] <= '9' {
			at++
		}
		return at > first
	}
	if s[at] == '-' {
		at++
	}
	lead := at
	ok := digits() && (s[lead] != '0' || at == lead+1)
	if ok && at < len(s) && s[at] == '.' {
		at++
		ok = digits()
	}
	if ok && at < len(s) && (s[at] == 'e' || s[at] == 'E') {
		if at++; at < len(s) && (s[at] == '+' || s[at] == '-') {
			at++
		}
		ok = digits()
	}
	if !ok {
		return at, &syntaxError{from, "this is not a number as JSON writes them"}
	}
	f, err := strconv.ParseFloat(s[from:at], 64)
	if err != nil {
		return at, &syntaxError{from, "this number is too large"}
	}
	n := &t.nodes[self]
	n.kind, n.text, n.number = numberKind, s[from:at], f
	return at, nil
}

func (t *tree) word(at int, self int32) (int, *syntaxError) {
	for _, w := range [...]string{"true", "false", "null"} {
		if !strings.HasPrefix(t.src[at:], w) {
			continue
		}
		n := &t.nodes[self]
		n.kind, n.text = boolKind, w
		if w == "null" {
			n.kind = nullKind
		}
		return at + len(w), nil
	}
	for _, w := range [...]string{"NaN", "Infinity", "None", "True", "False", "undefined", "'"} {
		if strings.HasPrefix(t.src[at:], w) {
			return at, &syntaxError{at, w + " stands here, which JSON does not have"}
		}
	}
	return at, &syntaxError{at, "a value should stand here"}
}

// get returns the member of the object n with that key: the last one, as most
// readers do where it stands twice. It returns 0 where there is none.
func (t *tree) get(n int32, key string) int32 {
	found := int32(0)
	if len(t.nodes) == 0 || t.nodes[n].kind != objectKind {
		return 0
	}
	for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
		if t.nodes[c].key == key {
			found = c
			if len(t.doubled) == 0 {
				break
			}
		}
	}
	return found
}

// find follows keys from the root; 0 where they lead nowhere.
func (t *tree) find(keys ...string) int32 { return t.findFrom(0, keys...) }

// findFrom follows keys from n; 0 where they lead nowhere.
func (t *tree) findFrom(n int32, keys ...string) int32 {
	for _, k := range keys {
		if n = t.get(n, k); n == 0 {
			return 0
		}
	}
	return n
}

// item returns the item of the list n at that place, or 0. Asking for one after
// the other is as quick as going through the list.
func (t *tree) item(n int32, index int) int32 {
	if t.nodes[n].kind != listKind || index < 0 || index >= int(t.nodes[n].count) {
		return 0
	}
	c := t.nodes[n].first
	if last := t.lastItem; last != 0 && t.nodes[last].parent == n && int(t.nodes[last].index) <= index {
		c = last
	}
	for int(t.nodes[c].index) < index {
		c = t.nodes[c].next
	}
	t.lastItem = c
	return c
}

// is reports whether n is there and of that kind. Node 0 counts as absent.
func (t *tree) is(n int32, kind nodeKind) bool { return n != 0 && t.nodes[n].kind == kind }

// str returns the string n, or "" where it is absent or something else.
func (t *tree) str(n int32) string {
	if t.is(n, stringKind) {
		return t.nodes[n].text
	}
	return ""
}

// num returns the number n and whether it is one.
func (t *tree) num(n int32) (float64, bool) {
	if t.is(n, numberKind) {
		return t.nodes[n].number, true
	}
	return 0, false
}

// isTrue reports whether n is the value true.
func (t *tree) isTrue(n int32) bool { return t.is(n, boolKind) && t.nodes[n].text == "true" }

// children returns the members or items of n.
func (t *tree) children(n int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
			if !yield(c) {
				return
			}
		}
	}
}

// descendants returns n and everything below it, in the order of the text.
func (t *tree) descendants(n int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		end := t.nodes[n].end
		for i := n; int(i) < len(t.nodes) && t.nodes[i].start < end; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// appendPointer appends the JSON pointer of n.
func (t *tree) appendPointer(b []byte, n int32) []byte {
	var path []int32
	for ; n != 0; n = t.nodes[n].parent {
		path = append(path, n)
	}
	for _, n := range slices.Backward(path) {
		b = append(b, '/')
		if t.nodes[t.nodes[n].parent].kind == listKind {
			b = strconv.AppendInt(b, int64(t.nodes[n].index), 10)
		} else {
			b = appendToken(b, t.nodes[n].key)
		}
	}
	return b
}
