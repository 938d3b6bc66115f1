package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
)

func (p *program) export() *cobra.Command {
	var o export.Options
	var status, preset, output, compress, named, split string
	var plain, allowRefused bool
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write examples as a training file",
		Long: `Write examples, one per line, to standard output or a file. A file appears under
its name only when it is whole.

Presets that come with more than one file (axolotl, llama-factory, torchtune,
unsloth, trl, huggingface) need -o: a folder that is not there yet, or a name that
ends with .zip. Any other preset makes a zip too where the name says so.

An example that the preset can't say is never dropped in silence: it is named on
stderr with the reason, and the command fails unless --allow-refused is given. With
it, the others are written.`,
		Example: `  spotter export --preset messages -o voicefit_llama_training_complete.jsonl
  spotter export --preset llama3 --category voice_parsing > voice.jsonl
  spotter export --preset together --compress zstd -o train.jsonl.zst
  spotter export --preset huggingface -o voicefit-dataset
  spotter export --preset llama3 --plain | head -1
  spotter export --release 2026-11 --preset together --split train -o train.jsonl`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			var err error
			if o.Preset, err = export.ParsePreset(preset); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			folder := o.Preset.Describe().Folder
			zipped := strings.HasSuffix(output, ".zip")
			switch _, known := export.Compressions[compress]; {
			case folder && (output == "" || output == "-"):
				return badFlag("The preset %s makes several files: name a folder or a .zip with -o.", o.Preset)
			case compress != "" && !known:
				return badFlag("There is no compression %q. Use gzip or zstd.", compress)
			case compress != "" && (folder || zipped):
				return badFlag("--compress is for one file. A name that ends with .zip makes a zip.")
			}
			if o.Status = example.Status(status); !o.Status.Valid() {
				return badFlag("There is no status %q. Use pending, approved, rejected or escalated.", status)
			}
			if plain {
				if o.Preset != export.Llama3 {
					return badFlag("--plain is for --preset llama3.")
				}
				o.Preset = export.Llama3Plain
			}
			if named != "" && (cmd.Flags().Changed("status") || o.Category != "" || o.Subcategory != "") {
				return badFlag("A release is what it is: --status, --category and --subcategory do not go with --release.")
			}
			switch {
			case named == "" && split != "all":
				return badFlag("--split goes with --release.")
			case split != "all" && (folder || zipped):
				return badFlag("--split is for one file; a folder or a zip has all splits.")
			}
			a, err := p.open(ctx, false)
			if err != nil {
				return err
			}
			enough := func(sum export.Summary, err error) error {
				if err != nil {
					return err
				}
				p.explain(sum)
				if sum.Refused > 0 && !allowRefused {
					return fault.New(fault.Invalid, "%d examples can't be written in the preset %s; see above. Mend or reject them, or leave them out with --allow-refused.", sum.Refused, o.Preset)
				}
				return nil
			}
			write := func(w io.Writer) error {
				switch {
				case named != "":
					return enough(a.exportRelease(ctx, w, named, o.Preset, split, compress, zipped))
				case zipped:
					return enough(a.export.WriteZip(ctx, w, o))
				}
				return enough(a.export.WriteCompressed(ctx, w, compress, o))
			}
			switch {
			case folder && !zipped:
				err = export.Folder(output, func(dir string) error {
					if named != "" {
						r, err := a.release.Find(ctx, named)
						if err != nil {
							return err
						}
						_, sum, err := a.release.ExportFolder(ctx, dir, r, o.Preset)
						return enough(sum, err)
					}
					_, sum, err := a.export.WriteFolder(ctx, dir, o)
					return enough(sum, err)
				})
			case output == "" || output == "-":
				err = write(p.stdout)
			default:
				err = export.File(output, write)
			}
			return errors.Join(err, a.close())
		},
	}
	f := cmd.Flags()
	f.StringVar(&preset, "preset", string(export.Messages), "`form` of the rows: "+export.PresetList())
	f.BoolVar(&plain, "plain", false, "llama3: leave out the date preamble, as --preset llama3-plain does")
	f.StringVar(&status, "status", string(example.Approved), "export the examples of this `status`")
	f.StringVar(&o.Category, "category", "", "only this category `slug`")
	f.StringVar(&o.Subcategory, "subcategory", "", "only this subcategory `slug`")
	f.StringVar(&named, "release", "", "export the rows of the release with this `name or id`")
	f.StringVar(&split, "split", "all", "with --release: only this `split`")
	f.StringVarP(&output, "output", "o", "", "write to this `file`, or folder, instead of standard output")
	f.StringVar(&compress, "compress", "", "compress with gzip or zstd, the same rows to the same bytes")
	f.BoolVar(&allowRefused, "allow-refused", false, "leave out what the preset can't say and succeed")
	return cmd
}

// exportRelease writes rows of a release as one file, or the files of a preset as
// one zip.
func (a *app) exportRelease(ctx context.Context, w io.Writer, named string, preset export.Preset, split, compress string, zipped bool) (export.Summary, error) {
	r, err := a.release.Find(ctx, named)
	if err != nil {
		return export.Summary{}, err
	}
	switch {
	case zipped:
		return a.release.ExportZip(ctx, w, r, preset)
	case compress == "":
		return a.release.Export(ctx, w, r, preset, split)
	}
	z, err := export.Compress(w, compress)
	if err != nil {
		return export.Summary{}, err
	}
	sum, err := a.release.Export(ctx, z, r, preset, split)
	if err != nil {
		return sum, err
	}
	return sum, z.Close()
}

// explain says on stderr what an export did that is not in its rows.
func (p *program) explain(sum export.Summary) {
	for _, r := range sum.Refusals {
		fmt.Fprintf(p.stderr, "refused: example %s (source %s, line %d): %s\n", r.ID, r.SourceID, r.Line, r.Reason)
	}
	if more := sum.Refused - int64(len(sum.Refusals)); more > 0 {
		fmt.Fprintf(p.stderr, "refused: and %d more\n", more)
	}
	if sum.Weighted > 0 {
		fmt.Fprintf(p.stderr, "note: %d examples have assistant turns of weight 0; this preset can't say that, so those turns would be trained too\n", sum.Weighted)
	}
	if sum.Demo > 0 {
		fmt.Fprintf(p.stderr, "note: %d of the rows are demo examples; remove them on the dashboard before you train\n", sum.Demo)
	}
	fmt.Fprintf(p.stderr, "%d rows, %d bytes\n", sum.Rows, sum.Bytes)
}
