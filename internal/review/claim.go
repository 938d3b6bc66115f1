package review

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// A Queue says which examples a reviewer wants: empty fields mean all, and
// Status pending.
type Queue struct {
	Category    string
	Subcategory string
	Status      example.Status
	// Assignment, if set, is the work that a lead gave: the queue is what of it
	// waits, and the other fields do not count.
	Assignment uuid.UUID
}

// A Lease is one example held by one reviewer until a moment.
type Lease struct {
	ExampleID uuid.UUID
	ExpiresAt time.Time
}

// Claim leases up to n examples of q to the reviewer, in the order of import
// within each shelf (category and subcategory). It never hands out an example
// that is under somebody's live lease, the reviewer's own included. What the
// reviewer skipped comes back only when nothing else is left. An empty result
// means that nothing is left.
func (s *Service) Claim(ctx context.Context, reviewer uuid.UUID, q Queue, n int) ([]Lease, error) {
	if q.Status == "" {
		q.Status = example.Pending
	}
	if n < 1 || n > MaxClaim {
		return nil, fault.New(fault.Invalid, "Claim between 1 and %d examples at once.", MaxClaim)
	}
	if q.Assignment != uuid.Nil {
		return s.claimAssigned(ctx, reviewer, q.Assignment, n)
	}
	shelves, err := s.shelves(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("claim from %+v: %w", q, err)
	}
	var got []Lease
	// Two rounds: from where the reviewer was, then from the start, for what was
	// released or ran out behind them.
	for _, fromStart := range [...]bool{false, true} {
		for _, shelf := range shelves {
			m := mark{reviewer, shelf.Category, shelf.Subcategory, q.Status}
			after := s.watermark(m)
			if fromStart {
				if after == uuid.Nil {
					continue // the first round began at the start
				}
				after = uuid.Nil
			}
			rows, last, err := s.claimShelf(ctx, reviewer, q.Status, shelf, after, n-len(got))
			if err != nil {
				return nil, fmt.Errorf("claim from %+v: %w", q, err)
			}
			if last != after {
				s.setWatermark(m, last)
			}
			got = append(got, rows...)
			if len(got) == n {
				return got, nil
			}
		}
	}
	if len(got) > 0 {
		return got, nil
	}
	got, err = s.claimSkipped(ctx, reviewer, q, n)
	if err != nil {
		return nil, fmt.Errorf("claim what was skipped from %+v: %w", q, err)
	}
	return got, nil
}

// shelves lists the shelves of q that hold anything, in the catalog's order of
// categories.
func (s *Service) shelves(ctx context.Context, q Queue) ([]db.ShelvesRow, error) {
	shelves, err := db.New(s.cfg.DB).Shelves(ctx, db.ShelvesParams{
		DatasetID: s.cfg.Dataset, Status: db.ExampleStatus(q.Status), Category: q.Category, Subcategory: q.Subcategory,
	})
	if err != nil {
		return nil, fmt.Errorf("list shelves: %w", err)
	}
	if q.Category != "" {
		return shelves, nil
	}
	order, err := s.cfg.Order(ctx)
	if err != nil {
		return nil, fmt.Errorf("order of categories: %w", err)
	}
	rank := func(slug string) int {
		if i := slices.Index(order, slug); i >= 0 {
			return i
		}
		return len(order) // a category that left the catalog comes last
	}
	slices.SortStableFunc(shelves, func(a, b db.ShelvesRow) int { return rank(a.Category) - rank(b.Category) })
	return shelves, nil
}

// claimShelf leases up to n examples of a shelf beyond after and returns how far
// it came. It goes on while other claims are quicker, so that an empty result
// means an empty shelf.
func (s *Service) claimShelf(ctx context.Context, reviewer uuid.UUID, status example.Status, shelf db.ShelvesRow, after uuid.UUID, n int) (got []Lease, last uuid.UUID, err error) {
	for last = after; len(got) < n; {
		rows, err := db.New(s.cfg.DB).ClaimAfter(ctx, db.ClaimAfterParams{
			DatasetID: s.cfg.Dataset, ReviewerID: reviewer, Seconds: LeaseFor.Seconds(),
			Category: shelf.Category, Subcategory: shelf.Subcategory, Status: db.ExampleStatus(status),
			After: last, MaxRows: int32(n - len(got)),
		})
		if err != nil {
			return nil, after, err
		}
		lost := false
		for _, r := range rows {
			last = r.ExampleID
			if r.ExpiresAt == nil {
				lost = true
				continue
			}
			got = append(got, Lease{ExampleID: r.ExampleID, ExpiresAt: *r.ExpiresAt})
		}
		if !lost {
			break
		}
	}
	return got, last, nil
}

func (s *Service) claimSkipped(ctx context.Context, reviewer uuid.UUID, q Queue, n int) ([]Lease, error) {
	rows, err := db.New(s.cfg.DB).ClaimSkipped(ctx, db.ClaimSkippedParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer, Status: db.ExampleStatus(q.Status),
		Category: q.Category, Subcategory: q.Subcategory, MaxRows: int32(n), Seconds: LeaseFor.Seconds(),
	})
	if err != nil {
		return nil, err
	}
	got := make([]Lease, len(rows))
	for i, r := range rows {
		got[i] = Lease(r)
	}
	return got, nil
}

// Held returns what the reviewer holds in q, oldest example first: what a page
// shows again after a reload.
func (s *Service) Held(ctx context.Context, reviewer uuid.UUID, q Queue) ([]Lease, error) {
	if q.Status == "" {
		q.Status = example.Pending
	}
	if q.Assignment != uuid.Nil {
		return s.heldAssigned(ctx, reviewer, q.Assignment)
	}
	rows, err := db.New(s.cfg.DB).OwnLeases(ctx, db.OwnLeasesParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer, Status: db.ExampleStatus(q.Status),
		Category: q.Category, Subcategory: q.Subcategory, MaxRows: MaxClaim,
	})
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	held := make([]Lease, len(rows))
	for i, r := range rows {
		held[i] = Lease(r)
	}
	return held, nil
}

// Extend is the heartbeat: it moves the end of those leases that are still the
// reviewer's and returns them. A lease that is not in the answer is lost.
func (s *Service) Extend(ctx context.Context, reviewer uuid.UUID, ids []uuid.UUID) ([]Lease, error) {
	if len(ids) > MaxClaim {
		return nil, fault.New(fault.Invalid, "Extend at most %d leases at once.", MaxClaim)
	}
	rows, err := db.New(s.cfg.DB).ExtendLeases(ctx, db.ExtendLeasesParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer, ExampleIds: ids, Seconds: LeaseFor.Seconds(),
	})
	if err != nil {
		return nil, fmt.Errorf("extend leases: %w", err)
	}
	held := make([]Lease, len(rows))
	for i, r := range rows {
		held[i] = Lease(r)
	}
	return held, nil
}

// Release gives leases back, for a reviewer who leaves the page.
func (s *Service) Release(ctx context.Context, reviewer uuid.UUID, ids []uuid.UUID) error {
	if err := db.New(s.cfg.DB).ReleaseLeases(ctx, s.cfg.Dataset, reviewer, ids); err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}

// HandOver drops whatever lease is on an example, for a lead who frees what
// somebody holds.
func (s *Service) HandOver(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	return postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		if err := db.New(tx).DropLease(ctx, s.cfg.Dataset, id); err != nil {
			return fmt.Errorf("drop the lease on %s: %w", id, err)
		}
		return s.record(ctx, tx, by, "lease.dropped", id, nil)
	})
}

// Sweep deletes leases that ran out an hour ago and more; expired ones block
// nobody, this only keeps the table small.
func (s *Service) Sweep(ctx context.Context) (int64, error) {
	n, err := db.New(s.cfg.DB).SweepLeases(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep leases: %w", err)
	}
	return n, nil
}
