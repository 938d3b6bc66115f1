package decode_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
)

// A piece is a record as a test states it.
type piece struct {
	Line int64
	Raw  string
	Err  string // part of the refusal; empty where there is none
}

// split reads all records of in.
func split(t testing.TB, in []byte, c decode.Container, at decode.Position, opts decode.SplitOptions) ([]decode.Record, []decode.Position) {
	t.Helper()
	s := decode.NewSplitter(bytes.NewReader(in[at.Offset:]), c, at, opts)
	var recs []decode.Record
	places := []decode.Position{s.Position()}
	for {
		rec, err := s.Next()
		if errors.Is(err, io.EOF) {
			return recs, places
		}
		if err != nil {
			t.Fatalf("Next() of %q = %v", clipped(in), err)
		}
		if len(recs) > len(in)+1 {
			t.Fatalf("more records than bytes in %q", clipped(in))
		}
		recs = append(recs, rec)
		places = append(places, s.Position())
	}
}

func clipped(b []byte) []byte { return b[:min(len(b), 300)] }

// consistent checks what is promised of every stream: records lie in it where
// they say, in order, with nothing but separators between; and splitting can
// go on from every position with the same result.
func consistent(t testing.TB, in []byte, c decode.Container, opts decode.SplitOptions) []decode.Record {
	t.Helper()
	recs, places := split(t, in, c, decode.Position{}, opts)
	end := int64(0)
	for i, rec := range recs {
		if rec.Offset < end || rec.Size < 0 || rec.Offset+rec.Size > int64(len(in)) {
			t.Fatalf("%s %q: record %d lies at %d+%d, after %d of %d", c, clipped(in), i, rec.Offset, rec.Size, end, len(in))
		}
		here := in[rec.Offset : rec.Offset+rec.Size]
		if rec.Err == nil && !bytes.Equal(here, rec.Raw) || !bytes.HasPrefix(here, rec.Raw) {
			t.Fatalf("%s %q: record %d is %q, the stream has %q there", c, clipped(in), i, clipped(rec.Raw), clipped(here))
		}
		if rec.Err != nil && len(rec.Raw) != min(len(here), decode.KeptBytes) {
			t.Fatalf("%s: record %d of %d bytes keeps %d", c, i, rec.Size, len(rec.Raw))
		}
		if want := int64(1 + bytes.Count(in[:rec.Offset], []byte{'\n'})); rec.Line != want {
			t.Fatalf("%s %q: record %d is on line %d, want %d", c, clipped(in), i, rec.Line, want)
		}
		if gap := in[end:rec.Offset]; !separator(gap, c, i == 0) {
			t.Fatalf("%s %q: %q before record %d belongs to nothing", c, clipped(in), gap, i)
		}
		end = rec.Offset + rec.Size
	}
	if gap := in[end:]; !separator(gap, c, len(recs) == 0) {
		t.Fatalf("%s %q: %q at the end belongs to nothing", c, clipped(in), clipped(gap))
	}
	for i, at := range places {
		if i > 20 && i < len(places)-5 {
			continue
		}
		if at.Done && i != len(recs) {
			t.Fatalf("%s %q: position %d says done, but %d records follow", c, clipped(in), i, len(recs)-i)
		}
		rest, _ := split(t, in, c, at, opts)
		if diff := cmp.Diff(pieces(recs[i:]), pieces(rest)); diff != "" {
			t.Fatalf("%s %q: from %+v the records differ (-want +got):\n%s", c, clipped(in), at, diff)
		}
	}
	return recs
}

// separator reports whether gap may stand between records.
func separator(gap []byte, c decode.Container, first bool) bool {
	gap = bytes.TrimPrefix(gap, []byte("\xEF\xBB\xBF"))
	switch c {
	case decode.CSV:
		return first || len(bytes.Trim(gap, " \r\n")) == 0
	case decode.JSONArray:
		return len(bytes.Trim(gap, " \t\r\n[],")) == 0
	default:
		return len(bytes.Trim(gap, " \t\r\n")) == 0
	}
}

func pieces(recs []decode.Record) []piece {
	out := make([]piece, 0, len(recs))
	for _, rec := range recs {
		p := piece{Line: rec.Line, Raw: string(rec.Raw)}
		if rec.Err != nil {
			p.Err = rec.Err.Error()
		}
		out = append(out, p)
	}
	return out
}

func TestSplitter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		c    decode.Container
		in   string
		opts decode.SplitOptions
		want []piece
	}{
		{name: "lines", c: decode.JSONLines, in: "{\"a\":1}\n{\"b\":2}\n", want: []piece{{1, `{"a":1}`, ""}, {2, `{"b":2}`, ""}}},
		{name: "lines without the last line end", c: decode.JSONLines, in: "{}\n{}", want: []piece{{1, `{}`, ""}, {2, `{}`, ""}}},
		{name: "lines with a mark, CRLF and blanks", c: decode.JSONLines, in: "\xEF\xBB\xBF{}\r\n\r\n \t\r\n\n{} \r\n", want: []piece{{1, `{}`, ""}, {5, `{} `, ""}}},
		{name: "lines: only blanks", c: decode.JSONLines, in: "\n \r\n\n", want: []piece{}},
		{name: "lines too long", c: decode.JSONLines, in: "{}\n\"0123456789\"\n{}\n", opts: decode.SplitOptions{MaxRecordBytes: 8}, want: []piece{{1, `{}`, ""}, {2, `"0123456789"`, "longer than"}, {3, `{}`, ""}}},
		{name: "lines just short enough, CRLF", c: decode.JSONLines, in: "12345678\r\n123456789\r\n1", opts: decode.SplitOptions{MaxRecordBytes: 8}, want: []piece{{1, `12345678`, ""}, {2, `123456789`, "longer than"}, {3, `1`, ""}}},
		{name: "lines: the last too long", c: decode.JSONLines, in: "{}\n0123456789", opts: decode.SplitOptions{MaxRecordBytes: 4}, want: []piece{{1, "{}", ""}, {2, "0123456789", "longer than"}}},
		{name: "lines with a NUL", c: decode.JSONLines, in: "{}\x00\n{}", want: []piece{{1, "{}\x00", ""}, {2, `{}`, ""}}},

		{name: "array on one line", c: decode.JSONArray, in: `[{"a":"]},{["},{"b":[{},[]]} , 3,"x\",", null]`, want: []piece{
			{1, `{"a":"]},{["}`, ""}, {1, `{"b":[{},[]]}`, ""}, {1, `3`, ""}, {1, `"x\","`, ""}, {1, `null`, ""},
		}},
		{name: "array pretty", c: decode.JSONArray, in: "\xEF\xBB\xBF\n[\n  {\n    \"a\": 1\n  },\r\n  {}\n]\n", want: []piece{{3, "{\n    \"a\": 1\n  }", ""}, {6, "{}", ""}}},
		{name: "array empty", c: decode.JSONArray, in: "[ \n]", want: []piece{}},
		{name: "array of the end only", c: decode.JSONArray, in: "", want: []piece{}},
		{name: "array not closed", c: decode.JSONArray, in: "[{},\n{}\n", want: []piece{{1, "{}", ""}, {2, "{}", ""}, {3, "", "before its list is closed"}}},
		{name: "array cut inside a row", c: decode.JSONArray, in: "[{},{\"a\":\"b", want: []piece{{1, "{}", ""}, {1, "{\"a\":\"b", "in the middle of this row"}}},
		{name: "array not one", c: decode.JSONArray, in: "{}", want: []piece{{1, "{}", "does not begin with ["}}},
		{name: "array with something after", c: decode.JSONArray, in: "[{}]\n[{}]", want: []piece{{1, "{}", ""}, {2, "[{}]", "follows the end"}}},
		{name: "array with commas to spare", c: decode.JSONArray, in: "[,{},\n,{},]", want: []piece{{1, "", "begins with a comma"}, {1, "{}", ""}, {1, ",", "Take the comma out"}, {2, "{}", ""}, {2, ",", "Take the comma out"}}},
		{name: "array without a comma", c: decode.JSONArray, in: "[{} {}\n,{}]", want: []piece{{1, "{}", ""}, {1, "{}", "no comma between"}, {2, "{}", ""}}},
		{name: "array row too long", c: decode.JSONArray, in: `[{"a":"0123456789"},{"b":"0"},1234567890123456]`, opts: decode.SplitOptions{MaxRecordBytes: 10}, want: []piece{{1, `{"a":"0123456789"}`, "longer than"}, {1, `{"b":"0"}`, ""}, {1, `1234567890123456`, "longer than"}}},
		{name: "array mended: string not closed", c: decode.JSONArray, in: "[\n{\"a\":\"x},\n{\"b\":1}\n]", want: []piece{{2, "{\"a\":\"x}", "string is not closed"}, {3, `{"b":1}`, ""}}},
		{name: "array mended: brace missing", c: decode.JSONArray, in: "[\n  {\n    \"a\": {\n      \"b\": 1\n  },\n  {\"c\": 2},\n  {\"d\": 3}\n]", want: []piece{{2, "{\n    \"a\": {\n      \"b\": 1\n  }", "not followed by a key"}, {6, `{"c": 2}`, ""}, {7, `{"d": 3}`, ""}}},
		{name: "array mended: bracket of the wrong kind", c: decode.JSONArray, in: "[\n\t{\"a\": [\n\t\t{\"x\":1},\n\t\t{\"x\":2}\n\t}},\n\t{\"c\": 2}\n]", want: []piece{{2, "{\"a\": [\n\t\t{\"x\":1},\n\t\t{\"x\":2}\n\t}}", "counterpart"}, {6, `{"c": 2}`, ""}}},
		{name: "array mended: last row", c: decode.JSONArray, in: "[\n {},\n {\"a\": [1}\n]\n", want: []piece{{2, "{}", ""}, {3, "{\"a\": [1}", "counterpart"}}},
		{name: "array mended: first row beside the bracket", c: decode.JSONArray, in: "[{\"a\":\"x},\n {\"b\":1}]", want: []piece{{1, "{\"a\":\"x}", "string is not closed"}, {2, `{"b":1}`, ""}}},
		{name: "array mended: brace too many", c: decode.JSONArray, in: "[{\"a\":1}},\n {\"b\":1}]", want: []piece{{1, `{"a":1}`, ""}, {1, `}`, "should be"}, {2, `{"b":1}`, ""}}},
		{name: "array mended: words between", c: decode.JSONArray, in: "[\n{},\nhere be dragons,\n{}\n]", want: []piece{{2, "{}", ""}, {3, "here be dragons", "should be"}, {4, "{}", ""}}},
		{name: "array not mended on one line", c: decode.JSONArray, in: `[{"a":1},{"b":[2},{"c":3}]`, want: []piece{{1, `{"a":1}`, ""}, {1, `{"b":[2},{"c":3}]`, "rest of the file was not read"}}},
		{name: "array not mended to the end", c: decode.JSONArray, in: "[\n{\"b\":[2}\n,3", want: []piece{{2, "{\"b\":[2}\n,3", "No further row"}}},
		{name: "array mistake in a row too long", c: decode.JSONArray, in: "[\n{\"b\":\"0123456789\n\",\n{}\n]", opts: decode.SplitOptions{MaxRecordBytes: 6}, want: []piece{{2, "{\"b\":\"0123456789\n\"", "string is not closed"}, {4, "{}", ""}}},
		{name: "array not mended inside a laid-out row beside the bracket", c: decode.JSONArray, in: "[{\n \"a\": [}\n},\n{}]", want: []piece{{1, "{\n \"a\": [}\n},\n{}]", "cannot be known"}}},
		{name: "array not mended by lines without commas", c: decode.JSONArray, in: "[\n{\"a\": [}\n{}\n{}", want: []piece{{2, "{\"a\": [}\n{}\n{}", "No further row"}}},
		{name: "array cut after a word", c: decode.JSONArray, in: "[{}, tru", want: []piece{{1, "{}", ""}, {1, "tru", ""}, {1, "", "before its list is closed"}}},
		{name: "array cut after a comma", c: decode.JSONArray, in: "[{},\n", want: []piece{{1, "{}", ""}, {2, "", "before its list is closed"}}},
		{name: "array word too long", c: decode.JSONArray, in: "[1234567890123456", opts: decode.SplitOptions{MaxRecordBytes: 4}, want: []piece{{1, "1234567890123456", "longer than"}, {1, "", "before its list is closed"}}},
		{name: "array very deep", c: decode.JSONArray, in: "[" + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + ",{}]", want: []piece{{1, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), ""}, {1, "{}", ""}}},

		{name: "stream", c: decode.JSONStream, in: "{\n \"a\": 1\n}\n{\n}{}", want: []piece{{1, "{\n \"a\": 1\n}", ""}, {4, "{\n}", ""}, {5, "{}", ""}}},
		{name: "stream with carriage returns alone", c: decode.JSONStream, in: "{\"a\":1}\r{}\r", want: []piece{{1, `{"a":1}`, ""}, {1, "{}", ""}}},
		{name: "stream mended", c: decode.JSONStream, in: "{\n \"a\": [}\n}\n{\n}\n", want: []piece{{1, "{\n \"a\": [}\n}", "counterpart"}, {4, "{\n}", ""}}},
		{name: "stream cut", c: decode.JSONStream, in: "{}\n{\n \"a\":", want: []piece{{1, "{}", ""}, {2, "{\n \"a\":", "in the middle of this row"}}},

		{name: "csv", c: decode.CSV, in: "a,b\n1,2\r\n\n\"x\n\"\"y\",\"z\"\n3,4", want: []piece{{2, "1,2", ""}, {4, "\"x\n\"\"y\",\"z\"", ""}, {6, "3,4", ""}}},
		{name: "csv with a mark", c: decode.CSV, in: "\xEF\xBB\xBF\n\na;b\n1;\"2\n3\"\n", opts: decode.SplitOptions{Delimiter: ';'}, want: []piece{{4, "1;\"2\n3\"", ""}}},
		{name: "csv quote never closed", c: decode.CSV, in: "a,b\n1,\"2\n3,4\n5,6\n", want: []piece{{2, `1,"2`, "never ends"}, {3, "3,4", ""}, {4, "5,6", ""}}},
		{name: "csv row too long", c: decode.CSV, in: "a,b\n1,\"0123456789\"\n3,4\n", opts: decode.SplitOptions{MaxRecordBytes: 5}, want: []piece{{2, `1,"0123456789"`, "longer than"}, {3, "3,4", ""}}},
		{name: "csv quote never closed, CRLF", c: decode.CSV, in: "a,b\r\n1,\"2\r\n3,4\r\n", want: []piece{{2, `1,"2`, "never ends"}, {3, "3,4", ""}}},
		{name: "csv quote never closed in too long a stretch", c: decode.CSV, in: "a,b\n1,\"2\n3,4\n5,6\n7,8\n", opts: decode.SplitOptions{MaxRecordBytes: 6}, want: []piece{{2, `1,"2`, "never ends"}, {3, "3,4", ""}, {4, "5,6", ""}, {5, "7,8", ""}}},
		{name: "csv header only", c: decode.CSV, in: "a,b", want: []piece{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := pieces(consistent(t, []byte(tt.in), tt.c, tt.opts))
			for i := range got {
				if i < len(tt.want) && tt.want[i].Err != "" && strings.Contains(got[i].Err, tt.want[i].Err) {
					got[i].Err = tt.want[i].Err
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records of %q (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

// Reads of one byte must give what one big read gives.
func TestSplitterSmallReads(t *testing.T) {
	t.Parallel()
	for c, in := range map[decode.Container]string{
		decode.JSONLines:  "\xEF\xBB\xBF{\"a\":\"b\"}\r\n\n{}",
		decode.JSONArray:  "[\n {\"a\": \"\\\"x\"},\n {\"b\": [},\n {\"c\": 3}\n]",
		decode.JSONStream: "{\n\"a\": 1}\n{}",
		decode.CSV:        "a,b\n\"1\n\",2\r\n3,4",
	} {
		want, _ := split(t, []byte(in), c, decode.Position{}, decode.SplitOptions{})
		s := decode.NewSplitter(iotest.OneByteReader(strings.NewReader(in)), c, decode.Position{}, decode.SplitOptions{})
		var got []decode.Record
		for {
			rec, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rec)
		}
		if diff := cmp.Diff(pieces(want), pieces(got)); diff != "" {
			t.Errorf("%s by single bytes (-want +got):\n%s", c, diff)
		}
	}
}

// An error of reading is not the end of the data.
func TestSplitterReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	for c, in := range map[decode.Container]string{
		decode.JSONLines:  "{}\n{\"a\"",
		decode.JSONArray:  "[{},{\"a\"",
		decode.JSONStream: "{}\n{\"a\"",
		decode.CSV:        "a,b\n1,2\n3,",
	} {
		s := decode.NewSplitter(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), c, decode.Position{}, decode.SplitOptions{})
		if _, err := s.Next(); err != nil {
			t.Errorf("%s: first Next() = %v", c, err)
		}
		if rec, err := s.Next(); !errors.Is(err, broken) {
			t.Errorf("%s: Next() = %+v, %v, want the error of reading", c, rec, err)
		}
	}
}

// filler is n bytes of b between head and tail.
func filler(head string, b byte, n int, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(same(b), int64(n)), strings.NewReader(tail))
}

// same is an endless stream of one byte.
type same byte

func (s same) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

// A row of 200 MB is one refusal, with the memory of an ordinary one.
func TestSplitterHugeRow(t *testing.T) {
	const huge = 200 << 20
	for _, tt := range []struct {
		c          decode.Container
		head, tail string
		size       int64
		kind       error
	}{
		{decode.JSONLines, "{\"a\":\"", "\"}\n{}\n", huge + 8, fault.TooLarge},
		{decode.JSONArray, "[{\"a\":\"", "\"},\n{}]", huge + 8, fault.TooLarge},
		{decode.JSONStream, "{\"a\":\"", "\"}\n{}", huge + 8, fault.TooLarge},
		{decode.CSV, "a,b\n1,\"", "\"\n{},2", huge + 4, fault.TooLarge},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s := decode.NewSplitter(filler(tt.head, 'x', huge, tt.tail), tt.c, decode.Position{}, decode.SplitOptions{})
		rec, err := s.Next()
		runtime.ReadMemStats(&after)
		if err != nil || !errors.Is(rec.Err, tt.kind) || rec.Size != tt.size || len(rec.Raw) != decode.KeptBytes {
			t.Errorf("%s: Next() = size %d, kept %d, %v, %v; want %d, %d, %v", tt.c, rec.Size, len(rec.Raw), rec.Err, err, tt.size, decode.KeptBytes, tt.kind)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
			t.Errorf("%s: a row of %d MB allocated %d MB", tt.c, huge>>20, used>>20)
		}
		if rec, err = s.Next(); err != nil || rec.Err != nil || !strings.HasPrefix(string(rec.Raw), "{}") {
			t.Errorf("%s: the row after it = %q, %v, %v", tt.c, rec.Raw, rec.Err, err)
		}
		if _, err = s.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: Next() at the end = %v", tt.c, err)
		}
	}
}

// Records stay what they were while later ones are read.
func TestSplitterRecordsStay(t *testing.T) {
	t.Parallel()
	var in bytes.Buffer
	for i := range 50_000 {
		fmt.Fprintf(&in, "{\"row\": %d}\n", i)
	}
	recs, _ := split(t, in.Bytes(), decode.JSONLines, decode.Position{}, decode.SplitOptions{})
	if len(recs) != 50_000 {
		t.Fatalf("got %d records", len(recs))
	}
	for i, rec := range recs {
		if want := fmt.Sprintf("{\"row\": %d}", i); string(rec.Raw) != want {
			t.Fatalf("record %d is %q now, want %q", i, rec.Raw, want)
		}
	}
}

func FuzzSplitter(f *testing.F) {
	for _, s := range []string{
		"", "{}", "{}\n{}\n", "[{},{}]", "[\n  {\"a\": \"b\"},\n  {\"a\": [},\n  {}\n]", "[{\"a\":1}},\n {\"b\":1}]", "[,{},,]", "[1 2 x]", "\xEF\xBB\xBF[\"\\\"\"]",
		"a,b\n1,\"2\n3\"\n", "a,b\n1,\"2\n3\n", "{\n\"a\": 1\n}\n{", "[{\"a\":\"x\n{\"},\n{}", "\r\n\x00\n", "[\n{\"a\":1,\n{\"b\":2}\n]]", "[\n{\"a\":\"0123456789\n,\n{}",
	} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, most uint8) {
		opts := decode.SplitOptions{MaxRecordBytes: int(most)}
		for _, c := range []decode.Container{decode.JSONLines, decode.JSONArray, decode.JSONStream, decode.CSV} {
			consistent(t, in, c, opts)
		}
	})
}
