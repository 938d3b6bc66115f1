package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/api"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

// world is a server with a database of its own and a token for each role.
type world struct {
	t        *testing.T
	url      string
	server   *api.Server
	pool     *pgxpool.Pool
	ingest   *ingest.Service
	releases *release.Service // runs nothing by itself
	acts     *bulk.Service    // likewise
	tokens   map[account.Role]string
	users    map[account.Role]account.User
	schema   *jsonschema.Compiler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx, pool := t.Context(), pgtest.New(t)
	store, err := catalog.OpenStore(ctx, pool, catalog.Default)
	if err != nil {
		t.Fatal(err)
	}
	keeper := lint.NewKeeper(store.CurrentVersion)
	count := func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)) / 4; return n, n - 25 }
	order := func(ctx context.Context) ([]string, error) {
		c, err := store.Current(ctx)
		if err != nil {
			return nil, err
		}
		return c.Slugs(), nil
	}
	w := &world{t: t, pool: pool, tokens: map[account.Role]string{}, users: map[account.Role]account.User{}}
	w.ingest = ingest.New(ingest.Config{
		Pool: pool, Dataset: store.Dataset(), Catalog: store.Current, Count: count,
		Checks: func(ctx context.Context) (func(lint.Subject) []lint.Finding, error) {
			l, err := keeper.Linter(ctx)
			if err != nil {
				return nil, err
			}
			return l.Check, nil
		},
	})
	accounts := account.New(pool, account.Config{})
	exports := export.New(pool, store.Dataset(), order)
	w.releases = release.New(release.Config{
		DB: pool, Dataset: store.Dataset(), Catalog: store.CurrentVersion, Export: exports, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Report: report.New(pool, store.Dataset(), store.Current),
	})
	reviews := review.New(review.Config{DB: pool, Dataset: store.Dataset(), Order: order, Check: keeper.Check, Count: count})
	w.acts = bulk.New(bulk.Config{
		DB: pool, Dataset: store.Dataset(), Browse: browse.New(pool, store.Dataset()), Review: reviews,
		Assign: assign.New(pool, store.Dataset(), nil), Catalog: store.Current, Log: slog.New(slog.DiscardHandler),
	})
	w.server, err = api.New(api.Config{
		Log: slog.New(slog.DiscardHandler), Accounts: accounts, Catalog: store.Current, Ingest: w.ingest,
		Review:         reviews,
		Acts:           w.acts,
		Browse:         browse.New(pool, store.Dataset()),
		Export:         export.New(pool, store.Dataset(), order),
		Report:         report.New(pool, store.Dataset(), store.Current),
		Releases:       w.releases,
		MaxUploadBytes: 4 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range account.Roles() {
		u, err := accounts.Add(ctx, audit.Actor{Name: "test"}, account.Person{
			Email: string(role) + "@example.org", Name: strings.ToUpper(string(role)[:1]) + string(role)[1:], Password: "correct horse battery",
		}, role)
		if err != nil {
			t.Fatal(err)
		}
		secret, _, err := accounts.CreateToken(ctx, u.Actor(), u.ID, "test", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		w.tokens[role], w.users[role] = secret, u
	}
	// In front stands what puts the request id on every answer, as in production.
	srv := httptest.NewServer(http.StripPrefix("/api/v1", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Request-ID", "r1")
		w.server.ServeHTTP(rw, r)
	})))
	t.Cleanup(srv.Close)
	w.url = srv.URL + "/api/v1"
	w.schema = jsonschema.NewCompiler()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(w.call("", "GET", "/openapi.json", "", http.StatusOK).text))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.schema.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return w
}

type reply struct {
	status int
	header http.Header
	text   string
}

func (r reply) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.text), v); err != nil {
		t.Fatalf("%v in %s", err, r.text)
	}
}

// call makes a request and fails the test on another status than want.
func (w *world) call(role account.Role, method, path, body string, want int, header ...string) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+w.tokens[role])
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.StatusCode != want {
		w.t.Fatalf("%s %s as %q = %d, want %d\n%s", method, path, role, res.StatusCode, want, b)
	}
	r := reply{res.StatusCode, res.Header, string(b)}
	if w.schema != nil {
		w.check(method, path, r)
	}
	return r
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// check holds an answer against what openapi.json says of it.
func (w *world) check(method, path string, r reply) {
	w.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	path = ids.ReplaceAllString(path, "{id}")
	media, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	at := func(status string) string {
		escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
		return fmt.Sprintf("openapi.json#/paths/%s/%s/responses/%s/content/%s/schema",
			escape.Replace(path), strings.ToLower(method), status, escape.Replace(media))
	}
	switch {
	case media == "application/problem+json":
		var p struct {
			Status    int    `json:"status"`
			Detail    string `json:"detail"`
			RequestID string `json:"request_id"`
		}
		r.into(w.t, &p)
		if p.Status != r.status || !strings.HasSuffix(p.Detail, ".") || p.RequestID != "r1" {
			w.t.Errorf("%s %s: problem %s", method, path, r.text)
		}
	case media == "application/json" && path != "/openapi.json" && !strings.Contains(path, "/files/"):
		schema, err := w.schema.Compile(at(strconv.Itoa(r.status)))
		if err != nil {
			w.t.Errorf("%s %s: openapi.json does not describe %d: %v", method, path, r.status, err)
			return
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(r.text))
		if err != nil {
			w.t.Errorf("%s %s: %v", method, path, err)
			return
		}
		if err := schema.Validate(v); err != nil {
			w.t.Errorf("%s %s answers what openapi.json does not describe: %v", method, path, err)
		}
	}
}

// shared reads one of the shared data files.
func shared(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type imported struct {
	ID         uuid.UUID  `json:"id"`
	State      string     `json:"state"`
	Format     string     `json:"format"`
	Rows       int        `json:"rows"`
	Inserted   int        `json:"inserted"`
	Duplicates int        `json:"duplicates"`
	Rejected   int        `json:"rejected"`
	BytesRead  int        `json:"bytes_read"`
	BytesTotal int        `json:"bytes_total"`
	RepeatOf   *uuid.UUID `json:"repeat_of"`
}

// upload imports a body and runs the job that a worker would.
func (w *world) upload(query, body string) imported {
	w.t.Helper()
	var run imported
	w.call(account.Engineer, "POST", "/imports?"+query, body, http.StatusAccepted).into(w.t, &run)
	if run.State != "queued" {
		w.t.Errorf("a new import is %s, want queued", run.State)
	}
	if err := w.ingest.Run(w.t.Context(), run.ID); err != nil {
		w.t.Fatal(err)
	}
	w.call(account.PM, "GET", "/imports/"+run.ID.String(), "", http.StatusOK).into(w.t, &run)
	return run
}

func TestKnownImports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		file, query, format        string
		rows, inserted, duplicates int
	}{
		{"voicefit-injury-core.json", "", "voicefit-injury", 50, 50, 0},
		{"voicefit-injury-lite.json", "", "voicefit-injury", 50, 0, 50},
		{"alpaca_en_demo.json", "category=ai_coach", "alpaca", 999, 985, 14},
		{"glaive_toolcall_en_demo.json", "category=ai_coach", "sharegpt", 300, 265, 35},
	} {
		run := w.upload(tt.query+"&filename="+tt.file, shared(t, tt.file))
		if run.State != "done" || run.Format != tt.format || run.Rows != tt.rows || run.Inserted != tt.inserted || run.Duplicates != tt.duplicates || run.Rejected != 0 || run.BytesRead != run.BytesTotal {
			t.Errorf("%s = %+v, want %+v", tt.file, run, tt)
		}
	}
	again := w.upload("filename=again.json", shared(t, "voicefit-injury-core.json"))
	if again.Inserted != 0 || again.Duplicates != 50 || again.RepeatOf == nil {
		t.Errorf("the same file again = %+v, want 50 duplicates and the first import named", again)
	}
	var page struct {
		Items      []map[string]any `json:"items"`
		NextCursor string           `json:"next_cursor"`
	}
	seen := 0
	for cursor := ""; ; cursor = page.NextCursor {
		w.call(account.PM, "GET", "/examples?source=glaive_toolcall_en_demo.json&limit=100&cursor="+cursor, "", http.StatusOK).into(t, &page)
		seen += len(page.Items)
		if page.NextCursor == "" {
			break
		}
	}
	if seen != 265 {
		t.Errorf("listed %d examples of glaive, want 265", seen)
	}
	var list struct {
		Items      []imported `json:"items"`
		NextCursor string     `json:"next_cursor"`
	}
	w.call(account.PM, "GET", "/imports?limit=2", "", http.StatusOK).into(t, &list)
	if len(list.Items) != 2 || list.Items[0].ID != again.ID || list.NextCursor == "" {
		t.Errorf("imports = %+v, want the newest two and a cursor", list)
	}
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var p struct {
		Detail string            `json:"detail"`
		Fields map[string]string `json:"fields"`
	}
	w.call(account.Engineer, "POST", "/imports", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`, http.StatusUnprocessableEntity).into(t, &p)
	if !strings.Contains(p.Fields["category"], "voice_parsing") {
		t.Errorf("no category = %+v, want the list of categories", p)
	}
	for name, call := range map[string]struct {
		query, body string
		status      int
	}{
		"unknown category":  {"category=juggling", "x", http.StatusUnprocessableEntity},
		"unknown format":    {"category=ai_coach&format=xml", "x", http.StatusUnprocessableEntity},
		"unknown parameter": {"kategory=ai_coach", "x", http.StatusUnprocessableEntity},
		"parquet":           {"category=ai_coach", "PAR1\x00\x00\x00\x00PAR1", http.StatusUnprocessableEntity},
		"empty":             {"category=ai_coach", "", http.StatusUnprocessableEntity},
		"too large":         {"category=ai_coach", strings.Repeat(`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`+"\n", 60_000), http.StatusRequestEntityTooLarge},
	} {
		r := w.call(account.Engineer, "POST", "/imports?"+call.query, call.body, call.status)
		if !strings.Contains(r.header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %s", name, r.text)
		}
	}
	good := `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}` + "\n"
	run := w.upload("category=ai_coach", good+`{"messages":[{"role":"alien","content":"a"}]}`+"\n"+"{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}\n"+good)
	if run.Rows != 4 || run.Inserted != 1 || run.Duplicates != 1 || run.Rejected != 2 {
		t.Fatalf("a file with two bad rows = %+v", run)
	}
	rejects := strings.Split(strings.TrimSpace(w.call(account.Engineer, "GET", "/imports/"+run.ID.String()+"/rejects", "", http.StatusOK).text), "\n")
	if len(rejects) != 2 {
		t.Fatalf("rejects = %q", rejects)
	}
	var one, two struct {
		Line      int     `json:"line"`
		Offset    int     `json:"offset"`
		Reason    string  `json:"reason"`
		Raw       *string `json:"raw"`
		RawBase64 *string `json:"raw_base64"`
	}
	for i, v := range []any{&one, &two} {
		if err := json.Unmarshal([]byte(rejects[i]), v); err != nil {
			t.Fatal(err)
		}
	}
	if one.Line != 2 || one.Offset != len(good) || one.Raw == nil || !strings.Contains(*one.Raw, "alien") || !strings.Contains(one.Reason, "alien") {
		t.Errorf("first reject = %s", rejects[0])
	}
	if two.Line != 3 || two.Raw != nil || two.RawBase64 == nil {
		t.Errorf("second reject = %s, want base64 for bytes that are not UTF-8", rejects[1])
	}
	w.call(account.Engineer, "GET", "/imports/"+uuid.NewString(), "", http.StatusNotFound)
	w.call(account.Engineer, "GET", "/imports/nonsense/rejects", "", http.StatusNotFound)
}

// TestCutUpload sends a body that breaks off: half a file must not be taken for
// whole.
func TestCutUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	row := `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"category":"ai_coach"}` + "\n"
	for name, size := range map[string]int{"in the head": 3, "far behind it": 30_000} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(strings.TrimSuffix(w.url, "/api/v1"), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		body := strings.Repeat(row, size)
		fmt.Fprintf(conn, "POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n",
			w.tokens[account.Engineer], len(body), body)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil { // no last chunk
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		_ = conn.Close()
		if err != nil || strings.Contains(string(answer), " 202 ") {
			t.Errorf("a body cut %s was answered with %.100q, %v", name, answer, err)
		}
	}
	var n int
	if err := w.pool.QueryRow(t.Context(), "SELECT count(*) FROM sources").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d sources are kept of broken uploads, %v", n, err)
	}
}

type shown struct {
	ID        uuid.UUID       `json:"id"`
	Category  string          `json:"category"`
	Status    string          `json:"status"`
	Revision  int             `json:"revision"`
	Messages  json.RawMessage `json:"messages"`
	Decisions []struct {
		ID      uuid.UUID `json:"id"`
		Verdict string    `json:"verdict"`
		Undone  bool      `json:"undone"`
	} `json:"decisions"`
	Provenance struct {
		Source string `json:"source"`
		Line   int    `json:"line"`
		SHA256 string `json:"sha256"`
	} `json:"provenance"`
	Findings []struct {
		Rule string `json:"rule"`
	} `json:"findings"`
}

func TestReviewByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var rows strings.Builder
	for i := range 4 {
		fmt.Fprintf(&rows, `{"messages":[{"role":"user","content":"How do I warm up, part %d?"},{"role":"assistant","content":"Move for ten minutes, then lift %d light sets."}]}`+"\n", i, i)
	}
	w.upload("category=ai_coach&subcategory=programming&filename=../../coach.jsonl", rows.String())

	claim := func(role account.Role) shown {
		t.Helper()
		var c struct {
			Example   shown     `json:"example"`
			ExpiresAt time.Time `json:"lease_expires_at"`
		}
		w.call(role, "POST", "/queue/claim", `{"category":"ai_coach"}`, http.StatusOK).into(t, &c)
		if time.Until(c.ExpiresAt) < time.Minute {
			t.Errorf("the lease ends at %s", c.ExpiresAt)
		}
		return c.Example
	}
	decide := func(role account.Role, id uuid.UUID, body string, want int, header ...string) reply {
		t.Helper()
		return w.call(role, "POST", "/examples/"+id.String()+"/decisions", body, want, header...)
	}
	type decided struct {
		DecisionID uuid.UUID `json:"decision_id"`
		Status     string    `json:"status"`
		Revision   int       `json:"revision"`
	}
	a, b := claim(account.Reviewer), claim(account.Lead)
	if a.ID == b.ID || a.Provenance.Source != "coach.jsonl" || a.Provenance.Line != 1 || len(a.Provenance.SHA256) != 64 {
		t.Fatalf("claimed %+v and %+v", a, b)
	}
	// Somebody else's lease.
	var p struct {
		Detail  string `json:"detail"`
		Example shown  `json:"example"`
	}
	decide(account.Lead, a.ID, `{"revision":1,"verdict":"approve"}`, http.StatusConflict).into(t, &p)
	if p.Example.ID != a.ID || p.Example.Status != "pending" {
		t.Errorf("the conflict carries %+v, want the current example", p)
	}
	// An edit, approved; the same request again is the same decision.
	edit := `{"revision":1,"verdict":"approve","messages":[{"role":"user","content":"How?"},{"role":"assistant","content":"So."}],"checklist":["tone"],"seconds":3.5}`
	var first, again decided
	decide(account.Reviewer, a.ID, edit, http.StatusCreated, "Idempotency-Key", "k1").into(t, &first)
	decide(account.Reviewer, a.ID, edit, http.StatusCreated, "Idempotency-Key", "k1").into(t, &again)
	if first.Status != "approved" || first.Revision != 2 || first != again {
		t.Errorf("decided %+v, then %+v", first, again)
	}
	got := w.call(account.PM, "GET", "/examples/"+a.ID.String(), "", http.StatusOK)
	var now shown
	got.into(t, &now)
	if got.header.Get("ETag") != `"2"` || now.Revision != 2 || len(now.Decisions) != 1 || !bytes.Contains(now.Messages, []byte(`"So."`)) {
		t.Errorf("after the edit: %s %+v", got.header.Get("ETag"), now)
	}
	w.call(account.PM, "GET", "/examples/"+a.ID.String(), "", http.StatusNotModified, "If-None-Match", `"2"`)
	// Stale revision, and a status that moved on.
	decide(account.Reviewer, a.ID, `{"revision":1,"verdict":"reject","reason":"x"}`, http.StatusConflict)
	decide(account.Reviewer, a.ID, `{"revision":2,"verdict":"reject","reason":"x"}`, http.StatusConflict)
	decide(account.Reviewer, a.ID, `{"revision":2,"verdict":"reject","reason":"x","status_seen":"approved"}`, http.StatusCreated)
	// What is not said right.
	for _, body := range []string{`{"revision":1,"verdict":"maybe"}`, `{"revision":1,"verdict":"reject"}`, `{"verdict":"approve"}`, `{"revision":1,"verdict":"approve","mood":"good"}`, ``, `[]`, `{"revision":1,"verdict":"approve","messages":[{"role":"alien","content":""}]}`} {
		decide(account.Lead, b.ID, body, http.StatusUnprocessableEntity)
	}
	decide(account.Lead, uuid.New(), `{"revision":1,"verdict":"approve"}`, http.StatusNotFound)
	var second decided
	decide(account.Lead, b.ID, `{"revision":1,"verdict":"escalate","reason":"Is ten minutes enough?"}`, http.StatusCreated).into(t, &second)
	// Undo: one's own, not somebody else's.
	w.call(account.Reviewer, "DELETE", "/decisions/"+second.DecisionID.String(), "", http.StatusForbidden)
	w.call(account.Lead, "DELETE", "/decisions/"+second.DecisionID.String(), "", http.StatusNoContent)
	w.call(account.Lead, "DELETE", "/decisions/"+second.DecisionID.String(), "", http.StatusNoContent)
	w.call(account.Lead, "DELETE", "/decisions/"+uuid.NewString(), "", http.StatusNotFound)
	w.call(account.PM, "GET", "/examples/"+b.ID.String(), "", http.StatusOK).into(t, &now)
	if now.Status != "pending" || len(now.Decisions) != 2 || !now.Decisions[0].Undone {
		t.Errorf("after the undo: %+v", now)
	}
	// The rest of the queue, then nothing.
	for range 3 {
		x := claim(account.Lead)
		decide(account.Lead, x.ID, `{"revision":1,"verdict":"approve"}`, http.StatusCreated)
	}
	w.call(account.Lead, "POST", "/queue/claim", ``, http.StatusNoContent)
	w.call(account.Lead, "POST", "/queue/claim", `{"category":"juggling"}`, http.StatusUnprocessableEntity)

	var stats struct {
		Categories []struct {
			Slug      string         `json:"slug"`
			TargetMin int            `json:"target_min"`
			TargetMax int            `json:"target_max"`
			ByStatus  map[string]int `json:"by_status"`
			Tokens    int            `json:"tokens"`
		} `json:"categories"`
	}
	w.call(account.PM, "GET", "/stats", "", http.StatusOK).into(t, &stats)
	for _, c := range stats.Categories {
		if c.Slug == "ai_coach" && (c.ByStatus["approved"] != 3 || c.ByStatus["rejected"] != 1 || c.ByStatus["pending"] != 0 || c.TargetMin != 800 || c.TargetMax != 1200 || c.Tokens == 0) {
			t.Errorf("stats = %+v", c)
		}
	}
	rowsOut := w.call(account.Engineer, "GET", "/export?preset=messages", "", http.StatusOK)
	if n := strings.Count(rowsOut.text, "\n"); n != 3 {
		t.Errorf("exported %d rows, want 3", n)
	}
	w.call(account.Engineer, "GET", "/export?preset=xml", "", http.StatusUnprocessableEntity)
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upload("", shared(t, "voicefit-injury-core.json"))
	for query, want := range map[string]int{
		"category=injury_analysis": 50, "category=injury_analysis&subcategory=doms": 10, "status=approved": 0,
		"category=voice_parsing": 0, "source=upload": 50, "source=nobody": 0, "q=overhead+press+felt+something+pop": 0,
		"q=felt+something+pop": 1,
	} {
		var page struct {
			Items []shown `json:"items"`
		}
		w.call(account.PM, "GET", "/examples?limit=200&"+query, "", http.StatusOK).into(t, &page)
		if strings.HasPrefix(query, "q=felt") {
			if len(page.Items) < want {
				t.Errorf("%s lists %d, want at least %d", query, len(page.Items), want)
			}
			continue
		}
		if len(page.Items) != want {
			t.Errorf("%s lists %d examples, want %d", query, len(page.Items), want)
		}
	}
	for _, query := range []string{"status=lost", "severity=bad", "limit=0", "limit=1000", "cursor=x", "import=x", "rul=x"} {
		w.call(account.PM, "GET", "/examples?"+query, "", http.StatusUnprocessableEntity)
	}
}

// TestRoles tries every call with every role and with nobody.
func TestRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range w.server.Routes() {
		path := strings.ReplaceAll(r.Path, "{id}", uuid.NewString())
		for _, role := range append([]account.Role{"", "stranger"}, account.Roles()...) {
			req, err := http.NewRequestWithContext(t.Context(), r.Method, w.url+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			switch role {
			case "":
			case "stranger":
				req.Header.Set("Authorization", "Bearer spt_AAAAAAAAAAAAAAAAAAAAAAAAAA")
			default:
				req.Header.Set("Authorization", "Bearer "+w.tokens[role])
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			known := role != "" && role != "stranger"
			switch {
			case r.Permission == "":
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s %s as %q = %d, want 200 for anybody", r.Method, r.Path, role, res.StatusCode)
				}
			case !known:
				if res.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s %s as %q = %d, want 401", r.Method, r.Path, role, res.StatusCode)
				}
			case !role.Can(r.Permission):
				if res.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s as %q = %d, want 403", r.Method, r.Path, role, res.StatusCode)
				}
			default:
				if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden || res.StatusCode >= 500 {
					t.Errorf("%s %s as %q = %d, want it allowed", r.Method, r.Path, role, res.StatusCode)
				}
			}
		}
	}
	w.call(account.PM, "GET", "/nowhere", "", http.StatusNotFound)
	w.call(account.PM, "PUT", "/stats", "", http.StatusMethodNotAllowed)
}

// TestDocumentNamesEveryCall holds the document against the table of routes.
func TestDocumentNamesEveryCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var doc struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	w.call("", "GET", "/openapi.json", "", http.StatusOK).into(t, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi = %q", doc.OpenAPI)
	}
	n := 0
	for _, r := range w.server.Routes() {
		if doc.Paths[r.Path][strings.ToLower(r.Method)] == nil {
			t.Errorf("%s %s is not described", r.Method, r.Path)
		}
	}
	for _, methods := range doc.Paths {
		n += len(methods)
	}
	if n != len(w.server.Routes()) {
		t.Errorf("%d calls are described, there are %d", n, len(w.server.Routes()))
	}
}
