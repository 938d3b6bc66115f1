// Package audit keeps the append-only record of who did what. Whoever acts
// writes an entry in the transaction of the act; a background job seals the
// entries into a hash chain, so that an entry altered or removed afterwards is
// seen. It is not the log of the program: that is slog's.
package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
)

// An Actor is who did something. ID is uuid.Nil for what is not a user, such
// as the server itself or the command line; Name is kept as it was at the time.
type Actor struct {
	ID   uuid.UUID
	Name string
}

// An Entry is one act, as its author writes it.
type Entry struct {
	Dataset uuid.UUID // uuid.Nil: concerns no dataset, or all
	Actor   Actor
	Action  string // what was done, as domain.verb: "account.login"
	Object  string // to what, as kind/id: "user/0190…"; may be empty
	Detail  any    // the rest, written as JSON; nil is written as {}
}

// Write records e in the caller's transaction, so that an act and its entry are
// kept together or not at all. The time is the transaction's. It fails where e
// has no action or no actor, or a detail that is not JSON.
func Write(ctx context.Context, tx pgx.Tx, e Entry) error {
	if e.Action == "" || e.Actor.Name == "" {
		return fmt.Errorf("write audit entry %q: an action and an actor's name are needed", e.Action)
	}
	detail, err := encodeDetail(e.Detail)
	if err != nil {
		return fmt.Errorf("write audit entry %q: %w", e.Action, err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("write audit entry %q: %w", e.Action, err)
	}
	if err := db.New(tx).InsertAuditEntry(ctx, db.InsertAuditEntryParams{
		ID: id, DatasetID: optional(e.Dataset), ActorID: optional(e.Actor.ID),
		Actor: e.Actor.Name, Action: e.Action, Object: e.Object, Detail: detail,
	}); err != nil {
		return fmt.Errorf("write audit entry %q: %w", e.Action, err)
	}
	return nil
}

// encodeDetail keeps <, > and & as they are: the text is for people too.
func encodeDetail(v any) (string, error) {
	if v == nil {
		return "{}", nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// A Record is an entry as it is kept.
type Record struct {
	ID      uuid.UUID
	At      time.Time // UTC
	Dataset uuid.UUID
	Actor   Actor
	Action  string
	Object  string
	Detail  json.RawMessage
	Seq     int64 // its place in the chain; 0: not sealed yet
}

func optional(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func required(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
