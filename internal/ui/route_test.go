package ui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/web/htmlcheck"
)

// address fills the parameters of a pattern: the category exists, nothing else
// does.
func address(pattern string) string {
	return strings.NewReplacer(
		"{slug}", "voice_parsing", "{category}", "voice_parsing", "{preset}", "messages",
		"{id}", "01a20359-5f73-72ce-a68c-49d69de3e4fc", "{waiver}", "01a20359-5f73-72ce-a68c-49d69de3e4fc", "{token}", "NOSUCHTOKEN",
	).Replace(pattern)
}

// TestEveryRouteInEveryRole asks each route as nobody and in each role, and
// expects what the permission table says. A new route is in it by being
// registered.
func TestEveryRouteInEveryRole(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	browsers := map[account.Role]*browser{"": s.browser(t)}
	for _, role := range account.Roles() {
		browsers[role] = s.as(t, role)
	}
	for _, route := range s.ui.Table() {
		for role, b := range browsers {
			if route.Pattern == "/logout" && role != "" {
				b = s.as(t, role) // the others go on
			}
			var got reply
			if route.Method == http.MethodGet {
				got = b.get(address(route.Pattern))
			} else {
				got = b.send(route.Method, address(route.Pattern), url.Values{})
			}
			if why := unexpected(route, role, got); why != "" {
				t.Errorf("%s %s as %q = %d: %s", route.Method, route.Pattern, role, got.StatusCode, why)
			}
		}
	}
}

// unexpected says what is wrong with an answer, given who asked.
func unexpected(route ui.Route, role account.Role, got reply) string {
	status := got.StatusCode
	switch {
	case status >= 500:
		return "the server failed"
	case route.Permission == ui.Public:
		if status == http.StatusUnauthorized || status == http.StatusForbidden {
			return "this is for everybody"
		}
	case role == "" && route.Method == http.MethodGet:
		if status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/login?next=") {
			return "want the way to the login page"
		}
	case role == "":
		if status != http.StatusUnauthorized {
			return "want 401"
		}
	case !role.Can(route.Permission):
		if status != http.StatusForbidden {
			return "want 403"
		}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "this role may"
	}
	return ""
}

func TestRoutesHavePermissions(t *testing.T) {
	t.Parallel()
	public := map[string]bool{
		"GET /setup": true, "POST /setup": true, "GET /login": true, "POST /login": true, "POST /logout": true,
		"GET /join/{token}": true, "POST /join/{token}": true,
		"GET /shared/{token}": true, // whoever has the link, until it ends
	}
	known := map[account.Permission]bool{}
	for _, p := range account.Permissions() {
		known[p] = true
	}
	for _, r := range start(t, nil).ui.Table() {
		switch name := r.Method + " " + r.Pattern; {
		case r.Permission == ui.Public && !public[name]:
			t.Errorf("%s is open to everybody", name)
		case r.Permission != ui.Public && !known[r.Permission]:
			t.Errorf("%s needs the permission %q, which nobody has", name, r.Permission)
		}
	}
}

// TestEveryPageIsSound reads every page an admin can open.
func TestEveryPageIsSound(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	admin, nobody := s.as(t, account.Admin), s.browser(t)
	s.add(t, "disabled@example.com", account.PM)
	check := func(who string, r reply) {
		if r.Header.Get("Content-Disposition") != "" {
			return // a file to keep, which no policy applies to
		}
		if r.StatusCode == http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			return // net/http's own words for those who do not follow
		}
		for _, problem := range htmlcheck.Page([]byte(r.body)) {
			t.Errorf("%s as %s: %s", r.Request.URL.Path, who, problem)
		}
	}
	pages := 0
	for _, route := range s.ui.Table() {
		if route.Method != http.MethodGet {
			continue
		}
		r := admin.get(address(route.Pattern))
		if r.StatusCode == http.StatusOK {
			pages++
		}
		check("admin", r)
		check("nobody", nobody.get(address(route.Pattern)))
	}
	if pages < 7 {
		t.Errorf("only %d pages opened", pages)
	}
	check("admin", admin.get("/nowhere"))
	check("nobody", nobody.get("/nowhere"))
	check("admin", admin.post("/people/invitations", url.Values{"email": {"x"}}))
	check("admin", admin.post("/people/invitations", url.Values{"email": {"new@example.com"}, "role": {"pm"}}))
	check("admin", admin.post("/account/tokens", url.Values{"name": {"nightly"}, "expires": {"90d"}}))
	check("admin", admin.post("/account/tokens", url.Values{"name": {""}, "expires": {"x"}}))
	check("admin", admin.post("/account/password", url.Values{"old": {"x"}, "new": {"y"}}))
	check("admin", admin.get("/audit?since=tomorrow"))
	check("admin", admin.get("/audit?action=account.login"))
	check("admin", admin.get("/people"))
	check("admin", admin.get("/account"))
	check("nobody", nobody.post("/login", url.Values{"email": {"x"}}))
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Reviewer)
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'",
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "DENY",
		"Referrer-Policy":        "same-origin",
	}
	for name, r := range map[string]reply{
		"page": b.get("/"), "nothing": b.get("/nowhere"), "forbidden": b.get("/people"), "redirect": s.browser(t).get("/"),
		"static": b.get("/static/0/css/app.css"), "wrong method": b.send(http.MethodDelete, "/", nil),
	} {
		for k, v := range want {
			if got := r.Header.Get(k); got != v {
				t.Errorf("%s: %s = %q, want %q", name, k, got, v)
			}
		}
		if r.Header.Get(ui.HeaderRequestID) == "" {
			t.Errorf("%s: no request id", name)
		}
	}
	if got := b.get("/").Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page has Cache-Control %q, want no-store", got)
	}
}

func TestOtherSitesCannotWrite(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	for name, header := range map[string][]string{
		"fetch metadata": {"Sec-Fetch-Site", "cross-site"},
		"sibling host":   {"Sec-Fetch-Site", "same-site"},
		"origin":         {"Origin", "https://evil.example"},
	} {
		b.post("/demo/remove", nil, header...).want(t, http.StatusForbidden, "another site")
		if len(s.demo.calls) > 0 {
			t.Fatalf("%s: the write was made", name)
		}
	}
	b.post("/demo/remove", nil, "Sec-Fetch-Site", "same-origin").leadsTo(t, "/")
	if len(s.demo.calls) != 1 {
		t.Errorf("the demo was asked %v, want one removal", s.demo.calls)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	big := url.Values{"email": {strings.Repeat("x", 5<<20)}}
	b.post("/people/invitations", big).want(t, http.StatusRequestEntityTooLarge, "too much at once")
	b.send(http.MethodDelete, "/", nil).want(t, http.StatusMethodNotAllowed, "does not work here")
	if r := b.send(http.MethodHead, "/help", nil); r.StatusCode != http.StatusOK || r.body != "" {
		t.Errorf("HEAD /help = %d with %d bytes, want 200 without any", r.StatusCode, len(r.body))
	}
}

func TestPagesAreCompressed(t *testing.T) {
	t.Parallel()
	b := start(t, nil).as(t, account.Admin)
	// An explicit header keeps net/http from unpacking by itself.
	r := b.get("/help", "Accept-Encoding", "gzip")
	if r.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(r.body, "\x1f\x8b") {
		t.Errorf("GET /help: Content-Encoding %q", r.Header.Get("Content-Encoding"))
	}
}
