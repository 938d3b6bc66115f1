package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/backup"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// withDatabase opens the database alone, whatever its schema, and closes it.
func (p *program) withDatabase(cmd *cobra.Command, f func(d *database) error) error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	d, err := p.openDatabase(cmd.Context(), c, slog.New(&warnings{p.logger(c).Handler()}), false)
	if err != nil {
		return err
	}
	return errors.Join(f(d), d.close())
}

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database schema up to date", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withDatabase(cmd, func(d *database) error {
				before, err := postgres.CheckSchema(cmd.Context(), d.pool)
				if err != nil {
					return err
				}
				after, err := postgres.Migrate(cmd.Context(), d.pool)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "schema version %d (was %d)\n", after.Have, before.Have)
				return err
			})
		},
	}
}

func (p *program) backup() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write everything into one file, while people work",
		Args: usage(cobra.ExactArgs(1)), Example: "  spotter backup spotter-2026-11-22.backup",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDatabase(cmd, func(d *database) error {
				if err := postgres.RequireCurrent(cmd.Context(), d.pool); err != nil {
					return err
				}
				var sum backup.Summary
				if err := export.File(args[0], func(w io.Writer) (err error) {
					sum, err = backup.Write(cmd.Context(), d.pool, w)
					return err
				}); err != nil {
					return err
				}
				_, err := fmt.Fprintf(p.stdout, "%d rows of %d tables in %s\n", sum.Rows, sum.Tables, args[0])
				return err
			})
		},
	}
}

func (p *program) restore() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Fill an empty database from a backup",
		Long: `Fill an empty database from a backup and check every row's checksum. A database
that holds anything is refused and left as it is: restore into a fresh data
directory (--data) or a new database.`,
		Args: usage(cobra.ExactArgs(1)), Example: "  spotter restore --data ./restored spotter-2026-11-22.backup",
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fault.Wrap(fault.Invalid, err, "The backup %s can't be opened.", args[0])
			}
			defer func() { _ = f.Close() }()
			return p.withDatabase(cmd, func(d *database) error {
				sum, err := backup.Restore(cmd.Context(), d.pool, f)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "%d rows of %d tables restored and checked\n", sum.Rows, sum.Tables)
				return err
			})
		},
	}
}

func (p *program) audit() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Check the audit log", Args: usage(cobra.NoArgs), RunE: needsSubcommand}
	var known []string
	verify := &cobra.Command{
		Use: "verify", Short: "Recompute the hash chain of the audit log", Args: usage(cobra.NoArgs),
		Long: `Recompute the hash chain of the audit log from its first entry to its last. With
--head, also check that the chain still holds an earlier end of it, as printed
before: that shows entries cut off at the end.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var heads []audit.Head
			for _, k := range known {
				h, err := audit.ParseHead(k)
				if err != nil {
					return fmt.Errorf("%w: %w", errUsage, err)
				}
				heads = append(heads, h)
			}
			return p.with(cmd, func(a *app) error {
				if _, err := audit.Seal(cmd.Context(), a.pool); err != nil {
					return err
				}
				r, err := audit.Verify(cmd.Context(), a.pool, heads...)
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintf(p.stdout, "%d entries sealed, %d waiting; head %s\n", r.Sealed, r.Unsealed, r.Head); err != nil {
					return err
				}
				for _, problem := range r.Problems {
					fmt.Fprintf(p.stderr, "entry %d (%s): %s\n", problem.Seq, problem.Entry, problem.What)
				}
				if !r.OK() {
					return fault.New(fault.Conflict, "The audit log does not hold: the chain breaks at %d; %d altered, %d missing, %d vanished.", r.FirstBad, r.Altered, r.Missing, r.Vanished)
				}
				_, err = fmt.Fprintln(p.stdout, "the chain holds")
				return err
			})
		},
	}
	verify.Flags().StringArrayVar(&known, "head", nil, "an earlier `head` that must still be in the chain; repeat it")
	cmd.AddCommand(verify)
	return cmd
}

func (p *program) catalog() *cobra.Command {
	cmd := &cobra.Command{Use: "catalog", Short: "Export, check and load the catalog as files", Args: usage(cobra.NoArgs), RunE: needsSubcommand}
	exportTo := &cobra.Command{
		Use: "export DIR", Short: "Write the catalog in force as files", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, func(a *app) error {
				c, err := a.catalogs.Current(cmd.Context())
				if err != nil {
					return err
				}
				files, err := c.Files()
				if err != nil {
					return err
				}
				return writeFiles(args[0], files)
			})
		},
	}
	check := &cobra.Command{
		Use: "check DIR", Short: "Say what is wrong with catalog files, without a database", Args: usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := catalog.Load(os.DirFS(args[0]))
			if err != nil {
				return err
			}
			for _, w := range c.Warnings() {
				fmt.Fprintln(p.stderr, "warning:", w)
			}
			_, err = fmt.Fprintf(p.stdout, "%s: %d categories, no mistakes\n", c.Name, len(c.Categories))
			return err
		},
	}
	var reason string
	load := &cobra.Command{
		Use: "load DIR", Short: "Put catalog files in force as a new version", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := catalog.Load(os.DirFS(args[0]))
			if err != nil {
				return err
			}
			return p.with(cmd, func(a *app) error {
				_, seen, err := a.catalogs.CurrentVersion(cmd.Context())
				if err != nil {
					return err
				}
				version, err := a.catalogs.Save(cmd.Context(), c, seen, operator(), reason)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "catalog version %d\n", version)
				return err
			})
		},
	}
	load.Flags().StringVar(&reason, "reason", "loaded from files", "why, kept with the version")
	cmd.AddCommand(exportTo, check, load)
	return cmd
}

// writeFiles writes files below dir, which must be empty or not there: nothing
// of anybody's is overwritten.
func writeFiles(dir string, files map[string][]byte) error {
	if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
		return fault.New(fault.Conflict, "The directory %s is not empty. Name a new one.", dir)
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write catalog: %w", err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("write catalog: %w", err)
		}
	}
	return nil
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, versionLine())
			return err
		},
	}
}

// versionLine says what was built, from what the Go tool chain recorded.
func versionLine() string {
	version, revision := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	return fmt.Sprintf("spotter %s%s %s %s/%s", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func (p *program) printConfig() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "Print the settings in force, secrets masked", Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			c, err := p.settings()
			if err != nil {
				return err
			}
			return c.Print(p.stdout)
		},
	}
}

// doctorWait bounds each thing that doctor tries.
const doctorWait = 20 * time.Second

func (p *program) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong with this installation", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			bad := 0
			say := func(what string, err error, format string, args ...any) {
				if err == nil {
					fmt.Fprintf(p.stdout, "ok    %s: %s\n", what, fmt.Sprintf(format, args...))
					return
				}
				bad++
				msg := err.Error()
				if f, ok := fault.As(err); ok {
					msg = f.Msg
				}
				fmt.Fprintf(p.stdout, "WRONG %s: %s\n", what, msg)
			}
			fmt.Fprintln(p.stdout, versionLine())
			c, err := p.settings()
			say("settings", err, "read")
			if err == nil {
				p.examine(cmd.Context(), c.DatabaseURL == "", say, func(f func(d *database) error) error { return p.withDatabase(cmd, f) })
			}
			if bad > 0 {
				return fault.New(fault.Unavailable, "%d things are wrong; see above.", bad)
			}
			return nil
		},
	}
}

// examine tries the database and what is in it.
func (p *program) examine(ctx context.Context, private bool, say func(string, error, string, ...any), with func(func(*database) error) error) {
	kind := "DATABASE_URL"
	if private {
		kind = "private cluster"
	}
	err := with(func(d *database) error {
		ctx, cancel := context.WithTimeout(ctx, doctorWait)
		defer cancel()
		var version, encoding string
		err := d.pool.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('server_encoding')").Scan(&version, &encoding)
		say("database", err, "Postgres %s by %s", version, kind)
		if err == nil && encoding != "UTF8" {
			say("encoding", fault.New(fault.Invalid, "The database has the encoding %s. Create one with UTF8.", encoding), "")
		}
		schema, err := postgres.CheckSchema(ctx, d.pool)
		if err == nil && !schema.Current() {
			err = fault.New(fault.Unavailable, "It has version %d and this program needs %d. Run `spotter migrate`.", schema.Have, schema.Want)
		}
		say("schema", err, "version %d", schema.Have)
		if err != nil {
			return nil
		}
		var wrong int64
		err = d.pool.QueryRow(ctx, `SELECT count(*) FROM (
			SELECT dataset_id, category, subcategory, status, sum(examples), sum(tokens) FROM counters GROUP BY 1, 2, 3, 4 HAVING sum(examples) <> 0
			EXCEPT SELECT dataset_id, category, subcategory, status, count(*), sum(tokens) FROM examples GROUP BY 1, 2, 3, 4) AS d`).Scan(&wrong)
		if err == nil && wrong > 0 {
			err = fault.New(fault.Conflict, "%d counters differ from a recount.", wrong)
		}
		say("counters", err, "equal to a recount")
		err = d.pool.QueryRow(ctx, `SELECT
			(SELECT count(*) FROM (
				SELECT dataset_id, rule, severity, category, status, sum(findings), sum(examples) FROM finding_counts GROUP BY 1, 2, 3, 4, 5 HAVING sum(findings) <> 0
				EXCEPT SELECT e.dataset_id, f.rule, f.severity, e.category, e.status, count(*), count(DISTINCT e.id)
				         FROM findings f JOIN examples e ON e.dataset_id = f.dataset_id AND e.id = f.example_id AND e.revision = f.revision
				        WHERE NOT f.waived GROUP BY 1, 2, 3, 4, 5) AS d) +
			(SELECT count(*) FROM (
				SELECT dataset_id, category, status, bucket, sum(examples), sum(tokens) FROM token_counts GROUP BY 1, 2, 3, 4 HAVING sum(examples) <> 0
				EXCEPT SELECT dataset_id, category, status, token_bucket(tokens), count(*), sum(tokens) FROM examples GROUP BY 1, 2, 3, 4) AS d)`).Scan(&wrong)
		if err == nil && wrong > 0 {
			err = fault.New(fault.Conflict, "%d figures of findings and tokens differ from a recount.", wrong)
		}
		say("figures", err, "equal to a recount")
		r, err := audit.Verify(ctx, d.pool)
		if err == nil && !r.OK() {
			err = fault.New(fault.Conflict, "The chain breaks at %d. Run `spotter audit verify`.", r.FirstBad)
		}
		say("audit log", err, "%d entries sealed", r.Sealed)
		return nil
	})
	if err != nil {
		say("database", err, "")
	}
}
