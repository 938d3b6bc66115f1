package browsertest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui"
)

// TestSlideFitsOnePage prints the slide, with every chart full and every platform in its
// table, and counts pages; the dashboard prints without blank ones.
func TestSlideFitsOnePage(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		c.Overview = report.New(s.Pool, exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) { return catalog.Default() })
	})
	var findings []exampletest.Finding
	for _, rule := range []string{"text/refusal", "json/schema", "text/placeholder", "structure/empty", "voice/rir-rpe", "privacy/contact", "tokens/too-long"} {
		findings = append(findings, exampletest.Finding{Rule: rule, Severity: "error", Message: "It is wrong."})
	}
	exampletest.Insert(t, s.Pool, 40, exampletest.Seed{Findings: findings})
	exampletest.Insert(t, s.Pool, 30, exampletest.Seed{Category: "ai_coach", Subcategory: "technique", Status: example.Approved, Conversation: func(i int) example.Conversation { return exampletest.Conversation(300 + i) }})
	tab := s.Open(t, account.PM)
	for _, scheme := range []string{"light", "dark"} {
		tab.Scheme(scheme)
		tab.Go("/dashboard/slide")
		tab.Until(`document.querySelectorAll(".chart").length > 2`)
		file, pages := tab.PDF("slide-" + scheme)
		if pages != 1 || !strings.Contains(string(file), "/MediaBox [0 0 960 540]") {
			t.Errorf("in %s the slide has %d pages, or another size than 16:9", scheme, pages)
		}
	}
	// The week fits one page, and leaves out what only leads somewhere.
	tab.Go("/digest")
	tab.Until(`document.querySelectorAll(".digest a").length > 3`)
	if _, pages := tab.PDF("digest"); pages != 1 {
		t.Errorf("the week in words has %d pages", pages)
	}
	tab.Go("/")
	tab.Until(`document.querySelector("#cost-heading")`)
	if _, pages := tab.PDF("dashboard"); pages < 1 || pages > 6 {
		t.Errorf("the dashboard has %d pages", pages)
	}
}
