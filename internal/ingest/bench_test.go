package ingest_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/sample"
)

// BenchmarkImport imports sample rows, from the file to the last commit, and
// compares with COPY of the same canonical rows into the same tables and
// indexes of another fresh database: x-copy is ours over that, in rows a second.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	var data bytes.Buffer
	if _, err := sample.Write(b.Context(), &data, io.Discard, sample.Options{Rows: rows, Seed: 1, Defects: 0.1}); err != nil {
		b.Fatal(err)
	}
	tokens, err := llama3.New()
	if err != nil {
		b.Fatal(err)
	}
	cat, err := catalog.Default()
	if err != nil {
		b.Fatal(err)
	}
	linter, err := lint.New(cat)
	if err != nil {
		b.Fatal(err)
	}
	product := func(c *ingest.Config) {
		c.Workers = 0
		c.Checks = checks(linter.Check)
		c.Count = func(c example.Conversation) (hf, plain int) {
			hf, _ = tokens.CountHF(c, llama3.Options{})
			plain, _ = tokens.CountPlain(c, llama3.Options{})
			return hf, plain
		}
	}
	var ours, reference time.Duration
	n := 0
	for b.Loop() {
		b.StopTimer()
		w := open(b, product)
		b.StartTimer()
		began := time.Now()
		run := w.bring(data.Bytes(), "sample.jsonl")
		ours += time.Since(began)
		b.StopTimer()
		if run.Inserted < rows*9/10 {
			b.Fatalf("%+v", tallyOf(run))
		}
		reference += copied(b, w)
		n++
		b.StartTimer()
	}
	b.ReportMetric(float64(n*rows)/ours.Seconds(), "rows/s")
	b.ReportMetric(float64(n*rows)/reference.Seconds(), "copy-rows/s")
	b.ReportMetric(reference.Seconds()/ours.Seconds(), "x-copy")
	b.ReportMetric(float64(data.Len())/rows, "B/row")
}

// copied measures how long COPY takes to bring what w holds into a fresh
// database with the same tables.
func copied(b *testing.B, w *world) time.Duration {
	fresh := open(b)
	from, err := w.pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer from.Release()
	to, err := fresh.pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer to.Release()
	var took time.Duration
	for _, table := range []string{"examples", "revisions", "findings"} {
		var rows bytes.Buffer
		if _, err := from.Conn().PgConn().CopyTo(b.Context(), &rows, "COPY "+table+" TO STDOUT BINARY"); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if _, err := to.Conn().PgConn().CopyFrom(b.Context(), &rows, "COPY "+table+" FROM STDIN BINARY"); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
	}
	return took
}
