package browsertest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui"
)

// TestSeriesAndAudit draws two batches of one series by the form, has both rejected, and
// finds the third under tightened inspection; then audits approved work in its own queue,
// by key, with what is left counted.
func TestSeriesAndAudit(t *testing.T) {
	t.Parallel()
	var samples *acceptance.Service
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		work := assign.New(s.Pool, exampletest.Dataset, nil)
		samples = acceptance.New(s.Pool, exampletest.Dataset, work, nil)
		c.Samples, c.Assignments = samples, work
	})
	tab := s.Open(t, account.Lead)
	bo := s.Add(t, account.Reviewer, "bo@example.com")
	batch := func(n int) (ids []uuid.UUID, key string) {
		t.Helper()
		ids = exampletest.Insert(t, s.Pool, 20, exampletest.Seed{Conversation: func(i int) example.Conversation { return exampletest.Conversation(1000*n + i) }})
		var run uuid.UUID
		if err := s.Pool.QueryRow(t.Context(), `SELECT import_id FROM examples WHERE id = $1`, ids[0]).Scan(&run); err != nil {
			t.Fatal(err)
		}
		return ids, "import:" + run.String()
	}
	draw := func(plan, key, fill string) string {
		t.Helper()
		tab.Go("/sampling/new?plan=" + plan + "&batch=" + key)
		tab.Until(`document.querySelector("form.sample-form [name=name]") && document.readyState === "complete"`)
		tab.Run(`document.querySelector("[name=name]").value = "Lot"; ` + fill)
		tab.Axe()
		tab.Run(`document.querySelector("form.sample-form .button-primary").click()`)
		tab.Until(`location.pathname.startsWith("/sampling/0") && document.readyState === "complete"`)
		return tab.Value("location.pathname")
	}
	const series = `document.querySelector("[name=series]").value = "Maker"`
	for n := range 2 {
		_, key := batch(n)
		path := draw("iso", key, series)
		tab.Until(`document.querySelector("main")?.innerText.includes("normal inspection")`)
		one, err := samples.Get(t.Context(), uuid.MustParse(strings.TrimPrefix(path, "/sampling/")))
		if err != nil {
			t.Fatal(err)
		}
		items, err := samples.Items(t.Context(), one, 0, acceptance.MaxLimit)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if _, err := s.Reviews.Decide(t.Context(), review.Decision{ExampleID: i.ExampleID, Reviewer: bo.Actor(), Revision: 1, Verdict: example.Reject, Reason: "Not said."}); err != nil {
				t.Fatal(err)
			}
		}
		tab.Go(path)
		tab.Run(`[...document.querySelectorAll("button")].find(b => b.textContent.includes("Reject the batch")).click()`)
		tab.Until(`document.body.innerText.includes("The batch was rejected")`)
	}
	ids, key := batch(2)
	draw("iso", key, series)
	tab.Until(`document.querySelector("main")?.innerText.includes("tightened inspection")`)
	tab.Axe()

	// An audit of what Bo approved: its queue is a queue like any other.
	for _, id := range ids {
		if _, err := s.Reviews.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: bo.Actor(), Revision: 1, Verdict: example.Approve}); err != nil {
			t.Fatal(err)
		}
	}
	path := draw("zero", key, `document.querySelector("[name=scope]").value = "approved"`)
	one, err := samples.Get(t.Context(), uuid.MustParse(strings.TrimPrefix(path, "/sampling/")))
	if err != nil {
		t.Fatal(err)
	}
	tab.Run(`[...document.querySelectorAll("a")].find(a => a.textContent.includes("Review the sample")).click()`)
	tab.Until(`location.pathname.startsWith("/review/assigned/") && document.readyState === "complete"`)
	tab.Run(`document.querySelector("main form[action='/review/claim']")?.requestSubmit()`)
	tab.Until(current + ` && document.querySelector(".bench[data-ready]") && document.querySelector("main")?.innerText.includes("Audit: Lot")`)
	if text := tab.Value("document.body.innerText"); strings.Contains(text, "approved it") {
		t.Error("the audit's queue shows the first verdict")
	}
	tab.Axe()
	tab.Screenshot("audit-queue")
	tab.Keys("a")
	tab.Until(fmt.Sprintf(`document.querySelector("[data-position]").textContent === "1 of %d" && %s`, one.N, saved))
	tab.Keys("r")
	tab.Until(current + `.querySelector("[data-panel=reject]").open`)
	tab.Keys("1")
	tab.Until(fmt.Sprintf(`document.querySelector("[data-position]").textContent === "2 of %d" && %s`, one.N, saved))
	if r, err := samples.Progress(t.Context(), one); err != nil || r.Good != 1 || r.Reviewed != 1 {
		t.Errorf("after one yes and one no: %+v, %v; want the no to wait for a lead", r, err)
	}
}
