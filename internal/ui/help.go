package ui

import (
	"net/http"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/web/templates"
)

// showHelp handles GET /help.
func (s *Server) showHelp(w http.ResponseWriter, r *http.Request) error {
	u, _ := userOf(r.Context())
	return s.show(w, r, templates.HelpPage(s.frame(w, r, "Help", templates.SectionHelp), helpView(u)))
}

// helpView is the help page; the steps are those that this user may do.
func helpView(u account.User) templates.Help {
	v := templates.Help{
		Keys: []templates.HelpKey{
			{Keys: []string{"A"}, Does: "Approve, and go to the next example"},
			{Keys: []string{"R"}, Does: "Reject; then a number for the reason"},
			{Keys: []string{"E"}, Does: "Edit; every message can be changed in place"},
			{Keys: []string{"S"}, Does: "Skip: somebody else gets it, or you later"},
			{Keys: []string{"F"}, Does: "Ask a specialist, with a question"},
			{Keys: []string{"U"}, Does: "Undo the last decision; again for the one before"},
			{Keys: []string{"←", "→"}, Does: "Look around without deciding"},
			{Keys: []string{"1 to 9"}, Does: "Tick that line of the checklist, or take the tick away"},
			{Keys: []string{"C"}, Does: "Say something: the field for a comment"},
			{Keys: []string{"/"}, Does: "On pages with a search: the field for words"},
			{Keys: []string{"G"}, Does: "Everywhere: go to another page; a list under the arrow keys and first letters"},
			{Keys: []string{"W"}, Does: "On an example's page: waive a finding, with a reason"},
			{Keys: []string{"?"}, Does: "Show all keys; on other pages than the queue, this list"},
			{Keys: []string{"Esc"}, Does: "Leave the field you type in; keys then work again"},
			{Keys: []string{"Ctrl", "Enter"}, Does: "While editing: save, approve, next"},
			{Keys: []string{"Enter"}, Does: "In a list of a form: add one behind; Shift and Enter begins a new line"},
			{Keys: []string{"Backspace"}, Does: "In an empty field of a list: take it away"},
			{Keys: []string{"Alt", "↑ ↓"}, Does: "In a list of a form: move what you edit up or down"},
			{Keys: []string{"Alt", "Delete"}, Does: "In a list of a form: take away what you edit"},
			{Keys: []string{"1 to 9"}, Does: "Among duplicates: keep that one of the marked group, reject the others"},
			{Keys: []string{"N"}, Does: "Among duplicates: they are different; never show them together again"},
			{Keys: []string{"J", "K"}, Does: "Among duplicates: next and previous group"},
		},
		Words: []templates.HelpWord{
			{Word: "Example", Means: "One conversation that the model will learn from: what was said to it, and what it should answer."},
			{Status: "pending", Means: "Nobody has decided yet."},
			{Status: "approved", Means: "Enough people said yes. It goes into downloads and releases."},
			{Status: "rejected", Means: "Somebody said no, with a reason. It is kept, and stays out."},
			{Status: "escalated", Means: "A reviewer asked a specialist a question about it."},
			{Word: "Finding", Means: "Something a check noticed. An error needs a written reason to approve over it; a warning or note does not."},
			{Word: "Revision", Means: "One state of an example's text. Editing makes a new one; nothing is overwritten."},
			{Word: "Hold", Means: "While you look at an example it is yours for a few minutes, so that nobody else decides it at the same time."},
			{Word: "Target", Means: "How many approved examples a category should have in the end."},
		},
	}
	for _, role := range account.Roles() {
		v.Roles = append(v.Roles, templates.HelpWord{Word: roleWord(role), Means: roleDuties[role]})
	}
	for _, step := range []struct {
		may  account.Permission
		step templates.HelpStep
	}{
		{account.Import, templates.HelpStep{
			Title: "Bring a file in", Text: "Drop it on the import page. You see the first rows as they will look before anything is stored, and afterwards what came in, what was a duplicate and what was refused, and why.",
			Link: templates.Link{Label: "Import a file", URL: "/imports/new"},
		}},
		{account.Review, templates.HelpStep{
			Title: "Review", Text: "Choose a queue. Read the example, then press one key: A to approve, R to reject, E to edit. The next one is there at once, and U takes the last decision back.",
			Link: templates.Link{Label: "Open the queues", URL: "/review"},
		}},
		{account.View, templates.HelpStep{
			Title: "See how far you are", Text: "The dashboard shows each category against its target. Every number leads to the examples it counts.",
			Link: templates.Link{Label: "Open the dashboard", URL: "/"},
		}},
		{account.Export, templates.HelpStep{
			Title: "Take the approved ones out", Text: "Download them in the form your training platform or trainer reads: each is held against its rules beforehand. A file from elsewhere: spotter check --preset NAME FILE.",
			Link: templates.Link{Label: "Open downloads", URL: "/download"},
		}},
		{account.ManagePeople, templates.HelpStep{
			Title: "Bring your team in", Text: "Make a link for each person and pass it on. Coaches are reviewers; whoever writes scripts is an ML engineer.",
			Link: templates.Link{Label: "Invite people", URL: "/people"},
		}},
	} {
		if u.Can(step.may) {
			v.Steps = append(v.Steps, step.step)
		}
	}
	return v
}

// roleDuties say what each role is for. What it may do is account's to say.
var roleDuties = map[account.Role]string{
	account.Admin:    "Looks after people, roles, the catalog and the demo data, and may do all the rest.",
	account.Lead:     "Reviews, imports and downloads, frees examples that others hold, reads the record.",
	account.Reviewer: "Reads examples and decides: approve, fix, reject, ask.",
	account.PM:       "Watches progress against targets and downloads what is approved.",
	account.Engineer: "Imports files, downloads and releases datasets, works with the API.",
}
