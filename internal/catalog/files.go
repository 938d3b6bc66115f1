package catalog

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/voicefit/spotter/internal/fault"
)

// Encode returns the catalog as one compact JSON document: what is stored and
// what Decode reads. The same catalog always gives the same bytes. Keep it as
// text (or Postgres's json, not jsonb): the order of keys in a schema is the
// order of fields in a form.
func (c *Catalog) Encode() ([]byte, error) {
	doc, err := marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode catalog %q: %w", c.Name, err)
	}
	return doc, nil
}

// marshal is json.Marshal without the escapes for HTML, which would change the
// spelling of schemas.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// compact writes doc without its white space.
func compact(b *bytes.Buffer, doc []byte) error { return json.Compact(b, doc) }

// Decode reads what Encode wrote. It returns a fault.Invalid where doc is not
// such a document or has keys that this version does not know. It does not
// judge the contents, so that a stored catalog can be opened and mended after
// the rules became stricter: see Validate.
func Decode(doc []byte) (*Catalog, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	var c Catalog
	if err := dec.Decode(&c); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The document is not a catalog of layout %d.", Layout)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fault.New(fault.Invalid, "The document has something behind the catalog.")
	}
	return &c, nil
}

// Files writes the catalog as files by slash-separated name. Parse gives the
// same catalog back; comments and layout of files it was once read from are
// not kept. It returns Validate's error for a catalog with mistakes.
func (c *Catalog) Files() (map[string][]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("write catalog %q: %w", c.Name, err)
	}
	w := &writer{files: map[string][]byte{}}
	w.yaml(rootFile, rootYAML{c.Layout, c.Name, c.Description, c.Slugs(), c.Platforms, c.SecondLookShare})
	for _, cat := range c.Categories {
		w.category(cat)
	}
	if w.err != nil {
		return nil, fmt.Errorf("write catalog %q: %w", c.Name, w.err)
	}
	if err := c.sameAs(w.files); err != nil {
		return nil, fmt.Errorf("write catalog %q: %w", c.Name, err)
	}
	return w.files, nil
}

// sameAs makes sure that files say what the catalog says: an export that
// changed something silently would be found out only when it is needed.
func (c *Catalog) sameAs(files map[string][]byte) error {
	back, err := Parse(files)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	want, err := c.Encode()
	if err != nil {
		return err
	}
	got, err := back.Encode()
	if err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("read back: the files differ from the catalog after %q", want[:common(want, got)])
	}
	return nil
}

// common returns the number of leading bytes that a and b share.
func common(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// Zip writes the files of the catalog as a zip archive, in the order of their
// names and without times, so that the same catalog gives the same bytes.
func (c *Catalog) Zip(w io.Writer) error {
	files, err := c.Files()
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return fmt.Errorf("zip %s: %w", name, err)
		}
		if _, err := f.Write(files[name]); err != nil {
			return fmt.Errorf("zip %s: %w", name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("zip catalog %q: %w", c.Name, err)
	}
	return nil
}

// A writer collects files and the first error.
type writer struct {
	files map[string][]byte
	err   error
}

func (w *writer) category(c Category) {
	dir := c.Slug + "/"
	w.yaml(dir+categoryFile, c)
	w.text(dir+promptFile, c.SystemPrompt)
	w.text(dir+guidelineFile, c.Guidelines)
	if len(c.Checklist) > 0 {
		w.yaml(dir+checklistFile, c.Checklist)
	}
	for _, s := range c.Schemas {
		name := dir + schemaDir + "/" + s.Name
		var b bytes.Buffer
		if err := json.Indent(&b, s.JSON, "", "  "); err != nil && w.err == nil {
			w.err = fmt.Errorf("%s: %w", name, err)
		}
		b.WriteByte('\n')
		w.files[name+schemaExt] = b.Bytes()
		if len(s.View) > 0 {
			w.yaml(name+viewExt, s.View)
		}
	}
}

// text writes s with the line end that reading takes away again.
func (w *writer) text(name, s string) {
	if s != "" {
		w.files[name] = []byte(s + "\n")
	}
}

func (w *writer) yaml(name string, v any) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	err := enc.Encode(v)
	if err == nil {
		err = enc.Close()
	}
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", name, err)
	}
	w.files[name] = b.Bytes()
}
