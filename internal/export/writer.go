package export

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
)

// A Writer writes rows to one file of a preset. It holds a buffer, and of a
// Parquet file the rows of one group, in memory. It is not safe for concurrent
// use.
type Writer struct {
	file    Part
	form    *form
	hash    hash.Hash // nil where nobody asks for it
	out     *bufio.Writer
	table   table // of a Parquet file
	held    int   // bytes of text in the group of rows at hand
	group   int   // rows in it
	line    []byte
	rows, n int64
}

// NewWriter returns a writer of file, which is one of Files, to w.
func (p Preset) NewWriter(w io.Writer, file Part) *Writer {
	x := &Writer{file: file, form: p.form(), hash: sha256.New()}
	x.out = bufio.NewWriterSize(&tally{w: w, x: x}, 1<<20)
	if file.parquet() {
		x.table = x.form.table(x.out)
	}
	return x
}

// Append writes one row. It returns a *Refusal for one that the form can't say,
// which then is not in the file, and reports whether the row has an answer of
// weight 0 that the form has no way to say.
func (x *Writer) Append(row Row) (unweighed bool, err error) {
	if x.table != nil {
		unweighed, err = x.appendRecord(row)
	} else {
		x.line, unweighed, err = x.form.append(x.line[:0], row)
		if err == nil {
			x.line = append(x.line, '\n')
			return unweighed, x.appendLine(x.line)
		}
	}
	if err != nil {
		return false, err
	}
	x.rows++
	return unweighed, nil
}

// appendLine writes a row as it is, with its line end.
func (x *Writer) appendLine(line []byte) error {
	if _, err := x.out.Write(line); err != nil {
		return fmt.Errorf("write %s: %w", x.file.Name, err)
	}
	x.rows++
	return nil
}

// appendRecord writes a row of a Parquet file.
func (x *Writer) appendRecord(row Row) (unweighed bool, err error) {
	c, err := row.conversation()
	if err != nil {
		return false, err
	}
	for _, check := range x.form.checks {
		if err := check(c); err != nil {
			return false, err
		}
	}
	size, err := x.table.append(c)
	if err != nil {
		return false, err
	}
	x.held += size
	if x.group++; x.group == groupRows || x.held >= groupBytes {
		x.held, x.group = 0, 0
		if err := x.table.flush(); err != nil {
			return false, fmt.Errorf("write %s: %w", x.file.Name, err)
		}
	}
	return !x.form.weighs && hasWeightZero(c), nil
}

// Close ends the file, which is not whole before, and says what was written. It
// does not close the underlying writer.
func (x *Writer) Close() (Written, error) {
	if x.table != nil {
		if err := x.table.close(); err != nil {
			return Written{}, fmt.Errorf("end %s: %w", x.file.Name, err)
		}
	}
	if err := x.out.Flush(); err != nil {
		return Written{}, fmt.Errorf("write %s: %w", x.file.Name, err)
	}
	written := Written{Part: x.file, Rows: x.rows, Bytes: x.n}
	if x.hash != nil {
		x.hash.Sum(written.SHA256[:0])
	}
	return written, nil
}

// A tally counts and hashes what goes to w.
type tally struct {
	w io.Writer
	x *Writer
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if t.x.hash != nil {
		t.x.hash.Write(p[:n])
	}
	t.x.n += int64(n)
	return n, err
}
