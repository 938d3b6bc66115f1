package review

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// Undo takes a decision back: it appends a reversal, restores the status from
// before and, where the decision made a new revision, appends one more with the
// content that was seen. Nothing is deleted. The example is leased to whoever
// undoes, so that they can decide again at once.
//
// Only the latest decision on an example can be undone, by its author or by
// somebody whom anyAuthor allows; an undone decision stays undone: doing it
// again changes nothing and succeeds.
func (s *Service) Undo(ctx context.Context, by audit.Actor, decision uuid.UUID, anyAuthor bool) (Outcome, uuid.UUID, error) {
	var out Outcome
	var exampleID uuid.UUID
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		seen, err := q.DecisionByID(ctx, s.cfg.Dataset, decision)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no decision %s.", decision)
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		exampleID = seen.ExampleID
		ex, err := q.LockExample(ctx, s.cfg.Dataset, seen.ExampleID)
		if err != nil {
			return fmt.Errorf("lock example: %w", err)
		}
		// Again under the lock: another undo may have come in between.
		d, err := q.DecisionByID(ctx, s.cfg.Dataset, decision)
		if err != nil {
			return fmt.Errorf("read again: %w", err)
		}
		out = Outcome{DecisionID: d.ID, Status: example.Status(ex.Status), Revision: int(ex.Revision)}
		switch {
		case d.ReviewerID != by.ID && !anyAuthor:
			return fault.New(fault.Forbidden, "Only its author or a lead can undo a decision.")
		case d.Verdict == "undo":
			return fault.New(fault.Invalid, "This is an undo already. Decide on the example again instead.")
		case d.Undone:
			return nil
		}
		out, err = s.reverse(ctx, tx, by, ex, d)
		return err
	})
	if err != nil {
		return Outcome{}, uuid.Nil, fmt.Errorf("undo decision %s: %w", decision, err)
	}
	return out, exampleID, nil
}

func (s *Service) reverse(ctx context.Context, tx pgx.Tx, by audit.Actor, ex db.LockExampleRow, d db.DecisionByIDRow) (Outcome, error) {
	q := db.New(tx)
	later, err := q.LaterDecision(ctx, s.cfg.Dataset, ex.ID, d.ID)
	if err != nil {
		return Outcome{}, fmt.Errorf("look for later decisions: %w", err)
	}
	made := d.Revision
	if d.NewRevision != nil {
		made = *d.NewRevision
	}
	if d.Verdict != string(example.Skip) && (later || ex.Revision != made || ex.Status != d.StatusAfter) {
		return Outcome{}, fault.New(fault.Conflict, "Something was decided or changed on this example afterwards. Undo that first, or decide again on the example's page.")
	}
	if ex.HolderID != nil && *ex.HolderID != by.ID {
		return Outcome{}, fault.New(fault.Conflict, "Somebody else is working on this example now.")
	}
	status, revision := example.Status(d.StatusBefore), ex.Revision
	var newRevision *int32
	switch {
	case d.Verdict == string(example.Skip):
		status = example.Status(ex.Status) // a skip changed nothing
	case d.NewRevision != nil:
		revision++
		newRevision = &revision
		if err := s.bringBack(ctx, tx, ex, d.Revision, revision, status, by.ID, "undo"); err != nil {
			return Outcome{}, err
		}
	default:
		if err := q.SetStatus(ctx, db.ExampleStatus(status), s.cfg.Dataset, ex.ID); err != nil {
			return Outcome{}, fmt.Errorf("set status: %w", err)
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Outcome{}, fmt.Errorf("new id: %w", err)
	}
	if err := q.AppendDecision(ctx, db.AppendDecisionParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: ex.ID, ReviewerID: by.ID,
		Revision: ex.Revision, NewRevision: newRevision, Verdict: "undo", Checklist: "[]",
		StatusBefore: ex.Status, StatusAfter: db.ExampleStatus(status), Undoes: &d.ID, RequestKey: id.String(),
	}); err != nil {
		return Outcome{}, fmt.Errorf("append reversal: %w", err)
	}
	if _, err := q.TakeLease(ctx, db.TakeLeaseParams{
		DatasetID: s.cfg.Dataset, ExampleID: ex.ID, ReviewerID: by.ID, Seconds: LeaseFor.Seconds(),
	}); err != nil {
		return Outcome{}, fmt.Errorf("take lease: %w", err)
	}
	if err := s.record(ctx, tx, by, "example.undo", ex.ID, map[string]any{
		"decision": d.ID, "verdict": d.Verdict, "revision": revision, "status": status,
	}); err != nil {
		return Outcome{}, err
	}
	return Outcome{DecisionID: id, Status: status, Revision: int(revision)}, nil
}

// bringBack appends a revision whose content is that of an older one.
func (s *Service) bringBack(ctx context.Context, tx pgx.Tx, ex db.LockExampleRow, old, next int32, status example.Status, author uuid.UUID, reason string) error {
	was, err := db.New(tx).RevisionContent(ctx, s.cfg.Dataset, ex.ID, old)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "This example has no revision %d.", old)
	}
	if err != nil {
		return fmt.Errorf("read revision %d: %w", old, err)
	}
	c, err := example.Parse(was.Messages, was.Tools)
	if err != nil {
		return fmt.Errorf("parse revision %d: %w", old, err)
	}
	again, err := s.derive(ctx, c, ex.Category, ex.Subcategory, was.Metadata)
	if err != nil {
		return err
	}
	return s.append(ctx, tx, ex.ID, next, status, again, author, reason)
}

// LastUndoable returns the reviewer's newest decision that was not undone, or
// false when there is none.
func (s *Service) LastUndoable(ctx context.Context, reviewer uuid.UUID) (uuid.UUID, bool, error) {
	row, err := db.New(s.cfg.DB).LastUndoable(ctx, s.cfg.Dataset, reviewer)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, false, nil
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("last decision: %w", err)
	}
	return row.ID, true, nil
}
