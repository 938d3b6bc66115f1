package bulk_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

// TestUndoneChangeKeepsItsApprovals changes approved examples and takes that back:
// what was approved before is approved again by the same people, and a release
// finds their approvals; what nobody approved is not.
func TestUndoneChangeKeepsItsApprovals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		kind bulk.Kind
		p    bulk.Parameters
	}{
		{"find and replace", bulk.Replace, bulk.Parameters{Find: "bench", With: "squat", Roles: []string{"user"}}},
		{"move", bulk.Move, bulk.Parameters{Category: "knowledge_base"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c, err := h.catalog.Current(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tt.kind == bulk.Move {
				cat, _ := c.Category("knowledge_base")
				tt.p.Subcategory = cat.Subcategories[0].Slug
			}
			var ticks []string
			cat, _ := c.Category("voice_parsing")
			for _, item := range cat.Checklist {
				ticks = append(ticks, item.Slug)
			}
			seed := exampletest.Seed{Category: "voice_parsing", Subcategory: "standard_command"}
			ids := exampletest.Insert(t, h.pool, 3, seed)
			orphan := exampletest.Insert(t, h.pool, 1, exampletest.Seed{Category: "voice_parsing", Subcategory: "standard_command", Status: example.Approved, Conversation: func(int) example.Conversation {
				return exampletest.Conversation(77)
			}})[0] // approved by nobody that is known
			approved := ids[:2]
			for _, id := range approved {
				if _, err := h.review.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: h.ben, Revision: 1, Verdict: example.Approve, Checklist: ticks}); err != nil {
					t.Fatal(err)
				}
			}
			all := append(slices.Clone(ids), orphan)
			act := h.run(h.prepared(tt.kind, bulk.Selection{Picked: all}, tt.p))
			if act.Changed != 4 {
				t.Fatalf("%d of 4 changed: %+v", act.Changed, h.tally(act.ID))
			}
			if diff := cmp.Diff([]string{"pending 2", "pending 2", "pending 2", "pending 2"}, h.statuses(all)); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
			h.undo(act)
			if diff := cmp.Diff([]string{"approved 3", "approved 3", "pending 3", "pending 3"}, h.statuses(all)); diff != "" {
				t.Errorf("taken back (-want +got):\n%s", diff)
			}
			h.sound()
			for _, id := range approved {
				got := h.text(`SELECT string_agg(verdict || ' ' || kind || ' ' || revision || ' ' || (reviewer_id = $2)::text || ' ' || (carries = (SELECT id FROM decisions o WHERE o.example_id = $1 AND o.revision = 1))::text, ', ')
				                 FROM decisions WHERE example_id = $1 AND revision = 3`, id, h.ben.ID)
				if want := "approve review 3 true true"; got != want {
					t.Errorf("verdicts on the revision that was brought back: %q, want %q", got, want)
				}
			}
			if days := h.text("SELECT sum(decisions)::text FROM decision_days"); days != "2" {
				t.Errorf("the figures count %s decisions, want the 2 that were made", days)
			}
			line := approvalsLine(t, h)
			if !line.Green || line.Rows != 0 {
				t.Errorf("the preflight says of approvals: %+v", line)
			}
		})
	}
}

// approvalsLine builds a release of what is approved and returns what its preflight
// says of approvals.
func approvalsLine(t *testing.T, h *house) release.Line {
	t.Helper()
	search := dedup.New(dedup.Config{DB: h.pool, Dataset: exampletest.Dataset, Catalog: h.catalog.Current})
	s := release.New(release.Config{
		DB: h.pool, Dataset: exampletest.Dataset, Catalog: h.catalog.CurrentVersion, Rules: lint.Fingerprint,
		Export: export.New(h.pool, exampletest.Dataset, func(ctx context.Context) ([]string, error) {
			c, err := h.catalog.Current(ctx)
			if err != nil {
				return nil, err
			}
			return c.Slugs(), nil
		}),
		Scan:   func(ctx context.Context) error { _, err := search.Scan(ctx); return err },
		Report: report.New(h.pool, exampletest.Dataset, func(ctx context.Context) (*catalog.Catalog, error) { return h.catalog.Current(ctx) }),
		Dir:    t.TempDir(), Software: "test", Schema: 15, Log: slog.New(slog.DiscardHandler),
	})
	r, err := s.Create(t.Context(), release.Order{Name: "r", By: h.lea, Spec: release.Spec{Seed: 7, Presets: []string{"llama3"}}})
	if err == nil {
		err = s.Run(t.Context(), r.ID)
	}
	if err == nil {
		r, err = s.Get(t.Context(), r.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Preflight, func(l release.Line) bool { return l.Key == release.LineApprovals })
	if i < 0 || r.Items != 2 {
		t.Fatalf("the release has %d examples and the lines %+v", r.Items, r.Preflight)
	}
	return r.Preflight[i]
}
