package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	tryAtMost = 1000            // items of an act that are tried out, evenly spread
	tryFor    = 4 * time.Second // and for how long
	maxDiffs  = 20              // changed examples that are shown
	maxHunks  = 6               // places shown of one
)

// A Forecast is what happened when an act was tried out: its own code ran on the
// examples, and was rolled back. Of a big act one example of each way in which they
// stand is tried out for all that stand so; see count.
type Forecast struct {
	Tried    int       `json:"tried"`             // examples tried out one by one; less than Total for a big act
	Counted  int       `json:"counted,omitempty"` // of a big act: the examples that Lines count
	Ways     int       `json:"ways,omitempty"`    // in which these stand
	Total    int       `json:"total"`
	Lines    []Line    `json:"lines"`             // of Counted, else of Tried
	Details  []Line    `json:"details,omitempty"` // of Tried, with what the checks say: of a big act that changes words
	Standing []Stand   `json:"standing"`          // all of the chosen, as they stand
	Diffs    []Diff    `json:"diffs,omitempty"`
	At       time.Time `json:"at"`
}

// Whole says whether Lines are about every example.
func (f Forecast) Whole() bool { return max(f.Tried, f.Counted) == f.Total }

// Count is how many of the examples in Lines have the outcome.
func (f Forecast) Count(outcome string) int {
	n := 0
	for _, l := range f.Lines {
		if l.Outcome == outcome {
			n += l.Examples
		}
	}
	return n
}

// A Line counts examples with which the same happens.
type Line struct {
	Outcome  string `json:"outcome"`
	Result   string `json:"result,omitempty"` // of what changes
	Reason   string `json:"reason,omitempty"` // of what stays
	Examples int    `json:"examples"`
}

// needs begins the result of an approval that is not enough by itself.
const needs = "needs "

// disputed is the result of a verdict that another reviewer's stands against.
const disputed = "escalated: a reviewer said otherwise"

// Lacks says what an approval that was given leaves open, such as "another
// approval"; "" for everything else.
func (l Line) Lacks() string {
	if lacks, ok := strings.CutPrefix(l.Result, needs); ok {
		return lacks
	}
	return ""
}

// Disputed says whether the verdict waits for a lead.
func (l Line) Disputed() bool { return l.Result == disputed }

// NewErrors says whether the checks found more errors than before.
func (l Line) NewErrors() bool { return strings.HasSuffix(l.Result, moreErrors) }

// FewerErrors says whether the checks found fewer errors than before.
func (l Line) FewerErrors() bool { return strings.HasSuffix(l.Result, fewerErrors) }

// A Stand counts examples that stand alike.
type Stand struct {
	Status   example.Status `json:"status"`
	Errors   bool           `json:"errors"` // has findings of severity error
	Examples int            `json:"examples"`
}

// A Diff shows what a replacement would do to one example.
type Diff struct {
	Example uuid.UUID `json:"example"`
	Result  string    `json:"result"`
	Hunks   []Hunk    `json:"hunks"`
}

// errTried rolls a trial back.
var errTried = errors.New("this was a trial")

// forecast tries the act out.
func (s *Service) forecast(ctx context.Context, a Act, by audit.Actor) (Forecast, error) {
	f := Forecast{Total: a.Total, At: time.Now().UTC()}
	q := db.New(s.cfg.DB)
	standing, err := q.ActStanding(ctx, s.cfg.Dataset, a.ID)
	if err != nil {
		return f, fmt.Errorf("look how they stand: %w", err)
	}
	for _, r := range standing {
		f.Standing = append(f.Standing, Stand{Status: example.Status(r.Status), Errors: r.WithErrors, Examples: int(r.Examples)})
	}
	if a.Kind == Assign {
		f.Tried = a.Total
		f.Lines = []Line{{Outcome: Changed, Result: "given", Examples: a.Total}}
		return f, nil
	}
	h, err := s.handOf(a)
	if err != nil {
		return f, err
	}
	if a.Total > tryAtMost && !h.changes() {
		if err := s.count(ctx, a, h, &f); err != nil || f.Whole() {
			return f, err
		}
		f = Forecast{Total: f.Total, Standing: f.Standing, At: f.At}
	}
	step := (a.Total + tryAtMost - 1) / tryAtMost
	rows, err := q.SpreadActItems(ctx, db.SpreadActItemsParams{DatasetID: s.cfg.Dataset, ActID: a.ID, Step: int64(step), MaxRows: tryAtMost})
	if err != nil {
		return f, fmt.Errorf("choose what to try: %w", err)
	}
	lines := map[Line]int{}
	start := time.Now()
	for _, r := range shuffled(rows) {
		if time.Since(start) > tryFor {
			break
		}
		h.hunks = 0
		if len(f.Diffs) < maxDiffs {
			h.hunks = maxHunks
		}
		out, err := s.try(ctx, h, item{r.ExampleID, int(r.Revision), example.Status(r.Status), r.Undo})
		if err != nil {
			return f, err
		}
		f.Tried++
		lines[Line{Outcome: out.outcome, Result: out.result, Reason: out.reason}]++
		if len(out.places) > 0 && len(f.Diffs) < maxDiffs {
			f.Diffs = append(f.Diffs, Diff{Example: r.ExampleID, Result: out.result, Hunks: out.places})
		}
	}
	for l, n := range lines {
		l.Examples = n
		f.Lines = append(f.Lines, l)
	}
	sortLines(f.Lines)
	if f.Tried < f.Total {
		err = s.count(ctx, a, h, &f)
	}
	return f, err
}

// shuffled puts the rows into an order that is spread over all of them however
// early it is left: every 2nd, then every 4th of the rest, and so on would do; it
// walks by a step that has no divisor in common with their number.
func shuffled(rows []db.SpreadActItemsRow) []db.SpreadActItemsRow {
	n := len(rows)
	step := n*382/1000 | 1 // about the golden section
	for gcd(step, n) > 1 {
		step += 2
	}
	out := make([]db.SpreadActItemsRow, n)
	for i := range out {
		out[i] = rows[i*step%n]
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// try runs one item and rolls it back.
func (s *Service) try(ctx context.Context, h *hand, i item) (settled, error) {
	var out settled
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		var err error
		if out, err = h.apply(ctx, tx, i); err != nil {
			return err
		}
		return errTried
	})
	var no *errRefused
	switch {
	case errors.As(err, &no):
		return stay(no.reason), nil
	case errors.Is(err, errTried):
		return out, nil
	}
	return out, fmt.Errorf("try example %s: %w", i.id, err)
}
