package lint

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

var voiceRules = []definition{
	{
		Rule: Rule{
			ID: "voice/unsupported-number", Family: "voice", Severity: Error,
			Summary: "A number in the answer was never said: not in digits, not in words, not converted from pounds or kilos, not by implication (RIR from RPE). Where equipment stands for the weight (\"two plates\") or a word for the effort, it is a warning.",
			Why:     "A model that is shown invented numbers invents numbers, thousands of times a day.",
			Source:  "The known defects of the voice data. What counts is everything the user said up to the answer, earlier turns included.",
			Params: []Param{
				{"fields", "[weight, reps, rpe, rir, duration_seconds, rest_seconds]", "the fields of a set that are compared."},
				{"shortcut_words", "[plate, plates, wheel, wheels, quarter, quarters, bar]", "words that stand for a weight, so that a person has to look."},
			},
			Fix: "Correct the number, or make it null.",
		},
		build: buildUnsupportedNumber,
	},
	{
		Rule: Rule{
			ID: "voice/rir-rpe", Family: "voice", Severity: Error,
			Summary: "The repetitions in reserve and the effort do not add up: rir must be 10 - rpe.",
			Why:     "The two say the same thing; where they differ, one of them is wrong.",
			Source:  "The RPE scale of lifters that rests on repetitions in reserve (Zourdos et al. 2016).",
			Params:  []Param{{"sum", "10", "what rpe and rir add up to."}},
			Fix:     "Decide which one was said and compute the other.",
		},
		build: buildRirRpe,
	},
	{
		Rule: Rule{
			ID: "voice/dangling-reference", Family: "voice", Severity: Error,
			Summary: "The user refers to an earlier set (\"same weight\") and no earlier set is there. An answer that leaves the weight open is a warning.",
			Why:     "The answer can only guess, and the model learns to.",
			Source:  "The known defects of the voice data.",
			Params:  []Param{{"phrases", "[]", "further phrases that refer back, beside the English ones that are built in."}},
			Fix:     "Add the earlier turn, or take the reference out.",
		},
		build: buildDanglingReference,
	},
	{
		Rule: Rule{
			ID: "voice/stretch-load", Family: "voice", Severity: Error,
			Summary: "A stretch is logged with a weight.",
			Why:     "A stretch has a duration; the weight belongs to the lift before.",
			Source:  "The known defects of the voice data: a stretch logged with 315 lb.",
			Params:  []Param{{"words", "[]", "further words in the name of an exercise that is done without load, beside the English ones that are built in (stretch, foam roll, mobility, ...); an asterisk stands for any ending."}},
			Fix:     "Make the weight null.",
		},
		build: buildStretchLoad,
	},
	{
		Rule: Rule{
			ID: "voice/unit-mismatch", Family: "voice", Severity: Error,
			Summary: "The weight was said in one unit and is logged in the other, with the same number.",
			Why:     "100 kilos logged as 100 pounds is less than half the load.",
			Source:  "The product's rule that the unit is the lifter's.",
			Fix:     "Write the unit that was said.",
		},
		build: simple(checkUnitMismatch),
	},
}

// poundsPerKilo is exact by definition of the pound: 1 / 0.45359237.
const poundsPerKilo = 1 / 0.45359237

// maxSets is how many sets of one answer are looked at.
const maxSets = 200

// sets calls visit with every logged set of the answer: the answer itself, what
// stands in parsed_data, or the entries of exercises.
func (a *answer) sets(visit func(set int32)) {
	t := a.tree
	if len(t.nodes) == 0 || t.nodes[0].kind != objectKind {
		return
	}
	top := int32(0)
	if d := t.get(0, "parsed_data"); t.is(d, objectKind) {
		top = d
	}
	if list := t.get(top, "exercises"); t.is(list, listKind) {
		for c := range t.children(list) {
			if t.nodes[c].kind == objectKind && t.nodes[c].index < maxSets {
				visit(c)
			}
		}
		return
	}
	visit(top)
}

// maxNumbers is how many readings of numbers are kept. A text with more is no
// command, and whether a number was said there is not worth asking.
const maxNumbers = 1000

// heard are the numbers that the user said before message, all turns together.
// There may be too many to say anything about.
func (x *exam) heard(message int) (numbers []number, tooMany bool) {
	x.scratch.numbers = x.scratch.numbers[:0]
	x.asked(message, func(i int, text string) bool {
		first := len(x.scratch.numbers)
		x.scratch.numbers = appendNumbers(x.scratch.numbers, text[:min(len(text), maxCommand)])
		for k := first; k < len(x.scratch.numbers); k++ {
			x.scratch.numbers[k].turn = int32(i)
		}
		tooMany = len(x.scratch.numbers) > maxNumbers || len(text) > maxCommand
		return !tooMany
	})
	return x.scratch.numbers, tooMany
}

// maxCommand is how much of a turn is read for numbers, in bytes.
const maxCommand = 1 << 14

// userSays reports whether the user said one of the phrases before message.
func (x *exam) userSays(message int, p *phrases) bool {
	found := false
	x.asked(message, func(_ int, text string) bool {
		found = p.in(text[:min(len(text), maxCommand)])
		return !found
	})
	return found
}

// numberFields are the fields that voice/unsupported-number knows how to
// compare.
var numberFields = []string{"weight", "reps", "rpe", "rir", "duration_seconds", "rest_seconds"}

// Words that say a number without naming it.
var (
	eachWords    = newPhrases("each", "per hand", "per side", "a side", "per arm", "pair of", "both hands", "either side", "apiece")
	effortWords  = newPhrases("easy", "easily", "hard", "tough", "heavy", "light", "brutal", "grind*", "moderate", "smooth", "challenging", "killer", "effort", "struggled", "comfortable", "cruised")
	failureWords = newPhrases("failure", "failed", "max", "maxed", "all out", "nothing left", "none left", "couldn't do another", "could not do another", "couldn't get another", "gave out", "empty")
	missedWords  = newPhrases("fail*", "miss*", "no reps", "couldn't", "could not", "didn't get*")
	totalWords   = newPhrases("total", "altogether", "rest pause", "rest-pause", "cluster")
	someWords    = newPhrases("few", "several", "some", "bunch", "handful")
)

func buildUnsupportedNumber(s *setting) (func(*exam), error) {
	p := struct {
		Fields        []string `json:"fields"`
		ShortcutWords []string `json:"shortcut_words"`
	}{slices.Clone(numberFields), []string{"plate", "plates", "wheel", "wheels", "quarter", "quarters", "bar"}}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	for _, f := range p.Fields {
		if !slices.Contains(numberFields, f) {
			return nil, fmt.Errorf("the field %q is not one of %s", f, strings.Join(numberFields, ", "))
		}
	}
	shortcuts := newPhrases(p.ShortcutWords...)
	fields := p.Fields
	return func(x *exam) {
		for i := range x.answers {
			a := &x.answers[i]
			var heard []number
			read, tooMany := false, false
			a.sets(func(set int32) {
				for _, f := range fields {
					n := a.tree.get(set, f)
					v, ok := a.tree.num(n)
					if !ok {
						continue
					}
					if !read {
						heard, tooMany = x.heard(a.message)
						read = true
					}
					if tooMany || x.supported(a, set, f, v, heard) {
						continue
					}
					x.unsupported(a, n, f, heard, shortcuts)
				}
			})
		}
	}, nil
}

// supported reports whether v follows from what was heard.
func (x *exam) supported(a *answer, set int32, field string, v float64, heard []number) bool {
	said := func(v float64) bool {
		for k := range heard {
			if heard[k].covers(v) {
				return true
			}
		}
		return false
	}
	switch field {
	case "weight":
		return v == 0 || said(v) || converted(a.tree.str(a.tree.get(set, "weight_unit")), v, heard) ||
			(said(v/2) || said(v*2)) && x.userSays(a.message, eachWords)
	case "reps":
		return said(v) || v == 0 && x.userSays(a.message, missedWords) || x.summed(a.message, v, heard) ||
			v == 1 && x.userSays(a.message, oneRep)
	case "rpe", "rir":
		if said(v) || said(10-v) {
			return true
		}
		out := v == 10 && field == "rpe" || v == 0 && field == "rir"
		return out && x.userSays(a.message, failureWords)
	case "duration_seconds", "rest_seconds":
		return timed(v, heard)
	}
	return said(v)
}

var oneRep = newPhrases("a rep", "another rep", "a single", "one more", "one rep max", "a max")

// converted reports whether v, in the unit of the answer, is a weight that was
// said in the other, rounded to half a unit or one percent.
func converted(unit string, v float64, heard []number) bool {
	from, factor := kilos, poundsPerKilo
	if unit == "kg" {
		from, factor = pounds, 1/poundsPerKilo
	}
	for _, n := range heard {
		if want := n.value * factor; n.unit == from && math.Abs(want-v) <= max(0.5, want*0.01) {
			return true
		}
	}
	return false
}

// summed reports whether v is the sum of numbers that were said with "plus"
// between them, or of any two where the user spoke of a total.
func (x *exam) summed(message int, v float64, heard []number) bool {
	total := x.userSays(message, totalWords)
	for i := range heard {
		if x.addsUp(v-heard[i].value, i, heard, mostAdded) {
			return true
		}
		for k := range i {
			if total && heard[i].value+heard[k].value == v && (heard[i].turn != heard[k].turn || heard[i].start >= heard[k].end || heard[k].start >= heard[i].end) {
				return true
			}
		}
	}
	return false
}

// mostAdded is how many numbers may follow the first one of a sum.
const mostAdded = 4

// addsUp reports whether the numbers that are added to number i make rest. None
// is larger than the one before: what is added to a set are its last few reps.
func (x *exam) addsUp(rest float64, i int, heard []number, most int) bool {
	if most == 0 || rest <= 0 {
		return false
	}
	from := heard[i]
	text := x.messages[from.turn].Content
	for k := i + 1; k < len(heard) && heard[k].turn == from.turn && heard[k].start <= from.end+longestJoint; k++ {
		next := heard[k]
		if next.start < from.end || next.value > from.value || !adds(text[from.end:next.start]) {
			continue
		}
		if next.value == rest || x.addsUp(rest-next.value, k, heard, most-1) {
			return true
		}
	}
	return false
}

// longestJoint is how many bytes may stand between two numbers of a sum.
const longestJoint = 40

// joints are the words that may stand beside "plus" between two numbers: in "8
// at 35 on rows plus 14 reps of dips" another exercise begins.
var joints = map[string]bool{
	"plus": true, "another": true, "more": true, "then": true, "rep": true, "reps": true, "a": true, "an": true, "and": true, "good": true, "clean": true, "full": true,
	"strict": true, "forced": true, "assisted": true, "partial": true, "partials": true, "cheat": true, "extra": true,
}

// adds reports whether what stands between two numbers adds the second one.
func adds(gap string) bool {
	plus, only := strings.Contains(gap, "+"), true
	eachWord(gap, func(w string) bool {
		known, _ := lookup(joints, w)
		plus = plus || strings.EqualFold(w, "plus")
		only = known
		return only
	})
	return plus && only
}

// timed reports whether v seconds were said, in seconds, minutes, hours, or
// minutes and seconds.
func timed(v float64, heard []number) bool {
	for i, n := range heard {
		scale := 1.0
		switch n.unit {
		case minutes:
			scale = 60
		case hours:
			scale = 3600
		}
		if n.value*scale <= v+1e-6 && v <= n.upto*scale+1e-6 {
			return true
		}
		if scale == 1 {
			continue
		}
		for _, rest := range heard[i+1:] { // one minute thirty, 1 hour 5 minutes
			more := rest.value
			if rest.unit == minutes {
				more *= 60
			}
			if n.value*scale+more == v {
				return true
			}
		}
	}
	return false
}

// unsupported reports the number n.
func (x *exam) unsupported(a *answer, n int32, field string, heard []number, shortcuts *phrases) {
	said := saidList(heard)
	name := strings.ReplaceAll(field, "_seconds", "")
	value := a.tree.nodes[n].text
	s := a.at(n)
	switch {
	case field == "weight" && x.userSays(a.message, shortcuts):
		x.reportAs(Warning, s, fmt.Sprintf("The weight %s was not said as a number; the user spoke of equipment. Check the sum (a plate is 45 lb or 20 kg on each side, a bar 45 lb or 20 kg) and the confidence.", value))
	case (field == "rpe" || field == "rir") && x.userSays(a.message, effortWords):
		x.reportAs(Warning, s, fmt.Sprintf("The %s %s was not said as a number, only as a word; check that it fits the word and that the confidence is lower.", name, value))
	case field == "reps" && x.userSays(a.message, someWords):
		x.reportAs(Warning, s, fmt.Sprintf("The reps %s were not said as a number, only as a word; make them null or lower the confidence.", value))
	default:
		x.report(s, fmt.Sprintf("The %s %s was never said%s; correct it or make it null.", name, value, said))
	}
}

// saidList names the numbers that were heard, the longest readings only.
func saidList(heard []number) string {
	var out []string
	for i, n := range heard {
		inside := false
		for k, m := range heard {
			if k != i && m.turn == n.turn && m.start <= n.start && n.end <= m.end && (m.end-m.start > n.end-n.start) {
				inside = true
				break
			}
		}
		text := strconv.FormatFloat(n.value, 'f', -1, 64)
		if n.unit == clock {
			text = clockText(n.value)
		}
		if !inside && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	switch {
	case len(out) == 0:
		return " (no number was)"
	case len(out) > 8:
		out = append(out[:8], "…")
	}
	return " (heard: " + strings.Join(out, ", ") + ")"
}

func buildRirRpe(s *setting) (func(*exam), error) {
	p := struct {
		Sum float64 `json:"sum"`
	}{10}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return func(x *exam) {
		for i := range x.answers {
			a := &x.answers[i]
			a.sets(func(set int32) {
				n := a.tree.get(set, "rir")
				rir, ok := a.tree.num(n)
				rpe, both := a.tree.num(a.tree.get(set, "rpe"))
				if ok && both && math.Abs(rir+rpe-p.Sum) > 1e-9 {
					x.report(a.at(n), fmt.Sprintf("rpe %s and rir %s do not fit: at this effort %s are left. Correct the one that was not said.",
						plainNumber(rpe), plainNumber(rir), plainNumber(p.Sum-rpe)))
				}
			})
		}
	}, nil
}

// plainNumber writes f with at most four decimals and no zeros at the end.
func plainNumber(f float64) string {
	return strconv.FormatFloat(math.Round(f*1e4)/1e4, 'f', -1, 64)
}

// backReferences are the English phrases that point at an earlier set.
var backReferences = []string{
	"same weight", "same as last", "same as before", "same as the last", "same again", "same thing", "same load", "kept the weight", "keep the weight",
	"keeping the weight", "kept it there", "at that weight", "with that weight", "that same weight", "this weight again", "same set again", "same poundage", "same dumbbells", "weight stayed",
	"repeat that", "again with that", "stayed there", "didn't change the weight", "same numbers",
}

func buildDanglingReference(s *setting) (func(*exam), error) {
	p := struct {
		Phrases []string `json:"phrases"`
	}{}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	references := newPhrases(slices.Concat(backReferences, p.Phrases)...)
	return func(x *exam) {
		for i := range x.messages {
			m := &x.messages[i]
			if m.Role != example.User {
				continue
			}
			ref := references.next(m.Content, 0)
			if ref.phrase < 0 || x.setBefore(i, ref.start) {
				continue
			}
			text := m.Content[ref.start:ref.end]
			if x.leavesOpen(i) {
				x.reportAs(Warning, at(i, ref.start, ref.end), fmt.Sprintf("%q refers to an earlier set, and there is none; the answer leaves the weight open, which is right. Add the earlier turn if this is not meant as a test.", text))
			} else {
				x.report(at(i, ref.start, ref.end), fmt.Sprintf("%q refers to an earlier set, and there is none; add the turn that it refers to, or make the weight null and the confidence low.", text))
			}
		}
	}, nil
}

// setBefore reports whether a load was said or logged before byte end of
// message i.
func (x *exam) setBefore(i, end int) bool {
	const (
		leastLoad  = 20 // smaller numbers are rather reps or effort,
		leastOfTwo = 10 // but of two in one breath (15 for 12) one is the load
	)
	heard, said := x.heard(i)
	for _, n := range heard {
		said = said || n.value > 2 || n.unit == pounds || n.unit == kilos || n.unit == plates
	}
	if said {
		return true
	}
	for k := range x.answers {
		if x.answers[k].message < i && x.answers[k].hasWeight() {
			return true
		}
	}
	x.scratch.numbers = appendNumbers(x.scratch.numbers[:0], x.messages[i].Content[max(0, end-maxCommand):end])
	plain, largest, last := 0, 0.0, 0
	for _, n := range x.scratch.numbers {
		if n.unit == pounds || n.unit == kilos || n.unit == plates || n.unit == noUnit && n.value >= leastLoad {
			return true
		}
		if (n.unit == noUnit || n.unit == repetitions) && n.start >= last { // no second reading of one number
			plain, last, largest = plain+1, n.end, max(largest, n.value)
		}
	}
	return plain > 1 && largest >= leastOfTwo
}

// hasWeight reports whether some set of the answer has a weight.
func (a *answer) hasWeight() bool {
	found := false
	a.sets(func(set int32) {
		v, ok := a.tree.num(a.tree.get(set, "weight"))
		found = found || ok && v > 0
	})
	return found
}

// leavesOpen reports whether the answer to message i has no weight.
func (x *exam) leavesOpen(i int) bool {
	for k := range x.answers {
		if a := &x.answers[k]; a.message > i {
			return a.err == nil && !a.hasWeight()
		}
	}
	return false
}

func buildStretchLoad(s *setting) (func(*exam), error) {
	p := struct {
		Words []string `json:"words"`
	}{}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	words := newPhrases(append(slices.Clone(stretches), p.Words...)...)
	return func(x *exam) {
		for i := range x.answers {
			a := &x.answers[i]
			a.sets(func(set int32) {
				name := a.tree.str(a.tree.get(set, "exercise_name"))
				n := a.tree.get(set, "weight")
				if v, ok := a.tree.num(n); ok && v > 0 && words.in(name) && !loadedStretch.in(name) {
					x.report(a.at(n), fmt.Sprintf("%s is logged with a weight of %s; a stretch has none. Make the weight null.", name, a.tree.nodes[n].text))
				}
			})
		}
	}, nil
}

// stretches are words in the names of what is done without load.
var stretches = []string{
	"stretch*", "foam roll*", "mobility", "pigeon", "pigeon pose", "child's pose", "childs pose", "cat-cow", "cat cow", "cobra", "downward dog", "yoga", "thread the needle", "90/90",
}

var loadedStretch = newPhrases("weighted", "loaded")

// checkUnitMismatch compares units where the weight is a number that was said
// with one.
func checkUnitMismatch(x *exam) {
	for i := range x.answers {
		a := &x.answers[i]
		var heard []number
		read, tooMany := false, false
		a.sets(func(set int32) {
			v, ok := a.tree.num(a.tree.get(set, "weight"))
			n := a.tree.get(set, "weight_unit")
			written := a.tree.str(n)
			if !ok || v == 0 || written != "kg" && written != "lbs" && written != "lb" {
				return
			}
			if !read {
				heard, tooMany = x.heard(a.message)
				read = true
			}
			if tooMany {
				return
			}
			var mine, other bool
			for _, h := range heard {
				if !h.covers(v) {
					continue
				}
				kg := written == "kg"
				mine = mine || h.unit == noUnit || h.unit == kilos && kg || h.unit == pounds && !kg
				other = other || h.unit == kilos && !kg || h.unit == pounds && kg
			}
			if other && !mine {
				said := "kg"
				if written == "kg" {
					said = "lbs"
				}
				x.report(a.at(n), fmt.Sprintf("%s was said in %s and is logged in %s; write the unit that was said.", plainNumber(v), said, written))
			}
		})
	}
}
