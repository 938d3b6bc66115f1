package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

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
// undoes, so that they can decide again at once, unless somebody else works on it
// and the decision had changed nothing they see; Outcome.Leased says so. What hung
// on the decision goes back with it: a look is open again, a question or a
// disagreement is withdrawn, or asked again where the decision had settled it.
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
	made := d.Revision
	if d.NewRevision != nil {
		made = *d.NewRevision
	}
	changed := d.StatusBefore != d.StatusAfter || d.NewRevision != nil
	skip, look := d.Verdict == string(example.Skip), d.Kind == kindSecond || d.Kind == kindGold
	if !skip && (changed || !look) {
		later, err := q.LaterDecision(ctx, s.cfg.Dataset, ex.ID, d.ID)
		if err != nil {
			return Outcome{}, fmt.Errorf("look for later decisions: %w", err)
		}
		if later || ex.Revision != made || ex.Status != d.StatusAfter {
			return Outcome{}, fault.New(fault.Conflict, "Something was decided or changed on this example afterwards. Undo that first, or decide again on the example's page.")
		}
	}
	if d.Carries != nil {
		root, err := q.DecisionByID(ctx, s.cfg.Dataset, *d.Carries)
		if err != nil {
			return Outcome{}, fmt.Errorf("read what is carried over: %w", err)
		}
		if root.NewRevision != nil {
			return Outcome{}, fault.New(fault.Conflict, "This verdict came with an edit, on an earlier revision. Bring that revision's words back on the page of the example's history, or decide again.")
		}
	}
	if heldByOther(ex, by.ID) && changed {
		return Outcome{}, fault.New(fault.Conflict, "Somebody else is working on this example now.")
	}
	status, revision := example.Status(d.StatusBefore), ex.Revision
	var newRevision *int32
	switch {
	case d.NewRevision != nil:
		revision++
		newRevision = &revision
		var err error
		if status, err = s.takeBack(ctx, tx, ex, d.Revision, status, by.ID); err != nil {
			return Outcome{}, err
		}
	case changed:
		if err := q.SetStatus(ctx, db.ExampleStatus(status), s.cfg.Dataset, ex.ID); err != nil {
			return Outcome{}, fmt.Errorf("set status: %w", err)
		}
	default:
		status = example.Status(ex.Status) // it changed nothing
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Outcome{}, fmt.Errorf("new id: %w", err)
	}
	if err := q.AppendDecision(ctx, db.AppendDecisionParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: ex.ID, ReviewerID: by.ID,
		Revision: ex.Revision, NewRevision: newRevision, Verdict: "undo", Kind: d.Kind, Checklist: "[]",
		StatusBefore: ex.Status, StatusAfter: db.ExampleStatus(status), Undoes: &d.ID, RequestKey: id.String(),
	}); err != nil {
		return Outcome{}, fmt.Errorf("append reversal: %w", err)
	}
	if d.Carries != nil { // the decision that it carries goes with it
		root, err := uuid.NewV7()
		if err != nil {
			return Outcome{}, fmt.Errorf("new id: %w", err)
		}
		if err := q.AppendDecision(ctx, db.AppendDecisionParams{
			DatasetID: s.cfg.Dataset, ID: root, ExampleID: ex.ID, ReviewerID: by.ID, Revision: ex.Revision, Verdict: "undo", Kind: d.Kind, Checklist: "[]",
			StatusBefore: db.ExampleStatus(status), StatusAfter: db.ExampleStatus(status), Undoes: d.Carries, RequestKey: root.String(), Carries: d.Carries,
		}); err != nil {
			return Outcome{}, fmt.Errorf("append the reversal of what is carried over: %w", err)
		}
	}
	lookID, err := s.unsettle(ctx, q, by, ex, d, id, changed)
	if err != nil {
		return Outcome{}, err
	}
	taken := int64(0)
	// A look is given back only to whose it was: to others the example is decided.
	if lookID == nil || by.ID == d.ReviewerID {
		if taken, err = q.TakeLease(ctx, db.TakeLeaseParams{
			DatasetID: s.cfg.Dataset, ExampleID: ex.ID, ReviewerID: by.ID, Seconds: LeaseFor.Seconds(), LookID: lookID,
		}); err != nil {
			return Outcome{}, fmt.Errorf("take lease: %w", err)
		}
	}
	if err := s.record(ctx, tx, by, "example.undo", ex.ID, map[string]any{
		"decision": d.ID, "verdict": d.Verdict, "revision": revision, "status": status,
	}); err != nil {
		return Outcome{}, err
	}
	return Outcome{DecisionID: id, Status: status, Revision: int(revision), Leased: taken > 0}, nil
}

// unsettle takes back what hung on decision d beside the example: the look that
// it closed, which it returns, the looks that it gave rise to, the escalations
// that it opened or answered. undo is the reversal.
func (s *Service) unsettle(ctx context.Context, q *db.Queries, by audit.Actor, ex db.LockExampleRow, d db.DecisionByIDRow, undo uuid.UUID, changed bool) (*uuid.UUID, error) {
	var lookID *uuid.UUID
	if d.Kind == kindSecond || d.Kind == kindGold {
		id, err := q.ReopenLook(ctx, s.cfg.Dataset, &d.ID, ex.ID)
		switch {
		case err == nil:
			lookID = &id
		case !errors.Is(err, pgx.ErrNoRows):
			return nil, fmt.Errorf("open the look again: %w", err)
		}
	} else if changed {
		if err := q.DropLooks(ctx, s.cfg.Dataset, ex.ID); err != nil {
			return nil, fmt.Errorf("end the looks at it: %w", err)
		}
	}
	if !changed {
		return lookID, nil
	}
	if example.Status(d.StatusAfter) == example.Escalated {
		if err := q.WithdrawEscalation(ctx, db.WithdrawEscalationParams{
			DatasetID: s.cfg.Dataset, ExampleID: ex.ID, DecisionID: d.ID, AnswerID: &undo, AnsweredBy: &by.ID,
		}); err != nil {
			return nil, fmt.Errorf("withdraw what was asked: %w", err)
		}
	}
	if example.Status(d.StatusBefore) == example.Escalated {
		if err := q.ReopenEscalations(ctx, s.cfg.Dataset, ex.ID, &d.ID); err != nil {
			return nil, fmt.Errorf("ask again: %w", err)
		}
	}
	return lookID, nil
}

// bringBack appends a revision whose content is that of an older one.
func (s *Service) bringBack(ctx context.Context, tx pgx.Tx, ex db.LockExampleRow, old, next int32, status example.Status, author uuid.UUID, reason string) error {
	again, _, err := s.olderContent(ctx, tx, ex, old)
	if err != nil {
		return err
	}
	return s.append(ctx, tx, ex.ID, next, status, again, author, reason)
}

// olderContent derives the content of an older revision anew, for the shelf where
// the example is. same says that it is, byte for byte, what people saw then.
func (s *Service) olderContent(ctx context.Context, tx pgx.Tx, ex db.LockExampleRow, old int32) (again content, same bool, err error) {
	was, err := db.New(tx).RevisionContent(ctx, s.cfg.Dataset, ex.ID, old)
	if errors.Is(err, pgx.ErrNoRows) {
		return again, false, fault.New(fault.NotFound, "This example has no revision %d.", old)
	}
	if err != nil {
		return again, false, fmt.Errorf("read revision %d: %w", old, err)
	}
	again, err = s.again(ctx, was, ex.Category, ex.Subcategory)
	return again, err == nil && bytes.Equal(again.hash[:], was.Hash), err
}

// takeBack appends a revision whose content is that of an older one, because what
// changed it is undone, and lets it stand as that one did: status, if the verdicts
// that made it so are carried over, else pending. It returns the status.
//
// Carrying over is explicit: each verdict in force on the older revision is repeated
// on the new one, in its author's name and order, with a reference to the decision
// that it repeats. Nobody has to look twice at words that they judged, and whatever
// asks for the approvals of the current revision finds them. It is done only where
// the content has the same hash.
func (s *Service) takeBack(ctx context.Context, tx pgx.Tx, ex db.LockExampleRow, old int32, status example.Status, author uuid.UUID) (example.Status, error) {
	q, next := db.New(tx), ex.Revision+1
	again, same, err := s.olderContent(ctx, tx, ex, old)
	if err != nil {
		return status, err
	}
	var verdicts []db.CarriedVerdictsRow
	if same {
		if verdicts, err = q.CarriedVerdicts(ctx, s.cfg.Dataset, ex.ID, old); err != nil {
			return status, fmt.Errorf("read the verdicts on revision %d: %w", old, err)
		}
	}
	says := func(v example.Verdict) bool {
		return slices.ContainsFunc(verdicts, func(r db.CarriedVerdictsRow) bool { return r.Verdict == string(v) })
	}
	if status == example.Approved && !says(example.Approve) || status == example.Rejected && !says(example.Reject) {
		status = example.Pending
	}
	if err := s.append(ctx, tx, ex.ID, next, status, again, author, "undo"); err != nil {
		return status, err
	}
	for _, v := range verdicts {
		id, err := uuid.NewV7()
		if err != nil {
			return status, fmt.Errorf("new id: %w", err)
		}
		if err := q.AppendDecision(ctx, db.AppendDecisionParams{
			DatasetID: s.cfg.Dataset, ID: id, ExampleID: ex.ID, ReviewerID: v.ReviewerID, Revision: next, Verdict: v.Verdict, Kind: v.Kind,
			Reason: v.Reason, Comment: v.Comment, OverrideReason: v.OverrideReason, Checklist: v.Checklist,
			StatusBefore: v.StatusBefore, StatusAfter: v.StatusAfter, RequestKey: id.String(), Informed: v.Informed, Carries: &v.Carries,
		}); err != nil {
			return status, fmt.Errorf("carry a verdict over: %w", err)
		}
	}
	if same {
		if err := q.CarrySightings(ctx, db.CarrySightingsParams{Next: next, DatasetID: s.cfg.Dataset, ExampleID: ex.ID, Revision: old}); err != nil {
			return status, fmt.Errorf("carry over who was shown what: %w", err)
		}
	}
	return status, nil
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
