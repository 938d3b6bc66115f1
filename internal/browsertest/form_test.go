package browsertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/sample"
	"github.com/voicefit/spotter/internal/ui"
)

// injury is an answer of the real injury file.
func injury(t *testing.T, row int) example.Conversation {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(browsertest.Root(t), "..", "shared", "data", "voicefit-injury-core.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Scenario struct {
			Input string `json:"user_input"`
		}
		Answer json.RawMessage `json:"training_example"`
	}
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	return example.Conversation{Messages: []example.Message{
		{Role: example.User, Content: rows[row].Scenario.Input},
		{Role: example.Assistant, Content: string(rows[row].Answer)},
	}}
}

const (
	focused = `(document.activeElement?.name ?? "")`
	editing = current + `.hasAttribute("data-editing")`
	checked = current + `.querySelector("[data-checked-list]").textContent`
)

// field is the control of the form with a name.
func field(name string) string {
	return current + `.querySelector(".editor [name='` + name + `']")`
}

// TestEditAnInjuryAnswerByKeyboard adds a step, moves it, changes the severity,
// sees a finding come and go, and saves: nothing else of the answer changes.
func TestEditAnInjuryAnswerByKeyboard(t *testing.T) {
	t.Parallel()
	s := checking(t)
	c := injury(t, 0)
	ids := exampletest.Insert(t, s.Pool, 2, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute", Conversation: func(i int) example.Conversation { return injury(t, i) }})
	before := c.Messages[1].Content
	var was struct {
		Steps []string `json:"reasoning_chain"`
	}
	if err := json.Unmarshal([]byte(before), &was); err != nil {
		t.Fatal(err)
	}
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/injury_analysis")
	tab.Until(shows(ids[0]))

	// E opens the form with the cursor in the answer's first field. Letters are
	// typed there: A decides nothing.
	tab.Keys("e")
	tab.Until(editing + ` && ` + focused + ` === "message.1:/primary_assessment/severity"`)
	tab.Keys("a")
	tab.Axe()

	// A choice is made with letters or arrows.
	tab.Run(field("message.1:/primary_assessment/severity") + `.focus()`)
	tab.Keys("mil")
	tab.Until(field("message.1:/primary_assessment/severity") + `.value === "mild"`)

	// A number out of range is found as it is typed, and the finding stands at the
	// field; a better one takes it away.
	confidence := field("message.1:/primary_assessment/confidence")
	tab.Run(confidence + `.focus(); document.activeElement.select()`)
	tab.Keys("1.7")
	tab.Until(checked + `.includes("1.7")`)
	tab.Until(confidence + `.closest(".ef").querySelector(".ef-finding") !== null`)
	tab.Run(`document.activeElement.select()`)
	tab.Keys("0.9")
	tab.Until(current + `.querySelector("[data-checked-note]").textContent !== "" && !` + checked + `.includes("1.7") && ` + confidence + `.closest(".ef").querySelector(".ef-finding") === null`)
	tab.Until(confidence + `.closest(".ef").querySelector(".note").textContent === "within the expected 0.85 to 0.95"`)
	tab.Run(`document.activeElement.select()`)
	tab.Keys("much")
	tab.Until(confidence + `.getAttribute("aria-invalid") === "true"`)
	tab.Until(confidence + `.closest(".ef").querySelector(".problem").textContent.trim() === "Type a number from 0 to 1, such as 0.85."`)
	tab.Until(confidence + `.closest(".ef").querySelector(".note").hidden && ` + confidence + `.closest(".ef").querySelector(".gauge-at").getAttribute("visibility") === "hidden"`)
	tab.Run(`document.activeElement.select()`)
	tab.Keys("0.9")
	tab.Until(confidence + `.getAttribute("aria-invalid") === null && !` + confidence + `.closest(".ef").querySelector(".note").hidden`)

	// Enter adds a step behind the one with the cursor; Alt and an arrow move it.
	tab.Run(field("message.1:/reasoning_chain/0") + `.focus()`)
	tab.Keys(kb.Enter)
	tab.Until(focused + ` === "message.1:/reasoning_chain/1" && document.activeElement.value === ""`)
	tab.Keys("Athlete's own words first.")
	tab.Keys(kb.ArrowUp, kb.ModifierAlt)
	tab.Until(focused + ` === "message.1:/reasoning_chain/0" && document.activeElement.value === "Athlete's own words first."`)
	// What was chosen before the acts is still there.
	tab.Until(field("message.1:/primary_assessment/severity") + `.value === "mild"`)

	// A reload keeps all of it, added steps included.
	tab.Reload()
	tab.Until(shows(ids[0]) + ` && ` + editing + ` && ` + field("message.1:/reasoning_chain/0") + `?.value === "Athlete's own words first."`)
	tab.Run(field("message.1:/reasoning_chain/0") + `.focus()`)
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	// The answer lacks something the checks want: they ask why, once.
	tab.Until(shows(ids[1]) + ` || document.activeElement.name === "override_reason"`)
	if browsertest.Eval[bool](tab, `document.activeElement.name === "override_reason"`) {
		tab.Keys("the rest is fine")
		tab.Keys(kb.Enter, kb.ModifierCtrl)
	}
	tab.Until(shows(ids[1]) + " && " + saved)
	e := s.Example(t, ids[0])
	messages, err := example.ParseMessages([]byte(e.Messages))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(before, `"severity": "severe"`, `"severity": "mild"`, 1)
	want = strings.Replace(want, `"confidence": 0.8`, `"confidence": 0.9`, 1)
	first, err := json.Marshal(was.Steps[0])
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(want, string(first))
	lead := want[strings.LastIndexByte(want[:at], '[')+1 : at]
	want = want[:at] + `"Athlete's own words first.",` + lead + want[at:]
	if got := messages[1].Content; got != want || e.Revision != 2 {
		t.Errorf("revision %d, the answer is\n%s\nwant\n%s", e.Revision, got, want)
	}
}

// TestEditAConversation adds, splits, moves and removes messages and tool calls.
func TestEditAConversation(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	id := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{Category: "ai_coach", Subcategory: "technique", Conversation: func(int) example.Conversation {
		return example.Conversation{
			Messages: []example.Message{
				{Role: example.System, Content: strings.Repeat("You are a coach. ", 30)},
				{Role: example.User, Content: "How deep?\n\nDeep enough to stay \u202eflat."},
				{Role: example.Assistant, ToolCalls: []example.ToolCall{{ID: "c1", Name: "look", Arguments: `{"what": "depth"}`}}},
				{Role: example.Tool, ToolCallID: "c1", Content: `{"cm": 40.0}`},
				{Role: example.Assistant, Content: "Below **parallel**."},
			},
			Tools: json.RawMessage(`[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"what":{"type":"string"}}}}}]`),
		}
	}})[0]
	tab := s.Open(t, account.Lead)
	tab.Go("/examples/" + id.String())
	tab.Until(`document.querySelector(".bench").hasAttribute("data-ready")`)
	tab.Keys("e")
	tab.Until(editing)
	press := func(op string) {
		t.Helper()
		tab.Run(`const b = ` + current + `.querySelector("button[value='` + op + `']"); b.closest("details")?.setAttribute("open", ""); b.click()`)
	}
	tab.Axe()
	// What cannot be seen in a field is shown below it.
	tab.Until(current + `.querySelector(".ef-seen .inv").textContent === "RLO"`)

	press("turn-split:1")
	tab.Until(field("message.n1") + `?.value.startsWith("Deep enough")`)
	press("turn-remove:n1")
	tab.Until(field("message.n1") + ` === null`)
	press("turn-add:4")
	tab.Until(focused + ` === "message.n1"`)
	tab.Keys("Thanks")
	press("turn-up:n1")
	tab.Until(current + `.querySelector("[name='message.order']").value === "0 1 2 3 n1 4"`)
	press("turn-down:n1")
	tab.Until(current + `.querySelector("[name='message.order']").value === "0 1 2 3 4 n1"`)
	press("call-add:2")
	tab.Until(focused + ` === "message.2.call.n1.name"`)
	tab.Run(`document.activeElement.value = "look"; document.activeElement.dispatchEvent(new Event("input", {bubbles: true}))`)
	press("call-remove:message.2.call.0")
	tab.Until(field("message.2.call.0.name") + ` === null`)
	press("add:message.2.call.n1.arguments:/what")
	tab.Until(focused + ` === "message.2.call.n1.arguments:/what"`)
	tab.Keys("width")
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(`document.querySelector("article.item")?.dataset.status === "approved"`)
	e := s.Example(t, id)
	messages, err := example.ParseMessages([]byte(e.Messages))
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) != 6 || messages[5].Content != "Thanks" || messages[5].Role != example.User || messages[1].Content != "How deep?" ||
		len(messages[2].ToolCalls) != 1 || messages[2].ToolCalls[0].Arguments != `{"what":"width"}` || messages[3].Content != `{"cm": 40.0}` {
		t.Errorf("the conversation is %+v", messages)
	}
}

// TestActsNeedAConnection cuts it: nothing is lost, and the page says so.
func TestActsNeedAConnection(t *testing.T) {
	t.Parallel()
	_, tab, ids := bench(t, 1, "")
	tab.Keys("e")
	tab.Until(editing)
	tab.Run(field("message.1:/reps") + `.focus(); document.activeElement.select()`)
	tab.Keys("9")
	tab.Offline(true)
	tab.Run(current + `.querySelector("button[value='json:message.1']").click()`)
	tab.Until(notices + `.includes("without a connection")`)
	if got := tab.Value(field("message.1:/reps") + ".value"); got != "9" {
		t.Errorf("the field holds %q by now", got)
	}
	tab.Offline(false)
	tab.Run(current + `.querySelector("button[value='json:message.1']").click()`)
	tab.Until(answer + `?.value.includes('"reps": 9') && ` + shows(ids[0]))
}

// TestFormsAreAccessible looks at every shape of answer as a drawing and as a
// form, wide and on a phone, light and dark.
func TestFormsAreAccessible(t *testing.T) {
	t.Parallel()
	s := checking(t)
	shapes := map[string]uuid.UUID{}
	add := func(name, category, subcategory string, c example.Conversation) {
		shapes[name] = exampletest.Insert(t, s.Pool, 1, exampletest.Seed{
			Category: category, Subcategory: subcategory, Conversation: func(int) example.Conversation { return c },
		})[0]
	}
	add("research", "injury_analysis", "acute", injury(t, 1))
	for name, find := range map[string][2]string{
		"full": {"injury_analysis", ""}, "voice": {"voice_parsing", "standard_command"}, "several": {"voice_parsing", "multi_exercise"},
		"run": {"running_cardio", "run_parsing"}, "weather": {"running_cardio", "weather_adjusted_pace"}, "conversion": {"running_cardio", "distance_conversion"},
		"knowledge": {"knowledge_base", ""}, "coach": {"ai_coach", ""},
	} {
		category, subcategory, c := sampled(t, find[0], find[1])
		add(name, category, subcategory, c)
	}
	tab := s.Open(t, account.Reviewer)
	for name, id := range shapes {
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			tab.Size(width, 2600)
			for _, path := range []string{"", "?edit=1"} {
				for _, scheme := range []string{"light", "dark"} {
					if scheme == "dark" && name != "full" && name != "voice" {
						continue // the others have no colours of their own
					}
					tab.Scheme(scheme)
					tab.Go("/examples/" + id.String() + path)
					tab.Until(`document.querySelector(".bench")?.hasAttribute("data-ready") && document.readyState === "complete"`)
					tab.Axe()
					mode := "drawing"
					if path != "" {
						mode = "form"
					}
					tab.Screenshot(name + "-" + mode + "-" + map[int64]string{browsertest.Desktop: "wide", browsertest.Phone: "phone"}[width] + "-" + scheme)
				}
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s%s is %v px wide in a window of %d", name, path, wide, width)
				}
			}
		}
	}
}

// sampled is the first row of a sample of the category, and of the subcategory
// where one is named, whose conversation has no planted mistake.
func sampled(t *testing.T, category, subcategory string) (string, string, example.Conversation) {
	t.Helper()
	var rows bytes.Buffer
	if _, err := sample.Write(t.Context(), &rows, io.Discard, sample.Options{Rows: 200, Seed: 5, Categories: []string{category}}); err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(rows.Bytes()) {
		var row struct {
			Messages              json.RawMessage
			Category, Subcategory string
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if subcategory != "" && row.Subcategory != subcategory {
			continue
		}
		messages, err := example.ParseMessages(row.Messages)
		if err != nil {
			t.Fatal(err)
		}
		return category, row.Subcategory, example.Conversation{Messages: messages}
	}
	t.Fatalf("the sample has no %s/%s", category, subcategory)
	return "", "", example.Conversation{}
}

// TestACategoryOfFilesOnly edits an answer of a category that exists only as
// catalog files: the form, its choices and the sum follow from them.
func TestACategoryOfFilesOnly(t *testing.T) {
	t.Parallel()
	files, err := catalog.Load(os.DirFS(filepath.Join(browsertest.Root(t), "internal", "ui", "draw", "testdata", "nutrition")))
	if err != nil {
		t.Fatal(err)
	}
	linter, err := lint.New(files)
	if err != nil {
		t.Fatal(err)
	}
	s := browsertest.Start(t, func(_ *browsertest.Site, c *ui.Config) {
		if _, err := c.Catalogs.Save(t.Context(), files, 1, audit.Actor{Name: "test"}, "another team's"); err != nil {
			t.Fatal(err)
		}
		c.Check = func(_ context.Context, s lint.Subject) ([]lint.Finding, error) { return linter.Check(s), nil }
		c.Count = func(example.Conversation) (int, int) { return 30, 5 }
	})
	const stored = `{"goal":"gain_muscle","sure":0.9,"shares":[{"nutrient":"carbohydrate","share":0.50},{"nutrient":"fat","share":0.25}],"meals":[{"time":"07:00","food":"Oats","grams":90.0}],"answer":"Eat early.","mood":{"x":1}}`
	id := exampletest.Insert(t, s.Pool, 1, exampletest.Seed{Category: "meal_advice", Subcategory: "race_week", Conversation: func(int) example.Conversation {
		return example.Conversation{Messages: []example.Message{{Role: example.User, Content: "What to eat?"}, {Role: example.Assistant, Content: stored}}}
	}})[0]
	tab := s.Open(t, account.Reviewer)
	tab.Go("/review/meal_advice")
	tab.Until(shows(id))
	tab.Keys("e")
	tab.Until(editing + ` && ` + focused + ` === "message.1:/goal"`)
	tab.Axe()
	total := current + `.querySelector("[data-total]").textContent`
	tab.Until(total + ` === "Together 75 %, not 100 %"`)
	tab.Run(current + `.querySelector("button[value='add:message.1:/shares/-']").click()`)
	tab.Until(focused + ` === "message.1:/shares/2/nutrient"`)
	tab.Keys("prot")
	tab.Run(field("message.1:/shares/2/share") + `.focus()`)
	tab.Keys("0,25")
	tab.Until(total + ` === "Together 100 %"`)
	// A number that is too large is found by the schema, at its field.
	sure := field("message.1:/sure")
	tab.Run(sure + `.focus(); document.activeElement.select()`)
	tab.Keys("7")
	tab.Until(sure + `.closest(".ef").querySelector(".ef-finding.is-error") !== null`)
	tab.Run(`document.activeElement.select()`)
	tab.Keys("0.7")
	tab.Until(sure + `.closest(".ef").querySelector(".ef-finding") === null`)
	tab.Keys(kb.Enter, kb.ModifierCtrl)
	tab.Until(saved)
	messages, err := example.ParseMessages([]byte(s.Example(t, id).Messages))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(`"sure":0.9`, `"sure":0.7`, `"share":0.25}]`, `"share":0.25},{"nutrient":"protein","share":0.25}]`).Replace(stored)
	if got := messages[1].Content; got != want {
		t.Errorf("the answer is\n%s\nwant\n%s", got, want)
	}
}

// TestSlotsLightUpTheirWords goes from a value to the words it came from.
func TestSlotsLightUpTheirWords(t *testing.T) {
	t.Parallel()
	_, tab, _ := bench(t, 1, "")
	slot := current + `.querySelector("a.value-said")`
	tab.Until(slot + ` !== null`)
	tab.Run(slot + `.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}))`)
	tab.Until(current + `.querySelector("mark.said.lit")?.textContent === "bench" && ` + slot + `.textContent.trim() === "Bench Press"`)
	tab.Run(slot + `.click()`)
	tab.Until(`document.querySelector("mark:target") !== null`)
}
