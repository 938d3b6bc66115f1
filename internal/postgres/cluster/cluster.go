package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/voicefit/spotter/internal/fault"
)

const (
	// minMajor is the oldest PostgreSQL that a cluster is made or opened with.
	minMajor = 14

	// role and database are what the DSN names. The role owns the database and
	// may create others, but is no superuser, so that a hole in the product
	// does not become a shell on the machine (COPY ... TO PROGRAM).
	role     = "spotter"
	database = "spotter"
	// superuser is used by this package alone.
	superuser = "postgres"
)

// Config says which cluster to open and where its binaries may be. Only Dir is
// required.
type Config struct {
	// Dir is the data directory. It is made if it does not exist.
	Dir string
	// Address is what the server is about to listen on. It is only shown to
	// whoever tries to start a second server on Dir.
	Address string

	// BinariesDir, if set, is the only place where PostgreSQL is looked for:
	// its bin directory, the directory above that, or a directory of the npm
	// package @embedded-postgres/<platform>.
	BinariesDir string
	// Path is a list of directories like $PATH that is searched first. The
	// usual places of Debian, Red Hat, Homebrew and Postgres.app follow.
	Path string
	// NodeModules are node_modules directories, searched last for
	// @embedded-postgres/<platform>.
	NodeModules []string

	// Loopback makes the cluster listen on 127.0.0.1 and a free port instead of
	// a unix socket. It is also what happens where unix sockets do not work.
	Loopback bool
	// TempDir is where the directory of the unix socket is made if the path of
	// the cluster is too long for one. Default: os.TempDir().
	TempDir string
	// SystemDir is where the cluster lives if the server runs as root and the
	// cluster's user cannot reach Dir. Default: /var/lib/spotter.
	SystemDir string

	// Settings override or add to PostgreSQL settings, by name.
	Settings map[string]string

	// Log receives what is done, never the password. Default: nothing is logged.
	Log *slog.Logger
}

// A Cluster is a running PostgreSQL and this process's claim on it. Its
// methods may be called by several goroutines.
type Cluster struct {
	cfg      Config
	log      *slog.Logger
	dir      string // the data directory, absolute, without symbolic links
	home     string // the directory that holds the folder postgres
	data     string // PGDATA, without symbolic links
	user     user   // whom the cluster belongs to
	password string

	server *os.File // nil unless opened by Open
	users  *os.File

	mu       sync.Mutex // guards what follows
	running  *postmaster
	endpoint endpoint

	stopWatch context.CancelFunc
	watched   chan struct{} // closed when the watch has ended

	closing  sync.Once
	closeErr error
}

// Open claims the data directory for a server, starts its cluster or adopts
// the one that an earlier server left running, and returns when it accepts
// connections. From then on a postmaster that dies is started again, until
// Close.
//
// The error is a fault.Conflict that names the holder if another server has
// the data directory, and a fault.Unavailable with instructions if there are
// no fitting binaries, if Dir/postgres is no cluster or one of another major
// version, or if PostgreSQL does not start.
func Open(ctx context.Context, cfg Config) (*Cluster, error) {
	return open(ctx, cfg, true)
}

// Connect is Open for a command that runs once: it needs no claim on the data
// directory, so it works beside a server and beside other commands. It uses
// the postmaster that is running, or starts one; Close stops it if nobody else
// uses it by then.
func Connect(ctx context.Context, cfg Config) (*Cluster, error) {
	return open(ctx, cfg, false)
}

func open(ctx context.Context, cfg Config, server bool) (_ *Cluster, err error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.TempDir == "" {
		cfg.TempDir = os.TempDir()
	}
	if cfg.SystemDir == "" {
		cfg.SystemDir = "/var/lib/spotter"
	}
	c := &Cluster{cfg: cfg, log: cfg.Log, watched: make(chan struct{})}
	if err := c.makeDir(); err != nil {
		return nil, err
	}

	if server {
		if c.server, err = c.lockServer(ctx); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				unlock(c.server)
			}
		}()
	}

	turn, err := c.lock(ctx, "postgres.lock", syscall.LOCK_EX)
	if err != nil {
		return nil, fmt.Errorf("wait for the start or stop of postgres in %s: %w", c.dir, err)
	}
	defer unlock(turn)
	if c.users, err = c.lock(ctx, "postgres.users", syscall.LOCK_SH); err != nil {
		return nil, fmt.Errorf("join the users of %s: %w", c.dir, err)
	}
	defer func() {
		if err != nil {
			unlock(c.users)
		}
	}()

	if err := c.locate(); err != nil {
		return nil, err
	}
	if err := c.initialise(ctx); err != nil {
		return nil, err
	}
	if err := c.ensure(ctx); err != nil {
		return nil, err
	}

	watch, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.stopWatch = cancel
	go c.watch(watch)
	return c, nil
}

// makeDir makes the data directory and finds its one true name.
func (c *Cluster) makeDir() error {
	if c.cfg.Dir == "" {
		return fault.New(fault.Invalid, "The data directory has no name.")
	}
	abs, err := filepath.Abs(c.cfg.Dir)
	if err != nil {
		return fmt.Errorf("find data directory %s: %w", c.cfg.Dir, err)
	}
	// Root's cluster runs as another user, who must be able to pass through.
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(abs, mode); err != nil {
		return fault.Wrap(fault.Unavailable, err, "The data directory %s cannot be made.", abs)
	}
	if c.dir, err = filepath.EvalSymlinks(abs); err != nil {
		return fmt.Errorf("find data directory %s: %w", abs, err)
	}
	return nil
}

// DSN returns the connection URL of the product's database. It holds the
// password: do not log it. It stays the same for as long as the Cluster is
// open, also when the postmaster has to be started again, unless by then
// somebody else listens where it did.
func (c *Cluster) DSN() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.url(c.endpoint, role, database)
}

func (c *Cluster) url(e endpoint, role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, c.password), Path: "/" + database}
	q := url.Values{"host": {e.host}, "port": {strconv.Itoa(e.port)}, "sslmode": {"disable"}}
	// Postgres clients read %20, not +, as a space.
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u.String()
}

// Close gives up this process's claim. If no other process uses the cluster
// the postmaster is stopped: cleanly if that ends before ctx does, else at
// once, which costs a recovery at the next start but no committed row. Calling
// Close again does nothing and returns what the first call returned.
func (c *Cluster) Close(ctx context.Context) error {
	c.closing.Do(func() { c.closeErr = c.close(ctx) })
	return c.closeErr
}

func (c *Cluster) close(ctx context.Context) error {
	c.stopWatch()
	<-c.watched
	defer unlock(c.server)
	defer unlock(c.users)
	defer c.running.close() // nobody else touches it any more

	turn, err := c.lock(ctx, "postgres.lock", syscall.LOCK_EX)
	if err != nil {
		return fmt.Errorf("leave postgres in %s running: wait for a turn to stop it: %w", c.dir, err)
	}
	defer unlock(turn)
	return c.leave(ctx)
}

// leave stops the postmaster if this is its last user. The caller holds
// postgres.lock, so nobody joins meanwhile.
func (c *Cluster) leave(ctx context.Context) error {
	last, err := tryLock(c.users, syscall.LOCK_EX)
	if err != nil {
		return fmt.Errorf("count the users of %s: %w", c.dir, err)
	}
	if !last {
		c.log.InfoContext(ctx, "postgres is left running for its other users", "dir", c.data)
		return nil
	}
	// The pid file knows better than c.running: another process may have
	// started the postmaster again since.
	pm, _, err := c.current()
	if err != nil || pm == nil {
		return err
	}
	if c.running.pid == pm.pid {
		pm.close()
		pm = c.running // of a child the end is known at once
	}
	defer pm.close()
	if err := pm.stop(ctx); err != nil {
		return fmt.Errorf("stop postgres in %s: %w", c.data, err)
	}
	c.dropSocketDir()
	c.log.InfoContext(ctx, "postgres stopped", "dir", c.data)
	return nil
}

// watch starts the postmaster again whenever it is gone, until ctx is done.
func (c *Cluster) watch(ctx context.Context) {
	defer close(c.watched)
	const longest = 30 * time.Second
	for backoff, since := time.Duration(0), time.Now(); ; {
		c.mu.Lock()
		pm := c.running
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-pm.exited:
		}
		c.log.ErrorContext(ctx, "postgres stopped unexpectedly and is started again",
			"dir", c.data, "pid", pm.pid, "log", c.logName())
		// One that lived for a minute was well: start from no delay again.
		if time.Since(since) > time.Minute {
			backoff = 0
		}
		for {
			if !sleep(ctx, backoff) {
				return
			}
			backoff = min(max(2*backoff, 100*time.Millisecond), longest)
			err := c.restart(ctx)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return
			}
			c.log.ErrorContext(ctx, "postgres does not start", "dir", c.data, "retry_in", backoff, "error", err)
		}
		since = time.Now()
	}
}

// restart is ensure for a process that is among the users already.
func (c *Cluster) restart(ctx context.Context) error {
	turn, err := c.lock(ctx, "postgres.lock", syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock(turn)
	return c.ensure(ctx)
}

// sleep waits for d and reports false if ctx was done first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}

// create opens a file of the data directory, making it if need be. What root
// makes in somebody else's directory is theirs, so that they can use it
// without root later.
func (c *Cluster) create(name string, flag int) (*os.File, error) {
	path := filepath.Join(c.dir, name)
	f, err := os.OpenFile(path, flag|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fault.Wrap(fault.Unavailable, err,
			"The data directory %s belongs to another user. Run Spotter as that user.", c.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := c.chownToOwner(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (c *Cluster) chownToOwner(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := owner(c.dir)
	if err != nil {
		return err
	}
	if err := f.Chown(uid, gid); err != nil {
		return fmt.Errorf("give %s to the owner of %s: %w", f.Name(), c.dir, err)
	}
	return nil
}
