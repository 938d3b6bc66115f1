package sample

import (
	"math"
	"slices"
	"strconv"

	"github.com/voicefit/spotter/internal/example"
)

// enhanced says whether an answer of this form carries reasoning: one in three.
func enhanced(form int) bool { return form == 0 }

// parsedAt returns where in an answer of this form the parsed set is.
func parsedAt(form int) string {
	if enhanced(form) {
		return "/parsed_data"
	}
	return ""
}

// answerSet writes the answer for one set. With a rule of its own the answer
// breaks it, and the row says so.
func (m *maker) answerSet(w *row, s *set, form int, rule string) {
	m.answerSets(w, []set{*s}, form, rule)
}

// answerSets writes the answer for the sets of one command.
func (m *maker) answerSets(w *row, sets []set, form int, rule string) {
	base := at(len(w.messages), parsedAt(form))
	if len(sets) > 1 {
		base += "/exercises/0"
	}
	s := &sets[0]
	switch rule {
	case "voice/rir-rpe":
		w.blame(rule, base+"/rir")
	case "voice/stretch-load":
		w.blame(rule, base+"/weight")
	case "voice/unsupported-number":
		said := digits(w.asked())
		if s.load > 0 && m.twist.percent(60) {
			for s.load += 50 * m.twist.between(1, 6, 1); follows(s.load, said); {
				s.load += 50
			}
			w.blame(rule, base+"/weight")
		} else {
			for s.reps += m.twist.between(21, 30, 1); addsUp(s.reps, said); {
				s.reps++
			}
			w.blame(rule, base+"/reps")
		}
	}

	o := newObject()
	if enhanced(form) {
		o.key("reasoning").strs(m.reasonSets(sets))
		o.key("parsed_data").open('{')
	}
	if len(sets) == 1 {
		m.appendSet(o, s)
	} else {
		o.key("exercises").open('[')
		least := 100
		for i := range sets {
			o.open('{')
			m.appendSet(o, &sets[i])
			o.close('}')
			least = min(least, sets[i].confidence)
		}
		o.close(']')
		o.key("confidence").hundredths(least)
	}
	if enhanced(form) {
		o.close('}')
		o.key("confidence_reasoning").str(m.reasonConfidence(s))
	}
	w.say(example.Assistant, o.end())
}

// addsUp reports whether a count is one of the numbers that were said or the sum
// of two of them, as in "8 plus 2".
func addsUp(count int, said []string) bool {
	for i, a := range said {
		n, err := strconv.Atoi(a)
		if err != nil {
			continue
		}
		if n == count || slices.Contains(said[i+1:], strconv.Itoa(count-n)) {
			return true
		}
	}
	return false
}

// follows reports whether a load in tenths could have come from the numbers that
// were said: one of them, a pair of them, or one converted between pounds and
// kilos. Such a load would be no invention.
func follows(load int, said []string) bool {
	near := func(a, b int) bool { return 100*max(a-b, b-a) <= 2*b }
	for _, s := range said {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			continue
		}
		tenths := int(math.Round(10 * n))
		if load == tenths || load == 2*tenths || 2*load == tenths || near(load*1000, tenths*2205) || near(load*2205, tenths*1000) {
			return true
		}
	}
	return false
}

// appendSet writes the members of one parsed set.
func (m *maker) appendSet(o *object, s *set) {
	if s.ex != nil {
		o.key("exercise_id").str(m.ids[s.ex])
		o.key("exercise_name").str(s.ex.name)
	} else {
		o.key("exercise_id").raw("null")
		o.key("exercise_name").raw("null")
	}
	if s.load > 0 {
		o.key("weight").raw(decimal(s.load, 10))
		o.key("weight_unit").str(s.unit)
	} else {
		o.key("weight").raw("null")
		o.key("weight_unit").raw("null")
	}
	if s.reps > 0 {
		o.key("reps").int(s.reps)
	} else {
		o.key("reps").raw("null")
	}
	if s.rpe > 0 {
		o.key("rpe").raw(decimal(s.rpe, 10))
		o.key("rir").raw(decimal(s.rir, 10))
	} else {
		o.key("rpe").raw("null")
		o.key("rir").raw("null")
	}
	o.key("confidence").hundredths(s.confidence)
	if s.seconds > 0 {
		o.key("duration_seconds").int(s.seconds)
	}
	if s.tempo != "" {
		o.key("tempo").str(s.tempo)
	}
	if s.rest > 0 {
		o.key("rest_seconds").int(s.rest)
	}
	if s.notes != "" {
		o.key("notes").str(s.notes)
	}
}

// reasonSets returns the steps from the words to the parsed sets.
func (m *maker) reasonSets(sets []set) []string {
	r := &m.r
	var steps []string
	for i := range sets {
		s := &sets[i]
		if s.ex != nil {
			steps = append(steps, fill(pick(r, []string{
				"\"{s}\" names {x}.", "The athlete says \"{s}\", which is {x} in the library.", "\"{s}\" maps to {x}.",
				"Matched \"{s}\" to {x}.",
			}), "s", s.name, "x", s.ex.name))
		} else {
			steps = append(steps, "No exercise is named and no earlier turn tells which.")
		}
		switch {
		case s.seconds > 0:
			steps = append(steps, "A time is given and no load, so this is logged by duration.")
		case s.load > 0 && s.unitSaid:
			steps = append(steps, fill(pick(r, []string{"The load is {w} {u}, unit as spoken.", "{w} {u} was said outright."}),
				"w", decimal(s.load, 10), "u", s.unit))
		case s.load > 0:
			steps = append(steps, fill(pick(r, []string{
				"{w} is the load; no unit was said, so pounds.", "The load is {w}, in the athlete's usual pounds.",
			}), "w", decimal(s.load, 10)))
		default:
			steps = append(steps, "No load was said, so weight stays empty.")
		}
		if s.reps > 0 {
			steps = append(steps, fill(pick(r, []string{"Reps: {n}.", "{n} is the rep count.", "The count of reps is {n}."}),
				"n", strconv.Itoa(s.reps)))
		}
		switch {
		case s.rpe == 0:
		case s.reserve:
			steps = append(steps, "Reps in reserve are "+decimal(s.rir, 10)+", which gives RPE "+decimal(s.rpe, 10)+".")
		default:
			steps = append(steps, "RPE "+decimal(s.rpe, 10)+" leaves "+decimal(s.rir, 10)+" in reserve.")
		}
	}
	return steps
}

func (m *maker) reasonConfidence(s *set) string {
	switch {
	case s.confidence >= 85:
		return pick(&m.r, []string{
			"Exercise and numbers were all said plainly.", "Every field comes straight from the transcript.",
			"Clear wording, a known exercise and no number left over.",
		})
	case s.confidence >= 62:
		return pick(&m.r, []string{
			"Most of it is clear; one value had to be left out.", "The exercise is certain, one number is not.",
		})
	}
	return pick(&m.r, []string{
		"The name fits several exercises, so this is a guess to confirm.", "Too little was said to be sure.",
	})
}
