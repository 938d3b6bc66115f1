package lint_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/lint"
)

// shared reads a file of the data that lies beside the project.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Fatalf("shared data: %v", err)
	}
	return data
}

// subjects decodes the rows of a JSON array as an import would.
func subjects(t testing.TB, c *catalog.Catalog, name string, format decode.Format, category string) []lint.Subject {
	t.Helper()
	var rows []json.RawMessage
	if err := json.Unmarshal(shared(t, name), &rows); err != nil {
		t.Fatal(err)
	}
	d, err := decode.NewDecoder(format, decode.DecodeOptions{SystemPrompt: func(slug string) string {
		cat, _ := c.Category(slug)
		return cat.SystemPrompt
	}})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]lint.Subject, len(rows))
	for i, raw := range rows {
		row, err := d.Decode(bytes.TrimSpace(raw))
		if err != nil {
			t.Fatalf("row %d: %v", i+1, err)
		}
		s := lint.Subject{Category: category, Conversation: row.Conversation}
		if category == "" {
			cat, ok := c.Category(row.Category)
			if !ok {
				t.Fatalf("row %d has the category %q", i+1, row.Category)
			}
			sub, ok := cat.Subcategory(row.Subcategory)
			if !ok {
				t.Fatalf("row %d has the subcategory %q", i+1, row.Subcategory)
			}
			s.Category, s.Subcategory = cat.Slug, sub.Slug
		}
		out[i] = s
	}
	return out
}

// count lists how many examples have findings of each rule.
func count(l *lint.Linter, all []lint.Subject) map[string]int {
	n := map[string]int{}
	for _, s := range all {
		rules := map[string]bool{}
		for _, f := range l.Check(s) {
			rules[f.Rule] = true
		}
		for r := range maps.Keys(rules) {
			n[r]++
		}
	}
	return n
}

// TestResearchExamples holds the checks against what is known of the 50 examples
// of the injury research, counted by others.
func TestResearchExamples(t *testing.T) {
	t.Parallel()
	c := theDefault(t)
	l := linterOf(t, c)
	all := subjects(t, c, "voicefit-injury-core.json", decode.VoiceFitInjury, "")
	if len(all) != 50 {
		t.Fatalf("there are %d examples, want 50", len(all))
	}
	got := count(l, all)
	for rule, want := range map[string]int{
		"injury/probability-sum": 11, "injury/confidence-band": 19, "injury/reasoning-steps": 9, "injury/severity-vocabulary": 9,
		"json/invalid": 0, "json/schema": 0, "structure/roles": 0, "text/refusal": 0, "text/placeholder": 0, "privacy/contact": 0,
	} {
		if got[rule] != want {
			t.Errorf("%s is found in %d examples, want %d", rule, got[rule], want)
		}
	}
	bands := map[string]int{}
	for _, s := range all {
		for _, f := range l.Check(s) {
			sentences(t, []lint.Finding{f})
			if f.Rule == "injury/confidence-band" {
				bands[s.Subcategory]++
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"chronic": 8, "tendinitis": 6, "ambiguous": 4, "acute": 1}, bands); diff != "" {
		t.Errorf("injury/confidence-band by subcategory (-want +got):\n%s", diff)
	}
	// What docs/findings-injury.md says of the rules is what they say.
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "findings-injury.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+/[a-z-]+)` \\| [a-z, ]+ \\| ([0-9]+) \\|").FindAllStringSubmatch(string(doc), -1) {
		if told[m[1]], err = strconv.Atoi(m[2]); err != nil {
			t.Fatal(err)
		}
	}
	maps.DeleteFunc(got, func(rule string, _ int) bool { return !strings.HasPrefix(rule, "injury/") })
	if diff := cmp.Diff(got, told); diff != "" {
		t.Errorf("examples by rule in docs/findings-injury.md (-found +told):\n%s", diff)
	}
	for _, r := range slices.Sorted(maps.Keys(got)) {
		t.Logf("%-34s %d", r, got[r])
	}
}
