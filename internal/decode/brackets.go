package decode

// brackets tracks which brackets are open. It knows the kind of those up to
// maxTracked deep and only counts beyond: a row as deep as that is refused
// anyhow.
type brackets struct {
	depth int
	kinds [maxTracked / 64]uint64 // bit set: an object's
}

const maxTracked = 1024

func (b *brackets) push(object bool) {
	if b.depth < maxTracked {
		bit := uint64(1) << (b.depth % 64)
		if object {
			b.kinds[b.depth/64] |= bit
		} else {
			b.kinds[b.depth/64] &^= bit
		}
	}
	b.depth++
}

// pop closes the innermost bracket; false means that it is of the other kind.
func (b *brackets) pop(object bool) bool {
	tracked, was := b.depth <= maxTracked, b.object()
	b.depth--
	return !tracked || was == object
}

// object reports whether the innermost open bracket is known to be an
// object's.
func (b *brackets) object() bool {
	i := b.depth - 1
	return 0 <= i && i < maxTracked && b.kinds[i/64]>>(i%64)&1 == 1
}
