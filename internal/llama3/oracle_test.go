package llama3_test

import (
	"compress/gzip"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dlclark/regexp2"
)

// An oracle encodes as the definition says, with a regular expression engine
// and a map, slowly. Nothing but the vocabulary file is shared with the code
// under test.
type oracle struct {
	split  *regexp2.Regexp
	ranks  map[string]int32
	tokens []string
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	f, err := os.Open("vocab.bin.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{
		split: regexp2.MustCompile(`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|`+
			` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, regexp2.None),
		ranks: make(map[string]int32, 128000),
	}
	for len(raw) > 0 {
		token := string(raw[1 : 1+raw[0]])
		o.ranks[token] = int32(len(o.tokens))
		o.tokens = append(o.tokens, token)
		raw = raw[1+len(token):]
	}
	return o
}

// encode returns the ids of the tokens of s.
func (o *oracle) encode(s string) []int32 {
	var offsets []int // of each rune, for the engine counts in runes
	for i := range s {
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(s))
	var ids []int32
	m, err := o.split.FindStringMatch(s)
	for ; m != nil && err == nil; m, err = o.split.FindNextMatch(m) {
		ids = append(ids, o.merge(s[offsets[m.Index]:offsets[m.Index+m.Length]])...)
	}
	if err != nil {
		panic(err) // the engine fails on time-outs only, and none is set
	}
	return ids
}

// merge joins the neighbours of the lowest rank until none are left.
func (o *oracle) merge(piece string) []int32 {
	if id, ok := o.ranks[piece]; ok {
		return []int32{id}
	}
	var parts []string
	for i := range len(piece) {
		parts = append(parts, piece[i:i+1])
	}
	for {
		best, at := int32(math.MaxInt32), -1
		for i := range len(parts) - 1 {
			if rank, ok := o.ranks[parts[i]+parts[i+1]]; ok && rank < best {
				best, at = rank, i
			}
		}
		if at < 0 {
			break
		}
		parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
	}
	var ids []int32
	for _, p := range parts {
		ids = append(ids, o.ranks[p])
	}
	return ids
}

// text returns the bytes that ids stand for.
func (o *oracle) text(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(o.tokens[id])
	}
	return b.String()
}

// FuzzAppendIDs compares the Tokenizer with the oracle.
func FuzzAppendIDs(f *testing.F) {
	tok, oracle := tokenizer(f), newOracle(f)
	for _, v := range vectors(f) {
		f.Add(v.S)
	}
	for _, s := range []string{
		"", "\xff", "a\xc3", "\xe2\x82 x", " \xff\n", "'", "'S'\u017f'LL'rE'vE", "\u0085\u00a0\u2028x", "\u3000\u3000a", "\ufeffa",
		" \n \r\n\t x", "  \t5", "12345\u0660\u0661\u0662\u0663", "\u00b2\u00bd\u2167", "a\u0301\u0327", "\U0001d49c\U0001d7d8\U0001f1fa", "\x1c\x1d a",
		strings.Repeat("ab", 40), strings.Repeat("\u65e5", 30), strings.Repeat("=", 65) + "\n\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = s[:min(len(s), 500)] // the oracle takes the square of the length
		checkIDs(t, tok, s, oracle.encode(s))
	})
}
