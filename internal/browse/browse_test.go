package browse_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

// talk makes a conversation about one word, different for each i.
func talk(word string) func(int) example.Conversation {
	return func(i int) example.Conversation {
		return example.Conversation{Messages: []example.Message{
			{Role: example.User, Content: fmt.Sprintf("%s %d\n\"quoted\" 100%%", word, i)},
			{Role: example.Assistant, Content: fmt.Sprintf(`{"%s": %d}`, word, i)},
		}}
	}
}

func ids(p browse.Page) []uuid.UUID {
	var out []uuid.UUID
	for _, i := range p.Items {
		out = append(out, i.ID)
	}
	return out
}

func TestList(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	voice := exampletest.Insert(t, pool, 7, exampletest.Seed{Conversation: talk("bench")})
	acute := exampletest.Insert(t, pool, 3, exampletest.Seed{
		Category: "injury_analysis", Subcategory: "acute", Status: example.Approved, Conversation: talk("knee"),
		Findings: []exampletest.Finding{{Rule: "injury/probability-sum", Severity: "error", Message: "Off."}, {Rule: "text/placeholder", Severity: "warning", Message: "Hm."}},
	})
	s := browse.New(pool, exampletest.Dataset)
	bare := exampletest.Insert(t, pool, 2, exampletest.Seed{Category: "ai_coach", Conversation: talk("squat")})
	all := slices.Concat(voice, acute, bare)
	for _, tt := range []struct {
		name   string
		filter browse.Filter
		want   []uuid.UUID
	}{
		{"everything, in the order of import", browse.Filter{}, all},
		{"category", browse.Filter{Category: "injury_analysis"}, acute},
		{"subcategory", browse.Filter{Subcategory: "standard_command"}, voice},
		{"no subcategory", browse.Filter{Subcategory: browse.NoSubcategory}, bare},
		{"no subcategory of a category", browse.Filter{Category: "injury_analysis", Subcategory: browse.NoSubcategory}, nil},
		{"no subcategory and a word", browse.Filter{Subcategory: browse.NoSubcategory, Text: "squat 1"}, bare[1:]},
		{"file of another day", browse.Filter{AddedUntil: "2001-01-01"}, nil},
		{"files of all days", browse.Filter{AddedSince: "2001-01-01", AddedUntil: "9999-12-30"}, all},
		{"files since a day, of a category", browse.Filter{AddedSince: "2001-01-01", Category: "voice_parsing"}, voice},
		{"status", browse.Filter{Status: example.Approved}, acute},
		{"status nobody has", browse.Filter{Status: example.Rejected}, nil},
		{"rule", browse.Filter{Rule: "injury/probability-sum"}, acute},
		{"rule and other category", browse.Filter{Rule: "injury/probability-sum", Category: "voice_parsing"}, nil},
		{"severity", browse.Filter{Severity: lint.Warning}, acute},
		{"rule with its severity", browse.Filter{Rule: "injury/probability-sum", Severity: lint.Error}, acute},
		{"rule with the severity of another finding", browse.Filter{Rule: "injury/probability-sum", Severity: lint.Warning}, nil},
		{"source by name", browse.Filter{Source: "seed.jsonl"}, all},
		{"source by a name nobody has", browse.Filter{Source: "other.jsonl"}, nil},
		{"source and category", browse.Filter{Source: "seed.jsonl", Category: "voice_parsing"}, voice},
		{"text", browse.Filter{Text: "KNEE 1"}, acute[1:2]},
		{"text across JSON escapes", browse.Filter{Text: `"quoted" 100%`}, all},
		{"text with a line break", browse.Filter{Text: "bench 3\n"}, voice[3:4]},
		{"a wildcard is taken literally", browse.Filter{Text: "bench_3"}, nil},
		{"text in a structured answer", browse.Filter{Text: `{"bench": 2}`}, voice[2:3]},
		{"an id", browse.Filter{Text: acute[2].String()}, acute[2:]},
		{"an id and another status", browse.Filter{Text: acute[2].String(), Status: example.Pending}, nil},
	} {
		page, err := s.List(t.Context(), tt.filter, "", 50)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, ids(page)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		// The same list in pages of two, there and back again.
		var there []uuid.UUID
		cursor, last := "", ""
		for range 20 {
			p, err := s.List(t.Context(), tt.filter, cursor, 2)
			if err != nil {
				t.Fatalf("%s: page: %v", tt.name, err)
			}
			there = append(there, ids(p)...)
			last = p.Previous
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(tt.want, there); diff != "" {
			t.Errorf("%s in pages (-want +got):\n%s", tt.name, diff)
		}
		if len(tt.want) > 2 {
			var back []uuid.UUID
			for cursor = last; cursor != ""; {
				p, err := s.List(t.Context(), tt.filter, cursor, 2)
				if err != nil {
					t.Fatalf("%s: page back: %v", tt.name, err)
				}
				back = append(ids(p), back...)
				cursor = p.Previous
			}
			tail := 2 - len(tt.want)%2
			if diff := cmp.Diff(tt.want[:len(tt.want)-tail], back); diff != "" {
				t.Errorf("%s in pages back from the end (-want +got):\n%s", tt.name, diff)
			}
		}
	}
}

func TestListRefuses(t *testing.T) {
	t.Parallel()
	s := browse.New(pgtest.New(t), exampletest.Dataset)
	for name, call := range map[string]func() error{
		"limit":    func() error { _, err := s.List(t.Context(), browse.Filter{}, "", 0); return err },
		"big":      func() error { _, err := s.List(t.Context(), browse.Filter{}, "", browse.MaxLimit+1); return err },
		"cursor":   func() error { _, err := s.List(t.Context(), browse.Filter{}, "nonsense", 1); return err },
		"status":   func() error { _, err := s.List(t.Context(), browse.Filter{Status: "lost"}, "", 1); return err },
		"severity": func() error { _, err := s.List(t.Context(), browse.Filter{Severity: "bad"}, "", 1); return err },
	} {
		if err := call(); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "text/placeholder", Severity: "warning", Message: "Hm.", Path: "/messages/0/content"},
		{Rule: "json/schema", Severity: "error", Message: "Off."},
	}})[0]
	s := browse.New(pool, exampletest.Dataset)
	d, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if d.Status != example.Pending || d.Revision != 1 || d.Provenance.Source != "seed.jsonl" || d.Provenance.Line != 1 || len(d.Revisions) != 1 {
		t.Errorf("Get() = %+v", d)
	}
	if len(d.Findings) != 2 || d.Findings[0].Severity != lint.Error {
		t.Errorf("findings = %+v, want the error first", d.Findings)
	}
	if !strings.Contains(d.Messages, "bench") || len(d.Conversation.Messages) != 2 {
		t.Errorf("messages = %s", d.Messages)
	}
	if _, err := s.Get(t.Context(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("Get(unknown) = %v, want not found", err)
	}
	found, err := s.FindingsOf(t.Context(), []uuid.UUID{id})
	if err != nil || len(found[id]) != 2 {
		t.Errorf("FindingsOf() = %v, %v", found, err)
	}
	rules, err := s.Rules(t.Context())
	if diff := cmp.Diff([]string{"json/schema", "text/placeholder"}, rules); diff != "" || err != nil {
		t.Errorf("Rules() (-want +got):\n%s%v", diff, err)
	}
}
