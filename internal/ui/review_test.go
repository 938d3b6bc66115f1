package ui_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui"
)

// reviews is the service on a site's database. One rule stands in for the
// checks: BAD in a message is an error.
func reviews(s *site) *review.Service {
	return review.New(review.Config{
		DB: s.pool, Dataset: s.catalogs.Dataset(),
		Catalog: func(ctx context.Context) (*catalog.Catalog, error) {
			c, _, err := s.catalogs.CurrentVersion(ctx)
			if err != nil {
				return nil, err
			}
			quiet, none := *c, 0.0
			quiet.SecondLookShare = &none // what is left in a queue is then what was put in
			return &quiet, nil
		},
		Order: func(ctx context.Context) ([]string, error) {
			c, _, err := s.catalogs.CurrentVersion(ctx)
			if err != nil {
				return nil, err
			}
			return c.Slugs(), nil
		},
		Check: func(_ context.Context, sub lint.Subject) ([]lint.Finding, error) {
			for i, m := range sub.Conversation.Messages {
				if strings.Contains(m.Content, "BAD") {
					return []lint.Finding{{Rule: "test/bad", Severity: lint.Error, Message: "Take out BAD.", Path: fmt.Sprintf("/messages/%d/content", i)}}, nil
				}
			}
			return nil, nil
		},
		Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)) / 4; return n, n - 25 },
	})
}

// stored is what the database knows of an example.
type stored struct {
	Status    string
	Revision  int
	Answer    string // of the last message
	Decisions []string
	Held      bool
}

func (s *site) stored(t *testing.T, id uuid.UUID) stored {
	t.Helper()
	var e stored
	var messages string
	if err := s.pool.QueryRow(t.Context(), `
		SELECT e.status::text, e.revision, r.messages,
		       ARRAY(SELECT verdict || CASE WHEN reason = '' THEN '' ELSE ': ' || reason END FROM decisions d WHERE d.example_id = e.id ORDER BY d.id),
		       EXISTS (SELECT FROM leases l WHERE l.example_id = e.id AND l.expires_at > now())
		  FROM examples e JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
		 WHERE e.id = $1`, id).Scan(&e.Status, &e.Revision, &messages, &e.Decisions, &e.Held); err != nil {
		t.Fatal(err)
	}
	ms, err := example.ParseMessages([]byte(messages))
	if err != nil {
		t.Fatal(err)
	}
	e.Answer = ms[len(ms)-1].Content
	return e
}

// first returns the id of the example that a page shows first.
func first(t *testing.T, body string) string {
	t.Helper()
	m := regexp.MustCompile(`data-example-id="([^"]+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("there is no example on the page:\n%s", body)
	}
	return m[1]
}

// hiddenField returns the value of a hidden field.
func hiddenField(t *testing.T, body, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("the page has no field %s:\n%s", name, body)
	}
	return m[1]
}

// form is a decision as the page without JavaScript sends it.
func form(t *testing.T, page reply, verdict string, more ...string) url.Values {
	t.Helper()
	v := url.Values{"verdict": {verdict}, "category": {"voice_parsing"}}
	for _, name := range []string{"example_id", "revision", "status_seen", "request_key", "shown_at"} {
		v.Set(name, hiddenField(t, page.body, name))
	}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

var script = []string{"HX-Request", "true"}

func TestReviewWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := exampletest.Insert(t, s.pool, 5, exampletest.Seed{})
	b := s.as(t, account.Reviewer)
	b.get("/review").want(t, http.StatusOK, "Voice parsing", "5 examples wait", "Just ten")

	// Looking takes nothing.
	b.get("/review/voice_parsing").want(t, http.StatusOK, "You hold nothing of this queue")
	if s.stored(t, ids[0]).Held {
		t.Fatal("looking at the queue took an example")
	}
	b.post("/review/claim", url.Values{"category": {"voice_parsing"}, "limit": {"4"}}).leadsTo(t, "/review/voice_parsing?done=0&limit=4")

	page := b.get("/review/voice_parsing?done=0&limit=4")
	page.want(t, http.StatusOK, "0 of 4", "From seed.jsonl, line 1, imported on the command line")
	if got := first(t, page.body); got != ids[0].String() {
		t.Fatalf("the page shows %s, want %s", got, ids[0])
	}
	limited := []string{"limit", "4", "done", "0"}
	b.post("/review/decisions", form(t, page, "approve", limited...)).leadsTo(t, "/review/voice_parsing?done=1&limit=4")
	if e := s.stored(t, ids[0]); e.Status != "approved" || e.Held {
		t.Errorf("after approving: %+v", e)
	}
	// The next one is held by now, so the page shows it.
	page = b.get("/review/voice_parsing?done=1&limit=4")
	page.want(t, http.StatusOK, "Approved.", "1 of 4")

	// A reject without a reason comes back with the panel open and the message.
	bad := b.post("/review/decisions", form(t, page, "reject", "limit", "4", "done", "1"))
	bad.want(t, http.StatusUnprocessableEntity, "Say why you reject it.", `data-panel="reject" open`)
	page = b.get("/review/voice_parsing?done=1&limit=4")
	reject := form(t, page, "reject", "limit", "4", "done", "1", "reason_choice", "Something else", "reason", "two exercises")
	b.post("/review/decisions", reject).leadsTo(t, "/review/voice_parsing?done=2&limit=4")
	if e := s.stored(t, ids[1]); e.Status != "rejected" || !slices.Equal(e.Decisions, []string{"reject: Something else: two exercises"}) {
		t.Errorf("after rejecting: %+v", e)
	}

	// A question for a specialist.
	page = b.get("/review/voice_parsing?done=2&limit=4")
	b.post("/review/decisions", form(t, page, "escalate", "limit", "4", "done", "2")).want(t, http.StatusUnprocessableEntity, "Write the question for the specialist.")
	page = b.get("/review/voice_parsing?done=2&limit=4")
	b.post("/review/decisions", form(t, page, "escalate", "limit", "4", "done", "2", "question", "Is it?")).leadsTo(t, "/review/voice_parsing?done=3&limit=4")

	// Editing is a page with a form; saving it approves.
	page = b.get("/review/voice_parsing?done=3&limit=4&edit=1")
	page.want(t, http.StatusOK, "data-editing", `name="message.1:/reps"`)
	edit := form(t, page, "approve", "limit", "4", "done", "3", "message.0", "bench 48 for 4", "message.1", "{\r\n  \"reps\": 4\r\n}")
	b.post("/review/decisions", edit).leadsTo(t, "/review") // four are done
	if e := s.stored(t, ids[3]); e.Status != "approved" || e.Revision != 2 || e.Answer != `{"reps":4}` {
		t.Errorf("after editing: %+v", e)
	}
	b.get("/review").want(t, http.StatusOK, "Done: 4 examples")

	// Undo is a button, and brings the example back.
	b.post("/review/undo", url.Values{"category": {"voice_parsing"}}).leadsTo(t, "/review/voice_parsing?at="+ids[3].String())
	page = b.get("/review/voice_parsing?at=" + ids[3].String())
	page.want(t, http.StatusOK, "Taken back", "What changed")
	if got := first(t, page.body); got != ids[3].String() {
		t.Errorf("after undoing the page shows %s, want %s", got, ids[3])
	}
	if e := s.stored(t, ids[3]); e.Status != "pending" || e.Revision != 3 || !e.Held {
		t.Errorf("after undoing: %+v", e)
	}
	b.post("/review/release", url.Values{"id": {ids[3].String()}}).leadsTo(t, "/review")
	if s.stored(t, ids[3]).Held {
		t.Error("it is still held after stopping")
	}
}

func TestApprovingOverErrors(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := exampletest.Insert(t, s.pool, 2, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "test/bad", Severity: "error", Message: "Take <b>this</b> out.", Path: "/messages/1/content/reps"},
	}})
	b := s.as(t, account.Reviewer)
	b.post("/review/claim", url.Values{"category": {"voice_parsing"}})
	page := b.get("/review/voice_parsing")
	page.want(t, http.StatusOK, "Take &lt;b&gt;this&lt;/b&gt; out.", "test/bad", "found-part found-error")

	refused := b.post("/review/decisions", form(t, page, "approve", "checklist", "numbers"))
	refused.want(t, http.StatusUnprocessableEntity, "1 findings are errors", "override is-open")
	b.post("/review/decisions", form(t, page, "approve"), script...).
		want(t, http.StatusUnprocessableEntity, `data-field="override_reason"`)
	page = b.get("/review/voice_parsing")
	b.post("/review/decisions", form(t, page, "approve", "override_reason", "the rule is wrong")).leadsTo(t, "/review/voice_parsing")
	if e := s.stored(t, ids[0]); e.Status != "approved" {
		t.Errorf("example = %+v", e)
	}
	b.get("/examples/"+ids[0].String()).want(t, http.StatusOK, "In spite of errors:", "the rule is wrong")
}

func TestScriptedReview(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := exampletest.Insert(t, s.pool, 6, exampletest.Seed{})
	b := s.as(t, account.Reviewer)
	got := b.post("/review/claim", url.Values{"category": {"voice_parsing"}, "n": {"3"}}, script...)
	got.want(t, http.StatusOK, `data-total="6"`)
	if strings.Contains(got.body, "<html") {
		t.Error("the script gets a whole page")
	}
	var claimed []string
	for _, m := range regexp.MustCompile(`<article[^>]*data-example-id="([^"]+)"`).FindAllStringSubmatch(got.body, -1) {
		claimed = append(claimed, m[1])
	}
	if diff := cmp.Diff([]string{ids[0].String(), ids[1].String(), ids[2].String()}, claimed); diff != "" {
		t.Fatalf("claimed (-want +got):\n%s", diff)
	}
	b.post("/review/claim", url.Values{"category": {"voice_parsing"}, "n": {"99"}}, script...).want(t, http.StatusUnprocessableEntity, "between 1 and 5")

	decision := url.Values{
		"example_id": {claimed[0]}, "revision": {"1"}, "status_seen": {"pending"}, "verdict": {"approve"},
		"request_key": {uuid.NewString()}, "millis": {"4000"},
	}
	b.post("/review/decisions", decision, script...).want(t, http.StatusOK, "data-outcome", `data-status="approved"`, "Approved.")
	// The same request again is the same decision.
	b.post("/review/decisions", decision, script...).want(t, http.StatusOK, "data-replayed")
	if e := s.stored(t, ids[0]); len(e.Decisions) != 1 {
		t.Errorf("a request sent twice made %q", e.Decisions)
	}
	// Another one on the status that is no more is refused, and says why.
	decision.Set("request_key", uuid.NewString())
	b.post("/review/decisions", decision, script...).want(t, http.StatusConflict, "data-problem", "This example is approved by now")

	// A stale revision too.
	stale := url.Values{"example_id": {claimed[1]}, "revision": {"7"}, "status_seen": {"pending"}, "verdict": {"approve"}, "message.1": {"mine"}}
	b.post("/review/decisions", stale, script...).want(t, http.StatusConflict, "you saw revision 7")
	b.post("/review/decisions", stale).want(t, http.StatusConflict, "you saw revision 7", "mine</textarea>")

	// Somebody else's turn.
	other := s.browser(t)
	s.add(t, "bo@example.com", account.Reviewer)
	other.post("/login", url.Values{"email": {"bo@example.com"}, "password": {password}}).leadsTo(t, "/")
	stale.Set("revision", "1")
	stale.Del("message.1")
	other.post("/review/decisions", stale, script...).want(t, http.StatusConflict, "Somebody else is working on this example now")

	// The heartbeat names what is still held.
	beat := url.Values{"id": claimed}
	alive := b.post("/review/heartbeat", beat, script...)
	alive.want(t, http.StatusOK, claimed[1], claimed[2])
	if strings.Contains(alive.body, claimed[0]) {
		t.Error("the heartbeat names an example that is decided")
	}
	if _, err := s.pool.Exec(t.Context(), "UPDATE leases SET expires_at = now() - interval '1 minute' WHERE example_id = $1", ids[1]); err != nil {
		t.Fatal(err)
	}
	if got := b.post("/review/heartbeat", beat, script...); strings.Contains(got.body, claimed[1]) || !strings.Contains(got.body, claimed[2]) {
		t.Errorf("after one lease ran out the heartbeat says %s", got.body)
	}
	b.post("/review/heartbeat", url.Values{"id": {"x"}}, script...).want(t, http.StatusUnprocessableEntity)

	// Undo gives the example back as an article.
	b.post("/review/undo", url.Values{"category": {"voice_parsing"}}, script...).
		want(t, http.StatusOK, `data-example-id="`+claimed[0]+`"`, `data-status="pending"`)
	b.post("/review/undo", url.Values{"category": {"voice_parsing"}}, script...).
		want(t, http.StatusUnprocessableEntity, "nothing that could be undone")

	// What is left is said when nothing is.
	b.post("/review/claim", url.Values{"category": {"voice_parsing"}, "n": {"5"}}, script...).want(t, http.StatusOK)
	b.post("/review/claim", url.Values{"category": {"voice_parsing"}, "n": {"5"}}, script...).want(t, http.StatusOK, "data-none", "nothing is left")

	// Without a session the script is told so.
	s.browser(t).post("/review/decisions", decision, script...).want(t, http.StatusUnauthorized)
}

func TestQuestionIsAnsweredWhereItWasAsked(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	reviewer, other, lead := s.as(t, account.Reviewer), s.asPerson(t, "bo@example.com", account.Reviewer), s.as(t, account.Lead)
	reviewer.post("/review/claim", url.Values{"category": {"voice_parsing"}})
	page := reviewer.get("/review/voice_parsing")
	reviewer.post("/review/decisions", form(t, page, "escalate", "question", "Is it <i>this</i>?")).leadsTo(t, "/review")
	reviewer.get("/review").want(t, http.StatusOK, "A specialist will look at it. Nothing is left in this queue", `href="/questions"`)
	reviewer.post("/review/claim", url.Values{"category": {"voice_parsing"}}).leadsTo(t, "/review")

	// Who asked sees it and can't answer; who did not, and knows no better, does not see it.
	list := reviewer.get("/questions")
	list.want(t, http.StatusOK, "Is it &lt;i&gt;this&lt;/i&gt;?", "Look")
	address := link(t, list, "/questions/")
	reviewer.get(address).want(t, http.StatusOK, "Is it &lt;i&gt;this&lt;/i&gt;?", "A specialist will answer; you are told in your inbox.")
	reviewer.get("/review").want(t, http.StatusOK, "Your questions")
	other.get("/questions").want(t, http.StatusOK, "There are no open questions")
	other.get(address).want(t, http.StatusNotFound, "Go to the questions")
	reviewer.post(address, url.Values{}).want(t, http.StatusForbidden)

	lead.get("/questions").want(t, http.StatusOK, "Answer")
	page = lead.get(address)
	page.want(t, http.StatusOK, "Asked by Test reviewer", `name="status_seen" value="escalated"`)
	lead.post(address, form(t, page, "approve")).want(t, http.StatusUnprocessableEntity, "Write the answer")
	lead.post(address, form(t, page, "approve", "answer", "Yes, it is <b>that</b>.")).leadsTo(t, "/questions")
	if e := s.stored(t, id); e.Status != "approved" {
		t.Errorf("example = %+v", e)
	}
	reviewer.get("/examples/"+id.String()).want(t, http.StatusOK, "Questions and answers", "Yes, it is &lt;b&gt;that&lt;/b&gt;.", "Test lead answered")
	reviewer.get("/inbox").want(t, http.StatusOK, "Yes, it is &lt;b&gt;that&lt;/b&gt;.")
	lead.get(address).want(t, http.StatusOK, "Test lead answered and approved it, ")
}

func TestQueueThatDoesNotExist(t *testing.T) {
	t.Parallel()
	b := start(t, nil).as(t, account.Reviewer)
	b.get("/review/nothing_like_it").want(t, http.StatusNotFound)
	b.get("/review/voice_parsing?order=sideways").want(t, http.StatusUnprocessableEntity)
	b.get("/review/voice_parsing?limit=many").want(t, http.StatusUnprocessableEntity)
	b.post("/review/decisions", url.Values{"example_id": {"x"}}).want(t, http.StatusUnprocessableEntity)
	b.post("/review/decisions", url.Values{"example_id": {uuid.NewString()}, "revision": {"1"}, "verdict": {"approve"}}).want(t, http.StatusNotFound)
	b.get("/review").want(t, http.StatusOK, "Nothing to lift yet")
}

func TestEditThatIsNoJSONComesBack(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	b := s.as(t, account.Reviewer)
	page := b.get("/examples/" + id.String() + "?edit=1")
	page.want(t, http.StatusOK, "data-editing")
	decision := form(t, page, "approve", "message.0", "bench", "message.1", `{"reps": <script>`)
	b.post("/examples/"+id.String()+"/decisions", decision).
		want(t, http.StatusUnprocessableEntity, "This is not valid JSON: line 1", `{&#34;reps&#34;: &lt;script&gt;</textarea>`)
	b.post("/examples/"+id.String()+"/decisions", decision, script...).want(t, http.StatusUnprocessableEntity, `data-field="message.1"`)
	if e := s.stored(t, id); e.Revision != 1 || e.Status != "pending" {
		t.Errorf("example = %+v", e)
	}
}

// Whatever a dataset holds, it is text on every page that shows it.
func TestHostileExamples(t *testing.T) {
	t.Parallel()
	const evil = `<script>alert(1)</script><img src=x onerror=alert(2)></textarea><svg/onload=alert(3)>` + "\u202e\u200b"
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{
		Subcategory: evil, Category: "voice_parsing",
		Conversation: func(int) example.Conversation {
			answer := example.AppendString(nil, evil)
			return example.Conversation{Messages: []example.Message{
				{Role: example.System, Content: evil + "\n# " + evil},
				{Role: example.User, Content: evil},
				{Role: example.Assistant, Content: "**bold** [x](javascript:alert(4)) ![i](http://evil.example/i.png)\n\n" + evil},
				{Role: example.Assistant, Content: `{` + string(answer) + `:[` + string(answer) + `]}`},
			}}
		},
		Findings: []exampletest.Finding{{Rule: "test/x", Severity: "warning", Message: evil, Path: "/messages/1/content"}},
	})[0]
	b := s.as(t, account.Lead)
	b.post("/review/claim", url.Values{"category": {"voice_parsing"}})
	for _, path := range []string{"/review/voice_parsing", "/review/voice_parsing?edit=1", "/examples", "/examples?q=" + url.QueryEscape(evil), "/examples/" + id.String(), "/examples/" + id.String() + "?edit=1"} {
		body := b.get(path).body
		// The browser gets the text in text fields as it is: that is where it is edited.
		shown := regexp.MustCompile(`(?s)<textarea.*?</textarea>|<input[^>]*>`).ReplaceAllString(body, "")
		for _, bad := range []string{"<script>alert", "<img src", "<svg/onload", "\u202e", "\u200b", `href="javascript`, "<img"} {
			if strings.Contains(shown, bad) {
				t.Errorf("%s passes on %q", path, bad)
			}
		}
		if strings.Count(body, "</textarea>") != strings.Count(body, "<textarea") {
			t.Errorf("%s lets text end its text field", path)
		}
		if path != "/review" && !strings.Contains(shown, "RLO") {
			t.Errorf("%s does not show the character that turns text around", path)
		}
	}
}

func TestReviewPageIsLight(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	exampletest.Insert(t, s.pool, 5, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute", Conversation: func(i int) example.Conversation {
		return example.Conversation{Messages: []example.Message{
			{Role: example.System, Content: strings.Repeat("You are a careful coach. ", 200)},
			{Role: example.User, Content: fmt.Sprintf("My knee hurts since week %d.", i)},
			{Role: example.Assistant, Content: `{"reasoning_chain":["` + strings.Repeat("A step of the reasoning. ", 200) + `"],"response_to_user":"` + strings.Repeat("Rest. ", 300) + `"}`},
		}}
	}})
	b := s.as(t, account.Reviewer)
	b.post("/review/claim", url.Values{"category": {"injury_analysis"}, "n": {"5"}}, script...).want(t, http.StatusOK)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(b.get("/review/injury_analysis").body)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > 60_000 {
		t.Errorf("the page alone is %d bytes compressed; with styles and scripts it must stay under 150 kB", packed.Len())
	}
}

func TestProvenance(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) // a Friday
	for _, tt := range []struct {
		name string
		days int
		want string
	}{
		{"today", 0, "today"},
		{"yesterday", 1, "yesterday"},
		{"this week", 3, "on Tuesday"},
		{"this year", 40, "on 11 October"},
		{"long ago", 400, "on 16 October 2025"},
	} {
		if got := ui.Day(now.AddDate(0, 0, -tt.days), now); got != tt.want {
			t.Errorf("%s: Day() = %q, want %q", tt.name, got, tt.want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0\u00a0s", 40 * time.Second: "40\u00a0s", 89 * time.Second: "89\u00a0s", 90 * time.Second: "2\u00a0min", 59 * time.Minute: "59\u00a0min",
		time.Hour: "1\u00a0h", 70 * time.Minute: "1\u00a0h 10\u00a0min",
	} {
		if got := ui.Spell(d); got != want {
			t.Errorf("Spell(%v) = %q, want %q", d, got, want)
		}
	}
}
