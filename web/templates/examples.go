package templates

// Examples is the list of examples with its filters.
type Examples struct {
	Head     Head
	Choosing *Choosing // nil: the viewer may not act on many
	Filters  []Choice
	Text     Field
	Filtered bool // some filter is set
	// Words and WordFields are choices about decisions and lengths, folded away; Chips
	// are those that are made, each leading to the list without it.
	Words      []Choice
	WordFields []Field
	Chips      []Link
	Rows       []ExampleRow
	Note       string // "Looked at 12,000 examples"
	GoOn       string // where a search that stopped early goes on; empty: it did not
	Previous   string
	Next       string
	Empty      *Empty
}

// ExampleRow is one example in the list.
type ExampleRow struct {
	ID          string
	Chosen      bool
	URL         string
	Question    []Run
	Answer      []Run
	Category    string
	Subcategory string
	Status      string
	Errors      string // with its noun; empty: none
	Warnings    string
	Source      string // "voicefit-injury-core.json, line 31"
	Updated     Time
	Held        string // "held by Ana, 2 min"; empty: by nobody
}

// ExampleView is the page of one example.
type ExampleView struct {
	Tags     []Link  // what people call it, each leading to all that are called so
	Asked    []Asked // questions about it and their answers
	Gold     *Gold   // nil: the viewer must not know
	User     string  // id; keeps drafts of people apart who share a browser
	Item     Item
	Crumbs   []Link
	Facts    []Origin
	Metadata []Run            // what else the row said, as indented JSON; empty: nothing
	Raw      []Run            // the messages, as indented JSON
	Holder   string           // "Ana has held it for 2 min"; empty: nobody
	HandOver string           // where the lease is dropped; empty: the viewer may not
	Releases []ExampleRelease // that it is in
	Waivers  *Waivers         // nil: there are none, and nothing to waive
	Restore  string           // where an older revision is brought back; empty: the viewer may not
	Comments *Comments        // nil: there are none in this workspace

	Timeline *Timeline // nil: the item's own short history is all there is
}

// Origin is one line about where an example comes from.
type Origin struct {
	Label string
	Text  string
	URL   string // empty: no link
	Mono  bool
}
