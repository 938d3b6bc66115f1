package dedup

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// ScanArgs is the job that looks for duplicates. While one waits or runs,
// another is not put in: the scan works off all there is when it ends.
type ScanArgs struct{}

// Kind is the job's name in the queue.
func (ScanArgs) Kind() string { return "duplicates.scan" }

// InsertOpts keeps the job the only one of its kind.
func (ScanArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		MaxAttempts: 1, // what a failed scan leaves, the next one does
		UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

// Worker runs scans as jobs.
type Worker struct {
	river.WorkerDefaults[ScanArgs]
	Service *Service
}

// Timeout says that a scan takes as long as it takes.
func (*Worker) Timeout(*river.Job[ScanArgs]) time.Duration { return -1 }

// Work scans. When the process is told to stop, the job goes back to the queue
// and the next one goes on.
func (w *Worker) Work(ctx context.Context, _ *river.Job[ScanArgs]) error {
	done, err := w.Service.Scan(ctx)
	switch {
	case err == nil && done.Examples > 0:
		w.Service.log.InfoContext(ctx, "looked for duplicates", slog.Int("examples", done.Examples), slog.Int("pairs", done.Pairs))
	case err != nil && ctx.Err() != nil:
		return river.JobSnooze(0)
	}
	return err
}
