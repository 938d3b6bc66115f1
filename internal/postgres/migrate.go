package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/voicefit/spotter/db/migrations"
	"github.com/voicefit/spotter/internal/fault"
)

// Schema is where the database stands against this program.
type Schema struct {
	Have, Want int64
}

// Current reports whether nothing is pending and nothing is from the future.
func (s Schema) Current() bool { return s.Have == s.Want }

// Migrate brings the schema up to this program's version: ours by goose, the
// job queue's by River, one after the other under one session lock, so that
// replicas starting together do not race. A database that is newer than the
// program is refused with fault.Conflict.
func Migrate(ctx context.Context, pool *pgxpool.Pool) (Schema, error) {
	return migrate(ctx, pool, 0)
}

// MigrateTo is Migrate up to an older version of our schema, for a restore of a
// backup that was made with it.
func MigrateTo(ctx context.Context, pool *pgxpool.Pool, version int64) (Schema, error) {
	return migrate(ctx, pool, version)
}

func migrate(ctx context.Context, pool *pgxpool.Pool, version int64) (Schema, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return Schema{}, fmt.Errorf("migrate: %w", err)
	}
	defer conn.Release()
	key := lockKey("spotter migrate")
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return Schema{}, fmt.Errorf("migrate: lock: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key) }()

	schema, err := CheckSchema(ctx, pool)
	if err != nil {
		return Schema{}, err
	}
	if schema.Have > schema.Want {
		return schema, fault.New(fault.Conflict, "The database has schema version %d and this program knows %d. Run the newer program, or restore a backup made with this one.", schema.Have, schema.Want)
	}
	sqldb := stdlib.OpenDBFromPool(pool)
	defer func() { _ = sqldb.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, sqldb, migrations.Files)
	if err != nil {
		return schema, fmt.Errorf("migrate: %w", err)
	}
	if version == 0 {
		_, err = provider.Up(ctx)
	} else {
		_, err = provider.UpTo(ctx, version)
	}
	if err != nil {
		return schema, fmt.Errorf("migrate: %w", err)
	}
	river, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return schema, fmt.Errorf("migrate the job queue: %w", err)
	}
	if _, err := river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return schema, fmt.Errorf("migrate the job queue: %w", err)
	}
	return CheckSchema(ctx, pool)
}

// CheckSchema reads the schema version without changing anything.
func CheckSchema(ctx context.Context, pool *pgxpool.Pool) (Schema, error) {
	var s Schema
	sources, err := migrations.Files.ReadDir(".")
	if err != nil {
		return s, fmt.Errorf("read migrations: %w", err)
	}
	for _, f := range sources {
		v, err := goose.NumericComponent(f.Name())
		if err != nil {
			continue // not a migration
		}
		s.Want = max(s.Want, v)
	}
	var there bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&there); err != nil {
		return s, fmt.Errorf("check schema: %w", err)
	}
	if !there {
		return s, nil
	}
	if err := pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&s.Have); err != nil {
		return s, fmt.Errorf("check schema: %w", err)
	}
	return s, nil
}

// ErrPending is returned by RequireCurrent when `spotter migrate` must run first.
var ErrPending = errors.New("migrations are pending")

// RequireCurrent fails with ErrPending in its tree unless the schema is this
// program's.
func RequireCurrent(ctx context.Context, pool *pgxpool.Pool) error {
	s, err := CheckSchema(ctx, pool)
	if err != nil {
		return err
	}
	if !s.Current() {
		return fault.Wrap(fault.Unavailable, ErrPending, "The database has schema version %d and this program needs %d. Run `spotter migrate`.", s.Have, s.Want)
	}
	return nil
}

func lockKey(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return int64(h.Sum64())
}
