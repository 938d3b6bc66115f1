package lint_test

import (
	"testing"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
)

func TestDoubt(t *testing.T) {
	t.Parallel()
	cat := catalog.Category{Subcategories: []catalog.Subcategory{
		{Slug: "acute", ConfidenceBand: &catalog.Band{Min: 0.8, Max: 1}}, {Slug: "any"},
	}}
	for _, tt := range []struct {
		name, sub, answer string
		want              int
	}{
		{"sure", "acute", `{"assessment":{"confidence":0.95}}`, 0},
		{"in the middle", "acute", `{"assessment":{"confidence":0.9}}`, 0},
		{"half way down", "acute", `{"primary_assessment":{"confidence":0.85}}`, 10},
		{"at the lower end", "acute", `{"confidence":0.8}`, 20},
		{"far below", "acute", `{"assessment":{"confidence":0.1}}`, 20},
		{"no confidence", "acute", `{"assessment":{}}`, 0},
		{"not a number", "acute", `{"assessment":{"confidence":"high"}}`, 0},
		{"prose", "acute", `Rest it.`, 0},
		{"no band", "any", `{"assessment":{"confidence":0.1}}`, 0},
		{"unknown kind", "else", `{"assessment":{"confidence":0.1}}`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := example.Conversation{Messages: []example.Message{{Role: example.User, Content: "my knee"}, {Role: example.Assistant, Content: tt.answer}}}
			if got := lint.Doubt(cat, tt.sub, c); got != tt.want {
				t.Errorf("Doubt(%s) = %d, want %d", tt.answer, got, tt.want)
			}
		})
	}
}
