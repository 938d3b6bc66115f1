package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

const (
	current = `document.querySelector("article.item:not([hidden])")`
	said    = `document.querySelector("[data-say]").textContent`
	saved   = `document.querySelector("[data-saved]").textContent === "Saved"`
	notices = `(document.querySelector("article.item:not([hidden]) [data-notices]")?.textContent ?? "")`
	answer  = current + `.querySelector(".editor .turn-assistant textarea[data-json]")`
)

// shows is true when the example is the one to decide on.
func shows(id uuid.UUID) string {
	return fmt.Sprintf("%s?.dataset.exampleId === %q", current, id)
}

// bench opens the queue of voice commands with n examples in it, and waits for
// the first.
func bench(t *testing.T, n int, query string) (*browsertest.Site, *browsertest.Tab, []uuid.UUID) {
	t.Helper()
	s := browsertest.Start(t, nil)
	ids := exampletest.Insert(t, s.Pool, n, exampletest.Seed{})
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/voice_parsing" + query)
	tab.Until(shows(ids[0]))
	return s, tab, ids
}

// editAsJSON opens the form of the messages and the answer as JSON, and waits
// until that has the focus.
func editAsJSON(tab *browsertest.Tab) {
	tab.Keys("e")
	tab.Until(current + `.hasAttribute("data-editing")`)
	tab.Run(current + `.querySelector(".turn-assistant button[value^='json:']").click()`)
	tab.Until("document.activeElement === " + answer)
}

// rewrite replaces the text of the field that has the focus.
func rewrite(tab *browsertest.Tab, text string) {
	tab.Run("document.activeElement.select()")
	tab.Keys(text)
}

func TestKeyboardWalk(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 8, "")
	want := func(id uuid.UUID, status string, revision int, decisions ...string) {
		t.Helper()
		e := s.Example(t, id)
		if e.Status != status || e.Revision != revision || !cmp.Equal(e.Decisions, decisions) && len(e.Decisions)+len(decisions) > 0 {
			t.Errorf("example %d is %s at revision %d after %q; want %s at %d after %q",
				slices.Index(ids, id), e.Status, e.Revision, e.Decisions, status, revision, decisions)
		}
	}

	// A approves, and the next one is there.
	tab.Keys("a")
	tab.Until(shows(ids[1]) + " && " + saved)
	if got := tab.Value(said); got != "Approved, 1 of 8" {
		t.Errorf("said %q", got)
	}
	want(ids[0], "approved", 1, "approve")

	// E edits; Ctrl+Enter in the field saves, approves and goes on. While typing,
	// keys only type.
	editAsJSON(tab)
	rewrite(tab, `{"exercise_name":"Squat","weight":100,"reps":1}`)
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[2]) + " && " + saved)
	want(ids[1], "approved", 2, "approve")
	if got := s.Example(t, ids[1]).Messages; !strings.Contains(got, `{\"exercise_name\":\"Squat\",\"weight\":100,\"reps\":1}`) || !strings.Contains(got, `"bench 46 for 2"`) {
		t.Errorf("edited messages = %s", got)
	}

	// R and a digit reject with that reason.
	tab.Keys("r")
	tab.Until(current + `.querySelector("[data-panel=reject]").open`)
	tab.Keys("2")
	tab.Until(shows(ids[3]) + " && " + saved)
	if e := s.Example(t, ids[2]); e.Status != "rejected" || len(e.Decisions) != 1 || e.Decisions[0] == "reject" {
		t.Errorf("rejected example = %+v", e)
	}

	// R and words, sent by Enter.
	tab.Keys("r")
	tab.Until(current + `.querySelector("[data-panel=reject]").open`)
	tab.Run(current + `.querySelector("input[name=reason]").focus()`)
	tab.Keys("as if")
	tab.Keys(kb.Enter)
	tab.Until(shows(ids[4]) + " && " + saved)
	want(ids[3], "rejected", 1, "reject: as if")

	// F asks a specialist; without a question nothing is sent.
	tab.Keys("f")
	tab.Until(current + `.querySelector("textarea[name=question]") === document.activeElement`)
	tab.Keys("is this a squat?")
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[5]) + " && " + saved)
	want(ids[4], "escalated", 1, "escalate: is this a squat?")

	// S skips and changes nothing.
	tab.Keys("s")
	tab.Until(shows(ids[6]) + " && " + saved)
	want(ids[5], "pending", 1, "skip")

	// U takes back, twice: the skip and the escalation. Each is there to be decided
	// again.
	tab.Keys("u")
	tab.Until(shows(ids[5]))
	tab.Keys("u")
	tab.Until(shows(ids[4]))
	want(ids[4], "pending", 1, "escalate: is this a squat?", "undo")
	tab.Keys("a")
	tab.Until(saved + " && " + shows(ids[5]))
	want(ids[4], "approved", 1, "escalate: is this a squat?", "undo", "approve")

	// Arrows look around; keys with modifiers do nothing.
	tab.Keys(kb.ArrowLeft)
	tab.Until(shows(ids[4]))
	tab.Keys(kb.ArrowRight)
	tab.Until(shows(ids[5]))
	tab.Keys("a", kb.ModifierAlt)
	tab.Keys("?")
	tab.Until(`document.querySelector("dialog").open`)
	tab.Keys("a")
	tab.Run(`document.querySelector("dialog").close()`)
	want(ids[5], "pending", 1, "skip", "undo")

	// To the end of the queue.
	tab.Keys("a")
	tab.Until(shows(ids[6]))
	tab.Keys("a")
	tab.Until(shows(ids[7]))
	tab.Keys("a")
	tab.Until(`document.querySelector("[data-rest]").textContent.includes("nothing is left") && ` + saved)
	if got := tab.Value(`document.querySelector("[data-position]").textContent`); got != "8 of 8" {
		t.Errorf("position = %q, want 8 of 8", got)
	}
}

func TestApprovingOverAnErrorAsksWhy(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	ids := exampletest.Insert(t, s.Pool, 2, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "test/bad", Severity: "error", Message: "Take out BAD.", Path: "/messages/1/content/reps"},
	}})
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/voice_parsing")
	tab.Until(shows(ids[0]))

	// The finding leads to its place.
	tab.Run(current + `.querySelector("a[data-finding]").click()`)
	tab.Until(`document.activeElement.closest(".found-error") !== null`)
	tab.Keys("a")
	tab.Until(`document.activeElement === ` + current + `.querySelector("[name=override_reason]")`)
	if e := s.Example(t, ids[0]); e.Status != "pending" {
		t.Fatalf("approved without a reason: %+v", e)
	}
	tab.Keys("the rule is wrong here")
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[1]) + " && " + saved)
	if e := s.Example(t, ids[0]); e.Status != "approved" {
		t.Errorf("example = %+v, want approved", e)
	}

	// An edit that leaves an error comes back from the server, with the edit.
	editAsJSON(tab)
	rewrite(tab, `{"note":"BAD"}`)
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(`document.activeElement.name === "override_reason" && ` + shows(ids[1]))
	if got := tab.Value(answer + ".value"); got != `{"note":"BAD"}` {
		t.Errorf("the edit is %q by now", got)
	}
	tab.Keys("still right")
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(saved)
	if e := s.Example(t, ids[1]); e.Status != "approved" || e.Revision != 2 {
		t.Errorf("example = %+v, want approved at revision 2", e)
	}
}

func TestInvalidJSONIsNotSent(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 2, "")
	editAsJSON(tab)
	rewrite(tab, `{"reps": 5`)
	tab.Until(`!document.getElementById(` + answer + `.getAttribute("aria-describedby")).hidden`)
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until("document.activeElement === " + answer + " && " + shows(ids[0]))
	if e := s.Example(t, ids[0]); e.Status != "pending" || len(e.Decisions) != 0 {
		t.Errorf("example = %+v, want it untouched", e)
	}
}

func TestReloadKeepsTheDraft(t *testing.T) {
	t.Parallel()
	_, tab, ids := bench(t, 6, "")
	tab.Keys("a")
	tab.Until(shows(ids[1]) + " && " + saved)
	editAsJSON(tab)
	rewrite(tab, `{"exercise_name":"Row"}`)
	tab.Reload()
	tab.Until(shows(ids[1]) + ` && document.querySelector(".bench").hasAttribute("data-ready")`)
	tab.Until(answer + " !== null")
	if got := tab.Value(answer + ".value"); got != `{"exercise_name":"Row"}` {
		t.Errorf("after a reload the field holds %q", got)
	}
	tab.Until(current + `.hasAttribute("data-editing")`)
	if got := tab.Value(notices); !strings.Contains(got, "is back") {
		t.Errorf("the page says %q", got)
	}

	// Once it is saved, nothing is kept.
	tab.Run(answer + ".focus()")
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[2]) + " && " + saved)
	if n := browsertest.Eval[float64](tab, "localStorage.length"); n != 0 {
		t.Errorf("%v drafts are kept after saving: %s", n, tab.Value("JSON.stringify(localStorage)"))
	}
}

func TestLostSessionKeepsTheDraft(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 4, "")
	editAsJSON(tab)
	rewrite(tab, `{"exercise_name":"Row"}`)
	tab.SignOut()
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[0]) + ` && ` + notices + `.includes("signed out")`)
	if got := tab.Value(answer + ".value"); got != `{"exercise_name":"Row"}` {
		t.Errorf("after the refusal the field holds %q", got)
	}
	tab.Run(current + `.querySelector("[data-notices] a").click()`)
	tab.Until(`location.pathname === "/login"`)
	tab.SignIn("reviewer@example.com")
	tab.Until(shows(ids[0]) + ` && document.querySelector(".bench").hasAttribute("data-ready")`)
	tab.Until(answer + " !== null")
	if got := tab.Value(answer + ".value"); got != `{"exercise_name":"Row"}` {
		t.Errorf("after signing in the field holds %q", got)
	}
	tab.Run(answer + ".focus()")
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[1]) + " && " + saved)
	if e := s.Example(t, ids[0]); e.Status != "approved" || e.Revision != 2 {
		t.Errorf("example = %+v, want approved at revision 2", e)
	}
}

// Somebody else decided meanwhile: the reviewer is told, and what was typed stays.
func TestStaleDecisionComesBack(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 4, "")
	editAsJSON(tab)
	rewrite(tab, `{"exercise_name":"Row"}`)
	if _, err := s.Pool.Exec(t.Context(), "UPDATE examples SET status = 'rejected' WHERE id = $1", ids[0]); err != nil {
		t.Fatal(err)
	}
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(shows(ids[0]) + ` && ` + notices + `.includes("Not saved")`)
	if got := tab.Value(answer + ".value"); got != `{"exercise_name":"Row"}` {
		t.Errorf("after the conflict the field holds %q", got)
	}
	if got := tab.Value(`document.querySelector("[data-position]").textContent`); got != "0 of 4" {
		t.Errorf("position = %q, want 0 of 4", got)
	}
}

func TestJustTen(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 6, "?limit=3")
	for _, next := range ids[1:3] {
		tab.Keys("a")
		tab.Until(shows(next))
	}
	if got := tab.Value(`document.querySelector("[data-position]").textContent`); got != "2 of 3" {
		t.Errorf("position = %q, want 2 of 3", got)
	}
	tab.Until(saved)
	tab.Reload() // what was done outlives it
	tab.Until(shows(ids[2]))
	tab.Keys("a")
	tab.Until(`document.querySelector(".finish") !== null && ` + saved)
	if got := tab.Value(`document.querySelector(".finish").innerText.replace(/\s+/g, " ")`); !strings.Contains(got, "Done: 3 3 approved, 0 rejected, 0 asked about.") {
		t.Errorf("at the end %q, want 3 approved", got)
	}
	var leases int
	if err := s.Pool.QueryRow(t.Context(), "SELECT count(*) FROM leases").Scan(&leases); err != nil {
		t.Fatal(err)
	}
	if leases != 0 {
		t.Errorf("%d examples are still held after the session", leases)
	}
}

// Leaving gives back what was taken; others get it at once.
func TestLeavingGivesBack(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 6, "")
	tab.Until(`document.querySelectorAll("article.item").length >= 4`)
	if e := s.Example(t, ids[0]); e.Holder == uuid.Nil {
		t.Fatal("the example on the page is not held")
	}
	tab.Go("/examples")
	tab.Until(`location.pathname === "/examples"`)
	for range 200 { // the browser sends it while it leaves; the answer is not waited for
		if e := s.Example(t, ids[0]); e.Holder == uuid.Nil {
			return
		}
		tab.Until("true")
	}
	t.Error("the examples are still held")
}

// On the page of an example the same keys decide.
func TestExamplePageDecides(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	id := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{Status: example.Rejected})[0]
	tab := s.Open(t, account.Lead)
	tab.Go("/examples/" + id.String())
	tab.Until(`document.querySelector(".bench").hasAttribute("data-ready")`)
	tab.Keys("a")
	tab.Until(`document.querySelector("article.item")?.dataset.status === "approved"`)
	if e := s.Example(t, id); e.Status != "approved" {
		t.Errorf("example = %+v", e)
	}
}

// What was typed on an example that the queue no longer shows is not forgotten.
func TestDraftElsewhereIsAnnounced(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 6, "")
	editAsJSON(tab)
	rewrite(tab, `{"exercise_name":"Row"}`)
	if _, err := s.Pool.Exec(t.Context(), "DELETE FROM leases"); err != nil {
		t.Fatal(err)
	}
	tab.Reload()
	tab.Until(`document.querySelector(".bench > [data-notices]").textContent.includes("not saved yet")`)
	tab.Run(`document.querySelector(".bench > [data-notices] a").click()`)
	tab.Until(`location.pathname === "/examples/` + ids[0].String() + `" && document.querySelector(".bench[data-ready]") !== null`)
	tab.Until(answer + " !== null")
	if got := tab.Value(answer + ".value"); got != `{"exercise_name":"Row"}` {
		t.Errorf("on its page the field holds %q", got)
	}
}

// Without a connection the decision comes back; sent again it is carried out once.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	s, tab, ids := bench(t, 6, "")
	tab.Until(`document.querySelectorAll("article.item").length >= 4`)
	tab.Offline(true)
	tab.Keys("a")
	tab.Until(shows(ids[0]) + ` && ` + notices + `.includes("no connection")`)
	tab.Until(`document.querySelector("[data-saved]").textContent === "Not saved"`)
	tab.Offline(false)
	tab.Run(current + `.querySelector("[data-notices] button").click()`)
	tab.Until(shows(ids[1]) + " && " + saved)
	if e := s.Example(t, ids[0]); e.Status != "approved" || len(e.Decisions) != 1 {
		t.Errorf("example = %+v, want one approval", e)
	}
}

// A lease that ran out is noticed with the next heartbeat: the example on the
// page stays, those that waited behind it go.
func TestLostLease(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	ids := exampletest.Insert(t, s.Pool, 4, exampletest.Seed{})
	tab := s.Open(t, account.Reviewer)
	tab.Before(`{ const every = setInterval; globalThis.beats = []; globalThis.setInterval = (f, ms) => { beats.push(f); return every(f, ms) } }`)
	tab.Go("/review/voice_parsing")
	tab.Until(shows(ids[0]) + ` && document.querySelectorAll("article.item").length === 4`)
	if _, err := s.Pool.Exec(t.Context(), "UPDATE leases SET reviewer_id = $1", s.Add(t, account.Reviewer, "bo@example.com").ID); err != nil {
		t.Fatal(err)
	}
	tab.Run("beats.at(-1)()")
	tab.Until(notices + `.includes("ran out") && document.querySelectorAll("article.item").length === 1`)
	tab.Keys("a")
	tab.Until(notices + `.includes("Somebody else")`)
}
