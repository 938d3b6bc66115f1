package decode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/decode"
)

// chatRows are n chat rows of about 1.3 KB, like those of voice parsing: a long
// system prompt, a short command, a structured answer.
func chatRows(n int) [][]byte {
	system := strings.Repeat("You turn what an athlete says into one JSON object. Use the exercise library; never guess a number that was not said.\n", 6)
	out := make([][]byte, n)
	for i := range out {
		answer := fmt.Sprintf(`{"parsed_data":{"exercise_id":"7f3c9a52-%04d-4b1e-9c55-0d5b8f1f2a90","exercise_name":"Romanian Deadlift","weight":%d,"weight_unit":"lbs","reps":5,"rpe":8,"rir":2,"confidence":0.93},"confidence_reasoning":"Weight, reps and effort were all said.","reasoning":["RDLs is the Romanian deadlift","felt like an 8 is the effort"]}`, i%10000, 135+i%200)
		row, err := json.Marshal(map[string]any{"messages": []map[string]string{
			{"role": "system", "content": system},
			{"role": "user", "content": fmt.Sprintf("Just did RDLs, %d for 5, felt like an 8", 135+i%200)},
			{"role": "assistant", "content": answer},
		}})
		if err != nil {
			panic(err)
		}
		out[i] = row
	}
	return out
}

func BenchmarkDecode(b *testing.B) {
	rows := chatRows(1000)
	d := decoder(b, decode.OpenAI, decode.DecodeOptions{})
	b.SetBytes(int64(len(rows[0])))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := d.Decode(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkEncodingJSON is what BenchmarkDecode is held against: the same rows
// by encoding/json, into the plainest type that holds them and unchecked.
func BenchmarkEncodingJSON(b *testing.B) {
	rows := chatRows(1000)
	b.SetBytes(int64(len(rows[0])))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		var row struct {
			Messages []struct{ Role, Content string }
		}
		if err := json.Unmarshal(rows[i%len(rows)], &row); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkDecodeFile(b *testing.B) {
	for _, name := range []string{"alpaca_en_demo.json", "glaive_toolcall_en_demo.json", "voicefit-injury-core.json"} {
		b.Run(name, func(b *testing.B) {
			data := shared(b, name)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				rows(b, data, decode.DecodeOptions{})
			}
		})
	}
}

func BenchmarkSplit(b *testing.B) {
	lines := bytes.Join(chatRows(10_000), []byte{'\n'})
	array := append(append([]byte{'['}, bytes.ReplaceAll(lines, []byte{'\n'}, []byte(",\n"))...), ']')
	for c, in := range map[decode.Container][]byte{decode.JSONLines: lines, decode.JSONArray: array, decode.JSONStream: lines} {
		b.Run(string(c), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				s := decode.NewSplitter(bytes.NewReader(in), c, decode.Position{}, decode.SplitOptions{})
				for {
					if _, err := s.Next(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
