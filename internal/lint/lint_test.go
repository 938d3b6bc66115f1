package lint_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

// linter returns the linter of the shipped catalog.
func linter(t testing.TB) *lint.Linter {
	t.Helper()
	return linterOf(t, theDefault(t))
}

func linterOf(t testing.TB, c *catalog.Catalog) *lint.Linter {
	t.Helper()
	l, err := lint.New(c)
	if err != nil {
		t.Fatalf("New() = %v", err)
	}
	return l
}

func theDefault(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatalf("Default() = %v", err)
	}
	return c
}

// talk makes a conversation of alternating user and assistant messages.
func talk(turns ...string) example.Conversation {
	var c example.Conversation
	for i, text := range turns {
		role := example.User
		if i%2 == 1 {
			role = example.Assistant
		}
		c.Messages = append(c.Messages, example.Message{Role: role, Content: text})
	}
	return c
}

// places lists findings as "severity rule path[start:end]".
func places(findings []lint.Finding) []string {
	var out []string
	for _, f := range findings {
		s := fmt.Sprintf("%s %s %s", f.Severity, f.Rule, f.Path)
		if f.Start != 0 || f.End != 0 {
			s += fmt.Sprintf("[%d:%d]", f.Start, f.End)
		}
		out = append(out, s)
	}
	return out
}

// sentences fails the test for findings that say too little.
func sentences(t *testing.T, findings []lint.Finding) {
	t.Helper()
	for _, f := range findings {
		if !strings.HasSuffix(f.Message, ".") || len(f.Message) < 25 || strings.Contains(f.Message, "%!") {
			t.Errorf("the message of %s is not a sentence: %q", f.Rule, f.Message)
		}
	}
}

// A row is one case of a rule's table: an example, and what is found in it.
type row struct {
	name        string
	category    string
	subcategory string
	turns       []string
	messages    []example.Message // instead of turns
	tokens      int
	want        []string // findings of the rule alone, or of all rules in examine
}

func (r row) subject() lint.Subject {
	c := talk(r.turns...)
	if r.messages != nil {
		c.Messages = r.messages
	}
	return lint.Subject{Category: r.category, Subcategory: r.subcategory, Conversation: c, Tokens: r.tokens}
}

// examine runs the rows and compares the findings of the rules that start with
// family.
func examine(t *testing.T, l *lint.Linter, family string, rows []row) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := l.Check(tt.subject())
			sentences(t, found)
			found = slices.DeleteFunc(found, func(f lint.Finding) bool { return !strings.HasPrefix(f.Rule, family) })
			if diff := cmp.Diff(tt.want, places(found)); diff != "" {
				t.Errorf("Check() (-want +got):\n%s", diff)
				for _, f := range found {
					t.Logf("%s: %s", f.Rule, f.Message)
				}
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		mutate func(c *catalog.Category)
		want   string
	}{
		{"an unknown rule", func(c *catalog.Category) {
			c.Checks = append(c.Checks, catalog.Check{Rule: "text/rhyme"})
		}, "text/rhyme"},
		{"an unknown family", func(c *catalog.Category) {
			c.Checks = append(c.Checks, catalog.Check{Rule: "poetry"})
		}, "poetry"},
		{"an unknown rule in the checklist", func(c *catalog.Category) {
			c.Checklist = append(c.Checklist, catalog.ChecklistItem{Slug: "rhyme", ProvedBy: []string{"text/metre"}})
		}, "text/metre"},
		{"an unknown parameter", func(c *catalog.Category) {
			c.Checks = append(c.Checks, catalog.Check{Rule: "text/placeholder", Params: catalog.Params{"loud": []byte("true")}})
		}, "loud"},
		{"an unknown severity", func(c *catalog.Category) {
			c.Checks = append(c.Checks, catalog.Check{Rule: "text/placeholder", Severity: "fatal"})
		}, "fatal"},
		{"a schema that does not compile", func(c *catalog.Category) {
			c.Schemas = []catalog.Schema{{Name: "odd", JSON: []byte(`{"$ref":"#/$defs/none"}`)}}
		}, "odd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := theDefault(t)
			tt.mutate(&c.Categories[0])
			_, err := lint.New(c)
			if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New() = %v, want fault.Invalid naming %q", err, tt.want)
			}
			if f, ok := fault.As(err); !ok || len(f.Fields) != 1 {
				t.Errorf("New() = %v, want one problem", err)
			}
		})
	}
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	version, broken := 1, error(nil)
	c := theDefault(t)
	k := lint.NewKeeper(func(context.Context) (*catalog.Catalog, int, error) { return c, version, broken })
	first, err := k.Linter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := k.Linter(t.Context()); err != nil || again != first {
		t.Errorf("Linter() of the same version = %p, %v; want %p", again, err, first)
	}
	s := lint.Subject{Category: "ai_coach", Conversation: talk("Hi", "TODO")}
	if found, err := k.Check(t.Context(), s); err != nil || len(found) != 1 {
		t.Errorf("Check() = %v, %v; want one finding", found, err)
	}

	other := *c
	other.Categories = slices.Clone(c.Categories)
	for i := range other.Categories {
		other.Categories[i].Checks = []catalog.Check{{Rule: "text", Off: true}}
	}
	c, version = &other, 2
	if found, err := k.Check(t.Context(), s); err != nil || len(found) != 0 {
		t.Errorf("Check() after the catalog changed = %v, %v; want nothing", found, err)
	}

	broken = errors.New("no database")
	if _, err := k.Check(t.Context(), s); !errors.Is(err, broken) {
		t.Errorf("Check() = %v, want %v", err, broken)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := lint.Subject{Category: "Team-B", Conversation: talk("Hi", "As an AI I can't. TODO")}
	category := catalog.Category{Slug: "team_b", Answer: catalog.Answer{Kind: catalog.KindMarkdown}}
	for _, tt := range []struct {
		name   string
		checks []catalog.Check
		want   []string
	}{
		{"nothing said", nil, []string{"error text/placeholder /messages/1/content[18:22]", "error text/refusal /messages/1/content[0:8]"}},
		{"a rule off", []catalog.Check{{Rule: "text/refusal", Off: true}}, []string{"error text/placeholder /messages/1/content[18:22]"}},
		{"a family off", []catalog.Check{{Rule: "text", Off: true}}, nil},
		{"a family off and a rule on", []catalog.Check{{Rule: "text", Off: true}, {Rule: "text/refusal"}}, []string{"error text/refusal /messages/1/content[0:8]"}},
		{
			"a severity for a family and one for a rule",
			[]catalog.Check{{Rule: "text", Severity: "info"}, {Rule: "text/refusal", Severity: "warning"}},
			[]string{"warning text/refusal /messages/1/content[0:8]", "info text/placeholder /messages/1/content[18:22]"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := category
			c.Checks = tt.checks
			l := linterOf(t, &catalog.Catalog{Categories: []catalog.Category{c}})
			if diff := cmp.Diff(tt.want, places(l.Check(s))); diff != "" {
				t.Errorf("Check() (-want +got):\n%s", diff)
			}
		})
	}
	l := linterOf(t, &catalog.Catalog{Categories: []catalog.Category{category}})
	nobodys := s
	nobodys.Category = "nobody's"
	if got := l.Check(nobodys); len(got) != 2 {
		t.Errorf("Check() in an unknown category = %v, want both findings", got)
	}
}

func TestManyFindings(t *testing.T) {
	t.Parallel()
	got := linter(t).Check(lint.Subject{Category: "ai_coach", Conversation: talk("Hi", strings.Repeat("<|eot_id|> ", 80))})
	if len(got) != 50 {
		t.Fatalf("Check() has %d findings, want 50", len(got))
	}
	if last := got[49]; !strings.Contains(last.Message, "30 more") {
		t.Errorf("the last message is %q, want it to count the others", last.Message)
	}
}

// TestConcurrent checks the same examples from many goroutines at once; each
// must get what one alone gets.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	c := theDefault(t)
	l := linterOf(t, c)
	all := subjects(t, c, "voicefit-injury-core.json", decode.VoiceFitInjury, "")
	all = append(all, lint.Subject{Category: "voice_parsing", Conversation: talk("same weight, 6", set(`,"weight":5`))}, lint.Subject{Category: "ai_coach"})
	want := make([][]lint.Finding, len(all))
	for i, s := range all {
		want[i] = l.Check(s)
	}
	var g errgroup.Group
	for n := range 8 {
		g.Go(func() error {
			for k := range all {
				i := (k*7 + n*5) % len(all)
				if diff := cmp.Diff(want[i], l.Check(all[i])); diff != "" {
					return fmt.Errorf("example %d (-alone +together):\n%s", i, diff)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
