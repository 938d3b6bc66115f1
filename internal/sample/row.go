package sample

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
)

// A row is one example before it is written.
type row struct {
	category, subcategory string
	messages              []example.Message
	metadata              []string // key, value, key, value, ...
	flaws                 []flaw   // what is wrong with it, in the words of the truth file
}

// A flaw is one finding that a check has to report on a row.
type flaw struct{ rule, path string }

// say appends a turn.
func (w *row) say(role example.Role, content string) {
	w.messages = append(w.messages, example.Message{Role: role, Content: content})
}

// blame records that the row violates rule at path.
func (w *row) blame(rule, path string) { w.flaws = append(w.flaws, flaw{rule, path}) }

// last returns the index of the last message.
func (w *row) last() int { return len(w.messages) - 1 }

// asked returns the user turns, one a line: the text by which duplicates are
// told.
func (w *row) asked() string {
	var b strings.Builder
	for i := range w.messages {
		if w.messages[i].Role == example.User {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(w.messages[i].Content)
		}
	}
	return b.String()
}

// said returns everything but the system prompt, one turn a line.
func (w *row) said() string {
	var b strings.Builder
	for i := range w.messages {
		if w.messages[i].Role != example.System {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(w.messages[i].Content)
		}
	}
	return b.String()
}

// at returns the JSON pointer of the content of message i, continued by where
// into the answer's own JSON.
func at(i int, where string) string {
	return "/messages/" + strconv.Itoa(i) + "/content" + where
}

// appendJSON appends the row as one line. Loose spells the same content
// differently: keys in another order, spaces, and escapes for non-ASCII.
func (w *row) appendJSON(b []byte, loose bool) []byte {
	colon, comma := ":", ","
	if loose {
		colon, comma = ": ", ", "
	}
	quote := func(s string) { b = appendString(b, s, loose) }
	pair := func(k, v string) {
		quote(k)
		b = append(b, colon...)
		quote(v)
	}
	slug := func() {
		pair("category", w.category)
		b = append(b, comma...)
		pair("subcategory", w.subcategory)
	}
	b = append(b, '{')
	if loose {
		slug()
		b = append(b, comma...)
	}
	quote("messages")
	b = append(b, colon...)
	b = append(b, '[')
	for i := range w.messages {
		if i > 0 {
			b = append(b, comma...)
		}
		b = append(b, '{')
		if loose {
			pair("content", w.messages[i].Content)
			b = append(b, comma...)
			pair("role", string(w.messages[i].Role))
		} else {
			pair("role", string(w.messages[i].Role))
			b = append(b, comma...)
			pair("content", w.messages[i].Content)
		}
		b = append(b, '}')
	}
	b = append(b, ']')
	if !loose {
		b = append(b, comma...)
		slug()
	}
	if len(w.metadata) > 0 {
		b = append(b, comma...)
		quote("metadata")
		b = append(b, colon...)
		b = append(b, '{')
		for i := 0; i+1 < len(w.metadata); i += 2 {
			if i > 0 {
				b = append(b, comma...)
			}
			pair(w.metadata[i], w.metadata[i+1])
		}
		b = append(b, '}')
	}
	return append(b, '}', '\n')
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. With ascii it escapes everything
// outside ASCII. S must be valid UTF-8, as all texts of this package are.
func appendString(b []byte, s string, ascii bool) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && (c < utf8.RuneSelf || !ascii) {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		size := 1
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if r >= 0x10000 {
				r -= 0x10000
				b = appendEscape(b, 0xd800+r>>10)
				b = appendEscape(b, 0xdc00+r&0x3ff)
			} else {
				b = appendEscape(b, r)
			}
		}
		i += size
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

func appendEscape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
