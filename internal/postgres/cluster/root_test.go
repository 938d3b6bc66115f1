package cluster_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/cluster"
)

// needRoot skips a test of what only root does. The project's CI is root.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can do this")
	}
}

// nobody returns the ids of an ordinary user.
func nobody(t *testing.T) (uid, gid int) {
	t.Helper()
	u, err := osuser.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	if err := errors.Join(uidErr, gidErr); err != nil {
		t.Fatal(err)
	}
	return uid, gid
}

// reachableBinary returns a copy of the test binary that any user can run: the
// binary itself lies where only root can reach it.
func reachableBinary(t *testing.T) string {
	t.Helper()
	self := filepath.Join(emptyDir(t), "cluster.test")
	run(t, "cp", os.Args[0], self)
	if err := os.Chmod(self, 0o755); err != nil {
		t.Fatal(err)
	}
	return self
}

// closedDir returns a directory below one that only root can enter.
func closedDir(t *testing.T) (closed, dir string) {
	t.Helper()
	closed = filepath.Join(emptyDir(t), "root")
	dir = filepath.Join(closed, "data")
	if err := errors.Join(os.Mkdir(closed, 0o700), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return closed, dir
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// TestRootUnreachable has a data directory such as one below /root.
func TestRootUnreachable(t *testing.T) {
	needRoot(t)
	t.Parallel()
	closed, dir := closedDir(t)
	modules := filepath.Join(closed, "node_modules")
	cfg := config(dir)
	cfg.SystemDir = filepath.Join(emptyDir(t), "var", "spotter")
	cfg.BinariesDir = npmPackage(t, modules) // cannot be reached either

	c := mustJoin(t, cluster.Open, cfg)
	query[any](t, c.DSN(), `CREATE TABLE kept (id int)`)
	query[any](t, c.DSN(), `INSERT INTO kept VALUES (7)`)
	b := mustJoin(t, cluster.Connect, cfg)
	if b.DSN() != c.DSN() {
		t.Errorf("DSN = %s, want %s", b.DSN(), c.DSN())
	}
	mustClose(t, b)
	mustClose(t, c)
	if mode(t, closed) != 0o700 {
		t.Errorf("mode of %s = %v: it was opened to others", closed, mode(t, closed))
	}
	pointer := filepath.Join(dir, "postgres.location")
	said, err := os.ReadFile(pointer)
	if err != nil {
		t.Fatal(err)
	}
	home := strings.TrimSpace(string(said))
	if !strings.HasPrefix(home, cfg.SystemDir) {
		t.Errorf("the cluster is in %s, want it in %s", home, cfg.SystemDir)
	}
	copies, err := os.ReadDir(filepath.Join(home, "pg-bin"))
	if err != nil || len(copies) != 1 {
		t.Errorf("copies of the binaries = %v, %v, want one", copies, err)
	}

	// The package may go, the data directory may move, the rows stay.
	if err := os.RemoveAll(modules); err != nil {
		t.Fatal(err)
	}
	cfg.BinariesDir = filepath.Join(home, "pg-bin", copies[0].Name())
	moved := filepath.Join(closed, "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	cfg.Dir = moved
	c = mustJoin(t, cluster.Open, cfg)
	if got := query[int](t, c.DSN(), `SELECT id FROM kept`); len(got) != 1 || got[0] != 7 {
		t.Errorf("rows = %v, want 7", got)
	}
	mustClose(t, c)

	refused := func(what string, kind fault.Kind, want string) {
		t.Helper()
		c, err := cluster.Open(t.Context(), cfg)
		if err == nil {
			mustClose(t, c)
			t.Errorf("%s: it was opened", what)
		} else if !errors.Is(err, kind) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: Open = %q, want %q", what, err, want)
		}
	}
	// A copy must not share the cluster.
	copied := filepath.Join(closed, "copied")
	run(t, "cp", "-Rp", moved, copied)
	cfg.Dir = copied
	refused("a copy", fault.Conflict, "belongs to the data directory "+moved)
	// A missing disk must not lead to an empty database.
	cfg.Dir = moved
	if err := os.Rename(home, home+".away"); err != nil {
		t.Fatal(err)
	}
	refused("no home", fault.Unavailable, "it is not there")
	if err := os.Rename(home+".away", home); err != nil {
		t.Fatal(err)
	}
	// Neither must a data directory made anew take the old one's rows, nor lose them.
	if err := errors.Join(os.RemoveAll(moved), os.Rename(copied, dir), os.Remove(pointer)); err != nil {
		t.Fatal(err)
	}
	cfg.Dir = dir
	refused("no pointer", fault.Unavailable, "holds the database of an earlier data directory")
	if err := os.WriteFile(pointer, said, 0o600); err != nil {
		t.Fatal(err)
	}
	mustJoin(t, cluster.Open, cfg)
}

func TestRootRefuses(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, tt := range []struct {
		name string
		dir  func(t *testing.T) string
		want func(dir string) string
	}{
		{name: "a cluster that came to lie below a closed directory", dir: func(t *testing.T) string {
			_, dir := closedDir(t)
			run(t, "cp", "-Rp", lookalike(t)+"/.", dir)
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			return dir
		}, want: func(dir string) string { return "chmod o+x " + filepath.Dir(dir) + "." }},
		{name: "a cluster that belongs to root", dir: func(t *testing.T) string {
			dir := lookalike(t)
			run(t, "chown", "-R", "0:0", filepath.Join(dir, "postgres"))
			return dir
		}, want: func(dir string) string { return "chown -R USER " + filepath.Join(dir, "postgres") + "." }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := tt.dir(t)
			before := treeSum(t, filepath.Join(dir, "postgres"))
			c, err := cluster.Open(t.Context(), config(dir))
			if err == nil {
				mustClose(t, c)
				t.Fatal("it was opened")
			}
			if !errors.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), tt.want(dir)) {
				t.Errorf("Open = %q, want %q", err, tt.want(dir))
			}
			if treeSum(t, filepath.Join(dir, "postgres")) != before {
				t.Error("the directory was touched")
			}
		})
	}
}

// TestRootServesAnother has root start in an ordinary user's directory, where
// that user goes on without root; and that user try root's.
func TestRootServesAnother(t *testing.T) {
	needRoot(t)
	t.Parallel()
	uid, gid := nobody(t)
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	command := func(dir string) (string, error) {
		cmd := exec.CommandContext(t.Context(), reachableBinary(t))
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), helperEnv+"=command", dirEnv+"="+dir, moduleEnv+"="+root)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}

	theirs := emptyDir(t)
	if err := errors.Join(os.Chown(theirs, uid, gid), os.Chmod(theirs, 0o700)); err != nil {
		t.Fatal(err)
	}
	c := mustJoin(t, cluster.Open, config(theirs))
	query[any](t, c.DSN(), `CREATE TABLE kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`)
	if out, err := command(theirs); err != nil {
		t.Errorf("beside root's server: %v: %s", err, out)
	}
	mustClose(t, c)
	if out, err := command(theirs); err != nil {
		t.Errorf("alone: %v: %s", err, out)
	}
	c = mustJoin(t, cluster.Open, config(theirs))
	if got := query[int](t, c.DSN(), `SELECT count(*)::int FROM kept`)[0]; got != 20 {
		t.Errorf("rows = %d, want 20", got)
	}

	out, err := command(dataDir(t))
	if err == nil || !strings.Contains(out, "belongs to another user") {
		t.Errorf("in root's directory: %v: %s, want a refusal", err, out)
	}
}
