package browse_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func TestSimilar(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, 1, exampletest.Seed{})
	other := func(i int) example.Conversation { return exampletest.Conversation(100 + i) }
	ids = append(ids, exampletest.Insert(t, pool, 4, exampletest.Seed{Status: example.Approved, Conversation: other})...)
	ids = append(ids, exampletest.Insert(t, pool, 1, exampletest.Seed{Conversation: func(int) example.Conversation { return exampletest.Conversation(200) }})...)
	for i, keys := range [][]int64{{1, 2, 3, 4}, {1}, {1, 2, 3}, {2, 3}, {9}, {1, 2, 3, 4}} {
		if _, err := pool.Exec(t.Context(), "INSERT INTO duplicate_signatures (dataset_id, example_id, revision, version, keys) VALUES ($1, $2, 1, 1, $3)", exampletest.Dataset, ids[i], keys); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if _, err := pool.Exec(t.Context(), "INSERT INTO duplicate_keys (key, example_id) VALUES ($1, $2)", k, ids[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := browse.New(pool, exampletest.Dataset)
	got, err := s.Similar(t.Context(), ids[0], 3)
	if err != nil || len(got) != 3 || got[0].ID != ids[2] || got[1].ID != ids[3] || got[2].ID != ids[1] || got[0].Excerpt.Question == "" {
		t.Errorf("Similar() = %+v, %v; want the approved ones by how much they share", got, err)
	}
	if got, err := s.Similar(t.Context(), uuid.New(), 3); err != nil || len(got) != 0 {
		t.Errorf("Similar() of what was not looked at = %+v, %v", got, err)
	}
}
