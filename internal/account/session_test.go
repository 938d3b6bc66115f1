package account_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
)

func TestCookie(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		secure bool
		name   string
	}{{true, "__Host-spotter"}, {false, "spotter"}} {
		b := newBench(t)
		b.Service = account.New(b.pool, account.Config{Secure: tt.secure, Now: b.clock.now})
		u := b.add(t, "una", account.Reviewer)
		c := b.signIn(t, u, client())
		if c.Name != tt.name || c.Name != b.CookieName() || c.Path != "/" || c.Domain != "" || !c.HttpOnly ||
			c.Secure != tt.secure || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 7*24*3600 {
			t.Errorf("the cookie is %s, want %s, for scripts and other sites closed, for a week", c, tt.name)
		}
		got, sess := b.current(t, c)
		if !cmp.Equal(got, u) || sess.Client != (account.Client{Address: "192.0.2.1", UserAgent: "Browser/1.0"}) || !sess.Current {
			t.Errorf("Authenticate() = %+v with %+v", got, sess)
		}
		if n := b.count(t, "SELECT count(*) FROM sessions WHERE encode(id_hash, 'hex') = $1", sess.Handle); n != 1 {
			t.Errorf("%d rows with the handle, want 1", n)
		}
		w := httptest.NewRecorder()
		b.ClearCookie(w)
		if gone := w.Result().Cookies()[0]; gone.Name != tt.name || gone.MaxAge >= 0 || gone.Path != "/" || gone.Secure != tt.secure {
			t.Errorf("ClearCookie() sets %s", gone)
		}
	}
}

func TestForgedCookies(t *testing.T) {
	t.Parallel()
	b, other := newBench(t), newBench(t)
	u := b.add(t, "una", account.Reviewer)
	good := b.signIn(t, u, client())
	theirs := other.signIn(t, other.add(t, "una", account.Reviewer), client())
	if !b.signedIn(t, good) {
		t.Fatal("the cookie does not work at all")
	}
	letter := "A" // in front, where each bit counts
	if good.Value[0] == 'A' {
		letter = "B"
	}
	for name, value := range map[string]string{
		"empty":            "",
		"no base64":        "%%%",
		"cut":              good.Value[:len(good.Value)-2],
		"one letter":       letter + good.Value[1:],
		"another database": theirs.Value,
		"long":             strings.Repeat("A", 5000),
	} {
		if value == good.Value {
			t.Fatalf("%s: the cookie is not changed", name)
		}
		if b.signedIn(t, &http.Cookie{Name: good.Name, Value: value}) {
			t.Errorf("%s: accepted", name)
		}
	}
	if b.signedIn(t, &http.Cookie{Name: "spotter", Value: good.Value}) {
		t.Error("a cookie under another name was accepted")
	}
	if b.signedIn(t, nil) {
		t.Error("no cookie was accepted")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	c := b.signIn(t, u, client())
	idle := b.signIn(t, u, client())
	b.clock.advance(12*time.Hour - time.Second)
	if !b.signedIn(t, c) {
		t.Fatal("a session ended before it was idle for 12 hours")
	}
	b.clock.advance(time.Second)
	if b.signedIn(t, idle) || !b.signedIn(t, c) {
		t.Error("after 12 hours the idle session goes on, or the other ended")
	}
	if list, err := b.Sessions(t.Context(), u.ID, account.Session{}); err != nil || len(list) != 1 {
		t.Errorf("Sessions() = %d, %v; want the one that is not idle", len(list), err)
	}
	for range 13 { // until 13 minutes before the week is over; "seen" is exact to the minute
		b.clock.advance(12*time.Hour - time.Minute)
		if !b.signedIn(t, c) {
			t.Fatalf("a session in use ended at %s", b.clock.now())
		}
	}
	b.clock.advance(13*time.Minute - time.Second)
	if !b.signedIn(t, c) {
		t.Error("a session in use ended a second before 7 days")
	}
	b.clock.advance(time.Second)
	if b.signedIn(t, c) {
		t.Error("a session goes on after 7 days")
	}
}

func TestSeenOncePerMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	c := b.signIn(t, u, client())
	start := b.clock.now()
	seen := func() time.Time {
		t.Helper()
		_, sess := b.current(t, c)
		list, err := b.Sessions(t.Context(), u.ID, sess)
		if err != nil || len(list) != 1 || !list[0].Current || !list[0].SeenAt.Equal(sess.SeenAt) {
			t.Fatalf("Sessions() = %+v, %v; want the one of %+v", list, err, sess)
		}
		return list[0].SeenAt
	}
	b.clock.advance(59 * time.Second)
	if got := seen(); !got.Equal(start) {
		t.Errorf("seen at %s after 59 seconds, want no write", got)
	}
	b.clock.advance(time.Second)
	if got := seen(); !got.Equal(start.Add(time.Minute)) {
		t.Errorf("seen at %s after a minute, want now", got)
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u, ada := b.add(t, "una", account.Reviewer), b.add(t, "ada", account.Lead)
	phone, desk, others := b.signIn(t, u, client()), b.signIn(t, u, from("192.0.2.2")), b.signIn(t, ada, client())
	user, sess := b.current(t, phone)
	for range 2 { // twice is as good as once
		if err := b.Logout(t.Context(), user, sess); err != nil {
			t.Fatalf("Logout() = %v", err)
		}
	}
	if b.signedIn(t, phone) || !b.signedIn(t, desk) || !b.signedIn(t, others) {
		t.Error("Logout() ended more or less than its session")
	}
	tablet := b.signIn(t, u, client())
	if n, err := b.LogoutEverywhere(t.Context(), user.Actor(), u.ID); err != nil || n != 2 {
		t.Errorf("LogoutEverywhere() = %d, %v; want 2", n, err)
	}
	if b.signedIn(t, desk) || b.signedIn(t, tablet) || !b.signedIn(t, others) {
		t.Error("LogoutEverywhere() ended more or less than the user's sessions")
	}
	want := []string{
		account.ActionAdd, account.ActionAdd, account.ActionLogin, account.ActionLogin, account.ActionLogin,
		account.ActionLogout, account.ActionLogin, account.ActionLogoutEverywhere,
	}
	if d := cmp.Diff(want, b.actions(t)); d != "" {
		t.Errorf("the record (-want +got):\n%s", d)
	}
}

func TestRevokeSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u, ada := b.add(t, "una", account.Reviewer), b.add(t, "ada", account.Lead)
	phone := b.signIn(t, u, from("192.0.2.2"))
	b.clock.advance(time.Hour)
	desk, others := b.signIn(t, u, client()), b.signIn(t, ada, client())
	_, sess := b.current(t, desk)
	list, err := b.Sessions(t.Context(), u.ID, sess)
	if err != nil || len(list) != 2 || !list[0].Current || list[1].Current || list[1].Address != "192.0.2.2" {
		t.Fatalf("Sessions() = %+v, %v; want the desk, then the phone", list, err)
	}
	_, hers := b.current(t, others)
	for name, handle := range map[string]string{"somebody else's": hers.Handle, "none": "", "no hex": "xyz", "unknown": "00ff"} {
		if err := b.RevokeSession(t.Context(), u.Actor(), u.ID, handle); !errors.Is(err, fault.NotFound) {
			t.Errorf("RevokeSession(%s) = %v, want not found", name, err)
		}
	}
	if err := b.RevokeSession(t.Context(), u.Actor(), u.ID, list[1].Handle); err != nil {
		t.Fatalf("RevokeSession() = %v", err)
	}
	if b.signedIn(t, phone) || !b.signedIn(t, desk) || !b.signedIn(t, others) {
		t.Error("RevokeSession() ended more or less than the one")
	}
}

// TestNewSessionEndsTheOneBefore: signing in again in a browser leaves no
// session behind that nobody sees.
func TestNewSessionEndsTheOneBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u, ada := b.add(t, "una", account.Reviewer), b.add(t, "ada", account.Lead)
	first := b.signIn(t, u, client())
	sess, _, err := b.Login(t.Context(), ada.Email, password, client())
	if err != nil {
		t.Fatal(err)
	}
	second := b.cookie(t, sess, first)
	if first.Value == second.Value || b.signedIn(t, first) {
		t.Error("the session before goes on")
	}
	if got, _ := b.current(t, second); !cmp.Equal(got, ada) {
		t.Errorf("signed in as %+v, want %+v", got, ada)
	}
	_, listed := b.current(t, second)
	if err := b.SetCookie(httptest.NewRecorder(), request(t, nil), listed); err == nil {
		t.Error("SetCookie() with a session that was read = nil, want an error: its secret is not known")
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	// Another server on the same database.
	twin := account.New(b.pool, account.Config{Secure: true, Now: b.clock.now})
	u := b.add(t, "una", account.Reviewer)
	sees := func(what string, s *account.Service, c *http.Cookie, want bool) {
		t.Helper()
		if _, _, err := s.Authenticate(request(t, c)); (err == nil) != want {
			t.Errorf("%s: Authenticate() = %v, want accepted %v", what, err, want)
		}
	}
	rotate := func() {
		t.Helper()
		if err := b.RotateCookieKeys(t.Context(), command()); err != nil {
			t.Fatalf("RotateCookieKeys() = %v", err)
		}
	}
	first := b.signIn(t, u, client())
	sees("here", b.Service, first, true)
	sees("there", twin, first, true)
	rotate()
	second := b.signIn(t, u, client())
	sees("old key here", b.Service, first, true)
	sees("old key there", twin, first, true)
	sees("new key there, which still has the old ones in mind", twin, second, true)
	rotate()
	sees("two keys ago", b.Service, first, false)
	sees("one key ago", b.Service, second, true)
	b.clock.advance(time.Minute) // after which the twin looks again by itself
	sees("two keys ago there", twin, first, false)
	sees("one key ago there", twin, second, true)
	if n := b.count(t, "SELECT octet_length(value) FROM secrets WHERE name = 'cookie-keys'"); n != 64 {
		t.Errorf("%d bytes of keys, want two of 32", n)
	}
}

// TestServersAgreeOnKeys: many that start together make one key.
func TestServersAgreeOnKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	cookies := make([]*http.Cookie, 8)
	for _, err := range atOnce(len(cookies), func(i int) error {
		s := account.New(b.pool, account.Config{Now: b.clock.now})
		sess, _, err := s.Login(t.Context(), u.Email, password, from("192.0.2.1"))
		if err != nil {
			return err
		}
		w := httptest.NewRecorder()
		err = s.SetCookie(w, request(t, nil), sess)
		cookies[i] = w.Result().Cookies()[0]
		return err
	}) {
		// The throttle lets five through whose passwords are not looked at yet.
		if err != nil && !errors.Is(err, fault.TooMany) {
			t.Fatal(err)
		}
	}
	plain := account.New(b.pool, account.Config{Now: b.clock.now})
	for _, c := range cookies {
		if c == nil {
			continue
		}
		if _, _, err := plain.Authenticate(request(t, c)); err != nil {
			t.Errorf("Authenticate() = %v", err)
		}
	}
}

func TestBrokenKeysAreAnError(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.signIn(t, b.add(t, "una", account.Reviewer), client())
	for _, value := range []string{"", "short"} {
		b.exec(t, "UPDATE secrets SET value = $1", []byte(value))
		fresh := account.New(b.pool, account.Config{Secure: true, Now: b.clock.now})
		if _, _, err := fresh.Authenticate(request(t, c)); err == nil || errors.Is(err, fault.Unknown) {
			t.Errorf("Authenticate() with the keys %q = %v, want an error of ours", value, err)
		}
	}
}

func TestFlashes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.signIn(t, b.add(t, "una", account.Reviewer), client())
	flashes := func() []string {
		t.Helper()
		got, err := b.Flashes(httptest.NewRecorder(), request(t, c))
		if err != nil {
			t.Fatalf("Flashes() = %v", err)
		}
		return got
	}
	if got := flashes(); got != nil {
		t.Errorf("Flashes() of a new session = %q, want none", got)
	}
	for _, m := range []string{"50 rows imported.", "“Ünïcode” & <tags>"} {
		if err := b.AddFlash(httptest.NewRecorder(), request(t, c), m); err != nil {
			t.Fatalf("AddFlash() = %v", err)
		}
	}
	if d := cmp.Diff([]string{"50 rows imported.", "“Ünïcode” & <tags>"}, flashes()); d != "" {
		t.Errorf("Flashes() (-want +got):\n%s", d)
	}
	if got := flashes(); got != nil {
		t.Errorf("Flashes() a second time = %q, want none", got)
	}
	if got, err := b.Flashes(httptest.NewRecorder(), request(t, nil)); err != nil || got != nil {
		t.Errorf("Flashes() of a visitor = %q, %v; want none", got, err)
	}
	if err := b.AddFlash(httptest.NewRecorder(), request(t, nil), "lost?"); err == nil {
		t.Error("AddFlash() for a visitor = nil, want an error: the message has no place")
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.signIn(t, b.add(t, "una", account.Reviewer), client())
	save := func(values map[any]any) error {
		t.Helper()
		r := request(t, c)
		g, err := b.Store().Get(r, b.CookieName())
		if err != nil || g.IsNew {
			t.Fatalf("Get() = %+v, %v; want the session", g, err)
		}
		if _, sess, err := b.Authenticate(r); err != nil || sess.Handle != g.ID {
			t.Fatalf("Authenticate() on the same request = %+v, %v; want session %s", sess, err, g.ID)
		}
		for k, v := range values {
			g.Values[k] = v
		}
		w := httptest.NewRecorder()
		err = g.Save(r, w)
		if len(w.Result().Cookies()) != 0 {
			t.Error("Save() wrote a cookie, though the id is the same")
		}
		return err
	}
	if err := save(map[any]any{"name": "Ü", "n": -7, "list": []any{"a", "b"}}); err != nil {
		t.Fatalf("Save() = %v", err)
	}
	g, err := b.Store().Get(request(t, c), b.CookieName())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for k, v := range g.Values {
		if k, ok := k.(string); ok {
			got[k] = v
		}
	}
	if d := cmp.Diff(map[string]any{"name": "Ü", "n": -7, "list": []any{"a", "b"}}, got); d != "" {
		t.Errorf("values read again (-want +got):\n%s", d)
	}
	for name, values := range map[string]map[any]any{
		"a float":         {"x": 1.5},
		"a list of ints":  {"x": []any{1}},
		"a key of no use": {1: "x"},
		"too much":        {"x": strings.Repeat("x", 17<<10)},
	} {
		if err := save(values); err == nil {
			t.Errorf("Save(%s) = nil, want an error", name)
		}
	}
	// What cannot be read is dropped; the session goes on.
	b.exec(t, "UPDATE sessions SET data = 'not gob'")
	if err := save(map[any]any{"n": 1}); err != nil {
		t.Errorf("Save() over unreadable data = %v", err)
	}
	visitor := request(t, nil)
	v, err := b.Store().Get(visitor, b.CookieName())
	if err != nil || !v.IsNew {
		t.Fatalf("Get() of a visitor = %+v, %v; want a new session", v, err)
	}
	if err := v.Save(visitor, httptest.NewRecorder()); err != nil {
		t.Errorf("Save() of a visitor's empty session = %v", err)
	}
	if n := b.count(t, "SELECT count(*) FROM sessions"); n != 1 {
		t.Errorf("%d rows, want 1: visitors get none", n)
	}
	r := request(t, c)
	if g, err = b.Store().Get(r, b.CookieName()); err != nil {
		t.Fatal(err)
	}
	g.Options.MaxAge = -1
	w := httptest.NewRecorder()
	if err := g.Save(r, w); err != nil || len(w.Result().Cookies()) != 1 || b.signedIn(t, c) {
		t.Errorf("Save() with MaxAge -1 = %v, want the session ended and its cookie taken away", err)
	}
}

// TestDatabaseDown: that is not the same as being nobody.
func TestDatabaseDown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.signIn(t, b.add(t, "una", account.Reviewer), client())
	b.exec(t, "ALTER TABLE sessions RENAME TO sessions_gone")
	if _, _, err := b.Authenticate(request(t, c)); err == nil || errors.Is(err, fault.Unknown) {
		t.Errorf("Authenticate() without its table = %v, want an error of ours", err)
	}
}

func TestHostileClient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	sess, _, err := b.Login(t.Context(), u.Email, password, account.Client{
		Address: "fe80::1%eth\x00\xff" + strings.Repeat("x", 500), UserAgent: "\xff\x00" + strings.Repeat("é", 500),
	})
	if err != nil {
		t.Fatalf("Login() = %v", err)
	}
	if len(sess.Address) > 100 || len(sess.UserAgent) > 300 || !strings.Contains(sess.UserAgent, "é") {
		t.Errorf("the session has an address of %d and a user agent of %d bytes", len(sess.Address), len(sess.UserAgent))
	}
	if list, err := b.Sessions(t.Context(), u.ID, sess); err != nil || len(list) != 1 || list[0].Client != sess.Client {
		t.Errorf("Sessions() = %+v, %v; want %+v", list, err, sess)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u, ada := b.add(t, "una", account.Engineer), b.add(t, "ada", account.Engineer)
	secret, tok, err := b.CreateToken(t.Context(), u.Actor(), u.ID, " ci job ", 0)
	if err != nil || !strings.HasPrefix(secret, "spt_") || len(secret) < 30 || tok.Name != "ci job" ||
		!tok.ExpiresAt.Equal(b.clock.now().Add(90*24*time.Hour)) || tok.Prefix != secret[:8] {
		t.Fatalf("CreateToken() = %q, %+v, %v", secret, tok, err)
	}
	if n := b.count(t, "SELECT count(*) FROM tokens, audit_log WHERE tokens::text || audit_log::text LIKE '%' || $1 || '%'", secret[8:]); n != 0 {
		t.Error("the secret is in the database")
	}
	if got, err := b.AuthenticateToken(t.Context(), secret); err != nil || !cmp.Equal(got, u) {
		t.Fatalf("AuthenticateToken() = %+v, %v; want %+v", got, err, u)
	}
	lastUsed := func() time.Time {
		t.Helper()
		list, err := b.Tokens(t.Context(), u.ID)
		if err != nil || len(list) != 1 || list[0].ID != tok.ID {
			t.Fatalf("Tokens() = %+v, %v; want the one", list, err)
		}
		return list[0].LastUsedAt
	}
	start := b.clock.now()
	b.clock.advance(59 * time.Second)
	if _, err := b.AuthenticateToken(t.Context(), secret); err != nil || !lastUsed().Equal(start) {
		t.Errorf("last used %s after 59 seconds, %v; want no write", lastUsed(), err)
	}
	b.clock.advance(time.Second)
	if _, err := b.AuthenticateToken(t.Context(), secret); err != nil || !lastUsed().Equal(b.clock.now()) {
		t.Errorf("last used %s after a minute, %v; want now", lastUsed(), err)
	}
	for _, bad := range []string{"", "spt_", secret[:len(secret)-1], secret + "A", strings.ToLower(secret), strings.TrimPrefix(secret, "spt_"), "spt_\x00\xff"} {
		if _, err := b.AuthenticateToken(t.Context(), bad); !errors.Is(err, fault.Unknown) {
			t.Errorf("AuthenticateToken(%q) = %v, want unknown user", bad, err)
		}
	}
	if err := b.RevokeToken(t.Context(), ada.Actor(), ada.ID, tok.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("RevokeToken() of somebody else's = %v, want not found", err)
	}
	if _, err := b.SetRole(t.Context(), command(), u.ID, account.PM); err != nil {
		t.Fatal(err)
	}
	if got, err := b.AuthenticateToken(t.Context(), secret); err != nil || got.Role != account.PM {
		t.Errorf("AuthenticateToken() after a change of role = %+v, %v; want a pm", got, err)
	}
	if err := b.RevokeToken(t.Context(), u.Actor(), u.ID, tok.ID); err != nil {
		t.Fatalf("RevokeToken() = %v", err)
	}
	if _, err := b.AuthenticateToken(t.Context(), secret); !errors.Is(err, fault.Unknown) {
		t.Errorf("AuthenticateToken() of a revoked one = %v, want unknown user", err)
	}
	if err := b.RevokeToken(t.Context(), u.Actor(), u.ID, tok.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("RevokeToken() twice = %v, want not found", err)
	}
	short, _, err := b.CreateToken(t.Context(), command(), ada.ID, "short", 12*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.advance(12*time.Hour - time.Second)
	if _, err := b.AuthenticateToken(t.Context(), short); err != nil {
		t.Errorf("AuthenticateToken() a second before it expires = %v", err)
	}
	b.clock.advance(time.Second)
	_, err = b.AuthenticateToken(t.Context(), short)
	if f, ok := fault.As(err); !ok || f.Kind != fault.Unknown || !strings.Contains(f.Msg, "2 March 2026") {
		t.Errorf("AuthenticateToken() of an expired one = %v, want unknown user and the day", err)
	}
	for _, tt := range []struct {
		name    string
		expires time.Duration
		want    []string
	}{
		{"", 0, []string{"name"}},
		{"x\x00", 0, []string{"name"}},
		{strings.Repeat("x", 101), 0, []string{"name"}},
		{"x", time.Minute, []string{"expires"}},
		{"x", 367 * 24 * time.Hour, []string{"expires"}},
		{"", -1, []string{"expires", "name"}},
	} {
		if _, _, err := b.CreateToken(t.Context(), u.Actor(), u.ID, tt.name, tt.expires); !cmp.Equal(fields(err), tt.want) {
			t.Errorf("CreateToken(%q, %v) = %v about %v, want %v", tt.name, tt.expires, err, fields(err), tt.want)
		}
	}
	if _, _, err := b.CreateToken(t.Context(), command(), uuid.New(), "x", 0); !errors.Is(err, fault.NotFound) {
		t.Errorf("CreateToken() for nobody = %v, want not found", err)
	}
	want := []string{
		account.ActionAdd, account.ActionAdd, account.ActionTokenCreate, account.ActionRole, account.ActionTokenRevoke, account.ActionTokenCreate,
	}
	if d := cmp.Diff(want, b.actions(t)); d != "" {
		t.Errorf("the record (-want +got):\n%s", d)
	}
}

func TestParseExpiry(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"": account.DefaultExpiry, " 90d ": 90 * 24 * time.Hour, "1h": time.Hour, "366d": 366 * 24 * time.Hour, "8w": 56 * 24 * time.Hour,
	} {
		if got, err := account.ParseExpiry(in); err != nil || got != want {
			t.Errorf("ParseExpiry(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, bad := range []string{"0d", "-1d", "d", "90", "90 d", "1.5d", "367d", "53w", "65535w", "99999999999999999999d", "never", "1y", "ü", "1ü"} {
		if got, err := account.ParseExpiry(bad); !cmp.Equal(fields(err), []string{"expires"}) {
			t.Errorf("ParseExpiry(%q) = %v, %v; want a complaint", bad, got, err)
		}
	}
}
