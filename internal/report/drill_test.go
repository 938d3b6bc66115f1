package report_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
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
	recount := func(reviewer uuid.UUID, verdict string, reason func(string) bool, within func(time.Time) bool, of []uuid.UUID) map[uuid.UUID]bool {
		last := map[uuid.UUID]*said{}
		for _, d := range all {
			if d.undone || d.verdict == "skip" || reviewer != uuid.Nil && d.reviewer != reviewer || reviewer == uuid.Nil && d.kind == "gold" {
				continue
			}
			last[d.example] = d
		}
		found := map[uuid.UUID]bool{}
		for _, id := range of {
			if d := last[id]; d != nil && (verdict == "" || d.verdict == verdict) && reason(d.reason) && within(d.at) {
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
			within := func(at time.Time) bool { return !at.Before(since) }
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
					listed(fmt.Sprintf("%s, %+v, %s %s", when, v, p.Name, one.verdict), f, one.n, recount(p.ID, one.verdict, any, within, of))
				}
			}
			for _, r := range d.Reasons {
				f := base
				f.Verdict, f.Reason = "reject", r.Reason
				if r.Reason == "" {
					f.Reason = browse.OwnWords
				}
				listed(fmt.Sprintf("%s, %+v, rejected for %q", when, v, r.Reason), f, r.Decisions, recount(uuid.Nil, "reject", func(text string) bool { return names[catalog.ReasonKey(text)] == r.Reason }, within, of))
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
	// digests holds every number of the digests of all weeks against its list, and
	// numbers of decisions against what the test remembers.
	digests := func(when string) (numbers int) {
		t.Helper()
		category := map[uuid.UUID]string{}
		rows, err := pool.Query(ctx, `SELECT id, category FROM examples`)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id uuid.UUID
			var slug string
			if err := rows.Scan(&id, &slug); err != nil {
				t.Fatal(err)
			}
			category[id] = slug
		}
		for monday := report.WeekOf(day).Monday(); !monday.After(time.Now()); monday = monday.AddDate(0, 0, 7) {
			d, err := s.Digest(ctx, report.WeekOf(monday))
			if err != nil {
				t.Fatal(err)
			}
			number := func(what string, n int64, f browse.Filter) {
				t.Helper()
				what = fmt.Sprintf("%s, week of %s, %s", when, monday.Format(time.DateOnly), what)
				if f.Word == (browse.Word{}) {
					got, more, err := browser.All(ctx, f, 1000, time.Minute)
					if err != nil || more || int64(len(got)) != n {
						t.Errorf("%s: the number is %d, the list has %d, %v", what, n, len(got), err)
					}
					numbers++
					return
				}
				var of []uuid.UUID
				for _, id := range examples {
					if f.Category == "" || category[id] == f.Category {
						of = append(of, id)
					}
				}
				who, reason := uuid.Nil, any
				if f.Reviewer != "" {
					who = uuid.MustParse(f.Reviewer)
				}
				if f.Reason != "" {
					wanted := names[catalog.ReasonKey(f.Reason)]
					reason = func(text string) bool { return names[catalog.ReasonKey(text)] == wanted }
				}
				listed(what, f, n, recount(who, f.Verdict, reason, func(at time.Time) bool { return !at.Before(monday) && at.Before(monday.AddDate(0, 0, 7)) }, of))
				numbers++
			}
			for _, section := range d.Sections {
				for _, sentence := range section.Sentences {
					for _, piece := range sentence {
						if piece.List == nil || !strings.ContainsAny(piece.Text, "0123456789") {
							continue
						}
						n, err := strconv.ParseInt(strings.Fields(piece.Text)[0], 10, 64)
						if err != nil {
							t.Fatalf("%q leads to a list: %v", sentence, err)
						}
						number(sentence.String(), n, *piece.List)
					}
				}
			}
			for _, c := range d.Categories {
				number(c.Slug+" came in", c.Came, d.Came(c.Slug))
				number(c.Slug+" approved", c.Approved, d.Decided(c.Slug, example.Approve))
				number(c.Slug+" rejected", c.Rejected, d.Decided(c.Slug, example.Reject))
				number(c.Slug+" escalated", c.Escalated, d.Decided(c.Slug, example.Escalate))
				number(c.Slug+" approved now", c.ApprovedNow, d.Approved(c.Slug))
			}
		}
		return numbers
	}
	check("as counted")
	if _, err := pool.Exec(ctx, `UPDATE sources SET created_at = created_at - interval '7 days' WHERE name = 'another.jsonl'`); err != nil {
		t.Fatal(err)
	}
	if n := digests("as counted"); n < 40 {
		t.Errorf("%d numbers make a weak test of the digests", n)
	}
	// Words go along with what is moved to another category.
	if _, err := pool.Exec(ctx, `UPDATE examples SET category = 'ai_coach', subcategory = 'technique' WHERE id = ANY($1)`, examples[8:16]); err != nil {
		t.Fatal(err)
	}
	digests("moved")
	if _, err := pool.Exec(ctx, `INSERT INTO word_days SELECT w.* FROM word_days w, generate_series(1, 40) UNION ALL SELECT dataset_id, day, source_id, reviewer_id, verdict, reason, -examples, category FROM word_days, generate_series(1, 40)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Upkeep(ctx); err != nil {
		t.Fatal(err)
	}
	check("folded")
	digests("folded")
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
