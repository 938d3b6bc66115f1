package lint

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A fastSchema is the part of a JSON Schema that most schemas consist of, made
// to accept valid answers quickly. Where it refuses, the schema library has the
// last word and says why; where it accepts, the library would too.
type fastSchema struct {
	never       bool // the schema false
	kinds       uint8
	integer     bool // where kinds allows numbers, only whole ones
	properties  map[string]*fastSchema
	required    []string
	extra       *fastSchema // additionalProperties
	items       *fastSchema
	words       map[string]bool // enum of strings
	hasEnum     bool
	nullAllowed bool
	minimum     float64
	maximum     float64
	minLength   int
	maxLength   int
	minItems    int
	maxItems    int
	pattern     *regexp.Regexp
	all         []*fastSchema // allOf, $ref
	condition   *fastSchema
	then, other *fastSchema
}

const noLimit = math.MaxInt

// newFastSchema returns nil where doc uses words that a fastSchema does not
// know.
func newFastSchema(doc any) *fastSchema {
	b := &fastBuilder{root: doc, refs: map[string]*fastSchema{}}
	s, ok := b.build(doc)
	if !ok {
		return nil
	}
	for _, sub := range append(b.made, s) {
		if sub.circular(map[*fastSchema]bool{}) {
			return nil
		}
	}
	return s
}

// circular reports whether judging a value by s asks for s to judge the same
// value.
func (s *fastSchema) circular(above map[*fastSchema]bool) bool {
	if s == nil {
		return false
	}
	if above[s] {
		return true
	}
	above[s] = true
	defer delete(above, s)
	for _, sub := range s.all {
		if sub.circular(above) {
			return true
		}
	}
	return s.condition.circular(above) || s.then.circular(above) || s.other.circular(above)
}

type fastBuilder struct {
	root any
	refs map[string]*fastSchema // by pointer, also while they are being built
	made []*fastSchema
}

// annotations are the words that allow and forbid nothing. Format is one of
// them in draft 2020-12.
var annotations = map[string]bool{
	"$schema": true, "$comment": true, "$defs": true, "title": true, "description": true, "default": true, "examples": true,
	"deprecated": true, "readOnly": true, "writeOnly": true, "format": true,
}

func (b *fastBuilder) build(doc any) (*fastSchema, bool) {
	s := b.blank()
	return s, b.fill(s, doc)
}

// blank returns a schema that accepts everything.
func (b *fastBuilder) blank() *fastSchema {
	s := &fastSchema{kinds: 0xFF, minimum: math.Inf(-1), maximum: math.Inf(1), maxLength: noLimit, maxItems: noLimit}
	b.made = append(b.made, s)
	return s
}

func (b *fastBuilder) fill(s *fastSchema, doc any) bool {
	if yes, ok := doc.(bool); ok {
		s.never = !yes
		return true
	}
	m, ok := doc.(map[string]any)
	if !ok {
		return false
	}
	for word, v := range m {
		if !annotations[word] && !b.word(s, word, v) {
			return false
		}
	}
	return s.condition != nil || s.then == nil && s.other == nil
}

// word takes one keyword into s.
func (b *fastBuilder) word(s *fastSchema, word string, v any) (ok bool) {
	switch word {
	case "type":
		return s.types(v)
	case "enum":
		return s.enum(v)
	case "properties":
		m, ok := v.(map[string]any)
		if !ok {
			return false
		}
		s.properties = make(map[string]*fastSchema, len(m))
		for name, sub := range m {
			if s.properties[name], ok = b.build(sub); !ok {
				return false
			}
		}
		return true
	case "required":
		list, ok := v.([]any)
		for _, item := range list {
			name, isString := item.(string)
			s.required, ok = append(s.required, name), ok && isString
		}
		return ok
	case "additionalProperties":
		s.extra, ok = b.build(v)
	case "items":
		s.items, ok = b.build(v)
	case "if":
		s.condition, ok = b.build(v)
	case "then":
		s.then, ok = b.build(v)
	case "else":
		s.other, ok = b.build(v)
	case "$ref":
		return b.ref(s, v)
	case "allOf":
		list, isList := v.([]any)
		for _, item := range list {
			sub, ok := b.build(item)
			if !ok {
				return false
			}
			s.all = append(s.all, sub)
		}
		return isList
	case "minimum":
		s.minimum, ok = limit(v)
	case "maximum":
		s.maximum, ok = limit(v)
	case "minLength":
		s.minLength, ok = size(v)
	case "maxLength":
		s.maxLength, ok = size(v)
	case "minItems":
		s.minItems, ok = size(v)
	case "maxItems":
		s.maxItems, ok = size(v)
	case "pattern":
		text, isString := v.(string)
		re, err := regexp.Compile(text)
		s.pattern, ok = re, isString && err == nil
	}
	return ok
}

// ref takes a reference to another place in the same document into s.
func (b *fastBuilder) ref(s *fastSchema, v any) bool {
	pointer, _ := v.(string)
	rest, ok := strings.CutPrefix(pointer, "#/")
	if !ok || strings.ContainsRune(rest, '%') {
		return false
	}
	if b.refs[pointer] == nil {
		target := b.root
		for _, tok := range splitPointer("/" + rest) {
			m, ok := target.(map[string]any)
			if !ok {
				return false
			}
			if target, ok = m[tok]; !ok {
				return false
			}
		}
		sub := b.blank()
		b.refs[pointer] = sub
		if !b.fill(sub, target) {
			return false
		}
	}
	s.all = append(s.all, b.refs[pointer])
	return true
}

func limit(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok || !exact(n.String()) {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

func size(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil && i >= 0 && i < math.MaxInt32
}

// exact reports whether two different numbers spelled like this are different
// as float64 too.
func exact(spelling string) bool { return len(spelling) <= 15 && !strings.ContainsAny(spelling, "eE") }

func (s *fastSchema) types(v any) bool {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	s.kinds = 0
	whole, broken := false, false
	for _, item := range list {
		switch item {
		case "object":
			s.kinds |= 1 << objectKind
		case "array":
			s.kinds |= 1 << listKind
		case "string":
			s.kinds |= 1 << stringKind
		case "number":
			s.kinds |= 1 << numberKind
			broken = true
		case "integer":
			s.kinds |= 1 << numberKind
			whole = true
		case "boolean":
			s.kinds |= 1 << boolKind
		case "null":
			s.kinds |= 1 << nullKind
		default:
			return false
		}
	}
	s.integer = whole && !broken
	return true
}

func (s *fastSchema) enum(v any) bool {
	list, ok := v.([]any)
	if !ok {
		return false
	}
	s.hasEnum, s.words = true, make(map[string]bool, len(list))
	for _, item := range list {
		switch item := item.(type) {
		case string:
			s.words[item] = true
		case nil:
			s.nullAllowed = true
		default:
			return false
		}
	}
	return true
}

// accepts reports whether the value n of t is surely valid.
func (s *fastSchema) accepts(t *tree, n int32) bool {
	v := &t.nodes[n]
	if s.never || s.kinds&(1<<v.kind) == 0 {
		return false
	}
	if s.hasEnum && !(v.kind == stringKind && s.words[v.text] || v.kind == nullKind && s.nullAllowed) {
		return false
	}
	switch v.kind {
	case numberKind:
		if v.number < s.minimum || v.number > s.maximum || !exact(v.text) || s.integer && v.number != math.Trunc(v.number) {
			return false
		}
	case stringKind:
		if s.minLength > 0 || s.maxLength != noLimit {
			if c := utf8.RuneCountInString(v.text); c < s.minLength || c > s.maxLength {
				return false
			}
		}
		if s.pattern != nil && !s.pattern.MatchString(v.text) {
			return false
		}
	case listKind:
		if int(v.count) < s.minItems || int(v.count) > s.maxItems {
			return false
		}
		if s.items != nil {
			for c := v.first; c != 0; c = t.nodes[c].next {
				if !s.items.accepts(t, c) {
					return false
				}
			}
		}
	case objectKind:
		if !s.acceptsMembers(t, n) {
			return false
		}
	case boolKind, nullKind:
	}
	for _, sub := range s.all {
		if !sub.accepts(t, n) {
			return false
		}
	}
	if s.condition == nil {
		return true
	}
	// Refusing may only mean being unsure, so that a condition that does not
	// accept asks for both branches.
	if s.condition.accepts(t, n) {
		return s.then == nil || s.then.accepts(t, n)
	}
	return (s.other == nil || s.other.accepts(t, n)) && (s.then == nil || s.condition.refuses(t, n) || s.then.accepts(t, n))
}

func (s *fastSchema) acceptsMembers(t *tree, n int32) bool {
	for _, name := range s.required {
		if t.get(n, name) == 0 {
			return false
		}
	}
	if s.properties == nil && s.extra == nil {
		return true
	}
	for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
		sub, ok := s.properties[t.nodes[c].key]
		if !ok {
			sub = s.extra
		}
		if sub != nil && !sub.accepts(t, c) {
			return false
		}
	}
	return true
}

// refuses reports whether the value n of t is surely invalid, in the ways in
// which conditions are usually written: a member that is missing or of another
// type.
func (s *fastSchema) refuses(t *tree, n int32) bool {
	v := &t.nodes[n]
	if s.never || s.kinds&(1<<v.kind) == 0 {
		return true
	}
	if v.kind != objectKind {
		return false
	}
	for _, name := range s.required {
		if t.get(n, name) == 0 {
			return true
		}
	}
	for name, sub := range s.properties {
		if c := t.get(n, name); c != 0 && sub.refuses(t, c) {
			return true
		}
	}
	return false
}
