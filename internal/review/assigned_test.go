package review_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

func importOf(t *testing.T, pool *pgxpool.Pool, id uuid.UUID) uuid.UUID {
	t.Helper()
	var run uuid.UUID
	if err := pool.QueryRow(t.Context(), "SELECT import_id FROM examples WHERE id = $1", id).Scan(&run); err != nil {
		t.Fatal(err)
	}
	return run
}

// TestAssignmentsHideLooks: the queue of an import or of a list brings second looks
// and gold examples, that could be examples of it; they come back after a reload, and
// look like the others.
func TestAssignmentsHideLooks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		origin string // of a list; "import": an import
		gold   string // where the gold example is: inside, beside (same import and kind), other kind, other import
		second bool   // instead of a gold example: somebody else decided one of the assignment
		want   bool
	}{
		{name: "gold of the import", origin: "import", gold: "beside", want: true},
		{name: "gold of another import stands out", origin: "import", gold: "other import"},
		{name: "gold of another kind stands out", origin: "import", gold: "other kind"},
		{name: "gold beside a list by where examples stand", origin: "/examples?category=voice_parsing&status=pending", gold: "beside", want: true},
		{name: "gold beside a random sample", origin: "/sampling/0198c0de-0000-7000-8000-0000000000aa", gold: "beside", want: true},
		{name: "gold beside a list by words stands out", origin: "/examples?q=bench", gold: "beside"},
		{name: "gold within a list by words", origin: "/examples?q=bench", gold: "inside", want: true},
		{name: "second look at the import", origin: "import", second: true, want: true},
		{name: "second look at the list", origin: "/examples?q=bench", second: true, want: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			ids := exampletest.Insert(t, pool, 6, exampletest.Seed{})
			kind := exampletest.Insert(t, pool, 1, exampletest.Seed{Category: "knowledge_base", Conversation: func(int) example.Conversation { return exampletest.Conversation(300) }})[0]
			other := exampletest.Insert(t, pool, 1, exampletest.Seed{Conversation: func(int) example.Conversation { return exampletest.Conversation(400) }})[0]
			s := teamService(t, pool, 1, 0)
			lea, ana, bo := member(t, pool, "Lea"), member(t, pool, "Ana"), member(t, pool, "Bo")
			if _, err := pool.Exec(t.Context(), "UPDATE examples SET import_id = $2 WHERE id = $1", kind, importOf(t, pool, ids[0])); err != nil {
				t.Fatal(err)
			}
			plan := assign.Plan{Scope: assign.Scope{Title: "Work", Origin: tt.origin, Examples: ids[:4]}, People: []uuid.UUID{ana.ID, bo.ID}}
			if tt.origin == "import" {
				plan.Scope = assign.Scope{Title: "Work", Import: importOf(t, pool, ids[0])}
			}
			work, err := assign.New(pool, exampletest.Dataset, nil).Give(t.Context(), lea, plan)
			if err != nil {
				t.Fatal(err)
			}
			hidden := map[string]uuid.UUID{"": ids[0], "inside": ids[0], "beside": ids[5], "other kind": kind, "other import": other}[tt.gold]
			first := lea
			if tt.second {
				first = ana
			}
			if _, err := s.Decide(t.Context(), review.Decision{ExampleID: hidden, Reviewer: first, Revision: 1, Verdict: example.Approve}); err != nil {
				t.Fatal(err)
			}
			if !tt.second {
				if _, err := pool.Exec(t.Context(), "UPDATE looks SET closed_at = now()"); err != nil { // no second looks here
					t.Fatal(err)
				}
				if err := s.MarkGold(t.Context(), lea, hidden, 1, "Plain and right."); err != nil {
					t.Fatal(err)
				}
			}
			q := review.Queue{Assignment: work}
			if tt.second { // not for whoever gave the first verdict
				got, err := s.Claim(t.Context(), ana.ID, q, 1)
				if err != nil || len(got) != 1 || got[0].ExampleID == hidden {
					t.Fatalf("Claim() of the first reviewer = %v, %v", got, err)
				}
				if err := s.Release(t.Context(), ana.ID, []uuid.UUID{got[0].ExampleID}); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.Claim(t.Context(), bo.ID, q, 2)
			if err != nil || len(got) != 2 {
				t.Fatalf("Claim() = %v, %v; want two examples", got, err)
			}
			met := got[0].ExampleID == hidden
			if met != tt.want || got[1].ExampleID == hidden {
				t.Fatalf("the hidden look came: %v, want %v", met, tt.want)
			}
			held, err := s.Held(t.Context(), bo.ID, q)
			if err != nil || len(held) != 2 || met != slices.ContainsFunc(held, func(l review.Lease) bool { return l.ExampleID == hidden }) {
				t.Errorf("Held() = %v, %v; want both", held, err)
			}
			if !met {
				return
			}
			// Nothing of what Bo is shown tells it from the other one.
			b, asked := browse.New(pool, exampletest.Dataset), browse.Viewer{ID: bo.ID, Reviews: true, Asked: true}
			for _, l := range got {
				d, err := b.GetFor(t.Context(), l.ExampleID, asked)
				if err != nil || d.Status != example.Pending || len(d.Decisions) != 0 || d.Provenance.ImportID != importOf(t, pool, ids[0]) {
					t.Errorf("Bo is shown %+v, %v", d, err)
				}
			}
			out, err := s.Decide(t.Context(), review.Decision{ExampleID: hidden, Reviewer: bo, Revision: 1, Verdict: example.Approve})
			if err != nil || (out.Gold != nil) == tt.second {
				t.Errorf("Decide() = %+v, %v", out, err)
			}
			if now := read(t, pool, hidden); now.Status != "approved" || now.Revision != 1 {
				t.Errorf("a look changed the example: %+v", now)
			}
			// Taken back and after a reload it is still in this queue.
			if _, _, err := s.Undo(t.Context(), bo, out.DecisionID, false); err != nil {
				t.Fatal(err)
			}
			if held, err = s.Held(t.Context(), bo.ID, q); err != nil || !slices.ContainsFunc(held, func(l review.Lease) bool { return l.ExampleID == hidden }) {
				t.Errorf("after an undo Held() = %v, %v", held, err)
			}
		})
	}
}

// TestNoLookWhereNothingWaits: in an assignment that is done, a look could be told
// by the count.
func TestNoLookWhereNothingWaits(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, 2, exampletest.Seed{})
	s := teamService(t, pool, 1, 0)
	lea, bo := member(t, pool, "Lea"), member(t, pool, "Bo")
	work, err := assign.New(pool, exampletest.Dataset, nil).Give(t.Context(), lea, assign.Plan{Scope: assign.Scope{Title: "All", Import: importOf(t, pool, ids[0])}, Everybody: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := s.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: lea, Revision: 1, Verdict: example.Approve}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Claim(t.Context(), bo.ID, review.Queue{Assignment: work}, 2); err != nil || len(got) != 0 {
		t.Errorf("Claim() = %v, %v; want nothing", got, err)
	}
}
