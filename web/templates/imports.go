package templates

import "strconv"

// Imports is the list of imports.
type Imports struct {
	Rows  []ImportRow
	Pager Pager
	Empty *Empty
	New   bool // offer to import
}

// ImportRow is one import in the list.
type ImportRow struct {
	Name       string
	URL        string
	State      ImportState
	Who        string
	At         Time
	Rows       string
	New        string
	Duplicates string
	Refused    string
	Demo       bool
}

// ImportState is where an import stands: Kind chooses colour and sign.
type ImportState struct {
	Kind string // one of the Import constants
	Word string
}

// Kinds of ImportState.
const (
	ImportWaiting     = "waiting"
	ImportRunning     = "running"
	ImportInterrupted = "interrupted"
	ImportDone        = "done"
	ImportFailed      = "failed"
	ImportCancelled   = "cancelled"
)

// The colours and signs of the kinds.
var (
	importColours = map[string]string{
		ImportWaiting: "is-pending", ImportRunning: "is-info", ImportInterrupted: "is-warning",
		ImportDone: "is-approved", ImportFailed: "is-error", ImportCancelled: "is-pending",
	}
	importIcons = map[string]string{
		ImportWaiting: "clock", ImportRunning: "imports", ImportInterrupted: "warning",
		ImportDone: "check", ImportFailed: "error", ImportCancelled: "cross",
	}
)

// ImportForm brings files in. Everything that is chosen comes before the file
// in the form, so that the server knows it when the bytes arrive.
type ImportForm struct {
	Problem     string
	Problems    []string // one sentence for each file or field
	FileProblem string   // what is wrong with the choice of a file
	Taken       []Link   // files that came in all the same
	Category    Choice
	Subcategory GroupedChoice
	Format      Choice
	Mapping     []Field
	Licence     Field
	Open        bool   // the rarer choices are shown
	MaxBytes    string // digits, for the script
	TooLarge    string // what the script says of a file above that
}

// GroupedChoice is a select box whose options are in groups.
type GroupedChoice struct {
	Name    string
	Label   string
	Hint    string
	Problem string
	Groups  []OptionGroup
}

func (c GroupedChoice) field() Field { return Field{Name: c.Name, Hint: c.Hint, Problem: c.Problem} }

// OptionGroup is some options under a heading; without one they stand alone.
type OptionGroup struct {
	Label   string
	Options []Option
}

// ImportPreview says what a chosen file would become.
type ImportPreview struct {
	Name       string
	Format     string // in words
	Why        string
	Refusal    string // why the file can't go in as things stand
	Choose     []Option
	Summary    string // "The first 50 rows: 48 can go in, 2 would be refused."
	Whole      bool   // they are all rows there are
	Categories []Fact
	Refusals   []string
	Mapping    []Choice
	Rows       []ImportPreviewRow
}

// ImportPreviewRow is one of the first rows as it would look.
type ImportPreviewRow struct {
	Line         string
	Refused      string // why it would be refused; the rest is then empty
	Place        string // category and subcategory in words
	Tokens       string
	Conversation Conversation
	Findings     []ImportNote
}

// ImportNote is a finding about one row. Anchor leads to what it is about.
type ImportNote struct {
	Severity string
	Text     string
	Rule     string
	Anchor   string
}

// Import is one import: what goes on, or what came of it.
type Import struct {
	Name  string
	URL   string
	State ImportState
	Demo  bool
	Live  *ImportLive // nil: it is over

	Headline   string // "50 rows: 50 new, 0 duplicates, 0 refused"
	Notes      []string
	Repeat     *ImportRepeat
	Problem    string // why it failed
	Figures    []Figure
	Categories []ImportCategory
	Findings   []ImportFinding
	FindingsOf string // what the findings are counted over, where it is not all

	Duplicates     []ImportDuplicate
	DuplicatesURL  string
	DuplicatesNote string
	Rejects        []ImportReject
	RejectsNote    string
	RejectsURL     string // the download
	RejectsPager   Pager
	Fix            *ImportFix

	Facts  []Fact
	Cancel *Confirm
	Resume string // where the form is posted; empty: there is nothing to resume
	Next   []Link // what to do now
}

// ImportLive is how far an import is.
type ImportLive struct {
	URL    string // where the next state is asked for
	Words  string
	Note   string // what that means
	Value  string // of Max, for the bar; empty: not known
	Max    string
	Rows   string
	Bytes  string
	Rate   string
	Left   string
	Counts string // what the rows became so far
}

// ImportRepeat leads to the first import of the same bytes.
type ImportRepeat struct {
	Text string
	URL  string
}

// ImportCategory is a category that examples of an import are in.
type ImportCategory struct {
	Name        string
	Count       string
	ExamplesURL string
	ReviewURL   string // empty: this person does not review
}

// ImportFinding is a rule and how often it found something.
type ImportFinding struct {
	Rule     string
	Severity string
	Count    string
	URL      string
}

// ImportDuplicate is a row whose content was there already. URL is empty where
// the example is gone.
type ImportDuplicate struct {
	Line   string
	Text   string // "the same as line 31 of core.json"
	URL    string // the example
	Link   string
	Status string
}

// ImportReject is a row that could not become an example.
type ImportReject struct {
	Line   string
	Reason string
	Raw    []Run
	Note   string // what of it is not shown
}

// ImportFix lets a person correct refused rows and import them again.
type ImportFix struct {
	Summary  string
	Text     Field
	Category Choice
	Hidden   []Hidden
	Open     bool
}

// ImportDuplicates is the page of all duplicates of an import.
type ImportDuplicates struct {
	Name  string
	URL   string // of the import
	Lead  string
	Rows  []ImportDuplicate
	Pager Pager
	Empty *Empty
}

// ImportFragment names the part of the import's page that is drawn anew while
// the import runs.
const ImportFragment = "import-live"

func importsHead(v Imports) Head {
	h := Head{Title: "Imports", Lead: "Every file that was brought in, and what became of its rows."}
	if v.New {
		h.Actions = []Link{{Label: "Import a file", URL: "/imports/new", Icon: "plus", Style: ButtonPrimary}}
	}
	return h
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
