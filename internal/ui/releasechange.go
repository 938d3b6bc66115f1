package ui

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/web/templates"
)

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
