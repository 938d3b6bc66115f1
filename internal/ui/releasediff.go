package ui

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

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
	v.Pager.Untimed = true
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
