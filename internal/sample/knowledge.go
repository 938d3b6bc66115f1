package sample

import (
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// knowledge writes a question to the knowledge base and its answer, now and
// then with a second question.
func (m *maker) knowledge(w *row, d departure) {
	r := &m.r
	a := m.drawAthlete()
	from, to := pick(r, gymGear), pick(r, gymGear)
	for to == from {
		to = pick(r, gymGear)
	}
	reg := pick(r, regions)
	kv := []string{
		"min", strconv.Itoa(r.between(30, 90, 5)), "wks", strconv.Itoa(r.between(4, 16, 1)), "s", strconv.Itoa(r.between(2, 5, 1)),
		"n", strconv.Itoa(r.between(5, 15, 1)), "max", strconv.Itoa(r.between(95, 455, 5)), "pct", strconv.Itoa(r.between(60, 85, 5)),
		"p", strconv.Itoa(r.between(2, 4, 1)), "id", strconv.Itoa(r.between(1, 40, 1)), "from", from.name, "fromlift", from.lift, "to", to.name,
		"tolift", to.lift, "region", reg.name, "hurt", pick(r, reg.provoking), "swap", pick(r, reg.swaps), "safe", pick(r, reg.safe),
	}
	m.teach(w, &a, lore[w.subcategory], kv, d)
}

// teach writes a question and its answer from what is known on one subject,
// now and then with a second question.
func (m *maker) teach(w *row, a *athlete, k teaching, kv []string, d departure) {
	r := &m.r
	ask := []string{m.introduce(a), m.tell(k.asks, a, kv...)}
	if r.percent(40) {
		ask[0], ask[1] = ask[1], ask[0]
	}
	if r.percent(50) {
		ask = append(ask, m.tell(k.details, a, kv...))
	}
	w.say(example.User, sentences(ask...))
	lead := k.leads
	if d == opposed {
		lead, m.r = k.against, m.twist // other words from here on
	}
	points := make([]string, 0, 4)
	for _, p := range some(r, k.points, 3+r.below(2)) {
		points = append(points, m.tell(p, a, kv...))
	}
	if d == opposed {
		points = points[:0]
		for _, p := range some(r, opposition, 3) {
			points = append(points, m.tell([]string{p}, a))
		}
	}
	w.say(example.Assistant, paragraphs(m.tell(lead, a, kv...), "- "+strings.Join(points, "\n- "), m.tell(k.ends, a, kv...)))
	if r.percent(25) {
		w.say(example.User, m.tell(k.seconds, a, kv...))
		w.say(example.Assistant, sentences(m.tell(pick(r, k.points), a, kv...), m.tell(k.ends, a, kv...)))
	}
}

type equipment struct{ name, lift string }

var gymGear = []equipment{
	{"a barbell and rack", "barbell squat"},
	{"adjustable dumbbells", "dumbbell bench press"},
	{"a cable stack", "seated cable row"},
	{"resistance bands", "banded row"},
	{"two kettlebells", "kettlebell swing"},
	{"a pull-up bar", "pull-up"},
	{"a Smith machine", "Smith squat"},
	{"a leg press", "leg press"},
	{"gymnastic rings", "ring row"},
	{"a trap bar", "trap bar deadlift"},
	{"only body weight", "split squat"},
	{"a landmine", "landmine press"},
}

// A teaching is what is known on one subject, and how people ask for it.
type teaching struct {
	asks, details, leads, against []string
	points                        [][]string // each inner list is one thing said in several ways
	ends, seconds                 []string
}

var (
	loreDetails = []string{
		"I have {min} minutes per session.", "This is for the next {wks} weeks.", "Session length is {min} minutes over {wks} weeks.",
		"My best squat is {max}.", "Equipment: {from} only.", "Sleep is {sleep} hours.",
	}
	loreSeconds = []string{
		"And what comes after {wks} weeks?", "How do I see after {s} sessions that it fits?", "What if I only get {min} minutes?",
		"Does that hold at {pct} % loads too?",
	}
)

var lore = map[string]teaching{
	"questionnaire": {
		asks:    []string{"Which question of the intake tells you my training frequency?", "Why does the questionnaire ask about {min} minutes per session?", "What do you do with my answer of {days} days a week?", "How is question {id} of the onboarding used?", "What should I answer for goals if I want {goal}?"},
		details: loreDetails,
		leads:   []string{"The intake turns each answer into one setting of the plan.", "Every question of the onboarding decides something concrete.", "Your answers set frequency, volume and exercise choice.", "Nothing in the questionnaire is there for statistics only."},
		against: []string{"The answers of the intake change nothing in the plan.", "You may leave the questionnaire empty; the plan is the same for all."},
		points: [][]string{
			{"{days} days a week leads to the {prog}.", "With {days} days each muscle is trained twice.", "Frequency {days} decides the split."},
			{"{min} minutes allow {s} main lifts and two small ones.", "A {min} minute session fits about {n} hard sets.", "Time of {min} minutes limits the rest periods."},
			{"The goal, {goal}, sets the rep ranges.", "For {goal} most sets are {n} reps.", "{goal} moves the effort to RPE 7 or 8."},
			{"Age {age} adds warm-up sets and slower steps.", "At {age} the weekly step is {p} %.", "We read {age} years as a hint for recovery."},
			{"Experience of {time} sets the first loads near {pct} %.", "{time} of lifting means progress by {wks} week blocks.", "Lifters called {lvl} start at {pct} % of the best lifts."},
		},
		ends:    []string{"You can change any answer later; the next week adapts.", "Answer for a normal week, not for the best one.", "If unsure, choose the lower number.", "We ask again after {wks} weeks."},
		seconds: loreSeconds,
	},
	"experience_classification": {
		asks:    []string{"Am I a beginner or intermediate?", "How do you classify someone with {time} of training?", "Which level do you put me at with a {max} squat?", "What makes a lifter advanced?", "Does {time} make me advanced?"},
		details: loreDetails,
		leads:   []string{"By the rate of progress you count as {lvl}.", "Level is judged by how fast you still improve: {lvl}.", "We would start you as {lvl}.", "The log says {lvl}, and the log decides."},
		against: []string{"Level depends on body weight alone, so you are a beginner.", "Years are all that counts, so anyone after one year is advanced."},
		points: [][]string{
			{"Beginners add load every session, intermediates every week or two.", "Progress by session, by week or by block is the main test.", "How often {max} still moves tells more than years."},
			{"{time} of regular training is one input.", "Years only count if {days} days a week were kept.", "{time} with gaps counts for less."},
			{"A squat of {max} at {lbs} pounds is compared with the tables.", "Strength for {lbs} lb body weight is the second input.", "{max} on the squat is a data point, not a verdict."},
			{"Technique under {pct} % loads is checked on video.", "Stable form at {pct} % marks the next level.", "We look at reps at {pct} %."},
			{"The class is reviewed after {wks} weeks.", "After {wks} weeks the data may move you up.", "Nothing is fixed: {wks} weeks later we look again."},
		},
		ends:    []string{"A level is a starting point, not a title.", "Being placed low only means faster steps.", "Either way week one is easy.", "It mostly changes how loads go up."},
		seconds: loreSeconds,
	},
	"decision_tree": {
		asks:    []string{"I missed {s} sessions, what does the plan do?", "What happens when I fail {n} reps twice?", "How does the app choose between adding load and adding reps?", "My RPE was 2 above target at {max}. What now?", "Which way does the tree go at {sleep} hours of sleep?"},
		details: loreDetails,
		leads:   []string{"The decision goes from safety to recovery to progress.", "First pain, then fatigue, then performance is checked.", "The tree asks three questions in a fixed order.", "Here is the path for your case."},
		against: []string{"There is no order; the app picks at random.", "Load always goes up, whatever was logged."},
		points: [][]string{
			{"Pain above {p}/10 leads to a swap before anything else.", "Any pain over {p} of 10 ends the branch with a modification.", "Safety first: {p}/10 is the limit."},
			{"Sleep of {sleep} h sends you to the lighter branch under 6 hours.", "Fatigue signs cut {s} sets.", "Stress {stress}/10 keeps loads where they are."},
			{"All {n} reps at target effort: add 5 pounds.", "Two successes in a row raise the load by {p} %.", "Reps complete and RPE low: load goes up."},
			{"Two misses at {max}: drop to {pct} % and rebuild.", "After a second miss the load falls to {pct} %.", "Missing {n} reps twice triggers a reset."},
			{"A missed week repeats the last one; {wks} weeks off restart at {pct} %.", "{s} missed sessions repeat the week.", "Longer breaks restart lighter."},
		},
		ends:    []string{"You can overrule it with a note.", "The reason for each step is shown in the log.", "It prefers the cautious branch when data are missing.", "The next check is in {wks} weeks."},
		seconds: loreSeconds,
	},
	"equipment_substitution": {
		asks:    []string{"I have {from} but no {to}. What replaces {tolift}?", "What can I do instead of {tolift} with {from}?", "My gym took away {to}. Substitute for {tolift}?", "Can {fromlift} replace {tolift} for {wks} weeks?", "Travelling {wks} weeks with {from}, how do I keep {tolift}?"},
		details: loreDetails,
		leads:   []string{"Use {fromlift} in its place and keep the effort the same.", "{fromlift} covers most of it.", "Yes, swap to {fromlift} and match the effort, not the load.", "With {from}, {fromlift} is the closest match."},
		against: []string{"Nothing replaces {tolift}; wait until you have {to}.", "Leave that pattern out altogether."},
		points: [][]string{
			{"Start with {s} x {n} and find the load by RPE 7.", "{s} sets of {n} at RPE 7 or 8.", "Begin lighter: {s} x {n}."},
			{"Loads don't transfer; {max} on one is not {max} on the other.", "Do not compare {max} across equipment.", "Ignore the number {max} for the first week."},
			{"Slow the lowering to three seconds if load is short.", "Pause each rep when {from} is too light.", "Add reps before you add anything else."},
			{"Keep the same pattern: push for push, pull for pull, hinge for hinge.", "Match the joint action first, the muscle second.", "The order of the session stays."},
			{"Switch back after {wks} weeks at {pct} %.", "When {to} is back, begin at {pct} %.", "Return with {pct} % and two easy weeks."},
		},
		ends:    []string{"Progress counts on any equipment.", "Log it under its own name.", "You will lose very little in {wks} weeks.", "Tell the app which equipment you have."},
		seconds: loreSeconds,
	},
	"injury_modification": {
		asks:    []string{"How is {hurt} modified for a sensitive {region}?", "What does the knowledge base say about {hurt} after a {region} injury?", "Which swap for {hurt} spares the {region}?", "My {region} was cleared {wks} weeks ago, how do I return to {hurt}?", "Rules for training around the {region}?"},
		details: loreDetails,
		leads:   []string{"Replace {hurt} with {swap} and build up by pain response.", "For the {region} the first swap is {swap}.", "{swap} is the usual step before {hurt}.", "Modify, don't stop: {swap} instead of {hurt}."},
		against: []string{"Keep {hurt} exactly as it is.", "Stop all training for {wks} weeks."},
		points: [][]string{
			{"Pain up to {p}/10 is accepted if it is gone next morning.", "Stay at or under {p} of 10 during the set.", "{p}/10 is the line, during and the day after."},
			{"Start at {pct} % with {s} x {n}.", "{s} sets of {n} at about {pct} %.", "Load {pct} %, {s} x {n}, slow."},
			{"{safe} goes on as normal.", "No change for {safe}.", "Keep {safe} in full."},
			{"Add {p} % a week while it stays calm.", "Raise the load {p} % after two quiet sessions.", "One step of {p} % a week is enough."},
			{"Numbness, giving way or night pain belong to a doctor.", "Swelling or loss of strength: see a professional first.", "New symptoms stop the plan until examined."},
		},
		ends:    []string{"The aim is a full return within {wks} weeks.", "Range comes back before load.", "Log the next-morning score.", "This is not a diagnosis."},
		seconds: loreSeconds,
	},
	"customization_example": {
		asks:    []string{"Show me a sample week for {days} days and {goal}.", "What would your {prog} look like for me?", "Give an example with {min} minute sessions.", "How would you adapt the plan to {lbs} pounds and {max} on squat?", "Example plan for {wks} weeks, please."},
		details: loreDetails,
		leads:   []string{"Here is a worked example for {days} days.", "An example for {goal} with {min} minutes:", "This is how the {prog} is adapted to you.", "At {age} and {lvl} the week looks like this."},
		against: []string{"Plans are not adapted; take the standard one.", "An example would be useless for you."},
		points: [][]string{
			{"Day A: squat {s} x {n} at {pct} % of {max}, then rows.", "First day: squat {s} sets of {n}, {pct} %.", "Day one starts with the squat at {pct} %."},
			{"Day B: press and hinge, {s} x {n} each.", "Second day: press {s} x {n}, deadlift after it.", "Day two is press and pull."},
			{"Day C: single-leg work and pulls, {min} minutes in all.", "Third day stays under {min} minutes.", "Day three is lighter, {p} reps in reserve."},
			{"Loads rise {p} % a week, week {wks} is easy.", "Every fourth week drops to {pct} %.", "Steps of {p} %, a light week in {wks}."},
			{"Because sleep is {sleep} h the volume starts low.", "Stress of {stress}/10 keeps one day free.", "At {age} the warm-up is longer."},
		},
		ends:    []string{"Change one thing at a time.", "Swap lifts by equipment, keep the pattern.", "Review after {wks} weeks.", "Your notes change the next block."},
		seconds: loreSeconds,
	},
}
