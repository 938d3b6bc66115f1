package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
)

// Rows are some rows of a release: those at the positions above After and up to
// To.
type Rows struct {
	Release   uuid.UUID
	After, To int64
}

// A Target is a file of a preset that WriteFiles fills: the part that it is, where
// its bytes go, and which rows it has.
type Target struct {
	Part Part
	To   io.Writer
	Rows []Rows // of one release, in ascending order
}

// WriteRows writes a file of preset p with these rows of a release, one range
// after the other, in the revisions that the release froze: the same call gives
// the same bytes for ever. A row that the preset can't say is left out and named
// in the summary. Rows are read in short transactions, some ahead of what is
// written, in memory that does not grow with the release.
func (s *Service) WriteRows(ctx context.Context, w io.Writer, p Preset, file Part, ranges ...Rows) (Written, Summary, error) {
	written, sum, err := s.WriteFiles(ctx, p, nil, Target{Part: file, To: w, Rows: ranges})
	if err != nil {
		return Written{}, sum, err
	}
	return written[0], sum, nil
}

// WriteFiles fills several files of preset p from the rows of one release, which
// are read once for all of them. The summary counts a row once, in however many
// files it is; its bytes are those of all files. Now and then told, where it is not
// nil, hears how many rows are done. The rest is as WriteRows does.
func (s *Service) WriteFiles(ctx context.Context, p Preset, told func(rows int64), targets ...Target) ([]Written, Summary, error) {
	e := &exporter{db: s.db, dataset: s.dataset, step: s.step}
	all := make([]*target, len(targets))
	for i, t := range targets {
		all[i] = &target{Writer: p.NewWriter(t.To, t.Part), left: t.Rows}
	}
	for _, span := range spans(targets) {
		if err := e.frozen(ctx, span.Release, span.After, span.To, func(position int64, id uuid.UUID, row Row) error {
			if told != nil && position%chunk == 0 {
				told(e.sum.Rows)
			}
			return e.share(p.form(), all, position, id, row)
		}); err != nil {
			return nil, e.sum, fmt.Errorf("export release %s: %w", span.Release, err)
		}
	}
	files := make([]Written, len(all))
	for i, t := range all {
		var err error
		if files[i], err = t.Close(); err != nil {
			return nil, e.sum, fmt.Errorf("export a release: %w", err)
		}
		e.sum.Bytes += files[i].Bytes
	}
	if err := e.locate(ctx); err != nil {
		return nil, e.sum, fmt.Errorf("export a release: %w", err)
	}
	return files, e.sum, nil
}

// spans are the rows that any of the targets has, in order and without overlap.
func spans(targets []Target) []Rows {
	var in []Rows
	for _, t := range targets {
		in = append(in, t.Rows...)
	}
	slices.SortFunc(in, func(a, b Rows) int { return cmp.Compare(a.After, b.After) })
	var out []Rows
	for _, r := range in {
		switch n := len(out); {
		case r.After >= r.To:
		case n > 0 && r.After <= out[n-1].To:
			out[n-1].To = max(out[n-1].To, r.To)
		default:
			out = append(out, r)
		}
	}
	return out
}

// A target is a file that is being written, with the ranges still to come.
type target struct {
	*Writer
	left []Rows
}

// has reports whether the file has the row at a position. Positions only go up.
func (t *target) has(position int64) bool {
	for len(t.left) > 0 && position > t.left[0].To {
		t.left = t.left[1:]
	}
	return len(t.left) > 0 && position > t.left[0].After
}

// share writes a row to the files that have it. A line is made once for all of
// them.
func (e *exporter) share(f *form, all []*target, position int64, id uuid.UUID, row Row) error {
	var line []byte
	unweighed := false
	for _, t := range all {
		if !t.has(position) {
			continue
		}
		var err error
		switch {
		case t.table != nil:
			unweighed, err = t.Append(row)
		case line == nil:
			if line, unweighed, err = f.append(e.line[:0], row); err == nil {
				line = append(line, '\n')
				e.line = line
				err = t.appendLine(line)
			}
		default:
			err = t.appendLine(line)
		}
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			e.refuse(id, uuid.Nil, 0, refusal)
			return nil // what one file of a preset refuses, all refuse
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", id, err)
		}
	}
	e.sum.Rows++
	if unweighed {
		e.sum.Weighted++
	}
	return nil
}

// locate finds out where the refused examples came from.
func (e *exporter) locate(ctx context.Context) error {
	if len(e.sum.Refusals) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(e.sum.Refusals))
	for i, r := range e.sum.Refusals {
		ids[i] = r.ID
	}
	rows, err := db.New(e.db).WhereFrom(ctx, e.dataset, ids)
	if err != nil {
		return fmt.Errorf("find where the refused came from: %w", err)
	}
	for _, r := range rows {
		for i := range e.sum.Refusals {
			if e.sum.Refusals[i].ID == r.ID {
				e.sum.Refusals[i].SourceID, e.sum.Refusals[i].Line = r.SourceID, r.SourceLine
			}
		}
	}
	return nil
}

// A RowCheck tries rows in a preset: whether it can say them, and whether what it
// says keeps the rules of the platform. It is not safe for concurrent use.
type RowCheck struct {
	preset Preset
	file   *Validator
	line   []byte
	n      int64
}

// NewRowCheck returns a check of rows in the form of p.
func (p Preset) NewRowCheck() *RowCheck {
	return &RowCheck{preset: p, file: p.NewChecker(nil).Alone().File("")} // others look for the same rows
}

// Row says why a row would not be taken, empty: it would; and whether it is written
// at all: what a form can't say is left out of its files, while what only the rules
// of the platform refuse is in them.
func (c *RowCheck) Row(row Row) (why string, written bool) {
	var err error
	if c.line, _, err = c.preset.AppendRow(c.line[:0], row); err != nil {
		return err.Error(), false
	}
	c.n++
	for _, p := range c.file.Line(c.n, c.line) {
		if p.Severity == Refused {
			return strings.TrimSuffix(p.Text, "."), true
		}
	}
	return "", true
}

// FileProblems says what the platform of p would refuse about a file with so
// many rows and bytes as a whole.
func (p Preset) FileProblems(rows, bytes int64) []Problem {
	v := p.NewChecker(nil).File("")
	v.Rows, v.Bytes = rows, bytes
	var found []Problem
	for _, problem := range v.Finish() {
		if problem.Severity == Refused {
			found = append(found, problem)
		}
	}
	return found
}
