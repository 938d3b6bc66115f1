package report

import (
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/stat"
)

// A Vocabulary is how varied the words of one side are. It is measured on a fixed
// number of words of a sample, because every such figure falls as texts get more.
type Vocabulary struct {
	Side     string `json:"side"`     // "user" or "assistant"
	Examples int    `json:"examples"` // in the sample
	Words    int    `json:"words"`    // of them that were measured
	Types    int    `json:"types"`    // different words
	Once     int    `json:"once"`     // words that come once
	// Distinct is the share of different ones among all runs of one, two and three
	// words.
	Distinct []float64 `json:"distinct"`
	// Entropy is the bits of surprise in the next word when those before are not
	// known.
	Entropy float64 `json:"entropy_bits"`
	Sample  string  `json:"sample"`
}

// The sample: the examples with the smallest hashes of seed and id. It is the same
// however the examples are ordered, and hardly changes when some are added.
const (
	sampleSize  = 2_000
	sampleWords = 20_000
	sampleSeed  = 1
)

type sampled struct {
	key             uint64
	user, assistant string
}

// A wordSample keeps the texts of the sample: a heap with the largest key on top.
type wordSample struct{ heap sampleHeap }

type sampleHeap []sampled

func (h sampleHeap) Len() int           { return len(h) }
func (h sampleHeap) Less(i, j int) bool { return h[i].key > h[j].key }
func (h sampleHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sampleHeap) Push(x any)        { *h = append(*h, x.(sampled)) }
func (h *sampleHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (s *wordSample) add(x *row) {
	sum := sha256.Sum256(append([]byte{sampleSeed}, x.Example[:]...))
	key := binary.BigEndian.Uint64(sum[:])
	if len(s.heap) == sampleSize {
		if key >= s.heap[0].key {
			return
		}
		heap.Pop(&s.heap)
	}
	one := sampled{key: key}
	for _, m := range x.conversation.Messages {
		switch m.Role {
		case example.User:
			one.user += m.Content + "\n"
		case example.Assistant:
			one.assistant += wordsOfAnswer(m.Content) + "\n"
		}
	}
	heap.Push(&s.heap, one)
}

// wordsOfAnswer is the text of an answer; of one that is JSON, its strings without
// the keys, which are the same in every answer.
func wordsOfAnswer(text string) string {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return text
	}
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	var b strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			b.WriteString(v)
			b.WriteByte('\n')
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			names := make([]string, 0, len(v))
			for name := range v {
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range names {
				walk(v[name])
			}
		}
	}
	walk(v)
	return b.String()
}

func (s *wordSample) report() []Vocabulary {
	all := slices.Clone(s.heap)
	slices.SortFunc(all, func(a, b sampled) int { return cmp.Compare(a.key, b.key) })
	var list []Vocabulary
	for _, side := range []struct {
		name string
		text func(sampled) string
	}{{"user", func(s sampled) string { return s.user }}, {"assistant", func(s sampled) string { return s.assistant }}} {
		var texts [][]string
		words := 0
		for _, one := range all {
			t := wordsOf(side.text(one))
			t = t[:min(len(t), sampleWords-words)]
			if len(t) > 0 {
				texts = append(texts, t)
				words += len(t)
			}
		}
		if words == 0 {
			continue
		}
		list = append(list, vocabularyOf(side.name, texts, words))
	}
	return list
}

func vocabularyOf(side string, texts [][]string, words int) Vocabulary {
	counts := map[string]int{}
	for _, t := range texts {
		for _, w := range t {
			counts[w]++
		}
	}
	v := Vocabulary{
		Side: side, Examples: len(texts), Words: words, Types: len(counts),
		Sample: fmt.Sprintf("the first %s words of the %s examples with the smallest SHA-256 of seed %d and id", grouped(sampleWords), grouped(sampleSize), sampleSeed),
	}
	for _, n := range counts {
		if n == 1 {
			v.Once++
		}
	}
	for n := 1; n <= 3; n++ {
		g := stat.NGramsOf(texts, n)
		if g.Total == 0 {
			break // no text has as many words
		}
		v.Distinct = append(v.Distinct, round(g.Distinct, 4))
		if n == 1 {
			v.Entropy = round(g.Entropy, 3)
		}
	}
	return v
}

// wordsOf are the words of a text, in lower case; numbers count as words.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	})
}
