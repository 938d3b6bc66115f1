package report

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// DistributionLayout is the version of the layout of Distribution's JSON.
const DistributionLayout = 1

// Distribution is the distribution report: what the examples of a scope are made
// of. Its JSON is the report's JSON; shares are from 0 to 1.
type Distribution struct {
	Report         string           `json:"report"` // "distribution"
	Layout         int              `json:"layout"`
	Dataset        string           `json:"dataset"`
	MadeAt         time.Time        `json:"made_at"`
	CatalogVersion int              `json:"catalog_version"`
	Release        string           `json:"release,omitempty"`
	Filter         ValidationFilter `json:"filter"`
	Examples       int64            `json:"examples"`

	Splits        []Part               `json:"splits,omitempty"`
	Categories    []CategoryPart       `json:"categories"`
	Subcategories []SubcategoryPart    `json:"subcategories"`
	Fits          []Fit                `json:"fits"`
	Sources       []Part               `json:"sources"`
	Generators    []Part               `json:"generators"`
	Reviewers     []ReviewerPart       `json:"reviewers"`
	Turns         []Part               `json:"turns"`
	Tokens        DistributionTokens   `json:"tokens"`
	Platforms     []ValidationPlatform `json:"platforms"`
	Dimensions    []DimensionPart      `json:"dimensions"`
	Confidence    Confidence           `json:"confidence"`
	Vocabulary    []Vocabulary         `json:"vocabulary"`
	Languages     []Part               `json:"languages"`
	Agreement     Agreement            `json:"agreement"`
	Sampling      Sampling             `json:"sampling"`
	Changes       *Changes             `json:"changes,omitempty"`
	// Assumptions are what the figures rest on, as sentences.
	Assumptions []string `json:"assumptions"`
	// Site is where numbers of the HTML lead; empty: nowhere. See Scope.
	Site string `json:"-"`
}

// A Part is one part of a whole.
type Part struct {
	Slug     string  `json:"slug,omitempty"`
	Name     string  `json:"name"`
	Examples int64   `json:"examples"`
	Share    float64 `json:"share"`
}

// A CategoryPart is one category against its target, which is of approved
// examples in the whole dataset.
type CategoryPart struct {
	Part
	TargetMin int              `json:"target_min"`
	TargetMax int              `json:"target_max"`
	ByStatus  map[string]int64 `json:"by_status"`
	Tokens    int64            `json:"tokens"`
}

// A SubcategoryPart is one subcategory against its plan. Share is of its
// category, PlannedShare what the plan makes of it; 0 where nothing is planned.
type SubcategoryPart struct {
	Part
	Category     string           `json:"category"`
	Planned      int              `json:"planned"`
	PlannedShare float64          `json:"planned_share"`
	ByStatus     map[string]int64 `json:"by_status"`
}

// A ReviewerPart is one person and on how many of the examples which was their last
// word that was not taken back, as the dashboard counts. An example may have several.
type ReviewerPart struct {
	ID        uuid.UUID `json:"-"`
	Name      string    `json:"name"`
	Approved  int64     `json:"approved"`
	Rejected  int64     `json:"rejected"`
	Escalated int64     `json:"asked_a_specialist"`
}

func (r ReviewerPart) examples() int64 { return r.Approved + r.Rejected + r.Escalated }

// DistributionTokens is how long the examples are: exact, unlike the figures of
// pages, which come from buckets.
type DistributionTokens struct {
	Form        string             `json:"form"`
	Total       int64              `json:"total"`
	Plain       int64              `json:"total_without_preamble"`
	Mean        float64            `json:"mean"`
	Least       int                `json:"least"`
	Most        int                `json:"most"`
	Percentiles []Percentile       `json:"percentiles"`
	Histogram   []ValidationBucket `json:"histogram"`
}

// A Percentile says that so many of 100 examples have at most so many tokens.
type Percentile struct {
	Percent int `json:"percent"`
	Tokens  int `json:"tokens"`
}

// A DimensionPart is one of the catalog's further ways to divide a category, such
// as the athlete's level, with how many examples say where they are.
type DimensionPart struct {
	Category string `json:"category"`
	Slug     string `json:"slug"`
	Name     string `json:"name"`
	Known    int64  `json:"known"`
	Unknown  int64  `json:"unknown"`
	Values   []Part `json:"values"`
}

// percents are those of the table of lengths.
var percents = [...]int{1, 5, 25, 50, 75, 90, 95, 99}

// How much of each list a distribution report holds; the rest is added up in one
// line. Names that the data makes up are counted up to maxNames, so that memory
// is bounded whatever rows say.
const (
	maxParts = 40
	maxNames = 10_000
	maxTurns = 12 // more are one part
)

// Distribution makes the distribution report of a scope. It reads every example
// once; memory does not grow with their number.
func (s *Service) Distribution(ctx context.Context, sc Scope) (Distribution, error) {
	sc, err := s.settle(ctx, sc)
	if err != nil {
		return Distribution{}, fmt.Errorf("distribution report: %w", err)
	}
	t := newTally(sc.Catalog)
	if err := s.walk(ctx, sc, needs{verdicts: true, samples: true}, func(x *row) error { t.add(x); return nil }); err != nil {
		return Distribution{}, fmt.Errorf("distribution report: %w", err)
	}
	sources, people, err := s.names(ctx, t)
	if err != nil {
		return Distribution{}, fmt.Errorf("distribution report: names: %w", err)
	}
	d := t.report(sources, people)
	d.Report, d.Layout, d.Dataset, d.MadeAt = "distribution", DistributionLayout, sc.Catalog.Name, sc.At.Truncate(time.Second)
	d.CatalogVersion, d.Release, d.Filter = sc.Version, sc.Release, ValidationFilter{sc.Filter.Category, string(sc.Filter.Status)}
	if sc.Release == "" {
		d.Site = sc.Site
	}
	if d.Sampling, err = s.sampled(ctx, t.sampled); err != nil {
		return Distribution{}, fmt.Errorf("distribution report: samples: %w", err)
	}
	if sc.Before != nil {
		d.Changes = changes(*sc.Before, d)
	}
	lists(reflect.ValueOf(&d))
	return d, nil
}

func (s *Service) names(ctx context.Context, t *tally) (sources, people map[uuid.UUID]string, err error) {
	sources, people = map[uuid.UUID]string{}, map[uuid.UUID]string{}
	q := db.New(s.db)
	files, err := q.ScopeSources(ctx, s.dataset, keys(t.sources))
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		sources[f.ID] = f.Name
	}
	users, err := q.PeopleNames(ctx, keys(t.reviewers))
	if err != nil {
		return nil, nil, err
	}
	for _, u := range users {
		people[u.ID] = u.Name
	}
	return sources, people, nil
}

func keys[V any](m map[uuid.UUID]V) []uuid.UUID {
	list := make([]uuid.UUID, 0, len(m))
	for id := range m {
		list = append(list, id)
	}
	slices.SortFunc(list, func(a, b uuid.UUID) int { return strings.Compare(string(a[:]), string(b[:])) })
	return list
}

// A shelf is a category with a subcategory.
type shelf struct{ category, subcategory string }

// A tally adds up a scope.
type tally struct {
	catalog    *catalog.Catalog
	categories map[string]catalog.Category
	examples   int64

	splits     map[string]int64
	shelves    map[shelf]map[string]int64 // by status
	tokensOf   map[string]int64           // by category
	sources    map[uuid.UUID]int64
	generators map[string]int64
	reviewers  map[uuid.UUID]*ReviewerPart
	turns      map[int]int64
	lengths    map[int]int64 // examples by exact length
	plain      int64
	dimensions map[dimensionKey]map[string]int64
	languages  map[string]int64
	confidence confidenceTally
	agreement  agreementTally
	words      wordSample
	sampled    map[uuid.UUID]int64 // examples by sample
}

type dimensionKey struct{ category, dimension string }

func newTally(c *catalog.Catalog) *tally {
	t := &tally{
		catalog: c, categories: map[string]catalog.Category{},
		splits: map[string]int64{}, shelves: map[shelf]map[string]int64{}, tokensOf: map[string]int64{}, sources: map[uuid.UUID]int64{},
		generators: map[string]int64{}, reviewers: map[uuid.UUID]*ReviewerPart{}, turns: map[int]int64{}, lengths: map[int]int64{},
		dimensions: map[dimensionKey]map[string]int64{}, languages: map[string]int64{},
		confidence: newConfidenceTally(), agreement: newAgreementTally(),
		sampled: map[uuid.UUID]int64{},
	}
	for _, cat := range c.Categories {
		t.categories[cat.Slug] = cat
	}
	return t
}

func (t *tally) add(x *row) {
	t.examples++
	t.splits[x.Split]++
	at := shelf{x.Category, x.Subcategory}
	if t.shelves[at] == nil {
		t.shelves[at] = map[string]int64{}
	}
	t.shelves[at][string(x.status)]++
	t.tokensOf[x.Category] += int64(x.tokens)
	t.sources[x.source]++
	t.turns[min(x.conversation.Turns(), maxTurns)]++
	t.lengths[x.tokens]++
	t.plain += int64(x.plain)
	said := readMetadata(x.metadata)
	bump(t.generators, said.generator())
	cat := t.categories[x.Category]
	for _, d := range cat.Dimensions {
		key := dimensionKey{x.Category, d.Slug}
		if t.dimensions[key] == nil {
			t.dimensions[key] = map[string]int64{}
		}
		bump(t.dimensions[key], dimensionOf(d, x.conversation, said))
	}
	bump(t.languages, languageOf(x.conversation))
	t.people(x)
	t.confidence.add(x, cat)
	t.agreement.add(x)
	t.words.add(x)
	for _, id := range x.samples {
		t.sampled[id]++
	}
}

// people counts the last word of each person.
func (t *tally) people(x *row) {
	last := map[uuid.UUID]string{}
	for _, v := range x.verdicts {
		last[v.ReviewerID] = v.Verdict
	}
	for id, verdict := range last {
		p := t.reviewers[id]
		if p == nil {
			p = &ReviewerPart{ID: id}
			t.reviewers[id] = p
		}
		switch example.Verdict(verdict) {
		case example.Approve:
			p.Approved++
		case example.Reject:
			p.Rejected++
		case example.Escalate:
			p.Escalated++
		}
	}
}

// bump counts a name; when there are too many, new ones go under "other".
func bump(m map[string]int64, name string) {
	if _, ok := m[name]; !ok && len(m) >= maxNames {
		name = otherNames
	}
	m[name]++
}

const otherNames = "other"

// report puts the sums into the report's form.
func (t *tally) report(sources, people map[uuid.UUID]string) Distribution {
	d := Distribution{Examples: t.examples, Assumptions: distributionAssumptions()}
	if len(t.splits) > 1 || t.splits[""] != t.examples {
		d.Splits = t.inOrder(t.splits, []string{"train", "validation", "test"}, "no split")
	}
	t.fillShelves(&d)
	bySource := map[string]int64{}
	for id, n := range t.sources {
		bySource[cmp.Or(sources[id], id.String())] += n
	}
	d.Sources = t.parts(bySource, "")
	for i := range d.Sources {
		if _, ok := bySource[d.Sources[i].Name]; ok {
			d.Sources[i].Slug = d.Sources[i].Name
		}
	}
	d.Generators = t.parts(t.generators, "not said")
	for id, p := range t.reviewers {
		p.Name = cmp.Or(people[id], "the command line")
		d.Reviewers = append(d.Reviewers, *p)
	}
	slices.SortFunc(d.Reviewers, func(a, b ReviewerPart) int {
		return cmp.Or(cmp.Compare(b.examples(), a.examples()), cmp.Compare(a.Name, b.Name), cmp.Compare(b.Approved, a.Approved), strings.Compare(a.ID.String(), b.ID.String()))
	})
	for n := range maxTurns + 1 {
		if t.turns[n] == 0 {
			continue
		}
		name := fmt.Sprint(n)
		if n == maxTurns {
			name += " or more"
		}
		d.Turns = append(d.Turns, t.part(name, t.turns[n]))
	}
	t.fillTokens(&d)
	t.fillDimensions(&d)
	d.Languages = t.parts(t.languages, "")
	d.Confidence = t.confidence.report(t.catalog)
	d.Agreement = t.agreement.report()
	d.Vocabulary = t.words.report()
	return d
}

func (t *tally) part(name string, n int64) Part {
	return Part{Name: name, Examples: n, Share: portion(n, t.examples)}
}

// portion is part of whole, to six places: 0 where there is no whole.
func portion(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return round(float64(part)/float64(whole), 6)
}

func round(x float64, places int) float64 {
	scale := math.Pow10(places)
	return math.Round(x*scale) / scale
}

// parts lists counts, the largest first; the empty name is written as nobody.
func (t *tally) parts(counts map[string]int64, nobody string) []Part {
	list := make([]Part, 0, len(counts))
	for name, n := range counts {
		list = append(list, t.part(cmp.Or(name, nobody), n))
	}
	slices.SortFunc(list, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Examples, a.Examples), cmp.Compare(a.Name, b.Name)) })
	if len(list) <= maxParts {
		return list
	}
	var rest int64
	for _, p := range list[maxParts:] {
		rest += p.Examples
	}
	return append(list[:maxParts:maxParts], t.part(fmt.Sprintf("%s more", grouped(len(list)-maxParts)), rest))
}

// inOrder lists counts with the known names first.
func (t *tally) inOrder(counts map[string]int64, known []string, nobody string) []Part {
	var list []Part
	for _, name := range known {
		if n, ok := counts[name]; ok {
			list = append(list, t.part(name, n))
		}
	}
	rest := map[string]int64{}
	for name, n := range counts {
		if !slices.Contains(known, name) {
			rest[name] = n
		}
	}
	return append(list, t.parts(rest, nobody)...)
}

// fillShelves lists categories and subcategories in the catalog's order, those
// that left it last, with those that are empty.
func (t *tally) fillShelves(d *Distribution) {
	slugs := t.catalog.Slugs()
	for _, at := range t.sortedShelves() {
		if !slices.Contains(slugs, at.category) {
			slugs = append(slugs, at.category)
		}
	}
	for _, slug := range slugs {
		cat, known := t.categories[slug]
		part := CategoryPart{Part: Part{Slug: slug, Name: cmp.Or(cat.Name, slug)}, TargetMin: cat.Target.Min, TargetMax: cat.Target.Max, ByStatus: map[string]int64{}, Tokens: t.tokensOf[slug]}
		var subs []SubcategoryPart
		planned := 0
		listed := map[string]bool{}
		for _, sub := range cat.Subcategories {
			planned += sub.Planned
			listed[sub.Slug] = true
			subs = append(subs, SubcategoryPart{Part: Part{Slug: sub.Slug, Name: sub.Name}, Category: slug, Planned: sub.Planned})
		}
		for _, at := range t.sortedShelves() {
			if at.category == slug && !listed[at.subcategory] {
				subs = append(subs, SubcategoryPart{Part: Part{Slug: at.subcategory, Name: cmp.Or(at.subcategory, "none named")}, Category: slug})
			}
		}
		for i := range subs {
			by := t.shelves[shelf{slug, subs[i].Slug}]
			subs[i].ByStatus = map[string]int64{}
			for status, n := range by {
				subs[i].ByStatus[status] += n
				part.ByStatus[status] += n
				subs[i].Examples += n
				part.Examples += n
			}
			subs[i].PlannedShare = portion(int64(subs[i].Planned), int64(planned))
		}
		for i := range subs {
			subs[i].Share = portion(subs[i].Examples, part.Examples)
		}
		part.Share = portion(part.Examples, t.examples)
		if !known && part.Examples == 0 {
			continue
		}
		d.Categories = append(d.Categories, part)
		d.Subcategories = append(d.Subcategories, subs...)
		if fit, ok := fitOf(part, subs); ok {
			d.Fits = append(d.Fits, fit)
		}
	}
	if fit, ok := fitOfTargets(d.Categories); ok {
		d.Fits = append([]Fit{fit}, d.Fits...)
	}
}

func (t *tally) sortedShelves() []shelf {
	list := make([]shelf, 0, len(t.shelves))
	for at := range t.shelves {
		list = append(list, at)
	}
	slices.SortFunc(list, func(a, b shelf) int {
		return cmp.Or(cmp.Compare(a.category, b.category), cmp.Compare(a.subcategory, b.subcategory))
	})
	return list
}

func (t *tally) fillTokens(d *Distribution) {
	f := exactTokens(t.lengths)
	d.Tokens = DistributionTokens{Form: tokenForm, Total: f.Tokens, Plain: t.plain, Mean: round(f.Mean(), 1)}
	if n := len(f.Buckets); n > 0 {
		d.Tokens.Least, d.Tokens.Most = f.Buckets[0].From, f.Buckets[n-1].To
	}
	for _, p := range percents {
		d.Tokens.Percentiles = append(d.Tokens.Percentiles, Percentile{p, f.AtMost(float64(p) / 100)})
	}
	for _, b := range f.Octaves() {
		d.Tokens.Histogram = append(d.Tokens.Histogram, ValidationBucket{b.From, b.To, b.Examples})
	}
	d.Platforms = platformRows(f.onPlatforms(t.catalog), f.Examples)
}

func (t *tally) fillDimensions(d *Distribution) {
	for _, cat := range t.catalog.Categories {
		for _, dim := range cat.Dimensions {
			counts := t.dimensions[dimensionKey{cat.Slug, dim.Slug}]
			if counts == nil {
				continue
			}
			part := DimensionPart{Category: cat.Name, Slug: dim.Slug, Name: dim.Name, Unknown: counts[""]}
			for name, n := range counts {
				if name != "" {
					part.Known += n
				}
			}
			listed := map[string]bool{"": true}
			for _, v := range dim.Values {
				listed[v.Slug] = true
				part.Values = append(part.Values, Part{Slug: v.Slug, Name: v.Name, Examples: counts[v.Slug], Share: portion(counts[v.Slug], part.Known)})
			}
			rest := map[string]int64{}
			for name, n := range counts {
				if !listed[name] {
					rest[name] = n
				}
			}
			for _, p := range t.parts(rest, "") {
				p.Share = portion(p.Examples, part.Known)
				part.Values = append(part.Values, p)
			}
			d.Dimensions = append(d.Dimensions, part)
		}
	}
}

// said is what the metadata of a row says, by key. The row's own keys come before
// those of its "metadata" and its tags.
type said map[string]string

func readMetadata(text string) said {
	if text == "" || text == "{}" {
		return nil
	}
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &top) != nil {
		return nil // it was stored as it came
	}
	s := said{}
	var tags []string
	if json.Unmarshal(top["tags"], &tags) == nil {
		for _, tag := range tags {
			if key, value, ok := strings.Cut(tag, ":"); ok {
				s[key] = value
			}
		}
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(top["metadata"], &inner) == nil {
		s.take(inner)
	}
	s.take(top)
	return s
}

func (s said) take(m map[string]json.RawMessage) {
	for key, raw := range m {
		var v string
		if len(raw) < maxSaid && json.Unmarshal(raw, &v) == nil {
			s[key] = v
		}
	}
}

// maxSaid is the longest value, in bytes of JSON, that is a name of something.
const maxSaid = 200

// generator is what made the row, where it says so.
func (s said) generator() string {
	for _, key := range [...]string{"generator", "processor_used", "generated_by", "generation_model", "model"} {
		if v := strings.TrimSpace(s[key]); v != "" {
			return v
		}
	}
	return ""
}

// dimensionOf is where an example is along d; empty where it does not say.
func dimensionOf(d catalog.Dimension, c example.Conversation, s said) string {
	if d.Source == catalog.SourceTag {
		return s[d.Slug]
	}
	users := 0
	for _, m := range c.Messages {
		if m.Role == example.User {
			users++
		}
	}
	if users > 1 {
		return "multi"
	}
	return "single"
}

// distributionAssumptions are those of the figures beside cost.
func distributionAssumptions() []string {
	return append(Assumptions(),
		"A reviewer is counted for every example on which their last verdict stands; an example may have several reviewers.",
		"The generator is what the row itself said when it came in, under generator, processor_used, generated_by, generation_model or model.",
		languageMethod,
	)
}

// Write writes the report. HTML is one file that needs nothing else and prints.
func (d Distribution) Write(w io.Writer, f Format) error {
	switch f {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(d)
	case Markdown:
		return d.markdown(w)
	case HTML:
		return d.html(w)
	}
	return fault.New(fault.Invalid, "There is no report format %q. Use html, json or md.", f)
}
