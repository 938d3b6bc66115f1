package ui_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/web/htmlcheck"
)

// rejecter rejects through the review service, as the program does.
type rejecter struct{ reviews *review.Service }

func (r rejecter) Reject(ctx context.Context, j dedup.Rejection) (uuid.UUID, error) {
	out, err := r.reviews.Decide(ctx, review.Decision{
		ExampleID: j.Example, Reviewer: j.By, Revision: j.Revision, Seen: j.Seen, Verdict: example.Reject, Reason: j.Reason,
	})
	return out.DecisionID, err
}

// seedPairs puts questions with their answers in and has them compared.
func seedPairs(t *testing.T, s *site, pairs ...[2]string) []uuid.UUID {
	t.Helper()
	ids := exampletest.Insert(t, s.pool, len(pairs), exampletest.Seed{Conversation: func(i int) example.Conversation {
		return example.Conversation{Messages: []example.Message{
			{Role: example.User, Content: pairs[i][0]}, {Role: example.Assistant, Content: pairs[i][1]},
		}}
	}})
	s.compare(t)
	return ids
}

func (s *site) compare(t *testing.T) {
	t.Helper()
	if _, err := s.dedup.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// copies are three that say the same, and two that contradict each other.
var copies = [][2]string{
	{"squat 300 for 5", `{"exercise_name":"Squat","weight":300,"reps":5}`},
	{"Squat 300 for 5", `{"exercise_name":"Squat","weight":300,"reps":5}`},
	{"um squat 300 for 5", `{"exercise_name":"Squat","weight":300,"reps":5}`},
	{"overhead press 95 for 8", `{"exercise_name":"Overhead Press","weight":95,"reps":8}`},
	{"overhead press 95 for 8", `{"exercise_name":"Overhead Press","weight":59,"reps":8}`},
}

// forms are the values of the form that posts to an address ending in action.
func forms(t *testing.T, page reply, action string) (address string, values url.Values) {
	t.Helper()
	m := regexp.MustCompile(`(?s)<form[^>]*action="([^"]*` + action + `)"[^>]*>(.*?)</form>`).FindStringSubmatch(page.body)
	if m == nil {
		t.Fatalf("no form to %s on\n%s", action, page.body)
	}
	values = url.Values{}
	for _, in := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(m[2], -1) {
		values.Add(in[1], html.UnescapeString(in[2]))
	}
	return html.UnescapeString(m[1]), values
}

func statuses(t *testing.T, s *site, ids []uuid.UUID) []string {
	t.Helper()
	var out []string
	for _, id := range ids {
		var status string
		if err := s.pool.QueryRow(t.Context(), "SELECT status::text FROM examples WHERE id = $1", id).Scan(&status); err != nil {
			t.Fatal(err)
		}
		out = append(out, status)
	}
	return out
}

func wantStatuses(t *testing.T, s *site, ids []uuid.UUID, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, statuses(t, s, ids)); diff != "" {
		t.Fatalf("statuses (-want +got):\n%s", diff)
	}
}

func sound(t *testing.T, page reply) {
	t.Helper()
	for _, problem := range htmlcheck.Page([]byte(page.body)) {
		t.Errorf("%s: %s", page.Request.URL, problem)
	}
}

func TestDuplicatesAreListed(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	pm := s.as(t, account.PM)
	pm.get("/duplicates").want(t, http.StatusOK, "No duplicates", `href="/duplicates"`)
	ids := seedPairs(t, s, copies...)
	page := pm.get("/duplicates")
	page.want(t, http.StatusOK, "at most one can be right", "2 examples in ", "The answers differ in weight.", "/examples/"+ids[3].String(), "<del>95</del><ins>59</ins>", "the same as in example 1")
	sound(t, page)
	if strings.Contains(page.body, "Keep this one") || strings.Contains(page.body, "Not a contradiction") {
		t.Error("a PM is offered to decide")
	}
	reviewer := s.as(t, account.Reviewer)
	near := reviewer.get("/duplicates?kind=near")
	near.want(t, http.StatusOK, "3 examples in ", "<ins>um", "Keep this one", "Not duplicates", "% like example 1", `data-keep="3"`)
	sound(t, near)
	reviewer.get("/duplicates?kind=near&category=ai_coach").want(t, http.StatusOK, "No two examples are nearly the same.")
	reviewer.get("/duplicates?kind=far").want(t, http.StatusUnprocessableEntity, "no such list")
	reviewer.get("/duplicates?after=x").want(t, http.StatusUnprocessableEntity, "out of date")

	seedPairs(t, s,
		[2]string{"deadlift 405 for 2 then 315 for 5", `{"exercise_name":"Deadlift","weight":405,"reps":2,"rpe":9,"rir":1,"tempo":"2-0-1"}`},
		[2]string{"deadlift 405 for 2 then 315 for 5", `{"exercise_name":"Deadlift","weight":315,"reps":5,"rpe":7,"rir":3,"tempo":"3-1-1"}`})
	pm.get("/duplicates").want(t, http.StatusOK, "The answers differ in reps, rir, rpe and 2 other places.")

	variants := seedPairs(t, s, [2]string{"bench 225 for 8", `{"exercise_name":"Bench Press","weight":225,"reps":8}`}, [2]string{"bench 230 for 8", `{"exercise_name":"Bench Press","weight":230,"reps":8}`})
	list := reviewer.get("/duplicates?kind=variant")
	list.want(t, http.StatusOK, "need no decision", variants[0].String(), variants[1].String())
	if strings.Contains(list.body, "Keep this one") {
		t.Error("one of the variants is to be kept")
	}
}

func TestDuplicatesArePaged(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var pairs [][2]string
	for i, lift := range []string{"squat", "deadlift", "bench press", "chin up", "lunge", "leg press", "barbell row", "hip thrust", "dip", "face pull", "calf raise", "plank"} {
		said := lift + " " + itoa(40+5*i) + " for 5"
		pairs = append(pairs, [2]string{said, "ok"}, [2]string{strings.ToUpper(said), "ok"})
	}
	seedPairs(t, s, pairs...)
	b := s.as(t, account.Reviewer)
	seen := map[string]bool{}
	address := "/duplicates?kind=equal"
	for range 2 {
		page := b.get(address)
		page.want(t, http.StatusOK)
		for _, m := range regexp.MustCompile(`id="(group-[0-9a-f-]{36})"`).FindAllStringSubmatch(page.body, -1) {
			seen[m[1]] = true
		}
		if m := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page.body); m != nil {
			address = html.UnescapeString(m[1])
		}
	}
	if len(seen) != 12 {
		t.Errorf("two pages show %d groups, want 12", len(seen))
	}
	b.get(address).want(t, http.StatusOK, ">First</a>")
}

func TestKeepOneOnThePage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := seedPairs(t, s, copies...)
	b := s.as(t, account.Reviewer)
	address, form := forms(t, b.get("/duplicates?kind=near"), "/keep")
	if got := len(form["seen"]); got != 3 {
		t.Fatalf("the form says that %d were seen, want 3", got)
	}
	blind := url.Values{"survivor": {ids[1].String()}, "kind": {"near"}, "unseen": {"1"}}
	b.post(address, blind).want(t, http.StatusUnprocessableEntity, "does not say what you saw")
	form.Set("survivor", "x")
	b.post(address, form).want(t, http.StatusUnprocessableEntity, "which example to keep")
	form.Set("survivor", ids[3].String())
	b.post(address, form).want(t, http.StatusUnprocessableEntity, "not in this group")
	wantStatuses(t, s, ids[:3], "pending", "pending", "pending")

	form.Set("survivor", ids[1].String())
	done := b.post(address, form)
	if done.StatusCode != http.StatusSeeOther {
		t.Fatalf("keeping one = %d\n%s", done.StatusCode, done.body)
	}
	wantStatuses(t, s, ids, "rejected", "pending", "rejected", "pending", "pending")
	after := b.get(strings.Split(done.Header.Get("Location"), "#")[0])
	after.want(t, http.StatusOK, "Kept one; 2 examples were rejected in favour of it.", "2 rejections just made")
	sound(t, after)
	b.get("/examples/"+ids[1].String()).want(t, http.StatusOK, "2 examples that were rejected in favour of this one", "/examples/"+ids[0].String())
	b.get("/examples/"+ids[0].String()).want(t, http.StatusOK, "Rejected in favour of", "duplicate of "+ids[1].String())

	// A second click finds the group gone and says so.
	b.post(address, form).leadsTo(t, "/duplicates?kind=near#group-"+strings.Split(address, "/")[2])
	b.get("/duplicates").want(t, http.StatusOK, "not there any more")

	// Taken back by their author, they are pending and a group again.
	undo, decisions := forms(t, after, "/duplicates/undo")
	other := s.as(t, account.Lead)
	other.post(undo, decisions).leadsTo(t, "/duplicates?kind=near")
	other.get("/duplicates").want(t, http.StatusOK, "Only its author")
	wantStatuses(t, s, ids[:3], "rejected", "pending", "rejected")
	b.post(undo, decisions).leadsTo(t, "/duplicates?kind=near")
	b.get("/duplicates?kind=near").want(t, http.StatusOK, "2 rejections are undone", "have not been compared yet")
	wantStatuses(t, s, ids[:3], "pending", "pending", "pending")
	s.compare(t)
	b.get("/duplicates?kind=near").want(t, http.StatusOK, "3 examples in ")
	b.post(undo, url.Values{"decision": {"x"}}).want(t, http.StatusUnprocessableEntity, "what to undo")
}

// TestStaleRulingsAreRefused decides on groups that changed since they were shown.
func TestStaleRulingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, change string }{
		{"another status", "UPDATE examples SET status = 'approved' WHERE id = $1"},
		{"another revision", "INSERT INTO revisions SELECT (jsonb_populate_record(r, '{\"revision\": 2}')).* FROM revisions r WHERE example_id = $1"},
	} {
		for _, action := range []string{"/keep", "/different"} {
			t.Run(tt.name+action, func(t *testing.T) {
				t.Parallel()
				s := start(t, nil)
				ids := seedPairs(t, s, copies[:3]...)
				b := s.as(t, account.Reviewer)
				address, form := forms(t, b.get("/duplicates"), action)
				form.Set("survivor", ids[0].String())
				if _, err := s.pool.Exec(t.Context(), tt.change, ids[2]); err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(tt.change, "INSERT") {
					if _, err := s.pool.Exec(t.Context(), "UPDATE examples SET revision = 2 WHERE id = $1", ids[2]); err != nil {
						t.Fatal(err)
					}
				}
				before := statuses(t, s, ids)
				b.post(address, form).leadsTo(t, "/duplicates?kind=near#group-"+strings.Split(address, "/")[2])
				b.get("/duplicates").want(t, http.StatusOK, "changed while you were looking at it", "3 examples in ")
				wantStatuses(t, s, ids, before...)
			})
		}
	}
}

func TestNotDuplicates(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ids := seedPairs(t, s, copies[3:]...)
	b := s.as(t, account.Reviewer)
	page := b.get("/duplicates")
	page.want(t, http.StatusOK, "Not a contradiction")
	address, form := forms(t, page, "/different")
	b.post(address, url.Values{}).want(t, http.StatusUnprocessableEntity, "does not say what you saw")
	b.post(address, form).leadsTo(t, "/duplicates?kind=contradiction")
	b.get("/duplicates").want(t, http.StatusOK, "have nothing to do with each other", "No duplicates")
	wantStatuses(t, s, ids, "pending", "pending")
	s.compare(t)
	b.get("/duplicates").want(t, http.StatusOK, "No duplicates")
}

// A group that is too large for one screen has a page of its own and is worked
// off as far as it is seen.
func TestLargeGroup(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var pairs [][2]string
	for i := range dedup.MaxMembers + 2 {
		pairs = append(pairs, [2]string{"um squat 300 for 5", `{"exercise_name":"Squat","weight":300,"reps":5}`})
		if i%2 == 1 {
			pairs[i][0] = "squat 300 for 5" + strings.Repeat(" ", i)
		} else {
			pairs[i][0] += strings.Repeat("!", i)
		}
	}
	ids := seedPairs(t, s, pairs...)
	b := s.as(t, account.Reviewer)
	list := b.get("/duplicates")
	list.want(t, http.StatusOK, "See all 22", "20 of them shown", "Keeping one rejects the others that are shown")
	group := regexp.MustCompile(`/duplicates/[0-9a-f-]{36}`).FindString(list.body)
	page := b.get(group)
	page.want(t, http.StatusOK, "22 examples in ", "Duplicates: Near", "/examples/"+ids[19].String())
	sound(t, page)
	last := b.get(group + "?after=" + ids[19].String())
	last.want(t, http.StatusOK, "2 of them shown", "/examples/"+ids[21].String(), ">First<")
	sound(t, last)
	b.get(group+"?after="+ids[21].String()).want(t, http.StatusOK, "The group ends here")
	b.get(group+"?after=1").want(t, http.StatusUnprocessableEntity, "out of date")
	b.get("/duplicates/"+uuid.NewString()).want(t, http.StatusNotFound, "not there any more")

	address, form := forms(t, list, "/keep")
	form.Set("survivor", ids[0].String())
	b.post(address, form)
	b.get("/duplicates").want(t, http.StatusOK, "Kept one; 19 examples were rejected", "3 examples in ")
	want := []string{"pending"}
	for range dedup.MaxMembers - 1 {
		want = append(want, "rejected")
	}
	wantStatuses(t, s, ids, append(want, "pending", "pending")...)
}

func TestObviousDuplicates(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as(t, account.Reviewer)
	b.get("/duplicates/obvious").want(t, http.StatusOK, "Nothing obvious")
	ids := seedPairs(
		t, s, [2]string{"squat 300 for 5", "ok"}, [2]string{"Squat 300 for 5", "ok"}, [2]string{"SQUAT 300 for 5!", "ok"},
		[2]string{"deadlift 405 for 1", "ok"}, [2]string{"Deadlift 405 for 1", "ok"},
	)
	b.get("/duplicates").want(t, http.StatusOK, "Settle the obvious ones")
	preview := b.get("/duplicates/obvious")
	preview.want(t, http.StatusOK, "Will reject 3 examples in 2 groups", "Reject 3 examples as duplicates")
	sound(t, preview)
	wantStatuses(t, s, ids, "pending", "pending", "pending", "pending", "pending")
	address, form := forms(t, preview, "/duplicates/obvious")
	b.post(address, url.Values{}).want(t, http.StatusUnprocessableEntity)
	b.post(address, url.Values{"ruling": {"a b c d e"}}).want(t, http.StatusUnprocessableEntity)

	// Somebody approves one of the second group between the preview and the click.
	if _, err := s.pool.Exec(t.Context(), "UPDATE examples SET status = 'approved' WHERE id = $1", ids[4]); err != nil {
		t.Fatal(err)
	}
	done := b.post(address, form)
	done.want(t, http.StatusOK, "Rejected 2 examples as duplicates in 1 group. 1 example was left as they are.", "changed while you were looking at it")
	sound(t, done)
	wantStatuses(t, s, ids, "pending", "rejected", "rejected", "pending", "approved")
	again := b.get("/duplicates/obvious")
	again.want(t, http.StatusOK, "Will reject 1 example in 1 group")
	address, form = forms(t, again, "/duplicates/obvious")
	b.post(address, form).want(t, http.StatusOK, "Rejected 1 example")
	wantStatuses(t, s, ids, "pending", "rejected", "rejected", "rejected", "approved")

	undo, decisions := forms(t, done, "/duplicates/undo")
	b.post(undo, decisions).leadsTo(t, "/duplicates?kind=equal")
	wantStatuses(t, s, ids, "pending", "pending", "pending", "rejected", "approved")
}

func TestHostileDuplicates(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	text := "<script>alert(1)</script> \u202esquat 300 for 5"
	seedPairs(t, s, [2]string{text, "ok <b>"}, [2]string{strings.ToUpper(text), "ok <b>"})
	b := s.as(t, account.Reviewer)
	for _, address := range []string{"/duplicates", "/duplicates/obvious"} {
		page := b.get(address)
		page.want(t, http.StatusOK)
		sound(t, page)
		low := strings.ToLower(page.body)
		if !strings.Contains(low, "&lt;script&gt;alert(1)&lt;/script&gt;") {
			t.Errorf("%s has lost the text:\n%s", address, page.body)
		}
		if strings.Contains(low, "<script>alert") || strings.Contains(page.body, "\u202e") {
			t.Errorf("%s passes hostile text on:\n%s", address, page.body)
		}
	}
}
