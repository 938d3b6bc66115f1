package ui

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/web/templates"
)

const (
	// A download of up to triedRows rows is tried out before it is offered, for
	// at most triedFor.
	triedRows = 50_000
	triedFor  = 5 * time.Second
	// shownRefusals bounds the list of what is left out.
	shownRefusals = 50
)

func (s *Server) downloadRoutes() {
	s.get("/download", account.Export, s.showDownload)
	s.get("/download/{preset}.jsonl", account.Export, s.downloadRows, streaming)
}

// A wanted is what somebody wants to download.
type wanted struct {
	export.Options
	category catalog.Category // zero: all
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
	return strings.Join(parts, "-") + ".jsonl"
}

func (w wanted) url() string {
	q := url.Values{"status": {string(w.Status)}}
	if w.Category != "" {
		q.Set("category", w.Category)
	}
	return "/download/" + string(w.Preset) + ".jsonl?" + q.Encode()
}

// downloadRows handles GET /download/{preset}.jsonl.
func (s *Server) downloadRows(w http.ResponseWriter, r *http.Request) error {
	want, _, err := s.wantedBy(r.Context(), chi.URLParam(r, "preset"), r.URL.Query())
	if err != nil {
		return err
	}
	out := attachment(w, want.file())
	if r.Method == http.MethodHead {
		out.begin()
		return nil
	}
	_, err = s.export.Write(r.Context(), out, want.Options)
	return out.end(err)
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
		sum, tried, err := s.tryDownload(r.Context(), want.Options, expected)
		if err != nil {
			return err
		}
		preflight(&v, want, sum, tried, expected)
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
	}
	for _, preset := range export.Presets() {
		d := preset.Describe()
		v.Preset.Options = append(v.Preset.Options, templates.Option{Value: string(preset), Label: d.Title, Selected: preset == want.Preset})
		if preset == want.Preset {
			v.About, v.Sample = d.For, d.Sample
		}
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

// tryDownload does all of a download but sending it. tried is false where that
// would take too long.
func (s *Server) tryDownload(ctx context.Context, o export.Options, rows int64) (sum export.Summary, tried bool, err error) {
	if rows > triedRows {
		return sum, false, nil
	}
	short, cancel := context.WithTimeout(ctx, triedFor)
	defer cancel()
	sum, err = s.export.Write(short, io.Discard, o)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return export.Summary{}, false, nil
	}
	return sum, err == nil, err
}

// preflight says what a download holds, what it leaves out and what to know
// about it.
func preflight(v *templates.Download, want wanted, sum export.Summary, tried bool, expected int64) {
	note := func(severity, text string, link *templates.Link) {
		v.Checks = append(v.Checks, templates.DownloadCheck{Severity: severity, Text: text, Link: link})
	}
	if want.Status != example.Approved {
		note("warning", "These are "+string(want.Status)+" examples: nobody has approved them for training.", nil)
	}
	if !tried {
		v.Headline = counted(expected, "row", "rows")
		v.Tried = "Counted, not tried: there are too many to do so here."
		note("info", "Examples that this form can't say are left out while it is written. On the command line, spotter export names each of them.", nil)
		return
	}
	v.Headline = counted(sum.Rows, "row", "rows") + ", " + byteSize(sum.Bytes)
	v.Tried = "Tried out just now, to the last row."
	if sum.Refused == 0 {
		note("", "Every example can be said in this form.", nil)
	} else {
		note("error", counted(sum.Refused, "example", "examples")+" can't be said in this form and "+isAre(sum.Refused)+" left out.", &templates.Link{Label: "See which", URL: "#refused"})
	}
	if sum.Weighted > 0 {
		note("warning", counted(sum.Weighted, "example has an answer", "examples have answers")+" marked as not to be trained on. This form has no way to say so: all answers count.", nil)
	}
	if sum.Demo > 0 {
		note("warning", counted(sum.Demo, "row is", "rows are")+" demo data. Remove the demo before you train on this.", nil)
	}
	for _, x := range sum.Refusals[:min(len(sum.Refusals), shownRefusals)] {
		v.Refusals = append(v.Refusals, templates.DownloadRefusal{URL: "/examples/" + x.ID.String(), Where: "…" + x.ID.String()[28:] + ", line " + number(x.Line), Reason: x.Reason})
	}
	if sum.Refused > shownRefusals {
		v.RefusalsNote = "the first " + number(int64(shownRefusals)) + " of " + number(sum.Refused)
	}
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
