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

// TestSampling draws a sample in the browser, reviews its first example there and the
// rest behind it, records the verdict and draws the sample again; and looks at each
// page with axe in both schemes on a desk and a phone.
func TestSampling(t *testing.T) {
	t.Parallel()
	var samples *acceptance.Service
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		work := assign.New(s.Pool, exampletest.Dataset, nil)
		samples = acceptance.New(s.Pool, exampletest.Dataset, work, nil)
		c.Samples, c.Assignments = samples, work
	})
	tab := s.Open(t, account.Lead)
	lead, err := s.Accounts.UserByEmail(t.Context(), "lead@example.com")
	if err != nil {
		t.Fatal(err)
	}
	look := func(name, path, ready string) {
		t.Helper()
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			tab.Size(width, 1400)
			for _, scheme := range []string{"light", "dark"} {
				tab.Scheme(scheme)
				tab.Go(path)
				tab.Until(ready)
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", name, wide, width)
				}
			}
		}
	}
	look("sampling-empty", "/sampling", `document.querySelector(".empty")`)
	ids := exampletest.Insert(t, s.Pool, 300, exampletest.Seed{})
	var run uuid.UUID
	if err := s.Pool.QueryRow(t.Context(), `SELECT import_id FROM examples WHERE id = $1`, ids[0]).Scan(&run); err != nil {
		t.Fatal(err)
	}
	for _, plan := range acceptance.Plans() {
		look("sampling-new-"+string(plan), "/sampling/new?plan="+string(plan)+"&batch=import:"+run.String(), `document.querySelector(".curve")`)
	}

	tab.Size(browsertest.Desktop, 1000)
	tab.Scheme("light")
	tab.Go("/sampling")
	tab.Run(`document.querySelector(".empty a").click()`)
	tab.Until(`location.pathname === "/sampling/new" && document.readyState === "complete"`)
	tab.Run(`[...document.querySelectorAll(".sample-kinds a")].find(a => a.textContent.includes("ISO")).click()`)
	tab.Until(`document.querySelector("[name=aql]")`)
	tab.Run(`{ const b = document.querySelector("[name=batch]"); b.value = "import:` + run.String() + `"; b.dispatchEvent(new Event("change", {bubbles: true})); }`)
	tab.Until(`document.querySelector("#sample-preview").innerText.includes("Review 50 examples")`) // letter H, by itself
	tab.Run(`{ const a = document.querySelector("[name=aql]"); a.value = "4"; a.dispatchEvent(new Event("change", {bubbles: true})); }`)
	tab.Until(`document.querySelector("#sample-preview").innerText.includes("at most 5 defects")`)
	tab.Run(`document.querySelector("form.sample-form .button-primary").click()`)
	tab.Until(`document.querySelector("#name-problem")`) // a name is missing; what was chosen stays
	if got := browsertest.Eval[string](tab, `document.querySelector("[name=aql]").value + " " + document.querySelector("[name=batch]").value`); got != "4 import:"+run.String() {
		t.Errorf("after a mistake the form says %q", got)
	}
	tab.Run(`document.querySelector("[name=name]").value = "July import"; document.querySelector("form.sample-form .button-primary").click()`)
	tab.Until(`location.pathname.startsWith("/sampling/0") && document.readyState === "complete"`)
	path := browsertest.Eval[string](tab, "location.pathname")
	id := uuid.MustParse(strings.TrimPrefix(path, "/sampling/"))
	look("sampling-open", path, `document.querySelector("#items")`)

	// The reviewer's way to the sample's own queue.
	tab.Size(browsertest.Desktop, 1000)
	tab.Run(`[...document.querySelectorAll("a")].find(a => a.textContent.includes("Review the sample")).click()`)
	tab.Until(`location.pathname.startsWith("/review/assigned/") && document.readyState === "complete"`)

	sample, err := samples.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	items, err := samples.Items(t.Context(), sample, 0, acceptance.MaxLimit)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		d := review.Decision{ExampleID: i.ExampleID, Reviewer: lead.Actor(), Revision: i.Revision, Verdict: example.Approve}
		if i.Ordinal%8 == 0 {
			d.Verdict, d.Reason = example.Reject, "Not how a coach talks."
		}
		if _, err := s.Reviews.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	look("sampling-fails", path, `document.querySelector("[name=note]")`)
	tab.Size(browsertest.Desktop, 1000)
	tab.Go(path)
	tab.Run(`document.querySelector("[name=note]").value = "Too many numbers nobody said."`)
	tab.Run(`[...document.querySelectorAll("button")].find(b => b.textContent.includes("Reject the batch")).click()`)
	tab.Until(`document.querySelector(".flash-success") && document.body.innerText.includes("The batch was rejected")`)
	tab.Run(`[...document.querySelectorAll("a")].find(a => a.textContent.includes("Draw it again")).click()`)
	tab.Until(`document.body.innerText.includes("Drawn again: the same 50 examples")`)
	look("sampling-rejected", path, `document.querySelector("#items")`)
	look("sampling-list", "/sampling", `document.querySelector(".table")`)
}
