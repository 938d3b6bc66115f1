package jobs

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/release"
)

// releasesQueue has releases made one at a time: each reads and writes all it can.
const releasesQueue = "releases"

// Release has a worker make a release once tx is committed.
func (q *Queue) Release(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	opts := once()
	opts.Queue = releasesQueue
	if _, err := q.client.InsertTx(ctx, tx, release.RunArgs{ReleaseID: id}, opts); err != nil {
		return fmt.Errorf("queue release %s: %w", id, err)
	}
	return nil
}

// takeUpReleases queues releases again that a dead process left.
func (w *Workers) takeUpReleases(ctx context.Context) error {
	left, err := w.cfg.Releases.Interrupted(ctx)
	if err != nil {
		return fmt.Errorf("look for interrupted releases: %w", err)
	}
	for _, id := range left {
		opts := once()
		opts.Queue = releasesQueue
		if _, err := w.client.Insert(ctx, release.RunArgs{ReleaseID: id}, opts); err != nil {
			return fmt.Errorf("queue interrupted release %s: %w", id, err)
		}
	}
	return nil
}
