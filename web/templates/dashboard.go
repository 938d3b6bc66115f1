package templates

// Dashboard shows how far the dataset is.
type Dashboard struct {
	Totals     []Figure
	Categories []DashboardCategory
	Activity   []Activity
	Computed   Time
	Empty      *Empty // set where there are no examples at all
	OfferDemo  bool   // with Empty: a form that adds demo data
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
