package draw

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// Names of the fields of a form that edits a conversation. K is the key of a
// message: its number in the stored conversation, or n1, n2, ... for a new one.
// What a form does not send is as it is stored.
//
//	message.order             the keys, in order
//	message.K                 its text, as a text field shows it
//	message.K.exact           its text as a JSON string, where fields edit it
//	message.K.view            "json": the text field is shown, not the fields
//	message.K:/a/0            the value at a place inside its text, see placeName
//	message.K.role            who speaks
//	message.K.answers         of a tool's result: the id of the call
//	message.K.calls           the keys of its tool calls, in order
//	message.K.call.J.name     the function; .id likewise
//	message.K.call.J.arguments  the arguments, with .exact, .view and pointers like a text
const (
	prefixMessage = "message."
	fieldOrder    = "message.order"
)

// Limits of what a form may hold.
const (
	maxMessages = 500
	maxCalls    = 50
	maxNodes    = 3000 // values that are edited as fields; more are edited as JSON
)

// IsEdit says whether a form's field belongs to the edit of a conversation.
func IsEdit(name string) bool { return strings.HasPrefix(name, prefixMessage) }

// An Editing is a conversation while somebody edits it: what is stored, with
// what a form says laid over it.
type Editing struct {
	s     Subject
	turns []*turn
	// Problems says, by field, what of the form could not be taken. The value
	// at such a place is the one from before.
	Problems map[string]string
	refused  map[string]string // what was typed there
	focus    string            // the field to go to
	moved    bool              // messages were added, removed or reordered
}

// A turn is one message of an Editing.
type turn struct {
	key   string
	was   *example.Message // as stored; nil for a new one
	now   example.Message
	text  slot
	calls []*call
	moved bool // calls were added or removed
}

// A call is one tool call of a turn.
type call struct {
	key  string
	was  *example.ToolCall
	now  example.ToolCall
	args slot
}

// A slot is a text that may be JSON, and is edited as such.
type slot struct {
	base     string // of field names
	was, now string
	json     bool   // it is shown as text although it could be a form
	typed    string // the text field's, where it could not be taken
	laid     string // the text field's, where it was laid out by hand
}

// placeName is a path as names of fields have it: a JSON pointer of nothing but
// plain characters, for keys hold what names and pages may not.
func placeName(path []string) string {
	var b strings.Builder
	for _, t := range path {
		b.WriteByte('/')
		for _, c := range []byte(escape(t)) {
			if c == '_' || c == '-' || c == '.' || c == '~' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
	}
	return b.String()
}

// placeNamed is the path that a name tells. What is no name leads nowhere.
func placeNamed(name string) []string {
	plain, err := url.PathUnescape(name)
	if err != nil || name != "" && name[0] != '/' {
		return []string{"", name}
	}
	return pointer(plain)
}

func messageBase(key string) string       { return prefixMessage + key }
func callBase(key, callKey string) string { return prefixMessage + key + ".call." + callKey }

var newKey = regexp.MustCompile(`^n[1-9][0-9]{0,3}$`)

// Edit lays a form over the conversation of s. It fails with fault.Invalid where
// the form is about another conversation; mistakes inside it are Problems.
func Edit(s Subject, form url.Values) (*Editing, error) {
	e := &Editing{s: s, Problems: map[string]string{}, refused: map[string]string{}}
	stored := s.Conversation.Messages
	keys := make([]string, len(stored))
	for i := range stored {
		keys[i] = strconv.Itoa(i)
	}
	if form.Has(fieldOrder) {
		named := strings.Fields(form.Get(fieldOrder))
		e.moved = !slices.Equal(named, keys)
		keys = named
	}
	if len(keys) > maxMessages {
		return nil, fault.New(fault.Invalid, "A conversation has at most %d messages.", maxMessages)
	}
	inside := map[string][]string{} // pointers by the base of their names
	for name := range form {
		if base, at, ok := strings.Cut(name, ":"); ok && IsEdit(name) {
			inside[base] = append(inside[base], at)
		}
	}
	seen := map[string]bool{}
	for _, key := range keys {
		t := &turn{key: key}
		i, err := strconv.Atoi(key)
		switch {
		case seen[key]:
			return nil, stale()
		case err == nil && i >= 0 && i < len(stored) && key == strconv.Itoa(i):
			t.was, t.now = &stored[i], stored[i]
		case !newKey.MatchString(key):
			return nil, stale()
		}
		seen[key] = true
		e.turns = append(e.turns, t)
		if err := e.read(t, form, inside); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func stale() error {
	return fault.New(fault.Invalid, "The form does not fit this example any more. Reload the page.")
}

// read lays the form over one message. Its text comes last: how it is edited
// depends on who speaks.
func (e *Editing) read(t *turn, form url.Values, inside map[string][]string) error {
	base := messageBase(t.key)
	if t.was == nil {
		t.now.Role = example.User
	}
	if name := base + ".role"; form.Has(name) {
		switch role := example.Role(form.Get(name)); role {
		case example.System, example.User, example.Assistant, example.Tool:
			t.now.Role = role
		default:
			e.Problems[name] = "Choose who speaks: system, user, assistant or tool."
		}
	}
	if name := base + ".answers"; form.Has(name) {
		t.now.ToolCallID = form.Get(name)
	}
	keys := make([]string, len(t.now.ToolCalls))
	for j := range keys {
		keys[j] = strconv.Itoa(j)
	}
	if name := base + ".calls"; form.Has(name) {
		named := strings.Fields(form.Get(name))
		t.moved = !slices.Equal(named, keys)
		keys = named
	}
	if len(keys) > maxCalls {
		return fault.New(fault.Invalid, "A message has at most %d calls.", maxCalls)
	}
	var stored []example.ToolCall
	if t.was != nil {
		stored = t.was.ToolCalls
	}
	seen := map[string]bool{}
	for _, key := range keys {
		c := &call{key: key}
		j, err := strconv.Atoi(key)
		switch {
		case seen[key]:
			return stale()
		case err == nil && j >= 0 && j < len(stored) && key == strconv.Itoa(j):
			c.was, c.now = &stored[j], stored[j]
		case !newKey.MatchString(key):
			return stale()
		default:
			c.now.Arguments = "{}"
		}
		seen[key] = true
		at := callBase(t.key, key)
		for name, into := range map[string]*string{at + ".name": &c.now.Name, at + ".id": &c.now.ID} {
			if form.Has(name) && form.Get(name) != asBrowsersSend(*into) {
				*into = form.Get(name)
			}
		}
		c.args = slot{base: at + ".arguments", was: c.now.Arguments}
		e.fill(&c.args, form, inside, func() *drawing { return e.argumentsDrawing(c.now.Name) })
		c.now.Arguments = c.args.now
		t.calls = append(t.calls, c)
	}
	t.text = slot{base: base, was: t.now.Content}
	e.fill(&t.text, form, inside, nil)
	t.now.Content = t.text.now
	return nil
}

// fill lays the form over a text. look returns what describes JSON in it; nil:
// the category does.
func (e *Editing) fill(t *slot, form url.Values, inside map[string][]string, look func() *drawing) {
	t.now = t.was
	if name := t.base + ".exact"; form.Has(name) {
		var exact string
		if json.Unmarshal([]byte(form.Get(name)), &exact) != nil || !utf8.ValidString(exact) {
			e.Problems[t.base] = "The form was cut off on its way. Reload the page."
			return
		}
		t.now = exact
	}
	t.json = form.Get(t.base+".view") == "json"
	if form.Has(t.base) {
		e.retype(t, asBrowsersSend(form.Get(t.base)))
	}
	pointers := inside[t.base]
	if len(pointers) == 0 {
		return
	}
	tree, err := grow(t.now)
	if err != nil {
		e.Problems[t.base] = "This is not valid JSON: " + reason(t.now, err) + "."
		return
	}
	w := e.drawing(t.now, tree.root)
	if look != nil {
		w = look()
	}
	slices.Sort(pointers)
	var changes []replacement
	style := tree.style()
	for _, p := range pointers {
		name := t.base + ":" + p
		path := placeNamed(p)
		v, ok := tree.at(path)
		if !ok {
			e.Problems[name] = "This place is not there any more."
			continue
		}
		typed := asBrowsersSend(form.Get(name))
		raw, problem := w.take(v, tree.text[v.start:v.end], path, typed, style)
		if problem != "" {
			e.Problems[name], e.refused[name] = problem, typed
		} else if raw != "" {
			changes = append(changes, replacement{v.start, v.end, raw})
		}
	}
	if tree.replace(changes) != nil {
		e.Problems[t.base] = "The form contradicts itself. Reload the page."
		return
	}
	t.now = tree.text
}

// retype takes the text of a text field. One that was not changed keeps its
// bytes; a changed one keeps the line ends and the layout of JSON that it had.
func (e *Editing) retype(t *slot, typed string) {
	text, how, isJSON := shown(t.now)
	if typed == asBrowsersSend(text) {
		return
	}
	if isJSON {
		if err := Valid(typed); err != nil {
			e.Problems[t.base] = "This is not valid JSON: " + err.Error() + "."
			t.typed, t.json = typed, true
			return
		}
	}
	if t.json {
		t.laid = typed
	}
	next := how.write(typed)
	if strings.Contains(t.now, "\r\n") && how == asTyped {
		next = strings.ReplaceAll(next, "\n", "\r\n")
	}
	t.now = next
}

// drawing is how the category describes an answer.
func (e *Editing) drawing(content string, v value) *drawing {
	return Drawer{}.begin(e.s, content, v)
}

// argumentsDrawing describes the arguments of a function by the conversation's
// tools.
func (e *Editing) argumentsDrawing(function string) *drawing {
	w := &drawing{}
	if len(e.s.Conversation.Tools) == 0 {
		return w
	}
	v, err := parse(string(e.s.Conversation.Tools))
	if err != nil {
		return w
	}
	for _, item := range v.items {
		f := item
		if inner, ok := item.get("function"); ok {
			f = inner
		}
		if name, _ := f.get("name"); name.text == function {
			w.schema, _ = f.get("parameters")
		}
	}
	return w
}

var numeral = regexp.MustCompile(`^-?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?$`)

// spellNumber returns a number as JSON spells it, or "" for what is none. A
// decimal comma is taken for a point.
func spellNumber(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	if !numeral.MatchString(s) {
		return ""
	}
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	for len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' {
		s = s[1:]
	}
	if s[0] == '.' {
		s = "0" + s
	}
	return sign + s
}

// take turns what was typed for a value into its JSON; "" where nothing
// changed. stored is the JSON that is there.
func (w *drawing) take(v value, stored string, path []string, typed string, how style) (raw, problem string) {
	f := w.facts(path)
	if !v.scalar() {
		text, layout, _ := shown(stored)
		switch {
		case typed == asBrowsersSend(text):
			return "", ""
		case Valid(typed) != nil:
			return "", "This is not valid JSON: " + Valid(typed).Error() + "."
		}
		return layout.write(strings.TrimSpace(typed)), ""
	}
	if typed == asBrowsersSend(v.text) {
		return "", ""
	}
	for _, item := range f.enum {
		if item.scalar() && item.kind != null && item.text == typed {
			return how.write(item, ""), ""
		}
	}
	blank := strings.TrimSpace(typed) == ""
	switch {
	case blank && f.nullable, blank && v.kind == null:
		if v.kind == null {
			return "", ""
		}
		return "null", ""
	case v.kind == boolean || v.kind == null && f.only("boolean"):
		if typed != "true" && typed != "false" {
			return "", "Choose yes or no."
		}
		return typed, ""
	case v.kind == number || f.only("number"):
		if n := spellNumber(typed); n != "" {
			if n == v.text && v.kind == number {
				return "", ""
			}
			return n, ""
		}
		if f.known && f.may("string") && !blank {
			return how.quote(typed), ""
		}
		return "", f.wanted()
	}
	if strings.Contains(v.text, "\r\n") {
		typed = strings.ReplaceAll(typed, "\n", "\r\n")
	}
	return how.quote(typed), ""
}

// Messages are the messages as they are edited by now; places with Problems are
// as they were.
func (e *Editing) Messages() []example.Message {
	messages := make([]example.Message, len(e.turns))
	for i, t := range e.turns {
		m := t.now
		m.ToolCalls = nil
		for _, c := range t.calls {
			m.ToolCalls = append(m.ToolCalls, c.now)
		}
		if t.was == nil || m.Role != t.was.Role { // what goes with the old role goes with it
			if m.Role != example.Tool {
				m.ToolCallID = ""
			}
			if m.Role != example.Assistant {
				m.Weight = nil
			}
		}
		messages[i] = m
	}
	return messages
}

// Broken says whether a text is no JSON where it must be.
func (e *Editing) Broken() bool {
	for name := range e.Problems {
		if !strings.Contains(name, ":") {
			return true
		}
	}
	return false
}

// Err is nil where the whole form could be taken.
func (e *Editing) Err() error {
	if len(e.Problems) == 0 {
		return nil
	}
	msg := strconv.Itoa(len(e.Problems)) + " fields need another look."
	if len(e.Problems) == 1 {
		msg = "One field needs another look."
	}
	return fault.Fields(msg, e.Problems)
}

// find returns the turn with a key and its number.
func (e *Editing) find(key string) (int, *turn) {
	for i, t := range e.turns {
		if t.key == key {
			return i, t
		}
	}
	return -1, nil
}

// fresh is a key that nothing has yet.
func fresh(taken func(string) bool) string {
	for n := 1; ; n++ {
		if key := "n" + strconv.Itoa(n); !taken(key) {
			return key
		}
	}
}

// slotOf is the text whose fields begin with base, and what describes it.
func (e *Editing) slotOf(base string) (*slot, *turn, *call) {
	for _, t := range e.turns {
		if t.text.base == base {
			return &t.text, t, nil
		}
		for _, c := range t.calls {
			if c.args.base == base {
				return &c.args, t, c
			}
		}
	}
	return nil, nil, nil
}

// Do carries out one act of the form: "verb:target", where the target is a
// message's key, a call's base or the name of a field. split is how many
// characters of the text, as scripts count them, stay in a message that is
// split; less than zero: up to its first empty line.
func (e *Editing) Do(op string, split int) error {
	verb, target, ok := strings.Cut(op, ":")
	if !ok {
		return stale()
	}
	switch verb {
	case "turn-add", "turn-remove", "turn-up", "turn-down", "turn-split", "call-add":
		return e.turnAct(verb, target, split)
	case "call-remove":
		for _, t := range e.turns {
			for j, c := range t.calls {
				if callBase(t.key, c.key) == target {
					t.calls, t.moved = slices.Delete(t.calls, j, j+1), true
					e.focus = messageBase(t.key)
					return nil
				}
			}
		}
		return stale()
	}
	base, at, inside := strings.Cut(target, ":")
	s, t, c := e.slotOf(base)
	if s == nil {
		return stale()
	}
	switch verb {
	case "json":
		s.json, e.focus = true, base
		return nil
	case "form":
		s.json, e.focus = false, base
		if s.typed != "" {
			s.json = true // what is no JSON has no fields
		}
		return nil
	case "begin":
		if s.now != "" {
			return stale()
		}
		s.now = e.blankAnswer()
	default:
		if !inside {
			return stale()
		}
		if err := e.inside(verb, s, t, c, placeNamed(at)); err != nil {
			return err
		}
	}
	t.now.Content = t.text.now
	if c != nil {
		c.now.Arguments = c.args.now
	}
	return nil
}

// blankAnswer is an answer of the category with what must be in it.
func (e *Editing) blankAnswer() string {
	for _, schema := range e.s.Category.Schemas {
		if len(schema.When) > 0 && len(e.s.Category.Schemas) > 1 {
			continue
		}
		w := &drawing{category: e.s.Category, subcategory: e.s.Subcategory}
		w.schema, _ = parse(string(schema.JSON))
		if v := w.blank(nil, value{}, 0); v.kind == object || v.kind == list {
			return style{comma: ",", colon: ":"}.write(v, "")
		}
	}
	return "{}"
}

// turnAct adds, removes, moves or splits messages.
func (e *Editing) turnAct(verb, key string, split int) error {
	i, t := e.find(key)
	if t == nil && (verb != "turn-add" || key != "") {
		return stale()
	}
	nextKey := func() string {
		return fresh(func(k string) bool { _, t := e.find(k); return t != nil })
	}
	e.moved = true
	switch verb {
	case "turn-add":
		n := &turn{key: nextKey()}
		n.now.Role = example.User
		if t != nil && t.now.Role == example.User {
			n.now.Role = example.Assistant
		}
		n.text.base = messageBase(n.key)
		e.turns = slices.Insert(e.turns, i+1, n)
		e.focus = n.text.base
	case "turn-remove":
		e.turns = slices.Delete(e.turns, i, i+1)
		if len(e.turns) > 0 {
			e.focus = messageBase(e.turns[min(i, len(e.turns)-1)].key)
		}
	case "turn-up", "turn-down":
		j := i - 1
		if verb == "turn-down" {
			j = i + 1
		}
		if j >= 0 && j < len(e.turns) {
			e.turns[i], e.turns[j] = e.turns[j], e.turns[i]
		}
		e.focus = verb + ":" + key
	case "turn-split":
		first, second := cut(t.now.Content, split)
		n := &turn{key: nextKey()}
		n.now.Role, n.now.Content = t.now.Role, second
		switch t.now.Role { // what was glued together was said in turns
		case example.User:
			n.now.Role = example.Assistant
		case example.Assistant:
			n.now.Role = example.User
		}
		n.text = slot{base: messageBase(n.key), now: second}
		t.now.Content, t.text.now, t.text.typed = first, first, ""
		e.turns = slices.Insert(e.turns, i+1, n)
		e.focus = n.text.base
	case "call-add":
		if len(t.calls) >= maxCalls {
			return fault.New(fault.Invalid, "A message has at most %d calls.", maxCalls)
		}
		c := &call{key: fresh(func(k string) bool {
			return slices.ContainsFunc(t.calls, func(c *call) bool { return c.key == k })
		})}
		c.now = example.ToolCall{ID: e.freshID(), Arguments: "{}"}
		at := callBase(key, c.key)
		c.args = slot{base: at + ".arguments", was: "{}", now: "{}"}
		t.calls, t.moved = append(t.calls, c), true
		e.focus = at + ".name"
	}
	if len(e.turns) > maxMessages {
		return fault.New(fault.Invalid, "A conversation has at most %d messages.", maxMessages)
	}
	return nil
}

// freshID is an id that no call has.
func (e *Editing) freshID() string {
	for n := 1; ; n++ {
		id := fmt.Sprintf("call_%d", n)
		taken := slices.ContainsFunc(e.turns, func(t *turn) bool {
			return slices.ContainsFunc(t.calls, func(c *call) bool { return c.now.ID == id })
		})
		if !taken {
			return id
		}
	}
}

// cut splits a text, without the white space at the cut. at counts UTF-16 units
// of the text as a text field has it.
func cut(s string, at int) (first, second string) {
	if at < 0 {
		for _, gap := range []string{"\r\n\r\n", "\n\n", "\n"} {
			if i := strings.Index(s, gap); i > 0 {
				return strings.TrimRight(s[:i], " \t\r\n"), strings.TrimLeft(s[i:], " \t\r\n")
			}
		}
		return s, ""
	}
	end := len(s)
	for i, r := range s {
		if at <= 0 {
			end = i
			break
		}
		if r == '\r' && strings.HasPrefix(s[i:], "\r\n") {
			continue // a text field has one line end for the two
		}
		at--
		if r > 0xffff {
			at--
		}
	}
	return strings.TrimRight(s[:end], " \t\r\n"), strings.TrimLeft(s[end:], " \t\r\n")
}

// inside adds, removes and moves parts of a structured answer.
func (e *Editing) inside(verb string, s *slot, t *turn, c *call, path []string) error {
	tree, err := grow(s.now)
	if err != nil {
		return fault.New(fault.Invalid, "This answer is not valid JSON: mend it as text first.")
	}
	w := e.describe(s, c, tree.root)
	if c == nil && t.now.Role != example.Assistant {
		w = &drawing{}
	}
	field := func(path []string) string { return s.base + ":" + placeName(path) }
	parent := path[:max(len(path)-1, 0)]
	last := ""
	if len(path) > 0 {
		last = path[len(path)-1]
	}
	switch verb {
	case "add": // path: the list and where in it, or the object and a key it lacks
		in, ok := tree.at(parent)
		if !ok || len(path) == 0 {
			return stale()
		}
		at := len(in.items)
		like := value{}
		if in.kind == list {
			if n, err := strconv.Atoi(last); err == nil && n >= 0 && n <= len(in.items) {
				at = n
			}
			if len(in.items) > 0 {
				like = in.items[max(at-1, 0)]
			}
			path = append(parent[:len(parent):len(parent)], strconv.Itoa(at))
		}
		err = tree.insert(parent, at, last, w.blank(path, like, 0))
		if in.kind == list && err == nil {
			e.shift(s.base, parent)
		}
		e.focus = field(path)
	case "remove":
		in, ok := tree.at(parent)
		if !ok {
			return stale()
		}
		err = tree.remove(path)
		e.focus = field(parent)
		if in.kind == list {
			e.shift(s.base, parent)
			if n, _ := strconv.Atoi(last); len(in.items) > 1 {
				e.focus = field(append(parent[:len(parent):len(parent)], strconv.Itoa(min(n, len(in.items)-2))))
			}
		}
	case "up", "down":
		n, convErr := strconv.Atoi(last)
		if convErr != nil {
			return stale()
		}
		from, to := n, n+1
		if verb == "up" {
			from, to = n-1, n-1
		}
		if in, ok := tree.at(parent); ok && in.kind == list && from >= 0 && from+1 < len(in.items) {
			err = tree.swap(parent, from)
			e.shift(s.base, parent)
			path = append(parent[:len(parent):len(parent)], strconv.Itoa(to))
		}
		e.focus = field(path)
	case "fill": // nothing becomes what should be there
		err = tree.set(path, tree.style().write(w.blank(path, value{}, 0), ""))
		e.focus = field(path)
	case "clear":
		err = tree.set(path, "null")
		e.focus = field(path)
	default:
		return stale()
	}
	if err != nil {
		return stale()
	}
	s.now = tree.text
	return nil
}

// shift forgets what could not be taken in a list whose elements move: it has no
// place any more.
func (e *Editing) shift(base string, path []string) {
	prefix := base + ":" + placeName(path) + "/"
	for name := range e.Problems {
		if strings.HasPrefix(name, prefix) {
			delete(e.Problems, name)
			delete(e.refused, name)
		}
	}
}

// describe returns what describes the JSON of a slot.
func (e *Editing) describe(s *slot, c *call, root value) *drawing {
	if c != nil {
		return e.argumentsDrawing(c.now.Name)
	}
	return e.drawing(s.now, root)
}

// wantsJSON says whether the category wants structured answers.
func (e *Editing) wantsJSON() bool {
	return e.s.Category.AnswerFor(e.s.Subcategory).Kind == catalog.KindJSON && len(e.s.Category.Schemas) > 0
}
