package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/web/templates"
)

// blankSubcategories is how many empty rows for new subcategories the form has.
const blankSubcategories = 2

// formIDs keeps the ids of the form's fields apart from those of the page
// around it.
const formIDs = "edit."

// categoryForm is the form with what the category says now. The names of its
// fields are those of the catalog's JSON, so that problems find their field.
func categoryForm(cat catalog.Category, version int) templates.CatalogForm {
	var checklist, reasons []string
	for _, item := range cat.Checklist {
		checklist = append(checklist, item.Text)
	}
	for _, reason := range cat.RejectReasons {
		reasons = append(reasons, reason.Name)
	}
	f := templates.CatalogForm{
		Action:       "/catalog/" + url.PathEscape(cat.Slug),
		Version:      strconv.Itoa(version),
		Name:         templates.Field{Name: "name", Label: "Name", Value: cat.Name},
		Description:  templates.Field{Name: "description", Label: "Description", Value: cat.Description, Rows: 2},
		Priority:     templates.Field{Name: "priority", Label: "Priority (P0 first)", Value: cat.Priority},
		TargetMin:    templates.Field{Name: "target.min", Label: "Target, at least", Value: strconv.Itoa(cat.Target.Min), InputMode: "numeric"},
		TargetMax:    templates.Field{Name: "target.max", Label: "Target, at most", Value: strconv.Itoa(cat.Target.Max), InputMode: "numeric"},
		Approvals:    templates.Field{Name: "approvals", Label: "Approvals needed", Value: strconv.Itoa(cat.Approvals), InputMode: "numeric"},
		Guidelines:   templates.Field{Name: "guidelines", Label: "Guidelines for reviewers", Value: cat.Guidelines, Rows: 10, Hint: "Markdown."},
		SystemPrompt: templates.Field{Name: "system_prompt", Label: "System prompt", Value: cat.SystemPrompt, Rows: 8, Hint: "What the model is told, letter by letter. Examples that are there already keep theirs."},
		Checklist:    templates.Field{Name: "checklist", Label: "Checklist", Value: strings.Join(checklist, "\n"), Rows: 6, Hint: "One line for each thing to affirm before approving."},
		Reasons:      templates.Field{Name: "reject_reasons", Label: "Reasons to reject", Value: strings.Join(reasons, "\n"), Rows: 6, Hint: "One line each, in the order of their keys 1 to 9."},
		Reason:       templates.Field{Name: "reason", Label: "Why", Optional: true, Hint: "One line for the history."},
	}
	for i, sub := range cat.Subcategories {
		f.Subcategories = append(f.Subcategories, subcategoryForm(i, sub, "Subcategory "+sub.Name))
	}
	for i := range blankSubcategories {
		f.Subcategories = append(f.Subcategories, subcategoryForm(len(cat.Subcategories)+i, catalog.Subcategory{}, "New subcategory"))
	}
	for i, schema := range cat.Schemas {
		name := fmt.Sprintf("schemas[%d].json", i)
		f.Schemas = append(f.Schemas, templates.CatalogSchemaForm{
			JSON: templates.Field{Name: name, Label: "JSON Schema " + schema.Name, Value: indented(schema.JSON), Rows: 12, Code: true},
		})
	}
	for _, field := range fieldsOf(&f) {
		field.ID = formIDs + field.Name
	}
	return f
}

func subcategoryForm(i int, sub catalog.Subcategory, legend string) templates.CatalogSubcategoryForm {
	field := func(name, label, value string) templates.Field {
		return templates.Field{Name: fmt.Sprintf("subcategories[%d].%s", i, name), Label: label, Value: value}
	}
	f := templates.CatalogSubcategoryForm{
		Legend:      legend,
		Name:        field("name", "Name", sub.Name),
		Slug:        field("slug", "Name in files", sub.Slug),
		Description: field("description", "Description", sub.Description),
		Planned:     field("planned", "Planned", ""),
		BandMin:     field("confidence_band.min", "Confidence from", ""),
		BandMax:     field("confidence_band.max", "to", ""),
		Hidden:      []templates.Hidden{{Name: fmt.Sprintf("subcategories[%d].was", i), Value: sub.Slug}},
	}
	f.Description.Rows = 2
	f.Planned.InputMode, f.BandMin.InputMode, f.BandMax.InputMode = "numeric", "decimal", "decimal"
	f.Slug.ReadOnly = sub.Slug != "" // examples refer to it
	if sub.Slug == "" {
		f.Slug.Placeholder = "lower_case_name"
	} else {
		f.Name.Hint = "Leave empty to remove it."
	}
	if sub.Planned > 0 {
		f.Planned.Value = strconv.Itoa(sub.Planned)
	}
	if b := sub.ConfidenceBand; b != nil {
		f.BandMin.Value, f.BandMax.Value = decimal(b.Min), decimal(b.Max)
	}
	return f
}

// fieldsOf lists the fields of a form, in the order of the page, for filling and
// marking them.
func fieldsOf(f *templates.CatalogForm) []*templates.Field {
	all := []*templates.Field{
		&f.Name, &f.Priority, &f.TargetMin, &f.TargetMax, &f.Approvals, &f.Description, &f.Guidelines, &f.SystemPrompt,
	}
	for i := range f.Subcategories {
		s := &f.Subcategories[i]
		all = append(all, &s.Name, &s.Slug, &s.Planned, &s.BandMin, &s.BandMax, &s.Description)
	}
	all = append(all, &f.Checklist, &f.Reasons)
	for i := range f.Schemas {
		all = append(all, &f.Schemas[i].JSON)
	}
	return append(all, &f.Reason)
}

// retyped puts back what was typed: rows of subcategories as they were sent, and
// every value letter by letter.
func retyped(f templates.CatalogForm, form url.Values) templates.CatalogForm {
	f.Subcategories = nil
	for i := 0; form.Has(fmt.Sprintf("subcategories[%d].name", i)); i++ {
		was := form.Get(fmt.Sprintf("subcategories[%d].was", i))
		f.Subcategories = append(f.Subcategories, subcategoryForm(i, catalog.Subcategory{Slug: was}, "Subcategory "+strconv.Itoa(i+1)))
	}
	for _, field := range fieldsOf(&f) {
		field.ID = formIDs + field.Name
		if form.Has(field.Name) {
			field.Value = form.Get(field.Name)
		}
	}
	return f
}

// mark puts problems beside their fields, the cursor into the first of them, and
// returns those that have none. The
// names are those of applyForm, or paths of catalog.Validate into the category
// at index i.
func mark(f *templates.CatalogForm, problems map[string]string, i int) []string {
	rest := map[string]string{}
	fields := fieldsOf(f)
	prefix := fmt.Sprintf("categories[%d].", i)
	for _, place := range slices.Sorted(maps.Keys(problems)) {
		name := strings.TrimPrefix(place, prefix)
		root, _, _ := strings.Cut(name, "[")
		field := slices.IndexFunc(fields, func(f *templates.Field) bool { return f.Name == name })
		if field < 0 { // of a pair, or of one line of a text area
			field = slices.IndexFunc(fields, func(f *templates.Field) bool {
				return strings.HasPrefix(f.Name, name+".") || f.Name == root
			})
		}
		if field < 0 {
			rest[name] = problems[place]
			continue
		}
		fields[field].Problem = strings.TrimSpace(fields[field].Problem + " " + problems[place])
	}
	f.First = "#edit"
	if k := slices.IndexFunc(fields, func(f *templates.Field) bool { return f.Problem != "" }); k >= 0 {
		fields[k].Autofocus = true
		f.First = (&url.URL{Fragment: fields[k].ID}).String()
	}
	return sentences(rest)
}

// applyForm returns the category as the form says, and what is wrong with what
// was typed, by the names of fields. What the form does not show stays as it is.
func applyForm(cat catalog.Category, form url.Values) (catalog.Category, map[string]string) {
	p := formReader{form: form, wrong: map[string]string{}}
	cat.Name = p.line("name")
	cat.Description = p.line("description")
	cat.Priority = p.line("priority")
	cat.Target.Min, cat.Target.Max = p.count("target.min"), p.count("target.max")
	cat.Approvals = p.count("approvals")
	cat.Guidelines = p.text("guidelines")
	cat.SystemPrompt = p.text("system_prompt")
	cat.Subcategories = p.subcategories(cat.Subcategories)
	cat.Checklist = checklistOf(p.lines("checklist"), cat.Checklist)
	cat.RejectReasons = reasonsOf(p.lines("reject_reasons"), cat.RejectReasons)
	cat.Schemas = slices.Clone(cat.Schemas)
	for i := range cat.Schemas {
		cat.Schemas[i].JSON = p.json(fmt.Sprintf("schemas[%d].json", i), cat.Schemas[i].JSON)
	}
	return cat, p.wrong
}

// A formReader reads typed values and collects what is wrong with them.
type formReader struct {
	form  url.Values
	wrong map[string]string
}

func (p formReader) line(name string) string { return strings.TrimSpace(p.form.Get(name)) }

// text undoes the line ends that browsers send, and leaves the rest alone but
// for the empty lines around it, which files do not keep either.
func (p formReader) text(name string) string {
	return strings.Trim(strings.ReplaceAll(p.form.Get(name), "\r\n", "\n"), "\n")
}

func (p formReader) lines(name string) []string {
	var out []string
	for line := range strings.Lines(p.form.Get(name)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// count reads a whole number. Nothing typed is 0; commas may group digits.
func (p formReader) count(name string) int {
	typed := strings.ReplaceAll(p.line(name), ",", "")
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 {
		p.wrong[name] = "Type a whole number, 0 or more."
	}
	return n
}

func (p formReader) band(prefix string) *catalog.Band {
	low, high := p.line(prefix+"min"), p.line(prefix+"max")
	if low == "" && high == "" {
		return nil
	}
	read := func(name, typed string) float64 {
		x, err := strconv.ParseFloat(strings.Replace(typed, ",", ".", 1), 64)
		if err != nil {
			p.wrong[name] = "Type a number from 0 to 1, or leave both empty."
		}
		return x
	}
	return &catalog.Band{Min: read(prefix+"min", low), Max: read(prefix+"max", high)}
}

// subcategories reads the rows. A row whose name was emptied is gone; what a
// row does not show of a subcategory that was there stays.
func (p formReader) subcategories(old []catalog.Subcategory) []catalog.Subcategory {
	var out []catalog.Subcategory
	for i := 0; p.form.Has(fmt.Sprintf("subcategories[%d].name", i)); i++ {
		prefix := fmt.Sprintf("subcategories[%d].", i)
		if p.line(prefix+"name") == "" {
			continue
		}
		var sub catalog.Subcategory
		was := p.line(prefix + "was")
		if k := slices.IndexFunc(old, func(o catalog.Subcategory) bool { return o.Slug == was }); was != "" && k >= 0 {
			sub = old[k]
		} else {
			sub.Slug = p.line(prefix + "slug")
		}
		sub.Name, sub.Description = p.line(prefix+"name"), p.line(prefix+"description")
		if sub.Slug == "" {
			sub.Slug = slugOf(sub.Name)
		}
		sub.Planned = p.count(prefix + "planned")
		sub.ConfidenceBand = p.band(prefix + "confidence_band.")
		out = append(out, sub)
	}
	return out
}

func (p formReader) json(name string, old json.RawMessage) json.RawMessage {
	if !p.form.Has(name) {
		return old
	}
	var buf bytes.Buffer
	if err := json.Compact(&buf, []byte(p.form.Get(name))); err != nil {
		p.wrong[name] = "This is not JSON: " + err.Error() + "."
		return old
	}
	return buf.Bytes()
}

// checklistOf turns lines into items. A line that was there keeps its item; a
// line that was reworded in place keeps the item's help and rules.
func checklistOf(lines []string, old []catalog.ChecklistItem) []catalog.ChecklistItem {
	taken := map[string]bool{}
	var out []catalog.ChecklistItem
	for i, line := range lines {
		item := catalog.ChecklistItem{Text: line}
		if k := sameOrPlace(i, len(lines), len(old), func(k int) string { return old[k].Text }, lines); k >= 0 {
			item = old[k]
			item.Text = line
		}
		item.Slug = unusedSlug(item.Slug, line, taken)
		out = append(out, item)
	}
	return out
}

// reasonsOf is checklistOf for the reasons to reject.
func reasonsOf(lines []string, old []catalog.RejectReason) []catalog.RejectReason {
	taken := map[string]bool{}
	var out []catalog.RejectReason
	for i, line := range lines {
		reason := catalog.RejectReason{Name: line}
		if k := sameOrPlace(i, len(lines), len(old), func(k int) string { return old[k].Name }, lines); k >= 0 {
			reason = old[k]
			reason.Name = line
		}
		reason.Slug = unusedSlug(reason.Slug, line, taken)
		out = append(out, reason)
	}
	return out
}

// sameOrPlace finds which old text line i came from: the one with the same
// words, else, where no line was added or removed, the one in the same place
// whose words are gone. It returns -1 for a new line.
func sameOrPlace(i, lines, olds int, old func(int) string, all []string) int {
	for k := range olds {
		if old(k) == all[i] {
			return k
		}
	}
	if lines == olds && !slices.Contains(all, old(i)) {
		return i
	}
	return -1
}

// unusedSlug returns slug, or one made from text, that is not taken yet, and
// takes it.
func unusedSlug(slug, text string, taken map[string]bool) string {
	if slug == "" {
		slug = slugOf(text)
	}
	base := slug
	for n := 2; taken[slug]; n++ {
		slug = base + "_" + strconv.Itoa(n)
	}
	taken[slug] = true
	return slug
}

// slugOf makes a name for files out of words: "Same-weight reference" becomes
// same_weight_reference.
func slugOf(text string) string {
	const maxSlug = 48
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	slug := strings.Join(words, "_")
	if len(slug) > maxSlug {
		slug = strings.TrimRight(slug[:maxSlug], "_")
	}
	if slug == "" || slug[0] < 'a' {
		slug = strings.TrimRight("item_"+slug, "_")
	}
	return slug
}
