package release

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// RunArgs is the job that freezes and builds a release.
type RunArgs struct {
	ReleaseID uuid.UUID `json:"release_id"`
}

// Kind is the job's name in the queue.
func (RunArgs) Kind() string { return "release.run" }

// Worker runs releases as jobs.
type Worker struct {
	river.WorkerDefaults[RunArgs]
	Service *Service
}

// Timeout says that a release takes as long as it takes.
func (*Worker) Timeout(*river.Job[RunArgs]) time.Duration { return -1 }

// Work runs the release. What another worker has comes back later; what failed is
// not tried again before a person asks for it.
func (w *Worker) Work(ctx context.Context, job *river.Job[RunArgs]) error {
	err := w.Service.Run(ctx, job.Args.ReleaseID)
	switch {
	case err == nil, errors.Is(err, errLost):
		return nil
	case errors.Is(err, ErrBusy):
		return river.JobSnooze(10 * time.Second)
	case ctx.Err() != nil:
		return river.JobSnooze(0) // this process stops; the next one goes on
	}
	return river.JobCancel(err)
}
