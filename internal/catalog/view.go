package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// A Hint says how one part of a structured answer is drawn and edited. Hints
// stand in the order of drawing; what no hint names follows in the order of
// the schema, drawn by its type.
type Hint struct {
	// Path is a JSON pointer into the answer in which "*" stands for every
	// element of a list or every key of an object; "" is the whole answer.
	Path string `json:"path" yaml:"path"`
	// As is one of the As constants; empty leaves it to the schema's type.
	As    string `json:"as,omitempty" yaml:"as,omitempty"`
	Label string `json:"label,omitempty" yaml:"label,omitempty"` // empty: the schema's title, else the key in words
	// Unit stands behind a number. UnitFrom names a sibling field that holds it.
	Unit     string `json:"unit,omitempty" yaml:"unit,omitempty"`
	UnitFrom string `json:"unit_from,omitempty" yaml:"unit_from,omitempty"`
	// Vocabulary names the category's vocabulary that a choice offers; a choice
	// without one offers the schema's enum.
	Vocabulary string `json:"vocabulary,omitempty" yaml:"vocabulary,omitempty"`
	// Band on a meter draws the subcategory's expected range; BandConfidence or
	// empty. A number with a band is a meter also without As.
	Band string `json:"band,omitempty" yaml:"band,omitempty"`
	Tone string `json:"tone,omitempty" yaml:"tone,omitempty"` // one of the Tone constants; empty is neutral
	// ItemLabel and ItemValue name the fields of a list's objects that carry
	// the caption and the number (bars) or the moment and the text (timeline).
	ItemLabel string `json:"item_label,omitempty" yaml:"item_label,omitempty"`
	ItemValue string `json:"item_value,omitempty" yaml:"item_value,omitempty"`
	// Fields chooses and orders an object's fields or a table's columns;
	// fields left out follow after.
	Fields []string `json:"fields,omitempty" yaml:"fields,omitempty"`
	// Total is what bars should add up to; nil where they need not.
	Total *float64 `json:"total,omitempty" yaml:"total,omitempty"`
	// FromText links a slot to the words of the user's message it came from.
	FromText bool `json:"from_text,omitempty" yaml:"from_text,omitempty"`
	Folded   bool `json:"folded,omitempty" yaml:"folded,omitempty"` // starts closed
}

// The ways to draw a part of an answer.
const (
	AsSlots    = "slots"    // an object as labelled values side by side
	AsGroup    = "group"    // an object under a heading
	AsColumns  = "columns"  // an object's lists as columns beside each other
	AsMeter    = "meter"    // a number on a scale, with the expected band
	AsNumber   = "number"   // a number with its unit
	AsFlag     = "flag"     // true or false, as yes or no
	AsChoice   = "choice"   // one word of a vocabulary
	AsText     = "text"     // plain text
	AsMarkdown = "markdown" // text that is rendered
	AsSteps    = "steps"    // a list of texts, numbered
	AsChips    = "chips"    // a list of short texts
	AsBars     = "bars"     // a list of objects as bars of one of their numbers
	AsTable    = "table"    // a list of objects as rows
	AsTimeline = "timeline" // a list of objects, or an object's fields, in time
)

// The tones of a hint.
const (
	ToneNeutral = "neutral"
	ToneGood    = "good"
	ToneCaution = "caution"
	ToneDanger  = "danger"
)

// BandConfidence is the band of Subcategory.ConfidenceBand.
const BandConfidence = "confidence"

// drawable lists the ways to draw with the JSON types that they fit.
var drawable = map[string][]string{
	AsSlots:    {"object"},
	AsGroup:    {"object"},
	AsColumns:  {"object"},
	AsMeter:    {"number", "integer"},
	AsNumber:   {"number", "integer"},
	AsFlag:     {"boolean"},
	AsChoice:   {"string", "number", "integer"},
	AsText:     {"string"},
	AsMarkdown: {"string"},
	AsSteps:    {"array"},
	AsChips:    {"array"},
	AsBars:     {"array"},
	AsTable:    {"array"},
	AsTimeline: {"array", "object"},
}

var tones = []string{ToneNeutral, ToneGood, ToneCaution, ToneDanger}

// checkView reports what is wrong with the hints of one schema. The schema
// itself compiles.
func checkView(s Schema, vocabularies Vocabularies, p *problems, at ...any) {
	seen := map[string]int{}
	for i, h := range s.View {
		here := append(slices.Clone(at), i)
		add := func(field, format string, args ...any) {
			p.add(append(slices.Clone(here), field), format, args...)
		}
		if !validPointer(h.Path) {
			add("path", "%q is not a path; write it as /assessment/severity, with * for every element of a list.", h.Path)
			continue
		}
		if first, twice := seen[h.Path]; twice {
			add("path", "%s has a hint already (number %d); keep one.", h.Path, first+1)
		}
		seen[h.Path] = i
		subs, known := subschemas(s.JSON, h.Path)
		if len(subs) == 0 {
			add("path", "The schema %s has no %s%s.", s.Name, h.Path, choices("; the fields there are", known, lastToken(h.Path)))
			continue
		}
		fits := checkDrawing(h, subs, add)
		if h.Tone != "" && !slices.Contains(tones, h.Tone) {
			add("tone", "%q is not a tone; choose %s.", h.Tone, strings.Join(tones, ", "))
		}
		if h.Band != "" && fits && (h.Band != BandConfidence || h.As != AsMeter && h.As != "") {
			add("band", "A band belongs to a meter, and the only one is %q.", BandConfidence)
		}
		if h.Vocabulary != "" {
			if _, ok := vocabularies[h.Vocabulary]; !ok {
				add("vocabulary", "The category has no vocabulary %q; add it under \"vocabularies\" or correct the name.", h.Vocabulary)
			}
		}
		checkFields(s, h, add)
	}
}

// checkDrawing reports a way to draw that does not exist or does not fit the
// type, and returns whether there is none of that to report.
func checkDrawing(h Hint, subs []map[string]any, add func(field, format string, args ...any)) bool {
	if h.As == "" {
		return true
	}
	fits, ok := drawable[h.As]
	if !ok {
		add("as", "%q is not a way to draw%s.", h.As, choices("; choose", keys(drawable), h.As))
		return false
	}
	types, enum := typesOf(subs)
	if len(types) > 0 && !slices.ContainsFunc(types, func(t string) bool { return slices.Contains(fits, t) }) {
		add("as", "%s draws %s, but the schema says that %s is %s.", h.As, strings.Join(fits, " or "), h.Path, strings.Join(types, " or "))
		return false
	}
	switch {
	case h.As == AsChoice && h.Vocabulary == "" && !enum:
		add("vocabulary", "A choice needs words to choose from: name a vocabulary, or give the field an enum in the schema.")
	case h.As == AsBars && (h.ItemLabel == "" || h.ItemValue == ""):
		add("as", "Bars need item_label and item_value: the fields with the caption and the number.")
	case h.As == AsTimeline && slices.Contains(types, "array") && h.ItemLabel == "":
		add("as", "A timeline of a list needs item_label: the field with the moment.")
	}
	return true
}

// checkFields reports fields named in a hint that the schema does not have.
func checkFields(s Schema, h Hint, add func(field, format string, args ...any)) {
	lookup := func(field, name, base string) {
		if name == "" {
			return
		}
		esc := strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
		subs, known := subschemas(s.JSON, base+"/"+esc)
		if len(subs) > 0 {
			return
		}
		if items, k := subschemas(s.JSON, base+"/*/"+esc); len(items) > 0 {
			return
		} else if len(k) > 0 {
			known = k
		}
		add(field, "There is no field %q%s.", name, choices("; the fields here are", known, name))
	}
	lookup("item_label", h.ItemLabel, h.Path)
	lookup("item_value", h.ItemValue, h.Path)
	for _, f := range h.Fields {
		lookup("fields", f, h.Path)
	}
	if i := strings.LastIndexByte(h.Path, '/'); i >= 0 {
		lookup("unit_from", h.UnitFrom, h.Path[:i])
	}
}

// typesOf returns the JSON types that the schemas allow, null aside, and
// whether one of them has an enum.
func typesOf(subs []map[string]any) (types []string, enum bool) {
	for _, sub := range subs {
		switch t := sub["type"].(type) {
		case string:
			types = append(types, t)
		case []any:
			for _, name := range t {
				types = append(types, fmt.Sprint(name))
			}
		}
		if _, ok := sub["enum"]; ok {
			enum = true
		}
	}
	types = slices.DeleteFunc(types, func(t string) bool { return t == "null" })
	slices.Sort(types)
	return slices.Compact(types), enum
}

func lastToken(path string) string {
	if t := tokens(path); len(t) > 0 {
		return t[len(t)-1]
	}
	return ""
}
