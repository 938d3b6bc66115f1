package catalog_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/voicefit/spotter/internal/catalog"
)

func theDefault(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatalf("Default() = %v%s", err, listed(err))
	}
	return c
}

// TestDefaultFacts holds the shipped catalog against the product's plan.
func TestDefaultFacts(t *testing.T) {
	t.Parallel()
	type sub struct {
		Planned, Chunks int
		Band            *catalog.Band
	}
	band := func(lo, hi float64) *catalog.Band { return &catalog.Band{Min: lo, Max: hi} }
	type facts struct {
		Slug, Name, Priority string
		Target               catalog.Target
		Approvals            int
		Subs                 map[string]sub
	}
	want := []facts{
		{"voice_parsing", "Voice parsing", "P0", catalog.Target{Min: 3890, Max: 3890}, 1, map[string]sub{
			"standard_command": {}, "abbreviation": {}, "rpe_rir": {}, "equipment_shortcut": {}, "same_weight_reference": {},
			"ambiguous": {}, "multi_exercise": {}, "correction": {}, "partial": {},
		}},
		{"knowledge_base", "Knowledge base Q&A", "P1", catalog.Target{Min: 100, Max: 200}, 1, map[string]sub{
			"questionnaire": {Chunks: 7}, "experience_classification": {Chunks: 4}, "decision_tree": {Chunks: 4},
			"equipment_substitution": {Chunks: 3}, "injury_modification": {Chunks: 3}, "customization_example": {Chunks: 2},
		}},
		{"injury_analysis", "Injury analysis", "P0", catalog.Target{Min: 825, Max: 825}, 2, map[string]sub{
			"acute":             {Planned: 75, Band: band(0.85, 0.95)},
			"chronic":           {Planned: 150, Band: band(0.70, 0.85)},
			"tendinitis":        {Planned: 100, Band: band(0.75, 0.90)},
			"impingement":       {Planned: 75, Band: band(0.70, 0.85)},
			"doms":              {Planned: 100, Band: band(0.80, 0.95)},
			"ambiguous":         {Planned: 75, Band: band(0.30, 0.50)},
			"multi_turn":        {Planned: 150},
			"red_flag":          {Planned: 50, Band: band(0.90, 0.98)},
			"context_dependent": {Planned: 50},
		}},
		{"ai_coach", "AI coach Q&A", "P1", catalog.Target{Min: 800, Max: 1200}, 1, map[string]sub{
			"programming": {}, "technique": {}, "nutrition": {}, "recovery": {}, "motivation": {},
		}},
		{"running_cardio", "Running & cardio", "P2", catalog.Target{Min: 300, Max: 500}, 1, map[string]sub{
			"run_parsing": {}, "advice": {}, "training_plan": {}, "injury_prevention": {},
			"pace_calculation": {}, "distance_conversion": {}, "weather_adjusted_pace": {},
		}},
	}
	var got []facts
	for _, cat := range theDefault(t).Categories {
		f := facts{cat.Slug, cat.Name, cat.Priority, cat.Target, cat.Approvals, map[string]sub{}}
		for _, s := range cat.Subcategories {
			f.Subs[s.Slug] = sub{s.Planned, s.SourceChunks, s.ConfidenceBand}
		}
		got = append(got, f)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Default() (-want +got):\n%s", diff)
	}
}

func TestDefaultIsComplete(t *testing.T) {
	t.Parallel()
	c := theDefault(t)
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("Default().Warnings() = %v, want none", w)
	}
	injury, _ := c.Category("injury_analysis")
	if n := len(injury.Checklist); n != 6 {
		t.Errorf("the injury checklist has %d items, want the plan's 6", n)
	}
	for _, cat := range c.Categories {
		if len(cat.Checklist) == 0 || len(cat.RejectReasons) != 6 {
			t.Errorf("%s has %d checklist items and %d reasons, want some and 6", cat.Slug, len(cat.Checklist), len(cat.RejectReasons))
		}
		// The prompt is trained on and paid for with every row.
		if n := len(strings.Fields(cat.SystemPrompt)); n < 20 || n > 150 {
			t.Errorf("the system prompt of %s has %d words, want 20 to 150", cat.Slug, n)
		}
		for _, s := range cat.Schemas {
			if len(s.View) == 0 {
				t.Errorf("%s/%s has no view", cat.Slug, s.Name)
			}
			for _, where := range undescribed(t, s.JSON) {
				t.Errorf("%s/%s: %s has no description", cat.Slug, s.Name, where)
			}
		}
	}
}

// undescribed returns the properties of a schema that say neither what they
// are nor where that is said.
func undescribed(t *testing.T, doc []byte) []string {
	t.Helper()
	var root any
	if err := json.Unmarshal(doc, &root); err != nil {
		t.Fatal(err)
	}
	var found []string
	var walk func(v any, at string)
	walk = func(v any, at string) {
		node, ok := v.(map[string]any)
		if !ok {
			return
		}
		props, _ := node["properties"].(map[string]any)
		for name, p := range props {
			prop := p.(map[string]any)
			if prop["description"] == nil && prop["$ref"] == nil {
				found = append(found, at+"/"+name)
			}
			walk(p, at+"/"+name)
		}
		walk(node["items"], at+"/*")
		defs, _ := node["$defs"].(map[string]any)
		for name, d := range defs {
			walk(d, at+"/$defs/"+name)
		}
	}
	walk(root, "")
	return found
}

// TestDefaultAliases has the words that real files use for a subcategory.
func TestDefaultAliases(t *testing.T) {
	t.Parallel()
	c := theDefault(t)
	for _, tt := range []struct{ category, subcategory, want string }{
		{"injury", "chronic/overuse", "injury_analysis/chronic"},
		{"Injury Analysis", "DOMS", "injury_analysis/doms"},
		{"injury_analysis", "red-flag", "injury_analysis/red_flag"},
		{"injury_analysis", "impingement/joint", "injury_analysis/impingement"},
		{"voice-parsing", "RPE/RIR", "voice_parsing/rpe_rir"},
		{"running", "Run parsing", "running_cardio/run_parsing"},
	} {
		cat, _ := c.Category(tt.category)
		sub, _ := cat.Subcategory(tt.subcategory)
		if got := cat.Slug + "/" + sub.Slug; got != tt.want {
			t.Errorf("%q, %q is %q, want %q", tt.category, tt.subcategory, got, tt.want)
		}
	}
}

// sharedData returns a file of the data folder beside the repository.
func sharedData(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func compiled(t testing.TB, s catalog.Schema) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.JSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("test:///"+s.Name, doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("test:///" + s.Name)
}

func TestResearchSchemaAcceptsEveryRealExample(t *testing.T) {
	t.Parallel()
	var rows []struct {
		Scenario struct{ Category string }
		Answer   any `json:"training_example"`
	}
	if err := json.Unmarshal(sharedData(t, "voicefit-injury-core.json"), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 50 {
		t.Fatalf("%d rows, want 50", len(rows))
	}
	injury, _ := theDefault(t).Category("injury_analysis")
	for i, row := range rows {
		s, ok := injury.SchemaFor(row.Answer)
		if !ok || s.Name != "research" {
			t.Fatalf("row %d: SchemaFor = %q, want research", i, s.Name)
		}
		if err := compiled(t, s).Validate(row.Answer); err != nil {
			t.Errorf("row %d: %v", i, err)
		}
		if sub, ok := injury.Subcategory(row.Scenario.Category); !ok || sub.Slug != row.Scenario.Category {
			t.Errorf("row %d: no subcategory %q", i, row.Scenario.Category)
		}
	}
}

const fullInjury = `{
  "reasoning_chain": ["Volume rose from 12 to 20 sets in three weeks.", "Pain began in week three."],
  "assessment": {"injury_detected": true, "confidence": 0.8, "confidence_reasoning": "Clear link to load.", "body_part": "left knee",
    "severity": "mild", "severity_reasoning": "3/10.", "injury_type": "patellar tendinopathy", "contributing_factors": ["volume"]},
  "red_flags": {"present": [], "absent": ["locking"], "escalation_triggers": ["Pain above 5/10 at rest: see a physiotherapist this week."]},
  "differential_diagnoses": [{"condition": "Patellar tendinopathy", "probability": 1, "distinguishing_features": ["warms up"], "confidence_reasoning": "Typical."}],
  "affected_exercises": {"avoid_completely": [], "modify_significantly": [{"exercise": "Back squat", "load_percent": 60, "sets_reps": "3 x 8", "rationale": "Less tendon load."}],
    "proceed_with_caution": [], "safe_to_continue": [{"exercise": "Bench press", "rationale": "Knee not involved."}]},
  "load_management": {"volume_unit": "sets_per_week", "current_volume": 20, "recommended_volume": 12, "reduction_percent": 40, "progression_plan": ["Two sets a week."]},
  "recommendations": {"immediate_action": "Skip jumps for 48 hours.", "training_modifications": [{"exercise": "Back squat", "change": "To a box", "load_percent": 60, "sets_reps": "3 x 8", "progression": "10 % a week"}],
    "recovery_protocol": ["Isometric holds, 5 x 45 s, daily."],
    "recovery_timeline_validation": {"day_3": {"expected_outcome": "3/10 on stairs"}, "day_7": {"expected_outcome": "2/10"}, "week_2": {"expected_outcome": "1/10"}, "week_4": {"expected_outcome": "Full load"}},
    "medical_consultation": {"recommended": false, "urgency": "if_no_improvement", "reason": "No red flag."}},
  "response_to_user": "Your tendon is telling you about those eight extra sets."
}`

// TestDefaultSchemas tries each schema on answers that are right and on the
// same answers with one thing wrong.
func TestDefaultSchemas(t *testing.T) {
	t.Parallel()
	c := theDefault(t)
	const set = `{"exercise_id":"0b8a2b60-6f0e-4d37-9a5c-1b6f0f6f7a01","exercise_name":"Romanian Deadlift","weight":315,"weight_unit":"lbs","reps":5,"rpe":8,"rir":2,"confidence":0.95}`
	const run = `{"activity":"run","distance":5,"distance_unit":"mi","pace":"8:30","pace_unit":"min/mi","duration":"42:30","confidence":0.97}`
	for _, tt := range []struct {
		name, category, schema, answer string
		old, new                       string // replaced in answer
		bad                            bool
	}{
		{name: "set", category: "voice_parsing", schema: "plain", answer: set},
		{name: "unknown fields are kept", category: "voice_parsing", schema: "plain", answer: set, old: `"reps"`, new: `"mood":"good","reps"`},
		{name: "nothing said", category: "voice_parsing", schema: "plain", answer: `{"exercise_id":null,"exercise_name":null,"weight":null,"weight_unit":null,"reps":8,"rpe":null,"rir":null,"confidence":0.4}`},
		{name: "stretch", category: "voice_parsing", schema: "plain", answer: `{"exercise_id":null,"exercise_name":"Hamstring stretch","confidence":0.9,"duration_seconds":30}`},
		{name: "id is a number", category: "voice_parsing", schema: "plain", answer: set, old: `"0b8a2b60-6f0e-4d37-9a5c-1b6f0f6f7a01"`, new: `17`, bad: true},
		{name: "id is no UUID", category: "voice_parsing", schema: "plain", answer: set, old: `0b8a2b60-`, new: ``, bad: true},
		{name: "weight without unit", category: "voice_parsing", schema: "plain", answer: set, old: `"lbs"`, new: `null`, bad: true},
		{name: "stone", category: "voice_parsing", schema: "plain", answer: set, old: `"lbs"`, new: `"st"`, bad: true},
		{name: "RPE 11", category: "voice_parsing", schema: "plain", answer: set, old: `"rpe":8`, new: `"rpe":11`, bad: true},
		{name: "confidence in percent", category: "voice_parsing", schema: "plain", answer: set, old: `0.95`, new: `95`, bad: true},
		{name: "enhanced", category: "voice_parsing", schema: "enhanced", answer: `{"reasoning":["RDL is Romanian deadlift."],"parsed_data":` + set + `,"confidence_reasoning":"All said."}`},
		{name: "enhanced, wrong inside", category: "voice_parsing", schema: "enhanced", answer: `{"reasoning":["x"],"parsed_data":` + set + `}`, old: `"confidence":0.95`, new: `"confidence":"high"`, bad: true},
		{name: "enhanced, no name", category: "voice_parsing", schema: "enhanced", answer: `{"reasoning":["x"],"parsed_data":` + set + `}`, old: `"exercise_name":"Romanian Deadlift",`, bad: true},
		{name: "enhanced, several", category: "voice_parsing", schema: "enhanced", answer: `{"reasoning":["x"],"parsed_data":{"exercises":[` + set + `,` + set + `],"confidence":0.9}}`},
		{name: "several", category: "voice_parsing", schema: "several", answer: `{"exercises":[` + set + `,` + set + `],"confidence":0.9}`},
		{name: "several, one", category: "voice_parsing", schema: "several", answer: `{"exercises":[` + set + `]}`, bad: true},
		{name: "full injury", category: "injury_analysis", schema: "full", answer: fullInjury},
		{name: "no load management", category: "injury_analysis", schema: "full", answer: fullInjury, old: `"load_management": {`, new: `"load_management": null, "was": {`},
		{name: "checkpoint without outcome", category: "injury_analysis", schema: "full", answer: fullInjury, old: `"day_7": {"expected_outcome": "2/10"}`, new: `"day_7": {}`, bad: true},
		{name: "probability above 1", category: "injury_analysis", schema: "full", answer: fullInjury, old: `"probability": 1`, new: `"probability": 1.8`, bad: true},
		{name: "flag is text", category: "injury_analysis", schema: "full", answer: fullInjury, old: `"injury_detected": true`, new: `"injury_detected": "yes"`, bad: true},
		{name: "no answer to the user", category: "injury_analysis", schema: "full", answer: fullInjury, old: `"response_to_user"`, new: `"reply"`, bad: true},
		{name: "research without flags", category: "injury_analysis", schema: "research", answer: `{"primary_assessment":{"injury_type":"x","severity":"mild","confidence":0.8}}`, bad: true},
		{name: "run", category: "running_cardio", schema: "run", answer: run},
		{name: "long run", category: "running_cardio", schema: "run", answer: run, old: `42:30`, new: `1:42:30`},
		{name: "pace in words", category: "running_cardio", schema: "run", answer: run, old: `8:30`, new: `eight thirty`, bad: true},
		{name: "sixty seconds", category: "running_cardio", schema: "run", answer: run, old: `8:30`, new: `8:60`, bad: true},
		{name: "conversion", category: "running_cardio", schema: "conversion", answer: `{"from":{"value":5,"unit":"km"},"to":{"value":3.11,"unit":"mi"}}`},
		{name: "conversion to leagues", category: "running_cardio", schema: "conversion", answer: `{"from":{"value":5,"unit":"km"},"to":{"value":1,"unit":"league"}}`, bad: true},
		{name: "heat", category: "running_cardio", schema: "weather", answer: `{"pace":"8:30","equivalent_pace":"8:05","pace_unit":"min/mi","temperature":88,"temperature_unit":"F"}`},
		{name: "heat without temperature", category: "running_cardio", schema: "weather", answer: `{"pace":"8:30","equivalent_pace":"8:05","pace_unit":"min/mi"}`, bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := tt.answer
			if tt.old != "" {
				if text = strings.Replace(tt.answer, tt.old, tt.new, 1); text == tt.answer {
					t.Fatalf("the answer has no %s", tt.old)
				}
			}
			var answer any
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				t.Fatal(err)
			}
			cat, _ := c.Category(tt.category)
			s, ok := cat.SchemaFor(answer)
			if !ok || s.Name != tt.schema {
				t.Fatalf("SchemaFor(%s) = %q, want %q", text, s.Name, tt.schema)
			}
			if err := compiled(t, s).Validate(answer); (err != nil) != tt.bad {
				t.Errorf("Validate(%s) = %v, want an error: %t", text, err, tt.bad)
			}
		})
	}
}
