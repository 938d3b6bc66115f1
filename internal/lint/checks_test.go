package lint_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
)

var update = flag.Bool("update", false, "write docs/checks.md")

// An illustration shows a rule on two examples that differ in little: one it
// leaves alone and one it objects to.
type illustration struct {
	rule              string
	good, bad         lint.Subject
	showGood, showBad string
}

// dialogue shows two conversations of a category as they are.
func dialogue(rule, category string, good, bad []string) illustration {
	show := func(turns []string) string {
		var b strings.Builder
		for i, s := range turns {
			who := "user"
			if i%2 == 1 {
				who = "assistant"
			}
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(who + ": " + visible(s))
		}
		return b.String()
	}
	return illustration{
		rule: rule, showGood: show(good), showBad: show(bad),
		good: lint.Subject{Category: category, Conversation: talk(good...)}, bad: lint.Subject{Category: category, Conversation: talk(bad...)},
	}
}

// visible spells out what can't be seen.
func visible(s string) string {
	q := strconv.QuoteToGraphic(s)
	q = strings.ReplaceAll(strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`), `\n`, "\n")
	return q
}

// fragment shows one part of an injury answer before and after a change.
func fragment(t *testing.T, rule, subcategory, answer, before, after string) illustration {
	t.Helper()
	subject := func(answer string) lint.Subject {
		return lint.Subject{Category: "injury_analysis", Subcategory: subcategory, Conversation: talk(calf, answer)}
	}
	return illustration{rule: rule, good: subject(answer), bad: subject(change(t, answer, before, after)), showGood: before, showBad: after}
}

func illustrations(t *testing.T) []illustration {
	t.Helper()
	user, answer := message(example.User, "How deep should I squat?"), message(example.Assistant, "To parallel.")
	inOrder := func(rule, showGood, showBad string, good, bad []example.Message) illustration {
		return illustration{
			rule: rule, showGood: showGood, showBad: showBad,
			good: lint.Subject{Category: "ai_coach", Conversation: example.Conversation{Messages: good}},
			bad:  lint.Subject{Category: "ai_coach", Conversation: example.Conversation{Messages: bad}},
		}
	}
	call := func(ids ...string) example.Message {
		m := example.Message{Role: example.Assistant}
		for _, id := range ids {
			m.ToolCalls = append(m.ToolCalls, example.ToolCall{ID: id, Name: "one_rep_max", Arguments: "{}"})
		}
		return m
	}
	result := func(id string) example.Message {
		return example.Message{Role: example.Tool, ToolCallID: id, Content: "120"}
	}
	plain := []string{"How deep?", "To parallel."}
	long := dialogue("tokens/too-long", "ai_coach", plain, plain)
	long.good.Tokens, long.bad.Tokens = 400, 9000
	long.showGood, long.showBad = "an example of 400 tokens", "an example of 9,000 tokens"
	soreAnswer := change(t, full, `"injury_detected":true`, `"injury_detected":false`, `{"exercise":"sprint","rationale":"It hurts."}`, ``)
	unsure := change(t, full, `"confidence":0.9,`, `"confidence":0.4,`)
	emergency := change(t, full, `"present":[]`, `"present":["calf hot and swollen"]`, `"recommended":false,"urgency":"if_no_improvement"`, `"recommended":true,"urgency":"immediate"`,
		`{"exercise":"squat","change":"Box squat.","load_percent":60,"sets_reps":"3 x 8","progression":"Add 10 % a week."}`, ``,
		`{"exercise":"squat","load_percent":60,"sets_reps":"3 x 8","rationale":"Calm."}`, ``, `Stop for today and keep the leg up.`, `Stop training and see a doctor now.`)
	label := fragment(t, "injury/answer-in-question", "acute", full, `"left calf"`, `"calf"`)
	label.bad.Conversation = talk(calf+"\n\nContext:\n- Insufficient info: yes", full)
	label.showGood, label.showBad = calf, calf+"\n\nContext:\n- Insufficient info: yes"
	generic := fragment(t, "injury/generic-reasoning", "acute", research, `"The calf hurts."`, `"Consider the training history."`)
	run := func(duration string) string {
		return `{"distance":5,"distance_unit":"mi","pace":"8:30","pace_unit":"min/mi","duration":"` + duration + `"}`
	}
	voice := func(rule, said, good, bad string) illustration {
		i := dialogue(rule, "voice_parsing", []string{said, set(good)}, []string{said, set(bad)})
		i.showGood, i.showBad = "user: "+said+"\nassistant: {..."+good+"}", "user: "+said+"\nassistant: {..."+bad+"}"
		return i
	}
	stretch := voice("voice/stretch-load", "after squats at 315, hamstring stretch 30 seconds", `,"weight":null,"duration_seconds":30`, `,"weight":315,"weight_unit":"lbs","duration_seconds":30`)
	for _, s := range []*lint.Subject{&stretch.good, &stretch.bad} {
		s.Conversation.Messages[1].Content = strings.Replace(s.Conversation.Messages[1].Content, "Bench Press", "Hamstring Stretch", 1)
	}
	schema := voice("json/schema", "bench 8", `,"reps":8`, `,"reps":"8"`)
	dangling := voice("voice/dangling-reference", "same weight, 6", ``, `,"weight":185,"weight_unit":"lbs","reps":6`)
	dangling.good.Conversation = talk("bench 185 for 8", set(`,"weight":185,"weight_unit":"lbs","reps":8`), "same weight, 6", set(`,"weight":185,"weight_unit":"lbs","reps":6`))
	dangling.showGood = "user: bench 185 for 8\nassistant: {...}\nuser: same weight, 6\nassistant: {...,\"weight\":185,\"weight_unit\":\"lbs\",\"reps\":6}"
	return []illustration{
		inOrder("structure/roles", "system, user, assistant", "user, user, assistant", []example.Message{message(example.System, "s"), user, answer}, []example.Message{user, user, answer}),
		dialogue("structure/empty", "ai_coach", plain, []string{"How deep?", " "}),
		inOrder("structure/no-assistant", "user, assistant", "user", []example.Message{user, answer}, []example.Message{user}),
		inOrder("structure/weights", "assistant, weight 1", "assistant, weight 0", []example.Message{user, weighted(1)}, []example.Message{user, weighted(0)}),
		inOrder("structure/parallel-calls", "a call, its result, another call, its result, words", "two calls in one message, two results, words",
			[]example.Message{user, call("1"), result("1"), call("2"), result("2"), answer}, []example.Message{user, call("1", "2"), result("1"), result("2"), answer}),
		dialogue("text/special-token", "ai_coach", plain, []string{"How deep?", "To parallel.<|eot_id|>"}),
		dialogue("text/control-character", "ai_coach", plain, []string{"How deep?", "To\u0000 parallel."}),
		dialogue("text/placeholder", "ai_coach", plain, []string{"How deep?", "[Would analyze user's program here]"}),
		dialogue("text/refusal", "ai_coach", plain, []string{"How deep?", "As an AI language model, I can't squat."}),
		dialogue("privacy/contact", "ai_coach", plain, []string{"Write to jo.doe@mail.co.uk", "I will."}),
		long,
		dialogue("json/invalid", "voice_parsing", []string{"bench", set(``)}, []string{"bench", `{"exercise_name":"Bench Press",}`}),
		schema,
		voice("voice/unsupported-number", "bench, eight reps", `,"weight":null,"reps":8`, `,"weight":135,"weight_unit":"lbs","reps":8`),
		voice("voice/rir-rpe", "felt like a 9", `,"rpe":9,"rir":1`, `,"rpe":9,"rir":2`),
		dangling,
		stretch,
		voice("voice/unit-mismatch", "bench 100 kilos", `,"weight":100,"weight_unit":"kg"`, `,"weight":100,"weight_unit":"lbs"`),
		fragment(t, "injury/probability-sum", "acute", full, `"condition":"Achilles tendinopathy","probability":0.3`, `"condition":"Achilles tendinopathy","probability":0.9`),
		fragment(t, "injury/severity-vocabulary", "acute", full, `"severity":"moderate"`, `"severity":"moderate to severe"`),
		fragment(t, "injury/confidence-band", "acute", full, `"confidence":0.9,`, `"confidence":0.6,`),
		fragment(t, "injury/reasoning-steps", "acute", full, `["Sudden pain in the left calf at rep 5.","Load was 185 lb.","No numbness.","Walking is possible.",`, `["Sudden pain in the left calf at rep 5.",`),
		fragment(t, "injury/escalation-triggers", "acute", full, `"escalation_triggers":["Swelling within two hours: see a doctor the same day."]`, `"escalation_triggers":[]`),
		fragment(t, "injury/red-flag-referral", "red_flag", emergency, `Stop training and see a doctor now.`, `Try lighter squats and see how it feels.`),
		fragment(t, "injury/soreness-is-not-injury", "doms", soreAnswer, `"injury_detected":false`, `"injury_detected":true`),
		fragment(t, "injury/checkpoints", "acute", full, `"week_2":{"expected_outcome":"1/10"},`, `"week_2":{},`),
		fragment(t, "injury/medication", "acute", full, `Stop for today`, `Take 400 mg of ibuprofen`),
		fragment(t, "injury/timeline-sum", "acute", research, `"total_weeks":4`, `"total_weeks":12`),
		fragment(t, "injury/assessment-in-differential", "acute", full, `{"condition":"calf strain"`, `{"condition":"vein thrombosis"`),
		fragment(t, "injury/zero-probability", "acute", full, `"probability":0.3`, `"probability":0`),
		fragment(t, "injury/process-talk", "acute", full, `"No numbness."`, `"Search results confirm a strain."`),
		generic,
		label,
		fragment(t, "injury/vague-modification", "acute", research, `"load_adjustment":"60 %","sets_reps":"3 x 8"`, `"load_adjustment":"Reduce the weight","sets_reps":"as tolerated"`),
		fragment(t, "injury/soreness-overtreated", "doms", soreAnswer, `"avoid_completely":[]`, `"avoid_completely":[{"exercise":"squat","rationale":"It is sore."}]`),
		fragment(t, "injury/diagnosis-wording", "acute", full, `This looks like a calf strain.`, `You have a calf strain.`),
		fragment(t, "injury/ambiguous-asks", "ambiguous", unsure, `When did it start?`, `Rest it.`),
		fragment(t, "injury/red-flag-ignored", "acute", full, `"present":[]`, `"present":["calf hot and swollen"]`),
		dialogue("running/pace-arithmetic", "running_cardio", []string{"5 mile run at 8:30 pace", run("42:30")}, []string{"5 mile run at 8:30 pace", run("40:30")}),
		dialogue("running/unit-conversion", "running_cardio", []string{"10 miles?", "10 miles is 16.1 km."}, []string{"10 miles?", "10 miles is 15 km."}),
		dialogue("running/heat-direction", "running_cardio",
			[]string{"What is it worth?", "8:30 per mile at 88 °F is worth about 8:05 per mile in cool weather."}, []string{"What is it worth?", "8:30 per mile at 88 °F is worth about 8:55 per mile in cool weather."}),
	}
}

// TestChecksDocument keeps docs/checks.md in step with the rules, and every rule
// with an example that it objects to and one that it leaves alone. Write the
// document with: go test ./internal/lint -run TestChecksDocument -update
func TestChecksDocument(t *testing.T) {
	t.Parallel()
	l := linter(t)
	of := func(s lint.Subject, rule string) []lint.Finding {
		return slices.DeleteFunc(l.Check(s), func(f lint.Finding) bool { return f.Rule != rule })
	}
	shown := map[string]illustration{}
	messages := map[string]lint.Finding{}
	for _, i := range illustrations(t) {
		shown[i.rule] = i
		if found := of(i.good, i.rule); len(found) > 0 {
			t.Errorf("%s objects to its good example: %s", i.rule, found[0].Message)
		}
		found := of(i.bad, i.rule)
		if len(found) == 0 {
			t.Errorf("%s leaves its bad example alone", i.rule)
			continue
		}
		messages[i.rule] = found[0]
	}
	for _, r := range lint.Rules() {
		if _, ok := shown[r.ID]; ok == (r.Elsewhere != "") {
			t.Errorf("%s has an example: %v", r.ID, ok)
		}
		family, _, _ := strings.Cut(r.ID, "/")
		if r.Family != family {
			t.Errorf("%s is said to be of the family %s", r.ID, r.Family)
		}
		for _, s := range []string{r.Summary, r.Why, r.Source, r.Fix} {
			if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, ")") && !strings.HasSuffix(s, "\"") {
				t.Errorf("%s: %q is no sentence", r.ID, s)
			}
		}
	}
	got := document(lint.Rules(), shown, messages)
	path := filepath.Join("..", "..", "docs", "checks.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/checks.md is not up to date, run this test with -update (-file +rules):\n%s", diff)
	}
}

func document(rules []lint.Rule, shown map[string]illustration, messages map[string]lint.Finding) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Checks\n")
	p("<!-- Written by: go test ./internal/lint -run TestChecksDocument -update -->\n")
	p("Every example is checked when it is imported and each time it is edited. A check is a rule that looks at one example and says what")
	p("is wrong, where, and what to do. It changes nothing.\n")
	p("- **error**: approving needs a written reason. **warning**: a person should look. **info**: good to know.")
	p("- A finding points at a place by JSON pointer, into the answer's own JSON where it is structured")
	p("  (`/messages/2/content/assessment/confidence`), and at a range of bytes where a piece of text is meant.")
	p("- The rules of *structure*, *text*, *privacy*, *tokens* and *json* run in every category; *json* looks at answers that the catalog calls")
	p("  structured. *voice*, *injury* and *running* run where a category's `checks` name them.\n")
	p("```yaml")
	p("checks:")
	p("  - rule: injury                    # the whole family")
	p("  - rule: injury/reasoning-steps    # one rule with its own settings")
	p("    severity: warning")
	p("    params: {min: 4, max: 12}")
	p("  - rule: text/refusal")
	p("    off: true")
	p("```\n")
	p("An entry for a rule lies over the entry for its family. A severity in the catalog holds for every finding of the rule; without one, single")
	p("findings may be milder than the rule's own severity, as described below. A catalog that names a rule that does not exist, or a parameter")
	p("that the rule does not have, is refused.\n")
	p("| rule | severity | what it catches |")
	p("| --- | --- | --- |")
	for _, r := range rules {
		p("| [`%s`](#%s) | %s | %s |", r.ID, strings.ReplaceAll(r.ID, "/", ""), r.Severity, strings.ReplaceAll(r.Summary, "|", "\\|"))
	}
	for _, r := range rules {
		p("\n## %s\n", r.ID)
		where := "where the catalog's `checks` name it"
		if r.Everywhere {
			where = "in every category, unless switched off"
		}
		if r.Elsewhere != "" {
			where = "reported by " + r.Elsewhere
		}
		p("*%s, %s.* %s\n", r.Severity, where, r.Summary)
		p("**Why.** %s\n", r.Why)
		p("**Source.** %s\n", r.Source)
		p("**What to do.** %s", r.Fix)
		if len(r.Params) > 0 {
			p("\n| parameter | default | meaning |")
			p("| --- | --- | --- |")
			for _, x := range r.Params {
				p("| `%s` | `%s` | %s |", x.Name, x.Default, x.Meaning)
			}
		}
		if i, ok := shown[r.ID]; ok {
			f := messages[r.ID]
			p("\nLeft alone:\n\n```text\n%s\n```", i.showGood)
			p("\nFound:\n\n```text\n%s\n```", i.showBad)
			p("\n> %s: %s", f.Severity, strings.ReplaceAll(strings.ReplaceAll(f.Message, "<", "&lt;"), "\x00", ""))
		}
	}
	return b.String()
}
