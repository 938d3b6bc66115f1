package browse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
)

// All returns the ids of the examples that pass the filter, in order, at most
// limit of them. more says that there are others, or that the time that it may
// take was over before the end.
func (s *Service) All(ctx context.Context, f Filter, limit int, within time.Duration) (ids []uuid.UUID, more bool, err error) {
	if err := f.validate(); err != nil {
		return nil, false, err
	}
	c, ok, err := s.candidates(ctx, f)
	if err != nil || !ok {
		return nil, false, err
	}
	start, at := time.Now(), uuid.Nil
	for {
		window, err := s.window(ctx, c, at, false, lastWindow)
		if err != nil {
			return nil, false, fmt.Errorf("all examples of a filter: %w", err)
		}
		if len(window) == 0 {
			return ids, false, nil
		}
		at = window[len(window)-1]
		full := len(window) == lastWindow
		pass := slices.Compact(window)
		if c.inexact {
			if pass, err = s.passing(ctx, pass, f); err != nil {
				return nil, false, fmt.Errorf("all examples of a filter: %w", err)
			}
		}
		ids = append(ids, pass...)
		switch {
		case len(ids) > limit:
			return ids[:limit], true, nil
		case !full:
			return ids, false, nil
		case time.Since(start) > within:
			return ids, true, nil
		}
	}
}

// passing are those of the candidates that pass the whole filter, in order.
func (s *Service) passing(ctx context.Context, ids []uuid.UUID, f Filter) ([]uuid.UUID, error) {
	where, args, err := s.conditions(ctx, ids, f)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `
		SELECT e.id
		  FROM examples e
		  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
		 WHERE `+where+`
		 ORDER BY e.id`, args)
	if err != nil {
		return nil, fmt.Errorf("hold against the filter: %w", err)
	}
	pass, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("hold against the filter: %w", err)
	}
	return pass, nil
}

// Tags lists the tags that are on any example, by name, at most 500.
func (s *Service) Tags(ctx context.Context) ([]string, error) {
	tags, err := db.New(s.db).TagsInUse(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	return tags, nil
}

// TagsOf lists the tags of one example, by name.
func (s *Service) TagsOf(ctx context.Context, id uuid.UUID) ([]string, error) {
	tags, err := db.New(s.db).TagsOf(ctx, s.dataset, id)
	if err != nil {
		return nil, fmt.Errorf("tags of example %s: %w", id, err)
	}
	return tags, nil
}

// Known returns how many examples pass the filter where the counters know it
// without looking: for filters by category, subcategory and status.
func (s *Service) Known(ctx context.Context, f Filter) (int64, bool, error) {
	if f != (Filter{Category: f.Category, Subcategory: f.Subcategory, Status: f.Status, Blind: f.Blind}) {
		return 0, false, nil
	}
	n, err := db.New(s.db).CountedExamples(ctx, db.CountedExamplesParams{
		DatasetID: s.dataset, Category: f.Category, Subcategory: f.Subcategory, Status: string(f.Status),
	})
	if err != nil {
		return 0, false, fmt.Errorf("count by filter: %w", err)
	}
	return n, true, nil
}
