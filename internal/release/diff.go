package release

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A Difference is what changed from one release to another, in numbers.
type Difference struct {
	Added, Removed int64
	Changed        int64 // in both with another revision
	Moved          int64 // in both with the same revision, in another split
	Same           int64
	Shift          []Shift // by category and subcategory, in the order of the newer release
}

// A Shift is how many rows of a subcategory each release has.
type Shift struct {
	Category, Subcategory string
	Old, New              int64
	OldTokens, NewTokens  int64
}

// Compare counts what changed. Both releases must be frozen.
func (s *Service) Compare(ctx context.Context, older, newer Release) (Difference, error) {
	var d Difference
	if older.FrozenAt == nil || newer.FrozenAt == nil {
		return d, fault.New(fault.Conflict, "Only releases whose rows are fixed can be compared.")
	}
	n, err := db.New(s.cfg.DB).CountReleaseDifference(ctx, s.cfg.Dataset, older.ID, newer.ID)
	if err != nil {
		return d, fmt.Errorf("compare releases: %w", err)
	}
	d = Difference{Added: n.Added, Removed: n.Removed, Changed: n.Changed, Moved: n.Moved, Same: n.Same}
	at := map[shelf]int{}
	place := func(p Part) *Shift {
		sh := shelf{p.Category, p.Subcategory}
		if _, ok := at[sh]; !ok {
			at[sh] = len(d.Shift)
			d.Shift = append(d.Shift, Shift{Category: p.Category, Subcategory: p.Subcategory})
		}
		return &d.Shift[at[sh]]
	}
	for _, p := range newer.Shape {
		x := place(p)
		x.New += p.Rows
		x.NewTokens += p.Tokens
	}
	for _, p := range older.Shape {
		x := place(p)
		x.Old += p.Rows
		x.OldTokens += p.Tokens
	}
	return d, nil
}

// A Change is a row that two releases do not have in the same way. The side that
// lacks it has revision 0, no split and no messages.
type Change struct {
	Example               uuid.UUID
	Category, Subcategory string
	Old, New              Side
}

// A Side is a row in one release.
type Side struct {
	Revision int
	Split    string
	Messages []example.Message
}

// The kinds of change.
const (
	ChangeAdded   = "added"
	ChangeRemoved = "removed"
	ChangeChanged = "changed"
	ChangeMoved   = "moved"
)

// maxChanges is how many changes one page has.
const maxChanges = 50

// Changes lists changed rows by example: those after the given one, of one kind
// or of all where kind is empty.
func (s *Service) Changes(ctx context.Context, older, newer Release, kind string, after uuid.UUID, limit int) ([]Change, error) {
	switch kind {
	case "", ChangeAdded, ChangeRemoved, ChangeChanged, ChangeMoved:
	default:
		return nil, fault.New(fault.Invalid, "There is no such kind of change. Use added, removed, changed or moved.")
	}
	q := db.New(s.cfg.DB)
	rows, err := q.ReleaseDifference(ctx, db.ReleaseDifferenceParams{
		DatasetID: s.cfg.Dataset, OldID: older.ID, NewID: newer.ID, After: after, Kind: kind, MaxRows: int32(min(max(limit, 1), maxChanges)),
	})
	if err != nil {
		return nil, fmt.Errorf("compare releases: %w", err)
	}
	type key struct {
		id       uuid.UUID
		revision int32
	}
	var ids []uuid.UUID
	var revisions []int32
	for _, r := range rows {
		if r.OldRevision > 0 {
			ids, revisions = append(ids, r.ExampleID), append(revisions, r.OldRevision)
		}
		if r.NewRevision > 0 && r.NewRevision != r.OldRevision {
			ids, revisions = append(ids, r.ExampleID), append(revisions, r.NewRevision)
		}
	}
	texts, err := q.ReleaseTextsOf(ctx, ids, revisions, s.cfg.Dataset)
	if err != nil {
		return nil, fmt.Errorf("compare releases: read texts: %w", err)
	}
	of := map[key]db.ReleaseTextsOfRow{}
	for _, t := range texts {
		of[key{t.ExampleID, t.Revision}] = t
	}
	out := make([]Change, len(rows))
	for i, r := range rows {
		c := Change{Example: r.ExampleID, Old: Side{Revision: int(r.OldRevision), Split: r.OldSplit}, New: Side{Revision: int(r.NewRevision), Split: r.NewSplit}}
		for _, side := range []struct {
			s        *Side
			revision int32
		}{{&c.Old, r.OldRevision}, {&c.New, r.NewRevision}} {
			if side.revision == 0 {
				continue
			}
			t := of[key{r.ExampleID, side.revision}]
			if side.s.Messages, err = example.ParseMessages([]byte(t.Messages)); err != nil {
				return nil, fmt.Errorf("read example %s: %w", r.ExampleID, err)
			}
			c.Category, c.Subcategory = t.Category, t.Subcategory
		}
		out[i] = c
	}
	return out, nil
}
