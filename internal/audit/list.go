package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

// A Filter chooses entries; the zero Filter chooses all.
type Filter struct {
	Actor  uuid.UUID // uuid.Nil: anybody
	Action string    // exactly this, or, where it ends with ".", all that begin so
	Object string    // exactly this kind/id
	Since  time.Time // from here on
	Until  time.Time // before here
	After  string    // the cursor List gave: the page after it
	Limit  int       // 0: 50; at most 500
}

// List returns a page of entries, newest first, and the cursor of the page
// after it, which is empty when there is none. A cursor that List did not make
// is fault.Invalid.
func List(ctx context.Context, q db.DBTX, f Filter) ([]Record, string, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	p := db.ListAuditEntriesParams{
		// Nothing is written after the year 9999; the first page starts there.
		BeforeAt: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
		Since:    time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		ActorID:  optional(f.Actor),
		MaxRows:  int32(limit + 1),
	}
	if f.Action != "" {
		p.Action = &f.Action
	}
	if f.Object != "" {
		p.Object = &f.Object
	}
	if !f.Since.IsZero() {
		p.Since = f.Since
	}
	if !f.Until.IsZero() {
		p.BeforeAt = f.Until // with the smallest id: strictly before this time
	}
	if f.After != "" {
		at, id, err := parseCursor(f.After)
		if err != nil {
			return nil, "", err
		}
		if at.Before(p.BeforeAt) {
			p.BeforeAt, p.BeforeID = at, id
		}
	}
	rows, err := db.New(q).ListAuditEntries(ctx, p)
	if err != nil {
		return nil, "", fmt.Errorf("list the record: %w", err)
	}
	var next string
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = strconv.FormatInt(last.At.UnixMicro(), 10) + "." + last.ID.String()
	}
	records := make([]Record, len(rows))
	for i, r := range rows {
		records[i] = Record{
			ID: r.ID, At: r.At.UTC(), Dataset: required(r.DatasetID), Actor: Actor{ID: required(r.ActorID), Name: r.Actor},
			Action: r.Action, Object: r.Object, Detail: json.RawMessage(r.Detail), Seq: r.Seq,
		}
	}
	return records, next, nil
}

func parseCursor(s string) (time.Time, uuid.UUID, error) {
	at, id, _ := strings.Cut(s, ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	key, kerr := uuid.Parse(id)
	if err != nil || kerr != nil || micros < 0 {
		return time.Time{}, uuid.Nil, fault.New(fault.Invalid, "This page of the record does not exist. Go back to its first page.")
	}
	return time.UnixMicro(micros), key, nil
}
