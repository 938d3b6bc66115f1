package assign_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

// team is a workspace with a lead and two reviewers.
type team struct {
	pool          *pgxpool.Pool
	work          *assign.Service
	reviews       *review.Service
	inbox         *inbox.Service
	lead, ana, bo account.User
}

var now = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

func newTeam(t *testing.T) *team {
	t.Helper()
	pool := pgtest.New(t)
	g := &team{
		pool: pool, work: assign.New(pool, exampletest.Dataset, func() time.Time { return now }), inbox: inbox.New(pool, exampletest.Dataset),
		reviews: review.New(review.Config{
			DB: pool, Dataset: exampletest.Dataset,
			Order: func(context.Context) ([]string, error) { return nil, nil },
			Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
			Count: func(example.Conversation) (int, int) { return 50, 25 },
		}),
	}
	accounts := account.New(pool, account.Config{})
	for name, u := range map[string]*account.User{"Lea": &g.lead, "Ana": &g.ana, "Bo": &g.bo} {
		role := account.Reviewer
		if name == "Lea" {
			role = account.Lead
		}
		var err error
		*u, err = accounts.Add(t.Context(), audit.Actor{Name: "test"}, account.Person{Email: strings.ToLower(name) + "@example.com", Name: name, Password: "two plates and a half"}, role)
		if err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func (g *team) give(t *testing.T, p assign.Plan) uuid.UUID {
	t.Helper()
	id, err := g.work.Give(t.Context(), g.lead.Actor(), p)
	if err != nil {
		t.Fatalf("Give(%+v) = %v", p, err)
	}
	return id
}

func (g *team) claim(t *testing.T, who account.User, assignment uuid.UUID, n int) []uuid.UUID {
	t.Helper()
	got, err := g.reviews.Claim(t.Context(), who.ID, review.Queue{Assignment: assignment}, n)
	if err != nil {
		t.Fatalf("Claim() = %v", err)
	}
	ids := make([]uuid.UUID, len(got))
	for i, l := range got {
		ids[i] = l.ExampleID
	}
	return ids
}

func (g *team) decide(t *testing.T, who account.User, id uuid.UUID, v example.Verdict) {
	t.Helper()
	if _, err := g.reviews.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: who.Actor(), Revision: 1, Verdict: v}); err != nil {
		t.Fatalf("Decide() = %v", err)
	}
}

func (g *team) unread(t *testing.T, who account.User) int {
	t.Helper()
	n, err := g.inbox.Unread(t.Context(), who.ID)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestListedExamples(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	ids := exampletest.Insert(t, g.pool, 6, exampletest.Seed{})
	mine := []uuid.UUID{ids[1], ids[3], ids[4]}
	if _, err := g.pool.Exec(t.Context(), "UPDATE examples SET doubt = 9 WHERE id = $1", ids[4]); err != nil {
		t.Fatal(err)
	}
	id := g.give(t, assign.Plan{
		Scope:  assign.Scope{Examples: append(slices.Clone(mine), uuid.New()), Title: "Knees", Origin: "/examples?q=knee"},
		People: []uuid.UUID{g.ana.ID}, Note: "Please this week.", Due: now,
	})
	a, err := g.work.For(t.Context(), g.ana.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	want := assign.Assignment{
		ID: id, Kind: assign.Examples, Title: "Knees", Origin: "/examples?q=knee", Note: "Please this week.", Due: now.Truncate(24 * time.Hour),
		People: []assign.Person{{ID: g.ana.ID, Name: "Ana"}}, Author: "Lea", CreatedAt: a.CreatedAt, Progress: assign.Progress{Total: 3, Waiting: 3},
	}
	if d := cmp.Diff(want, a); d != "" {
		t.Errorf("For() (-want +got):\n%s", d)
	}
	if g.unread(t, g.ana) != 1 || g.unread(t, g.bo) != 0 || g.unread(t, g.lead) != 0 {
		t.Error("Ana alone should have a notice")
	}
	if _, err := g.work.For(t.Context(), g.bo.ID, id); !errors.Is(err, fault.NotFound) {
		t.Errorf("For() of somebody else = %v, want not found", err)
	}
	if _, err := g.reviews.Claim(t.Context(), g.bo.ID, review.Queue{Assignment: id}, 1); !errors.Is(err, fault.NotFound) {
		t.Errorf("Claim() by somebody else = %v, want not found", err)
	}
	// The most suspicious first, and nothing that was not assigned.
	if d := cmp.Diff([]uuid.UUID{ids[4], ids[1]}, g.claim(t, g.ana, id, 2)); d != "" {
		t.Errorf("Claim() (-want +got):\n%s", d)
	}
	held, err := g.reviews.Held(t.Context(), g.ana.ID, review.Queue{Assignment: id})
	if err != nil || len(held) != 2 {
		t.Errorf("Held() = %v, %v; want 2", held, err)
	}
	g.decide(t, g.ana, ids[4], example.Approve)
	g.decide(t, g.ana, ids[1], example.Skip)
	if d := cmp.Diff([]uuid.UUID{ids[3]}, g.claim(t, g.ana, id, 5)); d != "" {
		t.Errorf("Claim() after a skip (-want +got):\n%s", d)
	}
	g.decide(t, g.ana, ids[3], example.Approve)
	if d := cmp.Diff([]uuid.UUID{ids[1]}, g.claim(t, g.ana, id, 5)); d != "" {
		t.Errorf("Claim() when only what was skipped is left (-want +got):\n%s", d)
	}
	if a, err = g.work.Get(t.Context(), id); err != nil || a.Progress != (assign.Progress{Total: 3, Waiting: 1}) || a.Progress.Done() != 2 {
		t.Errorf("Get() = %+v, %v; want 1 of 3 waiting", a.Progress, err)
	}
}

func TestImportAndShelf(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	first := exampletest.Insert(t, g.pool, 3, exampletest.Seed{})
	exampletest.Insert(t, g.pool, 2, exampletest.Seed{Category: "ai_coach", Subcategory: "technique", Conversation: func(i int) example.Conversation {
		return example.Conversation{Messages: []example.Message{{Role: example.User, Content: strings.Repeat("deep ", i+1)}, {Role: example.Assistant, Content: "yes"}}}
	}})
	var run uuid.UUID
	if err := g.pool.QueryRow(t.Context(), "SELECT import_id FROM examples WHERE id = $1", first[0]).Scan(&run); err != nil {
		t.Fatal(err)
	}
	batch := g.give(t, assign.Plan{Scope: assign.Scope{Import: run, Title: "seed.jsonl"}, Everybody: true})
	shelf := g.give(t, assign.Plan{Scope: assign.Scope{Category: "ai_coach", Subcategory: "technique", Title: "Coach: technique"}, People: []uuid.UUID{g.bo.ID}})
	if g.unread(t, g.ana) != 1 || g.unread(t, g.bo) != 2 {
		t.Error("Ana should have one notice and Bo two")
	}
	if d := cmp.Diff(first[:2], g.claim(t, g.ana, batch, 2)); d != "" {
		t.Errorf("Claim() of an import (-want +got):\n%s", d)
	}
	if d := cmp.Diff(first[2:], g.claim(t, g.bo, batch, 5)); d != "" {
		t.Errorf("Claim() of what is left of it (-want +got):\n%s", d)
	}
	if got := g.claim(t, g.bo, shelf, 5); len(got) != 2 {
		t.Errorf("Claim() of a shelf = %v, want 2", got)
	}
	g.decide(t, g.ana, first[0], example.Approve)
	mine, err := g.work.Of(t.Context(), g.bo.ID)
	if err != nil || len(mine) != 2 || mine[0].Progress != (assign.Progress{Total: 3, Waiting: 2}) || mine[1].Progress != (assign.Progress{Total: 2, Waiting: 2}) {
		t.Errorf("Of() = %+v, %v", mine, err)
	}

	// Handed over: who had it has it no more, who gets it is told.
	if err := g.work.HandOver(t.Context(), g.lead.Actor(), shelf, []uuid.UUID{g.ana.ID}, false); err != nil {
		t.Fatal(err)
	}
	if mine, err = g.work.Of(t.Context(), g.bo.ID); err != nil || len(mine) != 1 {
		t.Errorf("Of() after handing over = %+v, %v; want the import alone", mine, err)
	}
	if g.unread(t, g.ana) != 2 {
		t.Error("Ana was not told of what was handed to her")
	}

	// Ended: nobody has it, and it cannot be ended twice.
	if err := g.work.End(t.Context(), g.lead.Actor(), batch); err != nil {
		t.Fatal(err)
	}
	if err := g.work.End(t.Context(), g.lead.Actor(), batch); !errors.Is(err, fault.Conflict) {
		t.Errorf("End() again = %v, want a conflict", err)
	}
	if _, err := g.reviews.Claim(t.Context(), g.ana.ID, review.Queue{Assignment: batch}, 1); !errors.Is(err, fault.NotFound) {
		t.Errorf("Claim() of what has ended = %v, want not found", err)
	}
	open, _, err := g.work.List(t.Context(), false, uuid.Nil, 10)
	if err != nil || len(open) != 1 || open[0].ID != shelf {
		t.Errorf("List(running) = %+v, %v", open, err)
	}
	ended, next, err := g.work.List(t.Context(), true, uuid.Nil, 1)
	if err != nil || len(ended) != 1 || ended[0].EndedBy != "Lea" || next != uuid.Nil {
		t.Errorf("List(ended) = %+v, %v, %v", ended, next, err)
	}
	record, _, err := audit.List(t.Context(), g.pool, audit.Filter{Action: "assignment."})
	if err != nil || len(record) != 4 || record[0].Action != assign.ActionEnd || record[1].Action != assign.ActionHandOver {
		t.Errorf("the record has %+v, %v; want give, give, handover, end", record, err)
	}
}

func TestGiveRefuses(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	pm, err := account.New(g.pool, account.Config{}).Add(t.Context(), audit.Actor{Name: "test"},
		account.Person{Email: "pm@example.com", Name: "Pam", Password: "two plates and a half"}, account.PM)
	if err != nil {
		t.Fatal(err)
	}
	good := assign.Plan{Scope: assign.Scope{Category: "ai_coach", Title: "Coach"}, People: []uuid.UUID{g.ana.ID}}
	for _, tt := range []struct {
		name   string
		change func(*assign.Plan)
		field  string
	}{
		{"nothing", func(p *assign.Plan) { p.Category = "" }, "scope"},
		{"two things", func(p *assign.Plan) { p.Import = uuid.New() }, "scope"},
		{"no title", func(p *assign.Plan) { p.Title = " " }, "scope"},
		{"too many", func(p *assign.Plan) { p.Category, p.Examples = "", make([]uuid.UUID, assign.MaxExamples+1) }, "scope"},
		{"examples that are not there", func(p *assign.Plan) { p.Category, p.Examples = "", []uuid.UUID{uuid.New()} }, "scope"},
		{"nobody", func(p *assign.Plan) { p.People = nil }, "people"},
		{"everybody and somebody", func(p *assign.Plan) { p.Everybody = true }, "people"},
		{"somebody who may not review", func(p *assign.Plan) { p.People = append(p.People, pm.ID) }, "people"},
		{"a long note", func(p *assign.Plan) { p.Note = strings.Repeat("x", 3000) }, "note"},
		{"NUL in the note", func(p *assign.Plan) { p.Note = "a\x00" }, "note"},
		{"a day that is over", func(p *assign.Plan) { p.Due = now.AddDate(0, 0, -1) }, "due"},
	} {
		p := good
		p.People = slices.Clone(good.People)
		tt.change(&p)
		_, err := g.work.Give(t.Context(), g.lead.Actor(), p)
		if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Fields[tt.field] == "" {
			t.Errorf("%s: Give() = %v, want a problem with %s", tt.name, err, tt.field)
		}
	}
	if g.unread(t, g.ana) != 0 {
		t.Error("a refused assignment left a notice")
	}
	if err := g.work.HandOver(t.Context(), g.lead.Actor(), uuid.New(), []uuid.UUID{g.ana.ID}, false); !errors.Is(err, fault.NotFound) {
		t.Errorf("HandOver() of nothing = %v, want not found", err)
	}
}
