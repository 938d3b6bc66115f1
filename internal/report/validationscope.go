package report

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
)

// ValidationPreset is what the rules of one export format say of the rows.
type ValidationPreset struct {
	Preset  string           `json:"preset"`
	Valid   int64            `json:"valid"`
	Refused int64            `json:"refused"`
	Warned  int64            `json:"warned"` // valid, with something to know
	Rules   []ValidationFlaw `json:"rules,omitempty"`
	// Whole is what is said of the file as a whole, such as too few rows.
	Whole []string `json:"whole,omitempty"`
}

// ValidationFlaw is one rule of a format with the first rows it speaks of.
type ValidationFlaw struct {
	Rule     string           `json:"rule"`
	Refused  bool             `json:"refused"`
	Examples int64            `json:"examples"`
	First    []ValidationCase `json:"first"`
}

// ValidationCopies is what is known of examples that are like each other.
type ValidationCopies struct {
	// Groups are those with two or more of these examples, by kind.
	Groups []ValidationGroup `json:"groups"`
	// Leaks counts what is in two splits at once; 0 is what a release wants.
	Leaks          int64      `json:"leaks"`
	SameQuestion   int64      `json:"same_question_in_two_splits"`
	LeakedQuestion []LeakCase `json:"first_same_questions,omitempty"`
}

// ValidationGroup is one kind of likeness.
type ValidationGroup struct {
	Kind     string     `json:"kind"` // equal, near or contradiction
	Groups   int64      `json:"groups"`
	Examples int64      `json:"examples"`
	Leaks    int64      `json:"leaks"` // groups with examples in two splits
	First    []LeakCase `json:"first_leaks,omitempty"`
}

// A LeakCase is two examples in different splits that are alike.
type LeakCase struct {
	A      uuid.UUID `json:"a"`
	SplitA string    `json:"split_a"`
	B      uuid.UUID `json:"b"`
	SplitB string    `json:"split_b"`
}

// ValidationOf makes the validation report of a scope: what every row says of itself,
// formats of platforms, findings, duplicates and leakage between splits. It reads every example; memory is bounded but for eight bytes an
// example and what groups of duplicates there are.
func (s *Service) ValidationOf(ctx context.Context, sc Scope) (Validation, error) {
	sc, err := s.settle(ctx, sc)
	if err != nil {
		return Validation{}, fmt.Errorf("validation report: %w", err)
	}
	t := newSoundness(sc)
	if err := s.walk(ctx, sc, needs{findings: true, waivers: true, groups: true, formats: true}, func(x *row) error { t.add(x); return nil }); err != nil {
		return Validation{}, fmt.Errorf("validation report: %w", err)
	}
	t.checkFormats()
	v := t.report()
	v.Report, v.Layout, v.Dataset, v.MadeAt = "validation", ValidationLayout, sc.Catalog.Name, sc.At.Truncate(time.Second)
	v.CatalogVersion, v.RulesVersion, v.Release, v.Filter = sc.Version, lint.Version(), sc.Release, ValidationFilter{sc.Filter.Category, string(sc.Filter.Status)}
	q := db.New(s.db)
	if v.Current, err = q.FindingsCurrent(ctx, lint.Fingerprint(sc.Catalog), s.dataset); err != nil {
		return Validation{}, fmt.Errorf("validation report: last check: %w", err)
	}
	if sc.Release == "" {
		v.Site = sc.Site
		if err := s.fillImports(ctx, q, sc.Filter, &v); err != nil {
			return Validation{}, fmt.Errorf("validation report: imports: %w", err)
		}
	}
	if leaked := t.questions.leaked(); len(leaked) > 0 {
		v.Copies.SameQuestion = int64(len(leaked))
		if v.Copies.LeakedQuestion, err = s.leakedQuestions(ctx, sc, leaked); err != nil {
			return Validation{}, fmt.Errorf("validation report: leaked questions: %w", err)
		}
	}
	lists(reflect.ValueOf(&v))
	return v, nil
}

// soundness adds up a scope for the validation report.
type soundness struct {
	scope     Scope
	counts    map[string]map[string]int64 // by category and status
	splits    map[string]int64
	strict    int64
	loose     []uuid.UUID
	looseAll  int64
	rules     map[ruleKey]*ruleTally
	waivers   ValidationWaivers
	lengths   map[int]int64
	presets   []presetTally
	waiting   []*row // for the presets
	groups    map[uuid.UUID]*groupTally
	questions questions
}

type ruleTally struct {
	findings, examples int64
	byCategory         map[string]int64
	first              []ValidationCase
}

type presetTally struct {
	ValidationPreset
	flaws map[string]*ValidationFlaw
}

type groupTally struct {
	kind     string
	examples int64
	first    Ref
	leak     *LeakCase
}

func newSoundness(sc Scope) *soundness {
	t := &soundness{
		scope: sc, counts: map[string]map[string]int64{}, splits: map[string]int64{}, rules: map[ruleKey]*ruleTally{},
		lengths: map[int]int64{}, groups: map[uuid.UUID]*groupTally{},
	}
	if sc.Checks != nil {
		for _, name := range sc.Checks.Presets {
			t.presets = append(t.presets, presetTally{ValidationPreset{Preset: name}, map[string]*ValidationFlaw{}})
		}
	}
	return t
}

func (t *soundness) add(x *row) {
	if t.counts[x.Category] == nil {
		t.counts[x.Category] = map[string]int64{}
	}
	t.counts[x.Category][string(x.status)]++
	t.splits[x.Split]++
	t.lengths[x.tokens]++
	if x.strict {
		t.strict++
	} else {
		t.looseAll++
		if len(t.loose) < maxCases {
			t.loose = append(t.loose, x.Example)
		}
	}
	for _, f := range x.findings {
		if f.Waived {
			continue
		}
		key := ruleKey{f.Rule, f.Severity}
		r := t.rules[key]
		if r == nil {
			r = &ruleTally{byCategory: map[string]int64{}}
			t.rules[key] = r
		}
		r.findings += f.Findings
		r.examples++
		r.byCategory[x.Category]++
		if len(r.first) < maxCases {
			r.first = append(r.first, ValidationCase{x.Example, f.Path, f.Message})
		}
	}
	for _, w := range x.waivers {
		t.waivers.Total++
		if len(t.waivers.First) < maxWaivers {
			t.waivers.First = append(t.waivers.First, ValidationWaiver{
				Example: w.ExampleID, Revision: int(w.Revision), Rule: w.Rule, Path: w.Path, Reason: w.Reason, By: w.Author, At: w.CreatedAt.UTC(),
			})
		}
	}
	if len(t.presets) > 0 {
		if t.waiting = append(t.waiting, x); len(t.waiting) >= scopeBatch {
			t.checkFormats()
		}
	}
	for _, g := range x.groups {
		t.addGroup(x.Ref, g)
	}
	t.questions.add(x)
}

// checkFormats holds the rows that wait against every preset, all presets at once.
func (t *soundness) checkFormats() {
	var wg sync.WaitGroup
	for i := range t.presets {
		wg.Go(func() {
			for _, x := range t.waiting {
				t.presets[i].add(x, t.scope.Checks.Row(i, x.read))
			}
		})
	}
	wg.Wait()
	clear(t.waiting)
	t.waiting = t.waiting[:0]
}

func (t *presetTally) add(x *row, problems []FormatProblem) {
	refused := false
	seen := map[string]bool{}
	for _, p := range problems {
		refused = refused || p.Refused
		flaw := t.flaws[p.Rule]
		if flaw == nil {
			flaw = &ValidationFlaw{Rule: p.Rule, Refused: p.Refused}
			t.flaws[p.Rule] = flaw
		}
		if seen[p.Rule] {
			continue
		}
		seen[p.Rule] = true
		flaw.Examples++
		if len(flaw.First) < maxCases {
			flaw.First = append(flaw.First, ValidationCase{Example: x.Example, Message: p.Text})
		}
	}
	switch {
	case refused:
		t.Refused++
	case len(problems) > 0:
		t.Warned++
		t.Valid++
	default:
		t.Valid++
	}
}

func (t *soundness) addGroup(ref Ref, g db.ScopeGroupsRow) {
	known := t.groups[g.GroupID]
	if known == nil {
		t.groups[g.GroupID] = &groupTally{kind: g.Kind, examples: 1, first: ref}
		return
	}
	known.examples++
	if known.leak == nil && known.first.Split != ref.Split {
		known.leak = &LeakCase{known.first.Example, known.first.Split, ref.Example, ref.Split}
	}
}

func (t *soundness) report() Validation {
	var v Validation
	v.Counts.ByStatus = map[string]int64{}
	slugs := t.scope.Catalog.Slugs()
	var rest []string
	for slug := range t.counts {
		if !slices.Contains(slugs, slug) {
			rest = append(rest, slug)
		}
	}
	slices.Sort(rest)
	for _, slug := range append(slugs, rest...) {
		cat, _ := t.scope.Catalog.Category(slug)
		if t.scope.Filter.Category != "" && t.scope.Filter.Category != slug {
			continue
		}
		c := ValidationCategory{Slug: slug, Name: cmp.Or(cat.Name, slug), ByStatus: map[string]int64{}}
		for _, status := range example.Statuses {
			if t.scope.Filter.Status != "" && t.scope.Filter.Status != status {
				continue
			}
			n := t.counts[slug][string(status)]
			c.ByStatus[string(status)] = n
			c.Examples += n
			v.Counts.ByStatus[string(status)] += n
			v.Counts.Examples += n
		}
		v.Counts.Categories = append(v.Counts.Categories, c)
	}
	if t.splits[""] != v.Counts.Examples {
		v.Splits = t.splits
	}
	v.Format = ValidationFormat{Strict: t.strict, Other: t.looseAll, First: t.loose}
	t.fillRules(&v)
	v.Waivers = t.waivers
	t.fillTokens(&v)
	for i := range t.presets {
		p := t.presets[i].ValidationPreset
		for _, f := range t.presets[i].flaws {
			p.Rules = append(p.Rules, *f)
		}
		slices.SortFunc(p.Rules, func(a, b ValidationFlaw) int {
			return cmp.Or(cmp.Compare(b.Examples, a.Examples), cmp.Compare(a.Rule, b.Rule))
		})
		for _, w := range t.scope.Checks.End(i) {
			p.Whole = append(p.Whole, w.Text)
		}
		v.Presets = append(v.Presets, p)
	}
	t.fillCopies(&v)
	return v
}

func (t *soundness) fillRules(v *Validation) {
	known := map[string]lint.Rule{}
	for _, r := range lint.Rules() {
		known[r.ID] = r
	}
	for key, r := range t.rules {
		switch lint.Severity(key.severity) {
		case lint.Error:
			v.Findings.Errors += r.findings
		case lint.Warning:
			v.Findings.Warnings += r.findings
		case lint.Info:
			v.Findings.Notes += r.findings
		}
		v.Findings.Rules = append(v.Findings.Rules, ValidationRule{
			Rule: key.rule, Severity: string(key.severity), Summary: known[key.rule].Summary, Fix: known[key.rule].Fix,
			Findings: r.findings, Examples: r.examples, ByCategory: r.byCategory, First: r.first,
		})
	}
	slices.SortFunc(v.Findings.Rules, func(a, b ValidationRule) int {
		return cmp.Or(severityRank(lint.Severity(a.Severity))-severityRank(lint.Severity(b.Severity)), cmp.Compare(b.Examples, a.Examples), cmp.Compare(a.Rule, b.Rule))
	})
}

func (t *soundness) fillTokens(v *Validation) {
	f := exactTokens(t.lengths)
	f.Platforms = f.onPlatforms(t.scope.Catalog)
	fillTokens(f, v)
}

// exactTokens are figures of tokens with one bucket for each length.
func exactTokens(lengths map[int]int64) TokenFigures {
	var f TokenFigures
	for n, examples := range lengths {
		f.Buckets = append(f.Buckets, TokenBucket{From: n, To: n, Examples: examples, Tokens: int64(n) * examples})
		f.Examples += examples
		f.Tokens += int64(n) * examples
	}
	slices.SortFunc(f.Buckets, func(a, b TokenBucket) int { return cmp.Compare(a.From, b.From) })
	return f
}

func (t *soundness) fillCopies(v *Validation) {
	v.Copies = &ValidationCopies{}
	kinds := []string{"equal", "near", "contradiction"}
	for _, kind := range kinds {
		v.Copies.Groups = append(v.Copies.Groups, ValidationGroup{Kind: kind})
	}
	for _, id := range keys(t.groups) { // in order, so that the first are the same each time
		g := t.groups[id]
		i := slices.Index(kinds, g.kind)
		if i < 0 || g.examples < 2 {
			continue
		}
		row := &v.Copies.Groups[i]
		row.Groups++
		row.Examples += g.examples
		if g.leak != nil {
			row.Leaks++
			v.Copies.Leaks++
			if len(row.First) < maxCases {
				row.First = append(row.First, *g.leak)
			}
		}
	}
}

// questions remembers what is asked in which split: a hash of the words of all user
// messages, its lowest bits replaced by the split's number.
type questions struct {
	splits []string
	hashes []uint64
}

const splitBits = 4

func (q *questions) add(x *row) {
	if x.Split == "" {
		return
	}
	i := slices.Index(q.splits, x.Split)
	if i < 0 {
		i = len(q.splits)
		q.splits = append(q.splits, x.Split)
	}
	q.hashes = append(q.hashes, questionHash(x.conversation)<<splitBits|uint64(min(i, 1<<splitBits-1)))
}

func questionHash(c example.Conversation) uint64 {
	h := fnv.New64a()
	for _, m := range c.Messages {
		if m.Role == example.User {
			_, _ = h.Write([]byte(strings.Join(wordsOf(m.Content), " ")))
			_, _ = h.Write([]byte{0})
		}
	}
	return h.Sum64()
}

// leaked lists the hashes of questions that are in two splits.
func (q *questions) leaked() []uint64 {
	slices.Sort(q.hashes)
	var list []uint64
	for i := 1; i < len(q.hashes); i++ {
		a, b := q.hashes[i-1], q.hashes[i]
		if a>>splitBits == b>>splitBits && a != b && (len(list) == 0 || list[len(list)-1] != a>>splitBits) {
			list = append(list, a>>splitBits)
		}
	}
	return list
}

// leakedQuestions finds examples for the first of the hashes.
func (s *Service) leakedQuestions(ctx context.Context, sc Scope, hashes []uint64) ([]LeakCase, error) {
	first := map[uint64]Ref{}
	for _, h := range hashes[:min(len(hashes), maxCases)] {
		first[h] = Ref{}
	}
	var list []LeakCase
	err := s.walk(ctx, sc, needs{}, func(x *row) error {
		h := questionHash(x.conversation) << splitBits >> splitBits
		ref, ok := first[h]
		switch {
		case !ok:
		case ref.Example == uuid.Nil:
			first[h] = x.Ref
		case ref.Split != x.Split:
			list = append(list, LeakCase{ref.Example, ref.Split, x.Example, x.Split})
			delete(first, h)
		}
		return nil
	})
	return list, err
}
