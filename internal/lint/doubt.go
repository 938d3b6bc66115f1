package lint

import (
	"encoding/json"
	"math"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
)

// MaxDoubt is the doubt of an answer whose confidence is at the lower end of its
// band, or below.
const MaxDoubt = 20

// Doubt says how unsure an answer is for its kind: 0 where its confidence is in
// the upper half of the subcategory's band, MaxDoubt at its lower end, and in
// between in proportion. It is 0 where the kind has no band or the last answer
// states no confidence. It is no finding: an unsure answer may be right, and is
// only worth an earlier look.
func Doubt(cat catalog.Category, subcategory string, c example.Conversation) int {
	sub, ok := cat.Subcategory(subcategory)
	if !ok || sub.ConfidenceBand == nil {
		return 0
	}
	confidence := math.NaN()
	for i := len(c.Messages) - 1; i >= 0; i-- {
		if c.Messages[i].Role == example.Assistant {
			confidence = statedConfidence(c.Messages[i].Content)
			break
		}
	}
	band := *sub.ConfidenceBand
	middle, half := (band.Min+band.Max)/2, (band.Max-band.Min)/2
	if math.IsNaN(confidence) || confidence >= middle {
		return 0
	}
	if half <= 0 {
		return MaxDoubt
	}
	return min(int(math.Round(MaxDoubt*(middle-confidence)/half)), MaxDoubt)
}

// statedConfidence is the confidence that an answer's assessment states, in any of
// the places where the known shapes have it; NaN where there is none.
func statedConfidence(content string) float64 {
	type part struct {
		Confidence *float64 `json:"confidence"`
	}
	var a struct {
		part
		Assessment part `json:"assessment"`
		Primary    part `json:"primary_assessment"`
	}
	if json.Unmarshal([]byte(content), &a) != nil {
		return math.NaN() // prose, or something else than numbers: it states none
	}
	for _, p := range []part{a.Assessment, a.Primary, a.part} {
		if p.Confidence != nil {
			return *p.Confidence
		}
	}
	return math.NaN()
}
