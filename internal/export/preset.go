package export

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/llama3"
)

// A Preset is the shape of an exported row.
type Preset string

// The presets.
const (
	// Messages is the form that every platform's rules accept: one JSON object per
	// line with the key messages, and tools where the example has some; contents
	// trimmed, no names and no weights.
	Messages Preset = "messages"
	// Llama3 is one JSON object per line with the key text: the conversation
	// rendered by the chat template of Llama 3.3.
	Llama3 Preset = "llama3"
)

// Presets lists every preset.
var Presets = [...]Preset{Messages, Llama3}

// ParsePreset returns the preset of that name, or fault.Invalid with the list.
func ParsePreset(name string) (Preset, error) {
	for _, p := range Presets {
		if string(p) == name {
			return p, nil
		}
	}
	return "", fault.Fields("There is no such preset.", map[string]string{"preset": "Use messages or llama3."})
}

// stored is a row as the database has it.
type stored struct {
	messages, tools []byte
	strict          bool
}

// An encoder appends one row, without the line end, to dst. It returns a
// *Refusal for a conversation that its preset can't say.
type encoder func(dst []byte, c example.Conversation) ([]byte, error)

// A Refusal says why an example can't be written in a preset.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// encoderFor returns the encoder of p. plain leaves out the preamble of the
// llama3 preset.
func encoderFor(p Preset, plain bool) encoder {
	switch {
	case p == Llama3 && plain:
		return func(dst []byte, c example.Conversation) ([]byte, error) {
			return appendText(dst, c, llama3.AppendPlain)
		}
	case p == Llama3:
		return func(dst []byte, c example.Conversation) ([]byte, error) { return appendText(dst, c, llama3.AppendHF) }
	}
	return appendMessages
}

func appendMessages(dst []byte, c example.Conversation) ([]byte, error) {
	if err := c.Common(); err != nil {
		return dst, &Refusal{Reason: err.Error()}
	}
	dst = append(dst, `{"messages":`...)
	dst = strictly(c).AppendMessages(dst)
	if len(c.Tools) > 0 {
		dst = append(dst, `,"tools":`...)
		dst = append(dst, c.Tools...)
	}
	return append(dst, '}'), nil
}

func appendText(dst []byte, c example.Conversation, render func([]byte, example.Conversation, llama3.Options) ([]byte, error)) ([]byte, error) {
	text, err := render(nil, c, llama3.Options{})
	if err != nil {
		return dst, &Refusal{Reason: err.Error()}
	}
	dst = append(dst, `{"text":`...)
	dst = example.AppendString(dst, string(text))
	return append(dst, '}'), nil
}

// parse reads a stored row and gives its tools the shape that platforms and the
// template expect.
func parse(row stored) (example.Conversation, error) {
	c, err := example.Parse(string(row.messages), "")
	if err != nil {
		return c, err
	}
	if len(row.tools) > 0 {
		c.Tools, err = functionTools(row.tools)
	}
	return c, err
}

// functionTools wraps bare function definitions, as ShareGPT files have them,
// into {"type":"function","function":…}. Tools that have that shape stay as they
// are, byte for byte.
func functionTools(tools []byte) (json.RawMessage, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(tools, &list); err != nil {
		return nil, &Refusal{Reason: "the tools are not a JSON array"}
	}
	var b bytes.Buffer
	b.WriteByte('[')
	for i, t := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		var shape struct {
			Type     string          `json:"type"`
			Function json.RawMessage `json:"function"`
		}
		if err := json.Unmarshal(t, &shape); err != nil {
			return nil, &Refusal{Reason: fmt.Sprintf("tool %d is not a JSON object", i+1)}
		}
		if shape.Type == "function" && len(shape.Function) > 0 {
			b.Write(t)
			continue
		}
		b.WriteString(`{"type":"function","function":`)
		b.Write(t)
		b.WriteByte('}')
	}
	b.WriteByte(']')
	return b.Bytes(), nil
}

// strictly returns c without names and weights, its contents trimmed as the
// chat template would trim them.
func strictly(c example.Conversation) example.Conversation {
	ms := make([]example.Message, len(c.Messages))
	for i, m := range c.Messages {
		m.Name, m.Weight, m.Content = "", nil, example.Trim(m.Content)
		ms[i] = m
	}
	return example.Conversation{Messages: ms, Tools: c.Tools}
}
