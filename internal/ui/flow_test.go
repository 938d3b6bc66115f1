package ui_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui"
)

func TestSetup(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.browser(t)
	b.get("/login").want(t, http.StatusOK, "one-time link")
	b.get("/setup?token=WRONG").want(t, http.StatusNotFound, "This link is not valid")
	token, needed, err := s.accounts.EnsureSetup(t.Context())
	if err != nil || !needed {
		t.Fatalf("EnsureSetup = %t, %v", needed, err)
	}
	b.get("/setup?token="+token).want(t, http.StatusOK, `value="`+token+`"`, "demo examples")
	form := url.Values{"token": {token}, "name": {"Jo <Lindqvist>"}, "email": {"not an address"}, "password": {"short"}, "demo": {"yes"}}
	b.post("/setup", form).want(t, http.StatusUnprocessableEntity,
		`value="Jo &lt;Lindqvist&gt;"`, `value="not an address"`, `id="email-problem"`, `id="password-problem"`, "checked")
	form.Set("email", "jo@example.com")
	form.Set("password", password)
	r := b.post("/setup", form)
	r.leadsTo(t, "/")
	if c := r.Cookies(); len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("the session cookie is %v", c)
	}
	if len(s.demo.calls) != 1 || s.demo.calls[0] != "add" {
		t.Errorf("the demo was asked %v, want one addition", s.demo.calls)
	}
	b.get("/").want(t, http.StatusOK, "Nothing on the bar yet", "Jo &lt;Lindqvist&gt;", "/imports/new")
	b.get("/setup?token="+token).leadsTo(t, "/") // used up
	s.browser(t).post("/setup", form).want(t, http.StatusConflict, "used already")
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.add(t, "jo@example.com", account.Admin)
	b := s.browser(t)
	b.get("/people?after=x").leadsTo(t, "/login?next=%2Fpeople%3Fafter%3Dx")
	b.get("/login?next=/people").want(t, http.StatusOK, `name="next" value="/people"`)
	b.post("/people/invitations", nil).want(t, http.StatusUnauthorized, "Please sign in", "/login")
	b.get("/people", "HX-Request", "true").want(t, http.StatusUnauthorized, "Sign in")

	wrong := url.Values{"email": {"jo@example.com"}, "password": {"wrong"}, "next": {"/people"}}
	b.post("/login", wrong).want(t, http.StatusUnprocessableEntity, "is not right", `value="jo@example.com"`, `value="/people"`)
	if r := b.post("/login", wrong); strings.Contains(r.body, `value="wrong"`) {
		t.Error("the page repeats the password")
	}
	b.get("/people").leadsTo(t, "/login?next=%2Fpeople")

	right := url.Values{"email": {"JO@example.com"}, "password": {password}, "next": {"/people"}}
	b.post("/login", right).leadsTo(t, "/people")
	b.get("/people").want(t, http.StatusOK, "jo@example.com")
	b.get("/login?next=//evil.example").leadsTo(t, "/")
	right.Set("next", "https://evil.example/")
	s.browser(t).post("/login", right).leadsTo(t, "/")

	b.post("/logout", nil).leadsTo(t, "/login")
	b.get("/people").leadsTo(t, "/login?next=%2Fpeople")
	b.post("/logout", nil).leadsTo(t, "/login") // twice does no harm
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *ui.Config) { c.BaseURL = "https://spotter.example/" })
	admin := s.as(t, account.Admin)
	admin.post("/people/invitations", url.Values{"email": {"x"}, "role": {"reviewer"}}).
		want(t, http.StatusUnprocessableEntity, "Nobody was invited", `id="email-problem"`, `value="x"`)
	admin.post("/people/invitations", url.Values{"email": {"c@example.com"}, "role": {"king"}}).
		want(t, http.StatusUnprocessableEntity, `id="role-problem"`)
	r := admin.post("/people/invitations", url.Values{"email": {"coach@example.com"}, "role": {"reviewer"}})
	r.want(t, http.StatusOK, "Pass it on to coach@example.com")
	m := regexp.MustCompile(`https://spotter\.example(/join/[A-Z0-9]+)`).FindStringSubmatch(r.body)
	if m == nil {
		t.Fatalf("no link on the page:\n%s", r.body)
	}
	if again := admin.get("/people"); strings.Contains(again.body, m[1]) {
		t.Error("the link is shown twice")
	}
	b := s.browser(t)
	b.get(m[1]).want(t, http.StatusOK, "coach@example.com", "Reviewer")
	b.post(m[1], url.Values{"name": {""}, "password": {"x"}}).
		want(t, http.StatusUnprocessableEntity, `id="name-problem"`, `id="password-problem"`)
	b.post(m[1], url.Values{"name": {"Coach"}, "password": {password}, "email": {"other@example.com"}}).leadsTo(t, "/")
	b.get("/account").want(t, http.StatusOK, "Coach, coach@example.com, Reviewer")
	b.get("/people").want(t, http.StatusForbidden, "Your role (Reviewer) does not include this")
	s.browser(t).get(m[1]).want(t, http.StatusConflict, "used already")
	s.browser(t).get("/join/NOSUCHTOKEN").want(t, http.StatusNotFound, "not valid")

	admin.post("/people/invitations", url.Values{"email": {"late@example.com"}, "role": {"pm"}})
	list, err := s.accounts.Invitations(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("Invitations = %v, %v", list, err)
	}
	path := "/people/invitations/" + list[0].ID.String() + "/revoke"
	admin.post(path, nil).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "The link does not work any more.")
	if again := admin.get("/people"); strings.Contains(again.body, "does not work any more") || strings.Contains(again.body, "late@example.com") {
		t.Error("the message or the invitation stayed")
	}
	admin.post(path, nil).want(t, http.StatusNotFound, "withdrawn already")
}

func TestPeople(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	admin := s.as(t, account.Admin)
	coach := s.as(t, account.Reviewer)
	u, err := s.accounts.UserByEmail(t.Context(), "reviewer@example.com")
	if err != nil {
		t.Fatal(err)
	}
	me, err := s.accounts.UserByEmail(t.Context(), "admin@example.com")
	if err != nil {
		t.Fatal(err)
	}
	path := "/people/" + u.ID.String()
	admin.post(path+"/role", url.Values{"role": {"lead"}}).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "Test reviewer is now Lead reviewer and has to sign in again.")
	coach.get("/").leadsTo(t, "/login?next=%2F")
	s.browser(t).post("/login", url.Values{"email": {u.Email}, "password": {password}}).leadsTo(t, "/")

	admin.post(path+"/disable", nil).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "cannot sign in any more", path+"/enable")
	s.browser(t).post("/login", url.Values{"email": {u.Email}, "password": {password}}).
		want(t, http.StatusForbidden, "This account is disabled")
	admin.post(path+"/enable", nil).leadsTo(t, "/people")
	s.browser(t).post("/login", url.Values{"email": {u.Email}, "password": {password}}).leadsTo(t, "/")

	admin.get("/people") // takes the message
	admin.post("/people/"+me.ID.String()+"/disable", nil).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "is the only admin", "flash-error")
	admin.post(path+"/role", url.Values{"role": {"king"}}).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "There is no such role.")
	admin.post("/people/nonsense/disable", nil).want(t, http.StatusNotFound)
	admin.post("/people/"+uuid.NewString()+"/disable", nil).want(t, http.StatusNotFound, "no such user")
}

func TestAccount(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b, other := s.as(t, account.Engineer), s.as(t, account.Engineer)
	b.get("/account").want(t, http.StatusOK, "this one", "Sign out everywhere else")

	r := b.post("/account/tokens", url.Values{"name": {"nightly import"}, "expires": {"90d"}})
	r.want(t, http.StatusOK, "nightly import", "will not be shown again")
	secret := regexp.MustCompile(`value="(spt_[^"]+)"`).FindStringSubmatch(r.body)
	if secret == nil {
		t.Fatalf("no token on the page:\n%s", r.body)
	}
	u, err := s.accounts.AuthenticateToken(t.Context(), secret[1])
	if err != nil || u.Email != "engineer@example.com" {
		t.Fatalf("AuthenticateToken = %v, %v", u, err)
	}
	again := b.get("/account")
	if strings.Contains(again.body, secret[1]) {
		t.Error("the token is shown twice")
	}
	b.post("/account/tokens", url.Values{"name": {""}, "expires": {"90d"}}).want(t, http.StatusUnprocessableEntity, `id="token-name-problem"`)
	b.post("/account/tokens", url.Values{"name": {"x"}, "expires": {"1000d"}}).want(t, http.StatusUnprocessableEntity, `id="token-expires-problem"`)
	revoke := regexp.MustCompile(`/account/tokens/[0-9a-f-]+/revoke`).FindString(again.body)
	other2 := s.as(t, account.PM)
	other2.post(revoke, nil).want(t, http.StatusNotFound) // somebody else's
	b.post(revoke, nil).leadsTo(t, "/account#tokens")
	b.get("/account").want(t, http.StatusOK, "The token does not work any more.", "revoked")
	if _, err := s.accounts.AuthenticateToken(t.Context(), secret[1]); err == nil {
		t.Error("a revoked token works")
	}

	b.post("/account/sessions/revoke", nil).leadsTo(t, "/account#sessions")
	other.get("/account").leadsTo(t, "/login?next=%2Faccount")
	b.get("/account").want(t, http.StatusOK, "This browser stays signed in.")
	third := s.as(t, account.Engineer)
	handle := regexp.MustCompile(`name="handle" value="([0-9a-f]+)"`).FindStringSubmatch(b.get("/account").body)
	if handle == nil {
		t.Fatal("the other session is not in the list")
	}
	b.post("/account/sessions/revoke", url.Values{"handle": {handle[1]}}).leadsTo(t, "/account#sessions")
	third.get("/account").leadsTo(t, "/login?next=%2Faccount")

	fourth := s.as(t, account.Engineer)
	b.post("/account/password", url.Values{"old": {"wrong"}, "new": {"a much longer phrase"}}).
		want(t, http.StatusUnprocessableEntity, `id="old-problem"`, "not your present password")
	b.post("/account/password", url.Values{"old": {password}, "new": {"short"}}).want(t, http.StatusUnprocessableEntity, `id="new-problem"`)
	b.post("/account/password", url.Values{"old": {password}, "new": {"a much longer phrase"}}).leadsTo(t, "/account?changed=password")
	b.get("/account?changed=password").want(t, http.StatusOK, "Your password is changed.")
	fourth.get("/account").leadsTo(t, "/login?next=%2Faccount")
	s.browser(t).post("/login", url.Values{"email": {"engineer@example.com"}, "password": {"a much longer phrase"}}).leadsTo(t, "/")
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	now := time.Now()
	id := uuid.MustParse("01a20359-5f73-72ce-a68c-49d69de3e4fc")
	run := report.Event{At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Who: "Ben", Decided: &report.DecisionEvent{ExampleID: id, ReviewerID: id, Category: "left_over", Verdict: "reject"}}
	p := report.Progress{
		At: now,
		Categories: []report.CategoryProgress{
			{
				Slug: "injury_analysis", Name: "Injury <analysis>", Priority: "P0", TargetMin: 800, TargetMax: 825, InCatalog: true,
				Counts: report.Counts{Approved: 1402, Pending: 310, Rejected: 88, Escalated: 61, Tokens: 9876543},
				Subcategories: []report.SubcategoryProgress{
					{Slug: "red_flag", Name: "Red flag", Planned: 50, InCatalog: true, Counts: report.Counts{Approved: 51, Pending: 4}},
					{Slug: "acute", Name: "Acute", Planned: 75, InCatalog: true, Counts: report.Counts{Approved: 74}},
				},
			},
			{Slug: "left_over", Name: "left_over", Counts: report.Counts{Pending: 5}},
		},
		Total: report.Counts{Approved: 1402, Pending: 315, Rejected: 88, Escalated: 61, Tokens: 9876543},
	}
	s := start(t, func(c *ui.Config) {
		c.Overview, c.Links = nil, nil
		c.Figures = figures{
			progress: func() (report.Progress, error) { return p, nil }, demo: 300,
			events: []report.Event{
				{At: now, Who: "Ana", Decided: &report.DecisionEvent{ExampleID: id, Category: "injury_analysis", Verdict: "approve", Edited: true}},
				{At: now, Import: &report.ImportEvent{ID: id, Filename: "core.json", State: "done", Rows: 50, Inserted: 49}},
				{At: now, Who: "Sam", Import: &report.ImportEvent{ID: id, Filename: "lite.json", State: "running"}},
				run, run, run, // one after the other: one line
			},
		}
	})
	page := s.as(t, account.Admin).get("/")
	page.want(t, http.StatusOK,
		"1,402", "577 over", "800–825", "9,876,543 tokens approved", "1 of 2 plans reached", "not in the catalog",
		"Injury &lt;analysis&gt;", "edited and approved an example of Injury &lt;analysis&gt;", "imported core.json: 49 of 50 rows came in", "imports lite.json (running)",
		"This workspace holds 300 demo examples.", "/demo/remove", `href="/review/injury_analysis"`)
	links := linksOf(t, page.body)
	for _, tt := range []struct{ url, count string }{
		{"/examples?category=injury_analysis&status=approved", "1,402"},
		{"/examples?category=injury_analysis&status=pending", "310"},
		{"/examples?category=injury_analysis&status=escalated", "61"},
		{"/examples?category=injury_analysis&status=rejected", "88"},
		{"/examples?category=injury_analysis&status=approved&subcategory=red_flag", "51"},
		{"/examples?category=injury_analysis&status=pending&subcategory=red_flag", "4"},
		{"/examples?status=pending", "315"},
		{"/examples?category=left_over&status=pending", "5"},
		{"/examples/" + id.String(), "edited and approved"},
		{"/imports/" + id.String(), "core.json"},
		{"/examples?category=left_over&reviewer=" + id.String() + "&since=2026-11-20&until=2026-11-20&verdict=reject", "rejected examples of left_over"},
	} {
		if !strings.Contains(links[tt.url], tt.count) {
			t.Errorf("the links to %s say %q, want %q in it", tt.url, links[tt.url], tt.count)
		}
	}
	// A PM watches: no queue to open, nothing to remove.
	pm := s.as(t, account.PM).get("/")
	pm.want(t, http.StatusOK, "This workspace holds 300 demo examples.")
	for _, not := range []string{"/review", "/demo/remove", "/people", "/imports\""} {
		if strings.Contains(pm.body, not) {
			t.Errorf("a PM is offered %s", not)
		}
	}
}

// linksOf returns the words of all links of a page by where they lead.
func linksOf(t *testing.T, doc string) map[string]string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]string{}
	for n := range root.Descendants() {
		if n.Data != "a" {
			continue
		}
		for _, a := range n.Attr {
			if a.Key != "href" {
				continue
			}
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					links[a.Val] += d.Data
				}
			}
		}
	}
	return links
}

func TestDemo(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	b.get("/").want(t, http.StatusOK, "Look around with 300 demo examples")
	b.post("/demo", nil).leadsTo(t, "/")
	b.get("/").want(t, http.StatusOK, "The demo examples are in.")
	b.post("/demo/remove", nil).leadsTo(t, "/")
	b.get("/").want(t, http.StatusOK, "300 demo examples were removed")
	without := start(t, func(c *ui.Config) { c.Demo = nil }).as(t, account.Admin)
	without.post("/demo", nil).want(t, http.StatusNotFound, "no demo data")
	if r := without.get("/"); strings.Contains(r.body, "demo") {
		t.Error("a server without demo data offers it")
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	var asked []audit.Filter
	s := start(t, nil)
	b := s.as(t, account.Lead)
	for i := range 3 {
		b.post("/account/tokens", url.Values{"name": {"token <" + string(rune('a'+i)) + ">"}, "expires": {"90d"}})
	}
	b.get("/audit").want(t, http.StatusOK, "account.token_create", "token &lt;b&gt;", "account.login", "waiting")
	only := b.get("/audit?action=account.token_create")
	only.want(t, http.StatusOK, "token &lt;a&gt;")
	if strings.Contains(only.body, "user_agent") {
		t.Error("the filter lets sign-ins through")
	}
	b.get("/audit?action=nothing.").want(t, http.StatusOK, "No entries", `<option value="nothing." selected`)
	b.get("/audit?since=tomorrow&until=2026-13-01").want(t, http.StatusUnprocessableEntity, `id="since-problem"`, `id="until-problem"`)
	b.get("/audit?actor=nobody").want(t, http.StatusUnprocessableEntity, `id="actor-problem"`)
	b.get("/audit?after=nonsense&action=import").want(t, http.StatusUnprocessableEntity, "This link to a page of the list is out of date", `href="/audit?action=import"`)
	b.get("/examples?status=pending&cursor=nonsense").want(t, http.StatusUnprocessableEntity, "This link to a page of the list is out of date", `href="/examples?status=pending"`)

	paged := start(t, func(c *ui.Config) {
		c.Record = func(_ context.Context, f audit.Filter) ([]audit.Record, string, error) {
			asked = append(asked, f)
			return []audit.Record{{At: time.Now(), Actor: audit.Actor{Name: "x"}, Action: "test.act", Seq: 1234}}, "next page", nil
		}
	}).as(t, account.Admin)
	first := paged.get("/audit?action=test.&since=2026-11-01&until=2026-11-02")
	first.want(t, http.StatusOK, "1,234", `href="/audit?action=test.&amp;after=next+page&amp;since=2026-11-01&amp;until=2026-11-02"`)
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	if f := asked[0]; !f.Since.Equal(day) || !f.Until.Equal(day.AddDate(0, 0, 2)) || f.Action != "test." {
		t.Errorf("asked for %+v, want from the 1st to the end of the 2nd", f)
	}
	paged.get("/audit?action=test.&after=next+page").want(t, http.StatusOK, `href="/audit?action=test."`)
	if asked[1].After != "next page" {
		t.Errorf("asked for the page after %q", asked[1].After)
	}
}

// formOf returns what a browser would send with the form of that action.
func formOf(t *testing.T, doc, action string) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	get := func(n *html.Node, key string) string {
		for _, a := range n.Attr {
			if a.Key == key {
				return a.Val
			}
		}
		return ""
	}
	form := url.Values{}
	for n := range root.Descendants() {
		if n.Data != "form" || get(n, "action") != action {
			continue
		}
		for d := range n.Descendants() {
			switch name := get(d, "name"); {
			case name == "":
			case d.Data == "input":
				form.Set(name, get(d, "value"))
			case d.Data == "textarea":
				value := ""
				if d.FirstChild != nil {
					value = d.FirstChild.Data
				}
				form.Set(name, strings.ReplaceAll(value, "\n", "\r\n")) // as browsers do
			}
		}
	}
	return form
}

func TestEditCategory(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	const path = "/catalog/injury_analysis"
	form := formOf(t, b.get(path).body, path)
	before, err := s.catalogs.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	// Sent back untouched, the form changes nothing of what it shows.
	b.post(path, form).leadsTo(t, path)
	same, version, err := s.catalogs.CurrentVersion(t.Context())
	if err != nil || version != 2 {
		t.Fatalf("CurrentVersion = %d, %v, want 2", version, err)
	}
	if want, got := encoded(t, before), encoded(t, same); want != got {
		t.Errorf("saving without a change changed the catalog:\n%s\n%s", want, got)
	}
	b.get(path).want(t, http.StatusOK, "is saved as a new version")

	// An older version than the one in force: refused, and what was typed stays.
	form.Set("guidelines", "My long new text")
	b.post(path, form).want(t, http.StatusConflict, "you edited version 1", "My long new text", `name="version" value="2"`)

	form.Set("version", "2")
	form.Set("target.max", "many")
	form.Set("schemas[0].json", "{")
	form.Set("subcategories[0].confidence_band.min", "a lot")
	b.post(path, form).want(t, http.StatusUnprocessableEntity, "Nothing was saved", `href="#edit.target.max"`,
		`id="edit.target.max-problem"`, `value="many"`, `id="edit.schemas[0].json-problem"`, `id="edit.subcategories[0].confidence_band.min-problem"`)

	form = formOf(t, b.get(path).body, path)
	form.Set("target.min", "900")
	form.Set("target.max", "800")
	form.Set("priority", "soon")
	form.Set("subcategories[1].planned", "-3")
	b.post(path, form).want(t, http.StatusUnprocessableEntity, `id="edit.subcategories[1].planned-problem"`)
	form.Set("subcategories[1].planned", "150")
	r := b.post(path, form)
	r.want(t, http.StatusUnprocessableEntity, `id="edit.priority-problem"`)
	if !strings.Contains(r.body, `id="edit.target.max-problem"`) && !strings.Contains(r.body, `id="edit.target.min-problem"`) {
		t.Error("a target whose ends are the wrong way round is not marked")
	}

	form = formOf(t, b.get(path).body, path)
	form.Set("name", "Injuries")
	form.Set("target.max", "1,000")
	form.Set("guidelines", "# Read\r\n\r\nFirst <script>alert(1)</script> [x](javascript:alert(1))\r\n")
	form.Set("subcategories[0].name", "") // removed
	n := len(before.Categories[2].Subcategories)
	form.Set("subcategories["+number(n)+"].name", "Growing pains")
	form.Set("checklist", "Entirely new\r\n"+form.Get("checklist"))
	form.Set("reason", "more of it")
	b.post(path, form).leadsTo(t, path)
	page := b.get(path)
	page.want(t, http.StatusOK, "Injuries", "825–1,000 approved examples", "Growing pains", "Entirely new", "<h3>Read</h3>")
	if strings.Contains(page.body, "<script>alert") || strings.Contains(page.body, `href="javascript`) {
		t.Error("guidelines run scripts")
	}
	c, err := s.catalogs.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cat, _ := c.Category("injury_analysis")
	old, _ := before.Category("injury_analysis")
	if len(cat.Subcategories) != n || cat.Subcategories[0].Slug != old.Subcategories[1].Slug || cat.Subcategories[n-1].Slug != "growing_pains" {
		t.Errorf("subcategories are %v", cat.Subcategories)
	}
	if len(cat.Checklist) != len(old.Checklist)+1 || cat.Checklist[0].Slug != "entirely_new" || cat.Checklist[1].Slug != old.Checklist[0].Slug || cat.Checklist[1].Help != old.Checklist[0].Help {
		t.Errorf("the checklist is %v", cat.Checklist)
	}
	if strings.Contains(cat.Guidelines, "\r") {
		t.Error("the guidelines kept the line ends of the form")
	}
	b.get("/catalog").want(t, http.StatusOK, "Version 3", "more of it")
	b.get("/catalog/nowhere").want(t, http.StatusNotFound)
	b.get("/catalog/Injury-Analysis").want(t, http.StatusNotFound) // one address each
	if lead := s.as(t, account.Lead).get(path); strings.Contains(lead.body, `id="edit"`) {
		t.Error("a lead is offered the form")
	}
}

func number(n int) string { return ui.Number(int64(n)) }

func encoded(t *testing.T, c *catalog.Catalog) string {
	t.Helper()
	doc, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func (b *browser) upload(file []byte, version string) reply {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("version", version)
	_ = w.WriteField("reason", "from files")
	if file != nil {
		part, err := w.CreateFormFile("file", "catalog.zip")
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = part.Write(file)
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.site.URL+"/catalog", &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{resp, string(text)}
}

func TestCatalogFiles(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	down := b.get("/catalog.zip")
	down.want(t, http.StatusOK)
	if got := down.Header.Get("Content-Disposition"); got != `attachment; filename="catalog-1.zip"` {
		t.Errorf("Content-Disposition = %q", got)
	}
	archive, err := zip.NewReader(strings.NewReader(down.body), int64(len(down.body)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load(archive)
	if err != nil {
		t.Fatal(err)
	}
	now, err := s.catalogs.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if encoded(t, c) != encoded(t, now) {
		t.Error("the download is not the catalog in force")
	}

	c.Categories = c.Categories[:2]
	c.Name = "Two only"
	var two bytes.Buffer
	if err := c.Zip(&two); err != nil {
		t.Fatal(err)
	}
	b.upload(two.Bytes(), "1").leadsTo(t, "/catalog")
	b.get("/catalog").want(t, http.StatusOK, "Two only", "It is version 2.", "from files")
	b.upload(two.Bytes(), "1").want(t, http.StatusConflict, "version 2")
	b.upload([]byte("not a zip"), "2").want(t, http.StatusUnprocessableEntity, "not a zip archive")
	b.upload(nil, "2").want(t, http.StatusUnprocessableEntity, "Choose the zip file")
	b.upload(two.Bytes(), "").want(t, http.StatusUnprocessableEntity)

	var broken bytes.Buffer
	z := zip.NewWriter(&broken)
	f, err := z.Create("catalog.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write([]byte("layout: 1\nname: X\ncategories: [missing, 'Bad Slug']\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := b.upload(broken.Bytes(), "2")
	r.want(t, http.StatusUnprocessableEntity, "so nothing was taken over", "missing")
	if n := strings.Count(r.body, "<li>catalog.yaml") + strings.Count(r.body, "<li>missing"); n == 0 {
		t.Errorf("the mistakes are not listed:\n%s", r.body)
	}
}
