package sample

import (
	"strconv"
	"strings"
	"unicode"
)

// normal returns the normal form by which two texts count as the same: lower
// case, apostrophes dropped, every other run of characters that are neither
// letters nor digits turned into one space. (The texts are ASCII apart from a
// few signs, so Unicode normal forms do not come into it.)
func normal(s string) string {
	b := make([]byte, 0, len(s))
	gap := false
	for _, c := range s {
		switch {
		case c == '\'' || c == '’':
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			if gap && len(b) > 0 {
				b = append(b, ' ')
			}
			gap = false
			if c < 128 {
				if 'A' <= c && c <= 'Z' {
					c += 'a' - 'A'
				}
				b = append(b, byte(c))
			} else {
				b = append(b, string(unicode.ToLower(c))...)
			}
		default:
			gap = true
		}
	}
	return string(b)
}

// spelled is normal with the numbers of numberWords in digits, so that "for
// eight" and "for 8" are the same.
func spelled(normal string) string {
	var b strings.Builder
	b.Grow(len(normal))
	for i, w := range strings.Split(normal, " ") {
		if i > 0 {
			b.WriteByte(' ')
		}
		if n, ok := numberWords[w]; ok {
			b.WriteString(strconv.Itoa(n))
		} else {
			b.WriteString(w)
		}
	}
	return b.String()
}

// fnv is the 64-bit FNV-1a hash of s.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// numbers returns a key of the multiset of numbers in a normal form, and how
// many there are. A number is a run of digits.
func numbers(s string) (key uint64, count int) {
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		from := i
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		key += mix(fnv(s[from:i])) // a sum does not depend on the order
		count++
	}
	return mix(key), count
}

// trigrams counts the different runs of three bytes of s.
func trigrams(s string) map[uint32]struct{} {
	m := make(map[uint32]struct{}, len(s))
	for i := 0; i+3 <= len(s); i++ {
		m[uint32(s[i])<<16|uint32(s[i+1])<<8|uint32(s[i+2])] = struct{}{}
	}
	return m
}

// shingles returns the hashes of the different runs of five words of s, or of
// all its words where it has fewer.
func shingles(s string) map[uint64]struct{} {
	words := strings.Fields(s)
	m := make(map[uint64]struct{}, len(words))
	if len(words) < 5 {
		m[fnv(s)] = struct{}{}
		return m
	}
	for i := 0; i+5 <= len(words); i++ {
		h := uint64(0)
		for _, w := range words[i : i+5] {
			h = mix(h + fnv(w))
		}
		m[h] = struct{}{}
	}
	return m
}

// jaccard is the size of the intersection over that of the union.
func jaccard[K comparable](a, b map[K]struct{}) float64 {
	both := 0
	for k := range a {
		if _, ok := b[k]; ok {
			both++
		}
	}
	if len(a)+len(b) == both {
		return 1
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
