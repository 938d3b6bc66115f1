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
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// Looks are examples that are decided already and come back among the queue, so
// that it is known how good the review is: second looks at a share of what was
// decided, by somebody who does not know the first verdict, and gold examples,
// whose right verdict a lead has written down. They never change an example,
// except that a second look that disagrees asks a lead.

// How often a claim tries to hide a look: about one in twenty is a gold example,
// while there are any, and second looks keep up with the share that is drawn.
const (
	goldChance   = 1.0 / 20
	secondChance = 1.0 / 10
)

// lookOrder keeps the watermarks of looks apart from those of the queue.
const lookOrder Order = "second looks"

// hidden now and then leases one look in place of an example of the queue. It
// asks the database nothing most of the time.
func (s *Service) hidden(ctx context.Context, reviewer uuid.UUID, q Queue, shelves []shelf, n int) ([]Lease, error) {
	if len(shelves) == 0 {
		return nil, nil
	}
	p := 0.0 // that one of the n is to be a look
	if draw := s.cfg.Chance(); draw < goldChance*float64(n) {
		category := q.Category
		if category == "" {
			category = shelves[0].category
		}
		got, err := s.claimGold(ctx, reviewer, category, q.Subcategory, nil)
		if err != nil || len(got) > 0 {
			return got, err
		}
		p = 1 // there is no gold left: a second look may take its turn
	}
	if p == 1 || s.cfg.Chance() < secondChance*float64(n) {
		return s.claimSecond(ctx, reviewer, shelves[0].category, shelves[0].subcategory)
	}
	return nil, nil
}

// claimGold leases a gold example of a shelf, one of those among; nil: any.
func (s *Service) claimGold(ctx context.Context, reviewer uuid.UUID, category, subcategory string, among []uuid.UUID) ([]Lease, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("new id: %w", err)
	}
	rows, err := db.New(s.cfg.DB).ClaimGold(ctx, db.ClaimGoldParams{
		DatasetID: s.cfg.Dataset, ReviewerID: reviewer, Seconds: LeaseFor.Seconds(), Category: category, Subcategory: subcategory, LookID: id, Among: among,
	})
	if err != nil {
		return nil, fmt.Errorf("claim a gold example: %w", err)
	}
	got := make([]Lease, len(rows))
	for i, r := range rows {
		got[i] = Lease(r)
	}
	return got, nil
}

// claimSecond looks at the next few open looks of a shelf.
func (s *Service) claimSecond(ctx context.Context, reviewer uuid.UUID, category, subcategory string) ([]Lease, error) {
	m := mark{reviewer, lookOrder, category, subcategory}
	after, _ := s.watermark(m)
	rows, err := db.New(s.cfg.DB).ClaimSecondLook(ctx, db.ClaimSecondLookParams{
		DatasetID: s.cfg.Dataset, Category: category, Subcategory: subcategory, After: after.id, ReviewerID: &reviewer, Seconds: LeaseFor.Seconds(),
	})
	if err != nil {
		return nil, fmt.Errorf("claim a second look: %w", err)
	}
	if len(rows) == 0 {
		s.setWatermark(m, start)
		return nil, nil
	}
	s.setWatermark(m, place{id: rows[0].Last})
	if rows[0].ExampleID == nil || rows[0].ExpiresAt == nil {
		return nil, nil
	}
	got := Lease{ExampleID: *rows[0].ExampleID, ExpiresAt: *rows[0].ExpiresAt}
	if open, err := s.stillOpen(ctx, reviewer, rows[0].Last, got); err != nil || !open {
		return nil, err
	}
	return []Lease{got}, nil
}

// stillOpen gives a look's lease back where somebody was quicker: a look that agrees
// changes nothing of the example, so a claim whose snapshot is older does not notice
// that somebody took it, answered and gave it back.
func (s *Service) stillOpen(ctx context.Context, reviewer, id uuid.UUID, got Lease) (bool, error) {
	look, err := db.New(s.cfg.DB).LookByID(ctx, s.cfg.Dataset, id)
	if err != nil {
		return false, fmt.Errorf("look again at a second look: %w", err)
	}
	if look.ClosedAt == nil {
		return true, nil
	}
	return false, s.Release(ctx, reviewer, []uuid.UUID{got.ExampleID})
}

// claimLast leases a second look from any shelf of q, when the queue itself is
// empty.
func (s *Service) claimLast(ctx context.Context, reviewer uuid.UUID, q Queue) ([]Lease, error) {
	open, err := db.New(s.cfg.DB).LookShelves(ctx, db.LookShelvesParams{
		DatasetID: s.cfg.Dataset, Category: q.Category, Subcategory: q.Subcategory, ReviewerID: reviewer,
	})
	if err != nil {
		return nil, fmt.Errorf("list open looks: %w", err)
	}
	for _, sh := range open {
		for range 2 { // from where the reviewer was, then from the start
			got, err := s.claimSecond(ctx, reviewer, sh.Category, sh.Subcategory)
			if err != nil || len(got) > 0 {
				return got, err
			}
		}
	}
	return nil, nil
}

// Kinds of look, as decisions and looks name them.
const (
	kindSecond = "second"
	kindGold   = "gold"
)

// GoldAnswer is what a reviewer is told after a gold example.
type GoldAnswer struct {
	Verdict example.Verdict // the right one
	Reason  string          // why, in the words of who marked it
	Agrees  bool
}

// decideLook records what a reviewer says in a look that they hold.
func (s *Service) decideLook(ctx context.Context, tx pgx.Tx, d Decision, key string, ex db.LockExampleRow) (Outcome, error) {
	q := db.New(tx)
	look, err := q.LookByID(ctx, s.cfg.Dataset, *ex.LookID)
	if err != nil {
		return Outcome{}, fmt.Errorf("read the look: %w", err)
	}
	if int(ex.Revision) != d.Revision || look.Revision != ex.Revision {
		return Outcome{}, staleRevision(ex.Revision, d.Revision)
	}
	if look.ClosedAt != nil {
		return Outcome{}, fault.New(fault.Conflict, "This example is settled by now. Go on with the next one.")
	}
	edited, err := s.edited(ctx, q, ex, d.Messages)
	if err != nil {
		return Outcome{}, err
	}
	proposal, errorsLeft := "", ex.Errors
	if edited != nil && d.Verdict != example.Skip {
		proposal, errorsLeft = edited.messages, edited.count("error")
	}
	if err := d.overrides(errorsLeft); err != nil {
		return Outcome{}, err
	}
	before := example.Status(ex.Status)
	after := before
	agrees := look.Expected != nil && string(d.Verdict) == *look.Expected
	kind := look.Kind
	if kind == kindAudit {
		kind = kindSecond
	}
	disputed := d.Verdict != example.Skip && kind == kindSecond && (!agrees || proposal != "")
	if disputed {
		after = example.Escalated
		if err := q.SetStatus(ctx, db.ExampleStatus(after), s.cfg.Dataset, d.ExampleID); err != nil {
			return Outcome{}, fmt.Errorf("set status: %w", err)
		}
	}
	out := Outcome{Status: after, Revision: int(ex.Revision), Disagrees: disputed && d.Verdict != example.Escalate}
	if out.DecisionID, err = s.appendDecision(ctx, q, d, key, made{
		kind: kind, revision: ex.Revision, before: before, after: after, proposal: proposal, informed: d.informed,
	}); err != nil {
		return Outcome{}, err
	}
	if d.Verdict != example.Skip {
		if err := q.CloseLook(ctx, db.CloseLookParams{
			DatasetID: s.cfg.Dataset, ID: look.ID, ReviewerID: &d.Reviewer.ID, DecisionID: &out.DecisionID, Agrees: &agrees,
		}); err != nil {
			return Outcome{}, fmt.Errorf("close the look: %w", err)
		}
	}
	if disputed {
		if err := s.escalate(ctx, tx, d, out.DecisionID); err != nil {
			return Outcome{}, err
		}
	}
	if disputed || look.Kind == kindGold { // the answer says what was said before
		if err := q.NoteSighting(ctx, d.Reviewer.ID, s.cfg.Dataset, d.ExampleID); err != nil {
			return Outcome{}, fmt.Errorf("note what the answer tells: %w", err)
		}
	}
	if look.Kind == kindGold && d.Verdict != example.Skip {
		out.Gold = &GoldAnswer{Verdict: example.Verdict(*look.Expected), Reason: look.Why, Agrees: agrees}
		// What would have become of any other example.
		out.Status, _ = example.Pending.Next(d.Verdict)
	}
	return out, s.finish(ctx, tx, d, out, proposal != "")
}

// A Gold is what a lead wrote down about an example.
type Gold struct {
	Revision int
	Verdict  example.Verdict
	Reason   string
	By       string
	At       time.Time
	Met      int // reviewers who decided on it
	Agreed   int // of them
}

// GoldOf returns the gold mark of an example; false where it has none.
func (s *Service) GoldOf(ctx context.Context, id uuid.UUID) (Gold, bool, error) {
	g, err := db.New(s.cfg.DB).GoldOf(ctx, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Gold{}, false, nil
	}
	if err != nil {
		return Gold{}, false, fmt.Errorf("gold mark of example %s: %w", id, err)
	}
	return Gold{
		Revision: int(g.Revision), Verdict: example.Verdict(g.Verdict), Reason: g.Reason, By: g.Author, At: g.CreatedAt.UTC(),
		Met: int(g.Met), Agreed: int(g.Agreed),
	}, true, nil
}

// MarkGold makes a decided example one whose right verdict is known: what it is
// now. It is then hidden in the queues of those who have not met it. It fails
// with fault.Invalid without a reason and for an example that is not approved or
// rejected, and with fault.Conflict when it has another revision by now.
func (s *Service) MarkGold(ctx context.Context, by audit.Actor, id uuid.UUID, revision int, reason string) error {
	if err := validReason(reason, "Say why this verdict is right: reviewers read it after they have decided."); err != nil {
		return err
	}
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		q := db.New(tx)
		ex, err := q.LockExample(ctx, s.cfg.Dataset, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return noExample(id)
		}
		if err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		if int(ex.Revision) != revision {
			return staleRevision(ex.Revision, revision)
		}
		verdict := example.Approve
		switch example.Status(ex.Status) {
		case example.Approved:
		case example.Rejected:
			verdict = example.Reject
		default:
			return fault.New(fault.Invalid, "Approve or reject the example first: a gold example is one whose right verdict is known.")
		}
		if err := q.SetGold(ctx, db.SetGoldParams{
			DatasetID: s.cfg.Dataset, ExampleID: id, Revision: ex.Revision, Verdict: string(verdict), Reason: strings.TrimSpace(reason), AuthorID: by.ID,
		}); err != nil {
			return fmt.Errorf("set the mark: %w", err)
		}
		return s.record(ctx, tx, by, "gold.marked", id, map[string]any{"revision": revision, "verdict": verdict, "reason": strings.TrimSpace(reason)})
	})
	if err != nil {
		return fmt.Errorf("mark example %s as gold: %w", id, err)
	}
	return nil
}

// RetireGold takes the mark away. What reviewers said about it stays.
func (s *Service) RetireGold(ctx context.Context, by audit.Actor, id uuid.UUID) error {
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		n, err := db.New(tx).RetireGold(ctx, s.cfg.Dataset, id)
		if err != nil || n == 0 {
			return err
		}
		return s.record(ctx, tx, by, "gold.retired", id, nil)
	})
	if err != nil {
		return fmt.Errorf("retire gold example %s: %w", id, err)
	}
	return nil
}
