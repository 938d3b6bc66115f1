package ui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ui"
)

// TestCheckWhatIsTyped asks about edits, and expects the real checks to answer
// and nothing to change.
func TestCheckWhatIsTyped(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	path := "/examples/" + id.String()
	b := s.as(t, account.Reviewer)
	before := s.stored(t, id)
	anchor := `href="#x` + strings.ReplaceAll(id.String(), "-", "") + `-m1-edit"`

	b.get(path).want(t, http.StatusOK, `data-check="`+path+`/check"`, "data-checked-list")
	r := b.post(path+"/check", url.Values{"revision": {"1"}, "message.0": {"bench 45 for 1, mail me at ana@example.com"}, "message.1": {`{"exercise_name":"Bench Press","weight":999,"reps":1}`}})
	r.want(t, http.StatusOK, "data-checked", "Of what you typed, not saved yet: ", "tokens for Llama 3", "voice/unsupported-number", anchor, "data-finding")

	// The same edit without the mistake.
	r = b.post(path+"/check", url.Values{"revision": {"1"}, "message.1": {`{"exercise_name":"Bench Press","weight":45,"reps":1}`}})
	r.want(t, http.StatusOK, "Of what you typed, not saved yet: ")
	if strings.Contains(r.body, "voice/unsupported-number") {
		t.Errorf("a weight that was said is reported:\n%s", r.body)
	}

	// Hostile text stays text, whatever a finding quotes of it.
	r = b.post(path+"/check", url.Values{"revision": {"1"}, "message.1": {`{"exercise_name":"<img src=x onerror=alert(1)>","weight":45,"reps":1,"<script>":"</div>"}`}})
	r.want(t, http.StatusOK)
	if strings.Contains(r.body, "<img") || strings.Contains(r.body, "<script") {
		t.Errorf("typed text became markup:\n%s", r.body)
	}

	b.post(path+"/check", url.Values{"revision": {"1"}, "message.1": {`{"exercise_name":`}}).want(t, http.StatusUnprocessableEntity)
	b.post(path+"/check", url.Values{"revision": {"x"}}).want(t, http.StatusUnprocessableEntity)
	b.post(path+"/check", url.Values{"revision": {"2"}}).want(t, http.StatusConflict, "at revision 1 by now")
	b.post("/examples/"+uuid.NewString()+"/check", url.Values{"revision": {"1"}}).want(t, http.StatusNotFound)
	s.as(t, account.PM).post(path+"/check", url.Values{"revision": {"1"}}).want(t, http.StatusForbidden)
	if after := s.stored(t, id); after.Revision != before.Revision || after.Answer != before.Answer || after.Status != before.Status || after.Held || len(after.Decisions) != 0 {
		t.Errorf("asking changed the example: %+v, was %+v", after, before)
	}
}

// TestWithoutChecks leaves the service out: then nothing points to it.
func TestWithoutChecks(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *ui.Config) { c.Check, c.Tokens = nil, nil })
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	path := "/examples/" + id.String()
	b := s.as(t, account.Reviewer)
	page := b.get(path)
	page.want(t, http.StatusOK)
	for _, gone := range []string{"data-check=", "data-checked", "/tokens"} {
		if strings.Contains(page.body, gone) {
			t.Errorf("the page has %q in it", gone)
		}
	}
	b.post(path+"/check", url.Values{"revision": {"1"}}).want(t, http.StatusNotFound)
	b.get(path+"/tokens").want(t, http.StatusNotFound)
}
