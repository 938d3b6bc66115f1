package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/voicefit/spotter/internal/fault"
)

const (
	passwordName = "postgres.password"
	initPrefix   = "postgres.init-"
)

// initialise makes the cluster if there is none. The caller holds
// postgres.lock.
func (c *Cluster) initialise(ctx context.Context) error {
	c.sweep(ctx)
	there, err := c.clusterThere()
	if err != nil {
		return err
	}
	if there {
		if c.password, err = c.readPassword(); errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Unavailable, err,
				"The password of the database cluster %s is missing. Put the file %s back from a backup.", c.data, filepath.Join(c.dir, passwordName))
		}
		return err
	}

	bin, err := c.find(ctx, 0)
	if err != nil {
		return err
	}
	began := time.Now()
	// A password that is there without a cluster is of an initialisation that
	// was killed, or a former cluster's: as good as a new one.
	if c.password, err = c.readPassword(); errors.Is(err, fs.ErrNotExist) {
		c.password = rand.Text()
		err = c.writePassword()
	}
	if err != nil {
		return err
	}
	if err := c.initdb(ctx, bin); err != nil {
		return err
	}
	c.log.InfoContext(ctx, "database cluster made", "dir", c.data, "version", bin.version, "binaries", bin.dir,
		"user", c.user.name, "took", time.Since(began))
	return nil
}

// sweep removes what killed initialisations left behind. Failure to do so is
// no reason not to start: an initdb that outlived its server may still be at work.
func (c *Cluster) sweep(ctx context.Context) {
	entries, err := os.ReadDir(c.home)
	if err != nil {
		return // whoever needs the directory will say so
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), initPrefix) {
			continue
		}
		dir := filepath.Join(c.home, e.Name())
		if err := os.RemoveAll(dir); err != nil {
			c.log.WarnContext(ctx, "an unfinished initialisation is not removed", "dir", dir, "error", err)
			continue
		}
		c.log.InfoContext(ctx, "an unfinished initialisation was removed", "dir", dir)
	}
}

func (c *Cluster) readPassword() (string, error) {
	b, err := os.ReadFile(filepath.Join(c.dir, passwordName))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", fault.Wrap(fault.Unavailable, err, "The data directory %s belongs to another user. Run Spotter as that user.", c.dir)
	case err != nil:
		return "", fmt.Errorf("read the password of the cluster: %w", err)
	}
	p := strings.TrimSpace(string(b))
	if p == "" {
		return "", fault.New(fault.Unavailable, "The file %s is empty. Put it back from a backup.", filepath.Join(c.dir, passwordName))
	}
	return p, nil
}

func (c *Cluster) writePassword() error {
	path := filepath.Join(c.dir, passwordName)
	if err := writeFile(path, c.password+"\n"); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer f.Close()
	return c.chownToOwner(f)
}

// initdb makes a cluster beside c.data and moves it there.
func (c *Cluster) initdb(ctx context.Context, bin binaries) error {
	// The folder around the new cluster belongs to its user as well, so that
	// initdb may create in it, and hides the file with the password.
	tmp, err := os.MkdirTemp(c.home, initPrefix)
	if err != nil {
		return fmt.Errorf("make the cluster: %w", err)
	}
	defer os.RemoveAll(tmp)
	secret := filepath.Join(tmp, "password")
	if err := os.WriteFile(secret, []byte(c.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("make the cluster: %w", err)
	}
	if c.user.other {
		for _, path := range []string{tmp, secret} {
			if err := os.Chown(path, c.user.uid, c.user.gid); err != nil {
				return fmt.Errorf("make the cluster: %w", err)
			}
		}
	}

	made := filepath.Join(tmp, "data")
	if err := c.runInitdb(ctx, bin, made, secret); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(made, "PG_VERSION")); err != nil {
		return fmt.Errorf("make the cluster: initdb left none: %w", err)
	}
	// initdb has synced what is in it.
	if err := os.Rename(made, c.data); err != nil {
		return fmt.Errorf("make the cluster: %w", err)
	}
	return syncDir(c.home)
}

func (c *Cluster) runInitdb(ctx context.Context, bin binaries, dir, secret string) error {
	// Text sorts by code point everywhere, so that an index made on one machine
	// is right on another; only what letters are, and their case, is Unicode's.
	locales := [][]string{
		{"--locale=C", "--lc-ctype=C.UTF-8"},
		{"--locale=C", "--lc-ctype=en_US.UTF-8"},
		{"--locale=C"},
	}
	if bin.major >= 17 {
		locales = [][]string{{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}}
	}
	var out []byte
	var err error
	for _, locale := range locales {
		args := append([]string{
			"--pgdata=" + dir, "--username=" + superuser, "--pwfile=" + secret, "--auth=scram-sha-256",
			"--encoding=UTF8", "--data-checksums", "--no-instructions",
		}, locale...)
		cmd := c.command(ctx, filepath.Join(bin.dir, "initdb"), args...)
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		out, err = cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		if !bytes.Contains(out, []byte("invalid locale name")) {
			break
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fault.Wrap(fault.Unavailable, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out)),
		"PostgreSQL could not make a database cluster in %s.", c.home)
}
