package stat_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/stat"
)

// The tables of single sampling plans as two others printed them, each from MIL-STD-105E
// (public domain), to hold ours against:
//
//   - CRAN package AQLSchemes 1.7-2 (J. Lawson, Brigham Young University), whose source
//     says archive.org/details/MIL-STD-105E_1: sample size and acceptance number after
//     the arrows, for every code letter (rows) and the limits 0.010 to 10 (columns).
//   - National Institute of Building Sciences, model contract DPW, AC-TABLE.ASC, tables
//     1-A and 1-B: rejection numbers by letter and the limits 0.65 to 6.5; v and ^ are
//     arrows, and letters of general level II by size of the lot.
//
// Where the first has a plan, the second has it too, or the arrow that leads to it.

var cranNormal = []string{
	"A  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 5/0 3/0 2/0 5/1",
	"B  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 5/0 3/0 2/0 5/1",
	"C  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 5/0 3/0 8/1 5/1",
	"D  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 5/0 13/1 8/1 8/2",
	"E  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 20/1 13/1 13/2 13/3",
	"F  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 32/1 20/1 20/2 20/3 20/5",
	"G  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 50/1 32/1 32/2 32/3 32/5 32/7",
	"H  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 80/1 50/1 50/2 50/3 50/5 50/7 50/10",
	"J  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 125/1 80/1 80/2 80/3 80/5 80/7 80/10 80/14",
	"K  1250/0 800/0 500/0 315/0 200/0 125/0 80/0 200/1 125/1 125/2 125/3 125/5 125/7 125/10 125/14 125/21",
	"L  1250/0 800/0 500/0 315/0 200/0 125/0 315/1 200/1 200/2 200/3 200/5 200/7 200/10 200/14 200/21 125/21",
	"M  1250/0 800/0 500/0 315/0 200/0 500/1 315/1 315/2 315/3 315/5 315/7 315/10 315/14 315/21 200/21 125/21",
	"N  1250/0 800/0 500/0 315/0 800/1 500/1 500/2 500/3 500/5 500/7 500/10 500/14 500/21 315/21 200/21 125/21",
	"P  1250/0 800/0 500/0 1250/1 800/1 800/2 800/3 800/5 800/7 800/10 800/14 800/21 500/21 315/21 200/21 125/21",
	"Q  1250/0 800/0 2000/1 1250/1 1250/2 1250/3 1250/5 1250/7 1250/10 1250/14 1250/21 800/21 500/21 315/21 200/21 125/21",
	"R  1250/0 800/0 2000/1 2000/2 2000/3 2000/5 2000/7 2000/10 2000/14 2000/21 1250/21 800/21 500/21 315/21 200/21 125/21",
}

var cranTightened = []string{
	"A  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 5/0 3/0 8/1",
	"B  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 5/0 3/0 8/1",
	"C  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 5/0 13/1 8/1",
	"D  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 8/0 20/1 13/1 8/1",
	"E  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 13/0 32/1 20/1 13/1 13/2",
	"F  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 20/0 50/1 32/1 20/1 20/2 20/3",
	"G  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 32/0 80/1 50/1 32/1 32/2 32/3 32/5",
	"H  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 50/0 125/1 80/1 50/1 50/2 50/3 50/5 50/8",
	"J  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 80/0 200/1 125/1 80/1 80/2 80/3 80/5 80/8 80/12",
	"K  2000/0 1250/0 800/0 500/0 315/0 200/0 125/0 315/1 200/1 125/1 125/2 125/3 125/5 125/8 125/12 125/18",
	"L  2000/0 1250/0 800/0 500/0 315/0 200/0 500/1 315/1 200/1 200/2 200/3 200/5 200/8 200/12 200/18 125/18",
	"M  2000/0 1250/0 800/0 500/0 315/0 800/1 500/1 315/1 315/2 315/3 315/5 315/8 315/12 315/18 200/18 125/18",
	"N  2000/0 1250/0 800/0 500/0 1250/1 800/1 500/1 500/2 500/3 500/5 500/8 500/12 500/18 315/18 200/18 125/18",
	"P  2000/0 1250/0 800/0 2000/1 1250/1 800/1 800/2 800/3 800/5 800/8 800/12 800/18 500/18 315/18 200/18 125/18",
	"Q  2000/0 1250/0 3150/1 2000/1 1250/1 1250/2 1250/3 1250/5 1250/8 1250/12 1250/18 800/18 500/18 315/18 200/18 125/18",
	"R  2000/0 1250/0 3150/1 2000/1 2000/2 2000/3 2000/5 2000/8 2000/12 2000/18 1250/18 800/18 500/18 315/18 200/18 125/18",
}

// NIBS, table 1-A, normal: letter, sample size, rejection numbers for 0.65 to 6.5.
var nibsNormal = []string{
	"A 2 v v v v v 1", "B 3 v v v v 1 ^", "C 5 v v v 1 ^ v", "D 8 v v 1 ^ v 2", "E 13 v 1 ^ v 2 3", "F 20 1 ^ v 2 3 4", "G 32 ^ v 2 3 4 6",
	"H 50 v 2 3 4 6 8", "J 80 2 3 4 6 8 11", "K 125 3 4 6 8 11 15", "L 200 4 6 8 11 15 22", "M 315 6 8 11 15 22 ^",
	"N 500 8 11 15 22 ^ ^", "P 800 11 15 22 ^ ^ ^", "Q 1250 15 22 ^ ^ ^ ^",
}

// NIBS, table 1-B, tightened, to where the stored copy ends.
var nibsTightened = []string{
	"A 2 v v v v v v", "B 3 v v v v v 1", "C 5 v v v v 1 v", "D 8 v v v 1 v v", "E 13 v v 1 v v 2", "F 20 v 1 v v 2 3", "G 32 1 v v 2 3 4",
	"H 50 v v 2 3 4 6", "J 80 v 2 3 4 6 9", "K 125 2 3 4 6 9 13", "L 200 3 4 6 9 13 19",
}

func TestPlansAsPrinted(t *testing.T) {
	t.Parallel()
	aqls := stat.AQLs()
	for _, tt := range []struct {
		name     string
		severity stat.Severity
		rows     []string
	}{{"normal", stat.Normal, cranNormal}, {"tightened", stat.Tightened, cranTightened}} {
		for _, row := range tt.rows {
			cells := strings.Fields(row)
			for i, want := range cells[1:] {
				p, _, ok := stat.ISO2859(stat.Letter(cells[0][0]), aqls[i], tt.severity)
				if got := fmt.Sprintf("%d/%d", p.N, p.Accept); got != want || !ok {
					t.Errorf("%s, letter %s, AQL %v: %s, AQLSchemes has %s", tt.name, cells[0], aqls[i], got, want)
				}
			}
		}
	}
	for _, tt := range []struct {
		name     string
		severity stat.Severity
		rows     []string
	}{{"normal", stat.Normal, nibsNormal}, {"tightened", stat.Tightened, nibsTightened}} {
		for _, row := range tt.rows {
			cells := strings.Fields(row)
			n, err := strconv.Atoi(cells[1])
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range cells[2:] {
				aql := []float64{0.65, 1.0, 1.5, 2.5, 4.0, 6.5}[i]
				p, _, _ := stat.ISO2859(stat.Letter(cells[0][0]), aql, tt.severity)
				got := strconv.Itoa(p.Accept + 1)
				switch {
				case p.N > n:
					got = "v"
				case p.N < n:
					got = "^"
				}
				if got != want {
					t.Errorf("%s, letter %s, AQL %v: %s (%+v), NIBS has %s", tt.name, cells[0], aql, got, p, want)
				}
			}
		}
	}
}

// TestSwitching plays series of lots by the rules as MIL-STD-105E, 4.7 and 4.8, and the
// outline of ISO 2859-1 have them: 2 of 5 or fewer in a row rejected tighten, 5 in a row
// accepted ease, 5 rejected on tightened inspection stop (methods.md says the same).
func TestSwitching(t *testing.T) {
	t.Parallel()
	for lots, want := range map[string]stat.Severity{
		"":                    stat.Normal,
		"+++++++++++++":       stat.Normal,
		"-":                   stat.Normal,
		"--":                  stat.Tightened,
		"-+++-":               stat.Tightened,
		"-++++-":              stat.Normal, // the first is the sixth before
		"--++++":              stat.Tightened,
		"--+++++":             stat.Normal,
		"--++++-++++":         stat.Tightened, // not in a row
		"--++++-+++++":        stat.Normal,
		"--+++++-":            stat.Normal, // what was before does not count again
		"--+++++-+-":          stat.Tightened,
		"------":              stat.Tightened,
		"-------":             stat.Discontinued,
		"---+-+-+-+-":         stat.Discontinued, // cumulative
		"-------++++++++++++": stat.Discontinued,
	} {
		var accepted []bool
		for _, c := range lots {
			accepted = append(accepted, c == '+')
		}
		if got := stat.SeverityAfter(accepted); got != want {
			t.Errorf("after %q: %q, want %q", lots, got, want)
		}
	}
}
