package browsertest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui"
)

// rejecter rejects through the review service, as the program does.
type rejecter struct{ reviews *review.Service }

func (r rejecter) Reject(ctx context.Context, j dedup.Rejection) (uuid.UUID, error) {
	out, err := r.reviews.Decide(ctx, review.Decision{
		ExampleID: j.Example, Reviewer: j.By, Revision: j.Revision, Seen: j.Seen, Verdict: example.Reject, Reason: j.Reason,
	})
	return out.DecisionID, err
}

// duplicates starts a site with voice commands of which some are alike, compared.
func duplicates(t *testing.T) (s *browsertest.Site, ids []uuid.UUID) {
	t.Helper()
	var service *dedup.Service
	s = browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		service = dedup.New(dedup.Config{
			DB: s.Pool, Dataset: exampletest.Dataset, Reject: rejecter{s.Reviews},
			Catalog: func(context.Context) (*catalog.Catalog, error) { return catalog.Default() },
		})
		c.Duplicates = service
	})
	said := []struct{ ask, answer string }{
		{"squat 300 for 5", `{"exercise_name":"Squat","weight":300,"reps":5}`},
		{"Squat 300 for 5", `{"exercise_name":"Squat","weight":300,"reps":5}`},
		{"um squat 300 for 5", `{"exercise_name":"Squat","weight":300,"reps":5}`},
		{"um deadlift 405 for 1", `{"exercise_name":"Deadlift","weight":405,"reps":1}`},
		{"deadlift 405 for 1", `{"exercise_name":"Deadlift","weight":405,"reps":1}`},
		{"overhead press 95 for 8", `{"exercise_name":"Overhead Press","weight":95,"reps":8}`},
		{"overhead press 95 for 8", `{"exercise_name":"Overhead Press","weight":59,"reps":8}`},
		{"barbell row 135 for 10", "ok"},
		{"Barbell row 135 for 10", "ok"},
		{"bench 225 for 8", `{"exercise_name":"Bench Press","weight":225,"reps":8}`},
		{"bench 230 for 8", `{"exercise_name":"Bench Press","weight":230,"reps":8}`},
	}
	ids = exampletest.Insert(t, s.Pool, len(said), exampletest.Seed{Conversation: func(i int) example.Conversation {
		return example.Conversation{Messages: []example.Message{
			{Role: example.User, Content: said[i].ask}, {Role: example.Assistant, Content: said[i].answer},
		}}
	}})
	if _, err := service.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, ids
}

func TestDuplicatePagesAreAccessible(t *testing.T) {
	t.Parallel()
	s, _ := duplicates(t)
	tab := s.Open(t, account.Lead)
	for _, page := range []struct{ name, path, ready string }{
		{"duplicates-near", "/duplicates?kind=near", `document.querySelector(".duplicate-group.is-current")`},
		{"duplicates-contradiction", "/duplicates", `document.querySelector(".duplicate-group.is-current")`},
		{"duplicates-variant", "/duplicates?kind=variant", `document.querySelector(".duplicate-group.is-current")`},
		{"duplicates-none", "/duplicates?kind=near&category=ai_coach", `document.querySelector(".empty")`},
		{"duplicates-obvious", "/duplicates/obvious", `document.querySelector("table")`},
	} {
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			tab.Size(width, 900)
			for _, scheme := range []string{"light", "dark"} {
				tab.Scheme(scheme)
				tab.Go(page.path)
				tab.Until(page.ready)
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", page.name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", page.name, wide, width)
				}
			}
		}
	}
}

// TestDuplicatesByKey settles two groups without the mouse.
func TestDuplicatesByKey(t *testing.T) {
	t.Parallel()
	s, ids := duplicates(t)
	tab := s.Open(t, account.Reviewer)
	tab.Go("/duplicates?kind=near")
	tab.Until(`document.querySelectorAll("[data-group]").length === 2 && document.querySelector(".is-current")`)
	tab.Keys("j")
	tab.Until(`document.querySelectorAll("[data-group]")[1].classList.contains("is-current")`)
	// Groups found in one pass come in no fixed order: what the second one is about
	// says who must go.
	want := []string{"pending", "pending", "pending", "rejected", "pending"}
	if browsertest.Eval[bool](tab, `/squat/i.test(document.querySelectorAll("[data-group]")[1].textContent)`) {
		want = []string{"rejected", "pending", "rejected", "pending", "pending"}
	}
	tab.Keys("2") // of the second group
	tab.Until(`document.querySelectorAll("[data-group]").length === 1 && document.querySelector(".is-current")`)
	for i, want := range want {
		if got := s.Example(t, ids[i]).Status; got != want {
			t.Errorf("after 2, example %d is %s, want %s", i+1, got, want)
		}
	}
	tab.Keys("n")
	tab.Until(`document.querySelector(".empty")`)
	for i, want := range want {
		if got := s.Example(t, ids[i]).Status; got != want {
			t.Errorf("after N, example %d is %s, want %s", i+1, got, want)
		}
	}
}
