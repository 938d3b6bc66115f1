package llama3_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/voicefit/spotter/internal/llama3"
)

// newTokenizer returns the Tokenizer that all tests share, as the goroutines
// of the program do.
var newTokenizer = sync.OnceValues(llama3.New)

func tokenizer(t testing.TB) *llama3.Tokenizer {
	t.Helper()
	tok, err := newTokenizer()
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// readShared decodes a JSON file of the shared test data into v.
func readShared(t testing.TB, name string, v any) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// A vector is a text and the ids of its tokens.
type vector struct {
	S   string  `json:"s"`
	IDs []int32 `json:"ids"`
}

// vectors returns the texts and ids that three independent encoders agree on.
func vectors(t testing.TB) []vector {
	t.Helper()
	var vs []vector
	readShared(t, "llama3/token_vectors.json", &vs)
	if len(vs) != 330 {
		t.Fatalf("token_vectors.json holds %d vectors, want 330", len(vs))
	}
	return vs
}
