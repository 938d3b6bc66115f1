package ui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Acts does things to many examples at once: bulk.Service.
type Acts interface {
	Draft(ctx context.Context, by audit.Actor, kind bulk.Kind, sel bulk.Selection) (bulk.Act, error)
	Prepare(ctx context.Context, by audit.Actor, id uuid.UUID, p bulk.Parameters) (bulk.Act, error)
	Start(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Undo(ctx context.Context, by audit.Actor, id uuid.UUID, anyAuthor bool) error
	Resume(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Get(ctx context.Context, id uuid.UUID) (bulk.Act, error)
	List(ctx context.Context, before uuid.UUID, limit int) ([]bulk.Act, error)
	Tally(ctx context.Context, id uuid.UUID) ([]bulk.Line, error)
	Items(ctx context.Context, id uuid.UUID, outcome string, after uuid.UUID, limit int) ([]bulk.Item, error)
	Rules(ctx context.Context, id uuid.UUID) ([]bulk.RuleCount, error)
}

const (
	actRows     = 50
	actItemRows = 50
)

func (s *Server) actRoutes() {
	s.post("/examples", account.ActOnMany, s.listExamples)
	s.get("/acts", account.View, s.listActs)
	s.post("/acts", account.ActOnMany, s.draftAct)
	s.get("/acts/{id}", account.View, s.showAct)
	s.get("/acts/{id}/progress", account.View, s.showActProgress)
	s.post("/acts/{id}/prepare", account.ActOnMany, s.prepareAct)
	s.post("/acts/{id}/start", account.ActOnMany, s.startAct)
	s.post("/acts/{id}/undo", account.ActOnMany, s.undoAct)
	s.post("/acts/{id}/resume", account.ActOnMany, s.resumeAct)
}

// actWords are the kinds of acts in words.
var actWords = map[bulk.Kind]struct{ choose, title, button, past string }{
	bulk.Approve: {"Approve", "Approve", "Approve", "Approved"},
	bulk.Reject:  {"Reject, with a reason", "Reject", "Reject", "Rejected"},
	bulk.Move:    {"Move to another category", "Move", "Move", "Moved"},
	bulk.Tag:     {"Put a tag on", "Tag", "Tag", "Tagged"},
	bulk.Untag:   {"Take a tag off", "Untag", "Untag", "Untagged"},
	bulk.Assign:  {"Assign to people", "Assign", "Assign", "Assigned"},
	bulk.Waive:   {"Waive a finding", "Waive a finding of", "Waive", "Waived a finding of"},
	bulk.Replace: {"Find and replace words", "Find and replace in", "Replace", "Replaced words in"},
	bulk.Restore: {"Bring an older revision back", "Restore", "Restore", "Restored"},
}

// choosing turns the list of examples into one to choose from, where the person
// may act on many. The examples that were chosen before come with the form.
func (s *Server) choosing(r *http.Request, f browse.Filter, v *templates.Examples, page *templates.Page) error {
	v.Head = templates.Head{Title: "Examples", Lead: "Find examples by what can be counted about them, or by their words."}
	if s.acts == nil {
		return nil
	}
	v.Head.Actions = []templates.Link{{Label: "Acts on many", URL: "/acts", Icon: "undo", Style: templates.ButtonQuiet}}
	u, _ := userOf(r.Context())
	if s.assignments != nil && u.Can(account.Assign) && len(v.Rows) > 0 {
		_, search, _ := strings.Cut(filterURL(f, ""), "?")
		v.Head.Actions = append(v.Head.Actions, templates.Link{
			Label: "Give work", URL: addressOf("/assignments/new", url.Values{"search": {search}}), Style: templates.ButtonQuiet,
		})
	}
	if !u.Can(account.ActOnMany) || len(v.Rows) == 0 {
		return nil
	}
	page.Modules = append(page.Modules, "js/select.js")
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return malformed(err)
		}
	}
	c := &templates.Choosing{
		Kind:     templates.Choice{ID: "act-kind", Name: "kind", Label: "What to do"},
		Matching: "Act on all that match", Said: "None chosen", Most: strconv.Itoa(bulk.MaxPicked),
	}
	for _, kind := range bulk.Kinds {
		if kind == bulk.Assign && s.assignments == nil {
			continue
		}
		c.Kind.Options = append(c.Kind.Options, templates.Option{Value: string(kind), Label: actWords[kind].choose, Selected: r.PostForm.Get("kind") == string(kind)})
	}
	here := map[string]int{}
	for i, row := range v.Rows {
		here[row.ID] = i
	}
	chosen := slices.Compact(slices.Sorted(slices.Values(r.PostForm["id"])))
	for _, id := range chosen {
		if i, ok := here[id]; ok {
			v.Rows[i].Chosen = true
		} else if _, err := uuid.Parse(id); err == nil {
			c.Kept = append(c.Kept, templates.Hidden{Name: "id", Value: id})
		}
	}
	if len(chosen) > 0 {
		c.Said = number(len(chosen)) + " chosen"
	}
	n, known, err := s.browse.Known(r.Context(), f)
	if err != nil {
		return err
	}
	if known {
		c.Matching = "Act on all " + number(n) + " that match"
		if f == (browse.Filter{Blind: f.Blind}) {
			c.Matching = "Act on all " + number(n)
		}
	}
	for name, values := range filterValues(f) {
		c.Filter = append(c.Filter, templates.Hidden{Name: name, Value: values[0]})
	}
	slices.SortFunc(c.Filter, func(a, b templates.Hidden) int { return strings.Compare(a.Name, b.Name) })
	v.Choosing = c
	return nil
}

// filterValues are the parts of a filter as a form or an address has them.
func filterValues(f browse.Filter) url.Values {
	_, query, _ := strings.Cut(filterURL(f, ""), "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil // it was encoded by filterURL
	}
	return q
}

// tagLinks are the tags of an example.
func (s *Server) tagLinks(ctx context.Context, id uuid.UUID) ([]templates.Link, error) {
	tags, err := s.browse.TagsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	var links []templates.Link
	for _, t := range tags {
		links = append(links, templates.Link{Label: t, URL: filterURL(browse.Filter{Tag: t}, "")})
	}
	return links, nil
}

// draftAct handles POST /acts: it freezes what was chosen. What needs no more is
// tried out at once.
func (s *Server) draftAct(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	ctx := r.Context()
	u, _ := userOf(ctx)
	var sel bulk.Selection
	if r.PostForm.Get("what") == "all" {
		f, err := filterOf(r.PostForm)
		if err != nil {
			return err
		}
		sel.Filter = &f
	} else {
		seen := map[uuid.UUID]bool{}
		for _, text := range r.PostForm["id"] {
			id, err := uuid.Parse(text)
			if err != nil {
				return fault.New(fault.Invalid, "The form names an example that there can't be. Reload the list and choose again.")
			}
			if !seen[id] {
				seen[id] = true
				sel.Picked = append(sel.Picked, id)
			}
		}
	}
	a, err := s.acts.Draft(ctx, u.Actor(), bulk.Kind(r.PostForm.Get("kind")), sel)
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.NotFound) {
		if err := s.flash(w, r, templates.FlashError, f.Msg); err != nil {
			return err
		}
		back, err := filterOf(r.PostForm)
		if err != nil {
			return err
		}
		redirect(w, r, filterURL(back, ""))
		return nil
	}
	if err != nil {
		return err
	}
	if a.Kind == bulk.Approve {
		if _, err := s.acts.Prepare(ctx, u.Actor(), a.ID, bulk.Parameters{}); err != nil {
			return err
		}
	}
	redirect(w, r, "/acts/"+a.ID.String())
	return nil
}

// prepareAct handles POST /acts/{id}/prepare: it tries the act out.
func (s *Server) prepareAct(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	a, err := s.actOf(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	p := parametersOf(a.Kind, r.PostForm)
	_, err = s.acts.Prepare(r.Context(), u.Actor(), a.ID, p)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		a.Parameters, a.Forecast = p, nil
		return s.actPage(w, r, http.StatusUnprocessableEntity, a, f)
	}
	if err != nil {
		return err
	}
	redirect(w, r, "/acts/"+a.ID.String()+"#forecast")
	return nil
}

// startAct handles POST /acts/{id}/start.
func (s *Server) startAct(w http.ResponseWriter, r *http.Request) error {
	return s.changeAct(w, r, func(ctx context.Context, u account.User, id uuid.UUID) error { return s.acts.Start(ctx, u.Actor(), id) })
}

// undoAct handles POST /acts/{id}/undo.
func (s *Server) undoAct(w http.ResponseWriter, r *http.Request) error {
	return s.changeAct(w, r, func(ctx context.Context, u account.User, id uuid.UUID) error {
		return s.acts.Undo(ctx, u.Actor(), id, u.Can(account.ManageLeases))
	})
}

// resumeAct handles POST /acts/{id}/resume.
func (s *Server) resumeAct(w http.ResponseWriter, r *http.Request) error {
	return s.changeAct(w, r, func(ctx context.Context, u account.User, id uuid.UUID) error {
		return s.acts.Resume(ctx, u.Actor(), id)
	})
}

func (s *Server) changeAct(w http.ResponseWriter, r *http.Request, change func(ctx context.Context, u account.User, id uuid.UUID) error) error {
	a, err := s.actOf(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	if err := change(r.Context(), u, a.ID); err != nil {
		return err
	}
	redirect(w, r, "/acts/"+a.ID.String())
	return nil
}

// actOf reads the act that the address names. The draft of somebody else is nobody
// else's business.
func (s *Server) actOf(r *http.Request) (bulk.Act, error) {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return bulk.Act{}, err
	}
	a, err := s.acts.Get(r.Context(), id)
	if err != nil {
		return a, err
	}
	if u, _ := userOf(r.Context()); a.State == bulk.Draft && a.AuthorID != u.ID {
		return a, fault.New(fault.NotFound, "There is no such act. Drafts are forgotten after a day.")
	}
	return a, nil
}

// listActs handles GET /acts.
func (s *Server) listActs(w http.ResponseWriter, r *http.Request) error {
	before, err := optionalUUID(r.URL.Query().Get("before"))
	if err != nil {
		return fault.New(fault.Invalid, "The address of this page is damaged. Go back to the beginning of the list.")
	}
	acts, err := s.acts.List(r.Context(), before, actRows)
	if err != nil {
		return err
	}
	var v templates.Acts
	for _, a := range acts {
		word, style := actState(a)
		v.Rows = append(v.Rows, templates.ActRow{
			URL: "/acts/" + a.ID.String(), Title: actTitle(a), By: draw.Plain(a.Author), At: moment(a.CreatedAt, s.now()), State: word, Style: style, Outcome: actOutcome(a),
		})
	}
	if len(acts) == actRows {
		v.Pager.Older = "/acts?before=" + acts[len(acts)-1].ID.String()
	}
	if before != uuid.Nil {
		v.Pager.First = "/acts"
	}
	if len(acts) == 0 {
		v.Empty = &templates.Empty{
			Icon: "examples", Title: "Nothing was done to many examples yet", Text: "Choose examples in the list, or all that match a filter, and say what to do with them. You see what would happen before anything does.",
			Actions: []templates.Link{{Label: "Examples", URL: "/examples"}},
		}
	}
	page := s.frame(w, r, "Acts on many", templates.SectionExamples)
	page.Styles = []string{"css/acts.css"}
	return s.show(w, r, templates.ActsPage(page, v))
}

// actTitle says what an act is: "Reject 37 examples".
func actTitle(a bulk.Act) string {
	words := actWords[a.Kind]
	if a.State == bulk.Done || a.State == bulk.Undone || a.State == bulk.Undoing {
		if a.Kind == bulk.Approve {
			// Some may need more than this approval; the page of the act says which.
			return "Gave an approval to " + counted(a.Changed, "example", "examples")
		}
		return words.past + " " + counted(a.Changed, "example", "examples")
	}
	return words.title + " " + counted(a.Total, "example", "examples")
}

func actState(a bulk.Act) (word, style string) {
	switch a.State {
	case bulk.Draft:
		return "Draft", "badge-plain"
	case bulk.Queued:
		return "Waits", "is-pending"
	case bulk.Running:
		return "Running", "is-pending"
	case bulk.Done:
		return "Done", "is-approved"
	case bulk.Failed:
		return "Stopped", "is-rejected"
	case bulk.Undoing:
		return "Being undone", "is-pending"
	}
	return "Undone", "is-escalated"
}

func actOutcome(a bulk.Act) string {
	parts := []string{number(a.Changed) + " of " + number(a.Total)}
	if a.Stayed > 0 {
		parts = append(parts, number(a.Stayed)+" stayed")
	}
	if a.State == bulk.Undoing || a.State == bulk.Undone {
		parts = append(parts, number(a.Reversed)+" taken back")
		if a.Kept > 0 {
			parts = append(parts, number(a.Kept)+" kept")
		}
	}
	return strings.Join(parts, ", ")
}
