package review

import (
	"context"
	"encoding/json"
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

// maxTextBytes bounds what a person writes beside a decision.
const maxTextBytes = 10_000

// maxMillis caps the time a decision claims to have taken: a day.
const maxMillis = 24 * 60 * 60 * 1000

// A Decision is what a reviewer decided about the revision they saw.
type Decision struct {
	ExampleID uuid.UUID
	Reviewer  audit.Actor
	Revision  int            // the revision that was seen
	Seen      example.Status // the status that was seen; empty means pending
	Verdict   example.Verdict

	// Messages, if not nil, replace the example's messages: the decision makes a
	// new revision and is about that one.
	Messages []example.Message

	Reason         string // required for reject; for escalate it is the question
	Comment        string
	OverrideReason string   // required to approve over a finding of severity error
	Checklist      []string // ids of the ticked items

	// Kind is how the decision came about; empty means KindReview.
	Kind Kind
	// Lead says that the reviewer may settle what is escalated.
	Lead bool

	// RequestKey makes a replay harmless: a second decision of the same reviewer
	// with the same key is the first one. Empty means there is no such promise.
	RequestKey string
	// Took is how long the reviewer looked at the example.
	Took time.Duration

	// informed says that the reviewer was shown what others said of the revision; see
	// blind.go.
	informed bool
}

// A Kind is how a decision came about.
type Kind string

// The kinds that a caller chooses among. Hidden looks have kinds of their own,
// which nobody chooses; a decision on an escalated example is an adjudication
// whatever it says.
const (
	KindReview       Kind = "review"
	KindBulk         Kind = "bulk"         // one act over many examples, or a ruling on duplicates
	KindAdjudication Kind = "adjudication" // settles a disagreement or answers a question; final
)

// An Outcome is what became of a decision.
type Outcome struct {
	DecisionID uuid.UUID
	Status     example.Status
	Revision   int  // the current revision now
	Replayed   bool // the same request was carried out before

	// Why an approved example is still pending: how many more approvals it needs,
	// and which skill none of the approvers has.
	Lacks      int
	LacksSkill string
	// Disagrees: another reviewer said something else, and a lead decides.
	Disagrees bool
	// Informed: the reviewer had been shown what others said of the revision, so that
	// the verdict is kept but counts as no independent one.
	Informed bool
	// Gold is set after a gold example.
	Gold *GoldAnswer
	// Leased, after an undo: the example is the reviewer's again.
	Leased bool
}

// validate checks what needs no database and returns every problem at once.
func (d Decision) validate() error {
	problems := map[string]string{}
	if _, ok := example.Pending.Next(d.Verdict); !ok {
		problems["verdict"] = "Use approve, reject, escalate or skip."
	}
	if d.Revision < 1 {
		problems["revision"] = "Name the revision that you saw."
	}
	if d.Seen != "" && !d.Seen.Valid() {
		problems["status_seen"] = "Use pending, approved, rejected or escalated."
	}
	if d.Verdict == example.Reject && strings.TrimSpace(d.Reason) == "" {
		problems["reason"] = "Say why you reject it."
	}
	switch d.Kind {
	case "", KindReview, KindBulk, KindAdjudication:
	default:
		problems["kind"] = "Use review, bulk or adjudication."
	}
	if d.Kind == KindAdjudication && d.Verdict != example.Approve && d.Verdict != example.Reject {
		problems["verdict"] = "Approve or reject it: that ends the question."
	}
	if d.Verdict == example.Escalate && strings.TrimSpace(d.Reason) == "" && strings.TrimSpace(d.Comment) == "" {
		problems["reason"] = "Write the question for the specialist."
	}
	for field, text := range map[string]string{
		"reason": d.Reason, "comment": d.Comment, "override_reason": d.OverrideReason, "request_key": d.RequestKey,
		"checklist": strings.Join(d.Checklist, ""),
	} {
		if len(text) > maxTextBytes {
			problems[field] = fmt.Sprintf("Keep it under %d bytes.", maxTextBytes)
		}
		if strings.ContainsRune(text, 0) {
			problems[field] = "Take out the NUL character."
		}
	}
	if d.Messages != nil && len(d.Messages) == 0 {
		problems["messages"] = "Leave at least one message."
	}
	if len(problems) > 0 {
		return fault.Fields("The decision is not complete.", problems)
	}
	return nil
}

// Decide records d: in one transaction it locks the example, checks the revision,
// the status and the lease, appends the edited revision if there is one, appends
// the decision, moves the status as the rules of docs/review.md say, drops the
// lease and writes the audit row; or it does none of these.
//
// An approval leaves the example pending until there are as many as its category
// asks for, one of them by somebody with the skill that it asks for. A verdict
// against another reviewer's live one escalates it.
//
// It fails with fault.Conflict when the example has another revision or status
// than d names, when somebody else holds it, or when a lead has settled it; and
// with fault.Invalid when something required is missing. An example nobody holds
// can be decided without a claim.
func (s *Service) Decide(ctx context.Context, d Decision) (Outcome, error) {
	if err := d.validate(); err != nil {
		return Outcome{}, err
	}
	key := d.RequestKey
	if key == "" {
		key = uuid.NewString()
	}
	if _, err := s.catalog(ctx, freshCatalog); err != nil {
		return Outcome{}, fmt.Errorf("decide example %s: %w", d.ExampleID, err)
	}
	var out Outcome
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		var err error
		out, err = s.decide(ctx, tx, d, key)
		return err
	})
	if postgres.Violates(err, "decisions_request_key") {
		// The same request was carried out between our look and our insert.
		return s.replay(ctx, db.New(s.cfg.DB), d.Reviewer.ID, key)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("decide example %s: %w", d.ExampleID, err)
	}
	return out, nil
}

// DecideIn is Decide in the caller's transaction, for acts over many examples. A
// request key that was used before is an error there.
func (s *Service) DecideIn(ctx context.Context, tx pgx.Tx, d Decision) (Outcome, error) {
	if err := d.validate(); err != nil {
		return Outcome{}, err
	}
	key := d.RequestKey
	if key == "" {
		key = uuid.NewString()
	}
	out, err := s.decide(ctx, tx, d, key)
	if err != nil {
		return Outcome{}, fmt.Errorf("decide example %s: %w", d.ExampleID, err)
	}
	return out, nil
}

func (s *Service) decide(ctx context.Context, tx pgx.Tx, d Decision, key string) (Outcome, error) {
	q := db.New(tx)
	ex, err := q.LockExample(ctx, s.cfg.Dataset, d.ExampleID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Outcome{}, noExample(d.ExampleID)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("lock: %w", err)
	}
	// Under the lock, so that two copies of one request come one after the other.
	past, err := q.DecisionsUnderLock(ctx, s.cfg.Dataset, d.ExampleID)
	if err != nil {
		return Outcome{}, fmt.Errorf("read what was decided: %w", err)
	}
	for _, was := range past {
		if d.RequestKey != "" && was.ReviewerID == d.Reviewer.ID && was.RequestKey == key {
			return Outcome{DecisionID: was.ID, Status: example.Status(was.StatusAfter), Revision: int(was.Revision), Replayed: true}, nil
		}
	}
	if heldByOther(ex, d.Reviewer.ID) {
		return Outcome{}, fault.New(fault.Conflict, "Somebody else is working on this example now. What you wrote is kept; look at it again when they are done.")
	}
	if d.Kind == "" {
		d.Kind = KindReview
	}
	if d.informed, err = s.informed(ctx, q, d, ex, past); err != nil {
		return Outcome{}, err
	}
	if ex.LookID != nil && *ex.HolderID == d.Reviewer.ID && d.Kind == KindReview && (d.Seen == "" || d.Seen == example.Pending) {
		return s.decideLook(ctx, tx, d, key, ex)
	}
	if d.Seen == "" {
		d.Seen = example.Pending
	}
	if err := admissible(ex, d); err != nil {
		return Outcome{}, err
	}
	return s.decideOpenly(ctx, tx, d, key, ex, past)
}

// decideOpenly carries out a decision that is no look.
func (s *Service) decideOpenly(ctx context.Context, tx pgx.Tx, d Decision, key string, ex db.LockExampleRow, past []db.DecisionsUnderLockRow) (Outcome, error) {
	q := db.New(tx)
	t, err := s.terms(ctx, ex.Category, ex.Subcategory)
	if err != nil {
		return Outcome{}, err
	}
	if d.Kind, err = s.authority(ctx, q, d, ex, past, t); err != nil {
		return Outcome{}, err
	}
	edited, err := s.edited(ctx, q, ex, d.Messages)
	if err != nil {
		return Outcome{}, err
	}
	errorsLeft := ex.Errors
	if edited != nil {
		errorsLeft = edited.count("error")
	}
	if err := d.overrides(errorsLeft); err != nil {
		return Outcome{}, err
	}
	r, err := s.rule(ctx, q, d, ex, past, t, edited)
	if err != nil {
		return Outcome{}, err
	}
	before := example.Status(ex.Status)
	m := made{kind: string(d.Kind), revision: ex.Revision, before: before, after: r.after, informed: d.informed && edited == nil && d.Kind != KindAdjudication}
	out := Outcome{Status: r.after, Revision: int(ex.Revision), Lacks: r.lacks, LacksSkill: r.lacksSkill, Disagrees: r.disagrees, Informed: d.informed && edited == nil && d.Kind != KindAdjudication}
	if edited != nil {
		next := ex.Revision + 1
		m.newRevision, out.Revision = &next, int(next)
		if err := s.append(ctx, tx, d.ExampleID, next, r.after, *edited, d.Reviewer.ID, d.Reason); err != nil {
			return Outcome{}, err
		}
	}
	if out.DecisionID, err = s.appendDecision(ctx, q, d, key, m); err != nil {
		return Outcome{}, err
	}
	if r.disagrees || d.Verdict == example.Escalate {
		if err := s.escalate(ctx, tx, d, out.DecisionID); err != nil {
			return Outcome{}, err
		}
	}
	// What a verdict leads to tells whoever gave it whether others gave one, and which.
	if edited == nil && answersOthers(live(past, ex.Revision), d) {
		if err := q.NoteSighting(ctx, d.Reviewer.ID, s.cfg.Dataset, d.ExampleID); err != nil {
			return Outcome{}, fmt.Errorf("note what the answer tells: %w", err)
		}
	}
	if before == example.Escalated && r.after != example.Escalated {
		if err := s.answer(ctx, tx, d, out, past); err != nil {
			return Outcome{}, err
		}
	}
	if d.Kind == KindReview && before != r.after && (r.after == example.Approved || r.after == example.Rejected) && sampled(d.ExampleID, t.share) {
		if err := s.askSecondLook(ctx, q, d, ex, out); err != nil {
			return Outcome{}, err
		}
	}
	if err := s.finish(ctx, tx, d, out, edited != nil); err != nil {
		return Outcome{}, err
	}
	if edited == nil && r.after != before {
		// Last, because it locks rows of the counters that others wait for.
		if err := q.SetStatus(ctx, db.ExampleStatus(r.after), s.cfg.Dataset, d.ExampleID); err != nil {
			return Outcome{}, fmt.Errorf("set status: %w", err)
		}
	}
	return out, nil
}

// authority returns as what a decision counts, or why it may not be made: what is
// escalated is settled by a lead or, where it is a question, by somebody with a
// skill of the category; what is settled stays so.
func (s *Service) authority(ctx context.Context, q *db.Queries, d Decision, ex db.LockExampleRow, past []db.DecisionsUnderLockRow, t terms) (Kind, error) {
	if d.Verdict == example.Skip || d.Kind == KindBulk {
		return d.Kind, nil
	}
	if example.Status(ex.Status) != example.Escalated {
		for _, was := range past {
			if was.Kind == string(KindAdjudication) && !was.Undone && was.Revision == ex.Revision && !d.Lead {
				return "", fault.New(fault.Conflict, "A lead has settled this example. Ask them if you see it differently.")
			}
		}
		if d.Kind == KindAdjudication {
			return "", fault.New(fault.Conflict, "This is settled already. Look at who decided what.")
		}
		return KindReview, nil
	}
	if d.Verdict == example.Escalate {
		return "", fault.New(fault.Conflict, "Somebody has asked about this example already.")
	}
	if !d.Lead {
		if err := s.mayAnswer(ctx, q, d, t); err != nil {
			return "", err
		}
	}
	if strings.TrimSpace(d.Reason) == "" && strings.TrimSpace(d.Comment) == "" {
		return "", fault.Fields("The decision is not complete.", map[string]string{"reason": "Write the answer: those who asked read it."})
	}
	return KindAdjudication, nil
}

func (s *Service) mayAnswer(ctx context.Context, q *db.Queries, d Decision, t terms) error {
	kinds, err := q.OpenKinds(ctx, s.cfg.Dataset, d.ExampleID)
	if err != nil {
		return fmt.Errorf("look why it is escalated: %w", err)
	}
	if len(kinds) == 1 && kinds[0] == escalationQuestion && len(t.skills()) > 0 {
		has, err := q.HasAnySkill(ctx, d.Reviewer.ID, t.skills())
		if err != nil {
			return fmt.Errorf("look for a skill: %w", err)
		}
		if has {
			return nil
		}
	}
	return fault.New(fault.Conflict, "This example waits for a lead or a specialist. You can go on with the next one.")
}

// heldByOther says whether somebody else than the reviewer has a live lease.
func heldByOther(ex db.LockExampleRow, reviewer uuid.UUID) bool {
	return ex.Held && ex.HolderID != nil && *ex.HolderID != reviewer
}

func staleRevision(now int32, seen int) error {
	return fault.New(fault.Conflict, "This example is at revision %d and you saw revision %d. Look at what changed, then decide again.", now, seen)
}

// admissible says whether d may be carried out on the locked example.
func admissible(ex db.LockExampleRow, d Decision) error {
	if heldByOther(ex, d.Reviewer.ID) {
		return fault.New(fault.Conflict, "Somebody else is working on this example now. What you wrote is kept; look at it again when they are done.")
	}
	if int(ex.Revision) != d.Revision {
		return staleRevision(ex.Revision, d.Revision)
	}
	if string(ex.Status) != string(d.Seen) {
		return fault.New(fault.Conflict, "This example is %s by now. Look at who decided what, then decide again.", ex.Status)
	}
	return nil
}

// overrides asks for a reason to approve over errors.
func (d Decision) overrides(errors int16) error {
	if d.Verdict != example.Approve || errors == 0 || strings.TrimSpace(d.OverrideReason) != "" {
		return nil
	}
	return fault.Fields("The checks found errors in this example.", map[string]string{
		"override_reason": fmt.Sprintf("%d findings are errors: mend them, or write why it is right to approve all the same.", errors),
	})
}

// made is what a decision does to the example, as its row says.
type made struct {
	kind          string
	revision      int32
	newRevision   *int32
	before, after example.Status
	proposal      string
	informed      bool
}

func (s *Service) appendDecision(ctx context.Context, q *db.Queries, d Decision, key string, m made) (uuid.UUID, error) {
	checklist, err := json.Marshal(append([]string{}, d.Checklist...))
	if err != nil {
		return uuid.Nil, fmt.Errorf("encode checklist: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("new id: %w", err)
	}
	if err := q.AppendDecision(ctx, db.AppendDecisionParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: d.ExampleID, ReviewerID: d.Reviewer.ID,
		Revision: m.revision, NewRevision: m.newRevision, Verdict: string(d.Verdict), Kind: m.kind, Proposal: m.proposal,
		Reason: d.Reason, Comment: d.Comment, OverrideReason: d.OverrideReason, Checklist: string(checklist),
		StatusBefore: db.ExampleStatus(m.before), StatusAfter: db.ExampleStatus(m.after),
		RequestKey: key, Millis: int32(min(max(d.Took.Milliseconds(), 0), maxMillis)), Informed: m.informed,
	}); err != nil {
		return uuid.Nil, fmt.Errorf("append decision: %w", err)
	}
	return id, nil
}

// finish gives the example back and writes the decision into the record.
func (s *Service) finish(ctx context.Context, tx pgx.Tx, d Decision, out Outcome, edited bool) error {
	if err := db.New(tx).DropLease(ctx, s.cfg.Dataset, d.ExampleID); err != nil {
		return fmt.Errorf("drop lease: %w", err)
	}
	return s.record(ctx, tx, d.Reviewer, "example."+string(d.Verdict), d.ExampleID, map[string]any{
		"decision": out.DecisionID, "revision": out.Revision, "status": out.Status, "edited": edited,
	})
}

func (s *Service) askSecondLook(ctx context.Context, q *db.Queries, d Decision, ex db.LockExampleRow, out Outcome) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("new id: %w", err)
	}
	expected := string(d.Verdict)
	if err := q.AskSecondLook(ctx, db.AskSecondLookParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: d.ExampleID, Revision: int32(out.Revision), Category: ex.Category, Subcategory: ex.Subcategory,
		FirstID: &out.DecisionID, NotFor: &d.Reviewer.ID, Expected: &expected,
	}); err != nil {
		return fmt.Errorf("ask for a second look: %w", err)
	}
	return nil
}

// edited returns the content that messages make of the example, or nil when
// they are nil or change nothing.
func (s *Service) edited(ctx context.Context, q *db.Queries, ex db.LockExampleRow, messages []example.Message) (*content, error) {
	if messages == nil {
		return nil, nil
	}
	now, err := q.RevisionContent(ctx, s.cfg.Dataset, ex.ID, ex.Revision)
	if err != nil {
		return nil, fmt.Errorf("read revision %d: %w", ex.Revision, err)
	}
	c := example.Conversation{Messages: messages, Tools: json.RawMessage(now.Tools)}
	next, err := s.derive(ctx, c, ex.Category, ex.Subcategory, now.Metadata)
	if err != nil {
		return nil, err
	}
	if next.messages == now.Messages {
		return nil, nil
	}
	return &next, nil
}

// replay returns the outcome of the reviewer's earlier request with this key;
// pgx.ErrNoRows if there was none.
func (s *Service) replay(ctx context.Context, q *db.Queries, reviewer uuid.UUID, key string) (Outcome, error) {
	row, err := q.DecisionByKey(ctx, s.cfg.Dataset, reviewer, key)
	if err != nil {
		return Outcome{}, fmt.Errorf("look for the same request: %w", err)
	}
	return Outcome{DecisionID: row.ID, Status: example.Status(row.StatusAfter), Revision: int(row.Revision), Replayed: true}, nil
}
