package report

import (
	"fmt"
	"math"

	"github.com/voicefit/spotter/internal/stat"
)

// A Fit is a chi-square test of whether examples are spread as planned.
type Fit struct {
	Of        string  `json:"of"`   // the slug of a category, or "categories"
	Name      string  `json:"name"` // as people say it
	ChiSquare float64 `json:"chi_square"`
	Freedom   int     `json:"degrees_of_freedom"`
	P         float64 `json:"p"`
	// Effect is Cohen's w: the root of chi-square over the number of examples. It
	// says how far from plan, whatever the number of examples is.
	Effect float64 `json:"effect"`
	Enough bool    `json:"enough"` // at least five examples are expected in every part
	Words  string  `json:"words"`
}

// What a Cohen's w is called (Cohen 1988).
const (
	smallEffect = 0.1
	largeEffect = 0.5
	leastWanted = 5 // expected examples of every part, for the test to hold
	likely      = 0.05
)

// fitOf tests the planned subcategories of a category; false where fewer than two
// are planned or none has examples.
func fitOf(c CategoryPart, subs []SubcategoryPart) (Fit, bool) {
	var observed []int
	var planned []float64
	worst, most := "", 0.0
	for _, s := range subs {
		if s.Planned == 0 {
			continue
		}
		observed = append(observed, int(s.Examples))
		planned = append(planned, float64(s.Planned))
	}
	f, ok := fit(observed, planned)
	if !ok {
		return Fit{}, false
	}
	total, plan := sums(observed, planned)
	for _, s := range subs {
		if s.Planned == 0 {
			continue
		}
		expected := float64(total) * float64(s.Planned) / plan
		if off := (float64(s.Examples) - expected) / math.Sqrt(expected); math.Abs(off) > math.Abs(most) {
			worst, most = fmt.Sprintf("%s has %s where the plan makes %s", s.Name, grouped(s.Examples), grouped(int64(math.Round(expected)))), off
		}
	}
	f.Of, f.Name = c.Slug, c.Name
	f.Words = fitWords(f, "the subcategories of "+c.Name, worst)
	return f, true
}

// fitOfTargets tests the categories against the middles of their targets.
func fitOfTargets(categories []CategoryPart) (Fit, bool) {
	var observed []int
	var planned []float64
	for _, c := range categories {
		if middle := float64(c.TargetMin+c.TargetMax) / 2; middle > 0 {
			observed = append(observed, int(c.Examples))
			planned = append(planned, middle)
		}
	}
	f, ok := fit(observed, planned)
	if !ok {
		return Fit{}, false
	}
	total, plan := sums(observed, planned)
	worst, most := "", 0.0
	for _, c := range categories {
		middle := float64(c.TargetMin+c.TargetMax) / 2
		if middle == 0 {
			continue
		}
		expected := float64(total) * middle / plan
		if off := (float64(c.Examples) - expected) / math.Sqrt(expected); math.Abs(off) > math.Abs(most) {
			worst, most = fmt.Sprintf("%s has %s where the targets make %s", c.Name, grouped(c.Examples), grouped(int64(math.Round(expected)))), off
		}
	}
	f.Of, f.Name = "categories", "Categories against the middles of their targets"
	f.Words = fitWords(f, "the categories", worst)
	return f, true
}

func sums(observed []int, planned []float64) (total int, plan float64) {
	for i := range observed {
		total += observed[i]
		plan += planned[i]
	}
	return total, plan
}

func fit(observed []int, planned []float64) (Fit, bool) {
	if total, _ := sums(observed, planned); len(observed) < 2 || total == 0 {
		return Fit{}, false
	}
	g := stat.FitOf(observed, planned)
	f := Fit{ChiSquare: round(g.ChiSquare, 3), Freedom: g.Freedom, P: round(g.P, 6), Effect: round(g.Effect, 4), Enough: g.Least >= leastWanted}
	return f, true
}

// fitWords says it for people who know no statistics.
func fitWords(f Fit, what, worst string) string {
	switch {
	case !f.Enough:
		return fmt.Sprintf("Too few examples to test %s: some parts expect fewer than five. Furthest off: %s.", what, worst)
	case f.P >= likely:
		return fmt.Sprintf("Nothing says that %s are spread otherwise than planned: chance alone would often do as much.", what)
	case f.Effect < smallEffect:
		return fmt.Sprintf("Not quite as planned, but close: the differences in %s are more than chance and too small to matter. Furthest off: %s.", what, worst)
	case f.Effect < largeEffect:
		return fmt.Sprintf("Not as planned: %s are spread visibly otherwise. Furthest off: %s.", what, worst)
	}
	return fmt.Sprintf("Far from planned: %s are spread very differently. Furthest off: %s.", what, worst)
}
