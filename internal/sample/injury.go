package sample

import (
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// A ticket is everything that an injury row is about, drawn once and told
// twice: by the athlete and by the answer.
type ticket struct {
	a         athlete
	reg       *region
	part      string // with its side
	lift      string // the lift that provokes it
	other     string // another one
	load      int    // pounds
	reps      int
	pain      int // out of 10
	weeks     int
	before    int // weekly sets then and now
	now       int
	monthsAgo int
	past      string
	top       condition
	rest      []condition
	emergency emergency
}

// An analysis is the structured answer.
type analysis struct {
	chain        []string
	detected     bool
	confidence   int // hundredths
	why          string
	severity     string
	severityWhy  string
	kind         string
	factors      []string
	present      []string
	absent       []string
	triggers     []string
	differential []suspect
	avoid        []advice
	modify       []advice
	caution      []advice
	safe         []advice
	volume       int // recommended weekly sets
	progression  []string
	action       string
	changes      []advice
	protocol     []string
	checkpoints  [4]string // expected outcomes; "" leaves one out
	fallback     [4]string
	recommended  bool
	urgency      string
	who, reason  string
	reply        string
}

type suspect struct {
	condition
	probability int // hundredths
	why         string
}

// advice is about one exercise.
type advice struct {
	exercise   string
	percent    int // -1 where load says nothing
	sets, text string
	extra      string // substitute, or progression
}

// injury writes an injury-analysis row.
func (m *maker) injury(w *row, rule string, d departure) {
	r := &m.r
	t := m.drawTicket(w.subcategory)
	if w.subcategory == "multi_turn" {
		m.injuryInterview(w, &t)
	} else {
		w.say(example.User, m.complain(w.subcategory, &t)+"\n\n"+m.context(&t))
	}
	if d == opposed {
		t.top, t.rest[0] = t.rest[0], t.top
		m.r = m.twist // other words from here on
	}
	an := m.analyse(w.subcategory, &t)
	if d == opposed {
		if an.severity == "severe" {
			an.severity, an.severityWhy = "mild", "It settles within a day and daily life is not affected, so this counts as mild."
		} else {
			an.severity, an.severityWhy = "severe", "Function is lost in daily life, so this counts as severe."
		}
	}
	answer := len(w.messages)
	switch rule {
	case "injury/probability-sum":
		delta := []int{-25, -15, 20, 35, 40}[m.twist.below(5)]
		first := &an.differential[0].probability
		if *first+delta < 5 || *first+delta > 100 {
			delta = -delta
		}
		*first += delta
		w.blame(rule, at(answer, "/differential_diagnoses"))
	case "injury/severity-vocabulary":
		an.severity = pick(&m.twist, []string{"moderate to severe", "Mild", "Severe", "Moderate", "Mild/Unspecified", "Undetermined", "minor", "grade two"})
		w.blame(rule, at(answer, "/assessment/severity"))
	case "injury/confidence-band":
		b := bands[w.subcategory]
		if below := b[0] - m.twist.between(4, 15, 1); m.twist.percent(40) {
			an.confidence = below
		} else {
			an.confidence = min(100, b[1]+m.twist.between(2, 9, 1))
		}
		w.blame(rule, at(answer, "/assessment/confidence"))
	case "injury/reasoning-steps":
		if m.twist.percent(40) {
			an.chain = an.chain[:m.twist.between(2, 4, 1)]
		} else {
			for len(an.chain) < 12 {
				an.chain = append(an.chain, pick(r, moreSteps))
			}
		}
		w.blame(rule, at(answer, "/reasoning_chain"))
	case "injury/escalation-triggers":
		an.triggers = nil
		w.blame(rule, at(answer, "/red_flags/escalation_triggers"))
	case "injury/red-flag-referral":
		m.belittle(&an, &t)
		w.blame(rule, at(answer, "/recommendations"))
	case "injury/soreness-is-not-injury":
		an.detected = true
		w.blame(rule, at(answer, "/assessment/injury_detected"))
	case "injury/checkpoints":
		an.checkpoints[m.twist.below(4)] = ""
		if m.twist.percent(40) {
			an.checkpoints[3] = ""
		}
		w.blame(rule, at(answer, "/recommendations/recovery_timeline_validation"))
	case "injury/medication":
		an.protocol = append(an.protocol, pick(&m.twist, []string{
			"Take 600 mg of ibuprofen every 8 hours for 5 days.", "Ibuprofen 400 mg three times a day with food.",
			"Naproxen 500 mg twice daily until the pain is gone.", "Take 1000 mg of paracetamol before each session.",
		}))
		w.blame(rule, at(answer, "/recommendations/recovery_protocol/"+strconv.Itoa(len(an.protocol)-1)))
	}
	w.say(example.Assistant, an.encode(&t))
}

// bands are the confidence bands of the default catalog, in hundredths.
// Subcategories without one get a cautious range.
var bands = map[string][2]int{
	"acute": {85, 95}, "chronic": {70, 85}, "tendinitis": {75, 90}, "impingement": {70, 85}, "doms": {80, 95},
	"ambiguous": {30, 50}, "multi_turn": {70, 88}, "red_flag": {90, 98}, "context_dependent": {70, 88},
}

// drawTicket draws a complaint for a subcategory.
func (m *maker) drawTicket(subcategory string) ticket {
	r := &m.r
	t := ticket{a: m.drawAthlete()}
	var likely []condition
	for likely == nil {
		t.reg = &regions[r.below(len(regions))]
		switch subcategory {
		case "acute":
			likely = t.reg.acute
		case "tendinitis":
			likely = t.reg.tendinitis
		case "impingement":
			likely = t.reg.impingement
		default:
			likely = t.reg.chronic
		}
	}
	t.part = t.reg.name
	if t.reg.sided {
		t.part = pick(r, []string{"left ", "right "}) + t.part
	}
	for lifts := some(r, t.reg.provoking, len(t.reg.provoking)); ; lifts = append(lifts[1:], lifts[0]) {
		if t.lift, t.other = lifts[0], lifts[1]; !slices.Contains(unloaded, t.lift) {
			break // what provokes the pain is told with its load
		}
	}
	t.load, t.reps, t.pain = r.between(45, 315, 5), r.between(3, 12, 1), r.between(3, 8, 1)
	t.weeks, t.before = r.between(2, 12, 1), r.between(6, 16, 1)
	t.now, t.monthsAgo = t.before+r.between(3, 10, 1), r.between(3, 40, 1)
	if subcategory == "doms" {
		t.part = t.reg.muscles
	}
	t.top = pick(r, likely)
	var all []condition
	for _, c := range [][]condition{t.reg.acute, t.reg.chronic, t.reg.tendinitis, t.reg.impingement} {
		for _, one := range c {
			if one != t.top {
				all = append(all, one)
			}
		}
	}
	t.rest = some(r, all, r.between(2, 3, 1))
	t.past = pick(r, append([]condition{t.top}, t.rest...)).name
	if len(t.reg.emergency) > 0 {
		t.emergency = pick(r, t.reg.emergency)
	}
	return t
}

// tellTicket fills a template with the athlete and the ticket.
func (m *maker) tellTicket(t *ticket, templates []string) string {
	return m.tell(templates, &t.a,
		"part", t.part, "lift", t.lift, "other", t.other, "load", strconv.Itoa(t.load), "reps", strconv.Itoa(t.reps),
		"pain", strconv.Itoa(t.pain), "weeks", strconv.Itoa(t.weeks), "before", strconv.Itoa(t.before), "now", strconv.Itoa(t.now),
		"ago", strconv.Itoa(t.monthsAgo), "past", t.past, "top", t.top.name, "feature", t.top.feature, "sore", t.reg.muscles,
		"rise", strconv.Itoa((t.now-t.before)*100/t.before), "sign", t.emergency.sign, "risk", t.emergency.condition,
		"place", t.emergency.place, "said", t.emergency.said)
}

var complaints = map[string][]string{
	"acute": {
		"Felt a sharp pain in my {part} on rep {reps} of {lift} at {load}, about {pain} out of 10.",
		"Something pulled in my {part} during {lift} with {load} pounds. It's {pain} out of 10 now.",
		"Was on my last set of {lift}, {load} for {reps}, and my {part} gave a sudden sting. Pain is {pain}/10.",
		"Just tweaked my {part} doing {lift}. {load} lb, rep {reps}, it hit me all at once, {pain} of 10.",
		"Sudden pain in the {part} halfway through {lift} at {load}; I stopped right away, {pain}/10.",
		"My {part} grabbed on {lift} today, {load} on the bar, rep {reps}. {pain} out of 10 when I move it.",
	},
	"chronic": {
		"My {part} has been aching for {weeks} weeks, mostly after {lift}. It gets to {pain} out of 10.",
		"{weeks} weeks now with a nagging {part}. {lift} and {other} make it worse, {pain}/10 on bad days.",
		"The {part} thing started about {weeks} weeks ago and creeps up every time I do {lift} over {load}.",
		"Still got that dull {part} pain, week {weeks}, around {pain} out of 10 after {lift}.",
		"For {weeks} weeks my {part} is stiff the morning after {lift} at {load} pounds.",
		"Slow build of pain in my {part} since {weeks} weeks, {other} used to be fine and now it isn't, {pain} of 10.",
	},
	"tendinitis": {
		"Tendon pain at my {part}: sore at the start of {lift}, warms up, then {pain} out of 10 the next morning.",
		"My {part} hurts on the first sets of {lift} at {load}, goes away, and is back after. {weeks} weeks of this.",
		"{part} tendon has been cranky for {weeks} weeks, {pain}/10 the morning after {lift} or {other}.",
		"It's one sore spot on my {part}, worse with {lift} and fast reps, about {pain} of 10, {weeks} weeks in.",
		"Warm-up of {lift} hurts at the {part}, working sets at {load} are okay, the next day it is {pain} of 10.",
	},
	"impingement": {
		"I get a pinch in my {part} at one point of {lift}, {pain} out of 10, fine everywhere else.",
		"There's a catching feeling in the {part} with {lift} at {load}, always at the same angle, for {weeks} weeks.",
		"My {part} pinches at the end range of {lift}. {pain}/10, gone as soon as I leave the position.",
		"I get a sharp pinch in the {part} with {lift}, with {other} too by rep {reps}.",
		"Deep pinching in the {part} for {weeks} weeks, only in the bottom or top of {lift}, say {pain} of 10.",
	},
	"doms": {
		"My {sore} are wrecked, trained {lift} two days ago, {reps} hard sets. Both sides, {pain} out of 10.",
		"So sore in the {sore} since {lift} at {load} the day before yesterday. Equal on both sides, {pain}/10.",
		"Everything in my {sore} is stiff a day after {lift} and {other}. First time at {load}. {pain} of 10.",
		"Can barely move, {sore} are on fire on both sides after {reps} sets of {lift}. Did I hurt something?",
		"Did {lift} for the first time in {weeks} weeks and the {sore} ache all over, both sides, {pain} out of 10.",
		"Is this normal? {sore} tender to the touch two days after {lift}, {load} for {reps}, left and right the same.",
	},
	"ambiguous": {
		"My {part} feels off.", "Something isn't right with my {part}.", "{part} hurts sometimes.", "I think I did something to my {part}.",
		"Weird feeling in the {part} lately.", "My {part} has been bugging me.", "Not sure, but the {part} is acting up a bit.",
		"Kind of a strange ache around the {part}.",
	},
	"red_flag": {
		"Help, {said}.", "Okay this is bad: {said}.", "I don't know what to do, {said}.", "Need advice now. {said}.",
		"{said}. Should I finish my sets?", "Was training {lift} and now {said}.",
	},
	"context_dependent": {
		"My {part} is a bit sore after {lift} at {load}, {pain} out of 10. Should I worry?",
		"Slight {part} discomfort in {lift} today, {pain}/10. Can I still train tomorrow?",
		"Feeling my {part} on {lift} again, maybe {pain} of 10. Push on or back off?",
		"{part} talks to me when I do {lift} over {load}. What do you make of it?",
		"Some ache in the {part} after {reps} reps of {lift}, nothing dramatic, {pain} out of 10.",
	},
	"multi_turn": {
		"My {part} hurts after {lift}.", "Having some {part} trouble with {lift}.", "{part} pain again, not sure why.",
		"Something's up with my {part} since {lift}.", "I need help with my {part}.", "Can you look at my {part} problem?",
	},
}

func (m *maker) complain(subcategory string, t *ticket) string {
	return m.tellTicket(t, complaints[subcategory])
}

// context is what the app adds to the words, in one of several layouts.
func (m *maker) context(t *ticket) string {
	r := &m.r
	a := &t.a
	meet := "no competition planned"
	if a.meet > 0 {
		meet = "competition in " + strconv.Itoa(a.meet) + " weeks"
	}
	history := m.tellTicket(t, []string{
		"{past} {ago} months ago", "{past}, {ago} months back, settled in {weeks} weeks", "treated for {past} {ago} months ago",
	})
	session := func(lift string, load, reps int) string {
		form := pick(r, []string{"{l} {s}x{n} at {w} lb, RPE {e}", "{l} {w} lb {s}x{n} @{e}", "{l}: {s} sets of {n} with {w} lb (RPE {e})"})
		if slices.Contains(unloaded, lift) {
			form = pick(r, []string{"{l} {m} min, RPE {e}", "{l}, {m} minutes @{e}", "{l}: {m} min (RPE {e})"})
		}
		return fill(form, "l", lift, "s", strconv.Itoa(r.between(2, 6, 1)), "n", strconv.Itoa(reps), "w", strconv.Itoa(load),
			"e", decimal(r.between(60, 100, 5), 10), "m", strconv.Itoa(r.between(8, 55, 1)))
	}
	days := some(r, []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}, 3)
	log := days[0] + " " + session(t.lift, t.load, t.reps) + "; " + days[1] + " " + session(t.other, r.between(45, 315, 5), r.between(3, 15, 1)) +
		"; " + days[2] + " " + session(pick(r, t.reg.safe), r.between(45, 315, 5), r.between(3, 15, 1))
	values := [][2]string{
		{"Profile", strconv.Itoa(a.age) + " years, " + strconv.Itoa(a.weight) + " lb, " + a.level + ", goal " + a.goal + ", " + meet},
		{"Injury history", history},
		{"Training log", log},
		{"Recovery", "sleep " + decimal(a.sleep, 10) + " h, stress " + strconv.Itoa(a.stress) + "/10, soreness " + strconv.Itoa(a.soreness) +
			"/10, resting heart rate " + strconv.Itoa(a.heart)},
		{"Program", a.program + ", week " + strconv.Itoa(a.week) + ", " + strconv.Itoa(a.days) + " days"},
		{"Weekly volume", strconv.Itoa(t.before) + " to " + strconv.Itoa(t.now) + " sets over " + strconv.Itoa(t.weeks) + " weeks"},
	}
	var b strings.Builder
	layout := r.below(3)
	b.WriteString([]string{"Context:", "---", "Athlete data"}[layout])
	for _, v := range values {
		b.WriteByte('\n')
		switch layout {
		case 0:
			b.WriteString("- " + v[0] + ": " + v[1])
		case 1:
			b.WriteString(strings.ToLower(v[0]) + " | " + v[1])
		default:
			b.WriteString("[x] " + v[0] + " = " + v[1])
		}
	}
	return strings.ReplaceAll(b.String(), "[x] ", "* ")
}

// injuryInterview is a vague complaint, questions in prose, and the facts.
func (m *maker) injuryInterview(w *row, t *ticket) {
	w.say(example.User, m.complain("multi_turn", t))
	questions := some(&m.r, []string{
		"When did it start, and was there one moment?", "Where exactly is it, and does it travel?", "What makes it worse, and what eases it?",
		"How strong is it from 0 to 10, at rest and under load?", "Is there swelling, numbness or giving way?", "What changed in your training lately?",
	}, m.r.between(2, 4, 1))
	opening := pick(&m.r, []string{
		"Sorry to hear that. A few questions first:", "Let's find out more before changing anything:", "I need a clearer picture:",
		"Thanks for telling me. Please answer these:",
	})
	w.say(example.Assistant, opening+"\n\n- "+strings.Join(questions, "\n- "))
	facts := m.tellTicket(t, []string{
		"It began {weeks} weeks ago with {lift} at {load}, {pain} out of 10 under load. No swelling or numbness.",
		"No single moment, about {weeks} weeks. {lift} hurts, {other} a little, {pain}/10. Nothing is numb.",
		"Around {weeks} weeks, worst by rep {reps} of {lift} with {load} pounds, {pain} of 10. Rest eases it, no swelling.",
		"I went from {before} to {now} sets a week and it showed up after {weeks} weeks, {pain} out of 10. No giving way.",
	})
	w.say(example.User, facts+"\n\n"+m.context(t))
}

// analyse writes the answer to a ticket.
func (m *maker) analyse(subcategory string, t *ticket) analysis {
	r := &m.r
	b := bands[subcategory]
	an := analysis{
		detected: true, confidence: r.between(b[0], b[1], 1), kind: t.top.name,
		severity: pick(r, []string{"mild", "mild", "moderate", "moderate", "severe"}),
		volume:   max(2, t.now*r.between(45, 75, 1)/100), recommended: r.percent(40),
		urgency: pick(r, []string{"if_no_improvement", "within_two_weeks"}), who: pick(r, []string{"physiotherapist", "sports physician"}),
	}
	if an.severity == "severe" {
		an.recommended, an.urgency = true, "within_48_hours"
	}
	chain, ok := chains[subcategory]
	if !ok {
		chain = chains[""]
	}
	// The first step names what the athlete said: a chain that fits every
	// complaint would break injury/generic-reasoning.
	an.chain = append(an.chain, m.tellTicket(t, chain.steps[0]))
	for _, s := range some(r, chain.steps[1:], 3+r.below(5)*r.below(5)/5) {
		an.chain = append(an.chain, m.tellTicket(t, s))
	}
	an.chain = append(an.chain, m.tellTicket(t, chain.ends))
	an.why = m.tellTicket(t, confidenceReasons)
	an.severityWhy = m.tellTicket(t, severityReasons[an.severity])
	for _, s := range some(r, factors, 2) {
		an.factors = append(an.factors, m.tellTicket(t, s))
	}
	an.absent = some(r, t.reg.signs, 2)
	for _, s := range some(r, t.reg.signs, r.between(1, 2, 1)) {
		an.triggers = append(an.triggers, capital(s)+pick(r, []string{
			": stop and go to the emergency department.", ": see a doctor the same day.", ": stop training and call a doctor within 24 hours.",
		}))
	}
	an.triggers = append(an.triggers, fill(pick(r, []string{
		"Pain above {p}/10 at rest for {d} days: see a physiotherapist.", "No change after {d} days of the plan, or pain over {p}/10: book a physiotherapist.",
		"Pain that wakes you {d} nights in a row, or rises past {p}/10: see a sports physician.",
	}), "p", strconv.Itoa(r.between(4, 7, 1)), "d", strconv.Itoa(r.between(3, 10, 1))))
	m.spread(&an, t, r.between(45, 70, 1))
	m.sortExercises(&an, t)
	for i := range an.checkpoints {
		an.checkpoints[i] = m.checkpoint(i)
		an.fallback[i] = pick(r, fallbacks)
	}
	an.protocol = nil
	for _, s := range some(r, t.reg.prehab, 1) {
		an.protocol = append(an.protocol, capital(s)+fill(pick(r, []string{", {s} x {n}, {d} days a week.", ": {s} sets of {n} every day for {d} weeks.", ", {s} rounds of {n}, {d} times weekly."}),
			"s", strconv.Itoa(r.between(2, 4, 1)), "n", strconv.Itoa(r.between(8, 20, 1)), "d", strconv.Itoa(r.between(2, 6, 1))))
	}
	an.protocol = append(an.protocol, m.tellTicket(t, recoveries))
	an.progression = []string{
		fill(pick(r, progressions), "v", strconv.Itoa(an.volume), "k", strconv.Itoa(r.between(2, 3, 1))),
		fill(pick(r, []string{"Add {k} sets a week while pain stays at or under {p}/10.", "If two sessions in a row stay under {p}/10, add {k} sets.", "Return to {n} sets no sooner than week {q}, in steps of {k}."}),
			"k", strconv.Itoa(r.between(2, 3, 1)), "p", strconv.Itoa(r.between(2, 4, 1)), "n", strconv.Itoa(t.now), "q", strconv.Itoa(r.between(4, 8, 1))),
	}
	an.action = m.tellTicket(t, actions)
	an.reason = m.tellTicket(t, consultReasons)
	switch subcategory {
	case "doms":
		m.soothe(&an, t)
	case "ambiguous":
		m.ask(&an, t)
	case "red_flag":
		m.refer(&an, t)
		return an
	case "context_dependent":
		an.chain[0] = m.tellTicket(t, contextSteps)
	}
	m.write(&an, t)
	return an
}

// spread shares 100 hundredths among the suspects, the first getting about
// lead.
func (m *maker) spread(an *analysis, t *ticket, lead int) {
	left := 100 - lead
	add := func(c condition, p int) {
		an.differential = append(an.differential, suspect{c, p, fill(pick(&m.r, []string{
			"Shares the load history but not every sign.", "Fits the location, the rest is open.", "Possible, less typical with this onset.",
			"Kept on the list until examined.", "The pattern matches.", "Weighted by the {n} weeks of history.", "Pain of this kind and {s} sets a week fit.",
		}), "n", strconv.Itoa(t.weeks), "s", strconv.Itoa(t.now))})
	}
	add(t.top, lead)
	for i, c := range t.rest {
		p := left
		if i < len(t.rest)-1 {
			p = max(1, left*m.r.between(40, 70, 5)/100)
		}
		left -= p
		add(c, p)
	}
}

// sortExercises says what to do with the athlete's lifts.
func (m *maker) sortExercises(an *analysis, t *ticket) {
	r := &m.r
	sets := func() string { return strconv.Itoa(r.between(2, 4, 1)) + " x " + strconv.Itoa(r.between(5, 15, 1)) }
	swaps, safe := some(r, t.reg.swaps, 3), some(r, t.reg.safe, 3)
	rationale := func(ss []string) string { return m.tellTicket(t, ss) }
	an.avoid = []advice{{t.lift, 0, "", rationale([]string{
		"It provoked the pain at {load} lb.", "The report names it as the trigger, {pain}/10.", "Loads the {part} where it hurts most.",
		"Volume here rose by {rise} % before the pain.",
	}), swaps[0]}}
	an.modify = []advice{{t.other, r.between(40, 70, 5), sets(), rationale([]string{
		"Puts load on the {part} too, at less weight.", "Keeps the pattern while the {part} calms down.", "Allowed up to 3/10 pain.",
		"Shorter range until the {part} is quiet.",
	}), swaps[1]}}
	an.caution = nil
	if r.percent(50) {
		an.caution = []advice{{swaps[2], r.between(60, 85, 5), sets(), rationale([]string{
			"A gentler way to train the same muscles.", "Stop the set if the {part} goes above 3/10.", "Watch the response the next morning.",
		}), ""}}
	}
	an.safe = []advice{{safe[0], 100, "", rationale([]string{"Does not load the {part}.", "No demand on the sore area.", "Keeps training going."}), ""}}
	if r.percent(25) {
		an.safe = append(an.safe, advice{safe[1], 100, "", rationale([]string{"Was pain-free in the log.", "Far from the {part}.", "Normal progression is fine here."}), ""})
	}
	an.changes = []advice{{t.other, an.modify[0].percent, an.modify[0].sets, rationale([]string{
		"Reduce load and range, slow the lowering.", "Tempo of three seconds down, no grinding.", "Fewer sets, none to failure.",
	}), fill(pick(r, []string{
		"Add {p} % a week while pain stays at or under 2/10.", "After {s} calm sessions add {p} %.", "Raise the load {p} % when the next morning is quiet.",
	}), "p", strconv.Itoa(5*r.between(1, 2, 1)), "s", strconv.Itoa(r.between(2, 4, 1)))}}
}

// write puts the reply together from the parts.
func (m *maker) write(an *analysis, t *ticket) {
	r := &m.r
	if an.reply != "" {
		return
	}
	parts := []string{
		m.tellTicket(t, replyOpenings),
		"**Today:** " + an.action,
		"- Swap " + t.lift + " for " + an.avoid[0].extra + "\n- " + capital(t.other) + " at " + strconv.Itoa(an.modify[0].percent) + " %, " + an.modify[0].sets +
			"\n- Keep " + an.safe[0].exercise,
	}
	if r.percent(60) {
		parts = append(parts, "**See someone if:** "+strings.ToLower(an.triggers[0][:1])+an.triggers[0][1:])
	}
	parts = append(parts, m.tellTicket(t, replyClosings))
	an.reply = paragraphs(parts...)
}

// soothe turns the analysis into one of normal soreness.
func (m *maker) soothe(an *analysis, t *ticket) {
	r := &m.r
	an.detected, an.severity, an.kind = false, "normal_training_response", "delayed onset muscle soreness"
	an.recommended, an.urgency = false, "not_needed"
	an.severityWhy = m.tellTicket(t, []string{
		"Both sides, one to two days after unusual work, no loss of function.", "Even ache in the {sore} at {pain}/10 that eases with movement.",
		"The timing after {lift} and the even spread fit a normal response.",
	})
	lead := r.between(82, 93, 1)
	an.differential = []suspect{
		{condition{"delayed onset muscle soreness", "even, two-sided ache that peaks on day two"}, lead, "Timing, spread and history agree."},
		{t.rest[0], 100 - lead, "Would be one-sided and tied to one movement."},
	}
	an.avoid = nil
	an.modify = nil
	an.changes = []advice{{
		t.lift, r.between(60, 80, 5), strconv.Itoa(r.between(2, 3, 1)) + " x " + strconv.Itoa(r.between(6, 12, 1)),
		"Lighter for one session, then as planned.", "Back to full load once the stairs feel normal.",
	}}
	an.volume = t.now - r.between(0, 3, 1)
	an.progression = []string{fill(pick(r, []string{
		"{v} sets this week, {n} again the week after.", "One week at {v} sets, then as planned with {n}.", "Back to {n} sets as soon as the soreness is gone.",
	}), "v", strconv.Itoa(an.volume), "n", strconv.Itoa(t.now))}
	an.action = m.tellTicket(t, []string{
		"Keep moving: an easy walk or ride of {weeks} to 20 minutes.", "Train something else today and sleep well.",
		"Light movement for the {sore}, no testing of heavy loads.", "Easy blood flow work and an early night.",
	})
	an.reply = paragraphs(
		m.tellTicket(t, []string{
			"Good news: this reads as normal soreness from {lift}, not an injury.", "That's the ordinary price of {lift} at {load}: sore {sore} on both sides.",
			"Nothing here worries me. Your {sore} met more work than they are used to.", "Sounds like classic day-two soreness after {reps} hard sets.",
		}),
		"**Next session:** "+capital(t.lift)+" at "+strconv.Itoa(an.changes[0].percent)+" %, "+an.changes[0].sets+".",
		"- "+an.action+"\n- "+an.protocol[0],
		m.tellTicket(t, []string{
			"It should fade by day four. If one side stays sharp, write to me.", "Come back if it is worse on day five, or turns one-sided.",
			"The second time is always easier. Raise sets from {before} slowly.", "Dark urine or heavy swelling would be different: then see a doctor.",
		}))
}

// ask turns the analysis into one that does not know yet.
func (m *maker) ask(an *analysis, t *ticket) {
	r := &m.r
	an.severity, an.kind, an.recommended, an.urgency = "unknown", "undetermined "+t.reg.name+" complaint", false, "if_no_improvement"
	an.avoid, an.changes = nil, nil
	an.modify[0].text = "Held back until more is known."
	for i := range an.caution {
		an.caution[i].text = "Stop if the " + t.part + " complains."
	}
	an.action = m.tellTicket(t, []string{
		"Train around the {part} today and answer the questions.", "Keep {lift} light or leave it out until you have answered.", "No heavy {lift} before we know more.",
	})
	an.reason = m.tellTicket(t, []string{"Depends on the answers.", "If the {part} is no better in two weeks.", "An exam helps where the words don't."})
	an.severityWhy = m.tellTicket(t, []string{
		"Neither onset nor function is known, so no grade is given.", "Without a pain rating or a trigger the severity stays open.",
		"The words do not say how much it limits the {part}.",
	})
	an.why = m.tellTicket(t, []string{
		"The message is one vague sentence; only the log narrows it down.", "Location alone, without onset or trigger, supports little.",
		"Too many causes fit a {part} that feels off.", "The rise from {before} to {now} sets hints at load, nothing confirms it.",
	})
	an.differential = nil
	m.spread(an, t, r.between(34, 45, 1))
	questions := some(r, []string{
		"When did it start, and was there a single moment?", "Can you point to it with one finger?", "Which movements bring it on?",
		"How strong is it from 0 to 10?", "Is it there at night or at rest?", "Any swelling, numbness or giving way?",
		"Did it begin after the jump in volume?", "Does warming up help or make it worse?",
	}, r.between(3, 4, 1))
	an.reply = paragraphs(
		m.tellTicket(t, []string{
			"I can't tell yet what is going on with your {part}, so I won't guess.", "Thanks for flagging the {part}. I need a few answers first.",
			"A {part} can complain for many reasons. Help me narrow it down:", "Before I change your {prog}, tell me more about the {part}.",
		}),
		"- "+strings.Join(questions, "\n- "),
		m.tellTicket(t, []string{
			"Until then skip {lift} and keep the rest light.", "Meanwhile stay under 3/10 on everything, {other} included.",
			"For today, train around it: no {lift}, nothing to failure.", "Hold {lift} at half of {load} until you answer.",
		}))
}

// refer turns the analysis into a referral and nothing else.
func (m *maker) refer(an *analysis, t *ticket) {
	r := &m.r
	e := t.emergency
	an.severity, an.kind = "severe", "suspected "+e.condition
	an.severityWhy = m.tellTicket(t, []string{"{sign} is an emergency until a doctor says otherwise.", "Signs of {risk} outrank everything else.", "This threatens lasting damage."})
	an.why = m.tellTicket(t, []string{
		"{sign} leaves little doubt that this needs a doctor.", "The report is unmistakable: {sign}.", "Few things but {risk} present like this.",
	})
	an.present = []string{e.sign}
	if r.percent(40) {
		an.present = append(an.present, "sudden onset during or after training")
	}
	an.absent = []string{pick(r, []string{"fever was not mentioned", "no earlier episode in the history", "no known heart or nerve disease in the profile"})}
	lead := r.between(70, 90, 1)
	an.differential = []suspect{
		{condition{e.condition, e.sign}, lead, m.tellTicket(t, []string{"Matches the reported signs.", "The first thing to rule out.", "Too dangerous to miss."})},
		{t.top, 100 - lead, "Would be less dramatic, and does not change what to do now."},
	}
	an.avoid = []advice{{"all training", 0, "", "Nothing is trained until a doctor has examined it.", ""}}
	an.modify, an.caution, an.safe, an.changes = nil, nil, nil, nil
	an.volume = 0
	an.progression = []string{"No training until a doctor clears it; the plan starts again from the clearance."}
	an.action = "Stop training now. " + m.tellTicket(t, []string{
		"Go to the {place} at once; see a doctor now.", "See a doctor now: {place}, today, not tomorrow.", "Have someone take you to the {place} and see a doctor now.",
	})
	an.protocol = []string{m.tellTicket(t, []string{
		"Keep still and warm until help arrives.", "Do not eat before you are examined, and do not drive yourself.", "Support the {part} in the position of least pain.",
		"Have someone stay with you.",
	})}
	an.checkpoints = [4]string{
		pick(r, []string{"Examined by a doctor, diagnosis known.", "Seen at the hospital and told what it is."}),
		pick(r, []string{"Treatment started and a follow-up date set.", "First check-up done as the doctor ordered."}),
		pick(r, []string{"Doctor's review of the healing.", "Medical follow-up says whether rehabilitation may begin."}),
		pick(r, []string{"Written clearance, or a rehabilitation plan from the clinic.", "Return to training is decided by the doctor."}),
	}
	for i := range an.fallback {
		an.fallback[i] = pick(r, []string{"Call the clinic.", "Return to the emergency department.", "Do not train; ask the doctor again."})
	}
	an.recommended, an.urgency, an.who = true, "immediate", "doctor, "+e.place
	an.reason = m.tellTicket(t, []string{"{sign} may mean {risk}.", "{risk} has to be ruled out within hours.", "Every hour counts with {sign}."})
	an.triggers = []string{
		m.tellTicket(t, []string{"Already met: {sign}. Go to the {place} now.", "Met now: {sign}, so {place} without delay."}),
		pick(r, []string{"Fainting, trouble breathing or spreading numbness on the way: call emergency services.", "If it gets worse while you wait: call an ambulance."}),
	}
	an.reply = paragraphs(
		m.tellTicket(t, []string{
			"**Stop training now and see a doctor.** What you describe can be serious.", "**Please stop and go to the {place} now.** See a doctor before anything else.",
			"**This can't wait: stop training, see a doctor right away.**",
		}),
		m.tellTicket(t, []string{
			"{sign} can mean {risk}, and that needs an examination today.", "I can't judge {risk} from here, and nobody should train through it.",
			"You asked about {lift}; forget the session, your health comes first.",
		}),
		"- "+an.protocol[0]+"\n- "+pick(r, []string{"Tell them exactly what you told me.", "Take your phone and say when it started.", "Write to me once you have been seen."}))
}

// belittle makes a red flag into a training matter.
func (m *maker) belittle(an *analysis, t *ticket) {
	pct := m.twist.between(40, 70, 5)
	an.action = "Cut the load of " + t.lift + " to " + strconv.Itoa(pct) + " % and carry on with the session."
	an.changes = []advice{{t.lift, pct, "3 x 10", "Lighter and slower until it settles.", "Add 10 % a week."}}
	an.recommended, an.urgency, an.who, an.reason = false, "not_needed", "", "It will most likely settle by itself."
	an.avoid = nil
	an.modify = []advice{{t.lift, pct, "3 x 10", "Keeps the pattern.", ""}}
	an.volume = max(2, t.now/2)
	an.progression = []string{"Add two sets a week."}
	an.triggers = []string{"Pain above 8/10 for 14 days: book a physiotherapist."}
	an.protocol = []string{"Easy walking and sleep."}
	an.reply = "Sounds like a tweak. Keep training with " + strconv.Itoa(pct) + " % on " + t.lift + " and see how it feels next week."
}

// encode writes the answer in the shape of the catalog's full schema.
func (an *analysis) encode(t *ticket) string {
	o := newObject()
	o.key("reasoning_chain").strs(an.chain)
	o.key("assessment").open('{')
	o.key("injury_detected").raw(strconv.FormatBool(an.detected))
	o.key("confidence").hundredths(an.confidence)
	o.key("confidence_reasoning").str(an.why)
	o.key("body_part").str(t.part)
	o.key("severity").str(an.severity)
	o.key("severity_reasoning").str(an.severityWhy)
	o.key("injury_type").str(an.kind)
	o.key("contributing_factors").strs(an.factors)
	o.close('}')
	o.key("red_flags").open('{')
	o.key("present").strs(an.present)
	o.key("absent").strs(an.absent)
	o.key("escalation_triggers").strs(an.triggers)
	o.close('}')
	o.key("differential_diagnoses").open('[')
	for _, s := range an.differential {
		o.open('{')
		o.key("condition").str(s.name)
		o.key("probability").hundredths(s.probability)
		o.key("distinguishing_features").strs([]string{s.feature})
		o.key("confidence_reasoning").str(s.why)
		o.close('}')
	}
	o.close(']')
	o.key("affected_exercises").open('{')
	for _, g := range []struct {
		key  string
		list []advice
	}{
		{"avoid_completely", an.avoid}, {"modify_significantly", an.modify}, {"proceed_with_caution", an.caution}, {"safe_to_continue", an.safe},
	} {
		o.key(g.key).open('[')
		for _, x := range g.list {
			o.open('{')
			o.key("exercise").str(x.exercise)
			o.key("load_percent").int(x.percent)
			if x.sets != "" {
				o.key("sets_reps").str(x.sets)
			}
			if x.extra != "" {
				o.key("substitute").str(x.extra)
			}
			o.key("rationale").str(x.text)
			o.close('}')
		}
		o.close(']')
	}
	o.close('}')
	o.key("load_management").open('{')
	o.key("volume_unit").str("sets_per_week")
	o.key("current_volume").int(t.now)
	o.key("recommended_volume").int(an.volume)
	o.key("reduction_percent").int(((t.now-an.volume)*200 + t.now) / (2 * t.now))
	o.key("progression_plan").strs(an.progression)
	o.close('}')
	o.key("recommendations").open('{')
	o.key("immediate_action").str(an.action)
	o.key("training_modifications").open('[')
	for _, x := range an.changes {
		o.open('{')
		o.key("exercise").str(x.exercise)
		o.key("change").str(x.text)
		o.key("load_percent").int(x.percent)
		o.key("sets_reps").str(x.sets)
		o.key("progression").str(x.extra)
		o.close('}')
	}
	o.close(']')
	o.key("recovery_protocol").strs(an.protocol)
	o.key("recovery_timeline_validation").open('{')
	for i, key := range [...]string{"day_3", "day_7", "week_2", "week_4"} {
		if an.checkpoints[i] == "" {
			continue
		}
		o.key(key).open('{')
		o.key("expected_outcome").str(an.checkpoints[i])
		o.key("if_not_met").str(an.fallback[i])
		o.close('}')
	}
	o.close('}')
	o.key("medical_consultation").open('{')
	o.key("recommended").raw(strconv.FormatBool(an.recommended))
	o.key("urgency").str(an.urgency)
	if an.who != "" {
		o.key("who").str(an.who)
	}
	o.key("reason").str(an.reason)
	o.close('}')
	o.close('}')
	o.key("response_to_user").str(an.reply)
	return o.end()
}

// checkpoint is what should be true at day 3, day 7, week 2 or week 4.
func (m *maker) checkpoint(i int) string {
	r := &m.r
	return fill(pick(r, [][]string{
		{"Pain at rest at or under {p}/10.", "Daily movement {p}/10 or less.", "Sleep undisturbed, stairs at {p}/10.", "No increase, resting pain about {p}/10."},
		{"Light version of the lift at {p}/10.", "Full daily movement, {p}/10 at most.", "Warm-up sets under {p}/10.", "Next-morning pain back to {p}/10."},
		{"{q} % of the usual load at {p}/10 or less.", "Training at {q} % with a calm next morning.", "Range restored, {q} % tolerated.", "{q} % for three sessions without a flare-up."},
		{"Back to {z} % of the usual load.", "{z} % and normal volume, pain 1/10 at most.", "Full range at {z} %.", "Normal plan at {z} % without next-day pain."},
	}[i]), "p", strconv.Itoa(r.between(1, 4, 1)), "q", strconv.Itoa(r.between(50, 75, 5)), "z", strconv.Itoa(r.between(80, 100, 5)))
}
