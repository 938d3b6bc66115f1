package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/voicefit/spotter/internal/quality"
)

// recheckQueue is one of its own: a check of all examples takes minutes, and
// imports do not wait for it.
const recheckQueue = "recheck"

type recheckArgs struct {
	ID uuid.UUID `json:"id"`
}

func (recheckArgs) Kind() string { return "recheck.run" }

type recheckWorker struct {
	river.WorkerDefaults[recheckArgs]
	quality *quality.Service
}

// Timeout says that a check of all examples takes as long as it takes.
func (*recheckWorker) Timeout(*river.Job[recheckArgs]) time.Duration { return -1 }

// Work runs the pass. What can't go on now comes back later; what failed is not
// tried again before a person asks for it.
func (w *recheckWorker) Work(ctx context.Context, job *river.Job[recheckArgs]) error {
	err := w.quality.Run(ctx, job.Args.ID)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, quality.ErrBusy):
		return river.JobSnooze(10 * time.Second)
	case ctx.Err() != nil:
		return river.JobSnooze(0) // this process stops; the next one goes on
	}
	return river.JobCancel(err)
}

// recheck queues the check of all examples that is due, also one that a dead
// process left.
func (w *Workers) recheck(ctx context.Context) error {
	id, due, err := w.cfg.Quality.Due(ctx)
	if err != nil || !due {
		return err
	}
	opts := once()
	opts.Queue = recheckQueue
	if _, err := w.client.Insert(ctx, recheckArgs{id}, opts); err != nil {
		return fmt.Errorf("queue recheck %s: %w", id, err)
	}
	return nil
}
