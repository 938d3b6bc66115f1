package lint

import (
	"fmt"
	"strings"

	"github.com/voicefit/spotter/internal/example"
)

// gapWords stand where somebody meant to write something later. The first few
// count in capitals only.
var gapWords = newPhrases("todo", "fixme", "tbd", "lorem ipsum", "insert text here", "placeholder text", "your text here", "replace with your*", "rest of the response*",
	"would analyze user's*", "would analyze the user's*", "would analyse user's*", "would analyse the user's*", "would analyze your*", "would analyse your*")

const capitalGaps = 3

// gapStarts begin what stands in brackets in place of an answer.
var gapStarts = newPhrases("insert*", "would*", "will be*", "add *", "placeholder*", "todo*", "tbd*", "fill in*", "to be *", "include *", "describe *",
	"provide *", "specify *", "mention *", "replace *", "enter *", "details*", "content*", "generate*", "analyze*", "analyse*", "analysis*", "calculate*",
	"user's program*", "user's training*", "user's log*", "athlete's program*", "same as above*", "continue*", "rest of*", "etc*")

// softGaps are things in brackets that letters and templates are right to have.
var softGaps = newPhrases("your*", "name", "date", "time", "amount", "company", "recipient", "manager", "user", "username", "athlete", "client", "address", "email", "phone number",
	"city", "exercise", "exercise name", "weight", "reps", "body part", "number of*", "x amount*", "first name", "last name", "link", "image", "date and time")

// braceWords are names that templates put in braces.
var braceWords = newPhrases("name", "user", "username", "athlete", "exercise", "weight", "reps", "sets", "rpe", "date", "time", "city", "value", "number", "goal",
	"level", "age", "distance", "pace", "duration", "unit", "placeholder", "context", "input", "output", "question", "answer", "response", "topic", "insert")

const maxGap = 160 // bytes between brackets; what is longer is a remark

func checkPlaceholders(x *exam) {
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.role == example.Tool {
			continue
		}
		for m := gapWords.next(p.text, 0); m.phrase >= 0; m = gapWords.next(p.text, m.end) {
			word := p.text[m.start:m.end]
			if m.start > 0 && p.text[m.start-1] == '[' {
				continue // checkBrackets says so
			}
			if m.phrase >= capitalGaps || word == strings.ToUpper(word) {
				x.report(x.within(p, m.start, m.end), fmt.Sprintf("The text holds %q, which stands for something that was never written; write it.", word))
				break
			}
		}
		if p.bytes&bracketByte != 0 {
			checkBrackets(x, p)
		}
		if p.bytes&(braceByte|angleByte) != 0 && p.role != example.System {
			checkBraces(x, p)
		}
	}
}

// checkBrackets looks for [Insert ...] and its like.
func checkBrackets(x *exam, p *piece) {
	code := codeReader{s: p.text}
	for from := 0; ; {
		open := strings.IndexByte(p.text[from:], '[')
		if open < 0 {
			return
		}
		open += from
		from = open + 1
		size := strings.IndexAny(p.text[from:min(len(p.text), from+maxGap)], "[]\n")
		if size < 3 || p.text[from+size] != ']' {
			continue
		}
		end := from + size
		inner := p.text[from:end]
		from = end + 1
		if !isLetter(inner[0]) || strings.ContainsAny(inner, "\"=;{}()*$") || open > 0 && (isWord(p.text[open-1]) || strings.IndexByte("])$\\", p.text[open-1]) >= 0) {
			continue // a list, an index, code
		}
		if end+1 < len(p.text) && strings.IndexByte("([:", p.text[end+1]) >= 0 {
			continue // a Markdown link
		}
		hard, soft := startsWith(gapStarts, inner), softGap(inner)
		if !hard && !soft || code.in(open) {
			continue
		}
		if hard {
			x.report(x.within(p, open, end+1), fmt.Sprintf("%s stands in place of something that was never written; write it.", quoted(p.text[open:end+1])))
		} else {
			x.reportAs(Warning, x.within(p, open, end+1), fmt.Sprintf("%s looks like a gap to be filled in; fill it, unless the answer is meant as a template.", quoted(p.text[open:end+1])))
		}
	}
}

func startsWith(p *phrases, s string) bool {
	m := p.next(s, 0)
	return m.phrase >= 0 && m.start == 0
}

func softGap(inner string) bool {
	m := softGaps.next(inner, 0)
	if m.phrase >= 0 && m.start == 0 && (m.end == len(inner) || strings.HasSuffix(softGaps.list[m.phrase], "*")) {
		return true
	}
	last := inner[strings.LastIndexByte(inner, ' ')+1:]
	return len(inner) <= 40 && strings.EqualFold(last, "name")
}

// checkBraces looks for {name}, {{anything}} and <your name>.
func checkBraces(x *exam, p *piece) {
	s := p.text
	code := codeReader{s: s}
	soft := func(start, end int) {
		if !code.in(start) {
			x.reportAs(Warning, x.within(p, start, end), fmt.Sprintf("%s looks like a gap to be filled in; fill it, unless the answer is meant as a template.", quoted(s[start:end])))
		}
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '<' && p.bytes&angleByte != 0:
			size := strings.IndexByte(s[i:min(len(s), i+maxGap)], '>')
			if size > 0 && startsWith(anglePhrases, s[i+1:i+size]) {
				soft(i, i+size+1)
				i += size
			}
		case s[i] == '{':
			doubled := i+1 < len(s) && s[i+1] == '{'
			from := i + 1
			if doubled {
				from++
			}
			for from < len(s) && s[from] == ' ' && doubled {
				from++
			}
			end, under := from, false
			for end < len(s) && (isLetter(s[end]) || isDigit(s[end]) || s[end] == '_' || doubled && (s[end] == '.' || s[end] == ' ')) {
				under = under || s[end] == '_'
				end++
			}
			name := s[from:end]
			close := "}"
			if doubled {
				close = "}}"
			}
			if name == "" || !isLetter(name[0]) || !strings.HasPrefix(s[end:], close) {
				continue
			}
			if i > 0 && strings.IndexByte("$\\#%^_}])", s[i-1]) >= 0 || i > 0 && isWord(s[i-1]) || formatted(s, i) {
				continue
			}
			if doubled || under || braceWords.in(name) {
				soft(i, end+len(close))
			}
			i = end
		}
	}
}

var anglePhrases = newPhrases("insert *", "your *", "placeholder*", "user name", "athlete name")

// formatted reports whether the brace at byte at stands in a formatted string
// of Python such as f"{name}".
func formatted(s string, at int) bool {
	const near = 200
	line := s[max(0, at-near):at]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	for _, mark := range [...]string{`f"`, `f'`, `.format`, "`"} {
		if strings.Contains(line, mark) {
			return true
		}
	}
	return false
}

// A codeReader tells which places of a text stand in code, asked from front to
// back.
type codeReader struct {
	s      string
	at     int
	fenced bool
	span   bool
}

// in reports whether byte at of the text stands in a fenced block or in a code
// span of its line.
func (c *codeReader) in(at int) bool {
	for c.at < at {
		switch c.s[c.at] {
		case '\n':
			c.span = false
		case '`':
			if strings.HasPrefix(c.s[c.at:], "```") {
				c.fenced, c.span = !c.fenced, false
				c.at += 2
			} else {
				c.span = !c.span
			}
		}
		c.at++
	}
	return c.fenced || c.span
}
