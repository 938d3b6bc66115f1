package lint

import (
	"fmt"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
)

var jsonRules = []definition{
	{
		Rule: Rule{
			ID: "json/invalid", Family: "json", Severity: Error, Everywhere: true,
			Summary: "An answer that should be a JSON document is not one, or has a key twice, or half a surrogate pair.",
			Why:     "The app parses the answer; what it can't parse is lost. A model that sees broken JSON in training writes broken JSON.",
			Source:  "RFC 8259; the catalog says which answers are JSON.",
			Fix:     "Correct the place that is marked; write the JSON alone, without a code fence or words around it.",
		},
		build: simple(checkJSON),
	},
	{
		Rule: Rule{
			ID: "json/schema", Family: "json", Severity: Error, Everywhere: true,
			Summary: "A structured answer does not fit the category's JSON Schema: a field is missing, of the wrong type, out of range or not one of the allowed words.",
			Why:     "The app reads fields by name and type; an answer of another shape breaks it.",
			Source:  "The schemas of the catalog, JSON Schema draft 2020-12; the first whose \"when\" fits the answer.",
			Fix:     "Correct the field that is named.",
		},
		build: func(s *setting) (func(*exam), error) {
			if err := s.decode(&struct{}{}); err != nil {
				return nil, err
			}
			if len(s.schemas) == 0 {
				return nil, nil
			}
			return func(x *exam) { checkSchemas(x, s.schemas) }, nil
		},
	},
}

func checkJSON(x *exam) {
	for i := range x.answers {
		a := &x.answers[i]
		if a.err != nil {
			reportSyntax(x, a)
			continue
		}
		for _, n := range a.tree.doubled {
			x.report(a.at(n), fmt.Sprintf("The key %s stands twice in %s, and readers disagree about which one counts; keep one.",
				quoted(a.tree.nodes[n].key), a.tree.name(a.tree.nodes[n].parent)))
		}
		for _, e := range a.tree.lone {
			x.report(at(a.message, e.at, e.at+6), fmt.Sprintf("In the answer, %s, which is no character; write the whole character.", e.msg))
		}
	}
}

func reportSyntax(x *exam, a *answer) {
	src := x.messages[a.message].Content
	start, end := mark(src, a.err.at)
	body := strings.TrimLeft(src, " \t\r\n")
	switch {
	case strings.HasPrefix(body, "```"):
		x.report(at(a.message, 0, 0), "The answer stands in a code fence; take the ``` lines out and leave the JSON alone.")
	case body == "":
		return // structure/empty says so
	case body[0] != '{' && body[0] != '[' && strings.IndexByte(body, '{') >= 0:
		x.report(at(a.message, 0, len(src)-len(body)+strings.IndexByte(body, '{')), "Words stand before the JSON; the answer must be the JSON alone. Take them out or move them into a field.")
	case body[0] != '{' && body[0] != '[':
		x.report(at(a.message, 0, 0), "The answer should be a JSON document but is plain text; write it in the category's form, or move the example to a category of prose.")
	default:
		line := 1 + strings.Count(src[:min(a.err.at, len(src))], "\n")
		x.report(at(a.message, start, end), fmt.Sprintf("The answer is not valid JSON: at character %d of line %d, %s. Correct it there.", column(src, a.err.at), line, a.err.msg))
	}
}

// mark returns a range of at least one byte around offset that cuts no
// character.
func mark(s string, offset int) (start, end int) {
	if len(s) == 0 {
		return 0, 0
	}
	start = min(offset, len(s)-1)
	for start > 0 && s[start]&0xC0 == 0x80 {
		start--
	}
	end = start + 1
	for end < len(s) && s[end]&0xC0 == 0x80 {
		end++
	}
	return start, end
}

// column counts the characters from the start of the line to offset, from 1.
func column(s string, offset int) int {
	s = s[:min(offset, len(s))]
	s = s[strings.LastIndexByte(s, '\n')+1:]
	return len([]rune(s)) + 1
}

func checkSchemas(x *exam, schemas []*schema) {
	for i := range x.answers {
		a := &x.answers[i]
		if a.err != nil {
			continue
		}
		s := schemaFor(schemas, a.tree)
		if s == nil {
			names := make([]string, len(schemas))
			for k, s := range schemas {
				names[k] = s.name
			}
			x.report(at(a.message, 0, 0), fmt.Sprintf("The answer has none of the shapes that %s knows (%s); give it the fields of one.", categoryName(x.plan.category), strings.Join(names, ", ")))
			continue
		}
		for _, v := range s.violations(a.tree) {
			x.report(a.at(v.node), v.message)
		}
	}
}

func categoryName(c *catalog.Category) string {
	if c == nil {
		return "the category"
	}
	return c.Slug
}
