package ui

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

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

// groupView draws a group. next is the group to go on with when this one is
// settled.
func groupView(g dedup.Group, category string, may bool, l duplicateList, next string) templates.DuplicateGroup {
	v := templates.DuplicateGroup{Anchor: "group-" + g.ID.String(), Title: counted(g.Size, "example", "examples") + " in " + draw.Plain(category)}
	whole := g.Size == len(g.Members)
	var notes []string
	if fields := differing(g.Pairs); len(fields) > 0 {
		notes = append(notes, "The answers differ in "+someOf(fields)+".")
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
		if i > 0 && g.Kind != dedup.Variant { // how like the words are says nothing about a pattern
			one.Like = likeness(g.Pairs, g.Members[0], m)
		}
		one.Parts = partsOf(g.Members[0].Messages, m.Messages, i == 0)
		v.Members = append(v.Members, one)
	}
	foldParts(v.Members)
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

// likeness says how like the first member another one is, and where that is wholly,
// what it is that differs: spaces and capitals are easily overlooked.
func likeness(pairs []dedup.Pair, first, m dedup.Member) string {
	for _, p := range pairs {
		if p.A != first.ID && p.B != first.ID || p.A != m.ID && p.B != m.ID {
			continue
		}
		like := strconv.Itoa(int(math.Floor(100*p.Similarity))) + "\u00a0% like example 1"
		if p.Similarity < 1 {
			return like
		}
		switch before, after := wholeText(first.Messages), wholeText(m.Messages); {
		case before == after:
			return like + ", differs in a part that is not shown"
		case strings.Join(strings.Fields(before), "") == strings.Join(strings.Fields(after), ""):
			return like + ", differs only in spaces"
		case lettersOf(before) == lettersOf(after):
			return like + ", differs only in capitals, spaces and punctuation"
		}
		return like
	}
	return ""
}

// wholeText is what is shown of messages.
func wholeText(messages []example.Message) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(string(m.Role) + "\n" + clip(m) + "\n")
	}
	return b.String()
}

// lettersOf is a text without all but its letters and digits, in lower case.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// longText is how many bytes of a member are shown at once; more is shown on request.
const longText = 1200

// foldParts folds what need not be read to compare: parts that are the same as in the
// first member, and of that one the system prompts that all have.
func foldParts(members []templates.DuplicateMember) {
	for i := range members {
		for j := range members[i].Parts {
			p := &members[i].Parts[j]
			p.Fold = p.Same || i == 0 && p.Who == messageWord(example.Message{Role: example.System}) && sameInAll(members, j)
		}
		shown := 0
		for _, p := range members[i].Parts {
			for _, run := range p.Runs {
				if !p.Fold {
					shown += len(run.Text)
				}
			}
		}
		members[i].Long = shown > longText
	}
}

// sameInAll says whether part j of the first member is the same in all others.
func sameInAll(members []templates.DuplicateMember, j int) bool {
	for _, m := range members[1:] {
		if j >= len(m.Parts) || !m.Parts[j].Same {
			return false
		}
	}
	return len(members) > 1
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

// mostFields is how many places of an answer a note names.
const mostFields = 3

// someOf names the first places and says how many there are besides: two assessments
// of one injury differ in fifty, and below the note the differences are marked.
func someOf(fields []string) string {
	var words []string
	for _, f := range fields[:min(len(fields), mostFields)] {
		words = append(words, pointerWords(f))
	}
	between := ", "
	if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, between) }) {
		between = "; "
	}
	text := strings.Join(words, between)
	if more := len(fields) - mostFields; more > 0 {
		text += " and " + counted(more, "other place", "other places")
	}
	return text
}

// pointerWords says where a JSON pointer leads, by its last two names and with lists
// counted from 1: "avoid completely 1, rationale".
func pointerWords(pointer string) string {
	var names []string
	for _, part := range strings.Split(pointer, "/")[1:] {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		if n, err := strconv.Atoi(part); err == nil && len(names) > 0 {
			names[len(names)-1] += " " + strconv.Itoa(n+1)
			continue
		}
		names = append(names, draw.Plain(strings.ReplaceAll(part, "_", " ")))
	}
	if len(names) == 0 {
		return "all of them"
	}
	return strings.Join(names[max(0, len(names)-2):], ", ")
}
