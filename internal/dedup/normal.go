package dedup

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normal returns the form in which texts that differ only in looks are equal:
// Unicode NFKC, lower case, apostrophes dropped, every other run of what is
// neither letter, digit nor mark turned into one space, none at the ends. A
// point or comma between digits that makes a decimal fraction stays as a point:
// 7.5 is not 7 and 5, and certainly not 75.
func normal(s string) string {
	if !isNormalASCII(s) {
		s = norm.NFKC.String(s)
	}
	b := make([]byte, 0, len(s))
	gap := false
	for i, c := range s {
		switch {
		case c == '\'' || c == '’' || c == '‘' || c == 'ʼ' || c == '`':
		case unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c):
			if gap && len(b) > 0 {
				b = append(b, ' ')
			}
			gap = false
			if c < utf8.RuneSelf {
				if 'A' <= c && c <= 'Z' {
					c += 'a' - 'A'
				}
				b = append(b, byte(c))
			} else {
				b = utf8.AppendRune(b, unicode.ToLower(c))
			}
		case c == '.' && !gap && len(b) > 0 && isDigit(b[len(b)-1]) && i+1 < len(s) && isDigit(s[i+1]):
			b = append(b, '.')
		default:
			gap = true
		}
	}
	return string(b)
}

// isNormalASCII reports whether NFKC leaves s as it is because it is ASCII.
func isNormalASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// A token is a word of a normal form, or a number.
type token struct {
	text   string // numbers in their shortest decimal spelling
	number bool
}

// tokenize cuts a normal form into tokens: at spaces and between digits and
// letters ("225lbs" is two), with numbers in words turned into digits
// ("twenty five" is 25).
func tokenize(normal string) []token {
	tokens := make([]token, 0, strings.Count(normal, " ")+2)
	for word := range strings.SplitSeq(normal, " ") {
		for word != "" {
			n := 0
			digits := isDigit(word[0])
			for n < len(word) && (isDigit(word[n]) || digits && word[n] == '.') == digits {
				n++
			}
			if digits {
				tokens = append(tokens, token{shortest(word[:n]), true})
			} else {
				tokens = appendWord(tokens, word[:n])
			}
			word = word[n:]
		}
	}
	return tokens
}

// appendWord appends a word, or the number it stands for; a unit after a tens
// word ("twenty", "five") is added to it.
func appendWord(tokens []token, w string) []token {
	n, ok := numberWords[w]
	if !ok {
		return append(tokens, token{w, false})
	}
	if last := len(tokens) - 1; last >= 0 && tokens[last].number && n < 10 && n > 0 {
		if tens, err := strconv.Atoi(tokens[last].text); err == nil && tens >= 20 && tens < 100 && tens%10 == 0 && len(tokens[last].text) == 2 {
			// "twenty five", but also "20 five", which nobody writes.
			tokens[last].text = strconv.Itoa(tens + n)
			return tokens
		}
	}
	return append(tokens, token{strconv.Itoa(n), true})
}

// shortest drops what does not change a number's value: zeros in front, and
// zeros at the end of a fraction.
func shortest(digits string) string {
	s := strings.TrimLeft(digits, "0")
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "" || s[0] == '.' {
		s = "0" + s
	}
	return s
}

var numberWords = map[string]int{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
	"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}

// sameAs maps spellings of one thing to one of them. Plurals are taken off
// before it is looked up.
var sameAs = map[string]string{
	"lbs": "lb", "pound": "lb", "kilo": "kg", "kilogram": "kg", "second": "sec", "minute": "min", "hour": "hr", "mile": "mi", "kilometer": "km", "kilometre": "km",
	"db": "dumbbell", "bb": "barbell", "kb": "kettlebell", "bw": "bodyweight", "tri": "tricep", "bi": "bicep", "rdl": "romanian deadlift", "ohp": "overhead press",
	"x": "by", "repetition": "rep", "okay": "ok",
}

// spelledOut are the words of sameAs in which people make typing mistakes.
var spelledOut = []string{"pound", "kilo", "kilogram", "second", "minute", "hour", "mile", "kilometer", "kilometre", "repetition"}

// empty are words that a command may have more or fewer of and still say the
// same. Words that turn or aim a sentence (not, no, left, off, up) are not
// among them.
var empty = wordSet(`a an the this that these those it its i im ive id me my mine we us our you your he she they them
	um uh uhm er erm ah oh hm hmm hey hi hello ok well so now then like just please thanks thank kindly actually basically really
	is was are were be been am do did does have had has will would can could should
	of on for with at in to by from as and or about around some there here`)

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// longEmpty are the empty words in which people make typing mistakes.
var longEmpty = []string{"please", "about", "around", "really", "actually", "there", "these", "those", "would", "could", "should", "thanks", "hello"}

// isEmpty reports whether w is an empty word, or one with a typing mistake.
func isEmpty(w string) bool {
	if empty[w] {
		return true
	}
	if len(w) < 4 || len(w) > 9 {
		return false
	}
	for _, e := range longEmpty {
		if d := len(e) - len(w); d >= -1 && d <= 1 && e[0] == w[0] && typo(e, w) {
			return true
		}
	}
	return false
}

// stem maps a word to the one that stands for all its spellings: plurals are
// cut, abbreviations written out.
func stem(w string) string {
	if n := len(w); n > 3 && w[n-1] == 's' && w[n-2] != 's' && w[n-2] != 'u' && w[n-2] != 'i' {
		w = w[:n-1]
	}
	if s, ok := sameAs[w]; ok {
		return s
	}
	for _, u := range spelledOut {
		if d := len(u) - len(w); d >= -1 && d <= 1 && u[0] == w[0] && typo(u, w) {
			return sameAs[u]
		}
	}
	return w
}

// typo reports whether one of two words may be the other with one typing
// mistake: a letter left out, put in, changed or swapped with the next. Shorter
// words and pairs that are both words of the trade do not count.
func typo(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 3 || len(y) < 4 || len(y)-len(x) > 1 || len(x) == 3 && x[0] != y[0] {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(y) > len(x) {
		return string(x[i:]) == string(y[i+1:]) && !bothWords(a, b)
	}
	switch {
	case i == len(x):
		return false // equal: no mistake
	case string(x[i+1:]) == string(y[i+1:]):
		return len(x) >= 5 && !bothWords(a, b)
	}
	return i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && string(x[i+2:]) == string(y[i+2:])
}

// confusable are stems of words that are one letter apart and mean different
// things.
var confusable = [][2]string{
	{"abduct", "adduct"},
	{"bench", "beach"},
	{"heel", "heal"},
	{"plan", "plank"},
	{"press", "dress"},
	{"light", "right"},
	{"light", "tight"},
	{"right", "tight"},
	{"light", "night"},
	{"right", "night"},
	{"lower", "slower"},
	{"slow", "slower"},
	{"fast", "faster"},
	{"large", "larger"},
	{"close", "closer"},
	{"wide", "wider"},
	{"supine", "spine"},
	{"raise", "raised"},
	{"heavy", "heave"},
	{"thigh", "high"},
	{"knees", "kneel"},
	{"start", "smart"},
	{"front", "frost"},
	{"inner", "dinner"},
}

func bothWords(a, b string) bool {
	for _, p := range confusable {
		if strings.HasPrefix(a, p[0]) && strings.HasPrefix(b, p[1]) && a[len(p[0]):] == b[len(p[1]):] ||
			strings.HasPrefix(b, p[0]) && strings.HasPrefix(a, p[1]) && b[len(p[0]):] == a[len(p[1]):] {
			return true
		}
	}
	return false
}
