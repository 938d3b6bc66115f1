// Package courtesy has long work step back while people are waiting for answers:
// an export may take longer, a coach's next example may not.
package courtesy

import (
	"context"
	"math"
	"runtime"
	"sync"
	"time"
)

const (
	// memory is how long an answer counts, fading: long enough to bridge the
	// pauses of a busy second, short enough to let go when people stop.
	memory = time.Second
	// longest bounds what one answer counts. Whoever waits longer has asked for
	// something long: an export must not step back before itself.
	longest = 250 * time.Millisecond
	// restFull is how long work rests for each second it worked while everything
	// is taken up by people: it gets a sixteenth of the time, so that they keep nine
	// tenths of their speed even where work takes two processors at once.
	restFull = 15
	// longestRest bounds one rest, so that work goes on soon after people stop.
	longestRest = 2 * time.Second
)

// A Gauge knows how much of the machine's time people's requests take. It is
// safe for concurrent use.
type Gauge struct {
	cores float64
	now   func() time.Time

	mu    sync.Mutex
	taken float64 // seconds, faded up to at
	at    time.Time
}

// New returns a Gauge on which nothing was served yet; now tells the time.
func New(now func() time.Time) *Gauge {
	return &Gauge{cores: float64(runtime.GOMAXPROCS(0)), now: now}
}

// Served notes that a request was answered, and how long that took.
func (g *Gauge) Served(took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fade()
	g.taken += min(took, longest).Seconds()
}

// fade brings taken up to now.
func (g *Gauge) fade() {
	now := g.now()
	g.taken *= math.Exp(-now.Sub(g.at).Seconds() / memory.Seconds())
	g.at = now
}

// Share is how much of the processors' time people took lately, from 0 to 1.
func (g *Gauge) Share() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fade()
	return min(g.taken/memory.Seconds()/g.cores, 1)
}

// Step is called between two pieces of long work, with how long the last one
// took. It rests for as long as people need; it returns ctx's error when that
// ends.
func (g *Gauge) Step(ctx context.Context, worked time.Duration) error {
	rest := min(time.Duration(restFull*g.Share()*float64(worked)), longestRest)
	if rest < time.Millisecond {
		return ctx.Err()
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
