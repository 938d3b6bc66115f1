package export

import (
	"encoding/json"
	"fmt"

	"github.com/voicefit/spotter/internal/example"
)

// A Row is an example as it is stored: canonical messages, the tools or nothing,
// and whether the messages already are in the strict common form.
type Row struct {
	Messages, Tools []byte
	Strict          bool
}

// AppendRow appends the row in the form of p, without a line end, and reports
// whether the row has an answer of weight 0 that the form has no way to say. It
// returns a *Refusal, and dst as it was, for a row that the form can't say. The
// rows of Parquet files are in another form: they go through a Writer.
func (p Preset) AppendRow(dst []byte, row Row) (line []byte, unweighed bool, err error) {
	return p.form().append(dst, row)
}

func (f *form) append(dst []byte, row Row) (line []byte, unweighed bool, err error) {
	if f.copies && row.Strict && len(row.Tools) == 0 {
		dst = append(dst, `{"messages":`...)
		dst = append(dst, row.Messages...)
		return append(dst, '}'), false, nil
	}
	c, err := row.conversation()
	if err != nil {
		return dst, false, err
	}
	for _, check := range f.checks {
		if err := check(c); err != nil {
			return dst, false, err
		}
	}
	line, err = f.encode(dst, c)
	if err != nil {
		return dst, false, err
	}
	return line, !f.weighs && hasWeightZero(c), nil
}

// conversation reads the row. Tools that are no function definitions, which is
// all that platforms know, are a *Refusal.
func (row Row) conversation() (example.Conversation, error) {
	c, err := example.Parse(string(row.Messages), "")
	if err != nil || len(row.Tools) == 0 {
		return c, err
	}
	var tools []struct {
		Type     string
		Function *struct{ Name string }
	}
	if err := json.Unmarshal(row.Tools, &tools); err != nil {
		return c, &Refusal{Reason: "the tools are not a list of function definitions"}
	}
	for i, t := range tools {
		if t.Type != "function" || t.Function == nil || t.Function.Name == "" {
			return c, &Refusal{Reason: fmt.Sprintf(`tool %d is not a function definition: {"type":"function","function":{"name":…}}`, i+1)}
		}
	}
	c.Tools = row.Tools
	return c, nil
}

func hasWeightZero(c example.Conversation) bool {
	for _, m := range c.Messages {
		if m.Weight != nil && *m.Weight == 0 {
			return true
		}
	}
	return false
}
