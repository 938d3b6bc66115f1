package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// filled is how many rows the smaller of two files has at least. An import of fewer is
// over before its stages and their buffers are full: of 5,000 rows the program holds
// 83 MB, of 20,000 166 MB, of 40,000 164 MB. That is no growth with the file.
const filled = 20_000

// memory runs the real program on a small and a large file and compares the most
// memory that it held.
func memory(ctx context.Context, s settings) ([]result, error) {
	program, err := s.build(ctx)
	if err != nil {
		return nil, err
	}
	small := max(s.rows/4, filled)
	large := max(s.rows, 2*small)
	var imported, exported, released, downloaded [2]float64
	for i, rows := range []int{small, large} {
		path, err := s.sampleFile(ctx, rows)
		if err != nil {
			return nil, err
		}
		p, err := measure(ctx, s, program, path)
		if err != nil {
			return nil, err
		}
		imported[i], exported[i], released[i], downloaded[i] = p.imported, p.exported, p.released, p.downloaded
	}
	row := func(name string, mb [2]float64) result {
		return result{
			Name: name, Ours: mb[1], Unit: "MB RSS", Must: "<= 300 MB, flat", Holds: mb[1] <= 300 && mb[1] <= 1.3*mb[0]+20,
			How: fmt.Sprintf("peak resident memory of the program alone: %.0f MB for %d rows, %.0f MB for %d", mb[0], small, mb[1], large),
		}
	}
	return []result{
		row("memory, import", imported), row("memory, export", exported),
		row("memory, making a release", released), row("memory, export of a release", downloaded),
	}, nil
}

// build makes the program that users run.
func (s settings) build(ctx context.Context) (program string, err error) {
	program = filepath.Join(s.workDir, "spotter")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/server")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return program, nil
}

// peaks are the most memory that parts of the program held, in MB.
type peaks struct{ imported, exported, released, downloaded float64 }

// measure imports a file, exports it again, makes a release of all of it (search for
// duplicates, preflight, files and reports) and exports that, with the real program,
// in a database of its own.
func measure(ctx context.Context, s settings, program, path string) (p peaks, err error) {
	dsn, drop, err := newDatabase(ctx, s.server, "memory")
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	data, err := os.MkdirTemp(s.workDir, "data-*")
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	peak := func(into *float64, args ...string) error {
		fmt.Fprintf(s.progress, "memory of %s %s, of %s\n", filepath.Base(program), args[0], filepath.Base(path))
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn, "SPOTTER_DATA="+data)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", args, err, out)
		}
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return errors.New("this system does not report memory")
		}
		unit := 1e3 // kilobytes on Linux
		if runtime.GOOS == "darwin" {
			unit = 1e6
		}
		*into = float64(usage.Maxrss) / unit
		return nil
	}
	out := filepath.Join(data, "out.jsonl")
	if err := peak(&p.imported, "import", path); err != nil {
		return p, err
	}
	if err := peak(&p.exported, "export", "--status", "pending", "--allow-refused", "-o", out); err != nil {
		return p, err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return p, err
	}
	_, err = conn.Exec(ctx, "UPDATE examples SET status = 'approved'")
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return p, err
	}
	if err := peak(&p.released, "release", "create", "--name", "bench", "--override", "nobody approved these"); err != nil {
		return p, err
	}
	return p, peak(&p.downloaded, "export", "--release", "bench", "--allow-refused", "-o", out)
}
