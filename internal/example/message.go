// Package example says what a training example is: an ordered list of
// messages with optional tools, its canonical bytes and hash, and the states
// it moves through. It knows nothing of storage, formats or people.
package example

import (
	"encoding/json"
)

// A Role says who speaks in a message.
type Role string

// The roles of the canonical form. Importers map every other spelling
// (developer, human, gpt, function, observation, ...) to one of these.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
	Tool      Role = "tool"
)

// A Message is one turn. Content is kept byte for byte as it was imported:
// nothing is trimmed or normalised.
type Message struct {
	Role       Role
	Name       string
	Content    string
	ToolCalls  []ToolCall // only on assistant messages
	ToolCallID string     // only on tool messages
	Weight     *int       // 0 or 1 on assistant messages; nil where the data does not say
}

// A ToolCall is a function call in an assistant message. Arguments is the
// JSON text of the arguments: the string itself where the source had a string,
// the compact encoding where it had an object.
type ToolCall struct {
	ID        string
	Name      string
	Arguments string
}

// A Conversation is the content of an example: what is hashed, reviewed and
// trained on.
type Conversation struct {
	Messages []Message
	Tools    json.RawMessage // compact JSON array of tool definitions; empty where there are none
}
