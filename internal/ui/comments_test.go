package ui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/web/htmlcheck"
)

func TestComments(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	path := "/examples/" + id.String()
	reviewer, lead := s.as(t, account.Reviewer), s.as(t, account.Lead)

	// Without JavaScript: a form, 303 back to where it was, the words on the page.
	hostile := "look @Test lead \u202e<script>alert(1)</script>"
	reviewer.post(path+"/comments", url.Values{"body": {hostile}, "back": {path}}).leadsTo(t, path)
	page := reviewer.get(path)
	page.want(t, http.StatusOK, "Told: Test lead.", "&lt;script&gt;alert(1)&lt;/script&gt;", "Whom can I name?", "@lead@example.com")
	if strings.Contains(page.body, "\u202e") {
		t.Error("the page has a character that turns the direction of reading")
	}
	for _, problem := range htmlcheck.Page([]byte(page.body)) {
		t.Error(problem)
	}
	lead.get("/inbox").want(t, http.StatusOK, "Test reviewer named you in a comment")

	// Nothing written: the form again, with what is wrong.
	reviewer.post(path+"/comments", url.Values{"body": {" "}}).want(t, http.StatusUnprocessableEntity, "Write something first.", `aria-invalid="true"`)
	// The script gets the comments alone.
	r := lead.post(path+"/comments", url.Values{"body": {"seen"}, "back": {"/review/voice_parsing?at=x"}}, "HX-Request", "true")
	r.want(t, http.StatusOK, "Your comment is kept.", "seen", "data-comments")
	if strings.Contains(r.body, "<html") {
		t.Error("the script got a whole page")
	}
	// Nobody is sent to another site.
	reviewer.post(path+"/comments", url.Values{"body": {"x"}, "back": {"https://evil.example/"}}).leadsTo(t, "/")

	reviewer.get(path+"/comments").want(t, http.StatusOK, "seen")
	reviewer.get(path+"/comments?before=x").want(t, http.StatusUnprocessableEntity)
	reviewer.get("/names?q=LEAD").want(t, http.StatusOK, "@lead@example.com")
	reviewer.get("/names?q=nobody").want(t, http.StatusOK, "Nobody")
	if r := reviewer.get("/names?q=lead", "HX-Request", "true"); strings.Contains(r.body, "<html") || !strings.Contains(r.body, "lead@example.com") {
		t.Errorf("the script got %s", r.body)
	}
}

func TestCommentsBesideTheQueue(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	b := s.as(t, account.Reviewer)
	b.post("/review/claim", url.Values{"category": {"voice_parsing"}}).leadsTo(t, "/review/voice_parsing")
	back := "/review/voice_parsing?at=" + id.String()
	b.get("/review/voice_parsing").want(t, http.StatusOK, "Say something about this example", `value="`+back+`"`)
	b.post("/examples/"+id.String()+"/comments", url.Values{"body": {"hello"}, "back": {back}}).leadsTo(t, back)
	b.get(back).want(t, http.StatusOK, "hello", "Your comment is kept.")
}
