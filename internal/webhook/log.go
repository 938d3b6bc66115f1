package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// MaxLimit bounds a page of the log.
const MaxLimit = 200

// A Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID         uuid.UUID
	Event      Event
	State      string // Waiting, Delivered, GivenUp
	Tries      int    // since it was made or sent again by hand
	NextAt     time.Time
	CreatedAt  time.Time
	FinishedAt *time.Time
	Body       string    // only from Delivery
	Last       *Attempt  // nil: it was not tried yet; only from Log
	Attempts   []Attempt // newest first; only from Delivery
}

// An Attempt is what came of sending once.
type Attempt struct {
	At       time.Time
	Status   int // of HTTP; 0: there was no answer
	Took     time.Duration
	Response string // its beginning; written by a stranger
	Problem  string // empty: it arrived
}

// Log lists the deliveries of an endpoint, newest first, before the given one;
// uuid.Nil begins.
func (s *Service) Log(ctx context.Context, endpoint, before uuid.UUID, limit int) ([]Delivery, error) {
	if limit < 1 || limit > MaxLimit {
		return nil, fault.New(fault.Invalid, "Ask for between 1 and %d deliveries.", MaxLimit)
	}
	if before == uuid.Nil {
		before = uuid.Max
	}
	rows, err := db.New(s.cfg.DB).WebhookDeliveries(ctx, db.WebhookDeliveriesParams{
		DatasetID: s.cfg.Dataset, EndpointID: endpoint, Before: before, MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("log of webhook %s: %w", endpoint, err)
	}
	list := make([]Delivery, len(rows))
	for i, r := range rows {
		list[i] = Delivery{
			ID: r.ID, Event: Event(r.Event), State: r.State, Tries: int(r.Tries), NextAt: r.NextAt, CreatedAt: r.CreatedAt, FinishedAt: r.FinishedAt,
		}
		if r.Tried {
			list[i].Last = &Attempt{At: r.TriedAt, Status: int(r.Status), Took: time.Duration(r.Millis) * time.Millisecond, Response: r.Response, Problem: r.Error}
		}
	}
	return list, nil
}

// Delivery returns one delivery with its body and its last 100 attempts;
// fault.NotFound where there is none.
func (s *Service) Delivery(ctx context.Context, endpoint, id uuid.UUID) (Delivery, error) {
	q := db.New(s.cfg.DB)
	r, err := q.WebhookDeliveryByID(ctx, s.cfg.Dataset, endpoint, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Delivery{}, fault.New(fault.NotFound, "There is no such delivery. Those older than 30 days are forgotten.")
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %s: %w", id, err)
	}
	d := Delivery{
		ID: r.ID, Event: Event(r.Event), State: r.State, Tries: int(r.Tries), NextAt: r.NextAt, CreatedAt: r.CreatedAt, FinishedAt: r.FinishedAt, Body: r.Body,
	}
	rows, err := q.WebhookAttempts(ctx, s.cfg.Dataset, id)
	if err != nil {
		return Delivery{}, fmt.Errorf("attempts of delivery %s: %w", id, err)
	}
	for _, a := range rows {
		d.Attempts = append(d.Attempts, Attempt{
			At: a.CreatedAt, Status: int(a.Status), Took: time.Duration(a.Millis) * time.Millisecond, Response: a.Response, Problem: a.Error,
		})
	}
	return d, nil
}
