package example

import (
	"encoding/json"
	"fmt"
)

// A Deviation says where a conversation departs from the strict common form.
type Deviation struct {
	Message int // from 1; 0: the conversation as a whole
	Reason  string
}

func (d *Deviation) Error() string {
	if d.Message == 0 {
		return d.Reason
	}
	return fmt.Sprintf("message %d: %s", d.Message, d.Reason)
}

// Common reports, as a *Deviation, the first reason why c can't be put into the
// form that every training platform accepts: an optional system message first,
// then user and assistant in turn, starting with user and ending with an
// assistant's words, none empty; tool calls with an id, a name and arguments
// that are JSON, each answered by the tool messages that follow. Names, weights
// and white space around contents do not matter to it: they can be left out.
func (c Conversation) Common() error {
	if len(c.Messages) == 0 {
		return &Deviation{Reason: "there are no messages"}
	}
	expect := User // whose turn it is, tools aside
	var open []string
	for i, m := range c.Messages {
		deviates := func(format string, args ...any) error {
			return &Deviation{Message: i + 1, Reason: fmt.Sprintf(format, args...)}
		}
		if len(m.ToolCalls) == 0 && Trim(m.Content) == "" {
			return deviates("it is empty")
		}
		if m.Role != Assistant && len(m.ToolCalls) > 0 {
			return deviates("only an assistant message can call tools")
		}
		if len(open) > 0 && m.Role != Tool {
			return deviates("a tool call before it has no result")
		}
		switch m.Role {
		case System:
			if i != 0 {
				return deviates("a system message can only be the first")
			}
		case User, Assistant:
			if m.Role != expect {
				return deviates("it is from %s where %s should speak", m.Role, expect)
			}
			expect = Assistant
			if m.Role == Assistant {
				expect = User
			}
			for _, t := range m.ToolCalls {
				if t.ID == "" || t.Name == "" {
					return deviates("a tool call lacks its id or name")
				}
				if !json.Valid([]byte(t.Arguments)) {
					return deviates("the arguments of %s are not JSON", t.Name)
				}
				open = append(open, t.ID)
				expect = Assistant // after the results
			}
		case Tool:
			found := false
			for k, id := range open {
				if id == m.ToolCallID {
					open, found = append(open[:k], open[k+1:]...), true
					break
				}
			}
			if !found {
				return deviates("it answers no tool call before it")
			}
		default:
			return deviates("the role %q is not known", m.Role)
		}
	}
	last := c.Messages[len(c.Messages)-1]
	if last.Role != Assistant || len(last.ToolCalls) > 0 {
		return &Deviation{Message: len(c.Messages), Reason: "the last message must be the assistant's answer"}
	}
	return nil
}

// Strict reports whether the canonical messages are, byte for byte, what the
// strict common form asks for, so that an export can copy them: Common finds
// nothing, and there are no names, no weights and no white space around
// contents.
func (c Conversation) Strict() bool {
	for _, m := range c.Messages {
		if m.Name != "" || m.Weight != nil || Trim(m.Content) != m.Content {
			return false
		}
	}
	return c.Common() == nil
}
