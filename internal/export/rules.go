package export

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/llama3"
)

// rules are what a platform asks of a file.
type rules struct {
	platform string // as sentences name it

	// row looks at one row and returns what it says, as far as it could be
	// understood; nil if not at all.
	row func(v *Validator, row value) *example.Conversation

	minRows, maxRows    int64
	maxBytes, manyBytes int64 // refused beyond, and worth knowing beyond
	tokens              int   // of a row, worth knowing beyond
	overlong            string
	overlap             Severity // of rows that two files share; empty: a warning
	table               bool     // it is read by the datasets library, which makes columns of it
	trap                bool     // a weight anywhere changes what messages without one mean
	parquet             bool     // the file may be a Parquet file
	arrays              bool     // the file may be a JSON array
	traces              bool     // rows may be taken for the traces of agents
}

// A chatRule is what a platform asks of a list of messages. An empty severity
// means that it does not mind.
type chatRule struct {
	platform   string
	roles      []string
	keys       []string // of a message; nil: any
	alternate  Severity // user and assistant in turn
	opens      Severity // it begins with system or user
	systemOnce Severity // a system message is the first and only one
	ends       Severity // it ends with the assistant
	words      Severity // it ends with words, not with a tool call
	trimmed    Severity // no white space around contents
	optional   bool     // content may be null beside tool calls
	parts      bool     // content may be a list of parts
	images     bool     // and parts may be images
	weights    weighing
	tools      bool
	parallel   Severity // several calls in one message
	asks       bool     // it is the part before the answer
}

// weighing says who may have a weight.
type weighing int

const (
	noWeights     weighing = iota
	answerWeights          // only the assistant
	anyWeights
)

// topKeys refuses keys that a row must not have.
func topKeys(v *Validator, row value, known ...string) {
	for _, m := range row.members {
		if !slices.Contains(known, m.key) {
			v.refuse("keys/extra", "Found extra column %q in the line %d. %s takes only %s.", clip(m.key), v.line, v.rules.platform, strings.Join(known, ", "))
		}
	}
}

// chatRow looks at a row of messages and tools.
func chatRow(rule chatRule, keys ...string) func(*Validator, value) *example.Conversation {
	return func(v *Validator, row value) *example.Conversation {
		topKeys(v, row, keys...)
		if !row.has("messages") {
			v.refuse("messages/missing", "The row has no messages.")
			return nil
		}
		tools := v.tools(rule, row.get("tools"))
		c := v.messages(rule, "messages", row.get("messages"))
		if c != nil {
			c.Tools = tools
		}
		return c
	}
}

// messages looks at a list of messages, which stands at the path.
func (v *Validator) messages(rule chatRule, path string, list value) *example.Conversation {
	if list.kind != '[' || len(list.items) == 0 {
		v.refuse("messages/missing", "%s must be a list with something in it, found %s.", path, list.is())
		return nil
	}
	c := new(example.Conversation)
	weighed, learnt, images, kinds := 0, false, false, map[string]bool{}
	for i, m := range list.items {
		at := at(path, i)
		if m.kind != '{' {
			v.refuse("messages/shape", "%s must be an object, found %s.", at, m.is())
			return nil
		}
		msg := v.message(rule, at, m)
		c.Messages = append(c.Messages, msg)
		if m.has("weight") {
			weighed++
		}
		kinds[m.get("content").is()] = true
		learnt = learnt || msg.Weight != nil && *msg.Weight != 0
		for _, part := range m.get("content").items {
			images = images || part.get("type").text == "image_url"
		}
		if rule.trap() {
			v.weigh(m, msg)
		}
	}
	if images && learnt {
		v.refuse("weight/image", "%s has an image and a weight other than 0; %s does not take both.", path, rule.platform)
	}
	if kinds["a string"] && kinds["a list"] {
		v.refuse("content/mixed", "%s mixes contents that are strings with contents that are lists.", path)
	}
	v.order(rule, path, c.Messages)
	v.results(rule, path, c.Messages)
	if rule.asks {
		return c
	}
	answers, trained := 0, 0
	for _, m := range c.Messages {
		if m.Role == example.Assistant {
			answers++
			if trains(m) {
				trained++
			}
		}
	}
	switch {
	case answers == 0:
		v.refuse("messages/no-assistant", "%s has no message of the assistant: there is nothing to train on.", path)
	case trained == 0:
		v.refuse("weight/all-zero", "Every answer has the weight 0: there is nothing to train on.")
	case weighed > 0 && rule.weights == anyWeights && weighed < len(list.items):
		v.warn("weight/some", "Only %d of %d messages have a weight.", weighed, len(list.items))
	}
	return c
}

// trap reports whether weights are looked at across rows.
func (r chatRule) trap() bool { return r.weights == anyWeights }

// weigh remembers the first line with a weight, and the first with a message
// that is no answer and has none.
func (v *Validator) weigh(m value, msg example.Message) {
	switch {
	case m.has("weight"):
		if v.weights == 0 {
			v.weights = v.line
		}
	case msg.Role != example.Assistant && v.bare == 0:
		v.bare = v.line
	}
}

func at(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

// message looks at one message by itself.
func (v *Validator) message(rule chatRule, path string, m value) example.Message {
	var msg example.Message
	for _, k := range m.members {
		if rule.keys != nil && !slices.Contains(rule.keys, k.key) {
			v.refuse("keys/message", "%s has the key %q, which %s does not take.", path, clip(k.key), rule.platform)
		}
	}
	role := m.get("role")
	switch {
	case role.kind == 0:
		v.refuse("roles/missing", "%s must contain a role.", path)
	case role.kind != '"':
		v.refuse("roles/unknown", "%s.role must be a string, found %s.", path, role.is())
	case !slices.Contains(rule.roles, role.text):
		v.refuse("roles/unknown", "%s has the role %q. %s knows %s.", path, clip(role.text), rule.platform, strings.Join(rule.roles, ", "))
	}
	msg.Role = example.Role(role.text)
	if role.text == "developer" {
		msg.Role = example.System
	}
	if role.text == "function" {
		msg.Role = example.Tool
	}
	v.calls(rule, path, m, &msg)
	msg.Content = v.content(rule, path, m, &msg)
	v.text(path+".content", msg.Content)
	if id := m.get("tool_call_id"); id.kind == '"' {
		msg.ToolCallID = id.text
	}
	v.weight(rule, path, m.get("weight"), &msg)
	return msg
}

// content looks at what a message says.
func (v *Validator) content(rule chatRule, path string, m value, msg *example.Message) string {
	content := m.get("content")
	calls := len(msg.ToolCalls) > 0 || m.has("function_call")
	switch content.kind {
	case '"':
		if example.Trim(content.text) == "" && !calls {
			v.refuse("content/empty", "%s.content is empty.", path)
		} else if rule.trimmed != "" && example.Trim(content.text) != content.text {
			v.add(rule.trimmed, "content/space", "%s.content begins or ends with white space, which some trainers cut and others learn.", path)
		}
		return content.text
	case '[':
		if !rule.parts {
			v.refuse("content/type", "%s.content must be a string, found a list.", path)
			return ""
		}
		return v.parts(rule, path, content, msg)
	case 0, 'n':
		if !calls || !rule.optional {
			v.refuse("content/missing", "%s must contain content: a string.", path)
		}
	default:
		v.refuse("content/type", "%s.content must be a string, found %s.", path, content.is())
	}
	return ""
}

const (
	maxImages     = 10
	maxImageBytes = 10 << 20
)

// parts looks at a content that is a list, and returns its texts.
func (v *Validator) parts(rule chatRule, path string, content value, msg *example.Message) string {
	var text strings.Builder
	images := 0
	if len(content.items) == 0 {
		v.refuse("content/empty", "%s.content is empty.", path)
	}
	for i, part := range content.items {
		at := at(path+".content", i)
		kind := part.get("type").text
		switch {
		case kind == "text" && part.get("text").kind == '"':
			text.WriteString(part.get("text").text)
		case kind == "image_url" && rule.images:
			images++
			v.image(at, part.get("image_url").get("url").text)
			if msg.Role != example.User {
				v.refuse("content/image", "%s is an image; only a user message may have some.", at)
			}
		default:
			v.refuse("content/part", "%s must be {\"type\":\"text\",\"text\":…}.", at)
		}
	}
	if images > maxImages {
		v.refuse("content/image", "%s has %d images; %s takes %d in a row.", path, images, rule.platform, maxImages)
	}
	return text.String()
}

func (v *Validator) image(path, url string) {
	for _, kind := range []string{"jpeg", "jpg", "png", "webp"} {
		if data, ok := strings.CutPrefix(url, "data:image/"+kind+";base64,"); ok {
			if len(data)/4*3 > maxImageBytes {
				v.refuse("content/image", "%s is an image of more than 10 MiB.", path)
			}
			return
		}
	}
	v.refuse("content/image", "%s must be a data URL of a JPEG, PNG or WebP image in base64.", path)
}

// calls looks at the tool calls of a message.
func (v *Validator) calls(rule chatRule, path string, m value, msg *example.Message) {
	calls := m.get("tool_calls")
	if calls.kind == 0 || calls.kind == 'n' && rule.keys == nil || rule.keys != nil && !slices.Contains(rule.keys, "tool_calls") {
		return
	}
	if calls.kind != '[' || len(calls.items) == 0 {
		v.refuse("tools/call", "%s.tool_calls must be a list with something in it, found %s.", path, calls.is())
		return
	}
	if msg.Role != example.Assistant {
		v.refuse("tools/call", "%s has tool calls; only the assistant can call tools.", path)
	}
	if len(calls.items) > 1 && rule.parallel != "" {
		v.add(rule.parallel, "tools/parallel", "%s has %d tool calls: the template of Llama 3 takes one per message.", path, len(calls.items))
	}
	for i, call := range calls.items {
		at := at(path+".tool_calls", i)
		f := call.get("function")
		t := example.ToolCall{ID: call.get("id").text, Name: f.get("name").text, Arguments: f.get("arguments").text}
		switch {
		case call.get("type").text != "function" || f.kind != '{' || t.Name == "":
			v.refuse("tools/call", `%s must be {"id":…,"type":"function","function":{"name":…,"arguments":…}}.`, at)
		case t.ID == "":
			v.refuse("tools/call", "%s has no id, by which its result finds it.", at)
		case f.get("arguments").kind != '"':
			v.refuse("tools/arguments", "%s.function.arguments must be JSON in a string, found %s.", at, f.get("arguments").is())
		case !json.Valid([]byte(t.Arguments)):
			v.refuse("tools/arguments", "%s.function.arguments is not JSON.", at)
		case !strings.HasPrefix(strings.TrimSpace(t.Arguments), "{"):
			v.warn("tools/arguments", "%s.function.arguments is not a JSON object, which the template of Llama 3 needs.", at)
		}
		msg.ToolCalls = append(msg.ToolCalls, t)
	}
}

func (v *Validator) weight(rule chatRule, path string, w value, msg *example.Message) {
	switch {
	case w.kind == 0:
		return
	case rule.weights == noWeights:
		return // the key itself is refused
	case w.kind != '0' || w.text != "0" && w.text != "1":
		v.refuse("weight/value", "%s.weight must be the integer 0 or 1, found %s.", path, clip(string(w.json(nil))))
		return
	case rule.weights == answerWeights && msg.Role != example.Assistant:
		v.refuse("weight/role", "%s has a weight; only an answer of the assistant may have one.", path)
	}
	n := 0
	if w.text == "1" {
		n = 1
	}
	msg.Weight = &n
}

// text looks at a string for what training must not see.
func (v *Validator) text(path, s string) {
	if special := llama3.SpecialTokens(s); len(special) > 0 {
		v.refuse("text/special-token", "%s holds %s, which tokenizers take for the real token.", path, clip(s[special[0].Start:special[0].End]))
	}
	for _, r := range s {
		switch {
		case r < ' ' && r != '\n' && r != '\t' && r != '\r', r == 0x7F, r == 0xFEFF:
			v.warn("text/control-character", "%s holds the character U+%04X, which is seldom meant.", path, r)
			return
		case r == 0x2028, r == 0x2029:
			v.warn("text/line-separator", "%s holds U+%04X, which some readers of lines take for a line end.", path, r)
			return
		}
	}
}

// order looks at who speaks when.
func (v *Validator) order(rule chatRule, path string, ms []example.Message) {
	var before example.Role // that spoke last, tools aside
	for i, m := range ms {
		switch m.Role {
		case example.System:
			if i > 0 && rule.systemOnce != "" {
				v.add(rule.systemOnce, "roles/system", "%s is a system message; only the first message may be one.", at(path, i))
			}
			continue
		case example.Tool:
			before = example.Tool
			continue
		case example.User, example.Assistant:
		default:
			return // an unknown role was said already
		}
		switch {
		case before == "" && m.Role == example.Assistant && rule.opens != "":
			v.add(rule.opens, "roles/first", "%s is the assistant's; a conversation starts with system or user.", at(path, i))
		case before == m.Role && rule.alternate != "":
			v.add(rule.alternate, "roles/alternate", "%s is from %s like the one before. After the optional system message, conversation roles must alternate between user and assistant.", at(path, i), m.Role)
		case before == example.Tool && m.Role == example.User && rule.alternate != "":
			v.add(rule.alternate, "roles/alternate", "%s is from user, but the assistant should say something about the tool's result first.", at(path, i))
		}
		before = m.Role
	}
	last := len(ms) - 1
	switch {
	case ms[last].Role != example.Assistant && rule.ends != "":
		v.add(rule.ends, "roles/last", "%s, the last message, is from %s; it must be the assistant's answer.", at(path, last), ms[last].Role)
	case ms[last].Role == example.Assistant && len(ms[last].ToolCalls) > 0 && rule.words != "":
		v.add(rule.words, "roles/last-call", "%s, the last message, is a tool call; %s wants an answer in words.", at(path, last), rule.platform)
	}
}

// results looks whether calls and results belong together.
func (v *Validator) results(rule chatRule, path string, ms []example.Message) {
	if !rule.tools {
		return
	}
	var open []string
	for i, m := range ms {
		if m.Role == example.Tool {
			k := slices.Index(open, m.ToolCallID)
			if k < 0 || m.ToolCallID == "" {
				v.refuse("tools/result", "%s is a tool's result, but its tool_call_id %q is of no call before it.", at(path, i), clip(m.ToolCallID))
				continue
			}
			open = slices.Delete(open, k, k+1)
			continue
		}
		if len(open) > 0 {
			v.refuse("tools/no-result", "%s: the tool call %q before it has no result.", at(path, i), clip(open[0]))
			open = nil
		}
		for _, t := range m.ToolCalls {
			if t.ID != "" {
				open = append(open, t.ID)
			}
		}
	}
}

// tools looks at the definitions of a row.
func (v *Validator) tools(rule chatRule, tools value) json.RawMessage {
	if tools.kind == 0 || !rule.tools {
		return nil
	}
	if tools.kind != '[' || len(tools.items) == 0 {
		v.refuse("tools/shape", "tools must be a list with something in it, found %s.", tools.is())
		return nil
	}
	for i, t := range tools.items {
		f := t.get("function")
		switch {
		case t.get("type").text != "function" || f.kind != '{' || f.get("name").text == "":
			v.refuse("tools/shape", `%s must be {"type":"function","function":{"name":…}}.`, at("tools", i))
		case f.has("parameters") && f.get("parameters").kind != '{':
			v.refuse("tools/shape", "%s.function.parameters must be an object, found %s.", at("tools", i), f.get("parameters").is())
		}
	}
	return tools.json(nil)
}
