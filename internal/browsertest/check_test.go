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
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/ui"
)

// checking runs a site that checks what is typed with the real checks.
func checking(t *testing.T) *browsertest.Site {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	linter, err := lint.New(c)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := llama3.New()
	if err != nil {
		t.Fatal(err)
	}
	return browsertest.Start(t, func(_ *browsertest.Site, c *ui.Config) {
		c.Check = func(_ context.Context, s lint.Subject) ([]lint.Finding, error) { return linter.Check(s), nil }
		c.Count, c.Tokens = tokens.CountBoth, tokens
		c.HasRule = func(string) bool { return true }
	})
}

// TestChecksAsTheReviewerTypes types a mistake and mends it: the findings follow,
// and those of the saved text come back when editing ends.
func TestChecksAsTheReviewerTypes(t *testing.T) {
	t.Parallel()
	s := checking(t)
	exampletest.Insert(t, s.Pool, 1, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "test/stored", Severity: "warning", Message: "Of the saved text.", Path: "/messages/1/content"},
	}})
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/voice_parsing")
	tab.Until(current)
	const (
		note = current + `.querySelector("[data-checked-note]").textContent`
		list = current + `.querySelector("[data-checked-list]").textContent`
		// What the checks showed of the saved text, and do not show of what is typed.
		proved   = `(() => { const box = ` + current + `.querySelector("[value=numbers_said]"); return box.checked && !box.closest("label").querySelector(".proved").hidden; })()`
		unproved = `(() => { const box = ` + current + `.querySelector("[value=numbers_said]"); return !box.checked && box.closest("label").querySelector(".proved").hidden; })()`
		stored   = current + `.querySelector("[data-findings]").hidden === false`
	)
	tab.Until(proved)
	editAsJSON(tab)
	rewrite(tab, `{"exercise_name":"Bench Press","weight":999,"reps":1}`)
	tab.Until(note + `.startsWith("Of what you typed, not saved yet: ")`)
	tab.Until(list + `.includes("voice/unsupported-number") && !(` + stored + `) && ` + unproved)
	tab.Axe()
	tab.Screenshot("check-typed")
	tab.Run(current + `.querySelector("[data-checked-list] a[data-finding]").click()`)
	tab.Until(`document.activeElement === ` + answer)

	// Half a JSON text has no findings of its own.
	rewrite(tab, `{"exercise_name":`)
	tab.Until(note + ` === "" && ` + list + ` === "" && ` + stored)
	rewrite(tab, `{"exercise_name":"Bench Press","weight":45,"reps":2}`)
	tab.Until(note + ` !== "" && !` + list + `.includes("999")`)

	tab.Run(current + `.querySelector("[data-act=edit]").click()`)
	tab.Until(note + ` === "" && ` + list + ` === "" && ` + stored + ` && ` + proved)
	// What was typed is still there, and checked when the fields open again.
	tab.Run(current + `.querySelector("[data-act=edit]").click()`)
	tab.Until(note + ` !== ""`)
}

func TestTokensAreAccessible(t *testing.T) {
	t.Parallel()
	s := checking(t)
	id := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{Conversation: func(int) example.Conversation {
		return example.Conversation{Messages: []example.Message{
			{Role: example.System, Content: "You are a coach."},
			{Role: example.User, Content: "How deep\u200b should I squat? 🦙"},
			{Role: example.Assistant, Content: "As deep as you can **with control**.\n\n1. Brace\n2. Sit down"},
		}}
	}})[0]
	tab := s.Open(t, account.PM)
	for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
		tab.Size(width, 1200)
		for _, scheme := range []string{"light", "dark"} {
			tab.Scheme(scheme)
			tab.Go("/examples/" + id.String() + "/tokens")
			tab.Until(`document.querySelector(".segment-trained .token")`)
			tab.Axe()
			tab.Screenshot(fmt.Sprintf("tokens-%d-%s", width, scheme))
			if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
				t.Errorf("the page is %v px wide in a window of %d", wide, width)
			}
		}
	}
}
