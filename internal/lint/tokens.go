package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
)

var tokenRules = []definition{{
	Rule: Rule{
		ID: "tokens/too-long", Family: "tokens", Severity: Warning, Everywhere: true,
		Summary: "The example is longer than a training platform's limit for a row: info where one platform would cut it, a warning where several would, an error where all would.",
		Why:     "Platforms cut what is too long without a word, and what they cut is the end of the answer.",
		Source:  "The platforms of the catalog (max_tokens). The length is that of the rendered conversation in Llama 3 tokens.",
		Params: []Param{
			{"max_tokens", "0", "a limit of the category's own; longer examples are warned about. 0: only the platforms' limits count."},
		},
		Fix: "Shorten the example, split it, or raise the limit where the platform allows it.",
	},
	build: buildTooLong,
}}

func buildTooLong(s *setting) (func(*exam), error) {
	p := struct {
		MaxTokens int `json:"max_tokens"`
	}{}
	if err := s.decode(&p); err != nil {
		return nil, err
	}
	var limits []catalog.Platform
	for _, platform := range s.catalog.Platforms {
		if platform.MaxTokens > 0 {
			limits = append(limits, platform)
		}
	}
	slices.SortStableFunc(limits, func(a, b catalog.Platform) int { return a.MaxTokens - b.MaxTokens })
	if len(limits) == 0 && p.MaxTokens == 0 {
		return nil, nil
	}
	return func(x *exam) {
		n := x.subject.Tokens
		if p.MaxTokens > 0 && n > p.MaxTokens {
			x.report(nowhere, fmt.Sprintf("The example is %d tokens long; this category allows %d. Shorten or split it.", n, p.MaxTokens))
		}
		var over []string
		for _, platform := range limits {
			if n > platform.MaxTokens {
				over = append(over, fmt.Sprintf("%s (%d)", platform.Name, platform.MaxTokens))
			}
		}
		if len(over) == 0 {
			return
		}
		severity := Info
		if len(over) > 1 {
			severity = Warning
		}
		if len(over) == len(limits) {
			severity = Error
		}
		x.reportAs(severity, nowhere, fmt.Sprintf("The example is %d tokens long, beyond the limit of %s; shorten or split it, or raise the limit where the platform allows it.", n, strings.Join(over, ", ")))
	}, nil
}
