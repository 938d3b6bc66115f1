package ui

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/web/templates"
)

// parseSeen is seenText read back.
func parseSeen(texts []string) ([]dedup.Seen, error) {
	var all []dedup.Seen
	for _, text := range texts {
		f := strings.Fields(text)
		if len(f) != 3 {
			return nil, unseen()
		}
		id, err := uuid.Parse(f[0])
		if err != nil {
			return nil, unseen()
		}
		revision, err := strconv.Atoi(f[1])
		if err != nil {
			return nil, unseen()
		}
		all = append(all, dedup.Seen{ID: id, Revision: revision, Status: example.Status(f[2])})
	}
	if len(all) == 0 {
		return nil, unseen()
	}
	return all, nil
}

func unseen() error {
	return fault.New(fault.Invalid, "The form does not say what you saw. Go back, reload the page and try again.")
}

// ruled reads the form about one group.
func (s *Server) ruled(r *http.Request) (group uuid.UUID, l duplicateList, err error) {
	if err := r.ParseForm(); err != nil {
		return uuid.Nil, l, malformed(err)
	}
	if group, err = uuid.Parse(chi.URLParam(r, "id")); err != nil {
		return uuid.Nil, l, fault.New(fault.NotFound, "There is no such group of duplicates.")
	}
	l, err = parseDuplicateList(r.PostForm)
	return group, l, err
}

// mayKeepUnseen says whether the form names no members because the rest of the
// group is not shown, in a group whose members all say the same.
func (s *Server) mayKeepUnseen(r *http.Request, group uuid.UUID) (bool, error) {
	if r.PostForm.Get("unseen") != "1" {
		return false, nil
	}
	g, err := s.duplicates.Get(r.Context(), group, uuid.Nil)
	return g.Kind == dedup.Equal, err
}

// keepOne handles POST /duplicates/{id}/keep.
func (s *Server) keepOne(w http.ResponseWriter, r *http.Request) error {
	group, l, err := s.ruled(r)
	if err != nil {
		return err
	}
	survivor, err := uuid.Parse(r.PostForm.Get("survivor"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which example to keep. Go back, reload the page and try again.")
	}
	u, _ := userOf(r.Context())
	ruling := dedup.Ruling{Group: group, Survivor: survivor, Part: r.PostForm.Get("part") == "1"}
	blind, err := s.mayKeepUnseen(r, group)
	if err != nil {
		return s.refused(w, r, l, group, err)
	}
	if !blind {
		if ruling.Seen, err = parseSeen(r.PostForm["seen"]); err != nil {
			return err
		}
	}
	out, err := s.duplicates.KeepOne(r.Context(), u.Actor(), ruling)
	if err != nil {
		return s.refused(w, r, l, group, err)
	}
	words, kind := "Kept one; "+counted(len(out.Rejected), "example was", "examples were")+" rejected in favour of it.", templates.FlashSuccess
	if len(out.Left) > 0 {
		kind = templates.FlashWarning
		words += " " + counted(len(out.Left), "example could", "examples could") + " not be rejected: " + anyOf(out.Left)
	}
	if err := s.flash(w, r, kind, words); err != nil {
		return err
	}
	q := l.values()
	for _, rejected := range out.Rejected[:min(len(out.Rejected), dedup.MaxMembers)] {
		q.Add("decision", rejected.Decision.String())
	}
	redirect(w, r, addressOf("/duplicates", q)+nextGroup(r))
	return nil
}

// anyOf is the first sentence, by the order of ids.
func anyOf(left map[uuid.UUID]string) string {
	var first uuid.UUID
	for id := range left {
		if first == uuid.Nil || id.String() < first.String() {
			first = id
		}
	}
	return left[first]
}

// nextGroup is the fragment of the group that comes after the settled one.
func nextGroup(r *http.Request) string {
	if id, err := uuid.Parse(r.PostForm.Get("next")); err == nil {
		return "#group-" + id.String()
	}
	return ""
}

// refused says on the list why a ruling was not carried out: the group may look
// different there by now.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, l duplicateList, group uuid.UUID, err error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Conflict && f.Kind != fault.NotFound {
		return err
	}
	if err := s.flash(w, r, templates.FlashWarning, f.Msg); err != nil {
		return err
	}
	redirect(w, r, l.url()+"#group-"+group.String())
	return nil
}

// keepApart handles POST /duplicates/{id}/different.
func (s *Server) keepApart(w http.ResponseWriter, r *http.Request) error {
	group, l, err := s.ruled(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	seen, err := parseSeen(r.PostForm["seen"])
	if err != nil {
		return err
	}
	if err := s.duplicates.NotDuplicates(r.Context(), u.Actor(), group, seen); err != nil {
		return s.refused(w, r, l, group, err)
	}
	if err := s.flash(w, r, templates.FlashSuccess, "Noted: these "+number(len(seen))+" examples have nothing to do with each other, and are not shown together again."); err != nil {
		return err
	}
	redirect(w, r, l.url()+nextGroup(r))
	return nil
}
