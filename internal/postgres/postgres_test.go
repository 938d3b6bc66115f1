package postgres_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
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

// Every way in which the product sends and reads identifiers.
func TestUUIDs(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	one, two := uuid.MustParse("018f4e5a-0000-7000-8000-0123456789ab"), uuid.New()
	var got struct {
		one, zero uuid.UUID
		none      *uuid.UUID
		some      *uuid.UUID
		list      []uuid.UUID
		text      string
		loose     any
	}
	err := pool.QueryRow(t.Context(), "SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid[], $1::uuid::text, $4::uuid",
		one, uuid.Nil, (*uuid.UUID)(nil), &two, []uuid.UUID{two, one}).
		Scan(&got.one, &got.zero, &got.none, &got.some, &got.list, &got.text, &got.loose)
	if err != nil {
		t.Fatal(err)
	}
	if got.one != one || got.zero != uuid.Nil || got.none != nil || got.some == nil || *got.some != two || got.text != one.String() {
		t.Errorf("uuids came back as %+v", got)
	}
	if diff := cmp.Diff([]uuid.UUID{two, one}, got.list); diff != "" {
		t.Errorf("array of uuids (-want +got):\n%s", diff)
	}
	if loose, ok := got.loose.([16]byte); !ok || loose != two {
		t.Errorf("a uuid scanned into any = %v, want the bytes of %s", got.loose, two)
	}
	// In the text protocol, which poolers may ask for.
	err = pool.QueryRow(t.Context(), "SELECT $1::uuid, $2::uuid[]", pgx.QueryExecModeSimpleProtocol, one, []uuid.UUID{two}).Scan(&got.one, &got.list)
	if err != nil || got.one != one || !slices.Equal(got.list, []uuid.UUID{two}) {
		t.Errorf("simple protocol = %v %v, %v", got.one, got.list, err)
	}
	var id uuid.UUID
	if err := pool.QueryRow(t.Context(), "SELECT NULL::uuid").Scan(&id); err == nil {
		t.Error("NULL into a uuid.UUID was taken, want an error")
	}
}
