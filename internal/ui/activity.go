package ui

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/web/templates"
)

// showActivity handles GET /people/{id}/activity: the record of one person.
func (s *Server) showActivity(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	person, err := s.accounts.User(r.Context(), id)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	f, wrong := recordFilter(q)
	f.Actor, f.Object = id, ""
	here := "/people/" + id.String() + "/activity"
	v := templates.PersonActivity{
		Name: person.Name, Lead: person.Email + ", " + roleWord(person.Role), Action: here,
		Family: templates.Choice{Name: "action", Label: "What", Options: choose(recordFamilies, q.Get("action"))},
		Since:  templates.Field{Name: "since", Label: "From", Type: "date", Value: q.Get("since"), Problem: wrong["since"]},
		Until:  templates.Field{Name: "until", Label: "To", Type: "date", Value: q.Get("until"), Problem: wrong["until"]},
	}
	if len(person.Skills) > 0 {
		v.Lead += ", " + strings.Join(person.Skills, ", ")
	}
	if !person.DisabledAt.IsZero() {
		v.Lead += ", disabled"
	}
	v.Crumbs = []templates.Link{{Label: "Record", URL: "/audit"}}
	if u, _ := userOf(r.Context()); u.Can(account.ManagePeople) {
		v.Crumbs = append(v.Crumbs, templates.Link{Label: "People", URL: "/people"})
	}
	page := s.frame(w, r, "Activity of "+person.Name, templates.SectionAudit)
	if len(wrong) > 0 {
		s.render(w, r, http.StatusUnprocessableEntity, templates.ActivityPage(page, v))
		return nil
	}
	records, next, err := s.record(r.Context(), f)
	if err != nil {
		return err
	}
	if err := s.readVerdicts(r, records); err != nil {
		return err
	}
	mine := with(url.Values{}, "actor", id.String())
	for _, rec := range records {
		v.Rows = append(v.Rows, recordRow(rec, mine))
	}
	all := with(with(with(mine, "action", q.Get("action")), "since", q.Get("since")), "until", q.Get("until"))
	v.CSV, v.JSONL = exportURL("/audit.csv", all), exportURL("/audit.jsonl", all)
	if next != "" {
		v.Pager.Older = here + "?" + with(q, "after", next).Encode()
	}
	if q.Get("after") != "" {
		v.Pager.First = here + "?" + with(q, "after", "").Encode()
	}
	return s.show(w, r, templates.ActivityPage(page, v))
}
