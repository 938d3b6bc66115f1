package ui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// judge writes a verdict past the review service, whose rules are not in question
// here.
func (s *site) judge(t *testing.T, id, by uuid.UUID, verdict, kind string) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), `
		INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, kind, reason, status_before, status_after, request_key, millis, created_at)
		VALUES ($1, $2::uuid, $3, $4, 1, $5, $6, $7, 'pending', 'approved', ($2::uuid)::text, 9000, $8)`,
		exampletest.Dataset, uuid.Must(uuid.NewV7()), id, by, verdict, kind, map[string]string{"reject": "<b>Not</b> how a coach talks."}[verdict], time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func TestAgreementPages(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	lead, reviewer := s.as(t, account.Lead), s.as(t, account.Reviewer)
	lead.get("/agreement").want(t, http.StatusOK, "Nothing to compare yet")
	reviewer.get("/account/work").want(t, http.StatusOK, "No decisions in this time")

	ana, err := s.accounts.UserByEmail(t.Context(), "reviewer@example.com")
	if err != nil {
		t.Fatal(err)
	}
	bo := s.add(t, "bo@example.com", account.Admin)
	for i, id := range exampletest.Insert(t, s.pool, 40, exampletest.Seed{}) {
		s.judge(t, id, ana.ID, "approve", "review")
		verdict := "approve"
		if i < 3 {
			verdict = "reject"
		}
		s.judge(t, id, bo.ID, verdict, "second")
	}
	page := lead.get("/agreement?category=voice_parsing&period=30")
	page.want(t, http.StatusOK, "People judge alike", "Scott&#39;s pi", "Gwet&#39;s AC1", "80 % to 97 %", "/people/"+bo.ID.String()+"/work")

	// A number leads to just as many examples.
	first, second, a, b := ana.ID, bo.ID, "0", "2"
	if first.String() > second.String() {
		first, second, a, b = bo.ID, ana.ID, "2", "0"
	}
	list := url.Values{"category": {"voice_parsing"}, "period": {"30"}, "first": {first.String()}, "second": {second.String()}, "a": {a}, "b": {b}}
	if !strings.Contains(page.body, strings.ReplaceAll("/agreement/examples?"+url.Values{"a": {a}, "b": {b}, "first": {first.String()}, "period": {"30"}, "second": {second.String()}, "category": {"voice_parsing"}}.Encode(), "&", "&amp;")) {
		t.Errorf("the cell of the matrix leads nowhere:\n%s", page.body)
	}
	got := lead.get("/agreement/examples?" + list.Encode())
	got.want(t, http.StatusOK, "&lt;b&gt;Not&lt;/b&gt; how a coach talks.")
	if n := strings.Count(got.body, `href="/examples/`); n != 3 {
		t.Errorf("%d examples are listed, the number says 3", n)
	}
	for _, bad := range []string{"first=somebody", "a=7", "after=nonsense"} {
		lead.get("/agreement/examples?"+bad).want(t, http.StatusUnprocessableEntity)
	}

	lead.get("/people/"+bo.ID.String()+"/work").want(t, http.StatusOK, "The work of "+bo.Name, "Agreement with others", "92 %", "9\u00a0s")
	lead.get("/people/"+uuid.NewString()+"/work").want(t, http.StatusNotFound)
	own := reviewer.get("/account/work")
	own.want(t, http.StatusOK, "Your work", "/account/compared?period=90")
	if strings.Contains(own.body, bo.Name) || strings.Contains(own.body, bo.ID.String()) {
		t.Error("a reviewer is told who judged otherwise")
	}
	others := reviewer.get("/account/compared?differ=1&first=" + bo.ID.String())
	others.want(t, http.StatusOK, "Somebody else")
	if strings.Contains(others.body, bo.Name+"<") {
		t.Error("a reviewer is told who judged otherwise")
	}
}
