package templates

// Assignments is the page on which leads give work and see how far it is.
type Assignments struct {
	Views []InboxView // what runs, what has ended
	Rows  []Assignment
	Pager Pager
	Empty *Empty
}

// Assignment is work that was given.
type Assignment struct {
	ID       string
	URL      string // its page
	Title    string
	Origin   string // address of what it is about; empty: none
	Note     []Run
	People   string // "Ana, Bo" or "everybody"
	Given    string // "by Lea"
	At       Time
	Due      string // "due on Friday"; empty: none
	Late     bool
	Ended    string // "ended by Lea"; empty: it runs
	Progress TargetBar
	Any      bool // something waits
	Queue    Queue
}

// AssignmentView is the page of one assignment.
type AssignmentView struct {
	Crumbs     []Link
	Assignment Assignment
	Mine       bool // the viewer has it
	HandOver   *Who // nil: it has ended
	HandAction string
	End        Confirm
}

// AssignmentForm gives work.
type AssignmentForm struct {
	Problem string
	What    Choice
	Who     Who
	Note    Field
	Due     Field
}

// Who chooses the people that something is for.
type Who struct {
	Everybody bool
	People    []Ticked
	Problem   string
}

// Ticked is one of several people to choose.
type Ticked struct {
	ID, Name, Note string
	On             bool
}
