// Package catalog describes a dataset: its categories and subcategories, how
// many examples each should hold, what an answer looks like, what reviewers
// are told and which checks run. A catalog is data that teams write as files
// (see docs/catalog.md) and that the product keeps as one JSON document per
// version. This package reads, checks and writes catalogs; it runs no check
// on examples and draws nothing.
package catalog

import (
	"slices"
	"strings"
)

// Layout is the version of the file layout that this package reads and writes.
const Layout = 1

// A Catalog describes one dataset. The zero value is not valid; it comes from
// Load, Parse, Decode or Default. It is safe for concurrent reading.
type Catalog struct {
	Layout      int        `json:"layout"`
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Platforms   []Platform `json:"platforms,omitempty"`
	// SecondLookShare is how much of what is decided somebody else judges again
	// without knowing the first verdict, from 0 to 1; nil: DefaultSecondLookShare.
	SecondLookShare *float64   `json:"second_look_share,omitempty"`
	Categories      []Category `json:"categories"` // in the order in which they are shown
}

// A Platform is a place where the dataset may be trained on.
type Platform struct {
	Slug  string `json:"slug" yaml:"slug"`
	Name  string `json:"name" yaml:"name"`
	Model string `json:"model,omitempty" yaml:"model,omitempty"`
	// MaxTokens is the longest training row, in tokens of the rendered
	// conversation; 0 where it is not known.
	MaxTokens int `json:"max_tokens,omitempty" yaml:"max_tokens,omitempty"`
	// USDPerMillionTokens is the price of a million trained tokens, which is
	// the tokens of the rows times the epochs; nil where it is not known.
	USDPerMillionTokens *float64 `json:"usd_per_million_tokens,omitempty" yaml:"usd_per_million_tokens,omitempty"`
	// PriceAsOf is the day, month or year the price was read:
	// 2026-08-31, 2026-08 or 2026; empty where it is not known.
	PriceAsOf string `json:"price_as_of,omitempty" yaml:"price_as_of,omitempty"`
	Note      string `json:"note,omitempty" yaml:"note,omitempty"`
}

// A Category is one feature of the product that the dataset trains. In files
// the folder's name is the slug and the long texts stand in files of their own.
type Category struct {
	Slug        string   `json:"slug" yaml:"-"`
	Name        string   `json:"name" yaml:"name"`
	Description string   `json:"description,omitempty" yaml:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty" yaml:"aliases,omitempty"` // other names that imported rows use
	Priority    string   `json:"priority" yaml:"priority"`                   // P0 (first) to P9
	Target      Target   `json:"target" yaml:"target"`
	// Approvals is the number of independent approvals an example needs.
	Approvals     int             `json:"approvals" yaml:"approvals"`
	Answer        Answer          `json:"answer" yaml:"answer"`
	Subcategories []Subcategory   `json:"subcategories,omitempty" yaml:"subcategories,omitempty"`
	Dimensions    []Dimension     `json:"dimensions,omitempty" yaml:"dimensions,omitempty"`
	Vocabularies  Vocabularies    `json:"vocabularies,omitempty" yaml:"vocabularies,omitempty"`
	Checks        []Check         `json:"checks,omitempty" yaml:"checks,omitempty"`
	RejectReasons []RejectReason  `json:"reject_reasons,omitempty" yaml:"reject_reasons,omitempty"`
	Schemas       []Schema        `json:"schemas,omitempty" yaml:"schemas,omitempty"` // tried in order, see SchemaFor
	Checklist     []ChecklistItem `json:"checklist,omitempty" yaml:"-"`
	SystemPrompt  string          `json:"system_prompt,omitempty" yaml:"-"` // what the model gets, byte for byte
	Guidelines    string          `json:"guidelines,omitempty" yaml:"-"`    // Markdown for reviewers
}

// A Target is the planned number of approved examples, both ends included.
type Target struct {
	Min int `json:"min" yaml:"min"`
	Max int `json:"max" yaml:"max"`
}

// A Subcategory is one kind of example within a category.
type Subcategory struct {
	Slug        string   `json:"slug" yaml:"slug"`
	Name        string   `json:"name" yaml:"name"`
	Description string   `json:"description,omitempty" yaml:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty" yaml:"aliases,omitempty"`
	// Planned is the number of approved examples wanted; 0 means that none
	// was planned, not that none is wanted.
	Planned int `json:"planned,omitempty" yaml:"planned,omitempty"`
	// SourceChunks is the number of source documents the examples are made
	// from. It says nothing of how many examples come out.
	SourceChunks int `json:"source_chunks,omitempty" yaml:"source_chunks,omitempty"`
	// ConfidenceBand is where the answer's confidence should lie; nil where
	// nothing is expected.
	ConfidenceBand *Band `json:"confidence_band,omitempty" yaml:"confidence_band,omitempty"`
	// Vocabularies adds words to the category's vocabularies of the same name.
	Vocabularies Vocabularies `json:"vocabularies,omitempty" yaml:"vocabularies,omitempty"`
	// Answer replaces the category's; nil keeps it.
	Answer *Answer `json:"answer,omitempty" yaml:"answer,omitempty"`
	// Skill is what the person giving the final approval must have, such as
	// clinician; empty asks for nothing.
	Skill string `json:"skill,omitempty" yaml:"skill,omitempty"`
}

// A Band is a closed range within 0 to 1.
type Band struct {
	Min float64 `json:"min" yaml:"min"`
	Max float64 `json:"max" yaml:"max"`
}

// Contains reports whether x lies in the band, ends included.
func (b Band) Contains(x float64) bool { return b.Min <= x && x <= b.Max }

// Vocabularies are lists of allowed words by name, in the order in which a
// form offers them.
type Vocabularies map[string][]string

// A Dimension is a second way to divide a category, across its subcategories,
// such as the athlete's level.
type Dimension struct {
	Slug   string           `json:"slug" yaml:"slug"`
	Name   string           `json:"name" yaml:"name"`
	Source string           `json:"source" yaml:"source"` // SourceTag or SourceUserTurns
	Values []DimensionValue `json:"values" yaml:"values"`
}

// The sources of a dimension's value.
const (
	// SourceTag reads it from a tag spelled "dimension:value".
	SourceTag = "tag"
	// SourceUserTurns counts the user's messages: "single" is one, "multi" more.
	SourceUserTurns = "user_turns"
)

// A DimensionValue is one place along a dimension.
type DimensionValue struct {
	Slug string `json:"slug" yaml:"slug"`
	Name string `json:"name" yaml:"name"`
}

// An Answer says what the assistant's messages are.
type Answer struct {
	Kind  string `json:"kind" yaml:"kind"`                       // KindJSON, KindMarkdown or KindAny
	Turns string `json:"turns,omitempty" yaml:"turns,omitempty"` // TurnsEvery (also when empty) or TurnsFinal
}

// The kinds of answer.
const (
	KindJSON     = "json"     // one JSON document that one of the schemas describes
	KindMarkdown = "markdown" // prose
	KindAny      = "any"      // JSON where the message starts with a brace, prose otherwise
)

// Which of the assistant's messages an Answer speaks of.
const (
	TurnsEvery = "every"
	TurnsFinal = "final" // only the last one; earlier ones may be prose
)

// A RejectReason is offered, by its number, when a reviewer rejects.
type RejectReason struct {
	Slug string `json:"slug" yaml:"slug"`
	Name string `json:"name" yaml:"name"`
}

// A ChecklistItem is one thing a reviewer affirms before approving.
type ChecklistItem struct {
	Slug string `json:"slug" yaml:"slug"`
	Text string `json:"text" yaml:"text"`
	Help string `json:"help,omitempty" yaml:"help,omitempty"`
	// ProvedBy names the rules that tick the item when all of them ran and
	// found nothing. Empty leaves the item to the person.
	ProvedBy []string `json:"proved_by,omitempty" yaml:"proved_by,omitempty"`
}

// A Check switches one rule ("injury/checkpoints") or a whole family
// ("injury") on for a category, or off.
type Check struct {
	Rule string `json:"rule" yaml:"rule"`
	Off  bool   `json:"off,omitempty" yaml:"off,omitempty"`
	// Severity is error, warning or info; empty keeps the rule's own.
	Severity string `json:"severity,omitempty" yaml:"severity,omitempty"`
	// Skill is what a person needs to approve over a finding of this rule.
	Skill  string `json:"skill,omitempty" yaml:"skill,omitempty"`
	Params Params `json:"params,omitempty" yaml:"params,omitempty"`
}

// Category returns the category with that slug or alias. Case does not
// matter, and a blank, a hyphen or a slash counts as an underscore.
func (c *Catalog) Category(slugOrAlias string) (Category, bool) {
	want := fold(slugOrAlias)
	for _, cat := range c.Categories {
		if named(want, cat.Slug, cat.Aliases) {
			return cat, true
		}
	}
	return Category{}, false
}

// DefaultSecondLookShare is one decision in twenty.
const DefaultSecondLookShare = 0.05

// SecondLooks is the share of decisions that get a blind second look.
func (c *Catalog) SecondLooks() float64 {
	if c.SecondLookShare == nil {
		return DefaultSecondLookShare
	}
	return *c.SecondLookShare
}

// Slugs returns the slugs of the categories in their order.
func (c *Catalog) Slugs() []string {
	slugs := make([]string, len(c.Categories))
	for i, cat := range c.Categories {
		slugs[i] = cat.Slug
	}
	return slugs
}

// Subcategory returns the subcategory with that slug or alias, spelled as
// freely as in Catalog.Category.
func (c Category) Subcategory(slugOrAlias string) (Subcategory, bool) {
	want := fold(slugOrAlias)
	for _, sub := range c.Subcategories {
		if named(want, sub.Slug, sub.Aliases) {
			return sub, true
		}
	}
	return Subcategory{}, false
}

// AnswerFor returns what answers look like in the subcategory with that slug,
// or in the category where the subcategory says nothing or is not known. Its
// Turns is never empty.
func (c Category) AnswerFor(subcategory string) Answer {
	a := c.Answer
	if sub, ok := c.Subcategory(subcategory); ok && sub.Answer != nil {
		a = *sub.Answer
	}
	if a.Turns == "" {
		a.Turns = TurnsEvery
	}
	return a
}

// Vocabulary returns the words of the named vocabulary that are allowed in
// the subcategory with that slug: the category's, then those the subcategory
// adds. It returns nil where there is no such vocabulary.
func (c Category) Vocabulary(name, subcategory string) []string {
	words := slices.Clone(c.Vocabularies[name])
	if sub, ok := c.Subcategory(subcategory); ok {
		words = append(words, sub.Vocabularies[name]...)
	}
	return words
}

// Check returns the settings of a rule ("family/name") and whether it runs in
// this category. An entry for the rule itself lies over the entry for its
// family: on or off is the rule's, severity and skill are the family's where
// the rule leaves them empty, and parameters are merged by name. For a rule
// that no entry names it returns false: such a rule does not run, unless it is
// one of those that look at any conversation (the families structure, text,
// privacy, tokens and json). Those run in every category until an entry turns
// them off; which they are is the linter's knowledge and not the catalog's.
func (c Category) Check(rule string) (Check, bool) {
	family, _, _ := strings.Cut(rule, "/")
	set := Check{Rule: rule}
	found := false
	for _, name := range []string{family, rule} {
		i := slices.IndexFunc(c.Checks, func(k Check) bool { return k.Rule == name })
		if i < 0 {
			continue
		}
		found = true
		over := c.Checks[i]
		set.Off = over.Off
		if over.Severity != "" {
			set.Severity = over.Severity
		}
		if over.Skill != "" {
			set.Skill = over.Skill
		}
		set.Params = set.Params.with(over.Params)
		if family == rule {
			break
		}
	}
	return set, found && !set.Off
}

// named reports whether want, already folded, is the slug or one of the aliases.
func named(want, slug string, aliases []string) bool {
	return want != "" && (want == slug || slices.ContainsFunc(aliases, func(a string) bool { return fold(a) == want }))
}

// fold brings the spellings of a name that people and files use to the one
// that slugs have.
func fold(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool {
		return r == '_' || r == '-' || r == '/' || r == ' ' || r == '\t'
	}), "_")
}
