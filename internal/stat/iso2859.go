package stat

import "slices"

// A Letter is a sample size code letter of ISO 2859-1 (I and O are not used).
type Letter byte

// letters in order, with the sample sizes of single plans.
const letters = "ABCDEFGHJKLMNPQR"

var letterSizes = [len(letters)]int{2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000}

// lotLetters are the code letters of general levels I, II and III by lot size, from the
// table of MIL-STD-105E, which ISO 2859-1 and ANSI/ASQ Z1.4 share.
var lotLetters = []struct {
	upTo    int // lot size; 0: any
	letters string
}{
	{8, "AAB"},
	{15, "ABC"},
	{25, "BCD"},
	{50, "CDE"},
	{90, "CEF"},
	{150, "DFG"},
	{280, "EGH"},
	{500, "FHJ"},
	{1200, "GJK"},
	{3200, "HKL"},
	{10_000, "JLM"},
	{35_000, "KMN"},
	{150_000, "LNP"},
	{500_000, "MPQ"},
	{0, "NQR"},
}

// AQLs are the acceptance quality limits the standard has plans for, in percent
// defective.
var aqls = []float64{0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10}

// AQLs are the acceptance quality limits, in percent defective, that the standard has
// plans for.
func AQLs() []float64 { return slices.Clone(aqls) }

// CodeLetter is the letter for a lot at general inspection level 1, 2 or 3.
func CodeLetter(lot, level int) Letter {
	for _, row := range lotLetters {
		if lot <= row.upTo || row.upTo == 0 {
			return Letter(row.letters[min(max(level, 1), 3)-1])
		}
	}
	return 'R' // not reached: the last row takes every lot
}

// The master table of normal inspection is the same diagonal shifted by one row for
// each step of the AQL: on it an acceptance number of 0, an arrow up, an arrow down,
// then 1 2 3 5 7 10 14 21. These are its places, counted as letter plus AQL.
const diagonalZero, diagonalUp, diagonalOne = 14, 15, 17

var diagonal = []int{1, 2, 3, 5, 7, 10, 14, 21}

// ISO2859 is the single sampling plan for normal inspection of a code letter and an
// AQL in percent, after following the table's arrows, and the letter they led to.
// It reports false when the standard has no such AQL.
func ISO2859(letter Letter, aql float64) (Plan, Letter, bool) {
	column := slices.Index(aqls, aql)
	row := slices.Index([]byte(letters), byte(letter))
	if column < 0 || row < 0 {
		return Plan{}, 0, false
	}
	switch place := row + column; {
	case place < diagonalZero: // arrow down, to the first plan below
		row = diagonalZero - column
	case place == diagonalUp && row > 0: // arrow up, to the acceptance number 0 above
		row--
	case place > diagonalZero && place < diagonalOne:
		row = diagonalOne - column
	case place >= diagonalOne+len(diagonal): // arrow up, to the last plan above
		row = diagonalOne + len(diagonal) - 1 - column
	}
	plan := Plan{N: letterSizes[row]}
	if place := row + column; place >= diagonalOne {
		plan.Accept = diagonal[place-diagonalOne]
	}
	return plan, Letter(letters[row]), true
}
