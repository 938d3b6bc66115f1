package sample

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/fault"
)

// Options say what to write. The same options give the same bytes on every
// machine.
type Options struct {
	Rows    int
	Seed    int64
	Defects float64 // share of the rows that are planted, from 0 to 0.5

	// Categories limits the rows to these slugs of the default catalog, in
	// their usual proportions. None means all five.
	Categories []string

	// Workers is how many goroutines draft rows; it does not change the
	// bytes. 0 means one per processor.
	Workers int
}

// Summary counts what was written. A row that violates two rules counts once
// in ByKind and twice in ByRule.
type Summary struct {
	Rows       int
	Bytes      int64
	ByCategory map[string]int
	ByKind     map[string]int // clean, exact_duplicate, near_duplicate, variant, contradiction, violation
	ByRule     map[string]int
}

// Demo returns the options of the demo set: 300 rows of all categories, about
// one in twelve planted.
func Demo(seed int64) Options { return Options{Rows: 300, Seed: seed, Defects: 0.08} }

// MaxRows is the most rows that one call writes. Variety runs out before
// memory does.
const MaxRows = 5_000_000

// validate returns o with its defaults, or a fault.Invalid.
func (o Options) validate() (Options, error) {
	bad := map[string]string{}
	if o.Rows < 1 || o.Rows > MaxRows {
		bad["rows"] = fmt.Sprintf("Ask for 1 to %d rows.", MaxRows)
	}
	if math.IsNaN(o.Defects) || o.Defects < 0 || o.Defects > 0.5 {
		bad["defects"] = "The share of planted rows must be from 0 to 0.5."
	}
	known := make([]string, len(shelves))
	for i, s := range shelves {
		known[i] = s.slug
	}
	for _, c := range o.Categories {
		if !slices.Contains(known, c) {
			bad["categories"] = fmt.Sprintf("There is no category %q; choose from %s.", c, strings.Join(known, ", "))
		}
	}
	if len(bad) > 0 {
		return o, fault.Fields("The sample can't be written as asked.", bad)
	}
	if len(o.Categories) == 0 {
		o.Categories = known
	} else {
		// The order in which they were named must not change the rows.
		wanted := o.Categories
		o.Categories = nil
		for _, slug := range known {
			if slices.Contains(wanted, slug) {
				o.Categories = append(o.Categories, slug)
			}
		}
	}
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o, nil
}

// Streams of random numbers; see rng.reseed.
const (
	streamPlan uint64 = iota
	streamDraft
	streamTwist
	streamSettle
)

// batchRows is how many rows a worker drafts at a time.
const batchRows = 512

// maxAttempts bounds how often one row is drafted anew.
const maxAttempts = 250

// Write writes the rows that opts describe to w, one JSON object a line, and
// what was planted in them to truth (docs/sample.md describes both). Truth may
// be io.Discard. Memory grows with the number of rows, not with their size: a
// million rows take about 350 MB. Options out of range are a fault.Invalid;
// errors of w, truth and ctx are returned wrapped, after which both outputs
// are incomplete.
func Write(ctx context.Context, w, truth io.Writer, opts Options) (Summary, error) {
	opts, err := opts.validate()
	if err != nil {
		return Summary{}, err
	}
	sum, err := write(ctx, w, truth, opts)
	if err != nil {
		return Summary{}, fmt.Errorf("write %d sample rows: %w", opts.Rows, err)
	}
	return sum, nil
}

// A batch is a run of rows on its way from the workers to the settler.
type batch struct {
	from   int
	drafts []draft
	ready  chan struct{}
}

// A draft is a row with what the guard wants to know about it and its line.
type draft struct {
	row       row
	utterance utterance
	line      []byte
}

func write(ctx context.Context, w, truth io.Writer, opts Options) (Summary, error) {
	s := &settler{
		seed:  opts.Seed,
		plans: planRows(opts),
		maker: newMaker(opts.Seed),
		guard: newGuard(),
		rows:  bufio.NewWriterSize(w, 1<<20),
		truth: bufio.NewWriterSize(truth, 1<<16),
		sum:   Summary{ByCategory: map[string]int{}, ByKind: map[string]int{}, ByRule: map[string]int{}},
	}
	if _, err := s.truth.Write(appendHeader(nil, opts)); err != nil {
		return Summary{}, fmt.Errorf("truth header: %w", err)
	}

	g, ctx := errgroup.WithContext(ctx)
	jobs := make(chan *batch)
	ordered := make(chan *batch, 2*opts.Workers) // bounds what is in memory
	g.Go(func() error {
		defer close(jobs)
		defer close(ordered)
		for from := 0; from < opts.Rows; from += batchRows {
			b := &batch{from: from, drafts: make([]draft, min(batchRows, opts.Rows-from)), ready: make(chan struct{})}
			select {
			case ordered <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case jobs <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range opts.Workers {
		m := newMaker(opts.Seed)
		g.Go(func() error {
			for b := range jobs {
				for k := range b.drafts {
					i := b.from + k
					// The settler writes only to plans of rows that are done
					// here, so reading this one needs no lock.
					if p := s.plans[i]; p.kind == clean || p.kind == violation {
						b.drafts[k] = m.finish(m.draft(i, p, 0))
					}
				}
				close(b.ready)
			}
			return nil
		})
	}
	g.Go(func() error {
		for b := range ordered {
			select {
			case <-b.ready:
			case <-ctx.Done():
				return ctx.Err()
			}
			for k := range b.drafts {
				if err := s.settle(b.from+k, b.drafts[k]); err != nil {
					return fmt.Errorf("row %d: %w", b.from+k+1, err)
				}
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return Summary{}, err
	}
	if err := errors.Join(s.rows.Flush(), s.truth.Flush()); err != nil {
		return Summary{}, fmt.Errorf("flush: %w", err)
	}
	return s.sum, nil
}

// A settler gives every row its final form, in order.
type settler struct {
	seed  int64
	plans []plan
	maker *maker
	guard *guard
	rows  *bufio.Writer
	truth *bufio.Writer
	sum   Summary
	buf   []byte
}

// settle writes row i: the draft where the guard admits it, else a later
// attempt, or the planted copy that its plan asks for.
func (s *settler) settle(i int, d draft) error {
	p := &s.plans[i]
	if p.kind != clean && p.kind != violation {
		done, err := s.plant(i)
		if done || err != nil {
			return err
		}
		// Nothing fit to copy was found (near the start of a file, or in a
		// set with few categories): the row is an ordinary one.
		p.kind = clean
		d = s.maker.finish(s.maker.draft(i, *p, 0))
	}
	for attempt := 0; ; {
		if s.guard.admit(i, &d.utterance, -1, apart) {
			p.attempt = uint8(attempt)
			break
		}
		if attempt++; attempt == maxAttempts {
			return fault.New(fault.Invalid, "The vocabulary is too small for this many rows; ask for fewer rows or more categories.")
		}
		d = s.maker.finish(s.maker.draft(i, *p, attempt))
	}
	for _, f := range d.row.flaws {
		if err := s.tell(truthLine{line: i + 1, kind: violation, rule: f.rule, path: f.path}); err != nil {
			return err
		}
		s.sum.ByRule[f.rule]++
	}
	return s.put(p.kind, &d.row, d.line)
}

// put writes a row and counts it.
func (s *settler) put(k kind, w *row, line []byte) error {
	s.sum.Rows++
	s.sum.Bytes += int64(len(line))
	s.sum.ByCategory[w.category]++
	s.sum.ByKind[k.String()]++
	_, err := s.rows.Write(line)
	return err
}

// tell writes a line of the truth file.
func (s *settler) tell(t truthLine) error {
	s.buf = t.append(s.buf[:0])
	_, err := s.truth.Write(s.buf)
	return err
}
