package ui_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// A returner stands in for the act that sends a batch back.
type returner struct{ s *site }

func (returner) DraftReturn(context.Context, audit.Actor, acceptance.Return) (uuid.UUID, error) {
	return uuid.MustParse("01a20359-5f73-72ce-a68c-49d69de3e4fc"), nil
}

// TestSamplingWithoutScript draws a sample, corrects a mistake on the way, records the
// verdict and sends the batch back, all by plain forms.
func TestSamplingWithoutScript(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	lead, pm := s.as(t, account.Lead), s.as(t, account.PM)
	lead.get("/sampling").want(t, http.StatusOK, "No samples yet", "/sampling/new")
	pm.get("/sampling").want(t, http.StatusOK, "No samples yet")

	ids := exampletest.Insert(t, s.pool, 40, exampletest.Seed{})
	var run uuid.UUID
	if err := s.pool.QueryRow(t.Context(), `SELECT import_id FROM examples WHERE id = $1`, ids[0]).Scan(&run); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"plan": {"zero"}, "batch": {"import:" + run.String()}, "bad": {"ten"}, "confidence": {"95"}, "name": {"<b>July</b>"}, "everybody": {"yes"}, "edits": {"yes"}}
	lead.get("/sampling/new?"+form.Encode()).want(t, http.StatusOK, "Correct what is marked")
	lead.post("/sampling", form).want(t, http.StatusUnprocessableEntity, "Use a number, such as 1.", `value="ten"`, "&lt;b&gt;July&lt;/b&gt;")
	form.Set("bad", "10")
	form.Del("everybody")
	lead.post("/sampling", form).want(t, http.StatusUnprocessableEntity, "Choose who is to review it.")
	form.Set("everybody", "yes")
	// Of 40 with five bad ones, 18 drawn hold none less than one time in twenty.
	lead.get("/sampling/new?"+form.Encode()).want(t, http.StatusOK, "Review 18 examples. The batch passes with at most 0 defects.", "with 95 % confidence at most 10 % of the batch are bad",
		// 18 of 40 leave one bad one out 22 times in 40, four 22·21·20·19 times in 40·39·38·37.
		"A batch without defects always passes. With 1 bad of 40 it passes 55 times in 100, with 4 bad 8 times in 100.", "4 bad of 40: passes 8 times in 100")
	few := url.Values{"plan": {"sequential"}, "batch": form["batch"]}
	lead.get("/sampling/new?"+few.Encode()).want(t, http.StatusOK, "Review all 40: the batch is too small to pass with fewer.")
	// 0.017 % is not nothing: of an endless batch 299 without a defect pass 95 times in 100.
	lead.get("/sampling/new?plan=zero").want(t, http.StatusOK, "A batch with 0.017 % of defects passes 95 times in 100, one with 0.8 % still 10 times in 100.")
	drawn := lead.post("/sampling", form)
	path := drawn.Header.Get("Location")
	if drawn.StatusCode != http.StatusSeeOther || !strings.HasPrefix(path, "/sampling/0") {
		t.Fatalf("drawing = %d to %q\n%s", drawn.StatusCode, path, drawn.body)
	}
	page := lead.get(path)
	page.want(t, http.StatusOK, "Not decided yet: review 18 more", "&lt;b&gt;July&lt;/b&gt;", "Review the sample", "Abandon the sample")
	pm.get(path).want(t, http.StatusOK, "Not decided yet")
	if body := pm.get(path).body; strings.Contains(body, "Abandon") || strings.Contains(body, "Review the sample") {
		t.Error("a project manager is offered what only leads and reviewers do")
	}
	pm.get(path).want(t, http.StatusOK, "It waits in the queue of")
	pm.post(path+"/close", nil).want(t, http.StatusForbidden)
	lead.post(path+"/close", nil).leadsTo(t, path)
	lead.get(path).want(t, http.StatusOK, "does not say enough yet")
	lead.get(path+"?verify=1").want(t, http.StatusOK, "Drawn again: the same 18 examples")

	// Where others were asked, the page says who, and leads to where it is handed over.
	var work, other uuid.UUID
	if err := s.pool.QueryRow(t.Context(), `SELECT assignment_id FROM sample_assignments`).Scan(&work); err != nil {
		t.Fatal(err)
	}
	s.as(t, account.Reviewer)
	if err := s.pool.QueryRow(t.Context(), `SELECT id FROM users WHERE role = 'reviewer'`).Scan(&other); err != nil {
		t.Fatal(err)
	}
	lead.post("/assignments/"+work.String()+"/handover", url.Values{"person": {other.String()}}).leadsTo(t, "/assignments/"+work.String())
	lead.get(path).want(t, http.StatusOK, "You were not asked to review it.", `href="/assignments/`+work.String())
	lead.post("/assignments/"+work.String()+"/handover", url.Values{"everybody": {"yes"}}).leadsTo(t, "/assignments/"+work.String())

	var item uuid.UUID
	if err := s.pool.QueryRow(t.Context(), `SELECT example_id FROM sample_items WHERE ordinal = 3`).Scan(&item); err != nil {
		t.Fatal(err)
	}
	lead.post("/examples/"+item.String()+"/decisions", url.Values{
		"revision": {"1"}, "verdict": {"reject"}, "reason": {"Not how a coach talks."}, "request_key": {"once"}, "status_seen": {"pending"},
	})
	lead.get(path).want(t, http.StatusOK, "The batch fails", "Reject the batch", "With 95 % confidence")
	lead.post(path+"/return", nil).leadsTo(t, path)
	lead.get(path).want(t, http.StatusOK, "Only a batch whose sample was rejected goes back.")
	lead.post(path+"/close", url.Values{"note": {"As <i>feared</i>."}}).leadsTo(t, path)
	lead.get(path).want(t, http.StatusOK, "The batch was rejected", "As &lt;i&gt;feared&lt;/i&gt;.", "Send the batch back")
	lead.post(path+"/return", nil).leadsTo(t, "/acts/01a20359-5f73-72ce-a68c-49d69de3e4fc")
	lead.get("/sampling").want(t, http.StatusOK, "1 defect among 1", "Rejected")
}
