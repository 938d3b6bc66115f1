// Package agreement says how far people who review the same examples agree, and how
// each of them works: pace, edits, results on gold examples. It only reads; what
// the figures are is package stat's, and docs/agreement.md explains them.
package agreement

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/stat"
)

// TooFew is how many examples seen by two people are needed before a figure is
// judged in words: with fewer, the interval of a share of nine in ten reaches more
// than ten points to either side.
const TooFew = 30

// bootstrapSeed makes intervals by resampling the same on every visit.
const bootstrapSeed = 20260117

// A Choice is what somebody made of an example, from best to worst.
type Choice int

// The choices, as the queries number them.
const (
	Plain    Choice = iota // approved as it was
	Edited                 // approved after an edit
	Rejected               // rejected

	choices = 3
)

// Service reads one dataset. It is safe for concurrent use.
type Service struct {
	db      db.DBTX
	dataset uuid.UUID
}

// New returns the service.
func New(conn db.DBTX, dataset uuid.UUID) *Service { return &Service{db: conn, dataset: dataset} }

// A Filter says which verdicts count.
type Filter struct {
	Category string    // empty: all
	Since    time.Time // zero: from the beginning
}

// A Person reviews.
type Person struct {
	ID   uuid.UUID
	Name string
}

// Measures are figures of agreement of all who saw the same examples. Two verdicts
// agree when both approve, after an edit or not, or both reject; WithEdits alone
// looks at the edits too.
type Measures struct {
	Units     int // examples, each revision by itself, that two or more people judged
	Agreed    int // of them, those that all judged alike
	Several   int // of them, those that more than two judged
	Percent   stat.Estimate
	AC1       stat.Estimate
	Alpha     stat.Estimate // Krippendorff's, nominal
	Fleiss    stat.Estimate // for two people on each example, Scott's pi
	Brennan   stat.Estimate // Brennan and Prediger's
	WithEdits stat.Estimate // Gwet's AC2 of plain, edited, rejected with linear weights
}

// A Matrix counts the examples that two people judged: the first's choice, then the
// second's.
type Matrix [choices][choices]int

// Units is how many examples it counts.
func (m Matrix) Units() int {
	n := 0
	for _, row := range m {
		for _, c := range row {
			n += c
		}
	}
	return n
}

// Verdicts is the matrix without a look at edits: approved, rejected.
func (m Matrix) Verdicts() stat.Table {
	t := stat.Table{{0, 0}, {0, 0}}
	for a, row := range m {
		for b, c := range row {
			t[a/int(Rejected)][b/int(Rejected)] += c
		}
	}
	return t
}

func (m Matrix) add(o Matrix) Matrix {
	for a := range m {
		for b := range m[a] {
			m[a][b] += o[a][b]
		}
	}
	return m
}

// A Pair is two people and how they judged the same examples.
type Pair struct {
	First, Second Person
	Matrix        Matrix
	Percent       stat.Estimate
	AC1           stat.Estimate
	Kappa         stat.Estimate // Cohen's
	Weighted      stat.Estimate // Cohen's of plain, edited, rejected, linear weights
}

func newPair(first, second Person, m Matrix) Pair {
	t := m.Verdicts()
	whole := make(stat.Table, choices)
	for a := range m {
		whole[a] = slices.Clone(m[a][:])
	}
	return Pair{
		First: first, Second: second, Matrix: m, Percent: t.Agree(), AC1: stat.AC(t.Patterns(), stat.Identity(2)),
		Kappa: stat.Cohen(t, stat.Identity(2)), Weighted: stat.Cohen(whole, stat.Linear(choices)),
	}
}

// A Category has its own figures.
type Category struct {
	Slug string
	Measures
	Pairs []Pair // by how much they share, most first
}

// An Overview is how far all agree.
type Overview struct {
	Measures
	Categories []Category // by slug; those with something to compare
	Pairs      []Pair     // over all categories of the filter, by how much they share, most first
}

// Overview computes how far people agree on what f says.
func (s *Service) Overview(ctx context.Context, f Filter) (Overview, error) {
	q := db.New(s.db)
	patterns, err := q.AgreementPatterns(ctx, s.dataset, f.Category, f.Since)
	if err != nil {
		return Overview{}, fmt.Errorf("count who judged alike: %w", err)
	}
	pairs, err := q.AgreementPairs(ctx, db.AgreementPairsParams{DatasetID: s.dataset, Since: f.Since, Category: f.Category})
	if err != nil {
		return Overview{}, fmt.Errorf("count pairs of people: %w", err)
	}
	var all []stat.Pattern
	byCategory := map[string][]stat.Pattern{}
	for _, r := range patterns {
		p := stat.Pattern{Counts: []int{int(r.Plain), int(r.Edited), int(r.Rejected)}, Times: int(r.Units)}
		all = append(all, p)
		byCategory[r.Category] = append(byCategory[r.Category], p)
	}
	o := Overview{Measures: measure(all), Pairs: collect(pairs, "")}
	for slug, ps := range byCategory {
		o.Categories = append(o.Categories, Category{Slug: slug, Measures: measure(ps), Pairs: collect(pairs, slug)})
	}
	slices.SortFunc(o.Categories, func(a, b Category) int { return cmp.Compare(a.Slug, b.Slug) })
	return o, nil
}

// measure computes the figures of patterns of three choices.
func measure(whole []stat.Pattern) Measures {
	var m Measures
	verdicts := make([]stat.Pattern, len(whole))
	for i, p := range whole {
		approved, rejected := p.Counts[Plain]+p.Counts[Edited], p.Counts[Rejected]
		verdicts[i] = stat.Pattern{Counts: []int{approved, rejected}, Times: p.Times}
		m.Units += p.Times
		if approved == 0 || rejected == 0 {
			m.Agreed += p.Times
		}
		if approved+rejected > 2 {
			m.Several += p.Times
		}
	}
	two := stat.Identity(2)
	m.Percent = stat.Percent(verdicts, two)
	m.AC1 = stat.AC(verdicts, two)
	m.Alpha = stat.Krippendorff(verdicts, two)
	m.Fleiss = stat.Fleiss(verdicts, two)
	m.Brennan = stat.BrennanPrediger(verdicts, two, bootstrapSeed)
	m.WithEdits = stat.AC(whole, stat.Linear(choices))
	return m
}

// collect makes pairs of the rows of a category, or of all with an empty one.
func collect(rows []db.AgreementPairsRow, category string) []Pair {
	type key struct{ a, b uuid.UUID }
	matrices := map[key]Matrix{}
	names := map[uuid.UUID]string{}
	for _, r := range rows {
		if category != "" && r.Category != category {
			continue
		}
		k := key{r.FirstID, r.SecondID}
		m := matrices[k]
		m[r.FirstChoice][r.SecondChoice] += int(r.Units)
		matrices[k] = m
		names[r.FirstID], names[r.SecondID] = r.FirstName, r.SecondName
	}
	out := make([]Pair, 0, len(matrices))
	for k, m := range matrices {
		out = append(out, newPair(Person{k.a, names[k.a]}, Person{k.b, names[k.b]}, m))
	}
	slices.SortFunc(out, func(a, b Pair) int {
		return cmp.Or(b.Matrix.Units()-a.Matrix.Units(), cmp.Compare(a.First.Name, b.First.Name), cmp.Compare(a.Second.Name, b.Second.Name),
			cmp.Compare(a.First.ID.String(), b.First.ID.String()), cmp.Compare(a.Second.ID.String(), b.Second.ID.String()))
	})
	return out
}
