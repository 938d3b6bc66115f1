package comment

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMentions bounds how many names of one comment are looked up.
const maxMentions = 50

// mentions finds who is named in a text: an @ at the beginning of a word, then
// somebody's e-mail address, whole name, first name or the part of the address
// before its @, whatever the case. The longest that fits counts. Where it fits
// several people, it is returned as unclear and none of them is named.
func mentions(text string, people []Person) (named []Person, unclear []string) {
	lower := strings.ToLower(text)
	before, found := ' ', 0
	for i, r := range lower {
		if r == '@' && !isWord(before) && found < maxMentions {
			found++
			who, word := resolve(lower[i+1:], people)
			switch {
			case len(who) == 1 && !slices.Contains(named, who[0]):
				named = append(named, who[0])
			case len(who) > 1 && !slices.Contains(unclear, word):
				unclear = append(unclear, word)
			}
		}
		before = r
	}
	return named, unclear
}

// resolve returns whom the beginning of rest means, and the word for them.
func resolve(rest string, people []Person) (who []Person, word string) {
	for _, p := range people {
		for _, name := range namesOf(p) {
			if len(name) < len(word) || !begins(rest, name) {
				continue
			}
			if len(name) > len(word) {
				who, word = nil, name
			}
			if !slices.Contains(who, p) {
				who = append(who, p)
			}
		}
	}
	return who, word
}

// namesOf is everything that p can be called, in lower case.
func namesOf(p Person) []string {
	name, email := strings.ToLower(p.Name), strings.ToLower(p.Email)
	first, _, _ := strings.Cut(name, " ")
	local, _, _ := strings.Cut(email, "@")
	return []string{email, name, first, local}
}

// begins says whether text begins with the name and the name ends there: "@ana"
// does not name Anabel.
func begins(text, name string) bool {
	rest, ok := strings.CutPrefix(text, name)
	if !ok || name == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !isWord(r)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
