package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

func formatNames() []string {
	names := []string{string(decode.Auto)}
	for _, f := range decode.Formats {
		names = append(names, string(f))
	}
	return names
}

func presetNames() []string {
	var names []string
	for _, p := range export.Presets() {
		names = append(names, string(p))
	}
	return names
}

// pathID reads the {id} of the path.
func pathID(r *http.Request, what string) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return id, fault.New(fault.NotFound, "There is no %s %q.", what, chi.URLParam(r, "id"))
	}
	return id, nil
}

// pageLimit reads ?limit=.
func pageLimit(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 50, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > browse.MaxLimit {
		return 0, fault.Fields("The limit makes no sense.", map[string]string{"limit": fmt.Sprintf("Use 1 to %d.", browse.MaxLimit)})
	}
	return n, nil
}

func (s *Server) describe(w http.ResponseWriter, _ *http.Request, _ account.User) error {
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(s.document); err != nil {
		return fmt.Errorf("%w: %w", errStarted, err)
	}
	return nil
}

func (s *Server) createImport(w http.ResponseWriter, r *http.Request, u account.User) error {
	if err := knownQuery(r, "category", "subcategory", "format", "filename", "licence", "map"); err != nil {
		return err
	}
	q := r.URL.Query()
	format, err := decode.ParseFormat(q.Get("format"))
	if err != nil {
		return err
	}
	mapping, err := decode.ParseMapping(q["map"])
	if err != nil {
		return err
	}
	name := q.Get("filename")
	if name == "" {
		name = "upload"
	}
	control := http.NewResponseController(w)
	body := &patientReader{r: http.MaxBytesReader(w, r.Body, s.cfg.MaxUploadBytes), c: control}
	run, err := s.cfg.Ingest.Store(r.Context(), body, ingest.Upload{
		Name: name, MediaType: r.Header.Get("Content-Type"), Licence: q.Get("licence"), Channel: ingest.ChannelAPI, By: u.Actor(),
		Bytes:   max(r.ContentLength, 0),
		Options: ingest.Options{Format: format, Category: q.Get("category"), Subcategory: q.Get("subcategory"), Mapping: mapping},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/imports/"+run.ID.String())
	return write(w, http.StatusAccepted, startedJSON{ID: run.ID, State: string(run.State)})
}

func (s *Server) listImports(w http.ResponseWriter, r *http.Request, _ account.User) error {
	limit, err := pageLimit(r)
	if err != nil {
		return err
	}
	before := uuid.Nil
	if c := r.URL.Query().Get("cursor"); c != "" {
		if before, err = uuid.Parse(c); err != nil {
			return fault.New(fault.Invalid, "The cursor is not one of ours. Start again without it.")
		}
	}
	runs, err := s.cfg.Ingest.List(r.Context(), before, limit)
	if err != nil {
		return err
	}
	page := importsJSON{Items: []importJSON{}}
	for _, run := range runs {
		page.Items = append(page.Items, importRun(run))
	}
	if len(runs) == limit {
		page.NextCursor = runs[len(runs)-1].ID.String()
	}
	return write(w, http.StatusOK, page)
}

func (s *Server) showImport(w http.ResponseWriter, r *http.Request, _ account.User) error {
	return s.answerImport(w, r, http.StatusOK)
}

func (s *Server) answerImport(w http.ResponseWriter, r *http.Request, status int) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	run, err := s.cfg.Ingest.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return write(w, status, importRun(run))
}

func (s *Server) cancelImport(w http.ResponseWriter, r *http.Request, u account.User) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	if err := s.cfg.Ingest.Cancel(r.Context(), id, u.Actor()); err != nil {
		return err
	}
	return s.answerImport(w, r, http.StatusAccepted)
}

func (s *Server) resumeImport(w http.ResponseWriter, r *http.Request, u account.User) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	if err := s.cfg.Ingest.Resume(r.Context(), id, u.Actor()); err != nil {
		return err
	}
	return s.answerImport(w, r, http.StatusAccepted)
}

// rejectJSON is one line of an import's rejects.
type rejectJSON struct {
	Line      int64   `json:"line"`
	Offset    int64   `json:"offset"`
	Reason    string  `json:"reason"`
	Raw       *string `json:"raw,omitempty"`
	RawBase64 *string `json:"raw_base64,omitempty"`
	Bytes     int64   `json:"bytes"` // of the whole record; raw holds the first megabyte
}

func (s *Server) listRejects(w http.ResponseWriter, r *http.Request, _ account.User) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	if _, err := s.cfg.Ingest.Get(r.Context(), id); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := encoder(stream(w))
	err = s.cfg.Ingest.EachReject(r.Context(), id, func(x ingest.Reject) error {
		j := rejectJSON{Line: x.Line, Offset: x.Offset, Reason: x.Reason, Bytes: x.Bytes}
		if utf8.Valid(x.Raw) {
			text := string(x.Raw)
			j.Raw = &text
		} else {
			text := base64.StdEncoding.EncodeToString(x.Raw)
			j.RawBase64 = &text
		}
		return out.Encode(j)
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errStarted, err)
	}
	return nil
}

func (s *Server) listExamples(w http.ResponseWriter, r *http.Request, u account.User) error {
	if err := knownQuery(r, append([]string{"cursor", "limit"}, browse.FilterNames...)...); err != nil {
		return err
	}
	limit, err := pageLimit(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	f, err := browse.ParseFilter(q.Get)
	if err != nil {
		return err
	}
	if v := viewer(u); v.Reviews && !v.Lead {
		f.Blind = u.ID
	}
	page, err := s.cfg.Browse.List(r.Context(), f, q.Get("cursor"), limit)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i, x := range page.Items {
		ids[i] = x.ID
	}
	found, err := s.cfg.Browse.FindingsOf(r.Context(), ids)
	if err != nil {
		return err
	}
	out := examplesJSON{Items: []itemJSON{}, NextCursor: page.Next}
	for _, x := range page.Items {
		out.Items = append(out.Items, item(x, found[x.ID]))
	}
	return write(w, http.StatusOK, out)
}

// viewer is who asks, as far as it decides what they may see of an example.
func viewer(u account.User) browse.Viewer {
	return browse.Viewer{ID: u.ID, Reviews: u.Can(account.Review), Lead: u.Can(account.Adjudicate)}
}

func (s *Server) showExample(w http.ResponseWriter, r *http.Request, u account.User) error {
	id, err := pathID(r, "example")
	if err != nil {
		return err
	}
	d, err := s.cfg.Browse.GetFor(r.Context(), id, viewer(u))
	if err != nil {
		return err
	}
	if err := s.cfg.Browse.Shown(r.Context(), d, viewer(u)); err != nil {
		return err
	}
	etag := fmt.Sprintf("%q", strconv.Itoa(d.Revision))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return write(w, http.StatusOK, detail(d))
}

func (s *Server) claim(w http.ResponseWriter, r *http.Request, u account.User) error {
	var in claimJSON
	if r.ContentLength != 0 {
		if err := read(r, &in); err != nil {
			return err
		}
	}
	if err := s.known(r.Context(), in.Category, in.Subcategory); err != nil {
		return err
	}
	leases, err := s.cfg.Review.Claim(r.Context(), u.ID, review.Queue{Category: in.Category, Subcategory: in.Subcategory}, 1)
	if err != nil {
		return err
	}
	if len(leases) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	asked := viewer(u)
	asked.Asked = true
	d, err := s.cfg.Browse.GetFor(r.Context(), leases[0].ExampleID, asked)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, claimedJSON{Example: detail(d), LeaseExpiresAt: leases[0].ExpiresAt.UTC()})
}

// known refuses a queue that the catalog does not have: a misspelled category
// would look like an empty one.
func (s *Server) known(ctx context.Context, category, subcategory string) error {
	if category == "" && subcategory == "" {
		return nil
	}
	c, err := s.cfg.Catalog(ctx)
	if err != nil {
		return err
	}
	if category == "" {
		return fault.Fields("Name the category too.", map[string]string{"category": "A subcategory alone is not enough."})
	}
	cat, ok := c.Category(category)
	if !ok || cat.Slug != category {
		return fault.Fields("There is no such category.", map[string]string{"category": fmt.Sprintf("Use one of %v.", c.Slugs())})
	}
	if sub, ok := cat.Subcategory(subcategory); subcategory != "" && (!ok || sub.Slug != subcategory) {
		return fault.Fields("There is no such subcategory.", map[string]string{"subcategory": "See GET /api/v1/stats for those of " + category + "."})
	}
	return nil
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request, u account.User) error {
	id, err := pathID(r, "example")
	if err != nil {
		return err
	}
	var in decideJSON
	if err := read(r, &in); err != nil {
		return err
	}
	d := review.Decision{
		ExampleID: id, Reviewer: u.Actor(), Revision: in.Revision, Seen: example.Status(in.StatusSeen), Verdict: example.Verdict(in.Verdict),
		Reason: in.Reason, Comment: in.Comment, OverrideReason: in.OverrideReason, Checklist: in.Checklist,
		RequestKey: r.Header.Get("Idempotency-Key"), Took: time.Duration(in.Seconds * float64(time.Second)),
		Lead: u.Can(account.Adjudicate),
	}
	if len(in.Messages) > 0 && string(in.Messages) != "null" {
		if d.Messages, err = example.ParseMessages(in.Messages); err != nil {
			return fault.Fields("The messages can't be read.", map[string]string{"messages": err.Error()})
		}
	}
	out, err := s.cfg.Review.Decide(r.Context(), d)
	if errors.Is(err, fault.Conflict) {
		now, getErr := s.cfg.Browse.GetFor(r.Context(), id, viewer(u))
		if getErr != nil {
			return errors.Join(err, getErr)
		}
		if err := s.cfg.Browse.Shown(r.Context(), now, viewer(u)); err != nil {
			return err
		}
		return &conflicted{err: err, example: detail(now)}
	}
	if err != nil {
		return err
	}
	return write(w, http.StatusCreated, decidedJSON{DecisionID: out.DecisionID, Status: string(out.Status), Revision: out.Revision, Informed: out.Informed})
}

func (s *Server) undo(w http.ResponseWriter, r *http.Request, u account.User) error {
	id, err := pathID(r, "decision")
	if err != nil {
		return err
	}
	_, exampleID, err := s.cfg.Review.Undo(r.Context(), u.Actor(), id, u.Can(account.ManageLeases))
	if err != nil {
		return err
	}
	// A program that undoes is not about to decide again on a page: others may
	// have the example at once.
	if err := s.cfg.Review.Release(r.Context(), u.ID, []uuid.UUID{exampleID}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// refusedTrailer counts what an export left out, after its last row.
const refusedTrailer = "Spotter-Refused"

func (s *Server) exportRows(w http.ResponseWriter, r *http.Request, _ account.User) error {
	if err := knownQuery(r, "preset", "plain", "compress", "status", "category", "subcategory"); err != nil {
		return err
	}
	q := r.URL.Query()
	o := export.Options{
		Preset: export.Messages, Status: example.Approved,
		Category: q.Get("category"), Subcategory: q.Get("subcategory"),
	}
	var err error
	if text := q.Get("preset"); text != "" {
		if o.Preset, err = export.ParsePreset(text); err != nil {
			return err
		}
	}
	if o.Preset == export.Llama3 && q.Get("plain") == "true" {
		o.Preset = export.Llama3Plain
	}
	if text := q.Get("status"); text != "" {
		if o.Status = example.Status(text); !o.Status.Valid() {
			return fault.Fields("There is no such status.", map[string]string{"status": "Use pending, approved, rejected or escalated."})
		}
	}
	if err := s.known(r.Context(), o.Category, o.Subcategory); err != nil {
		return err
	}
	kind := q.Get("compress")
	ending, contentType := ".jsonl", "application/x-ndjson"
	switch {
	case o.Preset.Describe().Folder:
		ending, contentType = ".zip", "application/zip"
	case o.Preset == export.Parquet:
		ending, contentType = ".parquet", "application/vnd.apache.parquet"
	}
	if kind != "" {
		more, ok := export.Compressions[kind]
		if !ok || ending == ".zip" {
			return fault.Fields("This can't be compressed so.", map[string]string{"compress": "Use gzip or zstd, and neither for what is a zip."})
		}
		ending, contentType = ending+more, "application/"+kind
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", string(o.Preset)+ending))
	h.Set("Trailer", refusedTrailer)
	var sum export.Summary
	if ending == ".zip" {
		sum, err = s.cfg.Export.WriteZip(r.Context(), stream(w), o)
	} else {
		sum, err = s.cfg.Export.WriteCompressed(r.Context(), stream(w), kind, o)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errStarted, err)
	}
	h.Set(refusedTrailer, strconv.FormatInt(sum.Refused, 10))
	return nil
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request, _ account.User) error {
	p, err := s.cfg.Report.Progress(r.Context())
	if err != nil {
		return err
	}
	out := statsJSON{Categories: []categoryJSON{}, ComputedAt: p.At.UTC()}
	for _, c := range p.Categories {
		j := categoryJSON{
			Slug: c.Slug, Name: c.Name, Priority: c.Priority, TargetMin: c.TargetMin, TargetMax: c.TargetMax,
			ByStatus: byStatus(c.Counts), Tokens: c.Counts.Tokens, TokensBy: map[string]int64{}, Subcategories: []subcategoryJSON{},
		}
		for status, n := range c.AllTokens {
			j.TokensBy[string(status)] = n
		}
		for _, sub := range c.Subcategories {
			j.Subcategories = append(j.Subcategories, subcategoryJSON{Slug: sub.Slug, Name: sub.Name, Planned: sub.Planned, ByStatus: byStatus(sub.Counts)})
		}
		out.Categories = append(out.Categories, j)
	}
	return write(w, http.StatusOK, out)
}

func byStatus(c report.Counts) map[string]int64 {
	m := map[string]int64{}
	for _, s := range example.Statuses {
		m[string(s)] = c.Of(s)
	}
	return m
}
