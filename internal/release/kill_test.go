package release_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/release"
)

// TestMain runs the tests, or, called again by TestKilledBuild, one release.
func TestMain(m *testing.M) {
	if dsn := os.Getenv("RELEASE_TEST_DSN"); dsn != "" {
		if err := runOne(context.Background(), dsn, os.Getenv("RELEASE_TEST_DIR"), os.Getenv("RELEASE_TEST_ID")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runOne(ctx context.Context, dsn, dir, id string) error {
	pool, err := postgres.Open(ctx, dsn, 4)
	if err != nil {
		return err
	}
	defer pool.Close()
	return release.New(killConfig(pool, dir)).Run(ctx, uuid.MustParse(id))
}

func killConfig(pool release.DB, dir string) release.Config {
	order := func(context.Context) ([]string, error) {
		c, err := catalog.Default()
		if err != nil {
			return nil, err
		}
		return c.Slugs(), nil
	}
	return release.Config{
		DB: pool, Dataset: exampletest.Dataset, Catalog: current, Export: export.New(pool, exampletest.Dataset, order), Dir: dir, Software: "test",
		Log: slog.New(slog.DiscardHandler),
	}
}

// TestKilledBuild kills the process that makes a release at random moments, with
// no chance to clean up, until it gets through: what is there under a file's name
// is always the whole file.
func TestKilledBuild(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 3000, voice(0))
	dir := t.TempDir()
	s := release.New(killConfig(pool, dir))
	r, err := s.Create(ctx, release.Order{Name: "killed", By: lead, Spec: release.Spec{Presets: []string{"llama3", "together", "fireworks", "openai"}}})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{} // every file that was there after some kill
	kills := 0
	for {
		var began time.Time
		if err := pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&began); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), "RELEASE_TEST_DSN="+pool.Config().ConnString(), "RELEASE_TEST_DIR="+dir, "RELEASE_TEST_ID="+r.ID.String())
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(50+kills*40+rand.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		if !timer.Stop() || err == nil {
			kills++
		} else {
			t.Fatalf("the run failed by itself: %v\n%s", err, said.String())
		}
		for name, text := range present(t, filepath.Join(dir, r.ID.String())) {
			if was, ok := seen[name]; ok && was != text {
				t.Fatalf("%s was taken for whole: it had %d bytes and now has %d", name, len(was), len(text))
			}
			seen[name] = text
		}
		if err == nil {
			break
		}
		// The server may still carry out the dead one's last statement; the next worker
		// comes minutes later, when the heartbeat is old. Here both are made sure of.
		for left := 1; left > 0; {
			if err := pool.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND backend_start >= $1`, began).Scan(&left); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := pool.Exec(ctx, `UPDATE releases SET heartbeat_at = now() - interval '1 hour'`); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d runs", kills)
	if r, err = s.Get(ctx, r.ID); err != nil || r.State != release.Built || r.Items != 3000 {
		t.Fatalf("the release is %s with %d rows: %v", r.State, r.Items, err)
	}
	v, err := release.Verify(ctx, s.Dir(r.ID), nil)
	if err != nil || len(v.Problems) > 0 || v.Rows != 3000 {
		t.Errorf("Verify() = %+v, %v", v.Problems, err)
	}
	// Nothing was frozen twice.
	var rows, distinct int
	if err := pool.QueryRow(ctx, `SELECT count(*), count(DISTINCT example_id) FROM release_items`).Scan(&rows, &distinct); err != nil || rows != 3000 || distinct != 3000 {
		t.Errorf("%d items of %d examples: %v", rows, distinct, err)
	}
}

// present are the files under their names; those that are still being written
// have others.
func present(t *testing.T, dir string) map[string]string {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	all := content(t, dir)
	for name := range all {
		if strings.HasSuffix(name, ".part") {
			delete(all, name)
		}
	}
	return all
}
