package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// DB is what the store needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// A Store keeps the versions of one dataset's catalog. Versions are only ever
// added. It is safe for concurrent use, also by several processes.
type Store struct {
	db      DB
	dataset uuid.UUID

	mu      sync.Mutex
	current *Catalog
	version int32
}

// A Version is an entry of a catalog's history.
type Version struct {
	Number int
	Reason string
	Author string // empty: the product itself
	At     time.Time
}

// OpenStore returns the store of the server's dataset. In an empty database it
// makes the dataset and stores initial as its first catalog; servers that start
// together agree on one.
func OpenStore(ctx context.Context, conn DB, initial func() (*Catalog, error)) (*Store, error) {
	q := db.New(conn)
	row, err := q.DefaultDataset(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("new dataset id: %w", err)
		}
		// Whoever comes second inserts nothing and reads what the first one made.
		if _, err := q.CreateDataset(ctx, id, "main", "VoiceFit"); err != nil {
			return nil, fmt.Errorf("create dataset: %w", err)
		}
		row, err = q.DefaultDataset(ctx)
		if err != nil {
			return nil, fmt.Errorf("read dataset: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("read dataset: %w", err)
	}
	s := &Store{db: conn, dataset: row.ID}
	version, err := q.CatalogVersion(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("read catalog version: %w", err)
	}
	if version > 0 {
		return s, nil
	}
	c, err := initial()
	if err != nil {
		return nil, fmt.Errorf("initial catalog: %w", err)
	}
	_, err = s.Save(ctx, c, 0, audit.Actor{Name: "spotter"}, "The catalog that came with the product")
	if err != nil && !errors.Is(err, fault.Conflict) {
		return nil, err
	}
	return s, nil
}

// Dataset is the id that every table of this dataset carries.
func (s *Store) Dataset() uuid.UUID { return s.dataset }

// Current returns the catalog in force. It asks the database for the version
// each time and decodes only a new one, so that every replica follows an edit at
// once. Callers must not change what they get.
func (s *Store) Current(ctx context.Context) (*Catalog, error) {
	c, _, err := s.CurrentVersion(ctx)
	return c, err
}

// CurrentVersion is Current with the version's number.
func (s *Store) CurrentVersion(ctx context.Context) (*Catalog, int, error) {
	q := db.New(s.db)
	version, err := q.CatalogVersion(ctx, s.dataset)
	if err != nil {
		return nil, 0, fmt.Errorf("read catalog version: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.version == version {
		return s.current, int(version), nil
	}
	c, err := s.read(ctx, version)
	if err != nil {
		return nil, 0, err
	}
	s.current, s.version = c, version
	return c, int(version), nil
}

// At returns an older version.
func (s *Store) At(ctx context.Context, version int) (*Catalog, error) {
	return s.read(ctx, int32(version))
}

func (s *Store) read(ctx context.Context, version int32) (*Catalog, error) {
	row, err := db.New(s.db).CatalogDocument(ctx, s.dataset, version)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no version %d of the catalog.", version)
	}
	if err != nil {
		return nil, fmt.Errorf("read catalog version %d: %w", version, err)
	}
	c, err := Decode([]byte(row.Document))
	if err != nil {
		return nil, fmt.Errorf("decode catalog version %d: %w", version, err)
	}
	return c, nil
}

// Save stores c as the next version and returns its number. seen is the version
// that the author edited: when another one came in between, it fails with
// fault.Conflict and nothing is stored. A catalog with mistakes is refused with
// all of them.
func (s *Store) Save(ctx context.Context, c *Catalog, seen int, by audit.Actor, reason string) (int, error) {
	if err := c.Validate(); err != nil {
		return 0, err
	}
	doc, err := c.Encode()
	if err != nil {
		return 0, fmt.Errorf("encode catalog: %w", err)
	}
	next := int32(seen + 1)
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		version, err := q.CatalogVersion(ctx, s.dataset)
		if err != nil {
			return fmt.Errorf("read version: %w", err)
		}
		if int(version) != seen {
			return conflict(int(version), seen)
		}
		var author *uuid.UUID
		if by.ID != uuid.Nil {
			author = &by.ID
		}
		if err := q.AppendCatalog(ctx, db.AppendCatalogParams{
			DatasetID: s.dataset, Version: next, Document: string(doc), AuthorID: author, Reason: reason,
		}); err != nil {
			return fmt.Errorf("append: %w", err)
		}
		return audit.Write(ctx, tx, audit.Entry{
			Dataset: s.dataset, Actor: by, Action: "catalog.saved", Object: fmt.Sprintf("catalog/%d", next),
			Detail: map[string]string{"reason": reason},
		})
	})
	if postgres.Violates(err, "catalogs_pkey") {
		return 0, conflict(seen+1, seen)
	}
	if err != nil {
		return 0, fmt.Errorf("save catalog: %w", err)
	}
	return int(next), nil
}

func conflict(now, seen int) error {
	return fault.New(fault.Conflict, "The catalog is at version %d and you edited version %d. Look at what changed, then save again.", now, seen)
}

// Versions lists the newest versions first, at most 200.
func (s *Store) Versions(ctx context.Context) ([]Version, error) {
	rows, err := db.New(s.db).CatalogVersions(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("list catalog versions: %w", err)
	}
	versions := make([]Version, len(rows))
	for i, r := range rows {
		versions[i] = Version{Number: int(r.Version), Reason: r.Reason, Author: r.Author, At: r.CreatedAt}
	}
	return versions, nil
}
