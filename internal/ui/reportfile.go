package ui

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
)

// reportTimeout is long: a report reads every example that it is of.
const reportTimeout = 20 * time.Minute

// downloadReport handles GET /quality/report.html, .json and .md, and the same of
// /quality/distribution: what the command and the API make of the same filter.
func (s *Server) downloadReport(kind report.Kind, f report.Format) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		r, cancel := deadlines(w, r, reportTimeout)
		defer cancel()
		q := r.URL.Query()
		filter := report.Filter{Category: q.Get("category"), Status: example.Status(q.Get("status"))}
		scope, err := s.soundness.Filtered(r.Context(), filter)
		if err != nil {
			return err
		}
		scope.Checks, scope.Site = release.FormatChecks(), s.link(r, "")
		made, err := s.soundness.Make(r.Context(), kind, scope)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := made.Write(&b, f); err != nil {
			return err
		}
		parts := []string{string(kind) + "_report"}
		for _, p := range []string{scope.Filter.Category, string(scope.Filter.Status)} {
			if p != "" {
				parts = append(parts, fileName(p))
			}
		}
		h := w.Header()
		h.Set("Content-Type", f.MediaType())
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", strings.Join(parts, "-")+"."+string(f)))
		h.Set("Content-Length", strconv.Itoa(b.Len()))
		h.Set("Cache-Control", "no-store")
		_, err = w.Write(b.Bytes())
		return err
	}
}
