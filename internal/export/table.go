package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A group of rows in a Parquet file ends after so many rows or bytes of text: it
// is held in memory until then.
const (
	groupRows  = 10_000
	groupBytes = 32 << 20
)

// table writes the rows of a Parquet file.
type table interface {
	append(c example.Conversation) (size int, err error)
	flush() error
	close() error
}

// tableOf writes rows of T, each made from a conversation.
type tableOf[T any] struct {
	w    *parquet.GenericWriter[T]
	make func(example.Conversation) (row T, size int, err error)
	row  [1]T
}

// newTable begins a table. The same rows give the same bytes: nothing in the
// file tells when or by which build it was written.
func newTable[T any](w io.Writer, convert func(example.Conversation) (T, int, error)) table {
	return &tableOf[T]{
		w:    parquet.NewGenericWriter[T](w, parquet.Compression(&parquet.Snappy), parquet.CreatedBy("spotter", "1", "0")),
		make: convert,
	}
}

func (t *tableOf[T]) append(c example.Conversation) (int, error) {
	row, size, err := t.make(c)
	if err != nil {
		return 0, err
	}
	t.row[0] = row
	if _, err := t.w.Write(t.row[:]); err != nil {
		return 0, fmt.Errorf("write a row: %w", err)
	}
	return size, nil
}

func (t *tableOf[T]) flush() error { return t.w.Flush() }
func (t *tableOf[T]) close() error { return t.w.Close() }

// chatRecord is a row of role and content, and the tools as JSON.
type chatRecord struct {
	Messages []chatMessage `parquet:"messages,list"`
	Tools    string        `parquet:"tools"`
}

type chatMessage struct {
	Role    string `parquet:"role"`
	Content string `parquet:"content"`
}

// chatTable is the table that holds the same as appendTabular writes.
func chatTable(w io.Writer) table {
	return newTable(w, func(c example.Conversation) (chatRecord, int, error) {
		row := chatRecord{Tools: toolsOrNull(c)}
		size := len(row.Tools)
		for _, m := range c.Messages {
			msg := chatMessage{Role: string(m.Role), Content: example.Trim(m.Content)}
			if len(m.ToolCalls) > 0 {
				var err error
				if msg.Content, err = llamaCall(m.ToolCalls[0]); err != nil {
					return row, 0, err
				}
			}
			row.Messages = append(row.Messages, msg)
			size += len(msg.Content)
		}
		return row, size, nil
	})
}

// fullRecord is a row with everything that a conversation has.
type fullRecord struct {
	Messages []fullMessage `parquet:"messages,list"`
	Tools    string        `parquet:"tools,optional"`
}

type fullMessage struct {
	Role       string     `parquet:"role"`
	Name       string     `parquet:"name,optional"`
	Content    string     `parquet:"content"`
	ToolCalls  []fullCall `parquet:"tool_calls,list"`
	ToolCallID string     `parquet:"tool_call_id,optional"`
	Weight     *int32     `parquet:"weight,optional"`
}

type fullCall struct {
	ID       string       `parquet:"id"`
	Type     string       `parquet:"type"`
	Function fullFunction `parquet:"function"`
}

type fullFunction struct {
	Name      string `parquet:"name"`
	Arguments string `parquet:"arguments"`
}

// fullTable loses nothing: contents as they are, names, calls and weights.
func fullTable(w io.Writer) table {
	return newTable(w, func(c example.Conversation) (fullRecord, int, error) {
		row := fullRecord{Tools: string(c.Tools)}
		size := len(row.Tools)
		for _, m := range c.Messages {
			msg := fullMessage{Role: string(m.Role), Name: m.Name, Content: m.Content, ToolCallID: m.ToolCallID}
			if m.Weight != nil {
				weight := int32(min(max(*m.Weight, 0), 1)) // it is one of them
				msg.Weight = &weight
			}
			size += len(m.Content)
			for _, t := range m.ToolCalls {
				msg.ToolCalls = append(msg.ToolCalls, fullCall{ID: t.ID, Type: "function", Function: fullFunction{t.Name, t.Arguments}})
				size += len(t.Arguments)
			}
			row.Messages = append(row.Messages, msg)
		}
		return row, size, nil
	})
}

// parquetMagic begins and ends a Parquet file.
const parquetMagic = "PAR1"

// IsParquet reports whether a file that begins with head is a Parquet file.
func IsParquet(head []byte) bool { return len(head) >= 4 && string(head[:4]) == parquetMagic }

// ReadParquet does for a Parquet file of size bytes what Read does for lines; the
// number of a problem's line is that of the row. A preset whose platform takes no
// Parquet refuses the file.
func (v *Validator) ReadParquet(ctx context.Context, r io.ReaderAt, size int64, report func(Problem)) (err error) {
	tell := func() {
		for _, p := range v.take() {
			report(p)
		}
	}
	if !v.rules.parquet {
		v.refuse("format/parquet", "This is a Parquet file. %s takes conversations as JSON Lines: export or convert it.", v.rules.platform)
		tell()
		return nil
	}
	// The library panics on some damaged files.
	defer func() {
		if x := recover(); x != nil {
			err = fault.New(fault.Invalid, "The Parquet file is damaged: %v. Write it again.", x)
		}
	}()
	f, err := parquet.OpenFile(r, size)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The Parquet file can't be opened. Write it again.")
	}
	rows := parquet.NewGenericReader[any](f)
	defer func() { err = errors.Join(err, rows.Close()) }()
	one := make([]any, 1)
	for n := int64(1); ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		one[0] = nil
		k, err := rows.Read(one)
		if err != nil && !errors.Is(err, io.EOF) {
			return fault.Wrap(fault.Invalid, err, "Row %d of the Parquet file can't be read. Write it again.", n)
		}
		if k == 0 {
			break
		}
		v.line, v.typed = n, true
		v.Rows++
		row, err := recordValue(one[0])
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		v.row(row)
		tell()
	}
	v.Bytes = size
	for _, p := range v.Finish() {
		report(p)
	}
	return nil
}

// recordValue turns a row as the library reads it into a value. Columns of rows
// that have nothing there, which the table gives to every row, are left out.
func recordValue(row any) (value, error) {
	b, err := json.Marshal(row)
	if err != nil {
		return value{}, fmt.Errorf("read a row: %w", err)
	}
	v, err := parseValue(b)
	return v.bare(), err
}

// bare returns v without members that are null or empty lists.
func (v value) bare() value {
	for i := range v.items {
		v.items[i] = v.items[i].bare()
	}
	members := v.members[:0]
	for _, m := range v.members {
		if m.value.kind == 'n' || m.value.kind == '[' && len(m.value.items) == 0 {
			continue
		}
		members = append(members, member{m.key, m.value.bare()})
	}
	v.members = members
	return v
}
