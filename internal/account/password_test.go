package account_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/argon2"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
)

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, tt := range []struct {
		password string
		good     bool
	}{
		{"", false},
		{"ninechars", false},
		{"äöüäöüäöü", false}, // nine characters, eighteen bytes
		{"xk!2pq9r%t", true},
		{"äöüxßàéñçm", true},
		{"correct horse battery staple", true},
		{strings.Repeat("weird owl ", 102), true},
		{strings.Repeat("weird owl ", 103), false}, // over 1024 bytes
		{"weird owl \xff\xfe", false},
		// Words that everybody tries, however decorated.
		{"passwordpassword", false},
		{"Password123", false},
		{"P@ssw0rd2024!", false},
		{"$unshine2024", false},
		{"!!welcome!!", false},
		{"iloveyou1234567890", false},
		{"sunshine8347216905", true}, // ten digits of its own
		{"Spotter2026", false},
		{"correcthorsebatterystaple", false},
		// Rows and repetitions.
		{"1234567890", false},
		{"0987654321", false},
		{"12345678901234567890123", false},
		{"abcdefghijkl", false},
		{"zyxwvutsrqpo", false},
		{"qwertyuiop", false},
		{"POIUYTREWQ", false},
		{"1qaz2wsx3edc", false},
		{"aaaaaaaaaa", false},
		{"xyxyxyxyxyx", false},
		{"wxyzwxyzwxyz", false},
		{"1234512346", true},
		// One's own address or name.
		{"Persephone", false},
		{"persephone@example.org", false},
		{"persephone99", false},
		{"persephonesmith", false},
		{"Persephone Smith", false},
		{"persephone eats figs", true},
	} {
		p := account.Person{Email: "persephone@example.org", Name: "Persephone Smith", Password: tt.password}
		if tt.good {
			p.Email = fmt.Sprintf("persephone@%d.example.org", i)
		}
		_, err := b.Add(t.Context(), command(), p, account.PM)
		if tt.good && err != nil {
			t.Errorf("Add(password %q) = %v, want it accepted", tt.password, err)
		}
		if !tt.good && !cmp.Equal(fields(err), []string{"password"}) {
			t.Errorf("Add(password %q) = %v about %v, want a complaint about the password", tt.password, err, fields(err))
		}
	}
}

func TestPasswordsAreHashed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.add(t, "una", account.Reviewer)
	b.add(t, "ada", account.Reviewer)
	if n := b.count(t, `SELECT count(DISTINCT password_hash) FROM users WHERE password_hash ~ '^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$'`); n != 2 {
		t.Errorf("%d different PHC strings for one password of two users, want 2", n)
	}
}

func TestPasswordIsTheSameHoweverComposed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := account.Person{Email: "una@example.com", Password: "sme\u0301 caf\u00e9 violin"}
	if _, err := b.Add(t.Context(), command(), p, account.PM); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Login(t.Context(), p.Email, "sm\u00e9 cafe\u0301 violin", client()); err != nil {
		t.Errorf("Login() with the other composition = %v", err)
	}
}

// phc makes a hash by argon2 itself, as another program or an older version of
// ours would.
func phc(password string, memory, time uint32, threads uint8, saltBytes, keyBytes int) string {
	salt := []byte("0123456789abcdef0123456789abcdef")[:saltBytes]
	key := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(keyBytes))
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, threads, enc(salt), enc(key))
}

func TestHashIsRenewed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	for _, tt := range []struct {
		name  string
		hash  string
		stale bool
	}{
		{"today's", phc(password, 19456, 2, 1, 16, 32), false},
		{"less memory", phc(password, 8192, 2, 1, 16, 32), true},
		{"one pass", phc(password, 19456, 1, 1, 16, 32), true},
		{"two lanes", phc(password, 19456, 2, 2, 16, 32), true},
		{"short salt", phc(password, 19456, 2, 1, 8, 32), true},
		{"short key", phc(password, 19456, 2, 1, 16, 16), true},
	} {
		b.exec(t, "UPDATE users SET password_hash = $1", tt.hash)
		if _, _, err := b.Login(t.Context(), u.Email, another, client()); !errors.Is(err, fault.Unknown) {
			t.Errorf("%s: Login(wrong) = %v, want unknown user", tt.name, err)
		}
		if n := b.count(t, "SELECT count(*) FROM users WHERE password_hash = $1", tt.hash); n != 1 {
			t.Errorf("%s: a wrong password renewed the hash", tt.name)
		}
		for range 2 {
			b.signIn(t, u, client())
		}
		renewed := b.count(t, "SELECT count(*) FROM users WHERE password_hash <> $1 AND password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'", tt.hash) == 1
		if renewed != tt.stale {
			t.Errorf("%s: renewed %v, want %v", tt.name, renewed, tt.stale)
		}
	}
}

// TestUnreadableHash: a broken row is our fault and not the person's, and no
// panic.
func TestUnreadableHash(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.add(t, "una", account.Reviewer)
	good := phc(password, 8, 1, 1, 16, 32)
	for i, hash := range []string{
		"plain text", "$2a$10$abc", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
		strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=257", 1),
		strings.Replace(good, "m=8", "m=4294967295", 1), strings.Replace(good, "m=8", "m=08", 1), strings.Replace(good, "p=1", "p=1,x=2", 1),
		good[:len(good)-40], good + "!", good + "$",
	} {
		b.exec(t, "UPDATE users SET password_hash = $1", hash)
		_, _, err := b.Login(t.Context(), u.Email, password, from(fmt.Sprintf("192.0.2.%d", i)))
		if _, classified := fault.As(err); err == nil || classified {
			t.Errorf("Login() with the hash %q = %v, want an error of ours", hash, err)
		}
	}
	b.exec(t, "UPDATE users SET password_hash = ''")
	if _, _, err := b.Login(t.Context(), u.Email, "", client()); !errors.Is(err, fault.Unknown) {
		t.Errorf("Login() of a user without password = %v, want unknown user", err)
	}
}
