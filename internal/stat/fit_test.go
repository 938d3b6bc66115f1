package stat_test

import (
	"math"
	"testing"

	"github.com/voicefit/spotter/internal/stat"
)

func TestFitOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		counts           []int
		weights          []float64
		chi, p, w, least float64
	}{
		// Mendel's peas (1866), 9:3:3:1; the figures are in many textbooks.
		{"peas", []int{315, 101, 108, 32}, []float64{9, 3, 3, 1}, 0.470024, 0.925426, 0.029075, 34.75},
		{"a die", []int{5, 8, 9, 8, 10, 20}, []float64{1, 1, 1, 1, 1, 1}, 13.4, 0.019905, 0.472582, 10},
		{"as planned", []int{30, 10}, []float64{300, 100}, 0, 1, 0, 10},
		{"nothing", []int{0, 0}, []float64{1, 1}, math.NaN(), math.NaN(), math.NaN(), math.NaN()},
		{"one class", []int{5}, []float64{1}, math.NaN(), math.NaN(), math.NaN(), math.NaN()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := stat.FitOf(tt.counts, tt.weights)
			for _, v := range []struct {
				name      string
				got, want float64
			}{{"chi-square", g.ChiSquare, tt.chi}, {"p", g.P, tt.p}, {"w", g.Effect, tt.w}, {"least", g.Least, tt.least}} {
				if math.IsNaN(v.want) != math.IsNaN(v.got) || math.Abs(v.got-v.want) > 1e-5 {
					t.Errorf("FitOf(%v, %v): %s = %v, want %v", tt.counts, tt.weights, v.name, v.got, v.want)
				}
			}
		})
	}
}
