package draw

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
)

// A tree is JSON text that is edited in place: what an edit does not touch
// keeps its bytes, with the order of keys, the spelling of numbers and escapes,
// and the white space.
type tree struct {
	text string
	root value
}

// errNoPlace says that an edit is about a place that is not there.
var errNoPlace = errors.New("there is no such place")

func grow(text string) (*tree, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &tree{text, root}, nil
}

// at returns the value that a path leads to. A key that comes twice in its
// object names no place.
func (t *tree) at(path []string) (value, bool) {
	v := t.root
	for _, tok := range path {
		i, ok := v.index(tok)
		if !ok {
			return value{}, false
		}
		v = v.items[i]
	}
	return v, true
}

// index is the number of the member or element that a token names.
func (v value) index(tok string) (int, bool) {
	switch v.kind {
	case object:
		i := slices.Index(v.keys, tok)
		return i, i >= 0 && !slices.Contains(v.keys[i+1:], tok)
	case list:
		i, err := strconv.ParseUint(tok, 10, 31)
		return int(i), err == nil && int(i) < len(v.items) && tok == strconv.FormatUint(i, 10)
	}
	return 0, false
}

// twins says whether a key of v comes twice.
func (v value) twins() bool {
	for i, k := range v.keys {
		if slices.Contains(v.keys[:i], k) {
			return true
		}
	}
	return false
}

// from is where a member, with its key, or an element begins.
func (v value) from(i int) int {
	if v.kind == object {
		return v.keysAt[i]
	}
	return v.items[i].start
}

// splice puts raw in place of a range, which must leave JSON.
func (t *tree) splice(start, end int, raw string) error {
	next, err := grow(t.text[:start] + raw + t.text[end:])
	if err != nil {
		return err
	}
	*t = *next
	return nil
}

// replacement is a value that gets another text.
type replacement struct {
	start, end int
	raw        string
}

// replace puts texts in place of values that do not contain each other.
func (t *tree) replace(all []replacement) error {
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b replacement) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, r := range all {
		if r.start < at {
			return errNoPlace
		}
		b.WriteString(t.text[at:r.start] + r.raw)
		at = r.end
	}
	b.WriteString(t.text[at:])
	next, err := grow(b.String())
	if err != nil {
		return err
	}
	*t = *next
	return nil
}

// set puts raw in place of the value at path.
func (t *tree) set(path []string, raw string) error {
	v, ok := t.at(path)
	if !ok {
		return errNoPlace
	}
	return t.splice(v.start, v.end, raw)
}

// remove takes the member or element at path out, with the comma and the white
// space that go with it.
func (t *tree) remove(path []string) error {
	if len(path) == 0 {
		return errNoPlace
	}
	in, ok := t.at(path[:len(path)-1])
	if !ok {
		return errNoPlace
	}
	i, ok := in.index(path[len(path)-1])
	if !ok {
		return errNoPlace
	}
	switch {
	case len(in.items) == 1:
		return t.splice(in.start+1, in.end-1, "")
	case i == 0:
		return t.splice(in.from(0), in.from(1), "")
	}
	return t.splice(in.items[i-1].end, in.items[i].end, "")
}

// insert puts v into the list or object at path, before number i; key is that
// of a member. It is written the way the text around it is.
func (t *tree) insert(path []string, i int, key string, v value) error {
	in, ok := t.at(path)
	if !ok || in.kind != list && in.kind != object || i < 0 || i > len(in.items) || in.kind == object && slices.Contains(in.keys, key) {
		return errNoPlace
	}
	style := t.style()
	inner := ""
	if style.lines {
		inner = t.indentOf(in)
	}
	raw := style.write(v, inner)
	if in.kind == object {
		raw = style.quote(key) + style.colon + raw
	}
	n := len(in.items)
	switch {
	case n == 0 && style.lines:
		outer := strings.TrimSuffix(inner, style.unit)
		return t.splice(in.start+1, in.end-1, "\n"+inner+raw+"\n"+outer)
	case n == 0:
		return t.splice(in.start+1, in.end-1, raw)
	}
	between := "," + t.text[in.start+1:in.from(0)] // what stands before the first one
	if n > 1 {
		between = t.text[in.items[0].end:in.from(1)]
	} else if between == "," {
		between = style.comma
	}
	if i == n {
		return t.splice(in.items[n-1].end, in.items[n-1].end, between+raw)
	}
	return t.splice(in.from(i), in.from(i), raw+between)
}

// swap exchanges elements i and i+1 of the list at path.
func (t *tree) swap(path []string, i int) error {
	in, ok := t.at(path)
	if !ok || in.kind != list || i < 0 || i+1 >= len(in.items) {
		return errNoPlace
	}
	a, b := in.items[i], in.items[i+1]
	return t.splice(a.start, b.end, t.text[b.start:b.end]+t.text[a.end:b.start]+t.text[a.start:a.end])
}

// A style is how a text writes JSON.
type style struct {
	comma, colon string
	lines        bool   // members stand on lines of their own
	unit         string // of indentation
	ascii        bool   // what is not ASCII is escaped
}

// style looks at how the text is written.
func (t *tree) style() style {
	s := style{comma: ",", colon: ":", ascii: escaped(t.text)}
	var look func(v value) bool // false: seen enough
	commas, colons := false, false
	look = func(v value) bool {
		for i, item := range v.items {
			if v.kind == object && !colons {
				s.colon, colons = afterKey(t.text, v.keysAt[i], item.start), true
			}
			lead := t.text[v.start+1 : v.from(0)]
			if i == 0 && strings.Contains(lead, "\n") {
				s.lines = true
				indent := lead[strings.LastIndexByte(lead, '\n')+1:]
				if s.unit == "" {
					s.unit = strings.TrimPrefix(indent, lineIndent(t.text, v.start))
				}
			}
			if i > 0 && !commas {
				if gap := t.text[v.items[i-1].end:v.from(i)]; !strings.Contains(gap, "\n") {
					s.comma, commas = gap, true
				}
			}
			if commas && colons || !look(item) {
				return false
			}
		}
		return true
	}
	look(t.root)
	if !commas && !s.lines && s.colon == ": " {
		s.comma = ", "
	}
	if s.lines && s.unit == "" {
		s.unit = "  "
	}
	return s
}

// afterKey is what stands between the key at start and its value.
func afterKey(text string, start, value int) string {
	at := value
	for at > start && text[at-1] != '"' {
		at--
	}
	return text[at:value]
}

// lineIndent is the white space at the beginning of the line that at stands in.
func lineIndent(text string, at int) string {
	line := text[strings.LastIndexByte(text[:at], '\n')+1:]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// indentOf is the indentation of what stands in v.
func (t *tree) indentOf(v value) string {
	if len(v.items) > 0 {
		if lead := t.text[v.start+1 : v.from(0)]; strings.Contains(lead, "\n") {
			return lead[strings.LastIndexByte(lead, '\n')+1:]
		}
	}
	return lineIndent(t.text, v.start) + t.style().unit
}

// escaped says whether text spells letters beyond ASCII as escapes, as some
// programs write JSON.
func escaped(text string) bool {
	found := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] >= utf8.RuneSelf:
			return false
		case text[i] == '\\' && i+5 < len(text) && text[i+1] == 'u' && text[i+2:i+4] != "00":
			found = true
		case text[i] == '\\' && i+5 < len(text) && text[i+1] == 'u' && text[i+4] >= '8':
			found = true
		case text[i] == '\\':
			i++
		}
	}
	return found
}

// quote writes a string.
func (s style) quote(text string) string {
	raw := string(example.AppendString(nil, text))
	if !s.ascii {
		return raw
	}
	var b strings.Builder
	for _, r := range raw {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			b.WriteString(hex4(0xd800+r>>10) + hex4(0xdc00+r&0x3ff))
		default:
			b.WriteString(hex4(r))
		}
	}
	return b.String()
}

func hex4(r rune) string {
	h := strconv.FormatInt(int64(r), 16)
	return `\u` + "0000"[len(h):] + h
}

// write spells v in the style; indent is that of the line it stands in.
func (s style) write(v value, indent string) string {
	switch v.kind {
	case null:
		return "null"
	case text:
		return s.quote(v.text)
	case list, object:
	default:
		return v.text
	}
	open, end := "[", "]"
	if v.kind == object {
		open, end = "{", "}"
	}
	if len(v.items) == 0 {
		return open + end
	}
	inner, comma := indent, s.comma
	if s.lines {
		inner = indent + s.unit
		open, end, comma = open+"\n"+inner, "\n"+indent+end, ",\n"+inner
	}
	var b strings.Builder
	b.WriteString(open)
	for i, item := range v.items {
		if i > 0 {
			b.WriteString(comma)
		}
		if v.kind == object {
			b.WriteString(s.quote(v.keys[i]) + s.colon)
		}
		b.WriteString(s.write(item, inner))
	}
	return b.String() + end
}

// A Layout is how JSON is written: how an edit of it is written back.
type layout int

const (
	asTyped layout = iota // not JSON, or laid out by hand
	compact               // no white space
	spaced                // a blank after every comma and colon, as Python writes it
)

// shown returns the text of a message as a text field shows it: JSON that was
// written on one line is laid out over lines. how says how to write it back.
func shown(content string) (text string, how layout, isJSON bool) {
	trimmed := strings.TrimLeft(content, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' || Valid(content) != nil {
		return content, asTyped, false
	}
	for _, how := range []layout{compact, spaced} {
		if how.write(content) == content {
			var buf bytes.Buffer
			if json.Indent(&buf, []byte(content), "", "  ") != nil {
				break // cannot be: it is valid
			}
			return buf.String(), how, true
		}
	}
	return content, asTyped, true
}

// write writes valid JSON in the layout. Keys, numbers and escapes stay as they
// are spelled.
func (l layout) write(content string) string {
	if l == asTyped {
		return content
	}
	var buf bytes.Buffer
	if json.Compact(&buf, []byte(content)) != nil {
		return content
	}
	if l == compact {
		return buf.String()
	}
	var b strings.Builder
	inside, escaped := false, false
	for _, c := range buf.Bytes() {
		b.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case inside && c == '\\':
			escaped = true
		case c == '"':
			inside = !inside
		case !inside && (c == ',' || c == ':'):
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// asBrowsersSend brings a text to what comes back of it from a text field, but
// for line ends, which are all "\n".
func asBrowsersSend(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\ufffd").Replace(s)
}
