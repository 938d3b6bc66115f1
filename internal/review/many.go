package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// The functions below change one example in the caller's transaction, for acts over
// many (package bulk). Each locks the example, makes a new revision that is checked
// like any other, and writes the record.

// ReviseIn makes messages the example's next revision, in the given status. It
// returns the revision, or 0 where they change nothing.
func (s *Service) ReviseIn(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID, messages []example.Message, status example.Status, reason string) (int, error) {
	ex, now, err := s.lockContent(ctx, tx, id)
	if err != nil {
		return 0, fmt.Errorf("revise example %s: %w", id, err)
	}
	c := example.Conversation{Messages: messages, Tools: json.RawMessage(now.Tools)}
	next, err := s.derive(ctx, c, ex.Category, ex.Subcategory, now.Metadata)
	if err == nil && next.messages == now.Messages {
		return 0, nil
	}
	if err == nil {
		err = s.append(ctx, tx, id, ex.Revision+1, status, next, by.ID, reason)
	}
	if err == nil {
		err = s.record(ctx, tx, by, "example.edit", id, map[string]any{"revision": ex.Revision + 1, "status": status, "reason": reason})
	}
	if err != nil {
		return 0, fmt.Errorf("revise example %s: %w", id, err)
	}
	return int(ex.Revision) + 1, nil
}

// MoveIn puts the example on another shelf. The same content becomes the next
// revision, because everything that was said of the present one, findings and
// approvals, was said by the rules of the old shelf; so the revisions tell of the
// move as they tell of an edit. It returns the revision.
func (s *Service) MoveIn(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID, category, subcategory string, status example.Status, reason string) (int, error) {
	ex, now, err := s.lockContent(ctx, tx, id)
	if err != nil {
		return 0, fmt.Errorf("move example %s: %w", id, err)
	}
	next, err := s.again(ctx, now, category, subcategory)
	if err == nil {
		// First, so that the findings of the new revision are counted where it is.
		err = db.New(tx).PlaceExample(ctx, db.PlaceExampleParams{Category: category, Subcategory: subcategory, DatasetID: s.cfg.Dataset, ID: id})
	}
	if err == nil {
		err = s.append(ctx, tx, id, ex.Revision+1, status, next, by.ID, reason)
	}
	if err == nil {
		err = s.record(ctx, tx, by, "example.move", id, map[string]any{
			"from": ex.Category + "/" + ex.Subcategory, "to": category + "/" + subcategory, "revision": ex.Revision + 1, "status": status,
		})
	}
	if err != nil {
		return 0, fmt.Errorf("move example %s: %w", id, err)
	}
	return int(ex.Revision) + 1, nil
}

// RestoreIn appends a revision whose content is that of an older one, in the given
// status. It returns the revision.
func (s *Service) RestoreIn(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID, old int, status example.Status, reason string) (int, error) {
	ex, _, err := s.lockContent(ctx, tx, id)
	if err == nil && (old < 1 || old >= int(ex.Revision)) {
		err = fault.New(fault.Invalid, "It has no older revision than the current one.")
	}
	if err == nil {
		err = s.bringBack(ctx, tx, ex, int32(old), ex.Revision+1, status, by.ID, reason)
	}
	if err == nil {
		err = s.record(ctx, tx, by, "example.restore", id, map[string]any{"from": old, "revision": ex.Revision + 1, "status": status})
	}
	if err != nil {
		return 0, fmt.Errorf("restore example %s: %w", id, err)
	}
	return int(ex.Revision) + 1, nil
}

// TakeBackIn undoes what made the current revision, with the content of revision old:
// the example stands again as it did then, by the verdicts of then, which are carried
// over, in status if they bear it out and pending otherwise. It returns the revision.
func (s *Service) TakeBackIn(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID, old int, status example.Status) (int, error) {
	ex, _, err := s.lockContent(ctx, tx, id)
	if err == nil && (old < 1 || old >= int(ex.Revision)) {
		err = fault.New(fault.Invalid, "It has no older revision than the current one.")
	}
	if err == nil {
		status, err = s.takeBack(ctx, tx, ex, int32(old), status, by.ID)
	}
	if err == nil {
		err = s.record(ctx, tx, by, "example.restore", id, map[string]any{"from": old, "revision": ex.Revision + 1, "status": status})
	}
	if err != nil {
		return 0, fmt.Errorf("take example %s back: %w", id, err)
	}
	return int(ex.Revision) + 1, nil
}

// MoveBackIn undoes a move: the example stands where and as it did before, as
// TakeBackIn says. It returns the revision.
func (s *Service) MoveBackIn(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID, category, subcategory string, old int, status example.Status) (int, error) {
	ex, _, err := s.lockContent(ctx, tx, id)
	from := ex.Category + "/" + ex.Subcategory
	if err == nil && (old < 1 || old >= int(ex.Revision)) {
		err = fault.New(fault.Invalid, "It has no older revision than the current one.")
	}
	if err == nil {
		// First, so that the findings of the new revision are counted where it is.
		err = db.New(tx).PlaceExample(ctx, db.PlaceExampleParams{Category: category, Subcategory: subcategory, DatasetID: s.cfg.Dataset, ID: id})
	}
	if err == nil {
		ex.Category, ex.Subcategory = category, subcategory
		status, err = s.takeBack(ctx, tx, ex, int32(old), status, by.ID)
	}
	if err == nil {
		err = s.record(ctx, tx, by, "example.move", id, map[string]any{
			"from": from, "to": category + "/" + subcategory, "revision": ex.Revision + 1, "status": status,
		})
	}
	if err != nil {
		return 0, fmt.Errorf("move example %s back: %w", id, err)
	}
	return int(ex.Revision) + 1, nil
}

// UndoIn takes a decision back, whoever made it. Unlike Undo it gives nobody the
// example to decide again. It fails with fault.Conflict when something was decided
// or changed on the example since; a decision that was undone stays undone, and
// that is no error.
func (s *Service) UndoIn(ctx context.Context, tx pgx.Tx, by audit.Actor, exampleID, decision uuid.UUID) error {
	q := db.New(tx)
	ex, err := q.LockExample(ctx, s.cfg.Dataset, exampleID)
	if err != nil {
		return fmt.Errorf("undo decision %s: lock: %w", decision, err)
	}
	d, err := q.DecisionByID(ctx, s.cfg.Dataset, decision)
	if err != nil {
		return fmt.Errorf("undo decision %s: read: %w", decision, err)
	}
	if d.Undone {
		return nil
	}
	if _, err := s.reverse(ctx, tx, by, ex, d); err != nil {
		return fmt.Errorf("undo decision %s: %w", decision, err)
	}
	if ex.HolderID != nil && *ex.HolderID == by.ID {
		return nil // it was theirs before
	}
	if err := q.ReleaseLeases(ctx, s.cfg.Dataset, by.ID, []uuid.UUID{exampleID}); err != nil {
		return fmt.Errorf("undo decision %s: give the example back: %w", decision, err)
	}
	return nil
}

func (s *Service) lockContent(ctx context.Context, tx pgx.Tx, id uuid.UUID) (db.LockExampleRow, db.RevisionContentRow, error) {
	q := db.New(tx)
	ex, err := q.LockExample(ctx, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return ex, db.RevisionContentRow{}, noExample(id)
	}
	if err != nil {
		return ex, db.RevisionContentRow{}, fmt.Errorf("lock: %w", err)
	}
	now, err := q.RevisionContent(ctx, s.cfg.Dataset, id, ex.Revision)
	if err != nil {
		return ex, now, fmt.Errorf("read revision %d: %w", ex.Revision, err)
	}
	return ex, now, nil
}

// again derives stored content anew, for a shelf.
func (s *Service) again(ctx context.Context, was db.RevisionContentRow, category, subcategory string) (content, error) {
	c, err := example.Parse(was.Messages, was.Tools)
	if err != nil {
		return content{}, fmt.Errorf("parse revision %d: %w", was.Revision, err)
	}
	return s.derive(ctx, c, category, subcategory, was.Metadata)
}
