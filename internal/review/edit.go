package review

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// Restore appends a revision whose content is that of an older one and puts the
// example back to pending, because nobody has approved this state of affairs. It
// fails with fault.Conflict when the current revision is not the one that was
// seen, or when somebody else holds the example.
func (s *Service) Restore(ctx context.Context, by audit.Actor, id uuid.UUID, seen, old int) (Outcome, error) {
	var out Outcome
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		ex, err := db.New(tx).LockExample(ctx, s.cfg.Dataset, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return noExample(id)
		}
		if err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		if err := admissible(ex, Decision{Reviewer: by, Revision: seen, Seen: example.Status(ex.Status)}); err != nil {
			return err
		}
		if old < 1 || old >= int(ex.Revision) {
			return fault.New(fault.Invalid, "Choose an older revision than the current one, which is %d.", ex.Revision)
		}
		next := ex.Revision + 1
		if err := s.bringBack(ctx, tx, ex, int32(old), next, example.Pending, by.ID, fmt.Sprintf("restored revision %d", old)); err != nil {
			return err
		}
		out = Outcome{Status: example.Pending, Revision: int(next)}
		if example.Status(ex.Status) == example.Escalated {
			if _, err := db.New(tx).AnswerEscalations(ctx, db.AnswerEscalationsParams{
				DatasetID: s.cfg.Dataset, ExampleID: id, AnsweredBy: &by.ID, Answer: fmt.Sprintf("Brought revision %d back; it is reviewed anew.", old),
			}); err != nil {
				return fmt.Errorf("end what was asked: %w", err)
			}
		}
		return s.record(ctx, tx, by, "example.restore", id, map[string]any{"from": old, "revision": next})
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("restore example %s: %w", id, err)
	}
	return out, nil
}

// Pace is how fast somebody reviews.
type Pace struct {
	Decisions int
	Mean      time.Duration // per decision; 0 where there is none
}

// PaceSince counts a reviewer's approvals, rejections and escalations since a
// moment.
func (s *Service) PaceSince(ctx context.Context, reviewer uuid.UUID, since time.Time) (Pace, error) {
	row, err := db.New(s.cfg.DB).ReviewerPace(ctx, s.cfg.Dataset, reviewer, since)
	if err != nil {
		return Pace{}, fmt.Errorf("pace: %w", err)
	}
	p := Pace{Decisions: int(row.Decisions)}
	if p.Decisions > 0 {
		p.Mean = time.Duration(row.Millis/row.Decisions) * time.Millisecond
	}
	return p, nil
}
