package export

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// releaseSQL reads one chunk of a release, like shelfSQL.
const releaseSQL = `
	SELECT i.example_id, r.strict, r.messages, r.tools
	  FROM release_items i
	  JOIN revisions r ON r.dataset_id = i.dataset_id AND r.example_id = i.example_id AND r.revision = i.revision
	 WHERE i.dataset_id = $1 AND i.release_id = $2 AND i.position > $3 AND i.position <= $4
	 ORDER BY i.position LIMIT $5`

// WriteRows writes a file of preset p with these rows of a release, one range
// after the other, in the revisions that the release froze: the same call gives
// the same bytes for ever. A row that the preset can't say is left out and named
// in the summary. Each chunk is a transaction of its own.
func (s *Service) WriteRows(ctx context.Context, w io.Writer, p Preset, file Part, ranges ...Rows) (Written, Summary, error) {
	out := p.NewWriter(w, file)
	e := &exporter{db: s.db, dataset: s.dataset, out: []*Writer{out}}
	for _, rows := range ranges {
		for after := rows.After; after < rows.To; after += chunk {
			if err := e.releaseChunk(ctx, rows.Release, after, min(after+chunk, rows.To)); err != nil {
				return Written{}, e.sum, fmt.Errorf("export release %s: %w", rows.Release, err)
			}
		}
	}
	written, err := out.Close()
	if err != nil {
		return Written{}, e.sum, fmt.Errorf("export a release: %w", err)
	}
	e.sum.Bytes = written.Bytes
	if err := e.locate(ctx); err != nil {
		return Written{}, e.sum, fmt.Errorf("export a release: %w", err)
	}
	return written, e.sum, nil
}

func (e *exporter) releaseChunk(ctx context.Context, release uuid.UUID, after, to int64) error {
	rows, err := e.db.Query(ctx, releaseSQL, binary, e.dataset, release, after, to, chunk)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	n := after
	for rows.Next() {
		raw := rows.RawValues()
		id := uuid.UUID(raw[0])
		unweighed, err := e.out[0].Append(Row{Strict: raw[1][0] == 1, Messages: raw[2], Tools: raw[3]})
		n++
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			e.refuse(id, uuid.Nil, 0, refusal)
			continue
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", id, err)
		}
		e.sum.Rows++
		if unweighed {
			e.sum.Weighted++
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if n != to {
		return fmt.Errorf("rows %d to %d: only %d are there", after+1, to, n-after) // nothing may go missing in silence
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
	c := p.NewChecker(nil)
	c.full = true // others look for the same rows; here nothing is remembered
	return &RowCheck{preset: p, file: c.File("")}
}

// Row says why a row would not be taken; empty: it would.
func (c *RowCheck) Row(row Row) string {
	var err error
	if c.line, _, err = c.preset.AppendRow(c.line[:0], row); err != nil {
		return err.Error()
	}
	c.n++
	for _, p := range c.file.Line(c.n, c.line) {
		if p.Severity == Refused {
			return strings.TrimSuffix(p.Text, ".")
		}
	}
	return ""
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
