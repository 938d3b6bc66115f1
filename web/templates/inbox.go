package templates

// Inbox is what waits for one person.
type Inbox struct {
	Unread string // "3 unread", empty where there is none
	Views  []InboxView
	Rows   []Notice
	Newest string // id of the newest notice on the page; empty where none is unread
	Pager  Pager
	Empty  *Empty
}

// InboxView is one way to look at the inbox.
type InboxView struct {
	Label, URL string
	Current    bool
}

// Notice is one row of Inbox.
type Notice struct {
	ID     string
	Icon   string
	Title  string // who did what
	Text   []Run  // the words that matter; may be empty
	At     Time
	Unread bool
	Leads  bool   // somewhere
	Go     string // words of the button that leads there; it marks the notice read too
}
