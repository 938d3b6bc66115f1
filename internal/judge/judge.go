// Package judge holds the checks against sample data whose faults are listed in
// a truth file (docs/sample.md): what is found, what is missed, what is alarm
// for nothing.
package judge

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

// A Score is how one rule did.
type Score struct {
	Rule    string
	Planted int // rows that break it
	Found   int // of these, rows on which it said so, at the place or below it
	Alarms  int // findings of it, warnings and errors, on rows that break nothing
}

// A Verdict is how all rules did.
type Verdict struct {
	Rows     int
	Clean    int // rows that break nothing
	Planted  int
	Found    int
	Alarms   int
	Scores   []Score  // by rule
	Examples []string // the first twenty misses and false alarms, as sentences
}

// Recall is the share of planted faults that were found; 1 where none was.
func (v Verdict) Recall() float64 {
	if v.Planted == 0 {
		return 1
	}
	return float64(v.Found) / float64(v.Planted)
}

// fact is a line of the truth file.
type fact struct {
	Kind string `json:"kind"`
	Line int    `json:"line"`
	Rule string `json:"rule"`
	Path string `json:"path"`
}

// maxExamples bounds Verdict.Examples.
const maxExamples = 20

// Judge reads rows and their truth and says how the checks do. Duplicates are
// not judged here: they are a matter between rows. count gives the tokens in the
// Hugging Face form. It fails with fault.Invalid where the files are not such a
// pair.
func Judge(ctx context.Context, rows, truth io.Reader, check func(lint.Subject) []lint.Finding, count func(example.Conversation) (hf, plain int)) (Verdict, error) {
	blamed, err := read(truth)
	if err != nil {
		return Verdict{}, err
	}
	d, err := decode.NewDecoder(decode.OpenAI, decode.DecodeOptions{})
	if err != nil {
		return Verdict{}, fmt.Errorf("judge: %w", err)
	}
	var v Verdict
	scores := map[string]*Score{}
	score := func(rule string) *Score {
		if scores[rule] == nil {
			scores[rule] = &Score{Rule: rule}
		}
		return scores[rule]
	}
	say := func(format string, args ...any) {
		if len(v.Examples) < maxExamples {
			v.Examples = append(v.Examples, fmt.Sprintf(format, args...))
		}
	}
	split := decode.NewSplitter(rows, decode.JSONLines, decode.Position{Line: 1}, decode.SplitOptions{})
	for {
		if err := ctx.Err(); err != nil {
			return Verdict{}, err
		}
		record, err := split.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = record.Err
		}
		if err != nil {
			return Verdict{}, fmt.Errorf("judge: read rows: %w", err)
		}
		row, err := d.Decode(record.Raw)
		if err != nil {
			return Verdict{}, fmt.Errorf("judge: line %d: %w", record.Line, err)
		}
		v.Rows++
		hf, _ := count(row.Conversation)
		found := check(lint.Subject{Category: row.Category, Subcategory: row.Subcategory, Conversation: row.Conversation, Tokens: hf})
		facts := blamed[int(record.Line)]
		for _, f := range facts {
			s := score(f.Rule)
			s.Planted++
			if slices.ContainsFunc(found, func(x lint.Finding) bool { return x.Rule == f.Rule && strings.HasPrefix(x.Path, f.Path) }) {
				s.Found++
			} else {
				say("line %d: %s at %s was missed", record.Line, f.Rule, f.Path)
			}
		}
		if len(facts) > 0 {
			continue // breaking one thing may break another
		}
		v.Clean++
		for _, x := range found {
			if x.Severity != lint.Info {
				score(x.Rule).Alarms++
				say("line %d: false alarm of %s at %s: %s", record.Line, x.Rule, x.Path, x.Message)
			}
		}
	}
	for _, s := range scores {
		v.Scores = append(v.Scores, *s)
		v.Planted += s.Planted
		v.Found += s.Found
		v.Alarms += s.Alarms
	}
	slices.SortFunc(v.Scores, func(a, b Score) int { return strings.Compare(a.Rule, b.Rule) })
	return v, nil
}

// read collects the planted violations by line.
func read(truth io.Reader) (map[int][]fact, error) {
	blamed := map[int][]fact{}
	lines := bufio.NewScanner(truth)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		var f fact
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil || n == 0 && f.Kind != "header" {
			return nil, fault.New(fault.Invalid, "Line %d of the truth file is not one: it comes beside the rows from `spotter sample -o FILE`.", n+1)
		}
		if f.Kind == "violation" {
			blamed[f.Line] = append(blamed[f.Line], f)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("judge: read the truth: %w", err)
	}
	return blamed, nil
}
