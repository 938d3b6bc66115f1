package dedup

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// sameness is how two answers relate.
type sameness int

const (
	differs sameness = iota // materially
	near
	equals // after normalising
)

// A verdict is what comparing two answers came to.
type verdict struct {
	same   sameness
	fields []string // JSON pointers of the fields that differ, where both are structured
}

const (
	// alikeAnswer is the least likeness of prose answers that say the same. A
	// reworded sentence leaves more than this of a usual answer; two answers
	// written apart share far less.
	alikeAnswer = 0.7
	// alikeField is that of the sentences inside structured answers, which are
	// short, and reasons given for a verdict rather than the verdict.
	alikeField = 0.5
	// fieldWords is from how many words on a string of a structured answer
	// counts as a sentence; shorter ones are values and must be equal.
	fieldWords = 6
	maxFields  = 50 // how many differing fields are told
)

// compareAnswers compares what two assistants say, turn by turn. Where both
// turns end with a JSON document, the documents are compared field by field and
// what stands before them as prose.
func compareAnswers(a, b []string) verdict {
	if len(a) != len(b) {
		return verdict{same: compareProse(strings.Join(a, "\n"), strings.Join(b, "\n"), alikeAnswer)}
	}
	out := verdict{same: equals}
	for i := range a {
		v := compareTurns(a[i], b[i])
		out.same = min(out.same, v.same)
		out.fields = append(out.fields, v.fields...)
	}
	return out
}

func compareTurns(a, b string) verdict {
	if a == b {
		return verdict{same: equals}
	}
	x, before, okX := document(a)
	y, ahead, okY := document(b)
	if okX != okY {
		return verdict{same: differs}
	}
	if !okX {
		return verdict{same: compareProse(a, b, alikeAnswer)}
	}
	d := differ{same: equals}
	if before != ahead {
		d.same = compareProse(before, ahead, alikeAnswer)
	}
	d.compare("", x, y)
	return verdict(d)
}

// document finds the JSON object or array at the end of s and returns it with
// the text before it.
func document(s string) (doc any, before string, ok bool) {
	for at := 0; ; {
		line := strings.TrimLeft(s[at:], " \t\r\n")
		if strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[") {
			dec := json.NewDecoder(strings.NewReader(line))
			dec.UseNumber()
			var v any
			if err := dec.Decode(&v); err == nil {
				rest, err := io.ReadAll(dec.Buffered())
				if err == nil && len(bytes.TrimSpace(rest)) == 0 && int(dec.InputOffset())+len(rest) >= len(line) {
					return v, strings.TrimSpace(s[:at]), true
				}
			}
		}
		next := strings.IndexByte(s[at:], '\n')
		if next < 0 {
			return nil, "", false
		}
		at += next + 1
	}
}

// compareProse compares two texts in words: equal after normalising, or alike
// with the same numbers and the same words of direction and negation.
func compareProse(a, b string, least float64) sameness {
	x, y := normal(a), normal(b)
	if x == y {
		return equals
	}
	s, t := tokenize(x), tokenize(y)
	if !slices.Equal(numbersOf(s), numbersOf(t)) || aim(s) != aim(t) {
		return differs
	}
	if jaccard(charSet(clip(x), shingleChars), charSet(clip(y), shingleChars)) < least {
		return differs
	}
	return near
}

// numbersOf returns the numbers of a text, sorted: sentences may change places.
func numbersOf(tokens []token) []string {
	var out []string
	for _, k := range tokens {
		if k.number {
			out = append(out, k.text)
		}
	}
	slices.Sort(out)
	return out
}

// A differ compares two JSON values and notes where they differ.
type differ struct {
	same   sameness
	fields []string
}

func (d *differ) note(path string) {
	d.same = differs
	if len(d.fields) < maxFields {
		d.fields = append(d.fields, path)
	}
}

func (d *differ) compare(path string, a, b any) {
	if blank(a) && blank(b) {
		return
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			d.note(path)
			return
		}
		names := make([]string, 0, len(x)+len(y))
		for name := range x {
			names = append(names, name)
		}
		for name := range y {
			if _, ok := x[name]; !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			d.compare(path+"/"+escape(name), x[name], y[name])
		}
	case []any:
		y, ok := b.([]any)
		if !ok {
			d.note(path)
			return
		}
		if prose(x) && prose(y) {
			d.prose(path, strings.Join(stringsOf(x), "\n"), strings.Join(stringsOf(y), "\n"))
			return
		}
		if len(x) != len(y) {
			d.note(path)
			return
		}
		for i := range x {
			d.compare(path+"/"+strconv.Itoa(i), x[i], y[i])
		}
	case string:
		y, ok := b.(string)
		if !ok {
			d.note(path)
			return
		}
		d.prose(path, x, y)
	case json.Number:
		y, ok := b.(json.Number)
		if !ok || !sameNumber(x.String(), y.String()) {
			d.note(path)
		}
	default: // bool, or null against something
		if a != b {
			d.note(path)
		}
	}
}

// prose compares strings: values must be equal, sentences alike.
func (d *differ) prose(path, a, b string) {
	if a == b {
		return
	}
	x, y := normal(a), normal(b)
	if x == y && (x != "" || a == "" && b == "") {
		return
	}
	if strings.Count(x, " ")+1 < fieldWords || strings.Count(y, " ")+1 < fieldWords || compareProse(a, b, alikeField) == differs {
		d.note(path)
		return
	}
	d.same = min(d.same, near)
}

// prose reports whether a list holds only strings, some of them sentences.
func prose(list []any) bool {
	long := false
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			return false
		}
		long = long || strings.Count(s, " ")+1 >= fieldWords
	}
	return long
}

func stringsOf(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i], _ = v.(string)
	}
	return out
}

// blank reports whether a field says nothing, so that leaving it out is the
// same.
func blank(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

// sameNumber compares JSON numbers by value: 80 and 80.0 are the same.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) > 40 || len(b) > 40 { // no exponent that takes a gigabyte to write out
		return false
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || x != y {
		return false
	}
	if strings.ContainsAny(a+b, "eE") {
		return true // equal to the precision that any reader of JSON has
	}
	r, okX := new(big.Rat).SetString(a)
	s, okY := new(big.Rat).SetString(b)
	return okX && okY && r.Cmp(s) == 0
}

func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
