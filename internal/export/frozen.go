package export

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// ahead is how many chunks of a release are read at once: the server looks rows
// up on one core while another is written out. More only waits for them.
const ahead = 3

// Rows travel from reading to writing in blocks of so many bytes, a few for each
// chunk: that bounds what is held, however long the rows are.
const (
	blockBytes = 256 << 10
	blocksHeld = 4
)

// A block is some rows in their order. The rows point into text.
type block struct {
	ids  []uuid.UUID
	rows []Row
	text []byte
}

// room reports whether n more bytes fit in without moving what is there.
func (b *block) room(n int) bool { return len(b.text)+n <= cap(b.text) }

// add copies a row from the connection's buffer, which the next row overwrites.
func (b *block) add(raw [][]byte) {
	at := len(b.text)
	b.text = append(append(b.text, raw[2]...), raw[3]...)
	mid := at + len(raw[2])
	b.ids = append(b.ids, uuid.UUID(raw[0]))
	b.rows = append(b.rows, Row{Strict: raw[1][0] == 1, Messages: b.text[at:mid:mid], Tools: b.text[mid:]})
}

// releaseSQL reads one chunk of a release, like shelfSQL.
const releaseSQL = `
	SELECT i.example_id, r.strict, r.messages, r.tools
	  FROM release_items i
	  JOIN revisions r ON r.dataset_id = i.dataset_id AND r.example_id = i.example_id AND r.revision = i.revision
	 WHERE i.dataset_id = $1 AND i.release_id = $2 AND i.position > $3 AND i.position <= $4
	 ORDER BY i.position LIMIT $5`

// frozen reads the rows of a release at the positions above after and up to to,
// and hands them to use in their order, on the caller's goroutine. Several chunks
// are read ahead, each on a connection of its own and in a transaction of its own.
// The queries begin in order, so the chunk that is waited for always has its
// connection, however few there are. What use gets is valid until it returns.
func (e *exporter) frozen(ctx context.Context, release uuid.UUID, after, to int64, use func(position int64, id uuid.UUID, row Row) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var worked atomic.Int64                 // nanoseconds, by the chunks that were read since the last step
	queue := make(chan chan block, ahead-1) // chunks in their order; with the one in hand, ahead
	g.Go(func() error {
		defer close(queue)
		for from := after; from < to; from += chunk {
			blocks := make(chan block, blocksHeld)
			select {
			case queue <- blocks:
			case <-ctx.Done():
				return ctx.Err()
			}
			end := min(from+chunk, to)
			rows, err := e.db.Query(ctx, releaseSQL, binary, e.dataset, release, from, end, chunk)
			if err != nil {
				close(blocks)
				return fmt.Errorf("read: %w", err)
			}
			g.Go(func() error {
				defer close(blocks)
				start := time.Now()
				defer func() { worked.Add(int64(time.Since(start))) }()
				return pump(ctx, rows, from, end, blocks)
			})
			if err := e.step(ctx, time.Duration(worked.Swap(0))); err != nil {
				return err
			}
		}
		return nil
	})
	position := after
	err := func() error {
		for blocks := range queue {
			for b := range blocks {
				for i, row := range b.rows {
					position++
					if err := use(position, b.ids[i], row); err != nil {
						return err
					}
				}
			}
			if ctx.Err() != nil {
				return nil // the group says why
			}
		}
		return nil
	}()
	if err != nil {
		g.Go(func() error { return err }) // ends the readers
	}
	return g.Wait()
}

// pump sends the rows of a chunk on in blocks.
func pump(ctx context.Context, rows pgx.Rows, after, to int64, out chan<- block) error {
	defer rows.Close()
	b := block{text: make([]byte, 0, blockBytes)}
	send := func() error {
		if len(b.rows) == 0 {
			return nil
		}
		select {
		case out <- b:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	n := after
	for rows.Next() {
		raw := rows.RawValues()
		size := len(raw[2]) + len(raw[3])
		if !b.room(size) {
			if err := send(); err != nil {
				return err
			}
			b = block{text: make([]byte, 0, max(blockBytes, size))}
		}
		b.add(raw)
		n++
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if n != to {
		return fmt.Errorf("rows %d to %d: only %d are there", after+1, to, n-after) // nothing may go missing in silence
	}
	return send()
}
