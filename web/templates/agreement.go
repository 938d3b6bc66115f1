package templates

// Agreement shows how far people agree who judged the same examples.
type Agreement struct {
	Filters    []Choice
	Filtered   bool
	Words      string // what it means, in a sentence or two
	Units      AgreementCount
	Differ     AgreementCount
	Measures   []AgreementMeasure
	Categories []AgreementRow
	Pairs      []AgreementPair
	More       string // said where not all pairs are shown
	Reviewers  []ReviewerRow
	Empty      *Empty
}

// AgreementCount is a number of examples and where they are listed; without a URL
// there are none.
type AgreementCount struct {
	Count string
	URL   string
}

// Estimate is a figure with its interval.
type Estimate struct {
	Value string // "94 %", "0.88"; "–" where nothing is known
	Range string // "88–97 %"; empty: none
	Plot  *Whisker
}

// Whisker draws an interval on a scale from 0 to 1: percentages of its length.
type Whisker struct {
	From  string
	Width string
	At    string
}

// AgreementMeasure is one coefficient, for those who know it.
type AgreementMeasure struct {
	Name     string
	Estimate Estimate
	Meaning  string
	Interval string // how the interval was made
}

// AgreementRow is one category.
type AgreementRow struct {
	Name    string
	URL     string
	Units   AgreementCount
	Differ  AgreementCount
	Percent Estimate
	AC1     Estimate
	Alpha   Estimate
	Words   string
}

// AgreementPair is two people.
type AgreementPair struct {
	First, Second       string
	FirstURL, SecondURL string
	Units               AgreementCount
	Percent             Estimate
	AC1                 Estimate
	Kappa               Estimate
	Weighted            Estimate
	Words               string
	Matrix              []MatrixRow
}

// MatrixRow is what the first of two people chose, by what the second chose.
type MatrixRow struct {
	Choice string
	Cells  []MatrixCell
}

// MatrixCell counts examples. Alike says that both came to the same verdict.
type MatrixCell struct {
	AgreementCount
	Alike bool
	Label string // for those who do not see the table: "Ana approved, Bo rejected"
}

// ReviewerRow is one person in the list of all.
type ReviewerRow struct {
	Name      string
	URL       string
	Decisions string
	Edits     Estimate
	Rejects   Estimate
}

// choiceNames are the columns of a matrix.
var choiceNames = []string{"Approved", "After an edit", "Rejected"}

// Compared lists examples that two people judged.
type Compared struct {
	Title string
	Lead  string
	Crumb Link
	Rows  []ComparedRow
	Pager Pager
	Empty *Empty
}

// ComparedRow is one of them.
type ComparedRow struct {
	URL           string
	Name          string // category and kind
	Revision      string
	First, Second ComparedVerdict
	At            Time
}

// ComparedVerdict is what one of the two decided.
type ComparedVerdict struct {
	Who    string
	Status string // approved, rejected: for the badge
	Edited bool
	Reason []Run
}

// Work is how one person reviews.
type Work struct {
	Title      string
	Lead       string
	Crumbs     []Link
	Filters    []Choice
	Action     string // where the filters are sent
	Figures    []WorkFigure
	Categories []WorkRow
	Days       []WorkDay
	Pairs      []AgreementPair // for leads
	Misses     []WorkMiss
	Notes      []string
	Empty      *Empty
}

// WorkFigure is one number with what it means.
type WorkFigure struct {
	Label string
	Value string
	Note  string
	URL   string // empty: no link
	Words string
}

// WorkRow is what somebody did in one category, beside the others.
type WorkRow struct {
	Name      string
	Decisions string
	Plain     string
	Edited    string
	Rejected  string
	Asked     string
	Edits     Estimate
	Others    string // the others' share of edits
}

// WorkDay is one day.
type WorkDay struct {
	Day       string
	Decisions string
	Width     string // of its bar
	Took      string
}

// WorkMiss is a gold example that was seen otherwise.
type WorkMiss struct {
	URL      string
	Expected string // status word
	Reason   []Run
	At       Time
}
