package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Pace is how much is done in a day, from what was done on the days before.
type Pace struct {
	Days   int     // that it rests on
	Active int     // of them, those on which something was done
	Mean   float64 // a day
	SD     float64 // of days
	t      float64 // quantile of the 80 % range
}

// reachShare is how likely a range of a forecast holds what comes, if the days to come
// are like those before.
const reachShare = 0.8

// PaceOf is the pace of consecutive days, days off among them.
func PaceOf(daily []float64) Pace {
	p := Pace{Days: len(daily)}
	for _, v := range daily {
		p.Mean += v / float64(len(daily))
		if v != 0 {
			p.Active++
		}
	}
	if p.Days < 2 {
		return p
	}
	for _, v := range daily {
		p.SD += (v - p.Mean) * (v - p.Mean) / float64(p.Days-1)
	}
	p.SD = math.Sqrt(p.SD)
	p.t = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(p.Days - 1)}.Quantile(1 - (1-reachShare)/2)
	return p
}

// After is how much will be done in so many further days: the expected amount and the
// ends of the 80 % range. The days are taken to be independent, so their sum over d days
// has the variance SD²·d; that the mean is only estimated from n days adds SD²·d²/n.
func (p Pace) After(days int) (low, expected, high float64) {
	d, n := float64(days), float64(max(p.Days, 1))
	off := p.t * p.SD * math.Sqrt(d*(1+d/n))
	return max(p.Mean*d-off, 0), p.Mean * d, p.Mean*d + off
}

// Reach is after how many days an amount is done: at the earliest and at the latest of
// the 80 % range, looking at most so many days ahead. Latest is -1 where the range does
// not end by then, both are where it does not begin.
func (p Pace) Reach(amount float64, most int) (earliest, latest int) {
	earliest, latest = -1, -1
	for d := 0; d <= most; d++ {
		low, _, high := p.After(d)
		if earliest < 0 && high >= amount {
			earliest = d
		}
		if low >= amount {
			return earliest, d
		}
	}
	return earliest, latest
}
