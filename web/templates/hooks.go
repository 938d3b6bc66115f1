package templates

// Hooks is the list of webhooks with the form for another.
type Hooks struct {
	Rows   []HookRow
	Form   HookForm
	Secret string // of the one just made; shown once
	Note   string
	Empty  bool
}

// HookRow is one webhook in the list.
type HookRow struct {
	URL, Name, Address, State, Style string
	Events                           []HookEvent
}

// HookEvent is something to be told of, as people say it and as programs do.
type HookEvent struct{ Words, Code string }

// HookForm says what a webhook is.
type HookForm struct {
	Action  string
	Problem string
	Name    Field
	Address Field
	Events  []Box
	Wrong   string // with Events
	Button  string
}

// Hook is the page of one webhook.
type Hook struct {
	Head       Head
	State      string
	Style      string // of Flash
	Secret     string // a new one; shown once
	SecretHint string
	Form       HookForm
	Actions    []Confirm
	Try        string
	Enable     string
	Rows       []HookDelivery
	Pager      Pager
}

// HookDelivery is one line of the log.
type HookDelivery struct {
	URL    string
	Words  string // of the event
	Event  string
	At     Time
	State  string
	Style  string // of a badge
	Result string // "500 in 12 ms"
	Next   *Time
	Resend string
}

// HookSent is the page of one delivery.
type HookSent struct {
	Head     Head
	Line     HookDelivery
	Facts    []Origin
	Body     []Run
	Attempts []HookAttempt
}

// HookAttempt is what came of sending once.
type HookAttempt struct {
	At       Time
	Result   string
	Problem  string
	Response []Run
}
