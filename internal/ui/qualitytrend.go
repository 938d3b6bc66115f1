package ui

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/chart"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// trendDays is how far back the chart of findings goes.
const trendDays = 90

// A trendForm is what the chart of findings is of, as the address says it: nothing for
// what the page is filtered for, category:slug or file:id.
type trendForm struct {
	value string
	scope report.TrendScope
}

// readTrend reads the choice. What makes no sense is fault.Invalid.
func readTrend(form url.Values, f report.Filter) (trendForm, error) {
	t := trendForm{value: form.Get("trend"), scope: report.TrendScope{Category: f.Category}}
	kind, of, _ := strings.Cut(t.value, ":")
	switch kind {
	case "":
	case "category":
		t.scope = report.TrendScope{Category: of}
	case "file":
		id, err := uuid.Parse(of)
		if err != nil {
			return t, fault.New(fault.Invalid, "There is no such file. Choose one from the list.")
		}
		t.scope = report.TrendScope{Source: id}
	default:
		return t, fault.New(fault.Invalid, "There is no such trend. Choose one from the list.")
	}
	return t, nil
}

// trendOver is the part of the page about time: the chart with its choice.
func (s *Server) trendOver(r *http.Request, c *catalog.Catalog, f report.Filter) (templates.QualityTrend, error) {
	v := templates.QualityTrend{}
	t, err := readTrend(r.URL.Query(), f)
	if err != nil {
		return v, err
	}
	all := "All examples"
	if cat, ok := c.Category(f.Category); ok {
		all = cat.Name
	}
	what := choice("trend", "Of", all, t.value)
	for _, cat := range c.Categories {
		what.add("category:"+cat.Slug, cat.Name)
	}
	if s.browse != nil {
		sources, err := s.browse.Sources(r.Context())
		if err != nil {
			return v, err
		}
		for _, one := range sources {
			what.add("file:"+one.ID.String(), "File "+draw.Plain(one.Name)+", "+one.At.UTC().Format("2 January 2006"))
		}
	}
	v.Of = what.done()
	for name, value := range map[string]string{"category": f.Category, "status": string(f.Status)} {
		if value != "" {
			v.Keep = append(v.Keep, templates.Hidden{Name: name, Value: value})
		}
	}
	slices.SortFunc(v.Keep, func(a, b templates.Hidden) int { return strings.Compare(a.Name, b.Name) })
	days, err := s.soundness.Trend(r.Context(), trendDays, t.scope)
	if err != nil {
		return v, err
	}
	if len(days) > 1 {
		var exports []templates.Link
		for _, form := range []string{"svg", "png", "csv"} {
			exports = append(exports, templates.Link{Label: strings.ToUpper(form), URL: addressOf("/quality/trend."+form, trendQuery(t, f))})
		}
		chart := chartView(func(width float64) chart.Drawing { return trendChart(days, t.scope, width) }, exports)
		v.Chart = &chart
	}
	return v, nil
}

func trendQuery(t trendForm, f report.Filter) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"trend": t.value, "category": f.Category} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// downloadTrend handles GET /quality/trend.svg, .png and .csv.
func (s *Server) downloadTrend(form string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q := r.URL.Query()
		t, err := readTrend(q, report.Filter{Category: q.Get("category")})
		if err != nil {
			return err
		}
		days, err := s.soundness.Trend(r.Context(), trendDays, t.scope)
		if err != nil {
			return err
		}
		if len(days) == 0 {
			return fault.New(fault.NotFound, "Nothing was noted of this yet.")
		}
		return saveChart(w, trendChart(days, t.scope, wideChart), "findings", form, s.now())
	}
}

// addSubcategories adds what is found on each subcategory of the category that is
// filtered for.
func (s *Server) addSubcategories(ctx context.Context, v *templates.Quality, f report.Filter) error {
	list, err := s.soundness.BySubcategory(ctx, f)
	if err != nil {
		return err
	}
	for _, one := range list {
		to := browse.Filter{Category: f.Category, Subcategory: cmp.Or(one.Slug, browse.NoSubcategory), Status: f.Status}
		row := templates.QualitySubcategory{Name: one.Name, URL: filterURL(to, ""), Examples: number(one.Examples), Errors: number(one.Errors), Warnings: number(one.Warnings), Notes: number(one.Notes), Worst: one.Worst}
		to.Severity = lint.Error
		row.ErrorsURL = filterURL(to, "")
		to.Severity = lint.Warning
		row.WarningsURL = filterURL(to, "")
		to.Severity = ""
		if to.Rule = one.Worst; to.Rule != "" {
			row.WorstURL, row.WorstExamples = filterURL(to, ""), number(one.WorstExamples)
		}
		v.Subcategories = append(v.Subcategories, row)
	}
	return nil
}

// trendChart draws how much is wrong at the end of each day. A day that nobody noted is
// a gap. The last day leads to the examples.
func trendChart(days []report.TrendDay, of report.TrendScope, width float64) chart.Drawing {
	t := chart.Times{Title: "Findings over time", Text: "Findings on current revisions at the end of each day, by severity."}
	to := browse.Filter{Category: of.Category}
	lines := []struct {
		name     string
		tone     chart.Tone
		severity lint.Severity
		dashed   bool
	}{{"Errors", chart.Error, lint.Error, false}, {"Warnings", chart.Warning, lint.Warning, false}, {"Notes", chart.Info, lint.Info, true}}
	if of.Source != uuid.Nil {
		t.Title, t.Text = "Examples with findings over time", "Examples of the file with errors and with warnings at the end of each day."
		to.Source, lines = of.Source.String(), lines[:2]
		lines[0].name, lines[1].name = "With errors", "With warnings"
	}
	first, last := days[0].Day, days[len(days)-1].Day
	n := int(last.Sub(first).Hours()/24) + 1
	links := []string{""}
	for _, one := range lines {
		series := chart.Series{Name: one.name, Tone: one.tone, Dashed: one.dashed, Values: make([]float64, n)}
		for i := range series.Values {
			series.Values[i] = math.NaN()
		}
		for _, d := range days {
			series.Values[int(d.Day.Sub(first).Hours()/24)] = float64(d.Wrong[one.severity])
		}
		t.Series = append(t.Series, series)
		to.Severity = one.severity
		links = append(links, filterURL(to, ""))
	}
	for i := range n {
		t.Labels = append(t.Labels, first.AddDate(0, 0, i).Format("2 Jan 2006"))
	}
	drawing := t.Draw(width)
	drawing.CellLinks = make([][]string, len(drawing.Rows))
	drawing.CellLinks[len(drawing.Rows)-1] = links
	return drawing
}
