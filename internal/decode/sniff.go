package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/fault"
)

// SniffBytes is how much of a file Sniff wants to see.
const SniffBytes = 1 << 20

// A Detection is what Sniff found out about a file.
type Detection struct {
	Container Container
	Format    Format   // empty where rows have none that is known
	Why       string   // a sentence: how it was recognised
	Fields    []string // the keys (of CSV: columns) of the first rows, in order of appearance, nested ones dotted: what a Mapping can name
	Header    []string // the column names of CSV
	Delimiter byte     // the delimiter of CSV
}

const (
	sniffRows = 50  // rows that are looked at
	maxFields = 100 // fields that are listed
)

// Sniff recognises a file by its first bytes: head is up to SniffBytes of the
// uncompressed stream, eof says that there is no more, name (may be empty) is
// only used in messages. It fails with fault.Invalid, saying what the file is
// and what to do, where it is none of the formats. The Detection holds what is
// known even then: where Container and Fields are set, the rows can be read by
// a Mapping.
func Sniff(head []byte, eof bool, name string) (Detection, error) {
	s := sniffer{head: head, eof: eof, name: "The file"}
	if name != "" {
		s.name = "“" + clip(printable(name)) + "”"
	}
	err := s.sniff()
	return s.found, err
}

// printable is name without control characters, which file names may have.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7F <= r && r < 0xA0 || r == '\u202E' {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(name, "·"))
}

type sniffer struct {
	head  []byte
	eof   bool
	name  string
	found Detection
	doc   document
}

func (s *sniffer) refuse(format string, args ...any) error {
	return fault.New(fault.Invalid, "%s %s", s.name, fmt.Sprintf(format, args...))
}

func (s *sniffer) sniff() error {
	if what, cure := foreign(s.head); what != "" {
		return s.refuse("is %s, which cannot be imported. %s", what, cure)
	}
	body := bytes.TrimPrefix(s.head, []byte("\xEF\xBB\xBF"))
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) == 0 {
		if s.eof {
			if len(s.head) > 0 {
				return s.refuse("holds nothing but white space.")
			}
			return s.refuse("is empty.")
		}
		return s.refuse("begins with more than %d kB of white space. Take it out.", len(s.head)>>10)
	}
	switch body[0] {
	case '[':
		s.found.Container = JSONArray
		return s.rows()
	case '{':
		s.found.Container = s.objects(body)
		return s.rows()
	}
	if i := bytes.IndexByte(body, 0); i >= 0 {
		return s.refuse("is not text (there is a NUL byte at byte %d). Import JSON Lines, a JSON array or CSV.", len(s.head)-len(body)+i)
	}
	return s.table(body)
}

// objects tells JSON Lines from objects that each take several lines, by
// whether the first line is whole.
func (s *sniffer) objects(body []byte) Container {
	line, _, ended := bytes.Cut(body, []byte{'\n'})
	if s.doc.parse(line) == nil || !ended && !s.eof {
		return JSONLines
	}
	// The first line alone is no JSON. Either it is broken, or its object goes
	// on: then the first object is valid and has line breaks.
	rec, err := NewSplitter(bytes.NewReader(body), JSONStream, Position{}, SplitOptions{MaxRecordBytes: SniffBytes}).Next()
	if err == nil && rec.Size > int64(len(line)) && (rec.Err == nil || !s.eof && rec.Size == int64(len(body))) {
		return JSONStream
	}
	if err == nil && rec.Err == nil && s.doc.parse(rec.Raw) == nil && bytes.IndexByte(body, '\n') < 0 {
		return JSONStream // several objects on one line
	}
	return JSONLines
}

// rows looks at the first rows of JSON.
func (s *sniffer) rows() error {
	split := NewSplitter(bytes.NewReader(s.head), s.found.Container, Position{}, SplitOptions{MaxRecordBytes: SniffBytes})
	var (
		counts   = map[Format]int{}
		order    []Format
		read     int
		firstErr error
		refusal  string
		refused  int
	)
	for read < sniffRows {
		rec, err := split.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		whole := s.eof || rec.Offset+rec.Size < int64(len(s.head))
		if !whole && read > 0 {
			break // cut off by the end of head
		}
		read++
		parseErr := s.doc.parse(rec.Raw)
		if len(s.doc.nodes) == 0 || parseErr != nil && whole {
			if firstErr == nil {
				say := "the row is not whole"
				if parseErr != nil {
					say = fmt.Sprintf("%s (%s)", parseErr.msg, where(rec.Raw, parseErr.off))
				}
				firstErr = s.refuse("holds no row that can be read. Line %d: %s.", rec.Line, say)
			}
			continue
		}
		if s.doc.nodes[0].kind != object {
			if firstErr == nil {
				firstErr = s.refuse("does not hold rows that are JSON objects: on line %d there is %s.", rec.Line, s.doc.found(0))
			}
			continue
		}
		s.fields(0, "", 0)
		shape := s.doc.shapeOf(0)
		if say := shape.preference(); say != "" {
			refusal, refused = say, refused+1
			continue
		}
		f := s.doc.format(0, shape)
		if f == "" {
			if one, err := s.single(rec, shape); one {
				return err
			}
		}
		if counts[f]++; counts[f] == 1 {
			order = append(order, f)
		}
	}
	if read == 0 {
		if s.found.Container == JSONArray {
			return s.refuse("holds an empty list.")
		}
		return s.refuse("holds no rows.")
	}
	if refused > 0 && len(order) == 0 {
		return fault.New(fault.Invalid, "%s cannot be imported. %s", s.name, refusal)
	}
	if len(order) == 0 {
		return firstErr
	}
	best := slices.MaxFunc(order, func(a, b Format) int { return counts[a] - counts[b] })
	if best == "" && len(order) > 1 {
		best = order[slices.IndexFunc(order, func(f Format) bool { return f != "" })]
	}
	if best == "" {
		return s.unknown()
	}
	s.found.Format = best
	s.found.Why = s.container() + " " + reasons[best]
	if n := read - counts[best]; n > 0 {
		s.found.Why += fmt.Sprintf(" Of the first %s, %d look otherwise and may be refused.", count(read, "row"), n)
	}
	return nil
}

// reasons says what each format was recognised by.
var reasons = map[Format]string{
	OpenAI:           "Rows have messages with role and content, as OpenAI's chat format has.",
	ShareGPT:         "Rows have conversations with from and value, as ShareGPT has.",
	Alpaca:           "Rows have instruction and output, as Alpaca has.",
	PromptCompletion: "Rows have prompt and completion.",
	VoiceFitInjury:   "Rows have scenario and training_example, as VoiceFit's injury research has.",
}

func (s *sniffer) container() string {
	switch s.found.Container {
	case JSONLines:
		return "JSON Lines: one JSON object per line."
	case JSONArray:
		return "A JSON array."
	case JSONStream:
		return "JSON objects one after the other, each on several lines."
	}
	delimiter := map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs"}[s.found.Delimiter]
	return "A table (CSV) with " + delimiter + " between its columns."
}

// fields notes the paths of the members of the object n.
func (s *sniffer) fields(n int32, prefix string, depth int) {
	c := n + 1
	for i := s.doc.nodes[n].size; i > 0; i-- {
		p := prefix + s.doc.key(c)
		if len(s.found.Fields) < maxFields && !slices.Contains(s.found.Fields, p) {
			s.found.Fields = append(s.found.Fields, p)
		}
		if s.doc.nodes[c].kind == object && depth < 2 {
			s.fields(c, p+".", depth+1)
		}
		c = s.doc.nodes[c].next
	}
}

// single deals with an object of no known format that may be not a row but all
// there is: a wrapper around the rows, a notebook, one message. one says that
// it is.
func (s *sniffer) single(rec Record, shape shape) (one bool, err error) {
	switch {
	case s.found.Container == JSONArray:
		if s.doc.member(0, "role") >= 0 && s.doc.member(0, "content") >= 0 {
			return true, s.refuse("is one conversation: a list of messages. Rows are conversations: write each as {\"messages\": [...]} on a line of its own.")
		}
		return false, nil
	case shape.all(hasCells) && s.doc.member(0, "nbformat") >= 0 || shape.all(hasCells) && strings.HasSuffix(strings.TrimSuffix(s.name, "”"), ".ipynb"):
		return true, s.refuse("is a Jupyter notebook, which cannot be imported. Have the notebook write the rows as JSON Lines.")
	case len(bytes.TrimSpace(s.head[min(rec.Offset+rec.Size, int64(len(s.head))):])) > 0:
		return false, nil // there are further rows
	}
	// The rows may be in a list inside.
	c := int32(1)
	for i := s.doc.nodes[0].size; i > 0; i-- {
		if v := s.doc.nodes[c]; v.kind == list && v.size > 0 && s.doc.nodes[c+1].kind == object {
			key := s.doc.key(c)
			return true, s.refuse("is one JSON object with the rows inside, under the key %q. Take the list out and import that: jq '.%s' file.json > rows.json.", clip(key), clip(key))
		}
		c = s.doc.nodes[c].next
	}
	return false, nil
}

// unknown refuses rows whose keys no format has.
func (s *sniffer) unknown() error {
	top := slices.DeleteFunc(slices.Clone(s.found.Fields), func(f string) bool { return strings.Contains(f, ".") })
	has := func(keys ...string) string {
		for _, k := range keys {
			for _, f := range s.found.Fields {
				if strings.EqualFold(f, k) {
					return f
				}
			}
		}
		return ""
	}
	if m := has("body.messages", "request.messages", "data.messages", "input.messages"); m != "" {
		return s.refuse("holds messages inside another object. Import it with the field mapping messages=%s.", m)
	}
	user := has("question", "prompt", "input", "query", "instruction", "user", "transcript", "human", "q")
	answer := has("answer", "response", "output", "completion", "assistant", "reply", "target", "parsed_output", "a")
	if user != "" && answer != "" {
		return s.refuse("holds rows with %s, which is no format that is known, but the words seem to be there. Import it with a field mapping, perhaps user=%s and assistant=%s.", listed(top), user, answer)
	}
	if t := has("text", "content"); t != "" && len(top) <= 3 {
		return s.refuse("holds rows of plain text (the key %s), as pre-training takes it: there is no question and no answer in them. Conversations are needed, such as {\"messages\": [...]}.", t)
	}
	return s.refuse("holds rows with %s, which is no format that is known. If the words of a conversation are among them, import it with a field mapping such as user=FIELD and assistant=FIELD.", listed(top))
}

// listed is the keys of rows, in words.
func listed(keys []string) string {
	if len(keys) == 0 {
		return "no keys at all"
	}
	most := 8
	out := "the " + strings.TrimPrefix(count(len(keys), "key"), fmt.Sprint(len(keys))+" ") + " "
	for i, k := range keys {
		if i == most {
			return out + fmt.Sprintf(" and %d more", len(keys)-most)
		}
		if i > 0 {
			out += ", "
		}
		out += clip(k)
	}
	return out
}

// table looks at what may be CSV.
func (s *sniffer) table(body []byte) error {
	if bytes.IndexByte(body, '\n') < 0 && bytes.IndexByte(body, '\r') >= 0 {
		return s.refuse("has the line ends of old Macs (carriage returns alone). Save it with Unix or Windows line ends.")
	}
	var (
		best   []string
		rows   int
		delims = [...]byte{',', ';', '\t'}
	)
	for _, delim := range delims {
		header, n := s.columns(delim)
		if len(header) > len(best) && n > 0 {
			best, rows, s.found.Delimiter = header, n, delim
		}
	}
	if len(best) < 2 {
		if header, n := s.columns(','); len(header) == 1 && n > 1 && strings.EqualFold(header[0], "text") {
			return s.refuse("is a table with the one column %s, as pre-training takes it: there is no question and no answer in it. Conversations are needed.", header[0])
		}
		return s.refuse("is plain text: neither JSON nor a table. If it is a prompt, put it into a row: {\"messages\": [{\"role\": \"user\", \"content\": ...}, {\"role\": \"assistant\", \"content\": ...}]}.")
	}
	s.found.Container, s.found.Header, s.found.Fields = CSV, best, best
	c, err := newColumns(best, s.found.Delimiter)
	if err != nil {
		return err
	}
	// The header decides: a row of its names has the shape of all rows.
	row := []byte{'{'}
	for i, k := range c.keys {
		row = append(append(row, k[1:]...), `"x"`...)
		if i < len(c.keys)-1 {
			row = append(row, ',')
		}
	}
	if err := s.doc.parse(append(row, '}')); err != nil {
		return s.refuse("has a header that cannot be read: %s.", err.msg)
	}
	shape := s.doc.shapeOf(0)
	if shape.all(hasPrompt|hasCompletion) && slices.Contains(best, "label") {
		shape |= hasLabel
	}
	if say := shape.preference(); say != "" {
		return fault.New(fault.Invalid, "%s cannot be imported. %s", s.name, say)
	}
	f := s.doc.format(0, shape)
	if f == "" || f == VoiceFitInjury {
		return s.unknown()
	}
	s.found.Format = f
	s.found.Why = fmt.Sprintf("%s The header has %s; the first %s fit it.", s.container(), listed(best), count(rows, "row"))
	return nil
}

// columns reads the header and counts how many of the first rows have as many
// fields, taking delim for the delimiter; none if the first few do not fit.
func (s *sniffer) columns(delim byte) (header []string, fit int) {
	split := NewSplitter(bytes.NewReader(s.head), CSV, Position{}, SplitOptions{MaxRecordBytes: SniffBytes, Delimiter: delim})
	first, err := split.header()
	if err != nil {
		return nil, 0
	}
	header, bad := csvFields(first.Raw, delim)
	if bad != nil {
		return nil, 0
	}
	misfit := 0
	for fit+misfit < sniffRows {
		rec, err := split.Next()
		if err != nil || !s.eof && rec.Offset+rec.Size >= int64(len(s.head)) {
			break
		}
		if fields, bad := csvFields(rec.Raw, delim); bad == nil && len(fields) == len(header) {
			fit++
		} else {
			misfit++
		}
	}
	if misfit > fit {
		return nil, 0
	}
	return header, fit
}
