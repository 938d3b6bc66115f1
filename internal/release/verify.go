package release

import (
	"bufio"
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
	"os"
	"path/filepath"
	"strings"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
)

// A Verdict is what Verify found.
type Verdict struct {
	Manifest Manifest
	Files    int
	Bytes    int64
	Rows     int64
	// Signed is whether manifest.sig is there and fits the manifest; Trusted,
	// whether it was made with the key that was given.
	Signed, Trusted bool
	// Problems are what is wrong, each a sentence; none: the release is whole.
	Problems []string
}

// Verify holds a directory with the files of a release against its manifest,
// without a database: that each file is there with its size and hash, that the
// merged file is the splits one after the other, that every row has its line in
// the provenance, that no question is asked in two splits, and the signature. With
// a key the manifest must be signed with it. It fails only where the directory has
// no manifest that can be read; what is wrong with the release is in the verdict.
func Verify(ctx context.Context, dir string, key ed25519.PublicKey) (Verdict, error) {
	var v Verdict
	body, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if errors.Is(err, os.ErrNotExist) {
		return v, fault.New(fault.NotFound, "There is no %s in %s. Name the directory with the files of a release.", ManifestName, dir)
	}
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	if err := json.Unmarshal(body, &v.Manifest); err != nil || v.Manifest.Layout == 0 {
		return v, fault.Wrap(fault.Invalid, err, "%s is not the manifest of a release.", ManifestName)
	}
	if v.Manifest.Layout > ManifestLayout {
		return v, fault.New(fault.Invalid, "The manifest has layout %d and this program knows %d. Use a newer one.", v.Manifest.Layout, ManifestLayout)
	}
	if err := v.signature(dir, body, key); err != nil {
		return v, err
	}
	for _, f := range v.Manifest.Files {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		if err := v.file(dir, f); err != nil {
			return v, err
		}
	}
	if len(v.Problems) > 0 {
		return v, nil // what follows reads the files
	}
	if err := v.rows(ctx, dir); err != nil {
		return v, err
	}
	return v, nil
}

func (v *Verdict) bad(format string, args ...any) {
	v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
}

func (v *Verdict) signature(dir string, body []byte, key ed25519.PublicKey) error {
	text, err := os.ReadFile(filepath.Join(dir, SignatureName))
	switch {
	case errors.Is(err, os.ErrNotExist):
		if key != nil || v.Manifest.PublicKey != "" {
			v.bad("The manifest is not signed: %s is missing.", SignatureName)
		}
		return nil
	case err != nil:
		return fmt.Errorf("verify: %w", err)
	}
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	own, keyErr := base64.StdEncoding.DecodeString(v.Manifest.PublicKey)
	if err != nil || keyErr != nil || len(own) != ed25519.PublicKeySize || !ed25519.Verify(own, body, sig) {
		v.bad("The signature does not fit the manifest: one of the two was changed.")
		return nil
	}
	v.Signed = true
	if key != nil {
		if v.Trusted = key.Equal(ed25519.PublicKey(own)); !v.Trusted {
			v.bad("The manifest is signed with another key than the one given.")
		}
	}
	return nil
}

func (v *Verdict) file(dir string, want ManifestFile) error {
	if !filepath.IsLocal(filepath.FromSlash(want.Name)) {
		v.bad("The manifest names a file outside of the directory: %q.", want.Name)
		return nil
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(want.Name)))
	if errors.Is(err, os.ErrNotExist) {
		v.bad("%s is missing.", want.Name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return fmt.Errorf("verify %s: %w", want.Name, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != want.Bytes || got != want.SHA256 {
		v.bad("%s is not what was released: it has %d bytes and SHA-256 %s, not %d and %s.", want.Name, n, got, want.Bytes, want.SHA256)
	}
	v.Files++
	v.Bytes += n
	return nil
}

// rows reads the files of the messages preset and the provenance.
func (v *Verdict) rows(ctx context.Context, dir string) error {
	merged, err := os.Open(filepath.Join(dir, export.Complete))
	if errors.Is(err, os.ErrNotExist) {
		return nil // a part of the release; what is there was looked at
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer func() { _ = merged.Close() }() // only read
	all := bufio.NewReaderSize(merged, 1<<20)
	asked := map[[32]byte]int{}
	for k, split := range v.Manifest.Spec.Splits {
		name := split.Name + ".jsonl"
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		leaks := 0
		err = eachLine(ctx, f, func(n int, line []byte) error {
			v.Rows++
			whole, err := readLine(all)
			if err != nil || !bytes.Equal(whole, line) {
				v.bad("Line %d of %s is not where it should be in %s.", n, name, export.Complete)
				return errEnough
			}
			var row struct{ Messages json.RawMessage }
			if json.Unmarshal(line, &row) != nil {
				v.bad("Line %d of %s can't be read.", n, name)
				return errEnough
			}
			ms, err := example.ParseMessages(row.Messages)
			if err != nil {
				v.bad("Line %d of %s can't be read: %v.", n, name, err)
				return errEnough
			}
			q := dedup.Question(ms)
			if q == "" {
				return nil
			}
			key := sha256.Sum256([]byte(q))
			if at, ok := asked[key]; ok && at != k {
				if leaks++; leaks <= 3 {
					v.bad("Line %d of %s asks a question that %s.jsonl asks too: it leaks.", n, name, v.Manifest.Spec.Splits[at].Name)
				}
			} else {
				asked[key] = k
			}
			return nil
		})
		_ = f.Close() // only read
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("verify %s: %w", name, err)
		}
	}
	if _, err := readLine(all); !errors.Is(err, io.EOF) {
		v.bad("%s has more rows than the splits.", export.Complete)
	}
	return v.lineage(ctx, dir)
}

// lineage checks that the provenance has a line for every row, in order.
func (v *Verdict) lineage(ctx context.Context, dir string) error {
	f, err := os.Open(filepath.Join(dir, lineageName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	lines, written := int64(0), int64(0)
	err = eachLine(ctx, f, func(n int, line []byte) error {
		var l Lineage
		if json.Unmarshal(line, &l) != nil || l.Position != n {
			v.bad("Line %d of %s is not the provenance of row %d.", n, lineageName, n)
			return errEnough
		}
		lines++
		if l.Line > 0 {
			if written++; int64(l.Line) != written {
				v.bad("Line %d of %s is about line %d of %s; line %d was to come.", n, lineageName, l.Line, export.Complete, written)
				return errEnough
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("verify %s: %w", lineageName, err)
	}
	if err == nil && lines != v.Manifest.Rows {
		v.bad("%s has %d lines and the release %d rows.", lineageName, lines, v.Manifest.Rows)
	}
	if err == nil && written > 0 && written != v.Rows { // earlier versions did not name lines
		v.bad("%s tells of %d lines of %s, which has %d.", lineageName, written, export.Complete, v.Rows)
	}
	return nil
}

// errEnough ends reading after a problem that spoils what follows.
var errEnough = errors.New("enough")

func eachLine(ctx context.Context, f io.Reader, use func(n int, line []byte) error) error {
	b := bufio.NewReaderSize(f, 1<<20)
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, err := readLine(b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := use(n, line); err != nil {
			return err
		}
	}
}

// readLine returns the next line without its end; io.EOF after the last.
func readLine(b *bufio.Reader) ([]byte, error) {
	line, err := b.ReadBytes('\n')
	if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
		return nil, err
	}
	return bytes.TrimSuffix(line, []byte("\n")), nil
}
