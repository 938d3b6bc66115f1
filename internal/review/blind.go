package review

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
)

// A verdict is independent while its author does not know what others said of the
// revision. What they were shown is noted (package sight), and an undo does not make
// anybody forget: docs/adr/0009-independent-verdicts.md.

// informed says whether the reviewer was shown what others said of the revision
// that d is about, and says now what they had not said before they were. A verdict
// that they had given blind, and took back, is still their own when they give it
// again.
func (s *Service) informed(ctx context.Context, q *db.Queries, d Decision, ex db.LockExampleRow, past []db.DecisionsUnderLockRow) (bool, error) {
	if d.Verdict != example.Approve && d.Verdict != example.Reject {
		return false, nil
	}
	for _, was := range past {
		if was.ReviewerID == d.Reviewer.ID && was.Revision == ex.Revision && was.Verdict == string(d.Verdict) && !was.Informed {
			return false, nil
		}
	}
	shown, err := q.WasShown(ctx, db.WasShownParams{DatasetID: s.cfg.Dataset, ExampleID: ex.ID, Revision: ex.Revision, ViewerID: d.Reviewer.ID})
	if err != nil {
		return false, fmt.Errorf("look whether they were shown what others said: %w", err)
	}
	return shown, nil
}

// Informed says whether the reviewer was shown what others said of the current
// revision of an example, so that a verdict that they have not given before would
// count as no independent one.
func (s *Service) Informed(ctx context.Context, reviewer, id uuid.UUID, revision int) (bool, error) {
	shown, err := db.New(s.cfg.DB).WasShown(ctx, db.WasShownParams{DatasetID: s.cfg.Dataset, ExampleID: id, Revision: int32(revision), ViewerID: reviewer})
	if err != nil {
		return false, fmt.Errorf("what %s was shown of example %s: %w", reviewer, id, err)
	}
	return shown, nil
}

// answersOthers says whether somebody else has a verdict in force on the revision,
// which the outcome of d gives away.
func answersOthers(verdicts map[uuid.UUID]standing, d Decision) bool {
	if d.Verdict == example.Skip {
		return false
	}
	for who := range verdicts {
		if who != d.Reviewer.ID {
			return true
		}
	}
	return false
}
