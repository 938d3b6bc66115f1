package bulk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
)

const (
	maxWays  = 1000             // different ways to stand that are tried
	waysFor  = 15 * time.Second // and for how long
	wordsFor = 30 * time.Second // how long examples are read for a replacement
	readStep = 1000             // examples read at a time
)

// count makes the forecast of an act that is too large to be tried out one by one say
// what becomes of all of its examples. The database groups them by everything that the
// rules look at, and one of each group is tried out: what happens to it happens to
// the others. What depends on the words of each (find and replace) is read from all of
// them. What the checks will say of new words is known only of those that were tried
// out: that stays in Details.
func (s *Service) count(ctx context.Context, a Act, h *hand, f *Forecast) error {
	p := db.ActSituationsParams{
		AuthorID: h.by.ID, Verdicts: a.Kind == Approve || a.Kind == Reject, Rules: []string{}, DatasetID: s.cfg.Dataset, ActID: a.ID, MaxRows: maxWays,
	}
	switch a.Kind {
	case Tag, Untag:
		p.Tag = a.Parameters.Tag
	case Waive:
		p.Rule = a.Parameters.Rule
	case Approve:
		c, err := s.cfg.Catalog(ctx)
		if err != nil {
			return fmt.Errorf("read the catalog: %w", err)
		}
		for _, cat := range c.Categories {
			for _, check := range cat.Checks {
				if check.Skill != "" {
					p.Rules = append(p.Rules, check.Rule)
				}
			}
		}
	}
	ways, err := db.New(s.cfg.DB).ActSituations(ctx, p)
	if err != nil {
		return fmt.Errorf("look how they stand: %w", err)
	}
	h.hunks = 0
	lines, counted, start := map[Line]int{}, 0, time.Now()
	for i, w := range ways {
		if time.Since(start) > waysFor {
			break
		}
		out, err := s.try(ctx, h, item{w.ExampleID, int(w.Revision), example.Status(w.Status), ""})
		if err != nil {
			return err
		}
		if a.Kind == Replace && !byStanding(out) {
			continue // its words decide, not how it stands
		}
		counted += int(w.Examples)
		f.Ways = i + 1
		lines[Line{Outcome: out.outcome, Result: plain(a.Kind, out.result), Reason: out.reason}] += int(w.Examples)
	}
	if a.Kind == Replace {
		n, err := s.countWords(ctx, a, h, lines)
		if err != nil {
			return err
		}
		counted += n
	}
	if counted < f.Tried {
		return nil // what was tried out says more
	}
	f.Counted = counted
	if h.changes() {
		f.Details = f.Lines
	}
	f.Lines = nil
	for l, n := range lines {
		l.Examples = n
		f.Lines = append(f.Lines, l)
	}
	sortLines(f.Lines)
	return nil
}

// changes says whether the act makes new revisions, whose findings are known only
// after checking each.
func (h *hand) changes() bool {
	return h.act.Kind == Move || h.act.Kind == Replace || h.act.Kind == Restore
}

// byStanding says whether a replacement leaves an example alone whatever it says.
func byStanding(out settled) bool {
	switch out.reason {
	case wasChanged, isHeld, isAsked, isGone:
		return true
	}
	return false
}

// plain is a result without what the checks found.
func plain(kind Kind, result string) string {
	if kind == Move || kind == Replace || kind == Restore {
		result = strings.TrimSuffix(strings.TrimSuffix(result, moreErrors), fewerErrors)
	}
	return result
}

// countWords reads the examples that a replacement could change and counts those in
// which it finds something. It returns how many it read in the time that it has.
func (s *Service) countWords(ctx context.Context, a Act, h *hand, lines map[Line]int) (int, error) {
	q, start, read := db.New(s.cfg.DB), time.Now(), 0
	for after := uuid.Nil; time.Since(start) < wordsFor; {
		rows, err := q.ActContents(ctx, db.ActContentsParams{DatasetID: s.cfg.Dataset, ActID: a.ID, After: after, AuthorID: h.by.ID, MaxRows: readStep})
		if err != nil {
			return read, fmt.Errorf("read the examples: %w", err)
		}
		for _, r := range rows {
			l, err := h.wouldReplace(r)
			if err != nil {
				return read, err
			}
			lines[l]++
			after = r.ExampleID
		}
		if read += len(rows); len(rows) < readStep {
			break
		}
	}
	return read, nil
}

// wouldReplace says what a replacement does to one example, but for what the checks
// say afterwards.
func (h *hand) wouldReplace(r db.ActContentsRow) (Line, error) {
	messages, err := example.ParseMessages([]byte(r.Messages))
	if err != nil {
		return Line{}, fmt.Errorf("read example %s: %w", r.ExampleID, err)
	}
	after, _, ok := h.act.Parameters.replace(messages, h.pattern, 0)
	if !ok {
		return Line{Outcome: Stayed, Reason: tooLong}, nil
	}
	for i := range messages {
		if messages[i].Content != after[i].Content {
			l := Line{Outcome: Changed, Result: "changed"}
			if r.Status != db.ExampleStatusPending {
				l.Result += pendingAgain
			}
			return l, nil
		}
	}
	return Line{Outcome: Stayed, Reason: nothingFound}, nil
}
