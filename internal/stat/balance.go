package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Balance says how evenly things are spread over classes.
type Balance struct {
	N         int
	Entropy   float64 // Shannon, nats
	Evenness  float64 // Entropy over that of an even spread (Pielou): 1 is even
	Effective float64 // as many equally frequent classes would have this entropy (Hill, order 1)
	Imbalance float64 // largest over smallest class; +Inf with an empty class
	Gini      float64 // probability that two differ (Gini-Simpson)
	ToUniform float64 // Kullback-Leibler divergence from an even spread, nats
}

// BalanceOf counts by class.
func BalanceOf(counts []int) Balance {
	var b Balance
	most, least := 0, math.MaxInt
	for _, c := range counts {
		b.N += c
		most, least = max(most, c), min(least, c)
	}
	var squares float64
	for _, c := range counts {
		p := float64(c) / float64(b.N)
		if c > 0 {
			b.Entropy -= p * math.Log(p)
		}
		squares += p * p
	}
	even := math.Log(float64(len(counts)))
	b.Evenness = b.Entropy / even
	b.Effective = math.Exp(b.Entropy)
	b.Imbalance = float64(most) / float64(least)
	b.Gini = 1 - squares
	b.ToUniform = even - b.Entropy
	return b
}

// Drift says how far two spreads over the same classes are apart.
type Drift struct {
	JSD            float64 // Jensen-Shannon divergence, bits: 0 equal, 1 nothing in common
	PSI            float64 // population stability index; rule of thumb: below 0.1 none, above 0.25 large
	TotalVariation float64 // half the sum of differences of shares
	ChiSquare      float64 // of the two rows as a contingency table
	Freedom        int
	P              float64 // probability of such a chi-square or more if both were drawn alike
	CramerV        float64
}

// DriftOf compares counts by class; both have the same classes in the same order. PSI
// is infinite when a class is empty on one side only.
func DriftOf(a, b []int) Drift {
	var na, nb float64
	for k := range a {
		na += float64(a[k])
		nb += float64(b[k])
	}
	d := Drift{Freedom: -1}
	for k := range a {
		x, y := float64(a[k]), float64(b[k])
		if x+y == 0 {
			continue // a class nobody uses
		}
		d.Freedom++
		p, q := x/na, y/nb
		m := (p + q) / 2
		d.JSD += (plogp(p, m) + plogp(q, m)) / 2
		if x != y || p != q {
			d.PSI += (p - q) * math.Log(p/q)
		}
		d.TotalVariation += math.Abs(p-q) / 2
		ea, eb := na*(x+y)/(na+nb), nb*(x+y)/(na+nb)
		d.ChiSquare += (x-ea)*(x-ea)/ea + (y-eb)*(y-eb)/eb
	}
	if na == 0 || nb == 0 || d.Freedom < 1 {
		d.P = math.NaN()
		return d
	}
	d.P = distuv.ChiSquared{K: float64(d.Freedom)}.Survival(d.ChiSquare)
	d.CramerV = math.Sqrt(d.ChiSquare / (na + nb)) // two rows: the smaller side less one is 1
	return d
}

// plogp is p log2(p/m), 0 for p = 0.
func plogp(p, m float64) float64 {
	if p == 0 {
		return 0
	}
	return p * math.Log2(p/m)
}
