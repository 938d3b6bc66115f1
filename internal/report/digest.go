package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
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
	Sentences []string
}

// A DigestCategory is what a week changed in a category.
type DigestCategory struct {
	Slug, Name                        string
	Came, Approved, Rejected, Pending int64 // changes, but for Came
	ApprovedNow                       int64 // at the end of the week
	TargetMin                         int
}

// Digest tells the week that is asked for.
func (s *Service) Digest(ctx context.Context, w Week) (Digest, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	d := Digest{Week: w, From: w.Monday(), To: w.Monday().AddDate(0, 0, 6), At: time.Now()}
	next := d.From.AddDate(0, 0, 7)
	d.Over = !d.At.Before(next)
	rows, err := db.New(s.db).StatusDays(ctx, d.From.Format(time.DateOnly), s.dataset, nil)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	all := DigestCategory{}
	by := map[string]*DigestCategory{}
	for _, r := range rows {
		day, err := parseDay(r.Day)
		if err != nil {
			return Digest{}, fmt.Errorf("digest: %w", err)
		}
		if !day.Before(next) {
			continue
		}
		one := by[r.Category]
		if one == nil {
			one = &DigestCategory{Slug: r.Category, Name: r.Category}
			if cat, ok := c.Category(r.Category); ok {
				one.Name, one.TargetMin = cat.Name, cat.Target.Min
			}
			by[r.Category] = one
		}
		for _, sum := range []*DigestCategory{one, &all} {
			sum.add(example.Status(r.Status), r.Examples, day.Before(d.From))
		}
	}
	for _, one := range by {
		if one.Came != 0 || one.Approved != 0 || one.Rejected != 0 || one.Pending != 0 {
			d.Categories = append(d.Categories, *one)
		}
	}
	slugs := c.Slugs()
	slices.SortFunc(d.Categories, func(a, b DigestCategory) int {
		return cmp.Or(cmp.Compare(uint(slices.Index(slugs, a.Slug)), uint(slices.Index(slugs, b.Slug))), strings.Compare(a.Slug, b.Slug))
	})
	decided, err := s.decisions(ctx, uuid.Nil, d.From, next)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	d.Sections = []DigestSection{
		{"Progress", progressWords(all, d)},
		{"Reviewing", reviewWords(reasonsOf(c, decided), peopleOf(decided))},
	}
	found, err := s.findingWords(ctx, d.From, next)
	if err != nil {
		return Digest{}, fmt.Errorf("digest: %w", err)
	}
	d.Sections = append(d.Sections, DigestSection{"Quality", found})
	if !d.Over && !d.At.Before(d.From) {
		now, err := s.Dashboard(ctx, View{})
		if err != nil {
			return Digest{}, err
		}
		d.Sections = append(d.Sections, DigestSection{"What is ahead", aheadWords(now)})
	}
	return d, nil
}

func (c *DigestCategory) add(status example.Status, n int64, before bool) {
	if status == example.Approved {
		c.ApprovedNow += n
	}
	if before {
		return
	}
	c.Came += n
	switch status {
	case example.Approved:
		c.Approved += n
	case example.Rejected:
		c.Rejected += n
	case example.Pending:
		c.Pending += n
	}
}

func progressWords(all DigestCategory, d Digest) []string {
	var list []string
	switch {
	case all.Came == 0 && all.Approved == 0 && all.Rejected == 0:
		list = append(list, "No example came in and none was approved or rejected.")
	case all.Came > 0:
		list = append(list, counted(all.Came, "example", "examples")+" came in.")
	case all.Came < 0:
		list = append(list, counted(-all.Came, "example", "examples")+" were removed.")
	}
	switch {
	case all.Approved > 0:
		list = append(list, fmt.Sprintf("%s more %s approved than at the end of the week before; %s in all.", grouped(all.Approved), isAre(all.Approved), grouped(all.ApprovedNow)))
	case all.Approved < 0:
		list = append(list, fmt.Sprintf("%s fewer are approved than at the end of the week before, because approvals were taken back; %s in all.", grouped(-all.Approved), grouped(all.ApprovedNow)))
	case all.ApprovedNow > 0:
		list = append(list, fmt.Sprintf("As many are approved as the week before: %s.", grouped(all.ApprovedNow)))
	}
	if all.Rejected > 0 {
		list = append(list, fmt.Sprintf("%s more %s rejected.", grouped(all.Rejected), isAre(all.Rejected)))
	}
	var most *DigestCategory
	for i, c := range d.Categories {
		if c.Approved > 0 && (most == nil || c.Approved > most.Approved) {
			most = &d.Categories[i]
		}
	}
	if most != nil && len(d.Categories) > 1 {
		list = append(list, fmt.Sprintf("Most of the approvals were in %s: %s.", most.Name, grouped(most.Approved)))
	}
	for _, c := range d.Categories {
		if c.TargetMin > 0 && c.ApprovedNow >= int64(c.TargetMin) && c.ApprovedNow-c.Approved < int64(c.TargetMin) {
			list = append(list, fmt.Sprintf("%s reached its target of %s.", c.Name, grouped(c.TargetMin)))
		}
	}
	return list
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// counted writes n with its noun.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

func reviewWords(reasons []ReasonFigure, people []PersonFigure) []string {
	var decisions, approved, rejected, escalated int64
	for _, p := range people {
		decisions += p.Decisions()
		approved, rejected, escalated = approved+p.Approved, rejected+p.Rejected, escalated+p.Escalated
	}
	if decisions == 0 {
		return []string{"Nobody reviewed."}
	}
	list := []string{fmt.Sprintf("%s made %s: %s, %s, %s.", counted(int64(len(people)), "person", "people"), counted(decisions, "decision", "decisions"),
		counted(approved, "approval", "approvals"), counted(rejected, "rejection", "rejections"), counted(escalated, "question to a specialist", "questions to specialists"))}
	if len(reasons) > 0 {
		reason := cmp.Or(reasons[0].Reason, "in words of their own")
		list = append(list, fmt.Sprintf("The commonest reason for a rejection: %s (%s).", reason, grouped(reasons[0].Decisions)))
	}
	return list
}

func (s *Service) findingWords(ctx context.Context, from, next time.Time) ([]string, error) {
	rows, err := db.New(s.db).FindingTrend(ctx, s.dataset, from.AddDate(0, 0, -1).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	errorsOf := map[string]int64{}
	var days []string
	rules := map[string]map[string]int64{}
	for _, r := range rows {
		if r.Day >= next.Format(time.DateOnly) || r.Severity != db.SeverityError {
			continue
		}
		if len(days) == 0 || days[len(days)-1] != r.Day {
			days = append(days, r.Day)
			rules[r.Day] = map[string]int64{}
		}
		errorsOf[r.Day] += r.Findings
		rules[r.Day][r.Rule] += r.Examples
	}
	if len(days) == 0 {
		return []string{"No errors were noted on any day of the week."}, nil
	}
	first, last := days[0], days[len(days)-1]
	list := []string{fmt.Sprintf("At the end there were %s.", counted(errorsOf[last], "error", "errors"))}
	switch change := errorsOf[last] - errorsOf[first]; {
	case first == last:
	case change < 0:
		list = append(list, fmt.Sprintf("That is %s fewer than at the beginning.", grouped(-change)))
	case change > 0:
		list = append(list, fmt.Sprintf("That is %s more than at the beginning.", grouped(change)))
	default:
		list = append(list, "That is as many as at the beginning.")
	}
	worst, n := "", int64(0)
	for rule, examples := range rules[last] {
		if examples > n || examples == n && rule < worst {
			worst, n = rule, examples
		}
	}
	return append(list, fmt.Sprintf("The rule with most of them is %s, on %s.", worst, counted(n, "example", "examples"))), nil
}

func aheadWords(d Dashboard) []string {
	var list []string
	if d.Questions.Waiting > 0 {
		list = append(list, counted(d.Questions.Waiting, "question waits", "questions wait")+" for a specialist.")
	}
	if d.Progress.Total.Pending > 0 {
		list = append(list, counted(d.Progress.Total.Pending, "example waits", "examples wait")+" for review.")
	}
	return append(list, d.Forecast.Words())
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
