package review_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

func newService(pool *pgxpool.Pool) *review.Service {
	return review.New(review.Config{
		DB: pool, Dataset: exampletest.Dataset,
		Order: func(context.Context) ([]string, error) { return []string{"injury_analysis", "voice_parsing"}, nil },
		// One rule is enough to see that edits are checked: BAD anywhere is an error.
		Check: func(_ context.Context, s lint.Subject) ([]lint.Finding, error) {
			for i, m := range s.Conversation.Messages {
				if strings.Contains(m.Content, "BAD") {
					return []lint.Finding{{Rule: "test/bad", Severity: lint.Error, Message: "Take out BAD.", Path: fmt.Sprintf("/messages/%d/content", i)}}, nil
				}
			}
			return nil, nil
		},
		Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)); return n, n - 25 },
	})
}

func person(name string) audit.Actor { return audit.Actor{ID: uuid.New(), Name: name} }

// state reads what a test wants to know of an example, past the service.
type state struct {
	Status    string
	Revision  int
	Errors    int
	Decisions int
	Leases    int
	Messages  string
}

func read(t *testing.T, pool *pgxpool.Pool, id uuid.UUID) state {
	t.Helper()
	var s state
	if err := pool.QueryRow(t.Context(), `
		SELECT e.status::text, e.revision, e.errors,
		       (SELECT count(*) FROM decisions d WHERE d.example_id = e.id),
		       (SELECT count(*) FROM leases l WHERE l.example_id = e.id AND l.expires_at > now()),
		       (SELECT messages FROM revisions r WHERE r.example_id = e.id AND r.revision = e.revision)
		  FROM examples e WHERE e.id = $1`, id).Scan(&s.Status, &s.Revision, &s.Errors, &s.Decisions, &s.Leases, &s.Messages); err != nil {
		t.Fatal(err)
	}
	return s
}

func edited(text string) []example.Message {
	return []example.Message{{Role: example.User, Content: "bench"}, {Role: example.Assistant, Content: text}}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	ana, bo := person("Ana"), person("Bo")
	for _, tt := range []struct {
		name   string
		change func(*review.Decision)
		holder audit.Actor // who claimed it
		errors bool        // the stored revision has an error-level finding
		want   error
		status example.Status
		rev    int
	}{
		{name: "approve", status: example.Approved, rev: 1},
		{name: "approve what nobody holds", holder: audit.Actor{}, status: example.Approved, rev: 1},
		{name: "skip changes nothing", change: func(d *review.Decision) { d.Verdict = example.Skip }, status: example.Pending, rev: 1},
		{name: "reject", change: func(d *review.Decision) { d.Verdict, d.Reason = example.Reject, "wrong" }, status: example.Rejected, rev: 1},
		{name: "reject needs a reason", change: func(d *review.Decision) { d.Verdict = example.Reject }, want: fault.Invalid},
		{name: "escalate", change: func(d *review.Decision) { d.Verdict, d.Comment = example.Escalate, "is this a tear?" }, status: example.Escalated, rev: 1},
		{name: "escalate needs a question", change: func(d *review.Decision) { d.Verdict = example.Escalate }, want: fault.Invalid},
		{name: "unknown verdict", change: func(d *review.Decision) { d.Verdict = "maybe" }, want: fault.Invalid},
		{name: "edit and approve", change: func(d *review.Decision) { d.Messages = edited("better") }, status: example.Approved, rev: 2},
		{name: "an edit that changes nothing makes no revision", change: func(d *review.Decision) { d.Messages = exampletest.Conversation(0).Messages }, status: example.Approved, rev: 1},
		{name: "no messages left", change: func(d *review.Decision) { d.Messages = []example.Message{} }, want: fault.Invalid},
		{name: "stale revision", change: func(d *review.Decision) { d.Revision = 2 }, want: fault.Conflict},
		{name: "status moved on", change: func(d *review.Decision) { d.Seen = example.Approved }, want: fault.Conflict},
		{name: "somebody else holds it", holder: bo, want: fault.Conflict},
		{name: "error without override", errors: true, want: fault.Invalid},
		{name: "error with override", errors: true, change: func(d *review.Decision) { d.OverrideReason = "the rule is wrong here" }, status: example.Approved, rev: 1},
		{name: "error mended by the edit", errors: true, change: func(d *review.Decision) { d.Messages = edited("fine") }, status: example.Approved, rev: 2},
		{name: "error made by the edit", change: func(d *review.Decision) { d.Messages = edited("BAD") }, want: fault.Invalid},
		{name: "reject with an error needs no override", errors: true, change: func(d *review.Decision) { d.Verdict, d.Reason = example.Reject, "see finding" }, status: example.Rejected, rev: 1},
		{name: "no such example", change: func(d *review.Decision) { d.ExampleID = uuid.New() }, want: fault.NotFound},
		{name: "NUL in the reason", change: func(d *review.Decision) { d.Reason = "a\x00b" }, want: fault.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			seed := exampletest.Seed{}
			if tt.errors {
				seed.Findings = []exampletest.Finding{{Rule: "test/bad", Severity: "error", Message: "Bad."}}
			}
			id := exampletest.Insert(t, pool, 1, seed)[0]
			s := newService(pool)
			holder := tt.holder
			if holder.ID == uuid.Nil && tt.name != "approve what nobody holds" {
				holder = ana
			}
			if holder.ID != uuid.Nil {
				if got, err := s.Claim(t.Context(), holder.ID, review.Queue{}, 1); err != nil || len(got) != 1 {
					t.Fatalf("Claim() = %v, %v", got, err)
				}
			}
			d := review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve}
			if tt.change != nil {
				tt.change(&d)
			}
			before := read(t, pool, id)
			out, err := s.Decide(t.Context(), d)
			if !errors.Is(err, tt.want) {
				t.Fatalf("Decide(%+v) = %v, want %v", d, err, tt.want)
			}
			after := read(t, pool, id)
			if tt.want != nil {
				if diff := cmp.Diff(before, after); diff != "" {
					t.Errorf("a refused decision changed something (-before +after):\n%s", diff)
				}
				return
			}
			if after.Status != string(tt.status) || after.Revision != tt.rev || after.Decisions != 1 || after.Leases != 0 {
				t.Errorf("after Decide: %+v; want %s at revision %d, 1 decision, no lease", after, tt.status, tt.rev)
			}
			if out.Status != tt.status || out.Revision != tt.rev || out.DecisionID == uuid.Nil {
				t.Errorf("Decide() = %+v", out)
			}
		})
	}
}

func TestReplayIsOneDecision(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{})[0]
	s := newService(pool)
	ana := person("Ana")
	d := review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve, Messages: edited("better"), RequestKey: "form-1"}
	first, err := s.Decide(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Decide(t.Context(), d)
	if err != nil || again.DecisionID != first.DecisionID || again.Revision != first.Revision || !again.Replayed {
		t.Errorf("the same request again = %+v, %v; want the first outcome %+v", again, err, first)
	}
	if got := read(t, pool, id); got.Decisions != 1 || got.Revision != 2 {
		t.Errorf("after a replay: %+v, want one decision and revision 2", got)
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s := newService(pool)
	ana, bo := person("Ana"), person("Bo")
	ids := exampletest.Insert(t, pool, 3, exampletest.Seed{})
	before := read(t, pool, ids[0])
	out, err := s.Decide(t.Context(), review.Decision{ExampleID: ids[0], Reviewer: ana, Revision: 1, Verdict: example.Approve, Messages: edited("better")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Undo(t.Context(), bo, out.DecisionID, false); !errors.Is(err, fault.Forbidden) {
		t.Errorf("Undo by somebody else = %v, want forbidden", err)
	}
	if last, ok, err := s.LastUndoable(t.Context(), ana.ID); err != nil || !ok || last != out.DecisionID {
		t.Errorf("LastUndoable() = %v, %v, %v; want the decision", last, ok, err)
	}
	undone, id, err := s.Undo(t.Context(), ana, out.DecisionID, false)
	if err != nil || id != ids[0] || undone.Status != example.Pending || undone.Revision != 3 {
		t.Fatalf("Undo() = %+v, %v, %v; want pending at revision 3", undone, id, err)
	}
	got := read(t, pool, ids[0])
	if got.Messages != before.Messages || got.Status != "pending" || got.Decisions != 2 || got.Leases != 1 {
		t.Errorf("after undo: %+v; want the words of %+v, pending, leased to the one who undid", got, before)
	}
	if _, _, err := s.Undo(t.Context(), ana, out.DecisionID, false); err != nil {
		t.Errorf("undoing twice = %v, want nil", err)
	}
	if again := read(t, pool, ids[0]); again != got {
		t.Errorf("undoing twice changed something: %+v, then %+v", got, again)
	}
	if _, ok, err := s.LastUndoable(t.Context(), ana.ID); ok || err != nil {
		t.Errorf("LastUndoable() after the undo = %v, %v; want none", ok, err)
	}
	if _, _, err := s.Undo(t.Context(), ana, undone.DecisionID, false); !errors.Is(err, fault.Invalid) {
		t.Errorf("undoing an undo = %v, want invalid", err)
	}

	// A decision that another one followed stays until that one is undone.
	first, err := s.Decide(t.Context(), review.Decision{ExampleID: ids[1], Reviewer: ana, Revision: 1, Verdict: example.Approve})
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Decide(t.Context(), review.Decision{ExampleID: ids[1], Reviewer: bo, Revision: 1, Seen: example.Approved, Verdict: example.Reject, Reason: "no"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Undo(t.Context(), ana, first.DecisionID, false); !errors.Is(err, fault.Conflict) {
		t.Errorf("undoing under a later decision = %v, want a conflict", err)
	}
	if _, _, err := s.Undo(t.Context(), ana, second.DecisionID, true); err != nil {
		t.Errorf("a lead undoing somebody's decision = %v", err)
	}
	if err := s.Release(t.Context(), ana.ID, ids); err != nil {
		t.Fatal(err)
	}
	if out, _, err := s.Undo(t.Context(), ana, first.DecisionID, false); err != nil || out.Status != example.Pending {
		t.Errorf("undoing after that = %+v, %v; want pending", out, err)
	}

	// A skip can be undone and changes no status.
	skip, err := s.Decide(t.Context(), review.Decision{ExampleID: ids[2], Reviewer: ana, Revision: 1, Verdict: example.Skip})
	if err != nil {
		t.Fatal(err)
	}
	if out, _, err := s.Undo(t.Context(), ana, skip.DecisionID, false); err != nil || out.Status != example.Pending {
		t.Errorf("undoing a skip = %+v, %v", out, err)
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s := newService(pool)
	ana := person("Ana")
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{})[0]
	original := read(t, pool, id).Messages
	if _, err := s.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve, Messages: edited("better")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Restore(t.Context(), ana, id, 1, 1); !errors.Is(err, fault.Conflict) {
		t.Errorf("Restore over an unseen revision = %v, want a conflict", err)
	}
	if _, err := s.Restore(t.Context(), ana, id, 2, 2); !errors.Is(err, fault.Invalid) {
		t.Errorf("Restore of the current revision = %v, want invalid", err)
	}
	out, err := s.Restore(t.Context(), ana, id, 2, 1)
	if err != nil || out.Revision != 3 || out.Status != example.Pending {
		t.Fatalf("Restore() = %+v, %v; want revision 3, pending", out, err)
	}
	if got := read(t, pool, id); got.Messages != original || got.Status != "pending" {
		t.Errorf("after Restore: %+v, want the words of revision 1, pending", got)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s := newService(pool)
	ana, bo := person("Ana"), person("Bo")
	voice := exampletest.Insert(t, pool, 4, exampletest.Seed{})
	injury := exampletest.Insert(t, pool, 1, exampletest.Seed{
		Category: "injury_analysis", Subcategory: "acute",
		Conversation: func(int) example.Conversation { return exampletest.Conversation(100) },
	})
	claim := func(who audit.Actor, q review.Queue, n int) []uuid.UUID {
		t.Helper()
		leases, err := s.Claim(t.Context(), who.ID, q, n)
		if err != nil {
			t.Fatal(err)
		}
		var ids []uuid.UUID
		for _, l := range leases {
			ids = append(ids, l.ExampleID)
		}
		return ids
	}
	check := func(what string, got []uuid.UUID, want ...uuid.UUID) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("the whole queue starts with the first category of the order", claim(ana, review.Queue{}, 2), injury[0], voice[0])
	check("another reviewer gets the next", claim(bo, review.Queue{Category: "voice_parsing"}, 2), voice[1], voice[2])
	check("an empty shelf has nothing", claim(bo, review.Queue{Category: "voice_parsing", Subcategory: "partial"}, 1))
	held, err := s.Held(t.Context(), bo.ID, review.Queue{})
	if err != nil || len(held) != 2 {
		t.Fatalf("Held() = %v, %v; want two leases", held, err)
	}
	if got, err := s.Extend(t.Context(), ana.ID, []uuid.UUID{voice[0], voice[1]}); err != nil || len(got) != 1 || got[0].ExampleID != voice[0] {
		t.Errorf("Extend() = %v, %v; want only the reviewer's own lease", got, err)
	}
	// What was released behind the watermark is found again.
	if err := s.Release(t.Context(), bo.ID, []uuid.UUID{voice[1]}); err != nil {
		t.Fatal(err)
	}
	check("forward first, then what was released", claim(bo, review.Queue{Category: "voice_parsing"}, 2), voice[3], voice[1])
	check("nothing left", claim(ana, review.Queue{}, 1))
	// An expired lease is up for grabs, and its holder has lost it.
	if _, err := pool.Exec(t.Context(), "UPDATE leases SET expires_at = now() - interval '1 second' WHERE example_id = $1", voice[2]); err != nil {
		t.Fatal(err)
	}
	check("an expired lease is claimed", claim(ana, review.Queue{}, 1), voice[2])
	if _, err := s.Decide(t.Context(), review.Decision{ExampleID: voice[2], Reviewer: bo, Revision: 1, Verdict: example.Approve}); !errors.Is(err, fault.Conflict) {
		t.Errorf("a decision on a lost lease = %v, want a conflict", err)
	}
	// A skipped example comes back to the one who skipped it only when nothing else is left.
	if _, err := s.Decide(t.Context(), review.Decision{ExampleID: voice[0], Reviewer: ana, Revision: 1, Verdict: example.Skip}); err != nil {
		t.Fatal(err)
	}
	check("the others get what was skipped", claim(bo, review.Queue{}, 1), voice[0])
	if err := s.Release(t.Context(), bo.ID, []uuid.UUID{voice[0]}); err != nil {
		t.Fatal(err)
	}
	check("and in the end the one who skipped it", claim(ana, review.Queue{}, 1), voice[0])
	if _, err := s.Claim(t.Context(), ana.ID, review.Queue{}, review.MaxClaim+1); !errors.Is(err, fault.Invalid) {
		t.Errorf("claiming too many = %v, want invalid", err)
	}
}
