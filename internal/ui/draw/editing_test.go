package draw_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// editor lays a form over the conversation and draws it.
func editor(t *testing.T, s draw.Subject, form url.Values) (*draw.Editing, templates.Editor) {
	t.Helper()
	e, err := draw.Edit(s, form)
	if err != nil {
		t.Fatal(err)
	}
	return e, drawn(t, e)
}

func drawn(t *testing.T, e *draw.Editing) templates.Editor {
	t.Helper()
	v, err := drawer.Form(e, "f", "/act")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sent is what a browser without scripts sends of a form: every field, with the
// line ends of the network.
func sent(v templates.Editor) url.Values {
	out := url.Values{}
	lines := strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n", "\x00", "\ufffd")
	state := func(s templates.State) {
		if s.Use {
			out.Set(s.Name, s.Value)
		}
	}
	var field func(f templates.EditField)
	field = func(f templates.EditField) {
		switch f.Kind {
		case templates.FieldLine:
			out.Set(f.Name, strings.NewReplacer("\r", "", "\n", "", "\x00", "\ufffd").Replace(f.Value))
		case templates.FieldText:
			out.Set(f.Name, lines.Replace(f.Value))
		case templates.FieldChoice:
			out.Set(f.Name, f.Options[0].Value)
			for _, o := range f.Options {
				if o.Selected {
					out.Set(f.Name, o.Value)
				}
			}
		}
		for _, child := range f.Fields {
			field(child)
		}
	}
	text := func(t templates.EditText) {
		state(t.Exact)
		state(t.View)
		if t.Text != nil {
			field(*t.Text)
		}
		if t.Answer != nil {
			field(*t.Answer)
		}
	}
	state(v.Order)
	for _, t := range v.Turns {
		field(t.Roles)
		if t.Answers != nil {
			field(*t.Answers)
		}
		text(t.Text)
		state(t.CallKeys)
		for _, c := range t.Calls {
			field(c.Name)
			field(c.Key)
			text(c.Arguments)
		}
	}
	return out
}

// leaves lists the names of the fields inside the answers of a form.
func leaves(v templates.Editor) []templates.EditField {
	var out []templates.EditField
	var walk func(f templates.EditField)
	walk = func(f templates.EditField) {
		if len(f.Fields) == 0 && f.Kind != templates.FieldGroup && f.Kind != templates.FieldList && f.Kind != templates.FieldNothing {
			out = append(out, f)
		}
		for _, child := range f.Fields {
			walk(child)
		}
	}
	for _, t := range v.Turns {
		if t.Text.Answer != nil {
			walk(*t.Text.Answer)
		}
		for _, c := range t.Calls {
			if c.Arguments.Answer != nil {
				walk(*c.Arguments.Answer)
			}
		}
	}
	return out
}

func onlyAnswer(category catalog.Category, subcategory, content string) draw.Subject {
	return draw.Subject{Prefix: "x", Category: category, Subcategory: subcategory, Conversation: example.Conversation{
		Messages: []example.Message{{Role: example.User, Content: "q"}, {Role: example.Assistant, Content: content}},
	}}
}

// realAnswers are the structured answers of the real files, as they are written
// there and as an import writes them.
func realAnswers(t *testing.T) (answers []draw.Subject) {
	t.Helper()
	injury := defaultCategory(t, "injury_analysis")
	for _, name := range []string{"voicefit-injury-core.json", "voicefit-injury-lite.json"} {
		var rows []struct {
			Scenario struct{ Category string }
			Answer   json.RawMessage `json:"training_example"`
		}
		if err := json.Unmarshal(shared(t, name), &rows); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			answers = append(answers, onlyAnswer(injury, row.Scenario.Category, string(row.Answer)))
			var flat strings.Builder
			enc := json.NewEncoder(&flat)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(row.Answer); err != nil {
				t.Fatal(err)
			}
			answers = append(answers, onlyAnswer(injury, row.Scenario.Category, strings.TrimSpace(flat.String())))
		}
	}
	if len(answers) != 200 {
		t.Fatalf("%d answers, want 200", len(answers))
	}
	voice := defaultCategory(t, "voice_parsing")
	for _, content := range []string{
		`{"exercise_id":null,"exercise_name":"Romanian Deadlift","weight":315.0,"weight_unit":"lbs","reps":5,"rpe":8,"rir":null,"confidence":0.92,"mood":"good"}`,
		`{"exercises": [{"exercise_name": "Row", "weight": 1e2, "reps": 5, "confidence": 0.90}, {"exercise_name": "Squat \u00e9\ud83e\udd99", "weight": 100.50, "confidence": 0.9}], "confidence": 0.90}`,
		"{\r\n\t\"reasoning\": [\"a\", \"b\"],\r\n\t\"parsed_data\": { \"confidence\":0.5 ,\"exercise_name\" : \"X\\/Y\" }\r\n}\r\n",
		`{"exercise_name":"two","exercise_name":"names","confidence":0.50}`,
	} {
		answers = append(answers, onlyAnswer(voice, "standard_command", content))
	}
	return answers
}

// TestUntouchedKeepsItsBytes sends every real answer through a form without
// changing it, with a script and without one.
func TestUntouchedKeepsItsBytes(t *testing.T) {
	t.Parallel()
	for i, s := range realAnswers(t) {
		e, v := editor(t, s, nil)
		if diff := cmp.Diff(s.Conversation.Messages, e.Messages()); diff != "" {
			t.Fatalf("answer %d, nothing sent (-want +got):\n%s", i, diff)
		}
		if v.Turns[1].Text.Answer == nil {
			t.Fatalf("answer %d is not drawn as fields", i)
		}
		e, _ = editor(t, s, sent(v))
		if diff := cmp.Diff(s.Conversation.Messages, e.Messages()); diff != "" || e.Err() != nil {
			t.Fatalf("answer %d, everything sent: %v (-want +got):\n%s", i, e.Problems, diff)
		}
		// To the text and back again.
		for _, op := range []string{"json:message.1", "form:message.1"} {
			if err := e.Do(op, -1); err != nil {
				t.Fatal(err)
			}
			e, v = editor(t, s, sent(drawn(t, e)))
			if diff := cmp.Diff(s.Conversation.Messages, e.Messages()); diff != "" {
				t.Fatalf("answer %d after %s (-want +got):\n%s", i, op, diff)
			}
		}
		if v.Turns[1].Text.Answer == nil {
			t.Fatalf("answer %d does not come back as fields", i)
		}
	}
}

// TestOneFieldChanges changes every field of every real answer, one by one: the
// text before and after its value stays byte for byte.
func TestOneFieldChanges(t *testing.T) {
	t.Parallel()
	changed := 0
	for i, s := range realAnswers(t) {
		if i >= 100 && i < 200 {
			continue // the second file says the same as the first
		}
		_, v := editor(t, s, nil)
		before := s.Conversation.Messages[1].Content
		for _, f := range leaves(v) {
			typed := f.Value + "x"
			switch {
			case f.Lang == "json":
				continue
			case f.Numeric:
				typed = "7.250"
			case f.Kind == templates.FieldChoice:
				typed = f.Options[len(f.Options)-1].Value
				if typed == f.Value {
					typed = f.Options[0].Value
				}
			}
			e, err := draw.Edit(s, url.Values{f.Name: {typed}})
			if err != nil || e.Err() != nil {
				t.Fatalf("answer %d, %s: %v, %v", i, f.Name, err, e.Problems)
			}
			after := e.Messages()[1].Content
			if typed == f.Value {
				continue
			}
			head := commonPrefix(before, after)
			tail := commonPrefix(reverse(before[head:]), reverse(after[head:]))
			gone, put := before[head:len(before)-tail], after[head:len(after)-tail]
			if len(gone) > max(len(f.Value)+2, len("null")) || len(put) > len(typed)+8 || after == before {
				t.Fatalf("answer %d, %s: %q became %q", i, f.Name, gone, put)
			}
			changed++
		}
	}
	if changed < 5000 {
		t.Errorf("only %d fields were changed", changed)
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func TestTextFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, stored, typed, want string
	}{
		{"untouched compact JSON", `{"b":1.50,"a":"\u00e9"}`, "{\r\n  \"b\": 1.50,\r\n  \"a\": \"\\u00e9\"\r\n}", `{"b":1.50,"a":"\u00e9"}`},
		{"changed compact JSON stays compact", `{"b":1.50,"a":1e3}`, "{\r\n  \"b\": 1.50,\r\n  \"a\": 2e3\r\n}", `{"b":1.50,"a":2e3}`},
		{"changed JSON of Python stays so", `{"b": 1.50, "a": ": ,\""}`, "{\r\n  \"b\": 1.51,\r\n  \"a\": \": ,\\\"\"\r\n}", `{"b": 1.51, "a": ": ,\""}`},
		{"JSON laid out by hand stays as typed", "{ \"b\" : 1 }", "{ \"b\" : 2 }", "{ \"b\" : 2 }"},
		{"untouched text with its line ends", "one\r\ntwo\rthree\n", "one\r\ntwo\r\nthree\r\n", "one\r\ntwo\rthree\n"},
		{"changed text keeps its line ends", "one\r\ntwo\r\n", "one\r\n2\r\n", "one\r\n2\r\n"},
		{"changed text with plain line ends", "one\ntwo", "one\r\n2", "one\n2"},
		{"leading and trailing blanks", "  one \n\n", "  1 \r\n\r\n", "  1 \n\n"},
		{"text that begins like JSON", "{not json", "{still not", "{still not"},
	} {
		e, v := editor(t, onlyAnswer(catalog.Category{}, "", tt.stored), url.Values{"message.1": {tt.typed}, "message.1.view": {"json"}})
		if e.Err() != nil {
			t.Errorf("%s: %v", tt.name, e.Problems)
			continue
		}
		got := e.Messages()
		if got[1].Content != tt.want || got[0].Content != "q" {
			t.Errorf("%s: the edit is %q, want %q", tt.name, got[1].Content, tt.want)
		}
		if e, _ = editor(t, onlyAnswer(catalog.Category{}, "", tt.stored), sent(v)); e.Messages()[1].Content != tt.want {
			t.Errorf("%s: sent again, the edit is %q, want %q", tt.name, e.Messages()[1].Content, tt.want)
		}
	}
	e, v := editor(t, onlyAnswer(catalog.Category{}, "", `{"a":1}`), url.Values{"message.1": {"{\n\"a\" 1}"}})
	if !strings.Contains(e.Problems["message.1"], "line 2") || !e.Broken() || e.Messages()[1].Content != `{"a":1}` {
		t.Errorf("an edit that is no JSON: %v", e.Problems)
	}
	if f := v.Turns[1].Text.Text; f == nil || f.Value != "{\n\"a\" 1}" || f.Problem == "" {
		t.Errorf("it comes back as %+v", f)
	}
}

func TestLeaves(t *testing.T) {
	t.Parallel()
	voice := defaultCategory(t, "voice_parsing")
	const stored = `{"exercise_id":null, "exercise_name":"Row","weight":60.0,"weight_unit":"kg","reps":5,"confidence":0.9,"warm_up":true,"odd":{"a":[1,"x"]},"note":"a\r\nb"}`
	for _, tt := range []struct{ name, field, typed, want, problem string }{
		{"a number keeps its spelling", "/weight", "60.0", stored, ""},
		{"another spelling of the same number", "/weight", "60", strings.Replace(stored, "60.0", "60", 1), ""},
		{"a decimal comma", "/weight", " 62,5 ", strings.Replace(stored, "60.0", "62.5", 1), ""},
		{"no leading zeros", "/reps", "007", strings.Replace(stored, `"reps":5`, `"reps":7`, 1), ""},
		{"a point in front", "/confidence", ".5", strings.Replace(stored, "0.9", "0.5", 1), ""},
		{"words for a number", "/weight", "heavy", stored, "Type a number"},
		{"nothing for a number that may be nothing", "/weight", "", strings.Replace(stored, "60.0", "null", 1), ""},
		{"nothing for a number that must be", "/confidence", " ", stored, "Type a number"},
		{"something for nothing", "/exercise_id", "b", strings.Replace(stored, "null", `"b"`, 1), ""},
		{"a choice", "/weight_unit", "lbs", strings.Replace(stored, `"kg"`, `"lbs"`, 1), ""},
		{"no choice", "/weight_unit", "", strings.Replace(stored, `"kg"`, `null`, 1), ""},
		{"yes and no", "/warm_up", "false", strings.Replace(stored, "true", "false", 1), ""},
		{"neither", "/warm_up", "maybe", stored, "yes or no"},
		{"quotation marks", "/exercise_name", `"R"` + "\t\u2028", strings.Replace(stored, `"Row"`, `"\"R\"\t\u2028"`, 1), ""},
		{"an unknown list", "/odd/a/1", "y", strings.Replace(stored, `"x"`, `"y"`, 1), ""},
		{"line ends stay", "/note", "a\r\nc", strings.Replace(stored, `\r\nb`, `\r\nc`, 1), ""},
		{"a place that is not there", "/odd/b", "y", stored, "not there any more"},
		{"an element that is not there", "/odd/a/02", "y", stored, "not there any more"},
	} {
		e, _ := editor(t, onlyAnswer(voice, "standard_command", stored), url.Values{"message.1:" + tt.field: {tt.typed}})
		if got := e.Messages()[1].Content; got != tt.want {
			t.Errorf("%s: the answer is\n%s, want\n%s", tt.name, got, tt.want)
		}
		if got := e.Problems["message.1:"+tt.field]; tt.problem == "" && got != "" || !strings.Contains(got, tt.problem) {
			t.Errorf("%s: problem %q, want %q", tt.name, got, tt.problem)
		}
	}
}

// acts carries out acts one after the other, each through a form that a browser
// sends, and returns the answer.
func acts(t *testing.T, s draw.Subject, ops ...string) *draw.Editing {
	t.Helper()
	_, v := editor(t, s, nil)
	for _, op := range ops {
		e, _ := editor(t, s, sent(v))
		if err := e.Do(op, -1); err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		v = drawn(t, e)
	}
	e, _ := editor(t, s, sent(v))
	if e.Err() != nil {
		t.Fatalf("after %q: %v", ops, e.Problems)
	}
	return e
}

func TestActsInsideAnAnswer(t *testing.T) {
	t.Parallel()
	injury := defaultCategory(t, "injury_analysis")
	for _, tt := range []struct {
		name, stored string
		ops          []string
		want         string
	}{
		{"add to a list", `{"reasoning_chain":["a","b"],"x":1.0}`, []string{"add:message.1:/reasoning_chain/-"}, `{"reasoning_chain":["a","b",""],"x":1.0}`},
		{"add in the middle", `{"reasoning_chain": ["a", "b"]}`, []string{"add:message.1:/reasoning_chain/1"}, `{"reasoning_chain": ["a", "", "b"]}`},
		{"add to an empty list", `{"reasoning_chain": [ ]}`, []string{"add:message.1:/reasoning_chain/-"}, `{"reasoning_chain": [""]}`},
		{"remove the first", `{"reasoning_chain": [ "a", "b" ]}`, []string{"remove:message.1:/reasoning_chain/0"}, `{"reasoning_chain": [ "b" ]}`},
		{"remove the last", `{"reasoning_chain": [ "a", "b" ]}`, []string{"remove:message.1:/reasoning_chain/1"}, `{"reasoning_chain": [ "a" ]}`},
		{"remove the only one", `{"reasoning_chain": [ "a" ]}`, []string{"remove:message.1:/reasoning_chain/0"}, `{"reasoning_chain": []}`},
		{"move down", `{"reasoning_chain": ["a",  "\u0062","c"]}`, []string{"down:message.1:/reasoning_chain/0"}, `{"reasoning_chain": ["\u0062",  "a","c"]}`},
		{"move up", `{"reasoning_chain": ["a", "b","c"]}`, []string{"up:message.1:/reasoning_chain/2"}, `{"reasoning_chain": ["a", "c","b"]}`},
		{"move the first up", `{"reasoning_chain": ["a"]}`, []string{"up:message.1:/reasoning_chain/0"}, `{"reasoning_chain": ["a"]}`},
		{
			"add an object", `{"differential_diagnoses": [{"condition": "A", "probability": 0.50, "extra": [1]}]}`,
			[]string{"add:message.1:/differential_diagnoses/-"},
			`{"differential_diagnoses": [{"condition": "A", "probability": 0.50, "extra": [1]}, {"condition": "", "probability": null, "extra": []}]}`,
		},
		{"add a field", `{"assessment":{"severity":"mild"}}`, []string{"add:message.1:/assessment/body_part"}, `{"assessment":{"severity":"mild","body_part":null}}`},
		{"remove a field", `{"assessment":{"severity":"mild","mood":1,"x":2}}`, []string{"remove:message.1:/assessment/mood"}, `{"assessment":{"severity":"mild","x":2}}`},
		{"fill in", `{"load_management":null}`, []string{"fill:message.1:/load_management"}, `{"load_management":{}}`},
		{"set to nothing", `{"load_management":{"current_volume":5}}`, []string{"clear:message.1:/load_management"}, `{"load_management":null}`},
		{
			"in lines", "{\n  \"reasoning_chain\": [\n    \"a\"\n  ]\n}",
			[]string{"add:message.1:/reasoning_chain/-", "add:message.1:/red_flags"},
			"{\n  \"reasoning_chain\": [\n    \"a\",\n    \"\"\n  ],\n  \"red_flags\": {\n    \"present\": [],\n    \"absent\": [],\n    \"escalation_triggers\": []\n  }\n}",
		},
		{
			"several acts", `{"reasoning_chain":["a","b"]}`,
			[]string{"add:message.1:/reasoning_chain/-", "up:message.1:/reasoning_chain/2", "remove:message.1:/reasoning_chain/0"},
			`{"reasoning_chain":["","b"]}`,
		},
	} {
		e := acts(t, onlyAnswer(injury, "acute", tt.stored), tt.ops...)
		if got := e.Messages()[1].Content; got != tt.want {
			t.Errorf("%s: the answer is\n%s, want\n%s", tt.name, got, tt.want)
		}
	}
	e, _ := editor(t, onlyAnswer(injury, "acute", `{"reasoning_chain":["a"],"b":1,"b":2}`), nil)
	for _, op := range []string{
		"", "add", "add:message.1", "add:message.9:/x", "remove:message.1:", "remove:message.1:/nowhere", "add:message.1:/reasoning_chain",
		"up:message.1:/assessment", "turn-up:9", "turn-add:x", "call-remove:message.1.call.0", "begin:message.1", "explode:message.1:/b",
	} {
		if err := e.Do(op, -1); err == nil && op != "up:message.1:/assessment" {
			t.Errorf("the act %q is carried out", op)
		}
	}
}

func TestActsOnMessages(t *testing.T) {
	t.Parallel()
	weight := 0
	s := draw.Subject{Prefix: "x", Category: defaultCategory(t, "ai_coach"), Conversation: example.Conversation{
		Messages: []example.Message{
			{Role: example.System, Content: "Be kind.\r\n"},
			{Role: example.User, Name: "ana", Content: "How deep?\n\nDeep enough."},
			{Role: example.Assistant, Content: "", Weight: &weight, ToolCalls: []example.ToolCall{{ID: "c1", Name: "look", Arguments: `{"what": "depth", "n": 1.0}`}}},
			{Role: example.Tool, ToolCallID: "c1", Content: "{\"cm\": 40.0}"},
		},
		Tools: json.RawMessage(`[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"what":{"type":"string","enum":["depth","width"]},"n":{"type":"integer"}},"required":["what"]}}},{"type":"function","function":{"name":"rest"}}]`),
	}}
	brief := func(e *draw.Editing) (out []string) {
		for _, m := range e.Messages() {
			line := string(m.Role) + ": " + m.Content
			for _, c := range m.ToolCalls {
				line += " " + c.ID + "=" + c.Name + c.Arguments
			}
			out = append(out, line+m.ToolCallID)
		}
		return out
	}
	const system, user, call, result = "system: Be kind.\r\n", "user: How deep?\n\nDeep enough.", `assistant:  c1=look{"what": "depth", "n": 1.0}`, `tool: {"cm": 40.0}c1`
	for _, tt := range []struct {
		name string
		ops  []string
		want []string
	}{
		{"nothing", nil, []string{system, user, call, result}},
		{"add behind", []string{"turn-add:1"}, []string{system, user, "assistant: ", call, result}},
		{"add in front", []string{"turn-add:"}, []string{"user: ", system, user, call, result}},
		{"remove", []string{"turn-remove:0"}, []string{user, call, result}},
		{"remove all", []string{"turn-remove:0", "turn-remove:3", "turn-remove:1", "turn-remove:2"}, nil},
		{"move", []string{"turn-down:0", "turn-up:3"}, []string{user, system, result, call}},
		{"split", []string{"turn-split:1"}, []string{system, "user: How deep?", "assistant: Deep enough.", call, result}},
		{"add a call", []string{"call-add:2"}, []string{system, user, call + " call_1={}", result}},
		{"remove a call", []string{"call-remove:message.2.call.0"}, []string{system, user, "assistant: ", result}},
		{"inside arguments", []string{"remove:message.2.call.0.arguments:/n"}, []string{system, user, `assistant:  c1=look{"what": "depth"}`, result}},
		{"inside a result", []string{"remove:message.3:/cm"}, []string{system, user, call, "tool: {}c1"}},
	} {
		if diff := cmp.Diff(tt.want, brief(acts(t, s, tt.ops...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	e := acts(t, s)
	if diff := cmp.Diff(s.Conversation.Messages, e.Messages()); diff != "" {
		t.Errorf("nothing done (-want +got):\n%s", diff)
	}

	// Roles, functions and ids are typed or chosen.
	e, v := editor(t, s, url.Values{
		"message.0.role": {"user"}, "message.2.call.0.name": {"rest"}, "message.2.call.0.id": {"c9"}, "message.3.answers": {"c9"},
		"message.2.call.0.arguments:/what": {"width"}, "message.2.call.0.arguments:/n": {"2"},
	})
	want := []string{"user: Be kind.\r\n", user, `assistant:  c9=rest{"what": "width", "n": 2}`, `tool: {"cm": 40.0}c9`}
	if diff := cmp.Diff(want, brief(e)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	e, _ = editor(t, s, sent(v))
	if diff := cmp.Diff(want, brief(e)); diff != "" {
		t.Errorf("fields, sent again (-want +got):\n%s", diff)
	}
	// The tool's own schema offers the choices.
	_, v = editor(t, s, nil)
	if f := v.Turns[2].Calls[0].Arguments.Answer.Fields[0]; f.Kind != templates.FieldChoice || len(f.Options) != 2 {
		t.Errorf("the argument is drawn as %+v", f)
	}
	for _, bad := range []url.Values{
		{"message.order": {"0 0"}},
		{"message.order": {"0 7"}},
		{"message.order": {"0 -1"}},
		{"message.order": {"n0"}},
		{"message.order": {strings.Repeat("1 ", 600)}},
		{"message.2.calls": {"0 0"}},
		{"message.2.calls": {"3"}},
	} {
		if _, err := draw.Edit(s, bad); err == nil {
			t.Errorf("the form %.60q is taken", bad.Encode())
		}
	}
	if e, err := draw.Edit(s, url.Values{"message.1.role": {"coach"}}); err != nil || e.Err() == nil {
		t.Errorf("an unknown role: %v, %v", err, e.Err())
	}
}

func TestSplitWhereTheCursorIs(t *testing.T) {
	t.Parallel()
	s := draw.Subject{Prefix: "x", Conversation: example.Conversation{Messages: []example.Message{{Role: example.Assistant, Content: "a🦙 b\r\nc d"}}}}
	for at, want := range map[int][2]string{0: {"", "a🦙 b\r\nc d"}, 3: {"a🦙", "b\r\nc d"}, 6: {"a🦙 b", "c d"}, 99: {"a🦙 b\r\nc d", ""}, -1: {"a🦙 b", "c d"}} {
		e, _ := editor(t, s, nil)
		if err := e.Do("turn-split:0", at); err != nil {
			t.Fatal(err)
		}
		m := e.Messages()
		if got := [2]string{m[0].Content, m[1].Content}; got != want || m[1].Role != example.User {
			t.Errorf("split at %d: %q, want %q", at, got, want)
		}
	}
}

// FuzzEdit sends forms of all kinds: nothing panics, what is not named stays,
// and every answer that was JSON is JSON.
func FuzzEdit(f *testing.F) {
	f.Add(`{"a":[1,{"b":"x"}],"c":null}`, "/a/1/b", "y", "add:message.1:/a/-")
	f.Add(`{"reasoning_chain":["a"],"n":1e3}`, "/n", "5,5", "down:message.1:/reasoning_chain/0")
	f.Add("[\"\\ud800\",\"\u202e\"]", "/0", "\x00", "remove:message.1:/0")
	f.Add(`{"a":{"a":1,"a":2}}`, "/a", "{", "turn-split:0")
	f.Add("[\n\t1,\n\t2\n]", "", "[]", "add:message.1:/0")
	injury := defaultCategory(f, "injury_analysis")
	f.Fuzz(func(t *testing.T, content, at, typed, op string) {
		s := onlyAnswer(injury, "acute", content)
		e, err := draw.Edit(s, url.Values{"message.1:" + at: {typed}})
		if err != nil {
			return
		}
		wasJSON := draw.Valid(content) == nil
		_ = e.Do(op, 3) // most acts do not fit; they are refused
		for range 2 {
			v, err := drawer.Form(e, "f", "/act")
			if err != nil {
				t.Fatal(err)
			}
			before := e.Messages()
			problems := len(e.Problems)
			if e, err = draw.Edit(s, sent(v)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, e.Messages()); diff != "" && problems == 0 {
				t.Fatalf("sending the form changes it (-before +after):\n%s", diff)
			}
		}
		if m := e.Messages(); wasJSON && !strings.HasPrefix(op, "turn-") && len(m) == 2 && draw.Valid(m[1].Content) != nil {
			t.Fatalf("%q became %q", content, m[1].Content)
		}
	})
}

// TestManyActs does many acts at random on one real answer: it stays JSON, and
// the form shows all of it.
func TestManyActs(t *testing.T) {
	t.Parallel()
	s := realAnswers(t)[0]
	e, v := editor(t, s, nil)
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test wants the same numbers each time
	for range 150 {
		var ops []string
		var walk func(f templates.EditField)
		walk = func(f templates.EditField) {
			for _, a := range f.Adds {
				ops = append(ops, a.Op)
			}
			for _, a := range []*templates.Act{f.Remove, f.Up, f.Down, f.Clear} {
				if a != nil {
					ops = append(ops, a.Op)
				}
			}
			for _, child := range f.Fields {
				walk(child)
			}
		}
		walk(*v.Turns[1].Text.Answer)
		op := ops[rng.IntN(len(ops))]
		if err := e.Do(op, -1); err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		v = drawn(t, e)
		before := e.Messages()
		e, v = editor(t, s, sent(v))
		if diff := cmp.Diff(before, e.Messages()); diff != "" || e.Err() != nil {
			t.Fatalf("%s: %v (-want +got):\n%s", op, e.Problems, diff)
		}
	}
}
