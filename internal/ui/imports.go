package ui

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/web/templates"
)

const (
	importsPerPage    = 50
	duplicatesPerPage = 100
	shownDuplicates   = 10 // on the import's own page
	shownRejects      = 20
	// patience is how long one piece of a streamed body may take, either way.
	patience = time.Minute
)

// importRoutes are the pages about files that come in. Everybody may read what
// became of a file, as everybody may read the examples.
func (s *Server) importRoutes() {
	s.get("/imports", account.View, s.listImports)
	s.get("/imports/new", account.Import, s.showImportForm)
	s.post("/imports/preview", account.Import, s.previewImport)
	s.post("/imports", account.Import, s.createImport, streaming, bodyOf(-1))
	s.get("/imports/{id}", account.View, s.showImport)
	s.get("/imports/{id}/progress", account.View, s.importProgress)
	s.post("/imports/{id}/cancel", account.Import, s.cancelImport)
	s.post("/imports/{id}/resume", account.Import, s.resumeImport)
	s.get("/imports/{id}/rejects.jsonl", account.View, s.downloadRejects, streaming)
	s.get("/imports/{id}/duplicates", account.View, s.listDuplicates)
}

// listImports handles GET /imports.
func (s *Server) listImports(w http.ResponseWriter, r *http.Request) error {
	before := uuid.Nil
	if at := r.URL.Query().Get("before"); at != "" {
		var err error
		if before, err = uuid.Parse(at); err != nil {
			return fault.Wrap(fault.Invalid, err, "This page of the list does not exist. Start again from the newest import.")
		}
	}
	runs, err := s.imports.List(r.Context(), before, importsPerPage+1)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	v := templates.Imports{New: u.Can(account.Import)}
	if len(runs) > importsPerPage {
		runs = runs[:importsPerPage]
		v.Pager.Older = "/imports?before=" + runs[len(runs)-1].ID.String()
	}
	if before != uuid.Nil {
		v.Pager.First = "/imports"
	}
	names := s.people(r.Context())
	for _, run := range runs {
		v.Rows = append(v.Rows, importRow(run, names(run.CreatedBy), s.now()))
	}
	if len(runs) == 0 && before == uuid.Nil {
		v.Empty = noImports(v.New)
		v.New = false
	}
	return s.show(w, r, templates.ImportsPage(s.frame(w, r, "Imports", templates.SectionImports), v))
}

// people returns a function that names users, for one page: each is asked for
// once. Somebody who is not known is not named.
func (s *Server) people(ctx context.Context) func(*uuid.UUID) string {
	known := map[uuid.UUID]string{}
	return func(id *uuid.UUID) string {
		if id == nil {
			return ""
		}
		name, ok := known[*id]
		if !ok {
			u, err := s.accounts.User(ctx, *id)
			if err == nil {
				name = u.Name
			}
			known[*id] = name
		}
		return name
	}
}

// importOf is the import that a request's path names.
func (s *Server) importOf(r *http.Request) (ingest.Run, error) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return ingest.Run{}, fault.New(fault.NotFound, "There is no such import.")
	}
	return s.imports.Get(r.Context(), id)
}

// after reads where a list goes on: behind that byte of the file.
func after(r *http.Request, name string) (int64, error) {
	at := r.URL.Query().Get(name)
	if at == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || n < -1 {
		return 0, fault.New(fault.Invalid, "This page of the list does not exist. Start again from its beginning.")
	}
	return n, nil
}

// showImport handles GET /imports/{id}.
func (s *Server) showImport(w http.ResponseWriter, r *http.Request) error {
	run, err := s.importOf(r)
	if err != nil {
		return err
	}
	v, err := s.importView(r, run)
	if err != nil {
		return err
	}
	return s.show(w, r, templates.ImportPage(s.importFrame(w, r, run), v))
}

func (s *Server) importFrame(w http.ResponseWriter, r *http.Request, run ingest.Run) templates.Page {
	p := s.frame(w, r, run.Name, templates.SectionImports)
	p.Styles, p.Modules = importStyles(), []string{"js/import.js"}
	p.Live = phaseOf(run) != phaseOver
	return p
}

// importProgress handles GET /imports/{id}/progress: the part of the page that
// changes while the import runs. Once the import is in another phase than the
// page shows, the whole page is loaded anew.
func (s *Server) importProgress(w http.ResponseWriter, r *http.Request) error {
	run, err := s.importOf(r)
	if err != nil {
		return err
	}
	if !isHTMX(r) {
		redirect(w, r, importURL(run.ID))
		return nil
	}
	if seen := r.URL.Query().Get("seen"); phaseOf(run) == phaseOver || seen != phaseOf(run) {
		w.Header().Set("HX-Refresh", "true")
	}
	v := templates.Import{Live: importLive(run, s.now())}
	return s.show(w, r, templates.ImportPage(templates.Page{}, v), templates.ImportFragment)
}

// cancelImport handles POST /imports/{id}/cancel.
func (s *Server) cancelImport(w http.ResponseWriter, r *http.Request) error {
	return s.changeImport(w, r, s.imports.Cancel, "The import is told to stop. What is in stays in.")
}

// resumeImport handles POST /imports/{id}/resume.
func (s *Server) resumeImport(w http.ResponseWriter, r *http.Request) error {
	return s.changeImport(w, r, s.imports.Resume, "The import goes on from where it stopped.")
}

func (s *Server) changeImport(w http.ResponseWriter, r *http.Request, change func(context.Context, uuid.UUID, audit.Actor) error, done string) error {
	run, err := s.importOf(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	kind := templates.FlashSuccess
	err = change(r.Context(), run.ID, u.Actor())
	// It moved on by itself meanwhile: the page says where it is now.
	if f, ok := fault.As(err); ok && f.Kind == fault.Conflict {
		kind, done = templates.FlashInfo, f.Msg
	} else if err != nil {
		return err
	}
	if err := s.flash(w, r, kind, done); err != nil {
		return err
	}
	redirect(w, r, importURL(run.ID))
	return nil
}

func importURL(id uuid.UUID) string { return "/imports/" + id.String() }

// importedURL leads to the examples of an import. Empty parts do not filter.
func importedURL(id uuid.UUID, category, rule string) string {
	q := url.Values{"import": {id.String()}}
	if category != "" {
		q.Set("category", category)
	}
	if rule != "" {
		q.Set("rule", rule)
	}
	return "/examples?" + q.Encode()
}

// A rejectLine is a refused row as it is downloaded. Raw is there for text,
// RawBase64 for bytes that are none.
type rejectLine struct {
	Line      int64   `json:"line"`
	Offset    int64   `json:"offset"`
	Reason    string  `json:"reason"`
	Raw       *string `json:"raw,omitempty"`
	RawBase64 *string `json:"raw_base64,omitempty"`
	Bytes     int64   `json:"bytes"` // of the whole row; raw holds the first megabyte
}

// downloadRejects handles GET /imports/{id}/rejects.jsonl.
func (s *Server) downloadRejects(w http.ResponseWriter, r *http.Request) error {
	run, err := s.importOf(r)
	if err != nil {
		return err
	}
	out := attachment(w, "refused-"+fileName(run.Name)+".jsonl")
	if r.Method == http.MethodHead {
		out.begin()
		return nil
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err = s.imports.EachReject(r.Context(), run.ID, func(x ingest.Reject) error {
		line := rejectLine{Line: x.Line, Offset: x.Offset, Reason: x.Reason, Bytes: x.Bytes}
		text := string(x.Raw)
		if utf8.Valid(x.Raw) {
			line.Raw = &text
		} else {
			text = base64.StdEncoding.EncodeToString(x.Raw)
			line.RawBase64 = &text
		}
		return enc.Encode(line)
	})
	return out.end(err)
}

// listDuplicates handles GET /imports/{id}/duplicates.
func (s *Server) listDuplicates(w http.ResponseWriter, r *http.Request) error {
	run, err := s.importOf(r)
	if err != nil {
		return err
	}
	at, err := after(r, "after")
	if err != nil {
		return err
	}
	list, err := s.imports.Duplicates(r.Context(), run.ID, at, duplicatesPerPage+1)
	if err != nil {
		return err
	}
	v := templates.ImportDuplicates{
		Name: run.Name, URL: importURL(run.ID),
		Lead: counted(run.Duplicates, "row", "rows") + " of " + run.Name + " had a content that was here already.",
	}
	here := importURL(run.ID) + "/duplicates"
	v.Pager.Untimed = true
	if len(list) > duplicatesPerPage {
		list = list[:duplicatesPerPage]
		v.Pager.Older = here + "?after=" + strconv.FormatInt(list[len(list)-1].Offset, 10)
	}
	if at >= 0 {
		v.Pager.First = here
	}
	for _, d := range list {
		v.Rows = append(v.Rows, duplicateView(d, run.ID))
	}
	if len(list) == 0 {
		v.Empty = &templates.Empty{Title: "No duplicates", Text: "Nothing in this file was here before.", Actions: []templates.Link{{Label: "Back to the import", URL: importURL(run.ID)}}}
	}
	return s.show(w, r, templates.ImportDuplicatesPage(s.frame(w, r, "Duplicates", templates.SectionImports), v))
}

// A download is an answer that is saved as a file and written as it comes. Its
// headers go out with the first byte, so that a failure before that can still
// be answered with a page.
type download struct {
	w     http.ResponseWriter
	c     *http.ResponseController
	name  string
	begun bool
}

func attachment(w http.ResponseWriter, name string) *download {
	return &download{w: w, c: http.NewResponseController(w), name: name}
}

func (d *download) begin() {
	if d.begun {
		return
	}
	d.begun = true
	h := d.w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/x-ndjson")
	}
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", d.name))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies pass it on as it comes
}

// Write gives each piece its own time.
func (d *download) Write(p []byte) (int, error) {
	d.begin()
	if err := d.c.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("set the deadline: %w", err)
	}
	return d.w.Write(p)
}

// end finishes the answer. Where it failed half-way the connection is broken
// off, so that nobody takes half a file for a whole one.
func (d *download) end(err error) error {
	if err == nil {
		d.begin()
		return nil
	}
	if !d.begun {
		return err
	}
	return &brokenOff{err}
}

// brokenOff marks an error that came after the answer had begun.
type brokenOff struct{ err error }

func (e *brokenOff) Error() string { return "answer broken off: " + e.err.Error() }
func (e *brokenOff) Unwrap() error { return e.err }

// patientReader gives each read of a long upload its own time. At the end it
// takes the deadline away: net/http goes on reading to notice a client that
// leaves, and would take a late deadline for one.
type patientReader struct {
	io.ReadCloser
	c *http.ResponseController
}

func (p patientReader) Read(b []byte) (int, error) {
	if err := p.c.SetReadDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("set the deadline: %w", err)
	}
	n, err := p.ReadCloser.Read(b)
	if err != nil {
		_ = p.c.SetReadDeadline(time.Time{})
	}
	return n, err
}
