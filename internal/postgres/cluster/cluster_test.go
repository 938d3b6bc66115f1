package cluster_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/cluster"
)

// Environment of a helper process: what it is to do, and where.
const (
	helperEnv = "CLUSTER_TEST_HELPER"
	dirEnv    = "CLUSTER_TEST_DIR"
	moduleEnv = "CLUSTER_TEST_MODULE" // the folder with go.mod, for one who runs elsewhere
)

func TestMain(m *testing.M) {
	if what := os.Getenv(helperEnv); what != "" {
		if err := helper(what, os.Getenv(dirEnv)); err != nil {
			fmt.Fprintln(os.Stderr, "helper:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if dir, err := template(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// helper is the body of the processes that the tests start and kill: a server
// that holds the cluster until SIGTERM ("serve"), one that also inserts rows
// and prints the id of each that is committed ("insert"), a command that
// inserts ten rows and ends ("command").
func helper(what, dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg := durable(dir)
	cfg.Address = "http://localhost:9876"
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	join := cluster.Open
	if what == "command" {
		join = cluster.Connect
	}
	c, err := join(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := c.Close(end); err != nil {
			fmt.Fprintln(os.Stderr, "helper:", err)
		}
	}()
	if what == "serve" {
		fmt.Println("ready")
		<-ctx.Done()
		return nil
	}
	conn, err := pgx.Connect(ctx, c.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	for n := 0; what == "insert" || n < 10; n++ {
		id, err := insert(ctx, conn)
		if err != nil {
			return err
		}
		fmt.Println(id)
	}
	return nil
}

// insert commits one row and returns its id.
func insert(ctx context.Context, conn *pgx.Conn) (id int64, err error) {
	err = conn.QueryRow(ctx, `INSERT INTO kept DEFAULT VALUES RETURNING id`).Scan(&id)
	return id, err
}

// config is that of a small cluster of dir, with the machine's binaries or
// those that the build brought. It does not wait for the disk, which decides
// only what a loss of power would cost; durable has the product's settings.
func config(dir string) cluster.Config {
	cfg := durable(dir)
	cfg.Settings["fsync"] = "off"
	return cfg
}

func durable(dir string) cluster.Config {
	cfg := cluster.Config{
		Dir:      dir,
		Path:     os.Getenv("PATH"),
		Settings: map[string]string{"shared_buffers": "8MB", "max_connections": "20", "max_wal_size": "64MB", "min_wal_size": "32MB"},
	}
	if root, err := moduleRoot(); err == nil {
		cfg.NodeModules = []string{filepath.Join(root, ".cache", "postgres", "node_modules")}
	}
	return cfg
}

func moduleRoot() (string, error) {
	if dir := os.Getenv(moduleEnv); dir != "" {
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// template is a data directory with a cluster that has the table kept, made
// once: to make a cluster takes longer than most tests.
var template = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cluster-template-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	ctx := context.Background()
	c, err := cluster.Open(ctx, config(dir))
	if err != nil {
		return dir, err
	}
	conn, err := pgx.Connect(ctx, c.DSN())
	if err == nil {
		_, err = conn.Exec(ctx, `CREATE TABLE kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`)
		conn.Close(ctx)
	}
	return dir, errors.Join(err, c.Close(ctx))
})

// emptyDir returns a directory that any user can reach: t.TempDir is closed to
// others, and root's cluster belongs to another.
func emptyDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cluster-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("a process is still at work in %s: %v", dir, err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// dataDir returns a data directory with a copy of the template.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := emptyDir(t)
	copyCluster(t, dir)
	return dir
}

func copyCluster(t *testing.T, to string) {
	t.Helper()
	from, err := template()
	if err != nil {
		t.Fatalf("make the template: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), "cp", "-Rp", from+"/postgres", from+"/postgres.password", to).CombinedOutput()
	if err != nil {
		t.Fatalf("copy the template: %v: %s", err, out)
	}
}

// lookalike returns a data directory with what passes for a cluster, and for
// another user's if root looks, until it is started.
func lookalike(t *testing.T) string {
	t.Helper()
	dir := emptyDir(t)
	data := filepath.Join(dir, "postgres")
	if err := os.MkdirAll(filepath.Join(data, "base", "1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"postgres/PG_VERSION": "15\n", "postgres/base/1/1259": "rows", "postgres.password": "secret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 {
		uid, gid := nobody(t)
		run(t, "chown", "-R", fmt.Sprintf("%d:%d", uid, gid), data)
	}
	return dir
}

type joiner func(context.Context, cluster.Config) (*cluster.Cluster, error)

func mustJoin(t *testing.T, join joiner, cfg cluster.Config) *cluster.Cluster {
	t.Helper()
	c, err := join(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open %s: %v", cfg.Dir, err)
	}
	t.Cleanup(func() { mustClose(t, c) })
	return c
}

func mustClose(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Errorf("Close() = %v, want nil", err)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// query returns the first column of all rows.
func query[T any](t *testing.T, dsn, sql string) []T {
	t.Helper()
	conn := connect(t, dsn)
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	conn.Close(t.Context())
	return got
}

// pid returns the postmaster that the cluster of a data directory names, or 0.
func pid(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	if first == "" {
		return 0 // just made
	}
	n, err := strconv.Atoi(first)
	if err != nil {
		t.Fatalf("postmaster.pid begins with %q", first)
	}
	return n
}

func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }

// eventually waits until ok, for a minute at most.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
}

// answers reports whether the database accepts connections.
func answers(t *testing.T, dsn string) bool {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		return false
	}
	conn.Close(t.Context())
	return true
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill process %d: %v", pid, err)
	}
}

// process is a helper process. Its lines are read by one goroutine.
type process struct {
	cmd    *exec.Cmd
	lines  <-chan string
	stderr *bytes.Buffer
}

// startHelper starts a helper process; whoever does not wait for it finds it
// killed at the end of the test.
func startHelper(t *testing.T, what, dir string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+what, dirEnv+"="+dir)
	p := &process{cmd: cmd, stderr: new(bytes.Buffer)}
	cmd.Stderr = p.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1<<16)
	p.lines = lines
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return p
}

// rest returns the lines up to the end of the output, and reaps the process.
func (p *process) rest() (lines []string, err error) {
	for l := range p.lines {
		lines = append(lines, l)
	}
	return lines, p.cmd.Wait()
}

func TestOpenMakesCluster(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(emptyDir(t), "data")
	var logged bytes.Buffer
	cfg := cluster.Config{Dir: dir, Path: os.Getenv("PATH"), NodeModules: config(dir).NodeModules}
	cfg.Log = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := mustJoin(t, cluster.Open, cfg)

	settings := map[string]string{}
	for _, name := range []string{
		"fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses", "server_encoding", "TimeZone",
		"password_encryption", "max_connections", "shared_buffers", "max_wal_size", "log_statement", "is_superuser", "unix_socket_permissions",
	} {
		settings[name] = query[string](t, c.DSN(), "SHOW "+name)[0]
	}
	want := map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on", "listen_addresses": "", "server_encoding": "UTF8", "TimeZone": "UTC",
		"password_encryption": "scram-sha-256", "max_connections": "200", "shared_buffers": "256MB", "max_wal_size": "4GB", "log_statement": "none", "is_superuser": "off", "unix_socket_permissions": "0700",
	}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if got := query[string](t, c.DSN(), `SELECT lower('ÉÖ') || string_agg(v, '' ORDER BY v) FROM (VALUES ('a'), ('B'), ('é')) AS x(v)`)[0]; got != "éöBaé" {
		t.Errorf("lower case and order = %q, want Unicode case and code point order, éöBaé", got)
	}
	query[any](t, c.DSN(), `CREATE TABLE kept (id int)`)
	query[any](t, c.DSN(), `INSERT INTO kept VALUES (7)`)

	wrong, err := pgx.ParseConfig(c.DSN())
	if err != nil {
		t.Fatal(err)
	}
	password := wrong.Password
	wrong.Password = "guess"
	if conn, err := pgx.ConnectConfig(t.Context(), wrong); err == nil {
		conn.Close(t.Context())
		t.Error("a connection with a wrong password was accepted")
	}
	secret := filepath.Join(dir, "postgres.password")
	if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of %s = %v, %v, want 0600", secret, info, err)
	}

	postmaster := pid(t, dir)
	if info, err := os.Stat(filepath.Join(dir, "postgres")); err != nil || info.Sys().(*syscall.Stat_t).Uid == 0 {
		t.Errorf("the cluster belongs to root: %v", err)
	}
	if group, err := syscall.Getpgid(postmaster); err != nil || group == syscall.Getpgrp() {
		t.Errorf("process group of the postmaster = %d, %v, want another than ours: Ctrl-C would stop it", group, err)
	}
	mustClose(t, c)
	if exists(postmaster) || pid(t, dir) != 0 {
		t.Error("the postmaster outlived Close")
	}
	mustClose(t, c) // again, without effect
	if s := logged.String(); strings.Contains(s, password) || !strings.Contains(s, "postgres started") || !strings.Contains(s, "postgres stopped") {
		t.Errorf("the log holds the password, or lacks the start or the stop:\n%s", s)
	}

	c = mustJoin(t, cluster.Open, cfg)
	if diff := cmp.Diff([]int{7}, query[int](t, c.DSN(), `SELECT id FROM kept`)); diff != "" {
		t.Errorf("rows after reopening (-want +got):\n%s", diff)
	}
}

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := startHelper(t, "serve", dir)
	if line := <-p.lines; line != "ready" {
		t.Fatalf("helper said %q: %s", line, p.stderr)
	}
	other, err := cluster.Open(t.Context(), config(dir))
	if err == nil {
		mustClose(t, other)
		t.Fatal("a second server was let in")
	}
	if !errors.Is(err, fault.Conflict) {
		t.Errorf("Open = %v, want a conflict", err)
	}
	for _, want := range []string{strconv.Itoa(p.cmd.Process.Pid), "http://localhost:9876", dir} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Open = %q, want it to name %s", err, want)
		}
	}

	// SIGTERM stops both, and the directory is free again.
	postmaster := pid(t, dir)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := p.rest(); err != nil {
		t.Errorf("server ended with %v: %s", err, p.stderr)
	}
	if exists(postmaster) || pid(t, dir) != 0 {
		t.Error("the postmaster outlived the server")
	}
	mustJoin(t, cluster.Open, config(dir))
}

func TestKillServer(t *testing.T) {
	t.Parallel()
	const kills = 20
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	dir := dataDir(t)

	var printed []int64
	for round := range kills {
		p := startHelper(t, "insert", dir)
		take := func(line string) {
			id, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				t.Fatalf("helper said %q", line)
			}
			printed = append(printed, id)
		}
		if round%3 == 0 {
			// At any moment of its start.
			early := time.NewTimer(time.Duration(random.Int64N(int64(400 * time.Millisecond))))
			<-early.C
		} else {
			for range 1 + random.IntN(300) {
				line, ok := <-p.lines
				if !ok {
					t.Fatalf("round %d: server ended: %s", round, p.stderr)
				}
				take(line)
			}
		}
		kill(t, p.cmd.Process.Pid)
		if n := pid(t, dir); n != 0 && round%4 == 1 {
			kill(t, n)
		}
		rest, _ := p.rest() // it was killed: the error says so
		for _, line := range rest {
			take(line)
		}

		c, err := cluster.Open(t.Context(), durable(dir))
		if err != nil {
			t.Fatalf("round %d: Open after a kill = %v", round, err)
		}
		kept := query[int64](t, c.DSN(), `SELECT id FROM kept ORDER BY id`)
		for _, id := range printed {
			if _, found := slices.BinarySearch(kept, id); !found {
				t.Fatalf("round %d: row %d was committed and is gone", round, id)
			}
		}
		if round%2 == 0 {
			mustClose(t, c)
			continue
		}
		// What this leaves running, the next server has to adopt.
		conn := connect(t, c.DSN())
		id, err := insert(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, id)
		conn.Close(t.Context())
		mustClose(t, c)
	}
	if len(printed) < kills {
		t.Errorf("only %d rows were committed in %d rounds", len(printed), kills)
	}
	t.Logf("%d committed rows survived %d kills", len(printed), kills)
}

func TestKillPostmaster(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		adopted bool
	}{
		{name: "a child"},
		{name: "adopted", adopted: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			var orphan int
			if tt.adopted {
				p := startHelper(t, "serve", dir)
				if line := <-p.lines; line != "ready" {
					t.Fatalf("helper said %q: %s", line, p.stderr)
				}
				kill(t, p.cmd.Process.Pid)
				_, _ = p.rest()
				orphan = pid(t, dir)
			}
			c := mustJoin(t, cluster.Open, config(dir))
			first := pid(t, dir)
			if tt.adopted && first != orphan {
				t.Fatalf("postmaster %d was not adopted but replaced by %d", orphan, first)
			}
			dsn := c.DSN()
			conn := connect(t, dsn)
			id, err := insert(t.Context(), conn)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				first = pid(t, dir)
				kill(t, first)
				eventually(t, "another postmaster", func() bool { return pid(t, dir) != first && answers(t, dsn) })
			}
			if got := query[int64](t, dsn, `SELECT id FROM kept`); !slices.Equal(got, []int64{id}) {
				t.Errorf("rows after the kill = %v, want %d", got, id)
			}
			if c.DSN() != dsn {
				t.Errorf("DSN changed from %s to %s", dsn, c.DSN())
			}
			last := pid(t, dir)
			mustClose(t, c)
			if exists(last) || pid(t, dir) != 0 {
				t.Error("the postmaster outlived Close")
			}
		})
	}
}

// TestCloseUnderLoad has sessions at work when the cluster is closed.
func TestCloseUnderLoad(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	c := mustJoin(t, cluster.Open, config(dir))
	conn := connect(t, c.DSN())
	sleeping := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.WithoutCancel(t.Context()), `SELECT pg_sleep(600)`)
		sleeping <- err
	}()
	eventually(t, "a session at work", func() bool {
		return query[int](t, c.DSN(), `SELECT count(*)::int FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'`)[0] == 1
	})
	mustClose(t, c)
	if err := <-sleeping; err == nil {
		t.Error("the session outlived the cluster")
	}
	if pid(t, dir) != 0 {
		t.Error("the postmaster outlived Close")
	}
}

// TestCloseInHaste gives the shutdown no time at all.
func TestCloseInHaste(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	c, err := cluster.Open(t.Context(), config(dir))
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, c.DSN())
	id, err := insert(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	postmaster := pid(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// A shutdown may win the race against the context; both leave no process.
	if err := c.Close(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v, want nil or %v", err, context.Canceled)
	}
	if exists(postmaster) {
		t.Error("the postmaster outlived Close")
	}
	c = mustJoin(t, cluster.Open, config(dir))
	if got := query[int64](t, c.DSN(), `SELECT id FROM kept`); !slices.Equal(got, []int64{id}) {
		t.Errorf("rows = %v, want %d", got, id)
	}
}

func TestConnect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, cfg cluster.Config, running func(bool))
	}{
		{name: "alone", do: func(t *testing.T, cfg cluster.Config, running func(bool)) {
			a := mustJoin(t, cluster.Connect, cfg)
			running(true)
			mustClose(t, a)
		}},
		{name: "beside a server", do: func(t *testing.T, cfg cluster.Config, running func(bool)) {
			server := mustJoin(t, cluster.Open, cfg)
			a := mustJoin(t, cluster.Connect, cfg)
			if a.DSN() != server.DSN() {
				t.Errorf("DSN = %s, want the server's, %s", a.DSN(), server.DSN())
			}
			mustClose(t, a)
			running(true)
			mustClose(t, server)
		}},
		{name: "the server ends first", do: func(t *testing.T, cfg cluster.Config, running func(bool)) {
			server := mustJoin(t, cluster.Open, cfg)
			a := mustJoin(t, cluster.Connect, cfg)
			mustClose(t, server)
			running(true)
			mustClose(t, a)
		}},
		{name: "a server starts meanwhile", do: func(t *testing.T, cfg cluster.Config, running func(bool)) {
			a := mustJoin(t, cluster.Connect, cfg)
			server := mustJoin(t, cluster.Open, cfg)
			mustClose(t, a)
			running(true)
			mustClose(t, server)
		}},
		{name: "two commands and a restarted postmaster", do: func(t *testing.T, cfg cluster.Config, running func(bool)) {
			a := mustJoin(t, cluster.Connect, cfg)
			b := mustJoin(t, cluster.Connect, cfg)
			old := pid(t, cfg.Dir)
			kill(t, old)
			eventually(t, "another postmaster", func() bool { return pid(t, cfg.Dir) != old && answers(t, a.DSN()) })
			// Whoever restarted it, the other must not lose or keep it.
			mustClose(t, a)
			running(true)
			mustClose(t, b)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := config(dataDir(t))
			postmaster := 0
			running := func(want bool) {
				t.Helper()
				postmaster = pid(t, cfg.Dir)
				if got := postmaster != 0 && exists(postmaster); got != want {
					t.Fatalf("postmaster runs = %t, want %t", got, want)
				}
			}
			tt.do(t, cfg, running)
			// This process is also its parent and may reap it a blink later.
			eventually(t, "the end of the postmaster with its last user", func() bool { return !exists(postmaster) && pid(t, cfg.Dir) == 0 })
		})
	}
}

// TestConnectAtOnce has commands and a server come and go at the same time,
// from an empty directory.
func TestConnectAtOnce(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	var helpers []*process
	for range 4 {
		helpers = append(helpers, startHelper(t, "command", dir))
	}
	errs := make(chan error)
	const rounds, inside = 3, 3
	for range inside {
		go func() {
			errs <- func() error {
				for range rounds {
					c, err := cluster.Connect(t.Context(), config(dir))
					if err != nil {
						return err
					}
					conn, err := pgx.Connect(t.Context(), c.DSN())
					if err == nil {
						_, err = insert(t.Context(), conn)
						conn.Close(t.Context())
					}
					if err := errors.Join(err, c.Close(t.Context())); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	want := inside * rounds
	for range inside {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for _, p := range helpers {
		lines, err := p.rest()
		if err != nil {
			t.Errorf("command ended with %v: %s", err, p.stderr)
		}
		want += len(lines)
	}
	if n := pid(t, dir); n != 0 {
		t.Errorf("postmaster %d outlived its last user", n)
	}
	c := mustJoin(t, cluster.Open, config(dir))
	if got := query[int](t, c.DSN(), `SELECT count(*)::int FROM kept`)[0]; got != want || want != inside*rounds+40 {
		t.Errorf("rows = %d, reported committed %d, want %d", got, want, inside*rounds+40)
	}
}

// TestFirstStartAtOnce has several processes meet in an empty data directory.
func TestFirstStartAtOnce(t *testing.T) {
	t.Parallel()
	dir := emptyDir(t)
	errs := make(chan error)
	const n = 3
	for range n {
		go func() {
			c, err := cluster.Connect(t.Context(), config(dir))
			if err == nil {
				err = c.Close(t.Context())
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// treeSum digests names, modes and contents of a directory.
func treeSum(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %v %d\n", path, info.Mode(), info.ModTime().UnixNano())
		if !info.Mode().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(h, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	version := func(v string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte(v+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		spoil  func(t *testing.T, dir string) // dir is the cluster
		want   []string
		remedy func(cfg *cluster.Config)
	}{
		{name: "too old a version", spoil: version("9.6"), want: []string{"made by PostgreSQL 9.6", "Nothing in it was touched", "dump"}},
		{name: "an unknown version", spoil: version("99"), want: []string{"made by PostgreSQL 99", "was found here", "Nothing in it was touched", "Install PostgreSQL 99"}},
		{name: "no version at all", spoil: version("?"), want: []string{"damaged", "Nothing in it was touched"}},
		{name: "no cluster", want: []string{"is not empty", "PG_VERSION", "Nothing in it was touched"}, spoil: func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "PG_VERSION")); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a lost password", want: []string{"postgres.password", "backup"}, spoil: func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "..", "postgres.password")); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a link to nowhere", want: []string{"is a link to /nowhere/at/all"}, spoil: func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("/nowhere/at/all", dir); err != nil {
				t.Fatal(err)
			}
		}},
		{
			name: "no binaries", spoil: func(*testing.T, string) {}, want: []string{"none was found here", "/nowhere/bin"},
			remedy: func(cfg *cluster.Config) { cfg.BinariesDir = "/nowhere/bin" },
		},
		{
			name: "no binaries for a new cluster", want: []string{"needs PostgreSQL 14 or later", "none was found here", "DATABASE_URL"},
			spoil: func(t *testing.T, dir string) {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
			},
			remedy: func(cfg *cluster.Config) { cfg.BinariesDir = "/nowhere/bin" },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := lookalike(t)
			data := filepath.Join(dir, "postgres")
			tt.spoil(t, data)
			cfg := config(dir)
			if tt.remedy != nil {
				tt.remedy(&cfg)
			}
			before := ""
			if _, err := os.Stat(data); err == nil {
				before = treeSum(t, data)
			}
			for _, join := range []joiner{cluster.Open, cluster.Connect} {
				c, err := join(t.Context(), cfg)
				if err == nil {
					mustClose(t, c)
					t.Fatal("it was opened")
				}
				if f, ok := fault.As(err); !ok || f.Kind != fault.Unavailable {
					t.Fatalf("Open = %v, want a classified error", err)
				}
				for _, want := range tt.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("Open = %q, want it to say %q", err, want)
					}
				}
			}
			if before != "" && treeSum(t, data) != before {
				t.Error("the directory was touched")
			}
			if _, err := os.Stat(data); before == "" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was made at %s", data)
			}
		})
	}
}

// TestStartFails has a cluster that PostgreSQL itself cannot start.
func TestStartFails(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	control := filepath.Join(dir, "postgres", "global", "pg_control")
	good, err := os.ReadFile(control)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(control, 0); err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Open(t.Context(), config(dir))
	if err == nil {
		mustClose(t, c)
		t.Fatal("it was opened")
	}
	if !errors.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "pg_control") || !strings.Contains(err.Error(), "postgres.log") {
		t.Errorf("Open = %q, want what PostgreSQL said, and where its log is", err)
	}
	// Nothing is left held: with the file back, it opens.
	if err := os.WriteFile(control, good, 0o600); err != nil {
		t.Fatal(err)
	}
	mustJoin(t, cluster.Open, config(dir))
}

func TestOpenCancelled(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cluster.Open(ctx, config(dir)); !errors.Is(err, context.Canceled) {
		t.Fatalf("Open = %v, want %v", err, context.Canceled)
	}
	if pid(t, dir) != 0 {
		t.Error("a postmaster was left behind")
	}
	mustJoin(t, cluster.Open, config(dir))
}

func TestKillInitialisation(t *testing.T) {
	t.Parallel()
	dir := emptyDir(t)
	p := startHelper(t, "serve", dir)
	unfinished := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "postgres.init-*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	eventually(t, "an initialisation", func() bool { return len(unfinished()) > 0 })
	kill(t, p.cmd.Process.Pid)
	_, _ = p.rest()
	if _, err := os.Stat(filepath.Join(dir, "postgres")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a cluster appeared while it was made: %v", err)
	}
	keep := filepath.Join(dir, "postgres.initial-notes")
	if err := os.Mkdir(keep, 0o700); err != nil {
		t.Fatal(err)
	}
	c := mustJoin(t, cluster.Open, config(dir))
	mustClose(t, c)
	// The killed server's initdb may have been at work during the first try.
	mustJoin(t, cluster.Open, config(dir))
	if left := unfinished(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := os.Stat(keep); err != nil {
		t.Errorf("what is not ours was removed: %v", err)
	}
}

// TestStalePIDFile has a crash after which another process of the same user
// got the postmaster's number, as happens after a restart of a machine or
// container.
func TestStalePIDFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		stale func(other int, content string) string
	}{
		{name: "names another process", stale: func(other int, content string) string {
			_, rest, _ := strings.Cut(content, "\n")
			return strconv.Itoa(other) + "\n" + rest
		}},
		{name: "empty", stale: func(int, string) string { return "" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			p := startHelper(t, "insert", dir)
			if _, ok := <-p.lines; !ok {
				t.Fatalf("helper ended: %s", p.stderr)
			}
			kill(t, p.cmd.Process.Pid)
			postmaster := pid(t, dir)
			kill(t, postmaster)
			lines, _ := p.rest()

			file := filepath.Join(dir, "postgres", "postmaster.pid")
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			bystander := exec.CommandContext(t.Context(), "sleep", "600")
			bystander.Dir = "/"
			if owner := info.Sys().(*syscall.Stat_t); int(owner.Uid) != os.Geteuid() {
				bystander.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
			}
			if err := bystander.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if !exists(bystander.Process.Pid) {
					t.Error("the bystander was killed")
				}
				_ = bystander.Process.Kill()
				_ = bystander.Wait()
			})
			for _, name := range []string{file, filepath.Join(dir, "postgres", ".s.PGSQL.5432.lock")} {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(tt.stale(bystander.Process.Pid, string(b))), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c := mustJoin(t, cluster.Open, config(dir))
			if got := query[int](t, c.DSN(), `SELECT count(*)::int FROM kept`)[0]; got < 1+len(lines) {
				t.Errorf("rows = %d, want at least the %d that were reported", got, 1+len(lines))
			}
		})
	}
}

func TestListens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		dir    func(t *testing.T) string
		change func(t *testing.T, cfg *cluster.Config)
		check  func(t *testing.T, c *pgx.ConnConfig, cfg cluster.Config)
	}{
		{name: "in the cluster", dir: emptyDir, check: func(t *testing.T, c *pgx.ConnConfig, cfg cluster.Config) {
			if want := filepath.Join(cfg.Dir, "postgres"); c.Host != want {
				t.Errorf("host = %s, want %s", c.Host, want)
			}
		}},
		{
			name: "a strange name", dir: func(t *testing.T) string { return filepath.Join(emptyDir(t), `a "b" ü`) },
			check: func(t *testing.T, c *pgx.ConnConfig, cfg cluster.Config) {
				if want := filepath.Join(cfg.Dir, "postgres"); c.Host != want {
					t.Errorf("host = %s, want %s", c.Host, want)
				}
			},
		},
		{
			name: "a comma in the name", dir: func(t *testing.T) string { return filepath.Join(emptyDir(t), "a,b") },
			change: func(t *testing.T, cfg *cluster.Config) { cfg.TempDir = emptyDir(t) },
			check: func(t *testing.T, c *pgx.ConnConfig, cfg cluster.Config) {
				if filepath.Dir(c.Host) != cfg.TempDir {
					t.Errorf("host = %s, want a directory in %s", c.Host, cfg.TempDir)
				}
			},
		},
		{
			name: "a long name", dir: func(t *testing.T) string { return filepath.Join(emptyDir(t), strings.Repeat("long", 25)) },
			change: func(t *testing.T, cfg *cluster.Config) { cfg.TempDir = emptyDir(t) },
			check: func(t *testing.T, c *pgx.ConnConfig, cfg cluster.Config) {
				if filepath.Dir(c.Host) != cfg.TempDir {
					t.Errorf("host = %s, want a directory in %s", c.Host, cfg.TempDir)
				}
				if info, err := os.Stat(c.Host); err != nil || info.Mode().Perm() != 0o700 {
					t.Errorf("mode of %s = %v, %v, want 0700", c.Host, info, err)
				}
			},
		},
		{
			name: "loopback", dir: emptyDir, change: func(_ *testing.T, cfg *cluster.Config) { cfg.Loopback = true },
			check: func(t *testing.T, c *pgx.ConnConfig, _ cluster.Config) {
				if c.Host != "127.0.0.1" {
					t.Errorf("host = %s, want 127.0.0.1", c.Host)
				}
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := tt.dir(t)
			if err := os.MkdirAll(dir, 0o711); err != nil {
				t.Fatal(err)
			}
			copyCluster(t, dir)
			cfg := config(dir)
			if tt.change != nil {
				tt.change(t, &cfg)
			}
			c := mustJoin(t, cluster.Open, cfg)
			parsed, err := pgx.ParseConfig(c.DSN())
			if err != nil {
				t.Fatal(err)
			}
			tt.check(t, parsed, cfg)
			b := mustJoin(t, cluster.Connect, cfg) // finds it where it listens
			if b.DSN() != c.DSN() {
				t.Errorf("DSN = %s, want %s", b.DSN(), c.DSN())
			}
			// A restart keeps the address that was given out.
			old := pid(t, dir)
			kill(t, old)
			eventually(t, "another postmaster at the same address", func() bool { return pid(t, dir) != old && answers(t, c.DSN()) })
			mustClose(t, b)
			mustClose(t, c)
			if cfg.TempDir != "" {
				if left, err := os.ReadDir(cfg.TempDir); err != nil || len(left) > 0 {
					t.Errorf("left in the temporary directory: %v, %v", left, err)
				}
			}
		})
	}
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	name := filepath.Join(dir, "postgres.log")
	if err := os.WriteFile(name, bytes.Repeat([]byte("old news\n"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	mustJoin(t, cluster.Open, config(dir))
	info, err := os.Stat(name)
	if err != nil || info.Size() > 1<<20 {
		t.Errorf("size of the new log = %v, %v", info, err)
	}
	if old, err := os.Stat(name + ".1"); err != nil || old.Size() != 9<<20 {
		t.Errorf("size of the old log = %v, %v", old, err)
	}
}

// TestOrdinaryUser runs the tests to which it matters again as a user who is
// not root.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // all of them just ran as one
	}
	uid, gid := nobody(t)
	self := reachableBinary(t)
	dir := emptyDir(t)
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work")
	if err := errors.Join(os.Mkdir(work, 0o700), os.Chown(work, uid, gid)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.count=1", "-test.v", "-test.timeout=3m",
		"-test.run=^(TestOpenMakesCluster|TestOpenTwice|TestConnect|TestKillPostmaster|TestStalePIDFile)$")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "TMPDIR="+work, "HOME="+work, moduleEnv+"="+root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestKillPostmaster")) {
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	}
}
