package llama3

import (
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
)

// A Segment is a stretch of a rendered conversation whose tokens all count
// toward the loss in training, or all do not.
type Segment struct {
	Message int    // index into Conversation.Messages, or -1 for what no message says
	Text    string // of the rendering; all segments together are all of it
	IDs     []int32
	Trained bool
}

// Segments splits what AppendHF writes for c into what is trained on, which is
// the content or the call of each assistant message and its <|eot_id|>, and
// what is masked: everything else, and messages with the weight 0. A masked
// segment is the header and the content of a message, or only the header of a
// message that is trained on. It fails where AppendHF fails.
//
// Segments end after special tokens and after headers, where no token reaches
// across: all their tokens together are those of the whole text.
func (t *Tokenizer) Segments(c example.Conversation, o Options) ([]Segment, error) {
	r := renderer{options: o, noting: true}
	if err := r.conversation(c, true); err != nil {
		return nil, err
	}
	text, at := string(r.dst), 0
	var segments []Segment
	add := func(message, end int, trained bool) {
		if end > at {
			segments = append(segments, Segment{
				Message: message, Text: text[at:end], IDs: t.AppendEncoded(nil, text[at:end]), Trained: trained,
			})
			at = end
		}
	}
	for _, b := range r.bodies {
		trained := b.message >= 0 && isTrained(c.Messages[b.message])
		if trained {
			add(b.message, b.start, false)
		}
		add(b.message, b.end, trained)
	}
	add(-1, len(text), false) // the generation prompt
	return segments, nil
}

// isTrained reports whether training learns to write m.
func isTrained(m example.Message) bool {
	return m.Role == example.Assistant && (m.Weight == nil || *m.Weight != 0)
}

// A Cut is where a limit of tokens ends a row.
type Cut struct {
	Segment int // index of the segment that holds the first token beyond the limit
	Token   int // index of that token in the segment
	Lost    int // tokens beyond the limit
	Trained int // those of them that would have been trained on
}

// CutAt finds what a training platform loses that truncates rows to limit
// tokens, and reports whether it loses anything. A limit of 0 or less is none.
func CutAt(segments []Segment, limit int) (Cut, bool) {
	var cut Cut
	before := 0 // tokens of the segments so far
	for i, s := range segments {
		n := len(s.IDs)
		beyond := min(before+n-limit, n)
		before += n
		if limit <= 0 || beyond <= 0 {
			continue
		}
		if cut.Lost == 0 {
			cut.Segment, cut.Token = i, n-beyond
		}
		cut.Lost += beyond
		if s.Trained {
			cut.Trained += beyond
		}
	}
	return cut, cut.Lost > 0
}

// A Piece is the text of a token. Where a character is spread over several
// tokens, it is the text of these together.
type Piece struct {
	Text   string
	Tokens int
}

// Pieces returns the texts of the tokens ids, in order. Bytes that are no
// character stay as they are; ids that are no tokens have no text.
func (t *Tokenizer) Pieces(ids []int32) []Piece {
	pieces := make([]Piece, 0, len(ids))
	var open Piece // the tokens of a character that has not ended
	for _, id := range ids {
		open.Text += t.text(id)
		open.Tokens++
		if !endsWithin(open.Text) {
			pieces = append(pieces, open)
			open = Piece{}
		}
	}
	if open.Tokens > 0 {
		pieces = append(pieces, open)
	}
	return pieces
}

// text returns the bytes of a token.
func (t *Tokenizer) text(id int32) string {
	switch v := t.vocabulary; {
	case id < 0 || id >= vocabSize+specialSize:
		return ""
	case id >= vocabSize:
		return specialName(id)
	default:
		return v.text[v.start[id]:v.start[id+1]]
	}
}

// endsWithin reports whether s ends with the beginning of a character.
func endsWithin(s string) bool {
	for i := 1; i < utf8.UTFMax && i <= len(s); i++ {
		if tail := s[len(s)-i:]; utf8.RuneStart(tail[0]) {
			return !utf8.FullRuneInString(tail)
		}
	}
	return false
}
