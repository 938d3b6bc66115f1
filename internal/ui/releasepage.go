package ui

import (
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

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
	if v.Lines, err = s.linesView(ctx, rel.Preflight); err != nil {
		return err
	}
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
		v.Retry, v.RetryWord = at+"/retry", "Look again"
		if rel.State == release.Failed {
			v.RetryWord = "Try again"
		}
		if rel.FrozenAt == nil {
			v.Discard = at + "/discard"
		}
	}
	if rel.State == release.Built {
		if err := s.builtView(ctx, rel, u, &v); err != nil {
			return err
		}
	}
	if err := s.releaseFacts(ctx, c, rel, &v); err != nil {
		return err
	}
	page := s.frame(w, r, rel.Name, templates.SectionReleases)
	page.Styles = []string{"css/releases.css"}
	page.Live = rel.Open()
	head := templates.Head{Title: draw.Plain(rel.Name), Crumbs: []templates.Link{{Label: "Releases", URL: "/releases"}}}
	s.render(w, r, status, templates.ReleasePage(page, head, v))
	return nil
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
		if left := rel.LeftOut(f); left > 0 {
			row.Left = counted(left, "row", "rows") + " left out"
		}
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
	var later []templates.Option
	for _, x := range older { // the newest first
		if x.ID == rel.ID || x.State != release.Built {
			continue
		}
		option := templates.Option{Value: x.ID.String(), Label: draw.Plain(x.Name), Selected: rel.Supersedes != nil && *rel.Supersedes == x.ID}
		if x.CreatedAt.After(rel.CreatedAt) {
			later = append(later, option)
		} else {
			pick.Options = append(pick.Options, option)
		}
	}
	pick.Options = append(pick.Options, later...) // what is first is chosen: the one before
	if len(pick.Options) > 0 {
		v.Compare, v.CompareURL = &pick, at+"/diff"
	}
	return nil
}

func (s *Server) releaseFacts(ctx context.Context, c *catalog.Catalog, rel release.Release, v *templates.ReleaseView) error {
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
	fact("Splits", shareWords(rel.Spec.Splits), "")
	fact("Seed", strconv.FormatInt(rel.Spec.Seed, 10), "")
	var categories []string
	for _, slug := range rel.Spec.Filters.Categories {
		categories = append(categories, nameOfCategory(c, slug))
	}
	fact("Categories", strings.Join(categories, ", "), "")
	fact("Subcategories", strings.Join(subcategoryNames(c, rel.Spec.Filters.Subcategories), ", "), "")
	fact("Sources", strings.Join(rel.Spec.Filters.Sources, ", "), "")
	fact("Tags", strings.Join(rel.Spec.Filters.Tags, ", "), "")
	fact("Licences", licenceWords(rel.Licences), "")
	for _, slug := range slices.Sorted(maps.Keys(rel.Spec.Limits)) {
		l := rel.Spec.Limits[slug]
		if l.Cap > 0 {
			fact("Cap of "+nameOfCategory(c, slug), number(l.Cap), "")
		}
		if l.Floor > 0 {
			fact("Floor of "+nameOfCategory(c, slug), number(l.Floor), "")
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

// shareWords is "train 80 %, validation 10 %, test 10 %".
func shareWords(splits []release.Split) string {
	parts := make([]string, len(splits))
	for i, p := range splits {
		parts[i] = p.Name + " " + strconv.FormatFloat(math.Round(p.Share*1e6)/1e4, 'f', -1, 64) + " %"
	}
	return strings.Join(parts, ", ")
}

// subcategoryNames are the names of subcategories, of whichever category; the slugs
// of those that the catalog does not have.
func subcategoryNames(c *catalog.Catalog, slugs []string) []string {
	names := slices.Clone(slugs)
	for _, cat := range c.Categories {
		for _, sub := range cat.Subcategories {
			if i := slices.Index(slugs, sub.Slug); i >= 0 {
				names[i] = sub.Name
			}
		}
	}
	return names
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
