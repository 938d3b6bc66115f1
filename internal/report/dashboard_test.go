package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

func TestDashboard(t *testing.T) {
	t.Parallel()
	s, pool, ids := spread(t)
	ctx := t.Context()
	reviews := decider(pool)
	ana := audit.Actor{ID: uuid.New(), Name: "Ana"}
	if _, err := pool.Exec(ctx, `INSERT INTO users (id, email, name, role) VALUES ($1, 'ana@example.com', 'Ana', 'lead')`, ana.ID); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids["voice"][:9] {
		d := review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve, Took: 4 * time.Second}
		if i%3 == 0 {
			d.Verdict, d.Reason = example.Reject, "Something of my own: it rambles"
		}
		if _, err := reviews.Decide(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string) {
		t.Helper()
		d, err := s.Dashboard(ctx, report.View{})
		if err != nil {
			t.Fatal(err)
		}
		b := d.Burnup
		last := len(b.Days) - 1
		if last < 0 || b.All[last] != d.Progress.Total.Total() || b.Approved[last] != d.Progress.Total.Approved || b.Decided[last] != d.Progress.Total.Approved+d.Progress.Total.Rejected {
			t.Errorf("%s: the burn-up ends with %+v, the counters say %+v", when, b, d.Progress.Total)
		}
		if len(d.People) != 1 || d.People[0].Name != "Ana" || d.People[0].Approved != 6 || d.People[0].Rejected != 3 || d.People[0].Typical != 4*time.Second {
			t.Errorf("%s: people = %+v", when, d.People)
		}
		if len(d.Reasons) != 1 || d.Reasons[0] != (report.ReasonFigure{Decisions: 3}) {
			t.Errorf("%s: reasons = %+v", when, d.Reasons)
		}
	}
	check("before folding")
	d, err := s.Dashboard(ctx, report.View{})
	if err != nil || !d.Forecast.Earliest.IsZero() || !strings.HasPrefix(d.Forecast.Words(), "No forecast: there were approvals on 0 of") {
		t.Errorf("forecast after one day = %+v (%s), %v; want none", d.Forecast, d.Forecast.Words(), err)
	}
	if _, err := pool.Exec(ctx, "INSERT INTO status_days SELECT s.* FROM status_days s, generate_series(1, 2100) UNION ALL SELECT dataset_id, day, category, subcategory, source_id, status, -examples, -tokens FROM status_days, generate_series(1, 2100)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Upkeep(ctx); err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM status_days").Scan(&rows); err != nil || rows > 20 {
		t.Errorf("%d rows after folding, %v", rows, err)
	}
	check("after folding")

	// Three weeks of steady work before.
	if _, err := pool.Exec(ctx, `INSERT INTO status_days SELECT $1, (now() AT TIME ZONE 'UTC')::date - g, 'voice_parsing', 'abbreviation', $2, 'approved', 30 + g % 5, 100 FROM generate_series(1, 21) g`, exampletest.Dataset, uuid.New()); err != nil {
		t.Fatal(err)
	}
	if d, err = s.Dashboard(ctx, report.View{Days: 7}); err != nil {
		t.Fatal(err)
	}
	if f := d.Forecast; f.Why != "" || !f.Latest.After(f.Earliest) || f.Pace.Days != 21 || len(d.Burnup.Days) != 7 || d.Burnup.Daily[0] < 30 {
		t.Errorf("forecast = %+v (%s), burn-up %+v", f, f.Words(), d.Burnup)
	}
	one, err := s.Dashboard(ctx, report.View{Source: d.Sources[0].ID})
	if err != nil || one.Progress.Total.Total() == 0 || one.Progress.Total.Total() >= d.Progress.Total.Total() || one.Forecast.Why == "" {
		t.Errorf("one file = %+v, %v", one.Progress.Total, err)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	s, _, _ := spread(t)
	week := report.WeekOf(time.Now())
	d, err := s.Digest(t.Context(), week)
	if err != nil || len(d.Sections) != 4 || d.Over || d.Sections[0].Sentences[0].String() != "67 examples came in." || d.Sections[1].Sentences[0].String() != "Nobody reviewed." {
		t.Errorf("Digest() = %+v, %v", d, err)
	}
	before, err := s.Digest(t.Context(), report.WeekOf(d.From.AddDate(0, 0, -7)))
	if err != nil || !before.Over || before.Sections[0].Sentences[0].String() != "No example came in." || len(before.Categories) != 0 {
		t.Errorf("Digest() of the week before = %+v, %v", before, err)
	}
	for text, monday := range map[string]string{"2026-W01": "2025-12-29", "2026-W47": "2026-11-16", "2020-W53": "2020-12-28"} {
		w, err := report.ParseWeek(text)
		if err != nil || w.Monday().Format(time.DateOnly) != monday {
			t.Errorf("ParseWeek(%q) = %v from %s, %v, want %s", text, w, w.Monday().Format(time.DateOnly), err, monday)
		}
	}
	for _, text := range []string{"", "2026-47", "2026-W54", "2026-W00", "2026-W1", "W47", "2026-W47x"} {
		if _, err := report.ParseWeek(text); !errors.Is(err, fault.Invalid) {
			t.Errorf("ParseWeek(%q) = %v, want invalid", text, err)
		}
	}
}
