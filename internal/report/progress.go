// Package report computes the figures that people act on: how far the dataset is
// from its targets, and what happened lately. Counts come from maintained
// counters, never from counting examples.
package report

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
)

// Service computes figures for one dataset. It is safe for concurrent use.
type Service struct {
	db      db.DBTX
	dataset uuid.UUID
	catalog func(ctx context.Context) (*catalog.Catalog, error)
	folded  atomic.Int64  // rows that the day tables had after the last fold
	slots   chan struct{} // one for each report that is being made
	step    func(ctx context.Context, worked time.Duration) error
}

// New returns the service; current returns the catalog in force.
func New(conn db.DBTX, dataset uuid.UUID, current func(ctx context.Context) (*catalog.Catalog, error)) *Service {
	return &Service{
		db: conn, dataset: dataset, catalog: current, slots: make(chan struct{}, maxAtOnce),
		step: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// GiveWay has reports that read every example call step between batches, with how long
// reading took, so that they can rest while people are waiting. It is called before the
// first report.
func (s *Service) GiveWay(step func(ctx context.Context, worked time.Duration) error) { s.step = step }

// Counts are numbers of examples, by status.
type Counts struct {
	Pending, Approved, Rejected, Escalated int64
	Tokens                                 int64 // of the approved ones, Hugging Face form
}

// Total is the number of examples of every status.
func (c Counts) Total() int64 { return c.Pending + c.Approved + c.Rejected + c.Escalated }

// Of is the number of examples of one status.
func (c Counts) Of(s example.Status) int64 {
	switch s {
	case example.Pending:
		return c.Pending
	case example.Approved:
		return c.Approved
	case example.Rejected:
		return c.Rejected
	case example.Escalated:
		return c.Escalated
	}
	return 0
}

func (c *Counts) add(s example.Status, examples, tokens int64) {
	switch s {
	case example.Pending:
		c.Pending += examples
	case example.Approved:
		c.Approved += examples
		c.Tokens += tokens
	case example.Rejected:
		c.Rejected += examples
	case example.Escalated:
		c.Escalated += examples
	}
}

// Progress is where the dataset stands.
type Progress struct {
	Categories []CategoryProgress
	Total      Counts
	At         time.Time // when it was computed
}

// CategoryProgress is one category against its target. A category that has
// examples but is not in the catalog comes last, with InCatalog false.
type CategoryProgress struct {
	Slug, Name, Priority string
	TargetMin, TargetMax int
	InCatalog            bool
	Counts               Counts
	AllTokens            map[example.Status]int64
	Subcategories        []SubcategoryProgress
}

// SubcategoryProgress is one subcategory against its plan; Slug is empty for
// examples that name none. Planned 0 means that nothing was planned.
type SubcategoryProgress struct {
	Slug, Name string
	Planned    int
	InCatalog  bool
	Counts     Counts
}

// Progress computes where every category stands, in the catalog's order.
func (s *Service) Progress(ctx context.Context) (Progress, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return Progress{}, fmt.Errorf("progress: %w", err)
	}
	rows, err := db.New(s.db).CountsByShelf(ctx, s.dataset)
	if err != nil {
		return Progress{}, fmt.Errorf("progress: %w", err)
	}
	return progress(c, rows), nil
}

// progress puts counts into the catalog's order.
func progress(c *catalog.Catalog, rows []db.CountsByShelfRow) Progress {
	p := Progress{At: time.Now()}
	place := map[string]int{}
	category := func(slug string) *CategoryProgress {
		i, ok := place[slug]
		if !ok {
			i = len(p.Categories)
			place[slug] = i
			p.Categories = append(p.Categories, CategoryProgress{Slug: slug, Name: slug, AllTokens: map[example.Status]int64{}})
		}
		return &p.Categories[i]
	}
	for _, known := range c.Categories {
		cp := category(known.Slug)
		cp.Name, cp.Priority, cp.InCatalog = known.Name, known.Priority, true
		cp.TargetMin, cp.TargetMax = known.Target.Min, known.Target.Max
		for _, sub := range known.Subcategories {
			cp.Subcategories = append(cp.Subcategories, SubcategoryProgress{Slug: sub.Slug, Name: sub.Name, Planned: sub.Planned, InCatalog: true})
		}
	}
	for _, r := range rows {
		status := example.Status(r.Status)
		cp := category(r.Category)
		cp.Counts.add(status, r.Examples, r.Tokens)
		cp.AllTokens[status] += r.Tokens
		cp.subcategory(r.Subcategory).Counts.add(status, r.Examples, r.Tokens)
		p.Total.add(status, r.Examples, r.Tokens)
	}
	return p
}

func (c *CategoryProgress) subcategory(slug string) *SubcategoryProgress {
	for i := range c.Subcategories {
		if c.Subcategories[i].Slug == slug {
			return &c.Subcategories[i]
		}
	}
	c.Subcategories = append(c.Subcategories, SubcategoryProgress{Slug: slug, Name: slug})
	return &c.Subcategories[len(c.Subcategories)-1]
}

// An Event is something that happened lately: an import or a decision.
type Event struct {
	At      time.Time
	Who     string
	Import  *ImportEvent // exactly one of the two is set
	Decided *DecisionEvent
}

// An ImportEvent is an import that was started.
type ImportEvent struct {
	ID                                   uuid.UUID
	Filename, State                      string
	Rows, Inserted, Duplicates, Rejected int64
}

// A DecisionEvent is a decision about an example.
type DecisionEvent struct {
	ExampleID, ReviewerID uuid.UUID
	Category, Subcategory string
	Verdict, Reason       string
	Edited                bool
}

// Recent lists the newest n events, newest first.
func (s *Service) Recent(ctx context.Context, n int) ([]Event, error) {
	q := db.New(s.db)
	decisions, err := q.RecentDecisions(ctx, s.dataset, int32(n))
	if err != nil {
		return nil, fmt.Errorf("recent decisions: %w", err)
	}
	imports, err := q.RecentImports(ctx, s.dataset, int32(n))
	if err != nil {
		return nil, fmt.Errorf("recent imports: %w", err)
	}
	var events []Event
	for len(events) < n && (len(decisions) > 0 || len(imports) > 0) {
		if len(imports) == 0 || len(decisions) > 0 && decisions[0].CreatedAt.After(imports[0].CreatedAt) {
			d := decisions[0]
			decisions = decisions[1:]
			events = append(events, Event{At: d.CreatedAt, Who: d.Reviewer, Decided: &DecisionEvent{
				ExampleID: d.ExampleID, ReviewerID: d.ReviewerID, Category: d.Category, Subcategory: d.Subcategory,
				Verdict: d.Verdict, Reason: d.Reason, Edited: d.NewRevision != nil,
			}})
			continue
		}
		i := imports[0]
		imports = imports[1:]
		events = append(events, Event{At: i.CreatedAt, Who: i.Importer, Import: &ImportEvent{
			ID: i.ID, Filename: i.Filename, State: i.State,
			Rows: i.Rows, Inserted: i.Inserted, Duplicates: i.Duplicates, Rejected: i.Rejected,
		}})
	}
	return events, nil
}

// DemoExamples is how many examples came with the demo and are still there.
func (s *Service) DemoExamples(ctx context.Context) (int64, error) {
	n, err := db.New(s.db).DemoExamples(ctx, s.dataset)
	if err != nil {
		return 0, fmt.Errorf("count demo examples: %w", err)
	}
	return n, nil
}
