package ui

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// HeaderRequestID carries a request's id to the client, and to handlers
// mounted below, which read it from the headers of their answer.
const HeaderRequestID = "X-Request-ID"

// contentSecurityPolicy allows what this server itself sends and nothing else.
// Nothing is inline: no style attributes, no scripts in pages.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

type contextKey int

const (
	keyTrace contextKey = iota
	keyVisit
)

// A trace is what the log line of a request needs to know from further in.
type trace struct {
	requestID string
	userID    string // set once the user is known
}

func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(keyTrace).(*trace); ok {
		return t
	}
	return &trace{} // outside of a request: nobody reads it
}

// observe gives the request an id, writes its one log line, measures it, and
// turns a panic into the page for status 500. It must be the outermost.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.now()
		t := &trace{requestID: strings.ToLower(rand.Text()[:16])}
		r = r.WithContext(context.WithValue(r.Context(), keyTrace, t))
		w.Header().Set(HeaderRequestID, t.requestID)
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		aborted := true
		defer func() {
			status := ww.Status()
			if status == 0 {
				status = http.StatusOK
			}
			if aborted {
				status = 499 // the handler gave up on a client that went away, as proxies write it
			}
			took := s.now().Sub(start)
			route := routeOf(r)
			if s.metrics != nil {
				s.metrics.observe(r.Method, route, status, took)
			}
			if s.served != nil {
				s.served(took)
			}
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("method", method(r.Method)), slog.String("route", route), slog.Int("status", status),
				slog.Int("bytes", ww.BytesWritten()), slog.Float64("millis", float64(took.Microseconds())/1000),
				slog.String("user_id", t.userID), slog.String("request_id", t.requestID))
		}()
		s.recovered(ww, r, next)
		aborted = false
	})
}

// recovered runs next. A panic is logged with its stack and answered with the
// error page, unless the answer has begun, which is then cut off.
func (s *Server) recovered(w middleware.WrapResponseWriter, r *http.Request, next http.Handler) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		s.log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.Any("panic", p), slog.String("route", routeOf(r)),
			slog.String("request_id", traceOf(r.Context()).requestID), slog.String("stack", string(debug.Stack())))
		if w.Status() != 0 {
			panic(http.ErrAbortHandler)
		}
		s.problem(w, r, http.StatusInternalServerError, "")
	}()
	next.ServeHTTP(w, r)
}

// routeOf returns the pattern that matched, which is safe to log and to count
// by; a path is not, since it may hold anything.
func routeOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		if p := c.RoutePattern(); p != "" {
			return p
		}
	}
	return "none"
}

// method keeps invented methods out of logs and metrics.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// secure sets the headers that every answer has.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses writes that another site made the browser send.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, http.StatusForbidden, "This request came from another site and was refused. Open the page here and try again.")
	}))
	return guard.Handler(next)
}

// deadlines limits how long a client may take to send the request and to read
// the answer, and the work in between. Writers that do not know deadlines (in
// tests) are left alone.
func deadlines(w http.ResponseWriter, r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
	c := http.NewResponseController(w)
	end := time.Now().Add(d)
	_ = c.SetReadDeadline(end)
	_ = c.SetWriteDeadline(end)
	ctx, cancel := context.WithDeadline(r.Context(), end)
	return r.WithContext(ctx), cancel
}
