package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
)

// A hand carries an act out for its author: what is the same for all of its items.
type hand struct {
	*Service
	act     Act
	by      audit.Actor
	pattern *regexp.Regexp // of a replacement
	hunks   int            // places to show of a replacement; 0: none
}

func (s *Service) handOf(a Act) (*hand, error) {
	h := &hand{Service: s, act: a, by: audit.Actor{ID: a.AuthorID, Name: a.Author}}
	if a.Kind == Replace {
		var err error
		if h.pattern, err = a.Parameters.pattern(); err != nil {
			return nil, fmt.Errorf("compile the pattern: %w", err) // validate has checked it
		}
	}
	return h, nil
}

// settled is what became of an item.
type settled struct {
	outcome string // Changed or Stayed
	reason  string // why it stayed; few different ones, so that they can be counted
	result  string // what became of it, likewise
	undo    undo
	places  []Hunk
}

// undo is what takes an item back; the fields that its kind needs.
type undo struct {
	Decision    uuid.UUID      `json:"decision,omitzero"`
	Revision    int            `json:"revision,omitempty"` // that the act made; taken back, the one before it counts again
	Status      example.Status `json:"status,omitempty"`   // from before
	Category    string         `json:"category,omitempty"` // likewise
	Subcategory string         `json:"subcategory,omitempty"`
	Waivers     []uuid.UUID    `json:"waivers,omitempty"`
	Assignment  uuid.UUID      `json:"assignment,omitzero"`
}

func (u undo) text() (string, error) {
	b, err := json.Marshal(u)
	if err != nil {
		return "", fmt.Errorf("encode the undo: %w", err)
	}
	return string(b), nil
}

func stay(reason string) settled { return settled{outcome: Stayed, reason: reason} }

func did(result string, u undo) settled { return settled{outcome: Changed, result: result, undo: u} }

// Reasons to stay that more than one kind has.
const (
	wasChanged = "changed since it was chosen"
	isHeld     = "somebody is working on it"
	isAsked    = "waits for an answer, which ends on its own page"
	isGone     = "not there any more"

	tooLong      = "would get longer than a megabyte"
	nothingFound = "nothing to replace in it"
)

// What follows the result of what makes a new revision.
const (
	pendingAgain = ", pending again"
	moreErrors   = ", with new errors"
	fewerErrors  = ", with fewer errors"
)

// apply does the act to one example in the caller's transaction. What the rules
// refuse makes it stay; an error is one of the machine.
func (h *hand) apply(ctx context.Context, tx pgx.Tx, i item) (settled, error) {
	ex, err := db.New(tx).StandingForAct(ctx, h.by.ID, h.cfg.Dataset, i.id)
	if errors.Is(err, pgx.ErrNoRows) {
		return stay(isGone), nil
	}
	if err != nil {
		return settled{}, fmt.Errorf("read example %s: %w", i.id, err)
	}
	switch h.act.Kind {
	case Tag, Untag:
		return h.tag(ctx, tx, i)
	}
	status := example.Status(ex.Status)
	if int(ex.Revision) != i.revision || status != i.status {
		return stay(wasChanged), nil
	}
	if h.act.Kind == Waive {
		return h.waive(ctx, tx, i)
	}
	if ex.HolderID != nil && *ex.HolderID != h.by.ID {
		return stay(isHeld), nil
	}
	if status == example.Escalated {
		return stay(isAsked), nil
	}
	switch h.act.Kind {
	case Approve, Reject:
		return h.decide(ctx, tx, i, ex)
	case Move:
		return h.move(ctx, tx, i, ex)
	case Replace:
		return h.replace(ctx, tx, i, ex)
	case Restore:
		return h.restore(ctx, tx, i, ex)
	}
	return settled{}, fmt.Errorf("act of kind %q", h.act.Kind)
}

func (h *hand) decide(ctx context.Context, tx pgx.Tx, i item, ex db.StandingForActRow) (settled, error) {
	p, status := h.act.Parameters, example.Status(ex.Status)
	d := review.Decision{
		ExampleID: i.id, Reviewer: h.by, Revision: i.revision, Seen: status, Kind: review.KindBulk,
		RequestKey: "act/" + h.act.ID.String() + "/" + i.id.String(),
	}
	switch {
	case h.act.Kind == Approve && status == example.Approved:
		return stay("approved already"), nil
	case h.act.Kind == Approve && status == example.Rejected:
		return stay("rejected: look at why on its own page"), nil
	case h.act.Kind == Approve && ex.ApprovedByMe:
		return stay("you have approved it already, and it needs somebody else too"), nil
	case h.act.Kind == Approve && ex.Errors > 0 && p.OverrideReason == "":
		return stay("has errors"), nil
	case h.act.Kind == Approve:
		d.Verdict = example.Approve
		if ex.Errors > 0 {
			d.OverrideReason = p.OverrideReason
		}
	case status == example.Rejected:
		return stay("rejected already"), nil
	case ex.ApprovedByOthers && !p.OverApprovals:
		return stay("somebody else approved it"), nil
	default:
		d.Verdict, d.Reason = example.Reject, p.Reason
	}
	out, err := h.cfg.Review.DecideIn(ctx, tx, d)
	if err != nil {
		return refused(err)
	}
	result := string(out.Status)
	switch {
	case out.Disagrees:
		result = disputed
	case out.LacksSkill != "":
		result = needs + "the approval of a " + out.LacksSkill
	case out.Lacks > 0:
		result = needs + "another approval"
	}
	return did(result, undo{Decision: out.DecisionID}), nil
}

func (h *hand) move(ctx context.Context, tx pgx.Tx, i item, ex db.StandingForActRow) (settled, error) {
	p := h.act.Parameters
	if ex.Category == p.Category && ex.Subcategory == p.Subcategory {
		return stay("is there already"), nil
	}
	n, err := h.cfg.Review.MoveIn(ctx, tx, h.by, i.id, p.Category, p.Subcategory, example.Pending, "moved from "+place(ex.Category, ex.Subcategory))
	if err != nil {
		return refused(err)
	}
	return h.revised(ctx, tx, i, ex, n, "moved")
}

func (h *hand) replace(ctx context.Context, tx pgx.Tx, i item, ex db.StandingForActRow) (settled, error) {
	now, err := db.New(tx).RevisionContent(ctx, h.cfg.Dataset, i.id, ex.Revision)
	if err != nil {
		return settled{}, fmt.Errorf("read example %s: %w", i.id, err)
	}
	messages, err := example.ParseMessages([]byte(now.Messages))
	if err != nil {
		return settled{}, fmt.Errorf("read example %s: %w", i.id, err)
	}
	messages, places, ok := h.act.Parameters.replace(messages, h.pattern, h.hunks)
	if !ok {
		return stay(tooLong), nil
	}
	n, err := h.cfg.Review.ReviseIn(ctx, tx, h.by, i.id, messages, example.Pending, "find and replace")
	if err != nil {
		return refused(err)
	}
	if n == 0 {
		return stay(nothingFound), nil
	}
	out, err := h.revised(ctx, tx, i, ex, n, "changed")
	out.places = places
	return out, err
}

func (h *hand) restore(ctx context.Context, tx pgx.Tx, i item, ex db.StandingForActRow) (settled, error) {
	if ex.Revision == 1 {
		return stay("was never changed"), nil
	}
	old := 1
	if h.act.Parameters.To == ToPrevious {
		old = int(ex.Revision) - 1
	}
	n, err := h.cfg.Review.RestoreIn(ctx, tx, h.by, i.id, old, example.Pending, fmt.Sprintf("restored revision %d", old))
	if err != nil {
		return refused(err)
	}
	return h.revised(ctx, tx, i, ex, n, "restored")
}

// revised is the outcome of what made a new revision, which everybody has to look
// at anew. It says what the checks found in it.
func (h *hand) revised(ctx context.Context, tx pgx.Tx, i item, ex db.StandingForActRow, revision int, result string) (settled, error) {
	now, err := db.New(tx).StandingForAct(ctx, h.by.ID, h.cfg.Dataset, i.id)
	if err != nil {
		return settled{}, fmt.Errorf("read example %s: %w", i.id, err)
	}
	if ex.Status != db.ExampleStatusPending {
		result += pendingAgain
	}
	switch {
	case now.Errors > ex.Errors:
		result += moreErrors
	case now.Errors < ex.Errors:
		result += fewerErrors
	}
	return did(result, undo{Revision: revision, Status: example.Status(ex.Status), Category: ex.Category, Subcategory: ex.Subcategory}), nil
}

func (h *hand) tag(ctx context.Context, tx pgx.Tx, i item) (settled, error) {
	q, tag := db.New(tx), h.act.Parameters.Tag
	if h.act.Kind == Tag {
		n, err := q.AddTag(ctx, db.AddTagParams{DatasetID: h.cfg.Dataset, Tag: tag, ExampleID: i.id, AuthorID: h.by.ID})
		if err != nil {
			return settled{}, fmt.Errorf("tag example %s: %w", i.id, err)
		}
		if n == 0 {
			return stay("has the tag already"), nil
		}
		return did("tagged", undo{}), h.recordExample(ctx, tx, h.by, "example.tag", i.id)
	}
	n, err := q.RemoveTag(ctx, h.cfg.Dataset, tag, i.id)
	if err != nil {
		return settled{}, fmt.Errorf("untag example %s: %w", i.id, err)
	}
	if n == 0 {
		return stay("does not have the tag"), nil
	}
	return did("untagged", undo{}), h.recordExample(ctx, tx, h.by, "example.untag", i.id)
}

func (h *hand) recordExample(ctx context.Context, tx pgx.Tx, by audit.Actor, action string, id uuid.UUID) error {
	return audit.Write(ctx, tx, audit.Entry{
		Dataset: h.cfg.Dataset, Actor: by, Action: action, Object: "example/" + id.String(), Detail: map[string]any{"tag": h.act.Parameters.Tag, "act": h.act.ID},
	})
}

func (h *hand) waive(ctx context.Context, tx pgx.Tx, i item) (settled, error) {
	p := h.act.Parameters
	paths, err := db.New(tx).OpenFindingsOfRule(ctx, db.OpenFindingsOfRuleParams{
		DatasetID: h.cfg.Dataset, ExampleID: i.id, Revision: int32(i.revision), Rule: p.Rule,
	})
	if err != nil {
		return settled{}, fmt.Errorf("findings of example %s: %w", i.id, err)
	}
	if len(paths) == 0 {
		return stay("has no such finding"), nil
	}
	var u undo
	for _, path := range paths {
		id, err := h.cfg.Review.WaiveIn(ctx, tx, review.Waiving{ExampleID: i.id, By: h.by, Revision: i.revision, Rule: p.Rule, Path: path, Reason: p.Reason})
		if err != nil {
			return refused(err)
		}
		u.Waivers = append(u.Waivers, id)
	}
	return did("waived", u), nil
}

// errRefused makes the caller roll back what an item had begun.
type errRefused struct{ reason string }

func (e *errRefused) Error() string { return e.reason }

// refused tells what the rules say from what the machine says.
func refused(err error) (settled, error) {
	if f, ok := fault.As(err); ok {
		switch f.Kind {
		case fault.Invalid, fault.Conflict, fault.NotFound, fault.Forbidden:
			return settled{}, &errRefused{f.Msg}
		}
	}
	return settled{}, err
}

func place(category, subcategory string) string {
	if subcategory == "" {
		return category
	}
	return category + "/" + subcategory
}
