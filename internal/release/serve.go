package release

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Slug is the release's name as a file name.
func (r Release) Slug() string { return slug(r.Name) }

// types are the content types of files by ending.
var types = map[string]string{
	".jsonl": "application/x-ndjson", ".json": "application/json", ".parquet": "application/vnd.apache.parquet", ".md": "text/markdown; charset=utf-8",
	".yaml": "application/yaml", ".py": "text/x-python; charset=utf-8", ".sig": "text/plain; charset=utf-8",
	".gz": "application/gzip", ".zst": "application/zstd", ".zip": "application/zip",
}

// Serve answers a request with a file that Open or OpenZip opened: whole or in
// ranges, with its SHA-256 as a strong validator. It always is a download: what it
// holds is not ours to render. It does not look at Accept-Encoding: whoever asks for
// a file of the manifest gets the bytes with the hash that the manifest names, and
// ranges of them; compressed files have names of their own.
func Serve(w http.ResponseWriter, r *http.Request, f *os.File, info File) {
	h := w.Header()
	media := types[path.Ext(info.Name)]
	if media == "" {
		media = "application/octet-stream"
	}
	h.Set("Content-Type", media)
	h.Set("ETag", `"`+info.Hex()+`"`)
	h.Set("Cache-Control", "private, no-cache") // it never changes, but who may have it does
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(info.Name)}))
	http.ServeContent(w, r, "", time.Time{}, f)
}

// writeZip writes all files into one zip, as OpenZip describes it.
func (s *Service) writeZip(ctx context.Context, w io.Writer, rel Release, files []File) error {
	z := zip.NewWriter(w)
	root := rel.Slug() + "/"
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range files {
		if err := s.zipOne(ctx, z, rel, root, f); err != nil {
			return fmt.Errorf("zip release %s: %s: %w", rel.ID, f.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("zip release %s: %w", rel.ID, err)
	}
	return nil
}

func (s *Service) zipOne(ctx context.Context, z *zip.Writer, rel Release, root string, f File) error {
	in, _, err := s.Open(ctx, rel, f.Name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	out, err := z.CreateHeader(&zip.FileHeader{Name: root + f.Name, Method: zip.Store, Modified: rel.FrozenAt.UTC()})
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}
