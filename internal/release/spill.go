package release

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
)

// A keyed item is its index with one of its keys.
type keyed struct {
	key uint64
	at  int32
}

const (
	// spillWays is into how many parts the keys of one kind are split, by their
	// highest bits: one part at a time is held in memory, sorted.
	spillWays = 64
	// spillBlock is how many bytes of a part are written at once. A part of a
	// small selection never fills one, and nothing is written.
	spillBlock = 4096
	keyedBytes = 12
)

// A spill keeps the keys of items in a temporary file: of a million items they
// would take as much memory as the items themselves. It is not safe for concurrent
// use.
type spill struct {
	file  *os.File // nil until a block is full
	next  int64    // where the next block goes
	parts [len(keyNames)][spillWays]struct {
		buf    []byte
		blocks []int64 // where they are in the file
	}
	block []byte  // one that was read
	part  []keyed // the part at hand
}

// add notes that an item has a key of kind k; 0 is none.
func (s *spill) add(k int, key uint64, at int32) error {
	if key == 0 {
		return nil
	}
	p := &s.parts[k][key>>(64-6)]
	p.buf = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(p.buf, key), uint32(at))
	if len(p.buf)+keyedBytes <= spillBlock {
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "spotter-release-*")
		if err != nil {
			return fmt.Errorf("keep keys: %w", err)
		}
		s.file = f
	}
	if _, err := s.file.WriteAt(p.buf, s.next); err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	p.blocks = append(p.blocks, s.next)
	s.next += int64(len(p.buf))
	p.buf = p.buf[:0]
	return nil
}

// eachShared calls use for every item that shares a key of kind k with an earlier
// one: with the first that has it, and the item; in the order of keys, then of
// items.
func (s *spill) eachShared(k int, use func(first, other int32)) error {
	for way := range s.parts[k] {
		if err := s.read(k, way); err != nil {
			return err
		}
		have := s.part
		for i, first := 1, 0; i < len(have); i++ {
			if have[i].key != have[first].key {
				first = i
				continue
			}
			use(have[first].at, have[i].at)
		}
	}
	return nil
}

// read brings one part into memory, sorted.
func (s *spill) read(k, way int) error {
	p := &s.parts[k][way]
	s.part = s.part[:0]
	take := func(b []byte) {
		for ; len(b) > 0; b = b[keyedBytes:] {
			s.part = append(s.part, keyed{binary.LittleEndian.Uint64(b), int32(binary.LittleEndian.Uint32(b[8:]))})
		}
	}
	if s.block == nil {
		s.block = make([]byte, spillBlock/keyedBytes*keyedBytes)
	}
	for _, at := range p.blocks {
		if _, err := s.file.ReadAt(s.block, at); err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
		take(s.block)
	}
	take(p.buf)
	slices.SortFunc(s.part, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at)) })
	return nil
}

// close throws the file away.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}
