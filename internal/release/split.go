package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// A family is what stays together, with the place that the seed gives it.
type family struct {
	lot   uint64 // where in the order of its stratum
	hash  [8]byte
	head  int32
	rows  int
	shelf int32
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

// families lists the families by shelf, within it in the order of the draw. A
// family stands on the shelf of the example that it is named after.
func (sel *selection) families() []family {
	rows := map[int32]int{}
	for i := range sel.items {
		rows[sel.items[i].family]++
	}
	out := make([]family, 0, len(rows))
	for head, n := range rows {
		it := &sel.items[head]
		out = append(out, family{lot(sel.spec.Seed, it.hash), it.hash, head, n, it.shelf})
	}
	slices.SortFunc(out, func(a, b family) int {
		switch {
		case a.shelf != b.shelf:
			return int(a.shelf - b.shelf)
		case a.lot < b.lot:
			return -1
		case a.lot > b.lot:
			return 1
		}
		return bytes.Compare(a.hash[:], b.hash[:])
	})
	return out
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
	kept := make([]item, 0, len(sel.items)-len(out))
	for i := range sel.items {
		if !out[int32(i)] {
			kept = append(kept, sel.items[i])
		}
	}
	sel.items = kept
}

// deal gives every family a split.
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
	chosen := map[int32]int8{}
	all := sel.families()
	for len(all) > 0 {
		n := 0
		rows := 0
		for n < len(all) && all[n].shelf == all[0].shelf {
			rows += all[n].rows
			n++
		}
		due := make([]float64, len(splits))
		sum := 0.0
		for k, s := range splits {
			owed[k] += s.Share * float64(rows)
			due[k] = max(owed[k]-got[k], 0)
			sum += due[k]
		}
		at := 0
		for _, f := range all[:n] {
			middle := (float64(at) + float64(f.rows)/2) / float64(rows) * sum
			at += f.rows
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
			chosen[f.head] = int8(k)
		}
		all = all[n:]
	}
	for i := range sel.items {
		sel.items[i].split = chosen[sel.items[i].family]
	}
}
