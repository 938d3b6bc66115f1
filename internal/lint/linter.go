package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
)

// A Linter checks examples against the rules of one catalog. It is safe for
// concurrent use.
type Linter struct {
	catalog    *catalog.Catalog
	categories map[string]*categoryPlans
	unknown    *plan // for categories that the catalog does not have
	exams      sync.Pool
}

// categoryPlans are the plans of one category.
type categoryPlans struct {
	category      *catalog.Category
	subcategories map[string]*plan
	other         *plan // for no subcategory, and for ones that are not known
}

// A plan is what runs on the examples of one subcategory.
type plan struct {
	category *catalog.Category // nil where it is not known
	answer   catalog.Answer
	runs     []run
}

// A run is one rule with its settings.
type run struct {
	rule     string
	severity Severity // of the rule, or the catalog's
	fixed    bool     // the catalog set the severity: it holds for every finding
	check    func(x *exam)
}

// New compiles the checks of c. It fails with fault.Invalid, one problem a
// field, if c names a rule that does not exist, gives a rule parameters that it
// does not understand, or has a schema that does not compile.
func New(c *catalog.Catalog) (*Linter, error) {
	l := &Linter{catalog: c, categories: make(map[string]*categoryPlans, len(c.Categories))}
	l.exams.New = func() any { return new(exam) }
	problems := map[string]string{}
	for i := range c.Categories {
		cat := &c.Categories[i]
		at := func(part string) string { return "categories/" + cat.Slug + "/" + part }
		checkNames(cat, at, problems)
		var schemas []*schema
		for _, s := range cat.Schemas {
			compiled, err := compileSchema(s)
			if err != nil {
				problems[at("schemas/"+s.Name)] = fmt.Sprintf("The schema %s of %s does not compile: %v.", s.Name, cat.Slug, err)
				continue
			}
			schemas = append(schemas, compiled)
		}
		build := func(subcategory string) *plan {
			return newPlan(setting{catalog: c, category: cat, subcategory: subcategory, schemas: schemas}, at, problems)
		}
		p := &categoryPlans{category: cat, subcategories: make(map[string]*plan, len(cat.Subcategories)), other: build("")}
		for _, sub := range cat.Subcategories {
			p.subcategories[sub.Slug] = build(sub.Slug)
		}
		l.categories[cat.Slug] = p
	}
	l.unknown = newPlan(setting{catalog: c}, func(part string) string { return part }, problems)
	if len(problems) > 0 {
		all := slices.Sorted(maps.Values(problems))
		return nil, fault.Fields("The checks of the catalog can't run: "+strings.Join(slices.Compact(all), " "), problems)
	}
	return l, nil
}

// checkNames reports rules that nothing in the product implements.
func checkNames(cat *catalog.Category, at func(string) string, problems map[string]string) {
	known := map[string]bool{}
	for i := range definitions {
		known[definitions[i].ID] = true
		known[definitions[i].Family] = true
	}
	for _, k := range cat.Checks {
		switch {
		case !known[k.Rule]:
			problems[at("checks/"+k.Rule)] = fmt.Sprintf("The category %s names the check %s, which does not exist; correct the name or take it out (docs/checks.md lists all).", cat.Slug, k.Rule)
		case k.Severity != "" && !Severity(k.Severity).valid():
			problems[at("checks/"+k.Rule)] = fmt.Sprintf("The check %s of %s has the severity %q; use error, warning or info.", k.Rule, cat.Slug, k.Severity)
		}
	}
	for _, item := range cat.Checklist {
		for _, rule := range item.ProvedBy {
			if !known[rule] {
				problems[at("checklist/"+item.Slug)] = fmt.Sprintf("The checklist item %s of %s is proved by %s, which does not exist; correct the name or take it out.", item.Slug, cat.Slug, rule)
			}
		}
	}
}

// newPlan makes the checks that run at s, adding to problems what is wrong with
// their parameters.
func newPlan(s setting, at func(string) string, problems map[string]string) *plan {
	p := &plan{category: s.category, answer: catalog.Answer{Kind: catalog.KindMarkdown, Turns: catalog.TurnsEvery}}
	if s.category != nil {
		p.answer = s.category.AnswerFor(s.subcategory)
	}
	for i := range definitions {
		d := &definitions[i]
		if d.build == nil {
			continue
		}
		var set catalog.Check
		on := d.Everywhere
		if s.category != nil {
			named := slices.ContainsFunc(s.category.Checks, func(k catalog.Check) bool { return k.Rule == d.ID || k.Rule == d.Family })
			if set, on = s.category.Check(d.ID); !named {
				on = d.Everywhere
			}
		}
		if !on {
			continue
		}
		here := s
		here.params = set.Params
		check, err := d.build(&here)
		if err != nil {
			problems[at("checks/"+d.ID)] = fmt.Sprintf("The parameters of %s can't be used: %v.", d.ID, err)
			continue
		}
		if check == nil {
			continue
		}
		r := run{rule: d.ID, severity: d.Severity, check: check}
		if set.Severity != "" {
			r.severity, r.fixed = Severity(set.Severity), true
		}
		p.runs = append(p.runs, r)
	}
	return p
}

// plan returns what runs on s.
func (l *Linter) plan(s *Subject) *plan {
	p := l.categories[s.Category]
	if p == nil {
		cat, ok := l.catalog.Category(s.Category)
		if !ok {
			return l.unknown
		}
		p = l.categories[cat.Slug]
	}
	if s.Subcategory == "" {
		return p.other
	}
	if sub := p.subcategories[s.Subcategory]; sub != nil {
		return sub
	}
	if sub, ok := p.category.Subcategory(s.Subcategory); ok {
		return p.subcategories[sub.Slug]
	}
	return p.other
}

// maxFindings is how many findings of one rule an example can have; the last
// one says how many more there are.
const maxFindings = 50

// Check returns what the rules find in s: errors first, then by rule and path.
// The same subject always gives the same findings. Nothing found is nil.
func (l *Linter) Check(s Subject) []Finding {
	x := l.exams.Get().(*exam)
	p := l.plan(&s)
	x.begin(&s, p)
	for i := range p.runs {
		x.run, x.found = &p.runs[i], 0
		x.run.check(x)
		if x.found > maxFindings {
			last := &x.findings[len(x.findings)-1]
			last.Message += fmt.Sprintf(" There are %d more findings of this kind.", x.found-maxFindings)
		}
	}
	findings := slices.Clone(x.findings)
	x.end()
	l.exams.Put(x)
	if len(findings) > 1 {
		slices.SortStableFunc(findings, compareFindings)
		findings = slices.CompactFunc(findings, func(a, b Finding) bool { return a == b })
	}
	if len(findings) == 0 {
		return nil
	}
	return findings
}

func compareFindings(a, b Finding) int {
	if d := b.Severity.rank() - a.Severity.rank(); d != 0 {
		return d
	}
	if d := strings.Compare(a.Rule, b.Rule); d != 0 {
		return d
	}
	if d := strings.Compare(a.Path, b.Path); d != 0 {
		return d
	}
	if d := a.Start - b.Start; d != 0 {
		return d
	}
	return strings.Compare(a.Message, b.Message)
}
