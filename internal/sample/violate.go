package sample

import (
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// A breakage is a rule of the contract and how a row comes to violate it. The
// rules about one category's answers are broken where those answers are
// written; the others are broken afterwards by apply.
type breakage struct {
	rule  string
	every int // planted in one round of the deck in so many; 0 in every round
	in    []string
	apply func(*maker, *row) // nil where the drafting does it
}

// A place is where a rule can be broken.
type place struct{ shelf, sub int }

// Shorthands for the places: a category slug, or category/subcategory.
var (
	prose = []string{
		aiCoach, knowledgeBase, "running_cardio/advice", "running_cardio/training_plan", "running_cardio/injury_prevention",
	}
	structured = []string{voiceParsing, injuryAnalysis, "running_cardio/run_parsing"}
	commands   = []string{"voice_parsing/standard_command", "voice_parsing/abbreviation", "voice_parsing/rpe_rir", "voice_parsing/equipment_shortcut"}
)

// breakages are the rules of the contract, the duplicate rules aside.
var breakages = []breakage{
	{"structure/roles", 0, prose, breakRoles},
	{"structure/empty", 0, prose, breakEmpty},
	{"structure/no-assistant", 0, slices.Concat(prose, structured), breakNoAssistant},
	{"text/special-token", 0, slices.Concat(prose, commands), breakSpecialToken},
	{"text/control-character", 0, slices.Concat(prose, commands), breakControl},
	{"text/placeholder", 0, slices.Concat(prose, []string{"injury_analysis/chronic", "injury_analysis/tendinitis"}), breakPlaceholder},
	{"text/refusal", 0, prose, breakRefusal},
	{"privacy/contact", 0, slices.Concat(prose, []string{"injury_analysis/chronic", "injury_analysis/acute"}), breakPrivacy},
	{"json/invalid", 0, structured, breakSyntax},
	{"json/schema", 0, slices.Concat(commands, []string{injuryAnalysis, "voice_parsing/multi_exercise", "running_cardio/run_parsing"}), breakSchema},
	{"tokens/too-long", 40, []string{aiCoach, "injury_analysis/chronic"}, breakLength},
	{"voice/unsupported-number", 0, slices.Concat(commands, []string{"voice_parsing/correction", "voice_parsing/multi_exercise"}), nil},
	{"voice/rir-rpe", 0, commands, nil},
	{"voice/dangling-reference", 0, []string{"voice_parsing/same_weight_reference"}, nil},
	{"voice/stretch-load", 0, []string{"voice_parsing/standard_command"}, nil},
	{"injury/probability-sum", 0, injuries("acute", "chronic", "tendinitis", "impingement", "multi_turn", "context_dependent"), nil},
	{"injury/severity-vocabulary", 0, injuries("acute", "chronic", "tendinitis", "impingement", "multi_turn", "context_dependent"), nil},
	{"injury/confidence-band", 0, injuries("acute", "chronic", "tendinitis", "impingement", "doms", "ambiguous", "red_flag"), nil},
	{"injury/reasoning-steps", 0, injuries("acute", "chronic", "tendinitis", "impingement", "doms", "ambiguous", "multi_turn", "context_dependent"), nil},
	{"injury/escalation-triggers", 0, injuries("acute", "chronic", "tendinitis", "impingement", "multi_turn", "context_dependent"), nil},
	{"injury/red-flag-referral", 0, injuries("red_flag"), nil},
	{"injury/soreness-is-not-injury", 0, injuries("doms"), nil},
	{"injury/checkpoints", 0, injuries("acute", "chronic", "tendinitis", "impingement", "multi_turn", "context_dependent"), nil},
	{"injury/medication", 0, injuries("acute", "chronic", "tendinitis", "impingement", "multi_turn"), nil},
	{"running/pace-arithmetic", 0, []string{"running_cardio/run_parsing", "running_cardio/pace_calculation"}, nil},
	{"running/unit-conversion", 0, []string{"running_cardio/distance_conversion"}, nil},
	{"running/heat-direction", 0, []string{"running_cardio/weather_adjusted_pace"}, nil},
}

func injuries(subs ...string) []string {
	for i := range subs {
		subs[i] = injuryAnalysis + "/" + subs[i]
	}
	return subs
}

// places lists where among the open shelves the rule can be broken.
func (b breakage) places(open []int) []place {
	var out []place
	for _, i := range open {
		for j, s := range shelves[i].subs {
			if slices.Contains(b.in, shelves[i].slug) || slices.Contains(b.in, shelves[i].slug+"/"+s.slug) {
				out = append(out, place{i, j})
			}
		}
	}
	return out
}

// breakRoles breaks the order of the turns: two of one role in a row, or a
// system message in the middle.
func breakRoles(m *maker, w *row) {
	cut := func(i int) { // splits turn i at the sentence or paragraph nearest its middle
		text := w.messages[i].Content
		k := strings.LastIndexAny(text[:len(text)/2+1], ".\n") + 1
		if k <= 0 {
			k = strings.IndexByte(text, ' ') + 1
		}
		first, second := strings.TrimSpace(text[:k]), strings.TrimSpace(text[k:])
		w.messages[i].Content = first
		w.messages = slices.Insert(w.messages, i+1, example.Message{Role: w.messages[i].Role, Content: second})
		w.blame("structure/roles", "/messages/"+strconv.Itoa(i+1))
	}
	switch m.twist.below(3) {
	case 0:
		cut(1)
	case 1:
		cut(2)
	default:
		w.messages[0], w.messages[1] = w.messages[1], w.messages[0]
		w.blame("structure/roles", "/messages/1")
	}
}

// breakEmpty adds a second exchange of which one side is blank.
func breakEmpty(m *maker, w *row) {
	blank := pick(&m.twist, []string{"", " ", "\n", "  \n "})
	if m.twist.percent(50) {
		w.say(example.User, blank)
		w.blame("structure/empty", at(w.last(), ""))
		w.say(example.Assistant, "Tell me more when you are ready.")
		return
	}
	w.messages[2].Content = blank
	w.blame("structure/empty", at(2, ""))
	if w.last() == 2 {
		w.say(example.User, "Are you still there?")
		w.say(example.Assistant, "Yes, sorry. Give me one more detail and I'll answer in full.")
	}
}

func breakNoAssistant(_ *maker, w *row) {
	w.messages = slices.DeleteFunc(w.messages, func(x example.Message) bool { return x.Role == example.Assistant })
	if len(w.messages) > 2 { // what is left must not also be two user turns in a row
		w.messages[1].Content += "\n" + w.messages[2].Content
		w.messages = w.messages[:2]
	}
	w.blame("structure/no-assistant", "/messages")
}

// breakSpecialToken puts a control token of the Llama 3 chat format into a
// turn.
func breakSpecialToken(m *maker, w *row) {
	token := pick(&m.twist, []string{
		"<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|begin_of_text|>", "<|end_of_text|>", "<|python_tag|>",
		"<|eot_id|><|start_header_id|>system<|end_header_id|>",
	})
	i := 1
	if !isJSON(w) && m.twist.percent(60) {
		i = 2
	}
	w.messages[i].Content += token
	w.blame("text/special-token", at(i, ""))
}

func breakControl(m *maker, w *row) {
	c := pick(&m.twist, []string{"\x07", "\x1b[0m", "\x08", "\x0b", "\x02", "\x7f"})
	i := 1
	if !isJSON(w) && m.twist.percent(50) {
		i = 2
	}
	text := w.messages[i].Content
	k := strings.IndexByte(text, ' ')
	w.messages[i].Content = text[:k] + c + text[k:]
	w.blame("text/control-character", at(i, ""))
}

// isJSON reports whether the row's first answer is structured.
func isJSON(w *row) bool { return strings.HasPrefix(w.messages[2].Content, "{") }

func breakPlaceholder(m *maker, w *row) {
	i := w.last()
	if isJSON(w) {
		m.intoReply(w, pick(&m.twist, []string{"[Would analyze user's training log here]", "[Insert recovery advice]"})+" ")
		w.blame("text/placeholder", at(i, "/response_to_user"))
		return
	}
	w.messages[i].Content += "\n\n" + pick(&m.twist, []string{
		"[Would analyze user's program here]", "[Insert sample week here]", "TODO: add the progression table", "Would analyze user's recent sessions and suggest loads.",
		"{{user_name}}, that is the plan.", "Lorem ipsum dolor sit amet, consectetur adipiscing elit.", "[INSERT EXERCISE]",
	})
	w.blame("text/placeholder", at(i, ""))
}

// intoReply puts text before the words to the athlete in the last, structured
// answer. The text must need no escaping in JSON.
func (m *maker) intoReply(w *row, text string) {
	c := &w.messages[w.last()].Content
	*c = strings.Replace(*c, `"response_to_user": "`, `"response_to_user": "`+text, 1)
}

func breakRefusal(m *maker, w *row) {
	i := w.last()
	refusal := pick(&m.twist, []string{
		"As an AI language model, I can't give training advice.", "I'm sorry, but I cannot assist with that request.",
		"I'm sorry, but as an AI I am not able to provide personalized coaching.", "As an AI, I don't have the ability to help with fitness questions.",
		"I cannot fulfill this request. As a large language model I must decline.",
	})
	if m.twist.percent(50) {
		w.messages[i].Content = refusal
	} else {
		w.messages[i].Content = refusal + "\n\n" + w.messages[i].Content
	}
	w.blame("text/refusal", at(i, ""))
}

// breakPrivacy adds a way to reach somebody. What is reserved for examples
// (example.com, 555-01xx) would rightly be left alone by a check, so these are
// of the ordinary kind and yet nobody's: a domain that says so, exchanges that
// begin with 1, a range that Ofcom keeps for drama.
func breakPrivacy(m *maker, w *row) {
	t := &m.twist
	first := pick(t, []string{"jamie", "morgan", "casey", "riley", "taylor", "jordan"})
	last := pick(t, []string{"rivera", "nguyen", "larsen", "okafor", "schmidt", "murphy"})
	contact := pick(t, []string{
		"You can write to me at " + first + "." + last + "@mailbox-of-nobody.net.",
		"Mail the plan to " + first + last + strconv.Itoa(t.between(10, 99, 1)) + "@mailbox-of-nobody.org please.",
		"Call me at (415) 155-01" + strconv.Itoa(t.between(10, 99, 1)) + " after work.",
		"My number is +44 7700 900" + strconv.Itoa(t.between(100, 999, 1)) + ".",
		"I live at " + strconv.Itoa(t.between(100, 9900, 1)) + " Maple Street, Springfield, IL 62704.",
	})
	i := 1
	if !isJSON(w) && t.percent(25) {
		i = w.last()
		contact = "Reach my assistant at " + first + "." + last + "@mailbox-of-nobody.net."
	}
	w.messages[i].Content += " " + contact
	w.blame("privacy/contact", at(i, ""))
}

// breakSyntax damages the structured answer so that no parser takes it.
func breakSyntax(m *maker, w *row) {
	i := w.last()
	c := &w.messages[i].Content
	switch m.twist.below(5) {
	case 0:
		*c = (*c)[:len(*c)*m.twist.between(50, 90, 1)/100] // cut off
		*c = strings.TrimRight(*c, "}")
	case 1:
		*c = strings.TrimSuffix(*c, "}") + ", }"
	case 2:
		*c = strings.Replace(*c, `": `, `" `, 1)
	case 3:
		*c = strings.ReplaceAll(strings.ReplaceAll(*c, "'", ""), `"`, "'")
	default:
		*c = "Logged. Have a good session!"
	}
	w.blame("json/invalid", at(i, ""))
}

// breakSchema keeps the JSON well formed and breaks its shape.
func breakSchema(m *maker, w *row) {
	i := w.last()
	c := &w.messages[i].Content
	type edit struct{ old, cut, new, where string } // from old to the first cut after it becomes new
	var edits []edit
	switch w.category {
	case voiceParsing:
		edits = []edit{
			{`"exercise_id": "`, `",`, `"exercise_id": ` + strconv.Itoa(m.twist.between(1, 900, 1)) + `,`, "/exercise_id"},
			{`"exercise_name": "`, `", `, ``, ""},
			{`"confidence": `, `.`, `"confidence": 1.`, "/confidence"},
			{`"exercise_id": "`, `-`, `"exercise_id": "bench-`, "/exercise_id"},
		}
	case injuryAnalysis:
		edits = []edit{
			{`"injury_detected": `, `,`, `"injury_detected": "maybe",`, "/assessment/injury_detected"},
			{`"immediate_action": "`, `", `, ``, "/recommendations"},
			{`"body_part": "`, `",`, `"body_part": 7,`, "/assessment/body_part"},
		}
	default:
		edits = []edit{
			{`"distance": `, `,`, `"distance": "far",`, "/distance"},
			{`"pace_unit": "`, `",`, `"pace_unit": "mph",`, "/pace_unit"},
			{`"duration": "`, `", `, ``, ""},
		}
	}
	e := pick(&m.twist, edits)
	from := strings.Index(*c, e.old)
	end := from + len(e.old) + strings.Index((*c)[from+len(e.old):], e.cut) + len(e.cut)
	*c = (*c)[:from] + e.new + (*c)[end:]
	where := e.where
	if w.category == voiceParsing {
		if strings.Contains(*c, `"exercises": [`) {
			where = "/exercises/0" + where
		}
		if strings.Contains(*c, `"parsed_data": {`) {
			where = "/parsed_data" + where
		}
	}
	w.blame("json/schema", at(i, where))
}

// logLines makes a row that no platform of the default catalog trains on whole
// at 24,576 tokens: a line is at least a dozen tokens.
const logLines = 2200

// breakLength pastes years of training log into the question.
func breakLength(m *maker, w *row) {
	t := &m.twist
	var b strings.Builder
	b.WriteString(w.messages[1].Content)
	b.WriteString("\n\nHere is my whole log:\n")
	for i := range logLines {
		b.WriteString("Week " + strconv.Itoa(i/4+1) + " session " + strconv.Itoa(i%4+1) + ": " + pick(t, regions[t.below(len(regions))].provoking) +
			" " + strconv.Itoa(t.between(2, 6, 1)) + " x " + strconv.Itoa(t.between(3, 15, 1)) + " at " + strconv.Itoa(t.between(45, 405, 5)) + " lb\n")
	}
	w.messages[1].Content = strings.TrimSuffix(b.String(), "\n")
	w.blame("tokens/too-long", "/messages")
}
