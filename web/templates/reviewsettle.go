package templates

// Waiting is a page of what waits for a lead or a specialist.
type Waiting struct {
	Title, Lead string
	Questions   bool // questions, not disagreements
	Rows        []WaitingRow
	Empty       *Empty
	Next        string // the page after this one; empty: none
	First       string // back to the beginning; empty: this is it
}

// WaitingRow is one thing to settle.
type WaitingRow struct {
	URL      string
	Kind     string // "Red flag"
	Category string
	Says     []Run // the question, or why the second reviewer disagreed
	Who      string
	At       Time
	May      bool // the viewer may settle it; else they asked
}

// Settle is the page on which one of them is settled.
type Settle struct {
	User    string
	Title   string
	Crumbs  []Link
	Lead    string
	Note    string // what the viewer should know before; empty: nothing
	Sides   []Side
	Item    Item
	Answer  []Run // what became of it; empty: it is open
	Settled string
}

// Side is what one person said.
type Side struct {
	ID      string
	Who     string
	Verdict string // approve, reject, escalate
	Words   string // "approved it"
	At      Time
	Says    []Said
	Ticked  []string
	Changes []Change
	Edit    string // "edited it", or what they would have written
}
