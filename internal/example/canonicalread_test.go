package example_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
)

// sameReading holds what is read of a text against what is read of it with white
// space before it. That is not the canonical spelling, so a reader of any JSON reads
// it; both must say the same, and refuse the same.
func sameReading(t *testing.T, text string) {
	t.Helper()
	got, err := example.ParseMessages([]byte(text))
	want, wantErr := example.ParseMessages([]byte(" " + text))
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("ParseMessages(%q) = %v; with a space before it, %v", text, err, wantErr)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("ParseMessages(%q) (-spelt otherwise +canonical):\n%s", text, diff)
	}
}

// TestReadCanonical cuts the canonical spelling of a conversation off after every
// byte, and puts every one of some bytes in the place of every byte.
func TestReadCanonical(t *testing.T) {
	t.Parallel()
	text := string(conversation.AppendMessages(nil))
	sameReading(t, text)
	for i := range len(text) {
		sameReading(t, text[:i])
		for _, c := range []byte("\"\\{}[],:0127aAnu \x00\x1f\x80\xc3") {
			sameReading(t, text[:i]+string([]byte{c})+text[i+1:])
		}
	}
	for _, s := range []string{
		`[]`, `[] []`, `[{"role":"user","content":"x","weight":2}]`, `[{"role":"user","content":"\ud83e\udd99"}]`, `[{"role":"user","content":"\ud83e"}]`,
		`[{"role":"user","content":"x","tool_calls":[]}]`, `[{"role":"user","content":"x"},]`, `[{"role":"user","content":"\u00E9\/"}]`,
		`[{"role":"user","role":"tool","content":"x"}]`, "[{\"role\":\"user\",\"content\":\"\xff\"}]",
	} {
		sameReading(t, s)
	}
}

func FuzzReadCanonical(f *testing.F) {
	f.Add(string(conversation.AppendMessages(nil)))
	f.Add(`[{"role":"user","content":"x"}]`)
	f.Fuzz(func(t *testing.T, text string) { sameReading(t, text) })
}

func BenchmarkParseMessages(b *testing.B) {
	text := conversation.AppendMessages(nil)
	for name, in := range map[string][]byte{"canonical": text, "spelt otherwise": []byte(strings.Replace(string(text), `":"`, `": "`, 1))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if _, err := example.ParseMessages(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
