// Package inbox keeps what waits for each person: somebody named them, answered
// their question, gave them work. Whoever acts writes the notices in the
// transaction of the act. It sends nothing outside of the product.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// Kinds of notice.
const (
	KindMention     = "mention"     // somebody named you in a comment
	KindComment     = "comment"     // somebody commented where you did
	KindAnswer      = "answer"      // a specialist answered your question
	KindAdjudicated = "adjudicated" // a lead settled a disagreement you were part of
	KindAssignment  = "assignment"  // a lead gave you work, or took it back
	KindRelease     = "release"     // a release was made
)

// MaxUnread is how far unread notices are counted: a badge shows no more.
const MaxUnread = 100

const (
	maxTextBytes = 2000
	maxLimit     = 200
)

// A Notice is what one person is told.
type Notice struct {
	User      uuid.UUID  // who is told
	Kind      string     // one of the constants above
	ExampleID *uuid.UUID // what it is about, where that is an example; the notice goes with it
	Author    string     // whose doing it is, as named now; empty: the product's
	Text      string     // the words that matter, plain text; cut to 2,000 bytes
	Link      string     // path of the page to go to, such as "/examples/…#comments"
}

// Notify puts a notice into somebody's inbox, in the caller's transaction: the
// act and the notice are kept together or not at all. It fails where nobody is
// named, the kind is none of the above or the link is no path of ours.
func Notify(ctx context.Context, tx pgx.Tx, dataset uuid.UUID, n Notice) error {
	if n.User == uuid.Nil {
		return errors.New("notify: nobody is named")
	}
	if n.Link != "" && (!strings.HasPrefix(n.Link, "/") || strings.HasPrefix(n.Link, "//")) {
		return fmt.Errorf("notify: %q is no path of ours", n.Link)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if err := db.New(tx).InsertNotice(ctx, db.InsertNoticeParams{
		DatasetID: dataset, ID: id, UserID: n.User, Kind: n.Kind, ExampleID: n.ExampleID,
		Author: storable(n.Author), Text: storable(n.Text), Link: n.Link,
	}); err != nil {
		return fmt.Errorf("notify %s of %s: %w", n.User, n.Kind, err)
	}
	return nil
}

// storable makes s valid UTF-8 without NUL, which Postgres refuses, and cuts it.
func storable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if len(s) > maxTextBytes {
		s = strings.ToValidUTF8(s[:maxTextBytes], "") + "…"
	}
	return s
}

// Service reads the inboxes of one dataset. It is safe for concurrent use.
type Service struct {
	db      db.DBTX
	dataset uuid.UUID
}

// New returns the service.
func New(conn db.DBTX, dataset uuid.UUID) *Service { return &Service{db: conn, dataset: dataset} }

// An Item is a notice as it lies in an inbox.
type Item struct {
	ID        uuid.UUID
	Kind      string
	ExampleID *uuid.UUID
	Author    string
	Text      string
	Link      string
	At        time.Time
	Read      bool
}

// List returns a page of somebody's notices, newest first, and the id after
// which the next page begins, uuid.Nil where there is none. after uuid.Nil is the
// first page. unread leaves out what was read. limit is at most 200.
func (s *Service) List(ctx context.Context, user uuid.UUID, unread bool, after uuid.UUID, limit int) ([]Item, uuid.UUID, error) {
	if limit < 1 || limit > maxLimit {
		return nil, uuid.Nil, fault.New(fault.Invalid, "Ask for between 1 and %d notices.", maxLimit)
	}
	if after == uuid.Nil {
		after = uuid.Max
	}
	q := db.New(s.db)
	var rows []db.ListNoticesRow
	var err error
	if unread {
		var some []db.ListUnreadNoticesRow
		some, err = q.ListUnreadNotices(ctx, db.ListUnreadNoticesParams{DatasetID: s.dataset, UserID: user, Before: after, MaxRows: int32(limit + 1)})
		for _, r := range some {
			rows = append(rows, db.ListNoticesRow(r))
		}
	} else {
		rows, err = q.ListNotices(ctx, db.ListNoticesParams{DatasetID: s.dataset, UserID: user, Before: after, MaxRows: int32(limit + 1)})
	}
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list notices of %s: %w", user, err)
	}
	next := uuid.Nil
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	items := make([]Item, len(rows))
	for i, r := range rows {
		items[i] = Item{
			ID: r.ID, Kind: r.Kind, ExampleID: r.ExampleID, Author: r.Author, Text: r.Text, Link: r.Link,
			At: r.CreatedAt.UTC(), Read: r.ReadAt != nil,
		}
	}
	return items, next, nil
}

// Unread counts somebody's unread notices, up to MaxUnread.
func (s *Service) Unread(ctx context.Context, user uuid.UUID) (int, error) {
	n, err := db.New(s.db).CountUnreadNotices(ctx, s.dataset, user, MaxUnread)
	if err != nil {
		return 0, fmt.Errorf("count unread notices of %s: %w", user, err)
	}
	return int(n), nil
}

// Read marks one of somebody's notices read and returns where it leads. Somebody
// else's is fault.NotFound. It is not in the record: reading changes nothing
// that others see.
func (s *Service) Read(ctx context.Context, user, id uuid.UUID) (link string, err error) {
	link, err = db.New(s.db).ReadNotice(ctx, s.dataset, user, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.New(fault.NotFound, "There is no such notice in your inbox.")
	}
	if err != nil {
		return "", fmt.Errorf("read notice %s: %w", id, err)
	}
	return link, nil
}

// ReadAll marks everything up to the notice newest read, so that what came in
// after the page was shown stays unread. It returns how many there were.
func (s *Service) ReadAll(ctx context.Context, user, newest uuid.UUID) (int64, error) {
	n, err := db.New(s.db).ReadNotices(ctx, s.dataset, user, newest)
	if err != nil {
		return 0, fmt.Errorf("read the notices of %s: %w", user, err)
	}
	return n, nil
}
