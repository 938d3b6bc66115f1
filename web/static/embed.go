// Package static holds the files a browser loads beside the pages: style
// sheets, JavaScript modules, images. They are embedded, compressed once, and
// served under URLs that change with their content.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The folder vendor (npm's htmx) is built, not committed. A pattern that names
// it would not compile without it, so everything beside this file is taken and
// load keeps only the folders that are meant for browsers.
//
//go:embed *
var embedded embed.FS

// Prefix is where Handler expects to be mounted.
const Prefix = "/static/"

// mediaTypes lists every kind of file that is served; others are not. It does
// not ask the machine's MIME table, which differs from place to place.
var mediaTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ico":         "image/x-icon",
	".webmanifest": "application/manifest+json",
}

// A file is one asset in the forms it is sent in.
type file struct {
	mediaType string
	plain     []byte
	gzipped   []byte // nil where compressing does not make it smaller
}

// A tree is all assets and the hash of all of them. One hash for the whole tree
// keeps relative URLs between modules and from style sheets working.
type tree struct {
	hash  string
	files map[string]file
}

// assets is filled on first use; the content is fixed at build time.
var assets = sync.OnceValue(func() tree { return load(embedded) })

// Asset returns the URL of the named file, for example
// /static/<hash>/css/app.css for "css/app.css". A name that does not exist is a
// mistake in the program and panics, so that a test of any page finds it.
func Asset(name string) string {
	if !Has(name) {
		panic("static: no file " + strconv.Quote(name))
	}
	return Prefix + assets().hash + "/" + name
}

// Has says whether the named file is embedded. Only files under vendor may be
// missing: pages leave them out and work without.
func Has(name string) bool {
	_, ok := assets().files[name]
	return ok
}

// Names returns the names of all files, sorted.
func Names() []string {
	names := make([]string, 0, len(assets().files))
	for name := range assets().files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Handler serves the files under Prefix. A URL with the current hash may be
// kept for ever; one with another hash (a page from before an upgrade) gets the
// current file and must be asked for again.
func Handler() http.Handler {
	return http.HandlerFunc(serve)
}

func serve(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	f, ok := assets().files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	if hash == assets().hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("Content-Type", f.mediaType)
	h.Set("ETag", `"`+assets().hash+`"`)
	h.Add("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == `"`+assets().hash+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if f.gzipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone; nothing to do about it
	}
}

// acceptsGzip reads an Accept-Encoding header as far as gzip is concerned.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			return strings.ReplaceAll(q, " ", "") != "q=0"
		}
	}
	return false
}

// load reads the folders of fsys. It panics on an error: the files are in the
// binary, so there is none that a run could meet.
func load(fsys fs.FS) tree {
	t := tree{files: map[string]file{}}
	sum := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, "/") {
			return err
		}
		mediaType, ok := mediaTypes[path.Ext(name)]
		if !ok {
			return nil
		}
		body, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name + "\x00" + strconv.Itoa(len(body)) + "\x00"))
		sum.Write(body)
		t.files[name] = file{mediaType: mediaType, plain: body, gzipped: compress(body)}
		return nil
	})
	if err != nil {
		panic("static: " + err.Error())
	}
	t.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	return t
}

func compress(body []byte) []byte {
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		panic("static: " + err.Error()) // the level is a constant
	}
	_, _ = z.Write(body) // a bytes.Buffer does not fail
	_ = z.Close()
	if buf.Len() >= len(body) {
		return nil
	}
	return buf.Bytes()
}
