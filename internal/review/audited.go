package review

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
)

// kindAudit is the kind of a look at an approved example that a sample audits. It is
// handed out in the queue of the sample's assignment; the decision in it is one of a
// second look, since that is what it is.
const kindAudit = "audit"

// claimAudited leases up to n of the approved examples that an audit's assignment
// lists and nobody has judged since they were drawn, in the order of drawing. again:
// also what the reviewer skipped.
func (s *Service) claimAudited(ctx context.Context, reviewer, assignment uuid.UUID, again bool, n int) ([]Lease, error) {
	q := db.New(s.cfg.DB)
	for {
		looks := make([]uuid.UUID, n)
		for i := range looks {
			id, err := uuid.NewV7()
			if err != nil {
				return nil, fmt.Errorf("new id: %w", err)
			}
			looks[i] = id
		}
		rows, err := q.ClaimAudited(ctx, db.ClaimAuditedParams{
			DatasetID: s.cfg.Dataset, AssignmentID: assignment, ReviewerID: reviewer, Again: again, LookIds: looks, Seconds: LeaseFor.Seconds(),
		})
		if err != nil {
			return nil, fmt.Errorf("claim what is audited: %w", err)
		}
		var got []Lease
		for _, r := range rows {
			if r.ExpiresAt != nil {
				got = append(got, Lease{ExampleID: r.ExampleID, ExpiresAt: *r.ExpiresAt})
			}
		}
		if len(got) == 0 && len(rows) > 0 {
			continue // another claim was quicker with all of them: look again
		}
		return s.stillAudited(ctx, reviewer, assignment, got)
	}
}

// stillAudited gives those leases back where somebody was quicker: as stillOpen, since
// a verdict that agrees changes nothing of the example.
func (s *Service) stillAudited(ctx context.Context, reviewer, assignment uuid.UUID, got []Lease) ([]Lease, error) {
	if len(got) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(got))
	for i, l := range got {
		ids[i] = l.ExampleID
	}
	wait, err := db.New(s.cfg.DB).AuditsStillWaiting(ctx, s.cfg.Dataset, assignment, ids)
	if err != nil {
		return nil, fmt.Errorf("look again at what is audited: %w", err)
	}
	gone := slices.DeleteFunc(ids, func(id uuid.UUID) bool { return slices.Contains(wait, id) })
	if len(gone) == 0 {
		return got, nil
	}
	if err := s.Release(ctx, reviewer, gone); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(got, func(l Lease) bool { return slices.Contains(gone, l.ExampleID) }), nil
}
