package lint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// fromReading is the source of the rules that come from reading the research
// examples as a physiotherapist would.
const fromReading = "Reading the 50 research examples as a physiotherapist would."

// clinicRules are the rules that go beyond the definition of the answer. All of
// them are warnings: a person has the last word.
var clinicRules = []definition{
	{
		Rule: Rule{
			ID: "injury/timeline-sum", Family: "injury", Severity: Warning,
			Summary: "The phases of the recovery do not add up to its total (research shape).",
			Why:     "One of the two is wrong, and the athlete plans by the total.",
			Source:  fromReading + " One has 12 weeks in all and phases of 3, 9, 12 and 12; the phases were given as ends instead of lengths.",
			Params:  []Param{{"tolerance_weeks", "0.1", "how far the sum may be off."}},
			Fix:     "Correct the phases or the total.",
		},
		build: buildTimelineSum,
	},
	{
		Rule: Rule{
			ID: "injury/assessment-in-differential", Family: "injury", Severity: Warning,
			Summary: "The assessment names a condition that the differential diagnoses leave out.",
			Why:     "The probabilities then describe everything but what the answer thinks it is.",
			Source:  fromReading,
			Fix:     "Put the assessed condition into the differential with its share, and lower the others.",
		},
		build: simple(eachInjury(checkAssessed)),
	},
	{
		Rule: Rule{
			ID: "injury/zero-probability", Family: "injury", Severity: Warning,
			Summary: "A differential diagnosis has the probability 0.",
			Why:     "What is impossible need not be listed; what is dangerous and unlikely is not impossible, and must not be shown as such.",
			Source:  fromReading + " One gives a heart attack the probability 0 and lists its signs as red flags.",
			Fix:     "Give it a small share, or take it out.",
		},
		build: simple(eachInjury(checkZeroProbability)),
	},
	{
		Rule: Rule{
			ID: "injury/process-talk", Family: "injury", Severity: Warning,
			Summary: "The reasoning speaks of how the document was made - search results, sources by number, JSON, the category it was given - instead of the athlete; or the words that the answer repeats as the athlete's hold the generator's prompt (research shape).",
			Why:     "The model that is trained has no search results and is given no category; it would learn to claim both.",
			Source:  fromReading,
			Fix:     "Rewrite the step as a thought about this athlete.",
		},
		build: simple(eachInjury(checkProcessTalk)),
	},
	{
		Rule: Rule{
			ID: "injury/generic-reasoning", Family: "injury", Severity: Warning,
			Summary: "The reasoning mentions nothing that the athlete said: no body part, exercise, number or word of theirs.",
			Why:     "A reasoning that fits every complaint explains none.",
			Source:  "The reviewers' checklist: the reasoning cites the athlete's own history.",
			Params:  []Param{{"min_steps", "1", "how many steps must."}},
			Fix:     "Say in each step which of the athlete's facts it rests on.",
		},
		build: buildGenericReasoning,
	},
	{
		Rule: Rule{
			ID: "injury/answer-in-question", Family: "injury", Severity: Warning,
			Summary: "The question holds the label of the example, such as \"Vague: yes\" or \"Insufficient info: yes\".",
			Why:     "The model learns to read the label, which no athlete will ever send.",
			Source:  fromReading + " The generator put its own scenario flags into the context.",
			Params:  []Param{{"keys", "[vague, insufficient info, insufficient_info, category, subcategory, red flag, red_flag, diagnosis, injury detected, injury_detected]", "names at the start of a line of the question."}},
			Fix:     "Take the line out of the question.",
		},
		build: buildAnswerInQuestion,
	},
	{
		Rule: Rule{
			ID: "injury/vague-modification", Family: "injury", Severity: Warning,
			Summary: "A change to training says neither how much load nor how many sets and repetitions, or not how to go on from there.",
			Why:     "\"Reduce the weight\" can't be followed.",
			Source:  "The reviewers' checklist: modifications have load %, sets and reps, and progression.",
			Fix:     "Write the load in percent, sets and reps, and what must be true to take the next step.",
		},
		build: simple(eachInjury(checkModifications)),
	},
	{
		Rule: Rule{
			ID: "injury/soreness-overtreated", Family: "injury", Severity: Warning,
			Summary: "Normal soreness is treated like an injury: exercises are forbidden outright, or recovery takes weeks.",
			Why:     "Soreness passes in days and light movement helps.",
			Source:  "The guidelines: the athlete keeps training, a little lighter.",
			Params:  []Param{{"subcategories", "[doms]", "where the rule runs; empty is everywhere."}, {"max_weeks", "2", "the longest recovery."}},
			Fix:     "Lower load and volume for a session or two instead.",
		},
		build: buildOvertreated,
	},
	{
		Rule: Rule{
			ID: "injury/diagnosis-wording", Family: "injury", Severity: Warning,
			Summary: "The answer states a diagnosis as a fact.",
			Why:     "Nobody was examined; a diagnosis is a clinician's.",
			Source:  "The guidelines: \"consistent with\", not \"you have\".",
			Fix:     "Say what it is consistent with, or let a clinician approve the wording.",
		},
		build: simple(checkDiagnosisWording),
	},
	{
		Rule: Rule{
			ID: "injury/ambiguous-asks", Family: "injury", Severity: Warning,
			Summary: "Too little is known, and the answer asks nothing.",
			Why:     "Questions are the right answer to a vague complaint; without them the model learns to guess.",
			Source:  "The plan: ambiguous stays unsure and asks.",
			Params:  []Param{{"subcategories", "[ambiguous]", "where the rule runs; empty is everywhere."}},
			Fix:     "Ask two to four questions that would change the answer.",
		},
		build: buildAmbiguousAsks,
	},
	{
		Rule: Rule{
			ID: "injury/red-flag-ignored", Family: "injury", Severity: Warning,
			Summary: "The answer lists a red flag as present and recommends no doctor, in a subcategory where injury/red-flag-referral does not run.",
			Why:     "It contradicts itself where it matters most.",
			Source:  fromReading,
			Fix:     "Recommend the doctor, or say why the sign is none.",
		},
		build: func(s *setting) (func(*exam), error) {
			if err := s.decode(&struct{}{}); err != nil || s.runsReferral() {
				return nil, err
			}
			return eachInjury(checkFlagIgnored), nil
		},
	},
}

func buildTimelineSum(s *setting) (func(*exam), error) {
	p := struct {
		Tolerance float64 `json:"tolerance_weeks"`
	}{0.1}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		phases := t.get(s.timeline, "phases")
		total, ok := t.num(t.get(s.timeline, "total_weeks"))
		if !s.research || s.timeline == 0 || !t.is(phases, listKind) || !ok {
			return
		}
		sum, count := 0.0, 0
		for c := range t.children(phases) {
			if v, ok := t.num(t.get(c, "duration_weeks")); ok {
				sum += v
				count++
			}
		}
		if count > 0 && math.Abs(sum-total) > p.Tolerance+1e-9 {
			x.report(a.at(t.get(s.timeline, "total_weeks")), fmt.Sprintf("The recovery takes %s in all but its phases add up to %s; correct one of the two.", weeks(total), weeks(sum)))
		}
	}), nil
}

// weeks writes a number of weeks.
func weeks(n float64) string {
	if n == 1 {
		return "1 week"
	}
	return plainNumber(n) + " weeks"
}

// pathologies are beginnings of words that name a condition.
var pathologies = newPhrases("strain*", "sprain*", "tear*", "tendin*", "tendon*", "bursitis", "impingement", "syndrome", "fasciitis", "doms", "soreness", "epicondyl*", "fracture*",
	"dislocation*", "rupture*", "arthr*", "osteoarthr*", "hernia*", "rhabdo*", "neuritis", "neuropath*", "radiculopath*", "capsulitis", "periostitis", "shin splint*", "golfer's elbow", "tennis elbow", "contusion", "concussion")

// weakWords distinguish no condition from another.
var weakWords = map[string]bool{
	"acute": true, "chronic": true, "mild": true, "moderate": true, "severe": true, "likely": true, "possible": true, "probable": true, "suspected": true, "pain": true, "injury": true,
	"with": true, "from": true, "after": true, "following": true, "due": true, "secondary": true, "caused": true, "during": true, "left": true, "right": true, "grade": true, "early": true, "partial": true, "overuse": true, "unspecified": true, "undetermined": true, "the": true, "of": true, "and": true,
}

// checkAssessed compares the assessment with the differential, where it names
// one condition plainly.
func checkAssessed(x *exam, a *answer, s *shape) {
	t := a.tree
	kind := t.str(s.kind)
	if i := strings.IndexByte(kind, '('); i > 0 {
		kind = kind[:i]
	}
	if kind == "" || !pathologies.in(kind) || strings.ContainsAny(kind, "/,;") || strings.Contains(kind, " or ") || !t.is(s.differential, listKind) || t.nodes[s.differential].count == 0 {
		return
	}
	want := distinctive(kind)
	if len(want) == 0 || len(want) > 5 {
		return
	}
	for c := range t.children(s.differential) {
		have := strings.ToLower(t.str(t.get(c, "condition")))
		found := 0
		for _, w := range want {
			if strings.Contains(have, w) {
				found++
			}
		}
		if found == len(want) || strings.Contains(have, "doms") && sorenessWords.in(kind) {
			return
		}
	}
	x.report(a.at(s.differential), fmt.Sprintf("The assessment is %s, which the differential leaves out; put it in with its share of the probability.", quoted(t.str(s.kind))))
}

// distinctive returns the words of a condition's name, shortened to their stems.
func distinctive(name string) []string {
	var out []string
	for w := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return r != '\'' && (r < 'a' || r > 'z') && r < 0x80 }) {
		if len(w) < 3 || weakWords[w] {
			continue
		}
		// tendinitis, tendinosis and tendinopathy are one for this purpose
		out = append(out, w[:min(len(w), 5)])
	}
	return out
}

func checkZeroProbability(x *exam, a *answer, s *shape) {
	t := a.tree
	if !t.is(s.differential, listKind) {
		return
	}
	for c := range t.children(s.differential) {
		if n := t.get(c, "probability"); t.is(n, numberKind) && t.nodes[n].number == 0 {
			x.report(a.at(n), fmt.Sprintf("%s has the probability 0; give it a share or take it out.", quoted(t.str(t.get(c, "condition")))))
		}
	}
}

// processWords speak of making the document.
var processWords = newPhrases("json", "schema", "search result*", "provided literature", "provided source*", "source 1", "source 2", "source 3", "source grounding", "citation*", "knowledge base",
	"user query", "analyze user input", "analyzed user query", "analyze the user input", "identify keywords", "identify user input", "assign confidence", "confidence level*", "categorized as", "categorized by",
	"provided category", "category:", "explicitly provided", "provided context", "as requested", "generate differential*", "required fields", "as an expert")

func checkProcessTalk(x *exam, a *answer, s *shape) {
	t := a.tree
	first, count := spot{}, 0
	var words string
	look := func(n int32) {
		text := t.str(n)
		m := processWords.next(text, 0)
		if m.phrase < 0 {
			return
		}
		if count == 0 {
			first, words = a.at(n), text[m.start:m.end]
			first.start, first.end = m.start, m.end
		}
		count++
	}
	if t.is(s.chain, listKind) {
		for c := range t.children(s.chain) {
			look(c)
		}
	}
	if s.why != 0 {
		look(s.why)
	}
	if n := t.get(0, "user_input"); s.research && n != 0 {
		look(n) // the athlete's words, with the prompt that they came in
	}
	if count > 0 {
		x.report(first, fmt.Sprintf("The reasoning speaks of how it was written (%s, in %d of its parts) instead of the athlete; rewrite it as thoughts about this athlete.", quoted(words), count))
	}
}

// endings are what the forms of a word differ by: knee and knees, numb and
// numbness, ache and aching.
var endings = [...]string{"ness", "ing", "ed", "es", "s", "e"}

// stem shortens a word to five letters at most of what its forms share.
func stem(word string) string {
	const least = 3 // letters that must be left
	for _, end := range endings {
		n := len(word) - len(end)
		if n < least || !strings.EqualFold(word[n:], end) || end == "s" && lower(word[n-1]) == 's' {
			continue
		}
		word = word[:n]
		if last := lower(word[n-1]); n > least && last == lower(word[n-2]) && last != 's' && last != 'l' {
			word = word[:n-1] // hopping and hop
		}
		break
	}
	return word[:min(len(word), 5)]
}

// A wordSet remembers words by a hash of their stems. It may take one word for
// another, rarely, and never misses one.
type wordSet [64]uint64

func (w *wordSet) slot(word string) (int, uint64) {
	word = stem(word)
	h := uint32(2166136261)
	for i := range len(word) {
		h = (h ^ uint32(lower(word[i]))) * 16777619
	}
	h ^= h >> 15
	return int(h>>6) & 63, 1 << (h & 63)
}

func (w *wordSet) add(word string) {
	i, bit := w.slot(word)
	w[i] |= bit
}

func (w *wordSet) has(word string) bool {
	i, bit := w.slot(word)
	return w[i]&bit != 0
}

// eachWord calls visit with the words and numbers of s until it returns false.
func eachWord(s string, visit func(word string) bool) {
	for i := 0; i < len(s); {
		if !isLetter(s[i]) && !isDigit(s[i]) {
			i++
			continue
		}
		from := i
		for i < len(s) && (isLetter(s[i]) || isDigit(s[i])) {
			i++
		}
		if !visit(s[from:i]) {
			return
		}
	}
}

// commonWords are too frequent, or too general in talk about injuries, to show
// that a step refers to the athlete.
var commonWords = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`about after again also been before being both context could does doing done down during each every felt feel feels from goal have having here into just
		like made make more most much need none only other over pain injury exercise exercises training user input severity severe moderate mild duration weeks week location
		profile history recovery program since some still such than that their them then there these they this those through under until very want well were what when where which while
		will with within without would your yes known sets reps year years level volume planned athlete report reported says`) {
		m[w] = true
	}
	return m
}()

// tellingShort are the words of three letters that name a part of the body, an
// exercise or a sign.
var tellingShort = map[string]bool{
	"hip": true, "arm": true, "leg": true, "toe": true, "rib": true, "jaw": true, "lat": true, "abs": true, "pec": true, "acl": true, "mcl": true,
	"row": true, "run": true, "jog": true, "dip": true, "rdl": true, "hot": true, "red": true, "pop": true,
}

// tells reports whether a word says something about one athlete.
func tells(word string) bool {
	if isDigit(word[0]) {
		return true
	}
	if len(word) < 4 {
		telling, _ := lookup(tellingShort, word)
		return telling
	}
	common, ok := lookup(commonWords, word)
	return !ok || !common
}

func buildGenericReasoning(s *setting) (func(*exam), error) {
	p := struct {
		MinSteps int `json:"min_steps"`
	}{1}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		if !t.is(s.chain, listKind) || t.nodes[s.chain].count == 0 {
			return
		}
		var said wordSet
		x.asked(a.message, func(_ int, text string) bool {
			eachWord(text, func(w string) bool {
				if tells(w) {
					said.add(w)
				}
				return true
			})
			return true
		})
		grounded := 0
		for c := range t.children(s.chain) {
			found := false
			eachWord(t.str(c), func(w string) bool {
				found = tells(w) && said.has(w)
				return !found
			})
			if found {
				grounded++
			}
		}
		if grounded < p.MinSteps {
			x.report(a.at(s.chain), fmt.Sprintf("%d of %d steps mention something that the athlete said; tie at least %d to the athlete's own words and numbers.", grounded, t.nodes[s.chain].count, p.MinSteps))
		}
	}), nil
}

func buildAnswerInQuestion(s *setting) (func(*exam), error) {
	p := struct {
		Keys []string `json:"keys"`
	}{[]string{"vague", "insufficient info", "insufficient_info", "category", "subcategory", "red flag", "red_flag", "diagnosis", "injury detected", "injury_detected"}}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	for i, k := range p.Keys {
		p.Keys[i] = strings.ToLower(k)
	}
	return func(x *exam) {
		for i := range x.messages {
			if x.messages[i].Role != example.User {
				continue
			}
			text, from := x.messages[i].Content, 0
			for line := range strings.Lines(text) {
				start := from
				from += len(line)
				name, _, ok := strings.Cut(line, ":")
				if !ok || len(name) > 40 {
					continue
				}
				if slices.Contains(p.Keys, strings.ToLower(strings.Trim(name, " \t-*#\""))) {
					x.report(at(i, start, start+len(strings.TrimRight(line, "\r\n"))), fmt.Sprintf("%s tells the answer in the question; take the line out.", quoted(strings.TrimSpace(line))))
				}
			}
		}
	}, nil
}

func checkModifications(x *exam, a *answer, s *shape) {
	t := a.tree
	if s.research {
		list := t.get(0, "exercise_modifications")
		if !t.is(list, listKind) {
			return
		}
		for c := range t.children(list) {
			load, sets := t.str(t.get(c, "load_adjustment")), t.str(t.get(c, "sets_reps"))
			switch next := strings.TrimSpace(t.str(t.get(c, "progression_criteria"))); {
			case classify(load)&digitByte == 0 && classify(sets)&digitByte == 0 && !noLoad.in(load):
				x.report(a.at(c), fmt.Sprintf("The modification names no load, sets or reps (%s); write them as numbers.", quoted(load)))
			case next == "" || strings.EqualFold(next, "n/a"):
				x.report(a.at(c), "The modification does not say how to go on from there; add what must be true to take the next step.")
			}
		}
		return
	}
	if list := t.find("affected_exercises", "modify_significantly"); t.is(list, listKind) {
		for c := range t.children(list) {
			checkAmount(x, a, c)
		}
	}
	if list := t.find("recommendations", "training_modifications"); t.is(list, listKind) {
		for c := range t.children(list) {
			if checkAmount(x, a, c) && t.str(t.get(c, "progression")) == "" {
				x.report(a.at(c), fmt.Sprintf("The change to %s does not say how to go on from there; add what must be true to take the next step.", quoted(t.str(t.get(c, "exercise")))))
			}
		}
	}
}

// noLoad says how much as clearly as a number does.
var noLoad = newPhrases("no load", "without load", "do not load", "complete rest")

// checkAmount reports a change that names neither load nor sets and reps.
func checkAmount(x *exam, a *answer, n int32) bool {
	t := a.tree
	if t.is(t.get(n, "load_percent"), numberKind) || t.str(t.get(n, "sets_reps")) != "" {
		return true
	}
	x.report(a.at(n), fmt.Sprintf("The change to %s names neither load nor sets and reps; write them.", quoted(t.str(t.get(n, "exercise")))))
	return false
}

var outrightWords = newPhrases("entirely", "completely", "altogether")

func buildOvertreated(s *setting) (func(*exam), error) {
	p := struct {
		Subcategories []string `json:"subcategories"`
		MaxWeeks      float64  `json:"max_weeks"`
	}{[]string{"doms"}, 2}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	if !s.runsIn(p.Subcategories) {
		return nil, nil
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		if n := t.find("affected_exercises", "avoid_completely"); t.is(n, listKind) && t.nodes[n].count > 0 {
			x.report(a.at(n), "Exercises are to be avoided completely because of normal soreness; make them lighter instead.")
		}
		if n := t.get(s.timeline, "total_weeks"); s.research && s.timeline != 0 && t.is(n, numberKind) && t.nodes[n].number > p.MaxWeeks {
			x.report(a.at(n), fmt.Sprintf("Normal soreness takes %s weeks here; it passes in days. Shorten the plan.", t.nodes[n].text))
		}
		if list := t.get(0, "exercise_modifications"); t.is(list, listKind) {
			for c := range t.children(list) {
				n := t.get(c, "load_adjustment")
				text := t.str(n)
				if m := outrightWords.next(text, 0); m.phrase >= 0 && avoidWords.in(text[:m.start]) {
					x.report(a.at(n), fmt.Sprintf("Normal soreness leads to avoiding exercises outright (%s); make them lighter instead.", quoted(text)))
				}
			}
		}
	}), nil
}

var avoidWords = newPhrases("avoid*", "no load")

// verdicts state a condition as a fact. Those of the first list need the name
// of a condition after them.
var (
	verdictStarts = newPhrases("you have", "you've got", "you are suffering from", "you're suffering from", "this is definitely", "it is definitely", "it's definitely", "you tore", "you have torn", "you've torn", "clearly a", "this is clearly")
	verdicts      = newPhrases("the diagnosis is", "diagnosis is confirmed", "confirmed diagnosis", "diagnosis confirmation", "confirm diagnosis", "is the primary diagnosis", "as the primary diagnosis", "definitive diagnosis is", "diagnosed with", "diagnosis of")
)

func checkDiagnosisWording(x *exam) {
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.role != example.Assistant {
			continue
		}
		const near = 40
		m := verdicts.next(p.text, 0)
		if m.phrase < 0 {
			m = verdictStarts.next(p.text, 0)
			for m.phrase >= 0 && !pathologies.in(sentenceStart(p.text[m.end:min(len(p.text), m.end+near)])) {
				m = verdictStarts.next(p.text, m.end)
			}
		}
		if m.phrase >= 0 {
			x.report(x.within(p, m.start, m.end), fmt.Sprintf("%s states a diagnosis; say what it is consistent with, or let a clinician approve it.", quoted(p.text[m.start:m.end])))
		}
	}
}

// sentenceStart returns s up to the end of its first sentence.
func sentenceStart(s string) string {
	if i := strings.IndexAny(s, ".!?;\n"); i >= 0 {
		return s[:i]
	}
	return s
}

func buildAmbiguousAsks(s *setting) (func(*exam), error) {
	p := struct {
		Subcategories []string `json:"subcategories"`
	}{[]string{"ambiguous"}}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	if !s.runsIn(p.Subcategories) {
		return nil, nil
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		where := at(a.message, 0, 0)
		if n := t.get(0, "response_to_user"); n != 0 {
			where = a.at(n)
			if strings.ContainsRune(t.str(n), '?') {
				return
			}
		} else {
			for n := range t.descendants(0) {
				if strings.ContainsRune(t.str(n), '?') {
					return
				}
			}
		}
		x.report(where, "Too little is known here and the answer asks nothing; ask two to four questions that would change it.")
	}), nil
}

// runsReferral reports whether injury/red-flag-referral, which asks for more,
// runs at s too.
func (s *setting) runsReferral() bool {
	if s.category == nil {
		return false
	}
	check, on := s.category.Check("injury/red-flag-referral")
	if !on {
		return false
	}
	referral := *s
	referral.params = check.Params
	run, err := buildRedFlagReferral(&referral)
	return err == nil && run != nil
}

func checkFlagIgnored(x *exam, a *answer, s *shape) {
	t := a.tree
	flags := t.find("red_flags", "present")
	n := t.find("recommendations", "medical_consultation", "recommended")
	if t.is(flags, listKind) && t.nodes[flags].count > 0 && t.is(n, boolKind) && !t.isTrue(n) {
		x.report(a.at(n), "A red flag is present and no doctor is recommended; recommend one, or say why the sign is none.")
	}
}
