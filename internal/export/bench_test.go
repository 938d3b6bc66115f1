package export_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/voicefit/spotter/internal/export"
)

// BenchmarkWriter writes the rows of testdata over and over; MB/s are of what
// comes out.
func BenchmarkWriter(b *testing.B) {
	all := rows(b)
	for _, preset := range export.Presets() {
		b.Run(string(preset), func(b *testing.B) {
			w := preset.NewWriter(io.Discard, preset.Files(nil)[0])
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				var refusal *export.Refusal
				if _, err := w.Append(all[i%len(all)].Row); err != nil && !errors.As(err, &refusal) {
					b.Fatal(err)
				}
			}
			done, err := w.Close()
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(done.Bytes / int64(b.N))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkCopy writes only rows that go out as they are stored, hashed on the way.
func BenchmarkCopy(b *testing.B) {
	var strict []namedRow
	for _, row := range rows(b) {
		if row.Strict && len(row.Tools) == 0 {
			strict = append(strict, row)
		}
	}
	w := export.Messages.NewWriter(io.Discard, export.Messages.Files(nil)[0])
	for i := 0; b.Loop(); i++ {
		if _, err := w.Append(strict[i%len(strict)].Row); err != nil {
			b.Fatal(err)
		}
	}
	done, err := w.Close()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(done.Bytes / int64(b.N))
}

// BenchmarkValidator reads the rows back by the preset's own rules, without
// counting tokens.
func BenchmarkValidator(b *testing.B) {
	all := rows(b)
	for _, preset := range []export.Preset{export.Messages, export.Together, export.HuggingFace, export.Llama3} {
		var file bytes.Buffer
		parts := preset.Files(nil)
		w := preset.NewWriter(&file, parts[len(parts)-1])
		for _, row := range all {
			var refusal *export.Refusal
			if _, err := w.Append(row.Row); err != nil && !errors.As(err, &refusal) {
				b.Fatal(err)
			}
		}
		done, err := w.Close()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(preset), func(b *testing.B) {
			b.SetBytes(done.Bytes)
			for b.Loop() {
				v := preset.NewChecker(nil).File("x")
				if err := v.Read(b.Context(), bytes.NewReader(file.Bytes()), func(export.Problem) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
