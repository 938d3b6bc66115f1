package ui

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// editing lays a form over the messages of d; without one they are as stored.
func (s *Server) editing(ctx context.Context, d browse.Detail, form url.Values) (*draw.Editing, error) {
	cat, err := s.category(ctx, d.Category)
	if err != nil {
		return nil, err
	}
	return draw.Edit(draw.Subject{
		Prefix: prefixOf(d.ID), Category: cat, Subcategory: d.Subcategory, Conversation: d.Conversation,
	}, form)
}

// open puts the form of the messages into an item.
func (s *Server) open(v *templates.Item, e *draw.Editing) error {
	if v.Form == nil {
		return nil
	}
	editor, err := s.drawer.Form(e, v.Form.ID, v.Form.FormURL)
	if err != nil {
		return err
	}
	v.Editor, v.Form.Editing = &editor, true
	return nil
}

// openStored opens the form of the messages as they are stored.
func (s *Server) openStored(r *http.Request, v *templates.Item) error {
	id, err := uuid.Parse(v.ID)
	if err != nil {
		return err
	}
	d, err := s.seen(r, id)
	if err != nil {
		return err
	}
	e, err := s.editing(r.Context(), d, nil)
	if err != nil {
		return err
	}
	return s.open(v, e)
}

// editExample handles POST /examples/{id}/edit: it carries out one act on the
// form of the messages, if the form names one, and draws it anew. Nothing is
// stored. The script gets the form alone, others the page they came from.
func (s *Server) editExample(w http.ResponseWriter, r *http.Request) error {
	d, err := s.posted(r)
	if err != nil {
		return err
	}
	seen, err := strconv.Atoi(r.PostForm.Get("revision"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which revision you saw. Reload the page.")
	}
	if seen != d.Revision {
		return fault.New(fault.Conflict, "This example is at revision %d by now. Reload the page.", d.Revision)
	}
	e, err := s.editing(r.Context(), d, r.PostForm)
	if err != nil {
		return err
	}
	if op := r.PostForm.Get("op"); op != "" {
		split, err := strconv.Atoi(r.PostForm.Get("split"))
		if err != nil {
			split = -1
		}
		if err := e.Do(op, split); err != nil {
			return err
		}
	}
	item, err := s.item(r, d)
	if err != nil {
		return err
	}
	if err := s.open(&item, e); err != nil {
		return err
	}
	if isHTMX(r) {
		return s.show(w, r, templates.EditorView(*item.Editor))
	}
	refill(&item, r.PostForm, &fault.Error{})
	if r.PostForm.Get("category") == "" {
		return s.examplePage(w, r, http.StatusOK, d, item)
	}
	q, err := s.parseQueue(r, r.PostForm)
	if err != nil {
		return err
	}
	s.forQueue(&item, q)
	return s.bench(w, r, http.StatusOK, q, []templates.Item{item})
}
