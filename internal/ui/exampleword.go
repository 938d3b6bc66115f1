package ui

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// blind is the person who asks, where a list must not tell them what others said:
// whoever judges examples and does not lead.
func blind(r *http.Request) uuid.UUID {
	if u, ok := userOf(r.Context()); ok && u.Can(account.Review) && !u.Can(account.Adjudicate) {
		return u.ID
	}
	return uuid.Nil
}

// wordNames are last words in the list of choices.
var wordNames = map[string]string{
	string(example.Approve): "Approved", string(example.Reject): "Rejected", string(example.Escalate): "Asked a specialist",
}

// wordFilters adds the choices that numbers about decisions and lengths lead to, and
// a chip for each of them that is made.
func (s *Server) wordFilters(ctx context.Context, c *catalog.Catalog, f browse.Filter, v *templates.Examples) error {
	people, err := s.browse.People(ctx)
	if err != nil {
		return err
	}
	who := choice("reviewer", "Decided by", "Anybody", f.Reviewer)
	for _, p := range people {
		who.add(p.ID.String(), cmp.Or(draw.Plain(p.Name), "The command line"))
	}
	verdict := choice("verdict", "Last word", "Any", f.Verdict)
	for _, one := range browse.Verdicts {
		verdict.add(one, wordNames[one])
	}
	reason := choice("reason", "Reason to reject", "Any", f.Reason)
	names := map[string]bool{}
	for _, name := range c.ReasonNames() {
		names[name] = true
	}
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	for _, name := range list {
		reason.add(name, draw.Plain(name))
	}
	reason.add(browse.OwnWords, ownWords)
	choices := []templates.Choice{who.done(), verdict.done(), reason.done()}
	v.Words = choices
	v.WordFields = []templates.Field{
		{Name: "since", Label: "From day", Type: "date", Value: f.Since},
		{Name: "until", Label: "To day", Type: "date", Value: f.Until},
		{Name: "min_tokens", Label: "Tokens at least", Type: "number", InputMode: "numeric", Value: positive(f.MinTokens)},
		{Name: "max_tokens", Label: "Tokens at most", Type: "number", InputMode: "numeric", Value: positive(f.MaxTokens)},
		{Name: "added_since", Label: "Came in from day", Type: "date", Value: f.AddedSince},
		{Name: "added_until", Label: "Came in to day", Type: "date", Value: f.AddedUntil},
	}
	chip := func(label string, without browse.Filter) {
		v.Chips = append(v.Chips, templates.Link{Label: label, URL: filterURL(without, "")})
	}
	picked := func(c templates.Choice) string {
		for _, o := range c.Options {
			if o.Selected {
				return o.Label
			}
		}
		return ""
	}
	if f.Reviewer != "" {
		less := f
		less.Reviewer = ""
		chip("Decided by "+picked(choices[0]), less)
	}
	if f.Verdict != "" {
		less := f
		less.Verdict = ""
		chip("Last word: "+picked(choices[1]), less)
	}
	if f.Reason != "" {
		less := f
		less.Reason = ""
		chip("Rejected: "+picked(choices[2]), less)
	}
	if f.Since != "" || f.Until != "" {
		less := f
		less.Since, less.Until = "", ""
		chip("Decided "+daysWords(f.Since, f.Until), less)
	}
	if f.AddedSince != "" || f.AddedUntil != "" {
		less := f
		less.AddedSince, less.AddedUntil = "", ""
		chip("Came in "+daysWords(f.AddedSince, f.AddedUntil), less)
	}
	if f.MinTokens > 0 || f.MaxTokens > 0 {
		less := f
		less.MinTokens, less.MaxTokens = 0, 0
		label := span(f.MinTokens, f.MaxTokens) + " tokens"
		switch {
		case f.MaxTokens == 0:
			label = number(f.MinTokens) + " tokens or more"
		case f.MinTokens == 0:
			label = "At most " + number(f.MaxTokens) + " tokens"
		}
		chip(label, less)
	}
	return nil
}

// ownWords is what rejections for none of the catalog's reasons are called.
const ownWords = "In words of their own"

// daysWords is a time in words; either end may be open.
func daysWords(since, until string) string {
	day := func(text string) string {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return draw.Plain(text)
		}
		return t.Format("2 January 2006")
	}
	switch {
	case since == until:
		return "on " + day(since)
	case until == "":
		return "since " + day(since)
	case since == "":
		return "until " + day(until)
	}
	return "from " + day(since) + " to " + day(until)
}
