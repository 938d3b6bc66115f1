package acceptance_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/stat"
)

// TestSeries judges batch after batch of one maker: two rejected tighten the
// inspection of the next, five rejected under it end the series.
func TestSeries(t *testing.T) {
	t.Parallel()
	b := start(t)
	draw := func(i int) acceptance.Sample {
		t.Helper()
		ids := exampletest.Insert(t, b.pool, 60, exampletest.Seed{Conversation: func(n int) example.Conversation { return exampletest.Conversation(1000*i + n) }})
		return b.draw(t, acceptance.Request{
			Name: fmt.Sprint("batch ", i), Series: "core generator", Batch: b.of(t, ids[0]), Plan: acceptance.Plan{Kind: acceptance.ISO, AQL: 4, Level: 2},
		})
	}
	// Of 60 examples at AQL 4.0 letter E looks at 13; normal accepts 1 defect, tightened
	// follows its arrow to 13 with 1.
	reject := func(s acceptance.Sample) {
		t.Helper()
		for i, item := range b.items(t, s) {
			if i > s.Accept {
				break
			}
			b.decide(t, item, example.Reject, false)
		}
		if state, err := b.samples.Close(t.Context(), b.lead, s.ID, ""); err != nil || state != acceptance.Rejected {
			t.Fatalf("Close() = %v, %v", state, err)
		}
	}
	for i, want := range []stat.Severity{stat.Normal, stat.Normal, stat.Tightened, stat.Tightened, stat.Tightened, stat.Tightened, stat.Tightened} {
		s := draw(i)
		if s.Plan.Severity != want || s.Series != "core generator" {
			t.Fatalf("batch %d is inspected %q in the series %q, want %q", i, s.Plan.Severity, s.Series, want)
		}
		p, _, _ := stat.ISO2859(stat.CodeLetter(60, 2), 4, want)
		if s.N != p.N || s.Accept != p.Accept {
			t.Errorf("batch %d: %d with %d, want %+v", i, s.N, s.Accept, p)
		}
		reject(s)
	}
	ids := exampletest.Insert(t, b.pool, 60, exampletest.Seed{Conversation: func(n int) example.Conversation { return exampletest.Conversation(9000 + n) }})
	r := acceptance.Request{Name: "one too many", Series: "core generator", Batch: b.of(t, ids[0]), Plan: acceptance.Plan{Kind: acceptance.ISO, AQL: 4, Level: 2}, Everybody: true}
	if _, err := b.samples.Draw(t.Context(), b.lead, r); !errors.Is(err, fault.Invalid) {
		t.Errorf("Draw() in a series that is over = %v", err)
	}
	r.Series = "another"
	if s := b.draw(t, r); s.Plan.Severity != stat.Normal {
		t.Errorf("a new series begins %q", s.Plan.Severity)
	}
	// The next one of a series waits for the one before.
	if _, err := b.samples.Draw(t.Context(), b.lead, r); !errors.Is(err, fault.Invalid) {
		t.Errorf("Draw() while another one is judged = %v", err)
	}
	r.Plan, r.Series = acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .1}, "third"
	if _, err := b.samples.Draw(t.Context(), b.lead, r); !errors.Is(err, fault.Invalid) {
		t.Errorf("Draw() of a series without rules = %v", err)
	}
}

// TestAuditOfWhatIsApproved samples approved work: what was decided before does not
// count, nor what they say who approved it.
func TestAuditOfWhatIsApproved(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 40, exampletest.Seed{})
	for i, id := range ids[:30] {
		d := review.Decision{ExampleID: id, Reviewer: b.ana, Revision: 1, Verdict: example.Approve}
		if i >= 20 {
			d.Verdict, d.Reason = example.Reject, "no"
		}
		if _, err := b.reviews.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	batch := b.of(t, ids[0])
	batch.Scope = acceptance.Approved
	if n, known, err := b.samples.Size(t.Context(), batch); err != nil || !known || n != 20 {
		t.Errorf("Size() = %d, %v, %v; want 20", n, known, err)
	}
	id, err := b.samples.Draw(t.Context(), b.lead, acceptance.Request{
		Name: "audit", Batch: batch, Plan: acceptance.Plan{Kind: acceptance.TwoPoint, Good: .01, Alpha: .05, Bad: .3, Beta: .1}, Everybody: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := b.get(t, id)
	if s.Frame != 20 {
		t.Fatalf("the frame has %d examples, want the 20 approved ones", s.Frame)
	}
	items := b.items(t, s)
	again := func(i acceptance.Item, who int) {
		t.Helper()
		d := review.Decision{ExampleID: i.ExampleID, Reviewer: b.lead, Revision: i.Revision, Seen: example.Approved, Verdict: example.Approve}
		if who == 0 {
			d.Reviewer = b.ana
		}
		if _, err := b.reviews.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if r := b.progress(t, s); r.Reviewed != 0 {
		t.Errorf("%d count before anybody looked again", r.Reviewed)
	}
	again(items[0], 0)
	if r := b.progress(t, s); r.Reviewed != 0 {
		t.Errorf("what the first approver says again counts: %+v", r)
	}
	again(items[0], 1)
	if r := b.progress(t, s); r.Reviewed != 1 || r.Good != 1 {
		t.Errorf("after the lead's look: %+v", r)
	}
	c, err := b.samples.Verify(t.Context(), id)
	if err != nil || !c.Same {
		t.Errorf("Verify() = %+v, %v", c, err)
	}
}
