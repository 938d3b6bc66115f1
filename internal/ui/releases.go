package ui

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Releases makes releases and hands them out: release.Service with a queue.
type Releases interface {
	Create(ctx context.Context, o release.Order) (release.Release, error)
	Preview(ctx context.Context, spec release.Spec) (release.Preview, error)
	Get(ctx context.Context, id uuid.UUID) (release.Release, error)
	List(ctx context.Context, before uuid.UUID, limit int) ([]release.Release, error)
	Files(ctx context.Context, id uuid.UUID) ([]release.File, error)
	Open(ctx context.Context, r release.Release, name string) (*os.File, release.File, error)
	OpenZip(ctx context.Context, r release.Release) (*os.File, release.File, error)
	OverrideRed(ctx context.Context, id uuid.UUID, by audit.Actor, reason string) error
	Retry(ctx context.Context, id uuid.UUID, by audit.Actor) error
	Discard(ctx context.Context, id uuid.UUID, by audit.Actor) error
	Withdraw(ctx context.Context, id uuid.UUID, by audit.Actor, reason string) error
	Compare(ctx context.Context, older, newer release.Release) (release.Difference, error)
	Changes(ctx context.Context, older, newer release.Release, kind string, after uuid.UUID, limit int) ([]release.Change, error)
	Of(ctx context.Context, example uuid.UUID) ([]release.Membership, error)
	Successors(ctx context.Context, id uuid.UUID) (map[uuid.UUID]string, error)
}

const (
	releaseRows    = 30
	releaseChanges = 20
	offeredOlder   = 100
)

func (s *Server) releaseRoutes() {
	s.get("/releases", account.View, s.listReleases)
	s.get("/releases/new", account.Release, s.showNewRelease)
	s.post("/releases", account.Release, s.createRelease)
	s.get("/releases/{id}", account.View, s.showRelease)
	s.get("/releases/{id}/state", account.View, s.showReleaseState)
	s.get("/releases/{id}/files/*", account.Export, s.downloadReleaseFile, streaming)
	s.get("/releases/{id}/zip", account.Export, s.downloadReleaseZip, streaming)
	s.get("/releases/{id}/diff", account.View, s.diffReleases)
	s.post("/releases/{id}/override", account.Overrule, s.overrideRelease)
	s.post("/releases/{id}/retry", account.Release, s.retryRelease)
	s.post("/releases/{id}/discard", account.Release, s.discardRelease)
	s.post("/releases/{id}/withdraw", account.Overrule, s.withdrawRelease)
}

// releaseState says how far a release is, with the colour and sign of a status.
func releaseState(r release.Release) templates.ReleaseState {
	switch {
	case r.Withdrawn != nil:
		return templates.ReleaseState{Status: "rejected", Word: "Withdrawn"}
	case r.State == release.Built:
		return templates.ReleaseState{Status: "approved", Word: "Built"}
	case r.State == release.Held:
		return templates.ReleaseState{Status: "escalated", Word: "Held"}
	case r.State == release.Failed:
		return templates.ReleaseState{Status: "rejected", Word: "Failed"}
	case r.State == release.Discarded:
		return templates.ReleaseState{Status: "rejected", Word: "Discarded"}
	case r.State == release.Frozen:
		return templates.ReleaseState{Status: "pending", Word: "Being built"}
	}
	return templates.ReleaseState{Status: "pending", Word: "Being checked"}
}

// listReleases handles GET /releases.
func (s *Server) listReleases(w http.ResponseWriter, r *http.Request) error {
	before := uuid.Nil
	if text := r.URL.Query().Get("before"); text != "" {
		var err error
		if before, err = uuid.Parse(text); err != nil {
			return fault.New(fault.Invalid, "This page of the list does not exist. Go back to its first page.")
		}
	}
	list, err := s.releases.List(r.Context(), before, releaseRows)
	if err != nil {
		return err
	}
	names := map[uuid.UUID]string{}
	for _, x := range list {
		names[x.ID] = x.Name
	}
	u, _ := userOf(r.Context())
	head := templates.Head{Title: "Releases", Lead: "Training files that never change: which revision of which example, in which split and in which order."}
	if u.Can(account.Release) {
		head.Actions = []templates.Link{{Label: "Make a release", URL: "/releases/new", Icon: "plus", Style: templates.ButtonPrimary}}
	}
	var v templates.Releases
	for _, x := range list {
		row := templates.ReleaseRow{
			Name: draw.Plain(x.Name), URL: "/releases/" + x.ID.String(), State: releaseState(x), Rows: number(x.Items), Splits: splitWords(x),
			Author: draw.Plain(x.Author), When: moment(x.CreatedAt, s.now()),
		}
		if x.Supersedes != nil {
			if row.Supersedes = names[*x.Supersedes]; row.Supersedes == "" {
				row.Supersedes = "an older one"
			}
		}
		v.Rows = append(v.Rows, row)
	}
	switch {
	case len(list) == 0 && before == uuid.Nil:
		v.Empty = &templates.Empty{
			Icon: "releases", Title: "Nothing is released yet",
			Text:    "A release freezes the approved examples, deals them out to training and held-out splits, and builds the files with their hashes, reports and provenance.",
			Actions: head.Actions,
		}
		head.Actions = nil
	case len(list) == 0:
		v.Empty = &templates.Empty{Icon: "releases", Title: "There are no older ones", Actions: []templates.Link{{Label: "Newest releases", URL: "/releases"}}}
	case len(list) == releaseRows:
		v.Pager.Older = "/releases?before=" + list[len(list)-1].ID.String()
	}
	if before != uuid.Nil {
		v.Pager.First = "/releases"
	}
	page := s.frame(w, r, "Releases", templates.SectionReleases)
	page.Styles = []string{"css/releases.css"}
	return s.show(w, r, templates.ReleasesPage(page, head, v))
}

// splitWords is "train 900, validation 50, test 50".
func splitWords(r release.Release) string {
	var parts []string
	for _, p := range r.Splits() {
		parts = append(parts, p.Split+" "+number(p.Rows))
	}
	return strings.Join(parts, ", ")
}

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
	v.Lines = linesView(p.Lines)
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

func linesView(lines []release.Line) []templates.ReleaseLine {
	out := make([]templates.ReleaseLine, len(lines))
	for i, l := range lines {
		out[i] = templates.ReleaseLine{Label: l.Label, Text: draw.Plain(l.Text), Do: l.Do, Green: l.Green, Holds: l.Holds}
		for _, id := range l.First[:min(len(l.First), 6)] {
			out[i].First = append(out[i].First, templates.Link{Label: id.String()[24:], URL: "/examples/" + id.String()})
		}
	}
	return out
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
			Platform: p.Name, Price: fmt.Sprintf("$%.2f", *p.USDPerMillionTokens), Cost: fmt.Sprintf("$%.2f", *p.USDPerMillionTokens*float64(tokens)/1e6), Note: p.PriceAsOf,
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

// theRelease is the one that the path names.
func (s *Server) theRelease(r *http.Request) (release.Release, error) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return release.Release{}, fault.New(fault.NotFound, "There is no such release.")
	}
	return s.releases.Get(r.Context(), id)
}

// showRelease handles GET /releases/{id}.
func (s *Server) showRelease(w http.ResponseWriter, r *http.Request) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	return s.releasePage(w, r, http.StatusOK, rel, "")
}

// showReleaseState handles GET /releases/{id}/state: the part that goes on
// changing.
func (s *Server) showReleaseState(w http.ResponseWriter, r *http.Request) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	if !isHTMX(r) {
		redirect(w, r, "/releases/"+rel.ID.String())
		return nil
	}
	if !rel.Open() {
		w.Header().Set("HX-Refresh", "true") // the rest of the page changed too
	}
	return s.show(w, r, templates.ReleasePage(templates.Page{}, templates.Head{}, releaseStateView(rel)), templates.ReleaseFragment)
}

func releaseStateView(rel release.Release) templates.ReleaseView {
	at := "/releases/" + rel.ID.String()
	v := templates.ReleaseView{ID: rel.ID.String(), Name: draw.Plain(rel.Name), State: releaseState(rel), Error: rel.Error}
	switch rel.State {
	case release.Draft:
		v.StateWords = "Rows are chosen, dealt out and held against the preflight; then they are frozen."
	case release.Held:
		v.StateWords = "Red lines of the preflight hold it. Mend what they name and look again, or a lead lets them stand with a reason."
	case release.Frozen:
		v.StateWords = "Its rows are fixed for ever; the files are being written."
	case release.Built:
		v.StateWords = "Its rows and files never change."
	case release.Failed:
		v.StateWords = "It can be tried again."
	case release.Discarded:
		v.StateWords = "It was given up before anything was frozen."
	}
	if rel.Open() {
		v.Poll = at + "/state"
		v.Progress = &templates.ReleaseProgress{Words: "Waiting for a worker."}
		if rel.Step != "" {
			v.Progress.Words = strings.ToUpper(rel.Step[:1]) + rel.Step[1:] + "."
			if rel.Total > 0 {
				v.Progress.Value, v.Progress.Max = strconv.FormatInt(rel.Done, 10), strconv.FormatInt(rel.Total, 10)
			}
		}
		if rel.Stalled {
			v.Progress.Words = "Its worker has gone silent; another one takes over in a moment."
		}
	}
	return v
}

// releasePage draws one release; problem is what is wrong with a reason that was
// sent.
func (s *Server) releasePage(w http.ResponseWriter, r *http.Request, status int, rel release.Release, problem string) error {
	ctx := r.Context()
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	u, _ := userOf(ctx)
	at := "/releases/" + rel.ID.String()
	v := releaseStateView(rel)
	v.Notes, v.Problem = draw.Plain(rel.Notes), problem
	v.Lines = linesView(rel.Preflight)
	if rel.Items > 0 {
		v.Figures = []templates.ReleaseFigure{{Label: "Rows", Value: number(rel.Items)}}
		for _, p := range rel.Splits() {
			v.Figures = append(v.Figures, templates.ReleaseFigure{Label: strings.ToUpper(p.Split[:1]) + p.Split[1:], Value: number(p.Rows)})
		}
		v.Figures = append(v.Figures, templates.ReleaseFigure{Label: "Tokens", Value: number(rel.Tokens)})
		v.Shape = balanceView(c, rel.Shape)
	}
	if rel.Withdrawn != nil {
		v.Withdrawn = "Nobody should train on it any more, says " + draw.Plain(rel.Withdrawn.By) + ": " + draw.Plain(rel.Withdrawn.Reason)
	}
	if rel.Override.Reason != "" && len(release.Holding(rel.Preflight)) > 0 && rel.FrozenAt != nil {
		v.Overridden = draw.Plain(rel.Override.By) + " let the red lines stand: " + draw.Plain(rel.Override.Reason)
	}
	if rel.State == release.Held && u.Can(account.Overrule) {
		v.Override = at + "/override"
	}
	if (rel.State == release.Held || rel.State == release.Failed) && u.Can(account.Release) {
		v.Retry = at + "/retry"
		if rel.FrozenAt == nil {
			v.Discard = at + "/discard"
		}
	}
	if rel.State == release.Built {
		if err := s.builtView(ctx, rel, u, &v); err != nil {
			return err
		}
	}
	if err := s.releaseFacts(ctx, rel, &v); err != nil {
		return err
	}
	page := s.frame(w, r, rel.Name, templates.SectionReleases)
	page.Styles = []string{"css/releases.css"}
	page.Live = rel.Open()
	head := templates.Head{Title: draw.Plain(rel.Name), Crumbs: []templates.Link{{Label: "Releases", URL: "/releases"}}}
	s.render(w, r, status, templates.ReleasePage(page, head, v))
	return nil
}

// fileWords say what the files are.
var fileWords = map[string]string{
	export.Complete: "all splits, one after the other", "train.jsonl": "to train on", "validation.jsonl": "to watch the training", "test.jsonl": "to judge the model",
	release.ManifestName: "counts, choices, hashes, versions", release.SignatureName: "signature of the manifest", "provenance.jsonl": "where every row came from and who decided on it",
}

// filePlace puts the files that people come for first, then what tells of them,
// then the folders of presets.
func filePlace(name string) int {
	first := []string{export.Complete, "train.jsonl", "validation.jsonl", "test.jsonl"}
	if i := slices.Index(first, name); i >= 0 {
		return i
	}
	switch {
	case strings.Contains(name, "/"):
		return len(first) + 2
	case strings.HasSuffix(name, ".jsonl") && name != "provenance.jsonl":
		return len(first)
	}
	return len(first) + 1
}

// builtView adds what a built release offers.
func (s *Server) builtView(ctx context.Context, rel release.Release, u account.User, v *templates.ReleaseView) error {
	at := "/releases/" + rel.ID.String()
	files, err := s.releases.Files(ctx, rel.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(files, func(a, b release.File) int { return filePlace(a.Name) - filePlace(b.Name) })
	for _, f := range files {
		row := templates.ReleaseFileRow{Name: f.Name, Bytes: byteSize(f.Bytes), SHA256: f.Hex(), What: fileWords[f.Name]}
		if f.Rows > 0 {
			row.Rows = number(f.Rows)
		}
		if u.Can(account.Export) {
			row.URL = at + "/files/" + f.Name
			for _, ending := range release.Packings(f) {
				row.Packed = append(row.Packed, templates.Link{Label: ending, URL: row.URL + ending})
			}
		}
		v.Files = append(v.Files, row)
	}
	if u.Can(account.Export) {
		v.Zip = at + "/zip"
	}
	v.Command = "spotter verify-release " + rel.Slug()
	if u.Can(account.Overrule) && rel.Withdrawn == nil {
		v.Withdraw = at + "/withdraw"
	}
	older, err := s.releases.List(ctx, uuid.Nil, offeredOlder)
	if err != nil {
		return err
	}
	pick := templates.Choice{Name: "with", Label: "Since the release"}
	for _, x := range older {
		if x.ID != rel.ID && x.FrozenAt != nil {
			pick.Options = append(pick.Options, templates.Option{Value: x.ID.String(), Label: draw.Plain(x.Name), Selected: rel.Supersedes != nil && *rel.Supersedes == x.ID})
		}
	}
	if len(pick.Options) > 0 {
		v.Compare, v.CompareURL = &pick, at+"/diff"
	}
	return nil
}

func (s *Server) releaseFacts(ctx context.Context, rel release.Release, v *templates.ReleaseView) error {
	fact := func(label, value, url string) {
		if value != "" {
			v.Facts = append(v.Facts, templates.ReleaseFact{Label: label, Value: draw.Plain(value), URL: url})
		}
	}
	made := moment(rel.CreatedAt, s.now())
	fact("Made by", rel.Author, "")
	v.Facts = append(v.Facts, templates.ReleaseFact{Label: "Asked for", When: &made})
	if rel.FrozenAt != nil {
		frozen := moment(*rel.FrozenAt, s.now())
		v.Facts = append(v.Facts, templates.ReleaseFact{Label: "Frozen", When: &frozen})
	}
	fact("Splits", release.FormatSplits(rel.Spec.Splits), "")
	fact("Seed", strconv.FormatInt(rel.Spec.Seed, 10), "")
	fact("Categories", strings.Join(rel.Spec.Filters.Categories, ", "), "")
	fact("Subcategories", strings.Join(rel.Spec.Filters.Subcategories, ", "), "")
	fact("Sources", strings.Join(rel.Spec.Filters.Sources, ", "), "")
	fact("Tags", strings.Join(rel.Spec.Filters.Tags, ", "), "")
	fact("Licences", licenceWords(rel.Licences), "")
	for _, slug := range slices.Sorted(maps.Keys(rel.Spec.Limits)) {
		l := rel.Spec.Limits[slug]
		if l.Cap > 0 {
			fact("Cap of "+slug, number(l.Cap), "")
		}
		if l.Floor > 0 {
			fact("Floor of "+slug, number(l.Floor), "")
		}
	}
	fact("Presets", strings.Join(rel.Spec.Presets, ", "), "")
	if rel.CatalogVersion > 0 {
		fact("Catalog", "version "+strconv.Itoa(rel.CatalogVersion), "/catalog")
	}
	if rel.Supersedes != nil {
		if older, err := s.releases.Get(ctx, *rel.Supersedes); err == nil {
			fact("Instead of", older.Name, "/releases/"+older.ID.String())
		}
	}
	next, err := s.releases.Successors(ctx, rel.ID)
	if err != nil {
		return err
	}
	for id, name := range next {
		fact("Superseded by", name, "/releases/"+id.String())
	}
	return nil
}

// licenceWords is "Apache-2.0 (900 rows), not stated (100 rows)".
func licenceWords(all []export.Licence) string {
	var parts []string
	for _, l := range all {
		name := l.Licence
		if name == "" {
			name = "not stated"
		}
		parts = append(parts, name+" ("+counted(int(l.Rows), "row", "rows")+")")
	}
	return strings.Join(parts, ", ")
}

// downloadReleaseFile handles GET /releases/{id}/files/*.
func (s *Server) downloadReleaseFile(w http.ResponseWriter, r *http.Request) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	f, info, err := s.releases.Open(r.Context(), rel, chi.URLParam(r, "*"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	release.Serve(patient{w}, r, f, info)
	return nil
}

// patient gives every write of a download its own time.
type patient struct{ http.ResponseWriter }

func (p patient) Write(b []byte) (int, error) {
	return (&download{w: p.ResponseWriter, c: http.NewResponseController(p.ResponseWriter), begun: true}).Write(b)
}

// Unwrap lets http.ResponseController through.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// downloadReleaseZip handles GET /releases/{id}/zip.
func (s *Server) downloadReleaseZip(w http.ResponseWriter, r *http.Request) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	if rel.State != release.Built {
		return fault.New(fault.Conflict, "This release is not built yet.")
	}
	f, info, err := s.releases.OpenZip(r.Context(), rel)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	release.Serve(patient{w}, r, f, info)
	return nil
}

// overrideRelease handles POST /releases/{id}/override.
func (s *Server) overrideRelease(w http.ResponseWriter, r *http.Request) error {
	return s.changeRelease(w, r, "The red lines stand. The release goes on.", func(ctx context.Context, id uuid.UUID, by audit.Actor) error {
		return s.releases.OverrideRed(ctx, id, by, r.PostFormValue("reason"))
	})
}

// retryRelease handles POST /releases/{id}/retry.
func (s *Server) retryRelease(w http.ResponseWriter, r *http.Request) error {
	return s.changeRelease(w, r, "It is looked at again.", s.releases.Retry)
}

// discardRelease handles POST /releases/{id}/discard.
func (s *Server) discardRelease(w http.ResponseWriter, r *http.Request) error {
	return s.changeRelease(w, r, "The release was discarded.", s.releases.Discard)
}

// withdrawRelease handles POST /releases/{id}/withdraw.
func (s *Server) withdrawRelease(w http.ResponseWriter, r *http.Request) error {
	return s.changeRelease(w, r, "The release is withdrawn.", func(ctx context.Context, id uuid.UUID, by audit.Actor) error {
		return s.releases.Withdraw(ctx, id, by, r.PostFormValue("reason"))
	})
}

// changeRelease does something to the release of the path; a reason that will not
// do brings its page back.
func (s *Server) changeRelease(w http.ResponseWriter, r *http.Request, done string, do func(ctx context.Context, id uuid.UUID, by audit.Actor) error) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	err = do(r.Context(), rel.ID, u.Actor())
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		return s.releasePage(w, r, http.StatusUnprocessableEntity, rel, f.Fields["reason"])
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, done); err != nil {
		return err
	}
	redirect(w, r, "/releases/"+rel.ID.String())
	return nil
}

// changeWords name the kinds of change.
var changeWords = []struct{ kind, label string }{
	{"", "changes"}, {release.ChangeAdded, "added"}, {release.ChangeRemoved, "removed"}, {release.ChangeChanged, "edited"}, {release.ChangeMoved, "in another split"},
}

// diffReleases handles GET /releases/{id}/diff?with=.
func (s *Server) diffReleases(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	newer, err := s.theRelease(r)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(q.Get("with"))
	if err != nil {
		return fault.New(fault.NotFound, "Choose the release to compare with on the page of the newer one.")
	}
	older, err := s.releases.Get(ctx, id)
	if err != nil {
		return err
	}
	d, err := s.releases.Compare(ctx, older, newer)
	if err != nil {
		return err
	}
	after := uuid.Nil
	if text := q.Get("after"); text != "" {
		if after, err = uuid.Parse(text); err != nil {
			return fault.New(fault.Invalid, "This page of the list does not exist. Go back to its first page.")
		}
	}
	kind := q.Get("kind")
	changes, err := s.releases.Changes(ctx, older, newer, kind, after, releaseChanges)
	if err != nil {
		return err
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	at := "/releases/" + newer.ID.String() + "/diff?with=" + older.ID.String()
	view := func(kind string) string {
		if kind == "" {
			return at
		}
		return at + "&kind=" + kind
	}
	var v templates.ReleaseDiff
	counts := map[string]int64{
		"": d.Added + d.Removed + d.Changed + d.Moved, release.ChangeAdded: d.Added, release.ChangeRemoved: d.Removed, release.ChangeChanged: d.Changed, release.ChangeMoved: d.Moved,
	}
	for _, x := range changeWords {
		v.Views = append(v.Views, templates.ReleaseDiffView{Label: x.label, Count: number(counts[x.kind]), URL: view(x.kind), Current: x.kind == kind})
	}
	v.Shift = shiftView(c, older, newer, d)
	for _, x := range changes {
		v.Rows = append(v.Rows, changeView(c, x))
	}
	if len(changes) == 0 {
		v.Empty = "There are none: " + counted(d.Same, "row is", "rows are") + " the same."
	}
	if len(changes) == releaseChanges {
		v.Pager.Older = view(kind) + "&after=" + changes[len(changes)-1].Example.String()
	}
	if after != uuid.Nil {
		v.Pager.First = view(kind)
	}
	page := s.frame(w, r, "What changed", templates.SectionReleases)
	page.Styles = []string{"css/releases.css", "css/examples.css", "css/review.css"}
	head := templates.Head{
		Title: "From " + draw.Plain(older.Name) + " to " + draw.Plain(newer.Name), Lead: counted(d.Same, "row is", "rows are") + " the same in both.",
		Crumbs: []templates.Link{{Label: "Releases", URL: "/releases"}, {Label: draw.Plain(newer.Name), URL: "/releases/" + newer.ID.String()}},
	}
	return s.show(w, r, templates.ReleaseDiffPage(page, head, v))
}

func shiftView(c *catalog.Catalog, older, newer release.Release, d release.Difference) []templates.ShiftRow {
	share := func(n, of int64) string {
		if of == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
	}
	rows := make([]templates.ShiftRow, len(d.Shift))
	for i, x := range d.Shift {
		change := number(x.New - x.Old)
		if x.New > x.Old {
			change = "+" + change
		}
		rows[i] = templates.ShiftRow{
			Name: placeName(c, x.Category, x.Subcategory), Old: number(x.Old), New: number(x.New), Change: change,
			OldShare: share(x.Old, older.Items), NewShare: share(x.New, newer.Items),
		}
	}
	return rows
}

func placeName(c *catalog.Catalog, category, subcategory string) string {
	name := nameOfCategory(c, category)
	if cat, ok := c.Category(category); ok {
		if sub, ok := cat.Subcategory(subcategory); ok {
			return name + ", " + sub.Name
		}
	}
	if subcategory != "" {
		name += ", " + draw.Plain(subcategory)
	}
	return name
}

func changeView(c *catalog.Catalog, x release.Change) templates.ReleaseChange {
	v := templates.ReleaseChange{Place: placeName(c, x.Category, x.Subcategory), URL: "/examples/" + x.Example.String(), Label: x.Example.String()[24:]}
	switch {
	case x.Old.Revision == 0:
		v.What = "Added to " + x.New.Split
	case x.New.Revision == 0:
		v.What = "Removed from " + x.Old.Split
	case x.Old.Revision != x.New.Revision:
		v.What = fmt.Sprintf("Edited: revision %d became %d", x.Old.Revision, x.New.Revision)
	default:
		v.What = "Moved from " + x.Old.Split + " to " + x.New.Split
		return v
	}
	v.Changes = draw.Changes(x.Old.Messages, x.New.Messages)
	return v
}

// exampleReleases lists the releases that an example is in.
func (s *Server) exampleReleases(ctx context.Context, id uuid.UUID) ([]templates.ExampleRelease, error) {
	if s.releases == nil {
		return nil, nil
	}
	list, err := s.releases.Of(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []templates.ExampleRelease
	for _, m := range list {
		words := fmt.Sprintf("row %s, %s, revision %d", number(m.Position), m.Split, m.Revision)
		if m.Withdrawn {
			words += ", withdrawn"
		}
		out = append(out, templates.ExampleRelease{Name: draw.Plain(m.Name), URL: "/releases/" + m.ID.String(), Words: words})
	}
	return out, nil
}
