package llama3

import (
	"math"
	"slices"
)

// fewBytes is the length of piece up to which looking through all pairs for
// the best one is faster than keeping them in a heap.
const fewBytes = 64

// noRank is the rank of a pair that is not a token, worse than any other.
const noRank = math.MaxInt32

// A merger holds the memory in which a piece is merged. It may be used again
// and again, by one goroutine at a time.
type merger struct {
	few  [fewBytes + 1]part
	many []node
	heap []uint64
	ids  []int32
}

// A part is a run of bytes of the piece that is a token so far.
type part struct {
	start int32
	rank  int32 // of the token that this part and the next would make
}

// merge splits a piece that is no token itself into tokens: from its single
// bytes on, the two neighbours that make the token of the lowest rank are
// joined, the first such pair before others, until no two make a token. The
// result is valid until the next call.
func (m *merger) merge(v *vocabulary, piece string) []int32 {
	if len(piece) <= fewBytes {
		return m.mergeFew(v, piece)
	}
	return m.mergeMany(v, piece)
}

func (m *merger) mergeFew(v *vocabulary, piece string) []int32 {
	parts := m.few[:len(piece)+1]
	for i := range len(piece) - 1 {
		parts[i] = part{int32(i), v.pairRank(piece, i)}
	}
	parts[len(piece)-1] = part{int32(len(piece) - 1), noRank}
	parts[len(piece)] = part{int32(len(piece)), noRank} // where the last part ends

	rank := func(i int) int32 {
		if i+2 >= len(parts) {
			return noRank
		}
		return v.rank(piece[parts[i].start:parts[i+2].start])
	}
	for {
		best, at := int32(noRank), 0
		for i := range parts {
			if parts[i].rank < best {
				best, at = parts[i].rank, i
			}
		}
		if best == noRank {
			break
		}
		parts = slices.Delete(parts, at+1, at+2)
		parts[at].rank = rank(at)
		if at > 0 {
			parts[at-1].rank = rank(at - 1)
		}
	}
	m.ids = m.ids[:0]
	for i := range len(parts) - 1 {
		m.ids = append(m.ids, v.id(piece[parts[i].start:parts[i+1].start]))
	}
	return m.ids
}

// A node is a part of a long piece. Nodes are indexed by the byte they begin
// at; those inside a part are dead.
type node struct {
	prev, next int32 // where the neighbours begin; next is the piece's length after the last part
	rank       int32 // of the token that this part and the next would make
}

// mergeMany does what mergeFew does in time n log n: the pairs wait in a heap.
// A heap entry is a rank and, below it, a position, so that the least entry is
// the leftmost pair of the lowest rank. An entry whose rank is no longer that
// of its position is out of date and is passed over.
func (m *merger) mergeMany(v *vocabulary, piece string) []int32 {
	n := int32(len(piece))
	m.many = slices.Grow(m.many[:0], len(piece))[:len(piece)]
	m.heap = m.heap[:0]
	nodes := m.many
	for i := range n {
		nodes[i] = node{prev: i - 1, next: i + 1, rank: noRank}
		if i+1 < n {
			nodes[i].rank = v.pairRank(piece, int(i))
		}
		if nodes[i].rank != noRank {
			m.push(nodes[i].rank, i)
		}
	}
	rerank := func(i int32) {
		nodes[i].rank = noRank
		if j := nodes[i].next; j < n {
			nodes[i].rank = v.rank(piece[i:nodes[j].next])
		}
		if nodes[i].rank != noRank {
			m.push(nodes[i].rank, i)
		}
	}
	for len(m.heap) > 0 {
		rank, i := m.pop()
		if nodes[i].rank != rank {
			continue
		}
		dead := nodes[i].next
		nodes[dead].rank = noRank
		nodes[i].next = nodes[dead].next
		if nodes[i].next < n {
			nodes[nodes[i].next].prev = i
		}
		rerank(i)
		if prev := nodes[i].prev; prev >= 0 {
			rerank(prev)
		}
	}
	m.ids = m.ids[:0]
	for i := int32(0); i < n; i = nodes[i].next {
		m.ids = append(m.ids, v.id(piece[i:nodes[i].next]))
	}
	return m.ids
}

// push adds an entry to the heap.
func (m *merger) push(rank, pos int32) {
	h := append(m.heap, uint64(rank)<<32|uint64(pos))
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up] <= h[i] {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	m.heap = h
}

// pop takes the least entry off the heap, which is not empty.
func (m *merger) pop() (rank, pos int32) {
	h := m.heap
	least := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(h) {
			break
		}
		if down+1 < len(h) && h[down+1] < h[down] {
			down++
		}
		if h[i] <= h[down] {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	m.heap = h
	return int32(least >> 32), int32(least & math.MaxUint32)
}

// rank returns the merge rank of the token with the bytes s, or noRank.
func (v *vocabulary) rank(s string) int32 {
	if id := v.id(s); id != none {
		return id
	}
	return noRank
}

// pairRank returns the rank of the token made of the bytes at i and i+1.
func (v *vocabulary) pairRank(s string, i int) int32 {
	if id := v.pairs[uint16(s[i])|uint16(s[i+1])<<8]; id != none {
		return id
	}
	return noRank
}
