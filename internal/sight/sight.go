// Package sight decides who may see what others said of an example. Verdicts are
// worth counting only while their authors did not know each other's, so whoever
// may still judge an example does not see what others said of it from its first
// verdict on: decisions, questions, comments.
package sight

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// A Viewer is somebody who looks at an example.
type Viewer struct {
	ID      uuid.UUID
	Reviews bool // may decide on examples
	Leads   bool // settles disagreements, so must see what was said
	Asked   bool // is asked for a verdict now: leads are as blind as others, also on what is decided already
}

// A Sight is what one viewer may see of what was said about one example.
type Sight struct {
	viewer uuid.UUID
	all    bool
	until  time.Time // what others said before is open to all
}

// never is before the moment that stands for "no verdict yet", and after all
// others.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Of returns what the viewer may see of an example. There being none is
// fault.NotFound.
//
// The viewer sees everything who does not review, who gave a verdict on the
// current revision, who leads, or where the example does not wait any more; a
// viewer who is asked for a verdict only in the first two cases, and where the
// example is escalated: its answer needs the question. Somebody who has a hidden
// look at the example counts as asked. Everybody else sees their
// own words and those of others from before the current revision's first verdict.
func Of(ctx context.Context, q db.DBTX, dataset, example uuid.UUID, v Viewer) (Sight, error) {
	row, err := db.New(q).SightOf(ctx, v.ID, dataset, example)
	if errors.Is(err, pgx.ErrNoRows) {
		return Sight{}, fault.New(fault.NotFound, "There is no example %s.", example)
	}
	if err != nil {
		return Sight{}, fmt.Errorf("sight of example %s: %w", example, err)
	}
	return from(row, v), nil
}

func from(row db.SightOfRow, v Viewer) Sight {
	s := Sight{viewer: v.ID, until: row.FirstVerdict}
	switch {
	case !v.Reviews, row.Judged:
		s.all = true
	case v.Asked, row.Looks:
		s.all = row.Status == db.ExampleStatusEscalated
	default:
		s.all = v.Leads || row.Status != db.ExampleStatusPending
	}
	return s
}

// Sees says whether the viewer may see what the author said at the time.
func (s Sight) Sees(author uuid.UUID, at time.Time) bool {
	return s.all || author == s.viewer && author != uuid.Nil || at.Before(s.until)
}

// SeesNext says whether the viewer may see what the author says from now on.
func (s Sight) SeesNext(author uuid.UUID) bool { return s.Sees(author, never) }

// Whole says whether the viewer sees everything.
func (s Sight) Whole() bool { return s.all }

// Tells says whether showing the viewer what the author said at the time tells them
// what somebody who still judges blind must not know.
func (s Sight) Tells(author uuid.UUID, at time.Time) bool {
	return author != s.viewer && author != uuid.Nil && !at.Before(s.until)
}

// Note notes that a person was shown what others said of the current revision of an
// example. A verdict that they give on it afterwards, and had not given before, does
// not count as independent.
func Note(ctx context.Context, q db.DBTX, dataset, example, viewer uuid.UUID) error {
	if err := db.New(q).NoteSighting(ctx, viewer, dataset, example); err != nil {
		return fmt.Errorf("note what %s was shown of example %s: %w", viewer, example, err)
	}
	return nil
}
