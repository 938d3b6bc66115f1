package ui_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui"
)

// A box makes errors of different types storable in one atomic.Value.
type box struct{ error }

func TestFail(t *testing.T) {
	t.Parallel()
	var answer atomic.Value // the handlers read it on goroutines of their own
	s := start(t, func(c *ui.Config) {
		c.Overview, c.Links = nil, nil
		c.Figures = figures{progress: func() (report.Progress, error) {
			return report.Progress{}, fmt.Errorf("progress: %w", answer.Load().(box).error)
		}}
	})
	answer.Store(box{errors.New("not set")})
	b := s.as(t, account.Admin)
	for _, tt := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"invalid", fault.New(fault.Invalid, "Write a number."), 422, "Write a number."},
		{"not found", fault.New(fault.NotFound, "There is no example 7."), 404, "There is no example 7."},
		{"conflict", fault.New(fault.Conflict, "Ana was faster."), 409, "Ana was faster."},
		{"forbidden", fault.New(fault.Forbidden, "Not you."), 403, "Not you."},
		{"too many", fault.New(fault.TooMany, "Wait 5 minutes."), 429, "Wait 5 minutes."},
		{"too large", fault.New(fault.TooLarge, "At most 4 MB."), 413, "At most 4 MB."},
		{"unavailable", fault.Wrap(fault.Unavailable, errors.New("secret cause"), "The model does not answer."), 503, "The model does not answer."},
		{"database down", &pgconn.PgError{Code: "57P01", Message: "secret cause"}, 503, "The database does not answer just now."},
		{"too slow", context.DeadlineExceeded, 503, "Back in a moment"},
		{"anything", errors.New("secret cause"), 500, "Something went wrong on our side."},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after the other: they share the answer
			answer.Store(box{tt.err})
			r := b.get("/")
			r.want(t, tt.status, tt.want, r.Header.Get(ui.HeaderRequestID))
			if strings.Contains(r.body, "secret cause") {
				t.Errorf("the page shows the cause")
			}
			part := b.get("/", "HX-Request", "true")
			part.want(t, tt.status, tt.want)
			if strings.Contains(part.body, "<html") {
				t.Errorf("htmx got a whole page")
			}
			if part.Header.Get("Vary") == "" {
				t.Errorf("the answer to htmx does not say that it varies")
			}
		})
	}
	if n := strings.Count(s.log.text(), "secret cause"); n != 6 {
		t.Errorf("the log has the cause %d times, want 6: once for each of three errors asked for twice", n)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *ui.Config) {
		c.Overview, c.Links = nil, nil
		c.Figures = figures{progress: func() (report.Progress, error) { panic("a mistake in the program") }}
	})
	b := s.as(t, account.Admin)
	r := b.get("/")
	r.want(t, http.StatusInternalServerError, "failed on our side", r.Header.Get(ui.HeaderRequestID))
	b.get("/help").want(t, http.StatusOK) // the server goes on
	found := false
	for _, line := range s.log.lines(t) {
		if line["msg"] == "panic" {
			found = line["panic"] == "a mistake in the program" && line["request_id"] == r.Header.Get(ui.HeaderRequestID) && strings.Contains(fmt.Sprint(line["stack"]), "fail_test.go")
		}
	}
	if !found {
		t.Errorf("the log does not tell of the panic:\n%s", s.log.text())
	}
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	u := s.add(t, "jo@example.com", account.Lead)
	b := s.browser(t)
	b.post("/login", map[string][]string{"email": {"jo@example.com"}, "password": {password}}).leadsTo(t, "/")
	r := b.get("/audit?object=a-private-word")
	var got []map[string]any
	for _, line := range s.log.lines(t) {
		if line["msg"] == "request" && line["request_id"] == r.Header.Get(ui.HeaderRequestID) {
			got = append(got, line)
		}
	}
	if len(got) != 1 {
		t.Fatalf("the request has %d lines in the log, want 1:\n%s", len(got), s.log.text())
	}
	for key, want := range map[string]any{"method": "GET", "route": "/audit", "status": 200.0, "user_id": u.ID.String()} {
		if got[0][key] != want {
			t.Errorf("%s = %v, want %v", key, got[0][key], want)
		}
	}
	for _, private := range []string{"a-private-word", password, "jo@example.com"} {
		if strings.Contains(s.log.text(), private) {
			t.Errorf("the log has %q in it", private)
		}
	}
}

func TestOps(t *testing.T) {
	t.Parallel()
	var state atomic.Value
	state.Store(box{})
	s := start(t, func(c *ui.Config) {
		c.Mounts = map[string]http.Handler{
			"/healthz": ui.Healthy(), "/metrics": c.Metrics.Handler(),
			"/readyz": ui.Ready(func(context.Context) error { return state.Load().(box).error }),
		}
	})
	b := s.browser(t)
	b.get("/healthz").want(t, http.StatusOK, "ok")
	b.get("/readyz").want(t, http.StatusOK, "ready")
	state.Store(box{errors.New("migrations are pending")})
	r := b.get("/readyz")
	r.want(t, http.StatusServiceUnavailable, "not ready")
	if strings.Contains(r.body, "migrations") {
		t.Error("/readyz tells everybody why")
	}
	b.get("/catalog/anything")
	b.get("/no/such/page")
	b.get("/metrics").want(t, http.StatusOK,
		`spotter_http_request_duration_seconds_count{method="GET",route="/catalog/{slug}",status="303"} 1`,
		`spotter_http_request_duration_seconds_count{method="GET",route="none",status="404"} 1`,
		`spotter_db_connections{state="idle"}`, "spotter_db_connections_max 8", "go_goroutines")
}
