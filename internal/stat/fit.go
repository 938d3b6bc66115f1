package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// A GoodnessOfFit is Pearson's chi-square test of counts against a plan.
type GoodnessOfFit struct {
	N         int
	ChiSquare float64
	Freedom   int
	P         float64 // probability of such a chi-square or more if the plan were true
	Effect    float64 // Cohen's w, the root of ChiSquare over N: how far off, whatever N is
	Least     float64 // the smallest expected count; the test holds from 5 on
}

// FitOf tests counts by class against weights of the same classes, which need not add
// up to anything and are above 0. Its figures are NaN where nothing was counted or
// there is one class only.
func FitOf(counts []int, weights []float64) GoodnessOfFit {
	g := GoodnessOfFit{Freedom: len(counts) - 1, Least: math.Inf(1)}
	var whole float64
	for k, c := range counts {
		g.N += c
		whole += weights[k]
	}
	if g.N == 0 || g.Freedom < 1 {
		g.ChiSquare, g.P, g.Effect, g.Least = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		return g
	}
	for k, c := range counts {
		expected := float64(g.N) * weights[k] / whole
		g.ChiSquare += (float64(c) - expected) * (float64(c) - expected) / expected
		g.Least = min(g.Least, expected)
	}
	g.P = distuv.ChiSquared{K: float64(g.Freedom)}.Survival(g.ChiSquare)
	g.Effect = math.Sqrt(g.ChiSquare / float64(g.N))
	return g
}
