package templates

import (
	"strconv"

	"github.com/a-h/templ"
)

// Queues is the page on which a reviewer chooses what to work on.
type Queues struct {
	Assigned   []Assignment // what the viewer has to do
	Categories []QueueCategory
	Waiting    []Link // pages with what waits for this person in particular
	Empty      *Empty
}

// QueueCategory is one category with what waits in it.
type QueueCategory struct {
	Name        string
	Priority    string
	Description string
	Waiting     string // "45 wait", or that nothing does
	Any         bool   // something waits
	Queue       Queue
	Parts       []QueuePart
}

// QueuePart is one subcategory with what waits in it.
type QueuePart struct {
	Name    string
	Waiting string
	Queue   Queue
}

// Queue is what forms carry along to say which queue they are about.
type Queue struct {
	Category, Subcategory, Order string
	Assignment                   string // its id, where the queue is what a lead assigned; the others are then empty
	Limit                        string // of a session of just so many; empty: no limit
	Done                         string // in this session
}

func (q Queue) hidden() []Hidden {
	var all []Hidden
	for _, h := range []Hidden{
		{"category", q.Category}, {"subcategory", q.Subcategory}, {"order", q.Order}, {"assignment", q.Assignment}, {"limit", q.Limit}, {"done", q.Done},
	} {
		if h.Value != "" {
			all = append(all, h)
		}
	}
	return all
}

func (q Queue) with(limit string) Queue {
	q.Limit = limit
	return q
}

// Bench is the page on which a reviewer works off a queue.
type Bench struct {
	User       string // id; keeps the drafts of people apart who share a browser
	Title      string // the category
	Scope      string // the subcategory, or what else narrows the queue
	Queue      Queue
	Position   Position
	Items      []Item
	Guidelines string // HTML, rendered and cleaned
	Begin      bool   // nothing is held: offer to take some
	Keys       []Key
	Order      Link // the same queue in the other order; empty: there is none
}

// Position is how far a queue is. The numbers are for the script, which counts
// on; the words are what people see.
type Position struct {
	Done, Total       string // plain digits
	Words             string // "45 of 150"
	At                string // percentage of the bar
	Pace              string // "40 s each, 1 h 10 min left"
	Decisions, Millis string // what the pace rests on, plain digits
}

// Key is one line of the list of keys.
type Key struct {
	Name string
	What string
}

// Item is one example to decide on.
type Item struct {
	ID           string
	Prefix       string // begins the ids inside it
	URL          string // its page; empty on that page itself
	Revision     string
	Status       string
	Title        string
	Slug         string // of the category; not drawn
	Category     string
	Subcategory  string
	Errors       string // plain digits
	Waiting      bool   // it stays hidden until its turn comes
	Conversation Conversation
	Editor       *Editor // nil: nobody edits it yet
	Findings     []Finding
	Checklist    []Check
	Provenance   string
	Why          string // why it comes now; empty: nothing to say
	Question     string // of whoever escalated it
	Asker        string
	History      []HistoryEntry
	Similar      []Similar   // approved examples that are like it
	Comments     *Comments   // nil: on a page of its own, or nowhere
	Form         *DecideForm // nil: the viewer may not decide
}

// Finding is something that the checks found.
type Finding struct {
	Severity string
	Message  string
	Rule     string
	URL      string // leads to the place
	EditURL  string // leads to the field that edits it; empty: URL does
	OtherURL string // leads to the example that it compares this one with; may be empty
}

// Check is an item of the checklist.
type Check struct {
	Slug   string
	Text   string
	Help   string
	Proved bool // the checks have shown it
	Ticked bool
}

// HistoryEntry is something that happened to an example.
type HistoryEntry struct {
	Who     string
	What    string
	Says    []Said
	At      Time
	Undone  bool
	Status  string // the one that followed; empty: unchanged
	Changes []Change
	Restore string // the older revision that can be brought back; empty: none
	Link    *Link  // what it is about besides; nil: nothing
}

// Said is something that somebody wrote.
type Said struct {
	Label string
	Text  []Run
}

// DecideForm is what a reviewer decides and types.
type DecideForm struct {
	ID         string
	Action     string
	EditURL    string // this page with the text fields open, for browsers without JavaScript
	FormURL    string // where the script gets the form of the messages
	CheckURL   string // where the script asks about what is typed; empty: nowhere
	Queue      Queue
	RequestKey string
	ShownAt    string
	Problem    string // about the whole decision
	Informed   bool   // whoever decides was shown what others said
	Reasons    []Reason
	Reason     string
	Question   string
	Override   string
	Problems   FormProblems
	Errors     bool // the checks found errors: approving needs a reason
	Editing    bool
	Open       string // the panel that is open: reject, escalate or empty
	ShowSkip   bool
	Asked      bool   // what it settles is a question
	Settle     string // the heading of the form that settles a question; empty: it is an ordinary decision
}

// FormProblems are what is wrong with the fields.
type FormProblems struct {
	Reason, Question, Override string
}

// Reason is one of the reasons that a category offers for rejecting.
type Reason struct {
	Key     string // "1"
	Name    string
	Checked bool
}

// described ties a field to what is wrong with it.
func described(problem, id string) templ.Attributes {
	a := templ.Attributes{"aria-describedby": id}
	if problem != "" {
		a["aria-invalid"] = "true"
	}
	return a
}

// Outcome tells the script what became of a decision.
type Outcome struct {
	DecisionID, Status, Revision string
	Replayed                     bool
	Gold                         string // after a practice example: what its author says; empty: it was none
	Informed                     string // that the verdict is no independent one; else empty
	Words                        string
}

// FieldProblem tells the script what is wrong with a field.
type FieldProblem struct {
	Field, Text string
}

// Lease tells the script what is still held, and until when.
type Lease struct {
	ExampleID, Until string
}

// assignedShown is how many assignments stand before what waits for review; the rest
// is behind them.
const assignedShown = 5

func moreAssignments(n int) string {
	if n == 1 {
		return "1 more assignment"
	}
	return strconv.Itoa(n) + " more assignments"
}
