package decode

import "fmt"

// A shape is the set of telling keys that a row has at its top level.
type shape uint32

const (
	hasMessages      shape = 1 << iota // messages
	hasConversations                   // conversations, conversation
	hasInstruction
	hasOutput
	hasPrompt
	hasCompletion
	hasScenario
	hasTraining
	hasText
	hasChosen
	hasRejected
	hasPreferred
	hasNonPreferred
	hasRejectedText
	hasLabel // with a boolean value
	hasKTO
	hasCells
	hasBody
)

func (s shape) all(want shape) bool { return s&want == want }

// shapeOf looks at the top-level keys of the object n.
func (d *document) shapeOf(n int32) shape {
	var s shape
	c := n + 1
	for i := d.nodes[n].size; i > 0; i-- {
		switch d.key(c) {
		case "messages":
			s |= hasMessages
		case "conversations", "conversation":
			s |= hasConversations
		case "instruction":
			s |= hasInstruction
		case "output":
			s |= hasOutput
		case "prompt":
			s |= hasPrompt
		case "completion":
			s |= hasCompletion
		case "scenario":
			s |= hasScenario
		case "training_example":
			s |= hasTraining
		case "text":
			s |= hasText
		case "chosen":
			s |= hasChosen
		case "rejected":
			s |= hasRejected
		case "preferred_output":
			s |= hasPreferred
		case "non_preferred_output":
			s |= hasNonPreferred
		case "rejected_text":
			s |= hasRejectedText
		case "label":
			if k := d.nodes[c].kind; k == boolean || k == text && (d.str(c) == "true" || d.str(c) == "True" || d.str(c) == "false" || d.str(c) == "False") {
				s |= hasLabel
			}
		case "kto_tag":
			s |= hasKTO
		case "cells":
			s |= hasCells
		case "body":
			s |= hasBody
		}
		c = d.nodes[c].next
	}
	return s
}

// preference says in a sentence that rows of shape s are made for preference
// tuning; it is empty for other rows.
func (s shape) preference() string {
	const cure = " Spotter holds examples with one right answer: export the accepted answers as chat rows, and keep the pairs for preference tuning."
	switch {
	case s.all(hasChosen | hasRejected):
		return "This is a preference pair (chosen and rejected, as DPO and reward models take it), not an example for fine-tuning." + cure
	case s.all(hasPreferred) || s.all(hasNonPreferred):
		return "This is a preference pair (preferred_output and non_preferred_output, as OpenAI's DPO takes it), not an example for fine-tuning." + cure
	case s.all(hasRejectedText):
		return "This is a preference pair (text and rejected_text, as AutoTrain takes it), not an example for fine-tuning." + cure
	case s.all(hasKTO) || s.all(hasPrompt|hasCompletion|hasLabel):
		return "This is a rated answer (KTO: an answer with a label that says whether it was liked), not an example for fine-tuning. Keep only the answers that were liked, without the label."
	}
	return ""
}

// format is the format that rows of shape s have, or "".
func (d *document) format(n int32, s shape) Format {
	switch {
	case s.all(hasScenario | hasTraining):
		return VoiceFitInjury
	case s&(hasMessages|hasConversations) != 0:
		return d.turnFormat(n, s)
	case s.all(hasInstruction | hasOutput):
		return Alpaca
	case s.all(hasPrompt | hasCompletion):
		return PromptCompletion
	}
	return ""
}

// turnFormat tells OpenAI's from ShareGPT's turns by the keys of the first
// one, and where that says nothing by the name of the list.
func (d *document) turnFormat(n int32, s shape) Format {
	for _, key := range turnKeys {
		l := d.member(n, key)
		if l < 0 || d.nodes[l].kind != list || d.nodes[l].size == 0 || d.nodes[l+1].kind != object {
			continue
		}
		if d.member(l+1, "role") >= 0 {
			return OpenAI
		}
		if d.member(l+1, "from") >= 0 {
			return ShareGPT
		}
	}
	if s.all(hasMessages) {
		return OpenAI
	}
	return ShareGPT
}

// turnKeys are the names that a list of turns goes by.
var turnKeys = [...]string{"messages", "conversations", "conversation"}

// keys lists the top-level keys of the object n in words.
func (d *document) keys(n int32) string {
	const most = 8
	size := int(d.nodes[n].size)
	if size == 0 {
		return "it has no keys at all"
	}
	out := "its keys are "
	c := n + 1
	for i := range size {
		if i > 0 {
			out += ", "
		}
		if i == most {
			return out + fmt.Sprintf("and %d more", size-most)
		}
		out += clip(d.key(c))
		c = d.nodes[c].next
	}
	return out
}
