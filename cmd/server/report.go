package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
)

func (p *program) report() *cobra.Command {
	var f report.Filter
	var kind, format, ofRelease, status, output string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write the validation or the distribution report",
		Long: `Write what can be said about the examples. The validation report is about their
soundness: how many there are, what the checks found and where, what was waived and
why, how long they are, what training on them costs. The distribution report is
about what they are made of: categories and subcategories against plan with a test
of fit, sources, generators, reviewers, turns, lengths, confidence, vocabulary,
language, agreement, cost. A file appears under its name only when it is whole.`,
		Example: `  spotter report -o validation_report.html
  spotter report --status approved --format json | jq .findings.errors
  spotter report --kind distribution -o distribution_report.html
  spotter report --category injury_analysis --format md`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			of, err := report.ParseKind(kind)
			if err != nil {
				return badFlag("There is no report of the kind %q. Use validation or distribution.", kind)
			}
			if ofRelease != "" && (status != "" || f.Category != "") {
				return badFlag("A release is what it is: --status and --category do not go with --release.")
			}
			if !cmd.Flags().Changed("format") {
				// The file's name says it as well as a flag.
				if ext := strings.TrimPrefix(filepath.Ext(output), "."); ext != "" {
					if _, err := report.ParseFormat(ext); err == nil {
						format = ext
					}
				}
			}
			form, err := report.ParseFormat(format)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if f.Status = example.Status(status); status != "" && !f.Status.Valid() {
				return badFlag("There is no status %q. Use pending, approved, rejected or escalated.", status)
			}
			a, err := p.open(ctx, false)
			if err != nil {
				return err
			}
			var write func(io.Writer) error
			if ofRelease != "" {
				write, err = a.releaseReport(ctx, ofRelease, of, form)
			} else {
				write, err = a.makeReport(ctx, of, f, form)
			}
			switch {
			case err != nil:
			case output == "" || output == "-":
				err = write(p.stdout)
			default:
				err = export.File(output, write)
			}
			return errors.Join(err, a.close())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&kind, "kind", "validation", "`kind` of report: validation or distribution")
	fl.StringVar(&format, "format", string(report.HTML), "`format`: html, json or md (default: as the file is named, else html)")
	fl.StringVar(&ofRelease, "release", "", "`name or id` of a release: the report that was made with it")
	fl.StringVar(&status, "status", "", "only examples of this `status`")
	fl.StringVar(&f.Category, "category", "", "only this category `slug`")
	fl.StringVarP(&output, "output", "o", "", "write to this `file` instead of standard output")
	return cmd
}

// releaseReport is a report that was made with a release, byte for byte.
func (a *app) releaseReport(ctx context.Context, name string, kind report.Kind, form report.Format) (func(io.Writer) error, error) {
	r, err := a.release.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	f, _, err := a.release.Open(ctx, r, kind.File(form))
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return errors.Join(err, f.Close())
	}, nil
}

// makeReport makes the report of a filter, to be written in the form.
func (a *app) makeReport(ctx context.Context, kind report.Kind, f report.Filter, form report.Format) (func(io.Writer) error, error) {
	scope, err := a.report.Filtered(ctx, f)
	if err != nil {
		return nil, err
	}
	scope.Checks, scope.Site = release.FormatChecks(), strings.TrimSuffix(a.cfg.BaseURL, "/")
	made, err := a.report.Make(ctx, kind, scope)
	return func(w io.Writer) error { return made.Write(w, form) }, err
}

func (p *program) recheck() *cobra.Command {
	return &cobra.Command{
		Use:   "recheck",
		Short: "Check all examples again",
		Long: `Check every example again with the rules of this program and the catalog in
force, and replace the findings that differ. A running server does this by itself
when either changes.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			a, err := p.open(ctx, false)
			if err != nil {
				return err
			}
			id, err := a.quality.Again(ctx, operator())
			if err == nil {
				err = a.quality.Run(ctx, id)
			}
			if err == nil {
				last, _, lastErr := a.quality.Last(ctx)
				if err = lastErr; err == nil && last.ID == id && last.Error != "" {
					err = fault.New(fault.Conflict, "%s", last.Error)
				}
				if err == nil {
					fmt.Fprintf(p.stdout, "%d examples checked, %d with other findings than before\n", last.Done, last.Changed)
				}
			}
			return errors.Join(err, a.close())
		},
	}
}
