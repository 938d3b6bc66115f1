package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

// A Week is an ISO week.
type Week struct{ Year, Number int }

// WeekOf is the week that holds a moment (UTC).
func WeekOf(t time.Time) Week {
	y, n := t.UTC().ISOWeek()
	return Week{y, n}
}

// ParseWeek reads 2026-W47; anything else is fault.Invalid.
func ParseWeek(s string) (Week, error) {
	var w Week
	if n, err := fmt.Sscanf(s, "%4d-W%2d", &w.Year, &w.Number); err != nil || n != 2 || w.String() != s || WeekOf(w.Monday()) != w {
		return Week{}, fault.New(fault.Invalid, "There is no week %q. Write it like 2026-W47.", s)
	}
	return w, nil
}

// String writes the week as ISO 8601 does.
func (w Week) String() string { return fmt.Sprintf("%04d-W%02d", w.Year, w.Number) }

// Monday is the week's first day.
func (w Week) Monday() time.Time {
	fourth := time.Date(w.Year, 1, 4, 0, 0, 0, 0, time.UTC) // always in the first week
	return fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7+7*(w.Number-1))
}

// A Digest tells a week in plain words. The same figures always give the same words.
//
// What was done in the week is counted by examples: each once, by the last word on it
// that was not taken back (see browse.Word), so that every number has its list. What
// somebody decided again in a later week counts there. How many examples stood where
// at the end of a week that is over is history, which can't be listed; a digest says
// such things without numbers.
type Digest struct {
	Week       Week
	From, To   time.Time // Monday and Sunday
	Over       bool      // whether the week has ended
	Sections   []DigestSection
	Categories []DigestCategory // those in which something happened
	At         time.Time
}

// A DigestSection is a heading with its sentences.
type DigestSection struct {
	Heading   string
	Sentences []Sentence
}

// A Sentence is plain text in pieces, some of which lead somewhere.
type Sentence []Piece

// A Piece of a sentence.
type Piece struct {
	Text string
	// List is the list of the examples that the number in Text counts.
	List *browse.Filter
	// Page is the address of another page of the site that says the same.
	Page string
}

// String is the sentence without its links.
func (s Sentence) String() string {
	var b strings.Builder
	for _, p := range s {
		b.WriteString(p.Text)
	}
	return b.String()
}

// say makes a sentence of strings and Pieces.
func say(parts ...any) Sentence {
	var s Sentence
	for _, p := range parts {
		if piece, ok := p.(Piece); ok {
			s = append(s, piece)
			continue
		}
		s = append(s, Piece{Text: fmt.Sprint(p)})
	}
	return s
}

// A DigestCategory is what was done in a category.
type DigestCategory struct {
	Slug, Name                          string
	Came, Approved, Rejected, Escalated int64 // came in; by their last word, of the week
	ApprovedNow                         int64
}

// Came, Decided and Approved are the lists that the numbers of the digest count: the
// examples whose file was added in the week, those with such a last word of the week,
// and those that are approved now. Each is of one category or, without one, of all.
func (d Digest) Came(category string) browse.Filter {
	return browse.Filter{Category: category, AddedSince: d.From.Format(time.DateOnly), AddedUntil: d.To.Format(time.DateOnly)}
}

// Decided is described at Came.
func (d Digest) Decided(category string, verdict example.Verdict) browse.Filter {
	return browse.Filter{Category: category, Word: d.word(verdict)}
}

// Approved is described at Came.
func (Digest) Approved(category string) browse.Filter {
	return browse.Filter{Category: category, Status: example.Approved}
}

func (d Digest) word(verdict example.Verdict) browse.Word {
	return browse.Word{Verdict: string(verdict), Since: d.From.Format(time.DateOnly), Until: d.To.Format(time.DateOnly)}
}

// linked is a number with its noun that leads to the list of what it counts.
func linked(n int64, one, many string, f browse.Filter) Piece {
	return Piece{Text: counted(n, one, many), List: &f}
}

// Digest tells the week that is asked for.
func (s *Service) Digest(ctx context.Context, w Week) (Digest, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	d := Digest{Week: w, From: w.Monday(), To: w.Monday().AddDate(0, 0, 6)}
	p, err := s.Progress(ctx)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	d.At = p.At
	d.Over = !d.At.Before(d.From.AddDate(0, 0, 7))
	all, err := s.digestCategories(ctx, p, &d)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	reached, err := s.reached(ctx, c, d)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: targets: %w", err)
	}
	words, err := db.New(s.db).WordFigures(ctx, db.WordFiguresParams{DatasetID: s.dataset, Since: d.From.Format(time.DateOnly), Until: d.To.Format(time.DateOnly)})
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	found, err := s.findingWords(ctx, c, d)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: findings: %w", err)
	}
	built, err := s.releaseWords(ctx, d)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: releases: %w", err)
	}
	d.Sections = []DigestSection{
		{"Progress", append(d.progressWords(all), reached...)},
		{"Reviewing", d.reviewWords(all, lastReasons(c, words), digestPeople(words))},
		{"Quality", found},
	}
	if len(built) > 0 {
		d.Sections = append(d.Sections, DigestSection{"Releases", built})
	}
	if !d.Over && !d.At.Before(d.From) {
		now, err := s.Dashboard(ctx, View{})
		if err != nil {
			return Digest{}, err
		}
		d.Sections = append(d.Sections, DigestSection{"What is ahead", aheadWords(now)})
	}
	return d, nil
}

// digestCategories fills in the categories and returns their sum.
func (s *Service) digestCategories(ctx context.Context, p Progress, d *Digest) (all DigestCategory, err error) {
	q := db.New(s.db)
	since, until := d.From.Format(time.DateOnly), d.To.Format(time.DateOnly)
	came, err := q.CameIn(ctx, s.dataset, since, until)
	if err != nil {
		return all, fmt.Errorf("what came in: %w", err)
	}
	words, err := q.WordCategories(ctx, s.dataset, since, until)
	if err != nil {
		return all, fmt.Errorf("last words: %w", err)
	}
	by := map[string]*DigestCategory{}
	at := func(slug string) *DigestCategory {
		if by[slug] == nil {
			by[slug] = &DigestCategory{}
		}
		return by[slug]
	}
	for _, r := range came {
		at(r.Category).Came += r.Examples
		all.Came += r.Examples
	}
	for _, r := range words {
		at(r.Category).add(r.Verdict, r.Examples)
		all.add(r.Verdict, r.Examples)
	}
	all.ApprovedNow = p.Total.Approved
	for _, cat := range p.Categories { // those with examples and those of the catalog, in its order
		if one := by[cat.Slug]; one != nil {
			one.Slug, one.Name, one.ApprovedNow = cat.Slug, cat.Name, cat.Counts.Approved
			d.Categories = append(d.Categories, *one)
		}
	}
	return all, nil
}

func (c *DigestCategory) add(verdict string, n int64) {
	switch example.Verdict(verdict) {
	case example.Approve:
		c.Approved += n
	case example.Reject:
		c.Rejected += n
	case example.Escalate:
		c.Escalated += n
	}
}

func (d Digest) progressWords(all DigestCategory) []Sentence {
	list := []Sentence{say("No example came in.")}
	if all.Came > 0 {
		list[0] = say(linked(all.Came, "example", "examples", d.Came("")), " came in.")
	}
	switch {
	case all.Approved+all.Rejected == 0:
		list = append(list, say("None was approved or rejected."))
	case all.Rejected == 0:
		list = append(list, say(linked(all.Approved, "example", "examples", d.Decided("", example.Approve)), " got an approval, none was rejected."))
	case all.Approved == 0:
		list = append(list, say(linked(all.Rejected, "example", "examples", d.Decided("", example.Reject)), " "+wasWere(all.Rejected)+" rejected, none got an approval."))
	default:
		list = append(list, say(linked(all.Approved, "example", "examples", d.Decided("", example.Approve)), " got an approval, ",
			linked(all.Rejected, "was", "were", d.Decided("", example.Reject)), " rejected."))
	}
	var most *DigestCategory
	for i, c := range d.Categories {
		if c.Approved > 0 && (most == nil || c.Approved > most.Approved) {
			most = &d.Categories[i]
		}
	}
	if most != nil && len(d.Categories) > 1 {
		list = append(list, say("The most approvals were in "+most.Name+": ", Piece{Text: grouped(most.Approved), List: new(d.Decided(most.Slug, example.Approve))}, "."))
	}
	if !d.Over && all.ApprovedNow > 0 {
		list = append(list, say("In all, ", linked(all.ApprovedNow, "is", "are", d.Approved("")), " approved now."))
	}
	return list
}

func wasWere(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// reached says which categories reached the lower end of their target in the week.
func (s *Service) reached(ctx context.Context, c *catalog.Catalog, d Digest) ([]Sentence, error) {
	rows, err := db.New(s.db).StatusDays(ctx, d.From.Format(time.DateOnly), s.dataset, nil)
	if err != nil {
		return nil, err
	}
	before, after := map[string]int64{}, map[string]int64{}
	for _, r := range rows {
		if r.Status != db.ExampleStatus(example.Approved) || r.Day > d.To.Format(time.DateOnly) {
			continue
		}
		after[r.Category] += r.Examples
		if r.Day < d.From.Format(time.DateOnly) {
			before[r.Category] += r.Examples
		}
	}
	var list []Sentence
	for _, cat := range c.Categories {
		if least := int64(cat.Target.Min); least > 0 && before[cat.Slug] < least && after[cat.Slug] >= least {
			list = append(list, say(Piece{Text: cat.Name, List: new(d.Approved(cat.Slug))}, " reached its target of ",
				Piece{Text: grouped(least), Page: "/catalog/" + url.PathEscape(cat.Slug)}, "."))
		}
	}
	return list, nil
}

// counted writes n with its noun.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// digestPeople adds up last words by person, those with most examples first.
func digestPeople(words []db.WordFiguresRow) []PersonFigure {
	by := map[uuid.UUID]PersonFigure{}
	for _, w := range words {
		if w.ReviewerID == nil {
			continue
		}
		p := by[*w.ReviewerID]
		p.ID, p.Name = *w.ReviewerID, cmp.Or(w.Reviewer, "the command line")
		p.add(w.Verdict, w.Examples)
		by[p.ID] = p
	}
	list := slices.Collect(maps.Values(by))
	slices.SortFunc(list, func(a, b PersonFigure) int {
		return cmp.Or(cmp.Compare(b.Decisions(), a.Decisions()), cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return list
}

// digestNames is how many people a digest names.
const digestNames = 12

func (d Digest) reviewWords(all DigestCategory, reasons []ReasonFigure, people []PersonFigure) []Sentence {
	if len(people) == 0 {
		return []Sentence{say("Nobody reviewed.")}
	}
	parts := []any{"Reviewed by "}
	for i, p := range people[:min(len(people), digestNames)] {
		if i > 0 {
			parts = append(parts, ", ")
		}
		f := browse.Filter{Word: d.word("")}
		f.Reviewer = p.ID.String()
		parts = append(parts, p.Name+" (", linked(p.Decisions(), "example", "examples", f), ")")
	}
	if len(people) > digestNames {
		parts = append(parts, " and ", Piece{Text: counted(int64(len(people)-digestNames), "other", "others"), Page: "/#people-heading"})
	}
	list := []Sentence{say(append(parts, ".")...)}
	if all.Escalated > 0 {
		list = append(list, say("A specialist was asked about ", linked(all.Escalated, "example", "examples", d.Decided("", example.Escalate)), "."))
	}
	if len(reasons) > 0 {
		f := d.Decided("", example.Reject)
		f.Reason = cmp.Or(reasons[0].Reason, browse.OwnWords)
		list = append(list, say("The commonest reason for a rejection: "+cmp.Or(reasons[0].Reason, "in words of their own")+" (", linked(reasons[0].Decisions, "example", "examples", f), ")."))
	}
	return list
}

// findingWords says how the errors that were noted changed in the week, and of a week
// that is not over, what is found now.
func (s *Service) findingWords(ctx context.Context, c *catalog.Catalog, d Digest) ([]Sentence, error) {
	rows, err := db.New(s.db).FindingTrend(ctx, s.dataset, d.From.AddDate(0, 0, -1).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	errorsOf := map[string]int64{}
	var days []string
	for _, r := range rows {
		if r.Day > d.To.Format(time.DateOnly) {
			continue
		}
		if len(days) == 0 || days[len(days)-1] != r.Day {
			days = append(days, r.Day)
		}
		if r.Severity == db.SeverityError {
			errorsOf[r.Day] += r.Findings
		}
	}
	var list []Sentence
	trend := Piece{Text: "at its beginning", Page: "/quality#over-time"}
	switch {
	case len(days) == 0:
		list = append(list, say("Nothing was noted of findings on any day of the week."))
	case len(days) == 1:
	case errorsOf[days[len(days)-1]] < errorsOf[days[0]]:
		list = append(list, say("There were fewer errors at the end of the week than ", trend, "."))
	case errorsOf[days[len(days)-1]] > errorsOf[days[0]]:
		list = append(list, say("There were more errors at the end of the week than ", trend, "."))
	default:
		list = append(list, say("There were as many errors at the end of the week as ", trend, "."))
	}
	if d.Over || d.At.Before(d.From) {
		if len(list) == 0 {
			list = append(list, say("Findings were noted on one day only, so there is nothing to compare."))
		}
		return list, nil
	}
	rules, _, err := s.rules(ctx, c, Filter{})
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 || rules[0].Severity != lint.Error {
		return append(list, say("No example has an error now.")), nil
	}
	worst := rules[0] // errors come first, the one on most examples before others
	return append(list, say("The error on most examples now is "+worst.Rule+", on ",
		linked(worst.Examples, "example", "examples", browse.Filter{Rule: worst.Rule, Severity: worst.Severity}), ".")), nil
}

// releaseWords names the releases that were built in the week.
func (s *Service) releaseWords(ctx context.Context, d Digest) ([]Sentence, error) {
	rows, err := db.New(s.db).ReleasesBuilt(ctx, s.dataset, d.From.Format(time.DateOnly), d.To.Format(time.DateOnly))
	var list []Sentence
	for _, r := range rows {
		rest := "."
		if r.Withdrawn {
			rest = "; it was withdrawn."
		}
		list = append(list, say("Release "+r.Name+" was built, with ", Piece{Text: counted(r.Items, "example", "examples"), Page: "/releases/" + r.ID.String()}, rest))
	}
	return list, err
}

func aheadWords(d Dashboard) []Sentence {
	var list []Sentence
	for _, one := range []struct {
		n      int64
		status example.Status
		what   string
	}{{d.Progress.Total.Escalated, example.Escalated, " for a specialist or a ruling."}, {d.Progress.Total.Pending, example.Pending, " for review."}} {
		if one.n > 0 {
			list = append(list, say(linked(one.n, "example waits", "examples wait", browse.Filter{Status: one.status}), one.what))
		}
	}
	return append(list, say(d.Forecast.Words(), " ", Piece{Text: "See the burn-up.", Page: "/#burnup-heading"}))
}

// Words is the forecast in a sentence or two, with what it rests on.
func (f Forecast) Words() string {
	if f.Why != "" && f.Left == 0 {
		return f.Why
	}
	if f.Why != "" {
		return "No forecast: " + lowerFirst(f.Why)
	}
	rest := fmt.Sprintf(" %s to go, at about %s a day, days off counted, over the last %d days.", counted(f.Left, "approval", "approvals"), paceWord(f.Pace.Mean), f.Pace.Days)
	switch {
	case f.Latest.IsZero():
		return "At the earliest on " + dateWord(f.Earliest) + "; how late cannot be said, the days differ too much." + rest
	case f.Latest.Equal(f.Earliest):
		return "About " + dateWord(f.Earliest) + "." + rest
	}
	return "Between " + dateWord(f.Earliest) + " and " + dateWord(f.Latest) + ", four times in five." + rest
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func dateWord(t time.Time) string { return t.Format("2 January 2006") }

func paceWord(mean float64) string {
	if mean >= 10 {
		return grouped(int64(mean + 0.5))
	}
	return fmt.Sprintf("%.1f", mean)
}
