package llama3_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/llama3"
)

// checkSegments checks that the segments of c are its rendering and its tokens,
// and returns what is trained on, one text a segment, decoded from the tokens.
func checkSegments(t *testing.T, c example.Conversation, o llama3.Options) []string {
	t.Helper()
	tok := tokenizer(t)
	segments, err := tok.Segments(c, o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := llama3.AppendHF(nil, c, o)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	var ids []int32
	var trained []string
	for _, s := range segments {
		all.WriteString(s.Text)
		ids = append(ids, s.IDs...)
		decoded, tokens := "", 0
		for _, p := range tok.Pieces(s.IDs) {
			decoded += p.Text
			tokens += p.Tokens
		}
		if decoded != s.Text || tokens != len(s.IDs) {
			t.Errorf("the %d tokens of %+q are shown as %d of %+q", len(s.IDs), s.Text, tokens, decoded)
		}
		if s.Trained {
			trained = append(trained, decoded)
		}
	}
	if diff := cmp.Diff(string(text), all.String()); diff != "" {
		t.Errorf("the segments are not the rendering (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(tok.AppendEncoded(nil, string(text)), ids); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	if want, err := tok.CountHF(c, o); err != nil || len(ids) != want {
		t.Errorf("the segments have %d tokens, CountHF says %d, %v", len(ids), want, err)
	}
	return trained
}

// TestSegmentsOfGoldens checks the segments of what the original template wrote.
func TestSegmentsOfGoldens(t *testing.T) {
	t.Parallel()
	var goldens []golden
	readShared(t, "llama3/chat_golden.json", &goldens)
	for _, g := range goldens {
		c, o := g.conversation(t)
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for i, m := range c.Messages {
				switch {
				case m.Role != example.Assistant:
				case len(m.ToolCalls) > 0:
					// The template's text after the header of this message.
					rest := g.HFText
					for range slices.DeleteFunc(slices.Clone(c.Messages[:i]), func(m example.Message) bool { return m.Role != example.Assistant }) {
						_, rest, _ = strings.Cut(rest, "assistant<|end_header_id|>\n\n")
					}
					_, rest, _ = strings.Cut(rest, "assistant<|end_header_id|>\n\n")
					call, _, _ := strings.Cut(rest, "<|eot_id|>")
					want = append(want, call+"<|eot_id|>")
				default:
					want = append(want, example.Trim(m.Content)+"<|eot_id|>")
				}
			}
			if diff := cmp.Diff(want, checkSegments(t, c, o)); diff != "" {
				t.Errorf("trained on (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	weighted := func(content string, weight int) example.Message {
		m := turn(example.Assistant, content)
		m.Weight = &weight
		return m
	}
	hi := turn(example.User, "hi")
	for _, tt := range []struct {
		name    string
		in      example.Conversation
		options llama3.Options
		want    []string
	}{
		{"nothing to learn", talk(turn(example.System, "s"), hi), llama3.Options{}, nil},
		{"weights", talk(hi, weighted("no", 0), hi, weighted("yes", 1), hi, turn(example.Assistant, "too")), llama3.Options{}, []string{"yes<|eot_id|>", "too<|eot_id|>"}},
		{"trimmed", talk(hi, turn(example.Assistant, " \n ok\n")), llama3.Options{}, []string{"ok<|eot_id|>"}},
		{"an empty answer", talk(hi, turn(example.Assistant, " ")), llama3.Options{}, []string{"<|eot_id|>"}},
		{"a typed end of turn", talk(hi, turn(example.Assistant, "a<|eot_id|>b<|eot_id|")), llama3.Options{}, []string{"a<|eot_id|>b<|eot_id|<|eot_id|>"}},
		{"a generation prompt", talk(hi), llama3.Options{GenerationPrompt: true}, nil},
		{"a call, its result and the answer", talk(hi, call("f", `{"a":1}`), turn(example.Tool, "2"), turn(example.Assistant, "two")), llama3.Options{}, []string{`{"name": "f", "parameters": {"a": 1}}<|eot_id|>`, "two<|eot_id|>"}},
		{"broken characters", talk(hi, turn(example.Assistant, "\xf0\x9f\xa6 🦙\xff")), llama3.Options{}, []string{"\xf0\x9f\xa6 🦙\xff<|eot_id|>"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, checkSegments(t, tt.in, tt.options)); diff != "" {
				t.Errorf("trained on (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := tokenizer(t).Segments(talk(), llama3.Options{}); !errors.Is(err, llama3.NoMessages) {
		t.Errorf("Segments of nothing fails with %v, want %q", err, llama3.NoMessages)
	}
}

// TestSegmentsOfVectors checks that no token reaches over the end of a segment,
// whatever the text.
func TestSegmentsOfVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		checkSegments(t, talk(turn(example.System, v.S), turn(example.User, v.S), turn(example.Assistant, v.S), turn(example.Tool, v.S), turn(example.Assistant, v.S)), llama3.Options{})
	}
}

func TestPieces(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	for _, tt := range []struct {
		name string
		ids  []int32
		want []llama3.Piece
	}{
		{"words", tok.AppendIDs(nil, "bench press"), []llama3.Piece{{"bench", 1}, {" press", 1}}},
		{"a character of several tokens", tok.AppendIDs(nil, "🦙"), []llama3.Piece{{"🦙", 3}}},
		{"cut within a character", tok.AppendIDs(nil, "🦙")[:2], []llama3.Piece{{"🦙"[:3], 2}}},
		{"special", []int32{128009}, []llama3.Piece{{"<|eot_id|>", 1}}},
		{"no tokens", []int32{-1, 128256}, []llama3.Piece{{"", 1}, {"", 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tok.Pieces(tt.ids)); diff != "" {
				t.Errorf("Pieces (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCutAt(t *testing.T) {
	t.Parallel()
	segments := []llama3.Segment{
		{IDs: make([]int32, 5)}, {IDs: make([]int32, 3), Trained: true}, {IDs: make([]int32, 4)}, {IDs: make([]int32, 2), Trained: true},
	}
	for _, tt := range []struct {
		name  string
		limit int
		want  llama3.Cut
		cut   bool
	}{
		{"no limit", 0, llama3.Cut{}, false},
		{"room to spare", 15, llama3.Cut{}, false},
		{"just fits", 14, llama3.Cut{}, false},
		{"the last token", 13, llama3.Cut{Segment: 3, Token: 1, Lost: 1, Trained: 1}, true},
		{"before the last segment", 12, llama3.Cut{Segment: 3, Token: 0, Lost: 2, Trained: 2}, true},
		{"within what is masked", 9, llama3.Cut{Segment: 2, Token: 1, Lost: 5, Trained: 2}, true},
		{"within what is trained on", 7, llama3.Cut{Segment: 1, Token: 2, Lost: 7, Trained: 3}, true},
		{"after the first token", 1, llama3.Cut{Segment: 0, Token: 1, Lost: 13, Trained: 5}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, cut := llama3.CutAt(segments, tt.limit)
			if diff := cmp.Diff(tt.want, got); diff != "" || cut != tt.cut {
				t.Errorf("CutAt reports %t, want %t (-want +got):\n%s", cut, tt.cut, diff)
			}
		})
	}
}
