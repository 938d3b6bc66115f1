package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/voicefit/spotter/internal/catalog"
)

// A schema describes one shape of structured answer.
type schema struct {
	name string
	when [][]string // pointers, split, that must all lead somewhere
	full *jsonschema.Schema
	fast *fastSchema // accepts most valid answers quickly; nil where the schema is beyond it
}

// compileSchema compiles a schema of the catalog.
func compileSchema(s catalog.Schema) (*schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.JSON))
	if err != nil {
		return nil, fmt.Errorf("read it: %w", err)
	}
	url := "schema:///" + s.Name + ".json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	if err := c.AddResource(url, doc); err != nil {
		return nil, err
	}
	full, err := c.Compile(url)
	if err != nil {
		return nil, err
	}
	out := &schema{name: s.Name, full: full, fast: newFastSchema(doc)}
	for _, p := range s.When {
		out.when = append(out.when, splitPointer(p))
	}
	return out, nil
}

// noLoader keeps a schema from reading files or the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is outside the catalog", url)
}

// splitPointer returns the tokens of a JSON pointer.
func splitPointer(p string) []string {
	if p == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, tok := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(tok, "~1", "/"), "~0", "~")
	}
	return tokens
}

// follow returns the node that tokens lead to from n, and whether they lead
// anywhere.
func (t *tree) follow(n int32, tokens []string) (int32, bool) {
	for _, tok := range tokens {
		switch t.nodes[n].kind {
		case objectKind:
			n = t.get(n, tok)
		case listKind:
			i, err := strconv.Atoi(tok)
			if err != nil {
				return 0, false
			}
			n = t.item(n, i)
		default:
			return 0, false
		}
		if n == 0 {
			return 0, false
		}
	}
	return n, true
}

// schemaFor returns the first schema that describes the answer t, or nil.
func schemaFor(schemas []*schema, t *tree) *schema {
	for _, s := range schemas {
		fits := true
		for _, tokens := range s.when {
			if _, ok := t.follow(0, tokens); !ok {
				fits = false
				break
			}
		}
		if fits {
			return s
		}
	}
	return nil
}

// plain returns n as the schema library wants it.
func (t *tree) plain(n int32) any {
	v := &t.nodes[n]
	switch v.kind {
	case objectKind:
		m := make(map[string]any, v.count)
		for c := v.first; c != 0; c = t.nodes[c].next {
			m[t.nodes[c].key] = t.plain(c)
		}
		return m
	case listKind:
		l := make([]any, 0, v.count)
		for c := v.first; c != 0; c = t.nodes[c].next {
			l = append(l, t.plain(c))
		}
		return l
	case stringKind:
		return v.text
	case numberKind:
		return json.Number(v.text)
	case boolKind:
		return v.text == "true"
	}
	return nil
}

// A violation is one thing that a schema has against an answer.
type violation struct {
	node    int32
	message string
}

// violations returns what s has against t, in the order of the text.
func (s *schema) violations(t *tree) []violation {
	if s.fast != nil && s.fast.accepts(t, 0) {
		return nil
	}
	err := s.full.Validate(t.plain(0))
	if err == nil {
		return nil
	}
	top, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []violation{{0, fmt.Sprintf("The schema %s can't be applied: %v.", s.name, err)}}
	}
	var found []violation
	p := message.NewPrinter(language.English)
	var collect func(e *jsonschema.ValidationError)
	collect = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			collect(c)
		}
		if len(e.Causes) > 0 {
			return
		}
		n, _ := t.follow(0, e.InstanceLocation)
		found = append(found, violation{n, t.explain(n, e.ErrorKind, p)})
	}
	collect(top)
	slices.SortStableFunc(found, func(a, b violation) int {
		if a.node != b.node {
			return int(a.node - b.node)
		}
		return strings.Compare(a.message, b.message)
	})
	return slices.Compact(found)
}

// explain says what is wrong at n and what to do.
func (t *tree) explain(n int32, k jsonschema.ErrorKind, p *message.Printer) string {
	name := t.name(n)
	switch k := k.(type) {
	case *kind.Required:
		if len(k.Missing) == 1 {
			return fmt.Sprintf("%s lacks the field %s; add it.", capital(name), k.Missing[0])
		}
		return fmt.Sprintf("%s lacks the fields %s; add them.", capital(name), strings.Join(k.Missing, ", "))
	case *kind.Type:
		return fmt.Sprintf("%s is %s; make it %s.", capital(name), article(k.Got), article(strings.Join(k.Want, " or ")))
	case *kind.Enum:
		want := make([]string, len(k.Want))
		for i, w := range k.Want {
			want[i] = spelling(w)
		}
		return fmt.Sprintf("%s is %s; write one of %s.", capital(name), t.quote(n), strings.Join(want, ", "))
	case *kind.Const:
		return fmt.Sprintf("%s is %s; it must be %s.", capital(name), t.quote(n), spelling(k.Want))
	case *kind.Minimum:
		return fmt.Sprintf("%s is %s; the least allowed is %s.", capital(name), t.quote(n), k.Want.RatString())
	case *kind.Maximum:
		return fmt.Sprintf("%s is %s; the most allowed is %s.", capital(name), t.quote(n), k.Want.RatString())
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("%s is %s; it must be more than %s.", capital(name), t.quote(n), k.Want.RatString())
	case *kind.ExclusiveMaximum:
		return fmt.Sprintf("%s is %s; it must be less than %s.", capital(name), t.quote(n), k.Want.RatString())
	case *kind.MinLength:
		if k.Got == 0 {
			return fmt.Sprintf("%s is empty; fill it in or take it out.", capital(name))
		}
		return fmt.Sprintf("%s has %d characters; write at least %d.", capital(name), k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("%s has %d characters; write at most %d.", capital(name), k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("%s has %d entries; give at least %d.", capital(name), k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("%s has %d entries; give at most %d.", capital(name), k.Got, k.Want)
	case *kind.Pattern:
		return fmt.Sprintf("%s is %s, which does not have the form it should; it must match %s.", capital(name), t.quote(n), k.Want)
	case *kind.AdditionalProperties:
		return fmt.Sprintf("%s has fields that are not foreseen: %s; take them out.", capital(name), strings.Join(k.Properties, ", "))
	case *kind.FalseSchema:
		return fmt.Sprintf("%s should not be there; take it out.", capital(name))
	}
	return fmt.Sprintf("%s does not fit the schema: %s; correct it.", capital(name), k.LocalizedString(p))
}

// name calls n what people would: its key, the entry of a list, the answer.
func (t *tree) name(n int32) string {
	if n == 0 {
		return "the answer"
	}
	v := &t.nodes[n]
	if t.nodes[v.parent].kind == listKind {
		if v.parent == 0 {
			return fmt.Sprintf("entry %d", v.index+1)
		}
		return fmt.Sprintf("entry %d of %s", v.index+1, t.name(v.parent))
	}
	return v.key
}

// quote returns the value n, shortened, as JSON.
func (t *tree) quote(n int32) string {
	v := &t.nodes[n]
	switch v.kind {
	case stringKind:
		return quoted(v.text)
	case objectKind:
		return "an object"
	case listKind:
		return "a list"
	}
	return v.text
}

// quoted returns s in double quotes, at most some forty characters of it.
func quoted(s string) string {
	const most = 40
	if runes := []rune(s[:min(len(s), 8*most)]); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return strconv.QuoteToGraphic(s)
}

func spelling(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// article puts "a" or "an" before a JSON type.
func article(kind string) string {
	switch {
	case kind == "null":
		return kind
	case strings.HasPrefix(kind, "a") || strings.HasPrefix(kind, "i") || strings.HasPrefix(kind, "o"):
		return "an " + kind
	}
	return "a " + kind
}

// capital returns s with its first letter in upper case, unless s is a name as
// the data spells it.
func capital(s string) string {
	if strings.HasPrefix(s, "the ") || strings.HasPrefix(s, "entry ") {
		return string(s[0]&^0x20) + s[1:]
	}
	return s
}
