package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// z is the two-sided normal quantile of a confidence: 1.96 for 0.95.
func z(conf float64) float64 { return distuv.UnitNormal.Quantile(1 - (1-conf)/2) }

// Wilson is Wilson's score interval of a share: k of n, with confidence conf
// (Newcombe 1998, method 3). Of nothing it is everything, 0 to 1.
func Wilson(k, n int, conf float64) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	N, p, zz := float64(n), float64(k)/float64(n), z(conf)
	centre := p + zz*zz/(2*N)
	half := zz * math.Sqrt(p*(1-p)/N+zz*zz/(4*N*N))
	i := Interval{(centre - half) / (1 + zz*zz/N), (centre + half) / (1 + zz*zz/N)}
	// Rounding must not leave a sliver where the share is 0 or 1.
	if k == 0 {
		i.Low = 0
	}
	if k == n {
		i.High = 1
	}
	return i
}

// ClopperPearson is the exact interval of a share: k of n, with confidence conf or
// more. It is wider than Wilson's; gates use it.
func ClopperPearson(k, n int, conf float64) Interval {
	tail := (1 - conf) / 2
	return Interval{lower(k, n, tail), upper(k, n, tail)}
}

// AtMost is the consumer's statement: with confidence conf the share is at most this,
// having found k of n (the one-sided exact bound of Clopper and Pearson).
func AtMost(k, n int, conf float64) float64 { return upper(k, n, 1-conf) }

func lower(k, n int, tail float64) float64 {
	if k == 0 || n == 0 {
		return 0
	}
	return distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(tail)
}

func upper(k, n int, tail float64) float64 {
	if k >= n {
		return 1
	}
	return distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(1 - tail)
}

// AtMostOf is AtMost for a batch of lot of which n were drawn without replacement:
// with confidence conf at most this many of the lot are defective, the k found
// included. It is exact (hypergeometric) and k when everything was looked at.
func AtMostOf(lot, n, k int, conf float64) int {
	// P(finding at most k) falls with the number of defectives: search for the largest
	// that is still believable.
	low, high := k, lot-(n-k)
	for low < high {
		mid := low + (high-low+1)/2
		if HypergeometricAtMost(lot, mid, n, k) > 1-conf {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// ZeroDefect is how many must be looked at, none of them defective, to say with
// confidence conf that at most a share p is: the smallest n with (1-p)^n <= 1-conf.
func ZeroDefect(p, conf float64) int { return int(math.Ceil(math.Log(1-conf) / math.Log1p(-p))) }

// ForMargin is how many of a lot (0: endless) must be looked at for Wilson's interval to
// be at most margin to either side of its middle, if the share is about p.
func ForMargin(p, margin, conf float64, lot int) int {
	half := func(n float64) float64 {
		zz := z(conf)
		return zz * math.Sqrt(p*(1-p)/n+zz*zz/(4*n*n)) / (1 + zz*zz/n)
	}
	low, high := 1, 1
	for half(float64(high)) > margin {
		low, high = high+1, high*2
	}
	for low < high {
		if mid := (low + high) / 2; half(float64(mid)) <= margin {
			high = mid
		} else {
			low = mid + 1
		}
	}
	if lot > 0 {
		// Drawing without replacement from few needs fewer (Cochran 1977, 4.2).
		n := float64(low)
		low = int(math.Ceil(n / (1 + (n-1)/float64(lot))))
	}
	return low
}
