package lint

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/llama3"
)

var textRules = []definition{
	{
		Rule: Rule{
			ID: "text/special-token", Family: "text", Severity: Error, Everywhere: true,
			Summary: "A text spells a control token of Llama 3 such as <|eot_id|>; tokens of other models' templates (<|im_end|>, [INST]) are a warning.",
			Why:     "The Hugging Face tokenizer takes the spelling for the token itself: the turn ends in the middle of a sentence, or a speaker is forged.",
			Source:  "The Llama 3 tokenizer's list of special tokens.",
			Fix:     "Take the token out of the text.",
		},
		build: simple(checkSpecialTokens),
	},
	{
		Rule: Rule{
			ID: "text/control-character", Family: "text", Severity: Error, Everywhere: true,
			Summary: "A text holds characters that nobody can see: control characters (an error), or zero-width characters, bidirectional controls, U+2028/2029 and the replacement character U+FFFD (a warning).",
			Why:     "They come from broken conversions, split words into other tokens, hide text from reviewers, and some readers take them for the end of a line.",
			Source:  "The C0 and C1 blocks and the format characters of Unicode; U+FFFD means that a character was lost. Joiners within emoji and in the scripts that need them are left alone.",
			Fix:     "Take the character out, or put back the one that was meant.",
		},
		build: simple(checkControls),
	},
	{
		Rule: Rule{
			ID: "text/placeholder", Family: "text", Severity: Error, Everywhere: true,
			Summary: "A text has a gap that was never filled: [Insert ...], [Would analyze the user's program here], TODO, lorem ipsum; gaps that may be meant, such as [Your name] or {name}, are a warning.",
			Why:     "The model learns to answer with the gap.",
			Source:  "Generated data as it really looks; [Would analyze user's program here] is from the plan.",
			Fix:     "Write what belongs there.",
		},
		build: simple(checkPlaceholders),
	},
	{
		Rule: Rule{
			ID: "text/refusal", Family: "text", Severity: Error, Everywhere: true,
			Summary: "The answer speaks of being an AI, of its training data, or declines to help.",
			Why:     "A coach does not talk like this; every such answer teaches the model to refuse.",
			Source:  "The phrases of the large chat models.",
			Fix:     "Answer the question, or reject the example.",
		},
		build: simple(checkRefusals),
	},
}

func checkSpecialTokens(x *exam) {
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.bytes&(angleByte|bracketByte) == 0 {
			continue
		}
		if p.bytes&angleByte != 0 {
			for _, r := range llama3.SpecialTokens(p.text) {
				token := p.text[r.Start:r.End]
				if r.ID >= 0 {
					x.report(x.within(p, r.Start, r.End), fmt.Sprintf("The text holds %s, which Llama 3 reads as a control token and not as words; take it out.", token))
				} else {
					x.reportAs(Warning, x.within(p, r.Start, r.End), fmt.Sprintf("The text holds %s, a control token of another model's template; take it out.", token))
				}
			}
		}
		for _, token := range foreignTokens {
			if k := strings.Index(p.text, token); k >= 0 {
				x.reportAs(Warning, x.within(p, k, k+len(token)), fmt.Sprintf("The text holds %s, a mark of another model's template; take it out.", token))
			}
		}
	}
}

// foreignTokens are marks of templates that are not spelt <|like_this|>.
var foreignTokens = [...]string{"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<start_of_turn>", "<end_of_turn>"}

// The sorts of characters that text/control-character tells apart.
type hidden uint8

const (
	plainRune hidden = iota
	controlRune
	lostRune
	zeroWidthRune
	bidiRune
	lineRune
	hiddenSorts
)

func checkControls(x *exam) {
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.bytes&(controlByte|highByte) != 0 {
			checkHidden(x, p)
		}
	}
}

// checkHidden reports the first character of each sort, and how many there are.
func checkHidden(x *exam, p *piece) {
	var first, last [hiddenSorts]int
	var count [hiddenSorts]int
	var r [hiddenSorts]rune
	for i := 0; i < len(p.text); {
		b := p.text[i]
		if classes[b]&(controlByte|highByte) == 0 {
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(p.text[i:])
		if sort := hiddenSort(p.text, i, c, size); sort != plainRune {
			if count[sort] == 0 {
				first[sort], last[sort], r[sort] = i, i+size, c
			}
			count[sort]++
		}
		i += size
	}
	for sort := controlRune; sort < hiddenSorts; sort++ {
		if count[sort] == 0 {
			continue
		}
		more := ""
		if count[sort] > 1 {
			more = fmt.Sprintf(" (the first of %d of its kind)", count[sort])
		}
		s := x.within(p, first[sort], last[sort])
		name := fmt.Sprintf("U+%04X", r[sort])
		switch sort {
		case controlRune:
			x.report(s, fmt.Sprintf("Here stands the control character %s%s; take it out.", name, more))
		case lostRune:
			x.reportAs(Warning, s, fmt.Sprintf("Here stands %s, the sign of a character that was lost%s; put back what was meant.", name, more))
		case zeroWidthRune:
			x.reportAs(Warning, s, fmt.Sprintf("Here stands the invisible character %s%s; take it out.", name, more))
		case bidiRune:
			x.reportAs(Warning, s, fmt.Sprintf("Here stands %s, which changes the direction in which text is shown%s; take it out.", name, more))
		case lineRune:
			x.reportAs(Warning, s, fmt.Sprintf("Here stands %s, which some readers take for the end of a line%s; write an ordinary line break.", name, more))
		case plainRune, hiddenSorts:
		}
	}
}

// hiddenSort says what the character r at byte at of s is.
func hiddenSort(s string, at int, r rune, size int) hidden {
	switch {
	case r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0x7F, 0x80 <= r && r < 0xA0 && r != 0x85:
		return controlRune
	case r == utf8.RuneError:
		return lostRune // also for bytes that are not UTF-8
	case r == 0x85, r == 0x2028, r == 0x2029:
		return lineRune
	case r == 0x200D, r == 0x200C:
		if joins(s, at, size) {
			return plainRune
		}
		return zeroWidthRune
	case r == 0x200B, r == 0xAD, r == 0x180E, 0x2060 <= r && r <= 0x2064, r == 0xFEFF, 0xFFF9 <= r && r <= 0xFFFB, r == 0x3164, r == 0x115F, r == 0x1160:
		return zeroWidthRune
	case 0xE0000 <= r && r <= 0xE007F:
		if inFlag(s, at) {
			return plainRune
		}
		return zeroWidthRune
	case r == 0x200E, r == 0x200F, r == 0x061C, 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069:
		return bidiRune
	}
	return plainRune
}

// joins reports whether the joiner at byte at of s stands where joiners belong:
// between emoji, or in one of the scripts from Arabic to Sinhala, in Khmer or
// Mongolian.
func joins(s string, at, size int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(s[at+size:])
	return joined(before) && joined(after)
}

func joined(r rune) bool {
	switch {
	case r == 0xFE0F, 0x2190 <= r && r <= 0x2BFF, 0x1F000 <= r && r <= 0x1FAFF:
		return true // symbols, arrows, emoji and their variation selector
	case 0x0600 <= r && r <= 0x0DFF, 0x1780 <= r && r <= 0x18AF, 0xFB50 <= r && r <= 0xFDFF, 0xFE70 <= r && r <= 0xFEFC:
		return true // the scripts
	}
	return false
}

// inFlag reports whether the tag at byte at of s continues a flag such as
// Scotland's.
func inFlag(s string, at int) bool {
	const longest = 8 // tags of a flag
	for range longest {
		r, size := utf8.DecodeLastRuneInString(s[:at])
		if r == 0x1F3F4 {
			return true
		}
		if r < 0xE0000 || r > 0xE007F {
			return false
		}
		at -= size
	}
	return false
}

// refusals are what a coach never says. They are looked for in the assistant's
// words only.
var refusals = newPhrases(
	"as an ai", "as a large language model", "as a language model", "as an artificial intelligence", "as an assistant, i cannot",
	"i am an ai", "i'm an ai", "i'm just an ai", "i am just an ai", "i'm only an ai", "being an ai",
	"ai language model", "an ai assistant", "as your ai", "as a virtual assistant", "as a digital assistant", "as a chatbot",
	"i am chatgpt", "i'm chatgpt", "i was trained by", "i was developed by", "i was created by openai", "trained by openai",
	"my training data", "my knowledge cutoff", "my knowledge cut-off", "knowledge cutoff date", "my last update", "my last training",
	"i cannot assist with", "i can't assist with", "i cannot help with that", "i can't help with that", "i cannot fulfill", "i can't fulfill",
	"i cannot provide medical advice", "i can't provide medical advice", "i am unable to assist", "i'm unable to assist",
	"i'm sorry, but i can't", "i am sorry, but i can't", "i'm sorry, but i cannot", "i am sorry, but i cannot", "i'm sorry, i can't assist",
	"i apologize, but i can't", "i apologize, but i cannot", "i'm sorry, but i'm unable", "i'm sorry, but i am unable", "i am sorry, but i am unable",
	"i'm sorry, but i don't have the capability", "i'm sorry, but i do not have the capability", "i don't have the capability to", "i do not have the capability to",
	"i don't have personal experience*", "i do not have personal experience*", "i don't have real-time", "i do not have real-time",
)

func checkRefusals(x *exam) {
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.role != example.Assistant || len(p.text) < 8 {
			continue
		}
		if m := refusals.next(p.text, 0); m.phrase >= 0 {
			x.report(x.within(p, m.start, m.end), fmt.Sprintf("The answer says %q, which no coach would; answer the question or reject the example.", p.text[m.start:m.end]))
		}
	}
}
