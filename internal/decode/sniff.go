package decode

import "github.com/voicefit/spotter/internal/fault"

// SniffBytes is how much of a file Sniff looks at.
const SniffBytes = 1 << 20

// A Detection is what Sniff found out about a file.
type Detection struct {
	Container Container
	Format    Format
	Why       string   // a sentence: how it was recognised
	Fields    []string // the keys (of CSV: columns) of the first rows, in order of appearance, nested ones dotted: what a Mapping can name
	Header    []string // the column names of CSV
	Delimiter byte     // the delimiter of CSV
}

// Sniff recognises a file by its first bytes: head is up to SniffBytes of the
// uncompressed stream, eof says that there is no more, name (may be empty) is
// only used in messages. It fails with fault.Invalid, saying what the file is
// and what to do, where it is none of the formats; the Detection then still
// holds what is known, so that a page can offer a Mapping where Container is
// not empty.
func Sniff(head []byte, eof bool, name string) (Detection, error) {
	return Detection{}, fault.New(fault.Invalid, "The file is empty.")
}
