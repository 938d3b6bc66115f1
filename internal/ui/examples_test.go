package ui_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/web/htmlcheck"
)

func TestListExamples(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	voice := exampletest.Insert(t, s.pool, 120, exampletest.Seed{})
	acute := exampletest.Insert(t, s.pool, 3, exampletest.Seed{
		Category: "injury_analysis", Subcategory: "acute", Status: example.Approved,
		Conversation: func(i int) example.Conversation {
			return example.Conversation{Messages: []example.Message{
				{Role: example.User, Content: "My knee " + strings.Repeat("!", i)},
				{Role: example.Assistant, Content: `{"primary_assessment":{"severity":"mild","confidence":0.9}}`},
			}}
		},
		Findings: []exampletest.Finding{
			{Rule: "injury/probability-sum", Severity: "error", Message: "Off.", Path: "/messages/1/content"},
			{Rule: "text/placeholder", Severity: "warning", Message: "Hm.", Path: ""},
		},
	})
	b := s.as(t, account.PM)
	shown := func(path string) []string {
		t.Helper()
		got := b.get(path)
		got.want(t, http.StatusOK)
		var ids []string
		for _, m := range regexp.MustCompile(`href="/examples/([0-9a-f-]{36})" class="excerpt"`).FindAllStringSubmatch(got.body, -1) {
			ids = append(ids, m[1])
		}
		return ids
	}
	for _, tt := range []struct {
		name, query string
		want        int
		first       uuid.UUID
	}{
		{"everything, a page of it", "", 50, voice[0]},
		{"category", "?category=injury_analysis", 3, acute[0]},
		{"subcategory", "?subcategory=acute", 3, acute[0]},
		{"status", "?status=approved", 3, acute[0]},
		{"rule", "?rule=injury%2Fprobability-sum", 3, acute[0]},
		{"severity", "?severity=warning", 3, acute[0]},
		{"source", "?source=seed.jsonl&category=injury_analysis", 3, acute[0]},
		{"words", "?q=knee+%21%21", 1, acute[2]},
		{"an id", "?q=" + voice[7].String(), 1, voice[7]},
	} {
		ids := shown("/examples" + tt.query)
		if len(ids) != tt.want || ids[0] != tt.first.String() {
			t.Errorf("%s: %d examples beginning with %v, want %d with %s", tt.name, len(ids), ids[:min(1, len(ids))], tt.want, tt.first)
		}
	}

	// The address holds the filter, and the form shows it.
	b.get("/examples?category=injury_analysis&status=approved&q=knee").want(t, http.StatusOK,
		`<option value="injury_analysis" selected>Injury analysis</option>`, `<option value="approved" selected>Approved</option>`,
		`value="knee"`, "1 error", "1 warning", "Severity mild · Confidence 0.9", "seed.jsonl, line 1", `href="/examples">Clear</a>`)
	b.get("/examples?rule=no%2Fsuch").want(t, http.StatusOK, "Nothing matches", `<option value="no/such" selected>no/such</option>`)
	b.get("/examples?status=lost").want(t, http.StatusUnprocessableEntity)
	b.get("/examples?cursor=%21").want(t, http.StatusUnprocessableEntity)
	b.get("/examples?import=x").want(t, http.StatusNotFound)

	// Paging by key reaches every example once, and leads back.
	link := func(rel, body string) string {
		m := regexp.MustCompile(`href="([^"]+)" rel="` + rel + `"`).FindStringSubmatch(body)
		if m == nil {
			return ""
		}
		return strings.ReplaceAll(m[1], "&amp;", "&")
	}
	seen := map[string]bool{}
	path, pages, last := "/examples?source=seed.jsonl", 0, ""
	for path != "" {
		body := b.get(path).body
		for _, id := range shown(path) {
			if seen[id] {
				t.Errorf("%s shows %s again", path, id)
			}
			seen[id] = true
		}
		last, path = path, link("next", body)
		pages++
	}
	if len(seen) != 123 || pages != 3 {
		t.Errorf("%d examples on %d pages, want 123 on 3", len(seen), pages)
	}
	if back := link("prev", b.get(last).body); back == "" || len(shown(back)) != 50 {
		t.Errorf("the way back from the last page is %q", back)
	}
}

func TestEmptyList(t *testing.T) {
	t.Parallel()
	start(t, nil).as(t, account.PM).get("/examples").want(t, http.StatusOK, "No examples yet")
}

func TestExamplePage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	path := "/examples/" + id.String()
	lead, reviewer, pm := s.as(t, account.Lead), s.as(t, account.Reviewer), s.as(t, account.PM)

	// Who may not decide sees the same page without the form.
	page := pm.get(path)
	page.want(t, http.StatusOK, "Bench Press", "From seed.jsonl, line 1", "SHA-256 of the content", id.String())
	if strings.Contains(page.body, "data-decide") {
		t.Error("a PM is offered to decide")
	}
	pm.post(path+"/decisions", url.Values{"verdict": {"approve"}}).want(t, http.StatusForbidden)

	// Somebody holds it: everybody sees that, a lead can hand it over.
	reviewer.post("/review/claim", url.Values{"category": {"voice_parsing"}})
	pm.get(path).want(t, http.StatusOK, "Test reviewer has taken it just now")
	reviewer.get(path).want(t, http.StatusOK, "You have taken it just now")
	lead.get(path).want(t, http.StatusOK, "Hand over")
	lead.post(path+"/decisions", form(t, lead.get(path), "approve")).want(t, http.StatusConflict, "Somebody else is working on this example now")
	reviewer.post(path+"/handover", nil).want(t, http.StatusForbidden)
	lead.post(path+"/handover", nil).leadsTo(t, path)
	if s.stored(t, id).Held {
		t.Fatal("it is still held after handing over")
	}

	// An edit here makes a revision, the history shows what changed, and the older
	// one can be brought back.
	lead.post(path+"/decisions", form(t, lead.get(path), "approve", "message.1", `{"exercise_name":"Bench Press","weight":50,"reps":1}`)).leadsTo(t, path)
	lead.get(path).want(t, http.StatusOK, "Test lead", "edited it (revision 2) and approved it", "What changed", "Weight", "<del>45</del>", "<ins>50</ins>")
	lead.post(path+"/restore", url.Values{"revision": {"2"}, "restore": {"1"}}).leadsTo(t, path)
	if e := s.stored(t, id); e.Revision != 3 || e.Status != "pending" || e.Answer != `{"exercise_name":"Bench Press","weight":45,"reps":1}` {
		t.Errorf("after bringing revision 1 back: %+v", e)
	}
	lead.get(path).want(t, http.StatusOK, "made revision 3", "restored revision 1", "Bring revision 2 back")
	lead.post(path+"/restore", url.Values{"revision": {"2"}, "restore": {"1"}}).want(t, http.StatusConflict)
	lead.post(path+"/restore", url.Values{"revision": {"3"}, "restore": {"9"}}).want(t, http.StatusUnprocessableEntity)
	lead.post(path+"/restore", url.Values{"revision": {"x"}, "restore": {"1"}}).want(t, http.StatusUnprocessableEntity)

	// A decision of before can be revised; the status that was seen counts.
	stale := form(t, lead.get(path), "reject", "reason", "late")
	lead.post(path+"/decisions", form(t, lead.get(path), "approve")).leadsTo(t, path)
	lead.post(path+"/decisions", stale).want(t, http.StatusConflict, "This example is approved by now")
	lead.post(path+"/decisions", form(t, lead.get(path), "reject", "reason", "late")).leadsTo(t, path)

	lead.get("/examples/x").want(t, http.StatusNotFound)
	lead.get("/examples/"+uuid.NewString()).want(t, http.StatusNotFound)
}

// slowSearch finds nothing in time, and says so.
type slowSearch struct{ ui.Examples }

func (slowSearch) List(context.Context, browse.Filter, string, int) (browse.Page, error) {
	return browse.Page{Next: "bmV4dA", Searched: 12_000, Stopped: true}, nil
}

func TestSearchThatStoppedEarly(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *ui.Config) { c.Browse = slowSearch{c.Browse} })
	got := s.as(t, account.PM).get("/examples?q=needle")
	got.want(t, http.StatusOK, "Looked at 12,000 examples and found 0 so far.", `href="/examples?cursor=bmV4dA&amp;q=needle">Keep searching</a>`)
	if strings.Contains(got.body, "Nothing matches") {
		t.Error("a search that goes on says that nothing matches")
	}
}

// Every page of reviewing and of examples is markup that browsers need not mend.
func TestReviewPagesAreSoundHTML(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 3, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "voice/x", Severity: "error", Message: "Look.", Path: "/messages/1/content/reps"},
		{Rule: "voice/y", Severity: "info", Message: "Look.", Path: "/messages/0/content"},
	}})[0]
	exampletest.Insert(t, s.pool, 1, exampletest.Seed{
		Category: "injury_analysis", Subcategory: "acute",
		Conversation: func(int) example.Conversation {
			return example.Conversation{
				Tools: []byte(`[{"function":{"name":"log_set","description":"Logs a set."}}]`),
				Messages: []example.Message{
					{Role: example.System, Content: strings.Repeat("Be careful. ", 40)},
					{Role: example.User, Content: "My knee"},
					{Role: example.Assistant, ToolCalls: []example.ToolCall{{ID: "c1", Name: "log_set", Arguments: `{"reps":5}`}}},
					{Role: example.Tool, ToolCallID: "c1", Content: `{"ok":true}`},
					{Role: example.Assistant, Content: `{"assessment":{"injury_detected":true,"confidence":0.5,"severity":"odd"},"differential_diagnoses":[{"condition":"a","probability":0.5,"distinguishing_features":["x"]}],` +
						`"affected_exercises":{"avoid_completely":[{"exercise":"Squat","load_percent":0}],"safe_to_continue":[]},"response_to_user":"**Rest**\n\n- now",` +
						`"recommendations":{"recovery_timeline_validation":{"day_3":"Less pain."}},"table":[{"a":1,"b":2},{"a":3}]}`},
				},
			}
		},
	})
	b := s.as(t, account.Lead)
	for _, category := range []string{"voice_parsing", "injury_analysis"} {
		b.post("/review/claim", url.Values{"category": {category}})
	}
	b.post("/examples/"+id.String()+"/decisions", form(t, b.get("/examples/"+id.String()), "escalate", "question", "Is it?"))
	for _, path := range []string{
		"/review", "/review/injury_analysis", "/review/injury_analysis?edit=1", "/review/voice_parsing", "/review/voice_parsing?status=escalated",
		"/examples", "/examples?q=nothing", "/examples/" + id.String(), "/examples/" + id.String() + "?edit=1",
	} {
		got := b.get(path)
		got.want(t, http.StatusOK)
		for _, problem := range htmlcheck.Page([]byte(got.body)) {
			t.Errorf("%s: %s", path, problem)
		}
	}
}

// What the checks have proved is ticked; the rest is for people.
func TestChecklistShowsWhatIsProved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		has      bool
		findings []exampletest.Finding
		want     int
	}{
		{name: "the rule ran and found nothing", has: true, want: 1},
		{name: "the rule found something", has: true, findings: []exampletest.Finding{{Rule: "injury/checkpoints", Severity: "error", Message: "Missing."}}},
		{name: "there is no such rule", has: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(c *ui.Config) {
				c.HasRule = func(rule string) bool { return tt.has && rule == "injury/checkpoints" }
			})
			id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute", Findings: tt.findings})[0]
			body := s.as(t, account.Lead).get("/examples/" + id.String()).body
			if got := strings.Count(body, "shown by the checks"); got != tt.want {
				t.Errorf("%d items are proved, want %d", got, tt.want)
			}
			if got := len(regexp.MustCompile(`name="checklist"[^>]* checked`).FindAllString(body, -1)); got != tt.want {
				t.Errorf("%d items are ticked, want %d", got, tt.want)
			}
		})
	}
}
