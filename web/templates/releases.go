package templates

// ReleasesFragment is the part of the page of a new release that follows the form,
// ReleaseFragment that of a release that goes on changing.
const (
	PreviewFragment = "release-preview"
	ReleaseFragment = "release-state"
)

// Releases is the list of releases.
type Releases struct {
	Rows  []ReleaseRow
	Empty *Empty
	Pager Pager
}

// ReleaseRow is one of them.
type ReleaseRow struct {
	Name, URL  string
	State      ReleaseState
	Rows       string
	Splits     string
	Supersedes string // name; empty: none
	Author     string
	When       Time
}

// ReleaseState is how far a release is, in colour, sign and word.
type ReleaseState struct {
	Status string // approved, pending, escalated or rejected: the colour and sign
	Word   string
}

// NewRelease is the form with what would come of it.
type NewRelease struct {
	Problem    string
	Name       Field
	Splits     Field
	Seed       Field
	Notes      Field
	Supersedes Choice
	Source     Field
	Tag        Field
	Override   *Field // for those who may let red lines stand
	Categories []ReleaseCategory
	Presets    []Tick
	Preview    ReleasePreview
}

// ReleaseCategory is a category with its bounds in the form.
type ReleaseCategory struct {
	Slug, Name string
	Checked    bool
	Floor, Cap Field
}

// Tick is a box to tick.
type Tick struct {
	ID, Name, Value, Label, Hint string
	Checked                      bool
}

// ReleasePreview is what would come of the form.
type ReleasePreview struct {
	Problem string // nothing can be said because of it
	Figures []ReleaseFigure
	Balance []BalanceRow
	Costs   []CostRow
	Note    string // why there is no preflight
	Lines   []ReleaseLine
}

// ReleaseFigure is a number with what it is.
type ReleaseFigure struct{ Label, Value, Note, URL string }

// BalanceRow is a category or subcategory against its plan.
type BalanceRow struct {
	Name    string
	Sub     bool
	URL     string
	Rows    string
	Planned string
	Share   string
	Words   string // "12 fewer than planned"
}

// CostRow is what training costs on a platform.
type CostRow struct{ Platform, Price, Cost, Note string }

// ReleaseLine is a line of the preflight.
type ReleaseLine struct {
	Label, Text, Do string
	Green, Holds    bool
	First           []Link // the first examples that it is about
}

// ReleaseView is one release.
type ReleaseView struct {
	ID         string
	Name       string
	Notes      string
	State      ReleaseState
	StateWords string
	Progress   *ReleaseProgress
	Poll       string // where its state is asked for while it changes
	Error      string
	Withdrawn  string
	Overridden string
	Figures    []ReleaseFigure
	Facts      []ReleaseFact
	Lines      []ReleaseLine
	Red        string // "3 red lines"
	Shape      []BalanceRow
	Files      []ReleaseFileRow
	Zip        string
	Command    string // how to verify it
	Compare    *Choice
	CompareURL string
	Override   string // where a reason is posted; empty: not for this user, or not now
	Problem    string // with the reason
	Retry      string
	RetryWord  string // on its button
	Discard    string
	Withdraw   string
}

// ReleaseProgress is how far the work on a release is.
type ReleaseProgress struct{ Words, Value, Max string }

// ReleaseFact is a fact about a release, with a link where there is one.
type ReleaseFact struct {
	Label, Value, URL string
	When              *Time
}

// ReleaseFileRow is a file to download.
type ReleaseFileRow struct {
	Name, URL, Bytes, SHA256, Rows, What string
	Left                                 string // "1 row left out": what its form can't say
	Packed                               []Link // the same, compressed
}

// ReleaseDiff is what changed between two releases.
type ReleaseDiff struct {
	Old, New Link
	Views    []ReleaseDiffView
	Shift    []ShiftRow
	Rows     []ReleaseChange
	Pager    Pager
	Empty    string
}

// ReleaseDiffView is one kind of change with how many there are.
type ReleaseDiffView struct {
	Label, Count, URL string
	Current           bool
}

// ShiftRow is a subcategory in both.
type ShiftRow struct{ Name, Old, New, Change, OldShare, NewShare string }

// ReleaseChange is one changed row.
type ReleaseChange struct {
	What    string // "Added to train", "Changed from revision 1 to 2"
	Place   string // category, subcategory
	URL     string
	Label   string // of the link
	Changes []Change
}

// ExampleRelease is a release that an example is in.
type ExampleRelease struct{ Name, URL, Words string }
