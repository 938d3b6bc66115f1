package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// A Plan says to look at N units drawn from a lot and to accept the lot when at most
// Accept of them are defective.
type Plan struct{ N, Accept int }

// BinomialAtMost is the probability of at most k defectives among n when a share p is
// defective and the lot has no end.
func BinomialAtMost(n int, p float64, k int) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n || p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// HypergeometricAtMost is the probability of at most k defectives among n drawn without
// replacement from a lot with the given number of defectives.
func HypergeometricAtMost(lot, defective, n, k int) float64 {
	var sum float64
	for x := max(0, n-(lot-defective)); x <= min(k, n, defective); x++ {
		sum += math.Exp(choose(defective, x) + choose(lot-defective, n-x) - choose(lot, n))
	}
	return min(sum, 1)
}

// choose is the logarithm of a binomial coefficient.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// Pass is the probability that the plan accepts a long run of lots with a share p of
// defectives: its operating characteristic.
func (pl Plan) Pass(p float64) float64 { return BinomialAtMost(pl.N, p, pl.Accept) }

// PassOf is Pass for one lot of a known size, sampled without replacement; a share is
// rounded to whole units of the lot.
func (pl Plan) PassOf(lot int, p float64) float64 {
	return HypergeometricAtMost(lot, int(math.Round(p*float64(lot))), min(pl.N, lot), pl.Accept)
}

// Quality is the share of defectives at which the plan accepts with probability pass:
// 0.95 gives what the producer can rely on, 0.10 what the consumer is protected from
// (LTPD).
func (pl Plan) Quality(pass float64) float64 {
	// The operating characteristic falls: halve until it is found.
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; pl.Pass(mid) > pass {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// Outgoing is the average share of defectives that leave when rejected lots are
// looked at whole and cleaned (AOQ).
func (pl Plan) Outgoing(lot int, p float64) float64 {
	return pl.Pass(p) * p * float64(lot-pl.N) / float64(lot)
}

// OutgoingLimit is the worst average outgoing quality whatever comes in (AOQL), and the
// share of defectives at which it is reached.
func (pl Plan) OutgoingLimit(lot int) (limit, at float64) {
	// It rises to one peak and falls: narrow by thirds.
	low, high := 0.0, 1.0
	for range 200 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if pl.Outgoing(lot, a) < pl.Outgoing(lot, b) {
			low = a
		} else {
			high = b
		}
	}
	return pl.Outgoing(lot, low), low
}

// Inspected is how many units of a lot are looked at on average when rejected lots are
// looked at whole (ATI).
func (pl Plan) Inspected(lot int, p float64) float64 {
	return float64(pl.N) + (1-pl.Pass(p))*float64(lot-pl.N)
}

// maxPlan bounds the searches; a plan that needs more is no plan.
const maxPlan = 1_000_000

// TwoPoint is the smallest plan that accepts a share good of defectives with
// probability 1-alpha or more, and a share bad with probability beta at most. It is
// the zero plan when there is none of up to a million units.
func TwoPoint(good, alpha, bad, beta float64) Plan {
	n := 1
	for c := 0; n < maxPlan; c++ {
		// The smallest n for this c that protects the consumer grows with c; the first
		// that also protects the producer is the smallest of all.
		low, high := max(n, c+1), max(n, c+1)
		for BinomialAtMost(high, bad, c) > beta && high < maxPlan {
			high *= 2
		}
		for low < high {
			if mid := (low + high) / 2; BinomialAtMost(mid, bad, c) <= beta {
				high = mid
			} else {
				low = mid + 1
			}
		}
		if n = low; BinomialAtMost(n, good, c) >= 1-alpha {
			return Plan{n, c}
		}
	}
	return Plan{}
}

// DodgeRomig is the plan for lots of the given size that is cheapest when a share p is
// defective (fewest units looked at, rejected lots looked at whole) among those whose
// worst average outgoing quality is at most limit. It is searched, not read from the
// tables of 1959; the zero plan when nothing but looking at everything will do.
func DodgeRomig(lot int, p, limit float64) Plan {
	var best Plan
	cost := float64(lot)
	for c := 0; c < lot; c++ {
		// The limit falls as n grows: find the smallest n that keeps it.
		low, high := c+1, lot
		for low < high {
			mid := (low + high) / 2
			if worst, _ := (Plan{mid, c}).OutgoingLimit(lot); worst <= limit {
				high = mid
			} else {
				low = mid + 1
			}
		}
		if float64(low) >= cost {
			break // n alone costs more already, and it only grows
		}
		if ati := (Plan{low, c}).Inspected(lot, p); ati < cost {
			best, cost = Plan{low, c}, ati
		}
	}
	return best
}
