// Command bench measures the product against bare metal in the same run and
// prints a table: each row is ours, the reference beside it, the ratio, and what
// docs/performance.md asks of it. It needs the Postgres server that
// SPOTTER_TEST_DATABASE_URL names (make bench starts one, with fsync on), works
// in databases of its own, and writes bench/latest.json.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// A result is one row of the table.
type result struct {
	Name      string  `json:"name"`
	Ours      float64 `json:"ours"`
	Reference float64 `json:"reference"`
	Unit      string  `json:"unit"`
	Ratio     float64 `json:"ratio"` // ours over the reference; 0 where there is none
	Must      string  `json:"must"`  // what quality asks for
	Holds     bool    `json:"holds"`
	How       string  `json:"how"` // what was measured against what
}

// settings are the sizes of a run.
type settings struct {
	rows     int           // of the imported file
	load     int           // examples of the large workspace that people use
	seconds  time.Duration // of the queue measurements
	long     time.Duration // that the queue is watched for
	workDir  string
	server   string // connection string of the Postgres server
	progress io.Writer
}

func main() {
	var s settings
	flag.IntVar(&s.rows, "rows", 200_000, "rows of the imported file")
	flag.DurationVar(&s.long, "sustain", time.Minute, "how long the queue's speed is watched; quality asks for 10m, with -rows 1000000")
	flag.IntVar(&s.load, "load", 1_000_000, "examples of the workspace that many people use at once")
	flag.DurationVar(&s.seconds, "queue", 15*time.Second, "length of each queue measurement")
	out := flag.String("o", filepath.Join("bench", "latest.json"), "where the figures go")
	only := flag.String("only", "", "comma-separated parts: import, quality, export, queue, sustain, tokens, memory, load, latency")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s, *out, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, out, only string) (err error) {
	s.progress = os.Stderr
	if s.server = os.Getenv("SPOTTER_TEST_DATABASE_URL"); s.server == "" {
		return errors.New("SPOTTER_TEST_DATABASE_URL is not set; run `make bench`")
	}
	if s.workDir, err = os.MkdirTemp("", "spotter-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.workDir)) }()

	wanted := func(part string) bool { return only == "" || strings.Contains(","+only+",", ","+part+",") }
	var results []result
	add := func(r []result, err error) error {
		results = append(results, r...)
		return err
	}
	if wanted("tokens") {
		if err := add(tokens(s)); err != nil {
			return fmt.Errorf("tokens: %w", err)
		}
	}
	if wanted("import") || wanted("quality") || wanted("export") || wanted("queue") || wanted("sustain") {
		if err := add(databaseParts(ctx, s, wanted)); err != nil {
			return err
		}
	}
	if wanted("memory") {
		if err := add(memory(ctx, s)); err != nil {
			return fmt.Errorf("memory: %w", err)
		}
	}
	if wanted("load") {
		if err := add(load(ctx, s)); err != nil {
			return fmt.Errorf("load: %w", err)
		}
	}
	if wanted("latency") {
		if err := add(latency(ctx, s)); err != nil {
			return fmt.Errorf("latency: %w", err)
		}
	}
	if err := print(os.Stdout, results); err != nil {
		return err
	}
	doc, err := json.MarshalIndent(map[string]any{
		"at": time.Now().UTC(), "go": runtime.Version(), "cpus": runtime.NumCPU(), "rows": s.rows, "results": results,
	}, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, append(doc, '\n'), 0o644)
}

func print(w io.Writer, results []result) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tOURS\tREFERENCE\tUNIT\tRATIO\tMUST\tHOLDS")
	for _, r := range results {
		reference, ratio := "", ""
		if r.Reference > 0 {
			reference, ratio = fmt.Sprintf("%.0f", r.Reference), fmt.Sprintf("%.2f", r.Ratio)
		}
		fmt.Fprintf(t, "%s\t%.0f\t%s\t%s\t%s\t%s\t%v\n", r.Name, r.Ours, reference, r.Unit, ratio, r.Must, r.Holds)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		if _, err := fmt.Fprintf(w, "%s: %s\n", r.Name, r.How); err != nil {
			return err
		}
	}
	return nil
}

// against makes the row of a measurement that has a reference.
func against(name, unit string, ours, reference, must float64, how string) result {
	ratio := ours / reference
	return result{Name: name, Ours: ours, Reference: reference, Unit: unit, Ratio: ratio, Must: fmt.Sprintf("%.2fx", must), Holds: ratio >= must, How: how}
}
