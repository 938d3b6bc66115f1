package catalog_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
)

func TestLookups(t *testing.T) {
	t.Parallel()
	c := catalog.Catalog{Categories: []catalog.Category{
		{Slug: "big_ships", Aliases: []string{"Ocean liners"}, Subcategories: []catalog.Subcategory{
			{Slug: "steam", Aliases: []string{"coal/oil"}},
		}},
		{Slug: "boats"},
	}}
	for _, tt := range []struct {
		in, want string
	}{
		{"big_ships", "big_ships"},
		{"Big-Ships ", "big_ships"},
		{"ocean_liners", "big_ships"},
		{"OCEAN  LINERS", "big_ships"},
		{"boats", "boats"},
		{"boat", ""},
		{"", ""},
		{" ", ""},
	} {
		cat, ok := c.Category(tt.in)
		if cat.Slug != tt.want || ok != (tt.want != "") {
			t.Errorf("Category(%q) = %q, %t, want %q", tt.in, cat.Slug, ok, tt.want)
		}
	}
	big := c.Categories[0]
	for in, want := range map[string]string{"steam": "steam", "Coal/Oil": "steam", "coal oil": "steam", "sail": "", "": ""} {
		sub, ok := big.Subcategory(in)
		if sub.Slug != want || ok != (want != "") {
			t.Errorf("Subcategory(%q) = %q, %t, want %q", in, sub.Slug, ok, want)
		}
	}
	if diff := cmp.Diff([]string{"big_ships", "boats"}, c.Slugs()); diff != "" {
		t.Errorf("Slugs() (-want +got):\n%s", diff)
	}
}

func TestAnswerFor(t *testing.T) {
	t.Parallel()
	c := catalog.Category{
		Answer: catalog.Answer{Kind: "json"},
		Subcategories: []catalog.Subcategory{
			{Slug: "own", Answer: &catalog.Answer{Kind: "any", Turns: "final"}},
			{Slug: "plain"},
		},
	}
	for sub, want := range map[string]catalog.Answer{
		"own":     {Kind: "any", Turns: "final"},
		"plain":   {Kind: "json", Turns: "every"},
		"unknown": {Kind: "json", Turns: "every"},
		"":        {Kind: "json", Turns: "every"},
	} {
		if got := c.AnswerFor(sub); got != want {
			t.Errorf("AnswerFor(%q) = %v, want %v", sub, got, want)
		}
	}
}

func TestVocabulary(t *testing.T) {
	t.Parallel()
	injury, _ := theDefault(t).Category("injury_analysis")
	for _, tt := range []struct {
		name, sub string
		want      []string
	}{
		{"severity", "acute", []string{"mild", "moderate", "severe"}},
		{"severity", "ambiguous", []string{"mild", "moderate", "severe", "unknown"}},
		{"severity", "doms", []string{"mild", "moderate", "severe", "normal_training_response"}},
		{"colour", "acute", nil},
	} {
		if diff := cmp.Diff(tt.want, injury.Vocabulary(tt.name, tt.sub)); diff != "" {
			t.Errorf("Vocabulary(%q, %q) (-want +got):\n%s", tt.name, tt.sub, diff)
		}
	}
	// What is returned is the caller's: the next call must not see it.
	words := injury.Vocabulary("severity", "acute")
	words[0] = "spoiled"
	if got := injury.Vocabulary("severity", "acute")[0]; got != "mild" {
		t.Errorf("after changing the result Vocabulary gives %q, want mild", got)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	c := catalog.Category{Checks: []catalog.Check{
		{Rule: "text", Severity: "warning", Skill: "editor", Params: catalog.Params{"a": raw("1"), "b": raw("2")}},
		{Rule: "text/refusal", Off: true},
		{Rule: "text/placeholder", Severity: "error", Params: catalog.Params{"b": raw("3"), "c": raw("4")}},
		{Rule: "json", Off: true},
		{Rule: "json/schema"},
		{Rule: "tokens/too-long"},
	}}
	for _, tt := range []struct {
		rule string
		want catalog.Check
		on   bool
	}{
		{"text/control-character", catalog.Check{Severity: "warning", Skill: "editor", Params: catalog.Params{"a": raw("1"), "b": raw("2")}}, true},
		{"text/placeholder", catalog.Check{Severity: "error", Skill: "editor", Params: catalog.Params{"a": raw("1"), "b": raw("3"), "c": raw("4")}}, true},
		{"text/refusal", catalog.Check{Off: true, Severity: "warning", Skill: "editor", Params: catalog.Params{"a": raw("1"), "b": raw("2")}}, false},
		{"json/invalid", catalog.Check{Off: true}, false},
		{"json/schema", catalog.Check{}, true},
		{"tokens/too-long", catalog.Check{}, true},
		{"tokens/other", catalog.Check{}, false},
		{"voice/rir-rpe", catalog.Check{}, false},
	} {
		tt.want.Rule = tt.rule
		got, on := c.Check(tt.rule)
		if diff := cmp.Diff(tt.want, got); diff != "" || on != tt.on {
			t.Errorf("Check(%q) is on: %t, want %t (-want +got):\n%s", tt.rule, on, tt.on, diff)
		}
	}
	if got := string(c.Checks[0].Params["b"]); got != "2" {
		t.Errorf("Check changed the family's parameter to %s", got)
	}
}

func TestParamsDecode(t *testing.T) {
	t.Parallel()
	type params struct {
		Min   int      `json:"min"`
		Max   int      `json:"max"`
		Words []string `json:"words"`
	}
	p := catalog.Params{"max": json.RawMessage("7"), "words": json.RawMessage(`["a"]`)}
	got := params{Min: 5, Max: 10}
	if err := p.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(params{Min: 5, Max: 7, Words: []string{"a"}}, got); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
	if err := catalog.Params(nil).Decode(&got); err != nil {
		t.Errorf("Decode of no parameters = %v", err)
	}
	for name, bad := range map[string]catalog.Params{
		"unknown name": {"most": json.RawMessage("7")},
		"wrong type":   {"max": json.RawMessage(`"seven"`)},
	} {
		if err := bad.Decode(&params{}); err == nil {
			t.Errorf("%s: Decode = nil, want an error", name)
		}
	}
}

func TestSchemaFor(t *testing.T) {
	t.Parallel()
	c := catalog.Category{Schemas: []catalog.Schema{
		{Name: "deep", When: []string{"/a/b/0", "/c~1d"}},
		{Name: "null", When: []string{"/n"}},
	}}
	for doc, want := range map[string]string{
		`{"a":{"b":[1]},"c/d":2}`:   "deep",
		`{"a":{"b":[]},"c/d":2}`:    "",
		`{"a":{"b":{}},"c/d":2}`:    "",
		`{"a":3,"c/d":2}`:           "",
		`{"a":{"b":[1]}}`:           "",
		`{"n":null}`:                "null",
		`[{"n":1}]`:                 "",
		`"n"`:                       "",
		`{"a":{"b":[1]},"n":false}`: "null",
	} {
		var v any
		if err := json.Unmarshal([]byte(doc), &v); err != nil {
			t.Fatal(err)
		}
		s, ok := c.SchemaFor(v)
		if s.Name != want || ok != (want != "") {
			t.Errorf("SchemaFor(%s) = %q, %t, want %q", doc, s.Name, ok, want)
		}
	}
	c.Schemas = append(c.Schemas, catalog.Schema{Name: "rest"})
	if s, ok := c.SchemaFor([]any{}); !ok || s.Name != "rest" {
		t.Errorf("SchemaFor([]) = %q, %t, want the schema without a when", s.Name, ok)
	}
}

func TestBandContains(t *testing.T) {
	t.Parallel()
	b := catalog.Band{Min: 0.7, Max: 0.85}
	for x, want := range map[float64]bool{0.69: false, 0.7: true, 0.8: true, 0.85: true, 0.86: false} {
		if got := b.Contains(x); got != want {
			t.Errorf("Contains(%v) = %t, want %t", x, got, want)
		}
	}
}
