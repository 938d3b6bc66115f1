package llama3_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/llama3"
)

// A golden is a conversation and what the original template makes of it.
type golden struct {
	Name  string
	Input struct {
		Messages []struct {
			Role      example.Role
			Content   json.RawMessage
			ToolCalls []struct {
				Function struct {
					Name      string
					Arguments json.RawMessage
				}
			} `json:"tool_calls"`
		}
		Tools               json.RawMessage
		DateString          string `json:"date_string"`
		AddGenerationPrompt bool   `json:"add_generation_prompt"`
		ToolsInUserMessage  *bool  `json:"tools_in_user_message"`
	}
	HFText     string  `json:"hf_text"`
	HFIDs      []int32 `json:"hf_ids"`
	HFCount    int     `json:"hf_count"`
	PlainText  *string `json:"plain_llama3_text_trimmed"`
	PlainCount int     `json:"plain_llama3_count"`
}

// conversation returns the input in our terms.
func (g golden) conversation(t *testing.T) (example.Conversation, llama3.Options) {
	t.Helper()
	c := example.Conversation{Tools: g.Input.Tools}
	o := llama3.Options{
		Date:             g.Input.DateString,
		GenerationPrompt: g.Input.AddGenerationPrompt,
		ToolsInSystem:    g.Input.ToolsInUserMessage != nil && !*g.Input.ToolsInUserMessage,
	}
	for _, in := range g.Input.Messages {
		m := example.Message{Role: in.Role}
		switch {
		case len(in.Content) == 0:
		case in.Content[0] == '"':
			if err := json.Unmarshal(in.Content, &m.Content); err != nil {
				t.Fatal(err)
			}
		default:
			m.Content = string(in.Content)
			o.ResultsAsJSON = true
		}
		for _, call := range in.ToolCalls {
			m.ToolCalls = append(m.ToolCalls, example.ToolCall{
				Name: call.Function.Name, Arguments: string(call.Function.Arguments),
			})
		}
		c.Messages = append(c.Messages, m)
	}
	return c, o
}

func TestGolden(t *testing.T) {
	t.Parallel()
	tok := tokenizer(t)
	var goldens []golden
	readShared(t, "llama3/chat_golden.json", &goldens)
	if len(goldens) != 12 {
		t.Fatalf("chat_golden.json holds %d conversations, want 12", len(goldens))
	}
	plain := 0
	for _, g := range goldens {
		c, o := g.conversation(t)
		if g.PlainText != nil {
			plain++
		}
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			text, err := llama3.AppendHF(nil, c, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(g.HFText, string(text)); diff != "" {
				t.Errorf("AppendHF (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(g.HFIDs, tok.AppendEncoded(nil, string(text))); diff != "" {
				t.Errorf("AppendEncoded (-want +got):\n%s", diff)
			}
			if n, err := tok.CountHF(c, o); err != nil || n != g.HFCount {
				t.Errorf("CountHF = %d, %v, want %d", n, err, g.HFCount)
			}
			if g.PlainText == nil {
				return
			}
			text, err = llama3.AppendPlain(nil, c, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*g.PlainText, string(text)); diff != "" {
				t.Errorf("AppendPlain (-want +got):\n%s", diff)
			}
			if n, err := tok.CountPlain(c, o); err != nil || n != g.PlainCount {
				t.Errorf("CountPlain = %d, %v, want %d", n, err, g.PlainCount)
			}
		})
	}
	if plain != 9 {
		t.Errorf("%d conversations have a plain form, want 9", plain)
	}
}

// turn is a message without extras.
func turn(role example.Role, content string) example.Message {
	return example.Message{Role: role, Content: content}
}

// call is an assistant message with one tool call.
func call(name, arguments string) example.Message {
	return example.Message{Role: example.Assistant, ToolCalls: []example.ToolCall{{Name: name, Arguments: arguments}}}
}

func talk(messages ...example.Message) example.Conversation {
	return example.Conversation{Messages: messages}
}

// TestTrim checks what str.strip of Python takes for white space.
func TestTrim(t *testing.T) {
	t.Parallel()
	const spaces = "\t\n\v\f\r\x1c\x1d\x1e\x1f \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
	const kept = "\u200b\ufeff\u180e\x00\x1b\u2060"
	got, err := llama3.AppendPlain(nil, talk(turn(example.User, spaces+kept+" x "+kept+spaces)), llama3.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n" + kept + " x " + kept + "<|eot_id|>"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("AppendPlain (-want +got):\n%s", diff)
	}
}

// TestArguments checks the JSON of tool calls against what Python 3 prints for
// json.dumps(json.loads(in), ensure_ascii=False).
func TestArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"empty", ` { } `, `{}`},
		{"separators", `{"b":[1,2,{"a":null}],"a":true,"c":[],"d":{}}`, `{"b": [1, 2, {"a": null}], "a": true, "c": [], "d": {}}`},
		{"letters stay", `{"ä":"日本\u00e9\ud83e\udd99\u007f\u2028<&>"}`, "{\"ä\": \"日本é🦙\x7f\u2028<&>\"}"},
		{"escapes", `{"a":"\"\\\/\b\f\n\r\t\u0000\u001f"}`, `{"a": "\"\\/\b\f\n\r\t\u0000\u001f"}`},
		{"integers", `[0,-0,1,-12,123456789012345678901234567890]`, `[0, 0, 1, -12, 123456789012345678901234567890]`},
		{
			"floats", `[1.0,-0.0,1.50,1e3,1E+2,0.1,100.25,1e15,1e16,123456789012345680.0,1e22,0.0001,0.00001,1.5e-7,1e-400,5e-324,1.7976931348623157e308]`,
			`[1.0, -0.0, 1.5, 1000.0, 100.0, 0.1, 100.25, 1000000000000000.0, 1e+16, 1.2345678901234568e+17, 1e+22, 0.0001, 1e-05, 1.5e-07, 0.0, 5e-324, 1.7976931348623157e+308]`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in, want := tt.in, tt.want
			if in[0] == '[' {
				in, want = `{"v":`+in+`}`, `{"v": `+want+`}`
			}
			got, err := llama3.AppendPlain(nil, talk(call("f", in)), llama3.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want = "<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\n" +
				`{"name": "f", "parameters": ` + want + `}<|eot_id|>`
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("AppendPlain (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForms checks whole texts that no golden conversation covers.
func TestForms(t *testing.T) {
	t.Parallel()
	const (
		begin   = "<|begin_of_text|>"
		sys     = "<|start_header_id|>system<|end_header_id|>\n\n"
		user    = "<|start_header_id|>user<|end_header_id|>\n\n"
		asst    = "<|start_header_id|>assistant<|end_header_id|>\n\n"
		ipython = "<|start_header_id|>ipython<|end_header_id|>\n\n"
		eot     = "<|eot_id|>"
		dates   = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
		given   = "Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\n"
		access  = "You have access to the following functions. To call a function, please respond with JSON for a function call."
		respond = "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}.Do not use variables.\n\n"
	)
	hi := turn(example.User, "hi")
	withTools := func(tools string, messages ...example.Message) example.Conversation {
		return example.Conversation{Messages: messages, Tools: json.RawMessage(tools)}
	}
	for _, tt := range []struct {
		name      string
		in        example.Conversation
		options   llama3.Options
		hf, plain string
	}{
		{
			name:  "a later system message",
			in:    talk(hi, turn(example.System, " be kind "), turn(example.Assistant, "ok")),
			hf:    begin + sys + dates + eot + user + "hi" + eot + sys + "be kind" + eot + asst + "ok" + eot,
			plain: begin + user + "hi" + eot + sys + "be kind" + eot + asst + "ok" + eot,
		},
		{
			name:  "null tools are none",
			in:    withTools(" null ", hi),
			hf:    begin + sys + dates + eot + user + "hi" + eot,
			plain: begin + user + "hi" + eot,
		},
		{
			name:  "no tools announced",
			in:    withTools("[]", hi),
			hf:    begin + sys + "Environment: ipython\n" + dates + eot + user + given + respond + "hi" + eot,
			plain: begin + user + given + respond + "hi" + eot,
		},
		{
			name: "two tools and a system message",
			in:   withTools(`[{"name":"ä","p":{},"q":[],"r":[1,{"a":"\n"}]},{}]`, turn(example.System, " s "), turn(example.User, " u ")),
			hf: begin + sys + "Environment: ipython\n" + dates + "s" + eot + user + given + respond +
				"{\n    \"name\": \"ä\",\n    \"p\": {},\n    \"q\": [],\n    \"r\": [\n        1,\n        {\n            \"a\": \"\\n\"\n        }\n    ]\n}\n\n{}\n\n" +
				"u" + eot,
			plain: begin + sys + "s" + eot + user + given + respond +
				"{\n    \"name\": \"ä\",\n    \"p\": {},\n    \"q\": [],\n    \"r\": [\n        1,\n        {\n            \"a\": \"\\n\"\n        }\n    ]\n}\n\n{}\n\n" +
				"u" + eot,
		},
		{
			name:    "tools in a system block of their own",
			in:      withTools(`[1]`, hi),
			options: llama3.Options{ToolsInSystem: true},
			hf:      begin + sys + "Environment: ipython\n" + dates + access + respond + "1\n\n" + eot + user + "hi" + eot,
			plain:   begin + sys + access + respond + "1\n\n" + eot + user + "hi" + eot,
		},
		{
			name:  "a result is quoted and not trimmed",
			in:    talk(hi, turn(example.Tool, " [1] é\n")),
			hf:    begin + sys + dates + eot + user + "hi" + eot + ipython + `" [1] é\n"` + eot,
			plain: begin + user + "hi" + eot + ipython + `" [1] é\n"` + eot,
		},
		{
			name:    "results as JSON where they are JSON",
			in:      talk(turn(example.Tool, ` {"a":[1.0]} `), turn(example.Tool, "{oops"), turn(example.Tool, `{"a":1,"a":2}`), turn(example.Tool, "12")),
			options: llama3.Options{ResultsAsJSON: true},
			hf:      begin + sys + dates + eot + ipython + `{"a": [1.0]}` + eot + ipython + `"{oops"` + eot + ipython + `"{\"a\":1,\"a\":2}"` + eot + ipython + `"12"` + eot,
			plain:   begin + ipython + `{"a": [1.0]}` + eot + ipython + `"{oops"` + eot + ipython + `"{\"a\":1,\"a\":2}"` + eot + ipython + `"12"` + eot,
		},
		{
			name: "text beside a call left out on request",
			in: talk(example.Message{
				Role: example.Assistant, Content: "Let me see.", ToolCalls: []example.ToolCall{{ID: "1", Name: `a"b`, Arguments: `{"x":1}`}},
			}),
			options: llama3.Options{DropCallText: true, GenerationPrompt: true},
			hf:      begin + sys + dates + eot + asst + `{"name": "a"b", "parameters": {"x": 1}}` + eot + asst,
			plain:   begin + asst + `{"name": "a"b", "parameters": {"x": 1}}` + eot + asst,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := llama3.AppendHF([]byte("before "), tt.in, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before "+tt.hf, string(got)); diff != "" {
				t.Errorf("AppendHF (-want +got):\n%s", diff)
			}
			got, err = llama3.AppendPlain([]byte("before "), tt.in, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before "+tt.plain, string(got)); diff != "" {
				t.Errorf("AppendPlain (-want +got):\n%s", diff)
			}
			checkCounts(t, tt.in, tt.options)
		})
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	two := call("f", "{}")
	two.ToolCalls = append(two.ToolCalls, two.ToolCalls[0])
	misplaced := call("f", "{}")
	misplaced.Role = example.User
	chatty := call("f", "{}")
	chatty.Content = "Let me see."
	hi := turn(example.User, "hi")
	tools := func(tools string, messages ...example.Message) example.Conversation {
		return example.Conversation{Messages: messages, Tools: json.RawMessage(tools)}
	}
	for _, tt := range []struct {
		name    string
		in      example.Conversation
		want    llama3.Problem
		message int
	}{
		{"nothing", talk(), llama3.NoMessages, -1},
		{"role", talk(hi, turn("ipython", "x")), llama3.UnknownRole, 1},
		{"misplaced call", talk(misplaced), llama3.MisplacedCall, 0},
		{"two calls", talk(hi, two), llama3.ParallelCalls, 1},
		{"text beside call", talk(hi, chatty), llama3.TextBesideCall, 1},
		{"arguments missing", talk(call("f", "")), llama3.BadArguments, 0},
		{"arguments a string", talk(call("f", `"{}"`)), llama3.BadArguments, 0},
		{"arguments an array", talk(call("f", `[]`)), llama3.BadArguments, 0},
		{"arguments cut off", talk(call("f", `{"a":1`)), llama3.BadArguments, 0},
		{"arguments with a trailing comma", talk(call("f", `{"a":[1,]}`)), llama3.BadArguments, 0},
		{"arguments with a missing comma", talk(call("f", `{"a":[1 2]}`)), llama3.BadArguments, 0},
		{"arguments closed wrongly", talk(call("f", `{"a":[1}]`)), llama3.BadArguments, 0},
		{"two objects", talk(call("f", `{} {}`)), llama3.BadArguments, 0},
		{"words after", talk(call("f", `{} oops`)), llama3.BadArguments, 0},
		{"not a number", talk(call("f", `{"a":NaN}`)), llama3.BadArguments, 0},
		{"a number too large", talk(call("f", `{"a":1e999}`)), llama3.BadArguments, 0},
		{"half a character", talk(call("f", `{"a":"\ud800"}`)), llama3.BadArguments, 0},
		{"invalid UTF-8", talk(call("f", "{\"a\":\"\xff\"}")), llama3.BadArguments, 0},
		{"a key twice", talk(call("f", `{"a":1,"a":2}`)), llama3.BadArguments, 0},
		{"tools an object", tools(`{}`, hi), llama3.BadTools, -1},
		{"tools cut off", tools(`[{}`, hi), llama3.BadTools, -1},
		{"tools broken", tools(`[{},oops]`, hi), llama3.BadTools, -1},
		{"words after the tools", tools(`[] []`, hi), llama3.BadTools, -1},
		{"tools and no messages", tools(`[]`, turn(example.System, "s")), llama3.NoUserForTools, -1},
		{"tools and the assistant first", tools(`[]`, turn(example.Assistant, "s"), hi), llama3.NoUserForTools, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tok := tokenizer(t)
			got, err := llama3.AppendHF([]byte("before"), tt.in, llama3.Options{})
			if r, ok := errors.AsType[*llama3.RenderError](err); !ok || !errors.Is(err, tt.want) || r.Message != tt.message {
				t.Errorf("AppendHF fails with %v, want %q about message %d", err, tt.want, tt.message)
			}
			if err != nil && !strings.Contains(err.Error(), string(tt.want)) {
				t.Errorf("the error reads %q, want it to say %q", err, tt.want)
			}
			if !bytes.Equal(got, []byte("before")) {
				t.Errorf("AppendHF returns %q, want dst unchanged", got)
			}
			if _, err := llama3.AppendPlain(nil, tt.in, llama3.Options{}); !errors.Is(err, tt.want) {
				t.Errorf("AppendPlain fails with %v, want %q", err, tt.want)
			}
			if _, err := tok.CountHF(tt.in, llama3.Options{}); !errors.Is(err, tt.want) {
				t.Errorf("CountHF fails with %v, want %q", err, tt.want)
			}
			if _, err := tok.CountPlain(tt.in, llama3.Options{}); !errors.Is(err, tt.want) {
				t.Errorf("CountPlain fails with %v, want %q", err, tt.want)
			}
		})
	}
}

// checkCounts checks that the counts are those of the rendered texts.
func checkCounts(t *testing.T, c example.Conversation, o llama3.Options) {
	t.Helper()
	tok := tokenizer(t)
	for _, form := range []struct {
		name   string
		render func([]byte, example.Conversation, llama3.Options) ([]byte, error)
		count  func(example.Conversation, llama3.Options) (int, error)
	}{
		{"HF", llama3.AppendHF, tok.CountHF},
		{"plain", llama3.AppendPlain, tok.CountPlain},
	} {
		text, err := form.render(nil, c, o)
		if err != nil {
			t.Fatal(err)
		}
		want := len(tok.AppendEncoded(nil, string(text)))
		if got, err := form.count(c, o); err != nil || got != want {
			t.Errorf("%s count of %+q = %d, %v, want %d", form.name, text, got, err, want)
		}
		if o == (llama3.Options{}) {
			hf, plain := tok.CountBoth(c)
			if got := map[string]int{"HF": hf, "plain": plain}[form.name]; got != want {
				t.Errorf("CountBoth of %+q gives %d for %s, want %d", text, got, form.name, want)
			}
		}
	}
}

// TestCountsOfVectors puts every vector in every place.
func TestCountsOfVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		checkCounts(t, talk(turn(example.System, v.S), turn(example.User, "\n"+v.S), turn(example.Assistant, v.S+" ")), llama3.Options{})
		checkCounts(t, talk(turn(example.User, v.S), turn(example.System, v.S)), llama3.Options{GenerationPrompt: true, Date: "1 May 2025"})
		checkCounts(t, talk(turn(example.Assistant, v.S), turn(example.Tool, v.S)), llama3.Options{GenerationPrompt: true})
	}
}

// FuzzCount checks that counting without rendering agrees with rendering.
func FuzzCount(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.S, "user", v.S)
	}
	f.Add("s", "<|eot_id|>", "<|")
	f.Add("\n x", "<|eot_id|", "> \x1c\n")
	f.Fuzz(func(t *testing.T, system, user, assistant string) {
		checkCounts(t, talk(turn(example.System, system), turn(example.User, user), turn(example.Assistant, assistant)), llama3.Options{})
		checkCounts(t, talk(turn(example.User, user), turn(example.Assistant, assistant)), llama3.Options{GenerationPrompt: true})
	})
}
