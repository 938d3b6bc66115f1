package ui

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/report"
	shares "github.com/voicefit/spotter/internal/share"
	"github.com/voicefit/spotter/web/templates"
)

// Links are links to the dashboard for people without an account: share.Service.
type Links interface {
	Create(ctx context.Context, by audit.Actor, name string, days int) (string, shares.Link, error)
	List(ctx context.Context) ([]shares.Link, error)
	Revoke(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Open(ctx context.Context, secret string) (shares.Link, error)
}

// listLinks handles GET /dashboard/share.
func (s *Server) listLinks(w http.ResponseWriter, r *http.Request) error {
	return s.linksPage(w, r, http.StatusOK, templates.Shares{})
}

func (s *Server) linksPage(w http.ResponseWriter, r *http.Request, status int, v templates.Shares) error {
	links, err := s.links.List(r.Context())
	if err != nil {
		return err
	}
	now := s.now()
	for _, l := range links {
		row := templates.ShareLink{Name: l.Name, Author: l.Author, Created: moment(l.CreatedAt, now), Expires: moment(l.ExpiresAt, now), Opened: moment(l.OpenedAt, now)}
		switch {
		case !l.RevokedAt.IsZero():
			row.State = "taken back"
		case !l.Works(now):
			row.State = "ended"
		default:
			row.State, row.Revoke = "works", "/dashboard/share/"+l.ID.String()+"/revoke"
		}
		v.Links = append(v.Links, row)
	}
	if v.Name.Name == "" {
		v.Name = templates.Field{Name: "name", Label: "Who is it for?", MaxLength: 100, Hint: "Only you and your team see this."}
		v.Days = daysChoice("7")
	}
	s.render(w, r, status, templates.SharesPage(s.dashboardFrame(w, r, "Share the dashboard"), v))
	return nil
}

func daysChoice(chosen string) templates.Choice {
	c := templates.Choice{Name: "days", Label: "How long shall it work?"}
	for _, n := range shares.Days() {
		value := strconv.Itoa(n)
		c.Options = append(c.Options, templates.Option{Value: value, Label: counted(n, "day", "days"), Selected: value == chosen})
	}
	return c
}

// makeLink handles POST /dashboard/share. The answer is the page with the link, which
// is shown this once.
func (s *Server) makeLink(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The form could not be read. Send it again.")
	}
	u, _ := userOf(r.Context())
	days, _ := strconv.Atoi(r.PostForm.Get("days")) // what is no number is refused below
	secret, link, err := s.links.Create(r.Context(), u.Actor(), r.PostForm.Get("name"), days)
	if f, ok := fault.As(err); ok && len(f.Fields) > 0 {
		v := templates.Shares{
			Name: templates.Field{Name: "name", Label: "Who is it for?", MaxLength: 100, Value: r.PostForm.Get("name"), Problem: f.Fields["name"]},
			Days: daysChoice(r.PostForm.Get("days")),
		}
		v.Days.Problem = f.Fields["days"]
		return s.linksPage(w, r, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return s.linksPage(w, r, http.StatusOK, templates.Shares{Made: s.link(r, "/shared/"+secret), MadeFor: link.Name, MadeUntil: link.ExpiresAt.Format("2 January 2006, 15:04 UTC")})
}

// revokeLink handles POST /dashboard/share/{id}/revoke.
func (s *Server) revokeLink(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such link.")
	}
	u, _ := userOf(r.Context())
	if err := s.links.Revoke(r.Context(), u.Actor(), id); err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "The link does not work any more."); err != nil {
		return err
	}
	redirect(w, r, "/dashboard/share")
	return nil
}

// showShared handles GET /shared/{token}: the dashboard for whoever has the link. It
// names no people, links nowhere and is not to be found by search engines.
func (s *Server) showShared(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("Referrer-Policy", "no-referrer")
	link, err := s.links.Open(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return err
	}
	d, err := s.overview.Dashboard(r.Context(), report.View{})
	if err != nil {
		return err
	}
	v := sheetView(d, overviewForm{epochs: usualEpochs}, s.now())
	v.Until = link.ExpiresAt.UTC().Format("2 January 2006, 15:04 UTC")
	v.Findings.Exports, v.Burnup.Exports, v.Progress.Exports, v.Reasons.Exports = nil, nil, nil, nil
	return s.show(w, r, templates.SheetPage(v))
}
