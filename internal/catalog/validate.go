package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/fault"
)

const (
	maxApprovals     = 9
	maxRejectReasons = 9 // one digit key each
	maxSlugBytes     = 64
	maxNameBytes     = 200
	maxCount         = 100_000_000 // examples; far above any real dataset, far below overflow
)

var (
	slugPattern     = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	priorityPattern = regexp.MustCompile(`^P[0-9]$`)
	rulePattern     = regexp.MustCompile(`^[a-z]+(/[a-z]+(-[a-z]+)*)?$`)
	datePattern     = regexp.MustCompile(`^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$`)
)

// A Problem is one remark about a catalog: where, and a sentence that says
// what to do.
type Problem struct {
	Where   string
	Message string
}

// A problem is a Problem whose place is still a path of keys (string) and
// indexes (int) into the JSON form of the catalog.
type problem struct {
	path []any
	msg  string
}

// problems collects mistakes, so that all of them are told at once.
type problems struct{ list []problem }

func (p *problems) add(path []any, format string, args ...any) {
	p.list = append(p.list, problem{slices.Clone(path), fmt.Sprintf(format, args...)})
}

// Validate returns nil, or a fault.Invalid with every mistake in the catalog.
// The keys of its Fields are paths such as
// "categories[0].subcategories[2].slug".
func (c *Catalog) Validate() error {
	p := c.problems()
	if len(p.list) == 0 {
		return nil
	}
	fields := map[string]string{}
	for _, one := range p.list {
		addField(fields, fieldPath(one.path), one.msg)
	}
	return invalid(fields)
}

// invalid returns the error for a set of mistakes.
func invalid(fields map[string]string) error {
	msg := "The catalog has a mistake, so nothing was taken over. Correct it and try again."
	if len(fields) > 1 {
		msg = fmt.Sprintf("The catalog has mistakes in %d places, so nothing was taken over. Correct them and try again.", len(fields))
	}
	return fault.Fields(msg, fields)
}

// addField adds a sentence at key, behind what is there already.
func addField(fields map[string]string, key, msg string) {
	old, ok := fields[key]
	switch {
	case !ok:
		fields[key] = msg
	case !strings.Contains(old, msg):
		fields[key] = old + " " + msg
	}
}

// fieldPath writes a path as programs do: categories[0].target.min.
func fieldPath(path []any) string {
	var b strings.Builder
	for _, step := range path {
		switch s := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s)
		}
	}
	return cmp.Or(b.String(), "catalog")
}

// problems finds every mistake in the catalog.
func (c *Catalog) problems() *problems {
	p := &problems{}
	if c.Layout != Layout {
		p.add([]any{"layout"}, "The layout is %d, but this version reads layout %d. Write \"layout: %d\", or install a newer version.", c.Layout, Layout, Layout)
	}
	p.name(c.Name, "name")
	p.text(c.Description, "description")
	slugs := p.unique("platform")
	for i, pl := range c.Platforms {
		p.platform(pl, slugs, "platforms", i)
	}
	if share := c.SecondLookShare; share != nil && !(*share >= 0 && *share <= 1) {
		p.add([]any{"second_look_share"}, "The share of second looks lies between 0 (none) and 1 (everything); 0.05 is one in twenty.")
	}
	if len(c.Categories) == 0 {
		p.add([]any{"categories"}, "A catalog needs at least one category; list the names of their folders.")
	}
	names := p.unique("category")
	for i, cat := range c.Categories {
		names(cat.Slug, "categories", i, "slug")
		for j, a := range cat.Aliases {
			names(fold(a), "categories", i, "aliases", j)
		}
		p.category(cat, "categories", i)
	}
	return p
}

func (p *problems) platform(pl Platform, slugs func(string, ...any), at ...any) {
	p.slug(pl.Slug, in(at, "slug")...)
	slugs(pl.Slug, in(at, "slug")...)
	p.name(pl.Name, in(at, "name")...)
	p.text(pl.Note, in(at, "note")...)
	p.text(pl.Model, in(at, "model")...)
	p.count(pl.MaxTokens, in(at, "max_tokens")...)
	if usd := pl.USDPerMillionTokens; usd != nil && !(*usd >= 0 && *usd < math.MaxInt32) {
		p.add(in(at, "usd_per_million_tokens"), "A price is 0 or more US dollars; leave it out where it is not known.")
	}
	if pl.PriceAsOf != "" && !datePattern.MatchString(pl.PriceAsOf) {
		p.add(in(at, "price_as_of"), "%q is not a date; write 2026-08-31, 2026-08 or 2026.", pl.PriceAsOf)
	}
}

func (p *problems) category(c Category, at ...any) {
	p.slug(c.Slug, in(at, "slug")...)
	p.name(c.Name, in(at, "name")...)
	p.text(c.Description, in(at, "description")...)
	p.text(c.SystemPrompt, in(at, "system_prompt")...)
	p.text(c.Guidelines, in(at, "guidelines")...)
	for i, a := range c.Aliases {
		p.name(a, in(at, "aliases", i)...)
	}
	if !priorityPattern.MatchString(c.Priority) {
		p.add(in(at, "priority"), "The priority is %q; write P0 for the most urgent, P1 for the next, up to P9.", c.Priority)
	}
	p.count(c.Target.Min, in(at, "target", "min")...)
	p.count(c.Target.Max, in(at, "target", "max")...)
	switch {
	case c.Target.Max == 0:
		p.add(in(at, "target"), "The category has no target; write how many approved examples it should hold, as {min: 100, max: 200}.")
	case c.Target.Min > c.Target.Max:
		p.add(in(at, "target"), "The target's min (%d) is above its max (%d); exchange them or correct one.", c.Target.Min, c.Target.Max)
	}
	if c.Approvals < 1 || c.Approvals > maxApprovals {
		p.add(in(at, "approvals"), "An example needs 1 to %d approvals, not %d.", maxApprovals, c.Approvals)
	}
	p.answer(c.Answer, in(at, "answer")...)
	p.vocabularies(c.Vocabularies, nil, in(at, "vocabularies")...)
	names := p.unique("subcategory")
	for i, sub := range c.Subcategories {
		names(sub.Slug, in(at, "subcategories", i, "slug")...)
		for j, a := range sub.Aliases {
			names(fold(a), in(at, "subcategories", i, "aliases", j)...)
		}
		p.subcategory(sub, c.Vocabularies, in(at, "subcategories", i)...)
	}
	p.dimensions(c.Dimensions, in(at, "dimensions")...)
	p.checks(c.Checks, in(at, "checks")...)
	p.reasons(c.RejectReasons, in(at, "reject_reasons")...)
	p.checklist(c.Checklist, in(at, "checklist")...)
	p.schemas(c.Schemas, c.Vocabularies, in(at, "schemas")...)
}

func (p *problems) subcategory(s Subcategory, vocabularies Vocabularies, at ...any) {
	p.slug(s.Slug, in(at, "slug")...)
	p.name(s.Name, in(at, "name")...)
	p.text(s.Description, in(at, "description")...)
	p.count(s.Planned, in(at, "planned")...)
	p.count(s.SourceChunks, in(at, "source_chunks")...)
	for i, a := range s.Aliases {
		p.name(a, in(at, "aliases", i)...)
	}
	if b := s.ConfidenceBand; b != nil {
		switch {
		case !(b.Min >= 0 && b.Max <= 1): // also catches NaN
			p.add(in(at, "confidence_band"), "A confidence lies between 0 and 1, but the band is %v to %v; write 85 %% as 0.85.", b.Min, b.Max)
		case !(b.Min <= b.Max):
			p.add(in(at, "confidence_band"), "The band's min (%v) is above its max (%v); exchange them or correct one.", b.Min, b.Max)
		}
	}
	p.vocabularies(s.Vocabularies, vocabularies, in(at, "vocabularies")...)
	if s.Answer != nil {
		p.answer(*s.Answer, in(at, "answer")...)
	}
	p.skill(s.Skill, in(at, "skill")...)
}

func (p *problems) answer(a Answer, at ...any) {
	kinds := []string{KindJSON, KindMarkdown, KindAny}
	if !slices.Contains(kinds, a.Kind) {
		p.add(in(at, "kind"), "The kind of answer is %q; write %s.", a.Kind, strings.Join(kinds, ", "))
	}
	turns := []string{TurnsEvery, TurnsFinal}
	if a.Turns != "" && !slices.Contains(turns, a.Turns) {
		p.add(in(at, "turns"), "%q is not known; write %s, for which of the assistant's messages this holds.", a.Turns, strings.Join(turns, " or "))
	}
}

// vocabularies checks a category's vocabularies, or with base those that a
// subcategory adds to it.
func (p *problems) vocabularies(v, base Vocabularies, at ...any) {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		p.slug(name, in(at, name)...)
		words := v[name]
		seen := map[string]bool{}
		if base != nil {
			if _, ok := base[name]; !ok {
				p.add(in(at, name), "The category has no vocabulary %q to add to%s.", name, choices("; it has", keys(base), name))
			}
			for _, w := range base[name] {
				seen[w] = true
			}
		}
		if len(words) == 0 {
			p.add(in(at, name), "The vocabulary %q is empty; give it words or remove it.", name)
		}
		for i, w := range words {
			p.name(w, in(at, name, i)...)
			if seen[w] {
				p.add(in(at, name, i), "The word %q is there twice; keep one.", w)
			}
			seen[w] = true
		}
	}
}

func (p *problems) dimensions(list []Dimension, at ...any) {
	names := p.unique("dimension")
	sources := []string{SourceTag, SourceUserTurns}
	for i, d := range list {
		p.slug(d.Slug, in(at, i, "slug")...)
		names(d.Slug, in(at, i, "slug")...)
		p.name(d.Name, in(at, i, "name")...)
		if !slices.Contains(sources, d.Source) {
			p.add(in(at, i, "source"), "The source is %q; write %s, for where an example's value is read.", d.Source, strings.Join(sources, " or "))
		}
		if len(d.Values) == 0 {
			p.add(in(at, i, "values"), "The dimension %q has no values; list them or remove it.", d.Slug)
		}
		values := p.unique("value")
		for j, v := range d.Values {
			p.slug(v.Slug, in(at, i, "values", j, "slug")...)
			values(v.Slug, in(at, i, "values", j, "slug")...)
			p.name(v.Name, in(at, i, "values", j, "name")...)
			if d.Source == SourceUserTurns && v.Slug != "single" && v.Slug != "multi" {
				p.add(in(at, i, "values", j, "slug"), "Turns are counted as single or multi; %q never occurs.", v.Slug)
			}
		}
	}
}

func (p *problems) checks(list []Check, at ...any) {
	names := p.unique("check")
	severities := []string{"error", "warning", "info"}
	for i, k := range list {
		if !rulePattern.MatchString(k.Rule) {
			p.add(in(at, i, "rule"), "%q is not the name of a rule; write family/rule-name, or the family alone for all its rules.", k.Rule)
		} else {
			names(k.Rule, in(at, i, "rule")...)
		}
		if k.Severity != "" && !slices.Contains(severities, k.Severity) {
			p.add(in(at, i, "severity"), "%q is not a severity; write %s.", k.Severity, strings.Join(severities, ", "))
		}
		p.skill(k.Skill, in(at, i, "skill")...)
		for _, name := range slices.Sorted(maps.Keys(k.Params)) {
			p.slug(name, in(at, i, "params", name)...)
			if msg := checkJSON(k.Params[name]); msg != "" {
				p.add(in(at, i, "params", name), "The value of %q can't be read. %s", name, msg)
			}
		}
	}
}

func (p *problems) reasons(list []RejectReason, at ...any) {
	names := p.unique("reason")
	if len(list) > maxRejectReasons {
		p.add(at, "There are %d reasons, but only the keys 1 to %d to choose them with; join or remove some.", len(list), maxRejectReasons)
	}
	for i, r := range list {
		p.slug(r.Slug, in(at, i, "slug")...)
		names(r.Slug, in(at, i, "slug")...)
		p.name(r.Name, in(at, i, "name")...)
	}
}

func (p *problems) checklist(list []ChecklistItem, at ...any) {
	names := p.unique("item")
	for i, it := range list {
		p.slug(it.Slug, in(at, i, "slug")...)
		names(it.Slug, in(at, i, "slug")...)
		if strings.TrimSpace(it.Text) == "" {
			p.add(in(at, i, "text"), "The item has no text; write what the reviewer affirms.")
		}
		p.text(it.Text, in(at, i, "text")...)
		p.text(it.Help, in(at, i, "help")...)
		for j, r := range it.ProvedBy {
			if !rulePattern.MatchString(r) || !strings.Contains(r, "/") {
				p.add(in(at, i, "proved_by", j), "%q is not the name of a rule; write family/rule-name.", r)
			}
		}
	}
}

func (p *problems) schemas(list []Schema, vocabularies Vocabularies, at ...any) {
	names := p.unique("schema")
	open := "" // a schema that fits every answer
	for i, s := range list {
		p.slug(s.Name, in(at, i, "name")...)
		names(s.Name, in(at, i, "name")...)
		for j, w := range s.When {
			if !validPointer(w) || w == "" {
				p.add(in(at, i, "when", j), "%q is not a path; write it as /assessment.", w)
			}
		}
		if open != "" {
			p.add(in(at, i, "name"), "The schema %s is never used, because %s before it fits every answer; give %s a \"when\" or put it last.", s.Name, open, open)
		}
		if len(s.When) == 0 && open == "" {
			open = s.Name
		}
		wrong := checkSchema(s.Name, s.JSON)
		for _, msg := range wrong {
			p.add(in(at, i, "json"), "%s", msg)
		}
		if len(wrong) == 0 {
			checkView(s, vocabularies, p, in(at, i, "view")...)
		}
	}
}

func (p *problems) slug(s string, at ...any) {
	if len(s) > maxSlugBytes || !slugPattern.MatchString(s) {
		p.add(at, "%q can't be a slug; use small letters, digits and single underscores, starting with a letter, at most %d of them.", s, maxSlugBytes)
	}
}

func (p *problems) skill(s string, at ...any) {
	if s != "" {
		p.slug(s, at...)
	}
}

func (p *problems) name(s string, at ...any) {
	switch {
	case strings.TrimSpace(s) == "":
		p.add(at, "The text is empty; write something people will recognise.")
	case len(s) > maxNameBytes:
		p.add(at, "The text has %d bytes; at most %d fit on the page.", len(s), maxNameBytes)
	case strings.ContainsAny(s, "\n\r\t"):
		p.add(at, "The text has a line break or tab; write it on one line.")
	default:
		p.text(s, at...)
	}
}

// text refuses what can't be kept and written back unchanged, or what nobody
// would see in a page.
func (p *problems) text(s string, at ...any) {
	if !utf8.ValidString(s) {
		p.add(at, "The text is not UTF-8; save it in that encoding.")
		return
	}
	for i, r := range s {
		line := 1 + strings.Count(s[:i], "\n")
		switch {
		case r == '\r':
			p.add(at, "Line %d ends as Windows ends lines (CRLF), which would become part of the text; save it with LF.", line)
			return
		case r == '\uFEFF' || r == '\u2028' || r == '\u2029' || r == '\u0085' || unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t':
			p.add(at, "Line %d has the invisible character %U; remove it.", line, r)
			return
		}
	}
}

func (p *problems) count(n int, at ...any) {
	if n < 0 || n > maxCount {
		p.add(at, "%d is not a usable count; write a number from 0 to %d.", n, maxCount)
	}
}

// unique returns a function that complains when it gets a name for the second time.
func (p *problems) unique(what string) func(name string, at ...any) {
	seen := map[string]bool{}
	return func(name string, at ...any) {
		if name != "" && seen[name] {
			p.add(at, "There is another %s called %q; every one needs its own.", what, name)
		}
		seen[name] = true
	}
}

// in returns the path at continued by steps, in memory of its own.
func in(at []any, steps ...any) []any {
	return append(slices.Clone(at), steps...)
}

// keys returns the sorted keys of m.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// choices returns lead and the list of names for the end of a sentence, with
// the one that looks most like wrong first, or "" where there are none.
func choices(lead string, names []string, wrong string) string {
	if len(names) == 0 {
		return ""
	}
	list := lead + " " + strings.Join(names, ", ")
	for _, n := range names {
		if near(n, wrong) {
			return list + " (did you mean " + strconv.Quote(n) + "?)"
		}
	}
	return list
}

// near reports whether two names differ by at most two typing errors.
func near(a, b string) bool {
	const most = 2
	if a == b || b == "" || len(a)-len(b) > most || len(b)-len(a) > most || min(len(a), len(b)) <= most {
		return false
	}
	row := make([]int, len(b)+1) // Levenshtein, one row at a time
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)] <= most
}

// Warnings returns what is allowed but probably not meant, in the order of the
// catalog. Where is a path as in Validate.
func (c *Catalog) Warnings() []Problem {
	p := &problems{}
	for i, cat := range c.Categories {
		cat.warn(p, "categories", i)
	}
	out := make([]Problem, len(p.list))
	for i, one := range p.list {
		out[i] = Problem{fieldPath(one.path), one.msg}
	}
	return out
}

func (c Category) warn(p *problems, at ...any) {
	sum, unplanned, structured := 0, 0, c.Answer.Kind != KindMarkdown
	for _, s := range c.Subcategories {
		sum += s.Planned
		if s.Planned == 0 {
			unplanned++
		}
		structured = structured || s.Answer != nil && s.Answer.Kind != KindMarkdown
	}
	switch {
	case sum > c.Target.Max:
		p.add(in(at, "subcategories"), "The subcategories plan %d examples in total, more than the target's max of %d.", sum, c.Target.Max)
	case unplanned == 0 && len(c.Subcategories) > 0 && sum < c.Target.Min:
		p.add(in(at, "subcategories"), "The subcategories plan %d examples in total, fewer than the target's min of %d.", sum, c.Target.Min)
	}
	if structured && len(c.Schemas) == 0 {
		p.add(in(at, "schemas"), "Answers are JSON, but no schema describes them, so their shape can't be checked.")
	}
	if !structured && len(c.Schemas) > 0 {
		p.add(in(at, "schemas"), "Answers are prose, so the schemas are never used.")
	}
	if c.SystemPrompt == "" {
		p.add(in(at, "system_prompt"), "There is no system prompt; imported rows without one stay without.")
	}
	if c.Guidelines == "" {
		p.add(in(at, "guidelines"), "There are no guidelines, so reviewers have to guess what a good example is.")
	}
	if len(c.Checks) == 0 {
		p.add(in(at, "checks"), "No check is switched on, so nothing is found in this category.")
	}
	for i, it := range c.Checklist {
		for j, r := range it.ProvedBy {
			if _, on := c.Check(r); !on {
				p.add(in(at, "checklist", i, "proved_by", j), "The rule %s does not run in this category, so it never ticks the item.", r)
			}
		}
	}
}
