package judge_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/judge"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/sample"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	var rows, truth bytes.Buffer
	if _, err := sample.Write(t.Context(), &rows, &truth, sample.Options{Rows: 1500, Seed: 5, Defects: 0.3}); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(c)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := llama3.New()
	if err != nil {
		t.Fatal(err)
	}
	run := func(check func(lint.Subject) []lint.Finding) judge.Verdict {
		t.Helper()
		v, err := judge.Judge(t.Context(), bytes.NewReader(rows.Bytes()), bytes.NewReader(truth.Bytes()), check, tokens.CountBoth)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := run(l.Check)
	if v.Rows != 1500 || v.Planted < 100 || v.Clean < 1000 || v.Recall() != 1 || v.Alarms != 0 {
		t.Errorf("the checks: %d of %d found, %d alarms on %d clean of %d rows; %q", v.Found, v.Planted, v.Alarms, v.Clean, v.Rows, v.Examples)
	}
	// The judge itself must be able to condemn.
	if v := run(func(lint.Subject) []lint.Finding { return nil }); v.Recall() != 0 || len(v.Examples) == 0 {
		t.Errorf("a check that finds nothing gets recall %v", v.Recall())
	}
	if v := run(func(lint.Subject) []lint.Finding { return []lint.Finding{{Rule: "x/y", Severity: lint.Warning}} }); v.Alarms != v.Clean {
		t.Errorf("a check that always cries gets %d alarms on %d clean rows", v.Alarms, v.Clean)
	}
	if _, err := judge.Judge(t.Context(), &rows, strings.NewReader("hello"), l.Check, tokens.CountBoth); !errors.Is(err, fault.Invalid) {
		t.Errorf("a file that is no truth = %v, want invalid", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := judge.Judge(stopped, bytes.NewReader(truth.Bytes()), bytes.NewReader(truth.Bytes()), l.Check, tokens.CountBoth); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped judge = %v", err)
	}
}
