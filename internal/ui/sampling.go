package ui

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/stat"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Samples judges batches by samples of them: acceptance.Service.
type Samples interface {
	Draw(ctx context.Context, by audit.Actor, r acceptance.Request) (uuid.UUID, error)
	List(ctx context.Context, before uuid.UUID, limit int) ([]acceptance.Sample, uuid.UUID, error)
	Get(ctx context.Context, id uuid.UUID) (acceptance.Sample, error)
	Progress(ctx context.Context, s acceptance.Sample) (acceptance.Result, error)
	Items(ctx context.Context, s acceptance.Sample, after, limit int) ([]acceptance.Item, error)
	Running(ctx context.Context, id uuid.UUID) (uuid.UUID, bool, error)
	Verify(ctx context.Context, id uuid.UUID) (acceptance.Check, error)
	Close(ctx context.Context, by audit.Actor, id uuid.UUID, note string) (acceptance.State, error)
	Abandon(ctx context.Context, by audit.Actor, id uuid.UUID, note string) error
	SendBack(ctx context.Context, by audit.Actor, id uuid.UUID) (act uuid.UUID, err error)
	DrawOn(ctx context.Context, by audit.Actor, id uuid.UUID) (bool, error)
	Imports(ctx context.Context, limit int) ([]acceptance.Choice, error)
	Name(ctx context.Context, b acceptance.Batch) (string, error)
	Size(ctx context.Context, b acceptance.Batch) (int, bool, error)
	Severity(ctx context.Context, series string) (stat.Severity, error)
	SeriesNames(ctx context.Context) ([]string, error)
}

const (
	sampleRows = 30
	itemRows   = 50
)

func (s *Server) samplingRoutes() {
	s.get("/sampling", account.View, s.listSamples)
	s.get("/sampling/new", account.Measure, s.showNewSample)
	s.post("/sampling", account.Measure, s.drawSample)
	s.get("/sampling/{id}", account.View, s.showSample)
	s.post("/sampling/{id}/close", account.Measure, s.closeSample)
	s.post("/sampling/{id}/more", account.Measure, s.drawOn)
	s.post("/sampling/{id}/return", account.Measure, s.sendBack)
	s.post("/sampling/{id}/abandon", account.Measure, s.abandonSample)
}

// listSamples handles GET /sampling.
func (s *Server) listSamples(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	before, err := optionalUUID(r.URL.Query().Get("before"))
	if err != nil {
		return fault.New(fault.Invalid, "This page of the list does not exist. Go back to its first page.")
	}
	list, next, err := s.samples.List(ctx, before, sampleRows)
	if err != nil {
		return err
	}
	u, _ := userOf(ctx)
	var v templates.Samples
	if u.Can(account.Measure) {
		v.New = "/sampling/new"
	}
	for _, one := range list {
		batch, err := s.batchName(ctx, one.Batch)
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, templates.SampleRow{
			Name: draw.Plain(one.Name), URL: "/sampling/" + one.ID.String(), Batch: batch, Plan: planName(one.Plan.Kind), State: sampleState(one.State),
			Result: resultWords(one), At: moment(one.CreatedAt, s.now()), By: "by " + draw.Plain(one.Author),
		})
	}
	if len(list) == 0 {
		v.Empty = &templates.Empty{Icon: "sampling", Title: "No samples yet", Text: "When a batch comes in, review a random part of it first: it says whether the rest is worth anybody's time."}
		if v.New != "" {
			v.Empty.Actions = []templates.Link{{Label: "Sample a batch", URL: v.New, Icon: "plus", Style: templates.ButtonPrimary}}
		}
	}
	if before != uuid.Nil {
		v.Pager.First = "/sampling"
	}
	if next != uuid.Nil {
		v.Pager.Older = "/sampling?before=" + next.String()
	}
	page := s.frame(w, r, "Sampling", templates.SectionSampling)
	page.Styles = []string{"css/measure.css"}
	return s.show(w, r, templates.SamplesPage(page, v))
}

func resultWords(s acceptance.Sample) string {
	if s.State == acceptance.Open {
		return counted(s.Drawn, "example", "examples") + " to review"
	}
	return counted(s.Defects, "defect", "defects") + " among " + number(s.Reviewed)
}

var sampleWords = map[acceptance.State]string{
	acceptance.Open: "In review", acceptance.Accepted: "Accepted", acceptance.Rejected: "Rejected", acceptance.Abandoned: "Abandoned",
}

func sampleState(s acceptance.State) templates.SampleState {
	return templates.SampleState{Kind: string(s), Word: sampleWords[s]}
}

// batchName is what people call a batch. One that is gone has its key.
func (s *Server) batchName(ctx context.Context, b acceptance.Batch) (string, error) {
	switch b.Kind {
	case acceptance.Category:
		c, _, err := s.catalogs.CurrentVersion(ctx)
		if err != nil {
			return "", err
		}
		category, subcategory := splitKey(b.Key)
		return kindName(c, category, subcategory), nil
	case acceptance.Metadata:
		return "rows that say " + draw.Plain(b.Key), nil
	}
	name, err := s.samples.Name(ctx, b)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		return "a batch that is gone", nil
	}
	if err != nil {
		return "", err
	}
	if b.Kind == acceptance.Source {
		return "the file " + draw.Plain(name), nil
	}
	return "the import of " + draw.Plain(name), nil
}

// planName is a plan as people call it.
func planName(k acceptance.PlanKind) string {
	switch k {
	case acceptance.ZeroDefect:
		return "At most so many"
	case acceptance.Margin:
		return "To within a margin"
	case acceptance.TwoPoint:
		return "Good and bad"
	case acceptance.Sequential:
		return "Until decided"
	case acceptance.ISO:
		return "ISO 2859-1"
	}
	return string(k)
}

// planLead says what a plan is for.
func planLead(k acceptance.PlanKind) string {
	switch k {
	case acceptance.ZeroDefect:
		return "The strictest and shortest: no defect may be found. Afterwards you can say that, with this confidence, at most so many of the batch are bad."
	case acceptance.Margin:
		return "You expect a certain share of defects and want to know it to within a margin. The batch passes when it is proved to have no more than the expected share plus the margin."
	case acceptance.TwoPoint:
		return "Say which share of defects should pass and which should not, and what risk of error you take for each."
	case acceptance.Sequential:
		return "The same as good and bad, one example after the other: reviewing stops as soon as it is decided, mostly after half as many. More are drawn by themselves while it is not."
	case acceptance.ISO:
		return "The plans of industry, by the size of the batch. They protect whoever made the batch: one that is several times worse than the limit still passes now and then, see the curve."
	}
	return ""
}

// planSentences say what a plan asks for and what it protects from.
func planSentences(p acceptance.Plan, d acceptance.Design) []string {
	var out []string
	switch {
	case d.Accept < 0 && d.Undivided():
		out = append(out, fmt.Sprintf("Review all %s: the batch is too small to pass with fewer.", number(d.N)))
	case d.Accept < 0:
		out = append(out, fmt.Sprintf("Review examples one after the other until it is decided: %s at least, %s at most.", number(d.First), number(d.N)))
		out = append(out, fmt.Sprintf("On average about %.0f when %s are defective, about %.0f when %s are.", p.Expected(d, p.Good), wholePercent(p.Good), p.Expected(d, p.Bad), wholePercent(p.Bad)))
	case d.Whole():
		out = append(out, fmt.Sprintf("Review all %s: the batch is too small for less. It passes with at most %s.", number(d.N), counted(d.Accept, "defect", "defects")))
	default:
		out = append(out, fmt.Sprintf("Review %s. The batch passes with at most %s.", counted(d.N, "example", "examples"), counted(d.Accept, "defect", "defects")))
	}
	switch p.Kind {
	case acceptance.ZeroDefect:
		out = append(out, fmt.Sprintf("If it passes, then with %s confidence at most %s of the batch are bad.", wholePercent(p.Confidence), wholePercent(p.Bad)))
	case acceptance.Margin:
		out = append(out, fmt.Sprintf("If it passes, then with %s confidence at most %s of the batch are bad.", wholePercent(p.Confidence), wholePercent(p.Good+p.Margin)))
	case acceptance.ISO:
		out = append(out,
			fmt.Sprintf("ISO 2859-1, single sampling, %s inspection, level %s, code letter %s, AQL %s %%.", severityWord(p.Severity), levelNames[p.Level], d.Letter, strconv.FormatFloat(p.AQL, 'f', -1, 64)),
			"In a series of batches inspection is tightened when two of five in a row are rejected, eased again after five accepted in a row, and ended when five are rejected while it is tightened.")
	}
	if !d.Undivided() {
		out = append(out, protection(p, d))
	}
	return out
}

// protection says which batches nearly always pass and which hardly ever.
func protection(p acceptance.Plan, d acceptance.Design) string {
	good, bad := p.Passes(d, nearlyAlways), p.Fails(d, hardlyEver)
	k, whole := d.Defects(good.Share)
	if !whole {
		return fmt.Sprintf("A batch with %s of defects passes 95 times in 100, one with %s still 10 times in 100.", wholePercent(good.Share), wholePercent(bad.Share))
	}
	text := ""
	if k == 0 {
		k, good = 1, p.With(d, 1)
		text = "A batch without defects always passes. "
	}
	text += fmt.Sprintf("With %s bad of %s it passes %s", number(k), number(d.Lot), passWords(good.Pass))
	if most, _ := d.Defects(bad.Share); most > k {
		text += fmt.Sprintf(", with %s bad %s", number(most), passWords(bad.Pass))
	}
	return text + "."
}

// The probabilities by which a plan is described.
const (
	nearlyAlways = .95
	hardlyEver   = .10
)

// passWords say how often a batch passes: "40 times in 100". What is almost always or
// almost never is not said to be so without exception.
func passWords(pass float64) string {
	switch n := math.Round(100 * pass); {
	case pass > 1-1e-9:
		return "always"
	case pass < 1e-9:
		return "never"
	case n >= 100:
		return "more than 99 times in 100"
	case n < 1:
		return "less than once in 100"
	case n == 1:
		return "once in 100"
	default:
		return fmt.Sprintf("%.0f times in 100", n)
	}
}

func severityWord(s stat.Severity) string {
	if s == stat.Normal {
		return "normal"
	}
	return string(s)
}

var levelNames = map[int]string{1: "I", 2: "II", 3: "III"}

// sampleAction is what the changes of one sample have in common: do it, say so, go
// back to its page. Refusals by the rules become such a sentence.
func (s *Server) sampleAction(w http.ResponseWriter, r *http.Request, id uuid.UUID, do func(by audit.Actor, form url.Values) (string, error)) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	u, _ := userOf(r.Context())
	kind := templates.FlashSuccess
	text, err := do(u.Actor(), r.PostForm)
	if f, ok := fault.As(err); ok && (f.Kind == fault.Conflict || f.Kind == fault.Invalid) {
		kind, text, err = templates.FlashError, f.Msg, nil
		for _, msg := range f.Fields {
			text += " " + msg
		}
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, kind, text); err != nil {
		return err
	}
	redirect(w, r, "/sampling/"+id.String())
	return nil
}
