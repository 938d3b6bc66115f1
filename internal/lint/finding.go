package lint

// A Severity says how bad a finding is.
type Severity string

// The severities. An error keeps an example from being approved without a
// written reason.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// valid reports whether s is one of the severities.
func (s Severity) valid() bool { return s.rank() > 0 }

// rank orders the severities, the worst highest; 0 for what is none.
func (s Severity) rank() int {
	switch s {
	case Info:
		return 1
	case Warning:
		return 2
	case Error:
		return 3
	}
	return 0
}

// A Finding is one thing that a rule says about one example. Path is a JSON
// pointer (RFC 6901) into the example: /messages/2/content, continued into the
// answer's own JSON where the content is a structured answer
// (/messages/2/content/assessment/confidence). Start and End are byte offsets
// in the text at Path; both 0 means all of it.
type Finding struct {
	Rule     string
	Severity Severity
	Message  string // a sentence that says what to do
	Path     string
	Start    int
	End      int
}
