package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
)

// words is a list that may also be written as one string.
type words []string

// UnmarshalJSON reads a string or a list of strings.
func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = nil
		if one != "" {
			*w = words{one}
		}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

type orderJSON struct {
	Name           string               `json:"name"`
	Splits         map[string]float64   `json:"splits,omitempty"`
	Seed           int64                `json:"seed,omitempty"`
	Filters        filtersJSON          `json:"filters,omitempty"`
	Limits         map[string]limitJSON `json:"limits,omitempty"` // by category
	Presets        words                `json:"presets,omitempty"`
	Notes          string               `json:"notes,omitempty"`
	Supersedes     string               `json:"supersedes,omitempty"`
	OverrideReason string               `json:"override_reason,omitempty"`
}

type filtersJSON struct {
	Category    words `json:"category,omitempty"`
	Subcategory words `json:"subcategory,omitempty"`
	Source      words `json:"source,omitempty"` // ids or names of files
	Tag         words `json:"tag,omitempty"`    // one of them is enough
}

type limitJSON struct {
	Floor int `json:"floor,omitempty"`
	Cap   int `json:"cap,omitempty"`
}

type releasesJSON struct {
	Items      []releaseJSON `json:"items"`
	NextCursor string        `json:"next_cursor"`
}

type releaseJSON struct {
	ID         uuid.UUID        `json:"id"`
	Name       string           `json:"name"`
	State      string           `json:"state"`
	Items      int64            `json:"items"`
	Tokens     int64            `json:"tokens"`
	Splits     map[string]int64 `json:"splits"`
	Files      []fileJSON       `json:"files"` // of one release; a list of releases leaves them out
	Seed       int64            `json:"seed"`
	Notes      string           `json:"notes"`
	Supersedes string           `json:"supersedes"` // id; empty: none
	Author     string           `json:"author"`
	CreatedAt  time.Time        `json:"created_at"`
	Step       string           `json:"step"` // what is being done
	Done       int64            `json:"done"` // of total, in that step
	Total      int64            `json:"total"`
	Error      string           `json:"error"`
	Withdrawn  string           `json:"withdrawn"` // the reason; empty: it is not
	Override   string           `json:"override_reason"`
	Preflight  []lineJSON       `json:"preflight"`
}

type fileJSON struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows"`
}

type lineJSON struct {
	Key   string      `json:"key"`
	Label string      `json:"label"`
	Green bool        `json:"green"`
	Holds bool        `json:"holds"` // red: the release waits for a lead's reason
	Text  string      `json:"text"`
	Do    string      `json:"do"`
	Rows  int         `json:"rows"`
	First []uuid.UUID `json:"first"`
}

type reasonJSON struct {
	Reason string `json:"reason"`
}

type differenceJSON struct {
	Added   int64       `json:"added"`
	Removed int64       `json:"removed"`
	Changed int64       `json:"changed"`
	Moved   int64       `json:"moved"` // to another split
	Same    int64       `json:"same"`
	Shift   []shiftJSON `json:"shift"`
}

type shiftJSON struct {
	Category    string `json:"category"`
	Subcategory string `json:"subcategory"`
	Old         int64  `json:"old"`
	New         int64  `json:"new"`
}

// ranged are the headers with which a download is taken up or saved.
var ranged = []parameter{
	{name: "Range", about: "bytes of what is served: a download can be taken up"},
	{name: "If-None-Match", about: "an ETag"},
	{name: "If-Range", about: "an ETag"},
}

// rangedAnswers are the answers to a download of that media type.
func rangedAnswers(media string) []answer {
	return []answer{
		{status: http.StatusOK, about: "The bytes; ETag is their SHA-256 in hex", media: media},
		{status: http.StatusPartialContent, about: "The part that Range names", media: media},
		{status: http.StatusNotModified, about: "If-None-Match names this file"},
		{status: http.StatusRequestedRangeNotSatisfiable, about: "Range lies outside of the file"},
	}
}

// releaseTable is the part of the site map about releases.
func (s *Server) releaseTable() []endpoint {
	return []endpoint{
		{
			method: "POST", path: "/releases", permission: account.Release, summary: "Make a release; poll it until its state is built, held or failed",
			body: orderJSON{},
			answers: []answer{
				{status: http.StatusAccepted, about: "A worker chooses its rows, holds them against the preflight and builds the files", body: startedJSON{}},
				{status: http.StatusConflict, about: "The name is taken", media: "application/problem+json"},
			},
			handle: s.createRelease,
		},
		{
			method: "GET", path: "/releases", permission: account.View, summary: "List releases, newest first", query: pageParams,
			answers: []answer{{status: http.StatusOK, about: "A page, without files", body: releasesJSON{}}},
			handle:  s.listReleases,
		},
		{
			method: "GET", path: "/releases/{id}", permission: account.View, summary: "One release with its preflight and files",
			answers: []answer{{status: http.StatusOK, about: "state is draft, held (red lines wait for a lead), frozen (being built), built or failed", body: releaseJSON{}}},
			handle:  s.showRelease,
		},
		{
			method: "GET", path: "/releases/{id}/files/{name}", permission: account.Export, summary: "A file of a release; name may have folders, and with .gz or .zst added it is compressed",
			header: ranged, answers: rangedAnswers("application/octet-stream"),
			handle: s.releaseFile,
		},
		{
			method: "GET", path: "/releases/{id}/zip", permission: account.Export, summary: "All files of a release in one zip, not compressed, the same bytes every time",
			header: ranged, answers: rangedAnswers("application/zip"),
			handle: s.releaseZip,
		},
		{
			method: "POST", path: "/releases/{id}/override", permission: account.Overrule, summary: "Let the red lines of a held release stand, with a reason that its manifest carries",
			body:    reasonJSON{},
			answers: []answer{{status: http.StatusAccepted, about: "It goes on", body: releaseJSON{}}},
			handle:  s.overrideRelease,
		},
		{
			method: "POST", path: "/releases/{id}/retry", permission: account.Release, summary: "Look again at a release that is held or failed",
			answers: []answer{{status: http.StatusAccepted, about: "It goes on", body: releaseJSON{}}},
			handle:  s.retryRelease,
		},
		{
			method: "POST", path: "/releases/{id}/discard", permission: account.Release, summary: "Give up a release that is held; its name is free again",
			answers: []answer{{status: http.StatusOK, about: "Discarded", body: releaseJSON{}}},
			handle:  s.discardRelease,
		},
		{
			method: "POST", path: "/releases/{id}/withdraw", permission: account.Overrule, summary: "Say that nobody should train on a release any more; its files stay",
			body:    reasonJSON{},
			answers: []answer{{status: http.StatusOK, about: "Withdrawn", body: releaseJSON{}}},
			handle:  s.withdrawRelease,
		},
		{
			method: "GET", path: "/releases/{id}/diff", permission: account.View, summary: "What changed from another release to this one",
			query:   []parameter{{name: "with", about: "id or name of the other, older release"}},
			answers: []answer{{status: http.StatusOK, about: "Counts of rows, and rows by subcategory", body: differenceJSON{}}},
			handle:  s.diffRelease,
		},
	}
}

func (s *Server) createRelease(w http.ResponseWriter, r *http.Request, u account.User) error {
	var in orderJSON
	if err := read(r, &in); err != nil {
		return err
	}
	if strings.TrimSpace(in.OverrideReason) != "" && !u.Can(account.Overrule) {
		return fault.New(fault.Forbidden, "Your role, %s, can't let red lines stand. Leave override_reason out, and ask a lead if the release is held.", u.Role)
	}
	o := release.Order{
		Name: in.Name, Notes: in.Notes, Supersedes: in.Supersedes, By: u.Actor(), Override: in.OverrideReason,
		Spec: release.Spec{
			Seed: in.Seed, Splits: release.SplitsOf(in.Splits), Presets: in.Presets,
			Filters: release.Filters{Categories: in.Filters.Category, Subcategories: in.Filters.Subcategory, Sources: in.Filters.Source, Tags: in.Filters.Tag},
		},
	}
	for category, l := range in.Limits {
		if o.Spec.Limits == nil {
			o.Spec.Limits = map[string]release.Limit{}
		}
		o.Spec.Limits[category] = release.Limit(l)
	}
	rel, err := s.cfg.Releases.Create(r.Context(), o)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/releases/"+rel.ID.String())
	return write(w, http.StatusAccepted, startedJSON{ID: rel.ID, State: string(rel.State)})
}

func (s *Server) listReleases(w http.ResponseWriter, r *http.Request, _ account.User) error {
	if err := knownQuery(r, "cursor", "limit"); err != nil {
		return err
	}
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
	all, err := s.cfg.Releases.List(r.Context(), before, limit)
	if err != nil {
		return err
	}
	page := releasesJSON{Items: []releaseJSON{}}
	for _, rel := range all {
		page.Items = append(page.Items, releaseShape(rel, nil))
	}
	if len(all) == limit {
		page.NextCursor = all[len(all)-1].ID.String()
	}
	return write(w, http.StatusOK, page)
}

func releaseShape(r release.Release, files []release.File) releaseJSON {
	j := releaseJSON{
		ID: r.ID, Name: r.Name, State: string(r.State), Items: r.Items, Tokens: r.Tokens, Splits: map[string]int64{}, Files: []fileJSON{},
		Seed: r.Spec.Seed, Notes: r.Notes, Author: r.Author, CreatedAt: r.CreatedAt, Step: r.Step, Done: r.Done, Total: r.Total, Error: r.Error,
		Override: r.Override.Reason, Preflight: []lineJSON{},
	}
	if r.Supersedes != nil {
		j.Supersedes = r.Supersedes.String()
	}
	if r.Withdrawn != nil {
		j.Withdrawn = r.Withdrawn.Reason
	}
	for _, p := range r.Spec.Splits {
		j.Splits[p.Name] = 0
	}
	for _, p := range r.Splits() {
		j.Splits[p.Split] = p.Rows
	}
	for _, f := range files {
		j.Files = append(j.Files, fileJSON{f.Name, f.Bytes, f.Hex(), f.Rows})
	}
	for _, l := range r.Preflight {
		j.Preflight = append(j.Preflight, lineJSON{l.Key, l.Label, l.Green, l.Holds, l.Text, l.Do, l.Rows, append([]uuid.UUID{}, l.First...)})
	}
	return j
}

// theRelease is the one that the path names, by id or by name.
func (s *Server) theRelease(r *http.Request) (release.Release, error) {
	name, err := url.PathUnescape(chi.URLParam(r, "id"))
	if err != nil {
		return release.Release{}, fault.New(fault.NotFound, "There is no such release.")
	}
	return s.cfg.Releases.Find(r.Context(), name)
}

func (s *Server) showRelease(w http.ResponseWriter, r *http.Request, _ account.User) error {
	return s.answerRelease(w, r, http.StatusOK)
}

func (s *Server) answerRelease(w http.ResponseWriter, r *http.Request, status int) error {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	var rel release.Release
	if err == nil {
		rel, err = s.cfg.Releases.Get(r.Context(), id) // a discarded one has no name
	} else {
		rel, err = s.theRelease(r)
	}
	if err != nil {
		return err
	}
	files, err := s.cfg.Releases.Files(r.Context(), rel.ID)
	if err != nil {
		return err
	}
	if rel.State != release.Built {
		files = nil // hashes of a build that is not over are nobody's business yet
	}
	return write(w, status, releaseShape(rel, files))
}

// changeRelease does something to the release of the path and answers with it.
func (s *Server) changeRelease(w http.ResponseWriter, r *http.Request, status int, do func(id uuid.UUID) error) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	if err := do(rel.ID); err != nil {
		return err
	}
	chi.RouteContext(r.Context()).URLParams.Add("id", rel.ID.String())
	return s.answerRelease(w, r, status)
}

func (s *Server) overrideRelease(w http.ResponseWriter, r *http.Request, u account.User) error {
	var in reasonJSON
	if err := read(r, &in); err != nil {
		return err
	}
	return s.changeRelease(w, r, http.StatusAccepted, func(id uuid.UUID) error {
		return s.cfg.Releases.OverrideRed(r.Context(), id, u.Actor(), in.Reason)
	})
}

func (s *Server) retryRelease(w http.ResponseWriter, r *http.Request, u account.User) error {
	return s.changeRelease(w, r, http.StatusAccepted, func(id uuid.UUID) error { return s.cfg.Releases.Retry(r.Context(), id, u.Actor()) })
}

func (s *Server) discardRelease(w http.ResponseWriter, r *http.Request, u account.User) error {
	return s.changeRelease(w, r, http.StatusOK, func(id uuid.UUID) error { return s.cfg.Releases.Discard(r.Context(), id, u.Actor()) })
}

func (s *Server) withdrawRelease(w http.ResponseWriter, r *http.Request, u account.User) error {
	var in reasonJSON
	if err := read(r, &in); err != nil {
		return err
	}
	return s.changeRelease(w, r, http.StatusOK, func(id uuid.UUID) error {
		return s.cfg.Releases.Withdraw(r.Context(), id, u.Actor(), in.Reason)
	})
}

func (s *Server) diffRelease(w http.ResponseWriter, r *http.Request, _ account.User) error {
	if err := knownQuery(r, "with"); err != nil {
		return err
	}
	newer, err := s.theRelease(r)
	if err != nil {
		return err
	}
	with := r.URL.Query().Get("with")
	if with == "" {
		return fault.Fields("Name the other release.", map[string]string{"with": "Give its id or name."})
	}
	older, err := s.cfg.Releases.Find(r.Context(), with)
	if err != nil {
		return err
	}
	d, err := s.cfg.Releases.Compare(r.Context(), older, newer)
	if err != nil {
		return err
	}
	j := differenceJSON{d.Added, d.Removed, d.Changed, d.Moved, d.Same, []shiftJSON{}}
	for _, x := range d.Shift {
		j.Shift = append(j.Shift, shiftJSON{x.Category, x.Subcategory, x.Old, x.New})
	}
	return write(w, http.StatusOK, j)
}

// releaseFile serves a file with ranges and validators, as http.ServeContent has
// them.
func (s *Server) releaseFile(w http.ResponseWriter, r *http.Request, _ account.User) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	name, err := url.PathUnescape(chi.URLParam(r, "*"))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such file.")
	}
	f, info, err := s.cfg.Releases.Open(r.Context(), rel, name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	release.Serve(patient{w}, r, f, info)
	return nil
}

func (s *Server) releaseZip(w http.ResponseWriter, r *http.Request, _ account.User) error {
	rel, err := s.theRelease(r)
	if err != nil {
		return err
	}
	if rel.State != release.Built {
		return fault.New(fault.Conflict, "The release %s is not built: it is %s.", rel.Name, rel.State)
	}
	f, info, err := s.cfg.Releases.OpenZip(r.Context(), rel)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	release.Serve(patient{w}, r, f, info)
	return nil
}

// patient gives every write of a download its own time.
type patient struct{ http.ResponseWriter }

func (p patient) Write(b []byte) (int, error) { return stream(p.ResponseWriter).Write(b) }

// Unwrap lets http.ResponseController through.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }
