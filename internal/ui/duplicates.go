package ui

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Duplicates finds examples that are alike and carries out what people decide
// about them: dedup.Service.
type Duplicates interface {
	List(ctx context.Context, f dedup.Filter) ([]dedup.Group, error)
	Get(ctx context.Context, id, after uuid.UUID) (dedup.Group, error)
	Counts(ctx context.Context) ([]dedup.Count, error)
	Waiting(ctx context.Context, most int) (int, error)
	Obvious(ctx context.Context, category string, after uuid.UUID, limit int) ([]dedup.Choice, uuid.UUID, error)
	KeepOne(ctx context.Context, by audit.Actor, r dedup.Ruling) (dedup.Outcome, error)
	KeepEach(ctx context.Context, by audit.Actor, rulings []dedup.Ruling) ([]dedup.Outcome, error)
	NotDuplicates(ctx context.Context, by audit.Actor, group uuid.UUID, seen []dedup.Seen) error
	RejectedFor(ctx context.Context, survivor uuid.UUID) ([]dedup.Origin, error)
	SurvivorOf(ctx context.Context, id uuid.UUID) (uuid.UUID, bool, error)
}

const (
	groupsShown  = 10     // groups on a page
	obviousShown = 50     // rulings in one preview: carried out within one request
	waitingShown = 10_000 // examples that wait are counted up to here
	originsShown = 20     // rejected copies that the page of a survivor lists
	maxPartBytes = 16_000 // of a message that is compared; the page of the example has the rest
)

func (s *Server) duplicateRoutes() {
	s.get("/duplicates", account.View, s.showDuplicates)
	s.get("/duplicates/{id}", account.View, s.showDuplicateGroup)
	s.post("/duplicates/{id}/keep", account.Review, s.keepOne)
	s.post("/duplicates/{id}/different", account.Review, s.keepApart)
	s.get("/duplicates/obvious", account.Review, s.showObvious)
	s.post("/duplicates/obvious", account.Review, s.keepObvious)
	s.post("/duplicates/undo", account.Review, s.undoRejections)
}

// kindWords are the kinds of groups as tabs, and what a person does with each.
var kindWords = map[dedup.Kind]struct{ tab, lead, none string }{
	dedup.Contradiction: {"Contradictions", "The questions are nearly the same and the answers are not: at most one can be right. Keep the right one, or correct them on their pages.", "No two examples answer nearly the same question differently."},
	dedup.Near:          {"Near", "Nearly the same words. Keep the best one; the others are rejected as duplicates of it.", "No two examples are nearly the same."},
	dedup.Equal:         {"Equal", "The same but for capitals, spaces and punctuation. Keep one of each; the others are rejected as duplicates of it.", "No two examples are the same after normalising."},
	dedup.Variant:       {"Variants", "Alike but for their numbers or names. They are not duplicates and need no decision; too many of one pattern teach little.", "No pattern is repeated with other numbers."},
}

// duplicateList says which part of the inbox is meant.
type duplicateList struct {
	kind     dedup.Kind
	category string
	after    uuid.UUID
}

// parseDuplicateList reads it from an address or a form. Nothing chosen means
// what needs a person most.
func parseDuplicateList(form url.Values) (duplicateList, error) {
	l := duplicateList{kind: dedup.Kind(form.Get("kind")), category: form.Get("category")}
	var err error
	if l.kind != "" && !l.kind.Valid() {
		return l, fault.New(fault.Invalid, "There is no such list of duplicates.")
	}
	if l.after, err = optionalUUID(form.Get("after")); err != nil {
		return l, fault.New(fault.Invalid, "The address of this page is damaged. Go back to the beginning of the list.")
	}
	return l, nil
}

func optionalUUID(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	return uuid.Parse(text)
}

func (l duplicateList) values() url.Values {
	q := url.Values{}
	if l.kind != "" {
		q.Set("kind", string(l.kind))
	}
	if l.category != "" {
		q.Set("category", l.category)
	}
	if l.after != uuid.Nil {
		q.Set("after", l.after.String())
	}
	return q
}

func (l duplicateList) url() string { return addressOf("/duplicates", l.values()) }

func addressOf(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// showDuplicates handles GET /duplicates.
func (s *Server) showDuplicates(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	u, _ := userOf(ctx)
	l, err := parseDuplicateList(r.URL.Query())
	if err != nil {
		return err
	}
	counts, err := s.duplicates.Counts(ctx)
	if err != nil {
		return err
	}
	groups, total := map[dedup.Kind]int{}, 0
	for _, c := range counts {
		if l.category == "" || c.Category == l.category {
			groups[c.Kind] += c.Groups
		}
		total += c.Groups
	}
	if l.kind == "" {
		l.kind = dedup.Kinds[0]
		for _, k := range dedup.Kinds {
			if groups[k] > 0 {
				l.kind = k
				break
			}
		}
	}
	found, err := s.duplicates.List(ctx, dedup.Filter{Kind: l.kind, Category: l.category, After: l.after, Limit: groupsShown + 1})
	if err != nil {
		return err
	}
	v := templates.Duplicates{Kind: string(l.kind), Lead: kindWords[l.kind].lead}
	for _, k := range dedup.Kinds {
		v.Tabs = append(v.Tabs, templates.DuplicateTab{
			Label: kindWords[k].tab, Count: number(groups[k]), Current: k == l.kind, URL: duplicateList{kind: k, category: l.category}.url(),
		})
	}
	cat, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	category := choice("category", "Category", "All categories", l.category)
	for _, one := range cat.Categories {
		category.add(one.Slug, one.Name)
	}
	v.Category = category.done()
	if v.Scanning, err = s.scanning(ctx); err != nil {
		return err
	}
	if len(found) > groupsShown {
		found = found[:groupsShown]
		on := l
		on.after = found[groupsShown-1].ID
		v.Next = on.url()
	}
	if l.after != uuid.Nil {
		v.First = duplicateList{kind: l.kind, category: l.category}.url()
	}
	may := u.Can(account.Review)
	for i, g := range found {
		next := ""
		if i+1 < len(found) {
			next = found[i+1].ID.String()
		} else if i > 0 {
			next = found[i-1].ID.String()
		}
		name := g.Category
		if one, ok := cat.Category(g.Category); ok {
			name = one.Name
		}
		drawn := groupView(g, name, may, l, next)
		v.Ruling = v.Ruling || drawn.Apart != ""
		v.Groups = append(v.Groups, drawn)
	}
	if may && groups[dedup.Equal] > 0 {
		v.Obvious = &templates.Link{Label: "Settle the obvious ones", URL: addressOf("/duplicates/obvious", duplicateList{category: l.category}.values())}
	}
	if ids, err := decisionsOf(r.URL.Query()); err != nil {
		return err
	} else if may && len(ids) > 0 {
		v.Undo = undoView(ids, l)
	}
	if len(found) == 0 {
		v.Empty = &templates.Empty{Icon: "duplicates", Title: "Nothing here", Text: kindWords[l.kind].none}
		if l.after != uuid.Nil {
			v.Empty.Text = "The list ends here."
		} else if total == 0 && v.Scanning == "" {
			v.Empty = &templates.Empty{Icon: "duplicates", Title: "No duplicates", Text: "Every example is compared with the others soon after it comes in or changes. What is alike shows up here."}
		}
	}
	page := s.frame(w, r, "Duplicates", templates.SectionDuplicates)
	page.Width = templates.WidthFull
	page.Styles = []string{"css/review.css", "css/duplicates.css"}
	page.Modules = []string{"js/duplicates.js"}
	return s.show(w, r, templates.DuplicatesPage(page, v))
}

// showDuplicateGroup handles GET /duplicates/{id}: one group, its members a page
// at a time. Rulings lead back to the list.
func (s *Server) showDuplicateGroup(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such group of duplicates.")
	}
	after, err := optionalUUID(r.URL.Query().Get("after"))
	if err != nil {
		return fault.New(fault.Invalid, "The address of this page is damaged. Go back to the beginning of the group.")
	}
	g, err := s.duplicates.Get(ctx, id, after)
	if err != nil {
		return err
	}
	cat, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	name := g.Category
	if one, ok := cat.Category(g.Category); ok {
		name = one.Name
	}
	u, _ := userOf(ctx)
	l := duplicateList{kind: g.Kind}
	drawn := groupView(g, name, u.Can(account.Review), l, "")
	drawn.All = nil
	v := templates.DuplicateGroupView{Group: drawn, Kind: kindWords[g.Kind].tab, Lead: kindWords[g.Kind].lead, List: l.url()}
	if after != uuid.Nil {
		v.First = "/duplicates/" + id.String()
	}
	if len(g.Members) == dedup.MaxMembers {
		v.Next = addressOf("/duplicates/"+id.String(), url.Values{"after": {g.Members[dedup.MaxMembers-1].ID.String()}})
	}
	page := s.frame(w, r, drawn.Title, templates.SectionDuplicates)
	page.Width = templates.WidthFull
	page.Styles = []string{"css/review.css", "css/duplicates.css"}
	page.Modules = []string{"js/duplicates.js"}
	return s.show(w, r, templates.DuplicateGroupPage(page, v))
}

// scanning says how many examples have not been compared yet.
func (s *Server) scanning(ctx context.Context) (string, error) {
	n, err := s.duplicates.Waiting(ctx, waitingShown)
	if err != nil || n == 0 {
		return "", err
	}
	words := counted(n, "example has", "examples have")
	if n >= waitingShown {
		words = "More than " + words
	}
	return words + " not been compared yet; that happens by itself. Reload the page to see what was found.", nil
}

// groupView draws a group. next is the group to go on with when this one is
// settled.
func groupView(g dedup.Group, category string, may bool, l duplicateList, next string) templates.DuplicateGroup {
	v := templates.DuplicateGroup{Anchor: "group-" + g.ID.String(), Title: counted(g.Size, "example", "examples") + " in " + draw.Plain(category)}
	whole := g.Size == len(g.Members)
	var notes []string
	if fields := differing(g.Pairs); len(fields) > 0 {
		notes = append(notes, "The answers differ in "+draw.Plain(strings.Join(fields, ", "))+".")
	}
	if !whole {
		v.All = &templates.Link{Label: "See all " + number(g.Size), URL: "/duplicates/" + g.ID.String()}
		notes = append(notes, number(len(g.Members))+" of them shown.")
	}
	if may && g.Kind != dedup.Variant {
		hidden := []templates.Hidden{{Name: "kind", Value: string(l.kind)}, {Name: "category", Value: l.category}, {Name: "next", Value: next}}
		if l.after != uuid.Nil {
			hidden = append(hidden, templates.Hidden{Name: "after", Value: l.after.String()})
		}
		switch {
		case whole:
			for _, m := range g.Members {
				hidden = append(hidden, templates.Hidden{Name: "seen", Value: seenText(m)})
			}
			v.Keep, v.Hidden = "/duplicates/"+g.ID.String()+"/keep", hidden
			v.Apart, v.Label = "/duplicates/"+g.ID.String()+"/different", "Not duplicates"
			if g.Kind == dedup.Contradiction {
				v.Label = "Not a contradiction"
			}
		case g.Kind == dedup.Equal:
			v.Keep, v.Hidden = "/duplicates/"+g.ID.String()+"/keep", append(hidden, templates.Hidden{Name: "unseen", Value: "1"})
			v.Sure = "The other " + number(g.Size-1) + " are rejected as duplicates of this one, also the " + number(g.Size-len(g.Members)) + " that are not shown. All of them say the same after normalising."
		default:
			for _, m := range g.Members {
				hidden = append(hidden, templates.Hidden{Name: "seen", Value: seenText(m)})
			}
			v.Keep, v.Hidden = "/duplicates/"+g.ID.String()+"/keep", append(hidden, templates.Hidden{Name: "part", Value: "1"})
			notes = append(notes, "Keeping one rejects the others that are shown; then the next of the group take their places.")
		}
	}
	v.Note = strings.Join(notes, " ")
	for i, m := range g.Members {
		one := templates.DuplicateMember{
			Number: number(i + 1), ID: m.ID.String(), URL: "/examples/" + m.ID.String(), Status: string(m.Status),
			Source: draw.Plain(m.SourceName) + ", line " + number(m.SourceLine), SourceURL: "/imports/" + m.ImportID.String(),
		}
		if m.Errors > 0 {
			one.Errors = counted(m.Errors, "error", "errors")
		}
		if m.Warnings > 0 {
			one.Warnings = counted(m.Warnings, "warning", "warnings")
		}
		if i > 0 {
			one.Like = likeness(g.Pairs, g.Members[0].ID, m.ID)
		}
		one.Parts = partsOf(g.Members[0].Messages, m.Messages, i == 0)
		v.Members = append(v.Members, one)
	}
	return v
}

// differing lists the fields in which answers contradict each other.
func differing(pairs []dedup.Pair) []string {
	var all []string
	for _, p := range pairs {
		for _, f := range p.Fields {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	slices.Sort(all)
	return all
}

func likeness(pairs []dedup.Pair, a, b uuid.UUID) string {
	for _, p := range pairs {
		if p.A == a && p.B == b || p.A == b && p.B == a {
			return strconv.Itoa(int(math.Floor(100*p.Similarity))) + " % like example 1"
		}
	}
	return ""
}

// partsOf draws the messages of a member, marked where they differ from those of
// the first one. Messages that only the first one has stand there as removed.
func partsOf(before, after []example.Message, whole bool) []templates.DuplicatePart {
	var parts []templates.DuplicatePart
	for i := range max(len(before), len(after)) {
		switch {
		case i >= len(after):
			parts = append(parts, templates.DuplicatePart{Who: messageWord(before[i]), Runs: draw.Words(clip(before[i]), "")})
		case whole:
			parts = append(parts, templates.DuplicatePart{Who: messageWord(after[i]), Runs: draw.Text(clip(after[i]))})
		case i >= len(before):
			parts = append(parts, templates.DuplicatePart{Who: messageWord(after[i]), Runs: draw.Words("", clip(after[i]))})
		default:
			x, y := clip(before[i]), clip(after[i])
			parts = append(parts, templates.DuplicatePart{Who: messageWord(after[i]), Runs: draw.Words(x, y), Same: x == y && before[i].Role == after[i].Role})
		}
	}
	return parts
}

func messageWord(m example.Message) string {
	switch m.Role {
	case example.System:
		return "System prompt"
	case example.User:
		return "Question"
	case example.Assistant:
		return "Answer"
	case example.Tool:
		return "Tool result"
	}
	return draw.Plain(string(m.Role))
}

// clip is what is compared of a message: its text and what it calls.
func clip(m example.Message) string {
	text := m.Content
	for _, call := range m.ToolCalls {
		text = strings.TrimPrefix(text+"\n"+call.Name+" "+call.Arguments, "\n")
	}
	if len(text) > maxPartBytes {
		text = strings.ToValidUTF8(text[:maxPartBytes], "") + "\n… the page of the example has the rest."
	}
	return text
}

// seenText says what somebody saw of a member: id, revision and status.
func seenText(m dedup.Member) string {
	return m.ID.String() + " " + strconv.Itoa(m.Revision) + " " + string(m.Status)
}

// parseSeen is seenText read back.
func parseSeen(texts []string) ([]dedup.Seen, error) {
	var all []dedup.Seen
	for _, text := range texts {
		f := strings.Fields(text)
		if len(f) != 3 {
			return nil, unseen()
		}
		id, err := uuid.Parse(f[0])
		if err != nil {
			return nil, unseen()
		}
		revision, err := strconv.Atoi(f[1])
		if err != nil {
			return nil, unseen()
		}
		all = append(all, dedup.Seen{ID: id, Revision: revision, Status: example.Status(f[2])})
	}
	if len(all) == 0 {
		return nil, unseen()
	}
	return all, nil
}

func unseen() error {
	return fault.New(fault.Invalid, "The form does not say what you saw. Go back, reload the page and try again.")
}

// ruled reads the form about one group.
func (s *Server) ruled(r *http.Request) (group uuid.UUID, l duplicateList, err error) {
	if err := r.ParseForm(); err != nil {
		return uuid.Nil, l, malformed(err)
	}
	if group, err = uuid.Parse(chi.URLParam(r, "id")); err != nil {
		return uuid.Nil, l, fault.New(fault.NotFound, "There is no such group of duplicates.")
	}
	l, err = parseDuplicateList(r.PostForm)
	return group, l, err
}

// mayKeepUnseen says whether the form names no members because the rest of the
// group is not shown, in a group whose members all say the same.
func (s *Server) mayKeepUnseen(r *http.Request, group uuid.UUID) (bool, error) {
	if r.PostForm.Get("unseen") != "1" {
		return false, nil
	}
	g, err := s.duplicates.Get(r.Context(), group, uuid.Nil)
	return g.Kind == dedup.Equal, err
}

// keepOne handles POST /duplicates/{id}/keep.
func (s *Server) keepOne(w http.ResponseWriter, r *http.Request) error {
	group, l, err := s.ruled(r)
	if err != nil {
		return err
	}
	survivor, err := uuid.Parse(r.PostForm.Get("survivor"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which example to keep. Go back, reload the page and try again.")
	}
	u, _ := userOf(r.Context())
	ruling := dedup.Ruling{Group: group, Survivor: survivor, Part: r.PostForm.Get("part") == "1"}
	blind, err := s.mayKeepUnseen(r, group)
	if err != nil {
		return s.refused(w, r, l, group, err)
	}
	if !blind {
		if ruling.Seen, err = parseSeen(r.PostForm["seen"]); err != nil {
			return err
		}
	}
	out, err := s.duplicates.KeepOne(r.Context(), u.Actor(), ruling)
	if err != nil {
		return s.refused(w, r, l, group, err)
	}
	words, kind := "Kept one; "+counted(len(out.Rejected), "example was", "examples were")+" rejected in favour of it.", templates.FlashSuccess
	if len(out.Left) > 0 {
		kind = templates.FlashWarning
		words += " " + counted(len(out.Left), "example could", "examples could") + " not be rejected: " + anyOf(out.Left)
	}
	if err := s.flash(w, r, kind, words); err != nil {
		return err
	}
	q := l.values()
	for _, rejected := range out.Rejected[:min(len(out.Rejected), dedup.MaxMembers)] {
		q.Add("decision", rejected.Decision.String())
	}
	redirect(w, r, addressOf("/duplicates", q)+nextGroup(r))
	return nil
}

// anyOf is the first sentence, by the order of ids.
func anyOf(left map[uuid.UUID]string) string {
	var first uuid.UUID
	for id := range left {
		if first == uuid.Nil || id.String() < first.String() {
			first = id
		}
	}
	return left[first]
}

// nextGroup is the fragment of the group that comes after the settled one.
func nextGroup(r *http.Request) string {
	if id, err := uuid.Parse(r.PostForm.Get("next")); err == nil {
		return "#group-" + id.String()
	}
	return ""
}

// refused says on the list why a ruling was not carried out: the group may look
// different there by now.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, l duplicateList, group uuid.UUID, err error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Conflict && f.Kind != fault.NotFound {
		return err
	}
	if err := s.flash(w, r, templates.FlashWarning, f.Msg); err != nil {
		return err
	}
	redirect(w, r, l.url()+"#group-"+group.String())
	return nil
}

// keepApart handles POST /duplicates/{id}/different.
func (s *Server) keepApart(w http.ResponseWriter, r *http.Request) error {
	group, l, err := s.ruled(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	seen, err := parseSeen(r.PostForm["seen"])
	if err != nil {
		return err
	}
	if err := s.duplicates.NotDuplicates(r.Context(), u.Actor(), group, seen); err != nil {
		return s.refused(w, r, l, group, err)
	}
	if err := s.flash(w, r, templates.FlashSuccess, "Noted: these "+number(len(seen))+" examples have nothing to do with each other, and are not shown together again."); err != nil {
		return err
	}
	redirect(w, r, l.url()+nextGroup(r))
	return nil
}

// showObvious handles GET /duplicates/obvious: what would be done.
func (s *Server) showObvious(w http.ResponseWriter, r *http.Request) error {
	l, err := parseDuplicateList(r.URL.Query())
	if err != nil {
		return err
	}
	choices, next, err := s.duplicates.Obvious(r.Context(), l.category, l.after, obviousShown)
	if err != nil {
		return err
	}
	l.kind = ""
	v := templates.ObviousDuplicates{Action: "/duplicates/obvious", Back: duplicateList{kind: dedup.Equal, category: l.category}.url()}
	rejects := 0
	for _, c := range choices {
		row := templates.ObviousDuplicate{}
		ruling := c.Ruling.Group.String() + " " + c.Ruling.Survivor.String()
		for i, m := range c.Group.Members {
			name := templates.DuplicateName{Label: "Example " + number(i+1), URL: "/examples/" + m.ID.String(), Status: string(m.Status)}
			if m.ID == c.Ruling.Survivor {
				row.Keep, row.Question = name, draw.Text(questionOf(m.Messages))
			} else {
				row.Reject = append(row.Reject, name)
				rejects++
			}
			ruling += " " + seenText(m)
		}
		v.Rows = append(v.Rows, row)
		v.Hidden = append(v.Hidden, templates.Hidden{Name: "ruling", Value: ruling})
	}
	v.Hidden = append(v.Hidden, templates.Hidden{Name: "category", Value: l.category})
	v.Words = "Will reject " + counted(rejects, "example", "examples") + " in " + counted(len(choices), "group", "groups") +
		" whose members say the same but for capitals, spaces and punctuation. Kept is what is approved, else what has the fewest errors, else the oldest. Every rejection is a decision like any other and can be undone."
	v.Button = "Reject " + counted(rejects, "example", "examples") + " as duplicates"
	if next != uuid.Nil {
		on := l
		on.after = next
		v.Next = addressOf("/duplicates/obvious", on.values())
	}
	if len(choices) == 0 {
		v.Words = ""
		v.Empty = &templates.Empty{
			Icon: "check", Title: "Nothing obvious", Text: "No group here can be settled without looking at it.",
			Actions: []templates.Link{{Label: "Back to the duplicates", URL: v.Back}},
		}
	}
	return s.show(w, r, templates.ObviousDuplicatesPage(s.obviousFrame(w, r), v))
}

func (s *Server) obviousFrame(w http.ResponseWriter, r *http.Request) templates.Page {
	page := s.frame(w, r, "Obvious duplicates", templates.SectionDuplicates)
	page.Styles = []string{"css/review.css", "css/duplicates.css"}
	return page
}

// questionOf is the first thing that the user says, as long as a row shows it.
func questionOf(messages []example.Message) string {
	const limit = 300
	for _, m := range messages {
		if m.Role == example.User {
			if len(m.Content) > limit {
				return strings.ToValidUTF8(m.Content[:limit], "") + "…"
			}
			return m.Content
		}
	}
	return ""
}

// keepObvious handles POST /duplicates/obvious: it carries out the rulings of
// the preview, of groups that still are what it showed.
func (s *Server) keepObvious(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	l, err := parseDuplicateList(r.PostForm)
	if err != nil {
		return err
	}
	texts := r.PostForm["ruling"]
	if len(texts) == 0 || len(texts) > obviousShown {
		return unseen()
	}
	var rulings []dedup.Ruling
	questions := map[uuid.UUID]string{}
	for _, text := range texts {
		ruling, err := parseRuling(text)
		if err != nil {
			return err
		}
		rulings = append(rulings, ruling)
		g, err := s.duplicates.Get(ctx, ruling.Group, uuid.Nil)
		if _, ok := fault.As(err); ok {
			questions[ruling.Group] = "A group that is not there any more"
			continue
		}
		if err != nil {
			return err
		}
		questions[ruling.Group] = questionOf(g.Members[0].Messages)
	}
	v := templates.ObviousDuplicates{Done: true, Back: duplicateList{kind: dedup.Equal, category: l.category}.url()}
	name := func(id uuid.UUID, status example.Status, why string) templates.DuplicateName {
		return templates.DuplicateName{Label: "Example " + id.String()[24:], URL: "/examples/" + id.String(), Status: string(status), Why: why}
	}
	left, settled := 0, 0
	u, _ := userOf(ctx)
	outcomes, err := s.duplicates.KeepEach(ctx, u.Actor(), rulings)
	if err != nil {
		return fmt.Errorf("settle obvious duplicates after %d groups: %w", len(outcomes), err)
	}
	var decisions []uuid.UUID
	for _, out := range outcomes {
		row := templates.ObviousDuplicate{Question: draw.Text(questions[out.Group]), Keep: name(out.Survivor, "", "")}
		for _, rejected := range out.Rejected {
			row.Reject = append(row.Reject, name(rejected.Example, example.Rejected, ""))
			decisions = append(decisions, rejected.Decision)
		}
		for id, why := range out.Left {
			row.Left = append(row.Left, name(id, "", why))
			left++
		}
		if len(out.Rejected) > 0 {
			settled++
		}
		slices.SortFunc(row.Left, func(a, b templates.DuplicateName) int { return strings.Compare(a.URL, b.URL) })
		v.Rows = append(v.Rows, row)
	}
	v.Words = "Rejected " + counted(len(decisions), "example", "examples") + " as duplicates in " + counted(settled, "group", "groups") + "."
	if left > 0 {
		v.Words += " " + counted(left, "example was", "examples were") + " left as they are."
	}
	if len(decisions) > 0 {
		v.Undo = undoView(decisions, duplicateList{kind: dedup.Equal, category: l.category})
	}
	v.Next = addressOf("/duplicates/obvious", duplicateList{category: l.category}.values())
	return s.show(w, r, templates.ObviousDuplicatesPage(s.obviousFrame(w, r), v))
}

// parseRuling reads group, survivor and what was seen of each member.
func parseRuling(text string) (dedup.Ruling, error) {
	f := strings.Fields(text)
	if len(f) < 5 || len(f)%3 != 2 {
		return dedup.Ruling{}, unseen()
	}
	group, err := uuid.Parse(f[0])
	if err != nil {
		return dedup.Ruling{}, unseen()
	}
	survivor, err := uuid.Parse(f[1])
	if err != nil {
		return dedup.Ruling{}, unseen()
	}
	var texts []string
	for part := range slices.Chunk(f[2:], 3) {
		texts = append(texts, strings.Join(part, " "))
	}
	seen, err := parseSeen(texts)
	return dedup.Ruling{Group: group, Survivor: survivor, Seen: seen}, err
}

// maxUndone is how many rejections one form can take back: those of a preview.
const maxUndone = obviousShown * dedup.MaxMembers

func decisionsOf(form url.Values) ([]uuid.UUID, error) {
	if len(form["decision"]) > maxUndone {
		return nil, fault.New(fault.Invalid, "That is more than can be undone at once.")
	}
	var ids []uuid.UUID
	for _, text := range form["decision"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "The form does not say what to undo. Go back and try again.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func undoView(decisions []uuid.UUID, l duplicateList) *templates.DuplicateUndo {
	v := &templates.DuplicateUndo{
		Words: counted(len(decisions), "rejection", "rejections") + " just made. They can also be undone later, on the page of each example.", Action: "/duplicates/undo",
		Hidden: []templates.Hidden{{Name: "kind", Value: string(l.kind)}, {Name: "category", Value: l.category}},
	}
	for _, id := range decisions {
		v.Hidden = append(v.Hidden, templates.Hidden{Name: "decision", Value: id.String()})
	}
	return v
}

// undoRejections handles POST /duplicates/undo. What was decided again since
// stays as it is.
func (s *Server) undoRejections(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	l, err := parseDuplicateList(r.PostForm)
	if err != nil {
		return err
	}
	ids, err := decisionsOf(r.PostForm)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "The form does not say what to undo. Go back and try again.")
	}
	u, _ := userOf(r.Context())
	done, left := 0, ""
	for _, id := range ids {
		_, _, err := s.reviews.Undo(r.Context(), u.Actor(), id, false)
		if f, ok := fault.As(err); ok {
			left = f.Msg
			continue
		}
		if err != nil {
			return err
		}
		done++
	}
	words, kind := counted(done, "rejection is", "rejections are")+" undone. Their groups are back within seconds.", templates.FlashSuccess
	if done < len(ids) {
		kind = templates.FlashWarning
		words += " " + counted(len(ids)-done, "was", "were") + " not: " + left
	}
	if err := s.flash(w, r, kind, words); err != nil {
		return err
	}
	redirect(w, r, l.url())
	return nil
}

// copyFacts says of which example one is a duplicate, and which were rejected as
// duplicates of it, with where they came from.
func (s *Server) copyFacts(ctx context.Context, id uuid.UUID) ([]templates.Origin, error) {
	if s.duplicates == nil {
		return nil, nil
	}
	var facts []templates.Origin
	survivor, ok, err := s.duplicates.SurvivorOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if ok {
		facts = append(facts, templates.Origin{Label: "Rejected in favour of", Text: survivor.String(), URL: "/examples/" + survivor.String(), Mono: true})
	}
	origins, err := s.duplicates.RejectedFor(ctx, id)
	if err != nil || len(origins) == 0 {
		return facts, err
	}
	facts = append(facts, templates.Origin{Label: "Stands for", Text: counted(len(origins), "example that was", "examples that were") + " rejected in favour of this one"})
	for _, o := range origins[:min(len(origins), originsShown)] {
		facts = append(facts, templates.Origin{
			Label: "Also from", Text: draw.Plain(o.SourceName) + ", line " + number(o.SourceLine), URL: "/examples/" + o.Example.String(),
		})
	}
	return facts, nil
}
