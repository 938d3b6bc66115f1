package stat_test

import (
	"math"
	"testing"

	"github.com/voicefit/spotter/internal/stat"
)

func TestPace(t *testing.T) {
	t.Parallel()
	// Mean 10, SD sqrt(136/7) = 4.407785; t(7, 0.9) = 1.414924 (any table).
	p := stat.PaceOf([]float64{10, 14, 6, 10, 14, 6, 16, 4})
	if p.Days != 8 || p.Active != 8 || p.Mean != 10 || math.Abs(p.SD-4.407785) > 1e-6 {
		t.Fatalf("PaceOf() = %+v", p)
	}
	low, expected, high := p.After(8)
	off := 1.414924 * 4.407785 * math.Sqrt(8*2)
	if math.Abs(low-(80-off)) > 1e-4 || expected != 80 || math.Abs(high-(80+off)) > 1e-4 {
		t.Errorf("After(8) = %v, %v, %v, want 80 give or take %v", low, expected, high, off)
	}
	if early, late := p.Reach(0, 100); early != 0 || late != 0 {
		t.Errorf("Reach(0) = %d, %d", early, late)
	}
	for _, amount := range []float64{20, 50, 500} {
		early, late := p.Reach(amount, 1000)
		if early < 1 || late < early || float64(early) > amount/10 || float64(late) < amount/10 {
			t.Errorf("Reach(%v) = %d, %d, want days around %v", amount, early, late, amount/10)
		}
		if l, _, _ := p.After(late); l < amount {
			t.Errorf("Reach(%v): only %v are sure after %d days", amount, l, late)
		}
	}
	for name, tt := range map[string]struct {
		daily       []float64
		early, late int
	}{
		"always the same":   {[]float64{5, 5, 5, 5, 5}, 20, 20},
		"nothing done":      {[]float64{0, 0, 0}, -1, -1},
		"no days":           {nil, -1, -1},
		"far from a steady": {[]float64{0, 0, 0, 0, 40}, 4, -1},
	} {
		if early, late := stat.PaceOf(tt.daily).Reach(100, 400); early != tt.early || late != tt.late {
			t.Errorf("%s: Reach(100) = %d, %d, want %d, %d", name, early, late, tt.early, tt.late)
		}
	}
}
