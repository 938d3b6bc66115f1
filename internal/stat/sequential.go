package stat

import "math"

// A Sequential is Wald's plan: look at one unit after another until the number of
// defectives leaves the band between two parallel lines.
type Sequential struct {
	Good, Alpha float64 // a share of defectives that should pass, and the risk that it doesn't
	Bad, Beta   float64 // a share that should not, and the risk that it does
	K           float64 // logarithm of the odds ratio of Bad and Good
	H1, H2, S   float64 // accept at or below -H1 + S n, reject at or above H2 + S n
}

// NewSequential makes the plan (Wald 1947; NIST/SEMATECH e-Handbook 6.2.6). Good must
// be smaller than Bad.
func NewSequential(good, alpha, bad, beta float64) Sequential {
	k := math.Log(bad * (1 - good) / (good * (1 - bad)))
	return Sequential{
		Good: good, Alpha: alpha, Bad: bad, Beta: beta, K: k,
		H1: math.Log((1-alpha)/beta) / k,
		H2: math.Log((1-beta)/alpha) / k,
		S:  math.Log((1-good)/(1-bad)) / k,
	}
}

// Numbers are how many defectives among n units accept (at most; -1 while none would)
// and reject (at least).
func (s Sequential) Numbers(n int) (accept, reject int) {
	return max(int(math.Floor(-s.H1+s.S*float64(n))), -1), int(math.Ceil(s.H2 + s.S*float64(n)))
}

// FirstAccept is the smallest number of units that can accept.
func (s Sequential) FirstAccept() int { return int(math.Ceil(s.H1 / s.S)) }

// Pass is the probability that the plan accepts when a share p is defective, by Wald's
// approximation, which is exact but for the overshoot at the end.
func (s Sequential) Pass(p float64) float64 {
	a, b := s.lines()
	h := s.theta(p)
	if math.Abs(h) < 1e-6 {
		return b / (b - a)
	}
	if math.IsInf(h, 1) {
		return 1
	}
	if math.IsInf(h, -1) {
		return 0
	}
	// L(p) = (A^h - 1)/(A^h - B^h), with A = exp(b), B = exp(a).
	return math.Expm1(h*b) / (math.Exp(h*b) - math.Exp(h*a))
}

// Expected is how many units are looked at on average when a share p is defective, by
// Wald's approximation.
func (s Sequential) Expected(p float64) float64 {
	a, b := s.lines()
	good, bad := math.Log((1-s.Bad)/(1-s.Good)), math.Log(s.Bad/s.Good)
	drift := p*bad + (1-p)*good
	if math.Abs(drift) < 1e-9 {
		return -a * b / (p*bad*bad + (1-p)*good*good)
	}
	pass := s.Pass(p)
	return (pass*a + (1-pass)*b) / drift
}

// lines are the log likelihood ratios that accept (a) and reject (b).
func (s Sequential) lines() (a, b float64) {
	return math.Log(s.Beta / (1 - s.Alpha)), math.Log((1 - s.Beta) / s.Alpha)
}

// theta solves p (Bad/Good)^h + (1-p) ((1-Bad)/(1-Good))^h = 1 for the h that is not 0;
// it falls from +inf to -inf as p goes from 0 to 1.
func (s Sequential) theta(p float64) float64 {
	if p <= 0 {
		return math.Inf(1)
	}
	if p >= 1 {
		return math.Inf(-1)
	}
	// The other way round it is explicit: which p belongs to h.
	of := func(h float64) float64 {
		if math.Abs(h) < 1e-9 {
			return s.S
		}
		x, y := math.Pow((1-s.Bad)/(1-s.Good), h), math.Pow(s.Bad/s.Good, h)
		return (1 - x) / (y - x)
	}
	low, high := -200.0, 200.0
	for range 100 {
		if mid := (low + high) / 2; of(mid) > p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}
