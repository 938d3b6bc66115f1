package dedup

import (
	"math"
)

// The signature of a long question: bands of rows MinHash values each. Two
// texts of likeness j share a band with the probability 1-(1-j^rows)^bands:
// .947 at .8, .994 at .85, .06 at .5.
const (
	bands = 16
	rows  = 8
)

// signatureVersion is the version of everything that keys are made of: seeds,
// bands, word lists, the normal form. A change of any of them needs another
// number here; Scan then signs every example anew.
const signatureVersion = 1

// seed makes the hash functions of the signature the same everywhere.
const seed = 0x5b0_77e2

// A minhash computes signatures. It is safe for concurrent use.
//
// It is the classic scheme of one hash function a row, x -> (a x + b) >> 32 with
// odd a. The one-permutation scheme costs a hundredth, but fills 128 rows from
// the 16 to 60 shingles of a usual question by copying, so that rows of a
// band are far from independent; and signing is not what takes the time.
type minhash struct {
	a, b [bands * rows]uint64
}

func newMinhash() *minhash {
	var m minhash
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

// bandKeys returns one hash for each band of the signature of a set.
func (m *minhash) bandKeys(s set) [bands]uint64 {
	var low [bands * rows]uint32
	for i := range low {
		low[i] = math.MaxUint32
	}
	for _, x := range s {
		for i := range low {
			low[i] = min(low[i], uint32((m.a[i]*x+m.b[i])>>32))
		}
	}
	var keys [bands]uint64
	for band := range keys {
		h := uint64(band)
		for _, v := range low[band*rows : (band+1)*rows] {
			h = mix(h*0x9e3779b97f4a7c15 + uint64(v))
		}
		keys[band] = h
	}
	return keys
}

// candidateProbability is the chance that texts of likeness j share a band.
func candidateProbability(j float64, bands, rows int) float64 {
	return 1 - math.Pow(1-math.Pow(j, float64(rows)), float64(bands))
}
