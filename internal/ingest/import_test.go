package ingest_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
)

func TestKnownFiles(t *testing.T) {
	t.Parallel()
	t.Run("injury core, then lite", func(t *testing.T) {
		t.Parallel()
		w := open(t)
		core := w.bring(shared(t, "voicefit-injury-core.json"), "voicefit-injury-core.json")
		if diff := cmp.Diff(tally{50, 50, 0, 0}, tallyOf(core)); diff != "" {
			t.Errorf("core (-want +got):\n%s", diff)
		}
		lite := w.bring(shared(t, "voicefit-injury-lite.json"), "voicefit-injury-lite.json")
		if diff := cmp.Diff(tally{50, 0, 50, 0}, tallyOf(lite)); diff != "" {
			t.Errorf("lite (-want +got):\n%s", diff)
		}
		if core.Format != decode.VoiceFitInjury || lite.RepeatOf != nil {
			t.Errorf("format %s, repeat of %v; want %s and none", core.Format, lite.RepeatOf, decode.VoiceFitInjury)
		}
		if n := one[int](w, "SELECT count(*) FROM examples WHERE category = 'injury_analysis' AND subcategory <> ''"); n != 50 {
			t.Errorf("%d examples have category and subcategory, want 50", n)
		}
		w.sound()
	})
	t.Run("alpaca", func(t *testing.T) {
		t.Parallel()
		w := open(t)
		run := w.bring(shared(t, "alpaca_en_demo.json"), "alpaca_en_demo.json", category("knowledge_base"))
		if diff := cmp.Diff(tally{999, 985, 14, 0}, tallyOf(run)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.sound()
	})
	t.Run("glaive", func(t *testing.T) {
		t.Parallel()
		w := open(t)
		run := w.bring(shared(t, "glaive_toolcall_en_demo.json"), "glaive_toolcall_en_demo.json", category("ai_coach"))
		if diff := cmp.Diff(tally{300, 265, 35, 0}, tallyOf(run)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := one[int](w, `SELECT count(*) FROM revisions WHERE messages LIKE '%"tool_calls":[{%'`); n == 0 {
			t.Error("no tool call was kept")
		}
		if n := one[int](w, `SELECT count(*) FROM revisions WHERE tools <> ''`); n == 0 {
			t.Error("no tools were kept")
		}
		w.sound()
	})
}

func TestSameFileAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	data := mixed(500)
	first := w.bring(data, "a.jsonl")
	before := w.content(first.ID)
	again := w.bring(data, "b.jsonl")
	if again.RepeatOf == nil || *again.RepeatOf != first.ID || again.Source != first.Source || again.Name != "b.jsonl" {
		t.Errorf("repeat of %v in source %s named %s, want %s, %s, b.jsonl", again.RepeatOf, again.Source, again.Name, first.ID, first.Source)
	}
	want := tally{first.Rows, 0, first.Inserted + first.Duplicates, first.Rejected}
	if diff := cmp.Diff(want, tallyOf(again)); diff != "" {
		t.Errorf("second time (-want +got):\n%s", diff)
	}
	same(t, "the first import after the second", before, w.content(first.ID))
	w.sound()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(data, nil)
}

// array is JSON Lines as one JSON array.
func array(lines []byte) []byte {
	return []byte("[\n" + strings.ReplaceAll(strings.TrimSpace(string(lines)), "\n", ",\n") + "\n]\n")
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	data := mixed(3000)
	w := open(t)
	want := w.content(w.bring(data, "plain.jsonl").ID)
	for name, packed := range map[string][]byte{"gzip": gzipped(t, data), "zstd": zstandard(t, data)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			run := w.bring(packed, "packed")
			same(t, "content", want, w.content(run.ID))
			if run.BytesTotal != int64(len(packed)) || run.BytesRead != run.BytesTotal {
				t.Errorf("%d of %d bytes read, want %d", run.BytesRead, run.BytesTotal, len(packed))
			}
			w.originals(run, packed, data)
		})
	}
}

// originals checks that the file and each record can be had back byte for byte.
func (w *world) originals(run ingest.Run, file, plain []byte) {
	w.t.Helper()
	var b bytes.Buffer
	if err := w.Original(w.t.Context(), &b, run.Source); err != nil {
		w.t.Fatal(err)
	}
	if sum := sha256.Sum256(file); !bytes.Equal(b.Bytes(), file) || run.SHA256 != hexOf(sum[:]) {
		w.t.Errorf("Original() has %d bytes and SHA-256 %s, want %d and %x", b.Len(), run.SHA256, len(file), sum)
	}
	for i, id := range query[uuid.UUID](w, "SELECT id FROM examples WHERE import_id = $1 ORDER BY id", run.ID) {
		if i%97 != 0 {
			continue
		}
		at := one[int64](w, "SELECT source_offset FROM examples WHERE id = $1", id)
		size := one[int64](w, "SELECT source_bytes::bigint FROM examples WHERE id = $1", id)
		got, err := w.Raw(w.t.Context(), id)
		if err != nil || !bytes.Equal(got, plain[at:at+size]) {
			w.t.Fatalf("Raw(%d of %d) = %q, %v; want %q", at, size, got, err, plain[at:at+size])
		}
		if got[0] != '{' || got[len(got)-1] != '}' {
			w.t.Errorf("Raw(%d) = %q, want the object alone", at, got)
		}
	}
	if _, err := w.OriginalRecord(w.t.Context(), run.Source, int64(len(plain)), 10); !errors.Is(err, fault.NotFound) {
		w.t.Errorf("OriginalRecord() behind the end = %v, want not found", err)
	}
	if _, err := w.OriginalRecord(w.t.Context(), uuid.New(), 0, 10); !errors.Is(err, fault.NotFound) {
		w.t.Errorf("OriginalRecord() of no file = %v, want not found", err)
	}
}

func TestOriginalsOfManyPieces(t *testing.T) {
	t.Parallel()
	w := open(t)
	// Several pieces of a megabyte, more than are fetched at once.
	data := bytes.ReplaceAll(array(mixed(6000)), []byte("\n"), []byte("\n"+strings.Repeat(" ", 1100)))
	if len(data) < 6<<20 {
		t.Fatalf("only %d bytes", len(data))
	}
	run := w.bring(data, "big.json")
	w.originals(run, data, data)
	w.sound()
}

func TestRejects(t *testing.T) {
	t.Parallel()
	w := open(t)
	bad := `{"messages": 5, "category": "ai_coach"}`
	data := []byte(chat("ai_coach", "a", "b") + "\n" + bad + "\n" + chat("nonsense", "a", "b") + "\n\n" + `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}`)
	run := w.bring(data, "f.jsonl")
	if diff := cmp.Diff(tally{4, 1, 0, 3}, tallyOf(run)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	list, err := w.Rejects(t.Context(), run.ID, -1, 10)
	if err != nil {
		t.Fatal(err)
	}
	var all []ingest.Reject
	if err := w.EachReject(t.Context(), run.ID, func(r ingest.Reject) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, all); diff != "" {
		t.Errorf("Rejects and EachReject differ (-list +each):\n%s", diff)
	}
	if list[0].Line != 2 || list[0].Offset != int64(bytes.Index(data, []byte(bad))) || string(list[0].Raw) != bad || list[0].Bytes != int64(len(bad)) {
		t.Errorf("first reject = %+v, want line 2 and the bytes %s", list[0], bad)
	}
	for i, want := range []string{"messages", "“nonsense”", "does not say which category"} {
		if !strings.Contains(list[i].Reason, want) {
			t.Errorf("reason %d = %q, want something of %q", i, list[i].Reason, want)
		}
	}
	if !strings.Contains(list[1].Reason, "voice_parsing") {
		t.Errorf("reason %q does not list the categories", list[1].Reason)
	}
	if rest, err := w.Rejects(t.Context(), run.ID, list[1].Offset, 10); err != nil || len(rest) != 1 || rest[0].Offset != list[2].Offset {
		t.Errorf("Rejects() after the second = %v, %v; want the third", rest, err)
	}
	if err := w.EachReject(t.Context(), uuid.New(), nil); !errors.Is(err, fault.NotFound) {
		t.Errorf("EachReject() of no import = %v, want not found", err)
	}
	w.sound()
}

func TestDuplicatesNameTheirExample(t *testing.T) {
	t.Parallel()
	w := open(t)
	row := chat("ai_coach", "a", "b")
	run := w.bring([]byte(row+"\n"+chat("ai_coach", "c", "d")+"\n"+row+"\n"), "f.jsonl")
	first := one[uuid.UUID](w, "SELECT id FROM examples WHERE source_line = 1")
	list, err := w.Duplicates(t.Context(), run.ID, -1, 10)
	if err != nil || len(list) != 1 || list[0].Line != 3 || list[0].Example != first {
		t.Fatalf("Duplicates() = %+v, %v; want line 3 equal to %s", list, err, first)
	}
	want := ingest.Origin{Import: run.ID, Name: "f.jsonl", Line: 1, Category: "ai_coach", Status: example.Pending}
	if diff := cmp.Diff(want, list[0].Of); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
	categories, err := w.Categories(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ingest.CategoryCount{{Category: "ai_coach", Rows: 2}}, categories); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}
}

func TestPlacing(t *testing.T) {
	t.Parallel()
	row := func(keys string) string {
		return `{` + keys + `"messages":[{"role":"user","content":"` + keys2text(keys) + `"},{"role":"assistant","content":"b"}]}` + "\n"
	}
	w := open(t)
	run := w.bring([]byte(
		row(`"category":"injury_analysis","subcategory":"acute",`)+
			row(`"category":"injury_analysis","subcategory":"from_the_moon",`)+
			row(`"category":"Injury Analysis","id":"`+strings.Repeat("x", 300)+`",`)+
			row(`"category":"injury_analysis","id":"a\u0000b",`)+
			row(`"category":"injury_analysis","id":"row-17",`)), "f.jsonl")
	if run.Inserted != 5 || run.Warnings != 1 {
		t.Fatalf("%+v, want 5 inserted, 1 warning", run)
	}
	type placed struct{ Category, Subcategory, ExternalID, Metadata string }
	got := map[int64]placed{}
	for line := int64(1); line <= 5; line++ {
		var p placed
		err := w.pool.QueryRow(t.Context(), `SELECT e.category, e.subcategory, e.external_id, r.metadata FROM examples e JOIN revisions r ON r.example_id = e.id
			WHERE source_line = $1`, line).Scan(&p.Category, &p.Subcategory, &p.ExternalID, &p.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		got[line] = p
	}
	if p := got[1]; p.Subcategory != "acute" || p.Category != "injury_analysis" {
		t.Errorf("row 1 = %+v", p)
	}
	if p := got[2]; p.Subcategory != "" || !strings.Contains(p.Metadata, `"subcategory_as_given":"from_the_moon"`) {
		t.Errorf("row 2 = %+v, want no subcategory and the word in the metadata", p)
	}
	if rule := one[string](w, "SELECT rule FROM findings WHERE severity = 'warning'"); rule != "structure/unknown-subcategory" {
		t.Errorf("the finding is %s", rule)
	}
	if p := got[3]; p.Category != "injury_analysis" || p.ExternalID != "" || !strings.Contains(p.Metadata, strings.Repeat("x", 300)) {
		t.Errorf("row 3 = %+v, want the long id in the metadata only", p)
	}
	if p := got[4]; p.ExternalID != "" || !strings.Contains(p.Metadata, `a\u0000b`) {
		t.Errorf("row 4 = %+v, want the id with NUL in the metadata only", p)
	}
	if p := got[5]; p.ExternalID != "row-17" {
		t.Errorf("row 5 = %+v", p)
	}

	// What a person says about the file wins, and what the rows said is kept.
	other := open(t)
	other.bring([]byte(row(`"category":"ai_coach","subcategory":"odd",`)), "f.jsonl", func(up *ingest.Upload) {
		up.Category, up.Subcategory = "injury_analysis", "acute"
	})
	var p placed
	if err := other.pool.QueryRow(t.Context(), `SELECT e.category, e.subcategory, '', r.metadata FROM examples e JOIN revisions r ON r.example_id = e.id`).
		Scan(&p.Category, &p.Subcategory, &p.ExternalID, &p.Metadata); err != nil {
		t.Fatal(err)
	}
	want := placed{"injury_analysis", "acute", "", `{"category_as_given":"ai_coach","subcategory_as_given":"odd"}`}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("overridden (-want +got):\n%s", diff)
	}
	w.sound()
	other.sound()
}

func keys2text(keys string) string { return strings.NewReplacer(`"`, "", `\`, "").Replace(keys) }

func TestStoreRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	ok := chat("ai_coach", "a", "b")
	for _, tt := range []struct {
		name string
		r    io.Reader
		up   ingest.Upload
		kind fault.Kind
		say  string
	}{
		{"nothing", strings.NewReader(""), ingest.Upload{}, fault.Invalid, "empty"},
		{"no category", strings.NewReader(`{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}`), ingest.Upload{}, fault.Invalid, "voice_parsing"},
		{"unknown category", strings.NewReader(ok), ingest.Upload{Options: ingest.Options{Category: "moon"}}, fault.Invalid, "voice_parsing"},
		{"unknown subcategory", strings.NewReader(ok), ingest.Upload{Options: ingest.Options{Category: "injury_analysis", Subcategory: "moon"}}, fault.Invalid, "acute"},
		{"subcategory alone", strings.NewReader(ok), ingest.Upload{Options: ingest.Options{Subcategory: "acute"}}, fault.Invalid, "category"},
		{"unknown format", strings.NewReader(ok), ingest.Upload{Options: ingest.Options{Format: "docx"}}, fault.Invalid, "sharegpt"},
		{"parquet", strings.NewReader("PAR1\x00\x00\x00\x00"), ingest.Upload{Options: ingest.Options{Category: "ai_coach"}}, fault.Invalid, "Parquet"},
		{"preference pairs", strings.NewReader(`{"prompt":"a","chosen":"b","rejected":"c"}`), ingest.Upload{Options: ingest.Options{Category: "ai_coach"}}, fault.Invalid, "preference"},
		{"cannot be read at all", iotest.ErrReader(errors.New("is a directory")), ingest.Upload{Name: "dir"}, fault.Invalid, "could not be read"},
		{"vanishes while read", io.MultiReader(bytes.NewReader(mixed(20_000)), iotest.ErrReader(errors.New("gone"))), ingest.Upload{}, fault.Invalid, "could not be read"},
		{"over the sender's limit", io.MultiReader(bytes.NewReader(mixed(20_000)), iotest.ErrReader(fault.New(fault.TooLarge, "Too large."))), ingest.Upload{}, fault.TooLarge, "Too large."},
		{"changes while read", strings.NewReader(ok), ingest.Upload{Bytes: int64(len(ok)) + 5}, fault.Invalid, "changed while it was read"},
		{"cut gzip", bytes.NewReader(gzipped(t, []byte(ok))[:40]), ingest.Upload{}, fault.Invalid, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run, err := w.Store(t.Context(), tt.r, tt.up)
			f, is := fault.As(err)
			if !is || f.Kind != tt.kind || !strings.Contains(f.Msg, tt.say) {
				t.Errorf("Store() = %v, %v; want %s saying %q", run.ID, err, tt.kind, tt.say)
			}
		})
	}
	for _, table := range []string{"sources", "source_chunks", "import_runs", "examples"} {
		if n := one[int](w, "SELECT count(*) FROM "+table); n != 0 {
			t.Errorf("%d rows in %s after refusals, want none", n, table)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	w := open(t)
	long := strings.Repeat("ä", 300) + ".jsonl"
	for i, tt := range []struct{ give, want string }{
		{"../../etc/passwd", "passwd"},
		{`C:\data\set.jsonl`, "set.jsonl"},
		{"a\x00b\nc\u202Egnp.jsonl", "a\uFFFDb\uFFFDc\uFFFDgnp.jsonl"},
		{"bad\xffutf.jsonl", "bad\uFFFDutf.jsonl"},
		{long, strings.Repeat("ä", 179) + "…" + strings.Repeat("ä", 14) + ".jsonl"},
		{"", "unnamed"},
		{"..", "unnamed"},
		{"dir/", "unnamed"},
		{" ", "unnamed"},
	} {
		run := w.store([]byte(chat("ai_coach", fmt.Sprint(i), "b")), tt.give)
		if run.Name != tt.want {
			t.Errorf("a file called %q is shown as %q, want %q", tt.give, run.Name, tt.want)
		}
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	w := open(t)
	run := w.bring(mixed(50), "kept.jsonl")
	for i, age := range []string{"0 hours", "25 hours"} {
		w.exec(`INSERT INTO source_chunks (dataset_id, source_id, ordinal, raw_offset, raw_bytes, data, created_at)
			SELECT $1, $2, n, n, 1, 'x', now() - $3::text::interval FROM generate_series(0, 2) AS n`, dataset, uuid.UUID{1, byte(i)}, age)
	}
	// An upload that began long ago and still goes on.
	w.exec(`INSERT INTO source_chunks (dataset_id, source_id, ordinal, raw_offset, raw_bytes, data, created_at)
		SELECT $1, $2, n, n, 1, 'x', now() - make_interval(hours => 30 * (1 - n)) FROM generate_series(0, 1) AS n`, dataset, uuid.UUID{2})
	w.exec("UPDATE source_chunks SET created_at = now() - interval '2 days' WHERE source_id = $1", run.Source)
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep() = %d, %v; want 1, nil", n, err)
	}
	left := query[uuid.UUID](w, "SELECT DISTINCT source_id FROM source_chunks ORDER BY 1")
	if diff := cmp.Diff([]uuid.UUID{{1, 0}, run.Source, {2}}, left); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := open(t)
	var ids []uuid.UUID
	for i := range 5 {
		ids = append([]uuid.UUID{w.store([]byte(chat("ai_coach", fmt.Sprint(i), "b")), "f").ID}, ids...)
	}
	var got []uuid.UUID
	for before := uuid.Nil; ; {
		page, err := w.List(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got = append(got, r.ID)
		}
		before = got[len(got)-1]
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		t.Errorf("List() in pages (-want +got):\n%s", diff)
	}
	if _, err := w.Get(t.Context(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("Get() of no import = %v, want not found", err)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	w := open(t)
	run := w.bring([]byte(chat("ai_coach", "7", "3")+"\n"+chat("ai_coach", "3", "3 7")+"\n"), "f.jsonl")
	if run.Errors != 2 || run.Warnings != 3 {
		t.Errorf("%d errors and %d warnings, want 2 and 3", run.Errors, run.Warnings)
	}
	got, err := w.Findings(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []ingest.RuleCount{{Rule: "test/seven", Severity: "error", Findings: 2, Examples: 2}, {Rule: "test/three", Severity: "warning", Findings: 3, Examples: 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Findings() (-want +got):\n%s", diff)
	}
	w.sound()
}

func TestAudited(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.bring(mixed(20), "f.jsonl")
	got := query[string](w, "SELECT actor || ' ' || action FROM audit_log ORDER BY id")
	if diff := cmp.Diff([]string{"ana import.started", "importer import.finished"}, got); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
}
