package sample

// The sentences of the injury answers. Each list is one thing said in several
// ways; what stands in braces comes from the ticket.

// A chain is a way of reasoning: steps of which some are taken, and an end.
type chain struct {
	steps [][]string
	ends  []string
}

// chains are keyed by subcategory; "" stands for the others.
var chains = map[string]chain{
	"": {
		steps: [][]string{
			{
				"The athlete reports {part} pain of {pain}/10 with {lift}.", "Named as the trigger for the {part}: {lift} at {load} lb.",
				"Complaint: {part}, brought on by {lift}, rated {pain} of 10.", "First fact: the {part} hurts with {lift}, {pain}/10.",
				"What is said: {lift} and the {part}, {pain} out of 10.",
			},
			{
				"Weekly volume went from {before} to {now} sets, a rise of {rise} %.", "The log shows {now} sets a week against {before} earlier.",
				"Load history: {before} to {now} sets in {weeks} weeks, which is fast.", "A jump of {rise} % in weekly sets precedes the pain.",
				"{now} sets now and {before} before: the tissue had {weeks} weeks to adapt.",
			},
			{
				"History: {past} {ago} months ago.", "The profile lists {past} ({ago} months back), which matters here.", "An earlier {past} makes a relapse possible.",
				"{ago} months since {past}; the same area may be less tolerant.", "Earlier record checked: {past}, {ago} months.",
			},
			{
				"Sleep of {sleep} h and stress of {stress}/10 slow recovery.", "Recovery data: {sleep} hours of sleep, stress {stress} of 10.",
				"With {sleep} h of sleep the repair time is short.", "Stress {stress}/10 and {sleep} h sleep do not explain it alone but add to it.",
				"Recovery is rated from {sleep} h sleep and stress {stress}.",
			},
			{
				"At {age} with {time} of training the tissue tolerance is fair.", "At {age} and {lvl}, on the {prog}, small load steps are tolerated.",
				"Experience: {lvl}, {time}; technique faults are possible but not shown.", "Age {age} and {days} sessions a week set the pace of return.",
				"Week {wk} of the {prog} is where fatigue shows.",
			},
			{
				"{feature}: that points to {top}.", "The pattern, {feature}, is typical of {top}.", "Compared with the alternatives, {feature} favours {top}.",
				"Key sign for {top} is {feature}.", "What separates {top} is {feature}.",
			},
			{
				"Because of the load on the {part}, {other} must change as well.", "Because {other} and {lift} share a pattern, both are adjusted.",
				"{other} may stay in at lower load.", "Cross-check: the same tissue is at work in {other}.", "The {part} also works in {other}.",
			},
			{
				"No red flag is reported.", "Signs that would need a doctor were checked and are absent.", "Nothing in the report calls for an emergency visit.",
				"Red flags reviewed for the {part}: none present.", "There is no numbness, deformity or loss of function in the words.",
			},
			{
				"Severity follows from {pain}/10 and what still works.", "{pain}/10 under load with normal walking sets the grade.",
				"Function is weighed above the number {pain}.", "The rating of {pain} is set against daily life.", "Grade chosen by pain {pain}/10 and training impact.",
			},
		},
		ends: []string{
			"Plan: unload {lift}, keep what is pain-free, check on day 3 and day 7.", "So {lift} pauses, the rest goes on, and volume drops from {now} sets.",
			"Decision: lower load, keep moving, review at the checkpoints.", "The answer is less {lift}, a gentler variation, and a graded return.",
			"Next: explain it simply and give a plan for week {wk} of the {prog}.", "Therefore reduce from {now} sets and rebuild in steps.",
			"That leads to a short pause of {lift} and a return by criteria.",
		},
	},
	"doms": {
		steps: [][]string{
			{"Soreness of the {sore} a day or two after {lift}.", "The {sore} ache after {lift} at {load} lb.", "Complaint: sore {sore} since the {lift} session."},
			{"Both sides hurt alike, which speaks against a strain.", "The spread is even, left and right.", "An injury would choose one side."},
			{"{before} to {now} sets a week explains it.", "Weekly sets rose from {before} to {now}.", "The log shows new work: {now} sets against {before}."},
			{"The peak on day two is typical.", "Onset after a night, not during a rep.", "No single moment of pain is reported."},
			{"History of {past} {ago} months ago was another story.", "{past} {ago} months back had a clear trigger, this has none.", "Compared with {past} {ago} months ago the pattern differs."},
			{"Sleep of {sleep} h slows the fading.", "With {sleep} hours of sleep it may last a day longer.", "Recovery data: {sleep} h sleep, stress {stress}/10."},
			{"Dark urine, heavy swelling or one-sided pain are not reported.", "No sign of muscle breakdown in the words.", "Function is kept, which fits."},
			{"Movement eases it, as expected.", "Tender muscle bellies, quiet joints.", "No joint is involved."},
		},
		ends: []string{
			"So this is normal soreness, not an injury.", "Conclusion: a normal training response to {lift}.", "No injury; keep moving and go lighter once.",
			"Plan: one lighter session and reassurance.",
		},
	},
	"ambiguous": {
		steps: [][]string{
			{"Only the {part} is named, no trigger and no rating.", "The message says little beyond the {part}.", "What is known: {part}. What is not: onset, trigger, strength."},
			{"Weekly volume went from {before} to {now} sets, which may or may not matter.", "The log shows {before} to {now} sets in {weeks} weeks.", "A rise of {rise} % in sets is a hint, no proof."},
			{"{past} {ago} months ago could be related.", "An earlier {past} ({ago} months) keeps a relapse possible.", "The record holds {past}, {ago} months back."},
			{"{lift} and {other} both load the {part}.", "Either {lift} or {other} could be the trigger.", "The log has {lift} at {load} lb, which uses the {part}."},
			{"No red flag is reported, none is excluded either.", "Red flags were not mentioned and must be asked for.", "Night pain and numbness are unknown."},
			{"Sleep of {sleep} h and stress {stress}/10 lower tolerance.", "Recovery at {sleep} h sleep is a factor at most.", "Stress {stress} of 10 can make aches louder."},
			{"Several causes fit equally well.", "The suspects can't be ranked with confidence.", "Any diagnosis now would be a guess."},
			{"At {age} with {time} of training nothing is typical.", "{age} years and {time} of lifting leave all options open.", "Experience ({lvl}) does not narrow it down."},
		},
		ends: []string{
			"So ask before advising.", "Next: a few questions that would change the answer.", "Confidence stays low until the questions are answered.",
			"Decision: ask, and keep {lift} light meanwhile.",
		},
	},
	"red_flag": {
		steps: [][]string{
			{
				"The athlete says \"{said}\": {sign}.", "Key fact, in the athlete's words: \"{said}\". That is {sign}.",
				"What stands out in \"{said}\" is {sign}.", "Reported sign: {sign} (\"{said}\").",
			},
			{"This can mean {risk}.", "{risk} has to be ruled out first.", "The dangerous explanation is {risk}.", "Leading suspicion: {risk}."},
			{"Delay may cause lasting harm.", "Minutes to hours matter here.", "Waiting has no upside.", "The cost of a false alarm is small."},
			{"Training questions are set aside.", "No exercise is safe to advise before an examination.", "The {prog} stops in week {wk}.", "Nothing about {lift} matters today."},
			{"History: {past} {ago} months ago, which does not explain this.", "{past} ({ago} months) is another matter.", "The profile lists {past}, not enough to explain it."},
			{"Volume of {now} sets is irrelevant to the decision.", "Load went from {before} to {now} sets; it does not change the referral.", "The log is noted and put aside."},
			{"It can't be assessed by message.", "Only an examination can settle it.", "A doctor has to look at it."},
		},
		ends: []string{
			"Therefore stop and refer to a doctor now.", "Decision: stop training, {place} now.", "Only one answer is right: see a doctor at once.",
			"So the answer is a referral and nothing else.",
		},
	},
}

var contextSteps = []string{
	"Context decides here: {past} {ago} months ago lowers the threshold for caution.", "With {now} sets a week at {age}, the same ache means more than it would in week one.",
	"The same words from someone without {past} would be treated lighter.", "Week {wk} of the {prog} with {sleep} h sleep leaves little reserve at {age}.",
}

// moreSteps pad a chain beyond ten steps.
var moreSteps = []string{
	"Check the technique on video.", "Ask about footwear and grip.", "Consider the warm-up.", "Consider hydration and food.", "Compare with the left side.",
	"Note the time of day.", "Review the exercise order.", "Look at the rest between sets.",
}

var confidenceReasons = []string{
	"Trigger, place and load history agree; there was no hands-on exam.", "{feature} was described, but nothing was tested.",
	"The log confirms the rise to {now} sets; imaging and touch are missing.", "Clear trigger ({lift}) and a rating of {pain}/10, no examination.",
	"The story fits {top}; other causes can't be excluded from words.", "{weeks} weeks of data support it, an exam would raise it.",
	"Earlier {past} supports it, the lack of tests limits it.",
}

var severityReasons = map[string][]string{
	"mild": {
		"Daily life is unaffected and {pain}/10 appears only in {lift}.", "It settles within a day and strength is kept.",
		"Pain stays with {lift} and eases with rest.", "Training goes on with small changes.",
	},
	"moderate": {
		"{pain}/10 limits {lift} and lingers into the next day.", "It has lasted and changes the feel of {other}.",
		"Training is affected, walking and sleep are not.", "Pain returns in most sessions at {load} lb.",
	},
	"severe": {
		"Pain of {pain}/10 with loss of normal movement in the {part}.", "It stops training and disturbs daily tasks.",
		"The {part} can't take normal load at present.", "Function dropped at once and has not come back.",
	},
}

var factors = [][]string{
	{"volume up {rise} % in {weeks} weeks", "{before} to {now} weekly sets", "fast rise to {now} sets", "{now} sets a week, {rise} % more than before"},
	{"sleep of {sleep} h", "short nights ({sleep} h)", "{sleep} hours of sleep on average", "recovery limited by {sleep} h sleep"},
	{"earlier {past}", "{past} {ago} months ago", "same area hurt {ago} months back", "history of {past}"},
	{"stress {stress}/10", "life stress at {stress} of 10", "a stress rating of {stress}", "stressful weeks ({stress}/10)"},
	{"heavy {lift} at {load} lb", "{lift} to near failure", "{load} lb for {reps} on {lift}", "frequent {lift}"},
	{"{lift} and {other} in one week", "overlap of {lift} and {other}", "little rest between {other} and {lift}", "{other} on tired tissue"},
}

var actions = []string{
	"Stop {lift} for now and finish with pain-free work.", "End the {lift} sets; keep movements under 3/10.", "Leave out {lift} for the next 5 to 7 days.",
	"Take {lift} off today's list and move gently.", "No more {lift} today; easy range of motion twice this evening.", "Pause {lift} and {other} for 48 hours, then test lightly.",
	"Put {lift} on hold this week and log the {part} each morning.",
}

var recoveries = []string{
	"Sleep at least 8 hours; you average {sleep}.", "Two easy walks of {reps} minutes a day.", "Gentle movement of the {part} morning and evening.",
	"Keep stress work short: 5 minutes of slow breathing, stress is {stress}/10.", "Eat enough protein and keep the step count up.", "Warm up the {part} for {reps} minutes before each session.",
	"Write down the next-morning pain every day.",
}

var progressions = []string{
	"Week 1: {v} sets, then {k} more each week.", "Start with {v} sets split over two days.", "{v} sets for the first week, none to failure.",
	"Hold {v} sets until day 7 is calm.", "Begin at {v} weekly sets and step up by {k}.",
}

var fallbacks = []string{
	"Go back one step and repeat it.", "Halve the load and recheck in three days.", "Book a physiotherapist.", "Keep the current step for one more week.",
	"Drop the provoking lift again.", "Write to your coach before the next session.",
}

var consultReasons = []string{
	"An exam would confirm {top}.", "To separate {top} from the alternatives.", "If week two is not clearly better than week one.",
	"Earlier {past} justifies a closer look.", "Needed only if the checkpoints are missed.", "A hands-on test of the {part} settles the doubt.",
}

var replyOpenings = []string{
	"That sounds annoying, and it is manageable. Your {part} fits {top}.", "Thanks for the details. This is consistent with {top}, not with anything alarming.",
	"Okay, let's calm the {part} down. It looks most like {top}.", "Good that you spoke up early. The likeliest explanation is {top}.",
	"I see why {lift} can bother you: {now} sets a week is a lot more than {before}.", "Your {part} got more than it was ready for. Most likely {top}.",
	"Here is what I think: {top}, driven by the jump to {now} sets.",
}

var replyClosings = []string{
	"Tell me on day 3 how the {part} feels.", "Check in after the next session and we adjust.", "You keep training, just smarter for {weeks} weeks.",
	"Rate it every morning; under 2/10 means we move on.", "We'll have you back to {load} step by step.", "Send me the pain score after {other} and we decide.",
	"Your goal of {goal} is still on.", "Patience now saves weeks later, even on the {prog}.",
}

// unloaded are the exercises that are told by the minute and not by the pound.
var unloaded = []string{
	"running", "running downhill", "trail running", "sprints", "hill repeats", "box jumps", "skipping rope", "swimming", "cycling with an easy gear",
	"cycling", "push-ups", "pull-ups", "dips", "leg raises", "handstand holds", "Nordic curls", "sit-ups with hands behind the head", "sled drags",
}
