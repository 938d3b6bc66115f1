// Command with runs a program beside a throw-away Postgres, whose address it
// gives to the program in SPOTTER_TEST_DATABASE_URL, and takes the Postgres away
// afterwards. A server that the variable names already is used as it is.
//
// Usage: with [-durable] -- PROGRAM [ARGUMENT...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/voicefit/spotter/internal/postgres/cluster"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func main() {
	durable := flag.Bool("durable", false, "keep fsync on, for measurements")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: with [-durable] -- PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, *durable, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "with:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, durable bool, args []string) (code int, err error) {
	env := os.Environ()
	if os.Getenv(pgtest.EnvURL) == "" {
		dir, err := os.MkdirTemp("", "spotter-test-")
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		// Started by root, Postgres runs as somebody else, who must get in here:
		// otherwise the cluster would live, and stay, in the system's directory.
		if err := os.Chmod(dir, 0o711); err != nil {
			return 1, err
		}
		c, err := cluster.Open(ctx, config(dir, durable))
		if err != nil {
			return 1, err
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			err = errors.Join(err, c.Close(ctx))
		}()
		env = append(env, pgtest.EnvURL+"="+c.DSN())
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, env
	// The program gets the time to clean up that an interrupt allows.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

// config is that of a cluster that nobody will miss.
func config(dir string, durable bool) cluster.Config {
	c := cluster.Config{
		Dir: dir, Address: "tests", Path: os.Getenv("PATH"),
		NodeModules: []string{filepath.Join(".cache", "postgres", "node_modules")},
		Settings:    map[string]string{"max_connections": "400"},
	}
	if !durable {
		c.Settings["fsync"], c.Settings["synchronous_commit"], c.Settings["full_page_writes"] = "off", "off", "off"
	}
	return c
}
