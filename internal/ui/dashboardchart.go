package ui

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/chart"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/web/templates"
)

// The widths at which charts are drawn: pages hold both and show the one that fits,
// so that words stay readable on a phone.
const (
	wideChart   = 720
	narrowChart = 340
)

// A dashboardCharts draws the dashboard's charts by name, at any width.
type dashboardCharts map[string]func(width float64) chart.Drawing

// chartsOf returns the charts of a dashboard; without linked nothing in them leads
// anywhere.
func chartsOf(d report.Dashboard, f overviewForm, linked bool) dashboardCharts {
	url := func(text string) string {
		if !linked {
			return ""
		}
		return text
	}
	return dashboardCharts{
		"progress": func(width float64) chart.Drawing { return progressChart(d, f, width, url) },
		"burnup":   func(width float64) chart.Drawing { return burnupChart(d, f, width, url) },
		"findings": func(width float64) chart.Drawing { return findingsChart(d, width, url) },
		"reasons":  func(width float64) chart.Drawing { return reasonsChart(d, f, width, url) },
		"people":   func(width float64) chart.Drawing { return peopleChart(d, f, width, url) },
		"cost":     func(width float64) chart.Drawing { return costChart(d, f, width) },
	}
}

// view is a chart as a page shows it.
func (c dashboardCharts) view(name string, f overviewForm) templates.Chart {
	return chartView(c[name], c.exports(name, f))
}

func chartView(draw func(width float64) chart.Drawing, exports []templates.Link) templates.Chart {
	d := draw(wideChart)
	v := templates.Chart{Title: d.Title, Text: d.Text, Wide: d.Inline(), Narrow: draw(narrowChart).Inline(), Head: d.Head, Exports: exports}
	for i, row := range d.Rows {
		r := templates.ChartRow{Cells: row}
		if i < len(d.Links) {
			r.URL = d.Links[i]
		}
		if i < len(d.CellLinks) {
			r.URLs = d.CellLinks[i]
		}
		v.Rows = append(v.Rows, r)
	}
	v.Empty = len(d.Rows) == 0
	return v
}

// exports are the links to a chart's files.
func (c dashboardCharts) exports(name string, f overviewForm) []templates.Link {
	var list []templates.Link
	for _, form := range []string{"svg", "png", "csv"} {
		list = append(list, templates.Link{Label: strings.ToUpper(form), URL: "/dashboard/charts/" + name + "." + form + f.query()})
	}
	return list
}

// downloadChart handles GET /dashboard/charts/{name}.svg, .png and .csv.
func (s *Server) downloadChart(w http.ResponseWriter, r *http.Request) error {
	name, form, _ := strings.Cut(chi.URLParam(r, "file"), ".")
	f, err := readOverview(r.URL.Query())
	if err != nil {
		return err
	}
	if _, known := chartsOf(report.Dashboard{}, f, false)[name]; !known || chartTypes[form] == "" {
		return fault.New(fault.NotFound, "There is no such chart.")
	}
	d, err := s.overview.Dashboard(r.Context(), f.view)
	if err != nil {
		return err
	}
	return saveChart(w, chartsOf(d, f, false)[name](wideChart), name, form, d.At)
}

// chartTypes are the media types of the forms in which charts are saved.
var chartTypes = map[string]string{"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}

// saveChart sends a drawing as a file.
func saveChart(w http.ResponseWriter, drawing chart.Drawing, name, form string, at time.Time) error {
	var b bytes.Buffer
	var err error
	switch form {
	case "svg":
		err = drawing.SVG(&b)
	case "png":
		err = drawing.PNG(&b)
	default:
		err = drawing.CSV(&b)
	}
	if err != nil {
		return fmt.Errorf("draw %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", chartTypes[form])
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "spotter-"+name+"-"+at.UTC().Format(time.DateOnly)+"."+form))
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(b.Bytes())
	return err
}

func progressChart(d report.Dashboard, f overviewForm, width float64, url func(string) string) chart.Drawing {
	var bars []chart.Bar
	var rows [][]string
	for _, c := range d.Progress.Categories {
		of := func(status example.Status) string {
			return url(filterURL(browse.Filter{Category: c.Slug, Status: status, Source: f.source()}, ""))
		}
		bar := chart.Bar{Label: c.Name, URL: of(""), Low: float64(c.TargetMin), High: float64(c.TargetMax)}
		if bar.Note = number(c.Counts.Approved) + " approved"; c.TargetMax > 0 && width > narrowChart {
			bar.Note = number(c.Counts.Approved) + " of " + span(c.TargetMin, c.TargetMax)
		}
		for _, part := range []struct {
			status example.Status
			tone   chart.Tone
		}{{example.Approved, chart.Approved}, {example.Escalated, chart.Escalated}, {example.Pending, chart.Pending}, {example.Rejected, chart.Rejected}} {
			n := c.Counts.Of(part.status)
			bar.Pieces = append(bar.Pieces, chart.Piece{Tone: part.tone, Value: float64(n), Words: number(n) + " " + string(part.status), URL: of(part.status)})
		}
		bars = append(bars, bar)
		rows = append(rows, []string{
			c.Name, strconv.FormatInt(c.Counts.Approved, 10), strconv.FormatInt(c.Counts.Escalated, 10), strconv.FormatInt(c.Counts.Pending, 10),
			strconv.FormatInt(c.Counts.Rejected, 10), strconv.Itoa(c.TargetMin), strconv.Itoa(c.TargetMax),
		})
	}
	drawing := chart.Bars("Examples by category and status", "Approved, with a specialist, waiting and rejected examples of each category; the marks are the ends of its target.", width, bars)
	drawing.Head = []string{"Category", "Approved", "With a specialist", "Waiting", "Rejected", "Target from", "Target to"}
	drawing.Rows = rows
	for _, b := range bars {
		drawing.Links = append(drawing.Links, b.URL)
	}
	return drawing
}

// ahead is how many days of the future a burn-up shows at most.
const ahead = 120

func burnupChart(d report.Dashboard, f overviewForm, width float64, url func(string) string) chart.Drawing {
	b := d.Burnup
	t := chart.Times{Title: "Approved examples over time", Text: d.Forecast.Words()}
	if len(b.Days) == 0 {
		return t.Draw(width)
	}
	var low, high int
	for _, c := range d.Progress.Categories {
		low, high = low+c.TargetMin, high+c.TargetMax
	}
	future := 0
	if d.Forecast.Why == "" {
		future = ahead
		if !d.Forecast.Latest.IsZero() {
			future = min(int(d.Forecast.Latest.Sub(b.Days[len(b.Days)-1]).Hours()/24)+3, ahead)
		}
		future = min(future, max(3*len(b.Days), 14)) // the past must stay visible
	}
	n := len(b.Days) + future
	t.URLs, t.Words = make([]string, n), make([]string, n)
	approved, all, expected := make([]float64, n), make([]float64, n), make([]float64, n)
	fan := chart.Range{Low: make([]float64, n), High: make([]float64, n)}
	for i := range n {
		approved[i], all[i], expected[i], fan.Low[i], fan.High[i] = math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
		day := b.Days[0].AddDate(0, 0, i)
		t.Labels = append(t.Labels, day.Format("2 Jan 2006"))
		last := len(b.Days) - 1
		if i <= last {
			approved[i], all[i] = float64(b.Approved[i]), float64(b.All[i])
			if i < len(b.Stands) && b.Stands[i] > 0 {
				of := day.Format(time.DateOnly)
				t.URLs[i] = url(filterURL(browse.Filter{Source: f.source(), Word: browse.Word{Verdict: string(example.Approve), Since: of, Until: of}}, ""))
				t.Words[i] = t.Labels[i] + ": " + number(b.Stands[i]) + " approved and not taken back"
			}
		}
		if i >= last && future > 0 {
			least, mean, most := d.Forecast.Pace.After(i - last)
			expected[i] = float64(b.Approved[last]) + mean
			fan.Low[i], fan.High[i] = float64(b.Approved[last])+least, float64(b.Approved[last])+most
		}
	}
	t.Series = []chart.Series{{Name: "Approved", Tone: chart.Approved, Values: approved}, {Name: "All", Tone: chart.Pending, Dashed: true, Values: all}}
	if d.Forecast.Left > 0 || d.Forecast.Why == "" || high > 0 {
		t.Low, t.High, t.BandNote = float64(low), float64(high), "Targets"
	}
	if future > 0 {
		t.Series = append(t.Series, chart.Series{Name: "At this pace", Tone: chart.Approved, Dashed: true, Values: expected})
		t.Fan = &fan
	}
	drawing := t.Draw(width)
	// A day's end is history; what the day's approvals are now can be looked at.
	drawing.Head = slices.Insert(drawing.Head, 2, "Of the day")
	for i, row := range drawing.Rows {
		stands, urls := "", make([]string, len(row)+1)
		if i < len(b.Stands) {
			stands, urls[2] = strconv.FormatInt(b.Stands[i], 10), t.URLs[i]
		}
		if i == len(b.Days)-1 {
			urls[1], urls[3] = url(filterURL(browse.Filter{Status: example.Approved, Source: f.source()}, "")), url(filterURL(browse.Filter{Source: f.source()}, ""))
		}
		drawing.Rows[i] = slices.Insert(row, 2, stands)
		drawing.CellLinks = append(drawing.CellLinks, urls)
	}
	return drawing
}

// mostBars is how many rules and reasons a chart shows.
const mostBars = 6

func findingsChart(d report.Dashboard, width float64, url func(string) string) chart.Drawing {
	tones := map[lint.Severity]chart.Tone{lint.Error: chart.Error, lint.Warning: chart.Warning, lint.Info: chart.Info}
	var bars []chart.Bar
	var rows [][]string
	var links []string
	for _, r := range d.Rules {
		at := url(filterURL(browse.Filter{Rule: r.Rule, Severity: r.Severity}, ""))
		if len(bars) < mostBars {
			bars = append(bars, chart.Bar{Label: r.Rule, URL: at, Note: severityName(r.Severity) + ", " + number(r.Examples), Pieces: []chart.Piece{{
				Tone: tones[r.Severity], Value: float64(r.Examples), Words: r.Rule + ": " + counted(r.Examples, "example", "examples"), URL: at,
			}}})
		}
		rows = append(rows, []string{r.Rule, severityName(r.Severity), strconv.FormatInt(r.Examples, 10), strconv.FormatInt(r.Findings, 10)})
		links = append(links, at)
	}
	drawing := chart.Bars("What the checks find", "Examples with findings of each rule, errors first.", width, bars)
	drawing.Head, drawing.Rows, drawing.Links = []string{"Rule", "Severity", "Examples", "Findings"}, rows, links
	return drawing
}

func severityName(s lint.Severity) string {
	if s == lint.Info {
		return "note"
	}
	return string(s)
}

func reasonsChart(d report.Dashboard, f overviewForm, width float64, url func(string) string) chart.Drawing {
	var bars []chart.Bar
	var rows [][]string
	var links []string
	for _, r := range d.Reasons {
		name, word := r.Reason, browse.Word{Verdict: string(example.Reject), Reason: r.Reason}
		if name == "" {
			name, word.Reason = ownWords, browse.OwnWords
		}
		at := url(f.word(d.At, word))
		if len(bars) < mostBars {
			bars = append(bars, chart.Bar{Label: name, URL: at, Note: number(r.Decisions), Pieces: []chart.Piece{{Tone: chart.Rejected, Value: float64(r.Decisions), Words: name + ": " + number(r.Decisions), URL: at}}})
		}
		rows = append(rows, []string{name, strconv.FormatInt(r.Decisions, 10)})
		links = append(links, at)
	}
	drawing := chart.Bars("Why examples are rejected", "Rejected examples by the reason of the last word on each. "+periodWords(f.view.Days), width, bars)
	drawing.Head, drawing.Rows, drawing.Links = []string{"Reason", "Examples"}, rows, links
	return drawing
}

func peopleChart(d report.Dashboard, f overviewForm, width float64, url func(string) string) chart.Drawing {
	var bars []chart.Bar
	var rows [][]string
	var links []string
	for _, p := range d.People {
		at := func(verdict example.Verdict) string {
			return url(f.word(d.At, browse.Word{Reviewer: p.ID.String(), Verdict: string(verdict)}))
		}
		bars = append(bars, chart.Bar{Label: p.Name, URL: at(""), Note: counted(p.Decisions(), "example", "examples"), Pieces: []chart.Piece{
			{Tone: chart.Approved, Value: float64(p.Approved), URL: at(example.Approve)}, {Tone: chart.Escalated, Value: float64(p.Escalated), URL: at(example.Escalate)}, {Tone: chart.Rejected, Value: float64(p.Rejected), URL: at(example.Reject)},
		}})
		rows = append(rows, []string{p.Name, strconv.FormatInt(p.Approved, 10), strconv.FormatInt(p.Rejected, 10), strconv.FormatInt(p.Escalated, 10), strconv.Itoa(p.Days), strconv.Itoa(int(p.Typical.Seconds()))})
		links = append(links, at(""))
	}
	drawing := chart.Bars("Who reviewed", "Examples on which each person's last word is an approval, a question or a rejection.", width, bars)
	drawing.Links = links
	drawing.Head, drawing.Rows = []string{"Person", "Approved", "Rejected", "Asked a specialist", "Days", "Seconds for a decision"}, rows
	return drawing
}

func costChart(d report.Dashboard, f overviewForm, width float64) chart.Drawing {
	var bars []chart.Bar
	var rows [][]string
	for _, p := range d.Platforms {
		row := []string{p.Name, p.Model, "", p.PriceAsOf, strconv.Itoa(f.epochs), "", ""}
		if p.USDPerMillionTokens != nil {
			row[2] = strconv.FormatFloat(*p.USDPerMillionTokens, 'f', -1, 64)
		}
		if cost, ok := p.Cost(f.epochs); ok {
			row[5] = strconv.FormatFloat(cost, 'f', 2, 64)
			bars = append(bars, chart.Bar{Label: p.Name, Note: dollars(cost), Pieces: []chart.Piece{{Tone: chart.Info, Value: cost}}})
		}
		if cost, ok := p.Unpacked(f.epochs); ok {
			row[6] = strconv.FormatFloat(cost, 'f', 2, 64)
		}
		rows = append(rows, row)
	}
	drawing := chart.Bars("Cost of training on what is approved", "US dollars for "+counted(f.epochs, "epoch", "epochs")+" on each platform whose price is known.", width, bars)
	drawing.Head, drawing.Rows = []string{"Platform", "Model", "USD per million tokens", "Price as of", "Epochs", "USD", "USD without packing"}, rows
	return drawing
}
