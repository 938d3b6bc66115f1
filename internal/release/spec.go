// Package release makes releases: it chooses approved examples, deals them out
// to splits so that nothing that belongs together is torn apart, holds the result
// against a preflight, freezes it for ever, and builds the files. What a row looks
// like is package export's; what reports say is package report's.
package release

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
)

// A Spec says what a release is to hold and how it is divided. The zero value
// means: every approved example, DefaultSplits, seed 0, the messages preset.
type Spec struct {
	Filters Filters          `json:"filters"`
	Limits  map[string]Limit `json:"limits,omitempty"` // by category
	Splits  []Split          `json:"splits"`
	Seed    int64            `json:"seed"`
	Presets []string         `json:"presets"`
}

// Filters say which approved examples come in; an empty list lets all through.
type Filters struct {
	Categories    []string `json:"categories,omitempty"`
	Subcategories []string `json:"subcategories,omitempty"`
	Sources       []string `json:"sources,omitempty"` // ids or file names
	Tags          []string `json:"tags,omitempty"`    // words that people put on examples; one of them is enough
}

// A Limit bounds a category: fewer than Floor rows is a red line of the
// preflight, of more than Cap rows a seeded choice is taken. 0 is no limit.
type Limit struct {
	Floor int `json:"floor,omitempty"`
	Cap   int `json:"cap,omitempty"`
}

// A Split is a part of the release with the share of the rows it should get.
type Split struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

// Train, Validation and Test are the names of the usual splits, in the order in
// which the merged file has them. Any split but Train is held out.
const (
	Train      = "train"
	Validation = "validation"
	Test       = "test"
)

// DefaultSplits is 90, 5 and 5 in a hundred.
func DefaultSplits() []Split {
	return []Split{{Train, 0.9}, {Validation, 0.05}, {Test, 0.05}}
}

const (
	maxNameBytes  = 100
	maxNotesBytes = 10_000
	maxSplits     = 10
	maxFilters    = 1000
	maxTagBytes   = 160 // 40 letters
)

var (
	splitName   = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	releaseName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._+-]*$`)
)

// ParseSplits reads "train=0.9,validation=0.05,test=0.05". Empty is
// DefaultSplits.
func ParseSplits(text string) ([]Split, error) {
	if strings.TrimSpace(text) == "" {
		return DefaultSplits(), nil
	}
	shares := map[string]float64{}
	for _, part := range strings.Split(text, ",") {
		name, share, ok := strings.Cut(strings.TrimSpace(part), "=")
		x, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		name = strings.TrimSpace(name)
		if _, twice := shares[name]; !ok || err != nil || twice {
			return nil, fault.Fields("The splits are not right.", map[string]string{"splits": "Write each split once with its share, such as train=0.9,validation=0.05,test=0.05."})
		}
		shares[name] = x
	}
	return SplitsOf(shares), nil
}

// SplitsOf puts shares by name into the order in which files have them: train,
// validation, test, then the others by name. None is DefaultSplits.
func SplitsOf(shares map[string]float64) []Split {
	if len(shares) == 0 {
		return DefaultSplits()
	}
	splits := make([]Split, 0, len(shares))
	for _, name := range slices.Sorted(maps.Keys(shares)) {
		splits = append(splits, Split{name, shares[name]})
	}
	slices.SortStableFunc(splits, func(a, b Split) int { return rank(a.Name) - rank(b.Name) })
	return splits
}

func rank(split string) int {
	if i := slices.Index([]string{Train, Validation, Test}, split); i >= 0 {
		return i
	}
	return 3
}

// FormatSplits is the inverse of ParseSplits.
func FormatSplits(splits []Split) string {
	parts := make([]string, len(splits))
	for i, s := range splits {
		parts[i] = s.Name + "=" + strconv.FormatFloat(s.Share, 'f', -1, 64)
	}
	return strings.Join(parts, ",")
}

// normal returns the spec with defaults filled in, or fault.Invalid with every
// problem.
func (s Spec) normal(c *catalog.Catalog) (Spec, error) {
	problems := map[string]string{}
	if len(s.Splits) == 0 {
		s.Splits = DefaultSplits()
	}
	shares := map[string]float64{}
	sum := 0.0
	for _, p := range s.Splits {
		if !splitName.MatchString(p.Name) || p.Name == "all" {
			problems["splits"] = fmt.Sprintf("%q is no name for a split: use lower-case letters, digits, - and _.", p.Name)
		}
		if !(p.Share > 0 && p.Share <= 1) {
			problems["splits"] = "Every share must be above 0 and at most 1."
		}
		shares[p.Name] = p.Share
		sum += p.Share
	}
	switch {
	case problems["splits"] != "":
	case len(shares) != len(s.Splits):
		problems["splits"] = "Name each split once."
	case len(s.Splits) > maxSplits:
		problems["splits"] = fmt.Sprintf("Use at most %d splits.", maxSplits)
	case math.Abs(sum-1) > 0.001:
		problems["splits"] = fmt.Sprintf("The shares add up to %.4g. They must add up to 1.", sum)
	case shares[Train] == 0:
		problems["splits"] = "One split must be called train."
	}
	s.Splits = SplitsOf(shares)
	if len(s.Presets) == 0 {
		s.Presets = []string{string(export.Messages)}
	}
	for _, name := range s.Presets {
		if _, err := export.ParsePreset(name); err != nil {
			problems["presets"] = fmt.Sprintf("There is no preset %q.", name)
		}
	}
	if !slices.Contains(s.Presets, string(export.Messages)) {
		s.Presets = append([]string{string(export.Messages)}, s.Presets...) // the file that every platform takes
	}
	s.Presets = unique(s.Presets)
	var bad string
	s.Filters.Categories, bad = known(s.Filters.Categories, func(name string) (string, bool) {
		cat, ok := c.Category(name)
		return cat.Slug, ok
	})
	if bad != "" {
		problems["category"] = fmt.Sprintf("There is no category %q. Use %s.", bad, strings.Join(c.Slugs(), ", "))
	}
	s.Filters.Subcategories, bad = known(s.Filters.Subcategories, func(name string) (string, bool) {
		for _, cat := range c.Categories {
			if sub, ok := cat.Subcategory(name); ok {
				return sub.Slug, true
			}
		}
		return "", false
	})
	if bad != "" {
		problems["subcategory"] = fmt.Sprintf("There is no subcategory %q.", bad)
	}
	if len(s.Filters.Sources) > maxFilters {
		problems["source"] = fmt.Sprintf("Name at most %d sources.", maxFilters)
	}
	tags := []string{} // never nil: a query gets it
	for _, tag := range s.Filters.Tags {
		if tag = strings.Join(strings.Fields(tag), " "); tag != "" { // as they are put on
			tags = append(tags, tag)
		}
		if len(tag) > maxTagBytes || len(tags) > maxFilters || !utf8.ValidString(tag) {
			problems["tag"] = fmt.Sprintf("Name at most %d tags of at most %d bytes.", maxFilters, maxTagBytes)
		}
	}
	s.Filters.Tags = unique(tags)
	limits := map[string]Limit{}
	for name, l := range s.Limits {
		cat, ok := c.Category(name)
		switch {
		case !ok:
			problems["limits"] = fmt.Sprintf("There is no category %q.", name)
		case l.Floor < 0 || l.Cap < 0 || l.Cap > 0 && l.Floor > l.Cap:
			problems["limits"] = fmt.Sprintf("The floor and cap of %s make no sense: both are counts, the floor at most the cap.", cat.Name)
		case l != Limit{}:
			limits[cat.Slug] = l
		}
	}
	if s.Limits = limits; len(limits) == 0 {
		s.Limits = nil
	}
	if len(problems) > 0 {
		return s, fault.Fields("The release can't be made like this.", problems)
	}
	return s, nil
}

// known maps names to slugs; the second result is the first name that there is
// not.
func known(names []string, slug func(string) (string, bool)) ([]string, string) {
	var out []string
	for _, n := range names {
		s, ok := slug(n)
		if !ok {
			return nil, n
		}
		out = append(out, s)
	}
	return unique(out), ""
}

// unique drops repetitions, keeping the order.
func unique(in []string) []string {
	var out []string
	for _, s := range in {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// checkName says what is wrong with a release's name; empty: nothing.
func checkName(name string) string {
	switch {
	case name == "":
		return "Give the release a name."
	case len(name) > maxNameBytes:
		return fmt.Sprintf("Use at most %d bytes.", maxNameBytes)
	case !utf8.ValidString(name) || !releaseName.MatchString(name):
		return "Use letters, digits, blanks, and . _ + - after the first."
	}
	return ""
}

func (s Spec) encode() (string, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode the spec: %w", err)
	}
	return string(b), nil
}

// names are the names of the splits in their order.
func (s Spec) names() []string {
	names := make([]string, len(s.Splits))
	for i, p := range s.Splits {
		names[i] = p.Name
	}
	return names
}
