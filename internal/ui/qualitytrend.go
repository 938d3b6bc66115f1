package ui

import (
	"context"
	"math"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/chart"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/web/templates"
)

// trendDays is how far back the chart of findings goes.
const trendDays = 90

// addTrend adds what changed over time, where nothing is filtered, and what is found
// on each subcategory, where a category is.
func (s *Server) addTrend(ctx context.Context, v *templates.Quality, f report.Filter) error {
	if f == (report.Filter{}) {
		days, err := s.soundness.Trend(ctx, trendDays, "")
		if err != nil {
			return err
		}
		if len(days) > 1 {
			c := chartView(func(width float64) chart.Drawing { return trendChart(days, width) }, nil)
			v.Over = &c
		}
	}
	list, err := s.soundness.BySubcategory(ctx, f)
	if err != nil {
		return err
	}
	for _, one := range list {
		to := browse.Filter{Category: f.Category, Subcategory: one.Slug, Status: f.Status}
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

// trendChart draws the findings of each severity at the end of each day. A day that
// nobody noted is a gap.
func trendChart(days []report.TrendDay, width float64) chart.Drawing {
	t := chart.Times{Title: "Findings over time", Text: "Findings on current revisions at the end of each day, by severity."}
	first, last := days[0].Day, days[len(days)-1].Day
	n := int(last.Sub(first).Hours()/24) + 1
	for _, one := range []struct {
		name     string
		tone     chart.Tone
		severity lint.Severity
		dashed   bool
	}{{"Errors", chart.Error, lint.Error, false}, {"Warnings", chart.Warning, lint.Warning, false}, {"Notes", chart.Info, lint.Info, true}} {
		series := chart.Series{Name: one.name, Tone: one.tone, Dashed: one.dashed, Values: make([]float64, n)}
		for i := range series.Values {
			series.Values[i] = math.NaN()
		}
		for _, d := range days {
			series.Values[int(d.Day.Sub(first).Hours()/24)] = float64(d.Findings[one.severity])
		}
		t.Series = append(t.Series, series)
	}
	for i := range n {
		t.Labels = append(t.Labels, first.AddDate(0, 0, i).Format("2 Jan 2006"))
	}
	return t.Draw(width)
}
