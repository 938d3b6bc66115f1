package report_test

import (
	"context"
	"testing"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"

	"github.com/google/uuid"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	current := func(context.Context) (*catalog.Catalog, error) { return catalog.Default() }
	ids := exampletest.Insert(t, pool, 5, exampletest.Seed{})
	exampletest.Insert(t, pool, 2, exampletest.Seed{
		Category: "left_over", Subcategory: "x", Status: example.Rejected,
		Conversation: func(i int) example.Conversation { return exampletest.Conversation(100 + i) },
	})
	reviews := review.New(review.Config{
		DB: pool, Dataset: exampletest.Dataset,
		Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
		Count: func(example.Conversation) (int, int) { return 30, 5 },
	})
	ana := audit.Actor{ID: uuid.New(), Name: "Ana"}
	for i, verdict := range []example.Verdict{example.Approve, example.Reject, example.Escalate} {
		d := review.Decision{ExampleID: ids[i], Reviewer: ana, Revision: 1, Verdict: verdict, Reason: "because"}
		if verdict == example.Approve {
			d.Messages = []example.Message{{Role: example.User, Content: "x"}, {Role: example.Assistant, Content: "y"}}
		}
		if _, err := reviews.Decide(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	s := report.New(pool, exampletest.Dataset, current)
	p, err := s.Progress(ctx)
	if err != nil {
		t.Fatal(err)
	}
	voice := p.Categories[0]
	if voice.Slug != "voice_parsing" || voice.TargetMax != 3890 || !voice.InCatalog {
		t.Errorf("first category = %+v, want voice parsing with its target", voice)
	}
	if want := (report.Counts{Pending: 2, Approved: 1, Rejected: 1, Escalated: 1, Tokens: 30}); voice.Counts != want {
		t.Errorf("counts = %+v, want %+v", voice.Counts, want)
	}
	last := p.Categories[len(p.Categories)-1]
	if last.Slug != "left_over" || last.InCatalog || last.Counts.Rejected != 2 || len(last.Subcategories) != 1 {
		t.Errorf("last category = %+v, want the one that left the catalog", last)
	}
	if p.Total.Total() != 7 {
		t.Errorf("total = %d, want 7", p.Total.Total())
	}
	events, err := s.Recent(ctx, 4)
	if err != nil || len(events) != 4 || events[0].Decided == nil || events[0].Decided.Verdict != "escalate" || events[3].Import == nil {
		t.Errorf("Recent() = %+v, %v; want three decisions, newest first, then an import", events, err)
	}
	if n, err := s.DemoExamples(ctx); n != 0 || err != nil {
		t.Errorf("DemoExamples() = %d, %v", n, err)
	}
}
