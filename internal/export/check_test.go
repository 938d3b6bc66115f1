package export_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/export"
)

// problems holds a text against the rules of a preset.
func problems(t testing.TB, preset export.Preset, text string) []export.Problem {
	t.Helper()
	var found []export.Problem
	v := preset.NewChecker(nil).File("test.jsonl")
	if err := v.Read(t.Context(), strings.NewReader(text), func(p export.Problem) { found = append(found, p) }); err != nil {
		t.Fatal(err)
	}
	return found
}

func has(found []export.Problem, line int64, severity export.Severity, rule string) bool {
	for _, p := range found {
		if p.Line == line && p.Severity == severity && p.Rule == rule && p.Text != "" {
			return true
		}
	}
	return false
}

const (
	good    = `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`
	toolDef = `"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]`
)

// chat wraps messages into a row.
func chat(ms ...string) string { return `{"messages":[` + strings.Join(ms, ",") + `]}` }

func msg(role, content string) string { return fmt.Sprintf(`{"role":%q,"content":%q}`, role, content) }

// call is an assistant's message with a tool call.
func call(id, arguments string) string {
	return fmt.Sprintf(`{"role":"assistant","content":"","tool_calls":[{"id":%q,"type":"function","function":{"name":"f","arguments":%s}}]}`, id, arguments)
}

func result(id string) string {
	return fmt.Sprintf(`{"role":"tool","content":"1","tool_call_id":%q}`, id)
}

// TestBadRows has a bad row for each rule. Every preset is one whose platform has
// the rule.
func TestBadRows(t *testing.T) {
	t.Parallel()
	u, a := msg("user", "a"), msg("assistant", "b")
	for _, tt := range []struct {
		name     string
		presets  string
		text     string
		line     int64
		severity export.Severity
		rule     string
	}{
		// Bytes and lines.
		{"a byte order mark", "messages openai together trl", "\xef\xbb\xbf" + good + "\n", 1, export.Refused, "bytes/bom"},
		{"bytes that are not UTF-8", "messages together", chat(u, "{\"role\":\"assistant\",\"content\":\"\xff\"}") + "\n", 1, export.Refused, "bytes/utf-8"},
		{"CR LF", "messages", good + "\r\n", 1, export.Warned, "bytes/crlf"},
		{"CR alone", "messages", good + "\r" + good + "\n", 1, export.Refused, "bytes/cr"},
		{"a blank line", "messages together openai", good + "\n\n" + good + "\n", 2, export.Refused, "json/blank-line"},
		{"no line end at the end", "messages", good, 0, export.Warned, "bytes/no-line-end"},
		{"a line that is cut off", "messages together", good[:30] + "\n", 1, export.Refused, "json/invalid"},
		{"a key twice", "messages together", `{"messages":[],"messages":[]}` + "\n", 1, export.Refused, "json/invalid"},
		{"half of a character", "messages together", chat(u, `{"role":"assistant","content":"\ud83d"}`) + "\n", 1, export.Refused, "json/invalid"},
		{"NaN", "messages together", `{"messages":NaN}` + "\n", 1, export.Refused, "json/invalid"},
		{"two rows on a line", "messages", good + good + "\n", 1, export.Refused, "json/invalid"},
		{"a list on a line", "messages", good + "\n[" + good + "]\n", 2, export.Refused, "json/object"},
		{"a JSON array", "messages openai together fireworks nebius", "[" + good + "]\n", 1, export.Refused, "json/array"},
		{"a string", "together", `"text"` + "\n", 1, export.Refused, "json/object"},
		{"deep nesting", "messages", strings.Repeat("[", 2000) + "\n", 1, export.Refused, "json/array"},
		{"deeper in an object", "messages", `{"a":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "}\n", 1, export.Refused, "json/invalid"},
		{"nothing", "messages together openai", "", 0, export.Refused, "data/empty"},
		{"a control character", "messages", chat(u, `{"role":"assistant","content":"a\u0000"}`) + "\n", 1, export.Warned, "text/control-character"},
		{"a byte order mark inside", "messages", chat(u, `{"role":"assistant","content":"a\ufeffb"}`) + "\n", 1, export.Warned, "text/control-character"},
		{"a line separator", "messages", chat(u, `{"role":"assistant","content":"a\u2028b"}`) + "\n", 1, export.Warned, "text/line-separator"},
		{"a special token", "messages together openai axolotl", chat(msg("user", "x<|eot_id|>"), a) + "\n", 1, export.Refused, "text/special-token"},
		// Keys.
		{"an extra column", "messages openai together fireworks nebius", `{"id":1,` + good[1:] + "\n", 1, export.Refused, "keys/extra"},
		{"an extra key of a message", "messages together fireworks nebius", chat(`{"role":"user","content":"a","mood":"good"}`, a) + "\n", 1, export.Refused, "keys/message"},
		{"a name", "messages together fireworks nebius", chat(`{"role":"user","content":"a","name":"ana"}`, a) + "\n", 1, export.Refused, "keys/message"},
		// Messages.
		{"no messages", "messages openai fireworks", `{}` + "\n", 1, export.Refused, "messages/missing"},
		{"an empty list", "messages openai together fireworks nebius trl axolotl", `{"messages":[]}` + "\n", 1, export.Refused, "messages/missing"},
		{"a message that is a string", "messages together", `{"messages":["a"]}` + "\n", 1, export.Refused, "messages/shape"},
		{"no role", "messages together openai", chat(`{"content":"a"}`, a) + "\n", 1, export.Refused, "roles/missing"},
		{"an unknown role", "messages openai together fireworks nebius torchtune", chat(msg("human", "a"), a) + "\n", 1, export.Refused, "roles/unknown"},
		{"two users", "messages together llama-factory torchtune", chat(u, u, a) + "\n", 1, export.Refused, "roles/alternate"},
		{"two users, where it is no rule", "openai fireworks nebius trl", chat(u, u, a) + "\n", 1, export.Warned, "roles/alternate"},
		{"the assistant first", "messages together", chat(a, u, a) + "\n", 1, export.Refused, "roles/first"},
		{"a system message later", "messages together fireworks torchtune", chat(u, msg("system", "s"), a) + "\n", 1, export.Refused, "roles/system"},
		{"the user last", "messages openai together fireworks nebius", chat(u, a, u) + "\n", 1, export.Refused, "roles/last"},
		{"no assistant", "messages openai together fireworks nebius trl axolotl", chat(u) + "\n", 1, export.Refused, "messages/no-assistant"},
		// Contents.
		{"no content", "messages together openai", chat(`{"role":"user"}`, a) + "\n", 1, export.Refused, "content/missing"},
		{"null", "messages together openai", chat(`{"role":"user","content":null}`, a) + "\n", 1, export.Refused, "content/missing"},
		{"a number", "messages together openai", chat(`{"role":"user","content":7}`, a) + "\n", 1, export.Refused, "content/type"},
		{"white space alone", "messages together openai", chat(msg("user", " \n"), a) + "\n", 1, export.Refused, "content/empty"},
		{"white space around", "messages", chat(msg("user", " a"), a) + "\n", 1, export.Refused, "content/space"},
		{"white space around, which others take", "together openai unsloth", chat(msg("user", " a"), a) + "\n", 1, export.Warned, "content/space"},
		{"parts", "messages fireworks nebius", chat(`{"role":"user","content":[{"type":"text","text":"a"}]}`, a) + "\n", 1, export.Refused, "content/type"},
		{"a part of another kind", "openai together", chat(`{"role":"user","content":[{"type":"audio"}]}`, a) + "\n", 1, export.Refused, "content/part"},
		{"strings and parts", "together openai", chat(`{"role":"user","content":[{"type":"text","text":"a"}]}`, a) + "\n", 1, export.Refused, "content/mixed"},
		{"an image by address", "together", chat(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"http:x"}}]}`, a) + "\n", 1, export.Refused, "content/image"},
		{"an image of the assistant", "together", chat(u, `{"role":"assistant","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}`) + "\n", 1, export.Refused, "content/image"},
		{"an image and a weight", "together", chat(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}],"weight":1}`, `{"role":"assistant","content":[{"type":"text","text":"b"}]}`) + "\n", 1, export.Refused, "weight/image"},
		// Weights.
		{"a weight where there are none", "messages nebius", chat(u, `{"role":"assistant","content":"b","weight":1}`) + "\n", 1, export.Refused, "keys/message"},
		{"a weight of 1.0", "openai together fireworks", chat(u, `{"role":"assistant","content":"b","weight":1.0}`) + "\n", 1, export.Refused, "weight/value"},
		{"a weight of true", "openai together fireworks", chat(u, `{"role":"assistant","content":"b","weight":true}`) + "\n", 1, export.Refused, "weight/value"},
		{"a weight of 2", "openai together fireworks", chat(u, `{"role":"assistant","content":"b","weight":2}`) + "\n", 1, export.Refused, "weight/value"},
		{"a user's weight", "openai fireworks", chat(`{"role":"user","content":"a","weight":0}`, a) + "\n", 1, export.Refused, "weight/role"},
		{"all weights 0", "openai together fireworks", chat(u, `{"role":"assistant","content":"b","weight":0}`) + "\n", 1, export.Refused, "weight/all-zero"},
		{"some weights", "together", chat(u, `{"role":"assistant","content":"b","weight":1}`) + "\n", 1, export.Warned, "weight/some"},
		{"the trap of weights", "together", good + "\n" + chat(`{"role":"user","content":"c","weight":0}`, `{"role":"assistant","content":"b","weight":1}`) + "\n", 0, export.Warned, "weight/trap"},
		{"the weight of a row", "together", `{"weight":-1,` + good[1:] + "\n", 1, export.Refused, "weight/value"},
		{"a train that is a number", "axolotl", chat(`{"role":"user","content":"a","train":0}`, a) + "\n", 1, export.Refused, "weight/train"},
		// Tools.
		{"tools that are an object", "messages openai together fireworks nebius", `{"tools":{},` + good[1:] + "\n", 1, export.Refused, "tools/shape"},
		{"a bare function", "messages openai together", `{"tools":[{"name":"f"}],` + good[1:] + "\n", 1, export.Refused, "tools/shape"},
		{"tools that are a string", "axolotl", `{"tools":"[]",` + good[1:] + "\n", 1, export.Refused, "tools/shape"},
		{"tools that are no JSON", "trl huggingface", `{"tools":"[",` + good[1:] + "\n", 1, export.Refused, "tools/shape"},
		{"arguments that are an object", "messages openai together", chat(u, call("1", "{}"), result("1"), a) + "\n", 1, export.Refused, "tools/arguments"},
		{"arguments that are no JSON", "messages openai together nebius", chat(u, call("1", `"{"`), result("1"), a) + "\n", 1, export.Refused, "tools/arguments"},
		{"arguments that are a list", "together", chat(u, call("1", `"[]"`), result("1"), a) + "\n", 1, export.Warned, "tools/arguments"},
		{"a call without an id", "messages together", chat(u, call("", `"{}"`), result(""), a) + "\n", 1, export.Refused, "tools/call"},
		{"a result without a call", "messages openai together fireworks nebius", chat(u, call("1", `"{}"`), result("2"), a) + "\n", 1, export.Refused, "tools/result"},
		{"a call without a result", "messages openai together", chat(u, call("1", `"{}"`), a) + "\n", 1, export.Refused, "tools/no-result"},
		{"a call at the end", "messages nebius", chat(u, call("1", `"{}"`)) + "\n", 1, export.Refused, "roles/last-call"},
		{"two calls at once", "messages together", chat(u, strings.Replace(call("1", `"{}"`), `]}`, `,{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]}`, 1), result("1"), result("2"), a) + "\n", 1, export.Warned, "tools/parallel"},
		// The file.
		{"nine rows", "messages openai", good + "\n", 0, export.Refused, "data/few-rows"},
		{"two rows", "fireworks", good + "\n", 0, export.Refused, "data/few-rows"},
		{"the same row", "messages together trl", good + "\n" + good + "\n", 2, export.Warned, "data/identical"},
		{"another answer", "messages together", good + "\n" + chat(u, msg("assistant", "c")) + "\n", 2, export.Warned, "data/contradiction"},
		// Forms of rows.
		{"no form", "together nebius trl", `{"a":1}` + "\n", 1, export.Refused, "format/none"},
		{"two forms", "together trl", `{"text":"a",` + good[1:] + "\n", 1, export.Refused, "format/several"},
		{"mixed forms", "together", good + "\n" + `{"text":"a"}` + "\n", 2, export.Refused, "format/mixed"},
		{"an empty prompt", "together nebius prompt-completion trl", `{"prompt":"","completion":"a"}` + "\n", 1, export.Refused, "content/type"},
		{"a preference whose input is answered", "openai together", `{"input":{"messages":[` + u + "," + a + `]},"preferred_output":[` + a + `],"non_preferred_output":[` + msg("assistant", "c") + "]}\n", 1, export.Refused, "preference/input"},
		{"a preference of the same", "openai together", `{"input":{"messages":[` + u + `]},"preferred_output":[` + a + `],"non_preferred_output":[` + a + "]}\n", 1, export.Refused, "preference/same"},
		{"a preference of two answers", "openai together", `{"input":{"messages":[` + u + `]},"preferred_output":[` + a + "," + a + `],"non_preferred_output":[` + a + "]}\n", 1, export.Refused, "preference/output"},
		{"preference data", "trl", `{"prompt":[` + u + `],"chosen":[` + a + `],"rejected":[` + a + "]}\n", 1, export.Refused, "format/preference"},
		{"ShareGPT", "trl", `{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}` + "\n", 1, export.Refused, "format/sharegpt"},
		{"a completion of the user", "trl prompt-completion", `{"prompt":[` + u + `],"completion":[` + u + "]}\n", 1, export.Refused, "roles/completion"},
		{"a prompt that is answered", "trl prompt-completion", `{"prompt":[` + u + "," + a + `],"completion":[` + a + "]}\n", 1, export.Refused, "roles/last"},
		{"a string and a list", "trl prompt-completion", `{"prompt":"a","completion":[` + a + "]}\n", 1, export.Refused, "content/type"},
		// ShareGPT and Alpaca.
		{"an unknown speaker", "sharegpt llama-factory unsloth", `{"conversations":[{"from":"bing","value":"a"}]}` + "\n", 1, export.Refused, "roles/unknown"},
		{"a speaker that torchtune fails on", "torchtune", `{"conversations":[{"from":"user","value":"a"},{"from":"gpt","value":"b"}]}` + "\n", 1, export.Refused, "roles/unknown"},
		{"two humans", "sharegpt llama-factory", `{"conversations":[{"from":"human","value":"a"},{"from":"human","value":"a"},{"from":"gpt","value":"b"},{"from":"gpt","value":"b"}]}` + "\n", 1, export.Refused, "roles/alternate"},
		{"an odd number of turns", "sharegpt llama-factory", `{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"},{"from":"human","value":"c"}]}` + "\n", 1, export.Refused, "roles/last"},
		{"a call in no words", "sharegpt llama-factory", `{"conversations":[{"from":"human","value":"a"},{"from":"function_call","value":"f(1)"},{"from":"observation","value":"1"},{"from":"gpt","value":"b"}]}` + "\n", 1, export.Refused, "tools/call"},
		{"no output", "alpaca", `{"instruction":"a","output":""}` + "\n", 1, export.Refused, "content/empty"},
		{"an output that is a number", "alpaca", `{"instruction":"a","output":1}` + "\n", 1, export.Refused, "content/type"},
		{"a history of strings", "alpaca", `{"instruction":"a","output":"b","history":["c"]}` + "\n", 1, export.Refused, "alpaca/history"},
		{"one message", "torchtune", chat(a) + "\n", 1, export.Refused, "messages/few"},
		// Tables.
		{"a column that comes later", "trl axolotl huggingface unsloth", good + "\n" + `{"source":"x",` + good[1:] + "\n", 2, export.Refused, "table/column"},
		{"a column that is missing", "huggingface", `{"source":"x",` + good[1:] + "\n" + good + "\n", 2, export.Warned, "table/missing"},
		{"a column of another type", "huggingface trl", `{"n":1,` + good[1:] + "\n" + `{"n":"x",` + good[1:] + "\n", 2, export.Refused, "table/type"},
		{"null", "huggingface", `{"n":null,` + good[1:] + "\n", 1, export.Warned, "table/null"},
		{"an empty list", "huggingface", `{"n":[],` + good[1:] + "\n", 1, export.Warned, "table/null"},
		{"a key of some messages", "huggingface", good + "\n" + chat(u, call("1", `"{}"`), result("1"), a) + "\n", 2, export.Warned, "table/struct"},
		{"a date", "huggingface", `{"at":"2026-11-22T10:00:00Z",` + good[1:] + "\n", 1, export.Warned, "table/date"},
		{"the trace of an agent", "huggingface", `{"id":"1","source":"s","model":"m","system_prompt":"p",` + good[1:] + "\n", 1, export.Refused, "table/agent-trace"},
		// Rendered text.
		{"no begin", "llama3 llama3-plain", text("<|start_header_id|>user<|end_header_id|>\n\na<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>"), 1, export.Refused, "llama3/begin"},
		{"two begins", "llama3", text("<|begin_of_text|><|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>"), 1, export.Refused, "llama3/begin-twice"},
		{"a begin inside", "llama3", text("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n<|begin_of_text|><|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>"), 1, export.Refused, "llama3/begin-twice"},
		{"no end", "llama3", text("<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\nb"), 1, export.Refused, "llama3/end"},
		{"two ends in a message", "llama3", text("<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>c<|eot_id|>"), 1, export.Refused, "llama3/turn"},
		{"one line break", "llama3", text("<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\nb<|eot_id|>"), 1, export.Refused, "llama3/header"},
		{"words before the first header", "llama3", text("<|begin_of_text|>Hi<|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>"), 1, export.Refused, "llama3/header"},
		{"a role that Llama does not know", "llama3", text("<|begin_of_text|><|start_header_id|>gpt<|end_header_id|>\n\nb<|eot_id|>"), 1, export.Refused, "roles/unknown"},
		{"the user last in a text", "llama3", text("<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nc<|eot_id|>"), 1, export.Refused, "roles/last"},
		{"a text that is a number", "llama3", `{"text":1}` + "\n", 1, export.Refused, "content/type"},
	} {
		for _, name := range strings.Fields(tt.presets) {
			preset, err := export.ParsePreset(name)
			if err != nil {
				t.Fatal(err)
			}
			if found := problems(t, preset, tt.text); !has(found, tt.line, tt.severity, tt.rule) {
				t.Errorf("%s, by the rules of %s: no %s %s on line %d in %+v", tt.name, preset, tt.severity, tt.rule, tt.line, found)
			}
		}
	}
}

func text(s string) string { return fmt.Sprintf("{\"text\":%q}\n", s) }

// TestGoodRows are rows that somebody might take for bad.
func TestGoodRows(t *testing.T) {
	t.Parallel()
	u, a := msg("user", "a"), msg("assistant", "b")
	for name, tt := range map[string]struct{ presets, text string }{
		"a call and its result":        {"together", `{` + toolDef + `,` + chat(u, call("1", `"{}"`), result("1"), a)[1:] + "\n"},
		"a call with content null":     {"together", `{` + toolDef + `,` + strings.Replace(chat(u, call("1", `"{}"`), result("1"), a)[1:], `"content":""`, `"content":null`, 1) + "\n"},
		"a row's weight":               {"together", `{"weight":0.5,` + good[1:] + "\n"},
		"a call at the end":            {"together", chat(u, call("1", `"{}"`)) + "\n"},
		"strings":                      {"together nebius trl prompt-completion", `{"prompt":"a","completion":"b"}` + "\n"},
		"text":                         {"together nebius trl", `{"text":"a"}` + "\n"},
		"a JSON array":                 {"alpaca", "[\n" + `  {"instruction":"a","input":"b","output":"c","history":[["d","e"]]}` + "\n]\n"},
		"a JSON array of ShareGPT":     {"sharegpt llama-factory unsloth axolotl torchtune", `[{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}]`},
		"messages by a role":           {"unsloth", `{"conversations":[` + u + "," + a + "]}\n"},
		"any table":                    {"huggingface", `{"question":"a","answer":"b"}` + "\n"},
		"an image":                     {"together", chat(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}`, `{"role":"assistant","content":[{"type":"text","text":"b"}]}`) + "\n"},
		"a preference":                 {"together", `{"input":{"messages":[` + u + `]},"preferred_output":[` + a + `],"non_preferred_output":[` + msg("assistant", "c") + "]}\n"},
		"Meta's form without a system": {"llama3-plain", text("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\na<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>")},
	} {
		for _, preset := range strings.Fields(tt.presets) {
			for _, p := range problems(t, export.Preset(preset), tt.text) {
				if p.Severity == export.Refused {
					t.Errorf("%s, by the rules of %s: %s: %s", name, preset, p.Rule, p.Text)
				}
			}
		}
	}
}

// TestLimits are those that take many rows, bytes or tokens.
func TestLimits(t *testing.T) {
	t.Parallel()
	tokens := tokenizer(t)
	long := chat(msg("user", strings.Repeat("squat ", 30_000)), msg("assistant", "b"))
	for preset, want := range map[export.Preset]bool{
		export.Together: true, export.Nebius: true, export.TRL: true, export.Messages: false, export.Fireworks: false, export.OpenAI: false,
	} {
		if got := has(preset.NewChecker(tokens).File("x").Line(1, []byte(long)), 1, export.Warned, "tokens/too-long"); got != want {
			t.Errorf("30,000 tokens are too long by the rules of %s: %v, want %v", preset, got, want)
		}
	}
	for preset, most := range map[export.Preset]int64{export.OpenAI: 512 << 20, export.Together: 53_794_465_382, export.Nebius: 50 << 30} {
		v := preset.NewChecker(nil).File("x")
		if v.Rows, v.Bytes = 100, most; len(v.Finish()) > 0 && v.Errors > 0 {
			t.Errorf("%s refuses %d bytes", preset, most)
		}
		v.Bytes++
		if found := v.Finish(); !has(found, 0, export.Refused, "data/large") {
			t.Errorf("%s takes %d bytes: %+v", preset, most+1, found)
		}
	}
	v := export.Fireworks.NewChecker(nil).File("x")
	if v.Rows = 3_000_001; !has(v.Finish(), 0, export.Refused, "data/many-rows") {
		t.Error("Fireworks takes 3,000,001 rows")
	}
}

// TestAcrossFiles finds rows of one file in another.
func TestAcrossFiles(t *testing.T) {
	t.Parallel()
	for preset, severity := range map[export.Preset]export.Severity{export.OpenAI: export.Refused, export.Together: export.Warned} {
		c := preset.NewChecker(nil)
		c.File("train.jsonl").Line(7, []byte(good))
		found := c.File("validation.jsonl").Line(1, []byte(good))
		if !has(found, 1, severity, "data/overlap") || !strings.Contains(found[0].Text, "train.jsonl, line 7") {
			t.Errorf("%s: %+v", preset, found)
		}
	}
}

// TestLongLine holds a line that is never to be held in memory.
func TestLongLine(t *testing.T) {
	t.Parallel()
	var found []export.Problem
	v := export.Together.NewChecker(nil).File("x")
	r := io.MultiReader(strings.NewReader(good+"\n"), io.LimitReader(endless('x'), export.MaxLine+5), strings.NewReader("\n"+good+"\n"))
	if err := v.Read(t.Context(), r, func(p export.Problem) { found = append(found, p) }); err != nil {
		t.Fatal(err)
	}
	if !has(found, 2, export.Refused, "json/long-line") || v.Rows != 3 || v.Bytes != int64(2*len(good)+export.MaxLine+5+3) {
		t.Errorf("%d rows, %d bytes: %+v", v.Rows, v.Bytes, found)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestReadEndsEarly(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	v := export.Together.NewChecker(nil).File("x")
	if err := v.Read(t.Context(), io.MultiReader(strings.NewReader(good), failing{boom}), func(export.Problem) {}); !errors.Is(err, boom) {
		t.Errorf("a failing reader = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.Read(ctx, endless('\n'), func(export.Problem) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context = %v", err)
	}
	if err := export.Parquet.NewChecker(nil).File("x").ReadParquet(t.Context(), bytes.NewReader([]byte("PAR1 not really PAR1")), 20, func(export.Problem) {}); err == nil {
		t.Error("a damaged Parquet file is read")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// FuzzValidators holds any bytes against all rules: nothing may panic, and every
// problem has a rule and a sentence.
func FuzzValidators(f *testing.F) {
	for _, row := range rows(f) {
		for _, preset := range export.Presets() {
			if line, _, err := preset.AppendRow(nil, row.Row); err == nil {
				f.Add(line)
			}
		}
	}
	for _, s := range []string{
		"", "[", "{}", "null", `{"messages":[{"role":1}]}`, `{"conversations":[{}]}`, `{"prompt":[],"completion":[]}`, `{"text":"<|start_header_id|>"}`,
		`{"input":{"messages":[]},"preferred_output":[{}],"non_preferred_output":[]}`, `{"instruction":1,"history":[[]]}`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, preset := range export.Presets() {
			v := preset.NewChecker(nil).File("x")
			found := append(v.Line(1, line), v.Finish()...)
			err := v.Read(t.Context(), bytes.NewReader(line), func(p export.Problem) { found = append(found, p) })
			if err != nil {
				t.Fatalf("%s: %v", preset, err)
			}
			for _, p := range found {
				if p.Rule == "" || p.Text == "" || p.Severity == "" {
					t.Fatalf("%s: %+v", preset, p)
				}
			}
		}
	})
}
