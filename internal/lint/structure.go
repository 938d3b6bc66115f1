package lint

import (
	"errors"
	"fmt"
	"slices"

	"github.com/voicefit/spotter/internal/example"
)

var structureRules = []definition{
	{
		Rule: Rule{
			ID: "structure/roles", Family: "structure", Severity: Error, Everywhere: true,
			Summary: "The messages do not follow each other as every training platform expects: an optional system message, then user and assistant in turn, tool calls answered, an assistant's words last.",
			Why:     "Platforms refuse such rows or, worse, train on them with roles mixed up.",
			Source:  "The strict common form of the exports (example.Conversation.Common), which is what Together, Fireworks, Nebius, OpenAI and the Llama 3 chat template all accept.",
			Fix:     "Put the messages in order, or merge two in a row into one.",
		},
		build: simple(checkRoles),
	},
	{
		Rule: Rule{
			ID: "structure/empty", Family: "structure", Severity: Error, Everywhere: true,
			Summary: "A message has no text but white space, and calls no tool.",
			Why:     "An empty question teaches nothing, an empty answer teaches silence, and several platforms refuse the whole file.",
			Source:  "The validators of the training platforms.",
			Fix:     "Write the message or take it out.",
		},
		build: simple(checkEmpty),
	},
	{
		Rule: Rule{
			ID: "structure/no-assistant", Family: "structure", Severity: Error, Everywhere: true,
			Summary: "There is no message of the assistant.",
			Why:     "Training learns from the assistant's words only.",
			Source:  "The validators of the training platforms.",
			Fix:     "Add the answer, or reject the example.",
		},
		build: simple(checkAssistant),
	},
	{
		Rule: Rule{
			ID: "structure/weights", Family: "structure", Severity: Error, Everywhere: true,
			Summary: "No assistant message would be trained on, because all have the weight 0; or only some messages say a weight (a warning).",
			Why:     "With no weight but 0 the row is paid for and teaches nothing. Where only some messages have one, platforms disagree about the rest.",
			Source:  "OpenAI's and Together's documentation of the key weight.",
			Fix:     "Give every assistant message a weight, at least one of them 1, or take all weights out.",
		},
		build: simple(checkWeights),
	},
	{
		Rule: Rule{
			ID: "structure/parallel-calls", Family: "structure", Severity: Warning, Everywhere: true,
			Summary: "One message calls several tools at once.",
			Why:     "The chat template of Llama 3.1 and later stops with an error on such a row.",
			Source:  "The Hugging Face chat template of Llama 3.3: \"This model only supports single tool-calls at once!\"",
			Fix:     "Split the calls into turns of one call and one result each.",
		},
		build: simple(checkParallelCalls),
	},
	{Rule: Rule{
		ID: "structure/unknown-subcategory", Family: "structure", Severity: Warning, Elsewhere: "the import",
		Summary: "The imported row names a subcategory that its category does not have.",
		Why:     "The example counts toward no planned number, and rules that depend on the subcategory do not run.",
		Source:  "The catalog.",
		Fix:     "Choose a subcategory of the category, or add this one or an alias to the catalog.",
	}},
	{Rule: Rule{
		ID: "structure/many-findings", Family: "structure", Severity: Info, Elsewhere: "the import",
		Summary: "An imported row has more findings than are kept.",
		Why:     "The counts hold all of them, the list does not.",
		Source:  "The import.",
		Fix:     "Repair what is listed and look again.",
	}},
}

// checkRoles asks example.Conversation.Common, with empty messages filled in
// and a missing last answer added, because other rules speak of those.
func checkRoles(x *exam) {
	if len(x.messages) == 0 {
		return
	}
	c := x.subject.Conversation
	err := c.Common()
	if err == nil {
		return
	}
	noAnswer := !hasAssistant(x.messages)
	messages := slices.Clone(x.messages)
	for i := range messages {
		if isEmpty(&messages[i]) {
			messages[i].Content = "-"
		}
	}
	if noAnswer {
		messages = append(messages, example.Message{Role: example.Assistant, Content: "-"})
	}
	err = example.Conversation{Messages: messages, Tools: c.Tools}.Common()
	d, ok := errors.AsType[*example.Deviation](err)
	if !ok || d.Message > len(x.messages) {
		return
	}
	if d.Message == 0 {
		x.report(nowhere, fmt.Sprintf("The conversation has not the form that every platform accepts: %s. Put that right.", d.Reason))
		return
	}
	x.report(spot{message: d.Message - 1, itself: true},
		fmt.Sprintf("Message %d breaks the order that every platform expects: %s. Reorder, merge or complete the messages.", d.Message, d.Reason))
}

func hasAssistant(messages []example.Message) bool {
	return slices.ContainsFunc(messages, func(m example.Message) bool { return m.Role == example.Assistant })
}

func isEmpty(m *example.Message) bool {
	return len(m.ToolCalls) == 0 && (m.Content == "" || example.Trim(m.Content) == "")
}

func checkEmpty(x *exam) {
	if len(x.messages) == 0 {
		x.report(nowhere, "There are no messages; reject the example.")
		return
	}
	for i := range x.messages {
		if m := &x.messages[i]; isEmpty(m) {
			x.report(at(i, 0, 0), fmt.Sprintf("Message %d, from %s, is empty; write it or take it out.", i+1, m.Role))
		}
	}
}

func checkAssistant(x *exam) {
	if len(x.messages) > 0 && !hasAssistant(x.messages) {
		x.report(nowhere, "No message is from the assistant, so there is nothing to learn; add the answer.")
	}
}

func checkWeights(x *exam) {
	answers, weighted, silent := 0, 0, 0
	for i := range x.messages {
		m := &x.messages[i]
		if m.Role != example.Assistant {
			continue
		}
		answers++
		if m.Weight != nil {
			weighted++
			if *m.Weight == 0 {
				silent++
			}
		}
	}
	switch {
	case answers > 0 && silent == answers:
		x.report(nowhere, "Every assistant message has the weight 0, so nothing would be trained; set at least one to 1.")
	case weighted > 0 && weighted < answers:
		x.reportAs(Warning, nowhere, fmt.Sprintf("%d of %d assistant messages say a weight, and platforms disagree about the others; give all of them one or none.", weighted, answers))
	}
}

func checkParallelCalls(x *exam) {
	for i := range x.messages {
		if n := len(x.messages[i].ToolCalls); n > 1 {
			x.report(spot{message: i, itself: true}, fmt.Sprintf("Message %d calls %d tools at once, which the Llama 3 chat template refuses; split it into turns of one call each.", i+1, n))
		}
	}
}
