package ui

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// A Checker runs the checks of the catalog in force: Check of lint.Keeper.
type Checker func(ctx context.Context, s lint.Subject) ([]lint.Finding, error)

// A Counter counts the tokens of both forms: CountBoth of llama3.Tokenizer.
type Counter func(c example.Conversation) (hf, plain int)

// checkURL is where the script asks about what is typed; empty where there are
// no checks.
func (s *Server) checkURL(id uuid.UUID) string {
	if s.check == nil || s.count == nil {
		return ""
	}
	return "/examples/" + id.String() + "/check"
}

// checkEdit handles POST /examples/{id}/check: it says what the checks find in
// the messages of the form, and stores nothing.
func (s *Server) checkEdit(w http.ResponseWriter, r *http.Request) error {
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
	if e.Broken() {
		return e.Err()
	}
	c := example.Conversation{Tools: d.Conversation.Tools, Messages: e.Messages()}
	hf, plain := s.count(c)
	found, err := s.check(r.Context(), lint.Subject{Category: d.Category, Subcategory: d.Subcategory, Conversation: c, Tokens: hf})
	if err != nil {
		return fmt.Errorf("check what was typed: %w", err)
	}
	cat, err := s.category(r.Context(), d.Category)
	if err != nil {
		return err
	}
	return s.show(w, r, templates.CheckedFindings(s.checkedView(cat, e, found, hf, plain)))
}

// checkedView says what was found. A finding leads to the field that its place
// is edited in.
func (s *Server) checkedView(cat catalog.Category, e *draw.Editing, found []lint.Finding, hf, plain int) templates.Checked {
	v := templates.Checked{
		Note: "Of what you typed, not saved yet: " + counted(len(found), "finding", "findings") + ", " +
			counted(hf, "token", "tokens") + " for Llama 3 (" + number(plain) + " without the date preamble).",
	}
	var proved []string
	for _, c := range s.checklist(cat, found) {
		if c.Proved {
			proved = append(proved, c.Slug)
		}
	}
	v.Proved = strings.Join(proved, " ")
	for _, f := range found {
		v.Findings = append(v.Findings, templates.Finding{
			Severity: string(f.Severity), Message: s.drawer.Finding(cat, f.Message), Rule: f.Rule, URL: "#" + e.Anchor(f.Path),
		})
	}
	return v
}
