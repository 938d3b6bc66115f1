package quality_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/review"
)

// A world is a dataset with a catalog that tests may change.
type world struct {
	pool    *pgxpool.Pool
	quality *quality.Service
	reviews *review.Service

	mu      sync.Mutex
	catalog *catalog.Catalog
	version int
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{pool: pgtest.New(t), version: 1}
	var err error
	if w.catalog, err = catalog.Default(); err != nil {
		t.Fatal(err)
	}
	w.quality = quality.New(quality.Config{DB: w.pool, Dataset: exampletest.Dataset, Catalog: w.current, Log: slog.New(slog.DiscardHandler)})
	keeper := lint.NewKeeper(w.current)
	w.reviews = review.New(review.Config{
		DB: w.pool, Dataset: exampletest.Dataset, Check: keeper.Check,
		Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)); return n, n - 25 },
	})
	return w
}

func (w *world) current(context.Context) (*catalog.Catalog, int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.catalog, w.version, nil
}

// change edits a copy of the catalog and puts it in force.
func (w *world) change(t *testing.T, edit func(*catalog.Catalog)) {
	t.Helper()
	doc, err := w.catalog.Encode()
	if err != nil {
		t.Fatal(err)
	}
	next, err := catalog.Decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	edit(next)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.catalog, w.version = next, w.version+1
}

// run makes the pass that is due and runs it to its end.
func (w *world) run(t *testing.T) quality.Recheck {
	t.Helper()
	id, due, err := w.quality.Due(t.Context())
	if err != nil || !due {
		t.Fatalf("Due() = %v, %v; want a pass", due, err)
	}
	if err := w.quality.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	last, ok, err := w.quality.Last(t.Context())
	if err != nil || !ok || last.ID != id {
		t.Fatalf("Last() = %+v, %v, %v", last, ok, err)
	}
	return last
}

// rows reads a query as text, one string a row.
func (w *world) rows(t *testing.T, sql string, args ...any) []string {
	t.Helper()
	r, err := w.pool.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(r, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// recounted holds every figure against a count of the rows themselves.
func (w *world) recounted(t *testing.T, when string) {
	t.Helper()
	for name, sql := range map[string][2]string{
		"findings": {
			`SELECT (rule, severity, category, status, sum(findings), sum(examples))::text FROM finding_counts
			  GROUP BY rule, severity, category, status HAVING sum(findings) <> 0 OR sum(examples) <> 0 ORDER BY 1`,
			`SELECT (f.rule, f.severity, e.category, e.status, count(*), count(DISTINCT e.id))::text
			   FROM findings f JOIN examples e ON e.id = f.example_id AND e.revision = f.revision WHERE NOT f.waived
			  GROUP BY f.rule, f.severity, e.category, e.status ORDER BY 1`,
		},
		"tokens": {
			`SELECT (category, status, bucket, sum(examples), sum(tokens))::text FROM token_counts
			  GROUP BY category, status, bucket HAVING sum(examples) <> 0 OR sum(tokens) <> 0 ORDER BY 1`,
			`SELECT (category, status, token_bucket(tokens), count(*), sum(tokens))::text FROM examples
			  GROUP BY category, status, token_bucket(tokens) ORDER BY 1`,
		},
		"sources": {
			`SELECT (source_id, sum(examples), sum(with_errors), sum(with_warnings))::text FROM source_counts
			  GROUP BY source_id HAVING sum(examples) <> 0 OR sum(with_errors) <> 0 OR sum(with_warnings) <> 0 ORDER BY 1`,
			`SELECT (source_id, count(*), count(*) FILTER (WHERE errors > 0), count(*) FILTER (WHERE warnings > 0))::text
			   FROM examples GROUP BY source_id ORDER BY 1`,
		},
		"counts of the examples": {
			`SELECT (id, errors, warnings)::text FROM examples ORDER BY 1`,
			`SELECT (e.id, count(f.*) FILTER (WHERE f.severity = 'error'), count(f.*) FILTER (WHERE f.severity = 'warning'))::text
			   FROM examples e LEFT JOIN findings f ON f.example_id = e.id AND f.revision = e.revision AND NOT f.waived
			  GROUP BY e.id ORDER BY 1`,
		},
	} {
		kept, counted := w.rows(t, sql[0]), w.rows(t, sql[1])
		if diff := cmp.Diff(counted, kept); diff != "" {
			t.Errorf("%s: figures of %s (-counted +kept):\n%s", when, name, diff)
		}
	}
}

// refusing is an answer that the checks call a refusal, and clean is one that
// they have nothing against.
func refusing(i int) example.Conversation {
	return talk(fmt.Sprintf("How long should I rest between sets number %d?", i), "As an AI language model, I cannot give fitness advice.")
}

func clean(i int) example.Conversation {
	return talk(fmt.Sprintf("How long should I rest between sets number %d?", i), "Two to three minutes between heavy sets; one minute is plenty for isolation work.")
}

func talk(question, answer string) example.Conversation {
	return example.Conversation{Messages: []example.Message{{Role: example.User, Content: question}, {Role: example.Assistant, Content: answer}}}
}

func coach(c func(int) example.Conversation) exampletest.Seed {
	return exampletest.Seed{Category: "ai_coach", Subcategory: "technique", Conversation: c}
}

func TestFiguresEqualARecount(t *testing.T) {
	t.Parallel()
	ctx, w := t.Context(), open(t)
	var ids []uuid.UUID
	for k, findings := range [][]exampletest.Finding{
		nil,
		{{Rule: "text/refusal", Severity: "error", Message: "a", Path: "/messages/1/content"}, {Rule: "text/refusal", Severity: "error", Message: "b", Path: "/messages/0/content"}},
		{{Rule: "text/placeholder", Severity: "warning", Message: "c"}, {Rule: "text/refusal", Severity: "info", Message: "d"}},
		{{Rule: "duplicate/near", Severity: "warning", Message: "e"}},
	} {
		seed := coach(func(i int) example.Conversation { return clean(1000*k + i) })
		seed.Findings = findings
		if k == 2 {
			seed.Category = "knowledge_base"
		}
		ids = append(ids, exampletest.Insert(t, w.pool, 25, seed)...)
	}
	w.recounted(t, "seeded")

	// Eight people decide, edit, undo, restore, waive and withdraw at once.
	var all sync.WaitGroup
	for p := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(p), 1))
			who := audit.Actor{ID: uuid.New(), Name: fmt.Sprintf("P%d", p)}
			for range 60 {
				id := ids[r.IntN(len(ids))]
				if err := w.meddle(ctx, r, who, id); err != nil {
					t.Error(err)
				}
				if r.IntN(20) == 0 {
					if err := w.quality.Fold(ctx); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	w.recounted(t, "after much work")
	w.run(t)
	w.recounted(t, "checked again")
	if err := w.quality.Fold(ctx); err != nil {
		t.Fatal(err)
	}
	w.recounted(t, "folded")
	if n := w.rows(t, "SELECT count(*)::text FROM finding_counts GROUP BY rule, severity, category, status HAVING count(*) > 1"); len(n) > 0 {
		t.Errorf("after folding %d figures are in several rows", len(n))
	}

	// Examples can go before their findings, and the other way round.
	for i, order := range [][]string{{"findings", "examples"}, {"examples", "findings"}} {
		for _, table := range order {
			column := map[string]string{"findings": "example_id", "examples": "id"}[table]
			if _, err := w.pool.Exec(ctx, "DELETE FROM "+table+" WHERE "+column+" = ANY($1)", ids[i*40:(i+1)*40]); err != nil {
				t.Fatal(err)
			}
			if table == "examples" && order[0] == "examples" {
				continue // the findings left are of no example
			}
		}
		w.recounted(t, "deleted "+order[0]+" first")
	}
}

// meddle does one thing that reviewers do, whatever it is; what the product
// refuses because somebody was quicker is fine.
func (w *world) meddle(ctx context.Context, r *rand.Rand, who audit.Actor, id uuid.UUID) error {
	var revision int
	var status, rule, path string
	if err := w.pool.QueryRow(ctx, `SELECT e.revision, e.status::text, coalesce(f.rule, ''), coalesce(f.path, '') FROM examples e
		LEFT JOIN findings f ON f.example_id = e.id AND f.revision = e.revision WHERE e.id = $1 LIMIT 1`, id).Scan(&revision, &status, &rule, &path); err != nil {
		return err
	}
	d := review.Decision{
		ExampleID: id, Reviewer: who, Revision: revision, Seen: example.Status(status), Verdict: example.Approve, Reason: "so", OverrideReason: "so",
	}
	var err error
	switch r.IntN(6) {
	case 0:
		_, err = w.reviews.Decide(ctx, d)
	case 1:
		d.Verdict = example.Reject
		_, err = w.reviews.Decide(ctx, d)
	case 2:
		d.Messages = refusing(r.IntN(1 << 30)).Messages
		if r.IntN(2) == 0 {
			d.Messages = clean(r.IntN(1 << 30)).Messages
		}
		_, err = w.reviews.Decide(ctx, d)
	case 3:
		if revision > 1 {
			_, err = w.reviews.Restore(ctx, who, id, revision, 1)
		}
	case 4:
		_, err = w.reviews.Waive(ctx, review.Waiving{ExampleID: id, By: who, Revision: revision, Rule: rule, Path: path, Reason: "so"})
	default:
		var waivers []review.Waiver
		if waivers, err = w.reviews.Waivers(ctx, id); err == nil && len(waivers) > 0 {
			err = w.reviews.Withdraw(ctx, who, id, waivers[0].ID, "no")
		}
	}
	if _, ok := fault.As(err); ok {
		return nil
	}
	return err
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	ctx, w := t.Context(), open(t)
	seed := coach(clean)
	seed.Findings = []exampletest.Finding{
		{Rule: "text/gone", Severity: "error", Message: "From a rule that is no more."},
		{Rule: "duplicate/near", Severity: "warning", Message: "Like another."},
	}
	stale := exampletest.Insert(t, w.pool, 620, seed)
	bad := exampletest.Insert(t, w.pool, 3, coach(func(i int) example.Conversation { return refusing(5000 + i) }))
	first := w.run(t)
	if first.State != quality.Done || first.Total != 623 || first.Done != 623 || first.Changed != 623 || first.CatalogVersion != 1 {
		t.Errorf("first pass = %+v, want 623 examples looked at and changed", first)
	}
	w.recounted(t, "after the first pass")
	if got := w.rows(t, "SELECT DISTINCT rule FROM findings WHERE example_id = ANY($1) ORDER BY 1", stale); !cmp.Equal(got, []string{"duplicate/near"}) {
		t.Errorf("findings of clean examples = %v, want only that of the search for duplicates", got)
	}
	if got := w.rows(t, "SELECT DISTINCT rule FROM findings WHERE example_id = ANY($1) ORDER BY 1", bad); !cmp.Equal(got, []string{"text/refusal"}) {
		t.Errorf("findings of refusals = %v", got)
	}
	if _, due, err := w.quality.Due(ctx); due || err != nil {
		t.Errorf("Due() after a pass = %v, %v; want none", due, err)
	}

	// A waiver outlives a pass that replaces the finding.
	var revision int
	var path string
	if err := w.pool.QueryRow(ctx, "SELECT revision, path FROM findings WHERE example_id = $1", bad[0]).Scan(&revision, &path); err != nil {
		t.Fatal(err)
	}
	if _, err := w.reviews.Waive(ctx, review.Waiving{ExampleID: bad[0], By: audit.Actor{Name: "Ana"}, Revision: revision, Rule: "text/refusal", Path: path, Reason: "so"}); err != nil {
		t.Fatal(err)
	}
	w.change(t, func(c *catalog.Catalog) {
		for i := range c.Categories {
			if c.Categories[i].Slug == "ai_coach" {
				c.Categories[i].Checks = append(c.Categories[i].Checks, catalog.Check{Rule: "text/refusal", Severity: "warning"})
			}
		}
	})
	second := w.run(t)
	if second.Changed != 3 || second.CatalogVersion != 2 {
		t.Errorf("second pass = %+v, want 3 changed", second)
	}
	w.recounted(t, "after the second pass")
	if diff := cmp.Diff([]string{"(0,0,t,warning)", "(0,1,f,warning)", "(0,1,f,warning)"}, w.rows(t, `
		SELECT (e.errors, e.warnings, f.waived, f.severity)::text FROM examples e JOIN findings f ON f.example_id = e.id AND f.revision = e.revision
		 WHERE e.id = ANY($1) ORDER BY e.id`, bad)); diff != "" {
		t.Errorf("the refusals (-want +got):\n%s", diff)
	}

	// What no check reads needs no pass; what one reads does.
	w.change(t, func(c *catalog.Catalog) {
		price := 1.0
		c.Platforms[0].USDPerMillionTokens, c.Categories[0].Target.Max, c.Categories[0].Guidelines = &price, 9999, "Be kind."
	})
	if _, due, err := w.quality.Due(ctx); due || err != nil {
		t.Errorf("Due() after a new price = %v, %v; want none", due, err)
	}
	w.change(t, func(c *catalog.Catalog) { c.Platforms[0].MaxTokens = 12 })
	if third := w.run(t); third.Changed != 0 && third.Changed != 623 {
		t.Errorf("third pass = %+v", third)
	}
	w.recounted(t, "after the third pass")
}

func TestRecheckIsResumed(t *testing.T) {
	t.Parallel()
	ctx, w := t.Context(), open(t)
	exampletest.Insert(t, w.pool, 1200, coach(refusing))
	id, due, err := w.quality.Due(ctx)
	if err != nil || !due {
		t.Fatalf("Due() = %v, %v", due, err)
	}
	// A worker that was killed: it has the run, and did the first batch.
	if _, err := w.pool.Exec(ctx, `UPDATE recheck_runs SET state = 'running', worker = $2, heartbeat_at = clock_timestamp(), started_at = now(), total = 1200,
		done = 500, position = (SELECT id FROM examples ORDER BY id OFFSET 499 LIMIT 1) WHERE id = $1`, id, uuid.New()); err != nil {
		t.Fatal(err)
	}
	if err := w.quality.Run(ctx, id); !errors.Is(err, quality.ErrBusy) {
		t.Errorf("Run() beside a living worker = %v, want busy", err)
	}
	if _, due, err := w.quality.Due(ctx); due || err != nil {
		t.Errorf("Due() beside a living worker = %v, %v", due, err)
	}
	if _, err := w.pool.Exec(ctx, "UPDATE recheck_runs SET heartbeat_at = clock_timestamp() - interval '31 seconds'"); err != nil {
		t.Fatal(err)
	}
	last := w.run(t)
	if last.State != quality.Done || last.Done != 1200 || last.Changed != 700 {
		t.Errorf("resumed pass = %+v, want the other 700 changed", last)
	}
	w.recounted(t, "resumed")

	// Told to stop, a worker gives the run back.
	again, err := w.quality.Again(ctx, audit.Actor{Name: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.quality.Again(ctx, audit.Actor{Name: "Bo"}); !errors.Is(err, fault.Conflict) {
		t.Errorf("Again() twice: %v, want conflict", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	stop := quality.New(quality.Config{DB: w.pool, Dataset: exampletest.Dataset, Log: slog.New(slog.DiscardHandler), Catalog: func(context.Context) (*catalog.Catalog, int, error) {
		cancel()
		return w.current(ctx)
	}})
	if err := stop.Run(stopped, again); !errors.Is(err, context.Canceled) {
		t.Errorf("Run() when told to stop = %v", err)
	}
	if last, _, err = w.quality.Last(ctx); err != nil || last.State != quality.Queued || last.By != "Ana" {
		t.Errorf("after a stop %+v, %v; want it queued", last, err)
	}
	// A change of the catalog ends it in favour of another.
	w.change(t, func(c *catalog.Catalog) { c.Platforms[0].MaxTokens++ })
	if err := w.quality.Run(ctx, again); err != nil {
		t.Fatal(err)
	}
	if last, _, err = w.quality.Last(ctx); err != nil || last.State != quality.Superseded {
		t.Errorf("after a change %+v, %v; want it superseded", last, err)
	}
	if last = w.run(t); last.State != quality.Done || last.Changed != 500 { // those that the dead worker only claimed to have done
		t.Errorf("the pass after = %+v", last)
	}
	if err := w.quality.Run(ctx, uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("Run(unknown) = %v", err)
	}
}

func TestRecheckWaitsForOlderImports(t *testing.T) {
	t.Parallel()
	ctx, w := t.Context(), open(t)
	exampletest.Insert(t, w.pool, 2, coach(clean))
	if _, err := w.pool.Exec(ctx, "UPDATE import_runs SET state = 'running', started_at = now(), heartbeat_at = clock_timestamp()"); err != nil {
		t.Fatal(err)
	}
	id, _, err := w.quality.Due(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.quality.Run(ctx, id); !errors.Is(err, quality.ErrBusy) {
		t.Fatalf("Run() = %v, want busy", err)
	}
	exampletest.Insert(t, w.pool, 1, coach(func(int) example.Conversation { return refusing(77) })) // late, with the older checks
	if _, err := w.pool.Exec(ctx, "UPDATE import_runs SET state = 'done'"); err != nil {
		t.Fatal(err)
	}
	if last := w.run(t); last.Done != 3 || last.Changed != 1 {
		t.Errorf("pass = %+v, want the late example found", last)
	}
}

func TestUpkeepNotesTheDay(t *testing.T) {
	t.Parallel()
	ctx, w := t.Context(), open(t)
	seed := coach(clean)
	seed.Findings = []exampletest.Finding{{Rule: "text/refusal", Severity: "error", Message: "x"}, {Rule: "text/odd", Severity: "info", Message: "y"}}
	ids := exampletest.Insert(t, w.pool, 4, seed)
	today := time.Now().UTC().Format(time.DateOnly)
	for _, want := range [][]string{
		{"(" + today + ",text/odd,info,4,4)", "(" + today + ",text/refusal,error,4,4)"},
		{"(" + today + ",text/refusal,error,3,3)"},
	} {
		if err := w.quality.Upkeep(ctx); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, w.rows(t, "SELECT (day, rule, severity, findings, examples)::text FROM finding_days ORDER BY 1")); diff != "" {
			t.Errorf("days (-want +got):\n%s", diff)
		}
		if _, err := w.pool.Exec(ctx, "DELETE FROM findings WHERE rule = 'text/odd' OR example_id = $1", ids[0]); err != nil {
			t.Fatal(err)
		}
	}
}

// What comes into an empty dataset is checked by the rules of now, once.
func TestBaseline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		old  bool // whether there were examples before
	}{{"empty", false}, {"with examples of unknown checks", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			exampletest.Insert(t, w.pool, 0, exampletest.Seed{})
			if tt.old {
				exampletest.Insert(t, w.pool, 2, exampletest.Seed{})
			}
			for range 2 { // the second time there is nothing to do
				if err := w.quality.Baseline(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			_, due, err := w.quality.Due(t.Context())
			if err != nil || due != tt.old {
				t.Fatalf("Due() = %v, %v; want %v", due, err, tt.old)
			}
			w.change(t, func(c *catalog.Catalog) {
				c.Categories[0].Subcategories[0].ConfidenceBand = &catalog.Band{Min: 0.1, Max: 0.2}
			})
			if _, due, err := w.quality.Due(t.Context()); err != nil || !due {
				t.Errorf("Due() with other rules = %v, %v; want a pass", due, err)
			}
		})
	}
}
