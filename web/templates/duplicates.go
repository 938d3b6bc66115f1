package templates

// Duplicates is the inbox of groups of examples that are alike.
type Duplicates struct {
	Tabs     []DuplicateTab
	Lead     string // what this kind of group is, and what to do about it
	Category Choice
	Kind     string // of the current tab, for the filter to keep
	Scanning string // what has not been looked at yet; empty: nothing
	Obvious  *Link  // to the rulings that suggest themselves
	Undo     *DuplicateUndo
	Groups   []DuplicateGroup
	Ruling   bool // there is something to press: the keys are explained
	First    string
	Next     string
	Empty    *Empty
}

// DuplicateTab leads to one kind of groups.
type DuplicateTab struct {
	Label, Count, URL string
	Current           bool
}

// DuplicateUndo takes rejections back.
type DuplicateUndo struct {
	Words  string
	Action string
	Hidden []Hidden
}

// DuplicateGroup is one group, its members side by side.
type DuplicateGroup struct {
	Anchor  string
	Title   string
	Note    string // what is remarkable about all of it
	Members []DuplicateMember
	Keep    string // where a survivor is posted; empty: none is chosen here
	Apart   string // where it is posted that these have nothing to do with each other; empty: not here
	Sure    string // what keeping one does to members that are not shown; empty: nothing
	Label   string // of the button of Apart
	All     *Link  // to the rest of a large group
	Hidden  []Hidden
}

// DuplicateGroupView is the page of one group, some of its members at a time.
type DuplicateGroupView struct {
	Group DuplicateGroup
	Kind  string // as the tab of the inbox calls it
	Lead  string
	List  string // back to the inbox
	First string
	Next  string
}

// DuplicateMember is one example of a group. Parts of the first one are whole,
// those of the others are marked where they differ from it.
type DuplicateMember struct {
	Number    string
	ID        string
	URL       string
	Status    string
	Source    string
	SourceURL string
	Errors    string
	Warnings  string
	Like      string // how like the first one it is
	Parts     []DuplicatePart
	Long      bool // shown in part at first
}

// DuplicatePart is one message.
type DuplicatePart struct {
	Who  string
	Same bool // nothing differs from the first member's
	Fold bool // need not be read to compare: closed at first
	Runs []Run
}

// ObviousDuplicates is the preview of many rulings, or what became of them.
type ObviousDuplicates struct {
	Words  string // what will happen, or what has
	Rows   []ObviousDuplicate
	Done   bool
	Action string
	Button string
	Hidden []Hidden
	Undo   *DuplicateUndo
	Next   string // to further rulings
	Back   string
	Empty  *Empty
}

// ObviousDuplicate is the ruling on one group.
type ObviousDuplicate struct {
	Question []Run
	Keep     DuplicateName
	Reject   []DuplicateName
	Left     []DuplicateName // could not be rejected
}

// DuplicateName names an example in a list.
type DuplicateName struct {
	Label, URL, Status, Why string
}

// with is what a form of the group says to keep one of its members.
func (g DuplicateGroup) with(survivor string) []Hidden {
	return append([]Hidden{{Name: "survivor", Value: survivor}}, g.Hidden...)
}

func (ObviousDuplicate) keepWord(done bool) string {
	if done {
		return "Kept"
	}
	return "Keep"
}

func (ObviousDuplicate) rejectWord(done bool) string {
	if done {
		return "Rejected"
	}
	return "Reject"
}
