package ui

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// parametersOf reads what the form of a kind asks for.
func parametersOf(kind bulk.Kind, form url.Values) bulk.Parameters {
	p := bulk.Parameters{
		Reason: form.Get("reason"), OverrideReason: form.Get("override_reason"), OverApprovals: form.Get("over_approvals") != "",
		Tag: form.Get("tag"), Rule: form.Get("rule"), Find: unixLines(form.Get("find")), With: unixLines(form.Get("with")),
		Regexp: form.Get("regexp") != "", FoldCase: form.Get("fold_case") != "", Roles: form["role"], To: form.Get("to"),
		Everybody: form.Get("everybody") != "", Note: form.Get("note"), Due: form.Get("due"),
	}
	p.Category, p.Subcategory, _ = strings.Cut(form.Get("place"), "/")
	if kind == bulk.Assign {
		for _, text := range form["person"] {
			if id, err := uuid.Parse(text); err == nil {
				p.People = append(p.People, id)
			}
		}
	}
	return p
}

// unixLines undoes what browsers make of line ends in text areas.
func unixLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// showAct handles GET /acts/{id}.
func (s *Server) showAct(w http.ResponseWriter, r *http.Request) error {
	a, err := s.actOf(r)
	if err != nil {
		return err
	}
	return s.actPage(w, r, http.StatusOK, a, nil)
}

// showActProgress handles GET /acts/{id}/progress: the part that goes on changing.
func (s *Server) showActProgress(w http.ResponseWriter, r *http.Request) error {
	a, err := s.actOf(r)
	if err != nil {
		return err
	}
	if !isHTMX(r) {
		redirect(w, r, "/acts/"+a.ID.String())
		return nil
	}
	if !a.Open() {
		w.Header().Set("HX-Refresh", "true") // the rest of the page changed too
	}
	progress, err := s.actProgress(r.Context(), a)
	if err != nil {
		return err
	}
	return s.show(w, r, templates.ActPage(templates.Page{}, templates.ManyAct{Progress: progress}), templates.ActFragment)
}

// actPage draws an act. problem is what was wrong with the form, or nil.
func (s *Server) actPage(w http.ResponseWriter, r *http.Request, status int, a bulk.Act, problem *fault.Error) error {
	ctx := r.Context()
	u, _ := userOf(ctx)
	v := templates.ManyAct{
		Head:   templates.Head{Title: actTitle(a), Crumbs: []templates.Link{{Label: "Examples", URL: "/examples"}, {Label: "Acts on many", URL: "/acts"}}},
		Chosen: counted(a.Total, "example", "examples") + ", chosen one by one.",
	}
	if a.Listed {
		v.Chosen = counted(a.Total, "example", "examples") + ", all of a batch."
	}
	if a.Filter != nil {
		v.Chosen, v.Filter = counted(a.Total, "example", "examples")+", all that matched a filter.", filterURL(*a.Filter, "")
	}
	path := "/acts/" + a.ID.String()
	if a.State == bulk.Draft {
		form, err := s.actForm(ctx, a, problem)
		if err != nil {
			return err
		}
		form.Action, v.Draft = path+"/prepare", &form
		if a.Forecast != nil {
			v.Forecast = s.forecastView(a, path)
		}
	} else {
		var err error
		if v.Progress, err = s.actProgress(ctx, a); err != nil {
			return err
		}
		v.Details = actDetails(a)
		if err := s.actItems(r, a, path, &v); err != nil {
			return err
		}
		mayUndo := u.Can(account.ActOnMany) && (a.AuthorID == u.ID || u.Can(account.ManageLeases))
		if mayUndo && a.Changed > 0 && (a.State == bulk.Done || a.State == bulk.Failed && a.UndoneBy == "") {
			v.Undo = &templates.Confirm{
				Summary: "Undo all of it", Danger: true, Button: "Undo it", Action: path + "/undo",
				Text: "Every example that nobody has decided on or changed since goes back to what it was. Those that somebody has touched stay as they are and are listed. This can be done once.",
			}
		}
		if a.State == bulk.Failed && u.Can(account.ActOnMany) {
			v.Resume = path + "/resume"
		}
	}
	page := s.frame(w, r, actTitle(a), templates.SectionExamples)
	page.Styles = []string{"css/review.css", "css/acts.css", "css/people.css"}
	page.Live = a.Open()
	if a.State == bulk.Draft {
		page.Modules = []string{"js/select.js"}
	}
	s.render(w, r, status, templates.ActPage(page, v))
	return nil
}

// actForm asks for what the act's kind needs.
func (s *Server) actForm(ctx context.Context, a bulk.Act, problem *fault.Error) (templates.ActForm, error) {
	p := a.Parameters
	wrong := map[string]string{}
	f := templates.ActForm{Button: "See what will happen"}
	if problem != nil {
		f.Problem, wrong = problem.Msg, problem.Fields
	}
	if a.Forecast != nil {
		f.Button = "Look again"
	}
	field := func(one templates.Field) {
		one.Problem = wrong[one.Name]
		f.Fields = append(f.Fields, one)
	}
	switch a.Kind {
	case bulk.Approve:
		field(templates.Field{Name: "override_reason", Label: "Why errors do not matter", Value: p.OverrideReason, Rows: 2, Optional: true, Hint: "Examples with errors stay as they are, unless you say here why it is right to approve them all the same."})
	case bulk.Reject:
		field(templates.Field{Name: "reason", Label: "Reason", Value: p.Reason, Rows: 2, Hint: "Everybody who opens one of them reads it."})
		f.Checks = []templates.Box{{Name: "over_approvals", Value: "yes", Label: "Also reject what somebody else approved.", Hint: "Otherwise those stay: a verdict against another reviewer's is for the page of the example.", On: p.OverApprovals}}
	case bulk.Move:
		choice, err := s.placeChoice(ctx, p)
		if err != nil {
			return f, err
		}
		choice.Problem = wrong["category"] + wrong["subcategory"]
		f.Choices = append(f.Choices, choice)
	case bulk.Tag, bulk.Untag:
		field(templates.Field{Name: "tag", Label: "Tag", Value: p.Tag, MaxLength: 40, Autocomplete: "off", Hint: "A word or a few, such as needs-photo. The list of examples can be filtered by it."})
	case bulk.Assign:
		who, err := s.who(ctx, texts(p.People), p.Everybody)
		if err != nil {
			return f, err
		}
		who.Problem = wrong["people"]
		f.Who = &who
		field(templates.Field{Name: "note", Label: "Note", Value: p.Note, Rows: 2, Optional: true, MaxLength: 2000, Hint: "What to look out for. Those who get the work see it."})
		field(templates.Field{Name: "due", Label: "Due", Type: "date", Value: p.Due, Optional: true})
	case bulk.Waive:
		rules, err := s.acts.Rules(ctx, a.ID)
		if err != nil {
			return f, err
		}
		choice := choice("rule", "Rule", "Choose", p.Rule)
		for _, r := range rules {
			choice.add(r.Rule, r.Rule+": "+counted(r.Examples, "example", "examples"))
		}
		choice.Problem = wrong["rule"]
		f.Choices = append(f.Choices, choice.done())
		field(templates.Field{Name: "reason", Label: "Reason", Value: p.Reason, Rows: 2, Hint: "Why these findings do not matter here."})
	case bulk.Replace:
		field(templates.Field{Name: "find", Label: "Find", Value: p.Find, Rows: 1, Code: true})
		field(templates.Field{Name: "with", Label: "Replace with", Value: p.With, Rows: 1, Code: true, Optional: true, Hint: "For a regular expression, $1 or ${name} is what its group matched, and $$ is a dollar."})
		f.Checks = []templates.Box{
			{Name: "regexp", Value: "yes", Label: "It is a regular expression.", Hint: "RE2: ^ and $ are the ends of a line.", On: p.Regexp},
			{Name: "fold_case", Value: "yes", Label: "Capitals and small letters are the same.", On: p.FoldCase},
		}
		f.Legend, f.Wrong = "In the words of", wrong["roles"]
		for _, role := range []example.Role{example.System, example.User, example.Assistant, example.Tool} {
			on := slices.Contains(p.Roles, string(role)) || p.Find == "" && (role == example.User || role == example.Assistant)
			f.Ticks = append(f.Ticks, templates.Box{Name: "role", Value: string(role), Label: roleOfSpeaker[role], On: on})
		}
	case bulk.Restore:
		choice := choice("to", "Which revision", "Choose", p.To)
		choice.add(bulk.ToPrevious, "The one before the present")
		choice.add(bulk.ToFirst, "The first: as it was imported")
		choice.Problem = wrong["to"]
		f.Choices = append(f.Choices, choice.done())
	}
	return f, nil
}

// roleOfSpeaker are the roles of messages as people say them.
var roleOfSpeaker = map[example.Role]string{
	example.System: "System prompts", example.User: "Athletes", example.Assistant: "Answers", example.Tool: "Tools",
}

func texts(ids []uuid.UUID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	return list
}

// placeChoice offers every shelf of the catalog.
func (s *Server) placeChoice(ctx context.Context, p bulk.Parameters) (templates.Choice, error) {
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return templates.Choice{}, err
	}
	value := ""
	if p.Category != "" {
		value = p.Category + "/" + p.Subcategory
	}
	place := choice("place", "Where they belong", "Choose", value)
	for _, cat := range c.Categories {
		if len(cat.Subcategories) == 0 {
			place.add(cat.Slug+"/", cat.Name)
		}
		for _, sub := range cat.Subcategories {
			place.add(cat.Slug+"/"+sub.Slug, cat.Name+": "+sub.Name)
		}
	}
	done := place.done()
	done.Hint = "They are checked by the rules of the new category, and reviewed anew."
	return done, nil
}

// forecastView says what would happen, in one sentence and by reason.
func (s *Server) forecastView(a bulk.Act, path string) *templates.ActForecast {
	f := a.Forecast
	v := &templates.ActForecast{Lines: actLines(f.Lines), Start: path + "/start", At: moment(f.At, s.now())}
	changes, stays := f.Count(bulk.Changed), f.Count(bulk.Stayed)
	v.Sentence = "Will " + strings.ToLower(actWords[a.Kind].title) + " " + counted(changes, "example", "examples")
	verdicts := openVerdicts(a.Kind, f.Lines, false)
	if verdicts != "" {
		v.Sentence = verdicts
	}
	switch {
	case stays == 1:
		v.Sentence += "; 1 stays as it is"
	case stays > 1:
		v.Sentence += "; " + number(stays) + " stay as they are"
	}
	v.Sentence += "."
	v.Button = actWords[a.Kind].button + " " + counted(changes, "example", "examples")
	v.Nothing = changes == 0 && f.Whole()
	if verdicts != "" && a.Kind == bulk.Approve {
		v.Button = "Add your approval to " + counted(changes, "example", "examples")
	}
	switch {
	case f.Counted == f.Total && f.Counted > 0:
		v.Note = "Counted over all " + number(f.Total) + ": they stand in " + counted(f.Ways, "way", "different ways") + ", and one of each was tried out."
		if a.Kind == bulk.Replace {
			v.Note = "Counted over all " + number(f.Total) + ": each was read and searched."
		}
		if details := errorDetails(f); details != "" {
			v.Note += " " + details
		}
	case f.Counted > 0:
		v.Note = "Counted over " + number(f.Counted) + " of " + number(f.Total) + ", for which there was time. The rest goes by the same rules when the act runs; what becomes of each is listed then."
		v.Button = "Do it to all " + number(f.Total)
	case !f.Whole():
		tried := "Of " + counted(f.Tried, "example", "examples") + " that were tried out, evenly spread over all " + number(f.Total)
		v.Sentence = tried + ", it would " + strings.ToLower(actWords[a.Kind].title) + " " + number(changes) + "; " + number(stays) + " would stay."
		if verdicts != "" {
			v.Sentence = tried + ", it " + strings.ToLower(verdicts[:1]) + verdicts[1:] + "; " + number(stays) + " would stay."
		}
		v.Note = "The rest goes by the same rules when the act runs. What becomes of each is listed then."
		v.Button = "Do it to all " + number(f.Total)
	}
	for _, l := range f.Standing {
		text := number(l.Examples) + " " + strings.ToLower(statusWord(l.Status))
		if l.Errors {
			text += " with errors"
		}
		v.Standing = append(v.Standing, templates.Link{Label: text})
	}
	for _, d := range f.Diffs {
		one := templates.ActDiff{URL: "/examples/" + d.Example.String(), Result: d.Result}
		for _, h := range d.Hunks {
			one.Hunks = append(one.Hunks, templates.ActHunk{
				Where:  "Message " + strconv.Itoa(h.Message) + ", " + string(h.Role),
				Before: draw.Text(h.Before), Was: draw.Text(h.Was), Becomes: draw.Text(h.Becomes), After: draw.Text(h.After),
			})
		}
		v.Diffs = append(v.Diffs, one)
	}
	if len(f.Diffs) < changes && len(f.Diffs) > 0 {
		v.More = "And " + number(changes-len(f.Diffs)) + " more. Each keeps its earlier revisions."
	}
	return v
}

// errorDetails says what the checks found where new words were tried out.
func errorDetails(f *bulk.Forecast) string {
	if len(f.Details) == 0 {
		return ""
	}
	more, fewer := 0, 0
	for _, l := range f.Details {
		switch {
		case l.NewErrors():
			more += l.Examples
		case l.FewerErrors():
			fewer += l.Examples
		}
	}
	return "The checks were run on " + counted(f.Tried, "example", "examples") + ", evenly spread: " + number(more) + " would get new errors, " + number(fewer) + " would lose some."
}

// openVerdicts says what an approval or a rejection of many comes to where it is
// not the last word on all of them: "Approves 0 now; adds your approval to 470: 438
// still need another approval, 32 still need the approval of a clinician". It is "" where it is
// the last word, and for other kinds of acts. done says whether it has happened.
func openVerdicts(kind bulk.Kind, lines []bulk.Line, done bool) string {
	final, lacking, disputed := 0, 0, 0
	var lacks []string
	for _, l := range lines {
		switch {
		case l.Outcome != bulk.Changed:
		case l.Lacks() != "":
			lacking += l.Examples
			need := " still need "
			switch {
			case done:
				need = " needed " // by now somebody may have given it
			case l.Examples == 1:
				need = " still needs "
			}
			lacks = append(lacks, number(l.Examples)+need+l.Lacks())
		case l.Disputed():
			disputed += l.Examples
		default:
			final += l.Examples
		}
	}
	if lacking+disputed == 0 {
		return ""
	}
	text, adds, goes := actWords[kind].title+"s "+number(final)+" now", "adds your approval to ", " a lead has to settle, as a reviewer said otherwise"
	if done {
		text, adds, goes = number(final)+" "+strings.ToLower(actWords[kind].past), "an approval added to ", " left for a lead to settle, as a reviewer said otherwise"
	}
	if lacking > 0 {
		text += "; " + adds + number(lacking) + ": " + strings.Join(lacks, ", ")
	}
	if disputed > 0 {
		text += "; " + number(disputed) + goes
	}
	return text
}

// actLines puts outcomes into words: what changes first.
func actLines(lines []bulk.Line) []templates.ActLine {
	var list []templates.ActLine
	for _, l := range lines {
		one := templates.ActLine{Count: number(l.Examples), Text: l.Result, Style: "approved", Icon: "check"}
		switch l.Outcome {
		case bulk.Waiting:
			one.Text, one.Style, one.Icon = "wait for their turn", "", "clock"
		case bulk.Stayed:
			one.Text, one.Style, one.Icon = "as it was: "+l.Reason, "", ""
		case bulk.Reversed:
			one.Style, one.Icon = "escalated", "undo"
		case bulk.Kept:
			one.Text, one.Style, one.Icon = "kept: "+l.Reason, "", ""
		default:
			if l.Lacks() != "" || l.Disputed() || strings.Contains(l.Result, "new errors") {
				one.Style, one.Icon = "pending", "clock"
			}
		}
		list = append(list, one)
	}
	return list
}

// actProgress says how far the act is, and what became of the examples so far.
func (s *Server) actProgress(ctx context.Context, a bulk.Act) (*templates.ActProgress, error) {
	lines, err := s.acts.Tally(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	done, of := a.Settled()
	v := &templates.ActProgress{Lines: actLines(lines), Value: strconv.Itoa(done), Max: strconv.Itoa(max(of, 1)), Style: templates.FlashInfo}
	switch a.State {
	case bulk.Queued:
		v.Text = "It waits for its turn."
	case bulk.Running, bulk.Undoing:
		v.Text = number(done) + " of " + number(of) + " are done."
		if a.State == bulk.Undoing {
			v.Text = number(done) + " of " + number(of) + " are taken back."
		}
		if a.Interrupted {
			v.Note = "Nothing was heard of it for half a minute: the server may have stopped. It goes on by itself."
		}
	case bulk.Done:
		v.Text, v.Style = "Done: "+actOutcome(a)+".", templates.FlashSuccess
		if a.Changed == 0 {
			v.Text, v.Style = "Nothing was changed: "+actOutcome(a)+".", templates.FlashInfo
		}
		if text := openVerdicts(a.Kind, lines, true); text != "" {
			v.Text = "Done: " + text + "; " + number(a.Stayed) + " stayed as it was."
			if a.Stayed != 1 {
				v.Text = "Done: " + text + "; " + number(a.Stayed) + " stayed as they were."
			}
		}
	case bulk.Undone:
		v.Text, v.Style = "Undone by "+draw.Plain(a.UndoneBy)+": "+actOutcome(a)+".", templates.FlashSuccess
	case bulk.Failed:
		v.Text, v.Note, v.Style = "It stopped. "+actOutcome(a)+".", a.Error, templates.FlashError
	}
	if a.Open() {
		v.URL = "/acts/" + a.ID.String() + "/progress"
	}
	return v, nil
}

// actDetails is what was asked for.
func actDetails(a bulk.Act) []templates.Origin {
	p := a.Parameters
	var facts []templates.Origin
	also := func(label, text string, mono bool) {
		if text != "" {
			facts = append(facts, templates.Origin{Label: label, Text: draw.Plain(text), Mono: mono})
		}
	}
	also("By", a.Author, false)
	also("When", a.CreatedAt.UTC().Format("2 January 2006, 15:04 UTC"), false)
	also("Reason", p.Reason, false)
	also("Over errors, because", p.OverrideReason, false)
	if p.OverApprovals {
		also("Also", "what somebody else approved", false)
	}
	if p.Category != "" {
		also("To", p.Category+"/"+p.Subcategory, false)
	}
	also("Tag", p.Tag, false)
	also("Rule", p.Rule, true)
	also("Find", p.Find, true)
	if p.Find != "" {
		also("Replace with", cmp.Or(p.With, "nothing"), true)
		also("In the words of", strings.Join(p.Roles, ", "), false)
	}
	if p.To == bulk.ToFirst {
		also("Revision", "the first", false)
	} else if p.To == bulk.ToPrevious {
		also("Revision", "the one before", false)
	}
	also("Note", p.Note, false)
	also("Due", p.Due, false)
	return facts
}

// actItems lists the examples of one outcome.
func (s *Server) actItems(r *http.Request, a bulk.Act, path string, v *templates.ManyAct) error {
	q := r.URL.Query()
	after, err := optionalUUID(q.Get("after"))
	if err != nil {
		return fault.New(fault.Invalid, "The address of this page is damaged. Go back to the beginning of the list.")
	}
	outcome := q.Get("outcome")
	tabs := []struct{ outcome, label string }{{bulk.Changed, "Changed"}, {bulk.Stayed, "Stayed as they were"}}
	switch a.State {
	case bulk.Undoing, bulk.Undone:
		tabs = []struct{ outcome, label string }{{bulk.Reversed, "Taken back"}, {bulk.Kept, "Kept"}, {bulk.Changed, "Changed"}, {bulk.Stayed, "Stayed as they were"}}
	case bulk.Queued, bulk.Running, bulk.Failed:
		tabs = append(tabs, struct{ outcome, label string }{bulk.Waiting, "Waiting"})
	}
	if !slices.ContainsFunc(tabs, func(t struct{ outcome, label string }) bool { return t.outcome == outcome }) {
		outcome = tabs[0].outcome
		if a.State == bulk.Done && a.Changed == 0 {
			outcome = bulk.Stayed
		}
	}
	for _, t := range tabs {
		v.Tabs = append(v.Tabs, templates.InboxView{Label: t.label, URL: path + "?outcome=" + t.outcome + "#items", Current: t.outcome == outcome})
	}
	items, err := s.acts.Items(r.Context(), a.ID, outcome, after, actItemRows)
	if err != nil {
		return err
	}
	c, _, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	if u, _ := userOf(r.Context()); (a.AuthorID != u.ID || outcome == bulk.Stayed) && (a.Kind == bulk.Approve || a.Kind == bulk.Reject) {
		ids := make([]uuid.UUID, len(items))
		for n, i := range items {
			ids[n] = i.Example
		}
		if err := s.browse.ShownJudged(r.Context(), ids, beholder(r, false)); err != nil {
			return err
		}
	}
	for _, i := range items {
		category := draw.Plain(i.Category)
		if cat, ok := c.Category(i.Category); ok {
			category = cat.Name
		}
		text := i.Result
		if i.Reason != "" {
			text = i.Reason
		}
		v.Items = append(v.Items, templates.ActItem{
			URL: "/examples/" + i.Example.String(), Place: draw.Plain(i.Source) + ", line " + number(i.Line), Category: category, Status: string(i.Status), Text: text,
		})
	}
	v.Pager.Untimed = true
	if len(items) == actItemRows {
		v.Pager.Older = path + "?outcome=" + outcome + "&after=" + items[len(items)-1].Example.String() + "#items"
	}
	if after != uuid.Nil {
		v.Pager.First = path + "?outcome=" + outcome + "#items"
	}
	return nil
}
