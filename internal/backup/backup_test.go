package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/backup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

// rows reads every row of every table that a backup holds, as text.
func rows(t *testing.T, pool *pgxpool.Pool) map[string][]string {
	t.Helper()
	ctx := t.Context()
	names, err := pool.Query(ctx, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(names, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, name := range tables {
		if slices.Contains([]string{"goose_db_version", "audit_unsealed", "duplicate_queue", "duplicate_queue", "sessions", "login_failures", "leases"}, name) || len(name) > 6 && name[:6] == "river_" {
			continue
		}
		what := fmt.Sprintf("SELECT x::text FROM %s AS x ORDER BY 1", name)
		switch name { // made anew, of other parts
		case "counters":
			what = `SELECT (category, subcategory, status, sum(examples), sum(tokens))::text FROM counters GROUP BY category, subcategory, status HAVING sum(examples) <> 0 ORDER BY 1`
		case "finding_counts":
			what = `SELECT (rule, severity, category, status, sum(findings), sum(examples))::text FROM finding_counts GROUP BY rule, severity, category, status HAVING sum(findings) <> 0 ORDER BY 1`
		case "token_counts":
			what = `SELECT (category, status, bucket, sum(examples), sum(tokens))::text FROM token_counts GROUP BY category, status, bucket HAVING sum(examples) <> 0 ORDER BY 1`
		case "source_counts":
			what = `SELECT (source_id, sum(examples), sum(with_errors), sum(with_warnings))::text FROM source_counts GROUP BY source_id HAVING sum(examples) <> 0 ORDER BY 1`
		}
		r, err := pool.Query(ctx, what)
		if err != nil {
			t.Fatal(err)
		}
		if got[name], err = pgx.CollectRows(r, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// fill makes a database with something in most tables.
func fill(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	ids := exampletest.Insert(t, pool, 500, exampletest.Seed{Findings: []exampletest.Finding{{Rule: "text/placeholder", Severity: "warning", Message: "tab\tnew\nline \\ \"quote\""}}})
	s := review.New(review.Config{
		DB: pool, Dataset: exampletest.Dataset,
		Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
		Count: func(example.Conversation) (int, int) { return 9, 4 },
	})
	who := audit.Actor{ID: uuid.New(), Name: "Ana"}
	for i, id := range ids[:20] {
		d := review.Decision{ExampleID: id, Reviewer: who, Revision: 1, Verdict: example.Approve}
		if i%2 == 0 {
			d.Messages = []example.Message{{Role: example.User, Content: "é\u2028🦙\x00"}, {Role: example.Assistant, Content: fmt.Sprint(i)}}
		}
		if _, err := s.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO users (id, email, name, role) VALUES ('0198c0de-0000-7000-8000-0000000000aa', 'ana@example.org', 'Ana', 'lead');
		INSERT INTO tokens (id, user_id, name, token_hash, prefix, expires_at) VALUES (gen_random_uuid(), '0198c0de-0000-7000-8000-0000000000aa', 't', '\x00ff', 'spt_', now());
		INSERT INTO sessions (id_hash, user_id, expires_at) VALUES ('\x01', '0198c0de-0000-7000-8000-0000000000aa', now())`); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Seal(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
}

func TestDrill(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	from, to := pgtest.New(t), pgtest.New(t)
	fill(t, from)
	var file bytes.Buffer
	sum, err := backup.Write(ctx, from, &file)
	if err != nil || sum.Rows < 1000 {
		t.Fatalf("Write() = %+v, %v", sum, err)
	}
	whole := file.Bytes()
	want := rows(t, from)

	// What is cut off or changed restores nothing at all.
	empty := rows(t, to)
	for name, bad := range map[string][]byte{
		"cut in half": whole[:len(whole)/2], "the end is missing": whole[:len(whole)-20], "empty": nil, "another file": []byte("hello"),
		"a byte changed": func() []byte { b := slices.Clone(whole); b[len(b)/2] ^= 0xff; return b }(),
	} {
		if _, err := backup.Restore(ctx, to, bytes.NewReader(bad)); !errors.Is(err, fault.Invalid) {
			t.Errorf("restoring a backup where %s = %v, want invalid", name, err)
		}
		if diff := cmp.Diff(empty, rows(t, to)); diff != "" {
			t.Fatalf("restoring a backup where %s left something:\n%s", name, diff)
		}
	}
	back, err := backup.Restore(ctx, to, bytes.NewReader(whole))
	if err != nil || back != sum {
		t.Fatalf("Restore() = %+v, %v; want %+v", back, err, sum)
	}
	if diff := cmp.Diff(want, rows(t, to)); diff != "" {
		t.Errorf("restored rows (-want +got):\n%s", diff)
	}
	if r, err := audit.Verify(ctx, to); err != nil || !r.OK() || r.Sealed == 0 {
		t.Errorf("audit chain after the restore: %+v, %v", r, err)
	}
	if err := postgres.RequireCurrent(ctx, to); err != nil {
		t.Error(err)
	}
	if _, err := backup.Restore(ctx, to, bytes.NewReader(whole)); !errors.Is(err, fault.Conflict) {
		t.Errorf("restoring over a database that holds something = %v, want a conflict", err)
	}
}
