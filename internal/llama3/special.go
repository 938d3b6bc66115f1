package llama3

import (
	"strconv"
	"strings"
)

// The special tokens that a rendered conversation is made of.
const (
	beginOfText = "<|begin_of_text|>"
	startHeader = "<|start_header_id|>"
	endHeader   = "<|end_header_id|>"
	endOfTurn   = "<|eot_id|>"
)

// specialSize is the number of special tokens; their ids begin at vocabSize.
const specialSize = 256

// specialNames are the special tokens with names of their own, as the
// tokenizer of Llama 3.1 and later spells them. The rest are called
// <|reserved_special_token_N|>, N counting from 0 in the order of the ids.
var specialNames = map[int32]string{
	128000: beginOfText,
	128001: "<|end_of_text|>",
	128004: "<|finetune_right_pad_id|>",
	128006: startHeader,
	128007: endHeader,
	128008: "<|eom_id|>",
	128009: endOfTurn,
	128010: "<|python_tag|>",
}

const reservedPrefix = "<|reserved_special_token_"

// specialName returns the spelling of the special token with the given id.
func specialName(id int32) string {
	if name, ok := specialNames[id]; ok {
		return name
	}
	n := id - vocabSize
	for named := range specialNames {
		if named < id {
			n--
		}
	}
	return reservedPrefix + strconv.Itoa(int(n)) + "|>"
}

// specialIDs maps the spelling of each special token to its id.
var specialIDs = func() map[string]int32 {
	ids := make(map[string]int32, specialSize)
	for id := int32(vocabSize); id < vocabSize+specialSize; id++ {
		ids[specialName(id)] = id
	}
	return ids
}()

// A Range is a place in a text where a special token is spelt out.
type Range struct {
	Start, End int   // byte offsets; End is after the last byte
	ID         int32 // the token's id, or -1 if Llama 3.3 has no token of this name
}

// SpecialTokens finds everything in content that is spelt like a special
// token: <| and |> around small letters, digits and underscores. It reports
// names that Llama 3.3 does not have too (with ID -1), such as <|im_end|>,
// because other models and older Llamas do.
//
// Such text must not reach a training file unseen: the Hugging Face tokenizer
// takes an <|eot_id|> that somebody typed for the end of the turn.
func SpecialTokens(content string) []Range {
	var found []Range
	for at := 0; ; {
		r, ok := nextSpecial(content[at:])
		if !ok {
			return found
		}
		r.Start += at
		r.End += at
		found = append(found, r)
		at = r.End
	}
}

// nextSpecial finds the first place in s that is spelt like a special token.
func nextSpecial(s string) (Range, bool) {
	for at := 0; ; {
		i := strings.Index(s[at:], "<|")
		if i < 0 {
			return Range{}, false
		}
		start := at + i
		end := start + 2
		for end < len(s) && (s[end] == '_' || 'a' <= s[end] && s[end] <= 'z' || '0' <= s[end] && s[end] <= '9') {
			end++
		}
		if end > start+2 && strings.HasPrefix(s[end:], "|>") {
			end += 2
			if id, ok := specialIDs[s[start:end]]; ok {
				return Range{start, end, id}, true
			}
			return Range{start, end, none}, true
		}
		at = start + 2
	}
}

// nextKnown finds the first special token of Llama 3.3 in s.
func nextKnown(s string) (Range, bool) {
	for at := 0; ; {
		r, ok := nextSpecial(s[at:])
		if !ok {
			return Range{}, false
		}
		if r.ID != none {
			return Range{at + r.Start, at + r.End, r.ID}, true
		}
		at += r.End
	}
}
