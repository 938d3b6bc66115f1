package browsertest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ui"
)

// TestAgreement goes from the figures to the examples behind one of them, and
// looks at the pages with axe in both schemes on a desk and a phone.
func TestAgreement(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		c.Agreement = agreement.New(s.Pool, exampletest.Dataset)
	})
	tab := s.Open(t, account.Lead)
	lead, err := s.Accounts.UserByEmail(t.Context(), "lead@example.com")
	if err != nil {
		t.Fatal(err)
	}
	people := []uuid.UUID{lead.ID, s.Add(t, account.Reviewer, "bo@example.com").ID, s.Add(t, account.Admin, "cy@example.com").ID}
	ids := append(exampletest.Insert(t, s.Pool, 120, exampletest.Seed{}), seedInjuries(t, s, 12)...)
	judge := func(i int, by uuid.UUID, verdict, kind string, edited bool) {
		t.Helper()
		var made *int
		if edited {
			two := 2
			made = &two
		}
		id := uuid.Must(uuid.NewV7())
		if _, err := s.Pool.Exec(t.Context(), `
			INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, new_revision, verdict, kind, reason, status_before, status_after, request_key, millis, created_at)
			VALUES ($1, $2::uuid, $3, $4, 1, $5, $6, $7, 'Not how a coach talks.', 'pending', 'approved', ($2::uuid)::text, $8, $9)`,
			exampletest.Dataset, id, ids[i], by, made, verdict, kind, 6000+500*(i%20), time.Now().Add(-time.Duration(i)*4*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range ids {
		judge(i, people[i%3], "approve", "review", i%7 == 0)
		verdict := "approve"
		if i%11 == 0 || i > 126 {
			verdict = "reject"
		}
		judge(i, people[(i+1)%3], verdict, "second", i%9 == 0)
	}
	look := func(name, path, ready string) {
		t.Helper()
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			tab.Size(width, 1400)
			for _, scheme := range []string{"light", "dark"} {
				tab.Scheme(scheme)
				tab.Go(path)
				tab.Until(ready)
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", name, wide, width)
				}
			}
		}
	}
	look("agreement", "/agreement", `document.querySelector(".agreement-pairs")`)
	look("agreement-work", "/people/"+people[1].String()+"/work", `document.querySelector(".work-figures")`)
	look("agreement-own", "/account/work", `document.querySelector(".work-figures")`)
	look("agreement-examples", "/agreement/examples?differ=1", `document.querySelector(".table")`)

	tab.Size(browsertest.Desktop, 900)
	tab.Go("/agreement")
	tab.Run(`document.querySelector(".agreement-pairs details").open = true`)
	tab.Run(`window.cell = document.querySelector(".agreement-matrix td:not(.agreement-alike) a")`)
	n := browsertest.Eval[string](tab, `window.cell.firstChild.textContent.trim()`)
	tab.Run(`window.cell.click()`)
	tab.Until(`location.pathname === "/agreement/examples" && document.readyState === "complete"`)
	if got := browsertest.Eval[string](tab, `String(document.querySelectorAll("tbody tr").length)`); got != n {
		t.Errorf("the cell said %s, the list has %s", n, got)
	}
}
