package example

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Hash is the SHA-256 of a conversation's canonical form.
type Hash [sha256.Size]byte

// AppendMessages appends the canonical JSON of c's messages to dst: an array
// of objects whose keys come in a fixed order (role, name, content,
// tool_calls, tool_call_id, weight), optional ones left out when empty,
// without white space, with only the escapes that JSON demands and those of
// U+2028 and U+2029, which some line readers take for line ends. The same
// conversation always gives the same bytes, and ParseMessages gives it back.
func (c Conversation) AppendMessages(dst []byte) []byte {
	dst = append(dst, '[')
	for i, m := range c.Messages {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = m.append(dst)
	}
	return append(dst, ']')
}

func (m Message) append(dst []byte) []byte {
	dst = append(dst, `{"role":`...)
	dst = AppendString(dst, string(m.Role))
	if m.Name != "" {
		dst = append(dst, `,"name":`...)
		dst = AppendString(dst, m.Name)
	}
	dst = append(dst, `,"content":`...)
	dst = AppendString(dst, m.Content)
	if len(m.ToolCalls) > 0 {
		dst = append(dst, `,"tool_calls":[`...)
		for i, t := range m.ToolCalls {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"id":`...)
			dst = AppendString(dst, t.ID)
			dst = append(dst, `,"type":"function","function":{"name":`...)
			dst = AppendString(dst, t.Name)
			dst = append(dst, `,"arguments":`...)
			dst = AppendString(dst, t.Arguments)
			dst = append(dst, `}}`...)
		}
		dst = append(dst, ']')
	}
	if m.ToolCallID != "" {
		dst = append(dst, `,"tool_call_id":`...)
		dst = AppendString(dst, m.ToolCallID)
	}
	if m.Weight != nil {
		if *m.Weight == 0 {
			dst = append(dst, `,"weight":0`...)
		} else {
			dst = append(dst, `,"weight":1`...)
		}
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string in the canonical spelling. Invalid
// UTF-8 becomes U+FFFD; callers that must not change anything check for it
// first.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			if b >= ' ' && b != '"' && b != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			switch b {
			case '"', '\\':
				dst = append(dst, '\\', b)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			case '\b':
				dst = append(dst, '\\', 'b')
			case '\f':
				dst = append(dst, '\\', 'f')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xF])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&0xF])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// HashOf returns the hash of an example whose canonical messages and tools are
// given: SHA-256(messages 0x00 tools). Tools count toward an example's
// identity; category and metadata do not.
func HashOf(messages, tools []byte) Hash {
	h := sha256.New()
	h.Write(messages)
	h.Write([]byte{0})
	h.Write(tools)
	var sum Hash
	h.Sum(sum[:0])
	return sum
}

// Trim cuts white space from both ends as Python's str.strip does, which is
// what the Llama chat template applies: Unicode White_Space and U+001C-U+001F.
func Trim(s string) string { return strings.TrimFunc(s, IsSpace) }

// IsSpace reports whether Python's str.strip takes r for white space.
func IsSpace(r rune) bool {
	switch {
	case r == ' ', '\t' <= r && r <= '\r', 0x1C <= r && r <= 0x1F:
		return true
	case r < 0x85:
		return false
	case r == 0x85, r == 0xA0, r == 0x1680, 0x2000 <= r && r <= 0x200A, r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return false
}

// The wire shape of canonical messages, for reading them back.
type wireMessage struct {
	Role       Role           `json:"role"`
	Name       string         `json:"name"`
	Content    string         `json:"content"`
	ToolCalls  []wireToolCall `json:"tool_calls"`
	ToolCallID string         `json:"tool_call_id"`
	Weight     *int           `json:"weight"`
}

type wireToolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// ErrShape is in the tree of every error that ParseMessages returns.
var ErrShape = errors.New("not a list of messages")

// ParseMessages reads messages in the canonical shape; the spelling (white
// space, key order, escapes) may differ, so it also reads what a person or a
// program sends back as an edit. It checks shapes, not sense: which roles follow
// which is a matter for checks.
func ParseMessages(data []byte) ([]Message, error) { return parseMessages(string(data)) }

func parseMessages(text string) ([]Message, error) {
	if ms, ok := readCanonical(text); ok {
		return ms, nil
	}
	var wire []wireMessage
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&wire); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShape, err)
	}
	if dec.More() {
		return nil, fmt.Errorf("%w: something follows the list", ErrShape)
	}
	ms := make([]Message, len(wire))
	for i, w := range wire {
		switch w.Role {
		case System, User, Assistant, Tool:
		default:
			return nil, fmt.Errorf("%w: message %d has the role %q; use system, user, assistant or tool", ErrShape, i+1, w.Role)
		}
		if w.Weight != nil && *w.Weight != 0 && *w.Weight != 1 {
			return nil, fmt.Errorf("%w: message %d has the weight %d; use 0 or 1", ErrShape, i+1, *w.Weight)
		}
		m := Message{Role: w.Role, Name: w.Name, Content: w.Content, ToolCallID: w.ToolCallID, Weight: w.Weight}
		for _, t := range w.ToolCalls {
			m.ToolCalls = append(m.ToolCalls, ToolCall{ID: t.ID, Name: t.Function.Name, Arguments: t.Function.Arguments})
		}
		ms[i] = m
	}
	return ms, nil
}

// Parse reads a stored example back: canonical messages and the tools text,
// which is empty where there are none.
func Parse(messages, tools string) (Conversation, error) {
	ms, err := parseMessages(messages)
	if err != nil {
		return Conversation{}, err
	}
	return Conversation{Messages: ms, Tools: json.RawMessage(tools)}, nil
}

// Turns is how many user and assistant messages there are.
func (c Conversation) Turns() int {
	n := 0
	for _, m := range c.Messages {
		if m.Role == User || m.Role == Assistant {
			n++
		}
	}
	return n
}
