package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/review"
)

const (
	// MaxExamples bounds an act.
	MaxExamples = 100_000
	// MaxPicked bounds what is chosen one by one.
	MaxPicked = 5_000
	// MaxLimit bounds a page of acts or items.
	MaxLimit = 200
)

// A Kind is what an act does to each example.
type Kind string

// The kinds of acts.
const (
	Approve Kind = "approve"
	Reject  Kind = "reject"
	Move    Kind = "move"
	Tag     Kind = "tag"
	Untag   Kind = "untag"
	Assign  Kind = "assign"
	Waive   Kind = "waive"
	Replace Kind = "replace"
	Restore Kind = "restore"
)

// Kinds are all of them, in the order in which they are offered.
var Kinds = [...]Kind{Approve, Reject, Move, Tag, Untag, Assign, Waive, Replace, Restore}

// A State is how far an act is.
type State string

// The states of an act.
const (
	Draft   State = "draft"
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed" // stopped; what is done stays, and it can go on
	Undoing State = "undoing"
	Undone  State = "undone"
)

// The outcomes of an item.
const (
	Waiting  = "waiting"
	Changed  = "changed"  // the act was carried out on it
	Stayed   = "stayed"   // it was not, for a reason
	Reversed = "reversed" // the undo took it back
	Kept     = "kept"     // the undo left it alone: somebody has been there since
)

// A Selection says how the examples were chosen: one by one, by a filter, or by the
// program, such as all of a batch.
type Selection struct {
	Picked []uuid.UUID
	Filter *browse.Filter // nil: Picked or Listed are the ones
	Listed []uuid.UUID    // not by a person's hand, so up to MaxExamples
}

// chosen is a Selection as it is kept: the ids are the items.
type chosen struct {
	Filter *browse.Filter `json:"filter,omitempty"`
	Picked int            `json:"picked,omitempty"`
	Listed int            `json:"listed,omitempty"`
}

// An Act is one thing done to many examples.
type Act struct {
	ID          uuid.UUID
	Kind        Kind
	State       State
	Filter      *browse.Filter // what chose the examples; nil: a person did, one by one, or
	Listed      bool           // the program, from a batch
	Parameters  Parameters
	Forecast    *Forecast // nil: it was not tried out yet
	AuthorID    uuid.UUID
	Author      string
	Total       int
	Changed     int // also those that were taken back or kept since
	Stayed      int
	Reversed    int
	Kept        int
	Interrupted bool // nothing was heard of its worker for 30 seconds
	Error       string
	UndoneBy    string
	CreatedAt   time.Time
	StartedAt   *time.Time
	FinishedAt  *time.Time
	UndoneAt    *time.Time
}

// Open says whether the act goes on.
func (a Act) Open() bool { return a.State == Queued || a.State == Running || a.State == Undoing }

// Settled is how many examples are behind the act, or behind its undo.
func (a Act) Settled() (done, of int) {
	if a.State == Undoing || a.State == Undone {
		return a.Reversed + a.Kept, a.Changed
	}
	return a.Changed + a.Stayed, a.Total
}

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Config is what New needs; every field is required.
type Config struct {
	DB      DB
	Dataset uuid.UUID
	Browse  *browse.Service
	Review  *review.Service
	Assign  *assign.Service
	Catalog func(ctx context.Context) (*catalog.Catalog, error)
	Log     *slog.Logger
}

// Service drafts, carries out and undoes acts on one dataset. It is safe for
// concurrent use, also by several processes on one database.
type Service struct{ cfg Config }

// New returns the service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// gatherFor is how long it may take to find what a filter means.
const gatherFor = 15 * time.Second

// Draft freezes a selection for an act of the kind, which does nothing before
// Start. It fails with fault.Invalid for a kind that there is not, for nothing
// chosen, and for more than MaxExamples (MaxPicked one by one).
func (s *Service) Draft(ctx context.Context, by audit.Actor, kind Kind, sel Selection) (Act, error) {
	if !known(kind) {
		return Act{}, fault.Fields("There is no such act.", map[string]string{"kind": "Use approve, reject, move, tag, untag, assign, waive, replace or restore."})
	}
	ids, keep := sel.Picked, chosen{Picked: len(sel.Picked)}
	if sel.Filter != nil {
		all, more, err := s.cfg.Browse.All(ctx, *sel.Filter, MaxExamples, gatherFor)
		if err != nil {
			return Act{}, err
		}
		if more {
			return Act{}, fault.New(fault.Invalid, "More than %d examples match, or finding them takes too long. Narrow the filter down and act in parts: one act takes at most %d.", min(len(all), MaxExamples), MaxExamples)
		}
		ids, keep = all, chosen{Filter: sel.Filter}
	} else if sel.Listed != nil {
		if ids, keep = sel.Listed, (chosen{Listed: len(sel.Listed)}); len(ids) > MaxExamples {
			return Act{}, fault.New(fault.Invalid, "These are %d examples; one act takes at most %d.", len(ids), MaxExamples)
		}
	} else if len(ids) > MaxPicked {
		return Act{}, fault.New(fault.Invalid, "You chose %d examples one by one; at most %d can be chosen like that. Use a filter and choose all that match.", len(ids), MaxPicked)
	}
	if len(ids) == 0 {
		return Act{}, fault.New(fault.Invalid, "Nothing is chosen. Tick examples in the list, or choose all that match a filter.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Act{}, fmt.Errorf("new id: %w", err)
	}
	text, err := json.Marshal(keep)
	if err != nil {
		return Act{}, fmt.Errorf("encode the selection: %w", err)
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.InsertAct(ctx, db.InsertActParams{
			DatasetID: s.cfg.Dataset, ID: id, Kind: string(kind), Selection: string(text), AuthorID: by.ID, Author: by.Name,
		}); err != nil {
			return err
		}
		n, err := q.InsertActItems(ctx, id, s.cfg.Dataset, ids)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "None of the chosen examples is there any more.")
		}
		return q.SetActTotal(ctx, int32(n), s.cfg.Dataset, id)
	})
	if err != nil {
		return Act{}, fmt.Errorf("draft an act: %w", err)
	}
	return s.Get(ctx, id)
}

func known(k Kind) bool {
	for _, one := range Kinds {
		if one == k {
			return true
		}
	}
	return false
}

// Prepare gives a draft its parameters and tries it out. Problems with them are
// fault.Invalid by field; for a draft of somebody else, or what is a draft no
// more, it fails with fault.Conflict.
func (s *Service) Prepare(ctx context.Context, by audit.Actor, id uuid.UUID, p Parameters) (Act, error) {
	a, err := s.draftOf(ctx, by, id)
	if err != nil {
		return Act{}, err
	}
	if p, err = s.validate(ctx, a, p); err != nil {
		return Act{}, err
	}
	a.Parameters = p
	f, err := s.forecast(ctx, a, by)
	if err != nil {
		return Act{}, fmt.Errorf("try act %s out: %w", id, err)
	}
	parameters, err := json.Marshal(p)
	if err != nil {
		return Act{}, fmt.Errorf("encode parameters: %w", err)
	}
	seen, err := json.Marshal(f)
	if err != nil {
		return Act{}, fmt.Errorf("encode what would happen: %w", err)
	}
	n, err := db.New(s.cfg.DB).SetActParameters(ctx, db.SetActParametersParams{
		Parameters: string(parameters), Forecast: string(seen), DatasetID: s.cfg.Dataset, ID: id,
	})
	if err != nil {
		return Act{}, fmt.Errorf("keep the parameters of act %s: %w", id, err)
	}
	if n == 0 {
		return Act{}, errBegun()
	}
	return s.Get(ctx, id)
}

// Start has a draft carried out. It fails with fault.Conflict for one that was not
// tried out, is somebody else's, or was started before.
func (s *Service) Start(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	a, err := s.draftOf(ctx, by, id)
	if err != nil {
		return err
	}
	if a.Forecast == nil {
		return fault.New(fault.Conflict, "Look at what would happen first.")
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		n, err := db.New(tx).StartAct(ctx, s.cfg.Dataset, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errBegun()
		}
		if err := enqueue(ctx, tx, id, 0); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "act.started", a, map[string]any{"examples": a.Total, "parameters": a.Parameters, "filter": a.Filter})
	})
	if err != nil {
		return fmt.Errorf("start act %s: %w", id, err)
	}
	return nil
}

// Undo has an act taken back, from each example that nobody touched since. Only
// its author may, or somebody for whom anyAuthor is set; and only once.
func (s *Service) Undo(ctx context.Context, by audit.Actor, id uuid.UUID, anyAuthor bool) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if a.AuthorID != by.ID && !anyAuthor {
		return fault.New(fault.Forbidden, "Only its author or a lead can undo an act.")
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		n, err := db.New(tx).UndoAct(ctx, db.UndoActParams{ByID: &by.ID, ByName: by.Name, DatasetID: s.cfg.Dataset, ID: id})
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "This act is %s. Only one that is done can be undone, once.", a.State)
		}
		if err := enqueue(ctx, tx, id, 0); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "act.undo", a, map[string]any{"examples": a.Changed})
	})
	if err != nil {
		return fmt.Errorf("undo act %s: %w", id, err)
	}
	return nil
}

// Resume has an act that stopped go on.
func (s *Service) Resume(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		n, err := db.New(tx).ResumeAct(ctx, s.cfg.Dataset, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "This act did not stop: it is %s.", a.State)
		}
		if err := enqueue(ctx, tx, id, time.Now().UnixNano()); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "act.resumed", a, nil)
	})
	if err != nil {
		return fmt.Errorf("resume act %s: %w", id, err)
	}
	return nil
}

func (s *Service) draftOf(ctx context.Context, by audit.Actor, id uuid.UUID) (Act, error) {
	a, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return a, err
	case a.AuthorID != by.ID:
		return a, fault.New(fault.Conflict, "%s is preparing this act. Make one of your own.", a.Author)
	case a.State != Draft:
		return a, errBegun()
	}
	return a, nil
}

func errBegun() error {
	return fault.New(fault.Conflict, "This act was started already. Look at what became of it.")
}

func (s *Service) record(ctx context.Context, tx pgx.Tx, by audit.Actor, action string, a Act, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["kind"] = a.Kind
	return audit.Write(ctx, tx, audit.Entry{Dataset: s.cfg.Dataset, Actor: by, Action: action, Object: "act/" + a.ID.String(), Detail: detail})
}

// an item is one example of an act.
type item struct {
	id       uuid.UUID
	revision int
	status   example.Status
	undo     string
}
