package bulk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Queue is the queue of acts: one of its own, because an act takes minutes.
const Queue = "acts"

// RunArgs is the job that carries an act out or takes it back. Turn tells one from
// another that was lost: the queue takes no second job of the same act and turn.
type RunArgs struct {
	ID   uuid.UUID `json:"id"`
	Turn int64     `json:"turn"`
}

// Kind is the job's name in the queue.
func (RunArgs) Kind() string { return "act.run" }

// InsertOpts says that the queue does not try again by itself: what stopped is
// taken up by TakeUp, or by a person.
func (RunArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: 1}
}

// enqueue puts a job in with the caller's transaction. The client is made for the
// one insert; it starts nothing and holds no connection.
func enqueue(ctx context.Context, tx pgx.Tx, act uuid.UUID, turn int64) error {
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	opts := &river.InsertOpts{}
	if turn != 0 {
		opts.UniqueOpts = river.UniqueOpts{ByArgs: true}
	}
	if _, err := client.InsertTx(ctx, tx, RunArgs{act, turn}, opts); err != nil {
		return fmt.Errorf("queue act %s: %w", act, err)
	}
	return nil
}

// Worker runs acts as jobs.
type Worker struct {
	river.WorkerDefaults[RunArgs]
	Service *Service
}

// Timeout says that an act takes as long as it takes.
func (*Worker) Timeout(*river.Job[RunArgs]) time.Duration { return -1 }

// Work runs the act. What another worker has is that worker's; a process that
// stops gives it back, and the next one goes on.
func (w *Worker) Work(ctx context.Context, job *river.Job[RunArgs]) error {
	err := w.Service.Run(ctx, job.Args.ID)
	switch {
	case err == nil, errors.Is(err, ErrBusy):
		return nil
	case ctx.Err() != nil:
		return river.JobSnooze(0)
	}
	return river.JobCancel(err)
}
