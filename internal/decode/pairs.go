package decode

import "github.com/voicefit/spotter/internal/example"

// alpaca reads a row of Alpaca's format: instruction and input become the user
// turn, joined by a line break where both are there; the pairs of history come
// first.
func (r *reader) alpaca() error {
	if r.shape&hasInstruction == 0 || r.shape&hasOutput == 0 {
		return r.wrong("instruction and output")
	}
	instruction, _, err := r.takeText("instruction")
	if err != nil {
		return err
	}
	input, _, err := r.takeText("input")
	if err != nil {
		return err
	}
	output, ok, err := r.takeText("output")
	if err != nil {
		return err
	}
	if !ok {
		return invalid("output is null; it must be the answer, a string.")
	}
	if n := r.take("history"); n >= 0 {
		if err := r.history(n); err != nil {
			return err
		}
	}
	ask := instruction
	switch {
	case ask == "":
		ask = input
	case input != "":
		ask += "\n" + input
	}
	r.add(example.Message{Role: example.User, Content: ask})
	r.add(example.Message{Role: example.Assistant, Content: output})
	return r.beside()
}

// history reads Alpaca's list of [question, answer] pairs.
func (r *reader) history(n int32) error {
	if r.nodes[n].kind == text && r.str(n) == "" {
		return nil
	}
	if r.nodes[n].kind != list {
		return invalid("history must be a list of [question, answer] pairs, found %s.", r.found(n))
	}
	c := n + 1
	for i := range int(r.nodes[n].size) {
		if v := &r.nodes[c]; v.kind != list || v.size != 2 || r.nodes[c+1].kind != text || r.nodes[c+2].kind != text {
			return invalid("%s must be a pair of strings, [question, answer].", index("history", i))
		}
		r.add(example.Message{Role: example.User, Content: r.str(c + 1)})
		r.add(example.Message{Role: example.Assistant, Content: r.str(c + 2)})
		c = r.nodes[c].next
	}
	return nil
}

// promptCompletion reads a row with prompt and completion, each a string (one
// turn) or a list of messages.
func (r *reader) promptCompletion() error {
	prompt, completion := r.take("prompt"), r.take("completion")
	if prompt < 0 || completion < 0 {
		return r.wrong("prompt and completion")
	}
	if err := r.side(prompt, "prompt", example.User); err != nil {
		return err
	}
	if err := r.side(completion, "completion", example.Assistant); err != nil {
		return err
	}
	return r.beside()
}

func (r *reader) side(n int32, key string, role example.Role) error {
	switch r.nodes[n].kind {
	case text:
		r.add(example.Message{Role: role, Content: r.str(n)})
		return nil
	case list:
		return r.turns(n, key, OpenAI)
	}
	return invalid("%s must be a string or a list of messages, found %s.", key, r.found(n))
}
