package templates

// Run is a piece of text that is drawn in one way. Text that comes from a
// dataset reaches a page only as runs: what cannot be seen in it, or would
// change how the rest is read, is a run of its own with a name.
type Run struct {
	Text      string
	Invisible bool   // Text is the short name of a character that is not passed on
	Mark      string // "" or one of the Mark constants
	Title     string // the tooltip of a mark or of an invisible character
	ID        string // where a finding's link leads
	Slot      string // of a mark: the id of the part that came from these words
}

// Marks of a run.
const (
	MarkError   = "error"
	MarkWarning = "warning"
	MarkInfo    = "info"
	MarkSaid    = "said"    // a slot of the answer came from these words
	MarkAdded   = "added"   // in a comparison
	MarkRemoved = "removed" // in a comparison
	MarkGap     = "gap"     // stands for unchanged text that is left out
)

// Conversation is an example as a chat.
type Conversation struct {
	Turns  []Turn
	Tools  []Tool
	Beside bool // answers stand beside the words they were taken from
}

// Turn is one message.
type Turn struct {
	ID        string
	Role      string // system, user, assistant, tool
	Who       string // the role in words
	Name      string
	Note      string // what else is to know: "not trained on"
	Summary   string // of a folded turn, in one line
	Folded    bool   // starts closed
	Text      []Run  // empty where Answer is drawn instead
	HTML      string // the text as Markdown, rendered and cleaned; empty: the same as Text
	Answer    *Node  // the structured answer, drawn
	Raw       []Run  // its JSON, indented
	Problem   string // why an answer that should be structured is drawn as text
	Severity  string // of the worst finding about the whole message
	ToolCalls []ToolCall
}

// ToolCall is a function that the assistant calls.
type ToolCall struct {
	Name      string
	Arguments *Node // nil where they are not JSON
	Text      []Run // then the arguments as they are
}

// Tool is a function that the assistant may call.
type Tool struct {
	Name        string
	Description []Run
}

// Node is one part of a structured answer.
type Node struct {
	Kind     string // one of the Node constants
	Path     string // JSON pointer inside the answer; not drawn
	ID       string // where a finding's link leads
	Label    string
	Tone     string // "", good, caution, danger
	Severity string // of the worst finding about this part
	Text     []Run  // of a value, text, step or chip
	HTML     string // of a Markdown text, rendered and cleaned
	Unit     string
	Note     string // what is remarkable about the value
	NoteTone string
	None     bool   // there is no value; Text says so
	Slot     string // what its words are marked with
	Said     string // where in the user's words the value stands; empty: nowhere
	Folded   bool   // starts closed
	Nodes    []Node
	Columns  []string // of a table; each of Nodes is a row whose Nodes are cells
	Gauge    *Gauge   // of a meter, a bar, or the sum of bars
}

// Kinds of Node.
const (
	NodeGroup    = "group"
	NodeSlots    = "slots"
	NodeColumns  = "columns"
	NodeMeter    = "meter"
	NodeValue    = "value"
	NodeText     = "text"
	NodeMarkdown = "markdown"
	NodeSteps    = "steps"
	NodeChips    = "chips"
	NodeList     = "list"
	NodeBars     = "bars"
	NodeTable    = "table"
	NodeCards    = "cards"
	NodeTimeline = "timeline"
	NodeItem     = "item" // one of the Nodes of steps, chips, lists, bars, tables, cards and timelines
)

// Gauge is a number on a scale. Positions are percentages like "12.5%".
type Gauge struct {
	Text     string // in words
	At       string // where the number is
	BandFrom string // the expected range; empty: none
	BandSize string
	Limit    string // where the whole ends, for a sum; empty: not drawn
	Tone     string // "", good, caution, danger
}

// Change is how one message differs between two revisions.
type Change struct {
	Title string // "Assistant, message 3"
	What  string // "", "added" or "removed"
	Parts []ChangePart
}

// ChangePart is one part of a message that differs. Label is empty for text
// and says where in a structured answer otherwise.
type ChangePart struct {
	Label string
	Runs  []Run
}

// plain says whether the node is one short value, which fits into a row of
// slots.
func (n Node) plain() bool {
	return !n.Folded && (n.Kind == NodeValue || n.Kind == NodeMeter)
}
