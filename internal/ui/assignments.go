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
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Assignments is work that leads give: assign.Service.
type Assignments interface {
	Give(ctx context.Context, by audit.Actor, p assign.Plan) (uuid.UUID, error)
	HandOver(ctx context.Context, by audit.Actor, id uuid.UUID, people []uuid.UUID, everybody bool) error
	End(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Get(ctx context.Context, id uuid.UUID) (assign.Assignment, error)
	For(ctx context.Context, user, id uuid.UUID) (assign.Assignment, error)
	Of(ctx context.Context, user uuid.UUID) ([]assign.Assignment, error)
	List(ctx context.Context, ended bool, after uuid.UUID, limit int) ([]assign.Assignment, uuid.UUID, error)
}

const (
	assignmentRows = 30
	offeredImports = 30
	offeredPeople  = 200
	// collectTime bounds how long a search is walked to be given as a list.
	collectTime = 20 * time.Second
)

func (s *Server) assignmentRoutes() {
	s.get("/assignments", account.Assign, s.listAssignments)
	s.get("/assignments/new", account.Assign, s.showAssign)
	s.post("/assignments", account.Assign, s.giveWork)
	s.get("/assignments/{id}", account.Assign, s.showAssignment)
	s.post("/assignments/{id}/handover", account.Assign, s.handOverAssignment)
	s.post("/assignments/{id}/end", account.Assign, s.endAssignment)
	s.get("/review/assigned/{id}", account.Review, s.showAssigned)
}

// listAssignments handles GET /assignments.
func (s *Server) listAssignments(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	ended, after := q.Get("show") == "ended", uuid.Nil
	if text := q.Get("after"); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return fault.New(fault.Invalid, "This page of the list does not exist. Go back to its first page.")
		}
		after = id
	}
	list, next, err := s.assignments.List(r.Context(), ended, after, assignmentRows)
	if err != nil {
		return err
	}
	v := templates.Assignments{Views: []templates.InboxView{
		{Label: "Running", URL: "/assignments", Current: !ended},
		{Label: "Ended", URL: "/assignments?show=ended", Current: ended},
	}}
	for _, a := range list {
		row := s.assignmentRow(a)
		row.Due = dayAlone(row.Due)
		v.Rows = append(v.Rows, row)
	}
	if len(list) == 0 {
		v.Empty = &templates.Empty{
			Icon: "review", Title: "Nothing here", Text: "Give a category, an import or the result of a search to somebody, and see here how far they are.",
		}
	}
	if next != uuid.Nil {
		v.Pager.Older = "/assignments?" + with(q, "after", next.String()).Encode()
	}
	if after != uuid.Nil {
		v.Pager.First = "/assignments?" + with(q, "after", "").Encode()
	}
	page := s.frame(w, r, "Assignments", templates.SectionAssignments)
	page.Styles = []string{"css/people.css"}
	return s.show(w, r, templates.AssignmentsPage(page, v))
}

func (s *Server) assignmentRow(a assign.Assignment) templates.Assignment {
	v := templates.Assignment{
		ID: a.ID.String(), URL: "/assignments/" + a.ID.String(), Title: draw.Plain(a.Title), Note: draw.Text(a.Note), Given: "by " + draw.Plain(a.Author),
		At: moment(a.CreatedAt, s.now()), Any: a.Progress.Waiting > 0, Queue: templates.Queue{Assignment: a.ID.String()}, People: "everybody",
		Progress: templates.TargetBar{Status: "approved", Width: "0%"},
	}
	switch a.Kind {
	case assign.Shelf:
		v.Origin = examplesURL(a.Category, a.Subcategory, "")
	case assign.Import:
		v.Origin = "/imports/" + a.Import.String()
	default:
		v.Origin = a.Origin
	}
	if !a.Everybody {
		var names []string
		for _, p := range a.People {
			names = append(names, draw.Plain(p.Name))
		}
		v.People = strings.Join(names, ", ")
	}
	if !a.EndedAt.IsZero() {
		v.Ended = "ended by " + draw.Plain(a.EndedBy) + ", " + moment(a.EndedAt, s.now()).Text
	}
	if !a.Due.IsZero() {
		v.Due = dueWords(a.Due, s.now())
		v.Late = a.EndedAt.IsZero() && v.Any && a.Due.Before(s.now().UTC().Truncate(24*time.Hour))
	}
	v.Progress.Text = number(a.Progress.Done()) + " of " + number(a.Progress.Total) + " decided"
	if a.Progress.More {
		v.Progress.Text = "more than " + number(a.Progress.Waiting) + " of " + number(a.Progress.Total) + " wait"
	}
	if a.Progress.Total > 0 {
		v.Progress.Width = strconv.FormatFloat(100*float64(a.Progress.Done())/float64(a.Progress.Total), 'f', 1, 64) + "%"
	}
	return v
}

// dueWords says a day the way people say a deadline.
func dueWords(due, now time.Time) string {
	days := int(due.UTC().Truncate(24*time.Hour).Sub(now.UTC().Truncate(24*time.Hour)) / (24 * time.Hour))
	switch {
	case days == 0:
		return "due today"
	case days == 1:
		return "due tomorrow"
	case days == -1:
		return "was due yesterday"
	case days < 0:
		return "was due " + due.UTC().Format("2 January")
	case days < 7:
		return "due on " + due.UTC().Weekday().String()
	}
	return "due " + due.UTC().Format("2 January")
}

// dayAlone is what dueWords says, for under a heading that says “Due” already.
func dayAlone(words string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(words, "was "), "due "), "on ")
}

// showAssign handles GET /assignments/new. The address may name what to give:
// what, as the form has it, or search, the query of a list of examples.
func (s *Server) showAssign(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	what := q.Get("what")
	if search := q.Get("search"); search != "" {
		what = "search:" + search
	}
	v, err := s.assignForm(r.Context(), what, nil, false)
	if err != nil {
		return err
	}
	return s.assignPage(w, r, http.StatusOK, v)
}

func (s *Server) assignPage(w http.ResponseWriter, r *http.Request, status int, v templates.AssignmentForm) error {
	page := s.frame(w, r, "Give work", templates.SectionAssignments)
	page.Styles = []string{"css/people.css"}
	s.render(w, r, status, templates.AssignPage(page, v))
	return nil
}

// assignForm is the form with what was chosen.
func (s *Server) assignForm(ctx context.Context, what string, people []string, everybody bool) (templates.AssignmentForm, error) {
	v := templates.AssignmentForm{
		What: templates.Choice{Name: "what", Label: "What"},
		Note: templates.Field{Name: "note", Label: "Note", Rows: 3, Optional: true, MaxLength: 2000, Hint: "What to look out for. Those who get the work see it."},
		Due:  templates.Field{Name: "due", Label: "Due", Type: "date", Optional: true},
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return v, err
	}
	choice := choice("what", "What", "Choose", what)
	if search, ok := strings.CutPrefix(what, "search:"); ok {
		choice.add(what, "What this search finds: "+searchWords(search))
	}
	for _, cat := range c.Categories {
		choice.add("shelf:"+cat.Slug, cat.Name)
		for _, sub := range cat.Subcategories {
			choice.add("shelf:"+cat.Slug+"/"+sub.Slug, cat.Name+": "+sub.Name)
		}
	}
	if s.imports != nil {
		runs, err := s.imports.List(ctx, uuid.Nil, offeredImports)
		if err != nil {
			return v, err
		}
		for _, run := range runs {
			if run.Inserted > 0 {
				choice.add("import:"+run.ID.String(), "Import: "+draw.Plain(run.Name)+", "+counted(run.Inserted, "example", "examples")+", "+day(run.CreatedAt, s.now()))
			}
		}
	}
	v.What = choice.done()
	v.Who, err = s.who(ctx, people, everybody)
	return v, err
}

// searchWords says what a search looks for.
func searchWords(search string) string {
	form, err := url.ParseQuery(search)
	if err != nil {
		return draw.Plain(search)
	}
	var parts []string
	for _, name := range []string{"q", "category", "subcategory", "status", "severity", "rule", "source", "tag", "import"} {
		if value := form.Get(name); value != "" {
			parts = append(parts, draw.Plain(value))
		}
	}
	if len(parts) == 0 {
		return "all examples"
	}
	return strings.Join(parts, ", ")
}

// who are the people that work can be given to.
func (s *Server) who(ctx context.Context, chosen []string, everybody bool) (templates.Who, error) {
	v := templates.Who{Everybody: everybody}
	users, _, err := s.accounts.List(ctx, "", 500)
	if err != nil {
		return v, err
	}
	for _, u := range users {
		if u.Can(account.Review) && len(v.People) < offeredPeople {
			note := roleWord(u.Role)
			if len(u.Skills) > 0 {
				note += ", " + strings.Join(u.Skills, ", ")
			}
			v.People = append(v.People, templates.Ticked{ID: u.ID.String(), Name: u.Name, Note: note, On: slices.Contains(chosen, u.ID.String())})
		}
	}
	return v, nil
}

// giveWork handles POST /assignments.
func (s *Server) giveWork(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	ctx, form := r.Context(), r.PostForm
	u, _ := userOf(ctx)
	p := assign.Plan{Everybody: form.Get("everybody") != "", Note: form.Get("note")}
	wrong := map[string]string{}
	var err error
	if p.People, err = chosenPeople(form, p.Everybody); err != nil {
		return err
	}
	if text := form.Get("due"); text != "" {
		if p.Due, err = time.Parse(dateLayout, text); err != nil {
			wrong["due"] = "Write the day as 2026-11-30."
		}
	}
	if p.Scope, err = s.scope(ctx, form.Get("what")); err == nil && len(wrong) == 0 {
		_, err = s.assignments.Give(ctx, u.Actor(), p)
	}
	f, ok := fault.As(err)
	if err != nil && (!ok || f.Kind != fault.Invalid) {
		return err
	}
	if err == nil && len(wrong) == 0 {
		if err := s.flash(w, r, templates.FlashSuccess, "It is given. Those who have it find it first on their review page."); err != nil {
			return err
		}
		redirect(w, r, "/assignments")
		return nil
	}
	v, ferr := s.assignForm(ctx, form.Get("what"), form["person"], p.Everybody)
	if ferr != nil {
		return ferr
	}
	v.Problem = "Nothing was given."
	if ok {
		v.What.Problem, v.Who.Problem, v.Note.Problem = f.Fields["scope"], f.Fields["people"], f.Fields["note"]
		if wrong["due"] == "" {
			wrong["due"] = f.Fields["due"]
		}
		if len(f.Fields) == 0 {
			v.Problem = f.Msg
		}
	}
	v.Note.Value, v.Due.Value, v.Due.Problem = form.Get("note"), form.Get("due"), wrong["due"]
	return s.assignPage(w, r, http.StatusUnprocessableEntity, v)
}

// chosenPeople reads who is ticked; everybody goes before single people.
func chosenPeople(form url.Values, everybody bool) ([]uuid.UUID, error) {
	if everybody {
		return nil, nil
	}
	var people []uuid.UUID
	for _, text := range form["person"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "The form names somebody that there is not. Reload the page.")
		}
		people = append(people, id)
	}
	return people, nil
}

// scope reads what a form gives. What makes no sense gives an empty scope, which
// the service refuses.
func (s *Server) scope(ctx context.Context, what string) (assign.Scope, error) {
	kind, rest, _ := strings.Cut(what, ":")
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return assign.Scope{}, err
	}
	switch kind {
	case "shelf":
		slug, sub, _ := strings.Cut(rest, "/")
		return shelfScope(c, slug, sub), nil
	case "import":
		id, err := uuid.Parse(rest)
		if err != nil || s.imports == nil {
			return assign.Scope{}, nil
		}
		run, err := s.imports.Get(ctx, id)
		if err != nil {
			return assign.Scope{}, err
		}
		return assign.Scope{Import: id, Title: "Import: " + run.Name}, nil
	case "search":
		form, err := url.ParseQuery(rest)
		if err != nil {
			return assign.Scope{}, nil
		}
		f, err := filterOf(form)
		if err != nil {
			return assign.Scope{}, err
		}
		ids, more, err := s.collect(ctx, f)
		if err != nil {
			return assign.Scope{}, err
		}
		title := "Found: " + searchWords(rest)
		if more {
			title += " (the first " + number(len(ids)) + ")"
		}
		return assign.Scope{Examples: ids, Title: cutTitle(title), Origin: filterURL(f, "")}, nil
	}
	return assign.Scope{}, nil
}

// cutTitle keeps a title from a long search within what the service takes.
func cutTitle(title string) string {
	const most = 280
	if len(title) <= most {
		return title
	}
	return strings.ToValidUTF8(title[:most], "") + "…"
}

func shelfScope(c *catalog.Catalog, slug, sub string) assign.Scope {
	cat, ok := c.Category(slug)
	if !ok {
		return assign.Scope{}
	}
	p := assign.Scope{Category: slug, Subcategory: sub, Title: cat.Name}
	if sub != "" {
		one, ok := cat.Subcategory(sub)
		if !ok {
			return assign.Scope{}
		}
		p.Title += ": " + one.Name
	}
	return p
}

// collect lists what a search finds, as far as one assignment may hold, and says
// whether there is more.
func (s *Server) collect(ctx context.Context, f browse.Filter) (ids []uuid.UUID, more bool, err error) {
	start, cursor := s.now(), ""
	for {
		page, err := s.browse.List(ctx, f, cursor, browse.MaxLimit)
		if err != nil {
			return nil, false, err
		}
		for _, item := range page.Items {
			if len(ids) == assign.MaxExamples {
				return ids, true, nil
			}
			ids = append(ids, item.ID)
		}
		if cursor = page.Next; cursor == "" {
			return ids, false, nil
		}
		if s.now().Sub(start) > collectTime {
			return nil, false, fault.Fields("Nothing was given.", map[string]string{"scope": "This search takes too long to be given as a whole. Narrow it by category, import or rule."})
		}
	}
}

// showAssignment handles GET /assignments/{id}.
func (s *Server) showAssignment(w http.ResponseWriter, r *http.Request) error {
	return s.assignmentPage(w, r, http.StatusOK, nil, false, "")
}

// assignmentPage draws one assignment; problem is what is wrong with a handing
// over to chosen.
func (s *Server) assignmentPage(w http.ResponseWriter, r *http.Request, status int, chosen []string, everybody bool, problem string) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	a, err := s.assignments.Get(r.Context(), id)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	address := "/assignments/" + id.String()
	v := templates.AssignmentView{
		Crumbs: []templates.Link{{Label: "Assignments", URL: "/assignments"}}, Assignment: s.assignmentRow(a), HandAction: address + "/handover",
		End: templates.Confirm{
			Summary: "End it", Text: "Nobody has it any more. What was decided stays, and what waits goes on waiting in its queue.",
			Action: address + "/end", Button: "End it", Danger: true,
		},
	}
	if a.EndedAt.IsZero() {
		v.Mine = a.Everybody || slices.ContainsFunc(a.People, func(p assign.Person) bool { return p.ID == u.ID })
		if chosen == nil && !everybody {
			everybody = a.Everybody
			for _, p := range a.People {
				chosen = append(chosen, p.ID.String())
			}
		}
		who, err := s.who(r.Context(), chosen, everybody)
		if err != nil {
			return err
		}
		who.Problem = problem
		v.HandOver = &who
	}
	page := s.frame(w, r, "Assignment", templates.SectionAssignments)
	page.Styles = []string{"css/people.css", "css/review.css", "css/examples.css"}
	s.render(w, r, status, templates.AssignmentPage(page, v))
	return nil
}

// handOverAssignment handles POST /assignments/{id}/handover.
func (s *Server) handOverAssignment(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	everybody := r.PostForm.Get("everybody") != ""
	people, err := chosenPeople(r.PostForm, everybody)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	err = s.assignments.HandOver(r.Context(), u.Actor(), id, people, everybody)
	if f, ok := fault.As(err); ok && f.Fields["people"] != "" {
		return s.assignmentPage(w, r, http.StatusUnprocessableEntity, append([]string{}, r.PostForm["person"]...), everybody, f.Fields["people"])
	}
	return s.assignmentChanged(w, r, id, err, "It is handed over.")
}

// endAssignment handles POST /assignments/{id}/end.
func (s *Server) endAssignment(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	return s.assignmentChanged(w, r, id, s.assignments.End(r.Context(), u.Actor(), id), "The assignment has ended.")
}

func (s *Server) assignmentChanged(w http.ResponseWriter, r *http.Request, id uuid.UUID, err error, done string) error {
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, done); err != nil {
		return err
	}
	redirect(w, r, "/assignments/"+id.String())
	return nil
}

// yourAssignments are what the viewer has to do, for the page of queues.
func (s *Server) yourAssignments(ctx context.Context, u account.User) ([]templates.Assignment, error) {
	if s.assignments == nil {
		return nil, nil
	}
	list, err := s.assignments.Of(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	var rows []templates.Assignment
	for _, a := range list {
		rows = append(rows, s.assignmentRow(a))
	}
	return rows, nil
}

// assignedQueue reads the assignment that a queue is within.
func (s *Server) assignedQueue(ctx context.Context, q *queue, text string) error {
	id, err := uuid.Parse(text)
	if err != nil || s.assignments == nil {
		return fault.New(fault.NotFound, "There is no such assignment.")
	}
	u, _ := userOf(ctx)
	a, err := s.assignments.For(ctx, u.ID, id)
	if err != nil {
		return err
	}
	q.Assignment, q.work = id, &a
	q.Category, q.Subcategory = a.Category, a.Subcategory
	return nil
}

// showAssigned handles GET /review/assigned/{id}: the queue of one assignment.
func (s *Server) showAssigned(w http.ResponseWriter, r *http.Request) error {
	form := r.URL.Query()
	form.Set("assignment", chi.URLParam(r, "id"))
	return s.benchOf(w, r, form)
}

// assignedBench names the page of an assignment's queue and says how far it is.
func assignedBench(v *templates.Bench, q queue, pace review.Pace) {
	v.Title, v.Scope = draw.Plain(q.work.Title), "assigned by "+draw.Plain(q.work.Author)
	v.Position = assignedPosition(q, pace)
}

func assignedPosition(q queue, pace review.Pace) templates.Position {
	if q.limit > 0 {
		return positionOf(int64(q.done), int64(q.limit), pace)
	}
	return positionOf(q.work.Progress.Done(), q.work.Progress.Total, pace)
}
