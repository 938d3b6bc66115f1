// Package acceptance judges a whole batch by a random sample of it: it draws the
// sample, gives it to people to review, and says from their verdicts whether the
// batch is good enough. The statistics are package stat's, the reviewing is package
// review's; docs/sampling.md explains the plans.
package acceptance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/stat"
)

// What this package writes to the record. The object is "sample/<id>".
const (
	ActionDrawn     = "sample.drawn"
	ActionDrawnOn   = "sample.drawn-on"
	ActionAccepted  = "sample.accepted"
	ActionRejected  = "sample.rejected"
	ActionAbandoned = "sample.abandoned"
	ActionReturned  = "sample.batch-returned"
)

// Limits.
const (
	// MaxItems bounds a sample: as many as one assignment may hold.
	MaxItems = assign.MaxExamples
	// MaxLimit bounds a page of samples or items.
	MaxLimit = 200

	maxNameBytes = 200
	maxNoteBytes = 2000
	maxKeyBytes  = 500
)

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Service draws and judges samples of one dataset. It is safe for concurrent use.
type Service struct {
	db      DB
	dataset uuid.UUID
	work    *assign.Service
	returns Returner
}

// New returns the service; work is where reviewers get what is theirs to do, returns
// what drafts the act that sends a batch back; nil: batches can't be sent back.
func New(conn DB, dataset uuid.UUID, work *assign.Service, returns Returner) *Service {
	return &Service{db: conn, dataset: dataset, work: work, returns: returns}
}

// A State is where a sample stands.
type State string

// The states. Only an open sample changes.
const (
	Open      State = "open"
	Accepted  State = "accepted"
	Rejected  State = "rejected"
	Abandoned State = "abandoned"
)

// A Request is a sample that somebody asks for.
type Request struct {
	Name      string
	Batch     Batch
	Plan      Plan
	Edits     bool  // what was approved only after an edit counts as a defect
	Seed      int64 // 0: a random one
	People    []uuid.UUID
	Everybody bool
	// Series names the batches, one after the other from the same maker, whose results
	// tighten or ease each other's inspection; for ISO plans. Empty: none.
	Series string
}

// A Sample is one that was drawn.
type Sample struct {
	ID        uuid.UUID
	Name      string
	Batch     Batch
	Plan      Plan
	Edits     bool
	Frame     int    // how many examples could be drawn
	FrameHash []byte // of their ids
	Seed      int64
	N         int // how many to look at; of a sequential plan at most
	Accept    int // most defects that accept; -1 for a sequential plan
	Drawn     int // items given to people so far
	State     State
	Reviewed  int // when it was closed
	Defects   int
	Author    string
	CreatedAt time.Time
	ClosedBy  string
	ClosedAt  time.Time
	Note      string
	Returned  uuid.UUID // the act that sent the batch back; uuid.Nil: none
	Series    string    // that the batch is one of; empty: none
}

// Design is the plan as it was worked out for the batch.
func (s Sample) Design() Design {
	d := Design{N: s.N, Accept: s.Accept, Lot: s.Frame, First: s.Drawn}
	if again, err := s.Plan.Design(s.Frame); err == nil {
		d.First, d.Letter = again.First, again.Letter
	}
	return d
}

// Draw draws a sample and gives it to people. It fails with fault.Invalid and the
// fields name, batch, plan's own and people.
func (s *Service) Draw(ctx context.Context, by audit.Actor, r Request) (uuid.UUID, error) {
	r.Name, r.Series = strings.TrimSpace(r.Name), strings.TrimSpace(r.Series)
	problems := map[string]string{}
	if len(r.Series) > maxNameBytes || strings.ContainsRune(r.Series, 0) {
		problems["series"] = "Give the series a name of a few words."
	} else if r.Series != "" && r.Plan.Kind != ISO {
		problems["series"] = "Only ISO 2859-1 has rules for a series. Leave it out, or choose that plan."
	}
	if r.Name == "" || len(r.Name) > maxNameBytes || strings.ContainsRune(r.Name, 0) {
		problems["name"] = "Give it a name, such as \"July import, first look\"."
	}
	if !r.Everybody && len(r.People) == 0 {
		problems["people"] = "Choose who is to review it."
	}
	for field, msg := range r.Plan.problems() {
		problems[field] = msg
	}
	if len(problems) > 0 {
		return uuid.Nil, fault.Fields("The sample is not drawn yet.", problems)
	}
	if r.Series != "" {
		var err error
		if r.Plan.Severity, err = s.Severity(ctx, r.Series); err != nil {
			return uuid.Nil, err
		}
		if r.Plan.Severity == stat.Discontinued {
			return uuid.Nil, fault.Fields("The sample is not drawn.", map[string]string{
				"series": "Five batches of this series were rejected under tightened inspection, so no other is accepted. Mend what makes them, then begin a series with a new name.",
			})
		}
	}
	f, err := s.frame(ctx, r.Batch)
	if err != nil {
		return uuid.Nil, fmt.Errorf("draw a sample of %s %s: %w", r.Batch.Kind, r.Batch.Key, err)
	}
	if f.size() == 0 {
		return uuid.Nil, fault.Fields("The sample is not drawn yet.", map[string]string{"batch": "There is no example in this batch to draw."})
	}
	d, err := r.Plan.Design(f.size())
	if err != nil {
		return uuid.Nil, err
	}
	if r.Seed == 0 {
		if r.Seed, err = newSeed(); err != nil {
			return uuid.Nil, err
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("draw a sample: new id: %w", err)
	}
	items := f.draw(r.Seed, d.N)
	if err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error { return s.store(ctx, tx, by, id, r, d, f, items) }); err != nil {
		return uuid.Nil, fmt.Errorf("draw a sample: %w", err)
	}
	return id, nil
}

func (s *Service) store(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID, r Request, d Design, f frame, items []member) error {
	plan, err := r.Plan.encode()
	if err != nil {
		return err
	}
	bits, err := f.pack()
	if err != nil {
		return err
	}
	hash := f.hash()
	q := db.New(tx)
	if err := q.InsertSample(ctx, db.InsertSampleParams{
		DatasetID: s.dataset, ID: id, Name: r.Name, Batch: string(r.Batch.Kind), Key: r.Batch.Key, Scope: string(r.Batch.Scope),
		FrameSize: int32(f.size()), FrameHash: hash, FrameLast: f.last(), Frame: bits, Seed: r.Seed, Plan: plan,
		N: int32(d.N), Accept: int32(d.Accept), Edits: r.Edits, Drawn: int32(d.First), AuthorID: by.ID, Author: nameOf(by), Series: r.Series,
	}); err != nil {
		return fmt.Errorf("insert sample: %w", err)
	}
	rows := make([]db.InsertSampleItemsParams, len(items))
	for i, m := range items {
		rows[i] = db.InsertSampleItemsParams{DatasetID: s.dataset, SampleID: id, Ordinal: int32(i + 1), ExampleID: m.id, Revision: m.revision}
	}
	if _, err := q.InsertSampleItems(ctx, rows); err != nil {
		return fmt.Errorf("insert items: %w", err)
	}
	if err := s.give(ctx, tx, by, gift{id, r.Name, r.Batch.Scope, 1, d.First, r.People, r.Everybody}); err != nil {
		return err
	}
	return s.record(ctx, tx, by, ActionDrawn, id, map[string]any{
		"name": r.Name, "batch": r.Batch.Kind, "key": r.Batch.Key, "scope": r.Batch.Scope, "frame": f.size(), "frame_sha256": fmt.Sprintf("%x", hash),
		"seed": r.Seed, "plan": r.Plan, "n": d.N, "accept": d.Accept, "edits": r.Edits, "series": r.Series,
	})
}

// Severity is how strictly the next batch of a series is inspected, after how those
// before it came out. While one of them is still judged the next one waits: fault.Invalid
// with the field series.
func (s *Service) Severity(ctx context.Context, series string) (stat.Severity, error) {
	q := db.New(s.db)
	open, err := q.OpenOfSeries(ctx, s.dataset, series)
	if err == nil && open {
		return "", fault.Fields("The sample is not drawn yet.", map[string]string{"series": "A batch of this series is still being judged, and what comes of it decides how this one is inspected. Close it first."})
	}
	var states []string
	if err == nil {
		states, err = q.SeriesResults(ctx, s.dataset, series)
	}
	if err != nil {
		return "", fmt.Errorf("read the series %q: %w", series, err)
	}
	accepted := make([]bool, len(states))
	for i, state := range states {
		accepted[i] = State(state) == Accepted
	}
	return stat.SeverityAfter(accepted), nil
}

// SeriesNames lists the series that there are, the one used last first.
func (s *Service) SeriesNames(ctx context.Context) ([]string, error) {
	names, err := db.New(s.db).SeriesNames(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("list series: %w", err)
	}
	return names, nil
}

// A gift is a part of a sample that people get to review: the ordinals first to last.
type gift struct {
	sample      uuid.UUID
	name        string
	scope       Scope
	first, last int
	people      []uuid.UUID
	everybody   bool
}

// give makes an assignment of those items that wait for a decision, if any does; in an
// audit what is approved waits to be looked at again.
func (s *Service) give(ctx context.Context, tx pgx.Tx, by audit.Actor, g gift) error {
	q := db.New(tx)
	items, err := q.SampleItems(ctx, db.SampleItemsParams{DatasetID: s.dataset, SampleID: g.sample, After: int32(g.first - 1), Upto: int32(g.last), MaxRows: MaxItems})
	if err != nil {
		return fmt.Errorf("read items: %w", err)
	}
	var ids []uuid.UUID
	for _, i := range items {
		if i.Status == db.ExampleStatusPending || g.scope == Approved {
			ids = append(ids, i.ExampleID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	title := "Sample: "
	if g.scope == Approved {
		title = "Audit: "
	}
	assignment, err := s.work.GiveIn(ctx, tx, by, assign.Plan{
		Scope:  assign.Scope{Examples: ids, Title: title + g.name, Origin: "/sampling/" + g.sample.String()},
		People: g.people, Everybody: g.everybody,
	})
	if err != nil {
		return err
	}
	if err := q.InsertSampleAssignment(ctx, db.InsertSampleAssignmentParams{
		DatasetID: s.dataset, SampleID: g.sample, AssignmentID: assignment, First: int32(g.first), Last: int32(g.last),
	}); err != nil {
		return fmt.Errorf("note the assignment: %w", err)
	}
	return nil
}

// nameOf is how somebody is called, without the address that the record adds.
func nameOf(by audit.Actor) string {
	name, _, _ := strings.Cut(by.Name, " <")
	return name
}

func (s *Service) record(ctx context.Context, tx pgx.Tx, by audit.Actor, action string, id uuid.UUID, detail any) error {
	return audit.Write(ctx, tx, audit.Entry{Dataset: s.dataset, Actor: by, Action: action, Object: "sample/" + id.String(), Detail: detail})
}

// List returns samples, newest first, those before an id (uuid.Nil: from the
// newest), and the id to go on from, or uuid.Nil at the end.
func (s *Service) List(ctx context.Context, before uuid.UUID, limit int) ([]Sample, uuid.UUID, error) {
	if limit < 1 || limit > MaxLimit {
		return nil, uuid.Nil, fault.New(fault.Invalid, "Ask for between 1 and %d samples.", MaxLimit)
	}
	if before == uuid.Nil {
		before = uuid.Max
	}
	rows, err := db.New(s.db).ListSamples(ctx, s.dataset, before, int32(limit+1))
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list samples: %w", err)
	}
	next := uuid.Nil
	if len(rows) > limit {
		rows, next = rows[:limit], rows[limit-1].ID
	}
	list := make([]Sample, len(rows))
	for i, r := range rows {
		one, err := sampleOf(db.Sample{
			ID: r.ID, Name: r.Name, Batch: r.Batch, Key: r.Key, Scope: r.Scope, FrameSize: r.FrameSize, Plan: r.Plan, N: r.N, Accept: r.Accept,
			Edits: r.Edits, Drawn: r.Drawn, State: r.State, Reviewed: r.Reviewed, Defects: r.Defects, Author: r.Author, CreatedAt: r.CreatedAt, ClosedAt: r.ClosedAt,
		})
		if err != nil {
			return nil, uuid.Nil, err
		}
		list[i] = one
	}
	return list, next, nil
}

// Running is the assignment in which people review a sample now; false when there is
// none.
func (s *Service) Running(ctx context.Context, id uuid.UUID) (uuid.UUID, bool, error) {
	given, err := db.New(s.db).SampleAssignments(ctx, s.dataset, id)
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("list the work of sample %s: %w", id, err)
	}
	for _, g := range given {
		if g.EndedAt == nil {
			return g.AssignmentID, true, nil
		}
	}
	return uuid.Nil, false, nil
}

// Get reads one sample, or fault.NotFound.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Sample, error) {
	row, err := db.New(s.db).SampleByID(ctx, s.dataset, id)
	return found(id, row, err)
}

func (s *Service) lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Sample, error) {
	row, err := db.New(tx).LockSample(ctx, s.dataset, id)
	return found(id, row, err)
}

func found(id uuid.UUID, row db.Sample, err error) (Sample, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return Sample{}, fault.New(fault.NotFound, "There is no such sample.")
	}
	if err != nil {
		return Sample{}, fmt.Errorf("read sample %s: %w", id, err)
	}
	return sampleOf(row)
}

func sampleOf(r db.Sample) (Sample, error) {
	s := Sample{
		ID: r.ID, Name: r.Name, Batch: Batch{BatchKind(r.Batch), r.Key, Scope(r.Scope)}, Edits: r.Edits, Frame: int(r.FrameSize), FrameHash: r.FrameHash,
		Seed: r.Seed, N: int(r.N), Accept: int(r.Accept), Drawn: int(r.Drawn), State: State(r.State), Reviewed: int(r.Reviewed), Defects: int(r.Defects),
		Author: r.Author, CreatedAt: r.CreatedAt, ClosedBy: r.ClosedBy, Note: r.Note, Series: r.Series,
	}
	if r.ClosedAt != nil {
		s.ClosedAt = *r.ClosedAt
	}
	if r.Returned != nil {
		s.Returned = *r.Returned
	}
	var err error
	s.Plan, err = decodePlan(r.Plan)
	return s, err
}
