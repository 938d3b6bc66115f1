package stat_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/stat"
)

func TestShares(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, r := range g.Wilson { // Newcombe 1998 and methods.md
		i := stat.Wilson(int(r[0]), int(r[1]), 0.95)
		near(t, fmt.Sprintf("Wilson(%v of %v) low", r[0], r[1]), i.Low, r[2], 6)
		near(t, fmt.Sprintf("Wilson(%v of %v) high", r[0], r[1]), i.High, r[3], 6)
	}
	for _, r := range g.ClopperPearson {
		i := stat.ClopperPearson(int(r[0]), int(r[1]), 0.95)
		near(t, fmt.Sprintf("ClopperPearson(%v of %v) low", r[0], r[1]), i.Low, r[2], 6)
		near(t, fmt.Sprintf("ClopperPearson(%v of %v) high", r[0], r[1]), i.High, r[3], 6)
	}
	for _, r := range []struct { // methods.md, one-sided 95 %
		k, n int
		want float64
	}{{0, 200, .014867}, {3, 200, .038310}, {5, 200, .051843}, {0, 1250, .002394}} {
		near(t, fmt.Sprintf("AtMost(%d of %d)", r.k, r.n), stat.AtMost(r.k, r.n, 0.95), r.want, 6)
	}
	for p, want := range map[float64]int{.01: 299, .005: 598, .001: 2995} { // methods.md
		if got := stat.ZeroDefect(p, 0.95); got != want {
			t.Errorf("ZeroDefect(%v) = %d, want %d", p, got, want)
		}
	}
}

func TestAtMostOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ lot, n, k int }{{1000, 80, 0}, {1000, 80, 2}, {50, 49, 1}, {50, 50, 3}, {200, 20, 20}} {
		got := stat.AtMostOf(tt.lot, tt.n, tt.k, 0.95)
		// By its meaning: that many are still believable at 95 %, one more is not.
		if stat.HypergeometricAtMost(tt.lot, got, tt.n, tt.k) <= 0.05 {
			t.Errorf("AtMostOf(%+v) = %d, which is not believable", tt, got)
		}
		if most := tt.lot - (tt.n - tt.k); got < most && stat.HypergeometricAtMost(tt.lot, got+1, tt.n, tt.k) > 0.05 {
			t.Errorf("AtMostOf(%+v) = %d, but one more is believable", tt, got)
		}
	}
	if got := stat.AtMostOf(50, 50, 3, 0.95); got != 3 {
		t.Errorf("everything looked at: at most %d, want the 3 found", got)
	}
}

func TestForMargin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ p, margin float64 }{{.5, .05}, {.02, .01}, {.1, .03}} {
		n := stat.ForMargin(tt.p, tt.margin, 0.95, 0)
		half := func(n int) float64 {
			i := stat.Wilson(int(math.Round(tt.p*float64(n))), n, 0.95)
			return (i.High - i.Low) / 2
		}
		if half(n) > tt.margin*1.02 || half(n*9/10) < tt.margin*0.98 {
			t.Errorf("ForMargin(%+v) = %d, whose interval is %.4f to either side", tt, n, half(n))
		}
		if few := stat.ForMargin(tt.p, tt.margin, 0.95, 200); few > 200 || few >= n {
			t.Errorf("ForMargin(%+v) of 200 = %d, of any %d", tt, few, n)
		}
	}
}

func TestOperatingCharacteristic(t *testing.T) {
	t.Parallel()
	g := load(t).Acceptance
	nist := stat.Plan{N: 52, Accept: 3} // NIST/SEMATECH e-Handbook 6.2.3
	peak := 0.0
	for i, want := range g.OC {
		p := float64(i+1) / 100
		near(t, fmt.Sprintf("pass at %v", p), nist.Pass(p), want, 3)
		peak = max(peak, nist.Outgoing(10_000, p))
	}
	near(t, "AOQ at 6 %", nist.Outgoing(10_000, 0.06), 0.0370, 4) // methods.md
	near(t, "largest AOQ at whole percents", peak, 0.0370, 4)

	hyper := stat.Plan{N: 80, Accept: 2}
	near(t, "D=10", hyper.PassOf(1000, 0.010), g.Hypergeometric.D10, 6)
	near(t, "D=50", hyper.PassOf(1000, 0.050), g.Hypergeometric.D50, 6)
	near(t, "binomial 1 %", hyper.Pass(0.01), .953447, 6) // methods.md
	near(t, "binomial 5 %", hyper.Pass(0.05), .230621, 6)

	for _, r := range g.TwoPoint {
		want := stat.Plan{N: int(r[4]), Accept: int(r[5])}
		// The file's order is p1, alpha, p2, beta.
		if diff := cmp.Diff(want, stat.TwoPoint(r[0], r[1], r[2], r[3])); diff != "" {
			t.Errorf("TwoPoint(%v) (-want +got):\n%s", r[:4], diff)
		}
	}
}

func TestSequential(t *testing.T) {
	t.Parallel()
	g := load(t).Acceptance.SPRT
	s := stat.NewSequential(.01, .05, .10, .10)
	near(t, "k", s.K, g.K, 4)
	near(t, "h1", s.H1, g.H1, 5)
	near(t, "h2", s.H2, g.H2, 5)
	near(t, "s", s.S, g.S, 5)
	if got := s.FirstAccept(); got != 24 {
		t.Errorf("FirstAccept = %d, want 24", got)
	}
	rows := append(g.Numbers, [3]int{23, -1, 3}, [3]int{25, 0, 3}, [3]int{26, 0, 3}, [3]int{50, 1, 4}, [3]int{51, 1, 4}, [3]int{52, 1, 4}) // methods.md
	for _, r := range rows {
		if a, b := s.Numbers(r[0]); a != r[1] || b != r[2] {
			t.Errorf("at %d: accept %d, reject %d, want %d and %d", r[0], a, b, r[1], r[2])
		}
	}
	// Wald's characteristic passes through the two points that made the plan, and takes
	// about half of the fixed plan's work (methods.md).
	near(t, "pass at good", s.Pass(.01), .95, 3)
	near(t, "pass at bad", s.Pass(.10), .10, 3)
	fixed := stat.TwoPoint(.01, .05, .10, .10)
	if e := s.Expected(.10); e > 0.7*float64(fixed.N) || e < 10 {
		t.Errorf("Expected at bad = %.1f, the fixed plan takes %d", e, fixed.N)
	}
	for i, last := 0, 1.0; i <= 40; i++ {
		p := s.Pass(float64(i) / 100)
		if p > last || p < 0 {
			t.Errorf("pass at %d %% = %v, before %v", i, p, last)
		}
		last = p
	}
}

// Montgomery, Introduction to Statistical Quality Control, by methods.md.
func TestRectifying(t *testing.T) {
	t.Parallel()
	p := stat.Plan{N: 65, Accept: 3}
	near(t, "pass", p.Pass(.01), .9958, 4)
	near(t, "ATI", p.Inspected(5000, .01), 85.6, 1)
	near(t, "LTPD10", p.Quality(.10), .0999, 4)
	limit, _ := p.OutgoingLimit(5000)
	near(t, "AOQL", limit, .0295, 4)

	found := stat.DodgeRomig(5000, .01, .03)
	if worst, _ := found.OutgoingLimit(5000); worst > .03 {
		t.Errorf("DodgeRomig = %+v lets out %.4f", found, worst)
	}
	// The book's plan keeps the same limit: the searched one must not cost more.
	if found.Inspected(5000, .01) > p.Inspected(5000, .01) {
		t.Errorf("DodgeRomig = %+v looks at %.1f, the book's plan at %.1f", found, found.Inspected(5000, .01), p.Inspected(5000, .01))
	}
}

func TestISO2859(t *testing.T) {
	t.Parallel()
	// MIL-STD-105E table I, general levels I to III, at both ends of each row.
	for _, tt := range []struct {
		from, to int
		want     string
	}{
		{2, 8, "AAB"},
		{9, 15, "ABC"},
		{16, 25, "BCD"},
		{26, 50, "CDE"},
		{51, 90, "CEF"},
		{91, 150, "DFG"},
		{151, 280, "EGH"},
		{281, 500, "FHJ"},
		{501, 1200, "GJK"},
		{1201, 3200, "HKL"},
		{3201, 10_000, "JLM"},
		{10_001, 35_000, "KMN"},
		{35_001, 150_000, "LNP"},
		{150_001, 500_000, "MPQ"},
		{500_001, 5_000_000, "NQR"},
	} {
		for _, lot := range []int{tt.from, tt.to} {
			got := ""
			for level := 1; level <= 3; level++ {
				got += string(stat.CodeLetter(lot, level))
			}
			if got != tt.want {
				t.Errorf("letters of %d = %s, want %s", lot, got, tt.want)
			}
		}
	}
	for _, tt := range []struct {
		letter stat.Letter
		aql    float64
		want   stat.Plan
	}{
		// methods.md: single, normal.
		{'E', 1, stat.Plan{N: 13}},
		{'H', 1, stat.Plan{N: 50, Accept: 1}},
		{'J', 1, stat.Plan{N: 80, Accept: 2}},
		{'K', 1, stat.Plan{N: 125, Accept: 3}},
		{'L', 1, stat.Plan{N: 200, Accept: 5}},
		{'M', 1, stat.Plan{N: 315, Accept: 7}},
		{'N', 1, stat.Plan{N: 500, Accept: 10}},
		{'P', 1, stat.Plan{N: 800, Accept: 14}},
		{'Q', 1, stat.Plan{N: 1250, Accept: 21}},
		{'F', .65, stat.Plan{N: 20}},
		{'J', .65, stat.Plan{N: 80, Accept: 1}},
		{'N', .65, stat.Plan{N: 500, Accept: 7}},
		// Arrows: down to the first plan, up to the zero, down to the one, up to the last.
		{'A', 1, stat.Plan{N: 13}},
		{'F', 1, stat.Plan{N: 13}},
		{'G', 1, stat.Plan{N: 50, Accept: 1}},
		{'R', 1, stat.Plan{N: 1250, Accept: 21}},
		// The corners of the table.
		{'A', .010, stat.Plan{N: 1250}},
		{'R', .010, stat.Plan{N: 1250}},
		{'A', 6.5, stat.Plan{N: 2}},
		{'A', 10, stat.Plan{N: 5, Accept: 1}},
		{'R', .65, stat.Plan{N: 2000, Accept: 21}},
	} {
		got, letter, ok := stat.ISO2859(tt.letter, tt.aql, stat.Normal)
		if diff := cmp.Diff(tt.want, got); diff != "" || !ok {
			t.Errorf("ISO2859(%c, %v), letter %c (-want +got):\n%s", tt.letter, tt.aql, letter, diff)
		}
	}
	if _, _, ok := stat.ISO2859('H', 1.1, stat.Normal); ok {
		t.Error("ISO2859 has a plan for an AQL that the standard has not")
	}
	// methods.md, "n/Ac (AQL 1.0)": pass at 1 %, accepted 95 % and 10 % of the time.
	for _, tt := range []struct {
		letter         stat.Letter
		pass, q95, q10 float64
	}{
		{'H', .9106, .715, 7.558},
		{'J', .9534, 1.030, 6.516},
		{'K', .9626, 1.100, 5.266},
		{'L', .9840, 1.314, 4.588},
		{'M', .9850, 1.270, 3.709},
		{'N', .9868, 1.239, 3.065},
		{'P', .9832, 1.159, 2.506},
		{'Q', .9909, 1.194, 2.248},
	} {
		plan, _, _ := stat.ISO2859(tt.letter, 1, stat.Normal)
		near(t, string(tt.letter)+" pass", plan.Pass(.01), tt.pass, 4)
		near(t, string(tt.letter)+" 95 %", 100*plan.Quality(.95), tt.q95, 3)
		near(t, string(tt.letter)+" 10 %", 100*plan.Quality(.10), tt.q10, 3)
	}
}
