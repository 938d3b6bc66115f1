package account

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"github.com/voicefit/spotter/internal/db"
)

// maxDataBytes bounds what one session may carry.
const maxDataBytes = 16 << 10

// errNobody says that values cannot be saved because there is no session: a
// visitor who is not signed in has no row to put them into.
var errNobody = errors.New("nobody is signed in")

// A Store keeps gorilla's sessions in Postgres. The cookie holds a random id,
// signed; the row, found by the id's SHA-256, holds the values. Sessions begin
// with Login, Join and CompleteSetup and with nothing else, so New never makes
// one: a visitor gets an empty session that cannot be saved with values in it.
//
// Values are strings, ints and lists of strings (flashes), under string keys;
// others are refused when saving. Two requests that save at once overwrite each
// other, which is good enough for messages and for nothing else.
type Store struct{ s *Service }

var _ sessions.Store = Store{}

// Store returns the store for gorilla's sessions. Their name is CookieName.
func (s *Service) Store() Store { return Store{s} }

// CookieName is the name of the session cookie. With Secure its prefix makes
// browsers refuse one that was set without https, for other paths or by a
// sibling host.
func (s *Service) CookieName() string {
	if s.secure {
		return "__Host-spotter"
	}
	return "spotter"
}

// Get returns the request's session, the same one each time within a request.
func (t Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(t, name)
}

// New reads the request's session from the database. A cookie that is missing,
// forged or of a session that has ended gives a session that IsNew and no error;
// an error means that the database did not answer.
func (t Store) New(r *http.Request, name string) (*sessions.Session, error) {
	g := sessions.NewSession(t, name)
	g.Options = t.s.cookieOptions()
	g.IsNew = true
	id, err := t.s.readCookie(r, name)
	if err != nil || id == nil {
		return g, err
	}
	o, ok, err := t.s.lookup(r.Context(), id)
	if err != nil || !ok {
		return g, err
	}
	g.IsNew = false
	g.ID = o.session.Handle
	if err := decodeValues(o.data, g.Values); err != nil {
		// What a program of another version wrote is only messages.
		t.s.log.WarnContext(r.Context(), "session data dropped", "error", err)
	}
	g.Values[ownerKey{}] = o
	return g, nil
}

// Save writes the session's values to its row. With Options.MaxAge below zero it
// ends the session and takes the cookie away. The cookie itself is written once,
// by SetCookie, as the id in it does not change.
func (t Store) Save(r *http.Request, w http.ResponseWriter, g *sessions.Session) error {
	o, ok := ownerOf(g)
	if g.Options != nil && g.Options.MaxAge < 0 {
		t.s.ClearCookie(w)
		if !ok {
			return nil
		}
		return t.s.Logout(r.Context(), o.user, o.session)
	}
	if !ok {
		if len(g.Values) > 0 {
			return fmt.Errorf("save session: %w", errNobody)
		}
		return nil
	}
	data, err := encodeValues(g.Values)
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	if err := db.New(t.s.db).SetSessionData(r.Context(), data, o.session.hash, t.s.now()); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	return nil
}

// AddFlash keeps a message for the next page that the signed-in user sees.
func (s *Service) AddFlash(w http.ResponseWriter, r *http.Request, message string) error {
	g, err := s.Store().Get(r, s.CookieName())
	if err != nil {
		return fmt.Errorf("add flash: %w", err)
	}
	g.AddFlash(message)
	return g.Save(r, w)
}

// Flashes returns the messages for this page and forgets them. Without a session
// there are none.
func (s *Service) Flashes(w http.ResponseWriter, r *http.Request) ([]string, error) {
	g, err := s.Store().Get(r, s.CookieName())
	if err != nil {
		return nil, fmt.Errorf("take flashes: %w", err)
	}
	var messages []string
	for _, f := range g.Flashes() {
		if m, ok := f.(string); ok {
			messages = append(messages, m)
		}
	}
	if len(messages) == 0 {
		return nil, nil
	}
	return messages, g.Save(r, w)
}

// SetCookie gives a session that was just started or rotated to the browser. A
// session that the browser had before is ended, so that there is never one that
// nobody can see.
func (s *Service) SetCookie(w http.ResponseWriter, r *http.Request, sess Session) error {
	if sess.id == nil {
		return errors.New("set session cookie: the session was not just made")
	}
	old, before, err := s.Authenticate(r)
	if err == nil && before.Handle != sess.Handle {
		if err := s.Logout(r.Context(), old, before); err != nil {
			return err
		}
	}
	codecs, err := s.codecs(r.Context(), false)
	if err != nil {
		return err
	}
	value, err := securecookie.EncodeMulti(s.CookieName(), sess.id, codecs...)
	if err != nil {
		return fmt.Errorf("set session cookie: %w", err)
	}
	o := s.cookieOptions()
	o.MaxAge = int(sess.ExpiresAt.Sub(s.now()).Seconds())
	http.SetCookie(w, sessions.NewCookie(s.CookieName(), value, o))
	return nil
}

// ClearCookie takes the session cookie away.
func (s *Service) ClearCookie(w http.ResponseWriter) {
	o := s.cookieOptions()
	o.MaxAge = -1
	http.SetCookie(w, sessions.NewCookie(s.CookieName(), "", o))
}

// cookieOptions are ours, because gorilla's defaults let scripts read the cookie
// and other sites send it.
func (s *Service) cookieOptions() *sessions.Options {
	return &sessions.Options{Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
}

// readCookie returns the id in the request's cookie, or nil where there is none
// that we have signed.
func (s *Service) readCookie(r *http.Request, name string) ([]byte, error) {
	c, err := r.Cookie(name)
	if err != nil {
		return nil, nil // the only error is that there is none
	}
	id, err := s.decodeCookie(r.Context(), name, c.Value, false)
	if id == nil && err == nil {
		// Perhaps another server has rotated the keys.
		id, err = s.decodeCookie(r.Context(), name, c.Value, true)
	}
	return id, err
}

func (s *Service) decodeCookie(ctx context.Context, name, value string, anew bool) ([]byte, error) {
	codecs, err := s.codecs(ctx, anew)
	if err != nil {
		return nil, err
	}
	var id []byte
	if err := securecookie.DecodeMulti(name, value, &id, codecs...); err != nil || len(id) != sessionIDBytes {
		return nil, nil // forged, or signed with a key that is gone: a visitor
	}
	return id, nil
}

// ownerKey is under what a session's values hold its owner while the request
// lasts. It is not saved.
type ownerKey struct{}

func ownerOf(g *sessions.Session) (owner, bool) {
	o, ok := g.Values[ownerKey{}].(owner)
	return o, ok
}

// values is how a session's values are kept. The types are fixed, so nothing
// needs to be registered with gob, and nothing else can come out of it.
type values struct {
	Strings map[string]string
	Ints    map[string]int
	Lists   map[string][]string
}

func encodeValues(m map[any]any) ([]byte, error) {
	v := values{Strings: map[string]string{}, Ints: map[string]int{}, Lists: map[string][]string{}}
	for key, value := range m {
		if _, ok := key.(ownerKey); ok {
			continue
		}
		k, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("a key is a %T and not a string", key)
		}
		switch value := value.(type) {
		case string:
			v.Strings[k] = value
		case int:
			v.Ints[k] = value
		case []any:
			for _, item := range value {
				text, ok := item.(string)
				if !ok {
					return nil, fmt.Errorf("the list %q has a %T in it and not only strings", k, item)
				}
				v.Lists[k] = append(v.Lists[k], text)
			}
		default:
			return nil, fmt.Errorf("the value %q is a %T and not a string, an int or a list of strings", k, value)
		}
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return nil, err
	}
	if b.Len() > maxDataBytes {
		return nil, fmt.Errorf("the values take %d bytes; %d fit", b.Len(), maxDataBytes)
	}
	return b.Bytes(), nil
}

func decodeValues(data []byte, into map[any]any) error {
	if len(data) == 0 {
		return nil
	}
	var v values
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&v); err != nil {
		return err
	}
	for k, text := range v.Strings {
		into[k] = text
	}
	for k, n := range v.Ints {
		into[k] = n
	}
	for k, list := range v.Lists {
		items := make([]any, len(list))
		for i, text := range list {
			items[i] = text
		}
		into[k] = items
	}
	return nil
}
