package decode_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
)

// shared reads a file of the shared test data, which lies beside the
// repository.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = filepath.Dir(dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// hashOf is the identity of a row.
func hashOf(row decode.Row) example.Hash {
	return example.HashOf(row.Conversation.AppendMessages(nil), row.Conversation.Tools)
}
