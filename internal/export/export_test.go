package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func newService(pool *pgxpool.Pool) *export.Service {
	return export.New(pool, exampletest.Dataset, func(context.Context) ([]string, error) {
		return []string{"voice_parsing", "injury_analysis"}, nil
	})
}

func say(role example.Role, text string) example.Message {
	return example.Message{Role: role, Content: text}
}

func talk(ms ...example.Message) func(int) example.Conversation {
	return func(int) example.Conversation { return example.Conversation{Messages: ms} }
}

func zero() *int { n := 0; return &n }

func lines(t *testing.T, s *export.Service, o export.Options) ([]string, export.Summary) {
	t.Helper()
	var b bytes.Buffer
	sum, err := s.Write(t.Context(), &b, o)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Bytes != int64(b.Len()) {
		t.Errorf("Summary.Bytes = %d, wrote %d", sum.Bytes, b.Len())
	}
	if b.Len() == 0 {
		return nil, sum
	}
	if !strings.HasSuffix(b.String(), "\n") {
		t.Error("the last line does not end")
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"), sum
}

func TestMessages(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s := newService(pool)
	seed := func(c func(int) example.Conversation, category string) {
		exampletest.Insert(t, pool, 1, exampletest.Seed{Category: category, Subcategory: "x", Status: example.Approved, Conversation: c})
	}
	seed(talk(say(example.User, "knee"), say(example.Assistant, "rest")), "injury_analysis")
	seed(talk(say(example.User, "strict"), say(example.Assistant, "<b>\u2028\x00")), "voice_parsing")
	seed(talk(
		example.Message{Role: example.User, Name: "ana", Content: " padded\n"},
		example.Message{Role: example.Assistant, Content: "a", Weight: zero()},
		say(example.User, "b"), say(example.Assistant, "c")), "voice_parsing")
	seed(func(int) example.Conversation {
		return example.Conversation{
			Messages: []example.Message{
				say(example.User, "weather?"),
				{Role: example.Assistant, ToolCalls: []example.ToolCall{{ID: "call_1", Name: "f", Arguments: `{"a": 1}`}}},
				{Role: example.Tool, ToolCallID: "call_1", Content: "sun"},
				say(example.Assistant, "Sunny."),
			},
			Tools: json.RawMessage(`[{"type":"function","function":{"name":"f","parameters":{}}},{"type":"function","function":{"name":"g"}}]`),
		}
	}, "voice_parsing")
	seed(talk(say(example.User, "two"), say(example.User, "users"), say(example.Assistant, "no")), "voice_parsing")
	exampletest.Insert(t, pool, 2, exampletest.Seed{Category: "voice_parsing", Subcategory: "x"}) // pending: not exported

	got, sum := lines(t, s, export.Options{})
	want := []string{
		`{"messages":[{"role":"user","content":"strict"},{"role":"assistant","content":"<b>\u2028\u0000"}]}`,
		`{"messages":[{"role":"user","content":"padded"},{"role":"assistant","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"}]}`,
		`{"messages":[{"role":"user","content":"weather?"},{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]},` +
			`{"role":"tool","content":"sun","tool_call_id":"call_1"},{"role":"assistant","content":"Sunny."}],` +
			`"tools":[{"type":"function","function":{"name":"f","parameters":{}}},{"type":"function","function":{"name":"g"}}]}`,
		`{"messages":[{"role":"user","content":"knee"},{"role":"assistant","content":"rest"}]}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if sum.Rows != 4 || sum.Refused != 1 || sum.Weighted != 1 || len(sum.Refusals) != 1 || !strings.Contains(sum.Refusals[0].Reason, "message 2") || sum.Refusals[0].Line != 1 {
		t.Errorf("summary = %+v", sum)
	}
	if got, _ := lines(t, s, export.Options{Category: "injury_analysis"}); len(got) != 1 {
		t.Errorf("one category = %d rows, want 1", len(got))
	}
	if got, _ := lines(t, s, export.Options{Status: example.Pending}); len(got) != 2 {
		t.Errorf("pending = %d rows, want 2", len(got))
	}
	if got, _ := lines(t, s, export.Options{Status: example.Escalated}); len(got) != 0 {
		t.Errorf("escalated = %d rows, want none", len(got))
	}
	for _, o := range []export.Options{{Preset: "xml"}, {Status: "lost"}} {
		if _, err := s.Write(t.Context(), io.Discard, o); !errors.Is(err, fault.Invalid) {
			t.Errorf("Write(%+v) = %v, want invalid", o, err)
		}
	}
}

// TestLlama3Golden exports the golden conversations and holds the text against
// what the original template gave.
func TestLlama3Golden(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", "llama3", "chat_golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Name  string `json:"name"`
		Input struct {
			Messages  []map[string]any `json:"messages"`
			Tools     any              `json:"tools"`
			AddPrompt bool             `json:"add_generation_prompt"`
			Date      string           `json:"date_string"`
		} `json:"input"`
		HF    string  `json:"hf_text"`
		Plain *string `json:"plain_llama3_text_trimmed"`
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, g := range golden {
		if g.Input.Tools != nil || g.Input.AddPrompt || g.Input.Date != "" {
			continue // an export has no such options; internal/llama3 tests them
		}
		c, ok := simple(g.Input.Messages)
		if !ok {
			continue
		}
		tried++
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			exampletest.Insert(t, pool, 1, exampletest.Seed{Status: example.Approved, Conversation: func(int) example.Conversation { return c }})
			s := newService(pool)
			for _, tt := range []struct {
				plain bool
				want  *string
			}{{false, &g.HF}, {true, g.Plain}} {
				if tt.want == nil {
					continue
				}
				preset := export.Llama3
				if tt.plain {
					preset = export.Llama3Plain
				}
				rows, _ := lines(t, s, export.Options{Preset: preset})
				if len(rows) != 1 {
					t.Fatalf("%d rows", len(rows))
				}
				var row map[string]string
				if err := json.Unmarshal([]byte(rows[0]), &row); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]string{"text": *tt.want}, row); diff != "" {
					t.Errorf("plain %v (-want +got):\n%s", tt.plain, diff)
				}
			}
		})
	}
	if tried < 6 {
		t.Errorf("only %d golden conversations could be tried", tried)
	}
}

// simple reads messages that hold nothing but a role and a text.
func simple(ms []map[string]any) (example.Conversation, bool) {
	var c example.Conversation
	for _, m := range ms {
		role, _ := m["role"].(string)
		text, ok := m["content"].(string)
		if !ok || len(m) != 2 || role == "ipython" || role == "tool" {
			return c, false
		}
		c.Messages = append(c.Messages, say(example.Role(role), text))
	}
	return c, len(c.Messages) > 0
}

func TestFileIsAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "out.jsonl")
	write := func(text string, fail error) error {
		return export.File(path, func(w io.Writer) error {
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			return fail
		})
	}
	read := func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if err := write("first", nil); err != nil || read() != "first" {
		t.Fatalf("File() = %v, holds %q", err, read())
	}
	boom := errors.New("boom")
	if err := write("half", boom); !errors.Is(err, boom) || read() != "first" {
		t.Errorf("a failed write = %v and left %q, want the old file", err, read())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := export.File(filepath.Join(dir, "no", "such", "dir"), func(io.Writer) error { return nil }); err == nil {
		t.Error("a missing directory is not an error")
	}
}
