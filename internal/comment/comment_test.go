package comment_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/comment"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/sight"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	people := []comment.Person{
		{Name: "Ana Berg", Email: "ana@example.com"},
		{Name: "Ana Berger", Email: "aberger@example.com"},
		{Name: "Zoë O'Neil", Email: "zoe.oneil@example.com"},
		{Name: "İpek Şahin", Email: "ipek@example.com"},
		{Name: "Bo", Email: "bo@example.com"},
		{Name: "<script>", Email: "x@example.com"},
	}
	for _, tt := range []struct {
		text    string
		named   string // first letters of addresses
		unclear string
	}{
		{"", "", ""},
		{"nobody at all", "", ""},
		{"@bo look", "bo", ""},
		{"@BO, @Bo and @bo@example.com", "bo", ""},
		{"@Ana Berg please", "ana", ""},
		{"@Ana Berger please", "aberger", ""},
		{"@Ana Bergers", "", "ana"},
		{"@Anabel", "", ""},
		{"@ana is which?", "", "ana"},
		{"@aberger!", "aberger", ""},
		{"(@Zoë)", "zoe.oneil", ""},
		{"@zoe.oneil@example.com.", "zoe.oneil", ""},
		{"@ipek", "ipek", ""},
		{"mail bo@example.com", "", ""},
		{"@ bo", "", ""},
		{"@@bo", "bo", ""},
		{"\n@bo\n@aberger", "bo aberger", ""},
		{"@<script>", "x", ""},
		{strings.Repeat("@nobody ", 60) + "@bo", "", ""},
	} {
		named, unclear := comment.Mentions(tt.text, people)
		var who []string
		for _, p := range named {
			local, _, _ := strings.Cut(p.Email, "@")
			who = append(who, local)
		}
		if got := strings.Join(who, " "); got != tt.named || strings.Join(unclear, " ") != tt.unclear {
			t.Errorf("mentions(%q) = %q, unclear %q; want %q, unclear %q", tt.text, got, unclear, tt.named, tt.unclear)
		}
	}
}

// team is a workspace with people of every kind.
type team struct {
	pool                  *pgxpool.Pool
	comments              *comment.Service
	reviews               *review.Service
	inbox                 *inbox.Service
	lead, ana, bo, cy, pm account.User
}

func newTeam(t *testing.T) *team {
	t.Helper()
	pool := pgtest.New(t)
	g := &team{
		pool: pool, comments: comment.New(pool, exampletest.Dataset), inbox: inbox.New(pool, exampletest.Dataset),
		reviews: review.New(review.Config{
			DB: pool, Dataset: exampletest.Dataset,
			Order: func(context.Context) ([]string, error) { return nil, nil },
			Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
			Count: func(example.Conversation) (int, int) { return 50, 25 },
		}),
	}
	accounts := account.New(pool, account.Config{})
	for _, p := range []struct {
		user *account.User
		name string
		role account.Role
	}{
		{&g.lead, "Lea", account.Lead},
		{&g.ana, "Ana", account.Reviewer},
		{&g.bo, "Bo", account.Reviewer},
		{&g.cy, "Cy", account.Reviewer},
		{&g.pm, "Pam", account.PM},
	} {
		u, err := accounts.Add(t.Context(), audit.Actor{Name: "test"},
			account.Person{Email: strings.ToLower(p.name) + "@example.com", Name: p.name, Password: "two plates and a half"}, p.role)
		if err != nil {
			t.Fatal(err)
		}
		*p.user = u
	}
	return g
}

func (g *team) say(t *testing.T, who account.User, id uuid.UUID, body string) comment.Said {
	t.Helper()
	said, err := g.comments.Add(t.Context(), who.Actor(), id, body)
	if err != nil {
		t.Fatalf("Add(%q) = %v", body, err)
	}
	return said
}

// sees lists the comments that somebody sees, and how many are hidden.
func (g *team) sees(t *testing.T, who account.User, id uuid.UUID, asked bool) string {
	t.Helper()
	page, err := g.comments.List(t.Context(), sight.Viewer{
		ID: who.ID, Reviews: who.Can(account.Review), Leads: who.Can(account.ManageLeases), Asked: asked,
	}, id, uuid.Nil, 50)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range page.Comments {
		list = append(list, c.Body)
	}
	return strings.Join(list, "|") + strings.Repeat("*", page.Hidden)
}

func (g *team) notices(t *testing.T, who account.User) []string {
	t.Helper()
	items, _, err := g.inbox.List(t.Context(), who.ID, false, uuid.Nil, 50)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, i := range items {
		list = append(list, i.Kind+" by "+i.Author+": "+i.Text)
	}
	return list
}

// approve puts an approval on an example that leaves it pending, as the first of
// two does.
func (g *team) approve(t *testing.T, who account.User, id uuid.UUID) {
	t.Helper()
	if _, err := g.pool.Exec(t.Context(), `INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, status_before, status_after, request_key, created_at)
		SELECT $1, $2, $3, $4, revision, 'approve', 'pending', 'pending', $5, clock_timestamp() FROM examples WHERE id = $3`,
		exampletest.Dataset, uuid.Must(uuid.NewV7()), id, who.ID, uuid.NewString()); err != nil {
		t.Fatal(err)
	}
}

func TestCommentsTellPeople(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	id := exampletest.Insert(t, g.pool, 1, exampletest.Seed{})[0]
	said := g.say(t, g.ana, id, "  @Bo and @ana: is this a <b>tear</b>?\r\n ")
	if d := cmp.Diff([]string{"Bo"}, said.Told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	g.say(t, g.cy, id, "no")
	if d := cmp.Diff([]string{"mention by Ana: @Bo and @ana: is this a <b>tear</b>?"}, g.notices(t, g.bo)); d != "" {
		t.Errorf("Bo's notices (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"comment by Cy: no"}, g.notices(t, g.ana)); d != "" {
		t.Errorf("Ana's notices (-want +got):\n%s", d)
	}
	record, _, err := audit.List(t.Context(), g.pool, audit.Filter{Action: comment.ActionAdd, Object: "example/" + id.String()})
	if err != nil || len(record) != 2 || record[0].Actor.ID != g.cy.ID {
		t.Errorf("the record has %+v, %v; want both comments", record, err)
	}
}

func TestWhoeverMayStillJudgeIsBlind(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	ids := exampletest.Insert(t, g.pool, 1, exampletest.Seed{})
	id := ids[0]
	g.say(t, g.pm, id, "early")
	g.approve(t, g.ana, id)
	g.say(t, g.ana, id, "fine, @bo")
	g.say(t, g.bo, id, "mine")
	const all = "early|fine, @bo|mine"
	for _, tt := range []struct {
		name  string
		who   account.User
		asked bool
		want  string
	}{
		{"who has judged sees all", g.ana, false, all},
		{"who has judged sees all when shown it", g.ana, true, all},
		{"who may still judge sees their own and what came before", g.bo, false, "early|mine*"},
		{"and nothing else where they said nothing", g.cy, false, "early**"},
		{"a lead sees all", g.lead, false, all},
		{"a lead who is asked is blind", g.lead, true, "early**"},
		{"who never judges sees all", g.pm, false, all},
	} {
		if got := g.sees(t, tt.who, id, tt.asked); got != tt.want {
			t.Errorf("%s: sees %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := g.notices(t, g.bo); len(got) != 1 || strings.Contains(got[0], "fine") || !strings.HasPrefix(got[0], "mention by Ana: You may be asked") {
		t.Errorf("Bo was told %q, want that he was named without the words", got)
	}
	g.approve(t, g.bo, id)
	if got := g.sees(t, g.bo, id, false); got != all {
		t.Errorf("after his verdict Bo sees %q, want all", got)
	}
	if _, err := g.pool.Exec(t.Context(), "UPDATE examples SET status = 'approved' WHERE id = $1", id); err != nil {
		t.Fatal(err)
	}
	if got := g.sees(t, g.cy, id, false); got != all {
		t.Errorf("when it is decided Cy sees %q, want all", got)
	}
	if got := g.sees(t, g.cy, id, true); got != "early**" {
		t.Errorf("asked for a second look Cy sees %q, want what came before the verdict", got)
	}
}

func TestPagesOfComments(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	id := exampletest.Insert(t, g.pool, 1, exampletest.Seed{})[0]
	for _, body := range []string{"1", "2", "3", "4", "5"} {
		g.say(t, g.ana, id, body)
	}
	var pages []string
	before := uuid.Nil
	for {
		page, err := g.comments.List(t.Context(), sight.Viewer{ID: g.ana.ID, Reviews: true}, id, before, 2)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, c := range page.Comments {
			text += c.Body
		}
		pages = append(pages, text)
		if before = page.Older; before == uuid.Nil {
			break
		}
	}
	if d := cmp.Diff([]string{"45", "23", "1"}, pages); d != "" {
		t.Errorf("pages (-want +got):\n%s", d)
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	id := exampletest.Insert(t, g.pool, 1, exampletest.Seed{})[0]
	for name, body := range map[string]string{
		"nothing": " \n ", "too much": strings.Repeat("x", comment.MaxBytes+1), "NUL": "a\x00b", "not UTF-8": "a\xffb",
	} {
		_, err := g.comments.Add(t.Context(), g.ana.Actor(), id, body)
		if f, ok := fault.As(err); !ok || f.Fields["body"] == "" {
			t.Errorf("%s: Add() = %v, want a problem with the body", name, err)
		}
	}
	if _, err := g.comments.Add(t.Context(), g.ana.Actor(), uuid.New(), "x"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Add() to nothing = %v, want not found", err)
	}
	if _, err := g.pool.Exec(t.Context(), "INSERT INTO comments (dataset_id, id, example_id, revision, author_id, body) VALUES ($1, $1, $1, 1, $1, 'x')", exampletest.Dataset); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"UPDATE comments SET body = 'y'", "DELETE FROM comments"} {
		if _, err := g.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was accepted", sql)
		}
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	g := newTeam(t)
	for words, want := range map[string]string{"": "Ana Bo Cy Lea Pam", "A": "Ana Lea Pam", "an": "Ana", "PAM@": "Pam", "%": "", "zz\x00": ""} {
		people, err := g.comments.Hints(t.Context(), words, 50)
		var names []string
		for _, p := range people {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("Hints(%q) = %q, %v; want %q", words, got, err, want)
		}
	}
}
