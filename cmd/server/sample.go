package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/judge"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/sample"
)

func (p *program) sample() *cobra.Command {
	var o sample.Options
	var output string
	cmd := &cobra.Command{
		Use:   "sample",
		Short: "Write believable sample data, with a list of what is wrong with it",
		Long: `Write deterministic sample examples as OpenAI chat JSON Lines: the same rows, seed
and defects give the same bytes everywhere. With -o FILE, the planted duplicates
and rule violations are listed in FILE with .truth.jsonl in place of .jsonl.`,
		Example: "  spotter sample --rows 10000 --seed 7 --defects 0.1 -o sample.jsonl",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			var sum sample.Summary
			var err error
			if output == "" || output == "-" {
				sum, err = sample.Write(ctx, p.stdout, io.Discard, o)
			} else {
				err = export.File(truthOf(output), func(t io.Writer) error {
					return export.File(output, func(w io.Writer) (err error) {
						sum, err = sample.Write(ctx, w, t, o)
						return err
					})
				})
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stderr, "%d rows, %d bytes\n", sum.Rows, sum.Bytes)
			return err
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Rows, "rows", 1000, "how `many` rows")
	f.Int64Var(&o.Seed, "seed", 1, "`number` that all randomness comes from")
	f.Float64Var(&o.Defects, "defects", 0.1, "`share` of rows with something planted, 0 to 0.5")
	f.StringSliceVar(&o.Categories, "category", nil, "only these category `slugs`")
	f.StringVarP(&output, "output", "o", "", "write to this `file`, and the truth beside it")
	cmd.AddCommand(p.verifySample())
	return cmd
}

// truthOf is where the truth about a sample file is written.
func truthOf(rows string) string { return strings.TrimSuffix(rows, ".jsonl") + ".truth.jsonl" }

func (p *program) verifySample() *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE",
		Short: "Hold the checks of the default catalog against a sample and its truth",
		Args:  usage(cobra.ExactArgs(1)), Example: "  spotter sample verify sample.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := os.Open(args[0])
			if err != nil {
				return fault.Wrap(fault.Invalid, err, "The sample %s can't be opened.", args[0])
			}
			defer func() { _ = rows.Close() }()
			truth, err := os.Open(truthOf(args[0]))
			if err != nil {
				return fault.Wrap(fault.Invalid, err, "The truth %s can't be opened. Write the sample with -o.", truthOf(args[0]))
			}
			defer func() { _ = truth.Close() }()
			c, err := catalog.Default()
			if err != nil {
				return err
			}
			linter, err := lint.New(c)
			if err != nil {
				return err
			}
			tokens, err := llama3.New()
			if err != nil {
				return err
			}
			v, err := judge.Judge(cmd.Context(), rows, truth, linter.Check, tokens.CountBoth)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
			fmt.Fprintln(w, "planted\tfound\tfalse alarms\t  rule")
			for _, s := range v.Scores {
				fmt.Fprintf(w, "%d\t%d\t%d\t  %s\n", s.Planted, s.Found, s.Alarms, s.Rule)
			}
			fmt.Fprintf(w, "%d\t%d\t%d\t  all, on %d rows of which %d are clean\n", v.Planted, v.Found, v.Alarms, v.Rows, v.Clean)
			if err := w.Flush(); err != nil {
				return err
			}
			for _, e := range v.Examples {
				fmt.Fprintln(p.stderr, e)
			}
			if v.Recall() < 1 || v.Alarms > 0 {
				return fault.New(fault.Conflict, "The checks do not agree with the truth: recall %.4f, %d false alarms.", v.Recall(), v.Alarms)
			}
			return nil
		},
	}
}
