package sample

import (
	"math/bits"
	"math/rand/v2"
)

// rng draws from PCG, whose sequence is part of its specification. The ranges
// are reduced here and not by math/rand/v2, because the way that package
// shortens a draw is not promised to stay the same between releases of Go.
type rng struct{ pcg rand.PCG }

// reseed starts the sequence named by seed, stream and index. Streams keep
// draws for different purposes (drafting, planning, editing) independent.
func (r *rng) reseed(seed int64, stream, index uint64) {
	r.pcg.Seed(mix(uint64(seed)+0x9e3779b97f4a7c15*(stream+1)), mix(index^mix(stream)))
}

// mix is the finaliser of splitmix64 (Steele, Lea and Flood, 2014): it turns
// neighbouring numbers into unrelated ones.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns a number in [0, n). The bias of the multiplication is under
// n/2^64 and of no interest here.
func (r *rng) below(n int) int {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between returns one of lo, lo+step, ... up to hi.
func (r *rng) between(lo, hi, step int) int { return lo + step*r.below((hi-lo)/step+1) }

// percent is true p times in a hundred.
func (r *rng) percent(p int) bool { return r.below(100) < p }

// weighted returns an index with probability in proportion to its weight.
func (r *rng) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := r.below(total)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// pick returns one of s.
func pick[T any](r *rng, s []T) T { return s[r.below(len(s))] }

// some returns n different members of s in random order, or all of them where
// there are fewer.
func some[T any](r *rng, s []T, n int) []T {
	out := append([]T(nil), s...)
	n = min(n, len(out))
	for i := range n {
		j := i + r.below(len(out)-i)
		out[i], out[j] = out[j], out[i]
	}
	return out[:n]
}
