// Package postgres opens the database: pool, transactions, migrations. It is
// not the place for queries (db/queries) or for running a server of our own
// (internal/postgres/cluster).
package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/fault"
)

// Beginner is what a domain service needs of the database: a pool in
// production, or a transaction (whose Begin is a savepoint) in a test.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Open returns a pool for the database at dsn and checks that it answers. The
// session runs in UTC. maxConns 0 means pgx's default.
func Open(ctx context.Context, dsn string, maxConns int32) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The parse error can quote the password, so it is not wrapped.
		return nil, fault.New(fault.Invalid, "DATABASE_URL is not a Postgres connection string.")
	}
	if maxConns > 0 {
		cfg.MaxConns = maxConns
	}
	cfg.ConnConfig.RuntimeParams["application_name"] = "spotter"
	if _, ok := cfg.ConnConfig.RuntimeParams["timezone"]; !ok {
		cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	}
	cfg.ConnConfig.ConnectTimeout = 10 * time.Second
	cfg.AfterConnect = registerUUID
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fault.Wrap(fault.Unavailable, err, "The database does not answer. Check that it runs and that DATABASE_URL is right.")
	}
	return pool, nil
}

// maxAttempts bounds how often InTx runs a transaction that Postgres aborted
// because of another one.
const maxAttempts = 5

// InTx runs f in a transaction and commits it, or rolls back and returns f's
// error. A transaction that Postgres aborts as a deadlock victim or for
// serialization (40P01, 40001) is run again, so f must not have effects outside
// the transaction.
func InTx(ctx context.Context, b Beginner, f func(tx pgx.Tx) error) error {
	var err error
	for attempt := range maxAttempts {
		if attempt > 0 {
			pause := time.NewTimer(time.Duration(rand.Int64N(int64(10*time.Millisecond) << attempt)))
			select {
			case <-ctx.Done():
				pause.Stop()
				return ctx.Err()
			case <-pause.C:
			}
		}
		if err = once(ctx, b, f); !retryable(err) {
			return err
		}
	}
	return err
}

func once(ctx context.Context, b Beginner, f func(tx pgx.Tx) error) error {
	tx, err := b.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// Rolling back after a commit does nothing; after anything else it is what
	// gives the connection back. It must happen even when ctx is done.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// Violates says whether err is the violation of the named constraint or unique
// index.
func Violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == constraint
}
