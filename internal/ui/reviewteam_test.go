package ui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// asPerson is a browser in which somebody with this address is signed in.
func (s *site) asPerson(t *testing.T, email string, role account.Role) *browser {
	t.Helper()
	s.add(t, email, role)
	b := s.browser(t)
	b.post("/login", url.Values{"email": {email}, "password": {password}}).leadsTo(t, "/")
	return b
}

// link is the first address on a page that begins like this.
func link(t *testing.T, page reply, prefix string) string {
	t.Helper()
	m := regexp.MustCompile(`href="(` + regexp.QuoteMeta(prefix) + `[^"]+)"`).FindStringSubmatch(page.body)
	if m == nil {
		t.Fatalf("no link to %s… on the page", prefix)
	}
	return m[1]
}

// TestSecondReviewerIsBlind lets two people judge one injury example: the second
// must not see what the first said, wherever they look, and a disagreement goes
// to a lead, who sees both.
func TestSecondReviewerIsBlind(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute"})[0]
	ana, bo := s.asPerson(t, "ana@example.com", account.Reviewer), s.asPerson(t, "bo@example.com", account.Reviewer)
	lead := s.as(t, account.Lead)
	take := url.Values{"category": {"injury_analysis"}}
	ana.post("/review/claim", take)
	page := ana.get("/review/injury_analysis")
	decision := form(t, page, "approve", "category", "injury_analysis", "message.1", `{"answer":"Rest it <i>today</i>."}`, "checklist", "specific_triggers", "comment", "Anas note")
	ana.post("/review/decisions", decision).leadsTo(t, "/review")
	ana.get("/review").want(t, http.StatusOK, "Approved. 1 more reviewer looks at it.")
	// It is not Ana's turn again.
	ana.post("/review/claim", take).leadsTo(t, "/review")
	if e := s.stored(t, id); e.Status != "pending" || e.Revision != 2 {
		t.Fatalf("after one of two approvals: %+v", e)
	}

	bo.post("/review/claim", take).leadsTo(t, "/review/injury_analysis")
	page = bo.get("/review/injury_analysis")
	for where, body := range map[string]string{"the queue": page.body, "the example's page": bo.get("/examples/" + id.String()).body} {
		for _, secret := range []string{"approved it", "Test reviewer</b>", "Anas note", "What changed"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows the second reviewer %q", where, secret)
			}
		}
	}
	lead.get("/examples/"+id.String()).want(t, http.StatusOK, "approved it")
	ana.get("/examples/"+id.String()).want(t, http.StatusOK, "approved it")

	bo.post("/review/decisions", form(t, page, "reject", "category", "injury_analysis", "reason", "No trigger is named")).leadsTo(t, "/review")
	bo.get("/review").want(t, http.StatusOK, "a lead decides")
	if e := s.stored(t, id); e.Status != "escalated" {
		t.Fatalf("after a disagreement: %+v", e)
	}
	bo.get("/adjudicate").want(t, http.StatusForbidden)
	lead.get("/review").want(t, http.StatusOK, `href="/adjudicate"`)
	address := link(t, lead.get("/adjudicate"), "/adjudicate/")
	page = lead.get(address)
	page.want(t, http.StatusOK, "approved it", "rejected it", "No trigger is named", "Edited it, to revision 2", "<ins")
	lead.get(address+"?edit=1").want(t, http.StatusOK, "Approve with your edit", `name="message.1`)
	lead.post(address, form(t, page, "approve", "category", "injury_analysis", "answer", "Bo is right, I added one.", "message.1", `{"answer":"Rest it; see a doctor."}`)).leadsTo(t, "/adjudicate")
	if e := s.stored(t, id); e.Status != "approved" || e.Revision != 3 || e.Answer != `{"answer":"Rest it; see a doctor."}` {
		t.Errorf("after the ruling: %+v", e)
	}
	for _, b := range []*browser{ana, bo} {
		b.get("/inbox").want(t, http.StatusOK, "Bo is right, I added one.")
	}
	// It is final.
	page = bo.get("/examples/" + id.String())
	bo.post("/examples/"+id.String()+"/decisions", form(t, page, "reject", "reason", "still")).want(t, http.StatusConflict, "A lead has settled this example")
}

func TestGoldExample(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0].String()
	reviewer, lead := s.as(t, account.Reviewer), s.as(t, account.Lead)
	page := lead.get("/examples/" + id)
	page.want(t, http.StatusOK, "Gold example", "Decide on it first")
	lead.post("/examples/"+id+"/gold", url.Values{"revision": {"1"}, "why": {"because"}}).want(t, http.StatusUnprocessableEntity, "Approve or reject the example first")
	lead.post("/examples/"+id+"/decisions", form(t, page, "reject", "reason", "no")).leadsTo(t, "/examples/"+id)
	lead.post("/examples/"+id+"/gold", url.Values{"revision": {"1"}, "why": {" "}}).want(t, http.StatusUnprocessableEntity, "Say why this verdict is right")
	lead.post("/examples/"+id+"/gold", url.Values{"revision": {"1"}, "why": {"Nobody benches 45."}}).leadsTo(t, "/examples/"+id+"#gold")
	lead.get("/examples/"+id).want(t, http.StatusOK, "the right verdict is reject", "Nobody has met it yet")
	if strings.Contains(reviewer.get("/examples/"+id).body, "Gold example") {
		t.Error("a reviewer is told which examples are gold")
	}
	lead.post("/examples/"+id+"/gold", url.Values{"retire": {"1"}}).leadsTo(t, "/examples/"+id+"#gold")
	lead.get("/examples/"+id).want(t, http.StatusOK, "Mark as gold: reject")
}
