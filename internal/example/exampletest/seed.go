// Package exampletest puts examples into a test database without an import, for
// tests of what comes after one.
package exampletest

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/example"
)

// Dataset is the dataset that Seed fills.
var Dataset = uuid.MustParse("0198c0de-0000-7000-8000-000000000001")

// A Seed says what to put in. The zero value of a field means: voice_parsing,
// standard_command, pending, no findings, a conversation made from the number.
type Seed struct {
	Category, Subcategory string
	Status                example.Status
	Conversation          func(i int) example.Conversation
	Findings              []Finding
}

// Finding is a finding that every seeded example gets.
type Finding struct{ Rule, Severity, Message, Path string }

// Conversation is the one that Seed makes by default: a voice command and a
// structured answer, different for each i.
func Conversation(i int) example.Conversation {
	return example.Conversation{Messages: []example.Message{
		{Role: example.User, Content: fmt.Sprintf("bench %d for %d", 45+i, 1+i%12)},
		{Role: example.Assistant, Content: fmt.Sprintf(`{"exercise_name":"Bench Press","weight":%d,"reps":%d}`, 45+i, 1+i%12)},
	}}
}

// Insert puts n examples into the database and returns their ids in order, all
// from one source with the lines 1..n.
func Insert(t testing.TB, pool *pgxpool.Pool, n int, seed Seed) []uuid.UUID {
	t.Helper()
	ctx := t.Context()
	if seed.Category == "" {
		seed.Category, seed.Subcategory = "voice_parsing", "standard_command"
	}
	if seed.Status == "" {
		seed.Status = example.Pending
	}
	if seed.Conversation == nil {
		seed.Conversation = Conversation
	}
	source, run := newID(t), newID(t)
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("seed: %s: %v", what, err)
		}
	}
	_, err := pool.Exec(ctx, `INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test') ON CONFLICT DO NOTHING`, Dataset)
	must("dataset", err)
	_, err = pool.Exec(ctx, `INSERT INTO sources (dataset_id, id, name, sha256, bytes, channel) VALUES ($1, $2, 'seed.jsonl', $3, $4, 'command')`,
		Dataset, source, source[:], n)
	must("source", err)
	_, err = pool.Exec(ctx, `INSERT INTO import_runs (dataset_id, id, source_id, filename, state, format, rows, inserted) VALUES ($1, $2, $3, 'seed.jsonl', 'done', 'openai', $4, $4)`,
		Dataset, run, source, n)
	must("run", err)
	errors, warnings := 0, 0
	for _, f := range seed.Findings {
		switch f.Severity {
		case "error":
			errors++
		case "warning":
			warnings++
		}
	}
	var examples, revisions, findings [][]any
	ids := make([]uuid.UUID, n)
	for i := range n {
		id := newID(t)
		ids[i] = id
		c := seed.Conversation(i)
		messages := c.AppendMessages(nil)
		hash := example.HashOf(messages, c.Tools)
		tokens := len(messages) / 4
		examples = append(examples, []any{
			Dataset, id, seed.Category, seed.Subcategory, string(seed.Status), 1, tokens, c.Turns(),
			errors, warnings, source, run, i + 1, i * 100, 99, hash[:],
		})
		revisions = append(revisions, []any{Dataset, id, 1, string(messages), string(c.Tools), "{}", c.Strict(), tokens, tokens - 25, hash[:]})
		for k, f := range seed.Findings {
			findings = append(findings, []any{Dataset, id, 1, k, f.Rule, f.Severity, f.Message, f.Path})
		}
	}
	for _, in := range []struct { // findings after their examples, as the figures want it
		table   string
		columns []string
		rows    [][]any
	}{
		{"examples", []string{
			"dataset_id", "id", "category", "subcategory", "status", "revision", "tokens", "turns", "errors", "warnings",
			"source_id", "import_id", "source_line", "source_offset", "source_bytes", "hash",
		}, examples},
		{"revisions", []string{"dataset_id", "example_id", "revision", "messages", "tools", "metadata", "strict", "tokens", "plain_tokens", "hash"}, revisions},
		{"findings", []string{"dataset_id", "example_id", "revision", "ordinal", "rule", "severity", "message", "path"}, findings},
	} {
		_, err := pool.CopyFrom(ctx, pgx.Identifier{in.table}, in.columns, pgx.CopyFromRows(in.rows))
		must(in.table, err)
	}
	return ids
}

func newID(t testing.TB) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id
}
