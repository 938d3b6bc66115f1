package review

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A ruling is what the rules make of a verdict.
type ruling struct {
	after      example.Status
	lacks      int    // approvals, of a pending example
	lacksSkill string // that none of the approvers has
	disagrees  bool
}

// rule applies the rules of docs/review.md to d, which may be made.
func (s *Service) rule(ctx context.Context, q *db.Queries, d Decision, ex db.LockExampleRow, past []db.DecisionsUnderLockRow, t terms, edited *content) (ruling, error) {
	before := example.Status(ex.Status)
	direct, _ := before.Next(d.Verdict) // validate has checked the verdict
	verdicts := live(past, ex.Revision)
	switch d.Verdict {
	case example.Approve:
		if d.Kind == KindReview && others(verdicts, d.Reviewer.ID, example.Reject) {
			return ruling{after: example.Escalated, disagrees: true}, nil
		}
		return s.ruleApproval(ctx, q, d, ex, verdicts, t, edited)
	case example.Reject:
		if d.Kind == KindReview && others(verdicts, d.Reviewer.ID, example.Approve) {
			return ruling{after: example.Escalated, disagrees: true}, nil
		}
	}
	return ruling{after: direct}, nil
}

func (s *Service) ruleApproval(ctx context.Context, q *db.Queries, d Decision, ex db.LockExampleRow, verdicts map[uuid.UUID]standing, t terms, edited *content) (ruling, error) {
	approvers, independent := []uuid.UUID{d.Reviewer.ID}, 1
	// The words of an edit are its author's own, whatever they had seen said of those
	// before; and where one approval is enough there is nothing to be independent of.
	if d.informed && edited == nil && t.approvals > 1 {
		independent = 0
	}
	if edited == nil { // an edit is a new text, which nobody else has approved
		for who, v := range verdicts {
			if v.verdict == example.Approve && who != d.Reviewer.ID {
				approvers = append(approvers, who)
				if !v.informed {
					independent++
				}
			}
		}
	}
	var rules []string
	var err error
	switch {
	case !t.byRule:
	case edited != nil:
		for _, f := range edited.findings {
			rules = append(rules, f.Rule)
		}
	default:
		if rules, err = q.OpenRules(ctx, s.cfg.Dataset, ex.ID, ex.Revision); err != nil {
			return ruling{}, fmt.Errorf("list open findings: %w", err)
		}
	}
	skill, err := lacking(ctx, q, t.needed(rules), approvers)
	if err != nil {
		return ruling{}, err
	}
	if d.Kind == KindAdjudication {
		if skill != "" {
			return ruling{}, fault.Fields("The decision can't be made by you alone.", map[string]string{
				"verdict": "The final approval of this example needs somebody with the mark " + skill + ". Hand it to them, or reject it.",
			})
		}
		return ruling{after: example.Approved}, nil
	}
	r := ruling{after: example.Approved, lacks: max(t.approvals-independent, 0), lacksSkill: skill}
	if r.lacks > 0 || skill != "" {
		r.after = example.Pending
	}
	if example.Status(ex.Status) == example.Approved && edited == nil {
		r.after = example.Approved // it was approved under other terms and stays so
	}
	return r, nil
}

// standing is a verdict in force. informed: its author had been shown what others
// said before, so that it says nothing that they did not.
type standing struct {
	verdict  example.Verdict
	informed bool
}

// live are the verdicts in force on a revision: of each reviewer the latest that
// was not undone. Hidden looks and what a lead settled are not among them.
func live(past []db.DecisionsUnderLockRow, revision int32) map[uuid.UUID]standing {
	verdicts := map[uuid.UUID]standing{}
	for _, d := range past { // newest first
		if d.Undone || d.Revision != revision || d.Kind != string(KindReview) && d.Kind != string(KindBulk) {
			continue
		}
		switch v := example.Verdict(d.Verdict); v {
		case example.Approve, example.Reject, example.Escalate:
			if _, ok := verdicts[d.ReviewerID]; !ok {
				verdicts[d.ReviewerID] = standing{v, d.Informed}
			}
		}
	}
	return verdicts
}

// others says whether somebody else's verdict is v.
func others(verdicts map[uuid.UUID]standing, but uuid.UUID, v example.Verdict) bool {
	for who, s := range verdicts {
		if who != but && s.verdict == v {
			return true
		}
	}
	return false
}
