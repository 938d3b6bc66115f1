package export

import (
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// The special tokens that a rendered conversation is made of.
const (
	beginOfText = "<|begin_of_text|>"
	startHeader = "<|start_header_id|>"
	endHeader   = "<|end_header_id|>"
	endOfTurn   = "<|eot_id|>"
)

func textRules() *rules {
	return &rules{
		platform: "A trainer of Llama 3 text", minRows: 1, tokens: llamaContext,
		overlong: "Llama 3.3 reads 131,072.",
		row: func(v *Validator, row value) *example.Conversation {
			topKeys(v, row, "text")
			if textOnly(v, row); row.get("text").kind == '"' {
				v.rendered(row.get("text").text)
			}
			return nil
		},
	}
}

// rendered takes the text of the chat template apart.
func (v *Validator) rendered(text string) {
	rest, ok := strings.CutPrefix(text, beginOfText)
	switch {
	case !ok:
		v.refuse("llama3/begin", "text must begin with %s.", beginOfText)
	case strings.HasPrefix(rest, beginOfText):
		v.refuse("llama3/begin-twice", "text begins with %s twice: a template wrote one and a tokenizer another.", beginOfText)
		rest = rest[len(beginOfText):]
	case strings.Contains(rest, beginOfText):
		v.refuse("llama3/begin-twice", "text holds %s again in its middle.", beginOfText)
	}
	if !strings.HasSuffix(text, endOfTurn) && !strings.HasSuffix(text, "<|eom_id|>") {
		v.refuse("llama3/end", "text must end with %s, the token by which the model learns to stop.", endOfTurn)
	}
	var last string
	answers := 0
	for i, block := range strings.Split(rest, startHeader) {
		if i == 0 {
			if block != "" {
				v.refuse("llama3/header", "text holds %q before its first header.", clip(block))
			}
			continue
		}
		role, body, ok := strings.Cut(block, endHeader)
		if !ok || !strings.HasPrefix(body, "\n\n") {
			v.refuse("llama3/header", "Header %d must be %srole%s and two line breaks.", i, startHeader, endHeader)
			return
		}
		switch role {
		case "assistant":
			answers++
		case "system", "user", "ipython", "tool":
		default:
			v.refuse("roles/unknown", "Header %d has the role %q. Llama 3 knows system, user, assistant and ipython.", i, clip(role))
		}
		if n := strings.Count(body, endOfTurn) + strings.Count(body, "<|eom_id|>"); n != 1 {
			v.refuse("llama3/turn", "Message %d has %d ends of turn; it must have one, at its end.", i, n)
		}
		last = role
	}
	switch {
	case answers == 0:
		v.refuse("messages/no-assistant", "text has no message of the assistant: there is nothing to train on.")
	case last != "assistant":
		v.refuse("roles/last", "The last message is from %s; it must be the assistant's answer.", clip(last))
	}
	if v.tokens != nil {
		if n := v.tokens.CountEncoded(text); n > v.rules.tokens {
			v.warn("tokens/too-long", "The row has %d tokens. %s", n, v.rules.overlong)
		}
	}
}
