package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
)

func TestCan(t *testing.T) {
	t.Parallel()
	// As the team agreed on it: a cross is a yes.
	const table = `
		permission      admin lead reviewer pm engineer
		view            x     x    x        x  x
		review          x     x    x        .  .
		import          x     x    .        .  x
		export          x     x    .        x  x
		release         x     x    .        .  x
		overrule        x     x    .        .  .
		manage_catalog  x     .    .        .  .
		manage_people   x     .    .        .  .
		read_audit      x     x    .        .  .
		remove_demo     x     .    .        .  .
		manage_leases   x     x    .        .  .
		assign          x     x    .        .  .
		comment         x     x    x        x  x
		measure         x     x    .        .  .
		adjudicate      x     x    .        .  .
		share           x     x    .        x  .
		act_on_many     x     x    .        .  .
		manage_hooks    x     .    .        .  .
		own_account     x     x    x        x  x`
	lines := strings.Split(strings.TrimSpace(table), "\n")
	roles := strings.Fields(lines[0])[1:]
	if len(roles) != len(account.Roles()) || len(lines)-1 != len(account.Permissions()) {
		t.Fatalf("the table has %d roles and %d permissions, the package %d and %d", len(roles), len(lines)-1, len(account.Roles()), len(account.Permissions()))
	}
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		p := account.Permission(strings.ReplaceAll(f[0], "_", " "))
		for i, cell := range f[1:] {
			role := account.Role(roles[i])
			if got, want := role.Can(p), cell == "x"; got != want {
				t.Errorf("%s.Can(%s) = %v, want %v", role, p, got, want)
			}
			if (account.User{Role: role, DisabledAt: time.Unix(1, 0)}).Can(p) {
				t.Errorf("a disabled %s can %s", role, p)
			}
		}
		if account.Role("").Can(p) || account.Role("Admin").Can(p) {
			t.Errorf("somebody without a role can %s", p)
		}
	}
	if account.Admin.Can("fly") || account.Admin.Can("") {
		t.Error("an admin has a permission that does not exist")
	}
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for _, want := range account.Roles() {
		if got, err := account.ParseRole(string(want)); err != nil || got != want {
			t.Errorf("ParseRole(%s) = %s, %v", want, got, err)
		}
	}
	for _, bad := range []string{"", "Admin", "owner"} {
		_, err := account.ParseRole(bad)
		if !errors.Is(err, fault.Invalid) || !cmp.Equal(fields(err), []string{"role"}) {
			t.Errorf("ParseRole(%q) = %v, want invalid about the role", bad, err)
		}
	}
}
