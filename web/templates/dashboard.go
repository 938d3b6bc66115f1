package templates

// Dashboard shows how far the dataset is.
type Dashboard struct {
	Totals     []Figure
	Categories []DashboardCategory
	Activity   []Activity
	Computed   Time
	Empty      *Empty // set where there are no examples at all
	OfferDemo  bool   // with Empty: a form that adds demo data

	// What follows is shown where Overview is set.
	Overview                                    bool
	Actions                                     []Link
	Filters                                     []Choice
	Epochs                                      Field
	Filtered                                    bool
	Forecast                                    string // when the targets are reached, or why that cannot be said
	Method                                      string // how the forecast is made; empty without one
	Burnup                                      Chart
	Findings                                    Chart
	FindingsNote                                string
	Reasons                                     Chart
	Period                                      string // the time that decisions are shown of
	People                                      []DashboardPerson
	Waiting                                     string // what waits for a specialist
	Cost                                        []DashboardCost
	ProgressExports, PeopleExports, CostExports []Link
	CostURL, CostExamples                       string // what the cost is of
}

// A Chart is a drawing with the same as a table.
type Chart struct {
	Title, Text  string
	Wide, Narrow string // SVG, made by package chart, which escapes
	Empty        bool
	Head         []string
	Rows         []ChartRow
	Exports      []Link
}

// A ChartRow is a row of a chart's table; URL leads from its first cell.
type ChartRow struct {
	Cells []string
	URL   string   // from the first cell
	URLs  []string // from each cell, where there are any
}

func (r ChartRow) url(i int) string {
	switch {
	case i < len(r.URLs):
		return r.URLs[i]
	case i == 0:
		return r.URL
	}
	return ""
}

// DashboardPerson is what somebody reviewed.
type DashboardPerson struct {
	Name                                     string
	You                                      bool
	Decisions, Approved, Rejected, Escalated string
	Days, PerDay, Typical                    string
	// The lists of what the numbers count.
	DecisionsURL, ApprovedURL, RejectedURL, EscalatedURL string
}

// DashboardCost is what a platform would charge.
type DashboardCost struct {
	Name, Model, Price, AsOf, Cost, Unpacked, Note string
}

// Sheet is the whole on one page, for a slide or for somebody with a link.
type Sheet struct {
	Computed                            Time
	Empty                               string // said where there is nothing to draw
	Source, Period                      string
	Forecast                            string
	Figures                             []Figure
	Progress, Burnup, Findings, Reasons Chart
	Cost                                []DashboardCost
	Epochs                              string
	Back                                string // to the dashboard; empty for somebody with a link
	Until                               string // when the link ends; empty without one
}

// Shares is the page of links to the dashboard.
type Shares struct {
	Name                     Field
	Days                     Choice
	Made, MadeFor, MadeUntil string // the link just made
	Links                    []ShareLink
}

// ShareLink is one of them.
type ShareLink struct {
	Name, Author, State      string
	Created, Expires, Opened Time
	Revoke                   string // where it is taken back; empty: it does not work any more
}

// Digest is a week in words.
type Digest struct {
	Title, Span   string
	Before, After string // addresses of the weeks beside it
	Over          bool
	Computed      Time
	Sections      []DigestSection
	Categories    []DigestCategory
}

// DigestSection is a heading with its sentences.
type DigestSection struct {
	Heading   string
	Sentences []DigestSentence
}

// DigestSentence is made of pieces; those with an address lead to what they count.
type DigestSentence []Link

// DigestCategory is what was done in a category; each number leads to its list.
type DigestCategory struct {
	Name, URL                                string
	Came, Approved, Rejected, Escalated, Now Link
}

// Figure is one number with its name.
type Figure struct {
	Label string
	Value string
	Note  string
	URL   string // the examples it counts; empty: not a count of examples
}

// DashboardCategory is one category against its target.
type DashboardCategory struct {
	Name        string
	URL         string // its page in the catalog
	Priority    string
	Approved    string
	ApprovedURL string
	Target      string // "825" or "800–1,200"
	State       string // "183 to go", "on target", "12 over"
	Bar         StackedBar
	Tokens      string
	Plan        []DashboardPlan
	HasPlan     bool   // some subcategory has a planned count
	PlanNote    string // "4 of 9 subcategories on plan"
	ReviewURL   string
	Forecast    string // when it reaches its target; empty: not said
}

// DashboardPlan is one subcategory against its plan.
type DashboardPlan struct {
	Name        string
	URL         string
	Planned     string
	Approved    string
	ApprovedURL string
	Waiting     string
	WaitingURL  string
	Bar         TargetBar
}

// Activity is one thing that happened lately.
type Activity struct {
	Who  string
	What string
	URL  string // of what it happened to; empty: nowhere
	At   Time
}
