package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// An Interval is where a figure lies with some confidence, both ends included.
type Interval struct{ Low, High float64 }

// A Method says how the interval of an Estimate was made.
type Method string

const (
	// Analytic: the standard error of the source, and Student's t with one degree of
	// freedom less than there are units.
	Analytic Method = "analytic"
	// Score is Wilson's interval of a share.
	Score Method = "Wilson"
	// Bootstrap: the middle of the figures of many samples drawn from the units with
	// replacement, by a fixed seed.
	Bootstrap Method = "bootstrap"
)

// An Estimate is a figure with its 95 % confidence interval.
type Estimate struct {
	Value float64 // NaN where the numbers don't determine it
	SE    float64 // standard error; NaN where Method has none
	Interval
	Units  int // how many units it rests on
	Method Method
	// Observed and Chance are the agreement that was seen and the one expected by
	// chance, for the coefficients that have a formula; else NaN.
	Observed, Chance float64
}

// Known reports whether the numbers determine the figure.
func (e Estimate) Known() bool { return !math.IsNaN(e.Value) }

// confidence is that of every interval of an Estimate.
const confidence = 0.95

// unknown is the figure of numbers that don't determine one.
func unknown(units int, m Method) Estimate {
	nan := math.NaN()
	return Estimate{Value: nan, SE: nan, Interval: Interval{nan, nan}, Units: units, Method: m, Observed: nan, Chance: nan}
}

// analytic is a figure with its variance. Agreement coefficients end at 1, so the
// interval does too.
func analytic(value, variance float64, units int) Estimate {
	if math.IsNaN(value) || math.IsInf(value, 0) || units < 2 {
		e := unknown(units, Analytic)
		if !math.IsInf(value, 0) {
			e.Value = value
		}
		return e
	}
	se := math.Sqrt(max(variance, 0))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(units - 1)}.Quantile(1 - (1-confidence)/2)
	e := unknown(units, Analytic)
	e.Value, e.SE = value, se
	e.Interval = Interval{max(value-t*se, -1), min(value+t*se, 1)}
	return e
}

// of is e with what it was made of.
func (e Estimate) of(observed, chance float64) Estimate {
	e.Observed, e.Chance = observed, chance
	return e
}

// score is the share k of n with Wilson's interval.
func score(k, n int) Estimate {
	e := unknown(n, Score)
	e.Value = float64(k) / float64(n)
	e.SE = math.Sqrt(e.Value * (1 - e.Value) / float64(n))
	e.Interval = Wilson(k, n, confidence)
	return e
}
