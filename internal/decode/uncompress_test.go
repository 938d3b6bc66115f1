package decode_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
)

func gz(t testing.TB, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zst(t testing.TB, r io.Reader, opts ...zstd.EOption) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, append(opts, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll uncompresses in.
func readAll(in io.Reader) (string, string, error) {
	r, kind, err := decode.Uncompress(in)
	if err != nil {
		return "", kind, err
	}
	b, err := io.ReadAll(r)
	return string(b), kind, errors.Join(err, r.Close())
}

func TestUncompress(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("{\"a\":1}\n", 3000)
	packed := func(s string) io.Reader { return strings.NewReader(s) }
	for _, tt := range []struct {
		name, in, kind, want string
	}{
		{"plain", text, "", text},
		{"empty", "", "", ""},
		{"three bytes", "{}\n", "", "{}\n"},
		{"gzip", string(gz(t, packed(text))), "gzip", text},
		{"gzip of nothing", string(gz(t, packed(""))), "gzip", ""},
		{"gzip members", string(gz(t, packed(text))) + string(gz(t, packed("{}"))), "gzip", text + "{}"},
		{"zstd", string(zst(t, packed(text))), "zstd", text},
		{"zstd frames", string(zst(t, packed(text))) + string(zst(t, packed("{}"))), "zstd", text + "{}"},
		{"zstd after a skippable frame", "\x50\x2A\x4D\x18\x03\x00\x00\x00abc" + string(zst(t, packed(text))), "zstd", text},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, r := range map[string]io.Reader{"whole": strings.NewReader(tt.in), "by bytes": iotest.OneByteReader(strings.NewReader(tt.in))} {
				got, kind, err := readAll(r)
				if err != nil || kind != tt.kind || got != tt.want {
					t.Errorf("%s: Uncompress() = %d bytes, %q, %v; want %d, %q", name, len(got), kind, err, len(tt.want), tt.kind)
				}
			}
		})
	}
}

func TestUncompressRefuses(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("{\"a\":1}\n", 3000)
	g, z := gz(t, strings.NewReader(text)), zst(t, strings.NewReader(text))
	damaged := func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 0xFF
		return b
	}
	for _, tt := range []struct {
		name string
		in   []byte
		kind error
		want string
	}{
		{"gzip cut off", g[:len(g)-9], fault.Invalid, "cut off"},
		{"gzip cut in its head", g[:5], fault.Invalid, "cut off"},
		{"gzip damaged", damaged(g), fault.Invalid, "damaged"},
		{"gzip with something after it", append(bytes.Clone(g), "hello, this is no member"...), fault.Invalid, "damaged"},
		{"zstd cut off", z[:len(z)-3], fault.Invalid, "cut off"},
		{"zstd damaged", damaged(z), fault.Invalid, "damaged"},
		{"gzip in gzip", gz(t, bytes.NewReader(g)), fault.Invalid, "twice (gzip inside gzip)"},
		{"zstd in gzip", gz(t, bytes.NewReader(z)), fault.Invalid, "twice (zstd inside gzip)"},
		{"gzip in zstd", zst(t, bytes.NewReader(g)), fault.Invalid, "twice (gzip inside zstd)"},
		{"zstd with a wide window", []byte("\x28\xB5\x2F\xFD\x00\x88\x01\x00\x00"), fault.TooLarge, "memory"}, // 128 MiB
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := readAll(bytes.NewReader(tt.in))
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Uncompress() = %v, want %v with %q", err, tt.kind, tt.want)
			}
		})
	}
}

// A bomb is stopped soon after the first 64 MiB; honest data with few distinct
// rows is not.
func TestUncompressBomb(t *testing.T) {
	const size = 256 << 20
	for name, in := range map[string][]byte{
		"gzip": gz(t, io.LimitReader(same(' '), size)),
		"zstd": zst(t, io.LimitReader(same(' '), size)),
	} {
		r, kind, err := decode.Uncompress(bytes.NewReader(in))
		if err != nil || kind != name {
			t.Fatalf("Uncompress(%s bomb) = %q, %v", name, kind, err)
		}
		n, err := io.Copy(io.Discard, r)
		if !errors.Is(err, fault.TooLarge) || n > 160<<20 {
			t.Errorf("%s bomb of %d bytes: read %d MB, %v; want fault.TooLarge", name, len(in), n>>20, err)
		}
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, fault.TooLarge) {
			t.Errorf("%s bomb: reading on = %v, want fault.TooLarge", name, err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	var rows bytes.Buffer
	for i := range 100 {
		rows.WriteString(strings.Repeat(string(rune('a'+i%26)), 1+i%13) + "{\"messages\":[]}\n")
	}
	var honest bytes.Buffer
	for honest.Len() < 80<<20 {
		honest.Write(rows.Bytes())
		honest.WriteString(strings.Repeat("x", honest.Len()%977))
	}
	got, _, err := readAll(bytes.NewReader(gz(t, bytes.NewReader(honest.Bytes()))))
	if err != nil || len(got) != honest.Len() {
		t.Errorf("repetitive rows: %d of %d bytes, %v", len(got), honest.Len(), err)
	}
}

// An error of the source is not one of the data.
func TestUncompressReadError(t *testing.T) {
	t.Parallel()
	gone := errors.New("the disk is gone")
	for name, in := range map[string][]byte{
		"nothing": nil, "plain": []byte("{}\n{}\n"),
		"gzip": gz(t, strings.NewReader("{}"))[:14], "zstd": zst(t, strings.NewReader("{}"))[:8],
	} {
		_, _, err := readAll(io.MultiReader(bytes.NewReader(in), iotest.ErrReader(gone)))
		if _, ok := fault.As(err); ok || !errors.Is(err, gone) {
			t.Errorf("%s: %v, want the error of reading and no fault", name, err)
		}
	}
}

func FuzzUncompress(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add(gz(f, strings.NewReader("{}")))
	f.Add(zst(f, strings.NewReader("{}")))
	f.Add([]byte("\x50\x2A\x4D\x18\x00\x00\x00\x00"))
	f.Add([]byte("\x1f\x8b\b7000000\x02\x0000")) // cut off inside the head
	f.Fuzz(func(t *testing.T, in []byte) {
		r, kind, err := decode.Uncompress(bytes.NewReader(in))
		if err == nil {
			var got []byte
			got, err = io.ReadAll(io.LimitReader(r, 1<<20))
			if kind == "" && !bytes.Equal(got, in) {
				t.Fatalf("%q passed through as %q", in, got)
			}
			if cerr := r.Close(); cerr != nil {
				t.Fatal(cerr)
			}
		}
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Fatalf("Uncompress(%q) = %v, which is no fault", in, err)
			}
		}
	})
}
