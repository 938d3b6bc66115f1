package postgres_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func TestMigrateIsRepeatable(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s, err := postgres.Migrate(t.Context(), pool)
	if err != nil || !s.Current() || s.Have == 0 {
		t.Fatalf("Migrate() again = %+v, %v; want the current schema and no error", s, err)
	}
	if err := postgres.RequireCurrent(t.Context(), pool); err != nil {
		t.Fatalf("RequireCurrent() = %v, want nil", err)
	}
}

func TestSchemaFromTheFutureIsRefused(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	if _, err := pool.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Migrate(t.Context(), pool); !errors.Is(err, fault.Conflict) {
		t.Errorf("Migrate() on a newer schema = %v, want a conflict", err)
	}
	if err := postgres.RequireCurrent(t.Context(), pool); !errors.Is(err, postgres.ErrPending) {
		t.Errorf("RequireCurrent() on a newer schema = %v, want ErrPending", err)
	}
}

func TestInTx(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	insert := func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO secrets (name, value) VALUES ('k', 'v')")
		return err
	}
	count := func() (n int) {
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM secrets").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	boom := errors.New("boom")
	if err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if err := insert(tx); err != nil {
			return err
		}
		return boom
	}); !errors.Is(err, boom) || count() != 0 {
		t.Fatalf("InTx with a failing function = %v and %d rows, want boom and none", err, count())
	}
	var runs atomic.Int32
	if err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if runs.Add(1) == 1 {
			return &pgconn.PgError{Code: "40P01"}
		}
		return insert(tx)
	}); err != nil || runs.Load() != 2 || count() != 1 {
		t.Fatalf("InTx with one deadlock = %v after %d runs and %d rows, want nil, 2, 1", err, runs.Load(), count())
	}
	err := postgres.InTx(t.Context(), pool, insert)
	if !postgres.Violates(err, "secrets_pkey") {
		t.Errorf("Violates(%v, secrets_pkey) = false", err)
	}
}
