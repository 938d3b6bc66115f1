package llama3_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/voicefit/spotter/internal/llama3"
)

// TestVocabulary writes the embedded vocabulary in the form that Meta
// publishes and compares the SHA-256 with that of Meta's tokenizer.model.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	h := sha256.New()
	for rank, token := range newOracle(t).tokens {
		fmt.Fprintf(h, "%s %d\n", base64.StdEncoding.EncodeToString([]byte(token)), rank)
	}
	const want = "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the vocabulary has SHA-256 %s, want %s", got, want)
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	for _, v := range vectors(t) {
		checkIDs(t, tok, v.S, v.IDs)
	}
}

// TestPublished checks vectors printed in the tests of llama-models, ollama,
// llama.cpp and llama3-tokenizer-js.
func TestPublished(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	for _, v := range []vector{
		{"This is a test sentence.", []int32{2028, 374, 264, 1296, 11914, 13}},
		{"hello world", []int32{15339, 1917}},
		{"Hello world!", []int32{9906, 1917, 0}},
		{"0000", []int32{931, 15}},
		{"🦙", []int32{9468, 99, 247}},
		{"镇", []int32{104643}},
		{"           grabbed", []int32{1881, 30418}},
		{"\ttabs\t\t\t\tout here", []int32{3324, 3518, 573, 14294, 1618}},
		{"a\u00a0b", []int32{64, 115648}},
		{"2024-07-26", []int32{2366, 19, 12, 2589, 12, 1627}},
		{"ied 4 ½ months", []int32{1142, 220, 19, 220, 27154, 4038}},
		{"w048 7tuijk dsdfhu", []int32{86, 23904, 220, 22, 83, 2005, 42908, 11729, 3013, 17156}},
		{"Hello, y'all! How are you 😁 ?我想在apple工作1314151天～", []int32{
			9906, 11, 379, 65948, 0, 2650, 527, 499, 27623, 223, 949, 37046, 101067, 19000, 23182, 102301, 9263, 18136, 16, 36827, 21909,
		}},
		{"system", []int32{9125}},
		{"user", []int32{882}},
		{"assistant", []int32{78191}},
		{"ipython", []int32{23799, 4690}},
		{"\n\n", []int32{271}},
	} {
		checkIDs(t, tok, v.S, v.IDs)
	}
}

func TestAppendEncoded(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	for _, tt := range []struct {
		name, in string
		want     []int32
	}{
		{"empty", "", nil},
		{
			"all the names", "<|begin_of_text|><|end_of_text|><|reserved_special_token_0|><|reserved_special_token_1|>" +
				"<|finetune_right_pad_id|><|reserved_special_token_2|><|start_header_id|><|end_header_id|><|eom_id|><|eot_id|><|python_tag|>" +
				"<|reserved_special_token_3|><|reserved_special_token_247|>",
			[]int32{128000, 128001, 128002, 128003, 128004, 128005, 128006, 128007, 128008, 128009, 128010, 128011, 128255},
		},
		{"text around", "hello world<|eot_id|>hello world", []int32{15339, 1917, 128009, 15339, 1917}},
		{"cut across a piece", "hello<|eot_id|> world", []int32{15339, 128009, 1917}},
		{"nested opening", "<|<|eot_id|>", []int32{27, 91, 128009}},
		{"opening bracket before", "<<|eot_id|>", []int32{27, 128009}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tok.AppendEncoded(nil, tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("AppendEncoded(%q) (-want +got):\n%s", tt.in, diff)
			}
			if n := tok.CountEncoded(tt.in); n != len(tt.want) {
				t.Errorf("CountEncoded(%q) = %d, want %d", tt.in, n, len(tt.want))
			}
		})
	}
}

// TestEncodedText checks that what only looks like a special token is text.
func TestEncodedText(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	for _, s := range []string{
		"<|im_end|>", "<|reserved_special_token_248|>", "<|reserved_special_token_00|>", "<|eot_id|", "<eot_id>",
		"<|EOT_ID|>", "<| eot_id |>", "<||>", "<|", "<|eot_id<|", "|>",
	} {
		if got, want := tok.AppendEncoded(nil, s), tok.AppendIDs(nil, s); !slices.Equal(got, want) {
			t.Errorf("AppendEncoded(%q) = %v, want %v", s, got, want)
		}
	}
}

// TestLongPieces checks texts that the split pattern leaves whole: short ones
// against the oracle, long ones for losing nothing and for ending at all, which
// they would not if the time to merge grew with the square of the length.
func TestLongPieces(t *testing.T) {
	t.Parallel()
	tok, oracle := tokenizer(t), newOracle(t)
	for _, unit := range []string{"a", "ab", "xq", "!", "=", " ", "\n", "ß", "日本語", "🦙", "\x80", "abcdefghijklmnopqrstuvwxyz"} {
		t.Run(unit, func(t *testing.T) {
			t.Parallel()
			for n := range 300 / len(unit) {
				s := strings.Repeat(unit, n)
				checkIDs(t, tok, s, oracle.encode(s))
			}
			s := strings.Repeat(unit, 200_000/len(unit))
			ids := tok.AppendIDs(nil, s)
			if got := oracle.text(ids); got != s {
				t.Errorf("AppendIDs of %d bytes of %q stands for another text of %d bytes", len(s), unit, len(got))
			}
			if n := tok.Count(s); n != len(ids) {
				t.Errorf("Count = %d, want %d as AppendIDs has it", n, len(ids))
			}
		})
	}
}

func TestAppendKeepsDst(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	want := []int32{7, 15339, 1917}
	if diff := cmp.Diff(want, tok.AppendIDs([]int32{7}, "hello world")); diff != "" {
		t.Errorf("AppendIDs (-want +got):\n%s", diff)
	}
}

// TestConcurrent uses one Tokenizer from many goroutines; the race detector
// watches.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	tok, vs := tokenizer(t), vectors(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, v := range vs {
				checkIDs(t, tok, v.S, v.IDs)
			}
		})
	}
	wg.Wait()
}

func TestCountDoesNotAllocate(t *testing.T) {
	tok := tokenizer(t)
	s := strings.Repeat("Squat 3x5 at 102.5 kg, then antidisestablishmentarianism für Anfänger.\n", 20)
	tok.Count(s)
	// The pool of working memory may be emptied by the collector meanwhile.
	if n := testing.AllocsPerRun(100, func() { tok.Count(s) }); n > 1 {
		t.Errorf("Count allocates %v times", n)
	}
}

func TestSpecialTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     []llama3.Range
	}{
		{"none", "a < b || c |> d <|", nil},
		{"one", "What does <|eot_id|> mean?", []llama3.Range{{Start: 10, End: 20, ID: 128009}}},
		{"of another model", "é<|im_end|>", []llama3.Range{{Start: 2, End: 12, ID: -1}}},
		{"adjacent", "<|eom_id|><|eot_id|>", []llama3.Range{{Start: 0, End: 10, ID: 128008}, {Start: 10, End: 20, ID: 128009}}},
		{"opened twice", "<|<|eot_id<|eot_id|>|>", []llama3.Range{{Start: 10, End: 20, ID: 128009}}},
		{"capitals and blanks", "<|EOT_ID|> <| eot_id |> <||>", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, llama3.SpecialTokens(tt.in)); diff != "" {
				t.Errorf("SpecialTokens(%q) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

// checkIDs checks what the methods for ordinary text say of s.
func checkIDs(t *testing.T, tok *llama3.Tokenizer, s string, want []int32) {
	t.Helper()
	got := tok.AppendIDs(nil, s)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("AppendIDs(%+q) (-want +got):\n%s", s, diff)
	}
	if n := tok.Count(s); n != len(want) {
		t.Errorf("Count(%+q) = %d, want %d", s, n, len(want))
	}
}
