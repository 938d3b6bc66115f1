package bulk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// ErrBusy is returned by Run while another worker has the act.
var ErrBusy = errors.New("another worker has the act")

// errLost says that another worker has the act now.
var errLost = errors.New("the act is not this worker's any more")

const (
	pageOfItems = 200
	beatEvery   = time.Second
)

// Run carries an act out, or takes it back where that was asked for, from where it
// stands. It returns nil when that is over, by whatever end; ErrBusy while another
// worker has it; and an error of ctx after giving the act back.
func (s *Service) Run(ctx context.Context, id uuid.UUID) error {
	worker, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("new id: %w", err)
	}
	row, err := db.New(s.cfg.DB).TakeAct(ctx, &worker, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		a, err := s.Get(ctx, id)
		if err == nil && a.Open() {
			return ErrBusy
		}
		return err
	}
	if err != nil {
		return fmt.Errorf("take act %s: %w", id, err)
	}
	a, err := actOf(row, false)
	if err != nil {
		return err
	}
	end, action := Done, "act.done"
	if a.State == Undoing {
		end, action = Undone, "act.undone"
	}
	r := &run{Service: s, act: a, worker: worker, undoneBy: row.UndoneByID}
	switch err = r.all(ctx); {
	case err == nil:
		return s.finish(ctx, a, worker, end, action, "")
	case errors.Is(err, errLost):
		return nil
	case ctx.Err() != nil:
		if rerr := db.New(s.cfg.DB).ReleaseAct(context.WithoutCancel(ctx), s.cfg.Dataset, id, &worker); rerr != nil {
			return errors.Join(err, fmt.Errorf("give act %s back: %w", id, rerr))
		}
		return err
	}
	reason := "It stopped for a reason that is in the server's log. What is done stays; let it go on."
	if f, ok := fault.As(err); ok {
		reason = f.Msg
	}
	return errors.Join(fmt.Errorf("act %s: %w", id, err), s.finish(ctx, a, worker, Failed, "act.failed", reason))
}

// finish ends the act and writes what became of it into the record. The commit
// waits for the disk, and with it for all items.
func (s *Service) finish(ctx context.Context, a Act, worker uuid.UUID, state State, action, reason string) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		if n, err := q.BeatAct(ctx, s.cfg.Dataset, a.ID, &worker); err != nil || n == 0 {
			return err
		}
		if _, err := q.FinishAct(ctx, db.FinishActParams{State: string(state), Error: reason, DatasetID: s.cfg.Dataset, ID: a.ID, Worker: &worker}); err != nil {
			return err
		}
		now, err := q.ActByID(ctx, s.cfg.Dataset, a.ID)
		if err != nil {
			return err
		}
		by := audit.Actor{ID: a.AuthorID, Name: a.Author}
		detail := map[string]any{"changed": now.Act.Changed, "stayed": now.Act.Stayed}
		if state == Undone {
			by, detail = audit.Actor{ID: *now.Act.UndoneByID, Name: now.Act.UndoneBy}, map[string]any{"reversed": now.Act.Reversed, "kept": now.Act.Kept}
		}
		if reason != "" {
			detail["error"] = reason
		}
		return s.record(ctx, tx, by, action, a, detail)
	})
	if err != nil {
		return fmt.Errorf("end act %s: %w", a.ID, err)
	}
	s.cfg.Log.InfoContext(ctx, "an act is over", slog.String("act", a.ID.String()), slog.String("kind", string(a.Kind)), slog.String("state", string(state)))
	return nil
}

// A run is an act in the hands of this worker.
type run struct {
	*Service
	act      Act
	worker   uuid.UUID
	undoneBy *uuid.UUID
	hand     *hand
	beat     time.Time
}

func (r *run) all(ctx context.Context) error {
	var err error
	if r.hand, err = r.handOf(r.act); err != nil {
		return err
	}
	from := Waiting
	if r.act.State == Undoing {
		from = Changed
	}
	if r.act.Kind == Assign {
		return r.assign(ctx, from)
	}
	for {
		rows, err := db.New(r.cfg.DB).NextActItems(ctx, db.NextActItemsParams{
			DatasetID: r.cfg.Dataset, ActID: r.act.ID, Outcome: from, MaxRows: pageOfItems,
		})
		if err != nil {
			return fmt.Errorf("read items: %w", err)
		}
		for _, row := range rows {
			if err := r.settle(ctx, item{row.ExampleID, int(row.Revision), example.Status(row.Status), row.Undo}, from); err != nil {
				return fmt.Errorf("example %s: %w", row.ExampleID, err)
			}
			if err := r.report(ctx); err != nil {
				return err
			}
		}
		if len(rows) < pageOfItems {
			return nil
		}
	}
}

// report says every second that the worker lives and how far it is.
func (r *run) report(ctx context.Context) error {
	if time.Since(r.beat) < beatEvery {
		return nil
	}
	r.beat = time.Now()
	n, err := db.New(r.cfg.DB).BeatAct(ctx, r.cfg.Dataset, r.act.ID, &r.worker)
	if err != nil {
		return fmt.Errorf("report progress: %w", err)
	}
	if n == 0 {
		return errLost
	}
	return nil
}

// settle does one item, in one transaction with its row.
func (r *run) settle(ctx context.Context, i item, from string) error {
	err := r.once(ctx, i, from, settled{})
	var no *errRefused
	if errors.As(err, &no) { // what it had begun is rolled back; the refusal is kept
		given := stay(no.reason)
		if from == Changed {
			given = keep(no.reason)
		}
		err = r.once(ctx, i, from, given)
	}
	return err
}

// once settles an item: with what doing it gives, or with what is given.
func (r *run) once(ctx context.Context, i item, from string, given settled) error {
	return postgres.InTx(ctx, r.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.CommitLater(ctx); err != nil {
			return err
		}
		switch outcome, err := q.LockActItem(ctx, r.cfg.Dataset, r.act.ID, i.id); {
		case errors.Is(err, pgx.ErrNoRows):
			return nil // it went with the demo
		case err != nil:
			return fmt.Errorf("lock the item: %w", err)
		case outcome != from:
			return nil // somebody was faster
		}
		out, undo := given, i.undo
		var err error
		switch {
		case out.outcome != "":
		case from == Changed:
			out, err = r.hand.takeBack(ctx, tx, audit.Actor{ID: *r.undoneBy, Name: r.act.UndoneBy}, i)
		default:
			if out, err = r.hand.apply(ctx, tx, i); err == nil && out.outcome == Changed {
				undo, err = out.undo.text()
			}
		}
		if err != nil {
			return err
		}
		return q.SettleActItem(ctx, db.SettleActItemParams{
			Outcome: out.outcome, Reason: out.reason, Result: out.result, Undo: undo, DatasetID: r.cfg.Dataset, ActID: r.act.ID, ExampleID: i.id,
		})
	})
}

// assign gives all of the examples to people at once, or takes them away again: an
// assignment is one thing.
func (r *run) assign(ctx context.Context, from string) error {
	return postgres.InTx(ctx, r.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		rows, err := q.NextActItems(ctx, db.NextActItemsParams{DatasetID: r.cfg.Dataset, ActID: r.act.ID, Outcome: from, MaxRows: MaxExamples})
		if err != nil || len(rows) == 0 {
			return err
		}
		if from == Changed {
			var u undo
			if err := json.Unmarshal([]byte(rows[0].Undo), &u); err != nil {
				return fmt.Errorf("read the assignment: %w", err)
			}
			by := audit.Actor{ID: *r.undoneBy, Name: r.act.UndoneBy}
			if err := r.cfg.Assign.EndIn(ctx, tx, by, u.Assignment); err != nil && !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.NotFound) {
				return err
			}
			return q.SettleAllActItems(ctx, db.SettleAllActItemsParams{Outcome: Reversed, Result: "taken back", Undo: rows[0].Undo, DatasetID: r.cfg.Dataset, ActID: r.act.ID, Was: from})
		}
		ids := make([]uuid.UUID, len(rows))
		for i, row := range rows {
			ids[i] = row.ExampleID
		}
		plan, err := r.act.Parameters.plan(r.act, ids)
		if err != nil {
			return fmt.Errorf("read the day: %w", err) // validate has checked it
		}
		id, err := r.cfg.Assign.GiveIn(ctx, tx, r.hand.by, plan)
		if err != nil {
			return err
		}
		text, err := undo{Assignment: id}.text()
		if err != nil {
			return err
		}
		return q.SettleAllActItems(ctx, db.SettleAllActItemsParams{Outcome: Changed, Result: "given", Undo: text, DatasetID: r.cfg.Dataset, ActID: r.act.ID, Was: from})
	})
}

// TakeUp queues acts whose job was lost with its process. It is upkeep: short, and
// harmless to repeat.
func (s *Service) TakeUp(ctx context.Context) error {
	open, err := db.New(s.cfg.DB).OpenActs(ctx, s.cfg.Dataset)
	if err != nil {
		return fmt.Errorf("look for acts to go on with: %w", err)
	}
	for _, id := range open {
		err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
			// One job in half a minute: the one that is lost looks as if it ran.
			return enqueue(ctx, tx, id, time.Now().Unix()/30)
		})
		if err != nil {
			return fmt.Errorf("take up act %s: %w", id, err)
		}
	}
	return nil
}

// Sweep forgets drafts that are older than a day.
func (s *Service) Sweep(ctx context.Context) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.SweepDraftItems(ctx, s.cfg.Dataset); err != nil {
			return err
		}
		return q.SweepDrafts(ctx, s.cfg.Dataset)
	})
	if err != nil {
		return fmt.Errorf("sweep drafts: %w", err)
	}
	return nil
}

func sortLines(lines []Line) {
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(b.Examples, a.Examples), cmp.Compare(a.Result+a.Reason, b.Result+b.Reason))
	})
}
