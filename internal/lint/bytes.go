package lint

// A class is a set of kinds of bytes. Checks ask a text's class before they
// look at it closely, so that most texts are read once.
type class uint8

const (
	controlByte class = 1 << iota // C0 but for tab and line breaks, and DEL
	highByte                      // beyond ASCII
	angleByte                     // <
	bracketByte                   // [
	braceByte                     // {
	atByte                        // @
	digitByte
)

// classes gives the class of each byte.
var classes = func() (t [256]class) {
	for b := range 0x20 {
		t[b] = controlByte
	}
	t['\t'], t['\n'], t['\r'] = 0, 0, 0
	t[0x7F] = controlByte
	for b := 0x80; b <= 0xFF; b++ {
		t[b] = highByte
	}
	t['<'], t['['], t['{'], t['@'] = angleByte, bracketByte, braceByte, atByte
	for b := '0'; b <= '9'; b++ {
		t[b] = digitByte
	}
	return t
}()

// classify returns the kinds of bytes that s holds.
func classify(s string) class {
	var c class
	for i := range len(s) {
		c |= classes[s[i]]
	}
	return c
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// isWord reports whether b is part of a word: a letter, a digit, an underscore
// or a byte beyond ASCII.
func isWord(b byte) bool { return isLetter(b) || isDigit(b) || b == '_' || b >= 0x80 }

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b | 0x20
	}
	return b
}
