package acceptance_test

import (
	"errors"
	"math"
	"testing"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/stat"
)

func TestDesign(t *testing.T) {
	t.Parallel()
	const lot = 1_000_000
	for _, tt := range []struct {
		name      string
		plan      acceptance.Plan
		lot       int
		n, accept int
	}{
		// methods.md: at most 1 %, 0.5 %, 0.1 % with 95 %, none found.
		{"zero of 1 %", acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .01}, 100 * lot, 299, 0},
		{"zero of 0.5 %", acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .005}, 100 * lot, 598, 0},
		{"zero of 0.1 %", acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .001}, 100 * lot, 2995, 0},
		// methods.md: two points.
		{"two points", acceptance.Plan{Kind: acceptance.TwoPoint, Good: .01, Alpha: .05, Bad: .05, Beta: .10}, lot, 132, 3},
		{"two points, close", acceptance.Plan{Kind: acceptance.TwoPoint, Good: .01, Alpha: .05, Bad: .03, Beta: .05}, lot, 521, 9},
		// methods.md: letters by lot size at level II, AQL 1.0.
		{"ISO K", acceptance.Plan{Kind: acceptance.ISO, AQL: 1, Level: 2}, 3200, 125, 3},
		{"ISO L", acceptance.Plan{Kind: acceptance.ISO, AQL: 1, Level: 2}, 3201, 200, 5},
		{"ISO of few", acceptance.Plan{Kind: acceptance.ISO, AQL: 1, Level: 2}, 12, 12, 0},
	} {
		d, err := tt.plan.Design(tt.lot)
		if err != nil || d.N != tt.n || d.Accept != tt.accept {
			t.Errorf("%s: n %d, accept %d, %v; want %d, %d", tt.name, d.N, d.Accept, err, tt.n, tt.accept)
		}
	}
}

// A plan by margin keeps what it says: what it accepts is proved to be good enough,
// and one defect more would not be.
func TestMarginProves(t *testing.T) {
	t.Parallel()
	for _, lot := range []int{80, 1000, 50_000} {
		p := acceptance.Plan{Kind: acceptance.Margin, Confidence: .95, Good: .02, Margin: .02}
		d, err := p.Design(lot)
		if err != nil {
			t.Fatal(err)
		}
		limit := .04 * float64(lot)
		if float64(stat.AtMostOf(lot, d.N, d.Accept, .95)) > limit {
			t.Errorf("of %d: n %d accept %d does not prove 4 %%", lot, d.N, d.Accept)
		}
		if d.N < lot && float64(stat.AtMostOf(lot, d.N, d.Accept+1, .95)) <= limit {
			t.Errorf("of %d: n %d could accept more than %d", lot, d.N, d.Accept)
		}
	}
}

func TestSmallLotsNeedFewer(t *testing.T) {
	t.Parallel()
	p := acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .02}
	small, err := p.Design(200)
	if err != nil {
		t.Fatal(err)
	}
	large, err := p.Design(200_000)
	if err != nil {
		t.Fatal(err)
	}
	if small.N >= large.N || stat.AtMostOf(200, small.N, 0, .95) > 4 {
		t.Errorf("of 200: %d, of 200,000: %d", small.N, large.N)
	}
}

func TestCharacteristic(t *testing.T) {
	t.Parallel()
	for _, p := range []acceptance.Plan{
		{Kind: acceptance.TwoPoint, Good: .01, Alpha: .05, Bad: .05, Beta: .10},
		{Kind: acceptance.Sequential, Good: .01, Alpha: .05, Bad: .05, Beta: .10},
		{Kind: acceptance.ISO, AQL: .65, Level: 3},
		{Kind: acceptance.Margin, Confidence: .95, Good: .02, Margin: .02},
		{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .01},
	} {
		for _, lot := range []int{300, 20_000} {
			d, err := p.Design(lot)
			if err != nil {
				t.Fatal(err)
			}
			points := p.Characteristic(d, p.Reach(d), 40)
			if last := points[len(points)-1]; len(points) < 5 || points[0].Pass < 0.999 || last.Pass > 0.02 {
				t.Errorf("%s of %d goes from %v to %v", p.Kind, lot, points[0], last)
			}
			for i := range points[1:] {
				i++
				if points[i].Pass > points[i-1].Pass+1e-9 {
					t.Errorf("%s of %d rises at %v", p.Kind, lot, points[i])
				}
			}
			if p.Kind == acceptance.TwoPoint && lot == 20_000 {
				if q := p.Fails(d, .10).Share; q > .05 || q < .04 {
					t.Errorf("accepted one time in ten: %v, want just below 5 %%", q)
				}
			}
			if e := p.Expected(d, p.Good); e > float64(d.N) || math.IsNaN(e) {
				t.Errorf("%s of %d: expects to look at %v of %d", p.Kind, lot, e, d.N)
			}
		}
	}
}

// A batch of a few has whole defects only: what passes nearly always and hardly ever is
// one that can occur, with the probability that it has. The figures are by hand, from
// the hypergeometric distribution.
func TestWholeDefects(t *testing.T) {
	t.Parallel()
	p := acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .05}
	for _, tt := range []struct {
		name           string
		design         acceptance.Design
		passes, fails  int
		atPass, atFail float64
	}{
		// 6 of 10, none may be bad. One bad one is left out 4 times in 10; two
		// C(8,6)/C(10,6) = 28/210 of the time, three C(7,6)/210 = 7/210.
		{"6 of 10, none", acceptance.Design{Lot: 10, N: 6, First: 6}, 0, 3, 1, 7. / 210},
		// 19 of 20: one bad one is left out once in 20.
		{"19 of 20, none", acceptance.Design{Lot: 20, N: 19, First: 19}, 0, 1, 1, 1. / 20},
		// 5 of 10, at most one bad. Two: not both drawn, 1 - C(8,3)/C(10,5) = 1 - 56/252.
		// Five: (C(5,0)C(5,5) + C(5,1)C(5,4))/252 = 26/252, one too many; six
		// C(6,1)C(4,4)/252 = 6/252.
		{"5 of 10, one", acceptance.Design{Lot: 10, N: 5, Accept: 1, First: 5}, 1, 6, 1, 6. / 252},
		// 2 of 10, at most one bad: two bad ones are both drawn once in C(10,2) = 45;
		// three C(3,2)/45 of the time. Only ten pass not at all, nine 9/45.
		{"2 of 10, one", acceptance.Design{Lot: 10, N: 2, Accept: 1, First: 2}, 2, 10, 44. / 45, 0},
	} {
		for _, one := range []struct {
			got     acceptance.Point
			defects int
			pass    float64
		}{{p.Passes(tt.design, .95), tt.passes, tt.atPass}, {p.Fails(tt.design, .10), tt.fails, tt.atFail}} {
			if k, whole := tt.design.Defects(one.got.Share); !whole || k != one.defects || math.Abs(one.got.Pass-one.pass) > 1e-9 {
				t.Errorf("%s: %d bad (%v whole) pass %v, want %d and %v", tt.name, k, whole, one.got.Pass, one.defects, one.pass)
			}
		}
		if last := p.Reach(tt.design); last < p.Fails(tt.design, .10).Share {
			t.Errorf("%s: the curve ends at %v, before what it marks", tt.name, last)
		}
	}
	if k := p.With(acceptance.Design{Lot: 10, N: 6}, 1); math.Abs(k.Pass-.4) > 1e-9 {
		t.Errorf("1 bad of 10 passes %v, want 0.4", k.Pass)
	}
}

func TestPlansThatAreNone(t *testing.T) {
	t.Parallel()
	for field, p := range map[string]acceptance.Plan{
		"plan":       {},
		"aql":        {Kind: acceptance.ISO, AQL: 1.1, Level: 2},
		"level":      {Kind: acceptance.ISO, AQL: 1, Level: 4},
		"confidence": {Kind: acceptance.ZeroDefect, Confidence: 1, Bad: .01},
		"bad":        {Kind: acceptance.TwoPoint, Good: .02, Alpha: .05, Bad: .021, Beta: .1},
		"alpha":      {Kind: acceptance.Sequential, Good: .01, Alpha: math.NaN(), Bad: .1, Beta: .1},
		"margin":     {Kind: acceptance.Margin, Confidence: .95, Good: .02},
	} {
		_, err := p.Design(1000)
		f, ok := fault.As(err)
		if !ok || !errors.Is(err, fault.Invalid) || f.Fields[field] == "" {
			t.Errorf("%+v: %v, want a problem with %s", p, err, field)
		}
	}
	// More than one assignment holds.
	_, err := acceptance.Plan{Kind: acceptance.TwoPoint, Good: .0005, Alpha: .01, Bad: .001, Beta: .01}.Design(10_000_000)
	if f, ok := fault.As(err); !ok || f.Fields["plan"] == "" {
		t.Errorf("a plan of too many = %v", err)
	}
}
