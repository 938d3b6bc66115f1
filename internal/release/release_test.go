package release_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/backup"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
)

var lead = audit.Actor{ID: uuid.MustParse("0198c0de-0000-7000-8000-0000000000aa"), Name: "Lea Lead"}

func current(context.Context) (*catalog.Catalog, int, error) {
	c, err := catalog.Default()
	return c, 1, err
}

// config is a service with everything, on a directory of its own.
func config(t *testing.T, pool *pgxpool.Pool) release.Config {
	t.Helper()
	plain := func(context.Context) (*catalog.Catalog, error) { return catalog.Default() }
	order := func(ctx context.Context) ([]string, error) {
		c, err := plain(ctx)
		if err != nil {
			return nil, err
		}
		return c.Slugs(), nil
	}
	search := dedup.New(dedup.Config{DB: pool, Dataset: exampletest.Dataset, Catalog: plain})
	return release.Config{
		DB: pool, Dataset: exampletest.Dataset, Catalog: current, Rules: lint.Fingerprint, Export: export.New(pool, exampletest.Dataset, order),
		Scan:   func(ctx context.Context) error { _, err := search.Scan(ctx); return err },
		Report: report.New(pool, exampletest.Dataset, plain),
		Dir:    t.TempDir(), Software: "test", Schema: 9, Log: slog.New(slog.DiscardHandler),
	}
}

// approve puts n approved examples in, each with one live approval.
func approve(t *testing.T, pool *pgxpool.Pool, n int, seed exampletest.Seed) []uuid.UUID {
	t.Helper()
	seed.Status = example.Approved
	ids := exampletest.Insert(t, pool, n, seed)
	if _, err := pool.Exec(t.Context(), `INSERT INTO users (id, email, name, role) VALUES ($1, 'lea@example.org', $2, 'lead') ON CONFLICT DO NOTHING`, lead.ID, lead.Name); err != nil {
		t.Fatal(err)
	}
	list := `[]`
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	if cat, ok := c.Category(seed.Category); ok {
		var slugs []string
		for _, item := range cat.Checklist {
			slugs = append(slugs, item.Slug)
		}
		b, err := json.Marshal(append([]string{}, slugs...))
		if err != nil {
			t.Fatal(err)
		}
		list = string(b)
	}
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, checklist, status_before, status_after, request_key)
		SELECT $1, gen_random_uuid(), x, $2, 1, 'approve', $4, 'pending', 'approved', x::text FROM unnest($3::uuid[]) AS x`,
		exampletest.Dataset, lead.ID, ids, list); err != nil {
		t.Fatal(err)
	}
	return ids
}

// words makes questions that have nothing to do with each other.
func words(offset int) func(int) example.Conversation {
	return func(i int) example.Conversation {
		sum := sha256.Sum256([]byte(fmt.Sprint(offset + i)))
		h := hex.EncodeToString(sum[:])
		return example.Conversation{Messages: []example.Message{
			{Role: example.User, Content: fmt.Sprintf("what about %s and %s or %s with %s", h[:8], h[8:16], h[16:24], h[24:32])},
			{Role: example.Assistant, Content: fmt.Sprintf(`{"exercise_name":"Bench Press","weight":%d,"reps":5}`, 45+i)},
		}}
	}
}

func voice(offset int) exampletest.Seed {
	return exampletest.Seed{Category: "voice_parsing", Subcategory: "standard_command", Conversation: words(offset)}
}

// make builds a release and returns it; it must end in the given state.
func build(t *testing.T, s *release.Service, o release.Order, want release.State) release.Release {
	t.Helper()
	o.By = lead
	r, err := s.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if r, err = s.Get(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if r.State != want {
		for _, l := range r.Preflight {
			if !l.Green {
				t.Logf("%s (holds: %v): %s", l.Key, l.Holds, l.Text)
			}
		}
		t.Fatalf("the release is %s, want %s: %s", r.State, want, r.Error)
	}
	return r
}

func line(t *testing.T, r release.Release, key string) release.Line {
	t.Helper()
	i := slices.IndexFunc(r.Preflight, func(l release.Line) bool { return l.Key == key })
	if i < 0 {
		t.Fatalf("the preflight has no line %s", key)
	}
	return r.Preflight[i]
}

// content reads every file of a directory.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, relErr := filepath.Rel(dir, path)
		got[filepath.ToSlash(name)] = string(b)
		return errors.Join(err, relErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func sameFiles(t *testing.T, want, got map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is not the same: %d bytes, want %d", name, len(got[name]), len(text))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("there is a file %s too many", name)
		}
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 300, voice(0))
	approve(t, pool, 100, exampletest.Seed{Category: "voice_parsing", Subcategory: "set_modification", Conversation: words(1000)})
	exampletest.Insert(t, pool, 5, exampletest.Seed{Conversation: words(5000)}) // pending: not released
	s := release.New(config(t, pool))
	r := build(t, s, release.Order{Name: "first", Notes: "the first one", Spec: release.Spec{Seed: 7, Presets: []string{"llama3"}}}, release.Built)

	if r.Items != 400 || r.FrozenAt == nil || r.BuiltAt == nil {
		t.Fatalf("the release = %+v", r)
	}
	splits := map[string]int64{}
	for _, p := range r.Splits() {
		splits[p.Split] = p.Rows
	}
	if diff := cmp.Diff(map[string]int64{"train": 360, "validation": 20, "test": 20}, splits); diff != "" {
		t.Errorf("splits (-want +got):\n%s", diff)
	}
	for _, p := range r.Shape {
		if p.Subcategory == "standard_command" && p.Split == "test" && p.Rows != 15 || p.Subcategory == "set_modification" && p.Split == "test" && p.Rows != 5 {
			t.Errorf("%s has %d rows of %s: not stratified", p.Split, p.Rows, p.Subcategory)
		}
	}
	files := content(t, s.Dir(r.ID))
	if files["train.jsonl"]+files["validation.jsonl"]+files["test.jsonl"] != files[export.Complete] {
		t.Error("the merged file is not train, validation and test in order")
	}
	if n := strings.Count(files["train.jsonl"], "\n"); n != 360 {
		t.Errorf("train.jsonl has %d lines", n)
	}
	if !strings.HasPrefix(files["llama3/train.jsonl"], `{"text":"<|begin_of_text|>`) {
		t.Error("the preset llama3 has no training file")
	}
	var m release.Manifest
	if err := json.Unmarshal([]byte(files[release.ManifestName]), &m); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		sum := sha256.Sum256([]byte(files[f.Name]))
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(files[f.Name])) != f.Bytes {
			t.Errorf("the manifest is wrong about %s", f.Name)
		}
	}
	if m.Name != "first" || m.Rows != 400 || m.Spec.Seed != 7 || m.Software != "test" || m.Override != nil || m.RulesVersion == "" || m.Splits["test"] != 20 {
		t.Errorf("manifest = %+v", m)
	}
	var l release.Lineage
	if err := json.Unmarshal([]byte(files["provenance.jsonl"][:strings.Index(files["provenance.jsonl"], "\n")]), &l); err != nil {
		t.Fatal(err)
	}
	if l.Position != 1 || l.Line != 1 || l.Split != "train" || l.Source.Name != "seed.jsonl" || l.Source.Line == 0 || len(l.Decisions) != 1 || l.Decisions[0].Reviewer != lead.Name || len(l.Content) != 64 {
		t.Errorf("provenance of the first row = %+v", l)
	}
	for _, name := range []string{"validation_report.html", "validation_report.json", "distribution_report.html", "distribution_report.json"} {
		if len(files[name]) == 0 {
			t.Errorf("there is no %s", name)
		}
	}
	if of, err := s.Of(ctx, l.Example); err != nil || len(of) != 1 || of[0].Name != "first" || of[0].Split != "train" {
		t.Errorf("Of() = %+v, %v", of, err)
	}
	v, err := release.Verify(ctx, s.Dir(r.ID), nil)
	if err != nil || len(v.Problems) > 0 || v.Rows != 400 {
		t.Errorf("Verify() = %+v, %v", v, err)
	}
	// A changed byte is found without a database.
	if err := os.WriteFile(filepath.Join(s.Dir(r.ID), "test.jsonl"), []byte(strings.Replace(files["test.jsonl"], "what", "that", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := release.Verify(ctx, s.Dir(r.ID), nil); err != nil || len(v.Problems) != 1 || !strings.Contains(v.Problems[0], "test.jsonl") {
		t.Errorf("Verify() of a changed release = %+v, %v", v.Problems, err)
	}
	if _, err := s.Create(ctx, release.Order{Name: "first", By: lead}); !errors.Is(err, fault.Conflict) {
		t.Errorf("the same name again = %v, want conflict", err)
	}
	var out bytes.Buffer
	if sum, err := s.Export(ctx, &out, r, export.Messages, "validation"); err != nil || sum.Rows != 20 || out.String() != files["validation.jsonl"] {
		t.Errorf("Export() = %+v, %v", sum, err)
	}
	if _, err := s.Export(ctx, io.Discard, r, export.Messages, "dev"); !errors.Is(err, fault.Invalid) {
		t.Errorf("Export of a split that is not there = %v", err)
	}
}

// TestSameBytes makes the files again: in an empty directory, and in another
// database after backup and restore.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 120, voice(0))
	c := config(t, pool)
	s := release.New(c)
	r := build(t, s, release.Order{Name: "one", Spec: release.Spec{Presets: []string{"together", "llama3"}}}, release.Built)
	want := content(t, s.Dir(r.ID))

	if err := os.RemoveAll(s.Dir(r.ID)); err != nil {
		t.Fatal(err)
	}
	if err := s.Rebuild(ctx, r); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, want, content(t, s.Dir(r.ID)))

	// What changes later does not matter: an edit, a finding, a person's name.
	if _, err := pool.Exec(ctx, `UPDATE users SET name = 'Somebody else'; UPDATE examples SET status = 'rejected'`); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := backup.Write(ctx, pool, &file); err != nil {
		t.Fatal(err)
	}
	other := pgtest.New(t)
	if _, err := backup.Restore(ctx, other, &file); err != nil {
		t.Fatal(err)
	}
	c = config(t, other)
	c.Software = "a later version"
	elsewhere := release.New(c)
	again, err := elsewhere.Find(ctx, "one")
	if err != nil {
		t.Fatal(err)
	}
	if err := elsewhere.Rebuild(ctx, again); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, want, content(t, elsewhere.Dir(r.ID)))
}

// TestSameDraw imports the same examples in another order into another database:
// every one lies in the same split there.
func TestSameDraw(t *testing.T) {
	t.Parallel()
	draw := func(order func(i int) int) map[string]string {
		pool := pgtest.New(t)
		seed := voice(0)
		seed.Conversation = func(i int) example.Conversation {
			c := words(0)(order(i) % 180)
			if i := order(i); i >= 180 { // copies of the first twenty
				c = words(0)(i - 180)
				c.Messages[0].Content = strings.ToUpper(c.Messages[0].Content)
			}
			return c
		}
		approve(t, pool, 200, seed)
		s := release.New(config(t, pool))
		r := build(t, s, release.Order{Name: "r", Spec: release.Spec{Seed: 3}}, release.Built)
		at := map[string]string{}
		for split, text := range content(t, s.Dir(r.ID)) {
			if split == "train.jsonl" || split == "test.jsonl" || split == "validation.jsonl" {
				for row := range strings.Lines(text) {
					at[row] = split
				}
			}
		}
		return at
	}
	a, b := draw(func(i int) int { return i }), draw(func(i int) int { return 199 - i })
	if diff := cmp.Diff(a, b); diff != "" || len(a) != 200 {
		t.Errorf("%d rows, another draw (-first +second):\n%s", len(a), diff)
	}
}

// TestFamiliesStayTogether plants copies, near copies, contradictions, rows of
// one source chunk and versions of one item, and looks where they went.
func TestFamiliesStayTogether(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 200, voice(0))
	question := "how should I progress my deadlift when my lower back feels tired after long days of sitting at work every week please tell me"
	related := approve(t, pool, 60, exampletest.Seed{Category: "voice_parsing", Subcategory: "standard_command", Conversation: func(i int) example.Conversation {
		c := words(900)(i)
		switch i % 3 {
		case 0: // equal but for case, with another answer
			c.Messages[0].Content = strings.ToUpper(question[:1]) + question[1:] + strings.Repeat("!", i)
		case 1: // nearly the same words
			c.Messages[0].Content = question + " coach"
		}
		return c
	}})
	// Every third has its own question; these come from one chunk.
	var chunked []uuid.UUID
	for i, id := range related {
		if i%3 == 2 {
			chunked = append(chunked, id)
		}
	}
	if _, err := pool.Exec(ctx, `ALTER TABLE revisions DISABLE TRIGGER revisions_append_only`); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `UPDATE revisions SET metadata = '{"source":{"chunk_id":"book-7/chapter-2"}}' WHERE example_id = ANY($1)`, chunked); err != nil {
		t.Fatal(err)
	}
	versions := approve(t, pool, 10, voice(3000))
	for i, id := range versions {
		if _, err := pool.Exec(ctx, `UPDATE examples SET external_id = $2 WHERE id = $1`, id, []string{"inj-042", fmt.Sprintf("inj-042-v%d", i)}[min(i, 1)]); err != nil {
			t.Fatal(err)
		}
	}
	s := release.New(config(t, pool))
	r := build(t, s, release.Order{Name: "r", Spec: release.Spec{Splits: release.SplitsOf(map[string]float64{"train": 0.5, "test": 0.5})}}, release.Built)
	if l := line(t, r, release.LineLeakage); !l.Green {
		t.Errorf("leakage: %s", l.Text)
	}
	if l := line(t, r, release.LineLabels); l.Green || l.Rows < 40 {
		t.Errorf("contradictions: %+v", l)
	}
	rows, err := pool.Query(ctx, `SELECT example_id, split FROM release_items`)
	if err != nil {
		t.Fatal(err)
	}
	at := map[uuid.UUID]string{}
	for rows.Next() {
		var id uuid.UUID
		var split string
		if err := rows.Scan(&id, &split); err != nil {
			t.Fatal(err)
		}
		at[id] = split
	}
	together := func(what string, ids []uuid.UUID) {
		t.Helper()
		for _, id := range ids {
			if at[id] != at[ids[0]] {
				t.Errorf("%s lie in %s and %s", what, at[ids[0]], at[id])
				return
			}
		}
	}
	var asking []uuid.UUID
	for i, id := range related {
		if i%3 != 2 {
			asking = append(asking, id)
		}
	}
	together("equal and near questions", asking)
	together("rows of one chunk", chunked)
	together("versions of one item", versions)
}

// TestLeakageIsCaught plants a verified pair of near duplicates that belongs to no
// group, so that the draw can tear it apart, and has the preflight find it.
func TestLeakageIsCaught(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	ids := approve(t, pool, 40, voice(0))
	c := config(t, pool)
	c.Scan = nil
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, b := range ids[1:] {
		if _, err := pool.Exec(ctx, `INSERT INTO duplicate_pairs (dataset_id, kind, a, b, similarity) VALUES ($1, 'near', $2, $3, 0.9)`, exampletest.Dataset, ids[0], b); err != nil {
			t.Fatal(err)
		}
	}
	s := release.New(c)
	r := build(t, s, release.Order{Name: "leaky", Spec: release.Spec{Splits: release.SplitsOf(map[string]float64{"train": 0.5, "test": 0.5})}}, release.Held)
	l := line(t, r, release.LineLeakage)
	if l.Green || !l.Holds || l.Rows != 20 || !strings.Contains(l.Text, "nearly the same") || l.Do == "" {
		t.Errorf("leakage: %+v", l)
	}
	if _, err := os.Stat(s.Dir(r.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a held release has files: %v", err)
	}
	// A lead may let it stand, and the manifest says so.
	if err := s.OverrideRed(ctx, r.ID, lead, " "); !errors.Is(err, fault.Invalid) {
		t.Errorf("an override without a reason = %v", err)
	}
	if err := s.OverrideRed(ctx, r.ID, lead, "These pairs were planted by a test."); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	var m release.Manifest
	if err := json.Unmarshal([]byte(content(t, s.Dir(r.ID))[release.ManifestName]), &m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&release.ManifestOverride{Reason: "These pairs were planted by a test.", By: lead.Name, Lines: []string{"leakage"}}, m.Override); diff != "" {
		t.Errorf("the manifest's override (-want +got):\n%s", diff)
	}
}

// TestPreflight plants what must hold a release, one thing at a time.
func TestPreflight(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		plant func(t *testing.T, pool *pgxpool.Pool)
		line  string
		too   []string // other lines that it turns red
		holds bool
	}{
		{name: "an open error", line: release.LineErrors, holds: true, plant: func(t *testing.T, pool *pgxpool.Pool) {
			seed := voice(900)
			seed.Findings = []exampletest.Finding{{Rule: "voice/unsupported-number", Severity: "error", Message: "x"}}
			approve(t, pool, 1, seed)
		}},
		{name: "an approval was undone", line: release.LineApprovals, holds: true, plant: func(t *testing.T, pool *pgxpool.Pool) {
			approve(t, pool, 1, voice(900))
			if _, err := pool.Exec(t.Context(), `INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, status_before, status_after, request_key, undoes)
				SELECT dataset_id, gen_random_uuid(), example_id, reviewer_id, 1, 'undo', 'approved', 'approved', 'u', id FROM decisions ORDER BY id LIMIT 1`); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "one approval where two are asked", line: release.LineApprovals, holds: true, plant: func(t *testing.T, pool *pgxpool.Pool) {
			approve(t, pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "x", Conversation: words(900)})
		}},
		{name: "a special token", line: release.LineSpecial, too: []string{"format/messages"}, holds: true, plant: func(t *testing.T, pool *pgxpool.Pool) {
			seed := voice(900)
			seed.Conversation = func(i int) example.Conversation {
				c := words(900)(i)
				c.Messages[1].Content += "<|eot_id|>"
				return c
			}
			approve(t, pool, 1, seed)
		}},
		{name: "a row that the preset can't say", line: "format/messages", holds: true, plant: func(t *testing.T, pool *pgxpool.Pool) {
			seed := voice(900)
			seed.Conversation = func(i int) example.Conversation {
				c := words(900)(i)
				c.Messages = append(c.Messages, example.Message{Role: example.Assistant, Content: "again"})
				return c
			}
			approve(t, pool, 1, seed)
		}},
		{name: "a demo example", line: release.LineDemo, holds: true, plant: func(t *testing.T, pool *pgxpool.Pool) {
			if _, err := pool.Exec(t.Context(), `UPDATE sources SET demo = true`); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "targets", line: release.LineTargets, plant: func(*testing.T, *pgxpool.Pool) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			approve(t, pool, 40, voice(0))
			tt.plant(t, pool)
			want := release.Built
			if tt.holds {
				want = release.Held
			}
			s := release.New(config(t, pool))
			r := build(t, s, release.Order{Name: "r"}, want)
			if l := line(t, r, tt.line); l.Green || l.Holds != tt.holds || l.Do == "" || l.Text == "" || tt.holds && len(l.First) == 0 {
				t.Errorf("the line = %+v", l)
			}
			for _, l := range release.Holding(r.Preflight) {
				if l.Key != tt.line && !slices.Contains(tt.too, l.Key) {
					t.Errorf("%s is red too: %s", l.Key, l.Text)
				}
			}
		})
	}
}

func TestImmutable(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 40, voice(0))
	s := release.New(config(t, pool))
	r := build(t, s, release.Order{Name: "r"}, release.Built)
	for _, sql := range []string{
		"UPDATE releases SET name = 'other'", "UPDATE releases SET spec = '{}'", "UPDATE releases SET preflight = '[]'", "UPDATE releases SET items = 1",
		"UPDATE releases SET state = 'draft'", "UPDATE releases SET built_at = now()", "DELETE FROM releases", "TRUNCATE releases",
		"UPDATE release_items SET split = 'train'", "DELETE FROM release_items", "TRUNCATE release_items",
		"INSERT INTO release_items SELECT dataset_id, release_id, position + 1000, example_id, revision, split FROM release_items",
		"UPDATE release_files SET sha256 = ''", "DELETE FROM release_files", "INSERT INTO release_files SELECT dataset_id, release_id, name || 'x', bytes, sha256, rows, kept FROM release_files",
		"UPDATE release_kept SET data = ''", "DELETE FROM release_kept", "INSERT INTO release_kept SELECT dataset_id, release_id, name || 'x', ordinal, data FROM release_kept",
	} {
		if _, err := pool.Exec(ctx, sql); err == nil {
			t.Errorf("%s was done", sql)
		}
	}
	if err := s.Withdraw(ctx, r.ID, lead, "wrong loads"); err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(ctx, r.ID, lead, "again"); !errors.Is(err, fault.Conflict) {
		t.Errorf("withdrawing twice = %v", err)
	}
	if _, err := pool.Exec(ctx, "UPDATE releases SET withdrawn_reason = 'other'"); err == nil {
		t.Error("a withdrawal was changed")
	}
	if got, err := s.Get(ctx, r.ID); err != nil || got.Withdrawn == nil || got.Withdrawn.Reason != "wrong loads" {
		t.Errorf("Get() = %+v, %v", got.Withdrawn, err)
	}
}

func TestFiltersAndCaps(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	approve(t, pool, 100, voice(0))
	approve(t, pool, 60, exampletest.Seed{Category: "ai_coach", Subcategory: "x", Conversation: words(2000)})
	s := release.New(config(t, pool))
	r := build(t, s, release.Order{Name: "capped", Spec: release.Spec{Limits: map[string]release.Limit{"voice_parsing": {Cap: 50}}}}, release.Built)
	if r.Items != 110 {
		t.Errorf("capped: %d rows, want 110", r.Items)
	}
	r = build(t, s, release.Order{Name: "filtered", Spec: release.Spec{Filters: release.Filters{Categories: []string{"AI coach"}}}}, release.Built)
	if r.Items != 60 || r.Spec.Filters.Categories[0] != "ai_coach" {
		t.Errorf("filtered: %d rows of %v, want 60", r.Items, r.Spec.Filters)
	}
	r = build(t, s, release.Order{Name: "floored", Spec: release.Spec{Limits: map[string]release.Limit{"ai_coach": {Floor: 61}}}}, release.Held)
	if l := line(t, r, release.LineFloors); l.Green {
		t.Errorf("floors: %+v", l)
	}
	for _, o := range []release.Order{
		{Name: ""},
		{Name: "x\ny"},
		{Name: "r", Spec: release.Spec{Filters: release.Filters{Categories: []string{"chess"}}}},
		{Name: "r", Spec: release.Spec{Splits: []release.Split{{Name: "train", Share: 0.5}}}},
		{Name: "r", Spec: release.Spec{Splits: []release.Split{{Name: "test", Share: 1}}}},
		{Name: "r", Spec: release.Spec{Presets: []string{"xml"}}},
		{Name: "r", Spec: release.Spec{Limits: map[string]release.Limit{"ai_coach": {Floor: 5, Cap: 2}}}},
		{Name: "r", Supersedes: "nothing"},
	} {
		o.By = lead
		if _, err := s.Create(t.Context(), o); !errors.Is(err, fault.Invalid) {
			t.Errorf("Create(%+v) = %v, want invalid", o, err)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	ids := approve(t, pool, 40, voice(0))
	s := release.New(config(t, pool))
	older := build(t, s, release.Order{Name: "old"}, release.Built)
	approve(t, pool, 10, voice(500))
	if _, err := pool.Exec(ctx, `UPDATE examples SET status = 'rejected' WHERE id = $1`, ids[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `INSERT INTO revisions SELECT dataset_id, example_id, 2, replace(messages, 'what', 'now what'), tools, metadata, strict, tokens, plain_tokens, sha256('x'::bytea), author_id, reason, now() FROM revisions WHERE example_id = $1`, ids[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `UPDATE examples SET revision = 2 WHERE id = $1`, ids[1]); err != nil {
		t.Fatal(err)
	}
	newer := build(t, s, release.Order{Name: "new", Supersedes: "old", Override: "the edit has no approval yet"}, release.Built)
	d, err := s.Compare(ctx, older, newer)
	if err != nil {
		t.Fatal(err)
	}
	if d.Added != 10 || d.Removed != 1 || d.Changed != 1 || d.Same+d.Moved != 38 || len(d.Shift) != 1 || d.Shift[0].Old != 40 || d.Shift[0].New != 49 {
		t.Errorf("Compare() = %+v", d)
	}
	changed, err := s.Changes(ctx, older, newer, release.ChangeChanged, uuid.Nil, 50)
	if err != nil || len(changed) != 1 || changed[0].Example != ids[1] || changed[0].New.Revision != 2 || changed[0].Old.Messages[0].Content == changed[0].New.Messages[0].Content {
		t.Errorf("Changes() = %+v, %v", changed, err)
	}
	all, err := s.Changes(ctx, older, newer, "", uuid.Nil, 5)
	if err != nil || len(all) != 5 {
		t.Fatalf("Changes() = %d, %v", len(all), err)
	}
	rest, err := s.Changes(ctx, older, newer, "", all[4].Example, 50)
	if err != nil || int64(len(rest)+5) != d.Added+d.Removed+d.Changed+d.Moved {
		t.Errorf("the pages have %d changes, want %d (%v)", len(rest)+5, d.Added+d.Removed+d.Changed+d.Moved, err)
	}
	if newer.Supersedes == nil || *newer.Supersedes != older.ID {
		t.Errorf("supersedes = %v", newer.Supersedes)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 40, voice(0))
	private, public, err := release.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := release.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, pool)
	if c.Key, err = release.ParseKey(string(private)); err != nil {
		t.Fatal(err)
	}
	s := release.New(c)
	r := build(t, s, release.Order{Name: "r"}, release.Built)
	key, err := release.ParsePublicKey(string(public))
	if err != nil {
		t.Fatal(err)
	}
	other, err := release.ParsePublicKey(string(stranger))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := release.Verify(ctx, s.Dir(r.ID), key); err != nil || !v.Signed || !v.Trusted || len(v.Problems) > 0 {
		t.Errorf("Verify() = %+v, %v", v, err)
	}
	if v, err := release.Verify(ctx, s.Dir(r.ID), other); err != nil || v.Trusted || len(v.Problems) == 0 {
		t.Errorf("Verify() with another key = %+v, %v", v, err)
	}
	path := filepath.Join(s.Dir(r.ID), release.ManifestName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte(`"name": "r"`), []byte(`"name": "s"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := release.Verify(ctx, s.Dir(r.ID), nil); err != nil || len(v.Problems) == 0 {
		t.Errorf("Verify() of a changed manifest = %+v, %v", v, err)
	}
	for _, text := range []string{"secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"} {
		if _, err := release.ParseKey(text); !errors.Is(err, fault.Invalid) {
			t.Errorf("ParseKey(%q) = %v", text, err)
		}
	}
}
