package templates

// Quality shows what is wrong with the examples and how long they are.
type Quality struct {
	Filters       []Choice
	Filtered      bool
	Figures       []Figure
	Recheck       *Recheck // nil: there was no check of all examples yet
	Again         string   // where such a check is asked for; empty: the viewer may not, or it runs
	Rules         []QualityRule
	Trend         string // what the changes compare with: "since 15 November"; empty: no trend
	Clean         string // said instead of rules where nothing is found
	Sources       []QualitySource
	Tokens        *QualityTokens // nil: no examples
	Reports       []Link
	Over          QualityTrend
	Subcategories []QualitySubcategory // of the category that is filtered for
	Empty         *Empty
}

// Recheck is how far a check of all examples is.
type Recheck struct {
	Severity string // info while it runs, warning where it stopped, empty when all is well
	Words    string
	Value    string // of the progress bar; empty: none
	Max      string
	URL      string // asked for news while it runs; empty: it does not
}

// QualityRule is how often a rule found something.
type QualityRule struct {
	Rule       string
	Severity   string
	Summary    string
	Fix        string
	Examples   string
	Findings   string // with the noun; empty where it is as many as examples
	URL        string
	Categories []QualityCount
	Change     string // "+3", "−12", "±0"; empty: not known
}

// QualityCount is a number of examples with its name.
type QualityCount struct {
	Name  string
	Count string
	URL   string
}

// QualitySource is one imported file.
type QualitySource struct {
	Name         string
	URL          string
	Demo         bool
	Examples     string
	Errors       string
	ErrorsURL    string // empty: none
	ErrorShare   string
	Warnings     string
	WarningsURL  string // empty: none
	WarningShare string
}

// QualityTokens is how long examples are and what training on them costs.
type QualityTokens struct {
	Words     string
	Bars      []QualityBar
	Platforms []QualityPlatform
	Notes     []string
	Catalog   string // where limits and prices are changed; empty: the viewer may not
}

// QualityBar is one range of lengths.
type QualityBar struct {
	Label string
	Count string
	URL   string // where it leads
	Width string // percentage
}

// QualityPlatform is one training platform.
type QualityPlatform struct {
	Name    string
	Model   string
	Limit   string
	Over    string // examples that are longer
	OverURL string
	Share   string
	Price   string
	AsOf    string
	Costs   []string // for 1, 2, 3 and 4 epochs; empty: no price
	Note    string
}

// Waivers are the findings of an example that can be waived, and those that were.
type Waivers struct {
	Action   string // where a waiver is posted; empty: the viewer may not
	Revision string
	Findings []WaivableFinding
	Waived   []Waiver
}

// WaivableFinding is a finding with what the form needs to name it.
type WaivableFinding struct {
	ID       string // of the form's field
	Severity string
	Rule     string
	Path     string
	Message  []Run
}

// Waiver is a finding that somebody silenced.
type Waiver struct {
	ID       string // of the form's field
	Rule     string
	Path     []Run
	By       string
	Reason   []Run
	At       Time
	Note     string // "withdrawn by Bo: …", "on revision 2"; empty: in force
	Withdraw string // where it is withdrawn; empty: it can't be, or the viewer may not
}

// QualityFragment is the part of the quality page that asks for news.
const QualityFragment = "recheck"

// QualitySubcategory is what is found on one subcategory.
type QualitySubcategory struct {
	Name, URL                      string
	Examples                       string
	Errors, ErrorsURL              string
	Warnings, WarningsURL          string
	Notes                          string
	Worst, WorstURL, WorstExamples string // the rule on the most examples; empty: none
}

// QualityTrend is how much was wrong at the end of each day, of what is chosen.
type QualityTrend struct {
	Of    Choice
	Keep  []Hidden // the page's other choices
	Chart *Chart   // nil: nothing to compare with yet
}
