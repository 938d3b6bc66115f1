package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/judge"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
)

// truthOf is where the truth about a sample file is.
func truthOf(rows string) string { return strings.TrimSuffix(rows, ".jsonl") + ".truth.jsonl" }

// checks holds the checks against the planted defects of the sample.
func checks(ctx context.Context, path string) (_ result, err error) {
	rows, err := os.Open(path)
	if err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	truth, err := os.Open(truthOf(path))
	if err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, truth.Close()) }()
	c, err := catalog.Default()
	if err != nil {
		return result{}, err
	}
	linter, err := lint.New(c)
	if err != nil {
		return result{}, err
	}
	tokens, err := llama3.New()
	if err != nil {
		return result{}, err
	}
	v, err := judge.Judge(ctx, bufio.NewReaderSize(rows, 1<<20), truth, linter.Check, tokens.CountBoth)
	if err != nil {
		return result{}, err
	}
	return result{
		Name: "checks", Ours: 100 * v.Recall(), Unit: "% recall", Must: "100, no alarms", Holds: v.Recall() == 1 && v.Alarms == 0,
		How: fmt.Sprintf("%d of %d planted faults found, %d false alarms on %d clean rows", v.Found, v.Planted, v.Alarms, v.Clean),
	}, nil
}

// duplicates scans what was imported for near-duplicates, against the time of
// the import and against what was planted.
func (b *bench) duplicates(ctx context.Context, path string, imported time.Duration) ([]result, error) {
	fmt.Fprintln(b.progress, "looking for near-duplicates")
	s := dedup.New(dedup.Config{
		DB: b.pool, Dataset: b.dataset, Catalog: b.store.Current,
		Reject: rejectNothing{},
	})
	start := time.Now()
	scanned, err := s.Scan(ctx)
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	right, found, planted, variants, err := b.compare(ctx, path)
	if err != nil {
		return nil, err
	}
	recall, precision := float64(right)/float64(max(planted, 1)), float64(right)/float64(max(found, 1))
	return []result{
		against("near-duplicates", "rows/s", float64(scanned.Examples)/took.Seconds(), float64(scanned.Examples)/imported.Seconds(), 1,
			fmt.Sprintf("search for duplicates over %d imported examples; reference: the import of the same file", scanned.Examples)),
		{
			Name: "near-duplicates found", Ours: 100 * recall, Unit: "% recall", Must: "95, both", Holds: recall >= 0.95 && precision >= 0.95 && variants == 0,
			How: fmt.Sprintf("%d of %d planted pairs, precision %.3f, %d pairs with one number changed called duplicates", right, planted, precision, variants),
		},
	}, nil
}

// rejectNothing stands where people's rulings are carried out: a scan makes none.
type rejectNothing struct{}

func (rejectNothing) Reject(context.Context, dedup.Rejection) (uuid.UUID, error) {
	return uuid.Nil, errors.New("a scan does not reject")
}

// compare holds the pairs that were found against the truth: how many are right,
// how many were found and planted, and how many planted variants were taken for
// duplicates.
func (b *bench) compare(ctx context.Context, path string) (right, found, planted, variants int, err error) {
	truth, err := os.Open(truthOf(path))
	if err != nil {
		return 0, 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, truth.Close()) }()
	type pair [2]int64
	near, variant := map[pair]bool{}, map[pair]bool{}
	for dec := json.NewDecoder(bufio.NewReaderSize(truth, 1<<20)); ; {
		var f struct {
			Kind     string
			Line, Of int64
		}
		if err := dec.Decode(&f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, 0, 0, 0, err
		}
		switch f.Kind {
		case "near_duplicate":
			near[pair{f.Of, f.Line}] = true
		case "variant":
			variant[pair{f.Of, f.Line}] = true
		}
	}
	rows, err := b.pool.Query(ctx, `
		SELECT least(x.source_line, y.source_line), greatest(x.source_line, y.source_line) FROM duplicate_pairs p
		  JOIN examples x ON x.dataset_id = p.dataset_id AND x.id = p.a
		  JOIN examples y ON y.dataset_id = p.dataset_id AND y.id = p.b
		 WHERE p.kind IN ('equal', 'near')`)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	pairs, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (pair, error) {
		var p pair
		err := r.Scan(&p[0], &p[1])
		return p, err
	})
	if err != nil {
		return 0, 0, 0, 0, err
	}
	for _, p := range pairs {
		if near[p] {
			right++
		}
		if variant[p] {
			variants++
		}
	}
	return right, len(pairs), len(near), variants, nil
}
