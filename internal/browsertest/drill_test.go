package browsertest_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui"
)

// TestNumbersLeadToTheirExamples clicks numbers of the dashboard and counts the rows
// of the list that each leads to, page by page.
func TestNumbersLeadToTheirExamples(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		c.Overview = report.New(s.Pool, exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) { return catalog.Default() })
	})
	ids := exampletest.Insert(t, s.Pool, 90, exampletest.Seed{})
	who := uuid.New()
	if _, err := s.Pool.Exec(t.Context(), `INSERT INTO users (id, email, name, role) VALUES ($1, 'mila@example.com', 'Mila <b>', 'reviewer')`, who); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids[:75] {
		verdict, reason := "approve", ""
		if i >= 12 {
			verdict, reason = "reject", "It rambles: number "+strconv.Itoa(i)
		}
		if _, err := s.Pool.Exec(t.Context(), `
			INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, reason, status_before, status_after, request_key)
			VALUES ($1, $2, $3, $4, 1, $5, $6, 'pending', 'pending', $2::uuid::text)`, exampletest.Dataset, uuid.Must(uuid.NewV7()), id, who, verdict, reason); err != nil {
			t.Fatal(err)
		}
	}
	tab := s.Open(t, account.PM)
	for name, link := range map[string]string{
		"decided by a person": `[...document.querySelectorAll("table a")].find(a => a.href.includes("reviewer=") && !a.href.includes("verdict"))`,
		"rejected by them":    `[...document.querySelectorAll("table a")].find(a => a.href.includes("reviewer=") && a.href.includes("verdict=reject"))`,
		"approved today":      `[...document.querySelectorAll(".chart-table td a")].find(a => a.href.includes("verdict=approve") && a.href.includes("since="))`,
		"what cost is of":     `[...document.querySelectorAll("small a")].find(a => a.textContent.includes("approved example"))`,
	} {
		tab.Go("/?days=7")
		tab.Until(`document.querySelector("#people-heading")`)
		tab.Run(`document.querySelectorAll("details").forEach(d => d.open = true)`)
		said := strings.Fields(tab.Value(link + ".textContent"))[0]
		want, err := strconv.Atoi(strings.ReplaceAll(said, ",", ""))
		if err != nil {
			t.Fatalf("%s: the number is %q", name, said)
		}
		tab.Run(link + ".click()")
		tab.Until(`location.pathname === "/examples" && document.querySelector("h1")`)
		if name != "what cost is of" {
			tab.Until(`document.querySelector(".filter-chips a")`)
			tab.Screenshot("drill-" + strings.ReplaceAll(name, " ", "-"))
			tab.Axe()
		}
		rows := 0
		for page := range 20 {
			rows += int(browsertest.Eval[float64](tab, `document.querySelectorAll("table.examples tbody tr").length`))
			next := tab.Value(`document.querySelector("a[rel=next]")?.getAttribute("href") ?? ""`)
			if next == "" {
				break
			}
			tab.Go(next)
			tab.Until(fmt.Sprintf("document.readyState === 'complete' && %d > 0", page+1))
		}
		if rows != want {
			t.Errorf("%s: the number is %d, its list has %d rows", name, want, rows)
		}
	}
	// The bar of a reason leads there too, and a chip leads back.
	tab.Go("/")
	tab.Until(`document.querySelector("#reasons-heading")`)
	tab.Run(`document.querySelector('.chart-wide a[href*="reason=own-words"]').dispatchEvent(new MouseEvent("click", {bubbles: true}))`)
	tab.Until(`location.pathname === "/examples" && document.querySelectorAll(".filter-chips a").length === 2`)
	tab.Run(`[...document.querySelectorAll(".filter-chips a")].find(a => a.textContent.includes("Rejected: In words")).click()`)
	tab.Until(`location.pathname === "/examples" && !location.search.includes("reason=") && location.search.includes("verdict=reject")`)
}
