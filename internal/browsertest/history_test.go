package browsertest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/review"
)

// TestHistoryComparesAndRestores opens the history of an example that was edited twice,
// compares two revisions with the keyboard, word by word, and brings the first one
// back; and looks at the page with axe in both schemes on a desk and a phone.
func TestHistoryComparesAndRestores(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	id := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{})[0]
	tab := s.Open(t, account.Reviewer)
	ana, err := s.Accounts.UserByEmail(t.Context(), "reviewer@example.com")
	if err != nil {
		t.Fatal(err)
	}
	edit := func(revision int, seen example.Status, answer string) {
		t.Helper()
		if _, err := s.Reviews.Decide(t.Context(), review.Decision{
			ExampleID: id, Reviewer: ana.Actor(), Revision: revision, Seen: seen, Verdict: example.Approve,
			Messages: []example.Message{{Role: example.User, Content: "bench 45 for 1"}, {Role: example.Assistant, Content: answer}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	edit(1, example.Pending, `The <b>bar</b> weighs twenty kilos.`)
	edit(2, example.Approved, `The <b>bar</b> weighs fifteen kilos.`)

	path := "/examples/" + id.String() + "/history"
	tab.Go("/examples/" + id.String())
	tab.Run(`[...document.querySelectorAll("a")].find(a => a.textContent.includes("The whole history")).click()`)
	tab.Until(`location.pathname === "` + path + `" && document.readyState === "complete"`)
	tab.Until(`document.querySelectorAll("ol.history > li").length === 3`) // the import and two edits

	// By keyboard: choose revision 2 on the left, 3 is on the right already; compare.
	tab.Run(`document.querySelector("select[name=from]").focus()`)
	tab.Keys("2")
	tab.Keys(kb.Tab)
	tab.Keys("3")
	tab.Keys(kb.Tab)
	tab.Keys(kb.Enter)
	tab.Until(`document.body.innerText.includes("From revision 2 to revision 3")`)
	if got := browsertest.Eval[string](tab, `[...document.querySelectorAll("[aria-labelledby=compare-heading] del")].map(e => e.textContent.trim()).join("|") + " -> " + [...document.querySelectorAll("[aria-labelledby=compare-heading] ins")].map(e => e.textContent.trim()).join("|")`); !strings.Contains(got, "twenty") || !strings.Contains(got, "-> ") || !strings.Contains(got, "fifteen") || strings.Contains(got, "kilos") {
		t.Errorf("the difference is %q, want twenty and fifteen alone", got)
	}
	if browsertest.Eval[bool](tab, `document.querySelector("main b:not(ol b)") !== null && [...document.querySelectorAll("main b")].some(b => b.textContent === "bar")`) {
		t.Error("markup of the dataset became an element")
	}
	for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
		tab.Size(width, 1400)
		for _, scheme := range []string{"light", "dark"} {
			tab.Scheme(scheme)
			tab.Axe()
			tab.Screenshot(fmt.Sprintf("history-%d-%s", width, scheme))
			if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
				t.Errorf("the history is %v px wide in a window of %d", wide, width)
			}
		}
	}
	tab.Size(browsertest.Desktop, 1000)
	tab.Scheme("light")

	// The first revision comes back as a fourth, and waits for review.
	tab.Run(`{ const d = [...document.querySelectorAll("ol.history details")].find(d => d.querySelector("summary").textContent.includes("Bring revision 1 back")); d.open = true; d.querySelector("form button").click(); }`)
	tab.Until(`document.querySelector(".flash-success")`)
	e := s.Example(t, id)
	if e.Revision != 4 || e.Status != "pending" || !strings.Contains(e.Messages, `exercise_name`) {
		t.Errorf("after bringing revision 1 back the example is %+v", e)
	}
	tab.Go(path + "?from=1&to=4")
	tab.Until(`document.body.innerText.includes("They say the same, word for word.")`)
	tab.Go(path + "?from=3&to=4")
	tab.Until(`document.querySelector("[aria-labelledby=compare-heading] ins")`)
	tab.Axe()
}

// TestWhoWasShownIsTold: a lead who has read what a reviewer said of an example reads
// beside the buttons, and after deciding, that the verdict is no independent one.
func TestWhoWasShownIsTold(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	id := seedInjuries(t, s, 1)[0]
	ana := s.Add(t, account.Reviewer, "ana@example.com")
	if _, err := s.Reviews.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: audit.Actor{ID: ana.ID, Name: "Ana"}, Revision: 1, Verdict: example.Approve}); err != nil {
		t.Fatal(err)
	}
	lead := enter(t, s, account.Lead, "lead@example.com")
	// In the queue a lead is as blind as everybody.
	lead.Go("/review/injury_analysis")
	lead.Until(shows(id))
	if text := browsertest.Eval[string](lead, "document.body.innerText"); strings.Contains(text, "approved it") || strings.Contains(text, "does not count as independent") {
		t.Error("in the queue a lead reads what others said")
	}
	lead.Go("/examples/" + id.String())
	lead.Until(`document.body.innerText.includes("approved it")`)
	lead.Go("/review/injury_analysis")
	lead.Until(shows(id) + ` && document.querySelector("[data-informed]")`)
	lead.Axe()
	lead.Screenshot("informed")
	lead.Keys("a")
	lead.Until(`document.body.innerText.includes("does not count as independent")`)
	if e := s.Example(t, id); e.Status != "pending" {
		t.Errorf("with one independent approval and one that is not the example is %s, want pending", e.Status)
	}
}
