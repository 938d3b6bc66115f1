package ui

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/internal/webhook"
	"github.com/voicefit/spotter/web/templates"
)

// Hooks tells other programs what happens: webhook.Service.
type Hooks interface {
	Create(ctx context.Context, by audit.Actor, f webhook.Form) (uuid.UUID, string, error)
	Change(ctx context.Context, by audit.Actor, id uuid.UUID, f webhook.Form) error
	Renew(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error)
	Enable(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Disable(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Remove(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Try(ctx context.Context, by audit.Actor, id uuid.UUID) error
	Resend(ctx context.Context, by audit.Actor, endpoint, delivery uuid.UUID) error
	List(ctx context.Context) ([]webhook.Endpoint, error)
	Get(ctx context.Context, id uuid.UUID) (webhook.Endpoint, error)
	Log(ctx context.Context, endpoint, before uuid.UUID, limit int) ([]webhook.Delivery, error)
	Delivery(ctx context.Context, endpoint, id uuid.UUID) (webhook.Delivery, error)
}

const deliveryRows = 50

func (s *Server) hookRoutes() {
	s.get("/webhooks", account.ManageHooks, s.listHooks)
	s.post("/webhooks", account.ManageHooks, s.createHook)
	s.get("/webhooks/{id}", account.ManageHooks, s.showHook)
	s.post("/webhooks/{id}", account.ManageHooks, s.editHook)
	s.post("/webhooks/{id}/secret", account.ManageHooks, s.renewHook)
	s.post("/webhooks/{id}/enable", account.ManageHooks, s.changeHook("It is told again of what happens from now on.", func(ctx context.Context, by audit.Actor, id uuid.UUID) error {
		return s.hooks.Enable(ctx, by, id)
	}))
	s.post("/webhooks/{id}/disable", account.ManageHooks, s.changeHook("It is told nothing any more.", func(ctx context.Context, by audit.Actor, id uuid.UUID) error {
		return s.hooks.Disable(ctx, by, id)
	}))
	s.post("/webhooks/{id}/try", account.ManageHooks, s.changeHook("A test is on its way. Reload the page to see what came of it.", func(ctx context.Context, by audit.Actor, id uuid.UUID) error {
		return s.hooks.Try(ctx, by, id)
	}))
	s.post("/webhooks/{id}/remove", account.ManageHooks, s.removeHook)
	s.get("/webhooks/{id}/deliveries/{delivery}", account.ManageHooks, s.showDelivery)
	s.post("/webhooks/{id}/deliveries/{delivery}", account.ManageHooks, s.resendDelivery)
}

// eventWords are the events as people say them.
var eventWords = map[webhook.Event]string{
	webhook.ImportFinished:    "an import has finished, failed or was cancelled",
	webhook.ReleaseBuilt:      "the files of a release are built",
	webhook.Ping:              "somebody tries it out",
	webhook.EscalationCreated: "somebody asks a specialist, or two reviewers disagree",
}

func hookForm(action, button string, f webhook.Form, problem *fault.Error) templates.HookForm {
	v := templates.HookForm{
		Action: action, Button: button,
		Name:    templates.Field{Name: "name", Label: "Name", Value: f.Name, MaxLength: 100, Placeholder: "training pipeline"},
		Address: templates.Field{Name: "url", Label: "Address", Type: "url", Value: f.URL, Placeholder: "https://ci.example.org/hooks/spotter", Autocomplete: "off"},
	}
	for _, e := range webhook.Events {
		v.Events = append(v.Events, templates.Box{Name: "event", Value: string(e), Label: eventWords[e], Hint: string(e), On: slices.Contains(f.Events, e)})
	}
	if problem != nil {
		v.Problem, v.Name.Problem, v.Address.Problem, v.Wrong = problem.Msg, problem.Fields["name"], problem.Fields["url"], problem.Fields["events"]
	}
	return v
}

func formOfHook(r *http.Request) (webhook.Form, error) {
	if err := r.ParseForm(); err != nil {
		return webhook.Form{}, malformed(err)
	}
	f := webhook.Form{Name: r.PostForm.Get("name"), URL: r.PostForm.Get("url")}
	for _, e := range r.PostForm["event"] {
		f.Events = append(f.Events, webhook.Event(e))
	}
	return f, nil
}

// listHooks handles GET /webhooks.
func (s *Server) listHooks(w http.ResponseWriter, r *http.Request) error {
	return s.hooksPage(w, r, http.StatusOK, templates.Hooks{Form: hookForm("/webhooks", "Add it", webhook.Form{}, nil)})
}

func (s *Server) hooksPage(w http.ResponseWriter, r *http.Request, status int, v templates.Hooks) error {
	list, err := s.hooks.List(r.Context())
	if err != nil {
		return err
	}
	for _, e := range list {
		row := templates.HookRow{URL: "/webhooks/" + e.ID.String(), Name: e.Name, Address: e.URL, State: "On", Style: "is-approved"}
		for _, event := range e.Events {
			row.Events = append(row.Events, templates.HookEvent{Words: eventTitle(event), Code: string(event)})
		}
		if e.Disabled != nil {
			row.State, row.Style = "Off: "+e.Disabled.Why, "is-rejected"
		}
		v.Rows = append(v.Rows, row)
	}
	page := s.frame(w, r, "Webhooks", templates.SectionHooks)
	page.Styles = []string{"css/people.css", "css/acts.css"}
	s.render(w, r, status, templates.HooksPage(page, v))
	return nil
}

// eventList says what a webhook is told of, as the form does.
func eventList(events []webhook.Event) string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = cmp.Or(eventWords[e], string(e))
	}
	return strings.Join(names, "; ")
}

// eventTitle begins with an event, as people say it.
func eventTitle(e webhook.Event) string {
	words := eventWords[e]
	if words == "" {
		return string(e)
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// createHook handles POST /webhooks. The answer shows the secret, once.
func (s *Server) createHook(w http.ResponseWriter, r *http.Request) error {
	f, err := formOfHook(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	_, secret, err := s.hooks.Create(r.Context(), u.Actor(), f)
	if problem, ok := fault.As(err); ok && problem.Kind == fault.Invalid {
		return s.hooksPage(w, r, http.StatusUnprocessableEntity, templates.Hooks{Form: hookForm("/webhooks", "Add it", f, problem)})
	}
	if err != nil {
		return err
	}
	return s.hooksPage(w, r, http.StatusOK, templates.Hooks{
		Secret: secret, Note: "Put it where the receiver checks signatures. It is not shown again; you can make another.",
		Form: hookForm("/webhooks", "Add it", webhook.Form{}, nil),
	})
}

func (s *Server) hookOf(r *http.Request) (webhook.Endpoint, error) {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return webhook.Endpoint{}, err
	}
	return s.hooks.Get(r.Context(), id)
}

// showHook handles GET /webhooks/{id}.
func (s *Server) showHook(w http.ResponseWriter, r *http.Request) error {
	e, err := s.hookOf(r)
	if err != nil {
		return err
	}
	return s.hookPage(w, r, http.StatusOK, e, nil, "")
}

func (s *Server) hookPage(w http.ResponseWriter, r *http.Request, status int, e webhook.Endpoint, problem *fault.Error, secret string) error {
	before, err := optionalUUID(r.URL.Query().Get("before"))
	if err != nil {
		return fault.New(fault.Invalid, "The address of this page is damaged. Go back to the beginning of the log.")
	}
	log, err := s.hooks.Log(r.Context(), e.ID, before, deliveryRows)
	if err != nil {
		return err
	}
	path := "/webhooks/" + e.ID.String()
	v := templates.Hook{
		Head:       templates.Head{Title: e.Name, Lead: e.URL, Crumbs: []templates.Link{{Label: "Webhooks", URL: "/webhooks"}}},
		SecretHint: e.SecretHint + "…", Secret: secret, Style: templates.FlashInfo, State: "It is told when " + eventList(e.Events) + ".",
		Form: hookForm(path, "Save", webhook.Form{Name: e.Name, URL: e.URL, Events: e.Events}, problem),
		Actions: []templates.Confirm{
			{Summary: "New secret", Button: "Make a new secret", Action: path + "/secret", Text: "What is sent from now on is signed with the new one. Change it at the receiver too."},
		},
	}
	if e.Disabled != nil {
		v.Style, v.Enable = templates.FlashWarning, path+"/enable"
		v.State = "It is switched off since " + moment(e.Disabled.At, s.now()).Text + ": " + e.Disabled.Why + "."
	} else {
		v.Try = path + "/try"
		v.Actions = append(v.Actions, templates.Confirm{Summary: "Switch off", Button: "Switch it off", Action: path + "/disable", Text: "It is told nothing any more. What waits to be sent is given up."})
	}
	v.Actions = append(v.Actions, templates.Confirm{Summary: "Remove", Danger: true, Button: "Remove " + e.Name, Action: path + "/remove", Text: "The address and its secret go. This cannot be undone."})
	for _, d := range log {
		v.Rows = append(v.Rows, s.deliveryView(e, d))
	}
	if len(log) == deliveryRows {
		v.Pager.Older = path + "?before=" + log[len(log)-1].ID.String() + "#log"
	}
	if before != uuid.Nil {
		v.Pager.First = path + "#log"
	}
	page := s.frame(w, r, e.Name, templates.SectionHooks)
	page.Styles = []string{"css/people.css", "css/acts.css"}
	s.render(w, r, status, templates.HookPage(page, v))
	return nil
}

func (s *Server) deliveryView(e webhook.Endpoint, d webhook.Delivery) templates.HookDelivery {
	v := templates.HookDelivery{
		URL: "/webhooks/" + e.ID.String() + "/deliveries/" + d.ID.String(), Words: eventTitle(d.Event), Event: string(d.Event), At: moment(d.CreatedAt, s.now()), Result: "not tried yet",
	}
	if e.Disabled == nil {
		v.Resend = v.URL
	}
	if d.Last != nil {
		v.Result = attemptWords(*d.Last)
		if d.Last.Problem != "" && d.Last.Status == 0 {
			v.Result = d.Last.Problem
		}
	}
	switch d.State {
	case webhook.Delivered:
		v.State, v.Style = "Arrived", "is-approved"
	case webhook.GivenUp:
		v.State, v.Style = "Given up", "is-rejected"
	default:
		v.State, v.Style = "Waits", "is-pending"
		if d.Tries > 0 {
			next := moment(d.NextAt, s.now())
			v.State, v.Next = "Tried "+counted(d.Tries, "time", "times"), &next
		}
	}
	return v
}

func attemptWords(a webhook.Attempt) string {
	took := number(a.Took.Milliseconds()) + " ms"
	if a.Status == 0 {
		return "no answer after " + took
	}
	return number(a.Status) + " in " + took
}

// editHook handles POST /webhooks/{id}.
func (s *Server) editHook(w http.ResponseWriter, r *http.Request) error {
	e, err := s.hookOf(r)
	if err != nil {
		return err
	}
	f, err := formOfHook(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	err = s.hooks.Change(r.Context(), u.Actor(), e.ID, f)
	if problem, ok := fault.As(err); ok && problem.Kind == fault.Invalid {
		e.Name, e.URL, e.Events = cutName(f.Name), f.URL, f.Events
		return s.hookPage(w, r, http.StatusUnprocessableEntity, e, problem, "")
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "Saved."); err != nil {
		return err
	}
	redirect(w, r, "/webhooks/"+e.ID.String())
	return nil
}

// cutName keeps a refused name from becoming a title without end.
func cutName(name string) string {
	if name == "" {
		return "Webhook"
	}
	return example.Excerpt(name, 100)
}

// renewHook handles POST /webhooks/{id}/secret.
func (s *Server) renewHook(w http.ResponseWriter, r *http.Request) error {
	e, err := s.hookOf(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	secret, err := s.hooks.Renew(r.Context(), u.Actor(), e.ID)
	if err != nil {
		return err
	}
	if e, err = s.hooks.Get(r.Context(), e.ID); err != nil {
		return err
	}
	return s.hookPage(w, r, http.StatusOK, e, nil, secret)
}

// changeHook is what the routes under /webhooks/{id} have in common: a change, a
// sentence about it, back to the page.
func (s *Server) changeHook(said string, change func(ctx context.Context, by audit.Actor, id uuid.UUID) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		e, err := s.hookOf(r)
		if err != nil {
			return err
		}
		u, _ := userOf(r.Context())
		if err := change(r.Context(), u.Actor(), e.ID); err != nil {
			return err
		}
		if err := s.flash(w, r, templates.FlashSuccess, said); err != nil {
			return err
		}
		redirect(w, r, "/webhooks/"+e.ID.String())
		return nil
	}
}

// removeHook handles POST /webhooks/{id}/remove.
func (s *Server) removeHook(w http.ResponseWriter, r *http.Request) error {
	e, err := s.hookOf(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	if err := s.hooks.Remove(r.Context(), u.Actor(), e.ID); err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, e.Name+" is told nothing any more and its secret is gone."); err != nil {
		return err
	}
	redirect(w, r, "/webhooks")
	return nil
}

// showDelivery handles GET /webhooks/{id}/deliveries/{delivery}.
func (s *Server) showDelivery(w http.ResponseWriter, r *http.Request) error {
	e, d, err := s.deliveryOf(r)
	if err != nil {
		return err
	}
	v := templates.HookSent{
		Head: templates.Head{Title: string(d.Event), Crumbs: []templates.Link{{Label: "Webhooks", URL: "/webhooks"}, {Label: e.Name, URL: "/webhooks/" + e.ID.String()}}},
		Line: s.deliveryView(e, d), Body: draw.Text(laidOut(d.Body)),
	}
	v.Facts = []templates.Origin{{Label: "State", Text: v.Line.State}, {Label: "Delivery", Text: d.ID.String(), Mono: true}, {Label: "Made", Text: d.CreatedAt.UTC().Format("2 January 2006, 15:04:05 UTC")}}
	for _, a := range d.Attempts {
		v.Attempts = append(v.Attempts, templates.HookAttempt{At: stamp(a.At), Result: attemptWords(a), Problem: a.Problem, Response: draw.Text(a.Response)})
	}
	page := s.frame(w, r, string(d.Event), templates.SectionHooks)
	page.Styles = []string{"css/review.css", "css/acts.css"}
	return s.show(w, r, templates.HookSentPage(page, v))
}

func (s *Server) deliveryOf(r *http.Request) (webhook.Endpoint, webhook.Delivery, error) {
	e, err := s.hookOf(r)
	if err != nil {
		return e, webhook.Delivery{}, err
	}
	id, err := parseID(chi.URLParam(r, "delivery"))
	if err != nil {
		return e, webhook.Delivery{}, err
	}
	d, err := s.hooks.Delivery(r.Context(), e.ID, id)
	return e, d, err
}

// resendDelivery handles POST /webhooks/{id}/deliveries/{delivery}.
func (s *Server) resendDelivery(w http.ResponseWriter, r *http.Request) error {
	e, d, err := s.deliveryOf(r)
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	if err := s.hooks.Resend(r.Context(), u.Actor(), e.ID, d.ID); err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "It is sent again, with the same id."); err != nil {
		return err
	}
	redirect(w, r, "/webhooks/"+e.ID.String()+"#log")
	return nil
}
