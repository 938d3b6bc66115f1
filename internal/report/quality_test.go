package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/web/htmlcheck"

	"github.com/jackc/pgx/v5/pgxpool"
)

// priced is the default catalog with platforms whose figures are easy to check.
func priced(context.Context) (*catalog.Catalog, error) {
	c, err := catalog.Default()
	if err != nil {
		return nil, err
	}
	copied := *c
	price := 2.90
	copied.Platforms = []catalog.Platform{
		{Slug: "a", Name: "A <b>", MaxTokens: 1024, USDPerMillionTokens: &price, PriceAsOf: "2026-08"},
		{Slug: "b", Name: "B", MaxTokens: 1000},
		{Slug: "c", Name: "C"},
	}
	return &copied, nil
}

func seedQuality(t *testing.T, pool *pgxpool.Pool) (bad, odd []uuid.UUID) {
	t.Helper()
	bad = exampletest.Insert(t, pool, 4, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "text/refusal", Severity: "error", Message: "It | refuses\n<b>here</b>.", Path: "/messages/1/content"},
		{Rule: "text/refusal", Severity: "error", Message: "And here.", Path: "/messages/0/content"},
	}})
	odd = exampletest.Insert(t, pool, 6, exampletest.Seed{
		Category: "ai_coach", Subcategory: "technique", Status: example.Approved,
		Conversation: func(i int) example.Conversation { return exampletest.Conversation(100 + i) },
		Findings:     []exampletest.Finding{{Rule: "text/placeholder", Severity: "warning", Message: "Odd."}, {Rule: "old/rule", Severity: "info", Message: "Hm."}},
	})
	return bad, odd
}

func TestQuality(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	s := report.New(pool, exampletest.Dataset, priced)
	if q, err := s.Quality(ctx, report.Filter{}); err != nil || q.Examples != 0 || len(q.Rules) != 0 || len(q.Sources) != 0 || q.Tokens.AtMost(0.5) != 0 || q.Tokens.Mean() != 0 {
		t.Errorf("Quality() of nothing = %+v, %v", q, err)
	}
	seedQuality(t, pool)
	q, err := s.Quality(ctx, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	type rule struct {
		Rule               string
		Severity           lint.Severity
		Findings, Examples int64
		In                 string
	}
	got := func(q report.Quality) []rule {
		var list []rule
		for _, r := range q.Rules {
			list = append(list, rule{r.Rule, r.Severity, r.Findings, r.Examples, fmt.Sprint(r.Categories)})
		}
		return list
	}
	want := []rule{
		{"text/refusal", lint.Error, 8, 4, "[{voice_parsing Voice parsing 4}]"},
		{"text/placeholder", lint.Warning, 6, 6, "[{ai_coach AI coach 6}]"},
		{"old/rule", lint.Info, 6, 6, "[{ai_coach AI coach 6}]"},
	}
	c, err := priced(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, slug := range []string{"voice_parsing", "ai_coach", "ai_coach"} {
		cat, _ := c.Category(slug)
		want[i].In = fmt.Sprintf("[{%s %s %d}]", slug, cat.Name, want[i].Examples)
	}
	if diff := cmp.Diff(want, got(q)); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if q.Rules[0].Fix == "" || q.Rules[2].Fix != "" {
		t.Errorf("fixes = %q and %q; want those of rules that exist", q.Rules[0].Fix, q.Rules[2].Fix)
	}
	if len(q.Sources) != 2 || q.Sources[0].WithErrors != 4 || q.Sources[0].Examples != 4 || q.Sources[1].WithWarnings != 6 {
		t.Errorf("sources = %+v, want the one with errors first", q.Sources)
	}
	for _, tt := range []struct {
		filter report.Filter
		rules  int
		total  int64
	}{
		{report.Filter{Status: example.Approved}, 2, 6},
		{report.Filter{Category: "voice_parsing"}, 1, 4},
		{report.Filter{Category: "voice_parsing", Status: example.Approved}, 0, 0},
	} {
		if q, err := s.Quality(ctx, tt.filter); err != nil || len(q.Rules) != tt.rules || q.Examples != tt.total {
			t.Errorf("Quality(%+v) = %d rules, %d examples, %v; want %d, %d", tt.filter, len(q.Rules), q.Examples, err, tt.rules, tt.total)
		}
	}
	if _, err := s.Quality(ctx, report.Filter{Status: "lost"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("Quality(lost) = %v", err)
	}
}

func TestQualityTrend(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	seedQuality(t, pool)
	s := report.New(pool, exampletest.Dataset, priced)
	q, err := s.Quality(ctx, report.Filter{})
	if err != nil || !q.Since.IsZero() || q.Rules[0].Change != nil {
		t.Fatalf("without an earlier day: since %v, change %v, %v", q.Since, q.Rules[0].Change, err)
	}
	for days, examples := range map[int]int{30: 100, 6: 7, 2: 1} {
		if _, err := pool.Exec(ctx, `INSERT INTO finding_days SELECT $1, (now() AT TIME ZONE 'UTC')::date - $2::int, 'text/refusal', 'error', 2 * $3::bigint, $3::bigint`, exampletest.Dataset, days, examples); err != nil {
			t.Fatal(err)
		}
	}
	if q, err = s.Quality(ctx, report.Filter{}); err != nil || *q.Rules[0].Change != -3 || *q.Rules[1].Change != 6 {
		t.Errorf("changes = %v, %v, %v; want 4 - 7 and 6 - 0", *q.Rules[0].Change, *q.Rules[1].Change, err)
	}
	if q, err = s.Quality(ctx, report.Filter{Status: example.Pending}); err != nil || q.Rules[0].Change != nil {
		t.Errorf("a filter has no trend, got %v, %v", q.Rules[0].Change, err)
	}
}

// TestTokenBuckets compares the buckets that the database fills with the ranges
// they are read as, and figures of limits and cost with a count by hand.
func TestTokenBuckets(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	lengths := []int{0, 1, 2, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20, 33, 34, 36, 37, 1000, 1001, 1023, 1024, 1025, 1152, 1153, 24575, 24576, 24577, 65536, 65537, 1 << 20, 1<<20 + 1, 1 << 30, math.MaxInt32}
	ids := exampletest.Insert(t, pool, len(lengths), exampletest.Seed{})
	s := report.New(pool, exampletest.Dataset, priced)
	for i, n := range lengths {
		if _, err := pool.Exec(ctx, "UPDATE examples SET tokens = CASE WHEN id = $1 THEN $2::int ELSE 5000 END", ids[i], n); err != nil {
			t.Fatal(err)
		}
		q, err := s.Quality(ctx, report.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, b := range q.Tokens.Buckets {
			if b.Examples == 1 && b.Tokens == int64(n) {
				found = true
				if n < b.From || n > b.To || b.To-b.From > max(n/8, 1) {
					t.Errorf("%d tokens are in the bucket %d to %d", n, b.From, b.To)
				}
			}
		}
		if !found {
			t.Errorf("%d tokens are in no bucket: %+v", n, q.Tokens.Buckets)
		}
	}

	lengths = []int{10, 1000, 1024, 1025, 20000}
	total := int64(0)
	if _, err := pool.Exec(ctx, "DELETE FROM examples WHERE NOT id = ANY($1)", ids[:len(lengths)]); err != nil {
		t.Fatal(err)
	}
	for i, n := range lengths {
		total += int64(n)
		if _, err := pool.Exec(ctx, "UPDATE examples SET tokens = $2 WHERE id = $1", ids[i], n); err != nil {
			t.Fatal(err)
		}
	}
	q, err := s.Quality(ctx, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	tokens := q.Tokens
	if tokens.Examples != 5 || tokens.Tokens != total || tokens.AtMost(0.5) != 1024 || tokens.AtMost(1) < 20000 {
		t.Errorf("tokens = %+v; half at most %d, all at most %d", tokens, tokens.AtMost(0.5), tokens.AtMost(1))
	}
	a, b, none := tokens.Platforms[0], tokens.Platforms[1], tokens.Platforms[2]
	if a.Over != 2 || a.About {
		t.Errorf("over 1024: %d, about %v; want exactly 2", a.Over, a.About)
	}
	if b.Over != 4 || !b.About {
		t.Errorf("over 1000: %d, about %v; want about 4, the bucket of 1000 and 1024 included", b.Over, b.About)
	}
	if none.Over != 0 {
		t.Errorf("without a limit %d are over it", none.Over)
	}
	if cost, ok := a.Cost(3); !ok || math.Abs(cost-2.90*3*float64(total)/1e6) > 1e-9 {
		t.Errorf("Cost(3) = %v, %v", cost, ok)
	}
	if cost, ok := a.Unpacked(3); !ok || math.Abs(cost-2.90*3*5*1024/1e6) > 1e-9 {
		t.Errorf("Unpacked(3) = %v, %v", cost, ok)
	}
	if _, ok := b.Cost(3); ok {
		t.Error("a platform without a price has a cost")
	}
	var bars []string
	for _, o := range tokens.Octaves() {
		bars = append(bars, fmt.Sprintf("%d-%d:%d", o.From, o.To, o.Examples))
	}
	if diff := cmp.Diff("9-16:1 17-32:0 33-64:0 65-128:0 129-256:0 257-512:0 513-1024:2 1025-2048:1 2049-4096:0 4097-8192:0 8193-16384:0 16385-32768:1", strings.Join(bars, " ")); diff != "" {
		t.Errorf("octaves (-want +got):\n%s", diff)
	}
}

// TestKnownCost is the example of the platform comparison: 6,265 rows of 350
// tokens, three epochs, $2.90 a million.
func TestKnownCost(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	exampletest.Insert(t, pool, 1, exampletest.Seed{})
	if _, err := pool.Exec(ctx, "DELETE FROM token_counts"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, "INSERT INTO token_counts VALUES ($1, 'voice_parsing', 'approved', token_bucket(350), 6265, 6265 * 350)", exampletest.Dataset); err != nil {
		t.Fatal(err)
	}
	price := 2.90
	s := report.New(pool, exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) {
		return &catalog.Catalog{Platforms: []catalog.Platform{{Slug: "t", MaxTokens: 24576, USDPerMillionTokens: &price}}}, nil
	})
	q, err := s.Quality(ctx, report.Filter{Status: example.Approved})
	if err != nil {
		t.Fatal(err)
	}
	p := q.Tokens.Platforms[0]
	cost, _ := p.Cost(3)
	unpacked, _ := p.Unpacked(3)
	preamble, _ := p.Preamble(3)
	if got := fmt.Sprintf("%.2f %.0f %.2f", cost, unpacked, preamble); got != "19.08 1340 1.36" {
		t.Errorf("cost, without packing, of the preamble = %s; want 19.08 1340 1.36", got)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	bad, odd := seedQuality(t, pool)
	if _, err := catalog.OpenStore(ctx, pool, catalog.Default); err != nil {
		t.Fatal(err)
	}
	reviews := review.New(review.Config{DB: pool, Dataset: exampletest.Dataset})
	if _, err := reviews.Waive(ctx, review.Waiving{
		ExampleID: bad[0], By: audit.Actor{ID: uuid.New(), Name: "Ana | Bo"}, Revision: 1, Rule: "text/refusal", Path: "/messages/1/content", Reason: "A quotation.",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, "UPDATE import_runs SET rows = rows + 3, duplicates = 2, rejected = 1 WHERE inserted = 6"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `INSERT INTO revisions SELECT dataset_id, example_id, 2, messages, tools, metadata, false, tokens, plain_tokens, hash FROM revisions WHERE example_id = $1`, odd[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `UPDATE examples SET revision = 2 WHERE id = $1`, odd[0]); err != nil {
		t.Fatal(err)
	}
	s := report.New(pool, exampletest.Dataset, priced)
	v, err := validationOf(ctx, s, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if v.Counts.Examples != 10 || v.Counts.ByStatus["pending"] != 4 || v.Counts.ByStatus["approved"] != 6 || v.CatalogVersion != 1 || v.Current {
		t.Errorf("counts = %+v, catalog %d, current %v", v.Counts, v.CatalogVersion, v.Current)
	}
	if v.Format.Strict+v.Format.Other != 10 || len(v.Format.First) == 0 || v.Format.Other < 1 {
		t.Errorf("format = %+v", v.Format)
	}
	if v.Findings.Errors != 7 || v.Findings.Warnings != 5 || v.Findings.Notes != 5 {
		t.Errorf("findings = %d, %d, %d; want 7 (one waived), 5 and 5 (one revision is new)", v.Findings.Errors, v.Findings.Warnings, v.Findings.Notes)
	}
	if first := v.Findings.Rules[0]; first.Examples != 4 || len(first.First) != 4 || first.First[0].Example != bad[0] || first.First[0].Path != "/messages/0/content" || first.ByCategory["voice_parsing"] != 4 {
		t.Errorf("first rule = %+v", first)
	}
	if v.Waivers.Total != 1 || v.Waivers.First[0].By != "Ana | Bo" || v.Waivers.First[0].Example != bad[0] {
		t.Errorf("waivers = %+v", v.Waivers)
	}
	if d := v.Duplicates; d.Imports != 2 || d.Rows != 13 || d.Duplicates != 2 || d.Rejected != 1 || len(d.Newest) != 2 {
		t.Errorf("duplicates = %+v", d)
	}
	if p := v.Platforms; len(p) != 3 || len(p[0].Cost) != 4 || p[1].Cost != nil || p[0].PriceAsOf != "2026-08" {
		t.Errorf("platforms = %+v", p)
	}

	// After a check of all examples the report says that findings are current.
	checks := quality.New(quality.Config{DB: pool, Dataset: exampletest.Dataset, Log: slog.New(slog.DiscardHandler), Catalog: func(ctx context.Context) (*catalog.Catalog, int, error) {
		c, err := priced(ctx)
		return c, 1, err
	}})
	id, _, err := checks.Due(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before, err := validationOf(ctx, s, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if err := checks.Run(ctx, id); err != nil {
		t.Fatal(err)
	}
	if after, err := validationOf(ctx, s, report.Filter{}); err != nil || before.Current || !after.Current {
		t.Errorf("current before and after a check = %v, %v, %v", before.Current, after.Current, err)
	}

	for _, tt := range []struct {
		filter report.Filter
		want   error
	}{
		{report.Filter{Category: "dance"}, fault.Invalid},
		{report.Filter{Status: "lost"}, fault.Invalid},
		{report.Filter{Category: "AI-Coach", Status: example.Approved}, nil},
	} {
		f, err := validationOf(ctx, s, tt.filter)
		if !errors.Is(err, tt.want) || tt.want == nil && (f.Counts.Examples != 6 || len(f.Counts.Categories) != 1 || f.Filter.Category != "ai_coach") {
			t.Errorf("ValidationOf(%+v) = %+v, %v", tt.filter, f.Counts, err)
		}
	}
	written(t, v)
}

// validationOf makes the validation report of a filter, as pages and commands do.
func validationOf(ctx context.Context, s *report.Service, f report.Filter) (report.Validation, error) {
	sc, err := s.Filtered(ctx, f)
	if err != nil {
		return report.Validation{}, err
	}
	return s.ValidationOf(ctx, sc)
}

// written holds the three ways to write a report against it.
func written(t *testing.T, v report.Validation) {
	t.Helper()
	text := map[report.Format]string{}
	for _, f := range []report.Format{report.JSON, report.Markdown, report.HTML} {
		var b strings.Builder
		if err := v.Write(&b, f); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		text[f] = b.String()
	}
	var back report.Validation
	if err := json.Unmarshal([]byte(text[report.JSON]), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, back); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
	for _, problem := range htmlcheck.Page([]byte(text[report.HTML])) {
		if !strings.Contains(problem, "<style>") {
			t.Errorf("HTML: %s", problem)
		}
	}
	for _, word := range []string{"<b>here</b>", "A <b>", "src=", "<script", "@import", "url("} {
		if strings.Contains(text[report.HTML], word) {
			t.Errorf("the HTML has %q in it", word)
		}
	}
	for f, words := range map[report.Format][]string{
		report.HTML:     {"It | refuses", "&lt;b&gt;here", "7 errors, 5 warnings, 5 notes", "Ana | Bo", "A quotation.", "as of 2026-08", "2 of 13 imported rows", "</svg>"},
		report.Markdown: {`It \| refuses &lt;b>here`, "7 errors, 5 warnings, 5 notes", `Ana \| Bo`, "| text/refusal | error | 4 | 7 |", "$2.90, 2026-08", "2 of 13 imported rows"},
	} {
		for _, word := range words {
			if !strings.Contains(text[f], word) {
				t.Errorf("the %s has not %q in it:\n%s", f, word, text[f])
			}
		}
	}
	for line := range strings.Lines(text[report.Markdown]) {
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|\n") {
			t.Errorf("a broken table line: %q", line)
		}
	}
	if _, err := report.ParseFormat("pdf"); !errors.Is(err, fault.Invalid) {
		t.Errorf("ParseFormat(pdf) = %v", err)
	}
}
