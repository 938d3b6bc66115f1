package review_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/comment"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/history"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/sight"
)

// compared is on how many examples two people gave independent verdicts.
func compared(t *testing.T, pool *pgxpool.Pool) int {
	t.Helper()
	o, err := agreement.New(pool, exampletest.Dataset).Overview(t.Context(), agreement.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return o.Units
}

// TestWhoWasShownIsNotIndependent shows people, in every way that there is, what
// others said, and looks at what their verdicts count for afterwards.
func TestWhoWasShownIsNotIndependent(t *testing.T) {
	t.Parallel()
	type scene struct {
		*testing.T
		pool         *pgxpool.Pool
		s            *review.Service
		id           uuid.UUID
		ana, bo, lea audit.Actor
	}
	decide := func(c scene, who audit.Actor, v example.Verdict) review.Outcome {
		c.Helper()
		now := read(c.T, c.pool, c.id)
		out, err := c.s.Decide(c.Context(), review.Decision{ExampleID: c.id, Reviewer: who, Revision: now.Revision, Seen: example.Status(now.Status), Verdict: v, Reason: "because"})
		if err != nil {
			c.Fatal(err)
		}
		return out
	}
	undo := func(c scene, who audit.Actor, out review.Outcome) {
		c.Helper()
		if _, _, err := c.s.Undo(c.Context(), who, out.DecisionID, false); err != nil {
			c.Fatal(err)
		}
		if err := c.s.Release(c.Context(), who.ID, []uuid.UUID{c.id}); err != nil {
			c.Fatal(err)
		}
	}
	// says has somebody comment on the example.
	says := func(c scene, who audit.Actor) {
		c.Helper()
		if _, err := c.pool.Exec(c.Context(), "INSERT INTO comments (dataset_id, id, example_id, revision, author_id, body) VALUES ($1, $2, $3, 1, $4, 'I doubt it')", exampletest.Dataset, uuid.New(), c.id, who.ID); err != nil {
			c.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		// play ends with a verdict; shown says whether its author is to count as informed.
		play  func(c scene) review.Outcome
		shown bool
		units int // examples to compare in the end
	}{
		{name: "the page of the history, after one's own verdict", shown: true, units: 0, play: func(c scene) review.Outcome {
			mine := decide(c, c.ana, example.Approve)
			says(c, c.bo)
			page, err := history.New(c.pool, exampletest.Dataset).Of(c.Context(), sight.Viewer{ID: c.ana.ID, Reviews: true}, c.id, "", 50)
			if err != nil || len(page.Events) < 2 {
				c.Fatalf("history = %+v, %v", page, err)
			}
			undo(c, c.ana, mine)
			decide(c, c.bo, example.Approve)
			return decide(c, c.ana, example.Reject)
		}},
		{name: "the comments", shown: true, units: 0, play: func(c scene) review.Outcome {
			mine := decide(c, c.ana, example.Approve)
			says(c, c.bo)
			if _, err := comment.New(c.pool, exampletest.Dataset).List(c.Context(), sight.Viewer{ID: c.ana.ID, Reviews: true}, c.id, uuid.Nil, 50); err != nil {
				c.Fatal(err)
			}
			undo(c, c.ana, mine)
			decide(c, c.bo, example.Approve)
			return decide(c, c.ana, example.Reject)
		}},
		{name: "nothing was said meanwhile", shown: false, units: 1, play: func(c scene) review.Outcome {
			mine := decide(c, c.ana, example.Approve)
			if _, err := history.New(c.pool, exampletest.Dataset).Of(c.Context(), sight.Viewer{ID: c.ana.ID, Reviews: true}, c.id, "", 50); err != nil {
				c.Fatal(err)
			}
			undo(c, c.ana, mine)
			decide(c, c.bo, example.Approve)
			return decide(c, c.ana, example.Reject)
		}},
		{name: "a lead who opened the example before deciding", shown: true, units: 0, play: func(c scene) review.Outcome {
			decide(c, c.ana, example.Approve)
			b, lead := browse.New(c.pool, exampletest.Dataset), browse.Viewer{ID: c.lea.ID, Reviews: true, Lead: true}
			d, err := b.GetFor(c.Context(), c.id, lead)
			if err == nil {
				err = b.Shown(c.Context(), d, lead)
			}
			if err != nil {
				c.Fatal(err)
			}
			return decide(c, c.lea, example.Approve)
		}},
		{name: "a lead in the queue is blind", shown: false, units: 1, play: func(c scene) review.Outcome {
			decide(c, c.ana, example.Approve)
			b, lead := browse.New(c.pool, exampletest.Dataset), browse.Viewer{ID: c.lea.ID, Reviews: true, Lead: true, Asked: true}
			d, err := b.GetFor(c.Context(), c.id, lead)
			if err == nil {
				err = b.Shown(c.Context(), d, lead)
			}
			if err != nil || len(d.Decisions) > 0 {
				c.Fatalf("a lead in the queue sees %+v, %v", d.Decisions, err)
			}
			return decide(c, c.lea, example.Approve)
		}},
		{name: "who changed their mind with the other's words before them", shown: true, units: 1, play: func(c scene) review.Outcome {
			decide(c, c.ana, example.Approve)
			decide(c, c.bo, example.Approve) // told: approved, so somebody approved it before
			return decide(c, c.bo, example.Reject)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			c := scene{
				T: t, pool: pool, s: teamService(t, pool, 0, 1), ana: member(t, pool, "Ana"), bo: member(t, pool, "Bo"), lea: member(t, pool, "Lea"),
				id: exampletest.Insert(t, pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute"})[0],
			}
			out := tt.play(c)
			if out.Informed != tt.shown {
				t.Errorf("the outcome says informed = %v, want %v", out.Informed, tt.shown)
			}
			var stored bool
			if err := pool.QueryRow(t.Context(), "SELECT informed FROM decisions WHERE id = $1", out.DecisionID).Scan(&stored); err != nil || stored != tt.shown {
				t.Errorf("the decision says informed = %v (%v), want %v", stored, err, tt.shown)
			}
			if got := compared(t, pool); got != tt.units {
				t.Errorf("%d examples are compared, want %d", got, tt.units)
			}
		})
	}
}

// TestLooksAreForWhoKnowsNothing: what somebody was shown of a decided example keeps
// its second look and gold examples away from them.
func TestLooksAreForWhoKnowsNothing(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{})[0]
	s := teamService(t, pool, 1, 0)
	ana, bo, cy := member(t, pool, "Ana"), member(t, pool, "Bo"), member(t, pool, "Cy")
	if _, err := s.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve}); err != nil {
		t.Fatal(err)
	}
	// Bo looks it up: it is decided, so he sees by whom.
	if _, err := history.New(pool, exampletest.Dataset).Of(t.Context(), sight.Viewer{ID: bo.ID, Reviews: true}, id, "", 10); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Claim(t.Context(), bo.ID, review.Queue{}, 1); err != nil || len(got) != 0 {
		t.Errorf("who saw the first verdict gets %v, %v to look at", got, err)
	}
	if got, err := s.Claim(t.Context(), cy.ID, review.Queue{}, 1); err != nil || len(got) != 1 {
		t.Errorf("who did not gets %v, %v; want the second look", got, err)
	}
}

// TestUndoPassesOverAndGoesOn presses undo until nothing is left: also through an
// edit that was taken back, behind which stands a verdict that was carried over.
func TestUndoPassesOverAndGoesOn(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, 2, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute"})
	s := teamService(t, pool, 0, 1)
	ana := member(t, pool, "Ana")
	decide := func(id uuid.UUID, revision int, messages []example.Message) {
		t.Helper()
		if _, err := s.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: ana, Revision: revision, Verdict: example.Approve, Messages: messages}); err != nil {
			t.Fatal(err)
		}
	}
	decide(ids[0], 1, nil)
	decide(ids[1], 1, nil)
	decide(ids[1], 1, edited("better")) // 2; undone, 3 has the words of 1
	undone := 0
	for {
		last, any, err := s.LastUndoable(t.Context(), ana.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !any {
			break
		}
		if _, _, err := s.Undo(t.Context(), ana, last, false); err != nil {
			t.Fatalf("undo number %d = %v", undone+1, err)
		}
		if undone++; undone > 3 {
			t.Fatal("there is always something left to undo")
		}
	}
	if undone != 3 {
		t.Errorf("%d of 3 decisions could be undone", undone)
	}
	var live int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM decisions d WHERE verdict = 'approve' AND NOT EXISTS (SELECT FROM decisions u WHERE u.undoes = d.id)").Scan(&live); err != nil || live != 0 {
		t.Errorf("%d approvals are left in force (%v)", live, err)
	}
}

// TestCarriedEditIsNotUndone: a verdict that came with an edit can't be taken back on
// a revision that an undo made, where its words would stay.
func TestCarriedEditIsNotUndone(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute"})[0]
	s := teamService(t, pool, 0, 1)
	ana, bo := member(t, pool, "Ana"), member(t, pool, "Bo")
	edit := func(who audit.Actor, revision int, text string) review.Outcome {
		t.Helper()
		out, err := s.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: who, Revision: revision, Verdict: example.Approve, Messages: edited(text)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	edit(ana, 1, "one")
	second := edit(bo, 2, "two")
	if _, _, err := s.Undo(t.Context(), bo, second.DecisionID, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Release(t.Context(), bo.ID, []uuid.UUID{id}); err != nil {
		t.Fatal(err)
	}
	if last, any, err := s.LastUndoable(t.Context(), ana.ID); err != nil || any {
		t.Errorf("LastUndoable() = %v, %v, %v; want nothing", last, any, err)
	}
	var carried uuid.UUID
	if err := pool.QueryRow(t.Context(), "SELECT id FROM decisions WHERE carries IS NOT NULL AND reviewer_id = $1 AND revision = 4", ana.ID).Scan(&carried); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Undo(t.Context(), ana, carried, false); !errors.Is(err, fault.Conflict) {
		t.Errorf("Undo() of what was carried over = %v, want fault.Conflict", err)
	}
}
