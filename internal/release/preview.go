package release

import (
	"context"

	"github.com/voicefit/spotter/internal/catalog"
)

// PreviewRows is up to how many rows Preview runs the whole preflight: it is made
// while somebody waits.
const PreviewRows = 20_000

// A Preview is what a release would be if it were made now.
type Preview struct {
	Spec    Spec // with defaults filled in
	Catalog *catalog.Catalog
	Items   int64
	Tokens  int64
	Left    map[string]int // rows over the cap, by category
	// Shape is by category and subcategory; by split too where Whole is set.
	Shape []Part
	// Whole says that rows were dealt out and held against the preflight; of more
	// than PreviewRows only counts are given.
	Whole bool
	Lines []Line
}

// Preview says what a release would be. It changes nothing. fault.Invalid: the
// spec makes no sense.
func (s *Service) Preview(ctx context.Context, spec Spec) (Preview, error) {
	c, _, err := s.cfg.Catalog(ctx)
	if err != nil {
		return Preview{}, err
	}
	if spec, err = spec.normal(c); err != nil {
		return Preview{Spec: spec, Catalog: c}, err
	}
	sel, err := s.choose(ctx, spec, c)
	if err != nil {
		return Preview{}, err
	}
	sel.trim()
	p := Preview{Spec: spec, Catalog: c, Whole: len(sel.items) <= PreviewRows}
	if p.Whole {
		w, err := s.weighChosen(ctx, sel, func(context.Context, string, int) error { return nil }, func(int) error { return nil }, nil)
		if err != nil {
			return Preview{}, err
		}
		p.Lines = w
	}
	p.Items, p.Left, p.Shape = int64(len(sel.items)), sel.left, sel.shape()
	for i := range sel.items {
		p.Tokens += int64(sel.items[i].tokens)
	}
	return p, nil
}
