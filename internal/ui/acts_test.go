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

// TestActSaysWhatApprovalsComeTo approves where one approval is enough, where
// another is needed and where a clinician's is: neither the preview nor the result
// may call the others approved.
func TestActSaysWhatApprovalsComeTo(t *testing.T) {
	t.Parallel()
	var acts *bulk.Service
	s := start(t, func(c *ui.Config) { acts, _ = c.Acts.(*bulk.Service) })
	talk := func(from int) func(int) example.Conversation {
		return func(i int) example.Conversation { return exampletest.Conversation(from + i) }
	}
	enough := exampletest.Insert(t, s.pool, 2, exampletest.Seed{})
	second := exampletest.Insert(t, s.pool, 3, exampletest.Seed{Category: "injury_analysis", Subcategory: "overtraining", Conversation: talk(100)})
	skilled := exampletest.Insert(t, s.pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "red_flags", Conversation: talk(200)})
	b := s.as(t, account.Lead)

	approve := func(ids ...uuid.UUID) string {
		t.Helper()
		form := url.Values{"kind": {"approve"}, "what": {"chosen"}}
		for _, id := range ids {
			form.Add("id", id.String())
		}
		r := b.post("/acts", form)
		path := r.Header.Get("Location")
		r.leadsTo(t, path)
		return path
	}
	carryOut := func(path string) {
		t.Helper()
		b.post(path+"/start", nil).leadsTo(t, path)
		if err := acts.Run(t.Context(), uuid.MustParse(strings.TrimPrefix(path, "/acts/"))); err != nil {
			t.Fatal(err)
		}
	}

	path := approve(append(append(append([]uuid.UUID{}, enough[0]), second[:2]...), skilled...)...)
	r := b.get(path)
	r.want(t, http.StatusOK, "Approves 1 now; adds your approval to 3: 2 still need another approval, 1 still needs the approval of a clinician.", "Add your approval to 4 examples")
	if strings.Contains(r.body, "Will approve") {
		t.Errorf("the preview promises approvals:\n%s", r.body)
	}
	carryOut(path)
	b.get(path).want(t, http.StatusOK, "Gave an approval to 4 examples", "Done: 1 approved; an approval added to 3: 2 needed another approval, 1 needed the approval of a clinician; 0 stayed as they were.")
	b.get("/acts").want(t, http.StatusOK, "Gave an approval to 4 examples")
	for _, id := range append(second[:2:2], skilled...) {
		if e := s.stored(t, id); e.Status != "pending" {
			t.Errorf("after one approval %s is %s, want pending", id, e.Status)
		}
	}

	// One of each, in the singular; and where one approval is enough, it says so.
	b.get(approve(second[2])).want(t, http.StatusOK, "Approves 0 now; adds your approval to 1: 1 still needs another approval.")
	b.get(approve(enough[1])).want(t, http.StatusOK, "Will approve 1 example.", "Approve 1 example")
}
