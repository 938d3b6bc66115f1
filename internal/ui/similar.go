package ui

import (
	"context"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// similarShown is how many approved examples stand beside one to decide on.
const similarShown = 3

// similarView puts the approved examples that are most like d beside it.
func (s *Server) similarView(ctx context.Context, item *templates.Item, d browse.Detail) error {
	alike, err := s.browse.Similar(ctx, d.ID, similarShown)
	if err != nil {
		return err
	}
	cat, err := s.category(ctx, d.Category)
	if err != nil {
		return err
	}
	for _, a := range alike {
		item.Similar = append(item.Similar, templates.Similar{
			URL: "/examples/" + a.ID.String(), Question: draw.Text(a.Excerpt.Question),
			Answer: draw.Text(s.answerGist(cat, browse.Summary{Subcategory: a.Subcategory, Messages: a.Messages, Excerpt: a.Excerpt})),
		})
	}
	return nil
}
