package export

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/llama3"
)

// refuse returns a *Refusal.
func refuse(format string, args ...any) error {
	return &Refusal{Reason: fmt.Sprintf(format, args...)}
}

// common refuses what the strict common form can't say.
func common(c example.Conversation) error {
	if err := c.Common(); err != nil {
		return &Refusal{Reason: err.Error()}
	}
	return nil
}

// trimmed returns c with contents trimmed as the chat template would trim them,
// and without names. Weights stay where keep says so.
func trimmed(c example.Conversation, keep func(example.Message) *int) example.Conversation {
	ms := make([]example.Message, len(c.Messages))
	for i, m := range c.Messages {
		m.Name, m.Weight, m.Content = "", keep(m), example.Trim(m.Content)
		ms[i] = m
	}
	return example.Conversation{Messages: ms, Tools: c.Tools}
}

// noWeight leaves weights out.
func noWeight(example.Message) *int { return nil }

// ownWeight keeps the weight that an answer has.
func ownWeight(m example.Message) *int {
	if m.Role != example.Assistant {
		return nil
	}
	return m.Weight
}

// fullWeight gives every message a weight: an answer its own or 1, any other
// message 0.
func fullWeight(m example.Message) *int {
	w := 0
	if trains(m) {
		w = 1
	}
	return &w
}

// trains reports whether m is an answer that training learns to write.
func trains(m example.Message) bool {
	return m.Role == example.Assistant && (m.Weight == nil || *m.Weight != 0)
}

// learns refuses a conversation none of whose answers is trained on.
func learns(c example.Conversation) error {
	for _, m := range c.Messages {
		if trains(m) {
			return nil
		}
	}
	return refuse("every answer has the weight 0: there would be nothing to train on")
}

// chat returns an encoder of messages and tools as OpenAI has them.
func chat(weight func(example.Message) *int) encoder {
	return func(dst []byte, c example.Conversation) ([]byte, error) {
		dst = append(dst, `{"messages":`...)
		dst = trimmed(c, weight).AppendMessages(dst)
		if len(c.Tools) > 0 {
			dst = append(dst, `,"tools":`...)
			dst = append(dst, c.Tools...)
		}
		return append(dst, '}'), nil
	}
}

// unweighed refuses an answer of weight 0, for a platform where saying it would
// change what every other row means.
func unweighed(c example.Conversation) error {
	for i, m := range c.Messages {
		if m.Role == example.Assistant && !trains(m) {
			return refuse("message %d has the weight 0: with a weight anywhere, Together trains every message that has none; use together-weights", i+1)
		}
	}
	return nil
}

// rendered returns an encoder of the text of the chat template.
func rendered(render func([]byte, example.Conversation, llama3.Options) ([]byte, error)) encoder {
	return func(dst []byte, c example.Conversation) ([]byte, error) {
		text, err := render(nil, c, llama3.Options{})
		if err != nil {
			return dst, &Refusal{Reason: err.Error()}
		}
		dst = append(dst, `{"text":`...)
		dst = example.AppendString(dst, string(text))
		return append(dst, '}'), nil
	}
}

// noTools refuses tools and calls, for a form that has no place for them.
func noTools(where string) func(example.Conversation) error {
	return func(c example.Conversation) error {
		for i, m := range c.Messages {
			if m.Role == example.Tool || len(m.ToolCalls) > 0 {
				return refuse("message %d: %s", i+1, where)
			}
		}
		if len(c.Tools) > 0 {
			return refuse("%s", where)
		}
		return nil
	}
}

// oneCall refuses several calls in one message and text beside a call, where
// calls and results must take turns.
func oneCall(c example.Conversation) error {
	for i, m := range c.Messages {
		switch {
		case len(m.ToolCalls) > 1:
			return refuse("message %d: several tool calls at once; this form has one, and then its result", i+1)
		case len(m.ToolCalls) == 1 && example.Trim(m.Content) != "":
			return refuse("message %d: the text beside the tool call would be lost", i+1)
		}
	}
	return nil
}

// answered refuses a conversation that does not end with the assistant.
func answered(c example.Conversation) error {
	if n := len(c.Messages); n == 0 || c.Messages[n-1].Role != example.Assistant {
		return refuse("the last message must be the assistant's answer")
	}
	return nil
}

// lastLearns refuses a conversation whose last answer is not trained on.
func lastLearns(c example.Conversation) error {
	if !trains(c.Messages[len(c.Messages)-1]) {
		return refuse("the last answer has the weight 0: there would be nothing to train on")
	}
	return nil
}

// A spelling is how a form names what is in a message.
type spelling struct {
	role, content string // keys
	user          string
	assistant     string
	call          string // the role of a message that is a call
	result        string
	says          func(example.ToolCall) (string, error)
	train         string // key of whether it is trained on; empty: not said
}

// The spellings of role and content.
var (
	chatML = spelling{
		role: "role", content: "content", user: "user", assistant: "assistant", call: "assistant", result: "tool", says: llamaCall,
	}
	axolotlML = spelling{role: "role", content: "content", user: "user", assistant: "assistant", train: "train"}
	factoryML = spelling{
		role: "role", content: "content", user: "user", assistant: "assistant", call: "function_call", result: "observation", says: factoryCall,
	}
	shareGPT = spelling{
		role: "from", content: "value", user: "human", assistant: "gpt", call: "function_call", result: "observation", says: factoryCall,
	}
)

// llamaCall says a call as the template of Llama 3 does.
func llamaCall(call example.ToolCall) (string, error) {
	words, err := llama3.AppendCall(nil, call)
	if err != nil {
		return "", &Refusal{Reason: err.Error()}
	}
	return string(words), nil
}

// factoryCall says a call as LLaMA-Factory reads it.
func factoryCall(call example.ToolCall) (string, error) {
	b := []byte(`{"name":`)
	b = example.AppendString(b, call.Name)
	b = append(b, `,"arguments":`...)
	b = append(b, call.Arguments...) // JSON, as Common made sure
	return string(append(b, '}')), nil
}

// turns appends the messages as a list of objects.
func (s spelling) turns(dst []byte, ms []example.Message) ([]byte, error) {
	dst = append(dst, '[')
	for i, m := range ms {
		if i > 0 {
			dst = append(dst, ',')
		}
		role, content := string(m.Role), example.Trim(m.Content)
		switch {
		case len(m.ToolCalls) > 0:
			role = s.call
			var err error
			if content, err = s.says(m.ToolCalls[0]); err != nil {
				return dst, err
			}
		case m.Role == example.User:
			role = s.user
		case m.Role == example.Assistant:
			role = s.assistant
		case m.Role == example.Tool:
			role = s.result
		}
		dst = append(dst, `{"`+s.role+`":"`+role+`","`+s.content+`":`...)
		dst = example.AppendString(dst, content)
		if s.train != "" {
			dst = append(dst, `,"`+s.train+`":`...)
			dst = strconv.AppendBool(dst, trains(m))
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), nil
}

// toolsOrNull is the JSON of the tools in a string: a column that always has the
// same type. What reads it as JSON gets no tools where there are none.
func toolsOrNull(c example.Conversation) string {
	if len(c.Tools) == 0 {
		return "null"
	}
	return string(c.Tools)
}

// bareTools is the JSON of the tools without OpenAI's wrapping, as ShareGPT has
// them; empty where there are none.
func bareTools(c example.Conversation) (string, error) {
	if len(c.Tools) == 0 {
		return "", nil
	}
	var tools []struct{ Function json.RawMessage }
	if err := json.Unmarshal(c.Tools, &tools); err != nil {
		return "", fmt.Errorf("tools: %w", err)
	}
	b := []byte{'['}
	for i, t := range tools {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, t.Function...)
	}
	return string(append(b, ']')), nil
}

// appendTabular writes messages of role and content and the tools as JSON in a
// string: every row has the same keys and types.
func appendTabular(dst []byte, c example.Conversation) ([]byte, error) {
	out, err := chatML.turns(append(dst, `{"messages":`...), c.Messages)
	if err != nil {
		return dst, err
	}
	out = example.AppendString(append(out, `,"tools":`...), toolsOrNull(c))
	return append(out, '}'), nil
}

// appendAxolotl writes messages that say whether they are trained on.
func appendAxolotl(dst []byte, c example.Conversation) ([]byte, error) {
	out, err := axolotlML.turns(append(dst, `{"messages":`...), c.Messages)
	return append(out, '}'), err
}

// appendFactory writes rows for LLaMA-Factory with the tags of its
// dataset_info.json.
func appendFactory(dst []byte, c example.Conversation) ([]byte, error) {
	tools, err := bareTools(c)
	if err != nil {
		return dst, err
	}
	out, err := factoryML.turns(append(dst, `{"messages":`...), c.Messages)
	if err != nil {
		return dst, err
	}
	out = example.AppendString(append(out, `,"tools":`...), tools)
	return append(out, '}'), nil
}

// appendShareGPT writes conversations, system and tools; all three are there in
// every row.
func appendShareGPT(dst []byte, c example.Conversation) ([]byte, error) {
	tools, err := bareTools(c)
	if err != nil {
		return dst, err
	}
	system, rest := splitSystem(c)
	out, err := shareGPT.turns(append(dst, `{"conversations":`...), rest)
	if err != nil {
		return dst, err
	}
	out = example.AppendString(append(out, `,"system":`...), system)
	out = example.AppendString(append(out, `,"tools":`...), tools)
	return append(out, '}'), nil
}

// appendUnsloth writes conversations alone.
func appendUnsloth(dst []byte, c example.Conversation) ([]byte, error) {
	out, err := shareGPT.turns(append(dst, `{"conversations":`...), c.Messages)
	return append(out, '}'), err
}

// appendAlpaca writes one question and one answer.
func appendAlpaca(dst []byte, c example.Conversation) ([]byte, error) {
	system, rest := splitSystem(c)
	if len(rest) != 2 {
		return dst, refuse("it has %d messages besides the system's; alpaca holds one question and one answer", len(rest))
	}
	dst = example.AppendString(append(dst, `{"instruction":`...), example.Trim(rest[0].Content))
	dst = example.AppendString(append(dst, `,"input":"","output":`...), example.Trim(rest[1].Content))
	dst = example.AppendString(append(dst, `,"system":`...), system)
	return append(dst, '}'), nil
}

// appendPair writes everything before the last answer as the prompt and the last
// answer as the completion.
func appendPair(dst []byte, c example.Conversation) ([]byte, error) {
	last := len(c.Messages) - 1
	out, err := chatML.turns(append(dst, `{"prompt":`...), c.Messages[:last])
	if err != nil {
		return dst, err
	}
	out, err = chatML.turns(append(out, `,"completion":`...), c.Messages[last:])
	return append(out, '}'), err
}

// appendTRL writes prompt, completion and the tools as JSON in a string.
func appendTRL(dst []byte, c example.Conversation) ([]byte, error) {
	out, err := appendPair(dst, c)
	if err != nil {
		return dst, err
	}
	out = example.AppendString(append(out[:len(out)-1], `,"tools":`...), toolsOrNull(c))
	return append(out, '}'), nil
}

// appendFull writes everything that a conversation has.
func appendFull(dst []byte, c example.Conversation) ([]byte, error) {
	dst = c.AppendMessages(append(dst, `{"messages":`...))
	if len(c.Tools) > 0 {
		dst = append(append(dst, `,"tools":`...), c.Tools...)
	}
	return append(dst, '}'), nil
}

// splitSystem returns the text of the system message, if there is one, and the
// other messages.
func splitSystem(c example.Conversation) (string, []example.Message) {
	if c.Messages[0].Role == example.System {
		return example.Trim(c.Messages[0].Content), c.Messages[1:]
	}
	return "", c.Messages
}
