package browsertest_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// decisionsVariable says how many decisions TestKeyToPaint makes; the bench
// program sets it to what quality.md asks for.
const decisionsVariable = "SPOTTER_LATENCY_DECISIONS"

// watchKeys notes, for every key that brings another example, the milliseconds
// from the key's own time stamp to the first task after the frame that shows it:
// what was to be painted is painted then.
const watchKeys = `
	window.spotterLatency = [];
	document.addEventListener("keydown", (event) => {
		const shown = () => document.querySelector("article.item:not([hidden])");
		const before = shown();
		const look = () => {
			if (!shown() || shown() === before) return requestAnimationFrame(look);
			const painted = new MessageChannel();
			painted.port1.onmessage = () => window.spotterLatency.push(performance.now() - event.timeStamp);
			painted.port2.postMessage(0);
		};
		requestAnimationFrame(look);
	}, true);
`

// TestKeyToPaint approves one example after the other, each as soon as it is
// painted, and logs how long that took from the key. It asserts that every
// decision arrived, and nothing about time.
func TestKeyToPaint(t *testing.T) {
	t.Parallel()
	decisions := 20
	if text := os.Getenv(decisionsVariable); text != "" {
		var err error
		if decisions, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", decisionsVariable, err)
		}
	}
	s := browsertest.Start(t, nil)
	exampletest.Insert(t, s.Pool, decisions+10, exampletest.Seed{})
	tab := s.Open(t, account.Reviewer)
	tab.Before(watchKeys)
	tab.Go("/review/voice_parsing")
	tab.Until(current + " !== null")
	for i := range decisions {
		tab.Keys("a")
		tab.Until(fmt.Sprintf("window.spotterLatency.length === %d", i+1))
	}
	tab.Until(saved)
	var approved int
	if err := s.Pool.QueryRow(t.Context(), "SELECT count(*) FROM examples WHERE status = 'approved'").Scan(&approved); err != nil || approved != decisions {
		t.Errorf("%d of %d decisions arrived (%v)", approved, decisions, err)
	}
	ms := browsertest.Eval[[]float64](tab, "window.spotterLatency")
	slices.Sort(ms)
	t.Logf("key to next item painted over %d decisions: p50 %.1f ms, p95 %.1f ms, worst %.1f ms",
		len(ms), ms[len(ms)/2], ms[len(ms)*95/100], ms[len(ms)-1])
}
