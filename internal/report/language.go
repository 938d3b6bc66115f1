package report

import (
	"strings"
	"unicode"

	"github.com/voicefit/spotter/internal/example"
)

// languageMethod says in the report how languages are told.
const languageMethod = "The language is told by the script, and in Latin script by the commonest short words of English, Spanish, German, French, Portuguese, Italian and Dutch in what user and assistant say. It is a simple method: it tells a file in the wrong language from one in the right one, not a dialect, and short commands and lists of numbers stay untold."

// languages are the words that each language uses all the time and the others
// seldom do.
var languages = []struct {
	name  string
	words string
}{
	{"English", "the and you your is are of to for with it that this on my was have at not what how do can i'm don't"},
	{"Spanish", "el los las que y es una por con para del se su más pero como mi lo está muy"},
	{"German", "der die das und ist ich nicht mit ein eine zu den auf für sie von es dein mein wie auch"},
	{"French", "le les des est et une pour dans vous je pas sur avec ce mon votre du qui plus au"},
	{"Portuguese", "o os que não uma com para por mais você meu é em do da dos como seu muito está"},
	{"Italian", "il che di è per un della con non una sono mi più gli nel questo come del"},
	{"Dutch", "het een van en ik dat niet op je met voor zijn maar ook naar deze wat hoe mijn"},
}

// languageWords is languages by word.
var languageWords = func() map[string][]int {
	m := map[string][]int{}
	for i, l := range languages {
		for word := range strings.FieldsSeq(l.words) {
			m[word] = append(m[word], i)
		}
	}
	return m
}()

const (
	maxLanguageBytes = 2000 // of each message that are looked at
	minHits          = 2    // common words that tell a language
)

// untold is the name for texts that are too short or hold no words.
const untold = "not told (too short, or no words)"

// scripts other than Latin, each with what it most likely is here.
var scripts = []struct {
	table *unicode.RangeTable
	name  string
}{
	{unicode.Cyrillic, "Cyrillic script"},
	{unicode.Han, "Chinese or Japanese script"},
	{unicode.Hiragana, "Chinese or Japanese script"},
	{unicode.Katakana, "Chinese or Japanese script"},
	{unicode.Hangul, "Korean script"},
	{unicode.Arabic, "Arabic script"},
	{unicode.Hebrew, "Hebrew script"},
	{unicode.Greek, "Greek script"},
	{unicode.Devanagari, "Devanagari script"},
	{unicode.Thai, "Thai script"},
}

// languageOf tells the language of what user and assistant say. The system prompt
// does not count: it is the same in thousands of rows.
func languageOf(c example.Conversation) string {
	var latin int
	var other [16]int
	var hits [16]int
	for _, m := range c.Messages {
		if m.Role != example.User && m.Role != example.Assistant {
			continue
		}
		text := m.Content
		if len(text) > maxLanguageBytes {
			text = text[:maxLanguageBytes]
		}
		for _, r := range text {
			if r < unicode.MaxASCII {
				if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
					latin++
				}
				continue
			}
			if !unicode.IsLetter(r) {
				continue
			}
			if unicode.Is(unicode.Latin, r) {
				latin++
				continue
			}
			for i := range scripts {
				if unicode.Is(scripts[i].table, r) {
					other[i]++
					break
				}
			}
		}
		for word := range strings.FieldsFuncSeq(text, notInWord) {
			for _, i := range languageWords[strings.ToLower(word)] {
				hits[i]++
			}
		}
	}
	for i, n := range other {
		if n > latin {
			return scripts[i].name
		}
	}
	best, second := 0, -1
	for i := 1; i < len(languages); i++ {
		switch {
		case hits[i] > hits[best]:
			best, second = i, best
		case second < 0 || hits[i] > hits[second]:
			second = i
		}
	}
	if hits[best] < minHits || second >= 0 && hits[second] == hits[best] {
		return untold
	}
	return languages[best].name
}

func notInWord(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }
