package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// latencyDecisions is how many decisions are timed.
const latencyDecisions = 200

var latencyLine = regexp.MustCompile(`over (\d+) decisions: p50 ([0-9.]+) ms, p95 ([0-9.]+) ms`)

// latency measures the time from a key to the next example painted, in headless
// Chromium, by the browser test that does it, which alone has the browser and a
// site to go with it.
func latency(ctx context.Context, s settings) ([]result, error) {
	fmt.Fprintln(s.progress, "pressing keys in a browser")
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^TestKeyToPaint$", "./internal/browsertest")
	cmd.Env = append(os.Environ(), "SPOTTER_LATENCY_DECISIONS="+strconv.Itoa(latencyDecisions), "SPOTTER_TEST_DATABASE_URL="+s.server)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	m := latencyLine.FindSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("the browser test printed no figures: %s", out)
	}
	var p50, p95 float64
	for i, into := range []*float64{&p50, &p95} {
		if *into, err = strconv.ParseFloat(string(m[2+i]), 64); err != nil {
			return nil, err
		}
	}
	how := fmt.Sprintf("%s decisions by key in headless Chromium, each as soon as the one before is painted; from the key event's own time to the first task after the frame", m[1])
	return []result{
		{Name: "key to next item painted, p50", Ours: p50, Unit: "ms", Must: "-", Holds: true, How: how},
		{Name: "key to next item painted, p95", Ours: p95, Unit: "ms", Must: "<= 100 ms", Holds: p95 <= 100, How: how},
	}, nil
}
