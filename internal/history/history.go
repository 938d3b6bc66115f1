// Package history tells what happened to one example, from its import to its last
// comment. It changes nothing; bringing an old revision back is package review's.
package history

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/sight"
)

const maxLimit = 100

// A Kind says what happened.
type Kind string

// Kinds of event.
const (
	Imported  Kind = "import"       // File, Line and Channel
	Revised   Kind = "revision"     // by no decision: brought back, found and replaced; Text is why
	Decided   Kind = "decision"     // Verdict and what goes with it
	Carried   Kind = "carried"      // a verdict that an undo brought back together with its words, as of Decided
	Commented Kind = "comment"      // Text
	Waived    Kind = "waiver"       // Rule, Path; Text is why
	Withdrawn Kind = "withdrawal"   // a waiver: Rule, Path; Text is why
	Disagreed Kind = "disagreement" // two reviewers did; it went to a lead
	Answered  Kind = "answer"       // a question or a disagreement; Text is the answer
	Duplicate Kind = "duplicate"    // it was ruled a duplicate of Other
	Survived  Kind = "survivor"     // it was kept, and Other was not
	Freed     Kind = "freed"        // a lead took it from whoever held it
)

const (
	goldLook     = "gold"
	skipped      = "skip"
	latestSecond = 253402300799 // the last second of the year 9999
)

// An Event is something that happened. Fields that do not go with its Kind are
// empty.
type Event struct {
	Kind        Kind
	At          time.Time
	Who         uuid.UUID // uuid.Nil: the product, or the command line
	Name        string
	Revision    int // that was current, or that the event is about
	NewRevision int // that a decision made; 0: none
	Verdict     string
	VerdictKind string // as in the table decisions: review, second, gold, adjudication, bulk
	Status      string // that a decision led to; empty: it stayed
	Undone      bool
	Reason      string
	Comment     string
	Override    string
	Text        string
	Rule, Path  string
	File        string
	Line        string
	Channel     string
	Likeness    string // of a duplicate: equal, near or contradiction
	Other       uuid.UUID
}

// Made is the revision that the event made, or 0.
func (e Event) Made() int {
	if e.Kind == Revised {
		return e.Revision
	}
	return e.NewRevision
}

// A Content is what a revision says, with what the checks find on it.
type Content struct {
	Messages         []example.Message
	Errors, Warnings int
}

// A Page is some of an example's history, newest first.
type Page struct {
	Events   []Event
	Contents map[int]Content // of the revisions that the events made, and of those before them
	Hidden   int             // events that the viewer does not see yet
	Older    string          // cursor of the page with older ones; empty: there are none
}

// Service reads the histories of one dataset. It is safe for concurrent use.
type Service struct {
	db      db.DBTX
	dataset uuid.UUID
}

// New returns the service.
func New(conn db.DBTX, dataset uuid.UUID) *Service { return &Service{db: conn, dataset: dataset} }

// Of returns the page of an example's history at the cursor, the newest where
// that is empty, as far as the viewer may see it: who may still judge the example
// does not see what others said of its current revision. Verdicts on gold
// examples are for leads and for whoever gave them. A cursor that Of did not make
// is fault.Invalid; there being no example is fault.NotFound.
func (s *Service) Of(ctx context.Context, v sight.Viewer, id uuid.UUID, cursor string, limit int) (Page, error) {
	if limit < 1 || limit > maxLimit {
		return Page{}, fault.New(fault.Invalid, "Ask for between 1 and %d events.", maxLimit)
	}
	at, key, err := parseCursor(cursor)
	if err != nil {
		return Page{}, err
	}
	eyes, err := sight.Of(ctx, s.db, s.dataset, id, v)
	if err != nil {
		return Page{}, err
	}
	rows, err := db.New(s.db).HistoryOf(ctx, db.HistoryOfParams{
		DatasetID: s.dataset, ExampleID: id, BeforeAt: at, BeforeKey: key, MaxRows: int32(limit + 1),
	})
	if err != nil {
		return Page{}, fmt.Errorf("history of example %s: %w", id, err)
	}
	var page Page
	tells := false
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		page.Older = formatCursor(last.At, last.Key)
	}
	for _, r := range rows {
		e := event(r)
		switch {
		case e.VerdictKind == goldLook && !v.Leads && e.Who != v.ID:
			continue // that it is gold is not for those who may meet it
		case e.spoken() && !eyes.Sees(e.Who, e.At):
			page.Hidden++
			continue
		}
		tells = tells || e.spoken() && e.Verdict != skipped && eyes.Tells(e.Who, e.At)
		page.Events = append(page.Events, e)
	}
	if tells && v.Reviews {
		if err := sight.Note(ctx, s.db, s.dataset, id, v.ID); err != nil {
			return Page{}, err
		}
	}
	if page.Contents, err = s.contents(ctx, id, page.Events); err != nil {
		return Page{}, fmt.Errorf("history of example %s: %w", id, err)
	}
	return page, nil
}

// spoken says whether the event tells what somebody thinks of the example.
func (e Event) spoken() bool {
	switch e.Kind {
	case Decided, Carried, Commented, Disagreed, Answered:
		return true
	}
	return false
}

func event(r db.HistoryOfRow) Event {
	e := Event{
		Kind: Kind(r.Kind), At: r.At.UTC(), Name: r.Name, Revision: int(r.Revision), Verdict: r.Verdict, VerdictKind: r.VerdictKind,
		Status: r.Status, Undone: r.Undone,
	}
	if r.Who != nil {
		e.Who = *r.Who
	}
	if r.NewRevision != nil {
		e.NewRevision = int(*r.NewRevision)
	}
	if r.Other != nil {
		e.Other = *r.Other
	}
	switch e.Kind {
	case Imported:
		e.File, e.Line, e.Channel = r.One, r.Two, r.Three
	case Decided, Carried:
		e.Reason, e.Comment, e.Override = r.One, r.Two, r.Three
	case Waived, Withdrawn:
		e.Rule, e.Path, e.Text = r.One, r.Two, r.Three
	case Duplicate, Survived:
		e.Likeness = r.One
	default:
		e.Text = r.One
	}
	return e
}

// contents reads what the events' revisions say, and those before them.
func (s *Service) contents(ctx context.Context, id uuid.UUID, events []Event) (map[int]Content, error) {
	wanted := []int32{}
	for _, e := range events {
		switch n := e.Made(); {
		case n > 1:
			wanted = append(wanted, int32(n), int32(n-1))
		case e.Kind == Imported:
			wanted = append(wanted, 1)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return s.revisions(ctx, id, wanted)
}

func (s *Service) revisions(ctx context.Context, id uuid.UUID, numbers []int32) (map[int]Content, error) {
	rows, err := db.New(s.db).HistoryRevisions(ctx, s.dataset, id, numbers)
	if err != nil {
		return nil, fmt.Errorf("read revisions: %w", err)
	}
	contents := make(map[int]Content, len(rows))
	for _, r := range rows {
		messages, err := example.ParseMessages([]byte(r.Messages))
		if err != nil {
			return nil, fmt.Errorf("revision %d: %w", r.Revision, err)
		}
		contents[int(r.Revision)] = Content{Messages: messages, Errors: int(r.Errors), Warnings: int(r.Warnings)}
	}
	return contents, nil
}

// Numbers lists the newest 200 revisions of an example that the viewer may see,
// newest first.
func (s *Service) Numbers(ctx context.Context, v sight.Viewer, id uuid.UUID) ([]int, error) {
	eyes, err := sight.Of(ctx, s.db, s.dataset, id, v)
	if err != nil {
		return nil, err
	}
	rows, err := db.New(s.db).RevisionNumbers(ctx, s.dataset, id)
	if err != nil {
		return nil, fmt.Errorf("revisions of example %s: %w", id, err)
	}
	var numbers []int
	for i, r := range rows {
		author := uuid.Nil
		if r.AuthorID != nil {
			author = *r.AuthorID
		}
		// The current one lies before everybody; who made it is not said.
		if i == 0 || eyes.Sees(author, r.CreatedAt) {
			numbers = append(numbers, int(r.Revision))
		}
	}
	return numbers, nil
}

// Compare returns two revisions of an example. One that there is not, or that
// the viewer does not see, is fault.NotFound.
func (s *Service) Compare(ctx context.Context, v sight.Viewer, id uuid.UUID, from, to int) (before, after Content, err error) {
	numbers, err := s.Numbers(ctx, v, id)
	if err != nil {
		return before, after, err
	}
	for _, n := range []int{from, to} {
		if !slices.Contains(numbers, n) {
			return before, after, fault.New(fault.NotFound, "There is no revision %d of this example to compare.", n)
		}
	}
	contents, err := s.revisions(ctx, id, []int32{int32(from), int32(to)})
	if err != nil {
		return before, after, fmt.Errorf("compare revisions of example %s: %w", id, err)
	}
	return contents[from], contents[to], nil
}

// A cursor is the time and key of the last event of a page.
func formatCursor(at time.Time, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMicro(), 10) + " " + key))
}

func parseCursor(cursor string) (time.Time, string, error) {
	if cursor == "" {
		return time.Unix(latestSecond, 0), "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	at, key, ok := strings.Cut(string(raw), " ")
	micros, nerr := strconv.ParseInt(at, 10, 64)
	if err != nil || nerr != nil || !ok || micros < 0 || len(key) > 100 || strings.ContainsRune(key, 0) || strings.ToValidUTF8(key, "") != key {
		return time.Time{}, "", fault.New(fault.Invalid, "This page of the history does not exist. Go back to the example.")
	}
	return time.UnixMicro(micros), key, nil
}
