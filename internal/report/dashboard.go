package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/stat"
)

// A View says what of the whole a dashboard shows. The zero value is everything.
type View struct {
	Source uuid.UUID // only examples of this file
	Days   int       // only so many days, today included; 0: since the beginning
}

// Dashboard is where the work stands, in the order in which its manager asks.
type Dashboard struct {
	Progress  Progress
	Burnup    Burnup
	Forecast  Forecast            // of all lower ends of targets
	Of        map[string]Forecast // by category
	Rules     []RuleFigure        // of all sources, the worst first
	Reasons   []ReasonFigure      // why examples were rejected in the time shown, by the last word on each, most often first
	People    []PersonFigure      // who had the last word on what in the time shown, by name
	Questions Questions
	Platforms []PlatformFigure // cost of training on what is approved
	Sources   []SourceChoice   // the newest, for the filter
	At        time.Time        // when it was computed
}

// Burnup is how the numbers came to be what they are: at the end of each day (UTC),
// from Days[0] to today. A day without changes is as the one before.
type Burnup struct {
	Days     []time.Time
	Approved []int64
	Decided  []int64 // approved and rejected
	All      []int64
	Daily    []int64 // approved on the day, less what was taken back
	// Stands counts the examples whose last word is an approval of that day.
	Stands []int64
}

// A Forecast says when a target is reached if the days to come are like those that
// were. It is a range, or says why there is none.
type Forecast struct {
	Left     int64 // examples to approve
	Pace     stat.Pace
	Earliest time.Time // zero where there is no forecast
	Latest   time.Time // zero where the range has no end within forecastDays
	Why      string    // why there is no forecast; empty where there is one
}

// A ReasonFigure is a reason and how many examples were rejected for it, each by the
// last word on it.
type ReasonFigure struct {
	Reason    string // empty: in words of one's own
	Decisions int64
}

// A PersonFigure is what one person did in the time shown: the examples on which that
// was their last word.
type PersonFigure struct {
	ID                            uuid.UUID
	Name                          string
	Approved, Rejected, Escalated int64
	Days                          int           // on which they decided anything
	Typical                       time.Duration // mean time for a decision where it is known; else 0
}

// Decisions is how many verdicts there were.
func (p PersonFigure) Decisions() int64 { return p.Approved + p.Rejected + p.Escalated }

// add counts n verdicts; false says that it is none that counts.
func (p *PersonFigure) add(verdict string, n int64) bool {
	switch example.Verdict(verdict) {
	case example.Approve:
		p.Approved += n
	case example.Reject:
		p.Rejected += n
	case example.Escalate:
		p.Escalated += n
	default:
		return false
	}
	return true
}

// Questions are what waits for a specialist.
type Questions struct {
	Waiting int64     // at most 1000 are counted
	Since   time.Time // the oldest; zero where there is none
}

// A SourceChoice is a file that figures can be of.
type SourceChoice struct {
	ID   uuid.UUID
	Name string
	Demo bool
}

// What a forecast rests on.
const (
	paceDays     = 28       // it looks back at most so far,
	leastActive  = 5        // and wants so many days with approvals among them
	forecastDays = 3 * 365  // a target further away is not given a date
	maxDays      = 10 * 365 // of a burn-up
	maxReasons   = 12
	maxPeople    = 200
)

// Dashboard computes everything the dashboard shows, from counters and day tables.
func (s *Service) Dashboard(ctx context.Context, v View) (Dashboard, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return Dashboard{}, fmt.Errorf("dashboard: %w", err)
	}
	d := Dashboard{Of: map[string]Forecast{}}
	if d.Progress, err = s.progressOf(ctx, v.Source); err != nil {
		return Dashboard{}, fmt.Errorf("dashboard: %w", err)
	}
	d.At = d.Progress.At
	for _, part := range []struct {
		what string
		fill func(context.Context, *catalog.Catalog, View, *Dashboard) error
	}{{"burn-up", s.fillBurnup}, {"decisions", s.fillDecisions}, {"questions", s.fillQuestions}, {"findings", s.fillRules}, {"sources", s.fillSources}} {
		if err := part.fill(ctx, c, v, &d); err != nil {
			return Dashboard{}, fmt.Errorf("dashboard: %s: %w", part.what, err)
		}
	}
	t := TokenFigures{Examples: d.Progress.Total.Approved, Tokens: d.Progress.Total.Tokens}
	d.Platforms = t.onPlatforms(c)
	return d, nil
}

// progressOf is Progress, of one source where it is not nil.
func (s *Service) progressOf(ctx context.Context, source uuid.UUID) (Progress, error) {
	if source == uuid.Nil {
		return s.Progress(ctx)
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return Progress{}, fmt.Errorf("progress: %w", err)
	}
	rows, err := db.New(s.db).CountsBySourceShelf(ctx, s.dataset, source)
	if err != nil {
		return Progress{}, fmt.Errorf("progress: %w", err)
	}
	shelves := make([]db.CountsByShelfRow, len(rows))
	for i, r := range rows {
		shelves[i] = db.CountsByShelfRow(r)
	}
	return progress(c, shelves), nil
}

// today is the day (UTC) that figures call today.
func today(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

func parseDay(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, fmt.Errorf("read a day: %w", err)
	}
	return t, nil
}

func optionalID(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// firstDay is the first day that v shows.
func (s *Service) firstDay(ctx context.Context, v View, now time.Time) (time.Time, error) {
	text, err := db.New(s.db).FirstStatusDay(ctx, s.dataset, optionalID(v.Source))
	if err != nil {
		return time.Time{}, err
	}
	first, err := parseDay(text)
	if err != nil {
		return time.Time{}, err
	}
	oldest := now.AddDate(0, 0, 1-maxDays)
	if v.Days > 0 {
		oldest = now.AddDate(0, 0, 1-v.Days)
	}
	return later(first, oldest), nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *Service) fillBurnup(ctx context.Context, c *catalog.Catalog, v View, d *Dashboard) error {
	now := today(d.At)
	shown, err := s.firstDay(ctx, v, now)
	if err != nil {
		return err
	}
	first := shown
	if back := now.AddDate(0, 0, -paceDays); back.Before(first) {
		first = back // the forecast looks further back than a week's chart
	}
	rows, err := db.New(s.db).StatusDays(ctx, first.Format(time.DateOnly), s.dataset, optionalID(v.Source))
	if err != nil {
		return err
	}
	n := int(now.Sub(first).Hours()/24) + 1
	daily := map[string][]float64{} // approvals by category, "" for all
	at := func(slug string) []float64 {
		if daily[slug] == nil {
			daily[slug] = make([]float64, n)
		}
		return daily[slug]
	}
	all := at("")
	approved, decided, total := make([]int64, n+1), make([]int64, n+1), make([]int64, n+1)
	for _, r := range rows {
		day, err := parseDay(r.Day)
		if err != nil {
			return err
		}
		i := min(int(day.Sub(first).Hours()/24), n-1) // a clock ahead of ours is today
		total[i+1] += r.Examples
		switch example.Status(r.Status) {
		case example.Approved:
			approved[i+1] += r.Examples
			decided[i+1] += r.Examples
			if i >= 0 {
				all[i] += float64(r.Examples)
				at(r.Category)[i] += float64(r.Examples)
			}
		case example.Rejected:
			decided[i+1] += r.Examples
		}
	}
	for i := 1; i <= n; i++ {
		approved[i] += approved[i-1]
		decided[i] += decided[i-1]
		total[i] += total[i-1]
	}
	skip := int(shown.Sub(first).Hours() / 24)
	b := &d.Burnup
	for i := skip; i < n; i++ {
		b.Days = append(b.Days, first.AddDate(0, 0, i))
		b.Approved, b.Decided, b.All = append(b.Approved, approved[i+1]), append(b.Decided, decided[i+1]), append(b.All, total[i+1])
		b.Daily = append(b.Daily, int64(all[i]))
	}
	stands, err := db.New(s.db).ApprovedWordDays(ctx, s.dataset, shown.Format(time.DateOnly), optionalID(v.Source))
	if err != nil {
		return err
	}
	b.Stands = make([]int64, len(b.Days))
	for _, r := range stands {
		day, err := parseDay(r.Day)
		if err != nil {
			return err
		}
		b.Stands[min(int(day.Sub(shown).Hours()/24), len(b.Stands)-1)] += r.Examples // a clock ahead of ours is today
	}
	// Forecasts are of the whole dataset's targets: a part of it has none.
	if v.Source != uuid.Nil {
		d.Forecast.Why = "Targets are of the whole dataset, so one file has no forecast."
		return nil
	}
	var left int64
	for _, cat := range d.Progress.Categories {
		missing := max(int64(cat.TargetMin)-cat.Counts.Approved, 0)
		left += missing
		if cat.InCatalog {
			d.Of[cat.Slug] = forecast(now, missing, at(cat.Slug))
		}
	}
	d.Forecast = forecast(now, left, all)
	return nil
}

// forecast looks at the last days, from the first on which anything was approved.
// Today is not over and does not count.
func forecast(now time.Time, left int64, daily []float64) Forecast {
	f := Forecast{Left: left}
	daily = daily[:len(daily)-1]
	daily = daily[max(len(daily)-paceDays, 0):]
	begin := slices.IndexFunc(daily, func(v float64) bool { return v != 0 })
	if begin >= 0 {
		f.Pace = stat.PaceOf(daily[begin:])
	}
	switch {
	case left == 0:
		f.Why = "The lower end of every target is reached."
		return f
	case f.Pace.Active < leastActive:
		f.Why = fmt.Sprintf("There were approvals on %d of the last %d days; a forecast needs %d.", f.Pace.Active, paceDays, leastActive)
		return f
	case f.Pace.Mean <= 0:
		f.Why = "As much was taken back as was approved lately, so there is no pace to go by."
		return f
	}
	early, late := f.Pace.Reach(float64(left), forecastDays)
	if early < 0 {
		f.Why = "At the pace of the last days it would take more than three years."
		return f
	}
	f.Earliest = now.AddDate(0, 0, early)
	if late >= 0 {
		f.Latest = now.AddDate(0, 0, late)
	}
	return f
}

func (s *Service) fillDecisions(ctx context.Context, c *catalog.Catalog, v View, d *Dashboard) error {
	since := time.Time{}
	if v.Days > 0 {
		since = today(d.At).AddDate(0, 0, 1-v.Days)
	}
	rows, err := s.decisions(ctx, v.Source, since, today(d.At).AddDate(0, 0, 2))
	if err != nil {
		return err
	}
	words, err := db.New(s.db).WordFigures(ctx, db.WordFiguresParams{
		DatasetID: s.dataset, Since: later(since, firstOfAll()).Format(time.DateOnly), Until: today(d.At).AddDate(0, 0, 1).Format(time.DateOnly), Source: optionalID(v.Source),
	})
	if err != nil {
		return err
	}
	d.Reasons, d.People = lastReasons(c, words), lastWords(peopleOf(rows), words)
	return nil
}

// firstOfAll is before everything that was ever decided.
func firstOfAll() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// lastReasons adds up why examples were rejected, by the last word on each.
func lastReasons(c *catalog.Catalog, words []db.WordFiguresRow) []ReasonFigure {
	counts := map[string]int64{}
	for _, w := range words {
		if w.ReviewerID == nil && w.Verdict == string(example.Reject) {
			counts[w.Reason] += w.Examples
		}
	}
	return byReason(c, counts)
}

// lastWords gives people the numbers of examples on which they had which last word.
// Whoever took all of theirs back is not among them.
func lastWords(people []PersonFigure, words []db.WordFiguresRow) []PersonFigure {
	by := map[uuid.UUID]*PersonFigure{}
	var list []PersonFigure
	for i := range people {
		people[i].Approved, people[i].Rejected, people[i].Escalated = 0, 0, 0
		by[people[i].ID] = &people[i]
	}
	for _, w := range words {
		if w.ReviewerID == nil || by[*w.ReviewerID] == nil {
			continue
		}
		by[*w.ReviewerID].add(w.Verdict, w.Examples)
	}
	for _, p := range people {
		if p.Decisions() > 0 {
			list = append(list, p)
		}
	}
	return list
}

// decisions reads the days from since to before until.
func (s *Service) decisions(ctx context.Context, source uuid.UUID, since, until time.Time) ([]db.DecisionDaysRow, error) {
	return db.New(s.db).DecisionDays(ctx, db.DecisionDaysParams{
		DatasetID: s.dataset, Since: later(since, firstOfAll()).Format(time.DateOnly), Until: until.Format(time.DateOnly), Source: optionalID(source),
	})
}

// byReason lists counts of reasons, the highest first. Reasons that the catalog
// offers are by their name; all others are words of one's own.
func byReason(c *catalog.Catalog, counts map[string]int64) []ReasonFigure {
	names, sums := c.ReasonNames(), map[string]int64{}
	for reason, n := range counts {
		sums[names[catalog.ReasonKey(reason)]] += n
	}
	var list []ReasonFigure
	for reason, n := range sums {
		list = append(list, ReasonFigure{reason, n})
	}
	slices.SortFunc(list, func(a, b ReasonFigure) int {
		return cmp.Or(cmp.Compare(b.Decisions, a.Decisions), cmp.Compare(a.Reason, b.Reason))
	})
	return list[:min(len(list), maxReasons)]
}

func peopleOf(rows []db.DecisionDaysRow) []PersonFigure {
	people := map[uuid.UUID]*PersonFigure{}
	days := map[uuid.UUID]map[string]bool{}
	millis, timed := map[uuid.UUID]int64{}, map[uuid.UUID]int64{}
	for _, r := range rows {
		p := people[r.ReviewerID]
		if p == nil {
			p = &PersonFigure{ID: r.ReviewerID, Name: cmp.Or(r.Reviewer, "The command line")}
			people[r.ReviewerID], days[r.ReviewerID] = p, map[string]bool{}
		}
		if !p.add(r.Verdict, r.Decisions) {
			continue
		}
		days[r.ReviewerID][r.Day] = true
		millis[r.ReviewerID] += r.Millis
		timed[r.ReviewerID] += r.Timed
	}
	var list []PersonFigure
	for id, p := range people {
		if p.Decisions() == 0 {
			continue
		}
		p.Days = len(days[id])
		if timed[id] > 0 {
			p.Typical = time.Duration(millis[id]/timed[id]) * time.Millisecond
		}
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b PersonFigure) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return list[:min(len(list), maxPeople)]
}

func (s *Service) fillQuestions(ctx context.Context, _ *catalog.Catalog, _ View, d *Dashboard) error {
	row, err := db.New(s.db).OldestQuestion(ctx, s.dataset)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	d.Questions = Questions{row.Waiting, row.Since}
	return err
}

func (s *Service) fillRules(ctx context.Context, c *catalog.Catalog, _ View, d *Dashboard) error {
	rules, _, err := s.rules(ctx, c, Filter{})
	d.Rules = rules
	return err
}

func (s *Service) fillSources(ctx context.Context, _ *catalog.Catalog, _ View, d *Dashboard) error {
	rows, err := db.New(s.db).SourceChoices(ctx, s.dataset)
	for _, r := range rows {
		d.Sources = append(d.Sources, SourceChoice{r.ID, r.Name, r.Demo})
	}
	return err
}

// maxDayRows is how many rows the day tables may have, beyond those they need,
// before they are folded.
const maxDayRows = 2_000

// Upkeep folds the changes that triggers appended to the day tables when there are
// many. It is short and harmless to repeat, also by two at once.
func (s *Service) Upkeep(ctx context.Context) error {
	q := db.New(s.db)
	n, err := q.DayRows(ctx, s.dataset)
	if err != nil {
		return fmt.Errorf("count rows of days: %w", err)
	}
	if n <= maxDayRows+s.folded.Load() {
		return nil
	}
	var left int64
	for _, fold := range []func(context.Context, uuid.UUID) (int64, error){q.FoldStatusDays, q.FoldDecisionDays, q.FoldWordDays} {
		n, err := fold(ctx, s.dataset)
		if err != nil {
			return fmt.Errorf("fold days: %w", err)
		}
		left += n
	}
	s.folded.Store(left)
	return nil
}

// A SubcategoryFindings is what is found on one subcategory.
type SubcategoryFindings struct {
	Slug, Name              string
	Errors, Warnings, Notes int64
	Worst                   string // the rule on the most examples, of the worst severity there is
	WorstExamples           int64
	Examples                int64 // of every status asked for, with findings or without
	worstSeverity           lint.Severity
}

// BySubcategory lists what is found on each subcategory of the filter's category, in
// the catalog's order. Without a category there is nothing to list.
func (s *Service) BySubcategory(ctx context.Context, f Filter) ([]SubcategoryFindings, error) {
	if f.Category == "" {
		return nil, nil
	}
	p, err := s.Progress(ctx)
	if err != nil {
		return nil, fmt.Errorf("findings by subcategory: %w", err)
	}
	rows, err := db.New(s.db).FindingsBySubcategory(ctx, s.dataset, f.Category, string(f.Status))
	if err != nil {
		return nil, fmt.Errorf("findings by subcategory: %w", err)
	}
	var list []SubcategoryFindings
	for _, cat := range p.Categories {
		if cat.Slug != f.Category {
			continue
		}
		for _, sub := range cat.Subcategories {
			one := SubcategoryFindings{Slug: sub.Slug, Name: cmp.Or(sub.Name, "none named"), Examples: sub.Counts.Total()}
			if f.Status != "" {
				one.Examples = sub.Counts.Of(f.Status)
			}
			for _, r := range rows {
				if r.Subcategory == sub.Slug {
					one.add(r)
				}
			}
			list = append(list, one)
		}
	}
	return list, nil
}

func (s *SubcategoryFindings) add(r db.FindingsBySubcategoryRow) {
	severity := lint.Severity(r.Severity)
	switch severity {
	case lint.Error:
		s.Errors += r.Findings
	case lint.Warning:
		s.Warnings += r.Findings
	case lint.Info:
		s.Notes += r.Findings
	}
	worse := s.Worst == "" || severityRank(severity) < severityRank(s.worstSeverity)
	if worse || severity == s.worstSeverity && r.Examples > s.WorstExamples {
		s.Worst, s.WorstExamples, s.worstSeverity = r.Rule, r.Examples, severity
	}
}
