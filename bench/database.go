package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/sample"
)

// bench is the product on a database of its own.
type bench struct {
	settings
	dsn     string
	pool    *pgxpool.Pool
	store   *catalog.Store
	ingest  *ingest.Service
	review  *review.Service
	export  *export.Service
	dataset uuid.UUID
}

// newDatabase creates a database on the server and returns its address; drop
// removes it.
func newDatabase(ctx context.Context, server, name string) (dsn string, drop func() error, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	exec := func(sql string) error {
		conn, err := pgx.Connect(context.WithoutCancel(ctx), server)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		_, err = conn.Exec(context.WithoutCancel(ctx), sql)
		return err
	}
	name = fmt.Sprintf("spotter_bench_%s_%d", name, os.Getpid())
	if err := exec("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() error {
		// Everything of ours is closed by now; a plain DROP also waits for an
		// autovacuum worker, which only a superuser may end by force.
		return exec("DROP DATABASE " + name)
	}, nil
}

// newBench wires the services as the server does, with every check and exact
// tokens.
func newBench(ctx context.Context, s settings, dsn string) (*bench, error) {
	pool, err := postgres.Open(ctx, dsn, 40)
	if err != nil {
		return nil, err
	}
	if _, err := postgres.Migrate(ctx, pool); err != nil {
		return nil, err
	}
	store, err := catalog.OpenStore(ctx, pool, catalog.Default)
	if err != nil {
		return nil, err
	}
	tokenizer, err := llama3.New()
	if err != nil {
		return nil, err
	}
	keeper := lint.NewKeeper(store.CurrentVersion)
	order := func(ctx context.Context) ([]string, error) {
		c, err := store.Current(ctx)
		if err != nil {
			return nil, err
		}
		return c.Slugs(), nil
	}
	return &bench{
		settings: s, dsn: dsn, pool: pool, store: store, dataset: store.Dataset(),
		ingest: ingest.New(ingest.Config{
			Pool: pool, Dataset: store.Dataset(), Catalog: store.Current, Count: tokenizer.CountBoth, Log: slog.New(slog.DiscardHandler),
			Checks: func(ctx context.Context) (func(lint.Subject) []lint.Finding, error) {
				l, err := keeper.Linter(ctx)
				if err != nil {
					return nil, err
				}
				return l.Check, nil
			},
		}),
		review: review.New(review.Config{DB: pool, Dataset: store.Dataset(), Catalog: store.Current, Order: order, Check: keeper.Check, Count: tokenizer.CountBoth}),
		export: export.New(pool, store.Dataset(), order),
	}, nil
}

// sampleFile writes the rows that are imported.
func (s settings) sampleFile(ctx context.Context, rows int) (path string, err error) {
	path = filepath.Join(s.workDir, fmt.Sprintf("sample-%d.jsonl", rows))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(s.progress, "generating %d rows\n", rows)
	return path, export.File(truthOf(path), func(truth io.Writer) error {
		return export.File(path, func(w io.Writer) error {
			b := bufio.NewWriterSize(w, 1<<20)
			if _, err := sample.Write(ctx, b, truth, sample.Options{Rows: rows, Seed: 1, Defects: 0.1}); err != nil {
				return err
			}
			return b.Flush()
		})
	})
}

// databaseParts measures import, export and queue on one imported database.
func databaseParts(ctx context.Context, s settings, wanted func(string) bool) (results []result, err error) {
	dsn, drop, err := newDatabase(ctx, s.server, "product")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	b, err := newBench(ctx, s, dsn)
	if err != nil {
		return nil, err
	}
	defer b.pool.Close()
	path, err := s.sampleFile(ctx, s.rows)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(s.progress, "importing")
	took, inserted, rows, err := b.importFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if wanted("import") {
		fmt.Fprintln(s.progress, "copying the same rows")
		copied, err := b.copyReference(ctx)
		if err != nil {
			return results, fmt.Errorf("import reference: %w", err)
		}
		results = append(results, against("import", "rows/s", float64(rows)/took.Seconds(), float64(inserted)/copied.Seconds(), 0.25,
			fmt.Sprintf("file to committed rows: originals kept, canonical form, all checks, exact tokens, duplicates (%d rows in, %d inserted); reference: COPY of those examples, revisions and findings into the same tables, indexes and triggers", rows, inserted)))
	}
	if wanted("quality") {
		r, err := checks(ctx, path)
		if err != nil {
			return results, fmt.Errorf("checks: %w", err)
		}
		found, err := b.duplicates(ctx, path, took)
		if err != nil {
			return results, fmt.Errorf("near-duplicates: %w", err)
		}
		results = append(append(results, r), found...)
	}
	if _, err := b.pool.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return results, err
	}
	if wanted("export") {
		r, err := b.exportPart(ctx, wanted("queue") || wanted("sustain"))
		if err != nil {
			return results, fmt.Errorf("export: %w", err)
		}
		results = append(results, r...)
	}
	if wanted("queue") {
		r, err := b.queuePart(ctx)
		if err != nil {
			return results, fmt.Errorf("queue: %w", err)
		}
		results = append(results, r...)
	}
	if wanted("sustain") {
		r, err := b.sustain(ctx)
		if err != nil {
			return results, fmt.Errorf("sustain: %w", err)
		}
		results = append(results, r...)
	}
	return results, nil
}

func (b *bench) importFile(ctx context.Context, path string) (took time.Duration, inserted, rows int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = f.Close() }()
	start := time.Now()
	run, err := b.ingest.Store(ctx, bufio.NewReaderSize(f, 1<<20), ingest.Upload{Name: "sample.jsonl", Channel: ingest.ChannelCommand, By: audit.Actor{Name: "bench"}})
	if err != nil {
		return 0, 0, 0, err
	}
	if err := b.ingest.Run(ctx, run.ID); err != nil {
		return 0, 0, 0, err
	}
	took = time.Since(start)
	run, err = b.ingest.Get(ctx, run.ID)
	return took, run.Inserted, run.Rows, err
}

// copied are the tables that an import fills, besides bookkeeping.
var copied = []string{"examples", "revisions", "findings"}

// copyReference copies what the import made out to files and times copying it
// into an empty database with the same schema.
func (b *bench) copyReference(ctx context.Context) (took time.Duration, err error) {
	dsn, drop, err := newDatabase(ctx, b.server, "reference")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	empty, err := postgres.Open(ctx, dsn, 4)
	if err != nil {
		return 0, err
	}
	defer empty.Close()
	if _, err := postgres.Migrate(ctx, empty); err != nil {
		return 0, err
	}
	for _, table := range copied {
		if err := export.File(filepath.Join(b.workDir, table), func(w io.Writer) error {
			return b.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
				_, err := c.Conn().PgConn().CopyTo(ctx, w, "COPY "+table+" TO STDOUT")
				return err
			})
		}); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	for _, table := range copied {
		f, err := os.Open(filepath.Join(b.workDir, table))
		if err != nil {
			return 0, err
		}
		err = empty.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			_, err := c.Conn().PgConn().CopyFrom(ctx, bufio.NewReaderSize(f, 1<<20), "COPY "+table+" FROM STDIN")
			return err
		})
		if err := errors.Join(err, f.Close()); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// exportPart approves everything and writes it out. restore says that other parts
// come, which need what was there before: of a million rows that takes minutes.
func (b *bench) exportPart(ctx context.Context, restore bool) ([]result, error) {
	fmt.Fprintln(b.progress, "approving everything")
	if _, err := b.pool.Exec(ctx, "UPDATE examples SET status = 'approved'"); err != nil {
		return nil, err
	}
	if _, err := b.pool.Exec(ctx, "VACUUM ANALYZE examples"); err != nil {
		return nil, err
	}
	fmt.Fprintln(b.progress, "exporting")
	var reference, ours time.Duration
	var rows int64
	for range 2 { // the second time everything is as warm as it gets, for both
		start := time.Now()
		if err := b.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			_, err := c.Conn().PgConn().CopyTo(ctx, io.Discard, "COPY (SELECT messages FROM revisions) TO STDOUT")
			return err
		}); err != nil {
			return nil, err
		}
		reference = time.Since(start)
		start = time.Now()
		sum, err := b.export.Write(ctx, io.Discard, export.Options{})
		if err != nil {
			return nil, err
		}
		ours, rows = time.Since(start), sum.Rows
	}
	n := float64(rows)
	released, err := b.releasePart(ctx, n/reference.Seconds())
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	if restore {
		if _, err := b.pool.Exec(ctx, "UPDATE examples SET status = 'pending'"); err != nil {
			return nil, err
		}
		if _, err := b.pool.Exec(ctx, "VACUUM ANALYZE examples"); err != nil {
			return nil, err
		}
	}
	return append([]result{against("export", "rows/s", n/ours.Seconds(), n/reference.Seconds(), 0.4,
		fmt.Sprintf("messages preset, %d approved examples by shelf and key; reference: COPY (SELECT messages FROM revisions) TO STDOUT", rows))}, released...), nil
}

// releasePart makes a release of all that is approved, and writes it out as the
// messages preset, twice: both times the same bytes. reference is what COPY does.
func (b *bench) releasePart(ctx context.Context, reference float64) ([]result, error) {
	fmt.Fprintln(b.progress, "making a release")
	dir, err := os.MkdirTemp(b.workDir, "releases-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := release.New(release.Config{
		DB: b.pool, Dataset: b.dataset, Catalog: b.store.CurrentVersion, Export: b.export, Dir: dir, Software: "bench", Log: slog.New(slog.DiscardHandler),
	})
	start := time.Now()
	preview, err := s.Preview(ctx, release.Spec{})
	if err != nil {
		return nil, err
	}
	previewed := time.Since(start)
	start = time.Now()
	r, err := s.Create(ctx, release.Order{Name: "bench " + start.Format("15.04.05.000"), By: audit.Actor{Name: "bench"}, Override: "nobody approved these"})
	if err != nil {
		return nil, err
	}
	if err := s.Run(ctx, r.ID); err != nil {
		return nil, err
	}
	made := time.Since(start)
	if r, err = s.Get(ctx, r.ID); err != nil {
		return nil, err
	}
	if r.State != release.Built {
		return nil, fmt.Errorf("the release is %s: %s", r.State, r.Error)
	}
	var sums [2][]byte
	for i := range sums {
		sum := sha256.New()
		if _, err := s.Export(ctx, sum, r, export.Messages, ""); err != nil {
			return nil, err
		}
		sums[i] = sum.Sum(nil)
	}
	start = time.Now()
	if _, err := s.Export(ctx, io.Discard, r, export.Messages, ""); err != nil {
		return nil, err
	}
	ours := time.Since(start)
	if !bytes.Equal(sums[0], sums[1]) {
		return nil, errors.New("two exports of one release differ")
	}
	n := float64(r.Items)
	return []result{
		against("export of a release", "rows/s", n/ours.Seconds(), reference, 0.4,
			fmt.Sprintf("messages preset, %d frozen rows by position, hashed on the way, the same bytes twice; reference: as above", r.Items)),
		against("making a release", "rows/s", n/made.Seconds(), reference, 0,
			"choosing, families, splits, preflight, freezing, provenance and all files of the messages preset; without reports; reference: as above"),
		{
			Name: "preview of a release", Ours: float64(previewed.Milliseconds()), Unit: "ms", Must: "-", Holds: true,
			How: fmt.Sprintf("rows, tokens, balance and preflight of %d rows, %d of them looked at", preview.Items, preview.Sampled),
		},
	}, nil
}

// quoted is s as a SQL literal, for scripts that take no parameters.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
