package browse

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
)

// An Alike is an approved example that resembles another one.
type Alike struct {
	ID          uuid.UUID
	Subcategory string
	Messages    string // canonical JSON
	Excerpt     Excerpt
}

// Similar returns up to n approved examples of the same category that resemble
// one most, the most similar first. It compares what the search for duplicates
// keeps of each text (docs/duplicates.md), so it finds what shares much of its
// wording, and nothing for an example that was not looked at yet or whose words
// are its own.
func (s *Service) Similar(ctx context.Context, id uuid.UUID, n int) ([]Alike, error) {
	rows, err := db.New(s.db).SimilarApproved(ctx, s.dataset, id, int32(n))
	if err != nil {
		return nil, fmt.Errorf("examples like %s: %w", id, err)
	}
	list := make([]Alike, len(rows))
	for i, r := range rows {
		list[i] = Alike{ID: r.ID, Subcategory: r.Subcategory, Messages: r.Messages, Excerpt: excerpt(r.Messages)}
	}
	return list, nil
}
