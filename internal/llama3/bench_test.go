package llama3_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/llama3"
)

// realText returns the words of the shared data sets, one message per line.
func realText(t testing.TB) []string {
	t.Helper()
	var texts []string
	var alpaca []struct{ Instruction, Input, Output string }
	readShared(t, "alpaca_en_demo.json", &alpaca)
	for _, a := range alpaca {
		texts = append(texts, a.Instruction, a.Input, a.Output)
	}
	var injury any
	readShared(t, "voicefit-injury-core.json", &injury)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(injury)
	return texts
}

func size(texts []string) int64 { return int64(len(strings.Join(texts, ""))) }

// BenchmarkCount and BenchmarkSHA256 read the same messages; the ratio of
// their MB/s is what the quality document asks about.
func BenchmarkCount(b *testing.B) {
	tok, texts := tokenizer(b), realText(b)
	b.SetBytes(size(texts))
	b.ReportAllocs()
	tokens := 0
	for b.Loop() {
		tokens = 0
		for _, s := range texts {
			tokens += tok.Count(s)
		}
	}
	b.ReportMetric(float64(tokens), "tokens/op")
}

func BenchmarkSHA256(b *testing.B) {
	texts := realText(b)
	messages := make([][]byte, len(texts))
	for i, s := range texts {
		messages[i] = []byte(s)
	}
	b.SetBytes(size(texts))
	for b.Loop() {
		for _, m := range messages {
			sha256.Sum256(m)
		}
	}
}

func BenchmarkAppendIDs(b *testing.B) {
	tok, texts := tokenizer(b), realText(b)
	b.SetBytes(size(texts))
	var ids []int32
	for b.Loop() {
		for _, s := range texts {
			ids = tok.AppendIDs(ids[:0], s)
		}
	}
}

// BenchmarkCountLongPiece reads a megabyte that the pattern does not split.
func BenchmarkCountLongPiece(b *testing.B) {
	tok := tokenizer(b)
	s := strings.Repeat("abcdefghijklmnopqrstuvwxyz", 40_000)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		tok.Count(s)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := llama3.New(); err != nil {
			b.Fatal(err)
		}
	}
}
