package ui

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/web/templates"
)

// maxUndone is how many rejections one form can take back: those of a preview.
const maxUndone = obviousShown * dedup.MaxMembers

func decisionsOf(form url.Values) ([]uuid.UUID, error) {
	if len(form["decision"]) > maxUndone {
		return nil, fault.New(fault.Invalid, "That is more than can be undone at once.")
	}
	var ids []uuid.UUID
	for _, text := range form["decision"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "The form does not say what to undo. Go back and try again.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func undoView(decisions []uuid.UUID, l duplicateList) *templates.DuplicateUndo {
	v := &templates.DuplicateUndo{
		Words: counted(len(decisions), "rejection", "rejections") + " just made. They can also be undone later, on the page of each example.", Action: "/duplicates/undo",
		Hidden: []templates.Hidden{{Name: "kind", Value: string(l.kind)}, {Name: "category", Value: l.category}},
	}
	for _, id := range decisions {
		v.Hidden = append(v.Hidden, templates.Hidden{Name: "decision", Value: id.String()})
	}
	return v
}

// undoRejections handles POST /duplicates/undo. What was decided again since
// stays as it is.
func (s *Server) undoRejections(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	l, err := parseDuplicateList(r.PostForm)
	if err != nil {
		return err
	}
	ids, err := decisionsOf(r.PostForm)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "The form does not say what to undo. Go back and try again.")
	}
	u, _ := userOf(r.Context())
	done, left := 0, ""
	for _, id := range ids {
		_, _, err := s.reviews.Undo(r.Context(), u.Actor(), id, false)
		if f, ok := fault.As(err); ok {
			left = f.Msg
			continue
		}
		if err != nil {
			return err
		}
		done++
	}
	words, kind := counted(done, "rejection is", "rejections are")+" undone. Their groups are back within seconds.", templates.FlashSuccess
	if done < len(ids) {
		kind = templates.FlashWarning
		words += " " + counted(len(ids)-done, "was", "were") + " not: " + left
	}
	if err := s.flash(w, r, kind, words); err != nil {
		return err
	}
	redirect(w, r, l.url())
	return nil
}
