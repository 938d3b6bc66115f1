package export

import (
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// tableRules are those of a trainer that reads its files by the datasets library.
func tableRules(platform string, row func(*Validator, value) *example.Conversation) *rules {
	return &rules{
		platform: platform, minRows: 1, table: true, parquet: true, arrays: true, tokens: llamaContext,
		overlong: "Llama 3.3 reads 131,072.", row: row,
	}
}

// loose is what a trainer asks of messages that it hands to a chat template.
func loose(platform string) chatRule {
	return chatRule{
		platform: platform, roles: chatRoles, alternate: Warned, opens: Warned, systemOnce: Warned, ends: Warned, trimmed: Warned,
		optional: true,
	}
}

func huggingFaceRules() *rules {
	r := tableRules("The datasets library", func(v *Validator, row value) *example.Conversation {
		switch {
		case row.has("messages"):
			v.toolsText(row.get("tools"))
			return v.messages(loose("the datasets library"), "messages", row.get("messages"))
		case row.has("conversations"):
			return v.shareGPT(row.get("conversations"), loose("the datasets library"))
		}
		return nil // any table is a dataset
	})
	r.traces = true
	return r
}

func parquetRules() *rules {
	r := tableRules("A reader of tables", func(v *Validator, row value) *example.Conversation {
		if !row.has("messages") {
			v.refuse("messages/missing", "The row has no messages.")
			return nil
		}
		return v.messages(loose("a reader of tables"), "messages", row.get("messages"))
	})
	r.table = false // the file itself says what its columns are
	return r
}

// toolsText looks at a column with the JSON of tools: a list, or null.
func (v *Validator) toolsText(tools value) {
	if tools.kind != '"' || tools.text == "" {
		return
	}
	t, err := parseValue([]byte(tools.text))
	switch {
	case err != nil:
		v.refuse("tools/shape", "tools is a string that can't be read as JSON: %s.", err)
	case t.kind != '[' && t.kind != 'n':
		v.refuse("tools/shape", "tools must be the JSON of a list, or null, found %s.", t.is())
	}
}

// trlForms are the kinds of rows that TRL knows, by the key that tells them.
var trlForms = []string{"messages", "prompt", "text", "chosen", "conversations"}

func trlRules() *rules {
	r := tableRules("TRL", func(v *Validator, row value) *example.Conversation {
		var forms []string
		for _, key := range trlForms {
			if row.has(key) && (key != "chosen" || !row.has("prompt")) {
				forms = append(forms, key)
			}
		}
		switch {
		case len(forms) == 0:
			v.refuse("format/none", "The row is in none of TRL's forms: it needs messages, or prompt and completion, or text.")
			return nil
		case len(forms) > 1:
			v.refuse("format/several", "The row has %s: TRL looks at one of them, and which one is not defined.", strings.Join(forms, " and "))
			return nil
		}
		v.toolsText(row.get("tools"))
		switch forms[0] {
		case "messages":
			return v.messages(loose("TRL"), "messages", row.get("messages"))
		case "text":
			textOnly(v, row)
			return nil
		case "conversations":
			v.refuse("format/sharegpt", "TRL renames from and value but not human and gpt, which no template knows. Use messages.")
			return nil
		case "chosen":
			v.refuse("format/preference", "The row is preference data, which fine-tuning on right answers can't use.")
			return nil
		}
		if row.has("chosen") || row.has("rejected") {
			v.refuse("format/preference", "The row is preference data, which fine-tuning on right answers can't use.")
			return nil
		}
		return v.pair(row)
	})
	r.tokens, r.overlong = trlMaxLength, "TRL cuts rows after 1,024 unless max_length says more."
	return r
}

func pairRules() *rules {
	return tableRules("A trainer of completions", func(v *Validator, row value) *example.Conversation {
		topKeys(v, row, "prompt", "completion")
		return v.pair(row)
	})
}

// pair looks at prompt and completion: both strings, or both messages.
func (v *Validator) pair(row value) *example.Conversation {
	prompt, completion := row.get("prompt"), row.get("completion")
	if prompt.kind == '"' && completion.kind == '"' {
		return stringPair(v, row)
	}
	if prompt.kind != '[' || completion.kind != '[' {
		v.refuse("content/type", "prompt and completion must both be lists of messages, or both strings; found %s and %s.", prompt.is(), completion.is())
		return nil
	}
	rule := loose("TRL")
	rule.asks, rule.ends = true, ""
	asked := v.messages(rule, "prompt", prompt)
	rule.opens = ""
	answer := v.messages(rule, "completion", completion)
	if asked == nil || answer == nil {
		return nil
	}
	if last := asked.Messages[len(asked.Messages)-1]; last.Role == example.Assistant {
		v.refuse("roles/last", "The last message of prompt is the assistant's: it must be what is answered.")
	}
	for i, m := range answer.Messages {
		if m.Role != example.Assistant {
			v.refuse("roles/completion", "%s is from %s; a completion is the assistant's.", at("completion", i), m.Role)
		}
	}
	return &example.Conversation{Messages: append(asked.Messages, answer.Messages...)}
}

// The speakers of ShareGPT, and the roles that they are.
var speakers = map[string]string{
	"system": "system", "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant",
	"function_call": "function_call", "observation": "observation", "tool": "observation",
}

// shareGPT looks at a list of turns with from and value.
func (v *Validator) shareGPT(list value, rule chatRule) *example.Conversation {
	if list.kind != '[' || len(list.items) == 0 {
		v.refuse("messages/missing", "conversations must be a list with something in it, found %s.", list.is())
		return nil
	}
	turns := value{kind: '['}
	for i, t := range list.items {
		path := at("conversations", i)
		from, ok := speakers[t.get("from").text]
		switch {
		case t.kind != '{' || t.get("from").kind != '"':
			v.refuse("roles/missing", "%s must be an object with from and value.", path)
			return nil
		case !ok:
			v.refuse("roles/unknown", "%s is from %q. ShareGPT knows system, human, gpt, function_call and observation.", path, clip(t.get("from").text))
			return nil
		}
		turns.items = append(turns.items, value{kind: '{', members: []member{
			{"role", value{kind: '"', text: from}}, {"content", t.get("value")},
		}})
	}
	rule.roles = append(slices.Clone(rule.roles), "function_call", "observation")
	return v.messages(rule, "conversations", turns)
}

// parity looks whether those who ask and those who answer take turns, after the
// optional system message, and whether the last one answers. A trainer that
// skips such a row with a warning refuses it.
func (v *Validator) parity(path string, c *example.Conversation) {
	ms := c.Messages
	if len(ms) > 0 && ms[0].Role == example.System {
		ms = ms[1:]
	}
	for i, m := range ms {
		answers := m.Role == example.Assistant || m.Role == "function_call"
		if answers != (i%2 == 1) {
			v.refuse("roles/alternate", "%s, turn %d besides the system's: those who ask (user, observation) and those who answer (assistant, function_call) must take turns, asking first. LLaMA-Factory skips the row.", path, i+1)
			return
		}
	}
	if len(ms)%2 != 0 {
		v.refuse("roles/last", "%s has %d turns besides the system's: LLaMA-Factory skips a row whose number is odd.", path, len(ms))
	}
}

func shareGPTRules() *rules {
	return tableRules("ShareGPT", func(v *Validator, row value) *example.Conversation {
		topKeys(v, row, "conversations", "system", "tools")
		rule := loose("ShareGPT")
		rule.alternate, rule.ends, rule.opens = "", "", ""
		c := v.shareGPT(row.get("conversations"), rule)
		if c == nil {
			return nil
		}
		v.parity("conversations", c)
		v.spokenCalls("conversations", c)
		v.toolsText(row.get("tools"))
		if s := row.get("system"); s.kind != 0 && s.kind != '"' {
			v.refuse("content/type", "system must be a string, found %s.", s.is())
		} else if s.text != "" {
			v.text("system", s.text)
			c.Messages = slices.Insert(c.Messages, 0, example.Message{Role: example.System, Content: s.text})
		}
		return c
	})
}

// spokenCalls looks at calls that are said in words.
func (v *Validator) spokenCalls(path string, c *example.Conversation) {
	for i, m := range c.Messages {
		if m.Role != "function_call" {
			continue
		}
		call, err := parseValue([]byte(m.Content))
		calls := []value{call}
		if err == nil && call.kind == '[' {
			calls = call.items
		}
		for _, x := range calls {
			if err != nil || x.get("name").kind != '"' || !x.has("arguments") {
				v.refuse("tools/call", `%s is a call; it must be {"name":…,"arguments":{…}}.`, at(path, i))
				break
			}
		}
	}
}

func factoryRules() *rules {
	return tableRules("LLaMA-Factory", func(v *Validator, row value) *example.Conversation {
		rule := loose("LLaMA-Factory")
		rule.alternate, rule.ends, rule.opens, rule.trimmed = "", "", "", Warned
		rule.roles = append(slices.Clone(chatRoles), "function_call", "observation")
		path := "messages"
		var c *example.Conversation
		if row.has("conversations") {
			path = "conversations"
			c = v.shareGPT(row.get(path), rule)
		} else {
			c = v.messages(rule, path, row.get(path))
		}
		if c == nil {
			return nil
		}
		v.parity(path, c)
		v.spokenCalls(path, c)
		v.toolsText(row.get("tools"))
		return c
	})
}

func alpacaRules() *rules {
	return tableRules("Alpaca", func(v *Validator, row value) *example.Conversation {
		topKeys(v, row, "instruction", "input", "output", "system", "history")
		c := new(example.Conversation)
		say := func(role example.Role, path string, x value, needed bool) string {
			switch {
			case x.kind == 0 && !needed:
				return ""
			case x.kind != '"':
				v.refuse("content/type", "%s must be a string, found %s.", path, x.is())
			case needed && example.Trim(x.text) == "":
				v.refuse("content/empty", "%s is empty.", path)
			case example.Trim(x.text) != x.text:
				v.warn("content/space", "%s begins or ends with white space, which some trainers cut and others learn.", path)
			}
			v.text(path, x.text)
			if role != "" && x.text != "" {
				c.Messages = append(c.Messages, example.Message{Role: role, Content: x.text})
			}
			return x.text
		}
		say(example.System, "system", row.get("system"), false)
		if h := row.get("history"); h.kind == '[' {
			for i, pair := range h.items {
				if pair.kind != '[' || len(pair.items) != 2 {
					v.refuse("alpaca/history", "%s must be a list of a question and an answer.", at("history", i))
					continue
				}
				say(example.User, at("history", i)+"[0]", pair.items[0], true)
				say(example.Assistant, at("history", i)+"[1]", pair.items[1], true)
			}
		} else if h.kind != 0 && h.kind != 'n' {
			v.refuse("alpaca/history", "history must be a list of pairs, found %s.", h.is())
		}
		question := say("", "instruction", row.get("instruction"), true)
		if input := say("", "input", row.get("input"), false); input != "" {
			question += "\n" + input
		}
		c.Messages = append(c.Messages, example.Message{Role: example.User, Content: question})
		say(example.Assistant, "output", row.get("output"), true)
		return c
	})
}

func axolotlRules() *rules {
	return tableRules("Axolotl", func(v *Validator, row value) *example.Conversation {
		rule := loose("Axolotl")
		if t := row.get("tools"); t.kind != 0 && t.kind != 'n' && t.kind != '[' {
			v.refuse("tools/shape", "tools must be a list of objects, found %s: Axolotl fails on anything else.", t.is())
		}
		if row.has("conversations") {
			return v.shareGPT(row.get("conversations"), rule)
		}
		list := row.get("messages")
		for i, m := range list.items {
			if t := m.get("train"); t.kind != 0 && t.kind != 't' && t.kind != 'f' {
				v.refuse("weight/train", "%s.train must be true or false, found %s.", at("messages", i), t.is())
			}
		}
		return v.messages(rule, "messages", list)
	})
}

func torchtuneRules() *rules {
	return tableRules("torchtune", func(v *Validator, row value) *example.Conversation {
		rule := loose("torchtune")
		rule.alternate, rule.systemOnce = "", Refused
		var c *example.Conversation
		if row.has("conversations") {
			for i, t := range row.get("conversations").items {
				if from := t.get("from").text; from != "system" && from != "human" && from != "gpt" {
					v.refuse("roles/unknown", "%s is from %q; torchtune's sharegpt style knows system, human and gpt.", at("conversations", i), clip(from))
				}
			}
			c = v.shareGPT(row.get("conversations"), rule)
		} else {
			c = v.messages(rule, "messages", row.get("messages"))
		}
		if c == nil {
			return nil
		}
		if len(c.Messages) < 2 {
			v.refuse("messages/few", "A conversation needs 2 messages or more.")
		}
		for i := 1; i < len(c.Messages); i++ {
			before, here := c.Messages[i-1].Role, c.Messages[i].Role
			switch {
			case before == example.User && here == example.User:
				v.refuse("roles/alternate", "Message %d is the user's like the one before.", i+1)
			case here == example.Assistant && before != example.User && before != example.Tool:
				v.refuse("roles/alternate", "Message %d is the assistant's, but follows %s; it may only follow user or tool.", i+1, before)
			}
		}
		return c
	})
}

func unslothRules() *rules {
	return tableRules("Unsloth", func(v *Validator, row value) *example.Conversation {
		rule := loose("Unsloth")
		if row.has("conversations") {
			list := row.get("conversations")
			if len(list.items) > 0 && list.items[0].has("role") {
				return v.messages(rule, "conversations", list)
			}
			return v.shareGPT(list, rule)
		}
		return v.messages(rule, "messages", row.get("messages"))
	})
}
