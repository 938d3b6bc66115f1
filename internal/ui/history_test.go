package ui_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/web/htmlcheck"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	b := s.as(t, account.Lead)
	path := "/examples/" + id.String()
	b.get(path+"/history").want(t, http.StatusOK, "imported it from seed.jsonl, line 1, on the command line")
	b.post(path+"/comments", url.Values{"body": {"a <i>comment</i>"}, "back": {path}}).leadsTo(t, path)
	edit := form(t, b.get(path+"?edit=1"), "approve")
	edit.Set("message.1", `{"exercise_name":"Squat","weight":45,"reps":1}`)
	b.post(path+"/decisions", edit).leadsTo(t, path)
	page := b.get(path)
	page.want(t, http.StatusOK, "edited it (revision 2) and approved it", "a &lt;i&gt;comment&lt;/i&gt;", "The whole history", "imported it from")
	whole := b.get(path + "/history")
	whole.want(t, http.StatusOK, "Bring revision 1 back", "Compare revisions", "What changed")
	for _, problem := range htmlcheck.Page([]byte(whole.body)) {
		t.Error(problem)
	}
	b.get(path+"/history?from=1&to=2").want(t, http.StatusOK, "From revision 1 to revision 2", "<ins", "Squat")
	b.get(path+"/history?from=2&to=2").want(t, http.StatusOK, "word for word")
	b.get(path+"/history?from=1&to=7").want(t, http.StatusNotFound)
	b.get(path+"/history?from=x&to=1").want(t, http.StatusUnprocessableEntity)
	b.get(path+"/history?before=x").want(t, http.StatusUnprocessableEntity)
	b.post(path+"/restore", url.Values{"revision": {"2"}, "restore": {"1"}}).leadsTo(t, path)
	b.get(path+"/history").want(t, http.StatusOK, "made revision 3", "restored revision 1")
}
