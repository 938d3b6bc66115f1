package ui

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Record lists who did what: audit.List on the server's database.
type Record func(ctx context.Context, f audit.Filter) ([]audit.Record, string, error)

// recordFamilies are the kinds of act that the record's filter offers.
var recordFamilies = []templates.Option{
	{Value: "", Label: "Everything"},
	{Value: "account.", Label: "People and sign-in"},
	{Value: "import.", Label: "Imports"},
	{Value: "example.", Label: "Decisions, edits and comments"},
	{Value: "act.", Label: "Acts on many examples"},
	{Value: "assignment.", Label: "Assignments"},
	{Value: "sample.", Label: "Samples"},
	{Value: "duplicates.", Label: "Duplicates"},
	{Value: "waiver.", Label: "Waivers"},
	{Value: "lease.", Label: "Freed examples"},
	{Value: "export.", Label: "Downloads"},
	{Value: "release.", Label: "Releases"},
	{Value: "share.", Label: "Links to the dashboard"},
	{Value: "webhook.", Label: "Webhooks"},
	{Value: "catalog.", Label: "Catalog"},
	{Value: "demo.", Label: "Demo data"},
}

const (
	recordRows = 100
	dateLayout = "2006-01-02" // what a date field sends
)

// listRecord handles GET /audit.
func (s *Server) listRecord(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f, wrong := recordFilter(q)
	v := templates.Audit{
		Action: templates.Choice{Name: "action", Label: "What", Options: choose(recordFamilies, q.Get("action"))},
		Object: templates.Field{Name: "object", Label: "To what", Value: q.Get("object"), Placeholder: "user/…", Problem: wrong["object"]},
		Since:  templates.Field{Name: "since", Label: "From", Type: "date", Value: q.Get("since"), Problem: wrong["since"]},
		Until:  templates.Field{Name: "until", Label: "To", Type: "date", Value: q.Get("until"), Problem: wrong["until"]},
	}
	people, _, err := s.accounts.List(r.Context(), "", 500)
	if err != nil {
		return err
	}
	actors := []templates.Option{{Label: "Anybody"}}
	for _, u := range people {
		actors = append(actors, templates.Option{Value: u.ID.String(), Label: u.Name})
	}
	v.Actor = templates.Choice{Name: "actor", Label: "Who", Options: choose(actors, q.Get("actor")), Problem: wrong["actor"]}
	page := s.frame(w, r, "Record", templates.SectionAudit)
	if len(wrong) > 0 {
		s.render(w, r, http.StatusUnprocessableEntity, templates.AuditPage(page, v))
		return nil
	}
	records, next, err := s.record(r.Context(), f)
	if err != nil {
		return err
	}
	if err := s.readVerdicts(r, records); err != nil {
		return err
	}
	for _, rec := range records {
		v.Rows = append(v.Rows, recordRow(rec, q))
	}
	all := with(q, "after", "")
	v.CSV, v.JSONL = exportURL("/audit.csv", all), exportURL("/audit.jsonl", all)
	if next != "" {
		v.Pager.Older = "/audit?" + with(q, "after", next).Encode()
	}
	if q.Get("after") != "" {
		v.Pager.First = "/audit?" + with(q, "after", "").Encode()
	}
	return s.show(w, r, templates.AuditPage(page, v))
}

// readVerdicts notes that whoever reads this page of the record reads what others
// decided on the examples in it, for those who might be asked for a verdict of their own.
func (s *Server) readVerdicts(r *http.Request, records []audit.Record) error {
	if s.browse == nil {
		return nil
	}
	viewer := beholder(r, false)
	var ids []uuid.UUID
	for _, rec := range records {
		switch rec.Action {
		case "example.approve", "example.reject", "example.escalate":
		default:
			continue
		}
		if id, err := uuid.Parse(strings.TrimPrefix(rec.Object, "example/")); err == nil && rec.Actor.ID != viewer.ID {
			ids = append(ids, id)
		}
	}
	return s.browse.ShownJudged(r.Context(), ids, viewer)
}

// exportURL is the export of what the filter in q chooses.
func exportURL(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// recordFilter reads a filter from the query and says which fields are wrong.
func recordFilter(q url.Values) (audit.Filter, map[string]string) {
	wrong := map[string]string{}
	f := audit.Filter{Action: q.Get("action"), Object: strings.TrimSpace(q.Get("object")), After: q.Get("after"), Limit: recordRows}
	if v := q.Get("actor"); v != "" {
		id, err := uuid.Parse(v)
		if err != nil {
			wrong["actor"] = "There is no such person."
		}
		f.Actor = id
	}
	day := func(name string) time.Time {
		v := q.Get(name)
		if v == "" {
			return time.Time{}
		}
		t, err := time.Parse(dateLayout, v)
		if err != nil {
			wrong[name] = "Write the day as 2026-11-30."
		}
		return t
	}
	f.Since = day("since")
	if f.Until = day("until"); !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the whole of that day
	}
	return f, wrong
}

func recordRow(rec audit.Record, q url.Values) templates.AuditRow {
	row := templates.AuditRow{
		At: stamp(rec.At), Actor: rec.Actor.Name, Action: rec.Action, ActionURL: "/audit?" + with(with(q, "after", ""), "action", rec.Action).Encode(),
		Object: shortObject(rec.Object), ObjectFull: rec.Object, Details: detailFacts(rec.Detail),
	}
	row.GoURL = objectPage(rec.Object)
	if rec.Object != "" {
		row.ObjectURL = "/audit?object=" + url.QueryEscape(rec.Object)
	}
	if rec.Seq > 0 {
		row.Seal = number(rec.Seq)
	}
	return row
}

// objectPages are where the things are that the record names, by kind; the id
// comes behind.
var objectPages = map[string]string{
	"example": "/examples/", "assignment": "/assignments/", "import": "/imports/", "release": "/releases/", "sample": "/sampling/", "act": "/acts/",
}

// objectPage is the page of what an entry is about; empty where it has none.
func objectPage(object string) string {
	kind, id, _ := strings.Cut(object, "/")
	if _, err := uuid.Parse(id); err != nil {
		if kind == "catalog" {
			return "/catalog"
		}
		return ""
	}
	if kind == "user" {
		return "/people/" + id + "/activity"
	}
	if kind == "invitation" {
		return "/people"
	}
	if page, ok := objectPages[kind]; ok {
		return page + id
	}
	return ""
}

// shortObject keeps of kind/id what tells ids apart: their end. Their beginning
// is a time.
func shortObject(object string) string {
	const shown = 12
	kind, id, ok := strings.Cut(object, "/")
	if !ok || len(id) <= 2*shown {
		return object
	}
	return kind + "/…" + id[len(id)-shown:]
}

// detailFacts writes an entry's JSON as names and values. What is not an object
// of JSON becomes one fact without a name, so that nothing is hidden.
func detailFacts(detail json.RawMessage) []templates.Fact {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(detail, &object); err != nil {
		return []templates.Fact{{Value: draw.Plain(string(detail))}}
	}
	var facts []templates.Fact
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value := string(object[name])
		var text string
		if json.Unmarshal(object[name], &text) == nil {
			value = text
		}
		facts = append(facts, templates.Fact{Name: draw.Plain(name), Value: draw.Plain(value)})
	}
	return facts
}

// with returns the query with name set to value, or without it where value is
// empty.
func with(q url.Values, name, value string) url.Values {
	c := make(url.Values, len(q)+1)
	for k, v := range q {
		if k != name && len(v) > 0 && v[0] != "" {
			c[k] = v
		}
	}
	if value != "" {
		c.Set(name, value)
	}
	return c
}

// choose returns the options with the one of that value selected. A value that
// is not among them is added, so that a filter from a link is not lost.
func choose(options []templates.Option, value string) []templates.Option {
	out := make([]templates.Option, 0, len(options)+1)
	found := false
	for _, o := range options {
		o.Selected = o.Value == value
		found = found || o.Selected
		out = append(out, o)
	}
	if !found {
		out = append(out, templates.Option{Value: value, Label: value, Selected: true})
	}
	return out
}

// parseID reads the id of a path. What is not one names nothing.
func parseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fault.New(fault.NotFound, "There is no such thing here.")
	}
	return id, nil
}
