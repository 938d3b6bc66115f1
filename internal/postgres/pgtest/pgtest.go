// Package pgtest gives each test a database of its own: a copy of a template
// that has every migration, dropped when the test ends.
package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/db/migrations"
	"github.com/voicefit/spotter/internal/postgres"
)

// EnvURL names the variable that says which server to use: a superuser's
// connection string. `make test` sets it to a throw-away cluster.
const EnvURL = "SPOTTER_TEST_DATABASE_URL"

// New returns a pool on a fresh, migrated database, opened as the product does
// but in an odd time zone, so that code that forgets about zones fails. The test
// fails, never skips, where there is no server.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	u, err := url.Parse(URL(t))
	if err != nil {
		t.Fatalf("%s is not a URL: %v", EnvURL, err)
	}
	q := u.Query()
	q.Set("timezone", "Pacific/Chatham")
	u.RawQuery = q.Encode()
	pool, err := postgres.Open(t.Context(), u.String(), 8)
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL creates a fresh, migrated database and returns its connection string, for
// tests that start a whole program. The database is dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	server := Server(t)
	if err := prepare(server); err != nil {
		t.Fatalf("prepare the template database: %v", err)
	}
	name := "spotter_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := exec(ctx, server, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, templateName())); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := drop(ctx, server, name); err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return withDatabase(t, server, name)
}

// Server returns the connection string of the test server itself.
func Server(t testing.TB) string {
	t.Helper()
	server := os.Getenv(EnvURL)
	if server == "" {
		t.Fatalf("%s is not set: run `make test`, or point it at a Postgres whose databases may be created and dropped", EnvURL)
	}
	return server
}

// drop removes a database with whoever is still connected. A role that is no
// superuser may not end an autovacuum worker that way; a plain DROP may ask it to
// leave.
func drop(ctx context.Context, server, name string) error {
	err := exec(ctx, server, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name))
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
		err = exec(ctx, server, "DROP DATABASE "+name)
	}
	return err
}

func withDatabase(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL: %v", EnvURL, err)
	}
	u.Path = "/" + name
	return u.String()
}

func exec(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// templateName changes with the migrations, so a stale template is never used.
var templateName = sync.OnceValue(func() string {
	h := sha256.New()
	_ = fs.WalkDir(migrations.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(migrations.Files, path)
		_, _ = h.Write(b)
		return err
	})
	return "spotter_template_" + hex.EncodeToString(h.Sum(nil))[:12]
})

var prepareOnce sync.Mutex

// prepare makes the template once per server; test processes that start
// together settle who does it with an advisory lock.
func prepare(server string) error {
	prepareOnce.Lock()
	defer prepareOnce.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // also gives back the lock
	var there bool
	name := templateName()
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(7072726)"); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	making := name + "_new"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + making, "CREATE DATABASE " + making} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	u, err := url.Parse(server)
	if err != nil {
		return err
	}
	u.Path = "/" + making
	pool, err := postgres.Open(ctx, u.String(), 4)
	if err != nil {
		return err
	}
	_, err = postgres.Migrate(ctx, pool)
	pool.Close()
	if err != nil {
		return err
	}
	// Renamed only when it is whole, so nobody copies half a template.
	_, err = conn.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", making, name))
	return err
}
