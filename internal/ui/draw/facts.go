package draw

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxSubs bounds how many parts of a schema describe one place, so that schemas
// that refer to each other in a circle end.
const maxSubs = 60

// A sub is one part of a schema that describes a place. What is only said of
// some answers (anyOf, then, ...) is not sure.
type sub struct {
	value
	sure bool
}

// expand returns a part of the schema with those it refers to or is combined
// with, itself first.
func (w *drawing) expand(s sub, all []sub) []sub {
	if s.kind != object || len(all) >= maxSubs {
		return all
	}
	all = append(all, s)
	if ref, ok := s.get("$ref"); ok && strings.HasPrefix(ref.text, "#") {
		to, found := w.schema, true
		for _, t := range pointer(strings.TrimPrefix(ref.text, "#")) {
			i, ok := to.index(t)
			if !ok {
				found = false
				break
			}
			to = to.items[i]
		}
		if found {
			all = w.expand(sub{to, s.sure}, all)
		}
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := s.get(word)
		for _, item := range list.items {
			all = w.expand(sub{item, s.sure && word == "allOf"}, all)
		}
	}
	for _, word := range []string{"then", "else"} {
		if part, ok := s.get(word); ok {
			all = w.expand(sub{part, false}, all)
		}
	}
	return all
}

// subs returns the parts of the schema that describe the place, those that
// describe it best first; none where the schema does not know it.
func (w *drawing) subs(path []string) []sub {
	at := w.expand(sub{w.schema, true}, nil)
	for _, tok := range path {
		var next []sub
		for _, s := range at {
			if child, ok := childOf(s.value, tok); ok {
				next = w.expand(sub{child, s.sure}, next)
			}
		}
		if at = next; len(at) == 0 {
			return nil
		}
	}
	return at
}

// childOf is what a schema says of the member or element tok.
func childOf(s value, tok string) (value, bool) {
	if props, ok := s.get("properties"); ok {
		if child, ok := props.get(tok); ok {
			return child, true
		}
	}
	if tok == "" || strings.Trim(tok, "0123456789") == "" {
		if items, ok := s.get("items"); ok {
			return items, true
		}
	}
	if extra, ok := s.get("additionalProperties"); ok && extra.kind == object {
		return extra, true
	}
	return value{}, false
}

// facts are what the schema says of a place, for a form.
type facts struct {
	known       bool     // the schema names the place
	types       []string // without null; empty: any
	nullable    bool
	enum        []value
	min, max    string // spelled as in the schema; empty: none
	whole       bool
	title, help string
	required    []string // members that every answer has
	props       []string // members by name, in order
	fallback    value    // the default
}

// facts collects what is known of the place. Where parts differ, the first one
// counts.
func (w *drawing) facts(path []string) facts {
	subs := w.subs(path)
	f := facts{known: len(subs) > 0}
	typed := false
	for _, s := range subs {
		if t, ok := s.get("type"); ok && (!typed || !s.sure && len(f.types) == 0) {
			typed = true
			names := []value{t}
			if t.kind == list {
				names = t.items
			}
			for _, n := range names {
				if n.text == "null" {
					f.nullable = true
				} else if !slices.Contains(f.types, n.text) {
					f.types = append(f.types, n.text)
				}
			}
		}
		if e, ok := s.get("enum"); ok && f.enum == nil {
			f.enum = e.items
		}
		for _, bound := range []struct {
			word string
			into *string
		}{{"minimum", &f.min}, {"maximum", &f.max}, {"title", &f.title}, {"description", &f.help}} {
			if b, ok := s.get(bound.word); ok && *bound.into == "" && (b.kind == number || b.kind == text) {
				*bound.into = b.text
			}
		}
		if d, ok := s.get("default"); ok && f.fallback.kind == null {
			f.fallback = d
		}
		if names, ok := s.get("required"); ok && s.sure {
			for _, n := range names.items {
				if !slices.Contains(f.required, n.text) {
					f.required = append(f.required, n.text)
				}
			}
		}
		if props, ok := s.get("properties"); ok {
			for _, k := range props.keys {
				if !slices.Contains(f.props, k) {
					f.props = append(f.props, k)
				}
			}
		}
	}
	f.whole = len(f.types) == 1 && f.types[0] == "integer"
	if f.enum != nil && slices.ContainsFunc(f.enum, func(v value) bool { return v.kind == null }) {
		f.nullable = true
	}
	return f
}

// wanted asks for a number that may stand at the place.
func (f facts) wanted() string {
	what := "a number"
	if f.whole {
		what = "a whole number"
	}
	low, lowErr := strconv.ParseFloat(f.min, 64)
	high, highErr := strconv.ParseFloat(f.max, 64)
	const usual = 5.0
	switch {
	case lowErr == nil && highErr == nil && low < high:
		like, step := low+0.85*(high-low), 100.0
		if f.whole || high-low >= 10 {
			step = 1
		}
		like = min(high, max(low, math.Round(like*step)/step))
		return fmt.Sprintf("Type %s from %s to %s, such as %s.", what, f.min, f.max, strconv.FormatFloat(like, 'f', -1, 64))
	case lowErr == nil && highErr != nil:
		return fmt.Sprintf("Type %s of %s or more, such as %s.", what, f.min, strconv.FormatFloat(max(low, usual), 'f', -1, 64))
	case highErr == nil && lowErr != nil:
		return fmt.Sprintf("Type %s of %s or less, such as %s.", what, f.max, strconv.FormatFloat(min(high, usual), 'f', -1, 64))
	case f.whole:
		return "Type a whole number, such as 5."
	}
	return "Type a number, such as 5 or 2.5."
}

// may says whether a value of the type may stand at the place.
func (f facts) may(name string) bool {
	return len(f.types) == 0 && len(f.enum) == 0 || slices.Contains(f.types, name) || name == "number" && slices.Contains(f.types, "integer")
}

// only says whether nothing but values of the type may stand at the place.
func (f facts) only(name string) bool {
	return len(f.types) > 0 && !slices.ContainsFunc(f.types, func(t string) bool {
		return t != name && (name != "number" || t != "integer")
	})
}

// blank is the value that a new part begins with: what must be in it, empty.
// like is one of its neighbours, whose shape counts where the schema is silent.
func (w *drawing) blank(path []string, like value, depth int) value {
	f := w.facts(path)
	has := func(name string) bool { return slices.Contains(f.types, name) }
	switch {
	case f.fallback.kind != null:
		return f.fallback
	case depth > 8:
		return value{kind: null}
	case has("object"), len(f.types) == 0 && (like.kind == object || len(f.props) > 0):
		v := value{kind: object}
		keys := slices.Clone(f.required)
		for _, k := range like.keys {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
		rank := func(k string) int {
			if i := slices.Index(like.keys, k); i >= 0 {
				return i
			}
			if i := slices.Index(f.props, k); i >= 0 {
				return len(like.keys) + i
			}
			return len(like.keys) + len(f.props)
		}
		slices.SortStableFunc(keys, func(a, b string) int { return rank(a) - rank(b) })
		for _, k := range keys {
			old, _ := like.get(k)
			v.keys = append(v.keys, k)
			v.items = append(v.items, w.blank(append(path[:len(path):len(path)], k), old, depth+1))
		}
		return v
	case has("array"), len(f.types) == 0 && like.kind == list:
		return value{kind: list}
	case has("string") && !f.nullable, len(f.types) == 0 && like.kind == text:
		return value{kind: text}
	}
	return value{kind: null} // nothing yet; where something must be, the checks say so
}
