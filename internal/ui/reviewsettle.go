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
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// settlePageSize is how many questions or disagreements a page lists.
const settlePageSize = 25

func settler(u account.User) review.Viewer {
	return review.Viewer{ID: u.ID, Lead: u.Can(account.Adjudicate)}
}

// waitingLinks lead to what waits for this person in particular.
func (s *Server) waitingLinks(ctx context.Context, u account.User) ([]templates.Link, error) {
	var links []templates.Link
	for _, list := range []struct {
		questions  bool
		label, url string
	}{{false, "Disagreements", "/adjudicate"}, {true, "Questions for a specialist", "/questions"}} {
		some, err := s.reviews.Escalations(ctx, settler(u), list.questions, uuid.Nil, 1)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			continue
		}
		link := templates.Link{Label: list.label, URL: list.url}
		if list.questions && !u.Can(account.Adjudicate) {
			// Who may answer none of them sees those that they asked.
			answers, err := s.answersSome(ctx, u)
			if err != nil {
				return nil, err
			}
			if !answers {
				link.Label = "Your questions"
			}
		}
		links = append(links, link)
	}
	return links, nil
}

// answersSome says whether the user may answer one of the open questions on the first
// page of their list.
func (s *Server) answersSome(ctx context.Context, u account.User) (bool, error) {
	list, err := s.reviews.Escalations(ctx, settler(u), true, uuid.Nil, settlePageSize)
	if err != nil {
		return false, err
	}
	for _, x := range list {
		if x.AskedBy != u.ID {
			return true, nil // only who may answer it sees what others asked
		}
		if _, may, err := s.reviews.Escalation(ctx, settler(u), x.ID); err != nil || may {
			return may, err
		}
	}
	return false, nil
}

// listDisagreements handles GET /adjudicate.
func (s *Server) listDisagreements(w http.ResponseWriter, r *http.Request) error {
	return s.listWaiting(w, r, false)
}

// listQuestions handles GET /questions.
func (s *Server) listQuestions(w http.ResponseWriter, r *http.Request) error {
	return s.listWaiting(w, r, true)
}

func (s *Server) listWaiting(w http.ResponseWriter, r *http.Request, questions bool) error {
	ctx := r.Context()
	u, _ := userOf(ctx)
	v := templates.Waiting{Title: "Disagreements", Lead: "Two reviewers judged the same text differently. Look at both, then settle it: that is final."}
	path, what := "/adjudicate", "disagreements"
	if questions {
		v.Title, v.Lead = "Questions for a specialist", "Somebody was not sure and asked. What you answer goes back to them, and stays with the example."
		path, what, v.Questions = "/questions", "questions", true
	}
	after := uuid.Nil
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if after, err = uuid.Parse(text); err != nil {
			return fault.New(fault.NotFound, "There is no such page of the list.")
		}
		v.First = path
	}
	list, err := s.reviews.Escalations(ctx, settler(u), questions, after, settlePageSize+1)
	if err != nil {
		return err
	}
	if len(list) > settlePageSize {
		list = list[:settlePageSize]
		v.Next = path + "?" + url.Values{"after": {list[settlePageSize-1].ID.String()}}.Encode()
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	for _, x := range list {
		_, may, err := s.reviews.Escalation(ctx, settler(u), x.ID)
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, s.waitingRow(c, x, path, may))
	}
	if len(list) == 0 {
		v.Empty = &templates.Empty{
			Icon: "check", Title: "Nothing to settle", Text: "There are no open " + what + ".",
			Actions: []templates.Link{{Label: "Review", URL: "/review", Style: templates.ButtonPrimary}},
		}
	}
	page := s.frame(w, r, v.Title, templates.SectionReview)
	page.Styles = []string{"css/review.css"}
	return s.show(w, r, templates.WaitingPage(page, v))
}

func (s *Server) waitingRow(c *catalog.Catalog, x review.Escalation, path string, may bool) templates.WaitingRow {
	row := templates.WaitingRow{
		URL: path + "/" + x.ID.String(), Category: draw.Plain(x.Category), Kind: draw.Plain(x.Subcategory), Says: draw.Text(x.Text),
		Who: somebody(x.Asker), At: moment(x.At, s.now()), May: may,
	}
	if cat, ok := c.Category(x.Category); ok {
		row.Category = cat.Name
		if sub, ok := cat.Subcategory(x.Subcategory); ok {
			row.Kind = sub.Name
		}
	}
	return row
}

func somebody(name string) string {
	if name == "" {
		return "Somebody"
	}
	return draw.Plain(name)
}

// showSettle handles GET /adjudicate/{id} and GET /questions/{id}.
func (s *Server) showSettle(w http.ResponseWriter, r *http.Request) error {
	x, may, err := s.escalation(r)
	if err != nil {
		return err
	}
	d, err := s.seen(r, x.ExampleID)
	if err != nil {
		return err
	}
	if err := s.browse.Shown(r.Context(), d, beholder(r, false)); err != nil {
		return err
	}
	item, err := s.settleItem(r, x, d, may)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("edit") != "" {
		if err := s.openStored(r, &item); err != nil {
			return err
		}
	}
	return s.settlePage(w, r, http.StatusOK, x, d, item, may)
}

// escalation reads what the address names.
func (s *Server) escalation(r *http.Request) (review.Escalation, bool, error) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return review.Escalation{}, false, fault.New(fault.NotFound, "There is nothing to settle at this address.")
	}
	u, _ := userOf(r.Context())
	return s.reviews.Escalation(r.Context(), settler(u), id)
}

func settlePath(x review.Escalation) string {
	if x.Question {
		return "/questions/" + x.ID.String()
	}
	return "/adjudicate/" + x.ID.String()
}

// settleItem draws the example, with the form that settles it where the viewer
// may and it is open.
func (s *Server) settleItem(r *http.Request, x review.Escalation, d browse.Detail, may bool) (templates.Item, error) {
	item, err := s.item(r, d)
	if err != nil {
		return item, err
	}
	item.URL, item.Question = "/examples/"+item.ID, ""
	if !may || !x.AnsweredAt.IsZero() || item.Form == nil {
		item.Form = nil
		return item, nil
	}
	item.Form.Settle = "Settle the disagreement"
	if x.Question {
		item.Form.Settle, item.Form.Asked = "Answer", true
	}
	item.Form.Action = settlePath(x)
	item.Form.EditURL = settlePath(x) + "?edit=1" + worstPlace(item)
	return item, nil
}

// worstPlace is the field of the form where the worst finding is mended, as the
// fragment of an address; without findings, the top of the example.
func worstPlace(item templates.Item) string {
	for _, severity := range []lint.Severity{lint.Error, lint.Warning} {
		for _, f := range item.Findings {
			if f.Severity == string(severity) && f.EditURL != "" {
				return f.EditURL
			}
		}
	}
	return "#" + item.Prefix
}

func (s *Server) settlePage(w http.ResponseWriter, r *http.Request, status int, x review.Escalation, d browse.Detail, item templates.Item, may bool) error {
	u, _ := userOf(r.Context())
	v := templates.Settle{
		User: u.ID.String(), Title: "Disagreement", Lead: "Two reviewers judged the same text and did not know of each other.",
		Crumbs: []templates.Link{{Label: "Disagreements", URL: "/adjudicate"}}, Item: item, Sides: s.sides(x, d),
	}
	if x.Question {
		v.Title, v.Lead = "Question", "Asked by "+somebody(x.Asker)+"."
		v.Crumbs = []templates.Link{{Label: "Questions for a specialist", URL: "/questions"}}
	}
	switch {
	case !x.AnsweredAt.IsZero():
		v.Settled, v.Answer = s.settledWords(x, d), draw.Text(x.Answer)
	case !may:
		v.Note = "A specialist will answer; you are told in your inbox."
	case slices.ContainsFunc(d.Decisions, func(made browse.Decision) bool {
		return made.ReviewerID == u.ID && !made.Undone && made.Verdict != "undo" && made.Verdict != string(example.Skip)
	}):
		v.Note = "You have judged this example yourself. If there is another lead, leave it to them."
	}
	page := s.frame(w, r, v.Title, templates.SectionReview)
	page.Width = templates.WidthFull
	page.Styles = []string{"css/review.css", "css/form.css"}
	s.render(w, r, status, templates.SettlePage(page, v))
	return nil
}

// settledWords say who ended it, with what verdict, and when.
func (s *Server) settledWords(x review.Escalation, d browse.Detail) string {
	what := "settled it"
	for _, made := range d.Decisions {
		if made.ID == x.AnswerID && (made.Verdict == string(example.Approve) || made.Verdict == string(example.Reject)) {
			what = did[made.Verdict]
			if x.Question {
				what = "answered and " + what
			}
		}
	}
	return somebody(x.AnsweredBy) + " " + what + ", " + moment(x.AnsweredAt, s.now()).Text + "."
}

// sides are the verdicts that meet in an escalation, the first one first: those
// about the revision that its decision is about.
func (s *Server) sides(x review.Escalation, d browse.Detail) []templates.Side {
	about := func(made browse.Decision) int {
		if made.NewRevision > 0 {
			return made.NewRevision
		}
		return made.Revision
	}
	i := slices.IndexFunc(d.Decisions, func(made browse.Decision) bool { return made.ID == x.DecisionID })
	if i < 0 {
		return nil
	}
	asked := d.Decisions[i]
	cat, err := s.category(context.Background(), d.Category)
	if err != nil {
		cat = catalog.Category{} // the checklist is then shown by its slugs
	}
	var sides []templates.Side
	for _, made := range d.Decisions {
		switch example.Verdict(made.Verdict) {
		case example.Approve, example.Reject, example.Escalate:
		default:
			continue
		}
		if made.Undone || made.Kind == string(review.KindAdjudication) || made.ID != asked.ID && about(made) != asked.Revision {
			continue
		}
		sides = append(sides, s.side(cat, d, made))
	}
	return sides
}

func (s *Server) side(cat catalog.Category, d browse.Detail, made browse.Decision) templates.Side {
	side := templates.Side{
		ID: "side-" + made.ID.String(), Who: somebody(made.Reviewer), Verdict: made.Verdict, Words: did[made.Verdict], At: moment(made.At, s.now()),
	}
	why := "Why:"
	if made.Verdict == string(example.Escalate) {
		why = "Question:"
	}
	for _, says := range []struct{ label, text string }{
		{why, made.Reason}, {"Note:", made.Comment}, {"In spite of errors:", made.OverrideReason},
	} {
		if strings.TrimSpace(says.text) != "" {
			side.Says = append(side.Says, templates.Said{Label: says.label, Text: draw.Text(says.text)})
		}
	}
	for _, slug := range made.Checklist {
		text := draw.Plain(slug)
		for _, item := range cat.Checklist {
			if item.Slug == slug {
				text = item.Text
			}
		}
		side.Ticked = append(side.Ticked, text)
	}
	switch before := revisionOf(d, made.Revision); {
	case before == nil:
	case made.Proposal != "":
		if after, err := example.ParseMessages([]byte(made.Proposal)); err == nil {
			side.Changes, side.Edit = draw.Changes(before, after), "Would have written"
		}
	case made.NewRevision > 0:
		if after := revisionOf(d, made.NewRevision); after != nil {
			side.Changes, side.Edit = draw.Changes(before, after), "Edited it, to revision "+strconv.Itoa(made.NewRevision)
		}
	}
	return side
}

// revisionOf returns the messages of a revision, or nil.
func revisionOf(d browse.Detail, number int) []example.Message {
	for _, rev := range d.Revisions {
		if rev.Number == number {
			if messages, err := example.ParseMessages([]byte(rev.Messages)); err == nil {
				return messages
			}
		}
	}
	return nil
}

// settle handles POST /adjudicate/{id} and POST /questions/{id}.
func (s *Server) settle(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	x, may, err := s.escalation(r)
	if err != nil {
		return err
	}
	if !may {
		return fault.New(fault.Forbidden, "This question waits for a lead or a specialist.")
	}
	// The answer is the reason of the verdict, whichever it is.
	r.PostForm.Set("reason", r.PostForm.Get("answer"))
	out, _, err := s.decisionOf(r, x.ExampleID, review.KindAdjudication)
	if err != nil {
		return s.undecided(w, r, x.ExampleID, err, func(_ templates.Item, status int) error {
			return s.unsettled(w, r, status, x, err)
		})
	}
	words := "Settled: approved."
	if out.Status == example.Rejected {
		words = "Settled: rejected."
	}
	if err := s.flash(w, r, templates.FlashSuccess, words+" Those it is about are told."); err != nil {
		return err
	}
	path := "/adjudicate"
	if x.Question {
		path = "/questions"
	}
	redirect(w, r, path)
	return nil
}

// unsettled draws the page again with what was typed and what is wrong.
func (s *Server) unsettled(w http.ResponseWriter, r *http.Request, status int, x review.Escalation, problem error) error {
	d, err := s.seen(r, x.ExampleID)
	if err != nil {
		return err
	}
	item, err := s.settleItem(r, x, d, true)
	if err != nil {
		return err
	}
	if f, ok := fault.As(problem); ok && item.Form != nil {
		refill(&item, r.PostForm, f)
		item.Form.Reason, item.Form.Problems.Reason = r.PostForm.Get("answer"), f.Fields["reason"]
		if text := f.Fields["verdict"]; text != "" {
			item.Form.Problem = text
		}
		if edited(r.PostForm) {
			e, err := s.editing(r.Context(), d, r.PostForm)
			if err != nil {
				return err
			}
			if err := s.open(&item, e); err != nil {
				return err
			}
		}
	}
	return s.settlePage(w, r, status, x, d, item, true)
}
