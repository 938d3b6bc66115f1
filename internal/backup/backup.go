// Package backup writes a whole database into one file and fills an empty
// database from it. It needs no Postgres programs, works across major versions of
// Postgres, and checks what it restores. For point-in-time recovery use what
// Postgres offers; see docs/operations.md.
//
// The file is a tar stream compressed with zstd: header.json, then the rows of
// each table as COPY text in pieces named data/<table>/<n>, then manifest.json
// with the row count and the SHA-256 of each table's rows. A file without a
// manifest was cut off.
package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/postgres"
)

// layout is the version of the file's layout.
const layout = 1

// pieceBytes is how much of a table one tar entry holds: tar wants the length
// first, so a piece is held in memory.
const pieceBytes = 4 << 20

// A Summary says what was written or restored.
type Summary struct {
	Tables int
	Rows   int64
}

type header struct {
	Layout  int       `json:"layout"`
	Schema  int64     `json:"schema"`
	Created time.Time `json:"created"`
}

type manifest struct {
	Tables []table `json:"tables"`
}

type table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	SHA256  string   `json:"sha256"`
}

// left are the tables that a backup does not hold: bookkeeping of migrations
// and jobs, which the restored database has of its own; counters, which triggers
// make anew; and what should not outlive a restore.
func left(name string) bool {
	return strings.HasPrefix(name, "river_") || slices.Contains([]string{"goose_db_version", "counters", "duplicate_counts", "finding_counts", "token_counts", "source_counts", "duplicate_queue", "audit_unsealed", "duplicate_queue", "sessions", "login_failures", "leases"}, name)
}

// Write copies every table in one snapshot to w. It holds the snapshot open for
// as long as it takes, so autovacuum waits for it; queues stay fast because they
// do not walk over old rows.
func Write(ctx context.Context, pool *pgxpool.Pool, w io.Writer) (Summary, error) {
	schema, err := postgres.CheckSchema(ctx, pool)
	if err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	zw, err := zstd.NewWriter(w)
	if err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = zw.Close() }() // for the errors; a whole file was closed before
	tw := tar.NewWriter(zw)
	if err := putJSON(tw, "header.json", header{Layout: layout, Schema: schema.Have, Created: time.Now().UTC()}); err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	var m manifest
	var sum Summary
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		tables, err := list(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if err := put(ctx, tx, tw, &t); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
			m.Tables = append(m.Tables, t)
			sum.Tables++
			sum.Rows += t.Rows
		}
		return nil
	})
	if err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	if err := putJSON(tw, "manifest.json", m); err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	return sum, nil
}

// list names the tables to copy with their columns, those that others refer to
// first.
func list(ctx context.Context, tx pgx.Tx) ([]table, error) {
	rows, err := tx.Query(ctx, `
		SELECT c.relname::text,
		       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
		         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
		       (SELECT count(*) FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f') AS refers
		  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE n.nspname = current_schema() AND c.relkind = 'r'
		 ORDER BY refers, c.relname`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (table, error) {
		var t table
		var refers int
		err := r.Scan(&t.Name, &t.Columns, &refers)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return slices.DeleteFunc(all, func(t table) bool { return left(t.Name) }), nil
}

// columns is the quoted column list of t.
func (t table) columns() string {
	quoted := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return strings.Join(quoted, ", ")
}

// put copies one table into tw in pieces and fills in t's count and hash.
func put(ctx context.Context, tx pgx.Tx, tw *tar.Writer, t *table) error {
	hash := sha256.New()
	pieces := &pieceWriter{tw: tw, name: t.Name}
	tag, err := tx.Conn().PgConn().CopyTo(ctx, io.MultiWriter(hash, pieces),
		fmt.Sprintf("COPY %s (%s) TO STDOUT", pgx.Identifier{t.Name}.Sanitize(), t.columns()))
	if err != nil {
		return err
	}
	if err := pieces.flush(); err != nil {
		return err
	}
	t.Rows, t.SHA256 = tag.RowsAffected(), hex.EncodeToString(hash.Sum(nil))
	return nil
}

// pieceWriter cuts a stream into tar entries.
type pieceWriter struct {
	tw   *tar.Writer
	name string
	n    int
	buf  bytes.Buffer
}

func (p *pieceWriter) Write(b []byte) (int, error) {
	if p.buf.Len()+len(b) > pieceBytes && p.buf.Len() > 0 {
		if err := p.flush(); err != nil {
			return 0, err
		}
	}
	return p.buf.Write(b)
}

func (p *pieceWriter) flush() error {
	if p.buf.Len() == 0 {
		return nil
	}
	p.n++
	err := putEntry(p.tw, fmt.Sprintf("data/%s/%06d", p.name, p.n), p.buf.Bytes())
	p.buf.Reset()
	return err
}

func putJSON(tw *tar.Writer, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return putEntry(tw, name, b)
}

func putEntry(tw *tar.Writer, name string, data []byte) error {
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := tw.Write(data)
	return err
}
