package sample

// topics are what the coach is asked, by subcategory. Slots are filled from
// the athlete and the draw in coach.go.
var topics = map[string][]topic{
	"programming": {
		{
			[]string{"Should I add another day for {lift}?", "Would one more {lift} session a week help?"},
			[]string{"**Yes, add a light second {lift} day.**", "**A second {lift} exposure is worth it.**", "**Yes: spread {lift} over two days.**"},
			[]string{"**No, don't add a {lift} day.**", "**Stay at one {lift} day.**"},
			[]string{"Split the sets you already do, don't double them.", "Make the extra day technique work at {pct} %.", "Two shorter exposures beat one that fades after set {s}.", "Watch the joints for the first {wks} weeks.", "Keep at least two days between the two."},
		},
		{
			[]string{"Do I need a deload after {wks} weeks?", "When should I deload? It's been {wks} weeks."},
			[]string{"**Yes, take a light week now.**", "**Deload this coming week.**", "**Time for an easy week.**"},
			[]string{"**No deload needed.**", "**Skip the deload and keep loading.**"},
			[]string{"Halve the sets and keep the load near {pct} %.", "Keep every exercise so the pattern stays.", "Leave the gym fresher than you came.", "One week is enough; two is a break.", "Plan the next one {wks} weeks ahead."},
		},
		{
			[]string{"How many sets of {lift} per week make sense?", "Is {sets} sets too much for {lift}?"},
			[]string{"**Aim for 10 to 15 hard sets a week.**", "**Around a dozen hard sets is plenty.**", "**10 to 15, and count only the hard ones.**"},
			[]string{"**Go to 25 sets or more.**", "**Do 4 sets a week at most.**"},
			[]string{"Sets far from failure hardly count.", "Add one or two sets only when progress stalls.", "Compare it with how well you recover by the next session.", "Indirect work on the same muscles counts as half.", "Past a point more sets only cost sleep."},
		},
		{
			[]string{"Should I train to failure on {lift}?", "Is going to failure on {lift} smart?"},
			[]string{"**Rarely. Stop one or two reps short.**", "**No failure on {lift}; leave two in the tank.**", "**Stay shy of failure on the big lifts.**"},
			[]string{"**Yes, take every set to failure.**", "**Failure on each set of {lift}, always.**"},
			[]string{"Failure on compounds costs days of recovery.", "Save it for machines and single-joint work.", "The last rep should be slow, not ugly.", "Use failure as a test every {wks} weeks.", "You get nearly the same growth with two in reserve."},
		},
		{
			[]string{"Is a full-body plan better than a split for me?", "Full body or split with my {min} minutes?"},
			[]string{"**Full body fits your week better.**", "**Go full body, at least for now.**", "**With your schedule: full body.**"},
			[]string{"**Take the split.**", "**A body-part split is right for you.**"},
			[]string{"Each muscle gets work more than once a week.", "Missing a day hurts less.", "Keep it to five exercises so {min} minutes suffice.", "Alternate squat and hinge as the first lift.", "Add arms in the last ten minutes if you like."},
		},
		{
			[]string{"Should I change exercises every {wks} weeks?", "Do I have to rotate {lift} to keep growing?"},
			[]string{"**No, keep the main lifts and rotate the small ones.**", "**Leave {lift} in; swap accessories.**", "**Keep what can be measured.**"},
			[]string{"**Yes, change everything every few weeks.**", "**Rotate {lift} out now.**"},
			[]string{"Progress needs something to compare with.", "Change an accessory when it hurts or bores you.", "A new grip or tempo is change enough.", "Give each exercise at least {wks} weeks.", "Muscles don't get confused, they get tired."},
		},
		{
			[]string{"Can I run and lift on the same day?", "How do I fit {min} minutes of cardio around {lift}?"},
			[]string{"**Yes: lift first, cardio after or hours apart.**", "**Same day works if lifting comes first.**", "**Yes, with six hours between where possible.**"},
			[]string{"**No, never on the same day.**", "**Do the cardio first, always.**"},
			[]string{"Keep most cardio easy enough to talk.", "Put hard intervals away from heavy leg days.", "Eat something with carbs between the two.", "Start with {min} easy minutes and add slowly.", "Cycling disturbs squats less than running."},
		},
		{
			[]string{"How do I break my {lift} plateau?", "My {lift} won't move past {max}, what now?"},
			[]string{"**Drop 10 % and build back with more volume.**", "**Take a step back, then come in with momentum.**", "**Back off first, then add sets.**"},
			[]string{"**Keep testing the max each session.**", "**Add weight anyway and grind.**"},
			[]string{"Find the point where the rep slows and train just below it.", "A close variation for {wks} weeks often helps.", "Check sleep and food before changing the plan.", "Singles at {pct} % teach position without fatigue.", "Let the log decide, not the mood."},
		},
	},
	"technique": {
		{
			[]string{"My hips shoot up in {lift}, what can I do?", "How do I stop leaning forward on {lift} at {work}?"},
			[]string{"**Push the floor away and keep the chest with the hips.**", "**Lighten the bar and own the start position.**", "**It's position before strength: slow the first inch.**"},
			[]string{"**Let the hips rise, it's stronger.**", "**Lean forward on purpose.**"},
			[]string{"Pause for a second just off the floor or in the hole.", "Brace before you move, not while you move.", "Use {pct} % until the line looks the same on every rep.", "Quads are often the weak link; add {s} sets of them.", "Film from the side at hip height."},
		},
		{
			[]string{"Where should I grip the bar for {lift}?", "Is my grip too wide on {lift}?"},
			[]string{"**Forearms vertical at the bottom is the test.**", "**Start a thumb outside shoulder width.**", "**Choose the width that keeps wrists over elbows.**"},
			[]string{"**As wide as the bar allows.**", "**Hands touching in the middle.**"},
			[]string{"Mark the ring on the bar so it never drifts.", "Squeeze hard; a tight hand steadies the arm.", "Change it by a finger's width, not more.", "Give a new grip {wks} weeks.", "Discomfort at the front of the joint means narrower."},
		},
		{
			[]string{"How deep should I go on {lift}?", "Is full range needed for {lift} at {work}?"},
			[]string{"**As deep as you can hold your position.**", "**Full range with control is the default.**", "**Go to the depth where nothing tucks or rounds.**"},
			[]string{"**Quarter reps are enough.**", "**Depth does not matter at all.**"},
			[]string{"Range you don't train is range you lose.", "Heels up on small plates can buy depth.", "Stop the set when depth shrinks.", "Slow the way down to three seconds.", "Load comes back within {wks} weeks."},
		},
		{
			[]string{"How do I breathe during {lift}?", "Do I hold my breath on {lift} with {work}?"},
			[]string{"**Breathe in, brace, move, breathe out past the hard part.**", "**One breath per rep, held through the sticking point.**", "**Brace against the belt line, then move.**"},
			[]string{"**Breathe out before you start.**", "**Keep breathing freely all the way.**"},
			[]string{"Fill the belly and the sides, not the chest.", "Reset the breath at the top of each rep.", "With light loads normal breathing is fine.", "If you get dizzy, rest {rest} minutes and lower the load.", "A belt helps only if you push into it."},
		},
		{
			[]string{"My knees cave in on heavy {lift}. How do I fix it?", "Knees wobble at {work} on {lift}, is it dangerous?"},
			[]string{"**Spread the floor and lower the load for a while.**", "**Cue the knees out over the toes.**", "**A little is common; train it away at lighter loads.**"},
			[]string{"**Ignore it and add weight.**", "**Bring the knees in on purpose.**"},
			[]string{"Try a slightly wider stance with toes out.", "Pause reps show where it starts.", "Single-leg work for {s} sets of {n} helps.", "A band above the knees is a reminder, not a cure.", "Count a rep only if the knees stayed out."},
		},
		{
			[]string{"Should I use a belt for {lift}?", "At what weight does a belt make sense, I do {work}?"},
			[]string{"**Yes, from about 80 % up, once bracing is solid.**", "**Use it on the top sets only.**", "**A belt is fine for heavy sets.**"},
			[]string{"**Never wear a belt.**", "**Wear the belt on every warm-up set.**"},
			[]string{"Learn to brace without it first.", "It adds support because you push against it.", "Warm-ups stay without.", "Wear it where you can still take a breath.", "Leave it off for {wks} weeks now and then."},
		},
		{
			[]string{"How slow should I lower the weight on {lift}?", "Is tempo work useful for {lift} at {work}?"},
			[]string{"**Two to three seconds down is a good habit.**", "**Controlled down, fast up.**", "**Yes, tempo cleans up positions.**"},
			[]string{"**Drop it as fast as possible.**", "**Take ten seconds down on every rep.**"},
			[]string{"Use about {pct} % of the usual load.", "Count honestly, most people rush.", "It makes light weights useful when joints complain.", "Keep it to {s} sets of {n}.", "Test the normal speed again after {wks} weeks."},
		},
	},
	"nutrition": {
		{
			[]string{"How much protein do I need?", "Is {prot} grams of protein enough for me?"},
			[]string{"**About {prot} grams a day is a solid target.**", "**Aim near {prot} g, give or take ten.**", "**{prot} grams covers it.**"},
			[]string{"**Half of that is more than enough.**", "**Double it, at least.**"},
			[]string{"Spread it over three to five meals.", "Food first, powder where it is practical.", "Plant sources count; mix them.", "More brings little past that point.", "Hit it on rest days too."},
		},
		{
			[]string{"Should I eat before training?", "Is it bad to train {min} minutes on an empty stomach?"},
			[]string{"**Eat something small one to two hours before.**", "**A light meal helps most people.**", "**Yes, a snack with carbs.**"},
			[]string{"**Always train fasted.**", "**Eat a huge meal right before.**"},
			[]string{"Carbs fuel the hard sets, fat slows digestion.", "If you train early, a banana is enough.", "What you ate yesterday counts as well.", "Test it on a normal day first.", "Water matters more than timing."},
		},
		{
			[]string{"How do I lose fat without losing strength?", "Can I cut on {kcal} calories and keep my {lift}?"},
			[]string{"**Small deficit, heavy lifting, enough protein.**", "**Yes, if you lose about half a percent a week.**", "**Go slow: 300 to 400 below maintenance.**"},
			[]string{"**Cut calories in half right away.**", "**Drop the weights and do cardio only.**"},
			[]string{"Keep the load on the bar, trim sets if needed.", "{prot} grams of protein protects muscle.", "Weigh daily, judge by the weekly average.", "Take a week at maintenance every {wks} weeks.", "Steps are easier to recover from than intervals."},
		},
		{
			[]string{"Do I need creatine?", "Is creatine worth it at my level?"},
			[]string{"**It's one of the few that work; it's optional.**", "**Yes, it helps a little and it's well studied.**", "**Worth it if your food is in order.**"},
			[]string{"**It does nothing, skip it.**", "**You can't progress without it.**"},
			[]string{"Expect some water weight, not fat.", "Timing hardly matters, regularity does.", "Ask your doctor first if you have kidney disease.", "It shows in the last reps, not in the mirror.", "Food and sleep come first."},
		},
		{
			[]string{"How big should my surplus be to gain muscle?", "Is {kcal} calories a good bulk for me?"},
			[]string{"**Keep it small: 200 to 300 above maintenance.**", "**A modest surplus is enough.**", "**Eat a little more, not a lot.**"},
			[]string{"**Eat everything in sight.**", "**Stay in a deficit to gain muscle.**"},
			[]string{"Aim for a quarter to half a percent a week.", "Most of a big surplus ends up as fat.", "Put the extra around training.", "Adjust after {wks} weeks by the scale trend.", "Keep protein near {prot} grams."},
		},
		{
			[]string{"How much water should I drink with {min} minute sessions?", "Do I need electrolytes?"},
			[]string{"**Drink to thirst, a bit more on hot days.**", "**Thirst plus a glass before training.**", "**Pale urine is the practical goal.**"},
			[]string{"**Drink a gallon before every session.**", "**Don't drink while training.**"},
			[]string{"Salt your food if you sweat a lot.", "Sessions under an hour need only water.", "Weigh before and after once to learn your loss.", "Coffee counts toward the total.", "Cramps have more causes than salt."},
		},
		{
			[]string{"Are carbs at night a problem?", "Should I stop eating after 8 with my {kcal} calories?"},
			[]string{"**No, the day's total decides.**", "**Carbs at night are fine.**", "**Timing is minor; the total is major.**"},
			[]string{"**Yes, carbs at night turn to fat.**", "**Stop all food at noon.**"},
			[]string{"A meal with carbs can even help you sleep.", "If late eating makes you overeat, plan it.", "Keep two hours between dinner and bed if it feels heavy.", "Move carbs to where training is.", "Consistency beats clock rules."},
		},
	},
	"recovery": {
		{
			[]string{"Is {sleep} hours of sleep enough?", "How bad is {sleep} hours a night for my {lift}?"},
			[]string{"**Aim for {hrs} hours; more sleep is your best tool.**", "**It pays to get to {hrs}.**", "**Push it toward {hrs} hours.**"},
			[]string{"**Sleep is overrated, train more.**", "**Five hours are plenty.**"},
			[]string{"Go to bed 20 minutes earlier each week.", "Same wake time, also on weekends.", "Screens off in the last half hour.", "Caffeine stops eight hours before bed.", "On short nights lower the load to {pct} %."},
		},
		{
			[]string{"I'm sore {wks} days a month. Train through it?", "Should I train {lift} while sore?"},
			[]string{"**Yes, lighter, if it's even soreness.**", "**You can train; take ten percent off.**", "**Mild soreness is no reason to stop.**"},
			[]string{"**No, rest until it's gone completely.**", "**Train harder to get rid of it.**"},
			[]string{"Warm up longer than usual.", "Sharp or one-sided pain is another matter.", "Soreness is no measure of a good session.", "Walking helps more than lying down.", "It fades as you repeat the same work."},
		},
		{
			[]string{"How many rest days do I need?", "Is {days} days in a row too many?"},
			[]string{"**At least one full day off, better two.**", "**Two easier days a week keep you going.**", "**Plan rest like a session.**"},
			[]string{"**None, rest is for the weak weeks.**", "**Take five days off each week.**"},
			[]string{"Never put two heavy leg days together.", "Rest can be a walk.", "If loads fall for two sessions, take a day.", "Life stress counts as load.", "Your numbers rise on the days off."},
		},
		{
			[]string{"Do ice baths help recovery after {min} minutes of lifting?", "Is cold water good after {lift}?"},
			[]string{"**Not right after lifting if growth is the goal.**", "**Keep cold away from strength sessions.**", "**Fine for comfort, hours later.**"},
			[]string{"**Yes, right after every session.**", "**Longer and colder is always better.**"},
			[]string{"It can blunt the signal to grow.", "In a competition with two events it can help.", "A warm shower does most of the job.", "Spend the time on sleep instead.", "If you enjoy it, do it on rest days."},
		},
		{
			[]string{"Should I foam roll before {lift}?", "Does stretching {min} minutes prevent soreness?"},
			[]string{"**A few minutes are fine; the warm-up sets do the work.**", "**Short rolling, then ramp up.**", "**Optional. Keep it brief.**"},
			[]string{"**Roll for an hour or get hurt.**", "**Never warm up.**"},
			[]string{"It changes how you feel more than the tissue.", "Long static stretches belong after training.", "Raise the pulse for five minutes first.", "Use the empty bar as mobility.", "Soreness depends on novelty, not on stretching."},
		},
		{
			[]string{"My resting heart rate is up, should I skip today?", "Stress is {stress}/10 this week. Train or rest?"},
			[]string{"**Train, but at an easy effort.**", "**Go, and cut the sets in half.**", "**Move, don't push.**"},
			[]string{"**Test a max, it clears the head.**", "**Stay in bed until it is down.**"},
			[]string{"Two odd days are noise, five are a trend.", "Keep RPE at 6 and leave early.", "Eat well and get to bed.", "Fever or chest symptoms mean no training and a doctor.", "Look for the cause outside the gym too."},
		},
	},
	"motivation": {
		{
			[]string{"I keep skipping sessions. How do I stay on it?", "How do I get back after {wks} weeks off?"},
			[]string{"**Make the next session so small you can't skip it.**", "**Start with {min} minutes, twice, this week.**", "**Lower the bar, literally.**"},
			[]string{"**Wait until you feel motivated.**", "**Punish every missed day with two.**"},
			[]string{"Tie it to something you do anyway.", "Pack the bag the night before.", "Count sessions, not pounds, for {wks} weeks.", "Tell one person when you'll go.", "Never miss twice in a row."},
		},
		{
			[]string{"Progress is so slow, is it worth it?", "My {lift} went up only a little in {wks} weeks. Worth it?"},
			[]string{"**Yes. That is what progress looks like.**", "**It is; slow adds up.**", "**Yes, look at the year, not the week.**"},
			[]string{"**No, if it's slow it isn't working.**", "**Quit the plan now.**"},
			[]string{"Compare with {wks} weeks ago, not with strangers.", "Five pounds a month is sixty a year.", "Take a photo or a video as a marker.", "Strength hides behind fatigue; an easy week shows it.", "Choose one number to care about."},
		},
		{
			[]string{"I compare myself to others in the gym. Tips?", "Everyone lifts more than my {work}. How do I deal with it?"},
			[]string{"**Compete with your own log.**", "**Your only opponent is last month.**", "**Let the log be the mirror.**"},
			[]string{"**Lift what they lift.**", "**Avoid the gym when it's full.**"},
			[]string{"You see their best day, not their ten years.", "Most people are busy with themselves.", "Ask one of them a question; they like to help.", "Set a goal that depends only on you.", "Write down one win per session."},
		},
		{
			[]string{"How do I set a realistic goal for {lift}?", "Is going from {work} to {max} in {wks} weeks realistic?"},
			[]string{"**Pick a step of about 5 % and a date.**", "**Make it small enough to be nearly sure.**", "**Set a process goal first.**"},
			[]string{"**Double it, dream big.**", "**Don't set goals at all.**"},
			[]string{"Sessions per week is a goal you control.", "Split it into blocks of four weeks.", "Have a smaller goal for bad weeks.", "Write down why it matters.", "Move the date before you move the form."},
		},
		{
			[]string{"I get nervous before heavy {lift}. What helps?", "My meet nerves are bad, any tips for {max}?"},
			[]string{"**Use the same short routine before every set.**", "**Slow breaths out, then one cue.**", "**Nerves are fuel; give them a routine.**"},
			[]string{"**Skip the warm-up so you can't think.**", "**Take more stimulants.**"},
			[]string{"Practice the routine on light sets.", "Have someone count you in.", "Openers should be sure things.", "Picture the first inch, not the result.", "Excitement feels the same as fear; name it so."},
		},
		{
			[]string{"I'm bored of my {prog}. Change it?", "Training feels like a chore after {wks} weeks. Ideas?"},
			[]string{"**Keep the frame, change the toys.**", "**Change the accessories, keep the main lifts.**", "**Give yourself one free session a week.**"},
			[]string{"**Throw the plan away today.**", "**Boredom means it's wrong.**"},
			[]string{"A new rep range for {wks} weeks feels fresh.", "Train with someone once a week.", "Play: carries, sleds, climbing.", "Put your favourite lift first.", "Shorten sessions to {min} minutes."},
		},
	},
}
