package llama3

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// A class is what the split pattern knows of a character.
type class uint8

const (
	other   class = iota // none of the below
	letter               // \p{L}
	number               // \p{N}
	space                // \s, without the line breaks
	newline              // \r and \n
)

// classes holds the class of every character below U+10000, the ASCII ones in
// a table of their own that stays in the nearest cache.
type classes struct {
	ascii [utf8.RuneSelf]class
	basic [1 << 16]class
}

func newClasses() *classes {
	c := &classes{}
	for _, set := range []struct {
		table *unicode.RangeTable
		class class
	}{{unicode.L, letter}, {unicode.N, number}, {unicode.White_Space, space}} {
		for _, r := range set.table.R16 {
			for x := uint32(r.Lo); x <= uint32(r.Hi); x += uint32(r.Stride) {
				c.basic[x] = set.class
			}
		}
	}
	c.basic['\r'], c.basic['\n'] = newline, newline
	copy(c.ascii[:], c.basic[:])
	return c
}

// at returns the class of the character of s at byte i and its length in bytes.
// A byte that is not part of valid UTF-8 counts as a character of class other,
// as the replacement character would.
func (c *classes) at(s string, i int) (class, int) {
	if b := s[i]; b < utf8.RuneSelf {
		return c.ascii[b], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	switch {
	case r < 1<<16:
		return c.basic[r], n
	case unicode.IsLetter(r):
		return letter, n
	case unicode.IsNumber(r):
		return number, n
	}
	return other, n // no white space is beyond U+FFFF
}

// next returns where the piece of s that begins at byte i ends. Pieces are the
// matches of Llama 3's split pattern, each of whose branches is named below:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)       contraction
//	[^\r\n\p{L}\p{N}]?\p{L}+           word
//	\p{N}{1,3}                         digits
//	 ?[^\s\p{L}\p{N}]+[\r\n]*          signs
//	\s*[\r\n]+                         line breaks
//	\s+(?!\S)                          spaces before a space
//	\s+                                spaces
func (c *classes) next(s string, i int) int {
	k, n := c.at(s, i)
	j := i + n
	switch k {
	case letter: // word
		return c.letters(s, j)
	case number: // digits
		for more := 2; more > 0 && j < len(s); more-- {
			k, n := c.at(s, j)
			if k != number {
				break
			}
			j += n
		}
		return j
	case other:
		if s[i] == '\'' {
			if n := contraction(s[j:]); n > 0 {
				return j + n
			}
		}
		if end := c.letters(s, j); end > j { // word after a sign
			return end
		}
		return c.signs(s, j)
	case space:
		if j == len(s) {
			return j
		}
		switch k, n := c.at(s, j); {
		case k == letter: // word after a space
			return c.letters(s, j+n)
		case k == other && s[i] == ' ': // signs after a space
			return c.signs(s, j+n)
		case k == other || k == number: // a single space
			return j
		}
	}
	return c.blanks(s, i)
}

// letters returns where the run of letters at byte i ends.
func (c *classes) letters(s string, i int) int {
	for {
		for i+8 <= len(s) {
			n := asciiLetters(load64(s, i))
			i += n
			if n < 8 {
				break
			}
		}
		if i == len(s) {
			return i
		}
		k, n := c.at(s, i)
		if k != letter {
			return i
		}
		i += n
	}
}

// asciiLetters returns how many of the eight bytes in w, from the lowest on,
// are ASCII letters. It looks at all at once: words end where no branch
// predictor can foresee it.
func asciiLetters(w uint64) int {
	const (
		each = 0x0101010101010101 // times a byte: that byte eight times
		top  = 0x80 * each
	)
	// In capitals, the bit that makes small letters is set. Adding to the low
	// seven bits of each byte then carries into its top bit or does not.
	small := w&^top | 0x20*each
	fromA := small + (0x80-'a')*each
	afterZ := small + (0x80-'z'-1)*each
	return bits.TrailingZeros64((w|^fromA|afterZ)&top) / 8
}

// signs returns where the piece ends whose signs reach at least to byte i:
// after more signs and then line breaks.
func (c *classes) signs(s string, i int) int {
	for i < len(s) {
		k, n := c.at(s, i)
		if k != other {
			break
		}
		i += n
	}
	for i < len(s) && (s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

// blanks returns where the piece of white space that begins at byte i ends:
// after its last line break; else, before a word or sign, without its last
// character, which belongs to the next piece unless it is the only one.
func (c *classes) blanks(s string, i int) int {
	first, last, afterBreak := i, i, -1
	for i < len(s) {
		k, n := c.at(s, i)
		if k != space && k != newline {
			break
		}
		last = i
		i += n
		if k == newline {
			afterBreak = i
		}
	}
	switch {
	case afterBreak >= 0:
		return afterBreak
	case i == len(s) || last == first:
		return i
	}
	return last
}

// contraction returns the length in bytes of the English contraction that s,
// which follows an apostrophe, begins with; 0 if there is none. U+017F, the
// long s, is an s when case is ignored.
func contraction(s string) int {
	const lower = 0x20 // sets the bit that tells small ASCII letters from capitals
	if len(s) == 0 {
		return 0
	}
	switch s[0] | lower {
	case 's', 't', 'm', 'd':
		return 1
	}
	if len(s) < 2 {
		return 0
	}
	switch [2]byte{s[0] | lower, s[1] | lower} {
	case [2]byte{'r', 'e'}, [2]byte{'v', 'e'}, [2]byte{'l', 'l'}:
		return 2
	}
	if s[:2] == "\u017f" {
		return 2
	}
	return 0
}
