package ui_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/comment"
	"github.com/voicefit/spotter/internal/dedup"
	removed "github.com/voicefit/spotter/internal/demo"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/history"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/share"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/internal/webhook"
)

const password = "two plates and a half"

// A site is a whole server on a database of its own.
type site struct {
	*httptest.Server
	ui       *ui.Server
	pool     *pgxpool.Pool
	accounts *account.Service
	catalogs *catalog.Store
	imports  *ingest.Service
	exports  *export.Service
	dedup    *dedup.Service
	metrics  *ui.Metrics
	demo     *demo
	people   sync.Mutex // held while as makes a person
	log      *log
}

// log collects what a server logs.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) lines(t *testing.T) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []map[string]any
	for line := range bytes.Lines(l.buf.Bytes()) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("log line %s: %v", line, err)
		}
		out = append(out, m)
	}
	return out
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// demo counts what is asked of it.
type demo struct {
	mu    sync.Mutex
	calls []string
}

func (d *demo) note(call string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, call)
}

func (d *demo) Add(context.Context, audit.Actor) error { d.note("add"); return nil }

func (d *demo) Remove(context.Context, audit.Actor) (removed.Removal, error) {
	d.note("remove")
	return removed.Removal{Examples: 300}, nil
}

// figures stands in for the dashboard's numbers where a test needs certain ones.
type figures struct {
	progress func() (report.Progress, error)
	events   []report.Event
	demo     int64
}

func (f figures) Progress(context.Context) (report.Progress, error)   { return f.progress() }
func (f figures) Recent(context.Context, int) ([]report.Event, error) { return f.events, nil }
func (f figures) DemoExamples(context.Context) (int64, error)         { return f.demo, nil }

// tokenizer is what all sites share: its tables are large.
var tokenizer = sync.OnceValues(llama3.New)

// start runs a site; change may adjust its configuration.
func start(t *testing.T, change func(*ui.Config)) *site {
	t.Helper()
	s := &site{pool: pgtest.New(t), demo: &demo{}, log: &log{}}
	s.accounts = account.New(s.pool, account.Config{})
	// The dataset that exampletest fills is the one that is served.
	_, err := s.pool.Exec(t.Context(), "INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test')", exampletest.Dataset)
	if err != nil {
		t.Fatal(err)
	}
	if s.catalogs, err = catalog.OpenStore(t.Context(), s.pool, catalog.Default); err != nil {
		t.Fatal(err)
	}
	s.imports = ingest.New(ingest.Config{
		Pool: s.pool, Dataset: s.catalogs.Dataset(), Catalog: s.catalogs.Current, Checks: s.checks,
		Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)) / 4; return n + 25, n },
	})
	s.exports = export.New(s.pool, s.catalogs.Dataset(), func(ctx context.Context) ([]string, error) {
		c, err := s.catalogs.Current(ctx)
		if err != nil {
			return nil, err
		}
		return c.Slugs(), nil
	})
	reviewing := reviews(s)
	tokens, err := tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	s.dedup = dedup.New(dedup.Config{DB: s.pool, Dataset: s.catalogs.Dataset(), Catalog: s.catalogs.Current, Reject: rejecter{reviewing}})
	s.metrics = ui.NewMetrics(s.pool.Stat)
	c := ui.Config{
		Log: slog.New(slog.NewJSONHandler(s.log, nil)), Accounts: s.accounts, Catalogs: s.catalogs,
		Figures: report.New(s.pool, s.catalogs.Dataset(), s.catalogs.Current),
		Record: func(ctx context.Context, f audit.Filter) ([]audit.Record, string, error) {
			return audit.List(ctx, s.pool, f)
		},
		Samples: acceptance.New(s.pool, s.catalogs.Dataset(), assign.New(s.pool, s.catalogs.Dataset(), nil), returner{s}),
		Reviews: reviewing, Browse: browse.New(s.pool, s.catalogs.Dataset()), Duplicates: s.dedup, Agreement: agreement.New(s.pool, s.catalogs.Dataset()),
		Check: lint.NewKeeper(s.catalogs.CurrentVersion).Check, Count: tokens.CountBoth, Tokens: tokens,
		Releases: release.New(release.Config{
			DB: s.pool, Dataset: s.catalogs.Dataset(), Catalog: s.catalogs.CurrentVersion, Export: s.exports, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		}),
		Imports: s.imports, Export: s.exports, Demo: s.demo, Inbox: inbox.New(s.pool, s.catalogs.Dataset()), Assignments: assign.New(s.pool, s.catalogs.Dataset(), nil), Comments: comment.New(s.pool, s.catalogs.Dataset()), Metrics: s.metrics,
		Overview: report.New(s.pool, s.catalogs.Dataset(), s.catalogs.Current), Links: share.New(s.pool, s.catalogs.Dataset(), nil),
		Histories: history.New(s.pool, s.catalogs.Dataset()),
		Quality:   report.New(s.pool, s.catalogs.Dataset(), s.catalogs.Current),
		Rechecks:  quality.New(quality.Config{DB: s.pool, Dataset: s.catalogs.Dataset(), Catalog: s.catalogs.CurrentVersion, Log: slog.New(slog.DiscardHandler)}),
		Acts: bulk.New(bulk.Config{
			DB: s.pool, Dataset: s.catalogs.Dataset(), Browse: browse.New(s.pool, s.catalogs.Dataset()), Review: reviewing,
			Assign: assign.New(s.pool, s.catalogs.Dataset(), nil), Catalog: s.catalogs.Current, Log: slog.New(slog.DiscardHandler),
		}),
		Hooks: webhook.New(webhook.Config{DB: s.pool, Dataset: s.catalogs.Dataset(), Log: slog.New(slog.DiscardHandler)}),
	}
	if change != nil {
		change(&c)
	}
	if s.ui, err = ui.New(c); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.ui.Routes())
	t.Cleanup(s.Close)
	return s
}

// checks are those of the catalog in force.
func (s *site) checks(ctx context.Context) (func(lint.Subject) []lint.Finding, error) {
	c, err := s.catalogs.Current(ctx)
	if err != nil {
		return nil, err
	}
	l, err := lint.New(c)
	if err != nil {
		return nil, err
	}
	return l.Check, nil
}

// A browser keeps cookies and does not follow redirects.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, site: s, client: &http.Client{
		Jar:           jar,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// A reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

func (b *browser) send(method, path string, form url.Values, header ...string) reply {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.site.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{resp, string(text)}
}

func (b *browser) get(path string, header ...string) reply {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil, header...)
}

func (b *browser) post(path string, form url.Values, header ...string) reply {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return b.send(http.MethodPost, path, form, header...)
}

// want fails unless the answer has the status and all texts.
func (r reply) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s = %d, want %d\n%s", r.Request.Method, r.Request.URL.Path, r.StatusCode, status, r.body)
	}
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			t.Errorf("%s %s has not %q in it:\n%s", r.Request.Method, r.Request.URL.Path, text, r.body)
		}
	}
}

// leadsTo fails unless the answer sends the browser on to the path.
func (r reply) leadsTo(t *testing.T, path string) {
	t.Helper()
	if got := r.Header.Get("Location"); r.StatusCode != http.StatusSeeOther || got != path {
		t.Fatalf("%s %s = %d to %q, want 303 to %q\n%s", r.Request.Method, r.Request.URL.Path, r.StatusCode, got, path, r.body)
	}
}

// add makes an account.
func (s *site) add(t *testing.T, email string, role account.Role) account.User {
	t.Helper()
	u, err := s.accounts.Add(t.Context(), audit.Actor{Name: "test"}, account.Person{Email: email, Name: "Test " + string(role), Password: password}, role)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// as returns a browser in which a new user of the role is signed in.
func (s *site) as(t *testing.T, role account.Role) *browser {
	t.Helper()
	email := string(role) + "@example.com"
	s.people.Lock() // parallel tests of one site ask for the same person
	if _, err := s.accounts.UserByEmail(t.Context(), email); err != nil {
		s.add(t, email, role)
	}
	s.people.Unlock()
	b := s.browser(t)
	b.post("/login", url.Values{"email": {email}, "password": {password}}).leadsTo(t, "/")
	return b
}
