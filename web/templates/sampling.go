package templates

// Samples lists samples of batches.
type Samples struct {
	Rows  []SampleRow
	New   string // where one is drawn; empty: the viewer may not
	Pager Pager
	Empty *Empty
}

// SampleRow is one sample.
type SampleRow struct {
	Name   string
	URL    string
	Batch  string
	Plan   string
	State  SampleState
	Result string
	At     Time
	By     string
}

// Kinds of SampleState.
const (
	SampleOpen      = "open"
	SampleAccepted  = "accepted"
	SampleRejected  = "rejected"
	SampleAbandoned = "abandoned"
)

// SampleState is where a sample stands.
type SampleState struct {
	Kind string
	Word string
}

var sampleColours = map[string]string{SampleOpen: "is-pending", SampleAccepted: "is-approved", SampleRejected: "is-rejected", SampleAbandoned: "is-escalated"}

var sampleIcons = map[string]string{SampleOpen: "clock", SampleAccepted: "check", SampleRejected: "cross", SampleAbandoned: "skip"}

// NewSample is the form that draws one.
type NewSample struct {
	Problem string
	Kinds   []SampleKind
	Kind    string // of the plan
	Lead    string // what this plan is for
	Name    Field
	Batch   Choice
	Rows    Field // what rows say about themselves, instead of Batch
	Scope   Choice
	Numbers []Field
	Choices []Choice
	Series  *Field // of an ISO plan
	Edits   bool
	Seed    Field
	Who     Who
	Preview SamplePreview
}

// SampleKind is a plan to choose.
type SampleKind struct {
	Label   string
	URL     string
	Current bool
}

// SamplePreview is what a plan comes to.
type SamplePreview struct {
	Problem string
	Lot     string // "of 300 examples"; empty: not known yet
	Words   []string
	Curve   *Curve
}

// SamplePreviewFragment is the part of the form that follows what is typed.
const SamplePreviewFragment = "sample-preview"

// Curve is an operating characteristic, drawn and as a table. Coordinates are those
// of the drawing's box, 0 0 400 200.
type Curve struct {
	Points string // of the line
	Area   string // under it
	Marks  []CurveMark
	X, Y   []CurveTick
	Rows   []CurveRow
	Text   string
}

// CurveTick is a word at an axis.
type CurveTick struct{ At, Text string }

// CurveMark is a place on the curve worth naming.
type CurveMark struct{ X, Y, Text string }

// CurveRow is one row of the table.
type CurveRow struct{ Share, Pass string }

// Sample is one sample.
type Sample struct {
	Name      string
	State     SampleState
	Verdict   string // the sentence that answers the question
	Statement string // the consumer's
	Notes     []string
	Figures   []SampleFigure
	Progress  TargetBar
	Plan      []string
	Facts     []Hidden // name and value, for those who draw it again
	Verified  *Flash
	VerifyURL string
	Review    *Link
	Elsewhere string // why the viewer is not asked to review what is left
	Work      *Link  // the assignment in which others do
	Close     *SampleClose
	Abandon   *Confirm
	More      *Confirm
	Return    *Confirm // sends the batch back as a whole
	Returned  *Link    // the act that does, once it was drafted
	Curve     *Curve
	Items     []SampleItem
	Pager     Pager
}

// SampleFigure is one count; without a URL there is nothing behind it.
type SampleFigure struct {
	Label string
	Value string
	Note  string
	URL   string
}

// SampleClose is the form that records the verdict.
type SampleClose struct {
	Action string
	Label  string
	Danger bool
	Note   Field
}

// SampleItem is one example of the sample.
type SampleItem struct {
	Ordinal string
	URL     string
	Name    string
	Status  string
	Outcome string
	Defect  bool
}

// samplesHead is the top of the list.
func samplesHead(v Samples) Head {
	h := Head{Title: "Sampling", Lead: "Judge a whole batch by some of its examples, drawn by chance: with how many, and how sure you can be then, is worked out for you."}
	if v.New != "" && v.Empty == nil {
		h.Actions = []Link{{Label: "Sample a batch", URL: v.New, Icon: "plus", Style: ButtonPrimary}}
	}
	return h
}
