package browsertest_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui"
)

// TestQualityIsAccessible looks at the quality page and at waivers with axe, in
// light and dark, on a desk and on a phone, and leaves pictures behind.
func TestQualityIsAccessible(t *testing.T) {
	t.Parallel()
	var checks *quality.Service
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		current := func(context.Context) (*catalog.Catalog, int, error) {
			c, err := catalog.Default()
			return c, 1, err
		}
		checks = quality.New(quality.Config{DB: s.Pool, Dataset: exampletest.Dataset, Catalog: current, Log: slog.New(slog.DiscardHandler)})
		c.Quality = report.New(s.Pool, exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) { return catalog.Default() })
		c.Rechecks = checks
	})
	tab := s.Open(t, account.Admin)
	look := func(name, path, ready string) {
		t.Helper()
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			tab.Size(width, 1400)
			for _, scheme := range []string{"light", "dark"} {
				tab.Scheme(scheme)
				tab.Go(path)
				tab.Until(ready)
				tab.Run(`(` + ready + `).scrollIntoView()`)
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", name, wide, width)
				}
			}
		}
	}
	look("quality-empty", "/quality", `document.querySelector(".empty")`)

	ids := seedInjuries(t, s, 30)
	exampletest.Insert(t, s.Pool, 400, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "voice/unsupported-number", Severity: "error", Message: "The weight was never said.", Path: "/messages/1/content/weight"},
		{Rule: "duplicate/near", Severity: "warning", Message: "Like another."},
	}})
	exampletest.Insert(t, s.Pool, 900, exampletest.Seed{
		Status: example.Approved, Conversation: func(i int) example.Conversation { return exampletest.Conversation(1000 + i) },
	})
	if _, err := s.Pool.Exec(t.Context(), `INSERT INTO finding_days SELECT $1, (now() AT TIME ZONE 'UTC')::date - 5, 'voice/unsupported-number', 'error', 412, 412`, exampletest.Dataset); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reviews.Waive(t.Context(), review.Waiving{
		ExampleID: ids[0], By: audit.Actor{Name: "Ana Lead"}, Revision: 1, Rule: "injury/confidence-band",
		Path: "/messages/2/content/primary_assessment/confidence", Reason: "The picture is unusually clear: sudden pop, bruising, loss of strength.",
	}); err != nil {
		t.Fatal(err)
	}
	id, _, err := checks.Due(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pool.Exec(t.Context(), `UPDATE recheck_runs SET state = 'running', heartbeat_at = clock_timestamp(), total = 1330, done = 500, changed = 12 WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	look("quality", "/quality", `document.querySelector("h1")`)
	look("quality-lengths", "/quality", `document.querySelector("#lengths")`)
	tab.Size(browsertest.Desktop, 900)
	tab.Run(`window.was = document.querySelector("#recheck").innerText`)
	if _, err := s.Pool.Exec(t.Context(), `UPDATE recheck_runs SET done = 1000 WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	tab.Until(`document.querySelector("#recheck").innerText.includes("1,000 of 1,330")`) // by itself
	look("waivers", "/examples/"+ids[0].String(), `document.querySelector("#waivers")`)
}
