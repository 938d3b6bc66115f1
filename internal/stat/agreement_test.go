package stat_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/voicefit/spotter/internal/stat"
)

const seed = 20260117

// golden is ../shared/data/statistics.json, whose values methods.md prints too.
type golden struct {
	Cohen []struct {
		Table           stat.Table
		Po, Pe          float64
		Kappa           float64
		ScottPi         float64 `json:"scott_pi"`
		AC1             float64
		BrennanPrediger *float64 `json:"brennan_prediger"`
	}
	Fleiss struct {
		Items [][]int `json:"items_by_category"`
		PBar  float64 `json:"p_bar"`
		PE    float64 `json:"p_e"`
		Kappa float64
	}
	Krippendorff []struct {
		Coders   [][]*int `json:"coders_by_unit"`
		Nominal  float64  `json:"alpha_nominal"`
		Ordinal  float64  `json:"alpha_ordinal"`
		Interval float64  `json:"alpha_interval"`
		Ratio    float64  `json:"alpha_ratio"`
	}
	Gwet struct {
		Coders [][]*int `json:"coders_by_unit"`
		PA     float64
		AC1    float64
		Fleiss float64 `json:"fleiss_generalised"`
	} `json:"gwet_multi"`
	Wilson         [][4]float64 `json:"wilson95"`
	ClopperPearson [][4]float64 `json:"clopper_pearson95"`
	Calibration    struct {
		Brier struct {
			Y     []int
			P     []float64
			Brier float64
		}
		ECE2 struct {
			Y           []int
			P           []float64
			L1, L2, Max float64
		} `json:"ece_2_bins"`
		Twenty struct {
			Y     []int
			P     []float64
			ECE10 float64
			ECE5  float64
			MCE10 float64
			Brier float64
		} `json:"twenty_points"`
	}
	Acceptance struct {
		OC             []float64                  `json:"oc_n52_c3_percent_1_to_12"`
		Hypergeometric struct{ D10, D50 float64 } `json:"hypergeometric_N1000_n80_c2"`
		SPRT           struct {
			K, H1, H2, S float64
			Numbers      [][3]int `json:"n_accept_reject"`
		} `json:"sprt_p01_p10_a05_b10"`
		TwoPoint [][6]float64 `json:"two_point"`
	}
}

// load reads the golden vectors; a missing file fails, so that CI cannot skip them.
func load(t *testing.T) golden {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "../shared/data/statistics.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// near fails unless got rounds to want at the printed number of digits.
func near(t *testing.T, what string, got, want float64, digits int) {
	t.Helper()
	if !(math.Abs(got-want) <= 0.5000001*math.Pow10(-digits)) {
		t.Errorf("%s = %.*f, want %.*f", what, digits+3, got, digits, want)
	}
}

func ratings(coders [][]*int) [][]int {
	out := make([][]int, len(coders))
	for i, row := range coders {
		for _, c := range row {
			if c == nil {
				out[i] = append(out[i], stat.Missing)
			} else {
				out[i] = append(out[i], *c-1)
			}
		}
	}
	return out
}

func TestTwoRaters(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Cohen {
		w := stat.Identity(len(c.Table))
		digits := 6
		if len(c.Table) == 3 { // printed with seven
			digits = 7
		}
		near(t, "agreement", c.Table.Agree().Value, c.Po, 3)
		kappa := stat.Cohen(c.Table, w)
		near(t, "kappa", kappa.Value, c.Kappa, digits)
		if c.Pe > 0 {
			near(t, "chance", kappa.Chance, c.Pe, 6)
		}
		near(t, "pi", stat.Scott(c.Table, w).Value, c.ScottPi, digits)
		near(t, "AC1", stat.AC(c.Table.Patterns(), w).Value, c.AC1, digits)
		near(t, "percent of patterns", stat.Percent(c.Table.Patterns(), w).Value, c.Po, 3)
		if c.BrennanPrediger != nil {
			near(t, "BP", stat.BrennanPrediger(c.Table.Patterns(), w, seed).Value, *c.BrennanPrediger, 3)
		}
	}
}

// methods.md, from the irrCAC vignette on CRAN and the tests of afergadis/irrCAC:
// standard errors, intervals and weighted coefficients of the 3 x 3 table.
func TestTwoRatersUncertainty(t *testing.T) {
	t.Parallel()
	table := load(t).Cohen[1].Table
	w, ps := stat.Identity(3), table.Patterns()

	kappa := stat.Cohen(table, w)
	near(t, "SE of kappa", kappa.SE, 0.0589107, 7)
	near(t, "kappa low", kappa.Low, 0.68, 2)
	near(t, "kappa high", kappa.High, 0.913, 3)
	near(t, "SE of pi", stat.Scott(table, w).SE, 0.0590547, 7)
	ac := stat.AC(ps, w)
	near(t, "AC1 low", ac.Low, 0.764, 3)
	near(t, "AC1 high", ac.High, 0.935, 3)

	near(t, "kappa linear", stat.Cohen(table, stat.Linear(3)).Value, 0.843, 3)
	near(t, "kappa quadratic", stat.Cohen(table, stat.Quadratic(3)).Value, 0.892, 3)
	near(t, "AC2 linear", stat.AC(ps, stat.Linear(3)).Value, 0.900, 3)
	near(t, "AC2 quadratic", stat.AC(ps, stat.Quadratic(3)).Value, 0.940, 3)
}

func TestFleiss(t *testing.T) {
	t.Parallel()
	g := load(t).Fleiss
	var ps []stat.Pattern
	for _, counts := range g.Items {
		ps = append(ps, stat.Pattern{Counts: counts, Times: 1})
	}
	w := stat.Identity(5)
	near(t, "agreement", stat.Percent(ps, w).Value, g.PBar, 3)
	e := stat.Fleiss(ps, w)
	near(t, "kappa", e.Value, g.Kappa, 6)
	near(t, "chance", e.Chance, g.PE, 3)
}

func TestKrippendorff(t *testing.T) {
	t.Parallel()
	values := []float64{1, 2, 3, 4, 5}
	for i, c := range load(t).Krippendorff {
		digits := []int{6, 3}[i] // as printed
		ps := stat.Units(ratings(c.Coders), 5)
		near(t, "nominal", stat.Krippendorff(ps, stat.Identity(5)).Value, c.Nominal, digits)
		near(t, "interval", stat.KrippendorffOf(stat.IntervalLevel, ps, values, seed).Value, c.Interval, digits)
		if i == 1 {
			near(t, "ordinal", stat.KrippendorffOf(stat.Ordinal, ps, values, seed).Value, c.Ordinal, digits)
			near(t, "ratio", stat.KrippendorffOf(stat.Ratio, ps, values, seed).Value, c.Ratio, digits)
		}
	}
}

// raw_4raters of irrCAC; methods.md prints its tests' standard errors and intervals.
func TestSeveralRaters(t *testing.T) {
	t.Parallel()
	g := load(t).Gwet
	raw := ratings(g.Coders)
	ps, w := stat.Units(raw, 5), stat.Identity(5)
	near(t, "agreement", stat.Percent(ps, w).Value, g.PA, 5)
	ac := stat.AC(ps, w)
	near(t, "AC1", ac.Value, g.AC1, 5)
	near(t, "SE of AC1", ac.SE, 0.143, 3)
	near(t, "AC1 low", ac.Low, 0.461, 3)
	near(t, "AC1 high", ac.High, 1, 0)
	fleiss := stat.Fleiss(ps, w)
	near(t, "Fleiss", fleiss.Value, g.Fleiss, 5)
	near(t, "Fleiss low", fleiss.Low, 0.42438, 5)
	near(t, "Conger", stat.Conger(raw, w, seed).Value, 0.763, 3)
	alpha := stat.Krippendorff(ps, w)
	near(t, "alpha", alpha.Value, 0.743, 3)
	near(t, "SE of alpha", alpha.SE, 0.146, 3)
	near(t, "agreement of alpha", alpha.Observed, 0.805, 3)
	near(t, "chance of alpha", alpha.Chance, 0.240, 3)
}

func TestPatternsOfManyAreUnitsOfOne(t *testing.T) {
	t.Parallel()
	w := stat.Identity(2)
	grouped := []stat.Pattern{{Counts: []int{2, 0}, Times: 40}, {Counts: []int{1, 1}, Times: 7}, {Counts: []int{0, 3}, Times: 5}, {Counts: []int{1, 0}, Times: 9}}
	var single []stat.Pattern
	for _, p := range grouped {
		for range p.Times {
			single = append(single, stat.Pattern{Counts: p.Counts, Times: 1})
		}
	}
	for name, f := range map[string]func([]stat.Pattern) stat.Estimate{
		"percent": func(ps []stat.Pattern) stat.Estimate { return stat.Percent(ps, w) },
		"ac":      func(ps []stat.Pattern) stat.Estimate { return stat.AC(ps, w) },
		"fleiss":  func(ps []stat.Pattern) stat.Estimate { return stat.Fleiss(ps, w) },
		"alpha":   func(ps []stat.Pattern) stat.Estimate { return stat.Krippendorff(ps, w) },
	} {
		a, b := f(grouped), f(single)
		near(t, name, a.Value, b.Value, 9)
		near(t, name+" SE", a.SE, b.SE, 9)
		near(t, name+" low", a.Low, b.Low, 9)
	}
}

func TestNothingToSay(t *testing.T) {
	t.Parallel()
	w := stat.Identity(2)
	oneWay := stat.Table{{12, 0}, {0, 0}}
	for name, e := range map[string]stat.Estimate{
		"kappa of one category": stat.Cohen(oneWay, w),
		"pi of one category":    stat.Scott(oneWay, w),
		"alpha of one category": stat.Krippendorff(oneWay.Patterns(), w),
		"kappa of nothing":      stat.Cohen(stat.Table{{0, 0}, {0, 0}}, w),
		"AC1 of nothing":        stat.AC(nil, w),
		"percent of nothing":    stat.Percent(nil, w),
		"alpha of single looks": stat.Krippendorff([]stat.Pattern{{Counts: []int{1, 0}, Times: 5}}, w),
		"BP of nothing":         stat.BrennanPrediger(nil, w, seed),
	} {
		if e.Known() {
			t.Errorf("%s = %v, want nothing", name, e)
		}
	}
	if e := stat.AC(oneWay.Patterns(), w); e.Value != 1 {
		t.Errorf("AC1 of one category = %v, want 1", e.Value)
	}
}

func TestBootstrapIsRepeatable(t *testing.T) {
	t.Parallel()
	g := load(t)
	ps := g.Cohen[1].Table.Patterns()
	w := stat.Identity(3)
	a, b := stat.BrennanPrediger(ps, w, seed), stat.BrennanPrediger(ps, w, seed)
	if diff := cmp.Diff(a, b, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("the same seed gave (-first +second):\n%s", diff)
	}
	// Its chance agreement is fixed, so its standard error is that of the share over
	// 1 - 1/q: the bootstrap must come close.
	want := g.Cohen[1].Table.Agree().SE / (1 - 1.0/3)
	if math.Abs(a.SE-want) > 0.1*want || a.Low > a.Value || a.High < a.Value {
		t.Errorf("BrennanPrediger = %+v, want a standard error about %.4f", a, want)
	}
}
