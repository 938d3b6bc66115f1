package ui

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/web/templates"
)

const passwordHint = "At least 10 characters. A short sentence is easy to remember and hard to guess."

// showLogin handles GET /login.
func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if _, ok := userOf(r.Context()); ok {
		redirect(w, r, next)
		return nil
	}
	first, err := s.accounts.SetupNeeded(r.Context())
	if err != nil {
		return err
	}
	v := loginView("", next)
	v.FirstRun = first
	return s.show(w, r, templates.LoginPage(s.frame(w, r, "Sign in", ""), v))
}

// logIn handles POST /login.
func (s *Server) logIn(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	next := localPath(r.PostForm.Get("next"))
	sess, _, err := s.accounts.Login(r.Context(), r.PostForm.Get("email"), r.PostForm.Get("password"), client(r))
	if f, ok := fault.As(err); ok {
		v := loginView(r.PostForm.Get("email"), next)
		v.Problem = f.Msg
		status := statusOf[f.Kind]
		if f.Kind == fault.Unknown {
			status = http.StatusUnprocessableEntity // a form with a mistake, not a page that needs signing in
		}
		s.render(w, r, status, templates.LoginPage(s.frame(w, r, "Sign in", ""), v))
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.accounts.SetCookie(w, r, sess); err != nil {
		return err
	}
	redirect(w, r, next)
	return nil
}

func loginView(email, next string) templates.Login {
	return templates.Login{
		Email:    templates.Field{Name: "email", Label: "Email", Type: "email", Value: email, Autocomplete: "username", Autofocus: email == ""},
		Password: templates.Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Autofocus: email != ""},
		Next:     next,
	}
}

// logOut handles POST /logout.
func (s *Server) logOut(w http.ResponseWriter, r *http.Request) error {
	if v := visitOf(r.Context()); v != nil {
		if err := s.accounts.Logout(r.Context(), v.user, v.session); err != nil {
			return err
		}
	}
	s.accounts.ClearCookie(w)
	redirect(w, r, "/login")
	return nil
}

// showSetup handles GET /setup.
func (s *Server) showSetup(w http.ResponseWriter, r *http.Request) error {
	needed, err := s.accounts.SetupNeeded(r.Context())
	if err != nil {
		return err
	}
	if !needed {
		redirect(w, r, "/")
		return nil
	}
	token := r.URL.Query().Get("token")
	if err := s.accounts.CheckSetup(r.Context(), token); err != nil {
		return err
	}
	v := s.setupView(url.Values{}, nil)
	v.Token = token
	return s.show(w, r, templates.SetupPage(s.frame(w, r, "Welcome", ""), v))
}

// setUp handles POST /setup.
func (s *Server) setUp(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	form := r.PostForm
	sess, u, err := s.accounts.CompleteSetup(r.Context(), form.Get("token"), account.Person{
		Email: form.Get("email"), Name: form.Get("name"), Password: form.Get("password"),
	}, client(r))
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		v := s.setupView(form, f.Fields)
		v.Problem = f.Msg
		s.render(w, r, http.StatusUnprocessableEntity, templates.SetupPage(s.frame(w, r, "Welcome", ""), v))
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.accounts.SetCookie(w, r, sess); err != nil {
		return err
	}
	if form.Get("demo") == "yes" && s.demo != nil {
		if err := s.demo.Add(r.Context(), u.Actor()); err != nil {
			return err
		}
	}
	redirect(w, r, "/")
	return nil
}

func (s *Server) setupView(form url.Values, wrong map[string]string) templates.Setup {
	return templates.Setup{
		Token:     form.Get("token"),
		Name:      templates.Field{Name: "name", Label: "Your name", Value: form.Get("name"), Autocomplete: "name", Problem: wrong["name"], Autofocus: true},
		Email:     templates.Field{Name: "email", Label: "Email", Type: "email", Value: form.Get("email"), Autocomplete: "username", Hint: "You sign in with it. Nothing is sent to it.", Problem: wrong["email"]},
		Password:  templates.Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Hint: passwordHint, Problem: wrong["password"]},
		OfferDemo: s.demo != nil,
		WantsDemo: form.Get("demo") == "yes",
	}
}

// showJoin handles GET /join/{token}.
func (s *Server) showJoin(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	inv, err := s.accounts.Invitation(r.Context(), token)
	if err != nil {
		return err
	}
	return s.show(w, r, templates.JoinPage(s.frame(w, r, "Join", ""), joinView(token, inv, "", nil)))
}

// join handles POST /join/{token}.
func (s *Server) join(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	token := chi.URLParam(r, "token")
	sess, _, err := s.accounts.Join(r.Context(), token, r.PostForm.Get("name"), r.PostForm.Get("password"), client(r))
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		inv, err := s.accounts.Invitation(r.Context(), token)
		if err != nil {
			return err
		}
		v := joinView(token, inv, r.PostForm.Get("name"), f.Fields)
		v.Problem = f.Msg
		s.render(w, r, http.StatusUnprocessableEntity, templates.JoinPage(s.frame(w, r, "Join", ""), v))
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.accounts.SetCookie(w, r, sess); err != nil {
		return err
	}
	redirect(w, r, "/")
	return nil
}

func joinView(token string, inv account.Invitation, name string, wrong map[string]string) templates.Join {
	return templates.Join{
		Action:   "/join/" + url.PathEscape(token),
		Role:     roleWord(inv.Role),
		Name:     templates.Field{Name: "name", Label: "Your name", Value: name, Autocomplete: "name", Problem: wrong["name"], Autofocus: true},
		Email:    templates.Field{Name: "email", Label: "Email", Type: "email", Value: inv.Email, Autocomplete: "username", ReadOnly: true, Hint: "The invitation is for this address. You sign in with it.", Problem: wrong["email"]},
		Password: templates.Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Hint: passwordHint, Problem: wrong["password"]},
	}
}

// malformed is the fault of a form that could not be read; one that is too
// large keeps its own error.
func malformed(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return fault.Wrap(fault.Invalid, err, "The form did not arrive whole. Go back and send it again.")
}
