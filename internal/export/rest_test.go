package export_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

// readAtOnce is how many rows an export reads before it gives way.
const readAtOnce = 4000

var errEnough = errors.New("somebody pulled the plug")

// TestExportRests holds an export of the moment against what GiveWay promises: it
// calls its rest after every full chunk, with the time that the chunk took, has
// written nothing further when the rest begins, and ends with the error of a rest.
func TestExportRests(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	exampletest.Insert(t, pool, 2*readAtOnce+7, exampletest.Seed{Status: example.Approved})
	s := newService(pool)

	var quiet bytes.Buffer
	if _, err := s.Write(t.Context(), &quiet, export.Options{}); err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer
	var written []int
	s.GiveWay(func(_ context.Context, worked time.Duration) error {
		written = append(written, bytes.Count(out.Bytes(), []byte("\n")))
		if worked <= 0 {
			t.Errorf("rest %d: the chunk before it took %s", len(written), worked)
		}
		return nil
	})
	sum, err := s.Write(t.Context(), &out, export.Options{})
	if err != nil || sum.Rows != 2*readAtOnce+7 {
		t.Fatalf("Write() = %+v, %v", sum, err)
	}
	// The last chunk is not full: nothing comes after it that could wait.
	if len(written) != 2 || written[0] > readAtOnce || written[1] > 2*readAtOnce || written[1] <= written[0] {
		t.Errorf("lines written when rests began = %v, want two rests, after at most 4,000 and 8,000", written)
	}
	if !bytes.Equal(quiet.Bytes(), out.Bytes()) {
		t.Error("an export that rests writes other bytes")
	}

	rests := 0
	s.GiveWay(func(context.Context, time.Duration) error { rests++; return errEnough })
	if sum, err := s.Write(t.Context(), io.Discard, export.Options{}); !errors.Is(err, errEnough) || sum.Rows != readAtOnce || rests != 1 {
		t.Errorf("Write() = %+v, %v after %d rests; want 4,000 rows and the error of the only rest", sum, err, rests)
	}
}

// TestReleaseExportRests does the same for the export of a release, which reads
// ahead: while it rests no further chunk is read. Each rest here lasts until
// everything that was read before it is written, and would see more if there were.
func TestReleaseExportRests(t *testing.T) {
	t.Parallel()
	const chunks, rows = 5, 4*readAtOnce + 7
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, rows, exampletest.Seed{Status: example.Approved})
	release := uuid.Must(uuid.NewV7())
	if _, err := pool.CopyFrom(t.Context(), pgx.Identifier{"release_items"}, []string{"dataset_id", "release_id", "position", "example_id", "revision", "split"},
		pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
			return []any{exampletest.Dataset, release, int32(i + 1), ids[i], int32(1), "train"}, nil
		})); err != nil {
		t.Fatal(err)
	}
	s := newService(pool)
	all := export.Rows{Release: release, To: rows}
	part := export.Messages.Files([]string{"train"})[0]

	var quiet bytes.Buffer
	if _, _, err := s.WriteRows(t.Context(), &quiet, export.Messages, part, all); err != nil {
		t.Fatal(err)
	}

	// The export tells of every full chunk when its last row is about to be written.
	told := make(chan int64, chunks)
	var worked atomic.Int64
	var seen []int64
	rests := 0
	s.GiveWay(func(ctx context.Context, took time.Duration) error {
		rests++
		worked.Add(int64(took))
		if rests == chunks {
			return nil // the last chunk is not full, and not told of
		}
		select {
		case n := <-told:
			seen = append(seen, n+1)
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case n := <-told:
			t.Errorf("rest %d: row %d was read meanwhile", rests, n+1)
		default:
		}
		return nil
	})
	var out bytes.Buffer
	files, _, err := s.WriteFiles(t.Context(), export.Messages, func(n int64) { told <- n }, export.Target{Part: part, To: &out, Rows: []export.Rows{all}})
	if err != nil || files[0].Rows != rows {
		t.Fatalf("WriteFiles() = %+v, %v", files, err)
	}
	if diff := cmp.Diff([]int64{readAtOnce, 2 * readAtOnce, 3 * readAtOnce, 4 * readAtOnce}, seen); diff != "" {
		t.Errorf("rows written during rests (-want +got):\n%s", diff)
	}
	if rests != chunks || worked.Load() <= 0 {
		t.Errorf("%d rests after %s of work, want %d after some", rests, time.Duration(worked.Load()), chunks)
	}
	if !bytes.Equal(quiet.Bytes(), out.Bytes()) {
		t.Error("an export that rests writes other bytes")
	}

	s.GiveWay(func(context.Context, time.Duration) error { return errEnough })
	if _, _, err := s.WriteRows(t.Context(), io.Discard, export.Messages, part, all); !errors.Is(err, errEnough) {
		t.Errorf("WriteRows() = %v, want the error of the rest", err)
	}
}
