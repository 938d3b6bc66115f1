package review

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
)

// OwnApprovals counts the examples of a category, or of one of its subcategories,
// that the reviewer approved and that wait for somebody else: their part of
// these is done, although nothing is decided. It looks at the reviewer's latest
// thousand decisions.
func (s *Service) OwnApprovals(ctx context.Context, reviewer uuid.UUID, category, subcategory string) (int64, error) {
	n, err := db.New(s.cfg.DB).OwnApprovalsWaiting(ctx, db.OwnApprovalsWaitingParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer, Category: category, Subcategory: subcategory,
	})
	if err != nil {
		return 0, fmt.Errorf("count own approvals: %w", err)
	}
	return n, nil
}
