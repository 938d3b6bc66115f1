package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

// spread fills a database with examples of every kind that the report tells apart,
// some of them decided, and returns the service.
func spread(t *testing.T) (*report.Service, *pgxpool.Pool, map[string][]uuid.UUID) {
	t.Helper()
	pool := pgtest.New(t)
	say := func(user, answer string) func(int) example.Conversation {
		return func(i int) example.Conversation {
			return example.Conversation{Messages: []example.Message{
				{Role: example.User, Content: fmt.Sprintf("%s %d", user, i)}, {Role: example.Assistant, Content: fmt.Sprintf(answer, i)},
			}}
		}
	}
	sure := func(confidence float64) string {
		return fmt.Sprintf(`{"primary_assessment":{"condition":"strain %%d","confidence":%v}}`, confidence)
	}
	ids := map[string][]uuid.UUID{
		"voice":  exampletest.Insert(t, pool, 40, exampletest.Seed{}),
		"acute":  exampletest.Insert(t, pool, 12, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute", Conversation: say("My hamstring snapped and it hurts to walk on the", sure(0.85))}),
		"doms":   exampletest.Insert(t, pool, 8, exampletest.Seed{Category: "injury_analysis", Subcategory: "normal_soreness", Conversation: say("I am sore in both of my quads and the day is", sure(0.4))}),
		"german": exampletest.Insert(t, pool, 5, exampletest.Seed{Category: "ai_coach", Subcategory: "technique", Status: example.Approved, Conversation: say("Wie mache ich die Kniebeuge und was ist mit der Hantel", "Das ist nicht schwer und die Hantel liegt auf den Schultern %d.")}),
		"cyrill": exampletest.Insert(t, pool, 2, exampletest.Seed{Category: "ai_coach", Subcategory: "technique", Status: example.Rejected, Conversation: say("Как делать приседания", "Медленно %d.")}),
	}
	if _, err := pool.Exec(t.Context(), `UPDATE sources SET name = 'another.jsonl' WHERE id = (SELECT source_id FROM examples WHERE id = $1)`, ids["doms"][0]); err != nil {
		t.Fatal(err)
	}
	return report.New(pool, exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) { return catalog.Default() }), pool, ids
}

func decider(pool *pgxpool.Pool) *review.Service {
	return review.New(review.Config{
		DB: pool, Dataset: exampletest.Dataset,
		Order: func(context.Context) ([]string, error) { return nil, nil },
		Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
		Count: func(example.Conversation) (int, int) { return 30, 5 },
	})
}

// TestDistributionAddsUp holds the report against a count of its own, in SQL, and
// against the figures of the dashboard and the quality page.
func TestDistributionAddsUp(t *testing.T) {
	t.Parallel()
	s, pool, _ := spread(t)
	ctx := t.Context()
	sc, err := s.Filtered(ctx, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Distribution(ctx, sc)
	if err != nil {
		t.Fatal(err)
	}
	type count struct {
		Category, Subcategory, Status string
		Examples                      int64
	}
	rows, err := pool.Query(ctx, `SELECT category, subcategory, status::text, count(*) FROM examples GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[count]bool{}
	for rows.Next() {
		var c count
		if err := rows.Scan(&c.Category, &c.Subcategory, &c.Status, &c.Examples); err != nil {
			t.Fatal(err)
		}
		want[c] = true
	}
	got := map[count]bool{}
	for _, sub := range d.Subcategories {
		for status, n := range sub.ByStatus {
			got[count{sub.Category, sub.Slug, status, n}] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts by shelf and status (-SQL +report):\n%s", diff)
	}
	var tokens, most, over int64
	var half float64
	if err := pool.QueryRow(ctx, `SELECT sum(tokens), max(tokens), count(*) FILTER (WHERE tokens > 1024), percentile_disc(0.5) WITHIN GROUP (ORDER BY tokens) FROM examples`).Scan(&tokens, &most, &over, &half); err != nil {
		t.Fatal(err)
	}
	if d.Tokens.Total != tokens || int64(d.Tokens.Most) != most || d.Tokens.Percentiles[3] != (report.Percentile{Percent: 50, Tokens: int(half)}) {
		t.Errorf("tokens = %+v, want %d in all, at most %d, half at most %v", d.Tokens, tokens, most, half)
	}
	q, err := s.Quality(ctx, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if q.Examples != d.Examples || q.Tokens.Tokens != d.Tokens.Total {
		t.Errorf("the quality page says %d examples and %d tokens, the report %d and %d", q.Examples, q.Tokens.Tokens, d.Examples, d.Tokens.Total)
	}
	for i, p := range d.Platforms {
		cost, known := q.Tokens.Platforms[i].Cost(3)
		if known != (len(p.Cost) == 4) || known && fmt.Sprintf("%.2f", cost) != fmt.Sprintf("%.2f", p.Cost[2]) {
			t.Errorf("%s: the quality page says %v, the report %v", p.Slug, cost, p.Cost)
		}
		if p.MaxTokens == 1024 && p.Over != over {
			t.Errorf("%d examples are over 1024 tokens, want %d", p.Over, over)
		}
	}
	p, err := s.Progress(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range p.Categories {
		if part := d.Categories[i]; part.Slug != c.Slug || part.Examples != c.Counts.Total() || part.ByStatus["approved"] != c.Counts.Approved {
			t.Errorf("the dashboard says %+v of %s, the report %+v", c.Counts, c.Slug, part)
		}
	}
}

func TestDistribution(t *testing.T) {
	t.Parallel()
	s, pool, ids := spread(t)
	ctx := t.Context()
	reviews := decider(pool)
	ana, ben := audit.Actor{ID: uuid.New(), Name: "Ana"}, audit.Actor{ID: uuid.New(), Name: "Ben"}
	if _, err := pool.Exec(ctx, `INSERT INTO users (id, email, name, role) VALUES ($1, 'ana@example.com', 'Ana', 'lead'), ($2, 'ben@example.com', 'Ben', 'reviewer')`, ana.ID, ben.ID); err != nil {
		t.Fatal(err)
	}
	decide := func(id uuid.UUID, by audit.Actor, v example.Verdict) {
		t.Helper()
		if _, err := reviews.Decide(ctx, review.Decision{ExampleID: id, Reviewer: by, Revision: 1, Verdict: v, Reason: "because"}); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range ids["doms"][:6] {
		decide(id, ana, []example.Verdict{example.Reject, example.Reject, example.Approve}[i%3])
	}
	for _, id := range ids["voice"][:10] {
		decide(id, ben, example.Approve)
	}
	// A second look at some of them: Ben agrees with Ana on three, not on one.
	for i, id := range ids["doms"][:4] {
		verdict := []string{"reject", "reject", "approve", "approve"}[i]
		if _, err := pool.Exec(ctx, `INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, kind, status_before, status_after, request_key)
			VALUES ($1, $2, $3, $4, 1, $5, 'second', 'pending', 'pending', $6)`, exampletest.Dataset, uuid.New(), id, ben.ID, verdict, uuid.NewString()); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().Add(time.Minute)
	scope := report.Scope{
		Release: "first", At: at,
		Refs: func(_ context.Context, yield func([]report.Ref) error) error {
			for _, part := range []struct{ split, name string }{{"train", "voice"}, {"train", "acute"}, {"test", "doms"}} {
				var refs []report.Ref
				for _, id := range ids[part.name] {
					refs = append(refs, report.Ref{Example: id, Revision: 1, Split: part.split})
				}
				if err := yield(refs); err != nil {
					return err
				}
			}
			return nil
		},
	}
	d, err := s.Distribution(ctx, scope)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]report.Part{{Name: "train", Examples: 52, Share: 0.866667}, {Name: "test", Examples: 8, Share: 0.133333}}, d.Splits); diff != "" {
		t.Errorf("splits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]report.ReviewerPart{{ID: ben.ID, Name: "Ben", Approved: 12, Rejected: 2}, {ID: ana.ID, Name: "Ana", Approved: 2, Rejected: 4}}, d.Reviewers); diff != "" {
		t.Errorf("reviewers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]report.Part{{Slug: "seed.jsonl", Name: "seed.jsonl", Examples: 52, Share: 0.866667}, {Slug: "another.jsonl", Name: "another.jsonl", Examples: 8, Share: 0.133333}}, d.Sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if d.Agreement.Examples != 4 || d.Agreement.Agree != 3 || len(d.Agreement.Estimates) != 3 || d.Agreement.Estimates[0].Value != 0.75 {
		t.Errorf("agreement = %+v, want 3 of 4", d.Agreement)
	}
	bands := map[string]report.ConfidenceBand{}
	for _, b := range d.Confidence.Bands {
		bands[b.Subcategory] = b
	}
	if b := bands["acute"]; b.Examples != 12 || b.Mean != 0.85 || b.Tenths[8] != 12 || b.Below+b.Inside+b.Above != 12 {
		t.Errorf("confidence of acute injuries = %+v", b)
	}
	c := d.Confidence.Calibration
	if c == nil || c.Examples != 6 || len(c.Bins) != 1 || c.Bins[0].Examples != 6 || c.Bins[0].Mean != 0.4 {
		t.Fatalf("calibration = %+v, want one bin with six", c)
	}
	if len(d.Vocabulary) != 2 || d.Vocabulary[0].Side != "user" || d.Vocabulary[0].Examples != 60 || d.Vocabulary[0].Distinct[0] <= 0 {
		t.Errorf("vocabulary = %+v", d.Vocabulary)
	}
	again, err := s.Distribution(ctx, scope)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []report.Format{report.JSON, report.Markdown, report.HTML} {
		var a, b bytes.Buffer
		if err := d.Write(&a, f); err != nil {
			t.Fatal(err)
		}
		if err := again.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		if a.String() != b.String() {
			t.Errorf("%s differs the second time", f)
		}
		if !strings.Contains(a.String(), "first") {
			t.Errorf("%s does not name the release", f)
		}
	}

	// What came after the release does not count in it.
	early := scope
	early.At = at.Add(-24 * time.Hour)
	before, err := s.Distribution(ctx, early)
	if err != nil || len(before.Reviewers) != 0 || before.Agreement.Examples != 0 {
		t.Errorf("reviewers a day before = %+v, %v; want none", before.Reviewers, err)
	}

	// The next release compares itself with this one, read back from its file.
	var file bytes.Buffer
	if err := d.Write(&file, report.JSON); err != nil {
		t.Fatal(err)
	}
	var old report.Distribution
	if err := json.Unmarshal(file.Bytes(), &old); err != nil {
		t.Fatal(err)
	}
	next, err := s.Filtered(ctx, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	next.Before = &old
	now, err := s.Distribution(ctx, next)
	if err != nil {
		t.Fatal(err)
	}
	if now.Changes == nil || now.Changes.Release != "first" || now.Changes.Examples != 7 || now.Changes.PSI <= 0 {
		t.Errorf("changes = %+v, want 7 examples more than first", now.Changes)
	}
	languages := map[string]int64{}
	for _, l := range now.Languages {
		languages[l.Name] = l.Examples
	}
	if languages["German"] != 5 || languages["Cyrillic script"] != 2 || languages["English"] != 20 {
		t.Errorf("languages = %v, want 5 German, 2 Cyrillic, 20 English", languages)
	}
}

func TestDistributionOfNothing(t *testing.T) {
	t.Parallel()
	s := report.New(pgtest.New(t), exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) { return catalog.Default() })
	sc, err := s.Filtered(t.Context(), report.Filter{Category: "voice parsing", Status: example.Approved})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Distribution(t.Context(), sc)
	if err != nil || d.Examples != 0 || d.Filter.Category != "voice_parsing" || len(d.Fits) != 0 {
		t.Fatalf("Distribution() = %+v, %v", d, err)
	}
	for _, f := range []report.Format{report.JSON, report.Markdown, report.HTML} {
		var b bytes.Buffer
		if err := d.Write(&b, f); err != nil || strings.Contains(b.String(), "NaN") {
			t.Errorf("Write(%s) = %v:\n%s", f, err, b.String())
		}
	}
	for _, f := range []report.Filter{{Category: "dance"}, {Status: "lost"}} {
		if _, err := s.Filtered(t.Context(), f); !errors.Is(err, fault.Invalid) {
			t.Errorf("Filtered(%+v) = %v, want invalid", f, err)
		}
	}
}

// TestValidationOfAScope holds what is read row by row against the maintained
// figures, and finds what leaks between splits.
func TestValidationOfAScope(t *testing.T) {
	t.Parallel()
	s, pool, ids := spread(t)
	ctx := t.Context()
	flawed := exampletest.Insert(t, pool, 3, exampletest.Seed{
		Findings:     []exampletest.Finding{{Rule: "voice/rir-rpe", Severity: "error", Message: "They contradict each other."}},
		Conversation: func(i int) example.Conversation { return exampletest.Conversation(500 + i) },
	})
	for _, f := range []report.Filter{{}, {Category: "ai_coach"}, {Status: example.Approved}, {Category: "voice_parsing", Status: example.Pending}} {
		want, err := s.Quality(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := validationOf(ctx, s, f)
		if err != nil {
			t.Fatal(err)
		}
		if got.Copies == nil || got.Copies.Leaks != 0 {
			t.Errorf("%+v: copies = %+v", f, got.Copies)
		}
		type rule struct {
			Rule               string
			Severity           lint.Severity
			Findings, Examples int64
		}
		var counted, read []rule
		for _, r := range want.Rules {
			counted = append(counted, rule{r.Rule, r.Severity, r.Findings, r.Examples})
		}
		for _, r := range got.Findings.Rules {
			read = append(read, rule{r.Rule, lint.Severity(r.Severity), r.Findings, r.Examples})
		}
		if diff := cmp.Diff(counted, read); diff != "" {
			t.Errorf("%+v: rules (-from counters +row by row):\n%s", f, diff)
		}
		if got.Counts.Examples != want.Examples || got.Tokens.Total != want.Tokens.Tokens {
			t.Errorf("%+v: %d examples and %d tokens, the counters say %d and %d", f, got.Counts.Examples, got.Tokens.Total, want.Examples, want.Tokens.Tokens)
		}
		for i, p := range want.Tokens.Platforms {
			if over := got.Platforms[i].Over; over > p.Over || !p.About && over != p.Over {
				t.Errorf("%+v: %d over the limit of %s, the counters say %d", f, over, p.Name, p.Over)
			}
		}
		var byStatus int64
		if err := pool.QueryRow(ctx, `SELECT count(*) FROM examples WHERE status = 'pending' AND ($1 = '' OR category = $1) AND ($2 = '' OR status::text = $2)`, f.Category, string(f.Status)).Scan(&byStatus); err != nil {
			t.Fatal(err)
		}
		if got.Counts.ByStatus["pending"] != byStatus {
			t.Errorf("%+v: %d pending, a recount says %d", f, got.Counts.ByStatus["pending"], byStatus)
		}
	}

	group := uuid.New()
	for _, q := range []string{
		`INSERT INTO duplicate_groups (dataset_id, id, class, kind, category, size) VALUES ($1, $2, 'copy', 'near', 'voice_parsing', 2)`,
		`INSERT INTO duplicate_members (dataset_id, class, example_id, group_id) SELECT $1, 'copy', id, $2 FROM examples WHERE id IN ('` + ids["voice"][0].String() + `', '` + ids["voice"][1].String() + `')`,
	} {
		if _, err := pool.Exec(ctx, q, exampletest.Dataset, group); err != nil {
			t.Fatal(err)
		}
	}
	twin := exampletest.Insert(t, pool, 1, exampletest.Seed{Conversation: func(int) example.Conversation {
		c := exampletest.Conversation(2)
		c.Messages[0].Content = "Bench, 47 FOR 3!"
		return c
	}})
	refs := []report.Ref{
		{Example: ids["voice"][0], Revision: 1, Split: "train"},
		{Example: ids["voice"][1], Revision: 1, Split: "test"},
		{Example: ids["voice"][2], Revision: 1, Split: "train"},
		{Example: twin[0], Revision: 1, Split: "validation"},
		{Example: flawed[0], Revision: 1, Split: "train"},
	}
	v, err := s.ValidationOf(ctx, report.Scope{
		Release: "leaky", Refs: func(_ context.Context, yield func([]report.Ref) error) error { return yield(refs) },
		Checks: &report.FormatChecks{
			Presets: []string{"strict"},
			Read:    func(messages, _ string, _ bool) any { return strings.Contains(messages, "FOR") },
			Row: func(_ int, read any) []report.FormatProblem {
				if read == true {
					return []report.FormatProblem{{Rule: "shouting", Text: "Do not shout.", Refused: true}}
				}
				return nil
			},
			End: func(int) []report.FormatProblem { return nil },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if v.Copies.Leaks != 1 || v.Copies.Groups[1].Leaks != 1 || v.Copies.Groups[1].First[0] != (report.LeakCase{A: refs[0].Example, SplitA: "train", B: refs[1].Example, SplitB: "test"}) {
		t.Errorf("copies = %+v, want the planted group", v.Copies)
	}
	if diff := cmp.Diff([]report.LeakCase{{A: refs[2].Example, SplitA: "train", B: twin[0], SplitB: "validation"}}, v.Copies.LeakedQuestion); diff != "" || v.Copies.SameQuestion != 1 {
		t.Errorf("%d same questions (-want +got):\n%s", v.Copies.SameQuestion, diff)
	}
	want := []report.ValidationPreset{{Preset: "strict", Valid: 4, Refused: 1, Rules: []report.ValidationFlaw{
		{Rule: "shouting", Refused: true, Examples: 1, First: []report.ValidationCase{{Example: twin[0], Message: "Do not shout."}}},
	}}}
	if diff := cmp.Diff(want, v.Presets); diff != "" {
		t.Errorf("presets (-want +got):\n%s", diff)
	}
	for _, f := range []report.Format{report.JSON, report.Markdown, report.HTML} {
		var b strings.Builder
		if err := v.Write(&b, f); err != nil || !strings.Contains(b.String(), "leaky") || !strings.Contains(b.String(), "shout") {
			t.Errorf("Write(%s) = %v:\n%s", f, err, b.String())
		}
	}
}

// TestReportsLeadToLists follows what an HTML report of a filter leads to; one of a
// release, or without a site, leads nowhere and loads nothing.
func TestReportsLeadToLists(t *testing.T) {
	t.Parallel()
	s, pool, ids := spread(t)
	ctx := t.Context()
	if _, err := pool.Exec(ctx, `UPDATE sources SET name = 'a "quoted" <b> & ü.jsonl' WHERE name = 'another.jsonl'`); err != nil {
		t.Fatal(err)
	}
	exampletest.Insert(t, pool, 3, exampletest.Seed{
		Category: "ai_coach", Findings: []exampletest.Finding{{Rule: "text/placeholder", Severity: "warning", Message: "Hm."}},
		Conversation: func(i int) example.Conversation {
			return example.Conversation{Messages: []example.Message{{Role: example.User, Content: fmt.Sprintf("No subcategory %d", i)}, {Role: example.Assistant, Content: "None."}}}
		},
	})
	// Words of three people, questions and checks with a known answer among them, some
	// taken back.
	people := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	say := func(of, by uuid.UUID, verdict, kind string, undoes *uuid.UUID) uuid.UUID {
		id := uuid.Must(uuid.NewV7())
		if _, err := pool.Exec(ctx, `INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, kind, reason, status_before, status_after, request_key, undoes)
			VALUES ($1, $2, $3, $4, 1, $5, $6, '', 'pending', 'pending', $2::uuid::text, $7)`, exampletest.Dataset, id, of, by, verdict, kind, undoes); err != nil {
			t.Fatal(err)
		}
		return id
	}
	for i, of := range append(ids["voice"][:15:15], ids["doms"]...) {
		for k := range 4 {
			by := people[(i+k*k)%3]
			id := say(of, by, []string{"approve", "reject", "escalate", "skip"}[(i*k+i+k)%4], []string{"review", "second", "gold"}[k%3], nil)
			if (i+k)%5 == 0 {
				say(of, by, "undo", "review", &id)
			}
		}
	}
	for _, kind := range []report.Kind{report.ValidationKind, report.DistributionKind} {
		for _, site := range []string{"", "http://localhost:8080"} {
			sc, err := s.Filtered(ctx, report.Filter{Status: example.Pending})
			if err != nil {
				t.Fatal(err)
			}
			sc.Site = site
			made, err := s.Make(ctx, kind, sc)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := made.Write(&b, report.HTML); err != nil {
				t.Fatal(err)
			}
			if site != "" {
				checkLists(t, b.String(), site, pool)
			}
			linked := strings.Contains(b.String(), `href="http://localhost:8080/examples?category=ai_coach&amp;status=`) || strings.Contains(b.String(), `href="http://localhost:8080/examples?category=voice_parsing&amp;status=`)
			if linked != (site != "") || site == "" && strings.Contains(b.String(), "href") {
				t.Errorf("the %s report with site %q: linked %v", kind, site, linked)
			}
			for _, word := range []string{"src=", "<link", "<script", "@import", "url(", "<b> &"} {
				if strings.Contains(b.String(), word) {
					t.Errorf("the %s report has %q in it", kind, word)
				}
			}
		}
	}
}

var listed = regexp.MustCompile(`<a href="([^"]+)">(?:at most )?([0-9,]+)</a>`)

// checkLists holds every number of an HTML report that leads to a list against the
// list.
func checkLists(t *testing.T, text, site string, pool *pgxpool.Pool) {
	t.Helper()
	browser := browse.New(pool, exampletest.Dataset)
	numbers, above := 0, 0
	for _, m := range listed.FindAllStringSubmatch(text, -1) {
		to, err := url.Parse(html.UnescapeString(m[1]))
		if err != nil || !strings.HasPrefix(m[1], site+"/") {
			t.Fatalf("%s leads to %q", m[2], m[1])
		}
		if to.Path != "/examples" {
			continue // another page of the site
		}
		f, err := browse.ParseFilter(to.Query().Get)
		if err != nil {
			t.Fatal(err)
		}
		got, more, err := browser.All(t.Context(), f, 1000, time.Minute)
		if err != nil || more {
			t.Fatal(err)
		}
		if strconv.Itoa(len(got)) != strings.ReplaceAll(m[2], ",", "") {
			t.Errorf("the report says %s where the list %s has %d", m[2], m[1], len(got))
		}
		numbers++
		if len(got) > 0 {
			above++
		}
	}
	if numbers < 20 || above < 10 {
		t.Errorf("%d numbers lead to lists, %d of them to examples: a weak test", numbers, above)
	}
}
