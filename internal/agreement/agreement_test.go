package agreement_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func person(t *testing.T, pool *pgxpool.Pool, name string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	if _, err := pool.Exec(t.Context(), `INSERT INTO users (id, email, name, role) VALUES ($1, $2, $3, 'reviewer')`, id, strings.ToLower(name)+"@example.com", name); err != nil {
		t.Fatal(err)
	}
	return id
}

// A verdict is a decision as the review service would have written it.
type verdict struct {
	example  uuid.UUID
	by       uuid.UUID
	verdict  string
	kind     string
	revision int
	edited   bool
	millis   int
	at       time.Time
	undoes   *uuid.UUID
}

func decide(t *testing.T, pool *pgxpool.Pool, v verdict) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	if v.kind == "" {
		v.kind = "review"
	}
	if v.revision == 0 {
		v.revision = 1
	}
	if v.at.IsZero() {
		v.at = time.Now()
	}
	var made *int
	if v.edited {
		n := v.revision + 1
		made = &n
	}
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, new_revision, verdict, kind, status_before, status_after, request_key, millis, created_at, undoes)
		VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, 'pending', 'pending', ($2::uuid)::text, $9, $10, $11)`,
		exampletest.Dataset, id, v.example, v.by, v.revision, made, v.verdict, v.kind, v.millis, v.at, v.undoes); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOverview(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	voice := exampletest.Insert(t, pool, 12, exampletest.Seed{})
	injury := exampletest.Insert(t, pool, 3, exampletest.Seed{Category: "injury_analysis", Subcategory: "red_flag", Conversation: other(1000)})
	ana, bo, cy := person(t, pool, "Ana"), person(t, pool, "Bo"), person(t, pool, "Cy")

	for i, id := range voice[:10] { // seven alike, two after an edit of one, one apart
		first, second := verdict{example: id, by: ana, verdict: "approve"}, verdict{example: id, by: bo, verdict: "approve", kind: "second"}
		switch i {
		case 0, 1:
			second.edited = true
		case 2:
			second.verdict = "reject"
		}
		decide(t, pool, first)
		decide(t, pool, second)
	}
	// None of these counts: one person twice, another revision, an undone verdict, a
	// lead's ruling, gold, bulk, a question.
	decide(t, pool, verdict{example: voice[10], by: ana, verdict: "approve"})
	decide(t, pool, verdict{example: voice[10], by: bo, verdict: "reject", revision: 2})
	undone := decide(t, pool, verdict{example: voice[10], by: cy, verdict: "reject"})
	decide(t, pool, verdict{example: voice[10], by: cy, verdict: "undo", undoes: &undone})
	for _, kind := range []string{"adjudication", "gold", "bulk"} {
		decide(t, pool, verdict{example: voice[10], by: cy, verdict: "reject", kind: kind})
	}
	decide(t, pool, verdict{example: voice[10], by: bo, verdict: "escalate"})
	// Of one person on one revision the last verdict counts.
	decide(t, pool, verdict{example: voice[11], by: cy, verdict: "approve"})
	decide(t, pool, verdict{example: voice[11], by: cy, verdict: "reject"})
	decide(t, pool, verdict{example: voice[11], by: ana, verdict: "reject"})
	// Three people on one, long ago.
	for _, by := range []uuid.UUID{ana, bo, cy} {
		decide(t, pool, verdict{example: injury[0], by: by, verdict: "approve", at: time.Now().AddDate(-1, 0, 0)})
	}

	s := agreement.New(pool, exampletest.Dataset)
	o, err := s.Overview(t.Context(), agreement.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if o.Units != 12 || o.Agreed != 11 || o.Several != 1 {
		t.Errorf("units %d, agreed %d, several %d; want 12, 11, 1", o.Units, o.Agreed, o.Several)
	}
	if want := 11.0 / 12; math.Abs(o.Percent.Value-want) > 1e-9 {
		t.Errorf("agreement = %v, want %v", o.Percent.Value, want)
	}
	if o.WithEdits.Value >= o.AC1.Value {
		t.Errorf("with edits %v, without %v: edits must count against it", o.WithEdits.Value, o.AC1.Value)
	}
	var got []string
	for _, c := range o.Categories {
		got = append(got, fmt.Sprintf("%s %d of %d", c.Slug, c.Agreed, c.Units))
		for _, p := range c.Pairs {
			got = append(got, fmt.Sprintf("%s and %s %v", p.First.Name, p.Second.Name, p.Matrix))
		}
	}
	want := []string{
		"injury_analysis 1 of 1", "Ana and Bo [[1 0 0] [0 0 0] [0 0 0]]", "Ana and Cy [[1 0 0] [0 0 0] [0 0 0]]", "Bo and Cy [[1 0 0] [0 0 0] [0 0 0]]",
		"voice_parsing 10 of 11", "Ana and Bo [[7 2 1] [0 0 0] [0 0 0]]", "Ana and Cy [[0 0 0] [0 0 0] [0 0 1]]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by category (-want +got):\n%s", diff)
	}

	recent, err := s.Overview(t.Context(), agreement.Filter{Since: time.Now().AddDate(0, -1, 0), Category: "voice_parsing"})
	if err != nil {
		t.Fatal(err)
	}
	if recent.Units != 11 || len(recent.Categories) != 1 || len(recent.Pairs) != 2 {
		t.Errorf("of voice in a month: %d units, %d categories, %d pairs", recent.Units, len(recent.Categories), len(recent.Pairs))
	}
}

// other makes conversations that differ from those of other seeds.
func other(from int) func(int) example.Conversation {
	return func(i int) example.Conversation { return exampletest.Conversation(from + i) }
}

func TestNothingToCompare(t *testing.T) {
	t.Parallel()
	s := agreement.New(pgtest.New(t), exampletest.Dataset)
	o, err := s.Overview(t.Context(), agreement.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if o.Units != 0 || o.Percent.Known() || len(o.Categories) != 0 {
		t.Errorf("Overview of nothing = %+v", o)
	}
	w, err := s.Work(t.Context(), uuid.New(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if w.Total.Decisions() != 0 || w.Compared.Percent.Known() || w.Gold.N != 0 {
		t.Errorf("Work of nobody = %+v", w)
	}
}

func TestExamplesAreWhatTheNumbersCount(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, 7, exampletest.Seed{})
	ana, bo := person(t, pool, "Ana"), person(t, pool, "Bo")
	if ana.String() > bo.String() {
		ana, bo = bo, ana
	}
	for i, id := range ids {
		decide(t, pool, verdict{example: id, by: ana, verdict: "approve", edited: i%2 == 0})
		v := verdict{example: id, by: bo, verdict: "approve"}
		if i < 5 {
			v.verdict = "reject"
		}
		decide(t, pool, v)
	}
	s := agreement.New(pool, exampletest.Dataset)
	all := agreement.Selection{FirstChoice: agreement.Any, SecondChoice: agreement.Any}
	for _, tt := range []struct {
		name string
		sel  func(agreement.Selection) agreement.Selection
		want int
	}{
		{"all", func(s agreement.Selection) agreement.Selection { return s }, 7},
		{"differ", func(s agreement.Selection) agreement.Selection { s.Differ = true; return s }, 5},
		{"cell", func(s agreement.Selection) agreement.Selection {
			s.First, s.Second, s.FirstChoice, s.SecondChoice = ana, bo, agreement.Edited, agreement.Rejected
			return s
		}, 3},
		{"the same cell from the other side", func(s agreement.Selection) agreement.Selection {
			s.First, s.Second, s.FirstChoice, s.SecondChoice = bo, ana, agreement.Rejected, agreement.Edited
			return s
		}, 3},
		{"other category", func(s agreement.Selection) agreement.Selection { s.Category = "ai_coach"; return s }, 0},
		{"with anybody", func(s agreement.Selection) agreement.Selection { s.First = bo; return s }, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []uuid.UUID
			for cursor := ""; ; {
				page, next, err := s.Examples(t.Context(), tt.sel(all), cursor, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					got = append(got, c.ExampleID)
				}
				if cursor = next; next == "" {
					break
				}
			}
			if len(got) != tt.want {
				t.Errorf("%d examples, want %d", len(got), tt.want)
			}
		})
	}
	if _, _, err := s.Examples(t.Context(), all, "nonsense", 2); err == nil {
		t.Error("a cursor that makes no sense was taken")
	}
}

func TestWork(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, 10, exampletest.Seed{})
	ana, bo := person(t, pool, "Ana"), person(t, pool, "Bo")
	now := time.Now()
	for i, id := range ids {
		v := verdict{example: id, by: ana, verdict: "approve", edited: i < 3, millis: 1000 * (i + 1), at: now.AddDate(0, 0, -i/5)}
		if i == 9 {
			v.verdict, v.millis = "reject", 3_600_000 // a break, not a decision of an hour
		}
		decide(t, pool, v)
		if i < 4 {
			decide(t, pool, verdict{example: id, by: bo, verdict: "approve", kind: "second"})
		}
	}
	for i, agrees := range []bool{true, true, false} {
		if _, err := pool.Exec(t.Context(), `
			INSERT INTO looks (dataset_id, id, example_id, revision, kind, category, expected, reviewer_id, decision_id, agrees, closed_at)
			VALUES ($1, $2::uuid, $3, 1, 'gold', 'voice_parsing', 'reject', $4, $2::uuid, $5, now())`, exampletest.Dataset, uuid.Must(uuid.NewV7()), ids[i], ana, agrees); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(t.Context(), `INSERT INTO golds (dataset_id, example_id, revision, verdict, reason, author_id) VALUES ($1, $2, 1, 'reject', 'Nobody said kilograms.', $3)`,
		exampletest.Dataset, ids[2], bo); err != nil {
		t.Fatal(err)
	}
	s := agreement.New(pool, exampletest.Dataset)
	w, err := s.Work(t.Context(), ana, now.AddDate(0, -1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(agreement.Tally{Plain: 6, Edited: 3, Rejected: 1}, w.Total); diff != "" {
		t.Errorf("own decisions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(agreement.Tally{Plain: 4}, w.Others); diff != "" {
		t.Errorf("decisions of others (-want +got):\n%s", diff)
	}
	if w.Pace.Decisions != 9 || w.Pace.Half != 5*time.Second {
		t.Errorf("pace = %+v, want 9 decisions of 5 s in the middle", w.Pace)
	}
	if len(w.Days) != 2 || w.Days[0].Decisions != 5 || !w.Days[0].Day.After(w.Days[1].Day) {
		t.Errorf("days = %+v", w.Days)
	}
	if w.Compared.Matrix.Units() != 4 || w.Compared.Percent.Value != 1 || len(w.Pairs) != 1 || w.Pairs[0].Second.Name != "Bo" {
		t.Errorf("compared = %+v", w.Compared)
	}
	if w.Compared.Matrix != (agreement.Matrix{{1, 0, 0}, {3, 0, 0}, {0, 0, 0}}) {
		t.Errorf("matrix = %v: the person must be the first", w.Compared.Matrix)
	}
	if w.Gold.K != 2 || w.Gold.N != 3 || len(w.Gold.Misses) != 1 || w.Gold.Misses[0].Reason != "Nobody said kilograms." {
		t.Errorf("gold = %+v", w.Gold)
	}
	list, err := s.Reviewers(t.Context(), agreement.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Name != "Ana" || list[0].EditRate() != (agreement.Share{K: 3, N: 9}) {
		t.Errorf("reviewers = %+v", list)
	}
}

// TestHundredThousandDecisions sees that the figures read independent verdicts from
// their index, not every decision there is.
func TestHundredThousandDecisions(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, 20_000, exampletest.Seed{})
	people := []uuid.UUID{person(t, pool, "Ana"), person(t, pool, "Bo"), person(t, pool, "Cy"), person(t, pool, "Di"), person(t, pool, "Ed")}
	var rows [][]any
	for i, id := range ids {
		for k, by := range people {
			verdict := "approve"
			if (i+k*k)%11 == 0 {
				verdict = "reject"
			}
			d := uuid.Must(uuid.NewV7())
			at := time.Now().AddDate(0, 0, -(i*5+k)/300) // a year of work
			rows = append(rows, []any{exampletest.Dataset, d, id, by, 1, verdict, "review", "pending", "approved", d.String(), at})
		}
	}
	if _, err := pool.CopyFrom(t.Context(), pgx.Identifier{"decisions"}, []string{
		"dataset_id", "id", "example_id", "reviewer_id", "revision", "verdict", "kind", "status_before", "status_after", "request_key", "created_at",
	}, pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `VACUUM ANALYZE decisions`); err != nil {
		t.Fatal(err)
	}
	plans := &explainer{Pool: pool}
	s := agreement.New(plans, exampletest.Dataset)
	o, err := s.Overview(t.Context(), agreement.Filter{Since: time.Now().AddDate(0, -1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if o.Units == 0 || len(o.Pairs) != 10 {
		t.Errorf("%d units and %d pairs", o.Units, len(o.Pairs))
	}
	if len(plans.plans) != 2 {
		t.Fatalf("an overview took %d statements, want 2", len(plans.plans))
	}
	for _, plan := range plans.plans {
		if !strings.Contains(plan, "decisions_verdict_idx") || strings.Contains(plan, "Seq Scan on decisions d") {
			t.Errorf("a month of a year is not read from its index:\n%s", plan)
		}
	}
}

// An explainer keeps the plan of every query that goes through it.
type explainer struct {
	*pgxpool.Pool
	plans []string
}

func (e *explainer) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := e.Pool.Query(ctx, "EXPLAIN "+sql, args...)
	if err != nil {
		return nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	e.plans = append(e.plans, strings.Join(lines, "\n"))
	return e.Pool.Query(ctx, sql, args...)
}
