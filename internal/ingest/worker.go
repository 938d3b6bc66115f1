package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/voicefit/spotter/internal/fault"
)

// RunArgs is the job that runs an import.
type RunArgs struct {
	ImportID uuid.UUID `json:"import_id"`
}

// Kind is the job's name in the queue.
func (RunArgs) Kind() string { return "import.run" }

// Worker runs imports as jobs. Two jobs for one import do no harm.
type Worker struct {
	river.WorkerDefaults[RunArgs]
	Service *Service
}

// Timeout says that an import takes as long as it takes.
func (*Worker) Timeout(*river.Job[RunArgs]) time.Duration { return -1 }

// Work runs the import. While another worker has it, the job comes back later,
// in case that worker dies; an import that failed is not tried again before a
// person resumes it.
func (w *Worker) Work(ctx context.Context, job *river.Job[RunArgs]) error {
	err := w.Service.Run(ctx, job.Args.ImportID)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrBusy):
		return river.JobSnooze(30 * time.Second)
	case ctx.Err() != nil:
		return river.JobSnooze(0) // this process stops; the next one goes on
	case errors.Is(err, fault.Conflict), errors.Is(err, fault.NotFound):
		return river.JobCancel(err) // cancelled or failed meanwhile: nothing to do
	}
	return river.JobCancel(err)
}
