package report

import (
	"fmt"
	"time"

	"github.com/voicefit/spotter/internal/stat"
)

// Changes is what is different from the release before.
type Changes struct {
	Release    string          `json:"release"`
	MadeAt     time.Time       `json:"made_at"`
	Examples   int64           `json:"examples"` // difference
	Tokens     int64           `json:"tokens"`
	MeanTokens float64         `json:"mean_tokens"`
	Categories []CategoryShift `json:"categories"`
	// PSI is the population stability index of the categories' shares: below 0.1
	// there is no shift to speak of, from 0.25 on a large one.
	PSI   float64 `json:"population_stability_index"`
	Words string  `json:"words"`
}

// A CategoryShift is one category then and now.
type CategoryShift struct {
	Slug        string  `json:"slug"`
	Name        string  `json:"name"`
	Before      int64   `json:"before"`
	Now         int64   `json:"now"`
	ShareBefore float64 `json:"share_before"`
	Share       float64 `json:"share"`
}

// The rule of thumb for the population stability index.
const (
	someShift  = 0.1
	largeShift = 0.25
)

func changes(before, now Distribution) *Changes {
	c := &Changes{
		Release: before.Release, MadeAt: before.MadeAt, Examples: now.Examples - before.Examples,
		Tokens: now.Tokens.Total - before.Tokens.Total, MeanTokens: round(now.Tokens.Mean-before.Tokens.Mean, 1),
	}
	place := map[string]int{}
	at := func(p CategoryPart) *CategoryShift {
		i, ok := place[p.Slug]
		if !ok {
			i = len(c.Categories)
			place[p.Slug] = i
			c.Categories = append(c.Categories, CategoryShift{Slug: p.Slug, Name: p.Name})
		}
		return &c.Categories[i]
	}
	for _, p := range now.Categories {
		s := at(p)
		s.Now, s.Share = p.Examples, p.Share
	}
	for _, p := range before.Categories {
		s := at(p)
		s.Before, s.ShareBefore = p.Examples, p.Share
	}
	var a, b []int
	for _, s := range c.Categories {
		if s.Before+s.Now > 0 {
			// Half an example more in each keeps the logarithm finite where one is 0;
			// only shares count, so all are doubled.
			a = append(a, int(2*s.Before+1))
			b = append(b, int(2*s.Now+1))
		}
	}
	if len(a) > 1 {
		c.PSI = round(stat.DriftOf(b, a).PSI, 4)
	}
	shift := "The categories hold about the same shares as before."
	switch {
	case c.PSI >= largeShift:
		shift = "The shares of the categories shifted a lot."
	case c.PSI >= someShift:
		shift = "The shares of the categories shifted somewhat."
	}
	c.Words = fmt.Sprintf("%s examples and %s tokens against %s. %s", signed(c.Examples), signed(c.Tokens), before.Release, shift)
	return c
}

// signed writes a difference with its sign.
func signed(n int64) string {
	switch {
	case n > 0:
		return "+" + grouped(n)
	case n < 0:
		return "−" + grouped(-n)
	}
	return "±0"
}
