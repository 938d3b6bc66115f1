// Package share makes links with which people who have no account see the dashboard
// and nothing else: read only, until a day that is chosen, or until somebody takes the
// link back. A link's secret is shown once; only a hash of it is kept.
package share

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
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

// What the record calls what is done with links.
const (
	ActionCreate = "share.create"
	ActionRevoke = "share.revoke"
)

const (
	maxName   = 100
	openEvery = time.Minute // how exactly it is noted when a link was opened
)

// Days are the times that a link may work, in days.
func Days() []int { return []int{1, 7, 30, 90} }

// A Link shows the dashboard to whoever has its secret.
type Link struct {
	ID        uuid.UUID
	Name      string // who it is for
	Author    string
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero: not revoked
	OpenedAt  time.Time // zero: never; to the minute
}

// Works reports whether the link opens anything at that time.
func (l Link) Works(at time.Time) bool { return l.RevokedAt.IsZero() && at.Before(l.ExpiresAt) }

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Service keeps the links of one dataset. It is safe for concurrent use.
type Service struct {
	db      DB
	dataset uuid.UUID
	now     func() time.Time
}

// New returns the service; a nil now is time.Now.
func New(conn DB, dataset uuid.UUID, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{db: conn, dataset: dataset, now: now}
}

// Create makes a link that works for one of Days and returns its secret, which is
// nowhere else and cannot be shown again. Problems are fault.Invalid with the fields
// name and days.
func (s *Service) Create(ctx context.Context, by audit.Actor, name string, days int) (secret string, l Link, err error) {
	name = strings.TrimSpace(name)
	bad := map[string]string{}
	switch {
	case name == "":
		bad["name"] = "Write who the link is for."
	case utf8.RuneCountInString(name) > maxName:
		bad["name"] = fmt.Sprintf("Use at most %d characters.", maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		bad["name"] = "The name has characters that cannot be shown. Type it anew."
	}
	known := false
	for _, d := range Days() {
		known = known || d == days
	}
	if !known {
		bad["days"] = "Choose how long the link shall work."
	}
	if len(bad) > 0 {
		return "", Link{}, fault.Fields("The link was not made.", bad)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", Link{}, fmt.Errorf("make a link: %w", err)
	}
	secret = rand.Text()
	now := s.now().UTC()
	l = Link{ID: id, Name: name, Author: by.Name, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, days)}
	var author *uuid.UUID
	if by.ID != uuid.Nil {
		author = &by.ID
	}
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := db.New(tx).InsertShareLink(ctx, db.InsertShareLinkParams{
			DatasetID: s.dataset, ID: id, TokenHash: hash(secret), Name: name, CreatedBy: author, Author: by.Name, CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt,
		}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Dataset: s.dataset, Actor: by, Action: ActionCreate, Object: "share/" + id.String(), Detail: map[string]any{"name": name, "expires_at": l.ExpiresAt},
		})
	})
	if err != nil {
		return "", Link{}, fmt.Errorf("make a link: %w", err)
	}
	return secret, l, nil
}

// hash is what is kept of a secret. It is random and long, so one round is enough.
func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// List returns the links, the newest first, those that no longer work too.
func (s *Service) List(ctx context.Context) ([]Link, error) {
	rows, err := db.New(s.db).ShareLinks(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	list := make([]Link, len(rows))
	for i, r := range rows {
		list[i] = Link{r.ID, r.Name, r.Author, r.CreatedAt.UTC(), r.ExpiresAt.UTC(), orZero(r.RevokedAt), orZero(r.OpenedAt)}
	}
	return list, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// Revoke makes a link stop working at once. There being none that works is
// fault.NotFound.
func (s *Service) Revoke(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		name, err := db.New(tx).RevokeShareLink(ctx, s.now(), s.dataset, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no such link, or it was taken back already.")
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Dataset: s.dataset, Actor: by, Action: ActionRevoke, Object: "share/" + id.String(), Detail: map[string]any{"name": name},
		})
	})
	if err != nil {
		return fmt.Errorf("revoke link %s: %w", id, err)
	}
	return nil
}

// Open returns the link with that secret and notes that it was opened. One that is
// unknown, has ended or was taken back is fault.NotFound, all with the same words: a
// stranger learns nothing of what there was.
func (s *Service) Open(ctx context.Context, secret string) (Link, error) {
	q, now := db.New(s.db), s.now()
	r, err := q.ShareLinkByHash(ctx, hash(secret))
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Link{}, fmt.Errorf("open a link: %w", err)
	}
	l := Link{r.ID, r.Name, r.Author, r.CreatedAt.UTC(), r.ExpiresAt.UTC(), orZero(r.RevokedAt), orZero(r.OpenedAt)}
	if err != nil || r.DatasetID != s.dataset || !l.Works(now) {
		return Link{}, fault.New(fault.NotFound, "This link does not work, or no longer. Ask whoever gave it to you for a new one.")
	}
	if now.Sub(l.OpenedAt) >= openEvery {
		if err := q.TouchShareLink(ctx, now, s.dataset, l.ID); err != nil {
			return Link{}, fmt.Errorf("note that a link was opened: %w", err)
		}
	}
	return l, nil
}
