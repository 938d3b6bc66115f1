package account_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

const (
	password = "grape canyon violin 7"
	another  = "marble otter teacup 9"
)

// wrong is a password that is refused without the cost of a hash, being longer
// than any that is accepted.
var wrong = string(make([]byte, 2000))

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// bench is a service on a database of its own.
type bench struct {
	*account.Service
	pool  *pgxpool.Pool
	clock *clock
}

func newBench(t *testing.T) *bench {
	t.Helper()
	c := &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	pool := pgtest.New(t)
	return &bench{Service: account.New(pool, account.Config{Secure: true, Now: c.now}), pool: pool, clock: c}
}

func command() audit.Actor { return audit.Actor{Name: "command line"} }

func client() account.Client {
	return account.Client{Address: "192.0.2.1:4711", UserAgent: "Browser/1.0"}
}

func from(address string) account.Client { return account.Client{Address: address} }

func (b *bench) add(t *testing.T, name string, role account.Role) account.User {
	t.Helper()
	u, err := b.Add(t.Context(), command(), account.Person{Email: name + "@example.com", Name: name, Password: password}, role)
	if err != nil {
		t.Fatalf("Add(%s) = %v", name, err)
	}
	return u
}

// signIn logs the user in and returns what the browser holds then.
func (b *bench) signIn(t *testing.T, u account.User, c account.Client) *http.Cookie {
	t.Helper()
	sess, _, err := b.Login(t.Context(), u.Email, password, c)
	if err != nil {
		t.Fatalf("Login(%s) = %v", u.Email, err)
	}
	return b.cookie(t, sess, nil)
}

// cookie gives the session to a browser that had old, if not nil.
func (b *bench) cookie(t *testing.T, sess account.Session, old *http.Cookie) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if err := b.SetCookie(w, request(t, old), sess); err != nil {
		t.Fatalf("SetCookie() = %v", err)
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("SetCookie() set %d cookies, want 1", len(cookies))
	}
	return cookies[0]
}

func request(t *testing.T, c *http.Cookie) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if c != nil {
		r.AddCookie(c)
	}
	return r
}

// signedIn says whether the cookie still stands for the user.
func (b *bench) signedIn(t *testing.T, c *http.Cookie) bool {
	t.Helper()
	_, _, err := b.Authenticate(request(t, c))
	if err != nil && !errors.Is(err, fault.Unknown) {
		t.Fatalf("Authenticate() = %v", err)
	}
	return err == nil
}

func (b *bench) current(t *testing.T, c *http.Cookie) (account.User, account.Session) {
	t.Helper()
	u, sess, err := b.Authenticate(request(t, c))
	if err != nil {
		t.Fatalf("Authenticate() = %v", err)
	}
	return u, sess
}

// actions returns what the record says was done, oldest first.
func (b *bench) actions(t *testing.T) []string {
	t.Helper()
	records, _, err := audit.List(t.Context(), b.pool, audit.Filter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, r := range records {
		actions = append(actions, r.Action)
	}
	slices.Reverse(actions)
	return actions
}

func (b *bench) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := b.pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (b *bench) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := b.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// fields returns which form fields an error is about, sorted.
func fields(err error) []string {
	f, ok := fault.As(err)
	if !ok {
		return nil
	}
	var names []string
	for name, msg := range f.Fields {
		if msg != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// atOnce runs f n times at once and returns the errors.
func atOnce(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

// tally counts errors by kind; "" is success.
func tally(errs []error) map[string]int {
	m := map[string]int{}
	for _, err := range errs {
		f, ok := fault.As(err)
		switch {
		case err == nil:
			m[""]++
		case ok:
			m[string(f.Kind)]++
		default:
			m[err.Error()]++
		}
	}
	return m
}

func TestAdd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u, err := b.Add(t.Context(), command(), account.Person{Email: " Zoe@Example.com ", Password: password}, account.PM)
	if err != nil || u.Email != "Zoe@Example.com" || u.Name != "Zoe" || u.Role != account.PM || !u.DisabledAt.IsZero() {
		t.Fatalf("Add() = %+v, %v; want Zoe, a pm", u, err)
	}
	for _, email := range []string{"zoe@example.com", " ZOE@EXAMPLE.COM "} {
		if got, err := b.UserByEmail(t.Context(), email); err != nil || !cmp.Equal(got, u) {
			t.Errorf("UserByEmail(%q) = %+v, %v; want %+v", email, got, err, u)
		}
	}
	if got, err := b.User(t.Context(), u.ID); err != nil || !cmp.Equal(got, u) {
		t.Errorf("User() = %+v, %v; want %+v", got, err, u)
	}
	if _, err := b.UserByEmail(t.Context(), "a\x00\xffb"); !errors.Is(err, fault.NotFound) {
		t.Errorf("UserByEmail(bytes that are no text) = %v, want not found", err)
	}
	good := account.Person{Email: "new@example.com", Name: "New", Password: password}
	for _, tt := range []struct {
		name string
		edit func(*account.Person, *account.Role)
		want []string
	}{
		{"address taken, other case", func(p *account.Person, _ *account.Role) { p.Email = "zoe@EXAMPLE.com" }, []string{"email"}},
		{"no address", func(p *account.Person, _ *account.Role) { p.Email = "" }, []string{"email"}},
		{"no at sign", func(p *account.Person, _ *account.Role) { p.Email = "new.example.com" }, []string{"email"}},
		{"name with address", func(p *account.Person, _ *account.Role) { p.Email = "New <new@example.com>" }, []string{"email"}},
		{"space", func(p *account.Person, _ *account.Role) { p.Email = `"a b"@example.com` }, []string{"email"}},
		{"long address", func(p *account.Person, _ *account.Role) { p.Email = wrong[:0] + fmt.Sprintf("%0250d@x.de", 1) }, []string{"email"}},
		{"control character", func(p *account.Person, _ *account.Role) { p.Name = "N\x1bew" }, []string{"name"}},
		{"long name", func(p *account.Person, _ *account.Role) { p.Name = fmt.Sprintf("%0101d", 1) }, []string{"name"}},
		{"unknown role", func(_ *account.Person, r *account.Role) { *r = "owner" }, []string{"role"}},
		{"everything", func(p *account.Person, r *account.Role) { *p, *r = account.Person{Name: "\x00", Password: "short"}, "" }, []string{"email", "name", "password", "role"}},
	} {
		p, role := good, account.Reviewer
		tt.edit(&p, &role)
		_, err := b.Add(t.Context(), command(), p, role)
		if !errors.Is(err, fault.Invalid) || !cmp.Equal(tt.want, fields(err)) {
			t.Errorf("%s: Add() = %v about %v, want invalid about %v", tt.name, err, fields(err), tt.want)
		}
	}
	if n := b.count(t, "SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d users, want 1", n)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(t, `INSERT INTO users (id, email, name, role) SELECT gen_random_uuid(), chr(97 + (7*n) % 11) || n || '@Example.com', 'N', 'pm' FROM generate_series(1, 11) n`)
	all, next, err := b.List(t.Context(), "", 0)
	if err != nil || len(all) != 11 || next != "" {
		t.Fatalf("List() = %d users, %q, %v; want 11 on one page", len(all), next, err)
	}
	if !slices.IsSortedFunc(all, func(x, y account.User) int { return compare(x.Email, y.Email) }) {
		t.Errorf("List() is not sorted: %v", all)
	}
	var paged []account.User
	for after, pages := "", 0; ; pages++ {
		page, next, err := b.List(t.Context(), after, 4)
		if err != nil || pages > 2 {
			t.Fatalf("page %d: %v", pages, err)
		}
		paged = append(paged, page...)
		if after = next; after == "" {
			break
		}
	}
	if d := cmp.Diff(all, paged); d != "" {
		t.Errorf("pages joined (-want +got):\n%s", d)
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestSetRole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	boss, u := b.add(t, "boss", account.Admin), b.add(t, "una", account.Reviewer)
	phone, desk := b.signIn(t, u, client()), b.signIn(t, u, from("192.0.2.2"))
	bosses := b.signIn(t, boss, client())
	if got, err := b.SetRole(t.Context(), boss.Actor(), u.ID, account.Reviewer); err != nil || !cmp.Equal(got, u) || !b.signedIn(t, phone) {
		t.Fatalf("SetRole(same) = %+v, %v; want nothing changed", got, err)
	}
	got, err := b.SetRole(t.Context(), boss.Actor(), u.ID, account.Lead)
	if err != nil || got.Role != account.Lead {
		t.Fatalf("SetRole(lead) = %+v, %v", got, err)
	}
	if b.signedIn(t, phone) || b.signedIn(t, desk) || !b.signedIn(t, bosses) {
		t.Error("after a change of role the user's sessions go on, or somebody else's ended")
	}
	if now, _ := b.current(t, b.signIn(t, u, client())); now.Role != account.Lead {
		t.Errorf("signed in again as %s, want lead", now.Role)
	}
	if _, err := b.SetRole(t.Context(), boss.Actor(), u.ID, "owner"); !errors.Is(err, fault.Invalid) {
		t.Errorf("SetRole(owner) = %v, want invalid", err)
	}
	if _, err := b.SetRole(t.Context(), boss.Actor(), boss.ID, account.Lead); !errors.Is(err, fault.Conflict) {
		t.Errorf("SetRole of the only admin = %v, want a conflict", err)
	}
	records, _, err := audit.List(t.Context(), b.pool, audit.Filter{Action: account.ActionRole})
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records of a changed role, %v; want 1", len(records), err)
	}
	r := records[0]
	if r.Actor != boss.Actor() || r.Object != "user/"+u.ID.String() || string(r.Detail) != `{"from":"reviewer","sessions_ended":2,"to":"lead"}` {
		t.Errorf("the record says %+v with %s", r, r.Detail)
	}
}

func TestDisable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	boss, u := b.add(t, "boss", account.Admin), b.add(t, "una", account.Engineer)
	cookie := b.signIn(t, u, client())
	secret, _, err := b.CreateToken(t.Context(), u.Actor(), u.ID, "ci", 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		got, err := b.Disable(t.Context(), boss.Actor(), u.ID)
		if err != nil || !got.DisabledAt.Equal(b.clock.now()) || got.Can(account.View) {
			t.Fatalf("Disable() = %+v, %v; want disabled now, without permissions", got, err)
		}
	}
	if b.signedIn(t, cookie) {
		t.Error("a disabled user's session goes on")
	}
	if _, err := b.AuthenticateToken(t.Context(), secret); !errors.Is(err, fault.Unknown) {
		t.Errorf("AuthenticateToken() of a disabled user = %v, want unknown user", err)
	}
	if _, _, err := b.Login(t.Context(), u.Email, password, client()); !errors.Is(err, fault.Forbidden) {
		t.Errorf("Login() of a disabled user = %v, want forbidden", err)
	}
	if _, _, err := b.Login(t.Context(), u.Email, another, client()); !errors.Is(err, fault.Unknown) {
		t.Errorf("Login() of a disabled user with a wrong password = %v, want unknown user: who has no password learns nothing", err)
	}
	if got, err := b.Enable(t.Context(), boss.Actor(), u.ID); err != nil || !got.DisabledAt.IsZero() {
		t.Fatalf("Enable() = %+v, %v", got, err)
	}
	if b.signedIn(t, cookie) {
		t.Error("a session came back with its user")
	}
	if got, err := b.AuthenticateToken(t.Context(), secret); err != nil || !cmp.Equal(got, u) {
		t.Errorf("AuthenticateToken() after Enable = %+v, %v; want %+v", got, err, u)
	}
	b.signIn(t, u, client())
	if _, err := b.Disable(t.Context(), boss.Actor(), boss.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("Disable() of the only admin = %v, want a conflict", err)
	}
	if _, err := b.Disable(t.Context(), boss.Actor(), [16]byte{1}); !errors.Is(err, fault.NotFound) {
		t.Errorf("Disable() of nobody = %v, want not found", err)
	}
	want := []string{
		account.ActionAdd, account.ActionAdd, account.ActionLogin, account.ActionTokenCreate, account.ActionDisable,
		account.ActionLoginFailed, account.ActionLoginFailed, account.ActionEnable, account.ActionLogin,
	}
	if d := cmp.Diff(want, b.actions(t)); d != "" {
		t.Errorf("the record (-want +got):\n%s", d)
	}
}

// TestTheLastAdminStays has eight admins taken away at once, by either way.
func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(t, `INSERT INTO users (id, email, name, role) SELECT gen_random_uuid(), n || '@example.com', 'N', 'admin' FROM generate_series(1, 8) n`)
	admins, _, err := b.List(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	got := tally(atOnce(len(admins), func(i int) (err error) {
		if i%2 == 0 {
			_, err = b.SetRole(t.Context(), command(), admins[i].ID, account.Lead)
		} else {
			_, err = b.Disable(t.Context(), command(), admins[i].ID)
		}
		return err
	}))
	if d := cmp.Diff(map[string]int{"": 7, "conflict": 1}, got); d != "" {
		t.Errorf("taking all admins away (-want +got):\n%s", d)
	}
	if n := b.count(t, "SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL"); n != 1 {
		t.Errorf("%d admins are left, want 1", n)
	}
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	cookie := b.signIn(t, u, client())
	if err := b.SetPassword(t.Context(), command(), u.ID, "short"); !cmp.Equal(fields(err), []string{"password"}) {
		t.Errorf("SetPassword(short) = %v about %v, want the password", err, fields(err))
	}
	if err := b.SetPassword(t.Context(), command(), [16]byte{1}, another); !errors.Is(err, fault.NotFound) {
		t.Errorf("SetPassword of nobody = %v, want not found", err)
	}
	if err := b.SetPassword(t.Context(), command(), u.ID, another); err != nil {
		t.Fatalf("SetPassword() = %v", err)
	}
	if b.signedIn(t, cookie) {
		t.Error("a session outlives its password")
	}
	if _, _, err := b.Login(t.Context(), u.Email, password, client()); !errors.Is(err, fault.Unknown) {
		t.Errorf("Login(old password) = %v, want unknown user", err)
	}
	if _, _, err := b.Login(t.Context(), u.Email, another, client()); err != nil {
		t.Errorf("Login(new password) = %v", err)
	}
}

// TestNothingHappensUnrecorded takes the record away: then nothing may change.
func TestNothingHappensUnrecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Admin)
	b.add(t, "ada", account.Admin)
	cookie := b.signIn(t, u, client())
	user, sess := b.current(t, cookie)
	secret, token, err := b.CreateToken(t.Context(), u.Actor(), u.ID, "ci", 0)
	if err != nil {
		t.Fatal(err)
	}
	link, err := b.Invite(t.Context(), u.Actor(), "ines@example.com", account.PM)
	if err != nil {
		t.Fatal(err)
	}
	invitations, err := b.Invitations(t.Context())
	if err != nil || len(invitations) != 1 {
		t.Fatalf("Invitations() = %v, %v", invitations, err)
	}
	if err := b.RotateCookieKeys(t.Context(), command()); err != nil {
		t.Fatal(err)
	}
	const digest = `SELECT md5(string_agg(x, '' ORDER BY x)) FROM (
		SELECT u::text FROM users u UNION ALL SELECT s::text FROM sessions s UNION ALL SELECT i::text FROM invitations i
		UNION ALL SELECT k::text FROM tokens k UNION ALL SELECT z::text FROM secrets z) AS all_rows (x)`
	before := ""
	if err := b.pool.QueryRow(t.Context(), digest).Scan(&before); err != nil {
		t.Fatal(err)
	}
	b.exec(t, "ALTER TABLE audit_log RENAME TO audit_log_gone")
	ctx, by := t.Context(), command()
	for name, act := range map[string]func() error{
		"Add": func() error {
			_, err := b.Add(ctx, by, account.Person{Email: "x@example.com", Password: password}, account.PM)
			return err
		},
		"Invite":                      func() error { _, err := b.Invite(ctx, by, "y@example.com", account.PM); return err },
		"Join":                        func() error { _, _, err := b.Join(ctx, link, "Ines", password, client()); return err },
		"Login":                       func() error { _, _, err := b.Login(ctx, u.Email, password, from("192.0.2.9")); return err },
		"Login with a wrong password": func() error { _, _, err := b.Login(ctx, u.Email, wrong, from("192.0.2.9")); return err },
		"Logout":                      func() error { return b.Logout(ctx, user, sess) },
		"LogoutEverywhere":            func() error { _, err := b.LogoutEverywhere(ctx, by, u.ID); return err },
		"RevokeSession":               func() error { return b.RevokeSession(ctx, by, u.ID, sess.Handle) },
		"ChangePassword":              func() error { _, err := b.ChangePassword(ctx, user, sess, password, another); return err },
		"SetPassword":                 func() error { return b.SetPassword(ctx, by, u.ID, another) },
		"SetRole":                     func() error { _, err := b.SetRole(ctx, by, u.ID, account.PM); return err },
		"Disable":                     func() error { _, err := b.Disable(ctx, by, u.ID); return err },
		"CreateToken":                 func() error { _, _, err := b.CreateToken(ctx, by, u.ID, "cd", 0); return err },
		"RevokeToken":                 func() error { return b.RevokeToken(ctx, by, u.ID, token.ID) },
		"RevokeInvitation":            func() error { return b.RevokeInvitation(ctx, by, invitations[0].ID) },
		"RotateCookieKeys":            func() error { return b.RotateCookieKeys(ctx, by) },
	} {
		if err := act(); err == nil {
			t.Errorf("%s worked without a record", name)
		}
	}
	after := ""
	if err := b.pool.QueryRow(t.Context(), digest).Scan(&after); err != nil {
		t.Fatal(err)
	}
	if before != after || !b.signedIn(t, cookie) {
		t.Error("something changed without a record")
	}
	if _, err := b.AuthenticateToken(t.Context(), secret); err != nil {
		t.Errorf("AuthenticateToken() = %v", err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	cookie := b.signIn(t, u, client())
	if _, _, err := b.Login(t.Context(), u.Email, wrong, client()); err == nil {
		t.Fatal("Login(wrong) = nil")
	}
	sweep := func(want int64) {
		t.Helper()
		if n, err := b.Sweep(t.Context()); err != nil || n != want {
			t.Errorf("Sweep() = %d, %v; want %d", n, err, want)
		}
	}
	sweep(0)
	if !b.signedIn(t, cookie) {
		t.Error("Sweep() ended a session")
	}
	b.clock.advance(25 * time.Hour)
	sweep(3) // one failure, counted in three ways
	b.clock.advance(37 * 24 * time.Hour)
	sweep(1) // the session, a month after it could have lasted longest
	sweep(0)
}

func TestCancelledWhileWaitingToHash(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error)
	const many = 200 // far more than may be hashed at once
	for i := range many {
		go func() {
			_, err := b.Add(ctx, command(), account.Person{Email: fmt.Sprintf("u%d@example.com", i), Password: password}, account.PM)
			errs <- err
		}()
	}
	<-errs // one is through, so the others are on their way
	cancel()
	var stopped int
	for range many - 1 {
		if err := <-errs; errors.Is(err, context.Canceled) {
			stopped++
		}
	}
	if stopped == 0 {
		t.Error("nobody gave up waiting when the context was done")
	}
}
