package review

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// assigned reads what an assignment is about, where it runs and is the
// reviewer's; anything else is fault.NotFound.
func (s *Service) assigned(ctx context.Context, reviewer, assignment uuid.UUID) (db.OpenAssignmentOfRow, error) {
	a, err := db.New(s.cfg.DB).OpenAssignmentOf(ctx, s.cfg.Dataset, assignment, reviewer)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, fault.New(fault.NotFound, "This assignment has ended, or it is not yours any more.")
	}
	if err != nil {
		return a, fmt.Errorf("read assignment %s: %w", assignment, err)
	}
	return a, nil
}

// claimAssigned is Claim within an assignment. One of a shelf is that shelf's
// queue; of an import or a list, the examples that wait are claimed directly.
func (s *Service) claimAssigned(ctx context.Context, reviewer, assignment uuid.UUID, n int) ([]Lease, error) {
	a, err := s.assigned(ctx, reviewer, assignment)
	if err != nil {
		return nil, err
	}
	if a.Category != "" {
		return s.Claim(ctx, reviewer, Queue{Category: a.Category, Subcategory: a.Subcategory}, n)
	}
	var got []Lease
	// Twice: what the reviewer skipped comes back only when nothing else is left.
	for _, again := range [...]bool{false, true} {
		for len(got) < n {
			rows, err := s.claimOnce(ctx, reviewer, assignment, a.ImportID, again, n-len(got))
			if err != nil {
				return nil, fmt.Errorf("claim from assignment %s: %w", assignment, err)
			}
			lost := false
			for _, r := range rows {
				if r.ExpiresAt == nil {
					lost = true // another claim was quicker: look again
					continue
				}
				got = append(got, Lease{ExampleID: r.ExampleID, ExpiresAt: *r.ExpiresAt})
			}
			if !lost {
				break
			}
		}
		if len(got) > 0 {
			break
		}
	}
	return got, nil
}

func (s *Service) claimOnce(ctx context.Context, reviewer, assignment uuid.UUID, run *uuid.UUID, again bool, n int) ([]db.ClaimListedRow, error) {
	q := db.New(s.cfg.DB)
	if run == nil {
		return q.ClaimListed(ctx, db.ClaimListedParams{
			DatasetID: s.cfg.Dataset, AssignmentID: assignment, ReviewerID: reviewer, Again: again, MaxRows: int32(n), Seconds: LeaseFor.Seconds(),
		})
	}
	rows, err := q.ClaimImported(ctx, db.ClaimImportedParams{
		DatasetID: s.cfg.Dataset, ImportID: *run, ReviewerID: reviewer, Again: again, MaxRows: int32(n), Seconds: LeaseFor.Seconds(),
	})
	if err != nil {
		return nil, err
	}
	claimed := make([]db.ClaimListedRow, len(rows))
	for i, r := range rows {
		claimed[i] = db.ClaimListedRow(r)
	}
	return claimed, nil
}

// heldAssigned is Held within an assignment, in the order of claiming.
func (s *Service) heldAssigned(ctx context.Context, reviewer, assignment uuid.UUID) ([]Lease, error) {
	a, err := s.assigned(ctx, reviewer, assignment)
	if err != nil {
		return nil, err
	}
	if a.Category != "" {
		return s.Held(ctx, reviewer, Queue{Category: a.Category, Subcategory: a.Subcategory})
	}
	rows, err := db.New(s.cfg.DB).OwnAssignedLeases(ctx, db.OwnAssignedLeasesParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer, ImportID: a.ImportID, AssignmentID: assignment, MaxRows: MaxClaim,
	})
	if err != nil {
		return nil, fmt.Errorf("list leases of assignment %s: %w", assignment, err)
	}
	held := make([]Lease, len(rows))
	for i, r := range rows {
		held[i] = Lease(r)
	}
	return held, nil
}
