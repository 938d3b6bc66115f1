package decode

import (
	"strconv"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// columns turns CSV records into JSON objects whose values are all strings, so
// that one reader serves both.
type columns struct {
	names     []string
	keys      [][]byte // the names as JSON keys, with the punctuation before the value
	delimiter byte
}

func newColumns(header []string, delimiter byte) (*columns, error) {
	if delimiter == 0 {
		delimiter = ','
	}
	c := &columns{names: header, delimiter: delimiter}
	seen := map[string]bool{}
	for i, name := range header {
		if name == "" {
			return nil, fault.New(fault.Invalid, "Column %d of the header has no name. Give every column a name.", i+1)
		}
		if seen[name] {
			return nil, fault.New(fault.Invalid, "The header names the column %q twice. Give every column a name of its own.", clip(name))
		}
		seen[name] = true
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		c.keys = append(c.keys, append(example.AppendString([]byte{before}, name), ':'))
	}
	return c, nil
}

// object is the record raw as a JSON object.
func (c *columns) object(raw []byte) ([]byte, error) {
	if !utf8.Valid(raw) {
		off, msg := invalidUTF8(raw)
		return nil, invalid("The row is not valid CSV: %s (%s).", msg, where(raw, off))
	}
	fields, err := csvFields(raw, c.delimiter)
	if err != nil {
		return nil, invalid("The row is not valid CSV: %s (%s).", err.msg, where(raw, err.off))
	}
	if len(fields) != len(c.names) {
		return nil, invalid("The row has %s, the header %s. A field with the delimiter %q in it must stand in double quotes.",
			count(len(fields), "field"), count(len(c.names), "column"), string(rune(c.delimiter)))
	}
	out := make([]byte, 0, len(raw)+len(raw)/8+len(fields)*16)
	for i, f := range fields {
		out = append(out, c.keys[i]...)
		out = example.AppendString(out, f)
	}
	return append(out, '}'), nil
}

// csvFields reads one CSV record by RFC 4180: fields separated by delimiter, in
// double quotes where they hold delimiters, line breaks or quotes, these
// doubled. raw is without the line end after it.
func csvFields(raw []byte, delimiter byte) ([]string, *syntaxError) {
	fields := make([]string, 0, 8)
	var quoted []byte
	for i := 0; ; i++ { // i is at the start of a field
		if i < len(raw) && raw[i] == '"' {
			open := i
			quoted = quoted[:0]
			for i++; ; i++ {
				if i >= len(raw) {
					return nil, syntax(open, "a quoted field is never closed")
				}
				if raw[i] != '"' {
					quoted = append(quoted, raw[i])
					continue
				}
				if i+1 < len(raw) && raw[i+1] == '"' {
					quoted = append(quoted, '"')
					i++
					continue
				}
				i++
				break
			}
			fields = append(fields, string(quoted))
			if i < len(raw) && raw[i] != delimiter {
				return nil, syntax(i, "found %s after a closing quote; a quote inside a quoted field is written twice", character(raw[i:]))
			}
		} else {
			from := i
			for i < len(raw) && raw[i] != delimiter {
				if raw[i] == '"' {
					return nil, syntax(i, "a field with a quote in it must stand in double quotes, with the quote written twice")
				}
				i++
			}
			fields = append(fields, string(raw[from:i]))
		}
		if i >= len(raw) {
			return fields, nil
		}
	}
}

// count is n things, in words.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
