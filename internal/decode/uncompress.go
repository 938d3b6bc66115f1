package decode

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/fault"
)

// The measure of a decompression bomb: beyond freeBytes of output, at most
// maxRatio bytes may come out for each one that went in. Real JSON Lines
// compress 3 to 20 times, repeated rows up to 100 times.
const (
	freeBytes = 64 << 20
	maxRatio  = 200
)

// maxWindow is the most history that a zstd file may ask a reader to hold:
// what zstd uses up to level 19 and then some.
const maxWindow = 32 << 20

// Uncompress looks at the first bytes of r and undoes gzip (any number of
// members) or zstd; anything else passes through. kind is "gzip", "zstd" or
// "". Closing the result frees the decoder and does not close r. Uncompress
// and reading fail with fault.Invalid for damaged data and for data that is
// compressed twice, and with fault.TooLarge for data that expands without
// measure or needs too much memory; errors of r itself pass unchanged.
func Uncompress(r io.Reader) (rc io.ReadCloser, kind string, err error) {
	in := &counter{r: r}
	b := bufio.NewReaderSize(in, 64<<10)
	head, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	kind = compression(head)
	if kind == "" {
		return io.NopCloser(b), "", nil
	}
	u := &uncompressed{in: in, kind: kind}
	switch kind {
	case "gzip":
		z := &members{b: b, z: new(gzip.Reader)}
		if err := z.next(); err != nil {
			return nil, "", u.explain(err)
		}
		u.out, u.free = z, func() {}
	case "zstd":
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, "", u.explain(err)
		}
		u.out, u.free = z, z.Close
	}
	// The first bytes say whether there is a second layer.
	inner := bufio.NewReaderSize(u.out, 4<<10)
	u.out = inner
	head, err = inner.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		u.free()
		return nil, "", u.explain(err)
	}
	if second := compression(head); second != "" {
		u.free()
		return nil, "", fault.New(fault.Invalid, "The file is compressed twice (%s inside %s). Unpack it once and import the result.", second, kind)
	}
	return u, kind, nil
}

// compression names the compression that starts with head, if it is one that
// can be undone.
func compression(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}):
		return "gzip"
	case bytes.HasPrefix(head, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return "zstd"
	case len(head) >= 4 && head[0]&0xF0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2A, 0x4D, 0x18}):
		return "zstd" // a skippable frame first
	}
	return ""
}

// A counter counts what is read and remembers how reading failed.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// members reads the members of a gzip file one after the other. The library
// would do so itself, but takes a member that is cut off inside its header for
// the end of the file.
type members struct {
	b *bufio.Reader
	z *gzip.Reader
}

// next begins the next member.
func (m *members) next() error {
	err := m.z.Reset(m.b)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	m.z.Multistream(false)
	return err
}

func (m *members) Read(p []byte) (int, error) {
	n, err := m.z.Read(p)
	if errors.Is(err, io.EOF) {
		if _, err := m.b.Peek(1); err != nil {
			return n, err
		}
		err = m.next()
	}
	return n, err
}

// uncompressed is the output of a decompressor, measured.
type uncompressed struct {
	in   *counter
	out  io.Reader
	free func()
	kind string
	n    int64
	err  error
}

func (u *uncompressed) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.out.Read(p)
	u.n += int64(n)
	switch {
	case u.n > freeBytes && u.n/maxRatio > u.in.n:
		u.err = fault.New(fault.TooLarge, "The %s data expands more than %d times, as a decompression bomb does. If it is honest, unpack it and import the result.", u.kind, maxRatio)
		return 0, u.err
	case err != nil:
		u.err = u.explain(err)
	}
	return n, u.err
}

func (u *uncompressed) Close() error {
	if u.err == nil {
		u.err = errClosed
	}
	u.free()
	return nil
}

var errClosed = errors.New("read of closed decompressor")

// explain says what an error of the decompressor means. The source's own
// errors are not about the data.
func (u *uncompressed) explain(err error) error {
	switch {
	case u.in.err != nil:
		return u.in.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Wrap(fault.Invalid, err, "The %s data ends too early: the file was cut off. Send it again whole.", u.kind)
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fault.Wrap(fault.TooLarge, err, "The zstd data needs more than %d MB of memory to unpack. Compress it with level 19 or lower and without --long, or unpack it.", maxWindow>>20)
	}
	return fault.Wrap(fault.Invalid, err, "The %s data is damaged. Test the file with %s -t, and send it again.", u.kind, u.kind)
}
