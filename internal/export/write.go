// Package export writes examples out, one per line, in the shape that a training
// platform wants. It reads in short transactions by key, so that nothing holds a
// snapshot open while people review, and in constant memory.
package export

import (
	"context"
	wire "encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// Options say what to export and how. The zero value means: approved examples of
// every category, messages preset.
type Options struct {
	Preset      Preset
	Status      example.Status
	Category    string
	Subcategory string
}

// A Summary says what an export wrote and what it could not.
type Summary struct {
	Rows     int64
	Bytes    int64
	Demo     int64 // rows that came with the demo data
	Refused  int64
	Weighted int64 // rows with weights that the preset can't say: all turns count there
	// Refusals holds the first hundred of the refused ones.
	Refusals []RefusedExample
}

// A RefusedExample is one that was left out, with the reason.
type RefusedExample struct {
	ID       uuid.UUID
	SourceID uuid.UUID
	Line     int64 // in the source
	Reason   string
}

// maxRefusals bounds Summary.Refusals.
const maxRefusals = 100

// chunk is how many rows one query reads: short enough to hold no snapshot for
// long, long enough that the round trip does not count.
const chunk = 4000

// Service exports the examples of one dataset. It is safe for concurrent use.
type Service struct {
	db      db.DBTX
	dataset uuid.UUID
	order   func(ctx context.Context) ([]string, error)
	step    func(ctx context.Context, worked time.Duration) error
}

// New returns the service; order lists the category slugs in the order of the
// catalog.
func New(conn db.DBTX, dataset uuid.UUID, order func(ctx context.Context) ([]string, error)) *Service {
	return &Service{db: conn, dataset: dataset, order: order, step: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// GiveWay has exports call step after each chunk, with how long it took, so that
// they can rest while people are waiting. It is called before the first export.
func (s *Service) GiveWay(step func(ctx context.Context, worked time.Duration) error) { s.step = step }

// Write writes the examples to w: by category in the catalog's order, then
// subcategory, then order of import. An example that the preset can't say is
// left out and named in the summary. Examples that change status meanwhile may
// or may not be in; each that is in is in once, in its current revision. Nothing
// but rows goes to w. Of a preset that makes a folder it is the rows as JSON Lines:
// WriteFolder and WriteZip make all of it.
func (s *Service) Write(ctx context.Context, w io.Writer, o Options) (Summary, error) {
	if err := o.settle(); err != nil {
		return Summary{}, err
	}
	parts := o.Preset.Files(nil)
	out := o.Preset.NewWriter(w, parts[len(parts)-1])
	out.hash = nil // nobody asks for it, and it costs more than copying
	_, sum, err := s.write(ctx, o, []*Writer{out}, nil)
	return sum, err
}

// settle fills in what was left out and refuses what makes no sense.
func (o *Options) settle() error {
	if o.Preset == "" {
		o.Preset = Messages
	}
	if _, err := ParsePreset(string(o.Preset)); err != nil {
		return err
	}
	if o.Status == "" {
		o.Status = example.Approved
	}
	if !o.Status.Valid() {
		return fault.Fields("There is no such status.", map[string]string{"status": "Use pending, approved, rejected or escalated."})
	}
	return nil
}

// write writes every example to all of the writers and ends them. It adds the rows
// by source to from, where that is not nil.
func (s *Service) write(ctx context.Context, o Options, out []*Writer, from map[uuid.UUID]int64) ([]Written, Summary, error) {
	shelves, err := s.shelves(ctx, o)
	if err != nil {
		return nil, Summary{}, fmt.Errorf("export: %w", err)
	}
	demo, err := db.New(s.db).DemoSources(ctx, s.dataset)
	if err != nil {
		return nil, Summary{}, fmt.Errorf("export: list demo sources: %w", err)
	}
	e := &exporter{db: s.db, dataset: s.dataset, demo: demo, out: out, from: from, step: s.step}
	for _, shelf := range shelves {
		if err := e.shelf(ctx, shelf); err != nil {
			return nil, e.sum, fmt.Errorf("export %s/%s: %w", shelf.Category, shelf.Subcategory, err)
		}
	}
	var files []Written
	for _, w := range out {
		written, err := w.Close()
		if err != nil {
			return nil, e.sum, fmt.Errorf("export: %w", err)
		}
		files = append(files, written)
		e.sum.Bytes += written.Bytes
	}
	return files, e.sum, nil
}

func (s *Service) shelves(ctx context.Context, o Options) ([]db.ExportShelvesRow, error) {
	order, err := s.order(ctx)
	if err != nil {
		return nil, fmt.Errorf("order of categories: %w", err)
	}
	shelves, err := db.New(s.db).ExportShelves(ctx, db.ExportShelvesParams{
		DatasetID: s.dataset, Status: db.ExampleStatus(o.Status),
		Category: o.Category, Subcategory: o.Subcategory,
	})
	if err != nil {
		return nil, fmt.Errorf("list shelves: %w", err)
	}
	rank := func(slug string) int {
		if i := slices.Index(order, slug); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(shelves, func(a, b db.ExportShelvesRow) int { return rank(a.Category) - rank(b.Category) })
	return shelves, nil
}

type exporter struct {
	db      db.DBTX
	dataset uuid.UUID
	demo    []uuid.UUID
	out     []*Writer
	line    []byte              // the last one that several files shared
	from    map[uuid.UUID]int64 // rows by source; nil where nobody asks
	sum     Summary
	step    func(ctx context.Context, worked time.Duration) error // after each chunk
}

// shelfSQL reads one chunk of a shelf. It is not in db/queries because the rows
// are taken raw: decoding them into Go strings would cost more than all the rest.
const shelfSQL = `
	SELECT e.id, e.source_id, e.source_line, r.strict, r.messages, r.tools
	  FROM examples e
	  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
	 WHERE e.dataset_id = $1 AND e.category = $2 AND e.subcategory = $3 AND e.status = $4 AND e.id > $5
	 ORDER BY e.id LIMIT $6`

// binary asks for every column in its binary form, whatever the connection's
// default: a row is read from its raw values.
var binary = pgx.QueryResultFormats{pgx.BinaryFormatCode}

func (e *exporter) shelf(ctx context.Context, shelf db.ExportShelvesRow) error {
	after := uuid.Nil
	for {
		start := time.Now()
		rows, err := e.db.Query(ctx, shelfSQL, binary, e.dataset, shelf.Category, shelf.Subcategory, string(shelf.Status), after, chunk)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		n := 0
		for rows.Next() {
			n++
			if after, err = e.row(rows); err != nil {
				rows.Close()
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if n < chunk {
			return nil
		}
		if err := e.step(ctx, time.Since(start)); err != nil {
			return err
		}
	}
}

// row writes the current row and returns its id.
func (e *exporter) row(rows pgx.Rows) (uuid.UUID, error) {
	raw := rows.RawValues()
	id, source := uuid.UUID(raw[0]), uuid.UUID(raw[1])
	row := Row{Strict: raw[3][0] == 1, Messages: raw[4], Tools: raw[5]}
	unweighed := false
	for _, w := range e.out { // all of a preset: what one refuses, all refuse
		var err error
		unweighed, err = w.Append(row)
		var refusal *Refusal
		if errors.As(err, &refusal) {
			e.refuse(id, source, int64(wire.BigEndian.Uint64(raw[2])), refusal)
			return id, nil
		}
		if err != nil {
			return id, fmt.Errorf("write %s: %w", id, err)
		}
	}
	e.sum.Rows++
	if unweighed {
		e.sum.Weighted++
	}
	if slices.Contains(e.demo, source) {
		e.sum.Demo++
	}
	if e.from != nil {
		e.from[source]++
	}
	return id, nil
}

func (e *exporter) refuse(id, source uuid.UUID, line int64, r *Refusal) {
	e.sum.Refused++
	if len(e.sum.Refusals) < maxRefusals {
		e.sum.Refusals = append(e.sum.Refusals, RefusedExample{ID: id, SourceID: source, Line: line, Reason: r.Reason})
	}
}
