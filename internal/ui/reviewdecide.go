package ui

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// messageField names the text field of message i.
func messageField(i int) string { return "message." + strconv.Itoa(i) }

// decide handles POST /review/decisions.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	q, err := s.postedQueue(r)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(r.PostForm.Get("example_id"))
	if err != nil {
		return fault.New(fault.Invalid, "The form does not say which example it is about. Reload the page.")
	}
	out, verdict, err := s.decision(r, id)
	if err != nil {
		return s.undecided(w, r, id, err, func(item templates.Item, status int) error {
			if q.Category == "" {
				q.Category = item.Slug
			}
			s.forQueue(&item, q)
			return s.bench(w, r, status, q, []templates.Item{item})
		})
	}
	if isHTMX(r) {
		return s.show(w, r, templates.DecisionOutcome(outcomeView(out, verdict)))
	}
	if !out.Replayed && verdict != example.Skip {
		q.done++
	}
	if q.over() {
		if err := s.flash(w, r, templates.FlashSuccess, "Done: "+counted(q.done, "example", "examples")+". Rest, or take another set."); err != nil {
			return err
		}
		redirect(w, r, "/review")
		return nil
	}
	u, _ := userOf(r.Context())
	any, err := s.hold(r.Context(), u.ID, q)
	if err != nil {
		return err
	}
	return s.goOn(w, r, q, any, outcomeView(out, verdict).Words)
}

// decision carries out what the form says about example id.
func (s *Server) decision(r *http.Request, id uuid.UUID) (review.Outcome, example.Verdict, error) {
	ctx := r.Context()
	u, _ := userOf(ctx)
	form := r.PostForm
	d := review.Decision{
		ExampleID: id, Reviewer: u.Actor(), Verdict: example.Verdict(form.Get("verdict")), Seen: example.Status(form.Get("status_seen")),
		Reason: reasonOf(form), OverrideReason: form.Get("override_reason"), Checklist: form["checklist"],
		RequestKey: form.Get("request_key"), Took: s.took(form),
	}
	var err error
	if d.Revision, err = strconv.Atoi(form.Get("revision")); err != nil {
		return review.Outcome{}, d.Verdict, fault.New(fault.Invalid, "The form does not say which revision you saw. Reload the page.")
	}
	if edited(form) && d.Verdict != example.Skip {
		detail, err := s.browse.Get(ctx, id)
		if err != nil {
			return review.Outcome{}, d.Verdict, err
		}
		// A decision on another revision is refused below, whatever it says.
		if detail.Revision == d.Revision {
			if d.Messages, err = editedMessages(detail.Conversation.Messages, form); err != nil {
				return review.Outcome{}, d.Verdict, err
			}
		}
	}
	out, err := s.reviews.Decide(ctx, d)
	return out, d.Verdict, err
}

// reasonOf joins the reason that was chosen with what was typed. An escalation's
// reason is its question.
func reasonOf(form url.Values) string {
	if form.Get("verdict") == string(example.Escalate) {
		return form.Get("question")
	}
	chosen, typed := form.Get("reason_choice"), strings.TrimSpace(form.Get("reason"))
	switch {
	case form.Get("verdict") != string(example.Reject):
		return ""
	case chosen == "":
		return typed
	case typed == "":
		return chosen
	}
	return chosen + ": " + typed
}

// took is how long the reviewer looked: what the script measured, else since the
// page was made.
func (s *Server) took(form url.Values) time.Duration {
	if ms, err := strconv.ParseInt(form.Get("millis"), 10, 64); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	if ms, err := strconv.ParseInt(form.Get("shown_at"), 10, 64); err == nil {
		return s.now().Sub(time.UnixMilli(ms))
	}
	return 0
}

// outcomes are what a decision led to, as a sentence.
var outcomes = map[example.Verdict]string{
	example.Approve: "Approved.", example.Reject: "Rejected.", example.Escalate: "A specialist will look at it.", example.Skip: "Skipped. It comes back at the end.",
}

func outcomeView(out review.Outcome, verdict example.Verdict) templates.Outcome {
	return templates.Outcome{
		DecisionID: out.DecisionID.String(), Status: string(out.Status), Revision: strconv.Itoa(out.Revision),
		Replayed: out.Replayed, Words: outcomes[verdict],
	}
}

// undecided answers a decision that was not carried out: the script gets the
// problems, others the same page with everything they typed. page draws that
// page.
func (s *Server) undecided(w http.ResponseWriter, r *http.Request, id uuid.UUID, err error, page func(templates.Item, int) error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	status := statusOf[f.Kind]
	if isHTMX(r) {
		var fields []templates.FieldProblem
		for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
			fields = append(fields, templates.FieldProblem{Field: fieldName(name, r.PostForm), Text: f.Fields[name]})
		}
		s.render(w, r, status, templates.DecisionProblems(f.Msg, fields))
		return nil
	}
	d, gerr := s.browse.Get(r.Context(), id)
	if gerr != nil {
		return gerr
	}
	item, gerr := s.item(r, d)
	if gerr != nil {
		return gerr
	}
	refill(&item, r.PostForm, f)
	return page(item, status)
}

// fieldName is the field of the form that a field of a decision was typed in.
func fieldName(name string, form url.Values) string {
	if name == "reason" && form.Get("verdict") == string(example.Escalate) {
		return "question"
	}
	return name
}

// refill puts back what was typed and says what is wrong with it.
func refill(v *templates.Item, form url.Values, f *fault.Error) {
	if v.Form == nil {
		return
	}
	v.Form.Problem = f.Msg
	v.Form.Reason, v.Form.Question = form.Get("reason"), form.Get("question")
	v.Form.Override = form.Get("override_reason")
	for i := range v.Form.Reasons {
		v.Form.Reasons[i].Checked = v.Form.Reasons[i].Name == form.Get("reason_choice")
	}
	for i := range v.Checklist {
		v.Checklist[i].Ticked = slices.Contains(form["checklist"], v.Checklist[i].Slug)
	}
	v.Form.Problems.Override = f.Fields["override_reason"]
	v.Form.Errors = v.Form.Errors || v.Form.Problems.Override != ""
	switch example.Verdict(form.Get("verdict")) {
	case example.Reject:
		v.Form.Open, v.Form.Problems.Reason = "reject", f.Fields["reason"]
	case example.Escalate:
		v.Form.Open, v.Form.Problems.Question = "escalate", f.Fields["reason"]
	}
	if !edited(form) {
		return
	}
	open(v)
	for i := range v.Conversation.Turns {
		e := v.Conversation.Turns[i].Edit
		if e == nil || !form.Has(e.Name) {
			continue
		}
		e.Value, e.Problem = form.Get(e.Name), f.Fields[e.Name]
	}
}

// open opens the text fields of an item.
func open(v *templates.Item) {
	if v.Form == nil {
		return
	}
	v.Form.Editing = true
	for i := range v.Conversation.Turns {
		if e := v.Conversation.Turns[i].Edit; e != nil {
			e.Open = true
		}
	}
}

// edited says whether the form holds any message.
func edited(form url.Values) bool {
	for name := range form {
		if strings.HasPrefix(name, "message.") {
			return true
		}
	}
	return false
}

// edits gives every message its text field, closed.
func edits(v *templates.Item, messages []example.Message) {
	const maxRows = 30
	for i, m := range messages {
		text, _, isJSON := editable(m.Content)
		rows := 2
		for line := range strings.SplitSeq(text, "\n") {
			rows += 1 + len(line)/80
		}
		v.Conversation.Turns[i].Edit = &templates.Edit{
			Name: messageField(i), Form: v.Form.ID, Label: v.Conversation.Turns[i].Who + ", message " + strconv.Itoa(i+1),
			Value: text, Rows: strconv.Itoa(min(rows, maxRows)), JSON: isJSON,
		}
	}
}

// A layout is how JSON is written: how an edit of it is written back.
type layout int

const (
	asTyped layout = iota // not JSON, or laid out by hand
	compact               // no white space
	spaced                // a blank after every comma and colon, as Python writes it
)

// editable returns the text of a message as a text field shows it: JSON that was
// written on one line is laid out over lines. how says how to write it back.
func editable(content string) (text string, how layout, isJSON bool) {
	trimmed := strings.TrimLeft(content, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' || draw.Valid(content) != nil {
		return content, asTyped, false
	}
	for _, how := range []layout{compact, spaced} {
		if how.write(content) == content {
			var buf bytes.Buffer
			if json.Indent(&buf, []byte(content), "", "  ") != nil {
				break // cannot be: it is valid
			}
			return buf.String(), how, true
		}
	}
	return content, asTyped, true
}

// write writes valid JSON in the layout. Keys, numbers and escapes stay as they
// are spelled.
func (l layout) write(content string) string {
	if l == asTyped {
		return content
	}
	var buf bytes.Buffer
	if json.Compact(&buf, []byte(content)) != nil {
		return content
	}
	if l == compact {
		return buf.String()
	}
	var b strings.Builder
	inside, escaped := false, false
	for _, c := range buf.Bytes() {
		b.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case inside && c == '\\':
			escaped = true
		case c == '"':
			inside = !inside
		case !inside && (c == ',' || c == ':'):
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// editedMessages puts the form's texts into the messages. A message whose text
// was not changed keeps its bytes; a changed one keeps the line ends and the
// layout of JSON that it had.
func editedMessages(messages []example.Message, form url.Values) ([]example.Message, error) {
	edited := slices.Clone(messages)
	problems := map[string]string{}
	for i, m := range messages {
		field := messageField(i)
		if !form.Has(field) {
			continue
		}
		shown, how, isJSON := editable(m.Content)
		typed := asBrowsersSend(form.Get(field))
		if typed == asBrowsersSend(shown) {
			continue
		}
		if isJSON {
			if err := draw.Valid(typed); err != nil {
				problems[field] = "This is not valid JSON: " + err.Error() + "."
				continue
			}
		}
		text := how.write(typed)
		if strings.Contains(m.Content, "\r\n") && how == asTyped {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		edited[i].Content = text
	}
	if len(problems) > 0 {
		return nil, fault.Fields("The edit has a mistake.", problems)
	}
	return edited, nil
}

// asBrowsersSend brings a text to what comes back of it from a text field, but
// for line ends, which are all "\n".
func asBrowsersSend(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\ufffd").Replace(s)
}

// detailOf reads the example that an address names.
func (s *Server) detailOf(r *http.Request, id string) (browse.Detail, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return browse.Detail{}, fault.New(fault.NotFound, "There is no example %q.", draw.Plain(id))
	}
	return s.browse.Get(r.Context(), parsed)
}
