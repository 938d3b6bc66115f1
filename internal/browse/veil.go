package browse

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/sight"
)

// A Viewer is who looks at an example.
type Viewer struct {
	ID      uuid.UUID
	Reviews bool // decides on examples
	Lead    bool // settles disagreements: sees every verdict
	Asked   bool // is asked for a verdict now: leads are as blind as others
}

// GetFor reads one example as v may see it. Verdicts on one text are independent,
// so whoever may still give one does not see those of others: their decisions on
// the current revision are left out, and the revisions they made of it. The same
// holds for somebody who has a hidden look at the example, who sees it as pending.
// It is what pages and the API show; Get is for what needs the whole truth.
func (s *Service) GetFor(ctx context.Context, id uuid.UUID, v Viewer) (Detail, error) {
	d, err := s.Get(ctx, id)
	if err != nil || !v.Reviews {
		return d, err
	}
	look, err := db.New(s.db).HasLook(ctx, s.dataset, id, v.ID)
	if err != nil {
		return Detail{}, fmt.Errorf("read example %s: look for a look: %w", id, err)
	}
	if look {
		d.Status = example.Pending
	} else if v.Lead && !v.Asked || d.Status != example.Pending || d.decidedBy(v.ID) {
		return d, nil
	}
	d.veil(v.ID)
	return d, nil
}

// Shown notes that the viewer was shown d, where it holds what others said of the
// current revision: a verdict that they give on it after this, and had not given
// before, is not independent (docs/adr/0009-independent-verdicts.md). Whoever shows
// an example to a person calls it.
func (s *Service) Shown(ctx context.Context, d Detail, v Viewer) error {
	if !v.Reviews || !slices.ContainsFunc(d.Decisions, func(x Decision) bool {
		return x.ReviewerID != v.ID && x.about() == d.Revision && x.Verdict != string(example.Skip) && x.Verdict != "undo"
	}) {
		return nil
	}
	if err := sight.Note(ctx, s.db, s.dataset, d.ID, v.ID); err != nil {
		return fmt.Errorf("show example %s: %w", d.ID, err)
	}
	return nil
}

// A Ref is one revision of an example.
type Ref struct {
	Example  uuid.UUID
	Revision int
}

// ShownVerdicts notes that the viewer was shown others' verdicts on these revisions, in
// a list of them.
func (s *Service) ShownVerdicts(ctx context.Context, refs []Ref, v Viewer) error {
	if !v.Reviews || len(refs) == 0 {
		return nil
	}
	ids, revisions := make([]uuid.UUID, len(refs)), make([]int32, len(refs))
	for i, r := range refs {
		ids[i], revisions[i] = r.Example, int32(r.Revision)
	}
	if err := db.New(s.db).NoteSightings(ctx, db.NoteSightingsParams{ViewerID: v.ID, Ids: ids, Revisions: revisions, DatasetID: s.dataset}); err != nil {
		return fmt.Errorf("note which verdicts %s was shown: %w", v.ID, err)
	}
	return nil
}

// ShownJudged notes that the viewer read, in a list such as the record, what others
// decided on these examples: of those on whose current revision somebody else has.
func (s *Service) ShownJudged(ctx context.Context, ids []uuid.UUID, v Viewer) error {
	if !v.Reviews || len(ids) == 0 {
		return nil
	}
	if err := db.New(s.db).NoteJudged(ctx, v.ID, s.dataset, ids); err != nil {
		return fmt.Errorf("note whose verdicts %s read: %w", v.ID, err)
	}
	return nil
}

// about is the revision that a decision speaks of: the one it made, else the one
// it saw.
func (d Decision) about() int {
	if d.NewRevision > 0 {
		return d.NewRevision
	}
	return d.Revision
}

// decidedBy says whether somebody has a verdict in force on the current revision.
func (d *Detail) decidedBy(who uuid.UUID) bool {
	return slices.ContainsFunc(d.Decisions, func(made Decision) bool {
		return made.ReviewerID == who && !made.Undone && made.about() == d.Revision && made.Verdict != "undo" && made.Verdict != string(example.Skip)
	})
}

// veil takes out what others said about the current revision.
func (d *Detail) veil(viewer uuid.UUID) {
	made := map[int]bool{} // revisions that a hidden decision made
	d.Decisions = slices.DeleteFunc(d.Decisions, func(x Decision) bool {
		hide := x.ReviewerID != viewer && x.about() == d.Revision && x.Verdict != string(example.Skip)
		if hide && !slices.Contains(d.Hidden, x.ReviewerID) {
			d.Hidden = append(d.Hidden, x.ReviewerID)
		}
		if hide && x.NewRevision > 0 {
			made[x.NewRevision] = true
		}
		return hide
	})
	d.Revisions = slices.DeleteFunc(d.Revisions, func(r Revision) bool { return made[r.Number] })
}
