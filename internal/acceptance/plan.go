package acceptance

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/stat"
)

// A PlanKind is a way to say how many to look at and what to conclude.
type PlanKind string

// The kinds of plans.
const (
	// ZeroDefect looks at so many that finding no defect proves, with Confidence,
	// that at most the share Bad is defective.
	ZeroDefect PlanKind = "zero"
	// Margin looks at so many that the share of defects, expected to be about Good,
	// is known to within Margin; it accepts what proves, with Confidence, that at most
	// Good plus Margin is defective.
	Margin PlanKind = "margin"
	// TwoPoint accepts a share Good with risk Alpha of not doing so, and a share Bad
	// with risk Beta.
	TwoPoint PlanKind = "two-point"
	// Sequential has the same four numbers and looks at one after another until it is
	// decided.
	Sequential PlanKind = "sequential"
	// ISO is ISO 2859-1, single sampling, normal inspection; in a series tightened where
	// the switching rules say so.
	ISO PlanKind = "iso"
)

// Plans lists all kinds, those that protect the consumer first.
func Plans() []PlanKind { return []PlanKind{ZeroDefect, Margin, TwoPoint, Sequential, ISO} }

// A Plan is a kind with its numbers. Shares are from 0 to 1; AQL is in percent as
// the standard has it. What a kind does not use is zero.
type Plan struct {
	Kind       PlanKind `json:"kind"`
	Confidence float64  `json:"confidence,omitempty"`
	Good       float64  `json:"good,omitempty"`
	Alpha      float64  `json:"alpha,omitempty"`
	Bad        float64  `json:"bad,omitempty"`
	Beta       float64  `json:"beta,omitempty"`
	Margin     float64  `json:"margin,omitempty"`
	AQL        float64  `json:"aql,omitempty"`
	Level      int      `json:"level,omitempty"` // of inspection: 1, 2 or 3
	// Severity is how strictly ISO inspects; Draw sets it from how the series went.
	Severity stat.Severity `json:"severity,omitempty"`
}

func (p Plan) encode() (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode plan: %w", err)
	}
	return string(b), nil
}

func decodePlan(text string) (Plan, error) {
	var p Plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("decode plan: %w", err)
	}
	return p, nil
}

// problems says what is wrong, by field.
func (p Plan) problems() map[string]string {
	bad := map[string]string{}
	share := func(field string, v, low, high float64) {
		if !(v >= low && v <= high) {
			bad[field] = fmt.Sprintf("Use a percentage from %g to %g.", 100*low, 100*high)
		}
	}
	confidence := func() { share("confidence", p.Confidence, 0.5, 0.999) }
	switch p.Kind {
	case ZeroDefect:
		confidence()
		share("bad", p.Bad, 0.0005, 0.5)
	case Margin:
		confidence()
		share("good", p.Good, 0.001, 0.5)
		share("margin", p.Margin, 0.002, 0.25)
	case TwoPoint, Sequential:
		share("good", p.Good, 0.0005, 0.4)
		share("bad", p.Bad, 0.001, 0.6)
		share("alpha", p.Alpha, 0.001, 0.3)
		share("beta", p.Beta, 0.001, 0.3)
		if len(bad) == 0 && p.Bad < 1.5*p.Good {
			bad["bad"] = "Make this at least one and a half times the share that should pass: the closer they are, the more must be looked at."
		}
	case ISO:
		if !slices.Contains(stat.AQLs(), p.AQL) {
			bad["aql"] = "Choose one of the standard's limits."
		}
		if p.Level < 1 || p.Level > 3 {
			bad["level"] = "Choose level I, II or III."
		}
	default:
		bad["plan"] = "Choose a plan."
	}
	return bad
}

// A Design is a plan worked out for a batch of a size.
type Design struct {
	Lot    int
	N      int // how many to look at; of a sequential plan at most
	Accept int // most defects that accept; -1 for a sequential plan
	First  int // how many to begin with: N, but for a sequential plan
	Letter string
}

// Whole says that everything in the batch is looked at.
func (d Design) Whole() bool { return d.N == d.Lot }

// Design works the plan out for a batch of lot examples. It fails with fault.Invalid
// when the numbers make no plan, or one of more than MaxItems.
func (p Plan) Design(lot int) (Design, error) {
	if bad := p.problems(); len(bad) > 0 {
		return Design{}, fault.Fields("These numbers make no plan.", bad)
	}
	d := Design{Lot: lot}
	switch p.Kind {
	case ZeroDefect:
		d.N = zeroDefectOf(lot, p.Bad, p.Confidence)
	case Margin:
		d.N, d.Accept = p.margin(lot)
	case TwoPoint:
		plan := stat.TwoPoint(p.Good, p.Alpha, p.Bad, p.Beta)
		d.N, d.Accept = plan.N, plan.Accept
	case Sequential:
		// Three times the fixed plan is where a sequential one is cut off.
		d.N, d.Accept = 3*stat.TwoPoint(p.Good, p.Alpha, p.Bad, p.Beta).N, -1
		d.First = p.sequential().FirstAccept()
	case ISO:
		plan, letter, _ := stat.ISO2859(stat.CodeLetter(lot, p.Level), p.AQL, p.Severity)
		d.N, d.Accept, d.Letter = plan.N, plan.Accept, string(letter)
	}
	if d.N >= lot && d.Accept >= 0 {
		// All of it: what is left is to say how many defects are too many.
		d.N, d.Accept = lot, max(min(d.Accept, int(math.Floor(p.tolerable()*float64(lot)))), 0)
	}
	d.N = min(d.N, lot)
	if d.N > MaxItems {
		return d, fault.Fields("These numbers make no plan.", map[string]string{"plan": fmt.Sprintf("This plan asks for %d examples. Choose numbers that need at most %d.", d.N, MaxItems)})
	}
	if d.First == 0 || d.First > d.N {
		d.First = d.N
	}
	return d, nil
}

// tolerable is the share of defects that a batch which is looked at whole may have.
func (p Plan) tolerable() float64 {
	switch p.Kind {
	case ZeroDefect:
		return p.Bad
	case Margin:
		return p.Good + p.Margin
	case ISO:
		return p.AQL / 100
	}
	return p.Good
}

func (p Plan) sequential() stat.Sequential {
	return stat.NewSequential(p.Good, p.Alpha, p.Bad, p.Beta)
}

// zeroDefectOf is the smallest sample of a lot in which finding nothing proves that
// at most a share bad is defective: the endless lot's, or fewer of a small one.
func zeroDefectOf(lot int, bad, confidence float64) int {
	most := min(stat.ZeroDefect(bad, confidence), lot)
	// One more than tolerable must show up with that confidence.
	defective := int(math.Floor(bad*float64(lot))) + 1
	low, high := 1, most
	for low < high {
		if mid := (low + high) / 2; stat.HypergeometricAtMost(lot, defective, mid, 0) <= 1-confidence {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// margin is the number to look at and the most defects that still prove, with the
// plan's confidence, that at most Good plus Margin is defective. Where not even none
// would, more are looked at.
func (p Plan) margin(lot int) (n, accept int) {
	limit := p.Good + p.Margin
	n = max(stat.ForMargin(p.Good, p.Margin, p.Confidence, lot), zeroDefectOf(lot, limit, p.Confidence))
	for accept < n && proves(lot, n, accept+1, limit, p.Confidence) {
		accept++
	}
	return n, accept
}

// proves says whether k defects among n of the lot show that at most the share limit
// is defective.
func proves(lot, n, k int, limit, confidence float64) bool {
	return float64(stat.AtMostOf(lot, n, k, confidence)) <= limit*float64(lot)
}

// A Point is one of a plan's operating characteristic.
type Point struct{ Share, Pass float64 }

// Reach is the share of defects with which hardly any batch passes: as far as an
// operating characteristic is worth drawing.
func (p Plan) Reach(d Design) float64 {
	pass := p.passing(d)
	most := 0.02
	for most < 1 && pass(most) > 0.01 {
		most = min(most*1.25, 1)
	}
	if d.exact() {
		most = math.Ceil(most*float64(d.Lot)) / float64(d.Lot)
	}
	return most
}

// Characteristic is how likely a batch passes, by the share of its defects: up to so
// many steps from 0 to most.
func (p Plan) Characteristic(d Design, most float64, points int) []Point {
	pass := p.passing(d)
	var out []Point
	for i := range points + 1 {
		x := most * float64(i) / float64(points)
		if d.exact() {
			// A lot has whole defects only. What a division took off one is no defect less.
			x = math.Floor(x*float64(d.Lot)+1e-6) / float64(d.Lot)
		}
		if len(out) == 0 || x > out[len(out)-1].Share {
			out = append(out, Point{x, pass(x)})
		}
	}
	return out
}

// Undivided says that all of the batch is looked at, whatever is found: there is no
// smaller number that would accept it.
func (d Design) Undivided() bool { return d.Whole() && d.First == d.N }

// exact says that a plan looks at so much of a lot that its size matters.
func (d Design) exact() bool { return d.Accept >= 0 && d.Lot > 0 && d.N*10 > d.Lot }

// Defects is how many of the batch a share of defects is, and false where a plan looks
// at so little of it that only the share matters.
func (d Design) Defects(share float64) (int, bool) {
	return int(math.Round(share * float64(d.Lot))), d.exact()
}

// Passes is the worst batch that still passes with that probability. Where the size of
// the batch matters it has whole defects, and may pass more often.
func (p Plan) Passes(d Design, probability float64) Point {
	pass := p.passing(d)
	if !d.exact() {
		return p.quality(d, probability)
	}
	// The first number of defects that passes too seldom; the one before does not.
	k := sort.Search(d.Lot, func(k int) bool { return pass(float64(k+1)/float64(d.Lot)) < probability })
	x := float64(k) / float64(d.Lot)
	return Point{x, pass(x)}
}

// Fails is the best batch that passes with no more than that probability. Where the
// size of the batch matters it has whole defects, and may pass less often.
func (p Plan) Fails(d Design, probability float64) Point {
	pass := p.passing(d)
	if !d.exact() {
		return p.quality(d, probability)
	}
	k := sort.Search(d.Lot, func(k int) bool { return pass(float64(k)/float64(d.Lot)) <= probability })
	x := float64(k) / float64(d.Lot)
	return Point{x, pass(x)}
}

// quality is where a characteristic without steps has that probability.
func (p Plan) quality(d Design, probability float64) Point {
	pass := p.passing(d)
	low, high := 0.0, 1.0
	for range 50 {
		if mid := (low + high) / 2; pass(mid) > probability {
			low = mid
		} else {
			high = mid
		}
	}
	return Point{(low + high) / 2, probability}
}

// With is the batch that has so many defects, where the size of the batch matters.
func (p Plan) With(d Design, defects int) Point {
	x := float64(defects) / float64(d.Lot)
	return Point{x, p.passing(d)(x)}
}

// passing is the operating characteristic: of the lot as it is where its size is
// known and the plan is fixed, else of an endless one.
func (p Plan) passing(d Design) func(float64) float64 {
	if d.Accept < 0 {
		return p.sequential().Pass
	}
	plan := stat.Plan{N: d.N, Accept: d.Accept}
	if d.exact() {
		return func(x float64) float64 { return plan.PassOf(d.Lot, x) }
	}
	return plan.Pass
}

// Expected is how many are looked at on average when the share x is defective.
func (p Plan) Expected(d Design, x float64) float64 {
	if d.Accept >= 0 {
		return float64(d.N)
	}
	return min(p.sequential().Expected(x), float64(d.N))
}
