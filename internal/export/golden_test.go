package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/llama3"
)

var update = flag.Bool("update", false, "write the golden files")

// A namedRow is a conversation of testdata/rows.jsonl.
type namedRow struct {
	Name string
	export.Row
}

// rows reads testdata/rows.jsonl: conversations made up for these tests.
func rows(t testing.TB) []namedRow {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "rows.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var list []namedRow
	for line := range strings.Lines(string(b)) {
		var in struct {
			Name            string
			Messages, Tools json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &in); err != nil {
			t.Fatal(err)
		}
		ms, err := example.ParseMessages(in.Messages)
		if err != nil {
			t.Fatal(err)
		}
		c := example.Conversation{Messages: ms}
		var tools bytes.Buffer
		if len(in.Tools) > 0 {
			if err := json.Compact(&tools, in.Tools); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, namedRow{in.Name, export.Row{Messages: c.AppendMessages(nil), Tools: tools.Bytes(), Strict: c.Strict()}})
	}
	return list
}

// golden compares got with a file of testdata/golden, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func tokenizer(t testing.TB) *llama3.Tokenizer {
	t.Helper()
	tokens, err := llama3.New()
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// TestGolden writes every row in every preset and holds it against the golden
// files: <preset>.jsonl has the rows, <preset>.refused why others are not in it,
// and the folder <preset> its companion files. Each file must be accepted by the
// preset's own validator.
func TestGolden(t *testing.T) {
	t.Parallel()
	all, tokens := rows(t), tokenizer(t)
	for _, preset := range export.Presets() {
		t.Run(string(preset), func(t *testing.T) {
			t.Parallel()
			set := export.Set{
				Name: "made-up", Title: "Made-up: \"rows\"", Description: "Rows of the tests.", Licences: []export.Licence{{Licence: "Apache-2.0", Rows: 13}}, Version: "1",
			}
			for _, part := range preset.Files([]string{"train", "validation"}) {
				file, refused := write(t, preset, part, all)
				again, _ := write(t, preset, part, all)
				if !bytes.Equal(file.body, again.body) {
					t.Errorf("%s: the same rows gave other bytes", part.Name)
				}
				set.Files = append(set.Files, file.Written)
				if refused != "" {
					golden(t, string(preset)+".refused", refused)
				}
				v := preset.NewChecker(tokens).File(part.Name)
				tell := func(p export.Problem) {
					if p.Severity == export.Refused {
						t.Errorf("%s is refused by its own validator: line %d: %s: %s", part.Name, p.Line, p.Rule, p.Text)
					}
				}
				if strings.HasSuffix(part.Name, ".parquet") {
					if err := v.ReadParquet(t.Context(), bytes.NewReader(file.body), int64(len(file.body)), tell); err != nil {
						t.Fatal(err)
					}
					golden(t, string(preset)+".parquet.sha256", fmt.Sprintf("%x\n", file.SHA256))
				} else {
					if err := v.Read(t.Context(), bytes.NewReader(file.body), tell); err != nil {
						t.Fatal(err)
					}
					golden(t, string(preset)+".jsonl", string(file.body))
				}
				if v.Rows != file.Rows || v.Bytes != file.Bytes || file.Bytes != int64(len(file.body)) {
					t.Errorf("%s: wrote %d rows and %d bytes, the validator saw %d and %d", part.Name, file.Rows, file.Bytes, v.Rows, v.Bytes)
				}
			}
			companions, err := preset.Companions(set)
			if err != nil {
				t.Fatal(err)
			}
			if preset.Describe().Folder != (len(companions) > 0) {
				t.Errorf("a folder: %v, but %d companion files", preset.Describe().Folder, len(companions))
			}
			for _, c := range companions {
				golden(t, string(preset)+"/"+c.Name, string(c.Body))
			}
		})
	}
}

type writtenFile struct {
	export.Written
	body []byte
}

// write writes the rows to one file and says which were refused.
func write(t *testing.T, preset export.Preset, part export.Part, all []namedRow) (writtenFile, string) {
	t.Helper()
	var body bytes.Buffer
	var refused strings.Builder
	w := preset.NewWriter(&body, part)
	for _, row := range all {
		unweighed, err := w.Append(row.Row)
		var refusal *export.Refusal
		switch {
		case errors.As(err, &refusal):
			fmt.Fprintf(&refused, "%s: %s\n", row.Name, refusal.Reason)
		case err != nil:
			t.Fatalf("%s: %v", row.Name, err)
		case unweighed:
			fmt.Fprintf(&refused, "%s: written, but its weight of 0 is lost\n", row.Name)
		}
	}
	written, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return writtenFile{written, body.Bytes()}, refused.String()
}

// TestDocs holds docs/export.md against what is written: every preset is there
// with the first of its golden rows.
func TestDocs(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "export.md"))
	if err != nil {
		t.Fatal(err)
	}
	docs := string(b)
	for _, preset := range export.Presets() {
		d := preset.Describe()
		want := []string{"## `" + string(preset) + "`: " + d.Title + "\n", d.For, d.Refuses, d.Tools, d.Limits, d.Source}
		if row, err := os.ReadFile(filepath.Join("testdata", "golden", string(preset)+".jsonl")); err == nil {
			line, _, _ := strings.Cut(string(row), "\n")
			want = append(want, line)
		}
		for _, text := range want {
			if !strings.Contains(docs, text) {
				t.Errorf("docs/export.md lacks of %s: %s", preset, text)
			}
		}
	}
}

// TestLicences holds what a card and croissant.json say of licences against how
// the hub writes them.
func TestLicences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		stated    []export.Licence
		card      string
		croissant string
	}{
		{"nobody said", nil, "license: other\nlicense_name: not-published\n", `"not published"`},
		{"one that the hub knows", []export.Licence{{Licence: "Apache License, Version 2.0", Rows: 2}}, "license: apache-2.0\n", `"apache-2.0"`},
		{"Creative Commons in words", []export.Licence{{Licence: "Creative Commons Attribution-ShareAlike 4.0 International", Rows: 2}}, "license: cc-by-sa-4.0\n", `"cc-by-sa-4.0"`},
		{"public domain", []export.Licence{{Licence: "CC0", Rows: 2}}, "license: cc0-1.0\n", `"cc0-1.0"`},
		{
			"one that it does not know",
			[]export.Licence{{Licence: "VoiceFit internal: \"no\" sharing", Rows: 3}},
			"license: other\nlicense_name: \"voicefit_internal___no__sharing\"\nlicense_details: \"VoiceFit internal: \\\"no\\\" sharing: 3 rows\"\n",
			`"VoiceFit internal: \"no\" sharing"`,
		},
		{
			"several",
			[]export.Licence{{Rows: 1}, {Licence: "CC BY 4.0", Rows: 5}, {Licence: "MIT", Rows: 7}},
			"license:\n- cc-by-4.0\n- mit\n- other\nlicense_details: \"not stated: 1 row; CC BY 4.0: 5 rows; MIT: 7 rows\"\n",
			"[\n  \"not stated\",\n  \"cc-by-4.0\",\n  \"mit\"\n ]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all, err := export.HuggingFace.Companions(export.Set{Name: "x", Title: "x", Licences: tt.stated, Files: []export.Written{
				{Part: export.Part{Name: "data/train-00000-of-00001.parquet", Splits: []string{"train"}}},
				{Part: export.Part{Name: "data/train.jsonl", Splits: []string{"train"}}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if want := "---\n" + tt.card + "language:\n"; !strings.HasPrefix(string(all[0].Body), want) {
				t.Errorf("the card begins\n%.300s\nwant\n%s", all[0].Body, want)
			}
			var doc struct{ License json.RawMessage }
			if err := json.Unmarshal(all[1].Body, &doc); err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := errors.Join(json.Unmarshal(doc.License, &got), json.Unmarshal([]byte(tt.croissant), &want)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("croissant.json (-want +got):\n%s", diff)
			}
		})
	}
}
