package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Examples finds and reads examples: browse.Service.
type Examples interface {
	List(ctx context.Context, f browse.Filter, cursor string, limit int) (browse.Page, error)
	GetFor(ctx context.Context, id uuid.UUID, v browse.Viewer) (browse.Detail, error)
	Shown(ctx context.Context, d browse.Detail, v browse.Viewer) error
	ShownVerdicts(ctx context.Context, refs []browse.Ref, v browse.Viewer) error
	ShownJudged(ctx context.Context, ids []uuid.UUID, v browse.Viewer) error
	HoldersOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]browse.Holder, error)
	PlacesOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]browse.Place, error)
	Sources(ctx context.Context) ([]browse.Source, error)
	Rules(ctx context.Context) ([]string, error)
	Similar(ctx context.Context, id uuid.UUID, n int) ([]browse.Alike, error)
	Tags(ctx context.Context) ([]string, error)
	TagsOf(ctx context.Context, id uuid.UUID) ([]string, error)
	Known(ctx context.Context, f browse.Filter) (int64, bool, error)
	People(ctx context.Context) ([]browse.Person, error)
}

// pageSize is how many examples a page of the list shows.
const pageSize = 50

// listExamples handles GET /examples. The address holds the whole filter.
func (s *Server) listExamples(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form := r.URL.Query()
	f, err := filterOf(form)
	if err != nil {
		return err
	}
	f.Blind = blind(r)
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	v, err := s.filters(ctx, c, f)
	if err != nil {
		return err
	}
	page, err := s.browse.List(ctx, f, form.Get("cursor"), pageSize)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i, item := range page.Items {
		ids[i] = item.ID
	}
	held, err := s.browse.HoldersOf(ctx, ids)
	if err != nil {
		return err
	}
	for _, item := range page.Items {
		row := s.exampleRow(c, item)
		if h, ok := held[item.ID]; ok {
			row.Held = "held by " + somebody(h.Name) + ", " + spell(max(s.now().Sub(h.Since), 0))
		}
		v.Rows = append(v.Rows, row)
	}
	turn := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return filterURL(f, cursor)
	}
	v.Previous, v.Next = turn(page.Previous), turn(page.Next)
	if page.Stopped {
		v.GoOn = turn(page.Next)
		v.Note = "Looked at " + counted(page.Searched, "example", "examples") + " and found " + number(len(page.Items)) + " so far."
	}
	if len(v.Rows) == 0 && v.GoOn == "" {
		v.Empty = noExamples(v.Filtered, form.Get("cursor") != "", f)
	}
	frame := s.frame(w, r, "Examples", templates.SectionExamples)
	frame.Width = templates.WidthFull
	frame.Styles = []string{"css/review.css", "css/examples.css", "css/acts.css"}
	if err := s.choosing(r, f, &v, &frame); err != nil {
		return err
	}
	return s.show(w, r, templates.ExamplesPage(frame, v))
}

// filterOf reads a filter from an address.
func filterOf(form url.Values) (browse.Filter, error) {
	f, err := browse.ParseFilter(form.Get)
	if p, ok := fault.As(err); ok && p.Fields["import"] != "" {
		return f, fault.New(fault.NotFound, "There is no import %q.", draw.Plain(form.Get("import")))
	}
	return f, err
}

func noExamples(filtered, beyond bool, f browse.Filter) *templates.Empty {
	switch {
	case beyond:
		return &templates.Empty{
			Icon: "examples", Title: "No more examples", Text: "The list ends here.",
			Actions: []templates.Link{{Label: "Back to the beginning", URL: filterURL(f, "")}},
		}
	case filtered:
		return &templates.Empty{
			Icon: "search", Title: "Nothing matches", Text: "No example fits all of these filters. Take one away, or look for other words.",
			Actions: []templates.Link{{Label: "Clear the filters", URL: "/examples"}},
		}
	}
	return &templates.Empty{
		Icon: "examples", Title: "No examples yet", Text: "This workspace is empty. What is imported shows up here.",
		Actions: []templates.Link{{Label: "Imports", URL: "/imports"}},
	}
}

// filterURL is the list with a filter and a cursor. Empty parts are left out, so
// that the same list has one address.
func filterURL(f browse.Filter, cursor string) string {
	q := url.Values{}
	for name, value := range f.Values() {
		q.Set(name, value)
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return "/examples"
	}
	return "/examples?" + q.Encode()
}

func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// filters are the choices of the list, with those of f made.
func (s *Server) filters(ctx context.Context, c *catalog.Catalog, f browse.Filter) (templates.Examples, error) {
	rules, err := s.browse.Rules(ctx)
	if err != nil {
		return templates.Examples{}, err
	}
	sources, err := s.browse.Sources(ctx)
	if err != nil {
		return templates.Examples{}, err
	}
	category := choice("category", "Category", "All categories", f.Category)
	for _, cat := range c.Categories {
		category.add(cat.Slug, cat.Name)
	}
	sub := choice("subcategory", "Subcategory", "All", f.Subcategory)
	for _, cat := range c.Categories {
		if f.Category != "" && f.Category != cat.Slug {
			continue
		}
		for _, one := range cat.Subcategories {
			name := one.Name
			if f.Category == "" {
				name = cat.Name + ": " + name
			}
			sub.add(one.Slug, name)
		}
	}
	if f.Subcategory == browse.NoSubcategory { // not offered: only numbers lead there
		sub.add(browse.NoSubcategory, "None named")
	}
	status := choice("status", "Status", "Any", string(f.Status))
	for _, one := range example.Statuses {
		status.add(string(one), statusWord(one))
	}
	severity := choice("severity", "Finding", "Any", string(f.Severity))
	severity.add(string(lint.Error), "Error")
	severity.add(string(lint.Warning), "Warning")
	severity.add(string(lint.Info), "Note")
	rule := choice("rule", "Rule", "Any", f.Rule)
	for _, one := range rules {
		rule.add(one, one)
	}
	source := choice("source", "Source", "All sources", f.Source)
	seen := map[string]bool{}
	for _, one := range sources {
		if one.ID.String() == f.Source { // the link of an import or a chart means this file alone
			source.add(f.Source, draw.Plain(one.Name)+" (one file)")
		}
		if !seen[one.Name] { // a name means every file of that name
			seen[one.Name] = true
			source.add(one.Name, draw.Plain(one.Name))
		}
	}
	tag := choice("tag", "Tag", "Any", f.Tag)
	tags, err := s.browse.Tags(ctx)
	if err != nil {
		return templates.Examples{}, err
	}
	for _, one := range tags {
		tag.add(one, one)
	}
	v := templates.Examples{
		Text:     templates.Field{Name: "q", Label: "Words", Type: "search", Value: f.Text, Placeholder: "In any message, or an example's id"},
		Filtered: f != browse.Filter{Blind: f.Blind},
	}
	for _, one := range []chooser{category, sub, status, severity, rule, source, tag} {
		v.Filters = append(v.Filters, one.done())
	}
	return v, s.wordFilters(ctx, c, f, &v)
}

// A chooser collects the options of one filter. A value that is not among them
// stays chosen: it came by a link.
type chooser struct {
	templates.Choice
	value string
	found bool
}

func choice(name, label, all, value string) chooser {
	return chooser{
		Choice: templates.Choice{Name: name, Label: label, Options: []templates.Option{{Label: all}}},
		value:  value, found: value == "",
	}
}

func (c *chooser) add(value, label string) {
	chosen := value == c.value && !c.found
	c.found = c.found || chosen
	c.Options = append(c.Options, templates.Option{Value: value, Label: label, Selected: chosen})
}

func (c *chooser) done() templates.Choice {
	if !c.found {
		c.Options = append(c.Options, templates.Option{Value: c.value, Label: draw.Plain(c.value), Selected: true})
	}
	return c.Choice
}

// statusWord is a status at the beginning of a line.
func statusWord(s example.Status) string {
	switch s {
	case example.Pending:
		return "Pending"
	case example.Approved:
		return "Approved"
	case example.Rejected:
		return "Rejected"
	case example.Escalated:
		return "Escalated"
	}
	return string(s)
}

func (s *Server) exampleRow(c *catalog.Catalog, item browse.Summary) templates.ExampleRow {
	cat, ok := c.Category(item.Category)
	if !ok {
		cat.Name = draw.Plain(item.Category)
	}
	row := templates.ExampleRow{
		ID: item.ID.String(), URL: "/examples/" + item.ID.String(), Question: draw.Text(item.Excerpt.Question), Category: cat.Name, Subcategory: draw.Plain(item.Subcategory),
		Status: string(item.Status), Source: draw.Plain(item.Source) + ", line " + number(item.Line), Updated: moment(item.UpdatedAt, s.now()),
		Answer: draw.Text(s.answerGist(cat, item)),
	}
	if sub, ok := cat.Subcategory(item.Subcategory); ok {
		row.Subcategory = sub.Name
	}
	if item.Errors > 0 {
		row.Errors = counted(item.Errors, "error", "errors")
	}
	if item.Warnings > 0 {
		row.Warnings = counted(item.Warnings, "warning", "warnings")
	}
	return row
}

// answerGist is the last answer in one line. The excerpt of a long answer is cut,
// so it is the whole one that is read.
func (s *Server) answerGist(cat catalog.Category, item browse.Summary) string {
	messages, err := example.ParseMessages([]byte(item.Messages))
	if err != nil {
		return item.Excerpt.Answer // stored messages always parse
	}
	for i := len(messages) - 1; i >= 0; i-- {
		if m := messages[i]; m.Role == example.Assistant && m.Content != "" {
			return s.drawer.Gist(cat, item.Subcategory, m.Content)
		}
	}
	return item.Excerpt.Answer
}

// showExample handles GET /examples/{id}.
func (s *Server) showExample(w http.ResponseWriter, r *http.Request) error {
	d, err := s.detailOf(r, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	item, err := s.item(r, d)
	if err != nil {
		return err
	}
	if d.Status == example.Escalated {
		item.Form = nil // it is settled on a page of its own
	}
	if r.URL.Query().Get("edit") != "" {
		if err := s.openStored(r, &item); err != nil {
			return err
		}
	}
	return s.examplePage(w, r, http.StatusOK, d, item)
}

// examplePage draws the page of d with item on it.
func (s *Server) examplePage(w http.ResponseWriter, r *http.Request, status int, d browse.Detail, item templates.Item) error {
	u, _ := userOf(r.Context())
	v := templates.ExampleView{
		User: u.ID.String(), Item: item, Facts: s.facts(d), Raw: draw.Text(laidOut(d.Messages)),
		Crumbs: []templates.Link{{Label: "Examples", URL: "/examples"}, {Label: item.Category, URL: examplesURL(d.Category, "", "")}},
	}
	if len(d.Metadata) > 0 && string(d.Metadata) != "{}" {
		v.Metadata = draw.Text(laidOut(string(d.Metadata)))
	}
	if d.Holder != nil {
		held := "taken it just now"
		if since := s.now().Sub(d.Holder.Since); since >= time.Minute {
			held = "held it for " + spell(since)
		}
		switch v.Holder = draw.Plain(d.Holder.Name) + " has " + held + "."; {
		case d.Holder.ID == u.ID:
			v.Holder = "You have " + held + "."
		case u.Can(account.ManageLeases):
			v.HandOver = "/examples/" + d.ID.String() + "/handover"
		}
	}
	tags, err := s.tagLinks(r.Context(), d.ID)
	if err != nil {
		return err
	}
	v.Tags = tags
	copies, err := s.copyFacts(r.Context(), d.ID)
	if err != nil {
		return err
	}
	v.Facts = append(v.Facts, copies...)
	if v.Releases, err = s.exampleReleases(r.Context(), d.ID); err != nil {
		return err
	}
	if v.Waivers, err = s.waiversView(r.Context(), d, u); err != nil {
		return err
	}
	if s.histories != nil {
		t, _, err := s.timeline(r.Context(), d, u, "", historyBeside)
		if err != nil {
			return err
		}
		v.Timeline = &t
	}
	if s.comments != nil {
		c, err := s.commentsView(r, d, false, uuid.Nil)
		if err != nil {
			return err
		}
		v.Comments = &c
	}
	if v.Asked, err = s.askedView(r.Context(), d); err != nil {
		return err
	}
	if v.Gold, err = s.goldView(r.Context(), d, u); err != nil {
		return err
	}
	if u.Can(account.Review) {
		v.Restore = "/examples/" + d.ID.String() + "/restore"
	}
	page := s.frame(w, r, "Example", templates.SectionExamples)
	page.Width = templates.WidthFull
	page.Styles = []string{"css/review.css", "css/form.css", "css/examples.css", "css/quality.css", "css/people.css"}
	page.Modules = []string{"js/review.js", "js/comments.js"}
	s.render(w, r, status, templates.ExamplePage(page, v))
	return nil
}

// laidOut is JSON over several lines; what is none stays as it is.
func laidOut(text string) string {
	var buf bytes.Buffer
	if json.Indent(&buf, []byte(text), "", "  ") != nil {
		return text
	}
	return buf.String()
}

// facts is what is known of where an example comes from.
func (s *Server) facts(d browse.Detail) []templates.Origin {
	p := d.Provenance
	facts := []templates.Origin{
		{Label: "File", Text: draw.Plain(p.Source), URL: filterURL(browse.Filter{Source: p.Source}, "")},
		{Label: "Place", Text: "line " + number(p.Line) + ", byte " + number(p.Offset) + ", " + byteSize(int64(p.Bytes))},
		{Label: "Read as", Text: p.Format},
	}
	also := func(label, text string, mono bool) {
		if text != "" {
			facts = append(facts, templates.Origin{Label: label, Text: draw.Plain(text), Mono: mono})
		}
	}
	also("Its own number", p.ExternalID, false)
	also("Generated by", p.Generator, false)
	also("Licence", p.Licence, false)
	also("Imported by", p.ImportedBy, false)
	facts = append(facts, templates.Origin{
		Label: "Imported", Text: p.ImportedAt.UTC().Format("2 January 2006, 15:04 UTC"), URL: "/imports/" + p.ImportID.String(),
	})
	also("Revision", strconv.Itoa(d.Revision), false)
	length := templates.Origin{
		Label: "Length",
		Text:  counted(d.Turns, "turn", "turns") + ", " + counted(d.Tokens, "token", "tokens") + " for Llama 3 (" + number(d.PlainTokens) + " without the date preamble)",
	}
	if s.tokens != nil {
		length.URL = "/examples/" + d.ID.String() + "/tokens"
	}
	facts = append(facts, length)
	also("Example", d.ID.String(), true)
	also("SHA-256 of the content", d.Hash, true)
	also("SHA-256 of the file", p.SHA256, true)
	return facts
}

// decideExample handles POST /examples/{id}/decisions.
func (s *Server) decideExample(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such example.")
	}
	out, verdict, err := s.decision(r, id)
	if err != nil {
		return s.undecided(w, r, id, err, func(item templates.Item, status int) error {
			d, err := s.seen(r, id)
			if err != nil {
				return err
			}
			return s.examplePage(w, r, status, d, item)
		})
	}
	if isHTMX(r) {
		return s.show(w, r, templates.DecisionOutcome(outcomeView(out, verdict)))
	}
	if err := s.flash(w, r, templates.FlashSuccess, outcomeView(out, verdict).Words); err != nil {
		return err
	}
	redirect(w, r, "/examples/"+id.String())
	return nil
}

// restoreRevision handles POST /examples/{id}/restore.
func (s *Server) restoreRevision(w http.ResponseWriter, r *http.Request) error {
	d, err := s.posted(r)
	if err != nil {
		return err
	}
	seen, err := strconv.Atoi(r.PostForm.Get("revision"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which revision you saw. Reload the page.")
	}
	old, err := strconv.Atoi(r.PostForm.Get("restore"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which revision to bring back. Reload the page.")
	}
	u, _ := userOf(r.Context())
	out, err := s.reviews.Restore(r.Context(), u.Actor(), d.ID, seen, old)
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "Revision "+strconv.Itoa(old)+" is back as revision "+strconv.Itoa(out.Revision)+", and waits for review."); err != nil {
		return err
	}
	redirect(w, r, "/examples/"+d.ID.String())
	return nil
}

// handOver handles POST /examples/{id}/handover.
func (s *Server) handOver(w http.ResponseWriter, r *http.Request) error {
	d, err := s.posted(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	if err := s.reviews.HandOver(r.Context(), u.Actor(), d.ID); err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "It is free again: whoever reviews next may get it."); err != nil {
		return err
	}
	redirect(w, r, "/examples/"+d.ID.String())
	return nil
}

// posted reads the form and the example that the address names.
func (s *Server) posted(r *http.Request) (browse.Detail, error) {
	if err := r.ParseForm(); err != nil {
		return browse.Detail{}, malformed(err)
	}
	return s.detailOf(r, chi.URLParam(r, "id"))
}
