package dedup

import "github.com/google/uuid"

// A forest joins examples into components (union-find with path halving).
type forest map[uuid.UUID]uuid.UUID

// root returns the representative of id's component.
func (f forest) root(id uuid.UUID) uuid.UUID {
	for {
		up, ok := f[id]
		if !ok || up == id {
			return id
		}
		if top, ok := f[up]; ok {
			f[id] = top
		}
		id = up
	}
}

// join makes one component of a's and b's. The smaller id becomes the
// representative, so that the result does not depend on the order of joins.
func (f forest) join(a, b uuid.UUID) {
	a, b = f.root(a), f.root(b)
	if a == b {
		return
	}
	if less(b, a) {
		a, b = b, a
	}
	f[b] = a
}

func less(a, b uuid.UUID) bool { return string(a[:]) < string(b[:]) }
