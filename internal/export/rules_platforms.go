package export

import (
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// Sizes in bytes.
const (
	mebi = 1 << 20
	gibi = 1 << 30
)

// Limits of tokens that platforms have for Llama 3.3 70B.
const (
	llamaContext    = 131_072
	togetherContext = 24_576
	nebiusContext   = 8_192
	trlMaxLength    = 1_024
	openAIContext   = 65_536
)

// The keys of a message.
var toolKeys = []string{"role", "content", "tool_calls", "tool_call_id"}

// The roles of a message.
var chatRoles = []string{"system", "user", "assistant", "tool"}

func messagesRules() *rules {
	return &rules{
		platform: "The common form", minRows: 10, tokens: llamaContext,
		overlong: "Llama 3.3 reads 131,072.",
		row: chatRow(chatRule{
			platform: "the common form", roles: chatRoles, keys: toolKeys,
			alternate: Refused, opens: Refused, systemOnce: Refused, ends: Refused, words: Refused, trimmed: Refused,
			tools: true, parallel: Warned,
		}, "messages", "tools"),
	}
}

func openAIRules() *rules {
	rule := chatRule{
		platform: "OpenAI", roles: []string{"system", "developer", "user", "assistant", "tool", "function"},
		keys:      []string{"role", "content", "name", "tool_calls", "tool_call_id", "function_call", "weight"},
		alternate: Warned, opens: Warned, systemOnce: Warned, ends: Refused, trimmed: Warned,
		optional: true, parts: true, weights: answerWeights, tools: true, parallel: "",
	}
	plain := chatRow(rule, "messages", "tools", "parallel_tool_calls", "functions")
	return &rules{
		platform: "OpenAI", minRows: 10, maxBytes: 512 * mebi, overlap: Refused,
		tokens: openAIContext, overlong: "OpenAI's models have other tokenizers; gpt-4o-mini cuts rows after 65,536 of its own.",
		row: func(v *Validator, row value) *example.Conversation {
			if row.has("preferred_output") || row.has("non_preferred_output") {
				return preference(v, rule, row)
			}
			return plain(v, row)
		},
	}
}

// The forms of rows that Together knows, by the keys that tell them.
var togetherForms = []struct {
	name string
	keys []string
}{
	{"conversation", []string{"messages"}},
	{"instruction", []string{"prompt", "completion"}},
	{"general", []string{"text"}},
	{"preference", []string{"input", "preferred_output", "non_preferred_output"}},
}

func togetherRules() *rules {
	rule := chatRule{
		platform: "Together", roles: chatRoles, keys: append([]string{"weight"}, toolKeys...),
		alternate: Refused, opens: Refused, systemOnce: Refused, ends: Refused, trimmed: Warned,
		optional: true, parts: true, images: true, weights: anyWeights, tools: true, parallel: Warned,
	}
	plain := chatRow(rule, "messages", "tools", "weight")
	return &rules{
		platform: "Together", minRows: 1, maxBytes: 501 * gibi / 10, trap: true,
		tokens: togetherContext, overlong: "Llama 3.3 70B is trained on 24,576 at Together; the rest is cut.",
		row: func(v *Validator, row value) *example.Conversation {
			var kinds []string
			for _, f := range togetherForms {
				if row.has(f.keys[0]) {
					kinds = append(kinds, f.name)
				}
			}
			switch {
			case len(kinds) == 0:
				v.refuse("format/none", "The row is in none of Together's forms: it needs messages, or prompt and completion, or text.")
				return nil
			case len(kinds) > 1:
				v.refuse("format/several", "The row is in several of Together's forms at once: %s.", strings.Join(kinds, ", "))
				return nil
			}
			if v.form == "" {
				v.form = kinds[0]
			} else if v.form != kinds[0] {
				v.refuse("format/mixed", "The row is a %s row; the first row is a %s row. All rows must have the same form.", kinds[0], v.form)
			}
			if w := row.get("weight"); w.kind != 0 && (w.kind != '0' || strings.HasPrefix(w.text, "-")) {
				v.refuse("weight/value", "weight must be a number from 0, found %s.", clip(string(w.json(nil))))
			}
			switch kinds[0] {
			case "instruction":
				topKeys(v, row, "prompt", "completion", "weight")
				return stringPair(v, row)
			case "general":
				topKeys(v, row, "text", "weight")
				textOnly(v, row)
				return nil
			case "preference":
				return preference(v, rule, row)
			}
			return plain(v, row)
		},
	}
}

// stringPair looks at prompt and completion that are strings.
func stringPair(v *Validator, row value) *example.Conversation {
	for _, key := range []string{"prompt", "completion"} {
		x := row.get(key)
		if x.kind != '"' || example.Trim(x.text) == "" {
			v.refuse("content/type", "%s must be a string with something in it, found %s.", key, x.is())
			return nil
		}
		v.text(key, x.text)
	}
	return &example.Conversation{Messages: []example.Message{
		{Role: example.User, Content: row.get("prompt").text}, {Role: example.Assistant, Content: row.get("completion").text},
	}}
}

// textOnly looks at a text.
func textOnly(v *Validator, row value) {
	if x := row.get("text"); x.kind != '"' || x.text == "" {
		v.refuse("content/type", "text must be a string with something in it, found %s.", x.is())
	}
}

// preference looks at a row with a better and a worse answer.
func preference(v *Validator, rule chatRule, row value) *example.Conversation {
	topKeys(v, row, "input", "preferred_output", "non_preferred_output")
	input := row.get("input")
	if input.kind != '{' {
		v.refuse("preference/input", "input must be an object with messages, found %s.", input.is())
		return nil
	}
	open := rule
	open.ends, open.words, open.asks = "", "", true
	ms := input.get("messages")
	if ms.kind == '[' && len(ms.items) > 0 && ms.items[len(ms.items)-1].get("role").text == "assistant" {
		v.refuse("preference/input", "The last message of input is the assistant's; it must be what is answered.")
	}
	asked := v.messages(open, "input.messages", ms)
	var answers [2]string
	for i, key := range []string{"preferred_output", "non_preferred_output"} {
		out := row.get(key)
		if out.kind != '[' || len(out.items) != 1 || out.items[0].get("role").text != "assistant" {
			v.refuse("preference/output", "%s must be a list of one message of the assistant.", key)
			return nil
		}
		answers[i] = v.message(open, at(key, 0), out.items[0]).Content
	}
	if example.Trim(answers[0]) == example.Trim(answers[1]) {
		v.refuse("preference/same", "The preferred answer and the other are the same.")
	}
	if asked != nil {
		asked.Messages = append(asked.Messages, example.Message{Role: example.Assistant, Content: answers[0]})
	}
	return asked
}

func fireworksRules() *rules {
	return &rules{
		platform: "Fireworks", minRows: 3, maxRows: 3_000_000, tokens: llamaContext,
		overlong: "Llama 3.3 reads 131,072.",
		row: chatRow(chatRule{
			platform: "Fireworks", roles: chatRoles, keys: append([]string{"weight"}, toolKeys...),
			alternate: Warned, opens: Warned, systemOnce: Refused, ends: Refused, trimmed: Warned,
			optional: true, weights: answerWeights, tools: true, parallel: Warned,
		}, "messages", "tools"),
	}
}

func nebiusRules() *rules {
	return &rules{
		platform: "Nebius", minRows: 1, maxBytes: 50 * gibi, manyBytes: 5 * gibi,
		tokens: nebiusContext, overlong: "Nebius cuts rows after 8,192 unless context_length says more.",
		row: func(v *Validator, row value) *example.Conversation {
			switch {
			case row.has("messages"):
				return nebiusChat(v, row)
			case row.has("prompt") || row.has("completion"):
				topKeys(v, row, "prompt", "completion")
				return stringPair(v, row)
			case row.has("text"):
				topKeys(v, row, "text")
				textOnly(v, row)
				return nil
			}
			v.refuse("format/none", "The row is in none of Nebius's forms: it needs messages, or prompt and completion, or text.")
			return nil
		},
	}
}

var nebiusChat = chatRow(chatRule{
	platform: "Nebius", roles: chatRoles, keys: toolKeys,
	alternate: Warned, opens: Warned, systemOnce: Warned, ends: Refused, words: Refused, trimmed: Warned,
	optional: true, tools: true, parallel: Warned,
}, "messages", "tools")
