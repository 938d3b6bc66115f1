package templates

// Timeline is what happened to an example, newest first.
type Timeline struct {
	Entries []HistoryEntry
	Note    string // what is not shown, and why
	Restore string // where an older revision is brought back; empty: the viewer may not
	Seen    string // the current revision
	All     string // address of the whole history; empty on that page itself
	Pager   Pager
}

// HistoryView is the page of an example's history.
type HistoryView struct {
	Crumbs   []Link
	Timeline Timeline
	Compare  *CompareRevisions // nil: there is one revision only
}

// CompareRevisions chooses two revisions and shows what differs.
type CompareRevisions struct {
	Action   string
	From, To Choice
	Shown    bool // two were chosen
	Heading  string
	Changes  []Change // empty: they say the same
}
