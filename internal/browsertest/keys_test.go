package browsertest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// TestEverywhereByKey walks with the keyboard alone, after signing in: from a queue to
// the inbox, the dashboard and the list, through a search to an example, waives its
// finding with a reason, and comes back to the queue. No address is opened.
func TestEverywhereByKey(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	ids := seedInjuries(t, s, 3)
	tab := s.Open(t, account.Lead)
	const loaded = ` && document.readyState === "complete" && document.querySelector("h1") !== null`
	// to chooses the page by its first letter, pressed until it has the focus.
	to := func(letter, path string) {
		t.Helper()
		tab.Keys("g")
		tab.Until(`document.querySelector("dialog.goto[open]")?.contains(document.activeElement)`)
		for range 8 {
			if tab.Value(`new URL(document.activeElement.href).pathname`) == path {
				break
			}
			tab.Keys(letter)
		}
		tab.Keys(kb.Enter)
		tab.Until(fmt.Sprintf(`location.pathname === %q`, path) + loaded)
	}
	to("r", "/review")
	tab.Until(`document.activeElement?.matches("[data-first] button")`)
	tab.Keys(kb.Enter)
	tab.Until(`location.pathname === "/review/injury_analysis" && document.querySelector(".bench[data-ready]") !== null`)
	// In the list of pages a letter is no verdict, and Esc goes back to the example.
	tab.Keys("g")
	tab.Until(`document.querySelector("dialog.goto[open]")`)
	tab.Axe()
	tab.Screenshot("goto")
	tab.Keys("a" + kb.ArrowDown + kb.ArrowUp + kb.Escape)
	tab.Until(`document.querySelector("dialog.goto") === null`)
	if e := s.Example(t, ids[0]); len(e.Decisions) != 0 {
		t.Errorf("a letter in the list of pages decided: %v", e.Decisions)
	}
	to("i", "/inbox")
	to("d", "/")
	to("e", "/examples")
	tab.Keys("/")
	tab.Until(`document.activeElement?.name === "q"`)
	tab.Keys("Case: 2" + kb.Enter)
	tab.Until(`location.search.includes("Case") && location.hash === "#results"` + loaded)
	for range 30 {
		if browsertest.Eval[bool](tab, `document.activeElement?.matches("a.excerpt") ?? false`) {
			break
		}
		tab.Keys(kb.Tab)
	}
	tab.Keys(kb.Enter)
	tab.Until(`/^\/examples\/[0-9a-f-]{36}$/.test(location.pathname)` + loaded + ` && document.querySelector("#waivers form")`)
	at := strings.TrimPrefix(tab.Value("location.pathname"), "/examples/")
	tab.Keys("w")
	tab.Until(`document.activeElement?.name === "reason"`)
	tab.Keys("The context says why." + kb.Enter)
	tab.Until(`document.querySelector(".flash-success")?.innerText.includes("waived")`)
	var by string
	if err := s.Pool.QueryRow(t.Context(), `SELECT reason FROM waivers WHERE example_id = $1`, at).Scan(&by); err != nil || by != "The context says why." {
		t.Errorf("the waiver says %q, %v", by, err)
	}
	to("r", "/review")
	tab.Keys("?")
	tab.Until(`location.pathname === "/help" && location.hash === "#keys"`)
}

// TestResultsAreShownOnAPhone filters the list on a phone, where the results come into
// sight, and on a desk, where nothing jumps.
func TestResultsAreShownOnAPhone(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	exampletest.Insert(t, s.Pool, 30, exampletest.Seed{})
	tab := s.Open(t, account.Reviewer)
	for _, at := range []struct {
		width, height int64
		moves         bool
	}{{browsertest.Phone, 844, true}, {browsertest.Desktop, 900, false}} {
		tab.Size(at.width, at.height)
		tab.Go("/examples")
		tab.Until(`document.querySelector(".examples") !== null`)
		tab.Run(`document.querySelector("form.filters .button-primary").click()`)
		tab.Until(`location.hash === "#results" && document.readyState === "complete" && document.querySelector("#results .examples") !== null`)
		if at.moves {
			tab.Until(`document.querySelector("#results").getBoundingClientRect().top < innerHeight / 3`)
		} else if y := browsertest.Eval[float64](tab, "scrollY"); y != 0 {
			t.Errorf("on a desk the list jumps to %v", y)
		}
		tab.Screenshot(fmt.Sprintf("results-%d", at.width))
	}
}

// TestTickIsNoWords calls a draft that is only a tick by its name, and lets a number in
// which the form begins be typed over.
func TestTickIsNoWords(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	seedInjuries(t, s, 1)
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/injury_analysis")
	const item = `document.querySelector("article.item:not([hidden])")`
	tab.Until(item + ` && document.querySelector(".bench[data-ready]")`)
	tab.Keys("1")
	tab.Until(item + `.querySelector("[name=checklist]").checked`)
	tab.Reload()
	tab.Until(`document.querySelector("main")?.innerText.includes("What you ticked here before is back.")`)
	tab.Run(item + `.querySelector("h2").focus()`)
	tab.Keys("e")
	tab.Until(`document.activeElement.name?.endsWith("/primary_assessment/confidence")`)
	tab.Keys("0.9")
	if got := tab.Value(`document.activeElement.value`); got != "0.9" {
		t.Errorf("typing 0.9 makes it %q", got)
	}
}

// TestNamesAfterAt completes names in a comment: by arrows and Enter, by Tab, by a click
// and by a finger, says so to a screen reader, and offers nobody who cannot sign in.
func TestNamesAfterAt(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	id := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{Status: example.Pending})[0]
	lea := s.Add(t, account.Lead, "lea@example.com")
	s.Add(t, account.Reviewer, "leo@example.com")
	gone := s.Add(t, account.Reviewer, "lena@example.com")
	if _, err := s.Accounts.Disable(t.Context(), lea.Actor(), gone.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accounts.Invite(t.Context(), lea.Actor(), "lee@example.com", account.Reviewer); err != nil {
		t.Fatal(err)
	}
	tab := s.Open(t, account.Reviewer)
	tab.Go("/examples/" + id.String() + "/comments")
	const field = `document.querySelector("[data-comment-form] textarea")`
	const options = `[...document.querySelectorAll("[data-names] [role=option]")]`
	const chosen = `document.querySelector("[data-names] [aria-selected=true]")`
	tab.Until(field + ` && document.readyState === "complete"`)
	open := func() {
		t.Helper()
		tab.Run(field + `.value = ""; ` + field + `.focus()`)
		tab.Keys("See @le")
		tab.Until(options + `.length > 0`)
	}
	value := func(want string) {
		t.Helper()
		tab.Until(fmt.Sprintf(`%s.value === %q && %s.length === 0 && document.activeElement === %s`, field, want, options, field))
	}
	open()
	if got := tab.Value(options + `.map((o) => o.dataset.insert).sort().join(" ")`); got != "lea@example.com leo@example.com" {
		t.Errorf("@le offers %s; want those who can sign in", got)
	}
	// What a screen reader is told: a list that the field controls, which option is current, how many.
	told := tab.Value(`[` + field + `.getAttribute("aria-autocomplete"), document.getElementById(` + field + `.getAttribute("aria-controls")).getAttribute("role"),
		document.getElementById(` + field + `.getAttribute("aria-controls")).getAttribute("aria-label"), ` + field + `.getAttribute("aria-activedescendant") === ` + chosen + `.id,
		document.querySelector("[data-names] [role=status]").textContent].join("|")`)
	if told != "list|listbox|People you can name|true|2 people. Arrow keys choose, Enter names." {
		t.Errorf("a screen reader is told %q", told)
	}
	tab.Axe()
	first, second := tab.Value(options+`[0].dataset.insert`), tab.Value(options+`[1].dataset.insert`)
	tab.Keys(kb.ArrowDown)
	tab.Until(chosen + ` === ` + options + `[1] && ` + field + `.getAttribute("aria-activedescendant") === ` + options + `[1].id`)
	tab.Keys(kb.ArrowDown) // round to the first
	tab.Until(chosen + ` === ` + options + `[0]`)
	tab.Keys(kb.ArrowUp + kb.Enter)
	value("See @" + second + " ")
	open()
	tab.Keys(kb.Tab)
	value("See @" + first + " ")
	open()
	tab.Keys(kb.Escape)
	value("See @le")
	if tab.Value(field+`.getAttribute("aria-activedescendant") ?? "none"`) != "none" {
		t.Error("after Esc the field still points at a name")
	}
	open()
	tab.Click(`[data-names] [role=option]:nth-child(2)`)
	value("See @" + second + " ")
	tab.Size(browsertest.Phone, 844)
	open()
	tab.Tap(`[data-names] [role=option]:nth-child(1)`)
	value("See @" + first + " ")
	if at := tab.Value("location.pathname"); !strings.HasSuffix(at, "/comments") {
		t.Errorf("the finger pressed what lay under the list too: %s", at)
	}
}
