package dedup

import (
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// longWords is from how many words on a question is compared by runs of words
// and not by runs of characters.
const longWords = 20

// straddle is how many words a question may be away from longWords and still
// get the keys of both kinds, so that a filler word more does not part it from
// its copy.
const straddle = 4

// maxTextBytes bounds what of a text is looked at for likeness. Equality is
// always that of the whole.
const maxTextBytes = 64 << 10

// A text is an example as this package sees it.
type text struct {
	category string
	question string // normal form of what the user says, all turns
	spelled  string // question with numbers in digits
	template string // spelled with every number masked
	words    int
	tokens   []token
	numbers  []string // in order
	aim      [len(aims)]int
	answers  []string // what the assistant says, as it stands, turn by turn

	// Made when first asked for, so a text is for one goroutine at a time.
	byChars, byWords set
	contentWords     []string
}

// newText reads a conversation. The question is what the user says; where the
// user says nothing, it is everything but the system's words. The system's
// words do not count: in a category they are usually the same.
func newText(category string, messages []example.Message) *text {
	t := &text{category: category}
	t.question, t.answers = turns(messages)
	t.tokens = tokenize(t.question)
	if t.question == "" {
		t.tokens = nil
	}
	t.words = len(strings.Fields(t.question))
	var spelled, template strings.Builder
	for i, k := range t.tokens {
		if i > 0 {
			spelled.WriteByte(' ')
			template.WriteByte(' ')
		}
		spelled.WriteString(k.text)
		if k.number {
			t.numbers = append(t.numbers, k.text)
			template.WriteByte('#')
			continue
		}
		template.WriteString(k.text)
	}
	t.spelled, t.template, t.aim = spelled.String(), template.String(), aim(t.tokens)
	return t
}

// turns returns the question of a conversation in its normal form, and its answers.
func turns(messages []example.Message) (question string, answers []string) {
	var ask, all []string
	for _, m := range messages {
		said := m.Content
		for _, c := range m.ToolCalls {
			said += "\n" + c.Name + " " + c.Arguments
		}
		switch m.Role {
		case example.User:
			ask = append(ask, said)
		case example.Assistant:
			answers = append(answers, said)
		case example.System:
			continue
		}
		all = append(all, said)
	}
	if len(ask) == 0 {
		ask, answers = all, nil
	}
	return normal(strings.Join(ask, "\n")), answers
}

// aims are the words that turn a sentence round: a text with another number of
// one kind of them says something else however alike it is.
var aims = [...]map[string]bool{
	wordSet("left"), wordSet("right"),
	wordSet("no not never without cannot cant dont doesnt didnt isnt wasnt arent wont wouldnt shouldnt couldnt havent hasnt nothing none neither nor"),
	wordSet("increase increases increased up"),
	wordSet("decrease decreases decreased reduce reduces reduced down"),
}

func aim(tokens []token) [len(aims)]int {
	var n [len(aims)]int
	for _, k := range tokens {
		if k.number {
			continue
		}
		for i := range aims {
			if aims[i][k.text] {
				n[i]++
			}
		}
	}
	return n
}

func (t *text) short() bool { return t.words < longWords }

// content returns the words that carry the question's meaning, sorted: numbers
// marked, empty words left out, spellings of one thing made equal.
func (t *text) content() []string {
	if t.contentWords != nil {
		return t.contentWords
	}
	out := make([]string, 0, len(t.tokens))
	for _, k := range t.tokens {
		switch {
		case k.number:
			out = append(out, "#"+k.text)
		case !isEmpty(k.text):
			out = append(out, stem(k.text))
		}
	}
	slices.Sort(out)
	t.contentWords = out
	return out
}

// charRuns and wordRuns are the question's shingles.
func (t *text) charRuns() set {
	if t.byChars == nil {
		t.byChars = charSet(clip(t.spelled), shingleChars)
	}
	return t.byChars
}

func (t *text) wordRuns() set {
	if t.byWords == nil {
		t.byWords = wordSetOf(clip(t.question), shingleWords)
	}
	return t.byWords
}

func clip(s string) string {
	if len(s) <= maxTextBytes {
		return s
	}
	return strings.ToValidUTF8(s[:maxTextBytes], "")
}

// Question returns what a conversation asks, in the form in which questions that
// differ only in case, white space, punctuation and Unicode form are equal: what
// the user says, all turns, or where the user says nothing, everything but the
// system's words. Empty where nothing is said.
func Question(messages []example.Message) string {
	question, _ := turns(messages)
	return question
}
