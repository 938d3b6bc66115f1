package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// errChanged says that the user's password was changed while it was checked.
var errChanged = errors.New("the password was changed meanwhile")

// Login starts a session for whoever has the password. It fails with
// fault.Unknown where address or password are wrong, without saying which and
// after the same work; with fault.Forbidden where they are right and the user is
// disabled; with fault.TooMany, which says when to try again, where the throttle
// holds it back. Each but the last is recorded. Give the session to the browser
// with SetCookie.
func (s *Service) Login(ctx context.Context, email, password string, c Client) (Session, User, error) {
	email, c = storable(strings.TrimSpace(email), maxEmailBytes), c.clean()
	at, err := s.admit(ctx, email, c.Address)
	if err != nil {
		return Session{}, User{}, fmt.Errorf("log in: %w", err)
	}
	row, err := db.New(s.db).UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Session{}, User{}, fmt.Errorf("log in: read user: %w", err)
	}
	ok, stale, err := s.checkPassword(ctx, row.PasswordHash, password)
	if err != nil {
		return Session{}, User{}, fmt.Errorf("log in: %w", err)
	}
	if !ok {
		return s.refuse(ctx, row, c, fault.New(fault.Unknown, "The email address or the password is not right."))
	}
	if row.DisabledAt != nil {
		return s.refuse(ctx, row, c, fault.New(fault.Forbidden, "This account is disabled. Ask an admin to enable it."))
	}
	var fresh string
	if stale {
		if fresh, err = s.hashPassword(ctx, password); err != nil {
			return Session{}, User{}, fmt.Errorf("log in: %w", err)
		}
	}
	var sess Session
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		now, err := lockUser(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		if now.DisabledAt != nil || now.PasswordHash != row.PasswordHash {
			return fault.Wrap(fault.Unknown, errChanged, "Your account was changed while you signed in. Sign in again.")
		}
		if fresh != "" {
			if err := db.New(tx).SetUserPassword(ctx, fresh, row.ID); err != nil {
				return fmt.Errorf("renew password hash: %w", err)
			}
		}
		if err := forgive(ctx, tx, email, c.Address, at); err != nil {
			return err
		}
		if sess, err = s.startSession(ctx, tx, row.ID, c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: fromRow(row).Actor(), Action: ActionLogin, Object: objectOf("user", row.ID), Detail: where(c),
		})
	})
	if err != nil {
		return Session{}, User{}, fmt.Errorf("log in: %w", err)
	}
	return sess, fromRow(row), nil
}

// refuse records a failed sign-in and returns why. Nobody has proved who they
// are, so the actor has no name, and an address that belongs to no user is not
// recorded: it may be a password in the wrong field.
func (s *Service) refuse(ctx context.Context, row db.User, c Client, why *fault.Error) (Session, User, error) {
	e := audit.Entry{Actor: audit.Actor{Name: "anonymous"}, Action: ActionLoginFailed, Detail: where(c)}
	if row.ID != uuid.Nil {
		e.Object = objectOf("user", row.ID)
	}
	if err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error { return audit.Write(ctx, tx, e) }); err != nil {
		return Session{}, User{}, fmt.Errorf("record failed sign-in: %w", err)
	}
	return Session{}, User{}, why
}

func where(c Client) map[string]string {
	return map[string]string{"address": c.Address, "user_agent": c.UserAgent}
}

// ChangePassword changes a user's own password, ends all other sessions and
// gives the current one a new id: put the session it returns into the browser
// with SetCookie. A wrong old password or a bad new one is fault.Invalid with
// the fields old and new; wrong ones count like failed sign-ins.
func (s *Service) ChangePassword(ctx context.Context, u User, sess Session, old, password string) (Session, error) {
	if msg := passwordProblem(password, u.Email, u.Name); msg != "" {
		return Session{}, fault.Fields("The password was not changed.", map[string]string{"new": msg})
	}
	at, err := s.admit(ctx, u.Email, sess.Address)
	if err != nil {
		return Session{}, fmt.Errorf("change password: %w", err)
	}
	row, err := db.New(s.db).UserByID(ctx, u.ID)
	if err != nil {
		return Session{}, fmt.Errorf("change password: read user %s: %w", u.ID, err)
	}
	ok, _, err := s.checkPassword(ctx, row.PasswordHash, old)
	if err != nil {
		return Session{}, fmt.Errorf("change password: %w", err)
	}
	if !ok {
		return Session{}, fault.Fields("The password was not changed.", map[string]string{"old": "This is not your present password."})
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return Session{}, fmt.Errorf("change password: %w", err)
	}
	var rotated Session
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		now, err := lockUser(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if now.PasswordHash != row.PasswordHash || now.DisabledAt != nil {
			return fault.Wrap(fault.Conflict, errChanged, "Your account was changed meanwhile. Sign in again.")
		}
		if err := db.New(tx).SetUserPassword(ctx, hash, u.ID); err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if err := forgive(ctx, tx, u.Email, sess.Address, at); err != nil {
			return err
		}
		if rotated, err = s.rotate(ctx, tx, u.ID, sess); err != nil {
			return err
		}
		ended, err := s.endSessions(ctx, tx, u.ID, rotated.hash)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: u.Actor(), Action: ActionPasswordChange, Object: objectOf("user", u.ID),
			Detail: map[string]any{"sessions_ended": ended},
		})
	})
	if err != nil {
		return Session{}, fmt.Errorf("change password: %w", err)
	}
	return rotated, nil
}
