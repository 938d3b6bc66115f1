package ingest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres"
)

// A State is where an import stands.
type State string

// The states of an import.
const (
	StateQueued    State = "queued"
	StateRunning   State = "running"
	StateDone      State = "done"
	StateFailed    State = "failed"    // Error says why; Resume goes on
	StateCancelled State = "cancelled" // by a person; Resume goes on
)

// A Run is an import as it stands. Rows is always Inserted + Duplicates +
// Rejected.
type Run struct {
	ID, Source  uuid.UUID
	Name        string // of the file, safe to show
	SHA256      string // of the file's bytes, in hexadecimal
	MediaType   string
	Licence     string
	Channel     Channel
	Demo        bool
	State       State
	Interrupted bool // it is running, and its worker has not been heard of for 30 seconds
	CancelAsked bool
	Format      decode.Format
	Options     Options
	Rows        int64
	Inserted    int64
	Duplicates  int64
	Rejected    int64
	Errors      int64 // findings of that severity on what was inserted
	Warnings    int64
	BytesRead   int64 // of the file as it was sent
	BytesTotal  int64
	Error       string     // why it failed, a sentence
	RepeatOf    *uuid.UUID // the first import of the same bytes, if this is not it
	CreatedBy   *uuid.UUID
	CreatedAt   time.Time
	StartedAt   *time.Time
	FinishedAt  *time.Time
}

// Get returns an import, or fault.NotFound.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Run, error) {
	r, err := db.New(s.pool).ImportRun(ctx, s.dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Run{}, noImport()
	}
	if err != nil {
		return Run{}, fmt.Errorf("read import %s: %w", id, err)
	}
	return toRun(db.ImportRunsRow(r))
}

// List returns imports, the newest first, from after the one with the id
// before; uuid.Nil starts with the newest.
func (s *Service) List(ctx context.Context, before uuid.UUID, limit int) ([]Run, error) {
	if before == uuid.Nil {
		before = uuid.Max
	}
	rows, err := db.New(s.pool).ImportRuns(ctx, s.dataset, before, bound(limit))
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	runs := make([]Run, len(rows))
	for i, row := range rows {
		if runs[i], err = toRun(row); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

func toRun(row db.ImportRunsRow) (Run, error) {
	r := row.ImportRun
	run := Run{
		ID: r.ID, Source: r.SourceID, Name: r.Filename, SHA256: hex.EncodeToString(row.SHA256), MediaType: row.MediaType, Licence: row.Licence,
		Channel: Channel(row.Channel), Demo: row.Demo, State: State(r.State), Interrupted: row.Stale, CancelAsked: r.CancelAsked,
		Format: decode.Format(r.Format), Rows: r.Rows, Inserted: r.Inserted, Duplicates: r.Duplicates, Rejected: r.Rejected,
		Errors: r.Errors, Warnings: r.Warnings, BytesRead: r.BytesRead, BytesTotal: r.BytesTotal, Error: r.Error,
		RepeatOf: r.RepeatOf, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt,
	}
	var p plan
	if err := json.Unmarshal([]byte(r.Options), &p); err != nil {
		return Run{}, fmt.Errorf("read the options of import %s: %w", r.ID, err)
	}
	run.Options = p.Options
	return run, nil
}

func noImport() error { return fault.New(fault.NotFound, "There is no such import.") }

// maxPage bounds every list.
const maxPage = 1000

func bound(limit int) int32 {
	if limit <= 0 {
		return 50
	}
	return int32(min(limit, maxPage))
}

// Interrupted returns imports that nobody carries on, for whoever has workers
// to run them: at its start, and then every half minute or so, as a dead worker
// is only known by its silence. Those that wait in the queue are among them when
// they had been begun, or after ten minutes. At most 1,000.
func (s *Service) Interrupted(ctx context.Context) ([]uuid.UUID, error) {
	list, err := db.New(s.pool).InterruptedImports(ctx, s.dataset, maxPage)
	if err != nil {
		return nil, fmt.Errorf("list interrupted imports: %w", err)
	}
	return list, nil
}

// Cancel stops an import: at once where nobody is running it, else when its
// worker next looks, which is within seconds. What is in stays in. It fails
// with fault.Conflict for one that is over.
func (s *Service) Cancel(ctx context.Context, id uuid.UUID, by audit.Actor) error {
	return s.change(ctx, id, func(tx pgx.Tx, now db.LockImportRunRow) error {
		q := db.New(tx)
		switch {
		case State(now.State) == StateQueued || now.Stale:
			if err := q.CancelWaitingImport(ctx, s.dataset, id); err != nil {
				return err
			}
			return s.audit(ctx, tx, by, "import.cancelled", id, map[string]any{
				"rows": now.Rows, "inserted": now.Inserted, "duplicates": now.Duplicates, "rejected": now.Rejected,
			})
		case State(now.State) == StateRunning:
			if now.CancelAsked {
				return nil
			}
			if err := q.AskImportCancel(ctx, s.dataset, id); err != nil {
				return err
			}
			return s.audit(ctx, tx, by, "import.cancel_asked", id, nil)
		}
		return fault.New(fault.Conflict, "This import is %s already. There is nothing to cancel.", now.State)
	})
}

// Resume puts an import that failed, was cancelled or was left behind by its
// worker back into the queue, to go on from its last committed batch. It fails
// with fault.Conflict for one that is done, waiting or running.
func (s *Service) Resume(ctx context.Context, id uuid.UUID, by audit.Actor) error {
	return s.change(ctx, id, func(tx pgx.Tx, now db.LockImportRunRow) error {
		switch State(now.State) {
		case StateFailed, StateCancelled:
		case StateRunning:
			if !now.Stale {
				return fault.New(fault.Conflict, "This import is running. Wait for it, or cancel it first.")
			}
		case StateQueued:
			return fault.New(fault.Conflict, "This import is in the queue already.")
		case StateDone:
			return fault.New(fault.Conflict, "This import is done. There is nothing to resume.")
		}
		if err := db.New(tx).RequeueImportRun(ctx, s.dataset, id); err != nil {
			return err
		}
		if err := s.audit(ctx, tx, by, "import.resumed", id, map[string]any{
			"rows": now.Rows, "inserted": now.Inserted, "duplicates": now.Duplicates, "rejected": now.Rejected,
		}); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, id)
	})
}

func (s *Service) change(ctx context.Context, id uuid.UUID, f func(pgx.Tx, db.LockImportRunRow) error) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := db.New(tx).LockImportRun(ctx, s.dataset, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return noImport()
		}
		if err != nil {
			return err
		}
		return f(tx, now)
	})
	if err != nil {
		return fmt.Errorf("change import %s: %w", id, err)
	}
	return nil
}

// A Reject is a record that could not become an example.
type Reject struct {
	Line   int64 // 1-based
	Offset int64 // bytes, in the uncompressed file
	Reason string
	Raw    []byte // its bytes, at most the first megabyte
	Bytes  int64  // how long it is
}

// Rejects returns rejects of an import in the order of the file, from after
// the one at the offset after; -1 starts at the first.
func (s *Service) Rejects(ctx context.Context, id uuid.UUID, after int64, limit int) ([]Reject, error) {
	return s.rejects(ctx, id, after, bound(limit))
}

func (s *Service) rejects(ctx context.Context, id uuid.UUID, after int64, limit int32) ([]Reject, error) {
	rows, err := db.New(s.pool).ImportRejects(ctx, db.ImportRejectsParams{DatasetID: s.dataset, ImportID: id, After: after, MaxRows: limit})
	if err != nil {
		return nil, fmt.Errorf("list the rejects of import %s: %w", id, err)
	}
	list := make([]Reject, len(rows))
	for i, r := range rows {
		list[i] = Reject{Line: r.Line, Offset: r.Offset, Reason: r.Reason, Raw: r.Raw, Bytes: r.RawBytes}
	}
	return list, nil
}

// rejectsInHand is how many rejects, of up to a megabyte each, EachReject holds.
const rejectsInHand = 32

// EachReject calls f with every reject of an import in the order of the file,
// holding a few of them at a time and no transaction, and stops at f's first
// error, which it returns. An import that does not exist is fault.NotFound.
func (s *Service) EachReject(ctx context.Context, id uuid.UUID, f func(Reject) error) error {
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	for after := int64(-1); ; {
		list, err := s.rejects(ctx, id, after, rejectsInHand)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := f(r); err != nil {
				return err
			}
			after = r.Offset
		}
		if len(list) < rejectsInHand {
			return nil
		}
	}
}

// A Duplicate is a record whose content was there already.
type Duplicate struct {
	Line    int64
	Offset  int64
	Example uuid.UUID // which it equals
	Of      Origin
}

// An Origin is the row that an example came from, and where the example is now.
// The zero value: it was removed since, with the demo.
type Origin struct {
	Import      uuid.UUID
	Name        string // of the file
	Line        int64
	Category    string
	Subcategory string
	Status      example.Status
}

// Duplicates returns duplicates of an import in the order of the file, from
// after the one at the offset after; -1 starts at the first.
func (s *Service) Duplicates(ctx context.Context, id uuid.UUID, after int64, limit int) ([]Duplicate, error) {
	rows, err := db.New(s.pool).ImportDuplicates(ctx, db.ImportDuplicatesParams{DatasetID: s.dataset, ImportID: id, After: after, MaxRows: bound(limit)})
	if err != nil {
		return nil, fmt.Errorf("list the duplicates of import %s: %w", id, err)
	}
	list := make([]Duplicate, len(rows))
	for i, r := range rows {
		list[i] = Duplicate{Line: r.Line, Offset: r.Offset, Example: r.ExampleID}
		if r.ImportID != nil {
			list[i].Of = Origin{
				Import: *r.ImportID, Name: r.Filename, Line: r.ExampleLine,
				Category: r.Category, Subcategory: r.Subcategory, Status: example.Status(r.Status),
			}
		}
	}
	return list, nil
}

// Categories says how many examples of an import are in which category now, the
// most first. It counts the first FindingsCounted of them.
func (s *Service) Categories(ctx context.Context, id uuid.UUID) ([]CategoryCount, error) {
	rows, err := db.New(s.pool).ImportCategories(ctx, s.dataset, id, FindingsCounted)
	if err != nil {
		return nil, fmt.Errorf("count the categories of import %s: %w", id, err)
	}
	list := make([]CategoryCount, len(rows))
	for i, r := range rows {
		list[i] = CategoryCount{Category: r.Category, Rows: int(r.Examples)}
	}
	return list, nil
}

// A RuleCount is how often a rule found something in an import.
type RuleCount struct {
	Rule     string
	Severity lint.Severity
	Findings int64
	Examples int64
}

// FindingsCounted is of how many examples Findings and Categories count at most.
const FindingsCounted = 100_000

// Findings counts what an import found, by rule, the gravest first. It counts
// the first FindingsCounted examples, so that the answer comes soon for an
// import of any size; Run.Errors and Run.Warnings hold all.
func (s *Service) Findings(ctx context.Context, id uuid.UUID) ([]RuleCount, error) {
	rows, err := db.New(s.pool).ImportFindings(ctx, s.dataset, id, FindingsCounted)
	if err != nil {
		return nil, fmt.Errorf("count the findings of import %s: %w", id, err)
	}
	list := make([]RuleCount, len(rows))
	for i, r := range rows {
		list[i] = RuleCount{Rule: r.Rule, Severity: lint.Severity(r.Severity), Findings: r.Findings, Examples: r.Examples}
	}
	return list, nil
}

// Original writes the bytes of a whole file as they were sent.
func (s *Service) Original(ctx context.Context, w io.Writer, source uuid.UUID) error {
	file, err := s.openStored(ctx, source, 0)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if _, err := io.Copy(w, file); err != nil {
		return fmt.Errorf("copy source %s: %w", source, err)
	}
	return nil
}

// Raw returns the bytes that an example was made from, or fault.NotFound.
func (s *Service) Raw(ctx context.Context, exampleID uuid.UUID) ([]byte, error) {
	at, err := db.New(s.pool).ExampleOrigin(ctx, s.dataset, exampleID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no such example.")
	}
	if err != nil {
		return nil, fmt.Errorf("find the origin of example %s: %w", exampleID, err)
	}
	return s.OriginalRecord(ctx, at.SourceID, at.SourceOffset, int64(at.SourceBytes))
}

// OriginalRecord returns n bytes of a file from an offset in its uncompressed
// form. In a file that was sent compressed, everything before them is
// uncompressed on the way. It fails with fault.TooLarge for more than a record
// can have, and with fault.NotFound outside the file.
func (s *Service) OriginalRecord(ctx context.Context, source uuid.UUID, offset, n int64) ([]byte, error) {
	if n > decode.DefaultMaxRecordBytes {
		return nil, fault.New(fault.TooLarge, "This record has %d bytes; at most %d are shown.", n, decode.DefaultMaxRecordBytes)
	}
	if n < 0 || offset < 0 {
		return nil, outside()
	}
	compressed, err := s.compressed(ctx, source)
	if err != nil {
		return nil, err
	}
	from := offset
	if compressed {
		from = 0
	}
	file, err := s.openStored(ctx, source, from)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	stream := io.Reader(file)
	if compressed {
		plain, _, err := decode.Uncompress(file)
		if err != nil {
			return nil, fmt.Errorf("uncompress source %s: %w", source, err)
		}
		defer func() { _ = plain.Close() }()
		stream = plain
		if _, err := io.CopyN(io.Discard, plain, offset); errors.Is(err, io.EOF) {
			return nil, outside()
		} else if err != nil {
			return nil, fmt.Errorf("uncompress source %s: %w", source, err)
		}
	}
	record := make([]byte, n)
	if _, err := io.ReadFull(stream, record); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, outside()
	} else if err != nil {
		return nil, fmt.Errorf("read source %s: %w", source, err)
	}
	return record, nil
}

func outside() error { return fault.New(fault.NotFound, "The file has no such bytes.") }

// compressed says whether a file was sent compressed.
func (s *Service) compressed(ctx context.Context, source uuid.UUID) (bool, error) {
	file, err := s.openStored(ctx, source, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	plain, kind, err := decode.Uncompress(file)
	if err != nil {
		return false, fmt.Errorf("look at source %s: %w", source, err)
	}
	return kind != "", plain.Close()
}
