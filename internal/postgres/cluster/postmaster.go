package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/voicefit/spotter/internal/fault"
)

const (
	// socketPort is only part of the name of the socket.
	socketPort = 5432
	// maxSocketPath is what the strictest of our systems (macOS) takes.
	maxSocketPath = 103

	logName     = "postgres.log"
	maxLogBytes = 8 << 20

	// adoptedPoll is how often a postmaster that is not our child is looked at.
	adoptedPoll = 100 * time.Millisecond
	readyPoll   = 25 * time.Millisecond
	// remnants is how long a start waits for what a killed postmaster left
	// behind: its sessions end when they notice.
	remnants = time.Minute
	// unheard is how long a postmaster that calls itself ready may be out of
	// reach before something else must be wrong.
	unheard = 20 * time.Second
	// impatience is how long a postmaster that was told to stop at once gets.
	impatience = 10 * time.Second
)

// defaults are the settings of a small machine that holds a million examples.
// They do not trade durability: fsync and synchronous_commit stay on.
func defaults() map[string]string {
	return map[string]string{
		"max_connections": "200",

		"shared_buffers":       "256MB",
		"work_mem":             "32MB",
		"maintenance_work_mem": "256MB",
		"effective_cache_size": "1GB",
		"random_page_cost":     "1.1",
		"jit":                  "off", // our queries are short; compiling them costs more than it saves

		"fsync":                        "on",
		"synchronous_commit":           "on",
		"full_page_writes":             "on",
		"wal_compression":              "on",
		"max_wal_size":                 "4GB",
		"checkpoint_timeout":           "15min",
		"checkpoint_completion_target": "0.9",

		// Queues make dead rows by the second.
		"autovacuum":         "on",
		"autovacuum_naptime": "5s",

		"timezone":            "UTC",
		"log_timezone":        "UTC",
		"lc_messages":         "C",
		"password_encryption": "scram-sha-256",

		// The log tells of the server's health. Statements and values are what
		// people wrote, and stay out of it.
		"log_destination":            "stderr",
		"logging_collector":          "off",
		"log_line_prefix":            "%m [%p] ",
		"log_statement":              "none",
		"log_min_duration_statement": "-1",
		"log_min_error_statement":    "panic",
		"log_error_verbosity":        "terse",
		"log_checkpoints":            "off",
	}
}

// endpoint is where the postmaster listens: a directory with a unix socket, or
// an address, and the port.
type endpoint struct {
	host string
	port int
}

func (e endpoint) socket() bool { return strings.HasPrefix(e.host, "/") }

// socketName returns the path of the unix socket, as PostgreSQL names it.
func (e endpoint) socketName() string { return fmt.Sprintf("%s/.s.PGSQL.%d", e.host, e.port) }

func (e endpoint) lockName() string { return e.socketName() + ".lock" }

// settings returns the settings that make a postmaster listen at e only.
func (e endpoint) settings() map[string]string {
	s := map[string]string{"port": strconv.Itoa(e.port), "unix_socket_permissions": "0700"}
	if e.socket() {
		s["listen_addresses"] = ""
		// A list in which commas and spaces separate, unless quoted.
		s["unix_socket_directories"] = `"` + strings.ReplaceAll(e.host, `"`, `""`) + `"`
	} else {
		s["listen_addresses"] = e.host
		s["unix_socket_directories"] = ""
	}
	return s
}

// A postmaster is the main process of a running cluster, our child or not.
type postmaster struct {
	pid    int
	exited chan struct{} // closed when the process is gone

	dropped chan struct{} // closed by close
	once    sync.Once
}

// attend follows a process that is not our child until it is gone or close is
// called.
func attend(pid int, data string) *postmaster {
	p := &postmaster{pid: pid, exited: make(chan struct{}), dropped: make(chan struct{})}
	go func() {
		t := time.NewTicker(adoptedPoll)
		defer t.Stop()
		for {
			select {
			case <-p.dropped:
				return
			case <-t.C:
				if !alive(pid) || runtime.GOOS == "linux" && !isPostmaster(pid, data) {
					close(p.exited)
					return
				}
			}
		}
	}()
	return p
}

// close ends the attention to p, which may be nil; p itself goes on.
func (p *postmaster) close() {
	if p != nil {
		p.once.Do(func() { close(p.dropped) })
	}
}

// stop asks for a fast shutdown, which ends sessions, writes a checkpoint and
// exits. When ctx is done it asks for an immediate one.
func (p *postmaster) stop(ctx context.Context) error {
	signal := func(s syscall.Signal) error {
		select {
		case <-p.exited:
			return nil // its id may be another's by now
		default:
		}
		if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal process %d: %w", p.pid, err)
		}
		return nil
	}
	if err := signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
	}
	if err := signal(syscall.SIGQUIT); err != nil {
		return err
	}
	t := time.NewTimer(impatience)
	defer t.Stop()
	select {
	case <-p.exited:
		return fmt.Errorf("process %d had to be stopped at once and will recover at the next start: %w", p.pid, ctx.Err())
	case <-t.C:
		return fmt.Errorf("process %d does not stop: %w", p.pid, ctx.Err())
	}
}

// alive reports whether there is a process pid that has not ended. One that
// ended but was not waited for counts as gone: in a container its parent may
// be a process that never does.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	if runtime.GOOS != "linux" {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	// "pid (name) state ...", where the name may hold anything.
	if i := bytes.LastIndexByte(stat, ')'); i >= 0 && i+2 < len(stat) {
		return stat[i+2] != 'Z' && stat[i+2] != 'X'
	}
	return true
}

// isPostmaster reports whether pid is a live postmaster, as far as can be told
// of that cluster: after a restart of the machine, another process may have
// the number that a pid file names.
func isPostmaster(pid int, data string) bool {
	if !alive(pid) {
		return false
	}
	if runtime.GOOS == "linux" {
		// A postmaster's working directory is its cluster.
		cwd, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
		if err == nil {
			info, err := os.Stat(data)
			return err == nil && os.SameFile(cwd, info)
		}
		if !errors.Is(err, fs.ErrPermission) {
			return false
		}
		// Root in a container may be barred from looking at other users'
		// processes, except for their command line.
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		name, _, _ := bytes.Cut(line, []byte{0})
		return err == nil && isServerName(string(name))
	}
	name, err := exec.Command("/bin/ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && isServerName(strings.TrimSpace(string(name)))
}

func isServerName(path string) bool {
	name := filepath.Base(path)
	return name == "postgres" || name == "postmaster"
}

// pidFile is what postmaster.pid says.
type pidFile struct {
	pid      int
	endpoint endpoint // zero until the postmaster has got that far
	status   string   // starting, ready, stopping, or nothing yet
}

// current reads postmaster.pid. It returns nil if there is no such file, and
// a postmaster if the one it names is alive.
func (c *Cluster) current() (*postmaster, *pidFile, error) {
	f, err := c.readPIDFile()
	if err != nil || f == nil || !isPostmaster(f.pid, c.data) {
		return nil, f, err
	}
	return attend(f.pid, c.data), f, nil
}

func (c *Cluster) readPIDFile() (*pidFile, error) {
	b, err := os.ReadFile(filepath.Join(c.data, "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the pid file of %s: %w", c.data, err)
	}
	// pid, data directory, start time, port, socket directory, listen address,
	// shared memory, status.
	line := strings.Split(string(b), "\n")
	for i := range line {
		line[i] = strings.TrimSpace(line[i])
	}
	line = append(line, make([]string, 8)...)
	var f pidFile
	f.pid, _ = strconv.Atoi(line[0]) // 0 if the file is empty or damaged
	if port, err := strconv.Atoi(line[3]); err == nil {
		switch {
		case line[4] != "":
			f.endpoint = endpoint{line[4], port}
		case line[5] == "*" || line[5] == "localhost":
			f.endpoint = endpoint{"127.0.0.1", port}
		case line[5] != "":
			f.endpoint = endpoint{line[5], port}
		}
	}
	f.status = line[7]
	return &f, nil
}

// ensure makes sure that a postmaster of the cluster runs and accepts
// connections. The caller holds postgres.lock.
func (c *Cluster) ensure(ctx context.Context) error {
	for began, pause := time.Now(), 100*time.Millisecond; ; {
		pm, at, err := c.adopt(ctx)
		if err == nil && pm == nil {
			pm, at, err = c.start(ctx)
		}
		if err == nil {
			c.mu.Lock()
			c.running.close()
			c.running, c.endpoint = pm, at
			c.mu.Unlock()
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("start postgres in %s: %w", c.data, ctx.Err())
		}
		d, ok := errors.AsType[*death](err)
		switch {
		case !ok:
			return err
		case !d.passing() || time.Since(began) > remnants:
			return fault.Wrap(fault.Unavailable, d, "PostgreSQL does not start in %s. Its log is %s.", c.data, c.logName())
		}
		c.log.InfoContext(ctx, "postgres waits for the remnants of an earlier one", "dir", c.data)
		sleep(ctx, pause)
		pause = min(2*pause, time.Second)
	}
}

// adopt returns the postmaster that runs already, once it accepts connections,
// or nil if there is none.
func (c *Cluster) adopt(ctx context.Context) (*postmaster, endpoint, error) {
	pm, f, err := c.current()
	if err != nil || f == nil {
		return nil, endpoint{}, err
	}
	if pm == nil {
		return nil, endpoint{}, c.disownStale(ctx, f)
	}
	err = c.ready(ctx, pm, func() endpoint {
		if now, err := c.readPIDFile(); err == nil && now != nil && now.pid == pm.pid {
			*f = *now
		}
		if f.status == "stopping" {
			return endpoint{}
		}
		return f.endpoint
	})
	if err != nil {
		pm.close()
		if _, ok := errors.AsType[*death](err); ok {
			return nil, endpoint{}, nil // it was about to stop
		}
		return nil, endpoint{}, err
	}
	c.log.InfoContext(ctx, "postgres was running and is used", "dir", c.data, "pid", pm.pid)
	return pm, f.endpoint, nil
}

// unusedPID is larger than any process id of Linux or macOS.
const unusedPID = "2147483647"

// disownStale prepares the start after a crash, if the pid file names no
// postmaster. Postgres itself removes a pid file whose process does not exist,
// after a look at the shared memory that it also names; but if some other
// process has that number now, it refuses to start. So the number is
// replaced, and nothing else.
func (c *Cluster) disownStale(ctx context.Context, f *pidFile) error {
	if f.endpoint != (endpoint{}) {
		try, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if c.prepare(try, f.endpoint) == nil {
			return fault.New(fault.Conflict,
				"The database cluster %s is running in another container or on another machine. Stop it there first.", c.data)
		}
	}
	if f.pid == 0 {
		// Empty or damaged by a crash. Nobody starts now but us, or a process
		// that was left alone by one that was killed in a start: give it time.
		sleep(ctx, time.Second)
		if again, err := c.readPIDFile(); err != nil || again == nil || again.pid != 0 {
			return err
		}
	} else if !alive(f.pid) {
		return nil
	}
	c.log.InfoContext(ctx, "the pid file of a crashed postgres names another process", "dir", c.data, "pid", f.pid)
	name := filepath.Join(c.data, "postmaster.pid")
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("prepare to start after a crash: %w", err)
	}
	_, rest, _ := bytes.Cut(b, []byte("\n"))
	if err := os.WriteFile(name, append([]byte(unusedPID+"\n"), rest...), 0o600); err != nil {
		return fmt.Errorf("prepare to start after a crash: %w", err)
	}
	return nil
}

// death is the error of a postmaster that exited before it was ready.
type death struct {
	words string // what it wrote to its log
}

func (d *death) Error() string {
	return "postgres exited: " + strings.Join(strings.Fields(d.words), " ")
}

// passing reports whether the cause goes away by itself: sessions of a killed
// postmaster that have not noticed yet, or another start that was faster.
func (d *death) passing() bool {
	return strings.Contains(d.words, "pre-existing shared memory block") ||
		strings.Contains(d.words, `lock file "postmaster.pid" already exists`)
}

// deaf reports whether it could not listen where it was told to.
func (d *death) deaf() bool {
	return strings.Contains(d.words, "could not create any Unix-domain sockets") ||
		strings.Contains(d.words, "could not create any TCP/IP sockets")
}

// start starts a postmaster and returns it when it accepts connections.
func (c *Cluster) start(ctx context.Context) (*postmaster, endpoint, error) {
	began := time.Now()
	major, err := c.major()
	if err != nil {
		return nil, endpoint{}, err
	}
	bin, err := c.find(ctx, major)
	if err != nil {
		return nil, endpoint{}, err
	}
	var last error
	for _, at := range c.endpoints() {
		if at == (endpoint{}) {
			if at, err = freePort(ctx); err != nil {
				return nil, endpoint{}, err
			}
		}
		if at.socket() && at.host != c.data {
			if last = c.makeSocketDir(at.host); last != nil {
				c.log.DebugContext(ctx, "no place for a socket", "dir", at.host, "error", last)
				continue
			}
		}
		pm, err := c.spawn(ctx, bin, at)
		if err == nil {
			c.log.InfoContext(ctx, "postgres started", "dir", c.data, "pid", pm.pid, "version", bin.version,
				"user", c.user.name, "listens", at.host, "took", time.Since(began))
			return pm, at, nil
		}
		last = err
		d, died := errors.AsType[*death](err)
		if !(died && d.deaf()) && !errors.Is(err, fs.ErrPermission) {
			break
		}
	}
	return nil, endpoint{}, last
}

// major returns the major version of the cluster.
func (c *Cluster) major() (int, error) {
	b, err := os.ReadFile(filepath.Join(c.data, "PG_VERSION"))
	if err != nil {
		return 0, fmt.Errorf("find the version of the cluster: %w", err)
	}
	version := strings.TrimSpace(string(b))
	first, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(first)
	if err != nil {
		return 0, fault.Wrap(fault.Unavailable, err,
			"%s is damaged: its PG_VERSION says %q. Nothing in it was touched. Restore it from a backup.", c.data, version)
	}
	if major < minMajor {
		return 0, fault.New(fault.Unavailable,
			"The database cluster %s was made by PostgreSQL %s, and Spotter needs %d or later. Nothing in it was touched. Upgrade it with pg_upgrade, or dump it with its own version and restore the dump into an empty data directory.",
			c.data, version, minMajor)
	}
	return major, nil
}

// endpoints returns where to listen, best first. The zero endpoint stands for
// a free port on the loopback interface.
func (c *Cluster) endpoints() []endpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []endpoint
	if c.endpoint != (endpoint{}) {
		all = append(all, c.endpoint) // the DSN was given out
	}
	if !c.cfg.Loopback {
		sum := sha256.Sum256([]byte(c.data))
		short := fmt.Sprintf("%s%d-%s", socketDirPrefix, c.user.uid, hex.EncodeToString(sum[:5]))
		for _, dir := range []string{c.data, filepath.Join(c.cfg.TempDir, short), filepath.Join("/tmp", short)} {
			at := endpoint{dir, socketPort}
			// To clients a comma separates hosts.
			if len(at.socketName()) <= maxSocketPath && !strings.Contains(dir, ",") && !slices.Contains(all, at) {
				all = append(all, at)
			}
		}
	}
	return append(all, endpoint{})
}

const socketDirPrefix = "spotter-"

// makeSocketDir makes a directory that only the cluster's user can enter, in a
// place where others may write: one that is there already must be just that.
func (c *Cluster) makeSocketDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil && c.user.other {
		err = os.Lchown(dir, c.user.uid, c.user.gid)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm() != 0o700 || int(st.Uid) != c.user.uid {
		return fmt.Errorf("%s is not a private directory of %s", dir, c.user.name)
	}
	if !c.user.canReach(dir) {
		return fmt.Errorf("%s cannot be reached by %s", dir, c.user.name)
	}
	return nil
}

// dropSocketDir removes the directory that makeSocketDir made, if it is empty.
func (c *Cluster) dropSocketDir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endpoint.socket() && c.endpoint.host != c.data && strings.HasPrefix(filepath.Base(c.endpoint.host), socketDirPrefix) {
		_ = os.Remove(c.endpoint.host) // at worst an empty directory stays
	}
}

func freePort(ctx context.Context) (endpoint, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return endpoint{}, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return endpoint{}, fmt.Errorf("find a free port: %v has none", l.Addr())
	}
	return endpoint{"127.0.0.1", addr.Port}, nil
}

// spawn starts a postmaster that listens at that endpoint and waits until it
// accepts connections. If it does not, or ctx is done first, it is stopped,
// unless other processes use the cluster.
func (c *Cluster) spawn(ctx context.Context, bin binaries, at endpoint) (*postmaster, error) {
	if at.socket() {
		// What a crash left of the socket's own lock would stop the start if it
		// is empty or its process id is in use again. The directory is this
		// cluster's alone, and that the cluster does not run is known; postgres
		// makes sure of it once more by its pid file.
		if err := os.Remove(at.lockName()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("remove the lock of the socket: %w", err)
		}
	}
	log, err := c.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	mark, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("open the log of postgres: %w", err)
	}

	settings := defaults()
	maps.Copy(settings, c.cfg.Settings)
	maps.Copy(settings, at.settings())
	args := []string{"-D", c.data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	// The process outlives ctx, and its output goes to a file, not a pipe, so
	// that it outlives this process as well.
	cmd := c.command(context.WithoutCancel(ctx), filepath.Join(bin.dir, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	pm := &postmaster{pid: cmd.Process.Pid, exited: make(chan struct{}), dropped: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(pm.exited)
	}()

	err = c.ready(ctx, pm, func() endpoint { return at })
	if err == nil {
		return pm, nil
	}
	if _, ok := errors.AsType[*death](err); ok {
		return nil, &death{words: c.logSince(mark)}
	}
	if ctx.Err() != nil {
		// This process is about to leave. Others may be waiting for just this
		// postmaster; they will adopt it.
		if last, lockErr := tryLock(c.users, syscall.LOCK_EX); lockErr == nil && !last {
			return nil, err
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), impatience)
	defer cancel()
	if stopErr := pm.stop(end); stopErr != nil {
		err = errors.Join(err, stopErr)
	}
	return nil, err
}

// ready waits until pm accepts connections at where it listens by then, and
// prepares the database. The error is a *death if pm exits.
func (c *Cluster) ready(ctx context.Context, pm *postmaster, where func() endpoint) error {
	began := time.Now()
	tell := time.NewTicker(5 * time.Second)
	defer tell.Stop()
	var open time.Time // since when the postmaster says it is ready
	for {
		if at := where(); at != (endpoint{}) {
			try, cancel := context.WithTimeout(ctx, impatience)
			err := c.prepare(try, at)
			cancel()
			if err == nil || !notYet(err) {
				return err
			}
			f, pidErr := c.readPIDFile()
			switch {
			case pidErr != nil || f == nil || f.pid != pm.pid || f.status != "ready":
				open = time.Time{}
			case open.IsZero():
				open = time.Now()
			case time.Since(open) > unheard:
				return fault.Wrap(fault.Unavailable, err,
					"PostgreSQL runs in %s, but it cannot be reached at %s.", c.data, at.host)
			}
		}
		t := time.NewTimer(readyPoll)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-pm.exited:
			t.Stop()
			return &death{}
		case <-tell.C:
			// Recovery after a crash can take a while.
			c.log.InfoContext(ctx, "waiting for postgres to accept connections", "dir", c.data, "pid", pm.pid,
				"waited", time.Since(began).Round(time.Second), "log", c.logName())
		case <-t.C:
		}
		t.Stop()
	}
}

// notYet reports whether the postmaster, while it lives, may accept a
// connection later: nobody listens yet, it recovers, or it is full.
func notYet(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "57P03" || pg.Code == "57P01" || pg.Code == "53300"
	}
	_, classified := fault.As(err)
	return !classified && !errors.Is(err, fs.ErrPermission)
}

// prepare connects there as the superuser, makes sure that it is c's cluster
// that answers, and makes the role and the database of the product if they
// are not there.
func (c *Cluster) prepare(ctx context.Context, at endpoint) (err error) {
	cfg, err := pgx.ParseConfig(c.url(at, superuser, "postgres"))
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "There is no way to connect to a database at %s.", at.host)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(pg.Code, "28") {
			return fault.Wrap(fault.Unavailable, err,
				"The database cluster %s does not accept the password in %s. Put the file that belongs to it back from a backup.",
				c.data, filepath.Join(c.dir, passwordName))
		}
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))

	var dir string
	var hasRole, hasDatabase bool
	err = conn.QueryRow(ctx, `
		SELECT current_setting('data_directory'),
		       EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		       EXISTS (SELECT FROM pg_database WHERE datname = $2)`, role, database).Scan(&dir, &hasRole, &hasDatabase)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	if !sameDir(dir, c.data) {
		return fault.New(fault.Conflict, "At %s answers the database cluster %s, not %s.", at.host, dir, c.data)
	}
	if !hasRole {
		_, err := conn.Exec(ctx, fmt.Sprintf("CREATE ROLE %s LOGIN CREATEDB PASSWORD %s", role, quote(c.password)))
		if err != nil {
			return fmt.Errorf("make the role %s: %w", role, err)
		}
		if _, err := conn.Exec(ctx, "GRANT pg_monitor TO "+role); err != nil {
			return fmt.Errorf("make the role %s: %w", role, err)
		}
	}
	if !hasDatabase {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+database+" OWNER "+role); err != nil {
			return fmt.Errorf("make the database %s: %w", database, err)
		}
	}
	return nil
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func sameDir(a, b string) bool {
	ia, aErr := os.Stat(a)
	ib, bErr := os.Stat(b)
	return aErr == nil && bErr == nil && os.SameFile(ia, ib)
}

func (c *Cluster) logName() string { return filepath.Join(c.dir, logName) }

// openLog opens the postmaster's log, after moving a large one aside.
func (c *Cluster) openLog() (*os.File, error) {
	name := c.logName()
	if info, err := os.Lstat(name); err == nil && info.Size() > maxLogBytes {
		if err := os.Rename(name, name+".1"); err != nil {
			return nil, fmt.Errorf("move the log of postgres aside: %w", err)
		}
	}
	return c.create(logName, os.O_RDWR|os.O_APPEND)
}

// logSince returns what was logged after mark, at most its last 2 KB.
func (c *Cluster) logSince(mark int64) string {
	f, err := os.Open(c.logName())
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	mark = max(mark, info.Size()-2048)
	b, err := io.ReadAll(io.NewSectionReader(f, mark, info.Size()-mark))
	if err != nil {
		return err.Error()
	}
	return strings.ToValidUTF8(string(b), "?")
}
