// Package comment is what people say to each other about an example: plain text
// that names others with an @. What counts for an example's status is package
// review's.
package comment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/sight"
)

// ActionAdd is what this package writes to the record. The object is
// "example/<id>".
const ActionAdd = "example.comment"

const (
	// MaxBytes bounds one comment.
	MaxBytes = 5000

	maxNamed = 20
	maxLimit = 200
	maxHints = 100
)

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Service keeps the comments of one dataset. It is safe for concurrent use.
type Service struct {
	db      DB
	dataset uuid.UUID
}

// New returns the service.
func New(conn DB, dataset uuid.UUID) *Service { return &Service{db: conn, dataset: dataset} }

// A Person can be named.
type Person struct {
	ID    uuid.UUID
	Name  string
	Email string
	Role  account.Role
}

// A Comment is what somebody said.
type Comment struct {
	ID       uuid.UUID
	Revision int // the one that was current
	AuthorID uuid.UUID
	Author   string
	Body     string
	At       time.Time
}

// A Page is some of an example's comments.
type Page struct {
	Comments []Comment // oldest first
	Hidden   int       // on this page, but not for this viewer yet
	Older    uuid.UUID // the before of the page with older ones; uuid.Nil: there are none
}

// Said is what became of a comment.
type Said struct {
	ID      uuid.UUID
	Told    []string // names of those who were told because they were named
	Unclear []string // what was written after an @ that could be several people
}

// Add says something about an example. Those who are named in it get a notice,
// and so do others who commented on it. Somebody who may still judge the example
// is told without the words. An empty or too long text is fault.Invalid with the
// field body.
func (s *Service) Add(ctx context.Context, by audit.Actor, example uuid.UUID, body string) (Said, error) {
	body = strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
	problem := ""
	switch {
	case body == "":
		problem = "Write something first."
	case len(body) > MaxBytes:
		problem = fmt.Sprintf("Keep it under %d bytes.", MaxBytes)
	case strings.ContainsRune(body, 0) || strings.ToValidUTF8(body, "") != body:
		problem = "It has characters that cannot be kept. Type it anew."
	}
	if problem != "" {
		return Said{}, fault.Fields("The comment was not kept.", map[string]string{"body": problem})
	}
	var said Said
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		var err error
		said, err = s.add(ctx, tx, by, example, body)
		return err
	})
	if err != nil {
		return Said{}, fmt.Errorf("comment on example %s: %w", example, err)
	}
	return said, nil
}

func (s *Service) add(ctx context.Context, tx pgx.Tx, by audit.Actor, example uuid.UUID, body string) (Said, error) {
	q := db.New(tx)
	ex, err := q.ExampleForComment(ctx, s.dataset, example)
	if errors.Is(err, pgx.ErrNoRows) {
		return Said{}, fault.New(fault.NotFound, "There is no example %s.", example)
	}
	if err != nil {
		return Said{}, fmt.Errorf("read it: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Said{}, err
	}
	if err := q.InsertComment(ctx, db.InsertCommentParams{
		DatasetID: s.dataset, ID: id, ExampleID: example, Revision: ex.Revision, AuthorID: by.ID, Body: body,
	}); err != nil {
		return Said{}, fmt.Errorf("insert: %w", err)
	}
	people, err := s.everybody(ctx, q)
	if err != nil {
		return Said{}, err
	}
	named, unclear := mentions(body, people)
	named = slices.DeleteFunc(named, func(p Person) bool { return p.ID == by.ID })
	if len(named) > maxNamed {
		return Said{}, fault.Fields("The comment was not kept.", map[string]string{"body": fmt.Sprintf("Name at most %d people.", maxNamed)})
	}
	said := Said{ID: id, Unclear: unclear}
	for _, p := range named {
		if err := s.tell(ctx, tx, by, example, p, inbox.KindMention, body); err != nil {
			return Said{}, err
		}
		said.Told = append(said.Told, p.Name)
	}
	others, err := q.CommentersOf(ctx, s.dataset, example, by.ID)
	if err != nil {
		return Said{}, fmt.Errorf("look who commented before: %w", err)
	}
	for _, other := range others {
		i := slices.IndexFunc(people, func(p Person) bool { return p.ID == other })
		if i < 0 || slices.Contains(named, people[i]) {
			continue // cannot sign in any more, or knows already
		}
		if err := s.tell(ctx, tx, by, example, people[i], inbox.KindComment, body); err != nil {
			return Said{}, err
		}
	}
	return said, audit.Write(ctx, tx, audit.Entry{
		Dataset: s.dataset, Actor: by, Action: ActionAdd, Object: "example/" + example.String(),
		Detail: map[string]any{"comment": id, "revision": ex.Revision, "named": said.Told, "text": body},
	})
}

// tell puts a notice into p's inbox, with the words where p may see them.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, by audit.Actor, example uuid.UUID, p Person, kind, body string) error {
	eyes, err := sight.Of(ctx, tx, s.dataset, example, sight.Viewer{
		ID: p.ID, Reviews: p.Role.Can(account.Review), Leads: p.Role.Can(account.ManageLeases),
	})
	if err != nil {
		return err
	}
	if !eyes.SeesNext(by.ID) {
		body = "You may be asked to judge this example, so you see the words when it is decided."
	}
	name, _, _ := strings.Cut(by.Name, " <")
	return inbox.Notify(ctx, tx, s.dataset, inbox.Notice{
		User: p.ID, Kind: kind, ExampleID: &example, Author: name, Text: body, Link: "/examples/" + example.String() + "#comments",
	})
}

// List returns the newest comments of an example that come before one, or the
// newest of all where before is uuid.Nil, as far as the viewer may see them.
func (s *Service) List(ctx context.Context, v sight.Viewer, example, before uuid.UUID, limit int) (Page, error) {
	if limit < 1 || limit > maxLimit {
		return Page{}, fault.New(fault.Invalid, "Ask for between 1 and %d comments.", maxLimit)
	}
	eyes, err := sight.Of(ctx, s.db, s.dataset, example, v)
	if err != nil {
		return Page{}, err
	}
	if before == uuid.Nil {
		before = uuid.Max
	}
	rows, err := db.New(s.db).CommentsOf(ctx, db.CommentsOfParams{
		DatasetID: s.dataset, ExampleID: example, Before: before, MaxRows: int32(limit + 1),
	})
	if err != nil {
		return Page{}, fmt.Errorf("comments of example %s: %w", example, err)
	}
	var page Page
	tells := false
	if len(rows) > limit {
		rows = rows[:limit]
		page.Older = rows[limit-1].ID
	}
	for _, r := range slices.Backward(rows) {
		if !eyes.Sees(r.AuthorID, r.CreatedAt) {
			page.Hidden++
			continue
		}
		tells = tells || eyes.Tells(r.AuthorID, r.CreatedAt)
		page.Comments = append(page.Comments, Comment{
			ID: r.ID, Revision: int(r.Revision), AuthorID: r.AuthorID, Author: r.Author, Body: r.Body, At: r.CreatedAt.UTC(),
		})
	}
	if tells && v.Reviews {
		if err := sight.Note(ctx, s.db, s.dataset, example, v.ID); err != nil {
			return Page{}, err
		}
	}
	return page, nil
}

// everybody lists who can be named.
func (s *Service) everybody(ctx context.Context, q *db.Queries) ([]Person, error) {
	rows, err := q.MentionableUsers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	people := make([]Person, len(rows))
	for i, r := range rows {
		people[i] = Person{ID: r.ID, Name: r.Name, Email: r.Email, Role: account.Role(r.Role)}
	}
	return people, nil
}

// Hints lists who can be named, by name: those whose name or address has the
// words in it, at most 100.
func (s *Service) Hints(ctx context.Context, words string, limit int) ([]Person, error) {
	words = strings.ReplaceAll(strings.ToValidUTF8(strings.TrimSpace(words), ""), "\x00", "")
	rows, err := db.New(s.db).MentionableLike(ctx, words, int32(min(max(limit, 1), maxHints)))
	if err != nil {
		return nil, fmt.Errorf("look for people to name: %w", err)
	}
	people := make([]Person, len(rows))
	for i, r := range rows {
		people[i] = Person{ID: r.ID, Name: r.Name, Email: r.Email, Role: account.Role(r.Role)}
	}
	return people, nil
}
