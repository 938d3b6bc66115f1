package browsertest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/share"
	"github.com/voicefit/spotter/internal/ui"
)

// TestDashboardForItsManager filters, follows a bar to its examples, prints a slide and
// shares the dashboard with somebody who has no account.
func TestDashboardForItsManager(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		c.Overview = report.New(s.Pool, exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) { return catalog.Default() })
		c.Links = share.New(s.Pool, exampletest.Dataset, nil)
	})
	exampletest.Insert(t, s.Pool, 60, exampletest.Seed{Findings: []exampletest.Finding{{Rule: "voice/rir-rpe", Severity: "error", Message: "They contradict each other."}}})
	exampletest.Insert(t, s.Pool, 25, exampletest.Seed{Status: example.Approved, Conversation: func(i int) example.Conversation { return exampletest.Conversation(300 + i) }})
	tab := s.Open(t, account.PM)
	tab.Go("/")
	tab.Run(`document.querySelector("#days").value = "30"; document.querySelector("#days").form.requestSubmit()`)
	tab.Until(`location.search.includes("days=30") && document.querySelector("#burnup-heading")`)
	for name, path := range map[string]string{"dashboard": "/?epochs=4", "dashboard-slide": "/dashboard/slide", "dashboard-digest": "/digest", "dashboard-share": "/dashboard/share"} {
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			tab.Size(width, 1400)
			for _, scheme := range []string{"light", "dark"} {
				tab.Scheme(scheme)
				tab.Go(path)
				tab.Until(`document.querySelector("h1")`)
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", name, wide, width)
				}
			}
		}
	}
	tab.Size(browsertest.Desktop, 900)
	tab.Go("/")
	tab.Run(`document.querySelector('.chart-wide a[href*="rule=voice"]').dispatchEvent(new MouseEvent("click", {bubbles: true}))`)
	tab.Until(`location.pathname === "/examples" && location.search.includes("rule=voice")`)

	tab.Go("/dashboard/share")
	tab.Run(`document.querySelector("#name").value = "The board"; document.querySelector(".share-form").requestSubmit()`)
	tab.Until(`document.querySelector("#made")`)
	link := tab.Value(`document.querySelector("#made").value`)
	guest := s.Browser(t)
	guest.Go(link[len(s.URL):])
	guest.Until(`document.body?.innerText.includes("This link works until") && document.querySelectorAll(".chart").length > 2`)
	guest.Axe()
	if n := browsertest.Eval[float64](guest, `document.querySelectorAll("a").length`); n != 0 {
		t.Errorf("the shared page has %v links", n)
	}
	if robots := guest.Value(`document.querySelector("meta[name=robots]").content`); robots != "noindex, nofollow" {
		t.Errorf("robots = %q", robots)
	}
	tab.Go("/dashboard/share")
	tab.Run(`document.querySelector(".confirm").open = true; document.querySelector(".confirm form").requestSubmit()`)
	tab.Until(`document.body?.innerText.includes("does not work any more")`)
	guest.Reload()
	guest.Until(`document.body?.innerText.includes("does not work, or no longer")`)
}
