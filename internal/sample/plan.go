package sample

import (
	"math"
	"slices"
)

// The category slugs of the default catalog, and the share of the rows that
// each gets: voice 55 %, the others in proportion to their targets (knowledge
// base 150, injury analysis 825, AI coach 1,000, running 400).
const (
	voiceParsing   = "voice_parsing"
	knowledgeBase  = "knowledge_base"
	injuryAnalysis = "injury_analysis"
	aiCoach        = "ai_coach"
	runningCardio  = "running_cardio"
)

// A shelf is a category with its weights.
type shelf struct {
	slug   string
	weight int
	subs   []sub
}

type sub struct {
	slug   string
	weight int
}

// shelves follow the planned counts of the default catalog where it has them.
var shelves = []shelf{
	{voiceParsing, 5500, []sub{
		{"standard_command", 30},
		{"abbreviation", 14},
		{"rpe_rir", 14},
		{"equipment_shortcut", 12},
		{"same_weight_reference", 8},
		{"ambiguous", 5},
		{"multi_exercise", 6},
		{"correction", 7},
		{"partial", 4},
	}},
	{knowledgeBase, 284, []sub{
		{"questionnaire", 7},
		{"experience_classification", 4},
		{"decision_tree", 4},
		{"equipment_substitution", 3},
		{"injury_modification", 3},
		{"customization_example", 2},
	}},
	{injuryAnalysis, 1563, []sub{
		{"acute", 75},
		{"chronic", 150},
		{"tendinitis", 100},
		{"impingement", 75},
		{"doms", 100},
		{"ambiguous", 75},
		{"multi_turn", 150},
		{"red_flag", 50},
		{"context_dependent", 50},
	}},
	{aiCoach, 1895, []sub{
		{"programming", 30},
		{"technique", 20},
		{"nutrition", 20},
		{"recovery", 15},
		{"motivation", 15},
	}},
	{runningCardio, 758, []sub{
		{"run_parsing", 35},
		{"advice", 15},
		{"training_plan", 12},
		{"injury_prevention", 10},
		{"pace_calculation", 10},
		{"distance_conversion", 8},
		{"weather_adjusted_pace", 10},
	}},
}

// A kind says what a row is planted as. Its names stand in the truth file.
type kind uint8

const (
	clean kind = iota
	exactDuplicate
	nearDuplicate
	variant
	contradiction
	violation
)

var kindNames = [...]string{"clean", "exact_duplicate", "near_duplicate", "variant", "contradiction", "violation"}

func (k kind) String() string { return kindNames[k] }

// A plan says what row i will be before anything is drawn for it.
type plan struct {
	kind     kind
	shelf    uint8 // index into shelves
	sub      uint8 // index into its subs
	rule     uint8 // index into breakages, for a violation
	attempt  uint8 // of the draft that was settled
	borrowed bool  // another row is a planted copy of this one
}

// deck is how twenty planted rows are shared out among the kinds.
var deck = []kind{
	exactDuplicate, exactDuplicate, exactDuplicate, exactDuplicate,
	nearDuplicate, nearDuplicate, nearDuplicate, nearDuplicate,
	variant, variant, variant,
	contradiction,
	violation, violation, violation, violation, violation, violation, violation, violation,
}

// planRows decides for every row whether it is clean or planted, and as what.
// Planted rows are spread evenly at random and their number is exact; the
// kinds and the rules come from shuffled decks, so that even a small file has
// some of each.
func planRows(opts Options) []plan {
	var r rng
	r.reseed(opts.Seed, streamPlan, 0)
	open := make([]int, 0, len(shelves)) // the shelves asked for
	weights := make([]int, len(shelves))
	for i, s := range shelves {
		if slices.Contains(opts.Categories, s.slug) {
			open = append(open, i)
			weights[i] = s.weight
		}
	}
	subWeights := make([][]int, len(shelves))
	for i, s := range shelves {
		for _, sub := range s.subs {
			subWeights[i] = append(subWeights[i], sub.weight)
		}
	}
	var rules []int // the rules that the open shelves can break
	for i, b := range breakages {
		if len(b.places(open)) > 0 {
			rules = append(rules, i)
		}
	}

	plans := make([]plan, opts.Rows)
	left := int(math.Round(opts.Defects * float64(opts.Rows)))
	var kinds []kind
	var todo []int
	rounds := 0
	for i := range plans {
		p := &plans[i]
		p.shelf = uint8(r.weighted(weights))
		p.sub = uint8(r.weighted(subWeights[p.shelf]))
		if r.below(opts.Rows-i) >= left {
			continue
		}
		left--
		if len(kinds) == 0 {
			kinds = some(&r, deck, len(deck))
		}
		p.kind = kinds[len(kinds)-1]
		kinds = kinds[:len(kinds)-1]
		if p.kind != violation {
			continue
		}
		for {
			if len(todo) == 0 {
				todo = some(&r, rules, len(rules))
				rounds++
			}
			p.rule = uint8(todo[len(todo)-1])
			todo = todo[:len(todo)-1]
			if every := breakages[p.rule].every; every == 0 || rounds%every == 1 {
				break
			}
		}
		place := pick(&r, breakages[p.rule].places(open))
		p.shelf, p.sub = uint8(place.shelf), uint8(place.sub)
	}
	return plans
}
