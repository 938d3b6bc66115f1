package report

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A Ref names one example of a scope in one of its revisions.
type Ref struct {
	Example  uuid.UUID
	Revision int
	Split    string // such as "train" in a release; empty elsewhere
	// Category and Subcategory are those that were frozen with the ref; empty
	// where the example's own count.
	Category, Subcategory string
}

// A Scope is the examples that a report is of: what a filter covers now, or what
// a release holds for ever.
type Scope struct {
	// Release is the name of the release; empty for a filter.
	Release string
	// Filter says in the report what a filter covers. It chooses nothing: Refs does.
	Filter Filter
	// At is the moment that the report speaks of. What people decided later does
	// not count, and no clock is read: the same scope of the same data gives the
	// same bytes. Zero is now.
	At time.Time
	// Catalog and Version are those that targets and plans are read from; nil is
	// the catalog in force.
	Catalog *catalog.Catalog
	Version int
	// Refs passes on every example once, a few thousand at a time, in an order
	// that does not change. An error of yield ends it and is returned.
	Refs func(ctx context.Context, yield func([]Ref) error) error
	// Before is the distribution report of the release before; nil where there is
	// none.
	Before *Distribution
	// Checks hold each row against the formats of the training platforms; nil: the
	// validation report says nothing about them.
	Checks *FormatChecks
	// Site is the address of the server whose lists of examples the numbers of an
	// HTML report lead to, such as http://localhost:8080; empty: they lead nowhere.
	// It has no effect on a release, whose reports are the same everywhere.
	Site string
}

// FormatChecks hold the rows of a scope against the formats of presets. They are used
// for one report.
type FormatChecks struct {
	Presets []string
	// Read reads a row as it is stored, once for all presets. Several goroutines call
	// it at the same time.
	Read func(messages, tools string, strict bool) any
	// Row says what the platform of a preset, named by its place in Presets, would
	// refuse of a row that Read gave, or what somebody should know of it. It gets the
	// rows in their order, those of one preset from one goroutine at a time.
	Row func(preset int, read any) []FormatProblem
	// End says it of the rows as a whole, after the last.
	End func(preset int) []FormatProblem
}

// A FormatProblem is one thing that a platform's rules say of a row.
type FormatProblem struct {
	Rule    string // a short name that stays
	Text    string
	Refused bool // the platform refuses the row, or the preset can't say it
}

// scopeBatch is how many examples are read at a time: each batch is one short
// query, so that no snapshot is held open while people review; and a few batches are
// held at once, read in the forms of all presets.
const scopeBatch = 500

// Filtered returns the scope of the examples that f covers now, in the order in
// which they came in. It fails with fault.Invalid for a category or status that
// there is not.
func (s *Service) Filtered(ctx context.Context, f Filter) (Scope, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return Scope{}, fmt.Errorf("scope of a filter: %w", err)
	}
	if f, err = f.in(c); err != nil {
		return Scope{}, err
	}
	return Scope{Filter: f, Refs: func(ctx context.Context, yield func([]Ref) error) error {
		refs := make([]Ref, 0, scopeBatch)
		for after := uuid.Nil; ; after = refs[len(refs)-1].Example {
			rows, err := db.New(s.db).ScopeRefs(ctx, db.ScopeRefsParams{
				DatasetID: s.dataset, After: after, Category: f.Category, Status: string(f.Status), MaxRows: scopeBatch,
			})
			if err != nil || len(rows) == 0 {
				return err
			}
			refs = refs[:0]
			for _, r := range rows {
				refs = append(refs, Ref{Example: r.ID, Revision: int(r.Revision)})
			}
			if err := yield(refs); err != nil || len(rows) < scopeBatch {
				return err
			}
		}
	}}, nil
}

// in returns f with the category spelled as the catalog does.
func (f Filter) in(c *catalog.Catalog) (Filter, error) {
	if f.Status != "" && !f.Status.Valid() {
		return f, fault.Fields("There is no such status.", map[string]string{"status": "Use pending, approved, rejected or escalated."})
	}
	if cat, ok := c.Category(f.Category); ok {
		f.Category = cat.Slug
	} else if f.Category != "" {
		return f, fault.New(fault.Invalid, "There is no category %q in the catalog.", f.Category)
	}
	return f, nil
}

// A row is what reports read of one example.
type row struct {
	Ref
	status        example.Status
	source        uuid.UUID
	strict        bool
	tokens, plain int
	conversation  example.Conversation
	read          any // by Scope.Checks, where a report asks for it
	metadata      string
	verdicts      []db.ScopeVerdictsRow // live as of the scope's moment, of any revision, oldest first
	findings      []db.ScopeFindingsRow
	groups        []db.ScopeGroupsRow
	waivers       []db.ScopeWaiversRow
	samples       []uuid.UUID // with a verdict by the scope's moment
}

// needs says what of the rows a report reads beyond the words.
type needs struct{ verdicts, findings, waivers, groups, samples, formats bool }

// batchesAhead is how many batches are read at once, with the one at hand: the
// server looks rows up and rows are parsed while others are added up.
const batchesAhead = 2

// walk reads the scope batch by batch and passes on each example, in the scope's
// order, on the caller's goroutine. A few batches are read ahead, each on a connection
// of its own. Memory is bounded by the batches.
func (s *Service) walk(ctx context.Context, sc Scope, need needs, each func(*row) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var worked atomic.Int64                        // nanoseconds, by the batches that were read since the last step
	queue := make(chan chan []row, batchesAhead-1) // batches in their order, each sent once
	g.Go(func() error {
		defer close(queue)
		return sc.Refs(ctx, func(refs []Ref) error {
			for part := range slices.Chunk(slices.Clone(refs), scopeBatch) { // refs is the caller's again when we return
				batch := make(chan []row, 1)
				select {
				case queue <- batch:
				case <-ctx.Done():
					return ctx.Err()
				}
				g.Go(func() error {
					start := time.Now()
					rows, err := s.batch(ctx, db.New(s.db), sc, part, need)
					worked.Add(int64(time.Since(start)))
					if err == nil {
						batch <- rows
					}
					return err
				})
				if err := s.step(ctx, time.Duration(worked.Swap(0))); err != nil {
					return err
				}
			}
			return nil
		})
	})
	err := func() error {
		for batch := range queue {
			select {
			case rows := <-batch:
				for i := range rows {
					if err := each(&rows[i]); err != nil {
						return err
					}
				}
			case <-ctx.Done():
				return nil // the group says why
			}
		}
		return nil
	}()
	if err != nil {
		g.Go(func() error { return err }) // ends the readers
	}
	return g.Wait()
}

func (s *Service) batch(ctx context.Context, q *db.Queries, sc Scope, refs []Ref, need needs) ([]row, error) {
	ids, revisions := make([]uuid.UUID, len(refs)), make([]int32, len(refs))
	place := make(map[uuid.UUID]int, len(refs))
	for i, r := range refs {
		ids[i], revisions[i], place[r.Example] = r.Example, int32(r.Revision), i
	}
	found, err := q.ScopeRows(ctx, ids, revisions, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("read examples: %w", err)
	}
	if len(found) != len(refs) {
		return nil, fmt.Errorf("read examples: %d of %d are there", len(found), len(refs))
	}
	rows := make([]row, len(refs))
	for _, r := range found {
		i := place[r.ID]
		x := &rows[i]
		*x = row{
			Ref: refs[i], status: example.Status(r.Status), source: r.SourceID, strict: r.Strict,
			tokens: int(r.Tokens), plain: int(r.PlainTokens), metadata: r.Metadata,
		}
		if need.formats && sc.Checks != nil {
			x.read = sc.Checks.Read(r.Messages, r.Tools, r.Strict)
		}
		if x.Category == "" {
			x.Category, x.Subcategory = r.Category, r.Subcategory
		}
		if x.conversation, err = example.Parse(r.Messages, r.Tools); err != nil {
			return nil, fmt.Errorf("read example %s: %w", r.ID, err)
		}
	}
	if need.verdicts {
		list, err := q.ScopeVerdicts(ctx, s.dataset, ids, sc.At)
		if err != nil {
			return nil, fmt.Errorf("read verdicts: %w", err)
		}
		for _, v := range list {
			x := &rows[place[v.ExampleID]]
			x.verdicts = append(x.verdicts, v)
		}
	}
	if need.findings {
		list, err := q.ScopeFindings(ctx, ids, revisions, s.dataset)
		if err != nil {
			return nil, fmt.Errorf("read findings: %w", err)
		}
		for _, v := range list {
			x := &rows[place[v.ExampleID]]
			x.findings = append(x.findings, v)
		}
	}
	if need.waivers {
		list, err := q.ScopeWaivers(ctx, ids, revisions, s.dataset)
		if err != nil {
			return nil, fmt.Errorf("read waivers: %w", err)
		}
		for _, v := range list {
			x := &rows[place[v.ExampleID]]
			x.waivers = append(x.waivers, v)
		}
	}
	if need.groups {
		list, err := q.ScopeGroups(ctx, ids, s.dataset)
		if err != nil {
			return nil, fmt.Errorf("read duplicates: %w", err)
		}
		for _, v := range list {
			x := &rows[place[v.ExampleID]]
			x.groups = append(x.groups, v)
		}
	}
	if need.samples {
		list, err := q.ScopeSamples(ctx, s.dataset, ids, sc.At)
		if err != nil {
			return nil, fmt.Errorf("read samples: %w", err)
		}
		for _, v := range list {
			x := &rows[place[v.ExampleID]]
			x.samples = append(x.samples, v.SampleID)
		}
	}
	return rows, nil
}

// settle fills in what the scope leaves open: the moment and the catalog.
func (s *Service) settle(ctx context.Context, sc Scope) (Scope, error) {
	if sc.At.IsZero() {
		sc.At = time.Now()
	}
	sc.At = sc.At.UTC()
	if sc.Catalog != nil {
		return sc, nil
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return sc, err
	}
	version, err := db.New(s.db).CatalogVersion(ctx, s.dataset)
	if err != nil {
		return sc, fmt.Errorf("catalog version: %w", err)
	}
	sc.Catalog, sc.Version = c, int(version)
	return sc, nil
}
