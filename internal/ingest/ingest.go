package ingest

import (
	"context"
	"log/slog"
	"runtime"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
)

// Config is what a Service is made of. Pool, Dataset, Catalog, Checks and Count
// are needed; the zero value of the rest is a default.
type Config struct {
	// Pool needs four connections for each run that goes on at once: for the
	// merge, for reading ahead, for the heartbeat, and one to spare.
	Pool    *pgxpool.Pool
	Dataset uuid.UUID
	// Catalog returns the catalog in force. It is asked once per file and run.
	Catalog func(context.Context) (*catalog.Catalog, error)
	// Checks returns what finds the faults of an example. It is asked once per
	// file and run; what it returns is called from several goroutines at once.
	Checks func(context.Context) (func(lint.Subject) []lint.Finding, error)
	// Count returns the Llama 3 tokens of a conversation in the Hugging Face
	// form and in the plain one. It is called from several goroutines at once.
	Count func(example.Conversation) (hf, plain int)
	// Enqueue has somebody call Run for an import, once tx is committed; where
	// that is arranged already it does nothing. nil: the caller of Store and
	// Resume calls Run itself, as the command line does.
	Enqueue func(ctx context.Context, tx pgx.Tx, importID uuid.UUID) error
	Log     *slog.Logger // nil: nothing is logged
	Workers int          // how many goroutines decode; 0: one for each processor
	// BatchRows is how many records are merged in one transaction; 0: 4,000.
	BatchRows int
}

// Service takes files in for one dataset. Its methods may be called from
// several goroutines and from several processes on the same database.
type Service struct {
	pool    *pgxpool.Pool
	dataset uuid.UUID
	catalog func(context.Context) (*catalog.Catalog, error)
	checks  func(context.Context) (func(lint.Subject) []lint.Finding, error)
	count   func(example.Conversation) (hf, plain int)
	enqueue func(context.Context, pgx.Tx, uuid.UUID) error
	log     *slog.Logger
	workers int
	batch   int
}

// New returns a Service.
func New(c Config) *Service {
	s := &Service{
		pool: c.Pool, dataset: c.Dataset, catalog: c.Catalog, checks: c.Checks, count: c.Count,
		enqueue: c.Enqueue, log: c.Log, workers: c.Workers, batch: c.BatchRows,
	}
	if s.enqueue == nil {
		s.enqueue = func(context.Context, pgx.Tx, uuid.UUID) error { return nil }
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.workers <= 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	if s.batch <= 0 {
		s.batch = 4000
	}
	return s
}
