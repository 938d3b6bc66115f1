package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

const (
	pieceBytes = 1 << 20 // of the file, before compression
	// piecesAhead is how many pieces are fetched at once while earlier ones are
	// being read.
	piecesAhead = 4
)

// stored reads the bytes of a stored file in order, fetching ahead of its
// reader in short queries. Close it.
type stored struct {
	pieces  chan piece
	free    chan []byte
	cancel  context.CancelFunc
	done    sync.WaitGroup
	current []byte
	whole   []byte // current from its start, to be used again
	read    atomic.Int64
	ended   bool // every piece was sent; written before pieces is closed
	err     error
}

type piece struct {
	data []byte
	err  error
}

// openStored starts reading a source at an offset of the original file.
func (s *Service) openStored(ctx context.Context, source uuid.UUID, from int64) (*stored, error) {
	q := db.New(s.pool)
	size, err := q.SourceSize(ctx, s.dataset, source)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no such file.")
	}
	if err != nil {
		return nil, fmt.Errorf("find source %s: %w", source, err)
	}
	at, err := q.SourceChunkAt(ctx, s.dataset, source, from)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fault.New(fault.NotFound, "The bytes of this file are not stored here.")
	case err != nil:
		return nil, fmt.Errorf("find the piece at %d of source %s: %w", from, source, err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4*pieceBytes))
	if err != nil {
		return nil, fmt.Errorf("make a zstd decoder: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &stored{
		pieces: make(chan piece, piecesAhead), free: make(chan []byte, piecesAhead+2), cancel: cancel,
	}
	r.read.Store(from)
	r.done.Go(func() {
		defer dec.Close()
		defer close(r.pieces)
		want := db.SourceChunksParams{DatasetID: s.dataset, SourceID: source, First: at.Ordinal, MaxRows: piecesAhead}
		if err := r.fetch(ctx, q, dec, want, from, at.RawOffset, size.Bytes); err != nil {
			r.send(ctx, piece{err: fmt.Errorf("read source %s: %w", source, err)})
		}
	})
	return r, nil
}

// fetch sends the bytes of the file from an offset to its end. The first piece
// that p asks for starts at the offset at.
func (r *stored) fetch(ctx context.Context, q *db.Queries, dec *zstd.Decoder, p db.SourceChunksParams, from, at, size int64) error {
	for {
		rows, err := q.SourceChunks(ctx, p)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Ordinal != p.First {
				return &brokenFile{fmt.Errorf("piece %d is missing", p.First)}
			}
			p.First++
			var buf []byte
			select {
			case buf = <-r.free:
			default:
			}
			data, err := dec.DecodeAll(row.Data, buf[:0])
			if err != nil {
				return &brokenFile{fmt.Errorf("piece %d is damaged: %w", row.Ordinal, err)}
			}
			if len(data) != int(row.RawBytes) {
				return &brokenFile{fmt.Errorf("piece %d is damaged: it has %d bytes instead of %d", row.Ordinal, len(data), row.RawBytes)}
			}
			cut := min(max(from-at, 0), int64(len(data)))
			at += int64(len(data))
			if !r.send(ctx, piece{data: data[cut:]}) {
				return nil
			}
		}
		if len(rows) == int(p.MaxRows) {
			continue
		}
		if at != size {
			return &brokenFile{fmt.Errorf("the pieces hold %d bytes of %d", at, size)}
		}
		r.ended = true
		return nil
	}
}

func (r *stored) send(ctx context.Context, p piece) bool {
	select {
	case r.pieces <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *stored) Read(p []byte) (int, error) {
	for len(r.current) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.whole != nil {
			select {
			case r.free <- r.whole:
			default:
			}
			r.whole = nil
		}
		next, more := <-r.pieces
		switch {
		case !more && r.ended:
			r.err = io.EOF
		case !more: // Close, or whoever reads was told to stop: not the end of the file
			r.err = context.Canceled
		case next.err != nil:
			r.err = next.err
		default:
			r.current, r.whole = next.data, next.data
		}
	}
	n := copy(p, r.current)
	r.current = r.current[n:]
	r.read.Add(int64(n))
	return n, nil
}

// position is how much of the original file has been handed out. It may be
// called while another goroutine reads.
func (r *stored) position() int64 { return r.read.Load() }

// Close stops fetching and waits until that has ended.
func (r *stored) Close() error {
	r.cancel()
	r.done.Wait()
	return nil
}
