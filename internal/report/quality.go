package report

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

// A Filter says which examples figures are of; empty fields do not filter.
type Filter struct {
	Category string
	Status   example.Status
}

func (f Filter) covers(category string, status db.ExampleStatus) bool {
	return (f.Category == "" || f.Category == category) && (f.Status == "" || string(f.Status) == string(status))
}

// Quality is what is wrong with the examples and how long they are. Everything
// comes from maintained figures, however many examples there are.
type Quality struct {
	Examples int64
	Rules    []RuleFigure   // errors first, then by how many examples they are on
	Sources  []SourceFigure // the worst first; of all examples, whatever the filter
	Tokens   TokenFigures
	// Since is the day that RuleFigure.Change compares with; zero where there is
	// none yet, or the figures are filtered.
	Since time.Time
	At    time.Time // when it was computed
}

// A RuleFigure is how often a rule found something of one severity on current
// revisions, waived findings left out.
type RuleFigure struct {
	Rule       string
	Severity   lint.Severity
	Summary    string // what the rule catches; empty for rules that are no more
	Fix        string // what to do
	Findings   int64
	Examples   int64
	Categories []CategoryFigure // those with examples, in the catalog's order
	Change     *int64           // of Examples since Quality.Since; nil: not known
}

// A CategoryFigure is a number of examples of one category.
type CategoryFigure struct {
	Slug, Name string
	Examples   int64
}

// A SourceFigure is how many examples of an imported file have findings.
type SourceFigure struct {
	ID                       uuid.UUID
	Name                     string
	Demo                     bool
	Examples                 int64
	WithErrors, WithWarnings int64
}

// TokenFigures is how long examples are, in Llama 3 tokens of the Hugging Face
// form (the rendered conversation with its date preamble).
type TokenFigures struct {
	Examples  int64
	Tokens    int64
	Buckets   []TokenBucket // those with examples, shortest first
	Platforms []PlatformFigure
}

// A TokenBucket counts the examples of From to To tokens, both included.
type TokenBucket struct {
	From, To int
	Examples int64
	Tokens   int64
}

// A PlatformFigure is what a training platform would cut and charge.
type PlatformFigure struct {
	catalog.Platform
	// Over is how many examples are longer than MaxTokens. It is a little too
	// high where About is set: then the limit lies within a bucket, and all of
	// that bucket is counted.
	Over  int64
	About bool
	// Tokens and Examples are what Cost works with.
	tokens, examples int64
}

// Cost is what training on the examples costs in US dollars: the price times the
// epochs times all tokens. False where the price is not known.
func (p PlatformFigure) Cost(epochs int) (float64, bool) {
	return p.charge(epochs, p.tokens)
}

// Unpacked is what the same costs where packing is switched off and every row is
// charged at the platform's full length; false where either is not known.
func (p PlatformFigure) Unpacked(epochs int) (float64, bool) {
	if p.MaxTokens == 0 {
		return 0, false
	}
	return p.charge(epochs, p.examples*int64(p.MaxTokens))
}

// Preamble is the part of Cost that the date preamble is; false where the price
// is not known.
func (p PlatformFigure) Preamble(epochs int) (float64, bool) {
	return p.charge(epochs, p.examples*preambleTokens)
}

func (p PlatformFigure) charge(epochs int, tokens int64) (float64, bool) {
	if p.USDPerMillionTokens == nil {
		return 0, false
	}
	return *p.USDPerMillionTokens * float64(epochs) * float64(tokens) / 1e6, true
}

// preambleTokens is how much longer the Hugging Face form of a row is than the
// plain one: the lines with the cut-off and the day, and where there is no system
// message, its header.
const preambleTokens = 25

// maxSources bounds Quality.Sources.
const maxSources = 10

// trendDays is how far back Quality.Since looks.
const trendDays = 7

// Quality computes the figures of the examples that f covers. It fails with
// fault.Invalid for a status that there is not.
func (s *Service) Quality(ctx context.Context, f Filter) (Quality, error) {
	if f.Status != "" && !f.Status.Valid() {
		return Quality{}, fault.Fields("There is no such status.", map[string]string{"status": "Use pending, approved, rejected or escalated."})
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return Quality{}, fmt.Errorf("quality: %w", err)
	}
	q := Quality{At: time.Now()}
	if q.Rules, q.Since, err = s.rules(ctx, c, f); err != nil {
		return Quality{}, fmt.Errorf("quality: findings: %w", err)
	}
	if q.Tokens, err = s.tokens(ctx, c, f); err != nil {
		return Quality{}, fmt.Errorf("quality: tokens: %w", err)
	}
	q.Examples = q.Tokens.Examples
	sources, err := db.New(s.db).WorstSources(ctx, s.dataset, maxSources)
	if err != nil {
		return Quality{}, fmt.Errorf("quality: sources: %w", err)
	}
	for _, r := range sources {
		q.Sources = append(q.Sources, SourceFigure{
			ID: r.SourceID, Name: r.Name, Demo: r.Demo, Examples: r.Examples, WithErrors: r.WithErrors, WithWarnings: r.WithWarnings,
		})
	}
	return q, nil
}

type ruleKey struct {
	rule     string
	severity db.Severity
}

func (s *Service) rules(ctx context.Context, c *catalog.Catalog, f Filter) ([]RuleFigure, time.Time, error) {
	rows, err := db.New(s.db).FindingFigures(ctx, s.dataset)
	if err != nil {
		return nil, time.Time{}, err
	}
	known := map[string]lint.Rule{}
	for _, r := range lint.Rules() {
		known[r.ID] = r
	}
	figures := map[ruleKey]*RuleFigure{}
	byCategory := map[ruleKey]map[string]int64{}
	for _, r := range rows {
		if !f.covers(r.Category, r.Status) {
			continue
		}
		key := ruleKey{r.Rule, r.Severity}
		figure := figures[key]
		if figure == nil {
			figure = &RuleFigure{Rule: r.Rule, Severity: lint.Severity(r.Severity), Summary: known[r.Rule].Summary, Fix: known[r.Rule].Fix}
			figures[key], byCategory[key] = figure, map[string]int64{}
		}
		figure.Findings += r.Findings
		figure.Examples += r.Examples
		byCategory[key][r.Category] += r.Examples
	}
	since, err := s.trend(ctx, f, figures)
	if err != nil {
		return nil, time.Time{}, err
	}
	all := make([]RuleFigure, 0, len(figures))
	for key, figure := range figures {
		figure.Categories = inOrder(c, byCategory[key])
		all = append(all, *figure)
	}
	slices.SortFunc(all, func(a, b RuleFigure) int {
		return cmp.Or(severityRank(a.Severity)-severityRank(b.Severity), cmp.Compare(b.Examples, a.Examples), cmp.Compare(a.Rule, b.Rule))
	})
	return all, since, nil
}

// trend fills in how the figures changed since a week ago, or since the first
// day noted if that is later.
func (s *Service) trend(ctx context.Context, f Filter, figures map[ruleKey]*RuleFigure) (time.Time, error) {
	if f != (Filter{}) {
		return time.Time{}, nil
	}
	then, err := db.New(s.db).FindingsOnDay(ctx, s.dataset, time.Now().UTC().AddDate(0, 0, -trendDays).Format(time.DateOnly))
	if err != nil || len(then) == 0 {
		return time.Time{}, err
	}
	before := map[ruleKey]int64{}
	for _, r := range then {
		before[ruleKey{r.Rule, r.Severity}] = r.Examples
	}
	for key, figure := range figures {
		change := figure.Examples - before[key]
		figure.Change = &change
	}
	return then[0].Day, nil
}

func severityRank(s lint.Severity) int {
	return slices.Index([]lint.Severity{lint.Error, lint.Warning, lint.Info}, s)
}

// inOrder lists counts by category in the catalog's order; categories that left
// it come last.
func inOrder(c *catalog.Catalog, counts map[string]int64) []CategoryFigure {
	var list []CategoryFigure
	rank := map[string]int{}
	for i, cat := range c.Categories {
		rank[cat.Slug] = i + 1
		if n := counts[cat.Slug]; n != 0 {
			list = append(list, CategoryFigure{cat.Slug, cat.Name, n})
		}
	}
	var rest []CategoryFigure
	for slug, n := range counts {
		if rank[slug] == 0 && n != 0 {
			rest = append(rest, CategoryFigure{slug, slug, n})
		}
	}
	slices.SortFunc(rest, func(a, b CategoryFigure) int { return cmp.Compare(a.Slug, b.Slug) })
	return append(list, rest...)
}

func (s *Service) tokens(ctx context.Context, c *catalog.Catalog, f Filter) (TokenFigures, error) {
	rows, err := db.New(s.db).TokenFigures(ctx, s.dataset)
	if err != nil {
		return TokenFigures{}, err
	}
	var t TokenFigures
	buckets := map[int16]*TokenBucket{}
	for _, r := range rows {
		if !f.covers(r.Category, r.Status) {
			continue
		}
		b := buckets[r.Bucket]
		if b == nil {
			from, to := bucketRange(int(r.Bucket))
			b = &TokenBucket{From: from, To: to}
			buckets[r.Bucket] = b
		}
		b.Examples += r.Examples
		b.Tokens += r.Tokens
		t.Examples += r.Examples
		t.Tokens += r.Tokens
	}
	for _, b := range buckets {
		if b.Examples != 0 {
			t.Buckets = append(t.Buckets, *b)
		}
	}
	slices.SortFunc(t.Buckets, func(a, b TokenBucket) int { return cmp.Compare(a.From, b.From) })
	t.Platforms = t.onPlatforms(c)
	return t, nil
}

// onPlatforms says what each platform of the catalog would cut and charge.
func (t TokenFigures) onPlatforms(c *catalog.Catalog) []PlatformFigure {
	var list []PlatformFigure
	for _, p := range c.Platforms {
		figure := PlatformFigure{Platform: p, tokens: t.Tokens, examples: t.Examples}
		if p.MaxTokens > 0 {
			for _, b := range t.Buckets {
				if b.To > p.MaxTokens {
					figure.Over += b.Examples
					figure.About = figure.About || b.From <= p.MaxTokens
				}
			}
		}
		list = append(list, figure)
	}
	return list
}

// bucketRange is the inverse of token_bucket in db/migrations/00003_quality.sql.
func bucketRange(b int) (from, to int) {
	if b < 8 {
		return min(b, 1) * (b + 1), b + 1 // no tokens at all are in the first
	}
	width := 1 << (b/8 - 1)
	low := (8 + b%8) * width
	return low + 1, low + width
}

// Mean is the mean length of the examples; 0 where there are none.
func (t TokenFigures) Mean() float64 {
	if t.Examples == 0 {
		return 0
	}
	return float64(t.Tokens) / float64(t.Examples)
}

// AtMost returns a length that the share p of the examples does not exceed, at
// most an eighth too long; 0 where there are no examples.
func (t TokenFigures) AtMost(p float64) int {
	need := int64(math.Ceil(p * float64(t.Examples)))
	for _, b := range t.Buckets {
		if need -= b.Examples; need <= 0 {
			return b.To
		}
	}
	return 0
}

// Octaves are the buckets put together by doubling lengths, from the first that
// holds anything to the last, empty ones between included: the bars of a chart.
func (t TokenFigures) Octaves() []TokenBucket {
	var bars []TokenBucket
	for _, b := range t.Buckets {
		low, high := 0, 8
		for b.To > high {
			low, high = high, 2*high
		}
		for len(bars) > 0 && bars[len(bars)-1].To < low {
			end := bars[len(bars)-1].To
			bars = append(bars, TokenBucket{From: end + 1, To: 2 * end})
		}
		if len(bars) == 0 || bars[len(bars)-1].To < high {
			bars = append(bars, TokenBucket{From: min(low, 1) * (low + 1), To: high})
		}
		bars[len(bars)-1].Examples += b.Examples
		bars[len(bars)-1].Tokens += b.Tokens
	}
	return bars
}
