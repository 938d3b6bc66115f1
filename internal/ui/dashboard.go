package ui

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/web/templates"
)

// Figures are the numbers of the dashboard: report.Service.
type Figures interface {
	Progress(ctx context.Context) (report.Progress, error)
	Recent(ctx context.Context, n int) ([]report.Event, error)
	DemoExamples(ctx context.Context) (int64, error)
}

// recentLines is how many lines the dashboard's list of events has at most, and
// recentEvents how many events they are made of: who works through a queue, or acts on
// many examples, fills one line and not all of them.
const (
	recentLines  = 8
	recentEvents = 96
)

// showDashboard handles GET /.
func (s *Server) showDashboard(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	u, _ := userOf(ctx)
	var d report.Dashboard
	form, err := readOverview(r.URL.Query())
	if err != nil {
		return err
	}
	if s.overview != nil {
		d, err = s.overview.Dashboard(ctx, form.view)
	} else {
		d.Progress, err = s.figures.Progress(ctx)
	}
	if err != nil {
		return err
	}
	p := d.Progress
	events, err := s.figures.Recent(ctx, recentEvents)
	if err != nil {
		return err
	}
	v := dashboardView(p, s.now(), u.Can(account.Review), form.source())
	v.Activity = activityViews(events, p, s.now())
	if s.overview != nil && (p.Total.Total() > 0 || form.view.Source != uuid.Nil) {
		v.Overview = true
		s.overviewView(&v, d, form, u)
	}
	if p.Total.Total() == 0 && form.view.Source == uuid.Nil {
		v.Totals = nil
		v.Empty = &templates.Empty{
			Title: "Nothing on the bar yet",
			Text:  "This workspace has no examples. Import a file to begin: JSON Lines, JSON or CSV, as it came from wherever it came from.",
		}
		if u.Can(account.Import) {
			v.Empty.Actions = []templates.Link{{Label: "Import the first file", URL: "/imports/new", Icon: "imports", Style: templates.ButtonPrimary}}
		} else {
			v.Empty.Text = "This workspace has no examples. Somebody who may import has to bring the first file in."
		}
		v.OfferDemo = s.demo != nil && u.Can(account.RemoveDemo)
	}
	return s.show(w, r, templates.DashboardPage(s.dashboardFrame(w, r, "Dashboard"), v))
}

func dashboardView(p report.Progress, now time.Time, mayReview bool, source string) templates.Dashboard {
	examplesURL := ofSource(source)
	v := templates.Dashboard{Computed: moment(p.At, now)}
	var low, high int
	for _, c := range p.Categories {
		v.Categories = append(v.Categories, categoryView(c, mayReview, examplesURL))
		low, high = low+c.TargetMin, high+c.TargetMax
	}
	v.Totals = []templates.Figure{
		{Label: "Approved", Value: number(p.Total.Approved), Note: "of " + span(low, high), URL: examplesURL("", "", example.Approved)},
		{Label: "Waiting for review", Value: number(p.Total.Pending), URL: examplesURL("", "", example.Pending)},
		{Label: "Waiting for a specialist", Value: number(p.Total.Escalated), URL: examplesURL("", "", example.Escalated)},
		{Label: "Rejected", Value: number(p.Total.Rejected), URL: examplesURL("", "", example.Rejected)},
		{Label: "Tokens approved", Value: number(p.Total.Tokens), URL: examplesURL("", "", example.Approved)},
	}
	return v
}

func categoryView(c report.CategoryProgress, mayReview bool, examplesURL exampleLink) templates.DashboardCategory {
	v := templates.DashboardCategory{
		Name: c.Name, Priority: c.Priority,
		Approved: number(c.Counts.Approved), ApprovedURL: examplesURL(c.Slug, "", example.Approved),
		Target: span(c.TargetMin, c.TargetMax), State: distance(c.Counts.Approved, c.TargetMin, c.TargetMax),
		Bar: stackedBar(c.Counts, c.TargetMin, c.TargetMax, func(status example.Status) string {
			return examplesURL(c.Slug, "", status)
		}),
		Tokens: counted(c.Counts.Tokens, "token", "tokens") + " approved",
	}
	if c.InCatalog {
		v.URL = "/catalog/" + url.PathEscape(c.Slug)
	} else {
		v.URL, v.Target, v.State = examplesURL(c.Slug, "", ""), "", "not in the catalog"
	}
	if mayReview && c.Counts.Pending > 0 {
		v.ReviewURL = "/review/" + url.PathEscape(c.Slug)
	}
	planned, done := 0, 0
	for _, sub := range c.Subcategories {
		v.Plan = append(v.Plan, planView(c.Slug, sub, examplesURL))
		if sub.Planned > 0 {
			planned++
			if sub.Counts.Approved >= int64(sub.Planned) {
				done++
			}
		}
	}
	v.PlanNote = "By subcategory"
	if v.HasPlan = planned > 0; v.HasPlan {
		v.PlanNote = "By subcategory: " + number(done) + " of " + number(planned) + " plans reached"
	}
	return v
}

func planView(category string, sub report.SubcategoryProgress, examplesURL exampleLink) templates.DashboardPlan {
	slug := cmp.Or(sub.Slug, browse.NoSubcategory)
	row := templates.DashboardPlan{
		Name: sub.Name, URL: examplesURL(category, slug, ""), Planned: "–",
		Approved: number(sub.Counts.Approved), ApprovedURL: examplesURL(category, slug, example.Approved),
		Waiting: number(sub.Counts.Pending), WaitingURL: examplesURL(category, slug, example.Pending),
		Bar: planBar(sub.Counts.Approved, sub.Planned),
	}
	if sub.Slug == "" {
		row.Name = "None named"
	}
	if sub.Planned > 0 {
		row.Planned = number(sub.Planned)
	}
	return row
}

// verbs are what a decision did, in a sentence that begins with a name.
var verbs = map[string]string{
	"approve": "approved", "reject": "rejected", "escalate": "asked a specialist about", "skip": "skipped", "undo": "took back a decision on",
}

// activityViews puts events, newest first, into words. Decisions of one kind that
// somebody made one after the other are one line, which leads to all of that day.
func activityViews(events []report.Event, p report.Progress, now time.Time) []templates.Activity {
	var lines []templates.Activity
	for i := 0; i < len(events) && len(lines) < recentLines; {
		e, n := events[i], 1
		for i+n < len(events) && alike(e, events[i+n]) {
			n++
		}
		a := activityView(e, p, now)
		if n > 1 {
			a.What = verbOf(*e.Decided) + " examples of " + categoryName(p, e.Decided.Category)
			a.URL = listURL(e)
		}
		lines, i = append(lines, a), i+n
	}
	return lines
}

// listURL leads to what the person of a decision decided like it on that day. What was
// taken back or left for later is nobody's last word and can't be listed so: the link
// leads to the category.
func listURL(e report.Event) string {
	q := url.Values{"category": {e.Decided.Category}}
	if e.Decided.Verdict != "undo" && e.Decided.Verdict != "skip" {
		day := e.At.UTC().Format(time.DateOnly)
		q.Set("reviewer", e.Decided.ReviewerID.String())
		q.Set("verdict", e.Decided.Verdict)
		q.Set("since", day)
		q.Set("until", day)
	}
	return "/examples?" + q.Encode()
}

// alike says whether two events are decisions of one person on one day that differ in
// their examples only.
func alike(a, b report.Event) bool {
	if a.Decided == nil || b.Decided == nil {
		return false
	}
	return a.Decided.ReviewerID == b.Decided.ReviewerID && verbOf(*a.Decided) == verbOf(*b.Decided) && a.Decided.Category == b.Decided.Category &&
		a.At.UTC().Format(time.DateOnly) == b.At.UTC().Format(time.DateOnly)
}

func verbOf(d report.DecisionEvent) string {
	if d.Edited {
		return "edited and " + verbs[d.Verdict]
	}
	return verbs[d.Verdict]
}

// activityView puts an event into words.
func activityView(e report.Event, p report.Progress, now time.Time) templates.Activity {
	a := templates.Activity{Who: e.Who, At: moment(e.At, now)}
	if a.Who == "" {
		a.Who = "Spotter"
	}
	switch {
	case e.Import != nil:
		a.URL = "/imports/" + e.Import.ID.String()
		a.What = "imported " + e.Import.Filename + ": " + number(e.Import.Inserted) + " of " + counted(e.Import.Rows, "row", "rows") + " came in"
		if e.Import.State != "done" {
			a.What = "imports " + e.Import.Filename + " (" + e.Import.State + ")"
		}
	case e.Decided != nil:
		a.URL = "/examples/" + e.Decided.ExampleID.String()
		a.What = verbOf(*e.Decided) + " an example of " + categoryName(p, e.Decided.Category)
	}
	return a
}

func categoryName(p report.Progress, slug string) string {
	for _, c := range p.Categories {
		if c.Slug == slug {
			return c.Name
		}
	}
	return slug
}

// An exampleLink leads to the examples of a shelf and status.
type exampleLink func(category, subcategory string, status example.Status) string

// ofSource leads to the examples of one file, or of all where it is empty.
func ofSource(source string) exampleLink {
	if source == "" {
		return examplesURL
	}
	return func(category, subcategory string, status example.Status) string {
		return filterURL(browse.Filter{Category: category, Subcategory: subcategory, Status: status, Source: source}, "")
	}
}

// examplesURL leads to the examples that a number counts. Empty parts are left
// out, so that the same filter has one address.
func examplesURL(category, subcategory string, status example.Status) string {
	q := url.Values{}
	for name, value := range map[string]string{"category": category, "subcategory": subcategory, "status": string(status)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return "/examples"
	}
	return "/examples?" + q.Encode()
}
