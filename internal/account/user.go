package account

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	maxEmailBytes = 254
	maxNameRunes  = 100
	defaultPage   = 50
	maxPage       = 500
)

// A Person is what somebody tells about themselves when an account is made.
type Person struct {
	Email    string
	Name     string
	Password string
}

// trim drops the space around what was typed, never in or around a password.
func (p Person) trim() Person {
	p.Email, p.Name = strings.TrimSpace(p.Email), strings.Join(strings.Fields(p.Name), " ")
	return p
}

// problems says what is wrong with each field.
func (p Person) problems() map[string]string {
	bad := map[string]string{}
	if msg := emailProblem(p.Email); msg != "" {
		bad["email"] = msg
	}
	switch {
	case p.Name == "":
		bad["name"] = "Type your name."
	case utf8.RuneCountInString(p.Name) > maxNameRunes:
		bad["name"] = fmt.Sprintf("Use at most %d characters.", maxNameRunes)
	case !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unicode.IsControl):
		bad["name"] = "The name has characters that cannot be shown. Type it anew."
	}
	if msg := passwordProblem(p.Password, p.Email, p.Name); msg != "" {
		bad["password"] = msg
	}
	return bad
}

// emailProblem returns what is wrong with an address, or nothing. Whether mail
// arrives there is not our business: we send none.
func emailProblem(email string) string {
	a, err := mail.ParseAddress(email)
	switch {
	case email == "":
		return "Type an email address."
	case len(email) > maxEmailBytes:
		return fmt.Sprintf("Use at most %d characters.", maxEmailBytes)
	case err != nil || a.Address != email || !utf8.ValidString(email) || strings.ContainsFunc(email, unicode.IsControl) || strings.ContainsFunc(email, unicode.IsSpace):
		return "This is not an email address. It looks like name@example.com."
	}
	return ""
}

// Add makes an account with a password, as the command line does. An empty name
// becomes the part of the address before the @. Problems are fault.Invalid with
// the fields email, name, role and password.
func (s *Service) Add(ctx context.Context, by audit.Actor, p Person, role Role) (User, error) {
	p = p.trim()
	if p.Name == "" {
		p.Name, _, _ = strings.Cut(p.Email, "@")
	}
	bad := p.problems()
	if _, err := ParseRole(string(role)); err != nil {
		f, _ := fault.As(err)
		bad["role"] = f.Fields["role"]
	}
	if len(bad) > 0 {
		return User{}, fault.Fields("The account was not made.", bad)
	}
	hash, err := s.hashPassword(ctx, p.Password)
	if err != nil {
		return User{}, err
	}
	var u User
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		var err error
		if u, err = insertUser(ctx, tx, p, role, hash); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: by, Action: ActionAdd, Object: objectOf("user", u.ID),
			Detail: map[string]string{"email": u.Email, "role": string(role)},
		})
	})
	if err != nil {
		return User{}, fmt.Errorf("add user: %w", err)
	}
	return u, nil
}

// insertUser joins the caller's transaction, which must end if it fails.
func insertUser(ctx context.Context, tx pgx.Tx, p Person, role Role, hash string) (User, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, err
	}
	row, err := db.New(tx).InsertUser(ctx, db.InsertUserParams{
		ID: id, Email: p.Email, Name: p.Name, Role: string(role), PasswordHash: hash,
	})
	if postgres.Violates(err, "users_email_key") {
		return User{}, fault.Fields("The account was not made.", map[string]string{
			"email": "There is an account with this address already.",
		})
	}
	if err != nil {
		return User{}, fmt.Errorf("insert user: %w", err)
	}
	return fromRow(row), nil
}

// User returns the user with the id, or fault.NotFound.
func (s *Service) User(ctx context.Context, id uuid.UUID) (User, error) {
	row, err := db.New(s.db).UserByID(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, noSuchUser()
	}
	if err != nil {
		return User{}, fmt.Errorf("read user %s: %w", id, err)
	}
	return fromRow(row), nil
}

// UserByEmail returns the user with the address, whatever its case, or
// fault.NotFound.
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	row, err := db.New(s.db).UserByEmail(ctx, storable(strings.TrimSpace(email), maxEmailBytes))
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, fault.New(fault.NotFound, "There is no user with the address %s.", email)
	}
	if err != nil {
		return User{}, fmt.Errorf("read user by email: %w", err)
	}
	return fromRow(row), nil
}

// List returns a page of users, disabled ones too, by address. after is the
// address of the last one on the page before, or empty; limit 0 means 50, and it
// is at most 500. The second result is the after of the next page, empty when
// there is none.
func (s *Service) List(ctx context.Context, after string, limit int) ([]User, string, error) {
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, maxPage)
	rows, err := db.New(s.db).ListUsers(ctx, storable(after, maxEmailBytes), int32(limit+1))
	if err != nil {
		return nil, "", fmt.Errorf("list users: %w", err)
	}
	var next string
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Email
	}
	users := make([]User, len(rows))
	for i, r := range rows {
		users[i] = fromRow(r)
	}
	return users, next, nil
}

// SetRole gives a user another role and ends the user's sessions, so that no
// page stays open with the powers of the old one. The role the user has already
// changes nothing. The last active admin stays one: fault.Conflict.
func (s *Service) SetRole(ctx context.Context, by audit.Actor, id uuid.UUID, role Role) (User, error) {
	if _, err := ParseRole(string(role)); err != nil {
		return User{}, err
	}
	return s.change(ctx, id, func(tx pgx.Tx, row db.User) (audit.Entry, error) {
		if row.Role == string(role) {
			return audit.Entry{}, nil
		}
		if err := keepAnAdmin(ctx, tx, row); err != nil {
			return audit.Entry{}, err
		}
		if err := db.New(tx).SetUserRole(ctx, string(role), id); err != nil {
			return audit.Entry{}, fmt.Errorf("set role: %w", err)
		}
		ended, err := s.endSessions(ctx, tx, id, nil)
		return audit.Entry{Actor: by, Action: ActionRole, Detail: map[string]any{
			"from": row.Role, "to": role, "sessions_ended": ended,
		}}, err
	})
}

// Disable ends a user's sessions and keeps the user from signing in and from
// using tokens. What the user did stays. Disabling twice changes nothing. The
// last active admin cannot be disabled: fault.Conflict.
func (s *Service) Disable(ctx context.Context, by audit.Actor, id uuid.UUID) (User, error) {
	return s.change(ctx, id, func(tx pgx.Tx, row db.User) (audit.Entry, error) {
		if row.DisabledAt != nil {
			return audit.Entry{}, nil
		}
		if err := keepAnAdmin(ctx, tx, row); err != nil {
			return audit.Entry{}, err
		}
		now := s.now()
		if err := db.New(tx).SetUserDisabled(ctx, &now, id); err != nil {
			return audit.Entry{}, fmt.Errorf("disable: %w", err)
		}
		ended, err := s.endSessions(ctx, tx, id, nil)
		return audit.Entry{Actor: by, Action: ActionDisable, Detail: map[string]any{"sessions_ended": ended}}, err
	})
}

// Enable lets a disabled user sign in again; tokens that are neither expired nor
// revoked work again. Sessions stay ended.
func (s *Service) Enable(ctx context.Context, by audit.Actor, id uuid.UUID) (User, error) {
	return s.change(ctx, id, func(tx pgx.Tx, row db.User) (audit.Entry, error) {
		if row.DisabledAt == nil {
			return audit.Entry{}, nil
		}
		if err := db.New(tx).SetUserDisabled(ctx, nil, id); err != nil {
			return audit.Entry{}, fmt.Errorf("enable: %w", err)
		}
		return audit.Entry{Actor: by, Action: ActionEnable}, nil
	})
}

// SetPassword gives a user another password without asking for the old one, and
// ends all the user's sessions. It is for admins and the command line. A bad
// password is fault.Invalid with the field password.
func (s *Service) SetPassword(ctx context.Context, by audit.Actor, id uuid.UUID, password string) error {
	u, err := s.User(ctx, id)
	if err != nil {
		return err
	}
	if msg := passwordProblem(password, u.Email, u.Name); msg != "" {
		return fault.Fields("The password was not changed.", map[string]string{"password": msg})
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, id, func(tx pgx.Tx, _ db.User) (audit.Entry, error) {
		if err := db.New(tx).SetUserPassword(ctx, hash, id); err != nil {
			return audit.Entry{}, fmt.Errorf("set password: %w", err)
		}
		ended, err := s.endSessions(ctx, tx, id, nil)
		return audit.Entry{Actor: by, Action: ActionPasswordSet, Detail: map[string]any{"sessions_ended": ended}}, err
	})
	return err
}

// change locks the user, lets f change it in the same transaction and records
// what f returns; an entry without an action means that nothing was to do. It
// returns the user as it is afterwards.
func (s *Service) change(ctx context.Context, id uuid.UUID, f func(pgx.Tx, db.User) (audit.Entry, error)) (User, error) {
	var after db.User
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		// Admins first, and always all of them: two changes that each take an
		// admin away then queue here.
		if _, err := q.LockActiveAdmins(ctx); err != nil {
			return fmt.Errorf("lock admins: %w", err)
		}
		row, err := lockUser(ctx, tx, id)
		if err != nil {
			return err
		}
		e, err := f(tx, row)
		if err != nil {
			return err
		}
		if e.Action != "" {
			e.Object = objectOf("user", id)
			if err := audit.Write(ctx, tx, e); err != nil {
				return err
			}
		}
		after, err = q.UserByID(ctx, id)
		return err
	})
	if err != nil {
		return User{}, fmt.Errorf("change user %s: %w", id, err)
	}
	return fromRow(after), nil
}

// keepAnAdmin refuses to take the powers of the only active admin away. The
// admins are locked already.
func keepAnAdmin(ctx context.Context, tx pgx.Tx, row db.User) error {
	if Role(row.Role) != Admin || row.DisabledAt != nil {
		return nil
	}
	admins, err := db.New(tx).LockActiveAdmins(ctx)
	if err != nil {
		return fmt.Errorf("count admins: %w", err)
	}
	if len(admins) < 2 {
		return fault.New(fault.Conflict, "%s is the only admin. Make somebody else an admin first.", row.Name)
	}
	return nil
}

// endSessions joins the caller's transaction. The session with the hash kept, if
// any, goes on.
func (s *Service) endSessions(ctx context.Context, tx pgx.Tx, user uuid.UUID, kept []byte) (int64, error) {
	if kept == nil {
		kept = []byte{}
	}
	n, err := db.New(tx).EndSessions(ctx, s.now(), user, kept)
	if err != nil {
		return 0, fmt.Errorf("end sessions of user %s: %w", user, err)
	}
	return n, nil
}

// inMinutes says a span in a sentence: "in 7 minutes".
func inMinutes(d time.Duration) string {
	n := int((d + time.Minute - 1) / time.Minute)
	if n <= 1 {
		return "in a minute"
	}
	return fmt.Sprintf("in %d minutes", n)
}
