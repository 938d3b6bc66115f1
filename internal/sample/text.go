package sample

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fill replaces every {key} of a template by the value that follows the key in
// kv. A key that kv lacks is kept, so that a test can find it.
func fill(template string, kv ...string) string {
	if !strings.Contains(template, "{") {
		return template
	}
	var b strings.Builder
	b.Grow(len(template) + 32)
	for {
		open := strings.IndexByte(template, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(template[open:], '}')
		if end < 0 {
			break
		}
		key := template[open+1 : open+end]
		b.WriteString(template[:open])
		found := false
		for i := 0; i+1 < len(kv); i += 2 {
			if kv[i] == key {
				b.WriteString(kv[i+1])
				found = true
				break
			}
		}
		if !found {
			b.WriteString(template[open : open+end+1])
		}
		template = template[open+end+1:]
	}
	b.WriteString(template)
	return b.String()
}

// capital returns s with its first letter in upper case.
func capital(s string) string {
	c, n := utf8.DecodeRuneInString(s)
	if n == 0 || unicode.IsUpper(c) {
		return s
	}
	return string(unicode.ToUpper(c)) + s[n:]
}

// decimal writes n/scale without trailing zeros; scale is a power of ten.
func decimal(n, scale int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	s := sign + strconv.Itoa(n/scale)
	if n%scale == 0 {
		return s
	}
	frac := strconv.Itoa(scale + n%scale)[1:]
	return s + "." + strings.TrimRight(frac, "0")
}

// clock writes seconds as m:ss, or h:mm:ss from one hour up.
func clock(seconds int) string {
	two := func(n int) string {
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
		return strconv.Itoa(n)
	}
	h, m, s := seconds/3600, seconds/60%60, seconds%60
	if h > 0 {
		return strconv.Itoa(h) + ":" + two(m) + ":" + two(s)
	}
	return strconv.Itoa(m) + ":" + two(s)
}

// numberWords are the numbers that the commands spell out.
var numberWords = map[string]int{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
	"ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
}

// spell returns the word for n, or its digits where numberWords has none.
func spell(n int) string {
	for w, v := range numberWords {
		if v == n {
			return w
		}
	}
	return strconv.Itoa(n)
}
