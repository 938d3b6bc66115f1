package browsertest_test

import (
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
)

// TestKeysBesideTheVerdicts ticks the checklist by digits, goes to the comments by C and
// to the field of the worst finding by E, and finds one's approvals counted after a
// reload although they wait for a second coach.
func TestKeysBesideTheVerdicts(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	seedInjuries(t, s, 2)
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/injury_analysis")
	const item = `document.querySelector("article.item:not([hidden])")`
	tab.Until(item + ` && document.querySelector(".bench[data-ready]")`)
	tab.Keys("1")
	tab.Until(item + `.querySelector("[name=checklist]").checked`)
	tab.Keys("1")
	tab.Until("!" + item + `.querySelector("[name=checklist]").checked`)
	tab.Keys("c")
	tab.Until(`document.activeElement.matches(".comments textarea")`)
	tab.Run(item + `.querySelector("h2").focus()`)
	tab.Keys("e")
	tab.Until(`document.activeElement.name?.endsWith("/primary_assessment/confidence")`)
	tab.Run(item + `.querySelector("h2").focus()`)
	tab.Keys("a")
	tab.Until(`document.querySelector("[data-position]").textContent === "1 of 2" && document.querySelector("[data-saved]").textContent === "Saved"`)
	tab.Reload()
	tab.Until(`document.querySelector("[data-position]").textContent === "1 of 2"`)
}
