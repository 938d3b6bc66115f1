package demo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/demo"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

func count(t *testing.T, pool *pgxpool.Pool, sql string) (n int64) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAddAndRemove(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	store, err := catalog.OpenStore(ctx, pool, catalog.Default)
	if err != nil {
		t.Fatal(err)
	}
	keeper := lint.NewKeeper(store.CurrentVersion)
	tokens := func(example.Conversation) (int, int) { return 40, 15 }
	imports := ingest.New(ingest.Config{
		Pool: pool, Dataset: store.Dataset(), Catalog: store.Current, Count: tokens,
		Checks: func(ctx context.Context) (func(lint.Subject) []lint.Finding, error) {
			l, err := keeper.Linter(ctx)
			if err != nil {
				return nil, err
			}
			return l.Check, nil
		},
	})
	s := demo.New(pool, store.Dataset(), imports, review.New(review.Config{DB: pool, Dataset: store.Dataset(), Check: keeper.Check, Count: tokens}))
	figures := report.New(pool, store.Dataset(), store.Current)
	who := audit.Actor{Name: "Ana"}

	// Something real beside it, which must stay.
	run, err := imports.Store(ctx, strings.NewReader(`{"messages":[{"role":"user","content":"mine"},{"role":"assistant","content":"stays"}],"category":"ai_coach"}`),
		ingest.Upload{Name: "mine.jsonl", Channel: ingest.ChannelCommand, By: who})
	if err != nil {
		t.Fatal(err)
	}
	if err := imports.Run(ctx, run.ID); err != nil {
		t.Fatal(err)
	}

	if err := s.Add(ctx, who); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(ctx, who); !errors.Is(err, fault.Conflict) {
		t.Errorf("adding it twice = %v, want a conflict", err)
	}
	p, err := figures.Progress(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// Exact duplicates among the 300 come in once.
	if n := p.Total.Total(); n < 280 || n > 301 || p.Total.Approved == 0 || p.Total.Rejected == 0 || p.Total.Escalated == 0 || p.Total.Pending < 150 {
		t.Errorf("with the demo: %+v", p.Total)
	}
	for _, c := range p.Categories {
		if c.Counts.Total() == 0 {
			t.Errorf("the demo has nothing in %s", c.Slug)
		}
	}
	demos, err := figures.DemoExamples(ctx)
	if err != nil || demos != p.Total.Total()-1 {
		t.Errorf("DemoExamples() = %d, %v; want %d", demos, err, p.Total.Total()-1)
	}
	// A real file one of whose rows is a demo row: it must be imported again.
	same, err := imports.Store(ctx, strings.NewReader(demoRow(t, pool)), ingest.Upload{Name: "same.jsonl", Channel: ingest.ChannelCommand, By: who})
	if err != nil {
		t.Fatal(err)
	}
	if err := imports.Run(ctx, same.ID); err != nil {
		t.Fatal(err)
	}
	waive(t, pool, store, who)
	gone, err := s.Remove(ctx, who)
	if err != nil || gone.Examples != demos || len(gone.Again) != 1 || gone.Again[0] != "same.jsonl" {
		t.Fatalf("Remove() = %+v, %v; want %d examples gone and same.jsonl named", gone, err, demos)
	}
	if p, err = figures.Progress(ctx); err != nil || p.Total.Total() != 1 || p.Total.Pending != 1 {
		t.Errorf("after the removal: %+v, %v; want the one real example", p.Total, err)
	}
	for table, want := range map[string]int64{"examples": 1, "revisions": 1, "sources": 2, "import_runs": 2, "source_chunks": 2, "import_duplicates": 1} {
		if n := count(t, pool, "SELECT count(*) FROM "+table); n != want {
			t.Errorf("%d rows are left in %s, want the %d real ones", n, table, want)
		}
	}
	for _, table := range []string{"decisions", "leases", "import_rejects", "waivers", "(SELECT 1 FROM finding_counts GROUP BY rule HAVING sum(findings) <> 0) AS figures"} {
		if n := count(t, pool, "SELECT count(*) FROM "+table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	if _, err := pool.Exec(ctx, "DELETE FROM revisions"); err == nil {
		t.Error("after the removal, append-only rows can be deleted")
	}
	if err := s.Add(ctx, who); err != nil {
		t.Errorf("adding it again = %v", err)
	}
}

// waive waives a finding of a demo example.
func waive(t *testing.T, pool *pgxpool.Pool, store *catalog.Store, who audit.Actor) {
	t.Helper()
	w := review.Waiving{By: who, Reason: "to see it go"}
	if err := pool.QueryRow(t.Context(), `SELECT f.example_id, f.revision, f.rule, f.path FROM findings f JOIN examples e ON e.id = f.example_id AND e.revision = f.revision
		JOIN sources s ON s.id = e.source_id WHERE s.demo LIMIT 1`).Scan(&w.ExampleID, &w.Revision, &w.Rule, &w.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := review.New(review.Config{DB: pool, Dataset: store.Dataset()}).Waive(t.Context(), w); err != nil {
		t.Fatal(err)
	}
}

// demoRow is one demo example as a row of a file.
func demoRow(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	var messages string
	if err := pool.QueryRow(t.Context(), `SELECT r.messages FROM revisions r JOIN examples e ON e.id = r.example_id JOIN sources s ON s.id = e.source_id
		WHERE s.demo AND r.revision = 1 ORDER BY e.id LIMIT 1`).Scan(&messages); err != nil {
		t.Fatal(err)
	}
	return `{"messages":` + messages + `,"category":"ai_coach"}`
}
