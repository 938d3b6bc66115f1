// Command spotter serves the dashboard and does from the command line what the
// pages do. Without a subcommand it serves.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sort"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/fault"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes of the command line.
const (
	success  = 0
	failure  = 1
	badUsage = 2
)

// errUsage marks a command that was called wrongly.
var errUsage = errors.New("usage")

// run is main without the globals, so that a test can start the whole program.
// It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return success
	}
	complain(stderr, err)
	if errors.Is(err, errUsage) {
		return badUsage
	}
	return failure
}

// complain prints an error as a person should read it: the sentence of a
// classified error with its fields, the whole chain of any other.
func complain(w io.Writer, err error) {
	f, ok := fault.As(err)
	if !ok {
		fmt.Fprintln(w, "spotter:", err)
		return
	}
	fmt.Fprintln(w, "spotter:", f.Msg)
	var names []string
	for name := range f.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "  %s: %s\n", name, f.Fields[name])
	}
	if f.Err != nil {
		fmt.Fprintln(w, "  cause:", f.Err)
	}
}

// program is what every subcommand works with.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	data           string // --data
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "spotter",
		Short: "Import, check, review and release fine-tuning examples",
		Long: `Spotter is where a fine-tuning dataset is imported, checked, reviewed by people
and turned into training files. Without a subcommand it serves its pages.

It uses the Postgres that DATABASE_URL names, or a private one in the data
directory. Every subcommand works with the server stopped or running.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              usage(cobra.NoArgs),
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.PersistentFlags().StringVar(&p.data, "data", "", "data `directory` of the private Postgres (default $SPOTTER_DATA or ./data)")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w; see `%s --help`", errUsage, err, c.CommandPath())
	})
	serve := p.serve()
	root.AddCommand(serve, p.work(), p.importFiles(), p.release(), p.verifyRelease(), p.export(), p.check(), p.report(), p.recheck(), p.sample(), p.user(), p.token(), p.catalog(),
		p.migrate(), p.backup(), p.restore(), p.audit(), p.doctor(), p.version(), p.printConfig())
	// Without a subcommand it serves, with the same flags.
	root.Flags().AddFlagSet(serve.Flags())
	root.RunE = serve.RunE
	return root
}

// usage has a mistake in the arguments end with the exit code for wrong usage.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return fmt.Errorf("%w: %w; see `%s --help`", errUsage, err, c.CommandPath())
		}
		return nil
	}
}

// badFlag is a flag whose value makes no sense.
func badFlag(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUsage, fault.New(fault.Invalid, format, args...))
}
