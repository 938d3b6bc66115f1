package release_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/release"
)

// TestPackedDownloads has files of a release compressed: the same words, a hash of
// what is served, ranges of what is served, and the same bytes until they are thrown
// away and after that.
func TestPackedDownloads(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 200, voice(0))
	c := config(t, pool)
	s := release.New(c)
	r := build(t, s, release.Order{Name: "packed"}, release.Built)
	read := func(name string) (string, release.File) {
		t.Helper()
		f, info, err := s.Open(ctx, r, name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != info.Hex() || int64(len(b)) != info.Bytes {
			t.Errorf("%s is not what is said of it: %d bytes, %+v", name, len(b), info)
		}
		return string(b), info
	}
	plain, info := read(export.Complete)
	if got := release.Packings(info); len(got) != 2 {
		t.Errorf("Packings() = %v", got)
	}
	unpack := map[string]func(string) (io.Reader, error){
		".gz":  func(b string) (io.Reader, error) { return gzip.NewReader(strings.NewReader(b)) },
		".zst": func(b string) (io.Reader, error) { return zstd.NewReader(strings.NewReader(b)) },
	}
	for ending, open := range unpack {
		packed, info := read(export.Complete + ending)
		in, err := open(packed)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(in); err != nil || string(b) != plain {
			t.Errorf("%s does not hold the file: %d bytes, %v", ending, len(b), err)
		}
		// Taken up in the middle, as curl -C - does it, even after the copy was thrown away.
		half := len(packed) / 2
		if err := os.RemoveAll(filepath.Join(c.Dir, "packed")); err != nil {
			t.Fatal(err)
		}
		f, again, err := s.Open(ctx, r, export.Complete+ending)
		if err != nil {
			t.Fatal(err)
		}
		req, rec := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil), httptest.NewRecorder()
		req.Header.Set("Range", "bytes="+strconv.Itoa(half)+"-")
		req.Header.Set("If-Range", `"`+info.Hex()+`"`)
		release.Serve(rec, req, f, again)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if rec.Code != http.StatusPartialContent || packed[:half]+rec.Body.String() != packed {
			t.Errorf("%s taken up = %d, %d bytes", ending, rec.Code, rec.Body.Len())
		}
		if got := rec.Header().Get("ETag"); got != `"`+info.Hex()+`"` {
			t.Errorf("%s has the ETag %s", ending, got)
		}
		if got := rec.Header().Get("Content-Encoding"); got != "" {
			t.Errorf("%s is said to be encoded as %s: a client would unpack it", ending, got)
		}
	}
	for _, name := range []string{"nothing.jsonl.gz", ".gz", "../x.zst", export.Complete + ".gz.gz"} {
		if _, _, err := s.Open(ctx, r, name); !errors.Is(err, fault.NotFound) {
			t.Errorf("Open(%q) = %v", name, err)
		}
	}
	one, first, err := s.OpenZip(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(one.Close(), os.RemoveAll(filepath.Join(c.Dir, "packed")), os.RemoveAll(s.Dir(r.ID))); err != nil {
		t.Fatal(err)
	}
	two, second, err := s.OpenZip(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if first.Hex() != second.Hex() || first.Name != "packed.zip" || two.Close() != nil {
		t.Errorf("the zip made again = %+v, was %+v", second, first)
	}
}

// TestTags releases the examples that have one of the tags.
func TestTags(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	ids := approve(t, pool, 60, voice(0))
	tag := func(name string, ids ...uuid.UUID) {
		t.Helper()
		if _, err := pool.Exec(ctx, `INSERT INTO example_tags (dataset_id, tag, example_id, author_id) SELECT $1, $2, x, $3 FROM unnest($4::uuid[]) AS x`,
			exampletest.Dataset, name, lead.ID, ids); err != nil {
			t.Fatal(err)
		}
	}
	tag("pilot", ids[:20]...)
	tag("second wave", ids[10:30]...)
	s := release.New(config(t, pool))
	for _, tt := range []struct {
		tags []string
		want int64
	}{{nil, 60}, {[]string{"", "  "}, 60}, {[]string{"pilot"}, 20}, {[]string{" second   wave "}, 20}, {[]string{"pilot", "second wave"}, 30}, {[]string{"nobody"}, 0}} {
		p, err := s.Preview(ctx, release.Spec{Filters: release.Filters{Tags: tt.tags}})
		if err != nil || p.Items != tt.want {
			t.Errorf("Preview(%q) has %d rows, want %d: %v", tt.tags, p.Items, tt.want, err)
		}
	}
	if p, err := s.Preview(ctx, release.Spec{Filters: release.Filters{Tags: []string{"pilot"}, Sources: []string{"another.jsonl"}}}); err != nil || p.Items != 0 {
		t.Errorf("a tag and a source that has none = %d rows, %v", p.Items, err)
	}
	r := build(t, s, release.Order{Name: "pilot", Spec: release.Spec{Filters: release.Filters{Tags: []string{"pilot"}}}}, release.Built)
	if m := content(t, s.Dir(r.ID))[release.ManifestName]; r.Items != 20 || !strings.Contains(m, `"tags": [`) || !strings.Contains(m, `"pilot"`) {
		t.Errorf("the release has %d rows; its manifest:\n%.600s", r.Items, m)
	}
	if _, err := s.Preview(ctx, release.Spec{Filters: release.Filters{Tags: []string{strings.Repeat("x", 200)}}}); !errors.Is(err, fault.Invalid) {
		t.Errorf("a tag that is too long = %v", err)
	}
}

// TestEstimate previews more rows than the preflight is run for at once.
func TestEstimate(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	const n, bad = release.PreviewRows + 1000, 4200
	ids := approve(t, pool, n, voice(0))
	if _, err := pool.Exec(ctx, `INSERT INTO findings (dataset_id, example_id, revision, ordinal, rule, severity, message)
		SELECT $1, x, 1, 1, 'json/schema', 'error', 'made up' FROM unnest($2::uuid[]) AS x`, exampletest.Dataset, ids[:bad]); err != nil {
		t.Fatal(err)
	}
	s := release.New(config(t, pool))
	p, err := s.Preview(ctx, release.Spec{Presets: []string{"together"}})
	if err != nil {
		t.Fatal(err)
	}
	var tokens int64
	if err := pool.QueryRow(ctx, `SELECT sum(tokens) FROM examples`).Scan(&tokens); err != nil {
		t.Fatal(err)
	}
	if p.Whole || p.Items != n || p.Tokens != tokens || p.Sampled != release.SampleRows || len(p.Shape) != 1 || p.Shape[0].Rows != n || p.Capped {
		t.Errorf("Preview() = %d rows, %d tokens (want %d), %d sampled, %v", p.Items, p.Tokens, tokens, p.Sampled, p.Shape)
	}
	got := map[string]release.Line{}
	for _, l := range p.Lines {
		got[l.Key] = l
	}
	for key, green := range map[string]bool{"targets": false, "errors": false, "approvals": true, "special-tokens": true, "format/messages": true, "format/together": true, "token-limits": true, "minimum-rows": true, "floors": true, "demo": true} {
		if l, ok := got[key]; !ok || l.Green != green {
			t.Errorf("the line %s = %+v", key, l)
		}
	}
	for _, key := range []string{"leakage", "splits", "contradictions"} {
		if _, ok := got[key]; ok {
			t.Errorf("a sample can't tell of %s", key)
		}
	}
	// 4,200 of 21,000 have an error; five standard errors are about 940.
	if l := got["errors"]; l.Rows < bad-940 || l.Rows > bad+940 || !l.Holds || !strings.Contains(l.Text, "95 % confidence") {
		t.Errorf("errors = %+v", l)
	}
	if text := got["approvals"].Text; !strings.HasPrefix(text, "None of 2,000 rows drawn at random, so with 95 % confidence fewer than 32 of all 21,000.") {
		t.Errorf("approvals = %s", text) // the rule of three: 3/2000 of them
	}
	p, err = s.Preview(ctx, release.Spec{Limits: map[string]release.Limit{"voice_parsing": {Cap: 7000}}})
	if err != nil || p.Items != 7000 || p.Left["voice_parsing"] != n-7000 || !p.Capped || p.Tokens < tokens/3-10 || p.Tokens > tokens/3+10 {
		t.Errorf("capped = %d rows, %d tokens of %d, %v: %v", p.Items, p.Tokens, tokens, p.Left, err)
	}
}
