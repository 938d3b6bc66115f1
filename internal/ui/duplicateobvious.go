package ui

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

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
