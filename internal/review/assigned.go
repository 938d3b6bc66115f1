package review

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

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
// queue; of an import or a list, the examples that wait are claimed directly, and what
// is approved where a sample audits it.
func (s *Service) claimAssigned(ctx context.Context, reviewer, assignment uuid.UUID, n int) ([]Lease, error) {
	a, err := s.assigned(ctx, reviewer, assignment)
	if err != nil {
		return nil, err
	}
	if a.Category != "" {
		return s.Claim(ctx, reviewer, Queue{Category: a.Category, Subcategory: a.Subcategory}, n)
	}
	got, err := s.hiddenAssigned(ctx, reviewer, assignment, a, n)
	if err != nil {
		return nil, fmt.Errorf("hide a look in assignment %s: %w", assignment, err)
	}
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
		if a.Audits && len(got) < n {
			more, err := s.claimAudited(ctx, reviewer, assignment, again, n-len(got))
			if err != nil {
				return nil, fmt.Errorf("claim from assignment %s: %w", assignment, err)
			}
			got = append(got, more...)
		}
		if len(got) > 0 {
			break
		}
	}
	return got, nil
}

// hiddenAssigned is hidden for an import or a list: now and then it leases one look
// in place of an example of the assignment, one that could be an example of it as far
// as its reviewer can tell. Second looks are at examples of the assignment itself.
// Gold examples are of the kind that is next in it, and of its import; of a list, of
// an import that the list has examples of this kind from, unless somebody looked
// for what its examples say: there another one would stand out. While nothing waits
// in the assignment, no look comes either, which could be told by the count.
func (s *Service) hiddenAssigned(ctx context.Context, reviewer, assignment uuid.UUID, a db.OpenAssignmentOfRow, n int) ([]Lease, error) {
	gold := s.cfg.Chance() < goldChance*float64(n)
	if !gold && s.cfg.Chance() >= secondChance*float64(n) {
		return nil, nil
	}
	q := db.New(s.cfg.DB)
	next, err := q.WaitingInAssignment(ctx, s.cfg.Dataset, a.ImportID, assignment)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look what is next: %w", err)
	}
	if gold {
		among, err := q.GoldLikeAssigned(ctx, db.GoldLikeAssignedParams{
			DatasetID: s.cfg.Dataset, Category: next.Category, Subcategory: next.Subcategory, ImportID: a.ImportID, AssignmentID: assignment, Wide: !searched(a.Origin),
		})
		if err != nil {
			return nil, fmt.Errorf("list gold examples: %w", err)
		}
		if len(among) > 0 {
			got, err := s.claimGold(ctx, reviewer, next.Category, next.Subcategory, among)
			if err != nil {
				return nil, err
			}
			if len(got) > 0 {
				return s.placed(ctx, q, reviewer, assignment, got)
			}
		}
	}
	rows, err := q.ClaimAssignedLook(ctx, db.ClaimAssignedLookParams{
		ImportID: a.ImportID, DatasetID: s.cfg.Dataset, ReviewerID: &reviewer, Category: next.Category, Subcategory: next.Subcategory,
		AssignmentID: assignment, Seconds: LeaseFor.Seconds(),
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	got := Lease{ExampleID: rows[0].ExampleID, ExpiresAt: rows[0].ExpiresAt}
	if open, err := s.stillOpen(ctx, reviewer, rows[0].LookID, got); err != nil || !open {
		return nil, err
	}
	return s.placed(ctx, q, reviewer, assignment, []Lease{got})
}

// placed notes that the looks behind these leases were handed out in the assignment,
// so that its page shows them again after a reload.
func (s *Service) placed(ctx context.Context, q *db.Queries, reviewer, assignment uuid.UUID, got []Lease) ([]Lease, error) {
	for _, l := range got {
		look, err := q.LookOfLease(ctx, s.cfg.Dataset, l.ExampleID, reviewer)
		if errors.Is(err, pgx.ErrNoRows) {
			continue // the lease is gone already
		}
		if err == nil {
			err = q.PlaceLook(ctx, &assignment, s.cfg.Dataset, *look)
		}
		if err != nil {
			return nil, fmt.Errorf("note where the look at %s was handed out: %w", l.ExampleID, err)
		}
	}
	return got, nil
}

// searched says whether a list was found by what its examples say, or chosen one by
// one, and not only by where they stand or came from.
func searched(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || origin == "" {
		return true
	}
	if strings.HasPrefix(u.Path, "/sampling/") {
		return false // drawn at random
	}
	if u.Path != "/examples" {
		return true
	}
	for name := range u.Query() {
		switch name {
		case "category", "subcategory", "status", "source", "import":
		default:
			return true
		}
	}
	return false
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
