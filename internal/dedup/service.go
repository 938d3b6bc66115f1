package dedup

import (
	"context"
	"log/slog"
	"runtime"
	"sync"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/postgres"
)

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// A Rejecter records that somebody rejects an example, as a decision that can be
// looked up and undone like any other, and returns the decision's id. It fails
// with fault.Conflict where the example has another revision or status by now,
// or somebody else works on it.
type Rejecter interface {
	Reject(ctx context.Context, r Rejection) (decision uuid.UUID, err error)
}

// A Rejection is what a Rejecter carries out.
type Rejection struct {
	By       audit.Actor
	Example  uuid.UUID
	Revision int            // that was seen
	Seen     example.Status // likewise
	Reason   string
}

// Config is what New needs. DB, Dataset, Catalog and Reject are required.
type Config struct {
	DB      DB
	Dataset uuid.UUID
	// Catalog returns the catalog in force: it says where the duplicate rules
	// run and how severe they are.
	Catalog func(context.Context) (*catalog.Catalog, error)
	Reject  Rejecter
	Log     *slog.Logger // nil: nothing is logged
	Workers int          // how many goroutines sign; 0: one for each processor
	// BatchRows is how many examples are looked at in one transaction; 0: 4,000.
	BatchRows int
}

// Service finds duplicates in one dataset and carries out what people decide
// about them. Its methods may be called from several goroutines and from several
// processes on the same database; those that change something take turns.
type Service struct {
	db      DB
	dataset uuid.UUID
	catalog func(context.Context) (*catalog.Catalog, error)
	reject  Rejecter
	log     *slog.Logger
	workers int
	batch   int
	signer  *signer
	writer  uuid.UUID // names this service among those that change keys

	mu     sync.Mutex
	filter *keyFilter // nil: every key is looked up
}

// New returns a Service.
func New(c Config) *Service {
	s := &Service{
		db: c.DB, dataset: c.Dataset, catalog: c.Catalog, reject: c.Reject, log: c.Log, workers: c.Workers, batch: c.BatchRows, signer: newSigner(c.Dataset), writer: uuid.New(),
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
