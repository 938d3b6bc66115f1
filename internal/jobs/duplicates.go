package jobs

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/voicefit/spotter/internal/dedup"
)

// duplicatesQueue is one of its own: after a large import the search takes
// minutes, and other imports do not wait for it.
const duplicatesQueue = "duplicates"

// findDuplicates queues a scan where there is something to look at: after an
// import, an edit or a decision, also what a dead process left. That it is asked
// for here, and nowhere else, makes it cover whatever way a change took.
func (w *Workers) findDuplicates(ctx context.Context) error {
	n, err := w.cfg.Duplicates.Waiting(ctx, 1)
	if err != nil || n == 0 {
		return err
	}
	if _, err := w.client.Insert(ctx, dedup.ScanArgs{}, &river.InsertOpts{Queue: duplicatesQueue}); err != nil {
		return fmt.Errorf("queue the search for duplicates: %w", err)
	}
	return nil
}
