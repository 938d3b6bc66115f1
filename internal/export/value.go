package export

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/voicefit/spotter/internal/example"
)

// A value is a JSON value with the order of its keys.
type value struct {
	kind    jsontext.Kind // 'n', 'f', 't', '"', '0', '{', '['; 0: there is no value
	text    string        // of a string, unescaped; of a number, as it is spelt
	members []member
	items   []value
}

type member struct {
	key   string
	value value
}

// get returns the value under a key; its kind is 0 where there is none.
func (v value) get(key string) value {
	for _, m := range v.members {
		if m.key == key {
			return m.value
		}
	}
	return value{}
}

func (v value) has(key string) bool { return v.get(key).kind != 0 }

// is names the kind of v in words.
func (v value) is() string {
	switch v.kind {
	case 0:
		return "nothing"
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	}
	return "a list"
}

// json appends v to dst, compactly.
func (v value) json(dst []byte) []byte {
	switch v.kind {
	case 'n':
		return append(dst, "null"...)
	case 't':
		return append(dst, "true"...)
	case 'f':
		return append(dst, "false"...)
	case '"':
		return example.AppendString(dst, v.text)
	case '0':
		return append(dst, v.text...)
	case '{':
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(example.AppendString(dst, m.key), ':')
			dst = m.value.json(dst)
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i, x := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.json(dst)
		}
		return append(dst, ']')
	}
	return dst
}

// maxDepth bounds how deep JSON may be nested.
const maxDepth = 1000

// parseValue reads one JSON text, more strictly than most programs: a key twice
// in one object, half a surrogate pair and bytes that are not UTF-8 are errors,
// because programs disagree about them. Its errors are sentences without the
// line.
func parseValue(text []byte) (value, error) {
	p := parser{dec: jsontext.NewDecoder(bytes.NewBuffer(text))} // which it reads without copying it
	v, err := p.value(0)
	if err != nil {
		return v, p.explain(text, err)
	}
	if tok, err := p.dec.ReadToken(); err == nil {
		return v, fmt.Errorf("something follows the JSON value: %s", clip(tok.String()))
	}
	if rest := bytes.TrimSpace(text[p.dec.InputOffset():]); len(rest) > 0 {
		return v, fmt.Errorf("something follows the JSON value: %s", clip(string(rest)))
	}
	return v, nil
}

type parser struct{ dec *jsontext.Decoder }

var errDeep = fmt.Errorf("it is nested more than %d levels deep", maxDepth)

func (p parser) value(depth int) (value, error) {
	if depth > maxDepth {
		return value{}, errDeep
	}
	tok, err := p.dec.ReadToken()
	if err != nil {
		return value{}, err
	}
	v := value{kind: tok.Kind()}
	switch v.kind {
	case '"', '0':
		v.text = tok.String()
	case '{':
		for p.dec.PeekKind() != '}' {
			key, err := p.dec.ReadToken()
			if err != nil {
				return v, err
			}
			name := key.String()
			inner, err := p.value(depth + 1)
			if err != nil {
				return v, err
			}
			v.members = append(v.members, member{name, inner})
		}
		_, err = p.dec.ReadToken()
	case '[':
		for p.dec.PeekKind() != ']' {
			inner, err := p.value(depth + 1)
			if err != nil {
				return v, err
			}
			v.items = append(v.items, inner)
		}
		_, err = p.dec.ReadToken()
	}
	return v, err
}

// explain says what is wrong with a text that is not JSON.
func (p parser) explain(text []byte, err error) error {
	if errors.Is(err, errDeep) {
		return err
	}
	at := p.dec.InputOffset()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at = syntax.ByteOffset
	}
	rest := bytes.TrimLeft(text[min(at, int64(len(text))):], " \t:,[{")
	for _, word := range []string{"NaN", "Infinity", "-Infinity", "None", "True", "False"} {
		if bytes.HasPrefix(rest, []byte(word)) {
			return fmt.Errorf("%s is not JSON (byte %d)", word, at+1)
		}
	}
	why := err.Error()
	if syntax != nil && syntax.Err != nil {
		why = syntax.Err.Error()
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		why = "a key stands twice in one object, and programs disagree about which one counts"
	case strings.Contains(why, "surrogate"):
		why = `half of a character: a \ud800 to \udfff without its other half`
	case strings.Contains(why, "UTF-8"):
		why = "bytes that are not UTF-8"
	case strings.Contains(why, "EOF"):
		why = "it ends too early"
	}
	return fmt.Errorf("it is not JSON: %s (byte %d)", why, at+1)
}

// clip shortens a text for a message.
func clip(s string) string {
	const most = 60
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}
