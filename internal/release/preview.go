package release

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/stat"
)

// PreviewRows is up to how many approved examples Preview runs the whole
// preflight: it is made while somebody waits. Of more it looks at SampleRows.
const (
	PreviewRows = 20_000
	SampleRows  = 2_000
)

// A Preview is what a release would be if it were made now.
type Preview struct {
	Spec    Spec // with defaults filled in
	Catalog *catalog.Catalog
	Items   int64
	Tokens  int64
	Left    map[string]int // rows over the cap, by category
	// Shape is by category and subcategory; by split too where Whole is set.
	Shape []Part
	// Whole says that rows were dealt out and held against the preflight. Otherwise
	// rows, and tokens but for capped categories, are exact, and Lines are of what can
	// be counted and of a random sample of Sampled rows.
	Whole   bool
	Sampled int
	// Capped says that Tokens is worked out from the mean of categories over their cap.
	Capped bool
	Lines  []Line
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
	parts, err := s.size(ctx, db.New(s.cfg.DB), spec, c)
	if err != nil {
		return Preview{}, fmt.Errorf("preview: %w", err)
	}
	total := int64(0)
	for _, p := range parts {
		total += p.Rows
	}
	if total > PreviewRows {
		return s.estimate(ctx, spec, c, parts)
	}
	sel, err := s.choose(ctx, spec, c)
	if err != nil {
		return Preview{}, err
	}
	sel.trim()
	p := Preview{Spec: spec, Catalog: c, Whole: true}
	if p.Lines, err = s.weighChosen(ctx, sel, func(context.Context, string, int) error { return nil }, func(int) error { return nil }, nil); err != nil {
		return Preview{}, err
	}
	p.Items, p.Left, p.Shape = int64(len(sel.items)), sel.left, sel.shape()
	for i := range sel.items {
		p.Tokens += int64(sel.items[i].tokens)
	}
	return p, nil
}

// estimate is the preview of many rows: from how many there are on each shelf, and
// a sample of them.
func (s *Service) estimate(ctx context.Context, spec Spec, c *catalog.Catalog, parts []Part) (Preview, error) {
	p := Preview{Spec: spec, Catalog: c, Left: map[string]int{}}
	byCategory := map[string]int64{}
	for _, x := range parts {
		byCategory[x.Category] += x.Rows
	}
	for _, x := range parts {
		if limit, n := int64(spec.Limits[x.Category].Cap), byCategory[x.Category]; limit > 0 && n > limit {
			p.Left[x.Category] = int(n - limit)
			p.Capped = true
			share := float64(limit) / float64(n) // the choice does not look at subcategories
			x.Rows, x.Tokens = int64(math.Round(float64(x.Rows)*share)), int64(math.Round(float64(x.Tokens)*share))
		}
		p.Shape = append(p.Shape, x)
		p.Items += x.Rows
		p.Tokens += x.Tokens
	}
	sel, err := s.sample(ctx, spec, c)
	if err != nil {
		return p, fmt.Errorf("preview: %w", err)
	}
	p.Sampled = len(sel.items)
	if p.Lines, err = s.estimateLines(ctx, sel, p); err != nil {
		return p, fmt.Errorf("preview: %w", err)
	}
	return p, nil
}

// sample draws SampleRows of the examples that a spec lets in: those whose hashes
// follow on a place that hangs on the seed.
func (s *Service) sample(ctx context.Context, spec Spec, c *catalog.Catalog) (*selection, error) {
	sel := &selection{spec: spec, catalog: c, makers: []string{""}, refused: map[string]*refusals{}}
	err := pgx.BeginTxFunc(ctx, s.cfg.DB, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		q := db.New(tx)
		at, err := sel.readSources(ctx, q, s.cfg.Dataset)
		if err != nil {
			return err
		}
		in := db.ReleaseSampleParams{
			DatasetID: s.cfg.Dataset, After: make([]byte, 32), Categories: spec.Filters.Categories, Subcategories: spec.Filters.Subcategories,
			BySource: len(spec.Filters.Sources) > 0, Tags: spec.Filters.Tags, MaxRows: SampleRows,
		}
		for id := range at {
			in.Sources = append(in.Sources, id)
		}
		binary.BigEndian.PutUint64(in.After, lot(spec.Seed, [8]byte{}))
		rows, err := q.ReleaseSample(ctx, in)
		if err == nil && len(rows) < SampleRows { // on from the beginning
			var more []db.ReleaseSampleRow
			in.After = make([]byte, 32)
			more, err = q.ReleaseSample(ctx, in)
			rows = append(rows, more[:min(len(more), SampleRows-len(rows))]...)
		}
		if err != nil {
			return err
		}
		shelves, taken := map[shelf]int32{}, map[uuid.UUID]bool{}
		for _, r := range rows {
			src, ok := at[r.SourceID]
			if !ok || taken[r.ID] {
				continue
			}
			taken[r.ID] = true
			sh := shelf{r.Category, r.Subcategory}
			if _, ok := shelves[sh]; !ok {
				shelves[sh] = int32(len(sel.shelves))
				sel.shelves = append(sel.shelves, sh)
			}
			sel.items = append(sel.items, item{id: r.ID, hash: [8]byte(r.Hash[:8]), revision: r.Revision, tokens: r.Tokens, source: src, shelf: shelves[sh]})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("draw a sample: %w", err)
	}
	return sel, nil
}

// sampledLine reports whether a line is about single rows, and so can be judged by a
// sample.
func sampledLine(key string) bool {
	return slices.Contains([]string{LineErrors, LineApprovals, LineChecklists, LineSpecial, LineLimits, LineSamples, LineDemo}, key) || strings.HasPrefix(key, LineFormat+"/")
}

// estimateLines are the lines of the preflight that counts and a sample can tell.
func (s *Service) estimateLines(ctx context.Context, sel *selection, p Preview) ([]Line, error) {
	if err := s.readSamples(ctx, sel); err != nil {
		return nil, err
	}
	if err := s.eachText(ctx, sel, func(int) error { return nil }, sel.readTexts); err != nil {
		return nil, err
	}
	var ev evidence
	err := s.eachSaid(ctx, sel.items, false, func(_ int, part []item, all map[uuid.UUID]*said) error {
		for i := range part {
			sel.judge(&ev, &part[i], all[part[i].id])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, x := range p.Shape {
		n[x.Category] += int(x.Rows)
	}
	train := 0.0
	for _, x := range sel.spec.Splits {
		if x.Name == Train {
			train = x.Share
		}
	}
	var lines []Line
	for _, l := range sel.lines(ev, nil, 0, tally{}, n, int(train*float64(p.Items))) {
		switch {
		case sampledLine(l.Key):
			lines = append(lines, estimated(l, len(sel.items), p.Items))
		case l.Key == LineTargets || l.Key == LineRows || l.Key == LineFloors:
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// estimated says of a line about n sampled rows what it means for all of them, with
// the 95 % interval of Wilson, or, where nothing was found, the upper bound of
// Clopper and Pearson.
func estimated(l Line, n int, all int64) Line {
	if n == 0 {
		return l
	}
	if l.Green {
		most := int64(math.Ceil(stat.AtMost(0, n, 0.95) * float64(all)))
		l.Text = fmt.Sprintf("None of %s rows drawn at random, so with 95 %% confidence fewer than %s of all %s.", grouped(n), grouped(most), grouped(all))
		return l
	}
	in := stat.Wilson(l.Rows, n, 0.95)
	found := l.Rows
	l.Rows = int(math.Round(float64(found) / float64(n) * float64(all)))
	low, high := int64(math.Round(in.Low*float64(all))), int64(math.Round(in.High*float64(all)))
	l.Text = fmt.Sprintf("About %s of all rows (between %s and %s with 95 %% confidence): of %s drawn at random, %s",
		grouped(l.Rows), grouped(low), grouped(high), grouped(n), lower(l.Text))
	return l
}

// lower begins a sentence's words in small letters, to go on with another one.
func lower(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
