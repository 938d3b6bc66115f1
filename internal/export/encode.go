package export

import (
	"fmt"

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

// chat returns an encoder of messages and tools as OpenAI has them. Each check
// may refuse a conversation.
func chat(weight func(example.Message) *int, checks ...func(example.Conversation) error) encoder {
	return func(dst []byte, c example.Conversation) ([]byte, error) {
		for _, check := range checks {
			if err := check(c); err != nil {
				return dst, err
			}
		}
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
