package templates

import (
	"strconv"

	"github.com/a-h/templ"
)

// Field is one labelled input. Name is also its id unless ID is set.
type Field struct {
	ID           string // default: Name
	Name         string
	Label        string
	Type         string // text (default), email, password, search, number, date, url
	Value        string
	Hint         string // what to type; shown below the label
	Problem      string // what is wrong with Value; empty: nothing
	Placeholder  string
	Autocomplete string
	InputMode    string
	Optional     bool
	Autofocus    bool
	ReadOnly     bool
	Rows         int  // more than 0: a text area of that many lines
	Code         bool // a text area for JSON and the like
	MaxLength    int  // 0: no limit
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

func (f Field) kind() string {
	if f.Type != "" {
		return f.Type
	}
	return "text"
}

func (f Field) hintID() string {
	if f.Hint == "" {
		return ""
	}
	return f.id() + "-hint"
}

func (f Field) problemID() string {
	if f.Problem == "" {
		return ""
	}
	return f.id() + "-problem"
}

// Choice is a labelled select box.
type Choice struct {
	ID      string // default: Name
	Name    string
	Label   string
	Hint    string
	Problem string
	Options []Option
}

func (c Choice) field() Field {
	return Field{ID: c.ID, Name: c.Name, Hint: c.Hint, Problem: c.Problem}
}

// Option is one entry of a Choice.
type Option struct {
	Value    string
	Label    string
	Selected bool
}

// Link is a place to go. Style is empty or one of the Button constants.
type Link struct {
	Label string
	URL   string
	Icon  string
	Style string
}

// Styles of buttons, and of links that look like them.
const (
	ButtonPlain   = "button"
	ButtonPrimary = "button button-primary"
	ButtonDanger  = "button button-danger"
	ButtonQuiet   = "button button-quiet"
)

// Head is the top of a page: what it is, in one heading and one sentence.
type Head struct {
	Title   string
	Lead    string
	Crumbs  []Link // from the outermost
	Actions []Link
}

// Hidden is a value that a form carries along.
type Hidden struct {
	Name, Value string
}

// Confirm is a button that first says what it will do. It works without
// JavaScript: it opens, and the button inside acts.
type Confirm struct {
	Summary string // on the closed button
	Text    string // what will happen, and whether it can be undone
	Action  string // where the form is posted
	Button  string
	Danger  bool
	Hidden  []Hidden
}

// Empty is what stands where a list has nothing to show.
type Empty struct {
	Icon    string // empty: a bar without plates
	Title   string
	Text    string
	Actions []Link
}

// Pager leads through a list that is paged by key. A URL is empty at that end.
type Pager struct {
	First string // where the list can only be walked one way: back to its beginning
	Newer string
	Older string
	Note  string // "50 of 3,890", if known
	// Untimed says that the rows do not go from the newest to the oldest: what follows
	// is the next page, not the older one.
	Untimed bool
}

// Time is a moment: Machine in RFC 3339, Text as people say it, Full for the
// tooltip.
type Time struct {
	Machine string
	Text    string
	Full    string
}

// Segment is one status in a bar. Offset and Width are percentages of the
// bar's length, like "12.5%".
type Segment struct {
	Status string // approved, pending, escalated, rejected
	Label  string
	Count  string
	Offset string
	Width  string
	URL    string
}

// StackedBar shows parts of a whole on one bar, and where on it the target is.
type StackedBar struct {
	Text      string // the same in words, for those who do not see it
	Segments  []Segment
	TargetMin string // percentages; both empty: no target
	TargetMax string
}

// TargetBar shows one count against what was planned.
type TargetBar struct {
	Text   string // "12 of 75 approved"
	Status string // fills the bar in that status's colour
	Width  string // percentage done, at most "100%"
	Target string // percentage where the plan is; empty: at the end
}

// statusWord and the like live here because they are the interface's words.
var statusWords = map[string]string{
	"pending":   "Pending",
	"approved":  "Approved",
	"rejected":  "Rejected",
	"escalated": "Escalated",
}

var statusIcons = map[string]string{
	"pending":   "clock",
	"approved":  "check",
	"rejected":  "cross",
	"escalated": "flag",
}

var severityWords = map[string]string{
	"info":    "Note",
	"warning": "Warning",
	"error":   "Error",
}

// word returns what m says for key, or key itself.
func word(m map[string]string, key string) string {
	if w, ok := m[key]; ok {
		return w
	}
	return key
}

// known returns key where m has it, else fallback, so that a value from
// outside never becomes a class name or an icon.
func known(m map[string]string, key, fallback string) string {
	if _, ok := m[key]; ok {
		return key
	}
	return fallback
}

// Problem is a page that says what went wrong.
type Problem struct {
	Status    string // "404", for those who look for it
	Title     string // in plain words: "There is nothing here"
	Text      string // the sentence meant for this person
	Advice    string // what to do if that does not help
	RequestID string // finds the line in the log
	Actions   []Link
}

// words are what the links to the beginning and to the following page say.
func (p Pager) words() (first, following string) {
	if p.Untimed {
		return "First", "Next"
	}
	return "Newest", "Older"
}

func buttonStyle(style string) string {
	if style == "" {
		return ButtonPlain
	}
	return style
}

// attributes are those of an input that are there only sometimes.
func (f Field) attributes() templ.Attributes {
	a := templ.Attributes{}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	set("placeholder", f.Placeholder)
	set("autocomplete", f.Autocomplete)
	set("inputmode", f.InputMode)
	set("aria-describedby", describedBy(f.hintID(), f.problemID()))
	if f.Problem != "" {
		a["aria-invalid"] = "true"
	}
	if f.Autofocus {
		a["autofocus"] = true
	}
	if f.ReadOnly {
		a["readonly"] = true
	}
	if f.Code {
		a["spellcheck"] = "false"
	}
	if f.MaxLength > 0 {
		a["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	return a
}
