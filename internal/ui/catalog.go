package ui

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/web/templates"
)

// Catalogs keeps the catalog and its versions: catalog.Store.
type Catalogs interface {
	CurrentVersion(ctx context.Context) (*catalog.Catalog, int, error)
	Save(ctx context.Context, c *catalog.Catalog, seen int, by audit.Actor, reason string) (int, error)
	Versions(ctx context.Context) ([]catalog.Version, error)
}

const (
	maxCatalogBytes = 16 << 20
	shownVersions   = 20
)

// listCatalog handles GET /catalog.
func (s *Server) listCatalog(w http.ResponseWriter, r *http.Request) error {
	v, err := s.catalogView(r)
	if err != nil {
		return err
	}
	return s.show(w, r, templates.CatalogListPage(s.frame(w, r, "Catalog", templates.SectionCatalog), v))
}

// downloadCatalog handles GET /catalog.zip.
func (s *Server) downloadCatalog(w http.ResponseWriter, r *http.Request) error {
	c, version, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	var buf bytes.Buffer // a catalog is small, and an error must not leave half a file
	if err := c.Zip(&buf); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="catalog-%d.zip"`, version))
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	h.Set("Cache-Control", "no-store")
	_, err = buf.WriteTo(w)
	return err
}

// uploadCatalog handles POST /catalog: another catalog, as a zip file.
func (s *Server) uploadCatalog(w http.ResponseWriter, r *http.Request) error {
	c, version, reason, err := readCatalog(r)
	if err == nil {
		u, _ := userOf(r.Context())
		version, err = s.catalogs.Save(r.Context(), c, version, u.Actor(), reason)
	}
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Conflict || f.Kind == fault.TooLarge) {
		v, err := s.catalogView(r)
		if err != nil {
			return err
		}
		v.Problem, v.Problems, v.Reason.Value = f.Msg, sentences(f.Fields), reason
		s.render(w, r, statusOf[f.Kind], templates.CatalogListPage(s.frame(w, r, "Catalog", templates.SectionCatalog), v))
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "The catalog is loaded. It is version "+strconv.Itoa(version)+"."); err != nil {
		return err
	}
	redirect(w, r, "/catalog")
	return nil
}

// readCatalog reads the upload: the catalog, the version that was seen, and
// why.
func readCatalog(r *http.Request) (c *catalog.Catalog, seen int, reason string, err error) {
	if err := r.ParseMultipartForm(maxCatalogBytes); err != nil {
		return nil, 0, "", malformed(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files of the upload; the system sweeps what stays
	reason = strings.TrimSpace(r.PostForm.Get("reason"))
	if seen, err = strconv.Atoi(r.PostForm.Get("version")); err != nil {
		return nil, 0, reason, malformed(err)
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		return nil, seen, reason, fault.Wrap(fault.Invalid, err, "Choose the zip file of a catalog.")
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, seen, reason, fmt.Errorf("read uploaded catalog: %w", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, seen, reason, fault.Wrap(fault.Invalid, err, "This file is not a zip archive. Choose one like the download gives.")
	}
	c, err = catalog.Load(archive)
	return c, seen, reason, err
}

// sentences writes the mistakes of a catalog one by one, in the order of their
// places.
func sentences(fields map[string]string) []string {
	var out []string
	for _, place := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, place+": "+fields[place])
	}
	return out
}

func (s *Server) catalogView(r *http.Request) (templates.CatalogList, error) {
	ctx, now := r.Context(), s.now()
	c, version, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return templates.CatalogList{}, err
	}
	versions, err := s.catalogs.Versions(ctx)
	if err != nil {
		return templates.CatalogList{}, err
	}
	u, _ := userOf(ctx)
	v := templates.CatalogList{
		Name: c.Name, Description: c.Description, Version: strconv.Itoa(version), MayEdit: u.Can(account.ManageCatalog),
		Reason: templates.Field{ID: "upload-reason", Name: "reason", Label: "Why", Optional: true, Hint: "One line for the history."},
	}
	for _, cat := range c.Categories {
		v.Categories = append(v.Categories, templates.CatalogRow{
			Name: cat.Name, URL: "/catalog/" + url.PathEscape(cat.Slug), Description: cat.Description, Priority: cat.Priority,
			Target: span(cat.Target.Min, cat.Target.Max), Approvals: strconv.Itoa(cat.Approvals),
			Subcategories: strconv.Itoa(len(cat.Subcategories)), Answer: answerWord(cat.Answer.Kind),
		})
	}
	for _, p := range c.Platforms {
		v.Platforms = append(v.Platforms, platformView(p))
	}
	for _, ver := range versions[:min(len(versions), shownVersions)] {
		v.History = append(v.History, templates.CatalogVersion{
			Version: strconv.Itoa(ver.Number), Who: cmp.Or(ver.Author, "Spotter"), Reason: ver.Reason,
			At: moment(ver.At, now), Current: ver.Number == version,
		})
	}
	return v, nil
}

func platformView(p catalog.Platform) templates.CatalogPlatform {
	v := templates.CatalogPlatform{Name: p.Name, Model: p.Model, MaxTokens: "not known", Price: "not known", Note: p.Note}
	if p.MaxTokens > 0 {
		v.MaxTokens = counted(p.MaxTokens, "token", "tokens")
	}
	if p.USDPerMillionTokens != nil {
		v.Price = "$" + strconv.FormatFloat(*p.USDPerMillionTokens, 'f', 2, 64) + " per million tokens"
		v.Price += " (as of " + cmp.Or(p.PriceAsOf, "an unknown date") + ")"
	}
	return v
}

// answerWord says what kind of answer the model gives.
func answerWord(kind string) string {
	switch kind {
	case catalog.KindJSON:
		return "structured"
	case catalog.KindMarkdown:
		return "text"
	case catalog.KindAny:
		return "structured or text"
	}
	return kind
}

// showCategory handles GET /catalog/{slug}.
func (s *Server) showCategory(w http.ResponseWriter, r *http.Request) error {
	c, version, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	cat, err := categoryOf(c, chi.URLParam(r, "slug"))
	if err != nil {
		return err
	}
	v, err := s.categoryPage(r, cat)
	if err != nil {
		return err
	}
	if u, _ := userOf(r.Context()); u.Can(account.ManageCatalog) {
		form := categoryForm(cat, version)
		v.Form = &form
	}
	return s.show(w, r, templates.CatalogCategoryPage(s.frame(w, r, cat.Name, templates.SectionCatalog), v))
}

// categoryOf finds a category by its slug alone, so that each has one address.
func categoryOf(c *catalog.Catalog, slug string) (catalog.Category, error) {
	for _, cat := range c.Categories {
		if cat.Slug == slug {
			return cat, nil
		}
	}
	return catalog.Category{}, fault.New(fault.NotFound, "The catalog has no category of this name.")
}

func (s *Server) categoryPage(r *http.Request, cat catalog.Category) (templates.CatalogCategory, error) {
	u, _ := userOf(r.Context())
	guidelines, err := markdown(cat.Guidelines)
	if err != nil {
		return templates.CatalogCategory{}, fmt.Errorf("guidelines of %s: %w", cat.Slug, err)
	}
	v := templates.CatalogCategory{
		Name: cat.Name, Slug: cat.Slug, Description: cat.Description, Priority: cat.Priority,
		Facts: categoryFacts(cat), ExamplesURL: examplesURL(cat.Slug, "", ""),
		Guidelines: guidelines, SystemPrompt: cat.SystemPrompt,
	}
	if u.Can(account.Review) {
		v.ReviewURL = "/review/" + url.PathEscape(cat.Slug)
	}
	for _, sub := range cat.Subcategories {
		row := templates.CatalogSubcategory{
			Name: sub.Name, Slug: sub.Slug, Description: sub.Description, URL: examplesURL(cat.Slug, sub.Slug, ""),
			Planned: "not planned", Band: "–",
		}
		if sub.Planned > 0 {
			row.Planned = number(sub.Planned)
		}
		if b := sub.ConfidenceBand; b != nil {
			row.Band = fmt.Sprintf("%.2f–%.2f", b.Min, b.Max)
		}
		v.Subcategories = append(v.Subcategories, row)
	}
	for _, item := range cat.Checklist {
		v.Checklist = append(v.Checklist, templates.CatalogCheck{Text: item.Text, Help: item.Help, ProvedBy: strings.Join(item.ProvedBy, ", ")})
	}
	for _, reason := range cat.RejectReasons {
		v.Reasons = append(v.Reasons, reason.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(cat.Vocabularies)) {
		v.Vocabularies = append(v.Vocabularies, templates.Fact{Name: name, Value: strings.Join(cat.Vocabularies[name], ", ")})
	}
	rules := lint.Rules()
	for _, check := range cat.Checks {
		rule := templates.CatalogRule{Rule: check.Rule, Severity: check.Severity, Off: check.Off}
		if i := slices.IndexFunc(rules, func(r lint.Rule) bool { return r.ID == check.Rule }); i >= 0 {
			rule.Summary = rules[i].Summary
		}
		for _, name := range slices.Sorted(maps.Keys(check.Params)) {
			rule.Settings = append(rule.Settings, templates.Fact{Name: strings.ReplaceAll(name, "_", " "), Value: settingWords(check.Params[name])})
		}
		v.Checks = append(v.Checks, rule)
	}
	for _, schema := range cat.Schemas {
		v.Schemas = append(v.Schemas, templates.CatalogSchema{Title: "Shape of the answer: " + schema.Name, JSON: indented(schema.JSON)})
	}
	return v, nil
}

// settingWords writes a rule's setting as people do: a list with commas, a text
// without quotes, anything else as the catalog has it.
func settingWords(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return string(raw)
	}
	words := make([]string, len(list))
	for i, one := range list {
		words[i] = settingWords(one)
	}
	return strings.Join(words, ", ")
}

func categoryFacts(cat catalog.Category) []templates.Fact {
	facts := []templates.Fact{
		{Name: "Target", Value: span(cat.Target.Min, cat.Target.Max) + " approved examples"},
		{Name: "Priority", Value: cat.Priority},
		{Name: "Approvals needed", Value: strconv.Itoa(cat.Approvals)},
		{Name: "Answer", Value: answerWord(cat.Answer.Kind)},
		{Name: "Name in files", Value: cat.Slug},
	}
	if len(cat.Aliases) > 0 {
		facts = append(facts, templates.Fact{Name: "Also known as", Value: strings.Join(cat.Aliases, ", ")})
	}
	for _, d := range cat.Dimensions {
		var values []string
		for _, value := range d.Values {
			values = append(values, value.Name)
		}
		facts = append(facts, templates.Fact{Name: d.Name, Value: strings.Join(values, ", ")})
	}
	return facts
}

// decimal writes a number between 0 and 1 as people write confidences.
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// indented makes stored JSON readable; what is not JSON is shown as it is.
func indented(doc []byte) string {
	var buf bytes.Buffer
	if err := json.Indent(&buf, doc, "", "  "); err != nil {
		return string(doc)
	}
	return buf.String()
}

// editCategory handles POST /catalog/{slug}.
func (s *Server) editCategory(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	c, version, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	cat, err := categoryOf(c, chi.URLParam(r, "slug"))
	if err != nil {
		return err
	}
	seen, err := strconv.Atoi(r.PostForm.Get("version"))
	if err != nil {
		return malformed(err)
	}
	edited, wrong := applyForm(cat, r.PostForm)
	if len(wrong) > 0 {
		err = fault.Fields("Nothing was saved. Correct what is marked.", wrong)
	} else {
		err = s.saveCategory(r, c, edited, seen)
	}
	f, ok := fault.As(err)
	switch {
	case err == nil:
		if err := s.flash(w, r, templates.FlashSuccess, cat.Name+" is saved as a new version of the catalog."); err != nil {
			return err
		}
		redirect(w, r, "/catalog/"+url.PathEscape(cat.Slug))
		return nil
	case !ok || f.Kind != fault.Invalid && f.Kind != fault.Conflict:
		return err
	}
	v, err := s.categoryPage(r, cat)
	if err != nil {
		return err
	}
	form := retyped(categoryForm(edited, version), r.PostForm)
	form.Problem, form.Open = f.Msg, true
	form.Problems = mark(&form, f.Fields, slices.IndexFunc(c.Categories, func(k catalog.Category) bool { return k.Slug == cat.Slug }))
	v.Form = &form
	s.render(w, r, statusOf[f.Kind], templates.CatalogCategoryPage(s.frame(w, r, cat.Name, templates.SectionCatalog), v))
	return nil
}

// saveCategory stores the catalog with one category replaced.
func (s *Server) saveCategory(r *http.Request, c *catalog.Catalog, edited catalog.Category, seen int) error {
	next := *c // the one in force is shared and must not change
	next.Categories = slices.Clone(c.Categories)
	for i := range next.Categories {
		if next.Categories[i].Slug == edited.Slug {
			next.Categories[i] = edited
		}
	}
	u, _ := userOf(r.Context())
	_, err := s.catalogs.Save(r.Context(), &next, seen, u.Actor(), cmp.Or(strings.TrimSpace(r.PostForm.Get("reason")), "Edited "+edited.Name))
	return err
}
