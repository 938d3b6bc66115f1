package ui

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Waivers silence findings of examples and take that back: review.Service.
type Waivers interface {
	Waive(ctx context.Context, w review.Waiving) (uuid.UUID, error)
	Withdraw(ctx context.Context, by audit.Actor, example, waiver uuid.UUID, reason string) error
	Waivers(ctx context.Context, example uuid.UUID) ([]review.Waiver, error)
}

// waiveFinding handles POST /examples/{id}/waivers.
func (s *Server) waiveFinding(w http.ResponseWriter, r *http.Request) error {
	d, err := s.posted(r)
	if err != nil {
		return err
	}
	seen, err := strconv.Atoi(r.PostForm.Get("revision"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which revision you saw. Reload the page.")
	}
	u, _ := userOf(r.Context())
	_, err = s.reviews.Waive(r.Context(), review.Waiving{
		ExampleID: d.ID, By: u.Actor(), Revision: seen,
		Rule: r.PostForm.Get("rule"), Path: r.PostForm.Get("path"), Reason: r.PostForm.Get("reason"),
	})
	return s.waived(w, r, d.ID, err, "The finding is waived. It no longer counts on this revision.")
}

// withdrawWaiver handles POST /examples/{id}/waivers/{waiver}/withdraw.
func (s *Server) withdrawWaiver(w http.ResponseWriter, r *http.Request) error {
	d, err := s.posted(r)
	if err != nil {
		return err
	}
	waiver, err := uuid.Parse(chi.URLParam(r, "waiver"))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such waiver.")
	}
	u, _ := userOf(r.Context())
	err = s.reviews.Withdraw(r.Context(), u.Actor(), d.ID, waiver, r.PostForm.Get("reason"))
	return s.waived(w, r, d.ID, err, "The waiver is withdrawn. The finding counts again.")
}

// waived leads back to the example with what came of it.
func (s *Server) waived(w http.ResponseWriter, r *http.Request, id uuid.UUID, err error, done string) error {
	if f, ok := fault.As(err); ok && f.Fields["reason"] != "" {
		return fault.New(fault.Invalid, "%s", f.Fields["reason"])
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, done); err != nil {
		return err
	}
	redirect(w, r, "/examples/"+id.String()+"#waivers")
	return nil
}

// waiversView is the card about waivers on the page of d; nil where there is
// nothing to say.
func (s *Server) waiversView(ctx context.Context, d browse.Detail, u account.User) (*templates.Waivers, error) {
	waivers, err := s.reviews.Waivers(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	address := "/examples/" + d.ID.String() + "/waivers"
	v := templates.Waivers{Revision: strconv.Itoa(d.Revision)}
	for i, x := range waivers {
		row := templates.Waiver{
			ID: "withdraw-" + strconv.Itoa(i), Rule: draw.Plain(x.Rule), Path: draw.Text(x.Path), By: draw.Plain(x.By), Reason: draw.Text(x.Reason), At: moment(x.At, s.now()),
		}
		switch {
		case x.Withdrawn != nil:
			row.Note = "Withdrawn by " + draw.Plain(x.Withdrawn.By) + ": " + draw.Plain(x.Withdrawn.Reason)
		case x.Revision != d.Revision:
			row.Note = "On revision " + strconv.Itoa(x.Revision) + ", which is not the current one: it silences nothing now."
		case u.Can(account.Review):
			row.Withdraw = address + "/" + x.ID.String() + "/withdraw"
		}
		v.Waived = append(v.Waived, row)
	}
	if u.Can(account.Review) {
		v.Action = address
		seen := map[[2]string]bool{}
		for i, f := range d.Findings {
			// A waiver names rule and place: two findings there are one to it.
			if place := [2]string{f.Rule, f.Path}; !strings.HasPrefix(f.Rule, "duplicate/") && !seen[place] {
				seen[place] = true
				v.Findings = append(v.Findings, templates.WaivableFinding{
					ID: "waive-" + strconv.Itoa(i), Severity: string(f.Severity), Rule: f.Rule, Path: f.Path, Message: draw.Text(f.Message),
				})
			}
		}
	}
	if len(v.Waived) == 0 && len(v.Findings) == 0 {
		return nil, nil
	}
	return &v, nil
}
