package sample

import "strings"

const (
	// apart is the highest trigram likeness that two short texts with the same
	// numbers may have without being declared near duplicates. Duplicate
	// finders report from 0.8 up; the distance leaves room for other ways of
	// padding and normalising.
	apart = 0.72

	// shortText is the length of a normal form in bytes up to which texts are
	// compared by trigrams. Longer ones must differ in their numbers.
	shortText = 150

	// sameNumbers bounds how many short texts share one multiset of numbers,
	// and with it the cost of comparing a new one with all of them.
	sameNumbers = 400
)

// An utterance is what the guard knows a row by, worked out from the user
// turns without looking at other rows.
type utterance struct {
	text    string // normal form, numbers in digits
	numbers uint64 // key of the multiset of numbers
	count   int    // of numbers
	size    int    // of the set of trigrams, where the text is short
}

func (u *utterance) short() bool { return len(u.text) <= shortText }

// newUtterance returns what the guard compares of a row.
func newUtterance(asked string) utterance {
	u := utterance{text: spelled(normal(asked))}
	u.numbers, u.count = numbers(u.text)
	if u.short() {
		u.size = len(trigrams(u.text))
	}
	return u
}

// A guard remembers what was said and refuses what comes too near it. It is
// not safe for concurrent use. A million rows cost it about 150 MB.
type guard struct {
	texts  map[uint64]struct{} // hashes of normal forms
	long   map[uint64]struct{} // number keys of long texts
	groups map[uint64][]heard  // short texts by number key
	arena  []byte              // their bytes, one behind the other

	marks [1 << 12]mark // trigrams of the text being compared
	round uint64
}

type heard struct {
	row  int32
	off  uint32
	len  uint16
	size uint16
}

// mark is a slot of an open-addressed set of trigrams. Rounds make clearing it
// unnecessary.
type mark struct {
	round, seen uint64
	gram        uint32
}

func newGuard() *guard {
	return &guard{texts: map[uint64]struct{}{}, long: map[uint64]struct{}{}, groups: map[uint64][]heard{}}
}

// admit reports whether u keeps its distance from everything said before,
// leaving aside row except (-1 for none), and remembers it as row if so. A row
// that is declared a near duplicate of except needs only to stay below limit
// to the others.
func (g *guard) admit(row int, u *utterance, except int, limit float64) bool {
	hash := fnv(u.text)
	if _, ok := g.texts[hash]; ok || u.text == "" {
		return false
	}
	if !u.short() {
		_, taken := g.long[u.numbers]
		if except < 0 && (taken || u.count < 3) {
			return false
		}
		g.long[u.numbers] = struct{}{}
		g.texts[hash] = struct{}{}
		return true
	}
	group := g.groups[u.numbers]
	if len(group) >= sameNumbers && except < 0 || !g.farFrom(group, u, except, limit) {
		return false
	}
	g.groups[u.numbers] = append(group, heard{
		row: int32(row), off: uint32(len(g.arena)), len: uint16(len(u.text)), size: uint16(u.size),
	})
	g.arena = append(g.arena, u.text...)
	g.texts[hash] = struct{}{}
	return true
}

// farFrom reports whether the likeness of u to every member of group but
// except is below limit.
func (g *guard) farFrom(group []heard, u *utterance, except int, limit float64) bool {
	if len(group) == 0 {
		return true
	}
	g.round++
	for i := 0; i+3 <= len(u.text); i++ {
		g.slot(gram(u.text, i))
	}
	start := g.round
	for _, h := range group {
		small, large := float64(min(u.size, int(h.size))), float64(max(u.size, int(h.size)))
		if int(h.row) == except || small < limit*large {
			continue // the sizes alone keep them apart
		}
		g.round++
		text := g.arena[h.off : h.off+uint32(h.len)]
		both := 0
		for i := 0; i+3 <= len(text); i++ {
			w := uint32(text[i])<<16 | uint32(text[i+1])<<8 | uint32(text[i+2])
			m := g.find(w, start)
			if m != nil && m.seen != g.round {
				m.seen = g.round
				both++
			}
		}
		if float64(both) >= limit*float64(u.size+int(h.size)-both) {
			return false
		}
	}
	return true
}

func gram(s string, i int) uint32 { return uint32(s[i])<<16 | uint32(s[i+1])<<8 | uint32(s[i+2]) }

// slot returns the slot of a trigram of the current round, taking a free one
// where it has none yet. The set has far more slots than a short text has
// trigrams.
func (g *guard) slot(gram uint32) *mark {
	for i := gram * 2654435761 >> 20; ; i++ {
		m := &g.marks[i&(1<<12-1)]
		if m.round != g.round {
			*m = mark{gram: gram, round: g.round}
			return m
		}
		if m.gram == gram {
			return m
		}
	}
}

// find returns the slot of a trigram entered in the given round, or nil.
func (g *guard) find(gram uint32, round uint64) *mark {
	for i := gram * 2654435761 >> 20; ; i++ {
		m := &g.marks[i&(1<<12-1)]
		if m.round != round {
			return nil
		}
		if m.gram == gram {
			return m
		}
	}
}

// words counts the words of a normal form.
func words(s string) int {
	if s == "" {
		return 0
	}
	return strings.Count(s, " ") + 1
}
