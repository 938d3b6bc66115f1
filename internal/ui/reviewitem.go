package ui

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// prefixOf begins the ids of one example on a page that may show several.
func prefixOf(id uuid.UUID) string { return "x" + strings.ReplaceAll(id.String(), "-", "") }

// item draws one example with the form to decide on it, closed and empty.
func (s *Server) item(r *http.Request, d browse.Detail) (templates.Item, error) {
	cat, err := s.category(r.Context(), d.Category)
	if err != nil {
		return templates.Item{}, err
	}
	prefix := prefixOf(d.ID)
	c, anchors, err := s.drawer.Conversation(draw.Subject{
		Prefix: prefix, Category: cat, Subcategory: d.Subcategory, Conversation: d.Conversation, Findings: d.Findings,
	})
	if err != nil {
		return templates.Item{}, err
	}
	v := templates.Item{
		ID: d.ID.String(), Prefix: prefix, Revision: strconv.Itoa(d.Revision), Status: string(d.Status),
		Slug: d.Category, Category: cat.Name, Subcategory: draw.Plain(d.Subcategory), Errors: "0", Conversation: c,
		Provenance: provenance(d.Provenance, s.now()), History: s.history(d),
	}
	if sub, ok := cat.Subcategory(d.Subcategory); ok {
		v.Subcategory = sub.Name
	}
	v.Title = "Revision " + v.Revision
	errors := 0
	for i, f := range d.Findings {
		if f.Severity == lint.Error {
			errors++
		}
		found := templates.Finding{
			Severity: string(f.Severity), Message: s.drawer.Finding(cat, f.Message), Rule: f.Rule, URL: "#" + anchors[i],
		}
		if other := draw.OtherExample(f.Message); other != "" {
			found.OtherURL = "/examples/" + other
		}
		v.Findings = append(v.Findings, found)
	}
	v.Errors = strconv.Itoa(errors)
	v.Checklist = s.checklist(cat, d.Findings)
	v.Question, v.Asker = question(d)
	if u, _ := userOf(r.Context()); u.Can(account.Review) {
		v.Form = s.decideForm(cat, d.ID, prefix, errors > 0)
		if d.Status == example.Pending {
			if v.Form.Informed, err = s.reviews.Informed(r.Context(), u.ID, d.ID, d.Revision); err != nil {
				return templates.Item{}, err
			}
		}
		e, err := s.editing(r.Context(), d, nil)
		if err != nil {
			return templates.Item{}, err
		}
		for i, f := range d.Findings {
			v.Findings[i].EditURL = "#" + e.Anchor(f.Path)
		}
	}
	return v, nil
}

func (s *Server) decideForm(cat catalog.Category, id uuid.UUID, prefix string, errors bool) *templates.DecideForm {
	f := &templates.DecideForm{
		ID: prefix + "-decide", Action: "/examples/" + id.String() + "/decisions", EditURL: "/examples/" + id.String() + "?edit=1", CheckURL: s.checkURL(id), FormURL: "/examples/" + id.String() + "/edit",
		RequestKey: uuid.NewString(), ShownAt: strconv.FormatInt(s.now().UnixMilli(), 10), Errors: errors,
	}
	for i, reason := range rejectReasons(cat) {
		f.Reasons = append(f.Reasons, templates.Reason{Key: strconv.Itoa(i + 1), Name: reason})
	}
	return f
}

// maxReasons is how many reasons a digit can choose.
const maxReasons = 9

// rejectReasons are those of the category, or what fits everywhere.
func rejectReasons(cat catalog.Category) []string {
	var names []string
	for _, r := range cat.RejectReasons {
		names = append(names, r.Name)
	}
	if len(names) == 0 {
		names = []string{"The answer is wrong", "It could hurt someone", "It is unclear", "Something is missing", "It is like another example", "Something else"}
	}
	return names[:min(len(names), maxReasons)]
}

// checklist ticks what the checks have proved: every rule that an item names
// ran in this category and found nothing.
func (s *Server) checklist(cat catalog.Category, findings []lint.Finding) []templates.Check {
	var all []templates.Check
	for _, item := range cat.Checklist {
		proved := len(item.ProvedBy) > 0 && !slices.ContainsFunc(item.ProvedBy, func(rule string) bool {
			_, on := cat.Check(rule)
			return !on || s.hasRule == nil || !s.hasRule(rule) ||
				slices.ContainsFunc(findings, func(f lint.Finding) bool { return f.Rule == rule })
		})
		all = append(all, templates.Check{Slug: item.Slug, Text: item.Text, Help: item.Help, Proved: proved})
	}
	return all
}

// question is what the latest escalation asks, while nobody has answered.
func question(d browse.Detail) (text, asker string) {
	if d.Status != example.Escalated {
		return "", ""
	}
	for _, made := range slices.Backward(d.Decisions) {
		if made.Verdict == string(example.Escalate) && !made.Undone {
			text = made.Reason
			if text == "" {
				text = made.Comment
			}
			return draw.Plain(text), draw.Plain(made.Reviewer)
		}
	}
	return "", ""
}

// provenance says in plain words where an example came from.
func provenance(p browse.Provenance, now time.Time) string {
	var b strings.Builder
	if p.Demo {
		b.WriteString("Demo example. ")
	}
	b.WriteString("From " + draw.Plain(p.Source) + ", line " + number(p.Line))
	if p.Generator != "" {
		b.WriteString(", generated by " + draw.Plain(p.Generator))
	}
	b.WriteString(", imported")
	switch {
	case p.ImportedBy != "":
		b.WriteString(" by " + draw.Plain(p.ImportedBy))
	case p.Channel == "command":
		b.WriteString(" on the command line")
	}
	b.WriteString(" " + day(p.ImportedAt, now) + ".")
	return b.String()
}

// day writes a day the way people say it within a sentence.
func day(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	days := int(now.Truncate(24*time.Hour).Sub(t.Truncate(24*time.Hour)) / (24 * time.Hour))
	switch {
	case days <= 0:
		return "today"
	case days == 1:
		return "yesterday"
	case days < 7:
		return "on " + t.Weekday().String()
	case t.Year() == now.Year():
		return "on " + t.Format("2 January")
	}
	return "on " + t.Format("2 January 2006")
}

// did are the verdicts in a sentence about one example.
var did = map[string]string{
	"approve": "approved it", "reject": "rejected it", "escalate": "asked a specialist", "skip": "skipped it", "undo": "took a decision back",
}

// history is what happened to an example, newest first: its decisions, and the
// revisions that no decision made.
func (s *Server) history(d browse.Detail) []templates.HistoryEntry {
	content := make(map[int][]example.Message, len(d.Revisions))
	for _, rev := range d.Revisions {
		// Stored messages always parse; a comparison with what does not is empty.
		if messages, err := example.ParseMessages([]byte(rev.Messages)); err == nil {
			content[rev.Number] = messages
		}
	}
	changes := func(revision int) []templates.Change {
		before, after := content[revision-1], content[revision]
		if before == nil || after == nil {
			return nil
		}
		return draw.Changes(before, after)
	}
	type dated struct {
		at time.Time
		templates.HistoryEntry
	}
	var all []dated
	explained := map[int]bool{}
	for _, made := range d.Decisions {
		e := templates.HistoryEntry{
			Who: draw.Plain(made.Reviewer), What: did[made.Verdict], At: moment(made.At, s.now()), Undone: made.Undone,
		}
		if e.Who == "" {
			e.Who = "Somebody"
		}
		if made.After != made.Before {
			e.Status = string(made.After)
		}
		if made.NewRevision > 0 {
			explained[made.NewRevision] = true
			e.Changes = changes(made.NewRevision)
			if made.Verdict != "undo" {
				e.What = "edited and " + e.What
			}
		}
		if made.Carried && made.Verdict != "undo" {
			e.What += carriedWords(made.Revision)
		}
		for _, says := range []struct{ label, text string }{
			{"Why:", made.Reason}, {"Note:", made.Comment}, {"In spite of errors:", made.OverrideReason},
		} {
			if strings.TrimSpace(says.text) != "" {
				label := says.label
				if made.Verdict == string(example.Escalate) && label == "Why:" {
					label = "Question:"
				}
				e.Says = append(e.Says, templates.Said{Label: label, Text: draw.Text(says.text)})
			}
		}
		if made.NewRevision > 0 && made.NewRevision < d.Revision {
			e.Restore = strconv.Itoa(made.NewRevision)
		}
		all = append(all, dated{made.At, e})
	}
	for _, rev := range d.Revisions {
		if rev.Number == 1 || explained[rev.Number] {
			continue
		}
		e := templates.HistoryEntry{
			Who: draw.Plain(rev.Author), What: "made revision " + strconv.Itoa(rev.Number), At: moment(rev.At, s.now()), Changes: changes(rev.Number),
		}
		if e.Who == "" {
			e.Who = "Spotter"
		}
		if rev.Reason != "" {
			e.Says = []templates.Said{{Label: "Why:", Text: draw.Text(rev.Reason)}}
		}
		if rev.Number < d.Revision {
			e.Restore = strconv.Itoa(rev.Number)
		}
		all = append(all, dated{rev.At, e})
	}
	slices.SortStableFunc(all, func(a, b dated) int { return b.at.Compare(a.at) })
	entries := make([]templates.HistoryEntry, len(all))
	for i, e := range all {
		entries[i] = e.HistoryEntry
	}
	return entries
}
