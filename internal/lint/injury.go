package lint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
)

// A shape says where the two forms of injury answers keep the same things. The
// full one is the product's, the research one is flatter.
type shape struct {
	research     bool
	assessment   int32
	severity     int32
	confidence   int32
	why          int32 // the reasoning for the confidence
	kind         int32 // what it is thought to be
	chain        int32
	differential int32
	triggers     int32 // what would be alarming
	timeline     int32
}

// injuryShape finds the parts of a; ok is false for an answer that is neither.
// Parts that are missing are 0.
func (a *answer) injuryShape() (s shape, ok bool) {
	t := a.tree
	if a.err != nil || len(t.nodes) == 0 || t.nodes[0].kind != objectKind {
		return s, false
	}
	s.chain = t.get(0, "reasoning_chain")
	if p := t.get(0, "primary_assessment"); p != 0 {
		s.research, s.assessment = true, p
		s.differential = t.get(0, "differential_diagnosis")
		s.triggers = t.get(0, "red_flags")
		s.timeline = t.get(0, "recovery_timeline")
	} else if p := t.get(0, "assessment"); p != 0 {
		s.assessment = p
		s.differential = t.get(0, "differential_diagnoses")
		s.triggers = t.find("red_flags", "escalation_triggers")
		s.timeline = t.find("recommendations", "recovery_timeline_validation")
	} else {
		return s, false
	}
	s.severity = t.get(s.assessment, "severity")
	s.confidence = t.get(s.assessment, "confidence")
	s.why = t.get(s.assessment, "confidence_reasoning")
	s.kind = t.get(s.assessment, "injury_type")
	return s, true
}

// eachInjury makes a check of one that looks at an answer of either shape.
func eachInjury(check func(x *exam, a *answer, s *shape)) func(*exam) {
	return func(x *exam) {
		for i := range x.answers {
			if s, ok := x.answers[i].injuryShape(); ok {
				check(x, &x.answers[i], &s)
			}
		}
	}
}

// lack is the spot of a member that is missing below the first parent that is
// there.
func (a *answer) lack(keys ...string) spot {
	n := int32(0)
	for _, k := range keys {
		c := a.tree.get(n, k)
		if c == 0 {
			s := a.at(n)
			s.key = k
			return s
		}
		n = c
	}
	return a.at(n)
}

// runsIn reports whether the subcategory of s is one of the list; an empty list
// is all.
func (s *setting) runsIn(subcategories []string) bool {
	return len(subcategories) == 0 || slices.Contains(subcategories, s.subcategory)
}

var injuryRules = []definition{
	{
		Rule: Rule{
			ID: "injury/probability-sum", Family: "injury", Severity: Error,
			Summary: "The probabilities of the differential diagnoses do not add up to 1.",
			Why:     "They share one pie; 0.9, 0.7 and 0.4 together are no differential, and an app that shows them as percentages shows nonsense.",
			Source:  "The definition of the answer. 11 of the 50 research examples violate it.",
			Params:  []Param{{"total", "1", "what they add up to."}, {"tolerance", "0.01", "how far the sum may be off."}},
			Fix:     "Share out the whole among the conditions.",
		},
		build: buildProbabilitySum,
	},
	{
		Rule: Rule{
			ID: "injury/severity-vocabulary", Family: "injury", Severity: Error,
			Summary: "The severity is not one of the words that the catalog allows, spelled as it spells them.",
			Why:     "The app decides by this word; \"Mild\", \"moderate to severe\" and \"Undetermined\" fall through.",
			Source:  "The catalog's vocabulary, to which subcategories add words of their own.",
			Params:  []Param{{"vocabulary", "severity", "the vocabulary of the catalog."}},
			Fix:     "Write one of the words that are named.",
		},
		build: buildSeverityVocabulary,
	},
	{
		Rule: Rule{
			ID: "injury/confidence-band", Family: "injury", Severity: Error,
			Summary: "The confidence lies outside the band of the subcategory.",
			Why:     "A model that is sure of vague complaints sends people the wrong way; one that is unsure of clear ones is of no use.",
			Source:  "The catalog's confidence_band of the subcategory; no band, no check. Both ends belong to it.",
			Fix:     "Set a confidence that the evidence carries, or move the example to the subcategory that it is.",
		},
		build: buildConfidenceBand,
	},
	{
		Rule: Rule{
			ID: "injury/reasoning-steps", Family: "injury", Severity: Error,
			Summary: "The reasoning chain is too short or too long.",
			Why:     "Fewer steps skip something, more are padding that costs time at every answer.",
			Source:  "The definition of the answer: 5 to 10 steps.",
			Params:  []Param{{"min", "5", "the fewest steps."}, {"max", "10", "the most steps."}},
			Fix:     "Add what is missing, or merge steps.",
		},
		build: buildReasoningSteps,
	},
	{
		Rule: Rule{
			ID: "injury/escalation-triggers", Family: "injury", Severity: Error,
			Summary: "Nothing is named that would send the athlete to a professional (full shape: red_flags.escalation_triggers; research shape: red_flags); or a trigger is as vague as \"severe pain\" (a warning).",
			Why:     "Whoever follows the advice must know when to stop following it.",
			Source:  "The reviewers' checklist: triggers are specific - a sign someone can notice, a threshold or a time, and where to go.",
			Params:  []Param{{"min", "1", "the fewest triggers."}},
			Fix:     "Name a sign, a threshold or a time, and where to go.",
		},
		build: buildEscalationTriggers,
	},
	{
		Rule: Rule{
			ID: "injury/red-flag-referral", Family: "injury", Severity: Error,
			Summary: "With a red flag, the answer does not say to stop training and see a doctor now, or it offers training modifications.",
			Why:     "These are the cases in which training on can do lasting harm.",
			Source:  "The plan: red flag means stop training, see a doctor now, never a training modification.",
			Params:  []Param{{"subcategories", "[red_flag]", "where the rule runs; empty is everywhere."}},
			Fix:     "Stop training, refer at once, and take the modifications out.",
		},
		build: buildRedFlagReferral,
	},
	{
		Rule: Rule{
			ID: "injury/soreness-is-not-injury", Family: "injury", Severity: Error,
			Summary: "Normal soreness is called an injury.",
			Why:     "The most frequent complaint of all is no injury; a model that thinks so sends healthy people home.",
			Source:  "The plan: for DOMS injury_detected is false. In the research shape the injury type must speak of soreness.",
			Params:  []Param{{"subcategories", "[doms]", "where the rule runs; empty is everywhere."}},
			Fix:     "Set injury_detected to false, or move the example if it is an injury after all.",
		},
		build: buildSoreness,
	},
	{
		Rule: Rule{
			ID: "injury/checkpoints", Family: "injury", Severity: Error,
			Summary: "A checkpoint of the recovery timeline, or what to expect at it, is missing. In the research shape every phase needs a checkpoint.",
			Why:     "Without checkpoints nobody notices that a recovery is not one.",
			Source:  "The plan: checkpoints at day 3, day 7, week 2 and week 4, with expected outcomes.",
			Params:  []Param{{"required", "[day_3, day_7, week_2, week_4]", "the checkpoints of the full shape."}},
			Fix:     "Say what should be true by then.",
		},
		build: buildCheckpoints,
	},
	{
		Rule: Rule{
			ID: "injury/medication", Family: "injury", Severity: Warning,
			Summary: "The answer names a drug or a dose.",
			Why:     "A coach does not prescribe; a dose that is harmless for one person is not for the next.",
			Source:  "The reviewers' guidelines: no doses.",
			Fix:     "Take it out, or let a clinician decide.",
		},
		build: simple(checkMedication),
	},
}

func buildProbabilitySum(s *setting) (func(*exam), error) {
	p := struct {
		Total     float64 `json:"total"`
		Tolerance float64 `json:"tolerance"`
	}{1, 0.01}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		if !t.is(s.differential, listKind) {
			return
		}
		sum, count := 0.0, 0
		for c := range t.children(s.differential) {
			if v, ok := t.num(t.get(c, "probability")); ok {
				sum += v
				count++
			}
		}
		if count == 0 || math.Abs(sum-p.Total) <= p.Tolerance+1e-9 {
			return
		}
		x.report(a.at(s.differential), fmt.Sprintf("The probabilities add up to %s; make them add up to %s.", plainNumber(sum), plainNumber(p.Total)))
	}), nil
}

func buildSeverityVocabulary(s *setting) (func(*exam), error) {
	p := struct {
		Vocabulary string `json:"vocabulary"`
	}{"severity"}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	words := s.vocabulary(p.Vocabulary)
	if len(words) == 0 {
		return nil, nil
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		if !a.tree.is(s.severity, stringKind) {
			return
		}
		if word := a.tree.str(s.severity); !slices.Contains(words, word) {
			x.report(a.at(s.severity), fmt.Sprintf("The severity is %s; write one of %s.", quoted(word), strings.Join(words, ", ")))
		}
	}), nil
}

func buildConfidenceBand(s *setting) (func(*exam), error) {
	if err := s.decode(&struct{}{}); err != nil {
		return nil, err
	}
	var band *catalog.Band
	if s.category != nil {
		if sub, ok := s.category.Subcategory(s.subcategory); ok {
			band = sub.ConfidenceBand
		}
	}
	if band == nil {
		return nil, nil
	}
	subcategory := s.subcategory
	return eachInjury(func(x *exam, a *answer, s *shape) {
		v, ok := a.tree.num(s.confidence)
		if !ok || band.Contains(v) {
			return
		}
		advice := "lower it"
		if v < band.Min {
			advice = "raise it"
		}
		x.report(a.at(s.confidence), fmt.Sprintf("The confidence is %s; for %s it lies between %.2f and %.2f. If the evidence allows, %s; otherwise the example may belong elsewhere.",
			a.tree.nodes[s.confidence].text, subcategory, band.Min, band.Max, advice))
	}), nil
}

func buildReasoningSteps(s *setting) (func(*exam), error) {
	p := struct {
		Min int `json:"min"`
		Max int `json:"max"`
	}{5, 10}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		if !a.tree.is(s.chain, listKind) {
			return
		}
		switch n := int(a.tree.nodes[s.chain].count); {
		case n < p.Min:
			x.report(a.at(s.chain), fmt.Sprintf("The reasoning has %d steps; write at least %d.", n, p.Min))
		case n > p.Max:
			x.report(a.at(s.chain), fmt.Sprintf("The reasoning has %d steps; bring it down to %d at most.", n, p.Max))
		}
	}), nil
}

// vagueTriggers are signs that say nothing when they are all that is said.
var vagueTriggers = map[string]bool{
	"pain": true, "severe pain": true, "increased pain": true, "increasing pain": true, "worsening pain": true, "persistent pain": true, "extreme pain": true, "unbearable pain": true,
	"pain worsens": true, "pain gets worse": true, "if it gets worse": true, "if pain gets worse": true, "if the pain gets worse": true, "if pain worsens": true,
	"worsening symptoms": true, "symptoms worsen": true, "if symptoms worsen": true, "pain that worsens over time": true, "pain that is getting worse": true,
	"severe symptoms": true, "increased swelling or pain": true, "swelling": true, "significant swelling": true, "bruising": true, "weakness": true,
	"no improvement": true, "if it does not improve": true, "if symptoms persist": true, "persistent symptoms": true, "any other concerns": true, "discomfort": true,
}

func buildEscalationTriggers(s *setting) (func(*exam), error) {
	p := struct {
		Min int `json:"min"`
	}{1}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		where, count := a.at(s.triggers), 0
		switch {
		case s.triggers == 0 && s.research:
			where = a.lack("red_flags")
		case s.triggers == 0:
			where = a.lack("red_flags", "escalation_triggers")
		case t.is(s.triggers, listKind):
			count = int(t.nodes[s.triggers].count)
		}
		if count < p.Min {
			x.report(where, fmt.Sprintf("%s named that would send the athlete to a professional; name at least %d: a sign, a threshold or a time, and where to go.", signs(count), p.Min))
		}
		if count == 0 {
			return
		}
		for c := range t.children(s.triggers) {
			text := strings.ToLower(strings.TrimRight(strings.TrimSpace(t.str(c)), ". "))
			if vagueTriggers[text] {
				x.reportAs(Warning, a.at(c), fmt.Sprintf("%s tells nobody when to go; add what can be noticed or measured, and where to go.", quoted(t.str(c))))
			}
		}
	}), nil
}

func signs(n int) string {
	switch n {
	case 0:
		return "Nothing is"
	case 1:
		return "Only one sign is"
	}
	return fmt.Sprintf("Only %d signs are", n)
}

// Words of a referral.
var (
	doctorWords = newPhrases("doctor", "physician", "emergency*", "hospital", "a&e", "911", "999", "112", "ambulance", "urgent care", "medical attention", "medical evaluation", "surgeon", "er", "clinic")
	stopWords   = newPhrases("stop", "cease", "discontinue", "do not train", "don't train", "no training", "nobody should train", "stop training", "end the session", "halt", "not train")
	nowWords    = newPhrases("now", "immediate", "immediately", "right away", "at once", "today", "without delay", "emergency*", "urgent*", "same day", "911", "999", "112", "ambulance")
)

func buildRedFlagReferral(s *setting) (func(*exam), error) {
	p := struct {
		Subcategories []string `json:"subcategories"`
	}{[]string{"red_flag"}}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	if !s.runsIn(p.Subcategories) {
		return nil, nil
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		var wrong []string
		where := a.lack("recommendations")
		if s.research {
			where = a.lack("exercise_modifications")
			wrong = researchReferral(a)
		} else {
			wrong = fullReferral(a)
		}
		if len(wrong) > 0 {
			x.report(where, fmt.Sprintf("With a red flag the answer must stop training and send the athlete to a doctor now, and nothing else; here %s. Put that right.", strings.Join(wrong, ", and ")))
		}
	}), nil
}

// fullReferral says what the full shape lacks of a referral.
func fullReferral(a *answer) []string {
	t := a.tree
	var wrong []string
	consult := t.find("recommendations", "medical_consultation")
	if consult == 0 || !t.isTrue(t.get(consult, "recommended")) {
		wrong = append(wrong, "no doctor is recommended")
	} else if u := t.get(consult, "urgency"); t.is(u, stringKind) && t.str(u) != "immediate" {
		wrong = append(wrong, fmt.Sprintf("the doctor can wait (urgency %s)", t.str(u)))
	}
	action := t.str(t.find("recommendations", "immediate_action"))
	reply := t.str(t.find("response_to_user"))
	if !stopWords.in(action) && !stopWords.in(reply) {
		wrong = append(wrong, "nothing says to stop training")
	}
	if !(doctorWords.in(action) && nowWords.in(action)) && !(doctorWords.in(reply) && nowWords.in(reply)) {
		wrong = append(wrong, "nothing says to see a doctor now")
	}
	for _, keys := range [...][]string{
		{"recommendations", "training_modifications"}, {"affected_exercises", "modify_significantly"},
	} {
		if n := t.find(keys...); t.is(n, listKind) && t.nodes[n].count > 0 {
			wrong = append(wrong, fmt.Sprintf("%s is not empty", keys[1]))
		}
	}
	return wrong
}

// researchReferral says what the research shape lacks of a referral.
func researchReferral(a *answer) []string {
	t := a.tree
	var stop, doctor, now bool
	for n := range t.descendants(0) {
		if s := t.str(n); s != "" {
			stop = stop || stopWords.in(s)
			doctor = doctor || doctorWords.in(s)
			now = now || nowWords.in(s)
		}
	}
	var wrong []string
	if !stop {
		wrong = append(wrong, "nothing says to stop training")
	}
	if !doctor || !now {
		wrong = append(wrong, "nothing says to see a doctor now")
	}
	if n := t.find("exercise_modifications"); t.is(n, listKind) && t.nodes[n].count > 0 {
		wrong = append(wrong, "exercise_modifications is not empty")
	}
	return wrong
}

var sorenessWords = newPhrases("doms", "sore*", "delayed onset*", "delayed-onset*", "normal training response", "stiffness", "muscle ache*", "fatigue")

func buildSoreness(s *setting) (func(*exam), error) {
	p := struct {
		Subcategories []string `json:"subcategories"`
	}{[]string{"doms"}}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	if !s.runsIn(p.Subcategories) {
		return nil, nil
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		if s.research {
			if t.is(s.kind, stringKind) && !sorenessWords.in(t.str(s.kind)) {
				x.report(a.at(s.kind), fmt.Sprintf("%s names an injury where there is normal soreness; call it that, or move the example to another subcategory.", quoted(t.str(s.kind))))
			}
			return
		}
		if n := t.get(s.assessment, "injury_detected"); t.isTrue(n) {
			x.report(a.at(n), "Normal soreness is no injury; set injury_detected to false, or move the example to another subcategory.")
		}
	}), nil
}

func buildCheckpoints(s *setting) (func(*exam), error) {
	p := struct {
		Required []string `json:"required"`
	}{[]string{"day_3", "day_7", "week_2", "week_4"}}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	return eachInjury(func(x *exam, a *answer, s *shape) {
		t := a.tree
		if s.research {
			phases := t.get(s.timeline, "phases")
			if s.timeline == 0 || phases == 0 {
				return
			}
			for c := range t.children(phases) {
				if n := t.get(c, "checkpoints"); !t.is(n, listKind) || t.nodes[n].count == 0 {
					x.report(a.at(c), fmt.Sprintf("The phase %s has no checkpoint; say what must be true before the next one begins.", quoted(t.str(t.get(c, "phase_name")))))
				}
			}
			return
		}
		var missing []string
		for _, key := range p.Required {
			if s.timeline == 0 || strings.TrimSpace(t.str(t.findFrom(s.timeline, key, "expected_outcome"))) == "" {
				missing = append(missing, key)
			}
		}
		if len(missing) > 0 {
			x.report(a.lack("recommendations", "recovery_timeline_validation"), fmt.Sprintf("There is no expected outcome at %s; say what should be true by then and what to do if it is not.", strings.Join(missing, ", ")))
		}
	}), nil
}

// drugs are what a coach does not recommend.
var drugs = newPhrases("ibuprofen", "naproxen", "aspirin", "paracetamol", "acetaminophen", "tylenol", "advil", "motrin", "aleve", "diclofenac", "voltaren", "celecoxib", "meloxicam",
	"nsaid", "nsaids", "anti-inflammatory medication*", "anti-inflammatory drug*", "anti-inflammatories", "painkiller*", "pain killer*", "pain reliever*", "pain medication*",
	"cortisone", "corticosteroid*", "steroid injection*", "prednisone", "prednisolone", "opioid*", "tramadol", "codeine", "muscle relaxant*", "cyclobenzaprine", "gabapentin", "antibiotic*")

// checkMedication looks at all the assistant says: one finding a text.
func checkMedication(x *exam) {
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.role != example.Assistant {
			continue
		}
		start, end, dose := nextDose(p)
		if m := drugs.next(p.text, 0); m.phrase >= 0 && !dose {
			start, end = m.start, m.end
		}
		switch {
		case dose:
			x.report(x.within(p, start, end), fmt.Sprintf("The answer gives a dose (%s); take it out, or let a clinician decide.", quoted(p.text[start:end])))
		case end > 0:
			x.report(x.within(p, start, end), fmt.Sprintf("The answer recommends or names a medicine (%s); take it out, or let a clinician decide.", quoted(p.text[start:end])))
		}
	}
}

// nextDose finds a number followed by mg, ml, tablets or the like.
func nextDose(p *piece) (start, end int, ok bool) {
	if p.bytes&digitByte == 0 {
		return 0, 0, false
	}
	s := p.text
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		start = i
		for i < len(s) && (isDigit(s[i]) || (s[i] == ',' || s[i] == '.' || s[i] == '-') && i+1 < len(s) && isDigit(s[i+1])) {
			i++
		}
		at := i
		if at < len(s) && s[at] == ' ' {
			at++
		}
		from := at
		for at < len(s) && isLetter(s[at]) {
			at++
		}
		if doseUnits[strings.ToLower(s[from:at])] {
			return start, at, true
		}
	}
	return 0, 0, false
}

var doseUnits = map[string]bool{"mg": true, "mcg": true, "milligram": true, "milligrams": true, "tablet": true, "tablets": true, "pill": true, "pills": true, "capsule": true, "capsules": true}
