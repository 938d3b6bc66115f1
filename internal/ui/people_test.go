package ui_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/web/htmlcheck"
)

func TestSkills(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	admin := s.as(t, account.Admin)
	ana := s.add(t, "ana@example.com", account.Reviewer)
	path := "/people/" + ana.ID.String() + "/skills"
	admin.get("/people").want(t, http.StatusOK, "Skills of Test reviewer", `value="clinician"`)
	admin.post(path, url.Values{"skill": {"clinician"}}).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "Test reviewer now counts as: clinician.", `value="clinician" checked`)
	admin.post(path, url.Values{"skill": {"astronaut"}}).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "Nothing in the catalog asks for the skill astronaut.")
	if u, err := s.accounts.User(t.Context(), ana.ID); err != nil || len(u.Skills) != 1 {
		t.Errorf("User() = %+v, %v; want the skill clinician", u.Skills, err)
	}
	admin.post(path, nil).leadsTo(t, "/people")
	admin.get("/people").want(t, http.StatusOK, "has no special skill now")
	for _, role := range []account.Role{account.Lead, account.Reviewer, account.PM} {
		s.as(t, role).post(path, url.Values{"skill": {"clinician"}}).want(t, http.StatusForbidden)
	}
	page := admin.get("/people/" + ana.ID.String() + "/activity")
	page.want(t, http.StatusOK, "ana@example.com", "No entries")
	admin.get("/audit?action=account.skills").want(t, http.StatusOK, "account.skills", "/people/"+ana.ID.String()+"/activity", "All about it")
	admin.get("/people/"+uuid.NewString()+"/activity").want(t, http.StatusNotFound)
}

func TestRecordAsAFile(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Lead)
	// More than the export reads at once, and a name that a spreadsheet would run.
	evil := audit.Actor{ID: uuid.New(), Name: `=HYPERLINK("https://evil.example")`}
	if err := postgres.InTx(t.Context(), s.pool, func(tx pgx.Tx) error {
		for range 501 {
			if err := audit.Write(t.Context(), tx, audit.Entry{Actor: evil, Action: "test.write", Object: "example/" + uuid.NewString(), Detail: map[string]string{"text": "a <b>, \"c\"\nd"}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	page := b.get("/audit?action=test.write&until=2999-01-01")
	page.want(t, http.StatusOK, "/audit.csv?action=test.write&amp;until=2999-01-01", "/audit.jsonl?", `href="/examples/`)
	for _, problem := range htmlcheck.Page([]byte(page.body)) {
		t.Error(problem)
	}

	r := b.get("/audit.csv?action=test.write")
	if got := r.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("the CSV is %q", got)
	}
	rows, err := csv.NewReader(strings.NewReader(r.body)).ReadAll()
	if err != nil || len(rows) != 502 || rows[0][0] != "time" {
		t.Fatalf("the CSV has %d rows, %v; want a head and 501", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Fatalf("a spreadsheet would run %q", cell)
			}
		}
	}
	if want := "{\"text\":\"a <b>, \\\"c\\\"\\nd\"}"; rows[1][5] != want {
		t.Errorf("details = %q, want %q", rows[1][5], want)
	}

	r = b.get("/audit.jsonl?actor=" + evil.ID.String())
	lines := strings.Split(strings.TrimSpace(r.body), "\n")
	if r.Header.Get("Content-Type") != "application/x-ndjson" || len(lines) != 501 {
		t.Errorf("the JSON Lines are %q with %d lines, want 501", r.Header.Get("Content-Type"), len(lines))
	}
	var line struct {
		Actor   string
		ActorID uuid.UUID `json:"actor_id"`
		Detail  map[string]string
	}
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil || line.Actor != evil.Name || line.ActorID != evil.ID || !strings.Contains(line.Detail["text"], "<b>") {
		t.Errorf("the first line is %+v, %v", line, err)
	}
	b.get("/audit.csv?action=nothing.of.the.kind").want(t, http.StatusOK, "time,who")
	b.get("/audit.csv?since=x").want(t, http.StatusUnprocessableEntity, "not exported")
	s.as(t, account.Reviewer).get("/audit.csv").want(t, http.StatusForbidden)
}
