package sample

import "github.com/voicefit/spotter/internal/example"

// A maker drafts rows. It is not safe for concurrent use; two makers of one
// seed draft the same rows.
type maker struct {
	seed  int64
	r     rng // draws for the row
	twist rng // draws for how a planted row departs from the one it copies
	tired int // attempts so far at this row: numbers get less round as they grow
	ids   map[*exercise]string
}

func newMaker(seed int64) *maker { return &maker{seed: seed, ids: exerciseIDs()} }

// A departure says how a row that is drafted again differs from what its index
// and attempt gave the first time.
type departure uint8

const (
	faithful departure = iota
	numbered           // one number of the command is another, and of the answer with it
	opposed            // the same question gets a materially different answer
)

// draft returns attempt number attempt at row i.
func (m *maker) draft(i int, p plan, attempt int) row {
	return m.redraft(i, p, attempt, faithful)
}

// redraft is draft with a departure, whose draws come from the twist stream
// as the caller seeded it.
func (m *maker) redraft(i int, p plan, attempt int, d departure) row {
	m.r.reseed(m.seed, streamDraft, uint64(i)<<8|uint64(attempt))
	m.tired = attempt
	rule := ""
	if p.kind == violation {
		m.twist.reseed(m.seed, streamTwist, uint64(i)<<8|uint64(attempt))
		rule = breakages[p.rule].rule
	}
	shelf := shelves[p.shelf]
	w := row{category: shelf.slug, subcategory: shelf.subs[p.sub].slug, messages: make([]example.Message, 0, 5)}
	w.say(example.System, systemPrompts[shelf.slug])
	switch shelf.slug {
	case voiceParsing:
		m.voice(&w, rule, d)
	case injuryAnalysis:
		m.injury(&w, rule, d)
	case aiCoach:
		m.coach(&w, d)
	case runningCardio:
		m.running(&w, rule, d)
	case knowledgeBase:
		m.knowledge(&w, d)
	}
	if p.kind == violation && len(w.flaws) == 0 {
		breakages[p.rule].apply(m, &w)
	}
	return w
}

// finish adds what can be worked out from a row alone.
func (m *maker) finish(w row) draft {
	return draft{row: w, utterance: newUtterance(w.asked()), line: w.appendJSON(make([]byte, 0, 2048), false)}
}

// systemPrompts are one fixed text for each category.
var systemPrompts = map[string]string{
	voiceParsing: "You are VoiceFit's voice parser. Turn what the athlete says about a set into one JSON object. " +
		"Use only what was said, keep the athlete's unit, and write null for what is missing.",
	knowledgeBase: "You are VoiceFit's knowledge assistant. Answer from the VoiceFit coaching knowledge base, " +
		"clearly and with concrete numbers.",
	injuryAnalysis: "You are VoiceFit's injury analyst. Reason from the athlete's words and history, be honest about " +
		"uncertainty, refer emergencies to a doctor, and answer with one JSON object.",
	aiCoach: "You are VoiceFit's strength coach. Answer for the athlete's level, in Markdown, with a clear next step.",
	runningCardio: "You are VoiceFit's running coach. Parse runs into JSON, get the arithmetic right, " +
		"and give advice in plain words.",
}
