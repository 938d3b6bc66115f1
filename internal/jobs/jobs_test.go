package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/jobs"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

// TestQueuedImportIsRun stores a file as a page does and lets real workers take
// it to the end, and the upkeep be done meanwhile.
func TestQueuedImportIsRun(t *testing.T) {
	t.Parallel()
	ctx, pool, log := t.Context(), pgtest.New(t), slog.New(slog.DiscardHandler)
	store, err := catalog.OpenStore(ctx, pool, catalog.Default)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := jobs.NewQueue(pool, log)
	if err != nil {
		t.Fatal(err)
	}
	// The checks are where a running import passes by: the last row of the file
	// says that it has been read.
	passed := make(chan struct{}, 10)
	imports := ingest.New(ingest.Config{
		Pool: pool, Dataset: store.Dataset(), Catalog: store.Current, Enqueue: queue.Import,
		Count: func(example.Conversation) (int, int) { return 9, 4 },
		Checks: func(context.Context) (func(lint.Subject) []lint.Finding, error) {
			return func(lint.Subject) []lint.Finding { passed <- struct{}{}; return nil }, nil
		},
	})
	row := `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"category":"ai_coach"}` + "\n"
	run, err := imports.Store(ctx, strings.NewReader(row), ingest.Upload{Name: "a.jsonl", Channel: ingest.ChannelAPI, By: audit.Actor{Name: "test"}})
	if err != nil || run.State != ingest.StateQueued {
		t.Fatalf("Store() = %+v, %v; want it queued", run, err)
	}
	chores := make(chan string, 10)
	workers, err := jobs.NewWorkers(jobs.Config{Pool: pool, Ingest: imports, Log: log, Chores: []jobs.Chore{
		{Name: "one", Do: func(context.Context) error { chores <- "one"; return errors.New("broken") }},
		{Name: "two", Do: func(context.Context) error { chores <- "two"; return nil }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := workers.Start(ctx); err != nil {
		t.Fatal(err)
	}
	receive(t, passed)
	if one, two := receive(t, chores), receive(t, chores); one != "one" || two != "two" {
		t.Errorf("chores ran as %s, %s; want each, also after one failed", one, two)
	}
	// Stop waits for what runs, so the import is done or back in the queue; a
	// second start takes it to the end.
	if err := workers.Stop(context.WithoutCancel(ctx)); err != nil {
		t.Fatal(err)
	}
	run, err = imports.Get(ctx, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if run.State != ingest.StateDone {
		if err := imports.Run(ctx, run.ID); err != nil {
			t.Fatal(err)
		}
		if run, err = imports.Get(ctx, run.ID); err != nil {
			t.Fatal(err)
		}
	}
	if run.Inserted != 1 {
		t.Errorf("import = %+v, want one row", run)
	}
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-t.Context().Done():
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
