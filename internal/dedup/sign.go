package dedup

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"
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
	byInitials = "initials"
	byWildcard = "wildcard"
	byBand     = "band"
	byCoarse   = "coarse band"
)

// manyNumbers is from how many numbers on a long question is told from most
// others by these alone.
const manyNumbers = 3

// initial is the first letter of a word.
func initial(w string) string {
	_, n := utf8.DecodeRuneInString(w)
	return w[:n]
}

// members is how many members of the key's bucket are looked at.
func (k key) members() int {
	if k.template {
		return 1
	}
	return reach
}

// A signer makes keys. It is safe for concurrent use.
type signer struct {
	base         uint64 // of the dataset
	fine, coarse *minhash
}

// newSigner returns the signer of a dataset. All datasets share one table, so
// that each has hashes of its own.
func newSigner(dataset uuid.UUID) *signer {
	return &signer{base: fnv(string(dataset[:])), fine: newMinhash(bands, rows), coarse: newMinhash(coarseBands, coarseRows)}
}

// sign returns the keys of a text, in ascending order of their hashes and
// without repetitions. Keys of two datasets or categories are never equal: an answer that
// is right for one task says nothing about another. A text without words has no
// keys.
//
// Duplicates have the same numbers in the same order, so where there are numbers
// they are part of the key, and little else is needed:
//   - template: the question with its numbers masked, for variants;
//   - short with numbers, initials: the numbers and the first letters of the
//     words that carry meaning, sorted. It finds copies with more or fewer
//     fillers, other abbreviations, and typing mistakes after a first letter;
//   - short without numbers, content: the words that carry meaning, sorted; and
//     wildcard, one for each of them: the content with that word cut to its
//     first letter, for one such mistake;
//   - long, band: the bands of the signature, see minhash; with many numbers,
//     these and the few bands of a coarse signature.
func (s *signer) sign(t *text) []key {
	if len(t.tokens) == 0 {
		return nil
	}
	keys := make([]key, 0, bands+1)
	base := s.base ^ fnv(t.category)
	add := func(kind string, h uint64) {
		keys = append(keys, key{hash: mix(base ^ fnv(kind)*3 ^ h), template: kind == byTemplate})
	}
	var numbers uint64
	for _, n := range t.numbers {
		numbers = mix(numbers*31 + fnv(n))
	}
	if len(t.numbers) > 0 {
		add(byTemplate, fnv(t.template))
	}
	if t.words < longWords+straddle {
		words := t.content()
		var content, initials uint64 // sums do not depend on the order, and a word can be taken out
		for _, w := range words {
			content += fnv(w)
			if w[0] != '#' {
				initials += fnv(initial(w))
			}
		}
		switch {
		case len(t.numbers) > 0:
			add(byInitials, mix(initials)^numbers)
		case len(words) == 0:
			add(byContent, fnv(t.spelled)) // nothing but fillers
		default:
			add(byContent, mix(content))
			for i, w := range words {
				if len(w) >= 3 && (i == 0 || words[i-1] != w) {
					add(byWildcard, mix(content-fnv(w)+fnv(initial(w)+"*")))
				}
			}
		}
	}
	if t.words >= longWords-straddle {
		if len(t.numbers) >= manyNumbers {
			for _, h := range s.coarse.keys(t.wordRuns()) {
				add(byCoarse, h^numbers)
			}
		} else {
			for _, h := range s.fine.keys(t.wordRuns()) {
				add(byBand, h)
			}
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.hash, b.hash) })
	return slices.CompactFunc(keys, func(a, b key) bool { return a.hash == b.hash })
}
