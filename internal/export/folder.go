package export

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// adHoc is what companion files tell of an export that is no release.
func adHoc(o Options) Set {
	return Set{
		Name: "voicefit_llama_training", Title: "VoiceFit fine-tuning examples",
		Description: "Examples of the status " + string(o.Status) + ", written by Spotter.",
	}
}

// WriteFolder writes all that o.Preset makes into the directory dir, which is
// there: the files with rows and their companions. It returns their names in
// order. The rest is as Write does.
func (s *Service) WriteFolder(ctx context.Context, dir string, o Options) (names []string, sum Summary, err error) {
	if err := o.settle(); err != nil {
		return nil, sum, err
	}
	var files []*os.File
	defer func() {
		for _, f := range files {
			_ = f.Close() // for the second time, where all went well
		}
	}()
	var out []*Writer
	for _, part := range o.Preset.Files(nil) {
		f, err := create(dir, part.Name)
		if err != nil {
			return nil, sum, err
		}
		files, names = append(files, f), append(names, part.Name)
		out = append(out, o.Preset.NewWriter(f, part))
	}
	from := map[uuid.UUID]int64{}
	written, sum, err := s.write(ctx, o, out, from)
	if err != nil {
		return nil, sum, err
	}
	for _, f := range files {
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return nil, sum, fmt.Errorf("write %s: %w", f.Name(), err)
		}
	}
	set := adHoc(o)
	set.Files = written
	if set.Licences, err = s.licences(ctx, from); err != nil {
		return nil, sum, err
	}
	companions, err := o.Preset.Companions(set)
	if err != nil {
		return nil, sum, fmt.Errorf("export: %w", err)
	}
	for _, c := range companions {
		names = append(names, c.Name)
		if err := File(filepath.Join(dir, filepath.FromSlash(c.Name)), func(w io.Writer) error {
			_, err := w.Write(c.Body)
			return err
		}); err != nil {
			return nil, sum, err
		}
	}
	return names, sum, nil
}

// licences are those of the sources that rows came from, by name.
func (s *Service) licences(ctx context.Context, from map[uuid.UUID]int64) ([]Licence, error) {
	stated, err := db.New(s.db).SourceLicences(ctx, s.dataset, slices.Collect(maps.Keys(from)))
	if err != nil {
		return nil, fmt.Errorf("export: read licences: %w", err)
	}
	rows := map[string]int64{}
	for _, x := range stated {
		rows[x.Licence] += from[x.ID]
	}
	return Licences(rows), nil
}

// Licences lists licences by name from the rows that each has. Where no row has one
// there is nothing to list.
func Licences(rows map[string]int64) []Licence {
	var all []Licence
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, Licence{name, rows[name]})
	}
	if len(all) == 1 && all[0].Licence == "" {
		return nil
	}
	return all
}

// create creates a file of a folder, with its directories.
func create(dir, name string) (*os.File, error) {
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	f, err := os.Create(full)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return f, nil
}

// Folder has write fill a directory that appears under its name only when it is
// whole. A directory that is there already must be empty. On any failure nothing
// is left behind.
func Folder(name string, write func(dir string) error) (err error) {
	name = filepath.Clean(name)
	switch left, err := os.ReadDir(name); {
	case err == nil && len(left) > 0:
		return fault.New(fault.Conflict, "%s is not empty. Name a folder that is not there yet.", name)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fault.Wrap(fault.Invalid, err, "%s can't be used as a folder. Name one that is not there yet.", name)
	}
	dir, err := os.MkdirTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.part")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	if err := write(dir); err != nil {
		return err
	}
	// MkdirTemp makes it private; the result is like any other folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(dir, name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// WriteZip writes all that o.Preset makes to w as one zip. It needs room for that
// among the temporary files.
func (s *Service) WriteZip(ctx context.Context, w io.Writer, o Options) (sum Summary, err error) {
	dir, err := os.MkdirTemp("", "spotter-export-")
	if err != nil {
		return sum, fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	names, sum, err := s.WriteFolder(ctx, dir, o)
	if err != nil {
		return sum, err
	}
	return sum, Zip(ctx, w, dir, names)
}

// WriteCompressed is Write with the bytes compressed as Compress does; of the kind
// "" as they are. Summary.Bytes is before compression.
func (s *Service) WriteCompressed(ctx context.Context, w io.Writer, kind string, o Options) (Summary, error) {
	if kind == "" {
		return s.Write(ctx, w, o)
	}
	z, err := Compress(w, kind)
	if err != nil {
		return Summary{}, err
	}
	sum, err := s.Write(ctx, z, o)
	if err != nil {
		return sum, err
	}
	if err := z.Close(); err != nil {
		return sum, fmt.Errorf("export: compress: %w", err)
	}
	return sum, nil
}

// zipTime is the time that every file in a zip has, so that the same files give
// the same bytes.
var zipTime = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// Zip writes the files of dir with these names, which have slashes, to w in this
// order as one zip. The same files give the same bytes.
func Zip(ctx context.Context, w io.Writer, dir string, names []string) error {
	z := zip.NewWriter(w)
	add := func(name string) (err error) {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		method := zip.Deflate
		if slices.Contains([]string{".parquet", ".gz", ".zst"}, path.Ext(name)) {
			method = zip.Store // there is nothing to gain
		}
		entry, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: zipTime})
		if err != nil {
			return err
		}
		_, err = io.Copy(entry, readerOf(ctx, f))
		return err
	}
	for _, name := range names {
		if err := add(name); err != nil {
			return fmt.Errorf("zip %s: %w", name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	return nil
}

// readerOf reads r until ctx ends.
func readerOf(ctx context.Context, r io.Reader) io.Reader { return &cancelled{ctx, r} }

type cancelled struct {
	ctx context.Context //nolint:containedctx // it lives as long as one copy
	r   io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Compressions are the ways in which Compress compresses, with the ending that
// each adds to a file's name.
var Compressions = map[string]string{"gzip": ".gz", "zstd": ".zst"}

// Compress returns a writer that compresses to w; it must be closed, which does
// not close w. The same bytes in give the same bytes out: nothing tells when it
// was done, and one thread does it.
func Compress(w io.Writer, kind string) (io.WriteCloser, error) {
	switch kind {
	case "gzip":
		return gzip.NewWriter(w), nil
	case "zstd":
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
		return z, nil
	}
	return nil, fault.Fields("There is no such compression.", map[string]string{"compress": "Use gzip or zstd."})
}
