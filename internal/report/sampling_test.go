package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
)

// TestSamplesAndBandsInTheReport closes one sample and leaves another open, has some
// answers judged, and reads what the distribution report says of both.
func TestSamplesAndBandsInTheReport(t *testing.T) {
	t.Parallel()
	s, pool, ids := spread(t)
	ctx := t.Context()
	closed, open := uuid.New(), uuid.New()
	for _, one := range []struct {
		id        uuid.UUID
		name      string
		state     string
		closedAt  *time.Time
		of        []uuid.UUID
		n, faults int
	}{
		{closed, "July <b>import</b> | first look", "accepted", new(time.Now()), ids["voice"][:5], 200, 3},
		{open, "Still open", "open", nil, ids["acute"][:2], 0, 0},
	} {
		if _, err := pool.Exec(ctx, `
			INSERT INTO samples (dataset_id, id, name, batch, key, scope, frame_size, frame_hash, frame_last, frame, seed, plan, n, accept, edits, drawn, state, reviewed, defects, author_id, author, closed_at)
			VALUES ($1, $2, $3, 'category', 'voice_parsing', 'pending', 4000, '', $2, '', 1, '{}', 200, 5, false, 200, $4, $5, $6, $2, 'Ana', $7)`,
			exampletest.Dataset, one.id, one.name, one.state, one.n, one.faults, one.closedAt); err != nil {
			t.Fatal(err)
		}
		for i, id := range one.of {
			if _, err := pool.Exec(ctx, `INSERT INTO sample_items (dataset_id, sample_id, ordinal, example_id, revision) VALUES ($1, $2, $3, $4, 1)`, exampletest.Dataset, one.id, i+1, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	reviews := decider(pool)
	ana := audit.Actor{ID: uuid.New(), Name: "Ana"}
	for i, id := range ids["acute"][:8] {
		d := review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve}
		if i < 2 {
			d.Verdict, d.Reason = example.Reject, "It is not acute."
		}
		if _, err := reviews.Decide(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	sc, err := s.Filtered(ctx, report.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	sc.At = time.Now().Add(time.Minute)
	d, err := s.Distribution(ctx, sc)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Sampling.Samples) != 1 {
		t.Fatalf("samples = %+v, want the closed one", d.Sampling)
	}
	got := d.Sampling.Samples[0]
	// 3 of 200: Wilson's interval as published, and the consumer's statement.
	want := report.SampleResult{
		ID: closed, Name: "July <b>import</b> | first look", Batch: "a category", Verdict: "accepted", Closed: got.Closed, Frame: 4000, Reviewed: 200, Defects: 3,
		Share: 0.015, Low: 0.005114, High: 0.043166, AtMost: got.AtMost, AtMostOf: got.AtMostOf, Here: 5,
	}
	if diff := cmp.Diff(want, got); diff != "" || got.AtMost < 0.035 || got.AtMost > 0.041 || got.AtMostOf < 100 || got.AtMostOf > 160 {
		t.Errorf("the sample says at most %v, %d of the batch (-want +got):\n%s", got.AtMost, got.AtMostOf, diff)
	}
	var acute report.ConfidenceBand
	for _, b := range d.Confidence.Bands {
		if b.Subcategory == "acute" {
			acute = b
		}
	}
	j := acute.Judged
	if !acute.Expected || acute.Min != 0.85 || acute.Max != 0.95 || j == nil || j.Examples != 8 || j.Mean != 0.85 || j.Approved != 0.75 || j.Gap != 0.1 || j.Inside || !strings.HasPrefix(j.Words, "Too few verdicts") {
		t.Errorf("acute = %+v, judged %+v", acute, j)
	}
	if c := d.Confidence.ByCategory; len(c) != 1 || c[0].Category != "injury_analysis" || c[0].Examples != 8 || c[0].Approved != 6 {
		t.Errorf("by category = %+v", c)
	}
	for f, words := range map[report.Format][]string{
		report.HTML:     {"July &lt;b&gt;import&lt;/b&gt; | first look", "Calibration by subcategory band", "0.85 to 0.95", "1.5 %"},
		report.Markdown: {`July &lt;b>import&lt;/b> \| first look`, "### Calibration by subcategory band", "0.85 to 0.95", "Too few verdicts to claim anything: 8 of 100."},
		report.JSON:     {`"defect_share": 0.015`, `"approved_within_band": false`},
	} {
		var b strings.Builder
		if err := d.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(b.String(), word) {
				t.Errorf("the %s has not %q in it", f, word)
			}
		}
	}
	sc.At = time.Now().Add(-time.Hour)
	if early, err := s.Distribution(ctx, sc); err != nil || len(early.Sampling.Samples) != 0 {
		t.Errorf("an hour before there were samples: %+v, %v", early.Sampling, err)
	}
}
