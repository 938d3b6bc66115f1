package llama3

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/voicefit/spotter/internal/example"
)

// DefaultDate is the date in the preamble of the Hugging Face template when
// the caller names none.
const DefaultDate = "26 Jul 2024"

// Options change how a conversation is rendered. The zero value is what the
// template does by default.
type Options struct {
	// Date is the text after "Today Date: " in the preamble, date_string in
	// the template; empty means DefaultDate. The plain form has no date.
	Date string

	// GenerationPrompt ends the text with the header of an assistant message,
	// for the model to continue; add_generation_prompt in the template.
	GenerationPrompt bool

	// ToolsInSystem puts the tools into the system block rather than into the
	// first user message: tools_in_user_message=false in the template.
	ToolsInSystem bool

	// ResultsAsJSON writes the content of a tool message that is a well-formed
	// JSON object or array as that value. Otherwise the content is a string to
	// the template, and the template puts the strings of tools in quotes.
	ResultsAsJSON bool

	// DropCallText leaves out the text of a message that has a tool call, as
	// the template does. Otherwise such a message is refused, unless its text
	// is white space only.
	DropCallText bool
}

// A Problem says why a conversation has no rendering.
type Problem string

// The problems. The template raises an exception on NoMessages, ParallelCalls
// and on tools without any message to carry them; on the others it would write
// something that the data does not say.
const (
	NoMessages     Problem = "the conversation has no messages"
	UnknownRole    Problem = "the role is none of system, user, assistant and tool"
	MisplacedCall  Problem = "only an assistant message can have tool calls"
	ParallelCalls  Problem = "Llama 3 takes one tool call per message"
	BadArguments   Problem = "the arguments of the tool call are not a JSON object"
	TextBesideCall Problem = "the text beside the tool call would be lost"
	BadTools       Problem = "the tools are not a JSON array"
	NoUserForTools Problem = "the tools need a user message at the start to stand in"
)

// Error makes a Problem the cause that errors.Is finds.
func (p Problem) Error() string { return string(p) }

// A RenderError says which message stands in the way of a rendering and why.
type RenderError struct {
	Problem Problem
	Message int   // index into Conversation.Messages, or -1 for the conversation as a whole
	Err     error // what was wrong in detail; may be nil
}

func (e *RenderError) Error() string {
	msg := string(e.Problem)
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	if e.Message >= 0 {
		return fmt.Sprintf("message %d: %s", e.Message+1, msg)
	}
	return msg
}

// Unwrap returns the Problem and the detail.
func (e *RenderError) Unwrap() []error {
	if e.Err != nil {
		return []error{e.Problem, e.Err}
	}
	return []error{e.Problem}
}

// AppendHF appends to dst the text that the chat template of Llama 3.1 and 3.3
// Instruct gives for c on Hugging Face (apply_chat_template with
// tokenize=False), byte for byte, and returns it. Role tool is written as
// ipython; names, ids and weights have no place in the text. The content of
// system, user and assistant messages is trimmed as Python's str.strip does;
// tool results are not.
//
// The text begins with <|begin_of_text|>: whoever tokenises it must not add
// another. Special tokens spelt out in contents are copied; see SpecialTokens.
//
// It fails with a *RenderError, and returns dst unchanged, for a conversation
// that the template refuses or would not write faithfully.
func AppendHF(dst []byte, c example.Conversation, o Options) ([]byte, error) {
	return render(dst, c, o, true)
}

// AppendPlain appends to dst the text of c in the form of Meta's reference
// code, which has no preamble: a system block is there only if the conversation
// begins with a system message (or Options.ToolsInSystem needs one), and it
// holds neither "Environment: ipython" nor dates. Everything else is as
// AppendHF writes it, so two things differ from Meta's code: contents are
// trimmed, and tools, calls and results stand where the Hugging Face template
// puts them. It fails as AppendHF does.
func AppendPlain(dst []byte, c example.Conversation, o Options) ([]byte, error) {
	return render(dst, c, o, false)
}

func render(dst []byte, c example.Conversation, o Options, preamble bool) ([]byte, error) {
	r := renderer{dst: dst, options: o}
	if err := r.conversation(c, preamble); err != nil {
		return dst, err
	}
	return r.dst, nil
}

type renderer struct {
	dst     []byte
	options Options
	noting  bool   // whether bodies are wanted
	bodies  []body // in the order of the text
}

// A body is where the content of a message and its <|eot_id|> stand in the text.
type body struct {
	message    int
	start, end int
}

// note remembers that the body of message i began at start and has just ended.
func (r *renderer) note(i, start int) {
	if r.noting {
		r.bodies = append(r.bodies, body{i, start, len(r.dst)})
	}
}

func (r *renderer) add(s string) { r.dst = append(r.dst, s...) }

// header begins the block of a role.
func (r *renderer) header(role string) {
	r.add(startHeader)
	r.add(role)
	r.add(endHeader)
	r.add("\n\n")
}

func (r *renderer) conversation(c example.Conversation, preamble bool) error {
	if err := check(c); err != nil {
		return err
	}
	messages, system, first := c.Messages, "", 0
	if hasSystem(c) {
		system, first = messages[0].Content, 1
	}

	r.add(beginOfText)
	tools := hasTools(c)
	inSystem := tools && r.options.ToolsInSystem
	if preamble || first > 0 || inSystem {
		r.header("system")
		start := len(r.dst)
		if preamble {
			r.preamble(tools)
		}
		if inSystem {
			r.add("You have access to the following functions. To call a function, please respond with JSON for a function call.")
			if err := r.tools(c.Tools); err != nil {
				return err
			}
		}
		r.add(example.Trim(system))
		r.add(endOfTurn)
		r.note(first-1, start)
	}
	if tools && !inSystem {
		// The template takes whatever message comes first for the user's.
		if first == len(messages) || messages[first].Role != example.User {
			return &RenderError{Problem: NoUserForTools, Message: -1}
		}
		r.header("user")
		start := len(r.dst)
		r.add("Given the following functions, please respond with a JSON for a function call " +
			"with its proper arguments that best answers the given prompt.\n\n")
		if err := r.tools(c.Tools); err != nil {
			return err
		}
		r.add(example.Trim(messages[first].Content))
		r.add(endOfTurn)
		r.note(first, start)
		first++
	}
	for i := first; i < len(messages); i++ {
		if err := r.message(i, messages[i]); err != nil {
			return err
		}
	}
	if r.options.GenerationPrompt {
		r.header("assistant")
	}
	return nil
}

// preamble writes what the Hugging Face template puts before the system text.
func (r *renderer) preamble(tools bool) {
	if tools {
		r.add("Environment: ipython\n")
	}
	r.add("Cutting Knowledge Date: December 2023\nToday Date: ")
	if r.options.Date == "" {
		r.add(DefaultDate)
	} else {
		r.add(r.options.Date)
	}
	r.add("\n\n")
}

// tools writes the definitions and, before them, how to call them.
func (r *renderer) tools(tools json.RawMessage) error {
	r.add(`Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.` +
		"Do not use variables.\n\n")
	var err error
	if r.dst, err = appendPythonItems(r.dst, tools, 4, "\n\n"); err != nil {
		return &RenderError{Problem: BadTools, Message: -1, Err: err}
	}
	return nil
}

// message writes the message at index i.
func (r *renderer) message(i int, m example.Message) error {
	switch {
	case len(m.ToolCalls) > 0:
		return r.call(i, m)
	case m.Role == example.Tool:
		r.result(i, m)
		return nil
	}
	r.header(string(m.Role))
	start := len(r.dst)
	r.add(example.Trim(m.Content))
	r.add(endOfTurn)
	r.note(i, start)
	return nil
}

// call writes an assistant message that is a tool call.
func (r *renderer) call(i int, m example.Message) error {
	if len(m.ToolCalls) > 1 {
		return &RenderError{Problem: ParallelCalls, Message: i}
	}
	if !r.options.DropCallText && example.Trim(m.Content) != "" {
		return &RenderError{Problem: TextBesideCall, Message: i}
	}
	r.header("assistant")
	start := len(r.dst)
	dst, err := AppendCall(r.dst, m.ToolCalls[0])
	if err != nil {
		var problem *RenderError
		if errors.As(err, &problem) {
			problem.Message = i
		}
		return err
	}
	r.dst = dst
	r.add(endOfTurn)
	r.note(i, start)
	return nil
}

// AppendCall appends to dst a tool call in the words in which the template has
// the assistant say it: {"name": "f", "parameters": {…}}. It fails with a
// *RenderError, and returns dst unchanged, where the arguments are not a JSON
// object.
func AppendCall(dst []byte, call example.ToolCall) ([]byte, error) {
	if jsonKind(call.Arguments) != '{' {
		return dst, &RenderError{Problem: BadArguments, Message: -1}
	}
	out := append(dst, `{"name": "`...)
	out = append(out, call.Name...) // raw, even where it holds quotes: the template does not escape it
	out = append(out, `", "parameters": `...)
	out, err := appendPython(out, call.Arguments, 0)
	if err != nil {
		return dst, &RenderError{Problem: BadArguments, Message: -1, Err: err}
	}
	return append(out, '}'), nil
}

// result writes the tool message at index i.
func (r *renderer) result(i int, m example.Message) {
	r.header("ipython")
	start := len(r.dst)
	defer func() {
		r.add(endOfTurn)
		r.note(i, start)
	}()
	if kind := jsonKind(m.Content); r.options.ResultsAsJSON && (kind == '{' || kind == '[') {
		if dst, err := appendPython(r.dst, m.Content, 0); err == nil {
			r.dst = dst
			return
		}
	}
	r.dst = appendPythonString(r.dst, m.Content)
}

// hasSystem reports whether c begins with a system message, which the template
// writes into the block that it opens with.
func hasSystem(c example.Conversation) bool {
	return len(c.Messages) > 0 && c.Messages[0].Role == example.System
}

// hasTools reports whether c brings tools. An empty array counts, as it does
// in the template: it announces that there will be functions and lists none.
func hasTools(c example.Conversation) bool {
	text := bytes.TrimSpace(c.Tools)
	return len(text) > 0 && string(text) != "null"
}

// check finds what no rendering can have.
func check(c example.Conversation) error {
	if len(c.Messages) == 0 {
		return &RenderError{Problem: NoMessages, Message: -1}
	}
	for i, m := range c.Messages {
		switch m.Role {
		case example.System, example.User, example.Assistant, example.Tool:
		default:
			return &RenderError{Problem: UnknownRole, Message: i, Err: fmt.Errorf("%q", m.Role)}
		}
		if len(m.ToolCalls) > 0 && m.Role != example.Assistant {
			return &RenderError{Problem: MisplacedCall, Message: i}
		}
	}
	return nil
}
