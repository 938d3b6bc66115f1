package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/voicefit/spotter/internal/export"
)

// packings are the endings under which any file of a release can be had
// compressed, with what does it.
var packings = map[string]string{".gz": "gzip", ".zst": "zstd"}

// Packings lists the endings under which people are offered a file compressed: one
// of rows, unless it is compressed already or too small to gain. Any other can be
// had so all the same.
func Packings(f File) []string {
	if f.Rows == 0 || path.Ext(f.Name) == ".parquet" || f.Bytes < 4096 {
		return nil
	}
	return []string{".gz", ".zst"}
}

// unpacked splits the name of a compressed file into that of the file and its
// ending. The second result is empty for a name without such an ending.
func unpacked(name string) (base, ending string) {
	if ending = path.Ext(name); packings[ending] == "" {
		return name, ""
	}
	return strings.TrimSuffix(name, ending), ending
}

// packed opens the file that write makes, under key, which names what goes in for
// ever: made at the first request, kept from then on, and named after its own
// SHA-256, so that a download can be taken up although another version of the
// program might compress differently. What lies there can be thrown away at any
// time.
func (s *Service) packed(key, ending string, write func(w io.Writer) error) (*os.File, []byte, error) {
	dir := filepath.Join(s.cfg.Dir, "packed", key)
	find := func() (*os.File, []byte, error) {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, nil, err
		}
		for _, e := range entries {
			sum, err := hex.DecodeString(strings.TrimSuffix(e.Name(), ending))
			if err != nil || len(sum) != sha256.Size {
				continue
			}
			f, err := os.Open(filepath.Join(dir, e.Name()))
			return f, sum, err
		}
		return nil, nil, nil
	}
	if f, sum, err := find(); f != nil || err != nil {
		return f, sum, err
	}
	s.packing.Lock() // one at a time: each takes a core
	defer s.packing.Unlock()
	if f, sum, err := find(); f != nil || err != nil {
		return f, sum, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	sweep(dir)
	part, err := os.CreateTemp(dir, "*.part")
	if err != nil {
		return nil, nil, err
	}
	hash := sha256.New()
	err = write(io.MultiWriter(part, hash))
	if err = errors.Join(err, part.Chmod(0o644), part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), filepath.Join(dir, hex.EncodeToString(hash.Sum(nil))+ending))
	}
	if err != nil {
		_ = os.Remove(part.Name()) // it is not whole
		return nil, nil, err
	}
	return find()
}

// sweep removes what was left half-written in a directory, and what nobody writes
// any more.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir) // where it can't be read, nothing can be swept
	for _, e := range entries {
		if at, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".part") && time.Since(at.ModTime()) > time.Minute {
			_ = os.Remove(filepath.Join(dir, e.Name())) // the next sweep tries again
		}
	}
}

// openPacked opens a file of a release compressed as its ending says.
func (s *Service) openPacked(ctx context.Context, rel Release, base, ending string) (*os.File, File, error) {
	plain, info, err := s.openPlain(ctx, rel, base)
	if err != nil {
		return nil, info, err
	}
	defer func() { _ = plain.Close() }() // only read
	f, sum, err := s.packed(info.Hex(), ending, func(w io.Writer) error {
		z, err := export.Compress(w, packings[ending])
		if err != nil {
			return err
		}
		if _, err := io.Copy(z, cancelReader{ctx, plain}); err != nil {
			return err
		}
		return z.Close()
	})
	if err != nil {
		return nil, info, fmt.Errorf("compress %s of release %s: %w", base, rel.ID, err)
	}
	return s.measured(f, File{Name: base + ending, SHA256: sum, Rows: info.Rows})
}

// OpenZip opens one zip of all files of a built release, not compressed, in the
// order of their names: the same bytes every time. Missing files are made again
// first. The caller closes it.
func (s *Service) OpenZip(ctx context.Context, rel Release) (*os.File, File, error) {
	files, err := s.Files(ctx, rel.ID)
	if err != nil {
		return nil, File{}, err
	}
	key := sha256.New()
	for _, f := range files {
		fmt.Fprintf(key, "%s %s\n", f.Hex(), f.Name)
	}
	f, sum, err := s.packed(hex.EncodeToString(key.Sum(nil)), ".zip", func(w io.Writer) error { return s.writeZip(ctx, w, rel, files) })
	if err != nil {
		return nil, File{}, fmt.Errorf("zip release %s: %w", rel.ID, err)
	}
	return s.measured(f, File{Name: rel.Slug() + ".zip", SHA256: sum})
}

// measured adds the size of an open file.
func (s *Service) measured(f *os.File, info File) (*os.File, File, error) {
	at, err := f.Stat()
	if err != nil {
		return nil, info, errors.Join(fmt.Errorf("open %s: %w", info.Name, err), f.Close())
	}
	info.Bytes = at.Size()
	return f, info, nil
}

// cancelReader reads until ctx ends.
type cancelReader struct {
	ctx context.Context //nolint:containedctx // it lives as long as one copy
	r   io.Reader
}

func (p cancelReader) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
