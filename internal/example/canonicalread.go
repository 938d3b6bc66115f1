package example

import (
	"strings"
	"unicode/utf8"
)

// readCanonical reads what AppendMessages writes, key by key in its order. It is
// several times as fast as a reader of any JSON, and every report and release reads
// every row. ok is false for anything that is spelt otherwise, which that reader
// takes or refuses: nothing is judged here.
//
// The texts of the messages point into s where nothing in them is escaped.
func readCanonical(s string) (ms []Message, ok bool) {
	if !utf8.ValidString(s) {
		return nil, false
	}
	r := canonicalReader{s}
	if !r.skip("[") {
		return nil, false
	}
	ms = make([]Message, 0, max(1, strings.Count(s, `{"role":`)))
	for r.rest != "]" {
		if len(ms) > 0 && !r.skip(",") {
			return nil, false
		}
		m, ok := r.message()
		if !ok {
			return nil, false
		}
		ms = append(ms, m)
	}
	return ms, true
}

// A canonicalReader has what is still to be read. Its methods report whether it
// went on with what they are for.
type canonicalReader struct{ rest string }

func (r *canonicalReader) skip(text string) (ok bool) {
	r.rest, ok = strings.CutPrefix(r.rest, text)
	return ok
}

// field reads a string under a key that may be left out.
func (r *canonicalReader) field(key string, to *string) bool {
	return !r.skip(key) || r.text(to)
}

func (r *canonicalReader) message() (m Message, ok bool) {
	var role string
	if !r.skip(`{"role":`) || !r.text(&role) || !r.field(`,"name":`, &m.Name) || !r.skip(`,"content":`) || !r.text(&m.Content) {
		return m, false
	}
	switch m.Role = Role(role); m.Role {
	case System, User, Assistant, Tool:
	default:
		return m, false
	}
	if r.skip(`,"tool_calls":[`) {
		for !r.skip("]") {
			var t ToolCall
			if len(m.ToolCalls) > 0 && !r.skip(",") ||
				!r.skip(`{"id":`) || !r.text(&t.ID) || !r.skip(`,"type":"function","function":{"name":`) || !r.text(&t.Name) ||
				!r.skip(`,"arguments":`) || !r.text(&t.Arguments) || !r.skip(`}}`) {
				return m, false
			}
			m.ToolCalls = append(m.ToolCalls, t)
		}
	}
	if !r.field(`,"tool_call_id":`, &m.ToolCallID) {
		return m, false
	}
	if r.skip(`,"weight":`) {
		weight := 0
		if r.skip("1") {
			weight = 1
		} else if !r.skip("0") {
			return m, false
		}
		m.Weight = &weight
	}
	return m, r.skip("}")
}

// text reads a string.
func (r *canonicalReader) text(to *string) bool {
	if !r.skip(`"`) {
		return false
	}
	end := 0
	for end < len(r.rest) && r.rest[end] != '"' && r.rest[end] != '\\' {
		if r.rest[end] < ' ' {
			return false
		}
		end++
	}
	if end == len(r.rest) {
		return false
	}
	if r.rest[end] == '"' {
		*to, r.rest = r.rest[:end], r.rest[end+1:]
		return true
	}
	var b strings.Builder
	for {
		b.WriteString(r.rest[:end])
		r.rest = r.rest[end:]
		if r.rest == "" {
			return false
		}
		if r.skip(`"`) {
			*to = b.String()
			return true
		}
		if !r.escaped(&b) {
			return false
		}
		for end = 0; end < len(r.rest) && r.rest[end] != '"' && r.rest[end] != '\\'; end++ {
			if r.rest[end] < ' ' {
				return false
			}
		}
	}
}

// escaped reads one escape of those that AppendString writes.
func (r *canonicalReader) escaped(to *strings.Builder) bool {
	if len(r.rest) < 2 {
		return false
	}
	c := r.rest[1]
	switch c {
	case '"', '\\':
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'u':
		if len(r.rest) < 6 {
			return false
		}
		code := rune(0)
		for i := 2; i < 6; i++ {
			digit := strings.IndexByte(hexDigits, r.rest[i])
			if digit < 0 {
				return false
			}
			code = code<<4 | rune(digit)
		}
		if 0xD800 <= code && code <= 0xDFFF {
			return false // half of a character, or a pair of halves
		}
		to.WriteRune(code)
		r.rest = r.rest[6:]
		return true
	default:
		return false
	}
	to.WriteByte(c)
	r.rest = r.rest[2:]
	return true
}
