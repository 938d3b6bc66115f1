// Package account knows who people are: users and their roles, the first
// admin's set-up, invitations, passwords, sign-in with its throttle, sessions
// and API tokens. What a role may do is in permission.go; whether a request may
// do it is decided where routes are registered, not here: the methods trust
// their caller and record who it was.
package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// What this package writes to the record. The object is "user/<id>", or
// "invitation/<id>" where there is no user yet.
const (
	ActionSetupIssue       = "account.setup_issue"
	ActionSetupComplete    = "account.setup_complete"
	ActionInvite           = "account.invite"
	ActionInvitationRevoke = "account.invitation_revoke"
	ActionJoin             = "account.join"
	ActionAdd              = "account.add"
	ActionRole             = "account.role"
	ActionSkills           = "account.skills"
	ActionDisable          = "account.disable"
	ActionEnable           = "account.enable"
	ActionPasswordChange   = "account.password_change" // by the user, with the old one
	ActionPasswordSet      = "account.password_set"    // by somebody else
	ActionLogin            = "account.login"
	ActionLoginFailed      = "account.login_failed"
	ActionLogout           = "account.logout"
	ActionLogoutEverywhere = "account.logout_everywhere"
	ActionSessionRevoke    = "account.session_revoke"
	ActionTokenCreate      = "account.token_create"
	ActionTokenRevoke      = "account.token_revoke"
	ActionKeysRotate       = "account.keys_rotate"
)

// DB is the database: a pool in production.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Config holds what New needs besides the database. The zero Config is right
// for production except for Secure.
type Config struct {
	Secure bool             // cookies are for https only; false only for plain http on localhost
	Now    func() time.Time // the clock; nil: time.Now
	Log    *slog.Logger     // nil: nothing is logged
}

// A Service does everything there is to do with people. It is safe for
// concurrent use, and several may work on one database.
type Service struct {
	db      DB
	secure  bool
	now     func() time.Time
	log     *slog.Logger
	hashing chan struct{} // one place for each password that may be hashed at once
	keys    keyring
}

// New returns a service on the database.
func New(d DB, c Config) *Service {
	s := &Service{
		db: d, secure: c.Secure, now: c.Now, log: c.Log,
		// A hash takes 19 MiB and a core for some 25 ms. More at once would be
		// slower for each and would let a flood of sign-ins take the memory.
		hashing: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// A User is somebody with an account.
type User struct {
	ID         uuid.UUID
	Email      string
	Name       string
	Role       Role
	CreatedAt  time.Time
	DisabledAt time.Time // zero: may sign in
	Skills     []string  // marks such as clinician, sorted
}

// Can says whether the user has the permission now: a disabled user has none.
func (u User) Can(p Permission) bool { return u.DisabledAt.IsZero() && u.Role.Can(p) }

// Actor returns how the record names the user.
func (u User) Actor() audit.Actor { return audit.Actor{ID: u.ID, Name: u.Name + " <" + u.Email + ">"} }

func fromRow(r db.User) User {
	u := User{ID: r.ID, Email: r.Email, Name: r.Name, Role: Role(r.Role), CreatedAt: r.CreatedAt.UTC(), Skills: r.Skills}
	if r.DisabledAt != nil {
		u.DisabledAt = r.DisabledAt.UTC()
	}
	return u
}

// A Client is where a request comes from, for the throttle and for the list of
// one's sessions. Address must be one that cannot be forged: behind a proxy, the
// address that the trusted proxy saw.
type Client struct {
	Address   string // IP address, with or without port
	UserAgent string
}

// clean bounds what a client says about itself, and makes it storable.
func (c Client) clean() Client {
	return Client{Address: storable(hostOf(c.Address), 100), UserAgent: storable(c.UserAgent, 300)}
}

// hostOf drops the port of an address, if there is one.
func hostOf(address string) string {
	if ap, err := netip.ParseAddrPort(address); err == nil {
		return ap.Addr().Unmap().WithZone("").String()
	}
	if a, err := netip.ParseAddr(address); err == nil {
		return a.Unmap().WithZone("").String()
	}
	return address
}

// storable makes s valid UTF-8 without NUL, which Postgres refuses, and cuts it
// to limit bytes.
func storable(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// hashSecret returns what the database keeps of a secret that somebody holds: its
// SHA-256. The secrets are random and long, so a fast hash without salt is
// enough.
func hashSecret(secret []byte) []byte {
	h := sha256.Sum256(secret)
	return h[:]
}

func objectOf(kind string, id uuid.UUID) string { return kind + "/" + id.String() }

// Sweep removes what is of no use any more: failed sign-ins older than a day and
// sessions that ended a month ago. It returns how many rows it removed, and may
// run at any time and on several servers at once.
func (s *Service) Sweep(ctx context.Context) (int64, error) {
	q := db.New(s.db)
	failures, err := q.SweepLoginFailures(ctx, s.now().Add(-failuresKept))
	if err != nil {
		return 0, fmt.Errorf("sweep failed sign-ins: %w", err)
	}
	ended, err := q.SweepSessions(ctx, s.now().Add(-endedKept))
	if err != nil {
		return failures, fmt.Errorf("sweep sessions: %w", err)
	}
	return failures + ended, nil
}

// lockUser reads a user and keeps others from changing it until tx ends.
func lockUser(ctx context.Context, tx pgx.Tx, id uuid.UUID) (db.User, error) {
	row, err := db.New(tx).LockUser(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, noSuchUser()
	}
	if err != nil {
		return row, fmt.Errorf("lock user %s: %w", id, err)
	}
	return row, nil
}

func noSuchUser() error { return fault.New(fault.NotFound, "There is no such user.") }

func handleOf(hash []byte) string { return hex.EncodeToString(hash) }
