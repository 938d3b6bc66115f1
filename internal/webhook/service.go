package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
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
	maxName      = 100
	maxEndpoints = 50
	// defaultTimeout is how long a receiver may take to answer.
	defaultTimeout = 10 * time.Second
)

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Config is what New needs; DB, Dataset and Log are required.
type Config struct {
	DB      DB
	Dataset uuid.UUID
	Log     *slog.Logger
	// Allow names networks that may be reached although they are not public. Plain
	// http is possible only to addresses in them.
	Allow []netip.Prefix
	// Timeout is how long a receiver may take; 0: ten seconds.
	Timeout time.Duration
}

// Service keeps the endpoints of one dataset and sends what they are to be told.
// It is safe for concurrent use, also by several processes on one database.
type Service struct {
	cfg   Config
	guard guard
}

// New returns the service.
func New(cfg Config) *Service {
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	return &Service{cfg: cfg, guard: guard{allow: cfg.Allow}}
}

// An Endpoint is an address that is told of events.
type Endpoint struct {
	ID         uuid.UUID
	Name       string
	URL        string
	Events     []Event
	SecretHint string // how the secret begins
	By         string // who set it up
	CreatedAt  time.Time
	Disabled   *Disabling // nil: it is told
}

// Disabling says since when an endpoint is told nothing, and why.
type Disabling struct {
	At  time.Time
	Why string
}

// A Form is what a person says of an endpoint.
type Form struct {
	Name   string
	URL    string
	Events []Event
}

func (s *Service) validate(f Form) (Form, error) {
	f.Name, f.URL = strings.TrimSpace(f.Name), strings.TrimSpace(f.URL)
	bad := map[string]string{}
	switch {
	case f.Name == "":
		bad["name"] = "Name it after what receives."
	case utf8.RuneCountInString(f.Name) > maxName:
		bad["name"] = fmt.Sprintf("Use at most %d characters.", maxName)
	case !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, unicode.IsControl):
		bad["name"] = "The name has characters that cannot be shown. Type it anew."
	}
	if problem := s.guard.problem(f.URL); problem != "" {
		bad["url"] = problem
	}
	slices.Sort(f.Events)
	f.Events = slices.Compact(f.Events)
	if len(f.Events) == 0 {
		bad["events"] = "Choose at least one."
	}
	for _, e := range f.Events {
		if !slices.Contains(Events[:], e) {
			bad["events"] = fmt.Sprintf("There is no event %q.", e)
		}
	}
	if len(bad) > 0 {
		return f, fault.Fields("The endpoint is not complete.", bad)
	}
	return f, nil
}

func names(events []Event) []string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = string(e)
	}
	return list
}

// Create makes an endpoint and returns the secret that signs what it is sent,
// which is not shown again. Problems are fault.Invalid with the fields name, url
// and events.
func (s *Service) Create(ctx context.Context, by audit.Actor, f Form) (id uuid.UUID, secret string, err error) {
	if f, err = s.validate(f); err != nil {
		return uuid.Nil, "", err
	}
	if id, err = uuid.NewV7(); err != nil {
		return uuid.Nil, "", fmt.Errorf("new id: %w", err)
	}
	secret = newSecret()
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		there, err := q.WebhookEndpoints(ctx, s.cfg.Dataset)
		if err != nil {
			return fmt.Errorf("list endpoints: %w", err)
		}
		if len(there) >= maxEndpoints {
			return fault.New(fault.Invalid, "There are %d endpoints already. Remove one that is not needed.", len(there))
		}
		if err := q.InsertWebhookEndpoint(ctx, db.InsertWebhookEndpointParams{
			DatasetID: s.cfg.Dataset, ID: id, Name: f.Name, Url: f.URL, Events: names(f.Events), Secret: secret, Author: by.Name,
		}); err != nil {
			return fmt.Errorf("insert: %w", err)
		}
		return s.record(ctx, tx, by, "webhook.created", id, map[string]any{"name": f.Name, "url": f.URL, "events": f.Events})
	})
	if err != nil {
		return uuid.Nil, "", fmt.Errorf("create webhook: %w", err)
	}
	return id, secret, nil
}

// Change replaces name, address and events of an endpoint. It fails as Create
// does, and with fault.NotFound where there is no such endpoint.
func (s *Service) Change(ctx context.Context, by audit.Actor, id uuid.UUID, f Form) error {
	f, err := s.validate(f)
	if err != nil {
		return err
	}
	return s.change(ctx, by, id, "webhook.changed", map[string]any{"name": f.Name, "url": f.URL, "events": f.Events}, func(q *db.Queries) (int64, error) {
		return q.UpdateWebhookEndpoint(ctx, db.UpdateWebhookEndpointParams{Name: f.Name, Url: f.URL, Events: names(f.Events), DatasetID: s.cfg.Dataset, ID: id})
	})
}

// Renew gives an endpoint another secret and returns it. The old one signs nothing
// from now on.
func (s *Service) Renew(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error) {
	secret := newSecret()
	return secret, s.change(ctx, by, id, "webhook.renewed", nil, func(q *db.Queries) (int64, error) {
		return q.SetWebhookSecret(ctx, secret, s.cfg.Dataset, id)
	})
}

// Enable has an endpoint told again of what happens from now on.
func (s *Service) Enable(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	return s.change(ctx, by, id, "webhook.enabled", nil, func(q *db.Queries) (int64, error) {
		return q.EnableWebhook(ctx, s.cfg.Dataset, id)
	})
}

// Disable has an endpoint told nothing any more. What waits is given up when its
// time comes.
func (s *Service) Disable(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	return s.change(ctx, by, id, "webhook.disabled", nil, func(q *db.Queries) (int64, error) {
		return q.DisableWebhook(ctx, "switched off by "+by.Name, s.cfg.Dataset, id)
	})
}

// Remove takes an endpoint away, its secret with it.
func (s *Service) Remove(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	return s.change(ctx, by, id, "webhook.removed", nil, func(q *db.Queries) (int64, error) {
		return q.RemoveWebhook(ctx, s.cfg.Dataset, id)
	})
}

func (s *Service) change(ctx context.Context, by audit.Actor, id uuid.UUID, action string, detail any, update func(q *db.Queries) (int64, error)) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		n, err := update(db.New(tx))
		if err != nil {
			return err
		}
		if n == 0 {
			if _, err := db.New(tx).WebhookEndpointByID(ctx, s.cfg.Dataset, id); !errors.Is(err, pgx.ErrNoRows) {
				return err // it was so before, or it can't be read
			}
			return noEndpoint(id)
		}
		return s.record(ctx, tx, by, action, id, detail)
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", action, id, err)
	}
	return nil
}

// Try has an endpoint told of the event ping, whatever it asked for.
func (s *Service) Try(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		e, err := db.New(tx).WebhookEndpointByID(ctx, s.cfg.Dataset, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return noEndpoint(id)
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if e.DisabledAt != nil {
			return fault.New(fault.Conflict, "This endpoint is switched off. Switch it on, then try it.")
		}
		body, err := encode(s.cfg.Dataset, Ping, map[string]any{"by": by.Name})
		if err != nil {
			return err
		}
		delivery, err := put(ctx, tx, s.cfg.Dataset, id, Ping, body)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by, "webhook.tried", id, map[string]any{"delivery": delivery})
	})
	if err != nil {
		return fmt.Errorf("try webhook %s: %w", id, err)
	}
	return nil
}

// Resend has a delivery sent again at once, also one that arrived: with the same
// id, so that the receiver can tell, and with all attempts before it.
func (s *Service) Resend(ctx context.Context, by audit.Actor, endpoint, delivery uuid.UUID) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		e, err := q.WebhookEndpointByID(ctx, s.cfg.Dataset, endpoint)
		if errors.Is(err, pgx.ErrNoRows) {
			return noEndpoint(endpoint)
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if e.DisabledAt != nil {
			return fault.New(fault.Conflict, "This endpoint is switched off. Switch it on, then send again.")
		}
		n, err := q.ResendWebhookDelivery(ctx, s.cfg.Dataset, delivery, endpoint)
		if err == nil && n == 0 { // it waits: let it wait no longer
			n, err = q.HurryWebhookDelivery(ctx, s.cfg.Dataset, delivery, endpoint)
		}
		if err != nil {
			return fmt.Errorf("mark: %w", err)
		}
		if n == 0 {
			return fault.New(fault.NotFound, "There is no such delivery. Those older than 30 days are forgotten.")
		}
		if err := enqueue(ctx, tx, delivery, time.Time{}); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "webhook.resent", endpoint, map[string]any{"delivery": delivery})
	})
	if err != nil {
		return fmt.Errorf("resend delivery %s: %w", delivery, err)
	}
	return nil
}

// List returns all endpoints, oldest first.
func (s *Service) List(ctx context.Context) ([]Endpoint, error) {
	rows, err := db.New(s.cfg.DB).WebhookEndpoints(ctx, s.cfg.Dataset)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	list := make([]Endpoint, len(rows))
	for i, r := range rows {
		list[i] = endpoint(db.WebhookEndpointByIDRow(r))
	}
	return list, nil
}

// Get returns one endpoint; fault.NotFound where there is none.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Endpoint, error) {
	r, err := db.New(s.cfg.DB).WebhookEndpointByID(ctx, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Endpoint{}, noEndpoint(id)
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("webhook %s: %w", id, err)
	}
	return endpoint(r), nil
}

func endpoint(r db.WebhookEndpointByIDRow) Endpoint {
	e := Endpoint{ID: r.ID, Name: r.Name, URL: r.Url, SecretHint: r.Secret[:min(secretShown, len(r.Secret))], By: r.Author, CreatedAt: r.CreatedAt}
	for _, name := range r.Events {
		e.Events = append(e.Events, Event(name))
	}
	if r.DisabledAt != nil {
		e.Disabled = &Disabling{At: *r.DisabledAt, Why: r.DisabledWhy}
	}
	return e
}

func (s *Service) record(ctx context.Context, tx pgx.Tx, by audit.Actor, action string, id uuid.UUID, detail any) error {
	return audit.Write(ctx, tx, audit.Entry{Dataset: s.cfg.Dataset, Actor: by, Action: action, Object: "webhook/" + id.String(), Detail: detail})
}

func noEndpoint(id uuid.UUID) error {
	return fault.New(fault.NotFound, "There is no webhook %s.", id)
}
