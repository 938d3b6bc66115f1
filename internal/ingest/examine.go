package ingest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

const (
	maxExternalID = 200 // bytes; a longer one is kept in the metadata only
	maxFindings   = 1000
)

// row is what became of a record: an example, or a reason why it is none.
type row struct {
	line, offset, size int64

	reason string // why it is no example; empty: it is one
	raw    []byte // of a reject: its bytes, at most decode.KeptBytes
	naming naming

	conversation          example.Conversation // for Preview only
	category, subcategory string
	externalID            string
	messages              []byte // canonical
	tools                 []byte
	metadata              []byte
	strict                bool
	tokens, plainTokens   int32
	turns                 int16
	hash                  example.Hash
	findings              []lint.Finding
	errors, warnings      int
	doubt                 int16 // see lint.Doubt

	id        uuid.UUID // given when it is merged
	duplicate uuid.UUID // of the example that it equals, likewise
}

// naming says what a record had to say about its category.
type naming int

const (
	unread   naming = iota // it could not be read so far
	nameless               // nothing
	named                  // a name, known or not, or the options gave one
)

// examiner turns records into rows. It is safe for concurrent use.
type examiner struct {
	catalog *catalog.Catalog
	shelves map[string]shelf // by slug
	options Options
	decoder *decode.Decoder
	check   func(lint.Subject) []lint.Finding
	count   func(example.Conversation) (hf, plain int)
	log     *slog.Logger
}

// shelf is a category whose names are at hand. The catalog finds them however
// they are spelled, which is too slow to do for rows that spell them right.
type shelf struct {
	catalog.Category
	slugs map[string]bool // of its subcategories
}

func shelve(cat catalog.Category) shelf {
	s := shelf{Category: cat, slugs: make(map[string]bool, len(cat.Subcategories))}
	for _, sub := range cat.Subcategories {
		s.slugs[sub.Slug] = true
	}
	return s
}

func (x *examiner) category(name string) (shelf, bool) {
	if s, ok := x.shelves[name]; ok {
		return s, true
	}
	cat, ok := x.catalog.Category(name)
	return x.shelves[cat.Slug], ok
}

func (s shelf) subcategory(name string) (slug string, ok bool) {
	if s.slugs[name] {
		return name, true
	}
	sub, ok := s.Subcategory(name)
	return sub.Slug, ok
}

// examiner returns the examiner of a file of that shape. The options are
// resolved ones.
func (s *Service) examiner(ctx context.Context, cat *catalog.Catalog, o Options, d decode.Detection) (*examiner, error) {
	prompt := func(category string) string {
		if o.Category != "" {
			category = o.Category
		}
		c, _ := cat.Category(category)
		return c.SystemPrompt
	}
	dec, err := decode.NewDecoder(d.Format, decode.DecodeOptions{
		Mapping: o.Mapping, SystemPrompt: prompt, Header: d.Header, Delimiter: d.Delimiter,
	})
	if err != nil {
		return nil, err
	}
	check, err := s.checks(ctx)
	if err != nil {
		return nil, fmt.Errorf("get the checks: %w", err)
	}
	x := &examiner{catalog: cat, shelves: make(map[string]shelf, len(cat.Categories)), options: o, decoder: dec, check: check, count: s.count, log: s.log}
	for _, c := range cat.Categories {
		x.shelves[c.Slug] = shelve(c)
	}
	return x, nil
}

// examine returns the row that rec is. It never fails: whatever is wrong with
// a record, a crash of the code that looks at it included, is the record's
// reason to be refused.
func (x *examiner) examine(rec decode.Record) (r row) {
	defer func() {
		if crash := recover(); crash != nil {
			x.log.Error("examining a record crashed", slog.Int64("line", rec.Line), slog.Any("panic", crash), slog.String("stack", string(debug.Stack())))
			r = reject(rec, "This row made the program stumble; it is kept here. Please report it with the row.")
		}
	}()
	if rec.Err != nil {
		return reject(rec, sentence(rec.Err))
	}
	said, err := x.decoder.Decode(rec.Raw)
	if err != nil {
		return reject(rec, sentence(err))
	}
	r = row{line: rec.Line, offset: rec.Offset, size: rec.Size, conversation: said.Conversation, metadata: said.Metadata}
	if len(r.metadata) == 0 {
		r.metadata = []byte("{}")
	}
	if rec.Size > math.MaxInt32 {
		return reject(rec, "This row is longer than 2 GiB.")
	}
	turns := said.Conversation.Turns()
	if turns > math.MaxInt16 {
		return reject(rec, fmt.Sprintf("This conversation has %d turns; at most %d are kept. Split it.", turns, math.MaxInt16))
	}
	r.turns = int16(turns)
	if reason := x.place(&r, said); reason != "" {
		refused := reject(rec, reason)
		refused.naming = r.naming
		return refused
	}

	r.messages = said.Conversation.AppendMessages(make([]byte, 0, len(rec.Raw)))
	r.tools = said.Conversation.Tools
	if !storable(r.tools) || !storable(r.metadata) { // the messages are, by their encoding
		return reject(rec, "This row holds bytes that are not UTF-8 text.")
	}
	r.hash = example.HashOf(r.messages, r.tools)
	r.strict = said.Conversation.Strict()
	hf, plain := x.count(said.Conversation)
	r.tokens, r.plainTokens = int32(hf), int32(plain)
	r.keepID(said.ExternalID)

	if cat, ok := x.catalog.Category(r.category); ok {
		r.doubt = int16(lint.Doubt(cat, r.subcategory, said.Conversation))
	}
	found := x.check(lint.Subject{Category: r.category, Subcategory: r.subcategory, Conversation: said.Conversation, Tokens: hf})
	r.note(found...)
	return r
}

// place settles the category and subcategory of r, or returns why it can't.
func (x *examiner) place(r *row, said decode.Row) (reason string) {
	name := said.Category
	if x.options.Category != "" {
		name = x.options.Category
	}
	if r.naming = named; name == "" {
		r.naming = nameless
		return "This row does not say which category it belongs to. Choose one for the file, or give each row a category: " + strings.Join(x.catalog.Slugs(), ", ") + "."
	}
	cat, ok := x.category(name)
	if !ok {
		return noSuchCategory(name, x.catalog)
	}
	r.category = cat.Slug
	if x.options.Category != "" && said.Category != "" {
		if own, ok := x.category(said.Category); !ok || own.Slug != cat.Slug {
			r.keep("category_as_given", said.Category)
		}
	}
	if x.options.Subcategory != "" {
		r.subcategory = x.options.Subcategory
		if own, ok := cat.subcategory(said.Subcategory); said.Subcategory != "" && (!ok || own != r.subcategory) {
			r.keep("subcategory_as_given", said.Subcategory)
		}
		return ""
	}
	if said.Subcategory == "" {
		return ""
	}
	if r.subcategory, ok = cat.subcategory(said.Subcategory); ok {
		return ""
	}
	r.keep("subcategory_as_given", said.Subcategory)
	r.note(lint.Finding{
		Rule: "structure/unknown-subcategory", Severity: lint.Warning,
		Message: fmt.Sprintf("The row says subcategory %s, which %s does not have. Choose one of its own, or add this one or an alias to the catalog.", quote(said.Subcategory), cat.Slug),
	})
	return ""
}

// keepID takes the row's own id, if it is fit to be searched for; one that is
// not stays in the metadata.
func (r *row) keepID(id string) {
	if len(id) <= maxExternalID && storable([]byte(id)) {
		r.externalID = id
		return
	}
	r.keep("external_id", id)
}

// keep adds a word of the row to its metadata.
func (r *row) keep(key, value string) {
	m := append([]byte(nil), r.metadata[:len(r.metadata)-1]...) // all but the closing brace
	if len(m) > 1 {
		m = append(m, ',')
	}
	m = example.AppendString(m, key)
	m = append(m, ':')
	m = example.AppendString(m, value)
	r.metadata = append(m, '}')
}

// note adds findings and counts them. Of very many the first are kept, and a
// last one says so.
func (r *row) note(found ...lint.Finding) {
	for _, f := range found {
		switch f.Severity {
		case lint.Error:
			r.errors++
		case lint.Warning:
			r.warnings++
		case lint.Info:
		}
		switch {
		case len(r.findings) == maxFindings:
		case len(r.findings) == maxFindings-1:
			r.findings = append(r.findings, lint.Finding{
				Rule: "structure/many-findings", Severity: lint.Info,
				Message: fmt.Sprintf("There are more findings than the %d kept here; the counts hold all of them.", maxFindings-1),
			})
		default:
			f.Message, f.Path = text(f.Message), text(f.Path)
			r.findings = append(r.findings, f)
		}
	}
}

// text makes s fit for a text column.
func text(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

func reject(rec decode.Record, reason string) row {
	return row{line: rec.Line, offset: rec.Offset, size: rec.Size, reason: printable(reason, 2000), raw: rec.Raw[:min(len(rec.Raw), decode.KeptBytes)]}
}

// sentence is the part of an error that people are to read.
func sentence(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Msg
	}
	return "This row cannot be read: " + err.Error() + "."
}

// storable says whether Postgres takes b as text.
func storable(b []byte) bool {
	return bytes.IndexByte(b, 0) < 0 && utf8.Valid(b)
}
