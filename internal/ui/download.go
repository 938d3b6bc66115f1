package ui

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

const (
	// A download of up to triedRows rows is tried out before it is offered, for
	// at most triedFor.
	triedRows = 50_000
	triedFor  = 5 * time.Second
	// Up to checkedRows of them are held against the rules of their platform, which
	// takes longer than writing them.
	checkedRows = 10_000
	// shownRefusals bounds the list of what is left out.
	shownRefusals = 50
)

func (s *Server) downloadRoutes() {
	s.get("/download", account.Export, s.showDownload)
	s.get("/download/{file}", account.Export, s.downloadRows, streaming)
}

// A wanted is what somebody wants to download.
type wanted struct {
	export.Options
	category catalog.Category // zero: all
	ending   string           // of the file: which kind it is
}

// The endings of downloads.
const (
	endJSONL   = ".jsonl"
	endGzip    = ".jsonl.gz"
	endZstd    = ".jsonl.zst"
	endParquet = ".parquet"
	endZip     = ".zip"
)

// endings tells of each kind of file what it is called and its content type.
var endings = map[string]struct{ name, contentType string }{
	endJSONL:   {"JSON Lines", "application/x-ndjson"},
	endGzip:    {"gzip", "application/gzip"},
	endZstd:    {"zstd", "application/zstd"},
	endParquet: {"Parquet", "application/vnd.apache.parquet"},
	endZip:     {"zip", "application/zip"},
}

// endingsOf lists the kinds of file in which a preset comes, the best first.
func endingsOf(p export.Preset) []string {
	switch {
	case p.Describe().Folder:
		return []string{endZip}
	case p == export.Parquet:
		return []string{endParquet, endZip}
	}
	return []string{endJSONL, endGzip, endZstd}
}

// wantedBy reads what a query asks for; preset may be empty.
func (s *Server) wantedBy(ctx context.Context, preset string, q url.Values) (wanted, *catalog.Catalog, error) {
	w := wanted{Options: export.Options{Preset: export.Messages, Status: example.Approved}}
	if preset != "" {
		var err error
		if w.Preset, err = export.ParsePreset(preset); err != nil {
			return w, nil, fault.New(fault.NotFound, "There is no download of this kind. Choose one on the download page.")
		}
	}
	w.ending = endingsOf(w.Preset)[0]
	if status := q.Get("status"); status != "" {
		if w.Status = example.Status(status); !w.Status.Valid() {
			return w, nil, fault.New(fault.NotFound, "There is no such status. Choose one on the download page.")
		}
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return w, nil, err
	}
	if slug := q.Get("category"); slug != "" {
		if w.category, err = categoryOf(c, slug); err != nil {
			return w, nil, err
		}
		w.Category = w.category.Slug
	}
	return w, c, nil
}

// file is the name under which the download is saved.
func (w wanted) file() string {
	parts := []string{"spotter", string(w.Preset), string(w.Status)}
	if w.Category != "" {
		parts = append(parts, fileName(w.Category))
	}
	return strings.Join(parts, "-") + w.ending
}

func (w wanted) url() string {
	q := url.Values{"status": {string(w.Status)}}
	if w.Category != "" {
		q.Set("category", w.Category)
	}
	return "/download/" + string(w.Preset) + w.ending + "?" + q.Encode()
}

// downloadRows handles GET /download/{file}: the name of a preset and an ending.
func (s *Server) downloadRows(w http.ResponseWriter, r *http.Request) error {
	name, ending := chi.URLParam(r, "file"), ""
	if i := strings.IndexByte(name, '.'); i >= 0 {
		name, ending = name[:i], name[i:]
	}
	want, _, err := s.wantedBy(r.Context(), name, r.URL.Query())
	if err != nil {
		return err
	}
	if name == "" || !slices.Contains(endingsOf(want.Preset), ending) {
		return fault.New(fault.NotFound, "There is no download of this kind. Choose one on the download page.")
	}
	want.ending = ending
	out := attachment(w, want.file())
	w.Header().Set("Content-Type", endings[ending].contentType)
	if r.Method == http.MethodHead {
		out.begin()
		return nil
	}
	return out.end(s.writeDownload(r.Context(), out, want))
}

func (s *Server) writeDownload(ctx context.Context, out io.Writer, want wanted) (err error) {
	switch want.ending {
	case endZip:
		_, err = s.export.WriteZip(ctx, out, want.Options)
	case endGzip:
		_, err = s.export.WriteCompressed(ctx, out, "gzip", want.Options)
	case endZstd:
		_, err = s.export.WriteCompressed(ctx, out, "zstd", want.Options)
	default:
		_, err = s.export.Write(ctx, out, want.Options)
	}
	return err
}

// showDownload handles GET /download.
func (s *Server) showDownload(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	want, c, err := s.wantedBy(r.Context(), q.Get("preset"), q)
	if err != nil {
		return err
	}
	p, err := s.figures.Progress(r.Context())
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	v := downloadView(want, c, p)
	expected := int64(0)
	for _, k := range p.Categories {
		if n := k.Counts.Of(want.Status); n > 0 && (want.Category == "" || want.Category == k.Slug) {
			expected += n
			v.Rows = append(v.Rows, templates.DownloadRow{Name: k.Name, Count: number(n), URL: examplesURL(k.Slug, "", want.Status)})
		}
	}
	if expected == 0 {
		v.Nothing = nothingToDownload(want, u.Can(account.Review))
	} else {
		t, err := s.tryDownload(r.Context(), want.Options, expected)
		if err != nil {
			return err
		}
		var refused []uuid.UUID
		for _, x := range t.sum.Refusals[:min(len(t.sum.Refusals), shownRefusals)] {
			refused = append(refused, x.ID)
		}
		places, err := s.places(r.Context(), refused)
		if err != nil {
			return err
		}
		preflight(&v, want, t, expected, places)
	}
	page := s.frame(w, r, "Download", templates.SectionDownload)
	page.Styles = importStyles()
	return s.show(w, r, templates.DownloadPage(page, v))
}

func downloadView(want wanted, c *catalog.Catalog, p report.Progress) templates.Download {
	v := templates.Download{
		Preset:   templates.Choice{Name: "preset", Label: "Form"},
		Status:   templates.Choice{Name: "status", Label: "Examples"},
		Category: templates.Choice{Name: "category", Label: "Category", Options: []templates.Option{{Label: "All", Selected: want.Category == ""}}},
		File:     want.file(), URL: want.url(),
		Form: downloadForm(want, want.Preset), Sample: want.Preset.Describe().Sample, Zip: want.ending == endZip, Groups: downloadForms(want),
	}
	for _, ending := range endingsOf(want.Preset)[1:] {
		other := want
		other.ending = ending
		v.Others = append(v.Others, templates.Link{Label: endings[ending].name, URL: other.url()})
	}
	for _, preset := range export.Presets() {
		v.Preset.Options = append(v.Preset.Options, templates.Option{Value: string(preset), Label: preset.Describe().Title, Selected: preset == want.Preset})
	}
	for _, status := range statuses {
		label := strings.ToUpper(string(status[:1])) + string(status[1:]) + " (" + number(p.Total.Of(status)) + ")"
		v.Status.Options = append(v.Status.Options, templates.Option{Value: string(status), Label: label, Selected: status == want.Status})
	}
	for _, cat := range c.Categories {
		v.Category.Options = append(v.Category.Options, templates.Option{Value: cat.Slug, Label: cat.Name, Selected: cat.Slug == want.Category})
	}
	return v
}

func nothingToDownload(want wanted, reviews bool) *templates.Empty {
	where := "No example"
	if want.category.Name != "" {
		where += " of " + want.category.Name
	}
	e := &templates.Empty{
		Title: "Nothing to download", Text: where + " is " + string(want.Status) + " now.",
		Actions: []templates.Link{{Label: "See all examples", URL: "/examples"}},
	}
	if want.Status == example.Approved {
		e.Text += " Downloads hold what reviewers approved."
	}
	if reviews && want.Status == example.Approved {
		e.Actions = append(e.Actions, templates.Link{Label: "Review", URL: "/review", Icon: "review"})
	}
	return e
}

// downloadForms lists every preset, by group, each with the link that chooses it.
func downloadForms(want wanted) []templates.DownloadGroup {
	var groups []templates.DownloadGroup
	for _, p := range export.Presets() {
		name := string(p.Describe().Group)
		k := slices.IndexFunc(groups, func(g templates.DownloadGroup) bool { return g.Name == name })
		if k < 0 {
			k = len(groups)
			groups = append(groups, templates.DownloadGroup{Name: name, ID: "forms-" + strconv.Itoa(k+1)})
		}
		groups[k].Forms = append(groups[k].Forms, downloadForm(want, p))
	}
	return groups
}

func downloadForm(want wanted, p export.Preset) templates.DownloadForm {
	d := p.Describe()
	q := url.Values{"preset": {string(p)}, "status": {string(want.Status)}}
	if want.Category != "" {
		q.Set("category", want.Category)
	}
	f := templates.DownloadForm{
		Name: string(p), Title: d.Title, For: d.For, Refuses: d.Refuses, Tools: d.Tools, Limits: d.Limits, Source: d.Source,
		Here: p == want.Preset, URL: "/download?" + q.Encode(),
	}
	if d.Folder {
		f.Files = p.FileNames()
	}
	return f
}

// A tryout is a download that was done but not sent.
type tryout struct {
	done             bool // to the last row
	sum              export.Summary
	checked          bool // and held against the rules of the platform
	errors, warnings int64
	problems         []export.Problem // the first of them
}

// tryDownload does all of a download but sending it, and holds its rows against
// the rules of its platform. It is not done where that would take too long.
func (s *Server) tryDownload(ctx context.Context, o export.Options, rows int64) (tryout, error) {
	if rows > triedRows {
		return tryout{}, nil
	}
	short, cancel := context.WithTimeout(ctx, triedFor)
	defer cancel()
	var t tryout
	var err error
	if rows > checkedRows || o.Preset == export.Parquet { // which has no lines
		t.sum, err = s.export.Write(short, io.Discard, o)
	} else {
		err = t.check(short, s.export, o)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return tryout{}, nil
	}
	t.done = err == nil
	return t, err
}

// check writes the rows into a validator.
func (t *tryout) check(ctx context.Context, from *export.Service, o export.Options) error {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		sum, err := from.Write(ctx, w, o)
		t.sum = sum
		_ = w.CloseWithError(err) // never fails
		written <- err
	}()
	v := o.Preset.NewChecker(nil).File("the download")
	err := v.Read(ctx, r, func(p export.Problem) {
		if len(t.problems) < shownRefusals {
			t.problems = append(t.problems, p)
		}
	})
	_ = r.CloseWithError(err) // the writer stops; closing never fails
	if wrong := <-written; wrong != nil {
		return wrong
	}
	t.checked, t.errors, t.warnings = err == nil, v.Errors, v.Warnings
	return err
}

// preflight says what a download holds, what it leaves out and what to know
// about it.
func preflight(v *templates.Download, want wanted, t tryout, expected int64, places map[uuid.UUID]browse.Place) {
	sum := t.sum
	note := func(severity, text string, link *templates.Link) {
		v.Checks = append(v.Checks, templates.DownloadCheck{Severity: severity, Text: text, Link: link})
	}
	if want.Status != example.Approved {
		note("warning", "These are "+string(want.Status)+" examples: nobody has approved them for training.", nil)
	}
	if !t.done {
		v.Headline = counted(expected, "row", "rows")
		v.Tried = "Counted, not tried: there are too many to do so here."
		note("info", "Examples that this form can't say are left out while it is written. On the command line, spotter export names each of them.", nil)
		return
	}
	v.Headline = counted(sum.Rows, "row", "rows")
	if want.ending != endZip { // how small that gets is seen when it is made
		v.Headline += ", " + byteSize(sum.Bytes)
	}
	v.Tried = "Tried out just now, to the last row."
	if sum.Refused == 0 {
		note("", "Every example can be said in this form.", nil)
	} else {
		note("error", counted(sum.Refused, "example", "examples")+" can't be said in this form and "+isAre(sum.Refused)+" left out.", &templates.Link{Label: "See which", URL: "#refused"})
	}
	t.say(v, want.Preset.Describe().Title, note)
	if sum.Weighted > 0 {
		note("warning", counted(sum.Weighted, "example has an answer", "examples have answers")+" marked as not to be trained on. This form has no way to say so: all answers count.", nil)
	}
	if sum.Demo > 0 {
		note("warning", counted(sum.Demo, "row is", "rows are")+" demo data. Remove the demo before you train on this.", nil)
	}
	for _, x := range sum.Refusals[:min(len(sum.Refusals), shownRefusals)] {
		v.Refusals = append(v.Refusals, templates.DownloadRefusal{URL: "/examples/" + x.ID.String(), Where: cameFrom(places, x.ID), Reason: x.Reason})
	}
	if sum.Refused > shownRefusals {
		v.RefusalsNote = "the first " + number(int64(shownRefusals)) + " of " + number(sum.Refused)
	}
}

// say tells what the platform would say about the file.
func (t tryout) say(v *templates.Download, platform string, note func(severity, text string, link *templates.Link)) {
	switch link := (&templates.Link{Label: "See what", URL: "#problems"}); {
	case !t.checked && t.sum.Rows+t.sum.Refused > checkedRows:
		note("info", "These are too many to hold against the rules of "+platform+" here. On the command line, spotter check does.", nil)
	case !t.checked:
		return
	case t.errors > 0:
		note("error", "By the rules of "+platform+" there is "+counted(t.errors, "error", "errors")+" in it.", link)
	case t.warnings > 0:
		note("info", "Every row keeps the rules of "+platform+", with "+counted(t.warnings, "warning", "warnings")+".", link)
	default:
		note("", "Every row keeps the rules of "+platform+".", nil)
	}
	for _, p := range t.problems {
		x := templates.DownloadProblem{Severity: string(p.Severity), Where: "The file", Text: draw.Plain(p.Text)}
		if p.Line > 0 {
			x.Where = "Line " + number(p.Line)
		}
		v.Problems = append(v.Problems, x)
	}
	if all := t.errors + t.warnings; all > int64(len(t.problems)) {
		v.ProblemsNote = "the first " + number(int64(len(t.problems))) + " of " + number(all)
	}
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
