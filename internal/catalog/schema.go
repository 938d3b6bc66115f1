package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// draft is the JSON Schema dialect of the catalog.
const draft = "https://json-schema.org/draft/2020-12/schema"

// A Schema describes one shape of structured answer and how to draw it.
type Schema struct {
	Name string `json:"name" yaml:"name"`
	// When lists JSON pointers that must all exist in an answer for this
	// schema to be the one that describes it; empty fits every answer.
	When []string `json:"when,omitempty" yaml:"when,omitempty"`
	// JSON is the JSON Schema, draft 2020-12, compact and in the order of its
	// file. Order matters: it is the order of fields in a form.
	JSON json.RawMessage `json:"json" yaml:"-"`
	View []Hint          `json:"view,omitempty" yaml:"-"`
}

// SchemaFor returns the schema that describes an answer, as encoding/json
// decodes it into an any: the first whose When pointers all exist. It returns
// false where none fits, which is the case for an answer that is not an object
// when every schema has a When.
func (c Category) SchemaFor(answer any) (Schema, bool) {
	for _, s := range c.Schemas {
		if !slices.ContainsFunc(s.When, func(p string) bool { return !exists(answer, p) }) {
			return s, true
		}
	}
	return Schema{}, false
}

// exists reports whether a JSON pointer leads anywhere in v.
func exists(v any, pointer string) bool {
	for _, tok := range tokens(pointer) {
		switch node := v.(type) {
		case map[string]any:
			next, ok := node[tok]
			if !ok {
				return false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(tok)
			if err != nil || i < 0 || i >= len(node) {
				return false
			}
			v = node[i]
		default:
			return false
		}
	}
	return true
}

// tokens splits a JSON pointer and undoes its escapes. The pointer to the
// whole document, "", has none.
func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// validPointer reports whether s is "" or starts with a slash and has only the
// escapes ~0 and ~1.
func validPointer(s string) bool {
	if s == "" {
		return true
	}
	rest := strings.ReplaceAll(strings.ReplaceAll(s, "~0", ""), "~1", "")
	return s[0] == '/' && !strings.Contains(rest, "~")
}

// checkSchema returns what keeps doc from being a JSON Schema that stands on
// its own, as sentences. The compiled schema is thrown away: whoever checks
// answers keeps their own.
func checkSchema(name string, doc []byte) []string {
	if msg := checkJSON(doc); msg != "" {
		return []string{msg}
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return []string{fmt.Sprintf("The schema is not JSON: %v.", err)}
	}
	root, ok := v.(map[string]any)
	if !ok {
		return []string{"A schema is a JSON object; start the file with {."}
	}
	if d, ok := root["$schema"]; ok && d != draft {
		return []string{fmt.Sprintf("The schema is written for %v; change \"$schema\" to %q.", d, draft)}
	}
	url := "schema:///" + name + ".json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(loadNothing{})
	if err := c.AddResource(url, v); err != nil {
		return []string{fmt.Sprintf("The schema can't be read: %v.", err)}
	}
	_, err = c.Compile(url)
	if err == nil {
		return nil
	}
	if bad, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		if verr, ok := errors.AsType[*jsonschema.ValidationError](bad.Err); ok {
			return leaves(verr, message.NewPrinter(language.English))
		}
	}
	if _, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return []string{"The schema refers to another document; copy that part under \"$defs\" and refer to it as \"#/$defs/name\"."}
	}
	if lost, ok := errors.AsType[*jsonschema.JSONPointerNotFoundError](err); ok {
		return []string{fmt.Sprintf("The schema has no %q to refer to; correct the \"$ref\".", strings.TrimPrefix(lost.URL, url))}
	}
	return []string{fmt.Sprintf("The schema does not compile: %v.", strings.ReplaceAll(err.Error(), url, ""))}
}

// leaves returns the innermost complaints of a validation error, one sentence
// for each place.
func leaves(e *jsonschema.ValidationError, p *message.Printer) []string {
	at := map[string][]string{}
	var collect func(e *jsonschema.ValidationError)
	collect = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			collect(c)
		}
		if len(e.Causes) == 0 {
			place := "/" + strings.Join(e.InstanceLocation, "/")
			at[place] = append(at[place], e.ErrorKind.LocalizedString(p))
		}
	}
	collect(e)
	var all []string
	for _, place := range keys(at) {
		slices.Sort(at[place])
		all = append(all, fmt.Sprintf("At %s the schema is wrong: %s.", place, strings.Join(slices.Compact(at[place]), "; ")))
	}
	return all
}

// loadNothing keeps a schema from reading files or the network.
type loadNothing struct{}

func (loadNothing) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is outside the catalog", url)
}

// checkJSON returns a sentence with the line where doc is not one JSON value, or
// where an object has the same key twice, of which most readers silently drop
// one. It returns "" where doc is in order.
func checkJSON(doc []byte) string {
	line := func(offset int64) int { return 1 + bytes.Count(doc[:min(int(offset), len(doc))], []byte("\n")) }
	if !utf8.Valid(doc) {
		return "The text is not UTF-8; save it in that encoding."
	}
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return fmt.Sprintf("Line %d is not JSON: %s.", line(syntax.Offset), syntax)
		}
		// Whatever is valid fits into an any, but for numbers beyond float64.
		return fmt.Sprintf("There is a number that is too large: %v.", err)
	}
	// doc is valid JSON from here on, so Token cannot fail.
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	type level struct {
		keys map[string]bool // nil in a list
		key  bool            // the next token is a key
	}
	var stack []level
	for {
		tok, err := dec.Token()
		if err != nil {
			return "" // the end
		}
		top := len(stack) - 1
		if top >= 0 && stack[top].keys != nil && stack[top].key {
			if k, ok := tok.(string); ok {
				if stack[top].keys[k] {
					return fmt.Sprintf("Line %d repeats the key %q; keep one.", line(dec.InputOffset()), k)
				}
				stack[top].keys[k] = true
				stack[top].key = false
				continue
			}
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{keys: map[string]bool{}, key: true})
			continue
		case json.Delim('['):
			stack = append(stack, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
		if top = len(stack) - 1; top >= 0 {
			stack[top].key = true // a value is over
		}
	}
}

// maxRefs bounds how many subschemas a search follows, so that schemas that
// refer to each other in a circle end.
const maxRefs = 200

// A schemaSearch looks up the subschemas that describe one place in an answer.
type schemaSearch struct {
	root any
	left int
}

// subschemas returns the schemas that may describe the value at path, a JSON
// pointer in which "*" stands for every element or key, and the names of the
// fields known at the deepest place that was reached.
func subschemas(doc []byte, path string) (found []map[string]any, known []string) {
	var root any
	if json.Unmarshal(doc, &root) != nil {
		return nil, nil
	}
	s := &schemaSearch{root: root, left: maxRefs}
	at := s.expand(root)
	for _, tok := range tokens(path) {
		var next []map[string]any
		names := map[string]bool{}
		for _, sub := range at {
			for _, child := range children(sub, tok) {
				next = append(next, s.expand(child)...)
			}
			if props, ok := sub["properties"].(map[string]any); ok {
				for name := range props {
					names[name] = true
				}
			}
		}
		known = slices.Sorted(maps.Keys(names))
		if len(next) == 0 {
			return nil, known
		}
		at = next
	}
	return at, known
}

// expand returns the schema and those it is combined with or refers to.
func (s *schemaSearch) expand(v any) []map[string]any {
	sub, ok := v.(map[string]any)
	if !ok || s.left == 0 {
		return nil
	}
	s.left--
	all := []map[string]any{sub}
	if ref, ok := sub["$ref"].(string); ok && strings.HasPrefix(ref, "#") {
		all = append(all, s.expand(walk(s.root, strings.TrimPrefix(ref, "#")))...)
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := sub[word].([]any)
		for _, item := range list {
			all = append(all, s.expand(item)...)
		}
	}
	for _, word := range []string{"then", "else"} {
		all = append(all, s.expand(sub[word])...)
	}
	return all
}

// walk follows a JSON pointer; it returns nil where it leads nowhere.
func walk(v any, pointer string) any {
	for _, tok := range tokens(pointer) {
		switch node := v.(type) {
		case map[string]any:
			v = node[tok]
		case []any:
			i, err := strconv.Atoi(tok)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// children returns the schemas of what tok names inside a value that sub describes.
func children(sub map[string]any, tok string) []any {
	var out []any
	if props, ok := sub["properties"].(map[string]any); ok {
		if child, ok := props[tok]; ok {
			out = append(out, child)
		}
		if tok == "*" {
			for _, name := range slices.Sorted(maps.Keys(props)) {
				out = append(out, props[name])
			}
		}
	}
	_, err := strconv.Atoi(tok)
	if tok == "*" || err == nil {
		if items, ok := sub["items"]; ok {
			out = append(out, items)
		}
		list, _ := sub["prefixItems"].([]any)
		out = append(out, list...)
	}
	if patterns, ok := sub["patternProperties"].(map[string]any); ok {
		for _, p := range slices.Sorted(maps.Keys(patterns)) {
			out = append(out, patterns[p])
		}
	}
	if extra, ok := sub["additionalProperties"].(map[string]any); ok {
		out = append(out, extra)
	}
	return out
}
