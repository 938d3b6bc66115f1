package acceptance_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/sight"
)

// person makes somebody else who reviews.
func (b *bench) person(t *testing.T, name string) audit.Actor {
	t.Helper()
	who := audit.Actor{ID: uuid.Must(uuid.NewV7()), Name: name}
	if _, err := b.pool.Exec(t.Context(), `INSERT INTO users (id, email, name, role) VALUES ($1, $2, $2, 'reviewer')`, who.ID, name); err != nil {
		t.Fatal(err)
	}
	return who
}

// audited draws 12 of 20 examples that Ana approved, for everybody, and returns the
// sample with the work that was given.
func audited(t *testing.T, b *bench) (s acceptance.Sample, work uuid.UUID) {
	t.Helper()
	ids := exampletest.Insert(t, b.pool, 20, exampletest.Seed{})
	for _, id := range ids {
		if _, err := b.reviews.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: b.ana, Revision: 1, Verdict: example.Approve}); err != nil {
			t.Fatal(err)
		}
	}
	batch := b.of(t, ids[0])
	batch.Scope = acceptance.Approved
	s = b.draw(t, acceptance.Request{Name: "July", Batch: batch, Plan: acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .9, Bad: .15}, Seed: 7})
	work, ok, err := b.samples.Running(t.Context(), s.ID)
	if err != nil || !ok {
		t.Fatalf("Running() = %v, %v; want the work that was given", ok, err)
	}
	return s, work
}

func (b *bench) claim(t *testing.T, who audit.Actor, work uuid.UUID, n int) []uuid.UUID {
	t.Helper()
	got, err := b.reviews.Claim(t.Context(), who.ID, review.Queue{Assignment: work}, n)
	if err != nil {
		t.Fatal(err)
	}
	var ids []uuid.UUID
	for _, l := range got {
		ids = append(ids, l.ExampleID)
	}
	return ids
}

func (b *bench) waiting(t *testing.T, work uuid.UUID) int64 {
	t.Helper()
	a, err := b.work.Get(t.Context(), work)
	if err != nil {
		t.Fatal(err)
	}
	return a.Progress.Waiting
}

// TestAuditHasItsQueue hands the sample of approved work out in the order of drawing,
// to others than those who approved it and without their words, counts what is left,
// and takes a verdict for what it is: agreeing changes nothing, disagreeing asks a lead.
func TestAuditHasItsQueue(t *testing.T) {
	t.Parallel()
	b := start(t)
	bo, cy := b.person(t, "Bo"), b.person(t, "Cy")
	s, work := audited(t, b)
	items := b.items(t, s)
	a, err := b.work.For(t.Context(), bo.ID, work)
	if err != nil || a.Title != "Audit: July" || a.Progress.Total != int64(s.N) || a.Progress.Waiting != int64(s.N) {
		t.Fatalf("For() = %q, %+v, %v; want all %d to wait", a.Title, a.Progress, err, s.N)
	}
	if got := b.claim(t, b.ana, work, 3); len(got) != 0 {
		t.Errorf("Ana, who approved them, gets %v", got)
	}
	mine := b.claim(t, bo, work, 3)
	if diff := cmp.Diff([]uuid.UUID{items[0].ExampleID, items[1].ExampleID, items[2].ExampleID}, mine); diff != "" {
		t.Fatalf("Bo gets others than the first three that were drawn (-want +got):\n%s", diff)
	}
	held, err := b.reviews.Held(t.Context(), bo.ID, review.Queue{Assignment: work})
	if err != nil || len(held) != 3 {
		t.Errorf("Held() = %v, %v; want the three", held, err)
	}
	view, err := sight.Of(t.Context(), b.pool, exampletest.Dataset, mine[0], sight.Viewer{ID: bo.ID, Reviews: true})
	if err != nil || view.Whole() {
		t.Errorf("Bo sees what Ana said while asked: %v", err)
	}
	if got := b.claim(t, cy, work, 1); len(got) != 1 || got[0] != items[3].ExampleID {
		t.Errorf("Cy gets %v, want the fourth", got)
	}

	decide := func(id uuid.UUID, v example.Verdict, reason string) review.Outcome {
		t.Helper()
		out, err := b.reviews.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: bo, Revision: 1, Seen: example.Pending, Verdict: v, Reason: reason})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	// Agreeing changes nothing and counts; taken back, it waits again, and is Bo's again.
	agreed := decide(mine[0], example.Approve, "")
	if r := b.progress(t, s); agreed.Status != example.Approved || r.Good != 1 || b.waiting(t, work) != int64(s.N)-1 {
		t.Errorf("after Bo agrees: %s, %+v, %d wait", agreed.Status, r, b.waiting(t, work))
	}
	if out, _, err := b.reviews.Undo(t.Context(), bo, agreed.DecisionID, false); err != nil || !out.Leased {
		t.Errorf("Undo() = %+v, %v; want the example back", out, err)
	}
	if r := b.progress(t, s); r.Reviewed != 0 || b.waiting(t, work) != int64(s.N) {
		t.Errorf("after the undo: %+v, %d wait", r, b.waiting(t, work))
	}
	decide(mine[0], example.Approve, "")
	// Disagreeing is for a lead; until then the item is open, and waits for nobody else.
	if out := decide(mine[1], example.Reject, "Too sure."); out.Status != example.Escalated || !out.Disagrees {
		t.Errorf("Bo's rejection = %+v, want a disagreement", out)
	}
	if r := b.progress(t, s); r.Reviewed != 1 || b.waiting(t, work) != int64(s.N)-2 {
		t.Errorf("after the rejection: %+v, %d wait", r, b.waiting(t, work))
	}
	if _, err := b.reviews.Decide(t.Context(), review.Decision{
		ExampleID: mine[1], Reviewer: b.lead, Lead: true, Revision: 1, Seen: example.Escalated, Verdict: example.Reject, Reason: "Bo is right.",
	}); err != nil {
		t.Fatal(err)
	}
	if r := b.progress(t, s); r.Refused != 1 || r.Verdict != acceptance.Reject {
		t.Errorf("after the lead's word: %+v", r)
	}
	// What was skipped comes back when nothing else is left.
	decide(mine[2], example.Skip, "")
	next := b.claim(t, bo, work, review.MaxClaim)
	if len(next) == 0 || next[0] != items[4].ExampleID {
		t.Fatalf("after the skip Bo gets %v, want the fifth first", next)
	}
	for len(next) > 0 && next[0] != mine[2] {
		for _, id := range next {
			decide(id, example.Approve, "")
		}
		next = b.claim(t, bo, work, review.MaxClaim)
	}
	if len(next) != 1 {
		t.Errorf("at the end Bo gets %v, want what was skipped", next)
	}
	// Closing ends it: whoever still holds one is told.
	if state, err := b.samples.Close(t.Context(), b.lead, s.ID, ""); err != nil || state != acceptance.Rejected {
		t.Fatalf("Close() = %s, %v", state, err)
	}
	if _, err := b.reviews.Decide(t.Context(), review.Decision{ExampleID: mine[2], Reviewer: bo, Revision: 1, Verdict: example.Approve}); !errors.Is(err, fault.Conflict) {
		t.Errorf("deciding after the end = %v, want a conflict", err)
	}
	if _, err := b.reviews.Claim(t.Context(), cy.ID, review.Queue{Assignment: work}, 1); !errors.Is(err, fault.NotFound) {
		t.Errorf("Claim() after the end = %v", err)
	}
}

// TestAuditIsBlind keeps an audit's examples from whoever was shown what was said of
// them, and takes what is decided on an example's own page for an answer.
func TestAuditIsBlind(t *testing.T) {
	t.Parallel()
	b := start(t)
	bo := b.person(t, "Bo")
	s, work := audited(t, b)
	items := b.items(t, s)
	if err := sight.Note(t.Context(), b.pool, exampletest.Dataset, items[0].ExampleID, bo.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.claim(t, bo, work, 1); len(got) != 1 || got[0] != items[1].ExampleID {
		t.Errorf("Bo, who read what was said of the first, gets %v; want the second", got)
	}
	if _, err := b.reviews.Decide(t.Context(), review.Decision{
		ExampleID: items[0].ExampleID, Reviewer: b.lead, Revision: 1, Seen: example.Approved, Verdict: example.Approve,
	}); err != nil {
		t.Fatal(err)
	}
	if r := b.progress(t, s); r.Good != 1 || b.waiting(t, work) != int64(s.N)-1 {
		t.Errorf("after the lead's look on its page: %+v, %d wait", r, b.waiting(t, work))
	}
}

// TestAuditByManyAtOnce has eight people work off one audit: each item is judged once.
func TestAuditByManyAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	s, work := audited(t, b)
	var wait sync.WaitGroup
	for i := range 8 {
		who := b.person(t, string(rune('A'+i)))
		wait.Go(func() {
			for {
				got, err := b.reviews.Claim(t.Context(), who.ID, review.Queue{Assignment: work}, 2)
				if err != nil {
					t.Error(err)
					return
				}
				if len(got) == 0 {
					return
				}
				for _, l := range got {
					if _, err := b.reviews.Decide(t.Context(), review.Decision{ExampleID: l.ExampleID, Reviewer: who, Revision: 1, Verdict: example.Approve}); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wait.Wait()
	if r := b.progress(t, s); r.Good != s.N || r.Verdict != acceptance.Accept || b.waiting(t, work) != 0 {
		t.Errorf("at the end: %+v, %d wait", r, b.waiting(t, work))
	}
	var decisions int
	if err := b.pool.QueryRow(t.Context(), `SELECT count(*) FROM decisions WHERE kind = 'second'`).Scan(&decisions); err != nil || decisions != s.N {
		t.Errorf("%d verdicts on %d items, %v", decisions, s.N, err)
	}
}
