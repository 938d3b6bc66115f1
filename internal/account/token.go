package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
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
	// tokenPrefix lets people and secret scanners see what a string is.
	tokenPrefix      = "spt_"
	tokenPrefixShown = len(tokenPrefix) + 4
	maxTokenName     = 100
	maxTokens        = 500 // shown of one user

	// DefaultExpiry is how long a token works if nothing else is said.
	DefaultExpiry = 90 * 24 * time.Hour

	minExpiry = time.Hour
	maxExpiry = 366 * 24 * time.Hour
)

// A Token is an API token, without its secret.
type Token struct {
	ID         uuid.UUID
	Name       string
	Prefix     string // how its secret begins
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // zero: never; to the minute
	RevokedAt  time.Time // zero: not revoked
}

// ParseExpiry reads how long a token shall work: a number with h, d or w for
// hours, days or weeks, between an hour and 366 days. Nothing means
// DefaultExpiry. Anything else is fault.Invalid with the field expires.
func ParseExpiry(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return DefaultExpiry, nil
	}
	units := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	unit := units[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 16)
	d := time.Duration(n) * unit
	if err != nil || d < minExpiry || d > maxExpiry {
		return 0, fault.Fields("The token was not made.", map[string]string{
			"expires": "Give a time between 1h and 366d, for example 12h, 90d or 8w.",
		})
	}
	return d, nil
}

// CreateToken makes an API token for a user and returns its secret, which is
// nowhere else and cannot be shown again. It works for the duration expires, 0
// meaning DefaultExpiry, with the user's permissions as they are when it is
// used. Problems are fault.Invalid with the fields name and expires.
func (s *Service) CreateToken(ctx context.Context, by audit.Actor, user uuid.UUID, name string, expires time.Duration) (secret string, t Token, err error) {
	name = strings.TrimSpace(name)
	if expires == 0 {
		expires = DefaultExpiry
	}
	bad := map[string]string{}
	switch {
	case name == "":
		bad["name"] = "Name it after what will use it."
	case utf8.RuneCountInString(name) > maxTokenName:
		bad["name"] = fmt.Sprintf("Use at most %d characters.", maxTokenName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		bad["name"] = "The name has characters that cannot be shown. Type it anew."
	}
	if expires < minExpiry || expires > maxExpiry {
		bad["expires"] = "Give a time between an hour and 366 days."
	}
	if len(bad) > 0 {
		return "", Token{}, fault.Fields("The token was not made.", bad)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", Token{}, fmt.Errorf("create token: %w", err)
	}
	secret = tokenPrefix + rand.Text()
	now := s.now().UTC()
	t = Token{ID: id, Name: name, Prefix: secret[:tokenPrefixShown], CreatedAt: now, ExpiresAt: now.Add(expires)}
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if _, err := lockUser(ctx, tx, user); err != nil {
			return err
		}
		if err := db.New(tx).InsertToken(ctx, db.InsertTokenParams{
			ID: id, UserID: user, Name: name, TokenHash: hashSecret([]byte(secret)), Prefix: t.Prefix,
			CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
		}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: by, Action: ActionTokenCreate, Object: objectOf("user", user),
			Detail: map[string]any{"token": id, "name": name, "prefix": t.Prefix, "expires_at": t.ExpiresAt},
		})
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("create token: %w", err)
	}
	return secret, t, nil
}

// Tokens returns a user's tokens, the newest first, expired and revoked ones
// too.
func (s *Service) Tokens(ctx context.Context, user uuid.UUID) ([]Token, error) {
	rows, err := db.New(s.db).ListTokens(ctx, user, maxTokens)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	list := make([]Token, len(rows))
	for i, r := range rows {
		list[i] = Token{ID: r.ID, Name: r.Name, Prefix: r.Prefix, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC()}
		if r.LastUsedAt != nil {
			list[i].LastUsedAt = r.LastUsedAt.UTC()
		}
		if r.RevokedAt != nil {
			list[i].RevokedAt = r.RevokedAt.UTC()
		}
	}
	return list, nil
}

// RevokeToken makes a user's token stop working. There being none that works is
// fault.NotFound.
func (s *Service) RevokeToken(ctx context.Context, by audit.Actor, user, id uuid.UUID) error {
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		row, err := db.New(tx).RevokeToken(ctx, s.now(), id, user)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no such token, or it was revoked already.")
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Actor: by, Action: ActionTokenRevoke, Object: objectOf("user", user),
			Detail: map[string]any{"token": id, "name": row.Name, "prefix": row.Prefix},
		})
	})
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}

// AuthenticateToken returns whose token the secret is. A secret that is unknown,
// expired, revoked or of a disabled user is fault.Unknown, with what to do. It
// notes the use, to the minute.
func (s *Service) AuthenticateToken(ctx context.Context, secret string) (User, error) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return User{}, fault.New(fault.Unknown, "This is not an API token of Spotter: those begin with %s. Make one on your account page.", tokenPrefix)
	}
	q, now := db.New(s.db), s.now()
	row, err := q.TokenUser(ctx, hashSecret([]byte(secret)))
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return User{}, fault.New(fault.Unknown, "This API token is not known. Make one on your account page.")
	case err != nil:
		return User{}, fmt.Errorf("authenticate token: %w", err)
	case row.RevokedAt != nil:
		return User{}, fault.New(fault.Unknown, "This API token was revoked. Make a new one on your account page.")
	case !row.ExpiresAt.After(now):
		return User{}, fault.New(fault.Unknown, "This API token expired on %s. Make a new one on your account page.", row.ExpiresAt.UTC().Format("2 January 2006"))
	case row.DisabledAt != nil:
		return User{}, fault.New(fault.Unknown, "The account of this API token is disabled. Ask an admin to enable it.")
	}
	if row.LastUsedAt == nil || now.Sub(*row.LastUsedAt) >= seenEvery {
		if err := q.TouchToken(ctx, now, row.TokenID); err != nil {
			return User{}, fmt.Errorf("note that token was used: %w", err)
		}
	}
	return fromRow(db.User{ID: row.ID, Email: row.Email, Name: row.Name, Role: row.Role, CreatedAt: row.CreatedAt, Skills: row.Skills}), nil
}
