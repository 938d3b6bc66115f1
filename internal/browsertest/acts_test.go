package browsertest_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ui"
)

// actSite is a site with acts on many examples.
func actSite(t *testing.T) (*browsertest.Site, *bulk.Service) {
	t.Helper()
	var acts *bulk.Service
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		acts = bulk.New(bulk.Config{
			DB: s.Pool, Dataset: exampletest.Dataset, Browse: browse.New(s.Pool, exampletest.Dataset), Review: s.Reviews,
			Assign: assign.New(s.Pool, exampletest.Dataset, nil), Log: slog.New(slog.DiscardHandler),
			Catalog: func(context.Context) (*catalog.Catalog, error) { return catalog.Default() },
		})
		c.Acts = acts
	})
	return s, acts
}

// looker visits a page on a desk and on a phone, in light and dark, with axe.
func looker(t *testing.T, tab *browsertest.Tab) func(name, path, ready string) {
	return func(name, path, ready string) {
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
			if width != browsertest.Phone {
				continue
			}
			for _, small := range browsertest.Eval[[]string](tab, `[...document.querySelectorAll(':is(.acts-bar button, .acts-bar select, .choose label)')].filter((e) => e.checkVisibility())
				.map((e) => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width < 44 || r.height < 44).map(([e, r]) => e.textContent.trim() + " " + r.width + "x" + r.height)`) {
				t.Errorf("%s: on a phone this is smaller than 44 px: %s", name, small)
			}
		}
		tab.Size(browsertest.Desktop, 1000)
		tab.Scheme("light")
	}
}

// actOf is the act whose page is open.
func actOf(t *testing.T, tab *browsertest.Tab) uuid.UUID {
	t.Helper()
	id, err := uuid.Parse(strings.TrimPrefix(tab.Value("location.pathname"), "/acts/"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestActOnExamplesOfTwoPages ticks examples on two pages of the list, looks what a
// rejection would do, does it, and takes it back.
func TestActOnExamplesOfTwoPages(t *testing.T) {
	t.Parallel()
	s, acts := actSite(t)
	ids := exampletest.Insert(t, s.Pool, 70, exampletest.Seed{})
	tab := s.Open(t, account.Lead)
	look := looker(t, tab)
	const said = `document.querySelector("[data-said]").textContent`

	tab.Go("/examples")
	tab.Until(said + ` === "None chosen" && !document.querySelector("[data-tools]").hidden`)
	// A tick, and everything from it to another with Shift.
	tab.Run(`const boxes = document.querySelectorAll(".choose input"); boxes[1].click(); boxes[4].dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, shiftKey: true}))`)
	tab.Until(said + ` === "4 chosen"`)
	tab.Run(`document.querySelector(".pager a[rel=next]").click()`)
	tab.Until(`location.search.includes("cursor") && document.readyState === "complete" && ` + said + ` === "4 chosen, 4 on other pages"`)
	tab.Run(`document.querySelectorAll(".choose input")[2].click()`)
	tab.Until(said + ` === "5 chosen, 4 on other pages"`)
	look("acts-choosing", tab.Value("location.pathname + location.search"), said+` === "5 chosen, 4 on other pages"`)
	look("acts-choosing-first", "/examples", `document.querySelectorAll(".choose input:checked").length === 4 && `+said+` === "5 chosen, 1 on other pages"`)

	tab.Run(`document.querySelector("#act-kind").value = "reject"; document.querySelector("#acts button[value=chosen]").click()`)
	tab.Until(`location.pathname.startsWith("/acts/") && document.querySelector("[name=reason]")`)
	id := actOf(t, tab)
	at := "/acts/" + id.String()
	tab.Run(`document.querySelector(".acts-form button").click()`)
	tab.Until(`document.querySelector("#reason-problem")`) // a rejection needs a reason
	look("acts-asks", at, `document.querySelector("[name=reason]")`)
	tab.Run(`document.querySelector("[name=reason]").value = "made by the old generator"; document.querySelector(".acts-form button").click()`)
	tab.Until(`document.querySelector(".acts-sentence")?.textContent === "Will reject 5 examples."`)
	look("acts-preview", at, `document.querySelector(".acts-forecast")`)
	if e := s.Example(t, ids[1]); e.Status != "pending" {
		t.Errorf("looking made an example %s", e.Status)
	}
	tab.Run(`document.querySelector(".acts-forecast form button").click()`)
	tab.Until(`document.querySelector("#act-progress")?.innerText.includes("It waits for its turn.")`)
	if err := acts.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	tab.Until(`document.querySelector("h1")?.textContent === "Rejected 5 examples"`) // by itself
	if kept := tab.Value(`sessionStorage.getItem("spotter.chosen") ?? ""`); kept != "" {
		t.Errorf("after the act %s is still chosen", kept)
	}
	look("acts-result", at, `document.querySelector("#items tbody tr")`)
	rejected := 0
	for _, one := range ids {
		if s.Example(t, one).Status == "rejected" {
			rejected++
		}
	}
	if rejected != 5 {
		t.Errorf("%d examples are rejected, want the 5 that were ticked", rejected)
	}
	look("acts-list", "/acts", `document.querySelector(".table")`)

	tab.Go(at)
	tab.Run(`[...document.querySelectorAll("main button, main summary")].find((e) => e.textContent.includes("Undo all of it")).click()`)
	tab.Until(`document.querySelector("form[action$='/undo'] button").checkVisibility()`)
	tab.Axe()
	tab.Run(`document.querySelector("form[action$='/undo'] button").click()`)
	tab.Until(`document.querySelector("#act-progress progress")`)
	if err := acts.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	tab.Until(`document.querySelector("#act-progress")?.innerText.includes(": 5 of 5, 5 taken back.")`)
	look("acts-undone", at, `document.querySelector("#items tbody tr")`)
	for _, one := range ids {
		if e := s.Example(t, one); e.Status != "pending" {
			t.Errorf("after the undo an example is %s", e.Status)
		}
	}
}

// hostile is text that wants to be markup, in the words of an athlete.
const hostile = `bench 45 <img src=x onerror="document.title='owned'"> </span><script>document.title="owned"</script> & <|eot_id|> ` + "\u202egnp.kg"

// TestReplaceHostileText replaces by a regular expression in text that is markup,
// and looks at the difference.
func TestReplaceHostileText(t *testing.T) {
	t.Parallel()
	s, acts := actSite(t)
	ids := exampletest.Insert(t, s.Pool, 3, exampletest.Seed{Conversation: func(i int) example.Conversation {
		c := exampletest.Conversation(i)
		c.Messages[0].Content = fmt.Sprintf("%d. %s", i, hostile)
		return c
	}})
	tab := s.Open(t, account.Lead)
	look := looker(t, tab)
	tab.Go("/examples")
	tab.Until(`!document.querySelector("[data-tools]").hidden`)
	tab.Run(`document.querySelector("#act-kind").value = "replace"; document.querySelector("#acts button[value=all]").click()`)
	tab.Until(`location.pathname.startsWith("/acts/") && document.querySelector("[name=find]")`)
	id := actOf(t, tab)
	at := "/acts/" + id.String()
	tab.Run(`document.querySelector("[name=find]").value = "bench (\\d+"; document.querySelector("[name=regexp]").click(); document.querySelector(".acts-form button").click()`)
	tab.Until(`document.querySelector("#find-problem")`) // the bracket is open
	look("acts-replace-asks", at, `document.querySelector("[name=find]")`)
	tab.Run(`document.querySelector("[name=find]").value = "bench (\\d+) <img"; document.querySelector("[name=with]").value = "bench ${1} kg <b onclick=alert(1)>";
		if (!document.querySelector("[name=regexp]").checked) document.querySelector("[name=regexp]").click(); document.querySelector(".acts-form button").click()`)
	tab.Until(`document.querySelectorAll(".acts-diff").length === 3`)
	look("acts-diff", at, `document.querySelectorAll(".acts-diff").length === 3`)
	if got := tab.Value(`document.querySelector(".acts-diff ins").innerText`); !strings.Contains(got, "bench 45 kg <b onclick=alert(1)>") {
		t.Errorf("what it becomes reads %q", got)
	}
	if got := tab.Value(`document.querySelector(".acts-diff del").innerText`); !strings.Contains(got, "bench 45 <img") {
		t.Errorf("what it was reads %q", got)
	}
	if n := browsertest.Eval[int](tab, `document.querySelectorAll("main :is(img, script, b[onclick])").length`); n != 0 || tab.Value("document.title") == "owned" {
		t.Errorf("text became %d elements; the title is %q", n, tab.Value("document.title"))
	}
	if text := tab.Value(`document.querySelector(".acts-diff").innerText`); strings.Contains(text, "\u202e") {
		t.Errorf("the text can turn around what is after it: %q", text)
	}
	tab.Run(`document.querySelector(".acts-forecast form button").click()`)
	tab.Until(`document.querySelector("#act-progress")`)
	if err := acts.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	tab.Until(`document.querySelector("h1")?.textContent === "Replaced words in 3 examples"`)
	look("acts-replaced", at, `document.querySelector("#items tbody tr")`)
	for _, one := range ids {
		if e := s.Example(t, one); e.Revision != 2 || !strings.Contains(e.Messages, "bench 45 kg ") {
			t.Errorf("example = %+v", e)
		}
	}
}
