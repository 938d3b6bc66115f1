package stat_test

import (
	"math"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/stat"
)

func forecasts(y []int, p []float64) []stat.Forecast {
	out := make([]stat.Forecast, len(y))
	for i := range y {
		out[i] = stat.Forecast{P: p[i], Hit: y[i] == 1}
	}
	return out
}

func TestCalibration(t *testing.T) {
	t.Parallel()
	g := load(t).Calibration
	near(t, "Brier", stat.Brier(forecasts(g.Brier.Y, g.Brier.P)), g.Brier.Brier, 4) // scikit-learn's example

	two := stat.Calibration(stat.Reliability(forecasts(g.ECE2.Y, g.ECE2.P), 2)) // torchmetrics' example
	near(t, "L1", two.Mean, g.ECE2.L1, 4)
	near(t, "L2", two.Squared, g.ECE2.L2, 4)
	near(t, "max", two.Max, g.ECE2.Max, 4)

	fs := forecasts(g.Twenty.Y, g.Twenty.P)
	ten, five := stat.Calibration(stat.Reliability(fs, 10)), stat.Calibration(stat.Reliability(fs, 5))
	near(t, "ECE10", ten.Mean, g.Twenty.ECE10, 6)
	near(t, "MCE10", ten.Max, g.Twenty.MCE10, 6)
	near(t, "ECE5", five.Mean, g.Twenty.ECE5, 6)
	near(t, "equal mass 5", stat.Calibration(stat.ReliabilityByMass(fs, 5)).Mean, .172500, 6) // methods.md
	near(t, "Brier", stat.Brier(fs), g.Twenty.Brier, 6)
	near(t, "log loss", stat.LogLoss(fs), .449901, 6)
	parts := stat.Decompose(fs)
	near(t, "reliability", parts.Reliability, .125875, 6)
	near(t, "resolution", parts.Resolution, .202500, 6)
	near(t, "uncertainty", parts.Uncertainty, .227500, 6)
}

func TestBinsAreClosedOnTheRight(t *testing.T) {
	t.Parallel()
	bins := stat.Reliability([]stat.Forecast{{P: 0}, {P: .5, Hit: true}, {P: .500001, Hit: true}, {P: 1, Hit: true}}, 2)
	if bins[0].N != 2 || bins[1].N != 2 || bins[0].Hits != 1 {
		t.Errorf("bins = %+v", bins)
	}
	banded := stat.ReliabilityAt([]stat.Forecast{{P: .2}, {P: .7, Hit: true}, {P: .99, Hit: true}}, []float64{.6, .8, .95})
	if banded[0].N != 2 || banded[1].N != 1 {
		t.Errorf("outside the edges: %+v", banded)
	}
}

// The numbers of methods.md, "Balance and drift".
func TestBalanceAndDrift(t *testing.T) {
	t.Parallel()
	counts := []int{500, 300, 150, 50}
	b := stat.BalanceOf(counts)
	near(t, "evenness", b.Evenness, .823865, 6)
	near(t, "effective", b.Effective, 3.133404, 6)
	near(t, "imbalance", b.Imbalance, 10, 6)
	near(t, "Gini-Simpson", b.Gini, .635, 6)
	near(t, "to uniform", b.ToUniform, .244174, 6)

	d := stat.DriftOf(counts, []int{40, 40, 15, 5})
	near(t, "JSD", d.JSD, .009186, 6)
	near(t, "PSI", d.PSI, .051083, 6)
	near(t, "total variation", d.TotalVariation, .1000, 4)
	near(t, "chi-square", d.ChiSquare, 4.793028, 6)
	near(t, "V", d.CramerV, .066010, 6)
	if d.Freedom != 3 {
		t.Errorf("degrees of freedom = %d, want 3", d.Freedom)
	}
	// 5 % of chi-squares with three degrees of freedom are above 7.815 (any table).
	if p := stat.DriftOf([]int{1, 1, 1, 1}, []int{1, 1, 1, 1}).P; p != 1 {
		t.Errorf("p of equal spreads = %v, want 1", p)
	}
	if d.P < 0.05 || d.P > 0.5 {
		t.Errorf("p of %v = %v", d.ChiSquare, d.P)
	}
	same := stat.DriftOf([]int{5, 0, 3, 0}, []int{10, 0, 6, 0})
	near(t, "PSI of equal shares with empty classes", same.PSI, 0, 9)
	if same.Freedom != 1 {
		t.Errorf("classes that nobody uses count: %d degrees of freedom", same.Freedom)
	}
}

// The numbers of methods.md, "Diversity".
func TestDiversity(t *testing.T) {
	t.Parallel()
	texts := []string{"turn on the kitchen light", "turn off the kitchen light", "play some jazz music", "play some rock music"}
	var docs [][]string
	for _, s := range texts {
		docs = append(docs, strings.Fields(s))
	}
	for n, want := range map[int][4]float64{
		1: {18, .611111, 3.392147, .980550}, 2: {14, .785714, 3.378783, .976687}, 3: {10, .900000, 3.121928, .984859},
	} {
		g := stat.NGramsOf(docs, n)
		near(t, "total", float64(g.Total), want[0], 0)
		near(t, "distinct", g.Distinct, want[1], 6)
		near(t, "entropy", g.Entropy, want[2], 6)
		near(t, "normalised", g.Normalised, want[3], 6)
	}
	var mean float64
	for i, got := range stat.SelfBLEU(docs, 2) {
		near(t, "self-BLEU", got, []float64{.632456, .632456, .5, .5}[i], 6)
		mean += got / 4
	}
	near(t, "mean self-BLEU", mean, .566228, 6)

	matrix := func(k [][]float64) float64 {
		return stat.Vendi(len(k), func(i, j int) float64 { return k[i][j] })
	}
	near(t, "Vendi of different", matrix([][]float64{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}), 4, 6)
	near(t, "Vendi of equal", matrix([][]float64{{1, 1}, {1, 1}}), 1, 6)
	near(t, "Vendi", matrix([][]float64{{1, .9, 0}, {.9, 1, 0}, {0, 0, 1}}), 2.1573, 4)
	samples := []float64{0, 0, 10, 10, 20, 20}
	near(t, "Vendi of samples", stat.Vendi(6, func(i, j int) float64 { return math.Exp(-math.Abs(samples[i] - samples[j])) }), 3.0000, 3)
	var sets []map[string]struct{}
	for _, s := range texts {
		sets = append(sets, stat.Shingles(s, 3))
	}
	near(t, "Jaccard", stat.SetJaccard(sets[0], sets[1]), .740741, 6)
	near(t, "Vendi of texts", stat.Vendi(4, func(i, j int) float64 { return stat.SetJaccard(sets[i], sets[j]) }), 3.212842, 6)
}
