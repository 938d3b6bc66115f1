package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/quality"
)

const (
	// people work at once, and wait thinkTime on average between two requests: an
	// exponential pause, as people who do not know of each other make.
	people    = 50
	thinkTime = time.Second
	// smallLoad is the workspace that the large one is compared with.
	smallLoad = 10_000
	// maxAnswer is what any page and call must answer within, 99 times of 100.
	maxAnswer = 50 * time.Millisecond
)

// load runs the real server on a small and on a large workspace with many people
// on every page and call, and compares how long they wait.
func load(ctx context.Context, s settings) ([]result, error) {
	program, err := s.build(ctx)
	if err != nil {
		return nil, err
	}
	var sizes [2]timings
	for i, rows := range []int{smallLoad, s.load} {
		if sizes[i], err = s.visit(ctx, program, rows); err != nil {
			return nil, fmt.Errorf("%d examples: %w", rows, err)
		}
	}
	small, large := sizes[0].quantile(0.99), sizes[1].quantile(0.99)
	worst, slow := sizes[1].worst()
	return []result{{
		Name: "pages and calls, p99", Ours: milliseconds(large), Reference: milliseconds(small), Unit: "ms", Ratio: milliseconds(large) / milliseconds(small), Must: "<= 2x, 50 ms",
		Holds: large <= 2*small && large <= maxAnswer,
		How: fmt.Sprintf("%d people, a pause of %s on average, whole answers over loopback: %d requests at %d examples, reference %d at %d; slowest in the middle: %s, median %.1f ms",
			people, thinkTime, sizes[1].len(), s.load, sizes[0].len(), smallLoad, worst, milliseconds(slow)),
	}}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// timings are how long answers took, by what was asked for.
type timings map[string][]time.Duration

func (t timings) len() (n int) {
	for _, list := range t {
		n += len(list)
	}
	return n
}

func (t timings) quantile(q float64) time.Duration {
	var all []time.Duration
	for _, list := range t {
		all = append(all, list...)
	}
	return quantile(all, q)
}

// worst is what has the highest median.
func (t timings) worst() (name string, median time.Duration) {
	for what, list := range t {
		if m := quantile(list, 0.5); m > median {
			name, median = what, m
		}
	}
	return name, median
}

// quantile is the smallest value that at least the share q of list does not
// exceed; 0 of nothing.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[min(int(q*float64(len(list))), len(list)-1)]
}

// visit imports rows examples, starts the server on them and has people use it.
func (s settings) visit(ctx context.Context, program string, rows int) (all timings, err error) {
	path, err := s.sampleFile(ctx, rows)
	if err != nil {
		return nil, err
	}
	dsn, drop, err := newDatabase(ctx, s.server, "load")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	b, err := newBench(ctx, s, dsn)
	if err != nil {
		return nil, err
	}
	defer b.pool.Close()
	fmt.Fprintf(s.progress, "importing %d rows for people to look at\n", rows)
	// People come when the import is long over: nothing is left for the server to
	// catch up with.
	checks := quality.New(quality.Config{DB: b.pool, Dataset: b.dataset, Catalog: b.store.CurrentVersion, Log: slog.New(slog.DiscardHandler)})
	if err := checks.Baseline(ctx); err != nil {
		return nil, err
	}
	if _, _, _, err := b.importFile(ctx, path); err != nil {
		return nil, err
	}
	if _, err := dedup.New(dedup.Config{DB: b.pool, Dataset: b.dataset, Catalog: b.store.Current, Reject: rejectNothing{}}).Scan(ctx); err != nil {
		return nil, err
	}
	if _, err := b.pool.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return nil, err
	}
	site, stop, err := s.serve(ctx, program, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	var visitors []*visitor
	for i := range people {
		v, err := b.visitor(ctx, site, i)
		if err != nil {
			return nil, err
		}
		visitors = append(visitors, v)
	}
	fmt.Fprintf(s.progress, "%d people at work on %d examples\n", people, rows)
	all = timings{}
	for _, record := range []bool{false, true} { // the first round warms up
		length := 3 * s.seconds
		if !record {
			length = s.seconds / 3
		}
		end := time.Now().Add(length)
		var mu sync.Mutex
		var wg sync.WaitGroup
		var failed error
		for _, v := range visitors {
			wg.Go(func() {
				for time.Now().Before(end) {
					time.Sleep(time.Duration(rand.ExpFloat64() * float64(thinkTime)))
					what, took, err := v.next(ctx)
					mu.Lock()
					if err != nil {
						failed = errors.Join(failed, fmt.Errorf("%s: %w", what, err))
						mu.Unlock()
						return
					}
					if record {
						all[what] = append(all[what], took)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if failed != nil {
			return nil, failed
		}
	}
	for _, what := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(s.progress, "  %-24s %5d requests, median %6.1f ms, p99 %6.1f ms\n", what, len(all[what]),
			milliseconds(quantile(all[what], 0.5)), milliseconds(quantile(all[what], 0.99)))
	}
	return all, nil
}

// serve starts the program on a database and returns where it answers.
func (s settings) serve(ctx context.Context, program, dsn string) (site string, stop func() error, err error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		return "", nil, err
	}
	logs, err := os.Create(filepath.Join(s.workDir, "serve.log"))
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, program, "serve", "--addr", addr, "--workers=false")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn)
	cmd.Stdout, cmd.Stderr = logs, logs
	if err := cmd.Start(); err != nil {
		return "", nil, errors.Join(err, logs.Close())
	}
	stop = func() error {
		err := cmd.Process.Signal(syscall.SIGTERM)
		return errors.Join(err, cmd.Wait(), logs.Close())
	}
	site = "http://" + addr
	for deadline := time.Now().Add(time.Minute); ; {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, site+"/readyz", nil)
		if err != nil {
			return "", nil, errors.Join(err, stop())
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			if err := resp.Body.Close(); err != nil {
				return "", nil, errors.Join(err, stop())
			}
			if resp.StatusCode == http.StatusOK {
				return site, stop, nil
			}
		}
		if time.Now().After(deadline) {
			return "", nil, errors.Join(errors.New("the server does not get ready"), stop())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A visitor is one person with a browser and a script.
type visitor struct {
	site, token string
	client      *http.Client
	pages       []page
	example     string // the last one that was claimed
	at, page    int
}

type page struct{ name, path string }

// visitor makes a person who may see everything that concerns review, and signs
// them in.
func (b *bench) visitor(ctx context.Context, site string, n int) (*visitor, error) {
	accounts := account.New(b.pool, account.Config{})
	by := audit.Actor{Name: "bench"}
	email, password := fmt.Sprintf("person%d@example.org", n), "behind every heavy rep"
	u, err := accounts.Add(ctx, by, account.Person{Email: email, Password: password}, account.Lead)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{site: site, client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, at: n, page: n}
	if v.token, _, err = accounts.CreateToken(ctx, by, u.ID, "bench", 24*time.Hour); err != nil {
		return nil, err
	}
	if _, err := v.do(ctx, http.MethodPost, "/login", "application/x-www-form-urlencoded", url.Values{"email": {email}, "password": {password}}.Encode(), http.StatusSeeOther); err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	cat, err := b.store.Current(ctx)
	if err != nil {
		return nil, err
	}
	category := cat.Categories[n%len(cat.Categories)].Slug
	v.pages = []page{
		{"dashboard", "/"},
		{"queues", "/review"},
		{"review page", "/review/" + category},
		{"examples", "/examples"},
		{"examples of a category", "/examples?status=pending&category=" + category},
		{"examples by rule", "/examples?rule=text/placeholder"},
		{"examples by severity", "/examples?severity=error&category=" + category},
		{"quality", "/quality"},
		{"duplicates", "/duplicates"},
		{"imports", "/imports"},
		{"stats (API)", "/api/v1/stats"},
		{"examples (API)", "/api/v1/examples?limit=50&category=" + category},
	}
	return v, nil
}

// next does the next thing of a round: half of them claims and decisions, the
// rest pages, one after the other.
func (v *visitor) next(ctx context.Context) (what string, took time.Duration, err error) {
	v.at++
	switch {
	case v.at%4 == 0:
		return v.timed(ctx, "claim (API)", v.claim)
	case v.at%4 == 1 && v.example != "":
		return v.timed(ctx, "decision (API)", v.decide)
	case v.at%12 == 2 && v.example != "":
		return v.timed(ctx, "example", func(ctx context.Context) error {
			_, err := v.do(ctx, http.MethodGet, "/examples/"+v.example, "", "", http.StatusOK)
			return err
		})
	}
	p := v.pages[v.page%len(v.pages)]
	v.page++
	return v.timed(ctx, p.name, func(ctx context.Context) error {
		_, err := v.do(ctx, http.MethodGet, p.path, "", "", http.StatusOK)
		return err
	})
}

func (v *visitor) timed(ctx context.Context, what string, f func(context.Context) error) (string, time.Duration, error) {
	start := time.Now()
	err := f(ctx)
	return what, time.Since(start), err
}

func (v *visitor) claim(ctx context.Context) error {
	body, err := v.do(ctx, http.MethodPost, "/api/v1/queue/claim", "application/json", "{}", http.StatusOK)
	if err != nil {
		return err
	}
	var got struct {
		Example struct {
			ID       string
			Revision int
		}
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	v.example = got.Example.ID
	return nil
}

func (v *visitor) decide(ctx context.Context) error {
	body := `{"revision": 1, "verdict": "reject", "reason": "other"}`
	_, err := v.do(ctx, http.MethodPost, "/api/v1/examples/"+v.example+"/decisions", "application/json", body, http.StatusCreated, http.StatusConflict)
	return err
}

// do asks the server and reads the whole answer, which must have one of the
// statuses.
func (v *visitor) do(ctx context.Context, method, path, contentType, body string, statuses ...int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, v.site+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if strings.HasPrefix(path, "/api/") {
		req.Header.Set("Authorization", "Bearer "+v.token)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(bufio.NewReader(resp.Body))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if !slices.Contains(statuses, resp.StatusCode) {
		return nil, fmt.Errorf("%s %s = %s: %s", method, path, resp.Status, bytes.TrimSpace(answer[:min(len(answer), 300)]))
	}
	return answer, nil
}
