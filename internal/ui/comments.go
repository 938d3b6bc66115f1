package ui

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/comment"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/sight"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Comments are what people say about examples: comment.Service.
type Comments interface {
	Add(ctx context.Context, by audit.Actor, example uuid.UUID, body string) (comment.Said, error)
	List(ctx context.Context, v sight.Viewer, example, before uuid.UUID, limit int) (comment.Page, error)
	Hints(ctx context.Context, words string, limit int) ([]comment.Person, error)
}

const (
	commentRows = 20 // beside an example
	hintRows    = 12 // in the hint below the field
	namesRows   = 100
)

func (s *Server) commentRoutes() {
	s.get("/examples/{id}/comments", account.View, s.showComments)
	s.post("/examples/{id}/comments", account.Comment, s.addComment)
	s.get("/names", account.Comment, s.listNames)
}

// viewer is u as somebody who looks at an example; asked says that they are
// asked for a verdict on it.
func viewer(u account.User, asked bool) sight.Viewer {
	return sight.Viewer{ID: u.ID, Reviews: u.Can(account.Review), Leads: u.Can(account.ManageLeases), Asked: asked}
}

// besideItem adds to an item of a queue what people said about it and what it is
// like.
func (s *Server) besideItem(r *http.Request, item *templates.Item, d browse.Detail, back string) error {
	if err := s.similarView(r.Context(), item, d); err != nil {
		return err
	}
	if s.comments == nil {
		return nil
	}
	v, err := s.commentsView(r, d, true, uuid.Nil)
	if err != nil {
		return err
	}
	v.Prefix, v.Back = item.Prefix+"-", back
	v.Body.ID = v.Prefix + "comment"
	item.Comments = &v
	return nil
}

// commentsView draws the comments on d before one.
func (s *Server) commentsView(r *http.Request, d browse.Detail, asked bool, before uuid.UUID) (templates.Comments, error) {
	u, _ := userOf(r.Context())
	address := "/examples/" + d.ID.String()
	v := templates.Comments{
		Heading: "Comments", Back: address, AllURL: "/names",
		Body: templates.Field{
			ID: "comment", Name: "body", Label: "Say something about this example", Rows: 3, MaxLength: comment.MaxBytes, Autocomplete: "off",
			Hint: "Plain text. Name somebody with @, and they find it in their inbox.",
		},
	}
	page, err := s.comments.List(r.Context(), viewer(u, asked), d.ID, before, commentRows)
	if err != nil {
		return v, err
	}
	for _, c := range page.Comments {
		row := templates.Comment{ID: c.ID.String(), Author: draw.Plain(c.Author), Mine: c.AuthorID == u.ID, At: moment(c.At, s.now()), Text: draw.Text(c.Body)}
		if row.Author == "" {
			row.Author = "Somebody"
		}
		if c.Revision != d.Revision {
			row.Note = "on revision " + strconv.Itoa(c.Revision)
		}
		v.Rows = append(v.Rows, row)
	}
	if page.Hidden > 0 {
		v.Note = counted(page.Hidden, "comment is", "comments are") + " hidden until you have decided, so that your verdict is your own."
	}
	if page.Older != uuid.Nil {
		v.Older = address + "/comments?before=" + page.Older.String()
	}
	if before != uuid.Nil {
		v.Newest = address + "/comments"
	}
	if u.Can(account.Comment) {
		v.Action = address + "/comments"
		people, err := s.comments.Hints(r.Context(), "", hintRows)
		if err != nil {
			return v, err
		}
		v.Hints = hints(people)
	}
	return v, nil
}

func hints(people []comment.Person) []templates.Hint {
	list := make([]templates.Hint, len(people))
	for i, p := range people {
		list[i] = templates.Hint{Name: p.Name, Email: p.Email, Role: roleWord(p.Role), Insert: p.Email}
	}
	return list
}

// showComments handles GET /examples/{id}/comments.
func (s *Server) showComments(w http.ResponseWriter, r *http.Request) error {
	d, err := s.detailOf(r, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	before := uuid.Nil
	if text := r.URL.Query().Get("before"); text != "" {
		if before, err = uuid.Parse(text); err != nil {
			return fault.New(fault.Invalid, "This page of the comments does not exist. Go back to the example.")
		}
	}
	v, err := s.commentsView(r, d, false, before)
	if err != nil {
		return err
	}
	v.Back = "/examples/" + d.ID.String() + "/comments"
	return s.commentsPage(w, r, http.StatusOK, d, v)
}

func (s *Server) commentsPage(w http.ResponseWriter, r *http.Request, status int, d browse.Detail, v templates.Comments) error {
	v.Alone = true
	page := s.frame(w, r, "Comments", templates.SectionExamples)
	page.Styles, page.Modules = []string{"css/review.css", "css/people.css"}, []string{"js/comments.js"}
	s.render(w, r, status, templates.CommentsPage(page, templates.CommentsView{
		Title: "Comments", Comments: v,
		Crumbs: []templates.Link{{Label: "Examples", URL: "/examples"}, {Label: "This example", URL: "/examples/" + d.ID.String()}},
	}))
	return nil
}

// addComment handles POST /examples/{id}/comments. The script gets the comments
// drawn anew; others go back to where they were.
func (s *Server) addComment(w http.ResponseWriter, r *http.Request) error {
	d, err := s.posted(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	back := localPath(r.PostForm.Get("back"))
	said, err := s.comments.Add(r.Context(), u.Actor(), d.ID, r.PostForm.Get("body"))
	problem := ""
	if f, ok := fault.As(err); ok && f.Fields["body"] != "" {
		problem = f.Fields["body"]
	} else if err != nil {
		return err
	}
	if problem == "" && !isHTMX(r) {
		if err := s.flash(w, r, templates.FlashSuccess, toldWords(said)); err != nil {
			return err
		}
		redirect(w, r, back)
		return nil
	}
	v, err := s.commentsView(r, d, strings.HasPrefix(back, "/review"), uuid.Nil)
	if err != nil {
		return err
	}
	if v.Back = back; strings.HasPrefix(back, "/review") {
		v.Prefix = prefixOf(d.ID) + "-"
		v.Body.ID = v.Prefix + "comment"
	}
	status := http.StatusOK
	if problem == "" {
		v.Said = toldWords(said)
	} else {
		status, v.Body.Problem, v.Body.Value = http.StatusUnprocessableEntity, problem, r.PostForm.Get("body")
	}
	if isHTMX(r) {
		s.render(w, r, status, templates.CommentsCard(v))
		return nil
	}
	return s.commentsPage(w, r, status, d, v)
}

// toldWords says who was told of a comment, and who was not.
func toldWords(said comment.Said) string {
	text := "Your comment is kept."
	if len(said.Told) > 0 {
		text += " Told: " + strings.Join(said.Told, ", ") + "."
	}
	for _, word := range said.Unclear {
		text += " @" + word + " could be several people, so nobody was told: write the e-mail address."
	}
	return text
}

// listNames handles GET /names; the script gets the names alone.
func (s *Server) listNames(w http.ResponseWriter, r *http.Request) error {
	words := r.URL.Query().Get("q")
	limit := namesRows
	if isHTMX(r) {
		limit = hintRows
	}
	people, err := s.comments.Hints(r.Context(), words, limit)
	if err != nil {
		return err
	}
	v := templates.Names{Words: templates.Field{Name: "q", Label: "Name or address", Type: "search", Value: words}, Hints: hints(people)}
	if len(people) == limit {
		v.Note = "There may be more. Write more of the name to find them."
	}
	if isHTMX(r) {
		return s.show(w, r, templates.NameHints(v.Hints))
	}
	page := s.frame(w, r, "Whom you can name", "")
	page.Styles = []string{"css/people.css"}
	return s.show(w, r, templates.NamesPage(page, v))
}

// commentBack is where somebody who comments on an item of a queue goes
// afterwards: to that item again.
func (q queue) commentBack(id uuid.UUID) string { return q.url(url.Values{"at": {id.String()}}) }
