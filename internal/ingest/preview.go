package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

const (
	sampledRows = 200 // of the head of a file, to say what it holds
	shownRows   = 5
)

// A Preview says what a file would become.
type Preview struct {
	Format      decode.Format
	Container   decode.Container
	Compression string   // gzip, zstd or empty
	Why         string   // how it was recognised
	Fields      []string // what a mapping can name
	Sampled     int      // how many of the first rows were looked at
	Rows        []PreviewRow
	Categories  []CategoryCount // of the sampled rows that would go in, in the catalog's order
	Nameless    int             // sampled rows that name no category; all of them where one must be chosen
	Rejected    int             // sampled rows that would be refused, the nameless among them
	Refusals    []string        // why, each reason once, at most five
	// Refusal says why the file as a whole cannot go in as things stand, and
	// what to do; empty: it can.
	Refusal string
}

// A PreviewRow is one of the first rows as it would look.
type PreviewRow struct {
	Line                  int64
	Reason                string // why it would be refused; the rest is then empty
	Category, Subcategory string
	Conversation          example.Conversation
	Tokens                int
	Findings              []lint.Finding
}

// A CategoryCount is how many rows are of a category.
type CategoryCount struct {
	Category string
	Rows     int
}

// Preview says what a file that begins with head would become under these
// options. It stores nothing. eof says that head is the whole file. A file that
// cannot go in is no error: the Preview says why. Invalid options are
// fault.Invalid.
func (s *Service) Preview(ctx context.Context, head []byte, eof bool, name string, o Options) (Preview, error) {
	cat, err := s.catalog(ctx)
	if err != nil {
		return Preview{}, fmt.Errorf("preview a file: %w", err)
	}
	if o, err = o.resolve(cat); err != nil {
		return Preview{}, err
	}
	found, err := s.look(ctx, cat, head, eof, displayName(name), o)
	p := Preview{
		Format: found.Format, Container: found.Container, Compression: found.Compression, Why: found.Why, Fields: found.Fields, Sampled: len(found.rows),
	}
	if err == nil {
		err = found.lacksCategory(cat)
	}
	if f, ok := fault.As(err); ok {
		p.Refusal = f.Msg
	} else if err != nil {
		return Preview{}, fmt.Errorf("preview a file: %w", err)
	}
	counts := map[string]int{}
	for i, r := range found.rows {
		if r.reason == "" {
			counts[r.category]++
		} else {
			p.Rejected++
			if r.naming == nameless {
				p.Nameless++
			}
			if len(p.Refusals) < 5 && !slices.Contains(p.Refusals, r.reason) {
				p.Refusals = append(p.Refusals, r.reason)
			}
		}
		if i < shownRows {
			p.Rows = append(p.Rows, PreviewRow{
				Line: r.line, Reason: r.reason, Category: r.category, Subcategory: r.subcategory,
				Conversation: r.conversation, Tokens: int(r.tokens), Findings: r.findings,
			})
		}
	}
	for _, slug := range cat.Slugs() {
		if counts[slug] > 0 {
			p.Categories = append(p.Categories, CategoryCount{Category: slug, Rows: counts[slug]})
		}
	}
	return p, nil
}

// look is what the first bytes of a file tell.
type look struct {
	decode.Detection
	Compression string
	rows        []row // of the first records
}

// look recognises a file by its head and examines its first records. The error
// is a fault for a file that cannot be taken; the look then holds what is known
// all the same.
func (s *Service) look(ctx context.Context, cat *catalog.Catalog, head []byte, eof bool, name string, o Options) (look, error) {
	var l look
	if len(head) == 0 {
		return l, fault.New(fault.Invalid, "The file is empty. There is nothing to import.")
	}
	r, kind, err := decode.Uncompress(headReader(head, eof))
	if err != nil {
		return l, err
	}
	defer func() { _ = r.Close() }()
	l.Compression = kind
	plain := make([]byte, decode.SniffBytes)
	n, err := io.ReadFull(r, plain)
	plain = plain[:n]
	end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !end && !errors.Is(err, errHeadEnds) {
		return l, err
	}
	l.Detection, err = decode.Sniff(plain, eof && end, name)
	if o.Format != decode.Auto {
		if l.Format = o.Format; l.Container != "" {
			err = nil // the person knows better
		}
	}
	if err != nil {
		return l, err
	}
	x, err := s.examiner(ctx, cat, o, l.Detection)
	if err != nil {
		return l, err
	}
	split := decode.NewSplitter(headReader(plain, eof && end), l.Container, decode.Position{}, decode.SplitOptions{Delimiter: l.Delimiter})
	for len(l.rows) < sampledRows {
		rec, err := split.Next()
		if err != nil { // the end, or the end of the head
			break
		}
		l.rows = append(l.rows, x.examine(rec))
	}
	return l, nil
}

// lacksCategory is a fault.Invalid where rows were read and none of them, nor
// anything else, names a category.
func (l look) lacksCategory(cat *catalog.Catalog) error {
	without := false
	for _, r := range l.rows {
		switch r.naming {
		case named:
			return nil
		case nameless:
			without = true
		case unread:
		}
	}
	if !without {
		return nil
	}
	list := strings.Join(cat.Slugs(), ", ")
	return fault.Fields("The rows of this file do not say which category they belong to. Choose one for all of them: "+list+".",
		map[string]string{"category": "Choose one of: " + list + "."})
}

// errHeadEnds is where a head ends and its file does not.
var errHeadEnds = errors.New("the head ends here")

// headReader reads the first bytes of something; after them comes io.EOF only
// where that is the end of it, so that a record cut in two is not taken for one.
func headReader(head []byte, eof bool) io.Reader {
	if eof {
		return bytes.NewReader(head)
	}
	return io.MultiReader(bytes.NewReader(head), failing{errHeadEnds})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
