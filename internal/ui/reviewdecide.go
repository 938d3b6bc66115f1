package ui

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// decide handles POST /review/decisions.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	q, err := s.postedQueue(r)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(r.PostForm.Get("example_id"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which example it is about. Reload the page.")
	}
	out, verdict, err := s.decision(r, id)
	if err != nil {
		return s.undecided(w, r, id, err, func(item templates.Item, status int) error {
			if q.Category == "" {
				q.Category = item.Slug
			}
			s.forQueue(&item, q)
			return s.bench(w, r, status, q, []templates.Item{item})
		})
	}
	if isHTMX(r) {
		return s.show(w, r, templates.DecisionOutcome(outcomeView(out, verdict)))
	}
	if !out.Replayed && verdict != example.Skip {
		q.done++
	}
	if q.over() {
		if err := s.flash(w, r, templates.FlashSuccess, "Done: "+counted(q.done, "example", "examples")+". Rest, or take another set."); err != nil {
			return err
		}
		redirect(w, r, "/review")
		return nil
	}
	u, _ := userOf(r.Context())
	any, err := s.hold(r.Context(), u.ID, q)
	if err != nil {
		return err
	}
	v := outcomeView(out, verdict)
	return s.goOn(w, r, q, any, strings.TrimSpace(v.Words+" "+v.Gold))
}

// decision carries out what the form says about example id.
func (s *Server) decision(r *http.Request, id uuid.UUID) (review.Outcome, example.Verdict, error) {
	return s.decisionOf(r, id, review.KindReview)
}

func (s *Server) decisionOf(r *http.Request, id uuid.UUID, kind review.Kind) (review.Outcome, example.Verdict, error) {
	ctx := r.Context()
	u, _ := userOf(ctx)
	form := r.PostForm
	d := review.Decision{
		ExampleID: id, Reviewer: u.Actor(), Verdict: example.Verdict(form.Get("verdict")), Seen: example.Status(form.Get("status_seen")),
		Kind: kind, Reason: reasonOf(form, kind), OverrideReason: strings.TrimSpace(form.Get("override_reason")), Checklist: form["checklist"],
		RequestKey: form.Get("request_key"), Took: s.took(form), Lead: u.Can(account.Adjudicate),
	}
	var err error
	if d.Revision, err = strconv.Atoi(form.Get("revision")); err != nil {
		return review.Outcome{}, d.Verdict, fault.New(fault.Invalid, "The form does not say which revision you saw. Reload the page.")
	}
	if edited(form) && d.Verdict != example.Skip {
		detail, err := s.seen(r, id)
		if err != nil {
			return review.Outcome{}, d.Verdict, err
		}
		// A decision on another revision is refused below, whatever it says.
		if detail.Revision == d.Revision {
			e, err := s.editing(ctx, detail, form)
			if err != nil {
				return review.Outcome{}, d.Verdict, err
			}
			if err := e.Err(); err != nil {
				return review.Outcome{}, d.Verdict, err
			}
			d.Messages = e.Messages()
		}
	}
	out, err := s.reviews.Decide(ctx, d)
	return out, d.Verdict, err
}

// reasonOf joins the reason that was chosen with what was typed. An escalation's
// reason is its question.
func reasonOf(form url.Values, kind review.Kind) string {
	if kind == review.KindAdjudication {
		return form.Get("reason")
	}
	if form.Get("verdict") == string(example.Escalate) {
		return form.Get("question")
	}
	chosen, typed := form.Get("reason_choice"), strings.TrimSpace(form.Get("reason"))
	switch {
	case form.Get("verdict") != string(example.Reject):
		return ""
	case chosen == "":
		return typed
	case typed == "":
		return chosen
	}
	return chosen + ": " + typed
}

// took is how long the reviewer looked: what the script measured, else since the
// page was made.
func (s *Server) took(form url.Values) time.Duration {
	if ms, err := strconv.ParseInt(form.Get("millis"), 10, 64); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	if ms, err := strconv.ParseInt(form.Get("shown_at"), 10, 64); err == nil {
		return s.now().Sub(time.UnixMilli(ms))
	}
	return 0
}

// outcomeWords say what a decision led to.
func outcomeWords(out review.Outcome, verdict example.Verdict) string {
	words := ledTo(out, verdict)
	if out.Informed {
		words += " " + informedWords
	}
	return words
}

// informedWords tell somebody that their verdict is not an independent one.
const informedWords = "You had been shown what others said of it, so your verdict is kept, but does not count as independent."

func ledTo(out review.Outcome, verdict example.Verdict) string {
	switch verdict {
	case example.Reject:
		if out.Disagrees {
			return "Rejected. Another reviewer saw it differently, so a lead decides."
		}
		return "Rejected."
	case example.Escalate:
		return "A specialist will look at it."
	case example.Skip:
		return "Skipped. It comes back at the end."
	}
	switch {
	case out.Disagrees:
		return "Approved. Another reviewer saw it differently, so a lead decides."
	case out.Lacks > 0:
		return "Approved. " + counted(out.Lacks, "more reviewer looks", "more reviewers look") + " at it."
	case out.LacksSkill != "":
		return "Approved. Somebody with the mark " + out.LacksSkill + " has the last look."
	}
	return "Approved."
}

func outcomeView(out review.Outcome, verdict example.Verdict) templates.Outcome {
	v := templates.Outcome{
		DecisionID: out.DecisionID.String(), Status: string(out.Status), Revision: strconv.Itoa(out.Revision),
		Replayed: out.Replayed, Words: outcomeWords(out, verdict),
	}
	if out.Informed {
		v.Informed = informedWords
	}
	if g := out.Gold; g != nil {
		right := "approve"
		if g.Verdict == example.Reject {
			right = "reject"
		}
		if g.Agrees {
			v.Gold = "That was a practice example, and you agree with your lead. They wrote: " + draw.Plain(g.Reason)
		} else {
			v.Gold = "That was a practice example. Your lead would " + right + " it, and wrote: " + draw.Plain(g.Reason) + " Nothing has changed; if you still see it differently, tell them."
		}
	}
	return v
}

// undecided answers a decision that was not carried out: the script gets the
// problems, others the same page with everything they typed. page draws that
// page.
func (s *Server) undecided(w http.ResponseWriter, r *http.Request, id uuid.UUID, err error, page func(templates.Item, int) error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	status := statusOf[f.Kind]
	if isHTMX(r) {
		var fields []templates.FieldProblem
		for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
			fields = append(fields, templates.FieldProblem{Field: fieldName(name, r.PostForm), Text: f.Fields[name]})
		}
		s.render(w, r, status, templates.DecisionProblems(f.Msg, fields))
		return nil
	}
	d, gerr := s.seen(r, id)
	if gerr != nil {
		return gerr
	}
	item, gerr := s.item(r, d)
	if gerr != nil {
		return gerr
	}
	refill(&item, r.PostForm, f)
	if edited(r.PostForm) && item.Form != nil {
		e, gerr := s.editing(r.Context(), d, r.PostForm)
		if gerr != nil {
			return gerr
		}
		if gerr := s.open(&item, e); gerr != nil {
			return gerr
		}
	}
	return page(item, status)
}

// fieldName is the field of the form that a field of a decision was typed in.
func fieldName(name string, form url.Values) string {
	if name == "reason" && form.Get("verdict") == string(example.Escalate) {
		return "question"
	}
	return name
}

// refill puts back what was typed and says what is wrong with it.
func refill(v *templates.Item, form url.Values, f *fault.Error) {
	if v.Form == nil {
		return
	}
	v.Form.Problem = f.Msg
	v.Form.Reason, v.Form.Question = form.Get("reason"), form.Get("question")
	v.Form.Override = form.Get("override_reason")
	for i := range v.Form.Reasons {
		v.Form.Reasons[i].Checked = v.Form.Reasons[i].Name == form.Get("reason_choice")
	}
	for i := range v.Checklist {
		v.Checklist[i].Ticked = slices.Contains(form["checklist"], v.Checklist[i].Slug)
	}
	v.Form.Problems.Override = f.Fields["override_reason"]
	v.Form.Errors = v.Form.Errors || v.Form.Problems.Override != ""
	switch example.Verdict(form.Get("verdict")) {
	case example.Reject:
		v.Form.Open, v.Form.Problems.Reason = "reject", f.Fields["reason"]
	case example.Escalate:
		v.Form.Open, v.Form.Problems.Question = "escalate", f.Fields["reason"]
	}
}

// edited says whether the form holds any message.
func edited(form url.Values) bool {
	for name := range form {
		if draw.IsEdit(name) {
			return true
		}
	}
	return false
}

// seen reads an example as whoever asks may see it.
func (s *Server) seen(r *http.Request, id uuid.UUID) (browse.Detail, error) {
	return s.browse.GetFor(r.Context(), id, beholder(r, false))
}

// asked is seen for a queue, where a lead is as blind as everybody.
func (s *Server) asked(r *http.Request, id uuid.UUID) (browse.Detail, error) {
	return s.browse.GetFor(r.Context(), id, beholder(r, true))
}

// beholder is who asks, as far as it decides what they may see of an example.
func beholder(r *http.Request, asked bool) browse.Viewer {
	u, _ := userOf(r.Context())
	return browse.Viewer{ID: u.ID, Reviews: u.Can(account.Review), Lead: u.Can(account.Adjudicate), Asked: asked}
}

// detailOf reads the example that an address names.
func (s *Server) detailOf(r *http.Request, id string) (browse.Detail, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return browse.Detail{}, fault.New(fault.NotFound, "There is no example %q.", draw.Plain(id))
	}
	return s.seen(r, parsed)
}
