package ui

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/stat"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Agreements is how far people agree and how they work: agreement.Service.
type Agreements interface {
	Overview(ctx context.Context, f agreement.Filter) (agreement.Overview, error)
	Examples(ctx context.Context, sel agreement.Selection, cursor string, limit int) ([]agreement.Comparison, string, error)
	Work(ctx context.Context, person uuid.UUID, since time.Time) (agreement.Work, error)
	Reviewers(ctx context.Context, f agreement.Filter) ([]agreement.Reviewer, error)
}

const pairsShown = 60 // pairs of people on one page

func (s *Server) agreementRoutes() {
	s.get("/agreement", account.Measure, s.showAgreement)
	s.get("/agreement/examples", account.Measure, s.listCompared)
	s.get("/people/{id}/work", account.Measure, s.showWork)
	s.get("/account/work", account.Review, s.showOwnWork)
	s.get("/account/compared", account.Review, s.listOwnCompared)
}

// periods are the stretches of time that figures may be about; the first is the
// default.
var periods = []struct {
	value, label string
	days         int // 0: from the beginning
}{{"90", "The last 90 days", 90}, {"30", "The last 30 days", 30}, {"365", "The last year", 365}, {"all", "From the beginning", 0}}

// period reads which of them is meant; anything else is the default.
func (s *Server) period(q url.Values) (value string, since time.Time) {
	p := periods[0]
	for _, one := range periods {
		if q.Get("period") == one.value {
			p = one
		}
	}
	if p.days == 0 {
		return p.value, time.Time{}
	}
	return p.value, s.now().AddDate(0, 0, -p.days)
}

func periodChoice(value string) templates.Choice {
	c := templates.Choice{Name: "period", Label: "Period"}
	for _, p := range periods {
		c.Options = append(c.Options, templates.Option{Value: p.value, Label: p.label, Selected: p.value == value})
	}
	return c
}

// showAgreement handles GET /agreement.
func (s *Server) showAgreement(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	period, since := s.period(q)
	f := agreement.Filter{Category: q.Get("category"), Since: since}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	o, err := s.agreement.Overview(ctx, f)
	if err != nil {
		return err
	}
	people, err := s.agreement.Reviewers(ctx, f)
	if err != nil {
		return err
	}
	v := agreementView(c, o, f.Category, period)
	for _, p := range people {
		v.Reviewers = append(v.Reviewers, templates.ReviewerRow{
			Name: nameOr(p.Name), URL: workURL(p.ID, period), Decisions: number(p.Decisions()),
			Edits: shareEstimate(p.EditRate()), Rejects: shareEstimate(p.RejectRate()),
		})
	}
	page := s.frame(w, r, "Agreement", templates.SectionAgreement)
	page.Styles = []string{"css/measure.css"}
	return s.show(w, r, templates.AgreementPage(page, v))
}

func nameOr(name string) string {
	if name == "" {
		return "somebody who left"
	}
	return draw.Plain(name)
}

func workURL(id uuid.UUID, period string) string {
	return addressOf("/people/"+id.String()+"/work", url.Values{"period": {period}})
}

func categoryTitle(c *catalog.Catalog, slug string) string {
	if cat, ok := c.Category(slug); ok {
		return cat.Name
	}
	return draw.Plain(slug)
}

func agreementView(c *catalog.Catalog, o agreement.Overview, category, period string) templates.Agreement {
	choose := choice("category", "Category", "All categories", category)
	for _, cat := range c.Categories {
		choose.add(cat.Slug, cat.Name)
	}
	v := templates.Agreement{
		Filters: []templates.Choice{choose.done(), periodChoice(period)}, Filtered: category != "" || period != periods[0].value,
	}
	if o.Units == 0 {
		v.Empty = &templates.Empty{
			Icon: "people", Title: "Nothing to compare yet",
			Text: "Nobody judged the same example as somebody else in this time. Categories that need two approvals and second looks in the queue bring such examples by themselves.",
		}
		if v.Filtered {
			v.Empty.Title, v.Empty.Actions = "Nothing to compare here", []templates.Link{{Label: "Clear the filters", URL: "/agreement"}}
		}
		return v
	}
	list := comparedList{category: category, period: period}
	v.Words = agreementWords(o.Units, o.AC1)
	v.Units = list.count(o.Units)
	v.Differ = list.differing().count(o.Units - o.Agreed)
	v.Measures = measureViews(o.Measures)
	for _, cat := range o.Categories {
		list := comparedList{category: cat.Slug, period: period}
		v.Categories = append(v.Categories, templates.AgreementRow{
			Name: categoryTitle(c, cat.Slug), URL: addressOf("/agreement", url.Values{"category": {cat.Slug}, "period": {period}}),
			Units: list.count(cat.Units), Differ: list.differing().count(cat.Units - cat.Agreed),
			Percent: percentEstimate(cat.Percent), AC1: coefficient(cat.AC1), Alpha: coefficient(cat.Alpha), Words: agreementWords(cat.Units, cat.AC1),
		})
	}
	pairs := o.Pairs
	if len(pairs) > pairsShown {
		pairs = pairs[:pairsShown]
		v.More = fmt.Sprintf("These are the %d pairs that share most examples, of %s. Choose a category for others.", pairsShown, number(len(o.Pairs)))
	}
	for _, p := range pairs {
		v.Pairs = append(v.Pairs, pairView(p, category, period))
	}
	return v
}

// measureViews are the figures with what they mean in a sentence.
func measureViews(m agreement.Measures) []templates.AgreementMeasure {
	var out []templates.AgreementMeasure
	add := func(name string, e stat.Estimate, shown templates.Estimate, meaning string) {
		how := ""
		switch e.Method {
		case stat.Analytic:
			how = "from the standard error"
		case stat.Score:
			how = "Wilson's"
		case stat.Bootstrap:
			how = "by resampling"
		}
		if shown.Range == "" {
			how = ""
		}
		out = append(out, templates.AgreementMeasure{Name: name, Estimate: shown, Meaning: meaning, Interval: how})
	}
	add("Percent agreement", m.Percent, percentEstimate(m.Percent), "How often two verdicts on one example were the same. Part of that is luck.")
	add("Gwet's AC1", m.AC1, coefficient(m.AC1), "Agreement beyond luck: 1 is perfect, 0 is what luck gives. It stays meaningful when nearly everything is approved; judge by this one.")
	add("Krippendorff's alpha", m.Alpha, coefficient(m.Alpha), "The same idea for any number of people and missing verdicts. Low, even with few differences, when nearly everything is approved.")
	fleiss := "Fleiss' kappa"
	if m.Several == 0 {
		fleiss = "Scott's pi"
	}
	add(fleiss, m.Fleiss, coefficient(m.Fleiss), "For comparison with publications. It suffers from the same as alpha.")
	add("Brennan and Prediger", m.Brennan, coefficient(m.Brennan), "Agreement beyond that of people who toss a coin.")
	add("Gwet's AC2 with edits", m.WithEdits, coefficient(m.WithEdits), "As AC1, where approving after an edit lies halfway between approving and rejecting.")
	return out
}

// agreementWords says what a coefficient means, going by the lower end of its
// interval: what can be said with some certainty.
func agreementWords(units int, ac1 stat.Estimate) string {
	switch {
	case units < agreement.TooFew:
		return fmt.Sprintf("Too few to say: %s compared, from %d on it can be judged.", counted(units, "example", "examples"), agreement.TooFew)
	case !ac1.Known() || math.IsNaN(ac1.Low):
		return "Too uniform to say."
	case ac1.Low >= 0.8:
		return "People judge alike. Their verdicts can stand for each other's."
	case ac1.Low >= 0.6:
		return "People mostly judge alike. The differences are worth reading once in a while."
	case ac1.Low >= 0.4:
		return "People differ often enough to talk about it: read the differences together and sharpen the guideline."
	default:
		return "Not much more than luck can be shown yet. Read the differences together before trusting single verdicts."
	}
}

// pairView is a pair with its matrix.
func pairView(p agreement.Pair, category, period string) templates.AgreementPair {
	list := comparedList{category: category, period: period, first: p.First.ID, second: p.Second.ID}
	v := templates.AgreementPair{
		First: nameOr(p.First.Name), Second: nameOr(p.Second.Name), Units: list.count(p.Matrix.Units()),
		Percent: percentEstimate(p.Percent), AC1: coefficient(p.AC1), Kappa: coefficient(p.Kappa), Weighted: coefficient(p.Weighted),
		Words: agreementWords(p.Matrix.Units(), p.AC1),
	}
	v.FirstURL, v.SecondURL = workURL(p.First.ID, period), workURL(p.Second.ID, period)
	for a, row := range p.Matrix {
		one := templates.MatrixRow{Choice: choiceWords[a]}
		for b, n := range row {
			one.Cells = append(one.Cells, templates.MatrixCell{
				AgreementCount: list.cell(agreement.Choice(a), agreement.Choice(b)).count(n),
				Alike:          (a == int(agreement.Rejected)) == (b == int(agreement.Rejected)),
				Label:          v.First + ": " + choiceWords[a] + ", " + v.Second + ": " + choiceWords[b],
			})
		}
		v.Matrix = append(v.Matrix, one)
	}
	return v
}

// choiceWords are the choices as people say them.
var choiceWords = [...]string{agreement.Plain: "Approved", agreement.Edited: "After an edit", agreement.Rejected: "Rejected"}

// A comparedList is an address that lists compared examples.
type comparedList struct {
	path             string // empty: /agreement/examples
	category, period string
	first, second    uuid.UUID
	a, b             string // choices, as numbers; empty: any
	differ           bool
}

func (l comparedList) differing() comparedList { l.differ = true; return l }

func (l comparedList) cell(a, b agreement.Choice) comparedList {
	l.a, l.b = strconv.Itoa(int(a)), strconv.Itoa(int(b))
	return l
}

func (l comparedList) url() string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("category", l.category)
	set("period", l.period)
	set("a", l.a)
	set("b", l.b)
	if l.first != uuid.Nil {
		q.Set("first", l.first.String())
	}
	if l.second != uuid.Nil {
		q.Set("second", l.second.String())
	}
	if l.differ {
		q.Set("differ", "1")
	}
	if l.path == "" {
		l.path = "/agreement/examples"
	}
	return addressOf(l.path, q)
}

func (l comparedList) count(n int) templates.AgreementCount {
	c := templates.AgreementCount{Count: number(n)}
	if n > 0 {
		c.URL = l.url()
	}
	return c
}

// percentEstimate writes a share with its interval; coefficient a figure from -1 to 1.
func percentEstimate(e stat.Estimate) templates.Estimate {
	if !e.Known() {
		return templates.Estimate{Value: "–"}
	}
	return templates.Estimate{Value: wholePercent(e.Value), Range: percentRange(e.Interval), Plot: whisker(e.Value, e.Interval)}
}

func coefficient(e stat.Estimate) templates.Estimate {
	if !e.Known() {
		return templates.Estimate{Value: "–"}
	}
	v := templates.Estimate{Value: decimals(e.Value)}
	if math.IsNaN(e.Low) || e.Low == e.High {
		return v // one-sided habits leave nothing to vary
	}
	v.Range = decimals(e.Low) + " to " + decimals(e.High)
	if e.Value >= 0 {
		v.Plot = whisker(e.Value, e.Interval)
	}
	return v
}

func shareEstimate(s agreement.Share) templates.Estimate {
	if s.N == 0 {
		return templates.Estimate{Value: "–"}
	}
	p, i := float64(s.K)/float64(s.N), s.Interval()
	return templates.Estimate{Value: wholePercent(p), Range: percentRange(i), Plot: whisker(p, i)}
}

// whisker draws an interval between 0 and 1; what lies below 0 is at its beginning.
func whisker(at float64, i stat.Interval) *templates.Whisker {
	if math.IsNaN(i.Low) || math.IsNaN(i.High) {
		return nil
	}
	low, high := max(i.Low, 0), max(i.High, 0)
	return &templates.Whisker{From: percent(low, 1), Width: percent(high-low, 1), At: percent(at, 1)}
}

func decimals(f float64) string {
	if f = math.Round(f*100) / 100; f == 0 {
		f = 0 // not minus nothing
	}
	text := strconv.FormatFloat(math.Abs(f), 'f', 2, 64)
	if f < 0 {
		return "−" + text
	}
	return text
}

// wholePercent writes a share as a percentage, with a decimal where it is small and two
// digits where one decimal would leave next to nothing of it.
func wholePercent(p float64) string {
	switch {
	case p > 1e-8 && p < 0.000995: // less is what arithmetic leaves of nothing
		digits := 1 - int(math.Floor(math.Log10(100*p)))
		text := strconv.FormatFloat(100*p, 'f', digits, 64)
		return strings.TrimRight(text, "0") + " %"
	case p > 1e-8 && p < 0.0995:
		return strconv.FormatFloat(100*p, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(100*p, 'f', 0, 64) + " %"
}

func percentRange(i stat.Interval) string { return wholePercent(i.Low) + " to " + wholePercent(i.High) }
