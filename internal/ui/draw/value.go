package draw

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep a drawn answer nests; what is deeper is drawn as
// text.
const maxDepth = 60

// A kind is a type of JSON value.
type kind byte

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// A value is JSON as it was written: keys in their order and as often as they
// come, numbers as spelled.
type value struct {
	kind  kind
	text  string // of a string; the spelling of a number; "true" or "false"
	keys  []string
	items []value // elements, or the values of keys

	start, end int   // the range of bytes it was read from
	keysAt     []int // where each key begins
}

// What keeps JSON that is otherwise in order from being drawn.
var (
	errDepth    = errors.New("it nests too deep to draw")
	errTrailing = errors.New("there is more text behind the JSON")
)

// parse reads one JSON value and nothing else.
func parse(s string) (value, error) {
	if !utf8.ValidString(s) {
		return value{}, errors.New("it holds bytes that are not UTF-8")
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	v, err := parseValue(dec, s, 0)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return value{}, errors.New("it ends too early")
		}
		return value{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return value{}, errTrailing
	}
	return v, nil
}

// next is where the next token of s begins: between tokens stand only white
// space, commas and colons.
func next(dec *json.Decoder, s string) int {
	at := int(dec.InputOffset())
	for at < len(s) && strings.IndexByte(" \t\r\n,:", s[at]) >= 0 {
		at++
	}
	return at
}

func parseValue(dec *json.Decoder, s string, depth int) (v value, err error) {
	if depth > maxDepth {
		return value{}, errDepth
	}
	start := next(dec, s)
	defer func() { v.start, v.end = start, int(dec.InputOffset()) }()
	tok, err := dec.Token()
	if err != nil {
		return value{}, err
	}
	switch t := tok.(type) {
	case string:
		return value{kind: text, text: t}, nil
	case json.Number:
		return value{kind: number, text: t.String()}, nil
	case bool:
		return value{kind: boolean, text: fmt.Sprint(t)}, nil
	case json.Delim:
		v := value{kind: list}
		if t == '{' {
			v.kind = object
		}
		for dec.More() {
			if v.kind == object {
				v.keysAt = append(v.keysAt, next(dec, s))
				key, err := dec.Token()
				if err != nil {
					return value{}, err
				}
				name, _ := key.(string) // the decoder lets only strings be keys
				v.keys = append(v.keys, name)
			}
			item, err := parseValue(dec, s, depth+1)
			if err != nil {
				return value{}, err
			}
			v.items = append(v.items, item)
		}
		_, err := dec.Token() // the closing bracket
		return v, err
	}
	return value{kind: null}, nil
}

// get returns the first member with that key.
func (v value) get(key string) (value, bool) {
	for i, k := range v.keys {
		if k == key {
			return v.items[i], true
		}
	}
	return value{}, false
}

// scalar says whether v has no parts.
func (v value) scalar() bool { return v.kind < list }

// all says whether v is a list with elements that are all of kind k.
func (v value) all(k kind) bool {
	if v.kind != list || len(v.items) == 0 {
		return false
	}
	for _, item := range v.items {
		if item.kind != k {
			return false
		}
	}
	return true
}

// Valid returns nil where s is one JSON value, else an error whose text says
// what is wrong, for whoever wrote it.
func Valid(s string) error {
	dec := json.NewDecoder(strings.NewReader(s))
	var raw json.RawMessage
	err := dec.Decode(&raw)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errTrailing
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := min(int(syntax.Offset), len(s))
		line := 1 + strings.Count(s[:at], "\n")
		return fmt.Errorf("line %d: %w", line, err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early: a bracket or quotation mark is missing")
	}
	return err
}
