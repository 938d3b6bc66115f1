package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	setupLasts      = 24 * time.Hour
	invitationLasts = 7 * 24 * time.Hour
	maxInvitations  = 500 // shown

	kindSetup      = "setup"
	kindInvitation = "invitation"
)

// An Invitation is a link that lets one person make an account, once.
type Invitation struct {
	ID        uuid.UUID
	Email     string
	Role      Role
	CreatedAt time.Time
	ExpiresAt time.Time
	Expired   bool
	CreatedBy string // the name of who invited; empty where it was no user
}

// SetupNeeded says whether there is no admin who can sign in.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	there, err := db.New(s.db).AdminExists(ctx)
	if err != nil {
		return false, fmt.Errorf("look for an admin: %w", err)
	}
	return !there, nil
}

// EnsureSetup issues a one-time token for making the first admin, if there is
// none, and says whether it did. Tokens that were issued before and not used
// stop working. The server calls it when it starts and prints the link, which
// works for 24 hours.
func (s *Service) EnsureSetup(ctx context.Context) (token string, needed bool, err error) {
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		token, needed = "", false
		q := db.New(tx)
		if err := q.LockSetup(ctx); err != nil {
			return fmt.Errorf("lock set-up: %w", err)
		}
		there, err := q.AdminExists(ctx)
		if err != nil || there {
			return err
		}
		if _, err := q.DeleteOpenSetups(ctx); err != nil {
			return fmt.Errorf("withdraw older links: %w", err)
		}
		needed = true
		var id uuid.UUID
		if token, id, err = s.issue(ctx, tx, kindSetup, "", Admin, uuid.Nil, setupLasts); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: audit.Actor{Name: "server"}, Action: ActionSetupIssue, Object: objectOf("invitation", id),
		})
	})
	if err != nil {
		return "", false, fmt.Errorf("ensure set-up: %w", err)
	}
	return token, needed, nil
}

// CheckSetup says whether the token of a set-up link can be used: nil, or the
// fault to show instead of the form.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	_, err := s.open(ctx, kindSetup, token)
	return err
}

// CompleteSetup makes the first admin and signs them in. The token works once,
// and only while there is no admin. Problems with what was typed are
// fault.Invalid with the fields email, name and password.
func (s *Service) CompleteSetup(ctx context.Context, token string, p Person, c Client) (Session, User, error) {
	return s.enter(ctx, kindSetup, token, p, c, ActionSetupComplete)
}

// Invite issues a one-time token with which the person can make an account of
// the role within 7 days. Hand over the link: there is no mail. An invitation
// to the same address that was not used stops working. A bad address, or one
// that has an account, is fault.Invalid with the fields email and role.
func (s *Service) Invite(ctx context.Context, by audit.Actor, email string, role Role) (token string, err error) {
	email = strings.TrimSpace(email)
	bad := map[string]string{}
	if msg := emailProblem(email); msg != "" {
		bad["email"] = msg
	}
	if _, err := ParseRole(string(role)); err != nil {
		f, _ := fault.As(err)
		bad["role"] = f.Fields["role"]
	}
	if len(bad) > 0 {
		return "", fault.Fields("Nobody was invited.", bad)
	}
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		switch _, err := q.UserByEmail(ctx, email); {
		case err == nil:
			return fault.Fields("Nobody was invited.", map[string]string{"email": "There is an account with this address already."})
		case !errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("read user by email: %w", err)
		}
		replaced, err := q.DeleteOpenInvitationsTo(ctx, email)
		if err != nil {
			return fmt.Errorf("withdraw older invitations: %w", err)
		}
		var id uuid.UUID
		if token, id, err = s.issue(ctx, tx, kindInvitation, email, role, by.ID, invitationLasts); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: by, Action: ActionInvite, Object: objectOf("invitation", id),
			Detail: map[string]any{"email": email, "role": role, "replaced": replaced},
		})
	})
	if err != nil {
		return "", fmt.Errorf("invite: %w", err)
	}
	return token, nil
}

// Invitation returns what the token of an invitation is for, or the fault to
// show instead of the form.
func (s *Service) Invitation(ctx context.Context, token string) (Invitation, error) {
	row, err := s.open(ctx, kindInvitation, token)
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{
		ID: row.ID, Email: row.Email, Role: Role(row.Role), CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(),
	}, nil
}

// Join makes the account an invitation is for and signs the person in. The
// address is the invitation's. Problems with what was typed are fault.Invalid
// with the fields name and password.
func (s *Service) Join(ctx context.Context, token, name, password string, c Client) (Session, User, error) {
	return s.enter(ctx, kindInvitation, token, Person{Name: name, Password: password}, c, ActionJoin)
}

// Invitations returns the invitations that were not used, the newest first,
// those that have expired too.
func (s *Service) Invitations(ctx context.Context) ([]Invitation, error) {
	rows, err := db.New(s.db).ListInvitations(ctx, maxInvitations)
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	list := make([]Invitation, len(rows))
	for i, r := range rows {
		list[i] = Invitation{
			ID: r.ID, Email: r.Email, Role: Role(r.Role), CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
			Expired: !r.ExpiresAt.After(s.now()), CreatedBy: r.CreatedByName,
		}
	}
	return list, nil
}

// RevokeInvitation makes an invitation that was not used stop working. There
// being none is fault.NotFound.
func (s *Service) RevokeInvitation(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		row, err := db.New(tx).DeleteInvitation(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "This invitation was used or withdrawn already.")
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: by, Action: ActionInvitationRevoke, Object: objectOf("invitation", id),
			Detail: map[string]string{"email": row.Email, "role": row.Role},
		})
	})
	if err != nil {
		return fmt.Errorf("revoke invitation %s: %w", id, err)
	}
	return nil
}

// issue makes a link's token, in the caller's transaction.
func (s *Service) issue(ctx context.Context, tx pgx.Tx, kind, email string, role Role, by uuid.UUID, lasts time.Duration) (string, uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", uuid.Nil, err
	}
	token := rand.Text()
	p := db.InsertInvitationParams{
		ID: id, TokenHash: hashSecret([]byte(token)), Kind: kind, Email: email, Role: string(role),
		CreatedAt: s.now(), ExpiresAt: s.now().Add(lasts),
	}
	if by != uuid.Nil {
		p.CreatedBy = &by
	}
	if err := db.New(tx).InsertInvitation(ctx, p); err != nil {
		return "", uuid.Nil, fmt.Errorf("issue link: %w", err)
	}
	return token, id, nil
}

// open reads the link with the token and says whether it can be used.
func (s *Service) open(ctx context.Context, kind, token string) (db.Invitation, error) {
	row, err := db.New(s.db).InvitationByToken(ctx, hashSecret([]byte(token)), kind)
	return s.usable(row, err)
}

func (s *Service) usable(row db.Invitation, err error) (db.Invitation, error) {
	cure := "Ask whoever invited you for a new link."
	if row.Kind == kindSetup {
		cure = "Start the server again: it prints a new one."
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return row, fault.New(fault.NotFound, "This link is not valid, or another one has replaced it. Use the newest one you were given, whole.")
	case err != nil:
		return row, fmt.Errorf("read link: %w", err)
	case row.UsedAt != nil:
		return row, fault.New(fault.Conflict, "This link was used already. Sign in with the account that was made with it.")
	case !row.ExpiresAt.After(s.now()):
		return row, fault.New(fault.Conflict, "This link has expired. %s", cure)
	}
	return row, nil
}

// enter uses a link: it makes the account and a session, once.
func (s *Service) enter(ctx context.Context, kind, token string, p Person, c Client, action string) (Session, User, error) {
	fail := func(err error) (Session, User, error) {
		return Session{}, User{}, fmt.Errorf("use %s link: %w", kind, err)
	}
	// First without a lock: a hash is not made for a link that is no good.
	inv, err := s.open(ctx, kind, token)
	if err != nil {
		return fail(err)
	}
	if kind == kindInvitation {
		p.Email = inv.Email
	}
	p = p.trim()
	if bad := p.problems(); len(bad) > 0 {
		return fail(fault.Fields("The account was not made.", bad))
	}
	hash, err := s.hashPassword(ctx, p.Password)
	if err != nil {
		return fail(err)
	}
	var (
		sess Session
		u    User
	)
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		if kind == kindSetup {
			if err := q.LockSetup(ctx); err != nil {
				return fmt.Errorf("lock set-up: %w", err)
			}
		}
		inv, err := q.LockInvitation(ctx, hashSecret([]byte(token)), kind)
		if inv, err = s.usable(inv, err); err != nil {
			return err
		}
		if kind == kindSetup {
			if there, err := q.AdminExists(ctx); err != nil {
				return fmt.Errorf("look for an admin: %w", err)
			} else if there {
				return fault.New(fault.Conflict, "There is an admin already. Sign in, or ask them for an invitation.")
			}
		}
		u, err = insertUser(ctx, tx, p, Role(inv.Role), hash)
		if f, ok := fault.As(err); ok && kind == kindInvitation {
			return fault.Wrap(fault.Conflict, f, "There is an account with the address of this invitation already. Sign in with it.")
		}
		if err != nil {
			return err
		}
		if err := q.UseInvitation(ctx, s.now(), inv.ID); err != nil {
			return fmt.Errorf("use up link: %w", err)
		}
		if sess, err = s.startSession(ctx, tx, u.ID, c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: u.Actor(), Action: action, Object: objectOf("user", u.ID),
			Detail: map[string]any{"role": u.Role, "invitation": inv.ID, "address": sess.Address, "user_agent": sess.UserAgent},
		})
	})
	if err != nil {
		return fail(err)
	}
	return sess, u, nil
}
