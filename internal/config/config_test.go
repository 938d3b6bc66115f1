package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/config"
	"github.com/voicefit/spotter/internal/fault"
)

func from(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestReadDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Read(from(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "./data" || c.Addr != "localhost:8080" || c.Root() != "http://localhost:8080" || c.Secure() {
		t.Errorf("defaults = %+v", c)
	}
}

func TestReadReportsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := config.Read(from(map[string]string{
		"DATABASE_URL": "mysql://x", "SPOTTER_ADDR": "nowhere", "SPOTTER_BASE_URL": "spotter", "SPOTTER_LOG_LEVEL": "loud",
		"SPOTTER_MAX_UPLOAD_BYTES": "-1", "SPOTTER_MAX_CONNS": "1", "SPOTTER_WEBHOOK_ALLOW": "10.0.0.0/99", "DATABASE_URL_FILE": "/does/not/exist",
	}))
	f, ok := fault.As(err)
	if !ok || !errors.Is(err, fault.Invalid) {
		t.Fatalf("Read() = %v, want invalid", err)
	}
	for _, name := range []string{"DATABASE_URL", "SPOTTER_ADDR", "SPOTTER_BASE_URL", "SPOTTER_LOG_LEVEL", "SPOTTER_MAX_UPLOAD_BYTES", "SPOTTER_MAX_CONNS", "SPOTTER_WEBHOOK_ALLOW", "DATABASE_URL_FILE"} {
		if f.Fields[name] == "" {
			t.Errorf("no problem reported for %s in %v", name, f.Fields)
		}
	}
}

func TestSecretFromFileIsMasked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte("postgres://u:hunter2@db/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Read(from(map[string]string{"DATABASE_URL_FILE": path, "SPOTTER_BASE_URL": "https://s.example/"}))
	if err != nil || c.DatabaseURL != "postgres://u:hunter2@db/x" {
		t.Fatalf("Read() = %+v, %v; want the URL from the file", c, err)
	}
	if !c.Secure() || c.Root() != "https://s.example" {
		t.Errorf("Root() = %s, Secure() = %v", c.Root(), c.Secure())
	}
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hunter2") || !strings.Contains(out.String(), "DATABASE_URL=(set)") {
		t.Errorf("Print() shows the secret or hides that it is set:\n%s", out.String())
	}
	for _, name := range []string{"SPOTTER_DATA=", "SPOTTER_ADDR=", "SPOTTER_PG_BIN=", "SPOTTER_MAX_CONNS=", "SPOTTER_WEBHOOK_ALLOW="} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("Print() misses %s:\n%s", name, out.String())
		}
	}
}
