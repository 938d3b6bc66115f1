package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/voicefit/spotter/internal/db"
)

// An Event is what an endpoint can ask to be told of.
type Event string

const (
	ImportFinished    Event = "import.finished"    // done, failed or cancelled
	ReleaseBuilt      Event = "release.built"      // its files can be fetched
	EscalationCreated Event = "escalation.created" // a question, or two who disagree
	Ping              Event = "ping"               // a person tries the endpoint out; not to be asked for
)

// Events are those that an endpoint can ask for.
var Events = [...]Event{ImportFinished, ReleaseBuilt, EscalationCreated}

// A message is the JSON that is sent.
type message struct {
	ID      uuid.UUID `json:"id"` // the same for all endpoints that are told of one event
	Event   Event     `json:"event"`
	At      time.Time `json:"at"`
	Dataset uuid.UUID `json:"dataset"`
	Data    any       `json:"data"`
}

// Emit has every endpoint that asked for the event told of it once tx is
// committed. The payload is written as JSON under "data": ids and figures, and no
// words of the dataset, because nobody knows who reads along at the other end.
// Without such endpoints it does nothing. It joins the caller's transaction.
func Emit(ctx context.Context, tx pgx.Tx, dataset uuid.UUID, event Event, payload any) error {
	listeners, err := db.New(tx).WebhookListeners(ctx, dataset, string(event))
	if err != nil {
		return fmt.Errorf("emit %s: list endpoints: %w", event, err)
	}
	if len(listeners) == 0 {
		return nil
	}
	body, err := encode(dataset, event, payload)
	if err != nil {
		return fmt.Errorf("emit %s: %w", event, err)
	}
	for _, endpoint := range listeners {
		if _, err := put(ctx, tx, dataset, endpoint, event, body); err != nil {
			return fmt.Errorf("emit %s: %w", event, err)
		}
	}
	return nil
}

func encode(dataset uuid.UUID, event Event, payload any) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("new id: %w", err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(message{ID: id, Event: event, At: time.Now().UTC().Truncate(time.Millisecond), Dataset: dataset, Data: payload}); err != nil {
		return "", fmt.Errorf("encode the payload: %w", err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// put writes one delivery and its job.
func put(ctx context.Context, tx pgx.Tx, dataset, endpoint uuid.UUID, event Event, body string) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("new id: %w", err)
	}
	if err := db.New(tx).InsertWebhookDelivery(ctx, db.InsertWebhookDeliveryParams{
		DatasetID: dataset, ID: id, EndpointID: endpoint, Event: string(event), Body: body,
	}); err != nil {
		return uuid.Nil, fmt.Errorf("insert delivery: %w", err)
	}
	return id, enqueue(ctx, tx, id, time.Time{})
}

// Queue is the queue of the jobs that send: one of its own, because a slow
// receiver must hold up nothing else.
const Queue = "webhooks"

// DeliverArgs is the job that sends one delivery once.
type DeliverArgs struct {
	ID uuid.UUID `json:"id"`
}

// Kind is the job's name in the queue.
func (DeliverArgs) Kind() string { return "webhook.deliver" }

// InsertOpts says that the queue does not try again by itself: the delivery does,
// with a job of its own for every attempt.
func (DeliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: 1}
}

// enqueue puts a job in with the caller's transaction; a zero time is now. The
// client is made for the one insert, so that emitting needs nothing but a
// transaction: it starts nothing and holds no connection.
func enqueue(ctx context.Context, tx pgx.Tx, delivery uuid.UUID, at time.Time) error {
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	if _, err := client.InsertTx(ctx, tx, DeliverArgs{delivery}, &river.InsertOpts{ScheduledAt: at}); err != nil {
		return fmt.Errorf("queue delivery %s: %w", delivery, err)
	}
	return nil
}
