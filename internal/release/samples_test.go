package release_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/release"
)

// TestSamples holds rows against the verdicts on random samples of their batches:
// the last verdict on a batch counts, and one that rejected it holds the release.
func TestSamples(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 40, voice(0))
	approve(t, pool, 20, exampletest.Seed{Category: "ai_coach", Subcategory: "technique", Conversation: words(3000)})
	s := release.New(config(t, pool))
	closed := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	verdict := func(batch, key, state string, reviewed, defects int) {
		t.Helper()
		closed = closed.Add(time.Hour)
		if _, err := pool.Exec(ctx, `
			INSERT INTO samples (dataset_id, id, name, batch, key, scope, frame_size, frame_hash, frame_last, frame, seed, plan, n, accept, edits, drawn, state, reviewed, defects, author_id, author, closed_at)
			VALUES ($1, gen_random_uuid(), $2, $3, $4, 'all', 40, '', $5, '', 1, '{}', $6, 0, false, $6, $7, $6, $8, $5, 'Lea', $9)`,
			exampletest.Dataset, "sample of "+key, batch, key, uuid.Max, reviewed, state, defects, closed); err != nil {
			t.Fatal(err)
		}
	}
	check := func(green, holds bool, rows int, says string) {
		t.Helper()
		p, err := s.Preview(ctx, release.Spec{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range p.Lines {
			if l.Key == release.LineSamples {
				if l.Green != green || !green && l.Holds != holds || l.Rows != rows || !strings.Contains(l.Text, says) {
					t.Errorf("the line = %+v; want green %v, holding %v, %d rows, %q", l, green, holds, rows, says)
				}
				return
			}
		}
		t.Error("the preflight does not tell of samples")
	}
	check(false, false, 60, "60 examples are of no batch that passed a random sample.")
	verdict("category", "voice_parsing/standard_command", "rejected", 20, 3)
	check(false, true, 40, "3 of 20 looked at were bad, so with 95 % confidence at most 34.4 % are")
	verdict("category", "voice_parsing/standard_command", "accepted", 30, 0)
	check(false, false, 20, "20 examples are of no batch")
	var src uuid.UUID
	if err := pool.QueryRow(ctx, `SELECT source_id FROM examples WHERE category = 'ai_coach' LIMIT 1`).Scan(&src); err != nil {
		t.Fatal(err)
	}
	verdict("metadata", "processor_used=core", "rejected", 5, 5) // which rows these are is not known
	verdict("source", src.String(), "accepted", 20, 0)
	check(true, false, 0, "at most 13.9 % are")
	r := build(t, s, release.Order{Name: "sampled"}, release.Built)
	if m := content(t, s.Dir(r.ID))[release.ManifestName]; !strings.Contains(m, "sample of voice_parsing/standard_command: 0 of 30 looked at were bad") {
		t.Errorf("the manifest does not tell of the sample:\n%s", m)
	}
}
