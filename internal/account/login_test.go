package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	sess, got, err := b.Login(t.Context(), " UNA@example.com ", password, client())
	if err != nil || !cmp.Equal(got, u) {
		t.Fatalf("Login() = %+v, %v; want %+v", got, err, u)
	}
	want := account.Client{Address: "192.0.2.1", UserAgent: "Browser/1.0"}
	if sess.Client != want || !sess.ExpiresAt.Equal(b.clock.now().Add(7*24*time.Hour)) || sess.Handle == "" {
		t.Errorf("Login() = %+v, want a session of %+v for a week", sess, want)
	}
	again, _, err := b.Login(t.Context(), u.Email, password, client())
	if err != nil || again.Handle == sess.Handle {
		t.Errorf("a second Login() = the same session, %v", err)
	}
	var messages []string
	for _, email := range []string{u.Email, "nobody@example.com", "", "my secret password", "a\x00\xff"} {
		_, _, err := b.Login(t.Context(), email, another, client())
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Unknown {
			t.Fatalf("Login(%q, wrong) = %v, want unknown user", email, err)
		}
		messages = append(messages, f.Msg)
	}
	for _, m := range messages {
		if m != messages[0] {
			t.Errorf("who is known can be learnt: %q is not %q", m, messages[0])
		}
	}
	records, _, err := audit.List(t.Context(), b.pool, audit.Filter{Action: account.ActionLoginFailed})
	if err != nil || len(records) != 5 {
		t.Fatalf("%d records of failed sign-ins, %v; want 5", len(records), err)
	}
	for i, r := range records {
		want := ""
		if i == 4 { // the oldest is the one of a user
			want = "user/" + u.ID.String()
		}
		if r.Object != want || r.Actor != (audit.Actor{Name: "anonymous"}) || strings.Contains(string(r.Detail), "secret") {
			t.Errorf("record %d says %+v %s, want object %q and nothing that was typed", i, r, r.Detail, want)
		}
	}
	if n := b.count(t, "SELECT count(*) FROM login_failures WHERE key LIKE '%una%' OR key LIKE '%secret%'"); n != 0 {
		t.Error("what was typed is in the throttle's rows")
	}
}

// attempt signs in and returns the kind of fault, or "".
func (b *bench) attempt(t *testing.T, email, pw, address string) string {
	t.Helper()
	_, _, err := b.Login(t.Context(), email, pw, from(address))
	f, ok := fault.As(err)
	switch {
	case err == nil:
		return ""
	case !ok:
		t.Fatalf("Login(%s) = %v", email, err)
	}
	return string(f.Kind)
}

func (b *bench) want(t *testing.T, what, kind, email, pw, address string) {
	t.Helper()
	if got := b.attempt(t, email, pw, address); got != kind {
		t.Errorf("%s: Login() = %q, want %q", what, got, kind)
	}
}

const (
	unknown = string(fault.Unknown)
	tooMany = string(fault.TooMany)
)

func TestThrottleOfOneAccountFromOneAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	for i := range 5 {
		b.want(t, fmt.Sprint("failure ", i), unknown, u.Email, wrong, "192.0.2.1")
		b.clock.advance(time.Minute)
	}
	_, _, err := b.Login(t.Context(), strings.ToUpper(u.Email), password, from("192.0.2.1:99"))
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.TooMany || !strings.Contains(f.Msg, "in 10 minutes") {
		t.Fatalf("Login() after five failures = %v, want too many, for 10 minutes", err)
	}
	b.want(t, "another address", "", u.Email, password, "192.0.2.2")
	b.want(t, "another account", unknown, "ada@example.com", wrong, "192.0.2.1")
	// Trying on while it is closed does not keep it closed.
	b.clock.advance(9 * time.Minute)
	b.want(t, "a minute early", tooMany, u.Email, password, "192.0.2.1")
	b.clock.advance(time.Minute)
	b.want(t, "in time", unknown, u.Email, wrong, "192.0.2.1")
	b.want(t, "only one came free", tooMany, u.Email, password, "192.0.2.1")
	b.clock.advance(time.Minute)
	b.want(t, "the next", "", u.Email, password, "192.0.2.1")
	// The right password wiped the slate.
	for i := range 5 {
		b.want(t, fmt.Sprint("new failure ", i), unknown, u.Email, wrong, "192.0.2.1")
	}
	b.want(t, "closed again", tooMany, u.Email, password, "192.0.2.1")
}

func TestThrottleCountsBeforeItLooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	got := tally(atOnce(32, func(int) error {
		_, _, err := b.Login(t.Context(), u.Email, wrong, from("192.0.2.1"))
		return err
	}))
	if d := cmp.Diff(map[string]int{unknown: 5, tooMany: 27}, got); d != "" {
		t.Errorf("32 guesses at once (-want +got):\n%s", d)
	}
}

func TestSuccessLeavesNoTrace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	for range 6 {
		b.signIn(t, u, client())
	}
	if n := b.count(t, "SELECT count(*) FROM login_failures"); n != 0 {
		t.Errorf("%d failures are counted after right passwords, want none", n)
	}
	// It forgets the account's failures from here, and not the address's others.
	b.want(t, "other account", unknown, "nobody@example.com", wrong, "192.0.2.1")
	b.want(t, "own failure", unknown, u.Email, wrong, "192.0.2.1")
	b.signIn(t, u, client())
	if n := b.count(t, "SELECT count(*) FROM login_failures"); n != 3+2 {
		t.Errorf("%d failures are counted, want 5: one of the other account in three ways, one's own for the address and from everywhere", n)
	}
}

func TestThrottleOfOneAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, a, b, far string }{
		{"IPv4", "192.0.2.1", "192.0.2.1:1234", "192.0.2.2"},
		{"IPv4 in IPv6", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"},
		{"IPv6 of one network", "2001:db8::1", "[2001:db8::ffff:2]:443", "2001:db8:0:1::1"},
		{"not an address", "pipe", "pipe", "other pipe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.add(t, "una", account.Reviewer)
			for i := range 50 {
				b.want(t, "failure", unknown, fmt.Sprintf("%d@example.com", i), wrong, tt.a)
			}
			b.want(t, "same place", tooMany, u.Email, password, tt.b)
			b.want(t, "elsewhere", "", u.Email, password, tt.far)
			b.clock.advance(15 * time.Minute)
			b.want(t, "later", "", u.Email, password, tt.b)
		})
	}
}

// TestThrottleLocksNobodyOut: many machines guess one person's password. They
// are held back, and the person still signs in from home.
func TestThrottleLocksNobodyOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	home, sess := b.current(t, b.signIn(t, u, from("2001:db8:1:2::3")))
	if err := b.Logout(t.Context(), home, sess); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		b.want(t, "botnet", unknown, u.Email, wrong, fmt.Sprintf("198.51.100.%d", i/5))
	}
	b.want(t, "a fresh machine", tooMany, u.Email, wrong, "203.0.113.1")
	b.want(t, "the person at a new place", tooMany, u.Email, password, "203.0.113.2")
	b.want(t, "the person at home, with a new address there", "", u.Email, password, "2001:db8:1:2::77")
	b.want(t, "somebody else", unknown, "ada@example.com", wrong, "203.0.113.1")
	// Even from home, guessing is guessing.
	for range 5 {
		b.want(t, "at home", unknown, u.Email, wrong, "2001:db8:1:2::3")
	}
	b.want(t, "at home", tooMany, u.Email, password, "2001:db8:1:2::3")
	b.clock.advance(15 * time.Minute)
	b.want(t, "when it is over", "", u.Email, password, "203.0.113.2")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	here, there := b.signIn(t, u, client()), b.signIn(t, u, from("192.0.2.2"))
	user, sess := b.current(t, here)
	for _, tt := range []struct {
		name, old, new string
		want           []string
	}{
		{"wrong old one", another, another, []string{"old"}},
		{"short new one", password, "short", []string{"new"}},
		{"common new one", password, "password1234", []string{"new"}},
	} {
		if _, err := b.ChangePassword(t.Context(), user, sess, tt.old, tt.new); !cmp.Equal(fields(err), tt.want) {
			t.Errorf("%s: ChangePassword() = %v about %v, want %v", tt.name, err, fields(err), tt.want)
		}
	}
	if !b.signedIn(t, here) || !b.signedIn(t, there) {
		t.Fatal("a refused change ended a session")
	}
	b.clock.advance(time.Hour)
	rotated, err := b.ChangePassword(t.Context(), user, sess, password, another)
	if err != nil {
		t.Fatalf("ChangePassword() = %v", err)
	}
	now := b.cookie(t, rotated, here)
	if b.signedIn(t, here) || b.signedIn(t, there) {
		t.Error("an old session or an old id outlives the password")
	}
	_, kept := b.current(t, now)
	if kept.Handle == sess.Handle || !kept.ExpiresAt.Equal(sess.ExpiresAt) || !kept.CreatedAt.Equal(sess.CreatedAt) {
		t.Errorf("after the change the session is %+v, want another id and the same limits as %+v", kept, sess)
	}
	b.want(t, "old password", unknown, u.Email, password, "192.0.2.3")
	b.want(t, "new password", "", u.Email, another, "192.0.2.3")
	sess.Address = "192.0.2.4"
	if _, err := b.ChangePassword(t.Context(), user, sess, another, password); !errors.Is(err, fault.Unknown) {
		t.Errorf("ChangePassword() with a session that ended = %v, want unknown user", err)
	}
	// Whoever finds an open browser cannot try passwords for long.
	for range 5 {
		if _, err := b.ChangePassword(t.Context(), user, kept, wrong, "marble otter teacup 10"); !cmp.Equal(fields(err), []string{"old"}) {
			t.Errorf("ChangePassword(wrong) = %v, want a complaint about the old password", err)
		}
	}
	if _, err := b.ChangePassword(t.Context(), user, kept, another, password); !errors.Is(err, fault.TooMany) {
		t.Errorf("ChangePassword() after five wrong ones = %v, want too many", err)
	}
}
