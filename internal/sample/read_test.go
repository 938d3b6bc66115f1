package sample_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/voicefit/spotter/internal/sample"
)

// line is a row as a reader of the file meets it.
type line struct {
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	Category    string            `json:"category"`
	Subcategory string            `json:"subcategory"`
	Metadata    map[string]string `json:"metadata"`

	raw   string
	truth []told
}

// told is a line of the truth file.
type told struct {
	Kind       string   `json:"kind"`
	Line       int      `json:"line"`
	Of         int      `json:"of"`
	How        string   `json:"how"`
	Rule       string   `json:"rule"`
	Path       string   `json:"path"`
	Version    int      `json:"version"`
	Rows       int      `json:"rows"`
	Seed       int64    `json:"seed"`
	Defects    float64  `json:"defects"`
	Categories []string `json:"categories"`
}

func (l *line) asked() string {
	var s string
	for _, m := range l.Messages {
		if m.Role == "user" {
			s += m.Content + "\n"
		}
	}
	return s
}

func (l *line) answer() string { return l.Messages[len(l.Messages)-1].Content }

// kind is what the row was planted as, "clean" where it was not.
func (l *line) kind() string {
	if len(l.truth) == 0 {
		return "clean"
	}
	return l.truth[0].Kind
}

// generate writes rows and reads them and their truth back.
func generate(t *testing.T, opts sample.Options) ([]*line, told, sample.Summary) {
	t.Helper()
	var rows, truth bytes.Buffer
	sum, err := sample.Write(t.Context(), &rows, &truth, opts)
	if err != nil {
		t.Fatalf("Write(%+v) = %v", opts, err)
	}
	if int64(rows.Len()) != sum.Bytes {
		t.Fatalf("Summary.Bytes = %d, want the %d written", sum.Bytes, rows.Len())
	}
	var lines []*line
	scan := func(b *bytes.Buffer, each func([]byte)) {
		s := bufio.NewScanner(b)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			each(s.Bytes())
		}
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
	}
	scan(&rows, func(b []byte) {
		l := &line{raw: string(b)}
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(l); err != nil {
			t.Fatalf("line %d is no such row: %v", len(lines)+1, err)
		}
		lines = append(lines, l)
	})
	var head told
	first := true
	scan(&truth, func(b []byte) {
		var x told
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(&x); err != nil {
			t.Fatalf("truth line %s: %v", b, err)
		}
		if first {
			head, first = x, false
			return
		}
		if x.Line < 1 || x.Line > len(lines) || x.Of >= x.Line {
			t.Fatalf("truth %s names a line that is not there, or a copy before its original", b)
		}
		lines[x.Line-1].truth = append(lines[x.Line-1].truth, x)
	})
	return lines, head, sum
}
