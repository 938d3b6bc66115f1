package stat

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Pattern is one way in which units were rated, and how many were: Counts[k]
// raters chose category k, on Times units. Grouping equal units keeps the
// arithmetic small when a hundred thousand units have a handful of patterns.
type Pattern struct {
	Counts []int
	Times  int
}

// A Table counts units rated by two raters: Table[k][l] were put into category k by
// the first and l by the second. It is square.
type Table [][]int

// Weights say how much two categories agree, from 0 to 1; the diagonal is 1.
type Weights [][]float64

// Identity weights: only equal categories agree.
func Identity(q int) Weights { return weights(q, func(float64) float64 { return 1 }) }

// Linear weights: disagreement grows with the distance of two of q ordered categories.
func Linear(q int) Weights {
	return weights(q, func(d float64) float64 { return d / float64(q-1) })
}

// Quadratic weights: disagreement grows with the square of the distance.
func Quadratic(q int) Weights {
	return weights(q, func(d float64) float64 { return d * d / float64(q-1) / float64(q-1) })
}

func weights(q int, loss func(distance float64) float64) Weights {
	w := make(Weights, q)
	for k := range w {
		w[k] = make([]float64, q)
		for l := range w[k] {
			w[k][l] = 1
			if k != l {
				w[k][l] = 1 - loss(math.Abs(float64(k-l)))
			}
		}
	}
	return w
}

// sum is Gwet's T_w: all weights together.
func (w Weights) sum() float64 {
	var t float64
	for k := range w {
		for l := range w[k] {
			t += w[k][l]
		}
	}
	return t
}

// N is how many units the table counts.
func (t Table) N() int {
	n := 0
	for _, row := range t {
		for _, c := range row {
			n += c
		}
	}
	return n
}

// Patterns are the units of the table without saying who rated what.
func (t Table) Patterns() []Pattern {
	var out []Pattern
	for k, row := range t {
		for l, c := range row {
			if c == 0 {
				continue
			}
			counts := make([]int, len(t))
			counts[k]++
			counts[l]++
			out = append(out, Pattern{counts, c})
		}
	}
	return out
}

// Agree is the share of units on which both raters agree, with Wilson's interval.
func (t Table) Agree() Estimate {
	same := 0
	for k := range t {
		same += t[k][k]
	}
	n := t.N()
	if n == 0 {
		return unknown(0, Score)
	}
	return score(same, n)
}

// Cohen is Cohen's kappa, weighted if w is not Identity: agreement beyond what the two
// raters' own habits would give by chance. It is NaN when both used one and the same
// category only. The variance is that of Fleiss, Cohen and Everitt (1969).
func Cohen(t Table, w Weights) Estimate {
	n := float64(t.N())
	if n == 0 {
		return unknown(0, Analytic)
	}
	q := len(t)
	rows, cols := make([]float64, q), make([]float64, q)
	for k := range t {
		for l, c := range t[k] {
			rows[k] += float64(c) / n
			cols[l] += float64(c) / n
		}
	}
	// wr[k]: how much the second rater's habits agree with k; wc[l]: the first's with l.
	wr, wc := make([]float64, q), make([]float64, q)
	var pa, pe float64
	for k := range t {
		for l, c := range t[k] {
			pa += w[k][l] * float64(c) / n
			pe += w[k][l] * rows[k] * cols[l]
			wr[k] += w[k][l] * cols[l]
			wc[l] += w[k][l] * rows[k]
		}
	}
	if pe >= 1 {
		return unknown(int(n), Analytic)
	}
	kappa := (pa - pe) / (1 - pe)
	var sum float64
	for k := range t {
		for l, c := range t[k] {
			d := w[k][l] - (1-kappa)*(wr[k]+wc[l])
			sum += float64(c) / n * d * d
		}
	}
	mean := pa - 2*(1-kappa)*pe
	return analytic(kappa, (sum-mean*mean)/(n*(1-pe)*(1-pe)), int(n)).of(pa, pe)
}

// rated is what every coefficient needs of a set of patterns.
type rated struct {
	patterns []Pattern
	n        float64   // units with a rating
	pairs    float64   // units with two or more
	share    []float64 // mean share of each category
	pa       float64   // weighted agreement of two raters of a unit, by chance chosen
}

func rate(patterns []Pattern, w Weights) rated {
	r := rated{share: make([]float64, len(w))}
	for _, p := range patterns {
		m := raters(p)
		if m == 0 || p.Times == 0 {
			continue
		}
		r.patterns = append(r.patterns, p)
		times := float64(p.Times)
		r.n += times
		for k, c := range p.Counts {
			r.share[k] += times * float64(c) / float64(m)
		}
		if m > 1 {
			r.pairs += times
			r.pa += times * agreeing(p, w)
		}
	}
	for k := range r.share {
		r.share[k] /= r.n
	}
	r.pa /= r.pairs
	return r
}

// raters is how many rated each unit of p.
func raters(p Pattern) int {
	m := 0
	for _, c := range p.Counts {
		m += c
	}
	return m
}

// agreeing is the weighted share of pairs of raters of p who agree; p has two or more.
func agreeing(p Pattern, w Weights) float64 {
	m := float64(raters(p))
	return ordered(p, w) / (m * (m - 1))
}

// ordered is the weighted number of agreeing ordered pairs of raters of p.
func ordered(p Pattern, w Weights) float64 {
	var sum float64
	for k, c := range p.Counts {
		if c == 0 {
			continue
		}
		var near float64
		for l, d := range p.Counts {
			near += w[k][l] * float64(d)
		}
		sum += float64(c) * (near - 1)
	}
	return sum
}

// corrected takes chance out of r.pa: pe is chance agreement, and peOf what one
// unit's ratings contribute to it. The variance is Gwet's linearised one (Handbook of
// Inter-Rater Reliability, 4th ed., 2014), without the finite population correction:
// over n squared when all units have two raters, over n(n-1) otherwise, as he has it.
func (r rated) corrected(w Weights, pe float64, peOf func(Pattern) float64) Estimate {
	if r.pairs == 0 || pe >= 1 {
		return unknown(int(r.pairs), Analytic)
	}
	value := (r.pa - pe) / (1 - pe)
	var sum float64
	for _, p := range r.patterns {
		var of float64
		if raters(p) > 1 {
			of = (r.n / r.pairs) * (agreeing(p, w) - pe) / (1 - pe)
		}
		d := of - 2*(1-value)*(peOf(p)-pe)/(1-pe) - value
		sum += float64(p.Times) * d * d
	}
	over := r.n * (r.n - 1)
	if !slices.ContainsFunc(r.patterns, func(p Pattern) bool { return raters(p) != 2 }) {
		over = r.n * r.n
	}
	e := analytic(value, sum/over, int(r.n))
	e.Units = int(r.pairs)
	return e.of(r.pa, pe)
}

// Percent is the share of pairs of raters of one unit who agree, weighted by w. The
// interval is Wilson's while nobody rated a unit more than twice, else analytic.
func Percent(patterns []Pattern, w Weights) Estimate {
	r := rate(patterns, w)
	if r.pairs == 0 {
		return unknown(0, Analytic)
	}
	same, two := 0, true
	var sum float64
	for _, p := range r.patterns {
		if raters(p) < 2 {
			continue
		}
		a := agreeing(p, w)
		two = two && raters(p) == 2 && (a == 0 || a == 1)
		if a == 1 {
			same += p.Times
		}
		sum += float64(p.Times) * (a - r.pa) * (a - r.pa)
	}
	if two {
		return score(same, int(r.pairs))
	}
	e := analytic(r.pa, sum/(r.pairs*(r.pairs-1)), int(r.pairs))
	e.Low = max(e.Low, 0)
	return e
}

// AC is Gwet's first agreement coefficient AC1, or AC2 if w is not Identity. Unlike
// kappa it stays meaningful when nearly everything is of one category, as in a queue
// that is nine tenths approved.
func AC(patterns []Pattern, w Weights) Estimate {
	r := rate(patterns, w)
	q := float64(len(w))
	factor := w.sum() / (q * (q - 1))
	var pe float64
	for _, s := range r.share {
		pe += factor * s * (1 - s)
	}
	return r.corrected(w, pe, func(p Pattern) float64 {
		m := float64(raters(p))
		var sum float64
		for k, c := range p.Counts {
			sum += float64(c) / m * (1 - r.share[k])
		}
		return factor * sum
	})
}

// Fleiss is Fleiss' kappa, generalised by Gwet to units with different numbers of
// raters. For two raters it is Scott's pi. It is NaN when only one category was used.
func Fleiss(patterns []Pattern, w Weights) Estimate {
	r := rate(patterns, w)
	near := make([]float64, len(w))
	var pe float64
	for k := range near {
		for l := range near {
			near[k] += (w[k][l] + w[l][k]) / 2 * r.share[l]
		}
		pe += r.share[k] * near[k]
	}
	return r.corrected(w, pe, func(p Pattern) float64 {
		m := float64(raters(p))
		var sum float64
		for k, c := range p.Counts {
			sum += float64(c) / m * near[k]
		}
		return sum
	})
}

// Scott is Scott's pi: Cohen's kappa if both raters had the same habits.
func Scott(t Table, w Weights) Estimate { return Fleiss(t.Patterns(), w) }

// BrennanPrediger takes out the chance of raters who know nothing and choose among
// all categories alike. The interval is bootstrapped with seed.
func BrennanPrediger(patterns []Pattern, w Weights, seed uint64) Estimate {
	q := float64(len(w))
	pe := w.sum() / (q * q)
	return bootstrap(patterns, seed, func(ps []Pattern) float64 {
		r := rate(ps, w)
		if r.pairs == 0 {
			return math.NaN()
		}
		return (r.pa - pe) / (1 - pe)
	})
}

// Krippendorff is Krippendorff's alpha for categories that are mere names: like
// Fleiss' kappa, with a correction for small samples, of all units that two or more
// rated. The variance is Gwet's.
func Krippendorff(patterns []Pattern, w Weights) Estimate {
	f, ok := alpha(patterns, w)
	if !ok {
		return unknown(int(f.n), Analytic)
	}
	var sum float64
	for _, p := range f.patterns {
		m := float64(raters(p))
		excess := (m - f.mean) / f.mean
		of := ordered(p, w)/(f.mean*(m-1)) - f.pa*excess
		var chance float64
		for k, c := range p.Counts {
			chance += float64(c) / f.mean * f.near[k]
		}
		chance -= f.pe * excess
		d := (of-f.pe)/(1-f.pe) - 2*(1-f.value)*(chance-f.pe)/(1-f.pe) - f.value
		sum += float64(p.Times) * d * d
	}
	return analytic(f.value, sum/(f.n*(f.n-1)), int(f.n)).of(f.pa, f.pe)
}

// alphaParts are the terms of Krippendorff's alpha.
type alphaParts struct {
	patterns []Pattern
	n, mean  float64 // units, raters of a unit
	eps      float64 // correction for small samples
	pa, pe   float64
	share    []float64
	near     []float64
	value    float64
}

func alpha(patterns []Pattern, w Weights) (alphaParts, bool) {
	f := alphaParts{share: make([]float64, len(w)), near: make([]float64, len(w))}
	var ratings float64
	for _, p := range patterns {
		if m := raters(p); m > 1 && p.Times > 0 {
			f.patterns = append(f.patterns, p)
			f.n += float64(p.Times)
			ratings += float64(p.Times * m)
		}
	}
	if f.n == 0 {
		return f, false
	}
	f.mean, f.eps = ratings/f.n, 1/ratings
	var raw float64 // agreement before the correction for small samples
	for _, p := range f.patterns {
		times := float64(p.Times)
		raw += times / f.n * ordered(p, w) / (f.mean * float64(raters(p)-1))
		for k, c := range p.Counts {
			f.share[k] += times / f.n * float64(c) / f.mean
		}
	}
	f.pa = (1-f.eps)*raw + f.eps
	for k := range w {
		for l := range w {
			f.near[k] += (w[k][l] + w[l][k]) / 2 * f.share[l]
		}
		f.pe += f.share[k] * f.near[k]
	}
	if f.pe >= 1 {
		return f, false
	}
	f.value = (f.pa - f.pe) / (1 - f.pe)
	return f, true
}

// A Level says what may be computed with the values of categories.
type Level string

const (
	// Ordinal values have an order.
	Ordinal Level = "ordinal"
	// IntervalLevel values have distances.
	IntervalLevel Level = "interval"
	// Ratio values have distances and a zero.
	Ratio Level = "ratio"
)

// KrippendorffOf is Krippendorff's alpha for categories with values, in ascending
// order, that are more than names (Krippendorff, Computing Krippendorff's
// Alpha-Reliability, 2011). The interval is bootstrapped with seed.
func KrippendorffOf(level Level, patterns []Pattern, values []float64, seed uint64) Estimate {
	return bootstrap(patterns, seed, func(ps []Pattern) float64 {
		f, ok := alpha(ps, differences(level, ps, values))
		if !ok {
			return math.NaN()
		}
		return f.value
	})
}

// differences turns Krippendorff's difference functions into weights; alpha does not
// depend on their scale.
func differences(level Level, patterns []Pattern, values []float64) Weights {
	q := len(values)
	used := make([]float64, q) // ratings of each category that can be paired
	for _, p := range patterns {
		if raters(p) > 1 {
			for k, c := range p.Counts {
				used[k] += float64(p.Times * c)
			}
		}
	}
	d := make(Weights, q)
	widest := 0.0
	for k := range d {
		d[k] = make([]float64, q)
		for l := range d[k] {
			if k == l {
				continue
			}
			var x float64
			switch level {
			case Ordinal:
				for g := min(k, l); g <= max(k, l); g++ {
					x += used[g]
				}
				x -= (used[k] + used[l]) / 2
			case Ratio:
				x = (values[k] - values[l]) / (values[k] + values[l])
			case IntervalLevel:
				x = values[k] - values[l]
			}
			d[k][l] = x * x
			widest = max(widest, d[k][l])
		}
	}
	for k := range d {
		for l := range d[k] {
			if widest > 0 {
				d[k][l] /= widest
			}
			d[k][l] = 1 - d[k][l]
		}
	}
	return d
}

// Missing marks in a matrix of ratings that a rater did not rate a unit.
const Missing = -1

// Units turns a matrix (a row for each rater, a column for each unit, categories from
// 0 to q-1 or Missing) into patterns.
func Units(ratings [][]int, q int) []Pattern {
	if len(ratings) == 0 {
		return nil
	}
	out := make([]Pattern, len(ratings[0]))
	for u := range out {
		out[u] = Pattern{make([]int, q), 1}
		for _, rater := range ratings {
			if rater[u] != Missing {
				out[u].Counts[rater[u]]++
			}
		}
	}
	return out
}

// Conger is Cohen's kappa for more than two raters (Conger 1980), who may have missed
// units: ratings as for Units. The interval is bootstrapped with seed.
func Conger(ratings [][]int, w Weights, seed uint64) Estimate {
	if len(ratings) == 0 {
		return unknown(0, Bootstrap)
	}
	units := make([]int, len(ratings[0]))
	for u := range units {
		units[u] = u
	}
	return resample(len(units), seed, func(pick []int) float64 {
		if pick == nil {
			pick = units
		}
		return conger(ratings, w, pick)
	})
}

func conger(ratings [][]int, w Weights, units []int) float64 {
	q, raters := len(w), float64(len(ratings))
	var patterns []Pattern
	habits := make([][]float64, len(ratings)) // each rater's share of each category
	for r := range habits {
		habits[r] = make([]float64, q)
	}
	seen := make([]float64, len(ratings))
	for _, u := range units {
		p := Pattern{make([]int, q), 1}
		for r := range ratings {
			if k := ratings[r][u]; k != Missing {
				p.Counts[k]++
				habits[r][k]++
				seen[r]++
			}
		}
		patterns = append(patterns, p)
	}
	all := rate(patterns, w)
	mean := make([]float64, q)
	for r := range habits {
		for k := range habits[r] {
			if seen[r] == 0 {
				return math.NaN()
			}
			habits[r][k] /= seen[r]
			mean[k] += habits[r][k] / raters
		}
	}
	var pe float64
	for k := range q {
		for l := range q {
			var spread float64
			for r := range habits {
				spread += habits[r][k] * habits[r][l]
			}
			spread = (spread - raters*mean[k]*mean[l]) / (raters - 1)
			pe += w[k][l] * (mean[k]*mean[l] - spread/raters)
		}
	}
	if pe >= 1 {
		return math.NaN()
	}
	return (all.pa - pe) / (1 - pe)
}

// replicates is how many samples a bootstrap draws. The ends of the interval are
// then the 25th and the 976th figure of 1,000.
const replicates = 1000

// bootstrap gives f of the patterns, with the percentile interval of f over samples of
// the units drawn with replacement. Samples are drawn pattern by pattern (a
// multinomial draw as a chain of binomials), so that the cost depends on the number of
// patterns and not of units.
func bootstrap(patterns []Pattern, seed uint64, f func([]Pattern) float64) Estimate {
	units, total := 0, 0
	for _, p := range patterns {
		total += p.Times
		if raters(p) > 1 {
			units += p.Times
		}
	}
	src := rand.NewPCG(seed, 0)
	drawn := make([]Pattern, len(patterns))
	return percentiles(f(patterns), units, func() float64 {
		left, of := total, total
		for i, p := range patterns {
			drawn[i] = Pattern{p.Counts, 0}
			switch {
			case left == 0 || p.Times == 0:
			case p.Times == of:
				drawn[i].Times = left
			default:
				drawn[i].Times = int(distuv.Binomial{
					N: float64(left), P: float64(p.Times) / float64(of), Src: src,
				}.Rand())
			}
			left -= drawn[i].Times
			of -= p.Times
		}
		return f(drawn)
	})
}

// resample is bootstrap for units that are not patterns: f gets the drawn numbers, or
// nil for all units as they are.
func resample(n int, seed uint64, f func(pick []int) float64) Estimate {
	rng := rand.New(rand.NewPCG(seed, 0))
	pick := make([]int, n)
	return percentiles(f(nil), n, func() float64 {
		for i := range pick {
			pick[i] = rng.IntN(n)
		}
		return f(pick)
	})
}

// percentiles is a figure with the interval of what draw gives. Draws that determine
// no figure are left out; with fewer than nine in ten left there is no interval.
func percentiles(value float64, units int, draw func() float64) Estimate {
	e := unknown(units, Bootstrap)
	e.Value = value
	if math.IsNaN(value) || units < 2 {
		return e
	}
	drawn := make([]float64, 0, replicates)
	var sum, squares float64
	for range replicates {
		if x := draw(); !math.IsNaN(x) {
			drawn = append(drawn, x)
			sum += x
			squares += x * x
		}
	}
	n := float64(len(drawn))
	if n < 0.9*replicates {
		return e
	}
	slices.Sort(drawn)
	tail := int(n * (1 - confidence) / 2)
	e.Interval = Interval{drawn[tail], drawn[len(drawn)-1-tail]}
	e.SE = math.Sqrt(max(squares-sum*sum/n, 0) / (n - 1))
	return e
}
