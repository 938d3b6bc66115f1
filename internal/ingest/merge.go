package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/postgres"
)

// batch is what goes into the database in one transaction.
type batch struct {
	parcels []*parcel
	bytes   int64
	records int
}

func (b *batch) add(p *parcel) {
	b.parcels = append(b.parcels, p)
	b.bytes += p.bytes
	b.records += len(p.rows)
}

// sorted is a batch told apart by what becomes of its rows.
type sorted struct {
	examples, duplicates, rejects []*row
	findings                      []finding
	errors, warnings              int64
}

type finding struct {
	row *row
	at  int // in row.findings
}

// merge commits a batch and the run's progress with it, and, after the last
// batch, the end of the run. It fails with errLost, having changed nothing, if
// the run is not this worker's any more, and with errCancelled, having
// committed, if somebody asked to cancel.
func (r *run) merge(ctx context.Context, b *batch) error {
	last := b.parcels[len(b.parcels)-1]
	cancelled := false
	var counts db.FinishImportRunRow
	once := func(tx pgx.Tx) error {
		q := db.New(tx)
		if _, err := q.LockImports(ctx, r.dataset); err != nil {
			return fmt.Errorf("lock the dataset for imports: %w", err)
		}
		if mine, err := q.OwnsImportRun(ctx, &r.worker, r.dataset, r.id); err != nil {
			return fmt.Errorf("look whose run it is: %w", err)
		} else if !mine {
			return errLost
		}
		rows, err := r.sort(ctx, q, b)
		if err != nil {
			return err
		}
		if err := r.insert(ctx, tx, rows); err != nil {
			return err
		}
		cancelled, err = q.AdvanceImportRun(ctx, db.AdvanceImportRunParams{
			DatasetID: r.dataset, ID: r.id, Worker: &r.worker, ExpectedOffset: r.at.Offset,
			Rows: int64(b.records), Inserted: int64(len(rows.examples)), Duplicates: int64(len(rows.duplicates)), Rejected: int64(len(rows.rejects)),
			Errors: rows.errors, Warnings: rows.warnings, BytesRead: last.read, ResumeOffset: last.end.Offset, ResumeLine: last.end.Line,
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return errLost
		}
		if err != nil {
			return fmt.Errorf("move the progress: %w", err)
		}
		if !last.last {
			return nil
		}
		if counts, err = q.FinishImportRun(ctx, r.dataset, r.id, &r.worker); err != nil {
			return fmt.Errorf("finish the run: %w", err)
		}
		if err := r.tell(ctx, tx, r.id, StateDone, "", counts); err != nil {
			return err
		}
		return r.audit(ctx, tx, audit.Actor{}, "import.finished", r.id, map[string]any{
			"rows": counts.Rows, "inserted": counts.Inserted, "duplicates": counts.Duplicates, "rejected": counts.Rejected,
			"errors": counts.Errors, "warnings": counts.Warnings,
		})
	}
	err := postgres.InTx(ctx, r.pool, once)
	for tries := 1; postgres.Violates(err, "examples_hash_key") && tries < 3; tries++ {
		// Somebody put an example in without taking the import lock.
		err = postgres.InTx(ctx, r.pool, once)
	}
	if err != nil {
		return fmt.Errorf("merge a batch of %d rows: %w", b.records, err)
	}
	r.at = last.end
	if last.last {
		r.log.InfoContext(ctx, "import finished", slog.Int64("rows", counts.Rows), slog.Int64("inserted", counts.Inserted),
			slog.Int64("duplicates", counts.Duplicates), slog.Int64("rejected", counts.Rejected))
	} else if cancelled {
		return errCancelled
	}
	return nil
}

// sort decides what becomes of each row: an example whose content is in the
// dataset already, or came earlier in the batch, is a duplicate of that one.
func (r *run) sort(ctx context.Context, q *db.Queries, b *batch) (sorted, error) {
	var out sorted
	hashes := make([][]byte, 0, b.records)
	for _, p := range b.parcels {
		for i := range p.rows {
			if row := &p.rows[i]; row.reason == "" {
				hashes = append(hashes, row.hash[:])
			}
		}
	}
	slices.SortFunc(hashes, bytes.Compare) // for the index's sake
	known := map[example.Hash]uuid.UUID{}
	if len(hashes) > 0 {
		there, err := q.KnownHashes(ctx, r.dataset, hashes)
		if err != nil {
			return out, fmt.Errorf("look for known examples: %w", err)
		}
		known = make(map[example.Hash]uuid.UUID, b.records)
		for _, k := range there {
			known[example.Hash(k.Hash)] = k.ID
		}
	}
	out.examples = make([]*row, 0, b.records)
	for _, p := range b.parcels {
		for i := range p.rows {
			row := &p.rows[i]
			if row.reason != "" {
				out.rejects = append(out.rejects, row)
				continue
			}
			if same, ok := known[row.hash]; ok {
				row.duplicate = same
				out.duplicates = append(out.duplicates, row)
				continue
			}
			row.id = r.ids.next()
			known[row.hash] = row.id
			out.examples = append(out.examples, row)
			out.errors += int64(row.errors)
			out.warnings += int64(row.warnings)
			for at := range row.findings {
				out.findings = append(out.findings, finding{row, at})
			}
		}
	}
	return out, nil
}

var (
	intoExamples = target("examples", "dataset_id", "id", "category", "subcategory", "tokens", "turns", "errors", "warnings", "doubt",
		"source_id", "import_id", "source_line", "source_offset", "source_bytes", "external_id", "hash")
	intoRevisions = target("revisions", "dataset_id", "example_id", "revision", "messages", "tools", "metadata", "strict",
		"tokens", "plain_tokens", "hash")
	intoFindings = target("findings", "dataset_id", "example_id", "revision", "ordinal", "rule", "severity", "message", "path",
		"start_at", "end_at")
	intoDuplicates = target("import_duplicates", "dataset_id", "import_id", "line", "offset", "example_id")
	intoRejects    = target("import_rejects", "dataset_id", "import_id", "line", "offset", "reason", "raw", "raw_bytes")
)

func (r *run) insert(ctx context.Context, tx pgx.Tx, rows sorted) error {
	err := copyIn(ctx, tx, intoExamples, len(rows.examples), func(t *tuple, i int) {
		e := rows.examples[i]
		t.uuid(r.dataset)
		t.uuid(e.id)
		t.text(e.category)
		t.text(e.subcategory)
		t.int4(e.tokens)
		t.int2(e.turns)
		t.int2(int16(min(e.errors, math.MaxInt16)))
		t.int2(int16(min(e.warnings, math.MaxInt16)))
		t.int2(e.doubt)
		t.uuid(r.source)
		t.uuid(r.id)
		t.int8(e.line)
		t.int8(e.offset)
		t.int4(int32(e.size))
		t.text(e.externalID)
		t.bytes(e.hash[:])
	})
	if err != nil {
		return fmt.Errorf("insert examples: %w", err)
	}
	err = copyIn(ctx, tx, intoRevisions, len(rows.examples), func(t *tuple, i int) {
		e := rows.examples[i]
		t.uuid(r.dataset)
		t.uuid(e.id)
		t.int4(1)
		t.bytes(e.messages)
		t.bytes(e.tools)
		t.bytes(e.metadata)
		t.bool(e.strict)
		t.int4(e.tokens)
		t.int4(e.plainTokens)
		t.bytes(e.hash[:])
	})
	if err != nil {
		return fmt.Errorf("insert revisions: %w", err)
	}
	err = copyIn(ctx, tx, intoFindings, len(rows.findings), func(t *tuple, i int) {
		at := rows.findings[i]
		f := &at.row.findings[at.at]
		t.uuid(r.dataset)
		t.uuid(at.row.id)
		t.int4(1)
		t.int2(int16(at.at))
		t.text(f.Rule)
		t.text(string(f.Severity))
		t.text(f.Message)
		t.text(f.Path)
		t.int4(int32(f.Start))
		t.int4(int32(f.End))
	})
	if err != nil {
		return fmt.Errorf("insert findings: %w", err)
	}
	err = copyIn(ctx, tx, intoDuplicates, len(rows.duplicates), func(t *tuple, i int) {
		d := rows.duplicates[i]
		t.uuid(r.dataset)
		t.uuid(r.id)
		t.int8(d.line)
		t.int8(d.offset)
		t.uuid(d.duplicate)
	})
	if err != nil {
		return fmt.Errorf("insert duplicates: %w", err)
	}
	err = copyIn(ctx, tx, intoRejects, len(rows.rejects), func(t *tuple, i int) {
		d := rows.rejects[i]
		t.uuid(r.dataset)
		t.uuid(r.id)
		t.int8(d.line)
		t.int8(d.offset)
		t.text(d.reason)
		t.bytes(d.raw)
		t.int8(d.size)
	})
	if err != nil {
		return fmt.Errorf("insert rejects: %w", err)
	}
	return nil
}
