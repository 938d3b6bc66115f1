package review

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// A Waiving silences what one rule found at one place of one revision.
type Waiving struct {
	ExampleID uuid.UUID
	By        audit.Actor
	Revision  int    // the revision that was seen
	Rule      string // of the finding
	Path      string // of the finding; empty where it has none
	Reason    string // required
}

// A Waiver is a finding that somebody silenced.
type Waiver struct {
	ID        uuid.UUID
	Revision  int
	Rule      string
	Path      string
	Reason    string
	By        string // a name
	At        time.Time
	Withdrawn *Withdrawal // nil: it is in force while the revision is the current one
}

// A Withdrawal takes a waiver back.
type Withdrawal struct {
	By, Reason string
	At         time.Time
}

// Waive silences a finding: it no longer counts among the example's errors or
// warnings and is shown with the waiver instead. The next revision is checked
// anew, without the waiver.
//
// It fails with fault.Invalid without a reason, and for findings of the search
// for duplicates, which are settled on their own page; with fault.Conflict when
// the example has another revision by now; with fault.NotFound when there is no
// such finding, or it is waived already; with fault.Forbidden when the rule asks
// for a skill that they do not have.
func (s *Service) Waive(ctx context.Context, w Waiving) (uuid.UUID, error) {
	var id uuid.UUID
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) (err error) {
		id, err = s.WaiveIn(ctx, tx, w)
		return err
	})
	return id, err
}

// WaiveIn is Waive in the caller's transaction, for acts over many examples.
func (s *Service) WaiveIn(ctx context.Context, tx pgx.Tx, w Waiving) (uuid.UUID, error) {
	if err := validReason(w.Reason, "Say why this finding does not matter here."); err != nil {
		return uuid.Nil, err
	}
	if strings.HasPrefix(w.Rule, "duplicate/") {
		return uuid.Nil, fault.New(fault.Invalid, "Duplicates are not waived: keep the better one, or say that they are not duplicates.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("new id: %w", err)
	}
	if err := s.waive(ctx, tx, w, id); err != nil {
		return uuid.Nil, fmt.Errorf("waive %s on example %s: %w", w.Rule, w.ExampleID, err)
	}
	return id, nil
}

func (s *Service) waive(ctx context.Context, tx pgx.Tx, w Waiving, id uuid.UUID) error {
	q := db.New(tx)
	ex, err := q.LockExample(ctx, s.cfg.Dataset, w.ExampleID)
	if errors.Is(err, pgx.ErrNoRows) {
		return noExample(w.ExampleID)
	}
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	if int(ex.Revision) != w.Revision {
		return fault.New(fault.Conflict, "This example is at revision %d and you saw revision %d. Look at what changed, then decide again.", ex.Revision, w.Revision)
	}
	t, err := s.terms(ctx, ex.Category, ex.Subcategory)
	if err != nil {
		return err
	}
	if skill := t.skillOf(w.Rule); skill != "" {
		// A waiver must be no way around what the final approval asks for.
		missing, err := lacking(ctx, q, []string{skill}, []uuid.UUID{w.By.ID})
		if err != nil {
			return err
		}
		if missing != "" {
			return fault.New(fault.Forbidden, "A finding of this rule is waived by somebody with the mark %s. Ask a specialist (F) instead.", skill)
		}
	}
	n, err := q.WaiveFindings(ctx, db.WaiveFindingsParams{
		DatasetID: s.cfg.Dataset, ExampleID: w.ExampleID, Revision: ex.Revision, Rule: w.Rule, Path: w.Path,
	})
	if err != nil {
		return fmt.Errorf("mark the finding: %w", err)
	}
	if n == 0 {
		return fault.New(fault.NotFound, "There is no such finding on this example any more: reload the page.")
	}
	if err := q.AppendWaiver(ctx, db.AppendWaiverParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: w.ExampleID, Revision: ex.Revision, Rule: w.Rule, Path: w.Path,
		Reason: strings.TrimSpace(w.Reason), AuthorID: optionalID(w.By.ID), Author: w.By.Name,
	}); err != nil {
		return fmt.Errorf("append the waiver: %w", err)
	}
	if err := q.RecountFindings(ctx, s.cfg.Dataset, []uuid.UUID{w.ExampleID}); err != nil {
		return fmt.Errorf("count what is left: %w", err)
	}
	return s.record(ctx, tx, w.By, "finding.waived", w.ExampleID, map[string]any{
		"waiver": id, "revision": ex.Revision, "rule": w.Rule, "path": w.Path, "reason": strings.TrimSpace(w.Reason), "findings": n,
	})
}

// Withdraw takes a waiver back: the finding counts again. It fails with
// fault.Invalid without a reason, fault.NotFound for a waiver that this example
// does not have, and fault.Conflict for one that was withdrawn before.
func (s *Service) Withdraw(ctx context.Context, by audit.Actor, exampleID, waiver uuid.UUID, reason string) error {
	return postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error { return s.WithdrawIn(ctx, tx, by, exampleID, waiver, reason) })
}

// WithdrawIn is Withdraw in the caller's transaction, for acts over many examples.
func (s *Service) WithdrawIn(ctx context.Context, tx pgx.Tx, by audit.Actor, exampleID, waiver uuid.UUID, reason string) error {
	if err := validReason(reason, "Say why the finding counts after all."); err != nil {
		return err
	}
	if err := s.withdraw(ctx, tx, by, exampleID, waiver, strings.TrimSpace(reason)); err != nil {
		return fmt.Errorf("withdraw waiver %s: %w", waiver, err)
	}
	return nil
}

func (s *Service) withdraw(ctx context.Context, tx pgx.Tx, by audit.Actor, exampleID, waiver uuid.UUID, reason string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("new id: %w", err)
	}
	q := db.New(tx)
	if _, err := q.LockExample(ctx, s.cfg.Dataset, exampleID); errors.Is(err, pgx.ErrNoRows) {
		return noExample(exampleID)
	} else if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	w, err := q.WaiverByID(ctx, s.cfg.Dataset, waiver)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (w.ExampleID != exampleID || w.Withdraws != nil) {
		return fault.New(fault.NotFound, "There is no such waiver on this example.")
	}
	if err != nil {
		return fmt.Errorf("read the waiver: %w", err)
	}
	if w.Withdrawn {
		return fault.New(fault.Conflict, "This waiver was withdrawn before.")
	}
	if err := q.AppendWaiver(ctx, db.AppendWaiverParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: exampleID, Revision: w.Revision, Rule: w.Rule, Path: w.Path,
		Reason: reason, AuthorID: optionalID(by.ID), Author: by.Name, Withdraws: &waiver,
	}); err != nil {
		return fmt.Errorf("append the withdrawal: %w", err)
	}
	if err := q.UnwaiveFindings(ctx, db.UnwaiveFindingsParams{
		DatasetID: s.cfg.Dataset, ExampleID: exampleID, Revision: w.Revision, Rule: w.Rule, Path: w.Path,
	}); err != nil {
		return fmt.Errorf("mark the finding: %w", err)
	}
	if err := q.RecountFindings(ctx, s.cfg.Dataset, []uuid.UUID{exampleID}); err != nil {
		return fmt.Errorf("count the findings: %w", err)
	}
	return s.record(ctx, tx, by, "waiver.withdrawn", exampleID, map[string]any{
		"waiver": waiver, "revision": w.Revision, "rule": w.Rule, "path": w.Path, "reason": reason,
	})
}

// Waivers lists every waiver of an example, newest first, those of older
// revisions and the withdrawn ones included.
func (s *Service) Waivers(ctx context.Context, exampleID uuid.UUID) ([]Waiver, error) {
	rows, err := db.New(s.cfg.DB).WaiversOf(ctx, s.cfg.Dataset, exampleID)
	if err != nil {
		return nil, fmt.Errorf("waivers of example %s: %w", exampleID, err)
	}
	waivers := make([]Waiver, len(rows))
	for i, r := range rows {
		waivers[i] = Waiver{
			ID: r.ID, Revision: int(r.Revision), Rule: r.Rule, Path: r.Path, Reason: r.Reason, By: r.Author, At: r.CreatedAt,
		}
		if r.WithdrawnAt != nil {
			waivers[i].Withdrawn = &Withdrawal{At: *r.WithdrawnAt, By: r.WithdrawnBy, Reason: *r.WithdrawnReason}
		}
	}
	return waivers, nil
}

// validReason refuses a reason that says nothing, or too much.
func validReason(reason, missing string) error {
	problem := ""
	switch {
	case strings.TrimSpace(reason) == "":
		problem = missing
	case len(reason) > maxTextBytes:
		problem = fmt.Sprintf("Keep it under %d bytes.", maxTextBytes)
	case strings.ContainsRune(reason, 0):
		problem = "Take out the NUL character."
	default:
		return nil
	}
	return fault.Fields("A reason is needed.", map[string]string{"reason": problem})
}

func optionalID(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
