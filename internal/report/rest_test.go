package report_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/report"
)

// TestReportsRest holds reports against what GiveWay promises: they rest after every
// batch that they begin to read, end with the error of a rest, and say the same however
// they rest.
func TestReportsRest(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	exampletest.Insert(t, pool, 2507, exampletest.Seed{}) // of batches of 500: six
	s := report.New(pool, exampletest.Dataset, func(context.Context) (*catalog.Catalog, error) { return catalog.Default() })
	made := func() (report.Validation, error) {
		scope, err := s.Filtered(t.Context(), report.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		scope.At = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		return s.ValidationOf(t.Context(), scope)
	}
	quiet, err := made()
	if err != nil {
		t.Fatal(err)
	}
	rests := 0
	s.GiveWay(func(context.Context, time.Duration) error { rests++; return nil })
	got, err := made()
	if err != nil || rests != 6 || got.Counts.Examples != 2507 {
		t.Errorf("%d examples after %d rests, %v; want 2,507 after 6", got.Counts.Examples, rests, err)
	}
	if diff := cmp.Diff(quiet, got); diff != "" {
		t.Errorf("a report that rests (-without +with):\n%s", diff)
	}
	enough := errors.New("enough")
	s.GiveWay(func(context.Context, time.Duration) error { return enough })
	if _, err := made(); !errors.Is(err, enough) {
		t.Errorf("ValidationOf() = %v, want the error of the rest", err)
	}
}
