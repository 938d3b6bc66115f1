package ingest

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/webhook"
)

// tell has other programs told that a run is over, in the words and the order of
// import --json.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, id uuid.UUID, state State, problem string, n db.FinishImportRunRow) error {
	return webhook.Emit(ctx, tx, s.dataset, webhook.ImportFinished, struct {
		ID         uuid.UUID        `json:"import_id"`
		State      State            `json:"state"`
		Rows       int64            `json:"rows"`
		Inserted   int64            `json:"inserted"`
		Duplicates int64            `json:"duplicates"`
		Rejected   int64            `json:"rejected"`
		Findings   map[string]int64 `json:"findings"`
		Error      string           `json:"error,omitempty"`
		Path       string           `json:"path"` // of its page
	}{id, state, n.Rows, n.Inserted, n.Duplicates, n.Rejected, map[string]int64{"error": n.Errors, "warning": n.Warnings}, problem, "/imports/" + id.String()})
}
