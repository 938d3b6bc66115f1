package review

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/webhook"
)

// Why an example is escalated.
const (
	escalationQuestion     = "question"
	escalationDisagreement = "disagreement"
)

// An Escalation is something that a lead or a specialist has to settle: a
// question, or two reviewers who disagree.
type Escalation struct {
	ID         uuid.UUID
	ExampleID  uuid.UUID
	Question   bool      // else it is a disagreement
	DecisionID uuid.UUID // the one that asked, or that disagreed
	AskedBy    uuid.UUID
	Asker      string
	Text       string // the question, or why the second reviewer disagreed
	At         time.Time
	// Of the example, in lists.
	Category, Subcategory string
	Revision              int
	// What became of it; AnsweredAt is zero while it is open.
	Answer     string
	AnsweredBy string
	AnsweredAt time.Time
	AnswerID   uuid.UUID // the decision that ended it
}

// A Viewer is who asks what waits.
type Viewer struct {
	ID   uuid.UUID
	Lead bool // may settle everything
}

// Escalations lists what is open, oldest first: disagreements for leads, and
// questions for leads, for those with a skill of the category, and for those who
// asked. after is the last one seen, uuid.Nil for the first page.
func (s *Service) Escalations(ctx context.Context, v Viewer, questions bool, after uuid.UUID, limit int) ([]Escalation, error) {
	p := db.ListEscalationsParams{
		DatasetID: s.cfg.Dataset, Kind: escalationDisagreement, After: after, Everything: v.Lead, Viewer: v.ID, MaxRows: int32(limit),
	}
	if questions {
		p.Kind = escalationQuestion
		var err error
		if p.Categories, err = s.answerable(ctx, v); err != nil {
			return nil, fmt.Errorf("list questions: %w", err)
		}
	} else if !v.Lead {
		return nil, nil
	}
	rows, err := db.New(s.cfg.DB).ListEscalations(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list escalations: %w", err)
	}
	list := make([]Escalation, len(rows))
	for i, r := range rows {
		list[i] = Escalation{
			ID: r.ID, ExampleID: r.ExampleID, Question: r.Kind == escalationQuestion, AskedBy: r.AskedBy, Asker: r.Asker, Text: r.Question,
			At: r.CreatedAt.UTC(), Category: r.Category, Subcategory: r.Subcategory, Revision: int(r.Revision),
		}
	}
	return list, nil
}

// answerable lists the categories whose questions the viewer may answer by skill.
func (s *Service) answerable(ctx context.Context, v Viewer) ([]string, error) {
	slugs := []string{}
	if v.Lead || s.cfg.Catalog == nil {
		return slugs, nil
	}
	c, err := s.cfg.Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	for _, cat := range c.Categories {
		skills := terms{category: cat}.skills()
		if len(skills) == 0 {
			continue
		}
		has, err := db.New(s.cfg.DB).HasAnySkill(ctx, v.ID, skills)
		if err != nil {
			return nil, fmt.Errorf("look for a skill: %w", err)
		}
		if has {
			slugs = append(slugs, cat.Slug)
		}
	}
	return slugs, nil
}

// Escalation reads one; fault.NotFound if there is none, or it is not for the
// viewer. may says whether the viewer may settle it, as far as the category goes.
func (s *Service) Escalation(ctx context.Context, v Viewer, id uuid.UUID) (x Escalation, may bool, err error) {
	missing := fault.New(fault.NotFound, "There is nothing to settle here. Somebody may have done it: look at the list.")
	q := db.New(s.cfg.DB)
	r, err := q.EscalationByID(ctx, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return x, false, missing
	}
	if err != nil {
		return x, false, fmt.Errorf("read escalation %s: %w", id, err)
	}
	x = escalation(db.EscalationsOfRow(r))
	if v.Lead {
		return x, true, nil
	}
	if !x.Question {
		return Escalation{}, false, missing
	}
	category, err := q.CategoryOf(ctx, s.cfg.Dataset, x.ExampleID)
	if err != nil {
		return x, false, fmt.Errorf("read escalation %s: %w", id, err)
	}
	t, err := s.terms(ctx, category, "")
	if err != nil {
		return x, false, err
	}
	if skills := t.skills(); len(skills) > 0 {
		if may, err = q.HasAnySkill(ctx, v.ID, skills); err != nil {
			return x, false, fmt.Errorf("look for a skill: %w", err)
		}
	}
	if !may && x.AskedBy != v.ID {
		return Escalation{}, false, missing
	}
	return x, may, nil
}

// EscalationsOf lists what was ever asked about an example, newest first.
func (s *Service) EscalationsOf(ctx context.Context, id uuid.UUID) ([]Escalation, error) {
	rows, err := db.New(s.cfg.DB).EscalationsOf(ctx, s.cfg.Dataset, id)
	if err != nil {
		return nil, fmt.Errorf("escalations of example %s: %w", id, err)
	}
	list := make([]Escalation, len(rows))
	for i, r := range rows {
		list[i] = escalation(r)
	}
	return list, nil
}

func escalation(r db.EscalationsOfRow) Escalation {
	x := Escalation{
		ID: r.ID, ExampleID: r.ExampleID, Question: r.Kind == escalationQuestion, DecisionID: r.DecisionID, AskedBy: r.AskedBy, Asker: r.Asker,
		Text: r.Question, At: r.CreatedAt.UTC(), Answer: r.Answer, AnsweredBy: r.Answerer,
	}
	if r.AnsweredAt != nil {
		x.AnsweredAt = r.AnsweredAt.UTC()
	}
	if r.AnswerID != nil {
		x.AnswerID = *r.AnswerID
	}
	return x
}

// words are what a reviewer wrote beside a verdict, in one text.
func (d Decision) words() string {
	reason, comment := strings.TrimSpace(d.Reason), strings.TrimSpace(d.Comment)
	switch {
	case reason == "":
		return comment
	case comment == "":
		return reason
	}
	return reason + "\n" + comment
}

// escalate opens what d asks: its question, or its disagreement.
func (s *Service) escalate(ctx context.Context, tx pgx.Tx, d Decision, decision uuid.UUID) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("new id: %w", err)
	}
	kind := escalationDisagreement
	if d.Verdict == example.Escalate {
		kind = escalationQuestion
	}
	if err := db.New(tx).OpenEscalation(ctx, db.OpenEscalationParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: d.ExampleID, Kind: kind, DecisionID: decision, AskedBy: d.Reviewer.ID, Question: d.words(),
	}); err != nil {
		return fmt.Errorf("open the escalation: %w", err)
	}
	return webhook.Emit(ctx, tx, s.cfg.Dataset, webhook.EscalationCreated, map[string]any{
		"escalation_id": id, "example_id": d.ExampleID, "kind": kind, "asked_by": d.Reviewer.Name, "path": "/examples/" + d.ExampleID.String(),
	})
}

// answer ends what is open about the example and tells those it concerns.
func (s *Service) answer(ctx context.Context, tx pgx.Tx, d Decision, out Outcome, past []db.DecisionsUnderLockRow) error {
	ended, err := db.New(tx).AnswerEscalations(ctx, db.AnswerEscalationsParams{
		DatasetID: s.cfg.Dataset, ExampleID: d.ExampleID, AnswerID: &out.DecisionID, AnsweredBy: &d.Reviewer.ID, Answer: d.words(),
	})
	if err != nil {
		return fmt.Errorf("answer the escalation: %w", err)
	}
	told := map[uuid.UUID]bool{d.Reviewer.ID: true}
	tell := func(who uuid.UUID, kind string) error {
		if told[who] || who == uuid.Nil {
			return nil
		}
		told[who] = true
		text := "Approved"
		if out.Status == example.Rejected {
			text = "Rejected"
		}
		if words := d.words(); words != "" {
			text += ": " + words
		}
		author, _, _ := strings.Cut(d.Reviewer.Name, " <") // the name, as other notices say it
		place := "#history"                                // where the page says it: an injury answer in front of that is long on a phone
		if kind == inbox.KindAnswer {
			place = "#asked"
		}
		return inbox.Notify(ctx, tx, s.cfg.Dataset, inbox.Notice{
			User: who, Kind: kind, ExampleID: &d.ExampleID, Author: author, Text: text, Link: "/examples/" + d.ExampleID.String() + place,
		})
	}
	for _, x := range ended {
		kind := inbox.KindAnswer
		if x.Kind == escalationDisagreement {
			kind = inbox.KindAdjudicated
		}
		if err := tell(x.AskedBy, kind); err != nil {
			return err
		}
		if x.Kind != escalationDisagreement {
			continue
		}
		// The other side: everybody whose verdict on the text is in force.
		for _, was := range past {
			if was.Undone || was.Verdict != string(example.Approve) && was.Verdict != string(example.Reject) {
				continue
			}
			if err := tell(was.ReviewerID, kind); err != nil {
				return err
			}
		}
	}
	return nil
}
