package ui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ui"
)

// TestReadingVerdictsInListsIsNoted has a lead read the record, a person's activity and
// an act on many: what others decided on the examples listed there is known to the
// lead from then on, what is on no page is not, and one's own verdicts tell nothing.
func TestReadingVerdictsInListsIsNoted(t *testing.T) {
	t.Parallel()
	var acts *bulk.Service
	s := start(t, func(c *ui.Config) { acts, _ = c.Acts.(*bulk.Service) })
	ids := exampletest.Insert(t, s.pool, 5, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute"})
	ana, lead, other := s.asPerson(t, "ana@example.com", account.Reviewer), s.as(t, account.Lead), s.asPerson(t, "bo@example.com", account.Lead)
	user := func(email string) uuid.UUID {
		t.Helper()
		u, err := s.accounts.UserByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		return u.ID
	}
	knows := func(who uuid.UUID, want ...bool) {
		t.Helper()
		for i, want := range want {
			var got bool
			if err := s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM sightings WHERE example_id = $1 AND user_id = $2)`, ids[i], who).Scan(&got); err != nil || got != want {
				t.Errorf("example %d: shown = %v, %v; want %v", i, got, err, want)
			}
		}
	}
	approve := func(b *browser, id uuid.UUID) {
		t.Helper()
		path := "/examples/" + id.String()
		b.post(path+"/decisions", form(t, b.get(path), "approve")).leadsTo(t, path)
	}
	approve(ana, ids[0])
	approve(lead, ids[1])
	first, boss, second := user("ana@example.com"), user("lead@example.com"), user("bo@example.com")

	lead.get("/audit?action=account.").want(t, http.StatusOK)
	knows(boss, false, false)
	lead.get("/audit").want(t, http.StatusOK, "example.approve")
	knows(boss, true, false)
	ana.get("/audit").want(t, http.StatusForbidden)
	knows(first, false, false)

	// One's activity, by another lead; and an act on many.
	other.get("/people/"+first.String()+"/activity").want(t, http.StatusOK, "example.approve")
	knows(second, true, false)
	sent := lead.post("/acts", url.Values{"kind": {"approve"}, "what": {"chosen"}, "id": {ids[2].String(), ids[3].String()}})
	path := sent.Header.Get("Location")
	lead.post(path+"/start", nil).leadsTo(t, path)
	if err := acts.Run(t.Context(), uuid.MustParse(strings.TrimPrefix(path, "/acts/"))); err != nil {
		t.Fatal(err)
	}
	lead.get(path).want(t, http.StatusOK)
	knows(boss, true, false, false, false)
	other.get(path).want(t, http.StatusOK)
	knows(second, true, false, true, true, false)
	// The other lead's approval is kept, and is no second opinion.
	approve(other, ids[2])
	if e := s.stored(t, ids[2]); e.Status != string(example.Pending) {
		t.Errorf("after an approval by somebody who read the first one in the list: %s, want pending", e.Status)
	}
}
