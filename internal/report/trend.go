package report

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/lint"
)

// A TrendScope says what a trend is of; the zero value is everything.
type TrendScope struct {
	Category string
	Source   uuid.UUID // of one file; counts its examples and not findings
}

// A TrendDay is how much was wrong at the end of a day: findings of each severity, or
// of a file the examples with errors and with warnings.
type TrendDay struct {
	Day   time.Time
	Wrong map[lint.Severity]int64
}

// Trend lists the last days for which figures were noted, today among them once the
// chore has run, oldest first. Figures of files are noted when they change: the days
// between are filled in.
func (s *Service) Trend(ctx context.Context, days int, of TrendScope) ([]TrendDay, error) {
	now := today(time.Now())
	since := now.AddDate(0, 0, 1-days)
	list, err := s.trendRows(ctx, since, now, of)
	if err != nil {
		return nil, fmt.Errorf("trend of findings: %w", err)
	}
	return list, nil
}

func (s *Service) trendRows(ctx context.Context, since, now time.Time, of TrendScope) ([]TrendDay, error) {
	var list []TrendDay
	on := func(text string) (map[lint.Severity]int64, error) {
		day, err := parseDay(text)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 || !list[len(list)-1].Day.Equal(day) {
			list = append(list, TrendDay{Day: day, Wrong: map[lint.Severity]int64{}})
		}
		return list[len(list)-1].Wrong, nil
	}
	q, first := db.New(s.db), since.Format(time.DateOnly)
	switch {
	case of.Source != uuid.Nil:
		rows, err := q.SourceTrend(ctx, s.dataset, of.Source, first)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			m, err := on(r.Day)
			if err != nil {
				return nil, err
			}
			m[lint.Error], m[lint.Warning] = r.WithErrors, r.WithWarnings
		}
		return carried(list, since, now), nil
	case of.Category != "":
		rows, err := q.CategoryTrend(ctx, s.dataset, of.Category, first)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			m, err := on(r.Day)
			if err != nil {
				return nil, err
			}
			m[lint.Severity(r.Severity)] += r.Findings
		}
		return list, nil
	}
	rows, err := q.FindingTrend(ctx, s.dataset, first)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		m, err := on(r.Day)
		if err != nil {
			return nil, err
		}
		m[lint.Severity(r.Severity)] += r.Findings
	}
	return list, nil
}

// carried fills in the days from since to now on which nothing was noted because
// nothing had changed.
func carried(noted []TrendDay, since, now time.Time) []TrendDay {
	var list []TrendDay
	for day := since; !day.After(now); day = day.AddDate(0, 0, 1) {
		var last *TrendDay
		for i := range noted {
			if !noted[i].Day.After(day) {
				last = &noted[i]
			}
		}
		if last != nil {
			list = append(list, TrendDay{Day: day, Wrong: last.Wrong})
		}
	}
	return list
}
