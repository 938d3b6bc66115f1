package llama3

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"math/bits"
)

//go:generate go run ./genvocab

// vocabFile is the gzip of one length byte and the bytes of each token, in the
// order of the token ids. NOTICE.md says where it comes from and on what terms.
//
//go:embed vocab.bin.gz
var vocabFile []byte

// vocabSize is the number of ordinary tokens; special tokens have the ids from
// here on.
const vocabSize = 128000

const (
	// shortLen is the longest token kept in the short table: its bytes and
	// its length fit one word, so that a look-up is one comparison.
	shortLen  = 7
	tableBits = 17 // each table is less than 55 % full
	hashMul   = 0x9e3779b97f4a7c15
)

// A vocabulary maps the bytes of a token to its id, which is its merge rank
// too. It never changes once it is read.
type vocabulary struct {
	short  [1 << tableBits]shortEntry
	long   [1 << tableBits]longEntry
	pairs  [1 << 16]int32       // ids of the tokens of two bytes, or none
	single [1 << 8]int32        // ids of the tokens of one byte; every byte has one
	text   string               // the bytes of all tokens
	start  [vocabSize + 1]int32 // where in text each token begins
	maxLen int                  // bytes of the longest token
}

// none stands for "no such token".
const none = -1

// A shortEntry is a slot of an open-addressing table. key 0 marks a free one:
// no key is 0, for its top byte is the length.
type shortEntry struct {
	key uint64
	id  int32
}

// A longEntry is a slot for a token whose bytes are compared in text. The tag
// is another part of the hash, which spares most comparisons that would fail.
type longEntry struct {
	tag  uint32
	next int32 // the token's id plus one; 0 marks a free slot
}

// readVocabulary decompresses the embedded tokens and builds the tables.
func readVocabulary() (*vocabulary, error) {
	zr, err := gzip.NewReader(bytes.NewReader(vocabFile))
	if err != nil {
		return nil, fmt.Errorf("read vocabulary: %w", err)
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		return nil, fmt.Errorf("read vocabulary: %w", err)
	}
	v := &vocabulary{}
	for i := range v.pairs {
		v.pairs[i] = none
	}
	text := make([]byte, 0, len(raw))
	id := int32(0)
	for len(raw) > 0 {
		n := int(raw[0])
		if n == 0 || n >= len(raw)+1 || id == vocabSize {
			return nil, fmt.Errorf("read vocabulary: malformed at token %d", id)
		}
		text = append(text, raw[1:n+1]...)
		v.start[id+1] = int32(len(text))
		v.maxLen = max(v.maxLen, n)
		raw = raw[n+1:]
		id++
	}
	if id != vocabSize {
		return nil, fmt.Errorf("read vocabulary: %d tokens, want %d", id, vocabSize)
	}
	v.text = string(text)
	for id := range int32(vocabSize) {
		v.add(id)
	}
	return v, nil
}

// add puts a token into the tables.
func (v *vocabulary) add(id int32) {
	s := v.text[v.start[id]:v.start[id+1]]
	switch len(s) {
	case 1:
		v.single[s[0]] = id
	case 2:
		v.pairs[uint16(s[0])|uint16(s[1])<<8] = id
	}
	if len(s) <= shortLen {
		key := shortKey(s)
		h := key * hashMul >> (64 - tableBits)
		for v.short[h].key != 0 {
			h = (h + 1) % (1 << tableBits)
		}
		v.short[h] = shortEntry{key, id}
		return
	}
	hash := longHash(s)
	h := hash >> (64 - tableBits)
	for v.long[h].next != 0 {
		h = (h + 1) % (1 << tableBits)
	}
	v.long[h] = longEntry{uint32(hash), id + 1}
}

// id returns the id of the token with the bytes s, or none.
func (v *vocabulary) id(s string) int32 {
	if len(s) <= shortLen {
		return v.shortID(shortKey(s))
	}
	return v.longID(s)
}

func (v *vocabulary) shortID(key uint64) int32 {
	for h := key * hashMul >> (64 - tableBits); ; h = (h + 1) % (1 << tableBits) {
		switch e := &v.short[h]; e.key {
		case key:
			return e.id
		case 0:
			return none
		}
	}
}

func (v *vocabulary) longID(s string) int32 {
	if len(s) > v.maxLen {
		return none
	}
	hash := longHash(s)
	for h := hash >> (64 - tableBits); ; h = (h + 1) % (1 << tableBits) {
		e := v.long[h]
		if e.next == 0 {
			return none
		}
		if e.tag == uint32(hash) && v.text[v.start[e.next-1]:v.start[e.next]] == s {
			return e.next - 1
		}
	}
}

// shortKey packs up to seven bytes and their number into a word.
func shortKey(s string) uint64 {
	key := uint64(len(s)) << 56
	for i := range len(s) {
		key |= uint64(s[i]) << (8 * i)
	}
	return key
}

// longHash hashes eight bytes or more, the last eight perhaps twice.
func longHash(s string) uint64 {
	h := uint64(len(s)) * hashMul
	for i := 0; i+8 < len(s); i += 8 {
		h = mix(h, load64(s, i))
	}
	return mix(h, load64(s, len(s)-8))
}

func mix(h, w uint64) uint64 {
	hi, lo := bits.Mul64(h^w, hashMul)
	return hi ^ lo
}

// load64 reads eight bytes of s from i on.
func load64(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
