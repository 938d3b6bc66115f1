package decode

import "io"

// KeptBytes is how much of a refused record's bytes a Record holds at most.
const KeptBytes = 1 << 20

// A Position is a place between two records from which splitting can go on.
// The zero Position is the start of the stream. Keep all three fields to
// resume.
type Position struct {
	Offset int64 `json:"offset"`         // bytes of the uncompressed stream before it
	Line   int64 `json:"line"`           // 1-based line it lies on; 0 means 1
	Done   bool  `json:"done,omitempty"` // there is nothing more to read
}

// A Record is one row's bytes as they stand in the stream.
type Record struct {
	Line   int64  // 1-based line on which the record starts
	Offset int64  // of its first byte in the uncompressed stream
	Size   int64  // its length in bytes
	Raw    []byte // its bytes; stay valid for ever and must not be written to
	Err    error  // nil, or a *fault.Error that says why it cannot be a row; Raw then holds at most its first KeptBytes
}

// SplitOptions are the options of a Splitter.
type SplitOptions struct {
	MaxRecordBytes int  // longer records are refused; 0 means DefaultMaxRecordBytes
	Delimiter      byte // of CSV fields: ',', ';' or '\t'; 0 means ','
}

// DefaultMaxRecordBytes is the longest record that is read, 16 MiB.
const DefaultMaxRecordBytes = 16 << 20

// A Splitter cuts a stream into records. It holds one record and a read
// buffer in memory, whatever the stream is. It is not safe for concurrent use.
type Splitter struct {
	at Position
}

// NewSplitter returns a Splitter of r, which must deliver the uncompressed
// stream from at.Offset on (the caller skips to it). The header row of CSV, at
// offset 0, is skipped.
func NewSplitter(r io.Reader, c Container, at Position, opts SplitOptions) *Splitter {
	return &Splitter{at: at}
}

// Next returns the next record, or io.EOF after the last. A record that is
// refused is returned with Err set and does not end the stream. Any other
// error is one of reading and final.
func (s *Splitter) Next() (Record, error) { return Record{}, io.EOF }

// Position returns where the record after the last returned one starts, or a
// place before it with nothing but separators between.
func (s *Splitter) Position() Position { return s.at }
