package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/stat"
)

// Agreement is how far people who did not see each other's verdicts agree: on
// examples of the scope, each revision by itself.
type Agreement struct {
	Examples int64 `json:"examples"` // seen by two people or more
	Agree    int64 `json:"agree"`    // of them, those on which all agree
	// Estimates are coefficients with their 95 % intervals; absent where the
	// verdicts do not determine them.
	Estimates []Coefficient `json:"estimates,omitempty"`
	Words     string        `json:"words"`
}

// A Coefficient is one measure of agreement.
type Coefficient struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

type agreementTally struct {
	patterns map[[2]int]int // (approvals, rejections) of an example: how many
}

func newAgreementTally() agreementTally { return agreementTally{patterns: map[[2]int]int{}} }

// add takes the verdicts of kinds review and second on the scope's revision; of
// each person the last counts. Verdicts of people who had been shown what others said
// do not.
func (t *agreementTally) add(x *row) {
	last := map[uuid.UUID]bool{}
	for _, v := range x.verdicts {
		if int(v.Revision) == x.Revision && (v.Kind == "review" || v.Kind == "second") && !v.Informed && v.Verdict != string(example.Escalate) {
			last[v.ReviewerID] = v.Verdict == string(example.Approve)
		}
	}
	if len(last) < 2 {
		return
	}
	var p [2]int
	for _, approved := range last {
		if approved {
			p[0]++
		} else {
			p[1]++
		}
	}
	t.patterns[p]++
}

func (t *agreementTally) report() Agreement {
	var a Agreement
	var patterns []stat.Pattern
	for p, n := range t.patterns {
		a.Examples += int64(n)
		if p[0] == 0 || p[1] == 0 {
			a.Agree += int64(n)
		}
		patterns = append(patterns, stat.Pattern{Counts: []int{p[0], p[1]}, Times: n})
	}
	slices.SortFunc(patterns, func(x, y stat.Pattern) int {
		return cmp.Or(cmp.Compare(x.Counts[0], y.Counts[0]), cmp.Compare(x.Counts[1], y.Counts[1]))
	})
	if a.Examples == 0 {
		a.Words = "No example was looked at by two people independently, so nothing can be said of agreement."
		return a
	}
	for _, one := range []struct {
		name     string
		estimate stat.Estimate
	}{
		{"Agreement as counted", stat.Percent(patterns, stat.Identity(2))},
		{"Gwet's AC1", stat.AC(patterns, stat.Identity(2))},
		{"Krippendorff's alpha", stat.Krippendorff(patterns, stat.Identity(2))},
	} {
		if e := one.estimate; e.Known() {
			c := Coefficient{Name: one.name, Value: round(e.Value, 4), Low: round(e.Low, 4), High: round(e.High, 4)}
			if e.Low != e.Low || e.High != e.High { // one example has no interval
				c.Low, c.High = -1, 1
			}
			a.Estimates = append(a.Estimates, c)
		}
	}
	a.Words = fmt.Sprintf("On %s of %s examples that two or more people looked at independently, all of them agree.", grouped(a.Agree), grouped(a.Examples))
	return a
}
