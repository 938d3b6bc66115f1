package lint

import (
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
)

// A Rule is what people may know of a rule before it finds anything.
type Rule struct {
	ID       string // family/name
	Family   string
	Severity Severity // where the catalog does not say otherwise; single findings may be milder
	Summary  string   // what it catches, a sentence
	Why      string   // why that is a defect, sentences
	Source   string   // where the rule comes from
	Params   []Param
	Fix      string // what to do about a finding, a sentence

	// Everywhere says that the rule runs in every category unless the catalog
	// switches it off; other rules run where the catalog's checks name them.
	Everywhere bool
	// Elsewhere says which other part of the product reports the rule, so
	// that Check never does; empty for the rules of this package.
	Elsewhere string
}

// A Param is a setting of a rule in the catalog.
type Param struct {
	Name    string
	Default string // as the catalog would write it
	Meaning string
}

// A definition is a rule with the code behind it.
type definition struct {
	Rule
	// build reads the rule's parameters and returns its check for one
	// subcategory, or nil where there is nothing to check there. Errors are
	// about the parameters. Nil for rules that are reported elsewhere.
	build func(s *setting) (func(x *exam), error)
}

// A setting is the place in the catalog for which a check is made.
type setting struct {
	catalog     *catalog.Catalog
	category    *catalog.Category // nil: a category that the catalog does not know
	subcategory string            // empty: none, or one that the category does not know
	params      catalog.Params
	schemas     []*schema // of the category, compiled
}

// decode lays the catalog's parameters over dst, which holds the defaults.
func (s *setting) decode(dst any) error { return s.params.Decode(dst) }

// vocabulary returns the named vocabulary of the category and subcategory.
func (s *setting) vocabulary(name string) []string {
	if s.category == nil {
		return nil
	}
	return s.category.Vocabulary(name, s.subcategory)
}

// Rules lists every rule that a catalog may name, by family and name.
func Rules() []Rule {
	rules := make([]Rule, 0, len(definitions))
	for i := range definitions {
		r := definitions[i].Rule
		r.Params = slices.Clone(r.Params)
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return rules
}

// definitions are all rules, in the order in which they run.
var definitions = slices.Concat(
	structureRules,
	textRules,
	privacyRules,
	tokenRules,
	jsonRules,
	voiceRules,
	injuryRules,
	clinicRules,
	runningRules,
	duplicateRules,
)

// duplicateRules are known here so that catalogs may name them.
var duplicateRules = []definition{
	{Rule: Rule{
		ID: "duplicate/near", Family: "duplicate", Severity: Warning, Elsewhere: "the search for duplicates",
		Summary: "Another example says nearly the same.",
		Why:     "Near copies teach nothing new, weigh one case more than others, and carry answers from training into the held-out split.",
		Source:  "The plan's merge step: deduplicate.",
		Fix:     "Keep the better one and reject the other, or mark the two as not duplicates.",
	}},
	{Rule: Rule{
		ID: "duplicate/contradiction", Family: "duplicate", Severity: Warning, Elsewhere: "the search for duplicates",
		Summary: "Another example answers nearly the same question differently.",
		Why:     "Two answers to one question teach the model to guess.",
		Source:  "The plan's merge step: deduplicate.",
		Fix:     "Decide which answer is right and reject or correct the other.",
	}},
}

// simple makes a definition's build of a check that has no parameters.
func simple(check func(x *exam)) func(*setting) (func(*exam), error) {
	return func(s *setting) (func(*exam), error) {
		if err := s.decode(&struct{}{}); err != nil {
			return nil, err
		}
		return check, nil
	}
}
