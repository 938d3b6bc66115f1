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

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// errBroken is in the tree of the error for a file that is not a whole backup.
var errBroken = errors.New("broken backup")

func broken(err error) error {
	return fault.Wrap(fault.Invalid, errors.Join(errBroken, err), "This is not a whole backup: it was cut off, changed, or is another file. Nothing was restored.")
}

// maxMemory bounds what the decompressor may use for a file from elsewhere.
const maxMemory = 256 << 20

// Restore fills an empty database from a backup, brings the schema to this
// program's version, and checks every table's rows against the backup's
// checksums. All rows come in one transaction: a database that is not empty, and
// one that could not be filled whole, is left as it was.
func Restore(ctx context.Context, pool *pgxpool.Pool, r io.Reader) (Summary, error) {
	zr, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(maxMemory))
	if err != nil {
		return Summary{}, fmt.Errorf("restore: %w", err)
	}
	defer zr.Close()
	tr := tar.NewReader(zr)
	var h header
	if err := getJSON(tr, "header.json", &h); err != nil {
		return Summary{}, broken(err)
	}
	if err := prepare(ctx, pool, h); err != nil {
		return Summary{}, fmt.Errorf("restore: %w", err)
	}
	var sum Summary
	err = postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		// Triggers that note the day of a change stay silent: the days are in the backup.
		if _, err := tx.Exec(ctx, "SELECT set_config('spotter.restoring', 'on', true)"); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		var err error
		sum, err = fill(ctx, tx, tr)
		return err
	})
	if err != nil {
		return Summary{}, fmt.Errorf("restore: %w", err)
	}
	if _, err := postgres.Migrate(ctx, pool); err != nil {
		return Summary{}, fmt.Errorf("restore: %w", err)
	}
	return sum, nil
}

// prepare makes the schema of the backup in an empty database.
func prepare(ctx context.Context, pool *pgxpool.Pool, h header) error {
	schema, err := postgres.CheckSchema(ctx, pool)
	if err != nil {
		return err
	}
	if h.Layout != layout || h.Schema > schema.Want {
		return fault.New(fault.Conflict, "The backup was made by a newer program (schema version %d, this one knows %d). Restore it with that one.", h.Schema, schema.Want)
	}
	if schema.Have > 0 {
		var held bool
		if err := pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM examples) OR EXISTS (SELECT FROM sources) OR EXISTS (SELECT FROM datasets)").Scan(&held); err != nil {
			return fmt.Errorf("look whether the database is empty: %w", err)
		}
		if held {
			return fault.New(fault.Conflict, "The database is not empty. Restore into a fresh data directory (--data DIR) or a new database.")
		}
		if schema.Have > h.Schema {
			return fault.New(fault.Conflict, "The empty database has schema version %d and the backup %d. Restore into a database without a schema.", schema.Have, h.Schema)
		}
	}
	_, err = postgres.MigrateTo(ctx, pool, h.Schema)
	return err
}

// fill copies the pieces of every table in and holds the result against the
// manifest.
func fill(ctx context.Context, tx pgx.Tx, tr *tar.Reader) (Summary, error) {
	known, err := list(ctx, tx)
	if err != nil {
		return Summary{}, err
	}
	got := map[string]table{}
	var pending []byte // a tar entry's data that belongs to the next table
	var name string
	var end manifest
	next := func() error {
		e, err := tr.Next()
		if err != nil {
			return broken(err)
		}
		if pending, err = io.ReadAll(io.LimitReader(tr, pieceBytes*16)); err != nil {
			return broken(err)
		}
		name = e.Name
		return nil
	}
	if err := next(); err != nil {
		return Summary{}, err
	}
	for name != "manifest.json" {
		parts := strings.Split(name, "/")
		i := slices.IndexFunc(known, func(t table) bool { return len(parts) == 3 && parts[0] == "data" && t.Name == parts[1] })
		if i < 0 {
			return Summary{}, broken(fmt.Errorf("unexpected entry %q", name))
		}
		t := known[i]
		if _, twice := got[t.Name]; twice {
			return Summary{}, broken(fmt.Errorf("table %s comes twice", t.Name))
		}
		hash := sha256.New()
		src := &pieceReader{prefix: "data/" + t.Name + "/", name: &name, pending: &pending, next: next}
		tag, err := tx.Conn().PgConn().CopyFrom(ctx, io.TeeReader(src, hash),
			fmt.Sprintf("COPY %s (%s) FROM STDIN", pgx.Identifier{t.Name}.Sanitize(), t.columns()))
		if src.err != nil {
			return Summary{}, src.err
		}
		// Rows that Postgres can't read (class 22) or that break a constraint (23)
		// are not what a backup wrote.
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23")) {
			return Summary{}, broken(fmt.Errorf("table %s: %w", t.Name, err))
		}
		if err != nil {
			return Summary{}, fmt.Errorf("table %s: %w", t.Name, err)
		}
		t.Rows, t.SHA256 = tag.RowsAffected(), hex.EncodeToString(hash.Sum(nil))
		got[t.Name] = t
	}
	if err := json.Unmarshal(pending, &end); err != nil {
		return Summary{}, broken(err)
	}
	return compare(end, got)
}

// compare holds what was copied against what the manifest promises.
func compare(want manifest, got map[string]table) (Summary, error) {
	var sum Summary
	for _, w := range want.Tables {
		g := got[w.Name]
		if w.Rows == 0 && g.Name == "" {
			g = table{SHA256: w.SHA256} // an empty table has no pieces
		}
		if g.Rows != w.Rows || g.SHA256 != w.SHA256 {
			return Summary{}, broken(fmt.Errorf("table %s: %d rows with hash %s, want %d with %s", w.Name, g.Rows, g.SHA256, w.Rows, w.SHA256))
		}
		sum.Tables++
		sum.Rows += w.Rows
		delete(got, w.Name)
	}
	if len(got) > 0 {
		return Summary{}, broken(fmt.Errorf("%d tables are not in the manifest", len(got)))
	}
	return sum, nil
}

// pieceReader reads the pieces of one table one after the other; it ends where
// the next entry belongs to something else.
type pieceReader struct {
	prefix  string
	name    *string
	pending *[]byte
	next    func() error
	err     error
}

func (p *pieceReader) Read(b []byte) (int, error) {
	for {
		if !strings.HasPrefix(*p.name, p.prefix) {
			return 0, io.EOF
		}
		if len(*p.pending) > 0 {
			n := copy(b, *p.pending)
			*p.pending = (*p.pending)[n:]
			return n, nil
		}
		if err := p.next(); err != nil {
			p.err = err
			return 0, err
		}
	}
}

func getJSON(tr *tar.Reader, name string, v any) error {
	e, err := tr.Next()
	if err != nil {
		return err
	}
	if e.Name != name {
		return fmt.Errorf("found %q where %q should be", e.Name, name)
	}
	b, err := io.ReadAll(io.LimitReader(tr, 1<<20))
	if err != nil {
		return err
	}
	return json.NewDecoder(bytes.NewReader(b)).Decode(v)
}
