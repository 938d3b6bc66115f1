package release

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// A family is what stays together, with the place that the seed gives it.
type family struct {
	lot  uint64 // where in the order of its stratum
	head int32  // index of the item that it is named after
	rows int32
}

// lot is the family's place in the draw: a hash of the seed and of the hash of
// its first example, so that it does not depend on what else is in the release.
func lot(seed int64, hash [8]byte) uint64 {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(seed))
	copy(b[8:], hash[:])
	sum := sha256.Sum256(b[:])
	return binary.BigEndian.Uint64(sum[:8])
}

// measure has the item that a family is named after say how many rows the family
// has, as a negative number in place of its own index. So nothing is held besides
// the items.
func (sel *selection) measure() {
	for i := range sel.items {
		if sel.items[i].family == int32(i) {
			sel.items[i].family = -1
		}
	}
	for i := range sel.items {
		if head := sel.items[i].family; head >= 0 {
			sel.items[head].family--
		}
	}
}

// families lists the families that are named after the items from one index up to
// another, in the order of the draw, and counts their rows.
func (sel *selection) families(list []family, from, to int) (drawn []family, rows int) {
	for i := from; i < to; i++ {
		if n := -sel.items[i].family; n > 0 {
			list = append(list, family{lot(sel.spec.Seed, sel.items[i].hash), int32(i), n})
			rows += int(n)
		}
	}
	slices.SortFunc(list, func(a, b family) int {
		x, y := &sel.items[a.head], &sel.items[b.head]
		return cmp.Or(cmp.Compare(a.lot, b.lot), bytes.Compare(x.hash[:], y.hash[:]))
	})
	return list, rows
}

// trim takes rows out of categories that have more than their cap: those that come
// last in the draw.
func (sel *selection) trim() {
	over := map[string]int{}
	for i := range sel.items {
		over[sel.shelves[sel.items[i].shelf].category]++
	}
	out := map[int32]bool{}
	for category, l := range sel.spec.Limits {
		if l.Cap == 0 || over[category] <= l.Cap {
			continue
		}
		var rows []int32
		for i := range sel.items {
			if sel.shelves[sel.items[i].shelf].category == category {
				rows = append(rows, int32(i))
			}
		}
		seed := sel.spec.Seed
		slices.SortFunc(rows, func(a, b int32) int {
			x, y := &sel.items[a], &sel.items[b]
			if p, q := lot(seed, x.hash), lot(seed, y.hash); p != q {
				if p < q {
					return -1
				}
				return 1
			}
			return bytes.Compare(x.hash[:], y.hash[:])
		})
		for _, i := range rows[l.Cap:] {
			out[i] = true
		}
		sel.left[category] = len(rows) - l.Cap
	}
	if len(out) == 0 {
		return
	}
	kept := 0
	for i := range sel.items {
		if !out[int32(i)] {
			sel.items[kept] = sel.items[i]
			kept++
		}
	}
	sel.items = sel.items[:kept]
}

// deal gives every family a split. A family stands on the shelf of the example that
// it is named after.
//
// Stratum by stratum (a shelf is one), the families lie in the order of the draw
// like cards in a row, each as long as it has rows, and the splits cut the row in
// proportion to what they are still owed over all strata so far. A family goes to
// the split that its middle lies in, but never to a held-out split that it would
// take over what that is owed altogether by more than half of itself. So shares
// are met to a row where families are small, over the whole and in every stratum;
// and since a family's place in the row hangs on its own hash, more data moves only
// the few families next to a cut.
func (sel *selection) deal() {
	splits := sel.spec.Splits
	owed, got := make([]float64, len(splits)), make([]float64, len(splits))
	train := slices.IndexFunc(splits, func(s Split) bool { return s.Name == Train })
	total := float64(len(sel.items))
	sel.measure()
	var all []family
	for from, to := 0, 0; from < len(sel.items); from = to { // a shelf's items lie together
		for to < len(sel.items) && sel.items[to].shelf == sel.items[from].shelf {
			to++
		}
		var rows int
		all, rows = sel.families(all[:0], from, to)
		due := make([]float64, len(splits))
		sum := 0.0
		for k, s := range splits {
			owed[k] += s.Share * float64(rows)
			due[k] = max(owed[k]-got[k], 0)
			sum += due[k]
		}
		at := 0
		for _, f := range all {
			middle := (float64(at) + float64(f.rows)/2) / float64(rows) * sum
			at += int(f.rows)
			k, edge := 0, 0.0
			for k = range splits {
				if edge += due[k]; middle < edge {
					break
				}
			}
			if k != train && got[k]+float64(f.rows)/2 > math.Ceil(splits[k].Share*total) {
				k = train
			}
			got[k] += float64(f.rows)
			sel.items[f.head].split = int8(k)
		}
	}
	for i := range sel.items {
		if head := sel.items[i].family; head >= 0 {
			sel.items[i].split = sel.items[head].split
		}
	}
}

// bySplit puts the items into the order of their splits, keeping their order
// within each. It moves them within their slice: there may be millions.
func (sel *selection) bySplit() {
	next := make([]int, len(sel.spec.Splits)+1)
	for i := range sel.items {
		next[sel.items[i].split+1]++
	}
	for k := 1; k < len(next); k++ {
		next[k] += next[k-1]
	}
	to := make([]int32, len(sel.items))
	for i := range sel.items {
		split := sel.items[i].split
		to[i] = int32(next[split])
		next[split]++
	}
	for i := range to {
		for to[i] != int32(i) {
			k := to[i]
			sel.items[i], sel.items[k] = sel.items[k], sel.items[i]
			to[i], to[k] = to[k], k
		}
	}
}
