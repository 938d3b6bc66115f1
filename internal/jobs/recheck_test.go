package jobs_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/jobs"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/quality"
)

// TestExamplesAreCheckedAgain has real workers notice that no check was ever
// made with this catalog.
func TestExamplesAreCheckedAgain(t *testing.T) {
	t.Parallel()
	ctx, pool, log := t.Context(), pgtest.New(t), slog.New(slog.DiscardHandler)
	exampletest.Insert(t, pool, 3, exampletest.Seed{Findings: []exampletest.Finding{{Rule: "old/rule", Severity: "error", Message: "x"}}})
	store, err := catalog.OpenStore(ctx, pool, catalog.Default)
	if err != nil {
		t.Fatal(err)
	}
	checks := quality.New(quality.Config{DB: pool, Dataset: store.Dataset(), Catalog: store.CurrentVersion, Log: log})
	workers, err := jobs.NewWorkers(jobs.Config{
		Pool: pool, Log: log, Quality: checks,
		Ingest: ingest.New(ingest.Config{Pool: pool, Dataset: store.Dataset(), Catalog: store.Current}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := workers.Start(ctx); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		last, ok, err := checks.Last(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if ok && !last.Open() {
			if last.State != quality.Done || last.Done != 3 || last.Changed != 3 {
				t.Errorf("the check = %+v", last)
			}
			break
		}
	}
	if err := workers.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	var findings, days int
	if err := pool.QueryRow(ctx, "SELECT (SELECT count(*) FROM findings WHERE rule = 'old/rule'), (SELECT count(*) FROM finding_days)").Scan(&findings, &days); err != nil {
		t.Fatal(err)
	}
	if findings != 0 || days == 0 {
		t.Errorf("%d old findings are left, %d figures of the day are noted", findings, days)
	}
}
