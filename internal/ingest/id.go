package ingest

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// ids makes UUIDs of version 7 (RFC 9562) that strictly increase, whatever the
// clock does: the 12 bits after the time count within a millisecond, and when
// they run out or the clock stands or goes back, the time runs ahead of it. It
// is for one goroutine.
type ids struct {
	last uint64 // milliseconds << 12 | counter
	now  func() time.Time
	pool [512]byte // random bytes, read many at a time
	left []byte
}

// newIDs returns a generator whose ids are greater than after.
func newIDs(after uuid.UUID) *ids {
	g := &ids{now: time.Now}
	if after != uuid.Nil {
		hi := binary.BigEndian.Uint64(after[:8])
		g.last = hi>>16<<12 | hi&0xFFF
	}
	return g
}

func (g *ids) next() uuid.UUID {
	g.last = max(g.last+1, uint64(g.now().UnixMilli())<<12)
	if len(g.left) < 8 {
		_, _ = rand.Read(g.pool[:]) // never fails (crypto/rand)
		g.left = g.pool[:]
	}
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], g.last>>12<<16|0x7000|g.last&0xFFF)
	copy(id[8:], g.left[:8])
	g.left = g.left[8:]
	id[8] = id[8]&0x3F | 0x80
	return id
}
