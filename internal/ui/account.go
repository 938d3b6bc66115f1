package ui

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// tokenLifetimes are the choices for how long a token works.
var tokenLifetimes = []templates.Option{
	{Value: "30d", Label: "in 30 days"},
	{Value: "90d", Label: "in 90 days"},
	{Value: "366d", Label: "in a year"},
	{Value: "1d", Label: "tomorrow"},
}

// showAccount handles GET /account.
func (s *Server) showAccount(w http.ResponseWriter, r *http.Request) error {
	v, err := s.accountView(r)
	if err != nil {
		return err
	}
	page := s.frame(w, r, "Your account", "")
	if page.Flash == nil && r.URL.Query().Get("changed") == "password" {
		// The session has a new id since, so it cannot carry the message.
		page.Flash = &templates.Flash{Kind: templates.FlashSuccess, Text: "Your password is changed. Every other browser is signed out."}
	}
	return s.show(w, r, templates.AccountPage(page, v))
}

// changePassword handles POST /account/password.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	visit := visitOf(r.Context())
	sess, err := s.accounts.ChangePassword(r.Context(), visit.user, visit.session, r.PostForm.Get("old"), r.PostForm.Get("new"))
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.TooMany) {
		v, err := s.accountView(r)
		if err != nil {
			return err
		}
		v.PasswordProblem = f.Msg
		v.CurrentPassword.Problem, v.NewPassword.Problem = f.Fields["old"], f.Fields["new"]
		s.render(w, r, statusOf[f.Kind], templates.AccountPage(s.frame(w, r, "Your account", ""), v))
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.accounts.SetCookie(w, r, sess); err != nil {
		return err
	}
	redirect(w, r, "/account?changed=password")
	return nil
}

// endSessions handles POST /account/sessions/revoke: the session with the
// handle in the form, or without one all but this.
func (s *Server) endSessions(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	ctx, visit := r.Context(), visitOf(r.Context())
	handles := []string{r.PostForm.Get("handle")}
	if handles[0] == "" {
		list, err := s.accounts.Sessions(ctx, visit.user.ID, visit.session)
		if err != nil {
			return err
		}
		handles = handles[:0]
		for _, one := range list {
			if !one.Current {
				handles = append(handles, one.Handle)
			}
		}
	}
	for _, h := range handles {
		// One that ended by itself meanwhile is what was asked for.
		if err := s.accounts.RevokeSession(ctx, visit.user.Actor(), visit.user.ID, h); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	if err := s.flash(w, r, templates.FlashSuccess, "Signed out there. This browser stays signed in."); err != nil {
		return err
	}
	redirect(w, r, "/account#sessions")
	return nil
}

// createToken handles POST /account/tokens. The answer to the form shows the
// token: it is kept nowhere, so there is no page to send the browser on to.
func (s *Server) createToken(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	u, _ := userOf(r.Context())
	var secret string
	lifetime, err := account.ParseExpiry(r.PostForm.Get("expires"))
	if err == nil {
		secret, _, err = s.accounts.CreateToken(r.Context(), u.Actor(), u.ID, r.PostForm.Get("name"), lifetime)
	}
	f, classified := fault.As(err)
	if err != nil && (!classified || f.Kind != fault.Invalid) {
		return err
	}
	v, verr := s.accountView(r)
	if verr != nil {
		return verr
	}
	status := http.StatusOK
	v.NewToken = secret
	if err != nil {
		status = http.StatusUnprocessableEntity
		v.TokenProblem = f.Msg
		v.TokenName.Value, v.TokenName.Problem = r.PostForm.Get("name"), f.Fields["name"]
		v.TokenExpires.Problem = f.Fields["expires"]
	}
	s.render(w, r, status, templates.AccountPage(s.frame(w, r, "Your account", ""), v))
	return nil
}

// revokeToken handles POST /account/tokens/{id}/revoke.
func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	if err := s.accounts.RevokeToken(r.Context(), u.Actor(), u.ID, id); err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "The token does not work any more."); err != nil {
		return err
	}
	redirect(w, r, "/account#tokens")
	return nil
}

func (s *Server) accountView(r *http.Request) (templates.Account, error) {
	ctx, visit, now := r.Context(), visitOf(r.Context()), s.now()
	u := visit.user
	v := templates.Account{
		Name: u.Name, Email: u.Email, Role: roleWord(u.Role),
		CurrentPassword: templates.Field{ID: "old", Name: "old", Label: "Present password", Type: "password", Autocomplete: "current-password"},
		NewPassword:     templates.Field{ID: "new", Name: "new", Label: "New password", Type: "password", Autocomplete: "new-password", Hint: passwordHint},
		TokenName:       templates.Field{ID: "token-name", Name: "name", Label: "What it is for", Placeholder: "nightly import"},
		TokenExpires:    templates.Choice{ID: "token-expires", Name: "expires", Label: "Stops working", Options: choose(tokenLifetimes, "90d")},
		MayMakeToken:    true,
	}
	if s.agreement != nil && u.Can(account.Review) {
		v.Links = []templates.Link{{Label: "Your work", URL: "/account/work", Icon: "agreement"}}
	}
	sessions, err := s.accounts.Sessions(ctx, u.ID, visit.session)
	if err != nil {
		return v, err
	}
	for _, one := range sessions {
		v.Sessions = append(v.Sessions, templates.Session{
			Device: device(one.UserAgent), Address: one.Address, Started: moment(one.CreatedAt, now), Seen: moment(one.SeenAt, now),
			Current: one.Current, Revoke: []templates.Hidden{{Name: "handle", Value: one.Handle}},
		})
	}
	tokens, err := s.accounts.Tokens(ctx, u.ID)
	if err != nil {
		return v, err
	}
	for _, t := range tokens {
		row := templates.Token{
			Name: draw.Plain(t.Name), Prefix: t.Prefix + "…", Created: moment(t.CreatedAt, now), Used: moment(t.LastUsedAt, now), Expires: moment(t.ExpiresAt, now),
			Active: true, State: "works",
			Revoke: templates.Confirm{
				Summary: "Revoke", Danger: true, Button: "Revoke it",
				Text:   "Whatever uses " + draw.Plain(t.Name) + " stops working at once. This cannot be undone.",
				Action: "/account/tokens/" + t.ID.String() + "/revoke",
			},
		}
		switch {
		case !t.RevokedAt.IsZero():
			row.Active, row.State = false, "revoked"
		case !t.ExpiresAt.After(now):
			row.Active, row.State = false, "expired"
		}
		v.Tokens = append(v.Tokens, row)
	}
	return v, nil
}

// device says what a browser is, as far as it tells: "Firefox on Linux".
func device(userAgent string) string {
	find := func(names []string, fallback string) string {
		for i := 0; i < len(names); i += 2 {
			if strings.Contains(userAgent, names[i]) {
				return names[i+1]
			}
		}
		return fallback
	}
	// The order matters: each of these names also appears in those before it.
	browser := find([]string{"Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl"}, "")
	system := find([]string{"iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux"}, "")
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "":
		return browser
	case userAgent != "":
		return "Some other program"
	}
	return "Unknown"
}

// link returns the address of a path here, for passing on to somebody.
func (s *Server) link(r *http.Request, path string) string {
	if s.baseURL != "" {
		return s.baseURL + path
	}
	u := url.URL{Scheme: "http", Host: r.Host, Path: path}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}
