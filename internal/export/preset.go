package export

import (
	"io"
	"strings"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A Preset is the name of a form in which a training platform or a trainer takes
// its data. ParsePreset makes sure of one that came from outside.
type Preset string

// The presets.
const (
	Messages         Preset = "messages"
	OpenAI           Preset = "openai"
	Together         Preset = "together"
	TogetherWeights  Preset = "together-weights"
	Fireworks        Preset = "fireworks"
	Nebius           Preset = "nebius"
	HuggingFace      Preset = "huggingface"
	Llama3           Preset = "llama3"
	Llama3Plain      Preset = "llama3-plain"
	ShareGPT         Preset = "sharegpt"
	Alpaca           Preset = "alpaca"
	Axolotl          Preset = "axolotl"
	LlamaFactory     Preset = "llama-factory"
	Torchtune        Preset = "torchtune"
	Unsloth          Preset = "unsloth"
	TRL              Preset = "trl"
	PromptCompletion Preset = "prompt-completion"
	Parquet          Preset = "parquet"
)

// A Description is what people are told about a preset.
type Description struct {
	Preset  Preset
	Title   string // two or three words
	For     string // who takes it and when to choose it, in a sentence or two
	Sample  string // a row, or the beginning of one
	Limits  string // what the platform asks of a file as a whole
	Refuses string // which examples it can't say
	Tools   string // how a tool call is said, or that it is not
	Source  string // where the platform's rules are written down
	Group   Group
	Folder  bool // several files that belong together, made as a folder or a zip
}

// A Group is where a preset stands in a list of them.
type Group string

// The groups, in the order of a list.
const (
	Platforms Group = "Platforms"
	Trainers  Group = "Trainers"
	Rendered  Group = "Rendered text"
	Tables    Group = "Datasets and tables"
)

// A form is all that is known of a preset.
type form struct {
	Description
	checks    []func(example.Conversation) error // each may refuse a conversation
	encode    encoder
	table     func(io.Writer) table // of its Parquet files
	copies    bool                  // a strict row without tools goes out as it is stored
	weighs    bool                  // weights are said, or rows that have some are refused
	layout    layout
	check     func() *rules
	companion func(Set) ([]Companion, error)
}

// An encoder appends one row, without the line end, to dst. It returns a
// *Refusal for a conversation that its preset can't say.
type encoder func(dst []byte, c example.Conversation) ([]byte, error)

// A Refusal says why an example can't be written in a preset.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// Presets lists every preset in the order in which people choose from them.
func Presets() []Preset {
	names := make([]Preset, len(forms))
	for i, f := range forms {
		names[i] = f.Preset
	}
	return names
}

// ParsePreset returns the preset of that name, or fault.Invalid with the list.
func ParsePreset(name string) (Preset, error) {
	for _, f := range forms {
		if string(f.Preset) == name {
			return f.Preset, nil
		}
	}
	return "", fault.Fields("There is no such preset.", map[string]string{"preset": "Use " + PresetList() + "."})
}

// PresetList names every preset in words: "messages, openai, … or parquet".
func PresetList() string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = string(f.Preset)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Describe returns what people are told about p.
func (p Preset) Describe() Description { return p.form().Description }

// form returns what is known of p. The empty preset is Messages; any other name
// that is none is a mistake in the program.
func (p Preset) form() *form {
	if p == "" {
		p = Messages
	}
	for i := range forms {
		if forms[i].Preset == p {
			return &forms[i]
		}
	}
	panic("export: no preset " + string(p))
}
