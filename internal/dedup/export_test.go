package dedup

import (
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/example"
)

// What the black-box tests need of the inside.

type (
	Text     = text
	Relation struct {
		Kind       Kind
		Similarity float64
		Fields     []string
	}
)

var (
	Normal               = normal
	CandidateProbability = candidateProbability
)

func NewText(category string, messages []example.Message) *Text { return newText(category, messages) }

func WordLikeness(a, b string, n int) float64 { return jaccard(wordSetOf(a, n), wordSetOf(b, n)) }

func CharLikeness(a, b string, n int) float64 { return jaccard(charSet(a, n), charSet(b, n)) }

func Compare(a, b *Text) (Relation, bool) {
	r, ok := compare(a, b)
	return Relation{r.kind, r.similarity, r.fields}, ok
}

// MayBeAlike is the exact likeness alone, without any rule: whether two
// questions are equal or at least .8 alike.
func MayBeAlike(a, b *Text) bool {
	if a.category != b.category {
		return false
	}
	return a.question == b.question || likeness(a, b) >= alike
}

type Key struct {
	Hash     uint64
	Template bool
}

type Signer struct{ s *signer }

func NewSigner(dataset uuid.UUID) Signer { return Signer{newSigner(dataset)} }

func (s Signer) Sign(t *Text) []Key {
	var out []Key
	for _, k := range s.s.sign(t) {
		out = append(out, Key{k.hash, k.template})
	}
	return out
}

// SameBand reports whether the signatures of two sets share a band.
func SameBand(a, b []uint64, bands, rows int) bool {
	m := newMinhash(bands, rows)
	x, y := m.keys(a), m.keys(b)
	for i := range x {
		if x[i] == y[i] {
			return true
		}
	}
	return false
}

const (
	Bands       = bands
	Rows        = rows
	CoarseBands = coarseBands
	CoarseRows  = coarseRows
	Reach       = reach
	Enough      = enough
)
