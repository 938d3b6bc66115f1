package export

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/llama3"
)

// A Severity says what comes of a problem.
type Severity string

// The severities.
const (
	Refused Severity = "error"   // the platform refuses it, or trains on something else than what it says
	Warned  Severity = "warning" // the platform takes it, but somebody should know
)

// A Problem is one thing in a file that its platform would refuse or that
// somebody should know.
type Problem struct {
	Line     int64 // from 1; 0: the file as a whole
	Severity Severity
	Rule     string // a short name that stays
	Text     string // a sentence, which may quote a little of the file
}

const (
	// MaxLine is the longest line that is looked at.
	MaxLine = 16 << 20
	// maxKnown is how many rows are remembered to find the same ones again: up
	// to about 100 MB.
	maxKnown = 500_000
)

// A Checker holds files against the rules of a preset's platform. It remembers
// the rows of all of them, as hashes, to find what is in two files. It is not
// safe for concurrent use.
type Checker struct {
	preset Preset
	rules  *rules
	tokens *llama3.Tokenizer
	rows   map[key]place // whole rows
	asked  map[key]asked // what comes before the last answer
	files  []string
	full   bool
	alone  bool // rows are not compared with each other
}

// Alone has the checker look at each row for itself: rows that are the same or
// contradict each other are not looked for, and nothing is remembered of them.
func (c *Checker) Alone() *Checker {
	c.alone = true
	return c
}

// A key is half of a SHA-256.
type key [16]byte

type place struct {
	file int
	line int64
}

type asked struct {
	place
	answer key
}

// NewChecker returns a checker of files in the form of p. Rows are counted in
// tokens; a nil tokenizer leaves limits of tokens out.
func (p Preset) NewChecker(tokens *llama3.Tokenizer) *Checker {
	return &Checker{preset: p, rules: p.form().check(), tokens: tokens, rows: map[key]place{}, asked: map[key]asked{}}
}

// A Validator holds one file against the rules, line by line, in memory that does
// not grow with the file beyond what the Checker remembers.
type Validator struct {
	*Checker
	file  int
	line  int64
	found []Problem // of the line at hand
	ready *lineRead // the line at hand, where it was read before

	Rows     int64
	Bytes    int64
	Errors   int64
	Warnings int64

	open bool   // the last line has no end
	form string // of the first row, of a platform that knows several

	// weights is the first line with a weight, bare the first with a message that
	// is no answer and has none.
	weights, bare int64

	typed bool    // the file itself says what its columns are
	first columns // of files that are read as a table: those of the first row
}

// File begins the next file. The name is used where another file has the same
// row.
func (c *Checker) File(name string) *Validator {
	c.files = append(c.files, name)
	return &Validator{Checker: c, file: len(c.files) - 1}
}

func (v *Validator) add(s Severity, rule, format string, args ...any) {
	v.found = append(v.found, Problem{Line: v.line, Severity: s, Rule: rule, Text: fmt.Sprintf(format, args...)})
}

func (v *Validator) refuse(rule, format string, args ...any) { v.add(Refused, rule, format, args...) }

func (v *Validator) warn(rule, format string, args ...any) { v.add(Warned, rule, format, args...) }

// take returns what was found and counts it.
func (v *Validator) take() []Problem {
	for _, p := range v.found {
		if p.Severity == Refused {
			v.Errors++
		} else {
			v.Warnings++
		}
	}
	found := v.found
	v.found = nil
	return found
}

// bom is the byte order mark.
var bom = []byte("\xef\xbb\xbf")

// Line looks at line n, from 1, without its line feed.
func (v *Validator) Line(n int64, line []byte) []Problem {
	v.line = n
	v.Bytes += int64(len(line)) + 1
	if n == 1 && bytes.HasPrefix(line, bom) {
		v.refuse("bytes/bom", "The file begins with a byte order mark. Save it as UTF-8 without one.")
		line = line[len(bom):]
	}
	if bytes.HasSuffix(line, []byte("\r")) {
		line = line[:len(line)-1]
		if n == 1 {
			v.warn("bytes/crlf", "Lines end with CR LF. Save the file with LF alone.")
		}
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		v.refuse("bytes/cr", "There is a bare carriage return in the line: lines must end with LF.")
	}
	if len(bytes.TrimSpace(line)) == 0 {
		v.refuse("json/blank-line", "The line is empty. Error parsing json payload: every line must hold a JSON object.")
		return v.take()
	}
	v.Rows++
	if n == 1 && bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")) {
		v.refuse("json/array", "The file begins as a JSON array, not with one object per line. Turn it around: jq -c '.[]' file.json > file.jsonl")
		return v.take()
	}
	v.object(line)
	return v.take()
}

// object looks at the text of one row.
func (v *Validator) object(text []byte) {
	if !utf8.Valid(text) {
		v.refuse("bytes/utf-8", "The line is not UTF-8.")
		return
	}
	row, err := v.parse(text)
	switch {
	case err != nil:
		v.refuse("json/invalid", "The line can't be read: %s.", err)
	case row.kind != '{':
		v.refuse("json/object", "The line must hold a JSON object, found %s.", row.is())
	default:
		v.row(row)
	}
}

// parse reads the text of one row, where it was not read before.
func (v *Validator) parse(text []byte) (value, error) {
	if v.ready != nil && len(v.ready.text) == len(text) { // nothing was cut off
		return v.ready.value, v.ready.err
	}
	return parseValue(text)
}

// row looks at one row.
func (v *Validator) row(row value) {
	r := v.rules
	if r.table && !v.typed {
		v.columns(row)
	}
	c := r.row(v, row)
	v.same(row, c)
	if c == nil || v.tokens == nil || r.tokens == 0 {
		return
	}
	if n, _ := v.tokens.CountBoth(*c); n > r.tokens {
		v.warn("tokens/too-long", "The row has %d tokens in Llama's count, with its template. %s", n, r.overlong)
	}
}

// same finds the row again among those before.
func (v *Validator) same(row value, c *example.Conversation) {
	if v.full || v.alone {
		return
	}
	here := place{v.file, v.line}
	whole := keyOf(row.json(nil))
	if before, ok := v.rows[whole]; ok {
		switch {
		case before.file != v.file && v.rules.overlap == Refused:
			v.refuse("data/overlap", "The same row is in %s, line %d. Training and validation must not share rows.", v.files[before.file], before.line)
		case before.file != v.file:
			v.warn("data/overlap", "The same row is in %s, line %d: what is learnt there can't be measured here.", v.files[before.file], before.line)
		default:
			v.warn("data/identical", "The same row is on line %d.", before.line)
		}
		return
	}
	v.rows[whole] = here
	if c != nil && len(c.Messages) > 1 {
		last := len(c.Messages) - 1
		prompt := keyOf(example.Conversation{Messages: c.Messages[:last]}.AppendMessages(nil))
		answer := keyOf([]byte(c.Messages[last].Content))
		if before, ok := v.asked[prompt]; !ok {
			v.asked[prompt] = asked{here, answer}
		} else if before.answer != answer {
			v.warn("data/contradiction", "The same question has another answer in %s, line %d.", v.files[before.file], before.line)
		}
	}
	if len(v.rows) >= maxKnown {
		v.full = true
	}
}

func keyOf(b []byte) key {
	sum := sha256.Sum256(b)
	return key(sum[:16])
}

// Finish looks at the file as a whole.
func (v *Validator) Finish() []Problem {
	v.line = 0
	r := v.rules
	switch {
	case v.Rows == 0:
		v.refuse("data/empty", "The file has no rows.")
	case v.Rows < r.minRows:
		v.refuse("data/few-rows", "The file has %d rows. %s asks for %d or more.", v.Rows, r.platform, r.minRows)
	case r.maxRows > 0 && v.Rows > r.maxRows:
		v.refuse("data/many-rows", "The file has %d rows. %s takes %d at most.", v.Rows, r.platform, r.maxRows)
	}
	if v.open {
		v.Bytes--
		v.warn("bytes/no-line-end", "The last line does not end: programs that append or count lines lose a row.")
	}
	switch {
	case r.maxBytes > 0 && v.Bytes > r.maxBytes:
		v.refuse("data/large", "The file has %d bytes. %s takes %d at most.", v.Bytes, r.platform, r.maxBytes)
	case r.manyBytes > 0 && v.Bytes > r.manyBytes:
		v.warn("data/large", "The file has %d bytes. Older documents of %s allow %d.", v.Bytes, r.platform, r.manyBytes)
	}
	if r.trap && v.weights > 0 && v.bare > 0 {
		v.warn("weight/trap", "Line %d has a weight, and on line %d a message that is no answer has none: %s then trains it too. Give every message a weight, or none.", v.weights, v.bare, r.platform)
	}
	if v.full {
		v.warn("data/not-compared", "Rows after the first %d were not compared with each other.", maxKnown)
	}
	return v.take()
}

// Read reads all of a file of lines, or of a JSON array where the platform takes
// one, and reports every problem in order. It ends early with the errors of r and
// of ctx.
func (v *Validator) Read(ctx context.Context, r io.Reader, report func(Problem)) error {
	b := bufio.NewReaderSize(r, 256<<10)
	var long []byte // a line longer than the buffer
	tell := func(ps []Problem) {
		for _, p := range ps {
			report(p)
		}
	}
	if v.rules.arrays && isArray(b) {
		return v.readArray(ctx, b, tell)
	}
	for n := int64(1); ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, tooLong, err := readLine(b, &long)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d: %w", n, err)
		}
		ended := err == nil
		if !ended && len(line) == 0 && tooLong == 0 {
			break
		}
		v.open = !ended
		if tooLong > 0 {
			v.line = n
			v.Rows++
			v.Bytes += tooLong + 1
			v.refuse("json/long-line", "The line has %d bytes; nothing longer than %d is looked at.", tooLong, MaxLine)
			tell(v.take())
		} else {
			tell(v.Line(n, line))
		}
		if !ended {
			break
		}
	}
	tell(v.Finish())
	return nil
}

// isArray reports whether the text ahead begins with a bracket.
func isArray(b *bufio.Reader) bool {
	head, err := b.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return false // reading will say so
	}
	return bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(head, bom)), []byte("["))
}

// readArray looks at the elements of a JSON array as if each stood on a line.
func (v *Validator) readArray(ctx context.Context, r io.Reader, tell func([]Problem)) error {
	split := decode.NewSplitter(r, decode.JSONArray, decode.Position{}, decode.SplitOptions{})
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec, err := split.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		v.line = rec.Line
		v.Bytes = rec.Offset + rec.Size
		v.Rows++
		if rec.Err != nil {
			why := rec.Err.Error()
			if f, ok := fault.As(rec.Err); ok {
				why = f.Msg
			}
			v.refuse("json/invalid", "The row can't be read: %s", why)
		} else {
			v.object(rec.Raw)
		}
		tell(v.take())
	}
	tell(v.Finish())
	return nil
}

// readLine reads a line without its line feed. Of a line longer than MaxLine it
// returns only the length.
func readLine(b *bufio.Reader, long *[]byte) (line []byte, tooLong int64, err error) {
	line, err = b.ReadSlice('\n')
	if err == nil {
		return line[:len(line)-1], 0, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, 0, err
	}
	*long = append((*long)[:0], line...)
	total := int64(len(line))
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = b.ReadSlice('\n')
		total += int64(len(line))
		if total <= MaxLine+1 {
			*long = append(*long, line...)
		}
	}
	if err == nil {
		total--
	}
	if total > MaxLine {
		return nil, total, err
	}
	return (*long)[:total], 0, err
}
