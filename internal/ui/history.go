package ui

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/history"
	"github.com/voicefit/spotter/internal/sight"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// History tells what happened to examples: history.Service.
type History interface {
	Of(ctx context.Context, v sight.Viewer, id uuid.UUID, cursor string, limit int) (history.Page, error)
	Numbers(ctx context.Context, v sight.Viewer, id uuid.UUID) ([]int, error)
	Compare(ctx context.Context, v sight.Viewer, id uuid.UUID, from, to int) (before, after history.Content, err error)
}

const (
	historyRows   = 50 // on its own page
	historyBeside = 10 // on the example's
)

// showHistory handles GET /examples/{id}/history.
func (s *Server) showHistory(w http.ResponseWriter, r *http.Request) error {
	d, err := s.detailOf(r, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	q := r.URL.Query()
	u, _ := userOf(r.Context())
	address := "/examples/" + d.ID.String()
	v := templates.HistoryView{Crumbs: []templates.Link{{Label: "Examples", URL: "/examples"}, {Label: "This example", URL: address}}}
	var older string
	if v.Timeline, older, err = s.timeline(r.Context(), d, u, q.Get("before"), historyRows); err != nil {
		return err
	}
	v.Timeline.All = ""
	if older != "" {
		v.Timeline.Pager.Older = address + "/history?before=" + older
	}
	if q.Get("before") != "" {
		v.Timeline.Pager.First = address + "/history"
	}
	if v.Compare, err = s.compareView(r, d, u); err != nil {
		return err
	}
	page := s.frame(w, r, "History", templates.SectionExamples)
	page.Styles = []string{"css/review.css", "css/people.css"}
	return s.show(w, r, templates.HistoryPage(page, v))
}

// compareView is the choice of two revisions of d, with what differs where the
// address names two.
func (s *Server) compareView(r *http.Request, d browse.Detail, u account.User) (*templates.CompareRevisions, error) {
	numbers, err := s.histories.Numbers(r.Context(), viewer(u, false), d.ID)
	if err != nil || len(numbers) < 2 {
		return nil, err
	}
	q := r.URL.Query()
	from, to := strconv.Itoa(numbers[1]), strconv.Itoa(numbers[0])
	v := &templates.CompareRevisions{Action: "/examples/" + d.ID.String() + "/history", Shown: q.Get("from") != "" && q.Get("to") != ""}
	if v.Shown {
		from, to = q.Get("from"), q.Get("to")
	}
	v.From, v.To = templates.Choice{Name: "from", Label: "From revision"}, templates.Choice{Name: "to", Label: "To revision"}
	for _, n := range numbers {
		text := strconv.Itoa(n)
		v.From.Options = append(v.From.Options, templates.Option{Value: text, Label: text, Selected: text == from})
		v.To.Options = append(v.To.Options, templates.Option{Value: text, Label: text, Selected: text == to})
	}
	if !v.Shown {
		return v, nil
	}
	old, err1 := strconv.Atoi(from)
	new, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil {
		return nil, fault.New(fault.Invalid, "Choose two revisions by their numbers.")
	}
	before, after, err := s.histories.Compare(r.Context(), viewer(u, false), d.ID, old, new)
	if err != nil {
		return nil, err
	}
	v.Heading = "From revision " + from + " to revision " + to
	v.Changes = draw.Changes(before.Messages, after.Messages)
	return v, nil
}

// timeline draws some of what happened to d, and returns the cursor of what came
// before that.
func (s *Server) timeline(ctx context.Context, d browse.Detail, u account.User, before string, rows int) (templates.Timeline, string, error) {
	page, err := s.histories.Of(ctx, viewer(u, false), d.ID, before, rows)
	if err != nil {
		return templates.Timeline{}, "", err
	}
	address := "/examples/" + d.ID.String()
	v := templates.Timeline{Seen: strconv.Itoa(d.Revision), All: address + "/history"}
	if u.Can(account.Review) {
		v.Restore = address + "/restore"
	}
	if page.Hidden > 0 {
		v.Note = counted(page.Hidden, "entry is", "entries are") + " hidden until you have decided, so that your verdict is your own."
	}
	for _, e := range page.Events {
		v.Entries = append(v.Entries, s.historyEntry(e, page.Contents, d.Revision))
	}
	return v, page.Older, nil
}

// cameWords say how an import came.
var cameWords = map[string]string{"page": "on the import page", "command": "on the command line", "api": "through the API", "demo": "as demo data"}

// likenessWords say how two examples are alike.
var likenessWords = map[string]string{"equal": "an exact duplicate", "near": "a near duplicate", "contradiction": "a contradiction"}

func (s *Server) historyEntry(e history.Event, contents map[int]history.Content, current int) templates.HistoryEntry {
	v := templates.HistoryEntry{Who: draw.Plain(e.Name), At: moment(e.At, s.now()), Undone: e.Undone, Status: e.Status}
	if v.Who == "" {
		v.Who = "Spotter"
	}
	say := func(label, text string) {
		if strings.TrimSpace(text) != "" {
			v.Says = append(v.Says, templates.Said{Label: label, Text: draw.Text(text)})
		}
	}
	switch e.Kind {
	case history.Imported:
		v.What = "imported it from " + draw.Plain(e.File) + ", line " + e.Line
		if words := cameWords[e.Channel]; words != "" {
			v.What += ", " + words
		}
	case history.Revised:
		v.What = "made revision " + strconv.Itoa(e.Revision)
		say("Why:", e.Text)
	case history.Decided, history.Carried:
		v.What = decidedWords(e)
		label := "Why:"
		if e.Verdict == string(example.Escalate) {
			label = "Question:"
		}
		say(label, e.Reason)
		say("Note:", e.Comment)
		say("In spite of errors:", e.Override)
	case history.Commented:
		v.What = "said"
		say("", e.Text)
	case history.Waived, history.Withdrawn:
		v.What = "waived the finding " + draw.Plain(e.Rule)
		if e.Kind == history.Withdrawn {
			v.What = "withdrew the waiver of " + draw.Plain(e.Rule)
		}
		say("At:", e.Path)
		say("Why:", e.Text)
	case history.Disagreed:
		v.What = "sent it to a lead: two reviewers disagree"
	case history.Answered:
		v.What = "answered"
		say("", e.Text)
	case history.Duplicate:
		v.What = "ruled it " + likenessWords[e.Likeness] + " of another one, which was kept"
		v.Link = &templates.Link{Label: "The one that was kept", URL: "/examples/" + e.Other.String()}
	case history.Survived:
		v.What = "kept it instead of " + likenessWords[e.Likeness]
		v.Link = &templates.Link{Label: "The other one", URL: "/examples/" + e.Other.String()}
	case history.Freed:
		v.What = "freed it from whoever held it"
	}
	made := e.Made()
	if e.Kind == history.Imported {
		made = 1
	}
	content, known := contents[made]
	if known {
		if old, ok := contents[made-1]; ok && made > 1 {
			v.Changes = draw.Changes(old.Messages, content.Messages)
		}
		if found := foundWords(content); found != "" {
			say("Checks:", found)
		}
	}
	if made > 0 && made < current {
		v.Restore = strconv.Itoa(made)
	}
	return v
}

func decidedWords(e history.Event) string {
	what := did[e.Verdict]
	switch {
	case e.Verdict == "undo" && e.NewRevision > 0:
		what += " and brought the text before it back as revision " + strconv.Itoa(e.NewRevision)
	case e.Verdict == "undo":
	case e.NewRevision > 0:
		what = "edited it (revision " + strconv.Itoa(e.NewRevision) + ") and " + what
	}
	if e.Kind == history.Carried && e.Verdict != "undo" {
		return what + carriedWords(e.Revision)
	}
	switch e.VerdictKind {
	case "second":
		what = "looked a second time and " + what
	case "adjudication":
		what = "settled it and " + what
	case "bulk":
		what += " with many others"
	}
	return what
}

// carriedWords follow a verdict that an undo brought back together with the words that
// it is about.
func carriedWords(revision int) string {
	return " before; it counts for revision " + strconv.Itoa(revision) + " too, which has the same words"
}

// foundWords says what the checks found on a revision.
func foundWords(c history.Content) string {
	switch {
	case c.Errors > 0 && c.Warnings > 0:
		return counted(c.Errors, "error", "errors") + " and " + counted(c.Warnings, "warning", "warnings") + " on it."
	case c.Errors > 0:
		return counted(c.Errors, "error", "errors") + " on it."
	case c.Warnings > 0:
		return counted(c.Warnings, "warning", "warnings") + " on it."
	}
	return ""
}
