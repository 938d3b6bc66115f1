package dedup

import "math"

// The signature of a long question: bands of rows MinHash values each. Two
// texts of likeness j share a band with the probability 1-(1-j^rows)^bands:
// .947 at .8, .994 at .85, .06 at .5.
const (
	bands = 16
	rows  = 8
)

// The coarse signature, of questions whose numbers keep the buckets small: .994
// at .8, .998 at .85, .76 at .5.
const (
	coarseBands = 5
	coarseRows  = 2
)

// signatureVersion is the version of everything that keys are made of: seeds,
// bands, word lists, the normal form. A change of any of them needs another
// number here; Scan then signs every example anew.
const signatureVersion = 2

// seed makes the hash functions of the signature the same everywhere.
const seed = 0x5b0_77e2

// A minhash computes signatures. It is safe for concurrent use.
//
// It is the classic scheme of one hash function a row, x -> (a x + b) >> 32 with
// odd a. The one-permutation scheme costs a hundredth, but fills 128 rows from
// the 16 to 60 shingles of a usual question by copying, so that rows of a
// band are far from independent; and signing is not what takes the time.
type minhash struct {
	rows int
	a, b []uint64
}

func newMinhash(bands, rows int) *minhash {
	m := minhash{rows: rows, a: make([]uint64, bands*rows), b: make([]uint64, bands*rows)}
	state := uint64(seed)
	next := func() uint64 { // SplitMix64 (Steele, Lea, Flood 2014)
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	for i := range m.a {
		m.a[i], m.b[i] = next()|1, next()
	}
	return &m
}

// keys returns one hash for each band of the signature of a set.
func (m *minhash) keys(s set) []uint64 {
	keys := make([]uint64, len(m.a)/m.rows)
	for band := range keys {
		h := uint64(band)
		for i := band * m.rows; i < (band+1)*m.rows; i++ {
			low, a, b := uint32(math.MaxUint32), m.a[i], m.b[i]
			for _, x := range s {
				low = min(low, uint32((a*x+b)>>32))
			}
			h = mix(h*0x9e3779b97f4a7c15 + uint64(low))
		}
		keys[band] = h
	}
	return keys
}

// candidateProbability is the chance that texts of likeness j share a band.
func candidateProbability(j float64, bands, rows int) float64 {
	return 1 - math.Pow(1-math.Pow(j, float64(rows)), float64(bands))
}
