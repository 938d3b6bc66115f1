package ui

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
)

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
