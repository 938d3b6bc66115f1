// Package quality keeps what is known of the stored examples current: it checks
// them again when the rules or the catalog change, and keeps the figures of the
// quality page small. What the figures say is package report's.
package quality

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres"
)

// ErrBusy is returned by Run while another worker has the run, or has to wait
// for an import that began with older checks.
var ErrBusy = errors.New("the check is not free to go on")

// batchRows is how many examples are read, checked and stored at a time: few
// enough that a reviewer never waits for a batch's locks, many enough that round
// trips do not count.
const batchRows = 500

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Config is what New needs; every field is required.
type Config struct {
	DB      DB
	Dataset uuid.UUID
	// Catalog returns the catalog in force and its version.
	Catalog func(ctx context.Context) (*catalog.Catalog, int, error)
	Log     *slog.Logger
}

// Service checks stored examples again. It is safe for concurrent use, also by
// several processes on one database.
type Service struct {
	cfg    Config
	folded atomic.Int64 // rows that the figures were in after the last fold
}

// New returns the service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// The states of a Recheck.
const (
	Queued     = "queued"
	Running    = "running"
	Done       = "done"
	Failed     = "failed"
	Superseded = "superseded" // the rules or the catalog changed again
)

// A Recheck is one pass over all examples.
type Recheck struct {
	ID             uuid.UUID
	State          string
	CatalogVersion int
	Total          int64 // examples there were at the start; at least Done
	Done           int64 // examples looked at
	Changed        int64 // of them, those that got other findings
	Interrupted    bool  // running, but nothing was heard of its worker for 30 seconds
	Error          string
	By             string // who asked for it; empty: the product itself
	CreatedAt      time.Time
	StartedAt      *time.Time
	FinishedAt     *time.Time

	fingerprint string
}

// Open says whether the pass is not over.
func (r Recheck) Open() bool { return r.State == Queued || r.State == Running }

// Last returns the newest pass; false where there was none.
func (s *Service) Last(ctx context.Context) (Recheck, bool, error) {
	row, err := db.New(s.cfg.DB).LastRecheck(ctx, s.cfg.Dataset)
	if errors.Is(err, pgx.ErrNoRows) {
		return Recheck{}, false, nil
	}
	if err != nil {
		return Recheck{}, false, fmt.Errorf("read the last recheck: %w", err)
	}
	r := row.RecheckRun
	return Recheck{
		ID: r.ID, State: r.State, CatalogVersion: int(r.CatalogVersion), Total: r.Total, Done: r.Done, Changed: r.Changed,
		Interrupted: row.Stale, Error: r.Error, By: r.Author, CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt,
		fingerprint: r.Fingerprint,
	}, true, nil
}

// Due returns the pass that somebody should run now, making it where the rules
// or what they read in the catalog changed since the last one; false where all
// findings are current, or a worker is at it. A pass that failed is not made
// again by itself.
func (s *Service) Due(ctx context.Context) (uuid.UUID, bool, error) {
	last, any, err := s.Last(ctx)
	if err != nil {
		return uuid.Nil, false, err
	}
	c, version, err := s.cfg.Catalog(ctx)
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("recheck: %w", err)
	}
	now := lint.Fingerprint(c)
	if any && last.fingerprint == now {
		waiting := last.State == Queued || last.State == Running && last.Interrupted
		return last.ID, waiting, nil
	}
	id, err := s.insert(ctx, now, version, audit.Actor{})
	if err != nil {
		return uuid.Nil, false, err
	}
	return id, id != uuid.Nil, nil
}

// Baseline notes for a dataset without examples that all of it is checked by the
// rules of now, so that what comes in next is not checked a second time. It does
// nothing where there are examples, or was a pass.
func (s *Service) Baseline(ctx context.Context) error {
	_, any, err := s.Last(ctx)
	if err != nil || any {
		return err
	}
	there, err := db.New(s.cfg.DB).AnyExample(ctx, s.cfg.Dataset)
	if err != nil {
		return fmt.Errorf("look for examples: %w", err)
	}
	if there {
		return nil
	}
	id, due, err := s.Due(ctx)
	if err != nil || !due {
		return err
	}
	if err := s.Run(ctx, id); err != nil && !errors.Is(err, ErrBusy) {
		return err
	}
	return nil
}

// Again makes a pass although nothing changed. It fails with fault.Conflict
// while one is under way.
func (s *Service) Again(ctx context.Context, by audit.Actor) (uuid.UUID, error) {
	last, any, err := s.Last(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	if any && last.Open() {
		return uuid.Nil, fault.New(fault.Conflict, "All examples are being checked already.")
	}
	c, version, err := s.cfg.Catalog(ctx)
	if err != nil {
		return uuid.Nil, fmt.Errorf("recheck: %w", err)
	}
	id, err := s.insert(ctx, lint.Fingerprint(c), version, by)
	if err == nil && id == uuid.Nil {
		return uuid.Nil, fault.New(fault.Conflict, "All examples are being checked already.")
	}
	return id, err
}

// insert makes a pass in place of one that is under way; uuid.Nil where somebody
// else did so at this moment.
func (s *Service) insert(ctx context.Context, fingerprint string, version int, by audit.Actor) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("new id: %w", err)
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.SupersedeRechecks(ctx, s.cfg.Dataset); err != nil {
			return fmt.Errorf("end older ones: %w", err)
		}
		if err := q.InsertRecheck(ctx, db.InsertRecheckParams{
			DatasetID: s.cfg.Dataset, ID: id, Fingerprint: fingerprint, CatalogVersion: int32(version), Author: by.Name,
		}); err != nil {
			return fmt.Errorf("insert: %w", err)
		}
		if by.Name == "" {
			return nil
		}
		return audit.Write(ctx, tx, audit.Entry{Dataset: s.cfg.Dataset, Actor: by, Action: "examples.recheck", Object: "recheck/" + id.String()})
	})
	if postgres.Violates(err, "recheck_runs_open_key") {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("start a recheck: %w", err)
	}
	return id, nil
}

// A pass is a recheck in the hands of this worker.
type pass struct {
	*Service
	id, worker uuid.UUID
	linter     *lint.Linter
	at         uuid.UUID // the last example looked at
}

// errLost says that another worker has the run now, or that it is over.
var errLost = errors.New("the run is not this worker's any more")

// Run checks all examples with the catalog in force, in the order of import,
// from where an interrupted worker left off. It returns nil when the pass is
// over, by whatever end; ErrBusy when it can't go on now; and an error of ctx
// after giving the pass back. Findings of the search for duplicates stay as they
// are, waivers stay in force, and what did not change is not touched.
func (s *Service) Run(ctx context.Context, id uuid.UUID) error {
	worker, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("new id: %w", err)
	}
	q := db.New(s.cfg.DB)
	run, err := q.TakeRecheck(ctx, &worker, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		state, err := q.RecheckState(ctx, s.cfg.Dataset, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no recheck %s.", id)
		}
		if err != nil {
			return fmt.Errorf("recheck %s: %w", id, err)
		}
		if state == Running {
			return ErrBusy
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("take recheck %s: %w", id, err)
	}
	c, _, err := s.cfg.Catalog(ctx)
	if err == nil && lint.Fingerprint(c) != run.Fingerprint {
		return s.finish(ctx, id, worker, Superseded, "")
	}
	p := &pass{Service: s, id: id, worker: worker, at: run.Position}
	if err == nil {
		p.linter, err = lint.New(c)
	}
	if err == nil {
		err = p.all(ctx, run.CreatedAt)
	}
	switch {
	case err == nil:
		s.cfg.Log.InfoContext(ctx, "all examples were checked again", slog.String("recheck", id.String()))
		return s.finish(ctx, id, worker, Done, "")
	case errors.Is(err, errLost):
		return nil
	case errors.Is(err, ErrBusy), ctx.Err() != nil:
		if rerr := q.ReleaseRecheck(context.WithoutCancel(ctx), s.cfg.Dataset, id, &worker); rerr != nil {
			return errors.Join(err, fmt.Errorf("give recheck %s back: %w", id, rerr))
		}
		return err
	}
	reason := "The check stopped; the log says why. Start it again."
	if f, ok := fault.As(err); ok {
		reason = f.Msg
	}
	return errors.Join(fmt.Errorf("recheck %s: %w", id, err), s.finish(ctx, id, worker, Failed, reason))
}

func (s *Service) finish(ctx context.Context, id, worker uuid.UUID, state, reason string) error {
	if _, err := db.New(s.cfg.DB).FinishRecheck(ctx, db.FinishRecheckParams{
		State: state, Error: reason, DatasetID: s.cfg.Dataset, ID: id, Worker: &worker,
	}); err != nil {
		return fmt.Errorf("end recheck %s: %w", id, err)
	}
	return nil
}

// all goes through the examples to the last one. Rows that come in meanwhile
// have higher ids and are looked at too; while an import runs that began before
// this pass, and may use older checks, there is no end to reach.
func (p *pass) all(ctx context.Context, created time.Time) error {
	q := db.New(p.cfg.DB)
	for {
		older, err := q.OlderImports(ctx, p.cfg.Dataset, &created)
		if err != nil {
			return fmt.Errorf("look for imports: %w", err)
		}
		n, err := p.batch(ctx)
		if err != nil {
			return err
		}
		if n == batchRows {
			continue
		}
		if older {
			return ErrBusy
		}
		return nil
	}
}

// batch checks the next examples and returns how many there were. They are read
// and checked without a lock; only those whose findings differ are locked, and
// left alone if somebody made a new revision meanwhile: that one was checked with
// the catalog in force.
func (p *pass) batch(ctx context.Context) (int, error) {
	q := db.New(p.cfg.DB)
	rows, err := q.RecheckBatch(ctx, p.cfg.Dataset, p.at, batchRows)
	if err != nil {
		return 0, fmt.Errorf("read examples: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	there, err := q.RecheckFindings(ctx, p.cfg.Dataset, ids)
	if err != nil {
		return 0, fmt.Errorf("read findings: %w", err)
	}
	old := map[uuid.UUID][]lint.Finding{}
	for _, f := range there {
		old[f.ExampleID] = append(old[f.ExampleID], lint.Finding{
			Rule: f.Rule, Severity: lint.Severity(f.Severity), Message: f.Message, Path: f.Path, Start: int(f.StartAt), End: int(f.EndAt),
		})
	}
	catalogNow, _, err := p.cfg.Catalog(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the catalog: %w", err)
	}
	doubts := db.SetDoubtsParams{DatasetID: p.cfg.Dataset}
	changed := map[uuid.UUID]found{}
	for _, r := range rows {
		c, err := example.Parse(r.Messages, r.Tools)
		if err != nil {
			return 0, fmt.Errorf("read example %s: %w", r.ID, err)
		}
		now := p.linter.Check(lint.Subject{Category: r.Category, Subcategory: r.Subcategory, Conversation: c, Tokens: int(r.Tokens)})
		if !same(old[r.ID], now) {
			changed[r.ID] = found{r.Revision, now}
		}
		cat, _ := catalogNow.Category(r.Category)
		if doubt := int16(lint.Doubt(cat, r.Subcategory, c)); doubt != r.Doubt {
			doubts.Ids, doubts.Revisions, doubts.Doubts = append(doubts.Ids, r.ID), append(doubts.Revisions, r.Revision), append(doubts.Doubts, doubt)
		}
	}
	last := rows[len(rows)-1].ID
	err = postgres.InTx(ctx, p.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		n, err := p.replace(ctx, q, changed)
		if err != nil {
			return err
		}
		if len(doubts.Ids) > 0 {
			if err := q.SetDoubts(ctx, doubts); err != nil {
				return fmt.Errorf("store doubts: %w", err)
			}
		}
		// Last, because it fences: a worker that lost the run changes nothing.
		moved, err := q.AdvanceRecheck(ctx, db.AdvanceRecheckParams{
			Position: last, Looked: int64(len(rows)), Changed: int64(n), DatasetID: p.cfg.Dataset, ID: p.id, Worker: &p.worker, Expected: p.at,
		})
		if err != nil {
			return fmt.Errorf("move the progress: %w", err)
		}
		if moved == 0 {
			return errLost
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	p.at = last
	return len(rows), nil
}

// found is what the checks say of a revision.
type found struct {
	revision int32
	findings []lint.Finding
}

// replace stores the findings of the examples that are still at the revision
// that was checked, and returns how many those are.
func (p *pass) replace(ctx context.Context, q *db.Queries, changed map[uuid.UUID]found) (int, error) {
	if len(changed) == 0 {
		return 0, nil
	}
	var ids, current []uuid.UUID
	for id := range changed {
		ids = append(ids, id)
	}
	locked, err := q.LockForRecheck(ctx, p.cfg.Dataset, ids)
	if err != nil {
		return 0, fmt.Errorf("lock: %w", err)
	}
	put := db.PutCheckedFindingsParams{DatasetID: p.cfg.Dataset}
	for _, e := range locked {
		f := changed[e.ID]
		if e.Revision != f.revision {
			continue
		}
		current = append(current, e.ID)
		for i, one := range f.findings {
			put.ExampleIds = append(put.ExampleIds, e.ID)
			put.Revisions = append(put.Revisions, f.revision)
			put.Ordinals = append(put.Ordinals, int32(i))
			put.Rules = append(put.Rules, one.Rule)
			put.Severities = append(put.Severities, string(one.Severity))
			put.Messages = append(put.Messages, one.Message)
			put.Paths = append(put.Paths, one.Path)
			put.Starts = append(put.Starts, int32(one.Start))
			put.Ends = append(put.Ends, int32(one.End))
		}
	}
	if err := q.DropCheckedFindings(ctx, p.cfg.Dataset, current); err != nil {
		return 0, fmt.Errorf("take out findings: %w", err)
	}
	if err := q.PutCheckedFindings(ctx, put); err != nil {
		return 0, fmt.Errorf("store findings: %w", err)
	}
	if err := q.RecountFindings(ctx, p.cfg.Dataset, current); err != nil {
		return 0, fmt.Errorf("count findings: %w", err)
	}
	return len(current), nil
}

func same(a, b []lint.Finding) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
