// Package templates turns view models into HTML. A view model holds strings,
// numbers, booleans and slices that are already shaped for display; nothing
// here asks a service, formats a time or decides who may see what.
package templates

import (
	"strings"

	"github.com/voicefit/spotter/web/static"
)

// Page is what the frame around every page needs.
type Page struct {
	Title   string // of this page alone; " · Spotter" is added
	Section string // which entry of the navigation is current: the constants below
	User    *User  // nil where nobody is signed in: the page stands alone, without navigation
	Nav     Nav
	Flash   *Flash   // the outcome of what was done on the page before, if any
	Demo    *Demo    // set while the workspace holds demo examples
	Width   string   // "", WidthNarrow or WidthFull
	Styles  []string // further style sheets, as names for static.Asset
	Modules []string // further JavaScript modules, as names for static.Asset
	Live    bool     // what it shows goes on changing: without JavaScript it is loaded again and again
}

// Widths of a page's column.
const (
	WidthNarrow = "page-narrow" // forms and reading
	WidthFull   = "page-full"   // work that uses the whole window
)

// Sections of the navigation.
const (
	SectionDashboard   = "dashboard"
	SectionReview      = "review"
	SectionExamples    = "examples"
	SectionImports     = "imports"
	SectionQuality     = "quality"
	SectionDuplicates  = "duplicates"
	SectionDownload    = "download"
	SectionReleases    = "releases"
	SectionCatalog     = "catalog"
	SectionPeople      = "people"
	SectionAudit       = "audit"
	SectionInbox       = "inbox"
	SectionAssignments = "assignments"
	SectionAgreement   = "agreement"
	SectionSampling    = "sampling"
	SectionHooks       = "hooks"
	SectionHelp        = "help"
)

// User is who is signed in.
type User struct {
	Name     string
	Email    string
	Role     string // as a word: "Lead reviewer"
	Initials string
}

// Nav says which entries of the navigation this user may see.
type Nav struct {
	Dashboard, Review, Examples, Imports, Quality, Duplicates, Download, Catalog, People, Audit bool

	Agreement, Sampling bool
	Releases            bool

	ReviewWaiting string // how many examples wait, formatted; empty: not shown

	Assignments bool
	Hooks       bool
	Inbox       bool
	InboxUnread string // how many notices are unread, formatted; empty: none
}

// Kinds of Flash.
const (
	FlashSuccess = "success"
	FlashInfo    = "info"
	FlashWarning = "warning"
	FlashError   = "error"
)

// Flash is one sentence about what just happened.
type Flash struct {
	Kind string
	Text string
}

// Demo describes the demo data of a workspace.
type Demo struct {
	Examples  string // how many, formatted
	MayRemove bool
}

type navItem struct {
	section, label, url, icon, count string
}

type navGroup struct {
	heading string
	items   []navItem
}

// groups lists the entries that n allows, in the order of the day's work.
func (n Nav) groups() []navGroup {
	entry := func(allowed bool, item navItem) []navItem {
		if !allowed {
			return nil
		}
		return []navItem{item}
	}
	join := func(lists ...[]navItem) []navItem {
		var all []navItem
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	var groups []navGroup
	for _, g := range []navGroup{
		{"Work", join(
			entry(n.Dashboard, navItem{SectionDashboard, "Dashboard", "/", "dashboard", ""}),
			entry(n.Review, navItem{SectionReview, "Review", "/review", "review", n.ReviewWaiting}),
			entry(n.Examples, navItem{SectionExamples, "Examples", "/examples", "examples", ""}),
			entry(n.Inbox, navItem{SectionInbox, "Inbox", "/inbox", "inbox", n.InboxUnread}), // among the four of a phone's bar
			entry(n.Assignments, navItem{SectionAssignments, "Assignments", "/assignments", "assign", ""}))},
		{"Data", join(
			entry(n.Imports, navItem{SectionImports, "Import", "/imports", "imports", ""}),
			entry(n.Quality, navItem{SectionQuality, "Quality", "/quality", "quality", ""}),
			entry(n.Duplicates, navItem{SectionDuplicates, "Duplicates", "/duplicates", "duplicates", ""}),
			entry(n.Sampling, navItem{SectionSampling, "Sampling", "/sampling", "sampling", ""}),
			entry(n.Agreement, navItem{SectionAgreement, "Agreement", "/agreement", "agreement", ""}),
			entry(n.Releases, navItem{SectionReleases, "Releases", "/releases", "releases", ""}),
			entry(n.Download, navItem{SectionDownload, "Download", "/download", "download", ""}))},
		{"Workspace", join(
			entry(n.Catalog, navItem{SectionCatalog, "Catalog", "/catalog", "catalog", ""}),
			entry(n.People, navItem{SectionPeople, "People", "/people", "people", ""}),
			entry(n.Hooks, navItem{SectionHooks, "Webhooks", "/webhooks", "external", ""}),
			entry(n.Audit, navItem{SectionAudit, "Record", "/audit", "audit", ""}),
			entry(true, navItem{SectionHelp, "Help", "/help", "help", ""}))},
	} {
		if len(g.items) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// phone splits the entries into those of the bottom bar and those behind its
// "More".
func (n Nav) phone() (bar, more []navItem) {
	const inBar = 4
	for _, g := range n.groups() {
		for _, item := range g.items {
			if len(bar) < inBar {
				bar = append(bar, item)
			} else {
				more = append(more, item)
			}
		}
	}
	return bar, more
}

// within says whether one of items is the current section.
func within(items []navItem, section string) bool {
	for _, item := range items {
		if item.section == section {
			return true
		}
	}
	return false
}

// htmxFile is built from npm and may be missing; pages work without it.
const htmxFile = "vendor/htmx.min.js"

// htmxConfig keeps htmx inside the content security policy and makes it show
// forms that come back with problems (422).
const htmxConfig = `{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0,` +
	`"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}`

func icon(name string) string { return static.Asset("img/icons.svg") + "#" + name }

// describedBy joins the ids of a field's hint and problem.
func describedBy(ids ...string) string {
	var set []string
	for _, id := range ids {
		if id != "" {
			set = append(set, id)
		}
	}
	return strings.Join(set, " ")
}
