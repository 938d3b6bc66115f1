package decode

import (
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A Mapping says which fields of a row make up its conversation. Each field is
// a path: a top-level key (or CSV column), or keys and list indexes joined by
// dots (answer.text, choices.0.message); a key that itself has a dot is found
// if it is the whole path. Empty means not mapped. Either Messages, or User and
// Assistant, must be set.
//
// Strings are taken as they are; of other values Assistant, User and System
// take the compact JSON, so that a structured answer stays one.
type Mapping struct {
	Messages    string `json:"messages,omitempty"` // a list of role/content or from/value objects, or its JSON in a string
	System      string `json:"system,omitempty"`
	User        string `json:"user,omitempty"`
	Assistant   string `json:"assistant,omitempty"`
	Tools       string `json:"tools,omitempty"`
	Category    string `json:"category,omitempty"`
	Subcategory string `json:"subcategory,omitempty"`
	ID          string `json:"id,omitempty"`
}

// MappingTargets lists what a field can be mapped to, in the order in which a
// form asks for them.
var MappingTargets = [...]string{"user", "assistant", "system", "messages", "tools", "category", "subcategory", "id"}

// field is the field of m with the name of a target, or nil.
func (m *Mapping) field(target string) *string {
	switch target {
	case "user":
		return &m.User
	case "assistant":
		return &m.Assistant
	case "system":
		return &m.System
	case "messages":
		return &m.Messages
	case "tools":
		return &m.Tools
	case "category":
		return &m.Category
	case "subcategory":
		return &m.Subcategory
	case "id":
		return &m.ID
	}
	return nil
}

// ParseMapping reads pairs of the form target=path, as --map takes them:
// user=question assistant=answer.text. It returns nil for no pairs and fails
// with fault.Invalid for unknown or repeated targets, empty paths, and a
// mapping that is not complete.
func ParseMapping(pairs []string) (*Mapping, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	m := new(Mapping)
	for _, p := range pairs {
		target, path, ok := strings.Cut(p, "=")
		target, path = strings.TrimSpace(target), strings.TrimSpace(path)
		if !ok || path == "" {
			return nil, fault.New(fault.Invalid, "%q is not a field mapping. Write it like user=question.", p)
		}
		f := m.field(target)
		if f == nil {
			return nil, fault.New(fault.Invalid, "%q cannot be mapped. Map %s.", target, strings.Join(MappingTargets[:], ", "))
		}
		if *f != "" {
			return nil, fault.New(fault.Invalid, "%s is mapped twice, to %q and to %q. Choose one.", target, *f, path)
		}
		*f = path
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// Validate says, as a fault.Invalid with a message for each field, what a
// mapping lacks; nil if it is complete.
func (m *Mapping) Validate() error {
	problems := map[string]string{}
	if m.Messages != "" {
		for _, target := range []string{"user", "assistant"} {
			if *m.field(target) != "" {
				problems[target] = "Leave this out, or messages: a row has either a list of messages or single fields."
			}
		}
	} else {
		for _, target := range []string{"user", "assistant"} {
			if *m.field(target) == "" {
				problems[target] = "Choose the field that holds this."
			}
		}
	}
	for _, target := range MappingTargets {
		if path := *m.field(target); path != "" && slices.Contains(strings.Split(path, "."), "") {
			problems[target] = "The path has an empty part; write keys joined by single dots."
		}
	}
	if len(problems) == 0 {
		return nil
	}
	msg := "The field mapping is not complete: map messages, or both user and assistant."
	for _, target := range MappingTargets {
		if s, ok := problems[target]; ok {
			msg += " " + target + ": " + s
		}
	}
	return fault.Fields(msg, problems)
}

// A path is where a field is found: the whole name, and its parts.
type path struct {
	whole string
	parts []string
}

// mappingPaths are the paths of a Mapping, taken apart once.
type mappingPaths struct {
	messages, system, user, assistant, tools, category, subcategory, id path
}

func (m *Mapping) paths() mappingPaths {
	p := func(s string) path { return path{whole: s, parts: strings.Split(s, ".")} }
	return mappingPaths{p(m.Messages), p(m.System), p(m.User), p(m.Assistant), p(m.Tools), p(m.Category), p(m.Subcategory), p(m.ID)}
}

// find returns the value at p, or -1. A top-level value is marked as used; of
// nested ones the whole stays in the metadata, as nulls do.
func (r *reader) find(p path) int32 {
	if p.whole == "" {
		return -1
	}
	if n := r.member(0, p.whole); n >= 0 {
		r.nodes[n].used = r.nodes[n].kind != null
		return n
	}
	n := int32(0)
	for _, part := range p.parts {
		switch v := &r.nodes[n]; v.kind {
		case object:
			if n = r.member(n, part); n < 0 {
				return -1
			}
		case list:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= int(v.size) {
				return -1
			}
			for n++; i > 0; i-- {
				n = r.nodes[n].next
			}
		default:
			return -1
		}
	}
	return n
}

// mapped reads a row as p says.
func (r *reader) mapped(p mappingPaths) error {
	if p.messages.whole != "" {
		n := r.find(p.messages)
		if n < 0 || r.nodes[n].kind == null {
			return invalid("The row has no %s, the field that messages is mapped to; %s.", p.messages.whole, r.keys(0))
		}
		if err := r.turns(n, p.messages.whole, r.itemFormat(n)); err != nil {
			return err
		}
	} else {
		user, err := r.mappedText(p.user, "user")
		if err != nil {
			return err
		}
		assistant, err := r.mappedText(p.assistant, "assistant")
		if err != nil {
			return err
		}
		r.add(example.Message{Role: example.User, Content: user})
		r.add(example.Message{Role: example.Assistant, Content: assistant})
	}
	if n := r.find(p.system); n >= 0 && r.nodes[n].kind != null {
		if err := r.systemFirst(r.asText(n)); err != nil {
			return err
		}
	}
	if n := r.find(p.tools); n >= 0 && r.nodes[n].kind != null {
		if err := r.toolList(n, p.tools.whole); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		path path
		to   *string
	}{{p.category, &r.row.Category}, {p.subcategory, &r.row.Subcategory}, {p.id, &r.row.ExternalID}} {
		n := r.find(f.path)
		if n < 0 || r.nodes[n].kind == null {
			continue
		}
		s, ok := r.scalar(n)
		if !ok {
			return invalid("%s must be a string or a number, found %s.", f.path.whole, r.found(n))
		}
		*f.to = s
	}
	return nil
}

func (r *reader) mappedText(p path, target string) (string, error) {
	n := r.find(p)
	if n < 0 {
		return "", invalid("The row has no %s, the field that %s is mapped to; %s.", p.whole, target, r.keys(0))
	}
	if r.nodes[n].kind == null {
		return "", invalid("%s, the field that %s is mapped to, is null.", p.whole, target)
	}
	return r.asText(n), nil
}

// asText is a string as it is and any other value as compact JSON.
func (r *reader) asText(n int32) string {
	if r.nodes[n].kind == text {
		return r.str(n)
	}
	return string(r.appendValue(nil, n, canonical))
}
