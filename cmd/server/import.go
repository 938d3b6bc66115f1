package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
)

// imported is what `import --json` prints for each file.
type imported struct {
	ImportID   uuid.UUID     `json:"import_id"`
	Source     string        `json:"source"`
	Format     decode.Format `json:"format"`
	Rows       int64         `json:"rows"`
	Inserted   int64         `json:"inserted"`
	Duplicates int64         `json:"duplicates"`
	Rejected   int64         `json:"rejected"`
	Findings   struct {
		Error   int64 `json:"error"`
		Warning int64 `json:"warning"`
	} `json:"findings"`
	Seconds  float64 `json:"seconds"`
	RepeatOf string  `json:"repeat_of,omitempty"` // the first import of the same bytes
}

func (p *program) importFiles() *cobra.Command {
	var options ingest.Options
	var format, licence string
	var pairs []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE... | -",
		Short: "Import examples from files or standard input",
		Long: `Import examples. The format is found by looking at the data: OpenAI chat, ShareGPT,
Alpaca, prompt/completion, VoiceFit injury research, or anything else by --map; as
JSON Lines, a JSON array or CSV; plain, gzip or zstd.

A row that can't be read never stops an import: it is kept with its line and the
reason. The same row twice is imported once. An import that was interrupted is
finished by importing the same file again.`,
		Example: `  spotter import --category injury_analysis voicefit-injury-core.json
  spotter import --category ai_coach --map user=question --map assistant=answer faq.csv
  zstdcat chats.jsonl.zst | spotter import --category voice_parsing --json -`,
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			ctx := cmd.Context()
			var err error
			if options.Format, err = decode.ParseFormat(format); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if options.Mapping, err = decode.ParseMapping(pairs); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			a, err := p.open(ctx, false)
			if err != nil {
				return err
			}
			if err := a.quality.Baseline(ctx); err != nil {
				return errors.Join(err, a.close())
			}
			failed := 0
			for _, file := range files {
				one, err := p.importFile(ctx, a, file, licence, options)
				if err == nil {
					err = p.printImport(one, asJSON)
				}
				if err != nil {
					failed++
					fmt.Fprintf(p.stderr, "%s was not imported.\n", file)
					complain(p.stderr, err)
				}
				if ctx.Err() != nil {
					break
				}
			}
			err = a.close()
			if failed > 0 {
				err = errors.Join(err, fmt.Errorf("%d of %d files were not imported", failed, len(files)))
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&options.Category, "category", "", "category `slug` of every row; rows may name their own")
	f.StringVar(&options.Subcategory, "subcategory", "", "subcategory `slug` of every row")
	f.StringVar(&format, "format", string(decode.Auto), "`name` of the format: auto, openai, sharegpt, alpaca, prompt-completion, voicefit-injury or mapped")
	f.StringArrayVar(&pairs, "map", nil, "which `target=field` means what, for other formats; repeat it")
	f.StringVar(&licence, "licence", "", "`licence` of the data, kept with its provenance")
	f.BoolVar(&asJSON, "json", false, "print one JSON object per file")
	return cmd
}

// importFile stores one file and runs its import to the end.
func (p *program) importFile(ctx context.Context, a *app, path, licence string, o ingest.Options) (imported, error) {
	start := time.Now()
	in, size, name, err := p.open1(path)
	if err != nil {
		return imported{}, err
	}
	defer func() { _ = in.Close() }()
	run, err := a.ingest.Store(ctx, in, ingest.Upload{
		Name: name, Licence: licence, Channel: ingest.ChannelCommand, By: operator(), Bytes: size, Options: o,
	})
	if err != nil {
		return imported{}, err
	}
	stop := p.progress(ctx, a.ingest, run.ID, name)
	err = a.ingest.Run(ctx, run.ID)
	stop()
	if err != nil {
		return imported{}, err
	}
	if run, err = a.ingest.Get(ctx, run.ID); err != nil {
		return imported{}, err
	}
	if run.State != ingest.StateDone {
		return imported{}, fault.New(fault.Conflict, "The import was %s after %d rows.", run.State, run.Rows)
	}
	one := imported{
		ImportID: run.ID, Source: run.Name, Format: run.Format,
		Rows: run.Rows, Inserted: run.Inserted, Duplicates: run.Duplicates, Rejected: run.Rejected,
		Seconds: time.Since(start).Seconds(),
	}
	one.Findings.Error, one.Findings.Warning = run.Errors, run.Warnings
	if run.RepeatOf != nil {
		one.RepeatOf = run.RepeatOf.String()
	}
	return one, nil
}

// open1 opens a file for import, or standard input for "-".
func (p *program) open1(path string) (in io.ReadCloser, size int64, name string, err error) {
	if path == "-" {
		return io.NopCloser(p.stdin), 0, "standard input", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, "", fault.Wrap(fault.Invalid, err, "The file %s can't be opened.", path)
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		_ = f.Close()
		if err == nil {
			err = fault.New(fault.Invalid, "%s is a directory. Name the files in it.", path)
		}
		return nil, 0, "", err
	}
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	return f, size, filepath.Base(path), nil
}

func (p *program) printImport(one imported, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(p.stdout).Encode(one)
	}
	_, err := fmt.Fprintf(p.stdout, "%s (%s): %d rows = %d inserted + %d duplicates + %d rejected; findings: %d errors, %d warnings; %.1f s\n",
		one.Source, one.Format, one.Rows, one.Inserted, one.Duplicates, one.Rejected, one.Findings.Error, one.Findings.Warning, one.Seconds)
	if err == nil && one.RepeatOf != "" {
		_, err = fmt.Fprintf(p.stdout, "  This very file was imported before (import %s); nothing is doubled.\n", one.RepeatOf)
	}
	if err == nil && one.Rejected > 0 {
		_, err = fmt.Fprintf(p.stdout, "  See the refused rows on the import's page, or: GET /api/v1/imports/%s/rejects\n", one.ImportID)
	}
	return err
}

// progress draws a bar on stderr until the returned function is called; nothing
// where stderr is no terminal.
func (p *program) progress(ctx context.Context, s *ingest.Service, id uuid.UUID, name string) (stop func()) {
	f, ok := p.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		start := time.Now()
		for {
			select {
			case <-done:
				fmt.Fprint(f, "\r\033[K")
				return
			case <-tick.C:
			}
			run, err := s.Get(ctx, id)
			if err != nil || run.BytesTotal == 0 {
				continue // the bar is a courtesy; the import itself reports errors
			}
			share := float64(run.BytesRead) / float64(run.BytesTotal)
			took := time.Since(start).Seconds()
			const width = 30
			bar := make([]byte, width)
			for i := range bar {
				bar[i] = '.'
				if float64(i) < share*width {
					bar[i] = '#'
				}
			}
			left := ""
			if share > 0.01 {
				left = fmt.Sprintf(", %.0f s left", took/share-took)
			}
			fmt.Fprintf(f, "\r\033[K%s [%s] %3.0f %%  %d rows, %.0f rows/s%s", name, bar, share*100, run.Rows, float64(run.Rows)/took, left)
		}
	}()
	return func() { close(done); <-gone }
}
