package history_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/comment"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/history"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/sight"
)

func newReviews(pool *pgxpool.Pool) *review.Service {
	return review.New(review.Config{
		DB: pool, Dataset: exampletest.Dataset,
		Order: func(context.Context) ([]string, error) { return nil, nil },
		Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
		Count: func(example.Conversation) (int, int) { return 50, 25 },
	})
}

func person(name string) audit.Actor { return audit.Actor{ID: uuid.New(), Name: name} }

// tell writes the events as short words, oldest first.
func tell(events []history.Event) string {
	var words []string
	for _, e := range events {
		w := string(e.Kind)
		if e.Verdict != "" {
			w = e.Verdict
		}
		if made := e.Made(); made > 0 {
			w += fmt.Sprint(" r", made)
		}
		if e.Undone {
			w += " undone"
		}
		words = append([]string{w}, words...)
	}
	return strings.Join(words, ", ")
}

func TestHistory(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	reviews, comments, s := newReviews(pool), comment.New(pool, exampletest.Dataset), history.New(pool, exampletest.Dataset)
	ana, lead := person("Ana"), person("Lea")
	ids := exampletest.Insert(t, pool, 2, exampletest.Seed{Findings: []exampletest.Finding{{Rule: "test/odd", Severity: "warning", Message: "Odd.", Path: "/messages/1"}}})
	id := ids[0]
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(comments.Add(t.Context(), ana, id, "hm"))
	must(reviews.Waive(t.Context(), review.Waiving{ExampleID: id, By: ana, Revision: 1, Rule: "test/odd", Path: "/messages/1", Reason: "not odd"}))
	must(reviews.Decide(t.Context(), review.Decision{
		ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve,
		Messages: []example.Message{{Role: example.User, Content: "bench 45 for 1"}, {Role: example.Assistant, Content: "better"}},
	}))
	last, _, err := reviews.LastUndoable(t.Context(), ana.ID)
	must(nil, err)
	_, _, err = reviews.Undo(t.Context(), ana, last, false)
	must(nil, err)
	must(nil, reviews.HandOver(t.Context(), lead, id)) // the undo gave it to Ana
	must(reviews.Restore(t.Context(), lead, id, 3, 1))
	must(nil, postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO duplicate_of (dataset_id, example_id, survivor_id, kind, created_at) VALUES ($1, $2, $3, 'near', clock_timestamp())", exampletest.Dataset, ids[1], id)
		return err
	}))

	all := sight.Viewer{ID: lead.ID, Reviews: true, Leads: true}
	page, err := s.Of(t.Context(), all, id, "", 50)
	must(nil, err)
	want := "import, comment, waiver, approve r2 undone, undo r3, freed, revision r4, survivor"
	if got := tell(page.Events); got != want || page.Older != "" || page.Hidden != 0 {
		t.Errorf("Of() = %q, older %q, hidden %d; want %q alone", got, page.Older, page.Hidden, want)
	}
	if got := page.Contents[2].Messages[1].Content; got != "better" || page.Contents[1].Warnings != 1 {
		t.Errorf("revision 2 says %q and revision 1 has %d warnings", got, page.Contents[1].Warnings)
	}
	other, err := s.Of(t.Context(), all, ids[1], "", 50)
	if got := tell(other.Events); err != nil || got != "import, duplicate" || other.Events[0].Other != id {
		t.Errorf("Of() the duplicate = %q, %v", got, err)
	}

	// Page by page it is the same.
	var pages []history.Event
	for cursor := ""; ; {
		page, err := s.Of(t.Context(), all, id, cursor, 3)
		must(nil, err)
		pages = append(pages, page.Events...)
		if cursor = page.Older; cursor == "" {
			break
		}
	}
	if d := cmp.Diff(page.Events, pages); d != "" {
		t.Errorf("page by page (-at once +paged):\n%s", d)
	}

	before, after, err := s.Compare(t.Context(), all, id, 1, 2)
	must(nil, err)
	if before.Messages[1].Content == after.Messages[1].Content || after.Messages[1].Content != "better" {
		t.Errorf("Compare() = %+v, %+v", before, after)
	}
	if _, _, err := s.Compare(t.Context(), all, id, 1, 9); !errors.Is(err, fault.NotFound) {
		t.Errorf("Compare() with what is not there = %v, want not found", err)
	}
	for _, cursor := range []string{"x", "!!", "MTIz", "LTEgYQ"} {
		if _, err := s.Of(t.Context(), all, id, cursor, 3); !errors.Is(err, fault.Invalid) {
			t.Errorf("Of(cursor %q) = %v, want invalid", cursor, err)
		}
	}
	if _, err := s.Of(t.Context(), all, uuid.New(), "", 3); !errors.Is(err, fault.NotFound) {
		t.Errorf("Of() nothing = %v, want not found", err)
	}
}

func TestWhoeverMayStillJudgeSeesNoVerdicts(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	comments, s := comment.New(pool, exampletest.Dataset), history.New(pool, exampletest.Dataset)
	ana, bo := person("Ana"), person("Bo")
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{})[0]
	decide := func(who audit.Actor, kind string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), `INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, kind, status_before, status_after, request_key, created_at)
			VALUES ($1, $2, $3, $4, 1, 'approve', $5, 'pending', 'pending', $6, clock_timestamp())`,
			exampletest.Dataset, uuid.Must(uuid.NewV7()), id, who.ID, kind, uuid.NewString()); err != nil {
			t.Fatal(err)
		}
	}
	decide(ana, "review")
	if _, err := comments.Add(t.Context(), ana, id, "fine"); err != nil {
		t.Fatal(err)
	}
	decide(person("Cy"), "gold")
	for _, tt := range []struct {
		name   string
		viewer sight.Viewer
		want   string
		hidden int
	}{
		{"who may still judge", sight.Viewer{ID: bo.ID, Reviews: true}, "import", 2},
		{"who has judged", sight.Viewer{ID: ana.ID, Reviews: true}, "import, approve, comment", 0},
		{"a lead", sight.Viewer{ID: bo.ID, Reviews: true, Leads: true}, "import, approve, comment, approve", 0},
		{"who never judges", sight.Viewer{ID: bo.ID}, "import, approve, comment", 0},
	} {
		page, err := s.Of(t.Context(), tt.viewer, id, "", 50)
		if got := tell(page.Events); err != nil || got != tt.want || page.Hidden != tt.hidden {
			t.Errorf("%s sees %q with %d hidden, %v; want %q with %d", tt.name, got, page.Hidden, err, tt.want, tt.hidden)
		}
	}
}
