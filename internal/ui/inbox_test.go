package ui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/web/htmlcheck"
)

func (s *site) notify(t *testing.T, n inbox.Notice) {
	t.Helper()
	if err := postgres.InTx(t.Context(), s.pool, func(tx pgx.Tx) error {
		return inbox.Notify(t.Context(), tx, s.catalogs.Dataset(), n)
	}); err != nil {
		t.Fatal(err)
	}
}

var noticeID = regexp.MustCompile(`name="notice" value="([^"]+)"`)

func TestInbox(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Reviewer)
	me, err := s.accounts.UserByEmail(t.Context(), "reviewer@example.com")
	if err != nil {
		t.Fatal(err)
	}
	b.get("/inbox").want(t, http.StatusOK, "All caught up")
	s.notify(t, inbox.Notice{User: me.ID, Kind: inbox.KindMention, Author: "<b>Zoë</b>", Text: "look\u202e at <script>", Link: "/examples?q=knee#comments"})
	s.notify(t, inbox.Notice{User: me.ID, Kind: inbox.KindRelease, Text: "Version 3"})

	page := b.get("/inbox")
	page.want(t, http.StatusOK, "&lt;b&gt;Zoë&lt;/b&gt; named you in a comment", "&lt;script&gt;", "Spotter made a release", "Unread (2)", "Mark all as read")
	if strings.Contains(page.body, "\u202e") {
		t.Error("the page has a character that turns the direction of reading")
	}
	for _, problem := range htmlcheck.Page([]byte(page.body)) {
		t.Error(problem)
	}
	if home := b.get("/help"); !strings.Contains(home.body, `<span class="nav-count">2`) {
		t.Errorf("the navigation does not say that 2 are unread:\n%s", home.body)
	}
	ids := noticeID.FindAllStringSubmatch(page.body, -1)
	if len(ids) != 2 {
		t.Fatalf("the page has %d forms, want 2", len(ids))
	}
	b.post("/inbox/read", url.Values{"notice": {ids[1][1]}, "go": {"1"}}).leadsTo(t, "/examples?q=knee#comments")
	b.get("/inbox?show=unread").want(t, http.StatusOK, "Unread (1)", "made a release")
	s.as(t, account.Lead).post("/inbox/read", url.Values{"notice": {ids[0][1]}}).want(t, http.StatusNotFound, "no such notice")
	b.post("/inbox/read", url.Values{"upto": {ids[0][1]}}).leadsTo(t, "/inbox")
	b.get("/inbox?show=unread").want(t, http.StatusOK, "All caught up")
	b.get("/inbox?after=x").want(t, http.StatusUnprocessableEntity, "out of date")
	b.post("/inbox/read", url.Values{"notice": {"x"}}).want(t, http.StatusNotFound)
	b.post("/inbox/read", url.Values{"upto": {"x"}}).want(t, http.StatusUnprocessableEntity)
}
