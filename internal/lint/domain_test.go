package lint_test

import (
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/lint"
)

// set is a voice answer with the given members beside the exercise.
func set(members string) string {
	return `{"exercise_id":"0b7d64f0-5a5e-4d4e-9a53-0f4b6f0f2a11","exercise_name":"Bench Press","confidence":0.9` + members + `}`
}

func TestVoiceNumbers(t *testing.T) {
	t.Parallel()
	const rule = "voice/unsupported-number"
	at := func(severity, field string) []string {
		return []string{severity + " " + rule + " /messages/1/content/" + field}
	}
	rows := []row{
		{name: "digits", turns: []string{"bench 225 for 8", set(`,"weight":225,"weight_unit":"lbs","reps":8`)}},
		{name: "digits with an x", turns: []string{"bench 102.5kgx8 @8.5", set(`,"weight":102.5,"weight_unit":"kg","reps":8,"rpe":8.5,"rir":1.5`)}},
		{name: "a decimal comma", turns: []string{"bench 102,5 kilos for 8", set(`,"weight":102.5,"weight_unit":"kg","reps":8`)}},
		{name: "thousands", turns: []string{"leg press 1,050 for 8", set(`,"weight":1050,"weight_unit":"lbs","reps":8`)}},
		{name: "gym talk", turns: []string{"two twenty-five for eight", set(`,"weight":225,"weight_unit":"lbs","reps":8`)}},
		{name: "one oh five", turns: []string{"one oh five for a dozen", set(`,"weight":105,"weight_unit":"lbs","reps":12`)}},
		{name: "in full", turns: []string{"a hundred and thirty-five pounds, ten reps", set(`,"weight":135,"weight_unit":"lbs","reps":10`)}},
		{name: "and a half", turns: []string{"sixty two and a half kilos for five", set(`,"weight":62.5,"weight_unit":"kg","reps":5`)}},
		{name: "point five", turns: []string{"twenty two point five for 5, RPE seven and a half", set(`,"weight":22.5,"weight_unit":"kg","reps":5,"rpe":7.5,"rir":2.5`)}},
		{name: "a fraction", turns: []string{"12 1/2 pounds for 15 and 22½ after", set(`,"weight":12.5,"weight_unit":"lbs","reps":15`)}},
		{name: "a range", turns: []string{"135 for 8-10, RPE 7 to 8", set(`,"weight":135,"weight_unit":"lbs","reps":9,"rpe":7.5,"rir":2.5`)}},
		{name: "converted", turns: []string{"bench 100 kilos for 5", set(`,"weight":220.5,"weight_unit":"lbs","reps":5`)}},
		{name: "effort from what is left", turns: []string{"185 for 8, two left in the tank", set(`,"weight":185,"weight_unit":"lbs","reps":8,"rpe":8,"rir":2`)}},
		{name: "failure", turns: []string{"185 for 8 to failure", set(`,"weight":185,"weight_unit":"lbs","reps":8,"rpe":10,"rir":0`)}},
		{name: "each hand", turns: []string{"50s in each hand for 10", set(`,"weight":100,"weight_unit":"lbs","reps":10`)}},
		{name: "minutes", turns: []string{"plank for a minute and a half, rested 2 minutes", set(`,"duration_seconds":90,"rest_seconds":120`)}},
		{name: "minutes and seconds", turns: []string{"plank 1:30, rest one minute thirty", set(`,"duration_seconds":90,"rest_seconds":90`)}},
		{name: "half a minute", turns: []string{"hang for half a minute", set(`,"duration_seconds":30`)}},
		{name: "an earlier turn", turns: []string{
			"bench 225 for 8", set(`,"weight":225,"weight_unit":"lbs","reps":8`), "same weight, 6 this time", set(`,"weight":225,"weight_unit":"lbs","reps":6`),
		}},
		{name: "a sum", turns: []string{"185 for 8 plus 2", set(`,"weight":185,"weight_unit":"lbs","reps":10`)}},
		{name: "a sum of three", turns: []string{"185 for 8 reps plus another 3 plus 2", set(`,"weight":185,"weight_unit":"lbs","reps":13`)}},
		{name: "a total", turns: []string{"185 for 8, then 4, rest pause", set(`,"weight":185,"weight_unit":"lbs","reps":12`)}},
		{name: "minutes with a letter too many", turns: []string{"plank for 3 minuutes", set(`,"duration_seconds":180`)}},
		{name: "minutes with a letter too few", turns: []string{"185 for 8, rested 2 Miutes", set(`,"weight":185,"weight_unit":"lbs","reps":8,"rest_seconds":120`)}},
		{name: "minutes with two letters changed round", turns: []string{"plank for two mintues", set(`,"duration_seconds":120`)}},
		{name: "minutes with a wrong letter", turns: []string{"plank for 1 minite", set(`,"duration_seconds":60`)}},
		{name: "a pair of dumbbells", turns: []string{"a pair of 50s for 10", set(`,"weight":100,"weight_unit":"lbs","reps":10`)}},
		{name: "no reps", turns: []string{"missed 315", set(`,"weight":315,"weight_unit":"lbs","reps":0`)}},
		{name: "null", turns: []string{"bench for 8", set(`,"weight":null,"weight_unit":null,"reps":8,"rpe":null,"rir":null`)}},

		{name: "another exercise is no sum", turns: []string{"8 at 35 on single leg romanians plus 6 chins", set(`,"weight":35,"weight_unit":"lbs","reps":14`)}, want: at("error", "reps")},
		{name: "a weight is no sum", turns: []string{"13 rollouts, 20 reps plus 30 on chins", set(`,"reps":50`)}, want: at("error", "reps")},
		{name: "one leg is no number", turns: []string{"single-leg squats at 40", set(`,"weight":40,"weight_unit":"lbs","reps":1`)}, want: at("error", "reps")},
		{name: "a pair of exercises", turns: []string{"today's pair, dips at 20 for 10", set(`,"weight":40,"weight_unit":"lbs","reps":10`)}, want: at("error", "weight")},
		{name: "another word than minutes", turns: []string{"plank for 3 minus one", set(`,"duration_seconds":180`)}, want: at("error", "duration_seconds")},
		{name: "an invented weight", turns: []string{"bench, 8 reps", set(`,"weight":135,"weight_unit":"lbs","reps":8`)}, want: at("error", "weight")},
		{name: "a wrong digit", turns: []string{"bench 225 for 8", set(`,"weight":235,"weight_unit":"lbs","reps":8`)}, want: at("error", "weight")},
		{name: "invented reps", turns: []string{"bench 225", set(`,"weight":225,"weight_unit":"lbs","reps":10`)}, want: at("error", "reps")},
		{name: "an invented effort", turns: []string{"bench 225 for 5", set(`,"weight":225,"weight_unit":"lbs","reps":5,"rpe":8,"rir":2`)}, want: append(at("error", "rir"), at("error", "rpe")...)},
		{name: "an invented time", turns: []string{"plank", set(`,"duration_seconds":60`)}, want: at("error", "duration_seconds")},
		{name: "plates", turns: []string{"squat two plates for 5", set(`,"weight":225,"weight_unit":"lbs","reps":5`)}, want: at("warning", "weight")},
		{name: "effort in words", turns: []string{"185 for 6, pretty hard", set(`,"weight":185,"weight_unit":"lbs","reps":6,"rpe":8`)}, want: at("warning", "rpe")},
		{name: "a few", turns: []string{"185 for a few", set(`,"weight":185,"weight_unit":"lbs","reps":3`)}, want: at("warning", "reps")},
		{
			name: "the enhanced form", turns: []string{"bench 225 for 8", `{"reasoning":["x"],"parsed_data":` + set(`,"weight":235,"weight_unit":"lbs","reps":8`) + `}`},
			want: at("error", "parsed_data/weight"),
		},
		{
			name: "several exercises", turns: []string{"bench 225 for 8, row 185 for 10", `{"exercises":[` + set(`,"weight":225,"weight_unit":"lbs","reps":8`) + `,` + set(`,"weight":185,"weight_unit":"lbs","reps":12`) + `]}`},
			want: at("error", "exercises/1/reps"),
		},
		{
			name: "several exercises in the enhanced form", turns: []string{"bench 225 for 8, row 185 for 10", `{"reasoning":["x"],"parsed_data":{"confidence":0.9,"exercises":[` + set(`,"reps":8`) + `,` + set(`,"reps":9`) + `]}}`},
			want: at("error", "parsed_data/exercises/1/reps"),
		},
	}
	for i := range rows {
		rows[i].category = "voice_parsing"
	}
	examine(t, linter(t), rule, rows)
}

func TestVoice(t *testing.T) {
	t.Parallel()
	stretch := strings.Replace(set(`,"weight":315,"weight_unit":"lbs","duration_seconds":30`), "Bench Press", "Hamstring Stretch", 1)
	rows := []row{
		{name: "effort and reserve", turns: []string{"bench 8, RPE 8", set(`,"reps":8,"rpe":8,"rir":2`)}},
		{name: "effort and reserve that do not fit", turns: []string{"bench 5, RPE 9", set(`,"reps":5,"rpe":9,"rir":2`)}, want: []string{
			"error voice/rir-rpe /messages/1/content/rir", "error voice/unsupported-number /messages/1/content/rir",
		}},
		{name: "effort and reserve that were both said and do not fit", turns: []string{"bench 5, RPE 9, 2 left", set(`,"reps":5,"rpe":9,"rir":2`)}, want: []string{
			"error voice/rir-rpe /messages/1/content/rir",
		}},
		{name: "same weight with nothing before", turns: []string{"same weight, 6 this time", set(`,"weight":185,"weight_unit":"lbs","reps":6`)}, want: []string{
			"error voice/dangling-reference /messages/0/content[0:11]", "error voice/unsupported-number /messages/1/content/weight",
		}},
		{name: "same weight with nothing before and an honest answer", turns: []string{"one more at the same weight, 6", set(`,"weight":null,"reps":6`)}, want: []string{
			"warning voice/dangling-reference /messages/0/content[16:27]",
		}},
		{name: "same weight after a light set in one breath", turns: []string{"curls 15 by 12, same weight for 10", set(`,"weight":15,"weight_unit":"lbs","reps":10`)}},
		{name: "same weight after reps alone", turns: []string{"did 12, same weight for 10", set(`,"weight":null,"reps":10`)}, want: []string{
			"warning voice/dangling-reference /messages/0/content[8:19]",
		}},
		{name: "same weight in one breath", turns: []string{"bench 225 for 8 and then same weight for 6", set(`,"weight":225,"weight_unit":"lbs","reps":6`)}},
		{name: "same weight after a set", turns: []string{
			"bench 225 for 8", set(`,"weight":225,"weight_unit":"lbs","reps":8`), "Same   Weight, 6", set(`,"weight":225,"weight_unit":"lbs","reps":6`),
		}},
		{name: "a stretch with the weight of a lift", turns: []string{"after squats at 315, hamstring stretch 30 seconds", stretch}, want: []string{"error voice/stretch-load /messages/1/content/weight"}},
		{name: "a stretch that is meant to be loaded", turns: []string{"weighted stretch 315 30 seconds", strings.Replace(stretch, "Hamstring", "Weighted", 1)}},
		{name: "the wrong unit", turns: []string{"bench 100 kilos for 5", set(`,"weight":100,"weight_unit":"lbs","reps":5`)}, want: []string{"error voice/unit-mismatch /messages/1/content/weight_unit"}},
		{name: "the right unit", turns: []string{"bench 100 kg for 5", set(`,"weight":100,"weight_unit":"kg","reps":5`)}},
		{name: "an answer that is no object", turns: []string{"bench 100 kg for 5", `[1]`}},
	}
	for i := range rows {
		rows[i].category = "voice_parsing"
	}
	examine(t, linter(t), "voice", rows)
}

// TestVoiceParams lets another team's category use the family its own way.
func TestVoiceParams(t *testing.T) {
	t.Parallel()
	c := &catalog.Catalog{Categories: []catalog.Category{{
		Slug: "gym", Answer: catalog.Answer{Kind: catalog.KindJSON}, Checks: []catalog.Check{
			{Rule: "voice/unsupported-number", Params: catalog.Params{"fields": []byte(`["reps"]`)}},
			{Rule: "voice/dangling-reference", Severity: "info", Params: catalog.Params{"phrases": []byte(`["wie vorher"]`)}},
			{Rule: "voice/stretch-load", Params: catalog.Params{"words": []byte(`["dehn*"]`)}},
		},
	}}}
	examine(t, linterOf(t, c), "voice", []row{
		{name: "only reps count", category: "gym", turns: []string{"x", set(`,"weight":5,"reps":3,"rpe":9,"rir":9`)}, want: []string{"error voice/unsupported-number /messages/1/content/reps"}},
		{name: "a phrase of their own", category: "gym", turns: []string{"Wie vorher", set(``)}, want: []string{"info voice/dangling-reference /messages/0/content[0:10]"}},
		{name: "a word of their own", category: "gym", turns: []string{"x", strings.Replace(set(`,"weight":5`), "Bench Press", "Dehnung", 1)}, want: []string{"error voice/stretch-load /messages/1/content/weight"}},
	})
	c.Categories[0].Checks = []catalog.Check{{Rule: "voice/unsupported-number", Params: catalog.Params{"fields": []byte(`["colour"]`)}}}
	if _, err := lint.New(c); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Errorf("New() with an unknown field = %v, want it named", err)
	}
}

// full is a clean answer of the full shape for an acute case.
const full = `{"reasoning_chain":["Sudden pain in the left calf at rep 5.","Load was 185 lb.","No numbness.","Walking is possible.","So a strain is most likely."],
"assessment":{"injury_detected":true,"confidence":0.9,"confidence_reasoning":"A clear moment.","body_part":"left calf","severity":"moderate","severity_reasoning":"4/10.","injury_type":"calf strain","contributing_factors":["load"]},
"red_flags":{"present":[],"absent":["numbness"],"escalation_triggers":["Swelling within two hours: see a doctor the same day."]},
"differential_diagnoses":[{"condition":"calf strain","probability":0.7},{"condition":"Achilles tendinopathy","probability":0.3}],
"affected_exercises":{"avoid_completely":[{"exercise":"sprint","rationale":"It hurts."}],"modify_significantly":[{"exercise":"squat","load_percent":60,"sets_reps":"3 x 8","rationale":"Calm."}],"proceed_with_caution":[],"safe_to_continue":[]},
"recommendations":{"immediate_action":"Stop for today and keep the leg up.","training_modifications":[{"exercise":"squat","change":"Box squat.","load_percent":60,"sets_reps":"3 x 8","progression":"Add 10 % a week."}],
"recovery_timeline_validation":{"day_3":{"expected_outcome":"3/10"},"day_7":{"expected_outcome":"2/10"},"week_2":{"expected_outcome":"1/10"},"week_4":{"expected_outcome":"0/10"}},
"medical_consultation":{"recommended":false,"urgency":"if_no_improvement"}},
"response_to_user":"This looks like a calf strain. When did it start?"}`

// research is a clean answer of the research shape.
const research = `{"user_input":"Calf hurts","primary_assessment":{"injury_type":"calf strain","severity":"moderate","confidence":0.9,"confidence_reasoning":"A clear moment."},
"reasoning_chain":["The calf hurts.","a","b","c","d"],"red_flags":["Swelling within two hours"],
"differential_diagnosis":[{"condition":"calf strain","probability":0.7,"reasoning":"x"},{"condition":"tendinopathy","probability":0.3,"reasoning":"x"}],
"exercise_modifications":[{"avoid":"sprints","substitute":"cycling","load_adjustment":"60 %","sets_reps":"3 x 8","progression_criteria":"no pain"}],
"recovery_timeline":{"total_weeks":4,"phases":[{"phase_name":"calm","duration_weeks":1,"checkpoints":["walking"]},{"phase_name":"load","duration_weeks":3,"checkpoints":["hopping"]}]}}`

// change replaces parts of an answer, each of which must be there.
func change(t *testing.T, answer string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(answer, pairs[i]) {
			t.Fatalf("the answer has no %s", pairs[i])
		}
		answer = strings.Replace(answer, pairs[i], pairs[i+1], 1)
	}
	return answer
}

const calf = "Sudden pain in my left calf at rep 5, 185 lb."

func TestInjury(t *testing.T) {
	t.Parallel()
	const a = "/messages/1/content"
	ch := func(pairs ...string) string { return change(t, full, pairs...) }
	rch := func(pairs ...string) string { return change(t, research, pairs...) }
	soreness := []string{`"injury_detected":true`, `"injury_detected":false`, `"severity":"moderate"`, `"severity":"normal_training_response"`, `"injury_type":"calf strain"`, `"injury_type":"normal soreness"`, `"condition":"calf strain"`, `"condition":"normal soreness"`}
	emergency := []string{
		`"confidence":0.9,`, `"confidence":0.95,`, `"present":[]`, `"present":["calf hot and swollen"]`, `Stop for today and keep the leg up.`, `Stop training and see a doctor now.`,
		`{"exercise":"squat","change":"Box squat.","load_percent":60,"sets_reps":"3 x 8","progression":"Add 10 % a week."}`, ``,
		`{"exercise":"squat","load_percent":60,"sets_reps":"3 x 8","rationale":"Calm."}`, ``, `"recommended":false,"urgency":"if_no_improvement"`, `"recommended":true,"urgency":"immediate"`,
	}
	rows := []row{
		{name: "a clean answer", turns: []string{calf, full}},
		{name: "a clean answer of the research shape", turns: []string{calf, research}},
		{name: "probabilities", turns: []string{calf, ch(`"probability":0.3`, `"probability":0.9`)}, want: []string{"error injury/probability-sum " + a + "/differential_diagnoses"}},
		{name: "probabilities, research", turns: []string{calf, rch(`"probability":0.3`, `"probability":0.2`)}, want: []string{"error injury/probability-sum " + a + "/differential_diagnosis"}},
		{name: "probabilities within the tolerance", turns: []string{calf, ch(`"probability":0.3`, `"probability":0.31`)}},
		{name: "severity in capitals", turns: []string{calf, ch(`"moderate"`, `"Moderate"`)}, want: []string{"error injury/severity-vocabulary " + a + "/assessment/severity"}},
		{name: "severity of another subcategory", turns: []string{calf, rch(`"moderate"`, `"unknown"`)}, want: []string{"error injury/severity-vocabulary " + a + "/primary_assessment/severity"}},
		{name: "too sure", turns: []string{calf, ch(`"confidence":0.9,`, `"confidence":0.96,`)}, want: []string{"error injury/confidence-band " + a + "/assessment/confidence"}},
		{name: "not sure enough", turns: []string{calf, rch(`"confidence":0.9,`, `"confidence":0.84,`)}, want: []string{"error injury/confidence-band " + a + "/primary_assessment/confidence"}},
		{name: "at the end of the band", turns: []string{calf, ch(`"confidence":0.9,`, `"confidence":0.95,`)}},
		{name: "too few steps", turns: []string{calf, ch(`"Walking is possible.",`, ``)}, want: []string{"error injury/reasoning-steps " + a + "/reasoning_chain"}},
		{name: "too many steps", turns: []string{calf, rch(`"a",`, `"a","a","a","a","a","a","a",`)}, want: []string{"error injury/reasoning-steps " + a + "/reasoning_chain"}},
		{name: "no trigger", turns: []string{calf, ch(`["Swelling within two hours: see a doctor the same day."]`, `[]`)}, want: []string{"error injury/escalation-triggers " + a + "/red_flags/escalation_triggers"}},
		{name: "no triggers at all", turns: []string{calf, ch(`,"escalation_triggers":["Swelling within two hours: see a doctor the same day."]`, ``)}, want: []string{"error injury/escalation-triggers " + a + "/red_flags/escalation_triggers"}},
		{name: "no trigger, research", turns: []string{calf, rch(`["Swelling within two hours"]`, `[]`)}, want: []string{"error injury/escalation-triggers " + a + "/red_flags"}},
		{name: "a vague trigger", turns: []string{calf, rch(`"Swelling within two hours"`, `"Severe pain."`)}, want: []string{"warning injury/escalation-triggers " + a + "/red_flags/0"}},
		{name: "a missing checkpoint", turns: []string{calf, ch(`"week_2":{"expected_outcome":"1/10"},`, ``)}, want: []string{"error injury/checkpoints " + a + "/recommendations/recovery_timeline_validation"}},
		{name: "a checkpoint that expects nothing", turns: []string{calf, ch(`"1/10"`, `" "`)}, want: []string{"error injury/checkpoints " + a + "/recommendations/recovery_timeline_validation"}},
		{name: "a phase without a checkpoint", turns: []string{calf, rch(`"checkpoints":["walking"]`, `"checkpoints":[]`)}, want: []string{"error injury/checkpoints " + a + "/recovery_timeline/phases/0"}},
		{name: "a dose", turns: []string{calf, ch(`Stop for today`, `Take 400 mg of ibuprofen`)}, want: []string{"warning injury/medication " + a + "/recommendations/immediate_action[5:11]"}},
		{name: "a medicine", turns: []string{calf, ch(`"3/10"`, `"Rest and NSAIDs"`)}, want: []string{"warning injury/medication " + a + "/recommendations/recovery_timeline_validation/day_3/expected_outcome[9:15]"}},
		{name: "phases that do not add up", turns: []string{calf, rch(`"total_weeks":4`, `"total_weeks":6`)}, want: []string{"warning injury/timeline-sum " + a + "/recovery_timeline/total_weeks"}},
		{name: "an assessment that is not in the differential", turns: []string{calf, ch(`{"condition":"calf strain"`, `{"condition":"vein thrombosis"`)}, want: []string{"warning injury/assessment-in-differential " + a + "/differential_diagnoses"}},
		{name: "impossible", turns: []string{calf, ch(`"probability":0.7`, `"probability":1`, `"probability":0.3`, `"probability":0`)}, want: []string{"warning injury/zero-probability " + a + "/differential_diagnoses/1/probability"}},
		{name: "talk of search results", turns: []string{calf, rch(`"c",`, `"Search results confirm it.",`)}, want: []string{"warning injury/process-talk " + a + "/reasoning_chain/3[0:14]"}},
		{name: "the generator's prompt", turns: []string{calf, rch(`"user_input":"Calf hurts"`, `"user_input":"Calf hurts. Category: acute."`)}, want: []string{"warning injury/process-talk " + a + "/user_input[12:21]"}},
		{name: "a reasoning about nobody", turns: []string{"Tweaked it", rch(`The calf hurts.`, `Consider the history.`)}, want: []string{"warning injury/generic-reasoning " + a + "/reasoning_chain"}},
		{name: "a reasoning about a numb hip", turns: []string{"Numb at the hip, knees ache", rch(`The calf hurts.`, `Numbness comes first.`)}},
		{name: "a reasoning about a short word", turns: []string{"Hip again", rch(`The calf hurts.`, `Both hips are loaded.`)}},
		{name: "an assessment in other words", turns: []string{calf, ch(`"injury_type":"calf strain"`, `"injury_type":"calf stiffness following a sprain"`, `"condition":"calf strain"`, `"condition":"calf stiffness after a sprain"`)}},
		{name: "the label in the question", turns: []string{calf + "\n\nContext:\n- Vague: yes", full}, want: []string{"warning injury/answer-in-question /messages/0/content[56:68]"}},
		{name: "a change without numbers", turns: []string{calf, rch(`"60 %"`, `"Reduce the weight"`, `"3 x 8"`, `"as tolerated"`)}, want: []string{"warning injury/vague-modification " + a + "/exercise_modifications/0"}},
		{name: "a change without load", turns: []string{calf, ch(`"load_percent":60,"sets_reps":"3 x 8","rationale"`, `"rationale"`)}, want: []string{"warning injury/vague-modification " + a + "/affected_exercises/modify_significantly/0"}},
		{name: "a change that leads nowhere", turns: []string{calf, ch(`"progression":"Add 10 % a week."`, `"progression":""`)}, want: []string{"warning injury/vague-modification " + a + "/recommendations/training_modifications/0"}},
		{name: "a diagnosis", turns: []string{calf, ch(`This looks like a calf strain.`, `You have a calf strain.`)}, want: []string{"warning injury/diagnosis-wording " + a + "/response_to_user[0:8]"}},
		{name: "you have, of something else", turns: []string{calf, ch(`This looks like a calf strain.`, `You have done well.`)}},
		{name: "a red flag that is ignored", turns: []string{calf, ch(`"present":[]`, `"present":["calf hot"]`)}, want: []string{"warning injury/red-flag-ignored " + a + "/recommendations/medical_consultation/recommended"}},
		{name: "an answer of neither shape", turns: []string{calf, `{"a":1}`}},

		{name: "soreness", subcategory: "doms", turns: []string{calf, ch(append(soreness, `{"exercise":"sprint","rationale":"It hurts."}`, ``)...)}},
		{
			name: "soreness as an injury", subcategory: "doms", turns: []string{calf, ch(`{"exercise":"sprint","rationale":"It hurts."}`, ``)},
			want: []string{"error injury/soreness-is-not-injury " + a + "/assessment/injury_detected"},
		},
		{name: "soreness as an injury, research", subcategory: "doms", turns: []string{calf, rch(`"total_weeks":4`, `"total_weeks":1`, `"duration_weeks":3`, `"duration_weeks":0`)}, want: []string{"error injury/soreness-is-not-injury " + a + "/primary_assessment/injury_type"}},
		{name: "soreness with a ban", subcategory: "doms", turns: []string{calf, ch(soreness...)}, want: []string{"warning injury/soreness-overtreated " + a + "/affected_exercises/avoid_completely"}},
		{name: "soreness for weeks", subcategory: "doms", turns: []string{calf, rch(`"injury_type":"calf strain"`, `"injury_type":"soreness"`, `"condition":"calf strain"`, `"condition":"soreness"`)}, want: []string{"warning injury/soreness-overtreated " + a + "/recovery_timeline/total_weeks"}},

		{name: "ambiguous and asking", subcategory: "ambiguous", turns: []string{calf, ch(`"confidence":0.9,`, `"confidence":0.4,`, `"moderate"`, `"unknown"`)}},
		{
			name: "ambiguous and not asking", subcategory: "ambiguous", turns: []string{calf, ch(`"confidence":0.9,`, `"confidence":0.4,`, `When did it start?`, `Rest.`)},
			want: []string{"warning injury/ambiguous-asks " + a + "/response_to_user"},
		},

		{name: "a red flag", subcategory: "red_flag", turns: []string{calf, ch(emergency...)}},
		{
			name: "a red flag with a modification", subcategory: "red_flag", turns: []string{calf, ch(emergency[:6]...)},
			want: []string{"error injury/red-flag-referral " + a + "/recommendations"},
		},
		{
			name: "a red flag, research", subcategory: "red_flag", turns: []string{calf, rch(`"confidence":0.9,`, `"confidence":0.95,`)},
			want: []string{"error injury/red-flag-referral " + a + "/exercise_modifications"},
		},

		{name: "a conversation", subcategory: "multi_turn", turns: []string{"My calf hurts", "When did it start?", calf, full}},
		{
			name: "a conversation with a fault at its end", subcategory: "multi_turn", turns: []string{"My calf hurts", "When did it start?", calf, ch(`"probability":0.3`, `"probability":0.9`)},
			want: []string{"error injury/probability-sum /messages/3/content/differential_diagnoses"},
		},
		{
			name: "a conversation with a fault in the middle", subcategory: "multi_turn", turns: []string{calf, ch(`"probability":0.3`, `"probability":0.9`), "Better today", full},
			want: []string{"error injury/probability-sum /messages/1/content/differential_diagnoses"},
		},
	}
	for i := range rows {
		rows[i].category = "injury_analysis"
		if rows[i].subcategory == "" {
			rows[i].subcategory = "acute"
		}
	}
	examine(t, linter(t), "injury", rows)
}

func TestRunning(t *testing.T) {
	t.Parallel()
	run := func(distance, unit, pace, paceUnit, duration string) string {
		return `{"activity":"run","distance":` + distance + `,"distance_unit":"` + unit + `","pace":"` + pace + `","pace_unit":"` + paceUnit + `","duration":"` + duration + `","confidence":0.95}`
	}
	turn := func(from, fromUnit, to, toUnit string) string {
		return `{"from":{"value":` + from + `,"unit":"` + fromUnit + `"},"to":{"value":` + to + `,"unit":"` + toUnit + `"}}`
	}
	weather := func(pace, ideal, degrees, unit string) string {
		return `{"pace":"` + pace + `","equivalent_pace":"` + ideal + `","pace_unit":"min/mi","temperature":` + degrees + `,"temperature_unit":"` + unit + `"}`
	}
	const arithmetic, conversion, heat = "error running/pace-arithmetic /messages/1/content", "error running/unit-conversion /messages/1/content", "error running/heat-direction /messages/1/content"
	rows := []row{
		{name: "a run", turns: []string{"5 mile run at 8:30 pace", run("5", "mi", "8:30", "min/mi", "42:30")}},
		{name: "a run in hours", turns: []string{"marathon at 9 flat", run("26.2", "mi", "9:00", "min/mi", "3:55:48")}},
		{name: "a rounded run", turns: []string{"10k in 50:12", run("10", "km", "5:01", "min/km", "50:12")}},
		{name: "units that are mixed", turns: []string{"10k at 8:03 a mile", run("10", "km", "8:03", "min/mi", "50:01")}},
		{name: "metres", turns: []string{"400 meters in 1:30", run("400", "m", "3:45", "min/km", "1:30")}},
		{name: "a wrong duration", turns: []string{"5 mile run at 8:30 pace", run("5", "mi", "8:30", "min/mi", "40:30")}, want: []string{arithmetic + "/duration"}},
		{name: "a wrong pace", turns: []string{"10k in 50:00", run("10", "km", "5:10", "min/km", "50:00")}, want: []string{arithmetic + "/pace"}},
		{name: "a sentence", turns: []string{"How long?", "5 miles at 8:30 per mile takes 42:30."}},
		{name: "a wrong sentence", turns: []string{"How long?", "Well. 10 km at 5 min 30 sec per km takes 1:05:00."}, want: []string{arithmetic + "[6:48]"}},
		{name: "a warm-up", turns: []string{"How?", "Run 5 km at 6:00 per km after 10 minutes of walking."}},
		{name: "two asked and one answered", turns: []string{"How long do 10 km take at 5:00 per km?", "About 50:00."}},
		{name: "two asked and one answered wrongly", turns: []string{"How long do 10 km take at 5:00 per km?", "That is 55:00."}, want: []string{arithmetic + "[8:13]"}},

		{name: "two asked in two sentences", turns: []string{"I ran 10 km in 50:00. Which pace is that?", "That is 5:00 per km."}},
		{name: "two asked in two sentences and one answered wrongly", turns: []string{"I ran 10 km in 50:00. Which pace is that?", "That is 5:30 per km."}, want: []string{arithmetic + "[8:19]"}},
		{name: "a rounded distance", turns: []string{"How far do I get in 45:00 at 8:30 per mile?", "About 5 miles."}},
		{name: "a distance that is wrong however it is rounded", turns: []string{"How far do I get in 45:00 at 8:30 per mile?", "About 7 miles."}, want: []string{arithmetic + "[6:13]"}},
		{name: "a week and a pace are no question", turns: []string{"Can I lift and still run 23 miles? Easy pace is 9:50 per mile. What time of day?", "Long run 2:30:00."}},
		{name: "nothing is asked", turns: []string{"Running 10 miles at 9:00 per mile on Sunday.", "Take a gel at 45:00."}},
		{name: "strides are another time", turns: []string{"How long do 10 km take at 5:00 per km?", "With strides of 20 seconds it is a little more."}},
		{name: "strides in a sentence", turns: []string{"a", "Run 5 miles at 9:00 per mile with strides of 20 seconds."}},
		{name: "hours and minutes", turns: []string{"a", "10 miles at 9:00 per mile take 1:30."}},
		{name: "another distance", turns: []string{"I run 19 miles a month. At 10:00 per mile, what does 18 miles come to?", "18 miles come to 3:00:00, 19 miles to a little more."}},
		{name: "two distances that are near", turns: []string{"I have 19 miles in all. What is my time for 18 miles at 10:00 per mile?", "That comes to 3:00:00."}},

		{name: "a conversion", turns: []string{"5 miles in km?", turn("5", "mi", "8.05", "km")}},
		{name: "a rounded conversion", turns: []string{"5 km in miles?", turn("5", "km", "3.1", "mi")}},
		{name: "a pace", turns: []string{"8:00 a mile?", turn(`"8:00"`, "min/mi", `"4:58"`, "min/km")}},
		{name: "a wrong conversion", turns: []string{"5 miles in km?", turn("5", "mi", "8.5", "km")}, want: []string{conversion + "/to/value"}},
		{name: "the wrong way", turns: []string{"5 miles in km?", turn("5", "mi", "3.1", "km")}, want: []string{conversion + "/to/value"}},
		{name: "a wrong pace conversion", turns: []string{"8:00 a mile?", turn(`"8:00"`, "min/mi", `"5:15"`, "min/km")}, want: []string{conversion + "/to/value"}},
		{name: "a distance as a pace", turns: []string{"8 miles?", turn("8", "mi", `"5:15"`, "min/km")}, want: []string{conversion + "/to/unit"}},
		{name: "a conversion in words", turns: []string{"a", "A half marathon is 21.1 km, and 10 miles (16.1 km) are less. 3 miles is about 5 km. 8:00/mi = 4:58/km."}},
		{name: "a wrong conversion in words", turns: []string{"a", "So 10 miles is 15 km."}, want: []string{conversion + "[3:20]"}},
		{name: "a wrong pace in words", turns: []string{"a", "8:00 per mile equals 5:20 per km."}, want: []string{conversion + "[0:32]"}},
		{name: "two distances that are two", turns: []string{"a", "Run 5 km or 10 miles. 10 miles is 5 km more than you need."}},

		{name: "heat", turns: []string{"8:30 at 88 F?", weather("8:30", "8:05", "88", "F")}},
		{name: "heat turned round", turns: []string{"8:30 at 88 F?", weather("8:30", "8:55", "88", "F")}, want: []string{heat + "/equivalent_pace"}},
		{name: "heat in Celsius turned round", turns: []string{"8:30 at 30 C?", weather("8:30", "8:55", "30", "C")}, want: []string{heat + "/equivalent_pace"}},
		{name: "cold", turns: []string{"8:30 at 20 F?", weather("8:30", "8:40", "20", "F")}},
		{name: "heat in words", turns: []string{"a", "8:30 per mile at 88 °F is worth about 8:05 per mile in cool weather."}},
		{name: "heat in words turned round", turns: []string{"a", "8:30 per mile at 88 °F is worth about 8:55 per mile in cool weather."}, want: []string{heat + "[0:52]"}},
		{name: "slower in heat", turns: []string{"a", "In heat slow your 8:00 per mile to 8:30 per mile."}},
	}
	for i := range rows {
		rows[i].category = "running_cardio"
	}
	examine(t, linter(t), "running", rows)
}
