package acceptance

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/stat"
)

// confidence is that of the intervals and of the consumer's statement.
const confidence = 0.95

// An Outcome is what became of one item of a sample.
type Outcome string

// The outcomes.
const (
	Waits   Outcome = "open"     // nobody has decided it, or not all who must
	Good    Outcome = "good"     // approved as it was drawn
	Mended  Outcome = "edited"   // approved with other content than was drawn
	Refused Outcome = "rejected" // rejected
)

// An Item is one example of a sample.
type Item struct {
	Ordinal     int
	ExampleID   uuid.UUID
	Revision    int // that was drawn
	Category    string
	Subcategory string
	Status      example.Status
	Outcome     Outcome
}

// outcomeOf derives what became of an item from where its example stands now.
func outcomeOf(r db.SampleItemsRow) Outcome {
	switch {
	case r.Outcome != "":
		return Outcome(r.Outcome) // the sample is closed
	case !r.Judged:
		return Waits
	case r.Status == db.ExampleStatusRejected:
		return Refused
	case r.Status == db.ExampleStatusApproved && r.Changed:
		return Mended
	case r.Status == db.ExampleStatusApproved:
		return Good
	}
	return Waits
}

// A Verdict is what a sample says.
type Verdict string

// The verdicts.
const (
	Accept   Verdict = "accept"
	Reject   Verdict = "reject"
	Continue Verdict = "continue"
)

// A Result is what people's decisions on a sample come to so far.
type Result struct {
	Drawn    int // given to people
	Reviewed int
	Good     int
	Mended   int
	Refused  int
	Defects  int // Refused, and Mended where the sample counts edits
	Verdict  Verdict
	Wilson   stat.Interval // of the share of defects, 95 %
	// AtMost is the consumer's statement: with 95 % confidence at most this share of
	// such examples is defective (Clopper and Pearson), and AtMostOf of the batch's
	// own (hypergeometric). Both say 1, or all, while nothing is reviewed.
	AtMost   float64
	AtMostOf int
	// Needed is how many more, all of them good, would accept; of a sequential plan. 0
	// where it does not apply.
	Needed int
}

// Progress judges a sample by what is decided now; of a closed one it is what was
// decided when it was closed.
func (s *Service) Progress(ctx context.Context, sample Sample) (Result, error) {
	items, err := s.items(ctx, db.New(s.db), sample)
	if err != nil {
		return Result{}, err
	}
	return judge(sample, items), nil
}

// items reads all that was given to people.
func (s *Service) items(ctx context.Context, q *db.Queries, sample Sample) ([]db.SampleItemsRow, error) {
	rows, err := q.SampleItems(ctx, db.SampleItemsParams{DatasetID: s.dataset, SampleID: sample.ID, Upto: int32(sample.Drawn), MaxRows: MaxItems})
	if err != nil {
		return nil, fmt.Errorf("read the items of sample %s: %w", sample.ID, err)
	}
	return rows, nil
}

// Items lists the items of a sample from after an ordinal, at most limit.
func (s *Service) Items(ctx context.Context, sample Sample, after, limit int) ([]Item, error) {
	if limit < 1 || limit > MaxLimit {
		return nil, fault.New(fault.Invalid, "Ask for between 1 and %d items.", MaxLimit)
	}
	rows, err := db.New(s.db).SampleItems(ctx, db.SampleItemsParams{
		DatasetID: s.dataset, SampleID: sample.ID, After: int32(after), Upto: int32(sample.Drawn), MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("list the items of sample %s: %w", sample.ID, err)
	}
	out := make([]Item, len(rows))
	for i, r := range rows {
		out[i] = Item{
			Ordinal: int(r.Ordinal), ExampleID: r.ExampleID, Revision: int(r.Revision), Category: r.Category, Subcategory: r.Subcategory,
			Status: example.Status(r.Status), Outcome: outcomeOf(r),
		}
	}
	return out, nil
}

// judge counts outcomes, in the order of drawing, and applies the plan.
func judge(sample Sample, items []db.SampleItemsRow) Result {
	r := Result{Drawn: len(items), Verdict: Continue}
	sequential := sample.Accept < 0
	for _, i := range items {
		switch outcomeOf(i) {
		case Waits:
			continue
		case Good:
			r.Good++
		case Mended:
			r.Mended++
			if sample.Edits {
				r.Defects++
			}
		case Refused:
			r.Refused++
			r.Defects++
		}
		r.Reviewed++
		if sequential && r.Verdict == Continue {
			// One after the other: the first line that is crossed decides, whatever
			// comes after it.
			r.Verdict = step(sample, r.Reviewed, r.Defects)
		}
	}
	if !sequential {
		r.Verdict = fixed(sample, r)
	}
	r.Wilson = stat.Wilson(r.Defects, r.Reviewed, confidence)
	r.AtMost = stat.AtMost(r.Defects, r.Reviewed, confidence)
	r.AtMostOf = stat.AtMostOf(sample.Frame, r.Reviewed, r.Defects, confidence)
	if sequential && r.Verdict == Continue {
		r.Needed = needed(sample, r) - r.Reviewed
	}
	return r
}

func fixed(sample Sample, r Result) Verdict {
	switch left := sample.N - r.Reviewed; {
	case r.Defects > sample.Accept:
		return Reject
	case r.Defects+left <= sample.Accept, left == 0:
		return Accept // whatever the rest is
	}
	return Continue
}

func step(sample Sample, n, defects int) Verdict {
	plan := sample.Plan.sequential()
	accept, reject := plan.Numbers(n)
	switch {
	case defects >= reject:
		return Reject
	case defects <= accept:
		return Accept
	case n < sample.N:
		return Continue
	case sample.N == sample.Frame && float64(defects) <= sample.Plan.Good*float64(n):
		return Accept // everything was looked at
	case sample.N < sample.Frame && float64(defects) < plan.S*float64(n):
		return Accept // cut off: the nearer line
	}
	return Reject
}

// needed is with how many reviewed in all, no further one defective, a sequential
// plan accepts; at most the whole sample.
func needed(sample Sample, r Result) int {
	plan := sample.Plan.sequential()
	n := int(math.Ceil((plan.H1 + float64(r.Defects)) / plan.S))
	return min(max(n, r.Reviewed+1), sample.N)
}

// Close records the verdict that the decisions came to, ends the work, and keeps
// what became of each item. It fails with fault.Conflict while there is no verdict, or
// when the sample is closed already.
func (s *Service) Close(ctx context.Context, by audit.Actor, id uuid.UUID, note string) (State, error) {
	return s.close(ctx, by, id, note, func(v Verdict) (State, string, error) {
		switch v {
		case Accept:
			return Accepted, ActionAccepted, nil
		case Reject:
			return Rejected, ActionRejected, nil
		}
		return "", "", fault.New(fault.Conflict, "The sample does not say enough yet. Review what is left of it, or abandon it.")
	})
}

// Abandon ends a sample without a verdict.
func (s *Service) Abandon(ctx context.Context, by audit.Actor, id uuid.UUID, note string) error {
	_, err := s.close(ctx, by, id, note, func(Verdict) (State, string, error) { return Abandoned, ActionAbandoned, nil })
	return err
}

func (s *Service) close(ctx context.Context, by audit.Actor, id uuid.UUID, note string, end func(Verdict) (State, string, error)) (State, error) {
	note = strings.TrimSpace(note)
	if len(note) > maxNoteBytes || strings.ContainsRune(note, 0) {
		return "", fault.Fields("The sample stays open.", map[string]string{"note": fmt.Sprintf("Keep it under %d bytes of plain text.", maxNoteBytes)})
	}
	var state State
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		sample, err := s.lockOpen(ctx, tx, id)
		if err != nil {
			return err
		}
		q := db.New(tx)
		items, err := s.items(ctx, q, sample)
		if err != nil {
			return err
		}
		r := judge(sample, items)
		var action string
		if state, action, err = end(r.Verdict); err != nil {
			return err
		}
		set := db.SetOutcomesParams{DatasetID: s.dataset, SampleID: id}
		for _, i := range items {
			set.Ordinals, set.Outcomes = append(set.Ordinals, i.Ordinal), append(set.Outcomes, string(outcomeOf(i)))
		}
		if err := q.SetOutcomes(ctx, set); err != nil {
			return fmt.Errorf("keep the outcomes: %w", err)
		}
		if err := q.CloseSample(ctx, db.CloseSampleParams{
			DatasetID: s.dataset, ID: id, State: string(state), Reviewed: int32(r.Reviewed), Defects: int32(r.Defects), ClosedBy: nameOf(by), Note: note,
		}); err != nil {
			return fmt.Errorf("close: %w", err)
		}
		if err := s.endWork(ctx, tx, by, id); err != nil {
			return err
		}
		return s.record(ctx, tx, by, action, id, map[string]any{
			"name": sample.Name, "reviewed": r.Reviewed, "defects": r.Defects, "edited": r.Mended, "rejected": r.Refused, "n": sample.N, "accept": sample.Accept,
			"wilson_low": r.Wilson.Low, "wilson_high": r.Wilson.High, "at_most_95": r.AtMost, "note": note,
		})
	})
	if err != nil {
		return "", fmt.Errorf("close sample %s: %w", id, err)
	}
	return state, nil
}

func (s *Service) lockOpen(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Sample, error) {
	sample, err := s.lock(ctx, tx, id)
	if err != nil {
		return sample, err
	}
	if sample.State != Open {
		return sample, fault.New(fault.Conflict, "This sample is closed already.")
	}
	return sample, nil
}

// endWork ends the assignments of a sample that still run.
func (s *Service) endWork(ctx context.Context, tx pgx.Tx, by audit.Actor, id uuid.UUID) error {
	q := db.New(tx)
	given, err := q.SampleAssignments(ctx, s.dataset, id)
	if err != nil {
		return fmt.Errorf("list the work of a sample: %w", err)
	}
	for _, g := range given {
		if g.EndedAt != nil {
			continue
		}
		if err := s.work.EndIn(ctx, tx, by, g.AssignmentID); err != nil {
			return err
		}
		if err := q.CloseAuditLooks(ctx, s.dataset, &g.AssignmentID); err != nil {
			return fmt.Errorf("end the looks of an audit: %w", err)
		}
	}
	return nil
}

// DrawOn gives people as many more items of a sequential sample as it takes to accept
// if all of them are good. It changes nothing while items wait, or when the sample
// says enough; false means that.
func (s *Service) DrawOn(ctx context.Context, by audit.Actor, id uuid.UUID) (bool, error) {
	more := false
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		sample, err := s.lockOpen(ctx, tx, id)
		if err != nil {
			return err
		}
		q := db.New(tx)
		items, err := s.items(ctx, q, sample)
		if err != nil {
			return err
		}
		r := judge(sample, items)
		if sample.Accept >= 0 || r.Verdict != Continue || r.Reviewed < r.Drawn || sample.Drawn >= sample.N {
			return nil
		}
		given, err := q.SampleAssignments(ctx, s.dataset, id)
		if err != nil {
			return fmt.Errorf("list the work of a sample: %w", err)
		}
		g := gift{sample: id, name: sample.Name, scope: sample.Batch.Scope, first: sample.Drawn + 1, last: needed(sample, r), everybody: true}
		if last := len(given) - 1; last >= 0 && !given[last].Everybody {
			people, err := q.AssignmentPeople(ctx, s.dataset, []uuid.UUID{given[last].AssignmentID})
			if err != nil {
				return fmt.Errorf("read who reviews: %w", err)
			}
			g.everybody = len(people) == 0
			for _, p := range people {
				g.people = append(g.people, p.UserID)
			}
		}
		if err := s.endWork(ctx, tx, by, id); err != nil {
			return err
		}
		if err := q.SetDrawn(ctx, int32(g.last), s.dataset, id); err != nil {
			return fmt.Errorf("draw on: %w", err)
		}
		if err := s.give(ctx, tx, by, g); err != nil {
			return err
		}
		more = true
		return s.record(ctx, tx, by, ActionDrawnOn, id, map[string]any{"name": sample.Name, "first": g.first, "last": g.last, "defects": r.Defects})
	})
	if err != nil {
		return false, fmt.Errorf("draw on sample %s: %w", id, err)
	}
	return more, nil
}

// Advance draws on every sequential sample whose items are all reviewed and that does
// not say enough. It is a chore: by is the program.
func (s *Service) Advance(ctx context.Context, by audit.Actor) (int, error) {
	open, err := db.New(s.db).OpenSamples(ctx, s.dataset)
	if err != nil {
		return 0, fmt.Errorf("list open samples: %w", err)
	}
	n := 0
	for _, id := range open {
		more, err := s.DrawOn(ctx, by, id)
		if f, ok := fault.As(err); ok && f.Kind == fault.Conflict {
			continue // somebody closed it just now
		}
		if err != nil {
			return n, err
		}
		if more {
			n++
		}
	}
	return n, nil
}
