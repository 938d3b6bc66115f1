package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// Get returns one act; fault.NotFound where there is none.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Act, error) {
	row, err := db.New(s.cfg.DB).ActByID(ctx, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Act{}, fault.New(fault.NotFound, "There is no act %s. Drafts are forgotten after a day.", id)
	}
	if err != nil {
		return Act{}, fmt.Errorf("read act %s: %w", id, err)
	}
	return actOf(row.Act, row.Stale)
}

// List returns acts, newest first, before the given one; uuid.Nil begins. Drafts
// are not among them.
func (s *Service) List(ctx context.Context, before uuid.UUID, limit int) ([]Act, error) {
	if limit < 1 || limit > MaxLimit {
		return nil, fault.New(fault.Invalid, "Ask for between 1 and %d acts.", MaxLimit)
	}
	if before == uuid.Nil {
		before = uuid.Max
	}
	rows, err := db.New(s.cfg.DB).Acts(ctx, s.cfg.Dataset, before, int32(limit))
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	acts := make([]Act, len(rows))
	for i, r := range rows {
		if acts[i], err = actOf(r.Act, r.Stale); err != nil {
			return nil, err
		}
	}
	return acts, nil
}

func actOf(r db.Act, stale bool) (Act, error) {
	a := Act{
		ID: r.ID, Kind: Kind(r.Kind), State: State(r.State), AuthorID: r.AuthorID, Author: r.Author, Total: int(r.Total),
		Changed: int(r.Changed), Stayed: int(r.Stayed), Reversed: int(r.Reversed), Kept: int(r.Kept), Interrupted: stale, Error: r.Error,
		UndoneBy: r.UndoneBy, CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, UndoneAt: r.UndoneAt,
	}
	var c chosen
	if err := json.Unmarshal([]byte(r.Selection), &c); err != nil {
		return a, fmt.Errorf("read the selection of act %s: %w", r.ID, err)
	}
	a.Filter, a.Listed = c.Filter, c.Listed > 0
	if err := json.Unmarshal([]byte(r.Parameters), &a.Parameters); err != nil {
		return a, fmt.Errorf("read the parameters of act %s: %w", r.ID, err)
	}
	if r.Forecast != "" {
		a.Forecast = &Forecast{}
		if err := json.Unmarshal([]byte(r.Forecast), a.Forecast); err != nil {
			return a, fmt.Errorf("read the forecast of act %s: %w", r.ID, err)
		}
	}
	return a, nil
}

// Tally counts what became of an act's items, in the order of outcomes and then
// the most frequent first.
func (s *Service) Tally(ctx context.Context, id uuid.UUID) ([]Line, error) {
	rows, err := db.New(s.cfg.DB).ActTally(ctx, s.cfg.Dataset, id)
	if err != nil {
		return nil, fmt.Errorf("count what act %s did: %w", id, err)
	}
	lines := make([]Line, len(rows))
	for i, r := range rows {
		lines[i] = Line{Outcome: r.Outcome, Result: r.Result, Reason: r.Reason, Examples: int(r.Examples)}
	}
	sortLines(lines)
	return lines, nil
}

// An Item is one example of an act.
type Item struct {
	Example     uuid.UUID
	Outcome     string
	Reason      string
	Result      string
	Category    string // now
	Subcategory string
	Status      example.Status
	Source      string
	Line        int64
}

// Items lists an act's items with one outcome, in the order of import, after the
// given example; uuid.Nil begins.
func (s *Service) Items(ctx context.Context, id uuid.UUID, outcome string, after uuid.UUID, limit int) ([]Item, error) {
	if limit < 1 || limit > MaxLimit {
		return nil, fault.New(fault.Invalid, "Ask for between 1 and %d examples.", MaxLimit)
	}
	rows, err := db.New(s.cfg.DB).ActItems(ctx, db.ActItemsParams{
		DatasetID: s.cfg.Dataset, ActID: id, Outcome: outcome, After: after, MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("items of act %s: %w", id, err)
	}
	items := make([]Item, len(rows))
	for i, r := range rows {
		items[i] = Item{
			Example: r.ExampleID, Outcome: r.Outcome, Reason: r.Reason, Result: r.Result, Category: r.Category, Subcategory: r.Subcategory,
			Status: example.Status(r.Status), Source: r.Source, Line: r.SourceLine,
		}
	}
	return items, nil
}

// A RuleCount says how many of an act's examples a rule found something in.
type RuleCount struct {
	Rule     string
	Examples int
}

// Rules lists the rules that a waiver could be about: those with findings on the
// chosen examples that nobody waived, the most frequent first.
func (s *Service) Rules(ctx context.Context, id uuid.UUID) ([]RuleCount, error) {
	rows, err := db.New(s.cfg.DB).ActRules(ctx, s.cfg.Dataset, id)
	if err != nil {
		return nil, fmt.Errorf("rules among act %s: %w", id, err)
	}
	rules := make([]RuleCount, len(rows))
	for i, r := range rows {
		rules[i] = RuleCount{r.Rule, int(r.Examples)}
	}
	return rules, nil
}
