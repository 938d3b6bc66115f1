package bulk

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
)

// maxGrowth bounds a message after a replacement.
const maxMessageBytes = 1 << 20

// A Hunk is one place where a replacement changes a message, with what is around
// it. All of it is text of the dataset.
type Hunk struct {
	Message int          `json:"message"` // its number, from 1
	Role    example.Role `json:"role"`
	Before  string       `json:"before"`
	Was     string       `json:"was"`
	Becomes string       `json:"becomes"`
	After   string       `json:"after"`
}

const (
	hunkContext = 60  // runes on either side
	hunkText    = 300 // runes of what is replaced and of what comes instead
)

// pattern compiles Find. The expressions are RE2's: they take time in proportion to
// the text, whatever is written.
func (p Parameters) pattern() (*regexp.Regexp, error) {
	text := p.Find
	if !p.Regexp {
		text = regexp.QuoteMeta(text)
	}
	flags := "(?m)"
	if p.FoldCase {
		flags = "(?mi)"
	}
	return regexp.Compile(flags + text)
}

// replace returns the messages with every match replaced, and the first few places
// where. Messages that would get longer than maxMessageBytes make it return false.
func (p Parameters) replace(messages []example.Message, re *regexp.Regexp, hunks int) (changed []example.Message, places []Hunk, ok bool) {
	out := slices.Clone(messages)
	for i, m := range out {
		if !slices.Contains(p.Roles, string(m.Role)) {
			continue
		}
		var b strings.Builder
		at := 0
		for _, loc := range re.FindAllStringSubmatchIndex(m.Content, -1) {
			becomes := p.With
			if p.Regexp {
				becomes = string(re.ExpandString(nil, p.With, m.Content, loc))
			}
			was := m.Content[loc[0]:loc[1]]
			b.WriteString(m.Content[at:loc[0]])
			b.WriteString(becomes)
			if at = loc[1]; b.Len() > maxMessageBytes {
				return nil, nil, false
			}
			if was != becomes && len(places) < hunks {
				places = append(places, Hunk{
					Message: i + 1, Role: m.Role, Was: example.Excerpt(was, hunkText), Becomes: example.Excerpt(becomes, hunkText),
					Before: lastRunes(m.Content[:loc[0]]), After: firstRunes(m.Content[loc[1]:]),
				})
			}
		}
		b.WriteString(m.Content[at:])
		if b.Len() > maxMessageBytes && b.Len() > len(m.Content) {
			return nil, nil, false
		}
		out[i].Content = b.String()
	}
	return out, places, true
}

func firstRunes(s string) string {
	n := 0
	for i := range s {
		if n++; n > hunkContext {
			return s[:i]
		}
	}
	return s
}

func lastRunes(s string) string {
	at := len(s)
	for range hunkContext {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		if at -= size; at == 0 {
			break
		}
	}
	return s[at:]
}
