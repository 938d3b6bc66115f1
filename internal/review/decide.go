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

	// RequestKey makes a replay harmless: a second decision of the same reviewer
	// with the same key is the first one. Empty means there is no such promise.
	RequestKey string
	// Took is how long the reviewer looked at the example.
	Took time.Duration
}

// An Outcome is what became of a decision.
type Outcome struct {
	DecisionID uuid.UUID
	Status     example.Status
	Revision   int  // the current revision now
	Replayed   bool // the same request was carried out before
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
// the decision, moves the status, drops the lease and writes the audit row; or
// it does none of these.
//
// It fails with fault.Conflict when the example has another revision or status
// than d names, or when somebody else holds it; and with fault.Invalid when
// something required is missing. An example nobody holds can be decided without
// a claim.
func (s *Service) Decide(ctx context.Context, d Decision) (Outcome, error) {
	if err := d.validate(); err != nil {
		return Outcome{}, err
	}
	if d.Seen == "" {
		d.Seen = example.Pending
	}
	key := d.RequestKey
	if key == "" {
		key = uuid.NewString()
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

func (s *Service) decide(ctx context.Context, tx pgx.Tx, d Decision, key string) (Outcome, error) {
	q := db.New(tx)
	ex, err := q.LockExample(ctx, s.cfg.Dataset, d.ExampleID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Outcome{}, noExample(d.ExampleID)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("lock: %w", err)
	}
	if d.RequestKey != "" {
		// Under the lock, so that two copies of one request come one after the other.
		if out, err := s.replay(ctx, q, d.Reviewer.ID, key); err == nil || !errors.Is(err, pgx.ErrNoRows) {
			return out, err
		}
	}
	if err := admissible(ex, d); err != nil {
		return Outcome{}, err
	}
	before := example.Status(ex.Status)
	after, _ := before.Next(d.Verdict) // validate has checked the verdict
	revision, errorsLeft := ex.Revision, ex.Errors
	var newRevision *int32

	edited, err := s.edited(ctx, q, ex, d.Messages)
	if err != nil {
		return Outcome{}, err
	}
	if edited != nil {
		errorsLeft = edited.count("error")
	}
	if d.Verdict == example.Approve && errorsLeft > 0 && strings.TrimSpace(d.OverrideReason) == "" {
		return Outcome{}, fault.Fields("The checks found errors in this example.", map[string]string{
			"override_reason": fmt.Sprintf("%d findings are errors: mend them, or write why it is right to approve all the same.", errorsLeft),
		})
	}
	if edited != nil {
		revision++
		newRevision = &revision
		if err := s.append(ctx, tx, d.ExampleID, revision, after, *edited, d.Reviewer.ID, d.Reason); err != nil {
			return Outcome{}, err
		}
	} else if after != before {
		if err := q.SetStatus(ctx, db.ExampleStatus(after), s.cfg.Dataset, d.ExampleID); err != nil {
			return Outcome{}, fmt.Errorf("set status: %w", err)
		}
	}
	checklist, err := json.Marshal(append([]string{}, d.Checklist...))
	if err != nil {
		return Outcome{}, fmt.Errorf("encode checklist: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Outcome{}, fmt.Errorf("new id: %w", err)
	}
	if err := q.AppendDecision(ctx, db.AppendDecisionParams{
		DatasetID: s.cfg.Dataset, ID: id, ExampleID: d.ExampleID, ReviewerID: d.Reviewer.ID,
		Revision: ex.Revision, NewRevision: newRevision, Verdict: string(d.Verdict),
		Reason: d.Reason, Comment: d.Comment, OverrideReason: d.OverrideReason, Checklist: string(checklist),
		StatusBefore: ex.Status, StatusAfter: db.ExampleStatus(after),
		RequestKey: key, Millis: int32(min(max(d.Took.Milliseconds(), 0), maxMillis)),
	}); err != nil {
		return Outcome{}, fmt.Errorf("append decision: %w", err)
	}
	if err := q.DropLease(ctx, s.cfg.Dataset, d.ExampleID); err != nil {
		return Outcome{}, fmt.Errorf("drop lease: %w", err)
	}
	if err := s.record(ctx, tx, d.Reviewer, "example."+string(d.Verdict), d.ExampleID, map[string]any{
		"decision": id, "revision": revision, "status": after, "edited": edited != nil,
	}); err != nil {
		return Outcome{}, err
	}
	return Outcome{DecisionID: id, Status: after, Revision: int(revision)}, nil
}

// admissible says whether d may be carried out on the locked example.
func admissible(ex db.LockExampleRow, d Decision) error {
	if ex.HolderID != nil && *ex.HolderID != d.Reviewer.ID {
		return fault.New(fault.Conflict, "Somebody else is working on this example now. What you wrote is kept; look at it again when they are done.")
	}
	if int(ex.Revision) != d.Revision {
		return fault.New(fault.Conflict, "This example is at revision %d and you saw revision %d. Look at what changed, then decide again.", ex.Revision, d.Revision)
	}
	if string(ex.Status) != string(d.Seen) {
		return fault.New(fault.Conflict, "This example is %s by now. Look at who decided what, then decide again.", ex.Status)
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
