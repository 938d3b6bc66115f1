package decode

import (
	"bytes"

	"github.com/voicefit/spotter/internal/fault"
)

// The states of a CSV record while its end is looked for.
const (
	fieldStart = iota
	plainField
	quotedField
	quoteInQuoted // a quote inside a quoted field: its end, or half of a doubled one
)

// csv reads a CSV record: a line, or several where line breaks stand in double
// quotes. Empty lines are passed over. A quote that is never closed would
// swallow the rest of the file: then only the line on which it opens is
// refused, and reading goes on with the next.
func (s *Splitter) csv() (Record, error) {
	for {
		state, i := fieldStart, 0
		first := -1 // the first line break inside quotes
		for {
			d := s.w.data()
			for ; i < len(d); i++ {
				c := d[i]
				if c == '\n' && state != quotedField {
					break
				}
				switch state {
				case fieldStart, plainField:
					switch {
					case c == s.delimiter:
						state = fieldStart
					case c == '"' && state == fieldStart:
						state = quotedField
					default:
						state = plainField
					}
				case quotedField:
					switch c {
					case '"':
						state = quoteInQuoted
					case '\n':
						if first < 0 {
							first = i
						}
					}
				case quoteInQuoted:
					switch c {
					case '"':
						state = quotedField
					case s.delimiter:
						state = fieldStart
					default: // the end of the field, or a mistake that the decoder names
						state = plainField
					}
				}
			}
			if i < len(d) {
				break
			}
			if i > s.most+1 {
				if state == quotedField && first >= 0 {
					return s.unclosed(first), nil
				}
				return s.longLine()
			}
			if s.w.more() {
				continue
			}
			if s.w.failed() != nil || i == 0 {
				return Record{}, s.stop()
			}
			if state == quotedField && first >= 0 {
				return s.unclosed(first), nil
			}
			break
		}
		d := s.w.data()
		n, newline := i, 0
		if i < len(d) {
			newline = 1
		}
		if n > 0 && d[n-1] == '\r' {
			n, newline = n-1, newline+1
		}
		if len(bytes.TrimLeft(d[:n], " \r")) == 0 {
			s.skip(n + newline)
			continue
		}
		return s.cut(n, newline), nil
	}
}

// unclosed refuses the line that ends at n, on which a quoted field begins that
// never ends.
func (s *Splitter) unclosed(n int) Record {
	separator := 1
	if n > 0 && s.w.data()[n-1] == '\r' {
		n, separator = n-1, 2
	}
	rec := s.cut(n, separator)
	if rec.Err == nil {
		rec.Err = fault.New(fault.Invalid, "A quoted field begins on this line and never ends. Close the quote; a quote inside a quoted field is written twice.")
		rec.Raw = rec.Raw[:min(len(rec.Raw), KeptBytes):min(len(rec.Raw), KeptBytes)]
	}
	return rec
}
