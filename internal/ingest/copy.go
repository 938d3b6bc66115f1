package ingest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Rows go in by COPY in its binary form, written here rather than through
// pgx.CopyFrom: that plans and boxes every value of every row, which costs more
// than the rest of a row's way through this package. The layout is in the
// Postgres manual under COPY, "Binary Format".
var copyHeader = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// tuple is a row of COPY data in the making.
type tuple []byte

func (t *tuple) start(fields int)  { *t = binary.BigEndian.AppendUint16(*t, uint16(fields)) }
func (t *tuple) uuid(id uuid.UUID) { t.size(len(id)); *t = append(*t, id[:]...) }
func (t *tuple) bytes(b []byte)    { t.size(len(b)); *t = append(*t, b...) }
func (t *tuple) text(s string)     { t.size(len(s)); *t = append(*t, s...) }
func (t *tuple) int2(n int16)      { t.size(2); *t = binary.BigEndian.AppendUint16(*t, uint16(n)) }
func (t *tuple) int4(n int32)      { t.size(4); *t = binary.BigEndian.AppendUint32(*t, uint32(n)) }
func (t *tuple) int8(n int64)      { t.size(8); *t = binary.BigEndian.AppendUint64(*t, uint64(n)) }
func (t *tuple) size(n int)        { *t = binary.BigEndian.AppendUint32(*t, uint32(n)) }

func (t *tuple) bool(b bool) {
	t.size(1)
	if b {
		*t = append(*t, 1)
	} else {
		*t = append(*t, 0)
	}
}

// copyTarget says in which columns of which table tuples go.
type copyTarget struct {
	sql    string
	fields int
}

// target builds the statement; the names are constants of this package.
func target(table string, columns ...string) copyTarget {
	id := pgx.Identifier(columns)
	list := ""
	for i := range id {
		if i > 0 {
			list += ","
		}
		list += pgx.Identifier{id[i]}.Sanitize()
	}
	return copyTarget{sql: "COPY " + table + " (" + list + ") FROM STDIN BINARY", fields: len(columns)}
}

// copyIn sends n tuples, each written by fill when its turn comes, so that no
// more than one of them is held besides the send buffer.
func copyIn(ctx context.Context, tx pgx.Tx, to copyTarget, n int, fill func(t *tuple, i int)) error {
	if n == 0 {
		return nil
	}
	r := &tuples{to: to, n: n, fill: fill, buf: append(make([]byte, 0, 64<<10), copyHeader...)}
	r.rest = r.buf
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, r, to.sql)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != int64(n) {
		return fmt.Errorf("copied %d rows of %d", tag.RowsAffected(), n)
	}
	return nil
}

// tuples is the byte stream of copyIn.
type tuples struct {
	to   copyTarget
	n    int
	i    int
	fill func(t *tuple, i int)
	buf  tuple
	rest []byte // what of buf is not read yet
	done bool
}

func (r *tuples) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.done {
			return 0, io.EOF
		}
		r.buf = r.buf[:0]
		for r.i < r.n && len(r.buf) < cap(p) {
			r.buf.start(r.to.fields)
			r.fill(&r.buf, r.i)
			r.i++
		}
		if r.i == r.n && len(r.buf) < cap(p) {
			r.buf = append(r.buf, 0xFF, 0xFF) // the trailer
			r.done = true
		}
		r.rest = r.buf
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
