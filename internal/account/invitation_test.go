package account_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
)

func (b *bench) setup(t *testing.T) string {
	t.Helper()
	token, needed, err := b.EnsureSetup(t.Context())
	if err != nil || !needed || token == "" {
		t.Fatalf("EnsureSetup() = %q, %v, %v; want a token", token, needed, err)
	}
	return token
}

func person(name string) account.Person {
	return account.Person{Email: name + "@example.com", Name: name, Password: password}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.add(t, "una", account.Lead) // users, but no admin
	if needed, err := b.SetupNeeded(t.Context()); err != nil || !needed {
		t.Fatalf("SetupNeeded() = %v, %v; want true", needed, err)
	}
	first := b.setup(t)
	token := b.setup(t)
	if err := b.CheckSetup(t.Context(), first); !errors.Is(err, fault.NotFound) {
		t.Errorf("CheckSetup(an older link) = %v, want not found", err)
	}
	if _, _, err := b.CompleteSetup(t.Context(), first, person("eve"), client()); !errors.Is(err, fault.NotFound) {
		t.Errorf("CompleteSetup(an older link) = %v, want not found", err)
	}
	if err := b.CheckSetup(t.Context(), token); err != nil {
		t.Errorf("CheckSetup() = %v", err)
	}
	if _, err := b.Invitation(t.Context(), token); !errors.Is(err, fault.NotFound) {
		t.Errorf("Invitation(a set-up link) = %v, want not found", err)
	}
	if _, _, err := b.CompleteSetup(t.Context(), token, account.Person{}, client()); !cmp.Equal(fields(err), []string{"email", "name", "password"}) {
		t.Errorf("CompleteSetup(nothing) = %v about %v, want all three fields", err, fields(err))
	}
	if _, _, err := b.CompleteSetup(t.Context(), token, person("una"), client()); !cmp.Equal(fields(err), []string{"email"}) {
		t.Errorf("CompleteSetup(a taken address) = %v about %v, want the address", err, fields(err))
	}
	sess, u, err := b.CompleteSetup(t.Context(), token, person("boss"), client())
	if err != nil || u.Role != account.Admin || u.Email != "boss@example.com" {
		t.Fatalf("CompleteSetup() = %+v, %v; want an admin", u, err)
	}
	if got, _ := b.current(t, b.cookie(t, sess, nil)); !cmp.Equal(got, u) {
		t.Errorf("signed in as %+v, want %+v", got, u)
	}
	b.signIn(t, u, client())
	if err := b.CheckSetup(t.Context(), token); !errors.Is(err, fault.Conflict) {
		t.Errorf("CheckSetup(used) = %v, want a conflict", err)
	}
	if _, _, err := b.CompleteSetup(t.Context(), token, person("eve"), client()); !errors.Is(err, fault.Conflict) {
		t.Errorf("CompleteSetup(used) = %v, want a conflict", err)
	}
	if token, needed, err := b.EnsureSetup(t.Context()); err != nil || needed || token != "" {
		t.Errorf("EnsureSetup() with an admin = %q, %v, %v; want none", token, needed, err)
	}
	want := []string{
		account.ActionAdd, account.ActionSetupIssue, account.ActionSetupIssue, account.ActionSetupComplete, account.ActionLogin,
	}
	if d := cmp.Diff(want, b.actions(t)); d != "" {
		t.Errorf("the record (-want +got):\n%s", d)
	}
}

func TestSetupExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := b.setup(t)
	b.clock.advance(24*time.Hour - time.Second)
	if err := b.CheckSetup(t.Context(), token); err != nil {
		t.Errorf("CheckSetup() a second before the day is over = %v", err)
	}
	b.clock.advance(time.Second)
	if err := b.CheckSetup(t.Context(), token); !errors.Is(err, fault.Conflict) {
		t.Errorf("CheckSetup() after a day = %v, want a conflict", err)
	}
	if _, _, err := b.CompleteSetup(t.Context(), token, person("boss"), client()); !errors.Is(err, fault.Conflict) {
		t.Errorf("CompleteSetup() after a day = %v, want a conflict", err)
	}
}

func TestSetupWhenAnAdminCameOtherwise(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := b.setup(t)
	b.add(t, "boss", account.Admin)
	if _, _, err := b.CompleteSetup(t.Context(), token, person("eve"), client()); !errors.Is(err, fault.Conflict) {
		t.Errorf("CompleteSetup() = %v, want a conflict", err)
	}
	if n := b.count(t, "SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d users, want 1", n)
	}
}

// TestSetupByManyAtOnce: the link is in a terminal that several people see.
func TestSetupByManyAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := b.setup(t)
	got := tally(atOnce(8, func(i int) error {
		_, _, err := b.CompleteSetup(t.Context(), token, person(fmt.Sprintf("boss%d", i)), client())
		return err
	}))
	if d := cmp.Diff(map[string]int{"": 1, "conflict": 7}, got); d != "" {
		t.Errorf("eight at once (-want +got):\n%s", d)
	}
	if n := b.count(t, "SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d users, want 1", n)
	}
}

// TestSetupByManyServers: replicas that start together print links of which one
// works.
func TestSetupByManyServers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tokens := make([]string, 8)
	for _, err := range atOnce(len(tokens), func(i int) (err error) {
		tokens[i], _, err = b.EnsureSetup(t.Context())
		return err
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var valid int
	for _, token := range tokens {
		if b.CheckSetup(t.Context(), token) == nil {
			valid++
		}
	}
	if valid != 1 {
		t.Errorf("%d links work, want 1", valid)
	}
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	boss := b.add(t, "boss", account.Admin)
	token, err := b.Invite(t.Context(), boss.Actor(), " Ines@example.com ", account.Reviewer)
	if err != nil {
		t.Fatalf("Invite() = %v", err)
	}
	inv, err := b.Invitation(t.Context(), token)
	if err != nil || inv.Email != "Ines@example.com" || inv.Role != account.Reviewer || !inv.ExpiresAt.Equal(b.clock.now().Add(7*24*time.Hour)) {
		t.Fatalf("Invitation() = %+v, %v", inv, err)
	}
	list, err := b.Invitations(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != inv.ID || list[0].CreatedBy != "boss" || list[0].Expired {
		t.Fatalf("Invitations() = %+v, %v; want the one, by boss", list, err)
	}
	if _, _, err := b.Join(t.Context(), token, "", "short", client()); !cmp.Equal(fields(err), []string{"name", "password"}) {
		t.Errorf("Join(nothing) = %v about %v, want name and password", err, fields(err))
	}
	if _, _, err := b.Join(t.Context(), token, "Ines", "ines@example.com", client()); !cmp.Equal(fields(err), []string{"password"}) {
		t.Errorf("Join(address as password) = %v about %v, want the password", err, fields(err))
	}
	if _, _, err := b.CompleteSetup(t.Context(), token, person("eve"), client()); !errors.Is(err, fault.NotFound) {
		t.Errorf("CompleteSetup(an invitation) = %v, want not found", err)
	}
	sess, u, err := b.Join(t.Context(), token, " Ines  Ito ", password, client())
	if err != nil || u.Email != "Ines@example.com" || u.Name != "Ines Ito" || u.Role != account.Reviewer {
		t.Fatalf("Join() = %+v, %v", u, err)
	}
	if got, _ := b.current(t, b.cookie(t, sess, nil)); !cmp.Equal(got, u) {
		t.Errorf("signed in as %+v, want %+v", got, u)
	}
	if _, err := b.Invitation(t.Context(), token); !errors.Is(err, fault.Conflict) {
		t.Errorf("Invitation(used) = %v, want a conflict", err)
	}
	if _, _, err := b.Join(t.Context(), token, "Eve", another, client()); !errors.Is(err, fault.Conflict) {
		t.Errorf("Join(used) = %v, want a conflict", err)
	}
	if err := b.RevokeInvitation(t.Context(), boss.Actor(), inv.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("RevokeInvitation(used) = %v, want not found", err)
	}
	if list, err := b.Invitations(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("Invitations() = %+v, %v; want none", list, err)
	}
	for _, tt := range []struct {
		email string
		role  account.Role
		want  []string
	}{
		{"ines@EXAMPLE.com", account.PM, []string{"email"}},
		{"no address", "owner", []string{"email", "role"}},
	} {
		if _, err := b.Invite(t.Context(), boss.Actor(), tt.email, tt.role); !errors.Is(err, fault.Invalid) || !cmp.Equal(fields(err), tt.want) {
			t.Errorf("Invite(%s, %s) = %v about %v, want %v", tt.email, tt.role, err, fields(err), tt.want)
		}
	}
	want := []string{account.ActionAdd, account.ActionInvite, account.ActionJoin}
	if d := cmp.Diff(want, b.actions(t)); d != "" {
		t.Errorf("the record (-want +got):\n%s", d)
	}
}

func TestInvitationEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	invite := func(email string) string {
		t.Helper()
		token, err := b.Invite(t.Context(), command(), email, account.PM)
		if err != nil {
			t.Fatalf("Invite() = %v", err)
		}
		return token
	}
	refused := func(what, token string, want fault.Kind) {
		t.Helper()
		if _, err := b.Invitation(t.Context(), token); !errors.Is(err, want) {
			t.Errorf("%s: Invitation() = %v, want %s", what, err, want)
		}
		if _, _, err := b.Join(t.Context(), token, "Eve", password, client()); !errors.Is(err, want) {
			t.Errorf("%s: Join() = %v, want %s", what, err, want)
		}
	}
	refused("never issued", "ABC", fault.NotFound)
	refused("empty", "", fault.NotFound)

	old := invite("a@example.com")
	fresh := invite("A@example.com")
	refused("replaced", old, fault.NotFound)
	if _, err := b.Invitation(t.Context(), fresh); err != nil {
		t.Errorf("the one that replaced it = %v", err)
	}

	inv, err := b.Invitation(t.Context(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.RevokeInvitation(t.Context(), command(), inv.ID); err != nil {
		t.Fatalf("RevokeInvitation() = %v", err)
	}
	refused("revoked", fresh, fault.NotFound)
	if err := b.RevokeInvitation(t.Context(), command(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("RevokeInvitation(none) = %v, want not found", err)
	}

	taken := invite("b@example.com")
	b.add(t, "b", account.Reviewer) // by the command line, meanwhile
	if _, _, err := b.Join(t.Context(), taken, "B", password, client()); !errors.Is(err, fault.Conflict) {
		t.Errorf("Join() with an address that has an account = %v, want a conflict", err)
	}

	late := invite("c@example.com")
	b.clock.advance(7*24*time.Hour - time.Second)
	if _, err := b.Invitation(t.Context(), late); err != nil {
		t.Errorf("Invitation() a second before the week is over = %v", err)
	}
	b.clock.advance(time.Second)
	refused("expired", late, fault.Conflict)
	if list, err := b.Invitations(t.Context()); err != nil || len(list) != 2 || !list[0].Expired {
		t.Errorf("Invitations() = %+v, %v; want two that have expired", list, err)
	}
	if n := b.count(t, "SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d users, want 1", n)
	}
}

func TestJoinByManyAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.Invite(t.Context(), command(), "ines@example.com", account.PM)
	if err != nil {
		t.Fatal(err)
	}
	got := tally(atOnce(8, func(int) error {
		_, _, err := b.Join(t.Context(), token, "Ines", password, client())
		return err
	}))
	if d := cmp.Diff(map[string]int{"": 1, "conflict": 7}, got); d != "" {
		t.Errorf("eight at once (-want +got):\n%s", d)
	}
}
