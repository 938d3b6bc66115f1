package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// waits is how long after each failed attempt the next one comes: eight attempts
// over twenty hours and a half, so that a receiver may be down for a night.
var waits = [...]time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// MaxTries is how often one delivery is tried before it is given up.
const MaxTries = len(waits) + 1

// maxGivenUp is how many deliveries in a row may be given up before the endpoint
// is switched off.
const maxGivenUp = 3

// maxWait bounds what a receiver may ask for with Retry-After.
const maxWait = 24 * time.Hour

const (
	maxAnswerBytes = 1000      // of an answer, kept for the log
	drainBytes     = 256 << 10 // of an answer, read so that the receiver can finish
)

// The states of a delivery.
const (
	Waiting   = "waiting"
	Delivered = "delivered"
	GivenUp   = "given up"
)

// An answer is what came of one attempt.
type answer struct {
	status     int // 0: none
	took       time.Duration
	text       string
	problem    string        // for the log; empty: it arrived
	retryAfter time.Duration // asked for by the receiver; 0: not
}

func (a answer) arrived() bool { return a.problem == "" }

// Deliver makes one attempt at a delivery that waits, records what came of it and,
// where it did not arrive, queues the next attempt or gives up. A delivery that
// somebody else is sending, or that waits no more, is left alone. An attempt cut
// short because ctx ends does not count.
func (s *Service) Deliver(ctx context.Context, id uuid.UUID) error {
	q := db.New(s.cfg.DB)
	d, err := q.ClaimWebhookDelivery(ctx, (s.cfg.Timeout + 20*time.Second).Seconds(), s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("claim delivery %s: %w", id, err)
	}
	e, err := q.WebhookEndpointByID(ctx, s.cfg.Dataset, d.EndpointID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read endpoint %s: %w", d.EndpointID, err)
	}
	var a answer
	over := false
	switch {
	case err != nil:
		a, over = answer{problem: "The endpoint was removed."}, true
	case e.DisabledAt != nil:
		a, over = answer{problem: "The endpoint is switched off."}, true
	default:
		a = s.send(ctx, e.Url, e.Secret, d.Event, id, d.Body)
	}
	if ctx.Err() != nil {
		return ctx.Err() // told to stop: the claim runs out and the chore takes it up
	}
	if err := s.settle(ctx, id, d, a, over); err != nil {
		return fmt.Errorf("settle delivery %s: %w", id, err)
	}
	return nil
}

// send posts the body once.
func (s *Service) send(ctx context.Context, address, secret, event string, id uuid.UUID, body string) (a answer) {
	start := time.Now()
	defer func() { a.took = time.Since(start) }()
	if problem := s.guard.problem(address); problem != "" {
		return answer{problem: problem} // the settings have changed since it was typed
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return answer{problem: "The address can't be used."}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Spotter-Webhook/1")
	r.Header.Set(HeaderEvent, event)
	r.Header.Set(HeaderDelivery, id.String())
	r.Header.Set(HeaderSignature, Sign(secret, start, []byte(body)))
	w, err := s.guard.client(s.cfg.Timeout).Do(r)
	if err != nil {
		return answer{problem: s.explain(err)}
	}
	defer func() { _ = w.Body.Close() }()
	a.status = w.StatusCode
	// What was answered is for people to look at; that it breaks off changes nothing.
	head, _ := io.ReadAll(io.LimitReader(w.Body, maxAnswerBytes))
	_, _ = io.Copy(io.Discard, io.LimitReader(w.Body, drainBytes))
	a.text = strings.ReplaceAll(strings.ToValidUTF8(string(head), "\uFFFD"), "\x00", "\uFFFD")
	switch {
	case w.StatusCode >= 200 && w.StatusCode < 300:
	case w.StatusCode >= 300 && w.StatusCode < 400:
		a.problem = "It answered with a redirect, which is not followed. Set the address where it leads."
	default:
		a.problem = "It answered " + w.Status + "."
		a.retryAfter = retryAfter(w.Header.Get("Retry-After"), start)
	}
	return a
}

// explain puts an error of the connection into words for the log that people see.
func (s *Service) explain(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Msg
	}
	var dns *net.DNSError
	var op *net.OpError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "No answer within " + s.cfg.Timeout.String() + "."
	case errors.As(err, &dns):
		return "There is no host of that name."
	case errors.As(err, &op) && op.Op == "dial":
		return "Nobody listens at this address."
	case errors.Is(err, io.EOF), errors.As(err, &op):
		return "The connection was closed before an answer came."
	}
	return "The connection failed: " + strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "\uFFFD")
}

// retryAfter reads the header as RFC 9110 has it: seconds, or a date.
func retryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxWait)
}

// settle records the attempt and decides how it goes on.
func (s *Service) settle(ctx context.Context, id uuid.UUID, d db.ClaimWebhookDeliveryRow, a answer, over bool) error {
	attempt, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("new id: %w", err)
	}
	state, next := Delivered, time.Now()
	if !a.arrived() {
		state = Waiting
		if over = over || a.status == http.StatusGone || int(d.Tries) >= len(waits); over {
			state = GivenUp
		} else {
			next = next.Add(max(waits[d.Tries], a.retryAfter))
		}
	}
	return postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		n, err := q.SettleWebhookDelivery(ctx, db.SettleWebhookDeliveryParams{State: state, NextAt: next, DatasetID: s.cfg.Dataset, ID: id})
		if err != nil {
			return fmt.Errorf("move: %w", err)
		}
		if n == 0 {
			return nil // swept, or settled by somebody who was thought dead
		}
		if err := q.InsertWebhookAttempt(ctx, db.InsertWebhookAttemptParams{
			DatasetID: s.cfg.Dataset, DeliveryID: id, ID: attempt, Status: int32(a.status), Millis: int32(min(a.took, time.Hour).Milliseconds()),
			Response: a.text, Error: a.problem,
		}); err != nil {
			return fmt.Errorf("log: %w", err)
		}
		if state == Waiting {
			return enqueue(ctx, tx, id, next)
		}
		row, err := q.CountWebhookResult(ctx, a.arrived(), s.cfg.Dataset, d.EndpointID)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("count: %w", err)
		}
		why := ""
		switch {
		case a.status == http.StatusGone:
			why = "it answered 410 Gone"
		case !a.arrived() && row >= maxGivenUp:
			why = strconv.Itoa(maxGivenUp) + " deliveries in a row were given up"
		default:
			return nil
		}
		n, err = q.DisableWebhook(ctx, why, s.cfg.Dataset, d.EndpointID)
		if err != nil {
			return fmt.Errorf("switch off: %w", err)
		}
		if n == 0 {
			return nil
		}
		s.cfg.Log.WarnContext(ctx, "a webhook was switched off", slog.String("endpoint", d.EndpointID.String()), slog.String("why", why))
		return s.record(ctx, tx, audit.Actor{Name: "Spotter"}, "webhook.disabled", d.EndpointID, map[string]any{"why": why})
	})
}

// TakeUp queues deliveries again whose job was lost with its process. It is upkeep:
// short, and harmless to repeat.
func (s *Service) TakeUp(ctx context.Context) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		late, err := db.New(tx).OverdueWebhookDeliveries(ctx, s.cfg.Dataset)
		if err != nil {
			return err
		}
		for _, id := range late {
			if err := enqueue(ctx, tx, id, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take up deliveries: %w", err)
	}
	return nil
}

// Sweep forgets deliveries that are older than 30 days.
func (s *Service) Sweep(ctx context.Context) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.SweepWebhookAttempts(ctx, s.cfg.Dataset); err != nil {
			return err
		}
		_, err := q.SweepWebhookDeliveries(ctx, s.cfg.Dataset)
		return err
	})
	if err != nil {
		return fmt.Errorf("sweep deliveries: %w", err)
	}
	return nil
}

// Worker sends deliveries as jobs.
type Worker struct {
	river.WorkerDefaults[DeliverArgs]
	Service *Service
}

// Work makes one attempt. What the database refused comes up again by TakeUp.
func (w *Worker) Work(ctx context.Context, job *river.Job[DeliverArgs]) error {
	err := w.Service.Deliver(ctx, job.Args.ID)
	if err != nil && ctx.Err() != nil {
		return river.JobSnooze(time.Minute) // this process stops; the next one sends
	}
	return err
}
