package dedup

import (
	"slices"
	"strings"
)

// fnv is the 64-bit FNV-1a hash, mixed by the finalizer of MurmurHash3 because
// the low bits of FNV alone are poor. It is the same in every release: keys in
// the database are made of it.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// A set is the hashes of a text's shingles, sorted, without repetitions. Two
// shingles with one hash happen once in 10^13 texts of a thousand.
type set []uint64

// charSet returns the runs of n characters of s; a shorter text is one run.
func charSet(s string, n int) set {
	ends := make([]int, 0, len(s)+1) // byte offset of each character, and the end
	for i := range s {
		ends = append(ends, i)
	}
	ends = append(ends, len(s))
	if len(ends)-1 < n {
		return set{fnv(s)}
	}
	out := make(set, 0, len(ends)-n)
	for i := 0; i+n < len(ends); i++ {
		out = append(out, fnv(s[ends[i]:ends[i+n]]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wordSetOf returns the runs of n words of a normal form; a shorter text is one
// run.
func wordSetOf(s string, n int) set {
	words := strings.Fields(s)
	if len(words) < n {
		return set{fnv(s)}
	}
	out := make(set, 0, len(words)-n+1)
	hashes := make([]uint64, len(words))
	for i, w := range words {
		hashes[i] = fnv(w)
	}
	for i := 0; i+n <= len(words); i++ {
		var h uint64
		for _, w := range hashes[i : i+n] {
			h = mix(h*31 + w)
		}
		out = append(out, h)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// jaccard is the size of the intersection over that of the union.
func jaccard(a, b set) float64 {
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			both++
			i++
			j++
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	if len(a)+len(b) == 0 {
		return 1
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
