package review_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

// TestHammer lets 32 reviewers claim, decide, edit, skip, undo, replay and
// meddle with one queue at once, and then holds the database against what must be
// true whatever happened: no example decided twice by accident, no decision on a
// revision that was not seen, no edit overwritten, counters equal to a recount,
// the audit chain intact.
func TestHammer(t *testing.T) {
	t.Parallel()
	const reviewers, examples = 32, 300
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, examples, exampletest.Seed{})
	s := newService(pool)

	var mu sync.Mutex
	effective := map[uuid.UUID]int{} // decisions that moved a pending example, less undone ones
	edits := map[uuid.UUID][]string{}
	tally := func(id uuid.UUID, by int) {
		mu.Lock()
		defer mu.Unlock()
		effective[id] += by
	}
	var wg sync.WaitGroup
	for r := range reviewers {
		wg.Go(func() {
			who := audit.Actor{ID: uuid.New(), Name: fmt.Sprintf("Reviewer %d", r)}
			rnd := rand.New(rand.NewPCG(uint64(r), 7))
			for round := 0; ; round++ {
				leases, err := s.Claim(t.Context(), who.ID, review.Queue{}, 1+rnd.IntN(4))
				if err != nil {
					t.Errorf("Claim() = %v", err)
					return
				}
				if len(leases) == 0 || round > 2*examples {
					return
				}
				for _, l := range leases {
					d := review.Decision{ExampleID: l.ExampleID, Reviewer: who, Revision: 1, Verdict: example.Approve, RequestKey: uuid.NewString()}
					var rev int
					if err := pool.QueryRow(t.Context(), "SELECT revision FROM examples WHERE id = $1", l.ExampleID).Scan(&rev); err != nil {
						t.Error(err)
						return
					}
					d.Revision = rev
					switch rnd.IntN(6) {
					case 0:
						d.Verdict, d.Reason = example.Reject, "no"
					case 1, 2:
						text := fmt.Sprintf("edit of %s by %d", l.ExampleID, r)
						d.Messages = edited(text)
					case 3:
						if rnd.IntN(3) == 0 {
							d.Verdict = example.Skip
						}
					}
					out, err := s.Decide(t.Context(), d)
					if err != nil {
						t.Errorf("Decide on a held example = %v", err)
						continue
					}
					if d.Verdict == example.Skip {
						continue
					}
					tally(l.ExampleID, 1)
					if d.Messages != nil {
						mu.Lock()
						edits[l.ExampleID] = append(edits[l.ExampleID], d.Messages[1].Content)
						mu.Unlock()
					}
					switch rnd.IntN(5) {
					case 0: // the same request again
						if again, err := s.Decide(t.Context(), d); err != nil || again.DecisionID != out.DecisionID {
							t.Errorf("replay = %+v, %v; want %+v", again, err, out)
						}
					case 1: // changed their mind
						if _, _, err := s.Undo(t.Context(), who, out.DecisionID, false); err != nil {
							t.Errorf("Undo() = %v", err)
							continue
						}
						tally(l.ExampleID, -1)
						if err := s.Release(t.Context(), who.ID, []uuid.UUID{l.ExampleID}); err != nil {
							t.Errorf("Release() = %v", err)
						}
					case 2: // decides on somebody else's example with an old page
						other := ids[rnd.IntN(len(ids))]
						_, err := s.Decide(t.Context(), review.Decision{ExampleID: other, Reviewer: who, Revision: 99, Verdict: example.Approve})
						if !errors.Is(err, fault.Conflict) {
							t.Errorf("a decision on a revision nobody saw = %v, want a conflict", err)
						}
					}
				}
			}
		})
	}
	wg.Wait()
	ctx := t.Context()
	for _, id := range ids {
		if n := effective[id]; n != 0 && n != 1 {
			t.Errorf("example %s was decided %d times", id, n)
		}
	}
	var pending, undecided int
	for _, id := range ids {
		if effective[id] == 0 {
			undecided++
		}
	}
	count := func(what, sql string) (n int) {
		if err := pool.QueryRow(ctx, sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return n
	}
	pending = count("pending", "SELECT count(*) FROM examples WHERE status = 'pending'")
	if pending != undecided {
		t.Errorf("%d examples are pending, %d were never decided for good", pending, undecided)
	}
	if n := count("revisions have gaps", `SELECT count(*) FROM examples e WHERE e.revision <> (SELECT count(*) FROM revisions r WHERE r.example_id = e.id)`); n != 0 {
		t.Errorf("%d examples have a gap in their revisions", n)
	}
	if n := count("decision on unseen revision", `SELECT count(*) FROM decisions d WHERE d.new_revision IS NOT NULL AND d.new_revision <> d.revision + 1`); n != 0 {
		t.Errorf("%d edits were made on a revision that was not the current one", n)
	}
	for id, texts := range edits {
		for _, text := range texts {
			var kept bool
			if err := pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM revisions WHERE example_id = $1 AND position($2 in messages) > 0)", id, text).Scan(&kept); err != nil || !kept {
				t.Errorf("the edit %q is lost (%v)", text, err)
			}
		}
	}
	if n := count("counters", `
		SELECT count(*) FROM (
		    SELECT category, subcategory, status, sum(examples) AS n, sum(tokens) AS t FROM counters GROUP BY 1, 2, 3 HAVING sum(examples) <> 0 OR sum(tokens) <> 0
		    EXCEPT
		    SELECT category, subcategory, status, count(*), sum(tokens) FROM examples GROUP BY 1, 2, 3) AS difference`); n != 0 {
		t.Errorf("%d counters differ from a recount", n)
	}
	if n, m := count("decisions", "SELECT count(*) FROM decisions"), count("audit", "SELECT count(*) FROM audit_log WHERE action LIKE 'example.%'"); n != m {
		t.Errorf("%d decisions but %d audit entries", n, m)
	}
	if _, err := audit.Seal(ctx, pool); err != nil {
		t.Fatal(err)
	}
	if report, err := audit.Verify(ctx, pool); err != nil || !report.OK() {
		t.Errorf("audit.Verify() = %+v, %v", report, err)
	}
}

// TestHammerTwoApprovals lets 32 reviewers work off a queue that needs two
// approvals: nobody counts twice, nobody gets what they judged, a status is what
// the verdicts in force make it, and what is escalated is open exactly once.
func TestHammerTwoApprovals(t *testing.T) {
	t.Parallel()
	const reviewers, examples = 32, 150
	pool := pgtest.New(t)
	exampletest.Insert(t, pool, examples, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute"})
	s := teamService(t, pool, 0.2, 0.04)
	var wg sync.WaitGroup
	for r := range reviewers {
		who := member(t, pool, fmt.Sprintf("Reviewer %d", r))
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(r), 11))
			for range 3 * examples {
				leases, err := s.Claim(t.Context(), who.ID, review.Queue{Category: "injury_analysis"}, 1+rnd.IntN(3))
				if err != nil {
					t.Errorf("Claim() = %v", err)
					return
				}
				if len(leases) == 0 {
					return
				}
				for _, l := range leases {
					d := review.Decision{ExampleID: l.ExampleID, Reviewer: who, Verdict: example.Approve, RequestKey: uuid.NewString()}
					if err := pool.QueryRow(t.Context(), "SELECT revision FROM examples WHERE id = $1", l.ExampleID).Scan(&d.Revision); err != nil {
						t.Error(err)
						return
					}
					switch rnd.IntN(12) {
					case 0:
						d.Verdict, d.Reason = example.Reject, "no"
					case 1:
						d.Messages = edited(fmt.Sprintf("edit of %s by %d", l.ExampleID, r))
					}
					out, err := s.Decide(t.Context(), d)
					if errors.Is(err, fault.Conflict) {
						// The author of the revision that was seen has taken it back meanwhile.
						if err := s.Release(t.Context(), who.ID, []uuid.UUID{l.ExampleID}); err != nil {
							t.Errorf("Release() = %v", err)
						}
						continue
					}
					if err != nil {
						t.Errorf("Decide on a held example = %v", err)
						continue
					}
					if rnd.IntN(8) == 0 {
						if _, _, err := s.Undo(t.Context(), who, out.DecisionID, false); err != nil && !errors.Is(err, fault.Conflict) {
							t.Errorf("Undo() = %v", err)
						}
						if err := s.Release(t.Context(), who.ID, []uuid.UUID{l.ExampleID}); err != nil {
							t.Errorf("Release() = %v", err)
						}
					}
				}
			}
		})
	}
	wg.Wait()
	const inForce = `
		SELECT DISTINCT ON (d.example_id, d.reviewer_id) d.example_id, d.reviewer_id, d.verdict, coalesce(d.new_revision, d.revision) AS revision
		  FROM decisions d
		 WHERE d.kind = 'review' AND d.verdict IN ('approve', 'reject') AND NOT EXISTS (SELECT FROM decisions u WHERE u.undoes = d.id)
		 ORDER BY d.example_id, d.reviewer_id, d.id DESC`
	for what, sql := range map[string]string{
		"approved without two reviewers": `SELECT count(*) FROM examples e WHERE e.status = 'approved'
			AND (SELECT count(*) FROM (` + inForce + `) v WHERE v.example_id = e.id AND v.revision = e.revision AND v.verdict = 'approve') < 2`,
		"pending with two approvals": `SELECT count(*) FROM examples e WHERE e.status = 'pending'
			AND (SELECT count(*) FROM (` + inForce + `) v WHERE v.example_id = e.id AND v.revision = e.revision AND v.verdict = 'approve') >= 2`,
		"judged twice by one reviewer": `SELECT count(*) FROM (SELECT 1 FROM decisions d
			WHERE d.verdict IN ('approve', 'reject') AND NOT EXISTS (SELECT FROM decisions u WHERE u.undoes = d.id)
			GROUP BY d.example_id, d.reviewer_id, coalesce(d.new_revision, d.revision) HAVING count(*) > 1) AS twice`,
		"escalated without one open question": `SELECT count(*) FROM examples e WHERE (e.status = 'escalated')
			<> ((SELECT count(*) FROM escalations x WHERE x.example_id = e.id AND x.answered_at IS NULL) = 1)`,
		"counters that differ from a recount": `SELECT count(*) FROM (
		    SELECT category, subcategory, status, sum(examples) AS n FROM counters GROUP BY 1, 2, 3 HAVING sum(examples) <> 0
		    EXCEPT SELECT category, subcategory, status, count(*) FROM examples GROUP BY 1, 2, 3) AS difference`,
		"second looks by the first reviewer": `SELECT count(*) FROM looks WHERE kind = 'second' AND reviewer_id = not_for`,
	} {
		var n int
		if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n != 0 {
			t.Errorf("%d: %s", n, what)
		}
	}
}
