package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/jobs"
)

func (p *program) work() *cobra.Command {
	return &cobra.Command{
		Use:   "work",
		Short: "Run imports and upkeep without serving pages",
		Long: `Run imports and upkeep without serving pages, beside servers that were started
with --workers=false on the same database. The schema must be current: a server
or spotter migrate brings it up to date.`,
		Example: "  DATABASE_URL=postgres://spotter@db/spotter spotter work",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.settings()
			if err != nil {
				return err
			}
			log := p.logger(c)
			d, err := p.openDatabase(cmd.Context(), c, log, false)
			if err != nil {
				return err
			}
			a, err := build(cmd.Context(), c, log, d)
			if err != nil {
				return errors.Join(err, d.close())
			}
			return errors.Join(a.work(cmd.Context(), p.announce), a.close())
		},
	}
}

// work runs the workers until ctx is done.
func (a *app) work(ctx context.Context, announce func(string, ...any)) error {
	if err := a.ready(ctx); err != nil {
		return err
	}
	w, err := a.workers()
	if err != nil {
		return err
	}
	if err := w.Start(ctx); err != nil {
		return err
	}
	announce("Working. Stop with Ctrl+C.")
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWait)
	defer cancel()
	return w.Stop(stop)
}

func (a *app) workers() (*jobs.Workers, error) {
	return jobs.NewWorkers(jobs.Config{
		Pool: a.pool, Ingest: a.ingest, Quality: a.quality, Duplicates: a.dedup, Webhooks: a.webhooks, Releases: a.release, Acts: a.acts,
		Chores: a.chores(), Log: a.log,
	})
}
