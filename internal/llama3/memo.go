package llama3

import "math/bits"

const (
	memoBits = 15
	// memoLen is the longest piece that a memo takes: its bytes and, in four
	// bits each, its length and its number of tokens fill a slot of two words.
	memoLen   = 15
	countBits = 60 // where in the second word the number of tokens begins
)

// A memo remembers of how many tokens the pieces seen last consist, the next
// piece of the same hash taking the slot of the one before. Text repeats itself
// so much that most look-ups end here, in one comparison and half a megabyte
// that stays in a near cache.
type memo struct {
	slots [1 << memoBits]memoKey // all zero while free
}

// A memoKey is a piece of at most memoLen bytes: its first eight bytes; and
// the rest, with the length in the upper byte. In a slot the uppermost four
// bits, free in a key, hold the number of tokens.
type memoKey struct{ lo, hi uint64 }

// keyMasks cut the two words at a place in a text to a piece of n bytes.
var keyMasks = func() (masks [memoLen + 1]memoKey) {
	for n := range masks {
		masks[n] = memoKey{1<<(8*min(n, 8)) - 1, 1<<(8*max(n-8, 0)) - 1}
	}
	return masks
}()

// newMemoKey returns the key of s[i:j], which is at most memoLen bytes long.
func newMemoKey(s string, i, j int) memoKey {
	n := j - i
	var k memoKey
	if i+16 <= len(s) {
		mask := &keyMasks[n&memoLen]
		k = memoKey{load64(s, i) & mask.lo, load64(s, i+8) & mask.hi}
	} else {
		for at := j - 1; at >= i; at-- {
			k.hi = k.hi<<8 | k.lo>>56
			k.lo = k.lo<<8 | uint64(s[at])
		}
	}
	k.hi |= uint64(n) << 56
	return k
}

// slot returns the only slot where k may be.
func (m *memo) slot(k memoKey) *memoKey {
	hi, lo := bits.Mul64(k.lo^hashMul, k.hi^hashMul)
	return &m.slots[(hi^lo)*hashMul>>(64-memoBits)]
}

// count returns the number of tokens in the slot if it holds k, else 0.
func (slot *memoKey) count(k memoKey) int {
	if slot.lo == k.lo && slot.hi&(1<<countBits-1) == k.hi {
		return int(slot.hi >> countBits)
	}
	return 0
}

// set puts k into the slot.
func (slot *memoKey) set(k memoKey, count int) {
	*slot = memoKey{k.lo, k.hi | uint64(count)<<countBits}
}
