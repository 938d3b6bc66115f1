package ingest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
)

func utf16File(s string) []byte {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// TestBadFiles brings whole files that something is wrong with: they are
// refused before anything is kept, with a sentence that names the matter.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	w := open(t)
	good := chat("ai_coach", "a", "b") + "\n"
	for _, tt := range []struct {
		name string
		data []byte
		say  string
	}{
		{"UTF-16", utf16File(good), "UTF-16"},
		{"nothing but NUL", make([]byte, 5000), ""},
		{"XLSX", append([]byte("PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00"), "[Content_Types].xml"...), ""},
		{"white space", []byte(" \n\n\t"), "white space"},
		{"gzip in gzip", gzipped(t, gzipped(t, []byte(good))), "twice"},
		{"gzip of nothing", gzipped(t, nil), "empty"},
		{"cut zstd", zstandard(t, mixed(2000))[:5000], ""},
		{"prose", []byte("It was a dark and stormy night.\nThe end.\n"), ""},
	} {
		_, err := w.Store(t.Context(), bytes.NewReader(tt.data), ingest.Upload{Name: "f", Options: ingest.Options{Category: "ai_coach"}})
		f, is := fault.As(err)
		if !is || f.Kind != fault.Invalid || !strings.Contains(f.Msg, tt.say) || !strings.HasSuffix(f.Msg, ".") {
			t.Errorf("Store(%s) = %v, want an invalid file and a sentence with %q", tt.name, err, tt.say)
		}
	}
	if n := one[int](w, "SELECT (SELECT count(*) FROM source_chunks) + (SELECT count(*) FROM import_runs)"); n != 0 {
		t.Errorf("%d rows are left of refused files", n)
	}
}

// TestBadRows brings a row between two good ones: whatever it is, the good ones
// go in, and it is an example or a reject with its exact bytes.
func TestBadRows(t *testing.T) {
	t.Parallel()
	w := open(t)
	row := func(messages string) string { return `{"category":"ai_coach","messages":` + messages + `}` }
	const answer = `{"role":"assistant","content":"fine"}`
	for _, tt := range []struct {
		name string
		row  string
		in   bool
	}{
		{"carriage return before the line end", row(`[{"role":"user","content":"crlf"},`+answer+`]`) + "\r", true},
		{"invalid UTF-8", row("[{\"role\":\"user\",\"content\":\"a\xffb\"}," + answer + "]"), false},
		{"NUL as an escape", row(`[{"role":"user","content":"a\u0000b"},` + answer + `]`), true},
		{"NUL itself", row("[{\"role\":\"user\",\"content\":\"a\x00b\"}," + answer + "]"), false},
		{"lone surrogate", row(`[{"role":"user","content":"a\ud800b"},` + answer + `]`), false},
		{"paired surrogates", row(`[{"role":"user","content":"\ud83e\udd99"},` + answer + `]`), true},
		{"nested deep", row(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), false},
		{"nested deep beside the messages", `{"category":"ai_coach","messages":[{"role":"user","content":"deep"},` + answer + `],"x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, false},
		{"a key twice", row(`[{"role":"user","content":"a","content":"twice"},` + answer + `]`), false},
		{"NaN", `{"category":"ai_coach","messages":[{"role":"user","content":"nan"},` + answer + `],"score":NaN}`, false},
		{"wrong type", row(`"hello"`), false},
		{"content as a number", row(`[{"role":"user","content":5},` + answer + `]`), false},
		{"content in parts", row(`[{"role":"user","content":[{"type":"text","text":"in parts"}]},` + answer + `]`), true},
		{"an image among the parts", row(`[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]},` + answer + `]`), false},
		{"no role", row(`[{"content":"no role"},` + answer + `]`), false},
		{"unknown role", row(`[{"role":"wizard","content":"x"},` + answer + `]`), false},
		{"preference pair", `{"prompt":"a","chosen":"b","rejected":"c"}`, false},
		{"arguments as a string", row(`[{"role":"user","content":"s"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"1"},` + answer + `]`), true},
		{"arguments as an object", row(`[{"role":"user","content":"o"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{"a":1.0}}}]},{"role":"tool","tool_call_id":"1","content":"1"},` + answer + `]`), true},
		{"special tokens", row(`[{"role":"user","content":"<|eot_id|><|start_header_id|>system"},` + answer + `]`), true},
		{"markup", row(`[{"role":"user","content":"<script>alert(1)</script>\u202e\u200b"},` + answer + `]`), true},
		{"not an object", `[1,2]`, false},
		{"cut off", `{"category":"ai_coach","messages":[{"role":"us`, false},
		{"a number of 100,000 digits", `{"category":"ai_coach","messages":[{"role":"user","content":"digits"},` + answer + `],"n":` + strings.Repeat("9", 100_000) + `}`, true},
		{"NUL in the id and the category", `{"category":"ai\u0000coach","id":"\u0000","messages":[{"role":"user","content":"x"},` + answer + `]}`, false},
		{"40,000 turns", row("[" + strings.Repeat(`{"role":"user","content":"t"},`+answer+",", 20_000) + answer + "]"), false},
	} {
		before, after := chat("ai_coach", "before "+tt.name, "x"), chat("ai_coach", "after "+tt.name, "x")
		run := w.bring([]byte(before+"\n"+tt.row+"\n"+after+"\n"), tt.name)
		want := tally{3, 3, 0, 0}
		if !tt.in {
			want = tally{3, 2, 0, 1}
		}
		if diff := cmp.Diff(want, tallyOf(run)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			continue
		}
		kept := strings.TrimSuffix(tt.row, "\r")
		if tt.in {
			at := one[int64](w, "SELECT source_offset FROM examples WHERE import_id = $1 AND source_line = 2", run.ID)
			raw, err := w.OriginalRecord(t.Context(), run.Source, at, int64(len(kept)))
			if err != nil || string(raw) != kept {
				t.Errorf("%s: the record is %.80q, %v; want %.80q", tt.name, raw, err, kept)
			}
			continue
		}
		list, err := w.Rejects(t.Context(), run.ID, -1, 10)
		if err != nil {
			t.Fatal(err)
		}
		r := list[0]
		if string(r.Raw) != kept[:min(len(kept), decode.KeptBytes)] || r.Bytes != int64(len(kept)) || r.Line != 2 || r.Offset != int64(len(before)+1) {
			t.Errorf("%s: line %d, offset %d, %d bytes %.80q; want 2, %d and %.80q", tt.name, r.Line, r.Offset, r.Bytes, r.Raw, len(before)+1, kept)
		}
		if !strings.HasSuffix(r.Reason, ".") || strings.ContainsAny(r.Reason, "\x00\n") {
			t.Errorf("%s: the reason %q is no sentence", tt.name, r.Reason)
		}
	}
	w.sound()
}

// TestIDsRunAhead resumes a run whose last example has an id of the future, as
// after a clock that was set back.
func TestIDsRunAhead(t *testing.T) {
	t.Parallel()
	w := open(t)
	run := w.store(mixed(200), "f")
	future := "02ffffff-ffff-7fff-8000-000000000000"
	w.exec(`INSERT INTO examples (dataset_id, id, category, tokens, turns, source_id, import_id, source_line, source_offset, source_bytes, hash)
		VALUES ($1, $2, 'ai_coach', 1, 1, $3, $4, 0, -1, 1, 'x')`, dataset, future, run.Source, run.ID)
	if err := w.Run(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	w.exec("DELETE FROM examples WHERE source_offset = -1")
	if n := one[int](w, "SELECT count(*) FROM examples WHERE id <= $1 OR substr(id::text, 15, 1) <> '7' OR substr(id::text, 20, 1) NOT IN ('8', '9', 'a', 'b')", future); n != 0 {
		t.Errorf("%d ids are not later or not of version 7", n)
	}
	w.sound()
}

func TestComplaintsAboutOnePlace(t *testing.T) {
	t.Parallel()
	w := open(t, batches(1))
	for data, want := range map[string]tally{
		`[,,` + chat("ai_coach", "a", "b") + `]`:                                    {2, 1, 0, 1},
		`[` + chat("ai_coach", "c", "d") + `,,` + chat("ai_coach", "e", "f") + `,]`: {4, 2, 0, 2},
		`[` + chat("ai_coach", "g", "h") + `] [`:                                    {2, 1, 0, 1},
		`[` + chat("ai_coach", "i", "j") + `,`:                                      {2, 1, 0, 1},
	} {
		run := w.bring([]byte(data), "f", func(up *ingest.Upload) { up.Format = decode.OpenAI })
		if diff := cmp.Diff(want, tallyOf(run)); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%v", data, diff, w.content(run.ID))
		}
	}
	w.sound()
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	w := open(t)
	run := w.bring([]byte("\xEF\xBB\xBF"+chat("ai_coach", "a", "b")), "f")
	if diff := cmp.Diff(tally{1, 1, 0, 0}, tallyOf(run)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if at := one[int64](w, "SELECT source_offset FROM examples"); at != 3 {
		t.Errorf("the row is at %d, want 3, behind the mark", at)
	}
}

// TestDamagedInTheMiddle imports files whose compression breaks off behind
// their first megabyte: all that comes before is in, and the run says what is
// wrong, again when it is resumed.
func TestDamagedInTheMiddle(t *testing.T) {
	t.Parallel()
	lines := mixed(9000)
	packed := gzipped(t, lines)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := io.Copy(z, io.MultiReader(bytes.NewReader(lines), &endless{b: bytes.Repeat([]byte(" "), 1<<20), n: 80})); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, say string
		data      []byte
		rows      int64 // at least
	}{
		{"cut", "too early", packed[:len(packed)*9/10], 7000},
		{"bomb", "bomb", bomb.Bytes(), 9000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, batches(500))
			run := w.store(tt.data, "f.gz")
			if err := w.Run(t.Context(), run.ID); err == nil {
				t.Fatal("Run() = nil, want an error")
			}
			failed := w.state(run.ID, ingest.StateFailed)
			if failed.Rows < tt.rows || !strings.Contains(failed.Error, tt.say) || !strings.HasSuffix(failed.Error, ".") {
				t.Errorf("%d rows and the sentence %q, want %d at least and one with %q", failed.Rows, failed.Error, tt.rows, tt.say)
			}
			w.sound()
			if err := w.Resume(t.Context(), run.ID, ana); err != nil {
				t.Fatal(err)
			}
			if err := w.Run(t.Context(), run.ID); err == nil {
				t.Fatal("Run() after Resume() = nil, want an error")
			}
			if again := w.state(run.ID, ingest.StateFailed); again.Rows != failed.Rows || again.Error != failed.Error {
				t.Errorf("resumed, %d rows and the sentence %q; want %d and %q", again.Rows, again.Error, failed.Rows, failed.Error)
			}
			w.sound()
		})
	}
}

// endless reads n times the same bytes.
type endless struct {
	b    []byte
	n    int
	rest []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.n == 0 {
			return 0, io.EOF
		}
		e.n--
		e.rest = e.b
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// peak runs f and returns the most heap in use that was seen meanwhile.
func peak(f func()) uint64 {
	var most uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return most
}

// TestLongLine imports a file with one line of 200 MB among good ones, and
// holds only a fraction of it. It is not parallel, because it watches the heap
// that all tests share.
func TestLongLine(t *testing.T) {
	w := open(t)
	good := []byte(chat("ai_coach", "a", "b") + "\n")
	long := &endless{b: bytes.Repeat([]byte("x"), 1<<20), n: 200}
	var run ingest.Run
	most := peak(func() {
		var err error
		run, err = w.Store(t.Context(), io.MultiReader(
			bytes.NewReader(good), strings.NewReader(`{"category":"ai_coach","messages":"`), long, strings.NewReader("\"}\n"), strings.NewReader(chat("ai_coach", "c", "d"))),
			ingest.Upload{Name: "f", By: ana})
		if err != nil {
			t.Error(err)
			return
		}
		if err := w.Run(t.Context(), run.ID); err != nil {
			t.Error(err)
		}
	})
	run = w.state(run.ID, ingest.StateDone)
	if diff := cmp.Diff(tally{3, 2, 0, 1}, tallyOf(run)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	list, err := w.Rejects(t.Context(), run.ID, -1, 1)
	if err != nil || len(list) != 1 || list[0].Bytes <= 200<<20 || len(list[0].Raw) != decode.KeptBytes {
		t.Errorf("Rejects() = %d of them, %v; want one with %d of more than 200 MiB", len(list), err, decode.KeptBytes)
	}
	if most > 150<<20 {
		t.Errorf("%d MB of heap for a line of 200 MB", most>>20)
	}
	w.sound()
}

func TestPreview(t *testing.T) {
	t.Parallel()
	w := open(t)
	t.Run("mixed", func(t *testing.T) {
		data := chat("ai_coach", "7", "b") + "\n" + chat("voice_parsing", "c", "d") + "\n" + chat("moon", "e", "f") + "\n" +
			chat("voice_parsing", "g", "h") + "\n" + chat("voice_parsing", "i", "j") + "\n" + chat("voice_parsing", "cut", "in two")[:40]
		p, err := w.Preview(t.Context(), []byte(data), false, "f.jsonl", ingest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Format != decode.OpenAI || p.Container != decode.JSONLines || p.Why == "" || p.Refusal != "" {
			t.Errorf("format %s, container %s, why %q, refusal %q", p.Format, p.Container, p.Why, p.Refusal)
		}
		if p.Sampled != 5 || len(p.Rows) != 5 || p.Rejected != 1 || len(p.Refusals) != 1 {
			t.Errorf("%d sampled, %d shown, %d rejected, %d reasons; want 5, 5, 1, 1: the last row is cut by the head alone", p.Sampled, len(p.Rows), p.Rejected, len(p.Refusals))
		}
		want := []ingest.CategoryCount{{Category: "voice_parsing", Rows: 3}, {Category: "ai_coach", Rows: 1}}
		if diff := cmp.Diff(want, p.Categories); diff != "" {
			t.Errorf("categories (-want +got):\n%s", diff)
		}
		first := p.Rows[0]
		if first.Conversation.Messages[0].Content != "7" || len(first.Findings) != 1 || first.Tokens == 0 || first.Line != 1 || first.Category != "ai_coach" {
			t.Errorf("the first row = %+v", first)
		}
		if !strings.Contains(p.Rows[2].Reason, "moon") {
			t.Errorf("the third row's reason is %q", p.Rows[2].Reason)
		}
	})
	t.Run("no category", func(t *testing.T) {
		data := shared(t, "alpaca_en_demo.json")
		p, err := w.Preview(t.Context(), data[:100_000], false, "f.json", ingest.Options{})
		if err != nil || p.Nameless != p.Sampled || p.Sampled == 0 || !strings.Contains(p.Refusal, "voice_parsing") {
			t.Errorf("Preview() = %d of %d without category, refusal %q, %v", p.Nameless, p.Sampled, p.Refusal, err)
		}
		p, err = w.Preview(t.Context(), data[:100_000], false, "f.json", ingest.Options{Category: "ai_coach"})
		if err != nil || p.Refusal != "" || p.Rejected != 0 || len(p.Rows) != 5 {
			t.Errorf("Preview() with a category = %d rejected, refusal %q, %v", p.Rejected, p.Refusal, err)
		}
	})
	t.Run("mapping", func(t *testing.T) {
		data := []byte(`{"q":"What?","a":"That."}` + "\n")
		p, err := w.Preview(t.Context(), data, true, "f", ingest.Options{Category: "ai_coach"})
		if err != nil || p.Refusal == "" || len(p.Fields) != 2 {
			t.Errorf("Preview() of unknown fields = refusal %q, fields %v, %v; want a refusal and what can be mapped", p.Refusal, p.Fields, err)
		}
		p, err = w.Preview(t.Context(), data, true, "f", ingest.Options{Category: "ai_coach", Mapping: &decode.Mapping{User: "q", Assistant: "a"}})
		if err != nil || p.Refusal != "" || len(p.Rows) != 1 || p.Rows[0].Conversation.Messages[0].Content != "What?" {
			t.Errorf("Preview() with a mapping = %+v, %v", p, err)
		}
	})
	t.Run("gzip, cut by the head", func(t *testing.T) {
		p, err := w.Preview(t.Context(), gzipped(t, mixed(5000))[:20_000], false, "f", ingest.Options{})
		if err != nil || p.Compression != "gzip" || p.Refusal != "" || p.Sampled != 200 {
			t.Errorf("Preview() = %d rows of %s, refusal %q, %v", p.Sampled, p.Compression, p.Refusal, err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		for name, data := range map[string]string{"Parquet": "PAR1\x15\x04", "preference": `{"prompt":"a","chosen":"b","rejected":"c"}`, "empty": ""} {
			p, err := w.Preview(t.Context(), []byte(data), true, "f", ingest.Options{Category: "ai_coach"})
			if err != nil || !strings.Contains(p.Refusal, name) {
				t.Errorf("Preview(%s) = refusal %q, %v", name, p.Refusal, err)
			}
		}
		if _, err := w.Preview(t.Context(), []byte("{}"), true, "f", ingest.Options{Category: "moon"}); !errors.Is(err, fault.Invalid) {
			t.Errorf("Preview() with an unknown category = %v, want invalid", err)
		}
	})
	if n := one[int](w, "SELECT count(*) FROM source_chunks"); n != 0 {
		t.Errorf("a preview stored %d pieces", n)
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	w := open(t, batches(3))
	csv := "id;frage;antwort\n1;Was?;Das.\n2;Wie?;\"So;\nund so.\"\n3;Wo?;Da.\n4;Wer?;Er.\n5;Was?;Das.\n"
	run := w.bring([]byte(csv), "f.csv", func(up *ingest.Upload) {
		up.Category, up.Mapping = "ai_coach", &decode.Mapping{User: "frage", Assistant: "antwort", ID: "id"}
	})
	if diff := cmp.Diff(tally{5, 4, 1, 0}, tallyOf(run)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if run.Format != decode.Mapped || run.Options.Mapping == nil || run.Options.Mapping.User != "frage" {
		t.Errorf("the run says %s, %+v", run.Format, run.Options)
	}
	same(t, "ids", []string{"1", "2", "3", "4"}, query[string](w, "SELECT external_id FROM examples ORDER BY id"))
}
