package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"spotter": main})
}

// shared is the folder with the real inputs.
func shared(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../shared/data")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "voicefit-injury-core.json")); err != nil {
		t.Fatalf("the shared data is missing: %v", err)
	}
	return dir
}

// TestScripts runs each script of testdata against a database of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	data := shared(t)
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txt"), func(t *testing.T) {
			t.Parallel()
			dsn, empty := pgtest.URL(t), pgtest.URL(t)
			testscript.Run(t, testscript.Params{
				Files: []string{script},
				Setup: func(e *testscript.Env) error {
					e.Setenv("DATABASE_URL", dsn)
					e.Setenv("OTHER_DATABASE_URL", empty)
					e.Setenv("SHARED", data)
					e.Setenv("HOME", e.WorkDir)
					return nil
				},
				RequireExplicitExec: true,
			})
		})
	}
}

// TestServe starts the whole program, becomes the admin by the link that it
// prints, looks at the first pages and stops it.
func TestServe(t *testing.T) {
	t.Parallel()
	dsn := pgtest.URL(t)
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var logs strings.Builder
	code := make(chan int)
	go func() {
		c := run(ctx, []string{"serve", "--addr", "localhost:0", "--demo"}, func(name string) string {
			if name == "DATABASE_URL" {
				return dsn
			}
			return ""
		}, strings.NewReader(""), in, &logs)
		_ = in.Close()
		code <- c
	}()
	var base, link string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if at, ok := strings.CutPrefix(line, "Spotter is at "); ok {
			base = at
		}
		if strings.Contains(line, "/setup?token=") {
			link = line
			break
		}
	}
	if base == "" || link == "" {
		t.Fatalf("the server said neither where it is nor how to begin: %d\n%s", <-code, logs.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	get := func(path string, want int) string {
		t.Helper()
		res, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want {
			t.Errorf("GET %s = %d, want %d\n%s", path, res.StatusCode, want, b)
		}
		return string(b)
	}
	get("/healthz", http.StatusOK)
	get("/readyz", http.StatusOK)
	if !strings.Contains(get("/metrics", http.StatusOK), "go_goroutines") {
		t.Error("no Go metrics")
	}
	get("/api/v1/openapi.json", http.StatusOK)
	get("/api/v1/stats", http.StatusUnauthorized)
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	get(u.RequestURI(), http.StatusOK)
	res, err := client.PostForm(base+"/setup", url.Values{
		"token": {u.Query().Get("token")}, "name": {"Ana"}, "email": {"ana@example.org"}, "password": {"a long enough secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/" {
		t.Fatalf("setting up led to %s with %d, want the dashboard", res.Request.URL, res.StatusCode)
	}
	if page := get("/", http.StatusOK); !strings.Contains(page, "demo examples") || !strings.Contains(page, "Voice parsing") {
		t.Error("the dashboard shows no demo")
	}
	for _, path := range []string{"/review", "/examples", "/imports", "/imports/new", "/download", "/catalog", "/people", "/audit", "/account", "/help"} {
		get(path, http.StatusOK)
	}
	stop()
	if c := <-code; c != success {
		t.Errorf("the server ended with %d\n%s", c, logs.String())
	}
	for _, line := range strings.Split(strings.TrimSpace(logs.String()), "\n") {
		var entry struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Level == "ERROR" {
			t.Errorf("log line: %s", line)
		}
	}
}

// TestWork runs the workers alone until they are told to stop.
func TestWork(t *testing.T) {
	t.Parallel()
	dsn := pgtest.URL(t)
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var logs strings.Builder
	code := make(chan int)
	go func() {
		c := run(ctx, []string{"work"}, func(name string) string { return map[string]string{"DATABASE_URL": dsn}[name] }, strings.NewReader(""), in, &logs)
		_ = in.Close()
		code <- c
	}()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "Working") {
		t.Errorf("work said %q", lines.Text())
	}
	stop()
	if c := <-code; c != success {
		t.Errorf("work ended with %d\n%s", c, logs.String())
	}
}
