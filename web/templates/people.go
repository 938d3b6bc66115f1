package templates

// Login is the page for signing in.
type Login struct {
	Email    Field
	Password Field
	Next     string // where to go afterwards, as a path
	Problem  string
	FirstRun bool // nobody has an account yet
}

// Setup is the page that makes the first admin.
type Setup struct {
	Token     string
	Name      Field
	Email     Field
	Password  Field
	Problem   string
	OfferDemo bool
	WantsDemo bool
}

// Join is the page on which somebody invited makes an account.
type Join struct {
	Action   string // where the form is posted
	Role     string
	Name     Field
	Email    Field
	Password Field
	Problem  string
}

// Account is what people see and change about themselves.
type Account struct {
	Name, Email, Role string
	Links             []Link // to more that is one's own

	CurrentPassword Field
	NewPassword     Field
	PasswordProblem string

	Sessions []Session

	Tokens       []Token
	NewToken     string // the token just made; shown this once
	TokenName    Field
	TokenExpires Choice
	TokenProblem string
	MayMakeToken bool
}

// Session is one browser that is signed in.
type Session struct {
	Device  string
	Address string
	Started Time
	Seen    Time
	Current bool
	Revoke  []Hidden
}

// Token is an API token; its secret is not known any more.
type Token struct {
	Name    string
	Prefix  string
	Created Time
	Used    Time // Text is "never" without Machine
	Expires Time
	State   string // "active", "expired", "revoked"
	Revoke  Confirm
	Active  bool
}

// People is the list of everybody who has an account.
type People struct {
	Rows        []Person
	Invitations []Invitation
	Pager       Pager
	Link        string // of the invitation just made; shown this once
	LinkNote    string
	Email       Field
	Role        Choice
	Problem     string
}

// Person is one row of People.
type Person struct {
	Name      string
	Email     string
	Role      string
	You       bool
	Disabled  bool
	Joined    Time
	Activity  string // address of what they did
	Skills    []Ticked
	SkillForm string // where skills are posted
	RoleForm  string // where a change of role is posted
	Roles     Choice
	Disable   Confirm
	Enable    string // where the form is posted
}

// Invitation is a link that was given out and not used yet.
type Invitation struct {
	Email   string
	Role    string
	By      string
	Made    Time
	Expires Time
	Expired bool
	Revoke  string // where the form is posted
}

// Audit is a page of the record.
type Audit struct {
	Action Choice
	Actor  Choice
	Object Field
	Since  Field
	Until  Field
	Rows   []AuditRow
	Pager  Pager
	CSV    string // addresses of the same entries as files
	JSONL  string
}

// PersonActivity is the record of one person.
type PersonActivity struct {
	Crumbs       []Link
	Name, Lead   string
	Action       string // where the filter is sent
	Family       Choice
	Since, Until Field
	Rows         []AuditRow
	Pager        Pager
	CSV, JSONL   string
}

// AuditRow is one entry of the record.
type AuditRow struct {
	At         Time
	Actor      string
	Action     string // as a word of the program: "account.login"
	ActionURL  string // the same act by anybody
	Object     string // short: "user/…da482df96038"
	ObjectFull string
	GoURL      string // page of the thing itself; empty: it has none
	ObjectURL  string // everything done to it; empty: none
	Details    []Fact
	Seal       string // its number in the chain; empty while it waits
}
