package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/courtesy"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
)

// window is what a rate is taken over.
const window = 10 * time.Second

// sustain has reviewers decide for a long time and compares the last seconds with
// the first, and then those in which approved examples are exported as fast as
// the machine can.
func (b *bench) sustain(ctx context.Context) ([]result, error) {
	fmt.Fprintf(b.progress, "deciding for %s\n", b.long)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	counts := &perSecond{start: time.Now()}
	served := courtesy.New(time.Now)
	b.export.GiveWay(served.Step)
	var wg sync.WaitGroup
	var failed error
	for i := range reviewers {
		wg.Go(func() {
			who := audit.Actor{ID: uuid.New(), Name: fmt.Sprintf("Reviewer %d", i)}
			for ctx.Err() == nil {
				start := time.Now()
				err := b.one(ctx, who)
				served.Served(time.Since(start)) // as the server does with its requests
				if err != nil && ctx.Err() == nil {
					counts.mu.Lock()
					failed = err
					counts.mu.Unlock()
					cancel()
				}
				if err == nil {
					counts.add()
				}
			}
		})
	}
	phases := func() error {
		if err := pause(ctx, b.long); err != nil {
			return err
		}
		fmt.Fprintln(b.progress, "exporting beside it")
		end := time.Now().Add(window)
		for time.Now().Before(end) {
			if _, err := b.export.Write(ctx, io.Discard, export.Options{Status: example.Rejected}); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		return nil
	}
	err := phases()
	took := time.Since(counts.start)
	cancel()
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	first, last, beside := counts.rate(0, window), counts.rate(b.long-window, b.long), counts.rate(b.long, took)
	return []result{
		against("queue speed in the end", "decisions/s", last, first, 0.9,
			fmt.Sprintf("%d reviewers without a pause: the last %s of %s; reference: the first", reviewers, window, b.long)),
		against("queue speed during an export", "decisions/s", beside, first, 0.9,
			"the same while one export of the messages preset after the other runs on the same processors"),
	}, nil
}

// one claims an example from any queue and decides on it.
func (b *bench) one(ctx context.Context, who audit.Actor) error {
	leases, err := b.review.Claim(ctx, who.ID, review.Queue{}, 1)
	if err != nil {
		return err
	}
	if len(leases) == 0 {
		return fault.New(fault.Unavailable, "The queue is empty: import more rows with -rows.")
	}
	_, err = b.review.Decide(ctx, review.Decision{
		ExampleID: leases[0].ExampleID, Reviewer: who, Revision: 1, Verdict: example.Reject, Reason: "bench", RequestKey: uuid.NewString(),
	})
	return err
}

// pause waits, or returns earlier with the reason why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// perSecond counts events by the second in which they were. It is safe for
// concurrent use.
type perSecond struct {
	start time.Time
	mu    sync.Mutex
	n     []int
}

func (p *perSecond) add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at := int(time.Since(p.start).Seconds()); len(p.n) <= at; {
		p.n = append(p.n, 0)
	}
	p.n[len(p.n)-1]++
}

// rate is the mean over whole seconds between two moments since the start.
func (p *perSecond) rate(from, to time.Duration) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum, seconds := 0, 0
	for at := int(from.Seconds()); at < int(to.Seconds()) && at < len(p.n); at++ {
		sum += p.n[at]
		seconds++
	}
	return float64(sum) / float64(max(seconds, 1))
}
