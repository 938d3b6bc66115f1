package example

// Excerpt is the first runes of a text, with a mark where it goes on.
func Excerpt(text string, runes int) string {
	n := 0
	for i := range text {
		if n++; n > runes {
			return text[:i] + "…"
		}
	}
	return text
}
