package llama3

import (
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// The tokens around contents. They never merge with the contents, because
// contents are trimmed and so cannot lengthen the line breaks before them.
const (
	headerTokens   = 4  // <|start_header_id|>, the role, <|end_header_id|> and "\n\n"
	blockTokens    = 5  // a header and <|eot_id|>
	preambleTokens = 20 // the preamble with DefaultDate and without tools
)

// CountHF returns the number of tokens of what AppendHF writes, special tokens
// being one each, and fails where AppendHF fails. It costs no more than
// counting the contents, unless there are tools, special tokens in the contents
// or an Options.Date: then it renders.
func (t *Tokenizer) CountHF(c example.Conversation, o Options) (int, error) {
	if !isSimple(c) || o.Date != "" {
		return t.countRendered(c, o, true)
	}
	n := t.countBlocks(c, o) + preambleTokens
	if !hasSystem(c) {
		n += blockTokens
	}
	return n, nil
}

// CountPlain returns the number of tokens of what AppendPlain writes, as
// CountHF does for AppendHF.
func (t *Tokenizer) CountPlain(c example.Conversation, o Options) (int, error) {
	if !isSimple(c) {
		return t.countRendered(c, o, false)
	}
	return t.countBlocks(c, o), nil
}

// CountBoth returns the number of tokens in both forms with the default options,
// the text beside tool calls dropped as the template does. One that has no
// rendering, such as one without messages, counts as its texts alone. For a
// simple conversation the contents are counted once.
func (t *Tokenizer) CountBoth(c example.Conversation) (hf, plain int) {
	if isSimple(c) {
		plain = t.countBlocks(c, Options{})
		hf = plain + preambleTokens
		if !hasSystem(c) {
			hf += blockTokens
		}
		return hf, plain
	}
	o := Options{DropCallText: true}
	hf, err := t.countRendered(c, o, true)
	if err == nil {
		plain, err = t.countRendered(c, o, false)
	}
	if err == nil {
		return hf, plain
	}
	hf = 0
	for _, m := range c.Messages {
		hf += t.Count(m.Content)
		for _, call := range m.ToolCalls {
			hf += t.Count(call.Arguments)
		}
	}
	return hf, hf
}

// countBlocks counts <|begin_of_text|> and the messages of a simple
// conversation.
func (t *Tokenizer) countBlocks(c example.Conversation, o Options) int {
	n := 1
	for i := range c.Messages {
		n += blockTokens + t.Count(example.Trim(c.Messages[i].Content))
	}
	if o.GenerationPrompt {
		n += headerTokens
	}
	return n
}

// countRendered counts the slow way.
func (t *Tokenizer) countRendered(c example.Conversation, o Options, preamble bool) (int, error) {
	text, err := render(nil, c, o, preamble)
	if err != nil {
		return 0, err
	}
	return t.CountEncoded(string(text)), nil
}

// isSimple reports whether c is messages of one-token roles with contents that
// are written as they are and hold no special token.
func isSimple(c example.Conversation) bool {
	if len(c.Messages) == 0 || hasTools(c) {
		return false
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		switch m.Role {
		case example.System, example.User, example.Assistant:
		default:
			return false
		}
		if len(m.ToolCalls) > 0 || strings.Contains(m.Content, "<|") {
			return false
		}
	}
	return true
}
