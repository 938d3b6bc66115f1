package report

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/stat"
)

// Sampling is what random samples of batches said, of those batches that share
// examples with the scope: only samples with a verdict at the scope's moment.
type Sampling struct {
	Samples []SampleResult `json:"samples"` // in the order in which they were drawn
	Words   string         `json:"words"`
}

// A SampleResult is one sample with what follows from it. Shares are from 0 to 1.
type SampleResult struct {
	ID       uuid.UUID `json:"id"`
	Name     string    `json:"name"`
	Batch    string    `json:"batch"`   // what kind of batch it was
	Verdict  string    `json:"verdict"` // accepted or rejected
	Closed   time.Time `json:"closed_at"`
	Frame    int       `json:"batch_size"` // examples that could be drawn
	Reviewed int       `json:"reviewed"`
	Defects  int       `json:"defects"`
	Share    float64   `json:"defect_share"` // with Wilson's 95 % interval
	Low      float64   `json:"low"`
	High     float64   `json:"high"`
	AtMost   float64   `json:"at_most"`          // the consumer's statement, 95 %
	AtMostOf int       `json:"at_most_of_batch"` // defects in the batch itself, 95 %
	Here     int64     `json:"examples_here"`    // of the sample that are in the scope
}

// sampleBatches are the kinds of batches, in words.
var sampleBatches = map[string]string{"import": "an import", "source": "a file", "category": "a category", "metadata": "rows that say something of themselves"}

// sampled adds up which samples hold examples of the scope.
func (s *Service) sampled(ctx context.Context, here map[uuid.UUID]int64) (Sampling, error) {
	rows, err := db.New(s.db).SamplesByID(ctx, s.dataset, keys(here))
	if err != nil {
		return Sampling{}, err
	}
	var r Sampling
	accepted := 0
	for _, x := range rows {
		one := SampleResult{
			ID: x.ID, Name: x.Name, Batch: sampleBatches[x.Batch], Verdict: x.State, Frame: int(x.FrameSize), Reviewed: int(x.Reviewed), Defects: int(x.Defects), Here: here[x.ID],
		}
		if x.ClosedAt != nil {
			one.Closed = x.ClosedAt.UTC()
		}
		if one.Reviewed > 0 {
			in := stat.Wilson(one.Defects, one.Reviewed, 0.95)
			one.Share, one.Low, one.High = round(float64(one.Defects)/float64(one.Reviewed), 6), round(in.Low, 6), round(in.High, 6)
		}
		one.AtMost, one.AtMostOf = round(stat.AtMost(one.Defects, one.Reviewed, 0.95), 6), stat.AtMostOf(one.Frame, one.Reviewed, one.Defects, 0.95)
		if one.Verdict == "accepted" {
			accepted++
		}
		r.Samples = append(r.Samples, one)
	}
	switch n := len(r.Samples); n {
	case 0:
		r.Words = "No random sample of a batch with these examples has a verdict."
	case 1:
		one := r.Samples[0]
		r.Words = fmt.Sprintf("One sample has a verdict: %s was %s with %s in %s looked at.", one.Name, one.Verdict, counted(int64(one.Defects), "defect", "defects"), grouped(one.Reviewed))
	default:
		r.Words = fmt.Sprintf("%d samples of batches with these examples have a verdict: %d accepted, %d rejected.", n, accepted, n-accepted)
	}
	return r, nil
}
