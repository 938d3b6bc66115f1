package templates

// Comments are what people said about one example, with the form to say more.
type Comments struct {
	Prefix  string // begins the ids inside it
	Heading string
	Alone   bool      // on a page of its own, whose title says it already
	Rows    []Comment // oldest first
	Note    string    // what is not shown, and why; empty: everything is
	Older   string    // address of older ones; empty: there are none
	Newest  string    // back to the newest, where older ones are shown
	Action  string    // where the form is posted; empty: the viewer may not
	Back    string    // where to go afterwards
	Body    Field
	Hints   []Hint
	AllURL  string // everybody who can be named
	Said    string // what became of the comment just made; empty: nothing to say
}

// Comment is what somebody said.
type Comment struct {
	ID     string
	Author string
	Mine   bool
	At     Time
	Note   string // such as the revision, where that is not the current one
	Text   []Run
}

// Hint is somebody who can be named.
type Hint struct {
	Name, Email, Role string
	Insert            string // what to write after the @
}

// CommentsView is the page of all comments of an example.
type CommentsView struct {
	Crumbs   []Link
	Title    string
	Comments Comments
}

// Names is the page of everybody who can be named.
type Names struct {
	Words Field
	Hints []Hint
	Note  string
}

// Similar is an approved example that is like the one to decide on.
type Similar struct {
	URL              string
	Question, Answer []Run
}
