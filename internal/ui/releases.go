package ui

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
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

// fileWords say what the files are.
var fileWords = map[string]string{
	export.Complete: "all splits, one after the other", "train.jsonl": "to train on", "validation.jsonl": "to watch the training", "test.jsonl": "to judge the model",
	release.ManifestName: "counts, choices, hashes, versions", release.SignatureName: "signature of the manifest", "provenance.jsonl": "where every row came from and who decided on it",
}

// changeWords name the kinds of change.
var changeWords = []struct{ kind, label string }{
	{"", "changes"}, {release.ChangeAdded, "added"}, {release.ChangeRemoved, "removed"}, {release.ChangeChanged, "edited"}, {release.ChangeMoved, "in another split"},
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
