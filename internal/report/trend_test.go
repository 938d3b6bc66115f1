package report_test

import (
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/report"
)

// TestTrends notes figures on one day and other ones on the next, and reads them of
// everything, of a category and of a file.
func TestTrends(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	bad, odd := seedQuality(t, pool)
	s := report.New(pool, exampletest.Dataset, priced)
	checks := quality.New(quality.Config{DB: pool, Dataset: exampletest.Dataset, Log: slog.New(slog.DiscardHandler)})
	note := func() {
		t.Helper()
		for range 2 { // the second time says the same
			if err := checks.Upkeep(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	note()
	for _, table := range []string{"finding_days", "finding_category_days", "source_days"} {
		if _, err := pool.Exec(ctx, "UPDATE "+table+" SET day = day - 3"); err != nil {
			t.Fatal(err)
		}
	}
	var file, other uuid.UUID
	for id, to := range map[uuid.UUID]*uuid.UUID{bad[0]: &file, odd[0]: &other} {
		if err := pool.QueryRow(ctx, `SELECT source_id FROM examples WHERE id = $1`, id).Scan(to); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(ctx, `UPDATE examples SET errors = 0 WHERE id = $1`, bad[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `DELETE FROM findings WHERE example_id = $1`, bad[0]); err != nil {
		t.Fatal(err)
	}
	note()
	for _, tt := range []struct {
		name         string
		of           report.TrendScope
		severity     lint.Severity
		days         int
		before, then int64
	}{
		{"everything", report.TrendScope{}, lint.Error, 2, 8, 6},
		{"a category", report.TrendScope{Category: "voice_parsing"}, lint.Error, 2, 8, 6},
		{"another", report.TrendScope{Category: "ai_coach"}, lint.Warning, 2, 6, 6},
		{"none", report.TrendScope{Category: "dance"}, lint.Error, 0, 0, 0},
		{"a file", report.TrendScope{Source: file}, lint.Error, 4, 4, 3},
		{"a file in which nothing changed", report.TrendScope{Source: other}, lint.Warning, 4, 6, 6},
	} {
		days, err := s.Trend(ctx, 90, tt.of)
		if err != nil || len(days) != tt.days {
			t.Errorf("%s: %+v, %v; want %d days", tt.name, days, err, tt.days)
			continue
		}
		if tt.days > 0 && (days[0].Wrong[tt.severity] != tt.before || days[len(days)-1].Wrong[tt.severity] != tt.then) {
			t.Errorf("%s: %+v, want %d and then %d", tt.name, days, tt.before, tt.then)
		}
	}
	// Looked at from later than what was noted, a file goes on from its last note.
	if days, err := s.Trend(ctx, 2, report.TrendScope{Source: other}); err != nil || len(days) != 2 || days[0].Wrong[lint.Warning] != 6 {
		t.Errorf("two days of a file = %+v, %v", days, err)
	}
}
