package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	// heartbeat is how often a worker says that it lives; after 30 seconds of
	// silence (see the queries) another may take its run.
	heartbeat = 5 * time.Second
	// patience is how often in a row a run is begun again, with growing
	// pauses, because the database went away. Together about a minute.
	patience = 8

	// A parcel is what one goroutine decodes at a time.
	parcelRows  = 256
	parcelBytes = 256 << 10
	// batchBytes bounds a batch of long records; Config.BatchRows one of short.
	batchBytes = 8 << 20
	// bytesInHand bounds the records between reading and merging. It must hold
	// a batch that is not full yet and the longest record.
	bytesInHand   = batchBytes + decode.DefaultMaxRecordBytes
	parcelsInHand = 64
)

var (
	// ErrBusy is in the tree of Run's error where another worker has the run.
	ErrBusy = errors.New("the import is being run elsewhere")
	// errLost: this worker's run is not its own any more.
	errLost = errors.New("the run belongs to another worker")
	// errCancelled: somebody asked to cancel.
	errCancelled = errors.New("the import was cancelled")
)

// Run carries out an import from wherever it stands, and returns when it is
// done or has been cancelled: Get tells which. It fails with ErrBusy (a
// fault.Conflict) while another worker runs it, with fault.Conflict where it
// failed or was cancelled before and nobody resumed it, and otherwise with what
// stopped it; the run is then marked as failed, and Resume puts it back. When ctx
// ends, the run goes back into the queue. A database that goes away for less
// than about a minute only delays it.
func (s *Service) Run(ctx context.Context, id uuid.UUID) error {
	worker := uuid.New()
	log := s.log.With(slog.String("import", id.String()))
	last := int64(-1)
	for tries := 1; ; tries++ {
		at, err := s.attempt(ctx, id, worker, log)
		if at > last {
			last, tries = at, 1
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errLost):
			return busy(err)
		case ctx.Err() != nil:
			s.release(ctx, id, worker, log)
			return fmt.Errorf("run import %s: %w", id, context.Cause(ctx))
		case errors.Is(err, errCancelled):
			return s.stop(ctx, id, worker, "cancelled", "", log)
		case transient(err) && tries < patience:
			log.WarnContext(ctx, "import interrupted, trying again", slog.Int("try", tries), slog.Any("error", err))
			pause := time.NewTimer(min(250*time.Millisecond<<tries, 15*time.Second))
			select {
			case <-ctx.Done():
				pause.Stop()
			case <-pause.C:
			}
		default:
			if before, ok := errors.AsType[*notOurs](err); ok {
				return before.err
			}
			log.ErrorContext(ctx, "import failed", slog.Any("error", err))
			if stopErr := s.stop(ctx, id, worker, "failed", told(err), log); errors.Is(stopErr, ErrBusy) {
				return stopErr
			} else if stopErr != nil {
				err = errors.Join(err, stopErr)
			}
			return fmt.Errorf("run import %s: %w", id, err)
		}
	}
}

func busy(err error) error {
	return fault.Wrap(fault.Conflict, fmt.Errorf("%w: %w", ErrBusy, err), "This import is being run elsewhere.")
}

// told is the sentence kept with a failed run.
func told(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Msg
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case pg.Code == "53100":
			return "The disk of the database is full. Free some space, then resume the import; nothing that was committed is lost."
		case pg.Code[:2] == "53":
			return "The database has run out of a resource (" + pg.Code + "). See its log, then resume the import; nothing that was committed is lost."
		}
		return "The database refused a batch (" + pg.Code + "). See the server's log, then resume the import; nothing that was committed is lost."
	}
	return "The import stopped for a reason that is in the server's log. Resume it; nothing that was committed is lost."
}

// transient says whether err is the database's absence, not its opinion.
func transient(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code[:2] == "08" || pg.Code[:3] == "57P" || pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "53300"
	}
	if _, ok := fault.As(err); ok {
		return false
	}
	_, broken := errors.AsType[*brokenFile](err)
	return !broken
}

// brokenFile marks errors of the stored bytes themselves.
type brokenFile struct{ err error }

func (e *brokenFile) Error() string { return e.err.Error() }
func (e *brokenFile) Unwrap() error { return e.err }

// notOurs marks errors from before the run was this worker's.
type notOurs struct{ err error }

func (e *notOurs) Error() string { return e.err.Error() }
func (e *notOurs) Unwrap() error { return e.err }

// run is an import in the hands of one worker.
type run struct {
	*Service
	id, source, worker uuid.UUID
	plan               plan
	format             decode.Format
	compressed         bool
	at                 decode.Position // where the last committed batch ended
	log                *slog.Logger
	examiner           *examiner
	ids                *ids
}

// attempt takes the run and works on it until the end or the first error. It
// returns how many bytes of the uncompressed stream are behind it.
func (s *Service) attempt(ctx context.Context, id, worker uuid.UUID, log *slog.Logger) (int64, error) {
	r, err := s.take(ctx, id, worker, log)
	if err != nil || r == nil {
		return 0, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		r.beat(ctx, stop)
	}()
	err = r.work(ctx)
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, errLost) || errors.Is(cause, errCancelled)) {
		err = cause
	}
	stop(nil)
	<-beating
	return r.at.Offset, err
}

// take makes worker the run's worker. It returns nil where there is nothing to
// do any more.
func (s *Service) take(ctx context.Context, id, worker uuid.UUID, log *slog.Logger) (*run, error) {
	q := db.New(s.pool)
	t, err := q.TakeImportRun(ctx, &worker, s.dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		there, err := s.Get(ctx, id)
		if err != nil {
			return nil, &notOurs{err}
		}
		switch there.State {
		case StateDone:
			return nil, nil
		case StateFailed, StateCancelled:
			return nil, &notOurs{fault.New(fault.Conflict, "This import is %s. Resume it first.", there.State)}
		case StateQueued, StateRunning:
		}
		return nil, errLost
	}
	if err != nil {
		return nil, fmt.Errorf("take the run: %w", err)
	}
	if t.CancelAsked {
		return nil, errCancelled
	}
	r := &run{
		Service: s, id: id, source: t.SourceID, worker: worker, format: decode.Format(t.Format), log: log,
		at: decode.Position{Offset: t.ResumeOffset, Line: t.ResumeLine},
	}
	if err := json.Unmarshal([]byte(t.Options), &r.plan); err != nil {
		return nil, &brokenFile{fmt.Errorf("read the options of the run: %w", err)}
	}
	r.compressed = r.plan.Compression != ""
	cat, err := s.catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	r.examiner, err = s.examiner(ctx, cat, r.plan.Options, decode.Detection{
		Container: r.plan.Container, Format: r.format, Header: r.plan.Header, Delimiter: r.plan.Delimiter,
	})
	if err != nil {
		return nil, err
	}
	after, err := q.LastExampleOfImport(ctx, s.dataset, id)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("find the last example of the run: %w", err)
	}
	r.ids = newIDs(after)
	log.InfoContext(ctx, "import running", slog.Int64("from_byte", r.at.Offset))
	return r, nil
}

// beat says every few seconds that the worker lives, until ctx ends or the run
// is taken away or cancelled, which stops the work.
func (r *run) beat(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		cancelled, err := db.New(r.pool).BeatImportRun(ctx, r.dataset, r.id, &r.worker)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			stop(errLost)
		case err == nil && cancelled:
			stop(errCancelled)
		case err != nil && ctx.Err() == nil:
			r.log.WarnContext(ctx, "heartbeat failed", slog.Any("error", err))
		}
	}
}

// parcel is a handful of records in a row, and what became of them.
type parcel struct {
	records []decode.Record
	rows    []row
	bytes   int64           // what it weighs in bytesInHand
	end     decode.Position // after its last record
	read    int64           // of the original file, by then
	last    bool            // nothing follows
	broken  error           // nothing more can be read, as the file is damaged here
	ready   chan struct{}   // closed when rows are there
}

// add appends a record. Two complaints about one place in the file become one
// reject, as a reject is known by its place.
func (p *parcel) add(rec decode.Record) {
	p.bytes += int64(len(rec.Raw))
	if n := len(p.records); n > 0 && p.records[n-1].Offset == rec.Offset && p.records[n-1].Size == 0 {
		if first := p.records[n-1].Err; first != nil && rec.Err != nil {
			rec.Err = fault.New(fault.Invalid, "%s %s", sentence(first), sentence(rec.Err))
		} else if first != nil {
			rec.Err = first
		}
		p.records[n-1] = rec
		return
	}
	p.records = append(p.records, rec)
}

// work is the pipeline: one goroutine splits the stored bytes into parcels of
// records, several turn records into rows, and this one merges the parcels in
// order. The next batches are decoded while one is being merged; what is
// between the two is bounded in rows and in bytes.
func (r *run) work(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	hands := semaphore.NewWeighted(bytesInHand)
	todo := make(chan *parcel, parcelsInHand)
	inOrder := make(chan *parcel, parcelsInHand)
	g.Go(func() error {
		defer close(todo)
		defer close(inOrder)
		return r.split(ctx, func(p *parcel) error {
			p.bytes = min(p.bytes, decode.DefaultMaxRecordBytes)
			if err := hands.Acquire(ctx, p.bytes); err != nil {
				return err
			}
			p.ready = make(chan struct{})
			for _, to := range []chan *parcel{todo, inOrder} {
				select {
				case to <- p:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range r.workers {
		g.Go(func() error {
			for p := range todo {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				p.rows = make([]row, len(p.records))
				for i, rec := range p.records {
					p.rows[i] = r.examiner.examine(rec)
					p.rows[i].conversation.Messages = nil // in its canonical form from here on
				}
				p.records = nil
				close(p.ready)
			}
			return nil
		})
	}
	g.Go(func() error {
		var b batch
		for p := range inOrder {
			select {
			case <-p.ready:
			case <-ctx.Done():
				return ctx.Err()
			}
			b.add(p)
			if !p.last && p.broken == nil && b.records < r.batch && b.bytes < batchBytes {
				continue
			}
			if err := r.merge(ctx, &b); err != nil {
				return err
			}
			if p.broken != nil {
				return p.broken
			}
			hands.Release(b.bytes)
			b = batch{}
		}
		return ctx.Err()
	})
	return g.Wait()
}

// split reads the stored bytes from where the run stands and sends parcels;
// the last one, which may be empty, is marked.
func (r *run) split(ctx context.Context, send func(*parcel) error) error {
	from := r.at.Offset
	if r.compressed {
		from = 0
	}
	file, err := r.openStored(ctx, r.source, from)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	stream := io.Reader(file)
	if r.compressed {
		plain, _, err := decode.Uncompress(file)
		if err != nil {
			return r.damaged(err)
		}
		defer func() { _ = plain.Close() }()
		stream = plain
		if _, err := io.CopyN(io.Discard, plain, r.at.Offset); err != nil {
			return r.damaged(err)
		}
	}
	sp := decode.NewSplitter(stream, r.plan.Container, r.at, decode.SplitOptions{Delimiter: r.plan.Delimiter})
	rows := min(parcelRows, r.batch)
	p := &parcel{}
	for {
		rec, err := sp.Next()
		switch {
		case err == nil:
			p.add(rec)
		case errors.Is(err, io.EOF):
		default:
			// What could be read before the damage goes in.
			if err = r.damaged(err); !errors.Is(err, fault.Invalid) && !errors.Is(err, fault.TooLarge) {
				return err
			}
			p.end, p.read, p.broken = sp.Position(), file.position(), err
			return send(p)
		}
		// Some records stay with what follows them: the last of an array,
		// because a position kept in the database does not say that the array
		// is closed, and one without a byte, because the next may start in the
		// same place.
		p.last = err != nil
		if !p.last && (sp.Position().Done || rec.Size == 0 || len(p.records) < rows && p.bytes < parcelBytes) {
			continue
		}
		p.end, p.read = sp.Position(), file.position()
		if !r.compressed {
			p.read = p.end.Offset
		}
		last := p.last
		if err := send(p); err != nil || last {
			return err
		}
		p = &parcel{records: make([]decode.Record, 0, rows)}
	}
}

// damaged passes on an error of reading, told apart from one of the database.
func (r *run) damaged(err error) error {
	if _, ok := fault.As(err); ok {
		return err
	}
	if _, ok := errors.AsType[*pgconn.PgError](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault.Wrap(fault.Invalid, err, "The file ends in the middle of its compressed data. The rows before that are in; send the whole file again.")
	}
	return err
}

// release gives the run back to the queue because this worker must stop.
func (s *Service) release(ctx context.Context, id, worker uuid.UUID, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := db.New(s.pool).ReleaseImportRun(ctx, s.dataset, id, &worker); err != nil {
		log.WarnContext(ctx, "the run was not given back; it is taken over in 30 seconds", slog.Any("error", err))
	}
}

// stop ends a run that is this worker's as failed or cancelled.
func (s *Service) stop(ctx context.Context, id, worker uuid.UUID, state, sentence string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := db.New(tx).StopImportRun(ctx, db.StopImportRunParams{
			DatasetID: s.dataset, ID: id, Worker: &worker, State: state, Error: sentence,
		})
		if err != nil {
			return err
		}
		detail := map[string]any{"rows": n.Rows, "inserted": n.Inserted, "duplicates": n.Duplicates, "rejected": n.Rejected}
		if sentence != "" {
			detail["error"] = sentence
		}
		if err := s.tell(ctx, tx, id, State(state), sentence, db.FinishImportRunRow(n)); err != nil {
			return err
		}
		return s.audit(ctx, tx, audit.Actor{}, "import."+state, id, detail)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return busy(errLost)
	}
	if err != nil {
		return fmt.Errorf("mark import %s as %s: %w", id, state, err)
	}
	log.InfoContext(ctx, "import stopped", slog.String("state", state))
	return nil
}
