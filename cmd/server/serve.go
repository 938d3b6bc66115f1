package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/api"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/comment"
	"github.com/voicefit/spotter/internal/courtesy"
	"github.com/voicefit/spotter/internal/demo"
	"github.com/voicefit/spotter/internal/history"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/jobs"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/share"
	"github.com/voicefit/spotter/internal/ui"
)

func (p *program) serve() *cobra.Command {
	var addr string
	var withDemo bool
	workers := true
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the pages and the API (the default)",
		Example: `  spotter serve
  spotter serve --demo --addr localhost:9000
  DATABASE_URL=postgres://spotter@db/spotter spotter serve --workers=false`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.settings()
			if err != nil {
				return err
			}
			if addr != "" {
				c.Addr = addr
			}
			// Before the database starts: a taken port is found at once.
			ln, err := (&net.ListenConfig{}).Listen(cmd.Context(), "tcp", c.Addr)
			if err != nil {
				return fmt.Errorf("listen on %s: %w (choose another with --addr)", c.Addr, err)
			}
			defer func() { _ = ln.Close() }()
			c.Addr = realAddr(c.Addr, ln.Addr().String())
			a, err := p.openWith(cmd.Context(), c, true)
			if err != nil {
				return err
			}
			err = a.serve(cmd.Context(), ln, p.announce, withDemo, workers)
			return errors.Join(err, a.close())
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "", "`address` to serve HTTP on (default $SPOTTER_ADDR or localhost:8080)")
	cmd.Flags().BoolVar(&withDemo, "demo", false, "start an empty workspace with 300 demo examples")
	cmd.Flags().BoolVar(&workers, "workers", true, "also run imports and upkeep in this process")
	return cmd
}

// realAddr is the address that was asked for with the port that was given, which
// differs where :0 was asked for.
func realAddr(asked, given string) string {
	host, _, err := net.SplitHostPort(asked)
	if err != nil {
		return given
	}
	_, port, err := net.SplitHostPort(given)
	if err != nil {
		return given
	}
	return net.JoinHostPort(host, port)
}

// announce tells the person at the terminal where to go.
func (p *program) announce(format string, args ...any) {
	fmt.Fprintf(p.stdout, format+"\n", args...)
}

// shutdownWait is how long requests in progress get when the server stops.
const shutdownWait = 10 * time.Second

// serve answers requests until ctx is done, then lets those in progress finish
// and gives unfinished imports back.
func (a *app) serve(ctx context.Context, ln net.Listener, announce func(string, ...any), withDemo, workers bool) error {
	handler, err := a.handler()
	if err != nil {
		return err
	}
	if withDemo {
		if err := a.addDemo(ctx); err != nil {
			return err
		}
	}
	var work *jobs.Workers
	if workers {
		if work, err = a.workers(); err != nil {
			return err
		}
		if err := work.Start(ctx); err != nil {
			return err
		}
	}
	token, needed, err := a.accounts.EnsureSetup(ctx)
	if err != nil {
		return err
	}
	announce("Spotter is at %s", a.cfg.Root())
	if needed {
		announce("\nNobody can sign in yet. Open this link once to become the admin:\n\n  %s/setup?token=%s\n", a.cfg.Root(), token)
	}
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWait)
		defer cancel()
		err := srv.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close() // somebody downloads still; they can take it up again
		}
		if work != nil {
			err = errors.Join(err, work.Stop(ctx))
		}
		return err
	})
	return g.Wait()
}

// handler is the whole site: pages, API, health and metrics.
func (a *app) handler() (http.Handler, error) {
	metrics := ui.NewMetrics(a.pool.Stat)
	served := courtesy.New(time.Now)
	a.export.GiveWay(served.Step)
	a.report.GiveWay(served.Step)
	endpoints, err := api.New(api.Config{
		Acts: a.acts,
		Log:  a.log, Accounts: a.accounts, Catalog: a.catalogs.Current, Ingest: a.queued, Review: a.review,
		Browse: a.browse, Export: a.export, Report: a.report, Releases: a.ordered, MaxUploadBytes: a.cfg.MaxUploadBytes,
		BaseURL: a.cfg.BaseURL,
	})
	if err != nil {
		return nil, err
	}
	pages, err := ui.New(ui.Config{
		Acts: a.acts, Hooks: a.webhooks,
		Log: a.log, Accounts: a.accounts, Catalogs: a.catalogs, Figures: a.report, Record: a.record,
		Reviews: a.review, Browse: a.browse, HasRule: hasRule, Imports: a.queued, Export: a.export, MaxUploadBytes: a.cfg.MaxUploadBytes,
		Overview: a.report, Links: share.New(a.pool, a.catalogs.Dataset(), nil), Quality: a.report, Rechecks: a.quality, Duplicates: a.dedup, Agreement: agreement.New(a.pool, a.catalogs.Dataset()), Check: a.lint.Check, Count: a.tokens.CountBoth, Tokens: a.tokens, Demo: a.demo(), Inbox: inbox.New(a.pool, a.catalogs.Dataset()), Assignments: assign.New(a.pool, a.catalogs.Dataset(), nil), Comments: comment.New(a.pool, a.catalogs.Dataset()), Metrics: metrics, Served: served.Served, BaseURL: a.cfg.BaseURL,
		Samples: a.samples(), Releases: a.ordered,
		Histories: history.New(a.pool, a.catalogs.Dataset()),
		Mounts: map[string]http.Handler{
			"/api/v1":  endpoints,
			"/metrics": metrics.Handler(),
			"/healthz": ui.Healthy(),
			"/readyz":  ui.Ready(a.ready),
		},
	})
	if err != nil {
		return nil, err
	}
	return pages.Routes(), nil
}

// ready says whether requests can be answered: the database answers and has the
// schema that this program needs.
func (a *app) ready(ctx context.Context) error { return postgres.RequireCurrent(ctx, a.pool) }

func (a *app) samples() *acceptance.Service {
	return acceptance.New(a.pool, a.catalogs.Dataset(), assign.New(a.pool, a.catalogs.Dataset(), nil), a.acts)
}

func (a *app) demo() *demo.Service {
	return demo.New(a.pool, a.catalogs.Dataset(), a.ingest, a.review)
}

// addDemo fills a workspace that holds nothing; one that holds something is left
// as it is.
func (a *app) addDemo(ctx context.Context) error {
	p, err := a.report.Progress(ctx)
	if err != nil {
		return err
	}
	if p.Total.Total() > 0 {
		a.log.InfoContext(ctx, "the workspace is not empty: no demo examples added")
		return nil
	}
	return a.demo().Add(ctx, audit.Actor{Name: "demo"})
}

// chores is the upkeep that one of the servers on a database does.
func (a *app) chores() []jobs.Chore {
	return []jobs.Chore{
		{Name: "seal the audit log", Do: func(ctx context.Context) error { _, err := audit.Seal(ctx, a.pool); return err }},
		{Name: "draw samples on", Do: func(ctx context.Context) error {
			_, err := a.samples().Advance(ctx, audit.Actor{Name: "Spotter"})
			return err
		}},
		{Name: "sweep leases", Do: func(ctx context.Context) error { _, err := a.review.Sweep(ctx); return err }},
		{Name: "sweep sessions", Do: func(ctx context.Context) error { _, err := a.accounts.Sweep(ctx); return err }},
		{Name: "keep the days of the dashboard", Do: a.report.Upkeep},
		{Name: "sweep uploads", Do: func(ctx context.Context) error { _, err := a.ingest.Sweep(ctx); return err }},
	}
}

// record lists entries of the audit log, newest first, and the next cursor.
func (a *app) record(ctx context.Context, f audit.Filter) ([]audit.Record, string, error) {
	return audit.List(ctx, a.pool, f)
}

// hasRule says whether a check of that name is built in.
func hasRule(name string) bool {
	return slices.ContainsFunc(lint.Rules(), func(r lint.Rule) bool { return r.ID == name })
}
