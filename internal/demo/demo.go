// Package demo fills an empty workspace with sample examples, some of them
// reviewed, and takes every trace of them out again.
package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/sample"
)

// seed makes the demo the same everywhere, so that the first steps of the
// handbook show what it says.
const seed = 1

// Of the demo examples, one in five comes reviewed; of those, one in eight goes
// to a specialist and one in nine is rejected, besides those with errors.
const (
	reviewOne   = 5
	escalateOne = 8
	rejectOne   = 9
)

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Service adds and removes the demo data of one dataset.
type Service struct {
	db      DB
	dataset uuid.UUID
	ingest  *ingest.Service // must have no Enqueue: the demo's import is run here
	review  *review.Service
}

// New returns the service. imports must be a service without a queue.
func New(conn DB, dataset uuid.UUID, imports *ingest.Service, reviews *review.Service) *Service {
	return &Service{db: conn, dataset: dataset, ingest: imports, review: reviews}
}

// Add imports the demo examples and reviews some of them. Where they are there
// already it fails with fault.Conflict.
func (s *Service) Add(ctx context.Context, by audit.Actor) error {
	sources, err := db.New(s.db).DemoSourceIDs(ctx, s.dataset)
	if err != nil {
		return fmt.Errorf("add demo: %w", err)
	}
	if len(sources) > 0 {
		return fault.New(fault.Conflict, "The demo examples are here already.")
	}
	var rows bytes.Buffer
	if _, err := sample.Write(ctx, &rows, io.Discard, sample.Demo(seed)); err != nil {
		return fmt.Errorf("add demo: generate: %w", err)
	}
	run, err := s.ingest.Store(ctx, &rows, ingest.Upload{
		Name: "demo.jsonl", Channel: ingest.ChannelDemo, Demo: true, By: by, Bytes: int64(rows.Len()), Licence: "Apache-2.0, generated",
	})
	if err != nil {
		return fmt.Errorf("add demo: store: %w", err)
	}
	if err := s.ingest.Run(ctx, run.ID); err != nil {
		return fmt.Errorf("add demo: import: %w", err)
	}
	if err := s.decide(ctx, by); err != nil {
		return fmt.Errorf("add demo: review: %w", err)
	}
	return nil
}

// colleague gives the second approval where a category asks for two. Nobody can
// sign in as them.
func colleague(of audit.Actor) audit.Actor {
	return audit.Actor{ID: uuid.NewSHA1(of.ID, []byte("demo")), Name: "A colleague of " + of.Name}
}

// decide approves, rejects and escalates a part of the demo, so that the
// dashboard has something to show.
func (s *Service) decide(ctx context.Context, by audit.Actor) error {
	rows, err := db.New(s.db).DemoRows(ctx, s.dataset, 1000)
	if err != nil {
		return err
	}
	for i, r := range rows {
		if i%reviewOne != 0 {
			continue
		}
		d := review.Decision{
			ExampleID: r.ID, Reviewer: by, Revision: int(r.Revision), Verdict: example.Approve,
			Took: 8 * time.Second, Comment: "Part of the demo.",
		}
		switch n := i / reviewOne; {
		case r.Errors > 0:
			d.Verdict, d.Reason = example.Reject, "The checks found an error."
		case n%escalateOne == 1:
			d.Verdict, d.Reason = example.Escalate, "Would a physiotherapist say this?"
		case n%rejectOne == 2:
			d.Verdict, d.Reason = example.Reject, "A coach would not say it like this."
		}
		out, err := s.review.Decide(ctx, d)
		if err != nil {
			return err
		}
		if out.Lacks > 0 {
			d.Reviewer = colleague(by)
			if _, err := s.review.Decide(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// A Removal says what went with the demo.
type Removal struct {
	Examples int64
	// Again names files, at most 20, that should be imported again: some of their
	// rows were not taken in because a demo example said the same.
	Again []string
}

// Remove deletes the demo's source with everything that came of it, in one
// transaction. It is the one place where anything is deleted; the record keeps
// that it happened.
func (s *Service) Remove(ctx context.Context, by audit.Actor) (Removal, error) {
	var r Removal
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		sources, err := q.DemoSourceIDs(ctx, s.dataset)
		if err != nil {
			return fmt.Errorf("list sources: %w", err)
		}
		if len(sources) == 0 {
			return nil
		}
		if r.Again, err = q.FilesEqualToDemo(ctx, s.dataset, sources); err != nil {
			return fmt.Errorf("look for files to import again: %w", err)
		}
		if err := q.AllowDemoRemoval(ctx); err != nil {
			return fmt.Errorf("allow removal: %w", err)
		}
		// Releases that hold demo examples say what can't be looked up any more.
		for _, remove := range []func(context.Context, uuid.UUID) error{q.RemoveDemoReleases, q.RemoveDemoReleaseFiles, q.RemoveDemoReleaseKept, q.RemoveDemoReleaseRows} {
			if err := remove(ctx, s.dataset); err != nil {
				return fmt.Errorf("remove releases: %w", err)
			}
		}
		for _, remove := range []func(context.Context, uuid.UUID, []uuid.UUID) error{
			q.RemoveDemoLeases, q.RemoveDemoTags, q.RemoveDemoActItems, q.RemoveDemoLooks, q.RemoveDemoSightings, q.RemoveDemoGolds, q.RemoveDemoEscalations, q.RemoveDemoNotices, q.RemoveDemoComments, q.RemoveDemoSamples, q.RemoveDemoAssignmentExamples, q.EndDemoAssignments, q.RemoveDemoWaivers, q.RemoveDemoLinks, q.RemoveDemoFindings, q.RemoveDemoDecisions, q.RemoveDemoRevisions,
			q.RemoveDemoRejects, q.RemoveDemoDuplicates,
		} {
			if err := remove(ctx, s.dataset, sources); err != nil {
				return fmt.Errorf("remove: %w", err)
			}
		}
		if r.Examples, err = q.RemoveDemoExamples(ctx, s.dataset, sources); err != nil {
			return fmt.Errorf("remove examples: %w", err)
		}
		for _, remove := range []func(context.Context, uuid.UUID, []uuid.UUID) error{
			q.RemoveDemoStatusDays, q.RemoveDemoDecisionDays, q.RemoveDemoWordDays, q.RemoveDemoSourceTrend, q.RemoveDemoRuns, q.RemoveDemoChunks, q.RemoveDemoSources,
		} {
			if err := remove(ctx, s.dataset, sources); err != nil {
				return fmt.Errorf("remove: %w", err)
			}
		}
		return audit.Write(ctx, tx, audit.Entry{
			Dataset: s.dataset, Actor: by, Action: "demo.removed", Object: "source/demo", Detail: map[string]any{"examples": r.Examples, "import_again": r.Again},
		})
	})
	if err != nil {
		return Removal{}, fmt.Errorf("remove demo: %w", err)
	}
	return r, nil
}
