package export_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
)

// TestReadLines holds what a validator says of lines that were read once for all
// presets against what it says of their text, for every preset of lines and rows of
// every kind, good and bad.
func TestReadLines(t *testing.T) {
	t.Parallel()
	var presets []export.Preset
	for _, p := range export.Presets() {
		if p != export.Parquet {
			presets = append(presets, p)
		}
	}
	rows := []export.Row{
		{Messages: []byte(`[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]`), Strict: true},
		{Messages: []byte(`[{"role":"user","content":""},{"role":"assistant","content":""}]`), Strict: true}, // it says so, and is not
		{Messages: []byte(`[{"role":"user","content":" a"},{"role":"assistant","content":"b","weight":0}]`)},
		{Messages: []byte(`[{"role":"user","content":"a"}]`)},
		{Messages: []byte(`[{"role":"user","content":"a"},{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},` +
			`{"role":"tool","content":"c","tool_call_id":"1"},{"role":"assistant","content":"d"}]`), Tools: []byte(`[{"type":"function","function":{"name":"f","parameters":{}}}]`)},
		{Messages: []byte(`[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]`), Tools: []byte(`{}`)},
	}
	for i := range 20 {
		c := example.Conversation{Messages: []example.Message{say(example.User, fmt.Sprint("question ", i)), say(example.Assistant, "<|eot_id|>\r\n")}}
		rows = append(rows, export.Row{Messages: c.AppendMessages(nil), Strict: i%2 == 0})
	}
	for i, p := range presets {
		once, apart := p.NewChecker(nil).Alone().File(""), p.NewChecker(nil).Alone().File("")
		n := int64(0)
		for _, row := range rows {
			line := export.ReadLines(presets, row)[i]
			text, _, err := p.AppendRow(nil, row)
			if fmt.Sprint(err) != fmt.Sprint(line.Refused()) {
				t.Errorf("%s: Refused() = %v, want %v", p, line.Refused(), err)
			}
			if err != nil {
				continue
			}
			n++
			if diff := cmp.Diff(apart.Line(n, text), once.ReadLine(n, line)); diff != "" {
				t.Errorf("%s: %s (-Line +ReadLine):\n%s", p, text, diff)
			}
		}
		if diff := cmp.Diff(apart.Finish(), once.Finish()); diff != "" || once.Rows != n {
			t.Errorf("%s: the file of %d rows (-Line +ReadLine):\n%s", p, n, diff)
		}
	}
}
