package account

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	idleLimit      = 12 * time.Hour
	absoluteLimit  = 7 * 24 * time.Hour
	seenEvery      = time.Minute // how exact "last seen" is; saves a write per request
	endedKept      = 30 * 24 * time.Hour
	sessionIDBytes = 32
	maxSessions    = 200 // shown of one user
)

// A Session is one browser that is signed in. It ends 12 hours after it was last
// seen, 7 days after sign-in, or when it is revoked.
type Session struct {
	Client
	Handle    string // names it in lists and to RevokeSession; no secret
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
	ExpiresAt time.Time
	Current   bool // in a list: the one that asked

	hash []byte // the key of its row
	id   []byte // the secret; only where it was just made
}

// startSession joins the caller's transaction.
func (s *Service) startSession(ctx context.Context, tx pgx.Tx, user uuid.UUID, c Client) (Session, error) {
	sess := newSession(Session{Client: c.clean(), CreatedAt: s.now().UTC()})
	sess.SeenAt, sess.ExpiresAt = sess.CreatedAt, sess.CreatedAt.Add(absoluteLimit)
	if err := db.New(tx).InsertSession(ctx, db.InsertSessionParams{
		IDHash: sess.hash, UserID: user, UserAgent: sess.UserAgent, Address: sess.Address,
		CreatedAt: sess.CreatedAt, ExpiresAt: sess.ExpiresAt,
	}); err != nil {
		return Session{}, fmt.Errorf("start session: %w", err)
	}
	return sess, nil
}

// newSession returns the session with a new random id.
func newSession(sess Session) Session {
	sess.id = make([]byte, sessionIDBytes)
	_, _ = rand.Read(sess.id) // never fails: it ends the program instead
	sess.hash = hashSecret(sess.id)
	sess.Handle = handleOf(sess.hash)
	return sess
}

// rotate gives a session another id, in the caller's transaction. The limits
// stay.
func (s *Service) rotate(ctx context.Context, tx pgx.Tx, user uuid.UUID, old Session) (Session, error) {
	sess := newSession(old)
	n, err := db.New(tx).RotateSession(ctx, db.RotateSessionParams{
		NewHash: sess.hash, OldHash: old.hash, UserID: user, Now: s.now(),
	})
	if err != nil {
		return Session{}, fmt.Errorf("rotate session: %w", err)
	}
	if n == 0 {
		return Session{}, notSignedIn()
	}
	return sess, nil
}

func notSignedIn() error { return fault.New(fault.Unknown, "Sign in to go on.") }

// Authenticate returns who sent the request and with which session, or
// fault.Unknown where there is no session in force. It notes that the session
// was seen. Within one request the database is asked once, however often this
// and the store are used, provided that they get the same *http.Request or one
// derived from it.
func (s *Service) Authenticate(r *http.Request) (User, Session, error) {
	g, err := s.Store().Get(r, s.CookieName())
	if err != nil {
		return User{}, Session{}, fmt.Errorf("authenticate: %w", err)
	}
	o, ok := ownerOf(g)
	if !ok {
		return User{}, Session{}, notSignedIn()
	}
	return o.user, o.session, nil
}

// owner is a session's row and the user it belongs to.
type owner struct {
	user    User
	session Session
	data    []byte
}

// lookup reads the session with the secret id. ok is false where there is none
// in force.
func (s *Service) lookup(ctx context.Context, id []byte) (o owner, ok bool, err error) {
	hash, now := hashSecret(id), s.now()
	q := db.New(s.db)
	row, err := q.SessionUser(ctx, hash, now, now.Add(-idleLimit))
	if errors.Is(err, pgx.ErrNoRows) {
		return owner{}, false, nil
	}
	if err != nil {
		return owner{}, false, fmt.Errorf("read session: %w", err)
	}
	if now.Sub(row.SeenAt) >= seenEvery {
		if err := q.TouchSession(ctx, now, hash); err != nil {
			return owner{}, false, fmt.Errorf("note that session was seen: %w", err)
		}
		row.SeenAt = now
	}
	return owner{
		user: fromRow(db.User{ID: row.ID, Email: row.Email, Name: row.Name, Role: row.Role, DisabledAt: row.DisabledAt, CreatedAt: row.UserCreatedAt, Skills: row.Skills}),
		session: Session{
			Client: Client{Address: row.Address, UserAgent: row.UserAgent}, Handle: handleOf(hash), hash: hash, Current: true,
			CreatedAt: row.CreatedAt.UTC(), SeenAt: row.SeenAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(),
		},
		data: row.Data,
	}, true, nil
}

// Logout ends a user's session. One that has ended already stays so. Take the
// cookie away with ClearCookie.
func (s *Service) Logout(ctx context.Context, u User, sess Session) error {
	_, err := s.end(ctx, u.Actor(), u.ID, sess.hash, ActionLogout)
	if err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}

// LogoutEverywhere ends all of a user's sessions, the current one too, and
// returns how many there were.
func (s *Service) LogoutEverywhere(ctx context.Context, by audit.Actor, user uuid.UUID) (int64, error) {
	var ended int64
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		var err error
		if ended, err = s.endSessions(ctx, tx, user, nil); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: by, Action: ActionLogoutEverywhere, Object: objectOf("user", user),
			Detail: map[string]any{"sessions_ended": ended},
		})
	})
	if err != nil {
		return 0, fmt.Errorf("log out everywhere: %w", err)
	}
	return ended, nil
}

// Sessions returns the sessions of a user that are in force, the one seen last
// first. The current one is marked.
func (s *Service) Sessions(ctx context.Context, user uuid.UUID, current Session) ([]Session, error) {
	now := s.now()
	rows, err := db.New(s.db).ListSessions(ctx, db.ListSessionsParams{
		UserID: user, Now: now, IdleSince: now.Add(-idleLimit), MaxRows: maxSessions,
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	list := make([]Session, len(rows))
	for i, r := range rows {
		list[i] = Session{
			Client: Client{Address: r.Address, UserAgent: r.UserAgent}, Handle: handleOf(r.IDHash), hash: r.IDHash,
			CreatedAt: r.CreatedAt.UTC(), SeenAt: r.SeenAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
			Current: handleOf(r.IDHash) == current.Handle,
		}
	}
	return list, nil
}

// RevokeSession ends the user's session with the handle. There being none is
// fault.NotFound.
func (s *Service) RevokeSession(ctx context.Context, by audit.Actor, user uuid.UUID, handle string) error {
	hash, err := hex.DecodeString(handle)
	if err != nil {
		hash = []byte{} // no row has this key
	}
	ended, err := s.end(ctx, by, user, hash, ActionSessionRevoke)
	if err != nil {
		return fmt.Errorf("revoke session: %w", err)
	}
	if !ended {
		return fault.New(fault.NotFound, "This session has ended already.")
	}
	return nil
}

// end ends one session and records it, or does nothing where it is not in force.
func (s *Service) end(ctx context.Context, by audit.Actor, user uuid.UUID, hash []byte, action string) (bool, error) {
	if hash == nil {
		hash = []byte{}
	}
	var ended bool
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		n, err := db.New(tx).EndSession(ctx, s.now(), hash, user)
		if ended = n > 0; err != nil || !ended {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Actor: by, Action: action, Object: objectOf("user", user)})
	})
	return ended, err
}
