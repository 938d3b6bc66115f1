package decode

import (
	"bytes"
	"io"

	"github.com/voicefit/spotter/internal/fault"
)

// KeptBytes is how much of a record's bytes is kept where the splitter refuses
// it.
const KeptBytes = 1 << 20

// DefaultMaxRecordBytes is the longest record that is read, 16 MiB.
const DefaultMaxRecordBytes = 16 << 20

// A Position is a place between two records from which splitting can go on.
// The zero Position is the start of the stream. All three fields are needed to
// go on.
type Position struct {
	Offset int64 `json:"offset"`         // bytes of the uncompressed stream before it
	Line   int64 `json:"line"`           // 1-based line it lies on; 0 means 1
	Done   bool  `json:"done,omitempty"` // there is nothing more to read
}

// A Record is one row's bytes as they stand in the stream.
type Record struct {
	Line   int64  // 1-based line on which the record starts
	Offset int64  // of its first byte in the uncompressed stream
	Size   int64  // its length in bytes; 0 for a refusal that is about something missing
	Raw    []byte // its bytes; they stay valid and must not be written to
	Err    error  // nil, or a *fault.Error that says why this cannot be a row; Raw then holds at most the first KeptBytes
}

// SplitOptions are the options of a Splitter.
type SplitOptions struct {
	MaxRecordBytes int  // longer records are refused; 0 means DefaultMaxRecordBytes
	Delimiter      byte // of CSV fields: ',', ';' or '\t'; 0 means ','
}

// A Splitter cuts a stream into records. Every byte of the stream belongs to a
// record or to what separates records: white space, a byte order mark, the
// brackets and commas of a JSON array, the header row of CSV. It holds one
// record and a read buffer in memory, whatever the stream is. It is not safe
// for concurrent use.
type Splitter struct {
	w         window
	container Container
	most      int
	delimiter byte
	at        Position // after the last record
	cur       Position // of the window's first unread byte
	end       bool     // Next has nothing more to say

	// Of JSON arrays and streams:
	inside bool   // the opening bracket has been read
	comma  bool   // the comma before the next element has been read
	first  bool   // no element has been read since the opening bracket
	fresh  bool   // there is only white space before the next element on its line
	indent []byte // that white space
}

// NewSplitter returns a Splitter of r, which must deliver the uncompressed
// stream from at.Offset on (the caller skips to it). The header row of CSV, at
// offset 0, is skipped.
func NewSplitter(r io.Reader, c Container, at Position, opts SplitOptions) *Splitter {
	s := &Splitter{
		w:         window{r: r},
		container: c,
		most:      opts.MaxRecordBytes,
		delimiter: opts.Delimiter,
	}
	if s.most <= 0 {
		s.most = DefaultMaxRecordBytes
	}
	if s.delimiter == 0 {
		s.delimiter = ','
	}
	if at.Line == 0 {
		at.Line = 1
	}
	s.at, s.cur, s.end = at, at, at.Done
	s.inside = at.Offset > 0
	s.fresh = at.Offset == 0
	return s
}

// Position returns a place after the last record that Next returned, with
// nothing but separators before the next one.
func (s *Splitter) Position() Position { return s.at }

// Next returns the next record, or io.EOF after the last. A record that is
// refused is returned with Err set and does not end the stream. Any other
// error is one of reading and final.
func (s *Splitter) Next() (Record, error) {
	if s.end {
		return Record{}, io.EOF
	}
	if s.cur.Offset == 0 {
		if err := s.begin(); err != nil {
			return Record{}, err
		}
	}
	switch s.container {
	case JSONLines:
		return s.line()
	case CSV:
		return s.csv()
	case JSONArray:
		return s.element()
	default:
		return s.streamed()
	}
}

// begin skips what may stand before the first record: a byte order mark, and
// the header of CSV.
func (s *Splitter) begin() error {
	if s.container != CSV {
		s.mark()
		return nil
	}
	_, err := s.header()
	return err
}

// mark skips a byte order mark.
func (s *Splitter) mark() {
	for len(s.w.data()) < 3 && s.w.more() {
	}
	if bytes.HasPrefix(s.w.data(), []byte("\xEF\xBB\xBF")) {
		s.skip(3)
	}
}

// header reads the header row of CSV.
func (s *Splitter) header() (Record, error) {
	s.mark()
	return s.csv()
}

// skip passes over n unread bytes.
func (s *Splitter) skip(n int) {
	s.cur.Line += int64(bytes.Count(s.w.data()[:n], []byte{'\n'}))
	s.cur.Offset += int64(n)
	s.w.drop(n)
}

// stop ends the stream: with io.EOF, or with the error of reading.
func (s *Splitter) stop() error {
	if err := s.w.failed(); err != nil {
		return err
	}
	s.end = true
	return io.EOF
}

func (s *Splitter) tooLong() error {
	return fault.New(fault.TooLarge, "The row is longer than %d MB, the longest that is read. Is the file missing its line breaks?", s.most>>20)
}

// cut returns the first n unread bytes as a record and passes over them and
// the separator bytes that follow.
func (s *Splitter) cut(n, separator int) Record {
	rec := Record{Line: s.cur.Line, Offset: s.cur.Offset, Size: int64(n)}
	if n > s.most {
		rec.Raw, rec.Err = bytes.Clone(s.w.data()[:min(n, KeptBytes)]), s.tooLong()
	} else {
		rec.Raw = s.w.share(n)
	}
	s.skip(n + separator)
	s.at = s.cur
	return rec
}

// A long is a record that is passed over while it is read, because it is too
// long or broken. Of JSON it remembers what is needed to see where the next
// element begins.
type long struct {
	rec     Record
	leading bool     // only white space so far on this line, which began inside the record
	margin  []byte   // that white space
	last    byte     // the last byte but white space
	lastAt  Position // where it is
}

// long begins passing over a record that starts with the first unread byte.
func (s *Splitter) long(err error) *long {
	return &long{rec: Record{Line: s.cur.Line, Offset: s.cur.Offset, Err: err}, lastAt: s.cur}
}

// step notes the byte c, which stands at at.
func (l *long) step(c byte, at Position) {
	switch {
	case c == '\n':
		l.leading, l.margin = true, l.margin[:0]
	case isSpace(c):
		if l.leading = l.leading && len(l.margin) < maxIndent; l.leading {
			l.margin = append(l.margin, c)
		}
	default:
		l.leading = false
		l.last, l.lastAt = c, at
	}
}

// eat adds the first n unread bytes to the record and passes over them.
func (s *Splitter) eat(l *long, n int) {
	if s.container == JSONArray || s.container == JSONStream {
		at := s.cur
		for _, c := range s.w.data()[:n] {
			l.step(c, at)
			at.Offset++
			if c == '\n' {
				at.Line++
			}
		}
	}
	s.pour(l, n)
}

// pour is eat for bytes that have been noted.
func (s *Splitter) pour(l *long, n int) {
	if room := KeptBytes - len(l.rec.Raw); room > 0 {
		l.rec.Raw = append(l.rec.Raw, s.w.data()[:min(n, room)]...)
	}
	l.rec.Size += int64(n)
	s.skip(n)
}

// rest makes one record of all that is unread and ends the stream.
func (s *Splitter) rest(l *long) (Record, error) {
	s.eat(l, len(s.w.data()))
	for s.w.more() {
		s.eat(l, len(s.w.data()))
	}
	if err := s.w.failed(); err != nil {
		return Record{}, err
	}
	s.at, s.at.Done, s.end = s.cur, true, true
	return l.rec, nil
}

// line reads a JSON Lines record. Lines of white space only are passed over.
func (s *Splitter) line() (Record, error) {
	for {
		d, from := s.w.data(), 0
		n, newline := -1, 1
		for n < 0 {
			if j := bytes.IndexByte(d[from:], '\n'); j >= 0 {
				n = from + j
				break
			}
			from = len(d)
			if from > s.most+1 { // one more for a carriage return
				return s.longLine()
			}
			if s.w.more() {
				d = s.w.data()
				continue
			}
			if s.w.failed() != nil || from == 0 {
				return Record{}, s.stop()
			}
			n, newline = from, 0
		}
		if n > 0 && d[n-1] == '\r' {
			n, newline = n-1, newline+1
		}
		if blank(d[:n]) {
			s.skip(n + newline)
			continue
		}
		return s.cut(n, newline), nil
	}
}

func blank(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

// longLine passes over a line that is too long.
func (s *Splitter) longLine() (Record, error) {
	l := s.long(s.tooLong())
	for {
		d := s.w.data()
		if j := bytes.IndexByte(d, '\n'); j >= 0 {
			s.eat(l, j)
			s.skip(1)
			s.at = s.cur
			return l.rec, nil
		}
		s.eat(l, len(d))
		if !s.w.more() {
			if err := s.w.failed(); err != nil {
				return Record{}, err
			}
			s.at = s.cur
			return l.rec, nil
		}
	}
}
