package bulk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/review"
)

// TestRejectedBatchGoesBackAsAWhole judges a batch by a sample, sends it back by the
// one act that this drafts, and takes that back: for every sort of batch, and one that
// is larger than what a person may tick.
func TestRejectedBatchGoesBackAsAWhole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		n     int
		batch func(run, source uuid.UUID) acceptance.Batch
	}{
		{"an import", 60, func(run, _ uuid.UUID) acceptance.Batch {
			return acceptance.Batch{Kind: acceptance.Import, Key: run.String(), Scope: acceptance.Waiting}
		}},
		{"a file", 60, func(_, source uuid.UUID) acceptance.Batch {
			return acceptance.Batch{Kind: acceptance.Source, Key: source.String(), Scope: acceptance.Waiting}
		}},
		{"a kind", 60, func(uuid.UUID, uuid.UUID) acceptance.Batch {
			return acceptance.Batch{Kind: acceptance.Category, Key: "voice_parsing/standard_command", Scope: acceptance.Waiting}
		}},
		{"a generation batch of thousands", bulk.MaxPicked + 500, func(uuid.UUID, uuid.UUID) acceptance.Batch {
			return acceptance.Batch{Kind: acceptance.Metadata, Key: "processor_used=core", Scope: acceptance.Waiting}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ids := exampletest.Insert(t, h.pool, tt.n, exampletest.Seed{})
			var run, source uuid.UUID
			if err := h.pool.QueryRow(t.Context(), "SELECT import_id, source_id FROM examples WHERE id = $1", ids[0]).Scan(&run, &source); err != nil {
				t.Fatal(err)
			}
			// Rows of another maker, which stay. Revisions can't be changed, so the tables
			// are told what came with the rows before anything else happens.
			other := exampletest.Insert(t, h.pool, 5, exampletest.Seed{Category: "knowledge_base", Conversation: func(i int) example.Conversation { return exampletest.Conversation(90_000 + i) }})
			for _, sql := range []string{
				"ALTER TABLE revisions DISABLE TRIGGER USER",
				`UPDATE revisions SET metadata = '{"processor_used":"core"}' WHERE example_id IN (SELECT id FROM examples WHERE category = 'voice_parsing')`,
				"ALTER TABLE revisions ENABLE TRIGGER USER",
			} {
				if _, err := h.pool.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			samples := acceptance.New(h.pool, exampletest.Dataset, assign.New(h.pool, exampletest.Dataset, nil), h.bulk)
			id, err := samples.Draw(t.Context(), h.lea, acceptance.Request{
				Name: "July", Batch: tt.batch(run, source), Everybody: true, Plan: acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .1},
			})
			if err != nil {
				t.Fatal(err)
			}
			s, err := samples.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			items, err := samples.Items(t.Context(), s, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range []example.Verdict{example.Approve, example.Reject} {
				if _, err := h.review.Decide(t.Context(), review.Decision{ExampleID: items[i].ExampleID, Reviewer: h.ben, Revision: 1, Verdict: v, Reason: "no"}); err != nil {
					t.Fatal(err)
				}
			}
			if state, err := samples.Close(t.Context(), h.lea, id, ""); err != nil || state != acceptance.Rejected {
				t.Fatalf("Close() = %v, %v", state, err)
			}
			draft, err := samples.SendBack(t.Context(), h.lea, id)
			if err != nil {
				t.Fatal(err)
			}
			a, err := h.bulk.Get(t.Context(), draft)
			if err != nil || a.State != bulk.Draft || a.Total != tt.n-2 {
				t.Fatalf("the act = %+v, %v; want a draft about %d examples", a, err, tt.n-2)
			}
			standing := func() map[string]string {
				t.Helper()
				return map[string]string{
					"batch": h.text(`SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM (SELECT status, count(*) AS n FROM examples WHERE category = 'voice_parsing' GROUP BY 1) x`),
					"other": h.text("SELECT string_agg(DISTINCT status::text, ', ') FROM examples WHERE id = ANY($1)", other),
				}
			}
			before := standing()
			if tt.n > 1000 { // carrying out thousands is what the others are for
				return
			}
			done := h.run(a)
			if done.Changed != tt.n-2 || done.Stayed != 0 {
				t.Errorf("the act changed %d and left %d: %+v", done.Changed, done.Stayed, h.tally(a.ID))
			}
			want := map[string]string{"batch": "approved 1, rejected 59", "other": "pending"}
			if diff := cmp.Diff(want, standing()); diff != "" {
				t.Errorf("sent back (-want +got):\n%s", diff)
			}
			reason := h.text("SELECT DISTINCT reason FROM decisions WHERE kind = 'bulk'")
			if reason != `The batch was rejected, with 1 of 2 defective in the sample "July".` {
				t.Errorf("the reason is %q", reason)
			}
			h.undo(done)
			if diff := cmp.Diff(before, standing()); diff != "" {
				t.Errorf("undone (-before +after):\n%s", diff)
			}
			h.sound()
		})
	}
}
