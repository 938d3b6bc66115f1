package ui_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/web/htmlcheck"

	"github.com/google/uuid"
)

// rechecks stands in for the checks of all examples in states that are hard to
// bring about.
type rechecks struct{ last quality.Recheck }

func (r rechecks) Last(context.Context) (quality.Recheck, bool, error) { return r.last, true, nil }
func (r rechecks) Again(context.Context, audit.Actor) (uuid.UUID, error) {
	return uuid.New(), nil
}

func seedFindings(t *testing.T, s *site) []uuid.UUID {
	t.Helper()
	exampletest.Insert(t, s.pool, 6, exampletest.Seed{
		Category: "ai_coach", Subcategory: "technique", Status: example.Approved,
		Conversation: func(i int) example.Conversation { return exampletest.Conversation(100 + i) },
		Findings: []exampletest.Finding{
			{Rule: "text/placeholder", Severity: "warning", Message: "Hm."}, {Rule: "json/schema", Severity: "error", Message: "No."},
		},
	})
	return exampletest.Insert(t, s.pool, 4, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "text/refusal", Severity: "error", Message: "It <b>refuses</b>.", Path: "/messages/1/content"},
		{Rule: "text/refusal", Severity: "error", Message: "Again.", Path: "/messages/0/content"},
		{Rule: "text/placeholder", Severity: "error", Message: "Fill it in."},
		{Rule: "duplicate/near", Severity: "warning", Message: "Like another."},
	}})
}

// TestQualityLinksHoldWhatTheySay follows every number of the page to the list
// of examples and counts there.
func TestQualityLinksHoldWhatTheySay(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.PM)
	b.get("/quality").want(t, http.StatusOK, "Nothing to check yet")
	seedFindings(t, s)
	number := regexp.MustCompile(`(?s)<a href="(/examples\?[^"]*(?:rule|source)=[^"]*)">\s*(?:<b>)?(\d+)`)
	checked := 0
	for _, address := range []string{"/quality", "/quality?status=approved", "/quality?category=voice_parsing", "/quality?category=ai_coach&status=approved"} {
		page := b.get(address)
		page.want(t, http.StatusOK, "Findings by rule")
		for _, problem := range htmlcheck.Page([]byte(page.body)) {
			t.Errorf("%s: %s", address, problem)
		}
		for _, m := range number.FindAllStringSubmatch(page.body, -1) {
			checked++
			list := b.get(html.UnescapeString(m[1]))
			list.want(t, http.StatusOK)
			if got := strings.Count(list.body, `class="excerpt"`); m[2] != itoa(got) {
				t.Errorf("%s says %s of %s, where %d are", address, m[2], m[1], got)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d numbers were followed", checked)
	}
	b.get("/quality?status=rejected").want(t, http.StatusOK, "Nothing is found on any of these examples.")
	b.get("/quality?status=lost").want(t, http.StatusUnprocessableEntity, "There is no such status.")
}

func itoa(n int) string { return ui.Number(int64(n)) }

func TestQualityTokens(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := exampletest.Insert(t, s.pool, 3, exampletest.Seed{})
	if _, err := s.pool.Exec(t.Context(), "UPDATE examples SET tokens = CASE WHEN id = $1 THEN 2000000 ELSE 500000 END", ids[0]); err != nil {
		t.Fatal(err)
	}
	// 3 million tokens at 2.90 and 3.00; every limit is passed.
	s.as(t, account.PM).get("/quality").want(t, http.StatusOK, "3,000,000 tokens in 3 examples: 1,000,000 on average",
		"$8.70", "$17.40", "$26.10", "$34.80", "$9.00", "as of 2026", "24,576", "100.0 %", "no price in the catalog", "With packing off, 3 epochs at Together AI could cost $0.64")
}

func TestRecheckPage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		last quality.Recheck
		want string
		live bool
	}{
		{"waiting", quality.Recheck{State: quality.Queued}, "all examples will be checked again", true},
		{"running", quality.Recheck{State: quality.Running, Total: 1000, Done: 250, Changed: 3}, "250 of 1,000 examples are checked again, 3 have other findings", true},
		{"asked for", quality.Recheck{State: quality.Running, By: "Ana", Total: 4}, "Ana asked for it", true},
		{"interrupted", quality.Recheck{State: quality.Running, Interrupted: true}, "Nothing was heard", true},
		{"done", quality.Recheck{State: quality.Done, Done: 1000, CatalogVersion: 3}, "went over 1,000 with version 3", false},
		{"done before anything came in", quality.Recheck{State: quality.Done, CatalogVersion: 1}, "All findings are current, made with version 1 of the catalog when the examples came in.", false},
		{"failed", quality.Recheck{State: quality.Failed, Error: "The disk is full."}, "stopped: The disk is full.", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(c *ui.Config) { c.Rechecks = rechecks{tt.last} })
			exampletest.Insert(t, s.pool, 1, exampletest.Seed{})
			b := s.as(t, account.Admin)
			page := b.get("/quality")
			page.want(t, http.StatusOK, tt.want)
			if live := strings.Contains(page.body, `hx-get="/quality/recheck"`); live != tt.live {
				t.Errorf("the page asks for news: %v, want %v", live, tt.live)
			}
			if offered := strings.Contains(page.body, `action="/quality/recheck"`); offered == tt.live {
				t.Errorf("another check is offered: %v", offered)
			}
			part := b.get("/quality/recheck", "HX-Request", "true")
			part.want(t, http.StatusOK, tt.want)
			if strings.Contains(part.body, "<h1") || (part.Header.Get("HX-Refresh") == "true") == tt.live {
				t.Errorf("the part is %q, HX-Refresh %q", part.body, part.Header.Get("HX-Refresh"))
			}
			b.get("/quality/recheck").leadsTo(t, "/quality")
			b.post("/quality/recheck", nil).leadsTo(t, "/quality")
		})
	}
}

func TestReportDownloads(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	seedFindings(t, s)
	b := s.as(t, account.Engineer)
	for path, want := range map[string][3]string{
		"/quality/report.html":                                       {"text/html; charset=utf-8", "validation_report.html", "It &lt;b&gt;refuses"},
		"/quality/report.md?category=ai_coach":                       {"text/markdown; charset=utf-8", "validation_report-ai_coach.md", "# Validation report"},
		"/quality/report.json?category=voice_parsing&status=pending": {"application/json", "validation_report-voice_parsing-pending.json", `"rule": "text/refusal"`},
	} {
		got := b.get(path)
		got.want(t, http.StatusOK, want[2])
		if got.Header.Get("Content-Type") != want[0] || got.Header.Get("Content-Disposition") != `attachment; filename="`+want[1]+`"` {
			t.Errorf("%s: %s, %s", path, got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"))
		}
		if strings.HasSuffix(want[1], "json") {
			var v report.Validation
			if err := json.Unmarshal([]byte(got.body), &v); err != nil || v.Counts.Examples != 4 || v.Findings.Errors != 12 {
				t.Errorf("%s: %+v, %v", path, v, err)
			}
		}
	}
	b.get("/quality/report.json?category=dance").want(t, http.StatusUnprocessableEntity, "dance")
}

func TestWaiveOnThePage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := seedFindings(t, s)
	address := "/examples/" + ids[0].String()
	b := s.as(t, account.Reviewer)
	b.get(address).want(t, http.StatusOK, "Waive this finding", "It &lt;b&gt;refuses")
	form := url.Values{"revision": {"1"}, "rule": {"text/refusal"}, "path": {"/messages/1/content"}, "reason": {"A <quotation>."}}
	b.post(address+"/waivers", url.Values{"revision": {"1"}, "rule": {"text/refusal"}, "path": {"/messages/1/content"}}).want(t, http.StatusUnprocessableEntity, "Say why this finding does not matter here.")
	b.post(address+"/waivers", url.Values{"rule": {"text/refusal"}}).want(t, http.StatusUnprocessableEntity, "which revision")
	b.post(address+"/waivers", form).leadsTo(t, address+"#waivers")
	page := b.get(address)
	page.want(t, http.StatusOK, "waived by Test reviewer", "A &lt;quotation&gt;.", "The finding is waived")
	for _, problem := range htmlcheck.Page([]byte(page.body)) {
		t.Error(problem)
	}
	if strings.Contains(page.body, "It &lt;b&gt;refuses") {
		t.Error("the waived finding still stands among the others")
	}
	b.post(address+"/waivers", form).want(t, http.StatusNotFound)

	withdraw := regexp.MustCompile(`action="(` + address + `/waivers/[^"]+/withdraw)"`).FindStringSubmatch(page.body)
	if withdraw == nil {
		t.Fatalf("no way to withdraw it:\n%s", page.body)
	}
	b.post(withdraw[1], nil).want(t, http.StatusUnprocessableEntity, "Say why the finding counts after all.")
	b.post(withdraw[1], url.Values{"reason": {"It is none."}}).leadsTo(t, address+"#waivers")
	b.get(address).want(t, http.StatusOK, "Withdrawn by Test reviewer: It is none.", "It &lt;b&gt;refuses")
	b.post(withdraw[1], url.Values{"reason": {"Again."}}).want(t, http.StatusConflict)

	pm := s.as(t, account.PM).get(address)
	pm.want(t, http.StatusOK, "Withdrawn by")
	if strings.Contains(pm.body, address+"/waivers") {
		t.Error("a PM is offered to waive")
	}
}
