package ui

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Soundness is what is known of the examples' quality: report.Service.
type Soundness interface {
	Quality(ctx context.Context, f report.Filter) (report.Quality, error)
	Filtered(ctx context.Context, f report.Filter) (report.Scope, error)
	Make(ctx context.Context, kind report.Kind, sc report.Scope) (report.Report, error)
	Trend(ctx context.Context, days int, of report.TrendScope) ([]report.TrendDay, error)
	BySubcategory(ctx context.Context, f report.Filter) ([]report.SubcategoryFindings, error)
}

// Rechecks are the checks of all examples: quality.Service.
type Rechecks interface {
	Last(ctx context.Context) (quality.Recheck, bool, error)
	Again(ctx context.Context, by audit.Actor) (uuid.UUID, error)
}

func (s *Server) qualityRoutes() {
	s.get("/quality", account.View, s.showQuality)
	s.get("/quality/recheck", account.View, s.showRecheck)
	s.post("/quality/recheck", account.ManageCatalog, s.recheck)
	for _, form := range []string{"svg", "png", "csv"} {
		s.get("/quality/trend."+form, account.View, s.downloadTrend(form))
	}
	for _, f := range []report.Format{report.HTML, report.JSON, report.Markdown} {
		s.get("/quality/report."+string(f), account.View, s.downloadReport(report.ValidationKind, f), streaming)
		s.get("/quality/distribution."+string(f), account.View, s.downloadReport(report.DistributionKind, f), streaming)
	}
}

// showQuality handles GET /quality.
func (s *Server) showQuality(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f := report.Filter{Category: r.URL.Query().Get("category"), Status: example.Status(r.URL.Query().Get("status"))}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	q, err := s.soundness.Quality(ctx, f)
	if err != nil {
		return err
	}
	last, checked, err := s.rechecks.Last(ctx)
	if err != nil {
		return err
	}
	u, _ := userOf(ctx)
	v := qualityView(c, q, f)
	if v.Over, err = s.trendOver(r, c, f); err != nil {
		return err
	}
	if err := s.addSubcategories(ctx, &v, f); err != nil {
		return err
	}
	if checked {
		now := recheckView(last)
		v.Recheck = &now
	}
	if q.Examples == 0 && f == (report.Filter{}) {
		v = templates.Quality{Empty: &templates.Empty{
			Icon: "quality", Title: "Nothing to check yet", Text: "Every example is checked as it comes in. What is found shows up here, by rule, with what to do about it.",
		}}
		if u.Can(account.Import) && s.imports != nil {
			v.Empty.Actions = []templates.Link{{Label: "Import a file", URL: "/imports/new", Icon: "imports", Style: templates.ButtonPrimary}}
		}
	} else if u.Can(account.ManageCatalog) {
		if v.Tokens != nil {
			v.Tokens.Catalog = "/catalog"
		}
		if !checked || !last.Open() {
			v.Again = "/quality/recheck"
		}
	}
	page := s.frame(w, r, "Quality", templates.SectionQuality)
	page.Styles = []string{"css/quality.css", "css/dashboard.css"}
	page.Live = checked && last.Open()
	return s.show(w, r, templates.QualityPage(page, v))
}

// showRecheck handles GET /quality/recheck: the part of the page that goes on
// changing while all examples are checked.
func (s *Server) showRecheck(w http.ResponseWriter, r *http.Request) error {
	if !isHTMX(r) {
		redirect(w, r, "/quality")
		return nil
	}
	last, checked, err := s.rechecks.Last(r.Context())
	if err != nil {
		return err
	}
	var v templates.Quality
	if checked {
		now := recheckView(last)
		v.Recheck = &now
	}
	if !checked || !last.Open() {
		w.Header().Set("HX-Refresh", "true") // the figures changed too
	}
	return s.show(w, r, templates.QualityPage(templates.Page{}, v), templates.QualityFragment)
}

// recheck handles POST /quality/recheck.
func (s *Server) recheck(w http.ResponseWriter, r *http.Request) error {
	u, _ := userOf(r.Context())
	if _, err := s.rechecks.Again(r.Context(), u.Actor()); err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "All examples will be checked again, beside other work."); err != nil {
		return err
	}
	redirect(w, r, "/quality")
	return nil
}

func qualityView(c *catalog.Catalog, q report.Quality, f report.Filter) templates.Quality {
	category := choice("category", "Category", "All categories", f.Category)
	for _, cat := range c.Categories {
		category.add(cat.Slug, cat.Name)
	}
	status := choice("status", "Status", "Any", string(f.Status))
	for _, one := range example.Statuses {
		status.add(string(one), statusWord(one))
	}
	v := templates.Quality{
		Filters: []templates.Choice{category.done(), status.done()}, Filtered: f != report.Filter{},
		Figures: []templates.Figure{{Label: "Examples", Value: number(q.Examples), URL: examplesURL(f.Category, "", f.Status)}},
	}
	totals := map[lint.Severity]int64{}
	for _, r := range q.Rules {
		totals[r.Severity] += r.Findings
		v.Rules = append(v.Rules, ruleView(r, f))
	}
	for _, one := range []struct {
		severity lint.Severity
		label    string
	}{{lint.Error, "Errors"}, {lint.Warning, "Warnings"}, {lint.Info, "Notes"}} {
		v.Figures = append(v.Figures, templates.Figure{
			Label: one.label, Value: number(totals[one.severity]), Note: "findings",
			URL: filterURL(browse.Filter{Category: f.Category, Status: f.Status, Severity: one.severity}, ""),
		})
	}
	if len(q.Rules) == 0 {
		v.Clean = "Nothing is found on any of these examples."
	}
	if !q.Since.IsZero() {
		v.Trend = "since the evening of " + q.Since.UTC().Format("2 January")
	}
	for _, src := range q.Sources {
		v.Sources = append(v.Sources, sourceView(src))
	}
	if q.Tokens.Examples > 0 {
		t := tokensView(q.Tokens, f)
		v.Tokens = &t
	}
	query := url.Values{}
	if f.Category != "" {
		query.Set("category", f.Category)
	}
	if f.Status != "" {
		query.Set("status", string(f.Status))
	}
	for _, kind := range []struct{ file, label string }{
		{"report.html", "Report"}, {"report.md", "Markdown"}, {"report.json", "JSON"}, {"distribution.html", "Distribution"}, {"distribution.json", "its JSON"},
	} {
		address := "/quality/" + kind.file
		if len(query) > 0 {
			address += "?" + query.Encode()
		}
		v.Reports = append(v.Reports, templates.Link{Label: kind.label, URL: address, Icon: "download"})
	}
	return v
}

func ruleView(r report.RuleFigure, f report.Filter) templates.QualityRule {
	list := browse.Filter{Category: f.Category, Status: f.Status, Rule: r.Rule, Severity: r.Severity}
	v := templates.QualityRule{
		Rule: draw.Plain(r.Rule), Severity: string(r.Severity), Summary: r.Summary, Fix: r.Fix, Examples: number(r.Examples), URL: filterURL(list, ""),
	}
	if r.Findings != r.Examples {
		v.Findings = counted(r.Findings, "finding", "findings")
	}
	if r.Summary == "" {
		v.Summary = "This rule is no more; the next check of all examples takes its findings away."
	}
	for _, c := range r.Categories {
		list.Category = c.Slug
		v.Categories = append(v.Categories, templates.QualityCount{Name: draw.Plain(c.Name), Count: number(c.Examples), URL: filterURL(list, "")})
	}
	if r.Change != nil {
		switch {
		case *r.Change > 0:
			v.Change = "+" + number(*r.Change)
		case *r.Change < 0:
			v.Change = number(*r.Change)
		default:
			v.Change = "±0"
		}
	}
	return v
}

func sourceView(src report.SourceFigure) templates.QualitySource {
	list := browse.Filter{Source: src.ID.String()}
	v := templates.QualitySource{
		Name: draw.Plain(src.Name), Demo: src.Demo, URL: filterURL(list, ""),
		Examples: number(src.Examples), Errors: number(src.WithErrors), Warnings: number(src.WithWarnings),
		ErrorShare: share(src.WithErrors, src.Examples), WarningShare: share(src.WithWarnings, src.Examples),
	}
	if src.WithErrors > 0 {
		list.Severity = lint.Error
		v.ErrorsURL = filterURL(list, "")
	}
	if src.WithWarnings > 0 {
		list.Severity = lint.Warning
		v.WarningsURL = filterURL(list, "")
	}
	return v
}

func tokensView(t report.TokenFigures, f report.Filter) templates.QualityTokens {
	list := browse.Filter{Category: f.Category, Status: f.Status}
	v := templates.QualityTokens{
		Words: number(t.Tokens) + " tokens in " + counted(t.Examples, "example", "examples") + ": " + number(int64(math.Round(t.Mean()))) +
			" on average, half of them at most " + number(t.AtMost(0.5)) + ", 95 of 100 at most " + number(t.AtMost(0.95)) +
			". They are Llama 3 tokens of the rendered conversation, as Hugging Face's template writes it.",
		Notes: report.Assumptions(),
	}
	var most int64
	bars := t.Octaves()
	for _, b := range bars {
		most = max(most, b.Examples)
	}
	for _, b := range bars {
		list.MinTokens, list.MaxTokens = b.From, b.To
		width := float64(b.Examples)
		if b.Examples > 0 {
			width = max(width, float64(most)*thinnest/100)
		}
		v.Bars = append(v.Bars, templates.QualityBar{Label: span(b.From, b.To), Count: number(b.Examples), URL: filterURL(list, ""), Width: percent(width, float64(most))})
	}
	for _, p := range t.Platforms {
		row := templates.QualityPlatform{Name: p.Name, Model: p.Model, Note: p.Note, Limit: "not known", Over: "–", Price: "–"}
		if p.MaxTokens > 0 {
			row.Limit, row.Over, row.Share = number(p.MaxTokens), number(p.Over), share(p.Over, t.Examples)
			if p.About {
				row.Over = "at most " + row.Over
			}
			list.MinTokens, list.MaxTokens = p.MaxTokens+1, 0
			row.OverURL = filterURL(list, "")
		}
		if p.USDPerMillionTokens != nil {
			row.Price, row.AsOf = dollars(*p.USDPerMillionTokens), cmp.Or(p.PriceAsOf, "an unknown date")
			for epochs := 1; epochs <= 4; epochs++ {
				cost, _ := p.Cost(epochs)
				row.Costs = append(row.Costs, dollars(cost))
			}
		}
		if cost, ok := p.Unpacked(3); ok {
			v.Notes = append(v.Notes, "With packing off, 3 epochs at "+p.Name+" could cost "+dollars(cost)+": every row is charged at "+number(p.MaxTokens)+" tokens.")
		}
		v.Platforms = append(v.Platforms, row)
	}
	return v
}

// share is part of whole in percent; what is there is never written as nothing.
func share(part, whole int64) string {
	if whole <= 0 || part == 0 {
		return ""
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case p < 0.1:
		return "< 0.1 %"
	case p < 100 && p > 99.9:
		return "> 99.9 %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

// dollars writes an amount to the cent.
func dollars(usd float64) string {
	cents := int64(math.Round(usd * 100))
	return "$" + number(cents/100) + fmt.Sprintf(".%02d", cents%100)
}

func recheckView(r quality.Recheck) templates.Recheck {
	v := templates.Recheck{}
	reason := "The rules or the catalog changed"
	if r.By != "" {
		reason = draw.Plain(r.By) + " asked for it"
	}
	switch r.State {
	case quality.Queued:
		v.Severity, v.Words = "info", reason+": all examples will be checked again."
	case quality.Running:
		v.Severity, v.Words = "info", reason+": "+number(r.Done)+" of "+number(r.Total)+" examples are checked again, "+number(r.Changed)+" have other findings than before."
		if r.Interrupted {
			v.Words += " Nothing was heard of the worker for 30 seconds; another one takes it over by itself."
		}
	case quality.Done:
		// The last check went over what there was then; what comes in later is checked
		// as it comes in and needs none.
		version := "with version " + strconv.Itoa(r.CatalogVersion) + " of the catalog"
		v.Words = "All findings are current, made " + version + " when the examples came in."
		if r.Done > 0 {
			v.Words = "All findings are current: the last check of all examples went over " + number(r.Done) + " " + version + ", and " + number(r.Changed) + " had other findings before. What came in later was checked as it came in."
		}
	case quality.Superseded:
		v.Severity, v.Words = "info", "The rules or the catalog changed again: the check of all examples starts anew."
	default:
		v.Severity, v.Words = "warning", "The check of all examples stopped: "+r.Error
	}
	if r.Open() {
		v.URL = "/quality/recheck"
		if r.Total > 0 {
			v.Value, v.Max = strconv.FormatInt(r.Done, 10), strconv.FormatInt(r.Total, 10)
		}
	}
	return v
}
