package ui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/web/htmlcheck"
)

var assignmentLink = regexp.MustCompile(`href="(/assignments/[0-9a-f-]{36})"`)

func TestAssignments(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := exampletest.Insert(t, s.pool, 3, exampletest.Seed{})
	lead, reviewer := s.as(t, account.Lead), s.as(t, account.Reviewer)
	me, err := s.accounts.UserByEmail(t.Context(), "reviewer@example.com")
	if err != nil {
		t.Fatal(err)
	}
	lead.get("/assignments").want(t, http.StatusOK, "Nothing here", "Give work")
	if r := reviewer.get("/review"); strings.Contains(r.body, "Your assignments") {
		t.Error("the reviewer has assignments before any was given")
	}

	// A search, with everything else wrong: the form again, with every problem.
	search := "search:q=bench+46"
	lead.get("/assignments/new?search="+url.QueryEscape("q=bench+46")).want(t, http.StatusOK, "What this search finds: bench 46", "Everybody who reviews", "Test reviewer")
	lead.post("/assignments", url.Values{"what": {search}, "due": {"soon"}}).
		want(t, http.StatusUnprocessableEntity, "Write the day as 2026-11-30.", `selected`)
	lead.post("/assignments", url.Values{"what": {"shelf:nowhere"}, "due": {"2020-01-01"}, "note": {"kept"}}).
		want(t, http.StatusUnprocessableEntity, "Choose one thing to give", "Choose who is to do it.", "This day is over.", "kept")

	// Given, told, first on the page of queues, and a queue of its own.
	lead.post("/assignments", url.Values{"what": {search}, "person": {me.ID.String()}, "note": {"<b>look</b>"}}).leadsTo(t, "/assignments")
	reviewer.get("/inbox").want(t, http.StatusOK, "Test lead gave you work", "Found: bench 46")
	queues := reviewer.get("/review")
	queues.want(t, http.StatusOK, "Your assignments", "Found: bench 46", "0 of 1 decided", "&lt;b&gt;look&lt;/b&gt;")
	for _, problem := range htmlcheck.Page([]byte(queues.body)) {
		t.Error(problem)
	}
	list := lead.get("/assignments")
	link := assignmentLink.FindStringSubmatch(list.body)
	if link == nil {
		t.Fatalf("the list has no assignment:\n%s", list.body)
	}
	id := strings.TrimPrefix(link[1], "/assignments/")
	address := "/review/assigned/" + id
	reviewer.get(address).want(t, http.StatusOK, "Ready when you are", "assigned by Test lead", "0 of 1")
	reviewer.post("/review/claim", url.Values{"assignment": {id}}).leadsTo(t, address)
	page := reviewer.get(address)
	page.want(t, http.StatusOK, `data-example-id="`+ids[1].String()+`"`, `name="assignment" value="`+id+`"`)
	lead.get(address).want(t, http.StatusNotFound, "not your assignment")

	// The script's claim brings nothing that was not assigned.
	r := reviewer.post("/review/claim", url.Values{"assignment": {id}, "n": {"3"}}, "HX-Request", "true")
	r.want(t, http.StatusOK, "nothing is left", `data-total="1"`)
	decision := form(t, page, "approve", "assignment", id)
	reviewer.post("/review/decisions", decision).leadsTo(t, "/review")
	reviewer.get("/review").want(t, http.StatusOK, "1 of 1 decided", "Done")

	// Undo leads back into the assignment.
	reviewer.post("/review/undo", url.Values{"assignment": {id}}).leadsTo(t, address+"?at="+ids[1].String())

	// Handed over and ended.
	lead.get(link[1]).want(t, http.StatusOK, "Hand it over", "End it", "/examples?q=bench")
	lead.post(link[1]+"/handover", url.Values{}).want(t, http.StatusUnprocessableEntity, "Choose who is to do it.")
	lead.post(link[1]+"/handover", url.Values{"everybody": {"yes"}}).leadsTo(t, link[1])
	lead.get(link[1]).want(t, http.StatusOK, "everybody", "It is handed over.")
	lead.post(link[1]+"/end", nil).leadsTo(t, link[1])
	lead.post(link[1]+"/end", nil).want(t, http.StatusConflict, "has ended already")
	lead.get("/assignments?show=ended").want(t, http.StatusOK, "ended by Test lead")
	reviewer.get(address).want(t, http.StatusNotFound, "has ended")
	lead.get("/assignments?after=x").want(t, http.StatusUnprocessableEntity)
}

func TestAssignedShelfAndImport(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	exampletest.Insert(t, s.pool, 2, exampletest.Seed{})
	lead := s.as(t, account.Lead)
	run := regexp.MustCompile(`import:[0-9a-f-]{36}`).FindString(lead.get("/assignments/new").body)
	if run == "" {
		t.Fatal("the form offers no import")
	}
	for _, what := range []string{run, "shelf:voice_parsing/standard_command", "shelf:voice_parsing"} {
		lead.post("/assignments", url.Values{"what": {what}, "everybody": {"yes"}}).leadsTo(t, "/assignments")
	}
	lead.get("/review").want(t, http.StatusOK, "Import: seed.jsonl", "0 of 2 decided")
	for _, m := range assignmentLink.FindAllStringSubmatch(lead.get("/assignments").body, -1) {
		address := strings.Replace(m[1], "/assignments/", "/review/assigned/", 1)
		id := strings.TrimPrefix(m[1], "/assignments/")
		lead.post("/review/claim", url.Values{"assignment": {id}}).leadsTo(t, address)
		lead.get(address).want(t, http.StatusOK, "data-example-id", "0 of 2")
	}
}
