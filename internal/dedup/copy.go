package dedup

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// keyOf is a row of duplicate_keys.
type keyOf struct {
	key int64
	id  uuid.UUID
}

// copyHeader begins COPY data in the binary form; the layout is in the Postgres
// manual under COPY, "Binary Format". It is written here because pgx.CopyFrom
// boxes every value and sends UUIDs through their text, which cost more than
// everything else about a key.
const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// int8OID is the type of a bigint, as array elements name it.
const int8OID = 20

// copyIn inserts the signatures of entries and the keys, which must be sorted.
func (w *work) copyIn(ctx context.Context, signed []*entry, keys []keyOf) error {
	err := w.copyRows(ctx, "COPY duplicate_signatures (dataset_id, example_id, revision, version, keys) FROM STDIN BINARY", len(signed), func(b []byte, i int) []byte {
		e := signed[i]
		b = binary.BigEndian.AppendUint16(b, 5)
		b = appendUUID(b, w.dataset)
		b = appendUUID(b, e.id)
		b = binary.BigEndian.AppendUint32(b, 4)
		b = binary.BigEndian.AppendUint32(b, uint32(e.revision))
		b = binary.BigEndian.AppendUint32(b, 2)
		b = binary.BigEndian.AppendUint16(b, signatureVersion)
		if len(e.keys) == 0 { // an array without dimensions
			b = binary.BigEndian.AppendUint32(b, 12)
			b = binary.BigEndian.AppendUint32(b, 0)
			b = binary.BigEndian.AppendUint32(b, 0)
			return binary.BigEndian.AppendUint32(b, int8OID)
		}
		b = binary.BigEndian.AppendUint32(b, uint32(20+12*len(e.keys)))
		b = binary.BigEndian.AppendUint32(b, 1) // dimensions
		b = binary.BigEndian.AppendUint32(b, 0) // no nulls
		b = binary.BigEndian.AppendUint32(b, int8OID)
		b = binary.BigEndian.AppendUint32(b, uint32(len(e.keys)))
		b = binary.BigEndian.AppendUint32(b, 1) // the first index
		for _, k := range e.keys {
			b = appendInt64(b, int64(k.hash))
		}
		return b
	})
	if err != nil {
		return fmt.Errorf("insert signatures: %w", err)
	}
	err = w.copyRows(ctx, "COPY duplicate_keys (key, example_id) FROM STDIN BINARY", len(keys), func(b []byte, i int) []byte {
		b = binary.BigEndian.AppendUint16(b, 2)
		b = appendInt64(b, keys[i].key)
		return appendUUID(b, keys[i].id)
	})
	if err != nil {
		return fmt.Errorf("insert keys: %w", err)
	}
	return nil
}

func appendUUID(b []byte, id uuid.UUID) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(id))), id[:]...)
}

func appendInt64(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(n))
}

// copyRows runs a COPY of n rows, each appended by fill when its turn comes.
func (w *work) copyRows(ctx context.Context, sql string, n int, fill func(b []byte, i int) []byte) error {
	if n == 0 {
		return nil
	}
	tag, err := w.tx.Conn().PgConn().CopyFrom(ctx, &rowReader{n: n, fill: fill, buf: []byte(copyHeader)}, sql)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != int64(n) {
		return fmt.Errorf("copied %d rows of %d", tag.RowsAffected(), n)
	}
	return nil
}

// A rowReader is the byte stream of copyRows.
type rowReader struct {
	n, i int
	fill func(b []byte, i int) []byte
	buf  []byte // the rest of it is not read yet from at on
	at   int
	done bool
}

func (r *rowReader) Read(p []byte) (int, error) {
	if r.at == len(r.buf) {
		if r.done {
			return 0, io.EOF
		}
		r.buf, r.at = r.buf[:0], 0
		for r.i < r.n && len(r.buf) < len(p) {
			r.buf = r.fill(r.buf, r.i)
			r.i++
		}
		if r.i == r.n {
			r.buf = append(r.buf, 0xFF, 0xFF) // the trailer
			r.done = true
		}
	}
	n := copy(p, r.buf[r.at:])
	r.at += n
	return n, nil
}
