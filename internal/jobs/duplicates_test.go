package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/jobs"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

// nobody rejects nothing: no ruling is made here.
type nobody struct{}

func (nobody) Reject(context.Context, dedup.Rejection) (uuid.UUID, error) { return uuid.Nil, nil }

// TestDuplicatesAreFound has real workers notice that examples wait to be
// compared.
func TestDuplicatesAreFound(t *testing.T) {
	t.Parallel()
	ctx, pool, log := t.Context(), pgtest.New(t), slog.New(slog.DiscardHandler)
	if _, err := pool.Exec(ctx, "INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test')", exampletest.Dataset); err != nil {
		t.Fatal(err)
	}
	store, err := catalog.OpenStore(ctx, pool, catalog.Default)
	if err != nil {
		t.Fatal(err)
	}
	said := []string{"squat 300 for 5", "Squat 300 for 5"}
	exampletest.Insert(t, pool, len(said), exampletest.Seed{Conversation: func(i int) example.Conversation {
		return example.Conversation{Messages: []example.Message{{Role: example.User, Content: said[i]}, {Role: example.Assistant, Content: "ok"}}}
	}})
	finder := dedup.New(dedup.Config{DB: pool, Dataset: store.Dataset(), Catalog: store.Current, Reject: nobody{}})
	if n, err := finder.Waiting(ctx, 10); err != nil || n != 2 {
		t.Fatalf("%d examples wait, %v; want 2", n, err)
	}
	workers, err := jobs.NewWorkers(jobs.Config{
		Pool: pool, Log: log, Duplicates: finder,
		Ingest: ingest.New(ingest.Config{Pool: pool, Dataset: store.Dataset(), Catalog: store.Current}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := workers.Start(ctx); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		n, err := finder.Waiting(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	if err := workers.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if groups, err := finder.List(ctx, dedup.Filter{Kind: dedup.Equal}); err != nil || len(groups) != 1 || groups[0].Size != 2 {
		t.Errorf("List() = %+v, %v, want one group of two", groups, err)
	}
}
