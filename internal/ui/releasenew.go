package ui

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// A releaseForm is what somebody typed, as it was typed.
type releaseForm struct{ url.Values }

// order reads the form; problems are by field.
func (f releaseForm) order() (release.Order, map[string]string) {
	problems := map[string]string{}
	o := release.Order{
		Name: f.Get("name"), Notes: f.Get("notes"), Supersedes: f.Get("supersedes"), Override: f.Get("override"),
		Spec: release.Spec{Filters: release.Filters{Categories: f.Values["category"]}, Presets: f.Values["preset"]},
	}
	var err error
	if o.Spec.Splits, err = release.ParseSplits(f.Get("splits")); err != nil {
		problems["splits"] = "Write each split once with its share, such as " + release.FormatSplits(release.DefaultSplits()) + "."
	}
	if text := strings.TrimSpace(f.Get("seed")); text != "" {
		if o.Spec.Seed, err = strconv.ParseInt(text, 10, 64); err != nil {
			problems["seed"] = "Use a whole number."
		}
	}
	if src := strings.TrimSpace(f.Get("source")); src != "" {
		o.Spec.Filters.Sources = []string{src}
	}
	o.Spec.Filters.Tags = strings.Split(f.Get("tag"), ",") // blanks are dropped
	for key := range f.Values {
		bound, slug, ok := strings.Cut(key, ":")
		text := strings.TrimSpace(f.Get(key))
		if !ok || text == "" || bound != "cap" && bound != "floor" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			problems[key] = "Use a whole number."
			continue
		}
		if o.Spec.Limits == nil {
			o.Spec.Limits = map[string]release.Limit{}
		}
		l := o.Spec.Limits[slug]
		if bound == "cap" {
			l.Cap = n
		} else {
			l.Floor = n
		}
		o.Spec.Limits[slug] = l
	}
	return o, problems
}

// showNewRelease handles GET /releases/new: the form, and what would come of it.
func (s *Server) showNewRelease(w http.ResponseWriter, r *http.Request) error {
	return s.newReleasePage(w, r, http.StatusOK, releaseForm{r.URL.Query()}, nil, "")
}

// newReleasePage draws the form as it was filled in, with problems by field.
func (s *Server) newReleasePage(w http.ResponseWriter, r *http.Request, status int, f releaseForm, problems map[string]string, text string) error {
	ctx := r.Context()
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	o, typed := f.order()
	for key, problem := range typed {
		if problems == nil {
			problems = map[string]string{}
		}
		problems[key] = problem
	}
	older, err := s.releases.List(ctx, uuid.Nil, offeredOlder)
	if err != nil {
		return err
	}
	splits := f.Get("splits")
	if splits == "" {
		splits = release.FormatSplits(release.DefaultSplits())
	}
	limits := problems["limits"]
	if text == "" {
		text = limits
	}
	v := templates.NewRelease{
		Problem: text,
		Name:    templates.Field{Name: "name", Label: "Name", Value: f.Get("name"), Hint: "It stays for ever: 2026-11, voice-pilot-2.", Problem: problems["name"], MaxLength: 100},
		Splits:  templates.Field{Name: "splits", Label: "Splits and shares", Value: splits, Problem: problems["splits"], Hint: "Whatever belongs together lies in one split."},
		Seed:    templates.Field{Name: "seed", Label: "Seed", Value: f.Get("seed"), InputMode: "numeric", Optional: true, Problem: problems["seed"]},
		Notes:   templates.Field{Name: "notes", Label: "Notes", Value: f.Get("notes"), Rows: 3, Optional: true, Problem: problems["notes"], MaxLength: 10_000},
		Source:  templates.Field{Name: "source", Label: "Only from the file", Value: f.Get("source"), Optional: true, Hint: "Its name or id.", Problem: problems["source"]},
		Tag:     templates.Field{Name: "tag", Label: "Only with the tag", Value: f.Get("tag"), Optional: true, Hint: "Several with commas: one of them is enough.", Problem: problems["tag"], MaxLength: 1000},
	}
	v.Supersedes = templates.Choice{Name: "supersedes", Label: "Instead of", Problem: problems["supersedes"], Options: []templates.Option{{Label: "No other release"}}}
	for _, x := range older {
		v.Supersedes.Options = append(v.Supersedes.Options, templates.Option{Value: x.ID.String(), Label: draw.Plain(x.Name), Selected: f.Get("supersedes") == x.ID.String()})
	}
	for _, cat := range c.Categories {
		bound := func(kind, label string) templates.Field {
			key := kind + ":" + cat.Slug
			return templates.Field{ID: kind + "-" + cat.Slug, Name: key, Label: label + " of " + cat.Name, Value: f.Get(key), InputMode: "numeric", Optional: true, Problem: problems[key]}
		}
		v.Categories = append(v.Categories, templates.ReleaseCategory{
			Slug: cat.Slug, Name: cat.Name, Checked: slices.Contains(f.Values["category"], cat.Slug), Floor: bound("floor", "Floor"), Cap: bound("cap", "Cap"),
		})
	}
	for _, p := range export.Presets() {
		if p == export.Messages {
			continue
		}
		v.Presets = append(v.Presets, templates.Tick{
			ID: "preset-" + string(p), Name: "preset", Value: string(p), Label: p.Describe().Title, Checked: slices.Contains(f.Values["preset"], string(p)),
		})
	}
	u, _ := userOf(ctx)
	if u.Can(account.Overrule) {
		v.Override = &templates.Field{
			Name: "override", Label: "Let red lines stand, because", Value: f.Get("override"), Rows: 2, Optional: true, MaxLength: 2000,
			Hint: "Only where the preflight has red lines that hold the release. The manifest carries the reason.",
		}
	}
	if len(typed) > 0 {
		v.Preview.Problem = "Correct the form to see what would come of it."
	} else if v.Preview, err = s.releasePreview(ctx, o); err != nil {
		return err
	}
	page := s.frame(w, r, "Make a release", templates.SectionReleases)
	page.Styles = []string{"css/releases.css"}
	head := templates.Head{
		Title: "Make a release", Crumbs: []templates.Link{{Label: "Releases", URL: "/releases"}},
		Lead: "The preview shows what would come of the form now. What is released never changes.",
	}
	s.render(w, r, status, templates.NewReleasePage(page, head, v), templates.PreviewFragment)
	return nil
}

// releasePreview shows what an order would come to.
func (s *Server) releasePreview(ctx context.Context, o release.Order) (templates.ReleasePreview, error) {
	var v templates.ReleasePreview
	p, err := s.releases.Preview(ctx, o.Spec)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		v.Problem = f.Msg
		for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
			v.Problem += " " + f.Fields[name]
		}
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Figures = []templates.ReleaseFigure{{Label: "Rows", Value: number(p.Items)}, {Label: "Tokens", Value: number(p.Tokens)}}
	for category, n := range p.Left {
		v.Figures = append(v.Figures, templates.ReleaseFigure{Label: "Left out by the cap of " + nameOfCategory(p.Catalog, category), Value: number(n)})
	}
	if p.Capped {
		v.Figures[1].Note = "estimated where a cap applies"
	}
	red, holding := 0, len(release.Holding(p.Lines))
	for _, l := range p.Lines {
		if !l.Green {
			red++
		}
	}
	note := "none holds the release"
	if holding > 0 {
		note = counted(holding, "holds the release", "hold the release")
	}
	v.Figures = append(v.Figures, templates.ReleaseFigure{Label: "Red lines", Value: number(red), Note: note})
	if v.Lines, err = s.linesView(ctx, p.Lines); err != nil {
		return v, err
	}
	if !p.Whole {
		v.Note = "These are more than " + number(release.PreviewRows) + " rows. Counts and balance are of all of them; what can only be said of single rows is estimated from " + number(p.Sampled) +
			" drawn at random. Leakage, contradictions and shares are looked at when the release is made: its page shows all lines before anything is frozen."
	}
	v.Balance = balanceView(p.Catalog, p.Shape)
	v.Costs = releaseCosts(p.Catalog, p.Tokens)
	return v, nil
}

func nameOfCategory(c *catalog.Catalog, slug string) string {
	if cat, ok := c.Category(slug); ok {
		return cat.Name
	}
	return draw.Plain(slug)
}

// redHeadings head red lines: what a line is called says that all is well.
var redHeadings = map[string]string{
	release.LineTargets: "Targets not met", release.LineErrors: "Open errors", release.LineApprovals: "Approvals missing",
	release.LineChecklists: "Checklists not ticked", release.LineLabels: "Contradictions", release.LineLeakage: "Leakage between splits",
	release.LineSplits: "Shares not as asked", release.LineSpecial: "Special tokens", release.LineLimits: "Over token limits",
	release.LineRows: "Too few rows to train on", release.LineFloors: "Below the floor of a category",
	release.LineSamples: "Not passed by a sample", release.LineDemo: "Demo data among the rows",
}

func lineHeading(l release.Line) string {
	if l.Green {
		return l.Label
	}
	if preset, ok := strings.CutPrefix(l.Key, release.LineFormat+"/"); ok {
		return "Rows that do not fit the preset " + preset
	}
	return cmp.Or(redHeadings[l.Key], l.Label+": no")
}

// linesView shows the lines of a preflight, the first examples of each by file and
// line.
func (s *Server) linesView(ctx context.Context, lines []release.Line) ([]templates.ReleaseLine, error) {
	var all []uuid.UUID
	for _, l := range lines {
		all = append(all, l.First[:min(len(l.First), shownFirst)]...)
	}
	places, err := s.places(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]templates.ReleaseLine, len(lines))
	for i, l := range lines {
		out[i] = templates.ReleaseLine{Label: lineHeading(l), Text: draw.Plain(l.Text), Do: l.Do, Green: l.Green, Holds: l.Holds}
		for _, id := range l.First[:min(len(l.First), shownFirst)] {
			out[i].First = append(out[i].First, templates.Link{Label: cameFrom(places, id), URL: "/examples/" + id.String()})
		}
	}
	return out, nil
}

// shownFirst is how many examples of a line of the preflight are named.
const shownFirst = 6

// places returns where examples came from, where there are pages of examples.
func (s *Server) places(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]browse.Place, error) {
	places := map[uuid.UUID]browse.Place{}
	if s.browse == nil {
		return places, nil
	}
	for part := range slices.Chunk(ids, browse.MaxLimit) {
		some, err := s.browse.PlacesOf(ctx, part)
		if err != nil {
			return nil, err
		}
		maps.Copy(places, some)
	}
	return places, nil
}

// cameFrom is "plates.jsonl, line 3"; the id of an example that is no more.
func cameFrom(places map[uuid.UUID]browse.Place, id uuid.UUID) string {
	p, ok := places[id]
	if !ok {
		return id.String()
	}
	return draw.Plain(p.Source) + ", line " + number(p.Line)
}

// balanceView holds rows by category and subcategory against the plan.
func balanceView(c *catalog.Catalog, shape []release.Part) []templates.BalanceRow {
	total := int64(0)
	byCategory, bySub := map[string]int64{}, map[string]map[string]int64{}
	for _, p := range shape {
		total += p.Rows
		byCategory[p.Category] += p.Rows
		if bySub[p.Category] == nil {
			bySub[p.Category] = map[string]int64{}
		}
		bySub[p.Category][p.Subcategory] += p.Rows
	}
	share := func(n int64) string {
		if total == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(total))
	}
	var rows []templates.BalanceRow
	add := func(cat catalog.Category) {
		n := byCategory[cat.Slug]
		row := templates.BalanceRow{Name: cat.Name, URL: examplesURL(cat.Slug, "", "approved"), Rows: number(n), Share: share(n), Planned: "–"}
		if cat.Target.Max > 0 {
			row.Planned = span(cat.Target.Min, cat.Target.Max)
			switch {
			case n < int64(cat.Target.Min):
				row.Words = number(int64(cat.Target.Min)-n) + " fewer than planned"
			case n > int64(cat.Target.Max):
				row.Words = number(n-int64(cat.Target.Max)) + " more than planned"
			default:
				row.Words = "as planned"
			}
		}
		rows = append(rows, row)
		delete(byCategory, cat.Slug)
		left := bySub[cat.Slug]
		for _, sub := range cat.Subcategories {
			n := left[sub.Slug]
			delete(left, sub.Slug)
			if n == 0 && sub.Planned == 0 {
				continue
			}
			row := templates.BalanceRow{Name: sub.Name, Sub: true, URL: examplesURL(cat.Slug, sub.Slug, "approved"), Rows: number(n), Share: share(n), Planned: "–"}
			if sub.Planned > 0 {
				row.Planned = number(sub.Planned)
				switch {
				case n < int64(sub.Planned):
					row.Words = number(int64(sub.Planned)-n) + " fewer"
				case n > int64(sub.Planned):
					row.Words = number(n-int64(sub.Planned)) + " more"
				default:
					row.Words = "as planned"
				}
			}
			rows = append(rows, row)
		}
		for _, slug := range slices.Sorted(maps.Keys(left)) {
			name := draw.Plain(slug)
			if name == "" {
				name = "No subcategory"
			}
			rows = append(rows, templates.BalanceRow{Name: name, Sub: true, Rows: number(left[slug]), Share: share(left[slug]), Planned: "–", Words: "not in the plan"})
		}
	}
	for _, cat := range c.Categories {
		if byCategory[cat.Slug] > 0 {
			add(cat)
		}
	}
	for _, slug := range slices.Sorted(maps.Keys(byCategory)) {
		add(catalog.Category{Slug: slug, Name: draw.Plain(slug)})
	}
	return rows
}

// releaseCosts says what an epoch over so many tokens costs.
func releaseCosts(c *catalog.Catalog, tokens int64) []templates.CostRow {
	var rows []templates.CostRow
	for _, p := range c.Platforms {
		if p.USDPerMillionTokens == nil {
			continue
		}
		rows = append(rows, templates.CostRow{
			Platform: p.Name, Price: fmt.Sprintf("$%.2f", *p.USDPerMillionTokens), Cost: fmt.Sprintf("$%.2f", *p.USDPerMillionTokens*float64(tokens)/1e6), Note: cmp.Or(p.PriceAsOf, "an unknown date"),
		})
	}
	return rows
}

// createRelease handles POST /releases.
func (s *Server) createRelease(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The form can't be read.")
	}
	f := releaseForm{r.PostForm}
	o, problems := f.order()
	if len(problems) > 0 {
		return s.newReleasePage(w, r, http.StatusUnprocessableEntity, f, problems, "")
	}
	u, _ := userOf(r.Context())
	o.By = u.Actor()
	if !u.Can(account.Overrule) {
		o.Override = ""
	}
	rel, err := s.releases.Create(r.Context(), o)
	if fl, ok := fault.As(err); ok && (fl.Kind == fault.Invalid || fl.Kind == fault.Conflict) && len(fl.Fields) > 0 {
		return s.newReleasePage(w, r, http.StatusUnprocessableEntity, f, fl.Fields, fl.Msg)
	}
	if err != nil {
		return err
	}
	redirect(w, r, "/releases/"+rel.ID.String())
	return nil
}
