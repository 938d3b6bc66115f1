package sample_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A judge says which rules a row violates, by checks of its own that share no
// code with the generator: product.md read a second time.
type judge struct {
	schemas map[string]*jsonschema.Schema
}

// newJudge compiles the JSON Schemas of the default catalog.
func newJudge(t *testing.T) *judge {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir = filepath.Dir(dir); dir == "/" {
			t.Fatal("no go.mod above the test")
		}
	}
	j := &judge{schemas: map[string]*jsonschema.Schema{}}
	c := jsonschema.NewCompiler()
	for _, name := range []string{
		"voice_parsing/plain", "voice_parsing/enhanced", "voice_parsing/several", "injury_analysis/full",
		"running_cardio/run", "running_cardio/conversion", "running_cardio/weather",
	} {
		category, file, _ := strings.Cut(name, "/")
		s, err := c.Compile(filepath.Join(dir, "catalog", category, "schemas", file+".json"))
		if err != nil {
			t.Fatalf("schema %s: %v", name, err)
		}
		j.schemas[name] = s
	}
	return j
}

var (
	specialToken = regexp.MustCompile(`<\|[a-z_0-9]+\|>`)
	placeholder  = regexp.MustCompile(`(?i)\[(would|insert)[^\]]*\]|would analyze user's|\bTODO\b|lorem ipsum|\{\{?\w*\}?\}|\{\w+\}`)
	refusal      = regexp.MustCompile(`(?i)as an ai\b|as a large language model|i'm sorry, but|i cannot (assist|fulfill)`)
	contact      = regexp.MustCompile(`[\w.]+@[\w.-]+\.\w+|\(?\d{3}\)?[ -]\d{3}-\d{4}|\+\d\d \d{4} \d{6}|\d+ \w+ (Street|Avenue)`)
	dangling     = regexp.MustCompile(`(?i)\b(same (weight|load|again)|(kept the|that|at that) weight)`)
	dose         = regexp.MustCompile(`(?i)\b\d+ ?mg\b`)
	number       = regexp.MustCompile(`\d+(\.\d+)?`)
	pacePhrase   = regexp.MustCompile(`([\d.]+) (miles|km) at ([\d:]+) per (mile|km) (?:takes|is) ([\d:]+\d)|([\d:]+) per (mile|km) over ([\d.]+) (miles|km) comes to ([\d:]+\d)`)
	turned       = regexp.MustCompile(`([\d.:]+) (miles|km|per mile|per km) (?:is|=|equals) ([\d.:]+\d) (miles|km|per mile|per km)`)
	heat         = regexp.MustCompile(`([\d:]+) per (?:mile|km) (?:at|in) \d+ °[FC].* about ([\d:]+) per`)
)

var spoken = map[string]float64{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	"fifteen": 15, "twenty": 20,
}

// verdict returns the sorted names of the rules that l violates.
func (j *judge) verdict(l *line) []string {
	found := map[string]bool{}
	j.structure(l, found)
	for i, m := range l.Messages {
		if i == 0 && m.Role == "system" {
			continue
		}
		if specialToken.MatchString(m.Content) {
			found["text/special-token"] = true
		}
		if strings.ContainsFunc(m.Content, func(c rune) bool { return unicode.IsControl(c) && c != '\n' }) {
			found["text/control-character"] = true
		}
		if m.Role == "assistant" && placeholder.MatchString(strings.ReplaceAll(m.Content, "{\"", "")) {
			found["text/placeholder"] = true
		}
		if m.Role == "assistant" && refusal.MatchString(m.Content) {
			found["text/refusal"] = true
		}
		if contact.MatchString(m.Content) && !strings.HasPrefix(m.Content, "{") {
			found["privacy/contact"] = true
		}
	}
	if len(strings.Fields(l.raw)) > 20_000 {
		found["tokens/too-long"] = true
	}
	j.answers(l, found)
	var out []string
	for r := range found {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

func (j *judge) structure(l *line, found map[string]bool) {
	answered := false
	for i, m := range l.Messages {
		answered = answered || m.Role == "assistant"
		if strings.TrimSpace(m.Content) == "" {
			found["structure/empty"] = true
		}
		if i > 0 && (m.Role == "system" || m.Role == l.Messages[i-1].Role) || i == 1 && l.Messages[0].Role != "system" {
			found["structure/roles"] = true
		}
	}
	if !answered {
		found["structure/no-assistant"] = true
	}
}

// answers checks structured answers and the sums of prose ones.
func (j *judge) answers(l *line, found map[string]bool) {
	structured := l.Category == "voice_parsing" || l.Category == "injury_analysis" || l.Subcategory == "run_parsing"
	heard := ""
	for i, m := range l.Messages {
		if m.Role == "user" {
			heard += " " + m.Content
			if l.Category == "voice_parsing" && i == 1 && dangling.MatchString(m.Content) {
				found["voice/dangling-reference"] = true
			}
		}
		if m.Role != "assistant" || l.Subcategory == "multi_turn" && i < len(l.Messages)-1 {
			continue
		}
		if !structured && !strings.HasPrefix(m.Content, "{") {
			proseSums(m.Content, found)
			continue
		}
		d := json.NewDecoder(strings.NewReader(m.Content))
		d.UseNumber()
		var doc any
		if err := d.Decode(&doc); err != nil || d.More() || !json.Valid([]byte(m.Content)) {
			found["json/invalid"] = true
			continue
		}
		name := l.Category + "/" + shape(l.Category, doc)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(m.Content)))
		if err != nil || j.schemas[name].Validate(v) != nil {
			found["json/schema"] = true
			continue
		}
		o := doc.(map[string]any)
		switch l.Category {
		case "voice_parsing":
			voiceRules(o, heard, found)
		case "injury_analysis":
			injuryRules(o, l.Subcategory, found)
		case "running_cardio":
			runRules(o, found)
		}
	}
}

func shape(category string, doc any) string {
	o, _ := doc.(map[string]any)
	has := func(k string) bool { _, ok := o[k]; return ok }
	switch {
	case category == "injury_analysis":
		return "full"
	case has("parsed_data"):
		return "enhanced"
	case has("exercises"):
		return "several"
	case category == "voice_parsing":
		return "plain"
	case has("equivalent_pace"):
		return "weather"
	case has("from"):
		return "conversion"
	}
	return "run"
}

func num(v any) (float64, bool) {
	n, ok := v.(json.Number)
	f, err := n.Float64()
	return f, ok && err == nil
}

func voiceRules(o map[string]any, heard string, found map[string]bool) {
	if p, ok := o["parsed_data"].(map[string]any); ok {
		o = p
	}
	sets := []any{o}
	if several, ok := o["exercises"].([]any); ok {
		sets = several
	}
	said := map[float64]bool{}
	for _, s := range number.FindAllString(heard, -1) {
		f, _ := strconv.ParseFloat(s, 64)
		said[f] = true
	}
	for w := range strings.FieldsFuncSeq(strings.ToLower(heard), func(c rune) bool { return !unicode.IsLetter(c) }) {
		if f, ok := spoken[w]; ok {
			said[f] = true
		}
	}
	for _, x := range sets {
		set := x.(map[string]any)
		weight, loaded := num(set["weight"])
		reps, counted := num(set["reps"])
		rpe, rated := num(set["rpe"])
		rir, left := num(set["rir"])
		seconds, timed := num(set["duration_seconds"])
		rest, rested := num(set["rest_seconds"])
		for _, v := range []struct {
			ok   bool
			said bool
		}{
			{loaded, said[weight]},
			{counted, said[reps]},
			{rated, said[rpe] || said[10-rpe]},
			{left, said[rir] || said[10-rir]},
			{timed, said[seconds] || said[seconds/60]},
			{rested, said[rest] || said[rest/60]},
		} {
			if v.ok && !v.said {
				found["voice/unsupported-number"] = true
			}
		}
		if rated != left || rated && rir != 10-rpe {
			found["voice/rir-rpe"] = true
		}
		if name, _ := set["exercise_name"].(string); loaded && (strings.Contains(name, "Stretch") || strings.Contains(name, "Pose")) {
			found["voice/stretch-load"] = true
		}
	}
}

func injuryRules(o map[string]any, subcategory string, found map[string]bool) {
	list := func(v any) []any { l, _ := v.([]any); return l }
	object := func(v any) map[string]any { m, _ := v.(map[string]any); return m }
	a, rec, flags := object(o["assessment"]), object(o["recommendations"]), object(o["red_flags"])

	total := 0.0
	for _, d := range list(o["differential_diagnoses"]) {
		p, _ := num(object(d)["probability"])
		total += p
	}
	if math.Abs(total-1) > 1e-9 {
		found["injury/probability-sum"] = true
	}
	allowed := map[string]string{"doms": "normal_training_response", "ambiguous": "unknown"}[subcategory]
	if s, _ := a["severity"].(string); s != allowed && (allowed != "" || !slices.Contains([]string{"mild", "moderate", "severe"}, s)) {
		found["injury/severity-vocabulary"] = true
	}
	c, _ := num(a["confidence"])
	band, ok := map[string][2]float64{
		"acute": {.85, .95}, "chronic": {.70, .85}, "tendinitis": {.75, .90}, "impingement": {.70, .85}, "doms": {.80, .95}, "ambiguous": {.30, .50},
		"red_flag": {.90, .98},
	}[subcategory]
	if ok && (c < band[0] || c > band[1]) {
		found["injury/confidence-band"] = true
	}
	if n := len(list(o["reasoning_chain"])); n < 5 || n > 10 {
		found["injury/reasoning-steps"] = true
	}
	if len(list(flags["escalation_triggers"])) == 0 {
		found["injury/escalation-triggers"] = true
	}
	checks := object(rec["recovery_timeline_validation"])
	for _, k := range []string{"day_3", "day_7", "week_2", "week_4"} {
		if object(checks[k])["expected_outcome"] == nil {
			found["injury/checkpoints"] = true
		}
	}
	if b, _ := json.Marshal(o); dose.Match(b) {
		found["injury/medication"] = true
	}
	detected, _ := a["injury_detected"].(bool)
	switch subcategory {
	case "doms":
		if detected {
			found["injury/soreness-is-not-injury"] = true
		}
	case "red_flag":
		action, _ := rec["immediate_action"].(string)
		consult := object(rec["medical_consultation"])
		if !strings.Contains(action, "Stop training") || !strings.Contains(action, "doctor") || consult["urgency"] != "immediate" ||
			consult["recommended"] != true || len(list(rec["training_modifications"])) > 0 {
			found["injury/red-flag-referral"] = true
		}
	case "ambiguous":
		if reply, _ := o["response_to_user"].(string); strings.Count(reply, "?") < 2 {
			found["ambiguous answers ask"] = true
		}
	default:
		if !detected {
			found["an injury is detected"] = true
		}
	}
	load := object(o["load_management"])
	now, _ := num(load["current_volume"])
	then, _ := num(load["recommended_volume"])
	less, _ := num(load["reduction_percent"])
	if math.Abs((now-then)/now*100-less) > 0.51 {
		found["load reduction adds up"] = true
	}
}

func seconds(clock string) float64 {
	total := 0.0
	for p := range strings.SplitSeq(clock, ":") {
		n, err := strconv.Atoi(p)
		if err != nil {
			return math.NaN()
		}
		total = 60*total + float64(n)
	}
	return total
}

const kmPerMile = 1.609344

func runRules(o map[string]any, found map[string]bool) {
	text := func(k string) string { s, _ := o[k].(string); return s }
	if equivalent := text("equivalent_pace"); equivalent != "" {
		if seconds(equivalent) >= seconds(text("pace")) {
			found["running/heat-direction"] = true
		}
		return
	}
	if from, ok := o["from"].(map[string]any); ok {
		to := o["to"].(map[string]any)
		if !converts(fmt.Sprint(from["value"]), fmt.Sprint(from["unit"]), fmt.Sprint(to["value"])) {
			found["running/unit-conversion"] = true
		}
		return
	}
	distance, _ := num(o["distance"])
	if distance*seconds(text("pace")) != seconds(text("duration")) && math.Abs(distance*seconds(text("pace"))-seconds(text("duration"))) > 1e-6 {
		found["running/pace-arithmetic"] = true
	}
	if strings.TrimPrefix(text("pace_unit"), "min/") != text("distance_unit") {
		found["pace and distance have one unit"] = true
	}
}

// converts reports whether to is the rounded conversion of from.
func converts(from, unit, to string) bool {
	if strings.Contains(from, ":") {
		f, t := seconds(from), seconds(to)
		if strings.HasSuffix(unit, "mi") || strings.HasSuffix(unit, "mile") {
			return math.Abs(f/kmPerMile-t) <= 0.51
		}
		return math.Abs(f*kmPerMile-t) <= 0.51
	}
	f, _ := strconv.ParseFloat(from, 64)
	t, _ := strconv.ParseFloat(to, 64)
	if unit == "km" {
		return math.Abs(f/kmPerMile-t) <= 0.0051
	}
	return math.Abs(f*kmPerMile-t) <= 0.0051
}

// proseSums checks the sums that an answer in words states.
func proseSums(s string, found map[string]bool) {
	for _, m := range pacePhrase.FindAllStringSubmatch(s, -1) {
		distance, pace, duration := m[1], m[3], m[5]
		if distance == "" {
			distance, pace, duration = m[8], m[6], m[10]
		}
		d, _ := strconv.ParseFloat(distance, 64)
		if math.Abs(d*seconds(pace)-seconds(duration)) > 1e-6 {
			found["running/pace-arithmetic"] = true
		}
	}
	for _, m := range turned.FindAllStringSubmatch(s, -1) {
		if m[2] != m[4] && !strings.HasPrefix(s[strings.Index(s, m[0]):], "One mile") && !converts(m[1], m[2], m[3]) {
			found["running/unit-conversion"] = true
		}
	}
	for _, m := range heat.FindAllStringSubmatch(s, -1) {
		if seconds(m[2]) >= seconds(m[1]) {
			found["running/heat-direction"] = true
		}
	}
}
