package decode

import (
	"bytes"
	"fmt"

	"github.com/voicefit/spotter/internal/fault"
)

// space passes over white space, noting what stands before the next byte on
// its line, and returns that byte; ok is false at the end of the stream.
func (s *Splitter) space() (c byte, ok bool) {
	for {
		d := s.w.data()
		i := 0
		for ; i < len(d) && isSpace(d[i]); i++ {
			switch {
			case d[i] == '\n':
				s.fresh, s.indent = true, s.indent[:0]
			case s.fresh && len(s.indent) < maxIndent:
				s.indent = append(s.indent, d[i])
			default:
				s.fresh = false
			}
		}
		s.skip(i)
		if i < len(d) {
			return d[i], true
		}
		if !s.w.more() {
			return 0, false
		}
	}
}

// maxIndent is the longest white space before an element that is used to find
// the next one after a mistake.
const maxIndent = 256

// streamed reads the next of JSON values that follow each other with only
// white space between.
func (s *Splitter) streamed() (Record, error) {
	if _, ok := s.space(); !ok {
		return Record{}, s.stop()
	}
	return s.value()
}

// element reads the next element of a JSON array.
func (s *Splitter) element() (Record, error) {
	if !s.inside {
		c, ok := s.space()
		if !ok {
			return Record{}, s.stop()
		}
		if c != '[' {
			return s.rest(s.long(fault.New(fault.Invalid, "The file does not begin with [ as a JSON array does.")))
		}
		s.pass()
		s.inside, s.first = true, true
	}
	c, ok := s.space()
	if !ok {
		return s.open()
	}
	missing := false
	switch {
	case s.comma:
	case c == ']':
		return s.close()
	case s.first && c == ',':
		s.at, s.first = s.cur, false
		return s.refuse("The list begins with a comma. Take it out."), nil
	case s.first:
	case c == ',':
		rec := s.refuse("There is nothing between this comma and what follows it. Take the comma out.")
		rec.Size, rec.Raw = 1, []byte{','}
		s.pass()
		if c, ok = s.space(); !ok {
			return s.open()
		}
		if c == ',' || c == ']' {
			s.at = s.cur
			return rec, nil
		}
	default:
		missing = true
	}
	s.first, s.comma = false, false
	rec, err := s.value()
	if missing && err == nil && rec.Err == nil {
		rec.Err = fault.New(fault.Invalid, "There is no comma between this element of the list and the one before it.")
		rec.Raw = rec.Raw[:min(len(rec.Raw), KeptBytes):min(len(rec.Raw), KeptBytes)]
	}
	return rec, err
}

// pass passes over one byte that is no white space.
func (s *Splitter) pass() {
	s.fresh = false
	s.skip(1)
}

// refuse is an empty record at the first unread byte.
func (s *Splitter) refuse(format string, args ...any) Record {
	return Record{Line: s.cur.Line, Offset: s.cur.Offset, Err: fault.New(fault.Invalid, format, args...)}
}

// open reports that the stream ends where an array should go on.
func (s *Splitter) open() (Record, error) {
	if err := s.w.failed(); err != nil {
		return Record{}, err
	}
	s.at, s.at.Done, s.end = s.cur, true, true
	return s.refuse("The file ends before its list is closed with ]: it was probably cut off, and rows after this place are missing."), nil
}

// close reads the end of an array and what should not be after it.
func (s *Splitter) close() (Record, error) {
	s.pass()
	if _, ok := s.space(); !ok {
		return Record{}, s.stop()
	}
	return s.rest(s.long(fault.New(fault.Invalid, "Something follows the end of the list. If these are two lists, import them as two files.")))
}

// value reads the JSON value that begins with the first unread byte. It looks
// only for its end, checking no more than it must to be sure of that: the
// pairing of brackets, that strings end on their line, and that a comma in an
// object is followed by a key.
func (s *Splitter) value() (Record, error) {
	switch c := s.w.data()[0]; {
	case c == '{' || c == '[' || c == '"':
	case c == '-' || '0' <= c && c <= '9' || c == 't' || c == 'f' || c == 'n' || c == 'N' || c == 'I':
		return s.bare()
	default:
		return s.broken(s.long(nil), fmt.Sprintf("found %s where a value should be", character(s.w.data())))
	}
	var (
		l       *long // set once the value is too long
		i       int   // in the unread bytes
		open    brackets
		inside  bool // a string
		escape  bool // the byte at i follows a backslash
		afterIn bool // the last byte but white space was a comma in an object
	)
	if s.w.data()[0] == '"' {
		inside, i = true, 1
	}
	for {
		d := s.w.data()
		for i < len(d) {
			if inside {
				if escape {
					escape = false
					i++
					continue
				}
				if i = textStop(d, i); i >= len(d) {
					break
				}
				switch d[i] {
				case '"':
					inside = false
					if open.depth == 0 {
						return s.whole(l, i+1), nil
					}
				case '\\':
					escape = true
				case '\n':
					return s.brokenAt(l, i, "a string is not closed before the end of its line")
				}
				i++
				continue
			}
			c := d[i]
			if afterIn && !isSpace(c) {
				if c != '"' && c != '}' { // the decoder names a comma before }
					return s.brokenAt(l, i, "a comma in an object is not followed by a key")
				}
				afterIn = false
			}
			switch c {
			case '"':
				inside = true
			case '{', '[':
				open.push(c == '{')
			case '}', ']':
				if !open.pop(c == '}') {
					return s.brokenAt(l, i, fmt.Sprintf("“%c” closes what was not opened with its counterpart", c))
				}
				if open.depth == 0 {
					return s.whole(l, i+1), nil
				}
			case ',':
				afterIn = open.object()
			}
			i++
		}
		if i > s.most || l != nil {
			if l == nil {
				l = s.long(s.tooLong())
			}
			s.eat(l, i)
			i = 0
		}
		if !s.w.more() {
			if l == nil {
				l = s.long(nil)
			}
			if s.w.failed() == nil {
				l.rec.Err = fault.New(fault.Invalid, "The file ends in the middle of this row: it was probably cut off.")
			}
			return s.rest(l)
		}
	}
}

// whole returns the value that ends before the unread byte n.
func (s *Splitter) whole(l *long, n int) Record {
	s.fresh = false
	if l == nil {
		return s.cut(n, 0)
	}
	s.eat(l, n)
	s.at = s.cur
	return l.rec
}

// bare reads a number or a word, for the decoder to refuse.
func (s *Splitter) bare() (Record, error) {
	var l *long
	i := 0
	for {
		d := s.w.data()
		for ; i < len(d); i++ {
			switch d[i] {
			case ' ', '\t', '\r', '\n', ',', ']', '}', '[', '{', '"':
				return s.whole(l, i), nil
			}
		}
		if i > s.most || l != nil {
			if l == nil {
				l = s.long(s.tooLong())
			}
			s.eat(l, i)
			i = 0
		}
		if !s.w.more() {
			if err := s.w.failed(); err != nil {
				return Record{}, err
			}
			return s.whole(l, i), nil
		}
	}
}

// brokenAt is broken for a mistake at the unread byte i.
func (s *Splitter) brokenAt(l *long, i int, what string) (Record, error) {
	if l == nil {
		l = s.long(nil)
	}
	s.eat(l, i)
	return s.broken(l, what)
}

// broken reads on after a mistake at the first unread byte, to where the next
// element certainly begins, and refuses what lies before. That is a line with
// the same white space before its opening brace as the broken element's, which
// no value inside an element has in a file that is laid out at all (line
// breaks in strings are escaped); or, if the broken element is not at the
// start of its line and has no line breaks, the next line if it begins with a
// brace. In an array a comma must stand before. Where there is no such line,
// the rest of the stream is refused as one record.
func (s *Splitter) broken(l *long, what string) (Record, error) {
	line := s.cur.Line
	say := fmt.Sprintf("This is not valid JSON: %s (near line %d).", what, line)
	next := !s.fresh && line == l.rec.Line // only the next line will do
	if !s.fresh && !next {
		l.rec.Err = fault.New(fault.Invalid, "%s Where the next row begins cannot be known, so the rest of the file was not read.", say)
		return s.rest(l)
	}
	for {
		at := s.cur
		for i, c := range s.w.data() {
			if l.leading && !isSpace(c) {
				begins := next || bytes.Equal(l.margin, s.indent)
				ends := next || len(l.margin) < len(s.indent) || len(l.margin) == 0
				switch {
				case c == '{' && begins && s.container == JSONStream:
					return s.found(l, i, l.lastAt.Offset+1, say), nil
				case c == '{' && begins && l.last == ',':
					s.comma = true
					return s.found(l, i, l.lastAt.Offset, say), nil
				case c == ']' && ends && s.container == JSONArray:
					return s.found(l, i, l.lastAt.Offset+1, say), nil
				case next:
					l.rec.Err = fault.New(fault.Invalid, "%s Where the next row begins cannot be known, so the rest of the file was not read.", say)
					return s.rest(l)
				}
			}
			l.step(c, at)
			at.Offset++
			if c == '\n' {
				at.Line++
			}
		}
		s.pour(l, len(s.w.data()))
		if !s.w.more() {
			l.rec.Err = fault.New(fault.Invalid, "%s No further row begins after it, so the rest of the file was not read.", say)
			return s.rest(l)
		}
	}
}

// found refuses the broken record up to offset end; the next element begins
// with the unread byte i.
func (s *Splitter) found(l *long, i int, end int64, say string) Record {
	s.at = Position{Offset: end, Line: l.lastAt.Line}
	s.fresh, s.indent = true, append(s.indent[:0], l.margin...)
	s.pour(l, i)
	l.rec.Err = fault.New(fault.Invalid, "%s", say)
	l.rec.Size = end - l.rec.Offset
	l.rec.Raw = l.rec.Raw[:min(int64(len(l.rec.Raw)), l.rec.Size)]
	return l.rec
}
