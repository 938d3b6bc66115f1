package lint_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	at := func(rule, place string) []string {
		return []string{"error json/" + rule + " /messages/1/content" + place}
	}
	good := set(`,"weight":225,"weight_unit":"lbs","reps":8`)
	rows := []row{
		{name: "a set", turns: []string{"bench 225 for 8", good}},
		{name: "a set with white space around it", turns: []string{"bench 225 for 8", "\n " + good + "\n"}},
		{name: "escapes", turns: []string{"a", set(`,"notes":"\"\\\/\b\f\n\r\tÁ😀"`)}},
		{name: "prose", turns: []string{"a", "Logged."}, want: at("invalid", "")},
		{name: "a code fence", turns: []string{"a", "```json\n" + good + "\n```"}, want: at("invalid", "")},
		{name: "words in front", turns: []string{"a", "Here: " + good}, want: at("invalid", "[0:6]")},
		{name: "cut off", turns: []string{"a", `{"a":`}, want: at("invalid", "[4:5]")},
		{name: "single quotes", turns: []string{"a", `{'a':1}`}, want: at("invalid", "[1:2]")},
		{name: "a trailing comma", turns: []string{"a", `{"a":1,}`}, want: at("invalid", "[7:8]")},
		{name: "NaN", turns: []string{"a", `{"a":NaN}`}, want: at("invalid", "[5:6]")},
		{name: "a number in another form", turns: []string{"a", `{"a":01}`}, want: at("invalid", "[5:6]")},
		{name: "a line break in a string", turns: []string{"a", "{\"a\":\"x\ny\"}"}, want: at("invalid", "[7:8]")},
		{name: "an unknown escape", turns: []string{"a", `{"a":"\x"}`}, want: at("invalid", "[6:7]")},
		{name: "two documents", turns: []string{"a", `{} {}`}, want: at("invalid", "[3:4]")},
		{name: "beyond ASCII", turns: []string{"a", `{"ä":é}`}, want: at("invalid", "[6:8]")},
		{name: "nested deeply", turns: []string{"a", `{"a":` + strings.Repeat("[", 5000)}, want: at("invalid", "[205:206]")},
		{name: "a key twice", turns: []string{"bench 225 for 8", set(`,"weight":1,"weight":225,"weight_unit":"lbs","reps":8`)}, want: at("invalid", "/weight")},
		{name: "half a surrogate pair", turns: []string{"bench", set(`,"notes":"\ud83d"`)}, want: at("invalid", "[110:116]")},
		{name: "a missing field", turns: []string{"a", `{"exercise_id":null,"confidence":0.9}`}, want: at("schema", "")},
		{name: "a wrong type", turns: []string{"bench 8", set(`,"reps":"8"`)}, want: at("schema", "/reps")},
		{name: "out of range", turns: []string{"bench RPE 11", set(`,"rpe":11`)}, want: at("schema", "/rpe")},
		{name: "not one of the words", turns: []string{"bench 225", set(`,"weight":225,"weight_unit":"pounds"`)}, want: at("schema", "/weight_unit")},
		{name: "a weight without its unit", turns: []string{"bench 225", set(`,"weight":225`)}, want: at("schema", "")},
		{name: "an id that is none", turns: []string{"a", strings.Replace(good, "0b7d64f0-", "", 1)}, want: at("schema", "/exercise_id")},
		{name: "in the enhanced form", turns: []string{"bench", `{"reasoning":[""],"parsed_data":` + set(``) + `}`}, want: at("schema", "/reasoning/0")},
		{name: "the enhanced form with several", turns: []string{"bench", `{"reasoning":["x"],"parsed_data":{"confidence":0.9,"exercises":[` + set(``) + `,` + set(``) + `]}}`}},
		{name: "too few of several", turns: []string{"bench", `{"exercises":[` + set(``) + `]}`}, want: at("schema", "/exercises")},
		{name: "a list", turns: []string{"a", `[]`}, want: at("schema", "")},
	}
	for i := range rows {
		rows[i].category = "voice_parsing"
	}
	examine(t, linter(t), "json", rows)

	examine(t, linter(t), "json", []row{
		{name: "any, prose", category: "running_cardio", turns: []string{"a", "[x] is prose"}},
		{name: "any, JSON", category: "running_cardio", turns: []string{"a", `{"from":1}`}, want: at("schema", "")},
		{name: "prose in a subcategory of JSON", category: "running_cardio", subcategory: "run_parsing", turns: []string{"a", "Nice"}, want: at("invalid", "")},
		{name: "JSON in a category of prose", category: "ai_coach", turns: []string{"a", `{"a":`}},
		{name: "prose before the last turn", category: "injury_analysis", subcategory: "multi_turn", turns: []string{"a", "Where?", "b", full}},
		{name: "prose at the last turn", category: "injury_analysis", subcategory: "multi_turn", turns: []string{"a", "Where?", "b", "Rest."}, want: []string{"error json/invalid /messages/3/content"}},
		{name: "a tool call", category: "voice_parsing", messages: []example.Message{
			message(example.User, "a"),
			{Role: example.Assistant, Content: "Let me look.", ToolCalls: []example.ToolCall{{ID: "1", Name: "f", Arguments: "{}"}}},
			{Role: example.Tool, ToolCallID: "1", Content: "1"},
			message(example.Assistant, set(``)),
		}},
	})
}

// FuzzSchema holds json/schema, which accepts most answers by a way of its own,
// against the schema library, and json/invalid against encoding/json.
func FuzzSchema(f *testing.F) {
	c := theDefault(f)
	l := linterOf(f, c)
	compiled := map[string]*jsonschema.Schema{}
	for _, cat := range c.Categories {
		for _, s := range cat.Schemas {
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.JSON))
			if err != nil {
				f.Fatal(err)
			}
			name := "test:///" + cat.Slug + "/" + s.Name
			compiler := jsonschema.NewCompiler()
			compiler.DefaultDraft(jsonschema.Draft2020)
			if err := compiler.AddResource(name, doc); err != nil {
				f.Fatal(err)
			}
			compiled[cat.Slug+"/"+s.Name] = compiler.MustCompile(name)
		}
	}
	structured := []string{"voice_parsing", "injury_analysis", "running_cardio"}
	for _, s := range []string{
		full, research, set(``), set(`,"weight":1,"weight_unit":null`), set(`,"weight":1.0,"reps":2.0,"weight_unit":"kg"`), set(`,"weight":1,"reps":2.5`), set(`,"rpe":10.000000000000000001`),
		`{"exercises":[` + set(``) + `,` + set(``) + `]}`, `{"reasoning":["x"],"parsed_data":` + set(``) + `}`, `{"reasoning":["x"],"parsed_data":{"confidence":1,"exercises":[{},{}]}}`,
		`{"distance":5,"distance_unit":"mi","pace":"8:30","pace_unit":"min/mi","duration":"42:30"}`, `{"from":{"value":5,"unit":"mi"},"to":{"value":8,"unit":"km"}}`,
		`{"pace":"8:30","equivalent_pace":"8:05","pace_unit":"min/mi","temperature":88,"temperature_unit":"F"}`, `[]`, `{"a":1e400}`, `{"a":"\ud83d"}`, `{"a":1,"a":2}`, "{\"a\":\"\x7f\"}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || text[0] != '{' {
			return
		}
		var want any
		valid := json.Unmarshal([]byte(text), &want) == nil
		for _, slug := range structured {
			cat, _ := c.Category(slug)
			found := l.Check(lint.Subject{Category: slug, Conversation: talk("a", text)})
			has := func(rule string) bool {
				return slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Rule == rule })
			}
			if !valid {
				if !has("json/invalid") {
					t.Fatalf("%q is no JSON and no finding says so: %v", text, found)
				}
				continue
			}
			if has("json/invalid") {
				continue // keys twice, halves of pairs, depth: stricter than encoding/json
			}
			s, ok := cat.SchemaFor(want)
			if !ok {
				continue
			}
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled[slug+"/"+s.Name].Validate(doc); (err != nil) != has("json/schema") {
				t.Fatalf("%s %q: the library says %v, Check says %v", slug, text, err, found)
			}
		}
	})
}

// FuzzCheck looks for texts that make a rule stumble, and for findings that
// point outside of the text.
func FuzzCheck(f *testing.F) {
	c := theDefault(f)
	l := linterOf(f, c)
	f.Add("Bench 225 for 8", set(`,"weight":225,"weight_unit":"lbs","reps":8`), "same weight, 6", `{"reps":6}`)
	f.Add(calf, full, "one hundred and thirty five and a half", research)
	f.Add("5 mile run at 8:30 pace in 88 °F", "8:30 per mile at 88 °F is worth 8:55 per mile in cool weather", "2½ 1/2 1:30", "10 km is 6 miles [Insert x] {{y}}")
	f.Add("a\x00\u202e\ufffd<|eot_id|>", "jo@mail.com +49 170 1234567 4111 1111 1111 1111", "12 Oak Street", "\xff\xfe[INST]")
	f.Fuzz(func(t *testing.T, a, b, third, d string) {
		conversation := talk(a, b, third, d)
		for _, cat := range c.Categories {
			for _, sub := range append(cat.Subcategories, catalog.Subcategory{}) {
				s := lint.Subject{Category: cat.Slug, Subcategory: sub.Slug, Conversation: conversation, Tokens: len(a)}
				found := l.Check(s)
				for _, x := range found {
					checkPlace(t, conversation, x)
				}
			}
		}
	})
}

// checkPlace fails the test if a finding's place is not in the conversation.
func checkPlace(t *testing.T, c example.Conversation, f lint.Finding) {
	t.Helper()
	rest, ok := strings.CutPrefix(f.Path, "/messages")
	if !ok || f.Start < 0 || f.End < f.Start {
		t.Fatalf("%s is at %s[%d:%d]", f.Rule, f.Path, f.Start, f.End)
	}
	if rest == "" || f.End == 0 {
		return
	}
	i := int(rest[1] - '0')
	inside, ok := strings.CutPrefix(rest[2:], "/content")
	if !ok {
		t.Fatalf("%s is at %s[%d:%d]", f.Rule, f.Path, f.Start, f.End)
	}
	text := c.Messages[i].Content
	if inside != "" {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%s is at %s of %q", f.Rule, f.Path, text)
		}
		text, ok = lookUp(v, inside).(string)
		if !ok && !strings.Contains(c.Messages[i].Content, `"`) {
			t.Fatalf("%s is at %s, which is no text in %q", f.Rule, f.Path, c.Messages[i].Content)
		}
		if !ok {
			return // a key that stands twice leads readers to different places
		}
		if strings.ContainsRune(text, '\uFFFD') {
			return
		}
	}
	if f.End > len(text) {
		t.Fatalf("%s is at %s[%d:%d] of %q", f.Rule, f.Path, f.Start, f.End, text)
	}
}

// lookUp follows a JSON pointer.
func lookUp(v any, pointer string) any {
	for tok := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		tok = strings.ReplaceAll(strings.ReplaceAll(tok, "~1", "/"), "~0", "~")
		switch node := v.(type) {
		case map[string]any:
			v = node[tok]
		case []any:
			i := 0
			for _, c := range tok {
				i = i*10 + int(c-'0')
			}
			if i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}
