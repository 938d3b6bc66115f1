// Package assign is where a lead gives work to people: a category, an import, a
// list of examples. It says who has what to do and how far they are. Handing out
// the single examples is package review's, which looks at the same tables.
package assign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/postgres"
)

// What this package writes to the record. The object is "assignment/<id>".
const (
	ActionGive     = "assignment.give"
	ActionHandOver = "assignment.handover"
	ActionEnd      = "assignment.end"
)

const (
	// MaxExamples bounds a list that is assigned.
	MaxExamples = 10_000

	maxNoteBytes  = 2000
	maxTitleBytes = 300
	maxPeople     = 200
	maxLimit      = 200
	maxOwn        = 100 // assignments that one person sees
	countLimit    = 10_001
)

// Kinds of Scope.
const (
	Shelf    = "shelf"
	Import   = "import"
	Examples = "examples"
)

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Service gives and shows work of one dataset. It is safe for concurrent use.
type Service struct {
	db      DB
	dataset uuid.UUID
	now     func() time.Time
}

// New returns the service. now is the clock; nil means time.Now.
func New(conn DB, dataset uuid.UUID, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{db: conn, dataset: dataset, now: now}
}

// A Scope is what is given: a shelf (Category, and Subcategory where it is one),
// an import, or a list of examples. Exactly one of the three is set.
type Scope struct {
	Category    string
	Subcategory string
	Import      uuid.UUID
	Examples    []uuid.UUID // at most MaxExamples; those that there are not are left out
	Title       string      // what it is, in words: "Injury analysis, red flags"
	Origin      string      // for Examples: path of the search that found them, or empty
}

// kind says which of the three the scope is, or "" where it is none or several.
func (s Scope) kind() string {
	kind, n := "", 0
	for _, k := range []struct {
		name string
		set  bool
	}{{Shelf, s.Category != ""}, {Import, s.Import != uuid.Nil}, {Examples, len(s.Examples) > 0}} {
		if k.set {
			kind, n = k.name, n+1
		}
	}
	if n != 1 {
		return ""
	}
	return kind
}

// A Plan is what a lead asks for.
type Plan struct {
	Scope
	People    []uuid.UUID
	Everybody bool // whoever may review; People is then empty
	Note      string
	Due       time.Time // a day in UTC; zero: none
}

// An Assignment is work that was given.
type Assignment struct {
	ID          uuid.UUID
	Kind        string
	Category    string
	Subcategory string
	Import      uuid.UUID
	Title       string
	Origin      string
	Note        string
	Due         time.Time // zero: none
	Everybody   bool
	People      []Person // by name; empty for everybody
	Author      string
	CreatedAt   time.Time
	EndedAt     time.Time // zero: it runs
	EndedBy     string
	Progress    Progress
}

// A Person has work to do.
type Person struct {
	ID   uuid.UUID
	Name string
}

// Progress is how far an assignment is: of its examples, how many still wait for
// a decision.
type Progress struct {
	Total   int64
	Waiting int64
	More    bool // more wait than were counted
}

// Done is how many examples do not wait any more.
func (p Progress) Done() int64 { return max(p.Total-p.Waiting, 0) }

// problems says what is wrong with a plan, by field.
func (p Plan) problems(now time.Time) map[string]string {
	bad := map[string]string{}
	switch {
	case p.kind() == "":
		bad["scope"] = "Choose one thing to give: a category, an import or a list of examples."
	case len(p.Examples) > MaxExamples:
		bad["scope"] = fmt.Sprintf("Give at most %d examples at once.", MaxExamples)
	case strings.TrimSpace(p.Title) == "" || len(p.Title) > maxTitleBytes || strings.ContainsRune(p.Title, 0):
		bad["scope"] = "Say in a few words what it is."
	}
	if msg := peopleProblem(p.People, p.Everybody); msg != "" {
		bad["people"] = msg
	}
	switch {
	case len(p.Note) > maxNoteBytes:
		bad["note"] = fmt.Sprintf("Keep it under %d bytes.", maxNoteBytes)
	case strings.ContainsRune(p.Note, 0):
		bad["note"] = "Take out the NUL character."
	}
	if !p.Due.IsZero() && p.Due.Before(dayOf(now)) {
		bad["due"] = "This day is over. Choose a later one, or none."
	}
	return bad
}

func peopleProblem(people []uuid.UUID, everybody bool) string {
	switch {
	case !everybody && len(people) == 0:
		return "Choose who is to do it."
	case everybody && len(people) > 0:
		return "Choose everybody, or some people, not both."
	case len(people) > maxPeople:
		return fmt.Sprintf("Choose at most %d people, or everybody.", maxPeople)
	}
	return ""
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Give makes an assignment and tells those who have it. Problems are
// fault.Invalid with the fields scope, people, note and due.
func (s *Service) Give(ctx context.Context, by audit.Actor, p Plan) (uuid.UUID, error) {
	p.Note, p.Title = strings.TrimSpace(p.Note), strings.TrimSpace(p.Title)
	if bad := p.problems(s.now()); len(bad) > 0 {
		return uuid.Nil, fault.Fields("Nothing was given.", bad)
	}
	var id uuid.UUID
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) (err error) {
		id, err = s.give(ctx, tx, by, p)
		return err
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("give work: %w", err)
	}
	return id, nil
}

// GiveIn is Give within the caller's transaction, for work that is part of more.
func (s *Service) GiveIn(ctx context.Context, tx pgx.Tx, by audit.Actor, p Plan) (uuid.UUID, error) {
	if bad := p.problems(s.now()); len(bad) > 0 {
		return uuid.Nil, fault.Fields("Nothing was given.", bad)
	}
	return s.give(ctx, tx, by, p)
}

func (s *Service) give(ctx context.Context, tx pgx.Tx, by audit.Actor, p Plan) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("new id: %w", err)
	}
	q := db.New(tx)
	people, err := s.able(ctx, tx, p.People, p.Everybody)
	if err != nil {
		return uuid.Nil, err
	}
	row := db.InsertAssignmentParams{
		DatasetID: s.dataset, ID: id, Kind: p.kind(), Category: p.Category, Subcategory: p.Subcategory, Examples: int32(len(p.Examples)),
		Title: p.Title, Origin: p.Origin, Note: p.Note, Everybody: p.Everybody, AuthorID: by.ID, Author: nameOf(by),
	}
	if p.Import != uuid.Nil {
		row.ImportID = &p.Import
	}
	if !p.Due.IsZero() {
		row.Due = pgtype.Date{Time: dayOf(p.Due), Valid: true}
	}
	if err := q.InsertAssignment(ctx, row); err != nil {
		return uuid.Nil, fmt.Errorf("insert: %w", err)
	}
	if len(p.Examples) > 0 {
		n, err := q.InsertAssignmentExamples(ctx, id, s.dataset, p.Examples)
		if err != nil {
			return uuid.Nil, fmt.Errorf("list the examples: %w", err)
		}
		if n == 0 {
			return uuid.Nil, fault.Fields("Nothing was given.", map[string]string{"scope": "None of these examples is there any more."})
		}
	}
	if err := s.tell(ctx, tx, by, id, people, p.Everybody, p.Title, p.Note); err != nil {
		return uuid.Nil, err
	}
	return id, s.record(ctx, tx, by, ActionGive, id, map[string]any{
		"title": p.Title, "kind": p.kind(), "everybody": p.Everybody, "people": names(people, p.Everybody), "examples": len(p.Examples),
	})
}

// able returns those of the users who are to do it, or of everybody who may
// review. Naming somebody who may not is fault.Invalid.
func (s *Service) able(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, everybody bool) ([]db.MentionableUsersRow, error) {
	users, err := db.New(tx).MentionableUsers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	users = slices.DeleteFunc(users, func(u db.MentionableUsersRow) bool { return !account.Role(u.Role).Can(account.Review) })
	if everybody {
		return users, nil
	}
	var chosen []db.MentionableUsersRow
	for _, id := range ids {
		i := slices.IndexFunc(users, func(u db.MentionableUsersRow) bool { return u.ID == id })
		if i < 0 {
			return nil, fault.Fields("Nothing was given.", map[string]string{"people": "Somebody you chose may not review, or cannot sign in any more."})
		}
		if !slices.Contains(chosen, users[i]) {
			chosen = append(chosen, users[i])
		}
	}
	return chosen, nil
}

// tell writes who has the assignment and puts a notice into their inboxes.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID, people []db.MentionableUsersRow, everybody bool, title, note string) error {
	if !everybody {
		ids := make([]uuid.UUID, len(people))
		for i, u := range people {
			ids[i] = u.ID
		}
		if err := db.New(tx).InsertAssignmentPeople(ctx, s.dataset, id, ids); err != nil {
			return fmt.Errorf("name the people: %w", err)
		}
	}
	text := title
	if note != "" {
		text += "\n" + note
	}
	for _, u := range people {
		if u.ID == by.ID {
			continue
		}
		if err := inbox.Notify(ctx, tx, s.dataset, inbox.Notice{
			User: u.ID, Kind: inbox.KindAssignment, Author: nameOf(by), Text: text, Link: "/review/assigned/" + id.String(),
		}); err != nil {
			return err
		}
	}
	return nil
}

// HandOver gives an assignment that runs to other people, who are told. What
// those before them decided stays. Problems are fault.Invalid with the field
// people; an assignment that has ended is fault.Conflict.
func (s *Service) HandOver(ctx context.Context, by audit.Actor, id uuid.UUID, people []uuid.UUID, everybody bool) error {
	if msg := peopleProblem(people, everybody); msg != "" {
		return fault.Fields("It was not handed over.", map[string]string{"people": msg})
	}
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		a, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		q := db.New(tx)
		able, err := s.able(ctx, tx, people, everybody)
		if err != nil {
			return err
		}
		had, err := q.AssignmentPeople(ctx, s.dataset, []uuid.UUID{id})
		if err != nil {
			return fmt.Errorf("read who has it: %w", err)
		}
		if err := q.DeleteAssignmentPeople(ctx, s.dataset, id); err != nil {
			return fmt.Errorf("take it from those who have it: %w", err)
		}
		if err := q.SetAssignmentEveryone(ctx, everybody, s.dataset, id); err != nil {
			return fmt.Errorf("hand over: %w", err)
		}
		if err := s.tell(ctx, tx, by, id, able, everybody, a.Title, a.Note); err != nil {
			return err
		}
		before := []string{"everybody"}
		if !a.Everybody {
			before = nil
			for _, p := range had {
				before = append(before, p.Name)
			}
		}
		return s.record(ctx, tx, by, ActionHandOver, id, map[string]any{"title": a.Title, "from": before, "to": names(able, everybody)})
	})
	if err != nil {
		return fmt.Errorf("hand over assignment %s: %w", id, err)
	}
	return nil
}

// End takes an assignment back. Its examples stay in their queues; decisions
// stay. Ending one that has ended is fault.Conflict.
func (s *Service) End(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error { return s.EndIn(ctx, tx, by, id) })
}

// EndIn is End within the caller's transaction.
func (s *Service) EndIn(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID) error {
	a, err := s.lock(ctx, tx, id)
	if err == nil {
		err = db.New(tx).EndAssignment(ctx, nameOf(by), s.dataset, id)
	}
	if err == nil {
		err = s.record(ctx, tx, by, ActionEnd, id, map[string]any{"title": a.Title})
	}
	if err != nil {
		return fmt.Errorf("end assignment %s: %w", id, err)
	}
	return nil
}

// lock reads an assignment that runs and keeps others from changing it.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (db.Assignment, error) {
	a, err := db.New(tx).LockAssignment(ctx, s.dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, noAssignment()
	}
	if err != nil {
		return a, fmt.Errorf("lock: %w", err)
	}
	if a.EndedAt != nil {
		return a, fault.New(fault.Conflict, "This assignment has ended already. Give the work anew.")
	}
	return a, nil
}

func noAssignment() error { return fault.New(fault.NotFound, "There is no such assignment.") }

// Get reads one assignment with its progress, or fault.NotFound.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Assignment, error) {
	row, err := db.New(s.db).AssignmentByID(ctx, s.dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Assignment{}, noAssignment()
	}
	if err != nil {
		return Assignment{}, fmt.Errorf("read assignment %s: %w", id, err)
	}
	list, err := s.whole(ctx, []db.Assignment{row})
	if err != nil {
		return Assignment{}, fmt.Errorf("read assignment %s: %w", id, err)
	}
	return list[0], nil
}

// For reads one assignment that runs and that the user has; fault.NotFound where
// it is somebody else's or has ended.
func (s *Service) For(ctx context.Context, user, id uuid.UUID) (Assignment, error) {
	a, err := s.Get(ctx, id)
	if err != nil {
		return a, err
	}
	if !a.EndedAt.IsZero() {
		return a, fault.New(fault.NotFound, "This assignment has ended. Nothing of it waits for you any more.")
	}
	if !a.Everybody && !slices.ContainsFunc(a.People, func(p Person) bool { return p.ID == user }) {
		return a, fault.New(fault.NotFound, "This is not your assignment. It may have been handed over to somebody else.")
	}
	return a, nil
}

// Of lists what somebody has to do, the soonest due first; at most 100.
func (s *Service) Of(ctx context.Context, user uuid.UUID) ([]Assignment, error) {
	rows, err := db.New(s.db).AssignmentsOf(ctx, s.dataset, user, maxOwn)
	if err != nil {
		return nil, fmt.Errorf("assignments of %s: %w", user, err)
	}
	return s.whole(ctx, rows)
}

// List returns a page of all assignments, newest first, those that run or those
// that have ended, and the id after which the next page begins, uuid.Nil where
// there is none.
func (s *Service) List(ctx context.Context, ended bool, after uuid.UUID, limit int) ([]Assignment, uuid.UUID, error) {
	if limit < 1 || limit > maxLimit {
		return nil, uuid.Nil, fault.New(fault.Invalid, "Ask for between 1 and %d assignments.", maxLimit)
	}
	if after == uuid.Nil {
		after = uuid.Max
	}
	rows, err := db.New(s.db).ListAssignments(ctx, db.ListAssignmentsParams{
		DatasetID: s.dataset, Before: after, Ended: ended, MaxRows: int32(limit + 1),
	})
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list assignments: %w", err)
	}
	next := uuid.Nil
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	list, err := s.whole(ctx, rows)
	return list, next, err
}

// whole adds people and progress to rows.
func (s *Service) whole(ctx context.Context, rows []db.Assignment) ([]Assignment, error) {
	ids := make([]uuid.UUID, len(rows))
	list := make([]Assignment, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
		a := Assignment{
			ID: r.ID, Kind: r.Kind, Category: r.Category, Subcategory: r.Subcategory, Title: r.Title, Origin: r.Origin, Note: r.Note,
			Everybody: r.Everybody, Author: r.Author, CreatedAt: r.CreatedAt.UTC(), EndedBy: r.EndedBy,
		}
		if r.ImportID != nil {
			a.Import = *r.ImportID
		}
		if r.Due.Valid {
			a.Due = r.Due.Time
		}
		if r.EndedAt != nil {
			a.EndedAt = r.EndedAt.UTC()
		}
		var err error
		if a.Progress, err = s.progress(ctx, r); err != nil {
			return nil, fmt.Errorf("progress of assignment %s: %w", r.ID, err)
		}
		list[i] = a
	}
	people, err := db.New(s.db).AssignmentPeople(ctx, s.dataset, ids)
	if err != nil {
		return nil, fmt.Errorf("people of assignments: %w", err)
	}
	for _, p := range people {
		i := slices.Index(ids, p.AssignmentID)
		list[i].People = append(list[i].People, Person{ID: p.UserID, Name: p.Name})
	}
	return list, nil
}

// progress never counts more than 10,000 rows: a shelf has counters, an import
// is counted as far as that, and a list is no longer.
func (s *Service) progress(ctx context.Context, a db.Assignment) (Progress, error) {
	q := db.New(s.db)
	switch a.Kind {
	case Shelf:
		var p Progress
		rows, err := q.ShelfProgress(ctx, s.dataset, a.Category, a.Subcategory)
		for _, r := range rows {
			p.Total += r.Examples
			if example.Status(r.Status) == example.Pending {
				p.Waiting += r.Examples
			}
		}
		return p, err
	case Import:
		r, err := q.ImportProgress(ctx, s.dataset, *a.ImportID, countLimit)
		return Progress{Total: r.Total, Waiting: min(r.Waiting, countLimit-1), More: r.Waiting == countLimit}, err
	default:
		r, err := q.ListedProgress(ctx, s.dataset, a.ID)
		return Progress{Total: r.Total, Waiting: r.Waiting}, err
	}
}

func (s *Service) record(ctx context.Context, tx pgx.Tx, by audit.Actor, action string, id uuid.UUID, detail any) error {
	return audit.Write(ctx, tx, audit.Entry{
		Dataset: s.dataset, Actor: by, Action: action, Object: "assignment/" + id.String(), Detail: detail,
	})
}

// nameOf is an actor's name without the address behind it.
func nameOf(by audit.Actor) string {
	name, _, _ := strings.Cut(by.Name, " <")
	return name
}

func names(people []db.MentionableUsersRow, everybody bool) []string {
	if everybody {
		return []string{"everybody"}
	}
	list := make([]string, len(people))
	for i, u := range people {
		list[i] = u.Name
	}
	return list
}
