package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/release"
)

// releases wires package release together.
func (a *app) releases(ctx context.Context) (release.Config, error) {
	var c release.Config
	key, err := release.ParseKey(a.cfg.ReleaseKey)
	if err != nil {
		return c, err
	}
	dir, err := a.cfg.DataDir()
	if err != nil {
		return c, err
	}
	schema, err := postgres.CheckSchema(ctx, a.pool)
	if err != nil {
		return c, err
	}
	return release.Config{
		DB: a.pool, Dataset: a.catalogs.Dataset(), Catalog: a.catalogs.CurrentVersion, CatalogAt: a.catalogs.At, Report: a.report, Rules: lint.Fingerprint, Export: a.export,
		Scan: scan(a.dedup), Dir: filepath.Join(dir, "releases"), Key: key, Software: versionLine(), Schema: schema.Have, Log: a.log,
	}, nil
}

// scan works off what the search for duplicates has not looked at yet.
func scan(s *dedup.Service) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.Scan(ctx)
		return err
	}
}

func (p *program) release() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Make releases: chosen rows, frozen for ever, with their files",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.releaseCreate(), p.releaseList(), p.releaseShow(), p.releaseBuild(), p.releaseDiff(), p.releaseWithdraw(), p.releaseKey())
	return cmd
}

// releaseJSON is what create, list and show print with --json.
type releaseJSON struct {
	ID        uuid.UUID         `json:"id"`
	Name      string            `json:"name"`
	State     release.State     `json:"state"`
	Items     int64             `json:"items"`
	Tokens    int64             `json:"tokens"`
	Splits    map[string]int64  `json:"splits"`
	Files     []releaseFileJSON `json:"files"`
	Preflight []release.Line    `json:"preflight"`
	Error     string            `json:"error,omitempty"`
	Withdrawn string            `json:"withdrawn,omitempty"`
	Directory string            `json:"directory"`
	Seconds   float64           `json:"seconds,omitempty"`
}

type releaseFileJSON struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (a *app) releaseJSON(ctx context.Context, r release.Release) (releaseJSON, error) {
	j := releaseJSON{
		ID: r.ID, Name: r.Name, State: r.State, Items: r.Items, Tokens: r.Tokens, Splits: map[string]int64{}, Files: []releaseFileJSON{},
		Preflight: r.Preflight, Error: r.Error, Directory: a.release.Dir(r.ID),
	}
	if r.Withdrawn != nil {
		j.Withdrawn = r.Withdrawn.Reason
	}
	for _, s := range r.Spec.Splits {
		j.Splits[s.Name] = 0
	}
	for _, s := range r.Splits() {
		j.Splits[s.Split] = s.Rows
	}
	files, err := a.release.Files(ctx, r.ID)
	for _, f := range files {
		j.Files = append(j.Files, releaseFileJSON{f.Name, f.Bytes, f.Hex()})
	}
	return j, err
}

// withApp opens the database for one command and closes it afterwards.
func (p *program) withApp(ctx context.Context, do func(a *app) error) error {
	a, err := p.open(ctx, false)
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.close())
}

func (p *program) releaseCreate() *cobra.Command {
	var o release.Order
	var splits string
	var caps, floors map[string]int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Choose approved examples, freeze them and build the files",
		Long: `Choose approved examples, deal them out to splits, hold them against the
preflight, freeze them and build the files in the data directory, under
releases/. Duplicates, examples that ask the same question, and examples of one
source chunk or one item of a generator always lie in the same split.

A red line of the preflight that says that the release is unsound (leakage, open
errors, missing approvals, rows that a preset can't say, special tokens, demo
examples) holds it: the command fails and names the lines. Mend what they name and
create it again, or let them stand with --override REASON, which the manifest
carries. Red lines about how much there is yet (targets, rows) do not hold it.

The same examples with the same seed are dealt out the same way everywhere.`,
		Example: `  spotter release create --name 2026-11 --seed 7
  spotter release create --name voice-1 --category voice_parsing --splits train=0.8,validation=0.1,test=0.1 --json
  spotter release create --name small --cap ai_coach=500 --preset together --supersedes 2026-11`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			var err error
			if o.Spec.Splits, err = release.ParseSplits(splits); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if o.Name == "" {
				return badFlag("Give the release a name: --name NAME.")
			}
			for category, n := range caps {
				o.Spec.Limits = limit(o.Spec.Limits, category, func(l *release.Limit) { l.Cap = n })
			}
			for category, n := range floors {
				o.Spec.Limits = limit(o.Spec.Limits, category, func(l *release.Limit) { l.Floor = n })
			}
			o.By = operator()
			return p.withApp(ctx, func(a *app) error { return p.createRelease(ctx, a, o, asJSON) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", "", "`name` of the release; it stays for ever")
	f.StringVar(&splits, "splits", release.FormatSplits(release.DefaultSplits()), "splits with their `shares`")
	f.Int64Var(&o.Spec.Seed, "seed", 0, "`number` that the draw hangs on")
	f.StringSliceVar(&o.Spec.Filters.Categories, "category", nil, "only this category `slug`; repeat it")
	f.StringSliceVar(&o.Spec.Filters.Subcategories, "subcategory", nil, "only this subcategory `slug`; repeat it")
	f.StringSliceVar(&o.Spec.Filters.Sources, "source", nil, "only from the source with this `id or name`; repeat it")
	f.StringSliceVar(&o.Spec.Filters.Tags, "tag", nil, "only examples with this `tag`; repeat it: one of them is enough")
	f.StringToIntVar(&caps, "cap", nil, "at most so many of a category: `slug=n`; repeat it")
	f.StringToIntVar(&floors, "floor", nil, "at least so many of a category: `slug=n`; repeat it")
	f.StringSliceVar(&o.Spec.Presets, "preset", nil, "also build the files of this `preset`; repeat it: "+export.PresetList())
	f.StringVar(&o.Notes, "notes", "", "what people should know about it")
	f.StringVar(&o.Supersedes, "supersedes", "", "`name or id` of the release that this one replaces")
	f.StringVar(&o.Override, "override", "", "`reason` why red lines may stand; the manifest carries it")
	f.BoolVar(&asJSON, "json", false, "print the release as JSON")
	return cmd
}

func limit(all map[string]release.Limit, category string, set func(*release.Limit)) map[string]release.Limit {
	if all == nil {
		all = map[string]release.Limit{}
	}
	l := all[category]
	set(&l)
	all[category] = l
	return all
}

func (p *program) createRelease(ctx context.Context, a *app, o release.Order, asJSON bool) error {
	began := time.Now()
	r, err := a.release.Create(ctx, o)
	if err != nil {
		return err
	}
	runErr := a.release.Run(ctx, r.ID)
	if r, err = a.release.Get(ctx, r.ID); err != nil {
		return errors.Join(runErr, err)
	}
	if r.State == release.Held { // it can't wait for a person here, and the name should be free
		p.printLines(p.stderr, r.Preflight)
		red := release.Holding(r.Preflight)
		var labels []string
		for _, l := range red {
			labels = append(labels, strings.ToLower(l.Label))
		}
		lines, name, them := "1 red line holds", "it names", "it"
		if len(red) > 1 {
			lines, name, them = fmt.Sprintf("%d red lines hold", len(red)), "they name", "them"
		}
		err := fault.New(fault.Conflict, "The release was not made: %s it (not: %s). Mend what %s, or let %s stand with --override REASON.", lines, strings.Join(labels, "; "), name, them)
		return errors.Join(err, a.release.Discard(ctx, r.ID, o.By))
	}
	if runErr != nil {
		return runErr
	}
	return p.printRelease(ctx, a, r, asJSON, time.Since(began))
}

func (p *program) printLines(w io.Writer, lines []release.Line) {
	for _, l := range lines {
		mark := "green"
		if !l.Green {
			mark = "red  "
		}
		fmt.Fprintf(w, "%s  %s: %s\n", mark, l.Label, l.Text)
		if !l.Green && l.Do != "" {
			fmt.Fprintf(w, "       %s\n", l.Do)
		}
	}
}

func (p *program) printRelease(ctx context.Context, a *app, r release.Release, asJSON bool, took time.Duration) error {
	j, err := a.releaseJSON(ctx, r)
	if err != nil {
		return err
	}
	j.Seconds = took.Seconds()
	if asJSON {
		return json.NewEncoder(p.stdout).Encode(j)
	}
	fmt.Fprintf(p.stdout, "%s (%s) is %s: %d rows, %d tokens\n", j.Name, j.ID, j.State, j.Items, j.Tokens)
	if r.Withdrawn != nil {
		fmt.Fprintf(p.stdout, "withdrawn by %s: %s\n", r.Withdrawn.By, r.Withdrawn.Reason)
	}
	for _, s := range r.Splits() {
		fmt.Fprintf(p.stdout, "  %-12s %d\n", s.Split, s.Rows)
	}
	p.printLines(p.stdout, r.Preflight)
	for _, f := range j.Files {
		fmt.Fprintf(p.stdout, "%s  %12d  %s\n", f.SHA256, f.Bytes, f.Name)
	}
	fmt.Fprintln(p.stdout, j.Directory)
	return nil
}

func (p *program) releaseList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the releases, the newest first", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return p.withApp(ctx, func(a *app) error {
				for before := uuid.Nil; ; {
					page, err := a.release.List(ctx, before, 100)
					if err != nil {
						return err
					}
					for _, r := range page {
						before = r.ID
						if asJSON {
							j, err := a.releaseJSON(ctx, r)
							if err != nil {
								return err
							}
							if err := json.NewEncoder(p.stdout).Encode(j); err != nil {
								return err
							}
							continue
						}
						state := string(r.State)
						if r.Withdrawn != nil {
							state = "withdrawn"
						}
						fmt.Fprintf(p.stdout, "%s  %-9s  %8d  %s\n", r.ID, state, r.Items, r.Name)
					}
					if len(page) < 100 {
						return nil
					}
				}
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per line")
	return cmd
}

func (p *program) releaseShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a release with its preflight and files", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return p.withApp(ctx, func(a *app) error {
				r, err := a.release.Find(ctx, args[0])
				if err != nil {
					return err
				}
				return p.printRelease(ctx, a, r, asJSON, 0)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (p *program) releaseBuild() *cobra.Command {
	return &cobra.Command{
		Use:   "build NAME",
		Short: "Go on with a release, or make its missing files again",
		Long: `Go on with a release that was interrupted, or make files again that are missing
in the data directory, as after a restore on another machine. What is made again is
held against the hashes that were noted.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return p.withApp(ctx, func(a *app) error {
				r, err := a.release.Find(ctx, args[0])
				if err != nil {
					return err
				}
				if r.State != release.Built {
					if err := a.release.Run(ctx, r.ID); err != nil {
						return err
					}
					if r, err = a.release.Get(ctx, r.ID); err != nil {
						return err
					}
				}
				if r.State == release.Built {
					if err := a.release.Rebuild(ctx, r); err != nil {
						return err
					}
				}
				return p.printRelease(ctx, a, r, false, 0)
			})
		},
	}
}

func (p *program) releaseWithdraw() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "withdraw NAME", Short: "Say that nobody should train on a release any more", Args: usage(cobra.ExactArgs(1)),
		Long: `Say that nobody should train on a release any more. Its rows and files stay, so
that what was trained on it can be explained.`,
		Example: `  spotter release withdraw 2026-10 --reason "The coach found wrong stretch loads."`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if strings.TrimSpace(reason) == "" {
				return badFlag("Say why: --reason REASON.")
			}
			return p.withApp(ctx, func(a *app) error {
				r, err := a.release.Find(ctx, args[0])
				if err != nil {
					return err
				}
				return a.release.Withdraw(ctx, r.ID, operator(), reason)
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`")
	return cmd
}

func (p *program) releaseKey() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make a key that signs manifests",
		Long: `Make an Ed25519 key that signs manifests. The private part goes to the file, which
only you can read; the public part, for those who verify, to standard output. Give
the server the file by SPOTTER_RELEASE_KEY_FILE. No database is needed.`,
		Example: `  spotter release key -o release.key > release.pub
  SPOTTER_RELEASE_KEY_FILE=release.key spotter serve
  spotter verify-release --key release.pub DIR`,
		Args: usage(cobra.NoArgs),
		RunE: func(_ *cobra.Command, _ []string) error {
			if output == "" {
				return badFlag("Name the file for the private part: -o FILE.")
			}
			private, public, err := release.NewKey()
			if err != nil {
				return err
			}
			f, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, os.ErrExist) {
				return fault.New(fault.Conflict, "%s is there already. A key is never overwritten.", output)
			}
			if err != nil {
				return fmt.Errorf("write the key: %w", err)
			}
			_, err = f.Write(private)
			if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
				return fmt.Errorf("write the key: %w", err)
			}
			_, err = p.stdout.Write(public)
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` for the private part")
	return cmd
}

func (p *program) verifyRelease() *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use:   "verify-release DIR",
		Short: "Hold the files of a release against its manifest, without a database",
		Long: `Hold a directory with the files of a release against its manifest: sizes, hashes,
that the merged file is the splits one after the other, that every row has its
provenance, that no question is asked in two splits, and the signature where there
is one. With --key the manifest must be signed with that key. No database is needed.`,
		Example: `  spotter verify-release voicefit-2026-11/
  spotter verify-release --key release.pub voicefit-2026-11/`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var key []byte
			if keyFile != "" {
				text, err := os.ReadFile(keyFile)
				if err != nil {
					return fmt.Errorf("read the key: %w", err)
				}
				if key, err = release.ParsePublicKey(string(text)); err != nil {
					return err
				}
			}
			v, err := release.Verify(cmd.Context(), args[0], key)
			if err != nil {
				return err
			}
			for _, problem := range v.Problems {
				fmt.Fprintln(p.stderr, problem)
			}
			if len(v.Problems) > 0 {
				return fault.New(fault.Invalid, "This is not the release %s as it was made.", v.Manifest.Name)
			}
			signed := "not signed"
			switch {
			case v.Trusted:
				signed = "signed with the given key"
			case v.Signed:
				signed = "signed, by whom is not known: give --key"
			}
			fmt.Fprintf(p.stdout, "%s is whole: %d files, %d bytes, %d rows, %s\n", v.Manifest.Name, v.Files, v.Bytes, v.Rows, signed)
			return nil
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "`file` with the public key that the manifest must be signed with")
	return cmd
}

func (p *program) releaseDiff() *cobra.Command {
	cmd := &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what changed between two releases", Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return p.withApp(ctx, func(a *app) error {
				older, err := a.release.Find(ctx, args[0])
				if err != nil {
					return err
				}
				newer, err := a.release.Find(ctx, args[1])
				if err != nil {
					return err
				}
				d, err := a.release.Compare(ctx, older, newer)
				if err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "%d added, %d removed, %d changed, %d moved to another split, %d the same\n", d.Added, d.Removed, d.Changed, d.Moved, d.Same)
				for _, s := range d.Shift {
					fmt.Fprintf(p.stdout, "%-20s %-28s %8d -> %d\n", s.Category, s.Subcategory, s.Old, s.New)
				}
				return nil
			})
		},
	}
	return cmd
}
