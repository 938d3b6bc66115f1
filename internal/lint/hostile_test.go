package lint_test

import (
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
)

// TestHostile checks texts that are long in the ways in which a careless check
// would take hours: the test is that it ends.
func TestHostile(t *testing.T) {
	t.Parallel()
	l := linter(t)
	const megabyte = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, megabyte/len(s)) }
	for name, text := range map[string]string{
		"gaps":                  fill("[insert x] "),
		"gaps in code":          "```\n" + fill("[insert x] {{y}} "),
		"braces":                fill("{name} "),
		"open brackets":         fill("["),
		"numbers":               fill("12 "),
		"minutes":               fill("3 minutes "),
		"number words":          fill("two twenty five and a half "),
		"digits":                fill("4"),
		"digits and hyphens":    fill("4-"),
		"clocks":                fill("1:30 "),
		"paces":                 fill("8:30 per mile is 5:00 per km "),
		"distances":             fill("5 miles (8 km) "),
		"tags":                  fill("\U000e0041"),
		"joiners":               fill("a\u200d"),
		"at signs":              fill("@"),
		"addresses":             fill("12 Oak "),
		"special tokens":        fill("<|eot_id|>"),
		"half a special token":  fill("<|a"),
		"nested lists":          fill("["),
		"nested objects":        fill(`{"a":`),
		"a list of sets":        `{"exercises":[` + fill(`{"weight":7,"reps":3},`) + `{}]}`,
		"many keys":             `{` + fill(`"a":1,`) + `"b":2}`,
		"many steps":            `{"assessment":{},"reasoning_chain":[` + fill(`"as an ai I have 400 mg of TODO",`) + `""]}`,
		"many probabilities":    `{"primary_assessment":{"injury_type":"calf strain"},"differential_diagnosis":[` + fill(`{"condition":"x","probability":0},`) + `{}]}`,
		"escapes":               `{"a":"` + fill(`\ud83d`) + `"}`,
		"references":            fill("same weight "),
		"diagnoses without end": fill("you have "),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []lint.Subject{
				{Category: "voice_parsing", Conversation: talk(text, set(`,"weight":7,"reps":3,"rpe":2,"rest_seconds":77`))},
				{Category: "voice_parsing", Conversation: talk("bench", text)},
				{Category: "injury_analysis", Subcategory: "ambiguous", Conversation: talk(text, text)},
				{Category: "running_cardio", Subcategory: "pace_calculation", Conversation: talk(text, text)},
			} {
				if found := l.Check(s); len(found) > 1000 {
					t.Errorf("%s: %d findings", s.Category, len(found))
				}
			}
		})
	}
	t.Run("turns", func(t *testing.T) {
		t.Parallel()
		var c example.Conversation
		for range 10_000 {
			c.Messages = append(c.Messages, talk("same weight as ever, no number at all", set(`,"weight":7,"reps":3`)).Messages...)
		}
		if found := l.Check(lint.Subject{Category: "voice_parsing", Conversation: c}); len(found) == 0 {
			t.Error("nothing is found")
		}
	})
}
