package decode

import "github.com/voicefit/spotter/internal/example"

// A Row is what one record says.
type Row struct {
	Conversation example.Conversation
	Category     string // as the row names it; empty where it does not
	Subcategory  string
	ExternalID   string // the row's own id; empty where it has none
	Metadata     []byte // a compact JSON object of everything else the row said, values spelled as they were; {} where there is nothing
}

// DecodeOptions are the options of a Decoder.
type DecodeOptions struct {
	Mapping      *Mapping                     // needed for Mapped, and only there
	SystemPrompt func(category string) string // the system prompt of a category, for formats that imply one; nil or "" means none
	Header       []string                     // the column names; set for CSV records, nil for JSON
	Delimiter    byte                         // of CSV; 0 means ','
}

// A Decoder reads records of one format. It is safe for concurrent use.
type Decoder struct {
	format Format
	opts   DecodeOptions
}

// NewDecoder returns a Decoder of f. It fails with fault.Invalid if f is Auto
// or unknown, or if its Mapping is missing or incomplete.
func NewDecoder(f Format, opts DecodeOptions) (*Decoder, error) {
	return &Decoder{format: f, opts: opts}, nil
}

// Decode reads one record. The row shares no memory with raw. Errors are
// *fault.Error of kind Invalid whose sentence names the field, what was found
// and what was expected.
func (d *Decoder) Decode(raw []byte) (Row, error) { return Row{}, nil }
