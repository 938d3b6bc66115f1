package quality

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
)

// maxDeltas is how many rows the figures may be in, beyond those they need,
// before they are folded: adding up this many takes about a millisecond.
const maxDeltas = 5_000

// Upkeep folds the changes that triggers appended to the figures when there are
// many, and notes the day's figures for the trend. It is short and harmless to
// repeat, also by two at once.
func (s *Service) Upkeep(ctx context.Context) error {
	q := db.New(s.cfg.DB)
	n, err := q.QualityDeltas(ctx, s.cfg.Dataset)
	if err != nil {
		return fmt.Errorf("count changes of the figures: %w", err)
	}
	if n > maxDeltas+s.folded.Load() {
		if err := s.Fold(ctx); err != nil {
			return err
		}
	}
	for _, note := range []func(context.Context, uuid.UUID) error{q.RecordFindingDay, q.NoteCategoryFindings, q.NoteSources} {
		if err := note(ctx, s.cfg.Dataset); err != nil {
			return fmt.Errorf("note the day's figures: %w", err)
		}
	}
	return nil
}

// Fold adds the changes of the figures up to one row each. Readers see the same
// sums before, during and after.
func (s *Service) Fold(ctx context.Context) error {
	q := db.New(s.cfg.DB)
	var left int64
	for _, fold := range []func(context.Context, uuid.UUID) (int64, error){q.FoldFindingCounts, q.FoldTokenCounts, q.FoldSourceCounts} {
		n, err := fold(ctx, s.cfg.Dataset)
		if err != nil {
			return fmt.Errorf("fold the figures: %w", err)
		}
		left += n
	}
	s.folded.Store(left)
	return nil
}
