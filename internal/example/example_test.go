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
	for _, tt := range []struct {
		name string
		m    example.Message
		want bool
	}{
		{"plain", example.Message{Role: example.User, Content: "a b"}, true},
		{"inner space kept", example.Message{Role: example.User, Content: "a \n b"}, true},
		{"leading space", example.Message{Role: example.User, Content: " a"}, false},
		{"trailing no-break space", example.Message{Role: example.User, Content: "a\u00a0"}, false},
		{"zero width space is not white space", example.Message{Role: example.User, Content: "a\u200b"}, true},
		{"name", example.Message{Role: example.User, Name: "x", Content: "a"}, false},
		{"weight", example.Message{Role: example.Assistant, Content: "a", Weight: one()}, false},
	} {
		if got := (example.Conversation{Messages: []example.Message{tt.m}}).Strict(); got != tt.want {
			t.Errorf("Strict() of %s = %v, want %v", tt.name, got, tt.want)
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
