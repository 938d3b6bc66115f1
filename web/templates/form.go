package templates

import (
	"slices"
	"unicode/utf8"
)

// Editor is a conversation as a form. Its fields belong to the form that
// decides, so that an edit is saved with the decision.
type Editor struct {
	ID     string // of the element that holds it
	Form   string // id of the form that its fields belong to
	Action string // where its acts are sent
	Order  State
	Turns  []EditTurn
	Add    Act  // a message in front of the others
	Beside bool // answers stand beside the words they were taken from
}

// State is what a form carries along unseen. A changed one differs from what is
// stored.
type State struct {
	Name, Value string
	Changed     bool
	Use         bool // false: it is not sent
}

// Act is a button that changes the form: Op goes to the server, Label says what
// it does.
type Act struct {
	Op, Label string
	Shown     string // what stands on it where that is less than Label
	Disabled  bool
	Focus     bool // it has the focus when the form is drawn again
}

// EditTurn is one message as a form.
type EditTurn struct {
	ID       string
	Role     string // system, user, assistant, tool; for the look
	Label    string // "Assistant, message 3"
	Roles    EditField
	Answers  *EditField // the call that a tool's result answers
	Text     EditText
	Calls    []EditCall
	CallKeys State
	AddCall  *Act
	Up, Down Act
	Remove   Act
	Split    *Act
	Add      Act // a message behind it
	Folded   bool
	Summary  string
}

// EditText is a text, or JSON as fields.
type EditText struct {
	Text    *EditField // the text field; nil where Answer is
	JSON    bool       // the text is JSON
	Answer  *EditField // the fields of JSON
	Exact   State
	View    State
	Toggle  *Act // the other way to edit it
	Begin   *Act // makes an empty answer
	Problem string
	HTML    string // the text as Markdown, rendered and cleaned
}

// EditCall is one tool call as fields.
type EditCall struct {
	ID        string
	Label     string
	Name, Key EditField
	Arguments EditText
	Remove    Act
}

// EditField is one place in a form.
type EditField struct {
	Kind     string // one of the EditField constants
	As       string // how the answer draws it: steps, chips, bars, ...; empty: by its type
	Name     string
	ID       string
	Label    string
	Help     string
	Value    string
	Rows     string
	Lang     string // "json" for code
	Changed  bool   // it differs from what is stored
	Unit     string
	Range    string // "0 to 1"
	Min, Max string
	Wanted   string // what is said of what is no number
	Numeric  bool
	Options  []Option
	Problem  string
	Note     string
	NoteTone string
	Tone     string
	Unknown  bool  // the category's schema does not name it
	Seen     []Run // the value with what cannot be seen in it
	HTML     string
	Gauge    *Gauge
	BandFrom string // the expected range in numbers; empty: none
	BandTo   string
	Sum      *Gauge // what bars add up to
	Whole    string // what they should add up to
	SumOf    string // the member that counts
	Folded   bool
	Focus    bool
	Quiet    bool // the label is only read aloud
	Fields   []EditField
	Adds     []Act
	Remove   *Act
	Clear    *Act
	Up, Down *Act
}

// Kinds of EditField.
const (
	FieldGroup   = "group"   // an object
	FieldList    = "list"    // a list
	FieldLine    = "line"    // one line of text, or a number
	FieldText    = "text"    // several lines
	FieldChoice  = "choice"  // one of Options
	FieldNothing = "nothing" // there is no value; Adds makes one
)

// short says whether the field fits beside others.
func (f EditField) short() bool {
	return !f.Folded && (f.Kind == FieldLine || f.Kind == FieldChoice || f.Kind == FieldNothing)
}

// fieldRows splits fields into stretches of short and of other ones.
func fieldRows(fields []EditField) [][]EditField {
	var all [][]EditField
	for i, f := range fields {
		if i == 0 || f.short() != fields[i-1].short() {
			all = append(all, nil)
		}
		last := len(all) - 1
		all[last] = append(all[last], f)
	}
	return all
}

// looks are the ways to draw that lists and groups of a form know.
var looks = map[string]string{"steps": "", "chips": "", "bars": "", "table": "", "timeline": "", "columns": "", "slots": "", "group": ""}

func (f EditField) class() string {
	c := "ef ef-" + f.Kind
	if f.As != "" {
		c += " ef-as-" + known(looks, f.As, "group")
	}
	if t := tone(f.Tone); t != "" {
		c += " " + t
	}
	if f.wide() {
		c += " ef-wide"
	}
	if f.Unknown {
		c += " ef-unknown"
	}
	return c
}

// shown is what stands on the button.
func (a Act) shown() string {
	if a.Shown != "" {
		return a.Shown
	}
	return a.Label
}

// wide says whether the choices of a field are longer than a column of the form
// holds; buttons beside them take room.
func (f EditField) wide() bool {
	room := 15 // characters
	if f.tools() {
		room = 10
	}
	return slices.ContainsFunc(f.Options, func(o Option) bool { return utf8.RuneCountInString(o.Label) > room })
}

// tools says whether anything can be done with the field besides filling it in.
func (f EditField) tools() bool {
	return f.Unknown || f.Remove != nil || f.Clear != nil || f.Up != nil
}

func orAnswer(label string) string {
	if label == "" {
		return "Answer"
	}
	return label
}
