package decode

import (
	"strconv"

	"github.com/voicefit/spotter/internal/example"
)

// turnsRow reads a row of OpenAI's or ShareGPT's format: a list of turns, with
// tools and perhaps a system text beside it.
func (r *reader) turnsRow() error {
	for _, key := range turnKeys {
		if n := r.take(key); n >= 0 {
			if err := r.turns(n, key, r.format); err != nil {
				return err
			}
			return r.beside()
		}
	}
	if r.format == OpenAI {
		return r.wrong("messages")
	}
	return r.wrong("conversations")
}

// beside reads what stands beside the turns of a row: system and tools.
func (r *reader) beside() error {
	system, _, err := r.takeText("system")
	if err != nil {
		return err
	}
	if err := r.systemFirst(system); err != nil {
		return err
	}
	return r.allTools()
}

// turns reads the list n of turns, which errors call path.
func (r *reader) turns(n int32, path string, f Format) error {
	if r.nodes[n].kind == text {
		return r.turnsInText(n, path, f)
	}
	if r.nodes[n].kind != list {
		return invalid("%s must be a list, found %s.", path, r.found(n))
	}
	size := int(r.nodes[n].size)
	if size == 0 {
		return invalid("%s is empty: there is no conversation in this row.", path)
	}
	if r.row.Conversation.Messages == nil {
		r.row.Conversation.Messages = make([]example.Message, 0, size+1)
	}
	c := n + 1
	for i := range size {
		if r.nodes[c].kind != object {
			return invalid("%s must be an object, found %s.", index(path, i), r.found(c))
		}
		t := turn{reader: r, list: path, i: i}
		var err error
		if f == ShareGPT {
			err = t.shareGPT(c)
		} else {
			err = t.openAI(c)
		}
		if err != nil {
			return err
		}
		c = r.nodes[c].next
	}
	return nil
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// A turn reads one turn of a conversation.
type turn struct {
	*reader
	list  string // what errors call the list
	i     int
	m     example.Message
	extra []byte // members that a Message cannot hold, without the braces
}

func (t *turn) path(key string) string { return index(t.list, t.i) + "." + key }

// keep saves a member of the turn for the metadata.
func (t *turn) keep(n int32) {
	v := &t.nodes[n]
	if t.extra != nil {
		t.extra = append(t.extra, ',')
	}
	t.extra = append(t.appendText(t.extra, v.key0, v.key1, v.keyEscaped, verbatim), ':')
	t.extra = t.appendValue(t.extra, n, verbatim)
}

// done adds the message to the conversation.
func (t *turn) done() {
	if t.extra != nil {
		t.extras = append(t.extras, extra{message: len(t.row.Conversation.Messages), members: t.extra})
	}
	if t.m.Role == example.Tool || len(t.m.ToolCalls) > 0 {
		t.calls = true
	}
	t.add(t.m)
}

// want is the value n as a string.
func (t *turn) want(n int32, key string) (string, error) {
	if t.nodes[n].kind != text {
		return "", invalid("%s must be a string, found %s.", t.path(key), t.found(n))
	}
	return t.str(n), nil
}

// openAI reads the turn n of OpenAI's format.
func (t *turn) openAI(n int32) (err error) {
	role, content, toolCalls, functionCall, weight, callID := int32(-1), int32(-1), int32(-1), int32(-1), int32(-1), int32(-1)
	c := n + 1
	for i := t.nodes[n].size; i > 0; i-- {
		v := &t.nodes[c]
		switch t.key(c) {
		case "role":
			role = c
		case "content":
			content = c
		case "name":
			if v.kind != null {
				if t.m.Name, err = t.want(c, "name"); err != nil {
					return err
				}
			}
		case "tool_calls":
			toolCalls = c
		case "tool_call_id":
			callID = c
		case "function_call":
			functionCall = c
		case "weight":
			weight = c
		default:
			t.keep(c)
		}
		c = v.next
	}
	if role < 0 {
		if t.member(n, "from") >= 0 {
			return invalid("%s has from and value instead of role and content, which is the format sharegpt. Import the file as that.", index(t.list, t.i))
		}
		return invalid("%s has no role. Say system, user, assistant or tool.", index(t.list, t.i))
	}
	if err := t.openAIRole(role); err != nil {
		return err
	}
	if toolCalls >= 0 && t.nodes[toolCalls].kind != null {
		if err := t.toolCalls(toolCalls); err != nil {
			return err
		}
	}
	if functionCall >= 0 && t.nodes[functionCall].kind != null {
		if len(t.m.ToolCalls) > 0 {
			return invalid("%s has both tool_calls and function_call. Keep tool_calls.", index(t.list, t.i))
		}
		if t.nodes[functionCall].kind != object {
			return invalid("%s must be an object with name and arguments, found %s.", t.path("function_call"), t.found(functionCall))
		}
		call, unknown, err := t.function(functionCall, t.path("function_call"))
		if err != nil {
			return err
		}
		if unknown {
			t.keep(functionCall)
		}
		t.m.ToolCalls = []example.ToolCall{call}
	}
	if len(t.m.ToolCalls) > 0 && t.m.Role != example.Assistant {
		return invalid("%s calls a tool, but its role is %s. Only the assistant can call tools.", index(t.list, t.i), t.m.Role)
	}
	if err := t.weight(weight); err != nil {
		return err
	}
	if err := t.content(content); err != nil {
		return err
	}
	if callID >= 0 && t.nodes[callID].kind != null {
		id, err := t.want(callID, "tool_call_id")
		if err != nil {
			return err
		}
		if t.m.Role == example.Tool {
			t.m.ToolCallID = id
		} else {
			t.keep(callID)
		}
	}
	t.done()
	return nil
}

func (t *turn) openAIRole(n int32) error {
	if t.nodes[n].kind != text {
		return invalid("%s must be a string, found %s.", t.path("role"), t.found(n))
	}
	switch s := t.str(n); s {
	case "user":
		t.m.Role = example.User
	case "assistant":
		t.m.Role = example.Assistant
	case "system", "developer":
		t.m.Role = example.System
	case "tool", "function", "ipython":
		t.m.Role = example.Tool
	default:
		return invalid("%s is %q, a role that is not known. Use system, developer, user, assistant or tool.", t.path("role"), clip(s))
	}
	return nil
}

// weight reads OpenAI's 0 or 1. On turns that are not the assistant's it says
// nothing about training here and is kept in the metadata.
func (t *turn) weight(n int32) error {
	if n < 0 || t.nodes[n].kind == null {
		return nil
	}
	v := &t.nodes[n]
	if s := t.src[v.start:v.end]; v.kind != number || s != "0" && s != "1" {
		return invalid("%s must be 0 or 1, found %s.", t.path("weight"), t.found(n))
	}
	if t.m.Role != example.Assistant {
		t.keep(n)
		return nil
	}
	w := int(t.src[v.start] - '0')
	t.m.Weight = &w
	return nil
}

// content reads a string, a null beside tool calls, or a list of text parts,
// which are put one after the other as they are; where the list says more than
// that, it is kept in the metadata as well.
func (t *turn) content(n int32) error {
	if n < 0 || t.nodes[n].kind == null {
		if len(t.m.ToolCalls) > 0 {
			return nil
		}
		if n < 0 {
			return invalid("%s has no content.", index(t.list, t.i))
		}
		return invalid("%s is null, which is only possible beside tool_calls.", t.path("content"))
	}
	switch t.nodes[n].kind {
	case text:
		t.m.Content = t.str(n)
		return nil
	case list:
	default:
		return invalid("%s must be a string or a list of text parts, found %s.", t.path("content"), t.found(n))
	}
	size := int(t.nodes[n].size)
	whole := size == 1
	c := n + 1
	for i := range size {
		if t.nodes[c].kind == text { // some writers leave the wrapping out
			t.m.Content += t.str(c)
			whole = false
			c = t.nodes[c].next
			continue
		}
		if t.nodes[c].kind != object {
			return invalid("%s must be an object with type and text, found %s.", index(t.path("content"), i), t.found(c))
		}
		typ, txt := t.member(c, "type"), t.member(c, "text")
		if typ < 0 || t.nodes[typ].kind != text {
			return invalid("%s has no type. Only parts of type text can be read.", index(t.path("content"), i))
		}
		if s := t.str(typ); s != "text" {
			return invalid("%s is of type %q. Spotter holds text only; take the other parts out.", index(t.path("content"), i), clip(s))
		}
		if txt < 0 || t.nodes[txt].kind != text {
			return invalid("%s.text must be a string.", index(t.path("content"), i))
		}
		t.m.Content += t.str(txt)
		whole = whole && t.nodes[c].size == 2
		c = t.nodes[c].next
	}
	if !whole {
		t.keep(n)
	}
	return nil
}

func (t *turn) toolCalls(n int32) error {
	if t.nodes[n].kind != list {
		return invalid("%s must be a list, found %s.", t.path("tool_calls"), t.found(n))
	}
	size := int(t.nodes[n].size)
	unknown := false
	c := n + 1
	for i := range size {
		at := index(t.path("tool_calls"), i)
		if t.nodes[c].kind != object {
			return invalid("%s must be an object, found %s.", at, t.found(c))
		}
		var id string
		f := int32(-1)
		m := c + 1
		for j := t.nodes[c].size; j > 0; j-- {
			switch v := &t.nodes[m]; t.key(m) {
			case "id":
				if v.kind != null {
					if v.kind != text {
						return invalid("%s.id must be a string, found %s.", at, t.found(m))
					}
					id = t.str(m)
				}
			case "type":
				if v.kind != null && (v.kind != text || t.str(m) != "function") {
					return invalid("%s.type must be %q, found %s.", at, "function", t.found(m))
				}
			case "function":
				f = m
			default:
				unknown = true
			}
			m = t.nodes[m].next
		}
		if f < 0 || t.nodes[f].kind != object {
			return invalid("%s must have a function, an object with name and arguments.", at)
		}
		call, more, err := t.function(f, at+".function")
		if err != nil {
			return err
		}
		unknown = unknown || more
		call.ID = id
		t.m.ToolCalls = append(t.m.ToolCalls, call)
		c = t.nodes[c].next
	}
	if unknown {
		t.keep(n)
	}
	return nil
}

// function reads an object with the name and arguments of a call. unknown says
// that it holds more than these.
func (d *document) function(n int32, path string) (call example.ToolCall, unknown bool, err error) {
	name, arguments := d.member(n, "name"), d.member(n, "arguments")
	if name < 0 || d.nodes[name].kind != text || d.str(name) == "" {
		return call, false, invalid("%s must have a name, the name of the function.", path)
	}
	call.Name = d.str(name)
	known := int32(1)
	if arguments >= 0 {
		known++
		if call.Arguments, err = d.arguments(arguments, path+".arguments"); err != nil {
			return call, false, err
		}
	} else {
		call.Arguments = "{}"
	}
	return call, d.nodes[n].size > known, nil
}

// arguments is the JSON text of a call's arguments: a string as it is, an
// object in compact form, {} for null.
func (d *document) arguments(n int32, path string) (string, error) {
	switch d.nodes[n].kind {
	case text:
		return d.str(n), nil
	case object:
		return string(d.appendValue(nil, n, canonical)), nil
	case null:
		return "{}", nil
	}
	return "", invalid("%s must be an object or its JSON in a string, found %s.", path, d.found(n))
}

// shareGPT reads the turn n of ShareGPT's format.
func (t *turn) shareGPT(n int32) error {
	from, value, weight := int32(-1), int32(-1), int32(-1)
	c := n + 1
	for i := t.nodes[n].size; i > 0; i-- {
		switch t.key(c) {
		case "from":
			from = c
		case "value":
			value = c
		case "weight":
			weight = c
		default:
			t.keep(c)
		}
		c = t.nodes[c].next
	}
	if from < 0 {
		if t.member(n, "role") >= 0 {
			return invalid("%s has role and content instead of from and value, which is the format openai. Import the file as that.", index(t.list, t.i))
		}
		return invalid("%s has no from. Say who speaks: system, human, gpt, function_call or observation.", index(t.list, t.i))
	}
	if t.nodes[from].kind != text {
		return invalid("%s must be a string, found %s.", t.path("from"), t.found(from))
	}
	if value < 0 {
		return invalid("%s has no value.", index(t.list, t.i))
	}
	s, err := t.want(value, "value")
	if err != nil {
		return err
	}
	switch who := t.str(from); who {
	case "human", "user":
		t.m.Role = example.User
	case "gpt", "chatgpt", "bing", "bard", "model", "assistant":
		t.m.Role = example.Assistant
	case "system":
		t.m.Role = example.System
	case "observation", "tool":
		t.m.Role = example.Tool
	case "function_call":
		t.m.Role = example.Assistant
		unknown := false
		if t.m.ToolCalls, unknown, err = callsInText(s, t.path("value")); err != nil {
			return err
		}
		if unknown {
			t.keep(value)
		}
		s = ""
	default:
		return invalid("%s is %q, a speaker that is not known. Use system, human, gpt, function_call, observation or tool.", t.path("from"), clip(who))
	}
	t.m.Content = s
	if err := t.weight(weight); err != nil {
		return err
	}
	t.done()
	return nil
}

// callsInText reads the JSON that stands as a string in a function_call turn:
// one call or a list of them.
func callsInText(s, path string) (calls []example.ToolCall, unknown bool, err error) {
	var d document
	if err := d.parse([]byte(s)); err != nil {
		return nil, false, invalid("%s must be a JSON object with name and arguments, but %s (%s of it).", path, err.msg, where([]byte(s), err.off))
	}
	at := []int32{0}
	if d.nodes[0].kind == list {
		at = at[:0]
		c := int32(1)
		for i := d.nodes[0].size; i > 0; i-- {
			at = append(at, c)
			c = d.nodes[c].next
		}
	}
	if len(at) == 0 {
		return nil, false, invalid("%s is an empty list; it must hold a call.", path)
	}
	for _, n := range at {
		if d.nodes[n].kind != object {
			return nil, false, invalid("%s must be a JSON object with name and arguments, found %s.", path, d.found(n))
		}
		call, more, err := d.function(n, path)
		if err != nil {
			return nil, false, err
		}
		unknown = unknown || more
		calls = append(calls, call)
	}
	return calls, unknown, nil
}

// turnsInText reads a list of turns that stands as JSON in the string n, as
// tables hold it.
func (r *reader) turnsInText(n int32, path string, f Format) error {
	var d document
	s := []byte(r.str(n))
	if err := d.parse(s); err != nil {
		return invalid("%s must be a list of messages, but %s (%s of it).", path, err.msg, where(s, err.off))
	}
	if d.nodes[0].kind != list {
		return invalid("%s must be a list of messages, found %s.", path, d.found(0))
	}
	if r.format == Mapped {
		f = d.itemFormat(0)
	}
	inner := *r
	inner.document = &d
	err := inner.turns(0, path, f)
	r.row, r.extras, r.calls = inner.row, inner.extras, inner.calls
	return err
}

// itemFormat tells by its first item how the list n spells turns.
func (d *document) itemFormat(n int32) Format {
	if v := &d.nodes[n]; v.kind == list && v.size > 0 && d.nodes[n+1].kind == object && d.member(n+1, "from") >= 0 && d.member(n+1, "role") < 0 {
		return ShareGPT
	}
	return OpenAI
}
