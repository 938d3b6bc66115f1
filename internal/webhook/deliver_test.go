package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/webhook"
)

var (
	ana      = audit.Actor{ID: uuid.MustParse("0198c0de-0000-7000-8000-00000000000a"), Name: "Ana"}
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
)

// A receiver is the other program: an HTTP server that answers as it is told and
// keeps what it got.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	got    []got
}

type got struct {
	header http.Header
	body   string
}

func receive(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Errorf("read what was sent: %v", err)
		}
		r.mu.Lock()
		r.got = append(r.got, got{q.Header.Clone(), string(body)})
		answer := r.answer
		r.mu.Unlock()
		answer(w, q)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.got...)
}

func (r *receiver) answers(h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = h
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func newService(t *testing.T, pool *pgxpool.Pool, allow []netip.Prefix, timeout time.Duration) *webhook.Service {
	t.Helper()
	return webhook.New(webhook.Config{DB: pool, Dataset: exampletest.Dataset, Log: slog.New(slog.DiscardHandler), Allow: allow, Timeout: timeout})
}

// emit emits one event and returns the delivery that came of it.
func emit(t *testing.T, pool *pgxpool.Pool, s *webhook.Service, endpoint uuid.UUID, event webhook.Event, payload any) webhook.Delivery {
	t.Helper()
	err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		return webhook.Emit(t.Context(), tx, exampletest.Dataset, event, payload)
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := s.Log(t.Context(), endpoint, uuid.Nil, 1)
	if err != nil || len(log) != 1 {
		t.Fatalf("Log() = %v, %v, want the new delivery", log, err)
	}
	return log[0]
}

func create(t *testing.T, s *webhook.Service, address string) (uuid.UUID, string) {
	t.Helper()
	id, secret, err := s.Create(t.Context(), ana, webhook.Form{Name: "CI", URL: address, Events: []webhook.Event{webhook.ImportFinished}})
	if err != nil {
		t.Fatal(err)
	}
	return id, secret
}

func deliver(t *testing.T, s *webhook.Service, id uuid.UUID) {
	t.Helper()
	if err := s.Deliver(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

// TestDelivered follows one event from the change to a receiver that checks the
// signature the way the documentation tells it to.
func TestDelivered(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("thanks\x00 \xff")) })
	s := newService(t, pool, loopback, 0)
	id, secret := create(t, s, r.URL+"/hook?x=1")
	d := emit(t, pool, s, id, webhook.ImportFinished, map[string]any{"rows": 3, "note": "<b>"})
	deliver(t, s, d.ID)

	all := r.all()
	if len(all) != 1 {
		t.Fatalf("the receiver got %d requests, want 1", len(all))
	}
	one := all[0]
	seconds, rest, ok := strings.Cut(strings.TrimPrefix(one.header.Get("Spotter-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "." + one.body))
	if !ok || rest != hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("Spotter-Signature %q does not sign the body", one.header.Get("Spotter-Signature"))
	}
	if one.header.Get("Spotter-Event") != "import.finished" || one.header.Get("Spotter-Delivery") != d.ID.String() || one.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers = %v", one.header)
	}
	var body struct {
		ID, Dataset uuid.UUID
		Event       string
		At          time.Time
		Data        map[string]any
	}
	if err := json.Unmarshal([]byte(one.body), &body); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"rows": 3.0, "note": "<b>"}, body.Data); diff != "" || body.Event != "import.finished" || body.Dataset != exampletest.Dataset || body.At.IsZero() {
		t.Errorf("body = %s (-want +got)\n%s", one.body, diff)
	}
	kept, err := s.Delivery(t.Context(), id, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	if kept.State != webhook.Delivered || kept.Tries != 1 || kept.Body != one.body || len(kept.Attempts) != 1 {
		t.Fatalf("Delivery() = %+v", kept)
	}
	if a := kept.Attempts[0]; a.Status != 200 || a.Problem != "" || a.Response != "thanks\uFFFD \uFFFD" {
		t.Errorf("attempt = %+v", a)
	}
	// Once more by the queue changes nothing; once more by hand has the same id.
	deliver(t, s, d.ID)
	if n := len(r.all()); n != 1 {
		t.Errorf("a delivery that arrived was sent again: %d requests", n)
	}
	if err := s.Resend(t.Context(), ana, id, d.ID); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, d.ID)
	if all := r.all(); len(all) != 2 || all[1].header.Get("Spotter-Delivery") != d.ID.String() || all[1].body != one.body {
		t.Errorf("after Resend the receiver got %d requests", len(all))
	}
}

// TestEmitFollowsTheChange: what is rolled back is not told, and whoever did not
// ask is not told either.
func TestEmitFollowsTheChange(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	r := receive(t, status(200))
	s := newService(t, pool, loopback, 0)
	id, _ := create(t, s, r.URL)
	sad := errors.New("the change failed")
	err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		if err := webhook.Emit(ctx, tx, exampletest.Dataset, webhook.ImportFinished, nil); err != nil {
			t.Fatal(err)
		}
		return sad
	})
	if !errors.Is(err, sad) {
		t.Fatal(err)
	}
	for _, event := range []webhook.Event{webhook.ReleaseBuilt, webhook.EscalationCreated} {
		if err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error { return webhook.Emit(ctx, tx, exampletest.Dataset, event, nil) }); err != nil {
			t.Fatal(err)
		}
	}
	var deliveries, queued int
	if err := pool.QueryRow(ctx, "SELECT (SELECT count(*) FROM webhook_deliveries), (SELECT count(*) FROM river_job)").Scan(&deliveries, &queued); err != nil {
		t.Fatal(err)
	}
	if deliveries != 0 || queued != 0 {
		t.Errorf("%d deliveries and %d jobs, want none", deliveries, queued)
	}
	emit(t, pool, s, id, webhook.ImportFinished, nil)
	if err := pool.QueryRow(ctx, "SELECT (SELECT count(*) FROM webhook_deliveries), (SELECT count(*) FROM river_job WHERE queue = 'webhooks')").Scan(&deliveries, &queued); err != nil {
		t.Fatal(err)
	}
	if deliveries != 1 || queued != 1 {
		t.Errorf("%d deliveries and %d jobs, want one each", deliveries, queued)
	}
}

// TestReceiversThatFail tries every way in which the other end can be broken.
func TestReceiversThatFail(t *testing.T) {
	t.Parallel()
	elsewhere := receive(t, status(200))
	for _, tt := range []struct {
		name    string
		answer  http.HandlerFunc
		timeout time.Duration
		status  int
		problem string
		wait    time.Duration // until the next attempt
		state   string
		off     bool
	}{
		{name: "500", answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "out of plates", 500) }, status: 500, problem: "500 Internal Server Error", wait: 10 * time.Second, state: webhook.Waiting},
		{name: "404", answer: status(404), status: 404, problem: "404 Not Found", wait: 10 * time.Second, state: webhook.Waiting},
		{name: "429 with seconds", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
		}, status: 429, problem: "429", wait: 10 * time.Minute, state: webhook.Waiting},
		{name: "503 with a date", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		}, status: 503, problem: "503", wait: time.Hour, state: webhook.Waiting},
		{name: "asks for a year", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "31536000")
			w.WriteHeader(http.StatusTooManyRequests)
		}, status: 429, problem: "429", wait: 24 * time.Hour, state: webhook.Waiting},
		{name: "hangs", answer: func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }, timeout: 50 * time.Millisecond, problem: "No answer within 50ms.", wait: 10 * time.Second, state: webhook.Waiting},
		{name: "redirects", answer: func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, elsewhere.URL, http.StatusTemporaryRedirect)
		}, status: 307, problem: "not followed", wait: 10 * time.Second, state: webhook.Waiting},
		{name: "closes", answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, problem: "closed before an answer", wait: 10 * time.Second, state: webhook.Waiting},
		{name: "is gone", answer: status(410), status: 410, problem: "410 Gone", state: webhook.GivenUp, off: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			r := receive(t, tt.answer)
			s := newService(t, pool, loopback, tt.timeout)
			id, _ := create(t, s, r.URL)
			d := emit(t, pool, s, id, webhook.ImportFinished, nil)
			before := time.Now()
			deliver(t, s, d.ID)
			log, err := s.Log(t.Context(), id, uuid.Nil, 10)
			if err != nil || len(log) != 1 || log[0].Last == nil {
				t.Fatalf("Log() = %+v, %v", log, err)
			}
			now := log[0]
			if now.State != tt.state || now.Last.Status != tt.status || !strings.Contains(now.Last.Problem, tt.problem) {
				t.Errorf("delivery = %s, attempt = %+v, want %s, %d, %q", now.State, *now.Last, tt.state, tt.status, tt.problem)
			}
			if tt.name == "500" && now.Last.Response != "out of plates\n" {
				t.Errorf("response = %q", now.Last.Response)
			}
			e, err := s.Get(t.Context(), id)
			if err != nil || (e.Disabled != nil) != tt.off {
				t.Errorf("Get() = %+v, %v; want it switched off: %v", e, err, tt.off)
			}
			if tt.state == webhook.Waiting {
				// A second of slack for the whole seconds of an HTTP date.
				if wait := now.NextAt.Sub(before); wait < tt.wait-time.Second {
					t.Errorf("the next attempt comes after %v, want %v", wait, tt.wait)
				}
				var at time.Time
				if err := pool.QueryRow(t.Context(), "SELECT scheduled_at FROM river_job ORDER BY id DESC LIMIT 1").Scan(&at); err != nil || !at.Equal(now.NextAt) {
					t.Errorf("the job is for %v (%v), the delivery for %v", at, err, now.NextAt)
				}
			}
			if n := len(elsewhere.all()); n != 0 {
				t.Errorf("a redirect was followed %d times", n)
			}
		})
	}
}

// TestGivingUp has a receiver fail for so long that deliveries are given up and
// the endpoint is switched off, and then come back.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	r := receive(t, status(500))
	s := newService(t, pool, loopback, 0)
	id, _ := create(t, s, r.URL)
	var last webhook.Delivery
	for range 3 {
		if e, err := s.Get(ctx, id); err != nil || e.Disabled != nil {
			t.Fatalf("Get() = %+v, %v, want it on", e, err)
		}
		last = emit(t, pool, s, id, webhook.ImportFinished, nil)
		for range webhook.MaxTries + 2 {
			deliver(t, s, last.ID)
		}
	}
	if n := len(r.all()); n != 3*webhook.MaxTries {
		t.Errorf("%d attempts, want %d", n, 3*webhook.MaxTries)
	}
	e, err := s.Get(ctx, id)
	if err != nil || e.Disabled == nil || !strings.Contains(e.Disabled.Why, "3 deliveries") {
		t.Fatalf("Get() = %+v, %v, want it switched off", e, err)
	}
	if err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error { return webhook.Emit(ctx, tx, exampletest.Dataset, webhook.ImportFinished, nil) }); err != nil {
		t.Fatal(err)
	}
	if log, err := s.Log(ctx, id, uuid.Nil, 10); err != nil || len(log) != 3 {
		t.Errorf("an endpoint that is off has %d deliveries (%v), want 3", len(log), err)
	}
	if err := s.Resend(ctx, ana, id, last.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("Resend() to one that is off = %v", err)
	}
	r.answers(status(204))
	if err := s.Enable(ctx, ana, id); err != nil {
		t.Fatal(err)
	}
	if err := s.Resend(ctx, ana, id, last.ID); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, last.ID)
	d, err := s.Delivery(ctx, id, last.ID)
	if err != nil || d.State != webhook.Delivered || d.Tries != 1 || len(d.Attempts) != webhook.MaxTries+1 {
		t.Errorf("Delivery() = %s after %d tries, %d attempts (%v)", d.State, d.Tries, len(d.Attempts), err)
	}
	var acts []string
	if err := pool.QueryRow(ctx, "SELECT array_agg(action ORDER BY id) FROM audit_log").Scan(&acts); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"webhook.created", "webhook.disabled", "webhook.enabled", "webhook.resent"}, acts); diff != "" {
		t.Errorf("the record (-want +got)\n%s", diff)
	}
}

// TestPrivateAddresses: nothing inside is reached unless the settings say so, by
// whatever name or spelling.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	r := receive(t, status(200))
	open := newService(t, pool, loopback, time.Second)
	strict := newService(t, pool, nil, time.Second)
	form := func(address string) webhook.Form {
		return webhook.Form{Name: "x", URL: address, Events: []webhook.Event{webhook.ImportFinished}}
	}
	for _, tt := range []struct {
		address         string
		strict, allowed bool // accepted without and with loopback allowed
	}{
		{"https://hooks.example.org/x", true, true},
		{"https://93.184.216.34/x", true, true},
		{"http://hooks.example.org/x", false, false},
		{"http://127.0.0.1:9/x", false, true},
		{"http://localhost:9/x", false, true},
		{"https://127.0.0.1/x", false, true},
		{"https://10.0.0.1/", false, false},
		{"https://192.168.1.1/", false, false},
		{"https://169.254.169.254/latest/meta-data", false, false},
		{"https://100.64.0.1/", false, false},
		{"https://0.0.0.0/", false, false},
		{"https://[::1]/", false, false},
		{"https://[::ffff:10.0.0.1]/", false, false},
		{"https://[64:ff9b::a00:1]/", false, false},
		{"https://[fe80::1%25eth0]/", false, false},
		{"https://[fd00::1]/", false, false},
		{"https://user:pass@hooks.example.org/", false, false},
		{"https://hooks.example.org/#x", false, false},
		{"ftp://hooks.example.org/", false, false},
		{"//hooks.example.org/", false, false},
		{"https://hooks.example.org/a b", false, false},
		{"https:///x", false, false},
		{"", false, false},
	} {
		for _, one := range []struct {
			s    *webhook.Service
			want bool
		}{{strict, tt.strict}, {open, tt.allowed}} {
			_, _, err := one.s.Create(t.Context(), ana, form(tt.address))
			f, _ := fault.As(err)
			if accepted := err == nil; accepted != one.want || !accepted && f.Fields["url"] == "" {
				t.Errorf("Create(%q) = %v, want accepted: %v", tt.address, err, one.want)
			}
		}
	}
	// The address is looked at when it is dialled, too: here the settings became
	// stricter, elsewhere a name began to lead inside.
	id, _ := create(t, open, r.URL)
	d := emit(t, pool, open, id, webhook.ImportFinished, nil)
	deliver(t, strict, d.ID)
	// A name that resolves to this machine, over https so that the form lets it by.
	inside, _ := create(t, strict, "https://localhost:9/")
	e := emit(t, pool, strict, inside, webhook.ImportFinished, nil)
	deliver(t, strict, e.ID)
	for endpoint, delivery := range map[uuid.UUID]uuid.UUID{id: d.ID, inside: e.ID} {
		got, err := strict.Delivery(t.Context(), endpoint, delivery)
		if err != nil || got.State != webhook.Waiting || len(got.Attempts) != 1 || got.Attempts[0].Status != 0 || !strings.Contains(got.Attempts[0].Problem, "SPOTTER_WEBHOOK_ALLOW") {
			t.Errorf("Delivery() = %+v, %v, want a refusal to dial", got, err)
		}
	}
	if n := len(r.all()); n != 0 {
		t.Errorf("the receiver inside got %d requests", n)
	}
}

// TestSentOnceAtATime: two workers with one delivery, and one that died with it.
func TestSentOnceAtATime(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	r := receive(t, func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave })
	s := newService(t, pool, loopback, 0)
	id, _ := create(t, s, r.URL)
	d := emit(t, pool, s, id, webhook.ImportFinished, nil)
	first := make(chan error, 1)
	go func() { first <- s.Deliver(ctx, d.ID) }()
	<-entered
	deliver(t, s, d.ID) // the second finds it taken
	if err := s.TakeUp(ctx); err != nil {
		t.Fatal(err)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if n := len(r.all()); n != 1 {
		t.Fatalf("the receiver got %d requests, want 1", n)
	}
	// A job that died with its process: nothing but the delivery is left.
	lost := emit(t, pool, s, id, webhook.ImportFinished, nil)
	if _, err := pool.Exec(ctx, "DELETE FROM river_job"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, "UPDATE webhook_deliveries SET next_at = now() - interval '2 minutes', claimed_until = now() - interval '1 second' WHERE id = $1", lost.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.TakeUp(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var jobs int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE args->>'id' = $1", lost.ID.String()).Scan(&jobs); err != nil || jobs != 1 {
		t.Errorf("the lost delivery has %d jobs (%v), want 1", jobs, err)
	}
}

// TestForgetting: the log is kept for 30 days, the secret of an endpoint as long
// as the endpoint.
func TestForgetting(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	r := receive(t, status(200))
	s := newService(t, pool, loopback, 0)
	id, secret := create(t, s, r.URL)
	old, recent := emit(t, pool, s, id, webhook.ImportFinished, nil), emit(t, pool, s, id, webhook.ImportFinished, nil)
	deliver(t, s, old.ID)
	deliver(t, s, recent.ID)
	if _, err := pool.Exec(ctx, "UPDATE webhook_deliveries SET created_at = now() - interval '31 days' WHERE id = $1", old.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	log, err := s.Log(ctx, id, uuid.Nil, 10)
	if err != nil || len(log) != 1 || log[0].ID != recent.ID {
		t.Errorf("Log() = %+v, %v, want the recent one", log, err)
	}
	renewed, err := s.Renew(ctx, ana, id)
	if err != nil || renewed == secret {
		t.Errorf("Renew() = %q, %v", renewed, err)
	}
	if err := s.Remove(ctx, ana, id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, id); !errors.Is(err, fault.NotFound) {
		t.Errorf("Get() of a removed one = %v", err)
	}
	var rows string
	if err := pool.QueryRow(ctx, "SELECT coalesce(string_agg(e::text, ''), '') FROM webhook_endpoints e").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(rows, renewed) || strings.Contains(rows, secret) {
		t.Error("the secret outlives its endpoint")
	}
}
