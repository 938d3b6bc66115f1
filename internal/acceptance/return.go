package acceptance

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// A Return is a batch that goes back: rejected as a whole, for one reason.
type Return struct {
	Batch    Batch
	Examples []uuid.UUID // of a batch that is known by what its rows say; else nil
	Reason   string
}

// A Returner drafts the one act that rejects a batch and tries it out. It is package
// bulk's, which previews, carries out and undoes acts.
type Returner interface {
	DraftReturn(ctx context.Context, by audit.Actor, r Return) (act uuid.UUID, err error)
}

// SendBack drafts the act that sends the batch of a rejected sample back. Nothing is
// rejected before somebody has looked at what would happen and started the act. It
// fails with fault.Conflict for a sample that was not rejected.
func (s *Service) SendBack(ctx context.Context, by audit.Actor, id uuid.UUID) (act uuid.UUID, err error) {
	row, err := db.New(s.db).SampleByID(ctx, s.dataset, id)
	sample, err := found(id, row, err)
	if err != nil {
		return uuid.Nil, err
	}
	if sample.State != Rejected || s.returns == nil {
		return uuid.Nil, fault.New(fault.Conflict, "Only a batch whose sample was rejected goes back.")
	}
	r := Return{Batch: sample.Batch, Reason: fmt.Sprintf("The batch was rejected, with %d of %d defective in the sample %q.", sample.Defects, sample.Reviewed, sample.Name)}
	if sample.Batch.Kind == Metadata {
		f, err := s.members(ctx, sample.Batch, row.FrameLast)
		if err != nil {
			return uuid.Nil, fmt.Errorf("send back the batch of sample %s: %w", id, err)
		}
		for _, m := range f {
			if m.in {
				r.Examples = append(r.Examples, m.id)
			}
		}
		if len(r.Examples) == 0 {
			return uuid.Nil, fault.New(fault.Conflict, "Nothing of this batch waits any more.")
		}
	}
	if act, err = s.returns.DraftReturn(ctx, by, r); err != nil {
		return uuid.Nil, fmt.Errorf("send back the batch of sample %s: %w", id, err)
	}
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := db.New(tx).SetReturned(ctx, &act, s.dataset, id); err != nil {
			return fmt.Errorf("note the act: %w", err)
		}
		return s.record(ctx, tx, by, ActionReturned, id, map[string]any{"name": sample.Name, "act": act})
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("send back the batch of sample %s: %w", id, err)
	}
	return act, nil
}
