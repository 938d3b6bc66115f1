package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// plan is what a run must know to go on where another left off; it is kept as
// JSON with the run.
type plan struct {
	Options
	Container   decode.Container `json:"container"`
	Header      []string         `json:"header,omitempty"`
	Delimiter   byte             `json:"delimiter,omitempty"`
	Compression string           `json:"compression,omitempty"`
}

// Store keeps the bytes that r delivers and puts an import of them in the
// queue. It looks at the first of them before it keeps any, and fails with
// fault.Invalid for a file that no row could be taken from: empty, of no known
// format, or without a category where neither the options nor the format nor
// the first rows name one. Bytes that are here already are not kept a second
// time; the run then names the first one in RepeatOf.
//
// The pieces are committed as they come. Where Store fails or is killed they
// belong to no file, and Sweep removes them.
func (s *Service) Store(ctx context.Context, r io.Reader, up Upload) (Run, error) {
	cat, err := s.catalog(ctx)
	if err != nil {
		return Run{}, fmt.Errorf("store a file: %w", err)
	}
	o, err := up.Options.resolve(cat)
	if err != nil {
		return Run{}, err
	}
	up.Name = displayName(up.Name)
	head := make([]byte, decode.SniffBytes)
	n, err := fill(r, head)
	eof := errors.Is(err, io.EOF)
	if err != nil && !eof {
		return Run{}, unreadable(up.Name, err)
	}
	head = head[:n]
	found, err := s.look(ctx, cat, head, eof, up.Name, o)
	if err != nil {
		return Run{}, err
	}
	if err := found.lacksCategory(cat); err != nil {
		return Run{}, err
	}
	p := plan{Options: o, Container: found.Container, Header: found.Header, Delimiter: found.Delimiter, Compression: found.Compression}

	source, err := uuid.NewV7()
	if err != nil {
		return Run{}, fmt.Errorf("store a file: %w", err)
	}
	rest := io.MultiReader(bytes.NewReader(head), r)
	if eof {
		rest = bytes.NewReader(head)
	}
	kept, err := s.keep(ctx, source, rest)
	if err == nil && up.Bytes > 0 && kept.bytes != up.Bytes {
		err = fault.New(fault.Invalid, "%s changed while it was read: %d bytes were announced and %d came. Import it again when nobody writes to it.", up.Name, up.Bytes, kept.bytes)
	}
	if err != nil {
		s.forget(ctx, source)
		if reading, ok := errors.AsType[*readError](err); ok {
			return Run{}, unreadable(up.Name, reading.err)
		}
		return Run{}, fmt.Errorf("store %s: %w", source, err)
	}
	id, err := s.queue(ctx, source, kept, up, string(found.Format), p)
	if err != nil {
		// Where the server did not answer, the commit may yet have happened.
		if _, answered := errors.AsType[*pgconn.PgError](err); answered {
			s.forget(ctx, source)
		}
		return Run{}, fmt.Errorf("queue the import of %s: %w", source, err)
	}
	return s.Get(ctx, id)
}

// unreadable says that the file itself failed, not the database. A fault, such
// as a limit on uploads, keeps its own words.
func unreadable(name string, err error) error {
	if _, ok := fault.As(err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return fault.Wrap(fault.Invalid, err, "%s could not be read to its end. Check that it is a file that is still there and may be read, and send it again.", name)
}

// readError marks errors of the reader that Store was given.
type readError struct{ err error }

func (e *readError) Error() string { return "read: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// kept is what keep stored.
type kept struct {
	sha256 [sha256.Size]byte
	bytes  int64
	pieces int64
}

const (
	// piecesPerCommit bounds what one small transaction writes.
	piecesPerCommit = 4
	// piecesInHand bounds how much of a file is in memory.
	piecesInHand = 8
)

// fill reads until buf is full. Unlike io.ReadFull it leaves apart the end of a
// file, io.EOF, and a sender that was cut off, io.ErrUnexpectedEOF: half a file
// must not be taken for whole.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	if n == len(buf) && errors.Is(err, io.EOF) {
		err = nil // said again by the next call
	}
	return n, err
}

// keep writes r to source_chunks: read and hashed here, compressed by several
// goroutines, inserted in order by another.
func (s *Service) keep(ctx context.Context, source uuid.UUID, r io.Reader) (kept, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(pieceBytes), zstd.WithEncoderConcurrency(s.workers))
	if err != nil {
		return kept{}, fmt.Errorf("make a zstd encoder: %w", err)
	}
	defer func() { _ = enc.Close() }()

	type job struct {
		chunk db.InsertSourceChunksParams
		raw   []byte
		ready chan struct{}
	}
	jobs := make(chan *job, piecesInHand)        // to compress
	inOrder := make(chan *job, piecesInHand)     // to insert
	buffers := make(chan []byte, 2*piecesInHand) // to use again
	var k kept
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(jobs)
		defer close(inOrder)
		sum := sha256.New()
		for {
			var buf []byte
			select {
			case buf = <-buffers:
			default:
				buf = make([]byte, pieceBytes)
			}
			n, err := fill(r, buf)
			if n > 0 {
				sum.Write(buf[:n])
				j := &job{raw: buf[:n], ready: make(chan struct{}), chunk: db.InsertSourceChunksParams{
					DatasetID: s.dataset, SourceID: source, Ordinal: int32(k.pieces), RawOffset: k.bytes, RawBytes: int32(n),
				}}
				k.pieces++
				k.bytes += int64(n)
				for _, to := range []chan *job{jobs, inOrder} {
					select {
					case to <- j:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
			}
			switch {
			case errors.Is(err, io.EOF):
				sum.Sum(k.sha256[:0])
				return nil
			case err != nil:
				return &readError{err}
			case ctx.Err() != nil:
				return ctx.Err()
			}
		}
	})
	for range s.workers {
		g.Go(func() error {
			for j := range jobs {
				j.chunk.Data = enc.EncodeAll(j.raw, nil)
				buf := j.raw[:pieceBytes]
				j.raw = nil
				select {
				case buffers <- buf:
				default:
				}
				close(j.ready)
			}
			return nil
		})
	}
	g.Go(func() error {
		var chunks []db.InsertSourceChunksParams
		insert := func() error {
			if len(chunks) == 0 {
				return nil
			}
			defer func() { chunks = chunks[:0] }()
			return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
				_, err := db.New(tx).InsertSourceChunks(ctx, chunks)
				return err
			})
		}
		for j := range inOrder {
			select {
			case <-j.ready:
			case <-ctx.Done():
				return ctx.Err()
			}
			if chunks = append(chunks, j.chunk); len(chunks) == piecesPerCommit {
				if err := insert(); err != nil {
					return fmt.Errorf("insert pieces: %w", err)
				}
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := insert(); err != nil {
			return fmt.Errorf("insert pieces: %w", err)
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return kept{}, err
	}
	return k, nil
}

// queue makes the run, and the source too unless its bytes are here already.
func (s *Service) queue(ctx context.Context, source uuid.UUID, k kept, up Upload, format string, p plan) (uuid.UUID, error) {
	options, err := json.Marshal(p)
	if err != nil {
		return uuid.Nil, fmt.Errorf("encode options: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, err
	}
	if up.Channel == "" {
		up.Channel = ChannelAPI
	}
	var by *uuid.UUID
	if up.By.ID != uuid.Nil {
		by = &up.By.ID
	}
	once := func(tx pgx.Tx) error {
		q := db.New(tx)
		stored, err := q.MeasureSourceChunks(ctx, s.dataset, source)
		if err != nil {
			return fmt.Errorf("measure the pieces: %w", err)
		}
		if stored.Bytes != k.bytes || stored.Chunks != k.pieces {
			return fmt.Errorf("%d bytes in %d pieces are stored, %d in %d were sent", stored.Bytes, stored.Chunks, k.bytes, k.pieces)
		}
		run := db.InsertImportRunParams{
			DatasetID: s.dataset, ID: id, SourceID: source, Filename: up.Name, Format: format,
			Options: string(options), BytesTotal: k.bytes, CreatedBy: by,
		}
		same, err := q.SourceBySHA256(ctx, s.dataset, k.sha256[:])
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			if err := q.InsertSource(ctx, db.InsertSourceParams{
				DatasetID: s.dataset, ID: source, Name: up.Name, SHA256: k.sha256[:], Bytes: k.bytes,
				MediaType: printable(up.MediaType, 200), Licence: printable(up.Licence, 200), Channel: string(up.Channel), Demo: up.Demo, CreatedBy: by,
			}); err != nil {
				return fmt.Errorf("insert source: %w", err)
			}
		case err != nil:
			return fmt.Errorf("look for the same bytes: %w", err)
		default:
			if err := q.DeleteSourceChunks(ctx, s.dataset, source); err != nil {
				return fmt.Errorf("drop the second copy: %w", err)
			}
			run.SourceID = same.ID
			first, err := q.FirstRunOfSource(ctx, s.dataset, same.ID)
			if err == nil {
				run.RepeatOf = &first
			} else if !errors.Is(err, pgx.ErrNoRows) {
				return fmt.Errorf("find the first import of the same bytes: %w", err)
			}
		}
		if err := q.InsertImportRun(ctx, run); err != nil {
			return fmt.Errorf("insert run: %w", err)
		}
		if err := s.audit(ctx, tx, up.By, "import.started", id, map[string]any{
			"name": up.Name, "bytes": k.bytes, "sha256": fmt.Sprintf("%x", k.sha256), "format": format, "channel": up.Channel, "repeat": run.RepeatOf != nil,
		}); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, id)
	}
	err = postgres.InTx(ctx, s.pool, once)
	if postgres.Violates(err, "sources_sha256_key") { // somebody stored the same bytes in this moment
		err = postgres.InTx(ctx, s.pool, once)
	}
	return id, err
}

func (s *Service) audit(ctx context.Context, tx pgx.Tx, by audit.Actor, action string, id uuid.UUID, detail any) error {
	if by.Name == "" {
		by.Name = "importer"
	}
	return audit.Write(ctx, tx, audit.Entry{Dataset: s.dataset, Actor: by, Action: action, Object: "import/" + id.String(), Detail: detail})
}

// forget drops pieces that belong to no file. What it leaves, Sweep finds.
func (s *Service) forget(ctx context.Context, source uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := db.New(s.pool).DeleteSourceChunks(ctx, s.dataset, source); err != nil {
		s.log.WarnContext(ctx, "pieces of a file that was not stored are left for the sweep", slog.Any("error", err))
	}
}

// Sweep removes the pieces of files that never became whole and to which
// nothing was added for a day, and returns of how many files. It is meant to be
// called now and then.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	q := db.New(s.pool)
	swept := 0
	for {
		sources, err := q.AbandonedSources(ctx, s.dataset, 100)
		if err != nil {
			return swept, fmt.Errorf("find abandoned files: %w", err)
		}
		for _, source := range sources {
			if err := q.DeleteSourceChunks(ctx, s.dataset, source); err != nil {
				return swept, fmt.Errorf("sweep file %s: %w", source, err)
			}
			swept++
		}
		if len(sources) < 100 {
			return swept, nil
		}
	}
}
