package ui

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Overview is what the dashboard knows beyond counts: report.Service.
type Overview interface {
	Dashboard(ctx context.Context, v report.View) (report.Dashboard, error)
	Digest(ctx context.Context, w report.Week) (report.Digest, error)
}

func (s *Server) overviewRoutes() {
	s.get("/dashboard/slide", account.View, s.showSlide)
	s.get("/dashboard/charts/{file}", account.View, s.downloadChart)
	s.get("/digest", account.View, s.showDigest)
	if s.links != nil {
		s.get("/dashboard/share", account.Share, s.listLinks)
		s.post("/dashboard/share", account.Share, s.makeLink)
		s.post("/dashboard/share/{id}/revoke", account.Share, s.revokeLink)
		s.get("/shared/{token}", Public, s.showShared)
	}
}

// A choice of what the dashboard shows, as its address says it.
type overviewForm struct {
	view   report.View
	epochs int
}

// What the dashboard's choices are.
const (
	usualEpochs = 3
	mostEpochs  = 10
)

// overviewPeriods are the times that can be chosen, in days; 0 is everything.
var overviewPeriods = []struct {
	days  int
	label string
}{{0, "All time"}, {7, "7 days"}, {30, "30 days"}, {90, "90 days"}, {365, "A year"}}

// readOverview reads the choices. What makes no sense is fault.Invalid.
func readOverview(q url.Values) (overviewForm, error) {
	f := overviewForm{epochs: usualEpochs}
	if text := q.Get("source"); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return f, fault.New(fault.Invalid, "There is no such file. Choose one from the list.")
		}
		f.view.Source = id
	}
	if text := q.Get("days"); text != "" {
		n, err := strconv.Atoi(text)
		known := false
		for _, p := range overviewPeriods {
			known = known || p.days == n
		}
		if err != nil || !known {
			return f, fault.New(fault.Invalid, "There is no such time to choose. Use one from the list.")
		}
		f.view.Days = n
	}
	if text := q.Get("epochs"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostEpochs {
			return f, fault.New(fault.Invalid, "Give a number of epochs from 1 to %d.", mostEpochs)
		}
		f.epochs = n
	}
	return f, nil
}

// query is the address's part that says the choices; empty for the usual ones.
func (f overviewForm) query() string {
	q := url.Values{}
	if f.view.Source != uuid.Nil {
		q.Set("source", f.view.Source.String())
	}
	if f.view.Days != 0 {
		q.Set("days", strconv.Itoa(f.view.Days))
	}
	if f.epochs != usualEpochs {
		q.Set("epochs", strconv.Itoa(f.epochs))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// word leads to the examples with a last word of the time and file that are shown.
func (f overviewForm) word(at time.Time, w browse.Word) string {
	if f.view.Days > 0 {
		w.Since = at.UTC().AddDate(0, 0, 1-f.view.Days).Format(time.DateOnly)
	}
	return filterURL(browse.Filter{Source: f.source(), Word: w}, "")
}

func (f overviewForm) source() string {
	if f.view.Source == uuid.Nil {
		return ""
	}
	return f.view.Source.String()
}

// overviewView adds to a dashboard what counts alone don't say.
func (s *Server) overviewView(v *templates.Dashboard, d report.Dashboard, f overviewForm, u account.User) {
	source := choice("source", "File", "All files", f.source())
	for _, one := range d.Sources {
		source.add(one.ID.String(), one.Name)
	}
	shown := ""
	if f.view.Days != 0 {
		shown = strconv.Itoa(f.view.Days)
	}
	days := choice("days", "Time", overviewPeriods[0].label, shown)
	for _, p := range overviewPeriods[1:] {
		days.add(strconv.Itoa(p.days), p.label)
	}
	v.Filters = []templates.Choice{source.done(), days.done()}
	v.Epochs = templates.Field{Name: "epochs", Label: "Epochs", Type: "number", Value: strconv.Itoa(f.epochs)}
	v.Filtered = f.query() != ""
	v.Forecast = d.Forecast.Words()
	if d.Forecast.Why == "" {
		v.Method = forecastMethod
	}
	charts := chartsOf(d, f, true)
	v.Burnup, v.Findings, v.Reasons = charts.view("burnup", f), charts.view("findings", f), charts.view("reasons", f)
	v.ProgressExports = charts.exports("progress", f)
	v.FindingsNote = "On current revisions of all files, as it is now."
	v.Period = periodWords(f.view.Days)
	for i, c := range d.Progress.Categories {
		if i < len(v.Categories) {
			v.Categories[i].Forecast = forecastWords(d.Of[c.Slug], c)
		}
	}
	v.People = peopleView(d, f, u)
	v.PeopleExports = charts.exports("people", f)
	v.Waiting = waitingWords(d.Questions, f.view.Source != uuid.Nil, s.now())
	v.Cost = costView(d, f)
	v.CostURL = filterURL(browse.Filter{Status: example.Approved, Source: f.source()}, "")
	v.CostExamples = counted(d.Progress.Total.Approved, "approved example", "approved examples")
	v.CostExports = charts.exports("cost", f)
	v.Actions = []templates.Link{
		{Label: "Slide", URL: "/dashboard/slide" + f.query(), Icon: "dashboard"},
		{Label: "This week in words", URL: "/digest"},
	}
	if s.links != nil && u.Can(account.Share) {
		v.Actions = append(v.Actions, templates.Link{Label: "Share", URL: "/dashboard/share"})
	}
}

// forecastMethod says where the range comes from.
const forecastMethod = "The range is from the approvals of the last 28 days (today and days before the first approval left out): their mean a day, and how much the days differ. If the days to come are like them, the target is reached within it four times in five. The whole may be done before the slowest category is at its own pace, because people move on to what is left. It does not know of holidays, new reviewers or harder examples."

func periodWords(days int) string {
	if days == 0 {
		return "Since the beginning."
	}
	return "In the last " + strconv.Itoa(days) + " days, today included."
}

// forecastWords is the short form, beside a category.
func forecastWords(f report.Forecast, c report.CategoryProgress) string {
	switch {
	case !c.InCatalog || f.Left == 0 || f.Why != "":
		return ""
	case f.Latest.IsZero():
		return "not before " + f.Earliest.Format("2 January 2006")
	case f.Latest.Equal(f.Earliest):
		return "about " + f.Earliest.Format("2 January 2006")
	}
	return f.Earliest.Format("2 January") + " to " + f.Latest.Format("2 January 2006") + " at this pace"
}

// waitingWords says how many questions wait; they are those of all files, whichever
// one is shown.
func waitingWords(q report.Questions, ofFile bool, now time.Time) string {
	if q.Waiting == 0 {
		return ""
	}
	words := counted(q.Waiting, "question waits", "questions wait") + " for a specialist"
	if q.Waiting == 1000 {
		words = "1,000 questions or more wait for a specialist"
	}
	if ofFile {
		words += " in all files"
	}
	return words + ", the oldest since " + moment(q.Since, now).Text + "."
}

func peopleView(d report.Dashboard, f overviewForm, u account.User) []templates.DashboardPerson {
	var list []templates.DashboardPerson
	for _, p := range d.People {
		row := templates.DashboardPerson{
			Name: p.Name, Decisions: number(p.Decisions()), Approved: number(p.Approved), Rejected: number(p.Rejected), Escalated: number(p.Escalated),
			Days: number(p.Days), PerDay: perDay(p), Typical: "–", You: p.ID == u.ID,
		}
		word := browse.Word{Reviewer: p.ID.String()}
		row.DecisionsURL = f.word(d.At, word)
		for _, one := range []struct {
			verdict example.Verdict
			url     *string
		}{{example.Approve, &row.ApprovedURL}, {example.Reject, &row.RejectedURL}, {example.Escalate, &row.EscalatedURL}} {
			word.Verdict = string(one.verdict)
			*one.url = f.word(d.At, word)
		}
		if p.Typical > 0 {
			row.Typical = p.Typical.Round(time.Second).String()
		}
		list = append(list, row)
	}
	return list
}

// perDay is how many decisions somebody made on a day on which they reviewed.
func perDay(p report.PersonFigure) string {
	if p.Days == 0 {
		return "–"
	}
	return number((p.Decisions() + int64(p.Days)/2) / int64(p.Days))
}

func costView(d report.Dashboard, f overviewForm) []templates.DashboardCost {
	var list []templates.DashboardCost
	for _, p := range d.Platforms {
		row := templates.DashboardCost{Name: p.Name, Model: p.Model, Price: "not known", Cost: "–", Unpacked: "–", Note: p.Note}
		if p.USDPerMillionTokens != nil {
			row.Price, row.AsOf = dollars(*p.USDPerMillionTokens), cmp.Or(p.PriceAsOf, "an unknown date")
		}
		if cost, ok := p.Cost(f.epochs); ok {
			row.Cost = dollars(cost)
		}
		if cost, ok := p.Unpacked(f.epochs); ok {
			row.Unpacked = dollars(cost)
		}
		list = append(list, row)
	}
	return list
}

// sheetView is the whole on one page, without a link in it: the slide, and what a
// shared link shows.
func sheetView(d report.Dashboard, f overviewForm, now time.Time) templates.Sheet {
	var low, high int
	done := 0
	for _, c := range d.Progress.Categories {
		low, high = low+c.TargetMin, high+c.TargetMax
		if c.TargetMin > 0 && c.Counts.Approved >= int64(c.TargetMin) {
			done++
		}
	}
	charts := chartsOf(d, f, false)
	v := templates.Sheet{
		Computed: stamp(d.At), Forecast: d.Forecast.Words(), Period: periodWords(f.view.Days),
		Figures: []templates.Figure{
			{Label: "Approved", Value: number(d.Progress.Total.Approved), Note: "of " + span(low, high)},
			{Label: "Waiting for review", Value: number(d.Progress.Total.Pending)},
			{Label: "Waiting for a specialist", Value: number(d.Progress.Total.Escalated)},
			{Label: "Targets reached", Value: number(done), Note: "of " + number(len(d.Progress.Categories))},
		},
		Progress: charts.view("progress", f), Burnup: charts.view("burnup", f), Findings: charts.view("findings", f), Reasons: charts.view("reasons", f),
		Cost: costView(d, f), Epochs: counted(f.epochs, "epoch", "epochs"),
	}
	if d.Progress.Total.Total() == 0 {
		v.Empty = "There are no examples yet."
	}
	for _, one := range d.Sources {
		if one.ID == f.view.Source {
			v.Source = one.Name
		}
	}
	return v
}

// showSlide handles GET /dashboard/slide: everything on one landscape page, to print
// or to put into a presentation.
func (s *Server) showSlide(w http.ResponseWriter, r *http.Request) error {
	f, err := readOverview(r.URL.Query())
	if err != nil {
		return err
	}
	d, err := s.overview.Dashboard(r.Context(), f.view)
	if err != nil {
		return err
	}
	v := sheetView(d, f, s.now())
	v.Back = "/" + f.query()
	return s.show(w, r, templates.SheetPage(v))
}

// showDigest handles GET /digest?week=2026-W47: a week in plain words.
func (s *Server) showDigest(w http.ResponseWriter, r *http.Request) error {
	week := report.WeekOf(s.now())
	if text := r.URL.Query().Get("week"); text != "" {
		var err error
		if week, err = report.ParseWeek(text); err != nil {
			return err
		}
	}
	d, err := s.overview.Digest(r.Context(), week)
	if err != nil {
		return err
	}
	return s.show(w, r, templates.DigestPage(s.dashboardFrame(w, r, "The week in words"), digestView(d, s.now())))
}

func digestView(d report.Digest, now time.Time) templates.Digest {
	v := templates.Digest{
		Title: "Week " + strconv.Itoa(d.Week.Number) + " of " + strconv.Itoa(d.Week.Year), Span: d.From.Format("2 January") + " to " + d.To.Format("2 January 2006"),
		Before:   "/digest?week=" + report.WeekOf(d.From.AddDate(0, 0, -7)).String(),
		Computed: moment(d.At, now), Over: d.Over,
	}
	if d.Over {
		v.After = "/digest?week=" + report.WeekOf(d.From.AddDate(0, 0, 7)).String()
	}
	for _, one := range d.Sections {
		section := templates.DigestSection{Heading: one.Heading}
		for _, sentence := range one.Sentences {
			var line templates.DigestSentence
			for _, piece := range sentence {
				link := templates.Link{Label: draw.Plain(piece.Text), URL: piece.Page}
				if piece.List != nil {
					link.URL = filterURL(*piece.List, "")
				}
				line = append(line, link)
			}
			section.Sentences = append(section.Sentences, line)
		}
		v.Sections = append(v.Sections, section)
	}
	for _, c := range d.Categories {
		cell := func(n int64, f browse.Filter) templates.Link {
			return templates.Link{Label: number(n), URL: filterURL(f, "")}
		}
		v.Categories = append(v.Categories, templates.DigestCategory{
			Name: draw.Plain(c.Name), URL: examplesURL(c.Slug, "", ""), Came: cell(c.Came, d.Came(c.Slug)),
			Approved: cell(c.Approved, d.Decided(c.Slug, example.Approve)), Rejected: cell(c.Rejected, d.Decided(c.Slug, example.Reject)),
			Escalated: cell(c.Escalated, d.Decided(c.Slug, example.Escalate)), Now: cell(c.ApprovedNow, d.Approved(c.Slug)),
		})
	}
	return v
}

// dashboardFrame is the frame of the dashboard and its sub-pages.
func (s *Server) dashboardFrame(w http.ResponseWriter, r *http.Request, title string) templates.Page {
	p := s.frame(w, r, title, templates.SectionDashboard)
	p.Styles = []string{"css/dashboard.css"}
	return p
}
