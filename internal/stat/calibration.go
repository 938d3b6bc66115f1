package stat

import (
	"cmp"
	"math"
	"slices"
)

// A Forecast is a confidence and what happened.
type Forecast struct {
	P   float64 // from 0 to 1
	Hit bool
}

// Brier is the mean squared distance of confidences from what happened (Brier 1950): 0
// is perfect, 0.25 is what always saying one half gets.
func Brier(fs []Forecast) float64 {
	var sum float64
	for _, f := range fs {
		sum += (f.P - outcome(f)) * (f.P - outcome(f))
	}
	return sum / float64(len(fs))
}

func outcome(f Forecast) float64 {
	if f.Hit {
		return 1
	}
	return 0
}

// LogLoss is the mean negative logarithm of the probability given to what happened.
// Certainty that was wrong would make it infinite: probabilities are kept 1e-15 away
// from 0 and 1.
func LogLoss(fs []Forecast) float64 {
	const least = 1e-15
	var sum float64
	for _, f := range fs {
		p := min(max(f.P, least), 1-least)
		if !f.Hit {
			p = 1 - p
		}
		sum -= math.Log(p)
	}
	return sum / float64(len(fs))
}

// BrierParts are Murphy's (1973): Brier = Reliability - Resolution + Uncertainty, over
// the distinct confidences.
type BrierParts struct{ Reliability, Resolution, Uncertainty float64 }

// Decompose takes the Brier score apart.
func Decompose(fs []Forecast) BrierParts {
	type group struct{ n, hits float64 }
	groups := map[float64]group{}
	var hits float64
	for _, f := range fs {
		g := groups[f.P]
		g.n++
		g.hits += outcome(f)
		groups[f.P] = g
		hits += outcome(f)
	}
	n := float64(len(fs))
	base := hits / n
	parts := BrierParts{Uncertainty: base * (1 - base)}
	// In order, so that the same numbers always add up to the same figure.
	ps := make([]float64, 0, len(groups))
	for p := range groups {
		ps = append(ps, p)
	}
	slices.Sort(ps)
	for _, p := range ps {
		g := groups[p]
		rate := g.hits / g.n
		parts.Reliability += g.n / n * (p - rate) * (p - rate)
		parts.Resolution += g.n / n * (rate - base) * (rate - base)
	}
	return parts
}

// A Bin is one row of a reliability table: the forecasts with From < P <= To (P = 0 is
// in the first).
type Bin struct {
	From, To float64
	N, Hits  int
	Mean     float64  // mean confidence; NaN when empty
	Rate     float64  // share of hits; NaN when empty
	Wilson   Interval // 95 % of Rate
}

// Gap is how far the rate is from the mean confidence; 0 when empty.
func (b Bin) Gap() float64 {
	if b.N == 0 {
		return 0
	}
	return math.Abs(b.Rate - b.Mean)
}

// Reliability is the table of forecasts in bins of equal width.
func Reliability(fs []Forecast, bins int) []Bin {
	edges := make([]float64, bins+1)
	for i := range edges {
		edges[i] = float64(i) / float64(bins)
	}
	return ReliabilityAt(fs, edges)
}

// ReliabilityAt is the table of forecasts in bins between edges, which ascend; what
// lies outside is in the first or the last.
func ReliabilityAt(fs []Forecast, edges []float64) []Bin {
	groups := make([][]Forecast, len(edges)-1)
	for _, f := range fs {
		i, _ := slices.BinarySearch(edges, f.P) // the first edge >= P: bins are closed on the right
		i = min(max(i-1, 0), len(groups)-1)
		groups[i] = append(groups[i], f)
	}
	out := make([]Bin, len(groups))
	for i, g := range groups {
		out[i] = bin(g, edges[i], edges[i+1])
	}
	return out
}

// ReliabilityByMass is the table of forecasts in bins of equal numbers, as far as they
// divide; equal confidences may fall into two bins.
func ReliabilityByMass(fs []Forecast, bins int) []Bin {
	fs = slices.Clone(fs)
	slices.SortStableFunc(fs, func(a, b Forecast) int { return cmp.Compare(a.P, b.P) })
	var out []Bin
	for i := range bins {
		if g := fs[i*len(fs)/bins : (i+1)*len(fs)/bins]; len(g) > 0 {
			out = append(out, bin(g, g[0].P, g[len(g)-1].P))
		}
	}
	return out
}

func bin(fs []Forecast, from, to float64) Bin {
	b := Bin{From: from, To: to, N: len(fs)}
	var sum float64
	for _, f := range fs {
		sum += f.P
		if f.Hit {
			b.Hits++
		}
	}
	b.Mean, b.Rate = sum/float64(b.N), float64(b.Hits)/float64(b.N)
	b.Wilson = Wilson(b.Hits, b.N, confidence)
	return b
}

// CalibrationError sums up a reliability table.
type CalibrationError struct {
	N       int
	Mean    float64 // expected calibration error (ECE): mean gap, weighted by numbers
	Squared float64 // root of the weighted mean squared gap
	Max     float64 // largest gap (MCE)
}

// Calibration sums up a reliability table. It depends on the bins and is biased upward
// when they hold few: say how many bins and forecasts beside it.
func Calibration(bins []Bin) CalibrationError {
	var e CalibrationError
	for _, b := range bins {
		e.N += b.N
	}
	for _, b := range bins {
		share := float64(b.N) / float64(e.N)
		e.Mean += share * b.Gap()
		e.Squared += share * b.Gap() * b.Gap()
		e.Max = max(e.Max, b.Gap())
	}
	e.Squared = math.Sqrt(e.Squared)
	return e
}
