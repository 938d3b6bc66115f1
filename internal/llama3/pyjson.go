package llama3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// appendPython appends a JSON text to dst in the spelling of the template's
// tojson filter, Python's json.dumps(value, ensure_ascii=False, indent=...),
// where value is what json.loads makes of the text. The order of keys stays,
// numbers are spelt as Python spells the value. indent is the number of spaces
// per level; 0 puts everything on one line, with ", " and ": ".
//
// It fails where Python could not write the value as UTF-8 JSON (lone
// surrogates, numbers beyond a float64) and where Python would lose something:
// on an object that has a key twice.
func appendPython(dst []byte, text string, indent int) ([]byte, error) {
	p := pythonWriter{dec: jsontext.NewDecoder(strings.NewReader(text)), dst: dst, indent: indent}
	if err := p.value(0); err != nil {
		return dst, err
	}
	if err := p.end(); err != nil {
		return dst, err
	}
	return p.dst, nil
}

// appendPythonItems appends the items of a JSON array to dst, each in the
// spelling of appendPython and followed by the text after.
func appendPythonItems(dst, array []byte, indent int, after string) ([]byte, error) {
	p := pythonWriter{dec: jsontext.NewDecoder(bytes.NewReader(array)), dst: dst, indent: indent}
	switch tok, err := p.dec.ReadToken(); {
	case err != nil:
		return dst, err
	case tok.Kind() != '[':
		return dst, errors.New("not an array")
	}
	for p.dec.PeekKind() != ']' {
		if err := p.value(0); err != nil {
			return dst, err
		}
		p.dst = append(p.dst, after...)
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return dst, err
	}
	if err := p.end(); err != nil {
		return dst, err
	}
	return p.dst, nil
}

// jsonKind returns the first byte of a JSON text, which tells what kind of
// value it is; 0 if there is none.
func jsonKind(text string) byte {
	text = strings.TrimLeft(text, " \t\r\n")
	if text == "" {
		return 0
	}
	return text[0]
}

type pythonWriter struct {
	dec    *jsontext.Decoder
	dst    []byte
	indent int
}

// end fails if the input goes on.
func (p *pythonWriter) end() error {
	switch _, err := p.dec.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errors.New("more than one JSON value")
}

// value copies the next value of the input, which stands depth levels deep.
func (p *pythonWriter) value(depth int) error {
	switch kind := p.dec.PeekKind(); kind {
	case '{', '[':
		return p.collection(depth, kind)
	case '0':
		v, err := p.dec.ReadValue()
		if err != nil {
			return err
		}
		p.dst, err = appendPythonNumber(p.dst, string(v))
		return err
	default: // null, true, false, a string, or an error
		tok, err := p.dec.ReadToken()
		if err != nil {
			return err
		}
		if tok.Kind() == '"' {
			p.dst = appendPythonString(p.dst, tok.String())
		} else {
			p.dst = append(p.dst, tok.String()...)
		}
		return nil
	}
}

func (p *pythonWriter) collection(depth int, kind jsontext.Kind) error {
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	p.dst = append(p.dst, byte(kind))
	end := byte(kind) + 2 // } and ] are two after { and [ in ASCII
	for n := 0; ; n++ {
		switch p.dec.PeekKind() {
		case 0:
			_, err := p.dec.ReadToken() // says what is wrong
			return err
		case '}', ']':
			if n > 0 {
				p.newline(depth)
			}
			p.dst = append(p.dst, end)
			_, err := p.dec.ReadToken()
			return err
		}
		if n > 0 {
			p.dst = append(p.dst, ',')
			if p.indent == 0 {
				p.dst = append(p.dst, ' ')
			}
		}
		p.newline(depth + 1)
		if kind == '{' {
			key, err := p.dec.ReadToken()
			if err != nil {
				return err
			}
			p.dst = append(appendPythonString(p.dst, key.String()), ": "...)
		}
		if err := p.value(depth + 1); err != nil {
			return err
		}
	}
}

// newline begins a line at the given depth if lines are broken at all.
func (p *pythonWriter) newline(depth int) {
	if p.indent == 0 {
		return
	}
	p.dst = append(p.dst, '\n')
	for range depth * p.indent {
		p.dst = append(p.dst, ' ')
	}
}

// appendPythonNumber appends a JSON number as Python prints it once read: a
// number without fraction and exponent is an integer of any size and keeps its
// digits; any other is a float64 in its shortest spelling, with an exponent
// only below 1e-4 and from 1e16 on.
func appendPythonNumber(dst []byte, num string) ([]byte, error) {
	if !strings.ContainsAny(num, ".eE") {
		if num == "-0" {
			num = "0"
		}
		return append(dst, num...), nil
	}
	f, err := strconv.ParseFloat(num, 64)
	if err != nil {
		return dst, fmt.Errorf("the number %s does not fit a float64", num)
	}
	if abs := math.Abs(f); f != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64), nil
	}
	before := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if !bytes.ContainsRune(dst[before:], '.') {
		dst = append(dst, ".0"...)
	}
	return dst, nil
}

// appendPythonString appends s as a JSON string in which only quotes,
// backslashes and the control characters below U+0020 are escaped. Bytes that
// are not valid UTF-8 are copied.
func appendPythonString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b >= 0x20:
			dst = append(dst, b)
		case b == '\n':
			dst = append(dst, `\n`...)
		case b == '\r':
			dst = append(dst, `\r`...)
		case b == '\t':
			dst = append(dst, `\t`...)
		case b == '\b':
			dst = append(dst, `\b`...)
		case b == '\f':
			dst = append(dst, `\f`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[b>>4], hex[b&15])
		}
	}
	return append(dst, '"')
}
