package dedup

import (
	"cmp"
	"slices"
)

// A key puts examples that may say the same into one bucket.
type key struct {
	hash uint64
	// template marks the bucket of one command with other numbers: of its
	// members only the oldest is looked at, because none of them is a duplicate
	// of another.
	template bool
}

const (
	// reach is how many members of a bucket, the oldest, an example is compared
	// with. A bucket of n members costs at most reach comparisons each.
	reach = 64
	// enough is how many pairs an example makes before it stops looking: it is
	// in its group by then, and a group of n needs no n(n-1)/2 pairs.
	enough = 8
)

// kinds of key, mixed into their hashes.
const (
	byTemplate = "template"
	byContent  = "content"
	byWildcard = "wildcard"
	byBand     = "band"
)

// members is how many members of the key's bucket are looked at.
func (k key) members() int {
	if k.template {
		return 1
	}
	return reach
}

// A signer makes keys. It is safe for concurrent use.
type signer struct{ minhash *minhash }

func newSigner() *signer { return &signer{newMinhash()} }

// sign returns the keys of a text, in ascending order of their hashes and
// without repetitions. Keys of two categories are never equal: an answer that
// is right for one task says nothing about another. A text without words has no
// keys.
//
//   - template: the question with its numbers masked, for variants;
//   - content: the words that carry meaning, sorted, which also finds copies
//     with more or fewer fillers, other abbreviations, another order;
//   - wildcard, one for each longer word: the content with that word cut to
//     its first letter, which finds a copy with a typing mistake after the first
//     letter;
//   - band, for long questions: see minhash.
func (s *signer) sign(t *text) []key {
	if len(t.tokens) == 0 {
		return nil
	}
	keys := make([]key, 0, bands+1)
	base := fnv(t.category)
	add := func(kind string, h uint64) {
		keys = append(keys, key{hash: mix(base ^ fnv(kind)*3 ^ h), template: kind == byTemplate})
	}
	if len(t.numbers) > 0 {
		add(byTemplate, fnv(t.template))
	}
	if t.words < longWords+straddle {
		words := t.content()
		hashes := make([]uint64, len(words))
		var sum uint64 // a sum does not depend on the order, so a word can be taken out
		for i, w := range words {
			hashes[i] = fnv(w)
			sum += hashes[i]
		}
		if len(words) > 0 {
			add(byContent, mix(sum))
		} else {
			add(byContent, fnv(t.spelled)) // nothing but fillers
		}
		for i, w := range words {
			if len(w) >= 3 && w[0] != '#' && (i == 0 || words[i-1] != w) {
				add(byWildcard, mix(sum-hashes[i]+fnv(w[:1]+"*")))
			}
		}
	}
	if t.words >= longWords-straddle {
		for _, h := range s.minhash.bandKeys(t.wordRuns()) {
			add(byBand, h)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.hash, b.hash) })
	return slices.CompactFunc(keys, func(a, b key) bool { return a.hash == b.hash })
}
