package ui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/web/templates"
)

// Leases is who holds what: review.Service.
type Leases interface {
	Claim(ctx context.Context, reviewer uuid.UUID, q review.Queue, n int) ([]review.Lease, error)
	Held(ctx context.Context, reviewer uuid.UUID, q review.Queue) ([]review.Lease, error)
	Extend(ctx context.Context, reviewer uuid.UUID, ids []uuid.UUID) ([]review.Lease, error)
	Release(ctx context.Context, reviewer uuid.UUID, ids []uuid.UUID) error
	HandOver(ctx context.Context, by audit.Actor, id uuid.UUID) error
}

// Escalations is what waits for a lead or a specialist: review.Service.
type Escalations interface {
	Escalations(ctx context.Context, v review.Viewer, questions bool, after uuid.UUID, limit int) ([]review.Escalation, error)
	Escalation(ctx context.Context, v review.Viewer, id uuid.UUID) (x review.Escalation, may bool, err error)
	EscalationsOf(ctx context.Context, id uuid.UUID) ([]review.Escalation, error)
}

// Golds are examples whose right verdict is known: review.Service.
type Golds interface {
	GoldOf(ctx context.Context, id uuid.UUID) (review.Gold, bool, error)
	MarkGold(ctx context.Context, by audit.Actor, id uuid.UUID, revision int, reason string) error
	RetireGold(ctx context.Context, by audit.Actor, id uuid.UUID) error
}

// Decisions is what people decide: review.Service.
type Decisions interface {
	Decide(ctx context.Context, d review.Decision) (review.Outcome, error)
	Undo(ctx context.Context, by audit.Actor, decision uuid.UUID, anyAuthor bool) (review.Outcome, uuid.UUID, error)
	LastUndoable(ctx context.Context, reviewer uuid.UUID) (uuid.UUID, bool, error)
	Restore(ctx context.Context, by audit.Actor, id uuid.UUID, seen, old int) (review.Outcome, error)
	Informed(ctx context.Context, reviewer, id uuid.UUID, revision int) (bool, error)
	PaceSince(ctx context.Context, reviewer uuid.UUID, since time.Time) (review.Pace, error)
	OwnApprovals(ctx context.Context, reviewer uuid.UUID, category, subcategory string) (int64, error)
}

// Reviews is review.Service as the pages use it.
type Reviews interface {
	Leases
	Decisions
	Waivers
	Escalations
	Golds
}

const (
	maxClaim  = 5             // examples that a page takes at once
	maxLimit  = 1000          // of a session of just so many
	paceSpan  = 2 * time.Hour // what a pace rests on
	plainStep = 1             // examples taken at a time without JavaScript
)

// A queue is what a review page is about.
type queue struct {
	review.Queue
	limit, done int
	work        *assign.Assignment // what it is within; nil: nothing
}

// parseQueue reads which queue a form or an address means.
func (s *Server) parseQueue(r *http.Request, form url.Values) (queue, error) {
	q := queue{Queue: review.Queue{Category: form.Get("category"), Subcategory: form.Get("subcategory")}}
	problems := map[string]string{}
	var err error
	if q.Order, err = review.ParseOrder(form.Get("order")); err != nil {
		return q, err
	}
	for _, n := range []struct {
		name string
		into *int
	}{{"limit", &q.limit}, {"done", &q.done}} {
		if text := form.Get(n.name); text != "" {
			if *n.into, err = strconv.Atoi(text); err != nil || *n.into < 0 || *n.into > maxLimit {
				problems[n.name] = "Use a whole number up to " + number(maxLimit) + "."
			}
		}
	}
	if len(problems) > 0 {
		return q, fault.Fields("There is no such queue.", problems)
	}
	if text := form.Get("assignment"); text != "" {
		err := s.assignedQueue(r.Context(), &q, text)
		return q, err
	}
	return q, nil
}

// view is the queue as forms carry it along.
func (q queue) view() templates.Queue {
	v := templates.Queue{Category: q.Category, Subcategory: q.Subcategory, Order: string(q.Order)}
	if q.work != nil {
		v = templates.Queue{Assignment: q.Assignment.String()}
	}
	if q.limit > 0 {
		v.Limit, v.Done = strconv.Itoa(q.limit), strconv.Itoa(q.done)
	}
	return v
}

// url is the page of the queue.
func (q queue) url(more url.Values) string {
	values := url.Values{}
	v := q.view()
	for name, value := range map[string]string{"subcategory": v.Subcategory, "order": v.Order, "limit": v.Limit, "done": v.Done} {
		if value != "" {
			values.Set(name, value)
		}
	}
	for name, list := range more {
		values[name] = list
	}
	path := "/review"
	switch {
	case q.work != nil:
		path += "/assigned/" + q.Assignment.String()
	case q.Category != "":
		path += "/" + url.PathEscape(q.Category)
	}
	if len(values) > 0 {
		path += "?" + values.Encode()
	}
	return path
}

// over says whether a session of just so many is at its end.
func (q queue) over() bool { return q.limit > 0 && q.done >= q.limit }

// listQueues handles GET /review.
func (s *Server) listQueues(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p, err := s.figures.Progress(ctx)
	if err != nil {
		return err
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	u, _ := userOf(ctx)
	v := queuesView(p, c)
	if v.Waiting, err = s.waitingLinks(ctx, u); err != nil {
		return err
	}
	if v.Assigned, err = s.yourAssignments(ctx, u); err != nil {
		return err
	}
	page := s.frame(w, r, "Review", templates.SectionReview)
	page.Styles = []string{"css/review.css", "css/people.css"}
	return s.show(w, r, templates.QueuesPage(page, v))
}

func queuesView(p report.Progress, c *catalog.Catalog) templates.Queues {
	var v templates.Queues
	for _, cp := range p.Categories {
		if cp.Counts.Total() == 0 {
			continue
		}
		cat, _ := c.Category(cp.Slug)
		card := templates.QueueCategory{
			Name: cp.Name, Priority: cp.Priority, Description: cat.Description, Any: cp.Counts.Pending > 0,
			Queue: templates.Queue{Category: cp.Slug}, Waiting: "Nothing waits here",
		}
		if card.Any {
			card.Waiting = counted(cp.Counts.Pending, "example waits", "examples wait")
		}
		for _, sub := range cp.Subcategories {
			if sub.Counts.Pending > 0 && sub.Slug != "" {
				card.Parts = append(card.Parts, templates.QueuePart{
					Name: sub.Name, Waiting: number(sub.Counts.Pending),
					Queue: templates.Queue{Category: cp.Slug, Subcategory: sub.Slug},
				})
			}
		}
		v.Categories = append(v.Categories, card)
	}
	if len(v.Categories) == 0 {
		v.Empty = &templates.Empty{
			Icon: "review", Title: "Nothing to lift yet",
			Text: "This workspace has no examples. Once somebody imports a file, what is in it waits here.",
		}
	}
	return v
}

// showBench handles GET /review/{category}. It shows what the reviewer holds
// and takes nothing: taking is POST /review/claim.
func (s *Server) showBench(w http.ResponseWriter, r *http.Request) error {
	form := r.URL.Query()
	form.Set("category", chi.URLParam(r, "category"))
	return s.benchOf(w, r, form)
}

// benchOf draws what the reviewer holds of the queue that form means.
func (s *Server) benchOf(w http.ResponseWriter, r *http.Request, form url.Values) error {
	q, err := s.parseQueue(r, form)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	held, err := s.reviews.Held(r.Context(), u.ID, q.Queue)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(held))
	for i, l := range held {
		ids[i] = l.ExampleID
	}
	// What was asked for by name comes first, such as after an undo.
	if at, err := uuid.Parse(form.Get("at")); err == nil {
		if i := slices.Index(ids, at); i > 0 {
			ids = slices.Insert(slices.Delete(ids, i, i+1), 0, at)
		}
	}
	items, err := s.items(r, q, ids)
	if err != nil {
		return err
	}
	if len(items) > 0 && form.Get("edit") != "" {
		if err := s.openStored(r, &items[0]); err != nil {
			return err
		}
	}
	return s.bench(w, r, http.StatusOK, q, items)
}

// bench draws the page of a queue with the items on it.
func (s *Server) bench(w http.ResponseWriter, r *http.Request, status int, q queue, items []templates.Item) error {
	ctx := r.Context()
	p, err := s.figures.Progress(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Categories, func(c report.CategoryProgress) bool { return c.Slug == q.Category })
	if i < 0 && q.work == nil {
		return fault.New(fault.NotFound, "There is no category %s.", q.Category)
	}
	cat, err := s.category(ctx, q.Category)
	if err != nil {
		return err
	}
	u, _ := userOf(ctx)
	pace, err := s.reviews.PaceSince(ctx, u.ID, s.now().Add(-paceSpan))
	if err != nil {
		return err
	}
	v := templates.Bench{
		User: u.ID.String(), Scope: scopeOf(q, cat), Queue: q.view(), Items: items, Begin: len(items) == 0, Keys: reviewKeys, Order: q.orderLink(),
	}
	if q.work != nil {
		assignedBench(&v, q, pace)
	} else {
		own, err := s.reviews.OwnApprovals(ctx, u.ID, q.Category, q.Subcategory)
		if err != nil {
			return err
		}
		v.Title, v.Position = p.Categories[i].Name, position(q, p.Categories[i], own, pace)
	}
	if v.Guidelines, err = markdown(cat.Guidelines); err != nil {
		return err
	}
	page := s.frame(w, r, "Review "+v.Title, templates.SectionReview)
	page.Width = templates.WidthFull
	page.Styles = []string{"css/review.css", "css/form.css", "css/people.css"}
	page.Modules = []string{"js/review.js", "js/comments.js"}
	s.render(w, r, status, templates.BenchPage(page, v))
	return nil
}

// reviewKeys is what each key does, for the list of keys.
var reviewKeys = []templates.Key{
	{Name: "A", What: "Approve, and on to the next"},
	{Name: "R", What: "Reject: then 1 to 6 for a reason, or type one and press Enter"},
	{Name: "E", What: "Edit: the answer as a form, every message in place"},
	{Name: "S", What: "Skip: it comes back at the end"},
	{Name: "F", What: "Ask a specialist, with a question"},
	{Name: "U", What: "Undo your last decision, as often as you like"},
	{Name: "←", What: "Look at the one before"},
	{Name: "→", What: "Look at the one after"},
	{Name: "1 to 9", What: "Tick that line of the checklist, or take the tick away"},
	{Name: "C", What: "Say something: the field for a comment"},
	{Name: "?", What: "This list"},
	{Name: "G", What: "Go to another page: a list under the arrow keys"},
	{Name: "W", What: "On the example's own page: waive a finding, with a reason"},
	{Name: "Esc", What: "Leave a field; what you typed stays"},
	{Name: "Enter", What: "In a list of the form: add one behind"},
	{Name: "Alt+↑ ↓", What: "In a list of the form: move it up or down"},
	{Name: "Alt+Delete", What: "In a list of the form: take it away"},
	{Name: "Ctrl+Enter", What: "In a field: save, approve, next"},
}

// category returns a category of the catalog; one that is not in it has no
// schemas, reasons and guidelines.
func (s *Server) category(ctx context.Context, slug string) (catalog.Category, error) {
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return catalog.Category{}, err
	}
	if cat, ok := c.Category(slug); ok {
		return cat, nil
	}
	return catalog.Category{Slug: slug, Name: slug}, nil
}

func scopeOf(q queue, cat catalog.Category) string {
	scope := ""
	if q.Subcategory != "" {
		scope = q.Subcategory
		if sub, ok := cat.Subcategory(q.Subcategory); ok {
			scope = sub.Name
		}
	}
	return scope
}

// position says how far the queue is: of a session what was done in it, else
// what of the category or subcategory is decided, and what the reviewer approved
// that waits for others (own).
func position(q queue, c report.CategoryProgress, own int64, pace review.Pace) templates.Position {
	counts := c.Counts
	if q.Subcategory != "" {
		counts = report.Counts{}
		for _, sub := range c.Subcategories {
			if sub.Slug == q.Subcategory {
				counts = sub.Counts
			}
		}
	}
	total := counts.Total()
	done := min(total, total-counts.Pending+own)
	if q.limit > 0 {
		done, total = int64(q.done), int64(q.limit)
	}
	return positionOf(done, total, pace)
}

func positionOf(done, total int64, pace review.Pace) templates.Position {
	v := templates.Position{
		Done: strconv.FormatInt(done, 10), Total: strconv.FormatInt(total, 10), Words: number(done) + " of " + number(total), At: "0%",
		Decisions: strconv.Itoa(pace.Decisions), Millis: strconv.FormatInt(pace.Mean.Milliseconds()*int64(pace.Decisions), 10),
	}
	if total > 0 {
		v.At = strconv.FormatFloat(100*float64(done)/float64(total), 'f', 1, 64) + "%"
	}
	if pace.Decisions > 0 && pace.Mean > 0 {
		v.Pace = spell(pace.Mean) + " each"
		if left := time.Duration(total - done); left > 0 {
			v.Pace += ", " + spell(left*pace.Mean) + " left"
		}
	}
	return v
}

// spell writes a duration the way people say it: 40 s, 12 min, 1 h 10 min. The
// script of the page writes it the same way.
func spell(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return strconv.Itoa(int(d.Round(time.Second).Seconds())) + "\u00a0s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Round(time.Minute).Minutes())) + "\u00a0min"
	}
	minutes := int(d.Round(time.Minute).Minutes())
	if minutes%60 == 0 {
		return strconv.Itoa(minutes/60) + "\u00a0h"
	}
	return strconv.Itoa(minutes/60) + "\u00a0h " + strconv.Itoa(minutes%60) + "\u00a0min"
}

// items reads and draws examples for the queue; all but the first wait hidden.
func (s *Server) items(r *http.Request, q queue, ids []uuid.UUID) ([]templates.Item, error) {
	items := make([]templates.Item, 0, len(ids))
	p, err := s.figures.Progress(r.Context())
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		d, err := s.asked(r, id)
		if err != nil {
			return nil, err
		}
		item, err := s.item(r, d)
		if err != nil {
			return nil, err
		}
		s.forQueue(&item, q)
		item.Why = why(q, d, p)
		if err := s.besideItem(r, &item, d, q.commentBack(d.ID)); err != nil {
			return nil, err
		}
		item.Waiting = i > 0
		items = append(items, item)
	}
	return items, nil
}

// forQueue makes the form of an item one of the review page.
func (s *Server) forQueue(item *templates.Item, q queue) {
	item.URL = "/examples/" + item.ID
	switch item.Title = item.Subcategory; {
	case item.Title == "":
		item.Title = item.Category
	case item.Slug != q.Category:
		item.Title = item.Category + ": " + item.Title
	}
	if item.Form == nil {
		return
	}
	item.Form.Action = "/review/decisions"
	item.Form.Queue = q.view()
	item.Form.ShowSkip = true
	item.Form.EditURL = q.url(url.Values{"edit": {"1"}, "at": {item.ID}})
}

// claim handles POST /review/claim: the script gets the examples themselves,
// others are sent to the page that shows them.
func (s *Server) claim(w http.ResponseWriter, r *http.Request) error {
	q, err := s.postedQueue(r)
	if err != nil {
		return err
	}
	n := plainStep
	if text := r.PostForm.Get("n"); text != "" {
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxClaim {
			return fault.New(fault.Invalid, "Take between 1 and %d examples at once.", maxClaim)
		}
	}
	u, _ := userOf(r.Context())
	if !isHTMX(r) {
		any, err := s.hold(r.Context(), u.ID, q)
		if err != nil {
			return err
		}
		return s.goOn(w, r, q, any, "")
	}
	got, err := s.reviews.Claim(r.Context(), u.ID, q.Queue, n)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(got))
	for i, l := range got {
		ids[i] = l.ExampleID
	}
	items, err := s.items(r, q, ids)
	if err != nil {
		return err
	}
	for i := range items {
		items[i].Waiting = true // the script shows them when their turn comes
	}
	p, err := s.figures.Progress(r.Context())
	if err != nil {
		return err
	}
	var at templates.Position
	if q.work != nil {
		at = assignedPosition(q, review.Pace{})
	}
	for _, c := range p.Categories {
		if q.work != nil || c.Slug != q.Category {
			continue
		}
		u, _ := userOf(r.Context())
		own, err := s.reviews.OwnApprovals(r.Context(), u.ID, q.Category, q.Subcategory)
		if err != nil {
			return err
		}
		at = position(q, c, own, review.Pace{})
	}
	var rest *templates.Empty
	if len(items) == 0 {
		rest = queueEmpty(q)
	}
	return s.show(w, r, templates.ClaimedItems(items, at, rest))
}

// hold takes one example where the reviewer has none of the queue, and says
// whether there is one now.
func (s *Server) hold(ctx context.Context, reviewer uuid.UUID, q queue) (bool, error) {
	held, err := s.reviews.Held(ctx, reviewer, q.Queue)
	if err != nil || len(held) > 0 {
		return err == nil, err
	}
	held, err = s.reviews.Claim(ctx, reviewer, q.Queue, plainStep)
	return len(held) > 0, err
}

// goOn leads to the next example, or back to the queues where none is left, and
// keeps what is to say for there.
func (s *Server) goOn(w http.ResponseWriter, r *http.Request, q queue, any bool, text string) error {
	path := q.url(nil)
	if !any {
		path = "/review"
		text = strings.TrimSpace(text + " Nothing is left in this queue, or somebody else is looking at it.")
	}
	if text != "" {
		if err := s.flash(w, r, templates.FlashSuccess, text); err != nil {
			return err
		}
	}
	redirect(w, r, path)
	return nil
}

func queueEmpty(q queue) *templates.Empty {
	e := &templates.Empty{
		Icon: "check", Title: "Rack it: nothing is left here",
		Text:    "Every example of this queue is decided, or somebody else is looking at it right now.",
		Actions: []templates.Link{{Label: "Choose another queue", URL: "/review", Style: templates.ButtonPrimary}},
	}
	e.Actions = append(e.Actions, templates.Link{Label: "See what was decided", URL: examplesURL(q.Category, q.Subcategory, "")})
	return e
}

func (s *Server) postedQueue(r *http.Request) (queue, error) {
	if err := r.ParseForm(); err != nil {
		return queue{}, malformed(err)
	}
	return s.parseQueue(r, r.PostForm)
}

// heartbeat handles POST /review/heartbeat.
func (s *Server) heartbeat(w http.ResponseWriter, r *http.Request) error {
	ids, err := postedIDs(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	held, err := s.reviews.Extend(r.Context(), u.ID, ids)
	if err != nil {
		return err
	}
	v := make([]templates.Lease, len(held))
	for i, l := range held {
		v[i] = templates.Lease{ExampleID: l.ExampleID.String(), Until: l.ExpiresAt.UTC().Format(time.RFC3339)}
	}
	return s.show(w, r, templates.Leases(v))
}

// release handles POST /review/release: the reviewer leaves the page. The
// browser may send it while it leaves, when nobody reads the answer.
func (s *Server) release(w http.ResponseWriter, r *http.Request) error {
	ids, err := postedIDs(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	if err := s.reviews.Release(r.Context(), u.ID, ids); err != nil {
		return err
	}
	redirect(w, r, "/review")
	return nil
}

// postedIDs reads the fields named id.
func postedIDs(r *http.Request) ([]uuid.UUID, error) {
	if err := r.ParseForm(); err != nil {
		return nil, malformed(err)
	}
	if len(r.PostForm["id"]) > review.MaxClaim {
		return nil, fault.New(fault.Invalid, "Name at most %d examples.", review.MaxClaim)
	}
	ids := []uuid.UUID{}
	for _, text := range r.PostForm["id"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "One of the examples has no proper number. Reload the page.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// undo handles POST /review/undo: the decision in the form, or without one the
// reviewer's latest.
func (s *Server) undo(w http.ResponseWriter, r *http.Request) error {
	q, err := s.postedQueue(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	u, _ := userOf(ctx)
	decision, err := uuid.Parse(r.PostForm.Get("decision_id"))
	if err != nil {
		var any bool
		if decision, any, err = s.reviews.LastUndoable(ctx, u.ID); err != nil {
			return err
		}
		if !any {
			return fault.New(fault.Invalid, "You have decided nothing that could be undone.")
		}
	}
	out, id, err := s.reviews.Undo(ctx, u.Actor(), decision, u.Can(account.ManageLeases))
	if err != nil {
		return err
	}
	d, err := s.asked(r, id)
	if err != nil {
		return err
	}
	if isHTMX(r) {
		item, err := s.item(r, d)
		if err != nil {
			return err
		}
		s.forQueue(&item, q)
		item.Waiting = true
		if !out.Leased && item.Form != nil {
			item.Form.Problem = takenBack(out)
		}
		return s.show(w, r, templates.ItemArticle(item))
	}
	if err := s.flash(w, r, templates.FlashInfo, takenBack(out)); err != nil {
		return err
	}
	redirect(w, r, s.afterUndo(q, d))
	return nil
}

// takenBack says what an undo led to. It does not name the status, which a hidden
// look must not tell.
func takenBack(out review.Outcome) string {
	if !out.Leased && !out.Replayed {
		return "Taken back. Somebody else is looking at it now: leave it to them, or decide when they are done."
	}
	return "Taken back. It is yours to decide again."
}

// afterUndo is where somebody without JavaScript decides again.
func (s *Server) afterUndo(q queue, d browse.Detail) string {
	if d.Status != example.Pending {
		return "/examples/" + d.ID.String()
	}
	if q.work != nil {
		return q.url(url.Values{"at": {d.ID.String()}})
	}
	if q.Category != d.Category || q.Subcategory != "" && q.Subcategory != d.Subcategory {
		q = queue{Queue: review.Queue{Category: d.Category}}
	}
	if q.done > 0 {
		q.done--
	}
	return q.url(url.Values{"at": {d.ID.String()}})
}
