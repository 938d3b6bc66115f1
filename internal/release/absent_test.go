package release_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/release"
)

// TestProvenanceOfRowsThatAreLeftOut makes a release in which a form can't say some
// rows, overridden: the provenance tells of all rows, and of each on which line of
// the merged file it is.
func TestProvenanceOfRowsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	seed := voice(0)
	seed.Conversation = func(i int) example.Conversation {
		c := words(0)(i)
		if i%7 == 3 { // no answer at the end
			c.Messages = append(c.Messages, example.Message{Role: example.User, Content: "and then?"})
		}
		return c
	}
	approve(t, pool, 70, seed)
	s := release.New(config(t, pool))
	r := build(t, s, release.Order{Name: "gaps", Override: "They are left out."}, release.Built)
	if l := line(t, r, release.LineFormat+"/messages"); l.Rows != 10 {
		t.Fatalf("refused: %+v", l)
	}
	files := content(t, s.Dir(r.ID))
	merged := strings.Split(strings.TrimSuffix(files[export.Complete], "\n"), "\n")
	if len(merged) != 60 {
		t.Fatalf("the merged file has %d rows", len(merged))
	}
	told, position := 0, 0
	for text := range strings.Lines(files["provenance.jsonl"]) {
		var l release.Lineage
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		if position++; l.Position != position {
			t.Errorf("row %d says that it is row %d", position, l.Position)
		}
		var messages string
		if err := pool.QueryRow(t.Context(), `SELECT messages FROM revisions WHERE dataset_id = $1 AND example_id = $2`, exampletest.Dataset, l.Example).Scan(&messages); err != nil {
			t.Fatal(err)
		}
		if l.Line == 0 {
			continue
		}
		if told++; l.Line != told || merged[l.Line-1] != `{"messages":`+messages+`}` {
			t.Errorf("line %d of the merged file is not the example that the provenance names", l.Line)
		}
	}
	if told != 60 || position != 70 {
		t.Errorf("the provenance tells of %d rows and %d lines", position, told)
	}
	v, err := release.Verify(t.Context(), s.Dir(r.ID), nil)
	if err != nil || len(v.Problems) > 0 {
		t.Errorf("Verify() = %v, %v", v.Problems, err)
	}
}
