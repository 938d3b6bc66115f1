package export

import (
	"regexp"
	"slices"
	"strings"
)

// columns are the keys of a row with the kinds of their values, of messages
// those of their parts.
type columns map[string]string

// dated finds strings that a reader of tables takes for a time.
var dated = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$`)

// columns looks at a row as the datasets library does, which makes a table of a
// file and fixes its columns and their types by the first rows.
func (v *Validator) columns(row value) {
	here := columns{}
	for _, m := range row.members {
		here.of(m.key, m.value)
		if m.value.kind == '"' && dated.MatchString(m.value.text) {
			v.warn("table/date", "%q looks like a time, and is read as one rather than as a string.", clip(m.key))
		}
	}
	if v.rules.traces && here["id"] == "a string" && here["source"] == "a string" && here["model"] == "a string" &&
		here["system_prompt"] == "a string" && here["messages"] != "" {
		v.refuse("table/agent-trace", "A file with id, source, model, system_prompt and messages is taken for the trace of an agent and rewritten. Rename id to row_id.")
	}
	if v.first == nil {
		v.first = here
	}
	for _, name := range here.names() {
		kind, before := here[name], v.first[name]
		switch {
		case kind == "null" || kind == "an empty list":
			v.warn("table/null", "%s is %s: a column that begins so gets a type that later values do not fit.", name, kind)
		case before == "" && !strings.Contains(name, "."):
			v.refuse("table/column", "%s is not in the first row: the datasets library fails on a column that comes later.", name)
			v.first[name] = kind // said once
		case before == "":
			v.warn("table/struct", "%s was not in the rows before: the datasets library gives it to every row, as null.", name)
			v.first[name] = kind
		case before != kind && before != "null" && before != "an empty list":
			v.refuse("table/type", "%s is %s here and %s in the rows before: the datasets library can't make one column of it.", name, kind, before)
		}
	}
	for _, name := range v.first.names() {
		if here[name] == "" && !strings.Contains(name, ".") {
			v.warn("table/missing", "The row has no %s, which rows before it have: it is read as null.", name)
		}
	}
}

func (c columns) names() []string {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// of adds what stands under a name.
func (c columns) of(name string, v value) {
	kind := v.is()
	if v.kind == '[' && len(v.items) == 0 {
		kind = "an empty list"
	}
	if before := c[name]; before == "" || before == "null" {
		c[name] = kind
	}
	switch v.kind {
	case '{':
		for _, m := range v.members {
			c.of(name+"."+m.key, m.value)
		}
	case '[':
		for _, x := range v.items {
			if x.kind == '{' {
				for _, m := range x.members {
					c.of(name+"."+m.key, m.value)
				}
			}
		}
	}
}
