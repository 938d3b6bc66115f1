package draw

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
)

// quotedOrKey finds what a message quotes, which stays; JSON pointers; and words that
// may be keys of an answer, such as duration_weeks. A single word reads as it is.
var quotedOrKey = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|“[^”]*”| (?:/[A-Za-z0-9_]+)+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+`)

// otherExample finds the example that a finding of duplicates names.
var otherExample = regexp.MustCompile(`^Example ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) `)

// OtherExample returns the id of the example that the message of a finding compares its
// own with; empty where there is none.
func OtherExample(message string) string {
	if m := otherExample.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

// Finding returns the message of a finding as people read it: keys of the category's
// answers and pointers into them by the labels that they are drawn with, the other
// example without its id, and nothing invisible. What the message quotes stays as it is
// spelt.
func (d Drawer) Finding(c catalog.Category, message string) string {
	message = otherExample.ReplaceAllString(message, "Another example ")
	return Plain(quotedOrKey.ReplaceAllStringFunc(message, func(word string) string {
		if strings.HasPrefix(word, `"`) || strings.HasPrefix(word, "“") {
			return word
		}
		if path, ok := strings.CutPrefix(word, " /"); ok {
			if place := d.labelsOf(c, strings.Split(path, "/")); place != "" {
				return " “" + place + "”"
			}
			return word
		}
		if label := d.labelOf(c, word); label != "" {
			return "“" + label + "”"
		}
		return word
	}))
}

// labelsOf says a path into an answer in words, elements of lists by their number from 1;
// empty where it does not begin with a key that a schema has.
func (d Drawer) labelsOf(c catalog.Category, path []string) string {
	words := make([]string, 0, len(path))
	for i, key := range path {
		if n, err := strconv.Atoi(key); err == nil && i > 0 {
			words[len(words)-1] += " " + strconv.Itoa(n+1)
			continue
		}
		label := d.labelOf(c, key)
		if label == "" && i == 0 {
			return ""
		}
		words = append(words, cmp.Or(label, inWords(key)))
	}
	return strings.Join(words, ", ")
}

// labelOf is how a key is drawn wherever the category's answers have it: by the hint's
// label where all hints agree, else in words; empty where no schema has the key.
func (d Drawer) labelOf(c catalog.Category, key string) string {
	var label string
	known, agreed := false, true
	for _, s := range c.Schemas {
		for _, h := range s.View {
			if path := pointer(h.Path); len(path) == 0 || path[len(path)-1] != key {
				continue
			}
			known = true
			if h.Label == "" {
				continue
			}
			agreed = agreed && (label == "" || label == h.Label)
			label = h.Label
		}
		known = known || hasProperty(d.schemas.read(s.JSON), key)
	}
	switch {
	case !known:
		return ""
	case !agreed:
		return inWords(key)
	}
	return cmp.Or(label, inWords(key))
}

// hasProperty says whether a schema describes a member of that name anywhere.
func hasProperty(schema value, name string) bool {
	for i, v := range schema.items {
		if schema.kind == object && schema.keys[i] == "properties" {
			if _, ok := v.get(name); ok {
				return true
			}
		}
		if hasProperty(v, name) {
			return true
		}
	}
	return false
}
