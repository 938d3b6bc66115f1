package report

import (
	"bytes"
	"cmp"
	_ "embed" // the template
	"fmt"
	"html/template"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/chart"
)

//go:embed validation.html
var validationHTML string

//go:embed distribution.html
var distributionHTML string

//go:embed report.css
var reportCSS string

// html writes the report as one file: style and chart are in it, and it loads
// nothing.
func (v Validation) html(w io.Writer) error {
	return page(w, validationHTML, v, template.FuncMap{
		"bars": bars, "sentence": v.sentence, "named": v.category, "at": listLink(v.Site, v.Filter), "to": pageLink(v.Site), "above": above,
		"statuses": func() []string { return []string{"pending", "approved", "rejected", "escalated"} },
	})
}

// page writes a report's template as one file.
func page(w io.Writer, text string, data any, more template.FuncMap) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"n": grouped[int64], "i": grouped[int], "usd": dollars, "share": share, "max": maxTokens, "severity": severityWord, "signed": signed, "span": span, "rule": ruleName,
		"style": func() template.CSS { return template.CSS(reportCSS) },                   //nolint:gosec // it is ours
		"draw":  func(d chart.Drawing) template.HTML { return template.HTML(d.Inline()) }, //nolint:gosec // Inline escapes all that is not its own
	}).Funcs(more).Parse(text)
	if err != nil {
		return fmt.Errorf("parse the report's template: %w", err)
	}
	var b bytes.Buffer // an error leaves no half file
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// listURL is the list of examples that a number of the report counts, with what the
// report is filtered for and pairs of names and values; empty without a site.
func listURL(site string, f ValidationFilter, pairs ...string) string {
	if site == "" {
		return ""
	}
	q := url.Values{}
	for i, both := 0, append([]string{"category", f.Category, "status", f.Status}, pairs...); i+1 < len(both); i += 2 {
		name, value := both[i], both[i+1]
		if had := q.Get(name); had != "" && had != value {
			return "" // outside of what the report covers: there is nothing to list
		}
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return site + "/examples"
	}
	return site + "/examples?" + q.Encode()
}

// pageLink returns a function for templates that makes a text lead to a page, whose
// path comes in parts.
func pageLink(site string) func(text string, path ...string) template.HTML {
	return func(text string, path ...string) template.HTML {
		text = template.HTMLEscapeString(text)
		if site == "" {
			return template.HTML(text) //nolint:gosec // it is escaped
		}
		return template.HTML(`<a href="` + template.HTMLEscapeString(site+strings.Join(path, "")) + `">` + text + `</a>`) //nolint:gosec // both are escaped
	}
}

// listLink returns a function for templates that makes a number lead to its list.
func listLink(site string, f ValidationFilter) func(number string, pairs ...string) template.HTML {
	return func(number string, pairs ...string) template.HTML {
		number = template.HTMLEscapeString(number)
		to := listURL(site, f, pairs...)
		if to == "" {
			return template.HTML(number) //nolint:gosec // it is escaped
		}
		return template.HTML(`<a href="` + template.HTMLEscapeString(to) + `">` + number + `</a>`) //nolint:gosec // both are escaped
	}
}

// above is the least length that is over a limit.
func above(limit int) string { return strconv.Itoa(limit + 1) }

// A bar is one column of the histogram, in a drawing 1000 wide and 220 high.
type bar struct {
	X, Y, Width, Height, Middle float64
	Label, Count                string
}

func bars(buckets []ValidationBucket) []bar {
	var most int64 = 1
	for _, b := range buckets {
		most = max(most, b.Examples)
	}
	list := make([]bar, len(buckets))
	step := 1000 / float64(max(len(buckets), 1))
	for i, b := range buckets {
		height := 160 * float64(b.Examples) / float64(most)
		list[i] = bar{
			X: float64(i)*step + step*0.1, Y: 185 - height, Width: step * 0.8, Height: height, Middle: (float64(i) + 0.5) * step,
			Label: "≤ " + grouped(b.To), Count: grouped(b.Examples),
		}
	}
	return list
}

// sentence says in one sentence what the report covers.
func (v Validation) sentence() string {
	what := scopeWords(v.Release, v.Filter.Status, v.category(v.Filter.Category))
	return fmt.Sprintf("%s in %s on %s: %s.", what, v.Dataset, v.MadeAt.Format("2 January 2006, 15:04 UTC"), grouped(v.Counts.Examples))
}

// category is what people call the category with that slug.
func (v Validation) category(slug string) string {
	for _, c := range v.Counts.Categories {
		if c.Slug == slug {
			return c.Name
		}
	}
	return slug
}

// span writes a range; one figure where both ends are the same.
func span(low, high int) string {
	if low == high {
		return grouped(low)
	}
	return grouped(low) + " to " + grouped(high)
}

// ruleName shows a rule so that its words stay whole: a line breaks behind a slash
// or a hyphen.
func ruleName(rule string) template.HTML {
	return template.HTML(`<code class="rule">` + strings.ReplaceAll(template.HTMLEscapeString(rule), "/", "/<wbr>") + "</code>") //nolint:gosec // it is escaped
}

func maxTokens(n int) string {
	if n == 0 {
		return "not known"
	}
	return grouped(n)
}

func severityWord(s string) string {
	if s == "info" {
		return "note"
	}
	return s
}

// grouped writes n with commas.
func grouped[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func dollars(usd float64) string {
	cents := int64(math.Round(usd * 100))
	return "$" + grouped(cents/100) + fmt.Sprintf(".%02d", cents%100)
}

// share writes 0 to 1 as a percentage that never rounds something to nothing.
func share(x float64) string {
	switch {
	case x > 0 && x < 0.001:
		return "< 0.1 %"
	case x < 1 && x > 0.999:
		return "> 99.9 %"
	}
	return strconv.FormatFloat(100*x, 'f', 1, 64) + " %"
}

// markdown writes the report for people who read it in a terminal or a
// repository. Texts from the dataset go into cells as they are but for what
// would break the table.
func (v Validation) markdown(w io.Writer) error {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Validation report\n\n%s", cell(v.sentence()))
	p("\nCatalog version %d, rules %s. %s", v.CatalogVersion, v.RulesVersion, v.currency())

	p("\n## Examples\n\n| category | examples | pending | approved | rejected | escalated |\n| --- | ---: | ---: | ---: | ---: | ---: |")
	row := func(name string, n int64, by map[string]int64) {
		p("| %s | %s | %s | %s | %s | %s |", cell(name), grouped(n), grouped(by["pending"]), grouped(by["approved"]), grouped(by["rejected"]), grouped(by["escalated"]))
	}
	for _, c := range v.Counts.Categories {
		row(c.Name, c.Examples, c.ByStatus)
	}
	row("all", v.Counts.Examples, v.Counts.ByStatus)

	p("\n## Format\n\n%s of %s examples are in the strict common form as they stand; %s are not.", grouped(v.Format.Strict), grouped(v.Counts.Examples), grouped(v.Format.Other))
	for _, id := range v.Format.First {
		p("- %s", id)
	}

	if len(v.Presets) > 0 {
		p("\n## Formats of the platforms\n\n| format | valid | refused | with something to know |\n| --- | ---: | ---: | ---: |")
		for _, x := range v.Presets {
			p("| %s | %s | %s | %s |", x.Preset, grouped(x.Valid), grouped(x.Refused), grouped(x.Warned))
		}
		for _, x := range v.Presets {
			for _, w := range x.Whole {
				p("- %s: %s", x.Preset, cell(w))
			}
			for _, r := range x.Rules {
				p("- %s, %s, %s: %s (%s)", x.Preset, cell(r.Rule), grouped(r.Examples), cell(r.First[0].Message), r.First[0].Example)
			}
		}
	}

	p("\n## Findings\n\n%s errors, %s warnings, %s notes.", grouped(v.Findings.Errors), grouped(v.Findings.Warnings), grouped(v.Findings.Notes))
	if len(v.Findings.Rules) > 0 {
		p("\n| rule | severity | examples | findings | what to do |\n| --- | --- | ---: | ---: | --- |")
		for _, r := range v.Findings.Rules {
			p("| %s | %s | %s | %s | %s |", cell(r.Rule), severityWord(r.Severity), grouped(r.Examples), grouped(r.Findings), cell(r.Fix))
		}
		for _, r := range v.Findings.Rules {
			p("\n### %s (%s)\n\n%s\n", cell(r.Rule), severityWord(r.Severity), cell(r.Summary))
			for _, x := range r.First {
				p("- %s: %s", x.Example, cell(x.Message))
			}
		}
	}

	p("\n## Waivers\n\n%s in force.", grouped(v.Waivers.Total))
	if len(v.Waivers.First) > 0 {
		p("\n| example | rule | by | when | reason |\n| --- | --- | --- | --- | --- |")
		for _, x := range v.Waivers.First {
			p("| %s | %s | %s | %s | %s |", x.Example, cell(x.Rule), cell(x.By), x.At.Format("2006-01-02"), cell(x.Reason))
		}
	}

	v.copiesMarkdown(p)
	p("\n## Exact duplicates at import\n\n%s of %s imported rows were in the dataset already and were left out; %s were refused.", grouped(v.Duplicates.Duplicates), grouped(v.Duplicates.Rows), grouped(v.Duplicates.Rejected))
	if len(v.Duplicates.Newest) > 0 {
		p("\n| file | rows | new | duplicates | refused |\n| --- | ---: | ---: | ---: | ---: |")
		for _, i := range v.Duplicates.Newest {
			p("| %s | %s | %s | %s | %s |", cell(i.File), grouped(i.Rows), grouped(i.Inserted), grouped(i.Duplicates), grouped(i.Rejected))
		}
	}

	p("\n## Tokens\n\n%s in all, %.1f an example; half of the examples have at most %s, 95 of 100 at most %s. %s.", grouped(v.Tokens.Total), v.Tokens.Mean, grouped(v.Tokens.Half), grouped(v.Tokens.Most), v.Tokens.Form)
	if len(v.Tokens.Histogram) > 0 {
		p("\n| tokens | examples |\n| ---: | ---: |")
		for _, h := range v.Tokens.Histogram {
			p("| %s | %s |", span(h.From, h.To), grouped(h.Examples))
		}
	}
	platformsMarkdown(p, v.Platforms)
	p("\n## Assumptions\n")
	for _, a := range v.Assumptions {
		p("- %s", a)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// copiesMarkdown writes what is alike, and what of it is in two splits.
func (v Validation) copiesMarkdown(p func(format string, args ...any)) {
	c := v.Copies
	if c == nil {
		return
	}
	p("\n## Duplicates and leakage\n\n| likeness | groups | examples in them | in two splits |\n| --- | ---: | ---: | ---: |")
	for _, g := range c.Groups {
		p("| %s | %s | %s | %s |", g.Kind, grouped(g.Groups), grouped(g.Examples), grouped(g.Leaks))
	}
	p("\n%s questions are asked in two splits.", grouped(c.SameQuestion))
	for _, g := range c.Groups {
		for _, l := range g.First {
			p("- %s (%s) is like %s (%s)", l.A, cell(l.SplitA), l.B, cell(l.SplitB))
		}
	}
	for _, l := range c.LeakedQuestion {
		p("- %s (%s) asks the same as %s (%s)", l.A, cell(l.SplitA), l.B, cell(l.SplitB))
	}
}

// platformsMarkdown writes what platforms would cut and charge.
func platformsMarkdown(p func(format string, args ...any), list []ValidationPlatform) {
	if len(list) == 0 {
		return
	}
	p("\n## Platforms\n\n| platform | limit | over it | share | price per million, as of | 1 epoch | 2 | 3 | 4 |\n| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
	for _, f := range list {
		over, part, price := "", "", "not known"
		if f.MaxTokens > 0 {
			over, part = grouped(f.Over), share(f.OverShare)
			if f.About {
				over = "at most " + over
			}
		}
		if f.Price != nil {
			price = dollars(*f.Price) + ", " + cmp.Or(f.PriceAsOf, "an unknown date")
		}
		line := fmt.Sprintf("| %s | %s | %s | %s | %s |", cell(f.Name), maxTokens(f.MaxTokens), over, part, cell(price))
		for epoch := range maxEpochs {
			if epoch < len(f.Cost) {
				line += " " + dollars(f.Cost[epoch])
			}
			line += " |"
		}
		p("%s", line)
	}
	for _, f := range list {
		if len(f.Unpacked) > 2 {
			p("\nWith packing off, 3 epochs at %s could cost %s.", cell(f.Name), dollars(f.Unpacked[2]))
		}
	}
}

func (v Validation) currency() string {
	if v.Current {
		return "All findings are from these."
	}
	return "Some findings may be from older rules or an older catalog: a check of all examples is due or under way."
}

// cell keeps text inside a line and a table's cell, and from being markup.
func cell(s string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "|", `\|`, "<", "&lt;", "`", "'", "[", `\[`).Replace(s)
}
