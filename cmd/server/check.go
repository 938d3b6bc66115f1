package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/llama3"
)

func (p *program) check() *cobra.Command {
	var preset string
	var asJSON, quiet bool
	cmd := &cobra.Command{
		Use:   "check --preset NAME FILE... | DIR | -",
		Short: "Say what a training platform would refuse in files from anywhere",
		Long: `Hold files against the rules of a training platform or trainer, and say line by
line what it would refuse and why. The files may come from anywhere; nothing is
imported and no database is needed. Files compressed with gzip or zstd are read as
they are, folders file by file, - is standard input.

Errors are what the platform refuses, or trains on as something else than what it
says. Warnings are what it takes, but somebody should know. Several files are also
compared with each other: rows of one that are in another are named.

It ends with 0 where nothing would be refused, with 1 where something would be or
a file could not be read, and with 2 for wrong usage.

Presets: ` + export.PresetList() + `.`,
		Example: `  spotter check --preset together train.jsonl validation.jsonl
  spotter check --preset openai --json data.jsonl.gz | jq 'select(.severity=="error")'
  zcat data.jsonl.gz | spotter check --preset messages -
  spotter check --preset huggingface ./folder`,
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if preset == "" {
				return badFlag("Say by whose rules with --preset: %s.", export.PresetList())
			}
			form, err := export.ParsePreset(preset)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			tokens, err := llama3.New()
			if err != nil {
				return err
			}
			out := bufio.NewWriter(p.stdout)
			c := &checking{ctx: cmd.Context(), preset: form, stdin: p.stdin, tell: sayProblems(out, quiet)}
			if asJSON {
				c.tell = jsonProblems(out, quiet)
			}
			c.checkers = map[string]*export.Checker{}
			c.begin = func() *export.Checker { return form.NewChecker(tokens) }
			for _, name := range args {
				if err := c.path(name); err != nil {
					// What was found so far is worth reading.
					return errors.Join(err, out.Flush())
				}
			}
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			if c.refused > 0 {
				return fault.New(fault.Invalid, "%s would refuse something in %d of %d files.", form, c.refused, c.files)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&preset, "preset", "", "hold the files against the rules of this `preset`")
	f.BoolVar(&asJSON, "json", false, "print one JSON object per problem, and one per file at its end")
	f.BoolVarP(&quiet, "quiet", "q", false, "leave out warnings")
	return cmd
}

// checking is one run of the command.
type checking struct {
	ctx            context.Context //nolint:containedctx // it lives as long as the command
	preset         export.Preset
	stdin          io.Reader
	begin          func() *export.Checker
	checkers       map[string]*export.Checker // by kind of file: a table and its lines hold the same rows
	tell           problemTeller
	files, refused int
}

// path checks a file, every file with rows in a folder, or standard input.
func (c *checking) path(name string) error {
	if name == "-" {
		return c.lines("standard input", c.stdin)
	}
	info, err := os.Stat(name)
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "%s can't be read.", name)
	}
	if !info.IsDir() {
		return c.file(name)
	}
	var files []string
	err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.Contains([]string{".jsonl", ".parquet", ".gz", ".zst"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "%s can't be read.", name)
	}
	if len(files) == 0 {
		return fault.New(fault.Invalid, "There are no .jsonl and .parquet files in %s. Name the files.", name)
	}
	for _, path := range files {
		if err := c.file(path); err != nil {
			return err
		}
	}
	return nil
}

func (c *checking) file(name string) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "%s can't be read.", name)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fault.Wrap(fault.Invalid, err, "%s can't be read.", name)
	}
	if !export.IsParquet(head[:n]) {
		return c.lines(name, f)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	v := c.checker("parquet").File(name)
	err = v.ReadParquet(c.ctx, f, info.Size(), func(p export.Problem) { c.tell.problem(name, p) })
	return c.ended(name, v, err)
}

// lines checks a file of lines, which may be compressed.
func (c *checking) lines(name string, r io.Reader) (err error) {
	plain, _, err := decode.Uncompress(r)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer func() { err = errors.Join(err, plain.Close()) }()
	v := c.checker("lines").File(name)
	err = v.Read(c.ctx, plain, func(p export.Problem) { c.tell.problem(name, p) })
	return c.ended(name, v, err)
}

func (c *checking) checker(kind string) *export.Checker {
	if c.checkers[kind] == nil {
		c.checkers[kind] = c.begin()
	}
	return c.checkers[kind]
}

func (c *checking) ended(name string, v *export.Validator, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.files++
	if v.Errors > 0 {
		c.refused++
	}
	c.tell.end(name, v)
	return nil
}

// A problemTeller says what was found.
type problemTeller struct {
	problem func(file string, p export.Problem)
	end     func(file string, v *export.Validator)
}

// sayProblems tells in words, a line for each problem.
func sayProblems(w io.Writer, quiet bool) problemTeller {
	return problemTeller{
		problem: func(file string, p export.Problem) {
			if quiet && p.Severity == export.Warned {
				return
			}
			where := file
			if p.Line > 0 {
				where = fmt.Sprintf("%s:%d", file, p.Line)
			}
			fmt.Fprintf(w, "%s: %s: %s [%s]\n", printable(where), p.Severity, printable(p.Text), p.Rule)
		},
		end: func(file string, v *export.Validator) {
			fmt.Fprintf(w, "%s: %d rows, %d bytes, %d errors, %d warnings\n", printable(file), v.Rows, v.Bytes, v.Errors, v.Warnings)
		},
	}
}

// printable spells out what a terminal would act on.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\u%04X", r)
		}
	}
	return b.String()
}

// jsonProblems tells as JSON Lines.
func jsonProblems(w io.Writer, quiet bool) problemTeller {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	say := func(v any) {
		// What can't be written is found when the buffer is flushed.
		_ = enc.Encode(v)
	}
	return problemTeller{
		problem: func(file string, p export.Problem) {
			if quiet && p.Severity == export.Warned {
				return
			}
			say(struct {
				File     string          `json:"file"`
				Line     int64           `json:"line,omitempty"`
				Severity export.Severity `json:"severity"`
				Rule     string          `json:"rule"`
				Message  string          `json:"message"`
			}{file, p.Line, p.Severity, p.Rule, p.Text})
		},
		end: func(file string, v *export.Validator) {
			say(struct {
				File     string `json:"file"`
				Accepted bool   `json:"accepted"`
				Rows     int64  `json:"rows"`
				Bytes    int64  `json:"bytes"`
				Errors   int64  `json:"errors"`
				Warnings int64  `json:"warnings"`
			}{file, v.Errors == 0, v.Rows, v.Bytes, v.Errors, v.Warnings})
		},
	}
}
