package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// An Order is the order in which a queue is worked off.
type Order string

// The orders. Both leave the rarest kinds and gold items out of sight: see
// docs/review.md.
const (
	BySuspicion Order = ""       // the kind that lacks most of its plan first; in it, what looks worst first
	OldestFirst Order = "oldest" // as imported
)

// ParseOrder returns the order of that name; any other is fault.Invalid.
func ParseOrder(name string) (Order, error) {
	switch o := Order(name); o {
	case BySuspicion, OldestFirst:
		return o, nil
	}
	return "", fault.Fields("There is no such order.", map[string]string{"order": "Use oldest, or leave it out for the most suspicious first."})
}

// A Queue says which pending examples a reviewer wants, and in which order: empty
// fields mean all.
type Queue struct {
	Category    string
	Subcategory string
	Order       Order
	// Assignment, if set, is the work that a lead gave: the queue is what of it
	// waits, and the other fields do not count.
	Assignment uuid.UUID
}

// A Lease is one example held by one reviewer until a moment.
type Lease struct {
	ExampleID uuid.UUID
	ExpiresAt time.Time
}

// A shelf is one subcategory with something to review.
type shelf struct {
	category, subcategory string
	pending, approved     int64
	// enough is how many approvals make a further one of this reviewer pointless,
	// because what is missing is a skill that they do not have; 0: none do.
	enough int32
}

// Claim leases up to n examples of q to the reviewer. It never hands out an
// example that is under somebody's live lease, the reviewer's own included, or on
// whose current revision they gave a verdict. Now and then it hands out a look
// (see Looks), which the reviewer can't tell from the others. What the reviewer
// skipped comes back only when nothing else is left. An empty result means that
// nothing is left for them.
func (s *Service) Claim(ctx context.Context, reviewer uuid.UUID, q Queue, n int) ([]Lease, error) {
	if n < 1 || n > MaxClaim {
		return nil, fault.New(fault.Invalid, "Claim between 1 and %d examples at once.", MaxClaim)
	}
	if q.Assignment != uuid.Nil {
		return s.claimAssigned(ctx, reviewer, q.Assignment, n)
	}
	got, err := s.claim(ctx, reviewer, q, n)
	if err != nil {
		return nil, fmt.Errorf("claim from %+v: %w", q, err)
	}
	return got, nil
}

func (s *Service) claim(ctx context.Context, reviewer uuid.UUID, q Queue, n int) ([]Lease, error) {
	shelves, err := s.shelves(ctx, reviewer, q)
	if err != nil {
		return nil, err
	}
	got, err := s.hidden(ctx, reviewer, q, shelves, n)
	if err != nil {
		return nil, err
	}
	// Two rounds: from where the reviewer was, then from the start, for what was
	// released or ran out behind them.
	for _, fromStart := range [...]bool{false, true} {
		more, err := s.claimRound(ctx, reviewer, q.Order, shelves, fromStart, n-len(got))
		if err != nil {
			return nil, err
		}
		if got = append(got, more...); len(got) == n {
			return got, nil
		}
	}
	if len(got) > 0 {
		return got, nil
	}
	// Nothing else is left: second looks, as many as there are, then what was skipped.
	if got, err = s.claimLast(ctx, reviewer, q); err != nil || len(got) > 0 {
		return got, err
	}
	return s.claimSkipped(ctx, reviewer, q, n)
}

func (s *Service) claimRound(ctx context.Context, reviewer uuid.UUID, order Order, shelves []shelf, fromStart bool, n int) ([]Lease, error) {
	if order == OldestFirst {
		return s.claimOldest(ctx, reviewer, shelves, fromStart, n)
	}
	var got []Lease
	for _, sh := range shelves {
		if len(got) == n {
			break
		}
		m := mark{reviewer, order, sh.category, sh.subcategory}
		after, ok := s.watermark(m)
		if fromStart {
			if !ok {
				continue // the first round began at the start
			}
			after = start
		}
		rows, last, err := s.claimShelf(ctx, reviewer, order, sh, after, n-len(got))
		if err != nil {
			return nil, err
		}
		if last != after {
			s.setWatermark(m, last)
		}
		got = append(got, rows...)
	}
	return got, nil
}

// claimOldest takes one example after the other, each time from the shelf whose
// next one is oldest.
func (s *Service) claimOldest(ctx context.Context, reviewer uuid.UUID, shelves []shelf, fromStart bool, n int) ([]Lease, error) {
	var got []Lease
	afters := make([]uuid.UUID, len(shelves))
	moved := false
	for i, sh := range shelves {
		if p, ok := s.watermark(mark{reviewer, OldestFirst, sh.category, sh.subcategory}); ok && !fromStart {
			afters[i] = p.id
		} else if ok {
			moved = true
		}
	}
	if fromStart && !moved {
		return nil, nil // the first round began at the start
	}
	for len(got) < n {
		p := db.OldestShelvesParams{DatasetID: s.cfg.Dataset, Afters: afters}
		for _, sh := range shelves {
			p.Categories, p.Subcategories = append(p.Categories, sh.category), append(p.Subcategories, sh.subcategory)
		}
		heads, err := db.New(s.cfg.DB).OldestShelves(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("look for the oldest: %w", err)
		}
		if len(heads) == 0 {
			break
		}
		for _, h := range heads {
			i := slices.IndexFunc(shelves, func(sh shelf) bool { return sh.category == h.Category && sh.subcategory == h.Subcategory })
			rows, last, err := s.claimShelf(ctx, reviewer, OldestFirst, shelves[i], place{id: afters[i]}, 1)
			if err != nil {
				return nil, err
			}
			if len(rows) == 0 {
				last.id = uuid.Max // nothing there for this reviewer now
			} else {
				s.setWatermark(mark{reviewer, OldestFirst, h.Category, h.Subcategory}, last)
			}
			afters[i] = last.id
			if len(rows) > 0 {
				got = append(got, rows...)
				break
			}
		}
	}
	return got, nil
}

// shelves lists the shelves of q that hold anything: the categories in the
// catalog's order, in each the subcategory that lacks most of its plan first.
func (s *Service) shelves(ctx context.Context, reviewer uuid.UUID, q Queue) ([]shelf, error) {
	rows, err := db.New(s.cfg.DB).Shelves(ctx, s.cfg.Dataset, q.Category, q.Subcategory)
	if err != nil {
		return nil, fmt.Errorf("list shelves: %w", err)
	}
	shelves := make([]shelf, len(rows))
	for i, r := range rows {
		shelves[i] = shelf{category: r.Category, subcategory: r.Subcategory, pending: r.Pending, approved: r.Approved}
	}
	var order []string
	if q.Category == "" {
		if order, err = s.cfg.Order(ctx); err != nil {
			return nil, fmt.Errorf("order of categories: %w", err)
		}
	}
	c, err := s.catalog(ctx, freshCatalog)
	if err != nil {
		return nil, err
	}
	if c != nil {
		if err := s.setEnough(ctx, reviewer, c, shelves); err != nil {
			return nil, err
		}
	}
	rank := func(slug string) int {
		if i := slices.Index(order, slug); i >= 0 {
			return i
		}
		return len(order) // a category that left the catalog comes last
	}
	slices.SortStableFunc(shelves, func(a, b shelf) int {
		if d := rank(a.category) - rank(b.category); d != 0 || a.category != b.category {
			return d
		}
		return cmp.Compare(coverage(c, a), coverage(c, b))
	})
	return shelves, nil
}

// setEnough finds out on which shelves the reviewer lacks a skill: there they are
// not given what has all its approvals but the skilled one. It reads the reviewer's
// skills once, and not at all where no category asks for any.
func (s *Service) setEnough(ctx context.Context, reviewer uuid.UUID, c *catalog.Catalog, shelves []shelf) error {
	var has []string
	read := false
	for i, sh := range shelves {
		cat, ok := c.Category(sh.category)
		if !ok {
			continue
		}
		asked := terms{category: cat, known: true}.skills()
		if len(asked) == 0 {
			continue
		}
		if !read {
			var err error
			if has, err = db.New(s.cfg.DB).SkillsOfUser(ctx, reviewer); err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return fmt.Errorf("read the reviewer's skills: %w", err)
			}
			read = true
		}
		if slices.ContainsFunc(asked, func(skill string) bool { return !slices.Contains(has, skill) }) {
			shelves[i].enough = int32(max(cat.Approvals, 1))
		}
	}
	return nil
}

// coverage is how much of a shelf's plan is approved; what has no plan comes last.
func coverage(c *catalog.Catalog, sh shelf) float64 {
	if c == nil {
		return 0
	}
	cat, _ := c.Category(sh.category)
	sub, ok := cat.Subcategory(sh.subcategory)
	if !ok || sub.Planned == 0 {
		return math.Inf(1)
	}
	return float64(sh.approved) / float64(sub.Planned)
}

// claimShelf leases up to n examples of a shelf beyond after and returns how far
// it came. It goes on while other claims are quicker, so that an empty result
// means an empty shelf.
func (s *Service) claimShelf(ctx context.Context, reviewer uuid.UUID, order Order, sh shelf, after place, n int) (got []Lease, last place, err error) {
	for last = after; len(got) < n; {
		p := db.ClaimAfterParams{
			DatasetID: s.cfg.Dataset, ReviewerID: reviewer, Seconds: LeaseFor.Seconds(), Category: sh.category, Subcategory: sh.subcategory,
			Place: last.rank, After: last.id, MaxRows: int32(n - len(got)), Enough: sh.enough,
		}
		var rows []db.ClaimAfterRow
		if order == OldestFirst {
			rows, err = s.claimAfterOldest(ctx, p)
		} else {
			rows, err = db.New(s.cfg.DB).ClaimAfter(ctx, p)
		}
		if err != nil {
			return nil, after, fmt.Errorf("claim from the shelf %s/%s: %w", sh.category, sh.subcategory, err)
		}
		lost := false
		for _, r := range rows {
			last = place{rank: -r.Suspicion, id: r.ExampleID}
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

func (s *Service) claimAfterOldest(ctx context.Context, p db.ClaimAfterParams) ([]db.ClaimAfterRow, error) {
	rows, err := db.New(s.cfg.DB).ClaimOldest(ctx, db.ClaimOldestParams{
		DatasetID: p.DatasetID, Category: p.Category, Subcategory: p.Subcategory, After: p.After,
		ReviewerID: p.ReviewerID, Enough: p.Enough, MaxRows: p.MaxRows, Seconds: p.Seconds,
	})
	out := make([]db.ClaimAfterRow, len(rows))
	for i, r := range rows {
		out[i] = db.ClaimAfterRow(r)
	}
	return out, err
}

func (s *Service) claimSkipped(ctx context.Context, reviewer uuid.UUID, q Queue, n int) ([]Lease, error) {
	rows, err := db.New(s.cfg.DB).ClaimSkipped(ctx, db.ClaimSkippedParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer,
		Category: q.Category, Subcategory: q.Subcategory, MaxRows: int32(n), Seconds: LeaseFor.Seconds(),
	})
	if err != nil {
		return nil, fmt.Errorf("claim what was skipped: %w", err)
	}
	got := make([]Lease, len(rows))
	for i, r := range rows {
		got[i] = Lease(r)
	}
	return got, nil
}

// Held returns what the reviewer holds in q, in the order in which they took it:
// what a page shows again after a reload.
func (s *Service) Held(ctx context.Context, reviewer uuid.UUID, q Queue) ([]Lease, error) {
	if q.Assignment != uuid.Nil {
		return s.heldAssigned(ctx, reviewer, q.Assignment)
	}
	rows, err := db.New(s.cfg.DB).OwnLeases(ctx, db.OwnLeasesParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer,
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
