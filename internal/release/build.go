package release

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/webhook"
)

// The names of a release's files besides those of its splits.
const (
	ManifestName  = "manifest.json"
	SignatureName = "manifest.sig"
)

// A File is one file of a release.
type File struct {
	Name   string
	Bytes  int64
	SHA256 []byte
	Rows   int64 // of a training file or of the provenance; 0 of others
	kept   bool
}

// Hex is the file's hash as people write it.
func (f File) Hex() string { return hex.EncodeToString(f.SHA256) }

// Files lists the files of a release by name; while it is being built, those
// that are done.
func (s *Service) Files(ctx context.Context, id uuid.UUID) ([]File, error) {
	rows, err := db.New(s.cfg.DB).ReleaseFiles(ctx, s.cfg.Dataset, id)
	if err != nil {
		return nil, fmt.Errorf("list the files of release %s: %w", id, err)
	}
	files := make([]File, len(rows))
	for i, r := range rows {
		files[i] = File{r.Name, r.Bytes, r.SHA256, r.Rows, r.Kept}
	}
	return files, nil
}

// A recipe is a training file: a part of a preset. The messages preset has the
// plain names, the files of others lie in a folder of theirs.
type recipe struct {
	name   string
	preset export.Preset
	part   export.Part
}

// folder is where the files of a preset are, with a slash at the end.
func folder(p export.Preset) string {
	if p == export.Messages {
		return ""
	}
	return string(p) + "/"
}

// recipes lists the training files of a release.
func recipes(spec Spec) []recipe {
	var out []recipe
	for _, name := range spec.Presets {
		p := export.Preset(name)
		for _, part := range p.Files(spec.names()) {
			out = append(out, recipe{folder(p) + part.Name, p, part})
		}
	}
	return out
}

// ranges are the rows of a part, in its order.
func (r Release) ranges(part export.Part) []export.Rows {
	if len(part.Splits) == 0 {
		all, _ := r.rows("")
		return []export.Rows{all}
	}
	out := make([]export.Rows, 0, len(part.Splits))
	for _, split := range part.Splits {
		rows, _ := r.rows(split)
		if n := len(out); n > 0 && out[n-1].To == rows.After {
			out[n-1].To = rows.To // what follows is read on in the same chunks
			continue
		}
		out = append(out, rows)
	}
	return out
}

// count is how many rows of the release a part should hold.
func (r Release) count(part export.Part) int64 {
	n := int64(0)
	for _, rows := range r.ranges(part) {
		n += rows.To - rows.After
	}
	return n
}

// LeftOut is how many rows of its part of the release a file does not hold, because
// its preset can't say them; 0 of files without rows.
func (r Release) LeftOut(f File) int64 { return r.leftOut(recipes(r.Spec), f) }

func (r Release) leftOut(known []recipe, f File) int64 {
	if i := slices.IndexFunc(known, func(rc recipe) bool { return rc.name == f.Name }); i >= 0 {
		return r.count(known[i].part) - f.Rows
	}
	return 0
}

func (s *Service) dir(id uuid.UUID) string { return filepath.Join(s.cfg.Dir, id.String()) }

// build writes every file that is not there yet. Each appears under its name only
// when it is whole, and is noted with its hash after that; so a build that died
// goes on with the file it died at.
func (w *run) build(ctx context.Context, rel Release) error {
	s := w.s
	if err := s.makeDir(rel.ID); err != nil {
		return err
	}
	noted, err := s.noted(ctx, rel.ID)
	if err != nil {
		return err
	}
	for _, name := range rel.Spec.Presets {
		missing := slices.DeleteFunc(recipes(rel.Spec), func(rc recipe) bool {
			f, ok := noted[rc.name]
			return rc.preset != export.Preset(name) || ok && s.present(rel.ID, f)
		})
		if len(missing) == 0 {
			continue
		}
		if err := w.at(ctx, "writing the files of "+name, int(rel.Items)); err != nil {
			return err
		}
		files, err := s.write(ctx, rel, func(rows int64) { _ = w.count(int(rows)) }, missing...)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := s.note(ctx, rel.ID, noted, f); err != nil {
				return err
			}
		}
	}
	if err := s.companions(ctx, rel, noted); err != nil {
		return err
	}
	if err := w.writeReports(ctx, rel, noted); err != nil {
		return err
	}
	if err := w.at(ctx, "writing "+ManifestName, 0); err != nil {
		return err
	}
	if err := s.manifest(ctx, rel); err != nil {
		return err
	}
	// What is kept in the database is laid beside the rest, for who looks into the
	// directory.
	files, err := s.Files(ctx, rel.ID)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.kept && !s.present(rel.ID, f) {
			if err := s.unpack(ctx, rel.ID, f); err != nil {
				return err
			}
		}
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		n, err := db.New(tx).FinishRelease(ctx, s.cfg.Dataset, rel.ID, &w.worker)
		if err != nil {
			return err
		}
		if n == 0 {
			return errLost
		}
		if err := audit.Write(ctx, tx, audit.Entry{
			Dataset: s.cfg.Dataset, Actor: audit.Actor{Name: rel.Author}, Action: "release.built", Object: "release/" + rel.ID.String(),
			Detail: map[string]any{"name": rel.Name, "files": len(files)},
		}); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, rel, "The release "+rel.Name+" is built."); err != nil {
			return err
		}
		return webhook.Emit(ctx, tx, s.cfg.Dataset, webhook.ReleaseBuilt, built(rel, files))
	})
	if err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

// tell puts a notice into the inbox of who asked for the release.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, rel Release, text string) error {
	if rel.AuthorID == nil {
		return nil
	}
	return inbox.Notify(ctx, tx, s.cfg.Dataset, inbox.Notice{User: *rel.AuthorID, Kind: inbox.KindRelease, Text: text, Link: "/releases/" + rel.ID.String()})
}

// built is what a webhook tells of a release.
func built(rel Release, files []File) any {
	type file struct {
		Name   string `json:"name"`
		Bytes  int64  `json:"bytes"`
		SHA256 string `json:"sha256"`
	}
	out := struct {
		Release uuid.UUID        `json:"release_id"`
		Name    string           `json:"name"`
		Items   int64            `json:"items"`
		Splits  map[string]int64 `json:"splits"`
		Files   []file           `json:"files"`
	}{rel.ID, rel.Name, rel.Items, map[string]int64{}, []file{}}
	for _, p := range rel.Splits() {
		out.Splits[p.Split] = p.Rows
	}
	for _, f := range files {
		out.Files = append(out.Files, file{f.Name, f.Bytes, f.Hex()})
	}
	return out
}

// makeDir makes the directory of a release and sweeps what a killed build left.
func (s *Service) makeDir(id uuid.UUID) error {
	dir := s.dir(id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory of release %s: %w", id, err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".part" {
			return err
		}
		if at, err := d.Info(); err == nil && time.Since(at.ModTime()) > time.Minute { // nobody writes it any more
			_ = os.Remove(path) // the next sweep tries again
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep %s: %w", dir, err)
	}
	return nil
}

func (s *Service) noted(ctx context.Context, id uuid.UUID) (map[string]File, error) {
	files, err := s.Files(ctx, id)
	if err != nil {
		return nil, err
	}
	noted := map[string]File{}
	for _, f := range files {
		noted[f.Name] = f
	}
	return noted, nil
}

// present reports whether a file is on the disk with the size it must have.
func (s *Service) present(id uuid.UUID, f File) bool {
	at, err := os.Stat(filepath.Join(s.dir(id), filepath.FromSlash(f.Name)))
	return err == nil && at.Mode().IsRegular() && at.Size() == f.Bytes
}

// note writes down what a file must be; one that was noted before must be the
// same.
func (s *Service) note(ctx context.Context, id uuid.UUID, noted map[string]File, f File) error {
	if was, ok := noted[f.Name]; ok {
		return was.same(f)
	}
	if err := db.New(s.cfg.DB).InsertReleaseFile(ctx, db.InsertReleaseFileParams{
		DatasetID: s.cfg.Dataset, ReleaseID: id, Name: f.Name, Bytes: f.Bytes, SHA256: f.SHA256, Rows: f.Rows,
	}); err != nil {
		return fmt.Errorf("note %s: %w", f.Name, err)
	}
	noted[f.Name] = f
	return nil
}

func (f File) same(now File) error {
	if bytes.Equal(f.SHA256, now.SHA256) {
		return nil
	}
	return fault.New(fault.Conflict, "%s was made again and came out other than it was: SHA-256 %s instead of %s. "+
		"Another version of the program writes it differently; bring back the directory of the release, or use the version that its manifest names.", f.Name, now.Hex(), f.Hex())
}

// write makes training files of one preset from the items, which are read once for
// all of them. told, where it is not nil, hears how many rows are done.
func (s *Service) write(ctx context.Context, rel Release, told func(rows int64), rcs ...recipe) ([]File, error) {
	files := make([]File, len(rcs))
	var fill func(targets []export.Target) error
	fill = func(targets []export.Target) error {
		if n := len(targets); n < len(rcs) {
			path, err := s.place(rel.ID, rcs[n].name)
			if err != nil {
				return err
			}
			return export.File(path, func(w io.Writer) error {
				return fill(append(targets, export.Target{Part: rcs[n].part, To: w, Rows: rel.ranges(rcs[n].part)}))
			})
		}
		done, _, err := s.cfg.Export.WriteFiles(ctx, rcs[0].preset, told, targets...)
		for i, d := range done {
			files[i] = File{Name: rcs[i].name, Bytes: d.Bytes, SHA256: d.SHA256[:], Rows: d.Rows}
		}
		return err
	}
	if err := fill(nil); err != nil {
		return nil, fmt.Errorf("write the files of %s: %w", rcs[0].preset, err)
	}
	return files, nil
}

// place is where a file of a release lies, its folder made.
func (s *Service) place(id uuid.UUID, name string) (string, error) {
	path := filepath.Join(s.dir(id), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("make the folder of %s: %w", name, err)
	}
	return path, nil
}

// companions keeps the cards and configurations that belong to some presets.
func (s *Service) companions(ctx context.Context, rel Release, noted map[string]File) error {
	for _, name := range rel.Spec.Presets {
		p := export.Preset(name)
		set := rel.set()
		for _, rc := range recipes(rel.Spec) {
			if f := noted[rc.name]; rc.preset == p {
				set.Files = append(set.Files, export.Written{Part: rc.part, Rows: f.Rows, Bytes: f.Bytes, SHA256: [32]byte(f.SHA256)})
			}
		}
		all, err := p.Companions(set)
		if err != nil {
			return fmt.Errorf("write what belongs to %s: %w", name, err)
		}
		for _, c := range all {
			at := folder(p) + c.Name
			if _, ok := noted[at]; ok {
				continue
			}
			if err := s.keepNow(ctx, rel.ID, at, func(b *bytes.Buffer) error { b.Write(c.Body); return nil }); err != nil {
				return fmt.Errorf("write %s: %w", at, err)
			}
		}
	}
	return nil
}

// set is what companion files tell of the release.
func (r Release) set() export.Set {
	return export.Set{Name: r.Slug(), Title: r.Name, Description: r.Notes, Version: r.FrozenAt.UTC().Format("2006.1.2"), Licences: r.Licences}
}

// ExportFolder writes all files of a preset, with its companions, into an empty
// directory and returns their names. The same call writes the same bytes.
func (s *Service) ExportFolder(ctx context.Context, dir string, r Release, p export.Preset) ([]string, export.Summary, error) {
	var sum export.Summary
	if r.FrozenAt == nil {
		return nil, sum, fault.New(fault.Conflict, "The release %s is not made yet: it is %s.", r.Name, r.State)
	}
	var names []string
	write := func(name string, do func(io.Writer) error) error {
		names = append(names, name)
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make the folder of %s: %w", name, err)
		}
		return export.File(path, do)
	}
	set, parts := r.set(), p.Files(r.Spec.names())
	var fill func(targets []export.Target) error
	fill = func(targets []export.Target) (err error) {
		if n := len(targets); n < len(parts) {
			return write(parts[n].Name, func(w io.Writer) error {
				return fill(append(targets, export.Target{Part: parts[n], To: w, Rows: r.ranges(parts[n])}))
			})
		}
		set.Files, sum, err = s.cfg.Export.WriteFiles(ctx, p, nil, targets...)
		return err
	}
	if err := fill(nil); err != nil {
		return nil, sum, err
	}
	all, err := p.Companions(set)
	if err != nil {
		return nil, sum, fmt.Errorf("write what belongs to %s: %w", p, err)
	}
	for _, c := range all {
		if err := write(c.Name, func(w io.Writer) error { _, err := w.Write(c.Body); return err }); err != nil {
			return nil, sum, err
		}
	}
	return names, sum, nil
}

// ExportZip writes what ExportFolder writes, as one zip.
func (s *Service) ExportZip(ctx context.Context, w io.Writer, r Release, p export.Preset) (export.Summary, error) {
	dir, err := os.MkdirTemp("", "spotter-release-*")
	if err != nil {
		return export.Summary{}, fmt.Errorf("export a release: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the system's directory for such
	names, sum, err := s.ExportFolder(ctx, dir, r, p)
	if err != nil {
		return sum, err
	}
	return sum, export.Zip(ctx, w, dir, names)
}

// slug turns a release's name into one of letters, digits, dots and dashes.
func slug(name string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '.' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name)
	if s = strings.Trim(s, "-."); s == "" {
		return "release"
	}
	return s
}

// keepNow keeps a file that is written in one go.
func (s *Service) keepNow(ctx context.Context, id uuid.UUID, name string, write func(b *bytes.Buffer) error) error {
	k, err := newKeeper()
	if err != nil {
		return err
	}
	defer k.close()
	if err := k.add(write); err != nil {
		return err
	}
	return postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error { return s.keep(ctx, tx, id, name, 0, k) })
}

func (s *Service) keepText(ctx context.Context, tx pgx.Tx, id uuid.UUID, name, text string) error {
	k, err := newKeeper()
	if err != nil {
		return err
	}
	defer k.close()
	if err := k.add(func(b *bytes.Buffer) error { b.WriteString(text); return nil }); err != nil {
		return err
	}
	return s.keep(ctx, tx, id, name, 0, k)
}

// unpack writes a file that is kept in the database to the disk.
func (s *Service) unpack(ctx context.Context, id uuid.UUID, f File) error {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	defer dec.Close()
	sum := sha256.New()
	path, err := s.place(id, f.Name)
	if err != nil {
		return err
	}
	err = export.File(path, func(w io.Writer) error {
		for after := int32(0); ; {
			rows, err := db.New(s.cfg.DB).ReleaseKept(ctx, db.ReleaseKeptParams{DatasetID: s.cfg.Dataset, ReleaseID: id, Name: f.Name, After: after})
			if err != nil {
				return err
			}
			for _, r := range rows {
				after = r.Ordinal
				b, err := dec.DecodeAll(r.Data, nil)
				if err != nil {
					return err
				}
				if _, err := io.MultiWriter(w, sum).Write(b); err != nil {
					return err
				}
			}
			if len(rows) == 0 {
				return nil
			}
		}
	})
	if err != nil {
		return fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	return f.same(File{SHA256: sum.Sum(nil)})
}

// Open opens a file of a built release, making it again where it is missing; what
// comes out is held against the hash that was noted. With .gz or .zst added to its
// name it is compressed, and size and hash are those of what comes out. fault.NotFound:
// the release has no such file. The caller closes it.
func (s *Service) Open(ctx context.Context, rel Release, name string) (*os.File, File, error) {
	if base, ending := unpacked(name); ending != "" {
		return s.openPacked(ctx, rel, base, ending)
	}
	return s.openPlain(ctx, rel, name)
}

func (s *Service) openPlain(ctx context.Context, rel Release, name string) (*os.File, File, error) {
	noted, err := s.noted(ctx, rel.ID)
	if err != nil {
		return nil, File{}, err
	}
	f, ok := noted[name]
	if !ok || rel.State != Built {
		return nil, f, fault.New(fault.NotFound, "The release %s has no file %q.", rel.Name, name)
	}
	if !s.present(rel.ID, f) {
		if err := s.again(ctx, rel, f); err != nil {
			return nil, f, err
		}
	}
	file, err := os.Open(filepath.Join(s.dir(rel.ID), filepath.FromSlash(name)))
	if err != nil {
		return nil, f, fmt.Errorf("open %s of release %s: %w", name, rel.ID, err)
	}
	return file, f, nil
}

// again makes a missing file.
func (s *Service) again(ctx context.Context, rel Release, f File) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present(rel.ID, f) { // somebody else was faster
		return nil
	}
	if err := s.makeDir(rel.ID); err != nil {
		return err
	}
	if f.kept {
		return s.unpack(ctx, rel.ID, f)
	}
	at := slices.IndexFunc(recipes(rel.Spec), func(rc recipe) bool { return rc.name == f.Name })
	if at < 0 {
		return fmt.Errorf("release %s: nobody knows how to make %s", rel.ID, f.Name)
	}
	now, err := s.write(ctx, rel, nil, recipes(rel.Spec)[at])
	if err == nil {
		err = f.same(now[0])
	}
	if err != nil {
		_ = os.Remove(filepath.Join(s.dir(rel.ID), filepath.FromSlash(f.Name))) // it is not what it must be
	}
	return err
}

// Rebuild makes every file of a built release that is missing in the directory.
func (s *Service) Rebuild(ctx context.Context, rel Release) error {
	files, err := s.Files(ctx, rel.ID)
	if err != nil {
		return err
	}
	for _, f := range files {
		file, _, err := s.Open(ctx, rel, f.Name)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return fmt.Errorf("close %s: %w", f.Name, err)
		}
	}
	return nil
}

// Dir is where the files of a release are.
func (s *Service) Dir(id uuid.UUID) string { return s.dir(id) }

// ManifestLayout is the version of the manifest's layout.
const ManifestLayout = 1

// Manifest is what manifest.json says.
type Manifest struct {
	Layout         int               `json:"layout"`
	Release        uuid.UUID         `json:"release"`
	Name           string            `json:"name"`
	Notes          string            `json:"notes"`
	Supersedes     *uuid.UUID        `json:"supersedes"`
	Dataset        uuid.UUID         `json:"dataset"`
	Author         string            `json:"author"`
	CreatedAt      time.Time         `json:"created_at"`
	FrozenAt       time.Time         `json:"frozen_at"`
	Spec           Spec              `json:"spec"`
	Rows           int64             `json:"rows"`
	Tokens         int64             `json:"tokens"`
	Splits         map[string]int64  `json:"splits"`
	Counts         []Part            `json:"counts"`
	Licences       []export.Licence  `json:"licences,omitempty"` // as the sources of the rows state them
	Preflight      []Line            `json:"preflight"`
	Override       *ManifestOverride `json:"override"`
	CatalogVersion int               `json:"catalog_version"`
	RulesVersion   string            `json:"rules_version"`
	SchemaVersion  int64             `json:"schema_version"`
	Software       string            `json:"software"`
	Files          []ManifestFile    `json:"files"`
	PublicKey      string            `json:"public_key,omitempty"` // base64, where manifest.sig is there
}

// ManifestOverride says who let red lines pass, and why.
type ManifestOverride struct {
	Reason string   `json:"reason"`
	By     string   `json:"by"`
	Lines  []string `json:"lines"`
}

// ManifestFile is what a file must be. Rows is 0 for files that have no rows;
// Refused is how many rows of the release the preset can't say.
type ManifestFile struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
	Rows    int64  `json:"rows"`
	Refused int64  `json:"refused,omitempty"`
}

// manifest writes and signs the manifest, once all other files are there.
func (s *Service) manifest(ctx context.Context, rel Release) error {
	files, err := s.Files(ctx, rel.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(files, func(f File) bool { return f.Name == ManifestName }) {
		return nil
	}
	m := Manifest{
		Layout: ManifestLayout, Release: rel.ID, Name: rel.Name, Notes: rel.Notes, Supersedes: rel.Supersedes, Dataset: s.cfg.Dataset, Author: rel.Author,
		CreatedAt: rel.CreatedAt.UTC(), FrozenAt: rel.FrozenAt.UTC(), Spec: rel.Spec, Rows: rel.Items, Tokens: rel.Tokens, Splits: map[string]int64{},
		Counts: rel.Shape, Licences: rel.Licences, Preflight: rel.Preflight, CatalogVersion: rel.CatalogVersion, RulesVersion: rel.RulesVersion,
		SchemaVersion: s.cfg.Schema, Software: s.cfg.Software, Files: []ManifestFile{},
	}
	for _, sp := range rel.Spec.Splits {
		m.Splits[sp.Name] = 0
	}
	for _, p := range rel.Splits() {
		m.Splits[p.Split] = p.Rows
	}
	if red := Holding(rel.Preflight); len(red) > 0 {
		m.Override = &ManifestOverride{rel.Override.Reason, rel.Override.By, keysOfLines(red)}
	}
	known := recipes(rel.Spec)
	for _, f := range files {
		mf := ManifestFile{Name: f.Name, Bytes: f.Bytes, SHA256: f.Hex(), Rows: f.Rows}
		mf.Refused = rel.leftOut(known, f)
		m.Files = append(m.Files, mf)
	}
	if s.cfg.Key != nil {
		public, ok := s.cfg.Key.Public().(ed25519.PublicKey)
		if !ok {
			return errors.New("sign the manifest: the key has no public part")
		}
		m.PublicKey = base64.StdEncoding.EncodeToString(public)
	}
	body, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	body = append(body, '\n')
	kept := []struct{ name, text string }{{ManifestName, string(body)}}
	if s.cfg.Key != nil {
		kept = append(kept, struct{ name, text string }{SignatureName, base64.StdEncoding.EncodeToString(ed25519.Sign(s.cfg.Key, body)) + "\n"})
	}
	return postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error { // both or none: one signs the other
		for _, k := range kept {
			if err := s.keepText(ctx, tx, rel.ID, k.name, k.text); err != nil {
				return err
			}
		}
		return nil
	})
}
