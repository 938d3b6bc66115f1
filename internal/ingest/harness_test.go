package ingest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

var (
	dataset = uuid.MustParse("01900000-0000-7000-8000-000000000001")
	ana     = audit.Actor{ID: uuid.MustParse("01900000-0000-7000-8000-0000000000aa"), Name: "ana"}
)

// world is a database with one dataset, and a service on it.
type world struct {
	t    testing.TB
	pool *pgxpool.Pool
	*ingest.Service
}

func open(t testing.TB, change ...func(*ingest.Config)) *world {
	t.Helper()
	pool := pgtest.New(t)
	if _, err := pool.Exec(t.Context(), "INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test')", dataset); err != nil {
		t.Fatal(err)
	}
	return &world{t: t, pool: pool, Service: service(t, pool, change...)}
}

func service(t testing.TB, pool *pgxpool.Pool, change ...func(*ingest.Config)) *ingest.Service {
	t.Helper()
	cfg := config(pool)
	for _, f := range change {
		f(&cfg)
	}
	return ingest.New(cfg)
}

var defaultCatalog = sync.OnceValues(catalog.Default)

func config(pool *pgxpool.Pool) ingest.Config {
	return ingest.Config{
		Pool: pool, Dataset: dataset,
		Catalog: func(context.Context) (*catalog.Catalog, error) { return defaultCatalog() },
		Checks:  checks(check), Count: count, Workers: 3,
	}
}

func checks(check func(lint.Subject) []lint.Finding) func(context.Context) (func(lint.Subject) []lint.Finding, error) {
	return func(context.Context) (func(lint.Subject) []lint.Finding, error) { return check, nil }
}

// check finds something in some of the rows, by looking at them.
func check(s lint.Subject) (found []lint.Finding) {
	for i, m := range s.Conversation.Messages {
		if strings.Contains(m.Content, "7") {
			found = append(found, lint.Finding{Rule: "test/seven", Severity: lint.Error, Message: "There is a 7.", Path: fmt.Sprintf("/messages/%d/content", i), Start: strings.Index(m.Content, "7"), End: strings.Index(m.Content, "7") + 1})
		}
		if strings.Contains(m.Content, "3") {
			found = append(found, lint.Finding{Rule: "test/three", Severity: lint.Warning, Message: "There is a 3.", Path: fmt.Sprintf("/messages/%d/content", i)})
		}
	}
	return found
}

func count(c example.Conversation) (hf, plain int) {
	for _, m := range c.Messages {
		plain += 4 + len(m.Content)/4
	}
	return plain + 30, plain
}

// store keeps data as a file called name.
func (w *world) store(data []byte, name string, change ...func(*ingest.Upload)) ingest.Run {
	w.t.Helper()
	up := ingest.Upload{Name: name, Channel: ingest.ChannelCommand, By: ana, Bytes: int64(len(data))}
	for _, f := range change {
		f(&up)
	}
	run, err := w.Store(w.t.Context(), bytes.NewReader(data), up)
	if err != nil {
		w.t.Fatalf("Store(%s) = %v", name, err)
	}
	return run
}

// bring stores data and runs its import to the end.
func (w *world) bring(data []byte, name string, change ...func(*ingest.Upload)) ingest.Run {
	w.t.Helper()
	run := w.store(data, name, change...)
	if err := w.Run(w.t.Context(), run.ID); err != nil {
		w.t.Fatalf("Run(%s) = %v", name, err)
	}
	return w.state(run.ID, ingest.StateDone)
}

func (w *world) state(id uuid.UUID, want ingest.State) ingest.Run {
	w.t.Helper()
	run, err := w.Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if run.State != want {
		w.t.Fatalf("the run is %s (%s), want %s", run.State, run.Error, want)
	}
	return run
}

func category(slug string) func(*ingest.Upload) {
	return func(up *ingest.Upload) { up.Category = slug }
}

// tally is what an import came to.
type tally struct{ Rows, Inserted, Duplicates, Rejected int64 }

func tallyOf(r ingest.Run) tally { return tally{r.Rows, r.Inserted, r.Duplicates, r.Rejected} }

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func query[T any](w *world, sql string, args ...any) []T {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), sql, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return list
}

func one[T any](w *world, sql string, args ...any) T {
	w.t.Helper()
	list := query[T](w, sql, args...)
	if len(list) != 1 {
		w.t.Fatalf("%s: %d rows, want one", sql, len(list))
	}
	return list[0]
}

// content is everything an import left behind, without ids and times: equal
// for two imports that came to the same.
func (w *world) content(id uuid.UUID) []string {
	w.t.Helper()
	list := query[string](w, `
		SELECT concat_ws('|', 'example', source_line, source_offset, source_bytes, category, subcategory, status, revision, tokens, turns,
		                 errors, warnings, external_id, encode(hash, 'hex'))
		  FROM examples WHERE import_id = $1 ORDER BY source_offset, 1`, id)
	list = append(list, query[string](w, `
		SELECT concat_ws('|', 'revision', e.source_offset, r.revision, r.messages, r.tools, r.metadata, r.strict, r.tokens, r.plain_tokens, encode(r.hash, 'hex'))
		  FROM examples e JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id WHERE e.import_id = $1 ORDER BY e.source_offset, 1`, id)...)
	list = append(list, query[string](w, `
		SELECT concat_ws('|', 'finding', e.source_offset, f.ordinal, f.rule, f.severity, f.message, f.path, f.start_at, f.end_at)
		  FROM examples e JOIN findings f ON f.dataset_id = e.dataset_id AND f.example_id = e.id WHERE e.import_id = $1 ORDER BY e.source_offset, f.ordinal, 1`, id)...)
	list = append(list, query[string](w, `
		SELECT concat_ws('|', 'duplicate', d.line, d."offset", encode(e.hash, 'hex'))
		  FROM import_duplicates d JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id WHERE d.import_id = $1 ORDER BY d."offset"`, id)...)
	return append(list, query[string](w, `
		SELECT concat_ws('|', 'reject', line, "offset", reason, encode(raw, 'hex'), raw_bytes) FROM import_rejects WHERE import_id = $1 ORDER BY "offset"`, id)...)
}

// sound checks what must hold in any database at any time.
func (w *world) sound() {
	w.t.Helper()
	for _, c := range []struct{ what, sql string }{
		{"a run whose rows do not add up", `SELECT id::text FROM import_runs WHERE rows <> inserted + duplicates + rejected`},
		{"a run with another number of examples than it says", `SELECT id::text FROM import_runs r WHERE inserted <> (SELECT count(*) FROM examples WHERE import_id = r.id)`},
		{"a run with another number of duplicates than it says", `SELECT id::text FROM import_runs r WHERE duplicates <> (SELECT count(*) FROM import_duplicates WHERE import_id = r.id)`},
		{"a run with another number of rejects than it says", `SELECT id::text FROM import_runs r WHERE rejected <> (SELECT count(*) FROM import_rejects WHERE import_id = r.id)`},
		{"a run with another number of findings than it says", `
			SELECT r.id::text FROM import_runs r LEFT JOIN examples e ON e.import_id = r.id LEFT JOIN findings f ON f.example_id = e.id
			 GROUP BY r.id, r.errors, r.warnings
			HAVING (r.errors, r.warnings) <> (count(*) FILTER (WHERE f.severity = 'error'), count(*) FILTER (WHERE f.severity = 'warning'))`},
		{"an example with other findings than it says", `
			SELECT e.id::text FROM examples e LEFT JOIN findings f ON f.example_id = e.id GROUP BY e.dataset_id, e.id
			HAVING (e.errors, e.warnings) <> (count(*) FILTER (WHERE f.severity = 'error'), count(*) FILTER (WHERE f.severity = 'warning'))`},
		{"an example without its revision", `SELECT id::text FROM examples e WHERE NOT EXISTS (SELECT FROM revisions r WHERE r.example_id = e.id AND r.revision = e.revision AND r.hash = e.hash)`},
		{"ids out of the file's order", `
			SELECT id::text FROM (SELECT id, import_id, source_offset, lag(source_offset) OVER (PARTITION BY import_id ORDER BY id) AS before FROM examples) AS x
			 WHERE before >= source_offset`},
		{"a source with other bytes than it says", `SELECT id::text FROM sources s WHERE bytes <> (SELECT coalesce(sum(raw_bytes), 0) FROM source_chunks WHERE source_id = s.id)`},
		{"pieces that belong to no file", `SELECT source_id::text FROM source_chunks c WHERE NOT EXISTS (SELECT FROM sources s WHERE s.id = c.source_id)`},
		{"a counter that differs from a recount", `
			SELECT coalesce(a.category, b.category) FROM
			  (SELECT category, subcategory, status, sum(examples) AS n, sum(tokens) AS t FROM counters GROUP BY 1, 2, 3) AS a
			  FULL JOIN (SELECT category, subcategory, status, count(*) AS n, sum(tokens) AS t FROM examples GROUP BY 1, 2, 3) AS b
			    USING (category, subcategory, status)
			 WHERE (coalesce(a.n, 0), coalesce(a.t, 0)) <> (coalesce(b.n, 0), coalesce(b.t, 0))`},
	} {
		if found := query[string](w, c.sql); len(found) > 0 {
			w.t.Errorf("%s: %v", c.what, found)
		}
	}
}

func same(t testing.TB, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		if len(diff) > 3000 {
			diff = diff[:3000]
		}
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// shared reads a file of the shared test data.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// chat is one row in the OpenAI form.
func chat(category, ask, answer string) string {
	return fmt.Sprintf(`{"category":%q,"messages":[{"role":"user","content":%q},{"role":"assistant","content":%q}]}`, category, ask, answer)
}

// mixed is n JSON Lines, always the same: examples, exact duplicates and rows
// that are none, all over the file.
func mixed(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	slugs := []string{"voice_parsing", "injury_analysis", "ai_coach"}
	for i := range n {
		switch k := rng.IntN(20); {
		case k == 0:
			b.WriteString(`{"category":"voice_parsing","messages":[{"role":"user","con`)
		case k == 1:
			b.WriteString(chat("no_such_category", "hm", "hm"))
		case k < 5 && i > 10:
			b.WriteString(chat(slugs[0], fmt.Sprintf("set %d", rng.IntN(i)), "done"))
		default:
			b.WriteString(chat(slugs[i%3], fmt.Sprintf("set %d", i), strings.Repeat("done ", rng.IntN(40))+"done"))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
