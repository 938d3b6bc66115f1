package report

import (
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/chart"
)

// chartWidth is that of the drawings of reports: the column of text is as wide.
const chartWidth = 720

// sentence says in one sentence what the report covers.
func (d Distribution) sentence() string {
	what := scopeWords(d.Release, d.Filter.Status, d.category(d.Filter.Category))
	return fmt.Sprintf("%s in %s, as of %s: %s.", what, d.Dataset, d.MadeAt.Format("2 January 2006, 15:04 UTC"), grouped(d.Examples))
}

// category is what people call the category with that slug.
func (d Distribution) category(slug string) string {
	for _, c := range d.Categories {
		if c.Slug == slug {
			return c.Name
		}
	}
	return slug
}

// scopeWords is what a report covers, in words: a release, or the examples of a
// status and of a category, by its name; empty is all.
func scopeWords(release, status, category string) string {
	switch {
	case release != "":
		return "The examples of release " + release
	case status != "" && category != "":
		return "Examples of " + category + " that are " + status
	case status != "":
		return "Examples that are " + status
	case category != "":
		return "All examples of " + category
	}
	return "All examples"
}

type partsTable struct {
	Head  string
	Parts []Part
	By    string // what the list of examples calls it; empty: it can't be listed
}

// html writes the report as one file: style and charts are in it, and it loads
// nothing.
func (d Distribution) html(w io.Writer) error {
	return page(w, distributionHTML, d, template.FuncMap{
		"sentence": d.sentence, "named": d.category, "p": probability, "three": func() []int { return []int{0, 1, 2} }, "judged": Confidence.judged,
		"parts": func(head string, list []Part, by ...string) partsTable {
			return partsTable{head, list, strings.Join(by, "")}
		},
		"at": listLink(d.Site, d.Filter), "to": pageLink(d.Site), "above": above, "none": func() string { return browse.NoSubcategory },
		"categoryChart": Distribution.categoryChart, "tokenChart": Distribution.tokenChart,
	})
}

func (d Distribution) categoryChart() chart.Drawing {
	var bars []chart.Bar
	for _, c := range d.Categories {
		bars = append(bars, chart.Bar{
			Label: c.Name, URL: listURL(d.Site, d.Filter, "category", c.Slug), Note: grouped(c.Examples), Low: float64(c.TargetMin), High: float64(c.TargetMax),
			Pieces: []chart.Piece{{Tone: chart.Info, Value: float64(c.Examples), Words: c.Name + ": " + grouped(c.Examples)}},
		})
	}
	return chart.Bars("Examples by category", "Each bar is a category; the marks are the ends of its target. The table below says the same.", chartWidth, bars)
}

func (d Distribution) tokenChart() chart.Drawing {
	var columns []chart.Column
	for _, b := range d.Tokens.Histogram {
		columns = append(columns, chart.Column{
			Label: "≤ " + grouped(b.To), Value: float64(b.Examples), Note: grouped(b.Examples),
			URL: listURL(d.Site, d.Filter, "min_tokens", strconv.Itoa(b.From), "max_tokens", strconv.Itoa(b.To)),
		})
	}
	return chart.Columns("Examples by number of tokens", "Each column counts the examples up to that length and above the one before.", chartWidth, []string{"Tokens at most", "Examples"}, columns)
}

// probability writes p so that a small one is not nothing.
func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// markdown writes the report for people who read it in a terminal or a
// repository.
func (d Distribution) markdown(w io.Writer) error {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	parts := func(heading, head string, list []Part) {
		p("\n## %s\n", heading)
		if len(list) == 0 {
			p("None.")
			return
		}
		p("| %s | examples | share |\n| --- | ---: | ---: |", head)
		for _, one := range list {
			p("| %s | %s | %s |", cell(one.Name), grouped(one.Examples), share(one.Share))
		}
	}
	p("# Distribution report\n\n%s Catalog version %d.", cell(d.sentence()), d.CatalogVersion)
	if c := d.Changes; c != nil {
		p("\n## What changed since %s\n\n%s\n\n| category | before | now | share before | share now |\n| --- | ---: | ---: | ---: | ---: |", cell(c.Release), cell(c.Words))
		for _, s := range c.Categories {
			p("| %s | %s | %s | %s | %s |", cell(s.Name), grouped(s.Before), grouped(s.Now), share(s.ShareBefore), share(s.Share))
		}
	}
	if len(d.Splits) > 0 {
		parts("Splits", "split", d.Splits)
	}
	p("\n## Categories\n\n| category | examples | share | target | tokens |\n| --- | ---: | ---: | ---: | ---: |")
	for _, c := range d.Categories {
		p("| %s | %s | %s | %s | %s |", cell(c.Name), grouped(c.Examples), share(c.Share), span(c.TargetMin, c.TargetMax), grouped(c.Tokens))
	}
	p("\n## Does it follow the plan?\n")
	for _, f := range d.Fits {
		p("- %s (chi-square %.2f, %d degrees of freedom, p %s, w %.3f)", cell(f.Words), f.ChiSquare, f.Freedom, cell(probability(f.P)), f.Effect)
	}
	p("\n| category | subcategory | examples | share | planned | planned share |\n| --- | --- | ---: | ---: | ---: | ---: |")
	for _, s := range d.Subcategories {
		planned, part := "", ""
		if s.Planned > 0 {
			planned, part = grouped(s.Planned), share(s.PlannedShare)
		}
		p("| %s | %s | %s | %s | %s | %s |", cell(d.category(s.Category)), cell(s.Name), grouped(s.Examples), share(s.Share), planned, part)
	}
	parts("Sources", "file", d.Sources)
	parts("Generators", "generator", d.Generators)
	p("\n## Reviewers\n\n| reviewer | approved | rejected | asked a specialist |\n| --- | ---: | ---: | ---: |")
	for _, r := range d.Reviewers {
		p("| %s | %s | %s | %s |", cell(r.Name), grouped(r.Approved), grouped(r.Rejected), grouped(r.Escalated))
	}
	parts("Turns", "messages", d.Turns)
	for _, dim := range d.Dimensions {
		parts(cell(dim.Name+" ("+dim.Category+")"), "value", dim.Values)
		p("\n%s examples say it, %s do not.", grouped(dim.Known), grouped(dim.Unknown))
	}
	p("\n## Tokens\n\n%s in all, %.1f an example, from %s to %s. %s.\n", grouped(d.Tokens.Total), d.Tokens.Mean, grouped(d.Tokens.Least), grouped(d.Tokens.Most), d.Tokens.Form)
	p("| of 100 examples | have at most |\n| ---: | ---: |")
	for _, x := range d.Tokens.Percentiles {
		p("| %d | %s |", x.Percent, grouped(x.Tokens))
	}
	p("\n| tokens | examples |\n| ---: | ---: |")
	for _, h := range d.Tokens.Histogram {
		p("| %s | %s |", span(h.From, h.To), grouped(h.Examples))
	}
	platformsMarkdown(p, d.Platforms)
	p("\n## Confidence\n\n%s answers say how sure they are. %s", grouped(d.Confidence.Examples), cell(d.Confidence.Words))
	if d.Confidence.Examples > 0 {
		p("\n| subcategory | answers | mean | expected | below | inside | above |\n| --- | ---: | ---: | --- | ---: | ---: | ---: |")
		for _, x := range d.Confidence.Bands {
			expected := ""
			if x.Expected {
				expected = fmt.Sprintf("%.2f to %.2f", x.Min, x.Max)
			}
			p("| %s | %s | %.2f | %s | %s | %s | %s |", cell(x.Name), grouped(x.Examples), x.Mean, expected, grouped(x.Below), grouped(x.Inside), grouped(x.Above))
		}
	}
	if d.Confidence.judged() {
		p("\n### Calibration by subcategory band\n\n| subcategory | band | verdicts | mean confidence | approved | 95 %% interval | gap | Brier | says |\n| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | --- |")
		for _, x := range d.Confidence.Bands {
			if j := x.Judged; j != nil {
				band := ""
				if x.Expected {
					band = fmt.Sprintf("%.2f to %.2f", x.Min, x.Max)
				}
				p("| %s | %s | %s | %.2f | %s | %s to %s | %+.2f | %.3f | %s |", cell(x.Name), band, grouped(j.Examples), j.Mean, share(j.Approved), share(j.Low), share(j.High), j.Gap, j.Brier, cell(j.Words))
			}
		}
	}
	calibration := func(c Calibration, heading string) {
		p("\n### %s\n\n%s ECE %.3f, Brier %.3f, %s verdicts in ten bins of equal width, %d of them not empty.\n\n| confidence | examples | mean | approved | 95 %% interval |\n| --- | ---: | ---: | ---: | --- |", cell(heading), cell(c.Words), c.ECE, c.Brier, grouped(c.Examples), len(c.Bins))
		for _, x := range c.Bins {
			p("| %.1f to %.1f | %s | %.2f | %s | %s to %s |", x.From, x.To, grouped(x.Examples), x.Mean, share(x.Approved), share(x.Low), share(x.High))
		}
	}
	if c := d.Confidence.Calibration; c != nil {
		calibration(*c, "Against what reviewers decided")
	}
	if len(d.Confidence.ByCategory) > 1 {
		for _, c := range d.Confidence.ByCategory {
			calibration(c, c.Name)
		}
	}
	p("\n## Vocabulary\n")
	for _, v := range d.Vocabulary {
		p("- %s: %s words of %s, %s different, %s once, distinct-n %v, entropy %.2f bits.", v.Side, grouped(v.Words), v.Sample, grouped(v.Types), grouped(v.Once), v.Distinct, v.Entropy)
	}
	parts("Language", "language", d.Languages)
	p("\n## Agreement of reviewers\n\n%s", cell(d.Agreement.Words))
	for _, e := range d.Agreement.Estimates {
		p("- %s: %.3f (%.3f to %.3f)", e.Name, e.Value, e.Low, e.High)
	}
	p("\n## Samples of batches\n\n%s", cell(d.Sampling.Words))
	if len(d.Sampling.Samples) > 0 {
		p("\n| sample | batch | verdict | batch holds | looked at | defects | share | 95 %% interval | at most, 95 %% sure | looked at here |\n| --- | --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |")
		for _, x := range d.Sampling.Samples {
			p("| %s | %s | %s | %s | %s | %s | %s | %s to %s | %s | %s |", cell(x.Name), cell(x.Batch), x.Verdict, grouped(x.Frame), grouped(x.Reviewed), grouped(x.Defects), share(x.Share), share(x.Low), share(x.High), share(x.AtMost), grouped(x.Here))
		}
	}
	p("\n## Assumptions\n")
	for _, a := range d.Assumptions {
		p("- %s", a)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
