package account

import (
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/fault"
)

// A Role is what somebody is in the team. Every user has exactly one.
type Role string

const (
	Admin    Role = "admin"
	Lead     Role = "lead"
	Reviewer Role = "reviewer"
	PM       Role = "pm"
	Engineer Role = "engineer"
)

// Roles returns all roles, from the most to the least powerful where that can
// be said.
func Roles() []Role { return []Role{Admin, Lead, Reviewer, PM, Engineer} }

// ParseRole returns the role with the given name. Any other is fault.Invalid.
func ParseRole(name string) (Role, error) {
	if r := Role(name); slices.Contains(Roles(), r) {
		return r, nil
	}
	var names []string
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return "", fault.Fields("There is no such role.", map[string]string{
		"role": "Choose one of " + strings.Join(names, ", ") + ".",
	})
}

// A Permission is something that a role may do. Every route names one.
type Permission string

const (
	View          Permission = "view"           // dashboard, examples, catalog, help
	Review        Permission = "review"         // claim, decide, edit, undo
	Import        Permission = "import"         // bring rows in
	Export        Permission = "export"         // take approved rows out
	Release       Permission = "release"        // make a release
	Overrule      Permission = "overrule"       // let red lines of a release stand, withdraw one
	ManageCatalog Permission = "manage catalog" // categories, prompts, targets
	ManagePeople  Permission = "manage people"  // invitations, roles, disabling
	ReadAudit     Permission = "read audit"     // the record of who did what
	RemoveDemo    Permission = "remove demo"    // take the demo rows away
	ManageLeases  Permission = "manage leases"  // free what somebody else has claimed
	Assign        Permission = "assign"         // give work to people
	Comment       Permission = "comment"        // say something about an example
	Measure       Permission = "measure"        // how far people agree; samples and what follows from them
	Adjudicate    Permission = "adjudicate"     // settle what reviewers disagree on, mark gold examples
	Share         Permission = "share"          // links to the dashboard for people without an account
	ActOnMany     Permission = "act on many"    // one act on many examples at once
	ManageHooks   Permission = "manage hooks"   // which programs are told of what
	OwnAccount    Permission = "own account"    // one's own password, sessions, tokens
)

// allowed is the one table that says who may do what.
var allowed = map[Permission][]Role{
	View:          {Admin, Lead, Reviewer, PM, Engineer},
	Review:        {Admin, Lead, Reviewer},
	Import:        {Admin, Lead, Engineer},
	Export:        {Admin, Lead, PM, Engineer},
	Release:       {Admin, Lead, Engineer},
	Overrule:      {Admin, Lead},
	ManageCatalog: {Admin},
	ManagePeople:  {Admin},
	ReadAudit:     {Admin, Lead},
	RemoveDemo:    {Admin},
	ManageLeases:  {Admin, Lead},
	Assign:        {Admin, Lead},
	Comment:       {Admin, Lead, Reviewer, PM, Engineer},
	Measure:       {Admin, Lead},
	Adjudicate:    {Admin, Lead},
	Share:         {Admin, Lead, PM},
	ActOnMany:     {Admin, Lead},
	ManageHooks:   {Admin},
	OwnAccount:    {Admin, Lead, Reviewer, PM, Engineer},
}

// Permissions returns all permissions, sorted.
func Permissions() []Permission {
	all := make([]Permission, 0, len(allowed))
	for p := range allowed {
		all = append(all, p)
	}
	slices.Sort(all)
	return all
}

// Can says whether the role has the permission. A role or permission that is
// not in the table has and gives nothing.
func (r Role) Can(p Permission) bool { return slices.Contains(allowed[p], r) }
