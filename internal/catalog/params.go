package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Params are a check's parameters by name, each as JSON. What they mean is the
// rule's affair; this package only keeps them.
type Params map[string]json.RawMessage

// Decode lays the parameters over the struct that dst points to, so that dst's
// values beforehand are the defaults. A parameter that dst has no field for,
// or of the wrong type, is an error.
func (p Params) Decode(dst any) error {
	if len(p) == 0 {
		return nil
	}
	doc, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode parameters: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		return fmt.Errorf("read parameters: %w", err)
	}
	return nil
}

// with returns p with the parameters of over in place of its own.
func (p Params) with(over Params) Params {
	if len(over) == 0 {
		return p
	}
	merged := maps.Clone(p)
	if merged == nil {
		merged = make(Params, len(over))
	}
	maps.Copy(merged, over)
	return merged
}

// UnmarshalYAML reads parameters as they are written: numbers keep their
// spelling where JSON allows it and a date stays text.
func (p *Params) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return complain(n, "Parameters are pairs of name and value.")
	}
	out := make(Params, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := out[key.Value]; twice {
			return complain(key, "The parameter %q is written twice; keep one.", key.Value)
		}
		var b bytes.Buffer
		if err := writeJSON(&b, n.Content[i+1]); err != nil {
			return err
		}
		out[key.Value] = b.Bytes()
	}
	*p = out
	return nil
}

// complain returns an error that the YAML decoder collects with its own, so
// that one mistake does not hide the next.
func complain(n *yaml.Node, format string, args ...any) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %s", n.Line, fmt.Sprintf(format, args...))}}
}

// writeJSON appends the JSON of a YAML value to b, keys in the file's order.
func writeJSON(b *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.MappingNode:
		seen := make(map[string]bool, len(n.Content)/2)
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || seen[key.Value] {
				return complain(key, "Each name is plain text and stands only once.")
			}
			seen[key.Value] = true
			if err := writeString(b, key.Value); err != nil {
				return complain(key, "The name %q is not text.", key.Value)
			}
			b.WriteByte(':')
			if err := writeJSON(b, n.Content[i+1]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case yaml.ScalarNode:
		return writeScalar(b, n)
	default:
		// An alias could lead into itself, and a catalog is read by people
		// who should not have to look elsewhere for a value.
		return complain(n, "Write the value out; anchors and aliases are not used in parameters.")
	}
	return nil
}

func writeScalar(b *bytes.Buffer, n *yaml.Node) error {
	switch n.ShortTag() {
	case "!!null":
		b.WriteString("null")
		return nil
	case "!!bool":
		var v bool
		if err := n.Decode(&v); err != nil {
			return complain(n, "`%s` is neither true nor false.", n.Value)
		}
		b.WriteString(strconv.FormatBool(v))
		return nil
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			b.WriteString(n.Value)
			return nil
		}
		var i int64
		if n.Decode(&i) == nil {
			b.WriteString(strconv.FormatInt(i, 10))
			return nil
		}
		var f float64
		if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return complain(n, "`%s` is not a finite number.", n.Value)
		}
		b.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
		return nil
	}
	if err := writeString(b, n.Value); err != nil {
		return complain(n, "`%s` is not text.", n.Value)
	}
	return nil
}

// writeString appends s as a JSON string, without escaping HTML.
func writeString(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line end that Encode adds
	return nil
}

// MarshalYAML writes what UnmarshalYAML reads.
func (p Params) MarshalYAML() (any, error) {
	doc, err := marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode parameters: %w", err)
	}
	return yamlOf(doc)
}

// yamlOf turns one JSON document into a YAML node, keys in the same order.
func yamlOf(doc []byte) (*yaml.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	n, err := yamlValue(dec)
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	return n, nil
}

func yamlValue(dec *json.Decoder) (*yaml.Node, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch v := tok.(type) {
	case json.Delim:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		if v == '{' {
			n = &yaml.Node{Kind: yaml.MappingNode}
		}
		for dec.More() {
			item, err := yamlValue(dec)
			if err != nil {
				return nil, err
			}
			if item.Kind != yaml.ScalarNode {
				n.Style = 0 // only lists of plain values stay on one line
			}
			n.Content = append(n.Content, item)
		}
		if len(n.Content) == 0 {
			n.Style = yaml.FlowStyle
		}
		_, err := dec.Token()
		return n, err
	case string:
		n := &yaml.Node{}
		n.SetString(v)
		n.Style &^= yaml.LiteralStyle
		if !plain(v) {
			n.Style = yaml.DoubleQuotedStyle
		}
		return n, nil
	case json.Number:
		tag := "!!int"
		if _, err := v.Int64(); err != nil {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// plain reports whether s may stand in YAML without quotes and still be read
// as the same text. It errs on the side of quotes.
func plain(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		inner := i > 0 && i < len(s)-1 && (c == ' ' || '0' <= c && c <= '9' || c == '/' || c == '.' || c == '\'')
		last := i > 0 && '0' <= c && c <= '9'
		if !letter && !inner && !last && c != '_' && (c != '-' || i == 0) {
			return false
		}
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
	return n.ShortTag() == "!!str" // not true, null, 1e3 and the like
}
