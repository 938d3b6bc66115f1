package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/config"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/jobs"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/cluster"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/webhook"
)

// settings reads the environment and lays the flags over it.
func (p *program) settings() (config.Config, error) {
	c, err := config.Read(p.getenv)
	if err != nil {
		return c, err
	}
	if p.data != "" {
		c.Data = p.data
	}
	return c, nil
}

// logger writes JSON lines to stderr.
func (p *program) logger(c config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo // Read has checked it
	}
	return slog.New(slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{Level: level}))
}

// database is an open database, and the private cluster under it if there is one.
type database struct {
	dsn     string
	pool    *pgxpool.Pool
	cluster *cluster.Cluster
}

// closeWait is how long a private Postgres gets to stop.
const closeWait = 30 * time.Second

func (d *database) close() error {
	if d.pool != nil {
		d.pool.Close()
	}
	if d.cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	return d.cluster.Close(ctx)
}

// openDatabase finds the database as architecture.md says: DATABASE_URL, else
// the private cluster in the data directory. A server owns the cluster; a
// subcommand shares it.
func (p *program) openDatabase(ctx context.Context, c config.Config, log *slog.Logger, server bool) (*database, error) {
	d := &database{dsn: c.DatabaseURL}
	if d.dsn == "" {
		dir, err := c.DataDir()
		if err != nil {
			return nil, err
		}
		cfg := cluster.Config{
			Dir: dir, Address: c.Addr, BinariesDir: c.PGBin, Path: p.getenv("PATH"), NodeModules: nodeModules(), Log: log,
		}
		open := cluster.Connect
		if server {
			open = cluster.Open
		}
		if d.cluster, err = open(ctx, cfg); err != nil {
			return nil, err
		}
		d.dsn = d.cluster.DSN()
	}
	pool, err := postgres.Open(ctx, d.dsn, c.MaxConns)
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.pool = pool
	return d, nil
}

// nodeModules lists where the build may have put the npm package with Postgres
// binaries: beside the working directory and beside the program.
func nodeModules() []string {
	dirs := []string{filepath.Join(".cache", "postgres", "node_modules"), "node_modules"}
	if exe, err := os.Executable(); err == nil {
		root := filepath.Dir(filepath.Dir(exe)) // bin/spotter
		dirs = append(dirs, filepath.Join(root, ".cache", "postgres", "node_modules"), filepath.Join(root, "node_modules"))
	}
	return dirs
}

// app is everything that the product is made of, wired together.
type app struct {
	cfg      config.Config
	log      *slog.Logger
	db       *database
	pool     *pgxpool.Pool
	catalogs *catalog.Store
	accounts *account.Service
	lint     *lint.Keeper
	tokens   *llama3.Tokenizer
	ingest   *ingest.Service // runs imports itself, without a queue
	queued   *ingest.Service // leaves them to the workers
	review   *review.Service
	browse   *browse.Service
	export   *export.Service
	report   *report.Service
	quality  *quality.Service
	dedup    *dedup.Service
	webhooks *webhook.Service
	release  *release.Service // makes releases itself, without a queue
	ordered  *release.Service // leaves them to the workers
	acts     *bulk.Service
}

// open opens the database and builds every service. A server brings the schema
// up to date; a subcommand does so only in a database that has none yet.
func (p *program) open(ctx context.Context, server bool) (*app, error) {
	c, err := p.settings()
	if err != nil {
		return nil, err
	}
	return p.openWith(ctx, c, server)
}

func (p *program) openWith(ctx context.Context, c config.Config, server bool) (_ *app, err error) {
	log := p.logger(c)
	if !server {
		log = slog.New(&warnings{log.Handler()})
	}
	d, err := p.openDatabase(ctx, c, log, server)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	schema, err := postgres.CheckSchema(ctx, d.pool)
	if err != nil {
		return nil, err
	}
	if server || schema.Have == 0 {
		if _, err := postgres.Migrate(ctx, d.pool); err != nil {
			return nil, err
		}
	} else if err := postgres.RequireCurrent(ctx, d.pool); err != nil {
		return nil, err
	}
	return build(ctx, c, log, d)
}

// warnings passes on what a person at a terminal should see.
type warnings struct{ slog.Handler }

func (h *warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

func (h *warnings) WithAttrs(a []slog.Attr) slog.Handler { return &warnings{h.Handler.WithAttrs(a)} }

func (h *warnings) WithGroup(n string) slog.Handler { return &warnings{h.Handler.WithGroup(n)} }

func build(ctx context.Context, c config.Config, log *slog.Logger, d *database) (*app, error) {
	a := &app{cfg: c, log: log, db: d, pool: d.pool}
	var err error
	if a.catalogs, err = catalog.OpenStore(ctx, d.pool, catalog.Default); err != nil {
		return nil, err
	}
	if a.tokens, err = llama3.New(); err != nil {
		return nil, fmt.Errorf("load the tokenizer: %w", err)
	}
	dataset := a.catalogs.Dataset()
	a.lint = lint.NewKeeper(a.catalogs.CurrentVersion)
	a.accounts = account.New(d.pool, account.Config{Secure: c.Secure(), Log: log})
	a.review = review.New(review.Config{DB: d.pool, Dataset: dataset, Catalog: a.catalogs.Current, Order: a.order, Check: a.lint.Check, Count: a.tokens.CountBoth})
	a.browse = browse.New(d.pool, dataset)
	a.export = export.New(d.pool, dataset, a.order)
	a.report = report.New(d.pool, dataset, a.catalogs.Current)
	a.quality = quality.New(quality.Config{DB: d.pool, Dataset: dataset, Catalog: a.catalogs.CurrentVersion, Log: log})
	a.dedup = dedup.New(dedup.Config{DB: d.pool, Dataset: dataset, Catalog: a.catalogs.Current, Reject: rejecter{a.review}, Log: log})
	networks, err := c.WebhookNetworks()
	if err != nil {
		return nil, err
	}
	a.webhooks = webhook.New(webhook.Config{DB: d.pool, Dataset: dataset, Allow: networks, Log: log})
	a.acts = bulk.New(bulk.Config{
		DB: d.pool, Dataset: dataset, Browse: a.browse, Review: a.review, Assign: assign.New(d.pool, dataset, nil), Catalog: a.catalogs.Current, Log: log,
	})
	imports := ingest.Config{
		Pool: d.pool, Dataset: dataset, Catalog: a.catalogs.Current, Checks: a.checks, Count: a.tokens.CountBoth, Log: log,
	}
	a.ingest = ingest.New(imports)
	queue, err := jobs.NewQueue(d.pool, log)
	if err != nil {
		return nil, err
	}
	imports.Enqueue = queue.Import
	a.queued = ingest.New(imports)
	releases, err := a.releases(ctx)
	if err != nil {
		return nil, err
	}
	a.release = release.New(releases)
	releases.Enqueue = queue.Release
	a.ordered = release.New(releases)
	return a, nil
}

// A rejecter rejects duplicates as a reviewer does, so that each rejection is a
// decision with a history and an undo.
type rejecter struct{ reviews *review.Service }

func (r rejecter) Reject(ctx context.Context, j dedup.Rejection) (uuid.UUID, error) {
	out, err := r.reviews.Decide(ctx, review.Decision{
		ExampleID: j.Example, Reviewer: j.By, Revision: j.Revision, Seen: j.Seen, Verdict: example.Reject, Reason: j.Reason, Kind: review.KindBulk,
	})
	return out.DecisionID, err
}

func (a *app) close() error { return a.db.close() }

// order lists the categories by priority, then as the catalog has them.
func (a *app) order(ctx context.Context) ([]string, error) {
	c, err := a.catalogs.Current(ctx)
	if err != nil {
		return nil, err
	}
	return c.Slugs(), nil
}

// checks returns the checks of the catalog in force, for an import to run on
// every row.
func (a *app) checks(ctx context.Context) (func(lint.Subject) []lint.Finding, error) {
	l, err := a.lint.Linter(ctx)
	if err != nil {
		return nil, err
	}
	return l.Check, nil
}

// operator is who acts from the command line: the person logged in to the
// machine, who is no user of the product.
func operator() audit.Actor {
	name := "command line"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username + " (command line)"
	}
	return audit.Actor{ID: uuid.Nil, Name: name}
}
