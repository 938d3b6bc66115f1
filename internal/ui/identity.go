package ui

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/web/templates"
)

// A visit is who sends a request, and with which session.
type visit struct {
	user    account.User
	session account.Session
}

// identify puts who sent the request into its context. Nobody being signed in
// is no error.
func (s *Server) identify(_ http.ResponseWriter, r *http.Request) (*http.Request, error) {
	u, sess, err := s.accounts.Authenticate(r)
	if errors.Is(err, fault.Unknown) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	traceOf(r.Context()).userID = u.ID.String()
	return r.WithContext(context.WithValue(r.Context(), keyVisit, &visit{user: u, session: sess})), nil
}

// visitOf returns the visit of a request, or nil where nobody is signed in.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(keyVisit).(*visit)
	return v
}

// userOf returns who sent the request. Handlers of routes with a permission
// may ignore ok: there is always somebody.
func userOf(ctx context.Context) (u account.User, ok bool) {
	if v := visitOf(ctx); v != nil {
		return v.user, true
	}
	return account.User{}, false
}

// client is where a request comes from.
func client(r *http.Request) account.Client {
	return account.Client{Address: r.RemoteAddr, UserAgent: r.UserAgent()}
}

// flash keeps a sentence for the next page that this user sees.
func (s *Server) flash(w http.ResponseWriter, r *http.Request, kind, text string) error {
	return s.accounts.AddFlash(w, r, kind+"\n"+text)
}

// takeFlash returns what was kept for this page. It is only a message, so an
// error is logged and there is none. Where several wait, they become one.
func (s *Server) takeFlash(w http.ResponseWriter, r *http.Request) *templates.Flash {
	messages, err := s.accounts.Flashes(w, r)
	if err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "take flash messages", slog.Any("error", err))
	}
	var f *templates.Flash
	for _, m := range messages {
		kind, text, _ := strings.Cut(m, "\n")
		if f == nil {
			f = &templates.Flash{Kind: kind, Text: text}
			continue
		}
		f.Text += " " + text
	}
	return f
}
