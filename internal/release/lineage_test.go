package release_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

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

// TestProvenanceTellsAll holds a line of the provenance against what happened to its
// example: who brought it in under which licence, what wrote it, every decision, also
// one that was taken back, findings and waivers.
func TestProvenanceTellsAll(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	seed := voice(0)
	seed.Findings = []exampletest.Finding{{Rule: "voice/rir-rpe", Severity: "warning", Message: "8 and 3 do not fit", Path: "/messages/1/content"}}
	ids := approve(t, pool, 20, seed)
	id := ids[5]
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE sources SET licence = 'CC BY 4.0', created_by = $1`, lead.ID)
	exec(`ALTER TABLE revisions DISABLE TRIGGER revisions_append_only`) // as if it had come in so
	exec(`UPDATE revisions SET metadata = '{"generator":"core 2.1"}' WHERE example_id = $1`, id)
	wrong := uuid.MustParse("0198c0de-0000-7000-8000-00000000dead")
	exec(`INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, reason, status_before, status_after, request_key)
		VALUES ($1, $2, $3, $4, 1, 'reject', 'a slip', 'approved', 'rejected', 'wrong')`, exampletest.Dataset, wrong, id, lead.ID)
	exec(`INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, undoes, status_before, status_after, request_key)
		VALUES ($1, '0198c0de-0000-7000-8000-00000000deae', $2, $3, 1, 'undo', $4, 'rejected', 'approved', 'back')`, exampletest.Dataset, id, lead.ID, wrong)
	exec(`UPDATE findings SET waived = true WHERE example_id = $1`, id)
	exec(`INSERT INTO waivers (dataset_id, id, example_id, revision, rule, path, reason, author_id, author)
		VALUES ($1, gen_random_uuid(), $2, 1, 'voice/rir-rpe', '/messages/1/content', 'said so', $3, 'Lea Lead')`, exampletest.Dataset, id, lead.ID)
	s := release.New(config(t, pool))
	r := build(t, s, release.Order{Name: "told"}, release.Built)
	files := content(t, s.Dir(r.ID))
	var got release.Lineage
	for text := range strings.Lines(files["provenance.jsonl"]) {
		var l release.Lineage
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		if l.Example == id {
			got = l
		}
	}
	if got.Source.Importer != lead.Name || got.Licence != "CC BY 4.0" || got.Generator != "core 2.1" || got.Source.Line != 6 || got.Source.SHA256 == "" || got.Revision != 1 || len(got.Content) != 64 {
		t.Errorf("where it came from = %+v", got)
	}
	verdicts := map[string]bool{}
	for _, d := range got.Decisions {
		verdicts[d.Verdict] = d.Undone
		if d.Reviewer != lead.Name || d.At.IsZero() {
			t.Errorf("a decision = %+v", d)
		}
	}
	if diff := cmp.Diff(map[string]bool{"approve": false, "reject": true, "undo": false}, verdicts); diff != "" {
		t.Errorf("decisions, and whether they were taken back (-want +got):\n%s", diff)
	}
	if len(got.Findings) != 1 || !got.Findings[0].Waived || got.Findings[0].Rule != "voice/rir-rpe" || len(got.Waivers) != 1 || got.Waivers[0].Reason != "said so" || got.Waivers[0].By != lead.Name {
		t.Errorf("findings %+v, waivers %+v", got.Findings, got.Waivers)
	}
	if !strings.Contains(files[release.ManifestName], `"licence": "CC BY 4.0"`) || len(r.Licences) != 1 || r.Licences[0].Rows != 20 {
		t.Errorf("licences of the release = %v", r.Licences)
	}
}
