package browsertest_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// TestPeopleWorkTogether walks from an assignment through a comment in the queue
// to the inbox of whoever was named, and looks at every page with axe.
func TestPeopleWorkTogether(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	ids := exampletest.Insert(t, s.Pool, 3, exampletest.Seed{})
	lead := s.Add(t, account.Lead, "lead@example.com")
	work := assign.New(s.Pool, exampletest.Dataset, nil)
	id, err := work.Give(t.Context(), audit.Actor{ID: lead.ID, Name: lead.Name}, assign.Plan{
		Scope: assign.Scope{Examples: ids[:2], Title: "Two to look at"}, Everybody: true, Note: "Mind the weights.",
	})
	if err != nil {
		t.Fatal(err)
	}

	tab := s.Open(t, account.Reviewer)
	tab.Go("/review")
	tab.Until(`document.querySelector("#assigned")?.innerText.includes("Two to look at")`)
	tab.Axe()
	tab.Run(`document.querySelector("#assigned form").requestSubmit()`)
	tab.Until(fmt.Sprintf(`location.pathname === "/review/assigned/%s" && %s !== null`, id, current))

	// A name is completed, and Ctrl+Enter sends the comment without deciding.
	tab.Until(`document.activeElement === ` + current + `.querySelector("h2")`) // the script has begun
	field := current + `.querySelector("[data-comment-form] textarea")`
	tab.Run(field + `.focus()`)
	tab.Keys("is this right, @lead")
	tab.Until(current + `.querySelector("[role=option]") !== null`)
	tab.Keys(kb.Enter)
	tab.Until(field + `.value.includes("@lead@example.com ")`)
	tab.Axe()
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(current + `.querySelector(".comment-list")?.innerText.includes("is this right")`)
	if e := s.Example(t, ids[0]); len(e.Decisions) != 0 {
		t.Errorf("sending a comment decided the example: %v", e.Decisions)
	}
	tab.Axe()
	first := tab.Value(current + `.dataset.exampleId`)
	tab.Run(current + `.querySelector("h2").focus()`)
	tab.Keys("a")
	tab.Until(current + `.dataset.exampleId !== "` + first + `" && ` + saved)

	boss := s.Browser(t)
	boss.Go("/login")
	boss.SignIn("lead@example.com")
	for _, page := range []struct{ name, path, ready string }{
		{"inbox", "/inbox", `document.querySelector(".inbox .is-unread")`},
		{"assignments", "/assignments", `document.querySelector(".assignment-progress")`},
		{"assignment", "/assignments/" + id.String(), `document.querySelector(".who")`},
		{"assign", "/assignments/new", `document.querySelector(".who")`},
		{"comments", "/examples/" + first + "/comments", `document.querySelector(".comment-list")`},
		{"history", "/examples/" + first + "/history", `document.querySelector(".history")`},
		{"names", "/names", `document.querySelector(".hints")`},
		{"activity", "/people/" + lead.ID.String() + "/activity", `document.querySelector("main")`},
		{"record", "/audit", `document.querySelector(".table")`},
	} {
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			for _, scheme := range []string{"light", "dark"} {
				boss.Size(width, 900)
				boss.Scheme(scheme)
				boss.Go(page.path)
				boss.Until(page.ready + " !== null")
				boss.Axe()
				boss.Screenshot(fmt.Sprintf("%s-%d-%s", page.name, width, scheme))
				if wide := browsertest.Eval[float64](boss, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", page.name, wide, width)
				}
			}
		}
	}
	boss.Go("/inbox")
	boss.Run(`document.querySelector(".inbox button[name=go]").click()`)
	boss.Until(`location.pathname === "/examples/` + first + `" && document.querySelector("#comments") !== null`)
	if got := boss.Value(`document.querySelector("a[href='/inbox'] .nav-count")?.textContent ?? ""`); got != "" {
		t.Errorf("the navigation still counts %q", got)
	}
}
