package lint_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/sample"
)

// planted is a line of the truth file.
type planted struct {
	Kind string
	Line int
	Of   int
	Rule string
	Path string
}

// TestSampleTruth holds the checks against generated rows whose faults are
// listed in a truth file: every planted fault is found where it was planted, and
// rows without one are clean.
func TestSampleTruth(t *testing.T) {
	t.Parallel()
	for _, seed := range []int64{1, 20261122} {
		judgeSample(t, sample.Options{Rows: 6000, Seed: seed, Defects: 0.3})
	}
	// Many invented numbers, which must not follow from those that were said.
	judgeSample(t, sample.Options{Rows: 8000, Seed: 108, Defects: 0.5, Categories: []string{"voice_parsing"}})
}

func judgeSample(t *testing.T, opts sample.Options) {
	t.Helper()
	var rows, truth bytes.Buffer
	if _, err := sample.Write(t.Context(), &rows, &truth, opts); err != nil {
		t.Fatal(err)
	}
	l := linter(t)
	tok, err := llama3.New()
	if err != nil {
		t.Fatal(err)
	}
	d, err := decode.NewDecoder(decode.OpenAI, decode.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}

	var found [][]lint.Finding
	for line := range bytes.Lines(rows.Bytes()) {
		row, err := d.Decode(bytes.TrimSpace(line))
		if err != nil {
			t.Fatalf("line %d: %v", len(found)+1, err)
		}
		tokens, err := tok.CountHF(row.Conversation, llama3.Options{})
		if err != nil {
			tokens = 0
		}
		found = append(found, l.Check(lint.Subject{Category: row.Category, Subcategory: row.Subcategory, Conversation: row.Conversation, Tokens: tokens}))
	}

	// Copies of a row share its faults; they are planted as something else.
	blamed := make([][]planted, len(found))
	for line := range bytes.Lines(truth.Bytes()) {
		var p planted
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		if p.Kind == "violation" {
			blamed[p.Line-1] = append(blamed[p.Line-1], p)
		}
	}
	total, missed, misplaced, alarms := 0, 0, 0, 0
	say := func(n *int, format string, args ...any) {
		if *n++; *n <= 12 {
			t.Errorf(format, args...)
		}
	}
	for i := range found {
		for _, p := range blamed[i] {
			total++
			same := slices.DeleteFunc(slices.Clone(found[i]), func(f lint.Finding) bool { return f.Rule != p.Rule })
			switch {
			case len(same) == 0:
				say(&missed, "line %d: %s at %s is missed", i+1, p.Rule, p.Path)
			case !slices.ContainsFunc(same, func(f lint.Finding) bool { return strings.HasPrefix(f.Path, p.Path) }):
				say(&misplaced, "line %d: %s is found at %s, want %s", i+1, p.Rule, same[0].Path, p.Path)
			}
		}
		for _, f := range found[i] {
			if f.Severity == lint.Info || slices.ContainsFunc(blamed[i], func(p planted) bool { return p.Rule == f.Rule }) {
				continue
			}
			if len(blamed[i]) > 0 && !strings.HasPrefix(f.Rule, "injury/") && !strings.HasPrefix(f.Rule, "voice/") {
				continue // breaking one thing may break another
			}
			say(&alarms, "line %d (planted %v): false alarm %s %s at %s: %s", i+1, blamed[i], f.Severity, f.Rule, f.Path, f.Message)
		}
	}
	if total == 0 {
		t.Fatal("nothing was planted")
	}
	t.Logf("seed %d: %d rows, %d planted faults, %d missed, %d misplaced, %d false alarms", opts.Seed, len(found), total, missed, misplaced, alarms)
}
