package decode_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
)

func TestSniff(t *testing.T) {
	t.Parallel()
	const chat = `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`
	for _, tt := range []struct {
		name string
		in   string
		want decode.Detection // Why and Fields are not compared
	}{
		{"chat lines", chat + "\n" + chat + "\n", decode.Detection{Container: decode.JSONLines, Format: decode.OpenAI}},
		{"chat array", "[" + chat + "]", decode.Detection{Container: decode.JSONArray, Format: decode.OpenAI}},
		{"byte order mark and blanks", "\xEF\xBB\xBF\r\n\r\n" + chat, decode.Detection{Container: decode.JSONLines, Format: decode.OpenAI}},
		{"one pretty object", "{\n \"messages\": [\n  {\"role\": \"user\", \"content\": \"a\"}\n ]\n}\n", decode.Detection{Container: decode.JSONStream, Format: decode.OpenAI}},
		{"pretty objects", "{\n \"prompt\": \"a\",\n \"completion\": \"b\"\n}\n{\n \"prompt\": \"a\",\n \"completion\": \"b\"\n}\n", decode.Detection{Container: decode.JSONStream, Format: decode.PromptCompletion}},
		{"objects with carriage returns alone", chat + "\r" + chat + "\r", decode.Detection{Container: decode.JSONStream, Format: decode.OpenAI}},
		{"first line broken", "{\"messages\":\n" + chat + "\n" + chat + "\n", decode.Detection{Container: decode.JSONLines, Format: decode.OpenAI}},
		{"roles under conversations", `{"conversations":[{"role":"user","content":"a"}]}`, decode.Detection{Container: decode.JSONLines, Format: decode.OpenAI}},
		{"sharegpt", `{"conversations":[{"from":"human","value":"a"}]}`, decode.Detection{Container: decode.JSONLines, Format: decode.ShareGPT}},
		{"sharegpt under messages", `{"messages":[{"from":"human","value":"a"}]}`, decode.Detection{Container: decode.JSONLines, Format: decode.ShareGPT}},
		{"alpaca", `[{"instruction":"a","input":"","output":"b"}]`, decode.Detection{Container: decode.JSONArray, Format: decode.Alpaca}},
		{"injury", `[{"scenario":{},"training_example":{}}]`, decode.Detection{Container: decode.JSONArray, Format: decode.VoiceFitInjury}},
		{"a kto key among others", `{"prompt":"a","completion":"b","label":"running"}`, decode.Detection{Container: decode.JSONLines, Format: decode.PromptCompletion}},
		{"csv", "prompt,completion\n\"a, b\",c\n", decode.Detection{Container: decode.CSV, Format: decode.PromptCompletion, Delimiter: ',', Header: []string{"prompt", "completion"}}},
		{"csv by semicolon", "instruction;input;output\r\n\"a\nb\";c,d,e,f;g\r\n", decode.Detection{Container: decode.CSV, Format: decode.Alpaca, Delimiter: ';', Header: []string{"instruction", "input", "output"}}},
		{"tsv", "\xEF\xBB\xBFprompt\tcompletion\na, b, c\tc\n", decode.Detection{Container: decode.CSV, Format: decode.PromptCompletion, Delimiter: '\t', Header: []string{"prompt", "completion"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := decode.Sniff([]byte(tt.in), true, "rows")
			if err != nil {
				t.Fatalf("Sniff() = %v", err)
			}
			if got.Why == "" || len(got.Fields) == 0 {
				t.Errorf("Sniff() says neither why (%q) nor which fields (%q)", got.Why, got.Fields)
			}
			got.Why, got.Fields = "", nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Sniff() (-want +got):\n%s", diff)
			}
		})
	}
}

// The files of the shared data are what they are, also by their beginning.
func TestSniffShared(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]decode.Format{
		"alpaca_en_demo.json": decode.Alpaca, "glaive_toolcall_en_demo.json": decode.ShareGPT, "voicefit-injury-core.json": decode.VoiceFitInjury,
	} {
		data := shared(t, name)
		for _, n := range []int{len(data), 100_000, 6000, 300} {
			got, err := decode.Sniff(data[:n], n == len(data), name)
			if err != nil || got.Format != want || got.Container != decode.JSONArray {
				t.Errorf("Sniff(%d bytes of %s) = %s, %s, %v", n, name, got.Container, got.Format, err)
			}
		}
	}
}

func TestSniffRefuses(t *testing.T) {
	t.Parallel()
	wide := func(s string, mark bool, swap bool) string {
		units := utf16.Encode([]rune(s))
		if mark {
			units = append([]uint16{0xFEFF}, units...)
		}
		var b []byte
		for _, u := range units {
			if swap {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return string(b)
	}
	const chat = `{"messages":[{"role":"user","content":"a"}]}`
	for _, tt := range []struct {
		name, in string
		want     []string // what the sentence says
	}{
		{"empty", "", []string{"is empty"}},
		{"blank", " \n\t\r\n", []string{"white space"}},
		{"mark only", "\xEF\xBB\xBF", []string{"white space"}},
		{"parquet", "PAR1\x15\x04", []string{"Parquet", "to_json"}},
		{"arrow", "ARROW1\x00\x00", []string{"Arrow", "read_feather"}},
		{"xlsx", "PK\x03\x04....xl/workbook.xml", []string{"XLSX", "CSV"}},
		{"docx", "PK\x03\x04....word/document.xml", []string{"Word"}},
		{"zip", "PK\x03\x04....rows.jsonl", []string{"zip", "Unpack"}},
		{"xls", "\xD0\xCF\x11\xE0\xA1\xB1", []string{"Excel"}},
		{"pdf", "%PDF-1.7\n", []string{"PDF"}},
		{"sqlite", "SQLite format 3\x00....", []string{"SQLite", "Export"}},
		{"tar", strings.Repeat("x", 257) + "ustar\x00", []string{"tar archive", "Unpack"}},
		{"png", "\x89PNG\r\n", []string{"image"}},
		{"jpeg", "\xFF\xD8\xFF\xE0", []string{"image"}},
		{"svg", "<svg xmlns=\"\">", []string{"image"}},
		{"pickle", "\x80\x04\x95", []string{"pickle"}},
		{"xz", "\xFD7zXZ\x00", []string{"xz", "gzip or zstd"}},
		{"git lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", []string{"Git LFS", "git lfs pull"}},
		{"html", " \n<!DOCTYPE html>\n<html>", []string{"HTML", "login page"}},
		{"xml", "<?xml version=\"1.0\"?>", []string{"XML"}},
		{"utf-16", wide(chat, true, false), []string{"UTF-16", "Save it as UTF-8", "iconv"}},
		{"utf-16 other way round", wide(chat, true, true), []string{"UTF-16 (big-endian)"}},
		{"utf-16 without mark", wide(chat, false, false), []string{"UTF-16LE"}},
		{"utf-16 other way round without mark", wide(chat, false, true), []string{"UTF-16BE"}},
		{"utf-32", "\xFF\xFE\x00\x00{\x00\x00\x00", []string{"UTF-32"}},
		{"binary", "abc\x00\x01\x02", []string{"not text", "byte 3"}},
		{"preference, dpo", `{"prompt":"a","chosen":"b","rejected":"c"}`, []string{"preference pair", "chosen and rejected"}},
		{"preference, openai", `{"input":{"messages":[]},"preferred_output":[],"non_preferred_output":[]}`, []string{"preference pair", "preferred_output"}},
		{"preference, llama-factory", `[{"conversations":[{"from":"human","value":"a"}],"chosen":{},"rejected":{}}]`, []string{"preference pair"}},
		{"preference, autotrain", `{"prompt":"a","text":"b","rejected_text":"c"}`, []string{"rejected_text"}},
		{"preference in a table", "prompt,chosen,rejected\n1,2,3\n", []string{"preference pair"}},
		{"kto", `{"prompt":"a","completion":"b","label":true}`, []string{"KTO"}},
		{"kto by tag", `{"messages":[{"role":"user","content":"a"}],"kto_tag":false}`, []string{"KTO"}},
		{"kto in a table", "prompt,completion,label\na,b,True\n", []string{"KTO"}},
		{"plain text", "You are a helpful coach. Answer briefly,\nplease.\n", []string{"plain text", "messages"}},
		{"prose without a line end", "Just did RDLs", []string{"plain text"}},
		{"wrapper", "{\n \"data\": [\n  " + chat + "\n ]\n}", []string{`"data"`, "jq '.data'"}},
		{"wrapper on one line", `{"version":1,"rows":[{"x":1}]}`, []string{"jq '.rows'"}},
		{"wrapper cut off", `{"data":[` + chat + `,{"messages":[`, []string{"jq '.data'"}},
		{"notebook", `{"cells":[{"cell_type":"code"}],"metadata":{},"nbformat":4}`, []string{"Jupyter"}},
		{"one conversation", `[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]`, []string{"one conversation"}},
		{"pre-training", "{\"text\":\"abc\"}\n{\"text\":\"def\"}\n", []string{"pre-training"}},
		{"pre-training in a table", "text\nabc\ndef\n", []string{"pre-training"}},
		{"other keys", `{"question":"a","answer":"b","n":1}`, []string{"question, answer, n", "user=question and assistant=answer"}},
		{"other columns", "transcript,parsed_output,n\na,b,c\n", []string{"user=transcript and assistant=parsed_output"}},
		{"unknown keys", `{"x":1,"y":2}`, []string{"x, y", "field mapping"}},
		{"batch requests", `{"custom_id":"1","body":{"messages":[]}}`, []string{"messages=body.messages"}},
		{"empty list", "[]", []string{"empty list"}},
		{"list of numbers", "[1,2]", []string{"objects", "the number 1"}},
		{"list of lists", `[[{"role":"user"}]]`, []string{"a list"}},
		{"no row is JSON", "{'messages': []}\n{'messages': []}\n", []string{"Line 1", "double quotes"}},
		{"column twice", "prompt,completion,prompt\na,b,c\n", []string{"prompt", "twice"}},
		{"column without a name", "prompt,,completion\na,b,c\n", []string{"Column 2"}},
		{"old mac table", "prompt,completion\ra,b\r", []string{"old Macs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := decode.Sniff([]byte(tt.in), !strings.Contains(tt.name, "cut off"), "")
			if !errors.Is(err, fault.Invalid) {
				t.Fatalf("Sniff(%q) = %v, want a fault.Invalid", tt.in, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Sniff(%q) = %q, which does not say %q", tt.in, err, want)
				}
			}
			if !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("Sniff(%q) = %q, which is no sentence", tt.in, err)
			}
		})
	}
}

// A file that only a mapping can read still says which fields it has.
func TestSniffFields(t *testing.T) {
	t.Parallel()
	got, err := decode.Sniff([]byte(`{"q":"a","answer":{"text":"b","meta":{"deep":{"x":1}}}}`+"\n"+`{"q":"a","extra":1}`), true, "../../../x\x07.jsonl")
	if !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "\x07") {
		t.Errorf("Sniff() = %q, want a fault.Invalid without control characters", err)
	}
	if diff := cmp.Diff([]string{"q", "answer", "answer.text", "answer.meta", "answer.meta.deep", "extra"}, got.Fields); diff != "" || got.Container != decode.JSONLines {
		t.Errorf("Sniff().Fields (-want +got):\n%s\n%+v", diff, got)
	}
}

func FuzzSniff(f *testing.F) {
	for _, s := range []string{"", "{", "[{\"role\":\"user\",\"content\":1", "a,b\n1,2", "{\"data\":[{", "PK\x03\x04", "\xFF\xFE{\x00", "{\"a\":1}\r{\"a\":2}", "{\"a\":", "[{\"a\":x"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, eof bool) {
		got, err := decode.Sniff(in, eof, "x")
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Fatalf("Sniff(%q) = %v, which is no fault", in, err)
			}
			return
		}
		// What was recognised can be split and decoded without a panic.
		d, err := decode.NewDecoder(got.Format, decode.DecodeOptions{Header: got.Header, Delimiter: got.Delimiter})
		if err != nil {
			t.Fatalf("Sniff(%q) found %+v, which gives no decoder: %v", in, got, err)
		}
		recs, _ := split(t, in, got.Container, decode.Position{}, decode.SplitOptions{Delimiter: got.Delimiter})
		for _, rec := range recs {
			if _, err := d.Decode(rec.Raw); err != nil && bytes.TrimSpace([]byte(err.Error())) == nil {
				t.Fatalf("Decode(%q) refuses without a word", rec.Raw)
			}
		}
	})
}
