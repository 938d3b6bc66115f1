package lint

import "strings"

// A phrases is a list of words and phrases to look for: without regard to case,
// at word boundaries, any run of white space for a blank, and a typographic
// apostrophe for a straight one. A phrase that ends in an asterisk need not end
// where a word does: "stretch*" finds stretches. It is read-only once made.
type phrases struct {
	list  []string
	index [1 << 10][]int32 // by the first two letters
	any   [256]bool        // the bytes that a phrase can start with
}

func newPhrases(list ...string) *phrases {
	p := &phrases{}
	for _, s := range list {
		s = strings.ToLower(strings.Join(strings.Fields(s), " "))
		if s == "" || s == "*" {
			continue
		}
		p.list = append(p.list, s)
		k := slot(s, 0)
		p.index[k] = append(p.index[k], int32(len(p.list)-1))
		p.any[s[0]] = true
		p.any[upper(s[0])] = true
	}
	return p
}

func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b &^ 0x20
	}
	return b
}

func slot(s string, at int) int {
	k := int(lower(s[at]) & 31)
	if at+1 < len(s) && s[at+1] != '*' {
		if next := lower(s[at+1]); isLetter(next) || isDigit(next) {
			return k<<5 | int(next&31)
		}
	}
	return k << 5
}

// A match is a phrase in a text.
type match struct {
	phrase     int // in the list; -1 for none
	start, end int
}

var noMatch = match{phrase: -1}

// next finds the first phrase in s from byte from on, the longest where several
// start at one place. It returns a match whose phrase is negative where there is
// none.
func (p *phrases) next(s string, from int) match {
	for i := from; i < len(s); i++ {
		if !p.any[s[i]] || i > 0 && isWord(s[i-1]) {
			continue
		}
		best := noMatch
		for _, slot := range [2]int{slot(s, i), int(lower(s[i])&31) << 5} {
			for _, k := range p.index[slot] {
				if end, ok := matchPhrase(p.list[k], s, i); ok && end > best.end {
					best = match{phrase: int(k), start: i, end: end}
				}
			}
		}
		if best.phrase >= 0 {
			return best
		}
	}
	return noMatch
}

// in reports whether any of the phrases stands in s.
func (p *phrases) in(s string) bool { return p.next(s, 0).phrase >= 0 }

// begins reports whether one of the phrases follows at byte i of s, over a blank
// or a hyphen.
func (p *phrases) begins(s string, i int) bool {
	if i >= len(s) || s[i] != ' ' && s[i] != '-' {
		return false
	}
	for _, phrase := range p.list {
		if _, ok := matchPhrase(phrase, s, i+1); ok {
			return true
		}
	}
	return false
}

// matchPhrase matches phrase at byte at of s and returns where it ends.
func matchPhrase(phrase, s string, at int) (int, bool) {
	for k := 0; k < len(phrase); k++ {
		c := phrase[k]
		if c == '*' && k == len(phrase)-1 {
			for at > 0 && at < len(s) && isWord(s[at-1]) && isWord(s[at]) {
				at++ // to the end of the word
			}
			return at, true
		}
		if at >= len(s) {
			return 0, false
		}
		switch {
		case c == ' ':
			start := at
			for at < len(s) && (s[at] == ' ' || s[at] == '\n' || s[at] == '\t' || s[at] == '\r') {
				at++
			}
			if at == start {
				return 0, false
			}
		case c == '\'' && strings.HasPrefix(s[at:], "’"):
			at += len("’")
		case lower(s[at]) == c:
			at++
		default:
			return 0, false
		}
	}
	if at < len(s) && isWord(s[at]) && isWord(phrase[len(phrase)-1]) {
		return 0, false
	}
	return at, true
}
