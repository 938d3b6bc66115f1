package ui

import (
	"context"
	"net/http"
	"strconv"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// goldView is the card about d as a gold example; nil for those who must not know.
func (s *Server) goldView(ctx context.Context, d browse.Detail, u account.User) (*templates.Gold, error) {
	if !u.Can(account.Adjudicate) {
		return nil, nil
	}
	g, marked, err := s.reviews.GoldOf(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	v := &templates.Gold{Action: "/examples/" + d.ID.String() + "/gold", Revision: strconv.Itoa(d.Revision)}
	switch d.Status {
	case example.Approved:
		v.Verdict = "approve"
	case example.Rejected:
		v.Verdict = "reject"
	}
	if !marked {
		return v, nil
	}
	v.Marked = somebody(g.By) + " marked it on " + g.At.Format("2 January 2006") + ": the right verdict is " + string(g.Verdict) + "."
	v.Why = draw.Text(g.Reason)
	v.Met = "Nobody has met it yet."
	if g.Met > 0 {
		v.Met = counted(g.Met, "reviewer has", "reviewers have") + " met it; " + number(g.Agreed) + " agreed."
	}
	if g.Revision != d.Revision {
		v.Stale = "It was marked at revision " + strconv.Itoa(g.Revision) + " and has changed since, so nobody gets it. Mark it again if the verdict still holds."
	}
	return v, nil
}

// markGold handles POST /examples/{id}/gold.
func (s *Server) markGold(w http.ResponseWriter, r *http.Request) error {
	d, err := s.posted(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	text := "Marked. It is hidden now among what reviewers get."
	if r.PostForm.Get("retire") != "" {
		text = "It is no gold example any more."
		err = s.reviews.RetireGold(r.Context(), u.Actor(), d.ID)
	} else {
		seen, perr := strconv.Atoi(r.PostForm.Get("revision"))
		if perr != nil {
			return fault.New(fault.Invalid, "The form does not say which revision you saw. Reload the page.")
		}
		err = s.reviews.MarkGold(r.Context(), u.Actor(), d.ID, seen, r.PostForm.Get("why"))
	}
	if f, ok := fault.As(err); ok && f.Fields["reason"] != "" {
		return fault.New(fault.Invalid, "%s", f.Fields["reason"])
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, text); err != nil {
		return err
	}
	redirect(w, r, "/examples/"+d.ID.String()+"#gold")
	return nil
}

// askedView is what was asked about d, and what became of it, newest first.
func (s *Server) askedView(ctx context.Context, d browse.Detail) ([]templates.Asked, error) {
	list, err := s.reviews.EscalationsOf(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	var out []templates.Asked
	for _, x := range list {
		if !x.AnsweredAt.IsZero() && x.Answer == "" {
			continue // taken back by whoever asked
		}
		a := templates.Asked{Who: somebody(x.Asker) + " asked", Text: draw.Text(x.Text), At: moment(x.At, s.now()), URL: settlePath(x)}
		if !x.Question {
			a.Who = somebody(x.Asker) + " saw it differently"
		}
		if !x.AnsweredAt.IsZero() {
			a.Answerer, a.Answer, a.Answered = somebody(x.AnsweredBy), draw.Text(x.Answer), moment(x.AnsweredAt, s.now())
		}
		out = append(out, a)
	}
	return out, nil
}
