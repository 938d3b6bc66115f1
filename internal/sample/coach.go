package sample

import (
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// A topic is something athletes ask the coach about. Yes is the advice that
// every ordinary row gives; no is its opposite, for planted contradictions.
type topic struct {
	asks   []string
	yes    []string
	no     []string
	points []string
}

// coach writes an AI-coach row: one question, or a conversation of two.
func (m *maker) coach(w *row, d departure) {
	r := &m.r
	a := m.drawAthlete()
	t := pick(r, topics[w.subcategory])
	lift := pick(r, []string{"bench press", "squat", "deadlift", "overhead press", "row", "front squat", "pull-up", "hip thrust", "incline press", "Romanian deadlift"})
	best := r.between(95, 495, 5)
	work := func() string { return strconv.Itoa(best * r.between(55, 88, 1) / 500 * 5) }
	kv := []string{
		"lift", lift, "max", strconv.Itoa(best), "work", work(), "n", strconv.Itoa(r.between(3, 12, 1)),
		"s", strconv.Itoa(r.between(2, 6, 1)), "wks", strconv.Itoa(r.between(2, 16, 1)), "min", strconv.Itoa(r.between(30, 95, 5)),
		"prot", strconv.Itoa((a.weight*8 + 5) / 10), "kcal", strconv.Itoa(a.weight * r.between(12, 17, 1)), "sets", strconv.Itoa(r.between(8, 20, 1)),
		"pct", strconv.Itoa(r.between(65, 85, 5)), "rest", strconv.Itoa(r.between(2, 5, 1)), "hrs", strconv.Itoa(r.between(7, 9, 1)),
	}
	ask := []string{m.introduce(&a), m.tell(t.asks, &a, kv...), m.tell(coachDetails, &a, kv...)}
	if r.percent(30) {
		ask[1], ask[2] = ask[2], ask[1]
	}
	if r.percent(25) {
		ask[0], ask[1] = ask[1], ask[0]
	}
	w.say(example.User, sentences(ask...))
	verdict := t.yes
	if d == opposed {
		verdict, m.r = t.no, m.twist // other words from here on
	}
	w.say(example.Assistant, m.coachAnswer(&a, t, verdict, kv, d))
	follow := r.percent(35)
	if follow {
		kv = append([]string{"n", strconv.Itoa(r.between(3, 20, 1)), "wks", strconv.Itoa(r.between(3, 20, 1)), "work", work()}, kv...)
		w.say(example.User, m.tell(followUps, &a, kv...))
		w.say(example.Assistant, sentences(m.tell(followAnswers, &a, kv...), m.tell(coachSteps, &a, kv...), m.tell(coachEnds, &a, kv...)))
	}
	w.metadata = []string{"level", a.level, "turns", map[bool]string{false: "single", true: "multi"}[follow]}
}

func (m *maker) coachAnswer(a *athlete, t topic, verdict, kv []string, d departure) string {
	r := &m.r
	points := some(r, t.points, r.between(2, 3, 1))
	if d == opposed {
		// The reasons of the opposite advice; the numbers stay the athlete's.
		points = some(r, opposition, 3)
	}
	for i, p := range points {
		points[i] = m.tell([]string{p}, a, kv...)
	}
	points = append(points, m.tell(coachSteps, a, kv...))
	bullet := pick(r, []string{"- ", "- ", "* "})
	if r.percent(25) {
		for i := range points {
			points[i] = strconv.Itoa(i+1) + ". " + points[i]
		}
		bullet = ""
	}
	return paragraphs(
		m.tell(verdict, a, kv...)+" "+m.tell(levelNotes[a.level], a, kv...),
		bullet+strings.Join(points, "\n"+bullet),
		pick(r, []string{"**Next step:** ", "**Do this first:** ", "**This week:** ", "So: "})+m.tell(coachActions, a, kv...),
		m.tell(coachEnds, a, kv...))
}

// coachDetails make one question differ from the next.
var coachDetails = []string{
	"My best {lift} is {max} and I usually work with {work} for {n}.", "Right now I do {s} sets of {n} with {work} on {lift}.",
	"Sessions last {min} minutes and I rest {rest} minutes.", "I've been stuck at {work} for {wks} weeks.", "I eat about {kcal} calories and sleep {sleep} hours.",
	"I can train {min} minutes per session for the next {wks} weeks.", "Last month my {lift} moved from {work} to {max} over {wks} weeks.",
	"My week has {sets} hard sets for the main lifts and {min} minutes of cardio.", "Stress is a {stress} of 10 and I get {hrs} hours in bed.",
	"{lift} feels fine at {work} and slow above it, rep {n} is where form goes.", "At home I only have {work} pounds of plates and {min} minutes.",
	"I log everything: {sets} sets, {kcal} calories, {sleep} hours of sleep.",
}

var levelNotes = map[string][]string{
	"beginner": {
		"At your stage the simple version works best.", "After {time} you can still progress almost every session.", "Keep it easy to repeat, that is what moves a newcomer.",
		"You don't need anything fancy for the first year.", "Practice counts more than intensity right now.",
	},
	"intermediate": {
		"With {time} behind you progress comes by the month.", "You're past session-to-session gains, so plan in blocks of {wks} weeks.",
		"Enough base is there; now consistency over {wks} weeks decides.", "You'll notice it in the log before you see it in the mirror.",
		"At your level the weekly total matters more than one big day.",
	},
	"advanced": {
		"After {time} small steps are real progress.", "At your level fatigue is the thing to manage.", "You know the basics; the margin is in the details.",
		"With a {max} {lift} you need patience and good notes.", "Expect changes over {wks} weeks, not days.",
	},
}

var coachSteps = []string{
	"Keep one or two reps in reserve on all but the last set.", "Write down load, reps and effort after each set.", "Use {rest} minutes of rest on the heavy work.",
	"Start at about {pct} % and leave room to grow.", "Hold {s} x {n} until every rep looks the same.", "Add 5 pounds when all sets hit {n} reps.",
	"Review it after {wks} weeks, not after one bad day.", "Film one set from the side each week.", "Keep the other lifts at {sets} sets so that nothing else changes.",
	"Cut one set wherever sleep drops under 6 hours.", "Put the hardest lift first on {days} days.", "Warm up in three steps to {work}.",
}

var coachActions = []string{
	"try it for {wks} weeks and send me the log.", "pick the first change and leave the rest as it is.", "do {s} sets of {n} at {work} and rate the last one.",
	"plan the next {days} sessions tonight.", "set {work} as the opener and stop one rep early.", "move one session so that two heavy days never touch.",
	"repeat last week with the one change above.", "test nothing for {wks} weeks.", "block {min} minutes on {days} days and guard them.",
}

var coachEnds = []string{
	"You're closer than it feels.", "Tell me how the first week went.", "Small and steady beats perfect.", "Ask again when the log has {wks} weeks in it.",
	"That fits your goal of {goal}.", "We adjust once I see the numbers.", "If pain shows up, stop and write to me first.", "Good question, by the way.",
	"Enjoy the session.", "Keep it boring and it will work.",
}

var followUps = []string{
	"Okay, and if I only manage {n} reps with {work}?", "What should I do when I miss a week out of {wks}?", "And how would that look with {work} on the bar?",
	"Got it. When do I know after {wks} weeks that it works?", "Does that change if I sleep only {n} hours?", "Fine, but what about the days when {work} feels heavy?",
	"Can I do it {n} times a month instead?", "What if I want to test my max in {wks} weeks?",
}

var followAnswers = []string{
	"Then lower the load by 5 % and finish the sets.", "Repeat the week; nothing is lost.", "Same plan, with {work} as the working weight.",
	"Look at the average of the last three sessions.", "Yes, but take one set off.", "Treat heavy-feeling days as practice days.", "That's fine as long as the total stays similar.",
	"Then we taper in the last week and test fresh.",
}

// opposition are reasons that serve any opposite advice.
var opposition = []string{
	"What you do now already covers it, more change only adds noise.", "The evidence people quote comes from other athletes than you.",
	"Your log shows the opposite of what that advice expects.", "The usual rule does not hold at {days} days a week.",
	"At {age} the common answer is too cautious.", "With {time} of training you can ignore what most plans say.",
}
