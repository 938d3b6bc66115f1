package example_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
)

func one() *int  { n := 1; return &n }
func zero() *int { n := 0; return &n }

var conversation = example.Conversation{
	Messages: []example.Message{
		{Role: example.System, Content: "Be brief.\n"},
		{Role: example.User, Name: "ana", Content: "tab\t \"quoted\" <b> \u2028 \x00 \x1f é 🦙"},
		{Role: example.Assistant, Weight: zero(), ToolCalls: []example.ToolCall{{ID: "c1", Name: "f", Arguments: `{"a":1.0}`}}},
		{Role: example.Tool, ToolCallID: "c1", Content: "{}"},
		{Role: example.Assistant, Content: "Done.", Weight: one()},
	},
	Tools: json.RawMessage(`[{"type":"function"}]`),
}

func TestAppendMessages(t *testing.T) {
	t.Parallel()
	want := `[{"role":"system","content":"Be brief.\n"},` +
		`{"role":"user","name":"ana","content":"tab\t \"quoted\" <b> \u2028 \u0000 \u001f é 🦙"},` +
		`{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1.0}"}}],"weight":0},` +
		`{"role":"tool","content":"{}","tool_call_id":"c1"},` +
		`{"role":"assistant","content":"Done.","weight":1}]`
	got := string(conversation.AppendMessages(nil))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("AppendMessages() mismatch (-want +got):\n%s", diff)
	}
	back, err := example.Parse(got, string(conversation.Tools))
	if err != nil {
		t.Fatalf("Parse(AppendMessages()) = %v", err)
	}
	if diff := cmp.Diff(conversation, back); diff != "" {
		t.Errorf("round trip mismatch (-want +got):\n%s", diff)
	}
}

func TestHashOf(t *testing.T) {
	t.Parallel()
	a := example.HashOf([]byte("[1"), []byte("]"))
	for name, other := range map[string]example.Hash{
		"moved boundary": example.HashOf([]byte("[1]"), nil),
		"other tools":    example.HashOf([]byte("[1"), []byte("[]")),
	} {
		if a == other {
			t.Errorf("HashOf is equal for %s", name)
		}
	}
	if a != example.HashOf([]byte("[1"), []byte("]")) {
		t.Error("HashOf is not deterministic")
	}
}

func TestParseMessagesRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"not json":      `[{`,
		"an object":     `{"role":"user","content":"x"}`,
		"unknown role":  `[{"role":"human","content":"x"}]`,
		"no role":       `[{"content":"x"}]`,
		"unknown key":   `[{"role":"user","content":"x","mood":"good"}]`,
		"weight of two": `[{"role":"assistant","content":"x","weight":2}]`,
		"trailing":      `[] []`,
		"content list":  `[{"role":"user","content":["x"]}]`,
	} {
		if _, err := example.ParseMessages([]byte(in)); !errors.Is(err, example.ErrShape) {
			t.Errorf("ParseMessages(%s) = %v, want ErrShape", name, err)
		}
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	user := func(text string) example.Message { return example.Message{Role: example.User, Content: text} }
	answer := func(text string) example.Message { return example.Message{Role: example.Assistant, Content: text} }
	call := func(id, arguments string) example.Message {
		return example.Message{Role: example.Assistant, ToolCalls: []example.ToolCall{{ID: id, Name: "f", Arguments: arguments}}}
	}
	result := func(id string) example.Message {
		return example.Message{Role: example.Tool, ToolCallID: id, Content: "1"}
	}
	system := example.Message{Role: example.System, Content: "s"}
	for _, tt := range []struct {
		name           string
		messages       []example.Message
		common, strict bool
	}{
		{"a pair", []example.Message{user("a b"), answer("c")}, true, true},
		{"a system message first", []example.Message{system, user("a"), answer("c")}, true, true},
		{"inner white space is content", []example.Message{user("a \n b"), answer("c")}, true, true},
		{"white space in front", []example.Message{user(" a"), answer("c")}, true, false},
		{"a no-break space behind", []example.Message{user("a\u00a0"), answer("c")}, true, false},
		{"a zero width space is not white space", []example.Message{user("a\u200b"), answer("c")}, true, true},
		{"a name", []example.Message{{Role: example.User, Name: "x", Content: "a"}, answer("c")}, true, false},
		{"a weight", []example.Message{user("a"), {Role: example.Assistant, Content: "a", Weight: one()}}, true, false},
		{"a tool call and its result", []example.Message{user("a"), call("1", "{}"), result("1"), answer("c")}, true, true},
		{"two calls and their results in any order", []example.Message{
			user("a"),
			{Role: example.Assistant, ToolCalls: []example.ToolCall{{ID: "1", Name: "f", Arguments: "{}"}, {ID: "2", Name: "f", Arguments: "{}"}}},
			result("2"), result("1"), answer("c"),
		}, true, true},
		{"nothing", nil, false, false},
		{"no answer", []example.Message{user("a")}, false, false},
		{"the assistant first", []example.Message{answer("a"), user("a"), answer("c")}, false, false},
		{"two users", []example.Message{user("a"), user("b"), answer("c")}, false, false},
		{"a system message later", []example.Message{user("a"), system, answer("c")}, false, false},
		{"an empty turn", []example.Message{user("\n"), answer("c")}, false, false},
		{"a call without a result", []example.Message{user("a"), call("1", "{}"), answer("c")}, false, false},
		{"a result without a call", []example.Message{user("a"), result("1"), answer("c")}, false, false},
		{"a result answered twice", []example.Message{user("a"), call("1", "{}"), result("1"), result("1"), answer("c")}, false, false},
		{"a call at the end", []example.Message{user("a"), call("1", "{}")}, false, false},
		{"arguments that are not JSON", []example.Message{user("a"), call("1", "{"), result("1"), answer("c")}, false, false},
		{"a call without an id", []example.Message{user("a"), call("", "{}"), result(""), answer("c")}, false, false},
		{"an unknown role", []example.Message{user("a"), {Role: "human", Content: "x"}, answer("c")}, false, false},
	} {
		c := example.Conversation{Messages: tt.messages}
		err := c.Common()
		var d *example.Deviation
		if (err == nil) != tt.common || err != nil && (!errors.As(err, &d) || d.Reason == "") {
			t.Errorf("Common() of %s = %v, want fine: %v", tt.name, err, tt.common)
		}
		if got := c.Strict(); got != tt.strict {
			t.Errorf("Strict() of %s = %v, want %v", tt.name, got, tt.strict)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, s := range example.Statuses {
		for v, want := range map[example.Verdict]example.Status{
			example.Approve: example.Approved, example.Reject: example.Rejected,
			example.Escalate: example.Escalated, example.Skip: s,
		} {
			if got, ok := s.Next(v); got != want || !ok {
				t.Errorf("%s.Next(%s) = %s, %v; want %s, true", s, v, got, ok, want)
			}
		}
		if _, ok := s.Next("maybe"); ok {
			t.Errorf("%s.Next(maybe) is allowed", s)
		}
	}
	if _, ok := example.Status("lost").Next(example.Approve); ok {
		t.Error("an unknown status has a next one")
	}
}

// FuzzAppendString holds the canonical spelling against encoding/json: both
// must read back as the same string, whatever the bytes.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a", "\x00\x1f\"\\/", "é\u2028\u2029🦙", "\xff\xfe", "<script>&", strings.Repeat("x", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		enc := example.AppendString(nil, s)
		var got string
		if err := json.Unmarshal(enc, &got); err != nil {
			t.Fatalf("AppendString(%q) = %s, which is not JSON: %v", s, enc, err)
		}
		want := s
		if !utf8.ValidString(s) {
			b, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
		}
		if got != want {
			t.Fatalf("AppendString(%q) reads back as %q", s, got)
		}
	})
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		runes int
		want  string
	}{
		{"", 3, ""},
		{"knee", 4, "knee"},
		{"knees", 4, "knee…"},
		{"Knöchel", 3, "Knö…"},
		{"🦙🦙", 1, "🦙…"},
	} {
		if got := example.Excerpt(tt.text, tt.runes); got != tt.want {
			t.Errorf("Excerpt(%q, %d) = %q, want %q", tt.text, tt.runes, got, tt.want)
		}
	}
}
