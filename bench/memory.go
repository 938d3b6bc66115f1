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
)

// memory runs the real program on a small and a large file and compares the most
// memory that it held.
func memory(ctx context.Context, s settings) ([]result, error) {
	program, err := s.build(ctx)
	if err != nil {
		return nil, err
	}
	small, large := s.rows/4, s.rows
	var imported, exported [2]float64
	for i, rows := range []int{small, large} {
		path, err := s.sampleFile(ctx, rows)
		if err != nil {
			return nil, err
		}
		if imported[i], exported[i], err = measure(ctx, s, program, path); err != nil {
			return nil, err
		}
	}
	row := func(name string, mb [2]float64) result {
		return result{
			Name: name, Ours: mb[1], Unit: "MB RSS", Must: "<= 300 MB, flat", Holds: mb[1] <= 300 && mb[1] <= 1.3*mb[0]+20,
			How: fmt.Sprintf("peak resident memory of the program alone: %.0f MB for %d rows, %.0f MB for %d", mb[0], small, mb[1], large),
		}
	}
	return []result{row("memory, import", imported), row("memory, export", exported)}, nil
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

// measure imports a file and exports it again with the real program, in a
// database of its own, and returns the peak memory of each in MB.
func measure(ctx context.Context, s settings, program, path string) (imported, exported float64, err error) {
	dsn, drop, err := newDatabase(ctx, s.server, "memory")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	peak := func(args ...string) (float64, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn)
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%v: %w: %s", args, err, out)
		}
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return 0, errors.New("this system does not report memory")
		}
		unit := 1e3 // kilobytes on Linux
		if runtime.GOOS == "darwin" {
			unit = 1e6
		}
		return float64(usage.Maxrss) / unit, nil
	}
	fmt.Fprintf(s.progress, "memory of importing %s\n", filepath.Base(path))
	if imported, err = peak("import", path); err != nil {
		return 0, 0, err
	}
	exported, err = peak("export", "--status", "pending", "--allow-refused", "-o", filepath.Join(s.workDir, "out.jsonl"))
	return imported, exported, err
}
