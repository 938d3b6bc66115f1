package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Tokens says what training makes of a conversation: llama3.Tokenizer.
type Tokens interface {
	Segments(c example.Conversation, o llama3.Options) ([]llama3.Segment, error)
	Pieces(ids []int32) []llama3.Piece
}

// maxShownTokens is how many tokens are drawn one by one; a page of more would
// be slow to draw and is not read token by token.
const maxShownTokens = 4000

// showTokens handles GET /examples/{id}/tokens.
func (s *Server) showTokens(w http.ResponseWriter, r *http.Request) error {
	d, err := s.detailOf(r, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	c, _, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	cat, ok := c.Category(d.Category)
	if !ok {
		cat.Name = draw.Plain(d.Category)
	}
	v := s.tokensView(d, c.Platforms)
	v.Crumbs = []templates.Link{
		{Label: "Examples", URL: "/examples"},
		{Label: cat.Name, URL: examplesURL(d.Category, "", "")},
		{Label: "Example", URL: "/examples/" + d.ID.String()},
	}
	page := s.frame(w, r, "Tokens", templates.SectionExamples)
	page.Styles = []string{"css/review.css", "css/tokens.css"}
	return s.show(w, r, templates.TokensPage(page, v))
}

// tokensView draws what the template makes of an example. The options are those
// of the stored count.
func (s *Server) tokensView(d browse.Detail, platforms []catalog.Platform) templates.Tokens {
	segments, err := s.tokens.Segments(d.Conversation, llama3.Options{DropCallText: true})
	if err != nil {
		return templates.Tokens{Problem: draw.Plain(err.Error())}
	}
	total, trained := 0, 0
	for _, seg := range segments {
		total += len(seg.IDs)
		if seg.Trained {
			trained += len(seg.IDs)
		}
	}
	v := templates.Tokens{
		Total: number(total), Trained: number(trained), Masked: number(total - trained),
		Share: share(int64(trained), int64(total)),
	}
	single := total <= maxShownTokens
	if !single {
		v.Notes = append(v.Notes, "These are more than "+number(maxShownTokens)+" tokens, so they are not drawn one by one.")
	}
	if slices.ContainsFunc(d.Conversation.Messages, func(m example.Message) bool {
		return len(m.ToolCalls) > 0 && example.Trim(m.Content) != ""
	}) {
		v.Notes = append(v.Notes, "The template leaves out the text beside a tool call: it is not here and would not be trained on.")
	}
	cuts := make(map[int][]cutMark)
	for _, p := range platforms {
		limit := templates.TokenLimit{Platform: draw.Plain(p.Name), Limit: "not known", Text: "Nobody wrote its limit into the catalog."}
		if p.MaxTokens > 0 {
			limit.Limit, limit.Text = number(p.MaxTokens), "Nothing is cut."
		}
		if cut, ok := llama3.CutAt(segments, p.MaxTokens); ok {
			limit.Cut = true
			limit.Text = "Cuts off the last " + counted(cut.Lost, "token", "tokens") + ", " + number(cut.Trained) + " of them trained on."
			cuts[cut.Segment] = append(cuts[cut.Segment], cutMark{cut.Token, limit.Platform + " cuts here, after " + counted(p.MaxTokens, "token", "tokens")})
		}
		v.Limits = append(v.Limits, limit)
	}
	for i, seg := range segments {
		v.Segments = append(v.Segments, templates.TokenSegment{
			Who: segmentName(d.Conversation.Messages, seg), Trained: seg.Trained, Count: counted(len(seg.IDs), "token", "tokens"),
			Single: single, Parts: tokenParts(s.tokens.Pieces(seg.IDs), cuts[i], single),
		})
	}
	return v
}

// speakers are the roles that a template can write.
var speakers = map[example.Role]string{
	example.System: "System prompt", example.User: "User", example.Assistant: "Assistant", example.Tool: "Tool result",
}

// segmentName says what a segment is.
func segmentName(messages []example.Message, seg llama3.Segment) string {
	if seg.Message < 0 {
		return "Written by the template"
	}
	m := messages[seg.Message]
	who := speakers[m.Role] + ", message " + strconv.Itoa(seg.Message+1)
	switch {
	case seg.Trained:
		return who
	case m.Role == example.Assistant && m.Weight != nil && *m.Weight == 0:
		return who + ", weight 0"
	case m.Role == example.Assistant:
		return who + ", header"
	}
	return who
}

// A cutMark says what is cut before a token of a segment.
type cutMark struct {
	token int
	text  string
}

// tokenParts draws the pieces of a segment with marks where it is cut, one by
// one or as few as the marks allow. A mark within a character spread over several
// tokens stands before the character.
func tokenParts(pieces []llama3.Piece, cuts []cutMark, single bool) []templates.TokenPart {
	slices.SortStableFunc(cuts, func(a, b cutMark) int { return cmp.Compare(a.token, b.token) })
	var parts []templates.TokenPart
	var text strings.Builder
	var cut []string
	flush := func() {
		if text.Len() > 0 || len(cut) > 0 {
			parts = append(parts, templates.TokenPart{Cuts: cut, Text: draw.Text(text.String())})
		}
		cut = nil
		text.Reset()
	}
	at := 0
	for _, p := range pieces {
		if len(cuts) > 0 && cuts[0].token < at+p.Tokens {
			flush()
			for len(cuts) > 0 && cuts[0].token < at+p.Tokens {
				cut, cuts = append(cut, cuts[0].text), cuts[1:]
			}
		}
		at += p.Tokens
		text.WriteString(p.Text)
		if !single {
			continue
		}
		flush()
		if p.Tokens > 1 {
			what := "character"
			if !utf8.ValidString(p.Text) {
				what = "piece"
			}
			parts[len(parts)-1].Title = "one " + what + " of " + number(p.Tokens) + " tokens"
		}
	}
	flush()
	return parts
}
