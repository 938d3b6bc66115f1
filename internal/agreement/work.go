package agreement

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/stat"
)

// Tally counts decisions by what they were.
type Tally struct{ Plain, Edited, Rejected, Escalated int }

// Decisions is how many there are.
func (t Tally) Decisions() int { return t.Plain + t.Edited + t.Rejected + t.Escalated }

// EditRate is the share of approvals that needed an edit, with Wilson's interval.
func (t Tally) EditRate() Share { return Share{t.Edited, t.Plain + t.Edited} }

// RejectRate is the share of verdicts that were rejections.
func (t Tally) RejectRate() Share { return Share{t.Rejected, t.Plain + t.Edited + t.Rejected} }

func (t Tally) add(o Tally) Tally {
	return Tally{t.Plain + o.Plain, t.Edited + o.Edited, t.Rejected + o.Rejected, t.Escalated + o.Escalated}
}

// A Share is K of N.
type Share struct{ K, N int }

// Interval is Wilson's, of 95 % confidence.
func (s Share) Interval() stat.Interval { return stat.Wilson(s.K, s.N, 0.95) }

// CategoryWork is what one reviewer did in a category, and what the others did.
type CategoryWork struct {
	Slug   string
	Own    Tally
	Others Tally
}

// A Day is what somebody did on one day (UTC).
type Day struct {
	Day       time.Time
	Decisions int
	Took      time.Duration
}

// Pace is how long decisions take: the middle one, and between which times the
// middle half lies. It rests on Decisions with a plausible time.
type Pace struct {
	Decisions            int
	Quarter, Half, Three time.Duration
}

// Gold is how somebody did on examples whose right verdict is known.
type Gold struct {
	Share
	Misses []GoldMiss // newest first, at most maxMisses
}

// A GoldMiss is a gold example that was seen otherwise.
type GoldMiss struct {
	ExampleID uuid.UUID
	Expected  string // approve or reject
	Reason    string // of whoever made it a gold example
	At        time.Time
}

const maxMisses = 20

// Work is how one person reviews.
type Work struct {
	Since      time.Time
	Total      Tally
	Others     Tally          // of everybody else, in the categories that the person worked in
	Categories []CategoryWork // by how much there was, most first
	Days       []Day          // newest first; days without decisions are left out
	Pace       Pace
	Compared   Pair   // with everybody else: the person is the first
	Pairs      []Pair // with single people, by how much they share
	Gold       Gold
}

// Work computes how a person reviewed since a moment.
func (s *Service) Work(ctx context.Context, person uuid.UUID, since time.Time) (Work, error) {
	w, err := s.work(ctx, person, since)
	if err != nil {
		return Work{}, fmt.Errorf("look at the work of %s: %w", person, err)
	}
	return w, nil
}

func (s *Service) work(ctx context.Context, person uuid.UUID, since time.Time) (Work, error) {
	q := db.New(s.db)
	w := Work{Since: since}
	rows, err := q.WorkByCategory(ctx, s.dataset, since)
	if err != nil {
		return w, fmt.Errorf("count decisions: %w", err)
	}
	w.tally(person, rows)
	days, err := q.WorkByDay(ctx, s.dataset, person, since)
	if err != nil {
		return w, fmt.Errorf("count by day: %w", err)
	}
	for _, d := range days {
		w.Days = append(w.Days, Day{Day: d.Day.Time, Decisions: int(d.Decisions), Took: time.Duration(d.Millis) * time.Millisecond})
	}
	pace, err := q.WorkPace(ctx, s.dataset, person, since)
	if err != nil {
		return w, fmt.Errorf("read the pace: %w", err)
	}
	w.Pace = Pace{int(pace.Decisions), millis(pace.Quarter), millis(pace.Half), millis(pace.ThreeQuarters)}
	pairs, err := q.AgreementPairs(ctx, db.AgreementPairsParams{DatasetID: s.dataset, Since: since, ReviewerID: &person})
	if err != nil {
		return w, fmt.Errorf("compare with others: %w", err)
	}
	w.Pairs = collect(pairs, "")
	var all Matrix
	for _, p := range w.Pairs {
		all = all.add(p.Matrix)
	}
	w.Compared = newPair(Person{ID: person}, Person{}, all)
	gold, err := q.GoldResults(ctx, s.dataset, &person, &since)
	if err != nil {
		return w, fmt.Errorf("read gold results: %w", err)
	}
	w.Gold.Share = Share{int(gold.Agrees), int(gold.Looks)}
	misses, err := q.GoldMisses(ctx, db.GoldMissesParams{DatasetID: s.dataset, ReviewerID: &person, Since: &since, MaxRows: maxMisses})
	if err != nil {
		return w, fmt.Errorf("list gold examples seen otherwise: %w", err)
	}
	for _, m := range misses {
		miss := GoldMiss{ExampleID: m.ExampleID, Expected: m.Expected, Reason: m.Reason}
		if m.ClosedAt != nil {
			miss.At = *m.ClosedAt
		}
		w.Gold.Misses = append(w.Gold.Misses, miss)
	}
	return w, nil
}

func millis(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }

// tally sorts decisions into the person's own and those of others beside them.
func (w *Work) tally(person uuid.UUID, rows []db.WorkByCategoryRow) {
	own, others := map[string]Tally{}, map[string]Tally{}
	for _, r := range rows {
		t := Tally{int(r.Plain), int(r.Edited), int(r.Rejected), int(r.Escalated)}
		if r.ReviewerID == person {
			own[r.Category] = own[r.Category].add(t)
		} else {
			others[r.Category] = others[r.Category].add(t)
		}
	}
	for slug, t := range own {
		w.Categories = append(w.Categories, CategoryWork{Slug: slug, Own: t, Others: others[slug]})
		w.Total = w.Total.add(t)
		w.Others = w.Others.add(others[slug])
	}
	slices.SortFunc(w.Categories, func(a, b CategoryWork) int {
		return cmp.Or(b.Own.Decisions()-a.Own.Decisions(), cmp.Compare(a.Slug, b.Slug))
	})
}

// A Reviewer is what one person decided, for a list of all.
type Reviewer struct {
	Person
	Tally
}

// Reviewers lists who decided anything, most first.
func (s *Service) Reviewers(ctx context.Context, f Filter) ([]Reviewer, error) {
	rows, err := db.New(s.db).WorkByCategory(ctx, s.dataset, f.Since)
	if err != nil {
		return nil, fmt.Errorf("count decisions by reviewer: %w", err)
	}
	byID := map[uuid.UUID]Reviewer{}
	for _, r := range rows {
		if f.Category != "" && r.Category != f.Category {
			continue
		}
		one := byID[r.ReviewerID]
		one.Person = Person{r.ReviewerID, r.Name}
		one.Tally = one.add(Tally{int(r.Plain), int(r.Edited), int(r.Rejected), int(r.Escalated)})
		byID[r.ReviewerID] = one
	}
	out := make([]Reviewer, 0, len(byID))
	for _, r := range byID {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Reviewer) int {
		return cmp.Or(b.Decisions()-a.Decisions(), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return out, nil
}
