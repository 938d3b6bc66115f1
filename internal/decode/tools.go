package decode

// allTools reads the tool definitions of a row: tools, or OpenAI's older
// functions.
func (r *reader) allTools() error {
	if n := r.take("tools"); n >= 0 {
		if err := r.toolList(n, "tools"); err != nil {
			return err
		}
	}
	if n := r.take("functions"); n >= 0 {
		if len(r.row.Conversation.Tools) > 0 {
			return invalid("The row has both tools and functions. Keep tools.")
		}
		return r.toolList(n, "functions")
	}
	return nil
}

// toolList reads a list of tool definitions, or its JSON in a string; an empty
// one means none. A bare function gets OpenAI's wrapping {"type":"function",
// "function":...}, which every platform asks for.
func (r *reader) toolList(n int32, path string) error {
	d := r.document
	if d.nodes[n].kind == text {
		s := d.str(n)
		if s == "" {
			return nil
		}
		d = new(document)
		if err := d.parse([]byte(s)); err != nil {
			return invalid("%s must be a list of tool definitions, but %s (%s of it).", path, err.msg, where([]byte(s), err.off))
		}
		n = 0
		if d.nodes[0].kind == null {
			return nil
		}
	}
	if d.nodes[n].kind != list {
		return invalid("%s must be a list of tool definitions, found %s.", path, d.found(n))
	}
	if d.nodes[n].size == 0 {
		return nil
	}
	out := []byte{'['}
	c := n + 1
	for i := range int(d.nodes[n].size) {
		if i > 0 {
			out = append(out, ',')
		}
		if d.nodes[c].kind != object {
			return invalid("%s must be an object, found %s.", index(path, i), d.found(c))
		}
		if d.member(c, "function") < 0 && d.member(c, "type") < 0 && d.member(c, "name") >= 0 {
			out = append(out, `{"type":"function","function":`...)
			out = append(d.appendValue(out, c, verbatim), '}')
		} else {
			out = d.appendValue(out, c, verbatim)
		}
		c = d.nodes[c].next
	}
	r.row.Conversation.Tools = append(out, ']')
	return nil
}
