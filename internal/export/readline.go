package export

import "bytes"

// A ReadLine is a row in the form of a preset, read already. It is not changed any
// more, so goroutines may share it.
type ReadLine struct {
	line *lineRead
	err  error
}

type lineRead struct {
	text  []byte
	value value
	err   error
}

// Refused says why the preset can't say the row; nil where it can.
func (l ReadLine) Refused() error { return l.err }

// ReadLines makes the line of a row in each of the presets and reads it, once for all
// presets that make the same one of it. What of it each of their platforms takes,
// Validator.ReadLine says.
func ReadLines(presets []Preset, row Row) []ReadLine {
	lines := make([]ReadLine, len(presets))
	for i, p := range presets {
		text, _, err := p.AppendRow(nil, row)
		if err != nil {
			lines[i].err = err
			continue
		}
		for _, before := range lines[:i] {
			if before.line != nil && bytes.Equal(before.line.text, text) {
				lines[i] = before
			}
		}
		if lines[i].line == nil {
			l := &lineRead{text: text}
			l.value, l.err = parseValue(text)
			lines[i].line = l
		}
	}
	return lines
}

// ReadLine looks at line n as Line does. It must be one that the preset can say.
func (v *Validator) ReadLine(n int64, l ReadLine) []Problem {
	v.ready = l.line
	defer func() { v.ready = nil }()
	return v.Line(n, l.line.text)
}
