package browsertest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// An injuryRow is a row of the shared research file as a conversation.
type injuryRow struct {
	subcategory  string
	conversation example.Conversation
}

// injuries reads the shared research file: real answers, as a generator wrote them.
func injuries(t *testing.T) []injuryRow {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(browsertest.Root(t), "..", "shared", "data", "voicefit-injury-core.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Scenario struct {
			Category  string
			UserInput string `json:"user_input"`
		}
		Answer json.RawMessage `json:"training_example"`
	}
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	injury, _ := c.Category("injury_analysis")
	var all []injuryRow
	for i, r := range rows {
		var answer bytes.Buffer
		if err := json.Compact(&answer, r.Answer); err != nil {
			t.Fatal(err)
		}
		sub := r.Scenario.Category
		if known, ok := injury.Subcategory(sub); ok {
			sub = known.Slug
		}
		all = append(all, injuryRow{sub, example.Conversation{Messages: []example.Message{
			{Role: example.System, Content: injury.SystemPrompt},
			{Role: example.User, Content: fmt.Sprintf("%s\n\nContext:\n- Case: %d", r.Scenario.UserInput, i+1)},
			{Role: example.Assistant, Content: answer.String()},
		}}})
	}
	return all
}

// seedInjuries puts the first n of the research file in, with findings.
func seedInjuries(t *testing.T, s *browsertest.Site, n int) []uuid.UUID {
	t.Helper()
	var ids []uuid.UUID
	for _, row := range injuries(t)[:n] {
		ids = append(ids, exampletest.Insert(t, s.Pool, 1, exampletest.Seed{
			Category: "injury_analysis", Subcategory: row.subcategory,
			Conversation: func(int) example.Conversation { return row.conversation },
			Findings: []exampletest.Finding{
				{Rule: "injury/confidence-band", Severity: "warning", Message: "The confidence lies outside of what this kind of case usually allows.", Path: "/messages/2/content/primary_assessment/confidence"},
				{Rule: "injury/escalation-triggers", Severity: "info", Message: "Name when to see somebody.", Path: "/messages/2/content/red_flags"},
			},
		})...)
	}
	return ids
}

// TestPagesAreAccessible looks at every page of reviewing with axe, in light and
// dark, on a desk and on a phone, and leaves pictures behind.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	ids := seedInjuries(t, s, 6)
	exampletest.Insert(t, s.Pool, 4, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "voice/weight-said", Severity: "error", Message: "The weight was never said.", Path: "/messages/1/content/weight"},
	}})
	exampletest.Insert(t, s.Pool, 2, exampletest.Seed{
		Category: "ai_coach", Subcategory: "technique",
		Conversation: func(i int) example.Conversation {
			return example.Conversation{Messages: []example.Message{
				{Role: example.User, Content: "How deep\u200b should I squat?"},
				{Role: example.Assistant, Content: "As deep as you can **with control**.\n\n1. Brace\n2. Sit down\n3. Stand up"},
				{Role: example.User, Content: fmt.Sprintf("And with %d kg?", 60+i)},
				{Role: example.Assistant, Content: "The same, slower.\r\n- <script>alert(1)</script>"},
			}}
		},
	})
	tab := s.Open(t, account.Lead)
	const item = `document.querySelector("article.item:not([hidden])")`
	for _, page := range []struct{ name, path, ready string }{
		{"queues", "/review", `document.querySelector(".queue")`},
		{"bench-injury", "/review/injury_analysis", item},
		{"bench-voice", "/review/voice_parsing", item},
		{"bench-coach", "/review/ai_coach", item},
		{"examples", "/examples", `document.querySelector(".examples")`},
		{"examples-none", "/examples?q=nothing-has-this", `document.querySelector(".empty")`},
		{"example", "/examples/" + ids[1].String(), item},
		{"example-edit", "/examples/" + ids[1].String() + "?edit=1", `document.querySelector("article.item textarea")`},
	} {
		for _, width := range []int64{browsertest.Desktop, browsertest.Tablet, browsertest.Phone} {
			tab.Size(width, 900)
			for _, scheme := range []string{"light", "dark"} {
				if width == browsertest.Tablet && scheme == "dark" {
					continue
				}
				tab.Scheme(scheme)
				tab.Go(page.path)
				tab.Until(page.ready)
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", page.name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", page.name, wide, width)
				}
			}
		}
	}
}
