package decode

import (
	"strconv"
	"sync"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

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
	SystemPrompt func(category string) string // the system prompt of a category, for formats that imply one; nil or "" means none; called concurrently
	Header       []string                     // the column names; set for CSV records, nil for JSON
	Delimiter    byte                         // of CSV; 0 means ','
}

// A Decoder reads records of one format. It is safe for concurrent use.
type Decoder struct {
	format    Format
	paths     mappingPaths
	system    func(category string) string
	columns   *columns // nil for JSON
	documents sync.Pool
}

// NewDecoder returns a Decoder of f. It fails with fault.Invalid if f is Auto
// or unknown, if its Mapping is missing or incomplete, or if a Header names a
// column twice.
func NewDecoder(f Format, opts DecodeOptions) (*Decoder, error) {
	d := &Decoder{format: f, system: opts.SystemPrompt}
	switch f {
	case OpenAI, ShareGPT, Alpaca, PromptCompletion, VoiceFitInjury:
		if opts.Mapping != nil {
			return nil, fault.New(fault.Invalid, "The format %s says itself where its fields are. Leave the field mapping out, or choose the format mapped.", f)
		}
	case Mapped:
		if opts.Mapping == nil {
			return nil, fault.New(fault.Invalid, "Say which fields make up the conversation: at least user and assistant, or messages.")
		}
		if err := opts.Mapping.Validate(); err != nil {
			return nil, err
		}
		d.paths = opts.Mapping.paths()
	default:
		return nil, fault.New(fault.Invalid, "Rows cannot be read without knowing their format; %q is none.", string(f))
	}
	if opts.Header != nil {
		c, err := newColumns(opts.Header, opts.Delimiter)
		if err != nil {
			return nil, err
		}
		d.columns = c
	}
	d.documents.New = func() any { return new(document) }
	return d, nil
}

// maxKeptNodes is how many nodes a document keeps for its next text.
const maxKeptNodes = 1 << 14

// Decode reads one record. The row shares no memory with raw. Errors are
// *fault.Error of kind Invalid whose sentence names the field, what was found
// and what was expected.
func (d *Decoder) Decode(raw []byte) (Row, error) {
	if d.columns != nil {
		var err error
		if raw, err = d.columns.object(raw); err != nil {
			return Row{}, err
		}
	}
	doc := d.documents.Get().(*document)
	defer func() {
		if cap(doc.nodes) > maxKeptNodes {
			doc.nodes = nil
		}
		if cap(doc.scratch) > KeptBytes {
			doc.scratch = nil
		}
		doc.raw, doc.src = nil, ""
		d.documents.Put(doc)
	}()
	if err := doc.parse(raw); err != nil {
		return Row{}, invalid("The row is not valid JSON: %s (%s).", err.msg, where(raw, err.off))
	}
	if doc.nodes[0].kind != object {
		return Row{}, invalid("A row must be a JSON object, found %s.", doc.found(0))
	}
	r := reader{document: doc, format: d.format}
	var err error
	if d.format == Mapped {
		err = r.mapped(d.paths)
	} else {
		r.shape = doc.shapeOf(0)
		if say := r.shape.preference(); say != "" {
			return Row{}, invalid("%s", say)
		}
		switch d.format {
		case OpenAI, ShareGPT:
			err = r.turnsRow()
		case Alpaca:
			err = r.alpaca()
		case PromptCompletion:
			err = r.promptCompletion()
		case VoiceFitInjury:
			err = r.injury(d.system)
		}
	}
	if err != nil {
		return Row{}, err
	}
	r.linkCalls()
	if err := r.finish(); err != nil {
		return Row{}, err
	}
	return r.row, nil
}

// A reader reads one document as a row.
type reader struct {
	*document
	format Format
	shape  shape
	row    Row
	extras []extra
	calls  bool // some message has tool calls or is a tool's
}

// An extra is what a turn said beside what a Message can hold.
type extra struct {
	message int    // index in the conversation
	members []byte // of a JSON object, without the braces
}

// take returns the member of the row with the given key, marked as used, or
// -1. A null counts as absent, and stays with the metadata.
func (r *reader) take(key string) int32 {
	n := r.member(0, key)
	if n < 0 || r.nodes[n].kind == null {
		return -1
	}
	r.nodes[n].used = true
	return n
}

// takeText is take for a member that must be a string.
func (r *reader) takeText(key string) (s string, ok bool, err error) {
	n := r.take(key)
	if n < 0 {
		return "", false, nil
	}
	if r.nodes[n].kind != text {
		return "", false, invalid("%s must be a string, found %s.", key, r.found(n))
	}
	return r.str(n), true, nil
}

// wrong says that the row has not the keys of its format, and which format it
// looks like instead.
func (r *reader) wrong(missing string) error {
	if f := r.document.format(0, r.shape); f != "" && f != r.format {
		return invalid("The row has no %s; %s, which is the format %s. Import it as that.", missing, r.keys(0), f)
	}
	return invalid("The row has no %s; %s. If the words are under other keys, import the file with a field mapping.", missing, r.keys(0))
}

func (r *reader) add(m example.Message) {
	if r.row.Conversation.Messages == nil {
		r.row.Conversation.Messages = make([]example.Message, 0, 4)
	}
	r.row.Conversation.Messages = append(r.row.Conversation.Messages, m)
}

// systemFirst puts the row's own system text in front of its turns. A system
// turn with the same text stays alone; one with another text is refused,
// because trainers disagree about which one counts.
func (r *reader) systemFirst(system string) error {
	if system == "" {
		return nil
	}
	ms := r.row.Conversation.Messages
	if len(ms) > 0 && ms[0].Role == example.System {
		if ms[0].Content == system {
			return nil
		}
		return invalid("The row has two different system prompts: the key system and the first turn. Take one out.")
	}
	r.row.Conversation.Messages = append([]example.Message{{Role: example.System, Content: system}}, ms...)
	for i := range r.extras {
		r.extras[i].message++
	}
	return nil
}

// linkCalls gives ids to tool calls that have none (call_1, call_2, ...
// counted through the conversation, passing over ids that are taken) and to
// results the id of the call they answer: the first open call since the last
// user message, of the same name where the result has one.
func (r *reader) linkCalls() {
	if !r.calls {
		return
	}
	ms := r.row.Conversation.Messages
	taken := map[string]bool{}
	for _, m := range ms {
		for _, c := range m.ToolCalls {
			taken[c.ID] = true
		}
	}
	var open []example.ToolCall
	number := 0
	for i := range ms {
		m := &ms[i]
		if m.Role == example.User {
			open = open[:0]
		}
		for j := range m.ToolCalls {
			c := &m.ToolCalls[j]
			number++
			if c.ID == "" {
				for c.ID = "call_" + strconv.Itoa(number); taken[c.ID]; c.ID = "call_" + strconv.Itoa(number) {
					number++
				}
			}
			open = append(open, *c)
		}
		if m.Role != example.Tool {
			continue
		}
		for j, c := range open {
			if m.ToolCallID == c.ID || m.ToolCallID == "" && (m.Name == "" || m.Name == c.Name) {
				m.ToolCallID = c.ID
				open = append(open[:j], open[j+1:]...)
				break
			}
		}
	}
}

// extraKey is where the metadata keeps what messages said beside what a
// conversation can hold: an object from message index to that message's other
// members.
const extraKey = "message_extra"

// finish lifts category, subcategory and id out of the row and turns what is
// left into metadata.
func (r *reader) finish() error {
	r.names()
	var b []byte
	c := int32(1)
	for i := r.nodes[0].size; i > 0; i-- {
		n := &r.nodes[c]
		if !n.used {
			if r.extras != nil && r.key(c) == extraKey {
				return invalid("The row has a key %s of its own, the name under which Spotter keeps unknown keys of messages. Give it another name.", extraKey)
			}
			if b == nil {
				b = make([]byte, 0, 256)
				b = append(b, '{')
			} else {
				b = append(b, ',')
			}
			b = append(r.appendText(b, n.key0, n.key1, n.keyEscaped, verbatim), ':')
			b = r.appendValue(b, c, verbatim)
		}
		c = n.next
	}
	if r.extras != nil {
		if b == nil {
			b = append(b, '{')
		} else {
			b = append(b, ',')
		}
		b = append(b, `"`+extraKey+`":{`...)
		for i, e := range r.extras {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(append(b, '"'), int64(e.message), 10)
			b = append(b, `":{`...)
			b = append(append(b, e.members...), '}')
		}
		b = append(b, '}')
	}
	if b == nil {
		b = append(b, '{')
	}
	r.row.Metadata = append(b, '}')
	return nil
}

// idKeys are the names that a row's id goes by, the first found counts.
var idKeys = [...]string{"id", "custom_id", "example_id", "row_id", "uuid"}

// names sets the category, subcategory and id of the row where the format has
// not: from the top-level keys, which are then used up, else from metadata or
// from tags like category:voice_parsing, which stay where they are.
func (r *reader) names() {
	if r.row.Category == "" {
		r.row.Category = r.name("category")
	}
	if r.row.Subcategory == "" {
		r.row.Subcategory = r.name("subcategory")
	}
	if r.row.ExternalID == "" {
		for _, key := range idKeys {
			n := r.member(0, key)
			if n < 0 || r.nodes[n].used {
				continue
			}
			if s, ok := r.scalar(n); ok && s != "" {
				r.row.ExternalID = s
				r.nodes[n].used = true
				break
			}
		}
	}
}

// scalar is the value n, if it is a string or a number, as text.
func (r *reader) scalar(n int32) (string, bool) {
	switch v := &r.nodes[n]; v.kind {
	case text:
		return r.str(n), true
	case number:
		return r.src[v.start:v.end], true
	}
	return "", false
}

func (r *reader) name(key string) string {
	if n := r.member(0, key); n >= 0 && !r.nodes[n].used && r.nodes[n].kind == text {
		if s := r.str(n); s != "" {
			r.nodes[n].used = true
			return s
		}
	}
	if m := r.member(0, "metadata"); m >= 0 && r.nodes[m].kind == object {
		if n := r.member(m, key); n >= 0 && r.nodes[n].kind == text {
			return r.str(n)
		}
	}
	if l := r.member(0, "tags"); l >= 0 && r.nodes[l].kind == list {
		c := l + 1
		for i := r.nodes[l].size; i > 0; i-- {
			if r.nodes[c].kind == text {
				if s := r.str(c); len(s) > len(key)+1 && s[:len(key)] == key && s[len(key)] == ':' {
					return s[len(key)+1:]
				}
			}
			c = r.nodes[c].next
		}
	}
	return ""
}
