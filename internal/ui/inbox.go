package ui

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Inbox is what waits for each person: inbox.Service.
type Inbox interface {
	List(ctx context.Context, user uuid.UUID, unread bool, after uuid.UUID, limit int) ([]inbox.Item, uuid.UUID, error)
	Unread(ctx context.Context, user uuid.UUID) (int, error)
	Read(ctx context.Context, user, id uuid.UUID) (link string, err error)
	ReadAll(ctx context.Context, user, newest uuid.UUID) (int64, error)
}

const inboxRows = 50

func (s *Server) inboxRoutes() {
	s.get("/inbox", account.OwnAccount, s.showInbox)
	s.post("/inbox/read", account.OwnAccount, s.readNotice)
}

// inboxNav fills in the navigation's entry. A page is worth more than its badge,
// so an error is logged and there is none.
func (s *Server) inboxNav(ctx context.Context, n *templates.Nav, u account.User) {
	n.Assignments = s.assignments != nil && u.Can(account.Assign)
	if s.inbox == nil || !u.Can(account.OwnAccount) {
		return
	}
	n.Inbox = true
	unread, err := s.inbox.Unread(ctx, u.ID)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "count unread notices", slog.Any("error", err))
	}
	n.InboxUnread = badge(unread)
}

// badge writes how many are unread, as far as they are counted.
func badge(unread int) string {
	switch {
	case unread == 0:
		return ""
	case unread >= inbox.MaxUnread:
		return strconv.Itoa(inbox.MaxUnread-1) + "+"
	}
	return strconv.Itoa(unread)
}

// showInbox handles GET /inbox.
func (s *Server) showInbox(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	u, _ := userOf(r.Context())
	unread, after := q.Get("show") == "unread", uuid.Nil
	if text := q.Get("after"); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return fault.New(fault.Invalid, "This page of your inbox does not exist. Go back to its first page.")
		}
		after = id
	}
	items, next, err := s.inbox.List(r.Context(), u.ID, unread, after, inboxRows)
	if err != nil {
		return err
	}
	page := s.frame(w, r, "Inbox", templates.SectionInbox)
	page.Styles = []string{"css/people.css"}
	count := page.Nav.InboxUnread
	v := templates.Inbox{Views: []templates.InboxView{
		{Label: "Everything", URL: "/inbox", Current: !unread},
		{Label: "Unread", URL: "/inbox?show=unread", Current: unread},
	}}
	if count != "" {
		v.Views[1].Label = "Unread (" + count + ")"
	}
	for _, i := range items {
		if v.Newest == "" && count != "" {
			v.Newest = i.ID.String()
		}
		v.Rows = append(v.Rows, s.noticeRow(i))
	}
	if len(items) == 0 {
		v.Empty = &templates.Empty{
			Icon: "inbox", Title: "All caught up",
			Text: "When somebody names you in a comment, answers your question or gives you work, it waits here.",
		}
	}
	if next != uuid.Nil {
		v.Pager.Older = "/inbox?" + with(q, "after", next.String()).Encode()
	}
	if after != uuid.Nil {
		v.Pager.First = "/inbox?" + with(q, "after", "").Encode()
	}
	return s.show(w, r, templates.InboxPage(page, v))
}

// noticeWords are what a notice of each kind says, after the name of whoever did
// it; the icon beside it; and the words of its button.
var noticeWords = map[string]struct{ icon, said, lead string }{
	inbox.KindMention:     {"comment", "named you in a comment", "See the comment"},
	inbox.KindComment:     {"comment", "commented on an example you commented on", "See the comment"},
	inbox.KindAnswer:      {"check", "answered your question", "See the answer"},
	inbox.KindAdjudicated: {"flag", "settled a disagreement you were part of", "See the example"},
	inbox.KindAssignment:  {"review", "gave you work", "See the assignment"},
	inbox.KindRelease:     {"download", "made a release", "See the release"},
}

func (s *Server) noticeRow(i inbox.Item) templates.Notice {
	words, ok := noticeWords[i.Kind]
	if !ok {
		words.icon, words.said, words.lead = "info", "did something", "Go there"
	}
	author := draw.Plain(i.Author)
	if author == "" {
		author = "Spotter"
	}
	return templates.Notice{
		ID: i.ID.String(), Icon: words.icon, Title: author + " " + words.said, Text: draw.Text(i.Text), At: moment(i.At, s.now()),
		Unread: !i.Read, Leads: i.Link != "", Go: words.lead,
	}
}

// readNotice handles POST /inbox/read: one notice, or all up to one. Reading is
// a change, so it is never done by opening a link.
func (s *Server) readNotice(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	u, _ := userOf(r.Context())
	if newest := r.PostForm.Get("upto"); newest != "" {
		id, err := uuid.Parse(newest)
		if err != nil {
			return fault.New(fault.Invalid, "The form does not say up to which notice. Reload the page.")
		}
		if _, err := s.inbox.ReadAll(r.Context(), u.ID, id); err != nil {
			return err
		}
		redirect(w, r, "/inbox")
		return nil
	}
	id, err := parseID(r.PostForm.Get("notice"))
	if err != nil {
		return err
	}
	link, err := s.inbox.Read(r.Context(), u.ID, id)
	if err != nil {
		return err
	}
	if r.PostForm.Get("go") == "" || link == "" {
		link = "/inbox"
	}
	// localPath drops what follows #, which only the browser needs.
	path, place, _ := strings.Cut(link, "#")
	if path = localPath(path); place != "" {
		path += "#" + place
	}
	redirect(w, r, path)
	return nil
}
