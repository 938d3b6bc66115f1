package sample

import (
	"strconv"
	"strings"
)

// An athlete is who asks: the numbers that make one question differ from the
// next.
type athlete struct {
	age, years, days int
	weight           int // pounds
	level            string
	goal             string
	meet             int // weeks to a competition, 0 for none
	sleep            int // tenths of hours
	stress, soreness int // out of 10
	heart            int // resting heart rate
	program          string
	week             int // of the program
}

var (
	levels   = []string{"beginner", "intermediate", "advanced"}
	goals    = []string{"strength", "muscle gain", "a first powerlifting meet", "general fitness", "fat loss", "better conditioning", "staying pain-free"}
	programs = []string{
		"upper/lower split", "full-body plan", "push/pull/legs split", "linear progression", "weekly undulating plan", "block periodization",
		"powerbuilding plan", "hypertrophy block", "strength block", "concurrent lifting and running plan",
	}
)

func (m *maker) drawAthlete() athlete {
	r := &m.r
	a := athlete{
		age: r.between(18, 64, 1), days: r.between(2, 6, 1), weight: r.between(115, 275, 1), goal: pick(r, goals),
		sleep: r.between(48, 88, 1), stress: r.between(2, 8, 1), soreness: r.between(1, 8, 1), heart: r.between(46, 78, 1),
		program: pick(r, programs), week: r.between(1, 14, 1),
	}
	n := r.below(3)
	a.level = levels[n]
	a.years = []int{r.between(0, 1, 1), r.between(2, 4, 1), r.between(5, 20, 1)}[n]
	if r.percent(30) {
		a.meet = r.between(3, 20, 1)
	}
	return a
}

// training says for how long the athlete has lifted.
func (a *athlete) training() string {
	switch a.years {
	case 0:
		return "a few months"
	case 1:
		return "1 year"
	}
	return strconv.Itoa(a.years) + " years"
}

// introduce is a sentence in which the athlete says who they are.
func (m *maker) introduce(a *athlete) string {
	return m.tell([]string{
		"I'm {age}, {lvl}, training {days} days a week.", "{age} years old, lifting for {time}, {days} sessions a week at {lbs} pounds.",
		"Some background: {age}, {lbs} lb, {time} of lifting, {days} days a week.", "I weigh {lbs}, I'm {age} and I've trained for {time}.",
		"I've been at it for {time}, {days} times a week, and I'm {age}.", "For context: {age} years old, {lvl}, in week {wk} of my {prog}.",
		"I'm on week {wk} of my {prog}, {days} days a week, {age} years old.", "{lvl} lifter here, {age}, {lbs} pounds, {days} days.",
		"About me: {lvl}, {age}, {days} days a week, goal is {goal}.", "My goal is {goal}; I'm {age}, weigh {lbs} and have {time} behind me.",
		"I sleep about {sleep} hours, train {days} days and I'm {age}.", "Currently {lbs} lb at {age}, on my {prog} {days} days a week.",
	}, a)
}

// tell picks a template and fills it with the athlete and what else is given.
func (m *maker) tell(templates []string, a *athlete, kv ...string) string {
	kv = append(kv,
		"age", strconv.Itoa(a.age), "time", a.training(), "days", strconv.Itoa(a.days), "lbs", strconv.Itoa(a.weight), "lvl", a.level,
		"goal", a.goal, "prog", a.program, "wk", strconv.Itoa(a.week), "sleep", decimal(a.sleep, 10), "stress", strconv.Itoa(a.stress))
	return capital(fill(pick(&m.r, templates), kv...))
}

// paragraphs joins the non-empty ones.
func paragraphs(parts ...string) string { return joined("\n\n", parts) }

// sentences joins the non-empty ones.
func sentences(parts ...string) string { return joined(" ", parts) }

func joined(sep string, parts []string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
