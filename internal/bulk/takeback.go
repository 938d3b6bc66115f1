package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

func keep(reason string) settled { return settled{outcome: Kept, reason: reason} }

// isTouched is why most items are kept.
const isTouched = "somebody decided on it or changed it since"

// takeBack undoes the act on one example, for by, unless somebody has been there
// since. What the act said it did stays in result.
func (h *hand) takeBack(ctx context.Context, tx pgx.Tx, by audit.Actor, i item) (settled, error) {
	var u undo
	if i.undo != "" {
		if err := json.Unmarshal([]byte(i.undo), &u); err != nil {
			return settled{}, fmt.Errorf("read how to undo example %s: %w", i.id, err)
		}
	}
	q := db.New(tx)
	ex, err := q.StandingForAct(ctx, by.ID, h.cfg.Dataset, i.id)
	if errors.Is(err, pgx.ErrNoRows) {
		return keep(isGone), nil
	}
	if err != nil {
		return settled{}, fmt.Errorf("read example %s: %w", i.id, err)
	}
	back := settled{outcome: Reversed, result: "taken back"}
	switch h.act.Kind {
	case Tag:
		n, err := q.RemoveTag(ctx, h.cfg.Dataset, h.act.Parameters.Tag, i.id)
		if err != nil {
			return settled{}, fmt.Errorf("untag example %s: %w", i.id, err)
		}
		if n == 0 {
			return keep("somebody took the tag off"), nil
		}
		return back, h.recordExample(ctx, tx, by, "example.untag", i.id)
	case Untag:
		n, err := q.AddTag(ctx, db.AddTagParams{DatasetID: h.cfg.Dataset, Tag: h.act.Parameters.Tag, ExampleID: i.id, AuthorID: by.ID})
		if err != nil {
			return settled{}, fmt.Errorf("tag example %s: %w", i.id, err)
		}
		if n == 0 {
			return keep("somebody put the tag on again"), nil
		}
		return back, h.recordExample(ctx, tx, by, "example.tag", i.id)
	case Waive:
		if int(ex.Revision) != i.revision {
			return keep(isTouched), nil
		}
		for _, w := range u.Waivers {
			err := h.cfg.Review.WithdrawIn(ctx, tx, by, i.id, w, "The act that waived it was undone.")
			if errors.Is(err, fault.Conflict) {
				return settled{}, &errRefused{"somebody withdrew the waiver"}
			}
			if err != nil {
				return refused(err)
			}
		}
		return back, nil
	}
	if ex.HolderID != nil && *ex.HolderID != by.ID {
		return keep(isHeld), nil
	}
	if h.act.Kind == Approve || h.act.Kind == Reject {
		if int(ex.Revision) != i.revision {
			return keep(isTouched), nil
		}
		err := h.cfg.Review.UndoIn(ctx, tx, by, i.id, u.Decision)
		if errors.Is(err, fault.Conflict) {
			return settled{}, &errRefused{isTouched}
		}
		if err != nil {
			return refused(err)
		}
		return back, nil
	}
	if int(ex.Revision) != u.Revision || ex.Status != db.ExampleStatusPending || ex.Decided {
		return keep(isTouched), nil
	}
	if h.act.Kind == Move {
		_, err = h.cfg.Review.MoveBackIn(ctx, tx, by, i.id, u.Category, u.Subcategory, u.Revision-1, u.Status)
	} else {
		_, err = h.cfg.Review.TakeBackIn(ctx, tx, by, i.id, u.Revision-1, u.Status)
	}
	if err != nil {
		return refused(err)
	}
	return back, nil
}
