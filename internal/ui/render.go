package ui

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/web/templates"
)

// statusOf maps what went wrong to HTTP. There is no other such table.
var statusOf = map[fault.Kind]int{
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.NotFound:    http.StatusNotFound,
	fault.Conflict:    http.StatusConflict,
	fault.Forbidden:   http.StatusForbidden,
	fault.Unknown:     http.StatusUnauthorized,
	fault.TooMany:     http.StatusTooManyRequests,
	fault.TooLarge:    http.StatusRequestEntityTooLarge,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// fail answers with err's status and the sentence meant for users. It is the
// only place that logs a handler's error, so errors are logged once.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return // the client went away
	}
	if broken, ok := errors.AsType[*brokenOff](err); ok {
		s.log.LogAttrs(ctx, slog.LevelError, "answer broken off", slog.String("route", routeOf(r)),
			slog.String("request_id", traceOf(ctx).requestID), slog.Any("error", broken.err))
		panic(http.ErrAbortHandler) // what was sent must not look whole
	}
	status, text := http.StatusInternalServerError, ""
	var tooLarge *http.MaxBytesError
	f, classified := fault.As(err)
	switch {
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, context.DeadlineExceeded), postgres.Down(err):
		status = http.StatusServiceUnavailable
	case classified:
		status, text = statusOf[f.Kind], f.Msg
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	s.log.LogAttrs(ctx, level, "request failed", slog.Int("status", status), slog.String("route", routeOf(r)),
		slog.String("request_id", traceOf(ctx).requestID), slog.Any("error", err))
	if status == http.StatusUnauthorized && r.Method == http.MethodGet && !isHTMX(r) {
		redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()))
		return
	}
	s.problem(w, r, status, text)
}

// problem answers with the page for a status. text is what is said instead of
// the page's usual sentence; it may be empty.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	v := problems[status]
	if v.Title == "" {
		v = problems[http.StatusInternalServerError]
	}
	u, known := userOf(r.Context())
	if text != "" {
		v.Text = text
		if status == http.StatusNotFound && !known {
			v.Advice = "" // it is a link of ours that is wrong, and its words say what to do
		}
	}
	if status == http.StatusConflict && r.Method == http.MethodGet {
		// Nobody was saving anything: it is a link that was used, or has expired.
		v.Title, v.Advice = "This does not work any more", ""
	}
	if first, paged := firstPage(r); status == http.StatusUnprocessableEntity && paged {
		// Nobody filled anything in: it is where the link says that the list goes on.
		v.Title, v.Text = "This link to a page of the list is out of date", "Nothing is lost: the list is still there, from its beginning."
		v.Advice, v.Actions = "", []templates.Link{{Label: "First page of the list", URL: first, Style: templates.ButtonPrimary}}
	}
	if status == http.StatusNotFound {
		if list, ok := listAbove(r.URL.Path, u); ok && known {
			v.Advice, v.Actions = "", append([]templates.Link{list}, v.Actions...)
		}
	}
	v.RequestID = traceOf(r.Context()).requestID
	if status == http.StatusUnauthorized || status < http.StatusInternalServerError && !known {
		v.Actions = []templates.Link{{Label: "Sign in", URL: "/login", Style: templates.ButtonPrimary}}
	}
	w.Header().Set("Cache-Control", "no-store")
	if isHTMX(r) {
		s.render(w, r, status, templates.ProblemBody(v))
		return
	}
	page := s.frame(w, r, v.Title, "")
	page.Width = templates.WidthNarrow
	s.render(w, r, status, templates.ProblemPage(page, v))
}

// listAbove is the list that a path of something to settle belongs to, where the user
// may see it: what is not there any more was in it.
func listAbove(path string, u account.User) (templates.Link, bool) {
	switch {
	case strings.HasPrefix(path, "/questions/") && u.Can(account.Review):
		return templates.Link{Label: "Go to the questions", URL: "/questions", Style: templates.ButtonPrimary}, true
	case strings.HasPrefix(path, "/adjudicate/") && u.Can(account.Adjudicate):
		return templates.Link{Label: "Go to the disagreements", URL: "/adjudicate", Style: templates.ButtonPrimary}, true
	}
	return templates.Link{}, false
}

// problems are the words for each status that a person may meet.
var problems = map[int]templates.Problem{
	http.StatusBadRequest: {
		Status: "400", Title: "That request made no sense", Text: "The address or the form was incomplete.",
		Advice: "Go back, reload the page and try again.", Actions: toDashboard,
	},
	http.StatusUnauthorized: {
		Status: "401", Title: "Please sign in", Text: "Sign in to see this page.",
		Advice: "What you typed is still on the page before: go back, copy it, then sign in.",
	},
	http.StatusForbidden: {
		Status: "403", Title: "This is not for your role", Text: "Your role does not include this.",
		Advice: "An admin of this workspace can change your role.", Actions: toDashboard,
	},
	http.StatusNotFound: {
		Status: "404", Title: "There is nothing here", Text: "There is no page at this address.",
		Advice: "It may have been removed, or the link is incomplete.", Actions: toDashboard,
	},
	http.StatusMethodNotAllowed: {
		Status: "405", Title: "That does not work here", Text: "This address does not take that kind of request.",
		Advice: "Go back and use the buttons on the page.", Actions: toDashboard,
	},
	http.StatusConflict: {
		Status: "409", Title: "Somebody was faster", Text: "This was changed while you were looking at it.",
		Advice: "Go back, reload the page and look at it again. Nothing of yours was saved over.", Actions: toDashboard,
	},
	http.StatusRequestEntityTooLarge: {
		Status: "413", Title: "That is too much at once", Text: "The form or file is larger than this page takes.",
		Advice: "Send less at once. Datasets of any size go through Import.", Actions: toDashboard,
	},
	http.StatusUnprocessableEntity: {
		Status: "422", Title: "Something needs correcting", Text: "The form has a mistake.",
		Advice: "Go back, correct it and send it again.", Actions: toDashboard,
	},
	http.StatusTooManyRequests: {
		Status: "429", Title: "Take a rest between sets", Text: "Too many attempts in a short time.",
		Advice: "Wait a few minutes, then try again.",
	},
	http.StatusInternalServerError: {
		Status: "500", Title: "That one failed on our side", Text: "Something went wrong on our side. Nothing you did caused it.",
		Advice: "Try again. If it stays, tell your admin the request number below: it is in the log.", Actions: toDashboard,
	},
	http.StatusServiceUnavailable: {
		Status: "503", Title: "Back in a moment", Text: "The database does not answer just now.",
		Advice: "Wait a few seconds and reload the page. Nothing saved before is lost.",
	},
}

// placeParameters are how addresses of lists say where a page begins.
var placeParameters = []string{"cursor", "after", "before", "rejects"}

// firstPage is the address of the list that a request asked for a later page of, and
// false where it asked for none.
func firstPage(r *http.Request) (string, bool) {
	if r.Method != http.MethodGet {
		return "", false
	}
	q, later := r.URL.Query(), false
	for _, name := range placeParameters {
		later = later || q.Get(name) != ""
		q.Del(name)
	}
	return addressOf(r.URL.Path, q), later
}

var toDashboard = []templates.Link{{Label: "Go to the dashboard", URL: "/"}}

// render sends c, or only the named fragments of it when htmx asks. templ
// buffers, so an error cannot leave half a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component, fragments ...any) {
	opts := []func(*templ.ComponentHandler){
		templ.WithStatus(status),
		templ.WithErrorHandler(func(r *http.Request, err error) http.Handler {
			s.log.LogAttrs(r.Context(), slog.LevelError, "render failed", slog.String("route", routeOf(r)),
				slog.String("request_id", traceOf(r.Context()).requestID), slog.Any("error", err))
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				plain(w, http.StatusInternalServerError, "The page could not be drawn. Reload it, or tell your admin.\n")
			})
		}),
	}
	if len(fragments) > 0 && isHTMX(r) {
		opts = append(opts, templ.WithFragments(fragments...))
	}
	h := w.Header()
	h.Add("Vary", "HX-Request")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store") // pages show what one person may see
	}
	templ.Handler(c, opts...).ServeHTTP(w, r)
}

// show renders a page with status 200.
func (s *Server) show(w http.ResponseWriter, r *http.Request, c templ.Component, fragments ...any) error {
	s.render(w, r, http.StatusOK, c, fragments...)
	return nil
}

// redirect sends the browser on after a change. The path is one of ours.
func redirect(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, path, http.StatusSeeOther)
}

func isHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// localPath returns next where it is a path on this server, else "/". It keeps
// a link to the login page from leading to another site afterwards.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return u.RequestURI()
}

// frame is the frame of a page for who asks: navigation, banner, flash. A
// page's handler sets what is special about it.
func (s *Server) frame(w http.ResponseWriter, r *http.Request, title, section string) templates.Page {
	p := templates.Page{Title: title, Section: section}
	v := visitOf(r.Context())
	if v == nil {
		return p
	}
	u := v.user
	p.User = &templates.User{Name: u.Name, Email: u.Email, Role: roleWord(u.Role), Initials: initials(u.Name)}
	p.Nav = templates.Nav{
		Dashboard: u.Can(account.View), Review: u.Can(account.Review), Examples: u.Can(account.View),
		Imports: s.imports != nil && u.Can(account.Import), Quality: s.soundness != nil && s.rechecks != nil && u.Can(account.View),
		Duplicates: s.duplicates != nil && u.Can(account.View),
		Releases:   s.releases != nil && u.Can(account.View),
		Download:   s.export != nil && u.Can(account.Export), Catalog: u.Can(account.View),
		Agreement: s.agreement != nil && u.Can(account.Measure), Sampling: s.samples != nil && s.assignments != nil && u.Can(account.View),
		People: u.Can(account.ManagePeople), Audit: u.Can(account.ReadAudit),
	}
	p.Nav.Hooks = s.hooks != nil && u.Can(account.ManageHooks)
	s.inboxNav(r.Context(), &p.Nav, u)
	p.Flash = s.takeFlash(w, r)
	if n := s.demoCount(r.Context()); n > 0 {
		p.Demo = &templates.Demo{Examples: number(n), MayRemove: u.Can(account.RemoveDemo)}
	}
	return p
}

// roleWords are the roles as people say them.
var roleWords = map[account.Role]string{
	account.Admin: "Admin", account.Lead: "Lead reviewer", account.Reviewer: "Reviewer",
	account.PM: "PM", account.Engineer: "ML engineer",
}

func roleWord(r account.Role) string {
	if w, ok := roleWords[r]; ok {
		return w
	}
	return string(r)
}
