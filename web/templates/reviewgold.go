package templates

// Gold is the card about an example whose right verdict is known; for leads.
type Gold struct {
	Action   string
	Revision string
	Verdict  string // what the example is now: approve or reject; empty: undecided
	Marked   string // who marked it, and as what; empty: it is not marked
	Why      []Run
	Met      string
	Stale    string
}

// Asked is something that was asked about an example.
type Asked struct {
	Who      string
	Text     []Run
	At       Time
	URL      string
	Answerer string // empty: it is open
	Answer   []Run
	Answered Time
}
