// Package jobs runs what happens behind the pages: imports, and the upkeep that
// every installation needs. The work itself lives with its domains; here is only
// the queue.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/webhook"
)

// A Queue puts jobs in. It runs none.
type Queue struct{ client *river.Client[pgx.Tx] }

// NewQueue returns a queue on the pool's database.
func NewQueue(pool *pgxpool.Pool, log *slog.Logger) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: quiet(log)})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return &Queue{client}, nil
}

// Import has a worker run an import once tx is committed.
func (q *Queue) Import(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := q.client.InsertTx(ctx, tx, ingest.RunArgs{ImportID: id}, once()); err != nil {
		return fmt.Errorf("queue import %s: %w", id, err)
	}
	return nil
}

// once keeps a job from being in the queue twice. One that is done does not
// count: an import can be resumed.
func once() *river.InsertOpts {
	return &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// A Chore is a piece of upkeep: it must be short, and harmless to repeat.
type Chore struct {
	Name string
	Do   func(ctx context.Context) error
}

// Config is what NewWorkers needs.
type Config struct {
	Pool   *pgxpool.Pool
	Ingest *ingest.Service
	// Quality checks all examples again when the rules or the catalog change; nil:
	// nobody does.
	Quality *quality.Service
	// Duplicates looks for duplicates among what came in or changed; nil: nobody
	// does.
	Duplicates *dedup.Service
	// Acts carries out what people do to many examples at once; nil: nobody does.
	Acts *bulk.Service
	// Webhooks sends what other programs are to be told; nil: nobody does.
	Webhooks *webhook.Service
	// Releases makes releases; nil: nobody does.
	Releases *release.Service
	// Chores are done every few seconds by one of the servers on the database.
	Chores []Chore
	Log    *slog.Logger
}

// upkeepEvery is how long a piece of upkeep, such as the seal on a new audit
// entry, may be late.
const upkeepEvery = 10 * time.Second

// parallelImports is how many imports one server runs at once: decoding takes
// all the processors that one import can get, so more would only share them.
const parallelImports = 2

// parallelActs is how many acts on many examples one server carries out at once: a
// small one does not wait for a big one to end.
const parallelActs = 2

// parallelDeliveries is how many receivers one server waits for at once.
const parallelDeliveries = 4

// Workers take jobs out and do them.
type Workers struct {
	client *river.Client[pgx.Tx]
	cfg    Config
}

// NewWorkers returns workers that do nothing before Start.
func NewWorkers(cfg Config) (*Workers, error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &ingest.Worker{Service: cfg.Ingest}); err != nil {
		return nil, fmt.Errorf("job workers: %w", err)
	}
	upkeep := &upkeepWorker{}
	if err := river.AddWorkerSafely(workers, upkeep); err != nil {
		return nil, fmt.Errorf("job workers: %w", err)
	}
	if cfg.Quality != nil {
		if err := river.AddWorkerSafely(workers, &recheckWorker{quality: cfg.Quality}); err != nil {
			return nil, fmt.Errorf("job workers: %w", err)
		}
	}
	if cfg.Duplicates != nil {
		if err := river.AddWorkerSafely(workers, &dedup.Worker{Service: cfg.Duplicates}); err != nil {
			return nil, fmt.Errorf("job workers: %w", err)
		}
	}
	if cfg.Acts != nil {
		if err := river.AddWorkerSafely(workers, &bulk.Worker{Service: cfg.Acts}); err != nil {
			return nil, fmt.Errorf("job workers: %w", err)
		}
	}
	if cfg.Webhooks != nil {
		if err := river.AddWorkerSafely(workers, &webhook.Worker{Service: cfg.Webhooks}); err != nil {
			return nil, fmt.Errorf("job workers: %w", err)
		}
	}
	if cfg.Releases != nil {
		if err := river.AddWorkerSafely(workers, &release.Worker{Service: cfg.Releases}); err != nil {
			return nil, fmt.Errorf("job workers: %w", err)
		}
	}
	client, err := river.NewClient(riverpgxv5.New(cfg.Pool), &river.Config{
		Logger:  quiet(cfg.Log),
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: parallelImports},
			upkeepQueue:        {MaxWorkers: 1},
			recheckQueue:       {MaxWorkers: 1},
			duplicatesQueue:    {MaxWorkers: 1},
			bulk.Queue:         {MaxWorkers: parallelActs},
			webhook.Queue:      {MaxWorkers: parallelDeliveries},
			releasesQueue:      {MaxWorkers: 1},
		},
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(
			river.PeriodicInterval(upkeepEvery),
			func() (river.JobArgs, *river.InsertOpts) {
				return upkeepArgs{}, &river.InsertOpts{Queue: upkeepQueue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: upkeepEvery}}
			},
			&river.PeriodicJobOpts{RunOnStart: true},
		)},
		CompletedJobRetentionPeriod: time.Hour, // upkeep alone makes thousands a day
	})
	if err != nil {
		return nil, fmt.Errorf("job workers: %w", err)
	}
	w := &Workers{client, cfg}
	upkeep.chores = append(slices.Clone(cfg.Chores), Chore{"take up interrupted imports", w.takeUp})
	if cfg.Quality != nil {
		upkeep.chores = append(upkeep.chores, Chore{"keep the quality figures", cfg.Quality.Upkeep}, Chore{"check all examples again", w.recheck})
	}
	if cfg.Acts != nil {
		upkeep.chores = append(upkeep.chores, Chore{"go on with acts", cfg.Acts.TakeUp}, Chore{"forget old drafts of acts", cfg.Acts.Sweep})
	}
	if cfg.Webhooks != nil {
		upkeep.chores = append(upkeep.chores, Chore{"take up lost deliveries", cfg.Webhooks.TakeUp}, Chore{"sweep deliveries", cfg.Webhooks.Sweep})
	}
	if cfg.Releases != nil {
		upkeep.chores = append(upkeep.chores, Chore{"take up interrupted releases", w.takeUpReleases})
	}
	if cfg.Duplicates != nil {
		upkeep.chores = append(upkeep.chores, Chore{"find duplicates", w.findDuplicates})
	}
	return w, nil
}

// Start takes up work until Stop.
func (w *Workers) Start(ctx context.Context) error {
	// The workers stop by Stop, in order, not because ctx ends under them.
	if err := w.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start workers: %w", err)
	}
	return nil
}

// takeUp queues imports again that a dead process left: such a process only
// shows by its silence, so this is looked for again and again.
func (w *Workers) takeUp(ctx context.Context) error {
	left, err := w.cfg.Ingest.Interrupted(ctx)
	if err != nil {
		return fmt.Errorf("look for interrupted imports: %w", err)
	}
	for _, id := range left {
		r, err := w.client.Insert(ctx, ingest.RunArgs{ImportID: id}, once())
		if err != nil {
			return fmt.Errorf("queue interrupted import %s: %w", id, err)
		}
		if !r.UniqueSkippedAsDuplicate {
			w.cfg.Log.InfoContext(ctx, "an interrupted import goes on", slog.String("import", id.String()))
		}
	}
	return nil
}

// Stop lets what runs finish its batch and gives the rest back to the queue. It
// returns when nothing runs any more or ctx ends.
func (w *Workers) Stop(ctx context.Context) error {
	if err := w.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("stop workers: %w", err)
	}
	return nil
}

const upkeepQueue = "upkeep"

type upkeepArgs struct{}

func (upkeepArgs) Kind() string { return "upkeep" }

type upkeepWorker struct {
	river.WorkerDefaults[upkeepArgs]
	chores []Chore
}

// Work does every chore, also when an earlier one fails.
func (w *upkeepWorker) Work(ctx context.Context, _ *river.Job[upkeepArgs]) error {
	var failed []error
	for _, c := range w.chores {
		if err := c.Do(ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}

// quiet passes on only what needs a person: River says a lot at info.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(&above{log.Handler()}) }

type above struct{ slog.Handler }

func (h *above) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

func (h *above) WithAttrs(attrs []slog.Attr) slog.Handler { return &above{h.Handler.WithAttrs(attrs)} }

func (h *above) WithGroup(name string) slog.Handler { return &above{h.Handler.WithGroup(name)} }
