package decode

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A kind is the type of a JSON value.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// maxDepth is how deep lists and objects may be nested in a record.
const maxDepth = 1000

// A node is one value of a document. The values inside it follow it directly;
// next is where the first value after them is.
type node struct {
	kind       kind
	escaped    bool // text: has backslashes
	keyEscaped bool
	used       bool  // a reader has taken it; what is left goes to the metadata
	start, end int32 // its bytes; of a text without the quotes
	key0, key1 int32 // the bytes of its key without the quotes, if it is a member of an object
	next       int32
	size       int32 // values directly inside
}

// A document is a parsed JSON text: its values in the order in which they
// stand, found and checked in one pass. It is stricter than encoding/json,
// because decoders disagree about the rest: no duplicate keys, no lone
// surrogates, no invalid UTF-8. Numbers keep their spelling. A document can be
// used again for another text; strings taken from it stay valid.
type document struct {
	raw     []byte
	src     string // a copy of raw that texts are cut from
	nodes   []node
	scratch []byte
}

// A syntaxError says where a text is not what it should be; off is a byte
// offset.
type syntaxError struct {
	off int
	msg string // a clause without its first capital and full stop
	cut bool   // the text ends too early
}

func (e *syntaxError) Error() string { return e.msg }

func syntax(off int, format string, args ...any) *syntaxError {
	return &syntaxError{off: off, msg: fmt.Sprintf(format, args...)}
}

// where says in words where byte off of raw is: the column, counted in
// characters from 1, and the line if raw has several.
func where(raw []byte, off int) string {
	off = min(off, len(raw))
	line, begin := 1, 0
	for i, b := range raw[:off] {
		if b == '\n' {
			line, begin = line+1, i+1
		}
	}
	col := utf8.RuneCount(raw[begin:off]) + 1
	if line == 1 {
		return fmt.Sprintf("column %d", col)
	}
	return fmt.Sprintf("line %d, column %d of the row", line, col)
}

// parse reads raw, which must hold one JSON value with white space around it.
// After an error the document holds the values that begin before it.
func (d *document) parse(raw []byte) *syntaxError {
	d.raw, d.src, d.nodes = raw, "", d.nodes[:0]
	if len(raw) > 1<<31-2 {
		return syntax(0, "the row is longer than 2 GB")
	}
	if !utf8.Valid(raw) {
		return syntax(invalidUTF8(raw))
	}
	d.src = string(raw)
	i, err := d.value(d.space(0), 0, 0, false, 0)
	if err != nil {
		return err
	}
	if i = d.space(i); i < len(raw) {
		if raw[i] == '{' || raw[i] == '[' {
			return syntax(i, "a second JSON value follows the first; put each row on a line of its own")
		}
		return syntax(i, "%s follows the end of the JSON value", character(raw[i:]))
	}
	return nil
}

// invalidUTF8 returns where raw stops being UTF-8, and how to say so.
func invalidUTF8(raw []byte) (off int, msg string) {
	for off < len(raw) {
		r, n := utf8.DecodeRune(raw[off:])
		if r == utf8.RuneError && n == 1 {
			return off, fmt.Sprintf("the byte 0x%02X is not valid UTF-8; save the file as UTF-8", raw[off])
		}
		off += n
	}
	return off, "the text is not valid UTF-8; save the file as UTF-8"
}

// character shows the first character of b.
func character(b []byte) string {
	r, _ := utf8.DecodeRune(b)
	switch {
	case r == 0:
		return "a NUL byte"
	case r == 0xFEFF:
		return "a byte order mark (U+FEFF)"
	case r < ' ' || r == utf8.RuneError || 0x7F <= r && r < 0xA0:
		return fmt.Sprintf("the byte 0x%02X", b[0])
	}
	return "“" + string(r) + "”"
}

func (d *document) space(i int) int {
	for i < len(d.raw) && isSpace(d.raw[i]) {
		i++
	}
	return i
}

// isSpace reports whether JSON takes b for white space.
func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

func (d *document) cut() *syntaxError {
	return &syntaxError{off: len(d.raw), msg: "the row ends in the middle of its JSON; each row must be whole, and in JSON Lines on one line", cut: true}
}

// value reads the value at i, which is a member with the key [key0, key1) or
// no member (0, 0), and returns where it ends.
func (d *document) value(i int, key0, key1 int32, keyEscaped bool, depth int) (int, *syntaxError) {
	if i >= len(d.raw) {
		return i, d.cut()
	}
	at := len(d.nodes)
	d.nodes = append(d.nodes, node{start: int32(i), key0: key0, key1: key1, keyEscaped: keyEscaped})
	var err *syntaxError
	k, end := null, i
	escaped := false
	size := int32(0)
	switch b := d.raw[i]; b {
	case '"':
		k = text
		end, escaped, err = d.text(i + 1)
		d.nodes[at].start++
	case '{':
		k = object
		end, size, err = d.object(i+1, at, depth+1)
	case '[':
		k = list
		end, size, err = d.list(i+1, depth+1)
	case 't':
		k = boolean
		end, err = d.word(i, "true")
	case 'f':
		k = boolean
		end, err = d.word(i, "false")
	case 'n':
		end, err = d.word(i, "null")
	default:
		if b == '-' || '0' <= b && b <= '9' {
			k = number
			end, err = d.number(i)
		} else {
			err = d.unexpected(i, "a value")
		}
	}
	n := &d.nodes[at]
	n.kind, n.escaped, n.size, n.end, n.next = k, escaped, size, int32(end), int32(len(d.nodes))
	if err != nil {
		return end, err
	}
	if k == text {
		n.end--
	}
	return end, nil
}

// unexpected says that want should stand at i, and how to mend what is there.
func (d *document) unexpected(i int, want string) *syntaxError {
	if i >= len(d.raw) {
		return d.cut()
	}
	rest := d.raw[i:]
	for _, w := range []struct{ word, say string }{
		{"NaN", "NaN is not JSON; use null or leave the key out"},
		{"Infinity", "Infinity is not JSON; use null or leave the key out"},
		{"-Infinity", "-Infinity is not JSON; use null or leave the key out"},
		{"None", "None is Python, not JSON; write the rows with json.dumps"},
		{"True", "True is Python, not JSON; write the rows with json.dumps"},
		{"False", "False is Python, not JSON; write the rows with json.dumps"},
		{"undefined", "undefined is JavaScript, not JSON; leave the key out"},
		{"'", "strings need double quotes; Python's print of a dictionary is not JSON, write the rows with json.dumps"},
		{"//", "comments are not JSON; take them out"},
		{"/*", "comments are not JSON; take them out"},
	} {
		if strings.HasPrefix(string(rest[:min(len(rest), 10)]), w.word) {
			return syntax(i, "%s", w.say)
		}
	}
	return syntax(i, "found %s where %s should be", character(rest), want)
}

func (d *document) word(i int, w string) (int, *syntaxError) {
	if len(d.raw)-i >= len(w) && string(d.raw[i:i+len(w)]) == w {
		return i + len(w), nil
	}
	if strings.HasPrefix(w, string(d.raw[i:])) {
		return i, d.cut()
	}
	return i, d.unexpected(i, "a value")
}

func (d *document) object(i, at, depth int) (int, int32, *syntaxError) {
	if depth > maxDepth {
		return i, 0, syntax(i-1, "lists and objects are nested more than %d deep", maxDepth)
	}
	first := int32(len(d.nodes))
	var seen map[string]struct{} // keys so far, once there are too many to compare one by one
	size := int32(0)
	if i = d.space(i); i < len(d.raw) && d.raw[i] == '}' {
		return i + 1, 0, nil
	}
	for {
		if i >= len(d.raw) || d.raw[i] != '"' {
			return i, size, d.unexpected(i, "a key in double quotes")
		}
		key := i + 1
		i2, escaped, err := d.text(key)
		if err != nil {
			return i2, size, err
		}
		k0, k1 := int32(key), int32(i2-1)
		if size < 16 {
			for j, n := first, size; n > 0; n-- {
				if d.sameKey(&d.nodes[j], k0, k1, escaped) {
					return i, size, d.twice(i, k0, k1, escaped)
				}
				j = d.nodes[j].next
			}
		} else {
			if seen == nil {
				seen = make(map[string]struct{}, 64)
				for j, n := first, size; n > 0; n-- {
					seen[d.key(j)] = struct{}{}
					j = d.nodes[j].next
				}
			}
			s := d.cutText(k0, k1, escaped)
			if _, ok := seen[s]; ok {
				return i, size, d.twice(i, k0, k1, escaped)
			}
			seen[s] = struct{}{}
		}
		i = d.space(i2)
		if i >= len(d.raw) || d.raw[i] != ':' {
			return i, size, d.unexpected(i, "a colon after a key")
		}
		before := len(d.nodes)
		i, err = d.value(d.space(i+1), k0, k1, escaped, depth)
		if len(d.nodes) > before {
			size++ // also of a value that is not whole, so that what was read can be looked at
		}
		if err != nil {
			return i, size, err
		}
		i = d.space(i)
		if i >= len(d.raw) {
			return i, size, d.cut()
		}
		switch d.raw[i] {
		case '}':
			return i + 1, size, nil
		case ',':
			i = d.space(i + 1)
		default:
			return i, size, d.unexpected(i, "a comma or }")
		}
	}
}

func (d *document) sameKey(n *node, k0, k1 int32, escaped bool) bool {
	if !escaped && !n.keyEscaped {
		return n.key1-n.key0 == k1-k0 && d.src[n.key0:n.key1] == d.src[k0:k1]
	}
	return d.cutText(n.key0, n.key1, n.keyEscaped) == d.cutText(k0, k1, escaped)
}

func (d *document) twice(i int, k0, k1 int32, escaped bool) *syntaxError {
	return syntax(i, "the key %q appears twice in one object; programs disagree about which one counts, so take one out", clip(d.cutText(k0, k1, escaped)))
}

func (d *document) list(i, depth int) (int, int32, *syntaxError) {
	if depth > maxDepth {
		return i, 0, syntax(i-1, "lists and objects are nested more than %d deep", maxDepth)
	}
	size := int32(0)
	if i = d.space(i); i < len(d.raw) && d.raw[i] == ']' {
		return i + 1, 0, nil
	}
	for {
		var err *syntaxError
		before := len(d.nodes)
		i, err = d.value(i, 0, 0, false, depth)
		if len(d.nodes) > before {
			size++
		}
		if err != nil {
			return i, size, err
		}
		i = d.space(i)
		if i >= len(d.raw) {
			return i, size, d.cut()
		}
		switch d.raw[i] {
		case ']':
			return i + 1, size, nil
		case ',':
			i = d.space(i + 1)
		default:
			return i, size, d.unexpected(i, "a comma or ]")
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// textStop returns the first index from i on whose byte ends a run of plain
// text: a quote, a backslash or a control character; or len(b). It looks at
// eight bytes at a time; see "Determine if a word has a byte less than n" in
// Sean Anderson's Bit Twiddling Hacks.
func textStop(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		q := w ^ ones*'"'
		s := w ^ ones*'\\'
		m := ((q-ones)&^q | (s-ones)&^s | (w-ones*' ')&^w) & highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return i
}

// text reads a string whose opening quote is before i and returns the index
// after its closing quote.
func (d *document) text(i int) (end int, escaped bool, err *syntaxError) {
	b := d.raw
	for {
		i = textStop(b, i)
		if i >= len(b) {
			return i, escaped, d.cut()
		}
		switch b[i] {
		case '"':
			return i + 1, escaped, nil
		case '\\':
			escaped = true
			if i, err = d.escape(i); err != nil {
				return i, escaped, err
			}
		case '\n', '\r':
			return i, escaped, syntax(i, "a string is not closed before the end of the line; write line breaks inside strings as \\n")
		default:
			return i, escaped, syntax(i, "%s inside a string must be written as \\u%04x", character(b[i:]), b[i])
		}
	}
}

// escape checks the escape sequence at i and returns the index after it.
func (d *document) escape(i int) (int, *syntaxError) {
	b := d.raw
	if i+1 >= len(b) {
		return i, d.cut()
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
	default:
		return i, syntax(i, "\\%s is not an escape that JSON knows; a backslash itself is written \\\\", strings.Trim(character(b[i+1:]), "“”"))
	}
	r, ok := hex4(b, i+2)
	if !ok {
		if len(b) < i+6 {
			return i, d.cut()
		}
		return i, syntax(i, "\\u must be followed by four hexadecimal digits")
	}
	if r < 0xD800 || r > 0xDFFF {
		return i + 6, nil
	}
	if r <= 0xDBFF && i+7 < len(b) && b[i+6] == '\\' && b[i+7] == 'u' {
		if low, ok := hex4(b, i+8); ok && 0xDC00 <= low && low <= 0xDFFF {
			return i + 12, nil
		}
	}
	return i, syntax(i, "\\u%04x is half of a character (a lone surrogate); write both halves or the character itself", r)
}

// hex4 reads four hexadecimal digits at i.
func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
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

// number checks the number at i by the grammar of RFC 8259, section 6.
func (d *document) number(i int) (int, *syntaxError) {
	b := d.raw
	at := i
	digits := func() bool {
		from := i
		for i < len(b) && '0' <= b[i] && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if b[i] == '-' {
		i++
		if i < len(b) && b[i] == 'I' {
			return at, d.unexpected(at, "a value")
		}
	}
	if i < len(b) && b[i] == '0' {
		i++
		if i < len(b) && '0' <= b[i] && b[i] <= '9' {
			return at, syntax(at, "a number must not begin with 0; put it in quotes if it is a code")
		}
	} else if !digits() {
		return at, d.unexpected(i, "a digit")
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return at, d.unexpected(i, "a digit")
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return at, d.unexpected(i, "a digit")
		}
	}
	return i, nil
}

// key is the key of the value n of an object.
func (d *document) key(n int32) string {
	v := &d.nodes[n]
	return d.cutText(v.key0, v.key1, v.keyEscaped)
}

// str is the value n, a text, as a string.
func (d *document) str(n int32) string {
	v := &d.nodes[n]
	return d.cutText(v.start, v.end, v.escaped)
}

func (d *document) cutText(start, end int32, escaped bool) string {
	if !escaped {
		return d.src[start:end]
	}
	d.scratch = appendUnescaped(d.scratch[:0], d.raw[start:end])
	return string(d.scratch)
}

// appendUnescaped appends the characters that the inside of a checked JSON
// string stands for.
func appendUnescaped(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		j := textStop(b, i)
		dst = append(dst, b[i:j]...)
		if j >= len(b) {
			break
		}
		i = j + 2
		switch c := b[j+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(b, i)
			i += 4
			if 0xD800 <= r && r <= 0xDBFF {
				low, _ := hex4(b, i+2)
				r = (r-0xD800)<<10 + (low - 0xDC00) + 0x10000
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
		default: // a quote, a backslash or a slash
			dst = append(dst, c)
		}
	}
	return dst
}

// member returns the value of the key in the object n, or -1.
func (d *document) member(n int32, key string) int32 {
	c := n + 1
	for i := d.nodes[n].size; i > 0; i-- {
		if d.key(c) == key {
			return c
		}
		c = d.nodes[c].next
	}
	return -1
}

// A spelling says how strings are written.
type spelling bool

const (
	verbatim  spelling = false // with the escapes of the source
	canonical spelling = true  // as example.AppendString writes them
)

// appendValue appends the value n as compact JSON: keys in their order,
// numbers as they are spelled.
func (d *document) appendValue(dst []byte, n int32, s spelling) []byte {
	v := &d.nodes[n]
	switch v.kind {
	case text:
		return d.appendText(dst, v.start, v.end, v.escaped, s)
	case list, object:
		open, end := byte('['), byte(']')
		if v.kind == object {
			open, end = '{', '}'
		}
		dst = append(dst, open)
		c := n + 1
		for i := v.size; i > 0; i-- {
			if c > n+1 {
				dst = append(dst, ',')
			}
			if m := &d.nodes[c]; v.kind == object {
				dst = append(d.appendText(dst, m.key0, m.key1, m.keyEscaped, s), ':')
			}
			dst = d.appendValue(dst, c, s)
			c = d.nodes[c].next
		}
		return append(dst, end)
	default:
		return append(dst, d.raw[v.start:v.end]...)
	}
}

func (d *document) appendText(dst []byte, start, end int32, escaped bool, s spelling) []byte {
	if s == canonical {
		return example.AppendString(dst, d.cutText(start, end, escaped))
	}
	dst = append(dst, '"')
	dst = append(dst, d.raw[start:end]...)
	return append(dst, '"')
}

// found says in words what the value n is, for errors.
func (d *document) found(n int32) string {
	v := &d.nodes[n]
	switch v.kind {
	case null:
		return "null"
	case boolean:
		return string(d.raw[v.start:v.end])
	case number:
		return "the number " + clip(string(d.raw[v.start:v.end]))
	case text:
		return fmt.Sprintf("the string %q", clip(d.str(n)))
	case list:
		return "a list"
	}
	return "an object"
}

// clip shortens s for use in a sentence.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// invalid is a refusal of a row.
func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }
