package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/export"
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
				truth := strings.TrimSuffix(output, ".jsonl") + ".truth.jsonl"
				err = export.File(truth, func(t io.Writer) error {
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
			return errors.Join(err)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Rows, "rows", 1000, "how `many` rows")
	f.Int64Var(&o.Seed, "seed", 1, "`number` that all randomness comes from")
	f.Float64Var(&o.Defects, "defects", 0.1, "`share` of rows with something planted, 0 to 0.5")
	f.StringSliceVar(&o.Categories, "category", nil, "only these category `slugs`")
	f.StringVarP(&output, "output", "o", "", "write to this `file`, and the truth beside it")
	return cmd
}
