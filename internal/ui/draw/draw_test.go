package draw_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	catalogfiles "github.com/voicefit/spotter/catalog"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// drawer renders no Markdown: what it is given comes back in brackets.
var drawer = draw.New(func(s string) (string, error) { return "[" + s + "]", nil })

func TestText(t *testing.T) {
	t.Parallel()
	run := func(s string) templates.Run { return templates.Run{Text: s} }
	unseen := func(label, title string) templates.Run {
		return templates.Run{Text: label, Invisible: true, Title: title}
	}
	for _, tt := range []struct {
		name, in string
		want     []templates.Run
	}{
		{"nothing", "", nil},
		{"plain text with lines", "a\tb\n<b>é 漢字</b>", []templates.Run{run("a\tb\n<b>é 漢字</b>")}},
		{"zero width space", "315\u200blbs", []templates.Run{run("315"), unseen("ZWSP", "U+200B zero width space"), run("lbs")}},
		{"right-to-left override", "a\u202etxt.exe", []templates.Run{run("a"), unseen("RLO", "U+202E right-to-left override"), run("txt.exe")}},
		{"no-break space", "8\u00a0reps", []templates.Run{run("8"), unseen("NBSP", "U+00A0 no-break space"), run("reps")}},
		{"carriage return", "a\r\n", []templates.Run{run("a"), unseen("CR", "U+000D carriage return"), run("\n")}},
		{"control character", "\x07", []templates.Run{unseen("U+0007", "U+0007 control character")}},
		{"tag characters", "\U000E0041", []templates.Run{unseen("U+E0041", "U+E0041 tag character")}},
		{"private use", "\ue000", []templates.Run{unseen("U+E000", "U+E000 private use character")}},
		{"a picture joined by ZWJ stays whole", "\U0001F3CB\ufe0f\u200d\u2642\ufe0f!", []templates.Run{run("\U0001F3CB\ufe0f\u200d\u2642\ufe0f!")}},
		{"ZWJ between letters is seen", "a\u200db", []templates.Run{run("a"), unseen("ZWJ", "U+200D zero width joiner"), run("b")}},
		{"a byte that is not UTF-8", "a\xffb", []templates.Run{run("a"), unseen("?", "a byte that is not UTF-8"), run("b")}},
	} {
		if diff := cmp.Diff(tt.want, draw.Text(tt.in)); diff != "" {
			t.Errorf("%s: Text(%q) (-want +got):\n%s", tt.name, tt.in, diff)
		}
	}
}

// TestFindingInWords says keys of the real catalog's answers by their labels, and
// leaves what is quoted and what is no key.
func TestFindingInWords(t *testing.T) {
	t.Parallel()
	injury := defaultCategory(t, "injury_analysis")
	for _, tt := range []struct{ in, want string }{
		{"confidence_reasoning is empty; fill it in or take it out.", "“Why this sure” is empty; fill it in or take it out."},
		{"Entry 2 of red_flags has 3 characters; write at least 5.", "Entry 2 of “Red flags” has 3 characters; write at least 5."},
		{"The answer lacks the fields red_flags, recovery_timeline; add them.", "The answer lacks the fields “Red flags”, “The way back”; add them."},
		{`severity is "red_flags \" red_flags"; write one of mild, severe.`, `severity is "red_flags \" red_flags"; write one of mild, severe.`},
		{"The answer says “red_flags”.", "The answer says “red_flags”."},
		{"The answer has fields that are not foreseen: no_such_key; take them out.", "The answer has fields that are not foreseen: no_such_key; take them out."},
		{"a\u200bb", "a[ZWSP]b"},
		{
			"Example 0198c0de-0000-7000-8000-000000000001 answers nearly the same question differently in /recovery_timeline/phases/0/duration_weeks, /red_flags/1 and 2 more. Decide.",
			"Another example answers nearly the same question differently in “The way back, Phases 1, Duration weeks”, “Red flags 2” and 2 more. Decide.",
		},
		{"12 mg /kg and or /tmp/red_flags", "12 mg /kg and or /tmp/red_flags"},
	} {
		if got := drawer.Finding(injury, tt.in); got != tt.want {
			t.Errorf("Finding(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if got, want := drawer.Finding(catalog.Category{}, "red_flags is empty."), "red_flags is empty."; got != want {
		t.Errorf("without a category: %q, want %q", got, want)
	}
}

// spell writes runs as text: [-gone-], {+new+}, everything else as it is.
func spell(runs []templates.Run) string {
	var b strings.Builder
	for _, r := range runs {
		switch r.Mark {
		case templates.MarkRemoved:
			b.WriteString("[-" + r.Text + "-]")
		case templates.MarkAdded:
			b.WriteString("{+" + r.Text + "+}")
		default:
			b.WriteString(r.Text)
		}
	}
	return b.String()
}

func TestWords(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 200)
	for _, tt := range []struct{ name, before, after, want string }{
		{"same", "bench 3x5", "bench 3x5", "bench 3x5"},
		{"one word", "Squat at 315 lbs today", "Squat at 300 lbs today", "Squat at [-315-]{+300+} lbs today"},
		{"added", "Rest.", "Rest now.", "Rest{+ now+}."},
		{"removed", "Rest now.", "Rest.", "Rest[- now-]."},
		{"from nothing", "", "new", "{+new+}"},
		{"white space counts", "a b", "a  b", "a[- -]{+  +}b"},
		{"inside a word the whole word", "tendonitis", "tendinitis", "[-tendonitis-]{+tendinitis+}"},
		{"far from the change text is left out", long + "end", long + "END", "…" + long[len(long)-120:] + "[-end-]{+END+}"},
	} {
		if got := spell(draw.Words(tt.before, tt.after)); got != tt.want {
			t.Errorf("%s: Words() = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("Squat at 315", "Squat at 300 now")
	f.Add("", "\u200b")
	f.Fuzz(func(t *testing.T, before, after string) {
		// What is unchanged and gone is the old text, unchanged and new the new
		// one; gaps would hide that, so only short texts are compared.
		if len(before)+len(after) > 200 {
			return
		}
		var a, b strings.Builder
		for _, r := range draw.Words(before, after) {
			if r.Mark != templates.MarkAdded {
				a.WriteString(r.Text)
			}
			if r.Mark != templates.MarkRemoved {
				b.WriteString(r.Text)
			}
		}
		plain := func(s string) string {
			var w strings.Builder
			for _, r := range draw.Text(s) {
				w.WriteString(r.Text)
			}
			return w.String()
		}
		if a.String() != plain(before) || b.String() != plain(after) {
			t.Errorf("Words(%q, %q) gives back %q and %q", before, after, a.String(), b.String())
		}
	})
}

func TestChanges(t *testing.T) {
	t.Parallel()
	talk := func(answer string) []example.Message {
		return []example.Message{{Role: example.User, Content: "bench"}, {Role: example.Assistant, Content: answer}}
	}
	type change struct{ Title, What, Parts string }
	for _, tt := range []struct {
		name          string
		before, after []example.Message
		want          []change
	}{
		{"same", talk("x"), talk("x"), nil},
		{"text", talk("do rest"), talk("do not rest"), []change{{"Assistant, message 2", "", ": do{+ not+} rest"}}},
		{
			"a structured answer by its parts",
			talk(`{"a":{"severity":"mild","steps":["one"]},"gone":1}`), talk(`{"a":{"severity":"severe","steps":["one","two"]}}`),
			[]change{{"Assistant, message 2", "", "A › Severity: [-mild-]{+severe+}; A › Steps › 2: {+two+}; Gone: [-1-]"}},
		},
		{
			"only the spelling of JSON", talk(`{"a":1}`), talk(`{"a": 1}`),
			[]change{{"Assistant, message 2", "", `Spelling of the JSON: {"a":{+ +}1}`}},
		},
		{
			"a message more", talk("x"), append(talk("x"), example.Message{Role: example.User, Content: "more"}),
			[]change{{"User, message 3", "added", ": {+more+}"}},
		},
	} {
		var got []change
		for _, c := range draw.Changes(tt.before, tt.after) {
			var parts []string
			for _, p := range c.Parts {
				parts = append(parts, p.Label+": "+spell(p.Runs))
			}
			got = append(got, change{c.Title, c.What, strings.Join(parts, "; ")})
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: Changes() (-want +got):\n%s", tt.name, diff)
		}
	}
}

func defaultCategory(t testing.TB, slug string) catalog.Category {
	t.Helper()
	c, err := catalog.Load(catalogfiles.Files)
	if err != nil {
		t.Fatal(err)
	}
	cat, ok := c.Category(slug)
	if !ok {
		t.Fatalf("no category %s", slug)
	}
	return cat
}

// outline writes a drawing as indented lines: kind, label, text.
func outline(n templates.Node) string {
	var b strings.Builder
	var walk func(n templates.Node, depth int)
	walk = func(n templates.Node, depth int) {
		line := strings.Repeat("  ", depth) + n.Kind
		add := func(sep, s string) {
			if s != "" {
				line += sep + s
			}
		}
		add(" ", n.Label)
		add(": ", spell(n.Text))
		add(" ", n.Unit)
		if n.Gauge != nil {
			add(" | ", n.Gauge.Text)
			add(" @", n.Gauge.At)
			add(" of ", n.Gauge.Limit)
			add(" ", n.Gauge.Tone)
		}
		add(" (", n.Note)
		add(" #", n.ID)
		if n.Said != "" {
			line += " said"
		}
		b.WriteString(line + "\n")
		for _, child := range n.Nodes {
			walk(child, depth+1)
		}
	}
	walk(n, 0)
	return b.String()
}

func conversation(t *testing.T, s draw.Subject) (templates.Conversation, []string) {
	t.Helper()
	c, anchors, err := drawer.Conversation(s)
	if err != nil {
		t.Fatal(err)
	}
	return c, anchors
}

func TestVoiceAnswer(t *testing.T) {
	t.Parallel()
	c, anchors := conversation(t, draw.Subject{
		Prefix: "x", Category: defaultCategory(t, "voice_parsing"), Subcategory: "standard_command",
		Conversation: example.Conversation{Messages: []example.Message{
			{Role: example.User, Content: "Just did RDLs, 315 for 5, felt like an 8"},
			{Role: example.Assistant, Content: `{"exercise_id":"0b0e","exercise_name":"Romanian Deadlift","weight":315.0,"weight_unit":"lbs","reps":5,"rpe":8,"rir":null,"confidence":0.92,"mood":"good"}`},
		}},
		Findings: []lint.Finding{
			{Rule: "voice/reps", Severity: lint.Warning, Message: "Check.", Path: "/messages/1/content/reps"},
			{Rule: "text/odd", Severity: lint.Error, Message: "Odd.", Path: "/messages/0/content", Start: 9, End: 13},
			{Rule: "structure/x", Severity: lint.Info, Message: "Whole.", Path: "/messages/1/content/nowhere"},
			{Rule: "structure/y", Severity: lint.Info, Message: "Everything.", Path: ""},
		},
	})
	want := `slots #x-f2
  value Exercise: Romanian Deadlift
  value Weight: 315.0 lbs said
  value Reps: 5 #x-f0 said
  value RPE: 8 said
  value RIR: not said
  meter Confidence: 0.92 | 0.92 @92.0%
  value Mood: good
  value Exercise ID: 0b0e
`
	if diff := cmp.Diff(want, outline(*c.Turns[1].Answer)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"x-f0", "x-f1", "x-f2", "x"}, anchors); diff != "" {
		t.Errorf("anchors (-want +got):\n%s", diff)
	}
	var marks []string
	for _, r := range c.Turns[0].Text {
		if r.Mark != "" {
			marks = append(marks, r.Mark+":"+r.Text+":"+r.ID)
		}
	}
	if diff := cmp.Diff([]string{"error:RDLs:x-f1", "said:315:x-m1-s1", "said:5:x-m1-s2", "said:8:x-m1-s3"}, marks); diff != "" {
		t.Errorf("marks in the user's words (-want +got):\n%s", diff)
	}
}

func TestFullInjuryAnswer(t *testing.T) {
	t.Parallel()
	c, _ := conversation(t, draw.Subject{
		Category: defaultCategory(t, "injury_analysis"), Subcategory: "chronic",
		Conversation: example.Conversation{Messages: []example.Message{{Role: example.Assistant, Content: `{
			"reasoning_chain":["Week 1.","Week 2."],
			"assessment":{"injury_detected":true,"confidence":0.95,"confidence_reasoning":"Clear.","severity":"catastrophic","contributing_factors":["sleep"]},
			"red_flags":{"present":[],"absent":["numbness"],"escalation_triggers":["pain at rest"]},
			"differential_diagnoses":[{"condition":"Strain","probability":0.6,"distinguishing_features":["local"]},{"condition":"Tear","probability":"low"}],
			"affected_exercises":{"avoid_completely":[{"exercise":"Squat","load_percent":0,"rationale":"No."}],"safe_to_continue":[]},
			"load_management":{"current_volume":20,"recommended_volume":12,"volume_unit":"sets","progression_plan":["slow"]},
			"recommendations":{"recovery_timeline_validation":{"day_3":"Less pain.","week_2":{"expect":"none"}}},
			"response_to_user":"**Rest**."}`}}},
	})
	want := `group
  group Assessment
    value Injury: Yes
    value Severity: catastrophic (not one of mild, moderate, severe
    meter Confidence: 0.95 | 0.95 @95.0% caution (above the expected 0.7 to 0.85
    value Why this sure: Clear.
    chips Contributing factors
      item: sleep
  steps Reasoning
    item: Week 1.
    item: Week 2.
  bars What it could be
    item: Strain | 60 % @60.0%
      chips Distinguishing features
        item: local
    item: Tear | no number
      value Probability: low
  group Red flags
    value Present: none
    chips Absent
      item: numbness
    chips See someone if
      item: pain at rest
  columns Exercises
    cards Avoid
      item
        value Exercise: Squat
        value Load: 0 %
        value Rationale: No.
    value Safe: none
  slots Load before and after
    value Now: 20 sets
    value From now on: 12 sets
    steps The way back
      item: slow
  group What to do
    timeline What to expect when
      item Day 3
        value: Less pain.
      item Week 2
        slots
          value Expect: none
  markdown Answer to the athlete: **Rest**.
`
	if diff := cmp.Diff(want, outline(*c.Turns[0].Answer)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestBarsThatDoNotAddUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, numbers, want string }{
		{"one whole", `0.6 0.4`, "Together 100 % @100.0% of 100.0% good"},
		{"thirds, rounded", `0.33 0.33 0.34`, "Together 100 % @100.0% of 100.0% good"},
		{"too much", `0.9 1.6`, "Together 250 %, not 100 % @100.0% of 40.0% danger"},
		{"too little", `0.35`, "Together 35 %, not 100 % @35.0% of 100.0% danger"},
	} {
		var items []string
		for n := range strings.FieldsSeq(tt.numbers) {
			items = append(items, `{"condition":"c","probability":`+n+`}`)
		}
		c, _ := conversation(t, draw.Subject{
			Category: defaultCategory(t, "injury_analysis"), Subcategory: "acute",
			Conversation: example.Conversation{Messages: []example.Message{{
				Role: example.Assistant, Content: `{"primary_assessment":{},"differential_diagnosis":[` + strings.Join(items, ",") + `]}`,
			}}},
		})
		if got := outline(*c.Turns[0].Answer); !strings.Contains(got, "bars What it could be | "+tt.want+"\n") {
			t.Errorf("%s: drawn as\n%s, want bars with %q", tt.name, got, tt.want)
		}
	}
}

// Every value of every real answer must stand somewhere in its drawing.
func TestNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	var rows []struct {
		Scenario struct{ Category string }
		Answer   json.RawMessage `json:"training_example"`
	}
	if err := json.Unmarshal(shared(t, "voicefit-injury-core.json"), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 50 {
		t.Fatalf("%d rows, want 50", len(rows))
	}
	category := defaultCategory(t, "injury_analysis")
	for i, row := range rows {
		c, _ := conversation(t, draw.Subject{
			Category: category, Subcategory: row.Scenario.Category,
			Conversation: example.Conversation{Messages: []example.Message{{Role: example.Assistant, Content: string(row.Answer)}}},
		})
		var page strings.Builder
		if err := templates.ConversationView(c).Render(context.Background(), &page); err != nil {
			t.Fatal(err)
		}
		drawn, _, _ := strings.Cut(page.String(), `<details class="disclosure raw">`)
		var answer any
		if err := json.Unmarshal(row.Answer, &answer); err != nil {
			t.Fatal(err)
		}
		for _, s := range texts(answer) {
			if !strings.Contains(drawn, templEscape(s)) {
				t.Errorf("row %d: the drawing lacks %q", i, s)
			}
		}
	}
}

func texts(v any) []string {
	var all []string
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	case map[string]any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	}
	return all
}

func templEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "'", "&#39;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(s)
}

func shared(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	const evil = `<script>alert(1)</script><svg onload=alert(2)>"'</textarea>` + "\u202e"
	quoted, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		evil,
		`{` + string(quoted) + `:` + string(quoted) + `,"list":[` + string(quoted) + `,{"a":` + string(quoted) + `}]}`,
		`{"differential_diagnosis":[{"condition":` + string(quoted) + `,"probability":1}],"primary_assessment":{"severity":` + string(quoted) + `}}`,
	} {
		c, _ := conversation(t, draw.Subject{
			Prefix: "x", Category: defaultCategory(t, "injury_analysis"), Subcategory: "acute",
			Conversation: example.Conversation{
				Messages: []example.Message{
					{Role: example.System, Name: evil, Content: evil},
					{Role: example.User, Content: evil},
					{Role: example.Assistant, Content: content, ToolCalls: []example.ToolCall{{Name: evil, Arguments: evil}}},
				},
				Tools: json.RawMessage(`[{"function":{"name":` + string(quoted) + `,"description":` + string(quoted) + `}}]`),
			},
			Findings: []lint.Finding{{Severity: lint.Error, Message: evil, Path: "/messages/1/content", Start: 2, End: 9}},
		})
		for i := range c.Turns {
			c.Turns[i].HTML = "" // Markdown is made safe elsewhere, and tested there
		}
		var page strings.Builder
		if err := templates.ConversationView(c).Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<script", "<svg onload", "</textarea", "\u202e", `"'<`} {
			if strings.Contains(page.String(), bad) {
				t.Errorf("drawing %q passes on %q", content, bad)
			}
		}
		if !strings.Contains(page.String(), ">RLO</span>") {
			t.Errorf("drawing %q does not show the override character", content)
		}

		// The same in a form: the text as it is stands in fields only.
		_, v := editor(t, draw.Subject{
			Prefix: "x", Category: defaultCategory(t, "injury_analysis"), Subcategory: "acute",
			Conversation: example.Conversation{
				Messages: []example.Message{
					{Role: example.System, Name: evil, Content: evil},
					{Role: example.Assistant, Content: content, ToolCalls: []example.ToolCall{{ID: evil, Name: evil, Arguments: `{` + string(quoted) + `:` + string(quoted) + `}`}}},
					{Role: example.Tool, ToolCallID: evil, Content: content},
				},
				Tools: json.RawMessage(`[{"function":{"name":` + string(quoted) + `}}]`),
			},
		}, nil)
		for i := range v.Turns {
			v.Turns[i].Text.HTML = ""
		}
		page.Reset()
		if err := templates.EditorView(v).Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		if strings.Count(page.String(), "<textarea") != strings.Count(page.String(), "</textarea") {
			t.Errorf("the form of %q lets text end its field", content)
		}
		outside := regexp.MustCompile(`(?s)<textarea.*?</textarea>|value="[^"]*"`).ReplaceAllString(page.String(), "")
		for _, bad := range []string{"<script", "<svg onload", "\u202e", `"'<`} {
			if strings.Contains(outside, bad) {
				t.Errorf("the form of %q passes on %q", content, bad)
			}
		}
		if !strings.Contains(outside, ">RLO</span>") {
			t.Errorf("the form of %q does not show the override character", content)
		}
	}
}

func TestAnswerThatIsNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, content, want string }{
		{"prose where an answer belongs", "Rest.", "A structured answer belongs here"},
		{"cut off", `{"a":`, "it ends too early"},
		{"a mistake", "{\n\"a\" 1}", "line 2"},
		{"two values", `{} {}`, "more text behind"},
		{"too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "too deep"},
	} {
		c, _ := conversation(t, draw.Subject{
			Category: defaultCategory(t, "injury_analysis"), Subcategory: "acute",
			Conversation: example.Conversation{Messages: []example.Message{{Role: example.Assistant, Content: tt.content}}},
		})
		turn := c.Turns[0]
		if !strings.Contains(turn.Problem, tt.want) || turn.Answer != nil || spell(turn.Text) != tt.content {
			t.Errorf("%s: problem %q, text %q; want the text and %q", tt.name, turn.Problem, spell(turn.Text), tt.want)
		}
	}
}

func TestGist(t *testing.T) {
	t.Parallel()
	voice := defaultCategory(t, "voice_parsing")
	for _, tt := range []struct{ name, content, want string }{
		{"an answer", `{"exercise_id":"0b0e","exercise_name":"Bench Press","weight":60,"weight_unit":"kg","reps":5}`, "Exercise Bench Press · Weight 60 kg · Reps 5"},
		{"text", "Rest  a\nwhile.", "Rest a while."},
		{"no JSON", `{"a`, `{"a`},
	} {
		if got := drawer.Gist(voice, "standard_command", tt.content); got != tt.want {
			t.Errorf("%s: Gist() = %q, want %q", tt.name, got, tt.want)
		}
	}
}
