package templates

// Choosing is what turns the list of examples into one to choose from.
type Choosing struct {
	Kind     Choice
	Filter   []Hidden // what the list is filtered by
	Kept     []Hidden // chosen on other pages
	Said     string   // "3 chosen", of the whole list
	Matching string   // "Act on all 12,345 that match"
	Problem  string
	Most     string // how many can be chosen one by one
}

// ManyAct is the page of one act, also while it is a draft.
type ManyAct struct {
	Head     Head
	Chosen   string // how the examples were chosen
	Filter   string // the list of them as a filter finds them now; empty: chosen by hand
	Draft    *ActForm
	Forecast *ActForecast
	Progress *ActProgress
	Details  []Origin
	Tabs     []InboxView // by outcome
	Items    []ActItem
	Pager    Pager
	Undo     *Confirm
	Resume   string // where an act that stopped goes on; empty: it did not
	Problem  string
}

// ActForm asks for what the kind of act needs.
type ActForm struct {
	Action  string
	Problem string
	Fields  []Field
	Choices []Choice
	Checks  []Box
	Legend  string // of Ticks
	Ticks   []Box  // several of which are chosen
	Wrong   string // with Ticks
	Who     *Who
	Button  string
}

// Box is one box to tick.
type Box struct {
	Name, Value, Label, Hint string
	On                       bool
}

// ActForecast is what would happen.
type ActForecast struct {
	Sentence string
	Lines    []ActLine
	Note     string // that not all were tried out
	Standing []Link
	Diffs    []ActDiff
	More     string
	Start    string // where the act is started
	Button   string
	Nothing  bool // it would change nothing
	At       Time
}

// ActLine counts examples with which the same happens.
type ActLine struct {
	Count string
	Text  string
	Style string // of a status; empty: none
	Icon  string
}

// ActDiff is what a replacement does to one example.
type ActDiff struct {
	URL    string
	Result string
	Hunks  []ActHunk
}

// ActHunk is one place where something is replaced.
type ActHunk struct {
	Where                       string
	Before, Was, Becomes, After []Run
}

// ActProgress is how far an act is.
type ActProgress struct {
	URL        string // where the next state of it is; empty: it is over
	Text       string
	Note       string
	Value, Max string
	Style      string // of Flash
	Lines      []ActLine
}

// ActItem is one example of an act.
type ActItem struct {
	URL, Place, Category, Text string
	Status                     string
}

// ActRow is one act in the list.
type ActRow struct {
	URL, Title, By, State, Outcome string
	At                             Time
	Style                          string
}

// Acts is the list of acts.
type Acts struct {
	Rows  []ActRow
	Pager Pager
	Empty *Empty
}

// ActFragment is the part of the page that goes on changing.
const ActFragment = "act-progress"
