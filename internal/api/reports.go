package api

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
)

// reportPatience is how long making a report may take: it reads every example.
const reportPatience = 20 * time.Minute

func (s *Server) reportTable() []endpoint {
	var list []endpoint
	for _, one := range []struct {
		kind report.Kind
		body any
	}{{report.ValidationKind, report.Validation{}}, {report.DistributionKind, report.Distribution{}}} {
		list = append(list, endpoint{
			method: "GET", path: "/reports/" + string(one.kind), permission: account.View,
			summary: "The " + string(one.kind) + " report, of a filter as it is now or of a release as it was made: what the command report writes",
			query: []parameter{
				{name: "format", about: "how it is written; json if left out", choices: []string{string(report.JSON), string(report.HTML), string(report.Markdown)}},
				{name: "release", about: "of the release with this name or id; goes with no other filter"},
				{name: "category", about: "of this category"},
				{name: "status", about: "of examples in this status", choices: statusNames},
			},
			answers: []answer{{status: http.StatusOK, about: "The report. Of a filter every example is read, which takes minutes for a million; two are made at once, others wait. Of a release it is the file that the release keeps, with its SHA-256 as ETag", body: one.body}},
			handle: func(w http.ResponseWriter, r *http.Request, _ account.User) error {
				return s.report(w, r, one.kind)
			},
		})
	}
	return list
}

// report handles GET /reports/validation and /reports/distribution.
func (s *Server) report(w http.ResponseWriter, r *http.Request, kind report.Kind) error {
	if err := knownQuery(r, "format", "release", "category", "status"); err != nil {
		return err
	}
	q := r.URL.Query()
	format, err := report.ParseFormat(cmp.Or(q.Get("format"), string(report.JSON)))
	if err != nil {
		return fault.Fields("There is no such format.", map[string]string{"format": "Use json, html or md."})
	}
	if name := q.Get("release"); name != "" {
		if q.Get("category") != "" || q.Get("status") != "" {
			return fault.Fields("A release is what it is.", map[string]string{"release": "Leave category and status out with it."})
		}
		rel, err := s.cfg.Releases.Find(r.Context(), name)
		if err != nil {
			return err
		}
		f, info, err := s.cfg.Releases.Open(r.Context(), rel, kind.File(format))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only read
		release.Serve(patient{w}, r, f, info)
		return nil
	}
	c := http.NewResponseController(w)
	end := time.Now().Add(reportPatience)
	_, _ = c.SetReadDeadline(end), c.SetWriteDeadline(end) // where the server can't, its usual ones hold
	scope, err := s.cfg.Report.Filtered(r.Context(), report.Filter{Category: q.Get("category"), Status: example.Status(q.Get("status"))})
	if err != nil {
		return err
	}
	scope.Checks, scope.Site = release.FormatChecks(), strings.TrimSuffix(s.cfg.BaseURL, "/")
	made, err := s.cfg.Report.Make(r.Context(), kind, scope)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := made.Write(&b, format); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	w.Header().Set("Content-Type", format.MediaType())
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, err = w.Write(b.Bytes())
	return err
}
