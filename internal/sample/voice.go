package sample

import (
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// A set is what a command says, and what the answer to it says.
type set struct {
	ex         *exercise // nil where none was named
	name       string    // as spoken
	load       int       // tenths; 0 where none was said
	unit       string    // lbs or kg
	unitSaid   bool
	reps       int // 0 where none were said
	spelled    bool
	rpe        int // tenths; 0 where no effort was said
	reserve    bool
	rir        int // tenths; 100-rpe but where the row is to be wrong
	seconds    int
	minutes    bool // the time is spoken in minutes
	rest       int
	restMinute bool
	tempo      string
	notes      string
	confidence int // hundredths
}

// voice writes a voice-parsing row.
func (m *maker) voice(w *row, rule string, d departure) {
	switch w.subcategory {
	case "same_weight_reference":
		if rule == "voice/dangling-reference" {
			m.voiceDangling(w)
			return
		}
		m.voiceSameWeight(w, rule)
	case "ambiguous":
		m.voiceAmbiguous(w, rule)
	case "multi_exercise":
		m.voiceMulti(w, rule)
	case "correction":
		m.voiceCorrection(w, rule)
	case "partial":
		m.voicePartial(w, rule)
	default:
		if rule == "voice/stretch-load" {
			m.voiceStretchLoad(w)
			return
		}
		m.voiceSingle(w, rule, d)
	}
}

// voiceSingle is one command about one set: the standard, abbreviation, effort
// and equipment subcategories.
func (m *maker) voiceSingle(w *row, rule string, d departure) {
	r := &m.r
	fits := func(e *exercise) bool { return e.gear <= bodyweight }
	style := styleOf(r)
	effort := r.percent(45)
	switch w.subcategory {
	case "abbreviation":
		fits = func(e *exercise) bool { return len(e.short) > 0 }
	case "rpe_rir":
		effort = true
	case "equipment_shortcut":
		fits = func(e *exercise) bool { return e.gear <= cable }
	default:
		if r.percent(9) && rule == "" {
			m.voiceTimed(w, style, d)
			return
		}
	}
	s := m.drawSet(fits)
	if w.subcategory == "abbreviation" {
		s.name = pick(r, s.ex.short)
	}
	if effort || rule == "voice/rir-rpe" {
		m.drawEffort(&s)
	}
	m.drawExtras(&s)
	s.confidence = r.between(86, 99, 1)

	opener, core := pick(r, openers), pick(r, cores)
	switch {
	case w.subcategory == "equipment_shortcut":
		core = pick(r, gearCores[s.ex.gear])
		if plates := r.between(1, 4, 1); s.ex.gear == barbell && s.unit == "lbs" && r.percent(6) {
			// The total is said as well: what plates alone mean is a guess.
			s.load = 10 * (45 + 90*plates)
			core = spell(plates) + pick(r, []string{" plates a side, so {w}, {x} for {n}", " plates a side on {x}, {w} in all, {n} reps"})
			core = strings.Replace(core, "one plates", "one plate", 1)
		}
	case s.load == 0:
		core = pick(r, repCores)
	}
	effortText := ""
	if s.rpe > 0 {
		effortText = pick(r, rpePhrases)
		if s.reserve {
			effortText = pick(r, rirPhrases)
		}
	}
	form := r.below(3)
	remark := r.percent(7)
	if remark {
		s.notes = pick(r, remarks)
	}

	switch {
	case d == numbered:
		m.renumber(&s)
	case rule == "voice/rir-rpe":
		// Both were said and do not fit; the answer keeps both.
		s.reserve = false
		s.rir = 100 - s.rpe + 10*m.twist.between(1, 2, 1)
		effortText = pick(&m.twist, []string{
			"RPE {e} with {i} left in the tank", "felt like {a} {e}, {i} in reserve", "call it {a} {e}, had {i} more in me",
		})
	}
	w.say(example.User, style.write(phrase(&s, opener, core, effortText)))
	answer := s
	if d == opposed {
		answer.ex = m.otherExercise(s.ex)
	}
	m.answerSet(w, &answer, form, rule)
}

// renumber changes one number of the command: the reps or the load.
func (m *maker) renumber(s *set) {
	t := &m.twist
	load, reps := s.load, s.reps
	for s.load == load && s.reps == reps {
		if load == 0 || t.percent(50) {
			s.reps = max(2, reps+t.between(-3, 3, 1))
		} else {
			step := 50
			if s.unit == "kg" {
				step = 25
			}
			s.load = max(step, load+step*t.between(-3, 3, 1))
		}
	}
}

// otherExercise returns an exercise that a careless parser could have taken
// for e: the same gear, another movement.
func (m *maker) otherExercise(e *exercise) *exercise {
	for {
		o := &exercises[m.twist.below(len(exercises))]
		if o != e && o.gear == e.gear {
			return o
		}
	}
}

// drawSet draws an exercise that fits, and a load and reps for it.
func (m *maker) drawSet(fits func(*exercise) bool) set {
	r := &m.r
	var s set
	for s.ex == nil || !fits(s.ex) {
		s.ex = &exercises[r.below(len(exercises))]
	}
	s.name = pick(r, s.ex.said)
	if s.ex.gear >= hold {
		return s
	}
	s.reps = []int{1, 2, 3, 3, 4, 5, 5, 5, 6, 6, 7, 8, 8, 8, 9, 10, 10, 10, 11, 12, 12, 13, 14, 15, 15, 16, 18, 20}[r.below(28)]
	s.spelled = r.percent(8)
	s.unit = "lbs"
	unit, kilos := r.percent(18), r.percent(22)
	if s.ex.gear == bodyweight && r.percent(55) {
		return s // no load was added
	}
	// Two draws averaged: the middle of the range is the likely part.
	lo, hi, step := 10*s.ex.lo, 10*s.ex.hi, 50
	if m.tired > 6 {
		step = 25
	}
	if kilos {
		s.unit, s.unitSaid = "kg", true
		lo, hi, step = max(25, lo*10/22), hi*10/22, 25
	} else {
		s.unitSaid = unit
	}
	lo = (lo + step - 1) / step * step
	s.load = (r.between(lo, max(lo, hi), step) + r.between(lo, max(lo, hi), step)) / 2 / step * step
	return s
}

// drawEffort draws an RPE of 6 to 10, in halves now and then.
func (m *maker) drawEffort(s *set) {
	r := &m.r
	s.rpe = r.between(60, 100, 10)
	if r.percent(20) && s.rpe < 100 {
		s.rpe += 5
	}
	s.rir = 100 - s.rpe
	s.reserve = s.rpe%10 == 0 && s.rpe < 100 && r.percent(35)
}

// drawExtras adds a rest or a tempo to some sets.
func (m *maker) drawExtras(s *set) {
	r := &m.r
	chance := 5 + m.tired // where variety runs out, say more
	switch {
	case r.percent(min(chance, 40)):
		if s.restMinute = r.percent(50); s.restMinute {
			s.rest = 60 * r.between(2, 5, 1)
		} else {
			s.rest = r.between(30, 240, 15)
		}
	case r.percent(4):
		s.tempo = pick(r, []string{"3-1-1", "3-0-1", "4-0-1", "4-1-1", "2-1-2", "5-0-1", "3-2-1"})
	}
}

var openers = []string{
	"", "", "", "", "just did ", "okay, ", "alright, ", "so, ", "done with ", "that was ", "last set was ", "top set, ",
	"log ", "logging ", "next set, ", "back off set, ", "finished ", "um, ", "hey, ", "put down ", "add ", "got through ",
	"record ", "warm up, ", "working set, ", "final set, ", "opening set, ",
}

// cores name the exercise {x}, the load {w} and the reps {n}.
var cores = []string{
	"{x}, {w} for {n}",
	"{x} {w} for {n}",
	"{x} at {w}, {n} reps",
	"{x}, {w}, {n} reps",
	"{w} for {n} on {x}",
	"{w} on {x} for {n} reps",
	"{n} reps of {x} at {w}",
	"{n} reps of {x} with {w}",
	"{x} with {w}, {n} reps",
	"{x} {w} by {n}",
	"{x}: {w} x {n}",
	"{n} on {x} with {w}",
	"{n} at {w} on {x}",
	"{x}, got {n} at {w}",
	"{x}, hit {n} with {w}",
	"{x}, {n} at {w}",
	"{x} for {n}, weight was {w}",
	"{x}, weight {w}, reps {n}",
	"{w} {x}, {n} of them",
	"{x}, managed {n} with {w}",
	"{x}, loaded {w} and got {n}",
	"a set of {n} on {x}, {w}",
	"a set of {x}, {w} for {n}",
	"{n} clean reps on {x} at {w}",
}

var repCores = []string{
	"{x}, {n} reps", "{n} {x}", "{x} for {n}", "{n} reps of {x}", "bodyweight {x}, {n}", "{x}, bodyweight, {n} reps",
	"a set of {n} {x}", "{x}, got {n}", "{n} strict {x}", "{x}, no added weight, {n} reps", "{n} bodyweight {x}",
	"{x}, made it to {n}",
}

// gearCores speak of the load as people do at that piece of equipment.
var gearCores = map[gear][]string{
	barbell: {
		"threw {w} on the bar and got {n} on {x}", "{x}, bar loaded to {w}, {n} reps", "put {w} on the bar for {x}, {n} reps",
		"{x}, {w} on the bar for {n}", "bar at {w}, {x} for {n}", "{x}, {w} with the bar, got {n}",
		"loaded the bar to {w}, did {x} for {n}", "racked {x} after {n} at {w}",
	},
	dumbbell: {
		"{x} with the {w}s for {n}", "{x}, {w}s, {n} reps", "grabbed the {w}s for {x}, got {n}", "{n} on {x} with the {w}s",
		"a pair of {w}s, {x} for {n}", "{x} with {w} in each hand, {n} reps", "took the {w}s for {x}, {n} reps",
		"the {w}s for {n} on {x}",
	},
	kettlebell: {
		"{x}, the {w} bell for {n}", "{n} {x} with the {w} bell", "{w} bell, {x} for {n}", "{x} with a {w} kettlebell, {n} reps",
		"grabbed the {w} bell, {n} {x}",
	},
	machine: {
		"{x}, pin at {w}, {n} reps", "{x}, stack at {w} for {n}", "pin on {w}, {x} for {n}", "{x} machine set to {w}, got {n}",
		"{n} on {x} with the pin at {w}", "set {x} to {w} and did {n}",
	},
	cable: {
		"{x}, cable at {w} for {n}", "{x}, pin at {w}, {n} reps", "stack on {w}, {x} for {n}", "{x}, rope on, {w} for {n}",
		"cable stack at {w}, {n} {x}", "set the cable to {w}, {x} for {n}",
	},
}

// Efforts: {e} is the RPE, {a} its article, {i} the reps in reserve.
var (
	rpePhrases = []string{
		"felt like {a} {e}", "RPE {e}", "at RPE {e}", "maybe {a} {e}", "call it {a} {e}", "about {a} {e}", "rated it {a} {e}",
		"RPE was {e}", "solid {e}", "that was {a} {e}", "effort {e}", "honest {e}", "easily {a} {e}",
	}
	rirPhrases = []string{
		"{i} in the tank", "{i} left in the tank", "{i} reps in reserve", "{i} RIR", "had {i} more in me", "RIR {i}",
		"could have done {i} more", "left {i} in there", "with {i} to spare",
	}
	remarks = []string{
		"belt on", "no belt", "felt smooth", "bar speed was good", "grip was slipping", "used straps", "felt shaky", "paused every rep",
		"last rep was slow", "left side felt weaker", "depth was good", "wrists a bit achy", "best set today", "knee sleeves on",
		"spotter helped on the last one",
	}
)

// phrase puts a command together.
func phrase(s *set, opener, core, effort string) string {
	text := opener + fillSet(core, s)
	if effort != "" {
		text += ", " + fillSet(effort, s)
	}
	if s.tempo != "" {
		text += ", tempo " + s.tempo
	}
	if s.rest > 0 {
		if s.restMinute {
			text += ", rested " + strconv.Itoa(s.rest/60) + " minutes"
		} else {
			text += ", rested " + strconv.Itoa(s.rest) + " seconds"
		}
	}
	if s.notes != "" {
		text += ", " + s.notes
	}
	return text
}

// fillSet fills the slots of a command's template.
func fillSet(t string, s *set) string {
	load := decimal(s.load, 10)
	if s.unitSaid && strings.Contains(t, "{w}s") {
		// "the 30 kilos", not "the 30 kiloss"
		t = strings.Replace(t, "{w}s", "{w}", 1)
	}
	if s.unitSaid {
		load += " " + map[string]string{"lbs": "pounds", "kg": "kilos"}[s.unit]
	}
	reps := strconv.Itoa(s.reps)
	if s.spelled {
		reps = spell(s.reps)
	}
	if s.reps == 1 {
		t = strings.NewReplacer("{n} reps", "{n} rep", "{n} clean reps", "{n} clean rep").Replace(t)
	}
	if s.rir == 10 {
		t = strings.Replace(t, "{i} reps", "{i} rep", 1)
	}
	article := "a"
	if s.rpe/10 == 8 {
		article = "an"
	}
	return fill(t, "x", s.name, "w", load, "n", reps, "e", decimal(s.rpe, 10), "i", decimal(s.rir, 10), "a", article)
}

// A style is how the transcript was written down.
type style uint8

const (
	tidy style = iota // capital, commas, full stop
	open              // capital and commas
	bare              // lower case, no commas
)

func styleOf(r *rng) style { return []style{tidy, open, open, bare}[r.below(4)] }

func (s style) write(text string) string {
	switch s {
	case tidy:
		return capital(text) + "."
	case open:
		return capital(text)
	}
	return strings.ReplaceAll(text, ",", "")
}

// voiceTimed is a stretch or a hold: a time, no load and no reps.
func (m *maker) voiceTimed(w *row, st style, d departure) {
	r := &m.r
	s := m.drawSet(func(e *exercise) bool { return e.gear >= hold })
	s.seconds = r.between(15, 180, 5)
	if m.tired > 2 {
		s.seconds = r.between(10, 299, 1)
	}
	if r.percent(15) {
		s.minutes, s.seconds = true, 60*r.between(2, 5, 1)
	}
	side := ""
	if s.ex.gear == stretch && r.percent(40) {
		s.notes = pick(r, []string{"each side", "per side", "right side first", "both sides"})
		side = " " + s.notes
	}
	name, unit := s.name, pick(r, []string{" seconds", " seconds", " secs"})
	switch d {
	case numbered:
		for was := s.seconds; s.seconds == was; {
			if s.minutes {
				s.seconds = 60 * m.twist.between(2, 9, 1)
			} else {
				s.seconds = m.twist.between(15, 180, 5)
			}
		}
	case opposed:
		s.ex = m.otherExercise(s.ex)
	}
	time := strconv.Itoa(s.seconds) + unit
	if s.minutes {
		time = strconv.Itoa(s.seconds/60) + " minutes"
	}
	core := pick(r, []string{
		"held {x} for {t}", "{x} for {t}", "{x}, {t}", "{t} of {x}", "did {x} for {t}", "{x} hold, {t}", "finished {t} of {x}",
		"sat in {x} for {t}", "log {x}, {t}", "cooled down with {x} for {t}", "{x} done, {t}", "got {t} on {x}", "warmed up with {t} of {x}",
	})
	tail := pick(r, []string{"", "", "", ", felt good", ", pretty tight today", ", easy breathing", ", hips are stiff", ", that helped"})
	s.confidence = r.between(86, 98, 1)
	w.say(example.User, st.write(fill(core, "x", name, "t", time)+side+tail))
	m.answerSet(w, &s, r.below(3), "")
}

// voiceStretchLoad logs the load of the lift before as that of the stretch.
func (m *maker) voiceStretchLoad(w *row) {
	r := &m.r
	s := m.drawSet(func(e *exercise) bool { return e.gear == stretch && e.name != "Cat-Cow" }) // a name that says it is a stretch
	s.seconds = r.between(20, 120, 5)
	s.load, s.unit = 10*r.between(135, 405, 5), "lbs"
	lift := pick(r, []string{"squatting", "pulling", "benching", "deadlifting", "pressing", "front squatting", "hip thrusting"})
	s.confidence = r.between(80, 95, 1)
	core := pick(r, []string{
		"{x} for {t} seconds after {l} {w}", "{t} seconds of {x}, right after {l} {w}", "just finished {l} {w}, now {x} for {t} seconds",
		"{l} {w} is done, held {x} {t} seconds",
	})
	w.say(example.User, styleOf(r).write(fill(core, "x", s.name, "t", strconv.Itoa(s.seconds), "l", lift, "w", decimal(s.load, 10))))
	m.answerSet(w, &s, r.below(3), "voice/stretch-load")
}

// voiceSameWeight has an earlier turn that says the weight.
func (m *maker) voiceSameWeight(w *row, rule string) {
	r := &m.r
	s := m.drawSet(func(e *exercise) bool { return e.gear <= cable })
	if r.percent(40) {
		m.drawEffort(&s)
	}
	s.confidence = r.between(88, 98, 1)
	form := r.below(3)
	first, st := s, styleOf(r)
	w.say(example.User, st.write(phrase(&first, pick(r, openers), pick(r, cores), m.effortPhrase(&first))))
	m.answerSet(w, &first, form, "")

	s.reps = max(1, s.reps-r.between(0, 3, 1)+r.below(2))
	s.rpe, s.rir, s.reserve, s.unitSaid = 0, 0, false, false
	if r.percent(50) {
		m.drawEffort(&s)
	}
	s.confidence = r.between(85, 97, 1)
	text := fillSet(pick(r, sameWeight), &s)
	if e := m.effortPhrase(&s); e != "" {
		text += ", " + fillSet(e, &s)
	}
	w.say(example.User, st.write(text))
	m.answerSet(w, &s, form, rule)
}

// sameWeight refer to an earlier set, the first five in the plainest words.
var sameWeight = []string{
	"same weight, {n} this time", "same weight for {n}", "same load, got {n}", "same weight, only {n}", "same weight, {n} more",
	"same again, {n} reps", "kept the weight, {n} reps",
	"one more at the same weight, {n}", "again with that weight, {n} reps",
	"stayed at that weight for {n}", "repeat that weight, {n} reps",
}

func (m *maker) effortPhrase(s *set) string {
	switch {
	case s.rpe == 0:
		return ""
	case s.reserve:
		return pick(&m.r, rirPhrases)
	}
	return pick(&m.r, rpePhrases)
}

// voiceDangling says "same weight" with nothing before it. One answer in two
// makes a weight up, which is a second fault.
func (m *maker) voiceDangling(w *row) {
	r := &m.r
	s := m.drawSet(func(e *exercise) bool { return e.gear <= cable })
	s.unitSaid = false
	text := fillSet(pick(r, sameWeight[:5]), &s) + pick(r, []string{" on {x}", " of {x}", ", {x}", " for {x}", ", {x} again"})
	text = fill(text, "x", s.name)
	if r.percent(60) {
		m.drawEffort(&s)
		text += ", " + fillSet(m.effortPhrase(&s), &s)
	}
	s.confidence = r.between(60, 90, 1)
	w.say(example.User, styleOf(r).write(text))
	w.blame("voice/dangling-reference", at(w.last(), ""))
	if invented := s.load; r.percent(50) {
		for s.load = invented; follows(s.load, digits(w.asked())); {
			s.load += 50
		}
		form := r.below(3)
		m.answerSet(w, &s, form, "")
		w.blame("voice/unsupported-number", at(w.last(), parsedAt(form)+"/weight"))
		return
	}
	s.load = 0
	m.answerSet(w, &s, r.below(3), "")
}

// A family is a name that several exercises go by.
type family struct {
	said    string
	members []string
}

var families = []family{
	{"rows", []string{"Barbell Row", "Dumbbell Row", "Seated Cable Row", "Chest-Supported Row"}},
	{"curls", []string{"Dumbbell Curl", "Barbell Curl", "Cable Curl"}},
	{"presses", []string{"Barbell Bench Press", "Overhead Press", "Seated Dumbbell Shoulder Press"}},
	{"extensions", []string{"Leg Extension", "Back Extension", "Overhead Triceps Extension"}},
	{"raises", []string{"Dumbbell Lateral Raise", "Dumbbell Front Raise"}},
	{"flyes", []string{"Dumbbell Fly", "Cable Fly"}},
	{"pulls", []string{"Conventional Deadlift", "Rack Pull", "Block Pull"}},
	{"lunges", []string{"Walking Lunge", "Reverse Lunge", "Barbell Lunge"}},
	{"pulldowns", []string{"Lat Pulldown", "Close-Grip Pulldown"}},
	{"calves", []string{"Standing Calf Raise", "Seated Calf Raise"}},
	{"shrugs", []string{"Barbell Shrug", "Dumbbell Shrug"}},
	{"the machine", []string{"Machine Chest Press", "Machine Row", "Leg Press"}},
	{"split squats", []string{"Bulgarian Split Squat", "Barbell Split Squat"}},
	{"leg curls", []string{"Lying Leg Curl", "Seated Leg Curl"}},
	{"cleans", []string{"Power Clean", "Hang Clean"}},
}

func exerciseNamed(name string) *exercise {
	for i := range exercises {
		if exercises[i].name == name {
			return &exercises[i]
		}
	}
	panic("sample: no exercise " + name) // a family names one that the vocabulary lacks
}

// voiceAmbiguous names a family of exercises or is unsure of itself.
func (m *maker) voiceAmbiguous(w *row, rule string) {
	r := &m.r
	f := pick(r, families)
	named := pick(r, f.members)
	s := m.drawSet(func(e *exercise) bool { return e.name == named })
	s.ex, s.name = exerciseNamed(f.members[0]), f.said
	s.confidence = r.between(30, 60, 1)
	s.notes = pick(r, []string{
		"Several exercises go by this name; please confirm which one.", "The exercise is unclear; taken for the most common one.",
		"Ask which variation was meant.", "Not sure which movement this was.",
	})
	hedge := pick(r, []string{
		"did some {x}, {w} for {n}", "{x}, think it was {w}, {n} reps", "{x} or something, {w} by {n}", "those {x} again, {w} for {n} I guess",
		"{w} for {n} on the {x} thing", "whatever {x} we did, {n} at {w}", "{x}, {w}, probably {n}", "{n} of the {x} at {w}, I think",
		"some kind of {x}, {w} for {n}", "kind of did {x}, {w} and {n} reps or so",
	})
	if s.load == 0 {
		hedge = pick(r, []string{"did some {x}, {n} reps", "{x}, maybe {n}", "{n} of those {x}", "some {x}, {n} I think"})
	}
	if r.percent(30) {
		m.drawEffort(&s)
	}
	text := fillSet(hedge, &s)
	if e := m.effortPhrase(&s); e != "" {
		text += ", " + fillSet(e, &s)
	}
	w.say(example.User, styleOf(r).write(text))
	m.answerSet(w, &s, r.below(3), rule)
}

// voiceMulti names two or three exercises in one breath.
func (m *maker) voiceMulti(w *row, rule string) {
	r := &m.r
	count := 2 + r.below(5)/4
	var sets []set
	text := pick(r, []string{"", "", "superset, ", "just did ", "okay, ", "circuit was ", "finished ", "today's pair, "})
	for i := range count {
		s := m.drawSet(func(e *exercise) bool {
			for k := range sets {
				if sets[k].ex == e {
					return false
				}
			}
			return e.gear <= bodyweight
		})
		core := pick(r, cores[:16])
		if s.load == 0 {
			core = pick(r, repCores)
		}
		if i > 0 {
			text += pick(r, []string{", then ", " and then ", " and ", ", followed by ", ", straight into ", ", plus "})
		}
		if r.percent(25) {
			m.drawEffort(&s)
		}
		text += fillSet(core, &s)
		if e := m.effortPhrase(&s); e != "" {
			text += " " + fillSet(e, &s)
		}
		s.confidence = r.between(80, 96, 1)
		sets = append(sets, s)
	}
	w.say(example.User, styleOf(r).write(text))
	m.answerSets(w, sets, r.below(3), rule)
}

// voiceCorrection takes a number back, in the same breath or one turn later.
func (m *maker) voiceCorrection(w *row, rule string) {
	r := &m.r
	s := m.drawSet(func(e *exercise) bool { return e.gear <= cable })
	if r.percent(30) {
		m.drawEffort(&s)
	}
	s.confidence = r.between(82, 96, 1)
	st, form := styleOf(r), r.below(3)
	wrong := s
	load := r.percent(50)
	if load {
		wrong.load += 50 * r.between(1, 4, 1)
	} else {
		wrong.reps += r.between(1, 3, 1)
	}
	text := phrase(&wrong, pick(r, openers), pick(r, cores), m.effortPhrase(&wrong))
	right := pick(r, []string{
		"no wait, that was {n} reps", "scratch that, {n} reps", "actually {n} reps", "sorry, I meant {n} reps", "correction, {n} reps",
		"make that {n} reps",
	})
	if load {
		right = pick(r, []string{
			"no wait, make that {w}", "scratch that, it was {w}", "actually the weight was {w}", "sorry, I meant {w}", "correction, {w}",
			"hold on, {w} not the other one",
		})
	}
	if r.percent(60) {
		w.say(example.User, st.write(text+", "+fillSet(right, &s)))
		m.answerSet(w, &s, form, rule)
		return
	}
	w.say(example.User, st.write(text))
	m.answerSet(w, &wrong, form, "")
	w.say(example.User, st.write(fillSet(right, &s)))
	m.answerSet(w, &s, form, rule)
}

// voicePartial leaves out the exercise, the load or the reps.
func (m *maker) voicePartial(w *row, rule string) {
	r := &m.r
	s := m.drawSet(func(e *exercise) bool { return e.gear <= cable })
	s.confidence = r.between(50, 75, 1)
	core := pick(r, []string{
		"{x} at {w}", "{x}, {w}", "{w} on {x}", "did {x} with {w}", "{x}, got {w} up", "finished {x}, {w}", "working {w} on {x}",
		"{w} for a few on {x}",
	})
	s.notes = "Reps were not said."
	switch r.below(4) {
	case 0, 1:
		s.reps = 0
	case 2:
		core = pick(r, []string{
			"{n} reps on {x}", "{x} for {n}", "{x}, got {n}", "did {n} on {x}", "{n} {x}", "finished {n} of {x}", "a set of {n} on {x}",
			"{x}, {n} reps",
		})
		s.load, s.unitSaid = 0, false
		s.notes = "The load was not said."
	default:
		core = pick(r, []string{
			"{w} for {n}", "{n} at {w}", "{w}, {n} reps", "got {n} with {w}", "{n} reps, {w}", "hit {w} for {n}", "{w} by {n}", "another {n} at {w}",
		})
		s.ex, s.notes = nil, "The exercise was not said."
	}
	if r.percent(60) {
		m.drawEffort(&s)
	}
	text := pick(r, openers) + fillSet(core, &s)
	if e := m.effortPhrase(&s); e != "" {
		text += ", " + fillSet(e, &s)
	}
	w.say(example.User, styleOf(r).write(text))
	m.answerSet(w, &s, r.below(3), rule)
}

// digits returns the numbers of a text, those in words too.
func digits(s string) []string {
	numbers := strings.FieldsFunc(s, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	for i, n := range numbers {
		numbers[i] = strings.Trim(n, ".") // the end of a sentence
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(s), func(c rune) bool { return c < 'a' || c > 'z' }) {
		if n, ok := numberWords[word]; ok {
			numbers = append(numbers, strconv.Itoa(n))
		}
	}
	return numbers
}
