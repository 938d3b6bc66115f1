package dedup_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/sample"
)

// BenchmarkScan imports sample rows with everything switched on and then looks
// for duplicates: x-import is the time of the scan over that of the import.
// SPOTTER_BENCH_ROWS sets how many rows; 20,000 unless told.
func BenchmarkScan(b *testing.B) {
	rows := 20_000
	if s := os.Getenv("SPOTTER_BENCH_ROWS"); s != "" {
		var err error
		if rows, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	var data bytes.Buffer
	if _, err := sample.Write(b.Context(), &data, io.Discard, sample.Options{Rows: rows, Seed: 1, Defects: 0.1}); err != nil {
		b.Fatal(err)
	}
	tokens, err := llama3.New()
	if err != nil {
		b.Fatal(err)
	}
	cat, err := defaultCatalog(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	linter, err := lint.New(cat)
	if err != nil {
		b.Fatal(err)
	}
	var importing, scanning time.Duration
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		w.exec("INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test')", exampletest.Dataset)
		in := ingest.New(ingest.Config{
			Pool: w.pool, Dataset: exampletest.Dataset, Catalog: defaultCatalog,
			Checks: func(context.Context) (func(lint.Subject) []lint.Finding, error) { return linter.Check, nil },
			Count:  func(c example.Conversation) (hf, plain int) { return tokens.CountBoth(c) },
		})
		began := time.Now()
		run, err := in.Store(b.Context(), bytes.NewReader(data.Bytes()), ingest.Upload{Name: "sample.jsonl", Channel: ingest.ChannelCommand, By: audit.Actor{Name: "bench"}})
		if err != nil {
			b.Fatal(err)
		}
		if err := in.Run(b.Context(), run.ID); err != nil {
			b.Fatal(err)
		}
		importing += time.Since(began)
		b.StartTimer()
		began = time.Now()
		if _, err := w.Scan(b.Context()); err != nil {
			b.Fatal(err)
		}
		scanning += time.Since(began)
	}
	b.ReportMetric(scanning.Seconds()/importing.Seconds(), "x-import")
	b.ReportMetric(float64(rows)*float64(b.N)/scanning.Seconds(), "rows/s")
	b.ReportMetric(float64(rows)*float64(b.N)/importing.Seconds(), "imported/s")
}
