package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"time"

	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/sample"
)

// tokens counts the Llama 3 tokens of sample texts on one core, with a tokenizer
// that has not seen them, against SHA-256 of the same bytes.
func tokens(s settings) ([]result, error) {
	var rows bytes.Buffer
	if _, err := sample.Write(context.Background(), &rows, io.Discard, sample.Options{Rows: 20_000, Seed: 3}); err != nil {
		return nil, err
	}
	var texts []string
	size := 0
	for _, line := range bytes.Split(bytes.TrimSpace(rows.Bytes()), []byte("\n")) {
		var row struct {
			Messages []struct{ Content string } `json:"messages"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, err
		}
		for _, m := range row.Messages {
			texts = append(texts, m.Content)
			size += len(m.Content)
		}
	}
	hashed := time.Duration(1 << 62)
	for range 3 { // the reference gets the best of three
		start := time.Now()
		for _, t := range texts {
			_ = sha256.Sum256([]byte(t))
		}
		hashed = min(hashed, time.Since(start))
	}
	tokenizer, err := llama3.New()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	for _, t := range texts {
		tokenizer.Count(t)
	}
	counted := time.Since(start)
	mb := float64(size) / 1e6
	return []result{against("token counting", "MB/s", mb/counted.Seconds(), mb/hashed.Seconds(), 0.02,
		"Llama 3 tokens of 20,000 sample conversations, one core, first sight of each text; reference: SHA-256 of the same strings, best of three")}, nil
}
