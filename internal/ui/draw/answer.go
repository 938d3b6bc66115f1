package draw

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/web/templates"
)

// How long a text may be, in bytes, to be drawn small.
const (
	maxChip = 48 // in a row of chips
	maxSlot = 60 // as a value beside others
	maxCell = 60 // in a cell of a table
)

// maxColumns is how many columns a table may have; more become cards.
const maxColumns = 5

// A drawing is the work on one structured answer.
type drawing struct {
	markdown    func(string) (string, error)
	hints       []hint
	schema      value // the JSON Schema, null where there is none
	category    catalog.Category
	subcategory string
	band        *catalog.Band
	findings    map[string][]span // marks inside texts, by JSON pointer
	said        []said
	err         error // the first one of markdown
}

// said is a value that should stand in the user's words.
type said struct {
	label, text string
	number      bool
	node        string // JSON pointer of the node
}

type hint struct {
	catalog.Hint
	tokens []string
}

// fits are the kinds of value that each way to draw takes.
var fits = map[string][]kind{
	catalog.AsSlots: {object}, catalog.AsGroup: {object}, catalog.AsColumns: {object},
	catalog.AsMeter: {number}, catalog.AsNumber: {number}, catalog.AsFlag: {boolean},
	catalog.AsChoice: {text, number}, catalog.AsText: {text}, catalog.AsMarkdown: {text},
	catalog.AsSteps: {list}, catalog.AsChips: {list}, catalog.AsBars: {list}, catalog.AsTable: {list},
	catalog.AsTimeline: {list, object},
}

// begin looks up how answers like v are drawn.
func (d Drawer) begin(s Subject, content string, v value) *drawing {
	w := &drawing{markdown: d.markdown, category: s.Category, subcategory: s.Subcategory}
	if sub, ok := s.Category.Subcategory(s.Subcategory); ok {
		w.band = sub.ConfidenceBand
	}
	var plain any
	if json.Unmarshal([]byte(content), &plain) != nil {
		return w // numbers beyond float64: drawn by type
	}
	schema, ok := s.Category.SchemaFor(plain)
	if !ok {
		return w
	}
	for _, h := range schema.View {
		w.hints = append(w.hints, hint{h, pointer(h.Path)})
	}
	w.schema = d.schemas.read(schema.JSON) // without it, drawing goes by type
	return w
}

func pointer(path string) []string {
	if path == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens
}

func join(path []string) string {
	var b strings.Builder
	for _, t := range path {
		b.WriteString("/" + escape(t))
	}
	return b.String()
}

func covers(pattern, path []string) bool {
	for i, t := range pattern {
		if t != "*" && t != path[i] {
			return false
		}
	}
	return true
}

// hint returns what the category says about the place; the entry with the
// fewest stars counts.
func (w *drawing) hint(path []string) catalog.Hint {
	best, stars := catalog.Hint{}, len(path)+1
	for _, h := range w.hints {
		if len(h.tokens) != len(path) || !covers(h.tokens, path) {
			continue
		}
		n := 0
		for _, t := range h.tokens {
			if t == "*" {
				n++
			}
		}
		if n < stars {
			best, stars = h.Hint, n
		}
	}
	return best
}

// order returns the members of the object v in the order of drawing: fields the
// hint names, then as hints come, then as the schema has them, then the rest.
// A hint for the elements of a list says how a field looks, not where it stands.
func (w *drawing) order(v value, path []string, h catalog.Hint) []int {
	// A unit is drawn with its number.
	return slices.DeleteFunc(w.inOrder(v, path, h), func(i int) bool {
		return v.items[i].kind == text && slices.ContainsFunc(v.keys, func(key string) bool {
			other, _ := v.get(key)
			return w.hint(append(path[:len(path):len(path)], key)).UnitFrom == v.keys[i] && other.kind != null
		})
	})
}

// inOrder is order with every member; a unit that no hint places follows its
// number.
func (w *drawing) inOrder(v value, path []string, h catalog.Hint) []int {
	var order []int
	taken := make([]bool, len(v.keys))
	take := func(key string) {
		for i, k := range v.keys {
			if k == key && !taken[i] {
				taken[i] = true
				order = append(order, i)
			}
		}
	}
	number := take
	take = func(key string) {
		number(key)
		if unit := w.hint(append(path[:len(path):len(path)], key)).UnitFrom; unit != "" && slices.Contains(v.keys, key) {
			number(unit)
		}
	}
	for _, f := range h.Fields {
		take(f)
	}
	for _, h := range w.hints {
		if len(h.tokens) > len(path) && slices.Equal(h.tokens[:len(path)], path) {
			take(h.tokens[len(path)])
		}
	}
	for _, k := range w.facts(path).props {
		take(k)
	}
	for _, k := range v.keys {
		take(k)
	}
	return order
}

// label names a place: the hint's label, the schema's title, or the key in words.
func (w *drawing) label(path []string, h catalog.Hint) string {
	if h.Label != "" {
		return h.Label
	}
	if len(path) == 0 {
		return ""
	}
	if t := w.facts(path).title; t != "" {
		return t
	}
	return inWords(path[len(path)-1])
}

// inWords turns a key like duration_weeks into "Duration weeks".
func inWords(key string) string {
	s := strings.Join(strings.FieldsFunc(key, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), " ")
	if s == "" {
		return key
	}
	r, size := utf8.DecodeRuneInString(s)
	return Plain(string(unicode.ToUpper(r)) + s[size:])
}

// Plain is Text for places where only plain words go, such as labels.
func Plain(s string) string {
	var b strings.Builder
	for _, r := range Text(s) {
		if r.Invisible {
			b.WriteString("[" + r.Text + "]")
		} else {
			b.WriteString(r.Text)
		}
	}
	return b.String()
}

// How a node's surroundings change it.
type around struct {
	sibling func(key string) (value, bool) // of the object it is in; may be nil
	narrow  bool                           // there is no room for tables
}

// node draws the value at path.
func (w *drawing) node(v value, path []string, in around) templates.Node {
	h := w.hint(path)
	n := templates.Node{Path: join(path), Label: w.label(path, h), Tone: h.Tone, Folded: h.Folded}
	if (v.kind == list || v.kind == object) && len(v.items) == 0 || v.kind == null {
		n.Kind, n.None, n.Text = templates.NodeValue, true, plainRuns(nothing(v, h))
		n.Tone = ""
		return n
	}
	as := w.shape(v, h)
	switch as {
	case catalog.AsSlots, catalog.AsGroup, catalog.AsColumns:
		w.members(&n, as, v, path, h, in)
	case catalog.AsSteps, catalog.AsChips, templates.NodeList:
		w.elements(&n, as, v, path, in)
	case catalog.AsBars:
		w.bars(&n, v, path, h)
	case catalog.AsTable:
		w.table(&n, v, path, h, in)
	case catalog.AsTimeline:
		w.timeline(&n, v, path, h)
	case catalog.AsMeter:
		w.meter(&n, v, path, h)
	default:
		w.leaf(&n, as, v, path, h, in)
	}
	return n
}

// shape says how to draw a value: as its hint says where that fits, or by its type.
func (w *drawing) shape(v value, h catalog.Hint) string {
	as := h.As
	if as == "" && h.Band != "" {
		as = catalog.AsMeter
	}
	if as == "" || !slices.Contains(fits[as], v.kind) {
		return byType(v)
	}
	return as
}

// hasMembers says whether what is drawn so is drawn field by field.
func hasMembers(as string) bool {
	return as == catalog.AsSlots || as == catalog.AsGroup || as == catalog.AsColumns
}

func nothing(v value, h catalog.Hint) string {
	switch {
	case v.kind == list:
		return "none"
	case v.kind == object:
		return "nothing in it"
	case h.FromText:
		return "not said"
	}
	return "nothing"
}

func plainRuns(s string) []templates.Run { return []templates.Run{{Text: s}} }

// byType chooses how to draw a value nobody gave a hint for.
func byType(v value) string {
	switch v.kind {
	case object:
		for _, item := range v.items {
			if !item.scalar() || len(item.text) > maxSlot || strings.Contains(item.text, "\n") {
				return catalog.AsGroup
			}
		}
		return catalog.AsSlots
	case list:
		if v.all(object) {
			return catalog.AsTable
		}
		for _, item := range v.items {
			if !item.scalar() || len(item.text) > maxChip {
				return templates.NodeList
			}
		}
		return catalog.AsChips
	case boolean:
		return catalog.AsFlag
	case number:
		return catalog.AsNumber
	}
	return catalog.AsText
}

// members draws an object's fields.
func (w *drawing) members(n *templates.Node, as string, v value, path []string, h catalog.Hint, in around) {
	n.Kind = as
	for _, i := range w.order(v, path, h) {
		n.Nodes = append(n.Nodes, w.member(as, v, i, path, in))
	}
	// What starts closed matters less: it comes last.
	slices.SortStableFunc(n.Nodes, func(a, b templates.Node) int {
		switch {
		case a.Folded == b.Folded:
			return 0
		case b.Folded:
			return -1
		}
		return 1
	})
}

// member draws the field with number i of an object.
func (w *drawing) member(as string, v value, i int, path []string, in around) templates.Node {
	return w.node(v.items[i], append(path[:len(path):len(path)], v.keys[i]), around{sibling: v.get, narrow: in.narrow || as == catalog.AsColumns})
}

// elements draws a list whose elements stand for themselves.
func (w *drawing) elements(n *templates.Node, as string, v value, path []string, in around) {
	n.Kind = as
	for i, item := range v.items {
		child := w.node(item, append(path[:len(path):len(path)], strconv.Itoa(i)), in)
		child.Label = ""
		if !child.None && len(child.Nodes) == 0 {
			child.Kind = templates.NodeItem
		}
		n.Nodes = append(n.Nodes, child)
	}
}

// bars draws a list of objects by one of their numbers, and what these add up to.
func (w *drawing) bars(n *templates.Node, v value, path []string, h catalog.Hint) {
	if !v.all(object) || h.ItemLabel == "" || h.ItemValue == "" {
		w.elements(n, templates.NodeList, v, path, around{})
		return
	}
	n.Kind = templates.NodeBars
	whole, sum, counted := 1.0, 0.0, true
	if h.Total != nil && *h.Total > 0 {
		whole = *h.Total
	} else {
		for _, item := range v.items {
			x, _ := item.get(h.ItemValue)
			if f, ok := x.float(); ok {
				whole = max(whole, f)
			}
		}
	}
	percent := h.Total != nil && *h.Total == 1
	for i, item := range v.items {
		at := append(path[:len(path):len(path)], strconv.Itoa(i))
		bar := templates.Node{Kind: templates.NodeItem, Path: join(at)}
		caption, named := item.get(h.ItemLabel)
		named = named && caption.scalar()
		if named {
			bar.Text = w.text(caption, append(at[:len(at):len(at)], h.ItemLabel))
		}
		x, _ := item.get(h.ItemValue)
		f, ok := x.float()
		counted = counted && ok
		sum += f
		bar.Gauge = &templates.Gauge{Text: "no number"}
		if ok {
			bar.Gauge = &templates.Gauge{Text: share(f, x.text, percent), At: position(f / whole)}
			if f < 0 || f > whole {
				bar.Gauge.Tone = catalog.ToneDanger
			}
		}
		for _, k := range w.order(item, at, h) {
			key := item.keys[k]
			if drawn := named && key == h.ItemLabel || ok && key == h.ItemValue; !drawn {
				bar.Nodes = append(bar.Nodes, w.node(item.items[k], append(at[:len(at):len(at)], key), around{sibling: item.get, narrow: true}))
			}
		}
		n.Nodes = append(n.Nodes, bar)
	}
	if h.Total == nil || !counted {
		return
	}
	// Rounding to two decimals: what people write down does not add up better.
	const tolerance = 0.005
	scale := max(sum, whole)
	n.Gauge = &templates.Gauge{At: position(sum / scale), Limit: position(whole / scale), Tone: catalog.ToneGood}
	n.Gauge.Text = "Together " + share(sum, trim(sum), percent)
	if sum < whole-tolerance || sum > whole+tolerance {
		n.Gauge.Tone = catalog.ToneDanger
		n.Gauge.Text += ", not " + share(whole, trim(whole), percent)
	}
}

func share(f float64, spelled string, percent bool) string {
	if !percent {
		return spelled
	}
	return trim(f*100) + " %"
}

// trim writes f with at most two decimals.
func trim(f float64) string {
	s := strconv.FormatFloat(f, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// position writes a part of one as a percentage within the scale.
func position(f float64) string {
	return strconv.FormatFloat(min(max(f, 0), 1)*100, 'f', 1, 64) + "%"
}

func (v value) float() (float64, bool) {
	if v.kind != number {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil
}

// table draws a list of objects as rows, or as cards where rows would be crowded.
func (w *drawing) table(n *templates.Node, v value, path []string, h catalog.Hint, in around) {
	if !v.all(object) {
		w.elements(n, byType(v), v, path, in)
		return
	}
	var columns []string
	small := !in.narrow
	for i, item := range v.items {
		at := append(path[:len(path):len(path)], strconv.Itoa(i))
		for _, k := range w.order(item, at, h) {
			if !slices.Contains(columns, item.keys[k]) {
				columns = append(columns, item.keys[k])
			}
			small = small && item.items[k].scalar() && len(item.items[k].text) <= maxCell
		}
		for k, key := range item.keys {
			small = small && !slices.Contains(item.keys[:k], key) // a key that comes twice has no one cell
		}
	}
	small = small && len(columns) <= maxColumns
	n.Kind = templates.NodeCards
	if small {
		n.Kind = templates.NodeTable
		for _, c := range columns {
			at := append(path[:len(path):len(path)], "0", c)
			n.Columns = append(n.Columns, w.label(at, w.hint(at)))
		}
	}
	for i, item := range v.items {
		at := append(path[:len(path):len(path)], strconv.Itoa(i))
		row := templates.Node{Kind: templates.NodeItem, Path: join(at)}
		if !small {
			w.members(&row, templates.NodeItem, item, at, h, around{narrow: true})
			n.Nodes = append(n.Nodes, row)
			continue
		}
		for _, c := range columns {
			cell := templates.Node{Kind: templates.NodeValue, None: true}
			if x, ok := item.get(c); ok {
				cell = w.node(x, append(at[:len(at):len(at)], c), around{sibling: item.get, narrow: true})
			}
			row.Nodes = append(row.Nodes, cell)
		}
		n.Nodes = append(n.Nodes, row)
	}
}

// timeline draws the elements of a list, or the fields of an object, as moments
// one after the other.
func (w *drawing) timeline(n *templates.Node, v value, path []string, h catalog.Hint) {
	n.Kind = templates.NodeTimeline
	if v.kind == object {
		for _, i := range w.order(v, path, h) {
			at := append(path[:len(path):len(path)], v.keys[i])
			child := w.node(v.items[i], at, around{sibling: v.get, narrow: true})
			moment := templates.Node{Kind: templates.NodeItem, Label: child.Label, Path: child.Path}
			child.Label = ""
			moment.Nodes = []templates.Node{child}
			n.Nodes = append(n.Nodes, moment)
		}
		return
	}
	for i, item := range v.items {
		at := append(path[:len(path):len(path)], strconv.Itoa(i))
		moment := templates.Node{Kind: templates.NodeItem, Path: join(at)}
		if item.kind != object {
			child := w.node(item, at, around{narrow: true})
			child.Label = ""
			moment.Nodes = []templates.Node{child}
			n.Nodes = append(n.Nodes, moment)
			continue
		}
		caption, named := item.get(h.ItemLabel)
		named = named && caption.scalar()
		if named {
			moment.Text = w.text(caption, append(at[:len(at):len(at)], h.ItemLabel))
		}
		for _, k := range w.order(item, at, h) {
			if key := item.keys[k]; !named || key != h.ItemLabel {
				moment.Nodes = append(moment.Nodes, w.node(item.items[k], append(at[:len(at):len(at)], key), around{sibling: item.get, narrow: true}))
			}
		}
		n.Nodes = append(n.Nodes, moment)
	}
}

// meter draws a number on the scale that the schema gives it, 0 to 1 where it
// gives none, with the range that is expected.
func (w *drawing) meter(n *templates.Node, v value, path []string, h catalog.Hint) {
	n.Kind = templates.NodeMeter
	n.Text = Text(v.text)
	f, ok := v.float()
	if !ok {
		n.Kind = templates.NodeValue
		return
	}
	facts := w.facts(path)
	low, high := 0.0, 1.0
	if from, err := strconv.ParseFloat(facts.min, 64); err == nil {
		low = from
	}
	if to, err := strconv.ParseFloat(facts.max, 64); err == nil {
		high = to
	}
	if high <= low {
		high = low + 1
	}
	at := func(f float64) string { return position((f - low) / (high - low)) }
	n.Gauge = &templates.Gauge{At: at(f), Text: v.text}
	switch band := w.band; {
	case f < low || f > high:
		n.Gauge.Tone, n.Note = catalog.ToneDanger, "outside of "+trim(low)+" to "+trim(high)
	case h.Band == "" || band == nil:
	default:
		n.Gauge.BandFrom, n.Gauge.BandSize = at(band.Min), position((band.Max-band.Min)/(high-low))
		span := trim(band.Min) + " to " + trim(band.Max)
		switch {
		case f < band.Min:
			n.Gauge.Tone, n.Note = catalog.ToneCaution, "below the expected "+span
		case f > band.Max:
			n.Gauge.Tone, n.Note = catalog.ToneCaution, "above the expected "+span
		default:
			n.Gauge.Tone, n.Note = catalog.ToneGood, "within the expected "+span
		}
	}
	n.NoteTone = n.Gauge.Tone
}

// leaf draws one text, number or truth.
func (w *drawing) leaf(n *templates.Node, as string, v value, path []string, h catalog.Hint, in around) {
	n.Kind = templates.NodeValue
	n.Text = w.text(v, path)
	n.Unit = h.Unit
	if words, ok := strings.CutSuffix(n.Label, " "+h.Unit); ok && h.Unit != "" && h.Label == "" {
		n.Label = words // "Duration weeks" says the unit already
	}
	if in.sibling != nil && h.UnitFrom != "" {
		if unit, ok := in.sibling(h.UnitFrom); ok && unit.kind == text {
			n.Unit = strings.ReplaceAll(Plain(unit.text), "_", " ") // as a person writes it
		}
	}
	switch {
	case as == catalog.AsFlag:
		n.Text = plainRuns("No")
		if v.text == "true" {
			n.Text = plainRuns("Yes")
		}
	case as == catalog.AsChoice:
		words := w.category.Vocabulary(h.Vocabulary, w.subcategory)
		if h.Vocabulary != "" && len(words) > 0 && !slices.Contains(words, v.text) {
			n.Note, n.NoteTone = "not one of "+strings.Join(words, ", "), catalog.ToneCaution
		}
		if spoken := strings.ReplaceAll(v.text, "_", " "); len(n.Text) == 1 && !n.Text[0].Invisible && n.Text[0].Mark == "" {
			n.Text[0].Text = spoken
		}
	case as == catalog.AsMarkdown:
		n.Kind = templates.NodeMarkdown
		html, err := w.markdown(spelled(v.text))
		if err != nil && w.err == nil {
			w.err = err
		}
		n.HTML = html
	case v.kind == text && (len(v.text) > maxSlot || strings.Contains(v.text, "\n")):
		n.Kind = templates.NodeText
	case v.kind == text && v.text == "":
		n.None, n.Text = true, plainRuns("empty")
	}
	if h.FromText && v.text != "" {
		w.said = append(w.said, said{label: n.Label, text: v.text, number: v.kind == number, node: n.Path})
	}
}

// text draws a scalar with the marks that findings put into it.
func (w *drawing) text(v value, path []string) []templates.Run {
	if !v.scalar() {
		return plainRuns("(a structure where a text should be)")
	}
	if v.kind == null {
		return plainRuns("nothing")
	}
	return runs(v.text, slices.Clone(w.findings[join(path)]))
}

// worst returns the higher one of two severities, "" being none.
func worst(a, b string) string {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// point leads a finding to the deepest part below n that is drawn, or to n
// itself: it marks that part and returns its id.
func point(n *templates.Node, path, id string, severity lint.Severity) string {
	for i := range n.Nodes {
		child := &n.Nodes[i]
		if child.Path != "" && within(path, child.Path) {
			return point(child, path, id, severity)
		}
	}
	if n.ID == "" {
		n.ID = id
	}
	n.Severity = worst(n.Severity, string(severity))
	return n.ID
}

func within(path, ancestor string) bool {
	return path == ancestor || strings.HasPrefix(path, ancestor+"/")
}

// failure wraps the first error of a drawing.
func (w *drawing) failure() error {
	if w.err == nil {
		return nil
	}
	return fmt.Errorf("draw a structured answer: %w", w.err)
}
