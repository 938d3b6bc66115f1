package catalog

import "strings"

// maxReasonKey is how many letters of a reason count, as in 00014_words.sql.
const maxReasonKey = 60

// ReasonKey is what the reason of a rejection is counted under: what stands before
// the first colon, in small letters. Behind it are words of one's own. It does what
// word_reason of 00014_words.sql does.
func ReasonKey(reason string) string {
	reason, _, _ = strings.Cut(reason, ":")
	if r := []rune(reason); len(r) > maxReasonKey {
		reason = string(r[:maxReasonKey])
	}
	return strings.ToLower(strings.Trim(reason, " "))
}

// ReasonNames returns the names of all reasons to reject that any category offers, by
// the keys of their slugs and names. A reason whose key is not among them is in words
// of somebody's own.
func (c *Catalog) ReasonNames() map[string]string {
	names := map[string]string{}
	for _, cat := range c.Categories {
		for _, r := range cat.RejectReasons {
			names[ReasonKey(r.Slug)], names[ReasonKey(r.Name)] = r.Name, r.Name
		}
	}
	return names
}
