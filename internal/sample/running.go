package sample

import (
	"strconv"

	"github.com/voicefit/spotter/internal/example"
)

// A run is a distance in hundredths of its unit and a pace in seconds for one
// unit. Its time is the product, which is a whole number of seconds.
type run struct {
	metric bool
	far    int
	pace   int
}

func (u run) seconds() int { return u.far * u.pace / 100 }

func (u run) distance() string { return decimal(u.far, 100) }

// unit is the short name of the distance's unit, per that of the pace's.
func (u run) unit() string {
	if u.metric {
		return "km"
	}
	return "mi"
}

func (u run) per() string { return "min/" + u.unit() }

// drawRun draws a run whose time comes out exactly.
func (m *maker) drawRun() run {
	r := &m.r
	for {
		u := run{metric: r.percent(35)}
		switch r.below(5) {
		case 0, 1:
			u.far = 100 * r.between(2, 18, 1)
		case 2:
			u.far = 50 * r.between(3, 40, 1)
		case 3:
			u.far = 10 * r.between(15, 210, 1)
		default:
			u.far = pick(r, []int{310, 620, 1310, 2620, 1000, 500, 800})
		}
		step := 5
		if m.tired > 3 {
			step = 1
		}
		u.pace = r.between(390, 720, step)
		if u.metric {
			u.pace = r.between(240, 450, step)
		}
		if u.far*u.pace%100 == 0 {
			return u
		}
	}
}

// running writes a running row.
func (m *maker) running(w *row, rule string, d departure) {
	switch w.subcategory {
	case "run_parsing":
		m.runCommand(w, rule, d)
	case "pace_calculation":
		m.runPace(w, rule)
	case "distance_conversion":
		m.runConversion(w, rule)
	case "weather_adjusted_pace":
		m.runWeather(w, rule)
	default:
		m.runAdvice(w, d)
	}
}

// off returns n moved away by 6 to 20 %, up or down: far more than rounding.
func (m *maker) off(n int) int {
	by := max(15, n*m.twist.between(6, 20, 1)/100)
	if m.twist.percent(50) {
		return n - by
	}
	return n + by
}

// runCommand is a spoken run and its JSON.
func (m *maker) runCommand(w *row, rule string, d departure) {
	r := &m.r
	u := m.drawRun()
	activity := pick(r, []string{"run", "run", "run", "run", "treadmill", "trail"})
	name := map[string][]string{
		"run":       {"run", "easy run", "tempo run", "long run", "recovery run"},
		"treadmill": {"treadmill run", "run on the treadmill"},
		"trail":     {"trail run", "run on trails"},
	}[activity]
	byTime := r.percent(40)
	core := pick(r, []string{
		"{d} {u} {a} at {p} pace", "{a}, {d} {u} at {p} per {o}", "just finished a {d} {u} {a}, averaged {p}", "{d} {u}, {a}, {p} average pace",
		"did {d} {u} at {p} pace, {a}", "log a {a}: {d} {u} at {p}", "{a} today, {d} {u}, pace {p}", "{d} {u} at {p} per {o}, {a}",
		"held {p} per {o} for {d} {u}, {a}", "ran at {p} pace for {d} {u}, {a}",
	})
	if byTime {
		core = pick(r, []string{
			"{d} {u} {a} in {t}", "{a}, {d} {u}, {t}", "ran {d} {u} in {t}, {a}", "finished {d} {u} in {t}, {a}", "{t} for {d} {u}, {a}",
			"{a} of {d} {u}, time {t}", "log {d} {u} in {t}, {a}", "{d} {u} done, clock says {t}, {a}",
		})
	}
	kind := pick(r, name)
	heart, effort, incline := 0, 0, 0
	tail := pick(r, []string{"", "", "", ", felt easy", ", legs heavy", ", windy", ", negative split", ", early morning"})
	if r.percent(25 + m.tired) {
		heart = r.between(118, 182, 1)
		tail += fill(pick(r, []string{", heart rate {h}", ", average heart rate {h}", ", HR {h}"}), "h", strconv.Itoa(heart))
	}
	if r.percent(15) {
		effort = r.between(3, 9, 1)
		tail += ", effort " + strconv.Itoa(effort)
	}
	if activity == "treadmill" && r.percent(50) {
		incline = r.between(1, 8, 1)
		tail += ", incline " + strconv.Itoa(incline) + " percent"
	}
	confidence, st := r.between(88, 99, 1), styleOf(r)
	if d == numbered {
		for far := u.far; far == u.far || u.far*u.pace%100 != 0; {
			u.far = max(100, far+100*m.twist.between(-4, 4, 1))
		}
	}
	unit, one := "miles", "mile"
	switch {
	case u.metric:
		unit, one = pick(r, []string{"kilometers", "km", "k"}), "km"
	case core[:3] == "{d}" && core[3:10] == " {u} {a}":
		unit = "mile"
	}
	w.say(example.User, st.write(fill(core, "d", u.distance(), "u", unit, "a", kind, "p", clock(u.pace), "o", one, "t", clock(u.seconds()))+tail))

	pace, seconds := u.pace, u.seconds()
	if rule == "running/pace-arithmetic" {
		// The value that was not said is the one that comes out wrong.
		if byTime {
			pace = m.off(pace)
			w.blame(rule, at(len(w.messages), "/pace"))
		} else {
			seconds = m.off(seconds)
			w.blame(rule, at(len(w.messages), "/duration"))
		}
	}
	o := newObject()
	o.key("activity").str(activity)
	appendRun(o, u, pace, seconds)
	if incline > 0 {
		o.key("incline_percent").int(incline)
	}
	if heart > 0 {
		o.key("heart_rate").int(heart)
	}
	if effort > 0 {
		o.key("rpe").int(effort)
	}
	o.key("confidence").hundredths(confidence)
	w.say(example.Assistant, o.end())
}

func appendRun(o *object, u run, pace, seconds int) {
	o.key("distance").raw(u.distance())
	o.key("distance_unit").str(u.unit())
	o.key("pace").str(clock(pace))
	o.key("pace_unit").str(u.per())
	o.key("duration").str(clock(seconds))
}

// runPlans are what runners have in mind when they ask for numbers.
var runPlans = []string{
	"I'm {age} and {wks} weeks out from a race.", "Race in {wks} weeks, I run {days} days a week.", "I run {mpw} miles a week at {age}.",
	"Training {days} times a week, {mpw} miles in total.", "This is week {wk} of my plan and I'm {age}.", "I weigh {lbs} pounds and run {mpw} miles a week.",
	"My easy heart rate is {hr}, race in {wks} weeks.", "Planning for {wks} weeks from now, {mpw} miles a week.",
}

func (m *maker) runnerFacts() (athlete, []string) {
	r := &m.r
	a := m.drawAthlete()
	return a, []string{
		"wks", strconv.Itoa(r.between(3, 20, 1)), "mpw", strconv.Itoa(r.between(8, 60, 1)), "hr", strconv.Itoa(r.between(120, 158, 1)),
		"min", strconv.Itoa(r.between(20, 90, 5)), "n", strconv.Itoa(r.between(3, 12, 1)), "s", strconv.Itoa(r.between(2, 5, 1)),
		"pct", strconv.Itoa(r.between(70, 90, 5)), "easy", clock(r.between(500, 780, 5)),
	}
}

// runPace asks for the time of a distance at a pace, or the other way round.
func (m *maker) runPace(w *row, rule string) {
	r := &m.r
	u := m.drawRun()
	a, facts := m.runnerFacts()
	unit, one := "miles", "mile"
	if u.metric {
		unit, one = "km", "km"
	}
	byTime := r.percent(40)
	kv := append(facts, "d", u.distance(), "u", unit, "o", one, "p", clock(u.pace), "t", clock(u.seconds()))
	question := pick(r, []string{
		"What is my time for {d} {u} at {p} per {o}?", "How long do {d} {u} take at {p} per {o}?", "If I hold {p} per {o} for {d} {u}, when do I finish?",
		"At {p} per {o}, what does {d} {u} come to?",
	})
	if byTime {
		question = pick(r, []string{
			"What pace is {d} {u} in {t}?", "I want {d} {u} in {t}. Which pace is that?", "How fast per {o} do I need for {d} {u} in {t}?",
			"{d} {u} took me {t}, what was the pace?",
		})
	}
	w.say(example.User, sentences(m.tell(runPlans, &a, kv...), m.tell([]string{question}, &a, kv...)))
	pace, seconds, wrong := u.pace, u.seconds(), ""
	if rule == "running/pace-arithmetic" {
		if wrong = "/duration"; byTime {
			wrong = "/pace"
			pace = m.off(pace)
		} else {
			seconds = m.off(seconds)
		}
	}
	answer := len(w.messages)
	if r.percent(45) {
		o := newObject()
		appendRun(o, u, pace, seconds)
		w.say(example.Assistant, o.end())
	} else {
		kv = append([]string{"p", clock(pace), "t", clock(seconds)}, kv...)
		w.say(example.Assistant, sentences(m.tell([]string{
			"{d} {u} at {p} per {o} takes {t}.", "{p} per {o} over {d} {u} comes to {t}.", "{d} {u} at {p} per {o} is {t}.",
		}, &a, kv...), m.tell(runTips, &a, kv...)))
		wrong = "" // the fault is in the sentence
	}
	if rule == "running/pace-arithmetic" {
		w.blame(rule, at(answer, wrong))
	}
}

var runTips = []string{
	"Start a little slower than that and build.", "Check it at the halfway point.", "On hills let effort lead, not the watch.", "Add a margin for crowds and turns.",
	"Try it in training {wks} weeks before.", "With {mpw} miles a week that is a fair goal.", "Practice drinking at that effort.", "If heart rate passes {hr} early, ease off.",
	"Rehearse it once on a flat route.", "Keep the shoes you trained in.",
}

// metresPerKilomile is exact: one mile is 1.609344 km.
const metresPerKilomile = 1_609_344

// round returns a*b/c to the nearest whole number.
func round(a, b, c int) int { return (2*a*b + c) / (2 * c) }

// runConversion converts a distance or a pace.
func (m *maker) runConversion(w *row, rule string) {
	r := &m.r
	a, facts := m.runnerFacts()
	toKm := r.percent(50)
	pace := r.percent(35)
	var from, to, wrong string
	unit := [2]string{"mi", "km"}
	spoken := [2]string{"miles", "km"}
	if pace {
		unit = [2]string{"min/mi", "min/km"}
		spoken = [2]string{"per mile", "per km"}
		have := r.between(390, 720, 1)
		give := round(have, 1_000_000, metresPerKilomile)
		if !toKm {
			have = r.between(240, 450, 1)
			give = round(have, metresPerKilomile, 1_000_000)
		}
		from, to, wrong = clock(have), clock(give), clock(m.off(give))
	} else {
		have := 10 * r.between(12, 500, 1)
		if r.percent(40) {
			have = r.between(110, 4300, 1)
		}
		give := round(have, metresPerKilomile, 1_000_000)
		if !toKm {
			give = round(have, 1_000_000, metresPerKilomile)
		}
		from, to, wrong = decimal(have, 100), decimal(give, 100), decimal(m.off(give), 100)
	}
	if !toKm {
		unit[0], unit[1] = unit[1], unit[0]
		spoken[0], spoken[1] = spoken[1], spoken[0]
	}
	kv := append(facts, "f", from, "g", spoken[0], "h", spoken[1])
	w.say(example.User, sentences(m.tell(runPlans, &a, kv...), m.tell([]string{
		"What is {f} {g} in {h}?", "Convert {f} {g} to {h}.", "{f} {g}, how much is that in {h}?", "How do I say {f} {g} in {h}?", "Need {f} {g} as {h}, please.",
	}, &a, kv...)))
	answer, where := len(w.messages), ""
	if rule == "running/unit-conversion" {
		to = wrong
	}
	if r.percent(50) {
		where = "/to/value"
		value := func(o *object, s string) {
			if pace {
				o.str(s)
			} else {
				o.raw(s)
			}
		}
		o := newObject()
		value(o.key("from").open('{').key("value"), from)
		o.key("unit").str(unit[0])
		o.close('}')
		value(o.key("to").open('{').key("value"), to)
		o.key("unit").str(unit[1])
		o.close('}')
		o.key("explanation").str(pick(r, []string{"One mile is 1.609 km.", "1 mi = 1.609344 km, rounded.", "Converted with 1.609344 km to the mile."}))
		w.say(example.Assistant, o.end())
	} else {
		kv = append(kv, "to", to)
		w.say(example.Assistant, sentences(m.tell([]string{
			"{f} {g} is {to} {h}.", "{f} {g} = {to} {h}.", "{f} {g} equals {to} {h}.",
		}, &a, kv...), m.tell([]string{
			"One mile is 1.609 km.", "Rounded to what a watch shows.", "Good to know for the race in {wks} weeks.", "Set the watch to one unit and stay with it.",
		}, &a, kv...)))
	}
	if rule == "running/unit-conversion" {
		w.blame(rule, at(answer, where))
	}
}

// runWeather asks what a pace in heat is worth in ideal weather.
func (m *maker) runWeather(w *row, rule string) {
	r := &m.r
	a, facts := m.runnerFacts()
	u := m.drawRun()
	degrees, scale := r.between(72, 98, 1), "F"
	warm := degrees
	if u.metric {
		degrees, scale = r.between(23, 37, 1), "C"
		warm = degrees*9/5 + 32
	}
	humidity := r.between(35, 90, 1)
	// About 0.3 % for each degree Fahrenheit above 60, and half a tenth for each
	// point of humidity above 60: the middle of the tables that coaches use.
	cost := 3*(warm-60) + max(0, humidity-60)/2
	ideal := round(u.pace, 1000, 1000+cost)
	if rule == "running/heat-direction" {
		ideal = 2*u.pace - ideal
	}
	one := "mile"
	if u.metric {
		one = "km"
	}
	kv := append(facts, "p", clock(u.pace), "q", clock(ideal), "deg", strconv.Itoa(degrees), "f", scale, "o", one, "hum", strconv.Itoa(humidity), "cost", decimal(cost, 10))
	w.say(example.User, sentences(m.tell(runPlans, &a, kv...), m.tell([]string{
		"Ran {p} per {o} at {deg} °{f} and {hum} % humidity. What is that worth in ideal weather?",
		"{deg} °{f}, {hum} % humidity, I held {p} per {o}. Equivalent pace on a cool day?",
		"What would {p} per {o} in {deg} °{f} heat ({hum} % humidity) be in cool weather?",
		"Today's {p} per {o} was at {deg} °{f} with {hum} % humidity. Adjust it for ideal conditions.",
	}, &a, kv...)))
	answer, where := len(w.messages), ""
	if r.percent(60) {
		where = "/equivalent_pace"
		o := newObject()
		o.key("pace").str(clock(u.pace))
		o.key("equivalent_pace").str(clock(ideal))
		o.key("pace_unit").str(u.per())
		o.key("temperature").int(degrees)
		o.key("temperature_unit").str(scale)
		o.key("humidity_percent").int(humidity)
		o.key("explanation").str(pick(r, []string{
			"The body spends effort on cooling, so the same effort gives a different pace on a cool day.", "Adjusted for temperature and humidity.",
			"Estimated from temperature above 60 °F and from humidity.",
		}))
		w.say(example.Assistant, o.end())
	} else {
		w.say(example.Assistant, sentences(m.tell([]string{
			"{p} per {o} at {deg} °{f} is worth about {q} per {o} in ideal weather.", "{p} per {o} in {deg} °{f} heat equals about {q} per {o} on a cool day.",
		}, &a, kv...), m.tell([]string{
			"Run by effort on such days and drink early.", "Start before sunrise if you can.", "Heart rate near {hr} is a better guide than the watch.",
			"Give yourself 10 to 14 days to get used to the heat.", "Dizziness or chills mean stop and cool down.",
		}, &a, kv...)))
	}
	if rule == "running/heat-direction" {
		w.blame(rule, at(answer, where))
	}
}

// runAdvice is a question in prose.
func (m *maker) runAdvice(w *row, d departure) {
	a, facts := m.runnerFacts()
	m.teach(w, &a, runLore[w.subcategory], facts, d)
}

var (
	runDetails = []string{
		"I run {mpw} miles a week.", "My easy heart rate is {hr}.", "Longest run so far is {min} minutes.", "Easy pace is about {easy} per mile.",
		"Race is {wks} weeks away.", "I get {sleep} hours of sleep and run {mpw} miles weekly.", "I've been running {n} months.",
	}
	runSeconds = []string{
		"What if I miss {s} runs?", "Same advice at {mpw} miles a week?", "How would I know by week {n}?", "And if my heart rate goes over {hr}?",
	}
)

var runLore = map[string]teaching{
	"advice": {
		asks:    []string{"How easy should my easy runs be?", "Is it okay to run {n} days in a row?", "Should I run by heart rate {hr} or by feel?", "How do I run faster without more miles?", "What cadence should I aim for?", "Can I lift {days} days and still run {mpw} miles?"},
		details: runDetails,
		leads:   []string{"Keep most of it easy and a little of it hard.", "Yes, if the effort stays low on most days.", "Easy means you can talk in full sentences.", "Consistency at {mpw} miles beats one heroic week."},
		against: []string{"Run every run as hard as you can.", "Easy running is wasted time, drop it."},
		points: [][]string{
			{"About {pct} % of the week belongs at talking effort.", "Talk test first, watch second, for {pct} % of your miles.", "Four of five runs stay easy."},
			{"Heart rate around {hr} is a ceiling, not a target.", "Let {hr} be the upper end on easy days.", "If the heart rate climbs past {hr}, walk a minute."},
			{"Add {s} strides of 20 seconds after two easy runs.", "Short hills, {s} of them, teach form.", "Finish one run a week with {s} relaxed fast strides."},
			{"Keep hard days two days apart.", "Leave 48 hours between hard sessions.", "Hard legs in the gym and hard running share one day."},
			{"Shoes last a few hundred miles; at {mpw} a week plan ahead.", "With {mpw} miles a week rotate two pairs.", "Write down when the shoes were new."},
			{"Sleep of {sleep} h sets how much you can absorb.", "At {sleep} hours of sleep keep one more day easy.", "Recovery at {age} likes routine."},
		},
		ends:    []string{"Give it {wks} weeks.", "Note how you feel, not only the splits.", "Pain that changes your stride goes to a professional.", "Slow is a skill.", "Enjoy the miles."},
		seconds: runSeconds,
	},
	"training_plan": {
		asks:    []string{"Can you sketch {wks} weeks to a 10K?", "How do I go from {mpw} miles a week to a half marathon?", "Plan for {days} runs a week, please.", "What does a week look like {wks} weeks before my race?", "First 5K in {wks} weeks, how do I start?"},
		details: runDetails,
		leads:   []string{"Three parts: easy miles, one quality run, one long run.", "Build for {wks} weeks with a lighter week every fourth.", "Start from {mpw} miles and let the long run lead.", "Here is a frame you can keep for {wks} weeks."},
		against: []string{"Double the miles in the first week.", "Skip the long run and race every weekend."},
		points: [][]string{
			{"Easy runs: {s} a week of {min} minutes.", "{s} easy runs, {min} minutes each.", "Keep {s} runs at talking effort, {min} minutes."},
			{"Long run: add about ten percent a week, never two weeks in a row after a hard one.", "The long run grows in small steps and rests every fourth week.", "Let the long run grow slowly, it is the backbone."},
			{"Quality: {n} times one minute brisk with one minute easy.", "One session with {n} short hills.", "{n} repeats of two minutes at a strong, even effort."},
			{"Strength twice a week, {s} exercises, no soreness before the long run.", "Keep {s} lifts: squat, hinge, calf work.", "Short strength work keeps the plan going at {age}."},
			{"Last ten days: less distance, same rhythm.", "Taper by a third, keep a few strides.", "Race week is short and sharp."},
			{"If you miss a week, repeat the last one.", "Missed runs are gone; don't stack them.", "Two missed weeks: go back {s} steps."},
		},
		ends:    []string{"Adjust by how week {n} feels.", "Write me after the first long run.", "The plan serves you, not the other way round.", "Keep {days} days sacred and the rest flexible.", "Arrive rested."},
		seconds: runSeconds,
	},
	"injury_prevention": {
		asks:    []string{"How do I avoid shin splints at {mpw} miles a week?", "My knees ached after {min} minutes last year, how do I prevent it?", "How fast can I add miles from {mpw}?", "Which strength work protects runners?", "Are {n} days of running a week risky at {age}?"},
		details: runDetails,
		leads:   []string{"Most running injuries are load errors, so control the load.", "Add slowly, sleep well, and keep the calves strong.", "Progress by small steps and watch the morning after.", "The safest change is one change at a time."},
		against: []string{"Stretching alone prevents every injury.", "Run through it, tissue gets used to pain."},
		points: [][]string{
			{"Raise the week by about ten percent from {mpw} miles.", "From {mpw} miles go up in small steps and hold every third week.", "New weeks are {mpw} plus a little, not plus a lot."},
			{"Calf raises, {s} sets of {n}, three times a week.", "{s} x {n} calf raises on most days.", "Strong calves: {s} sets of {n}, slow."},
			{"Pain over 3 of 10, or worse next morning, means back off.", "Use the next morning as the judge.", "A sore spot on bone is a reason to stop and be examined."},
			{"Change shoes, surface and pace one at a time.", "New shoes start on {min} minute runs.", "Soft and hard ground in turns."},
			{"Sleep under 6 hours doubles the trouble; you have {sleep}.", "Your {sleep} h of sleep is part of the plan.", "Stress {stress}/10 counts like miles."},
			{"Shorter steps lower the load on the knee.", "A slightly quicker step rate calms knees and shins.", "Land under the hips, not in front."},
		},
		ends:    []string{"Prevention is boring and it works.", "Give tissue {wks} weeks to adapt.", "If it limps, it rests.", "See a professional for pain on one point of bone.", "Keep notes for {wks} weeks."},
		seconds: runSeconds,
	},
}
