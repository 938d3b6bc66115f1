package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

// TestRealFiles imports the real files, approves everything, exports it and holds
// every row against the rules that all platforms share, by a checker that shares
// no code with the exporter; and the rendered text against the messages.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	store, err := catalog.OpenStore(ctx, pool, catalog.Default)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := llama3.New()
	if err != nil {
		t.Fatal(err)
	}
	imports := ingest.New(ingest.Config{
		Pool: pool, Dataset: store.Dataset(), Catalog: store.Current, Count: tokens.CountBoth,
		Checks: func(context.Context) (func(lint.Subject) []lint.Finding, error) {
			return func(lint.Subject) []lint.Finding { return nil }, nil
		},
	})
	for name, category := range map[string]string{"voicefit-injury-core.json": "", "alpaca_en_demo.json": "ai_coach", "glaive_toolcall_en_demo.json": "ai_coach"} {
		f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", name))
		if err != nil {
			t.Fatal(err)
		}
		run, err := imports.Store(ctx, f, ingest.Upload{Name: name, Channel: ingest.ChannelCommand, By: audit.Actor{Name: "test"}, Options: ingest.Options{Category: category}})
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := imports.Run(ctx, run.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(ctx, "UPDATE examples SET status = 'approved'"); err != nil {
		t.Fatal(err)
	}
	s := export.New(pool, store.Dataset(), func(ctx context.Context) ([]string, error) {
		c, err := store.Current(ctx)
		if err != nil {
			return nil, err
		}
		return c.Slugs(), nil
	})
	var messages, texts bytes.Buffer
	sum, err := s.Write(ctx, &messages, export.Options{})
	if err != nil || sum.Rows != 1300 || sum.Refused != 0 {
		t.Fatalf("messages: %+v, %v; want all 1,300", sum, err)
	}
	if sum, err := s.Write(ctx, &texts, export.Options{Preset: export.Llama3}); err != nil || sum.Rows != 1300 {
		t.Fatalf("llama3: %+v, %v; want all 1,300", sum, err)
	}
	if b := messages.Bytes(); !utf8.Valid(b) || b[len(b)-1] != '\n' || bytes.Contains(b, []byte("\r")) || bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		t.Error("the file is not UTF-8 with LF line ends and none missing")
	}
	rows, rendered := lineList(messages.String()), lineList(texts.String())
	calls := 0
	for i, row := range rows {
		ms, tools, err := checkRow(row)
		if err != nil {
			t.Errorf("row %d: %v\n%.300s", i+1, err, row)
			continue
		}
		var text struct{ Text string }
		if err := json.Unmarshal([]byte(rendered[i]), &text); err != nil {
			t.Fatal(err)
		}
		for _, m := range ms {
			calls += len(m.ToolCalls)
		}
		if tools {
			continue // rendered among the words; the goldens hold that
		}
		if err := unrender(text.Text, ms); err != nil {
			t.Errorf("row %d: %v", i+1, err)
		}
	}
	if calls < 180 {
		t.Errorf("only %d tool calls came through", calls)
	}
}

func lineList(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }

type rowMessage struct {
	Role      string `json:"role"`
	Content   *string
	ToolCalls []struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
	ToolCallID string `json:"tool_call_id"`
}

// checkRow is section 12 of the format notes, written down again.
func checkRow(row string) (ms []rowMessage, tools bool, err error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal([]byte(row), &top); err != nil {
		return nil, false, err
	}
	for k := range top {
		if k != "messages" && k != "tools" {
			return nil, false, fmt.Errorf("key %q", k)
		}
	}
	var loose []map[string]json.RawMessage
	if err := json.Unmarshal(top["messages"], &loose); err != nil {
		return nil, false, err
	}
	if err := json.Unmarshal(top["messages"], &ms); err != nil {
		return nil, false, err
	}
	if raw, ok := top["tools"]; ok {
		tools = true
		var list []struct {
			Type     string
			Function struct{ Name string }
		}
		if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
			return nil, tools, fmt.Errorf("tools %s", raw)
		}
		for _, x := range list {
			if x.Type != "function" || x.Function.Name == "" {
				return nil, tools, fmt.Errorf("tool %+v", x)
			}
		}
	}
	talk := ms
	if len(talk) > 0 && talk[0].Role == "system" {
		talk = talk[1:]
	}
	if len(talk) < 2 || talk[0].Role != "user" || talk[len(talk)-1].Role != "assistant" || len(talk[len(talk)-1].ToolCalls) > 0 {
		return ms, tools, fmt.Errorf("it does not go from user to assistant")
	}
	for i, m := range ms {
		for k := range loose[i] {
			if !slices.Contains([]string{"role", "content", "tool_calls", "tool_call_id"}, k) {
				return ms, tools, fmt.Errorf("message %d has the key %q", i, k)
			}
		}
		if m.Content == nil || *m.Content == "" && len(m.ToolCalls) == 0 || strings.TrimSpace(*m.Content) != *m.Content {
			return ms, tools, fmt.Errorf("message %d: content", i)
		}
		for _, c := range m.ToolCalls {
			if c.ID == "" || c.Type != "function" || c.Function.Name == "" || !json.Valid([]byte(c.Function.Arguments)) {
				return ms, tools, fmt.Errorf("message %d: call %+v", i, c)
			}
		}
	}
	for i := 1; i < len(talk); i++ {
		before, m := talk[i-1], talk[i]
		ok := map[string]string{"user": "assistant", "tool": "assistant", "assistant": "user"}[before.Role] == m.Role
		if before.Role == "assistant" && len(before.ToolCalls) > 0 {
			ok = m.Role == "tool" && m.ToolCallID == before.ToolCalls[0].ID
		}
		if !ok {
			return ms, tools, fmt.Errorf("%s follows %s", m.Role, before.Role)
		}
	}
	return ms, tools, nil
}

// unrender takes the text of the chat template apart again.
func unrender(text string, ms []rowMessage) error {
	rest, ok := strings.CutPrefix(text, "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n")
	if !ok {
		return fmt.Errorf("it begins with %.80q", text)
	}
	if ms[0].Role == "system" {
		if rest, ok = strings.CutPrefix(rest, *ms[0].Content); !ok {
			return fmt.Errorf("the system prompt is not there")
		}
		ms = ms[1:]
	}
	if rest, ok = strings.CutPrefix(rest, "<|eot_id|>"); !ok {
		return fmt.Errorf("the system block does not end")
	}
	for i, m := range ms {
		if len(m.ToolCalls) > 0 || m.Role == "tool" {
			return nil // the goldens hold these
		}
		if rest, ok = strings.CutPrefix(rest, "<|start_header_id|>"+m.Role+"<|end_header_id|>\n\n"+*m.Content+"<|eot_id|>"); !ok {
			return fmt.Errorf("message %d is not there", i)
		}
	}
	if rest != "" {
		return fmt.Errorf("%.80q is left", rest)
	}
	return nil
}
