// Package api is the HTTP interface for programs: JSON in and out, bearer tokens,
// errors as RFC 9457 problems. Each endpoint is one entry of a table that also
// makes the OpenAPI document, so the two cannot drift apart.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

// maxBodyBytes bounds a JSON request; uploads have a limit of their own.
const maxBodyBytes = 16 << 20

// patience is how long a client may take to send or fetch the next bytes of a
// stream.
const patience = 2 * time.Minute

// Config is what New needs; every field is required.
type Config struct {
	Log      *slog.Logger
	Accounts *account.Service
	Catalog  func(ctx context.Context) (*catalog.Catalog, error)
	Ingest   *ingest.Service // with a queue
	Review   *review.Service
	Browse   *browse.Service
	Export   *export.Service
	Report   *report.Service
	Releases *release.Service // with a queue
	Acts     *bulk.Service    // nil: there are no acts on many examples
	// BaseURL is how people reach this server, for links in reports; empty: they
	// have none.
	BaseURL string
	// MaxUploadBytes bounds one import.
	MaxUploadBytes int64
}

// Server answers API requests. It is an http.Handler to be mounted at /api/v1.
type Server struct {
	cfg       Config
	mux       *chi.Mux
	endpoints []endpoint
	document  []byte
}

// An endpoint is one call: how it is reached, who may make it, and what goes in
// and out.
type endpoint struct {
	method, path string
	permission   account.Permission // empty: no token needed
	summary      string
	query        []parameter
	header       []parameter
	body         any    // a value of the JSON request's type; nil: none
	raw          string // what a body that is not JSON is; empty: not that
	answers      []answer
	handle       func(w http.ResponseWriter, r *http.Request, u account.User) error
}

type parameter struct {
	name, about string
	choices     []string
}

// answer is one documented response besides problems, which every endpoint may
// give.
type answer struct {
	status int
	about  string
	body   any    // a value of the JSON type; nil: none
	media  string // of a body that is not JSON
}

// New returns the server.
func New(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, mux: chi.NewMux()}
	s.endpoints = slices.Concat(s.table(), s.releaseTable(), s.reportTable())
	var err error
	if s.document, err = openapi(s.endpoints); err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	for _, e := range s.endpoints {
		s.mux.Method(e.method, strings.Replace(e.path, "{name}", "*", 1), s.adapt(e)) // a name may have slashes
	}
	s.mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, fault.New(fault.NotFound, "There is no such call. See GET /api/v1/openapi.json."))
	})
	s.mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, http.StatusMethodNotAllowed, problem{Detail: "This call takes another method. See GET /api/v1/openapi.json."})
	})
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// A Route is one entry of the table, for tests that walk it.
type Route struct {
	Method, Path string
	Permission   account.Permission // empty: no token needed
}

// Routes lists every call.
func (s *Server) Routes() []Route {
	routes := make([]Route, len(s.endpoints))
	for i, e := range s.endpoints {
		routes[i] = Route{e.method, e.path, e.permission}
	}
	return routes
}

// adapt identifies the caller, checks the permission and answers errors.
func (s *Server) adapt(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		u, err := s.identify(r, e.permission)
		if err == nil {
			if e.body != nil {
				r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
			}
			err = e.handle(w, r, u)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

func (s *Server) identify(r *http.Request, p account.Permission) (account.User, error) {
	if p == "" {
		return account.User{}, nil
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return account.User{}, fault.New(fault.Unknown, "Send a token: Authorization: Bearer spt_… (make one on your account page).")
	}
	u, err := s.cfg.Accounts.AuthenticateToken(r.Context(), strings.TrimSpace(secret))
	if err != nil {
		return u, err
	}
	if !u.Can(p) {
		return u, fault.New(fault.Forbidden, "Your role, %s, does not allow this.", u.Role)
	}
	return u, nil
}

// statuses maps what sort of failure it is to HTTP, in this one place.
var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict,
	fault.Forbidden: http.StatusForbidden, fault.Unknown: http.StatusUnauthorized, fault.TooMany: http.StatusTooManyRequests,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.Unavailable: http.StatusServiceUnavailable,
}

// problem is an error as RFC 9457 has it.
type problem struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	Fields    map[string]string `json:"fields,omitempty"`
	RequestID string            `json:"request_id"`
	Example   *exampleJSON      `json:"example,omitempty"` // with 409: how the example is now
}

// conflicted carries the example as it is now along with a conflict about it.
type conflicted struct {
	err     error
	example exampleJSON
}

func (c *conflicted) Error() string { return c.err.Error() }
func (c *conflicted) Unwrap() error { return c.err }

// errStarted says that the answer had begun when something failed: the
// connection is cut, so that nobody takes half for whole.
var errStarted = errors.New("the answer had begun")

// fail answers with err. It is the only place that logs an endpoint's error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return // the client went away
	}
	p, status := problem{Detail: "Something went wrong on our side. Try again; if it stays, tell your admin the request_id."}, http.StatusInternalServerError
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) { // whatever was made of it on the way
		status, p.Detail = http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is larger than %d bytes. Send it in parts.", tooLarge.Limit)
	} else if f, ok := fault.As(err); ok {
		status, p.Detail, p.Fields = statuses[f.Kind], f.Msg, f.Fields
	}
	var c *conflicted
	if errors.As(err, &c) {
		p.Example = &c.example
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	s.cfg.Log.LogAttrs(ctx, level, "api request failed", slog.Int("status", status),
		slog.String("route", chi.RouteContext(ctx).RoutePattern()), slog.String("request_id", requestID(w)), slog.Any("error", err))
	if errors.Is(err, errStarted) {
		panic(http.ErrAbortHandler)
	}
	s.problem(w, r, status, p)
}

func (s *Server) problem(w http.ResponseWriter, _ *http.Request, status int, p problem) {
	p.Type, p.Title, p.Status, p.RequestID = "about:blank", http.StatusText(status), status, requestID(w)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="spotter"`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// An error here means that the client is gone.
	_ = encoder(w).Encode(p)
}

// requestID is what the middleware in front has put on the response.
func requestID(w http.ResponseWriter) string { return w.Header().Get("X-Request-ID") }

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// write answers with v as JSON.
func write(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("%w: %w", errStarted, err)
	}
	return nil
}

// read decodes a JSON body into v. Unknown keys are refused: a misspelled field
// that is silently ignored is a decision that was not meant.
func read(r *http.Request, v any) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if media, _, err := mime.ParseMediaType(ct); err != nil || media != "application/json" && media != "application/x-www-form-urlencoded" {
			return fault.New(fault.Invalid, "Send the body as application/json.")
		}
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return fault.New(fault.Invalid, "The body is empty. Send a JSON object.")
		}
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return fault.Wrap(fault.Invalid, err, "The body is not the JSON object that this call takes: %s.", strings.TrimPrefix(err.Error(), "json: "))
	}
	if d.More() {
		return fault.New(fault.Invalid, "Something follows the JSON object in the body.")
	}
	return nil
}

// stream prepares w for an answer of any length: each write gets its own time,
// and nothing in front may hold it back.
func stream(w http.ResponseWriter) io.Writer {
	return &patientWriter{w: w, c: http.NewResponseController(w)}
}

type patientWriter struct {
	w io.Writer
	c *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	if err := p.c.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.w.Write(b)
}

// patientReader gives each read of a long upload its own time.
type patientReader struct {
	r io.Reader
	c *http.ResponseController
}

func (p *patientReader) Read(b []byte) (int, error) {
	if err := p.deadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	if err != nil {
		// What follows the body is our own work, for which the client must wait. The
		// error of the read counts, and io.EOF must stay as it is.
		if failed := p.deadline(time.Time{}); failed != nil && errors.Is(err, io.EOF) {
			err = failed
		}
	}
	return n, err
}

func (p *patientReader) deadline(at time.Time) error {
	if err := p.c.SetReadDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set the read deadline: %w", err)
	}
	return nil
}

// knownQuery refuses query parameters that the endpoint does not have: a filter
// that is misspelled must not mean everything.
func knownQuery(r *http.Request, names ...string) error {
	for name := range r.URL.Query() {
		if !slices.Contains(names, name) {
			return fault.Fields("There is no such parameter.", map[string]string{name: "Use " + strings.Join(names, ", ") + "."})
		}
	}
	return nil
}
