package example

// A Status is where an example stands in review.
type Status string

// The states of an example.
const (
	Pending   Status = "pending"
	Approved  Status = "approved"
	Rejected  Status = "rejected"
	Escalated Status = "escalated" // needs an expert
)

// Statuses lists every status, in the order in which people think of them.
var Statuses = [...]Status{Pending, Approved, Rejected, Escalated}

// Valid reports whether s is one of Statuses.
func (s Status) Valid() bool {
	switch s {
	case Pending, Approved, Rejected, Escalated:
		return true
	}
	return false
}

// A Verdict is what a reviewer decides about an example.
type Verdict string

// The verdicts of a decision. An undo is recorded as a decision of its own and
// is not a verdict.
const (
	Approve  Verdict = "approve"
	Reject   Verdict = "reject"
	Escalate Verdict = "escalate"
	Skip     Verdict = "skip"
)

// Next returns the status that v leads to from s, and whether it is allowed:
// every decision may be revised by a later one, and a skip changes nothing.
func (s Status) Next(v Verdict) (Status, bool) {
	if !s.Valid() {
		return s, false
	}
	switch v {
	case Approve:
		return Approved, true
	case Reject:
		return Rejected, true
	case Escalate:
		return Escalated, true
	case Skip:
		return s, true
	}
	return s, false
}
