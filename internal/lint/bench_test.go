package lint_test

import (
	"bytes"
	"testing"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/sample"
)

// generated returns clean rows of one category.
func generated(b *testing.B, category string, rows int) []lint.Subject {
	b.Helper()
	var out, truth bytes.Buffer
	if _, err := sample.Write(b.Context(), &out, &truth, sample.Options{Rows: rows, Seed: 7, Categories: []string{category}}); err != nil {
		b.Fatal(err)
	}
	d, err := decode.NewDecoder(decode.OpenAI, decode.DecodeOptions{})
	if err != nil {
		b.Fatal(err)
	}
	var all []lint.Subject
	for line := range bytes.Lines(out.Bytes()) {
		row, err := d.Decode(bytes.TrimSpace(line))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, lint.Subject{Category: row.Category, Subcategory: row.Subcategory, Conversation: row.Conversation, Tokens: 400})
	}
	return all
}

func size(all []lint.Subject) int64 {
	n := 0
	for _, s := range all {
		for _, m := range s.Conversation.Messages {
			n += len(m.Content)
		}
	}
	return int64(n / len(all))
}

func BenchmarkCheck(b *testing.B) {
	l := linter(b)
	run := func(name string, all []lint.Subject) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size(all))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				l.Check(all[i%len(all)])
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	for _, category := range []string{"voice_parsing", "injury_analysis", "ai_coach", "knowledge_base", "running_cardio"} {
		run(category, generated(b, category, 500))
	}
	c := theDefault(b)
	run("research", subjects(b, c, "voicefit-injury-core.json", decode.VoiceFitInjury, ""))
	run("alpaca", subjects(b, c, "alpaca_en_demo.json", decode.Alpaca, "ai_coach"))
}
