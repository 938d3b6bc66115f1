package decode

import (
	"strings"

	"github.com/voicefit/spotter/internal/fault"
)

// A Format says how a row spells a conversation.
type Format string

// The formats that can be read.
const (
	Auto             Format = "auto"              // not a format: let Sniff decide
	OpenAI           Format = "openai"            // messages with role and content
	ShareGPT         Format = "sharegpt"          // conversations with from and value
	Alpaca           Format = "alpaca"            // instruction, input, output
	PromptCompletion Format = "prompt-completion" // prompt, completion
	VoiceFitInjury   Format = "voicefit-injury"   // scenario, training_example, citations
	Mapped           Format = "mapped"            // whatever a Mapping says
)

// Formats lists the formats that a row can have, without Auto.
var Formats = [...]Format{OpenAI, ShareGPT, Alpaca, PromptCompletion, VoiceFitInjury, Mapped}

// ParseFormat reads the name of a format; the empty name means Auto. It fails
// with fault.Invalid for any other name, listing those there are.
func ParseFormat(name string) (Format, error) {
	if name == "" || name == string(Auto) {
		return Auto, nil
	}
	names := make([]string, 0, len(Formats))
	for _, f := range Formats {
		if name == string(f) {
			return f, nil
		}
		names = append(names, string(f))
	}
	return "", fault.New(fault.Invalid, "There is no format %q. Use auto, %s.", name, strings.Join(names, ", "))
}

// A Container says how rows are put one after the other in a file.
type Container string

// The containers that can be split.
const (
	JSONLines  Container = "jsonl"       // one JSON value per line
	JSONArray  Container = "json-array"  // one JSON array that holds all rows
	JSONStream Container = "json-stream" // JSON values one after the other, each on as many lines as it likes
	CSV        Container = "csv"         // RFC 4180 with a header row
)
