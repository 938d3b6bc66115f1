package bulk

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// DraftReturn drafts the act that sends a batch back as a whole, and tries it out: it
// makes the service an acceptance.Returner. Of a sample of what waited it rejects what
// still waits; of one of what was approved, or of everything, also what people
// approved.
func (s *Service) DraftReturn(ctx context.Context, by audit.Actor, b acceptance.Return) (uuid.UUID, error) {
	sel := Selection{Listed: b.Examples}
	if b.Examples == nil {
		f := browse.Filter{}
		switch b.Batch.Kind {
		case acceptance.Import:
			id, err := uuid.Parse(b.Batch.Key)
			if err != nil {
				return uuid.Nil, fault.New(fault.Invalid, "There is no such import.")
			}
			f.Import = id
		case acceptance.Source:
			f.Source = b.Batch.Key
		default:
			f.Category, f.Subcategory, _ = strings.Cut(b.Batch.Key, "/")
		}
		switch b.Batch.Scope {
		case acceptance.Waiting:
			f.Status = example.Pending
		case acceptance.Approved:
			f.Status = example.Approved
		}
		sel = Selection{Filter: &f}
	}
	act, err := s.Draft(ctx, by, Reject, sel)
	if err != nil {
		return uuid.Nil, err
	}
	if _, err := s.Prepare(ctx, by, act.ID, Parameters{Reason: b.Reason, OverApprovals: b.Batch.Scope != acceptance.Waiting}); err != nil {
		return uuid.Nil, err
	}
	return act.ID, nil
}
