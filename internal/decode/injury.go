package decode

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
)

// injuryCategory is the category that VoiceFit's injury research files imply.
const injuryCategory = "injury_analysis"

// injury reads a row of VoiceFit's injury research: the category's system
// prompt; the user's words, followed by what is known about the case,
//
//	Sharp pain in shoulder during overhead press, felt something pop
//
//	Context:
//	- Exercise: overhead press
//	- Duration weeks: 8
//	- Exercises: squats, rows
//	- Bilateral: yes
//
// one line per key of scenario.context in its order (the key with spaces for
// underscores; lists joined by commas; yes and no; anything nested as JSON);
// and the assessment in training_example as compact JSON, keys in their order,
// numbers as spelled. Scenario, citations and processor stay in the metadata.
func (r *reader) injury(system func(string) string) error {
	if !r.shape.all(hasScenario | hasTraining) {
		return r.wrong("scenario and training_example")
	}
	scenario := r.member(0, "scenario")
	if r.nodes[scenario].kind != object {
		return invalid("scenario must be an object, found %s.", r.found(scenario))
	}
	answer := r.member(0, "training_example")
	if r.nodes[answer].kind != object {
		return invalid("training_example must be an object, found %s.", r.found(answer))
	}
	r.nodes[answer].used = true
	words := r.member(scenario, "user_input")
	if words < 0 {
		return invalid("scenario has no user_input: what the user said.")
	}
	if r.nodes[words].kind != text {
		return invalid("scenario.user_input must be a string, found %s.", r.found(words))
	}
	ask := r.str(words)
	if n := r.member(scenario, "context"); n >= 0 && r.nodes[n].kind != null {
		if r.nodes[n].kind != object {
			return invalid("scenario.context must be an object, found %s.", r.found(n))
		}
		ask += r.context(n)
	}
	r.row.Category = injuryCategory
	if n := r.member(scenario, "category"); n >= 0 && r.nodes[n].kind == text {
		r.row.Subcategory = r.str(n)
	}
	if system != nil {
		if s := system(injuryCategory); s != "" {
			r.add(example.Message{Role: example.System, Content: s})
		}
	}
	r.add(example.Message{Role: example.User, Content: ask})
	r.add(example.Message{Role: example.Assistant, Content: string(r.appendValue(nil, answer, canonical))})
	return nil
}

// context writes the members of the object n as labelled lines.
func (r *reader) context(n int32) string {
	if r.nodes[n].size == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n\nContext:")
	c := n + 1
	for i := r.nodes[n].size; i > 0; i-- {
		b.WriteString("\n- ")
		b.WriteString(label(r.key(c)))
		b.WriteString(": ")
		b.WriteString(r.words(c))
		c = r.nodes[c].next
	}
	return b.String()
}

// label turns a key like duration_weeks into Duration weeks.
func label(key string) string {
	s := strings.ReplaceAll(key, "_", " ")
	if first, size := utf8.DecodeRuneInString(s); size > 0 {
		return string(unicode.ToUpper(first)) + s[size:]
	}
	return s
}

// words writes the value n for a person.
func (r *reader) words(n int32) string {
	v := &r.nodes[n]
	switch v.kind {
	case text:
		return r.str(n)
	case number:
		return r.src[v.start:v.end]
	case boolean:
		if r.raw[v.start] == 't' {
			return "yes"
		}
		return "no"
	case null:
		return "not known"
	case list:
		var parts []string
		c := n + 1
		for i := v.size; i > 0; i-- {
			if k := r.nodes[c].kind; k == list || k == object {
				return string(r.appendValue(nil, n, canonical))
			}
			parts = append(parts, r.words(c))
			c = r.nodes[c].next
		}
		if parts == nil {
			return "none"
		}
		return strings.Join(parts, ", ")
	}
	return string(r.appendValue(nil, n, canonical))
}
