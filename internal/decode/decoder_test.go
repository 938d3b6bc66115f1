package decode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

func decoder(t testing.TB, f decode.Format, opts decode.DecodeOptions) *decode.Decoder {
	t.Helper()
	d, err := decode.NewDecoder(f, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rows reads a whole file as a session of the product would.
func rows(t testing.TB, data []byte, opts decode.DecodeOptions) []decode.Row {
	t.Helper()
	r, _, err := decode.Uncompress(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, decode.SniffBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	found, err := decode.Sniff(head[:n], err != nil, "")
	if err != nil {
		t.Fatal(err)
	}
	opts.Header, opts.Delimiter = found.Header, found.Delimiter
	d := decoder(t, found.Format, opts)
	s := decode.NewSplitter(io.MultiReader(bytes.NewReader(head[:n]), r), found.Container, decode.Position{}, decode.SplitOptions{Delimiter: found.Delimiter})
	var out []decode.Row
	for {
		rec, err := s.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Err != nil {
			t.Fatalf("line %d: %v", rec.Line, rec.Err)
		}
		row, err := d.Decode(rec.Raw)
		if err != nil {
			t.Fatalf("line %d: %v", rec.Line, err)
		}
		out = append(out, row)
	}
}

func hashes(rs []decode.Row) map[example.Hash]int {
	out := map[example.Hash]int{}
	for _, r := range rs {
		out[hashOf(r)]++
	}
	return out
}

// The known counts of the shared data, whichever way the file is packed.
func TestKnownCounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                  string
		rows, distinct, calls int
	}{
		{"alpaca_en_demo.json", 999, 985, 0},
		{"glaive_toolcall_en_demo.json", 300, 265, 211},
		{"voicefit-injury-core.json", 50, 50, 0},
		{"voicefit-injury-lite.json", 50, 50, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := shared(t, tt.name)
			got := rows(t, data, decode.DecodeOptions{})
			calls, results := 0, 0
			for i, r := range got {
				open := map[string]bool{}
				for j, m := range r.Conversation.Messages {
					for _, c := range m.ToolCalls {
						calls++
						open[c.ID] = true
						if !json.Valid([]byte(c.Arguments)) || c.Name == "" || c.ID == "" {
							t.Errorf("row %d: tool call %+v", i, c)
						}
					}
					if m.Role == example.Tool {
						results++
						if !open[m.ToolCallID] {
							t.Errorf("row %d: message %d answers %q, which was not called", i, j, m.ToolCallID)
						}
						delete(open, m.ToolCallID)
					}
				}
				if len(open) > 0 {
					t.Errorf("row %d: calls without result: %v", i, open)
				}
			}
			if n := len(hashes(got)); len(got) != tt.rows || n != tt.distinct || calls != tt.calls || results != tt.calls {
				t.Errorf("%d rows, %d distinct, %d calls, %d results; want %d, %d, %d", len(got), n, calls, results, tt.rows, tt.distinct, tt.calls)
			}
			for kind, packed := range map[string][]byte{"gzip": gz(t, bytes.NewReader(data)), "zstd": zst(t, bytes.NewReader(data))} {
				if diff := cmp.Diff(got, rows(t, packed, decode.DecodeOptions{})); diff != "" {
					t.Errorf("packed with %s (-want +got):\n%s", kind, diff)
				}
			}
		})
	}
}

// The lite file is the core file again, but for who processed it.
func TestInjuryFilesAreEqual(t *testing.T) {
	t.Parallel()
	opts := decode.DecodeOptions{SystemPrompt: func(category string) string { return "You analyse injuries: " + category }}
	core, lite := rows(t, shared(t, "voicefit-injury-core.json"), opts), rows(t, shared(t, "voicefit-injury-lite.json"), opts)
	bySub := map[string]int{}
	for i := range core {
		if hashOf(core[i]) != hashOf(lite[i]) {
			t.Errorf("row %d differs between the files", i)
		}
		if bytes.Equal(core[i].Metadata, lite[i].Metadata) {
			t.Errorf("row %d has lost who processed it: %s", i, core[i].Metadata)
		}
		if core[i].Category != "injury_analysis" {
			t.Errorf("row %d has the category %q", i, core[i].Category)
		}
		bySub[core[i].Subcategory]++
		if m := core[i].Conversation.Messages[0]; m.Role != example.System || m.Content != "You analyse injuries: injury_analysis" {
			t.Errorf("row %d begins with %+v", i, m)
		}
	}
	if diff := cmp.Diff(map[string]int{"acute": 10, "chronic": 15, "tendinitis": 10, "doms": 10, "ambiguous": 5}, bySub); diff != "" {
		t.Errorf("subcategories (-want +got):\n%s", diff)
	}
}

var update = flag.Bool("update", false, "write the golden files of this package anew")

// golden is how a row stands in testdata/golden.
type golden struct {
	Format      decode.Format   `json:"format"`
	Category    string          `json:"category,omitempty"`
	Subcategory string          `json:"subcategory,omitempty"`
	ExternalID  string          `json:"external_id,omitempty"`
	Messages    json.RawMessage `json:"messages"`
	Tools       json.RawMessage `json:"tools,omitempty"`
	Metadata    json.RawMessage `json:"metadata"`
}

// TestGolden decodes every testdata/golden/FORMAT-NAME.in and compares with
// FORMAT-NAME.out beside it. Each out file was read by a person.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/*.in")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 12 {
		t.Fatalf("only %d golden inputs", len(files))
	}
	for _, in := range files {
		t.Run(filepath.Base(in), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			var opts decode.DecodeOptions
			found, err := decode.Sniff(raw, true, in)
			if strings.HasPrefix(filepath.Base(in), string(decode.Mapped)) {
				head, rest, ok := bytes.Cut(raw, []byte{'\n'})
				if !ok {
					t.Fatal("a mapped file begins with a line of its mapping")
				}
				raw = rest
				if opts.Mapping, err = decode.ParseMapping(strings.Fields(string(head))); err != nil {
					t.Fatal(err)
				}
				found, _ = decode.Sniff(raw, true, in)
				found.Format = decode.Mapped
			} else if err != nil {
				t.Fatal(err)
			}
			opts.Header, opts.Delimiter = found.Header, found.Delimiter
			opts.SystemPrompt = func(category string) string { return "The prompt of " + category + "." }
			d := decoder(t, found.Format, opts)
			var got bytes.Buffer
			recs := consistent(t, raw, found.Container, decode.SplitOptions{Delimiter: found.Delimiter})
			for _, rec := range recs {
				row, err := d.Decode(rec.Raw)
				if err != nil {
					t.Fatalf("line %d: %v", rec.Line, err)
				}
				g := golden{
					Format: found.Format, Category: row.Category, Subcategory: row.Subcategory, ExternalID: row.ExternalID,
					Messages: row.Conversation.AppendMessages(nil), Tools: row.Conversation.Tools, Metadata: row.Metadata,
				}
				enc := json.NewEncoder(&got)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				if err := enc.Encode(g); err != nil {
					t.Fatal(err)
				}
			}
			out := strings.TrimSuffix(in, ".in") + ".out"
			if *update {
				if err := os.WriteFile(out, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("rows of %s (-want +got):\n%s", in, diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	user := func(content string) string {
		return `{"messages":[{"role":"user","content":` + content + `},{"role":"assistant","content":"b"}]}`
	}
	assistant := func(members string) string {
		return `{"messages":[{"role":"user","content":"a"},{"role":"assistant",` + members + `}]}`
	}
	for _, tt := range []struct {
		name string
		f    decode.Format
		in   string
		want string // what the sentence says
	}{
		{"nothing", decode.OpenAI, ``, "ends in the middle"},
		{"no object", decode.OpenAI, `[1]`, "must be a JSON object, found a list"},
		{"a string", decode.OpenAI, `"a"`, `must be a JSON object, found the string "a"`},
		{"cut", decode.OpenAI, `{"messages":[{"role":"us`, "ends in the middle of its JSON"},
		{"cut in a word", decode.OpenAI, `{"a":tru`, "ends in the middle"},
		{"cut in an escape", decode.OpenAI, `{"a":"\u00`, "ends in the middle"},
		{"cut in a number", decode.OpenAI, `{"a":-`, "ends in the middle"},
		{"no colon", decode.OpenAI, `{"a" 1}`, "a colon after a key should be"},
		{"no comma", decode.OpenAI, `{"a":1 "b":2}`, "a comma or } should be"},
		{"no comma in a list", decode.OpenAI, `{"a":[1 2]}`, "a comma or ] should be"},
		{"objects too deep", decode.OpenAI, strings.Repeat(`{"a":`, 1001) + "1" + strings.Repeat("}", 1001), "nested more than 1000 deep"},
		{"two values", decode.OpenAI, `{"a":1}{"b":2}`, "second JSON value follows the first"},
		{"comma after", decode.OpenAI, `{"a":1},`, "“,” follows the end of the JSON value"},
		{"trailing comma", decode.OpenAI, `{"a":1,}`, "found “}” where a key in double quotes should be (column 8)"},
		{"python", decode.OpenAI, `{'messages': []}`, "strings need double quotes"},
		{"python word", decode.OpenAI, `{"a": None}`, "None is Python"},
		{"nan", decode.OpenAI, `{"a": NaN}`, "NaN is not JSON; use null or leave the key out (column 7)"},
		{"infinity", decode.OpenAI, `{"a": [Infinity]}`, "Infinity is not JSON"},
		{"minus infinity", decode.OpenAI, `{"a": -Infinity}`, "-Infinity is not JSON"},
		{"leading zero", decode.OpenAI, `{"a": 01}`, "must not begin with 0"},
		{"bad number", decode.OpenAI, `{"a": 1.}`, "a digit should be"},
		{"comment", decode.OpenAI, "{\"a\": 1 // one\n}", "comments are not JSON"},
		{"utf-8", decode.OpenAI, user("\"caf\xe9\""), "byte 0xE9 is not valid UTF-8; save the file as UTF-8 (column 43)"},
		{"utf-8, surrogate bytes", decode.OpenAI, user("\"\xed\xa0\x80\""), "not valid UTF-8"},
		{"nul outside a string", decode.OpenAI, "{\"a\":\x001}", "found a NUL byte where a value should be (column 6)"},
		{"nul in a string", decode.OpenAI, user("\"a\x00b\""), `a NUL byte inside a string must be written as \u0000`},
		{"line break in a string", decode.OpenAI, user("\"a\nb\""), `write line breaks inside strings as \n`},
		{"mark in the middle", decode.OpenAI, "\uFEFF{}", "byte order mark"},
		{"lone high surrogate", decode.OpenAI, user(`"a\ud800b"`), `\ud800 is half of a character (a lone surrogate); write both halves or the character itself (column 41)`},
		{"lone low surrogate", decode.OpenAI, user(`"\udc00"`), "lone surrogate"},
		{"high surrogate before another escape", decode.OpenAI, user(`"\ud83d\n"`), "lone surrogate"},
		{"two high surrogates", decode.OpenAI, user(`"\ud83d\ud83d\ude00"`), "lone surrogate"},
		{"lone surrogate in a key", decode.OpenAI, `{"\ud800":1}`, "lone surrogate"},
		{"bad escape", decode.OpenAI, user(`"\x41"`), `\x is not an escape`},
		{"bad unicode escape", decode.OpenAI, user(`"\u00g0"`), "four hexadecimal digits"},
		{"key twice", decode.OpenAI, `{"messages":[],"messages":[]}`, `key "messages" appears twice`},
		{"key twice by an escape", decode.OpenAI, `{"role":1,"r\u006fle":2}`, `key "role" appears twice`},
		{"key twice deep down", decode.OpenAI, `{"a":[{"b":{"c":1,"c":1}}]}`, `key "c" appears twice in one object; programs disagree about which one counts, so take one out (column 19)`},
		{"key twice among many", decode.OpenAI, `{` + strings.Repeat(`"k":0,`, 1) + manyKeys(40) + `,"k\u0037":1}`, `key "k7" appears twice`},
		{"on a later line", decode.OpenAI, "{\n  \"é\": 1,\n  \"é\": 2}", "(line 3, column 3 of the row)"},
		{"too deep", decode.OpenAI, `{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, "nested more than 1000 deep"},

		{"no messages", decode.OpenAI, `{"text":"a","n":1}`, "no messages; its keys are text, n. If the words are under other keys, import the file with a field mapping"},
		{"no keys", decode.OpenAI, `{}`, "it has no keys at all"},
		{"another format", decode.OpenAI, `{"instruction":"a","output":"b"}`, "which is the format alpaca. Import it as that."},
		{"messages null", decode.OpenAI, `{"messages":null}`, "no messages"},
		{"messages empty", decode.OpenAI, `{"messages":[]}`, "messages is empty"},
		{"messages a number", decode.OpenAI, `{"messages":5}`, "messages must be a list, found the number 5"},
		{"messages a text", decode.OpenAI, `{"messages":"hello"}`, "messages must be a list of messages, but found “h”"},
		{"message a text", decode.OpenAI, `{"messages":["hello"]}`, `messages[0] must be an object, found the string "hello"`},
		{"no role", decode.OpenAI, `{"messages":[{"content":"a"}]}`, "messages[0] has no role. Say system, user, assistant or tool."},
		{"role null", decode.OpenAI, `{"messages":[{"role":null,"content":"a"}]}`, "messages[0].role must be a string, found null"},
		{"role unknown", decode.OpenAI, `{"messages":[{"role":"human","content":"a"}]}`, `messages[0].role is "human", a role that is not known. Use system, developer, user, assistant or tool.`},
		{"role in capitals", decode.OpenAI, `{"messages":[{"role":"User","content":"a"}]}`, `messages[0].role is "User"`},
		{"turns of sharegpt", decode.OpenAI, `{"messages":[{"from":"human","value":"a"}]}`, "which is the format sharegpt"},
		{"no content", decode.OpenAI, `{"messages":[{"role":"user"}]}`, "messages[0] has no content"},
		{"content null", decode.OpenAI, user("null"), "messages[0].content is null, which is only possible beside tool_calls"},
		{"content a number", decode.OpenAI, user("1.50"), "messages[0].content must be a string or a list of text parts, found the number 1.50"},
		{"content an object", decode.OpenAI, user(`{"a":1}`), "found an object"},
		{"image part", decode.OpenAI, user(`[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]`), `messages[0].content[1] is of type "image_url". Spotter holds text only`},
		{"part without a type", decode.OpenAI, user(`[{"text":"a"}]`), "messages[0].content[0] has no type"},
		{"part without text", decode.OpenAI, user(`[{"type":"text"}]`), "messages[0].content[0].text must be a string"},
		{"part a number", decode.OpenAI, user(`[5]`), "messages[0].content[0] must be an object with type and text, found the number 5"},
		{"name a number", decode.OpenAI, `{"messages":[{"role":"user","content":"a","name":1}]}`, "messages[0].name must be a string"},
		{"weight true", decode.OpenAI, assistant(`"content":"b","weight":true`), "messages[1].weight must be 0 or 1, found true"},
		{"weight 1.0", decode.OpenAI, assistant(`"content":"b","weight":1.0`), "messages[1].weight must be 0 or 1, found the number 1.0"},
		{"weight 2", decode.OpenAI, assistant(`"content":"b","weight":2`), "found the number 2"},
		{"weight text", decode.OpenAI, assistant(`"content":"b","weight":"1"`), `found the string "1"`},
		{"weight of the user", decode.OpenAI, `{"messages":[{"role":"user","content":"a","weight":0.5}]}`, "messages[0].weight must be 0 or 1"},
		{"tool_calls an object", decode.OpenAI, assistant(`"tool_calls":{}`), "messages[1].tool_calls must be a list"},
		{"tool_calls of a text", decode.OpenAI, assistant(`"tool_calls":["f"]`), "messages[1].tool_calls[0] must be an object"},
		{"tool call without function", decode.OpenAI, assistant(`"tool_calls":[{"id":"1"}]`), "messages[1].tool_calls[0] must have a function"},
		{"tool call of another type", decode.OpenAI, assistant(`"tool_calls":[{"type":"custom","function":{"name":"f"}}]`), `messages[1].tool_calls[0].type must be "function", found the string "custom"`},
		{"tool call without name", decode.OpenAI, assistant(`"tool_calls":[{"function":{"arguments":"{}"}}]`), "messages[1].tool_calls[0].function must have a name"},
		{"arguments a list", decode.OpenAI, assistant(`"tool_calls":[{"function":{"name":"f","arguments":[1]}}]`), "messages[1].tool_calls[0].function.arguments must be an object or its JSON in a string, found a list"},
		{"id a number", decode.OpenAI, assistant(`"tool_calls":[{"id":7,"function":{"name":"f"}}]`), "messages[1].tool_calls[0].id must be a string"},
		{"the user calls", decode.OpenAI, `{"messages":[{"role":"user","content":"a","tool_calls":[{"function":{"name":"f"}}]}]}`, "Only the assistant can call tools"},
		{"old call and new", decode.OpenAI, assistant(`"function_call":{"name":"f"},"tool_calls":[{"function":{"name":"f"}}]`), "both tool_calls and function_call"},
		{"old call a text", decode.OpenAI, assistant(`"function_call":"auto"`), "messages[1].function_call must be an object"},
		{"tool_call_id a number", decode.OpenAI, `{"messages":[{"role":"tool","content":"a","tool_call_id":1}]}`, "messages[0].tool_call_id must be a string"},
		{"tools an object", decode.OpenAI, `{"messages":[{"role":"user","content":"a"}],"tools":{}}`, "tools must be a list of tool definitions, found an object"},
		{"tools of a text", decode.OpenAI, `{"messages":[{"role":"user","content":"a"}],"tools":["f"]}`, "tools[0] must be an object"},
		{"tools broken in a text", decode.OpenAI, `{"messages":[{"role":"user","content":"a"}],"tools":"[{]"}`, "tools must be a list of tool definitions, but found “]”"},
		{"tools and functions", decode.OpenAI, `{"messages":[{"role":"user","content":"a"}],"tools":[{}],"functions":[{}]}`, "both tools and functions"},
		{"two systems", decode.OpenAI, `{"system":"a","messages":[{"role":"system","content":"b"}]}`, "two different system prompts"},
		{"system a number", decode.OpenAI, `{"system":1,"messages":[{"role":"user","content":"b"}]}`, "system must be a string, found the number 1"},
		{"our own key", decode.OpenAI, `{"message_extra":1,"messages":[{"role":"user","content":"b","mood":1}]}`, "message_extra"},
		{"preference among chat", decode.OpenAI, `{"messages":[{"role":"user","content":"a"}],"chosen":{},"rejected":{}}`, "preference pair (chosen and rejected"},
		{"preference of openai", decode.OpenAI, `{"input":{},"preferred_output":[],"non_preferred_output":[]}`, "preference pair (preferred_output"},

		{"turns of openai", decode.ShareGPT, `{"conversations":[{"role":"user","content":"a"}]}`, "which is the format openai"},
		{"no from", decode.ShareGPT, `{"conversations":[{"value":"a"}]}`, "conversations[0] has no from"},
		{"from unknown", decode.ShareGPT, `{"conversations":[{"from":"alien","value":"a"}]}`, `conversations[0].from is "alien", a speaker that is not known`},
		{"from a number", decode.ShareGPT, `{"conversations":[{"from":1,"value":"a"}]}`, "conversations[0].from must be a string"},
		{"no value", decode.ShareGPT, `{"conversations":[{"from":"gpt"}]}`, "conversations[0] has no value"},
		{"value null", decode.ShareGPT, `{"conversations":[{"from":"gpt","value":null}]}`, "conversations[0].value must be a string, found null"},
		{"call no JSON", decode.ShareGPT, `{"conversations":[{"from":"function_call","value":"f(x)"}]}`, "conversations[0].value must be a JSON object with name and arguments, but found “f”"},
		{"call no object", decode.ShareGPT, `{"conversations":[{"from":"function_call","value":"7"}]}`, "found the number 7"},
		{"call without name", decode.ShareGPT, `{"conversations":[{"from":"function_call","value":"{}"}]}`, "must have a name"},
		{"no calls", decode.ShareGPT, `{"conversations":[{"from":"function_call","value":"[]"}]}`, "empty list"},
		{"no conversations", decode.ShareGPT, `{"messages":null,"x":1}`, "no conversations"},
		{"preference among sharegpt", decode.ShareGPT, `{"conversations":[{"from":"human","value":"a"}],"chosen":{},"rejected":{}}`, "preference pair"},
		{"kto among sharegpt", decode.ShareGPT, `{"conversations":[{"from":"human","value":"a"}],"kto_tag":true}`, "KTO"},

		{"no output", decode.Alpaca, `{"instruction":"a"}`, "no instruction and output; its keys are instruction"},
		{"output null", decode.Alpaca, `{"instruction":"a","output":null}`, "output is null"},
		{"output a list", decode.Alpaca, `{"instruction":"a","output":["good","bad"]}`, "output must be a string, found a list"},
		{"instruction a number", decode.Alpaca, `{"instruction":1,"output":"b"}`, "instruction must be a string"},
		{"input an object", decode.Alpaca, `{"instruction":"a","input":{},"output":"b"}`, "input must be a string, found an object"},
		{"history a text", decode.Alpaca, `{"instruction":"a","output":"b","history":"x"}`, "history must be a list of [question, answer] pairs"},
		{"history of one", decode.Alpaca, `{"instruction":"a","output":"b","history":[["q","a"],["q"]]}`, "history[1] must be a pair of strings"},

		{"no completion", decode.PromptCompletion, `{"prompt":"a"}`, "no prompt and completion"},
		{"prompt a number", decode.PromptCompletion, `{"prompt":1,"completion":"b"}`, "prompt must be a string or a list of messages, found the number 1"},
		{"prompt of wrong messages", decode.PromptCompletion, `{"prompt":[{"role":"x","content":"a"}],"completion":"b"}`, `prompt[0].role is "x"`},
		{"kto", decode.PromptCompletion, `{"prompt":"a","completion":"b","label":false}`, "KTO"},

		{"no scenario", decode.VoiceFitInjury, `{"training_example":{}}`, "no scenario and training_example"},
		{"scenario a text", decode.VoiceFitInjury, `{"scenario":"a","training_example":{}}`, "scenario must be an object"},
		{"training_example a text", decode.VoiceFitInjury, `{"scenario":{"user_input":"a"},"training_example":"b"}`, "training_example must be an object"},
		{"no words", decode.VoiceFitInjury, `{"scenario":{},"training_example":{}}`, "scenario has no user_input"},
		{"words a number", decode.VoiceFitInjury, `{"scenario":{"user_input":1},"training_example":{}}`, "scenario.user_input must be a string"},
		{"context a text", decode.VoiceFitInjury, `{"scenario":{"user_input":"a","context":"b"},"training_example":{}}`, "scenario.context must be an object"},
	} {
		t.Run(string(tt.f)+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			row, err := decoder(t, tt.f, decode.DecodeOptions{}).Decode([]byte(tt.in))
			if !errors.Is(err, fault.Invalid) {
				t.Fatalf("Decode() = %+v, %v, want a fault.Invalid", row, err)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("Decode() = %q, want a sentence with %q", err, tt.want)
			}
		})
	}
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	return strings.Join(keys, ",")
}

// What looks odd and is right.
func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    decode.Format
		in   string
		want string // canonical messages
		meta string
	}{
		{"nul by escape", decode.OpenAI, `{"messages":[{"role":"user","content":"a\u0000b"}]}`, `[{"role":"user","content":"a\u0000b"}]`, `{}`},
		{"pair of surrogates", decode.OpenAI, `{"messages":[{"role":"user","content":"\ud83e\udd99\uD83E\uDD99"}]}`, `[{"role":"user","content":"🦙🦙"}]`, `{}`},
		{"every escape", decode.OpenAI, `{"messages":[{"role":"user","content":"\"\\\/\b\f\n\r\t\u00e9\u2028"}]}`, `[{"role":"user","content":"\"\\/\b\f\n\r\té\u2028"}]`, `{}`},
		{"numbers as they are", decode.OpenAI, `{"messages":[{"role":"user","content":"a"}], "n" : [ 1e999, -0, 8.0, 1E+2, 12345678901234567890 ]}`, `[{"role":"user","content":"a"}]`, `{"n":[1e999,-0,8.0,1E+2,12345678901234567890]}`},
		{"spelling kept in metadata", decode.OpenAI, `{"messages":[{"role":"user","content":"a"}], "\u006e" : "\u00e9\/" }`, `[{"role":"user","content":"a"}]`, `{"\u006e":"\u00e9\/"}`},
		{"white space kept in content", decode.OpenAI, "\t{\"messages\" : [ {\"role\":\"user\",\"content\":\" a \\n\"} ] }\r\n", `[{"role":"user","content":" a \n"}]`, `{}`},
		{"deep, but not too deep", decode.OpenAI, `{"x":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + `,"messages":[{"role":"user","content":"a"}]}`, `[{"role":"user","content":"a"}]`, `{"x":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + `}`},
		{"same key in different objects", decode.OpenAI, `{"a":{"k":1,"a":2},"b":{"k":1},"messages":[{"role":"user","content":"a"}]}`, `[{"role":"user","content":"a"}]`, `{"a":{"k":1,"a":2},"b":{"k":1}}`},
		{"many keys", decode.OpenAI, `{` + manyKeys(100) + `,"messages":[{"role":"user","content":"a"}]}`, `[{"role":"user","content":"a"}]`, `{` + manyKeys(100) + `}`},
		{"ids that are taken are passed over", decode.OpenAI, `{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f"}},{"id":"call_1","function":{"name":"g"}}]}]}`, `[{"role":"assistant","content":"","tool_calls":[{"id":"call_2","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"call_1","type":"function","function":{"name":"g","arguments":"{}"}}]}]`, `{}`},
		{"parts without their wrapping", decode.OpenAI, `{"messages":[{"role":"user","content":["a","b"]}]}`, `[{"role":"user","content":"ab"}]`, `{"message_extra":{"0":{"content":["a","b"]}}}`},
		{"an id on a message that is no result", decode.OpenAI, `{"messages":[{"role":"user","content":"a","tool_call_id":"x"}]}`, `[{"role":"user","content":"a"}]`, `{"message_extra":{"0":{"tool_call_id":"x"}}}`},
		{"a call that says more", decode.OpenAI, `{"messages":[{"role":"assistant","content":"","function_call":{"name":"f","arguments":"{}","why":1}}]}`, `[{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}]`, `{"message_extra":{"0":{"function_call":{"name":"f","arguments":"{}","why":1}}}}`},
		{"a call in a text that says more", decode.ShareGPT, `{"conversations":[{"from":"function_call","value":"{\"name\":\"f\",\"id\":1}"}]}`, `[{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}]`, `{"message_extra":{"0":{"value":"{\"name\":\"f\",\"id\":1}"}}}`},
		{"tools null in a text", decode.ShareGPT, `{"tools":"null","conversations":[{"from":"gpt","value":"a"}]}`, `[{"role":"assistant","content":"a"}]`, `{}`},
		{"lists of lists in a context", decode.VoiceFitInjury, `{"scenario":{"user_input":"a","context":{"log":[[1.0],{"x":null}],"":true}},"training_example":{}}`, `[{"role":"user","content":"a\n\nContext:\n- Log: [[1.0],{\"x\":null}]\n- : yes"},{"role":"assistant","content":"{}"}]`, `{"scenario":{"user_input":"a","context":{"log":[[1.0],{"x":null}],"":true}}}`},
		{"nulls where nothing is", decode.OpenAI, `{"messages":[{"role":"assistant","content":"a","name":null,"tool_calls":null,"function_call":null,"tool_call_id":null,"weight":null}],"tools":null}`, `[{"role":"assistant","content":"a"}]`, `{"tools":null}`},
		{"an empty content", decode.OpenAI, `{"messages":[{"role":"user","content":""}]}`, `[{"role":"user","content":""}]`, `{}`},
		{"no parts", decode.OpenAI, `{"messages":[{"role":"user","content":[]}]}`, `[{"role":"user","content":""}]`, `{"message_extra":{"0":{"content":[]}}}`},
		{"one part", decode.OpenAI, `{"messages":[{"role":"user","content":[{"type":"text","text":" a"}]}]}`, `[{"role":"user","content":" a"}]`, `{}`},
		{"messages in a text", decode.OpenAI, `{"messages":"[{\"role\":\"user\",\"content\":\"a\",\"mood\":\"good\"}]"}`, `[{"role":"user","content":"a"}]`, `{"message_extra":{"0":{"mood":"good"}}}`},
		{"system said twice alike", decode.ShareGPT, `{"system":"s","conversations":[{"from":"system","value":"s"},{"from":"gpt","value":"a"}]}`, `[{"role":"system","content":"s"},{"role":"assistant","content":"a"}]`, `{}`},
		{"extras move with the system prompt", decode.ShareGPT, `{"system":"s","conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a","score":1}]}`, `[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"a"}]`, `{"message_extra":{"2":{"score":1}}}`},
		{"label that is no rating", decode.PromptCompletion, `{"prompt":"a","completion":"b","label":"run"}`, `[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]`, `{"label":"run"}`},
		{"id and name of a tag", decode.PromptCompletion, `{"prompt":"a","completion":"b","id":null,"tags":["x","category:voice_parsing"]}`, `[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]`, `{"id":null,"tags":["x","category:voice_parsing"]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row, err := decoder(t, tt.f, decode.DecodeOptions{}).Decode([]byte(tt.in))
			if err != nil {
				t.Fatalf("Decode() = %v", err)
			}
			if diff := cmp.Diff(tt.want, string(row.Conversation.AppendMessages(nil))); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.meta, string(row.Metadata)); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, category, subcategory, id string }{
		{"top level", `"category":"c","subcategory":"s","id":"7"`, "c", "s", "7"},
		{"metadata", `"metadata":{"category":"c","subcategory":"s"},"custom_id":"x"`, "c", "s", "x"},
		{"tags", `"tags":["category:c","subcategory:s:t"],"uuid":"u"`, "c", "s:t", "u"},
		{"top level first", `"tags":["category:no"],"metadata":{"category":"no"},"category":"c"`, "c", "", ""},
		{"number for an id", `"id":1.50,"example_id":"y"`, "", "", "1.50"},
		{"not texts", `"category":7,"metadata":"c","tags":"category:c","id":[1]`, "", "", ""},
	} {
		row, err := decoder(t, decode.PromptCompletion, decode.DecodeOptions{}).Decode([]byte(`{"prompt":"a","completion":"b",` + tt.in + `}`))
		if err != nil || row.Category != tt.category || row.Subcategory != tt.subcategory || row.ExternalID != tt.id {
			t.Errorf("%s: %q, %q, %q, %v; want %q, %q, %q", tt.name, row.Category, row.Subcategory, row.ExternalID, err, tt.category, tt.subcategory, tt.id)
		}
	}
}

func TestNewDecoderRefuses(t *testing.T) {
	t.Parallel()
	m := &decode.Mapping{User: "q", Assistant: "a"}
	for name, tt := range map[string]struct {
		f    decode.Format
		opts decode.DecodeOptions
	}{
		"auto":               {decode.Auto, decode.DecodeOptions{}},
		"unknown":            {"xml", decode.DecodeOptions{}},
		"no mapping":         {decode.Mapped, decode.DecodeOptions{}},
		"incomplete mapping": {decode.Mapped, decode.DecodeOptions{Mapping: &decode.Mapping{User: "q"}}},
		"needless mapping":   {decode.Alpaca, decode.DecodeOptions{Mapping: m}},
		"column twice":       {decode.Mapped, decode.DecodeOptions{Mapping: m, Header: []string{"q", "a", "q"}}},
	} {
		if _, err := decode.NewDecoder(tt.f, tt.opts); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: NewDecoder() = %v, want fault.Invalid", name, err)
		}
	}
}

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for _, f := range decode.Formats {
		if got, err := decode.ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("ParseFormat(%s) = %s, %v", f, got, err)
		}
	}
	for _, s := range []string{"", "auto"} {
		if got, err := decode.ParseFormat(s); got != decode.Auto || err != nil {
			t.Errorf("ParseFormat(%q) = %s, %v", s, got, err)
		}
	}
	if _, err := decode.ParseFormat("parquet"); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "sharegpt") {
		t.Errorf("ParseFormat(parquet) = %v", err)
	}
}

func TestParseMapping(t *testing.T) {
	t.Parallel()
	got, err := decode.ParseMapping([]string{"user=a.b", " assistant = c=d ", "category=kind"})
	if diff := cmp.Diff(&decode.Mapping{User: "a.b", Assistant: "c=d", Category: "kind"}, got); diff != "" || err != nil {
		t.Errorf("ParseMapping() = %v (-want +got):\n%s", err, diff)
	}
	if got, err := decode.ParseMapping(nil); got != nil || err != nil {
		t.Errorf("ParseMapping(nil) = %v, %v", got, err)
	}
	for name, pairs := range map[string][]string{
		"no equals": {"user"}, "no path": {"user="}, "unknown": {"user=a", "assistant=b", "mood=c"}, "twice": {"user=a", "user=b", "assistant=c"},
		"incomplete": {"user=a"}, "both": {"messages=m", "user=a"}, "empty part": {"user=a..b", "assistant=c"}, "nothing useful": {"id=x"},
	} {
		if m, err := decode.ParseMapping(pairs); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: ParseMapping(%q) = %v, %v, want fault.Invalid", name, pairs, m, err)
		}
	}
}

func TestMappedRefuses(t *testing.T) {
	t.Parallel()
	pairs := &decode.Mapping{User: "q.text", Assistant: "answers.0", System: "sys", Tools: "t", Category: "kind"}
	list := &decode.Mapping{Messages: "chat"}
	for _, tt := range []struct {
		name, in, want string
		m              *decode.Mapping
	}{
		{"missing", `{"q":{},"answers":["b"]}`, "no q.text, the field that user is mapped to; its keys are q, answers", pairs},
		{"missing in a list", `{"q":{"text":"a"},"answers":[]}`, "no answers.0", pairs},
		{"null", `{"q":{"text":null},"answers":["b"]}`, "q.text, the field that user is mapped to, is null", pairs},
		{"category a list", `{"q":{"text":"a"},"answers":["b"],"kind":[]}`, "kind must be a string or a number", pairs},
		{"tools a number", `{"q":{"text":"a"},"answers":["b"],"t":4}`, "t must be a list of tool definitions", pairs},
		{"no list", `{"x":1}`, "no chat, the field that messages is mapped to", list},
		{"list in a text broken", `{"chat":"[{]"}`, "chat must be a list of messages, but", list},
		{"list in a text an object", `{"chat":"{}"}`, "chat must be a list of messages, found an object", list},
	} {
		_, err := decoder(t, decode.Mapped, decode.DecodeOptions{Mapping: tt.m}).Decode([]byte(tt.in))
		if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Decode(%s) = %v, want %q", tt.name, tt.in, err, tt.want)
		}
	}
}

func TestCSVRefuses(t *testing.T) {
	t.Parallel()
	d := decoder(t, decode.PromptCompletion, decode.DecodeOptions{Header: []string{"prompt", "completion"}})
	for _, tt := range []struct{ in, want string }{
		{`a`, "The row has 1 field, the header 2 columns"},
		{`a,b,c`, "The row has 3 fields"},
		{`a,"b`, "a quoted field is never closed (column 3)"},
		{`a,"b"c`, "found “c” after a closing quote"},
		{`a,b"c"`, "a field with a quote in it must stand in double quotes"},
		{"a,\xff", "0xFF is not valid UTF-8"},
	} {
		if _, err := d.Decode([]byte(tt.in)); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Decode(%q) = %v, want %q", tt.in, err, tt.want)
		}
	}
}

// One decoder serves many goroutines, and rows do not change when the bytes
// they came from do.
func TestDecodeConcurrently(t *testing.T) {
	t.Parallel()
	d := decoder(t, decode.OpenAI, decode.DecodeOptions{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				want := fmt.Sprintf("%d of %d\n", i, g)
				raw := fmt.Appendf(nil, `{"messages":[{"role":"user","content":"%d of %d\n"}],"n":%d}`, i, g, i)
				row, err := d.Decode(raw)
				clear(raw)
				if err != nil || row.Conversation.Messages[0].Content != want || string(row.Metadata) != fmt.Sprintf(`{"n":%d}`, i) {
					t.Errorf("Decode() = %+v, %v, want %q", row, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzJSON holds the parser against encoding/json: it must accept the same
// texts and read the same values, but for what it refuses on purpose.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`null`, `-0.5e+3`, `"\ud83e\udd99\u00e9\/"`, `{"a":[1,{"b":true}],"c":false}`, `[]`, ` { } `, `{"a":1,"a":2}`, `"\ud800"`, `01`, `1.`, `"` + "\x7f\t" + `"`, `nul`, `[1,]`, `{"a":1,"\u0061":2}`, "\"\xff\"", `"abcdefgh\"ijklmnop\\q"`,
	} {
		f.Add([]byte(s))
	}
	d := decoder(f, decode.Mapped, decode.DecodeOptions{Mapping: &decode.Mapping{User: "u", Assistant: "a"}})
	f.Fuzz(func(t *testing.T, value []byte) {
		row, err := d.Decode(append(append([]byte(`{"u":"","a":`), value...), '}'))
		why := stricter(value)
		if err == nil && why != "" {
			t.Fatalf("%q is accepted, although %s", value, why)
		}
		if err != nil {
			if why == "" && string(bytes.TrimSpace(value)) != "null" {
				t.Fatalf("%q is refused: %v", value, err)
			}
			return
		}
		var want, got any
		read(t, value, &want)
		content := row.Conversation.Messages[1].Content
		if s, ok := want.(string); ok {
			if content != s {
				t.Fatalf("%q reads as %q, want %q", value, content, s)
			}
			return
		}
		read(t, []byte(content), &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q becomes %q (-want +got):\n%s", value, content, diff)
		}
	})
}

func read(t *testing.T, data []byte, v any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
}

// stricter says why value must be refused, or nothing.
func stricter(value []byte) string {
	if !json.Valid(value) {
		return "it is no JSON"
	}
	if !utf8.Valid(value) {
		return "it is not UTF-8"
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	type level struct {
		keys map[string]bool // nil: a list
		key  bool            // a key comes next
	}
	var stack []level
	for {
		from := dec.InputOffset()
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return err.Error()
		}
		top := len(stack) - 1
		if s, ok := tok.(string); ok && strings.Count(s, "\uFFFD") > strings.Count(strings.ToLower(string(value[from:dec.InputOffset()])), `\ufffd`)+strings.Count(string(value[from:dec.InputOffset()]), "\uFFFD") {
			return "it has a lone surrogate"
		}
		if top >= 0 && stack[top].key {
			if s, ok := tok.(string); ok {
				if stack[top].keys[s] {
					return "it has a key twice"
				}
				stack[top].keys[s], stack[top].key = true, false
				continue
			}
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{keys: map[string]bool{}, key: true})
		case json.Delim('['):
			stack = append(stack, level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
		if len(stack) >= 1000 { // one more level is around the value
			return "it is too deep"
		}
		if n := len(stack) - 1; n >= 0 && stack[n].keys != nil {
			stack[n].key = true
		}
	}
}

// FuzzDecode: whatever the bytes, a row that is accepted is one that can be
// stored: it reads back, its tools and metadata are JSON, and the same bytes
// give it again.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/golden/*.in")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 1000 {
			f.Add(b)
		}
	}
	f.Add([]byte(`{"messages":[{"role":"user","content":[{"type":"text","text":"a"}],"x":1}],"tools":"[{\"name\":\"f\"}]"}`))
	f.Add([]byte(`{"q":"x","messages":"[{\"from\":\"gpt\",\"value\":\"\"}]"}`))
	var decoders []*decode.Decoder
	for _, format := range decode.Formats {
		var opts decode.DecodeOptions
		if format == decode.Mapped {
			opts.Mapping = &decode.Mapping{Messages: "messages", System: "q"}
		}
		decoders = append(decoders, decoder(f, format, opts))
	}
	decoders = append(decoders, decoder(f, decode.PromptCompletion, decode.DecodeOptions{Header: []string{"prompt", "completion"}, Delimiter: ';'}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, d := range decoders {
			row, err := d.Decode(raw)
			if err != nil {
				if _, ok := fault.As(err); !ok {
					t.Fatalf("Decode(%q) = %v, which is no fault", raw, err)
				}
				continue
			}
			messages := row.Conversation.AppendMessages(nil)
			back, err := example.Parse(string(messages), string(row.Conversation.Tools))
			if err != nil {
				t.Fatalf("Decode(%q): %v", raw, err)
			}
			if diff := cmp.Diff(messages, back.AppendMessages(nil)); diff != "" {
				t.Fatalf("Decode(%q) does not read back (-want +got):\n%s", raw, diff)
			}
			var tools []json.RawMessage
			var meta map[string]json.RawMessage
			if len(row.Conversation.Tools) > 0 && json.Unmarshal(row.Conversation.Tools, &tools) != nil {
				t.Fatalf("Decode(%q) has the tools %q", raw, row.Conversation.Tools)
			}
			if json.Unmarshal(row.Metadata, &meta) != nil || meta == nil {
				t.Fatalf("Decode(%q) has the metadata %q", raw, row.Metadata)
			}
			if again, err := d.Decode(raw); err != nil || !cmp.Equal(row, again) {
				t.Fatalf("Decode(%q) is not the same twice: %+v, %+v, %v", raw, row, again, err)
			}
		}
	})
}
