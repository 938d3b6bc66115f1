package ui

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/stat"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// A planField is a number that a plan asks for, in percent.
type planField struct {
	name, label, hint, value string // value: what it is to begin with
	into                     func(*acceptance.Plan) *float64
}

// planFields are the numbers of each plan; those of ISO 2859-1 are chosen.
var planFields = map[acceptance.PlanKind][]planField{
	acceptance.ZeroDefect: {
		{"bad", "At most bad, %", "What you want to be able to say.", "1", func(p *acceptance.Plan) *float64 { return &p.Bad }},
		{"confidence", "Confidence, %", "", "95", func(p *acceptance.Plan) *float64 { return &p.Confidence }},
	},
	acceptance.Margin: {
		{"good", "Expected defects, %", "Your guess.", "2", func(p *acceptance.Plan) *float64 { return &p.Good }},
		{"margin", "Margin, ± %", "", "2", func(p *acceptance.Plan) *float64 { return &p.Margin }},
		{"confidence", "Confidence, %", "", "95", func(p *acceptance.Plan) *float64 { return &p.Confidence }},
	},
	acceptance.TwoPoint:   goodAndBad,
	acceptance.Sequential: goodAndBad,
}

var goodAndBad = []planField{
	{"good", "Should pass, % defects", "", "1", func(p *acceptance.Plan) *float64 { return &p.Good }},
	{"alpha", "Risk that it does not, %", "", "5", func(p *acceptance.Plan) *float64 { return &p.Alpha }},
	{"bad", "Should not pass, % defects", "", "5", func(p *acceptance.Plan) *float64 { return &p.Bad }},
	{"beta", "Risk that it does, %", "", "10", func(p *acceptance.Plan) *float64 { return &p.Beta }},
}

// A sampleForm is what somebody typed into the form for a new sample.
type sampleForm struct {
	request  acceptance.Request
	values   url.Values
	problems map[string]string
}

// parseSample reads the form; what is missing has its default. Problems are kept, for
// the form to show.
func parseSample(q url.Values) sampleForm {
	f := sampleForm{values: q, problems: map[string]string{}}
	r := &f.request
	r.Name, r.Edits, r.Everybody = q.Get("name"), q.Get("edits") != "", q.Get("everybody") != ""
	r.Series = strings.TrimSpace(q.Get("series"))
	for _, text := range q["person"] {
		id, err := uuid.Parse(text)
		if err != nil {
			f.problems["people"] = "There is no such person."
			continue
		}
		r.People = append(r.People, id)
	}
	kind, key, _ := strings.Cut(q.Get("batch"), ":")
	r.Batch = acceptance.Batch{Kind: acceptance.BatchKind(kind), Key: key, Scope: acceptance.Scope(q.Get("scope"))}
	if rows := strings.TrimSpace(q.Get("rows")); rows != "" {
		r.Batch.Kind, r.Batch.Key = acceptance.Metadata, rows
	}
	if r.Batch.Scope == "" {
		r.Batch.Scope = acceptance.Waiting
	}
	r.Plan.Kind = acceptance.PlanKind(q.Get("plan"))
	if _, ok := planFields[r.Plan.Kind]; !ok && r.Plan.Kind != acceptance.ISO {
		r.Plan.Kind = acceptance.ZeroDefect
	}
	for _, field := range planFields[r.Plan.Kind] {
		v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(f.value(field)), ",", "."), 64)
		if err != nil {
			f.problems[field.name] = "Use a number, such as " + field.value + "."
		}
		*field.into(&r.Plan) = v / 100
	}
	if r.Plan.Kind == acceptance.ISO {
		r.Plan.AQL, r.Plan.Level = 1, 2
		if text := q.Get("aql"); text != "" {
			r.Plan.AQL, _ = strconv.ParseFloat(text, 64) // 0 is no limit of the standard's
		}
		if text := q.Get("level"); text != "" {
			r.Plan.Level, _ = strconv.Atoi(text)
		}
	}
	if text := strings.TrimSpace(q.Get("seed")); text != "" {
		seed, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seed < 1 {
			f.problems["seed"] = "Use a whole number above 0, or leave it out."
		}
		r.Seed = seed
	}
	return f
}

func (f sampleForm) value(field planField) string {
	if f.values.Has(field.name) {
		return f.values.Get(field.name)
	}
	return field.value
}

// showNewSample handles GET /sampling/new. It works out the plan that the address
// describes and draws nothing.
func (s *Server) showNewSample(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if len(q) == 0 || !q.Has("everybody") && !q.Has("person") && !q.Has("name") {
		q.Set("everybody", "yes")
	}
	return s.newSample(w, r, http.StatusOK, parseSample(q), "")
}

// drawSample handles POST /sampling.
func (s *Server) drawSample(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	f := parseSample(r.PostForm)
	if len(f.problems) > 0 {
		return s.newSample(w, r, http.StatusUnprocessableEntity, f, "The sample is not drawn yet.")
	}
	u, _ := userOf(r.Context())
	id, err := s.samples.Draw(r.Context(), u.Actor(), f.request)
	if p, ok := fault.As(err); ok && p.Kind == fault.Invalid {
		f.problems = p.Fields
		return s.newSample(w, r, http.StatusUnprocessableEntity, f, p.Msg)
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "The sample is drawn and given to review."); err != nil {
		return err
	}
	redirect(w, r, "/sampling/"+id.String())
	return nil
}

// newSample draws the form, or only what the plan comes to when htmx asks.
func (s *Server) newSample(w http.ResponseWriter, r *http.Request, status int, f sampleForm, problem string) error {
	ctx := r.Context()
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	v := templates.NewSample{Problem: problem, Kind: string(f.request.Plan.Kind), Lead: planLead(f.request.Plan.Kind), Edits: f.request.Edits}
	if v.Preview, err = s.preview(ctx, f); err != nil {
		return err
	}
	if status == http.StatusOK && isHTMX(r) {
		return s.show(w, r, templates.NewSamplePage(templates.Page{}, v), templates.SamplePreviewFragment)
	}
	for _, k := range acceptance.Plans() {
		q := url.Values{"plan": {string(k)}}
		for _, name := range []string{"batch", "rows", "scope", "name"} {
			if value := f.values.Get(name); value != "" {
				q.Set(name, value)
			}
		}
		v.Kinds = append(v.Kinds, templates.SampleKind{Label: planName(k), URL: addressOf("/sampling/new", q), Current: k == f.request.Plan.Kind})
	}
	v.Name = templates.Field{Name: "name", Label: "Name", Value: f.request.Name, Problem: f.problems["name"], Hint: "Such as “July import, first look”.", MaxLength: 200, Autocomplete: "off"}
	if v.Batch, err = s.batchChoice(ctx, c, f); err != nil {
		return err
	}
	v.Rows = templates.Field{
		Name: "rows", Label: "Field and value", Value: f.values.Get("rows"), Optional: true, Autocomplete: "off",
		Hint: "As it stood beside the conversation in the file, such as processor_used=core. It then counts instead of the batch above.",
	}
	v.Scope = templates.Choice{Name: "scope", Label: "Which of them", Hint: "What is approved is looked at again by others than those who approved it, in a queue of its own, without seeing what was said.", Problem: f.problems["scope"], Options: []templates.Option{
		{Value: string(acceptance.Waiting), Label: "Those that wait for a decision", Selected: f.request.Batch.Scope == acceptance.Waiting},
		{Value: string(acceptance.Approved), Label: "Those that are approved, to audit them", Selected: f.request.Batch.Scope == acceptance.Approved},
		{Value: string(acceptance.All), Label: "All, whatever was decided on them", Selected: f.request.Batch.Scope == acceptance.All},
	}}
	for _, field := range planFields[f.request.Plan.Kind] {
		v.Numbers = append(v.Numbers, templates.Field{
			Name: field.name, Label: field.label, Hint: field.hint, Value: f.value(field), InputMode: "decimal", Problem: f.problems[field.name], Autocomplete: "off",
		})
	}
	if f.request.Plan.Kind == acceptance.ISO {
		v.Choices = isoChoices(f)
		if v.Series, err = s.seriesField(ctx, f); err != nil {
			return err
		}
	}
	v.Seed = templates.Field{
		Name: "seed", Label: "Seed", Value: f.values.Get("seed"), Optional: true, InputMode: "numeric", Problem: f.problems["seed"], Autocomplete: "off",
		Hint: "A whole number that decides what is drawn, such as one that several people agreed on before. Without it one is thrown.",
	}
	if v.Who, err = s.who(ctx, f.values["person"], f.request.Everybody); err != nil {
		return err
	}
	v.Who.Problem = f.problems["people"]
	page := s.frame(w, r, "Sample a batch", templates.SectionSampling)
	page.Styles = []string{"css/people.css", "css/measure.css"}
	s.render(w, r, status, templates.NewSamplePage(page, v))
	return nil
}

// seriesField asks for the series that the batch is one of.
func (s *Server) seriesField(ctx context.Context, f sampleForm) (*templates.Field, error) {
	names, err := s.samples.SeriesNames(ctx)
	if err != nil {
		return nil, err
	}
	v := &templates.Field{
		Name: "series", Label: "Series", Value: f.values.Get("series"), Optional: true, Problem: f.problems["series"], MaxLength: 200, Autocomplete: "off",
		Hint: "One name for batches that come from the same maker one after the other, such as “core generator”. How they come out decides how strictly the next one is inspected.",
	}
	for i, name := range names {
		if names[i] = "“" + draw.Plain(name) + "”"; i == offeredSeries {
			names = names[:i]
			break
		}
	}
	if len(names) > 0 {
		v.Hint += " So far: " + strings.Join(names, ", ") + "."
	}
	return v, nil
}

// offeredSeries is how many series the form names.
const offeredSeries = 5

func isoChoices(f sampleForm) []templates.Choice {
	aql := templates.Choice{Name: "aql", Label: "AQL, % defects", Hint: "The worst average that is still fine.", Problem: f.problems["aql"]}
	for _, one := range stat.AQLs() {
		text := strconv.FormatFloat(one, 'f', -1, 64)
		aql.Options = append(aql.Options, templates.Option{Value: text, Label: text, Selected: one == f.request.Plan.AQL})
	}
	level := templates.Choice{Name: "level", Label: "Inspection level", Hint: "II unless there is a reason.", Problem: f.problems["level"]}
	for n := 1; n <= 3; n++ {
		level.Options = append(level.Options, templates.Option{Value: strconv.Itoa(n), Label: levelNames[n], Selected: n == f.request.Plan.Level})
	}
	return []templates.Choice{aql, level}
}

// batchChoice offers the latest imports and the categories.
func (s *Server) batchChoice(ctx context.Context, c *catalog.Catalog, f sampleForm) (templates.Choice, error) {
	b := choice("batch", "Batch", "Choose a batch", f.values.Get("batch"))
	b.Problem = f.problems["batch"]
	imports, err := s.samples.Imports(ctx, offeredImports)
	if err != nil {
		return templates.Choice{}, err
	}
	for _, i := range imports {
		b.add("import:"+i.Batch.Key, "Import: "+draw.Plain(i.Name)+", "+counted(i.Size, "example", "examples"))
	}
	for _, cat := range c.Categories {
		b.add("category:"+cat.Slug, "Category: "+cat.Name)
		for _, sub := range cat.Subcategories {
			b.add("category:"+cat.Slug+"/"+sub.Slug, "Category: "+cat.Name+", "+sub.Name)
		}
	}
	return b.done(), nil
}

// splitKey takes the key of a category apart.
func splitKey(key string) (category, subcategory string) {
	category, subcategory, _ = strings.Cut(key, "/")
	return category, subcategory
}

// unknownLot is a batch large enough that its size does not matter to a plan.
const unknownLot = 10_000_000

// preview works a plan out for the batch, as far as its size is known.
func (s *Server) preview(ctx context.Context, f sampleForm) (templates.SamplePreview, error) {
	var v templates.SamplePreview
	if len(f.problems) > 0 {
		v.Problem = "Correct what is marked to see what it comes to."
		return v, nil
	}
	lot := unknownLot
	v.Lot = "Choose a batch: a small one needs fewer."
	if b := f.request.Batch; b.Kind != "" && b.Key != "" {
		n, known, err := s.samples.Size(ctx, b)
		if p, ok := fault.As(err); ok && p.Kind == fault.Invalid {
			v.Problem = p.Msg
			return v, nil
		}
		switch {
		case err != nil:
			return v, err
		case !known:
			v.Lot = "The batch is counted when the sample is drawn; a small one needs fewer."
		case n == 0:
			v.Problem = "There is no example in this batch to draw."
			return v, nil
		default:
			lot, v.Lot = n, "The batch has "+counted(n, "example", "examples")+" that can be drawn."
		}
	}
	if f.request.Series != "" && f.request.Plan.Kind == acceptance.ISO {
		severity, err := s.samples.Severity(ctx, f.request.Series)
		if p, ok := fault.As(err); ok && p.Kind == fault.Invalid {
			v.Problem = p.Fields["series"]
			return v, nil
		}
		if err != nil {
			return v, err
		}
		if severity == stat.Discontinued {
			v.Problem = "Five batches of this series were rejected under tightened inspection: no other is accepted before something is mended."
			return v, nil
		}
		f.request.Plan.Severity = severity
	}
	d, err := f.request.Plan.Design(lot)
	if p, ok := fault.As(err); ok && p.Kind == fault.Invalid {
		v.Problem = p.Msg
		for _, msg := range p.Fields {
			v.Problem += " " + msg
		}
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Words = planSentences(f.request.Plan, d)
	v.Curve = curveOf(f.request.Plan, d)
	return v, nil
}

// The drawing's box, and how many points its line has.
const (
	curveWidth, curveHeight = 400, 200
	curvePoints             = 80
	curveRows               = 10
)

// curveOf draws the operating characteristic of a plan. A batch that is looked at
// whole has none: what is in it is known then.
func curveOf(p acceptance.Plan, d acceptance.Design) *templates.Curve {
	if d.Undivided() {
		return nil
	}
	most, ticks := axisOf(p.Reach(d))
	points := p.Characteristic(d, most, curvePoints)
	x := func(share float64) string { return strconv.FormatFloat(curveWidth*share/most, 'f', 1, 64) }
	y := func(pass float64) string { return strconv.FormatFloat(curveHeight*(1-pass), 'f', 1, 64) }
	var line []string
	for _, one := range points {
		line = append(line, x(one.Share)+","+y(one.Pass))
	}
	c := &templates.Curve{Points: strings.Join(line, " ")}
	c.Area = "0," + y(0) + " " + c.Points + " " + x(points[len(points)-1].Share) + "," + y(0)
	for i := 0; i <= 4; i++ {
		c.Y = append(c.Y, templates.CurveTick{At: y(float64(i) / 4), Text: wholePercent(float64(i) / 4)})
	}
	for i := range ticks + 1 {
		at := most * float64(i) / float64(ticks)
		c.X = append(c.X, templates.CurveTick{At: x(at), Text: strconv.FormatFloat(math.Round(1e6*at)/1e4, 'f', -1, 64) + " %"})
	}
	for _, one := range marked(p, d) {
		if one.Share > most {
			continue
		}
		text := wholePercent(one.Share) + " defects"
		if k, whole := d.Defects(one.Share); whole {
			text = number(k) + " bad of " + number(d.Lot)
		}
		c.Marks = append(c.Marks, templates.CurveMark{X: x(one.Share), Y: y(one.Pass), Text: text + ": passes " + passWords(one.Pass)})
	}
	for i := 0; i <= curveRows; i++ {
		one := points[i*(len(points)-1)/curveRows]
		c.Rows = append(c.Rows, templates.CurveRow{Share: wholePercent(one.Share), Pass: strconv.FormatFloat(100*one.Pass, 'f', 1, 64) + " %"})
	}
	c.Text = "A falling curve from 100 % for batches without defects."
	for _, m := range c.Marks {
		c.Text += " " + m.Text + "."
	}
	return c
}

// marked are the points of the characteristic that the words name.
func marked(p acceptance.Plan, d acceptance.Design) []acceptance.Point {
	good, bad := p.Passes(d, nearlyAlways), p.Fails(d, hardlyEver)
	if k, whole := d.Defects(good.Share); whole && k == 0 {
		good = p.With(d, 1)
	}
	if good.Share >= bad.Share {
		return []acceptance.Point{bad}
	}
	return []acceptance.Point{good, bad}
}

// axisOf rounds the end of an axis of shares up, so that at most four steps of a round
// number lead to it.
func axisOf(most float64) (end float64, steps int) {
	unit := math.Pow(10, math.Floor(math.Log10(most/4)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*unit >= most/4*(1-1e-9) {
			step = m * unit
			break
		}
	}
	steps = int(math.Ceil(most/step - 1e-9))
	return step * float64(steps), steps
}
