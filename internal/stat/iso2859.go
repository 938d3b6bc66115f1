package stat

import "slices"

// A Letter is a sample size code letter of ISO 2859-1 (I and O are not used).
type Letter byte

// letters in order, with the sample sizes of single plans.
// S is one that only arrows of tightened inspection lead to.
const letters = "ABCDEFGHJKLMNPQRS"

var letterSizes = [len(letters)]int{2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150}

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

// A Severity is how strictly a series of lots is inspected.
type Severity string

// The severities. Reduced inspection is not among them: the numbers of MIL-STD-105E
// and of ISO 2859-1:1999 differ, and those of the latter could not be checked.
const (
	Normal       Severity = ""
	Tightened    Severity = "tightened"
	Discontinued Severity = "discontinued" // no lot is accepted before something is done about what makes them
)

// A master is a table of single sampling plans. Each is the same diagonal shifted by
// one row for each step of the AQL: on it an acceptance number of 0, then arrows, then
// the numbers from 1. Places on the diagonal are counted as letter plus AQL.
type master struct {
	zero    int   // the acceptance number 0
	up      int   // up to here an arrow leads up to the 0; beyond it, down to the first number
	one     int   // the first of the numbers
	numbers []int // acceptance numbers from there
	first   int   // the first letter with an acceptance number of 0
	last    int   // the last letter that has plans
}

var (
	normalMaster    = master{zero: 14, up: 15, one: 17, numbers: []int{1, 2, 3, 5, 7, 10, 14, 21}, last: 15}
	tightenedMaster = master{zero: 15, up: 15, one: 18, numbers: []int{1, 2, 3, 5, 8, 12, 18}, first: 1, last: 16}
)

// row follows the arrows from a letter and an AQL to the letter whose plan counts.
func (m master) row(letter, aql int) int {
	zero, one := m.zero-aql, m.one-aql
	switch place := letter + aql; {
	case place < m.zero || place == m.zero && zero < m.first: // arrow down, to the first plan below
		if zero < m.first {
			return one
		}
		return zero
	case place > m.zero && place <= m.up && letter > 0: // arrow up, to the acceptance number 0 above
		return zero
	case place > m.zero && place < m.one:
		if one > m.last {
			return zero // there is nothing below
		}
		return one
	case place >= m.one+len(m.numbers): // arrow up, to the last plan above
		return one + len(m.numbers) - 1
	}
	return letter
}

// ISO2859 is the single sampling plan of a code letter and an AQL in percent, for
// normal or tightened inspection, after following the table's arrows, and the letter
// they led to. It reports false when the standard has no such AQL.
func ISO2859(letter Letter, aql float64, severity Severity) (Plan, Letter, bool) {
	column := slices.Index(aqls, aql)
	row := slices.Index([]byte(letters), byte(letter))
	if column < 0 || row < 0 || severity == Discontinued {
		return Plan{}, 0, false
	}
	m := normalMaster
	if severity == Tightened {
		m = tightenedMaster
	}
	row = m.row(row, column)
	plan := Plan{N: letterSizes[row]}
	if place := row + column; place >= m.one {
		plan.Accept = m.numbers[place-m.one]
	}
	return plan, Letter(letters[row]), true
}

// Switching rules of ISO 2859-1, 9.3 and 9.4 (MIL-STD-105E, 4.7 and 4.8).
const (
	switchWindow  = 5 // of so many lots in a row under normal inspection
	switchRejects = 2 // so many rejected tighten it
	switchAccepts = 5 // so many accepted in a row under tightened inspection ease it
	stopRejects   = 5 // so many rejected in one run of tightened inspection end it
)

// SeverityAfter is how strictly the next lot of a series is inspected after those
// before it: accepted says of each, in order, whether it was accepted on its first
// inspection. A series begins with normal inspection.
func SeverityAfter(accepted []bool) Severity {
	severity := Normal
	var run []bool // under the present severity
	for _, ok := range accepted {
		run = append(run, ok)
		switch severity {
		case Normal:
			if rejects(run[max(len(run)-switchWindow, 0):]) >= switchRejects {
				severity, run = Tightened, nil
			}
		case Tightened:
			switch last := run[max(len(run)-switchAccepts, 0):]; {
			case rejects(run) >= stopRejects:
				return Discontinued
			case len(last) == switchAccepts && rejects(last) == 0:
				severity, run = Normal, nil
			}
		}
	}
	return severity
}

func rejects(lots []bool) int {
	n := 0
	for _, ok := range lots {
		if !ok {
			n++
		}
	}
	return n
}
