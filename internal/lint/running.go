package lint

import (
	"fmt"
	"math"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

var runningRules = []definition{
	{
		Rule: Rule{
			ID: "running/pace-arithmetic", Family: "running", Severity: Error,
			Summary: "Distance times pace is not the duration, in a structured run or in a sentence that gives all three.",
			Why:     "A coach that is confidently wrong by a minute is worse than none.",
			Source:  "Arithmetic; 1 mile is 1.609344 km. In prose only times to the second count, so that \"warm up for 10 minutes\" is left alone, and an answer is held against the question where one sentence of it gives two of the three and the third is asked for.",
			Params: []Param{
				{"tolerance_percent", "1", "how far the duration may be off, in percent; runners round the pace to seconds and the distance to a tenth."},
				{"tolerance_seconds", "5", "how far it may be off in any case, in seconds; the larger of the two counts."},
				{"other_time_factor", "3", "in prose, a time that is this many times too long or too short is taken for another one: strides, a warm-up, a long run."},
			},
			Fix: "Compute the value that was not said from the other two.",
		},
		build: buildPaceArithmetic,
	},
	{
		Rule: Rule{
			ID: "running/unit-conversion", Family: "running", Severity: Error,
			Summary: "A distance or pace in miles and the one in kilometres beside it are not the same.",
			Why:     "Whoever trains by the wrong one trains too hard or too easy.",
			Source:  "1 mile is 1.609344 km. Rounding to the last digit that is written is allowed, up to 4 percent.",
			Params: []Param{
				{"tolerance_percent", "1", "how far the second value may be off, in percent."},
				{"km_per_mile", "1.609344", "the length of a mile."},
			},
			Fix: "Convert again.",
		},
		build: buildUnitConversion,
	},
	{
		Rule: Rule{
			ID: "running/heat-direction", Family: "running", Severity: Error,
			Summary: "The equivalent of a pace run in heat is slower in ideal weather.",
			Why:     "Heat only makes running harder, so the same effort is faster when it is cool; the reverse is a sign error.",
			Source:  "The plan; every table of heat adjustments.",
			Params:  []Param{{"hot_from_celsius", "15.5", "from which temperature on weather counts as warm (60 °F)."}},
			Fix:     "Turn the adjustment round.",
		},
		build: buildHeatDirection,
	},
}

// metresPer returns the length of a unit of distance as answers spell it, of
// the distance in a pace unit too.
func metresPer(unit string) (metres float64, isPace bool) {
	name, isPace := strings.CutPrefix(unit, "min/")
	m, _ := lookup(distanceUnits, name)
	return m, isPace
}

func buildPaceArithmetic(s *setting) (func(*exam), error) {
	p := struct {
		Percent float64 `json:"tolerance_percent"`
		Seconds float64 `json:"tolerance_seconds"`
		Factor  float64 `json:"other_time_factor"`
	}{1, 5, 3}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	if p.Factor < 1 {
		return nil, fmt.Errorf("other_time_factor must be 1 or more")
	}
	// wrong reports whether a duration is not what distance and pace make.
	wrong := func(want, got float64) bool {
		return math.Abs(want-got) > max(p.Seconds, want*p.Percent/100)
	}
	return func(x *exam) {
		for i := range x.answers {
			a := &x.answers[i]
			if a.err != nil {
				continue
			}
			t := a.tree
			far, ok1 := t.num(t.find("distance"))
			unit, _ := metresPer(t.str(t.find("distance_unit")))
			each, ok2 := parseClock(t.str(t.find("pace")))
			per, _ := metresPer(t.str(t.find("pace_unit")))
			took, ok3 := parseClock(t.str(t.find("duration")))
			if !ok1 || !ok2 || !ok3 || unit == 0 || per == 0 || far == 0 {
				continue
			}
			want := far * unit / per * each
			if !wrong(want, took) {
				continue
			}
			if x.durationSaid(a.message, took) {
				x.report(a.at(t.find("pace")), fmt.Sprintf("%s %s in %s is a pace of %s, not %s; correct it.",
					plainNumber(far), t.str(t.find("distance_unit")), clockText(took), clockText(took/(far*unit/per)), clockText(each)))
			} else {
				x.report(a.at(t.find("duration")), fmt.Sprintf("%s %s at %s %s take %s, not %s; correct it.",
					plainNumber(far), t.str(t.find("distance_unit")), clockText(each), t.str(t.find("pace_unit")), clockText(want), clockText(took)))
			}
		}
		// In prose a time that is far off is another one: strides of 20 seconds,
		// a warm-up, or 1:30 for an hour and a half.
		x.eachProse(func(piece *piece) {
			checkPaceProse(x, piece, func(want, got float64) bool {
				return wrong(want, got) && got*p.Factor > want && want*p.Factor > got
			})
		})
	}, nil
}

// durationSaid reports whether the user named that time before message.
func (x *exam) durationSaid(message int, took float64) bool {
	found := false
	x.asked(message, func(_ int, text string) bool {
		x.scratch.quantities = appendQuantities(x.scratch.quantities[:0], text)
		for _, q := range x.scratch.quantities {
			found = found || (q.measure == duration || q.loose) && math.Abs(q.value-took) <= max(1, q.slack)
		}
		return !found
	})
	return found
}

// eachProse calls visit with the assistant's messages that are not structured.
func (x *exam) eachProse(visit func(p *piece)) {
	for i := range x.pieces {
		if p := &x.pieces[i]; p.role == example.Assistant && p.node == whole && p.bytes&digitByte != 0 {
			visit(p)
		}
	}
}

// eachSentence calls visit with every sentence of s and the byte where it
// starts.
func eachSentence(s string, visit func(sentence string, at int)) {
	from := 0
	for i := 0; i < len(s); i++ {
		end := s[i] == '\n' || (s[i] == '.' || s[i] == '!' || s[i] == '?' || s[i] == ';') && (i+1 == len(s) || s[i+1] == ' ' || s[i+1] == '\n')
		if end {
			visit(s[from:i], from)
			from = i + 1
		}
	}
	visit(s[from:], from)
}

// A triple is the one distance, pace and duration of a text.
type triple struct {
	far, each, took quantity
	count           [heat + 1]int // distinct ones of each measure
}

// exactTime is the slack of a time that is given to the second.
const exactTime = 0.5

func (t *triple) add(q quantity) {
	var slot *quantity
	switch q.measure {
	case distance:
		slot = &t.far
	case pace:
		slot = &t.each
	case duration:
		if q.slack > exactTime {
			return
		}
		slot = &t.took
	default:
		return
	}
	if t.count[q.measure] > 0 && slot.loose == q.loose && math.Abs(slot.value-q.value) <= max(slot.slack, q.slack) {
		return // the same again, perhaps rounded: but 18 and 19 miles are two
	}
	t.count[q.measure]++
	*slot = q
}

func (t *triple) complete() bool {
	return t.count[distance] == 1 && t.count[pace] == 1 && t.count[duration] == 1
}

// want is the duration that distance and pace make.
func (t *triple) want() float64 {
	if !t.each.loose {
		return t.far.value * t.each.value
	}
	per := metresPerKm
	if t.far.miles {
		per = metresPerMile
	}
	return t.far.value / per * t.each.value
}

func checkPaceProse(x *exam, p *piece, wrong func(want, got float64) bool) {
	reported := false
	eachSentence(p.text, func(sentence string, from int) {
		if classify(sentence)&digitByte == 0 {
			return
		}
		var t triple
		x.scratch.quantities = appendQuantities(x.scratch.quantities[:0], sentence)
		for _, q := range x.scratch.quantities {
			t.add(q)
		}
		if t.complete() && wrong(t.want(), t.took.value) {
			reported = true
			start := min(t.far.start, t.each.start, t.took.start)
			end := max(t.far.end, t.each.end, t.took.end)
			x.report(x.within(p, from+start, from+end), fmt.Sprintf("Distance times pace is %s, not %s; correct one of the three.", clockText(t.want()), clockText(t.took.value)))
		}
	})
	if reported || p.message == 0 || x.messages[p.message-1].Role != example.User {
		return
	}
	// The question gives two of the three and the answer the third.
	t, ok := x.reckoning(x.messages[p.message-1].Content)
	if !ok {
		return
	}
	asked := t.count
	x.scratch.quantities = appendQuantities(x.scratch.quantities[:0], p.text)
	for _, q := range x.scratch.quantities {
		t.add(q)
	}
	if !t.complete() || !wrong(t.want(), t.took.value) {
		return
	}
	third := t.took
	if asked[duration] == 1 {
		third = t.each
	}
	if asked[distance] == 0 {
		third = t.far
	}
	if math.Abs(t.want()-t.took.value) <= t.want()*third.slack/third.value {
		return // about 5 miles, about 8 minutes a mile: rounded as it is written
	}
	x.report(x.within(p, third.start, third.end), fmt.Sprintf("With what was asked, distance times pace is %s, not %s; compute it again.", clockText(t.want()), clockText(t.took.value)))
}

// reckonWords ask for a time, a pace or a distance.
var reckonWords = newPhrases("how long", "how fast", "how far", "how quick*", "what time", "what pace", "which pace", "what was the pace", "what's the pace", "what is the pace", "what would be the pace",
	"my time", "my pace", "the time", "time for", "pace for", "finish*", "when do i", "when will i", "when would i", "come to", "comes to", "calculate", "compute", "work out", "what distance", "which distance", "how many miles", "how many km", "how many kilometers", "how many kilometres")

// reckoning reads the two of distance, pace and duration that one sentence of a
// question gives, where that sentence or a later one asks for the third. A
// distance here and a pace there are no question of arithmetic.
func (x *exam) reckoning(question string) (t triple, ok bool) {
	many := false
	eachSentence(question, func(sentence string, from int) {
		if classify(sentence)&digitByte == 0 {
			return
		}
		var own triple
		x.scratch.quantities = appendQuantities(x.scratch.quantities[:0], sentence)
		for _, q := range x.scratch.quantities {
			own.add(q)
		}
		n := own.count
		if n[distance] > 1 || n[pace] > 1 || n[duration] > 1 || n[distance]+n[pace]+n[duration] != 2 || !reckonWords.in(question[from:]) {
			return
		}
		many = many || ok
		t, ok = own, true
	})
	return t, ok && !many
}

func buildUnitConversion(s *setting) (func(*exam), error) {
	p := struct {
		Percent   float64 `json:"tolerance_percent"`
		KmPerMile float64 `json:"km_per_mile"`
	}{1, metresPerMile / 1000}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	if p.KmPerMile <= 0 {
		return nil, fmt.Errorf("km_per_mile must be more than 0")
	}
	// Lengths are read with the usual mile; scale makes it the catalog's.
	scale := p.KmPerMile * 1000 / metresPerMile
	same := func(a, b quantity) bool {
		adjust := func(q quantity) float64 {
			switch {
			case !q.miles:
				return q.value
			case q.measure == pace:
				return q.value / scale
			}
			return q.value * scale
		}
		va, vb := adjust(a), adjust(b)
		const mostRounding = 0.04
		slack := min(b.slack, vb*mostRounding) + min(a.slack, va*mostRounding)*0.1
		return math.Abs(va-vb) <= max(va*p.Percent/100, slack)
	}
	return func(x *exam) {
		for i := range x.answers {
			a := &x.answers[i]
			if a.err != nil {
				continue
			}
			checkConversion(x, a, same)
		}
		x.eachProse(func(p *piece) { checkConversionProse(x, p, same) })
	}, nil
}

// checkConversion compares from and to of a structured conversion.
func checkConversion(x *exam, a *answer, same func(a, b quantity) bool) {
	t := a.tree
	from, ok1 := given(t, t.find("from"))
	to, ok2 := given(t, t.find("to"))
	if !ok1 || !ok2 {
		return
	}
	value := t.find("to", "value")
	unit := t.str(t.find("to", "unit"))
	switch {
	case from.measure != to.measure:
		x.report(a.at(t.find("to", "unit")), fmt.Sprintf("A distance can't be converted to a pace (%s to %s); correct the units.", t.str(t.find("from", "unit")), unit))
	case !same(from, to):
		metres, isPace := metresPer(unit)
		want := plainNumber(math.Round(from.value/metres*100) / 100)
		if isPace {
			want = clockText(from.value * metres)
		}
		x.report(a.at(value), fmt.Sprintf("%s %s are about %s %s, not %s; convert again.", t.nodes[t.find("from", "value")].text, t.str(t.find("from", "unit")), want, unit, t.nodes[value].text))
	}
}

// given reads an object of value and unit.
func given(t *tree, n int32) (quantity, bool) {
	if n == 0 {
		return quantity{}, false
	}
	metres, isPace := metresPer(t.str(t.get(n, "unit")))
	v := t.get(n, "value")
	if metres == 0 || v == 0 {
		return quantity{}, false
	}
	q := quantity{measure: distance, miles: metres == metresPerMile}
	number, ok := t.num(v)
	slack := 0.0
	if ok {
		slack = lastDigit(t.nodes[v].text) / 2
	}
	if !isPace {
		q.value, q.slack = number*metres, slack*metres
		return q, ok
	}
	q.measure = pace
	if ok {
		number, slack = number*60, slack*60
	} else if number, ok = parseClock(t.str(v)); ok {
		slack = 0.5
	}
	q.value, q.slack = number/metres, slack/metres
	return q, ok
}

// lastDigit is what the last digit of a number stands for.
func lastDigit(spelling string) float64 {
	i := strings.IndexByte(spelling, '.')
	if i < 0 {
		return 1
	}
	return math.Pow(10, -float64(len(spelling)-i-1))
}

// equalities stand between two values that are meant to be the same.
var equalities = map[string]bool{
	"is": true, "are": true, "=": true, "≈": true, "~": true, "(": true, "equals": true, "is about": true, "are about": true, "is roughly": true, "is approximately": true, "equals about": true, "is equal to": true,
	"(about": true, "(roughly": true, "(approximately": true, "(~": true, "(≈": true, "or about": true, "comes to": true, "comes to about": true, "converts to": true, "works out to": true, "works out to about": true,
	"which is": true, ", which is": true, ", which is about": true, "which is about": true, "->": true, "→": true, "is the same as": true, ", or": true, ", or about": true, "equates to": true, "translates to": true, "is around": true,
}

var comparisons = newPhrases("more", "less", "longer", "shorter", "faster", "slower", "further", "away", "left")

func checkConversionProse(x *exam, p *piece, same func(a, b quantity) bool) {
	x.scratch.quantities = appendQuantities(x.scratch.quantities[:0], p.text)
	q := x.scratch.quantities
	for i := 1; i < len(q); i++ {
		a, b := q[i-1], q[i]
		if a.measure != b.measure || a.measure != distance && a.measure != pace || a.loose || b.loose || a.miles == b.miles || a.end > b.start {
			continue
		}
		gap := strings.Trim(strings.ToLower(strings.TrimSpace(p.text[a.end:b.start])), "*")
		if !equalities[strings.TrimSpace(gap)] || comparisons.in(p.text[b.end:min(len(p.text), b.end+12)]) || same(a, b) {
			continue
		}
		x.report(x.within(p, a.start, b.end), fmt.Sprintf("%s does not hold; the second should be about %s. Convert again.", quoted(p.text[a.start:b.end]), otherUnit(a)))
	}
}

// otherUnit writes q in the other unit.
func otherUnit(q quantity) string {
	metres, name := metresPerKm, "km"
	if !q.miles {
		metres, name = metresPerMile, "mi"
	}
	if q.measure == pace {
		return clockText(q.value*metres) + " min/" + name
	}
	return plainNumber(math.Round(q.value/metres*100)/100) + " " + name
}

func buildHeatDirection(s *setting) (func(*exam), error) {
	p := struct {
		HotFrom float64 `json:"hot_from_celsius"`
	}{15.5}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return func(x *exam) {
		for i := range x.answers {
			a := &x.answers[i]
			if a.err == nil {
				checkHeat(x, a, p.HotFrom)
			}
		}
		x.eachProse(func(piece *piece) { checkHeatProse(x, piece, p.HotFrom) })
	}, nil
}

func checkHeat(x *exam, a *answer, hotFrom float64) {
	t := a.tree
	n := t.find("equivalent_pace")
	run, ok1 := parseClock(t.str(t.find("pace")))
	ideal, ok2 := parseClock(t.str(n))
	temperature, ok3 := t.num(t.find("temperature"))
	if !ok1 || !ok2 || !ok3 {
		return
	}
	if t.str(t.find("temperature_unit")) == "F" {
		temperature = (temperature - 32) / 1.8
	}
	if temperature >= hotFrom && ideal > run {
		x.report(a.at(n), fmt.Sprintf("%s in this heat is worth a faster pace in ideal weather, not %s; turn the adjustment round.", clockText(run), clockText(ideal)))
	}
}

// Words about the weather.
var (
	worthWords = newPhrases("worth", "equals", "equivalent", "equal to", "equates to", "same effort as", "corresponds to", "translates to", "comes to", "would be", "adjusts to")
	coolWords  = newPhrases("ideal", "cool", "cooler", "cold", "perfect conditions", "perfect weather", "mild weather", "good weather")
	hotWords   = newPhrases("heat", "hot", "humid", "humidity", "warm")
)

// checkHeatProse looks for sentences that set a pace in heat against one in
// ideal weather.
func checkHeatProse(x *exam, p *piece, hotFrom float64) {
	eachSentence(p.text, func(sentence string, from int) {
		cool := coolWords.next(sentence, 0)
		if cool.phrase < 0 || !worthWords.in(sentence) {
			return
		}
		x.scratch.quantities = appendQuantities(x.scratch.quantities[:0], sentence)
		var paces [2]quantity
		count, hot := 0, hotWords.in(sentence)
		for _, q := range x.scratch.quantities {
			switch q.measure {
			case pace:
				if count < 2 {
					paces[count] = q
				}
				count++
			case heat:
				hot = q.value >= hotFrom
			default:
			}
		}
		if count != 2 || !hot || paces[0].loose != paces[1].loose {
			return
		}
		run, ideal := paces[0], paces[1]
		if between(cool, run) < between(cool, ideal) {
			run, ideal = ideal, run
		}
		if ideal.value > run.value+run.slack {
			x.report(x.within(p, from+min(run.start, ideal.start), from+max(run.end, ideal.end)), "A pace run in heat is worth a faster one in ideal weather, not a slower; turn the adjustment round.")
		}
	})
}

// between is how far a match and a quantity stand apart.
func between(m match, q quantity) int {
	if m.start >= q.end {
		return m.start - q.end
	}
	return max(0, q.start-m.end)
}
