package report_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/report"
)

// A said is one decision as the test remembers it.
type said struct {
	id, example, reviewer uuid.UUID
	verdict, reason, kind string
	at                    time.Time
	undone                bool
}

// TestNumbersLeadToWhatTheyCount lets three people decide, change their minds and take
// back at random, and holds every number of the dashboard about decisions against the
// list that it leads to and against a recount from what the test remembers.
func TestNumbersLeadToWhatTheyCount(t *testing.T) {
	t.Parallel()
	s, pool, ids := spread(t)
	ctx := t.Context()
	browser := browse.New(pool, exampletest.Dataset)
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	known := c.Categories[0].RejectReasons[0]
	reasons := []string{known.Name, known.Slug + ": and more words", "Mine alone", "mine ALONE: again", c.Categories[len(c.Categories)-1].RejectReasons[1].Name}
	people := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	for i, id := range people {
		if _, err := pool.Exec(ctx, `INSERT INTO users (id, email, name, role) VALUES ($1, $2, $3, 'reviewer')`, id, fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("Person %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	examples := append(append([]uuid.UUID{}, ids["voice"][:12]...), ids["doms"]...)
	var all []*said
	random := rand.New(rand.NewPCG(1, 2))
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -20)
	insert := func(d *said, undoes *uuid.UUID) {
		t.Helper()
		if _, err := pool.Exec(ctx, `
			INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, kind, reason, status_before, status_after, request_key, created_at, undoes)
			VALUES ($1, $2, $3, $4, 1, $5, $6, $7, 'pending', 'pending', $2::uuid::text, $8, $9)`,
			exampletest.Dataset, d.id, d.example, d.reviewer, d.verdict, d.kind, d.reason, d.at, undoes); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 400 {
		at := day.Add(time.Duration(i) * 20 * 24 * time.Hour / 400)
		d := &said{
			id: uuid.Must(uuid.NewV7()), example: examples[random.IntN(len(examples))], reviewer: people[random.IntN(len(people))],
			verdict: []string{"approve", "reject", "reject", "escalate", "skip"}[random.IntN(5)], kind: []string{"review", "second", "gold", "bulk"}[random.IntN(4)], at: at,
		}
		if d.verdict == "reject" {
			d.reason = reasons[random.IntN(len(reasons))]
		}
		if old := random.IntN(i + 1); i%3 == 0 && old < len(all) && !all[old].undone && all[old].verdict != "skip" {
			all[old].undone = true
			insert(&said{id: d.id, example: all[old].example, reviewer: people[0], verdict: "undo", kind: "review", at: at}, &all[old].id)
			continue
		}
		insert(d, nil)
		all = append(all, d)
	}
	// recount lists the examples with such a last word from what the test remembers.
	recount := func(reviewer uuid.UUID, verdict string, reason func(string) bool, since time.Time, of []uuid.UUID) map[uuid.UUID]bool {
		last := map[uuid.UUID]*said{}
		for _, d := range all {
			if d.undone || d.verdict == "skip" || reviewer != uuid.Nil && d.reviewer != reviewer || reviewer == uuid.Nil && d.kind == "gold" {
				continue
			}
			last[d.example] = d
		}
		found := map[uuid.UUID]bool{}
		for _, id := range of {
			if d := last[id]; d != nil && (verdict == "" || d.verdict == verdict) && reason(d.reason) && !d.at.Before(since) {
				found[id] = true
			}
		}
		return found
	}
	names := c.ReasonNames()
	listed := func(what string, f browse.Filter, n int64, want map[uuid.UUID]bool) {
		t.Helper()
		got, more, err := browser.All(ctx, f, 1000, time.Minute)
		if err != nil || more {
			t.Fatalf("%s: %v", what, err)
		}
		if int64(len(got)) != n || len(want) != len(got) {
			t.Errorf("%s: the number is %d, the list has %d, the recount says %d", what, n, len(got), len(want))
		}
		for _, id := range got {
			if !want[id] {
				t.Errorf("%s: %s is in the list", what, id)
			}
		}
	}
	any := func(string) bool { return true }
	check := func(when string) {
		t.Helper()
		first, err := s.Dashboard(ctx, report.View{})
		if err != nil {
			t.Fatal(err)
		}
		views := []report.View{{}, {Days: 7}}
		for _, src := range first.Sources {
			views = append(views, report.View{Source: src.ID})
		}
		for _, v := range views {
			d, err := s.Dashboard(ctx, v)
			if err != nil {
				t.Fatal(err)
			}
			base, since, of := browse.Filter{}, time.Time{}, examples
			if v.Days > 0 {
				since = d.At.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-v.Days)
				base.Since = since.Format(time.DateOnly)
			}
			if v.Source != uuid.Nil {
				base.Source = v.Source.String()
				if of, _, err = browser.All(ctx, browse.Filter{Source: base.Source}, 1000, time.Minute); err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range d.People {
				for _, one := range []struct {
					verdict string
					n       int64
				}{{"", p.Decisions()}, {"approve", p.Approved}, {"reject", p.Rejected}, {"escalate", p.Escalated}} {
					f := base
					f.Reviewer, f.Verdict = p.ID.String(), one.verdict
					listed(fmt.Sprintf("%s, %+v, %s %s", when, v, p.Name, one.verdict), f, one.n, recount(p.ID, one.verdict, any, since, of))
				}
			}
			for _, r := range d.Reasons {
				f := base
				f.Verdict, f.Reason = "reject", r.Reason
				if r.Reason == "" {
					f.Reason = browse.OwnWords
				}
				listed(fmt.Sprintf("%s, %+v, rejected for %q", when, v, r.Reason), f, r.Decisions, recount(uuid.Nil, "reject", func(text string) bool { return names[catalog.ReasonKey(text)] == r.Reason }, since, of))
			}
			for i, n := range d.Burnup.Stands {
				if n > 0 && v == (report.View{}) {
					on := d.Burnup.Days[i].Format(time.DateOnly)
					got, _, err := browser.All(ctx, browse.Filter{Word: browse.Word{Verdict: "approve", Since: on, Until: on}}, 1000, time.Minute)
					if err != nil || int64(len(got)) != n {
						t.Errorf("%s: %d approvals stand of %s, the list has %d, %v", when, n, on, len(got), err)
					}
				}
			}
			if v.Source == uuid.Nil && (len(d.People) != 3 || len(d.Reasons) < 2) {
				t.Errorf("%s: %d people and %d reasons make a weak test", when, len(d.People), len(d.Reasons))
			}
		}
	}
	check("as counted")
	if _, err := pool.Exec(ctx, `INSERT INTO word_days SELECT w.* FROM word_days w, generate_series(1, 40) UNION ALL SELECT dataset_id, day, source_id, reviewer_id, verdict, reason, -examples FROM word_days, generate_series(1, 40)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Upkeep(ctx); err != nil {
		t.Fatal(err)
	}
	check("folded")
	// A reviewer who may still judge does not learn from the list what others said.
	for _, id := range examples {
		if _, err := pool.Exec(ctx, `UPDATE examples SET status = 'pending' WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := browser.All(ctx, browse.Filter{Word: browse.Word{Reviewer: people[1].String()}, Blind: people[0]}, 1000, time.Minute)
	if err != nil || len(got) != 0 {
		t.Errorf("a blind reviewer sees %d examples that somebody else decided, %v", len(got), err)
	}
	if page, err := browser.List(ctx, browse.Filter{Word: browse.Word{Verdict: string(example.Approve), Reason: "x"}}, "", 10); err == nil {
		t.Errorf("an approval with a reason lists %d", len(page.Items))
	}
}

// TestLengthsLeadToWhatTheyCount does the same for the histogram of lengths and for
// what platforms would cut.
func TestLengthsLeadToWhatTheyCount(t *testing.T) {
	t.Parallel()
	s, pool, _ := spread(t)
	ctx := t.Context()
	if _, err := pool.Exec(ctx, `UPDATE examples SET tokens = 5 + (source_line * 37) % 3000`); err != nil {
		t.Fatal(err)
	}
	q, err := s.Quality(ctx, report.Filter{})
	if err != nil || len(q.Tokens.Octaves()) < 4 {
		t.Fatalf("Quality() = %+v, %v", q.Tokens, err)
	}
	browser := browse.New(pool, exampletest.Dataset)
	for _, b := range q.Tokens.Octaves() {
		got, _, err := browser.All(ctx, browse.Filter{MinTokens: b.From, MaxTokens: b.To}, 1000, time.Minute)
		if err != nil || int64(len(got)) != b.Examples {
			t.Errorf("from %d to %d: %d examples, the list has %d, %v", b.From, b.To, b.Examples, len(got), err)
		}
	}
	var long int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM examples WHERE tokens > 1000`).Scan(&long); err != nil {
		t.Fatal(err)
	}
	if got, _, err := browser.All(ctx, browse.Filter{MinTokens: 1001}, 1000, time.Minute); err != nil || len(got) != long {
		t.Errorf("%d examples above 1,000, want %d, %v", len(got), long, err)
	}
}
