package bulk_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/review"
)

// TestPreviewOfManyIsRight holds what the preview of an act on more examples than are
// tried out one by one says against what then happens to each of them. What stands
// in few ways is told of few: a sample would miss it.
func TestPreviewOfManyIsRight(t *testing.T) {
	t.Parallel()
	const n = 1300
	for _, tt := range []struct {
		name string
		kind bulk.Kind
		p    bulk.Parameters
		two  bool // by the catalog's rules, on a shelf where two approvals are needed
	}{
		{"approve where two are needed", bulk.Approve, bulk.Parameters{OverrideReason: "meant so"}, true},
		{"approve", bulk.Approve, bulk.Parameters{}, false},
		{"reject", bulk.Reject, bulk.Parameters{Reason: "made by the old generator"}, false},
		{"replace", bulk.Replace, bulk.Parameters{Find: "bench 45 ", With: "squat 45 ", Roles: []string{"user"}}, false},
		{"move", bulk.Move, bulk.Parameters{Category: "knowledge_base", Subcategory: "decision_tree"}, false},
		{"waive", bulk.Waive, bulk.Parameters{Rule: "test/bad", Reason: "meant so"}, false},
		{"tag", bulk.Tag, bulk.Parameters{Tag: "seen"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			seed := exampletest.Seed{Category: "voice_parsing", Subcategory: "standard_command"}
			if tt.two {
				seed.Category, seed.Subcategory = "injury_analysis", "acute"
				h.byCatalog()
			}
			ids := exampletest.Insert(t, h.pool, n, seed)
			seed.Conversation, seed.Findings = bad, findings
			ids = append(ids, exampletest.Insert(t, h.pool, 4, seed)...)
			h.decide(h.ben, ids[7], 1, example.Approve)
			h.decide(h.ben, ids[8], 1, example.Approve)
			h.decide(h.ben, ids[9], 1, example.Reject)
			h.decide(h.ben, ids[10], 1, example.Escalate)
			if _, err := h.pool.Exec(t.Context(), "INSERT INTO leases (dataset_id, example_id, reviewer_id, expires_at) VALUES ($1, $2, $3, now() + interval '1 hour')", exampletest.Dataset, ids[11], h.ben.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.pool.Exec(t.Context(), "INSERT INTO example_tags (dataset_id, tag, example_id, author_id) VALUES ($1, 'seen', $2, $3)", exampletest.Dataset, ids[12], h.ben.ID); err != nil {
				t.Fatal(err)
			}
			a := h.prepared(tt.kind, bulk.Selection{Filter: &browse.Filter{Category: seed.Category}}, tt.p)
			f := a.Forecast
			if !f.Whole() || f.Counted != n+4 || f.Tried >= n {
				t.Fatalf("the forecast tried %d and counted %d of %d", f.Tried, f.Counted, f.Total)
			}
			told := f.Lines
			a = h.run(a)
			became := map[bulk.Line]int{}
			for _, l := range h.tally(a.ID) {
				for _, detail := range []string{", with new errors", ", with fewer errors"} {
					l.Result = strings.TrimSuffix(l.Result, detail)
				}
				examples := l.Examples
				l.Examples = 0
				became[l] += examples
			}
			said := map[bulk.Line]int{}
			for _, l := range told {
				examples := l.Examples
				l.Examples = 0
				said[l] += examples
			}
			if diff := cmp.Diff(became, said); diff != "" {
				t.Errorf("what was said (-what happened +what was said)\n%s", diff)
			}
			if len(said) < 2 {
				t.Errorf("the test has one outcome only: %v", fmt.Sprint(said))
			}
		})
	}
}

// byCatalog makes the rules of the default catalog count.
func (h *house) byCatalog() {
	h.review = review.New(review.Config{
		DB: h.pool, Dataset: exampletest.Dataset, Check: check, Catalog: h.catalog.Current,
		Order: func(context.Context) ([]string, error) { return nil, nil },
		Count: func(example.Conversation) (int, int) { return 50, 25 },
	})
	h.bulk = bulk.New(bulk.Config{
		DB: h.pool, Dataset: exampletest.Dataset, Browse: h.browse, Review: h.review, Assign: assign.New(h.pool, exampletest.Dataset, nil),
		Catalog: h.catalog.Current, Log: slog.New(slog.DiscardHandler),
	})
}
