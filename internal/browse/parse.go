package browse

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

// FilterNames are the names under which addresses and programs give the parts of a
// Filter. A part that is added to it belongs here, into ParseFilter and into Values.
var FilterNames = []string{
	"category", "subcategory", "status", "rule", "severity", "source", "import", "tag", "q",
	"reviewer", "verdict", "reason", "since", "until", "min_tokens", "max_tokens", "added_since", "added_until",
}

// ParseFilter reads a filter by the names of its parts; get returns what is said of
// one, "" for nothing. What makes no sense is fault.Invalid, by name.
func ParseFilter(get func(name string) string) (Filter, error) {
	f := Filter{
		Category: get("category"), Subcategory: get("subcategory"), Status: example.Status(get("status")),
		Rule: get("rule"), Severity: lint.Severity(get("severity")), Source: get("source"), Tag: get("tag"), Text: get("q"),
		AddedSince: get("added_since"), AddedUntil: get("added_until"),
		Word: Word{Reviewer: get("reviewer"), Verdict: get("verdict"), Reason: get("reason"), Since: get("since"), Until: get("until")},
	}
	for name, n := range map[string]*int{"min_tokens": &f.MinTokens, "max_tokens": &f.MaxTokens} {
		text := get(name)
		if text == "" {
			continue
		}
		var err error
		if *n, err = strconv.Atoi(text); err != nil {
			return f, fault.Fields("There is no such length.", map[string]string{name: "Use a whole number of tokens."})
		}
	}
	if text := get("import"); text != "" {
		var err error
		if f.Import, err = uuid.Parse(text); err != nil {
			return f, fault.Fields("There is no such import.", map[string]string{"import": fmt.Sprintf("Use the id of an import; %q is none.", text)})
		}
	}
	return f, nil
}

// Values are the parts of the filter by their names, without those that do not filter.
func (f Filter) Values() map[string]string {
	all := map[string]string{
		"category": f.Category, "subcategory": f.Subcategory, "status": string(f.Status), "rule": f.Rule,
		"severity": string(f.Severity), "source": f.Source, "tag": f.Tag, "q": f.Text,
		"reviewer": f.Reviewer, "verdict": f.Verdict, "reason": f.Reason, "since": f.Since, "until": f.Until,
		"added_since": f.AddedSince, "added_until": f.AddedUntil,
	}
	for name, n := range map[string]int{"min_tokens": f.MinTokens, "max_tokens": f.MaxTokens} {
		if n != 0 {
			all[name] = strconv.Itoa(n)
		}
	}
	if f.Import != uuid.Nil {
		all["import"] = f.Import.String()
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}
