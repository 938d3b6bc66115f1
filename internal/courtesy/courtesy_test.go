package courtesy_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voicefit/spotter/internal/courtesy"
)

func TestShare(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cores := float64(runtime.GOMAXPROCS(0))
	g := courtesy.New(func() time.Time { return now })
	want := func(what string, want float64) {
		t.Helper()
		if got := g.Share(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: Share() = %v, want %v", what, got, want)
		}
	}
	want("nobody", 0)
	g.Served(100 * time.Millisecond)
	want("one answer", 0.1/cores)
	now = now.Add(time.Second)
	want("a second later", 0.1/cores/math.E)
	g.Served(time.Hour)
	want("a long answer counts little", (0.1/math.E+0.25)/cores)
	for range 1000 {
		g.Served(50 * time.Millisecond)
	}
	want("everybody", 1)
	now = now.Add(time.Minute)
	want("a minute later", 0)
}

func TestStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := courtesy.New(time.Now)
		rested := func(worked time.Duration) time.Duration {
			start := time.Now()
			if err := g.Step(t.Context(), worked); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		if got := rested(time.Hour); got != 0 {
			t.Errorf("rested %s while nobody was there", got)
		}
		crowd := func() {
			for range 10_000 {
				g.Served(100 * time.Millisecond)
			}
		}
		crowd()
		if got := rested(20 * time.Millisecond); got != 300*time.Millisecond {
			t.Errorf("rested %s after 20 ms among a crowd, want 300 ms", got)
		}
		if got := rested(time.Minute); got != 2*time.Second {
			t.Errorf("rested %s, want 2 s at most", got)
		}
		crowd()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := g.Step(ctx, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("Step() = %v, want the end of its context", err)
		}
	})
}
