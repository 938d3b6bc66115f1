package draw

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/web/templates"
)

// How long a text may be, in bytes, to be edited in one line without a part of it
// out of sight; longer ones get a field that grows.
const (
	maxLine = 18 // beside others
	maxItem = 24 // as an element of a list, with its buttons
)

// A former is the work on one form.
type former struct {
	d      Drawer
	e      *Editing
	id     string // of the form
	action string
	beside bool // some fields were taken from the user's words
	err    error
}

// Form draws the form of an Editing. form is the id of the form that the fields
// belong to, action the address that acts are sent to.
func (d Drawer) Form(e *Editing, form, action string) (templates.Editor, error) {
	f := &former{d: d, e: e, id: form, action: action}
	keys := make([]string, len(e.turns))
	for i, t := range e.turns {
		keys[i] = t.key
	}
	v := templates.Editor{
		ID: e.s.Prefix + "-editor", Form: form, Action: action,
		Order: templates.State{Name: fieldOrder, Value: strings.Join(keys, " "), Changed: e.moved, Use: true},
		Add:   templates.Act{Op: "turn-add:", Label: "Add a message in front"},
	}
	for i, t := range e.turns {
		v.Turns = append(v.Turns, f.turn(i, t))
	}
	v.Beside = f.beside
	if f.err != nil {
		return v, fmt.Errorf("draw the form of an example: %w", f.err)
	}
	return v, nil
}

// EditID is the id of a field of a form, by the field's name.
func editID(prefix, name string) string {
	base, at, inside := strings.Cut(name, ":")
	parts := strings.Split(strings.TrimPrefix(base, prefixMessage), ".")
	id := prefix + "-m" + parts[0] + "-edit"
	if len(parts) > 1 {
		id += "-" + strings.Join(parts[1:], "-")
	}
	if inside {
		// Places hold what fragments of addresses may not.
		h := fnv.New64a()
		_, _ = h.Write([]byte(at)) // it never fails
		id += "-" + strconv.FormatUint(h.Sum64(), 36)
	}
	return id
}

var roleOptions = []struct {
	role  example.Role
	label string
}{{example.System, "System prompt"}, {example.User, "User"}, {example.Assistant, "Assistant"}, {example.Tool, "Tool result"}}

// named fills in what every field has by its name.
func (f *former) named(v templates.EditField, name string) templates.EditField {
	v.Name, v.ID = name, editID(f.e.s.Prefix, name)
	v.Focus = f.e.focus == name
	if problem := f.e.Problems[name]; problem != "" {
		v.Problem = problem
		if typed, ok := f.e.refused[name]; ok {
			v.Value, v.Changed = typed, true
		}
	}
	return v
}

func (f *former) turn(i int, t *turn) templates.EditTurn {
	e, base := f.e, messageBase(t.key)
	number := strconv.Itoa(i + 1)
	label := roleWord(t.now.Role) + ", message " + number
	v := templates.EditTurn{
		ID: editID(e.s.Prefix, base) + "-turn", Role: string(t.now.Role), Label: label,
		Up:       templates.Act{Op: "turn-up:" + t.key, Label: "Move message " + number + " up", Disabled: i == 0, Focus: e.focus == "turn-up:"+t.key},
		Down:     templates.Act{Op: "turn-down:" + t.key, Label: "Move message " + number + " down", Disabled: i == len(e.turns)-1, Focus: e.focus == "turn-down:"+t.key},
		Remove:   templates.Act{Op: "turn-remove:" + t.key, Label: "Remove message " + number},
		Add:      templates.Act{Op: "turn-add:" + t.key, Label: "Add a message behind message " + number},
		Folded:   (t.now.Role == example.System || t.now.Role == example.Tool) && len(t.now.Content) > foldAbove && !f.wanted(t),
		Summary:  opening(t.now.Content),
		CallKeys: templates.State{Name: base + ".calls", Changed: t.moved, Use: t.moved},
	}
	v.Roles = f.named(templates.EditField{Kind: templates.FieldChoice, Label: "Message " + number, Changed: t.was == nil || t.was.Role != t.now.Role}, base+".role")
	for _, o := range roleOptions {
		v.Roles.Options = append(v.Roles.Options, templates.Option{Value: string(o.role), Label: o.label, Selected: o.role == t.now.Role})
	}
	if t.now.Role == example.Tool || t.now.ToolCallID != "" {
		answers := f.named(templates.EditField{
			Kind: templates.FieldLine, Label: "Answers the call", Value: t.now.ToolCallID, Changed: t.was == nil || t.was.ToolCallID != t.now.ToolCallID,
		}, base+".answers")
		v.Answers = &answers
	}
	structured := t.now.Role == example.Assistant || t.now.Role == example.Tool
	v.Text = f.text(&t.text, label, structured, t.was == nil, nil)
	if v.Text.Text != nil && !v.Text.JSON && t.now.Content != "" {
		v.Split = &templates.Act{Op: "turn-split:" + t.key, Label: "Split message " + number + " where the cursor is, or at its first empty line"}
	}
	if t.now.Role == example.Assistant && e.wantsJSON() && strings.TrimSpace(t.now.Content) == "" && len(t.calls) == 0 {
		v.Text.Begin = &templates.Act{Op: "begin:" + base, Label: "Begin a structured answer"}
	}
	if v.Text.Text != nil && !v.Text.JSON && v.Text.Problem == "" {
		html, err := f.d.rendered(t.now)
		if err != nil && f.err == nil {
			f.err = err
		}
		v.Text.HTML = html
	}
	keys := make([]string, len(t.calls))
	for j, c := range t.calls {
		keys[j] = c.key
		v.Calls = append(v.Calls, f.call(t, j, c))
	}
	v.CallKeys.Value = strings.Join(keys, " ")
	if t.now.Role == example.Assistant && f.e.calling() {
		v.AddCall = &templates.Act{Op: "call-add:" + t.key, Label: "Add a tool call"}
	}
	return v
}

// wanted says whether the focus or a problem is inside the turn: it is not
// folded then.
func (f *former) wanted(t *turn) bool {
	base := messageBase(t.key)
	within := func(name string) bool {
		return name == base || strings.HasPrefix(name, base+".") || strings.HasPrefix(name, base+":")
	}
	for name := range f.e.Problems {
		if within(name) {
			return true
		}
	}
	return within(f.e.focus)
}

func (f *former) call(t *turn, j int, c *call) templates.EditCall {
	at := callBase(t.key, c.key)
	label := "Tool call " + strconv.Itoa(j+1)
	v := templates.EditCall{
		ID: editID(f.e.s.Prefix, at), Label: label,
		Name:   f.named(templates.EditField{Kind: templates.FieldLine, Label: "Calls", Value: c.now.Name, Changed: c.was == nil || c.was.Name != c.now.Name}, at+".name"),
		Key:    f.named(templates.EditField{Kind: templates.FieldLine, Label: "Id of the call", Value: c.now.ID, Changed: c.was == nil || c.was.ID != c.now.ID}, at+".id"),
		Remove: templates.Act{Op: "call-remove:" + at, Label: "Remove tool call " + strconv.Itoa(j+1)},
	}
	if names := f.e.functions(); len(names) > 0 {
		v.Name.Kind = templates.FieldChoice
		if !slices.Contains(names, c.now.Name) {
			v.Name.Options = []templates.Option{{Value: c.now.Name, Label: orWord(Plain(c.now.Name), "choose a function"), Selected: true}}
		}
		for _, n := range names {
			v.Name.Options = append(v.Name.Options, templates.Option{Value: n, Label: Plain(n), Selected: n == c.now.Name})
		}
	}
	v.Arguments = f.text(&c.args, label+", arguments", true, c.was == nil, f.e.argumentsDrawing(c.now.Name))
	return v
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// calling says whether functions are called in the conversation, or may be:
// elsewhere nobody is offered to add a call.
func (e *Editing) calling() bool {
	return len(e.s.Conversation.Tools) > 0 || slices.ContainsFunc(e.turns, func(t *turn) bool { return len(t.calls) > 0 || t.now.Role == example.Tool })
}

// functions are the names of the tools that the conversation defines.
func (e *Editing) functions() []string {
	var names []string
	if v, err := parse(string(e.s.Conversation.Tools)); err == nil && v.kind == list {
		for _, item := range v.items {
			fn := item
			if inner, ok := item.get("function"); ok {
				fn = inner
			}
			if name, ok := fn.get("name"); ok && name.kind == text {
				names = append(names, name.text)
			}
		}
	}
	return names
}

// text is a slot: as fields where it is JSON and nobody asked for the text.
func (f *former) text(s *slot, label string, structured, fresh bool, w *drawing) templates.EditText {
	text, _, isJSON := shown(s.now)
	changed := fresh && s.now != "" || s.now != s.was
	v := templates.EditText{
		JSON:  isJSON && structured || s.typed != "",
		Exact: templates.State{Name: s.base + ".exact", Value: string(example.AppendString(nil, s.now)), Changed: true},
		View:  templates.State{Name: s.base + ".view", Value: "json", Changed: true},
	}
	if isJSON && structured {
		tree, err := grow(s.now)
		if err == nil && !s.json && size(tree.root) <= maxNodes {
			v.Exact.Use = changed
			if w == nil {
				w = f.e.drawing(s.now, tree.root)
			}
			w.markdown = f.d.markdown
			n := &nested{former: f, w: w, base: s.base, text: s.now}
			n.before, _ = grow(s.was)
			root := n.field(tree.root, nil, around{})
			root.Quiet = root.Label == ""
			root.ID = editID(f.e.s.Prefix, s.base)
			root.Focus = f.e.focus == s.base || f.e.focus == s.base+":"
			v.Answer = &root
			v.Problem = f.e.Problems[s.base]
			v.Toggle = &templates.Act{Op: "json:" + s.base, Label: "As JSON"}
			return v
		}
		v.Exact.Use = changed
		if err == nil && size(tree.root) <= maxNodes {
			v.View.Use = true
			v.Toggle = &templates.Act{Op: "form:" + s.base, Label: "As a form"}
		}
	}
	if isJSON && s.laid != "" {
		text = s.laid
	}
	if s.typed != "" {
		text = s.typed
		v.Exact.Use = changed
		v.View.Use = true
		v.Toggle = &templates.Act{Op: "form:" + s.base, Label: "As a form"}
	}
	field := f.named(templates.EditField{
		Kind: templates.FieldText, Label: label, Quiet: true, Value: text, Rows: rowsOf(text), Changed: changed || s.typed != "", Seen: unseen(text),
	}, s.base)
	if v.JSON {
		field.Lang = "json"
	} else if changed && !fresh {
		// The text as it stands is what the field is compared with.
		v.Exact.Use = false
	}
	v.Text = &field
	return v
}

// rowsOf is how many rows a text needs, for browsers that do not grow fields.
func rowsOf(text string) string {
	const maxRows = 30
	rows := 1
	for line := range strings.SplitSeq(text, "\n") {
		rows += 1 + len(line)/80
	}
	return strconv.Itoa(min(rows, maxRows))
}

// unseen is text as runs where some of it cannot be seen, else nil.
func unseen(s string) []templates.Run {
	runs := Text(s)
	if slices.ContainsFunc(runs, func(r templates.Run) bool { return r.Invisible }) {
		return runs
	}
	return nil
}

// size is how many values there are in v.
func size(v value) int {
	n := 1
	for _, item := range v.items {
		n += size(item)
	}
	return n
}

// A nested is the work on the fields of one text.
type nested struct {
	*former
	w      *drawing
	base   string
	text   string
	before *tree // as stored, to tell what differs; nil where that is no JSON
}

// act is a button about the place.
func (n *nested) act(verb string, path []string, label string) *templates.Act {
	return &templates.Act{Op: verb + ":" + n.base + ":" + placeName(path), Label: label}
}

// field is the value at path as a field.
func (n *nested) field(v value, path []string, in around) templates.EditField {
	w := n.w
	h, facts := w.hint(path), w.facts(path)
	f := templates.EditField{As: h.As, Label: n.name(path, h), Tone: h.Tone, Folded: h.Folded, Help: facts.help, Unit: h.Unit}
	if len(path) > 0 && w.schema.kind == object && !facts.known {
		f.Unknown = true
	}
	if words, ok := strings.CutSuffix(f.Label, " "+h.Unit); ok && h.Unit != "" && h.Label == "" {
		f.Label = words
	}
	if h.FromText {
		n.beside = true
	}
	f = n.named(f, n.base+":"+placeName(path))
	switch {
	case v.kind == object && !v.twins():
		n.members(&f, v, path, h, facts)
	case v.kind == list:
		n.elements(&f, v, path, h)
	case v.kind == null && (facts.only("object") || facts.only("array")):
		f.Kind = templates.FieldNothing
		f.Adds = []templates.Act{*n.act("fill", path, "Fill in "+f.Label)}
	default:
		n.leaf(&f, v, path, h, facts)
	}
	if facts.nullable && !v.scalar() && len(path) > 0 {
		f.Clear = n.act("clear", path, "Set to nothing: "+f.Label)
	}
	if len(path) > 0 {
		parent := w.facts(path[:len(path)-1])
		last := path[len(path)-1]
		if in.sibling != nil && (!slices.Contains(parent.required, last) || f.Unknown) {
			f.Remove = n.act("remove", path, "Remove "+f.Label)
		}
	}
	return f
}

// name labels a place also where it is an element: "Reasoning 3".
func (n *nested) name(path []string, h catalog.Hint) string {
	label := n.w.label(path, h)
	if len(path) == 0 || label != inWords(path[len(path)-1]) || strings.Trim(path[len(path)-1], "0123456789") != "" {
		return label
	}
	parent := path[:len(path)-1]
	i, _ := strconv.Atoi(path[len(path)-1])
	return strings.TrimSpace(n.name(parent, n.w.hint(parent)) + " " + strconv.Itoa(i+1))
}

// members are the fields of an object, and what it may have besides.
func (n *nested) members(f *templates.EditField, v value, path []string, h catalog.Hint, facts facts) {
	f.Kind = templates.FieldGroup
	f.Help = ""
	for _, i := range n.w.inOrder(v, path, h) {
		at := append(path[:len(path):len(path)], v.keys[i])
		f.Fields = append(f.Fields, n.field(v.items[i], at, around{sibling: v.get}))
	}
	slices.SortStableFunc(f.Fields, func(a, b templates.EditField) int {
		switch {
		case a.Folded == b.Folded:
			return 0
		case b.Folded:
			return -1
		}
		return 1
	})
	for _, k := range facts.props {
		if !slices.Contains(v.keys, k) {
			at := append(path[:len(path):len(path)], k)
			f.Adds = append(f.Adds, *n.act("add", at, n.w.label(at, n.w.hint(at))))
		}
	}
}

// elements are the fields of a list.
func (n *nested) elements(f *templates.EditField, v value, path []string, h catalog.Hint) {
	f.Kind = templates.FieldList
	f.Help = ""
	if f.As == "" {
		f.As = byType(v)
	}
	if !slices.Contains(fits[f.As], list) {
		f.As = ""
	}
	for i, item := range v.items {
		at := append(path[:len(path):len(path)], strconv.Itoa(i))
		child := n.field(item, at, around{})
		child.Quiet = item.scalar()
		child.Remove = n.act("remove", at, "Remove "+child.Label)
		up, down := n.act("up", at, "Move "+child.Label+" up"), n.act("down", at, "Move "+child.Label+" down")
		up.Disabled, down.Disabled = i == 0, i == len(v.items)-1
		child.Up, child.Down = up, down
		child.Unknown = false // the list is, then
		f.Fields = append(f.Fields, child)
	}
	end := append(path[:len(path):len(path)], "-")
	label := addOne
	if f.Label != "" {
		label += ": " + f.Label
	}
	add := n.act("add", end, label)
	add.Shown = addOne
	f.Adds = []templates.Act{*add}
	if f.As == catalog.AsBars && h.ItemValue != "" && h.Total != nil {
		var drawn templates.Node
		n.w.bars(&drawn, v, path, h)
		if without := n.uncounted(v, path, h.ItemValue); without > 0 {
			drawn.Gauge = &templates.Gauge{Text: strconv.Itoa(without) + " have no number", Tone: catalog.ToneDanger}
			if without == 1 {
				drawn.Gauge.Text = "One has no number"
			}
		}
		f.Sum, f.SumOf, f.Whole = drawn.Gauge, placeName([]string{h.ItemValue}), trim(*h.Total)
	}
}

// addOne stands on the button of every list; which list it is, is read aloud.
const addOne = "Add one"

// uncounted is how many elements of a list have no number at the member that is
// added up, or something typed there that is none.
func (n *nested) uncounted(v value, path []string, member string) int {
	without := 0
	for i, item := range v.items {
		x, _ := item.get(member)
		_, ok := x.float()
		at := append(path[:len(path):len(path)], strconv.Itoa(i), member)
		if _, refused := n.e.refused[n.base+":"+placeName(at)]; !ok || refused {
			without++
		}
	}
	return without
}

// leaf is a single value.
func (n *nested) leaf(f *templates.EditField, v value, path []string, h catalog.Hint, facts facts) {
	_, refused := n.e.refused[f.Name]
	if !refused {
		f.Value = v.text
		if !v.scalar() {
			f.Value, _, _ = shown(n.text[v.start:v.end])
			f.Lang = "json"
		}
	}
	f.Seen = unseen(v.text)
	if h.As == "" || !slices.Contains(fits[h.As], v.kind) && v.kind != null {
		f.As = ""
	}
	options := n.options(v, h, facts)
	room := maxLine
	if len(path) > 0 && strings.Trim(path[len(path)-1], "0123456789") == "" {
		room = maxItem // elements of a list have a line to themselves
	}
	lines := strings.Contains(f.Value, "\n") || len(f.Value) > room || h.As == catalog.AsMarkdown || !v.scalar()
	switch {
	case len(options) > 0:
		f.Kind, f.Options = templates.FieldChoice, options
	case lines && v.kind != number, len(path) > 0 && n.roomy(path):
		f.Kind, f.Rows = templates.FieldText, rowsOf(f.Value)
	default:
		f.Kind = templates.FieldLine
	}
	f.Numeric = v.kind == number || facts.only("number")
	if f.Numeric && f.Kind == templates.FieldLine {
		f.Min, f.Max, f.Wanted = facts.min, facts.max, facts.wanted()
		switch {
		case f.Min != "" && f.Max != "":
			f.Range = f.Min + " to " + f.Max
		case f.Min != "":
			f.Range = "from " + f.Min
		case f.Max != "":
			f.Range = "up to " + f.Max
		}
		if h.As == catalog.AsMeter || h.As == "" && h.Band != "" {
			var drawn templates.Node
			n.w.meter(&drawn, v, path, h)
			f.Gauge, f.Note, f.NoteTone = drawn.Gauge, drawn.Note, drawn.NoteTone
			if n.w.band != nil && h.Band != "" {
				f.BandFrom, f.BandTo = trim(n.w.band.Min), trim(n.w.band.Max)
			}
		}
	}
	if h.As == catalog.AsMarkdown && v.text != "" {
		html, err := n.d.markdown(spelled(v.text))
		if err != nil && n.err == nil {
			n.err = err
		}
		f.HTML = html
	}
}

// roomy says whether elements of the list that path is in are texts of some
// length: then all are edited in fields of several lines.
func (n *nested) roomy(path []string) bool {
	parent := path[:len(path)-1]
	return n.w.hint(parent).As == catalog.AsSteps
}

// options are the choices for a value; the one it has is always among them.
func (n *nested) options(v value, h catalog.Hint, facts facts) []templates.Option {
	if !v.scalar() {
		return nil
	}
	var values []string
	labels := map[string]string{}
	switch words := n.w.category.Vocabulary(h.Vocabulary, n.w.subcategory); {
	case v.kind == boolean, v.kind == null && facts.only("boolean"):
		values = []string{"true", "false"}
		labels["true"], labels["false"] = "Yes", "No"
	case h.Vocabulary != "" && len(words) > 0:
		values = words
	default:
		for _, item := range facts.enum {
			if item.scalar() && item.kind != null {
				values = append(values, item.text)
			}
		}
	}
	if len(values) == 0 {
		return nil
	}
	var all []templates.Option
	if has := v.kind != null && slices.Contains(values, v.text); facts.nullable || v.kind == null || v.text == "" {
		label := "nothing"
		if !facts.nullable {
			label = "choose"
		}
		all = append(all, templates.Option{Value: "", Label: label, Selected: v.kind == null || v.text == ""})
	} else if !has {
		all = append(all, templates.Option{Value: v.text, Label: Plain(v.text) + " (not one of the choices)", Selected: true})
	}
	if !slices.Contains(values, v.text) && v.text != "" && facts.nullable {
		all = append(all, templates.Option{Value: v.text, Label: Plain(v.text) + " (not one of the choices)", Selected: true})
	}
	for _, word := range values {
		label := labels[word]
		if label == "" {
			label = strings.ReplaceAll(Plain(word), "_", " ")
		}
		all = append(all, templates.Option{Value: word, Label: label, Selected: v.kind != null && v.text == word})
	}
	return all
}

// Anchor is the id of the field that edits the place at path, as findings name
// places of the edited messages; the deepest one there is.
func (e *Editing) Anchor(path string) string {
	p := placeOf(path)
	if p.message < 0 || p.message >= len(e.turns) {
		return e.s.Prefix + "-editor"
	}
	t := e.turns[p.message]
	whole := editID(e.s.Prefix, t.text.base)
	if p.field != "content" || p.inside == "" || t.text.json {
		return whole
	}
	tree, err := grow(t.now.Content)
	if err != nil {
		return whole
	}
	at := pointer(p.inside)
	for len(at) > 0 {
		if _, ok := tree.at(at); ok {
			return editID(e.s.Prefix, t.text.base+":"+placeName(at))
		}
		at = at[:len(at)-1]
	}
	return whole
}
