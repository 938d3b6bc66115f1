package ui_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	nethtml "golang.org/x/net/html"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/web/htmlcheck"
)

// shared reads a file of the shared test data.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A formPart is one field or file of a multipart form, in the order of sending.
type formPart struct {
	name, file string
	data       []byte
}

func field(name, value string) formPart { return formPart{name: name, data: []byte(value)} }

func file(name string, data []byte) formPart { return formPart{name: "file", file: name, data: data} }

// sendForm sends a multipart form the way a browser does.
func (b *browser) sendForm(path string, parts []formPart, header ...string) reply {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		var w io.Writer
		var err error
		if p.name == "file" {
			w, err = form.CreateFormFile(p.name, p.file)
		} else {
			w, err = form.CreateFormField(p.name)
		}
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := w.Write(p.data); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.raw(path, body.Bytes(), append([]string{"Content-Type", form.FormDataContentType()}, header...)...)
}

// raw posts bytes.
func (b *browser) raw(path string, body []byte, header ...string) reply {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.site.URL+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
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

var importPath = regexp.MustCompile(`^/imports/([0-9a-f-]{36})$`)

// bring uploads one file through the page, runs its import and returns its id.
func (b *browser) bring(name string, data []byte, fields ...formPart) uuid.UUID {
	b.t.Helper()
	r := b.sendForm("/imports", append(fields, file(name, data)))
	m := importPath.FindStringSubmatch(r.Header.Get("Location"))
	if r.StatusCode != http.StatusSeeOther || m == nil {
		b.t.Fatalf("uploading %s = %d to %q\n%s", name, r.StatusCode, r.Header.Get("Location"), r.body)
	}
	id := uuid.MustParse(m[1])
	if err := b.site.imports.Run(b.t.Context(), id); err != nil {
		b.t.Fatalf("import of %s: %v", name, err)
	}
	return id
}

// words is the text of a page, white space in runs made one space.
func (r reply) words(t *testing.T) string {
	t.Helper()
	doc, err := nethtml.Parse(strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == nethtml.TextNode {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// says fails unless the words of the page hold all texts.
func (r reply) says(t *testing.T, texts ...string) {
	t.Helper()
	words := r.words(t)
	for _, text := range texts {
		if !strings.Contains(words, text) {
			t.Errorf("%s does not say %q:\n%s", r.Request.URL.Path, text, words)
		}
	}
}

// sound fails where the page has a fault.
func (r reply) sound(t *testing.T) {
	t.Helper()
	for _, problem := range htmlcheck.Page([]byte(r.body)) {
		t.Errorf("%s: %s", r.Request.URL.Path, problem)
	}
}

func chat(category, ask, answer string) string {
	return fmt.Sprintf(`{"category":%q,"messages":[{"role":"user","content":%q},{"role":"assistant","content":%q}]}`+"\n", category, ask, answer)
}

func TestKnownFilesThroughThePage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Engineer)
	b.get("/imports").says(t, "Nothing was imported yet", "Import the first file")

	core := b.bring("voicefit-injury-core.json", shared(t, "voicefit-injury-core.json"))
	page := b.get("/imports/" + core.String())
	page.want(t, http.StatusOK, "/examples?import="+core.String(), "/examples?category=injury_analysis&amp;import="+core.String())
	page.says(t, "50 rows: 50 new, 0 duplicates, 0 refused", "Injury analysis: 50 examples", "VoiceFit injury research", "908 kB", "Test engineer", "What the checks found")
	if !strings.Contains(page.body, "&amp;rule=") && !strings.Contains(page.body, "rule=") {
		t.Error("no finding leads to its examples")
	}
	if strings.Contains(page.body, "data-live") || strings.Contains(page.body, "http-equiv") {
		t.Error("the page of an import that is over goes on asking")
	}
	page.sound(t)

	lite := b.bring("voicefit-injury-lite.json", shared(t, "voicefit-injury-lite.json"))
	page = b.get("/imports/" + lite.String())
	page.says(t, "50 rows: 0 new, 50 duplicates, 0 refused", "Every row was here already", "Nothing was doubled", "of voicefit-injury-core.json", "All 50")
	page.sound(t)
	all := b.get("/imports/" + lite.String() + "/duplicates")
	all.sound(t)
	if n := strings.Count(all.body, `href="/examples/`); n != 50 {
		t.Errorf("the page of duplicates leads to %d examples, want 50", n)
	}

	again := b.bring("copy of core.json", shared(t, "voicefit-injury-core.json"))
	page = b.get("/imports/" + again.String())
	page.says(t, "This very file was imported on", "as voicefit-injury-core.json: nothing was doubled.")
	page.want(t, http.StatusOK, `href="/imports/`+core.String()+`"`)

	alpaca := b.bring("alpaca_en_demo.json", shared(t, "alpaca_en_demo.json"), field("category", "ai_coach"))
	b.get("/imports/"+alpaca.String()).says(t, "999 rows: 985 new, 14 duplicates, 0 refused", "AI coach Q&A, for all rows", "of this file")
	glaive := b.bring("glaive_toolcall_en_demo.json", shared(t, "glaive_toolcall_en_demo.json"), field("category", "ai_coach"))
	b.get("/imports/"+glaive.String()).says(t, "300 rows: 265 new, 35 duplicates, 0 refused")

	list := b.get("/imports")
	list.sound(t)
	list.says(t, "glaive_toolcall_en_demo.json", "Done", "985", "by Test engineer")
	if strings.Index(list.body, glaive.String()) > strings.Index(list.body, core.String()) {
		t.Error("the newest import is not the first")
	}

	// A reviewer may read it all, and change nothing.
	r := s.as(t, account.Reviewer).get("/imports/" + core.String())
	r.want(t, http.StatusOK, `href="/review/injury_analysis"`)
	if strings.Contains(r.body, "<textarea") || strings.Contains(r.body, "/cancel") || strings.Contains(r.body, "/resume") {
		t.Error("a reviewer is offered to change imports")
	}
}

func TestUploadForm(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Lead)
	form := b.get("/imports/new")
	form.sound(t)
	// The choices must arrive before the bytes they are about.
	at := func(name string) int { return strings.LastIndex(form.body, `name="`+name+`"`) }
	for _, name := range []string{"category", "subcategory", "format", "licence", "map.user", "map.id"} {
		if at(name) < 0 || at(name) > at("file") {
			t.Errorf("the field %s is not in front of the file", name)
		}
	}

	none := chat("", "hello", "there")
	for _, tt := range []struct {
		name   string
		parts  []formPart
		status int
		says   []string
		has    []string
	}{
		{"no file", []formPart{field("category", "ai_coach"), file("", nil)}, 422, []string{"Choose a file first."}, []string{`<option value="ai_coach" selected`}},
		{"empty", []formPart{file("a.json", nil)}, 422, []string{"The file is empty"}, nil},
		{"Parquet", []formPart{file("a.parquet", []byte("PAR1\x15\x04\x15\x10PAR1"))}, 422, []string{"Parquet", "cannot be imported"}, nil},
		{"no category", []formPart{field("category", ""), file("a.jsonl", []byte(none))}, 422, []string{"Choose one for all of them"}, []string{`id="category-problem"`}},
		{"unknown category", []formPart{field("category", "swimming"), file("a.jsonl", []byte(none))}, 422, []string{"There is no category “swimming”"}, nil},
		{"subcategory of another", []formPart{field("category", "ai_coach"), field("subcategory", "injury_analysis/acute"), file("a.jsonl", []byte(none))}, 422, []string{"belongs to another category"}, []string{`id="subcategory-problem"`}},
		{"unknown format", []formPart{field("format", "xml"), file("a.jsonl", []byte(none))}, 422, []string{"Choose one of the list."}, []string{`id="format-problem"`}},
		{"half a mapping", []formPart{field("category", "ai_coach"), field("map.user", "q"), file("a.jsonl", []byte(`{"q":"a","a":"b"}`))}, 422, []string{"Choose the field that holds this."}, []string{`id="map.assistant-problem"`, `value="q"`}},
		{"fields for a known format", []formPart{field("format", "alpaca"), field("map.user", "q"), file("a.jsonl", []byte(none))}, 422, []string{"name no fields"}, nil},
		{"choice after the file", []formPart{field("category", "ai_coach"), file("a.jsonl", []byte(none)), field("subcategory", "ai_coach/nutrition")}, 422, []string{"“subcategory” came after the file", "These came in all the same"}, []string{`href="/imports/`}},
		{"one good, one bad", []formPart{file("good.jsonl", []byte(chat("ai_coach", "q", "a"))), file("bad.zip", []byte("PK\x03\x04rest of it"))}, 422, []string{"bad.zip:", "These came in all the same", "good.jsonl"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &browser{t: t, site: s, client: b.client}
			r := b.sendForm("/imports", tt.parts)
			r.want(t, tt.status, tt.has...)
			r.says(t, tt.says...)
			r.sound(t)
		})
	}
	b.post("/imports", url.Values{"category": {"ai_coach"}}).want(t, http.StatusUnprocessableEntity, "did not arrive whole")
}

func TestSeveralFilesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	r := b.sendForm("/imports", []formPart{
		field("category", "running_cardio"),
		file("one.jsonl", []byte(chat("", "5 miles", "done"))), file("two.jsonl", []byte(chat("", "10 km", "done"))),
	})
	r.leadsTo(t, "/imports")
	b.get("/imports").says(t, "2 files are coming in.", "one.jsonl", "two.jsonl", "Waiting")
	runs, err := s.imports.List(t.Context(), uuid.Nil, 10)
	if err != nil || len(runs) != 2 {
		t.Fatalf("List() = %d imports, %v; want 2", len(runs), err)
	}
	for _, run := range runs {
		if run.Channel != ingest.ChannelPage || run.Options.Category != "running_cardio" {
			t.Errorf("%s came by %q into %q", run.Name, run.Channel, run.Options.Category)
		}
	}
}

// The page's script sends files one by one and puts the answers where they
// belong.
func TestUploadByScript(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	r := b.sendForm("/imports", []formPart{file("<b>.jsonl", []byte(chat("ai_coach", "q", "a")))}, "HX-Request", "true")
	r.want(t, http.StatusCreated, "&lt;b&gt;.jsonl")
	if !importPath.MatchString(r.Header.Get("Location")) || strings.Contains(r.body, "<html") {
		t.Errorf("Location %q, body %s", r.Header.Get("Location"), r.body)
	}
	r = b.sendForm("/imports", []formPart{file("<i>.parquet", []byte("PAR1....PAR1"))}, "HX-Request", "true")
	r.want(t, http.StatusUnprocessableEntity, "&lt;i&gt;.parquet", "Parquet")
	if strings.Contains(r.body, "<html") {
		t.Error("a script is answered with a whole page")
	}
}

func TestUploadLimit(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *ui.Config) { c.MaxUploadBytes = 3 << 20 })
	b := s.as(t, account.Admin)
	row := chat("ai_coach", "q", strings.Repeat("x", 1000))
	big := bytes.Repeat([]byte(row), 4<<20/len(row))
	r := b.sendForm("/imports", []formPart{file("big.jsonl", big)})
	r.want(t, http.StatusRequestEntityTooLarge)
	r.says(t, "big.jsonl: The file is larger than the 3.1 MB that this server takes", "spotter import FILE")
	r.sound(t)
	if id := b.bring("small.jsonl", big[:2<<20/len(row)*len(row)]); id == uuid.Nil {
		t.Error("a smaller file was not taken")
	}
	var pieces int
	if err := s.pool.QueryRow(t.Context(), "SELECT count(*) FROM source_chunks c WHERE NOT EXISTS (SELECT FROM sources s WHERE s.id = c.source_id)").Scan(&pieces); err != nil || pieces != 0 {
		t.Errorf("%d pieces of the refused file are left (%v)", pieces, err)
	}
}

// A connection that breaks must not leave half a file that looks whole.
func TestUploadBreaksOff(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookie := b.client.Jar.Cookies(u)[0]
	for _, size := range []int{2_000, 3 << 20} {
		row := chat("ai_coach", "q", strings.Repeat("y", 900))
		data := strings.Repeat(row, size/len(row)+1)
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "POST /imports HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: %d\r\n\r\n"+
			"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"half.jsonl\"\r\n\r\n%s", u.Host, cookie, len(data)*2, data); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil { // until the server is done with it
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := s.imports.List(t.Context(), uuid.Nil, 10)
	if err != nil || len(runs) != 0 {
		t.Errorf("half a file became %d imports (%v)", len(runs), err)
	}
}

func packed(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPreview(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	engineer := s.as(t, account.Engineer)
	turn := `{"messages":[{"role":"user","content":"Bench 225 for 5"},{"role":"assistant","content":"Logged."}]}` + "\n"
	for _, tt := range []struct {
		name  string
		query string
		head  []byte
		says  []string
		has   []string
		hasnt []string
	}{
		{name: "OpenAI", head: []byte(chat("voice_parsing", "Bench 225 for 5", "Logged.")), says: []string{"OpenAI chat", "JSON Lines", "The one row can go in.", "Voice parsing: 1", "Bench 225 for 5"}},
		{name: "ShareGPT", query: "category=ai_coach", head: []byte(`[{"conversations":[{"from":"human","value":"Why rest?"},{"from":"gpt","value":"To grow."}]}]`), says: []string{"ShareGPT", "AI coach Q&A: 1", "Why rest?", "To grow."}},
		{name: "Alpaca", query: "category=ai_coach", head: shared(t, "alpaca_en_demo.json")[:100_000], says: []string{"Alpaca", "can go in", "AI coach Q&A"}},
		{name: "glaive", query: "category=ai_coach", head: shared(t, "glaive_toolcall_en_demo.json")[:100_000], says: []string{"ShareGPT", "can go in", "Calls", "Tools the assistant may call"}},
		{name: "prompt and completion", query: "category=ai_coach&size=40", head: []byte(`{"prompt":"Sets?","completion":"Three."}`), says: []string{"Prompt and completion", "Sets?", "Three."}},
		{name: "injury", query: "size=908066&name=voicefit-injury-core.json", head: shared(t, "voicefit-injury-core.json"), says: []string{"VoiceFit injury research", "All 50 rows can go in.", "Injury analysis: 50", "finding"}, has: []string{`class="badge is-`}},
		{name: "gzip", query: "", head: packed(t, []byte(chat("voice_parsing", "a", "b"))), says: []string{"Packed with gzip.", "OpenAI chat", "Voice parsing: 1"}},
		{name: "part of a longer file", query: "size=100000", head: []byte(chat("voice_parsing", "a", "b") + chat("voice_parsing", "c", "d") + `{"messa`), says: []string{"The first 2 rows can go in."}, hasnt: []string{"refused"}},
		{name: "no category", head: []byte(turn), says: []string{"do not say which category", "Knowledge base Q&A", "The one row needs a category."}, has: []string{`data-category="voice_parsing"`, `data-refused="yes"`}},
		{name: "category chosen", query: "category=voice_parsing&subcategory=voice_parsing/partial", head: []byte(turn), says: []string{"Voice parsing, ", "The one row can go in."}, hasnt: []string{"data-refused"}},
		{name: "CSV", query: "category=ai_coach", head: []byte("instruction,input,output\nStretch?,,Yes\n"), says: []string{"Alpaca", "commas", "Stretch?"}},
		{name: "unknown fields", query: "category=ai_coach", head: []byte(`{"wort":"hallo","antwort":"hi","tief":{"er":"x"}}`), says: []string{"Not recognised yet", "no format that is known", "say which field is which", "field mapping", "tief.er"}, has: []string{`<select class="input" id="choose-user" name="map.user"`}},
		{name: "half a mapping", query: "category=ai_coach&map.user=wort", head: []byte(`{"wort":"hallo","antwort":"hi"}`), says: []string{"Choose the field that holds this."}, has: []string{`<option value="wort" selected`}},
		{name: "mapped", query: "category=ai_coach&map.user=wort&map.assistant=antwort", head: []byte(`{"wort":"hallo","antwort":"hi"}`), says: []string{"Fields of your choice", "hallo", "can go in"}, has: []string{`<option value="antwort" selected`}, hasnt: []string{"data-refused"}},
		{name: "some rows bad", head: []byte(chat("voice_parsing", "a", "b") + "{\"messages\":[]}\n" + chat("nowhere", "c", "d")), says: []string{"All 3 rows: 1 can go in, 2 would be refused.", "There is no category “nowhere”"}},
		{name: "Parquet", head: []byte("PAR1\x15\x04PAR1"), says: []string{"Parquet", "cannot be imported"}, has: []string{`data-refused="yes"`}},
		{name: "preference pairs", head: []byte(`{"prompt":"a","chosen":"b","rejected":"c"}`), says: []string{"cannot be imported"}},
		{name: "empty", head: nil, says: []string{"The file is empty"}},
		{name: "no such category", query: "category=swimming", head: []byte(turn), says: []string{"There is no category “swimming”"}},
		{name: "in short", query: "brief=yes&category=ai_coach", head: []byte(turn), says: []string{"OpenAI chat. The one row can go in."}, hasnt: []string{"<section"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &browser{t: t, site: s, client: engineer.client}
			r := b.raw("/imports/preview?"+tt.query, tt.head, "HX-Request", "true", "Content-Type", "application/octet-stream")
			r.want(t, http.StatusOK, tt.has...)
			r.says(t, tt.says...)
			for _, text := range tt.hasnt {
				if strings.Contains(r.body, text) {
					t.Errorf("there is %q:\n%s", text, r.body)
				}
			}
			if strings.Contains(r.body, "<html") {
				t.Error("a preview is a part of a page, not one")
			}
		})
	}
	var n int
	if err := s.pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM import_runs) + (SELECT count(*) FROM source_chunks)").Scan(&n); err != nil || n != 0 {
		t.Errorf("previews left %d rows behind (%v)", n, err)
	}
}

// at puts an import into a state that would take a worker and patience to reach.
func (s *site) at(t *testing.T, id uuid.UUID, set string) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), "UPDATE import_runs SET "+set+" WHERE id = $1", id); err != nil {
		t.Fatal(err)
	}
}

// queued uploads rows and leaves the import in the queue.
func (b *browser) queued(rows string) (id uuid.UUID, path string) {
	b.t.Helper()
	r := b.sendForm("/imports", []formPart{file("rows.jsonl", []byte(rows))})
	m := importPath.FindStringSubmatch(r.Header.Get("Location"))
	if m == nil {
		b.t.Fatalf("upload = %d\n%s", r.StatusCode, r.body)
	}
	return uuid.MustParse(m[1]), m[0]
}

func TestProgress(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *ui.Config) {
		c.Now = func() time.Time { return time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC) }
	})
	b := s.as(t, account.Admin)
	id, path := b.queued(chat("ai_coach", "q", "a") + chat("ai_coach", "q2", "a"))
	for _, tt := range []struct {
		name, set, phase string
		says, has        []string
	}{
		{name: "queued", set: "state = 'queued'", phase: "live", says: []string{"Waiting for its turn."}},
		{
			name: "running", phase: "live", says: []string{"Coming in.", "Rows 1,200", "400 bytes of 1.0 kB", "120 rows a second", "about 15 seconds", "1,200 rows: 1,000 new, 150 duplicates, 50 refused so far."},
			set: `state = 'running', heartbeat_at = now(), started_at = '2026-11-22 14:59:50Z', rows = 1200, inserted = 1000, duplicates = 150, rejected = 50, bytes_read = 400, bytes_total = 1000`,
			has: []string{`<progress max="1000" value="400"`},
		},
		{name: "cancel asked", set: "cancel_asked = true", phase: "stopping", says: []string{"Stopping."}},
		{name: "interrupted", set: "cancel_asked = false, heartbeat_at = now() - interval '31 seconds'", phase: "interrupted", says: []string{"Interrupted", "Nothing is lost."}, has: nil},
	} {
		s.at(t, id, tt.set)
		page := b.get(path)
		page.want(t, http.StatusOK, `hx-get="`+path+`/progress?seen=`+tt.phase+`"`, `hx-trigger="every 1s"`, `<noscript><meta http-equiv="refresh" content="2"`)
		page.says(t, tt.says...)
		page.sound(t)
		r := b.get(path+"/progress?seen="+tt.phase, "HX-Request", "true")
		r.want(t, http.StatusOK, append(tt.has, `id="import-live"`, `hx-trigger="every 1s"`)...)
		r.says(t, tt.says...)
		if strings.Contains(r.body, "<html") || r.Header.Get("HX-Refresh") != "" {
			t.Errorf("%s: HX-Refresh %q, body %s", tt.name, r.Header.Get("HX-Refresh"), r.body)
		}
		if r := b.get(path+"/progress?seen=other", "HX-Request", "true"); r.Header.Get("HX-Refresh") != "true" {
			t.Errorf("%s: a page that shows another phase is not loaded anew", tt.name)
		}
	}
	b.get(path+"/progress").leadsTo(t, path)
	s.at(t, id, "state = 'queued', rows = 0, inserted = 0, duplicates = 0, rejected = 0, bytes_read = 0, worker = NULL, heartbeat_at = NULL, bytes_total = (SELECT bytes FROM sources LIMIT 1)")
	if err := s.imports.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if r := b.get(path+"/progress?seen=live", "HX-Request", "true"); r.Header.Get("HX-Refresh") != "true" {
		t.Error("the page of an import that is done now is not loaded anew")
	}
	b.get(path).says(t, "2 rows: 2 new, 0 duplicates, 0 refused")
	b.get("/imports/nonsense/progress", "HX-Request", "true").want(t, http.StatusNotFound)
}

func TestCancelAndResume(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	id, path := b.queued(chat("ai_coach", "q", "a"))
	b.get(path).want(t, http.StatusOK, `action="`+path+`/cancel"`)
	b.post(path+"/cancel", nil).leadsTo(t, path)
	page := b.get(path)
	page.want(t, http.StatusOK, `action="`+path+`/resume"`)
	page.says(t, "told to stop", "Cancelled", "It was cancelled after 0 rows")
	page.sound(t)
	if err := s.imports.Run(t.Context(), id); err == nil {
		t.Error("a cancelled import was run")
	}
	b.post(path+"/cancel", nil).leadsTo(t, path)
	b.get(path).says(t, "This import is cancelled already.")
	b.post(path+"/resume", nil).leadsTo(t, path)
	b.get(path).says(t, "goes on from where it stopped", "Waiting")
	if err := s.imports.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.get(path).says(t, "1 row: 1 new, 0 duplicates, 0 refused", "Done")
	b.post(path+"/resume", nil).leadsTo(t, path)
	b.get(path).says(t, "This import is done.")

	failed, path := b.queued(chat("ai_coach", "other", "a"))
	s.at(t, failed, "state = 'failed', error = 'The disk <b>is</b> full.', finished_at = now()")
	page = b.get(path)
	page.want(t, http.StatusOK, `action="`+path+`/resume"`, "The disk &lt;b&gt;is&lt;/b&gt; full.")
	page.says(t, "Failed", "It stopped after 0 rows", "What is in stays in")
	page.sound(t)
	s.at(t, failed, "state = 'running', error = '', finished_at = NULL, heartbeat_at = now() - interval '1 minute'")
	b.get(path).want(t, http.StatusOK, `action="`+path+`/resume"`, `action="`+path+`/cancel"`)
	b.post("/imports/"+uuid.NewString()+"/cancel", nil).want(t, http.StatusNotFound)
}

func TestRefusedRows(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Engineer)
	bad := []string{
		`{"messages":[{"role":"user","content":"<script>alert(1)</script>"}`,
		`{"category":"nowhere","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`,
		"{\"messages\":\"\xff\xfe\"}",
	}
	data := chat("ai_coach", "q", "a") + strings.Join(bad, "\n") + "\n" + chat("ai_coach", "q2", "a")
	id := b.bring("mixed.jsonl", []byte(data), field("format", "openai"), field("licence", "CC0"))
	page := b.get("/imports/" + id.String())
	page.sound(t)
	page.says(t, "5 rows: 2 new, 0 duplicates, 3 refused", "There is no category “nowhere”", "Correct these rows here", "CC0")
	if strings.Contains(page.body, "<script>alert") {
		t.Error("a refused row became markup")
	}

	// The download has every refused row, byte for byte.
	r := b.get("/imports/" + id.String() + "/rejects.jsonl")
	r.want(t, http.StatusOK)
	if got := r.Header.Get("Content-Disposition"); got != `attachment; filename="refused-mixed.jsonl"` {
		t.Errorf("Content-Disposition = %q", got)
	}
	var got []string
	for line := range strings.Lines(r.body) {
		var x struct {
			Line, Offset, Bytes int64
			Reason, Raw         string
			Base64              string `json:"raw_base64"`
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if x.Base64 != "" {
			raw, err := base64.StdEncoding.DecodeString(x.Base64)
			if err != nil {
				t.Fatal(err)
			}
			x.Raw = string(raw)
		}
		if at := strings.Index(data, x.Raw); x.Reason == "" || x.Bytes != int64(len(x.Raw)) || int64(at) != x.Offset || x.Line != int64(len(got))+2 {
			t.Errorf("%+v is not where line %d is", x, len(got)+2)
		}
		got = append(got, x.Raw)
	}
	if diff := cmp.Diff(bad, got); diff != "" {
		t.Errorf("refused rows (-want +got):\n%s", diff)
	}

	// What the form holds, corrected, is imported as a file of its own.
	doc, err := nethtml.Parse(strings.NewReader(page.body))
	if err != nil {
		t.Fatal(err)
	}
	var parts []formPart
	rows := ""
	for n := range doc.Descendants() {
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
		}
		if n.Data == "input" && attrs["type"] == "hidden" {
			parts = append(parts, field(attrs["name"], attrs["value"]))
		}
		if n.Data == "textarea" {
			rows = n.FirstChild.Data
		}
	}
	if !strings.HasPrefix(rows, bad[0]+"\n"+bad[1]+"\n") {
		t.Fatalf("the text area holds %q", rows)
	}
	fixed := strings.Replace(strings.Replace(rows, `alert(1)</script>"}`, `alert(1)</script>"},{"role":"assistant","content":"no"}]}`, 1), `"nowhere"`, `"ai_coach"`, 1)
	fixed = strings.ReplaceAll(fixed[:strings.LastIndex(strings.TrimSpace(fixed), "\n")+1], "\n", "\r\n") // as browsers send it
	r = b.sendForm("/imports", append(parts, field("category", "ai_coach"), field("rows", fixed)))
	m := importPath.FindStringSubmatch(r.Header.Get("Location"))
	if m == nil {
		t.Fatalf("corrected rows = %d\n%s", r.StatusCode, r.body)
	}
	if err := s.imports.Run(t.Context(), uuid.MustParse(m[1])); err != nil {
		t.Fatal(err)
	}
	b.get(m[0]).says(t, "mixed, corrected.jsonl", "2 rows: 2 new, 0 duplicates, 0 refused", "CC0")
}

func TestRefusedRowsOfATable(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Engineer)
	id := b.bring("t.csv", packed(t, []byte("frage;antwort\nrest?;yes\nbroken\n\"two\nlines\";\n")), field("category", "ai_coach"), field("map.user", "frage"), field("map.assistant", "antwort"))
	page := b.get("/imports/" + id.String())
	page.says(t, "refused", "leave it", "Field for user frage")
	page.want(t, http.StatusOK, "frage;antwort\nbroken\n")
	if strings.Count(page.body, `name="map.user" value="frage"`) != 1 {
		t.Error("the mapping is not carried along")
	}
}

func TestListsArePaged(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Engineer)
	var lines strings.Builder
	for i := range 130 {
		lines.WriteString(chat("ai_coach", fmt.Sprint(i%10), "a"))
	}
	for range 45 {
		lines.WriteString("{broken\n")
	}
	id := b.bring("many.jsonl", []byte(lines.String()))
	path := "/imports/" + id.String()
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	walk := func(from, row string) (rows, pages int) {
		for from != "" {
			r := b.get(from)
			r.want(t, http.StatusOK)
			r.sound(t)
			rows, pages = rows+strings.Count(r.body, row), pages+1
			m := next.FindStringSubmatch(r.body)
			if from = ""; m != nil {
				from, _, _ = strings.Cut(html.UnescapeString(m[1]), "#")
			}
		}
		return rows, pages
	}
	if rows, pages := walk(path+"/duplicates", `href="/examples/`); rows != 120 || pages != 2 {
		t.Errorf("%d duplicates on %d pages, want 120 on 2", rows, pages)
	}
	if rows, pages := walk(path, `class="import-raw"`); rows != 45 || pages != 3 {
		t.Errorf("%d refused rows on %d pages, want 45 on 3", rows, pages)
	}
	for i := range 60 {
		b.queued(chat("ai_coach", fmt.Sprintf("file %d", i), "a"))
	}
	if rows, pages := walk("/imports", `<th scope="row"`); rows != 61 || pages != 2 {
		t.Errorf("%d imports on %d pages, want 61 on 2", rows, pages)
	}
	for _, path := range []string{"/imports?before=x", path + "/duplicates?after=x", path + "?rejects=x"} {
		b.get(path).want(t, http.StatusUnprocessableEntity, "out of date", "First page of the list")
	}
}

// Nothing of a file becomes markup: neither its name, nor its rows, nor the
// names of its fields.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Admin)
	evil := `"><img src=x onerror=alert(1)><script>alert(2)</script>`
	unsafe := func(r reply) {
		t.Helper()
		doc, err := nethtml.Parse(strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type != nethtml.ElementNode {
				continue
			}
			inline := n.Data == "script" && n.FirstChild != nil
			for _, a := range n.Attr {
				inline = inline || strings.HasPrefix(a.Key, "on")
			}
			if n.Data == "img" || inline {
				t.Errorf("%s has markup from a file: <%s>", r.Request.URL, n.Data)
			}
		}
	}
	row := chat("ai_coach", evil, "**bold** <script>alert(3)</script> [x](javascript:alert(4))")
	fields, err := json.Marshal(map[string]string{evil: "x", "b": evil})
	if err != nil {
		t.Fatal(err)
	}
	name := url.QueryEscape(evil + ".jsonl")
	unsafe(b.raw("/imports/preview?name="+name, []byte(row+"{"+evil+"\n"+chat(evil, "a", "b")), "HX-Request", "true"))
	unsafe(b.raw("/imports/preview?category=ai_coach&name="+name, fields, "HX-Request", "true"))
	unsafe(b.raw("/imports/preview?category="+url.QueryEscape(evil), fields, "HX-Request", "true"))
	unsafe(b.sendForm("/imports", []formPart{field("category", evil), field("licence", evil), field("map.user", evil), file(evil, []byte(row))}))
	r := b.sendForm("/imports", []formPart{field("licence", evil), file("..\\x/"+"<svg onload=alert(1)>.jsonl", []byte(row+row+"{"+evil+"\n"))})
	m := importPath.FindStringSubmatch(r.Header.Get("Location"))
	if m == nil {
		t.Fatalf("upload = %d\n%s", r.StatusCode, r.body)
	}
	unsafe(b.get(m[0]))
	if err := s.imports.Run(t.Context(), uuid.MustParse(m[1])); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{m[0], m[0] + "/duplicates", "/imports"} {
		r := b.get(path)
		unsafe(r)
		r.sound(t)
	}
	r = b.get(m[0] + "/rejects.jsonl")
	if got := r.Header.Get("Content-Disposition"); got != `attachment; filename="refused-svg-onload-alert-1.jsonl"` {
		t.Errorf("Content-Disposition = %q", got)
	}
}

// approve makes every example of the dataset approved.
func (s *site) approve(t *testing.T, where string) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), "UPDATE examples SET status = 'approved' WHERE "+where); err != nil {
		t.Fatal(err)
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.PM)
	empty := b.get("/download")
	empty.want(t, http.StatusOK)
	empty.says(t, "Nothing to download", "No example is approved now.")
	empty.sound(t)

	engineer := s.as(t, account.Engineer)
	engineer.bring("core.json", shared(t, "voicefit-injury-core.json"))
	engineer.bring("odd.jsonl", []byte(
		`{"category":"ai_coach","messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"}]}`+"\n"+
			`{"category":"ai_coach","messages":[{"role":"user","content":"w"},{"role":"assistant","content":"x","weight":0},{"role":"user","content":"y"},{"role":"assistant","content":"z"}]}`+"\n"+
			chat("voice_parsing", "bench", "<b>& \u2028")))
	if _, err := s.imports.Store(t.Context(), strings.NewReader(chat("ai_coach", "demo", "row")), ingest.Upload{Name: "demo.jsonl", Demo: true, Channel: ingest.ChannelDemo, By: audit.Actor{Name: "demo"}}); err != nil {
		t.Fatal(err)
	}
	runs, err := s.imports.List(t.Context(), uuid.Nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.imports.Run(t.Context(), runs[0].ID); err != nil {
		t.Fatal(err)
	}
	s.approve(t, "category <> 'injury_analysis' OR id IN (SELECT id FROM examples WHERE category = 'injury_analysis' ORDER BY id LIMIT 25)")

	page := b.get("/download")
	page.sound(t)
	page.want(t, http.StatusOK, `href="/download/messages.jsonl?status=approved"`, `href="/examples?category=injury_analysis&amp;status=approved"`, `href="#refused"`)
	page.says(t, "28 rows, ", "1 example can't be said in this form and is left out.", "1 example has an answer marked as not to be trained on", "1 row is demo data", "message 2", "Left out", "Injury analysis 25")
	page = b.get("/download?preset=llama3-plain&status=pending&category=injury_analysis")
	page.sound(t)
	page.want(t, http.StatusOK, `href="/download/llama3-plain.jsonl?category=injury_analysis&amp;status=pending"`)
	page.says(t, "25 rows, ", "nobody has approved them", "spotter-llama3-plain-pending-injury_analysis.jsonl")

	for _, tt := range []struct {
		path string
		o    export.Options
		file string
	}{
		{"/download/messages.jsonl", export.Options{}, "spotter-messages-approved.jsonl"},
		{"/download/llama3.jsonl?status=approved", export.Options{Preset: export.Llama3}, "spotter-llama3-approved.jsonl"},
		{"/download/llama3-plain.jsonl?category=ai_coach", export.Options{Preset: export.Llama3Plain, Category: "ai_coach"}, "spotter-llama3-plain-approved-ai_coach.jsonl"},
		{"/download/together.jsonl", export.Options{Preset: export.Together}, "spotter-together-approved.jsonl"},
		{"/download/alpaca.jsonl", export.Options{Preset: export.Alpaca}, "spotter-alpaca-approved.jsonl"},
		{"/download/messages.jsonl?status=pending", export.Options{Status: example.Pending}, "spotter-messages-pending.jsonl"},
		{"/download/messages.jsonl?status=escalated", export.Options{Status: example.Escalated}, "spotter-messages-escalated.jsonl"},
	} {
		var want bytes.Buffer
		if _, err := s.exports.Write(t.Context(), &want, tt.o); err != nil {
			t.Fatal(err)
		}
		r := b.get(tt.path, "Accept-Encoding", "gzip")
		r.want(t, http.StatusOK)
		if r.body != want.String() {
			t.Errorf("%s differs from what export.Write gives: %d bytes, want %d", tt.path, len(r.body), want.Len())
		}
		header := map[string]string{}
		for _, name := range []string{"Content-Type", "Content-Disposition", "X-Content-Type-Options", "Content-Encoding", "Cache-Control"} {
			header[name] = r.Header.Get(name)
		}
		if diff := cmp.Diff(map[string]string{
			"Content-Type": "application/x-ndjson", "Content-Disposition": `attachment; filename="` + tt.file + `"`,
			"X-Content-Type-Options": "nosniff", "Content-Encoding": "", "Cache-Control": "no-store",
		}, header); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.path, diff)
		}
	}
	for path, want := range map[string]struct{ file, contentType, begins string }{
		"/download/messages.jsonl.gz":      {"spotter-messages-approved.jsonl.gz", "application/gzip", "\x1f\x8b"},
		"/download/openai.jsonl.zst":       {"spotter-openai-approved.jsonl.zst", "application/zstd", "\x28\xb5\x2f\xfd"},
		"/download/huggingface.zip":        {"spotter-huggingface-approved.zip", "application/zip", "PK"},
		"/download/llama-factory.zip":      {"spotter-llama-factory-approved.zip", "application/zip", "PK"},
		"/download/parquet.parquet":        {"spotter-parquet-approved.parquet", "application/vnd.apache.parquet", "PAR1"},
		"/download/together-weights.jsonl": {"spotter-together-weights-approved.jsonl", "application/x-ndjson", `{"messages":`},
	} {
		r, again := b.get(path), b.get(path)
		r.want(t, http.StatusOK)
		if !strings.HasPrefix(r.body, want.begins) || r.Header.Get("Content-Type") != want.contentType || !strings.Contains(r.Header.Get("Content-Disposition"), `"`+want.file+`"`) {
			t.Errorf("%s = %q, %q, %.10q", path, r.Header.Get("Content-Type"), r.Header.Get("Content-Disposition"), r.body)
		}
		if r.body != again.body {
			t.Errorf("%s gives other bytes the second time", path)
		}
	}
	for _, preset := range export.Presets() {
		page := b.get("/download?preset=" + string(preset))
		page.sound(t)
		page.want(t, http.StatusOK, `aria-current="true"`, `href="/download/`+string(preset)+".")
		page.says(t, preset.Describe().For, "All forms")
	}
	if r := b.send(http.MethodHead, "/download/llama3.jsonl", nil); r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("HEAD = %d, %q", r.StatusCode, r.Header.Get("Content-Type"))
	}
	for _, path := range []string{"/download/xml.jsonl", "/download/messages-plain.jsonl", "/download/messages", "/download/messages.zip", "/download/.jsonl", "/download/trl.jsonl", "/download/parquet.jsonl", "/download/messages.jsonl.rar", "/download/messages.jsonl?status=lost", "/download/messages.jsonl?category=swimming", "/download?preset=x", "/download?status=x", "/download?category=x"} {
		r := b.get(path)
		r.want(t, http.StatusNotFound)
		if r.Header.Get("Content-Disposition") != "" {
			t.Errorf("the error page of %s is saved as a file", path)
		}
	}
}

// A download that fails half-way must not look whole.
func TestDownloadBreaksOff(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Engineer)
	var rows strings.Builder
	long := strings.Repeat("word ", 2000)
	for i := range 400 {
		rows.WriteString(chat("ai_coach", fmt.Sprint("q", i), long))
	}
	b.bring("long.jsonl", []byte(rows.String()))
	b.bring("last.jsonl", []byte(chat("running_cardio", "q", "a")))
	s.approve(t, "true")
	// What cannot be read stands after more than one buffer of rows that can.
	if _, err := s.pool.Exec(t.Context(), `ALTER TABLE revisions DISABLE TRIGGER revisions_append_only`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pool.Exec(t.Context(), `UPDATE revisions SET messages = 'broken', strict = false WHERE example_id IN (SELECT id FROM examples WHERE category = 'running_cardio')`); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/download/messages.jsonl", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || n == 0 {
		t.Errorf("a broken download gave %d bytes and %v, want some and an error", n, err)
	}
	if !strings.Contains(s.log.text(), "answer broken off") {
		t.Error("nothing is in the log")
	}
	// Where nothing was sent yet, there is a page.
	b.get("/download/messages.jsonl?category=running_cardio").want(t, http.StatusInternalServerError, "<h1>")
}

// What is too large to be tried is counted.
func TestDownloadOfManyRows(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	if _, err := s.pool.Exec(context.WithoutCancel(t.Context()), `INSERT INTO counters (dataset_id, category, subcategory, status, shard, examples, tokens)
		VALUES ($1, 'ai_coach', '', 'approved', 0, 2000000, 0)`, s.catalogs.Dataset()); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r := s.as(t, account.PM).get("/download?preset=llama3")
	r.sound(t)
	r.says(t, "2,000,000 rows", "Counted, not tried", "spotter export names each of them")
}
