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

// enter signs somebody in of whom there may be several in one role.
func enter(t *testing.T, s *browsertest.Site, role account.Role, email string) *browsertest.Tab {
	t.Helper()
	s.Add(t, role, email)
	tab := s.Browser(t)
	tab.Go("/login")
	tab.SignIn(email)
	return tab
}

// Two people open one example on purpose: the one who is second is told, and
// keeps every word.
func TestTwoBrowsersCollide(t *testing.T) {
	t.Parallel()
	s, ana, ids := bench(t, 3, "")
	bo := enter(t, s, account.Reviewer, "bo@example.com")
	bo.Go("/examples")
	bo.Until(`document.querySelector("main")?.innerText.includes("held by Ana")`)
	bo.Go("/examples/" + ids[0].String())
	bo.Until(`document.querySelector(".holder")?.innerText.includes("has taken it just now")`)
	editAsJSON(bo)
	rewrite(bo, `{"exercise_name":"Row"}`)
	bo.Keys(kb.Enter, kb.ModifierCtrl)
	bo.Until(notices + `.includes("Somebody else is working on this example now")`)
	ana.Keys("a")
	ana.Until(shows(ids[1]) + " && " + saved)
	// It is approved meanwhile: what Bo saw is not what is there.
	bo.Run(answer + ".focus()")
	bo.Keys(kb.Enter, kb.ModifierCtrl)
	bo.Until(notices + `.includes("This example is approved by now")`)
	if got := bo.Value(answer + ".value"); got != `{"exercise_name":"Row"}` {
		t.Errorf("after two refusals the field holds %q", got)
	}
	if e := s.Example(t, ids[0]); e.Status != "approved" || e.Revision != 1 || len(e.Decisions) != 1 {
		t.Errorf("example = %+v, want one approval at revision 1", e)
	}
}

// The server dies while somebody types; when it is back, so are the words.
func TestServerDiesWhileTyping(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 3, "")
	editAsJSON(tab)
	rewrite(tab, `{"exercise_name":`)
	s.Kill()
	tab.Keys(`"Row"}`)
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[0]) + ` && ` + notices + `.includes("Not saved: there is no connection")`)
	s.Revive(t)
	tab.Reload() // as if the browser had been closed too
	tab.Until(shows(ids[0]) + ` && document.querySelector(".bench").hasAttribute("data-ready")`)
	tab.Until(answer + `?.value === '{"exercise_name":"Row"}'`)
	tab.Run(answer + ".focus()")
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[1]) + " && " + saved)
	if e := s.Example(t, ids[0]); e.Status != "approved" || e.Revision != 2 || !strings.Contains(e.Messages, `{\"exercise_name\":\"Row\"}`) {
		t.Errorf("example = %+v", e)
	}
}

// Two coaches disagree on an injury answer; a lead settles it with the keyboard.
func TestDisagreementIsSettled(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	ids := seedInjuries(t, s, 1)
	ana, bo, lead := enter(t, s, account.Reviewer, "ana@example.com"), enter(t, s, account.Reviewer, "bo@example.com"), enter(t, s, account.Lead, "lead@example.com")
	ana.Go("/review/injury_analysis")
	ana.Until(shows(ids[0]))
	ana.Until(current + `.querySelector(".why").textContent.includes("Why this one now: the checks warn of 1 thing")`)
	ana.Keys("a")
	ana.Until(saved)
	bo.Go("/review/injury_analysis")
	bo.Until(shows(ids[0]))
	if bo.Value("document.body.innerText") == "" || strings.Contains(bo.Value("document.body.innerText"), "approved it") {
		t.Error("the second reviewer reads the first one's verdict")
	}
	bo.Keys("r")
	bo.Until(current + `.querySelector("[data-panel=reject]").open`)
	bo.Keys("1")
	bo.Until(saved)
	lead.Go("/adjudicate")
	lead.Axe()
	lead.Run(`document.querySelector(".settle-list a").click()`)
	lead.Until(`document.querySelectorAll(".stance").length === 2`)
	for _, scheme := range []string{"light", "dark"} {
		lead.Scheme(scheme)
		lead.Axe()
		lead.Screenshot("settle-" + scheme)
	}
	lead.Run(`document.querySelector("textarea[name=answer]").focus()`)
	lead.Keys("Bo is right.")
	lead.Keys(kb.Tab)
	lead.Keys(kb.Tab)
	lead.Keys(kb.Enter)
	lead.Until(`location.pathname === "/adjudicate"`)
	if e := s.Example(t, ids[0]); e.Status != "rejected" {
		t.Errorf("example = %+v, want rejected", e)
	}
	lead.Go("/examples/" + ids[0].String())
	lead.Until(`document.querySelector("#asked").innerText.includes("Bo is right.")`)
	lead.Axe()
}

// On a phone the buttons are within reach of a thumb and big enough, and a swipe
// looks around.
func TestPhoneByThumb(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	ids := exampletest.Insert(t, s.Pool, 4, exampletest.Seed{})
	tab := s.Open(t, account.Reviewer)
	tab.Size(390, 844)
	tab.Go("/review/voice_parsing")
	tab.Until(shows(ids[0]) + ` && document.querySelectorAll("article.item").length > 1`)
	small := browsertest.Eval[[]string](tab, `[...document.querySelectorAll(".act, .strip button, .strip a, .order a")].filter((e) => e.checkVisibility())
		.map((e) => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width < 44 || r.height < 44).map(([e, r]) => e.textContent.trim() + " " + r.width + "x" + r.height)`)
	for _, target := range small {
		t.Errorf("on a phone this is smaller than 44 px: %s", target)
	}
	if low := browsertest.Eval[float64](tab, current+`.querySelector(".acts").getBoundingClientRect().bottom`); low < 740 || low > 844 {
		t.Errorf("the buttons end at %v of 844 pixels, want them at the thumb", low)
	}
	swipe := func(from, to int) {
		t.Helper()
		tab.Run(fmt.Sprintf(`const at = %s.querySelector(".item-main");
			const touch = (type, x) => at.dispatchEvent(new PointerEvent(type, {bubbles: true, isPrimary: true, pointerType: "touch", clientX: x, clientY: 300}));
			touch("pointerdown", %d); touch("pointerup", %d)`, current, from, to))
	}
	swipe(300, 100)
	tab.Until(shows(ids[1]))
	swipe(100, 300)
	tab.Until(shows(ids[0]))
	tab.Run(current + `.querySelector("[data-act=approve]").click()`)
	tab.Until(shows(ids[1]) + " && " + saved)
	tab.Axe()
	tab.Screenshot("bench-thumb")
	if e := s.Example(t, ids[0]); e.Status != "approved" {
		t.Errorf("example = %+v", e)
	}
}

// The order of a queue is switched by a link and kept in the address.
func TestOrderIsSwitched(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	old := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{})[0]
	bad := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{
		Conversation: func(i int) example.Conversation { return exampletest.Conversation(50 + i) },
		Findings:     []exampletest.Finding{{Rule: "test/bad", Severity: "error", Message: "Bad."}},
	})[0]
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/voice_parsing")
	tab.Until(shows(bad) + ` && ` + current + `.querySelector(".why").textContent.includes("the checks found 1 error")`)
	tab.Run(`document.querySelector("form[data-leave] button").click()`)
	tab.Until(`location.pathname === "/review"`)
	tab.Go("/review/voice_parsing?order=oldest")
	tab.Until(shows(old) + ` && ` + current + `.querySelector(".why").textContent.includes("it is the oldest that waits")`)
}
