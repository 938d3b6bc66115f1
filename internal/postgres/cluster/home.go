package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/voicefit/spotter/internal/fault"
)

// user is whom the cluster's files and processes belong to.
type user struct {
	uid, gid int
	name     string // for messages
	other    bool   // not the user this process runs as: children must drop to it
}

// attributes returns how to start a process as u. It gets a session of its
// own, so that Ctrl-C in the server's terminal does not reach it.
func (u user) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true}
	if u.other {
		a.Credential = &syscall.Credential{Uid: uint32(u.uid), Gid: uint32(u.gid)}
	}
	return a
}

// canReach reports whether u can enter dir. The kernel decides, by letting a
// process of u start there: mode bits alone do not tell of access lists.
func (u user) canReach(dir string) bool {
	if !u.other {
		return true
	}
	cmd := exec.Command("/bin/sh", "-c", ":")
	cmd.Dir = dir
	cmd.Env = []string{}
	cmd.SysProcAttr = u.attributes()
	return cmd.Run() == nil
}

// barrier returns the first directory on the way to dir that u cannot enter.
func (u user) barrier(dir string) string {
	for at := "/"; ; {
		if !u.canReach(at) {
			return at
		}
		rest, err := filepath.Rel(at, dir)
		if err != nil || rest == "." {
			return dir
		}
		first, _, _ := strings.Cut(rest, string(filepath.Separator))
		at = filepath.Join(at, first)
	}
}

func lookup(uid, gid int) user {
	u := user{uid: uid, gid: gid, name: strconv.Itoa(uid), other: uid != os.Geteuid()}
	if found, err := osuser.LookupId(u.name); err == nil {
		u.name = found.Username
	}
	return u
}

// servant returns the user that root's new clusters belong to.
func (c *Cluster) servant() (user, error) {
	uid, gid, err := owner(c.dir)
	if err != nil {
		return user{}, err
	}
	if uid != 0 {
		return lookup(uid, gid), nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		// Some systems give nobody the id -2, which no process can have.
		if uidErr == nil && gidErr == nil && uid > 0 && gid >= 0 {
			return lookup(uid, gid), nil
		}
	}
	return user{}, fault.New(fault.Unavailable,
		"PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it. Start Spotter as an ordinary user.")
}

func owner(path string) (uid, gid int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, fmt.Errorf("find the owner of %s: %w", path, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("find the owner of %s: this system does not tell", path)
	}
	return int(st.Uid), int(st.Gid), nil
}

const pointerName = "postgres.location"

// locate sets where the cluster is, or will be, and whom it belongs to. The
// caller holds postgres.lock.
func (c *Cluster) locate() error {
	if err := c.findHome(); err != nil {
		return err
	}
	c.data = filepath.Join(c.home, "postgres")
	there, err := c.clusterThere()
	switch {
	case err != nil:
		return err
	case !there && !c.user.canReach(c.home):
		return fault.New(fault.Unavailable,
			"The user %s, who is to run PostgreSQL, may not enter %s. Choose a data directory that this user can reach.",
			c.user.name, c.user.barrier(c.home))
	case !there:
		return nil
	}

	// An administrator may have moved the cluster to another disk and left a
	// symbolic link.
	if c.data, err = filepath.EvalSymlinks(c.data); err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	uid, gid, err := owner(c.data)
	if err != nil {
		return err
	}
	c.user = lookup(uid, gid)
	switch {
	case uid == 0:
		return fault.New(fault.Unavailable,
			"The database cluster %s belongs to root, and PostgreSQL does not run as root. Give it back to the user it belonged to: chown -R USER %s.", c.data, c.data)
	case c.user.other && os.Geteuid() != 0:
		return fault.New(fault.Unavailable,
			"The database cluster %s belongs to the user %s. Run Spotter as that user.", c.data, c.user.name)
	case !c.user.canReach(c.data):
		return fault.New(fault.Unavailable,
			"The database cluster %s belongs to the user %s, who may not enter %s. Move the data directory to where that user can reach it, or allow it with: chmod o+x %s.",
			c.data, c.user.name, c.user.barrier(c.data), c.user.barrier(c.data))
	}
	return nil
}

// findHome sets c.home, and c.user as it would be for a new cluster.
func (c *Cluster) findHome() (err error) {
	c.home = c.dir
	c.user = lookup(os.Geteuid(), os.Getegid())
	root := os.Geteuid() == 0
	if root {
		if c.user, err = c.servant(); err != nil {
			return err
		}
	}

	pointer := filepath.Join(c.dir, pointerName)
	b, err := os.ReadFile(pointer)
	switch {
	case err == nil:
		c.home = strings.TrimSpace(string(b))
		return c.checkHome()
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s: %w", pointer, err)
	}
	if !root || c.user.canReach(c.dir) {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(c.dir, "postgres")); err == nil {
		return nil // locate says what is wrong with it
	}
	return c.makeHome()
}

const ownerName = "owner"

// makeHome makes a home for the cluster outside of the data directory.
func (c *Cluster) makeHome() error {
	sum := sha256.Sum256([]byte(c.dir))
	c.home = filepath.Join(c.cfg.SystemDir, hex.EncodeToString(sum[:6]))
	// A home of that name is an earlier one of a data directory of that name.
	// To take it over would bring back data that somebody wanted gone; to
	// replace it would lose data that somebody may miss.
	if _, err := os.Lstat(filepath.Join(c.home, "postgres")); err == nil {
		return fault.New(fault.Unavailable,
			"%s holds the database of an earlier data directory %s. To use it again, write its path into the file %s; to start anew, move it away.",
			c.home, c.dir, filepath.Join(c.dir, pointerName))
	}
	if err := os.MkdirAll(c.home, 0o755); err != nil {
		return fault.Wrap(fault.Unavailable, err,
			"The user %s may not enter %s, and %s cannot be made to hold the database instead. Choose a data directory that this user can reach.",
			c.user.name, c.user.barrier(c.dir), c.home)
	}
	if !c.user.canReach(c.home) {
		return fault.New(fault.Unavailable,
			"The user %s, who is to run PostgreSQL, may enter neither %s nor %s. Choose a data directory that this user can reach.",
			c.user.name, c.user.barrier(c.dir), c.user.barrier(c.home))
	}
	if err := writeFile(filepath.Join(c.home, ownerName), c.dir+"\n"); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(c.dir, pointerName), c.home+"\n"); err != nil {
		return err
	}
	c.log.Info("the database is kept outside of the data directory, because its user cannot reach that",
		"data_directory", c.dir, "user", c.user.name, "closed_at", c.user.barrier(c.dir), "home", c.home)
	return nil
}

// checkHome makes sure that the home that the pointer names is there and is
// this data directory's: a copy of a data directory must not share, and a
// missing disk must not bring forth an empty database.
func (c *Cluster) checkHome() error {
	pointer := filepath.Join(c.dir, pointerName)
	b, err := os.ReadFile(filepath.Join(c.home, ownerName))
	if err != nil {
		return fault.Wrap(fault.Unavailable, err,
			"%s says that the database is in %s, but it is not there. Bring it back (is a disk missing?), or correct the file.", pointer, c.home)
	}
	was := strings.TrimSpace(string(b))
	if was == c.dir {
		return nil
	}
	if other, err := os.ReadFile(filepath.Join(was, pointerName)); err == nil && strings.TrimSpace(string(other)) == c.home {
		return fault.New(fault.Conflict,
			"The database in %s belongs to the data directory %s, of which %s seems to be a copy. Use that one, or remove %s to start with an empty database.",
			c.home, was, c.dir, pointer)
	}
	// The data directory was moved.
	return writeFile(filepath.Join(c.home, ownerName), c.dir+"\n")
}

// clusterThere reports whether c.data is a cluster. What is neither a cluster
// nor free for one is an error.
func (c *Cluster) clusterThere() (bool, error) {
	entries, err := os.ReadDir(c.data)
	if errors.Is(err, fs.ErrNotExist) {
		if target, err := os.Readlink(c.data); err == nil {
			return false, fault.New(fault.Unavailable,
				"The database cluster %s is a link to %s, which is not there. Bring it back (is a disk missing?), or remove the link to start with an empty database.", c.data, target)
		}
		return false, nil
	}
	if err != nil {
		return false, fault.Wrap(fault.Unavailable, err, "The database cluster %s cannot be read. Run Spotter as the user it belongs to.", c.data)
	}
	if len(entries) == 0 {
		return false, nil
	}
	for _, e := range entries {
		if e.Name() == "PG_VERSION" {
			return true, nil
		}
	}
	return false, fault.New(fault.Unavailable,
		"%s is not empty, but it is not a database cluster either (it has no PG_VERSION). Nothing in it was touched. Restore the cluster from a backup, or move the directory away to start with an empty database.", c.data)
}

// writeFile replaces a small file durably.
func writeFile(path, content string) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = tmp.WriteString(content)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(dir)
}

// syncDir makes a rename in dir survive a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err == nil {
		err = d.Sync()
		if cerr := d.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}
