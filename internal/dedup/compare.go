package dedup

import (
	"slices"
)

// A Kind says how two examples are related.
type Kind string

// The kinds of pairs and of groups.
const (
	// Equal: question and answer are the same but for case, white space,
	// punctuation and Unicode form.
	Equal Kind = "equal"
	// Near: question and answer say the same in nearly the same words.
	Near Kind = "near"
	// Contradiction: the question is equal or near, the answer is not.
	Contradiction Kind = "contradiction"
	// Variant: one question with other numbers. It is no duplicate.
	Variant Kind = "variant"
)

// Kinds lists the kinds, the ones that need a person first.
var Kinds = [...]Kind{Contradiction, Near, Equal, Variant}

// Valid reports whether k is one of Kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds[:], k) }

const (
	// alike is the least likeness of near questions.
	alike = 0.8
	// shingleWords is how many words a run has by which long questions are
	// compared; shingleChars that of characters for short ones.
	shingleWords = 5
	shingleChars = 3
)

// A relation is what comparing two examples came to.
type relation struct {
	kind       Kind
	similarity float64  // of the questions, 0 to 1
	fields     []string // of a contradiction between structured answers: JSON pointers of what differs
}

// compare verifies a candidate. The second result is false where the two have
// nothing to do with each other.
//
// Near questions have the same numbers in the same order, the same words of
// direction and negation, and:
//   - short (either has fewer than 20 words): Jaccard likeness of character
//     trigrams of at least .8, and the same content words up to one typing
//     mistake in each, so that a command with another exercise in the slot is
//     another command;
//   - long: Jaccard likeness of five-word runs of at least .8.
func compare(a, b *text) (relation, bool) {
	if a.category != b.category || len(a.tokens) == 0 || len(b.tokens) == 0 {
		return relation{}, false
	}
	r := relation{similarity: 1}
	equal := a.question == b.question
	if !equal {
		if !slices.Equal(a.numbers, b.numbers) {
			if a.template != b.template {
				return relation{}, false
			}
			return relation{kind: Variant, similarity: likeness(a, b)}, true
		}
		if a.aim != b.aim || (a.short() || b.short()) && !sameSlots(a, b) {
			return relation{}, false
		}
		if r.similarity = likeness(a, b); r.similarity < alike {
			return relation{}, false
		}
	}
	v := compareAnswers(a.answers, b.answers)
	switch {
	case v.same == differs:
		r.kind, r.fields = Contradiction, v.fields
	case v.same == equals && equal:
		r.kind = Equal
	default:
		r.kind = Near
	}
	return r, true
}

// likeness is the Jaccard likeness of two questions, by the runs that suit the
// shorter one.
func likeness(a, b *text) float64 {
	if a.short() || b.short() {
		return jaccard(a.charRuns(), b.charRuns())
	}
	return jaccard(a.wordRuns(), b.wordRuns())
}

// sameSlots reports whether the questions have the same content words, up to
// typing mistakes.
func sameSlots(a, b *text) bool {
	x, y := onlyIn(a.content(), b.content())
	if len(x) != len(y) {
		return false
	}
	for _, w := range x {
		i := slices.IndexFunc(y, func(v string) bool { return typo(w, v) })
		if i < 0 {
			return false
		}
		y = slices.Delete(y, i, i+1)
	}
	return true
}

// onlyIn returns what is in one of two sorted lists and not in the other.
func onlyIn(a, b []string) (x, y []string) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			x, a = append(x, a[0]), a[1:]
		default:
			y, b = append(y, b[0]), b[1:]
		}
	}
	return append(x, a...), append(y, b...)
}
